"""Where a call is opened, and what a server means that refuses it."""

from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from picows import WSHandshakeError

from vivavoce.errors import Refused

__all__ = ["call_address", "refused", "resume_address"]

# The documented path, appended where the given URL has none.
_PATH = "/atoms/v1/agent/connect"


def call_address(url: str, query: Mapping[str, str]) -> str:
    """
    The address of a new call; empty values are left out.

    Raises:
        ValueError: The URL is no address of a server.
    """
    parts = urlsplit(url if "://" in url else f"http://{url}")
    scheme = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise ValueError(f"{url} is no address of a server; write something like http://localhost:8600")
    path = parts.path.rstrip("/")
    if not path.endswith("/agent/connect"):
        path = path.removesuffix("/atoms/v1") + _PATH
    given = dict(parse_qsl(parts.query)) | {name: value for name, value in query.items() if value}
    return SplitResult(scheme, parts.netloc, path, urlencode(given), "").geturl()


def resume_address(address: str, *, token: str, last_seq: int, input_seq: int) -> str:
    """Where a call is taken up again that was opened at ``address``; nothing but its token is needed."""
    query = urlencode({"resume": token, "last_seq": last_seq, "input_seq": input_seq, "ext": 1})
    return urlsplit(address)._replace(query=query).geturl()


def refused(error: WSHandshakeError) -> Refused | ConnectionError:
    """What a handshake that failed means: a status with its reason, or no HTTP at all."""
    if error.response is None or not error.raw_header:
        return ConnectionError(str(error))
    status_line = bytes(error.raw_header).split(b"\r\n", 1)[0].decode("ascii", "replace")
    reason = status_line.split(" ", 2)[2:]
    status = int(error.response.status)
    retry_after = error.response.headers.get("Retry-After", "")
    return Refused(
        status,
        reason[0] if reason else "",
        retry_after_s=int(retry_after) if retry_after.isdigit() else None,
    )
