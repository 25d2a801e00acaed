"""A call through a network that gets worse again and again."""

import asyncio
import random
from collections.abc import Callable

from bench.cut_call import CutCall, hold_cut_call
from vivavoce.testing.proxy import Proxy

__all__ = ["hold_worsened_call"]


async def hold_worsened_call(
    port: int, worsen: Callable[[Proxy], None], *, every_s: float, key: str, agent_id: str, turns: int, seed: int = 3
) -> CutCall:
    """Hold a call of so many turns with the server on a port, and worsen its network at once and every ``every_s``."""

    async def worsening(proxy: Proxy) -> None:
        while True:
            worsen(proxy)
            await asyncio.sleep(every_s)

    async with Proxy("127.0.0.1", port, chance=random.Random(seed).random) as proxy:
        task = asyncio.create_task(worsening(proxy))
        try:
            return await hold_cut_call(proxy.url, key=key, agent_id=agent_id, turns=turns, proxy=proxy)
        finally:
            task.cancel()
