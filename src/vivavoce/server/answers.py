"""
The envelopes of the API, and every error in one: never HTML, never a traceback.

Source: Atoms envelopes and status codes (wire-spec 2.0.2, 2.0.3).
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.datastructures import MutableScopeHeaders
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap, Message, Scope

from vivavoce import ids
from vivavoce.errors import Refused, StoreError

__all__ = ["ERROR_HANDLERS", "AnyRequest", "Envelope", "add_headers", "errors", "ok"]

_log = logging.getLogger(__name__)

Envelope = dict[str, object]
# Litestar's own parameters are of no use here: there is no user object, no login and no state.
AnyRequest = Request[Any, Any, Any]


def ok(data: object) -> Envelope:
    """The answer of a request that was done."""
    return {"status": True, "data": data}


def errors(status: int, *texts: str, headers: Mapping[str, str] | None = None) -> Response[Envelope]:
    """The answer of a request that was not."""
    return Response({"status": False, "errors": list(texts)}, status_code=status, headers=dict(headers or {}))


async def add_headers(message: Message, scope: Scope) -> None:
    """What every answer carries: a request id, and that it is neither to be guessed at nor, by default, kept."""
    if message["type"] == "http.response.start":
        message.setdefault("headers", [])
        headers = MutableScopeHeaders.from_message(message)
        headers["x-request-id"] = ids.session_id()
        headers["x-content-type-options"] = "nosniff"
        headers.setdefault("cache-control", "no-store")


def _refused(_: AnyRequest, error: Refused) -> Response[Envelope]:
    headers: dict[str, str] = {}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    if error.retry_after_s is not None:
        headers["retry-after"] = str(error.retry_after_s)
    return errors(error.status, error.message, headers=headers)


def _http_error(_: AnyRequest, error: HTTPException) -> Response[Envelope]:
    texts = [
        f"{entry['key']}: {entry['message']}"
        for entry in (error.extra if isinstance(error.extra, list) else [])
        if isinstance(entry, dict) and "key" in entry and "message" in entry
    ]
    return errors(error.status_code, *(texts or [error.detail]), headers=error.headers)


def _store_error(request: AnyRequest, error: StoreError) -> Response[Envelope]:
    _log.error("%s %s failed: %s", request.method, request.url.path, error)
    return errors(503, "Service Unavailable: the store cannot be used", headers={"retry-after": "1"})


def _bug(request: AnyRequest, error: Exception) -> Response[Envelope]:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return errors(500, "Internal Server Error")


ERROR_HANDLERS: ExceptionHandlersMap = {
    Refused: _refused,
    HTTPException: _http_error,
    StoreError: _store_error,
    Exception: _bug,
}
