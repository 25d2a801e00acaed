"""What a reader of events got, and how late it was, is read from the bytes that came."""

from datetime import UTC, datetime

import pytest

from bench.event_reader import Received, arrivals

TOLD_S = datetime(2026, 7, 2, 10, 30, tzinfo=UTC).timestamp()
EVENT = b'{"event_type":"call_start","event_id":"CALL-1_1_0","timestamp":"2026-07-02T10:30:00.000Z"}'


def test_an_event_arrives_with_the_end_of_its_line() -> None:
    """However the bytes are cut; pings, ids and the frames of the chunked body are passed over."""
    came = b"HTTP/1.1 200 OK\r\n\r\n5f\r\n: ping\n\nid: 1\ndata: " + EVENT + b"\n\n\r\n"
    pieces = [(TOLD_S + n / 1000, came[n : n + 1]) for n in range(len(came))]
    (received,) = arrivals(pieces)

    assert ("call_start", "CALL-1_1_0") == (received.type, received.event_id)
    assert pytest.approx(came.index(b"}\n") / 1000 + 0.001, abs=1e-6) == received.delay_s


def test_an_event_without_a_moment_does_not_count() -> None:
    """The frames of the stream itself tell no fact."""
    begins, event = b'data: {"event_type":"sse_init"}\n\n', b"data: " + EVENT + b"\n\n"

    assert [Received("call_start", "CALL-1_1_0", TOLD_S + 2.0, 2.0)] == list(
        arrivals([(TOLD_S + 1.0, begins), (TOLD_S + 2.0, event)])
    )
