"""A voice made by any program that reads a text on stdin and writes a mono WAV file to stdout."""

import asyncio
import io
import shlex
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator

import soundfile

from vivavoce.audio.pcm import Pcm
from vivavoce.engines.engine import EngineSettings
from vivavoce.errors import ConfigError, EngineError
from vivavoce.speech import Voice, VoiceStyle

__all__ = ["CommandVoice", "open_engine"]


def open_engine(settings: EngineSettings) -> "CommandVoice":
    """Open the engine. Setting: ``command``, such as ``espeak-ng --stdout`` (the default)."""
    command = shlex.split(settings.get("command", "espeak-ng --stdout"))
    if not command or shutil.which(command[0]) is None:
        raise ConfigError(f'the setting command of the tts engine "command" names no program: {shlex.join(command)}')
    return CommandVoice(command)


class CommandVoice:
    """Runs the program once for each sentence."""

    name = "command"

    def __init__(self, command: list[str]) -> None:
        self._command = command

    async def speak(self, text: str, style: VoiceStyle) -> AsyncGenerator[Voice]:
        """The sentence in one piece. Word times are left out; the server then estimates them."""
        if not any(letter.isalnum() for letter in text):
            return
        process = await asyncio.create_subprocess_exec(*self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
        try:
            sound, _ = await process.communicate(text.encode())
        finally:
            # An interruption closes this generator: the program must not work on for nobody.
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise EngineError("tts", self.name, f"{self._command[0]} ended with status {process.returncode}")
        try:
            samples, rate_hz = soundfile.read(io.BytesIO(sound), dtype="int16")
        except soundfile.LibsndfileError as error:
            raise EngineError("tts", self.name, f"{self._command[0]} writes no WAV file: {error}") from error
        yield Voice(Pcm(samples, rate_hz))

    async def close(self) -> None:
        """There is nothing to free."""
