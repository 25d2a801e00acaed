"""
Who talks from a public page: told apart by their addresses, which are not kept.

A visitor is a digest of his address under this server's own secret, so that no table of all addresses finds it out.
"""

import hmac
import logging
import math
from collections import OrderedDict
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address

__all__ = ["RateLimit", "Visitors", "visitor_of"]

log = logging.getLogger(__name__)

# What a provider gives one customer, at least: RFC 6177 section 2.
_NETWORK_BITS = 64


def visitor_of(secret: bytes, address: str) -> str:
    """
    The visitor at an address: 32 hex digits.

    Addresses of IPv6 count by their networks of 64 bits, of which a single machine may use all.

    Args:
        secret: From ``signing.load_secret``.
        address: As the server or a trusted proxy saw it.
    """
    return hmac.digest(secret, f"visitor {_home(address)}".encode(), "sha256").hex()[:32]


class Visitors:
    """Knows who asks, and says once that a proxy hides it."""

    def __init__(self, secret: bytes, *, behind_proxy: bool) -> None:
        self._secret = secret
        # Whether some proxies are trusted, or the operator has been told that none is.
        self._settled = behind_proxy

    def of(self, peer: str, headers: Mapping[str, str]) -> str:
        """
        The visitor of a request.

        Args:
            peer: The address that the request came from, or that a trusted proxy named.
            headers: The request's, with names in lower case.
        """
        if not self._settled and "x-forwarded-for" in headers:
            self._settled = True
            log.warning(
                "requests of public pages come through a proxy, so that all visitors count as one: "
                "set VIVAVOCE_TRUSTED_PROXIES to its address"
            )
        return visitor_of(self._secret, peer)


class RateLimit:
    """How often each visitor may ask: so many times at once, and as often again within each minute."""

    def __init__(self, *, times_a_minute: int, most_visitors: int = 10_000) -> None:
        self._times = times_a_minute
        self._refill_s = 60 / times_a_minute
        # The least recently seen are forgotten beyond this number.
        self._most = most_visitors
        # Until when each visitor's requests are paid for, the least recently seen first.
        self._paid_until: OrderedDict[str, float] = OrderedDict()

    def wait_s(self, visitor: str, *, at_s: float) -> int:
        """
        Count a request: 0 where it may be served, else after how many whole seconds another may.

        Args:
            visitor: Who asks.
            at_s: Now, on a clock that never jumps.
        """
        paid_until = max(self._paid_until.get(visitor, at_s), at_s)
        # As theory: each request costs its share of a minute, and a visitor may be a minute in debt.
        debt_s = paid_until + self._refill_s - at_s
        served = debt_s <= 60 + 1e-6
        self._paid_until[visitor] = paid_until + self._refill_s if served else paid_until
        self._paid_until.move_to_end(visitor)
        if len(self._paid_until) > self._most:
            self._paid_until.popitem(last=False)
        return 0 if served else max(1, math.ceil(debt_s - 60))


def _home(address: str) -> str:
    """The address, or the network, that stands for a visitor; other text, such as a socket's name, as it is."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{int(parsed) >> (128 - _NETWORK_BITS):x}/{_NETWORK_BITS}"
