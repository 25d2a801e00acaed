"""The figures of a call follow from its facts."""

import pytest

from vivavoce.analytics.figures import CallMetrics, call_metrics
from vivavoce.speech import ToolCall
from vivavoce.talk.facts import (
    AgentSaid,
    AgentStartedTalking,
    AgentStoppedTalking,
    CallEnded,
    CallStarted,
    Fact,
    Interrupted,
    ToolStarted,
    TurnTimed,
    UserSaid,
    UserStartedSpeaking,
    UserStoppedSpeaking,
)

# The agent greets (1 to 3 s), the visitor speaks (5 to 9 s), is answered (10 s on), and interrupts at 14 s until 16 s,
# which is two seconds of both; the agent answers again from 17 s to 18 s; the call lasts 20 s.
CALL: tuple[Fact, ...] = (
    CallStarted(0.0, "webcall"),
    AgentStartedTalking(1.0, 1),
    AgentSaid(3.0, 1, "Hello.", True),
    AgentStoppedTalking(3.0, 1),
    UserStartedSpeaking(5.0),
    UserSaid(6.0, "I", False),
    UserStoppedSpeaking(9.0),
    UserSaid(9.5, "I would like to know", True),
    AgentStartedTalking(10.0, 2),
    TurnTimed(10.0, 2, 9.0, 0.4, 0.2, 0.3, 0.1),
    ToolStarted(11.0, ToolCall("c1", "look", "{}")),
    AgentSaid(12.0, 2, "It is", False),
    UserStartedSpeaking(14.0),
    Interrupted(15.0, 2, 5.0),
    AgentSaid(15.0, 2, "It is five", True),
    AgentStoppedTalking(15.0, 2),
    UserStoppedSpeaking(16.0),
    UserSaid(16.2, "No, thanks", True),
    AgentStartedTalking(17.0, 3),
    TurnTimed(17.0, 3, 16.0, 0.2, 0.0, 0.2, 0.1),
    AgentSaid(18.0, 3, "Goodbye.", True),
    AgentStoppedTalking(18.0, 3),
    CallEnded(20.0, "client_requested"),
)


def metrics(*facts: Fact, duration_s: float = 20.0, reason: str = "") -> CallMetrics:
    return call_metrics(facts, duration_s=duration_s, reason=reason)


def test_a_whole_call() -> None:
    """Turns, talk, silence, interruptions, latencies and the end, as one can count them by hand."""
    assert CallMetrics(
        duration_ms=20_000,
        user_turns=2,
        agent_turns=3,
        user_talk_ms=6_000,
        agent_talk_ms=8_000,
        talk_ratio=0.571,
        interruptions=1,
        # 0 to 1, 3 to 5, 9 to 10, 16 to 17, 18 to 20.
        silence_ms=7_000,
        longest_silence_ms=2_000,
        latency_p50_ms=750,
        latency_p95_ms=975,
        tool_calls=1,
        ended_by="user",
    ) == metrics(*CALL)


def test_a_call_of_nothing() -> None:
    """What cannot be told is none, and not nought."""
    silent = metrics(CallStarted(0.0, "webcall"), duration_s=3.0, reason="server_error")

    assert (3000, 3000, None) == (silent.silence_ms, silent.longest_silence_ms, silent.talk_ratio)
    assert (0, 0, None, None) == (silent.user_turns, silent.agent_turns, silent.latency_p50_ms, silent.latency_p95_ms)
    assert "server" == silent.ended_by


def test_a_chat_has_turns_and_no_talk() -> None:
    """Nobody is silent who types."""
    chat = metrics(
        CallStarted(0.0, "chat"),
        UserSaid(1.0, "hi", True),
        AgentStartedTalking(2.0, 1),
        TurnTimed(2.0, 1, 1.0, 0.0, 0.0, 1.0, 0.0),
        AgentSaid(4.0, 1, "Hello.", True),
        AgentStoppedTalking(4.0, 1),
        CallEnded(9.0, "ended"),
    )

    assert (1, 1, 0, 0) == (chat.user_turns, chat.agent_turns, chat.user_talk_ms, chat.agent_talk_ms)
    assert (None, None, None) == (chat.talk_ratio, chat.silence_ms, chat.longest_silence_ms)
    assert (1000, 1000, "agent") == (chat.latency_p50_ms, chat.latency_p95_ms, chat.ended_by)


def test_turns_that_the_end_of_the_process_cut_off_count_to_the_end() -> None:
    """Of a killed server the last turns have a beginning and no end."""
    cut = metrics(
        CallStarted(0.0, "webcall"),
        AgentStartedTalking(1.0, 1),
        AgentSaid(3.0, 1, "Once there was", False),
        UserStartedSpeaking(4.0),
        UserSaid(5.0, "Wait", False),
        duration_s=6.0,
    )

    assert (1, 1) == (cut.user_turns, cut.agent_turns)
    assert (2000, 5000, 1000) == (cut.user_talk_ms, cut.agent_talk_ms, cut.silence_ms)


def test_who_speaks_while_the_other_does_breaks_no_silence() -> None:
    """The visitor says "hm" in the middle of the agent's turn: it is not silent before the agent has finished."""
    both = metrics(
        CallStarted(0.0, "webcall"),
        AgentStartedTalking(0.0, 1),
        UserStartedSpeaking(2.0),
        UserStoppedSpeaking(3.0),
        AgentStoppedTalking(8.0, 1),
        duration_s=10.0,
    )

    assert (1000, 8000) == (both.user_talk_ms, both.agent_talk_ms)
    assert (2000, 2000) == (both.silence_ms, both.longest_silence_ms)


def test_a_reply_of_which_nothing_was_heard_is_no_turn() -> None:
    """The last form of its words counts."""
    unheard = metrics(
        CallStarted(0.0, "webcall"),
        AgentStartedTalking(1.0, 1),
        AgentSaid(1.5, 1, "Hel", False),
        AgentSaid(1.6, 1, "", True),
        AgentStoppedTalking(1.6, 1),
    )

    assert 0 == unheard.agent_turns


@pytest.mark.parametrize(
    ("latencies_s", "p50", "p95"),
    [([0.8], 800, 800), ([0.2, 1.0], 600, 960), ([n / 100 for n in range(101)], 500, 950)],
)
def test_percentiles_lie_between_values_in_proportion(latencies_s: list[float], p50: int, p95: int) -> None:
    """One value is all of them; of two the half is the mean; of many each is its own."""
    turns = [TurnTimed(0.0, 1, 0.0, latency, 0.0, 0.0, 0.0) for latency in reversed(latencies_s)]
    found = metrics(*turns)

    assert (p50, p95) == (found.latency_p50_ms, found.latency_p95_ms)


@pytest.mark.parametrize(
    ("reason", "who"),
    [
        ("client_requested", "user"),
        ("websocket_closed", "user"),
        ("connection_lost", "network"),
        ("ended", "agent"),
        ("timeout", "server"),
        ("something new", "server"),
    ],
)
def test_who_ended_a_call_follows_from_the_reason(reason: str, who: str) -> None:
    """Somebody ended every call; the fact counts for more than the row."""
    assert who == metrics(CallEnded(1.0, reason), reason="server_error").ended_by
    assert who == metrics(reason=reason).ended_by
