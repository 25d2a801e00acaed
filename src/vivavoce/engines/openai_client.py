"""
The connection to a server with the OpenAI interface: time limits and retries.

The limits are those of a conversation: a visitor waits for seconds, not for the ten minutes of the library's default.
A request is tried again only while nothing of its answer has arrived; afterwards half a sentence has been spoken.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from vivavoce.engines.openai_errors import explained, may_pass
from vivavoce.engines.openai_settings import Remote, is_loopback
from vivavoce.errors import EngineError

if TYPE_CHECKING:
    from openai import AsyncOpenAI

__all__ = ["connect", "first_answer", "next_answer"]

Answer = TypeVar("Answer")

_ATTEMPTS = 3


def connect(server: Remote) -> "AsyncOpenAI":
    """
    The client of one engine: it keeps connections open between requests; close it with ``close()``.

    The library is imported here, which takes a second: at the start, so that no call waits for it.

    Raises:
        EngineError: The library is not installed.
    """
    try:
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Timeout
    except ImportError as error:
        raise server.failure("the package openai is missing: pip install openai==3.52.0") from error
    # Our own limits come first; this one only sees to it that nothing is left behind.
    timeout = Timeout(max(server.first_s, server.gap_s) + 1, connect=server.connect_s)
    return AsyncOpenAI(
        base_url=server.base_url,
        # The library insists on some key.
        api_key=server.api_key or "none",
        # We retry ourselves, because only we know what has been spoken.
        max_retries=0,
        timeout=timeout,
        # A proxy in the environment is for the world outside, not for a server on this machine.
        http_client=DefaultAsyncHttpxClient(timeout=timeout, trust_env=not is_loopback(server.base_url)),
    )


async def first_answer(server: Remote, request: Callable[[], Awaitable[Answer]]) -> Answer:
    """
    Make a request until its first answer is there: three attempts at most, within ``first_s`` each.

    Args:
        server: Whom to ask.
        request: Sends it and returns once the answer has begun; frees everything if it fails or is cancelled.

    Raises:
        EngineError: What failed and what to do about it.
    """
    for attempt in range(1, _ATTEMPTS):
        try:
            return await _within(server, request(), limit_s=server.first_s)
        except EngineError:
            raise
        except Exception as error:
            if not may_pass(error):
                raise explained(server, error) from error
        await asyncio.sleep(server.backoff_s * attempt)
    return await next_answer(server, request(), limit_s=server.first_s)


async def next_answer(server: Remote, answer: Awaitable[Answer], *, limit_s: float) -> Answer:
    """
    Await one piece of an answer.

    Raises:
        EngineError: It did not come within ``limit_s``, or something else failed.
        StopAsyncIteration: There are no more pieces.
    """
    try:
        return await _within(server, answer, limit_s=limit_s)
    except (EngineError, StopAsyncIteration):
        raise
    except Exception as error:
        raise explained(server, error) from error


async def _within(server: Remote, answer: Awaitable[Answer], *, limit_s: float) -> Answer:
    try:
        async with asyncio.timeout(limit_s):
            return await answer
    except TimeoutError as error:
        raise server.failure(f"{server.base_url} has been silent for {limit_s:g} s: is it overloaded?") from error
