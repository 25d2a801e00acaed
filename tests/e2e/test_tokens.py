"""Tokens for pages: one call, half a minute, everything about it settled beforehand."""

import asyncio
import sqlite3

import pytest

from tests.e2e.raw_socket import Answer, RawSocket, head
from tests.e2e.running import Server
from vivavoce.client import AtomsClient
from vivavoce.client.caller import Patience, Typed, hold_call
from vivavoce.clock import now
from vivavoce.engines.scripted import TWELVE_WORDS
from vivavoce.errors import Refused

pytestmark = pytest.mark.slow

LIMIT_S = 15.0
PATH = "/atoms/v1/agent/connect"
INVALID = (401, "Unauthorized: invalid or expired token")


async def knock(server: Server, query: str) -> Answer:
    """Ask for a socket; one that is agreed to is closed again."""
    async with await RawSocket.connect(server.port) as client:
        await client.send(head(f"{PATH}?{query}"))
        return await client.answer()


def knocked(server: Server, query: str) -> tuple[int, str]:
    answer = asyncio.run(knock(server, query))
    return answer.status, answer.phrase


def test_a_token_opens_one_call_on_its_own_terms(server: Server) -> None:
    """Mode, formats and variables are those it was made with; what a page puts on the URL is ignored."""
    agent_id = server.agent(firstMessage="Hello {{name}}.")
    other_agent = server.agent(firstMessage="Wrong agent.")
    answer = server.ask(
        "POST",
        "/conversation/register-call",
        {
            "agent_id": agent_id,
            "mode": "chat",
            "variables": {"name": "Bo", "call_id": "forged"},
            "input_audio_format": "mulaw_8000",
            "output_audio_format": "pcm_16000",
        },
    )
    data = answer.json()["data"]
    token = data.pop("access_token")

    assert (
        201,
        {
            "expires_in": 30,
            "sample_rate": 16000,
            "input_audio_format": "mulaw_8000",
            "output_audio_format": "pcm_16000",
        },
    ) == (answer.status_code, data)

    async def scenario() -> str:
        async with await AtomsClient.connect(
            server.url, key=token, agent_id=other_agent, mode="webcall", sample_rate_hz=8000, variables={"name": "Eve"}
        ) as client:
            assert (16000, "mulaw_8000", "pcm_16000") == (
                client.session.rate_hz,
                client.session.input_format,
                client.session.output_format,
            )
            report = await hold_call(client, [Typed("Hi")], chat=True, patience=Patience(settle_s=0.1))

            assert ("Hello Bo.", TWELVE_WORDS, 0.0) == (
                report.greeting,
                report.turns[0].answer,
                report.recording.duration_s,
            )
            return report.call_id

    shown = server.record(asyncio.run(scenario()))

    assert (agent_id, "chat", "Bo") == (shown["agent"]["_id"], shown["type"], shown["variables"]["name"])
    assert INVALID == knocked(server, f"token={token}")


def test_of_many_pages_with_one_token_exactly_one_gets_its_call(server: Server, agent_id: str) -> None:
    """However close together they come (wire-spec 1.2: single use)."""

    async def scenario() -> list[int]:
        token = await asyncio.to_thread(server.token, agent_id, mode="chat")
        async with asyncio.timeout(LIMIT_S):
            answers = await asyncio.gather(*(knock(server, f"token={token}") for _ in range(12)))
        return sorted(answer.status for answer in answers)

    assert [101] + [401] * 11 == asyncio.run(scenario())


def test_a_refused_handshake_leaves_the_token_as_it_was(server: Server, agent_id: str) -> None:
    """The page may correct itself and try again."""
    token = server.token(agent_id)
    refused = knocked(server, f"token={token}&input_audio_format=badformat")

    assert (400, True) == (refused[0], refused[1].startswith("Unsupported input_audio_format 'badformat'. Supported: "))
    assert 101 == knocked(server, f"token={token}")[0]


def test_a_token_is_good_for_thirty_seconds(server: Server, agent_id: str) -> None:
    """Afterwards it is as good as an unknown one; the half minute is played by changing the store."""

    def aged(by_s: float) -> tuple[int, str]:
        before = set(server.rows("select digest from tokens"))
        token = server.token(agent_id)
        ((digest,),) = set(server.rows("select digest from tokens")) - before
        ((expires_us,),) = server.rows("select expires_at from tokens where digest = ?", digest)

        assert 25 < expires_us / 1e6 - now().timestamp() <= 30
        database = sqlite3.connect(server.data / "vivavoce.sqlite3", timeout=5)
        with database:
            moved_us = round(by_s * 1e6)
            database.execute("update tokens set expires_at = expires_at - ? where digest = ?", (moved_us, digest))
        database.close()
        return knocked(server, f"token={token}")

    assert (101, INVALID) == (aged(20)[0], aged(31))


@pytest.mark.parametrize("token", ["wct_unknown", "wct_", "sk_unknown", "nonsense", "%00", "%F0%9F%8E%88"])
def test_what_is_no_token_is_refused(token: str, server: Server, agent_id: str) -> None:
    """With the words of wire-spec 1.4.3, whatever it looks like."""
    assert INVALID == knocked(server, f"token={token}&agent_id={agent_id}")


def test_no_token_at_all_is_said_so(server: Server, agent_id: str) -> None:
    """An empty one is none."""
    missing = (401, "Unauthorized: missing token")

    assert [missing, missing] == [
        knocked(server, f"agent_id={agent_id}"),
        knocked(server, f"token=&agent_id={agent_id}"),
    ]


def test_the_query_wins_over_the_header(server: Server, agent_id: str) -> None:
    """Where a client sends both (wire-spec 1.2)."""

    async def scenario() -> int:
        async with await RawSocket.connect(server.port) as client:
            query = f"token=sk_wrong&agent_id={agent_id}"
            await client.send(head(f"{PATH}?{query}", authorization=f"Bearer {server.key}"))
            return (await client.answer()).status

    assert 401 == asyncio.run(scenario())


def test_the_client_reads_why_it_was_refused(server: Server) -> None:
    """Status and sentence reach the caller's program."""

    async def scenario() -> str:
        with pytest.raises(Refused) as caught:
            await AtomsClient.connect(server.url, key=server.key, agent_id="0" * 24)
        return str(caught.value)

    assert "401: Agent not found" == asyncio.run(scenario())
