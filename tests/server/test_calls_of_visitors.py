"""Calls that public pages open: counted, limited when their sockets open, and ended when the minutes are used up."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.server.test_calls import PATH, Client, Scene, play
from tests.server.test_resumption import READY, begun, newest, resumed, token
from vivavoce.errors import Refused
from vivavoce.server.admission import ConnectRequest, refusal
from vivavoce.server.sockets import Begin, Listener
from vivavoce.store import agents, tokens
from vivavoce.store.refusals import Refusal

SHOP = "https://shop.example"


async def limit(scene: Scene, **limits: float) -> None:
    """Give the agent ``embedLimits``."""
    await agents.change(scene.database, scene.agent_id, lambda document: {**document, "embedLimits": limits})


async def knock(scene: Scene, visitor: str = "v", **query: str) -> Begin:
    """Come from a page to the socket, with a token for this visitor."""
    grant = tokens.Grant(scene.agent_id, mode="chat", origin=SHOP, visitor=visitor)
    token = await tokens.mint(scene.database, grant)
    return await scene.calls.admit(PATH, ConnectRequest({"token": token, **query}, origin=SHOP), flaw="")


async def talk(scene: Scene, visitor: str = "v", **query: str) -> tuple[Listener, Client]:
    client = Client()
    begin = await knock(scene, visitor, **query)
    return begin(client), client  # type: ignore[arg-type]  # calls only ever send and close


async def talk_and_vanish(scene: Scene, visitor: str = "v") -> str:
    """A call that waits for its visitor; its id."""
    listener, client = await talk(scene, visitor, ext="1")
    await client.told("session.created")
    listener.receive(READY, text=True)
    listener.leave("websocket_closed")
    return client.call_id


def code_of(caught: pytest.ExceptionInfo[Refused]) -> tuple[int, str]:
    return caught.value.status, caught.value.code


def test_a_call_is_stored_with_its_visitor(tmp_path: Path) -> None:
    """Which is how it is counted; that of a key has none."""

    async def scenario(scene: Scene) -> None:
        for visitor, (_, client) in (("v", await talk(scene)), ("", await scene.begin())):
            await client.told("session.created")

            assert visitor == (await scene.stored(client.call_id)).visitor

    play(tmp_path, scenario)


def test_a_hundred_tokens_do_not_open_a_hundred_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each was given while nobody talked; whom the limit keeps out is told so, counted, and takes nobody's slot."""
    counted: list[Refusal] = []

    async def scenario(scene: Scene) -> None:
        monkeypatch.setattr(scene.calls, "_refused", counted.append)
        came = await asyncio.gather(*(knock(scene) for _ in range(30)), return_exceptions=True)
        refused = [one for one in came if isinstance(one, Refused)]

        assert (28, {(429, "visitor_busy")}) == (len(refused), {(one.status, one.code) for one in refused})
        assert (2, 2) == (scene.calls.live, await scene.count())
        assert [Refusal(scene.agent_id, "visitor_busy", SHOP, "v")] * 28 == counted

    play(tmp_path, scenario)


def test_a_place_is_free_again_when_a_call_is_over(tmp_path: Path) -> None:
    """Of the visitor, and of the agent."""

    async def scenario(scene: Scene) -> None:
        await limit(scene, callsAtOnce=1)
        listener, _ = await talk(scene)
        with pytest.raises(Refused) as caught:
            await knock(scene, "w")
        listener.leave("websocket_closed")
        await asyncio.gather(*scene.calls._tasks)
        await knock(scene, "w")

        assert (429, "agent_busy") == code_of(caught)

    play(tmp_path, scenario)


def test_a_call_that_waits_for_its_visitor_gives_way_to_his_next(tmp_path: Path) -> None:
    """His page has crashed, and he opens another: the call that has waited longest ends, and one more may begin."""

    async def scenario(scene: Scene) -> None:
        first = await talk_and_vanish(scene)
        second = await talk_and_vanish(scene)
        with pytest.raises(Refused):
            await knock(scene)

        assert await scene.calls.end_waiting(scene.agent_id, "v")
        await knock(scene)
        assert ["websocket_closed", ""] == [(await scene.stored(call_id)).end_reason for call_id in (first, second)]

    play(tmp_path, scenario)


def test_only_what_waits_for_this_visitor_at_this_agent_gives_way(tmp_path: Path) -> None:
    """Not the call of another, nor one that goes on."""

    async def scenario(scene: Scene) -> None:
        await talk_and_vanish(scene, "w")
        _, client = await talk(scene, ext="1")
        await client.told("session.created")

        assert not await scene.calls.end_waiting(scene.agent_id, "v")
        assert not await scene.calls.end_waiting("0" * 24, "w")
        assert 2 == scene.calls.live

    play(tmp_path, scenario)


def test_a_visitor_who_has_come_back_is_waited_for_no_longer(tmp_path: Path) -> None:
    """His call goes on, whoever knocks."""

    async def scenario(scene: Scene) -> None:
        listener, client = await begun(scene)
        listener.leave("websocket_closed")
        await resumed(scene, token(client), last_seq=newest(client))

        assert not await scene.calls.end_waiting(scene.agent_id, "")

    play(tmp_path, scenario)


def test_keys_are_not_limited(tmp_path: Path) -> None:
    """They are the operator's own; nor do their calls take a place from visitors."""

    async def scenario(scene: Scene) -> None:
        await limit(scene, callsAtOnce=1, callsAtOncePerVisitor=1)
        for _ in range(3):
            await scene.admit()
        await knock(scene)

        assert 4 == scene.calls.live

    play(tmp_path, scenario)


def test_minutes_that_are_used_up_are_refused_at_the_socket_too(tmp_path: Path) -> None:
    """The token may have been given before. Less than five seconds are none."""

    async def scenario(scene: Scene) -> None:
        await limit(scene, minutesPerDayPerVisitor=0.05)
        with pytest.raises(Refused) as caught:
            await knock(scene)

        assert ((429, "visitor_minutes_used"), 0) == (code_of(caught), scene.calls.live)

    play(tmp_path, scenario)


def test_a_call_lasts_no_longer_than_the_minutes_do(tmp_path: Path) -> None:
    """Its longest time is what is left, shared with the calls that go on; never longer than the agent allows."""

    async def scenario(scene: Scene) -> None:
        async def longest_s(**limits: float) -> float:
            await limit(scene, callsAtOncePerVisitor=0, **limits)
            _, client = await talk(scene)
            await client.told("session.created")
            (slot,) = (slot for slot in scene.calls._slots if slot.plan.names.call_id == client.call_id)
            return slot.plan.brief.policy.longest_call_s

        assert 1800 == await longest_s(minutesPerDayPerVisitor=0)
        # One goes on.
        assert 60 == pytest.approx(await longest_s(minutesPerDayPerVisitor=2), abs=5)
        # Two go on.
        assert 100 == pytest.approx(await longest_s(minutesPerDayPerVisitor=0, minutesPerDay=5), abs=5)

    play(tmp_path, scenario)


def test_a_refusal_of_the_handshake_has_its_code_too(tmp_path: Path) -> None:
    """A page cannot read it, but a proxy's log and a client that is no browser can."""

    async def scenario(scene: Scene) -> None:
        await limit(scene, minutesPerDayPerVisitor=0.05)
        with pytest.raises(Refused) as caught:
            await knock(scene)
        head, _, body = refusal(caught.value).partition(b"\r\n\r\n")

        assert head.startswith(b"HTTP/1.1 429 You have talked")
        assert b"Retry-After: " in head
        assert "visitor_minutes_used" == json.loads(body)["code"]

    play(tmp_path, scenario)
