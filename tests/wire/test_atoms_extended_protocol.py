"""
The golden conversations of the extension, with the ring that keeps what a client may not have.

How a line is read, protocol/README.md says.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.wire.golden import EXTENDED, described
from vivavoce.audio.pcm import Pcm
from vivavoce.speech import ToolCall
from vivavoce.talk import facts
from vivavoce.wire.atoms import AtomsCodec
from vivavoce.wire.atoms_extended import ExtendedCodec
from vivavoce.wire.dialect import Broken, Frame, Ping, SessionNames
from vivavoce.wire.extension import extension_from_url
from vivavoce.wire.formats import from_url
from vivavoce.wire.unacknowledged import Unacknowledged

UNNUMBERED = ("session.created", "input_ack", "pong")

Line = dict[str, Any]


class Server:
    """What a session does with the codec and the ring, line by line."""

    def __init__(self, head: Line, connect: dict[str, str]) -> None:
        session, resume = head["session"], head["resume"]
        names = SessionNames(session["session_id"], session["call_id"], datetime.fromisoformat(session["opened_at"]))
        formats = from_url({name: session[name] for name in ("input_audio_format", "output_audio_format")})
        extension = extension_from_url(connect)
        assert extension is not None
        self.codec = ExtendedCodec(
            AtomsCodec(names, formats, session["mode"]),
            formats,
            extension,
            resume_token=resume["token"],
            resume_window_s=resume["window_s"],
        )
        self.ring = Unacknowledged()
        # Frames that the next lines must be, each with whether it is binary: what answers a client's line.
        self.owed = [(frame, False) for frame in self.codec.hello()]

    def connected(self, query: dict[str, str]) -> None:
        """The client has come back on another socket."""
        again = self.ring.since(int(query["last_seq"]))
        assert again is not None
        self.owed = [*((frame, False) for frame in self.codec.hello_again()), *again]

    def received(self, line: Line) -> dict[str, Any] | None:
        """What a message of the client means; its answer is owed from then on."""
        data = b64decode(line["binary"]) if "binary" in line else json.dumps(line["message"]).encode()
        received = self.codec.receive(data, text="message" in line)
        match received:
            case Broken(code, message):
                self.owed = self._kept(self.codec.error(code, message))
            case Ping(ping_id):
                self.owed = [(frame, False) for frame in self.codec.pong(ping_id)]
        if (ack := self.codec.acknowledgement()) is not None:
            self.owed.append((ack, False))
        return described(received)

    def sent(self, line: Line) -> tuple[Frame, bool]:
        """The frame that a line of the server is, with whether it is binary."""
        if self.owed:
            return self.owed.pop(0)
        numbers = line.get("frame") or line["message"]
        match line:
            case {"fact": {"kind": kind, **fields}}:
                frames = self._kept(self.codec.tell(msgspec.convert(fields, getattr(facts, kind))))
            case {"call": call}:
                frames = self._kept(self.codec.call(ToolCall(**call)))
            case {"samples": samples}:
                pcm = Pcm(np.array(samples, np.int16), self.codec.agent_rate_hz)
                voice = self.codec.voice(pcm, turn=numbers["turn"], start=numbers["start"])
                frames = self._kept([voice], binary=self.codec.voice_is_binary)
            case _:
                frames = self._kept(self.codec.bye(line["message"]["reason"]))
        (frame,) = frames
        return frame

    def _kept(self, frames: Sequence[Frame], *, binary: bool = False) -> list[tuple[Frame, bool]]:
        for frame in frames:
            self.ring.add(frame, binary=binary)
        return [(frame, binary) for frame in frames]


@pytest.mark.parametrize("path", EXTENDED, ids=lambda path: path.stem)
def test_the_codec_speaks_the_golden_conversation(path: Path) -> None:
    """Every client's line is understood as written, every server's line is made from its cause or sent again."""
    head, first, *lines = map(json.loads, path.read_text().splitlines())
    server = Server(head, first["connect"])
    for number, line in enumerate(lines, 3):
        if line["direction"] == "server":
            frame, binary = server.sent(line)
            made = {"binary": b64encode(frame).decode()} if binary else {"message": json.loads(frame)}

            assert {key: line[key] for key in ("binary", "message") if key in line} == made, f"line {number}"
            continue

        assert [] == server.owed, f"line {number} comes before the answer"
        if "connect" in line:
            server.connected(line["connect"])
        elif not line.get("lost"):
            received = server.received(line)
            kind = None if received is None else received["kind"]

            # Beside a message that breaks the contract stands nothing, and the next line is the error.
            assert ("received" in line) == (kind != "Broken"), f"line {number}"
            assert line.get("received", received) == received, f"line {number}"
    assert [] == server.owed


def numbers_in(lines: Sequence[Line], wanted: Callable[[Line], bool]) -> list[int]:
    """The numbers of the lines that are numbered and wanted."""
    numbered = [line.get("frame") or line.get("message", {}) for line in lines if wanted(line)]
    return [numbers["seq"] for numbers in numbered if "seq" in numbers and numbers.get("type") not in UNNUMBERED]


@pytest.mark.parametrize("path", EXTENDED, ids=lambda path: path.stem)
def test_both_sides_number_their_messages_one_by_one(path: Path) -> None:
    """Across the sockets of the call; what comes a second time keeps its number."""
    lines = [json.loads(line) for line in path.read_text().splitlines()[1:]]
    of_server = numbers_in(lines, lambda line: line["direction"] == "server" and not line.get("again"))
    of_client = numbers_in(lines, lambda line: line["direction"] == "client")

    assert list(range(1, len(of_server) + 1)) == of_server
    assert list(range(1, max(of_client) + 1)) == sorted(set(of_client))


def test_there_are_golden_conversations() -> None:
    """With either kind of frames, and with every message of the extension; a wrong path would pass all else."""
    lines = [json.loads(line) for path in EXTENDED for line in path.read_text().splitlines()[1:]]
    connects = [line["connect"] for line in lines if "connect" in line]
    kinds = {line["message"]["type"] for line in lines if "message" in line}

    assert {"json", "binary"} <= {query.get("frames", "json") for query in connects}
    assert len([query for query in connects if "resume" in query]) >= 2
    assert {"caption", "hold", "release", "turn_metrics", "playback", "ping", "pong", "input_ack"} <= kinds
    assert {"user_started_speaking", "user_stopped_speaking", "tool_started", "tool_ended"} <= kinds
