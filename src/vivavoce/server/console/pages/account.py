"""What somebody may change about himself: his password, and where he is signed in."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery

from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest
from vivavoce.server.console.forms import Form
from vivavoce.server.console.guard import VIEWERS
from vivavoce.server.console.pages.sign_in import new_password_subject
from vivavoce.server.console.passwords import SHORTEST_PASSWORD, complaint_about
from vivavoce.server.console.person import Person
from vivavoce.server.console.rendering import go, render
from vivavoce.server.console.sign_ins import SignIns
from vivavoce.server.services import Services
from vivavoce.server.signing import signature_holds
from vivavoce.store import sessions, users

__all__ = ["HANDLERS"]

_ACCOUNT = "/console/account"


@get("/account")
async def account(
    request: AnyRequest, services: NamedDependency[Services], person: NamedDependency[Person]
) -> Response[Any]:
    """The account of whoever is signed in."""
    return await _page(request, services, person, {})


@post("/account/password", status_code=200, opt=VIEWERS)
async def change_password(
    request: AnyRequest,
    services: NamedDependency[Services],
    person: NamedDependency[Person],
    form: NamedDependency[Form],
    sign_ins: NamedDependency[SignIns],
) -> Response[Any]:
    """Another password for whoever knows the old one; his other sessions end."""
    if not person.user_id:
        raise Refused(403, "You are signed in with an API key, which has no password")
    complaints = _complaints(form)
    if not complaints:
        peer = request.client.host if request.client else ""
        if not await sign_ins.is_password_of(person.user_id, form.raw("current"), peer=peer):
            complaints["current"] = "This is not your password"
    if complaints:
        return await _page(request, services, person, complaints)
    await _set(services, person, sign_ins, form.raw("password"))
    return go(request, _ACCOUNT, done="Your password is changed. You are signed out everywhere else.")


@post("/account/sessions/end", status_code=200, opt=VIEWERS)
async def end_others(
    request: AnyRequest, services: NamedDependency[Services], person: NamedDependency[Person]
) -> Response[Any]:
    """Signs out every other browser of the same user."""
    ended = await sessions.end_others(services.database, person.user_id, keep=person.session) if person.user_id else 0
    told = {0: "You were signed in nowhere else.", 1: "One other browser is signed out."}
    return go(request, _ACCOUNT, done=told.get(ended, f"{ended} other browsers are signed out."))


@get("/account/new-password")
async def new_password_page(
    request: AnyRequest,
    services: NamedDependency[Services],
    person: NamedDependency[Person],
    link_secret: NamedDependency[bytes],
    expires: FromQuery[str] = "",
    signature: FromQuery[str] = "",
) -> Response[Any]:
    """For whoever came by a link: a password, without the old one."""
    if not await _may_set(services, link_secret, person, expires, signature):
        return go(request, _ACCOUNT)
    return render(request, "new_password.html", expires=expires, signature=signature, complaints={})


@post("/account/new-password", status_code=200, opt=VIEWERS)
async def set_new_password(
    request: AnyRequest,
    services: NamedDependency[Services],
    person: NamedDependency[Person],
    form: NamedDependency[Form],
    sign_ins: NamedDependency[SignIns],
    link_secret: NamedDependency[bytes],
) -> Response[Any]:
    """Sets it."""
    expires, signature = form.text("expires"), form.text("signature")
    if not await _may_set(services, link_secret, person, expires, signature):
        return go(request, _ACCOUNT, problem="That took too long: ask for another link, or change your password here.")
    if complaints := _complaints(form):
        return render(
            request, "new_password.html", status=422, expires=expires, signature=signature, complaints=complaints
        )
    await _set(services, person, sign_ins, form.raw("password"))
    return go(request, "/console", done="Your password is set. Use it the next time you sign in.")


async def _page(request: AnyRequest, services: Services, person: Person, complaints: dict[str, str]) -> Response[Any]:
    user = await users.find(services.database, person.user_id) if person.user_id else None
    others = await sessions.count_of(services.database, person.user_id) - 1 if user else 0
    return render(
        request,
        "account.html",
        status=422 if complaints else 200,
        user=user,
        others=others,
        complaints=complaints,
        shortest=SHORTEST_PASSWORD,
    )


def _complaints(form: Form) -> dict[str, str]:
    complaints = {}
    if text := complaint_about(form.raw("password")):
        complaints["password"] = text
    elif form.raw("password") != form.raw("again"):
        complaints["again"] = "The two are not the same"
    return complaints


async def _may_set(services: Services, secret: bytes, person: Person, expires: str, signature: str) -> bool:
    user = await users.find(services.database, person.user_id) if person.user_id else None
    if user is None:
        return False
    return signature_holds(secret, new_password_subject(user), expires=expires, signature=signature)


async def _set(services: Services, person: Person, sign_ins: SignIns, password: str) -> None:
    hashed = await sign_ins.passwords.hashed(password)
    await users.set_password(services.database, person.user_id, hashed, keep_session=person.session)


HANDLERS = (account, change_password, end_others, new_password_page, set_new_password)
