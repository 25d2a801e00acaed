"""The Synthflow wire over real sockets: a session is asked for, talked through, and ends without a goodbye."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.e2e.raw_socket import BINARY, CLOSE, PING, PONG, TEXT, Frame, RawSocket, frame, head
from tests.e2e.running import SCRIPTED, Server, run_cli, running
from tests.e2e.speech import command, steady
from tests.e2e.watched import decoded
from vivavoce.audio.pcm import Pcm
from vivavoce.audio.resample import resampled
from vivavoce.clock import monotonic_s, now
from vivavoce.engines.scripted import TWELVE_WORDS

pytestmark = pytest.mark.slow

LIMIT_S = 30.0
MIC_HZ, AGENT_HZ = 48_000, 16_000
# What most pages send at a time.
FRAME_SAMPLES = 8192
READY = {"type": "status_client_ready"}
# Six seconds of it, for a word takes a tenth of a second.
LONG = " ".join(["word"] * 60)
# How late the machine may be.
SLACK_S = 0.15


def session_path(server: Server, assistant_id: str) -> str:
    """Ask for a session URL; returns its path and query."""
    answer = server.client.get(
        f"{server.url}/websocket/token/{assistant_id}", headers={"authorization": f"Bearer {server.key}"}
    )

    assert 200 == answer.status_code, answer.text
    url = urlsplit(answer.json()["sessionURL"])

    assert ("ws", f"localhost:{server.port}", "/websocket/start") == (url.scheme, url.netloc, url.path)
    return f"{url.path}?{url.query}"


@dataclass
class Page:
    """An open session: everything that came, with its time."""

    call: RawSocket
    got: list[tuple[float, Frame]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        """Take frames until the server closes."""
        while True:
            received = await self.call.frame()
            if received.opcode == PING:
                await self.call.send(frame(PONG, received.payload))
                continue
            self.got.append((monotonic_s(), received))
            self.news.set()
            if received.opcode == CLOSE:
                return

    async def until(self, happened: Callable[[], bool]) -> None:
        while not happened():
            self.news.clear()
            await self.news.wait()

    @property
    def texts(self) -> list[dict[str, object]]:
        return [received.json() for _, received in self.got if received.opcode == TEXT]

    @property
    def sounds(self) -> list[tuple[float, bytes]]:
        return [(at, received.payload) for at, received in self.got if received.opcode == BINARY]

    @property
    def heard_s(self) -> float:
        return sum(len(payload) for _, payload in self.sounds) / 2 / AGENT_HZ

    @property
    def is_closed(self) -> bool:
        return any(received.opcode == CLOSE for _, received in self.got)

    @property
    def closed_at(self) -> float:
        ((at, received),) = [entry for entry in self.got if entry[1].opcode == CLOSE]

        assert 1000 == received.code
        return at

    async def say(self, pcm: Pcm | None = None, *, silence_s: float = 0.0) -> None:
        """The microphone, in real time, in frames of the usual size: what is said, and silence after it."""
        said: NDArray[np.int16] = resampled(pcm, MIC_HZ).samples if pcm is not None else np.zeros(0, np.int16)
        samples = np.concatenate([said, np.zeros(round(silence_s * MIC_HZ), np.int16)]).astype("<i2")
        began_s = monotonic_s()
        for start in range(0, len(samples), FRAME_SAMPLES):
            await asyncio.sleep(began_s + (start + FRAME_SAMPLES) / MIC_HZ - monotonic_s())
            await self.call.say(samples[start : start + FRAME_SAMPLES].tobytes(), opcode=BINARY)


@asynccontextmanager
async def opened(server: Server, path: str) -> AsyncIterator[Page]:
    """A session; at the end the page closes its socket, which is how pages of this wire hang up."""
    async with asyncio.timeout(LIMIT_S), await RawSocket.open(server.port, path) as call:
        page = Page(call)
        listening = asyncio.create_task(page.listen())
        try:
            yield page
        finally:
            listening.cancel()
            await asyncio.wait([listening])
            if not page.is_closed:
                await call.send(frame(CLOSE, (1000).to_bytes(2, "big")))
                await call.close_code()


def call_ids(server: Server) -> set[str]:
    return {call_id for (call_id,) in server.rows("select id from calls")}


# -- a conversation ---------------------------------------------------------------------------------------------


def test_a_visitor_talks_and_is_answered(server: Server) -> None:
    """One status and otherwise only sound; the record is that of any webcall."""
    agent_id = server.agent(firstMessage="Good day to you.")
    path, before = session_path(server, agent_id), call_ids(server)

    async def scenario() -> Page:
        async with opened(server, path) as page:
            await page.until(lambda: bool(page.texts))
            await page.call.say(READY)
            await page.until(lambda: page.heard_s > 0.39)
            await page.say(silence_s=0.5)
            await page.say(command().speech, silence_s=1.5)
            await page.until(lambda: page.heard_s > 0.4 + 1.19)
            await page.say(silence_s=0.5)
        return page

    page = asyncio.run(scenario())
    (call_id,) = call_ids(server) - before
    shown = server.record(call_id)

    assert [{"type": "status_agent_ready"}] == page.texts
    assert TEXT == page.got[0][1].opcode
    assert [] == [len(payload) for _, payload in page.sounds if not payload or len(payload) % 2]
    assert pytest.approx(0.4 + 1.2, abs=0.02) == page.heard_s
    assert ("webcall", agent_id) == (shown["type"], shown["agent"]["_id"])
    assert [("agent", "Good day to you."), ("user", "words of the utterance"), ("agent", TWELVE_WORDS)] == [
        (entry["role"], entry["content"]) for entry in shown["transcript"]
    ]
    dual, rate_hz = decoded(httpx.get(shown["recordingDualUrl"]))

    assert AGENT_HZ == rate_hz
    assert min(np.abs(dual.astype(np.int32)).max(axis=0)) > 1000
    # Waiting for the client is part of what is replayed.
    assert 0 == run_cli(server.data, "replay", call_id).returncode


def test_the_agent_waits_for_the_client_and_not_for_ever(server: Server) -> None:
    """It is ready at once; a client that never says so is greeted after about five seconds, whatever it sends."""
    path = session_path(server, server.agent(firstMessage="Good day to you."))

    async def scenario() -> float:
        async with opened(server, path) as page:
            await page.until(lambda: bool(page.texts))
            ready_at = page.got[0][0]
            # Sound before the client is ready is no error.
            await page.say(silence_s=1.0)
            await page.until(lambda: bool(page.sounds))
            return page.sounds[0][0] - ready_at

    assert 4.5 < asyncio.run(scenario()) < 5.0 + 2 * SLACK_S


def test_nothing_that_a_page_sends_upsets_the_call(server: Server) -> None:
    """Odd and empty frames, words that are none, words of the other wire: no error, no goodbye, the call goes on."""
    path = session_path(server, server.agent(firstMessage=LONG))
    texts = ["", "{", "null", "[]", '{"type":"ping"}', '{"type":"session.close"}', json.dumps(READY), "\u2603" * 1000]

    async def scenario() -> Page:
        async with opened(server, path) as page:
            for data in (b"", b"\x01", b"\x01\x02\x03", bytes(16385), bytes(200_000)):
                await page.call.say(data, opcode=BINARY)
            for text in texts:
                await page.call.say(text)
            await page.call.say(b"\xff\xfe", opcode=TEXT)
            await page.call.say(READY)
            await page.until(lambda: page.heard_s > 1.0)
            await page.call.say(READY)
            await page.until(lambda: page.heard_s > 2.0)
        return page

    page = asyncio.run(scenario())

    assert [{"type": "status_agent_ready"}] == page.texts


def test_sound_runs_hardly_ahead_of_real_time(server: Server) -> None:
    """At most a fifth of a second, for a page cannot take back what it was sent."""
    path = session_path(server, server.agent(firstMessage=LONG))

    async def scenario() -> Page:
        async with opened(server, path) as page:
            await page.call.say(READY)
            await page.until(lambda: page.heard_s > 4.0)
        return page

    page = asyncio.run(scenario())
    began_s, ahead_s, sent_s = page.sounds[0][0], [], 0.0
    for at, payload in page.sounds:
        sent_s += len(payload) / 2 / AGENT_HZ
        ahead_s.append(sent_s - (at - began_s))

    # A machine that is late for a moment delivers late, never early.
    assert max(ahead_s) <= 0.2 + 0.02
    assert np.median(ahead_s) > 0.05


def test_an_interruption_is_heard_at_once(server: Server) -> None:
    """Sound stops soon after the visitor begins, and what was not heard is not in the record."""
    path, before = session_path(server, server.agent(firstMessage=LONG)), call_ids(server)

    async def scenario() -> tuple[Page, float]:
        async with opened(server, path) as page:
            await page.call.say(READY)
            await page.until(lambda: page.heard_s > 0.5)
            await page.say(silence_s=0.5)
            spoke_at = monotonic_s()
            await page.say(steady(command().speech, duration_s=2.0))
            return page, spoke_at

    page, spoke_at = asyncio.run(scenario())
    (call_id,) = call_ids(server) - before
    (said, *_) = server.record(call_id)["transcript"]

    # The onset takes 0.2 s of speech, which the page's own frames deliver 0.17 s late.
    assert page.sounds[-1][0] - spoke_at < 0.2 + 2 * 0.171 + 2 * SLACK_S
    assert ("agent", True) == (said["role"], LONG.startswith(said["content"]))
    assert 1 <= len(said["content"].split()) < 40


def test_the_agent_hangs_up_without_tearing_a_word(server: Server) -> None:
    """The socket closes with 1000, once the page has had the time to play all that it was sent."""
    agent_id = server.agent(firstMessage=LONG, sessionTimeoutConfig={"timeoutTimeInSecs": 2})
    path, before = session_path(server, agent_id), call_ids(server)

    async def scenario() -> Page:
        async with opened(server, path) as page:
            await page.call.say(READY)
            await page.until(lambda: page.is_closed)
        return page

    page = asyncio.run(scenario())
    (call_id,) = call_ids(server) - before

    assert [{"type": "status_agent_ready"}] == page.texts
    assert page.sounds[-1][0] + 0.2 < page.closed_at < page.sounds[0][0] + 3.0
    assert page.sounds[0][0] + page.heard_s < page.closed_at
    server.record(call_id)

    assert [("timeout",)] == server.rows("select end_reason from calls where id = ?", call_id)


def test_words_are_told_where_the_operator_wants_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Off by default; on, the page reads along."""
    settings = {**SCRIPTED, "VIVAVOCE_SYNTHFLOW_EVENTS": "on"}
    with running(tmp_path_factory.mktemp("events"), settings) as server:
        path = session_path(server, server.agent(firstMessage="Good day to you."))

        async def scenario() -> list[dict[str, object]]:
            async with opened(server, path) as page:
                await page.call.say(READY)
                await page.until(lambda: len(page.texts) > 1)
                return page.texts

        assert [
            {"type": "status_agent_ready"},
            {"type": "transcript", "role": "assistant", "text": "Good day to you."},
        ] == asyncio.run(scenario())


# -- tokens -----------------------------------------------------------------------------------------------------


async def knock(server: Server, path: str) -> tuple[int, str]:
    async with await RawSocket.connect(server.port) as client:
        await client.send(head(path))
        answer = await client.answer()
        return answer.status, answer.phrase


INVALID = (401, "Unauthorized: invalid or expired token")


def test_of_many_pages_with_one_session_url_exactly_one_gets_its_call(server: Server, agent_id: str) -> None:
    """The others read 401 before the upgrade; to a browser it is a close with 1006."""
    path = session_path(server, agent_id)

    async def scenario() -> list[tuple[int, str]]:
        return await asyncio.gather(*(knock(server, path) for _ in range(8)))

    answers = sorted(asyncio.run(scenario()))

    assert ([101] + [401] * 7, {INVALID}) == ([status for status, _ in answers], set(answers[1:]))


def test_a_session_url_is_good_for_a_minute(server: Server, agent_id: str) -> None:
    """Played by changing the store."""

    def aged(by_s: float) -> tuple[int, str]:
        before = set(server.rows("select digest from tokens"))
        path = session_path(server, agent_id)
        ((digest,),) = set(server.rows("select digest from tokens")) - before
        ((expires_us,),) = server.rows("select expires_at from tokens where digest = ?", digest)

        assert 55 < expires_us / 1e6 - now().timestamp() <= 60
        database = sqlite3.connect(server.data / "vivavoce.sqlite3", timeout=5)
        with database:
            database.execute(
                "update tokens set expires_at = expires_at - ? where digest = ?", (round(by_s * 1e6), digest)
            )
        database.close()
        return asyncio.run(knock(server, path))

    assert (101, INVALID) == (aged(50)[0], aged(61))


def test_each_wire_has_its_own_tokens(server: Server, agent_id: str) -> None:
    """Neither opens the other, nor is it spent by the attempt."""
    path, token = session_path(server, agent_id), server.token(agent_id)
    atoms = f"/atoms/v1/agent/connect?agent_id={agent_id}&token="
    session = path.partition("token=")[2]

    async def scenario() -> list[tuple[int, str]]:
        paths = (f"{atoms}{session}", f"/websocket/start?token={token}", f"/websocket/start?token={server.key}")
        return [await knock(server, wrong) for wrong in paths]

    assert [INVALID] * 3 == asyncio.run(scenario())
    assert [101, 101] == [asyncio.run(knock(server, right))[0] for right in (path, f"{atoms}{token}")]
