"""A call in which a client does wrong, beside a polite one that must get its answers without a gap."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tests.e2e.polite import polite_call
from tests.e2e.raw_socket import RawSocket
from tests.e2e.running import Server

__all__ = ["LIMIT_S", "address", "ask", "beside_a_polite_call", "hang_up", "open_call", "said"]

# For a whole offence; nothing takes this long.
LIMIT_S = 30.0
Json = dict[str, Any]


def address(server: Server, agent_id: str, **query: str) -> str:
    """Where calls are opened, with the key."""
    asked = {"token": server.key, "agent_id": agent_id} | query
    return "/atoms/v1/agent/connect?" + "&".join(f"{name}={value}" for name, value in asked.items())


async def open_call(
    server: Server, agent_id: str, *, receive_buffer_bytes: int = 0, **query: str
) -> tuple[RawSocket, str]:
    """A call and its id."""
    call = await RawSocket.open(server.port, address(server, agent_id, **query), receive_buffer_bytes)
    return call, str((await call.message("session.created"))["call_id"])


async def ask(call: RawSocket, text: str = "What is the price?") -> str:
    """A question in the right form; returns the answer."""
    await call.say({"type": "input_text.send", "text": text})
    told: Json = {"role": "user"}
    while told["role"] == "user":
        told = await call.message("transcript")
    await call.message("agent_stop_talking")
    return str(told["text"])


async def hang_up(call: RawSocket) -> str:
    """End the call politely; returns the reason that the server gives."""
    await call.say({"type": "session.close"})
    return str((await call.message("session.closed"))["reason"])


def beside_a_polite_call(server: Server, agent_id: str, offend: Callable[[], Awaitable[str]]) -> Json:
    """Misbehave beside a polite call; ``offend`` returns the call's id. Returns the record of the offending call."""

    async def scenario() -> str:
        async with asyncio.timeout(LIMIT_S), polite_call(server, agent_id):
            return await offend()

    shown = server.record(asyncio.run(scenario()))
    server.until(lambda: server.health() == {"status": "ok", "calls": 0})
    return shown


def said(shown: Json, role: str) -> list[str]:
    """The turns of one side in a record."""
    return [entry["content"] for entry in shown["transcript"] if entry["role"] == role]
