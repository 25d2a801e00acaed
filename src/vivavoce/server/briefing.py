"""
From an agent's document to what a conversation is told.

Field names and meanings: wire-spec 1.13 and 2.3. Only what the document sets is taken from it; the rest is our own
policy, whose values are the ones that an agent is shown with. What is out of its range is brought back into it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vivavoce.agent_limits import clamped
from vivavoce.speech import VoiceStyle
from vivavoce.talk.brief import Brief, Mode
from vivavoce.talk.policy import Policy
from vivavoce.wire.dialect import Codec
from vivavoce.wire.variables import Value, fill

__all__ = ["FINE_RATES_HZ", "brief_for", "prompt_of", "style_of", "voice_of", "voice_rates_hz"]

# Beyond the rates of every voice, these are rendered for voices of Lightning v3.1 (wire-spec 1.9).
FINE_RATES_HZ = (44100,)
_FINE_VOICES = ("lightning_v3_1", "lightning-v3.1")

# Silero's gap between entering and leaving speech; wire-spec has one figure for both.
_SPEECH_GAP = 0.15
# The beginnings of the model names of Atoms' voices (wire-spec 2.3).
_HOSTED_MODELS = ("waves", "lightning", "gpt-realtime")
# Atoms' ``synthesizer.speed`` is 1.2 where the voice speaks at its natural pace.
_NATURAL_SPEED = 1.2
# People type slowly (wire-spec 2.3).
_CHAT_IDLE_S = 60.0
# How long an unfinished turn is waited for where the author says only that it is (wire-spec 1.13).
_SMART_TURN_WAIT_S = 3.0


def brief_for(
    agent: Mapping[str, Any],
    *,
    mode: Mode,
    variables: Mapping[str, Value],
    codec: Codec,
    knowledge: str | None = None,
) -> Brief:
    """
    The brief of one call.

    Args:
        agent: The agent's document, as its author wrote it.
        mode: ``webcall`` or ``chat``.
        variables: All variables of the call, for the placeholders.
        codec: The call's codec: its rate and lead.
        knowledge: What stands below the prompt; that of the document where it is not given.
    """
    return Brief(
        mode=mode,
        prompt=fill(prompt_of(agent, knowledge), variables),
        greeting=fill(_text(agent, "firstMessage"), variables),
        waits_for_user=_switch(agent, "waitForUserToSpeakFirst", False),
        voice_rate_hz=codec.agent_rate_hz,
        lead_s=codec.lead_s,
        policy=_policy(agent, mode),
    )


def prompt_of(agent: Mapping[str, Any], knowledge: str | None = None) -> str:
    """The prompt, and below it what the agent knows; the knowledge text of the document where it is not given."""
    prompt = _text(_section(agent, "singlePromptConfig"), "prompt") or _text(agent, "globalPrompt")
    parts = (prompt, _text(agent, "knowledge") if knowledge is None else knowledge)
    return "\n\n".join(part for part in parts if part)


def style_of(agent: Mapping[str, Any]) -> VoiceStyle:
    """How the agent sounds."""
    synthesizer = _section(agent, "synthesizer")
    voice = voice_of(agent)
    speed = clamped("synthesizer.speed", _number(synthesizer, "speed", _NATURAL_SPEED)) or _NATURAL_SPEED
    # A voice of a hosted model has a name that no engine here knows: the engine's own default speaks instead.
    hosted = _text(voice, "model").startswith(_HOSTED_MODELS)
    return VoiceStyle(
        voice="" if hosted else _text(voice, "voiceId"),
        speed=speed / _NATURAL_SPEED,
        language=_text(_section(agent, "language"), "default") or "en",
        pronunciations=_pronunciations(agent.get("pronunciationDicts")),
    )


def voice_of(agent: Mapping[str, Any]) -> Mapping[str, Any]:
    """The voice that the author chose: ``model``, ``voiceId``, ``gender``, as far as they are set."""
    return _section(_section(agent, "synthesizer"), "voiceConfig")


def voice_rates_hz(agent: Mapping[str, Any]) -> tuple[int, ...]:
    """The rates beyond the common ones in which the agent may be heard; an agent without a voice has the default."""
    model = _text(voice_of(agent), "model")
    return FINE_RATES_HZ if not model or any(name in model for name in _FINE_VOICES) else ()


def _policy(agent: Mapping[str, Any], mode: Mode) -> Policy:
    ours = Policy()

    def number(path: str, otherwise: float) -> float:
        *above, name = path.split(".")
        section = _section(agent, above[0]) if above else agent
        return clamped(path, _number(section, name, otherwise))

    confidence = number("voiceDetectionConfig.confidence", ours.speech_probability)
    idle_s = (
        number("llmIdleTimeoutConfig.chatTimeoutTimeInSecs", _CHAT_IDLE_S)
        if mode == "chat"
        else number("llmIdleTimeoutConfig.webcallTimeoutTimeInSecs", ours.idle_s)
    )
    judges_text = _switch(_section(agent, "smartTurnConfig"), "isEnabled", False)
    return replace(
        ours,
        speech_probability=confidence,
        silence_probability=max(confidence - _SPEECH_GAP, 0.01),
        least_volume=number("voiceDetectionConfig.minVolume", ours.least_volume),
        onset_s=number("voiceDetectionConfig.triggerTimeInSecs", ours.onset_s),
        turn_silence_s=number("voiceDetectionConfig.releaseTimeInSecs", ours.turn_silence_s),
        unfinished_silence_s=number("smartTurnConfig.waitTimeInSecs", _SMART_TURN_WAIT_S) if judges_text else 0.0,
        interruptions=_switch(agent, "allowInterruptions", ours.interruptions),
        interruption_grace_s=number("interruptionBackoffTimer", ours.interruption_grace_s),
        deaf_until_first_reply=_switch(agent, "muteUserUntilFirstBotResponse", ours.deaf_until_first_reply),
        idle_s=idle_s,
        most_nudges=int(number("llmIdleTimeoutConfig.maxRetries", ours.most_nudges)),
        longest_call_s=number("sessionTimeoutConfig.timeoutTimeInSecs", ours.longest_call_s),
    )


def _pronunciations(entries: object) -> tuple[tuple[str, str], ...]:
    """The dictionary in the order of its author; what is no entry is passed over."""
    found = []
    for entry in entries if isinstance(entries, list | tuple) else ():
        if isinstance(entry, Mapping):
            word, spoken = _text(entry, "word"), _text(entry, "pronunciation")
            if word and spoken:
                found.append((word, spoken))
    return tuple(found)


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
