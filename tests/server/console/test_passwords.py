"""Passwords are stored as hashes, and checked with the same work for everybody."""

import asyncio

import pytest

from vivavoce.errors import Refused
from vivavoce.server.console import passwords as module
from vivavoce.server.console.passwords import LONGEST_PASSWORD, Passwords, complaint_about


def test_a_password_fits_its_hash_and_no_other() -> None:
    """Each hash has a salt of its own."""

    async def scenario() -> None:
        passwords = Passwords()
        first, second = [await passwords.hashed("correct horse battery") for _ in range(2)]

        assert first.startswith("$argon2id$")
        assert first != second
        assert await passwords.matches(first, "correct horse battery")
        assert not await passwords.matches(first, "correct horse batterx")

    asyncio.run(scenario())


def test_where_there_is_no_password_none_fits_and_as_much_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or the time of the answer would tell which users there are."""
    checked: list[str] = []

    def matches(stored: str, password: str) -> bool:
        checked.append(stored)
        return True

    monkeypatch.setattr(module, "_matches", matches)

    assert not asyncio.run(Passwords().matches("", "whatever it is"))
    assert [module._NOBODY] == checked


def test_the_hash_of_nobody_costs_what_a_hash_costs() -> None:
    """It has the form and the parameters of every other."""
    made = asyncio.run(Passwords().hashed("correct horse battery"))

    assert made.rsplit("$", 2)[0] == module._NOBODY.rsplit("$", 2)[0]
    assert not module._matches(module._NOBODY, "")


def test_a_flood_is_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes cost time and memory, which belong to the calls."""
    monkeypatch.setattr(module, "_MOST_WAITING", 3)

    async def scenario() -> None:
        passwords = Passwords()
        results = await asyncio.gather(*(passwords.matches("", "x") for _ in range(5)), return_exceptions=True)

        assert [False, False, False, 503, 503] == [
            result.status if isinstance(result, Refused) else result for result in results
        ]
        assert False is await passwords.matches("", "x")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("password", "fits"), [("short", False), ("ten signs!", True), ("x" * LONGEST_PASSWORD, True), ("x" * 501, False)]
)
def test_a_new_password_has_a_length(password: str, fits: bool) -> None:
    """Long enough to be no guess, short enough to be typed."""
    assert fits is (complaint_about(password) == "")
