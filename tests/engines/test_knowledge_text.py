"""A system message is read as questions and answers."""

from hypothesis import given
from hypothesis import strategies as st

from vivavoce.engines.knowledge_text import Entry, read, sentences, speakable

_SHOP = """You are Ada, the voice of a bicycle shop. Never talk about politics.

## When are you open?
Also asked as: opening hours; are you open on Sunday?

We are **open** from nine to six,
on [weekdays](https://example.com/hours).
Follow-up: Would you like to know where we are?

## Where are you?

- At the old mill
- Opposite the station!

```
code that nobody should hear
```
"""


def test_a_section_is_a_question_and_its_answer() -> None:
    """Heading, other wordings, answer and follow-up are told apart, and the answer is ready for the ear."""
    text = read(_SHOP)

    assert (
        Entry(
            "When are you open?",
            ("When are you open?", "opening hours", "are you open on Sunday?"),
            "We are open from nine to six, on weekdays.",
            "Would you like to know where we are?",
        ),
        Entry("Where are you?", ("Where are you?",), "At the old mill. Opposite the station!"),
    ) == text.entries


def test_the_persona_is_who_the_agent_says_he_is() -> None:
    """ "You are …" becomes "I am …", unless that would be untrue or makes no sense."""
    assert "I am Ada." == read(_SHOP).persona
    assert "My name is Bob." == read("Your name is Bob. You are a helper.").persona
    assert "I am an assistant." == read("You are a real human. You are going to help. You are an assistant!").persona
    assert "" == read("Be kind.").persona


def test_instructions_are_not_read_out() -> None:
    """What tells the agent how to behave is no answer; what tells about the world is, even without a heading."""
    text = read(
        "You are a helper. Always be brief. If the caller is rude, hang up.\n\n"
        "Our shop is in Leeds. Do not mention prices. We sell bread.\n\n"
        "# Style and tone\nWarm and calm.\n\n# Returns\nBread is not taken back."
    )

    assert (
        Entry("", (), "Our shop is in Leeds. We sell bread."),
        Entry("Returns", ("Returns",), "Bread is not taken back."),
    ) == text.entries


def test_an_answer_may_look_like_an_instruction() -> None:
    """Below a question everything is an answer, as it stands."""
    (entry,) = read("## How do I pay?\nAsk at the desk. Never send cash.").entries

    assert "Ask at the desk. Never send cash." == entry.answer


def test_below_a_heading_knowledge_everything_counts_and_nothing_else() -> None:
    """An author who marks the knowledge need not fear that something else is read out."""
    text = read(
        "# Role\nYou are a guide.\n\n# Shop\nSecret remark.\n\n"
        "# Knowledge\nAsk for Ann.\n\n## Parking\nUse the yard.\n\n# Remarks\nAnother secret."
    )

    assert ("Ask for Ann.", "Use the yard.") == tuple(entry.answer for entry in text.entries)
    assert "I am a guide." == text.persona


def test_a_long_section_is_many_answers() -> None:
    """Nobody listens to a page: of a long section each paragraph stands alone, under the same heading."""
    text = read("## Our bread\n\n" + "\n\n".join(f"Loaf {number} is {'very ' * 20}good." for number in range(5)))

    assert ["Our bread"] * 5 == [entry.question for entry in text.entries]
    assert text.entries[3].answer.startswith("Loaf 3 is very")


def test_marks_are_not_spoken() -> None:
    """Emphasis, code marks, tags, links and tables are written, not said."""
    assert "Use make run now, see here and snake_case." == speakable(
        "**Use** `make run` _now_, see [here](http://x.y/z) and <b>snake_case</b>."
    )
    assert "see example.com" == speakable("see https://example.com")


def test_sentences_are_told_apart() -> None:
    """A stop ends a sentence, unless it belongs to a title or a number."""
    text = 'Dr. Mill says: "Stop!" It costs 3.50 pounds. Really? Yes…'

    assert ['Dr. Mill says: "Stop!"', "It costs 3.50 pounds.", "Really?", "Yes…"] == sentences(text)


@given(st.text(alphabet="#-*`:|;a \n.?", max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    """No prompt is so odd that a call cannot begin."""
    for entry in read(text).entries:
        assert entry.answer.strip()
