"""What is noted of each request to an engine."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from types import SimpleNamespace
from typing import cast

import numpy as np

from vivavoce.audio.pcm import Pcm, silence
from vivavoce.engine_work import EngineWork
from vivavoce.engines.engine import Engines
from vivavoce.errors import EngineError
from vivavoce.speech import Message, Tool, Transcript, Voice, VoiceStyle
from vivavoce.talk import commands as do
from vivavoce.talk import events
from vivavoce.testing.virtual_loop import run

Noted = list[tuple[str, float | None, str]]
WINDOW = silence(0.032, 16_000)


class SlowEngines:
    """Each answers after a while, in pieces; ``fails`` is raised instead of the first."""

    name = "slow"

    def __init__(self, wait_s: float, fails: Exception | None = None) -> None:
        self._wait_s = wait_s
        self._fails = fails

    async def transcribe(self, audio: AsyncIterator[Pcm]) -> AsyncGenerator[Transcript]:
        async for _ in audio:
            yield Transcript("a", final=False)
        await self._pause()
        yield Transcript("a pizza", final=True)

    async def reply(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str]:
        for piece in ("Hello", " there"):
            await self._pause()
            yield piece

    async def speak(self, text: str, style: VoiceStyle) -> AsyncGenerator[Voice]:
        for _ in range(2):
            await self._pause()
            yield Voice(Pcm(np.zeros(1600, np.int16), 16_000))

    async def _pause(self) -> None:
        await asyncio.sleep(self._wait_s)
        if self._fails is not None:
            raise self._fails


def noted(
    play: Callable[[EngineWork], None],
    *,
    wait_s: float = 0.5,
    fails: Exception | None = None,
    lasts_s: float = 30.0,
    then: Callable[[EngineWork], None] = lambda _: None,
) -> tuple[Noted, list[events.Event]]:
    """What was noted, and the events, of what ``play`` asks for and ``then`` does after a while."""
    found: Noted = []
    told: list[events.Event] = []

    async def scenario() -> None:
        engine = SlowEngines(wait_s, fails)
        work = EngineWork(
            engines=cast(Engines, SimpleNamespace(stt=engine, llm=engine, tts=engine)),
            style=VoiceStyle(),
            voice_rate_hz=16_000,
            now=asyncio.get_running_loop().time,
            dispatch=told.append,
            note=lambda stage, wait_s, fault: found.append(
                (stage, None if wait_s is None else round(wait_s, 3), fault)
            ),
        )
        play(work)
        await asyncio.sleep(lasts_s)
        then(work)
        await work.stop()

    run(scenario(), limit_s=120)
    return found, told


def test_a_request_is_noted_once_with_the_time_until_its_first_piece() -> None:
    """Further pieces are no requests."""
    thought, _ = noted(lambda work: work.think(do.Think(1, (), ())))
    spoken, _ = noted(lambda work: work.say(do.Say(1, 0, "Hello.")))

    assert ([("llm", 0.5, "")], [("tts", 0.5, "")]) == (thought, spoken)


def test_speech_to_text_is_timed_from_the_end_of_the_utterance() -> None:
    """How long somebody speaks says nothing of the engine."""

    def play(work: EngineWork) -> None:
        work.listen(1)
        for _ in range(4):
            work.feed(1, WINDOW)
        asyncio.get_running_loop().call_later(5.0, work.feed, 1, None)

    assert [("stt", 0.5, "")] == noted(play)[0]


def test_a_failure_is_noted_with_its_reason() -> None:
    """That of a stranger's engine by its type alone: its text may quote speech."""
    ask = lambda work: work.think(do.Think(1, (), ()))  # noqa: E731  # the same for three
    own, told = noted(ask, fails=EngineError("llm", "slow", "the server is gone"))
    silent, events_of_silent = noted(ask, fails=EngineError("llm", "slow", ""))
    strange, _ = noted(ask, fails=ValueError("what the visitor said"))

    assert [("llm", None, "the server is gone")] == own
    assert [("llm", None, "ValueError")] == strange
    assert [events.EngineFailed] * 2 == [type(told[0]), type(events_of_silent[0])]
    assert silent[0][2]


def test_what_is_given_up_early_is_not_noted() -> None:
    """The visitor spoke on: the engine has done nothing wrong."""
    found, _ = noted(
        lambda work: work.think(do.Think(1, (), ())), wait_s=10.0, lasts_s=2.0, then=lambda work: work.drop_reply(1)
    )

    assert [] == found


def test_what_is_given_up_after_a_long_silence_is_a_failure() -> None:
    """An engine that hangs never says that it has failed."""
    found, _ = noted(
        lambda work: work.think(do.Think(1, (), ())), wait_s=60.0, lasts_s=12.0, then=lambda work: work.drop_reply(1)
    )

    assert [("llm", None, "no answer within 12 s")] == found


def test_what_had_begun_to_answer_counts_although_it_is_given_up() -> None:
    """Such as a reply that was interrupted."""
    found, _ = noted(
        lambda work: work.think(do.Think(1, (), ())), wait_s=1.0, lasts_s=1.5, then=lambda work: work.drop_reply(1)
    )

    assert [("llm", 1.0, "")] == found
