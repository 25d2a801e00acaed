"""The helper process that speaks, at the other end of a pipe."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from vivavoce.engines.espeak_process import ASK_SPEAK, AUDIO, CLAUSE, END, FAILED, HEAD, PLACE, RATE, READY, SPEAK, WORD

COMMAND = [sys.executable, "-m", "vivavoce.engines.espeak_process"]

Process = subprocess.Popen[bytes]


@pytest.fixture
def process() -> Iterator[Process]:
    """A process that is ready."""
    with started() as process:
        assert (READY, 0, RATE.pack(22_050)) == receive(process)
        yield process


@contextlib.contextmanager
def started(*arguments: str) -> Iterator[Process]:
    with subprocess.Popen(
        [*COMMAND, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def pipe(end: IO[bytes] | None) -> IO[bytes]:
    assert end is not None
    return end


def ask(process: Process, text: bytes, request: int = 1, *, voices: bytes = b"en-us", kind: bytes = ASK_SPEAK) -> None:
    """Ask for speech."""
    payload = SPEAK.pack(150, 0, len(voices)) + voices + text
    pipe(process.stdin).write(HEAD.pack(kind, request, len(payload)) + payload)
    pipe(process.stdin).flush()


def receive(process: Process) -> tuple[bytes, int, bytes]:
    """The next answer."""
    kind, request, length = HEAD.unpack(pipe(process.stdout).read(HEAD.size))
    return kind, request, pipe(process.stdout).read(length)


def answers(process: Process) -> list[tuple[bytes, int, bytes]]:
    """All answers to a request."""
    found = [receive(process)]
    while found[-1][0] not in (END, FAILED):
        found.append(receive(process))
    return found


def test_it_answers_with_words_clauses_sound_and_an_end(process: Process) -> None:
    """Every answer carries the number of the request; places are counted in characters, from zero."""
    ask(process, "Früh auf, go.".encode(), 7)
    found = answers(process)
    words = [PLACE.unpack(payload) for kind, _, payload in found if kind == WORD]
    samples = sum(len(payload) for kind, _, payload in found if kind == AUDIO) // 2

    assert {7} == {request for _, request, _ in found}
    assert [0, 5, 10] == [place for place, _ in words]
    assert 0 == words[0][1] < words[1][1] < words[2][1] < samples
    assert CLAUSE in {kind for kind, _, _ in found}
    assert (END, 7, b"") == found[-1]


def test_a_word_comes_before_the_sound_that_holds_it(process: Process) -> None:
    """Captions can be sent with the frame."""
    ask(process, b"one two three four five")
    samples = 0
    for kind, _, payload in answers(process):
        if kind == AUDIO:
            samples += len(payload) // 2
        elif kind == WORD:
            assert samples <= PLACE.unpack(payload)[1]


def test_voices_are_tried_in_order(process: Process) -> None:
    """The first that exists speaks; without any the request fails, and the next one works."""
    ask(process, b"Hello", 1, voices=b"no-such-voice\nde")
    ask(process, b"Hello", 2, voices=b"no-such-voice\nneither")
    ask(process, b"Hello", 3)

    assert END == answers(process)[-1][0]
    assert (FAILED, 2, b"none of the voices no-such-voice, neither is there") == answers(process)[-1]
    assert END == answers(process)[-1][0]


@pytest.mark.parametrize("text", [b"", b"...", b" ", b"<speak>", b"[[x]]", b"\xff\xfe", b"a\x00b", b"\x01 1s x"])
def test_odd_texts_come_to_an_end(process: Process, text: bytes) -> None:
    """Whatever is asked, there is an answer, and the process goes on."""
    ask(process, text)

    assert END == answers(process)[-1][0]


def test_an_unknown_request_is_answered(process: Process) -> None:
    """A newer server learns that this process is older."""
    ask(process, b"", 5, kind=b"Z")

    assert (FAILED, 5, b"unknown request b'Z'") == receive(process)


def test_it_ends_when_its_input_ends(process: Process) -> None:
    """Also in the middle of a request."""
    pipe(process.stdin).write(HEAD.pack(ASK_SPEAK, 1, 500) + b"only the beginning")
    pipe(process.stdin).close()

    assert 0 == process.wait(5)


def test_it_ends_when_nobody_reads_its_answers(process: Process) -> None:
    """A closed pipe is the end, not a crash."""
    pipe(process.stdout).close()
    ask(process, b"Hello")

    assert 0 == process.wait(5)


def test_ctrl_c_does_not_end_it(process: Process) -> None:
    """A terminal interrupts the whole group, but the server decides when to end."""
    process.send_signal(signal.SIGINT)
    ask(process, b"Hello")

    assert END == answers(process)[-1][0]


def test_missing_data_is_told_in_the_first_frame(tmp_path: Path) -> None:
    """The reason names the folder."""
    from vivavoce.engines.espeak import open_engine

    library = open_engine({}).library
    with started(str(library), str(tmp_path)) as process:
        kind, request, reason = receive(process)

    assert (FAILED, 0) == (kind, request)
    assert str(tmp_path) in reason.decode()


@pytest.mark.parametrize("content", [b"", b"no library"])
def test_another_library_is_told_in_the_first_frame(tmp_path: Path, content: bytes) -> None:
    """It is not a crash."""
    (tmp_path / "lib.so").write_bytes(content)
    with started(str(tmp_path / "lib.so")) as process:
        assert (FAILED, 0) == receive(process)[:2]


def test_it_is_small() -> None:
    """Nothing heavy is imported: no numpy, no asyncio."""
    program = "import sys, vivavoce.engines.espeak_process; print({'numpy', 'asyncio', 'msgspec'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "set()" == found.stdout.strip()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_it_does_not_outlive_a_server_that_is_killed() -> None:
    """Without a goodbye the pipe still closes."""
    program = (
        "import asyncio\n"
        "from vivavoce.engines.espeak import open_engine\n"
        "async def main():\n"
        "    engine = open_engine({})\n"
        "    await engine.warm()\n"
        "    print(engine.helper.pid, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        helper = int(server.stdout.readline())
        os.kill(helper, 0)
        server.kill()
    deadline = time.monotonic() + 5
    while is_alive(helper) and time.monotonic() < deadline:
        time.sleep(0.01)

    assert not is_alive(helper)


def is_alive(pid: int) -> bool:
    """Whether the process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
