"""
The variables of a call: what the page supplies, what the server fills in, and their places in a text.

Source: Atoms session variables (wire-spec 1.3).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

import msgspec

from vivavoce.errors import Refused
from vivavoce.wire.texts import storable

__all__ = ["RESERVED", "Value", "checked", "fill", "parse", "resolve", "zone_label"]

Value = str | int | float | bool

# The server fills these in; a page that supplies them is not refused, its values are dropped.
RESERVED = frozenset(
    {
        "call_id",
        "conversation_type",
        "agent_number",
        "user_number",
        "current_date",
        "current_time",
        "current_day",
        "agent_gender",
        "default_language",
        "supported_languages",
        "timezone",
    }
)

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_][\w.-]*)\s*\}\}")
_OFFSET_IN_LABEL = re.compile(r"\((?:GMT|UTC)([+-])(\d{1,2}):(\d{2})\)")
# No place on earth is further from Greenwich; a larger offset counts minutes.
_LARGEST_OFFSET_H = 14
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def parse(text: str) -> dict[str, Value]:
    """
    The variables of a connect URL: a JSON object as text; empty text is none.

    Raises:
        Refused: 400 ``Invalid variables``.
    """
    if not text:
        return {}
    try:
        value = msgspec.json.decode(text)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "Invalid variables") from error
    return checked(value)


def checked(value: object) -> dict[str, Value]:
    """
    The variables of a request, without the reserved names.

    Raises:
        Refused: 400 ``Invalid variables``: not an object, or a value that is no string, number or boolean.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Refused(400, "Invalid variables")
    variables: dict[str, Value] = {}
    for name, entry in value.items():
        if not isinstance(entry, str | int | float | bool):
            raise Refused(400, f"Invalid variables: {name} must be a string, a number or a boolean")
        if name not in RESERVED:
            variables[name] = storable(entry) if isinstance(entry, str) else entry
    return variables


def resolve(
    supplied: Mapping[str, Value],
    *,
    agent: Mapping[str, object],
    call_id: str,
    mode: str,
    now: datetime,
) -> dict[str, Value]:
    """
    All variables of a call: the agent's defaults, over them the page's, over them the reserved ones.

    Args:
        supplied: What the page gave, as ``checked`` returned it.
        agent: The agent's document (wire-spec 2.3): its default variables, languages, voice and time zone.
        call_id: The call's identifier.
        mode: ``webcall`` or ``chat``.
        now: The moment at which the call starts; the dates are rendered in the agent's time zone.
    """
    defaults = {
        name: entry
        for name, entry in _section(agent, "defaultVariables").items()
        if isinstance(entry, str | int | float | bool)
    }
    language = _section(agent, "language")
    voice = _section(_section(agent, "synthesizer"), "voiceConfig")
    zone = _section(agent, "timezone")
    local = now.astimezone(_zone(zone))
    # Where the author says nothing, what the agent's document is shown with.
    default_language = str(language.get("default") or "en")
    supported = language.get("supported")
    reserved: dict[str, Value] = {
        "call_id": call_id,
        "conversation_type": mode,
        # Web calls have no telephone numbers.
        "agent_number": "",
        "user_number": "",
        "current_date": local.date().isoformat(),
        "current_time": local.strftime("%H:%M"),
        "current_day": _DAYS[local.weekday()],
        "agent_gender": str(voice.get("gender") or "female"),
        "default_language": default_language,
        "supported_languages": ",".join(map(str, supported)) if isinstance(supported, list) else default_language,
        "timezone": zone_label(zone),
    }
    return {**defaults, **supplied, **reserved}


def fill(text: str, variables: Mapping[str, Value]) -> str:
    """
    The text with every ``{{name}}`` replaced by the variable of that name.

    A name that nobody supplied stays as it is: an empty word would leave a sentence that is wrong
    without looking wrong, whereas braces are noticed in the first trial call;
    and prompts may show braces as an example. Values are inserted once, never searched for further places.
    """

    def replacement(match: re.Match[str]) -> str:
        value = variables.get(match[1])
        if value is None:
            return match[0]
        # As the page wrote it in JSON: ``true``, not ``True``.
        return str(value).lower() if isinstance(value, bool) else str(value)

    return _PLACEHOLDER.sub(replacement, text)


def zone_label(zone: Mapping[str, object]) -> str:
    """How an agent's time zone is called: by its own label, or by its distance from Greenwich."""
    if isinstance(label := zone.get("label"), str) and label:
        return label
    minutes = round(_zone(zone).utcoffset(None).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"(GMT{'-' if minutes < 0 else '+'}{hours}:{rest:02})" + ("" if minutes else " UTC")


def _section(document: Mapping[str, object], name: str) -> Mapping[str, object]:
    section = document.get(name)
    return section if isinstance(section, Mapping) else {}


def _zone(zone: Mapping[str, object]) -> timezone:
    # The label carries the offset in words, the field as a number of hours (5.5 for India).
    label, offset = zone.get("label"), zone.get("offset")
    if isinstance(label, str) and (match := _OFFSET_IN_LABEL.search(label)):
        minutes = int(match[2]) * 60 + int(match[3])
        minutes = -minutes if match[1] == "-" else minutes
    elif isinstance(offset, int | float):
        minutes = round(offset * 60 if abs(offset) <= _LARGEST_OFFSET_H else offset)
    else:
        return UTC
    return timezone(timedelta(minutes=minutes)) if abs(minutes) <= _LARGEST_OFFSET_H * 60 else UTC
