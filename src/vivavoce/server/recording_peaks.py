"""The outlines of recordings: drawn when somebody first looks, and kept beside the sound."""

import asyncio
from pathlib import Path

import msgspec

from vivavoce import ids
from vivavoce.audio.peaks import Peaks, draw_peaks
from vivavoce.errors import StoreError
from vivavoce.server.recordings import file_of
from vivavoce.store.calls import Call

__all__ = ["peaks_of"]

_FILE = "peaks.json"
# As many as the widest screen has dots for; an hour takes a few seconds to be read through.
_MOST, _PER_S = 4000, 50.0


async def peaks_of(call: Call, folder: Path) -> bytes | None:
    """
    The outline of a call's recording as JSON of ``Peaks``; None where there is no recording.

    Raises:
        StoreError: The recording is there but cannot be read.
    """
    sound = await file_of(call, folder, mono=False)
    if sound is None:
        return None
    try:
        return await asyncio.to_thread(_kept, sound)
    except (OSError, ValueError) as error:
        raise StoreError(f"the recording of {call.id} cannot be drawn: {error}") from error


def _kept(sound: Path) -> bytes:
    kept = sound.with_name(_FILE)
    try:
        text = kept.read_bytes()
        msgspec.json.decode(text, type=Peaks)
    except (FileNotFoundError, msgspec.MsgspecError):
        text = msgspec.json.encode(draw_peaks(sound, most=_MOST, per_s=_PER_S))
        # Whoever else wants it now draws his own: the last to be renamed stays, and all are the same.
        draft = sound.with_name(f"peaks-{ids.session_id()}.json")
        try:
            draft.write_bytes(text)
            draft.replace(kept)
        finally:
            draft.unlink(missing_ok=True)
    return text
