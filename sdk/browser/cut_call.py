"""
A visitor whose connection is lost in the middle of the greeting: makes a call on the extended wire, and prints its id.

    python cut_call.py URL KEY AGENT_ID

The connection is cut when a line comes in; two seconds later the client is back, hears the greeting out, and leaves.
"""

import asyncio
import sys
from collections.abc import Callable
from urllib.parse import urlsplit

from vivavoce.client import AtomsClient, Endurance
from vivavoce.client.hearing import Hearing
from vivavoce.testing.proxy import Proxy

_LIMIT_S = 60.0
_AWAY_S = 2.0


async def lose(url: str, key: str, agent_id: str) -> None:
    """Make the call."""
    server = urlsplit(url)
    endurance = Endurance(first_pause_s=_AWAY_S)
    async with Proxy("127.0.0.1", server.port or 80) as proxy:
        client = await AtomsClient.connect(proxy.url, key=key, agent_id=agent_id, ext=True, endurance=endurance)
        async with client, asyncio.TaskGroup() as tasks:
            hearing = Hearing(client)
            tasks.create_task(hearing.run())
            await _until("the first words", hearing, lambda: any(turn.text for turn in hearing.turns))
            print(client.session.call_id, flush=True)
            await asyncio.to_thread(sys.stdin.readline)
            proxy.cut()
            await _until("the return", hearing, lambda: bool(hearing.away_s))
            await _until("the end of the greeting", hearing, lambda: not hearing.talking)
            await client.close()


async def _until(what: str, hearing: Hearing, happened: Callable[[], bool]) -> None:
    if not await hearing.until(happened, _LIMIT_S):
        raise SystemExit(f"this did not come: {what}")


if __name__ == "__main__":
    asyncio.run(lose(*sys.argv[1:4]))
