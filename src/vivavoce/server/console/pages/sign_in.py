"""Signing in and out."""

from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from vivavoce import ids
from vivavoce.server.answers import AnyRequest
from vivavoce.server.console.cookies import ended_session, session_cookie
from vivavoce.server.console.forms import Form
from vivavoce.server.console.guard import OPEN, VIEWERS
from vivavoce.server.console.person import COOKIE, person_of
from vivavoce.server.console.rendering import go, render
from vivavoce.server.console.sign_ins import SignIns
from vivavoce.server.console.troubles import SIGN_IN, local_path
from vivavoce.server.services import Services
from vivavoce.server.signing import signed_query
from vivavoce.store import sessions, sign_in_links
from vivavoce.store.users import User

__all__ = ["HANDLERS", "NEW_PASSWORD_LIFETIME_S", "new_password_subject"]

# Whoever came by a link may set a password without the old one for so long.
NEW_PASSWORD_LIFETIME_S = 3600


@get("/sign-in", opt=OPEN)
async def sign_in_page(request: AnyRequest, wanted: Annotated[str, QueryParameter(name="next")] = "") -> Response[Any]:
    """Asks for name and password, or for a key."""
    if person_of(request) is not None:
        return go(request, local_path(wanted))
    return render(request, "sign_in.html", wanted=local_path(wanted), name="", complaint="", by_key=False)


@post("/sign-in", status_code=200, opt=OPEN)
async def sign_in(
    request: AnyRequest,
    services: NamedDependency[Services],
    form: NamedDependency[Form],
    sign_ins: NamedDependency[SignIns],
) -> Response[Any]:
    """Begins a session."""
    wanted, key = local_path(form.text("next")), form.text("key")
    peer = request.client.host if request.client else ""
    if key:
        secret = await sign_ins.by_key(key, peer=peer)
        complaint = "This key does not work. It begins with sk_, and it may have been revoked."
    else:
        secret = await sign_ins.by_password(form.text("name"), form.raw("password"), peer=peer)
        complaint = "Name and password do not fit. If you have lost your password, ask an admin for a link."
    if secret is None:
        return render(
            request,
            "sign_in.html",
            status=422,
            wanted=wanted,
            name=form.text("name"),
            complaint=complaint,
            by_key=bool(key),
        )
    return await _entered(request, services, secret, to=wanted)


@get("/sign-in/{token:str}", opt=OPEN)
async def link_page(request: AnyRequest, services: NamedDependency[Services], token: FromPath[str]) -> Response[Any]:
    """A button that spends the link: looking at it, as mail scanners and previews do, spends nothing."""
    user = await sign_in_links.find(services.database, token)
    if user is None:
        return _spent(request)
    return render(request, "sign_in_link.html", name=user.name, action=f"{SIGN_IN}/{token}")


@post("/sign-in/{token:str}", status_code=200, opt=OPEN)
async def use_link(
    request: AnyRequest,
    services: NamedDependency[Services],
    sign_ins: NamedDependency[SignIns],
    link_secret: NamedDependency[bytes],
    token: FromPath[str],
) -> Response[Any]:
    """Spends the link, begins a session, and offers to set a password."""
    began = await sign_ins.by_link(token)
    if began is None:
        return _spent(request)
    user, secret = began
    permission = signed_query(link_secret, new_password_subject(user), lifetime_s=NEW_PASSWORD_LIFETIME_S)
    to = f"/console/account/new-password?{urlencode(permission)}"
    return await _entered(request, services, secret, to=to)


@post("/sign-out", status_code=200, opt=VIEWERS)
async def sign_out(request: AnyRequest, services: NamedDependency[Services]) -> Response[Any]:
    """Ends the session."""
    await sessions.end(services.database, request.cookies.get(COOKIE, ""))
    answer = go(request, SIGN_IN, done="You are signed out.")
    answer.cookies.append(ended_session(request))
    return answer


def new_password_subject(user: User) -> dict[str, str]:
    """What is signed for a user who may set a password without the old one: once, for then his hash is another."""
    return {"new-password": user.id, "instead-of": ids.digest(user.password)}


async def _entered(request: AnyRequest, services: Services, secret: str, *, to: str) -> Response[Any]:
    """On with a new session; the one that the browser had before ends."""
    if before := request.cookies.get(COOKIE, ""):
        await sessions.end(services.database, before)
    answer = go(request, to)
    answer.cookies.append(session_cookie(request, secret))
    return answer


def _spent(request: AnyRequest) -> Response[Any]:
    return render(request, "sign_in_link.html", status=410, name="", action="")


HANDLERS = (sign_in_page, sign_in, link_page, use_link, sign_out)
