"""The way to a client, over one socket after the other."""

import json
from dataclasses import dataclass, field

import numpy as np

from tests.wire.atoms_codec import NAMES
from tests.wire.extended_codec import extended
from vivavoce.audio.pcm import Pcm
from vivavoce.line import Line
from vivavoce.talk import facts
from vivavoce.wire.atoms import AtomsCodec
from vivavoce.wire.atoms_extended import ExtendedCodec
from vivavoce.wire.extension import Frames
from vivavoce.wire.formats import AudioFormats

SOUND = Pcm(np.ones(240, np.int16), 24_000)


@dataclass
class Socket:
    """One socket: keeps what it is sent."""

    sent: list[tuple[bytes, bool]] = field(default_factory=list)
    code: int | None = None

    def send(self, frame: bytes) -> None:
        self.sent.append((frame, False))

    def send_binary(self, frame: bytes) -> None:
        self.sent.append((frame, True))

    def close(self, code: int = 1000) -> None:
        self.code = code

    @property
    def numbers(self) -> list[int]:
        """The numbers of the frames; 0 for those that have none."""
        return [_number(frame, binary) for frame, binary in self.sent]


def _number(frame: bytes, binary: bool) -> int:
    return int.from_bytes(frame[4:8], "little") if binary else int(json.loads(frame).get("seq", 0))


def talk(line: Line, codec: ExtendedCodec) -> None:
    """Two facts with two pieces of sound between them: four frames."""
    line.send(codec.tell(facts.AgentStartedTalking(1.0, 1)))
    for number in range(2):
        line.send_voice(codec.voice(SOUND, turn=1, start=240 * number))
    line.send(codec.tell(facts.AgentStoppedTalking(2.0, 1)))


def opened(frames: Frames = "binary") -> tuple[Line, ExtendedCodec, Socket]:
    """A line on its first socket, over which four frames have gone."""
    codec, socket = extended(frames), Socket()
    line = Line(socket, codec)
    talk(line, codec)
    return line, codec, socket


def test_everything_goes_to_the_socket_in_order() -> None:
    """Rule: sound and texts in the order in which they were made, each as its kind of message."""
    _, _, socket = opened()

    assert [1, 2, 3, 4] == socket.numbers
    assert [False, True, True, False] == [binary for _, binary in socket.sent]


def test_a_plain_client_gets_its_sound_as_it_speaks() -> None:
    """Rule: nothing is kept for one that cannot resume, and it cannot be resumed."""
    socket = Socket()
    codec = AtomsCodec(NAMES, AudioFormats(), "webcall")
    line = Line(socket, codec)
    line.send_voice(codec.voice(SOUND, turn=1, start=0))
    line.acknowledge(1)

    assert [False] == [binary for _, binary in socket.sent]
    assert not line.can_resume(0)


def test_what_was_sent_to_nobody_comes_with_the_next_socket() -> None:
    """Rule: frames above ``last_seq`` in their order, behind the greeting, which has no number."""
    line, codec, first = opened()
    line.lose(first)
    talk(line, codec)
    second = Socket()
    line.resume(second, codec.hello_again(), 2)

    assert [1, 2, 3, 4] == first.numbers
    assert [0, 3, 4, 5, 6, 7, 8] == second.numbers
    assert [False, True, False, False, True, True, False] == [binary for _, binary in second.sent]
    assert "session.created" == json.loads(second.sent[0][0])["type"]


def test_what_comes_again_is_the_same_to_the_byte() -> None:
    """Rule: a frame has its number and its sound once and for all."""
    for frames in ("json", "binary"):
        line, codec, first = opened("json" if frames == "json" else "binary")
        second = Socket()
        line.resume(second, codec.hello_again(), 0)

        assert first.sent == second.sent[1:]


def test_what_belongs_to_a_socket_dies_with_it() -> None:
    """Rule: an acknowledgement or a pong is never sent again."""
    line, codec, first = opened()
    line.send_once(codec.pong(7))
    line.lose(first)
    line.send_once(codec.pong(8))
    second = Socket()
    line.resume(second, codec.hello_again(), 4)

    assert ["pong", "input_ack"] == [json.loads(frame)["type"] for frame, _ in first.sent[4:]]
    assert [0] == second.numbers


def test_a_new_socket_replaces_the_old_one() -> None:
    """Rule: the call takes one socket; the old one is told why it is closed, and gets nothing more."""
    line, codec, first = opened()
    second = Socket()
    line.resume(second, codec.hello_again(), 4)
    talk(line, codec)

    assert 4409 == first.code
    assert [1, 2, 3, 4] == first.numbers
    assert [0, 5, 6, 7, 8] == second.numbers


def test_only_the_socket_in_use_can_be_lost() -> None:
    """Rule: the late end of an old one means nothing."""
    line, codec, first = opened()
    second = Socket()
    line.resume(second, codec.hello_again(), 4)

    assert not line.lose(first)
    assert line.lose(second)
    assert not line.lose(second)


def test_it_can_be_taken_up_where_nothing_is_missing() -> None:
    """Rule: not below what the client has acknowledged, and not above what was ever sent."""
    line, _, _ = opened()
    line.acknowledge(2)

    assert [False, False, True, True, True, False] == [line.can_resume(seq) for seq in range(6)]


def test_the_end_closes_the_socket_in_use() -> None:
    """Rule: normally; where there is none, nothing happens."""
    line, codec, first = opened()
    second = Socket()
    line.resume(second, codec.hello_again(), 4)
    line.close()
    line.lose(second)
    line.close()

    assert (4409, 1000) == (first.code, second.code)
