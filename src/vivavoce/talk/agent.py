"""
The agent's side: it thinks, speaks, uses tools, and knows what of it was heard.

Until the agent's first sound (or first tool) the turn that it answers is not certain: it can be withdrawn, and the
visitor's turn goes on as if nothing had been thought. From then on the turn is committed: it is told to the world and
stands in the history.
"""

from enum import Enum

from vivavoce.speech import Message, Tool, ToolCall
from vivavoce.talk import commands as do
from vivavoce.talk import facts
from vivavoce.talk.brief import Brief
from vivavoce.talk.delivery import Delivery, Wait
from vivavoce.talk.events import Voiced, VoiceDone
from vivavoce.talk.history import History
from vivavoce.talk.orders import Orders
from vivavoce.talk.reply import Clocking, Reply, Round
from vivavoce.talk.toolbox import Toolbox

__all__ = ["Agent", "Outcome"]


class Outcome(Enum):
    """How a reply has ended."""

    HEARD = "an answer was heard to its end"
    SPOKEN = "what the agent says by itself was heard to its end"
    GOODBYE = "it was heard to its end, and with it the call ends"
    MUTE = "it had text, but the voice made no sound of it"
    EMPTY = "the model had nothing to say"
    LATE = "a tool did not answer in time, and the model had nothing to say to that"


class Agent:
    """Makes one reply after the other; at most one is alive."""

    def __init__(self, brief: Brief, orders: Orders) -> None:
        self._brief = brief
        self._orders = orders
        self._chat = brief.mode == "chat"
        self._history = History(brief.prompt)
        self._toolbox = Toolbox(brief, orders)
        # The agent's turn, from its first thought to its last heard word.
        self.reply: Reply | None = None
        # The newest reply's number.
        self._replies = 0
        self._delivery = Delivery(brief, orders)
        # The turn that the reply answers, as long as it is not certain.
        self._asked = ""
        self.has_replied = False

    # -- a reply begins -------------------------------------------------------------------------------------

    def speak(self, at: float, text: str) -> None:
        """Say something without asking the language model."""
        reply = self._new_reply(None)
        self.add_text(at, reply, text)
        self.end_round(at, reply)

    def answer(self, at: float, asked: str, clocking: Clocking) -> None:
        """Answer the visitor's turn ``asked``, or, where that is empty, what is certain already."""
        self._asked = asked
        self._read_tools()
        self._think(at, self._new_reply(clocking))

    def note(self, at: float, said: str) -> None:
        """The visitor has said this for certain, and it is not answered by itself."""
        self._read_tools()
        self._remember_user(at, said)

    # -- it goes on -----------------------------------------------------------------------------------------

    def current(self, number: int) -> Reply | None:
        """The reply with this number, unless it has been given up."""
        return self.reply if self.reply is not None and self.reply.id == number else None

    def thinking(self, number: int) -> Reply | None:
        """The reply with this number, if the model is at work on it."""
        reply = self.current(number)
        return reply if reply is not None and reply.thinking else None

    @property
    def has_news(self) -> bool:
        """Whether a tool has answered and the model does not know it yet."""
        return self._toolbox.has_news

    @property
    def owes_answer(self) -> bool:
        """Whether the last word is the visitor's or a tool's; not while a tool runs, or it would be asked again."""
        return self.has_news or (self._history.unanswered and not self._toolbox.running)

    def unheard(self, at: float) -> str:
        """What the agent has to say and the visitor has not heard; nothing of an answer that is still withheld."""
        reply = self.reply
        if reply is None or self._chat or (reply.clocking is not None and not reply.talking):
            return ""
        if reply.thinking and not reply.mouth.heard_text(at):
            # Its first half alone would be torn off; the question is still unanswered, and is asked again.
            return ""
        return reply.unsaid_text(at)

    @property
    def talking_since(self) -> float | None:
        """Since when the agent talks, in session seconds; None while it does not."""
        return self.reply.talking_since if self.reply is not None and self.reply.talking else None

    def add_text(self, at: float, reply: Reply, text: str) -> None:
        """The next piece of the reply's text."""
        reply.add_text(at, text)
        if self._chat and reply.text.strip():
            self._start_talking(at, reply)
            self._orders.publish(facts.AgentSaid(at, reply.id, reply.text.strip(), final=False))
        if reply.over_length and reply.thinking:
            self.break_off(reply)

    def end_round(self, at: float, reply: Reply) -> None:
        """The model has said everything of this round."""
        reply.end_round()
        if not reply.rounds[-1].calls:
            reply.finish()
        elif reply.rounds[-1].answered:
            self._next_round(at, reply)

    def break_off(self, reply: Reply) -> None:
        """The model says no more: let what there is be heard."""
        reply.end_round()
        reply.finish()
        reply.broken_off = True

    def commit(self, at: float) -> None:
        """The turn that the reply answers is certain now."""
        if self._asked:
            asked, self._asked = self._asked, ""
            self._remember_user(at, asked)

    def advance(self, at: float) -> Outcome | None:
        """Let the reply go on: give parts to the voice, send sound, tell words; returns how it ended, if it has."""
        reply = self.reply
        if reply is None:
            return None
        if self._chat:
            return self._close(at, reply, reply.text.strip()) if reply.complete else None
        self._toolbox.fill(at, reply)
        if frames := reply.mouth.due(at):
            self._start_talking(at, reply)
            self._orders.do(*frames)
        # What has just been sent makes room for more.
        self._orders.do(*reply.due_parts(at))
        if reply.talking:
            self._delivery.follow(at, reply)
        return self._close(at, reply, reply.mouth.text) if reply.mouth.finished(at) else None

    def deadline(self) -> float:
        """When the agent next wants to be looked at, in session seconds."""
        soonest = self.reply.deadline() if self.reply is not None else float("inf")
        return min(soonest, self._toolbox.deadline(self.reply))

    # -- its sound ------------------------------------------------------------------------------------------

    def add_sound(self, event: Voiced) -> None:
        """Sound of a part of the reply."""
        if (reply := self.current(event.reply)) is not None:
            self._delivery.tell_caption(event.at, reply, reply.voiced(event.at, event.part, event.pcm, event.words))

    def end_sound(self, event: VoiceDone) -> None:
        """All sound of a part has come."""
        if (reply := self.current(event.reply)) is not None:
            self._delivery.tell_caption(event.at, reply, reply.voice_done(event.part))

    def wait(self, at: float, why: Wait) -> None:
        """Its voice waits."""
        self._delivery.wait(at, why, self.reply)

    def go_on(self, at: float, why: Wait) -> None:
        """What its voice waited for is over."""
        self._delivery.go_on(at, why, self.reply)

    def heed_reports(self) -> None:
        """The client tells what it plays: from now on nothing else is believed."""
        self._delivery.client_reports = True

    @property
    def is_held(self) -> bool:
        """Whether its voice waits for what the visitor's sound turns out to be."""
        return self._delivery.is_held

    # -- tools ----------------------------------------------------------------------------------------------

    def declare_tools(self, at: float, tools: tuple[Tool, ...]) -> None:
        """The page can run these tools from now on."""
        self._toolbox.declare(at, tools)

    def ask_tool(self, at: float, reply: Reply, call: ToolCall) -> None:
        """The model wants a tool to run."""
        if self._toolbox.hangs_up(call):
            reply.hangs_up = True
            return
        # A tool may change the world: the turn that asked for it is certain.
        self.commit(at)
        self._toolbox.ask(at, reply, call)

    def answer_tool(self, at: float, call_id: str, output: str, *, error: str = "") -> None:
        """A tool has answered, or its time is over."""
        reply = self.reply
        was_awaited = self._toolbox.answer(at, reply, call_id, output, error=error)
        if was_awaited and reply is not None and not reply.thinking and reply.rounds[-1].answered:
            self._next_round(at, reply)

    def late_tools(self, at: float) -> tuple[str, ...]:
        """The calls whose time is over."""
        return self._toolbox.late(at, self.reply)

    # -- it ends --------------------------------------------------------------------------------------------

    def withdraw(self, at: float) -> str:
        """Give up a reply of which not a sound was heard; returns the turn that it answered, if that is not certain."""
        asked, self._asked = self._asked, ""
        if self.reply is not None:
            self._history.reply(self.reply.rounds)
            self._toolbox.adopt(self.reply.rounds[-1])
        self.drop(at)
        return asked

    def interrupt(self, at: float) -> None:
        """Fall silent in the middle of a reply, because the visitor has something to say."""
        reply = self.reply
        assert reply is not None
        self.drop(at)
        self._orders.publish(facts.Interrupted(at, reply.id, reply.mouth.heard_s(at)))
        self._retire(at, reply, self._heard(at, reply))

    def stop(self, at: float) -> None:
        """Fall silent in whatever state, and tell how far the reply was heard."""
        reply = self.reply
        self.drop(at)
        if reply is not None:
            self._retire(at, reply, self._heard(at, reply))

    def drop(self, at: float) -> None:
        """Give the reply up: no sound of it is sent from here on."""
        if self.reply is not None:
            self._delivery.note_sound(at, self.reply)
            self._orders.do(do.Cut(self.reply.id))
            self.reply = None
        self._delivery.forget_hold()

    # -- inside ---------------------------------------------------------------------------------------------

    def _new_reply(self, clocking: Clocking | None) -> Reply:
        self._replies += 1
        mouth = self._delivery.new_mouth(self._replies)
        self.reply = Reply(self._replies, mouth=mouth, clocking=clocking, policy=self._brief.policy)
        return self.reply

    def _think(self, at: float, reply: Reply) -> None:
        """Ask the language model for the next round."""
        reply.begin_round(at)
        further = [Message("user", self._asked)] if self._asked else []
        for done in reply.rounds[:-1]:
            further += done.messages()
        self._orders.do(do.Think(reply.id, self._history.messages(*further), self._toolbox.offered))

    def _next_round(self, at: float, reply: Reply) -> None:
        reply.rounds.append(Round())
        if len(reply.rounds) > self._brief.policy.most_tool_rounds or reply.hangs_up or reply.broken_off:
            reply.finish()
        else:
            self._think(at, reply)

    def _start_talking(self, at: float, reply: Reply) -> None:
        """The agent's first sound, or in a chat its first text."""
        if reply.talking:
            return
        reply.talking = True
        reply.talking_since = at
        self.commit(at)
        self._orders.publish(facts.AgentStartedTalking(at, reply.id))
        if reply.clocking is not None:
            self._orders.publish(reply.clocking.timed(at, reply.id))

    def _close(self, at: float, reply: Reply, heard: str) -> Outcome:
        self._delivery.note_sound(at, reply)
        if reply.broken_off:
            # The model may still be writing, and nobody reads it.
            self._orders.do(do.Cut(reply.id))
        self.reply = None
        self.has_replied = True
        if self.is_held:
            # The client had played its last sample before it could hold; what comes next must not be held.
            self._delivery.forget_hold()
            self._orders.publish(facts.Released(at, reply.id))
        self._retire(at, reply, heard)
        if reply.hangs_up:
            return Outcome.GOODBYE
        if not reply.said:
            return Outcome.LATE if reply.tool_late else Outcome.EMPTY
        if not (reply.has_sound or self._chat):
            return Outcome.MUTE
        return Outcome.SPOKEN if reply.clocking is None else Outcome.HEARD

    def _heard(self, at: float, reply: Reply) -> str:
        return reply.text.strip() if self._chat else reply.mouth.heard_text(at)

    def _retire(self, at: float, reply: Reply, heard: str) -> None:
        """A turn of the agent is over: tell the world, and remember what was heard."""
        self.commit(at)
        if reply.talking:
            self._orders.publish(facts.AgentSaid(at, reply.id, heard, final=True))
            self._orders.publish(facts.AgentStoppedTalking(at, reply.id))
        last = reply.rounds[-1]
        # What was said before a tool was asked, or while it works, is no answer to what it says.
        is_answer = reply.complete or bool(last.text.strip() and not last.calls)
        self._history.reply(reply.rounds, heard, is_answer=is_answer)
        self._toolbox.adopt(last)

    def _remember_user(self, at: float, said: str) -> None:
        self._orders.publish(facts.UserSaid(at, said, final=True))
        self._history.user(said)

    def _read_tools(self) -> None:
        """What orphaned calls have answered becomes part of the history."""
        for call, output in self._toolbox.read():
            self._history.tools((call,), (output,))
