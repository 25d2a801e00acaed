"""
The events of a call, written down: what ``vivavoce replay`` plays to a new conversation.

The first line is the brief, every further line one event. Sound is written as its length and rate, because the
conversation decides by lengths and probabilities alone; a replay therefore sends silence of the same length.
"""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any, get_args

import msgspec
import numpy as np

from vivavoce.audio.pcm import Pcm
from vivavoce.errors import StoreError
from vivavoce.talk import events
from vivavoce.talk.brief import Brief
from vivavoce.talk.commands import Publish
from vivavoce.talk.conversation import Conversation
from vivavoce.talk.facts import Fact

__all__ = ["brief_line", "event_line", "read_journal", "replay"]

_encode = msgspec.json.Encoder().encode
_EVENTS: dict[str, type[events.Event]] = {kind.__name__: kind for kind in get_args(events.Event)}
# The names of their fields, looked up once: asking a dataclass costs more than writing the line.
_FIELDS = {kind: tuple(field.name for field in fields(kind)) for kind in _EVENTS.values()}


def brief_line(brief: Brief) -> bytes:
    """The first line of a journal."""
    return _encode(brief)


def event_line(event: events.Event) -> bytes:
    """An event as one line of JSON: its kind, then its fields in order."""
    if isinstance(event, events.Heard):
        # Thirty of these come every second: worth a shorter way. As Python's own floats: msgspec knows no others.
        length = (len(event.pcm.samples), event.pcm.rate_hz)
        return _encode(("Heard", float(event.at), length, float(event.speech)))
    kind = type(event)
    return _encode([kind.__name__, *[_without_sound(getattr(event, name)) for name in _FIELDS[kind]]])


def read_journal(lines: Iterable[bytes]) -> tuple[Brief, Iterator[events.Event]]:
    """
    The brief and the events of a journal.

    Raises:
        StoreError: The journal has no brief, or a line that is none (a last line cut short by a kill is dropped).
    """
    rest = iter(lines)
    try:
        brief = msgspec.json.decode(next(rest, b""), type=Brief)
    except msgspec.MsgspecError as error:
        raise StoreError(f"the journal does not begin with a brief: {error}") from error
    return brief, map(_read_event, (line for line in rest if line.endswith(b"\n")))


def _read_event(line: bytes) -> events.Event:
    try:
        kind, *values = msgspec.json.decode(line, type=list[msgspec.Raw])
        event_type = _EVENTS[msgspec.json.decode(kind, type=str)]
        known = zip(fields(event_type), values, strict=True)
        # Which fields an event has is only known at run time, from the line itself.
        arguments: list[Any] = [_read_value(field.type, value) for field, value in known]
        return event_type(*arguments)
    except (msgspec.MsgspecError, KeyError, ValueError) as error:
        raise StoreError(f"the journal has a line that is no event: {error}") from error


def _without_sound(value: object) -> object:
    return (len(value.samples), value.rate_hz) if isinstance(value, Pcm) else value


def _read_value(kind: Any, value: msgspec.Raw) -> object:
    if kind is not Pcm:
        return msgspec.json.decode(value, type=kind)
    samples, rate_hz = msgspec.json.decode(value, type=tuple[int, int])
    return Pcm(np.zeros(samples, np.int16), rate_hz)


def replay(brief: Brief, happened: Iterable[events.Event]) -> Iterator[Fact]:
    """Play events to a new conversation; yields the facts that it publishes."""
    conversation = Conversation(brief)
    for event in happened:
        for command in conversation.handle(event):
            if isinstance(command, Publish):
                yield command.fact
