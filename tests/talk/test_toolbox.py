"""The tools of a call: which there are, and when something is said while one works."""

import pytest

from vivavoce.speech import Tool, ToolCall
from vivavoce.talk import commands as do
from vivavoce.talk import facts
from vivavoce.talk.brief import END_CALL, Brief, Phrases
from vivavoce.talk.commands import Publish
from vivavoce.talk.mouth import Mouth
from vivavoce.talk.orders import Orders
from vivavoce.talk.policy import Policy
from vivavoce.talk.reply import Reply, Round
from vivavoce.talk.toolbox import Toolbox

LOOK, SHOW = Tool("look", "Looks.", timeout_s=5.0), Tool("show", "Shows.", awaited=False)
OWN = Tool("own", "Of the agent.", fillers=("My own.",))
CALL = ToolCall("a", "look", "{}")


def new(brief: Brief | None = None) -> tuple[Toolbox, Orders]:
    """A toolbox with two tools of the page."""
    orders = Orders()
    toolbox = Toolbox(brief or Brief(), orders)
    toolbox.declare(0.0, (LOOK, SHOW))
    orders.take()
    return toolbox, orders


def reply_of(brief: Brief | None = None) -> Reply:
    """A reply whose model has said all of its round."""
    policy = (brief or Brief()).policy
    mouth = Mouth(reply=1, rate_hz=1000, lead_s=1.0, policy=policy)
    return Reply(1, mouth=mouth, clocking=None, policy=policy)


def published(orders: Orders) -> list[facts.Fact]:
    return [command.fact for command in orders.take() if isinstance(command, Publish)]


def test_the_page_comes_first_and_the_end_of_the_call_last() -> None:
    """Rule: a name is offered once; a page's tool of our name takes the place of ours."""
    toolbox, _ = new(Brief(tools=(OWN,)))
    assert [LOOK, SHOW, OWN, END_CALL] == [*toolbox.offered]
    toolbox.declare(1.0, (Tool("end_call", "Mine."),))

    assert [Tool("end_call", "Mine."), OWN] == [*toolbox.offered]
    assert not toolbox.hangs_up(ToolCall("a", "end_call", "{}"))


def test_only_the_agents_tools_end_the_call() -> None:
    """Rule: those of the brief, by whichever of their names."""
    toolbox, _ = new(Brief(hang_up=(END_CALL, Tool("bye", "Ends."))))

    assert [True, True, False] == [toolbox.hangs_up(ToolCall("a", name, "{}")) for name in ("end_call", "bye", "look")]


def test_a_call_is_passed_on_and_told() -> None:
    """Rule: the client runs it, and the world knows."""
    toolbox, orders = new()
    toolbox.ask(1.0, reply_of(), CALL)

    assert [do.Call(CALL), Publish(facts.ToolStarted(1.0, CALL))] == orders.take()


def test_an_answer_belongs_to_its_reply_or_to_none() -> None:
    """Rule: the call of a given-up reply is followed all the same; an answer is taken once."""
    toolbox, orders = new()
    reply, other = reply_of(), ToolCall("b", "look", "{}")
    toolbox.ask(1.0, reply, CALL)
    toolbox.ask(1.0, reply, other)
    orders.take()

    assert toolbox.answer(2.0, reply, "a", "five")
    toolbox.adopt(reply.rounds[-1])
    assert toolbox.running
    assert not toolbox.has_news
    assert not toolbox.answer(3.0, None, "b", "six")
    assert toolbox.has_news
    assert [(other, "six")] == toolbox.read()
    assert not toolbox.has_news
    assert not toolbox.answer(4.0, None, "b", "seven")
    assert [facts.ToolEnded, facts.ToolEnded, facts.Failed] == [type(fact) for fact in published(orders)]


def test_calls_are_late_with_and_without_their_reply() -> None:
    """Rule: the time limit is the tool's own."""
    toolbox, _ = new()
    reply = reply_of()
    toolbox.ask(1.0, reply, CALL)

    assert ((), ("a",)) == (toolbox.late(5.9, reply), toolbox.late(6.0, reply))
    toolbox.adopt(reply.rounds[-1])
    assert ("a",) == toolbox.late(6.0, None)
    assert 6.0 == toolbox.deadline(None)


def test_the_silence_is_filled_once_in_a_round() -> None:
    """Rule: when it has lasted for its time; never while the model or the voice is at work."""
    toolbox, _ = new()
    reply = reply_of()
    assert float("inf") == toolbox.filler_at(reply)
    reply.begin_round(0.5)
    toolbox.ask(1.0, reply, CALL)
    assert float("inf") == toolbox.filler_at(reply)
    reply.end_round()
    assert pytest.approx(1.0 + Policy().tool_filler_s) == toolbox.filler_at(reply) == toolbox.deadline(reply)
    toolbox.fill(2.1, reply)
    assert [] == reply.due_parts(2.1)
    toolbox.fill(2.2, reply)

    assert [Phrases().fillers[0]] == [part.text for part in reply.due_parts(2.2)]
    assert float("inf") == toolbox.filler_at(reply)
    reply.voice_done(0)
    toolbox.fill(9.0, reply)
    assert [] == reply.due_parts(9.0)
    assert "" == reply.text


def test_without_another_phrase_nothing_is_said() -> None:
    """Rule: never the same twice in a row, in whatever round; and it is not asked for ever."""
    toolbox, _ = new(Brief(phrases=Phrases(fillers=("Wait.",))))
    reply = reply_of()
    for number, said in enumerate((["Wait."], [])):
        reply.rounds.append(Round())
        toolbox.ask(number * 10.0, reply, ToolCall(f"c{number}", "look", "{}"))
        toolbox.fill(number * 10.0 + 2, reply)

        assert said == [part.text for part in reply.due_parts(number * 10.0 + 2)]
        assert float("inf") == toolbox.filler_at(reply)
        reply.voice_done(0)


def test_phrases_of_the_tool_that_is_waited_for_come_first() -> None:
    """Rule: of several tools, the first that has phrases of its own."""
    toolbox, _ = new(Brief(tools=(OWN,)))
    reply = reply_of()
    toolbox.ask(1.0, reply, CALL)
    toolbox.ask(1.0, reply, ToolCall("b", "own", "{}"))
    toolbox.fill(3.0, reply)

    assert ["My own."] == [part.text for part in reply.due_parts(3.0)]


def test_answers_that_nobody_waits_for_are_forgotten_in_the_end() -> None:
    """Rule: everything has a bound; the newest 256 calls without a response may be answered."""
    toolbox, orders = new()
    reply = reply_of()
    for number in range(257):
        toolbox.ask(1.0, reply, ToolCall(f"s{number}", "show", "{}"))
    orders.take()
    toolbox.answer(2.0, reply, "s1", "shown")
    assert [] == published(orders)
    toolbox.answer(2.0, reply, "s0", "shown")

    assert ["unknown_call_id"] == [fact.code for fact in published(orders) if isinstance(fact, facts.Failed)]
