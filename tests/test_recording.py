"""Recordings: both voices on one timeline, whatever happens to the process."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.audio.windows import VAD_RATE_HZ
from vivavoce.errors import StoreError
from vivavoce.microphone import Microphone
from vivavoce.recording import DUAL_FILE, JOURNAL_FILE, Recorder, Recording, Tracks, join_tracks, unfinished
from vivavoce.talk.mouth import Mouth
from vivavoce.talk.policy import Policy
from vivavoce.testing.virtual_loop import run

HZ = 1000
END = float("inf")


def tone(samples: int, level: int = 1) -> Samples:
    """Sound whose samples all have one value."""
    return np.full(samples, level, np.int16)


def laid(tracks: Tracks, at: float = END) -> tuple[list[int], list[int]]:
    """Both tracks from their beginning to a moment, as they lie in the files."""
    files: tuple[list[int], list[int]] = ([], [])
    for file, track in zip(files, tracks.flush(at), strict=True):
        assert track.start == len(file)

        for piece in track.pieces:
            file += piece.tolist()
    return files


def made(folder: Path, *, sound: bool = True, hz: int = HZ) -> Recording:
    """A recording in a folder."""
    return Recording(folder / "CALL-1", visitor_hz=hz, agent_hz=hz, sound=sound)


# -- the timeline -------------------------------------------------------------------------------------------


def test_the_visitors_sound_lies_where_it_was_heard() -> None:
    """Rule: silence before the first frame; frames that follow each other join."""
    tracks = Tracks(visitor_hz=HZ, agent_hz=HZ)
    tracks.visitor(0.2, tone(20, 7))
    tracks.visitor(0.22, tone(20, 8))
    visitor, _ = laid(tracks)

    assert [0] * 180 + [7] * 20 + [8] * 20 == visitor


def test_jitter_makes_no_gaps() -> None:
    """Rule: a frame that is a little late joins the one before it: no click, no drift."""
    tracks = Tracks(visitor_hz=HZ, agent_hz=HZ)
    for number in range(1, 101):
        late_s = 0.2 if number % 7 == 0 else 0.0
        tracks.visitor(number * 0.02 + late_s, tone(20))
    visitor, _ = laid(tracks)

    assert [1] * 2000 == visitor


def test_a_muted_microphone_is_silence() -> None:
    """Rule: what was not sent takes its time on the track."""
    tracks = Tracks(visitor_hz=HZ, agent_hz=HZ)
    tracks.visitor(0.02, tone(20))
    tracks.visitor(5.0, tone(20))
    visitor, _ = laid(tracks)

    assert [1] * 20 + [0] * 4960 + [1] * 20 == visitor


def test_the_agents_sound_lies_where_it_is_played() -> None:
    """Rule: its place is when the client plays it, not when it was sent."""
    tracks = Tracks(visitor_hz=HZ, agent_hz=HZ)
    tracks.agent(1.5, Pcm(tone(100, 5), HZ))
    tracks.agent(1.6, Pcm(tone(100, 6), HZ))
    _, agent = laid(tracks)

    assert [0] * 1500 + [5] * 100 + [6] * 100 == agent


def test_what_was_cut_is_not_on_the_track() -> None:
    """Rule: the recording ends at the same word as transcript and memory."""
    tracks = Tracks(visitor_hz=HZ, agent_hz=HZ)
    for number in range(5):
        tracks.agent(1.0 + number * 0.1, Pcm(tone(100, number + 1), HZ))
    tracks.cut(1.25)
    tracks.agent(2.0, Pcm(tone(10, 9), HZ))
    _, agent = laid(tracks)

    assert [0] * 1000 + [1] * 100 + [2] * 100 + [3] * 50 + [0] * 750 + [9] * 10 == agent


def test_what_was_cut_before_it_began_is_nowhere() -> None:
    """Rule: a reply that was cut before its first sample was played leaves no sound."""
    tracks = Tracks(visitor_hz=HZ, agent_hz=HZ)
    tracks.agent(1.0, Pcm(tone(100), HZ))
    tracks.cut(0.95)

    assert ([], []) == laid(tracks)


def test_sound_that_may_still_be_cut_is_not_written() -> None:
    """Rule: only what has been heard is certain."""
    tracks = Tracks(visitor_hz=HZ, agent_hz=HZ)
    tracks.agent(1.0, Pcm(tone(100), HZ))

    assert [] == tracks.flush(1.05)[1].pieces
    assert [1000, 100] == [len(piece) for piece in tracks.flush(1.1)[1].pieces]


@pytest.mark.parametrize("began_at", [1 / 3, (44_100 + 0.5) / 22_050])
def test_frames_of_the_mouth_join_to_the_sample(began_at: float) -> None:
    """Rule: at rates that do not divide evenly, rounding makes no gap between two frames of one stretch."""
    rate_hz = 22_050
    mouth = Mouth(reply=1, rate_hz=rate_hz, lead_s=1.0, policy=Policy())
    mouth.expect(0, "words")
    sound = np.arange(1, rate_hz * 3, dtype=np.int16)
    mouth.voiced(0, Pcm(sound, rate_hz), ())
    tracks = Tracks(visitor_hz=HZ, agent_hz=rate_hz)
    for step in range(400):
        for frame in mouth.due(began_at - Policy().client_delay_s + step * 0.01, 0):
            tracks.agent(frame.play_at, frame.pcm)
    _, agent = laid(tracks)

    assert [0] * round(began_at * rate_hz) + sound.tolist() == agent


FRAMES = st.lists(st.tuples(st.integers(0, 1500), st.integers(1, 300)), max_size=40)
# Even numbers of samples: a gap of a single one is taken for rounding, and closed.
EVEN = st.integers(0, 200).map(lambda number: 2 * number)
SOUNDS = st.lists(st.integers(1, 100).map(lambda number: 2 * number), min_size=1, max_size=8)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(frames=FRAMES)
def test_the_visitor_track_is_never_far_from_its_time(frames: list[tuple[int, int]]) -> None:
    """Rule (pain 32): by position, not by arrival: no frame lies earlier or more than a quarter second off."""
    tracks = Tracks(visitor_hz=HZ, agent_hz=HZ)
    now, ends_at = 0, 0
    expected: list[tuple[int, int, int]] = []
    for number, (pause, length) in enumerate(frames, 1):
        now += pause + length
        tracks.visitor(now / HZ, tone(length, number))
        start = now - length
        # Independent of the code: late by up to 250 samples joins, later is placed, and so is the first.
        begins_at = start if start - ends_at > (250 if expected else 0) else ends_at
        expected.append((number, begins_at, length))
        ends_at = begins_at + length
    visitor, _ = laid(tracks)

    assert ends_at == len(visitor)
    for number, begins_at, length in expected:
        assert [number] * length == visitor[begins_at : begins_at + length]
    assert len(visitor) - visitor.count(0) == sum(length for _, length in frames)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(replies=st.lists(st.tuples(EVEN, SOUNDS, EVEN)))
def test_the_agent_track_is_what_a_listener_hears(replies: list[tuple[int, list[int], int]]) -> None:
    """Rule: random replies, cut at random moments and written in random portions, lie as an ear would hear them."""
    tracks = Tracks(visitor_hz=HZ, agent_hz=HZ)
    ear: dict[int, int] = {}
    file: list[int] = []
    now = 0
    for pause, lengths, heard in replies:
        now += pause
        play_at = now
        for number, length in enumerate(lengths, 1):
            tracks.agent(play_at / HZ, Pcm(tone(length, number), HZ))
            ear |= {sample: number for sample in range(play_at, play_at + length) if sample < now + heard}
            play_at += length
        now += heard
        tracks.cut(now / HZ)
        for piece in tracks.flush((now - 50) / HZ)[1].pieces:
            file += piece.tolist()
    for piece in tracks.flush(END)[1].pieces:
        file += piece.tolist()

    assert [ear.get(sample, 0) for sample in range(len(file))] == file
    assert len(file) == (max(ear) + 1 if ear else 0)


# -- the files ----------------------------------------------------------------------------------------------


def test_a_finished_recording_is_stereo(tmp_path: Path) -> None:
    """Rule: left the visitor, right the agent, at the higher of the two rates."""
    recording = Recording(tmp_path / "CALL-1", visitor_hz=8000, agent_hz=16_000, sound=True)
    recording.visitor(1.0, tone(8000, 1000))
    recording.agent(2.0, Pcm(tone(16_000, 2000), 16_000))
    recording.write(recording.take(END))
    file = join_tracks(recording.folder)
    assert file is not None
    sound, rate_hz = soundfile.read(file, dtype="int16")

    assert recording.folder / DUAL_FILE == file
    assert 16_000 == rate_hz
    assert (3 * 16_000, 2) == sound.shape
    assert np.abs(sound[2000:14_000, 0] - 1000).max() < 20
    assert not sound[: 2 * 16_000 - 100, 1].any()
    assert (sound[2 * 16_000 :, 1] == 2000).all()
    assert not sound[17_000:, 0].any()
    assert {DUAL_FILE, "tracks.json"} == {file.name for file in recording.folder.iterdir()}


def test_a_recording_in_portions_is_the_same_as_one_at_once(tmp_path: Path) -> None:
    """Rule: when something is written does not move it."""
    whole, portions = made(tmp_path / "whole"), made(tmp_path / "portions")
    for recording in (whole, portions):
        for number in range(1, 101):
            recording.visitor(number * 0.02, tone(20, number))
            recording.agent(number * 0.02, Pcm(tone(10, number), HZ))
            if recording is portions and number % 9 == 0:
                recording.write(recording.take(number * 0.02))
        recording.write(recording.take(END))

    assert {file.name: file.read_bytes() for file in whole.folder.iterdir()} == {
        file.name: file.read_bytes() for file in portions.folder.iterdir()
    }


def test_without_sound_there_is_only_the_journal(tmp_path: Path) -> None:
    """Rule: an agent that does not record leaves no voice on the disk."""
    recording = made(tmp_path, sound=False)
    recording.visitor(1.0, tone(100))
    recording.agent(1.0, Pcm(tone(100), HZ))
    recording.cut(1.05)
    recording.note(b"{}")
    recording.write(recording.take(END))

    assert {"tracks.json", JOURNAL_FILE} == {file.name for file in recording.folder.iterdir()}
    assert join_tracks(recording.folder) is None


def test_the_journal_is_lines(tmp_path: Path) -> None:
    """Rule: every note is one line, in order, over all portions."""
    recording = made(tmp_path)
    for number in range(5):
        recording.note(b"%d" % number)
        recording.write(recording.take(END))

    assert b"0\n1\n2\n3\n4\n" == (recording.folder / JOURNAL_FILE).read_bytes()


def test_nobody_else_may_read_a_recording(tmp_path: Path) -> None:
    """Rule: voices are private: folder and files are the operator's alone."""
    recording = made(tmp_path)
    recording.visitor(1.0, tone(10))
    recording.note(b"{}")
    recording.write(recording.take(END))

    assert 0o700 == recording.folder.stat().st_mode & 0o777
    assert 0 == (recording.folder / "visitor.s16").stat().st_mode & 0o077
    assert 0 == (recording.folder / JOURNAL_FILE).stat().st_mode & 0o077


def test_a_killed_process_leaves_a_recording(tmp_path: Path) -> None:
    """Rule: half a sample at the end, and no agent file at all: the next start finds and finishes it."""
    recording = made(tmp_path)
    recording.visitor(0.02, tone(20, 300))
    recording.write(recording.take(0.0))
    with (recording.folder / "visitor.s16").open("ab") as file:
        file.write(b"\x01")
    found = unfinished(tmp_path)
    joined = join_tracks(found[0])
    assert joined is not None
    sound, _ = soundfile.read(joined, dtype="int16")

    assert [recording.folder] == found
    assert [[300, 0]] * 20 == sound.tolist()
    assert [] == unfinished(tmp_path)


def test_a_process_killed_while_it_tidied_up_loses_nothing(tmp_path: Path) -> None:
    """Rule: a finished file is complete: a raw track that was left beside it does not overwrite it."""
    recording = made(tmp_path)
    recording.visitor(0.02, tone(20, 300))
    recording.agent(0.0, Pcm(tone(20, 500), HZ))
    recording.write(recording.take(END))
    agent_track = (recording.folder / "agent.s16").read_bytes()
    join_tracks(recording.folder)
    (recording.folder / "agent.s16").write_bytes(agent_track)
    joined = join_tracks(recording.folder)
    assert joined is not None

    assert [[300, 500]] * 20 == soundfile.read(joined, dtype="int16")[0].tolist()
    assert [] == unfinished(tmp_path)


def test_a_half_written_result_is_not_taken_for_one(tmp_path: Path) -> None:
    """Rule: a file gets its name when it is complete; what a kill left of the joining is written anew."""
    recording = made(tmp_path)
    recording.visitor(0.02, tone(20, 300))
    recording.write(recording.take(END))
    (recording.folder / f"{DUAL_FILE}.part").write_bytes(b"fLaC")
    joined = join_tracks(recording.folder)
    assert joined is not None

    assert 20 == len(soundfile.read(joined)[0])


def test_joining_twice_is_joining_once(tmp_path: Path) -> None:
    """Rule: a finished recording stays what it is."""
    recording = made(tmp_path)
    recording.visitor(0.02, tone(20, 300))
    recording.write(recording.take(END))
    first = join_tracks(recording.folder)

    assert first == join_tracks(recording.folder)


@pytest.mark.parametrize("shape", [None, b"", b"{", b'{"visitor_hz":"x"}', b"\xff"])
def test_a_recording_that_cannot_be_read_says_so(tmp_path: Path, shape: bytes | None) -> None:
    """Rule: a folder that is not whole is a ``StoreError`` that names it, and its sound stays."""
    recording = made(tmp_path)
    recording.visitor(0.02, tone(20, 300))
    recording.write(recording.take(END))
    (recording.folder / "tracks.json").unlink()
    if shape is not None:
        (recording.folder / "tracks.json").write_bytes(shape)

    with pytest.raises(StoreError, match="CALL-1"):
        join_tracks(recording.folder)
    assert (recording.folder / "visitor.s16").exists()


def test_no_folder_has_no_unfinished_recordings(tmp_path: Path) -> None:
    """Rule: the first start ever finds nothing, and does not fail."""
    assert [] == unfinished(tmp_path / "none")


def test_what_a_full_disk_refused_moves_nothing(tmp_path: Path) -> None:
    """Rule (pain 32): sound that could not be written is silence; what comes later lies at its own place."""
    recording = made(tmp_path)
    recording.visitor(0.02, tone(20, 1))
    recording.write(recording.take(END))
    recording.visitor(0.04, tone(20, 2))
    # The disk is full, and these are lost.
    recording.take(END)
    recording.visitor(0.06, tone(20, 3))
    recording.write(recording.take(END))
    track = np.frombuffer((recording.folder / "visitor.s16").read_bytes(), np.int16)

    assert [1] * 20 + [0] * 20 + [3] * 20 == track.tolist()


# -- the recorder -------------------------------------------------------------------------------------------


def test_the_recorder_writes_while_calls_run(tmp_path: Path) -> None:
    """Rule: a killed process loses at most about a second."""

    async def calls() -> int:
        recorder = Recorder()
        recording = made(tmp_path)
        recorder.add(recording, asyncio.get_running_loop().time())
        running = asyncio.create_task(recorder.run())
        recording.visitor(0.02, tone(20))
        await asyncio.sleep(1.0)
        running.cancel()
        return (recording.folder / "visitor.s16").stat().st_size

    assert 40 == run(calls())


def test_the_recorder_finishes_a_call(tmp_path: Path) -> None:
    """Rule: what was not written is written, the tracks are joined, and the call is forgotten."""

    async def calls() -> Path | None:
        recorder = Recorder()
        recording = made(tmp_path)
        recorder.add(recording, 0.0)
        recording.visitor(0.02, tone(20))
        await recorder.flush()
        recording.visitor(0.04, tone(20))
        file = await recorder.finish(recording)
        await recorder.flush()
        return file

    file = run(calls())
    assert file is not None

    assert 40 == len(soundfile.read(file)[0])
    assert not (file.parent / "visitor.s16").exists()


def test_a_recording_that_cannot_be_written_does_not_harm_the_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Rule: the call goes on, the operator is told; at its end the failure has the house's own type."""
    (tmp_path / "file").write_bytes(b"")

    async def calls() -> None:
        recorder = Recorder()
        # A file stands where the folder would have to be.
        broken, good = made(tmp_path / "file"), made(tmp_path)
        for recording in (broken, good):
            recorder.add(recording, 0.0)
            recording.visitor(0.02, tone(20))
        await recorder.flush()

        assert 40 == (good.folder / "visitor.s16").stat().st_size

        broken.visitor(0.04, tone(20))
        with pytest.raises(StoreError, match="CALL-1"):
            await recorder.finish(broken)

    run(calls())

    assert "cannot write the recording" in caplog.text


class _Unheard:
    """Takes windows and never answers."""

    def push(self, window: Samples) -> None:
        pass

    def close(self) -> None:
        pass


class HearsNothing:
    """A voice detector that never answers."""

    name = "hears nothing"

    def stream(self, heard: Callable[[float], None]) -> _Unheard:
        return _Unheard()

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("rate_hz", "frame_s"),
    [(8_000, 0.02), (16_000, 0.032), (22_050, 0.02), (24_000, 0.02), (24_000, 0.1), (44_100, 0.02), (48_000, 0.1707)],
)
def test_the_visitors_sounds_are_heard_when_they_were_made(tmp_path: Path, rate_hz: int, frame_s: float) -> None:
    """Rule (pain 32): from the microphone to the file, every sound lies within 10 ms of its time, the first and all."""
    frame = round(frame_s * rate_hz)
    # The third follows two seconds in which a muted microphone sent nothing.
    bursts_s = np.array([0.8, 1.21, 4.5, 6.0])
    sound = np.zeros(7 * rate_hz, np.int16)
    for at in bursts_s:
        sound[round(at * rate_hz) :][: rate_hz // 100] = np.resize([10_000, 10_000, -10_000, -10_000], rate_hz // 100)

    async def call() -> Path | None:
        loop = asyncio.get_running_loop()
        opened_at = loop.time()
        recorder = Recorder()
        recording = Recording(tmp_path / "CALL-1", visitor_hz=VAD_RATE_HZ, agent_hz=24_000, sound=True)
        recorder.add(recording, opened_at)
        running = asyncio.create_task(recorder.run())
        microphone = Microphone(
            vad=HearsNothing(),
            rate_hz=rate_hz,
            now=lambda: loop.time() - opened_at,
            heard=lambda pcm, speech: None,
            committed=lambda: None,
            record=recording.visitor,
        )
        for end in range(frame, len(sound) + 1, frame):
            now_s = end / rate_hz
            # A frame comes when its last sample has been taken; the client begins half a second late.
            await asyncio.sleep(now_s - (loop.time() - opened_at))
            if not (now_s < 0.5 or 2 < now_s < 4):
                microphone.push(Pcm(sound[end - frame : end], rate_hz))
        microphone.commit()
        running.cancel()
        return await recorder.finish(recording)

    file = run(call())
    assert file is not None
    heard, heard_hz = soundfile.read(file, dtype="int16")
    loud = np.flatnonzero(np.abs(heard[:, 0]) > 3_000)
    begins_s = loud[np.diff(loud, prepend=-heard_hz) > heard_hz // 10] / heard_hz

    assert len(bursts_s) == len(begins_s)
    assert np.abs(begins_s - bursts_s).max() < 0.010
