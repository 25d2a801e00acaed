"""The fallback recogniser, with its real model."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from tests.engines.clips import HUMAN, clip
from vivavoce.audio.pcm import Pcm, silence
from vivavoce.engines.sphinx import open_engine
from vivavoce.errors import ConfigError, EngineError
from vivavoce.speech import Transcript
from vivavoce.testing.contracts import check_speech_to_text

# It does not understand a robot's voice at all, but everything else must be right then too.
WORDS = ["go", "forward", "ten"] if HUMAN else []


async def pieces(speech: Pcm) -> AsyncIterator[Pcm]:
    """An utterance in pieces of 20 ms, as fast as they are taken."""
    for at in range(0, len(speech.samples), 320):
        await asyncio.sleep(0)
        yield Pcm(speech.samples[at : at + 320], speech.rate_hz)


def test_a_missing_package_is_named_with_the_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    """pocketsphinx is an extra; the error says which."""
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)

    with pytest.raises(EngineError, match=r"pip install vivavoce\[sphinx\]"):
        open_engine({})


@pytest.mark.slow
def test_keeps_the_contract_of_speech_to_text() -> None:
    """The engine passes the tests that we give to authors of engines."""
    asyncio.run(check_speech_to_text(open_engine({}), clip().speech, WORDS))


@pytest.mark.slow
def test_the_final_has_times_and_partials_come_before_it() -> None:
    """Words are in the sound where they were said: not in the silence before them."""
    speech = clip().speech

    async def slowly() -> AsyncIterator[Pcm]:
        async for piece in pieces(speech):
            await asyncio.sleep(0.004)
            yield piece

    async def scene() -> list[Transcript]:
        engine = open_engine({"parallel": "1"})
        return [transcript async for transcript in engine.transcribe(slowly())]

    *partials, final = asyncio.run(scene())

    assert partials
    assert WORDS == [word.text for word in final.words][: len(WORDS)]
    assert final.text == " ".join(word.text for word in final.words)
    assert 0 <= final.words[0].start_s < final.words[-1].end_s <= speech.duration_s


@pytest.mark.slow
def test_more_utterances_than_listeners_are_refused_until_one_is_free() -> None:
    """The error names the setting; a listener that was given up is taken again and starts afresh."""
    speech = clip().speech

    async def scene() -> None:
        engine = open_engine({"parallel": "1"})
        never = asyncio.Event()

        async def endless() -> AsyncIterator[Pcm]:
            yield speech
            await never.wait()

        first = engine.transcribe(endless())
        waiting = asyncio.ensure_future(anext(first))
        await asyncio.wait([waiting], timeout=0.05)
        with pytest.raises(EngineError, match="parallel"):
            await anext(engine.transcribe(pieces(silence(1, 16_000))))
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await first.aclose()
        *_, final = [transcript async for transcript in engine.transcribe(pieces(speech))]

        assert " ".join(WORDS) in final.text
        assert final.text

    asyncio.run(scene())


def test_settings_are_checked() -> None:
    """A wrong number is a config error."""

    with pytest.raises(ConfigError, match="parallel"):
        open_engine({"parallel": "0"})
