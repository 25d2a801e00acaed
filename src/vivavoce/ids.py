"""The only file with randomness: identifiers, keys and tokens (formats of wire-spec 2.0.4)."""

import hashlib
import secrets
import uuid

from vivavoce.clock import unix_ms

__all__ = ["access_token", "agent_id", "api_key", "call_id", "digest", "session_id"]


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


def access_token() -> str:
    """A new single-use token, ``wct_…``."""
    return f"wct_{uuid.uuid4()}"


def digest(secret: str) -> str:
    """
    The stored form of a key or token.

    A plain SHA-256 is enough: the secret itself has 128 and more random bits, so there is nothing to guess.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
