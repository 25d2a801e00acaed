"""What visitors say about the conversation itself is understood as that, and questions are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.engines.small_talk import Intent, understand

_SAID: dict[Intent, tuple[str, ...]] = {
    Intent.NOTHING: ("", "?!", "Um, uh.", "hmm"),
    Intent.GREETING: ("Hello!", "hi there", "Good morning.", "Okay, hello hello"),
    Intent.WELLBEING: ("How are you?", "Hi, how are you doing today?", "How's it going?"),
    Intent.THANKS: ("Thanks a lot!", "okay thank you very much", "Thanks for your help."),
    Intent.PRAISE: ("That's great!", "Cool.", "Okay, I see.", "You are very helpful."),
    Intent.COMPLAINT: ("That's wrong.", "No, that's not what I asked.", "You don't understand me."),
    Intent.WHO: ("Who are you?", "And what's your name?", "Who am I talking to?"),
    Intent.MACHINE: (
        "Are you a robot?",
        "Are you human or a machine?",
        "Is this ChatGPT?",
        "Am I talking to a real person?",
        "What language model are you?",
        "Are you an A.I.?",
    ),
    Intent.HELP: ("Help!", "What can I ask you?", "What do you know?", "I don't know what to say."),
    Intent.REPEAT: (
        "Could you repeat that, please?",
        "Pardon?",
        "Sorry, I didn't catch that.",
        "Say it again",
        "What?",
    ),
    Intent.SLOWER: ("Slower, please.", "Can you speak a bit slower?", "You're too fast."),
    Intent.MORE: ("Tell me more.", "Go on.", "And then?", "Please continue"),
    Intent.STOP: ("Stop!", "Never mind.", "Okay, forget it.", "Wait a moment."),
    Intent.DONE: ("That's all.", "No, that's all, thanks.", "Nothing else, thank you.", "I'm done."),
    Intent.GOODBYE: ("Goodbye!", "Okay thanks, bye bye.", "See you later.", "I have to go now.", "Please hang up."),
    Intent.YES: ("Yes.", "Yes please!", "Sure, why not.", "Okay.", "Thanks, yes.", "Please."),
    Intent.NO: ("No.", "No, thank you.", "Not really.", "Neither of them."),
    Intent.FIRST: ("The first one, please.", "number one"),
    Intent.SECOND: ("the second", "Um, the latter."),
    Intent.QUESTION: (
        "How do I start it?",
        "Hello, how do I start it?",
        "What is the help page?",
        "Who are you working for?",
        "Can you repeat orders?",
        "Is it good?",
        "Stop words, what are they?",
    ),
}


@pytest.mark.parametrize(("intent", "text"), [(intent, text) for intent, texts in _SAID.items() for text in texts])
def test_utterances_are_understood(intent: Intent, text: str) -> None:
    """Each of these, with its fillers and punctuation, means what a listener would take it to mean."""
    assert intent == understand(text).intent


def test_courtesies_are_taken_off_a_question() -> None:
    """What is left of the utterance is what is looked up."""
    assert "how do i start it" == understand("Yes, hello there! Thanks. How do I start it?").words


@given(st.text(max_size=60))
def test_anything_may_be_said(text: str) -> None:
    """Whatever is said has a meaning, at once."""
    assert isinstance(understand(text).intent, Intent)
