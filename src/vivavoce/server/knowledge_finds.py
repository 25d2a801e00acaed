"""What an agent would find for a question: the best of its knowledge, and what the built-in brain would say."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from vivavoce.engines.knowledge_index import KnowledgeIndex
from vivavoce.engines.knowledge_reply import Mind, reply_to
from vivavoce.engines.knowledge_text import FURTHER, read
from vivavoce.server.briefing import prompt_of
from vivavoce.server.knowledge import as_markdown, text_of
from vivavoce.speech import Message
from vivavoce.store.knowledge import Piece
from vivavoce.wire.variables import Value, fill

__all__ = ["Find", "Finds", "look_up"]

_MOST = 5


@dataclass(frozen=True, slots=True)
class Find:
    """
    A section that fits.

    Args:
        question: Its heading; may be empty.
        answer: Its text, as it would be spoken.
        score: How surely it answers: 1 is the author's own wording.
        piece: Where it is from; None for the agent's document.
    """

    question: str
    answer: str
    score: float
    piece: Piece | None


@dataclass(frozen=True, slots=True)
class Finds:
    """What was found, the best first, and what the built-in brain would say."""

    finds: tuple[Find, ...]
    said: str


def look_up(agent: Mapping[str, Any], pieces: Sequence[Piece], question: str, variables: Mapping[str, Value]) -> Finds:
    """
    Ask as a visitor would. Takes up to half a second, so it belongs on a thread.

    Args:
        agent: The agent's document.
        pieces: What it was given beside.
        question: What the visitor says.
        variables: Values for the places in the texts.
    """
    known = read(fill(prompt_of(agent, text_of(agent, pieces)), variables))
    sources = {
        entry: piece
        for piece in pieces
        for entry in read(fill(f"{FURTHER}\n\n{as_markdown(piece)}", variables)).entries
    }
    with closing(KnowledgeIndex(known.entries)) as index:
        matches = index.rank(question, most=_MOST)
        said = reply_to(Mind(known.persona, index), [Message("user", question)]).text
    finds = (Find(match.entry.question, match.entry.answer, match.score, sources.get(match.entry)) for match in matches)
    return Finds(tuple(finds), said)
