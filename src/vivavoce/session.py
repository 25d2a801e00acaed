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
from collections.abc import Mapping, Sequence
from typing import Protocol, assert_never

from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.engine_work import EngineWork, NoteRequest, OwnTool
from vivavoce.engines.engine import Engines, VoiceActivity
from vivavoce.microphone import Microphone
from vivavoce.speech import VoiceStyle
from vivavoce.talk import commands as do
from vivavoce.talk import events
from vivavoce.talk.brief import Brief
from vivavoce.talk.conversation import Conversation
from vivavoce.talk.facts import CallEnded, Fact
from vivavoce.wire import dialect as wire
from vivavoce.wire.dialect import Codec, Frame

__all__ = ["Observer", "Outbox", "Session"]

log = logging.getLogger(__name__)

# What was sent may be heard this much later than planned, by a slow network or a deep buffer: a client that stops with
# its socket is given the time.
_LINGER_S = 0.3


class Outbox(Protocol):
    """The way to the client. Sending never waits; what a slow client has not taken is the socket's to bound."""

    def send(self, frame: Frame) -> None:
        """Send one message of text; after ``close`` or a lost socket it is dropped."""

    def send_binary(self, frame: Frame) -> None:
        """Send one binary message; likewise."""

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
        own_tools: Mapping[str, OwnTool] | None = None,
        note: NoteRequest = lambda stage, wait_s, fault: None,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._codec = codec
        self._outbox = outbox
        # The way of the agent's audio, chosen once.
        self._send_voice = outbox.send_binary if codec.voice_is_binary else outbox.send
        # When everything that was sent will have been heard, in session seconds.
        self._heard_at = 0.0
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
        rate_hz, now, dispatch = codec.agent_rate_hz, self._now, self.dispatch
        self._work = EngineWork(
            engines=engines,
            style=style,
            voice_rate_hz=rate_hz,
            now=now,
            dispatch=dispatch,
            own_tools=own_tools,
            note=note,
        )
        # A chat has none.
        self._microphone = None if brief.mode == "chat" else self._open_microphone(engines.vad)
        # The client has been told that its microphone floods.
        self._told_of_flood = False

    # -- life -----------------------------------------------------------------------------------------------

    async def run(self) -> str:
        """Hold the call until it is over; returns the reason of its end."""
        try:
            self._send(self._codec.hello())
            self._handling = False
            # A client that will say when it can hear is waited for: telling the time sets the limit of that wait.
            first = events.TimePassed if self._codec.announces_ready else events.ClientReady
            self._inbox.appendleft(first(self._now()))
            self._handle_inbox()
            await self._over.wait()
            await self._linger()
        finally:
            self._close()
            await self._work.stop()
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
            case wire.Ready():
                self.dispatch(events.ClientReady(self._now()))
            case wire.Text(typed):
                self.dispatch(events.Typed(self._now(), typed))
            case wire.CommitAsked():
                if self._microphone is not None:
                    self._microphone.commit()
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
                self._send_voice(self._codec.voice(pcm, turn=reply, seq=seq, start=start))
                self._heard_at = play_at + pcm.duration_s
                self._observer.agent(play_at, pcm)
            case do.Publish(fact):
                self._observer.fact(fact)
                self._send(self._codec.tell(fact))
            case do.Feed(utterance, pcm):
                self._work.feed(utterance, pcm)
            case do.Listen(utterance):
                self._work.listen(utterance)
            case do.StopListening(utterance, keep):
                if keep:
                    self._work.feed(utterance, None)
                else:
                    self._work.drop_utterance(utterance)
            case do.Think():
                self._work.think(command)
            case do.Say():
                self._work.say(command)
            case do.Call(call):
                if not self._work.run_tool(call):
                    self._send(self._codec.call(call))
            case do.Cut(reply, at):
                self._work.drop_reply(reply)
                self._observer.cut(at)
            case do.HangUp(reason):
                self._reason = reason
                self._send(self._codec.bye(reason))
                if self._codec.says_goodbye:
                    self._outbox.close()
                self._over.set()
            case _:
                assert_never(command)

    def _send(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            self._outbox.send(frame)

    # -- the microphone -------------------------------------------------------------------------------------

    def _open_microphone(self, vad: VoiceActivity) -> Microphone:
        return Microphone(
            vad=vad,
            rate_hz=self._codec.mic_rate_hz,
            now=self._now,
            heard=lambda pcm, speech: self.dispatch(events.Heard(self._now(), pcm, speech)),
            committed=lambda: self.dispatch(events.Committed(self._now())),
            record=self._observer.visitor,
        )

    def _on_mic(self, pcm: Pcm) -> None:
        if self._microphone is None or self._microphone.push(pcm) or self._told_of_flood:
            return
        self._told_of_flood = True
        self._send(self._codec.error("invalid_event", "audio comes faster than real time and is being dropped"))

    # -- time ---------------------------------------------------------------------------------------------

    def _now(self) -> float:
        """Seconds since the session opened."""
        return self._loop.time() - self._opened_at

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

    async def _linger(self) -> None:
        """Let a client that is told no goodbye hear what it was sent: the end of its socket ends the sound."""
        if not self._codec.says_goodbye and self._reason != "websocket_closed":
            await asyncio.sleep(max(self._heard_at + _LINGER_S - self._now(), 0.0))

    def _close(self) -> None:
        self._over.set()
        if self._timer is not None:
            self._timer.cancel()
        if self._microphone is not None:
            self._microphone.close()
        self._outbox.close()
