"""What the agent says while a tool takes its time, and when it never answers."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from vivavoce.speech import Message, Tool, ToolCall
from vivavoce.talk import commands as do
from vivavoce.talk import events, facts
from vivavoce.talk.brief import Brief, Phrases
from vivavoce.testing.stage import Failure, Speech, Stage

LOOK = Tool("look", "Looks the price up.", {"type": "object"}, timeout_s=8.0)
QUESTION = Speech(1.0, 2.0, "what is the price")
ONE_MOMENT, A_SECOND, A_LOOK = Phrases().fillers


def looks(messages: Sequence[Message]) -> Sequence[str | ToolCall | Failure]:
    """Looks the price up without a word, and reads the answer out."""
    if messages[-1].role == "tool":
        return [f"It is {messages[-1].text}."]
    return [ToolCall(f"c{len(messages)}", "look", "{}")]


def on_stage(
    *further: Speech,
    answer: tuple[float, str] | None = (4.0, "five"),
    said: Callable[[Sequence[Message]], Sequence[str | ToolCall | Failure]] = looks,
    tool: Tool = LOOK,
    brief: Brief | None = None,
) -> Stage:
    """A visitor asks for the price; the page answers after some time, or never."""
    stage = Stage(brief, visitor=[QUESTION, *further], model=said, page=lambda call: answer)
    stage.at(0.1, events.ToolsOffered(0.0, (tool,)))
    return stage


def agent_said(stage: Stage) -> list[str]:
    """The agent's final texts."""
    return [text for who, text in stage.transcript() if who == "agent"]


def test_a_tool_that_takes_its_time_is_announced() -> None:
    """Rule: after some 1.2 s of silence a short phrase, in the same turn as the answer and captioned like it."""
    stage = on_stage()
    stage.play(12.0)
    asked_at = stage.published(facts.ToolStarted)[0].at
    (filler_at, filler), *_ = [(at, command) for at, command in stage.commands if isinstance(command, do.Say)]

    assert isinstance(filler, do.Say)
    assert ONE_MOMENT == filler.text
    assert filler_at - asked_at == pytest.approx(stage.brief.policy.tool_filler_s)
    assert [f"{ONE_MOMENT} It is five."] == agent_said(stage)
    assert ONE_MOMENT.split() == [word.text for word in stage.published(facts.Captioned)[0].words]
    assert 1 == len(stage.published(facts.AgentStartedTalking))


def test_a_quick_tool_is_not_announced() -> None:
    """Rule: nobody needs to be told to wait for what comes at once."""
    stage = on_stage(answer=(1.0, "five"))
    stage.play(8.0)

    assert ["It is five."] == agent_said(stage)


def test_the_silence_counts_from_the_last_heard_word() -> None:
    """Rule: while something is being said, nothing else is."""
    before = "I am going to look that up in the big book of prices. "
    stage = on_stage(
        answer=(6.0, "five"),
        said=lambda messages: looks(messages) if messages[-1].role == "tool" else [before, *looks(messages)],
    )
    stage.play(15.0)
    quiet_from = max(
        frame.play_at + frame.pcm.duration_s
        for at, frame in stage.commands
        if isinstance(frame, do.SendAudio) and at < 7
    )
    filler_at = next(at for at, said in stage.commands if isinstance(said, do.Say) and said.text == ONE_MOMENT)

    assert [f"{before}{ONE_MOMENT} It is five."] == agent_said(stage)
    assert filler_at < quiet_from + 10
    assert filler_at > 2.8 + 12 * 0.25 + stage.brief.policy.tool_filler_s


def test_the_wait_is_filled_once_in_a_round() -> None:
    """Rule: who says "one moment" again and again annoys."""
    stage = on_stage(answer=(7.5, "five"))
    stage.play(15.0)

    assert [f"{ONE_MOMENT} It is five."] == agent_said(stage)


def test_the_same_is_never_said_twice_in_a_row() -> None:
    """Rule: the phrases come in turn, in one turn of the agent and from one to the next."""
    rounds = iter(range(100))

    def thrice(messages: Sequence[Message]) -> Sequence[str | ToolCall]:
        return [ToolCall(f"c{number}", "look", "{}")] if (number := next(rounds)) < 4 else ["Done."]

    stage = on_stage(said=thrice, answer=(3.0, "five"))
    stage.play(30.0)

    assert [f"{ONE_MOMENT} {A_SECOND} {A_LOOK} {ONE_MOMENT} Done."] == agent_said(stage)


def test_a_tool_has_phrases_of_its_own() -> None:
    """Rule (wire-spec 1.8.5): they come first; the agent's take over where the tool's only one was just said."""
    rounds = iter(range(100))
    tool = replace(LOOK, fillers=("**Looking it up.**",))
    stage = on_stage(
        said=lambda messages: [ToolCall(f"c{number}", "look", "{}")] if (number := next(rounds)) < 2 else ["Done."],
        answer=(3.0, "five"),
        tool=tool,
    )
    stage.play(20.0)

    assert [f"Looking it up. {A_SECOND} Done."] == agent_said(stage)


def test_without_phrases_the_agent_waits_in_silence() -> None:
    """Rule: an author may want it so; then time goes on as usual."""
    stage = on_stage(brief=Brief(phrases=Phrases(fillers=())), tool=replace(LOOK, fillers=(" ",)))
    stage.play(12.0)

    assert ["It is five."] == agent_said(stage)


def test_a_chat_is_not_filled() -> None:
    """Rule (wire-spec O6): one text for each turn of a chat, and it is the answer."""
    stage = Stage(Brief(mode="chat"), model=looks, page=lambda call: (4.0, "five"))
    stage.at(0.1, events.ToolsOffered(0.0, (LOOK,)))
    stage.at(1.0, events.Typed(0.0, "what is the price"))
    stage.play(10.0)

    assert ["It is five."] == agent_said(stage)


def test_a_tool_that_nobody_waits_for_is_not_announced() -> None:
    """Rule: the agent goes on at once, so there is nothing to fill."""
    stage = on_stage(answer=None, tool=replace(LOOK, awaited=False))
    stage.play(8.0)

    assert ["It is Started; it gives no answer.."] == agent_said(stage)


def test_the_model_reads_the_question_behind_the_filler() -> None:
    """Rule: what was said while a tool worked is no answer; after a false alarm the tool's answer is still owed."""
    stage = on_stage(Speech(5.2, 5.5, ""), answer=(2.2, "five"), said=lambda messages: [*slowly(messages)])
    stage.play(14.0)

    assert [ONE_MOMENT, "It is five."] == agent_said(stage)
    assert ["user", "assistant", "assistant", "tool"] == [message.role for message in stage.asked[-1]]
    assert ONE_MOMENT == stage.asked[-1][1].text
    assert 1 == len(stage.ordered(do.Call))


def slowly(messages: Sequence[Message]) -> Sequence[str | ToolCall | Failure]:
    """As ``looks``, but the model falls silent when it is first told the answer."""
    if messages[-1].role == "tool" and len(messages) == 3:
        return [Failure()]
    return looks(messages)


def test_an_interrupted_filler_is_not_repeated() -> None:
    """Rule: after a false alarm "one moment" is worth nothing any more; the answer comes when it comes."""
    stage = on_stage(Speech(4.3, 4.6, ""), answer=(4.0, "five"))
    stage.play(12.0)

    assert ["It is five."] == agent_said(stage)[-1:]
    assert 1 == sum(said.text == ONE_MOMENT for said in stage.ordered(do.Say))


def test_an_interruption_during_the_filler_does_not_wedge_the_call() -> None:
    """Rule (pain 25): the visitor is answered, the tool's answer is not lost, and the call goes on."""
    stage = on_stage(
        Speech(4.2, 5.2, "never mind"),
        answer=(6.0, "five"),
        said=lambda messages: looks(messages) if len(messages) == 1 or messages[-1].role == "tool" else ["Very well."],
    )
    stage.play(15.0)

    assert ["Very well.", "It is five."] == agent_said(stage)[-2:]
    assert [] == stage.published(facts.Failed)
    assert ["c1"] == [fact.call_id for fact in stage.published(facts.ToolEnded)]


@pytest.mark.parametrize(
    "answer_to_the_timeout", [[""], [Failure("overloaded")], [Failure()]], ids=["empty", "failed", "silent"]
)
@pytest.mark.parametrize("before", [[], ["Let me see. "]], ids=["wordless", "announced"])
def test_a_tool_that_never_answers_is_spoken_of(before: list[str], answer_to_the_timeout: list[str | Failure]) -> None:
    """Rule: at time-out the model is told so; where it has nothing to say, a fixed sentence says it."""
    stage = on_stage(
        answer=None,
        said=lambda messages: answer_to_the_timeout if messages[-1].role == "tool" else [*before, *looks(messages)],
    )
    stage.play(35.0)

    assert "The tool did not answer in time." == stage.asked[1][-1].text
    assert stage.brief.phrases.tool_late == agent_said(stage)[1]
    assert ["tool_timeout"] == [fact.error for fact in stage.published(facts.ToolEnded)]


def test_a_model_that_answers_nothing_but_a_filler_was_heard_has_failed() -> None:
    """Rule: the filler is no answer; the visitor hears an apology."""
    stage = on_stage(said=lambda messages: [""] if messages[-1].role == "tool" else looks(messages))
    stage.play(12.0)

    assert [ONE_MOMENT, stage.brief.phrases.trouble] == agent_said(stage)


def test_a_voice_that_only_made_the_filler_has_failed() -> None:
    """Rule: an answer without sound is none, whatever was heard before it."""
    stage = on_stage()
    stage.play(6.0)
    stage.failing_stages.add("tts")
    stage.play(6.87)
    stage.failing_stages.clear()
    stage.play(20.0)

    assert [ONE_MOMENT, stage.brief.phrases.trouble] == agent_said(stage)[:2]


def test_the_agents_own_tools_are_offered_and_called() -> None:
    """Rule: those of the agent's configuration come behind the page's, and before the end of the call."""
    own = Tool("find", "Finds.", fillers=("Finding it.",))
    stage = Stage(
        Brief(tools=(own,)),
        visitor=[QUESTION],
        model=lambda messages: looks(messages) if messages[-1].role == "tool" else [ToolCall("c1", "find", "{}")],
        page=lambda call: (3.0, "five"),
    )
    stage.at(0.1, events.ToolsOffered(0.0, (LOOK,)))
    stage.play(10.0)

    assert ["look", "find", "end_call"] == [tool.name for tool in stage.ordered(do.Think)[0].tools]
    assert ["Finding it. It is five."] == agent_said(stage)


def test_a_page_may_take_the_name_of_the_tool_that_ends_the_call() -> None:
    """Rule (wire-spec 1.8.1): only a tool of the agent's configuration keeps its name; ours steps back."""
    stage = on_stage(
        said=lambda messages: ["Goodbye."] if messages[-1].role == "tool" else [ToolCall("c1", "end_call", "{}")],
        tool=Tool("end_call", "Closes the page."),
        answer=(0.5, "closed"),
    )
    stage.play(8.0)

    assert ["end_call"] == [tool.name for tool in stage.ordered(do.Think)[0].tools]
    assert ["end_call"] == [command.call.name for command in stage.ordered(do.Call)]
    assert ["Goodbye."] == agent_said(stage)
    assert [] == stage.ordered(do.HangUp)
