"""
Who may use the API: whoever shows a key that works.

Source: Atoms authentication (wire-spec 2.0.1) and its refusals (wire-spec 1.4.3).
"""

from collections.abc import Mapping
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from vivavoce.errors import Refused
from vivavoce.server.services import services_of
from vivavoce.store import keys
from vivavoce.store.database import Database

__all__ = ["bearer_guard", "check_bearer"]


async def check_bearer(database: Database, headers: Mapping[str, str]) -> keys.Key:
    """
    The key in ``Authorization: Bearer sk_…``.

    Raises:
        Refused: 401 for a missing, unknown or revoked key.
    """
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    secret = secret.strip()
    if scheme.lower() != "bearer" or not secret:
        raise Refused(401, "Unauthorized: missing token")
    key = await keys.recognise(database, secret)
    if key is None:
        raise Refused(401, "Unauthorized: invalid or expired token")
    return key


async def bearer_guard(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """The guard of all routes that need a key."""
    await check_bearer(services_of(connection).database, connection.headers)
