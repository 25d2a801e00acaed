"""The transcript says who said what, as it was heard."""

from datetime import UTC, datetime

from vivavoce.talk.facts import (
    AgentSaid,
    AgentStartedTalking,
    CallStarted,
    Fact,
    Interrupted,
    UserSaid,
    UserStartedSpeaking,
)
from vivavoce.views.transcript import entries, transcript

STARTED = datetime(2026, 7, 2, 10, 30, tzinfo=UTC)


def spoken(*facts: Fact) -> list[tuple[str, float, str]]:
    return [(entry.role, entry.at, entry.text) for entry in entries(facts)]


def test_each_turn_stands_once_with_its_last_words() -> None:
    """Texts are cumulative: a later one replaces the earlier ones of its turn."""
    assert [("agent", 0.5, "Hello, how are you?"), ("user", 2.0, "fine thanks")] == spoken(
        CallStarted(0.0, "webcall"),
        AgentStartedTalking(0.5, 1),
        AgentSaid(0.8, 1, "Hello,", False),
        AgentSaid(1.9, 1, "Hello, how are you?", True),
        UserStartedSpeaking(2.0),
        UserSaid(2.4, "fine", False),
        UserSaid(3.0, "fine thanks", True),
    )


def test_an_interrupted_agent_has_said_what_was_heard() -> None:
    """The final text of an interrupted turn is shorter than what was meant to be said; turns stand as they began."""
    assert [("agent", 1.0, "We open at"), ("user", 2.0, "stop")] == spoken(
        AgentStartedTalking(1.0, 1),
        AgentSaid(1.5, 1, "We open at nine", False),
        UserStartedSpeaking(2.0),
        UserSaid(2.2, "st", False),
        Interrupted(2.3, 1, 1.2),
        AgentSaid(2.3, 1, "We open at", True),
        UserSaid(2.6, "stop", True),
    )


def test_a_turn_that_is_going_on_stands_with_the_words_so_far() -> None:
    """The transcript of a live call grows, and that of a killed one ends with what was heard."""
    assert [("user", 0.4, "I would"), ("agent", 2.0, "Of")] == spoken(
        UserStartedSpeaking(0.4), UserSaid(0.9, "I would", False), AgentSaid(2.0, 1, "Of", False)
    )


def test_turns_without_words_are_left_out() -> None:
    """A cough is no turn, and an agent of whom nothing was heard has said nothing."""
    assert [] == spoken(
        UserStartedSpeaking(0.1), UserSaid(0.2, "", True), AgentStartedTalking(0.3, 1), AgentSaid(0.4, 1, " ", True)
    )


def test_a_typed_turn_begins_when_it_arrives() -> None:
    """Typed text has no speech before it; speech of an earlier turn does not count."""
    assert [("user", 0.1, "hi"), ("user", 5.0, "typed")] == spoken(
        UserStartedSpeaking(0.1), UserSaid(1.0, "hi", True), UserSaid(5.0, "typed", True)
    )


def test_the_api_gives_the_agent_its_own_role_and_moments_in_utc() -> None:
    """REST says ``agent`` and ``content``, unlike the socket (wire-spec 1.11, 2.7.1)."""
    assert [{"role": "agent", "content": "Hello", "timestamp": "2026-07-02T10:30:01.250Z"}] == transcript(
        [AgentSaid(1.25, 1, "Hello", True)], started_at=STARTED
    )
