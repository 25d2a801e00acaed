"""The parts of the house are opened, joined, and closed again."""

import asyncio
import gc
import os
import re
import signal
import socket
import stat
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.e2e.raw_socket import RawSocket
from vivavoce.clock import now
from vivavoce.config import Config
from vivavoce.errors import ConfigError, StoreError
from vivavoce.server.house import House, open_house, serve
from vivavoce.server.ownership import sign_in
from vivavoce.store import agents, calls, facts
from vivavoce.talk.facts import CallEnded, CallStarted

# Each opens a whole server.
pytestmark = pytest.mark.slow


CALL_ID = "CALL-1776756378884-6a553c"
LIMIT_S = 10.0


@pytest.fixture
def collector() -> Iterator[None]:
    """A server tunes the collector for its own process."""
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def config_for(folder: Path, **settings: object) -> Config:
    fitting = {"data": folder / "data", "port": 0, "stt": "scripted", "llm": "scripted", "tts": "scripted"}
    return Config(**fitting | settings)  # type: ignore[arg-type]  # names and values are this file's own


def run_server(config: Config, scenario: Callable[[House, int], Awaitable[None]]) -> list[str]:
    """Serve, play the scenario once the server is ready, and stop it as an operator does; returns the URLs told."""
    told: list[str] = []

    async def scene() -> None:
        is_ready = asyncio.Event()

        def ready(url: str) -> None:
            told.append(url)
            is_ready.set()

        async with asyncio.timeout(LIMIT_S), open_house(config) as house:
            serving = asyncio.create_task(serve(house, ready))
            waiting = asyncio.create_task(is_ready.wait())
            await asyncio.wait([serving, waiting], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            try:
                if not serving.done():
                    await scenario(house, int(told[0].rpartition(":")[2]))
                    os.kill(os.getpid(), signal.SIGTERM)
            finally:
                await serving

    asyncio.run(scene())
    return told


async def fetched(port: int, path: str) -> bytes:
    async with await RawSocket.connect(port) as client:
        await client.send(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return (await client.answer()).body


async def left_behind(house: House, *, owner: str | None = None) -> Path:
    """What a process that was killed in the middle of a call leaves; returns the folder of the call."""
    if owner is None:
        # The lock of the house itself will be free when it has closed.
        (owner,) = [file.name for file in (house.config.data / "servers").iterdir()]
    agent = await agents.create(house.database, {"name": "Ada"})
    call = calls.Call(CALL_ID, "session", agent.id, "webcall", now(), owner=owner, recording="recording")
    await calls.start(house.database, call)
    await facts.write(house.database, [(CALL_ID, 1, CallStarted(0.0, "webcall"))])
    folder = house.config.recordings / CALL_ID
    folder.mkdir(parents=True)
    (folder / "tracks.json").write_bytes(msgspec.json.encode({"visitor_hz": 16000, "agent_hz": 24000}))
    (folder / "visitor.s16").write_bytes(np.ones(16000, np.int16).tobytes())
    return folder


def test_a_house_opens_and_closes(tmp_path: Path) -> None:
    """What is kept in the data folder is nobody else's business."""
    config = config_for(tmp_path)

    async def scene() -> None:
        async with open_house(config) as house:
            assert (0, False) == (house.calls.live, house.services.draining())
            assert "scripted" == house.lineup.engines.llm.name
            assert {"recorder", "feed-writer", "leases"} <= {task.get_name() for task in asyncio.all_tasks()}
        assert 1 == len(asyncio.all_tasks())

    asyncio.run(scene())

    assert 0o700 == stat.S_IMODE(config.data.stat().st_mode)


@pytest.mark.parametrize("error", [ConfigError("a sentence"), StoreError("another")])
def test_an_error_within_comes_out_as_it_is(error: Exception, tmp_path: Path) -> None:
    """The command line looks for sentences, not for groups of exceptions."""

    async def scene() -> None:
        async with open_house(config_for(tmp_path)):
            raise error

    with pytest.raises(type(error)) as caught:
        asyncio.run(scene())

    assert error is caught.value


def test_a_data_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    """It names the folder and the setting."""
    config = config_for(tmp_path)
    config.data.touch()

    async def scene() -> None:
        async with open_house(config):
            pass

    with pytest.raises(StoreError, match=r"data cannot be made: File exists; set VIVAVOCE_DATA"):
        asyncio.run(scene())


def test_an_engine_that_is_not_there_opens_no_house(tmp_path: Path) -> None:
    """The sentence names it."""

    async def scene() -> None:
        async with open_house(config_for(tmp_path, llm="oracle")):
            pass

    with pytest.raises(ConfigError, match="oracle"):
        asyncio.run(scene())


def test_a_port_that_is_taken_is_a_sentence(tmp_path: Path) -> None:
    """It names the port and the settings; the calls of whoever holds the port are not touched."""
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    kept: list[tuple[str, bool]] = []

    async def scene() -> None:
        async with open_house(config_for(tmp_path, port=port)) as house:
            folder = await left_behind(house)
            try:
                await serve(house, lambda url: None)
            finally:
                call = await calls.find(house.database, CALL_ID)

                assert call is not None
                kept.append((call.status, (folder / "visitor.s16").exists()))

    with taken, pytest.raises(ConfigError, match=rf"port {port}: Address already in use; set VIVAVOCE_HOST and"):
        asyncio.run(scene())

    assert [("active", True)] == kept


def test_opening_a_house_leaves_recordings_alone(tmp_path: Path) -> None:
    """Another process may be writing them: only the owner of the port may take them for left behind."""

    async def scene() -> None:
        async with open_house(config_for(tmp_path)) as house:
            folder = await left_behind(house)
        async with open_house(config_for(tmp_path)):
            await asyncio.sleep(0)

        assert (folder / "visitor.s16").exists()

    asyncio.run(scene())


@pytest.mark.usefixtures("collector")
def test_a_server_answers_and_stops_when_told(tmp_path: Path) -> None:
    """HTTP and refusals of voice on one port; the URL is told once, with a host that browsers trust."""

    async def scenario(house: House, port: int) -> None:
        assert {"status": "ok", "calls": 0} == msgspec.json.decode(await fetched(port, "/health"))
        async with await RawSocket.connect(port) as client:
            await client.send(b"GET /atoms/v1/agent/connect HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n")

            assert (401, "Unauthorized: missing token") == ((answer := await client.answer()).status, answer.phrase)

    (url,) = run_server(config_for(tmp_path), scenario)

    assert re.fullmatch(r"http://localhost:\d+", url)


@pytest.mark.usefixtures("collector")
def test_a_server_finishes_what_a_killed_one_left(tmp_path: Path) -> None:
    """The call is closed with a reason and its recording can be fetched."""
    config = config_for(tmp_path)

    async def before() -> Path:
        async with open_house(config) as house:
            return await left_behind(house)

    folder = asyncio.run(before())

    async def scenario(house: House, port: int) -> None:
        call = await calls.find(house.database, CALL_ID)

        assert call is not None
        # Closed before anybody is told that the server is ready.
        assert ("failed", "server_error") == (call.status, call.end_reason)
        while call.recording != "ready":
            # Joined beside the work of the server; the scene has a limit.
            await asyncio.sleep(0.01)
            call = await calls.find(house.database, CALL_ID)

            assert call is not None
        assert f"{CALL_ID}/dual.flac" == call.recording_path
        assert isinstance((await facts.read(house.database, CALL_ID))[-1][1], CallEnded)

    run_server(config, scenario)

    assert {"dual.flac", "tracks.json"} == {file.name for file in folder.iterdir()}


@pytest.mark.usefixtures("collector")
def test_a_recording_that_cannot_be_finished_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is marked as lost, with a warning, and the server serves."""
    config = config_for(tmp_path)

    async def before() -> Path:
        async with open_house(config) as house:
            return await left_behind(house)

    (asyncio.run(before()) / "tracks.json").write_text("no JSON")

    async def scenario(house: House, port: int) -> None:
        while "cannot be finished" not in caplog.text:  # noqa: ASYNC110  # the log calls nobody
            await asyncio.sleep(0.01)

        assert b"ok" in await fetched(port, "/health")
        call = await calls.find(house.database, CALL_ID)

        assert call is not None
        assert "failed" == call.recording

    run_server(config, scenario)


@pytest.mark.usefixtures("collector")
def test_the_call_of_a_neighbour_is_left_alone(tmp_path: Path) -> None:
    """A server that lives on the same data folder, on another port, holds its calls and writes their recordings."""
    config = config_for(tmp_path)

    async def before(neighbour: str) -> Path:
        async with open_house(config) as house:
            return await left_behind(house, owner=neighbour)

    with sign_in(config.data) as neighbour:
        folder = asyncio.run(before(neighbour))

        async def scenario(house: House, port: int) -> None:
            call = await calls.find(house.database, CALL_ID)

            assert call is not None
            assert ("active", True) == (call.status, (folder / "visitor.s16").exists())

        run_server(config, scenario)

    assert (folder / "visitor.s16").exists()
