"""A language model on loopback, in a thread of its own, that talks and analyses as a test tells it to."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.engines.stand_in import Exchange, StandIn

__all__ = ["Thinker", "thinking"]


@dataclass
class Thinker:
    """
    The server of the model.

    Args:
        analysis: What it says when it is asked about a call that is over.
    """

    analysis: object
    # How many of the questions about calls are left without an answer, from the first on.
    hanging: int = 0
    # The bodies of these questions.
    asked: list[dict[str, Any]] = field(default_factory=list)
    port: int = 0

    @property
    def settings(self) -> dict[str, str]:
        """Environment variables of a server that is to think with it."""
        return {
            "VIVAVOCE_LLM": "openai",
            "OPENAI_BASE_URL": f"http://127.0.0.1:{self.port}/v1",
            "OPENAI_API_KEY": "sk-test",
            "OPENAI_MODEL": "small",
        }

    async def answer(self, exchange: Exchange) -> None:
        body = json.loads(exchange.request.body)
        if body.get("stream"):
            await exchange.deltas({"content": "A table for four "}, {"content": "is booked."})
            return
        self.asked.append(body)
        if len(self.asked) <= self.hanging:
            await exchange.left()
            return
        message = {"role": "assistant", "content": json.dumps(self.analysis)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        answer = {"id": "1", "object": "chat.completion", "created": 1, "model": "small", "choices": [choice]}
        await exchange.whole(json.dumps(answer).encode())


@contextmanager
def thinking(analysis: object, *, hanging: int = 0) -> Iterator[Thinker]:
    """A model for a while."""
    thinker = Thinker(analysis, hanging)
    ready, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        async with StandIn([thinker.answer]) as server:
            thinker.port = server.port
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), name="thinker")
    thread.start()
    try:
        assert ready.wait(10)
        yield thinker
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
