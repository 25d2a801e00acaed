"""
The one door of the console: who may come in, who may change something, and whether it was he who asked.

Every route is for those who are signed in, and every method that changes something is for admins, unless a route says
otherwise with ``opt=OPEN`` or ``opt=VIEWERS``.
"""

import hmac
from collections.abc import Mapping
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from vivavoce.errors import Refused
from vivavoce.server.console.forms import close_files, read_form
from vivavoce.server.console.person import Person, Visit, recognise, remember
from vivavoce.server.origins import foreign_name, foreign_page, is_loopback
from vivavoce.server.services import services_of

__all__ = ["CSRF_FIELD", "CSRF_HEADER", "OPEN", "VIEWERS", "console_guard"]

# The field of every form, and the header of every htmx request.
CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"
_WHO = "console"
# For a route that anybody may use, such as the one for signing in.
OPEN: Mapping[str, object] = {_WHO: "open"}
# For a route that changes something and is for viewers, too, such as the one for one's own password.
VIEWERS: Mapping[str, object] = {_WHO: "viewers"}
_SAFE_METHODS = frozenset({"GET", "HEAD"})


async def console_guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """The guard of all routes of the console."""
    services = services_of(connection)
    headers = {name.lower(): value for name, value in connection.headers.items()}
    config = services.config
    if is_loopback(config.host) and foreign_name(headers, public_url=config.public_url):
        raise Refused(
            403,
            "This server listens on this machine alone: open the console as localhost, "
            "or set VIVAVOCE_PUBLIC_URL where a proxy passes it on",
        )
    changes = connection.scope.get("method") not in _SAFE_METHODS
    if changes and foreign_page(headers, public_url=config.public_url):
        raise Refused(
            403,
            "Another page sent this form. Open the console itself and try again; "
            "behind a proxy, set VIVAVOCE_PUBLIC_URL to the address in the browser",
        )
    person = await recognise(connection, services.database)
    secure = connection.url.scheme == "https" or config.public_url.startswith("https:")
    remember(connection, Visit(person, secure))
    who = handler.opt.get(_WHO)
    if who == "open":
        return
    if person is None:
        raise Refused(401, "Sign in first")
    if not changes:
        return
    if who != "viewers" and not person.may_change:
        raise Refused(403, "You may read everything here, but change nothing: ask an admin")
    await _check_form(connection, person)


async def _check_form(connection: ASGIConnection[Any, Any, Any, Any], person: Person) -> None:
    shown = connection.headers.get(CSRF_HEADER, "")
    if not shown and isinstance(connection, Request):
        shown = (await read_form(connection)).text(CSRF_FIELD)
    if hmac.compare_digest(shown.encode(), person.csrf.encode()):
        return
    if isinstance(connection, Request):
        await close_files(connection)
    raise Refused(403, "This form is out of date: go back, reload the page, and send it again")
