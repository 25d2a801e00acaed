"""Errors under ``/console``, in the looks of the console; elsewhere they are answered as the API does."""

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

from litestar import Response
from litestar.exceptions import HTTPException
from litestar.response.redirect import Redirect
from litestar.types import ExceptionHandlersMap

from vivavoce.errors import Refused, StoreError
from vivavoce.server.answers import AnyRequest
from vivavoce.server.console.rendering import PAGE_HEADERS, render, wants_part

__all__ = ["SIGN_IN", "local_path", "with_pages"]

log = logging.getLogger(__name__)

SIGN_IN = "/console/sign-in"
_ROOT = "/console"
_TITLES: Mapping[int, str] = {
    400: "That could not be read",
    403: "Not allowed",
    404: "There is no such page",
    405: "There is no such page",
    409: "That does not fit",
    413: "Too large",
    429: "Slow down",
    500: "Something went wrong",
    503: "Busy",
}
_SAID: Mapping[int, str] = {
    404: "It may have been removed, or the address has a slip of the pen.",
    405: "This address takes forms only: go back and use the button.",
    413: "What you sent is larger than this page takes.",
    500: "The server's log says more. Try again; if it stays, tell whoever runs this server.",
    503: "The store cannot be used just now. Try again in a moment.",
}

# Litestar's handlers take an error of any kind.
Handler = Callable[[AnyRequest, Any], Response[Any]]


def local_path(text: str) -> str:
    """Where somebody wanted to go, if it is a page of the console; else the first page."""
    parts = urlsplit(text) if text.isprintable() and "\\" not in text else urlsplit("")
    within = parts.path == _ROOT or parts.path.startswith(f"{_ROOT}/")
    if parts.scheme or parts.netloc or not within or parts.path.startswith((SIGN_IN, f"{_ROOT}/sign-out")):
        return _ROOT
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def with_pages(handlers: ExceptionHandlersMap) -> ExceptionHandlersMap:
    """The same handlers, but with pages for whoever is in the console."""
    return {kind: _by_place(handler) for kind, handler in handlers.items()}


def _by_place(otherwise: Any) -> Handler:
    def handler(request: AnyRequest, error: Exception) -> Response[Any]:
        path = request.url.path
        if path != _ROOT and not path.startswith(f"{_ROOT}/"):
            answer: Response[Any] = otherwise(request, error)
            return answer
        return _page(request, error)

    return handler


def _page(request: AnyRequest, error: Exception) -> Response[Any]:
    headers: dict[str, str] = {}
    match error:
        case Refused(status=401):
            return _to_sign_in(request)
        case Refused():
            status, text = error.status, error.message
            if error.retry_after_s is not None:
                headers["retry-after"] = str(error.retry_after_s)
            if status == HTTPStatus.NOT_FOUND and text == "Not found":
                text = _SAID[404]
        case HTTPException():
            status, text = error.status_code, _SAID.get(error.status_code, error.detail)
        case StoreError():
            log.error("%s %s failed: %s", request.method, _loggable(request), error)
            status, text = 503, _SAID[503]
            headers["retry-after"] = "1"
        case _:
            log.error("%s %s failed", request.method, _loggable(request), exc_info=error)
            status, text = 500, _SAID[500]
    answer = render(
        request, "trouble.html", block="said", status=status, title=_TITLES.get(status, "That did not work"), text=text
    )
    answer.headers.update(headers)
    return answer


def _loggable(request: AnyRequest) -> str:
    """The path, without the secret of a link."""
    path = request.url.path
    return f"{SIGN_IN}/…" if path.startswith(f"{SIGN_IN}/") else path


def _to_sign_in(request: AnyRequest) -> Response[Any]:
    """To the page for signing in, and from there back to where he was."""
    asks_part = wants_part(request)
    wanted = request.headers.get("hx-current-url", "") if asks_part else str(request.url)
    if request.method != "GET" and not asks_part:
        wanted = ""
    address = urlsplit(wanted)
    back = local_path(f"{address.path}?{address.query}" if address.query else address.path)
    target = SIGN_IN if back == _ROOT else f"{SIGN_IN}?{urlencode({'next': back})}"
    if asks_part:
        return Response("", status_code=401, headers={**PAGE_HEADERS, "hx-redirect": target}, media_type="text/html")
    return Redirect(target, status_code=303, headers=dict(PAGE_HEADERS))
