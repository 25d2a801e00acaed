"""The stage itself: its players do what they say, and its reading of what was heard is its own."""

import time
from collections.abc import Sequence

import pytest

from vivavoce.speech import Message, Tool, ToolCall
from vivavoce.talk import commands as do
from vivavoce.talk import events, facts
from vivavoce.talk.brief import Brief
from vivavoce.talk.policy import WINDOW_S
from vivavoce.testing.stage import Delays, Failure, Pause, Speech, Stage

HELLO = Speech(1.0, 2.0, "hello")


def test_minutes_take_milliseconds() -> None:
    """Rule: time jumps from one event to the next."""
    stage = Stage(Brief(greeting="Hello."), visitor=[Speech(at, at + 1.0, "hello") for at in range(5, 300, 10)])
    began = time.perf_counter()
    stage.play(300.0)

    assert time.perf_counter() - began < 5.0
    assert 300.0 == stage.now
    assert 61 == len(stage.transcript())


def test_the_same_scenario_gives_the_same_facts() -> None:
    """Rule: nothing on a stage depends on chance or on the machine."""
    first, second = (Stage(Brief(greeting="Hello."), visitor=[HELLO]) for _ in range(2))
    first.play(10.0)
    second.play(10.0)

    assert first.commands == second.commands


def test_playing_in_portions_is_playing_at_once() -> None:
    """Rule: a scenario may be stopped anywhere, looked at, and played on."""
    whole, portions = (Stage(Brief(greeting="Hello."), visitor=[HELLO]) for _ in range(2))
    whole.play(10.0)
    for tenth in range(1, 101):
        portions.play(tenth / 10)

    assert whole.facts() == portions.facts()


def test_events_happen_at_their_moment_and_in_their_order() -> None:
    """Rule: an event's own time is replaced; what is planned first for a moment happens first."""
    stage = Stage(ready_s=None, microphone=lambda at: False)
    stage.at(2.0, events.Typed(0.0, "second"))
    stage.at(1.0, events.Typed(99.0, "first"))
    stage.at(2.0, events.Committed(0.0))
    stage.play(2.0)
    told = [event for event in stage.events if isinstance(event, events.Typed | events.Committed)]

    assert [events.Typed(1.0, "first"), events.Typed(2.0, "second"), events.Committed(2.0)] == told


def test_the_microphone_sends_a_window_every_32_ms() -> None:
    """Rule: silence where nobody speaks; nothing where the microphone is off."""
    stage = Stage(visitor=[HELLO], microphone=lambda at: not 0.5 < at < 0.9)
    stage.play(3.0)
    heard = [event for event in stage.events if isinstance(event, events.Heard)]
    loud = [event.at for event in heard if event.speech > 0.5]

    assert len(heard) == pytest.approx((3.0 - 0.4) / WINDOW_S, abs=2)
    assert len(loud) == pytest.approx(1.0 / WINDOW_S, abs=1)
    assert not [event for event in heard if 0.5 < event.at < 0.9]


def test_a_chat_has_no_microphone() -> None:
    """Rule: as in a real call without audio."""
    stage = Stage(Brief(mode="chat"), visitor=[HELLO])
    stage.play(3.0)

    assert not [event for event in stage.events if isinstance(event, events.Heard)]


def test_the_recogniser_reads_what_it_was_fed() -> None:
    """Rule: a speech of which an utterance got no sound is not in its text."""
    stage = Stage(visitor=[HELLO, Speech(8.0, 9.0, "goodbye")], delays=Delays(transcript_s=0.3))
    stage.play(12.0)
    written = [event for event in stage.events if isinstance(event, events.Transcribed)]

    assert [(1, "hello"), (2, "goodbye")] == [(event.utterance, event.text) for event in written]


def test_the_engines_take_their_time() -> None:
    """Rule: exact delays."""
    stage = Stage(ready_s=None, delays=Delays(text_s=0.4, voice_s=0.3))
    stage.at(1.0, events.Typed(0.0, "hi"))
    stage.play(3.0)
    moments = {type(event): event.at for event in reversed(stage.events)}

    assert moments[events.ReplyText] == pytest.approx(1.4)
    assert moments[events.Voiced] == pytest.approx(1.7)


def test_the_models_script_has_pauses_tools_and_failures() -> None:
    """Rule: each piece at its time; after a failure nothing more; a failure without a reason is silence."""

    def model(messages: Sequence[Message]) -> Sequence[str | ToolCall | Pause | Failure]:
        if messages[-1].text == "silence":
            return ["One. ", Failure(), "Two."]
        if messages[-1].role == "tool":
            return [Failure("broken"), "Two."]
        return ["One. ", Pause(1.5), ToolCall("c1", "look", "{}")]

    stage = Stage(model=model, page=lambda call: (0.25, "five"), delays=Delays(text_s=0.5), microphone=lambda at: False)
    stage.at(0.1, events.ToolsOffered(0.0, (Tool("look", "Looks."),)))
    stage.at(1.0, events.Typed(0.0, "tool"))
    stage.at(5.0, events.Typed(0.0, "silence"))
    stage.play(8.0)
    kinds = (events.ReplyText, events.ToolAsked, events.ToolAnswered, events.EngineFailed, events.ReplyDone)
    told = [(type(event), event.at) for event in stage.events if isinstance(event, kinds)]

    assert [
        (events.ReplyText, 1.5),
        (events.ToolAsked, 3.0),
        (events.ReplyDone, 3.0),
        (events.ToolAnswered, 3.25),
        (events.EngineFailed, 3.75),
        (events.ReplyText, 5.5),
    ] == told


@pytest.mark.parametrize("stage_name", ["stt", "llm", "tts"])
def test_a_broken_engine_fails_and_a_silent_one_says_nothing(stage_name: str) -> None:
    """Rule: failing is an event, silence is none."""
    failing, silent = Stage(visitor=[HELLO]), Stage(visitor=[HELLO])
    failing.failing_stages.add(stage_name)
    silent.silent_stages.add(stage_name)
    failing.play(4.0)
    silent.play(4.0)

    assert stage_name in {event.stage for event in failing.events if isinstance(event, events.EngineFailed)}
    assert not [event for event in silent.events if isinstance(event, events.EngineFailed)]
    assert [] == silent.done(do.SendAudio)


def test_heard_counts_the_sound_that_was_played() -> None:
    """Rule: of the frames that were sent, those that were played before the cut; words in whole."""
    stage = Stage(Brief(greeting="one two three four"), visitor=[Speech(0.9, 1.5, "stop")])
    stage.play(5.0)
    starts_at = stage.ordered(do.SendAudio)[0].play_at
    cut_at = stage.done(do.Cut)[0]

    assert "" == stage.heard(1, starts_at + 0.2)
    assert "one" == stage.heard(1, starts_at + 0.26)
    assert "one two three" == stage.heard(1, cut_at)
    assert "one two three" == stage.heard(1)
    assert "" == stage.heard(99)


def test_the_transcript_is_what_the_world_was_told() -> None:
    """Rule: final texts only, in their order."""
    stage = Stage(Brief(greeting="Hello."), visitor=[Speech(2.0, 3.0, "hello")])
    stage.play(8.0)

    assert [("agent", "Hello."), ("user", "hello"), ("agent", "I hear you. You said: hello.")] == stage.transcript()
    assert 3 < len(stage.published(facts.AgentSaid))


def test_a_conversation_that_never_sleeps_is_found_out() -> None:
    """Rule: who asks for the same moment for ever would hang a test; it fails instead."""

    class Sleepless:
        """Wants to be woken now, whenever now is."""

        def handle(self, event: events.Event) -> list[do.Command]:
            return []

        def deadline(self) -> float:
            return 1.0

    stage = Stage(ready_s=None, microphone=lambda at: False)
    stage.conversation = Sleepless()  # type: ignore[assignment]

    with pytest.raises(RuntimeError, match=r"woken at 1\.000 s"):
        stage.play(2.0)
