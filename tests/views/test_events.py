"""The events of a call are its facts in other words."""

from datetime import UTC, datetime

from vivavoce.speech import ToolCall
from vivavoce.talk.facts import (
    AgentSaid,
    CallEnded,
    CallStarted,
    ClientLost,
    ClientReturned,
    EngineStumbled,
    Fact,
    Failed,
    Held,
    Interrupted,
    Released,
    ToolEnded,
    ToolStarted,
    TurnTimed,
    UserSaid,
)
from vivavoce.views.events import Teller, events

STARTED = datetime(2026, 7, 2, 10, 30, tzinfo=UTC)


def told(*facts: Fact) -> list[dict[str, object]]:
    return events(list(enumerate(facts, 1)), call_id="CALL-1", started_at=STARTED)


def test_every_event_says_when_and_where() -> None:
    """The common fields of wire-spec 2.8."""
    assert [
        {
            "event_type": "call_start",
            "event_id": "CALL-1_1_250",
            "timestamp": "2026-07-02T10:30:00.250Z",
            "call_id": "CALL-1",
            "telephony_id": "",
        }
    ] == told(CallStarted(0.25, "webcall"))


def test_interim_texts_and_silent_turns_are_no_events() -> None:
    """The list of a call would otherwise hold every word many times."""
    assert ["user_transcription", "tts_completed"] == [
        event["event_type"]
        for event in told(
            UserSaid(1.0, "he", False),
            UserSaid(1.5, "hello", True),
            UserSaid(1.6, " ", True),
            AgentSaid(2.0, 1, "Good", False),
            AgentSaid(2.5, 1, "Good day", True),
            AgentSaid(2.6, 2, "", True),
        )
    ]


def test_a_timed_turn_tells_its_stages_and_whether_it_was_interrupted() -> None:
    """Whole milliseconds, and turns count from one."""
    timed = told(TurnTimed(2.0, 4, 1.0, 0.1, 0.2, 0.3, 0.4), Interrupted(3.0, 4, 0.5), AgentSaid(3.0, 4, "Hm", True))

    assert (1, True, 1000, 100, 200, 300, 400) == tuple(
        timed[0][name]
        for name in (
            "turn_index",
            "interrupted",
            "total_turn_ms",
            "smart_turn_ms",
            "stt_api_ms",
            "llm_api_ms",
            "tts_api_ms",
        )
    )
    assert 400 == timed[1]["tts_latency"]


def test_tools_tell_how_long_they_took_and_how_they_failed() -> None:
    """A failed tool is an event of its own."""
    good, bad = ToolCall("a", "weather", "{}"), ToolCall("b", "clock", "{}")
    found = told(
        ToolStarted(1.0, good),
        ToolStarted(1.0, bad),
        ToolEnded(1.5, "a", "weather", "sunny"),
        ToolEnded(16.0, "b", "clock", "", "tool_timeout"),
    )

    assert [
        ("tool_call_start", None),
        ("tool_call_start", None),
        ("tool_call_end", 500),
        ("tool_call_error", 15000),
    ] == [(event["event_type"], event.get("latency_ms")) for event in found]
    assert "tool_timeout" == found[-1]["error"]


def test_failures_and_the_end_are_told() -> None:
    """An operator sees in the list what went wrong."""
    assert [("agent_error", "no voice"), ("agent_error", "away"), ("call_end", None)] == [
        (event["event_type"], event.get("error"))
        for event in told(
            Failed(1.0, "internal_error", "no voice"), EngineStumbled(2.0, "tts", "away"), CallEnded(3.0, "ended")
        )
    ]


def test_a_lost_connection_and_its_return_are_told_as_log() -> None:
    """Words that readers of such streams know; how long it was away is in whole milliseconds."""
    lost, returned = told(ClientLost(2.0), ClientReturned(5.2, 3.2))

    assert ("agent_log", {"connection": "lost"}) == (lost["event_type"], lost["metadata"])
    assert {"connection": "returned", "away_ms": 3200} == returned["metadata"]


def test_a_voice_that_is_held_is_no_event() -> None:
    """Nothing came of it, or an interruption did."""
    assert [] == told(Held(1.0, 1), Released(1.2, 1))


def teller() -> Teller:
    return Teller(call_id="CALL-1", started_at=STARTED, models={"llm": "gpt", "tts": "espeak"})


def test_a_listener_is_told_interim_texts() -> None:
    """Live, every form of a turn counts as soon as it is there; silence does not."""
    live = teller()

    assert [("user_interim_transcription", "he")] == [
        (event["event_type"], event["interim_transcription_text"])
        for event in live.tell(1, UserSaid(1.0, "he", False)) + live.tell(2, UserSaid(1.2, " ", False))
    ]


def test_a_timed_turn_is_also_told_as_metrics() -> None:
    """One number for each stage, in milliseconds, with the model where it is known (decision C22)."""
    turn, metrics = teller().tell(7, TurnTimed(2.0, 4, 1.0, 0.1, 0.2, 0.3, 0.4))

    assert ("CALL-1_7_2000", "CALL-1_7_2000_metrics") == (turn["event_id"], metrics["event_id"])
    assert [
        {"processor": "stt", "model": None, "value": 200},
        {"processor": "llm", "model": "gpt", "value": 300},
        {"processor": "tts", "model": "espeak", "value": 400},
    ] == metrics["metrics"]


def test_the_list_of_a_call_leaves_metrics_out() -> None:
    """They repeat the figures of the turn."""
    assert ["turn_latency"] == [event["event_type"] for event in told(TurnTimed(2.0, 4, 1.0, 0.1, 0.2, 0.3, 0.4))]


def test_the_arguments_of_a_tool_are_an_object() -> None:
    """``context`` is documented as one; what a model wrote instead is kept as it is."""

    def context(arguments: str) -> object:
        return teller().tell(1, ToolStarted(1.0, ToolCall("a", "weather", arguments)))[0]["context"]

    assert {"city": "Berlin"} == context('{"city": "Berlin"}')
    assert {} == context("")
    assert {"arguments": [1]} == context("[1]")
    assert {"arguments": "{city"} == context("{city")
    assert {"arguments": '{"a": "\\ud800"}'} == context('{"a": "\\ud800"}')
