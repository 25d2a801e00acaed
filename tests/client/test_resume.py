"""The client of the extension, against a real socket that is lost now and then."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import numpy as np
import pytest

from tests.client.stub_extension import TOKEN, StubCall, serving_call, sound
from tests.client.stub_server import serving
from vivavoce.audio.pcm import Pcm
from vivavoce.client import (
    AgentAudio,
    AtomsClient,
    Endurance,
    ErrorReported,
    Message,
    Reconnected,
    Reconnecting,
    SessionEnded,
    TranscriptHeard,
)
from vivavoce.testing.virtual_loop import run

T = TypeVar("T")
HASTE = Endurance(ping_s=0.05, silent_s=0.1, first_pause_s=0.01, longest_pause_s=0.05)
FRAME = Pcm(np.arange(480, dtype=np.int16), 24000)


def held(scenario: Callable[[AtomsClient], Awaitable[T]], call: StubCall, **settings: Any) -> T:
    """Play a scenario on an extended call and close it."""

    async def play() -> T:
        async with (
            asyncio.timeout(10),
            serving_call(call) as url,
            await AtomsClient.connect(url, key="wct_1", ext=True, **{"endurance": HASTE, **settings}) as client,
        ):
            return await scenario(client)

    return run(play(), sockets=True)


async def until(client: AtomsClient, kind: type[Message]) -> list[Message]:
    """All messages up to the first of this kind."""
    received = []
    async for message in client:
        received.append(message)
        if isinstance(message, kind):
            break
    return received


def test_the_extension_is_asked_for_on_the_url() -> None:
    """With frames of bytes, unless the caller wants JSON."""
    binary, json = StubCall(), StubCall()

    async def nothing(client: AtomsClient) -> None:
        pass

    held(nothing, binary)
    held(nothing, json, binary=False)

    assert [{"token": "wct_1", "mode": "webcall", "ext": "1", "frames": "binary"}] == binary.queries
    assert [{"token": "wct_1", "mode": "webcall", "ext": "1"}] == json.queries


def test_a_server_without_the_extension_is_spoken_to_plainly() -> None:
    """No numbers, no reports, no pings."""
    agents: list[Any] = []

    async def scenario() -> None:
        async with (
            serving(agents) as url,
            await AtomsClient.connect(url, key="wct_1", ext=True, endurance=HASTE) as client,
        ):
            await client.send_text("Hello")
            await until(client, TranscriptHeard)
            await client.send_text("Again")
            await until(client, TranscriptHeard)

    run(scenario(), sockets=True)

    typed = [{"type": "input_text.send", "text": text} for text in ("Hello", "Again")]

    assert [*typed, {"type": "session.close"}] == agents[0].received


@pytest.mark.parametrize("binary", [True, False])
def test_messages_are_numbered_from_one(binary: bool) -> None:
    """Sound and words in one row; sound as the bytes of its format."""
    call = StubCall()

    async def scenario(client: AtomsClient) -> None:
        await client.send_audio(FRAME)
        await client.send_text("Hello")
        await until(client, TranscriptHeard)

    held(scenario, call, binary=binary)
    numbers, messages = zip(*call.came, strict=True)

    assert (1, 2) == numbers
    assert {"type": "input_text.send", "text": "Hello"} == messages[1]
    assert binary == (FRAME.samples.tobytes() == messages[0])


@pytest.mark.parametrize("binary", [True, False])
def test_sound_comes_with_its_turn_and_place(binary: bool) -> None:
    """The same on both kinds of frames."""

    async def scenario(client: AtomsClient) -> list[Message]:
        await client.send_text("Hello")
        return await until(client, TranscriptHeard)

    _, first, second, _ = held(scenario, StubCall(), binary=binary)

    assert isinstance(first, AgentAudio)
    assert AgentAudio(first.at_s, Pcm(sound(1, 0, 2400), 24000), 1, 0, 2) == first
    assert isinstance(second, AgentAudio)
    assert (1, 2400, 3) == (second.turn, second.start, second.seq)


def test_a_lost_socket_loses_no_message_and_tells_none_twice() -> None:
    """What the server said meanwhile comes on the next socket, behind the word that there is one."""
    call = StubCall()

    async def scenario(client: AtomsClient) -> list[Message]:
        await client.send_text("One")
        received = await until(client, TranscriptHeard)
        call.cut()
        received += await until(client, Reconnecting)
        call.say("Two.")
        received += await until(client, Reconnected)
        return received + await until(client, TranscriptHeard)

    received = held(scenario, call)

    assert list(range(1, 10)) == [message.seq for message in received if message.seq]
    assert [5, 0, 0, 6] == [message.seq for message in received[4:8]]
    assert {"resume": TOKEN, "last_seq": "5", "input_seq": "1", "ext": "1"} == call.queries[1]


def test_what_is_said_without_a_socket_is_said_on_the_next() -> None:
    """In order and once, behind a report of what was heard."""
    call = StubCall()

    async def scenario(client: AtomsClient) -> None:
        await client.send_text("One")
        await until(client, TranscriptHeard)
        call.cut()
        await until(client, Reconnecting)
        call.unnumbered.clear()
        for _ in range(10):
            await client.send_audio(FRAME)
        await client.send_text("Two")
        await until(client, TranscriptHeard)

    held(scenario, call)

    assert list(range(1, 13)) == [seq for seq, _ in call.came]
    assert "Two" == call.came[-1][1]["text"]
    assert 2 == len(call.agents)
    assert "playback" == call.unnumbered[0]["type"]


def test_what_the_server_did_not_get_is_said_again() -> None:
    """It was sent into a socket that was dead already; the server tells how far it got."""
    call = StubCall()

    async def scenario(client: AtomsClient) -> None:
        await client.send_text("One")
        await until(client, TranscriptHeard)
        call.deaf = True
        await client.send_text("Two")
        await until(client, Reconnecting)
        call.deaf = False
        await until(client, TranscriptHeard)

    held(scenario, call)

    assert [(1, "One"), (2, "Two")] == [(seq, message["text"]) for seq, message in call.came]


def test_a_silent_server_is_given_up_and_dialled_again() -> None:
    """A socket may be dead without an end: nobody answers the ping."""
    call = StubCall(answers=False)

    async def scenario(client: AtomsClient) -> list[Message]:
        received = await until(client, Reconnecting)
        call.answers = True
        return received + await until(client, Reconnected)

    lost, found = held(scenario, call)

    assert isinstance(lost, Reconnecting)
    assert "the server does not answer" == lost.why
    assert isinstance(found, Reconnected)
    assert found.away_s > 0


def test_a_server_that_is_gone_for_good_ends_the_call() -> None:
    """After the time that it would have waited; with its own word for that."""
    call = StubCall(window_s=0.2, gone=True)

    async def scenario(client: AtomsClient) -> list[Message]:
        call.cut()
        received = await until(client, SessionEnded)
        with pytest.raises(ConnectionError, match="the call is over"):
            await client.send_text("Hello?")
        return received

    lost, ended = held(scenario, call)

    assert isinstance(lost, Reconnecting)
    assert isinstance(ended, SessionEnded)
    assert "websocket_closed" == ended.reason
    assert 0.2 == pytest.approx(ended.at_s - lost.at_s, abs=0.1)


def test_a_call_that_cannot_be_taken_up_is_over() -> None:
    """The server's word is told, and the end has the same."""
    call = StubCall(remembers=False)

    async def scenario(client: AtomsClient) -> list[Message]:
        call.cut()
        return [message async for message in client]

    lost, error, ended = held(scenario, call)

    assert isinstance(lost, Reconnecting)
    assert isinstance(error, ErrorReported)
    assert isinstance(ended, SessionEnded)
    assert ("resume_failed", "resume_failed", 2) == (error.code, ended.reason, len(call.agents))


def test_a_call_that_has_ended_meanwhile_ends_with_its_reason() -> None:
    """The server tells it on the new socket."""
    call = StubCall(ended="timeout")

    async def scenario(client: AtomsClient) -> list[Message]:
        call.cut()
        return [message async for message in client]

    *_, ended = held(scenario, call)

    assert isinstance(ended, SessionEnded)
    assert ("timeout", 2) == (ended.reason, len(call.agents))


def test_what_was_heard_is_reported() -> None:
    """At the beginning, at the start of a turn, while it plays, and at its end; each with the last number."""
    call = StubCall()

    async def scenario(client: AtomsClient) -> None:
        call.say("Hello.", samples=4800, pieces=2)
        await call.until(lambda: bool(call.reports) and call.reports[-1]["played"] == 9600)

    held(scenario, call)
    first, start, *playing, end = call.reports

    assert {"type": "playback", "turn": 0, "played": 0, "state": "idle", "ack": 0} == first
    assert (1, 0, "playing", 2) == tuple(start[name] for name in ("turn", "played", "state", "ack"))
    assert [("playing", 5)] == [(report["state"], report["ack"]) for report in playing]
    assert (1, 9600, "idle", 5) == tuple(end[name] for name in ("turn", "played", "state", "ack"))


def test_a_hold_and_an_interruption_are_reported_at_once() -> None:
    """With the samples that have been played until then, which are those that were heard."""
    call = StubCall()

    async def scenario(client: AtomsClient) -> int:
        call.say("Hello.", samples=24000, pieces=1)
        await until(client, TranscriptHeard)
        call.tell("hold", turn=1)
        await call.until(lambda: call.reports[-1]["state"] == "held")
        call.tell("interruption", turn=1)
        await call.until(lambda: call.reports[-1]["state"] == "idle")
        return sum(len(turn.samples) for turn in client.player.heard)

    heard = held(scenario, call)
    held_at, dropped_at = call.reports[-2:]

    assert held_at["played"] == dropped_at["played"] == heard < 24000


def test_what_waited_is_sent_faster_than_it_was_said_but_not_tenfold() -> None:
    """Two seconds of sound in a fifth of the time; a server drops what comes much faster."""
    call = StubCall()

    async def scenario(client: AtomsClient) -> float:
        call.cut()
        await until(client, Reconnecting)
        for _ in range(100):
            await client.send_audio(FRAME)
        await until(client, Reconnected)
        began_s = asyncio.get_running_loop().time()
        await call.until(lambda: len(call.came) == 100)
        return asyncio.get_running_loop().time() - began_s

    assert 0.15 < held(scenario, call) < 1.5


def test_a_call_is_closed_behind_what_was_said() -> None:
    """Nothing waits any more when the goodbye is said."""
    call = StubCall()

    async def scenario(client: AtomsClient) -> None:
        for _ in range(20):
            await client.send_audio(FRAME)

    held(scenario, call)

    assert 20 == len(call.came)
    assert "session.close" in [message["type"] for message in call.unnumbered]
