"""The console on a fresh store, and people who visit it with browsers of their own."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.server.rest_scene import Scene, play
from vivavoce.config import Config
from vivavoce.server.console.person import COOKIE
from vivavoce.store import sessions, users
from vivavoce.store.users import Role, User

__all__ = ["LOCAL", "Visitor", "browser", "csrf_in", "play_console", "visitor"]

LOCAL = "http://localhost:8600"


@dataclass(slots=True)
class Visitor:
    """Somebody with a browser; ``user`` is who he is signed in as."""

    client: httpx.AsyncClient
    user: User | None = None

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """A page."""
        return await self.client.get(path, headers=_named(headers))

    async def part(self, path: str) -> httpx.Response:
        """What htmx is given for it."""
        return await self.client.get(path, headers={"hx-request": "true", "hx-current-url": f"{LOCAL}{path}"})

    async def post(
        self, path: str, fields: Mapping[str, Any] | None = None, *, csrf: str | None = None, **headers: str
    ) -> httpx.Response:
        """A form as a page would send it: with its token, unless another is given."""
        token = await self.csrf() if csrf is None else csrf
        data = {**(fields or {}), **({"csrf": token} if token else {})}
        return await self.client.post(path, data=data, headers={"origin": LOCAL, **_named(headers)})

    async def csrf(self) -> str:
        """The token of his forms; empty where he is not signed in."""
        return csrf_in((await self.client.get("/console/account")).text)


def csrf_in(page: str) -> str:
    """The token in the first form of a page."""
    return page.partition('name="csrf" value="')[2].partition('"')[0]


def browser(scene: Scene, *, peer: str = "127.0.0.1", base_url: str = LOCAL) -> Visitor:
    """Somebody who is not signed in."""
    transport = httpx.ASGITransport(app=scene.client.app, raise_app_exceptions=False, client=(peer, 50_000))
    return Visitor(httpx.AsyncClient(transport=transport, base_url=base_url))


async def visitor(scene: Scene, role: Role = "viewer", name: str = "") -> Visitor:
    """Somebody who is signed in, as a user that is made for him."""
    user = await users.create(scene.database, name or role, role)

    assert user is not None
    met = browser(scene)
    met.user = user
    met.client.cookies.set(COOKIE, await sessions.begin(scene.database, user_id=user.id), domain="localhost.local")
    return met


def play_console(
    folder: Path,
    scenario: Callable[[Scene, Visitor], Awaitable[None]],
    *,
    config: Config | None = None,
    **more: Any,
) -> None:
    """Play a scenario with an admin who is signed in; ``more`` is for ``play``."""

    async def played(scene: Scene) -> None:
        await scenario(scene, await visitor(scene, "admin"))

    play(folder, played, config=config, **more)


def _named(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
