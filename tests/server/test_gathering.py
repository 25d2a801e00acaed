"""How the messages of all clients are taken together."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from vivavoce.server.gathering import Gathering
from vivavoce.testing.virtual_loop import run


class Socket:
    """Writes down what it is handed, and when."""

    def __init__(self, taken: list[tuple[str, bytes, float]], name: str) -> None:
        self._taken, self._name = taken, name

    def take(self, data: bytes, *, text: bool) -> None:
        self._taken.append((self._name, data, asyncio.get_running_loop().time()))


def play(scene: Callable[[Gathering, Socket, Socket], Awaitable[None]]) -> list[tuple[str, bytes, float]]:
    """Play a scene with two open sockets; returns who was handed what, and how long after its beginning."""
    taken: list[tuple[str, bytes, float]] = []

    async def played() -> float:
        began_at = asyncio.get_running_loop().time()
        gathering = Gathering(tick_s=0.016)
        gathering.join()
        gathering.join()
        await scene(gathering, Socket(taken, "one"), Socket(taken, "other"))
        await asyncio.sleep(1.0)
        return began_at

    began_at = run(played())
    return [(name, data, round(at - began_at, 6)) for name, data, at in taken]


def test_a_message_waits_for_the_tick_and_no_longer() -> None:
    """The first message sets the time for all that come after it."""

    async def scene(gathering: Gathering, one: Socket, _: Socket) -> None:
        gathering.add(one, b"a", text=True)

    assert [("one", b"a", 0.016)] == play(scene)


def test_when_every_socket_has_spoken_nobody_is_waited_for() -> None:
    """A server with a single call adds no delay at all."""

    async def scene(gathering: Gathering, one: Socket, other: Socket) -> None:
        gathering.add(one, b"a", text=True)
        await asyncio.sleep(0.004)
        gathering.add(other, b"b", text=True)

    assert [("one", b"a", 0.004), ("other", b"b", 0.004)] == play(scene)


def test_a_socket_that_has_gone_is_not_waited_for() -> None:
    """Those that are left are enough."""

    async def scene(gathering: Gathering, one: Socket, _: Socket) -> None:
        gathering.leave()
        gathering.add(one, b"a", text=True)

    assert [("one", b"a", 0.0)] == play(scene)


def test_what_is_handed_on_now_is_not_handed_on_again() -> None:
    """What comes afterwards waits for a tick of its own."""

    async def scene(gathering: Gathering, one: Socket, _: Socket) -> None:
        gathering.add(one, b"a", text=True)
        await asyncio.sleep(0.010)
        gathering.hand_on()
        gathering.add(one, b"b", text=True)

    assert [("one", b"a", 0.010), ("one", b"b", 0.026)] == play(scene)


@pytest.mark.parametrize(("length", "fit"), [(1, 256), (512 * 1024, 2)])
def test_what_waits_is_bounded(length: int, fit: int) -> None:
    """A client that floods is taken at once: by the number of its messages, and by their bytes."""

    async def scene(gathering: Gathering, one: Socket, _: Socket) -> None:
        for _number in range(300):
            gathering.join()
        for _number in range(fit):
            gathering.add(one, bytes(length), text=False)

    assert fit * [0.0] == [at for _, _, at in play(scene)]
