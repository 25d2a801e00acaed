"""Engines that follow a script do exactly what it says."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from vivavoce.audio.pcm import Pcm, silence
from vivavoce.engines.scripted import (
    TWELVE_WORDS,
    ScriptedLanguageModel,
    ScriptedSpeechToText,
    ScriptedTextToSpeech,
    open_llm,
    open_stt,
    open_tts,
)
from vivavoce.errors import ConfigError, EngineError
from vivavoce.speech import Message, Tool, ToolCall, Transcript, Voice, VoiceStyle, Word
from vivavoce.testing.contracts import check_language_model, check_speech_to_text, check_text_to_speech

_TOOLS = (Tool("find", "Finds."), Tool("end_call", "Ends the call."))


async def _utterance(*lengths_s: float) -> AsyncIterator[Pcm]:
    for length_s in lengths_s:
        yield silence(length_s, 16000)


def _transcripts(engine: ScriptedSpeechToText, times: int = 1) -> list[Transcript]:
    async def run() -> list[Transcript]:
        return [one for _ in range(times) async for one in engine.transcribe(_utterance(0.1, 0.2))]

    return asyncio.run(run())


def _reply(engine: ScriptedLanguageModel, *messages: Message, tools: tuple[Tool, ...] = _TOOLS) -> list[str | ToolCall]:
    async def run() -> list[str | ToolCall]:
        return [token async for token in engine.reply(messages, tools)]

    return asyncio.run(run())


def _voices(engine: ScriptedTextToSpeech, text: str) -> list[Voice]:
    async def run() -> list[Voice]:
        return [voice async for voice in engine.speak(text, VoiceStyle())]

    return asyncio.run(run())


def test_the_recogniser_gives_its_lines_in_turn() -> None:
    """One final transcript for each utterance, whatever was said; it knows how long it listened."""
    engine = open_stt({"lines": "one two | three"})

    assert ["one two", "three", "one two"] == [one.text for one in _transcripts(engine, times=3)]
    assert [0.3, 0.3, 0.3] == pytest.approx(list(engine.heard_s))
    assert [Transcript("words of the utterance", final=True)] == _transcripts(open_stt({}))


def test_the_model_says_twelve_tokens() -> None:
    """By default one sentence of twelve words, each a token, joined without further spaces."""
    engine = open_llm({})
    tokens = _reply(engine, Message("user", "Hello"))

    assert 12 == len(tokens)
    assert TWELVE_WORDS == "".join(map(str, tokens))
    assert [(Message("user", "Hello"),)] == list(engine.calls)


def test_the_model_calls_tools_when_it_is_told_to() -> None:
    """ "call tool NAME {json}" calls an offered tool, its output is read out, and "goodbye" ends the call."""
    engine = ScriptedLanguageModel()
    asked = Message("user", 'call tool find {"x": 1}')

    assert [ToolCall("call_1", "find", '{"x": 1}')] == _reply(engine, asked)
    assert [ToolCall("call_1", "find", "{}")] == _reply(engine, Message("user", "call tool find"))
    assert [ToolCall("call_1", "end_call", "{}")] == _reply(engine, Message("user", "Goodbye."))
    assert "The tool says: all is well" == "".join(map(str, _reply(engine, asked, Message("tool", "all is well"))))


def test_the_model_calls_only_what_is_offered() -> None:
    """A tool that is not there is not called."""
    engine = ScriptedLanguageModel()

    for text in ("call tool other {}", "call tool", "goodbye"):
        assert TWELVE_WORDS == "".join(map(str, _reply(engine, Message("user", text), tools=())))


def test_the_model_follows_a_script() -> None:
    """Lines of the settings come in turn; a function may say anything."""
    lines = open_llm({"lines": "first line|second"})
    script = ScriptedLanguageModel(lambda messages, tools: [messages[-1].text, ToolCall("1", tools[0].name, "{}")])
    one, two = Message("user", "one"), Message("user", "two")

    assert "first line" == "".join(map(str, _reply(lines, one)))
    assert "second" == "".join(map(str, _reply(lines, one, two)))
    assert "first line" == "".join(map(str, _reply(lines, one, two, one)))
    assert ["two", ToolCall("1", "find", "{}")] == _reply(script, two)


def test_twelve_words_sound_for_two_seconds() -> None:
    """The words' times are exact, and together they are as long as the sound."""
    (voice,) = _voices(open_tts({}), TWELVE_WORDS)

    assert (48000, 24000) == (len(voice.pcm.samples), voice.pcm.rate_hz)
    assert 12 == len(voice.words)
    assert Word("This", 0.0, 1 / 6) == voice.words[0]
    assert "changes." == voice.words[-1].text
    assert 2.0 == pytest.approx(voice.words[-1].end_s)


def test_the_tone_is_gentle_and_always_the_same() -> None:
    """It can be heard, does not click between words, and is shared, so nobody may change it."""
    (voice,), (again,) = _voices(open_tts({"word_s": "0.5"}), "one two"), _voices(open_tts({"word_s": "0.5"}), "a b")
    samples = voice.pcm.samples

    assert voice.pcm == again.pcm
    assert 24000 == len(samples)
    assert 1500 < int(np.abs(samples).max()) <= 2000
    assert 0 == samples[0] == samples[12000]
    assert int(np.abs(np.diff(samples.astype(int))).max()) < 300
    with pytest.raises(ValueError, match="read-only"):
        samples[0] = 1


def test_nothing_to_say_is_no_sound() -> None:
    """A text without words gives no voice."""
    assert [] == _voices(ScriptedTextToSpeech(), "  ")


@pytest.mark.parametrize("word_s", ["0", "-1", "soon", "nan"])
def test_a_word_has_a_length(word_s: str) -> None:
    """A setting that makes no sense is refused at the start."""
    with pytest.raises(ConfigError, match="word_s"):
        open_tts({"word_s": word_s})


def test_a_pause_is_the_test_s_own() -> None:
    """The hook is awaited with each text that is about to come out, so a test decides when that is."""
    texts: list[str] = []

    async def pause(text: str) -> None:
        texts.append(text)

    _transcripts(ScriptedSpeechToText(["line"], pause=pause))
    _reply(ScriptedLanguageModel(lambda *_: ["a ", "b"], pause=pause), Message("user", ""))
    _voices(ScriptedTextToSpeech(pause=pause), "spoken words")

    assert ["line", "a ", "b", "spoken words"] == texts


def test_a_failure_comes_where_it_is_asked_for() -> None:
    """What came before it has been given; the error names stage and engine."""
    engine = ScriptedLanguageModel(lambda *_: ["good ", "bad"], fail_on="bad")
    tokens = []

    async def run() -> None:
        async for token in engine.reply([Message("user", "x")], ()):
            tokens.append(token)

    with pytest.raises(EngineError, match='llm engine "scripted" failed'):
        asyncio.run(run())

    assert ["good "] == tokens
    with pytest.raises(EngineError):
        _transcripts(ScriptedSpeechToText(["bad line"], fail_on="bad"))
    with pytest.raises(EngineError):
        _voices(ScriptedTextToSpeech(fail_on="bad"), "a bad word")


def test_all_three_keep_their_contracts() -> None:
    """What holds for every engine holds for these, so that a test with them tells something about the others."""
    asyncio.run(check_speech_to_text(open_stt({}), silence(0.2, 16000), ["words", "utterance"]))
    asyncio.run(check_language_model(open_llm({})))
    asyncio.run(check_text_to_speech(open_tts({})))
