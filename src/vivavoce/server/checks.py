"""
Short checks of what a server needs: its folder, its pages, and that each engine answers.

Each returns a sentence about what is well, or raises an error whose sentence says what to do.
"""

import asyncio
import tempfile
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from vivavoce.audio.pcm import Pcm, silence
from vivavoce.audio.windows import VAD_RATE_HZ, WINDOW_SAMPLES
from vivavoce.clock import monotonic_s
from vivavoce.engines.engine import Engines
from vivavoce.errors import EngineError
from vivavoce.speech import Message, VoiceStyle

__all__ = ["ENGINE_LIMIT_S", "check_data_folder", "check_engine", "check_pages"]

# How long an engine may take: a language model on this machine may have to be loaded first.
ENGINE_LIMIT_S = 20.0
_WINDOWS = 10
_SILENCE_S = 0.5
_PAGES = ("index.html", "sdk/agent-sdk.browser.js", "console/console.js")


async def check_data_folder(folder: Path) -> str:
    """
    Whether the data folder can be written; it is made where it is missing.

    Raises:
        OSError: It cannot.
    """
    try:
        await asyncio.to_thread(_write_into, folder)
    except OSError as error:
        raise OSError(f"the data folder {folder} cannot be written: {error.strerror}; set VIVAVOCE_DATA") from error
    return f"the data folder {folder} can be written"


async def check_pages(folder: Path) -> str:
    """
    Whether the pages, the SDK and the console are there.

    Raises:
        FileNotFoundError: They have not been built.
    """
    missing = [name for name in _PAGES if not await asyncio.to_thread((folder / name).is_file)]
    if missing:
        raise FileNotFoundError(f"the pages have not been built ({', '.join(missing)} missing): type make run")
    return "the talk page, the SDK and the console have been built"


async def check_engine(engines: Engines, kind: str, *, limit_s: float = ENGINE_LIMIT_S) -> float:
    """
    Have an engine do a little real work.

    Args:
        engines: Those of the process.
        kind: ``vad``, ``stt``, ``llm`` or ``tts``.
        limit_s: How long it may take.

    Returns:
        The seconds until its answer began.

    Raises:
        EngineError: It failed, or did not answer in time.
    """
    work = {"vad": _detect, "stt": _transcribe, "llm": _reply, "tts": _speak}[kind]
    name = getattr(engines, kind).name
    began_at = monotonic_s()
    try:
        async with asyncio.timeout(limit_s):
            await work(engines)
    except TimeoutError as error:
        raise EngineError(kind, name, f"it has not answered within {limit_s:g} s") from error
    except EngineError:
        raise
    except Exception as error:
        # A stranger's engine may raise anything; its text may quote anything.
        raise EngineError(kind, name, f"it raised {type(error).__name__}") from error
    return monotonic_s() - began_at


def _write_into(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryFile(dir=folder):
        pass


async def _detect(engines: Engines) -> None:
    answered = asyncio.Event()
    answers: list[float] = []

    def heard(speech: float) -> None:
        answers.append(speech)
        if len(answers) == _WINDOWS:
            answered.set()

    stream = engines.vad.stream(heard)
    try:
        for _ in range(_WINDOWS):
            stream.push(silence(WINDOW_SAMPLES / VAD_RATE_HZ, VAD_RATE_HZ).samples)
        await answered.wait()
    finally:
        stream.close()


async def _transcribe(engines: Engines) -> None:
    async def pieces() -> AsyncGenerator[Pcm]:
        yield silence(_SILENCE_S, VAD_RATE_HZ)

    async with aclosing(pieces()) as audio, aclosing(engines.stt.transcribe(audio)) as transcripts:
        async for written in transcripts:
            if written.final:
                return
    raise EngineError("stt", engines.stt.name, "it ended without a final transcript")


async def _reply(engines: Engines) -> None:
    messages = (Message("system", "Answer with one word."), Message("user", "Hello!"))
    async with aclosing(engines.llm.reply(messages, ())) as pieces:
        async for _ in pieces:
            return
    raise EngineError("llm", engines.llm.name, "its answer was empty")


async def _speak(engines: Engines) -> None:
    async with aclosing(engines.tts.speak("Hello.", VoiceStyle())) as pieces:
        async for voice in pieces:
            if len(voice.pcm.samples):
                return
    raise EngineError("tts", engines.tts.name, "it gave no sound")
