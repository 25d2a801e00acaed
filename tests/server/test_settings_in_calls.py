"""
The settings of an agent's document take effect in its calls, on simulated time.

Source: wire-spec 1.13. Each test goes the whole way, from the document to what the visitor hears.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest

from vivavoce.agent_settings import cleaned
from vivavoce.engine_work import EngineWork
from vivavoce.engines.engine import Engines
from vivavoce.engines.scripted import ScriptedTextToSpeech
from vivavoce.server.briefing import brief_for, style_of
from vivavoce.speech import Voice, VoiceStyle
from vivavoce.talk import commands as do
from vivavoce.talk import events, facts
from vivavoce.talk.brief import Brief, Mode
from vivavoce.talk.policy import WINDOW_S
from vivavoce.testing.stage import Delays, Speech, Stage
from vivavoce.testing.virtual_loop import run
from vivavoce.wire.dialect import Codec
from vivavoce.wire.variables import Value, resolve

GREETING = "Hello, how can I help you?"
STORY = "Once there was a king who had three daughters and a very large garden."
USUAL = Delays()


def brief_of(
    document: Mapping[str, object], *, mode: Mode = "webcall", supplied: Mapping[str, Value] | None = None
) -> Brief:
    """What a call is told of an agent whose document was accepted by the API."""
    agent = cleaned(document)
    codec = cast(Codec, SimpleNamespace(agent_rate_hz=24000, lead_s=1.0))
    now = datetime(2026, 7, 2, tzinfo=UTC)
    variables = resolve(supplied or {}, agent=agent, call_id="CALL", mode=mode, now=now)
    return brief_for(agent, mode=mode, variables=variables, codec=codec)


def stage_of(
    document: Mapping[str, object],
    visitor: Iterable[Speech] = (),
    *,
    story: str = STORY,
    delays: Delays = USUAL,
    supplied: Mapping[str, Value] | None = None,
) -> Stage:
    """A call with such an agent."""
    return Stage(brief_of(document, supplied=supplied), visitor=visitor, model=lambda messages: [story], delays=delays)


def turn_over_s(document: Mapping[str, object], text: str, *, delays: Delays = USUAL) -> float:
    """How long after the end of his speech the visitor's turn was taken for over."""
    stage = stage_of(document, [Speech(1.0, 2.0, text)], delays=delays)
    stage.play(12.0)
    (stopped,) = stage.published(facts.UserStoppedSpeaking)[:1]
    told = next(at for at, command in stage.commands if isinstance(command, do.Publish) and command.fact is stopped)
    return told - 2.0


# -- how a call begins --------------------------------------------------------------------------------------


def test_the_first_message_greets() -> None:
    """``firstMessage`` is spoken as soon as the client is ready; without one nobody greets."""
    stage, silent = stage_of({"firstMessage": GREETING}), stage_of({})
    for played in (stage, silent):
        played.play(5.0)

    assert [("agent", GREETING)] == stage.transcript()
    assert [] == silent.transcript()


def test_an_agent_may_wait_for_the_user() -> None:
    """``waitForUserToSpeakFirst``: not a word before the visitor's first turn."""
    stage = stage_of({"firstMessage": GREETING, "waitForUserToSpeakFirst": True}, [Speech(6.0, 7.0, "hello")])
    stage.play(14.0)

    assert [("user", "hello"), ("agent", STORY)] == stage.transcript()


def test_the_user_may_be_muted_until_the_first_turn_has_ended() -> None:
    """``muteUserUntilFirstBotResponse``: what he says into the greeting is neither a turn nor an interruption."""
    visitor = [Speech(0.3, 1.2, "hey listen"), Speech(3.0, 4.0, "what is the price")]
    muted = stage_of({"firstMessage": GREETING, "muteUserUntilFirstBotResponse": True}, visitor)
    heard = stage_of({"firstMessage": GREETING}, visitor)
    for played in (muted, heard):
        played.play(10.0)

    assert [("agent", GREETING), ("user", "what is the price")] == muted.transcript()[:2]
    assert ("user", "hey listen") in heard.transcript()


def test_both_kinds_of_waiting_may_be_set_at_once() -> None:
    """The API accepts them together (wire-spec 1.13): the visitor may begin, and nobody is silent for ever."""
    document = {"firstMessage": GREETING, "waitForUserToSpeakFirst": True, "muteUserUntilFirstBotResponse": True}
    stage = stage_of(document, [Speech(2.0, 3.0, "hello")])
    stage.play(40.0)

    assert stage.transcript()


def test_placeholders_are_filled_from_the_defaults_and_from_the_call() -> None:
    """``defaultVariables`` fill ``{{name}}`` in prompt and greeting; what the page supplies goes before."""
    document = {
        "firstMessage": "Hello {{ guest }}, this is {{shop}}.",
        "globalPrompt": "You work for {{shop}} in the language {{default_language}}.",
        "defaultVariables": {"guest": "dear guest", "shop": "Corner Bakery"},
    }
    stage = stage_of(document, [Speech(4.0, 5.0, "hello")], supplied={"guest": "Ada"})
    stage.play(12.0)

    assert ("agent", "Hello Ada, this is Corner Bakery.") == stage.transcript()[0]
    assert "You work for Corner Bakery in the language en." == stage.asked[0][0].text


# -- interruptions ------------------------------------------------------------------------------------------

QUESTION, BARGE_IN = Speech(1.0, 2.0, "tell me a story"), Speech(4.0, 4.6, "stop please")


def interruptions(document: Mapping[str, object]) -> int:
    """How often the agent was interrupted by a visitor who speaks into its answer, a second after it began."""
    stage = stage_of(document, [QUESTION, BARGE_IN])
    stage.play(15.0)
    return len(stage.published(facts.Interrupted))


def test_interruptions_may_be_switched_off() -> None:
    """``allowInterruptions: false``: the answer is heard to its end."""
    assert 1 == interruptions({})
    assert 0 == interruptions({"allowInterruptions": False})


def test_the_start_of_a_turn_may_be_protected() -> None:
    """``interruptionBackoffTimer``: seconds at the start of each agent turn in which nobody interrupts (C35)."""
    assert 0 == interruptions({"interruptionBackoffTimer": 3})
    assert 1 == interruptions({"interruptionBackoffTimer": 0.5})


# -- voice detection ----------------------------------------------------------------------------------------


def turns(document: Mapping[str, object], speech: Speech) -> int:
    """How many turns of the visitor came of a stretch of sound."""
    stage = stage_of(document, [speech])
    stage.play(10.0)
    return len(stage.published(facts.UserStartedSpeaking))


def test_the_confidence_decides_what_is_speech() -> None:
    """``voiceDetectionConfig.confidence``: below it a sound is none."""
    murmur = Speech(1.0, 2.0, "hm", probability=0.6)

    assert 1 == turns({}, murmur)
    assert 0 == turns({"voiceDetectionConfig": {"confidence": 0.7}}, murmur)


def test_the_volume_decides_what_is_near_enough() -> None:
    """``voiceDetectionConfig.minVolume``: the played sound has an amplitude of 1, which is 0.2."""
    faint = Speech(1.0, 2.0, "psst")

    assert 1 == turns({"voiceDetectionConfig": {"minVolume": 0.15}}, faint)
    assert 0 == turns({"voiceDetectionConfig": {"minVolume": 0.25}}, faint)


def test_the_trigger_time_decides_how_long_a_word_is() -> None:
    """``voiceDetectionConfig.triggerTimeInSecs``: shorter sounds are no speech."""
    short = Speech(1.0, 1.4, "yes")

    assert 1 == turns({}, short)
    assert 0 == turns({"voiceDetectionConfig": {"triggerTimeInSecs": 0.6}}, short)


@pytest.mark.parametrize("release_s", [0.1, 0.2, 0.4, 0.64, 2.0])
def test_the_release_time_ends_a_turn(release_s: float) -> None:
    """``voiceDetectionConfig.releaseTimeInSecs``: so much silence, give or take a window."""
    over_s = turn_over_s({"voiceDetectionConfig": {"releaseTimeInSecs": release_s}}, "what is the price")

    assert release_s == pytest.approx(over_s, abs=1.5 * WINDOW_S)


# -- smart turn ---------------------------------------------------------------------------------------------

SMART = {"smartTurnConfig": {"isEnabled": True, "waitTimeInSecs": 2.5}}
TORN = "I would like a table for"


def test_an_unfinished_turn_is_waited_for() -> None:
    """``smartTurnConfig``: what breaks off in the middle ends after the wait, all else as it would without."""
    assert 0.64 == pytest.approx(turn_over_s({}, TORN), abs=2 * WINDOW_S)
    assert 2.5 == pytest.approx(turn_over_s(SMART, TORN), abs=2 * WINDOW_S)
    assert 0.64 == pytest.approx(turn_over_s(SMART, "I would like a table."), abs=2 * WINDOW_S)


def test_the_wait_is_three_seconds_where_none_is_named() -> None:
    """Source: wire-spec 1.13; and a wait that is switched off is none."""
    assert 3.0 == pytest.approx(turn_over_s({"smartTurnConfig": {"isEnabled": True}}, TORN), abs=2 * WINDOW_S)
    assert 0.64 == pytest.approx(turn_over_s({"smartTurnConfig": {"waitTimeInSecs": 5}}, TORN), abs=2 * WINDOW_S)


def test_a_short_release_still_asks_for_the_text_first() -> None:
    """Authors who let the text decide set the release low: a turn must not end before there is a text."""
    document = {**SMART, "voiceDetectionConfig": {"releaseTimeInSecs": 0.1}}

    assert 2.5 == pytest.approx(turn_over_s(document, TORN), abs=2 * WINDOW_S)
    assert turn_over_s(document, "I would like a table.") < 0.4


def test_a_text_that_comes_late_is_awaited_and_then_judged() -> None:
    """The recogniser may need longer than the silence lasts: a finished turn ends with its text, a torn one waits."""
    slow = Delays(transcript_s=1.0)

    assert 1.2 == pytest.approx(turn_over_s(SMART, "I would like a table.", delays=slow), abs=0.1)
    assert 2.5 == pytest.approx(turn_over_s(SMART, TORN, delays=slow), abs=2 * WINDOW_S)


def test_what_is_said_within_the_wait_belongs_to_the_turn() -> None:
    """One turn, one answer: that is what the wait is for."""
    visitor = [Speech(1.0, 2.0, TORN), Speech(3.5, 4.0, "two people.")]
    stage = stage_of(SMART, visitor)
    stage.play(10.0)

    assert ("user", f"{TORN} two people.") == stage.transcript()[0]
    assert 1 == len(stage.asked)
    assert stage.published(facts.AgentStartedTalking)[0].at == pytest.approx(4.0 + 0.64 + 0.2, abs=0.15)


def test_a_failing_recogniser_does_not_stretch_a_turn() -> None:
    """Without a text there is nothing to wait for."""
    stage = stage_of(SMART, [Speech(1.0, 2.0, TORN)])
    stage.failing_stages.add("stt")
    stage.play(2.9)

    assert 1 == len(stage.published(facts.UserStoppedSpeaking))


def test_a_socket_that_falls_silent_is_not_waited_for_without_reason() -> None:
    """Push-to-talk clients stop sending: their turn ends as soon as without the setting."""
    ended = []
    for document in ({}, SMART):
        stage = Stage(brief_of(document), visitor=[Speech(1.0, 2.0, TORN)], microphone=lambda at: at < 2.0)
        stage.play(8.0)
        ended.append(next(at for at, c in stage.commands if isinstance(c, do.StopListening)))

    assert ended[0] == ended[1]


# -- silence and the end ------------------------------------------------------------------------------------


def test_an_idle_visitor_is_asked_and_then_left() -> None:
    """``llmIdleTimeoutConfig``: after so many seconds, so many times; then the call ends."""
    stage = stage_of({"llmIdleTimeoutConfig": {"webcallTimeoutTimeInSecs": 5, "maxRetries": 2}})
    stage.play(60.0)
    nudges = [at for at, command in stage.commands if isinstance(command, do.Say)]

    assert 2 == len(nudges)
    assert 5.0 == pytest.approx(nudges[0], abs=0.1)
    assert ["timeout"] == [ended.reason for ended in stage.published(facts.CallEnded)]


def test_a_chat_has_an_idle_time_of_its_own() -> None:
    """``chatTimeoutTimeInSecs``, and no retries: the call ends at once."""
    document = {"llmIdleTimeoutConfig": {"chatTimeoutTimeInSecs": 8, "maxRetries": 0}}
    stage = Stage(brief_of(document, mode="chat"))
    stage.play(20.0)

    assert [8.0] == [ended.at for ended in stage.published(facts.CallEnded)]


def test_the_session_has_a_longest_time() -> None:
    """``sessionTimeoutConfig``: then the call ends, whoever talks."""
    stage = stage_of({"firstMessage": STORY, "sessionTimeoutConfig": {"timeoutTimeInSecs": 2}})
    stage.play(20.0)

    assert [(2.0, "timeout")] == [(ended.at, ended.reason) for ended in stage.published(facts.CallEnded)]


# -- the voice ----------------------------------------------------------------------------------------------


class PacedVoice(ScriptedTextToSpeech):
    """A voice that keeps to the speed that it is asked for, and remembers the texts that it was given."""

    async def speak(self, text: str, style: VoiceStyle) -> AsyncGenerator[Voice]:
        self.spoken.append(text)
        async for voice in ScriptedTextToSpeech(word_s=0.3 / style.speed).speak(text, style):
            yield voice


def said(document: Mapping[str, object], text: str) -> tuple[PacedVoice, list[events.Event]]:
    """What came of one part of a reply: the voice, and the events that the conversation was told."""
    told: list[events.Event] = []
    voice = PacedVoice()

    async def speak() -> None:
        loop = asyncio.get_running_loop()
        work = EngineWork(
            engines=cast(Engines, SimpleNamespace(tts=voice)),
            style=style_of(cleaned(document)),
            voice_rate_hz=24000,
            now=loop.time,
            dispatch=told.append,
        )
        work.say(do.Say(1, 0, text))
        await asyncio.sleep(1)
        await work.stop()

    run(speak(), limit_s=10)
    return voice, told


def length_s(told: Sequence[events.Event]) -> float:
    """How long the sound lasts."""
    return sum(event.pcm.duration_s for event in told if isinstance(event, events.Voiced))


def test_the_speed_is_the_voices_pace() -> None:
    """``synthesizer.speed``: 1.2 is natural, and half of it takes twice as long."""
    natural, slow = (length_s(said({"synthesizer": {"speed": speed}}, GREETING)[1]) for speed in (1.2, 0.6))

    assert 0.3 * len(GREETING.split()) == pytest.approx(natural, abs=0.01)
    assert 2 * natural == pytest.approx(slow, abs=0.01)


def test_respelt_words_are_heard_and_the_written_ones_are_told() -> None:
    """``pronunciationDicts``: the voice reads another spelling; words and their times are those of the transcript."""
    document = {"pronunciationDicts": [{"word": "SQL", "pronunciation": "see quel"}]}
    voice, told = said(document, "The SQL server is up.")
    words = [word for event in told if isinstance(event, events.Voiced) for word in event.words]

    assert ["The see quel server is up."] == list(voice.spoken)
    assert ["The", "SQL", "server", "is", "up."] == [word.text for word in words]
    assert [0.3, 0.9, 1.2, 1.5, 1.8] == pytest.approx([word.end_s for word in words])


def test_a_transcript_has_the_written_words() -> None:
    """From the voice's words to what the world is told: the respelling is heard, never read."""
    document = {"firstMessage": "The SQL server.", "pronunciationDicts": [{"word": "SQL", "pronunciation": "see quel"}]}
    _, told = said(document, "The SQL server.")
    stage = Stage(brief_of(document))
    stage.silent_stages.add("tts")
    for event in told:
        stage.at(0.1, event)
    stage.play(8.0)

    assert [("agent", "The SQL server.")] == stage.transcript()
    assert ["The SQL server."] == [
        " ".join(word.text for fact in stage.published(facts.Captioned) for word in fact.words)
    ]


def test_silence_of_a_setting_changes_nothing() -> None:
    """An agent without settings is served by our own policy, and its texts reach the voice as they are."""
    voice, _ = said({}, "The SQL server.")

    assert ["The SQL server."] == list(voice.spoken)
