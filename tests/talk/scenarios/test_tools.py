"""The language model uses the page's tools."""

from collections.abc import Callable, Sequence

import pytest

from vivavoce.speech import Message, Tool, ToolCall
from vivavoce.talk import commands as do
from vivavoce.talk import events, facts
from vivavoce.talk.brief import Brief
from vivavoce.talk.policy import Policy
from vivavoce.testing.stage import Failure, Speech, Stage

LOOK = Tool("look", "Looks the price up.", {"type": "object"}, timeout_s=5.0)
SHOW = Tool("show", "Shows a page.", awaited=False)
CALL = ToolCall("c1", "look", '{"what": "tea"}')
QUESTION = Speech(1.0, 2.0, "what is the price")


def model(messages: Sequence[Message]) -> Sequence[str | ToolCall]:
    """Looks the price up, with a word before, and reads the answer out."""
    last = messages[-1]
    if last.role == "tool":
        return [f"The tool says {last.text}."]
    return ["Let me see. ", CALL] if last.text == QUESTION.text else ["Very well."]


def on_stage(
    *further: Speech,
    answer: tuple[float, str] | None = (1.0, "five"),
    said: Callable[[Sequence[Message]], Sequence[str | ToolCall | Failure]] = model,
    tools: tuple[Tool, ...] = (LOOK, SHOW),
) -> Stage:
    """A visitor asks for the price; the page answers after some time, or never."""
    stage = Stage(visitor=[QUESTION, *further], model=said, page=lambda call: answer)
    stage.at(0.1, events.ToolsOffered(0.0, tools))
    return stage


def agent_said(stage: Stage) -> list[str]:
    """The agent's final texts."""
    return [text for who, text in stage.transcript() if who == "agent"]


def test_the_page_is_told_which_tools_are_in_force() -> None:
    """Rule (wire-spec 1.7.2): accepted names; each declaration replaces the one before it."""
    stage = on_stage()
    stage.at(0.2, events.ToolsOffered(0.0, (SHOW,)))
    stage.play(1.0)

    assert [("look", "show"), ("show",)] == [fact.names for fact in stage.published(facts.ToolsAccepted)]


def test_the_model_is_offered_the_pages_tools_and_the_end_of_the_call() -> None:
    """Rule: the tools in force, then ``end_call``."""
    stage = on_stage()
    stage.play(3.0)

    assert ["look", "show", "end_call"] == [tool.name for tool in stage.ordered(do.Think)[0].tools]


def test_an_answer_of_a_tool_is_read_out_in_the_same_turn() -> None:
    """Rule: what is said before the tool and after it is one turn of the agent."""
    stage = on_stage()
    stage.play(10.0)

    assert ["Let me see. The tool says five."] == agent_said(stage)
    assert [do.Call(CALL)] == stage.ordered(do.Call)
    assert 1 == len(stage.published(facts.AgentStartedTalking))


def test_the_model_reads_the_question_and_the_answer_of_its_tool() -> None:
    """Rule: the second round sees the call and its output, in the form that models expect."""
    stage = on_stage()
    stage.play(10.0)

    assert (
        Message("user", QUESTION.text),
        Message("assistant", "Let me see. ", calls=(CALL,)),
        Message("tool", "five", call_id="c1"),
    ) == stage.asked[1]


def test_what_is_said_before_the_tool_is_heard_while_it_works() -> None:
    """Rule (pain 25): tools never block audio."""
    stage = on_stage(answer=(4.0, "five"))
    stage.play(4.5)

    assert "Let me see." == stage.heard(1)
    assert 1 == len(stage.asked)


def test_a_later_turn_remembers_the_tool() -> None:
    """Rule: the history keeps calls and outputs, then what was heard."""
    stage = on_stage(Speech(9.0, 10.0, "thanks"))
    stage.play(13.0)

    assert ["user", "assistant", "tool", "assistant", "user"] == [message.role for message in stage.asked[-1]]
    assert "Let me see. The tool says five." == stage.asked[-1][3].text


def test_the_turn_is_certain_when_a_tool_is_asked() -> None:
    """Rule: a tool may change the world, so the turn that asked for it cannot go on."""
    stage = on_stage(answer=None)
    stage.play(2.8)
    order = [type(fact) for fact in stage.facts() if isinstance(fact, facts.UserSaid | facts.ToolStarted)]

    assert [facts.UserSaid, facts.UserSaid, facts.ToolStarted] == order
    assert ("user", QUESTION.text) in stage.transcript()


def test_a_tool_that_does_not_answer_is_given_up() -> None:
    """Rule: after its timeout the model is told so, and the client gets ``tool_timeout``."""
    stage = on_stage(answer=None)
    stage.play(15.0)
    ended = stage.published(facts.ToolEnded)

    assert ["tool_timeout"] == [fact.error for fact in ended]
    assert ended[0].at - stage.published(facts.ToolStarted)[0].at == pytest.approx(LOOK.timeout_s)
    assert ["Let me see. One moment, please. The tool says The tool did not answer in time.."] == agent_said(stage)


def test_a_result_after_the_timeout_is_refused() -> None:
    """Rule (wire-spec 1.8.3): the call is settled; the client is told ``unknown_call_id``, and nothing else happens."""
    stage = on_stage(answer=(7.0, "five"))
    stage.play(15.0)

    assert ["unknown_call_id"] == [fact.code for fact in stage.published(facts.Failed)]
    assert 1 == len(stage.published(facts.ToolEnded))


def test_a_result_that_nobody_asked_for_is_refused() -> None:
    """Rule (wire-spec 1.8.3): ``unknown_call_id``; a long id is not repeated at length."""
    stage = Stage()
    stage.at(1.0, events.ToolAnswered(0.0, "x" * 1000, "five"))
    stage.play(2.0)
    failed = stage.published(facts.Failed)[0]

    assert "unknown_call_id" == failed.code
    assert len(failed.message) < 200


def test_several_tools_are_awaited_together() -> None:
    """Rule: the next round begins when the last of them has answered, with the outputs in the order of the calls."""
    calls = (ToolCall("a", "look", "{}"), ToolCall("b", "look", "{}"))
    answers = {"a": (2.0, "one"), "b": (1.0, "two")}
    stage = Stage(
        visitor=[QUESTION],
        model=lambda messages: ["Done."] if messages[-1].role == "tool" else list(calls),
        page=lambda call: answers[call.id],
    )
    stage.at(0.1, events.ToolsOffered(0.0, (LOOK,)))
    stage.play(10.0)

    assert [("a", "one"), ("b", "two")] == [
        (message.call_id, message.text) for message in stage.asked[1] if message.role == "tool"
    ]
    assert calls == stage.asked[1][1].calls
    assert ["One moment, please. Done."] == agent_said(stage)


def test_two_tools_that_both_stay_silent_end_together() -> None:
    """Rule: each is reported once, and no error of ours comes of it."""
    calls = [ToolCall("a", "look", "{}"), ToolCall("b", "look", "{}")]
    stage = Stage(visitor=[QUESTION], model=lambda messages: ["Done."] if messages[-1].role == "tool" else calls)
    stage.at(0.1, events.ToolsOffered(0.0, (LOOK,)))
    stage.play(15.0)

    assert ["a", "b"] == [fact.call_id for fact in stage.published(facts.ToolEnded)]
    assert [] == stage.published(facts.Failed)
    assert ["One moment, please. Done."] == agent_said(stage)


def test_a_tool_that_is_not_awaited_holds_nothing_up() -> None:
    """Rule (wire-spec 1.8.1, expectsResponse): fire and forget; the model goes on at once."""
    call = ToolCall("c1", "show", "{}")
    stage = on_stage(answer=None, said=lambda messages: ["Here."] if messages[-1].role == "tool" else [call])
    stage.play(3.5)

    assert [do.Call(call)] == stage.ordered(do.Call)
    assert 2 == len(stage.asked)


def test_an_answer_of_a_tool_that_is_not_awaited_is_no_error() -> None:
    """Rule: some pages answer every call; one widget ends the call at the first error frame."""
    call = ToolCall("c1", "show", "{}")
    stage = on_stage(said=lambda messages: ["Here."] if messages[-1].role == "tool" else [call])
    stage.play(8.0)

    assert [] == stage.published(facts.Failed)
    assert 2 == len(stage.asked)


def test_a_tool_that_does_not_exist_is_answered_by_us() -> None:
    """Rule: a model that invents a tool is told so; the page is not bothered."""
    stage = on_stage(said=lambda messages: ["Sorry."] if messages[-1].role == "tool" else [ToolCall("c1", "fly", "{}")])
    stage.play(6.0)

    assert [] == stage.ordered(do.Call)
    assert "There is no tool named fly." == stage.asked[1][-1].text
    assert ["Sorry."] == agent_said(stage)


def test_a_model_that_calls_tools_for_ever_is_stopped() -> None:
    """Rule: so many rounds and no more; the visitor hears an apology."""
    policy = Policy(most_tool_rounds=3)
    calls = iter(range(100))
    stage = Stage(
        Brief(policy=policy),
        visitor=[QUESTION],
        model=lambda messages: [ToolCall(f"c{next(calls)}", "look", "{}")],
        page=lambda call: (0.1, "five"),
    )
    stage.at(0.1, events.ToolsOffered(0.0, (LOOK,)))
    stage.play(10.0)

    assert policy.most_tool_rounds == len(stage.asked)
    assert [stage.brief.phrases.trouble] == agent_said(stage)


def test_an_interruption_during_a_tool_does_not_forget_it() -> None:
    """Rule (pain 25): the tool has run; its answer is taken without an error, and the model knows it next time."""
    stage = on_stage(Speech(4.0, 4.8, "hurry up"), answer=(2.5, "five"))
    stage.play(12.0)

    assert [] == stage.published(facts.Failed)
    assert ["c1"] == [fact.call_id for fact in stage.published(facts.ToolEnded)]
    assert Message("tool", "five", call_id="c1") in stage.asked[1]
    assert "hurry up" == stage.asked[1][-1].text


def test_noise_during_a_tool_does_not_swallow_its_answer() -> None:
    """Rule (pains 24, 25): after a false alarm the agent still reads out what the tool says."""
    stage = on_stage(Speech(4.0, 4.3, ""), answer=(2.0, "five"))
    stage.play(12.0)

    assert "The tool says five." == agent_said(stage)[-1]
    assert [] == stage.published(facts.Failed)


def test_a_tool_that_answers_after_a_false_alarm_is_read_out() -> None:
    """Rule: the same when its answer comes only after the agent was taken for idle."""
    stage = on_stage(Speech(4.0, 4.3, ""), answer=(4.5, "five"))
    stage.play(12.0)

    assert "The tool says five." == agent_said(stage)[-1]


@pytest.mark.parametrize("after_s", [0.8, 1.6])
def test_noise_in_the_filler_does_not_swallow_the_answer_of_the_tool(after_s: float) -> None:
    """Rule: the same when the tool answers before, or while, the rest of the filler is said."""
    stage = on_stage(Speech(3.0, 3.3, ""), answer=(after_s, "five"))
    stage.play(12.0)

    assert ["Let", "me see.", "The tool says five."] == agent_said(stage)
    assert ["assistant", "assistant", "tool"] == [message.role for message in stage.asked[1][-3:]]


def test_a_tool_of_an_old_question_is_read_out_after_the_next_answer() -> None:
    """Rule: what a tool says while the agent talks of something else is not forgotten either."""
    stage = on_stage(Speech(4.0, 4.8, "hurry up"), answer=(2.9, "five"))
    stage.play(12.0)

    assert ["Let me see.", "Very well.", "The tool says five."] == agent_said(stage)


def only_call(messages: Sequence[Message]) -> Sequence[str | ToolCall]:
    """Asks the tool without a word, and reads its answer out."""
    return [f"It says: {messages[-1].text}"] if messages[-1].role == "tool" else [CALL]


def test_noise_during_a_tool_does_not_run_it_again() -> None:
    """Rule: a tool may change the world: after a false alarm the agent waits for the one that runs."""
    stage = on_stage(Speech(3.0, 3.3, ""), answer=(3.0, "ordered"), said=only_call)
    stage.play(12.0)

    assert [do.Call(CALL)] == stage.ordered(do.Call)
    assert ["It says: ordered"] == agent_said(stage)


def test_a_tool_whose_reply_was_given_up_is_not_awaited_for_ever() -> None:
    """Rule: its timeout holds all the same; then the model is told so, and the question is answered."""
    stage = on_stage(Speech(3.0, 3.3, ""), answer=None, said=only_call)
    stage.play(12.0)
    started, ended = stage.published(facts.ToolStarted)[0], stage.published(facts.ToolEnded)

    assert ["tool_timeout"] == [fact.error for fact in ended]
    assert ended[0].at - started.at == pytest.approx(LOOK.timeout_s)
    assert ["It says: The tool did not answer in time."] == agent_said(stage)


def test_a_tool_that_has_answered_is_not_forgotten_by_a_failing_model() -> None:
    """Rule: the order stands, even if the model then fails: next time it knows."""

    def failing(messages: Sequence[Message]) -> Sequence[str | ToolCall | Failure]:
        if messages[-1].role == "tool":
            return [Failure("overloaded")]
        return [CALL] if len(messages) == 1 else ["Yes."]

    stage = on_stage(Speech(8.0, 9.0, "did it work"), said=failing)
    stage.play(13.0)

    assert Message("tool", "five", call_id="c1") in stage.asked[-1]
    assert stage.brief.phrases.trouble == agent_said(stage)[0]


def test_a_tool_that_has_answered_is_not_forgotten_when_the_voice_fails() -> None:
    """Rule: the same where the reply after the tool cannot be spoken."""
    stage = on_stage(
        Speech(12.0, 13.0, "did it work"),
        said=lambda messages: (
            ["Ordered."] if messages[-1].role == "tool" else [CALL] if len(messages) == 1 else ["Yes."]
        ),
    )
    stage.failing_stages.add("tts")
    stage.play(4.5)
    stage.failing_stages.clear()
    stage.play(17.0)

    assert Message("tool", "five", call_id="c1") in stage.asked[-1]


def test_a_reply_of_nothing_but_a_tool_is_interrupted_without_a_sound() -> None:
    """Rule: speaking on while a tool works withdraws the answer, not the question: it was certain."""
    stage = Stage(
        visitor=[QUESTION, Speech(3.0, 4.0, "quickly")],
        model=lambda messages: [CALL] if len(messages) == 1 else ["Yes."],
        page=lambda call: (0.8, "five"),
    )
    stage.at(0.1, events.ToolsOffered(0.0, (LOOK,)))
    stage.play(10.0)

    assert [("user", QUESTION.text), ("user", "quickly"), ("agent", "Yes.")] == stage.transcript()
    assert [] == stage.published(facts.Failed)
