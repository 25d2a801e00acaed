"""A slow and uneven network: the agent is heard without a gap, or with none longer than the network's own."""

import asyncio
import random
from collections.abc import Callable, Iterator

import pytest

from bench.cut_call import CutCall, difference, hold_cut_call
from tests.e2e.running import SCRIPTED, Server, running
from vivavoce.testing.proxy import Proxy

pytestmark = pytest.mark.slow

LIMIT_S = 60.0
STALL_S = 1.0
# A frame may come while the machine is busy with another test.
SLACK_S = 0.15
# Long answers: 3.6 s each.
SETTINGS = {**SCRIPTED, "VIVAVOCE_ENGINE_SCRIPTED_TTS_WORD_S": "0.3"}


@pytest.fixture(scope="module")
def talker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("talker"), SETTINGS) as server:
        yield server


def held(server: Server, worsen: Callable[[Proxy], None], *, turns: int = 2) -> CutCall:
    """A call through a network that a test makes worse every 1.5 seconds."""

    async def worsening(proxy: Proxy) -> None:
        while True:
            worsen(proxy)
            await asyncio.sleep(1.5)

    async def scenario() -> CutCall:
        async with (
            asyncio.timeout(LIMIT_S),
            Proxy("127.0.0.1", server.port, chance=random.Random(3).random) as proxy,
        ):
            task = asyncio.create_task(worsening(proxy))
            try:
                return await hold_cut_call(
                    server.url, key=server.key, agent_id=server.agent(), turns=turns, proxy=proxy
                )
            finally:
                task.cancel()

    return asyncio.run(scenario())


def whole(call: CutCall, turns: int) -> bool:
    """Whether every turn was played to its end, and the call ended as its client wished."""
    first = call.played[0]
    return (
        turns == len(call.played)
        and "client_requested" == call.reason
        and not any(difference(first, played).lost for played in call.played)
    )


def test_jitter_leaves_no_gap(talker: Server) -> None:
    """Frames come 20 to 300 ms late, each in its own way; they are sent ahead of time."""

    def uneven(proxy: Proxy) -> None:
        for way in (proxy.up, proxy.down):
            way.delay_s, way.jitter_s = 0.02, 0.28

    call = held(talker, uneven)

    assert whole(call, 2)
    assert [] == [gap for gap in call.gaps if gap.length_s > SLACK_S]


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_stall_leaves_no_gap_longer_than_itself(talker: Server, way: str) -> None:
    """For a second nothing passes; what was sent ahead covers most of it. The call does not even reconnect."""
    call = held(talker, lambda proxy: getattr(proxy, way).stall(STALL_S))

    assert whole(call, 2)
    assert [] == [gap for gap in call.gaps if gap.length_s > STALL_S]
    assert [] == call.away_s


def test_a_throttled_network_is_waited_for(talker: Server) -> None:
    """At a rate just above that of the voice; the server sends no faster than it is heard."""

    def narrow(proxy: Proxy) -> None:
        proxy.down.bytes_per_s = 48_000

    call = held(talker, narrow)

    assert whole(call, 2)
    assert [] == [gap for gap in call.gaps if gap.length_s > SLACK_S]
