"""Short checks of what a server needs."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from vivavoce.engines.engine import Engines
from vivavoce.engines.scripted import ScriptedLanguageModel, ScriptedSpeechToText, ScriptedTextToSpeech
from vivavoce.engines.silero import open_engine
from vivavoce.errors import EngineError
from vivavoce.server.checks import check_data_folder, check_engine, check_pages
from vivavoce.speech import Message, Tool

KINDS = ("vad", "stt", "llm", "tts")


def engines() -> Engines:
    return Engines(open_engine({}), ScriptedSpeechToText(), ScriptedLanguageModel(), ScriptedTextToSpeech())


class Dumb:
    """A language model that says nothing, at once or for ever."""

    name = "dumb"

    def __init__(self, *, hangs: bool = False, fails: Exception | None = None) -> None:
        self._hangs = hangs
        self._fails = fails

    async def reply(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str]:
        if self._fails is not None:
            raise self._fails
        if self._hangs:
            await asyncio.Event().wait()
        pieces: tuple[str, ...] = ()
        for piece in pieces:
            yield piece

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("kind", KINDS)
def test_an_engine_that_works_passes(kind: str) -> None:
    """The voice detector with its real network."""

    async def scenario() -> float:
        return await check_engine(engines(), kind)

    assert 0 <= asyncio.run(scenario()) < 20


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (Dumb(), "its answer was empty"),
        (Dumb(hangs=True), "it has not answered within 0.05 s"),
        (Dumb(fails=EngineError("llm", "dumb", "the key is refused")), "the key is refused"),
        (Dumb(fails=ValueError("a prompt")), "it raised ValueError"),
    ],
)
def test_an_engine_that_does_not_work_says_why(model: Dumb, reason: str) -> None:
    """Whatever it does, it ends in time."""

    async def scenario() -> None:
        await check_engine(replace(engines(), llm=model), "llm", limit_s=0.05)

    with pytest.raises(EngineError) as raised:
        asyncio.run(scenario())
    assert reason == raised.value.reason


def test_a_data_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """With the setting that names another."""
    (tmp_path / "file").touch()

    with pytest.raises(OSError, match=r"cannot be written: .*; set VIVAVOCE_DATA"):
        asyncio.run(check_data_folder(tmp_path / "file" / "data"))
    assert "can be written" in asyncio.run(check_data_folder(tmp_path / "data"))


def test_pages_that_are_not_built_are_told(tmp_path: Path) -> None:
    """By their names."""
    with pytest.raises(FileNotFoundError, match=r"console/console\.js"):
        asyncio.run(check_pages(tmp_path))
