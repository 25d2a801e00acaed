"""Whose pages and which names are our own: against foreign pages, and names that were pointed at this machine."""

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

__all__ = ["LOCAL_NAMES", "address", "foreign_name", "foreign_page", "is_loopback"]

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
# Values of ``Sec-Fetch-Site`` that no foreign page can cause.
_OWN_SITES = frozenset({"same-origin", "none"})


def address(url: str) -> SplitResult:
    """An address in its parts; all are empty where it is none, such as ``http://[``."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def is_loopback(host: str) -> bool:
    """Whether an address, or the name localhost, means this machine alone."""
    if host == "localhost":
        return True
    try:
        parsed = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    return (mapped or parsed).is_loopback


def foreign_name(headers: Mapping[str, str], *, public_url: str = "") -> bool:
    """
    Whether ``Host`` names neither this machine nor the host of ``public_url``.

    On a server that listens on loopback alone such a name is a foreign page's that was pointed here (DNS rebinding).

    Args:
        headers: The request's, with names in lower case.
        public_url: The setting; its host counts as our own.
    """
    return _host_name(f"//{headers.get('host', '')}") not in {*LOCAL_NAMES, _host_name(public_url)} - {""}


def foreign_page(headers: Mapping[str, str], *, public_url: str = "") -> bool:
    """
    Whether a browser says that the page of another origin caused this request.

    What says nothing is no browser's: they name the origin with every request that changes something.

    Args:
        headers: The request's, with names in lower case.
        public_url: The setting; its host counts as our own, as a proxy may rewrite ``Host``.
    """
    own = {address(f"//{headers.get('host', '')}").netloc.lower(), address(public_url).netloc.lower()} - {""}
    origin = headers.get("origin")
    if origin is not None and address(origin).netloc.lower() not in own:
        return True
    return headers.get("sec-fetch-site", "none") not in _OWN_SITES


def _host_name(url: str) -> str:
    try:
        return (address(url).hostname or "").lower()
    except ValueError:
        return ""
