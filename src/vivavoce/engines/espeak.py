"""
Text to speech without a key or a download: espeak-ng, robotic but clear, with exact times of words.

The library is GPL and is kept out of this process: one helper process (``espeak_process``) serves all calls,
a part of a text at a time. It is started when first wanted, and again should it ever crash.
"""

import asyncio
import contextlib
import importlib.util
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import numpy as np

from vivavoce.audio.pcm import Pcm
from vivavoce.engines.engine import EngineSettings
from vivavoce.engines.espeak_helper import Helper, HelperGone, start_helper
from vivavoce.engines.espeak_process import AUDIO, CLAUSE, PLACE, SPEAK, WORD
from vivavoce.engines.espeak_text import Part, ends_sentence, parts, plain, voices, words_per_minute
from vivavoce.engines.espeak_words import Speech
from vivavoce.engines.settings import number
from vivavoce.errors import EngineError
from vivavoce.speech import Voice, VoiceStyle

__all__ = ["Espeak", "open_engine"]

# A part takes some ten milliseconds; this many of them are more than a second, which nobody should wait for.
_WAITING_LIMIT = 128
# Between two sentences, which are spoken one by one: left alone it joins them within 10 ms. A comma gets about 0.2 s.
_SENTENCE_PAUSE_S = 0.3
_LIBRARIES = {"win32": "espeak-ng.dll", "darwin": "libespeak-ng.dylib"}


def open_engine(settings: EngineSettings) -> "Espeak":
    """
    Make the engine; its process starts with ``warm`` or with the first sentence.

    Args:
        settings: ``voice``, the name of a voice for agents that name none, such as ``en-us+f3``;
            ``time_limit_s``, how long a part of a text may take (default 5);
            ``library_path`` and ``data_path``, another espeak-ng than that of the wheel.

    Raises:
        EngineError: The package ``espeakng-loader``, the library or its data is missing.
        ConfigError: ``time_limit_s`` is no such number.
    """
    library, data = _places(settings)
    return Espeak(
        library,
        data,
        voice=settings.get("voice", ""),
        time_limit_s=number(settings, "time_limit_s", 5.0, low=0.1, high=600.0),
    )


def _places(settings: EngineSettings) -> tuple[Path, Path | None]:
    """Where library and data are: as the settings say, else in the wheel, which is not imported."""
    if settings.get("library_path"):
        library = Path(settings["library_path"])
        data = Path(settings["data_path"]) if settings.get("data_path") else None
        advice = "correct library_path and data_path"
    else:
        spec = importlib.util.find_spec("espeakng_loader")
        if spec is None or not spec.submodule_search_locations:
            raise EngineError(
                "tts", "espeak", "the package espeakng-loader is missing: pip install espeakng-loader==0.2.4"
            )
        folder = Path(spec.submodule_search_locations[0])
        library, data = folder / _LIBRARIES.get(sys.platform, "libespeak-ng.so"), folder / "espeak-ng-data"
        advice = "pip install --force-reinstall espeakng-loader==0.2.4"
    for path in (library, data):
        if path is not None and not path.exists():
            raise EngineError("tts", "espeak", f"{path} not found: {advice}")
    return library, data


class Espeak:
    """Speaks for all calls through one helper process, first come, first served."""

    name = "espeak"

    def __init__(self, library: Path, data: Path | None, *, voice: str = "", time_limit_s: float = 5.0) -> None:
        self.library = library
        self._data = data
        # For styles that name no voice; empty for that of their language.
        self._voice = voice
        # For one part of a text, in seconds.
        self._time_limit_s = time_limit_s
        # The process, if it runs.
        self.helper: Helper | None = None
        # Whose turn it is to use the helper; a fair lock. ``_waiting`` counts those who have it or want it.
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._closed = False

    async def warm(self) -> None:
        """
        Start the helper process and have it load its voice, so that the first sentence need not wait 40 ms for it.

        Raises:
            EngineError: It does not start.
        """
        async for _ in self.speak("Hello", VoiceStyle()):
            pass

    async def speak(self, text: str, style: VoiceStyle) -> AsyncGenerator[Voice]:
        """
        Speak a text of any length, with the times of all its words.

        A long text is spoken in parts, each when the one before has been fetched, so that others get their turn.
        A text without words yields nothing; behind one that ends a sentence comes a pause.

        Raises:
            EngineError: Too many wait, the helper failed twice or took too long, or the engine is closed.
        """
        start_s, rate_hz = 0.0, 0
        for part in parts(text):
            speech = Speech(part.text, start_s=start_s)
            if part.text.isspace() or not part.text:
                continue
            async with contextlib.aclosing(self._spoken(part, style, speech)) as pieces:
                async for piece in pieces:
                    rate_hz = piece.pcm.rate_hz
                    yield piece
            start_s += speech.duration_s
        if rate_hz and ends_sentence(text):
            yield Voice(Pcm(np.zeros(round(_SENTENCE_PAUSE_S * rate_hz), np.int16), rate_hz))

    async def close(self) -> None:
        """End the helper process."""
        self._closed = True
        helper, self.helper = self.helper, None
        if helper is not None:
            await helper.close()

    async def _spoken(self, part: Part, style: VoiceStyle, speech: Speech) -> AsyncGenerator[Voice]:
        """
        What comes of one part, as early as it comes.

        The helper is served by a task, so that a slow reader of this generator keeps nobody else waiting.
        """
        news = asyncio.Event()
        ask = _ask(part, voices(style, self._voice), words_per_minute(style.speed))
        task = asyncio.create_task(self._take_turn(ask, speech, news), name="espeak speaks")
        task.add_done_callback(lambda _: news.set())
        try:
            while not task.done():
                await news.wait()
                news.clear()
                if (voice := speech.take()) is not None:
                    yield voice
            await task
            if (voice := speech.take()) is not None:
                yield voice
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _take_turn(self, ask: bytes, speech: Speech, news: asyncio.Event) -> None:
        """Wait for the helper, and have it speak; if it crashes meanwhile, once more with a new one."""
        if self._waiting >= _WAITING_LIMIT:
            raise EngineError("tts", self.name, f"{_WAITING_LIMIT} sentences wait already: allow fewer calls")
        self._waiting += 1
        try:
            async with self._turn:
                try:
                    await self._ask(ask, speech, news)
                except HelperGone:
                    await self._ask(ask, speech, news)
        except HelperGone as error:
            raise EngineError("tts", self.name, "the helper process crashed twice at the same text") from error
        finally:
            self._waiting -= 1

    async def _ask(self, ask: bytes, speech: Speech, news: asyncio.Event) -> None:
        helper = await self._running()
        speech.begin(helper.rate_hz)

        def take(kind: bytes, payload: bytes) -> None:
            if kind == AUDIO:
                speech.sound(payload)
                news.set()
            elif kind == WORD:
                speech.word(*PLACE.unpack(payload))
            elif kind == CLAUSE:
                speech.clause_ended(PLACE.unpack(payload)[1])

        try:
            async with asyncio.timeout(self._time_limit_s):
                await helper.speak(ask, take)
        except TimeoutError as error:
            helper.kill()
            raise EngineError(
                "tts", self.name, f"a sentence took longer than {self._time_limit_s:g} s: raise time_limit_s"
            ) from error
        speech.end()

    async def _running(self) -> Helper:
        """The helper process, started if need be; only for whoever has the turn."""
        if self.helper is not None and self.helper.gone:
            await self.helper.close()
            self.helper = None
        if self.helper is None and not self._closed:
            self.helper = await start_helper(str(self.library), str(self._data) if self._data else None)
        if self._closed:
            # Perhaps while the process was starting.
            await self.close()
            raise EngineError("tts", self.name, "it has been closed: open a new one")
        assert self.helper is not None
        return self.helper


def _ask(part: Part, names: bytes, pace: int) -> bytes:
    """The payload of a request to speak."""
    return SPEAK.pack(pace, part.pause, len(names)) + names + plain(part.text)
