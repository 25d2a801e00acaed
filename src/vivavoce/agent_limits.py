"""
Within which limits the fields of an agent document may lie: checked when they are written, kept to when they are used.

Source: Atoms agent document (wire-spec 1.13 and 2.3); decision C28. Where no source names a limit, the comment says why
we have one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from vivavoce.errors import Refused

__all__ = ["CHOICES", "LONGEST", "RANGES", "Range", "check_limits", "clamped"]


@dataclass(frozen=True, slots=True)
class Range:
    """From the lowest to the highest number that is accepted; ``unit`` is what it counts."""

    low: float
    high: float
    unit: str = ""

    def __str__(self) -> str:
        return f"from {self.low:g} to {self.high:g}{self.unit and ' ' + self.unit}"


_HOLD, _WAIT = Range(0, 10, "seconds"), Range(1, 300, "seconds")
_SHARE, _SIGNAL = Range(0, 1), Range(0.1, 0.9)
_CALLS, _MINUTES = Range(0, 100_000, "calls"), Range(0, 100_000, "minutes")

RANGES: Mapping[str, Range] = {
    "synthesizer.speed": Range(0, 2),
    "synthesizer.consistency": _SHARE,
    "synthesizer.similarity": _SHARE,
    "language.switching.minWordsForDetection": Range(1, 10, "words"),
    "language.switching.strongSignalThreshold": _SIGNAL,
    "language.switching.weakSignalThreshold": _SIGNAL,
    "language.switching.minConsecutiveForWeakThresholdSwitch": Range(1, 5, "times"),
    "preCallAPI.timeout": Range(1, 30, "seconds"),
    "interruptionBackoffTimer": _HOLD,
    "smartTurnConfig.waitTimeInSecs": _HOLD,
    "voiceDetectionConfig.confidence": _SHARE,
    "voiceDetectionConfig.minVolume": _SHARE,
    "voiceDetectionConfig.triggerTimeInSecs": _HOLD,
    "voiceDetectionConfig.releaseTimeInSecs": _HOLD,
    "llmIdleTimeoutConfig.chatTimeoutTimeInSecs": _WAIT,
    "llmIdleTimeoutConfig.webcallTimeoutTimeInSecs": _WAIT,
    "llmIdleTimeoutConfig.telephonyTimeoutTimeInSecs": _WAIT,
    # No source names its limit: this is far beyond what anybody would listen to.
    "llmIdleTimeoutConfig.maxRetries": Range(0, 100, "times"),
    # The source names the highest; a call of no time at all cannot be meant.
    "sessionTimeoutConfig.timeoutTimeInSecs": Range(1, 3600, "seconds"),
    # Our own, 0 for no limit: the highest are far beyond what one server holds.
    "embedLimits.callsAtOnce": _CALLS,
    "embedLimits.minutesPerDay": _MINUTES,
    "embedLimits.callsAtOncePerVisitor": _CALLS,
    "embedLimits.minutesPerDayPerVisitor": _MINUTES,
}
CHOICES: Mapping[str, tuple[object, ...]] = {
    "synthesizer.enhancement": (0, 1, 2),
    "synthesizer.sampleRate": (8000, 16000, 24000, 44100),
    "backgroundSound": ("", "office", "cafe", "call_center", "static"),
}
LONGEST: Mapping[str, tuple[int, str]] = {
    "firstMessage": (500, ""),
    "globalPrompt": (4000, "; a longer prompt may stand in singlePromptConfig.prompt"),
    "voiceMailDetectionConfig.endText": (200, ""),
}
_ALIAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
# No source names limits for the dictionary: every sentence is searched for every word.
_MOST_PRONUNCIATIONS, _LONGEST_PRONUNCIATION = 1000, 200


def check_limits(changes: Mapping[str, object]) -> None:
    """
    Check the fields of a document that are about to be written, and have the right types.

    Raises:
        Refused: 400 with a text such as
            ``voiceDetectionConfig.releaseTimeInSecs: Expected a number from 0 to 10 seconds``.
    """
    for path, limits in RANGES.items():
        value = _at(changes, path)
        if _is_number(value) and not limits.low <= value <= limits.high:  # type: ignore[operator]  # it is a number
            raise Refused(400, f"{path}: Expected a number {limits}")
    for path, choices in CHOICES.items():
        value = _at(changes, path)
        if value is not None and value not in choices:
            named = " | ".join(repr(choice) for choice in choices)
            raise Refused(400, f"{path}: Invalid enum value. Expected {named}")
    for path, (most, hint) in LONGEST.items():
        value = _at(changes, path)
        if isinstance(value, str) and len(value) > most:
            raise Refused(400, f"{path}: at most {most} characters{hint}")
    _check_alias(changes.get("assistantAlias"))
    _check_pronunciations(changes.get("pronunciationDicts"))


def clamped(path: str, value: float) -> float:
    """The number as it is used: within its limits, whatever an old document or another tool has written."""
    limits = RANGES[path]
    return min(max(value, limits.low), limits.high)


def _check_alias(alias: object) -> None:
    if alias is None or alias == "":
        return
    if not isinstance(alias, str):
        raise Refused(400, "assistantAlias: Expected string")
    if not _ALIAS.fullmatch(alias):
        raise Refused(400, "assistantAlias: up to 100 letters, digits and the signs . _ - are accepted")


def _check_pronunciations(entries: object) -> None:
    if not isinstance(entries, list):
        return
    if len(entries) > _MOST_PRONUNCIATIONS:
        raise Refused(400, f"pronunciationDicts: at most {_MOST_PRONUNCIATIONS} entries")
    for number, entry in enumerate(entries):
        for name in ("word", "pronunciation"):
            value = entry.get(name) if isinstance(entry, Mapping) else None
            place = f"pronunciationDicts[{number}].{name}"
            if value is None or value == "":
                raise Refused(400, f"{place}: Required")
            if not isinstance(value, str):
                raise Refused(400, f"{place}: Expected string")
            if len(value) > _LONGEST_PRONUNCIATION:
                raise Refused(400, f"{place}: at most {_LONGEST_PRONUNCIATION} characters")


def _at(document: Mapping[str, object], path: str) -> object:
    """The value at a path such as ``synthesizer.speed``; None where there is none."""
    value: object = document
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
