"""Requests to webhooks: where they may go, and how it is told what came of them."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.server.receiver import Got, Receiver, answer, receiving
from vivavoce.server.lookups import look_up
from vivavoce.server.posting import Outcome, Poster

LIMIT_S = 10.0
BODY = b'{"a": 1}'


@asynccontextmanager
async def poster(
    *, allow_private: bool = True, look_up: Callable[[str, int], Awaitable[tuple[str, ...]]] = look_up
) -> AsyncIterator[Poster]:
    made = Poster(allow_private=allow_private, look_up=look_up)
    try:
        yield made
    finally:
        await made.close()


def outcome_of(*answers: bytes | Callable[[Got], Awaitable[bytes]], answer_bytes: int = 0) -> Outcome:
    """What comes of a request to a receiver with these answers."""

    async def scene() -> Outcome:
        async with asyncio.timeout(LIMIT_S), receiving(*answers) as receiver, poster() as post:
            return await post(receiver.url, {}, BODY, limit_s=0.3, answer_bytes=answer_bytes)

    return asyncio.run(scene())


def test_a_request_arrives_as_it_was_given() -> None:
    """Path, query, headers and the bytes of the body."""

    async def scene() -> list[Got]:
        async with asyncio.timeout(LIMIT_S), receiving() as receiver, poster() as post:
            url = f"{receiver.url}/hook?a=b%20c"

            assert Outcome(200) == await post(url, {"X-Shop": "1"}, BODY, limit_s=LIMIT_S)
            return receiver.got

    (got,) = asyncio.run(scene())

    assert ("/hook?a=b%20c", BODY, "1") == (got.path, got.body, got.headers["x-shop"])


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_status_of_success_is_no_fault(status: int) -> None:
    """The body of the answer is not even read."""
    assert Outcome(status) == outcome_of(answer(status, b"" if status == 204 else b"x" * 1_000_000))


@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_is_not_followed(status: int) -> None:
    """It might lead anywhere."""

    async def scene() -> tuple[Outcome, Receiver]:
        async with asyncio.timeout(LIMIT_S), receiving() as elsewhere, poster() as post:
            async with receiving(answer(status, Location=elsewhere.url)) as receiver:
                return await post(receiver.url, {}, BODY, limit_s=LIMIT_S), elsewhere

    outcome, elsewhere = asyncio.run(scene())

    assert Outcome(status, f"it answered {status}; redirects are not followed") == outcome
    assert [] == elsewhere.got


async def silence(_: Got) -> bytes:
    await asyncio.Event().wait()
    return b""


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (answer(500, b"secret"), Outcome(500, "it answered 500")),
        (b"secret\r\n\r\n", Outcome(0, "the answer is not HTTP")),
        (b"", Outcome(0, "the answer is not HTTP")),
        (silence, Outcome(0, "no answer within 0.3 s")),
    ],
)
def test_a_fault_says_nothing_of_the_answer(said: bytes, outcome: Outcome) -> None:
    """Faults are stored and logged; answers are neither."""
    assert outcome == outcome_of(said)


def test_an_answer_is_read_where_it_is_wanted() -> None:
    """Up to its limit."""
    assert Outcome(200, body=b"1234") == outcome_of(answer(200, b"1234"), answer_bytes=4)
    assert Outcome(200, "its answer is longer than 3 bytes") == outcome_of(answer(200, b"1234"), answer_bytes=3)


def test_a_port_where_nobody_listens_is_a_fault() -> None:
    """The sentence says that there was no connection."""

    async def scene() -> Outcome:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        async with poster() as post:
            return await post(f"http://127.0.0.1:{port}", {}, BODY, limit_s=LIMIT_S)

    outcome = asyncio.run(scene())

    assert 0 == outcome.status
    assert outcome.fault.startswith("no connection: ")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_this_machine_is_not_reached_unless_that_is_allowed(host: str) -> None:
    """However its address is written."""

    async def scene() -> Outcome:
        async with asyncio.timeout(LIMIT_S), receiving() as receiver, poster(allow_private=False) as post:
            outcome = await post(f"http://{host}:{receiver.port}/", {}, BODY, limit_s=LIMIT_S)

            assert [] == receiver.got
            return outcome

    outcome = asyncio.run(scene())

    assert 0 == outcome.status
    assert outcome.fault.endswith("address, which is not allowed")


def test_the_address_that_was_checked_is_the_one_that_is_connected_to() -> None:
    """A name that means something else at the second look is asked for once only: no DNS rebinding."""
    asked: list[tuple[str, int]] = []

    async def rebinding(host: str, port: int) -> tuple[str, ...]:
        asked.append((host, port))
        # Nobody is at the first, which is for documents; the second would be this machine.
        return ("192.0.2.1",) if len(asked) == 1 else ("127.0.0.1",)

    async def scene() -> tuple[Outcome, list[Got], int]:
        async with asyncio.timeout(LIMIT_S), receiving() as receiver:
            async with poster(look_up=rebinding) as post:
                url = f"http://shop.example:{receiver.port}/"
                return await post(url, {}, BODY, limit_s=0.3), receiver.got, receiver.port

    outcome, got, port = asyncio.run(scene())

    assert 0 == outcome.status
    assert ([("shop.example", port)], []) == (asked, got)


def test_a_host_with_one_address_inside_is_not_reached_at_all() -> None:
    """Or the order of its addresses would decide."""

    async def mixed(host: str, port: int) -> tuple[str, ...]:
        return ("1.1.1.1", "10.0.0.1")

    async def scene() -> Outcome:
        async with poster(allow_private=False, look_up=mixed) as post:
            return await post("https://shop.example/", {}, BODY, limit_s=LIMIT_S)

    assert Outcome(0, "no connection: the host has a private address, which is not allowed") == asyncio.run(scene())


def test_the_next_address_is_tried_where_one_does_not_answer() -> None:
    """Such as IPv6 on a network without it."""

    async def two(host: str, port: int) -> tuple[str, ...]:
        return ("::1", "127.0.0.1")

    async def scene() -> tuple[Outcome, list[Got]]:
        async with asyncio.timeout(LIMIT_S), receiving() as receiver, poster(look_up=two) as post:
            return await post(f"http://shop.example:{receiver.port}/", {}, BODY, limit_s=LIMIT_S), receiver.got

    outcome, (got,) = asyncio.run(scene())

    assert (Outcome(200), "shop.example") == (outcome, got.headers["host"].partition(":")[0])


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70 + ".example"])
def test_a_host_that_is_unknown_is_a_fault(host: str) -> None:
    """The sentence says that it is the name."""

    async def nowhere(host: str, port: int) -> tuple[str, ...]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async def scene() -> Outcome:
        async with poster(look_up=look_up if len(host) > 64 else nowhere) as post:
            return await post(f"http://{host}/", {}, BODY, limit_s=LIMIT_S)

    assert asyncio.run(scene()).fault.startswith("no connection: the host cannot be looked up: ")
