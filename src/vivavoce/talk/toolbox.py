"""
The tools of a call: which there are, what becomes of their calls, and what is said while one takes its time.

Tools never block the conversation. A call is answered, or its time is over, or the reply that made it is given up; in
each case the model learns what became of it. While a tool works and nobody speaks, the agent says a short phrase.
"""

from collections import deque

from vivavoce.speech import Tool, ToolCall
from vivavoce.talk import commands as do
from vivavoce.talk import facts
from vivavoce.talk.brief import Brief
from vivavoce.talk.orders import Orders
from vivavoce.talk.orphans import Orphans
from vivavoce.talk.reply import Reply, Round
from vivavoce.talk.sentences import speakable

__all__ = ["Toolbox"]

# Ids of calls that nobody waits for; a page that answers such a call later than this is told that nobody asked.
_MOST_UNAWAITED = 256
# As much of a foreign id is repeated in a complaint.
_LONGEST_ID_LETTERS = 64


class Toolbox:
    """Knows the tools of a call and follows their calls."""

    def __init__(self, brief: Brief, orders: Orders) -> None:
        self._brief = brief
        self._orders = orders
        # What the page can run, as it said last.
        self._declared: tuple[Tool, ...] = ()
        # Some pages answer every call; the oldest of these are forgotten.
        self._unawaited: deque[str] = deque(maxlen=_MOST_UNAWAITED)
        self._orphans = Orphans()
        # How often something was said to fill the silence, and what it was last.
        self._fillers = 0
        self._last_filler = ""

    # -- which there are ------------------------------------------------------------------------------------

    def declare(self, at: float, tools: tuple[Tool, ...]) -> None:
        """The page can run these tools from now on, and no others."""
        self._declared = tools
        self._orders.publish(facts.ToolsAccepted(at, tuple(tool.name for tool in tools)))

    @property
    def offered(self) -> tuple[Tool, ...]:
        """What the model may call: the page's tools, the agent's, and those that end the call."""
        runnable = (*self._declared, *self._brief.tools)
        names = {tool.name for tool in runnable}
        return (*runnable, *(tool for tool in self._brief.hang_up if tool.name not in names))

    def hangs_up(self, call: ToolCall) -> bool:
        """Whether this call asks for the end of the conversation; a tool of the page may have taken the name."""
        return self._find(call.name) is None and any(tool.name == call.name for tool in self._brief.hang_up)

    # -- what becomes of a call -----------------------------------------------------------------------------

    def ask(self, at: float, reply: Reply, call: ToolCall) -> None:
        """The model wants a tool to run."""
        tool = self._find(call.name)
        if tool is None:
            reply.ask_tool(at, call, Tool(call.name, ""))
            reply.answer_tool(call.id, f"There is no tool named {call.name}.")
            return
        reply.ask_tool(at, call, tool)
        if not tool.awaited:
            self._unawaited.append(call.id)
        self._orders.do(do.Call(call))
        self._orders.publish(facts.ToolStarted(at, call))

    def answer(self, at: float, reply: Reply | None, call_id: str, output: str, *, error: str = "") -> bool:
        """A tool has answered, or its time is over; returns whether it was a call of this reply."""
        call = reply.answer_tool(call_id, output, late=bool(error)) if reply is not None else None
        if call is not None:
            self._orders.publish(facts.ToolEnded(at, call_id, call.name, output, error))
            return True
        if (orphan := self._orphans.answer(call_id, output)) is not None:
            # The model does not know it yet in what it says just now, so the answer comes behind that.
            self._orders.publish(facts.ToolEnded(at, call_id, orphan.name, output, error))
        elif call_id not in self._unawaited:
            complaint = f'no tool call "{call_id[:_LONGEST_ID_LETTERS]}" is waiting for a result'
            self._orders.publish(facts.Failed(at, "unknown_call_id", complaint))
        return False

    def late(self, at: float, reply: Reply | None) -> tuple[str, ...]:
        """The calls whose time is over."""
        return (*(reply.late_tools(at) if reply is not None else ()), *self._orphans.late(at))

    # -- calls whose reply was given up ---------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether one of them has not answered yet."""
        return self._orphans.running

    @property
    def has_news(self) -> bool:
        """Whether one of them has answered and the model does not know it yet; not while another still runs."""
        return self._orphans.unread and not self._orphans.running

    def adopt(self, given_up: Round) -> None:
        """The reply of these calls is over; those that still run are followed all the same."""
        self._orphans.adopt(given_up)

    def read(self) -> list[tuple[ToolCall, str]]:
        """What they have answered; the model knows it from now on."""
        return self._orphans.read()

    # -- while one takes its time ---------------------------------------------------------------------------

    def filler_at(self, reply: Reply) -> float:
        """When something is to be said while a tool of the reply works, in session seconds; infinity for never."""
        silent_since = reply.silent_since()
        if silent_since is None or reply.rounds[-1].filled or self._brief.mode == "chat":
            return float("inf")
        return silent_since + self._brief.policy.tool_filler_s

    def fill(self, at: float, reply: Reply) -> None:
        """Say something if a tool has let the visitor wait in silence: once in a round, and never the same again."""
        if at < self.filler_at(reply):
            return
        own = next((call.tool.fillers for call in reply.rounds[-1].running.values() if call.tool.fillers), ())
        phrase = self._next_phrase(own) or self._next_phrase(self._brief.phrases.fillers)
        if not phrase:
            reply.rounds[-1].filled = True
            return
        self._last_filler = phrase
        self._fillers += 1
        reply.fill(phrase)

    def deadline(self, reply: Reply | None) -> float:
        """When it next wants to be looked at, in session seconds; the time limits of a reply's calls are its own."""
        filler_at = float("inf") if reply is None else self.filler_at(reply)
        return min(filler_at, self._orphans.deadline())

    # -- inside ---------------------------------------------------------------------------------------------

    def _find(self, name: str) -> Tool | None:
        return next((tool for tool in (*self._declared, *self._brief.tools) if tool.name == name), None)

    def _next_phrase(self, phrases: tuple[str, ...]) -> str:
        """The next of the phrases in turn, but not what was said last; empty where there is no other."""
        spoken = [text for phrase in phrases if (text := speakable(phrase))]
        turned = [spoken[(self._fillers + step) % len(spoken)] for step in range(len(spoken))]
        return next((text for text in turned if text != self._last_filler), "")
