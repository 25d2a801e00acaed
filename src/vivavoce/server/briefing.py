"""
From an agent's document to what a conversation is told.

Field names and meanings: wire-spec 1.13 and 2.3. Only what the document sets is taken from it;
the rest is our own policy, which waits a little longer for the end of a turn than Atoms' defaults do.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vivavoce.speech import VoiceStyle
from vivavoce.talk.brief import Brief, Mode
from vivavoce.talk.policy import Policy
from vivavoce.wire.dialect import Codec
from vivavoce.wire.variables import Value, fill

__all__ = ["FINE_RATES_HZ", "brief_for", "style_of", "voice_of", "voice_rates_hz"]

# Beyond the rates of every voice, these are rendered for voices of Lightning v3.1 (wire-spec 1.9).
FINE_RATES_HZ = (44100,)
_FINE_VOICES = ("lightning_v3_1", "lightning-v3.1")

# Silero's gap between entering and leaving speech; wire-spec has one figure for both.
_SPEECH_GAP = 0.15
# The beginnings of the model names of Atoms' voices (wire-spec 2.3).
_HOSTED_MODELS = ("waves", "lightning", "gpt-realtime")
# Atoms' ``synthesizer.speed`` is 1.2 where the voice speaks at its natural pace.
_NATURAL_SPEED = 1.2


def brief_for(agent: Mapping[str, Any], *, mode: Mode, variables: Mapping[str, Value], codec: Codec) -> Brief:
    """
    The brief of one call.

    Args:
        agent: The agent's document, as its author wrote it.
        mode: ``webcall`` or ``chat``.
        variables: All variables of the call, for the placeholders.
        codec: The call's codec: its rate and lead.
    """
    return Brief(
        mode=mode,
        prompt=fill(_prompt(agent), variables),
        greeting=fill(_text(agent, "firstMessage"), variables),
        waits_for_user=_switch(agent, "waitForUserToSpeakFirst", False),
        voice_rate_hz=codec.agent_rate_hz,
        lead_s=codec.lead_s,
        policy=_policy(agent, mode),
    )


def style_of(agent: Mapping[str, Any]) -> VoiceStyle:
    """How the agent sounds."""
    synthesizer = _section(agent, "synthesizer")
    voice = voice_of(agent)
    speed = _number(synthesizer, "speed", _NATURAL_SPEED) or _NATURAL_SPEED
    # A voice of a hosted model has a name that no engine here knows: the engine's own default speaks instead.
    hosted = _text(voice, "model").startswith(_HOSTED_MODELS)
    return VoiceStyle(
        voice="" if hosted else _text(voice, "voiceId"),
        speed=speed / _NATURAL_SPEED,
        language=_text(_section(agent, "language"), "default") or "en",
    )


def voice_of(agent: Mapping[str, Any]) -> Mapping[str, Any]:
    """The voice that the author chose: ``model``, ``voiceId``, ``gender``, as far as they are set."""
    return _section(_section(agent, "synthesizer"), "voiceConfig")


def voice_rates_hz(agent: Mapping[str, Any]) -> tuple[int, ...]:
    """The rates beyond the common ones in which the agent may be heard; an agent without a voice has the default."""
    model = _text(voice_of(agent), "model")
    return FINE_RATES_HZ if not model or any(name in model for name in _FINE_VOICES) else ()


def _prompt(agent: Mapping[str, Any]) -> str:
    """The prompt, and below it the agent's knowledge, which is a field of our own."""
    prompt = _text(_section(agent, "singlePromptConfig"), "prompt") or _text(agent, "globalPrompt")
    parts = (prompt, _text(agent, "knowledge"))
    return "\n\n".join(part for part in parts if part)


def _policy(agent: Mapping[str, Any], mode: Mode) -> Policy:
    ours = Policy()
    voice = _section(agent, "voiceDetectionConfig")
    idle = _section(agent, "llmIdleTimeoutConfig")
    confidence = _number(voice, "confidence", ours.speech_probability)
    idle_s = (
        _number(idle, "chatTimeoutTimeInSecs", 60.0)
        if mode == "chat"
        else _number(idle, "webcallTimeoutTimeInSecs", ours.idle_s)
    )
    return replace(
        ours,
        speech_probability=confidence,
        silence_probability=max(confidence - _SPEECH_GAP, 0.01),
        onset_s=_number(voice, "triggerTimeInSecs", ours.onset_s),
        turn_silence_s=_number(voice, "releaseTimeInSecs", ours.turn_silence_s),
        interruptions=_switch(agent, "allowInterruptions", ours.interruptions),
        interruption_grace_s=_number(agent, "interruptionBackoffTimer", ours.interruption_grace_s),
        deaf_until_first_reply=_switch(agent, "muteUserUntilFirstBotResponse", ours.deaf_until_first_reply),
        idle_s=idle_s,
        most_nudges=int(_number(idle, "maxRetries", ours.most_nudges)),
        longest_call_s=_number(_section(agent, "sessionTimeoutConfig"), "timeoutTimeInSecs", ours.longest_call_s),
    )


def _section(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = document.get(name)
    return section if isinstance(section, Mapping) else {}


def _number(document: Mapping[str, Any], name: str, otherwise: float) -> float:
    value = document.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else float(otherwise)


def _switch(document: Mapping[str, Any], name: str, otherwise: bool) -> bool:
    value = document.get(name)
    return value if isinstance(value, bool) else otherwise


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    return value.strip() if isinstance(value, str) else ""
