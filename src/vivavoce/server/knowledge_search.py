"""
The tool ``knowledge_base_search``: what an agent's knowledge text says about something.

Source: Atoms tool type ``knowledge_base_search`` (wire-spec 2.3). What is searched is all that the agent knows.
"""

import asyncio
import json
import threading
from collections import OrderedDict
from functools import partial

from vivavoce.engine_work import OwnTool
from vivavoce.engines.knowledge_index import KnowledgeIndex, Match
from vivavoce.engines.knowledge_text import read
from vivavoce.errors import EngineError

__all__ = ["found", "search_of"]

# What a language model reads of it; more answers would rather hide the right one.
_MOST_ANSWERS = 3
# Indexes that are kept for the next question: half a million letters take a third of a second to index.
_MOST_INDEXES = 8
_NOTHING = "The knowledge text says nothing about that."


def search_of(knowledge: str) -> OwnTool:
    """How this text is searched: the tool takes its arguments, as JSON, and gives its output."""

    async def search(arguments: str) -> str:
        # Indexing a long text takes its time, which no other call may notice.
        return await asyncio.to_thread(partial(found, knowledge, arguments))

    return search


def found(knowledge: str, arguments: str) -> str:
    """
    What a text says about ``arguments["query"]``: sections with their questions, the best first.

    An output for every input: a model that asks wrongly is told so.
    """
    try:
        asked = json.loads(arguments)
    except (ValueError, RecursionError):
        asked = None
    query = asked.get("query") if isinstance(asked, dict) else None
    if not isinstance(query, str) or not query.strip():
        return 'Say what to look for, such as {"query": "opening hours"}.'
    try:
        entries = [match.entry for match in _SHELF.rank(knowledge, query)]
    except EngineError as error:
        return f"The search failed: {error.reason}"
    return "\n\n".join(f"{entry.question}\n{entry.answer}".strip() for entry in entries) or _NOTHING


class _Shelf:
    """The indexes of the texts that were searched last; one search after the other, on whatever thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # By the text, the least recently used first.
        self._indexes: OrderedDict[str, KnowledgeIndex] = OrderedDict()

    def rank(self, knowledge: str, query: str) -> list[Match]:
        """The entries of a text that answer a question, the best first."""
        with self._lock:
            index = self._indexes.pop(knowledge, None) or KnowledgeIndex(read(knowledge).entries)
            self._indexes[knowledge] = index
            if len(self._indexes) > _MOST_INDEXES:
                self._indexes.popitem(last=False)[1].close()
            return index.rank(query, most=_MOST_ANSWERS)


_SHELF = _Shelf()
