"""espeak-ng through its helper process."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vivavoce.engines.espeak import Espeak, open_engine
from vivavoce.errors import ConfigError, EngineError
from vivavoce.speech import Voice, VoiceStyle
from vivavoce.testing.contracts import check_text_to_speech

# Any text at all, and texts of the kind that an agent says.
TEXTS = st.text(max_size=80) | st.lists(
    st.from_regex(
        r"[A-Za-z]{1,9}|[$€]\d{1,4}|\d[\d,.:/-]{0,8}|[,.!?—-]|[A-Za-z]+'[a-z]{1,2}|([A-Z]\.){2,3}", fullmatch=True
    ),
    max_size=12,
).map(" ".join)
LONG = "The quick brown fox jumps over the lazy dog, and goes home. " * 6


def play(scene: Callable[[Espeak], Awaitable[None]], **chosen: str) -> None:
    """Play a scene with an engine, and close it."""

    async def with_engine() -> None:
        engine = open_engine(chosen)
        try:
            await scene(engine)
        finally:
            await engine.close()

    asyncio.run(with_engine())


async def speak(engine: Espeak, text: str, style: VoiceStyle | None = None) -> list[Voice]:
    """Everything that comes of a text."""
    return [voice async for voice in engine.speak(text, style or VoiceStyle())]


def texts(voices: list[Voice]) -> list[str]:
    """The words that came."""
    return [word.text for voice in voices for word in voice.words]


def duration_s(voices: list[Voice]) -> float:
    """How long it lasts."""
    return sum(voice.pcm.duration_s for voice in voices)


def same_length(expected: list[Voice], voices: list[Voice]) -> bool:
    """Whether both last equally long; espeak-ng never says a thing twice in the very same samples."""
    return abs(duration_s(expected) - duration_s(voices)) < 0.01


def unlikeness(one: list[Voice], other: list[Voice]) -> float:
    """How different two voices are that say the same: the mean distance of their spectra over time."""
    length = 1000 * int(min(duration_s(one), duration_s(other)) * 22.05)
    first, second = (
        np.concatenate([voice.pcm.samples for voice in voices])[:length].reshape(-1, 1000) * np.hanning(1000)
        for voices in (one, other)
    )
    return float(np.abs(np.log((100 + np.abs(np.fft.rfft(first))) / (100 + np.abs(np.fft.rfft(second))))).mean())


def test_keeps_the_contract_of_text_to_speech() -> None:
    """The engine passes the tests that we give to authors of engines."""
    asyncio.run(check_text_to_speech(open_engine({})))


def test_the_words_are_those_of_the_text() -> None:
    """What stands between spaces is one word, whatever espeak-ng makes of it; times rise to the end of the sound."""
    text = "It costs $5 at 10:30, e.g. don't see https://a.b/c?d=1 \u2014 ok? \U0001f600 1 000 <b>x</b> U.S.A. f\u00fcr"

    async def scene(engine: Espeak) -> None:
        voices = await speak(engine, text)
        words = [word for voice in voices for word in voice.words]

        assert text.split() == [word.text for word in words]
        assert all(word.start_s <= later.start_s for word, later in pairwise(words))
        assert duration_s(voices) - 0.3 < words[-1].end_s <= duration_s(voices) + 1e-6
        assert {22_050} == {voice.pcm.rate_hz for voice in voices}

    play(scene)


def test_behind_a_sentence_comes_a_pause() -> None:
    """The next one is spoken right after it; the pause belongs to no word, and a half sentence has none."""

    async def scene(engine: Espeak) -> None:
        whole, half = await speak(engine, "We open at nine."), await speak(engine, "We open at nine")
        pause = whole[-1].pcm

        assert pause.duration_s == pytest.approx(0.3, abs=0.001)
        assert not pause.samples.any()
        assert half[-1].pcm.samples.any()
        assert whole[-2].words[-1].end_s <= duration_s(whole) - pause.duration_s + 0.001

    play(scene)


def test_the_first_sound_comes_before_the_rest_is_made() -> None:
    """A sentence comes in several pieces, the first with one word."""

    async def scene(engine: Espeak) -> None:
        await engine.warm()
        voices = await speak(engine, LONG)

        assert len(voices) > 2
        assert duration_s(voices[:1]) < 2

    play(scene)


def test_a_long_text_is_spoken_in_parts_without_a_break_in_the_times() -> None:
    """Every part goes on where the one before has ended."""
    text = LONG * 3

    async def scene(engine: Espeak) -> None:
        voices = await speak(engine, text)
        words = [word for voice in voices for word in voice.words]

        assert text.split() == [word.text for word in words]
        assert all(word.end_s <= later.start_s + 1e-6 for word, later in pairwise(words))
        assert words[-1].end_s <= duration_s(voices) + 1e-6

    play(scene)


@pytest.mark.slow
def test_a_very_long_text_is_spoken_to_the_end() -> None:
    """With and without spaces, twenty minutes at an ordinary pace."""

    async def scene(engine: Espeak) -> None:
        for text in ("word " * 3_000, "x" * 1_000):
            found = 0
            async for voice in engine.speak(text, VoiceStyle(speed=3.0)):
                found += sum(len(word.text) for word in voice.words)

            assert len(text.replace(" ", "")) == found

    play(scene)


def test_a_speaker_who_is_not_listened_to_keeps_nobody_waiting() -> None:
    """The turn passes on when a part has been made, not when it has been fetched."""

    async def scene(engine: Espeak) -> None:
        slow = engine.speak(LONG, VoiceStyle())
        await anext(slow)
        async with asyncio.timeout(5):
            await speak(engine, "Hello there.")
        await slow.aclose()

    play(scene)


def test_a_dropped_text_leaves_no_trace_in_the_next() -> None:
    """Answers to a request that was given up are ignored."""

    async def scene(engine: Espeak) -> None:
        expected = await speak(engine, "Hello there.")
        for _ in range(5):
            dropped = engine.speak(LONG, VoiceStyle())
            await anext(dropped)
            await dropped.aclose()
            voices = await speak(engine, "Hello there.")

            assert ["Hello", "there."] == texts(voices)
            assert same_length(expected, voices)

    play(scene)


def test_a_cancelled_wait_gives_its_place_away() -> None:
    """Who waits for the turn and is cancelled is forgotten."""

    async def scene(engine: Espeak) -> None:
        waiting = [asyncio.create_task(speak(engine, LONG)) for _ in range(20)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

        assert ["Hello"] == texts(await speak(engine, "Hello"))

    play(scene)


def test_too_many_waiting_sentences_are_refused() -> None:
    """The 129th is told so; those before it are spoken."""

    async def scene(engine: Espeak) -> None:
        waiting = [asyncio.create_task(speak(engine, "Hi")) for _ in range(128)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(EngineError, match="128 sentences wait already"):
            await speak(engine, "Hello")

        assert [["Hi"]] * 128 == [texts(voices) for voices in await asyncio.gather(*waiting)]

    play(scene)


def test_after_a_crash_the_sentence_goes_on_where_it_was() -> None:
    """Nothing is lost, nothing is heard twice, and nobody notices."""

    async def scene(engine: Espeak) -> None:
        expected = await speak(engine, LONG)
        stream = engine.speak(LONG, VoiceStyle())
        voices = [await anext(stream)]
        assert engine.helper is not None
        crashed = engine.helper.pid
        os.kill(crashed, signal.SIGKILL)
        voices += [voice async for voice in stream]

        assert texts(expected) == texts(voices)
        assert same_length(expected, voices)

        await speak(engine, "Hello")

        assert crashed != engine.helper.pid

    play(scene)


def test_a_second_crash_at_the_same_text_is_an_error() -> None:
    """The engine does not try for ever, and it works again for the next text."""

    async def scene(engine: Espeak) -> None:
        await engine.warm()
        task = asyncio.create_task(speak(engine, LONG))
        killed: set[int] = set()
        while not task.done():
            if engine.helper is not None and not engine.helper.gone and engine.helper.pid not in killed:
                killed.add(engine.helper.pid)
                os.kill(engine.helper.pid, signal.SIGKILL)
            await asyncio.sleep(0)
        with pytest.raises(EngineError, match="crashed twice"):
            await task

        assert ["Hello"] == texts(await speak(engine, "Hello"))

    play(scene)


def test_a_process_that_hangs_is_killed_and_replaced() -> None:
    """The time limit of a part ends the wait with an error."""

    async def scene(engine: Espeak) -> None:
        await engine.warm()
        assert engine.helper is not None
        os.kill(engine.helper.pid, signal.SIGSTOP)
        with pytest.raises(EngineError, match=r"longer than 0\.1 s"):
            await speak(engine, "Hello")

        assert ["Hello"] == texts(await speak(engine, "Hello"))

    play(scene, time_limit_s="0.1")


def test_style_changes_the_voice_and_the_pace() -> None:
    """An unknown voice is the default one; the next sentence has its own style again."""

    async def scene(engine: Espeak) -> None:
        plain = await speak(engine, "Hello there, my friend.")
        fast = await speak(engine, "Hello there, my friend.", VoiceStyle(speed=2.0))
        woman = await speak(engine, "Hello there, my friend.", VoiceStyle(voice="en-us+f3"))
        german = await speak(engine, "Hello there, my friend.", VoiceStyle(language="de-DE"))
        unknown = await speak(engine, "Hello there, my friend.", VoiceStyle(voice="nobody", language="xx"))
        again = await speak(engine, "Hello there, my friend.")

        assert duration_s(fast) < 0.7 * duration_s(plain)
        for voices in (woman, german):
            assert unlikeness(plain, voices) > 0.8
        for voices in (unknown, again):
            assert unlikeness(plain, voices) < 0.5

    play(scene)


def test_control_characters_and_markup_are_spoken_as_they_stand() -> None:
    """Nothing in a text commands the engine: not its own commands, not SSML, not phonemes, not the end of a string."""

    async def scene(engine: Espeak) -> None:
        for text in ("one \x0199S two", "one\x00two three", '<break time="60s"/> x', "[[h@l'oU]] x", "a\x1b[31m b"):
            voices = await speak(engine, text)

            assert text.split() == texts(voices)
            assert duration_s(voices) < 10

    play(scene)


@pytest.mark.parametrize("text", ["", " ", "\n\t", "...", "\u2014", "?!", "\x00", "\ud800", "\u200b"])
def test_a_text_without_words_is_silence_or_nothing(text: str) -> None:
    """It neither hangs nor fails."""

    async def scene(engine: Espeak) -> None:
        async with asyncio.timeout(5):
            assert duration_s(await speak(engine, text)) < 1

    play(scene)


@pytest.mark.slow
def test_any_text_keeps_its_words() -> None:
    """Real events for odd texts: every word is there, in order, within the sound."""
    with asyncio.Runner() as runner:
        engine = open_engine({})

        @settings(max_examples=80)
        @given(TEXTS)
        @example("e.g. 3.14 10:30 $5 don't a-b U.S.A. 1,000,000")
        def check(text: str) -> None:
            voices = runner.run(speak(engine, text))
            words = [word for voice in voices for word in voice.words]
            times = [time for word in words for time in (word.start_s, word.end_s)]

            assert (text.split() if voices else []) == [word.text for word in words]
            assert times == sorted(times)
            assert all(0 <= time <= duration_s(voices) + 1e-6 for time in times)

        check()
        runner.run(engine.close())


def test_it_works_on_uvloop() -> None:
    """The server's event loop."""
    uvloop = pytest.importorskip("uvloop")

    async def scene() -> None:
        engine = open_engine({})

        assert ["Hello", "there."] == texts(await speak(engine, "Hello there."))

        await engine.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(scene())


def test_closing_ends_the_process_and_is_final() -> None:
    """It may be repeated; speaking afterwards is an error."""

    async def scene(engine: Espeak) -> None:
        await engine.warm()
        assert engine.helper is not None
        pid = engine.helper.pid
        await engine.close()
        await engine.close()

        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        with pytest.raises(EngineError, match="closed"):
            await speak(engine, "Hello")

    play(scene)


def test_a_missing_package_is_named_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the engine is opened, not at the first sentence."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(EngineError, match="pip install espeakng-loader"):
        open_engine({})


def test_a_missing_library_or_its_data_is_named(tmp_path: Path) -> None:
    """Both may be set to those of the system."""
    library = tmp_path / "libespeak-ng.so"
    with pytest.raises(EngineError, match=r"libespeak-ng\.so not found"):
        open_engine({"library_path": str(library)})
    library.touch()
    with pytest.raises(EngineError, match="data not found"):
        open_engine({"library_path": str(library), "data_path": str(tmp_path / "data")})


def test_a_library_that_is_none_is_an_error_at_the_first_sentence(tmp_path: Path) -> None:
    """The helper's reason is passed on."""
    library = tmp_path / "libespeak-ng.so"
    library.write_bytes(b"no library")

    async def scene(engine: Espeak) -> None:
        with pytest.raises(EngineError, match=r"libespeak-ng\.so"):
            await engine.warm()

    play(scene, library_path=str(library))


def test_a_wrong_time_limit_is_a_config_error() -> None:
    """The setting is checked when the engine is opened."""
    with pytest.raises(ConfigError, match="time_limit_s"):
        open_engine({"time_limit_s": "0"})
