"""What a soaked call is judged by; that calls are whole, tests/e2e/test_resume.py proves."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from bench.cut_call import CutCall, Difference, difference
from bench.figures import spread
from bench.soak import Soaked, SoakResult, soaked, words_apart
from vivavoce.audio.pcm import Samples
from vivavoce.client import AgentStarted, Message, Reconnected, SessionEnded, TranscriptHeard
from vivavoce.engines.scripted import TWELVE_WORDS

NOTHING = Difference(0, 0, 0)
VOICE = np.arange(1, 4001, dtype=np.int16)
HUM = np.arange(1, 8001, dtype=np.int16)
MESSAGES: list[Message] = [
    AgentStarted(0.0, 1, 1),
    TranscriptHeard(0.0, "agent", TWELVE_WORDS, True, 1, 2),
    Reconnected(0.0, 0.25),
    SessionEnded(0.0, "client_requested", 3),
]
TRANSCRIPT = [("user", "This is line 1."), ("agent", TWELVE_WORDS)]


def judged(call: CutCall, *, recorded: Samples = HUM, transcript: list[tuple[str, str]] | None = None) -> Soaked:
    return soaked(call, VOICE, TRANSCRIPT if transcript is None else transcript, recorded)


def whole_call() -> CutCall:
    """One turn, one cut, nothing lost."""
    return CutCall("CALL-1", list(MESSAGES), ["This is line 1."], [HUM], [VOICE], cuts=1)


def test_a_call_without_a_loss_is_whole() -> None:
    """With what was measured of it."""
    found = judged(whole_call())

    assert found.whole
    assert ("CALL-1", 1, 1, [0.25]) == (found.call_id, found.cuts, found.turns, found.away_s)


def test_silence_in_the_recording_is_no_loss() -> None:
    """While the client was away nothing was recorded; what he said meanwhile stands behind it."""
    gap = np.concatenate([HUM[:3000], np.zeros(500, np.int16), HUM[3000:]])

    assert judged(whole_call(), recorded=gap).whole


def test_the_end_of_the_recording_may_be_missing() -> None:
    """The goodbye comes in the middle of a window; more than a tenth of a second is a loss."""
    assert judged(whole_call(), recorded=HUM[:-500]).whole
    assert 2000 == judged(whole_call(), recorded=HUM[:-2000]).visitor_samples.lost


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        (np.concatenate([HUM[:3000], HUM[2000:]]), Difference(0, 1000, 5000)),
        (np.concatenate([HUM[:3000], HUM[5000:]]), Difference(2000, 0, 3000)),
    ],
)
def test_what_the_recording_lacks_or_has_twice_is_found(recorded: Samples, expected: Difference) -> None:
    """All that follows is in the wrong place, too."""
    found = judged(whole_call(), recorded=recorded)

    assert (expected, False) == (found.visitor_samples, found.whole)


def test_what_was_not_played_is_found() -> None:
    """Of a turn, or a turn altogether."""
    call = whole_call()
    call.played = [VOICE[:-480]]
    silent = whole_call()
    silent.played = []

    assert Difference(480, 0, 0) == judged(call).agent_samples
    assert Difference(4000, 0, 0) == judged(silent).agent_samples


def test_messages_that_are_missing_or_come_twice_are_found() -> None:
    """By their numbers."""
    missing, twice = whole_call(), whole_call()
    del missing.messages[1]
    twice.messages.insert(1, MESSAGES[0])

    assert Difference(1, 0, 0) == judged(missing).messages
    assert Difference(0, 1, 0) == judged(twice).messages


def test_words_that_the_record_lacks_are_found() -> None:
    """Those of the visitor are looked for in the record, those of the agent at the client."""
    found = judged(whole_call(), transcript=[("user", "This line 1.")])

    assert (Difference(1, 0, 0), NOTHING) == (found.visitor_words, found.agent_words)


def test_a_call_that_ended_otherwise_is_not_whole() -> None:
    """Even if nothing is missing."""
    call = whole_call()
    call.messages[-1] = SessionEnded(0.0, "websocket_closed", 3)

    assert not judged(call).whole


@pytest.mark.parametrize(
    ("expected", "got", "found"),
    [
        (["a b c"], ["a b c"], NOTHING),
        (["a b c", "d"], ["a c", "d"], Difference(1, 0, 0)),
        (["a b c"], ["a b b c"], Difference(0, 1, 0)),
        (["a b c"], ["a x c"], Difference(1, 1, 0)),
        (["a"], [], Difference(1, 0, 0)),
    ],
)
def test_texts_are_compared_word_by_word(expected: list[str], got: list[str], found: Difference) -> None:
    """A word that was changed is lost, and another one too many."""
    assert found == words_apart(expected, got)


def test_samples_are_compared_place_by_place() -> None:
    """One that is missing puts all that follow in another place."""
    some = np.array([1, 2, 3, 4], np.int16)

    assert Difference(1, 0, 2) == difference(some, some[[0, 2, 3]])


def test_the_result_says_what_was_lost() -> None:
    """Summed up over all calls; one that is not whole spoils the whole."""
    call = judged(whole_call())
    lossy = msgspec.structs.replace(call, agent_words=replace(NOTHING, lost=2))
    result = SoakResult([call, lossy], spread([0.1, 0.3]))
    text = result.markdown()

    assert not result.whole
    assert "## Soak: 2 calls, 2 answers, 2 cuts" in text
    assert "| words of the agent | 2 | 0 | 0 |" in text
    assert "p50 200 ms, p95 290 ms, largest 300 ms" in text
    assert "whole: 1 of 2" in text
