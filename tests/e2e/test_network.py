"""A bad network before a real server: every turn is heard whole. How long gaps are is told by test_session_network."""

import asyncio
from collections.abc import Callable

import pytest

from bench.cut_call import CutCall, difference
from tests.e2e.running import Server
from tests.worsened_call import hold_worsened_call
from vivavoce.testing.proxy import Proxy

pytestmark = pytest.mark.slow

LIMIT_S = 60.0
TURNS = 2


def jitter(proxy: Proxy) -> None:
    for way in (proxy.up, proxy.down):
        way.delay_s, way.jitter_s = 0.02, 0.28


def narrow(proxy: Proxy) -> None:
    proxy.down.bytes_per_s = 48_000


def stalls(proxy: Proxy) -> None:
    for way in (proxy.up, proxy.down):
        way.stall(0.7)


@pytest.mark.parametrize("worsen", [jitter, narrow, stalls])
def test_every_turn_is_heard_whole(worsen: Callable[[Proxy], None], server: Server) -> None:
    """Frames that are 20 to 300 ms late, hardly more room than the voice needs, and moments in which nothing passes."""

    async def scenario() -> CutCall:
        async with asyncio.timeout(LIMIT_S):
            return await hold_worsened_call(
                server.port, worsen, every_s=1.0, key=server.key, agent_id=server.agent(), turns=TURNS
            )

    call = asyncio.run(scenario())
    first = call.played[0]

    assert (TURNS, "client_requested") == (len(call.played), call.reason)
    assert [0] * TURNS == [difference(first, played).lost for played in call.played]
