"""
Speech to text in this process, without a key, a download or a graphics card: Moonshine tiny, English.

The networks come from the wheel of ``moonshine-voice`` 0.1.0, the last that carries them, and run on plain onnxruntime.
An utterance is recognised as a whole when it ends. Until then it is recognised from its start again and again,
the longer it is the less often, and only while no core is wanted for anything better.
"""

import asyncio
import importlib.util
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.engines.engine import EngineSettings
from vivavoce.engines.gate import Gate, Priority, shared_gate
from vivavoce.engines.moonshine_network import FILES, Network
from vivavoce.engines.settings import number
from vivavoce.engines.utterance import RATE_HZ, Utterance
from vivavoce.errors import EngineError
from vivavoce.speech import Transcript

__all__ = ["Moonshine", "open_engine"]

# Less than this is no word, and the model invents one.
_SHORTEST = RATE_HZ // 5
# What the model writes for noise, and up to which length of sound it is not believed.
_INVENTED = "you"
_INVENTED_UP_TO = RATE_HZ


def open_engine(settings: EngineSettings) -> "Moonshine":
    """
    Load the model, in about a second.

    Args:
        settings: ``model_path``, a folder with the three files of a Moonshine model (default: that of the wheel);
            ``threads``, how many utterances are worked on at once (default: one fewer than the cores).

    Raises:
        EngineError: The package or a file is missing, or cannot be loaded.
        ConfigError: ``threads`` is no such number.
    """
    threads = int(number(settings, "threads", 0, low=0, high=256))
    path = settings.get("model_path", "")
    return Moonshine(Network(_checked(Path(path) if path else _wheel_folder())), shared_gate(threads))


def _wheel_folder() -> Path:
    """Where the wheel keeps the model; the package itself is not imported."""
    spec = importlib.util.find_spec("moonshine_voice")
    if spec is None or not spec.submodule_search_locations:
        raise EngineError(
            "stt",
            "moonshine",
            "the package moonshine-voice is missing: pip install moonshine-voice==0.1.0, set model_path to a folder "
            "with a model, or use the engine sphinx: pip install vivavoce[sphinx]",
        )
    return Path(spec.submodule_search_locations[0]) / "assets" / "tiny-en"


def _checked(folder: Path) -> Path:
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise EngineError(
            "stt",
            "moonshine",
            f"{', '.join(missing)} not found in {folder}: newer versions of moonshine-voice carry no model; "
            "pip install moonshine-voice==0.1.0, or set model_path",
        )
    return folder


class Moonshine:
    """Writes down utterances, as many at once as the gate lets through."""

    name = "moonshine"

    def __init__(self, network: Network, gate: Gate) -> None:
        self.network = network
        self._gate = gate
        self._closed = False

    async def transcribe(self, audio: AsyncIterator[Pcm]) -> AsyncGenerator[Transcript]:
        """
        Write down an utterance while it is being spoken.

        Raises:
            EngineError: The sound is not at 16 kHz, too much work waits, the model failed, or the engine is closed.
        """
        if self._closed:
            raise EngineError("stt", self.name, "it has been closed: open a new one")
        utterance = Utterance(self._recognise, idle=lambda: self._gate.idle)
        try:
            async for piece in audio:
                if piece.rate_hz != RATE_HZ:
                    raise EngineError("stt", self.name, f"it takes sound at {RATE_HZ} Hz, not at {piece.rate_hz}")
                # Partials come with the next piece of sound, which costs less than a task that waits for both.
                if text := utterance.hear(piece):
                    yield Transcript(text, final=False)
            yield Transcript(await utterance.finish(), final=True)
        finally:
            await utterance.drop()

    async def close(self) -> None:
        """Take no more utterances. The threads belong to the process and stay."""
        self._closed = True

    async def _recognise(self, priority: Priority, sound: Samples) -> str:
        if len(sound) < _SHORTEST:
            return ""
        switch = self.network.stop_switch()
        try:
            text = await self._gate.run(priority, self.network.write_down, sound, switch, engine=self.name)
        except asyncio.CancelledError:
            # The flag of the gate is seen between tokens; this stops the encoder too, which may take half a second.
            switch.terminate = True
            raise
        return "" if _is_invented(text, len(sound)) else text


def _is_invented(text: str, length: int) -> bool:
    """Whether the text is what the model writes for a short noise."""
    return length < _INVENTED_UP_TO and text.strip(" .,!?").lower() == _INVENTED
