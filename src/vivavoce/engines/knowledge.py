"""
The brain that needs no key: it answers from the knowledge text in the agent's prompt.

It is deterministic, takes about a millisecond, and never pretends to be a language model.
How the text is written is told in ``knowledge_text``; how a question is matched, in ``knowledge_index``;
what is said, in ``knowledge_reply``.
"""

import asyncio
import hashlib
import threading
from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from itertools import takewhile

from vivavoce.engines.engine import EngineSettings
from vivavoce.engines.knowledge_index import KnowledgeIndex
from vivavoce.engines.knowledge_reply import Mind, Reply, reply_to
from vivavoce.engines.knowledge_text import Entry, KnowledgeText, read, sentences
from vivavoce.errors import EngineError
from vivavoce.speech import Message, Tool, ToolCall

__all__ = ["END_CALL", "Knowledge", "open_engine"]

# The name of the tool that ends the call (wire-spec 2.3, tool type ``end_call``).
END_CALL = "end_call"

# An index of forty entries takes some 200 kB; agents beyond the newest are indexed again when they are asked.
_MOST_MINDS = 64
# Beyond so many letters reading, indexing and searching take longer than other calls should wait (measured: half a
# million letters are indexed in a third of a second, and searched in up to 30 ms). Of such texts fewer are kept.
_LONG_LETTERS, _MOST_LONG_MINDS = 20_000, 8


def open_engine(settings: EngineSettings) -> "Knowledge":
    """Open the engine; it has no settings."""
    del settings
    return Knowledge()


class Knowledge:
    """
    Answers from a knowledge text, without a language model.

    Raises:
        EngineError: This Python's SQLite has no full-text search.
    """

    name = "knowledge"

    def __init__(self) -> None:
        # Of short texts, used on the event loop; and of long ones, used on threads by whoever has the lock.
        self._minds, self._long_minds = _Minds(_MOST_MINDS), _Minds(_MOST_LONG_MINDS)
        self._long = threading.Lock()
        # Fail at the start and not in the first call.
        KnowledgeIndex(()).close()

    async def reply(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall]:
        """Answer the last message, sentence by sentence; a goodbye ends the call if the tool for it is offered."""
        # Later system messages are remarks on the conversation and no knowledge.
        prompt = takewhile(lambda message: message.role == "system", messages)
        system = "\n\n".join(message.text for message in prompt)
        if len(system) > _LONG_LETTERS:
            answer = await asyncio.to_thread(self._long_reply, system, messages)
        else:
            answer = reply_to(self._minds.of(system), messages)
        first, *others = sentences(answer.text) or [""]
        if not first:
            raise EngineError("llm", self.name, "found nothing to say: this is a bug, please report it")
        yield first
        for sentence in others:
            yield f" {sentence}"
        if answer.hangs_up and any(tool.name == END_CALL for tool in tools):
            yield ToolCall(id=f"end_{len(messages)}", name=END_CALL, arguments="{}")

    async def close(self) -> None:
        """Free the indexes."""
        self._minds.close()
        await asyncio.to_thread(self._close_long)

    def _long_reply(self, system: str, messages: Sequence[Message]) -> Reply:
        # A caller who gave up leaves his thread at work: the lock, and not its order of waiting, keeps them apart.
        with self._long:
            return reply_to(self._long_minds.of(system), messages)

    def _close_long(self) -> None:
        with self._long:
            self._long_minds.close()


class _Minds:
    """The texts that were asked last, read and indexed."""

    def __init__(self, most: int) -> None:
        self._most = most
        # What system texts say, by digest. A prompt may hold the time of day, so the same entries come in ever new
        # texts; the costly index is therefore kept by its entries.
        self._texts: OrderedDict[bytes, KnowledgeText] = OrderedDict()
        self._indexes: OrderedDict[tuple[Entry, ...], KnowledgeIndex] = OrderedDict()

    def of(self, system: str) -> Mind:
        """What a system text says."""
        digest = hashlib.blake2b(system.encode(), digest_size=16).digest()
        text = self._texts.pop(digest, None) or read(system)
        self._texts[digest] = text
        index = self._indexes.pop(text.entries, None) or KnowledgeIndex(text.entries)
        self._indexes[text.entries] = index
        # The least recently used go first.
        if len(self._texts) > self._most:
            self._texts.popitem(last=False)
        if len(self._indexes) > self._most:
            self._indexes.popitem(last=False)[1].close()
        return Mind(text.persona, index)

    def close(self) -> None:
        """Free the indexes."""
        while self._indexes:
            self._indexes.popitem()[1].close()
        self._texts.clear()
