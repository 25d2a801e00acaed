"""
What an engine is: the interfaces that the session speaks to, and that a plug-in implements.

An engine is made once per process by its entry point (``vivavoce.vad``, ``.stt``, ``.llm``, ``.tts``),
a function ``open(settings) -> engine``; its methods are called once per utterance, reply or sentence.
Every stream is an async generator, and closing it (``aclose``) is the cancellation:
an engine then stops its work and frees what it holds, within some ten milliseconds.
A failing engine raises ``EngineError``; it never returns an empty success instead.
``vivavoce.testing.contracts`` tests all of this for any engine.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.speech import Message, Tool, ToolCall, Transcript, Voice, VoiceStyle

__all__ = [
    "EngineSettings",
    "Engines",
    "LanguageModel",
    "SpeechToText",
    "StructuredAnswers",
    "TextToSpeech",
    "VoiceActivity",
    "VoiceStream",
]

# Settings of one engine as the configuration gives them, such as {"base_url": …, "model": …}.
EngineSettings = Mapping[str, str]


class VoiceStream(Protocol):
    """The voice detector of one call."""

    def push(self, window: Samples) -> None:
        """
        Take the next 512 samples at 16 kHz (32 ms). The answer comes through the callback, in order.

        The window belongs to the engine from now on: nobody changes it.
        """

    def close(self) -> None:
        """Forget the call; no callback comes afterwards."""


class VoiceActivity(Protocol):
    """Tells speech from everything else, window by window, for all calls of the process."""

    name: str

    def stream(self, heard: Callable[[float], None]) -> VoiceStream:
        """
        Open the detector of one call.

        Args:
            heard: Called on the event loop, once per pushed window and in their order,
                with the probability (0 to 1) that the window is speech.
        """

    async def close(self) -> None:
        """Free what the engine holds; the process is about to end."""


class SpeechToText(Protocol):
    """Writes down one utterance."""

    name: str

    def transcribe(self, audio: AsyncIterator[Pcm]) -> AsyncGenerator[Transcript]:
        """
        Write down an utterance while it is being spoken.

        Args:
            audio: 16 kHz sound in pieces of about a tenth of a second, as it arrives; ends with the utterance.

        Yields:
            Any number of transcripts with ``final`` false, each replacing the last,
            then exactly one with ``final`` true (its text may be empty).
        """

    async def close(self) -> None:
        """Free what the engine holds."""


class LanguageModel(Protocol):
    """Decides what the agent says."""

    name: str

    def reply(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall]:
        """
        Answer the last message.

        Yields:
            Pieces of text in order, to be joined without spaces; or tool calls, each complete.
            After a tool call has been answered the model is asked again with the answer in ``messages``.
        """

    async def close(self) -> None:
        """Free what the engine holds."""


@runtime_checkable
class StructuredAnswers(Protocol):
    """
    What a language model may do besides: answer once, in a given form. Calls are analysed with it when they are over.

    An engine that cannot do this has no such method.
    """

    async def answer(self, messages: Sequence[Message], schema: Mapping[str, object], *, limit_s: float) -> object:
        """
        Answer the last message with a JSON value.

        Args:
            messages: As for ``reply``.
            schema: The JSON Schema that the value is to fit. The caller checks it: an engine does what it can.
            limit_s: How long it may take; nobody waits for it as a visitor does.

        Returns:
            The decoded JSON.

        Raises:
            EngineError: The server failed, took too long, or answered with something else than JSON.
        """


class TextToSpeech(Protocol):
    """Speaks."""

    name: str

    def speak(self, text: str, style: VoiceStyle) -> AsyncGenerator[Voice]:
        """
        Speak one sentence or phrase.

        Yields:
            Pieces of sound in order, all of one rate, the first as early as the engine can;
            words with their times where the engine knows them.
        """

    async def close(self) -> None:
        """Free what the engine holds."""


@dataclass(frozen=True, slots=True)
class Engines:
    """The engines that one process uses for its calls."""

    vad: VoiceActivity
    stt: SpeechToText
    llm: LanguageModel
    tts: TextToSpeech
