"""Journals: the events of a call, written down and played again."""

from collections.abc import Sequence
from dataclasses import fields
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.audio.pcm import Pcm, silence
from vivavoce.errors import StoreError
from vivavoce.journal import brief_line, event_line, read_journal, replay
from vivavoce.speech import Message, Tool, ToolCall, Word
from vivavoce.talk import events
from vivavoce.talk.brief import Brief, Phrases
from vivavoce.talk.events import Event
from vivavoce.talk.policy import Policy
from vivavoce.testing.stage import Speech, Stage

BRIEF = Brief(
    mode="webcall",
    prompt='Say "hello"\nthen stop. ½ 😀',
    greeting="Hello.",
    lead_s=0.2,
    phrases=Phrases(nudge="Hm?"),
    policy=Policy(turn_silence_s=0.5, interruptions=False),
)


def written(brief: Brief, happened: Sequence[Event]) -> list[bytes]:
    """A journal, as its file has it."""
    return [line + b"\n" for line in (brief_line(brief), *map(event_line, happened))]


def read(lines: Sequence[bytes]) -> tuple[Brief, list[Event]]:
    """A journal, read to its end."""
    brief, happened = read_journal(lines)
    return brief, list(happened)


WORDS = (Word("Hello", 0.0, 0.25), Word('"you"', 0.25, 0.5))
TOOL = Tool("look", "Looks.", {"type": "object", "properties": {"what": {"enum": [1, "a", None]}}}, 2.5, awaited=False)
EXAMPLES: tuple[Event, ...] = (
    events.ClientReady(0.0),
    events.ClientLeft(1.5, "websocket_closed"),
    events.Heard(0.032, silence(0.032, 16_000), 0.25),
    events.Typed(1.0, "line\none \u2028 ½ 😀 \x00"),
    events.Committed(1.25),
    events.Transcribed(2.0, 3, "hello", True, WORDS),
    events.ReplyText(2.5, 4, "Well… "),
    events.ToolAsked(2.6, 4, ToolCall("c1", "look", '{"what": "tea"}')),
    events.ToolAnswered(2.7, "c1", "five"),
    events.ToolsOffered(2.8, (TOOL, Tool("show", "Shows."))),
    events.ReplyDone(2.9, 4),
    events.Voiced(3.0, 4, 1, silence(0.5, 24_000), WORDS),
    events.VoiceDone(3.1, 4, 1),
    events.Played(3.2, 4, 0.125, "held"),
    events.ClientAway(3.2),
    events.ClientBack(3.2),
    events.EngineFailed(3.3, "tts", 4, "socket closed"),
    events.TimePassed(0.1 + 0.2),
)


def test_there_is_an_example_of_every_event() -> None:
    """Rule: a new kind of event cannot be forgotten here."""
    assert set(get_args(Event)) == {type(event) for event in EXAMPLES}


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: type(event).__name__)
def test_every_event_comes_back(event: Event) -> None:
    """Rule: kind and every field survive; sound comes back as silence of the same length and rate."""
    line = event_line(event)
    _, happened = read(written(BRIEF, [event]))

    assert [event] == happened
    assert [field.name for field in fields(event)] == [field.name for field in fields(happened[0])]
    assert b"\n" not in line


def test_the_brief_comes_back() -> None:
    """Rule: the first line is all that the conversation was told."""
    assert (BRIEF, []) == read(written(BRIEF, []))


def test_sound_is_written_as_its_length() -> None:
    """Rule: a journal holds no voice."""
    loud = Pcm(np.full(512, 12_345, np.int16), 16_000)
    _, happened = read(written(BRIEF, [events.Heard(1.0, loud, 0.9), events.Voiced(1.0, 1, 0, loud)]))

    assert [silence(0.032, 16_000)] * 2 == [event.pcm for event in happened if hasattr(event, "pcm")]


@pytest.mark.parametrize("kind", [float, np.float32, np.float64])
def test_a_probability_of_any_kind_is_written_as_a_number(kind: type) -> None:
    """Rule: a detector may well give a number of numpy's."""
    _, happened = read(written(BRIEF, [events.Heard(1.0, silence(0.032, 16_000), kind(0.5))]))

    assert [events.Heard(1.0, silence(0.032, 16_000), 0.5)] == happened


TIMES = st.floats(0, 4000, allow_nan=False)


@settings(max_examples=200)
@given(at=TIMES, speech=st.floats(0, 1), text=st.text())
def test_numbers_and_texts_come_back_exactly(at: float, speech: float, text: str) -> None:
    """Rule: not a digit and not a character is lost, or a replay would decide differently."""
    happened: list[Event] = [events.Heard(at, silence(0.032, 16_000), speech), events.Typed(at, text)]
    assert happened == read(written(BRIEF, happened))[1]


# -- replay -------------------------------------------------------------------------------------------------


def tell_story(messages: Sequence[Message]) -> Sequence[str | ToolCall]:
    """A long answer, with a tool in the middle."""
    if messages[-1].role == "tool":
        return ["The tool says " + messages[-1].text + "."]
    return ["Once there was a king who had three daughters. ", ToolCall("c1", "look", "{}")]


def played() -> Stage:
    """A call with a bit of everything."""
    stage = Stage(
        Brief(greeting="Hello, how can I help you?", prompt="Be kind."),
        visitor=[
            Speech(2.5, 3.5, "tell me"),
            Speech(3.8, 4.3, "a story"),
            Speech(8.0, 8.4, ""),
            Speech(12.0, 13.0, "stop"),
        ],
        model=tell_story,
        page=lambda call: (0.5, "five"),
    )
    stage.at(0.1, events.ToolsOffered(0.0, (Tool("look", "Looks."),)))
    stage.at(16.0, events.Typed(0.0, "and this"))
    stage.at(17.5, events.Played(0.0, 3, 0.5))
    stage.play(200.0)
    return stage


def test_a_replay_publishes_the_same_facts() -> None:
    """Rule: the journal of a call is the call: a new conversation that reads it decides the same."""
    stage = played()
    brief, happened = read_journal(written(stage.brief, stage.events))

    assert len(stage.facts()) > 40
    assert stage.facts() == list(replay(brief, happened))


def test_a_cut_journal_is_played_as_far_as_it_goes() -> None:
    """Rule: a last line that a kill cut short is dropped."""
    stage = played()
    whole = b"".join(written(stage.brief, stage.events))
    cut = whole[: len(whole) // 2]
    assert not cut.endswith(b"\n")
    brief, happened = read_journal(cut.splitlines(keepends=True))
    again = list(replay(brief, happened))

    assert again
    assert stage.facts()[: len(again)] == again


def test_a_last_line_without_its_end_is_dropped_even_if_it_reads() -> None:
    """Rule: without its line feed it may be half of something."""
    lines = written(BRIEF, [events.TimePassed(1.0), events.TimePassed(2.0)])

    assert [events.TimePassed(1.0)] == read([*lines[:-1], lines[-1].rstrip()])[1]


@pytest.mark.parametrize("first", [[], [b"\n"], [b"{\n"], [b"[]\n"], [b'{"mode":"smoke"}\n'], [b"\xff\xfe\n"]])
def test_a_journal_without_a_brief_is_none(first: list[bytes]) -> None:
    """Rule: the sentence says what is missing."""
    with pytest.raises(StoreError, match="brief"):
        read(first)


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"{}\n",
        b"[]\n",
        b'["Sneezed",1.0]\n',
        b'["TimePassed"]\n',
        b'["TimePassed",1.0,2.0]\n',
        b'["TimePassed","soon"]\n',
        b'["Heard",1.0,[512],0.5]\n',
        b'["Heard",1.0,[-1,16000],0.5]\n',
        b'["Typed",1.0,"\xff"]\n',
    ],
)
def test_a_line_that_is_no_event_is_refused(line: bytes) -> None:
    """Rule: a journal that something else has written into is not half believed."""
    with pytest.raises(StoreError, match="no event"):
        read([*written(BRIEF, []), line])
