"""Who may use the talk page."""

import asyncio
import socket
from functools import partial
from pathlib import Path

import httpx
import pytest
import uvicorn

from tests.server.rest_scene import Scene, play
from vivavoce.config import Config
from vivavoce.feed import Feed
from vivavoce.server.app import Services, create_app
from vivavoce.server.talk_page import objection
from vivavoce.store import agents, facts, tokens
from vivavoce.store.database import open_database

LOCAL = {"host": "localhost:8600"}


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("127.0.0.1", LOCAL),
        ("127.0.0.1", {"host": "127.0.0.1:8600", "origin": "http://127.0.0.1:8600", "sec-fetch-site": "same-origin"}),
        ("::1", {"host": "[::1]:8600", "origin": "http://[::1]:8600"}),
        ("::ffff:127.0.0.1", {"host": "LOCALHOST"}),
    ],
)
def test_this_machine_may(peer: str, headers: dict[str, str]) -> None:
    """Whoever sits before it opens the page without a key."""
    assert "" == objection("local", peer=peer, headers=headers)


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        # From elsewhere.
        ("192.168.1.7", LOCAL),
        ("", LOCAL),
        ("testclient", LOCAL),
        # From elsewhere, through a proxy on this machine.
        ("127.0.0.1", LOCAL | {"x-forwarded-for": "127.0.0.1"}),
        ("127.0.0.1", LOCAL | {"forwarded": "for=1.2.3.4"}),
        ("127.0.0.1", LOCAL | {"x-forwarded-host": "localhost"}),
        # A foreign name that was pointed at this machine.
        ("127.0.0.1", {"host": "rebound.example:8600"}),
        ("127.0.0.1", {"host": "localhost.evil.example"}),
        ("127.0.0.1", {}),
        # What is no address at all.
        ("127.0.0.1", {"host": "["}),
        ("127.0.0.1", LOCAL | {"origin": "http://["}),
        # A foreign page in a browser on this machine.
        ("127.0.0.1", LOCAL | {"origin": "https://evil.example"}),
        ("127.0.0.1", LOCAL | {"origin": "http://localhost:3000"}),
        ("127.0.0.1", LOCAL | {"origin": "null"}),
        ("127.0.0.1", LOCAL | {"sec-fetch-site": "cross-site"}),
    ],
)
def test_nobody_else_may(peer: str, headers: dict[str, str]) -> None:
    """Neither other machines nor pages of others that are open on this one."""
    assert objection("local", peer=peer, headers=headers)


def test_an_open_page_is_for_its_own_origin() -> None:
    """With ``on`` everybody who reaches the server may, but no foreign page on his behalf."""
    headers = {"host": "voice.example", "x-forwarded-for": "1.2.3.4"}

    assert "" == objection("on", peer="10.0.0.1", headers=headers | {"origin": "https://voice.example"})
    assert objection("on", peer="10.0.0.1", headers=headers | {"origin": "https://evil.example"})
    assert "" == objection(
        "on",
        peer="10.0.0.1",
        headers={"host": "inside:8600", "origin": "https://voice.example"},
        public_url="https://voice.example",
    )


def test_a_closed_page_is_for_nobody() -> None:
    """``off`` is off."""
    assert objection("off", peer="127.0.0.1", headers=LOCAL)


def test_the_page_lists_agents_and_gets_a_token_for_its_origin(tmp_path: Path) -> None:
    """The token is of no use to another page."""

    async def scenario(scene: Scene) -> None:
        first = await agents.create(scene.database, {"name": "Ada"})
        await agents.create(scene.database, {"name": "Bob"})
        gone = await agents.create(scene.database, {"name": "Gone"})
        await agents.archive(scene.database, gone.id)
        listed = (await scene.client.get("/page/agents")).json()

        assert ["Ada", "Bob"] == [agent["name"] for agent in listed["agents"]]
        assert "Brain: knowledge." == listed["brain"]
        origin = str(scene.client.base_url).rstrip("/")
        answer = await scene.client.post("/page/token", json={"agent_id": first.id}, headers={"origin": origin})
        grant = await tokens.redeem(scene.database, answer.json()["access_token"])
        assert 201 == answer.status_code
        assert tokens.Grant(first.id, origin=origin) == grant
        assert 404 == (await scene.client.post("/page/token", json={"agent_id": gone.id})).status_code
        assert 400 == (await scene.client.post("/page/token", json={})).status_code
        scene.draining = True
        assert 503 == (await scene.client.post("/page/token", json={"agent_id": first.id})).status_code

    play(tmp_path, scenario, config=Config(data=tmp_path / "data", talk_page="on"))


def test_who_may_not_is_told_why(tmp_path: Path) -> None:
    """The test client is not this machine: it has no address."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.client.get("/page/agents")

        assert 403 == answer.status_code
        assert "VIVAVOCE_TALK_PAGE=on" in answer.json()["errors"][0]
        assert 403 == (await scene.client.post("/page/token", json={})).status_code

    play(tmp_path, scenario)


@pytest.mark.slow
def test_over_a_real_socket_this_machine_may_and_a_proxied_visitor_may_not(tmp_path: Path) -> None:
    """uvicorn believes a proxy on loopback about the visitor's address, so the header itself must count."""

    async def scenario() -> None:
        config = Config(data=tmp_path / "data")
        database = await open_database(config.database_url)
        await agents.create(database, {"name": "Ada"})
        feed = Feed(partial(facts.write, database))
        app = create_app(Services(config, database, feed, config.recordings, lambda: False))
        # It listens from here on: the first request waits until the server is up.
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://localhost:{listener.getsockname()[1]}"
            server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            async with httpx.AsyncClient(base_url=url) as client:
                local = await client.get("/page/agents")
                proxied = await client.get("/page/agents", headers={"x-forwarded-for": "127.0.0.1"})
                rebound = await client.get("/page/agents", headers={"host": "rebound.example"})
                token = await client.post("/page/token", json={"agent_id": local.json()["agents"][0]["id"]})
            server.should_exit = True
            await serving
        await database.close()

        assert (200, 403, 403, 201) == (
            local.status_code,
            proxied.status_code,
            rebound.status_code,
            token.status_code,
        )

    asyncio.run(scenario())
