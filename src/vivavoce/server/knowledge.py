"""
What an agent knows in a call: the text in its document, and the pieces that it was given in the console.

The built-in brain looks through all of it at each question. A language model reads it below the prompt as long as it is
short; of a longer one it is told what it is about, and searches it with a tool.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vivavoce.engines.knowledge_text import FURTHER, headings
from vivavoce.store.knowledge import Piece

__all__ = ["LONG_LETTERS", "Known", "as_markdown", "known_to", "text_of"]

# As many letters of knowledge a language model reads with every answer, about 5,000 tokens; of more it is told what it
# is about. A choice between the price and the delay of every turn, and those of a search.
LONG_LETTERS = 20_000
_LONGEST_OUTLINE = 2_000


@dataclass(frozen=True, slots=True)
class Known:
    """
    What an agent knows.

    Args:
        text: All of it, with places for variables.
        searched: It is too long to be read with every answer: the model searches it.
    """

    text: str = ""
    searched: bool = False

    def in_prompt(self, search: Iterable[str]) -> str:
        """What stands of it below the prompt; ``search`` are the names of the tools that search it."""
        tools = list(search)
        if not self.searched or not tools:
            return self.text
        about, left = list[str](), _LONGEST_OUTLINE
        for heading in dict.fromkeys(found for found in headings(self.text) if f"# {found}" != FURTHER):
            left -= len(heading) + 2
            if left < 0:
                about.append("and more")
                break
            about.append(heading)
        said = f"You know much more than is written here: look it up with the tool {tools[0]} before you answer."
        return f"# Knowledge\n\n{said}" + (f"\nIt is about: {'; '.join(about)}." if about else "")


def known_to(agent: Mapping[str, Any], pieces: Sequence[Piece] = (), *, reads_all: bool = True) -> Known:
    """
    What an agent knows.

    Args:
        agent: Its document.
        pieces: What it was given beside.
        reads_all: The brain finds its way through a text of any length, as the built-in one does.
    """
    text = text_of(agent, pieces)
    return Known(text, searched=not reads_all and len(text) > LONG_LETTERS)


def text_of(agent: Mapping[str, Any], pieces: Sequence[Piece]) -> str:
    """The text of the document, and behind it the pieces, in the format of ``engines.knowledge_text``."""
    own = agent.get("knowledge")
    parts = [own.strip()] if isinstance(own, str) else []
    if pieces:
        parts.append(FURTHER)
        parts += map(as_markdown, pieces)
    return "\n\n".join(part for part in parts if part)


def as_markdown(piece: Piece) -> str:
    """A piece under its own heading."""
    return f"## {' '.join(piece.title.split())}\n\n{piece.content.strip()}"
