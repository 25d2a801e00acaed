"""Passwords, kept as Argon2 hashes: made and checked in threads, a few at a time."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from vivavoce.errors import Refused

__all__ = ["LONGEST_PASSWORD", "SHORTEST_PASSWORD", "Passwords", "complaint_about"]

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 500
T = TypeVar("T")

# Source: OWASP Password Storage Cheat Sheet, Argon2id; one lane, for the other cores are busy with calls.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# What is checked where there is no password, so that the answer takes as long: no password has this hash.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$bm9ib2R5bm9ib2R5bm9ib2R5bm9ib2R5bm9ib2R5bm8"
# At the same time; and more than so many that wait are an attack.
_MOST_AT_ONCE = 2
_MOST_WAITING = 32


def complaint_about(password: str) -> str:
    """What is wrong with a new password; empty where nothing is."""
    if len(password) < SHORTEST_PASSWORD:
        return f"Choose at least {SHORTEST_PASSWORD} characters: a few words make a good password"
    if len(password) > LONGEST_PASSWORD:
        return f"Choose at most {LONGEST_PASSWORD} characters"
    return ""


class Passwords:
    """Makes and checks hashes, without keeping calls waiting."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(_MOST_AT_ONCE)
        # Those that are at work and those that wait for a turn.
        self._asked = 0

    async def hashed(self, password: str) -> str:
        """
        The form in which a password is stored.

        Raises:
            Refused: 503 while too many others wait.
        """
        return await self._in_turn(lambda: _HASHER.hash(password[:LONGEST_PASSWORD]))

    async def matches(self, stored: str, password: str) -> bool:
        """
        Whether this is the password; as much work where none is stored, which nobody's password matches.

        Raises:
            Refused: 503 while too many others wait.
        """
        return await self._in_turn(lambda: _matches(stored or _NOBODY, password[:LONGEST_PASSWORD])) and bool(stored)

    async def _in_turn(self, work: Callable[[], T]) -> T:
        if self._asked >= _MOST_WAITING:
            raise Refused(503, "Too many people are signing in: try again in a moment", retry_after_s=2)
        self._asked += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(work)
        finally:
            self._asked -= 1


def _matches(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
