"""The console's page of engines and server."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.fresh_database import open_fresh
from tests.server.console.console_scene import Visitor, play_console, visitor
from tests.server.rest_scene import Scene
from vivavoce.config import Config
from vivavoce.engines.engine import Engines
from vivavoce.engines.scripted import ScriptedLanguageModel, ScriptedSpeechToText, ScriptedTextToSpeech
from vivavoce.engines.silero import open_engine
from vivavoce.lineup import OpenedEngine
from vivavoce.server.health import Health
from vivavoce.store.database import Database

OPENED = (
    OpenedEngine("vad", "silero", "built in"),
    OpenedEngine("stt", "scripted", "follows a script", ("the better one is missing",)),
    OpenedEngine("llm", "scripted", "follows a script"),
    OpenedEngine("tts", "scripted", "follows a script"),
)


def play(folder: Path, scenario: Callable[[Scene, Visitor, Health], Awaitable[None]]) -> None:
    """Play with an account of scripted engines, of which the voice fails."""
    config = Config(data=folder / "data")

    async def opened() -> Database:
        database = await open_fresh(config.database_url)
        # Its connections are of this loop; in the next one it opens others.
        await database.close()
        return database

    store = asyncio.run(opened())
    voice = ScriptedTextToSpeech(fail_on="Hello")
    engines = Engines(open_engine({}), ScriptedSpeechToText(), ScriptedLanguageModel(), voice)
    health = Health(config, store, static=folder, engines=engines, opened=OPENED)

    async def played(scene: Scene, admin: Visitor) -> None:
        try:
            await scenario(scene, admin, health)
        finally:
            await store.close()

    play_console(folder, played, config=config, health=health)


def test_each_stage_is_shown_with_its_engine_and_its_last_hour(tmp_path: Path) -> None:
    """And with its last failure, and what was wrong with a better engine."""

    async def scenario(scene: Scene, admin: Visitor, health: Health) -> None:
        health.watch.note("llm", 0.64, "")
        health.watch.note("llm", None, "the server is gone")
        page = (await admin.get("/console/health")).text
        rows = page.split("<tr")[2:]

        assert ["Voice detection", "Speech-to-text", "Language model", "Voice"] == [
            row.partition('scope="row">')[2].partition("<")[0] for row in rows if 'scope="row"' in row
        ]
        assert [True] * 3 == [
            text in page for text in ("the server is gone", "the better one is missing", "sometimes fails")
        ]

    play(tmp_path, scenario)


def test_a_check_says_what_fails(tmp_path: Path) -> None:
    """In the part of the page that htmx asks for, or on the page again."""

    async def scenario(scene: Scene, admin: Visitor, health: Health) -> None:
        answer = await admin.post("/console/health/check", hx_request="true")
        plain = await admin.post("/console/health/check")
        page = (await admin.get(plain.headers["location"])).text

        assert (200, False) == (answer.status_code, "<html" in answer.text)
        assert (1, 3) == (answer.text.count(">check failed<"), answer.text.count(">works<") - 1)
        assert "2 of 7 checks failed" in page

    play(tmp_path, scenario)


def test_a_viewer_sees_it_and_has_nothing_checked(tmp_path: Path) -> None:
    """Checks cost time, and with some engines money."""

    async def scenario(scene: Scene, admin: Visitor, health: Health) -> None:
        viewer = await visitor(scene)
        page = await viewer.get("/console/health")

        assert (200, False) == (page.status_code, "Check now" in page.text)
        assert 403 == (await viewer.post("/console/health/check")).status_code

    play(tmp_path, scenario)


def test_the_overview_leads_here_where_something_fails(tmp_path: Path) -> None:
    """A badge for each stage."""

    async def scenario(scene: Scene, admin: Visitor, health: Health) -> None:
        health.watch.note("tts", None, "it hangs")
        page = (await admin.get("/console")).text

        assert ("1 failure" in page, 'href="/console/health"' in page) == (True, True)

    play(tmp_path, scenario)
