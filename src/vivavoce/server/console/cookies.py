"""The two cookies of the console: the session, and what the next page is to say once."""

from urllib.parse import quote, unquote

from litestar.datastructures import Cookie

from vivavoce.server.answers import AnyRequest
from vivavoce.server.console.person import COOKIE, visit_of
from vivavoce.store.sessions import LIMIT

__all__ = ["NOTICE_COOKIE", "ended_session", "notice", "notice_in", "said", "session_cookie"]

NOTICE_COOKIE = "vivavoce_notice"
_NOTICE_LIFETIME_S = 60
# More than any sentence has; cookies are short.
_LONGEST_NOTICE = 500


def session_cookie(request: AnyRequest, secret: str) -> Cookie:
    """The cookie that signs a browser in: never read by scripts, never sent along by other pages."""
    return _cookie(request, COOKIE, secret, path="/", lifetime_s=int(LIMIT.total_seconds()))


def ended_session(request: AnyRequest) -> Cookie:
    """The cookie that takes the session away from a browser."""
    return _cookie(request, COOKIE, "", path="/", lifetime_s=0)


def notice(request: AnyRequest, text: str, *, kind: str = "done") -> Cookie:
    """A sentence for the next page; never a secret."""
    value = quote(f"{kind}:{text[:_LONGEST_NOTICE]}", safe="")
    return _cookie(request, NOTICE_COOKIE, value, path="/console", lifetime_s=_NOTICE_LIFETIME_S)


def said(request: AnyRequest) -> Cookie:
    """The cookie that takes the sentence away again."""
    return _cookie(request, NOTICE_COOKIE, "", path="/console", lifetime_s=0)


def notice_in(request: AnyRequest) -> tuple[str, str] | None:
    """Kind (``done`` or ``problem``) and text of the sentence that this page is to say."""
    kind, colon, text = unquote(request.cookies.get(NOTICE_COOKIE, "")).partition(":")
    return (kind if kind in ("done", "problem") else "done", text) if colon and text else None


def _cookie(request: AnyRequest, name: str, value: str, *, path: str, lifetime_s: int) -> Cookie:
    return Cookie(
        key=name,
        value=value,
        path=path,
        max_age=lifetime_s,
        httponly=True,
        samesite="lax",
        secure=visit_of(request).secure,
    )
