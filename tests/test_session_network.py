"""
A slow and uneven network: the agent is heard without a gap, or with none longer than the network's own.

Session, sockets, proxy and client are the real ones; time alone is simulated, so that a busy machine changes no figure.
"""

import asyncio
from collections.abc import Callable

import pytest

from bench.cut_call import CutCall, difference
from tests.server.socket_scene import Desk, play
from tests.test_session import LoudIsSpeech, Record
from tests.wire.extended_codec import extended
from tests.worsened_call import hold_worsened_call
from vivavoce.engines.engine import Engines
from vivavoce.engines.scripted import ScriptedLanguageModel, ScriptedSpeechToText, ScriptedTextToSpeech
from vivavoce.server.resumption import SessionSocket
from vivavoce.server.sockets import CallSocket, Listener
from vivavoce.session import Session
from vivavoce.speech import VoiceStyle
from vivavoce.talk.brief import Brief
from vivavoce.testing.proxy import Proxy
from vivavoce.testing.virtual_loop import VirtualLoop

pytestmark = pytest.mark.slow

TURNS = 2
# Long answers: 3.6 s each.
WORD_S = 0.3
# The network gets worse so often.
EVERY_S = 1.5
DELAY_S, JITTER_S, STALL_S = 0.02, 0.28, 1.0
# The server sends every 20 ms.
FRAME_S = 0.02
# A little more than the voice needs, and what the proxy lets pass at a time.
NARROW_BYTES_S, PIECE_BYTES = 60_000, 4096


def held(worsen: Callable[[Proxy], None], *, seed: int = 3) -> CutCall:
    """A call of two long answers through a network that is made worse every 1.5 seconds."""
    holding: list[asyncio.Task[str]] = []
    calls: list[CutCall] = []

    def begin(socket: CallSocket) -> Listener:
        session = Session(
            brief=Brief(voice_rate_hz=24_000, holds=True),
            codec=extended("binary"),
            engines=Engines(
                LoudIsSpeech(),
                ScriptedSpeechToText(()),
                ScriptedLanguageModel(),
                ScriptedTextToSpeech(word_s=WORD_S),
            ),
            style=VoiceStyle(),
            outbox=socket,
            observer=Record(),
        )
        holding.append(asyncio.create_task(session.run()))
        return SessionSocket(session, socket)

    async def scenario(port: int, desk: Desk) -> None:
        calls.append(
            await hold_worsened_call(port, worsen, every_s=EVERY_S, key="wct_1", agent_id="", turns=TURNS, seed=seed)
        )
        await asyncio.wait(holding)

    play(scenario, begin=begin, loop_factory=lambda: VirtualLoop(sockets=True))
    return calls[0]


def whole(call: CutCall) -> bool:
    """Whether every turn was played to its end, on one socket, and the call ended as its client wished."""
    first = call.played[0]
    return (
        TURNS == len(call.played)
        and "client_requested" == call.reason
        and [] == call.away_s
        and not any(difference(first, played).lost for played in call.played)
    )


@pytest.mark.parametrize("seed", range(4))
def test_jitter_is_felt_once_in_a_turn_and_no_longer_than_it_lasts(seed: int) -> None:
    """Frames come 20 to 300 ms late; what is sent ahead covers all of it, unless the first one came early."""

    def uneven(proxy: Proxy) -> None:
        for way in (proxy.up, proxy.down):
            way.delay_s, way.jitter_s = DELAY_S, JITTER_S

    call = held(uneven, seed=seed)
    waited_s = [sum(gap.length_s for gap in call.gaps if gap.turn == turn) for turn in range(1, TURNS + 1)]

    assert whole(call)
    assert max(waited_s) <= JITTER_S + FRAME_S


@pytest.mark.parametrize("way", ["up", "down"])
def test_a_stall_leaves_no_gap_longer_than_itself(way: str) -> None:
    """For a second nothing passes; what was sent ahead covers most of it. The call does not even reconnect."""
    call = held(lambda proxy: getattr(proxy, way).stall(STALL_S))

    assert whole(call)
    assert [] == [gap for gap in call.gaps if gap.length_s > STALL_S]


def test_a_throttled_network_is_waited_for() -> None:
    """At a rate just above that of the voice; the server sends no faster than it is heard."""

    def narrow(proxy: Proxy) -> None:
        proxy.down.bytes_per_s = NARROW_BYTES_S

    call = held(narrow)

    assert whole(call)
    # Behind a turn's first frame comes the first piece of the others, all at once.
    assert [] == [gap for gap in call.gaps if gap.length_s > PIECE_BYTES / NARROW_BYTES_S]
