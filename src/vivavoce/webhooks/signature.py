"""
The headers of a delivery, its signature among them.

Source: Atoms webhooks (wire-spec 2.10); the headers that begin with ``X-Vivavoce`` are our own.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping

from vivavoce.errors import Refused

__all__ = ["ATTEMPT_HEADER", "EVENT_ID_HEADER", "SIGNATURE_HEADER", "checked_headers", "delivery_headers", "signature"]

SIGNATURE_HEADER = "X-Signature"
# The delivery's id, the same at every attempt; the body has it too, under the signature.
EVENT_ID_HEADER = "X-Vivavoce-Event-Id"
# Counts from 1.
ATTEMPT_HEADER = "X-Vivavoce-Attempt"

_RESERVED = frozenset(
    {
        "x-signature",
        "host",
        "content-length",
        "content-type",
        "connection",
        "transfer-encoding",
        EVENT_ID_HEADER.lower(),
        ATTEMPT_HEADER.lower(),
    }
)
_MOST_HEADERS = 10
_LONGEST_VALUE_CHARS = 1024
_LONGEST_NAME_CHARS = 128
# Source: RFC 9110, 5.6.2 (token) and 5.5 (field values), without the obsolete characters.
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"(?:[!-~](?:[ \t!-~]*[!-~])?)?")


def signature(secret: str, body: bytes) -> str:
    """Lower-case hex of HMAC-SHA256: the key is the secret as text, the message the body as it is sent."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """
    Headers that an operator wants to be sent along.

    Raises:
        Refused: 400 for too many, for a reserved name, and for what is no header; values are not quoted.
    """
    if len(headers) > _MOST_HEADERS:
        raise Refused(400, f"headers: at most {_MOST_HEADERS} are possible")
    if len({name.lower() for name in headers}) < len(headers):
        raise Refused(400, "headers: names differ in more than upper and lower case")
    for name, value in headers.items():
        if len(name) > _LONGEST_NAME_CHARS or not _TOKEN.fullmatch(name):
            raise Refused(400, "headers: a name has letters, digits and hyphens only, and at most 128 of them")
        if name.lower() in _RESERVED:
            raise Refused(400, f"headers: {name} is reserved")
        if len(value) > _LONGEST_VALUE_CHARS:
            raise Refused(400, f"headers.{name}: at most {_LONGEST_VALUE_CHARS} characters are possible")
        if not _VALUE.fullmatch(value):
            raise Refused(400, f"headers.{name}: printable ASCII only, without spaces at its ends")
    return dict(headers)


def delivery_headers(
    own: Mapping[str, str], *, secret: str, body: bytes, delivery_id: str, attempt: int, sender: str
) -> dict[str, str]:
    """
    All headers of one attempt.

    Args:
        own: What the operator wants to be sent along; ours win.
        secret: Of the webhook.
        body: As it is sent.
        delivery_id: The same at every attempt.
        attempt: Counts from 1.
        sender: For ``User-Agent``, unless the operator has one of his own.
    """
    ours = {
        "Content-Type": "application/json",
        SIGNATURE_HEADER: signature(secret, body),
        EVENT_ID_HEADER: delivery_id,
        ATTEMPT_HEADER: str(attempt),
    }
    taken = {name.lower() for name in ours}
    kept = {name: value for name, value in own.items() if name.lower() not in taken}
    agent = {} if any(name.lower() == "user-agent" for name in kept) else {"User-Agent": sender}
    return {**agent, **kept, **ours}
