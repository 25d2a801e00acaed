"""What public pages ask for, over HTTP: a widget's configuration and tokens, or a refusal that they can read."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from httpx import Response

from tests.server.rest_scene import CALL_ID, Scene, play
from vivavoce.clock import now
from vivavoce.config import Config
from vivavoce.server import embed
from vivavoce.server.embed_visitors import visitor_of
from vivavoce.server.signing import load_secret
from vivavoce.store import agents, calls, tokens
from vivavoce.store.calls import Call
from vivavoce.store.refusals import Refusal

SHOP = "https://shop.example"
EVIL = "https://evil.example"
# The test client has no address, only this name.
PEER = "testclient"


async def agent_of(scene: Scene, **document: object) -> str:
    return (await agents.create(scene.database, {"name": "Ada", **document})).id


async def config_of(scene: Scene, name: str, *, origin: str = SHOP, path: str = "/embed/config/{}") -> Response:
    headers = {"origin": origin} if origin else {}
    return await scene.client.get(path.format(name), headers=headers)


async def token_of(scene: Scene, name: str, *, origin: str = SHOP, **body: object) -> Response:
    headers = {"origin": origin} if origin else {}
    return await scene.client.post("/embed/token", json={"assistantId": name, **body}, headers=headers)


def visitor(scene: Scene) -> str:
    return visitor_of(load_secret(scene.config.data), PEER)


def told(answer: Response) -> tuple[int, str]:
    """Status and code of a refusal, which every page may read."""
    body: dict[str, Any] = answer.json()

    assert "*" == answer.headers["access-control-allow-origin"]
    assert body["status"] is False
    assert body["errors"][0]
    return answer.status_code, body["code"]


# -- the configuration ------------------------------------------------------------------------------------------


def test_a_page_reads_how_the_widget_looks(tmp_path: Path) -> None:
    """Name and fields with their defaults, for the id and for the alias, but neither key nor list."""

    async def scenario(scene: Scene) -> None:
        widget = {"title": "Hello", "allowlist": ["shop.example"], "publicKey": "secret", "mode": "voice"}
        agent_id = await agent_of(scene, widgetConfig=widget, assistantAlias="front-desk")
        answer = await config_of(scene, agent_id)
        data = answer.json()["data"]

        assert (200, True) == (answer.status_code, answer.json()["status"])
        assert ("Ada", agent_id, "Hello", "voice", "Start") == tuple(
            data[name] for name in ("name", "assistantId", "title", "mode", "startButtonText")
        )
        assert not {"publicKey", "allowlist"} & set(data)
        assert data == (await config_of(scene, "front-desk")).json()["data"]

    play(tmp_path, scenario)


def test_older_scripts_get_the_same_on_their_own_path(tmp_path: Path) -> None:
    """Without a key (wire-spec 2.13), and with the same list."""

    async def scenario(scene: Scene) -> None:
        agent_id = await agent_of(scene, widgetConfig={"allowlist": ["shop.example"]})
        old = "/atoms/v1/widget/{}/config"
        answer = await config_of(scene, agent_id, path=old)

        assert (await config_of(scene, agent_id)).json() == answer.json()
        assert "*" == answer.headers["access-control-allow-origin"]
        assert (403, "host_not_allowed") == told(await config_of(scene, agent_id, origin=EVIL, path=old))

    play(tmp_path, scenario)


def test_every_page_may_read_every_answer(tmp_path: Path) -> None:
    """Whatever went wrong, without credentials; caches are told that answers differ. Other routes stay as they are."""

    async def scenario(scene: Scene) -> None:
        agent_id = await agent_of(scene)
        answers = [
            await config_of(scene, agent_id),
            await token_of(scene, agent_id),
            await token_of(scene, ""),
            await scene.client.post("/embed/token", content=b"{", headers={"origin": SHOP}),
            await scene.client.get("/embed/token", headers={"origin": SHOP}),
        ]

        assert [200, 201, 400, 400, 405] == [answer.status_code for answer in answers]
        for answer in answers:
            assert ("*", "Origin", "Retry-After", None, "no-store") == tuple(
                answer.headers.get(name)
                for name in (
                    "access-control-allow-origin",
                    "vary",
                    "access-control-expose-headers",
                    "access-control-allow-credentials",
                    "cache-control",
                )
            )
        assert "access-control-allow-origin" not in (await scene.client.get("/health")).headers

    play(tmp_path, scenario)


@pytest.mark.parametrize("path", ["/embed/token", "/embed/config/0123456789abcdef01234567"])
def test_a_browser_may_ask_whether_it_may_ask(path: str, tmp_path: Path) -> None:
    """JSON from another origin needs a preflight, which knows no agent yet and so lets every page go on."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.client.options(
            path, headers={"origin": SHOP, "access-control-request-method": "POST", "sec-fetch-mode": "cors"}
        )

        assert (204, "*", "GET, POST", "Content-Type") == (
            answer.status_code,
            *(answer.headers[f"access-control-allow-{name}"] for name in ("origin", "methods", "headers")),
        )

    play(tmp_path, scenario)


# -- tokens -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["webcall", "chat"])
def test_a_page_gets_a_token_for_itself_and_its_visitor(mode: str, tmp_path: Path) -> None:
    """One call, half a minute, this origin; whom it counts for is a digest of his address."""

    async def scenario(scene: Scene) -> None:
        agent_id = await agent_of(scene, assistantAlias="front-desk")
        answer = await token_of(scene, "front-desk", mode=mode)
        grant = await tokens.redeem(scene.database, answer.json()["access_token"])

        assert (201, 30, {"access_token", "expires_in"}) == (
            answer.status_code,
            answer.json()["expires_in"],
            set(answer.json()),
        )
        assert tokens.Grant(agent_id, mode=mode, origin=SHOP, visitor=visitor(scene)) == grant

    play(tmp_path, scenario)


def test_a_request_needs_no_preflight_where_it_is_plain_text(tmp_path: Path) -> None:
    """Its type is not asked for, so a page can save the round trip; the mode is ``webcall`` unless it says so."""

    async def scenario(scene: Scene) -> None:
        body = f'{{"assistantId":"{await agent_of(scene)}"}}'
        answer = await scene.client.post(
            "/embed/token", content=body, headers={"origin": SHOP, "content-type": "text/plain"}
        )
        grant = await tokens.redeem(scene.database, answer.json()["access_token"])

        assert grant is not None
        assert "webcall" == grant.mode

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"[]", "The body must be a JSON object"),
        (b"{}", "assistantId: Required"),
        (b'{"assistantId":7}', "assistantId: Expected string"),
        (b'{"assistantId":"x","mode":"video"}', "mode: Invalid enum value. Expected 'webcall' | 'chat'"),
        (b'{"assistantId":"x","mode":["chat"]}', "mode: Invalid enum value. Expected 'webcall' | 'chat'"),
    ],
)
def test_what_cannot_be_understood_is_refused_in_a_sentence(body: bytes, text: str, tmp_path: Path) -> None:
    """With 400, as everywhere."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.client.post("/embed/token", content=body, headers={"origin": SHOP})

        assert 400 == answer.status_code
        assert answer.json()["errors"][0].startswith(text)

    play(tmp_path, scenario)


# -- refusals ---------------------------------------------------------------------------------------------------


def test_pages_of_other_hosts_are_refused_and_counted(tmp_path: Path) -> None:
    """By both routes; scripts, which name no page, too."""
    counted: list[Refusal] = []

    async def scenario(scene: Scene) -> None:
        agent_id, who = await agent_of(scene, widgetConfig={"allowlist": ["*.shop.example"]}), visitor(scene)

        assert 201 == (await token_of(scene, agent_id, origin="https://www.shop.example")).status_code
        assert (403, "host_not_allowed") == told(await token_of(scene, agent_id, origin=EVIL))
        assert (403, "host_not_allowed") == told(await config_of(scene, agent_id, origin=EVIL))
        assert (403, "host_not_allowed") == told(await config_of(scene, agent_id, origin="null"))
        assert (403, "origin_missing") == told(await token_of(scene, agent_id, origin=""))
        assert [
            Refusal(agent_id, "host_not_allowed", EVIL, who),
            Refusal(agent_id, "host_not_allowed", EVIL, who),
            Refusal(agent_id, "host_not_allowed", "null", who),
            Refusal(agent_id, "origin_missing", "", who),
        ] == counted

    play(tmp_path, scenario, refused=counted.append)


def test_our_own_pages_are_let_in(tmp_path: Path) -> None:
    """A preview in the console needs no entry; when it only reads, its browser names no origin."""

    async def scenario(scene: Scene) -> None:
        agent_id = await agent_of(scene, widgetConfig={"allowlist": ["shop.example"]})
        own = str(scene.client.base_url).rstrip("/")
        read = await scene.client.get(f"/embed/config/{agent_id}", headers={"sec-fetch-site": "same-origin"})

        assert (200, 201) == (read.status_code, (await token_of(scene, agent_id, origin=own)).status_code)

    play(tmp_path, scenario)


def test_an_agent_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    """The log counts for agents, so only an archived one has a row of it."""
    counted: list[Refusal] = []

    async def scenario(scene: Scene) -> None:
        agent_id = await agent_of(scene)
        await agents.archive(scene.database, agent_id)
        for name in ("0" * 24, "nobody", agent_id):
            assert (404, "agent_not_found") == told(await token_of(scene, name))
            assert (404, "agent_not_found") == told(await config_of(scene, name))

        assert [agent_id] * 2 == [refusal.agent_id for refusal in counted]

    play(tmp_path, scenario, refused=counted.append)


def test_a_server_that_drains_gives_no_tokens(tmp_path: Path) -> None:
    """The page may show its widget all the same."""

    async def scenario(scene: Scene) -> None:
        agent_id = await agent_of(scene)
        scene.draining = True
        answer = await token_of(scene, agent_id)

        assert ((503, "draining"), "30") == (told(answer), answer.headers["retry-after"])
        assert 200 == (await config_of(scene, agent_id)).status_code

    play(tmp_path, scenario)


async def hold_call(scene: Scene, agent_id: str, *, of: str) -> None:
    await calls.start(scene.database, Call(CALL_ID, "session", agent_id, "webcall", now(), visitor=of))


@pytest.mark.parametrize(
    ("limits", "of", "code"),
    [
        ({"callsAtOncePerVisitor": 1}, "", "visitor_busy"),
        ({"callsAtOnce": 1}, "somebody else", "agent_busy"),
        ({"minutesPerDayPerVisitor": 0.05}, "", "visitor_minutes_used"),
        ({"minutesPerDay": 0.05}, "somebody else", "agent_minutes_used"),
    ],
)
def test_limits_that_are_used_up_are_told_with_when_to_come_again(
    limits: dict[str, float], of: str, code: str, tmp_path: Path
) -> None:
    """Before the visitor is asked for his microphone; and counted."""
    counted: list[Refusal] = []

    async def scenario(scene: Scene) -> None:
        agent_id = await agent_of(scene, embedLimits=limits)
        await hold_call(scene, agent_id, of=of or visitor(scene))
        answer = await token_of(scene, agent_id)

        assert (429, code) == told(answer)
        assert 0 < int(answer.headers["retry-after"]) <= 86_400
        assert [Refusal(agent_id, code, SHOP, visitor(scene))] == counted

    play(tmp_path, scenario, refused=counted.append)


@pytest.mark.parametrize("waits", [True, False])
def test_a_visitor_who_comes_back_gives_up_the_call_that_waits_for_him(waits: bool, tmp_path: Path) -> None:
    """Then he has a place; where no call waits, he is refused."""

    async def scenario(scene: Scene) -> None:
        agent_id = await agent_of(scene, embedLimits={"callsAtOncePerVisitor": 1})
        await hold_call(scene, agent_id, of=visitor(scene))

        async def end_waiting(*asked: str) -> bool:
            assert (agent_id, visitor(scene)) == asked
            if waits:
                await calls.finish(scene.database, CALL_ID, reason="websocket_closed")
            return waits

        ending.append(end_waiting)

        assert (201 if waits else 429) == (await token_of(scene, agent_id)).status_code

    ending: list[Callable[[str, str], Awaitable[bool]]] = []
    play(tmp_path, scenario, end_waiting=lambda *asked: ending[0](*asked))


def test_the_calls_of_others_are_not_a_visitors(tmp_path: Path) -> None:
    """Nor are those of callers with a key."""

    async def scenario(scene: Scene) -> None:
        agent_id = await agent_of(scene, embedLimits={"callsAtOncePerVisitor": 1})
        await hold_call(scene, agent_id, of="somebody else")

        assert 201 == (await token_of(scene, agent_id)).status_code

    play(tmp_path, scenario)


def test_nobody_may_ask_all_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking and asking for tokens are counted apart."""
    monkeypatch.setattr(embed, "_TOKENS_A_MINUTE", 2)
    counted: list[Refusal] = []

    async def scenario(scene: Scene) -> None:
        agent_id = await agent_of(scene)
        statuses = [(await token_of(scene, agent_id)).status_code for _ in range(2)]
        answer = await token_of(scene, agent_id)

        assert ([201, 201], (429, "too_many_requests")) == (statuses, told(answer))
        assert 0 < int(answer.headers["retry-after"]) <= 30
        assert 200 == (await config_of(scene, agent_id)).status_code
        assert ["too_many_requests"] == [refusal.reason for refusal in counted]

    play(tmp_path, scenario, refused=counted.append)


def test_the_public_address_of_the_server_is_its_own(tmp_path: Path) -> None:
    """Behind a proxy ``Host`` may be another."""

    async def scenario(scene: Scene) -> None:
        agent_id = await agent_of(scene, widgetConfig={"allowlist": ["shop.example"]})

        assert 201 == (await token_of(scene, agent_id, origin="https://voice.example")).status_code

    play(tmp_path, scenario, config=Config(data=tmp_path / "data", public_url="https://voice.example"))
