"""Signing in: with a password, with an API key, or with a link, each of which begins a session."""

from vivavoce.server.console.attempts import Attempts
from vivavoce.server.console.passwords import Passwords
from vivavoce.store import keys, sessions, sign_in_links, users
from vivavoce.store.database import Database
from vivavoce.store.users import User

__all__ = ["SignIns"]

# What an API key begins with.
_KEY_PREFIX = "sk_"


class SignIns:
    """Checks who signs in, and slows down whoever guesses."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._attempts = Attempts()
        self.passwords = Passwords()

    async def by_password(self, name: str, password: str, *, peer: str) -> str | None:
        """
        Begin a session with name and password; None where they do not fit, for whatever reason.

        Returns:
            The secret for the cookie.

        Raises:
            Refused: 429 after too many attempts, 503 while too many others sign in.
        """
        name = users.stored_name(name)
        self._attempts.begin(name=name, peer=peer)
        user = await users.find_named(self._database, name)
        if not await self.passwords.matches(user.password if user else "", password) or user is None:
            return None
        self._attempts.forgive(name=name, peer=peer)
        return await sessions.begin(self._database, user_id=user.id)

    async def by_key(self, secret: str, *, peer: str) -> str | None:
        """
        Begin a session of an admin with an API key; None for a key that does not work.

        Raises:
            Refused: 429 after too many attempts.
        """
        self._attempts.begin(name="", peer=peer)
        key = await keys.recognise(self._database, secret) if secret.startswith(_KEY_PREFIX) else None
        if key is None:
            return None
        self._attempts.forgive(name="", peer=peer)
        return await sessions.begin(self._database, key_id=key.id)

    async def by_link(self, secret: str) -> tuple[User, str] | None:
        """Spend a link; None for one that is unknown, expired or spent."""
        user = await sign_in_links.spend(self._database, secret)
        return None if user is None else (user, await sessions.begin(self._database, user_id=user.id))

    async def is_password_of(self, user_id: str, password: str, *, peer: str) -> bool:
        """
        Whether a user who is signed in knows his password, as he says when he changes it.

        Raises:
            Refused: 429 after too many attempts, 503 while too many others sign in.
        """
        user = await users.find(self._database, user_id)
        name = user.name if user else ""
        self._attempts.begin(name=name, peer=peer)
        if user is None or not await self.passwords.matches(user.password, password):
            return False
        self._attempts.forgive(name=name, peer=peer)
        return True
