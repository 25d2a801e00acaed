"""The only file with randomness: identifiers, keys and tokens (formats of wire-spec 2.0.4)."""

import hashlib
import secrets
import uuid

from vivavoce.clock import unix_ms

__all__ = [
    "access_token",
    "agent_id",
    "api_key",
    "call_id",
    "digest",
    "fraction",
    "resume_token",
    "session_id",
    "sign_in_secret",
    "webhook_id",
    "webhook_secret",
]


def agent_id() -> str:
    """24 lower-case hex digits."""
    return secrets.token_hex(12)


def call_id() -> str:
    """``CALL-<13 digits>-<6 hex digits>``; the digits are the time in milliseconds."""
    return f"CALL-{unix_ms():013d}-{secrets.token_hex(3)}"


def session_id() -> str:
    """A random UUID."""
    return str(uuid.uuid4())


def api_key() -> str:
    """A new secret key, ``sk_…``; only its ``digest`` is ever stored."""
    return "sk_" + secrets.token_hex(24)


def access_token(prefix: str = "wct_") -> str:
    """A new single-use token; its prefix says on which wire it is good."""
    return f"{prefix}{uuid.uuid4()}"


def resume_token() -> str:
    """What opens a call again that has lost its socket, ``vrt_…``: 256 random bits; never stored."""
    return "vrt_" + secrets.token_urlsafe(32)


def sign_in_secret() -> str:
    """What a browser or a one-time link shows: 256 random bits, fit for a URL; only its ``digest`` is ever stored."""
    return secrets.token_urlsafe(32)


def webhook_id() -> str:
    """24 lower-case hex digits, for a webhook, a subscription or a delivery."""
    return secrets.token_hex(12)


def webhook_secret() -> str:
    """What a webhook's deliveries are signed with, as text: 64 hex digits."""
    return secrets.token_hex(32)


def fraction() -> float:
    """A number from 0 up to 1, for what must not happen everywhere at the same time."""
    return secrets.randbelow(1 << 32) / (1 << 32)


def digest(secret: str) -> str:
    """
    The stored form of a key or token.

    A plain SHA-256 is enough: the secret itself has 128 and more random bits, so there is nothing to guess.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
