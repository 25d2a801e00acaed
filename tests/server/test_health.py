"""How a server is doing."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.fresh_database import open_fresh
from vivavoce.config import Config
from vivavoce.engines.engine import Engines
from vivavoce.engines.scripted import ScriptedLanguageModel, ScriptedSpeechToText, ScriptedTextToSpeech
from vivavoce.engines.silero import open_engine
from vivavoce.lineup import OpenedEngine
from vivavoce.server.health import Health

OPENED = tuple(OpenedEngine(kind, "scripted", "follows a script") for kind in ("vad", "stt", "llm", "tts"))


def play(folder: Path, scenario: Callable[[Health, ScriptedTextToSpeech], Awaitable[None]]) -> None:
    async def played() -> None:
        config = Config(data=folder / "data")
        database = await open_fresh(config.database_url)
        voice = ScriptedTextToSpeech(fail_on="Hello")
        engines = Engines(open_engine({}), ScriptedSpeechToText(), ScriptedLanguageModel(), voice)
        try:
            await scenario(Health(config, database, static=folder / "static", engines=engines, opened=OPENED), voice)
        finally:
            await database.close()

    asyncio.run(played())


def test_everything_is_checked_and_each_fault_belongs_to_its_part(tmp_path: Path) -> None:
    """One failure does not hide the next."""

    async def scenario(health: Health, voice: ScriptedTextToSpeech) -> None:
        checks = {check.name: check for check in await health.check()}

        assert {"vad", "stt", "llm", "tts", "data", "pages", "database"} == checks.keys()
        assert {"tts", "pages"} == {name for name, check in checks.items() if check.fault}
        assert [False, False, False, True] == [bool(stage.check and stage.check.fault) for stage in health.stages()]

    play(tmp_path, scenario)


def test_checks_that_are_asked_for_at_the_same_time_are_made_once(tmp_path: Path) -> None:
    """They cost the engines time, and some of them money."""

    async def scenario(health: Health, voice: ScriptedTextToSpeech) -> None:
        await asyncio.gather(health.check(), health.check(), health.check())

        assert 1 == len(voice.spoken)

    play(tmp_path, scenario)


def test_the_figures_of_a_stage_are_those_that_were_noted(tmp_path: Path) -> None:
    """By the calls."""

    async def scenario(health: Health, voice: ScriptedTextToSpeech) -> None:
        health.watch.note("llm", 0.2, "")

        assert [0, 0, 1, 0] == [stage.figures.requests for stage in health.stages()]

    play(tmp_path, scenario)


def test_the_server_knows_its_store_and_its_disk(tmp_path: Path) -> None:
    """The password of a database is not in its name."""

    async def scenario(health: Health, voice: ScriptedTextToSpeech) -> None:
        server = await health.server()

        assert server.database.endswith("vivavoce.sqlite3")
        assert (server.database_bytes or 0) > 10_000
        assert (server.database_s or 0) > 0
        assert 0 < server.disk_free_bytes <= server.disk_bytes
        assert {} == server.checks

    play(tmp_path, scenario)
