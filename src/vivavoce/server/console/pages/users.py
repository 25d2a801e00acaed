"""The users of the console: made with a one-time link, listed, given a role, removed."""

from typing import Any, get_args

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest
from vivavoce.server.console.forms import Form
from vivavoce.server.console.rendering import confirmation, go, render
from vivavoce.server.console.troubles import SIGN_IN
from vivavoce.server.recordings import base_url
from vivavoce.server.services import Services
from vivavoce.store import sign_in_links, users
from vivavoce.store.users import Change, Role, User

__all__ = ["HANDLERS"]

_USERS = "/console/users"
_LAST_ADMIN = "There has to be an admin: make somebody else one first."


@get("/users")
async def list_users(request: AnyRequest, services: NamedDependency[Services]) -> Response[Any]:
    """All users by name."""
    return await _page(request, services)


@post("/users", status_code=200)
async def create_user(
    request: AnyRequest, services: NamedDependency[Services], form: NamedDependency[Form]
) -> Response[Any]:
    """Makes a user and a link, which only this answer shows."""
    name, role = form.text("name"), _role(form)
    complaint = users.complaint_about(name)
    user = None if complaint else await users.create(services.database, name, role)
    if user is None:
        return await _page(
            request,
            services,
            status=422,
            name=name,
            role=role,
            complaint=complaint or "There is a user of this name already",
        )
    return await _with_link(request, services, user)


@post("/users/{user_id:str}/link", status_code=200)
async def new_link(request: AnyRequest, services: NamedDependency[Services], user_id: FromPath[str]) -> Response[Any]:
    """Another link for a user, such as one who has lost his password."""
    return await _with_link(request, services, await _known(services, user_id))


@post("/users/{user_id:str}/role", status_code=200)
async def change_role(
    request: AnyRequest, services: NamedDependency[Services], user_id: FromPath[str], form: NamedDependency[Form]
) -> Response[Any]:
    """Gives a user the other role."""
    user, role = await _known(services, user_id), _role(form)
    changed = await users.set_role(services.database, user.id, role)
    return _told(request, changed, f"{user.name} is {'an admin' if role == 'admin' else 'a viewer'} now.")


@get("/users/{user_id:str}/remove")
async def confirm_removal(
    request: AnyRequest, services: NamedDependency[Services], user_id: FromPath[str]
) -> Response[Any]:
    """Asks before a user is removed."""
    user = await _known(services, user_id)
    return confirmation(
        request,
        title=f"Remove {user.name}?",
        text="He is signed out at once and cannot sign in again. What he has set up stays.",
        action=f"{_USERS}/{user.id}/remove",
        verb="Remove",
        back=_USERS,
    )


@post("/users/{user_id:str}/remove", status_code=200)
async def remove_user(
    request: AnyRequest, services: NamedDependency[Services], user_id: FromPath[str]
) -> Response[Any]:
    """Removes a user with his sessions and links."""
    user = await _known(services, user_id)
    return _told(request, await users.remove(services.database, user.id), f"{user.name} is removed.")


async def _with_link(request: AnyRequest, services: Services, user: User) -> Response[Any]:
    secret = await sign_in_links.create(services.database, user.id)
    link = f"{base_url(request, services)}{SIGN_IN}/{secret}"
    return await _page(request, services, link=link, link_for=user.name)


async def _page(
    request: AnyRequest,
    services: Services,
    *,
    status: int = 200,
    name: str = "",
    role: Role = "viewer",
    complaint: str = "",
    link: str = "",
    link_for: str = "",
) -> Response[Any]:
    return render(
        request,
        "users.html",
        status=status,
        users=await users.list_all(services.database),
        name=name,
        role=role,
        complaint=complaint,
        link=link,
        link_for=link_for,
    )


async def _known(services: Services, user_id: str) -> User:
    user = await users.find(services.database, user_id)
    if user is None:
        raise Refused(404, "There is no such user: he may have been removed")
    return user


def _role(form: Form) -> Role:
    role = form.text("role", "viewer")
    if role not in get_args(Role):
        raise Refused(400, "A role is admin or viewer")
    return "admin" if role == "admin" else "viewer"


def _told(request: AnyRequest, change: Change, done: str) -> Response[Any]:
    if change == "last admin":
        return go(request, _USERS, problem=_LAST_ADMIN)
    return go(request, _USERS, done=done)


HANDLERS = (list_users, create_user, new_link, change_role, confirm_removal, remove_user)
