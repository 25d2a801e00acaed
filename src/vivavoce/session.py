"""
The shell: one live call.

It joins a client's socket, the conversation and the engines, and decides nothing itself. Whatever happens becomes an
event; the conversation answers with commands; performing a command never waits. Slow work runs in tasks of the
call, and its results come back as events with the number of what asked for them.
"""

import asyncio
import logging
import traceback
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing
from typing import Protocol, assert_never

from vivavoce.audio.intake import Intake
from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.audio.resample import Resampler
from vivavoce.audio.windows import VAD_RATE_HZ
from vivavoce.engines.engine import Engines
from vivavoce.errors import EngineError
from vivavoce.speech import ToolCall, VoiceStyle
from vivavoce.talk import commands as do
from vivavoce.talk import events
from vivavoce.talk.brief import Brief
from vivavoce.talk.conversation import Conversation
from vivavoce.talk.facts import CallEnded, Fact
from vivavoce.talk.policy import WINDOW_S
from vivavoce.wire import dialect as wire
from vivavoce.wire.dialect import Codec, Frame

__all__ = ["Observer", "Outbox", "Session"]

log = logging.getLogger(__name__)

# Sound that an utterance may have waiting for its engine: 60 s in windows of 32 ms, more than any utterance has.
_MOST_WAITING_WINDOWS = 1875
# How far a client may run ahead of real time with microphone audio before frames are dropped.
_LONGEST_HEAD_START_S = 30.0
# Engines get this long to stop when the call is over.
_STOP_WAIT_S = 2.0


class Outbox(Protocol):
    """The way to the client. Sending never waits; what a slow client has not taken is the socket's to bound."""

    def send(self, frame: Frame) -> None:
        """Send one message; after ``close`` or a lost socket it is dropped."""

    def close(self) -> None:
        """Close the socket normally after what has been sent."""


class Observer(Protocol):
    """Who else follows a call: the record. None of its methods may wait."""

    def fact(self, fact: Fact) -> None:
        """A fact was published."""

    def event(self, event: events.Event) -> None:
        """The conversation is about to be told this."""

    def visitor(self, at: float, samples: Samples) -> None:
        """Microphone audio at 16 kHz came in."""

    def agent(self, play_at: float, pcm: Pcm) -> None:
        """Agent audio was sent, to be heard from ``play_at`` on."""

    def cut(self, at: float) -> None:
        """Agent audio after ``at`` will not be heard."""


class Session:
    """One live call, from the first message to the last."""

    def __init__(
        self,
        *,
        brief: Brief,
        codec: Codec,
        engines: Engines,
        style: VoiceStyle,
        outbox: Outbox,
        observer: Observer,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._brief = brief
        self._codec = codec
        self._engines = engines
        self._style = style
        self._outbox = outbox
        self._observer = observer
        self._conversation = Conversation(brief)
        # The loop's time at which the session opened.
        self._opened_at = self._loop.time()
        # Events that came while another was being handled, or before the session runs and has said hello; one
        # writer and one reader, both in ``dispatch``.
        self._inbox: deque[events.Event] = deque()
        self._handling = True
        # Set when the call is over; the reason is the conversation's.
        self._over = asyncio.Event()
        self._reason = "server_error"
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        # The sound of each open utterance, None at its end: written by ``perform``, read by its task.
        self._utterances: dict[int, tuple[asyncio.Queue[Pcm | None], asyncio.Task[None]]] = {}
        # Thinking and speaking of the current reply.
        self._reply_tasks: dict[int, set[asyncio.Task[None]]] = {}
        # All engine work of the call. Not a task group: that would wait without a limit for an engine that does not
        # stop, and keep the call's slot.
        self._tasks: set[asyncio.Task[None]] = set()
        # From the microphone to the voice detector.
        self._intake = Intake(codec.mic_rate_hz)
        self._ear = engines.vad.stream(self._on_speech) if brief.mode == "webcall" else None
        # Windows whose speech probability is awaited, in order; None is the end of a turn that came after them.
        self._windows: deque[Samples | None] = deque()
        # Until when the microphone audio reaches that has come, in session seconds.
        self._mic_until = 0.0
        self._mic_warned = False

    # -- life -----------------------------------------------------------------------------------------------

    async def run(self) -> str:
        """Hold the call until it is over; returns the reason of its end."""
        try:
            self._send(self._codec.hello())
            self._handling = False
            self._inbox.appendleft(events.ClientReady(self._now()))
            self._handle_inbox()
            await self._over.wait()
        finally:
            self._close()
            await self._stop_tasks()
        return self._reason

    def receive(self, data: bytes | memoryview, *, text: bool) -> None:
        """Take one message of the client."""
        if self._over.is_set():
            return
        received = self._codec.receive(data, text=text)
        match received:
            case wire.Mic(pcm):
                self._on_mic(pcm)
            case None:
                return
            case wire.Text(typed):
                self.dispatch(events.Typed(self._now(), typed))
            case wire.CommitAsked():
                self._on_commit()
            case wire.ToolsDeclared(tools):
                self.dispatch(events.ToolsOffered(self._now(), tools))
            case wire.ToolOutput(call_id, output):
                self.dispatch(events.ToolAnswered(self._now(), call_id, output))
            case wire.CloseAsked():
                self.dispatch(events.ClientLeft(self._now(), "client_requested"))
            case wire.Broken(code, message):
                self._send(self._codec.error(code, message))
            case _:
                assert_never(received)

    def leave(self, reason: str) -> None:
        """End the call from outside: the socket is gone, or the server stops."""
        self.dispatch(events.ClientLeft(self._now(), reason))

    # -- events in, commands out ----------------------------------------------------------------------------

    def dispatch(self, event: events.Event) -> None:
        """Tell the conversation what happened and do what it wants; never waits."""
        self._inbox.append(event)
        if not self._handling:
            self._handle_inbox()

    def _handle_inbox(self) -> None:
        self._handling = True
        changed = False
        try:
            while self._inbox and not self._over.is_set():
                event = self._inbox.popleft()
                self._observer.event(event)
                commands = self._conversation.handle(event)
                for command in commands:
                    self._perform(command)
                changed = changed or bool(commands) or not isinstance(event, events.Heard)
        except Exception as error:
            self._collapse(error)
        finally:
            self._handling = False
        # A window that leads to nothing only moves deadlines further away, and the timer may ring early.
        if changed:
            self._arm_timer()

    def _collapse(self, error: Exception) -> None:
        """End the call because of a bug of ours: better than silence for ever."""
        # Not the error's text, which may carry speech.
        places = "".join(traceback.format_tb(error.__traceback__))
        log.error("a call is ended by a bug: %s at\n%s", type(error).__name__, places)
        if not self._over.is_set():
            self._over.set()
            self._observer.fact(CallEnded(self._now(), self._reason))
            self._send(self._codec.bye(self._reason))

    def _perform(self, command: do.Command) -> None:
        match command:
            case do.SendAudio(reply, seq, start, play_at, pcm):
                self._outbox.send(self._codec.voice(pcm, turn=reply, seq=seq, start=start))
                self._observer.agent(play_at, pcm)
            case do.Publish(fact):
                self._observer.fact(fact)
                self._send(self._codec.tell(fact))
            case do.Feed(utterance, pcm):
                self._feed(utterance, pcm)
            case do.Listen(utterance):
                self._listen(utterance)
            case do.StopListening(utterance, keep):
                self._stop_listening(utterance, keep=keep)
            case do.Think(reply, _, _):
                self._start(reply, self._think(command), f"think {reply}")
            case do.Say(reply, part, _):
                self._start(reply, self._speak(command), f"say {reply}.{part}")
            case do.Call(call):
                self._send(self._codec.call(call))
            case do.Cut(reply, at):
                for task in self._reply_tasks.pop(reply, ()):
                    task.cancel()
                self._observer.cut(at)
            case do.HangUp(reason):
                self._reason = reason
                self._send(self._codec.bye(reason))
                self._outbox.close()
                self._over.set()
            case _:
                assert_never(command)

    def _send(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            self._outbox.send(frame)

    # -- the microphone -------------------------------------------------------------------------------------

    def _on_mic(self, pcm: Pcm) -> None:
        if self._ear is None:
            return
        now = self._now()
        until = max(self._mic_until, now) + pcm.duration_s
        if until > now + _LONGEST_HEAD_START_S:
            # Dropped, not queued: a client that floods must not fill the memory or steal the others' time.
            if not self._mic_warned:
                self._mic_warned = True
                self._send(self._codec.error("invalid_event", "audio comes faster than real time and is being dropped"))
            return
        self._mic_until = until
        if windows := self._intake.push(pcm.samples):
            self._listen_to(windows)

    def _listen_to(self, windows: Sequence[Samples]) -> None:
        assert self._ear is not None
        began_at = self._now() - len(windows) * WINDOW_S
        for number, window in enumerate(windows, 1):
            self._observer.visitor(began_at + number * WINDOW_S, window)
            self._windows.append(window)
            self._ear.push(window)

    def _on_speech(self, speech: float) -> None:
        """The voice detector's answer for the oldest window."""
        window = self._windows.popleft()
        assert window is not None
        self.dispatch(events.Heard(self._now(), Pcm(window, VAD_RATE_HZ), speech))
        if self._windows and self._windows[0] is None:
            self._windows.popleft()
            self.dispatch(events.Committed(self._now()))

    def _on_commit(self) -> None:
        """The client ends the turn: what it has sent before is heard before."""
        if self._ear is not None:
            self._listen_to(self._intake.flush())
        if not self._windows:
            self.dispatch(events.Committed(self._now()))
        elif self._windows[-1] is not None:
            self._windows.append(None)

    # -- speech-to-text -------------------------------------------------------------------------------------

    def _listen(self, utterance: int) -> None:
        sound: asyncio.Queue[Pcm | None] = asyncio.Queue(_MOST_WAITING_WINDOWS)
        task = self._create(self._transcribe(utterance, sound), f"transcribe {utterance}")
        self._utterances[utterance] = (sound, task)
        task.add_done_callback(lambda _: self._utterances.pop(utterance, None))

    def _feed(self, utterance: int, pcm: Pcm) -> None:
        known = self._utterances.get(utterance)
        if known is None:
            # Its task has failed and said so.
            return
        try:
            known[0].put_nowait(pcm)
        except asyncio.QueueFull:
            known[1].cancel()
            self.dispatch(events.EngineFailed(self._now(), "stt", utterance, "the engine does not keep up"))

    def _stop_listening(self, utterance: int, *, keep: bool) -> None:
        known = self._utterances.get(utterance)
        if known is None:
            return
        if not keep:
            known[1].cancel()
            return
        try:
            known[0].put_nowait(None)
        except asyncio.QueueFull:
            known[1].cancel()
            self.dispatch(events.EngineFailed(self._now(), "stt", utterance, "the engine does not keep up"))

    async def _transcribe(self, utterance: int, sound: asyncio.Queue[Pcm | None]) -> None:
        async def pieces() -> AsyncGenerator[Pcm]:
            while (pcm := await sound.get()) is not None:
                yield pcm

        async def work() -> None:
            stt = self._engines.stt
            async with aclosing(pieces()) as audio, aclosing(stt.transcribe(audio)) as transcripts:
                async for written in transcripts:
                    text = _encodable(written.text)
                    self.dispatch(events.Transcribed(self._now(), utterance, text, written.final, written.words))
                    if written.final:
                        return
            raise EngineError("stt", stt.name, "it ended without a final transcript")

        await self._attempt("stt", utterance, work)

    # -- thinking and speaking ------------------------------------------------------------------------------

    async def _think(self, command: do.Think) -> None:
        reply = command.reply

        async def work() -> None:
            async with aclosing(self._engines.llm.reply(command.messages, command.tools)) as pieces:
                async for piece in pieces:
                    now = self._now()
                    if isinstance(piece, ToolCall):
                        self.dispatch(events.ToolAsked(now, reply, piece))
                    else:
                        self.dispatch(events.ReplyText(now, reply, _encodable(piece)))
            self.dispatch(events.ReplyDone(self._now(), reply))

        await self._attempt("llm", reply, work)

    async def _speak(self, command: do.Say) -> None:
        reply, part = command.reply, command.part
        rate_hz = self._codec.agent_rate_hz

        async def work() -> None:
            resampler: Resampler | None = None
            async with aclosing(self._engines.tts.speak(command.text, self._style)) as pieces:
                async for voice in pieces:
                    if resampler is None:
                        resampler = Resampler(voice.pcm.rate_hz, rate_hz, quality="MQ")
                    pcm = Pcm(resampler.push(voice.pcm.samples), rate_hz)
                    self.dispatch(events.Voiced(self._now(), reply, part, pcm, voice.words))
            if resampler is not None and len(rest := resampler.flush()):
                self.dispatch(events.Voiced(self._now(), reply, part, Pcm(rest, rate_hz)))

        await self._attempt("tts", reply, work)
        # A part that failed is over as well: the reply goes on with the next one.
        self.dispatch(events.VoiceDone(self._now(), reply, part))

    async def _attempt(self, stage: str, number: int, work: Callable[[], Awaitable[None]]) -> None:
        """Do an engine's work; its failure is an event."""
        try:
            await work()
        except EngineError as error:
            self.dispatch(events.EngineFailed(self._now(), stage, number, error.reason))
        except Exception as error:
            # A stranger's engine may raise anything; its traceback may carry speech, so only its type is logged.
            log.warning("%s engine raised %s, which is not an EngineError", stage, type(error).__name__)
            self.dispatch(events.EngineFailed(self._now(), stage, number, type(error).__name__))

    # -- tasks and time -------------------------------------------------------------------------------------

    def _now(self) -> float:
        """Seconds since the session opened."""
        return self._loop.time() - self._opened_at

    def _create(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
        task = self._loop.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _start(self, reply: int, work: Coroutine[None, None, None], name: str) -> None:
        task = self._create(work, name)
        tasks = self._reply_tasks.setdefault(reply, set())
        tasks.add(task)

        def forget(done: asyncio.Task[None]) -> None:
            tasks.discard(done)
            if not tasks:
                self._reply_tasks.pop(reply, None)

        task.add_done_callback(forget)

    def _arm_timer(self) -> None:
        """One timer: it may ring early, because moving it with every event would cost more than looking again."""
        deadline = self._conversation.deadline()
        if deadline is None:
            return
        when = self._opened_at + deadline
        if self._timer is not None:
            if self._timer_at <= when:
                return
            self._timer.cancel()
        self._timer_at = when
        self._timer = self._loop.call_at(when, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        deadline = self._conversation.deadline()
        if deadline is None or self._over.is_set():
            return
        if self._now() + 0.001 >= deadline:
            self.dispatch(events.TimePassed(max(self._now(), deadline)))
        else:
            self._arm_timer()

    async def _stop_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            _, late = await asyncio.wait(tuple(self._tasks), timeout=_STOP_WAIT_S)
            if late:
                log.warning("%d engine tasks did not stop within %.0f s", len(late), _STOP_WAIT_S)

    def _close(self) -> None:
        self._over.set()
        if self._timer is not None:
            self._timer.cancel()
        if self._ear is not None:
            self._ear.close()
        self._outbox.close()


def _encodable(text: str) -> str:
    """The text without half characters, which JSON can carry and UTF-8 cannot: engines take text from JSON."""
    return text if text.isascii() else text.encode(errors="replace").decode()
