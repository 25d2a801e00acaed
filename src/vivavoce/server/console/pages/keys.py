"""API keys: made and shown once, listed, revoked."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest
from vivavoce.server.console.forms import Form
from vivavoce.server.console.rendering import confirmation, go, render
from vivavoce.server.services import Services
from vivavoce.store import keys

__all__ = ["HANDLERS"]

_KEYS = "/console/keys"
_LONGEST_NAME = 100


@get("/keys")
async def list_keys(request: AnyRequest, services: NamedDependency[Services]) -> Response[Any]:
    """All keys, those that work first."""
    return await _page(request, services)


@post("/keys", status_code=200)
async def create_key(
    request: AnyRequest, services: NamedDependency[Services], form: NamedDependency[Form]
) -> Response[Any]:
    """Makes a key, which only this answer shows."""
    name = form.text("name")
    if not name or len(name) > _LONGEST_NAME:
        text = f"Say in at most {_LONGEST_NAME} characters what the key is for"
        return await _page(request, services, status=422, name=name, complaint=text)
    _, secret = await keys.create(services.database, name)
    return await _page(request, services, made=name, secret=secret)


@get("/keys/{key_id:str}/revoke")
async def confirm_revocation(
    request: AnyRequest, services: NamedDependency[Services], key_id: FromPath[str]
) -> Response[Any]:
    """Asks before a key stops working."""
    key = await _working(services, key_id)
    return confirmation(
        request,
        title=f"Revoke the key “{key.name}”?",
        text="Whatever uses it stops working at once. A revoked key cannot be brought back.",
        action=f"{_KEYS}/{key.id}/revoke",
        verb="Revoke",
        back=_KEYS,
    )


@post("/keys/{key_id:str}/revoke", status_code=200)
async def revoke_key(request: AnyRequest, services: NamedDependency[Services], key_id: FromPath[str]) -> Response[Any]:
    """Lets a key stop working at once; whoever signed in with it is signed out."""
    key = await _working(services, key_id)
    await keys.revoke(services.database, key.id)
    return go(request, _KEYS, done=f"The key “{key.name}” is revoked.")


async def _page(
    request: AnyRequest,
    services: Services,
    *,
    status: int = 200,
    name: str = "",
    complaint: str = "",
    made: str = "",
    secret: str = "",
) -> Response[Any]:
    listed = sorted(await keys.list_all(services.database), key=lambda key: key.revoked_at is not None)
    return render(
        request, "keys.html", status=status, keys=listed, name=name, complaint=complaint, made=made, secret=secret
    )


async def _working(services: Services, key_id: str) -> keys.Key:
    for key in await keys.list_all(services.database):
        if key.id == key_id and key.revoked_at is None:
            return key
    raise Refused(404, "There is no working key of this id: it may have been revoked already")


HANDLERS = (list_keys, create_key, confirm_revocation, revoke_key)
