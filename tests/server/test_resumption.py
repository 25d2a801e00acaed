"""Calls that are taken up again: through the door of the house, and once over real sockets."""

import asyncio
import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.raw_socket import CLOSE, RawSocket
from tests.server import socket_scene
from tests.server.test_calls import LIMIT_S, PATH, Client, Scene, opened, play
from vivavoce.config import Config
from vivavoce.server.admission import ConnectRequest
from vivavoce.server.resumption import Resumption
from vivavoce.server.sockets import Listener
from vivavoce.store import facts
from vivavoce.talk.facts import ClientLost, ClientReturned

READY = b'{"type":"playback","turn":0,"played":0,"state":"idle","ack":0}'
CLOSE_CALL = b'{"type":"session.close"}'


def typed(text: str, seq: int) -> bytes:
    return json.dumps({"type": "input_text.send", "text": text, "seq": seq}).encode()


async def begun(scene: Scene, **query: str) -> tuple[Listener, Client]:
    """A call of a client that speaks the extension, and whose agent has begun to greet it."""
    listener, client = await scene.begin(ext="1", **query)
    await client.told("session.created")
    listener.receive(READY, text=True)
    await client.told("agent_start_talking")
    return listener, client


def token(client: Client) -> str:
    return str(client.messages[0]["ext"]["resume_token"])


def newest(client: Client) -> int:
    return max((message.get("seq", 0) for message in client.messages if message["type"] != "input_ack"), default=0)


async def resumed(scene: Scene, resume: str, **query: object) -> tuple[Listener, Client]:
    """Another socket for a call; nothing but its token is needed."""
    client = Client()
    asked = {"resume": resume, "ext": "1", **{name: str(value) for name, value in query.items()}}
    begin = await scene.calls.admit(PATH, ConnectRequest(asked), flaw="")
    return begin(client), client  # type: ignore[arg-type]  # calls only ever send and close


def refusal(client: Client) -> tuple[list[tuple[str, str]], int | None]:
    """What a client was told instead of a call, and the code of the close."""
    said = [(str(message["type"]), str(message.get("code", message.get("reason")))) for message in client.messages]
    return said, client.code


NO_SUCH_CALL = ([("error", "resume_failed")], 4410)


def test_a_call_goes_on_over_another_socket(tmp_path: Path) -> None:
    """The same call, every message once and in order, and one record that knows of the loss."""

    async def scenario(scene: Scene) -> None:
        listener, first = await begun(scene)
        listener.leave("websocket_closed")
        listener, second = await resumed(scene, token(first), last_seq=newest(first))
        listener.receive(typed("what is the price", 1), text=True)
        await second.told("agent_stop_talking")
        listener.receive(CLOSE_CALL, text=True)
        await scene.calls.drain(LIMIT_S)
        numbers = [message["seq"] for client in (first, second) for message in client.messages if "seq" in message]
        call = await scene.stored(first.call_id)
        await scene.feed.close()
        told = [type(fact) for _, fact in await facts.read(scene.database, call.id)]

        assert list(range(1, len(numbers) + 1)) == numbers
        assert (first.call_id, token(first)) == (second.call_id, token(second))
        assert [False, True] == [client.messages[0]["ext"]["resumed"] for client in (first, second)]
        assert ("completed", "client_requested") == (call.status, call.end_reason)
        assert 1 == await scene.count()
        assert [ClientLost, ClientReturned] == [kind for kind in told if kind in (ClientLost, ClientReturned)]

    play(tmp_path, scenario)


def test_the_old_socket_is_closed_when_a_new_one_comes(tmp_path: Path) -> None:
    """The call takes one: what the old one still brings of its end means nothing."""

    async def scenario(scene: Scene) -> None:
        old_listener, first = await begun(scene, mode="webcall")
        listener, second = await resumed(scene, token(first), last_seq=newest(first))
        old_listener.leave("websocket_closed")
        listener.receive(typed("what is the price", 1), text=True)
        await second.told("transcript")

        assert (4409, None, 1) == (first.code, second.code, scene.calls.live)

    play(tmp_path, scenario)


def test_who_comes_back_to_a_call_that_has_ended_is_told_why(tmp_path: Path) -> None:
    """The reason of its end, and a normal close."""

    async def scenario(scene: Scene) -> None:
        listener, first = await begun(scene)
        listener.receive(CLOSE_CALL, text=True)
        await scene.calls.drain(LIMIT_S)
        _, second = await resumed(scene, token(first), last_seq=newest(first))

        assert ([("session.closed", "client_requested")], 1000) == refusal(second)

    play(tmp_path, scenario)


def test_a_call_that_waited_in_vain_has_ended(tmp_path: Path) -> None:
    """After its window, with the reason that its record has."""

    async def scenario(scene: Scene) -> None:
        listener, first = await begun(scene)
        listener.leave("websocket_closed")
        await scene.calls.drain(LIMIT_S)
        _, second = await resumed(scene, token(first), last_seq=newest(first))

        assert 0.05 == first.messages[0]["ext"]["resume_window_s"]
        assert ([("session.closed", "websocket_closed")], 1000) == refusal(second)

    play(tmp_path, scenario, config=Config(data=tmp_path / "data", resume_window_s=0.05))


@pytest.mark.parametrize("query", [{"last_seq": 10_000}, {"last_seq": -1}, {"last_seq": "x"}, {"last_seq": 2**60}])
def test_a_call_cannot_be_taken_up_where_it_never_was(query: Mapping[str, object], tmp_path: Path) -> None:
    """Nor at a number that is none; the call itself goes on."""

    async def scenario(scene: Scene) -> None:
        _, first = await begun(scene)
        _, second = await resumed(scene, token(first), **query)

        assert NO_SUCH_CALL == refusal(second)
        assert (None, 1) == (first.code, scene.calls.live)

    play(tmp_path, scenario)


def test_a_call_cannot_be_taken_up_before_what_was_acknowledged(tmp_path: Path) -> None:
    """The frames are gone: the client has said that it has them."""

    async def scenario(scene: Scene) -> None:
        listener, first = await begun(scene)
        listener.receive(b'{"type":"ping","id":1,"ack":1}', text=True)
        _, second = await resumed(scene, token(first), last_seq=0)

        assert NO_SUCH_CALL == refusal(second)

    play(tmp_path, scenario)


@pytest.mark.parametrize("resume", ["vrt_unknown", "x" * 5000, "wct_x", "ü"])
def test_an_unknown_token_takes_up_nothing(resume: str, tmp_path: Path) -> None:
    """What it is like is nobody's business: the answer is the same."""

    async def scenario(scene: Scene) -> None:
        await begun(scene)
        _, client = await resumed(scene, resume, last_seq=0)

        assert NO_SUCH_CALL == refusal(client)

    play(tmp_path, scenario)


def test_a_plain_client_has_nothing_to_resume(tmp_path: Path) -> None:
    """It gets no token, and its call ends with its socket."""

    async def scenario(scene: Scene) -> None:
        listener, client = await scene.begin()
        await client.told("session.created")
        listener.leave("websocket_closed")
        await scene.calls.drain(LIMIT_S)

        assert "ext" not in client.messages[0]

    play(tmp_path, scenario)


def test_a_call_may_be_taken_up_while_the_server_drains(tmp_path: Path) -> None:
    """It takes no new calls, and lets those that are live end in peace."""

    async def scenario(scene: Scene) -> None:
        listener, first = await begun(scene)
        listener.leave("websocket_closed")
        draining = asyncio.create_task(scene.calls.drain(LIMIT_S))
        await asyncio.sleep(0)

        assert (503, "Service Unavailable") == await scene.refused()

        listener, second = await resumed(scene, token(first), last_seq=newest(first))
        listener.receive(typed("what is the price", 1), text=True)
        await second.told("agent_stop_talking")
        listener.receive(CLOSE_CALL, text=True)
        await draining

        assert second.messages[0]["ext"]["resumed"]
        assert ("session.closed", "client_requested") == (second.kinds[-1], second.messages[-1]["reason"])

    play(tmp_path, scenario)


def test_the_call_may_end_between_the_handshake_and_the_socket(tmp_path: Path) -> None:
    """What stands on a socket is looked at when it is open."""

    async def scenario(scene: Scene) -> None:
        listener, first = await begun(scene)
        asked = {"resume": token(first), "last_seq": str(newest(first)), "ext": "1"}
        begin = await scene.calls.admit(PATH, ConnectRequest(asked), flaw="")
        listener.receive(CLOSE_CALL, text=True)
        await scene.calls.drain(LIMIT_S)
        second = Client()
        begin(second)  # type: ignore[arg-type]

        assert ([("session.closed", "client_requested")], 1000) == refusal(second)

    play(tmp_path, scenario)


def test_a_socket_that_was_missed_takes_the_call_with_it(tmp_path: Path) -> None:
    """A client that leaves before its socket opens is away, as one that leaves right after."""

    async def scenario(scene: Scene) -> None:
        _, first = await begun(scene)
        asked = {"resume": token(first), "last_seq": str(newest(first)), "ext": "1"}
        scene.calls.missed(await scene.calls.admit(PATH, ConnectRequest(asked), flaw=""))

        assert 1 == scene.calls.live

        _, third = await resumed(scene, token(first), last_seq=newest(first))
        assert third.messages[0]["ext"]["resumed"]

    play(tmp_path, scenario)


def test_of_calls_that_ended_the_reasons_are_forgotten() -> None:
    """After a while, and of too many: who comes then is told that there is no such call."""

    async def scenario() -> None:
        resumption = Resumption()
        # A call is no more to it than something that has ended.
        resumption.add("vrt_1", object())  # type: ignore[arg-type]
        resumption.end("vrt_1", "timeout")
        resumption.end("vrt_never_begun", "timeout")
        known, unknown = Client(), Client()
        resumption.begin({"resume": "vrt_1"})(known)  # type: ignore[arg-type]
        resumption.begin({"resume": "vrt_never_begun"})(unknown)  # type: ignore[arg-type]

        assert ([("session.closed", "timeout")], 1000) == refusal(known)
        assert NO_SUCH_CALL == refusal(unknown)

        for number in range(10_000):
            resumption.add(f"vrt_{number}_later", object())  # type: ignore[arg-type]
            resumption.end(f"vrt_{number}_later", "ended")
        forgotten = Client()
        resumption.begin({"resume": "vrt_1"})(forgotten)  # type: ignore[arg-type]

        assert NO_SUCH_CALL == refusal(forgotten)

    asyncio.run(scenario())


# -- over real sockets ------------------------------------------------------------------------------------------


def test_a_webcall_survives_its_connection(tmp_path: Path) -> None:
    """A connection that is reset in the middle of a sentence: the sound of the turn goes on to the sample."""

    async def scenario(port: int, desk: socket_scene.Desk) -> None:
        async with opened(tmp_path, None) as scene:
            desk.admit = scene.calls.admit  # type: ignore[method-assign]
            query = f"?token={scene.key}&agent_id={scene.agent_id}&mode=webcall&ext=1"
            client = await RawSocket.open(port, PATH + query)
            created = await client.message("session.created")
            await client.say(json.loads(READY))
            await client.say(typed("what is the price", 1).decode())
            deltas = [await client.message("output_audio.delta")]
            while len(deltas) < 2:
                message = await client.message("output_audio.delta")
                deltas = [*deltas, message] if message["turn"] == deltas[0]["turn"] else [message]
            client.reset()
            resume = f"?resume={created['ext']['resume_token']}&last_seq={deltas[-1]['seq']}&ext=1"
            client = await RawSocket.open(port, PATH + resume)
            again = await client.message("session.created")
            turn, played = deltas[-1]["turn"], deltas[-1]["start"] + _samples(deltas[-1])
            await client.say({"type": "playback", "turn": turn, "played": played, "state": "playing", "ack": 0})
            seqs, kind = [deltas[-1]["seq"]], ""
            while kind != "agent_stop_talking":
                message = (await client.frame()).json()
                kind = message["type"]
                if kind == "input_ack":
                    continue
                seqs.append(message["seq"])
                if kind == "output_audio.delta":
                    assert message["start"] == played
                    played += _samples(message)
                    await client.say({"type": "playback", "turn": turn, "played": played, "state": "idle", "ack": 0})
            await client.say(json.loads(CLOSE_CALL))
            closed = await client.message("session.closed")
            code = await client.close_code()
            client.close()

        assert again["ext"]["resumed"]
        assert list(range(seqs[0], seqs[0] + len(seqs))) == seqs
        assert created["call_id"] == again["call_id"]
        assert ("client_requested", 1000) == (closed["reason"], code)

    socket_scene.play(scenario)


def _samples(delta: dict[str, Any]) -> int:
    return len(base64.b64decode(delta["audio"])) // 2


def test_a_connection_that_cannot_be_resumed_is_closed_with_its_own_code(tmp_path: Path) -> None:
    """The handshake succeeds, for a browser cannot read why one fails; then an error, then 4410."""

    async def scenario(port: int, desk: socket_scene.Desk) -> None:
        async with opened(tmp_path, None) as scene:
            desk.admit = scene.calls.admit  # type: ignore[method-assign]
            client = await RawSocket.open(port, PATH + "?resume=vrt_unknown&last_seq=0&ext=1")
            error = await client.message("error")
            closing = await client.frame()
            client.close()

        assert "resume_failed" == error["code"]
        assert (CLOSE, 4410) == (closing.opcode, closing.code)

    socket_scene.play(scenario)
