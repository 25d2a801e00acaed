"""A call that survives its sockets: nothing is lost and nothing comes twice."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import pytest

from bench.cut_call import RATE_HZ, CutCall, Difference, difference, hold_cut_call
from tests.e2e.raw_socket import RawSocket
from tests.e2e.running import SCRIPTED, Server, running
from tests.e2e.watched import Stereo, decoded
from vivavoce.audio.pcm import joined
from vivavoce.client import AtomsClient, Endurance, Reconnecting, SessionEnded
from vivavoce.engines.scripted import TWELVE_WORDS
from vivavoce.testing.proxy import Proxy

T = TypeVar("T")

pytestmark = pytest.mark.slow

CUTS = 20
LIMIT_S = 90.0
# No whole number of waves: each word sounds a little different.
SETTINGS = {**SCRIPTED, "VIVAVOCE_ENGINE_SCRIPTED_TTS_WORD_S": "0.1234"}
# A server that does not wait for long.
WINDOW_S = 1.0


@dataclass
class Cut:
    """A call whose connection was cut again and again, one that was not, and what is left of the first."""

    server: Server
    call: CutCall
    uncut: CutCall
    shown: dict[str, Any]
    dual: Stereo
    rate_hz: int


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that waits for a minute."""
    with running(tmp_path_factory.mktemp("patient"), SETTINGS) as server:
        yield server


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that waits for a second."""
    settings = {**SETTINGS, "VIVAVOCE_RESUME_WINDOW_S": str(WINDOW_S)}
    with running(tmp_path_factory.mktemp("hasty"), settings) as server:
        yield server


@pytest.fixture(scope="module")
def cut(patient: Server) -> Cut:
    """Twenty cuts, at once, in the middle of frames, and in handshakes."""

    async def calls() -> tuple[CutCall, CutCall]:
        agent_id, key = patient.agent(), patient.key
        async with asyncio.timeout(LIMIT_S), Proxy("127.0.0.1", patient.port) as proxy:
            uncut = await hold_cut_call(patient.url, key=key, agent_id=agent_id, turns=2)
            call = await hold_cut_call(patient.url, key=key, agent_id=agent_id, turns=8, cuts=CUTS, proxy=proxy, seed=7)
            return call, uncut

    call, uncut = asyncio.run(calls())
    shown = patient.record(call.call_id)
    dual, rate_hz = decoded(httpx.get(shown["recordingDualUrl"]))
    return Cut(patient, call, uncut, shown, dual, rate_hz)


def test_the_call_was_cut_and_came_back(cut: Cut) -> None:
    """Or the rest of this file would say nothing."""
    assert cut.call.cuts >= CUTS
    assert len(cut.call.away_s) >= CUTS // 2
    assert "client_requested" == cut.call.reason


def test_the_agent_is_heard_to_the_sample(cut: Cut) -> None:
    """Turn by turn what a call without a cut has played: nothing lost, nothing twice, nothing in another place."""
    expected, again = cut.uncut.played

    assert Difference(0, 0, 0) == difference(expected, again)
    assert len(cut.call.typed) == len(cut.call.played)
    assert [Difference(0, 0, 0)] * len(cut.call.played) == [difference(expected, played) for played in cut.call.played]
    assert (0, 0) == (cut.call.lost_samples, cut.call.repeated_samples)


def test_every_message_comes_once(cut: Cut) -> None:
    """Their numbers have no gap."""
    numbers = [message.seq for message in cut.call.messages if message.seq]

    assert list(range(1, len(numbers) + 1)) == numbers


def test_both_sides_have_the_same_words(cut: Cut) -> None:
    """What was typed arrived once, and was answered once; the record has it, too."""
    expected = [entry for text in cut.call.typed for entry in (("user", text), ("agent", TWELVE_WORDS))]

    assert [TWELVE_WORDS] * len(cut.call.typed) == cut.call.final("agent")
    assert expected == [(entry["role"], entry["content"]) for entry in cut.shown["transcript"]]


def test_the_visitor_is_heard_to_the_sample(cut: Cut) -> None:
    """The recording has his hum, once and in order, up to the window that the goodbye has cut off."""
    assert RATE_HZ == cut.rate_hz
    visitor = cut.dual[:, 0]
    heard, hummed = visitor[visitor != 0], joined(cut.call.hummed)
    found = difference(hummed, heard)

    assert (0, 0) == (found.repeated, found.misplaced)
    assert found.lost < 0.1 * RATE_HZ


def test_there_is_one_record(cut: Cut) -> None:
    """All that was said stands in one call; there is no other beside the one without cuts."""
    calls = {call_id for (call_id,) in cut.server.rows("select distinct call_id from facts where kind = 'UserSaid'")}

    assert {cut.call.call_id, cut.uncut.call_id} == calls


@asynccontextmanager
async def opened(server: Server) -> AsyncIterator[tuple[RawSocket, dict[str, Any]]]:
    """A new extended call that has said a word; its socket and ``session.created``."""
    path = f"/atoms/v1/agent/connect?token={server.token(server.agent())}&ext=1"
    async with await RawSocket.open(server.port, path) as call:
        created = await call.message()
        await call.say({"type": "ping", "id": 1, "ack": 0})
        await call.message("pong")
        yield call, created


async def resumed(server: Server, token: str) -> RawSocket:
    """A socket that is to take up a call from its beginning."""
    path = f"/atoms/v1/agent/connect?resume={token}&last_seq=0&input_seq=0&ext=1"
    return await RawSocket.open(server.port, path)


def within_limit(scenario: Coroutine[Any, Any, T]) -> T:
    """Play a scenario."""

    async def play() -> T:
        async with asyncio.timeout(30):
            return await scenario

    return asyncio.run(play())


def test_a_call_that_waited_long_enough_is_over(hasty: Server) -> None:
    """It waits for its time and no longer; the record has the reason, and so has whoever comes later."""

    async def lost() -> dict[str, Any]:
        async with opened(hasty) as (call, created):
            call.reset()
            return created

    async def late(token: str) -> dict[str, Any]:
        async with await resumed(hasty, token) as call:
            return await call.message()

    created = within_limit(lost())
    waiting = hasty.conversation(created["call_id"])
    shown = hasty.record(created["call_id"])
    told = within_limit(late(created["ext"]["resume_token"]))

    assert ("active", "completed") == (waiting["status"], shown["status"])
    assert ("session.closed", "websocket_closed") == (told["type"], told["reason"])
    (ended,) = [event for event in shown["events"] if event["event_type"] == "call_end"]
    assert "websocket_closed" in str(ended)
    assert WINDOW_S <= shown["duration"] < WINDOW_S + 1.0


def test_a_wrong_token_takes_up_nothing(hasty: Server) -> None:
    """The error says so, and the code of the close too."""

    async def scenario() -> tuple[dict[str, Any], int]:
        async with await resumed(hasty, "vrt_nothing") as call:
            return await call.message(), await call.close_code()

    message, code = within_limit(scenario())

    assert ("error", "resume_failed", 4410) == (message["type"], message["code"], code)


def test_a_second_socket_takes_the_call_over(hasty: Server) -> None:
    """The first is closed; the call is the same, and goes on."""

    async def scenario() -> tuple[dict[str, Any], dict[str, Any], int, dict[str, Any]]:
        async with (
            opened(hasty) as (first, created),
            await resumed(hasty, created["ext"]["resume_token"]) as second,
        ):
            again = await second.message()
            code = await first.close_code()
            await second.say({"type": "input_text.send", "seq": 1, "text": "Hello"})
            answered = await second.message("agent_start_talking")
            await second.say({"type": "session.close"})
            await second.message("session.closed")
            return created, again, code, answered

    created, again, code, answered = within_limit(scenario())

    assert (created["call_id"], created["session_id"]) == (again["call_id"], again["session_id"])
    assert (False, True) == (created["ext"]["resumed"], again["ext"]["resumed"])
    assert 4409 == code
    assert 1 == answered["turn"]


def test_a_client_that_finds_no_way_back_says_so(hasty: Server) -> None:
    """While nobody lets it in, it tries for as long as the server waits."""

    async def scenario() -> tuple[list[type], str]:
        async with Proxy("127.0.0.1", hasty.port) as proxy:
            client = await AtomsClient.connect(
                proxy.url, key=hasty.key, agent_id=hasty.agent(), ext=True, endurance=Endurance(longest_pause_s=0.2)
            )
            proxy.refusing = True
            proxy.cut()
            received = [message async for message in client]
            await client.close()
            assert isinstance(received[-1], SessionEnded)
            return [type(message) for message in received[-2:]], received[-1].reason

    kinds, reason = within_limit(scenario())

    assert ([Reconnecting, SessionEnded], "websocket_closed") == (kinds, reason)
