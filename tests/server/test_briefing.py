"""From an agent's document to what a conversation is told."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from vivavoce.server.briefing import brief_for, style_of, voice_rates_hz
from vivavoce.speech import VoiceStyle
from vivavoce.talk.brief import Brief, Mode
from vivavoce.talk.policy import Policy
from vivavoce.wire.atoms import AtomsCodec
from vivavoce.wire.dialect import SessionNames
from vivavoce.wire.formats import AudioFormat, AudioFormats
from vivavoce.wire.variables import Value

OURS = Policy()


def briefed(
    agent: Mapping[str, object], *, mode: Mode = "webcall", variables: Mapping[str, Value] | None = None
) -> Brief:
    names = SessionNames("session", "CALL-1776756378884-6a553c", datetime(2026, 7, 2, tzinfo=UTC))
    codec = AtomsCodec(names, AudioFormats(AudioFormat("pcm", 24000), AudioFormat("pcm", 16000)), mode)
    return brief_for(agent, mode=mode, variables=variables or {}, codec=codec)


def test_an_empty_document_leaves_everything_to_our_policy() -> None:
    """Atoms' defaults are shown to clients; the call follows only what an author has really set."""
    brief = briefed({})

    assert Brief(mode="webcall", voice_rate_hz=16000, lead_s=1.0, policy=OURS) == brief


def test_the_codec_decides_rate_and_lead() -> None:
    """They are facts of the client, not of the agent."""
    brief = briefed({"synthesizer": {"sampleRate": 44100}})

    assert (16000, 1.0) == (brief.voice_rate_hz, brief.lead_s)


def test_placeholders_are_filled_in() -> None:
    """In the prompt, in the knowledge and in the greeting; unknown ones are not spoken (wire-spec 1.3)."""
    brief = briefed(
        {
            "globalPrompt": "You work for {{shop}}.",
            "knowledge": "{{shop}} opens at {{ opening }}.",
            "firstMessage": "{{shop}}!",
        },
        variables={"shop": "Ada's", "opening": 9},
    )

    assert ("You work for Ada's.\n\nAda's opens at 9.", "Ada's!") == (brief.prompt, brief.greeting)


def test_prompt_and_knowledge_stand_alone_too() -> None:
    """No empty lines where one of them is missing."""
    assert ("a", "b") == (
        briefed({"globalPrompt": " a\n"}).prompt,
        briefed({"knowledge": "b", "globalPrompt": " "}).prompt,
    )


@pytest.mark.parametrize(
    ("document", "field", "value"),
    [
        ({"voiceDetectionConfig": {"triggerTimeInSecs": 0.5}}, "onset_s", 0.5),
        ({"voiceDetectionConfig": {"releaseTimeInSecs": 1}}, "turn_silence_s", 1.0),
        ({"voiceDetectionConfig": {"confidence": 0.7}}, "speech_probability", 0.7),
        ({"allowInterruptions": False}, "interruptions", False),
        ({"interruptionBackoffTimer": 2.5}, "interruption_grace_s", 2.5),
        ({"muteUserUntilFirstBotResponse": True}, "deaf_until_first_reply", True),
        ({"llmIdleTimeoutConfig": {"webcallTimeoutTimeInSecs": 7}}, "idle_s", 7.0),
        ({"llmIdleTimeoutConfig": {"maxRetries": 1}}, "most_nudges", 1),
        ({"sessionTimeoutConfig": {"timeoutTimeInSecs": 600}}, "longest_call_s", 600.0),
    ],
)
def test_each_setting_reaches_its_threshold(document: dict[str, object], field: str, value: object) -> None:
    """Source: wire-spec 1.13; what is not set stays ours."""
    policy = briefed(document).policy

    assert value == getattr(policy, field)
    assert OURS.longest_turn_s == policy.longest_turn_s


def test_speech_is_left_below_where_it_is_entered() -> None:
    """Silero's own gap, and never below zero."""
    usual = briefed({"voiceDetectionConfig": {"confidence": 0.7}}).policy
    lowest = briefed({"voiceDetectionConfig": {"confidence": 0.05}}).policy

    assert pytest.approx(0.55) == usual.silence_probability
    assert 0.01 == lowest.silence_probability


def test_a_chat_waits_longer_than_a_call() -> None:
    """People type slowly: a minute where the author says nothing (wire-spec 1.12)."""
    silent = {"llmIdleTimeoutConfig": {"webcallTimeoutTimeInSecs": 7}}
    told = {"llmIdleTimeoutConfig": {"chatTimeoutTimeInSecs": 90}}

    assert (60.0, 90.0) == (briefed(silent, mode="chat").policy.idle_s, briefed(told, mode="chat").policy.idle_s)


def test_the_visitor_may_be_awaited() -> None:
    """``waitForUserToSpeakFirst``: the greeting is kept, and not said first."""
    brief = briefed({"firstMessage": "Hello", "waitForUserToSpeakFirst": True})

    assert ("Hello", True) == (brief.greeting, brief.waits_for_user)


@pytest.mark.parametrize(
    "document",
    [
        {"globalPrompt": 5, "firstMessage": None, "knowledge": ["a"]},
        {"voiceDetectionConfig": "strict", "llmIdleTimeoutConfig": [1], "sessionTimeoutConfig": None},
        {"allowInterruptions": None, "waitForUserToSpeakFirst": "no", "muteUserUntilFirstBotResponse": 1},
        {"voiceDetectionConfig": {"confidence": True, "triggerTimeInSecs": "soon"}, "interruptionBackoffTimer": None},
    ],
)
def test_what_is_no_setting_is_passed_over(document: dict[str, object]) -> None:
    """Documents of old calls and of other tools reach us unchecked; a call must not fail for them."""
    brief = briefed(document)

    assert Brief(mode="webcall", voice_rate_hz=16000, lead_s=1.0, policy=OURS) == brief


def test_the_voice_follows_the_synthesizer() -> None:
    """Atoms' speed of 1.2 is the natural pace, so ours is a share of it."""
    document = {
        "synthesizer": {"speed": 0.6, "voiceConfig": {"voiceId": "nyah"}},
        "language": {"default": "de"},
    }

    assert VoiceStyle(voice="nyah", speed=0.5, language="de") == style_of(document)
    assert VoiceStyle(voice="", speed=1.0, language="en") == style_of({})


def test_a_speed_of_zero_is_the_natural_one() -> None:
    """Nothing can be said at no speed at all."""
    assert 1.0 == style_of({"synthesizer": {"speed": 0}}).speed


@pytest.mark.parametrize(
    ("model", "rates_hz"),
    [("", (44100,)), ("waves_lightning_v3_1", (44100,)), ("lightning-v3.1-pro", (44100,)), ("gpt-realtime", ())],
)
def test_some_voices_are_rendered_finer(model: str, rates_hz: tuple[int, ...]) -> None:
    """Source: wire-spec 1.9; an agent that names no voice has the default one, which is."""
    assert rates_hz == voice_rates_hz({"synthesizer": {"voiceConfig": {"model": model}}})
