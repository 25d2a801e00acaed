"""
The words that every caller speaks: 2.1 s of speech without a pause that could end a turn.

The clip is cut from a recording by its energy alone, so that no voice detector chooses its own examination.
"""

import io
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from vivavoce.audio.pcm import Pcm, Samples

__all__ = ["FRAME_S", "SPEECH_FRAMES", "Cut", "best_cut", "caller_speech", "frames_of", "levels_db", "noise"]

FRAME_S = 0.02
# 105 frames are 2.1 s.
SPEECH_FRAMES = 105
# A frame this far below the loud parts counts as a pause.
_PAUSE_DB = -25.0
# The clip begins and ends in full voice, or its first and last frame would not be heard as speech.
_EDGE_DB = -12.0
_EDGE_FRAMES = 2
# The recordings lie beside the project where there are any; elsewhere espeak-ng speaks.
_RECORDINGS = Path(__file__).parents[1].parent / "shared" / "audio"
_SPOKEN = "And Mister Dashwood had then leisure to consider how much there might be prudently in his power to do."


@dataclass(frozen=True, slots=True, order=True)
class Cut:
    """Where a recording is cut; the smaller, the better suited."""

    longest_pause_frames: int
    # Decibels by which the mean frame stays below the loud parts: the fewer, the fuller the speech.
    mean_drop_db: float
    first_frame: int


def levels_db(recording: Pcm) -> list[float]:
    """The level of each whole 20 ms of a recording, in dB below full scale."""
    size = round(FRAME_S * recording.rate_hz)
    count = len(recording.samples) // size
    frames = recording.samples[: count * size].reshape(count, size).astype(np.float64)
    root_mean_square = np.sqrt(np.mean(frames**2, axis=1))
    return [float(level) for level in 20 * np.log10(np.maximum(root_mean_square, 1.0) / 32768)]


def best_cut(levels: list[float], frames: int = SPEECH_FRAMES) -> Cut | None:
    """
    The cut of so many frames with the shortest inner pause, then with the fullest speech.

    Args:
        levels: Level of each frame of the recording, in dB.
        frames: Length of the cut.

    Returns:
        None where no cut begins and ends in full voice.
    """
    if len(levels) < frames:
        return None
    # Loud is what the loudest tenth of the recording reaches.
    drops = [level - float(np.percentile(levels, 90)) for level in levels]
    cuts = []
    for first in range(len(drops) - frames + 1):
        window = drops[first : first + frames]
        if min(window[:_EDGE_FRAMES] + window[-_EDGE_FRAMES:]) >= _EDGE_DB:
            cuts.append(Cut(_longest_pause(window), -sum(window) / frames, first))
    return min(cuts, default=None)


def _longest_pause(drops: Iterable[float]) -> int:
    """The longest run of frames that are far below the loud parts."""
    longest = run = 0
    for drop in drops:
        run = run + 1 if drop < _PAUSE_DB else 0
        longest = max(longest, run)
    return longest


def caller_speech(rate_hz: int, recordings: Path = _RECORDINGS) -> Pcm:
    """
    The clip, at the given rate: the best cut of all recordings at hand, else of espeak-ng's voice.

    Raises:
        SystemExit: There is neither a recording nor espeak-ng.
    """
    sources = [_read(path) for path in sorted(recordings.glob("*.wav"))] or [_speak(_SPOKEN)]
    cuts = [(cut, source) for source in sources if (cut := best_cut(levels_db(source))) is not None]
    if not cuts:
        raise SystemExit(f"No recording in {recordings} holds {SPEECH_FRAMES * FRAME_S:.1f} s of unbroken speech.")
    cut, source = min(cuts, key=lambda pair: pair[0])
    size = round(FRAME_S * source.rate_hz)
    first = cut.first_frame * size
    speech = source.samples[first : first + SPEECH_FRAMES * size]
    return Pcm(_resampled(Pcm(speech, source.rate_hz), rate_hz), rate_hz)


def _resampled(pcm: Pcm, rate_hz: int) -> Samples:
    """The same sound at another rate, exactly as many whole frames long as before."""
    wanted = round(SPEECH_FRAMES * FRAME_S * rate_hz)
    sound: Samples = soxr.resample(pcm.samples, pcm.rate_hz, rate_hz)
    return np.pad(sound, (0, max(0, wanted - len(sound))))[:wanted]


def _read(path: Path) -> Pcm:
    samples, rate_hz = soundfile.read(path, dtype="int16")
    return Pcm(samples, rate_hz)


def _speak(text: str) -> Pcm:
    espeak = shutil.which("espeak-ng")
    if espeak is None:
        raise SystemExit("The benchmark needs a voice: install espeak-ng (for example `apt-get install espeak-ng`).")
    spoken = subprocess.run([espeak, "--stdout", text], check=True, capture_output=True, timeout=30).stdout
    samples, rate_hz = soundfile.read(io.BytesIO(spoken), dtype="int16")
    return Pcm(samples, rate_hz)


def noise(duration_s: float, rate_hz: int, level_dbfs: float | None) -> Pcm:
    """
    What a caller sends while silent: digital silence, or white noise of the given level.

    Digital silence is what a muted page sends and is cheap for a server with a level gate;
    a quiet room is nearer to -50 dB. The noise is the same in every run.
    """
    count = round(duration_s * rate_hz)
    if level_dbfs is None:
        return Pcm(np.zeros(count, np.int16), rate_hz)
    amplitude = 32768 * 10 ** (level_dbfs / 20)
    hiss = np.random.default_rng(seed=1).normal(0.0, amplitude, count)
    return Pcm(np.clip(np.rint(hiss), -32768, 32767).astype(np.int16), rate_hz)


def frames_of(pcm: Pcm) -> list[bytes]:
    """A stretch of sound cut into 20 ms of PCM16, little-endian."""
    size = round(FRAME_S * pcm.rate_hz)
    return [
        pcm.samples[first : first + size].astype("<i2").tobytes()
        for first in range(0, len(pcm.samples) - size + 1, size)
    ]
