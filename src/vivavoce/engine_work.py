"""
The engine work of one call: transcribing, thinking, speaking.

Each piece of work is a task of the call; what it brings forth is an event with the number of what asked for it, and
so is its failure. Giving work up is cancelling its task, which closes the engine's stream.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from vivavoce.audio.pcm import Pcm, Samples, joined
from vivavoce.audio.resample import Resampler
from vivavoce.audio.windows import VAD_RATE_HZ
from vivavoce.engines.engine import Engines
from vivavoce.errors import EngineError
from vivavoce.speech import ToolCall, VoiceStyle, Word
from vivavoce.talk import events
from vivavoce.talk.commands import Say, Think
from vivavoce.talk.pronunciation import respell

__all__ = ["EngineWork", "NoteRequest", "OwnTool"]

log = logging.getLogger(__name__)

# So many windows of 32 ms are handed to the engine together: waking it costs more than what it then does, and
# nobody hears of a word before this time is over anyway.
_WINDOWS_IN_PIECE = 4
# Sound that an utterance may have waiting for its engine: 60 s, more than any utterance has.
_MOST_WAITING_PIECES = 470
# A tool that the server runs itself: takes its arguments, a JSON object as text, and gives its output.
OwnTool = Callable[[str], Awaitable[str]]
# Told of each request to an engine when it is over: the stage, the seconds until its first answer (None for none), and
# what went wrong (empty for nothing). Never called for single pieces of sound or text.
NoteRequest = Callable[[str, float | None, str], None]

# A request that is given up after so long without an answer counts as a failure of the engine.
_NO_ANSWER_S = 5.0
# Engines get this long to stop when the call is over.
_STOP_WAIT_S = 2.0


@dataclass(slots=True)
class _Request:
    """
    One request to an engine.

    Args:
        asked_at: When it had everything to answer with, which for speech-to-text is the end of the utterance; None
            before.
        answered_at: When its first answer came that is of use: the final words, a piece of text, the first sound.
    """

    asked_at: float | None = None
    answered_at: float | None = None


@dataclass(slots=True)
class _Utterance:
    """Speech-to-text at work on an utterance."""

    # Its sound, None at its end: written by ``feed``, read by the task.
    sound: asyncio.Queue[Pcm | None]
    task: asyncio.Task[None]
    # Windows towards the next piece.
    gathered: list[Samples] = field(default_factory=list)


class EngineWork:
    """
    Has the engines work for one call.

    Args:
        engines: Those of the process.
        style: How the agent sounds.
        voice_rate_hz: The rate that the client's audio must have.
        now: The session's time, in seconds.
        dispatch: Takes the events.
        own_tools: The tools that run here and not at the client, by their names.
        note: Told of each request to an engine when it is over.
    """

    def __init__(
        self,
        *,
        engines: Engines,
        style: VoiceStyle,
        voice_rate_hz: int,
        now: Callable[[], float],
        dispatch: Callable[[events.Event], None],
        own_tools: Mapping[str, OwnTool] | None = None,
        note: NoteRequest = lambda stage, wait_s, fault: None,
    ) -> None:
        self._engines = engines
        self._style = style
        self._voice_rate_hz = voice_rate_hz
        self._own_tools = own_tools or {}
        self._note = note
        self._now = now
        self._dispatch = dispatch
        # The open utterances, by their numbers.
        self._utterances: dict[int, _Utterance] = {}
        # Thinking and speaking, by reply.
        self._replies: dict[int, set[asyncio.Task[None]]] = {}
        # All work. Not a task group: that would wait without a limit for an engine that does not stop, and keep the
        # call's slot.
        self._tasks: set[asyncio.Task[None]] = set()

    # -- what the session asks for --------------------------------------------------------------------------

    def listen(self, utterance: int) -> None:
        """Open speech-to-text for an utterance."""
        sound: asyncio.Queue[Pcm | None] = asyncio.Queue(_MOST_WAITING_PIECES)
        task = self._create(self._transcribe(utterance, sound), f"transcribe {utterance}")
        self._utterances[utterance] = _Utterance(sound, task)
        task.add_done_callback(lambda _: self._utterances.pop(utterance, None))

    def feed(self, utterance: int, pcm: Pcm | None) -> None:
        """More sound of an utterance; None is its end."""
        if (known := self._utterances.get(utterance)) is None:
            # Its task has failed and said so.
            return
        if pcm is not None:
            known.gathered.append(pcm.samples)
            if len(known.gathered) < _WINDOWS_IN_PIECE:
                return
        try:
            if known.gathered:
                known.sound.put_nowait(Pcm(joined(known.gathered), VAD_RATE_HZ))
                known.gathered = []
            if pcm is None:
                known.sound.put_nowait(None)
        except asyncio.QueueFull:
            known.task.cancel()
            fault = "the engine does not keep up"
            self._note("stt", None, fault)
            self._dispatch(events.EngineFailed(self._now(), "stt", utterance, fault))

    def drop_utterance(self, utterance: int) -> None:
        """Nobody waits for this transcript any more."""
        if (known := self._utterances.get(utterance)) is not None:
            known.task.cancel()

    def think(self, asked: Think) -> None:
        """Ask the language model."""
        self._start(asked.reply, self._think(asked), f"think {asked.reply}")

    def say(self, asked: Say) -> None:
        """Have a part spoken."""
        self._start(asked.reply, self._speak(asked), f"say {asked.reply}.{asked.part}")

    def run_tool(self, call: ToolCall) -> bool:
        """Run a tool if it runs here; it is not given up with its reply, because what it does is done."""
        tool = self._own_tools.get(call.name)
        if tool is not None:
            self._create(self._run_tool(call, tool), f"tool {call.name}")
        return tool is not None

    def drop_reply(self, reply: int) -> None:
        """Stop thinking and speaking it."""
        for task in self._replies.pop(reply, ()):
            task.cancel()

    async def stop(self) -> None:
        """The call is over: stop everything, and wait for it, but not for ever."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            _, late = await asyncio.wait(tuple(self._tasks), timeout=_STOP_WAIT_S)
            if late:
                log.warning("%d engine tasks did not stop within %.0f s", len(late), _STOP_WAIT_S)

    # -- the work -------------------------------------------------------------------------------------------

    async def _transcribe(self, utterance: int, sound: asyncio.Queue[Pcm | None]) -> None:
        request = _Request()

        async def pieces() -> AsyncGenerator[Pcm]:
            while (pcm := await sound.get()) is not None:
                yield pcm
            request.asked_at = self._now()

        async def work() -> None:
            stt = self._engines.stt
            async with aclosing(pieces()) as audio, aclosing(stt.transcribe(audio)) as transcripts:
                async for written in transcripts:
                    text, words = _encodable(written.text), _encodable_words(written.words)
                    self._dispatch(events.Transcribed(self._now(), utterance, text, written.final, words))
                    if written.final:
                        request.answered_at = self._now()
                        return
            raise EngineError("stt", stt.name, "it ended without a final transcript")

        await self._attempt("stt", utterance, work, request)

    async def _think(self, asked: Think) -> None:
        reply, request = asked.reply, _Request(self._now())

        async def work() -> None:
            async with aclosing(self._engines.llm.reply(asked.messages, asked.tools)) as pieces:
                async for piece in pieces:
                    now = self._now()
                    if request.answered_at is None:
                        request.answered_at = now
                    if isinstance(piece, ToolCall):
                        call = ToolCall(_encodable(piece.id), _encodable(piece.name), _encodable(piece.arguments))
                        self._dispatch(events.ToolAsked(now, reply, call))
                    else:
                        self._dispatch(events.ReplyText(now, reply, _encodable(piece)))
            self._dispatch(events.ReplyDone(self._now(), reply))

        await self._attempt("llm", reply, work, request)

    async def _speak(self, asked: Say) -> None:
        reply, part, rate_hz = asked.reply, asked.part, self._voice_rate_hz
        # The voice reads the respelt text; all others go on with the written one.
        respelt = respell(asked.text, self._style.pronunciations) if self._style.pronunciations else None
        text = asked.text if respelt is None else respelt.text
        request = _Request(self._now())

        async def work() -> None:
            resampler: Resampler | None = None
            async with aclosing(self._engines.tts.speak(text, self._style)) as pieces:
                async for voice in pieces:
                    if resampler is None:
                        request.answered_at = self._now()
                        resampler = Resampler(voice.pcm.rate_hz, rate_hz, quality="MQ")
                    pcm = Pcm(resampler.push(voice.pcm.samples), rate_hz)
                    words = voice.words if respelt is None else respelt.written(voice.words)
                    self._dispatch(events.Voiced(self._now(), reply, part, pcm, _encodable_words(words)))
            last = () if respelt is None else respelt.rest()
            if resampler is not None and (len(rest := resampler.flush()) or last):
                self._dispatch(events.Voiced(self._now(), reply, part, Pcm(rest, rate_hz), _encodable_words(last)))

        await self._attempt("tts", reply, work, request)
        # A part that failed is over as well: the reply goes on with the next one.
        self._dispatch(events.VoiceDone(self._now(), reply, part))

    async def _run_tool(self, call: ToolCall, tool: OwnTool) -> None:
        try:
            output = await tool(call.arguments)
        except Exception as error:
            # The error's text may carry what was said.
            log.warning("the tool %s raised %s", call.name, type(error).__name__)
            output = f"The tool failed: {type(error).__name__}."
        self._dispatch(events.ToolAnswered(self._now(), call.id, _encodable(output)))

    async def _attempt(self, stage: str, number: int, work: Callable[[], Awaitable[None]], request: _Request) -> None:
        """Do an engine's work; its failure is an event."""
        fault = ""
        try:
            await work()
        except asyncio.CancelledError:
            self._note_cancelled(stage, request)
            raise
        except EngineError as error:
            fault = _encodable(error.reason) or "it failed, and says nothing more"
        except Exception as error:
            # A stranger's engine may raise anything; its traceback may carry speech, so only its type is logged.
            log.warning("%s engine raised %s, which is not an EngineError", stage, type(error).__name__)
            fault = type(error).__name__
        self._note_request(stage, request, fault)
        if fault:
            self._dispatch(events.EngineFailed(self._now(), stage, number, fault))

    def _note_cancelled(self, stage: str, request: _Request) -> None:
        """A request that was given up early says nothing of the engine, unless it had answered."""
        if request.answered_at is not None:
            self._note_request(stage, request, "")
        elif request.asked_at is not None and (waited_s := self._now() - request.asked_at) >= _NO_ANSWER_S:
            self._note(stage, None, f"no answer within {waited_s:.0f} s")

    def _note_request(self, stage: str, request: _Request, fault: str) -> None:
        wait_s = None
        if request.asked_at is not None and request.answered_at is not None:
            wait_s = max(0.0, request.answered_at - request.asked_at)
        self._note(stage, wait_s, fault)

    # -- tasks ----------------------------------------------------------------------------------------------

    def _create(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _start(self, reply: int, work: Coroutine[None, None, None], name: str) -> None:
        task = self._create(work, name)
        tasks = self._replies.setdefault(reply, set())
        tasks.add(task)

        def forget(done: asyncio.Task[None]) -> None:
            tasks.discard(done)
            if not tasks:
                self._replies.pop(reply, None)

        task.add_done_callback(forget)


def _encodable(text: str) -> str:
    """The text without half characters, which JSON can carry and UTF-8 cannot: engines take text from JSON."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _encodable_words(words: tuple[Word, ...]) -> tuple[Word, ...]:
    return tuple(replace(word, text=_encodable(word.text)) for word in words)
