"""The loudspeaker without a sound card, on a clock that the tests move."""

import numpy as np
import pytest

from tests.client.stub_extension import sound
from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.client.extension import Held, Released
from vivavoce.client.messages import AgentAudio, AgentStarted, Interrupted
from vivavoce.client.playout import Place, Player

RATE_HZ = 1000


class Room:
    """A player and its clock."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.player = Player(RATE_HZ, lambda: self.now_s)

    def bring(self, turn: int, start: int, samples: int) -> None:
        """A piece of a turn arrives."""
        self.player.hear(AgentAudio(0.0, Pcm(sound(turn, start, samples), RATE_HZ), turn, start))

    def later(self, seconds: float) -> Place:
        """Where the player is after a while."""
        self.now_s += seconds
        return self.player.place()

    def heard(self) -> list[tuple[int, Samples]]:
        return [(turn.turn, turn.samples) for turn in self.player.heard]


def test_sound_is_played_in_real_time() -> None:
    """A thousand samples take a second, however early they came."""
    room = Room()
    room.bring(1, 0, 600)
    room.bring(1, 600, 400)

    assert [Place(1, 0, "playing"), Place(1, 250, "playing"), Place(1, 1000, "idle")] == [
        room.later(0.0),
        room.later(0.25),
        room.later(5.0),
    ]
    assert [(1, 1000)] == [(turn, len(samples)) for turn, samples in room.heard()]
    np.testing.assert_array_equal(sound(1, 0, 1000), room.heard()[0][1])


def test_before_the_first_turn_nothing_has_been_played() -> None:
    """Turn 0 is none."""
    assert Place(0, 0, "idle") == Room().later(1.0)


def test_turns_follow_each_other_without_a_gap() -> None:
    """Half a second of each: after 0.7 s the second has been heard for 0.2 s."""
    room = Room()
    room.bring(1, 0, 500)
    room.bring(2, 0, 500)

    assert [Place(1, 499, "playing"), Place(2, 200, "playing"), Place(2, 500, "idle")] == [
        room.later(0.499),
        room.later(0.201),
        room.later(1.0),
    ]
    assert not room.player.gaps


def test_sound_that_comes_too_late_leaves_a_gap() -> None:
    """The rest is played when it comes; how long it was silent is noted."""
    room = Room()
    room.bring(1, 0, 100)
    room.later(0.35)
    room.bring(1, 100, 100)

    later = room.later(0.05)
    (gap,) = room.player.gaps

    assert Place(1, 150, "playing") == later
    assert (1, 100) == (gap.turn, gap.played)
    assert pytest.approx(0.25) == gap.length_s


def test_silence_between_two_turns_is_no_gap() -> None:
    """The agent has nothing to say meanwhile."""
    room = Room()
    room.bring(1, 0, 100)
    room.later(3.0)
    room.bring(2, 0, 100)

    assert not room.player.gaps


def test_a_hold_stops_at_the_sample_and_a_release_goes_on_there() -> None:
    """Nothing is lost, and the time in between is no gap."""
    room = Room()
    room.bring(1, 0, 1000)
    room.later(0.3)
    room.player.hear(Held(0.0, 1))
    held = room.later(2.0)
    room.player.hear(Released(0.0, 1))

    assert Place(1, 300, "held") == held
    assert [Place(1, 400, "playing"), Place(1, 1000, "idle")] == [room.later(0.1), room.later(0.6)]
    assert not room.player.gaps


def test_sound_that_comes_during_a_hold_waits() -> None:
    """It is behind what is held."""
    room = Room()
    room.bring(1, 0, 300)
    room.later(0.2)
    room.player.hear(Held(0.0, 1))
    room.later(1.0)
    room.bring(1, 300, 300)
    room.player.hear(Released(0.0, 1))

    assert Place(1, 500, "playing") == room.later(0.3)


def test_a_hold_of_a_turn_that_is_over_means_nothing() -> None:
    """The next turn has begun before the word came."""
    room = Room()
    room.bring(1, 0, 100)
    room.bring(2, 0, 100)
    room.later(0.15)
    room.player.hear(Held(0.0, 1))

    assert Place(2, 100, "idle") == room.later(1.0)


def test_an_interruption_drops_its_turn_and_nothing_else() -> None:
    """By number: what comes late of it is dropped too, and the next turn is played."""
    room = Room()
    room.bring(1, 0, 1000)
    room.later(0.3)
    room.player.hear(Interrupted(0.0, 1))
    dropped = room.later(0.1)
    room.bring(1, 1000, 1000)
    room.bring(2, 0, 100)

    assert [Place(1, 300, "idle"), Place(2, 100, "idle")] == [dropped, room.later(1.0)]
    assert [(1, 300), (2, 100)] == [(turn, len(samples)) for turn, samples in room.heard()]


def test_an_interruption_ends_a_hold() -> None:
    """The next turn is not held."""
    room = Room()
    room.bring(1, 0, 1000)
    room.later(0.3)
    room.player.hear(Held(0.0, 1))
    room.player.hear(Interrupted(0.0, 1))
    room.bring(2, 0, 100)

    assert Place(2, 50, "playing") == room.later(0.05)


def test_sound_that_comes_twice_is_played_once() -> None:
    """By its place in the turn; how much it was is counted."""
    room = Room()
    room.bring(1, 0, 100)
    room.bring(1, 50, 100)
    room.bring(1, 0, 100)
    room.later(1.0)

    np.testing.assert_array_equal(sound(1, 0, 150), room.heard()[0][1])
    assert (150, 0) == (room.player.repeated_samples, room.player.lost_samples)


def test_sound_that_never_came_is_silence_of_its_length() -> None:
    """What follows keeps its place; how much is missing is counted."""
    room = Room()
    room.bring(1, 0, 100)
    room.bring(1, 150, 50)
    room.later(1.0)
    expected = np.concatenate([sound(1, 0, 100), np.zeros(50, np.int16), sound(1, 150, 50)])

    np.testing.assert_array_equal(expected, room.heard()[0][1])
    assert (0, 50) == (room.player.repeated_samples, room.player.lost_samples)


def test_on_the_plain_wire_turns_are_counted() -> None:
    """From word to word that the agent talks; an interruption drops what there is."""
    room = Room()
    plain = AgentAudio(0.0, Pcm(sound(1, 0, 400), RATE_HZ))
    room.player.hear(AgentStarted(0.0))
    room.player.hear(plain)
    room.later(0.1)
    room.player.hear(Interrupted(0.0))
    room.player.hear(AgentStarted(0.0))
    room.player.hear(plain)
    room.later(1.0)

    assert [100, 400] == [len(samples) for _, samples in room.heard()]


def test_a_recording_has_every_turn_with_a_pause_between() -> None:
    """As it was played."""
    room = Room()
    room.bring(1, 0, 100)
    room.bring(2, 0, 100)
    room.later(1.0)
    expected = np.concatenate([sound(1, 0, 100), np.zeros(300, np.int16), sound(2, 0, 100)])

    assert Pcm(expected, RATE_HZ) == room.player.recording(0.3)


def test_the_player_tells_when_it_will_be_empty() -> None:
    """On its clock; nothing can be told while it is held, or where it is empty already."""
    room = Room()
    empty = room.player.empty_at()
    room.bring(1, 0, 500)
    room.later(0.2)
    playing = room.player.empty_at()
    room.player.hear(Held(0.0, 1))

    assert (None, None) == (empty, room.player.empty_at())
    assert pytest.approx(100.5) == playing
