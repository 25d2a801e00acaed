"""Session URLs: who gets one, for which agent, under which address, and which pages may ask themselves."""

import re
from pathlib import Path

import pytest
from httpx import Response
from sqlalchemy import update

from tests.server.rest_scene import Scene, play
from vivavoce.config import Config
from vivavoce.errors import StoreError
from vivavoce.server.rest.synthflow import socket_url
from vivavoce.store import agents, tokens
from vivavoce.store.tables import agents as table

ALIAS = "6f1c2a52-6f0e-4a53-8f6c-0d4a0c7b8a11"
SHOP = "https://shop.example"


async def asked(scene: Scene, assistant_id: str, *, method: str = "GET", **headers: str) -> Response:
    """A request with the key and more headers."""
    given = {"authorization": f"Bearer {scene.key}"} | {name.replace("_", "-"): text for name, text in headers.items()}
    return await scene.client.request(method, f"/websocket/token/{assistant_id}", headers=given)


async def agent_of(scene: Scene, *, alias: str | None = None) -> str:
    agent = await agents.create(scene.database, {"name": "Ada"})
    if alias is not None:
        async with scene.database.write() as connection:
            await connection.execute(update(table).where(table.c.id == agent.id).values(alias=alias))
    return agent.id


def test_a_key_gets_a_session_url(tmp_path: Path) -> None:
    """One field, and in it a token for one webcall on this wire, good for a minute."""

    async def scenario(scene: Scene) -> None:
        agent_id = await agent_of(scene)
        answer = await asked(scene, agent_id)
        url = answer.json()["sessionURL"]

        assert (200, {"sessionURL"}) == (answer.status_code, set(answer.json()))
        assert re.fullmatch(r"ws://testserver\.local/websocket/start\?token=sft_[-0-9a-f]{36}", url)
        granted = await tokens.redeem(scene.database, url.partition("token=")[2])

        assert granted is not None
        assert (agent_id, "webcall", "") == (granted.agent_id, granted.mode, granted.origin)

    play(tmp_path, scenario)


@pytest.mark.parametrize("key", ["", "sk_wrong", "wct_wrong"])
def test_without_a_key_there_is_none(key: str, tmp_path: Path) -> None:
    """Proxies hand the field ``error`` on; a page of another origin may read it."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask("GET", f"/websocket/token/{await agent_of(scene)}", key=key)

        assert (401, {"error": "Unauthorized", "detail": "Unauthorized"}) == (answer.status_code, answer.json())
        assert ("Bearer", "*") == (answer.headers["www-authenticate"], answer.headers["access-control-allow-origin"])

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    "assistant_id",
    ["0" * 24, ALIAS, "connect", "%00", "%F0%9F%8E%88", "x" * 5000],
    ids=["id", "alias", "word", "zero", "balloon", "long"],
)
def test_an_unknown_assistant_is_not_found(assistant_id: str, tmp_path: Path) -> None:
    """Whatever the id looks like."""

    async def scenario(scene: Scene) -> None:
        answer = await asked(scene, assistant_id)

        assert (404, {"error": "Assistant not found", "detail": "Assistant not found"}) == (
            answer.status_code,
            answer.json(),
        )

    play(tmp_path, scenario)


def test_an_archived_assistant_is_not_found(tmp_path: Path) -> None:
    """Neither by its id nor by its alias."""

    async def scenario(scene: Scene) -> None:
        agent_id = await agent_of(scene, alias=ALIAS)
        await agents.archive(scene.database, agent_id)

        assert [404, 404] == [(await asked(scene, name)).status_code for name in (agent_id, ALIAS)]

    play(tmp_path, scenario)


def test_an_assistant_may_be_known_by_an_alias(tmp_path: Path) -> None:
    """Pages have the UUID of their old assistant written into them."""

    async def scenario(scene: Scene) -> None:
        agent_id = await agent_of(scene, alias=ALIAS)
        url = (await asked(scene, ALIAS)).json()["sessionURL"]
        granted = await tokens.find(scene.database, url.partition("token=")[2])

        assert granted is not None
        assert agent_id == granted.agent_id

    play(tmp_path, scenario)


def test_a_server_that_stops_gives_no_sessions(tmp_path: Path) -> None:
    """In the words of this route, with a hint of when to come back."""

    async def scenario(scene: Scene) -> None:
        agent_id = await agent_of(scene)
        scene.draining = True
        answer = await asked(scene, agent_id)

        assert (503, {"error": "Service Unavailable", "detail": "Service Unavailable"}, "1") == (
            answer.status_code,
            answer.json(),
            answer.headers["retry-after"],
        )

    play(tmp_path, scenario)


def test_a_store_that_fails_is_told_in_the_same_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that reads ``error`` finds it there too."""

    async def broken(*_: object, **__: object) -> str:
        raise StoreError("the disk is full")

    async def scenario(scene: Scene) -> None:
        agent_id = await agent_of(scene)
        monkeypatch.setattr(tokens, "mint", broken)
        answer = await asked(scene, agent_id)

        assert (503, "Service Unavailable") == (answer.status_code, answer.json()["error"])

    play(tmp_path, scenario)


def test_a_session_url_opened_as_a_page_says_what_it_is(tmp_path: Path) -> None:
    """426, not the 404 of a page that is not there."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask("GET", "/websocket/start?token=sft_x", key="")

        assert (426, ["Upgrade Required: open a session URL as a WebSocket"]) == (
            answer.status_code,
            answer.json()["errors"],
        )

    play(tmp_path, scenario)


# -- pages of other origins -------------------------------------------------------------------------------------


def test_any_page_may_ask_by_default(tmp_path: Path) -> None:
    """The preflight needs no key, and its answer names method and header."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.client.options(
            f"/websocket/token/{ALIAS}",
            headers={
                "origin": SHOP,
                "access-control-request-method": "GET",
                "access-control-request-headers": "authorization",
            },
        )

        assert (204, b"") == (answer.status_code, answer.content)
        assert ("*", "GET", "Authorization, Content-Type") == tuple(
            answer.headers[f"access-control-allow-{name}"] for name in ("origin", "methods", "headers")
        )
        assert "*" == (await asked(scene, ALIAS, origin=SHOP)).headers["access-control-allow-origin"]

    play(tmp_path, scenario)


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_only_named_pages_may_ask_where_some_are_named(method: str, tmp_path: Path) -> None:
    """Origins compare without regard to case; a refusal can be read by the same pages."""

    async def scenario(scene: Scene) -> None:
        for agent_id in (await agent_of(scene), ALIAS):
            known, other, none = [
                (await asked(scene, agent_id, method=method, **headers)).headers
                for headers in ({"origin": "https://SHOP.example"}, {"origin": "https://evil.example"}, {})
            ]

            assert "https://SHOP.example" == known["access-control-allow-origin"]
            assert [] == [name for headers in (other, none) for name in headers if name.startswith("access-control")]
            assert ["Origin"] * 3 == [headers["vary"] for headers in (known, other, none)]

    config = Config(data=tmp_path / "data", synthflow_origins=f"http://localhost:3000, {SHOP}")
    play(tmp_path, scenario, config=config)


# -- the address ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("public_url", "scheme", "headers", "expected"),
    [
        ("https://voice.example/", "http", {"host": "10.0.0.7:8600"}, "wss://voice.example"),
        ("http://voice.example/v", "https", {}, "ws://voice.example/v"),
        ("", "http", {"host": "localhost:8600"}, "ws://localhost:8600"),
        ("", "https", {"host": "[::1]:8600"}, "wss://[::1]:8600"),
        ("", "http", {"host": "a", "x-forwarded-proto": "https"}, "wss://a"),
        ("", "http", {"host": "a", "x-forwarded-proto": "WSS, http"}, "wss://a"),
        ("", "https", {"host": "a", "x-forwarded-proto": "http"}, "ws://a"),
        ("", "http", {"host": "a", "x-forwarded-host": "voice.example:444, b"}, "ws://voice.example:444"),
        ("", "http", {"host": "a", "x-forwarded-host": "evil.example/path"}, "ws://a"),
        ("", "http", {"host": "a", "x-forwarded-host": ""}, "ws://a"),
        ("https://voice.example", "http", {"host": "a", "x-forwarded-host": "b"}, "wss://voice.example"),
    ],
)
def test_the_url_is_the_way_by_which_the_page_came(
    public_url: str, scheme: str, headers: dict[str, str], expected: str
) -> None:
    """What is configured wins, then what a proxy says, then what the request says."""
    assert expected == socket_url(public_url, scheme=scheme, headers=headers)


def test_a_proxy_is_believed_over_http(tmp_path: Path) -> None:
    """TLS ends at the proxy, and a page on https may open no plain socket."""

    async def scenario(scene: Scene) -> None:
        answer = await asked(scene, await agent_of(scene), x_forwarded_proto="https", x_forwarded_host="voice.example")

        assert answer.json()["sessionURL"].startswith("wss://voice.example/websocket/start?token=")

    play(tmp_path, scenario)
