"""The contract with picows: frames into messages and back, whatever the client does."""

import asyncio
from collections.abc import Callable

import pytest
import uvloop

from tests.e2e.raw_socket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Frame, RawSocket, frame, head
from tests.server.socket_scene import Desk, Visit, play
from vivavoce.server import sockets
from vivavoce.server.sockets import CallSocket, Listener, farewell

LONGEST_BYTES = 2 * 1024 * 1024
GOING_AWAY, NORMAL, PROTOCOL_ERROR, TOO_BIG, INTERNAL_ERROR = 1001, 1000, 1002, 1009, 1011


def close_frame(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, code.to_bytes(2, "big") + reason)


# -- messages ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def test_messages_come_and_go(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    """Of every length that is written differently; on the loop of Unix and on that of Windows."""

    async def scenario(port: int, desk: Desk) -> None:
        client, visit = await desk.knock(port)
        async with client:
            for size in (0, 1, 125, 126, 65535, 65536, 300_000):
                await client.say("x" * size)

                assert (b"x" * size, True) == await visit.next()
                assert Frame(TEXT, b"x" * size) == await client.frame()

    play(scenario, loop_factory=loop)


def test_many_messages_in_one_packet_keep_their_order() -> None:
    """A client may send a second of audio at once."""

    async def scenario(port: int, desk: Desk) -> None:
        client, visit = await desk.knock(port)
        async with client:
            await client.send(b"".join(frame(TEXT, str(number)) for number in range(500)))

            assert [str(number).encode() for number in range(500)] == [(await visit.next())[0] for _ in range(500)]

    play(scenario)


def test_masks_are_taken_off() -> None:
    """Browsers mask every frame with bytes of its own (RFC 6455 section 5.3)."""

    async def scenario(port: int, desk: Desk) -> None:
        client, visit = await desk.knock(port)
        async with client:
            mask = b"\x37\xfa\x21\x3d"
            # "Hello", as the standard's own example has it (section 5.7).
            await client.send(b"\x81\x85" + mask + b"\x7f\x9f\x4d\x51\x58")

            assert (b"Hello", True) == await visit.next()

    play(scenario)


def test_binary_messages_are_known_as_such() -> None:
    """One client sends its JSON in binary frames; what comes back is text all the same (wire-spec F1)."""

    async def scenario(port: int, desk: Desk) -> None:
        client, visit = await desk.knock(port)
        async with client:
            await client.say("{}", opcode=BINARY)

            assert (b"{}", False) == await visit.next()
            assert Frame(TEXT, b"{}") == await client.frame()

    play(scenario)


def test_binary_messages_go_out_among_those_of_text() -> None:
    """One wire has its sound in binary frames and its words in text, each with the opcode that says so."""

    async def scenario(port: int, desk: Desk) -> None:
        client, visit = await desk.knock(port)
        async with client:
            visit.socket.send(b"{}")
            visit.socket.send_binary(b"\x00\xff")
            visit.socket.send(b"[]")

            assert [Frame(TEXT, b"{}"), Frame(BINARY, b"\x00\xff"), Frame(TEXT, b"[]")] == [
                await client.frame() for _ in range(3)
            ]
            visit.socket.close()
            visit.socket.send_binary(b"too late")

            assert NORMAL == await client.close_code()

    play(scenario, echo=False)


def test_text_is_handed_on_as_it_is() -> None:
    """Whether it is UTF-8, the one who reads it finds out: checking it here would read every frame twice."""

    async def scenario(port: int, desk: Desk) -> None:
        client, visit = await desk.knock(port)
        async with client:
            await client.say(b"\xff\xfe\xc3")

            assert (b"\xff\xfe\xc3", True) == await visit.next()

    play(scenario, echo=False)


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_pieces_of_a_message_are_joined(opcode: int) -> None:
    """Control frames may come in between; the first piece says what it is (RFC 6455 section 5.4)."""

    async def scenario(port: int, desk: Desk) -> None:
        client, visit = await desk.knock(port)
        async with client:
            await client.send(frame(opcode, "one ", final=False) + frame(CONTINUATION, "two ", final=False))
            await client.send(frame(PING, "still there?") + frame(CONTINUATION, "three") + frame(TEXT, "next"))

            assert (b"one two three", opcode == TEXT) == await visit.next()
            assert (b"next", True) == await visit.next()
            assert Frame(PONG, b"still there?") == await client.frame()

    play(scenario)


def test_pieces_without_content_fill_no_memory() -> None:
    """A message may have any number of them."""

    async def scenario(port: int, desk: Desk) -> None:
        client, visit = await desk.knock(port)
        async with client:
            await client.send(frame(TEXT, "a", final=False) + 20_000 * frame(CONTINUATION, final=False))
            await client.send(frame(CONTINUATION, "b"))

            assert (b"ab", True) == await visit.next()

    play(scenario)


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param(frame(CONTINUATION, "of what?"), id="nothing to continue"),
        pytest.param(frame(TEXT, "a", final=False) + frame(TEXT, "b"), id="two at once"),
        pytest.param(frame(TEXT, "a", masked=False), id="no mask"),
        pytest.param(frame(0x3, "a"), id="unknown kind"),
        pytest.param(frame(PING, "a", final=False), id="ping in pieces"),
        pytest.param(frame(PING, "a" * 126), id="long ping"),
        pytest.param(close_frame(1005), id="close code that is never sent"),
        pytest.param(frame(CLOSE, b"\x03"), id="half a close code"),
    ],
)
def test_a_client_that_breaks_the_protocol_is_closed(frames: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """With 1002, and its call ends; the log of the operator does not fill with the mistakes of strangers."""

    async def scenario(port: int, desk: Desk) -> None:
        client, visit = await desk.knock(port)
        async with client:
            await client.send(frame(TEXT, "before") + frames)

            assert PROTOCOL_ERROR == await client.close_code()
            assert "websocket_closed" == await visit.left()

    play(scenario)

    assert [] == [record for record in caplog.records if record.levelname in {"WARNING", "ERROR"}]


def test_the_longest_message_is_taken() -> None:
    """Two MiB, whole or in pieces; wire-spec 1.1 asks for one."""

    async def scenario(port: int, desk: Desk) -> None:
        client, visit = await desk.knock(port)
        async with client:
            await client.say("x" * LONGEST_BYTES)
            half = "x" * (LONGEST_BYTES // 2)
            await client.send(frame(TEXT, half, final=False) + frame(CONTINUATION, half))

            assert [LONGEST_BYTES] * 2 == [len((await visit.next())[0]) for _ in range(2)]

    play(scenario, echo=False)


def test_a_longer_frame_is_refused_by_its_head() -> None:
    """Nothing of it need be sent; others go on."""

    async def scenario(port: int, desk: Desk) -> None:
        other, _ = await desk.knock(port)
        client, visit = await desk.knock(port)
        async with client, other:
            announced = frame(TEXT, "x" * (LONGEST_BYTES + 1))[:14]
            await client.send(announced)

            assert TOO_BIG == await client.close_code()
            assert "websocket_closed" == await visit.left()
            await other.say("here")

            assert Frame(TEXT, b"here") == await other.frame()

    play(scenario)


def test_a_longer_message_in_pieces_is_refused() -> None:
    """Their sum counts."""

    async def scenario(port: int, desk: Desk) -> None:
        client, visit = await desk.knock(port)
        async with client:
            await client.send(frame(TEXT, "x" * LONGEST_BYTES, final=False) + frame(CONTINUATION, "x"))

            assert TOO_BIG == await client.close_code()
            assert ("websocket_closed", 0) == (await visit.left(), visit.waiting)

    play(scenario)


# -- is anybody there -------------------------------------------------------------------------------------------


def test_a_ping_is_answered_with_its_own_words() -> None:
    """One client pings every 20 s and expects pongs (wire-spec 1.1)."""

    async def scenario(port: int, desk: Desk) -> None:
        client, visit = await desk.knock(port)
        async with client:
            await client.send(frame(PING, b"\x00\x01") + frame(PING) + frame(PONG, "unasked"))
            await client.say("on we go")

            assert [Frame(PONG, b"\x00\x01"), Frame(PONG, b"")] == [await client.frame() for _ in range(2)]
            assert (b"on we go", True) == await visit.next()

    play(scenario)


def test_a_silent_client_is_asked_whether_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that answers stays, however silent it is."""
    monkeypatch.setattr(sockets, "_PING_AFTER_S", 0.05)
    monkeypatch.setattr(sockets, "_PONG_WITHIN_S", 0.05)

    async def scenario(port: int, desk: Desk) -> None:
        client, visit = await desk.knock(port)
        async with client:
            for _ in range(4):
                asked = await client.frame()

                assert PING == asked.opcode
                await client.send(frame(PONG, asked.payload))
            await client.say("yes")

            assert ((b"yes", True), False) == (await visit.next(), visit.is_over)

    play(scenario)


def test_a_client_that_has_vanished_silently_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead phone sends neither words nor a goodbye."""
    monkeypatch.setattr(sockets, "_PING_AFTER_S", 0.1)
    monkeypatch.setattr(sockets, "_PONG_WITHIN_S", 0.1)

    async def scenario(port: int, desk: Desk) -> None:
        client, visit = await desk.knock(port)
        async with client:
            assert "websocket_closed" == await visit.left()
            assert GOING_AWAY == await client.close_code()

    play(scenario)


# -- ends -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [close_frame(NORMAL), close_frame(1001, b"bye"), close_frame(4001), frame(CLOSE)])
def test_a_close_is_answered_and_ends_the_call(said: bytes) -> None:
    """Nothing that comes behind it counts (RFC 6455 section 5.5.1)."""

    async def scenario(port: int, desk: Desk) -> None:
        client, visit = await desk.knock(port)
        async with client:
            await client.send(said + frame(TEXT, "too late"))

            assert NORMAL == await client.close_code()
            assert ("websocket_closed", 0) == (await visit.left(), visit.waiting)
            assert b"" == await client.ended()

    play(scenario)


@pytest.mark.parametrize("vanish", [RawSocket.reset, RawSocket.close], ids=["reset", "end"])
def test_a_client_that_vanishes_ends_the_call(vanish: Callable[[RawSocket], None]) -> None:
    """Without a close frame; what is sent to it afterwards is dropped."""

    async def scenario(port: int, desk: Desk) -> None:
        client, visit = await desk.knock(port)
        vanish(client)

        assert "websocket_closed" == await visit.left()
        visit.socket.send(b"are you there?")
        visit.socket.close()

    play(scenario)


def test_the_server_closes_after_what_it_has_said() -> None:
    """The client's answer is the end."""

    async def scenario(port: int, desk: Desk) -> None:
        client, visit = await desk.knock(port)
        async with client:
            visit.socket.send(b"goodbye")
            visit.socket.close()
            visit.socket.send(b"one more thing")
            visit.socket.close(4000)

            assert Frame(TEXT, b"goodbye") == await client.frame()
            assert NORMAL == (await client.frame()).code
            await client.send(close_frame(NORMAL))

            assert b"" == await client.ended()
            assert "websocket_closed" == await visit.left()

    play(scenario)


def test_a_client_that_does_not_answer_a_close_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """After two seconds, here less."""
    monkeypatch.setattr(sockets, "_CLOSE_S", 0.05)

    async def scenario(port: int, desk: Desk) -> None:
        client, visit = await desk.knock(port)
        async with client:
            visit.socket.close()

            assert "websocket_closed" == await visit.left()
            assert NORMAL == await client.close_code()

    play(scenario)


async def talk_until_over(visit: Visit) -> int:
    """Send to a client that does not read, until its call is ended; returns how many bytes that took."""
    message, sent_bytes = b"x" * 8192, 0
    while not visit.is_over:
        visit.socket.send(message)
        sent_bytes += len(message)

        assert sent_bytes < 4 * 1024 * 1024
        await asyncio.sleep(0)
    return sent_bytes


def test_a_client_that_never_reads_is_ended() -> None:
    """What waits for it is bounded, by ourselves and in the system; another's call goes on."""

    async def scenario(port: int, desk: Desk) -> None:
        other, _ = await desk.knock(port)
        client = await RawSocket.open(port, "/", 4096)
        visit = await desk.visit()
        async with client, other:
            taken_bytes = await talk_until_over(visit)

            assert "websocket_closed" == await visit.left()
            assert 768 * 1024 < taken_bytes < 1536 * 1024
            await other.say("here")

            assert Frame(TEXT, b"here") == await other.frame()

    play(scenario)


def test_a_client_that_closes_and_does_not_read_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its call ends at once, and its socket soon: the goodbye that it does not take is not waited for."""
    monkeypatch.setattr(sockets, "_CLOSE_S", 0.1)

    async def scenario(port: int, desk: Desk) -> None:
        client = await RawSocket.open(port, "/", 4096)
        visit = await desk.visit()
        async with client:
            for _ in range(60):
                visit.socket.send(b"x" * 8192)
            await client.send(close_frame(NORMAL))

            assert "websocket_closed" == await visit.left()
            with pytest.raises(ConnectionError):
                # Until the system says that nobody is there.
                while True:
                    await client.send(frame(PING))
                    await asyncio.sleep(0.01)

            assert len(await client.ended()) < 60 * 8192

    play(scenario)


# -- begin ------------------------------------------------------------------------------------------------------


def test_a_farewell_says_why_and_closes() -> None:
    """For clients that cannot read a refusal (wire-spec H3)."""

    async def scenario(port: int, desk: Desk) -> None:
        client = await RawSocket.open(port)
        async with client:
            # Whatever the client says meanwhile, nobody listens.
            await client.say("hello?")

            assert [Frame(TEXT, b"one"), Frame(TEXT, b"two")] == [await client.frame() for _ in range(2)]
            assert 4401 == await client.close_code()

    play(scenario, begin=farewell([b"one", b"two"], code=4401))


def test_a_listener_that_fails_ends_its_own_call_alone(caplog: pytest.LogCaptureFixture) -> None:
    """It is a bug of ours: 1011, and a traceback in the log."""

    async def scenario(port: int, desk: Desk) -> None:
        other, _ = await desk.knock(port)
        client, visit = await desk.knock(port)
        async with client, other:
            await client.say("break")

            assert INTERNAL_ERROR == await client.close_code()
            assert "websocket_closed" == await visit.left()
            await other.say("here")

            assert Frame(TEXT, b"here") == await other.frame()

    play(scenario)

    assert "the listener is broken" in caplog.text


def test_a_call_that_cannot_begin_is_closed(caplog: pytest.LogCaptureFixture) -> None:
    """It is a bug of ours: 1011, and a line in the log."""

    def begin(_: CallSocket) -> Listener:
        raise RuntimeError("no beginning")

    async def scenario(port: int, desk: Desk) -> None:
        async with await RawSocket.connect(port) as client:
            await client.send(head())

            assert 101 == (await client.answer()).status
            assert INTERNAL_ERROR == await client.close_code()

    play(scenario, begin=begin)

    assert "no beginning" in caplog.text
