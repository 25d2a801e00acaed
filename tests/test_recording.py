"""Recordings: both voices on one timeline, whatever happens to the process."""

import asyncio
import random
from collections.abc import Callable, Sequence
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


def tone(samples: int, level: int = 1) -> Samples:
    """Sound whose samples all have one value."""
    return np.full(samples, level, np.int16)


def laid(tracks: Tracks) -> tuple[list[int], list[int]]:
    """Both tracks from their beginning to now, as they lie in the files."""
    files: tuple[list[int], list[int]] = ([], [])
    for file, track in zip(files, tracks.flush(), strict=True):
        assert track.start == len(file)

        for piece in track.pieces:
            file += piece.tolist()
    return files


def made(folder: Path, *, sound: bool = True, hz: int = HZ) -> Recording:
    """A recording in a folder."""
    return Recording(folder / "CALL-1", visitor_hz=hz, agent_hz=hz, sound=sound)


def new_tracks(*sent: Samples) -> Tracks:
    """Tracks of a call whose agent has sent this in its first turn."""
    tracks = Tracks(visitor_hz=HZ, agent_hz=HZ)
    for samples in sent:
        tracks.agent(1, samples)
    return tracks


def sound_of(rate_hz: int) -> list[int]:
    """Three seconds whose samples tell where they belong; none of them is silence."""
    return [1 + number % 30_000 for number in range(3 * rate_hz)]


def first_of(track: list[int]) -> int:
    """Where the first sound is."""
    return next(number for number, sample in enumerate(track) if sample)


def recorded(
    began_at: float,
    *,
    rate_hz: int = HZ,
    plays: Sequence[tuple[float, float]] = (),
    late_s: Callable[[], float] = lambda: 0.0,
) -> list[int]:
    """
    The agent's track of a reply of three seconds that a mouth says.

    Args:
        began_at: When the client plays its first sample, as far as the mouth knows.
        rate_hz: Of its sound.
        plays: From when to when a client that reports plays; it tells when it begins and stops, and in between.
        late_s: How late each report comes.
    """
    mouth = Mouth(reply=1, rate_hz=rate_hz, lead_s=1.0, policy=Policy(), client_reports=bool(plays))
    mouth.expect(0, "words")
    mouth.voiced(0, Pcm(np.array(sound_of(rate_hz), np.int16), rate_hz), ())
    mouth.close()
    reports: list[tuple[float, float, bool]] = []
    before_s = 0.0
    for begin, end in plays:
        moments = [*np.arange(begin, end, 0.25).tolist(), end]
        reports += [(at + late_s(), before_s + at - begin, at < end) for at in moments]
        before_s += end - begin
    tracks = Tracks(visitor_hz=HZ, agent_hz=rate_hz)
    for step in range(600):
        at = began_at - Policy().client_delay_s + step * 0.01
        while reports and reports[0][0] <= at:
            mouth.played(*reports[0][:2], plays=reports[0][2])
            del reports[0]
        for frame in mouth.due(at):
            tracks.agent(frame.reply, frame.pcm.samples)
        # As the agent does it: in steps, and at the end.
        if (heard := mouth.newly_heard(at, at_least_s=0.0 if mouth.finished(at) else 0.05)) is not None:
            tracks.sounded(1, *heard)
    return laid(tracks)[1]


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


def test_the_agents_sound_lies_where_it_was_heard() -> None:
    """Rule: its place is when the visitor heard it, not when it was sent."""
    tracks = new_tracks(tone(100, 5), tone(100, 6))
    tracks.sounded(1, 1.65, 150)
    tracks.sounded(1, 1.7, 200)

    assert [0] * 1500 + [5] * 100 + [6] * 100 == laid(tracks)[1]


def test_what_was_cut_is_not_on_the_track() -> None:
    """Rule: the recording ends at the same word as transcript and memory."""
    tracks = new_tracks(*(tone(100, number + 1) for number in range(5)))
    tracks.sounded(1, 1.25, 250)
    tracks.cut(1)
    tracks.agent(2, tone(10, 9))
    tracks.sounded(2, 2.01, 10)

    assert [0] * 1000 + [1] * 100 + [2] * 100 + [3] * 50 + [0] * 750 + [9] * 10 == laid(tracks)[1]


def test_a_new_turn_takes_the_place_of_what_is_left_of_the_old_one() -> None:
    """Rule: sound of a turn that nobody cut is not heard any more once the next one begins."""
    tracks = new_tracks(tone(100, 1))
    tracks.sounded(1, 1.05, 50)
    tracks.agent(2, tone(100, 2))
    tracks.sounded(1, 1.1, 100)
    tracks.sounded(2, 1.15, 100)

    assert [0] * 1000 + [1] * 50 + [2] * 100 == laid(tracks)[1]


def test_what_was_cut_before_it_began_is_nowhere() -> None:
    """Rule: a reply that was cut before its first sample was heard leaves no sound."""
    tracks = new_tracks(tone(100))
    tracks.cut(1)
    tracks.sounded(1, 1.5, 100)

    assert ([], []) == laid(tracks)


def test_the_end_of_an_old_turn_cuts_nothing_of_a_new_one() -> None:
    """Rule: a cut belongs to its turn."""
    tracks = Tracks(visitor_hz=HZ, agent_hz=HZ)
    tracks.agent(2, tone(10, 2))
    tracks.cut(1)
    tracks.sounded(2, 0.01, 10)

    assert [2] * 10 == laid(tracks)[1]


def test_sound_that_may_still_be_cut_is_not_written() -> None:
    """Rule: only what has been heard is certain."""
    tracks = new_tracks(tone(100))

    assert [] == tracks.flush()[1].pieces

    tracks.sounded(1, 1.04, 40)
    assert [1000, 40] == [len(piece) for piece in tracks.flush()[1].pieces]

    tracks.sounded(1, 1.1, 100)
    assert [60] == [len(piece) for piece in tracks.flush()[1].pieces]


def test_more_than_was_sent_cannot_have_been_heard() -> None:
    """Rule: whatever is said of it, a track has no sound that was not sent, and none twice."""
    tracks = new_tracks(tone(100))
    for at, heard in ((1.1, 5000), (1.2, 80), (1.3, 6000)):
        tracks.sounded(1, at, heard)

    assert 100 == sum(laid(tracks)[1])


@pytest.mark.parametrize("rate_hz", [8000, 22_050, 24_000])
@pytest.mark.parametrize("began_at", [1 / 3, (44_100 + 0.5) / 22_050])
def test_what_the_mouth_says_joins_to_the_sample(began_at: float, rate_hz: int) -> None:
    """Rule (pain 32): where none was heard there is no gap, at rates that do not divide evenly too."""
    heard = recorded(began_at, rate_hz=rate_hz)

    assert round(began_at * rate_hz) == pytest.approx(first_of(heard), abs=1)
    assert sound_of(rate_hz) == heard[first_of(heard) :]


@pytest.mark.parametrize("late_s", [0.02, 0.2, 0.5])
def test_a_client_that_is_late_shifts_the_recording(late_s: float) -> None:
    """Rule: where it says what it has played, that is where its sound lies, within 10 ms."""
    heard = recorded(1.0, plays=[(1.0 + late_s, 4.0 + late_s)])

    assert (1.0 + late_s) * HZ == pytest.approx(first_of(heard), abs=10)
    assert sound_of(HZ) == heard[first_of(heard) :]


def test_sound_that_stood_still_has_the_gap_that_was_heard() -> None:
    """Rule: a suspended output, or one that had nothing to play, is a gap where and as long as it was."""
    heard = recorded(1.0, plays=[(1.0, 1.5), (2.3, 4.8)])
    sound = sound_of(HZ)

    assert 1000 == pytest.approx(first_of(heard), abs=10)
    assert sound[:500] == heard[first_of(heard) :][:500]
    assert sound == [sample for sample in heard if sample]
    rest = heard[first_of(heard) + 500 :]
    assert 800 == pytest.approx(first_of(rest), abs=10)
    assert sound[500:] == rest[first_of(rest) :]


@pytest.mark.parametrize("seed", range(20))
def test_reports_that_jitter_make_no_gap_and_lose_no_sample(seed: int) -> None:
    """Rule: reports that come early and late by 30 ms leave the sound whole, and within 35 ms of its place."""
    dice = random.Random(seed)
    heard = recorded(1.0, plays=[(1.0, 4.0)], late_s=lambda: dice.uniform(-0.03, 0.03))

    assert 1000 == pytest.approx(first_of(heard), abs=35)
    assert sound_of(HZ) == heard[first_of(heard) :]


FRAMES = st.lists(st.tuples(st.integers(0, 1500), st.integers(1, 300)), max_size=40)
# The silence before each turn, the lengths of its frames, and the steps in which they are heard, in samples.
SOUNDS = st.lists(st.integers(1, 200), min_size=1, max_size=8)
REPLIES = st.lists(st.tuples(st.integers(0, 400), SOUNDS, st.lists(st.integers(1, 300), max_size=8)))


@settings(max_examples=100)
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


@settings(max_examples=100)
@given(replies=REPLIES)
def test_the_agent_track_is_what_a_listener_hears(replies: list[tuple[int, list[int], list[int]]]) -> None:
    """Rule: random replies, heard in random steps, cut and written at random moments, lie as an ear heard them."""
    tracks = Tracks(visitor_hz=HZ, agent_hz=HZ)
    ear: list[int] = []
    file: list[int] = []
    for turn, (pause, lengths, steps) in enumerate(replies, 1):
        for number, length in enumerate(lengths, 1):
            tracks.agent(turn, tone(length, number))
        sent = [number for number, length in enumerate(lengths, 1) for _ in range(length)]
        # Silence before the first sound of a turn is kept to the sample, however short it is.
        ear += [0] * pause
        heard = 0
        for step in steps:
            step = min(step, len(sent) - heard)
            ear += sent[heard : heard + step]
            heard += step
            tracks.sounded(turn, len(ear) / HZ, heard)
        tracks.cut(turn)
        for piece in tracks.flush()[1].pieces:
            file += piece.tolist()
    while ear and not ear[-1]:
        ear.pop()

    assert ear == file


# -- the files ----------------------------------------------------------------------------------------------


def test_a_finished_recording_is_stereo(tmp_path: Path) -> None:
    """Rule: left the visitor, right the agent, at the higher of the two rates."""
    recording = Recording(tmp_path / "CALL-1", visitor_hz=8000, agent_hz=16_000, sound=True)
    recording.visitor(1.0, tone(8000, 1000))
    recording.agent(1, tone(16_000, 2000))
    recording.sounded(1, 3.0, 16_000)
    recording.write(recording.take())
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
            recording.agent(1, tone(10, number))
            recording.sounded(1, number * 0.1, number * 9)
            if recording is portions and number % 9 == 0:
                recording.write(recording.take())
        recording.write(recording.take())

    assert {file.name: file.read_bytes() for file in whole.folder.iterdir()} == {
        file.name: file.read_bytes() for file in portions.folder.iterdir()
    }


def test_without_sound_there_is_only_the_journal(tmp_path: Path) -> None:
    """Rule: an agent that does not record leaves no voice on the disk."""
    recording = made(tmp_path, sound=False)
    recording.visitor(1.0, tone(100))
    recording.agent(1, tone(100))
    recording.sounded(1, 1.05, 50)
    recording.cut(1)
    recording.note(b"{}")
    recording.write(recording.take())

    assert {"tracks.json", JOURNAL_FILE} == {file.name for file in recording.folder.iterdir()}
    assert join_tracks(recording.folder) is None


def test_the_journal_is_lines(tmp_path: Path) -> None:
    """Rule: every note is one line, in order, over all portions."""
    recording = made(tmp_path)
    for number in range(5):
        recording.note(b"%d" % number)
        recording.write(recording.take())

    assert b"0\n1\n2\n3\n4\n" == (recording.folder / JOURNAL_FILE).read_bytes()


def test_nobody_else_may_read_a_recording(tmp_path: Path) -> None:
    """Rule: voices are private: folder and files are the operator's alone."""
    recording = made(tmp_path)
    recording.visitor(1.0, tone(10))
    recording.note(b"{}")
    recording.write(recording.take())

    assert 0o700 == recording.folder.stat().st_mode & 0o777
    assert 0 == (recording.folder / "visitor.s16").stat().st_mode & 0o077
    assert 0 == (recording.folder / JOURNAL_FILE).stat().st_mode & 0o077


def test_a_killed_process_leaves_a_recording(tmp_path: Path) -> None:
    """Rule: half a sample at the end, and no agent file at all: the next start finds and finishes it."""
    recording = made(tmp_path)
    recording.visitor(0.02, tone(20, 300))
    recording.write(recording.take())
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
    recording.agent(1, tone(20, 500))
    recording.sounded(1, 0.02, 20)
    recording.write(recording.take())
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
    recording.write(recording.take())
    (recording.folder / f"{DUAL_FILE}.part").write_bytes(b"fLaC")
    joined = join_tracks(recording.folder)
    assert joined is not None

    assert 20 == len(soundfile.read(joined)[0])


def test_joining_twice_is_joining_once(tmp_path: Path) -> None:
    """Rule: a finished recording stays what it is."""
    recording = made(tmp_path)
    recording.visitor(0.02, tone(20, 300))
    recording.write(recording.take())
    first = join_tracks(recording.folder)

    assert first == join_tracks(recording.folder)


@pytest.mark.parametrize("shape", [None, b"", b"{", b'{"visitor_hz":"x"}', b"\xff"])
def test_a_recording_that_cannot_be_read_says_so(tmp_path: Path, shape: bytes | None) -> None:
    """Rule: a folder that is not whole is a ``StoreError`` that names it, and its sound stays."""
    recording = made(tmp_path)
    recording.visitor(0.02, tone(20, 300))
    recording.write(recording.take())
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
    recording.write(recording.take())
    recording.visitor(0.04, tone(20, 2))
    # The disk is full, and these are lost.
    recording.take()
    recording.visitor(0.06, tone(20, 3))
    recording.write(recording.take())
    track = np.frombuffer((recording.folder / "visitor.s16").read_bytes(), np.int16)

    assert [1] * 20 + [0] * 20 + [3] * 20 == track.tolist()


# -- the recorder -------------------------------------------------------------------------------------------


def test_the_recorder_writes_while_calls_run(tmp_path: Path) -> None:
    """Rule: a killed process loses at most about a second."""

    async def calls() -> int:
        recorder = Recorder()
        recording = made(tmp_path)
        recorder.add(recording)
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
        recorder.add(recording)
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
            recorder.add(recording)
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
        recorder.add(recording)
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
