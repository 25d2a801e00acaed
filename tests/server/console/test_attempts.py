"""Passwords cannot be guessed: after a few failures nobody is listened to for a while."""

import pytest

from vivavoce.errors import Refused
from vivavoce.server.console import attempts as module
from vivavoce.server.console.attempts import MOST_BY_NAME, MOST_BY_PEER, WINDOW_S, Attempts


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Its only element is the time in seconds."""
    time = [1000.0]
    monkeypatch.setattr(module, "monotonic_s", lambda: time[0])
    return time


def refused(attempts: Attempts, name: str, peer: str) -> int:
    """Seconds to wait; 0 where the attempt may be made."""
    try:
        attempts.begin(name=name, peer=peer)
    except Refused as error:
        assert 429 == error.status
        assert error.retry_after_s
        return error.retry_after_s
    return 0


def test_a_name_is_guessed_at_a_few_times_only(clock: list[float]) -> None:
    """From however many addresses; others go on signing in, and so does he after a while."""
    attempts = Attempts()
    tries = [refused(attempts, "ada", f"10.0.0.{number}") for number in range(MOST_BY_NAME)]

    assert [0] * MOST_BY_NAME == tries
    assert WINDOW_S == refused(attempts, "ada", "10.0.1.1")
    assert 0 == refused(attempts, "bob", "10.0.1.2")
    clock[0] += WINDOW_S
    assert 0 == refused(attempts, "ada", "10.0.1.1")


def test_an_address_guesses_a_few_times_only(clock: list[float]) -> None:
    """Whatever names and keys it tries."""
    attempts = Attempts()
    tries = [refused(attempts, f"user{number}" if number % 2 else "", "10.0.0.1") for number in range(MOST_BY_PEER)]

    assert [0] * MOST_BY_PEER == tries
    assert refused(attempts, "", "10.0.0.1")
    assert not refused(attempts, "", "10.0.0.2")


def test_the_right_password_is_forgiven(clock: list[float]) -> None:
    """Whoever signs in every minute is never locked out."""
    attempts = Attempts()
    for _ in range(3 * MOST_BY_PEER):
        assert not refused(attempts, "ada", "10.0.0.1")
        attempts.forgive(name="ada", peer="10.0.0.1")


def test_an_account_of_ones_own_does_not_pay_for_guesses_at_others(clock: list[float]) -> None:
    """The address keeps its failures when somebody signs in from it."""
    attempts = Attempts()
    guesses = 0
    for number in range(2 * MOST_BY_PEER):
        if refused(attempts, f"user{number}", "10.0.0.1") or refused(attempts, "mine", "10.0.0.1"):
            break
        guesses += 1
        attempts.forgive(name="mine", peer="10.0.0.1")

    assert guesses < MOST_BY_PEER


def test_what_is_remembered_is_bounded(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of names forgets the oldest."""
    monkeypatch.setattr(module, "_MOST_KNOWN", 10)
    attempts = Attempts()
    for number in range(100):
        refused(attempts, f"user{number}", f"10.0.0.{number}")

    assert 10 == len(attempts._known)
