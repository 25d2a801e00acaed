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
from collections.abc import Mapping
from typing import assert_never

from vivavoce.alarm import Alarm
from vivavoce.audio.pcm import Pcm
from vivavoce.engine_work import EngineWork, NoteRequest, OwnTool
from vivavoce.engines.engine import Engines, VoiceActivity
from vivavoce.line import Line, Outbox
from vivavoce.microphone import Microphone
from vivavoce.observer import Observer
from vivavoce.speech import VoiceStyle
from vivavoce.talk import commands as do
from vivavoce.talk import events
from vivavoce.talk.brief import Brief
from vivavoce.talk.conversation import Conversation
from vivavoce.talk.facts import CallEnded
from vivavoce.wire import dialect as wire
from vivavoce.wire.dialect import Codec, ResumableCodec

__all__ = ["Session"]

log = logging.getLogger(__name__)

# What was sent may be heard this much later than planned, by a slow network or a deep buffer: a client that stops with
# its socket is given the time.
_LINGER_S = 0.3


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
        # The same where its client can resume.
        self._resumable = codec if isinstance(codec, ResumableCodec) else None
        self._line = Line(outbox, codec)
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
        self._alarm = Alarm(self._now, self._conversation.deadline, self._on_time)
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
        # A client that can resume has said something.
        self._met = False
        # The client's newest message when it resumed: up to that one it sends what it had kept.
        self._kept_up_to = 0

    # -- life -----------------------------------------------------------------------------------------------

    async def run(self) -> str:
        """Hold the call until it is over; returns the reason of its end."""
        try:
            self._line.send_once(self._codec.hello())
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
        if self._resumable is not None:
            self._after_message(self._resumable)
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
            case wire.Playback():
                self._on_playback(received)
            case wire.Ping(ping_id, ack):
                self._line.acknowledge(ack)
                if self._resumable is not None:
                    self._line.send_once(self._resumable.pong(ping_id))
            case wire.CloseAsked():
                self.dispatch(events.ClientLeft(self._now(), "client_requested"))
            case wire.Broken(code, message):
                self._line.send(self._codec.error(code, message))
            case _:
                assert_never(received)

    def leave(self, reason: str) -> None:
        """End the call from outside: the server stops, or an operator wants it."""
        self.dispatch(events.ClientLeft(self._now(), reason))

    # -- one socket after the other -------------------------------------------------------------------------

    def lose(self, outbox: Outbox) -> None:
        """A socket is gone: a client that can resume is waited for."""
        if not self._line.lose(outbox):
            return
        # A client that has not said a word may never have opened its socket.
        if self._met:
            self.dispatch(events.ClientAway(self._now()))
        else:
            self.leave("websocket_closed")

    @property
    def ended(self) -> str:
        """Why the call is over; empty while it goes on."""
        return self._reason if self._over.is_set() else ""

    @property
    def waits_since(self) -> float | None:
        """Since when the client is waited for, on the event loop's clock; None while it is there."""
        away_since = self._conversation.away_since
        return None if away_since is None else self._opened_at + away_since

    def can_resume(self, last_seq: int) -> bool:
        """Whether a client that has everything up to this number can take the call up."""
        return not self._over.is_set() and self._line.can_resume(last_seq)

    def resume(self, outbox: Outbox, *, last_seq: int, input_seq: int) -> None:
        """
        Go on over another socket.

        Args:
            outbox: The socket.
            last_seq: The number of the last frame that the client has; ask ``can_resume`` first.
            input_seq: The number of the client's newest message, sent or kept.
        """
        assert self._resumable is not None
        # An old socket that is only thought to be alive is lost now.
        self.dispatch(events.ClientAway(self._now()))
        self._line.resume(outbox, self._resumable.hello_again(), last_seq)
        if self._microphone is not None and input_seq > self._resumable.input_seq:
            self._kept_up_to = input_seq
            self._microphone.catch_up()
        self.dispatch(events.ClientBack(self._now()))

    def _after_message(self, codec: ResumableCodec) -> None:
        """A message of a client that can resume has come."""
        self._met = True
        if (frame := codec.acknowledgement()) is not None:
            self._line.send_once((frame,))
        if self._microphone is not None and 0 < self._kept_up_to < codec.input_seq:
            self._kept_up_to = 0
            self._microphone.caught_up()

    def _on_playback(self, report: wire.Playback) -> None:
        self._line.acknowledge(report.ack)
        now = self._now()
        played_s = report.played / self._codec.agent_rate_hz
        # First, so that the greeting is begun for a client that reports.
        self.dispatch(events.Played(now, report.turn, played_s, report.state))
        if report.state != "suspended":
            # Its output runs: it can hear.
            self.dispatch(events.ClientReady(now))

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
            self._alarm.arm()

    def _collapse(self, error: Exception) -> None:
        """End the call because of a bug of ours: better than silence for ever."""
        # Not the error's text, which may carry speech.
        places = "".join(traceback.format_tb(error.__traceback__))
        log.error("a call is ended by a bug: %s at\n%s", type(error).__name__, places)
        if not self._over.is_set():
            self._over.set()
            self._observer.fact(CallEnded(self._now(), self._reason))
            self._line.send(self._codec.bye(self._reason))

    def _perform(self, command: do.Command) -> None:
        match command:
            case do.SendAudio(reply, start, play_at, pcm):
                self._line.send_voice(self._codec.voice(pcm, turn=reply, start=start))
                self._heard_at = play_at + pcm.duration_s
                self._observer.agent(reply, pcm)
            case do.Sounded(reply, at, samples):
                self._observer.sounded(reply, at, samples)
            case do.Publish(fact):
                self._observer.fact(fact)
                self._line.send(self._codec.tell(fact))
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
                    self._line.send(self._codec.call(call))
            case do.Cut(reply):
                self._work.drop_reply(reply)
                self._observer.cut(reply)
            case do.HangUp(reason):
                self._reason = reason
                self._line.send(self._codec.bye(reason))
                if self._codec.says_goodbye:
                    self._line.close()
                self._over.set()
            case _:
                assert_never(command)

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
        self._line.send(self._codec.error("invalid_event", "audio comes faster than real time and is being dropped"))

    # -- time ---------------------------------------------------------------------------------------------

    def _now(self) -> float:
        """Seconds since the session opened."""
        return self._loop.time() - self._opened_at

    def _on_time(self, at: float) -> None:
        if not self._over.is_set():
            self.dispatch(events.TimePassed(at))

    async def _linger(self) -> None:
        """Let a client that is told no goodbye hear what it was sent: the end of its socket ends the sound."""
        if not self._codec.says_goodbye and self._reason != "websocket_closed":
            await asyncio.sleep(max(self._heard_at + _LINGER_S - self._now(), 0.0))

    def _close(self) -> None:
        self._over.set()
        self._alarm.stop()
        if self._microphone is not None:
            self._microphone.close()
        self._line.close()
