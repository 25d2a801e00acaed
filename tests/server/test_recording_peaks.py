"""The outline of a recording is drawn once and kept beside it."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tests.server.console.told_call import store_sound
from vivavoce.audio.peaks import Peaks
from vivavoce.errors import StoreError
from vivavoce.server.recording_peaks import peaks_of
from vivavoce.store.calls import Call, RecordingState

BEGAN = datetime(2026, 7, 2, tzinfo=UTC)


def _call(path: str, recording: RecordingState = "ready") -> Call:
    return Call("CALL-1", "s", "a", "webcall", BEGAN, recording=recording, recording_path=path)


def test_it_is_drawn_when_somebody_looks_and_read_from_then_on(tmp_path: Path) -> None:
    """An hour takes seconds to read through: not twice."""
    call = _call(store_sound(tmp_path))
    drawn = asyncio.run(peaks_of(call, tmp_path))
    assert drawn is not None
    (tmp_path / "told" / "dual.flac").write_bytes(b"no longer sound")

    assert drawn == asyncio.run(peaks_of(call, tmp_path))
    assert 9.0 == msgspec.json.decode(drawn, type=Peaks).duration_s
    assert {"dual.flac", "peaks.json"} == {file.name for file in (tmp_path / "told").iterdir()}


def test_a_broken_outline_is_drawn_again(tmp_path: Path) -> None:
    """A full disk may have cut it."""
    call = _call(store_sound(tmp_path))
    drawn = asyncio.run(peaks_of(call, tmp_path))
    (tmp_path / "told" / "peaks.json").write_bytes(b'{"duration_s":')

    assert drawn == asyncio.run(peaks_of(call, tmp_path))


@pytest.mark.parametrize("recording", ["none", "recording", "failed"])
def test_there_is_none_without_a_recording(tmp_path: Path, recording: RecordingState) -> None:
    """Nor before it is ready."""
    assert asyncio.run(peaks_of(_call(store_sound(tmp_path), recording), tmp_path)) is None


def test_a_recording_that_is_no_sound_is_an_error_that_names_the_call(tmp_path: Path) -> None:
    """The log of the server says which."""
    call = _call(store_sound(tmp_path))
    (tmp_path / "told" / "dual.flac").write_bytes(b"no sound")

    with pytest.raises(StoreError, match="CALL-1 cannot be drawn"):
        asyncio.run(peaks_of(call, tmp_path))
