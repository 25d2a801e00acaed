"""
Where the descriptions are read: ``/docs`` and ``/docs/sockets`` for people, the documents behind them for programs.

Each is made when it is first asked for, in a thread, because that takes longer than a live call may wait.
"""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

import msgspec
from litestar import HttpMethod, Response, route
from litestar.di import NamedDependency

from vivavoce.server.answers import AnyRequest
from vivavoce.server.descriptions.asyncapi_page import asyncapi_page
from vivavoce.server.descriptions.openapi_page import openapi_page
from vivavoce.server.descriptions.page_frame import POLICY

__all__ = ["HANDLERS", "Descriptions"]

Document = dict[str, Any]

_GET_AND_HEAD = (HttpMethod.GET, HttpMethod.HEAD)
_OPENAPI, _ASYNCAPI, _OPENAPI_PAGE, _ASYNCAPI_PAGE = "openapi.json", "asyncapi.json", "index.html", "sockets.html"


class Descriptions:
    """
    The two documents and their pages, each made once.

    Args:
        openapi: Makes the description of the routes.
        asyncapi: Makes the description of the sockets.
    """

    def __init__(self, openapi: Callable[[], Document], asyncapi: Callable[[], Document]) -> None:
        self._openapi = openapi
        self._asyncapi = asyncapi
        # The files that have been made, by name.
        self._made: dict[str, bytes] = {}
        # One at a time: several readers of a new server would all make the same.
        self._making = asyncio.Lock()

    async def file(self, name: str) -> bytes:
        """The bytes of one of the four files."""
        async with self._making:
            if name not in self._made:
                self._made |= await asyncio.to_thread(self._make, name)
        return self._made[name]

    def _make(self, name: str) -> dict[str, bytes]:
        """A document and its page come together."""
        if name in (_OPENAPI, _OPENAPI_PAGE):
            document = self._openapi()
            return {_OPENAPI: msgspec.json.encode(document), _OPENAPI_PAGE: openapi_page(document)}
        document = self._asyncapi()
        return {_ASYNCAPI: msgspec.json.encode(document), _ASYNCAPI_PAGE: asyncapi_page(document)}


@route("/docs", http_method=_GET_AND_HEAD, include_in_schema=False)
async def openapi_for_people(request: AnyRequest, descriptions: NamedDependency[Descriptions]) -> Response[bytes]:
    """The routes, as a page."""
    return _answer(request, await descriptions.file(_OPENAPI_PAGE), "text/html")


@route("/docs/openapi.json", http_method=_GET_AND_HEAD, include_in_schema=False)
async def openapi_for_programs(request: AnyRequest, descriptions: NamedDependency[Descriptions]) -> Response[bytes]:
    """The routes, in OpenAPI."""
    return _answer(request, await descriptions.file(_OPENAPI), "application/json")


@route("/docs/sockets", http_method=_GET_AND_HEAD, include_in_schema=False)
async def asyncapi_for_people(request: AnyRequest, descriptions: NamedDependency[Descriptions]) -> Response[bytes]:
    """The sockets, as a page."""
    return _answer(request, await descriptions.file(_ASYNCAPI_PAGE), "text/html")


@route("/docs/asyncapi.json", http_method=_GET_AND_HEAD, include_in_schema=False)
async def asyncapi_for_programs(request: AnyRequest, descriptions: NamedDependency[Descriptions]) -> Response[bytes]:
    """The sockets, in AsyncAPI."""
    return _answer(request, await descriptions.file(_ASYNCAPI), "application/json")


def _answer(request: AnyRequest, content: bytes, media_type: str) -> Response[bytes]:
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    # Always asked for again: another version of the server may describe itself differently.
    headers = {"etag": etag, "cache-control": "no-cache"}
    if media_type == "text/html":
        headers["content-security-policy"] = POLICY
    else:
        # Tools in a browser, on whatever page, may read what holds no secret.
        headers["access-control-allow-origin"] = "*"
    if etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=media_type)


HANDLERS = (openapi_for_people, openapi_for_programs, asyncapi_for_people, asyncapi_for_programs)
