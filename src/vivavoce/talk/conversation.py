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
from vivavoce.talk.barge_in import BargeIn
from vivavoce.talk.brief import Brief
from vivavoce.talk.commands import Command, HangUp
from vivavoce.talk.ears import Sign
from vivavoce.talk.idleness import Idleness
from vivavoce.talk.orders import Orders
from vivavoce.talk.presence import Presence
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
        self._barge_in = BargeIn(
            brief.policy.barge_in_s, self._visitor, self._agent, self._orders, interrupt=self._take_floor
        )
        self._presence = Presence(brief.policy, self._agent, self._orders)
        self._begun = self._ready = self._ended = False
        # What an interruption kept from being heard, until it proves to have been one.
        self._unsaid = ""
        # Whether the visitor's last turn was ended because it was the longest that is listened to.
        self._overlong = False
        self._idleness = Idleness(brief.policy)

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
        soonest = min(
            self._policy.longest_call_s, self._visitor.deadline(), self._agent.deadline(), self._presence.deadline()
        )
        if not self._ready:
            soonest = min(soonest, self._policy.ready_wait_s)
        return soonest if self._presence.absent else min(soonest, self._idleness.deadline())

    @property
    def away_since(self) -> float | None:
        """Since when the client's socket is gone, in session seconds; None while it is there."""
        return self._presence.away_since

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
            case events.Voiced():
                agent.add_sound(event)
            case events.VoiceDone():
                agent.end_sound(event)
            case events.Played():
                self._on_played(event)
            case events.ClientAway(at):
                self._presence.leave(at)
                self._visitor.away()
            case events.ClientBack(at):
                self._visitor.come_back(at)
                self._presence.come_back(at)
                self._idleness.restart(at)
            case events.ToolAsked(at, number, call):
                if (reply := agent.thinking(number)) is not None:
                    agent.ask_tool(at, reply, call)
            case events.ToolAnswered(at, call_id, output):
                self._on_tool_answered(at, call_id, output)
            case events.ToolsOffered(at, tools):
                agent.declare_tools(at, tools)
            case events.Transcribed():
                self._visitor.written(event)
                self._barge_in.weigh(event.at)
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
            self._idleness.end()
            self._agent.speak(at, self._brief.greeting)
        else:
            self._idleness.begin(at)

    def _on_heard(self, event: events.Heard) -> None:
        if self._is_deaf(event.at):
            self._visitor.be_deaf()
        elif (sign := self._visitor.hear(event)) is not None:
            self._on_sign(event.at, sign)
        elif self._agent.is_held:
            self._barge_in.weigh(event.at)

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
            if self._brief.holds and self._agent.talking_since is not None:
                self._barge_in.hold(at)
            else:
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
        self._idleness.forget()
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
        self._barge_in.weigh(at)
        if self._visitor.closing_since is None:
            # It was nothing, and the agent goes on.
            return
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
        self._idleness.end()
        if unsaid:
            self._agent.speak(at, unsaid)
        elif self._agent.owes_answer:
            self._agent.answer(at, "", Clocking(at, at, at))
        else:
            self._idleness.begin(at)

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
        if self._visitor.speaking or self._visitor.closing_since is not None:
            # He spoke into the agent's last words.
            return
        self._idleness.begin(at)
        if self._agent.has_news:
            self._go_on(at)

    def _on_tool_answered(self, at: float, call_id: str, output: str, *, error: str = "") -> None:
        self._agent.answer_tool(at, call_id, output, error=error)
        if self._idleness.lasts and self._agent.has_news:
            self._go_on(at)

    def _nudge(self, at: float) -> None:
        if self._idleness.nudge():
            self._agent.speak(at, self._brief.phrases.nudge)
        else:
            self._end(at, "timeout")

    def _on_played(self, event: events.Played) -> None:
        was_absent = self._presence.absent
        self._presence.played(event)
        if was_absent and not self._presence.absent:
            self._idleness.restart(event.at)

    # -- trouble --------------------------------------------------------------------------------------------

    def _on_engine_failed(self, at: float, stage: str, number: int, reason: str) -> None:
        if stage != "stt":
            self._trouble.reply_failed(at, stage, number, reason)
        elif self._visitor.transcript_failed(number):
            self._orders.publish(facts.EngineStumbled(at, stage, reason))
            self._barge_in.weigh(at)
            self._settle(at)

    # -- time -----------------------------------------------------------------------------------------------

    def _on_time(self, at: float) -> None:
        policy, visitor = self._policy, self._visitor
        if at >= policy.longest_call_s:
            self._end(at, "timeout")
            return
        if reason := self._presence.given_up(at):
            self._end(at, reason)
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
        if not self._presence.absent and at >= self._idleness.deadline():
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
