"""The two doors of a conversation; what it decides is told by the scenarios and the invariants."""

import ast
from pathlib import Path
from typing import get_args

import pytest

import vivavoce.talk.conversation
from vivavoce.audio.pcm import silence
from vivavoce.speech import Tool, ToolCall
from vivavoce.talk import commands as do
from vivavoce.talk import events, facts
from vivavoce.talk.brief import Brief
from vivavoce.talk.conversation import Conversation
from vivavoce.talk.events import Event
from vivavoce.talk.policy import Policy
from vivavoce.testing.stage import Speech, Stage

TALK = Path(vivavoce.talk.conversation.__file__).parent

ONE_OF_EACH: tuple[Event, ...] = (
    events.ClientReady(0.0),
    events.ClientAway(0.0),
    events.ClientBack(0.0),
    events.Heard(0.0, silence(0.032, 16_000), 0.9),
    events.Typed(0.0, "hello"),
    events.Committed(0.0),
    events.Transcribed(0.0, 9, "hello", True),
    events.ReplyText(0.0, 9, "Hello."),
    events.ToolAsked(0.0, 9, ToolCall("c1", "look", "{}")),
    events.ToolAnswered(0.0, "c1", "five"),
    events.ToolsOffered(0.0, (Tool("look", "Looks."),)),
    events.ReplyDone(0.0, 9),
    events.Voiced(0.0, 9, 0, silence(0.1, 24_000)),
    events.VoiceDone(0.0, 9, 0),
    events.Played(0.0, 9, 1.0),
    events.EngineFailed(0.0, "tts", 9, "broken"),
    events.TimePassed(0.0),
    events.ClientLeft(0.0, "websocket_closed"),
)


def test_there_is_one_of_each_event() -> None:
    """Rule: a new kind of event is tested here as well."""
    assert set(get_args(Event)) == {type(event) for event in ONE_OF_EACH}


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("mode", ["webcall", "chat"])
def test_any_event_may_come_first(event: Event, mode: str) -> None:
    """Rule: the first command tells the world that the call has started, whatever starts it."""
    conversation = Conversation(Brief(mode="chat" if mode == "chat" else "webcall", greeting="Hello."))

    assert do.Publish(facts.CallStarted(0.0, mode)) == conversation.handle(event)[0]


def test_the_call_starts_once() -> None:
    """Rule: the first fact is the only one of its kind."""
    conversation = Conversation(Brief())
    for _ in range(3):
        conversation.handle(events.TimePassed(0.0))

    assert [] == conversation.handle(events.TimePassed(0.1))


def test_commands_belong_to_whoever_asked() -> None:
    """Rule: a list that was handed out does not grow later."""
    conversation = Conversation(Brief(greeting="Hello."))
    first = conversation.handle(events.ClientReady(0.0))
    length = len(first)
    conversation.handle(events.Typed(0.1, "hi"))

    assert length == len(first)


def test_a_fresh_conversation_wants_to_be_woken() -> None:
    """Rule: there is a deadline from the beginning to the end, and none afterwards."""
    policy = Policy(ready_wait_s=3.0, longest_call_s=100.0)
    conversation = Conversation(Brief(policy=policy))
    assert 3.0 == conversation.deadline()
    conversation.handle(events.ClientLeft(1.0, "websocket_closed"))

    assert conversation.deadline() is None


def test_time_may_come_early() -> None:
    """Rule: a timer that rings before the deadline does no harm."""
    stage, early = (Stage(Brief(greeting="Hello."), visitor=[Speech(2.0, 3.0, "hi")]) for _ in range(2))
    for tenth in range(1, 80):
        early.at(tenth / 10 + 0.001, events.TimePassed(0.0))
    stage.play(8.0)
    early.play(8.0)

    assert stage.transcript() == early.transcript()
    assert [type(fact) for fact in stage.facts()] == [type(fact) for fact in early.facts()]


def test_time_may_come_late() -> None:
    """Rule: a loop that was blocked for seconds finds a conversation that goes on, and no sound beyond the lead."""
    conversation = Conversation(Brief(greeting="Hello there, how can I help you today?", voice_rate_hz=8000))
    conversation.handle(events.ClientReady(0.0))
    conversation.handle(events.Voiced(0.1, 1, 0, silence(4.0, 8000)))
    conversation.handle(events.VoiceDone(0.1, 1, 0))
    sent = [command for command in conversation.handle(events.TimePassed(3.0)) if isinstance(command, do.SendAudio)]
    unplayed_s = sent[-1].play_at + sent[-1].pcm.duration_s - 3.0 - Policy().client_delay_s

    assert 0.9 < unplayed_s <= 1.0 + 1e-6


def test_two_conversations_share_nothing() -> None:
    """Rule: the same events give the same commands, in however many conversations."""
    brief = Brief(greeting="Hello.")
    stage = Stage(brief, visitor=[Speech(1.5, 2.5, "what is the price"), Speech(4.0, 4.3, "")])
    stage.play(60.0)
    first, second = Conversation(brief), Conversation(brief)
    told = [command for _, command in stage.commands]

    assert told == [command for event in stage.events for command in first.handle(event)]
    assert told == [command for event in stage.events for command in second.handle(event)]


@pytest.mark.parametrize("file", sorted(TALK.glob("*.py")), ids=lambda file: file.name)
def test_the_core_is_pure(file: Path) -> None:
    """Rule: no clock, no randomness, no I/O, no waiting: nothing of the kind is even imported or called."""
    forbidden = {
        "asyncio",
        "datetime",
        "io",
        "logging",
        "os",
        "random",
        "secrets",
        "socket",
        "threading",
        "time",
        "uuid",
    }
    tree = ast.parse(file.read_text())
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}

    assert set() == imported & forbidden
    assert set() == called & {"open", "print", "input", "hash", "id"}
    assert not any(isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.Global) for node in ast.walk(tree))
