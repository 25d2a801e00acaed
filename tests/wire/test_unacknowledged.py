"""The frames that a client may not have."""

from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.wire.unacknowledged import Unacknowledged


def sent(frames: int, **limits: int) -> Unacknowledged:
    """A ring to which the frames ``b"1"``, ``b"2"`` and so on were added; every third is binary."""
    ring = Unacknowledged(**limits)
    for number in range(1, frames + 1):
        ring.add(b"%d" % number, binary=number % 3 == 0)
    return ring


def numbers(ring: Unacknowledged, seq: int) -> list[int] | None:
    frames = ring.since(seq)
    return None if frames is None else [int(frame) for frame, _ in frames]


def test_everything_after_a_number_comes_again_in_order() -> None:
    """Each frame as the kind of message that it was."""
    assert ((b"3", True), (b"4", False), (b"5", False)) == sent(5).since(2)


def test_a_client_that_has_everything_gets_nothing() -> None:
    """Also before the first frame was sent."""
    assert ((), ()) == (sent(5).since(5), sent(0).since(0))


def test_a_number_that_was_never_sent_cannot_be_taken_up() -> None:
    """The client speaks of another call."""
    assert (None, None) == (sent(5).since(6), sent(5).since(-1))


def test_what_is_acknowledged_is_kept_no_longer() -> None:
    """The client said that it has it, so it cannot want it."""
    ring = sent(5)
    ring.acknowledge(3)

    assert (None, [4, 5]) == (numbers(ring, 2), numbers(ring, 3))


def test_an_acknowledgement_never_goes_back_and_never_ahead() -> None:
    """Reports may come late, and a client may be wrong."""
    ring = sent(5)
    for seq in (3, 1, 0, -7, 6, 2**53):
        ring.acknowledge(seq)

    assert [4, 5] == numbers(ring, 3)


def test_frames_go_on_being_numbered_after_an_acknowledgement() -> None:
    """Numbers count what was sent, not what is kept."""
    ring = sent(5)
    ring.acknowledge(5)
    ring.add(b"6", binary=False)

    assert [6] == numbers(ring, 5)


def test_of_too_many_frames_the_oldest_go() -> None:
    """The call can then no longer be taken up before them."""
    ring = sent(10, most_frames=4)

    assert (None, [7, 8, 9, 10]) == (numbers(ring, 5), numbers(ring, 6))


def test_of_too_many_bytes_the_oldest_go() -> None:
    """Frames of one byte each, but for the tenth."""
    ring = sent(10, most_bytes=5)

    assert (None, [7, 8, 9, 10]) == (numbers(ring, 5), numbers(ring, 6))


def test_acknowledged_bytes_make_room() -> None:
    """The limit is for what is kept."""
    ring = sent(4, most_bytes=4)
    ring.acknowledge(2)
    ring.add(b"5", binary=False)

    assert [3, 4, 5] == numbers(ring, 2)


def test_a_frame_that_is_larger_than_the_ring_is_not_kept() -> None:
    """Neither is what came before it."""
    ring = sent(3, most_bytes=3)
    ring.add(b"4444", binary=True)

    assert (None, []) == (numbers(ring, 3), numbers(ring, 4))


@settings(max_examples=200)
@given(
    steps=st.lists(st.integers(0, 30) | st.none(), max_size=60),
    most_frames=st.integers(1, 10),
    most_bytes=st.integers(1, 20),
)
def test_what_comes_again_is_always_the_end_of_what_was_sent(
    steps: list[int | None], most_frames: int, most_bytes: int
) -> None:
    """Without a gap up to the newest, and never more than the limits allow."""
    ring, newest = Unacknowledged(most_frames, most_bytes), 0
    for step in steps:
        if step is None:
            newest += 1
            ring.add(b"%d" % newest, binary=False)
        else:
            ring.acknowledge(step)
        for seq in range(newest + 1):
            again = numbers(ring, seq)

            assert again in (None, list(range(seq + 1, newest + 1)))
            assert len(again or ()) <= most_frames
            assert sum(len(str(number)) for number in again or ()) <= most_bytes
