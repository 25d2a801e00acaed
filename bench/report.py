"""What the driver is told, and what it tells: one JSON object each."""

import msgspec

from bench.figures import Spread

__all__ = ["Plan", "Report"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the driver. All lengths of time are seconds."""

    # The connect URL, credentials included.
    url: str
    calls: int
    # The measured process, and the core that it has for itself.
    server_pid: int
    server_core: int
    # The core of the driver; None leaves it where it is.
    driver_core: int | None
    # The first call alone; 0 where memory does not matter.
    solo_s: float
    # The other calls open evenly over this time, so that their turns do not coincide.
    ramp_s: float
    settle_s: float
    window_s: float
    # Further calls opened after the window, one every ``opening_every_s``.
    openings: int = 0
    opening_every_s: float = 1.0
    # What callers send while silent: None is digital silence, else white noise of this level.
    noise_dbfs: float | None = None
    # Whether the server converses; a bare socket does not, so nobody waits for it or interrupts it.
    converses: bool = True


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What one run of the driver found. Times are seconds unless the name says otherwise."""

    calls: int
    window_s: float
    # Names of what must not happen, and how often it did, over the whole run.
    errors: dict[str, int]

    # Processor time of the server and its descendants within the window.
    server_cpu_s: float
    # Shares of the server's core within the window: taken by other programs; spent in interrupts.
    others_share: float
    interrupts_share: float
    # The driver itself: share of its core, and how long after their time its frames left.
    driver_share: float
    driver_lateness: Spread
    # A fixed piece of arithmetic, median over the window: tells the host's speed.
    speed_probe_ms: float

    # Resident memory after the first call's first turn, and at the end of the window.
    first_rss_bytes: int
    all_rss_bytes: int

    # From the start of the connection to ``session.created``; the very first call, and the others.
    first_set_up_s: float
    set_up: Spread

    # Last frame of speech sent to first frame of the answer received.
    reply: Spread
    replies_expected: int
    replies_missed: int
    # First frame of speech sent to ``interruption`` received, and to the last frame of the old reply.
    interruption: Spread
    old_reply: Spread
    interruptions_expected: int
    interruptions_missed: int
    # Answers before the end of the question, answers to nothing, interruptions by nobody, audio after an interruption.
    early_replies: int
    unasked_replies: int
    false_interruptions: int
    stray_frames: int

    # Agent audio within the window: how late each frame came, how often the playout ran dry, how much there was.
    lateness: Spread
    gaps: int
    agent_frames: int
    agent_audio_s: float

    # Lateness of agent audio in established calls while a further call opens, and in between.
    lateness_at_openings: Spread
    lateness_between_openings: Spread
    # Answers in established calls that came while a further call opened, and in between.
    reply_at_openings: Spread
    reply_between_openings: Spread

    @property
    def call_s(self) -> float:
        """Seconds of calls within the window."""
        return self.calls * self.window_s

    @property
    def cpu_ms_per_call_s(self) -> float:
        """Processor time of the server in milliseconds for one second of one call."""
        return self.server_cpu_s * 1000 / self.call_s

    @property
    def memory_per_call_bytes(self) -> float | None:
        """Growth of resident memory with each call after the first; None for a single call."""
        if self.calls < 2:
            return None
        return (self.all_rss_bytes - self.first_rss_bytes) / (self.calls - 1)

    @property
    def disturbance_s(self) -> float | None:
        """By how much the opening of a call raises the 99th percentile of the lateness of others."""
        near, between = self.lateness_at_openings.p99, self.lateness_between_openings.p99
        return None if near is None or between is None else near - between
