"""
Which pages may talk to an agent: the names of hosts in ``widgetConfig.allowlist``.

A browser says in ``Origin`` where a page comes from, and a page cannot change that. A program can say anything: what
holds programs back are the limits (``embed_limits``).
"""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from urllib.parse import SplitResult

from vivavoce.errors import Refused
from vivavoce.server.origins import address

__all__ = ["OPAQUE", "check_origin", "is_listed"]

# What a browser sends for a page that has no origin, such as one in a sandboxed iframe or out of a file.
OPAQUE = "null"


def check_origin(headers: Mapping[str, str], allowlist: Sequence[str], *, reading: bool, public_url: str = "") -> None:
    """
    Let a page in, or say why not.

    Pages of this server itself may always.

    Args:
        headers: The request's, with names in lower case.
        allowlist: Of the agent, as its author wrote it; empty for all pages.
        reading: Whether it is a GET: with everything else browsers send ``Origin``, to a page's own server too.
        public_url: The setting.

    Raises:
        Refused: 403 with the code ``origin_missing`` or ``host_not_allowed``.
    """
    origin = headers.get("origin", "")
    if not origin:
        if reading and headers.get("sec-fetch-site") == "same-origin":
            return
        raise Refused(
            403,
            "The request names no Origin: only web pages may ask here; "
            "a back end asks POST /conversation/register-call with its key",
            code="origin_missing",
        )
    names = [name for name in (entry.strip() for entry in allowlist) if name]
    if not names:
        return
    if origin == OPAQUE:
        raise Refused(
            403,
            "This agent may not be embedded in a page without an origin: "
            "give the iframe allow-same-origin, or load the page from a server in place of a file",
            code="host_not_allowed",
        )
    page = address(origin)
    host = _host(page)
    if page.netloc.lower() in _own(headers.get("host", ""), public_url) or any(is_listed(host, name) for name in names):
        return
    raise Refused(
        403,
        f"This agent may not be embedded on {host or 'this page'}: "
        "add the host to the allowed hosts of its widget (widgetConfig.allowlist)",
        code="host_not_allowed",
    )


def is_listed(host: str, entry: str) -> bool:
    """
    Whether an entry of an allow-list names a host.

    Args:
        host: Of a page, in lower case and as browsers send it (in ASCII).
        entry: ``shop.example`` for that host alone, ``*.shop.example`` for all below it, ``*`` for all.
            The address of a page stands for its host; ports are ignored.
    """
    text = entry.strip().lower()
    if text == "*":
        return bool(host)
    below = text.startswith("*.")
    named = _host(address(text if "//" in text else f"//{text.removeprefix('*.')}"))
    if not named or not host:
        return False
    # An address has no names below it: ``*.0.0.1`` means nothing.
    return host.endswith(f".{named}") and not _is_address(host) if below else host == named


def _own(host: str, public_url: str) -> set[str]:
    """
    Where our own pages come from, with ports.

    Where it is known, only the public address counts, and names that nobody can point at us from elsewhere:
    a foreign page could reach us under a name of its own, which ``Host`` then says (DNS rebinding).
    """
    public = address(public_url).netloc.lower()
    asked = address(f"//{host}")
    name = asked.hostname or ""
    believed = not public or name == "localhost" or _is_address(name)
    return ({public} | ({asked.netloc.lower()} if believed else set())) - {""}


def _host(parts: SplitResult) -> str:
    """The name of a host as browsers send it: in ASCII, without a dot at its end."""
    name = (parts.hostname or "").removesuffix(".")
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
