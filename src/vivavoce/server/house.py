"""Puts the parts of the house together, and runs them until the operator stops the server."""

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from os import environ
from pathlib import Path

import uvicorn

from vivavoce.config import Config
from vivavoce.errors import ConfigError, StoreError, VivavoceError
from vivavoce.feed import Feed
from vivavoce.lineup import Choice, Lineup, open_lineup
from vivavoce.recording import DUAL_FILE, Recorder, join_tracks, unfinished
from vivavoce.server.after_calls import AfterCalls
from vivavoce.server.announcements import announce, recording_links
from vivavoce.server.app import create_app
from vivavoce.server.calls import Calls
from vivavoce.server.embed_log import RefusalLog
from vivavoce.server.health import Health
from vivavoce.server.outbox import Outbox
from vivavoce.server.ownership import close_left_behind, hold_calls, sign_in
from vivavoce.server.posting import Poster
from vivavoce.server.preconversation import Preconversation
from vivavoce.server.services import STATIC, Services
from vivavoce.server.upgrade import VoiceHttp, upgrade_class
from vivavoce.store import calls as stored_calls
from vivavoce.store import facts as stored_facts
from vivavoce.store.database import Database, open_database

__all__ = ["House", "open_house", "open_listener", "serve"]

log = logging.getLogger(__name__)

# Connections that may wait to be accepted, as uvicorn has it.
_BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class House:
    """The parts of one running server."""

    config: Config
    database: Database
    lineup: Lineup
    calls: Calls
    services: Services


@asynccontextmanager
async def open_house(config: Config) -> AsyncIterator[House]:
    """
    Open everything that a server needs but its port, and close it in reverse order.

    Raises:
        ConfigError: An engine that was asked for is not there.
        StoreError: The data folder cannot be used, or the database cannot be opened.
    """
    try:
        config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreError(
            f"the data folder {config.data} cannot be made: {error.strerror}; set VIVAVOCE_DATA"
        ) from error
    async with AsyncExitStack() as stack:
        server_id = stack.enter_context(sign_in(config.data))
        database = await open_database(config.database_url)
        stack.push_async_callback(database.close)
        choice = Choice(vad=config.vad, stt=config.stt, llm=config.llm, tts=config.tts, settings=config.engines)
        lineup = await open_lineup(choice, environ, own_port=config.port)
        stack.push_async_callback(lineup.close)
        feed = Feed(partial(stored_facts.write, database))
        feed.start()
        stack.push_async_callback(feed.close)
        recorder = Recorder()
        poster = Poster(allow_private=config.webhook_private)
        stack.push_async_callback(poster.close)
        outbox = Outbox(database, poster, retries=config.webhook_retries)
        preconversation = Preconversation(database, poster, limit_s=config.webhook_wait_s)
        refusal_log = RefusalLog(database)
        announced = partial(announce, recording_url=recording_links(config))
        after_calls = AfterCalls(database, lineup.engines.llm, announce=announced)
        health = Health(config, database, static=STATIC, engines=lineup.engines, opened=lineup.opened)
        calls = Calls(
            config=config,
            database=database,
            feed=feed,
            engines=lineup.engines,
            recorder=recorder,
            server_id=server_id,
            over=after_calls.nudge,
            ask_webhooks=preconversation.variables,
            refused=refusal_log.note,
            note=health.watch.note,
        )
        services = Services(
            config=config,
            database=database,
            feed=feed,
            recordings=config.recordings,
            draining=lambda: calls.draining,
            end_call=calls.end,
            end_waiting=calls.end_waiting,
            page_notes=lineup.notes,
            refused=refusal_log.note,
            webhooks_changed=preconversation.forget,
            look_for_deliveries=outbox.look,
            post=poster,
            health=health,
        )
        failed: VivavoceError | None = None
        async with asyncio.TaskGroup() as tasks:
            endless = [
                tasks.create_task(recorder.run(), name="recorder"),
                tasks.create_task(hold_calls(database, lambda: calls.live_ids), name="leases"),
                tasks.create_task(after_calls.run(), name="after-calls"),
                tasks.create_task(outbox.run(), name="outbox"),
                tasks.create_task(refusal_log.run(), name="refusals"),
            ]
            try:
                yield House(config, database, lineup, calls, services)
            except VivavoceError as error:
                # The group would wrap it, and nobody looks for a sentence inside a group.
                failed = error
            finally:
                for task in endless:
                    task.cancel()
        if failed is not None:
            raise failed


async def _left_behind(database: Database, folders: Sequence[Path]) -> list[Path]:
    """The folders that no other server on this data folder is writing to."""
    held = await stored_calls.held(database, [folder.name for folder in folders])
    return [folder for folder in folders if folder.name not in held]


async def _finish_recordings(database: Database, folders: Sequence[Path]) -> None:
    """Finish the recordings of calls whose process was killed."""
    for folder in folders:
        try:
            await _finish_recording(database, folder)
        except StoreError as error:
            log.warning("the recording of %s stays as it is until the next start: %s", folder.name, error)


async def _finish_recording(database: Database, folder: Path) -> None:
    try:
        file = await asyncio.to_thread(join_tracks, folder)
    except StoreError as error:
        log.warning("%s", error)
        await stored_calls.set_recording(database, folder.name, "failed")
    else:
        path = "" if file is None else f"{folder.name}/{DUAL_FILE}"
        await stored_calls.set_recording(database, folder.name, "ready" if path else "none", path=path)


class _Server(uvicorn.Server):
    """uvicorn, which leaves the signals to us: it does not know the calls, so it would not wait for them."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(house: House, ready: Callable[[str], None]) -> None:
    """
    Serve until SIGINT or SIGTERM; then take no new calls, wait for those that are live, and stop.

    A second signal does not wait.

    Args:
        house: From ``open_house``.
        ready: Called once with the server's URL when it answers.

    Raises:
        ConfigError: The port cannot be opened.
    """
    config, calls = house.config, house.calls
    listener = open_listener(config)
    # Before anybody is told that the server is ready: whoever asks for such a call learns that it is over.
    orphans = await close_left_behind(house.database, config.data)
    if orphans:
        log.info("%d calls of a process that was killed have been closed", len(orphans))
    folders = await _left_behind(house.database, await asyncio.to_thread(unfinished, config.recordings))
    server = _Server(
        uvicorn.Config(
            create_app(house.services),
            # uvicorn takes classes or anything that makes protocols in their place.
            http=VoiceHttp,
            ws=upgrade_class(calls),  # type: ignore[arg-type]
            log_config=None,
            access_log=False,
            server_header=False,
            # From these it takes ``X-Forwarded-For`` and ``X-Forwarded-Proto``, from others neither.
            forwarded_allow_ips=config.proxies,
            timeout_graceful_shutdown=5,
        ),
        on_started=lambda: ready(_url(config, listener)),
    )
    loop = asyncio.get_running_loop()
    tidying = loop.create_task(_finish_recordings(house.database, folders), name="tidy-up")
    stopping: asyncio.Task[None] | None = None

    async def stop() -> None:
        await calls.drain(config.drain_s)
        house.services.stopping.set()
        server.should_exit = True

    def on_signal() -> None:
        nonlocal stopping
        if stopping is None:
            log.info("stopping: %d calls are live; again to stop at once", calls.live)
            stopping = loop.create_task(stop(), name="stop")
        else:
            house.services.stopping.set()
            server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    # What has been loaded stays: the collector need not look at it again and again while calls run.
    gc.collect()
    gc.freeze()
    # Events and commands come and go by the thousand and form no cycles: looking for some so often finds nothing.
    gc.set_threshold(20_000, 20, 20)
    try:
        await server.serve(sockets=[listener])
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        for task in (tidying, stopping):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        await calls.drain(0.0)


def open_listener(config: Config) -> socket.socket:
    """
    Take the port.

    Raises:
        ConfigError: It cannot be had.
    """
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((config.host, config.port))
        # From now on no other process can have the port; two may bind it where neither listens.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"cannot listen on {config.host} port {config.port}: {error.strerror}; "
            "set VIVAVOCE_HOST and VIVAVOCE_PORT, or stop the program that holds the port"
        ) from error
    listener.setblocking(False)
    return listener


def _url(config: Config, listener: socket.socket) -> str:
    """The server's URL as a person would type it on this machine: browsers allow a microphone on localhost."""
    host, port = listener.getsockname()[:2]
    if config.host in ("0.0.0.0", "::", "127.0.0.1", "::1", "localhost"):
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
