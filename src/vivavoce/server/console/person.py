"""Who is signed in to the console in the browser that asks."""

import hmac
from dataclasses import dataclass
from typing import Any

from litestar.connection import ASGIConnection

from vivavoce.errors import Refused
from vivavoce.server.origins import foreign_page
from vivavoce.server.services import Services
from vivavoce.store import sessions
from vivavoce.store.database import Database
from vivavoce.store.users import Role

__all__ = ["COOKIE", "Person", "Visit", "person_of", "recognise", "remember", "signed_in", "the_person", "visit_of"]

COOKIE = "vivavoce_session"
_STATE = "console_visit"
_SAFE_METHODS = frozenset({"GET", "HEAD"})

AnyConnection = ASGIConnection[Any, Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """
    Somebody who has signed in.

    Args:
        name: The user's, or that of the API key with which he signed in.
        role: ``admin`` or ``viewer``.
        user_id: Empty for one who signed in with a key.
        session: The digest of his session.
        csrf: What his forms carry to show that they are ours.
    """

    name: str
    role: Role
    user_id: str
    session: str
    csrf: str

    @property
    def may_change(self) -> bool:
        """Whether he may change more than his own password."""
        return self.role == "admin"


@dataclass(frozen=True, slots=True)
class Visit:
    """
    What is known of a request to the console.

    Args:
        person: Who asks.
        secure: Whether the browser speaks TLS, so that cookies may be kept from everything else.
    """

    person: Person | None
    secure: bool


async def signed_in(request: AnyConnection, services: Services) -> Person | None:
    """
    Who is signed in, for routes outside the console: they may be read with a session, and never changed.

    None for every method but GET and HEAD, where the page of another origin asks, and where there is no console.
    """
    config = services.config
    headers = {name.lower(): value for name, value in request.headers.items()}
    is_safe = request.scope.get("method") in _SAFE_METHODS
    if not config.console or not is_safe or foreign_page(headers, public_url=config.public_url):
        return None
    return await recognise(request, services.database)


async def recognise(connection: AnyConnection, database: Database) -> Person | None:
    """Who is signed in, by the cookie alone: for the console's own guard."""
    secret = connection.cookies.get(COOKIE, "")
    session = await sessions.find(database, secret) if secret else None
    if session is None:
        return None
    return Person(
        name=session.name,
        role=session.role,
        user_id=session.user_id,
        session=session.digest,
        # Whoever knows it does not know the secret that it is made from.
        csrf=hmac.new(secret.encode(), b"vivavoce console form", "sha256").hexdigest(),
    )


def remember(connection: AnyConnection, visit: Visit) -> None:
    """Keep what the guard has found for the rest of the request."""
    connection.scope.setdefault("state", {})[_STATE] = visit


def visit_of(connection: AnyConnection) -> Visit:
    """What the guard has found; that of a stranger where it was not asked."""
    found = connection.scope.get("state", {}).get(_STATE)
    return found if isinstance(found, Visit) else Visit(None, secure=connection.url.scheme == "https")


def person_of(connection: AnyConnection) -> Person | None:
    """Who is signed in; None on the pages for people who are not."""
    return visit_of(connection).person


async def the_person(request: AnyConnection) -> Person:
    """Whom the guard has found, for handlers that want a ``person``."""
    found = person_of(request)
    if found is None:
        raise Refused(401, "Sign in first")
    return found
