"""Links that carry their own permission: signed, for one file, for a while."""

import hmac
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from vivavoce import ids
from vivavoce.clock import unix_ms
from vivavoce.errors import StoreError

__all__ = ["LINK_LIFETIME_S", "load_secret", "signature_holds", "signed_query"]

LINK_LIFETIME_S = 3600


def load_secret(folder: Path) -> bytes:
    """
    The server's own secret, made at its first start in a file that only its user can read.

    Raises:
        StoreError: The data folder cannot be used.
    """
    path = folder / "link-secret"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(descriptor, "w") as file:
                # Any fresh secret will do; this is the form that the project makes them in.
                file.write(ids.api_key())
        secret = path.read_bytes()
    except OSError as error:
        raise StoreError(f"the file {path} cannot be used: {error.strerror}") from error
    if not secret:
        raise StoreError(f"the file {path} is empty: delete it, and a new one is made")
    return secret


def signed_query(secret: bytes, subject: Mapping[str, str], *, lifetime_s: int = LINK_LIFETIME_S) -> dict[str, str]:
    """``expires`` and ``signature`` for a link to ``subject``, such as a call and its channels."""
    expires = str(unix_ms() // 1000 + lifetime_s)
    return {"expires": expires, "signature": _signature(secret, subject, expires)}


def signature_holds(secret: bytes, subject: Mapping[str, str], *, expires: str, signature: str) -> bool:
    """Whether a link to ``subject`` was signed by this server and has not expired."""
    expected = _signature(secret, subject, expires)
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        return False
    # Signed by us, so it is a number.
    return int(expires) > unix_ms() // 1000


def _signature(secret: bytes, subject: Mapping[str, str], expires: str) -> str:
    # URL encoding keeps fields apart: no two subjects give the same message.
    message = urlencode([*sorted(subject.items()), ("expires", expires)])
    # In one step: a list of calls has hundreds of links.
    return hmac.digest(secret, message.encode(), "sha256").hex()
