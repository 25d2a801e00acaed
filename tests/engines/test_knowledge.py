"""The brain without a key, as a conversation has it."""

import asyncio
import time

import pytest

from vivavoce.engines import knowledge
from vivavoce.engines.knowledge import Knowledge, open_engine
from vivavoce.speech import Message, Tool, ToolCall
from vivavoce.testing.contracts import check_language_model

_SHOP = """You are the shop's voice. Be brief.

## When are you open?
Also asked as: opening hours; are you open on Sunday

We are open from nine to six. On Sundays we are closed.
Follow-up: Shall I tell you where the shop is?

## Where is the shop?
Also asked as: the address; how do I find you

At the old mill. It is opposite the station. Parking is free.

## Do you sell bread?

Yes, four kinds.

## Do you sell cakes?

Only on Fridays.
"""
_LONG = "## The story\nAlso asked as: the story\n\n" + " ".join(
    f"Sentence {number} has exactly eight words in it." for number in range(20)
)


class _Call:
    """A conversation with the brain: what is said is answered, and both are remembered."""

    def __init__(self, system: str = _SHOP, *, tools: tuple[Tool, ...] = ()) -> None:
        self.messages = [Message("system", system)] if system else []
        self._tools = tools
        self.calls: list[ToolCall] = []

    def say(self, text: str) -> str:
        """The answer to what the visitor says."""
        self.messages.append(Message("user", text))
        pieces = self.reply()
        self.calls = [piece for piece in pieces if isinstance(piece, ToolCall)]
        answer = "".join(piece for piece in pieces if isinstance(piece, str))
        self.messages.append(Message("assistant", answer))
        return answer

    def hear_only(self, text: str) -> None:
        """The visitor has interrupted the last answer after these words."""
        self.messages[-1] = Message("assistant", text)

    def reply(self) -> list[str | ToolCall]:
        async def run() -> list[str | ToolCall]:
            engine = Knowledge()
            try:
                return [piece async for piece in engine.reply(self.messages, self._tools)]
            finally:
                await engine.close()

        return asyncio.run(run())


def test_an_answer_is_read_out_as_it_is_written() -> None:
    """The author's words are spoken, sentence by sentence, with the follow-up."""
    call = _Call()
    call.messages.append(Message("user", "Where is your shop?"))

    assert ["At the old mill.", " It is opposite the station.", " Parking is free."] == call.reply()


def test_an_unsure_guess_is_asked_back_and_yes_answers_it() -> None:
    """The brain remembers nothing: "yes" is understood from what the visitor has heard."""
    call = _Call()

    assert "Did you mean: When are you open?" == call.say("when does the market open on Sunday evening in winter")
    assert call.say("Yes, please.").startswith("We are open from nine to six.")


def test_two_that_are_close_are_both_offered() -> None:
    """Between two candidates the visitor decides: by number, by name, or not at all."""
    offer = "Do you mean: Do you sell bread? Or: Do you sell cakes?"

    first, second, by_name, yes, no = _Call(), _Call(), _Call(), _Call(), _Call()

    assert [offer] * 5 == [call.say("do you sell") for call in (first, second, by_name, yes, no)]
    assert "Yes, four kinds." == first.say("The first one")
    assert "Only on Fridays." == second.say("the second one please")
    assert "Only on Fridays." == by_name.say("cakes")
    assert "Which one? Do you sell bread? Or: Do you sell cakes?" == yes.say("yes")
    assert "in other words" in no.say("no, neither")


def test_a_follow_up_is_answered_by_yes() -> None:
    """The follow-up's own words lead to the entry that answers it, and "no" does not."""
    agreed, refused = _Call(), _Call()

    assert agreed.say("opening hours").endswith("Shall I tell you where the shop is?")
    assert agreed.say("yes").startswith("At the old mill.")

    refused.say("opening hours")

    assert "All right. What else would you like to know?" == refused.say("no thanks")


def test_an_offer_that_was_not_heard_was_not_made() -> None:
    """After an interruption "yes" means nothing that the visitor cannot know."""
    call = _Call()
    call.say("opening hours")
    call.hear_only("We are open from nine to six.")

    assert "Good. What would you like to know?" == call.say("yes")


def test_go_on_continues_where_the_visitor_stopped_hearing() -> None:
    """The sentence that was cut is said again from its beginning; at the end there is no more."""
    call = _Call()
    call.say("Where is the shop?")
    call.hear_only("At the old mill. It is opposite")

    assert "It is opposite the station. Parking is free." == call.say("go on")
    assert "That is all I know about it." == call.say("tell me more")


def test_a_long_answer_comes_in_portions() -> None:
    """After some sixty words the visitor is asked whether to go on."""
    call = _Call(_LONG)
    portions = [call.say("the story"), call.say("yes"), call.say("continue")]

    assert portions[0].startswith("Sentence 0 ")
    assert portions[0].endswith("Shall I go on?")
    assert portions[1].startswith("Sentence 7 ")
    assert portions[2].startswith("Sentence 14 ")
    assert portions[2].endswith("Sentence 19 has exactly eight words in it.")


def test_repeating_gives_the_whole_answer_again() -> None:
    """Also after an interruption, and also when nothing has been said yet."""
    call = _Call()

    assert call.say("Pardon?").startswith("I have not said anything yet.")

    call.say("Where is the shop?")
    call.hear_only("At the old mill. It is")

    assert "At the old mill. It is opposite the station. Parking is free." == call.say("Could you repeat that?")
    assert "I cannot change my pace, but here it is again. At the old mill." in call.say("slower please")


def test_it_says_when_it_does_not_know_and_never_twice_the_same() -> None:
    """No answer is made up; the words change, and each refusal offers something that it can answer."""
    call = _Call()
    refusals = [call.say(text) for text in ("the capital of France", "a joke", "the weather", "football", "politics")]

    assert len(set(refusals)) == len(refusals)
    assert all(any(title in said for title in ("open?", "shop?", "bread?", "cakes?")) for said in refusals)


def test_an_offer_in_a_refusal_can_be_taken_up() -> None:
    """ "Yes" to the example gives its answer."""
    call = _Call()
    refusal = call.say("the capital of France")
    offered = next(
        entry for entry in ("When are you open?", "Where is the shop?", "bread?", "cakes?") if entry in refusal
    )
    answers = {"When": "We are", "Where": "At the", "bread?": "Yes, four", "cakes?": "Only on"}

    assert call.say("yes").startswith(answers[offered.split()[0]])


def test_it_is_honest_about_what_it_is() -> None:
    """It is a program, no person and no language model, whatever its persona says."""
    call = _Call("You are a helpful human called Ann. You are the shop's voice.\n\n" + _SHOP)

    assert "I am the shop's voice. I am a program that answers from a knowledge text." == call.say("Who are you?")
    for question in ("Are you a robot?", "Are you human?", "are you chat g p t", "Which model are you?"):
        answer = call.say(question)

        assert "a program, not a person, and no language model" in answer


def test_the_author_may_answer_small_talk_himself() -> None:
    """An entry with the very words comes before what is built in."""
    call = _Call(_SHOP + "\n\n## Who are you?\nI am the ghost of the mill.")

    assert "I am the ghost of the mill." == call.say("So, who are you?")


def test_goodbye_ends_the_call_if_it_may() -> None:
    """The farewell comes first, then the tool call; without the tool there is only the farewell."""
    may, may_not = _Call(tools=(Tool("end_call", "Ends the call."), Tool("other", ""))), _Call()

    assert may.say("Okay, goodbye!") == may_not.say("bye") == "Goodbye, and thank you for calling."
    assert [("end_call", "{}")] == [(call.name, call.arguments) for call in may.calls]
    assert [] == may_not.calls
    assert may.say("hello")
    assert [] == may.calls


def test_every_message_gets_an_answer() -> None:
    """Silence, a tool's answer, a remark of the system, no message at all: something is always said."""
    nothing = _Call("")
    tool = _Call()
    tool.messages += [Message("user", "bye"), Message("tool", "ok", call_id="1")]
    nudge = _Call()
    nudge.messages += [Message("user", "hi"), Message("assistant", "Hello!"), Message("system", "He is silent.")]

    assert "did not hear" in nothing.say("  ")
    assert ["Bye."] == tool.reply()
    assert "Are you still there?" == nudge.reply()[0]
    assert [] != _Call("").reply()


def test_without_a_knowledge_text_it_says_so() -> None:
    """A prompt with nothing but instructions gives an honest brain, not a silent one."""
    call = _Call("You are a friendly assistant. Always help the user.")

    assert "no knowledge text" in call.say("What does it cost?")
    assert "knowledge text" in call.say("What can I ask?")


def test_later_system_messages_are_no_knowledge() -> None:
    """A remark of the core must not become an answer."""
    call = _Call()
    call.messages += [Message("user", "hi"), Message("assistant", "Hello!"), Message("system", "The mill is haunted.")]

    assert "haunted" not in call.say("is it haunted")


def test_texts_are_indexed_once_and_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prompts that differ in the time of day alone share an index; the least recently used is closed."""

    async def run() -> tuple[int, int, int]:
        monkeypatch.setattr(knowledge, "_MOST_MINDS", 3)
        engine = Knowledge()

        async def ask(system: str) -> None:
            async for _ in engine.reply([Message("system", system), Message("user", "Do you sell bread?")], ()):
                pass

        for minute in range(10):
            await ask(f"You are a clock. Current time: {minute}.\n\n{_SHOP}")
        shared = len(engine._minds._indexes)
        for number in range(10):
            await ask(f"{_SHOP}\n\n## Number {number}?\nYes.")
        kept = len(engine._minds._indexes), len(engine._minds._texts)
        await engine.close()
        return shared, *kept

    assert (1, 3, 3) == asyncio.run(run())


def test_an_answer_takes_no_time_that_anybody_could_hear() -> None:
    """A hundred answers in well under a second of processor time (a millisecond each, with room for a slow machine)."""

    async def run() -> float:
        engine = open_engine({})
        messages = [Message("system", _SHOP), Message("user", "can I perhaps by some chance find the adress somewhere")]
        async for _ in engine.reply(messages, ()):
            pass
        began = time.process_time()
        for _ in range(100):
            async for _ in engine.reply(messages, ()):
                pass
        spent = time.process_time() - began
        await engine.close()
        return spent

    assert asyncio.run(run()) < 0.5


def test_it_is_a_language_model_as_far_as_the_core_can_tell() -> None:
    """The brain keeps the contract of every language model."""
    asyncio.run(check_language_model(open_engine({})))
