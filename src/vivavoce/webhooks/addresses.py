"""
Where a webhook may lead: to the public internet, unless the operator allows more.

Otherwise whoever may register webhooks could have the server knock at what only the server can reach: its own other
ports, its neighbours, the metadata service of its cloud.
"""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from vivavoce.errors import Refused

__all__ = ["Endpoint", "checked_endpoint", "endpoint_of", "kind_of_private"]

_LONGEST_URL_CHARS = 2048
_URL = re.compile(r"https?://[!-~]+", re.IGNORECASE)
# Metadata services that hide behind an address that looks public, or private in another way than by its network:
# Azure's, Alibaba's, Oracle's, AWS's over IPv6. That of all others is link-local.
_METADATA = frozenset(map(ip_address, ("168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254")))
# The whole of public unicast (RFC 4291, 2.4), and the two prefixes that carry an IPv4 address.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_LOW_32_BITS = 0xFFFF_FFFF

# Host and port.
Endpoint = tuple[str, int]


def checked_endpoint(url: str) -> str:
    """
    The URL of a webhook.

    Raises:
        Refused: 400: no absolute ``http`` or ``https`` URL, too long, or with a password in it.
    """
    if len(url) > _LONGEST_URL_CHARS:
        raise Refused(400, f"endpoint: at most {_LONGEST_URL_CHARS} characters are possible")
    if not _URL.fullmatch(url):
        raise Refused(400, "endpoint: Expected an absolute http or https URL, in ASCII")
    try:
        parts = urlsplit(url)
        host = parts.hostname
        # Looked at because that is when it is checked.
        port = parts.port
    except ValueError as error:
        raise Refused(400, f"endpoint: Expected an absolute http or https URL: {error}") from error
    if not host or port == 0:
        raise Refused(400, "endpoint: Expected an absolute http or https URL with a host")
    if "@" in parts.netloc:
        raise Refused(400, "endpoint: a URL shows its password to whoever lists webhooks: send it in headers")
    if parts.fragment:
        raise Refused(400, "endpoint: what follows a # is never sent: leave it out")
    return url


def endpoint_of(url: str) -> Endpoint:
    """Host and port of a URL that has been checked."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme.lower() == "https" else 80)


def kind_of_private(address: str) -> str:
    """
    Why an address is not of the public internet, such as ``loopback``; empty where it is.

    An IPv4 address that is wrapped in an IPv6 one counts as itself.

    Args:
        address: As the system gives it; whatever is no address is not public.
    """
    try:
        found = _unwrapped(ip_address(address.partition("%")[0]))
    except ValueError:
        return "unknown"
    for kind, applies in (
        ("metadata", found in _METADATA),
        ("unspecified", found.is_unspecified),
        ("loopback", found.is_loopback),
        ("link-local", found.is_link_local),
        ("multicast", found.is_multicast),
        ("private", found.is_private),
        # Shared address space (RFC 6598), the broadcast address, and what nobody has been given yet.
        ("reserved", found.is_reserved or not found.is_global),
        ("reserved", isinstance(found, IPv6Address) and found not in _GLOBAL_UNICAST),
    ):
        if applies:
            return kind
    return ""


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    if address.teredo is not None:
        # The address behind the tunnel is the one that is reached.
        return address.teredo[1]
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address in _NAT64:
        inner = IPv4Address(int(address) & _LOW_32_BITS)
    return inner or address
