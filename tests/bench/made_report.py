"""A made-up report that meets every goal, to be changed where a test needs it."""

import msgspec

from bench.figures import Spread
from bench.report import Report

__all__ = ["GOOD", "but", "same"]


def same(value: float | None, count: int = 100) -> Spread:
    """A sample of which every value is the same."""
    return Spread(count, value, value, value, value)


# A server that meets every goal: 50 calls for 10 s on 2.5 s of processor time.
GOOD = Report(
    calls=50,
    window_s=10.0,
    errors={},
    server_cpu_s=2.5,
    others_share=0.02,
    interrupts_share=0.02,
    driver_share=0.3,
    driver_lateness=same(0.001),
    speed_probe_ms=0.2,
    first_rss_bytes=100_000_000,
    all_rss_bytes=124_500_000,
    first_set_up_s=0.01,
    set_up=same(0.005),
    reply=same(0.25),
    replies_expected=100,
    replies_missed=0,
    interruption=same(0.24),
    old_reply=same(0.2),
    interruptions_expected=50,
    interruptions_missed=0,
    early_replies=0,
    unasked_replies=0,
    false_interruptions=0,
    stray_frames=0,
    lateness=same(-0.2),
    gaps=0,
    agent_frames=1000,
    agent_audio_s=100.0,
    lateness_at_openings=same(-0.195),
    lateness_between_openings=same(-0.2),
    reply_at_openings=same(0.25),
    reply_between_openings=same(0.25),
)


def but(**changes: object) -> Report:
    """The good report with some fields changed."""
    return msgspec.structs.replace(GOOD, **changes)
