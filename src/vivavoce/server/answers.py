"""
The envelopes of the API, and every error in one: never HTML, never a traceback.

Source: Atoms envelopes and status codes (wire-spec 2.0.2, 2.0.3).
"""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Generic, Literal, TypeVar

import msgspec
from litestar import Request, Response
from litestar.datastructures import MutableScopeHeaders
from litestar.exceptions import HTTPException
from litestar.openapi import ResponseSpec
from litestar.types import ExceptionHandlersMap, Message, Scope

from vivavoce import ids
from vivavoce.complaints import complaint
from vivavoce.errors import Refused, StoreError

__all__ = [
    "ERROR_HANDLERS",
    "MOST_BYTES",
    "AnyRequest",
    "Envelope",
    "Ok",
    "RefusalBody",
    "Success",
    "add_headers",
    "errors",
    "ok",
    "refusals",
]

_log = logging.getLogger(__name__)

# The longest body of a request; far more than any agent document needs.
MOST_BYTES = 1_000_000

T = TypeVar("T")

Envelope = dict[str, object]
# Litestar's own parameters are of no use here: there is no user object, no login and no state.
AnyRequest = Request[Any, Any, Any]


class Ok(msgspec.Struct, Generic[T], frozen=True):
    """The answer of a request that was done, as most routes give it."""

    data: T
    status: bool = True


class Success(msgspec.Struct, Generic[T], frozen=True):
    """The same as the routes of widgets, logs, analytics and concurrency give it."""

    data: T
    success: bool = True


class RefusalBody(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of a request that was not done: sentences that a person can act on, and a word for programs."""

    status: Literal[False] = False
    errors: tuple[str, ...]
    code: str | msgspec.UnsetType = msgspec.UNSET


def refusals(meanings: Mapping[int, str]) -> dict[int, ResponseSpec]:
    """
    What a route may refuse with beside the usual statuses, for its ``responses``: the description names them.

    The usual ones (``descriptions.openapi``) need not be declared.
    """
    return {
        status: ResponseSpec(RefusalBody, generate_examples=False, description=text)
        for status, text in meanings.items()
    }


def ok(data: object) -> Envelope:
    """The answer of a request that was done."""
    return {"status": True, "data": data}


def errors(status: int, *texts: str, code: str = "", headers: Mapping[str, str] | None = None) -> Response[RefusalBody]:
    """The answer of a request that was not; ``code`` stands in it where it is not empty."""
    body = RefusalBody(errors=texts, code=code or msgspec.UNSET)
    return Response(body, status_code=status, headers=dict(headers or {}))


async def add_headers(message: Message, scope: Scope) -> None:
    """What every answer carries: a request id, and that it is neither to be guessed at nor, by default, kept."""
    if message["type"] == "http.response.start":
        message.setdefault("headers", [])
        headers = MutableScopeHeaders.from_message(message)
        headers["x-request-id"] = ids.session_id()
        headers["x-content-type-options"] = "nosniff"
        headers.setdefault("cache-control", "no-store")


def _refused(_: AnyRequest, error: Refused) -> Response[RefusalBody]:
    headers: dict[str, str] = {}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    if error.retry_after_s is not None:
        headers["retry-after"] = str(error.retry_after_s)
    return errors(error.status, error.message, code=error.code, headers=headers)


def _http_error(request: AnyRequest, error: HTTPException) -> Response[RefusalBody]:
    texts = [
        _explained(str(entry["key"]), str(entry["message"]))
        for entry in (error.extra if isinstance(error.extra, list) else [])
        if isinstance(entry, dict) and "key" in entry and "message" in entry
    ]
    return errors(error.status_code, *(texts or [_in_a_sentence(request, error)]), headers=error.headers)


def _in_a_sentence(request: AnyRequest, error: HTTPException) -> str:
    """Litestar's own detail, except where it is only the status in words."""
    match error.status_code:
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return f"{request.method} is not possible here: /docs tells what is"
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return f"The body is too large: send at most {MOST_BYTES:,} bytes"
        case _:
            return error.detail


def _explained(key: str, message: str) -> str:
    """Litestar's finding in the words of the API; ``data`` is its name for the whole body."""
    if key != "data":
        return complaint(message, within=key)
    # Litestar's word for a body that is not there.
    return "The body is empty: send a JSON object" if message == "'data'" else complaint(message)


def _store_error(request: AnyRequest, error: StoreError) -> Response[RefusalBody]:
    _log.error("%s %s failed: %s", request.method, request.url.path, error)
    return errors(503, "Service Unavailable: the store cannot be used", headers={"retry-after": "1"})


def _bug(request: AnyRequest, error: Exception) -> Response[RefusalBody]:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return errors(500, "Internal Server Error")


ERROR_HANDLERS: ExceptionHandlersMap = {
    Refused: _refused,
    HTTPException: _http_error,
    StoreError: _store_error,
    Exception: _bug,
}
