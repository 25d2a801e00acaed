"""
Both voices of a call on one timeline.

While the call runs, each voice is appended to a file of raw samples at its own rate: that costs next to nothing, and
what has been written survives the process. When the call is over (or at the next start, if the process was killed)
the two are joined into one stereo FLAC: left the visitor, right the agent as it was heard.

Sound is placed by its sample position on the session's timeline, never by when it was written.
"""

import asyncio
import contextlib
import logging
import os
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import soundfile

from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.audio.resample import resampled
from vivavoce.errors import StoreError

__all__ = ["DUAL_FILE", "JOURNAL_FILE", "Recorder", "Recording", "Tracks", "join_tracks", "unfinished"]

log = logging.getLogger(__name__)

# Name of the finished recording in the call's folder.
DUAL_FILE = "dual.flac"
_SHAPE_FILE = "tracks.json"
_VISITOR_FILE = "visitor.s16"
_AGENT_FILE = "agent.s16"
JOURNAL_FILE = "events.jsonl"

# Raw sound and journals are written this often: a killed process loses at most this much.
_FLUSH_S = 0.7
# A frame may be this late before the gap before it counts as silence: a muted microphone sends nothing.
_LATE_S = 0.25
# The same for what is heard of the agent, which is known more exactly.
_AGENT_LATE_S = 0.06


class TrackShape(msgspec.Struct):
    """What the raw files of a call hold."""

    visitor_hz: int
    agent_hz: int


@dataclass(frozen=True, slots=True)
class Laid:
    """Sound of one track: its pieces, and the sample on the timeline at which the first begins."""

    start: int
    pieces: list[Samples]


@dataclass(frozen=True, slots=True)
class _Flushed:
    """What is to be written to the files of a call."""

    visitor: Laid
    agent: Laid
    journal: list[bytes]


class Tracks:
    """
    Lays both voices of a call onto its timeline.

    Pure: it takes sound with its place in session seconds and gives out the samples in their order.
    """

    def __init__(self, *, visitor_hz: int, agent_hz: int) -> None:
        self._visitor_hz = visitor_hz
        self._agent_hz = agent_hz
        # Samples laid so far, and the pieces of them that have not been given out.
        self._visitor_end = 0
        self._agent_end = 0
        self._visitor = Laid(0, [])
        self._agent = Laid(0, [])
        # Agent sound that has been sent and not been heard, with the turn that it belongs to, and how much of that
        # turn has been heard. What a client takes ahead of time bounds it.
        self._unheard: deque[Samples] = deque()
        self._turn = 0
        self._heard = 0

    def visitor(self, at: float, samples: Samples) -> None:
        """Microphone sound whose last sample came at ``at``."""
        start = round(at * self._visitor_hz) - len(samples)
        gap = start - self._visitor_end
        # All that follows joins the first frame, so that one lies exactly where it was heard.
        if gap > _LATE_S * self._visitor_hz or (gap > 0 and not self._visitor_end):
            self._visitor.pieces.append(np.zeros(gap, np.int16))
            self._visitor_end += gap
        self._visitor.pieces.append(samples)
        self._visitor_end += len(samples)

    def agent(self, turn: int, samples: Samples) -> None:
        """Agent sound that has been sent and will perhaps be heard, in order."""
        if turn != self._turn:
            self.cut(self._turn)
            self._turn, self._heard = turn, 0
        self._unheard.append(samples)

    def sounded(self, turn: int, at: float, heard: int) -> None:
        """By ``at`` the first ``heard`` samples of a turn of the agent have been heard."""
        if turn != self._turn or heard <= self._heard:
            return
        is_first, pieces, self._heard = not self._heard, self._take(heard - self._heard), heard
        length = sum(len(piece) for piece in pieces)
        if not length:
            return
        gap = round(at * self._agent_hz) - length - self._agent_end
        # Reports come early and late; sound that was heard without a gap must have none here.
        if gap > _AGENT_LATE_S * self._agent_hz or (gap > 0 and is_first):
            self._agent.pieces.append(np.zeros(gap, np.int16))
            self._agent_end += gap
        self._agent.pieces.extend(pieces)
        self._agent_end += length

    def cut(self, turn: int) -> None:
        """What has not been heard of a turn of the agent never will be."""
        if turn == self._turn:
            self._unheard.clear()

    def flush(self) -> tuple[Laid, Laid]:
        """The samples of the visitor and of the agent that were not given out before."""
        laid = self._visitor, self._agent
        self._visitor, self._agent = Laid(self._visitor_end, []), Laid(self._agent_end, [])
        return laid

    def _take(self, samples: int) -> list[Samples]:
        """The next samples of the agent that have been heard; fewer where fewer were sent."""
        taken: list[Samples] = []
        while samples > 0 and self._unheard:
            piece = self._unheard.popleft()
            if len(piece) > samples:
                self._unheard.appendleft(piece[samples:])
                piece = piece[:samples]
            taken.append(piece)
            samples -= len(piece)
        return taken


class Recording:
    """The recording and the journal of one call; cheap enough for the path of every frame."""

    def __init__(self, folder: Path, *, visitor_hz: int, agent_hz: int, sound: bool) -> None:
        self.folder = folder
        self._sound = sound
        self._shape = TrackShape(visitor_hz, agent_hz)
        self._tracks = Tracks(visitor_hz=visitor_hz, agent_hz=agent_hz)
        # The journal's lines that have not been written.
        self._journal: list[bytes] = []
        # The folder is there, with the shape of the tracks.
        self._begun = False

    def visitor(self, at: float, samples: Samples) -> None:
        """Microphone sound at the visitor's rate came in at ``at``."""
        if self._sound:
            self._tracks.visitor(at, samples)

    def agent(self, turn: int, samples: Samples) -> None:
        """Agent sound was sent, at the agent's rate."""
        if self._sound:
            self._tracks.agent(turn, samples)

    def sounded(self, turn: int, at: float, heard: int) -> None:
        """By ``at`` the first ``heard`` samples of a turn of the agent have been heard."""
        self._tracks.sounded(turn, at, heard)

    def cut(self, turn: int) -> None:
        """What has not been heard of a turn of the agent never will be."""
        self._tracks.cut(turn)

    def note(self, line: bytes) -> None:
        """Add a line to the journal."""
        self._journal.append(line)

    def take(self) -> _Flushed:
        """What is to be written now."""
        visitor, agent = self._tracks.flush()
        journal, self._journal = self._journal, []
        return _Flushed(visitor, agent, journal)

    def write(self, flushed: _Flushed) -> None:
        """Write to the files; blocks, so it runs in a worker thread."""
        if not self._begun:
            self.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
            (self.folder / _SHAPE_FILE).write_bytes(msgspec.json.encode(self._shape))
            self._begun = True
        for name, laid in ((_VISITOR_FILE, flushed.visitor), (_AGENT_FILE, flushed.agent)):
            if laid.pieces:
                # At its place, not at the end: what a full disk refused before is silence, and nothing moves.
                _write(self.folder / name, np.concatenate(laid.pieces).tobytes(), at=2 * laid.start)
        if flushed.journal:
            _write(self.folder / JOURNAL_FILE, b"\n".join(flushed.journal) + b"\n", at=None)


def _write(file: Path, data: bytes, *, at: int | None) -> None:
    """Write at a byte of the file, or at its end."""
    # Without Python's buffers: hundreds of files are written to every second. They are not kept open, for a call
    # would then cost four file descriptors.
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    try:
        os.lseek(descriptor, at or 0, os.SEEK_END if at is None else os.SEEK_SET)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    finally:
        os.close(descriptor)


def join_tracks(folder: Path) -> Path | None:
    """
    Join the raw files of a call into one stereo FLAC at the higher of the two rates, and remove them.

    Returns:
        The FLAC file, or None where nothing was recorded.

    Raises:
        StoreError: The folder cannot be read or written.
    """
    visitor_file, agent_file = folder / _VISITOR_FILE, folder / _AGENT_FILE
    try:
        if (folder / DUAL_FILE).exists():
            # It is complete, or it would not have its name; perhaps the process was killed while it tidied up.
            visitor_file.unlink(missing_ok=True)
            agent_file.unlink(missing_ok=True)
            return folder / DUAL_FILE
        if not visitor_file.exists() and not agent_file.exists():
            return None
        shape = msgspec.json.decode((folder / _SHAPE_FILE).read_bytes(), type=TrackShape)
        rate_hz = max(shape.visitor_hz, shape.agent_hz)
        left = resampled(Pcm(_raw(visitor_file), shape.visitor_hz), rate_hz).samples
        right = resampled(Pcm(_raw(agent_file), shape.agent_hz), rate_hz).samples
        stereo = np.zeros((max(len(left), len(right)), 2), np.int16)
        stereo[: len(left), 0] = left
        stereo[: len(right), 1] = right
        draft = folder / (DUAL_FILE + ".part")
        soundfile.write(draft, stereo, rate_hz, format="FLAC", subtype="PCM_16")
        # Only a complete file gets the name that readers look for.
        draft.rename(folder / DUAL_FILE)
        visitor_file.unlink(missing_ok=True)
        agent_file.unlink(missing_ok=True)
    except (OSError, ValueError, soundfile.SoundFileError) as error:
        raise StoreError(f"recording in {folder} cannot be finished: {error}") from error
    return folder / DUAL_FILE


def _raw(file: Path) -> Samples:
    if not file.exists():
        return np.zeros(0, np.int16)
    data = file.read_bytes()
    # A killed process may have left half a sample.
    return np.frombuffer(data[: len(data) // 2 * 2], np.int16)


class Recorder:
    """Writes the recordings of all live calls, from one task, in a worker thread."""

    def __init__(self) -> None:
        self._live: set[Recording] = set()
        self._lock = asyncio.Lock()

    def add(self, recording: Recording) -> None:
        """A call begins."""
        self._live.add(recording)

    async def finish(self, recording: Recording) -> Path | None:
        """
        A call is over: write the rest and join its tracks; returns the finished file, if there is one.

        Raises:
            StoreError: The folder cannot be read or written.
        """
        self._live.discard(recording)
        async with self._lock:
            rest = recording.take()

            def finish() -> Path | None:
                try:
                    recording.write(rest)
                except OSError as error:
                    raise StoreError(f"recording in {recording.folder} cannot be written: {error}") from error
                return join_tracks(recording.folder)

            return await asyncio.to_thread(finish)

    async def run(self) -> None:
        """Write what has come in, again and again, until cancelled."""
        while True:
            await asyncio.sleep(_FLUSH_S)
            await self.flush()

    async def flush(self) -> None:
        """Write what has come in."""
        async with self._lock:
            batch = [(recording, recording.take()) for recording in self._live]
            if batch:
                await asyncio.to_thread(_write_all, batch)


def _write_all(batch: list[tuple[Recording, _Flushed]]) -> None:
    for recording, flushed in batch:
        try:
            recording.write(flushed)
        except OSError as error:
            # The call is worth more than its recording: it goes on, and the operator is told.
            log.warning("cannot write the recording in %s: %s", recording.folder, error)


def unfinished(root: Path) -> list[Path]:
    """The folders of calls whose tracks were never joined, because the process was killed."""
    with contextlib.suppress(FileNotFoundError):
        return sorted({file.parent for name in (_VISITOR_FILE, _AGENT_FILE) for file in root.glob(f"*/{name}")})
    return []
