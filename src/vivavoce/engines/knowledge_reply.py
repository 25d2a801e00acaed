"""
What the built-in brain says next: a pure function of the messages.

Nothing is remembered between two replies. What was offered or asked before is read from what the visitor has heard
("Did you mean: How do I start?"), so an interrupted offer that he never heard counts as never made.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from vivavoce.engines.knowledge_index import KnowledgeIndex, Match
from vivavoce.engines.knowledge_text import Entry, sentences
from vivavoce.engines.small_talk import Intent, understand
from vivavoce.speech import Message

__all__ = ["Mind", "Reply", "reply_to"]

# Scores of KnowledgeIndex, measured with the demo's text: above the first hardly a wrong answer, below the second
# hardly a right one. Between them, and between two that are close, the visitor is asked.
_SURE, _PERHAPS = 0.5, 0.42
_CLOSE, _BEYOND_DOUBT = 0.04, 0.9
# Longer answers are told in portions: nobody can interrupt politely.
_LONGEST_ANSWER_WORDS = 60
_GO_ON = "Shall I go on?"
# The last letters of what was heard tell which answer they are from: the more, the surer, but something else may
# have been said before them. Fewer than the last of these figures tell nothing.
_TAIL_LETTERS, _SHORTEST_TAIL = (160, 60, 28), 8

_UNKNOWN = (
    "I do not know that.",
    "My knowledge text says nothing about that.",
    "That is not something I know.",
    "I have no answer to that, and I do not want to guess.",
)
_TRY = ("You could ask me:", "But I can answer this:", "You may ask, for example:", "Try this:")
_HELLO = ("Hello! What would you like to know?", "Hello again. What can I tell you?")
_SIMPLE: dict[Intent, str] = {
    Intent.NOTHING: "Sorry, I did not hear any words. Could you say that again?",
    Intent.WELLBEING: "I am well, thank you. What would you like to know?",
    Intent.THANKS: "You are welcome. Is there anything else?",
    Intent.PRAISE: "I am glad to hear that. What else would you like to know?",
    Intent.COMPLAINT: "I am sorry. Please ask me once more, in other words.",
    Intent.MACHINE: "I am a program, not a person, and no language model either. I am a small built-in brain that "
    "looks your question up in a knowledge text and reads you the answer.",
    Intent.STOP: "All right. I am listening.",
    Intent.DONE: "All right. Say goodbye to end the call, or ask me something else.",
    Intent.GOODBYE: "Goodbye, and thank you for calling.",
}


@dataclass(frozen=True, slots=True)
class Mind:
    """What the brain knows in a call: who it is ("I am …", may be empty) and the indexed knowledge text."""

    persona: str
    index: KnowledgeIndex


@dataclass(frozen=True, slots=True)
class Reply:
    """What to say, and whether the call is over with it."""

    text: str
    hangs_up: bool = False


def reply_to(mind: Mind, messages: Sequence[Message]) -> Reply:
    """Answer the last message; the same messages always give the same reply."""
    said = [message.text for message in messages if message.role == "user"]
    heard = next((message.text for message in reversed(messages) if message.role == "assistant" and message.text), "")
    last = messages[-1].role if messages else "system"
    if last == "tool":
        # The only tool that this brain calls is the one that ends the call.
        return Reply("Bye.")
    if last != "user":
        return Reply(f"Are you still there? {_examples(mind, len(said))}" if heard else _introduction(mind))
    understood = understand(said[-1])
    if understood.words and (entry := mind.index.exact(understood.words)) is not None:
        # The author's own words come first, even before small talk ("Who are you?").
        return Reply(_told(entry))
    match understood.intent:
        case Intent.QUESTION:
            text = _found(mind, mind.index.rank(understood.words), turn=len(said))
        case Intent.GREETING:
            text = _HELLO[min(len(said) - 1, 1)]
        case Intent.WHO:
            text = f"{mind.persona} I am a program that answers from a knowledge text.".strip()
        case Intent.HELP:
            text = _examples(mind, len(said))
        case Intent.REPEAT:
            text = _again(mind, heard)
        case Intent.SLOWER:
            text = f"I cannot change my pace, but here it is again. {_again(mind, heard)}"
        case Intent.MORE:
            text = _more(mind, heard)
        case Intent.YES | Intent.FIRST | Intent.SECOND:
            text = _agreed(mind, heard, understood.intent)
        case Intent.NO:
            text = _refused(mind, heard)
        case intent:
            text = _SIMPLE[intent]
    return Reply(text, hangs_up=understood.intent is Intent.GOODBYE)


def _found(mind: Mind, matches: list[Match], *, turn: int) -> str:
    """The answer to a question, a question back, or the admission that there is none."""
    if not matches or matches[0].score < _PERHAPS:
        nearest = [match.entry for match in matches]
        unknown = _UNKNOWN[turn % len(_UNKNOWN)] if mind.index.entries else _no_knowledge(turn)
        return f"{unknown} {_suggestion(mind, nearest, turn)}".strip()
    first, *others = matches
    rivals = [other for other in others if other.entry.question != first.entry.question]
    close = rivals and rivals[0].entry.question and first.score - rivals[0].score < _CLOSE
    if first.score >= _SURE and not (close and first.score < _BEYOND_DOUBT):
        return _told(first.entry)
    if not first.entry.question:
        return f"Perhaps this helps. {_told(first.entry)}"
    if close:
        return f"Do you mean: {_asked(first.entry)} Or: {_asked(rivals[0].entry)}"
    return f"Did you mean: {_asked(first.entry)}"


def _told(entry: Entry, *, start: int = 0) -> str:
    """An answer from its sentence ``start`` on, in a portion that can be listened to."""
    spoken = sentences(entry.answer)[start:]
    portion, words = list[str](), 0
    for sentence in spoken:
        words += len(sentence.split())
        if portion and words > _LONGEST_ANSWER_WORDS:
            return " ".join([*portion, _GO_ON])
        portion.append(sentence)
    return " ".join([*portion, entry.follow_up]).strip()


def _agreed(mind: Mind, heard: str, intent: Intent) -> str:
    offered = _offered(mind, heard)
    if intent is Intent.SECOND and len(offered) > 1:
        return _told(offered[1])
    if offered and (len(offered) == 1 or intent is Intent.FIRST):
        return _told(offered[0])
    if offered:
        return f"Which one? {_asked(offered[0])} Or: {_asked(offered[1])}"
    if _GO_ON in heard or _asked_back(mind, heard):
        return _more(mind, heard)
    return "Good. What would you like to know?"


def _refused(mind: Mind, heard: str) -> str:
    if _offered(mind, heard):
        return "Then please ask me once more, in other words."
    if "anything else" in heard:
        return _SIMPLE[Intent.DONE]
    return "All right. What else would you like to know?"


def _more(mind: Mind, heard: str) -> str:
    """Go on where the visitor stopped hearing, or with what was asked back."""
    entry = _asked_back(mind, heard)
    if entry is not None:
        further = [match for match in mind.index.rank(entry.follow_up) if match.entry is not entry]
        if further:
            return _told(further[0].entry)
    source = _source(mind, heard)
    if source is None:
        return "I have nothing to add. What would you like to know?"
    entry, position = source
    begun = 0
    for number, sentence in enumerate(sentences(entry.answer)):
        begun += len(sentence) + 1
        if position < begun - 2:
            return _told(entry, start=number)
    return entry.follow_up or "That is all I know about it."


def _again(mind: Mind, heard: str) -> str:
    source = _source(mind, heard)
    if source is not None:
        return _told(source[0])
    return heard or "I have not said anything yet. What would you like to know?"


def _offered(mind: Mind, heard: str) -> list[Entry]:
    """The questions that the visitor was offered, in their order."""
    places = [(heard.find(_asked(entry)), entry) for entry in mind.index.entries if entry.question]
    return [entry for place, entry in sorted(places, key=lambda found: found[0]) if place >= 0]


def _asked_back(mind: Mind, heard: str) -> Entry | None:
    """The entry whose follow-up question was heard."""
    return next((entry for entry in mind.index.entries if entry.follow_up and entry.follow_up in heard), None)


def _source(mind: Mind, heard: str) -> tuple[Entry, int] | None:
    """The entry that the visitor heard last, and how many letters of its answer had passed."""
    told = heard.removesuffix(_GO_ON).strip()
    for letters in _TAIL_LETTERS:
        for entry in mind.index.entries:
            tail = told.removesuffix(entry.follow_up).rstrip(" .!?…,;:-")[-letters:]
            if len(tail) >= _SHORTEST_TAIL and (place := entry.answer.find(tail)) >= 0:
                return entry, place + len(tail)
    return None


def _asked(entry: Entry) -> str:
    return entry.question if entry.question[-1] in "?!." else f"{entry.question}?"


def _suggestion(mind: Mind, nearest: Sequence[Entry], turn: int) -> str:
    """A question that has an answer: one near to what was asked, else the next of the text."""
    titled = [entry for entry in mind.index.entries if entry.question]
    near = [entry for entry in nearest if entry.question]
    # Another rhythm than that of the sentence before it, so that the two do not return together.
    step = turn + turn // len(_UNKNOWN)
    chosen = near[0] if near else titled[step * 5 % len(titled)] if titled else None
    return f"{_TRY[step % len(_TRY)]} {_asked(chosen)}" if chosen else ""


def _examples(mind: Mind, turn: int) -> str:
    titled = list({entry.question: entry for entry in mind.index.entries if entry.question}.values())
    if not titled:
        return "Ask me something, and I look it up in my knowledge text." if mind.index.entries else _no_knowledge(turn)
    begin = (turn - 1) * 2 % len(titled)
    chosen = [titled[(begin + number) % len(titled)] for number in range(min(2, len(titled)))]
    return f"You can ask me, for example: {' Or: '.join(map(_asked, chosen))}"


def _introduction(mind: Mind) -> str:
    return f"Hello. {mind.persona} {_examples(mind, 1)}".replace("  ", " ")


def _no_knowledge(turn: int) -> str:
    if turn % 2:
        return "I am a small built-in brain without a language model, and I was given no knowledge text to answer from."
    return "I cannot answer that: my agent has no knowledge text yet, and no language model is connected."
