"""The live calls: how one begins, is recorded, and ends."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import soundfile

from tests.fresh_database import open_fresh
from vivavoce.config import Config
from vivavoce.engines import scripted, silero
from vivavoce.engines.engine import Engines
from vivavoce.errors import Refused, StoreError
from vivavoce.feed import Feed
from vivavoce.recording import Recorder
from vivavoce.server import calls as calls_module
from vivavoce.server.admission import ConnectRequest
from vivavoce.server.calls import Calls
from vivavoce.server.sockets import Begin, Listener
from vivavoce.store import agents, facts, keys, tokens
from vivavoce.store import calls as stored_calls
from vivavoce.store.database import Database
from vivavoce.talk.facts import CallEnded, CallStarted

PATH = "/atoms/v1/agent/connect"
SYNTHFLOW_PATH = "/websocket/start"
LIMIT_S = 10.0
SERVER = "server"


@dataclass
class Client:
    """The way to a client: keeps what it is sent."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    # How many binary messages have come.
    binary: int = 0
    code: int | None = None
    # Set by each message.
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def send(self, frame: bytes) -> None:
        self.messages.append(json.loads(frame))
        self.news.set()

    def send_binary(self, frame: bytes) -> None:
        self.binary += 1
        self.news.set()

    def close(self, code: int = 1000) -> None:
        self.code = code

    @property
    def kinds(self) -> list[str]:
        return [message["type"] for message in self.messages]

    @property
    def call_id(self) -> str:
        return str(self.messages[0]["call_id"])

    async def told(self, kind: str) -> None:
        """Wait for a message of this kind."""
        while kind not in self.kinds:
            self.news.clear()
            await self.news.wait()


@dataclass
class Scene:
    config: Config
    database: Database
    feed: Feed
    calls: Calls
    key: str
    agent_id: str

    async def admit(self, path: str = PATH, *, flaw: str = "", **query: str) -> Begin:
        asked = {"token": self.key, "agent_id": self.agent_id, "mode": "chat"} | query
        return await self.calls.admit(path, ConnectRequest(asked), flaw=flaw)

    async def begin(self, **query: str) -> tuple[Listener, Client]:
        """Open a call on a socket that is no more than its messages."""
        client = Client()
        return (await self.admit(**query))(client), client  # type: ignore[arg-type]  # calls only ever send and close

    async def refused(self, path: str = PATH, *, flaw: str = "", **query: str) -> tuple[int, str]:
        with pytest.raises(Refused) as caught:
            await self.admit(path, flaw=flaw, **query)
        return caught.value.status, caught.value.message

    async def stored(self, call_id: str) -> stored_calls.Call:
        call = await stored_calls.find(self.database, call_id)

        assert call is not None
        return call

    async def count(self) -> int:
        """How many calls were ever stored."""
        return await agents.total_calls(self.database, self.agent_id)


@asynccontextmanager
async def opened(folder: Path, config: Config | None) -> AsyncIterator[Scene]:
    settings = config or Config(data=folder / "data")
    database = await open_fresh(settings.database_url)
    feed = Feed(partial(facts.write, database), every_s=0)
    feed.start()
    recorder = Recorder()
    recording = asyncio.create_task(recorder.run())
    engines = Engines(
        vad=silero.open_engine({}),
        stt=scripted.open_stt({}),
        llm=scripted.open_llm({}),
        tts=scripted.open_tts({"word_s": "0.02"}),
    )
    calls = Calls(config=settings, database=database, feed=feed, engines=engines, recorder=recorder, server_id=SERVER)
    _, key = await keys.create(database, "test")
    agent = await agents.create(
        database,
        {
            "name": "Ada",
            "globalPrompt": "You are {{who}}.",
            "firstMessage": "Hello!",
            "synthesizer": {"voiceConfig": {"model": "waves", "voiceId": "nyah"}},
        },
    )
    try:
        yield Scene(settings, database, feed, calls, key, agent.id)
    finally:
        await calls.drain(0.0)
        recording.cancel()
        await feed.close()
        await database.close()


def play(folder: Path, scenario: Callable[[Scene], Awaitable[None]], *, config: Config | None = None) -> None:
    async def scene() -> None:
        async with asyncio.timeout(LIMIT_S), opened(folder, config) as house:
            await scenario(house)

    asyncio.run(scene())


# -- who comes in -----------------------------------------------------------------------------------------------


def test_there_are_voice_sockets_on_known_paths_only(tmp_path: Path) -> None:
    """Clients differ in the prefix (wire-spec 0.4), and one wire is at the root; everything else is told so."""

    async def scenario(scene: Scene) -> None:
        await scene.admit("/api/v1/agent/connect")

        assert (404, "No voice socket here") == await scene.refused("/atoms/v1/agent")
        assert (404, "No voice socket here") == await scene.refused("/")

    play(tmp_path, scenario)


def test_a_flaw_of_the_request_is_told_last(tmp_path: Path) -> None:
    """The conformance script sends no proper upgrade and wants to read what else is wrong (wire-spec 1.4.3)."""

    async def scenario(scene: Scene) -> None:
        assert (400, "Invalid mode") == await scene.refused(mode="video", flaw="flaw")
        assert (401, "Unauthorized: missing token") == await scene.refused(token="", flaw="flaw")
        assert (400, "flaw") == await scene.refused(flaw="flaw")
        assert (0, 0) == (await scene.count(), scene.calls.live)

    play(tmp_path, scenario)


def test_a_refused_credential_may_be_told_after_the_upgrade(tmp_path: Path) -> None:
    """``ws_auth_failure=close``: an error frame, then 4401 or 4403, for clients that cannot read a status (H3)."""

    async def scenario(scene: Scene) -> None:
        listener, client = await scene.begin(token="sk_wrong")
        listener.receive(b'{"type":"session.close"}', text=True)
        listener.leave("websocket_closed")

        assert [
            {"type": "error", "code": "401", "message": "Unauthorized: invalid or expired token"}
        ] == client.messages
        assert (4401, 0, 0) == (client.code, scene.calls.live, await scene.count())

        token = await tokens.mint(scene.database, tokens.Grant(scene.agent_id, origin="https://shop.example"))
        _, client = await scene.begin(token=token)

        assert ("403", 4403) == (client.messages[0]["code"], client.code)

    play(tmp_path, scenario, config=Config(data=tmp_path / "data", ws_auth_failure="close"))


def test_other_refusals_are_never_told_after_the_upgrade(tmp_path: Path) -> None:
    """Nor is one whose request can become no socket at all."""

    async def scenario(scene: Scene) -> None:
        assert (400, "Invalid mode") == await scene.refused(mode="video")
        assert (404, "No voice socket here") == await scene.refused("/elsewhere", token="sk_wrong")
        assert (401, "Unauthorized: missing token") == await scene.refused(token="", flaw="flaw")
        await scene.calls.drain(0.0)

        assert (503, "Service Unavailable") == await scene.refused()

    play(tmp_path, scenario, config=Config(data=tmp_path / "data", ws_auth_failure="close"))


# -- a call -----------------------------------------------------------------------------------------------------


def test_a_call_is_stored_before_it_begins(tmp_path: Path) -> None:
    """Its facts need its row; agent and variables are kept as they were, the page's reserved names dropped."""

    async def scenario(scene: Scene) -> None:
        begin = await scene.admit(variables='{"who":"Ada","call_id":"forged"}')

        assert (1, 1) == (scene.calls.live, await scene.count())
        client = Client()
        begin(client)  # type: ignore[arg-type]
        await client.told("session.created")
        call = await scene.stored(client.call_id)

        assert ("active", "chat", "scripted", "none") == (call.status, call.mode, call.model, call.recording)
        assert (SERVER, [call.id]) == (call.owner, scene.calls.live_ids)
        assert ("Ada", call.id, "chat") == tuple(
            call.variables[name] for name in ("who", "call_id", "conversation_type")
        )
        assert {"model": "waves", "voiceId": "nyah"} == call.voice
        assert ("You are {{who}}.", scene.agent_id) == (call.agent["globalPrompt"], call.agent["_id"])

    play(tmp_path, scenario)


def test_a_call_ends_with_a_complete_record(tmp_path: Path) -> None:
    """Row, facts from first to last without a gap, both voices, and the journal that replay reads."""

    async def scenario(scene: Scene) -> None:
        listener, client = await scene.begin(mode="webcall")
        await client.told("agent_stop_talking")
        listener.receive(b'{"type":"session.close"}', text=True)
        await scene.calls.drain(LIMIT_S)
        call = await scene.stored(client.call_id)
        folder = scene.config.recordings / call.id

        assert ("completed", "client_requested", "ready") == (call.status, call.end_reason, call.recording)
        assert ("session.closed", 1000) == (client.kinds[-1], client.code)
        assert folder / "dual.flac" == scene.config.recordings / call.recording_path
        assert (24000, 2) == ((info := soundfile.info(folder / "dual.flac")).samplerate, info.channels)
        assert {"dual.flac", "events.jsonl", "tracks.json"} == {file.name for file in folder.iterdir()}

        # The feed writes in its own time, and is done when it is closed.
        await scene.feed.close()
        told = await facts.read(scene.database, call.id)

        assert list(range(1, len(told) + 1)) == [number for number, _ in told]
        assert (CallStarted, CallEnded) == (type(told[0][1]), type(told[-1][1]))

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("record", "mode"), [(False, "webcall"), (True, "chat")], ids=["recording is off", "chats have no sound"]
)
def test_without_sound_there_is_only_a_journal(record: bool, mode: str, tmp_path: Path) -> None:
    """The voices of visitors are kept only where the operator wants them."""

    async def scenario(scene: Scene) -> None:
        listener, client = await scene.begin(mode=mode)
        await client.told("agent_stop_talking")
        listener.leave("websocket_closed")
        await scene.calls.drain(LIMIT_S)
        call = await scene.stored(client.call_id)
        folder = scene.config.recordings / call.id

        assert ("completed", "websocket_closed", "none", "") == (
            call.status,
            call.end_reason,
            call.recording,
            call.recording_path,
        )
        assert {"events.jsonl", "tracks.json"} == {file.name for file in folder.iterdir()}

    play(tmp_path, scenario, config=Config(data=tmp_path / "data", record=record))


def test_a_client_that_was_missed_leaves_a_call_that_ended(tmp_path: Path) -> None:
    """It was stored already, so its end is stored too, and its slot is free."""

    async def scenario(scene: Scene) -> None:
        scene.calls.missed(await scene.admit())
        await scene.calls.drain(LIMIT_S)

        assert (0, 1) == (scene.calls.live, await scene.count())
        assert () == await stored_calls.close_orphans(scene.database, [SERVER])

    play(tmp_path, scenario)


# -- a call on the Synthflow wire -------------------------------------------------------------------------------


async def session_token(scene: Scene) -> str:
    return await tokens.mint(scene.database, tokens.Grant(scene.agent_id), prefix=tokens.SYNTHFLOW_PREFIX)


def test_the_path_decides_which_wire_is_spoken(tmp_path: Path) -> None:
    """The same call in other words: its sound is binary, and what is left of it is what is left of any webcall."""

    async def scenario(scene: Scene) -> None:
        client = Client()
        begin = await scene.admit(SYNTHFLOW_PATH, token=await session_token(scene))
        listener = begin(client)  # type: ignore[arg-type]
        await client.told("status_agent_ready")
        (call_id,) = scene.calls.live_ids
        listener.receive(b'{"type":"status_client_ready"}', text=True)
        while not client.binary:
            client.news.clear()
            await client.news.wait()
        listener.receive(bytes(16384), text=False)
        listener.leave("websocket_closed")
        await scene.calls.drain(LIMIT_S)
        call = await scene.stored(call_id)

        assert ["status_agent_ready"] == client.kinds
        assert ("completed", "websocket_closed", "webcall", "ready", scene.agent_id) == (
            call.status,
            call.end_reason,
            call.mode,
            call.recording,
            call.agent_id,
        )
        assert "webcall" == call.variables["conversation_type"]
        info = soundfile.info(scene.config.recordings / call.recording_path)

        assert (16000, 2) == (info.samplerate, info.channels)

    play(tmp_path, scenario)


def test_a_refused_session_is_told_before_the_upgrade(tmp_path: Path) -> None:
    """Whatever ``ws_auth_failure`` says: this wire has no word for it. Keys and the other wire's tokens are refused."""

    async def scenario(scene: Scene) -> None:
        invalid = (401, "Unauthorized: invalid or expired token")
        other = await tokens.mint(scene.database, tokens.Grant(scene.agent_id))
        token = await session_token(scene)

        assert [invalid, invalid] == [await scene.refused(SYNTHFLOW_PATH, token=bad) for bad in (scene.key, other)]
        assert (400, "flaw") == await scene.refused(SYNTHFLOW_PATH, token=token, flaw="flaw")
        assert (0, 0) == (await scene.count(), scene.calls.live)

    play(tmp_path, scenario, config=Config(data=tmp_path / "data", ws_auth_failure="close"))


def test_the_additions_to_the_synthflow_wire_are_a_setting(tmp_path: Path) -> None:
    """With it on, the visitor's page reads what the agent has said."""

    async def scenario(scene: Scene) -> None:
        client = Client()
        begin = await scene.admit(SYNTHFLOW_PATH, token=await session_token(scene))
        listener = begin(client)  # type: ignore[arg-type]
        listener.receive(b'{"type":"status_client_ready"}', text=True)
        await client.told("transcript")

        assert {"type": "transcript", "role": "agent", "text": "Hello!"} == client.messages[-1]

    config = Config(data=tmp_path / "data", synthflow_events=True, ws_agent_role="agent")
    play(tmp_path, scenario, config=config)


# -- how many ---------------------------------------------------------------------------------------------------


def test_a_caller_waits_for_a_free_slot(tmp_path: Path) -> None:
    """Queued, not refused at once (wire-spec 1.12); the limit holds however many ask together."""

    async def scenario(scene: Scene) -> None:
        first, _ = await scene.begin()

        async def call() -> int:
            listener, _ = await scene.begin()
            live = scene.calls.live
            listener.leave("websocket_closed")
            return live

        callers = [asyncio.create_task(call()) for _ in range(5)]
        first.leave("websocket_closed")

        assert [1] * 5 == await asyncio.gather(*callers)

    play(tmp_path, scenario, config=Config(data=tmp_path / "data", most_calls=1))


def test_a_caller_who_gives_up_waiting_takes_no_slot(tmp_path: Path) -> None:
    """A slot that nobody uses would be lost for ever."""

    async def scenario(scene: Scene) -> None:
        first, _ = await scene.begin()
        waiting = asyncio.create_task(scene.admit())
        done, _ = await asyncio.wait([waiting], timeout=0.1)

        assert set() == done
        waiting.cancel()
        await asyncio.wait([waiting])

        assert 1 == scene.calls.live
        first.leave("websocket_closed")
        await scene.begin()

    play(tmp_path, scenario, config=Config(data=tmp_path / "data", most_calls=1))


def test_a_caller_who_waits_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a status that says: later."""
    monkeypatch.setattr(calls_module, "_SLOT_WAIT_S", 0.05)

    async def scenario(scene: Scene) -> None:
        await scene.begin()
        with pytest.raises(Refused) as caught:
            await scene.admit()

        assert (503, 5) == (caught.value.status, caught.value.retry_after_s)
        assert 1 == scene.calls.live

    play(tmp_path, scenario, config=Config(data=tmp_path / "data", most_calls=1))


def test_a_call_that_cannot_be_stored_frees_its_slot(tmp_path: Path) -> None:
    """A full disk must not fill the house with calls that never were."""

    async def broken(*_: object) -> None:
        raise StoreError("the disk is full")

    async def scenario(scene: Scene) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(stored_calls, "start", broken)
            with pytest.raises(StoreError):
                await scene.admit()

        assert 0 == scene.calls.live
        await scene.begin()

    play(tmp_path, scenario, config=Config(data=tmp_path / "data", most_calls=1))


# -- the server stops -------------------------------------------------------------------------------------------


def test_a_call_can_be_ended_from_outside(tmp_path: Path) -> None:
    """Its client is told, and it is stored as one that the agent has ended; unknown calls are no mistake."""

    async def scenario(scene: Scene) -> None:
        _, client = await scene.begin()
        await client.told("session.created")

        assert scene.calls.end(client.call_id)
        await client.told("session.closed")
        await scene.calls.drain(LIMIT_S)

        assert "ended" == client.messages[-1]["reason"]
        assert "ended" == (await scene.stored(client.call_id)).end_reason
        assert not scene.calls.end(client.call_id)

    play(tmp_path, scenario)


def test_a_draining_server_lets_its_calls_finish(tmp_path: Path) -> None:
    """New ones are refused with 503 from the first moment on."""

    async def scenario(scene: Scene) -> None:
        listener, client = await scene.begin()
        draining = asyncio.create_task(scene.calls.drain(LIMIT_S))
        # It begins to drain.
        await asyncio.sleep(0)

        assert (503, "Service Unavailable") == await scene.refused()
        assert not draining.done()
        listener.receive(b'{"type":"session.close"}', text=True)
        await draining

        assert "completed" == (await scene.stored(client.call_id)).status

    play(tmp_path, scenario)


def test_what_is_left_at_the_end_of_draining_is_ended(tmp_path: Path) -> None:
    """With a reason, a goodbye, and a complete record."""

    async def scenario(scene: Scene) -> None:
        _, client = await scene.begin(mode="webcall")
        await client.told("agent_stop_talking")
        await scene.calls.drain(0.0)
        call = await scene.stored(client.call_id)

        assert {"type": "session.closed", "reason": "server_error"} == client.messages[-1]
        assert ("failed", "server_error", "ready", 0) == (
            call.status,
            call.end_reason,
            call.recording,
            scene.calls.live,
        )

    play(tmp_path, scenario)


def test_draining_waits_for_records_that_are_being_written(tmp_path: Path) -> None:
    """The call is over for its client and its slot is free, but the recording is not joined yet."""

    async def scenario(scene: Scene) -> None:
        listener, client = await scene.begin(mode="webcall")
        await client.told("agent_stop_talking")
        listener.leave("websocket_closed")
        while scene.calls.live:  # noqa: ASYNC110  # nobody tells when a slot is free
            await asyncio.sleep(0)
        await scene.calls.drain(LIMIT_S)

        assert "ready" == (await scene.stored(client.call_id)).recording

    play(tmp_path, scenario)
