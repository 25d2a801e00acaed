"""The live events of a real call, over real sockets, with several readers who behave as readers do."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.raw_socket import RawSocket
from tests.e2e.running import API, SCRIPTED, Server, running
from vivavoce.engines.scripted import TWELVE_WORDS

pytestmark = pytest.mark.slow

LIMIT_S = 60.0


class Listener:
    """Reads a stream in a task of its own."""

    def __init__(self, server: Server, call_id: str, *, query: bool = False, last_event_id: str = "") -> None:
        self._url = f"{server.url}{API}/events?callId={call_id}" + (f"&token={server.key}" if query else "")
        self._headers = {"last-event-id": last_event_id} if last_event_id else {}
        if not query:
            self._headers["authorization"] = f"Bearer {server.key}"
        self.events: list[dict[str, Any]] = []
        self.ids: list[int] = []
        self.news = asyncio.Event()
        self.task = asyncio.create_task(self._read())

    @property
    def types(self) -> list[str]:
        return [str(event["event_type"]) for event in self.events]

    async def until(self, kind: str) -> None:
        while kind not in self.types:
            self.news.clear()
            await self.news.wait()

    async def _read(self) -> None:
        async with (
            httpx.AsyncClient(timeout=LIMIT_S) as client,
            client.stream("GET", self._url, headers=self._headers) as answer,
        ):
            assert 200 == answer.status_code, await answer.aread()
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    self.events.append(json.loads(line[6:]))
                elif line.startswith("id: "):
                    self.ids.append(int(line[4:]))
                self.news.set()


@asynccontextmanager
async def calling(server: Server, agent_id: str, **query: str) -> AsyncIterator[tuple[RawSocket, str]]:
    words = "".join(f"&{name}={value}" for name, value in query.items())
    path = f"{API}/agent/connect?token={server.key}&agent_id={agent_id}{words}"
    async with asyncio.timeout(LIMIT_S), await RawSocket.open(server.port, path) as call:
        yield call, str((await call.message("session.created"))["call_id"])


async def say(call: RawSocket, *texts: str) -> None:
    for text in texts:
        await call.say({"type": "input_text.send", "text": text})
        await call.message("agent_stop_talking")


async def hang_up(call: RawSocket) -> None:
    await call.say({"type": "session.close"})
    await call.message("session.closed")


def test_several_readers_follow_a_call_to_its_recording(server: Server, agent_id: str) -> None:
    """One from the beginning, one from the middle, one who comes back: all are told the same, in the same order."""

    async def scenario() -> tuple[str, Sequence[Listener]]:
        async with calling(server, agent_id) as (call, call_id):
            first = Listener(server, call_id)
            gone = Listener(server, call_id)
            await say(call, "What is the price?")
            await first.until("tts_completed")
            await gone.until("tts_completed")
            gone.task.cancel()
            await asyncio.gather(gone.task, return_exceptions=True)
            late = Listener(server, call_id, query=True)
            await say(call, "And tomorrow?")
            back = Listener(server, call_id, last_event_id=str(gone.ids[-1]))
            await hang_up(call)
            await asyncio.gather(first.task, late.task, back.task)
            return call_id, (first, gone, late, back)

    call_id, (first, gone, late, back) = asyncio.run(scenario())
    shown = server.record(call_id)

    turn = ["user_transcription", "turn_latency", "metrics", "tts_completed"]
    ending = ["call_end", "call_recording", "sse_close"]

    assert ["sse_init", "call_start", *turn, *turn, *ending] == first.types
    assert first.events[1:-2] == late.events[1:-2]
    assert first.ids == late.ids == gone.ids + back.ids
    assert first.events[1:-2] == gone.events[1:] + back.events[1:-2]
    # The list of the call has the same, but for what only a listener wants.
    assert [event for event in first.events[1:-2] if event["event_type"] != "metrics"] == shown["events"]
    assert 200 == httpx.get(first.events[-2]["recording_url"]).status_code
    assert 400 == server.ask("GET", f"/events?callId={call_id}").status_code


def test_a_reader_who_does_not_read_does_not_disturb_the_call(server: Server, agent_id: str) -> None:
    """The call and the others go on; he takes up what he missed when he reads again."""

    async def scenario() -> tuple[bytes, Listener]:
        async with calling(server, agent_id, mode="chat") as (call, call_id):
            with socket.create_connection(("127.0.0.1", server.port)) as lazy:
                lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                request = f"GET {API}/events?callId={call_id}&token={server.key} HTTP/1.1\r\nHost: x\r\n\r\n"
                lazy.sendall(request.encode())
                eager = Listener(server, call_id)
                await say(call, *(f"{number} " + "and so on " * 800 for number in range(60)))
                await eager.until("turn_latency")
                await hang_up(call)
                await eager.task
                return await asyncio.to_thread(_rest, lazy), eager

    taken, eager = asyncio.run(scenario())

    assert 60 == eager.types.count("user_transcription")
    assert eager.types == [
        json.loads(line[6:])["event_type"] for line in taken.split(b"\n") if line.startswith(b"data: ")
    ]


def _rest(connection: socket.socket) -> bytes:
    """What a connection still has, until the stream has ended; the frames of the chunked body are left in between."""
    connection.settimeout(LIMIT_S)
    taken = b""
    while not taken.endswith(b"\r\n0\r\n\r\n"):
        piece = connection.recv(65536)
        assert piece, taken[-200:]
        taken += piece
    return taken


def test_readers_who_go_away_free_their_places(tmp_path: Path) -> None:
    """Two hundred may read a call; when they are gone, without a word, the next two hundred may."""
    with running(tmp_path) as server:
        agent_id = server.agent()

        async def crowd(call_id: str) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
            opened = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(200)]
            for _, writer in opened:
                writer.write(
                    f"GET {API}/events?callId={call_id}&token={server.key} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
                )
            for reader, _ in opened:
                await reader.readuntil(b"call_start")
            return opened

        async def scenario() -> None:
            async with calling(server, agent_id, mode="chat") as (call, call_id):
                for _ in range(2):
                    opened = await crowd(call_id)
                    refused = await asyncio.to_thread(server.ask, "GET", f"/events?callId={call_id}")

                    assert (429, "5") == (refused.status_code, refused.headers["retry-after"])
                    for _, writer in opened:
                        writer.transport.abort()
                    await asyncio.to_thread(server.until, lambda: not _connections(server))
                await hang_up(call)

        asyncio.run(scenario())


def _connections(server: Server) -> int:
    """The connections of the server's process beyond the voice socket and the client of the test."""
    port = f":{server.port:04X} "
    lines = Path("/proc/net/tcp").read_text().splitlines()
    established = [line for line in lines if port in line.split(" rem")[0] and line.split()[3] in ("01", "08")]
    local = [line for line in established if line.split()[1].endswith(port.strip())]
    return max(0, len(local) - 2)


def test_a_call_of_another_server_is_followed_in_the_store(database_url: str, tmp_path: Path) -> None:
    """Two servers on one database: the one that does not hold the call tells it a moment later, and shows it whole."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    settings = {**SCRIPTED, "VIVAVOCE_DATABASE": database_url}
    with running(tmp_path / "a", settings) as holder, running(tmp_path / "b", settings) as other:

        async def scenario() -> tuple[Listener, str]:
            async with calling(holder, holder.agent(), mode="chat") as (call, call_id):
                listener = Listener(other, call_id)
                await say(call, "What is the price?")
                await listener.until("tts_completed")
                await hang_up(call)
                await listener.task
                return listener, call_id

        listener, call_id = asyncio.run(scenario())
        shown = other.conversation(call_id)

        assert ["call_end", "sse_close"] == listener.types[-2:]
        assert ["What is the price?", TWELVE_WORDS] == [entry["content"] for entry in shown["transcript"]]
        assert "user_hangup" == shown["disconnectionReason"]


def test_a_server_that_is_told_twice_to_stop_ends_its_streams(tmp_path: Path) -> None:
    """While it drains they go on; then they are closed in order, and the process exits at once."""
    with running(tmp_path) as server:

        async def scenario() -> Listener:
            async with calling(server, server.agent(), mode="chat") as (call, call_id):
                listener = Listener(server, call_id)
                server.process.terminate()
                await asyncio.to_thread(server.until, lambda: server.health()["status"] == "draining")
                await say(call, "What is the price?")
                await listener.until("tts_completed")
                server.process.terminate()
                await listener.task
                return listener

        assert "sse_close" == asyncio.run(scenario()).types[-1]
        assert 0 == server.process.wait(4)
