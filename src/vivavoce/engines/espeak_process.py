"""
The helper process that speaks: espeak-ng behind a pipe.

espeak-ng is GPL and keeps its state in globals, so it lives in a process of its own, which does one thing at a time.
The process is small and starts fast: it imports the standard library alone, and little of that.

    python -m vivavoce.engines.espeak_process [LIBRARY [DATA]]

Both directions of the pipe carry frames: one letter, the number of a request, the length of the payload in bytes
(``HEAD``), and the payload. Numbers are big-endian, sound is little-endian.

    ask    S  speak    words a minute, 1 for a pause at the end, bytes of voices (``SPEAK``);
                       names of voices to try, one a line; the text in UTF-8
    answer R  ready    samples a second (``RATE``); the first frame, with request 0
           W  word     first character of the text, first sample (``PLACE``); the word begins there
           C  clause   the same; a clause has ended there
           A  audio    16-bit samples
           E  end      nothing; everything of this request has been said
           F  failed   a sentence that says why, in UTF-8; as the answer to request 0 it is the last frame

Words and ends of clauses come before or with the audio that holds their sample.
Requests are answered in their order. There is no cancelling: a sentence takes some ten milliseconds,
so who gives a request up just ignores its answers. The process ends when its input does.

Source: speak_lib.h of espeak-ng 1.52.
"""

import ctypes
import os
import signal
import struct
import sys
from collections.abc import Callable
from typing import BinaryIO

__all__ = ["ASK_SPEAK", "AUDIO", "CLAUSE", "END", "FAILED", "HEAD", "PLACE", "RATE", "READY", "SPEAK", "WORD"]

HEAD = struct.Struct(">cII")
SPEAK = struct.Struct(">HBH")
RATE = struct.Struct(">I")
PLACE = struct.Struct(">II")

ASK_SPEAK = b"S"
READY = b"R"
WORD = b"W"
CLAUSE = b"C"
AUDIO = b"A"
END = b"E"
FAILED = b"F"

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_DONT_EXIT = 0x8000
# Sound is handed over in pieces of about this length.
_PIECE_MS = 40
_PARAMETER_RATE = 1
_POSITION_CHARACTER = 1
_CHARACTERS_UTF8 = 0x1
_END_PAUSE = 0x1000

_EVENT_LIST_END = 0
_EVENT_WORD = 1
_EVENT_CLAUSE_END = 5


class _Event(ctypes.Structure):
    """``espeak_EVENT``: something that happens at a sample."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("request", ctypes.c_uint),
        # Counted in characters, from 1.
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


# The sound is taken as an address: what of it is wanted is copied in one step.
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


def main() -> None:
    """Answer requests until the input ends."""
    # The library and Python may print; what they print must not get between the frames.
    output = os.dup(1)
    os.dup2(2, 1)
    # Ctrl-C at a terminal reaches the whole group, but it is the server that decides when to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _serve(sys.stdin.buffer, output, *_places(sys.argv[1:]))
    except BrokenPipeError:
        # Nobody listens any more.
        return


def _places(arguments: list[str]) -> tuple[str, str | None]:
    """Paths of the library and of its data."""
    if arguments:
        return arguments[0], arguments[1] if len(arguments) > 1 else None
    import espeakng_loader

    return espeakng_loader.get_library_path(), espeakng_loader.get_data_path()


def _serve(asked: BinaryIO, output: int, library: str, data: str | None) -> None:
    def write(frames: bytes) -> None:
        left = memoryview(frames)
        while left:
            left = left[os.write(output, left) :]

    try:
        speaker = _Speaker(library, data, write)
    # AttributeError: the library is another one, without our functions.
    except (OSError, AttributeError) as error:
        write(_frame(FAILED, 0, str(error).encode()))
        return
    write(_frame(READY, 0, RATE.pack(speaker.rate_hz)))
    while len(head := asked.read(HEAD.size)) == HEAD.size:
        kind, request, length = HEAD.unpack(head)
        payload = asked.read(length)
        if len(payload) < length:
            return
        if kind == ASK_SPEAK:
            speaker.speak(request, payload)
        else:
            write(_frame(FAILED, request, f"unknown request {kind!r}".encode()))


class _Speaker:
    """The library, and the callback that turns what it makes into frames."""

    def __init__(self, library: str, data: str | None, write: Callable[[bytes], None]) -> None:
        self._write = write
        # The request that is being answered, and what went wrong while its sound was written.
        self._request = 0
        self._broken: OSError | None = None
        # The voices that were asked for last; finding one takes longer than a word.
        self._voices = b""
        self._library = ctypes.CDLL(library)
        self._library.espeak_Synth.argtypes = (
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_uint,
            ctypes.c_uint,
            ctypes.c_void_p,
            ctypes.c_void_p,
        )
        self.rate_hz: int = self._library.espeak_Initialize(
            _AUDIO_OUTPUT_SYNCHRONOUS, _PIECE_MS, data.encode() if data else None, _INITIALIZE_DONT_EXIT
        )
        if self.rate_hz <= 0:
            raise OSError(f"espeak-ng finds no data in {data or 'its own folder'}")
        # In an attribute, because the library's reference to it does not keep it alive.
        self._callback = _Callback(self._made)
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, request: int, payload: bytes) -> None:
        """Answer one request."""
        words_per_minute, pause, voices_bytes = SPEAK.unpack_from(payload)
        voices = payload[SPEAK.size : SPEAK.size + voices_bytes]
        text = payload[SPEAK.size + voices_bytes :]
        self._request = request
        if not self._set_voice(voices):
            self._write(_frame(FAILED, request, b"none of the voices " + voices.replace(b"\n", b", ") + b" is there"))
            return
        self._library.espeak_SetParameter(_PARAMETER_RATE, words_per_minute, 0)
        # Without the flag for SSML the text is spoken as it stands.
        flags = _CHARACTERS_UTF8 | (_END_PAUSE if pause else 0)
        error = self._library.espeak_Synth(text, len(text) + 1, 0, _POSITION_CHARACTER, 0, flags, None, None)
        if self._broken is not None:
            raise self._broken
        if error:
            self._write(_frame(FAILED, request, f"espeak-ng answers with error {error}".encode()))
        else:
            self._write(_frame(END, request, b""))

    def _set_voice(self, voices: bytes) -> bool:
        """Take the first of the voices that exists."""
        if voices == self._voices:
            return True
        self._voices = b""
        for voice in voices.split(b"\n"):
            if self._library.espeak_SetVoiceByName(voice) == 0:
                self._voices = voices
                return True
        return False

    def _made(self, samples: int | None, count: int, events: "ctypes._Pointer[_Event]") -> int:
        """
        Write what the library has made; it calls this for each piece of sound.

        Returns:
            1 to make the library stop, else 0. An exception would be lost between here and ``espeak_Synth``.
        """
        frames = []
        index = 0
        while events[index].type != _EVENT_LIST_END:
            event = events[index]
            kind = {_EVENT_WORD: WORD, _EVENT_CLAUSE_END: CLAUSE}.get(event.type)
            if kind is not None:
                place = PLACE.pack(max(event.text_position - 1, 0), max(event.sample, 0))
                frames.append(_frame(kind, self._request, place))
            index += 1
        if samples is not None and count > 0:
            frames.append(_frame(AUDIO, self._request, ctypes.string_at(samples, 2 * count)))
        try:
            self._write(b"".join(frames))
        except OSError as error:
            self._broken = error
            return 1
        return 0


def _frame(kind: bytes, request: int, payload: bytes) -> bytes:
    return HEAD.pack(kind, request, len(payload)) + payload


if __name__ == "__main__":
    main()
