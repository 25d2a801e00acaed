"""Public pages without a key: from the token to the call, its limits, and what is written down of refusals."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.raw_socket import RawSocket, head
from tests.e2e.running import SCRIPTED, Server, running, start

pytestmark = pytest.mark.slow

SHOP = "https://shop.example"
EVIL = "https://evil.example"
PATH = "/atoms/v1/agent/connect"
PROXIED = {**SCRIPTED, "VIVAVOCE_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8"}


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that believes this machine about where requests come from."""
    with running(tmp_path_factory.mktemp("proxied"), PROXIED) as server:
        yield server


def asked(server: Server, agent_id: str, *, origin: str = SHOP, visitor: str = "192.0.2.1") -> httpx.Response:
    """Ask for a token from a page, as the proxy of a visitor passes it on."""
    return server.client.post(
        f"{server.url}/embed/token",
        json={"assistantId": agent_id, "mode": "chat"},
        headers={"origin": origin, "x-forwarded-for": visitor},
    )


async def opened(server: Server, token: str, *, origin: str = SHOP) -> tuple[RawSocket, int]:
    socket = await RawSocket.connect(server.port)
    await socket.send(head(f"{PATH}?token={token}", Origin=origin))
    return socket, (await socket.answer()).status


def test_a_page_holds_a_call_without_a_key(proxied: Server) -> None:
    """Its token is of no use to another page; the call counts as its visitor's while it lasts."""
    agent_id = proxied.agent(widgetConfig={"allowlist": ["shop.example"]}, embedLimits={"callsAtOncePerVisitor": 1})
    token = asked(proxied, agent_id).json()["access_token"]

    async def scenario() -> list[int]:
        statuses = []
        stolen, status = await opened(proxied, token, origin=EVIL)
        statuses.append(status)
        call, status = await opened(proxied, token)
        statuses.append(status)
        async with stolen, call:
            for visitor in ("192.0.2.1", "192.0.2.2"):
                statuses.append((await asyncio.to_thread(asked, proxied, agent_id, visitor=visitor)).status_code)
        return statuses

    assert [403, 101, 429, 201] == asyncio.run(scenario())
    ((visitor,),) = proxied.rows("select visitor from calls where agent_id = ?", agent_id)
    assert 32 == len(visitor)
    proxied.until(lambda: 201 == asked(proxied, agent_id).status_code)


def test_tokens_that_were_had_at_once_open_as_many_calls_as_may_be(proxied: Server) -> None:
    """Each was given while nobody talked; the sockets are counted when they open."""
    agent_id = proxied.agent(embedLimits={"callsAtOnce": 3, "callsAtOncePerVisitor": 0})
    tokens = [asked(proxied, agent_id, visitor=f"192.0.2.{n}").json()["access_token"] for n in range(10)]

    async def scenario() -> list[int]:
        came = await asyncio.gather(*(opened(proxied, token) for token in tokens))
        for socket, _ in came:
            socket.close()
        return sorted(status for _, status in came)

    assert [101] * 3 + [429] * 7 == asyncio.run(scenario())


def test_a_visitor_cannot_pretend_to_be_another(proxied: Server) -> None:
    """What he writes himself stands left of the address that a trusted proxy saw."""
    agent_id = proxied.agent()
    addresses = ["192.0.2.1", "203.0.113.9, 192.0.2.1", "192.0.2.1, 10.1.2.3", "192.0.2.2"]
    for address in addresses:
        asked(proxied, agent_id, visitor=address)
    visitors = [row[0] for row in proxied.rows("select visitor from tokens where agent_id = ?", agent_id)]

    assert [1, 3] == sorted(visitors.count(visitor) for visitor in set(visitors))


def test_refusals_are_written_down(proxied: Server) -> None:
    """By page and visitor, counted, without an address."""
    agent_id = proxied.agent(widgetConfig={"allowlist": ["shop.example"]})
    answers = [asked(proxied, agent_id, origin=EVIL, visitor=visitor) for visitor in ("192.0.2.1", "192.0.2.1", "x")]
    query = "select reason, origin, times from refusals where agent_id = ? order by times"
    proxied.until(lambda: sum(row[2] for row in proxied.rows(query, agent_id)) == 3)

    assert [403] * 3 == [answer.status_code for answer in answers]
    assert [("host_not_allowed", EVIL, 1), ("host_not_allowed", EVIL, 2)] == proxied.rows(query, agent_id)
    assert "192.0.2.1" not in proxied.log


def test_a_header_of_somebody_who_is_not_trusted_means_nothing(tmp_path: Path) -> None:
    """All who come through such a proxy are one visitor, which the operator is told once."""
    server = start(tmp_path)
    try:
        agent_id = server.agent()
        for visitor in ("192.0.2.1", "192.0.2.2"):
            assert 201 == asked(server, agent_id, visitor=visitor).status_code
        visitors = {row[0] for row in server.rows("select visitor from tokens where agent_id = ?", agent_id)}
        assert 0 == server.stop()

        assert 1 == len(visitors)
        (complaint,) = server.complaints()
        assert "VIVAVOCE_TRUSTED_PROXIES" in complaint
    finally:
        server.client.close()
        if server.process.poll() is None:
            server.kill()
