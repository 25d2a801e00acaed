"""
Joins the two sides of a conversation; who has the floor is decided here, and nowhere else.

Theory of operation. One party has the floor at a time:

    waiting ──ClientReady──► idle ◄───────────── reply heard, or nothing understood ──────────────┐
                              │ onset                                                             │
                              ▼            silence            all written down       first sound  │
          ┌────────────► user speaks ─────────────► closing ───────────────► thinking ─────────► talking
          │ onset: the turn goes on │◄──────────────────┴───────────────────────┘                 │
          └─────────────────────────┴──── onset: the agent is interrupted ────────────────────────┘

Every asynchronous result carries the number of the utterance or reply that asked for it. Numbers only rise; results
with an old number change nothing. Every state has a deadline, and ``deadline`` is the earliest of them.
"""

from typing import assert_never

from vivavoce.talk import events, facts
from vivavoce.talk.agent import Agent, Outcome
from vivavoce.talk.brief import Brief
from vivavoce.talk.commands import Command, HangUp
from vivavoce.talk.ears import Sign
from vivavoce.talk.orders import Orders
from vivavoce.talk.reply import Clocking
from vivavoce.talk.trouble import Trouble
from vivavoce.talk.visitor import Visitor

__all__ = ["Conversation"]


class Conversation:
    """Decides what happens next. The same events give the same commands."""

    def __init__(self, brief: Brief) -> None:
        self._brief = brief
        self._policy = brief.policy
        self._orders = Orders()
        self._visitor = Visitor(brief.policy, self._orders)
        self._agent = Agent(brief, self._orders)
        self._trouble = Trouble(brief, self._agent, self._orders, lambda at: self._end(at, "server_error"))
        self._begun = self._ready = self._ended = False
        # What an interruption kept from being heard, until it proves to have been one.
        self._unsaid = ""
        # Whether the visitor's last turn was ended because it was the longest that is listened to.
        self._overlong = False
        # Since when nobody speaks, and how often the agent has asked whether anybody is there.
        self._idle_since: float | None = None
        self._nudges = 0

    # -- the two doors --------------------------------------------------------------------------------------

    def handle(self, event: events.Event) -> list[Command]:
        """Take what happened; returns what is to be done, in order."""
        if self._ended:
            return []
        if not self._begun:
            self._begun = True
            self._orders.publish(facts.CallStarted(event.at, self._brief.mode))
        self._take(event)
        if self._orders.empty and isinstance(event, events.Heard):
            # So it is with most windows; what time brings, such as the next audio to send, comes with its deadline.
            return []
        while not self._ended and (outcome := self._agent.advance(event.at)) is not None:
            self._on_outcome(event.at, outcome)
        return self._orders.take()

    def deadline(self) -> float | None:
        """When it wants a ``TimePassed``, in session seconds; None once the call has ended."""
        if self._ended:
            return None
        soonest = min(self._policy.longest_call_s, self._visitor.deadline(), self._agent.deadline())
        if not self._ready:
            soonest = min(soonest, self._policy.ready_wait_s)
        if self._idle_since is not None:
            soonest = min(soonest, self._idle_since + self._policy.idle_s)
        return soonest

    def _take(self, event: events.Event) -> None:
        agent = self._agent
        match event:
            case events.Heard():
                self._on_heard(event)
            case events.TimePassed(at):
                self._on_time(at)
            case events.ReplyText(at, number, text):
                if (reply := agent.thinking(number)) is not None:
                    agent.add_text(at, reply, text)
            case events.ReplyDone(at, number):
                if (reply := agent.thinking(number)) is not None:
                    agent.end_round(at, reply)
            case events.Voiced(at, number, part, pcm, words):
                if (reply := agent.current(number)) is not None and (placed := reply.voiced(at, part, pcm, words)):
                    self._orders.publish(facts.Captioned(at, number, placed))
            case events.VoiceDone(_, number, part):
                if (reply := agent.current(number)) is not None:
                    reply.voice_done(part)
            case events.Played(at, number, played_s):
                if (reply := agent.current(number)) is not None:
                    reply.mouth.played(at, played_s)
            case events.ToolAsked(at, number, call):
                if (reply := agent.thinking(number)) is not None:
                    agent.ask_tool(at, reply, call)
            case events.ToolAnswered(at, call_id, output):
                self._on_tool_answered(at, call_id, output)
            case events.ToolsOffered(at, tools):
                agent.declare_tools(at, tools)
            case events.Transcribed():
                self._visitor.written(event)
                self._settle(event.at)
            case events.Typed(at, text):
                self._on_typed(at, text)
            case events.Committed(at):
                self._on_committed(at)
            case events.EngineFailed(at, stage, number, reason):
                self._on_engine_failed(at, stage, number, reason)
            case events.ClientReady(at):
                self._on_ready(at)
            case events.ClientLeft(at, reason):
                self._end(at, reason)
            case _:
                assert_never(event)

    # -- the visitor takes the floor, and leaves it ---------------------------------------------------------

    def _on_ready(self, at: float) -> None:
        if self._ready:
            return
        self._ready = True
        if self._agent.reply is not None or self._visitor.speaking or self._visitor.closing_since is not None:
            return
        if self._brief.greeting and not self._brief.waits_for_user:
            self._idle_since = None
            self._agent.speak(at, self._brief.greeting)
        else:
            self._idle_since = at

    def _on_heard(self, event: events.Heard) -> None:
        if self._is_deaf(event.at):
            self._visitor.be_deaf()
        elif (sign := self._visitor.hear(event)) is not None:
            self._on_sign(event.at, sign)

    def _is_deaf(self, at: float) -> bool:
        """Whether the visitor is not heard just now."""
        if self._policy.deaf_until_first_reply and not self._agent.has_replied:
            return True
        if self._overlong and (self._visitor.closing_since is not None or self._agent.reply is not None):
            return True
        talking_since = self._agent.talking_since
        if talking_since is None:
            return False
        return not self._policy.interruptions or at < talking_since + self._policy.interruption_grace_s

    def _on_sign(self, at: float, sign: Sign) -> None:
        if sign is Sign.ONSET:
            self._take_floor(at)
            self._visitor.begin()
        elif sign is Sign.END:
            # He may go on for ever, or it is a radio: the agent answers, and is not interrupted.
            self._overlong = at - self._visitor.began_at >= self._policy.longest_turn_s
            self._visitor.close(at)
            self._settle(at)

    def _on_committed(self, at: float) -> None:
        if self._agent.reply is None and not self._is_deaf(at):
            for sign in self._visitor.commit(at):
                self._on_sign(at, sign)

    def _on_typed(self, at: float, text: str) -> None:
        self._ready = True
        self._take_floor(at)
        # What was being said goes in front of what is typed.
        for said in (self._visitor.break_off(at), text):
            if said:
                self._agent.note(at, said)
        self._unsaid = ""
        self._agent.answer(at, "", Clocking(at, at, at))

    def _take_floor(self, at: float) -> None:
        """The visitor speaks or types: the agent falls silent."""
        self._idle_since = None
        self._nudges = 0
        self._unsaid = self._agent.unheard(at) or self._unsaid
        if self._agent.talking_since is not None:
            self._agent.interrupt(at)
        else:
            self._visitor.take_back(self._agent.withdraw(at))

    def _settle(self, at: float) -> None:
        """Answer the turn that is over, once all of it has been written down."""
        if not self._visitor.settled:
            return
        turn_over_at, lost_words = self._visitor.closing_since, self._visitor.lost_words
        assert turn_over_at is not None
        text = self._visitor.hand_over()
        if text:
            self._unsaid = ""
            self._agent.answer(at, text, Clocking(self._visitor.ended_at, turn_over_at, at))
        elif lost_words:
            self._unsaid = ""
            self._trouble.apologise(at, self._brief.phrases.not_heard)
        else:
            self._go_on(at)

    def _go_on(self, at: float) -> None:
        """There was no speech, or none that could be read: go on as if nothing had been."""
        unsaid, self._unsaid = self._unsaid, ""
        self._idle_since = None
        if unsaid:
            self._agent.speak(at, unsaid)
        elif self._agent.owes_answer:
            self._agent.answer(at, "", Clocking(at, at, at))
        else:
            self._idle_since = at

    # -- the agent leaves the floor -------------------------------------------------------------------------

    def _on_outcome(self, at: float, outcome: Outcome) -> None:
        match outcome:
            case Outcome.HEARD:
                self._trouble.over()
                self._fall_idle(at)
            case Outcome.SPOKEN:
                self._fall_idle(at)
            case Outcome.GOODBYE:
                self._end(at, "ended")
            case Outcome.MUTE:
                self._trouble.stumble(at, "tts", "the voice made no sound of the reply")
            case Outcome.EMPTY:
                self._trouble.stumble(at, "llm", "the model answered with no text")
            case Outcome.LATE:
                self._trouble.tool_late(at)
            case _:
                assert_never(outcome)

    def _fall_idle(self, at: float) -> None:
        """Nobody has anything to say, unless a tool has answered meanwhile."""
        self._idle_since = at
        if self._agent.has_news:
            self._go_on(at)

    def _on_tool_answered(self, at: float, call_id: str, output: str, *, error: str = "") -> None:
        self._agent.answer_tool(at, call_id, output, error=error)
        if self._idle_since is not None and self._agent.has_news:
            self._go_on(at)

    def _nudge(self, at: float) -> None:
        if self._nudges >= self._policy.most_nudges:
            self._end(at, "timeout")
            return
        self._nudges += 1
        self._idle_since = None
        self._agent.speak(at, self._brief.phrases.nudge)

    # -- trouble --------------------------------------------------------------------------------------------

    def _on_engine_failed(self, at: float, stage: str, number: int, reason: str) -> None:
        if stage != "stt":
            self._trouble.reply_failed(at, stage, number, reason)
        elif self._visitor.transcript_failed(number):
            self._orders.publish(facts.EngineStumbled(at, stage, reason))
            self._settle(at)

    # -- time -----------------------------------------------------------------------------------------------

    def _on_time(self, at: float) -> None:
        policy, visitor = self._policy, self._visitor
        if at >= policy.longest_call_s:
            self._end(at, "timeout")
            return
        if not self._ready and at >= policy.ready_wait_s:
            self._on_ready(at)
        if (sign := visitor.lapse(at)) is not None:
            self._on_sign(at, sign)
        if visitor.closing_since is not None and at >= visitor.closing_since + policy.transcript_wait_s:
            visitor.give_up_waiting()
            self._orders.publish(facts.EngineStumbled(at, "stt", "the final transcript did not come in time"))
            self._settle(at)
        for call_id in self._agent.late_tools(at):
            self._on_tool_answered(at, call_id, "The tool did not answer in time.", error="tool_timeout")
        self._trouble.check(at)
        if self._idle_since is not None and at >= self._idle_since + policy.idle_s:
            self._nudge(at)

    def _end(self, at: float, reason: str) -> None:
        """The call is over; what was being said is told as far as it was heard."""
        if self._ended:
            return
        self._ended = True
        self._agent.commit(at)
        if said := self._visitor.break_off(at):
            self._agent.note(at, said)
        self._agent.stop(at)
        self._orders.publish(facts.CallEnded(at, reason))
        self._orders.do(HangUp(reason))
