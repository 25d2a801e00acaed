"""
Who may open a voice socket, and on what terms.

The checks run in a fixed order and every refusal has its status and its words, which clients read:
the same sentence stands in the status line's reason phrase and in the JSON body.
Source: Atoms handshake (wire-spec 1.2 to 1.4, rule H1); Synthflow session (wire-spec 4.2).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Protocol

import msgspec

from vivavoce.errors import Refused
from vivavoce.server.identifiers import AGENT_ID
from vivavoce.store.tokens import ATOMS_PREFIX, SYNTHFLOW_PREFIX
from vivavoce.wire import atoms, formats, synthflow, variables
from vivavoce.wire.atoms import Mode
from vivavoce.wire.extension import Extension, extension_from_url, with_opus
from vivavoce.wire.formats import AudioFormats
from vivavoce.wire.variables import Value

__all__ = ["Admission", "ConnectRequest", "Door", "Grant", "KeyInfo", "admit", "admit_synthflow", "refusal"]

_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")
_LONGEST_REASON_CHARS = 200


@dataclass(frozen=True, slots=True)
class ConnectRequest:
    """What a client sends to open a socket; headers that are absent are empty."""

    query: Mapping[str, str]
    authorization: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A known API key. ``allowed`` is false where it may not hold conversations."""

    id: str
    allowed: bool


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token was minted for; the URL cannot change it."""

    agent_id: str
    mode: Mode = "webcall"
    formats: AudioFormats = field(default_factory=AudioFormats)
    variables: Mapping[str, Value] = field(default_factory=dict)
    # The only origin whose pages may use it, such as ``https://shop.example``; empty for any.
    origin: str = ""
    # Whose calls the limits of public pages count; empty where no public page asked.
    visitor: str = ""


class Door(Protocol):
    """What admission asks the server. The server answers from its store."""

    @property
    def draining(self) -> bool:
        """No new calls: the server is about to stop."""

    async def key(self, secret: str) -> KeyInfo | None:
        """The API key with this secret; None where it is unknown or revoked."""

    async def token(self, secret: str) -> Grant | None:
        """What a token grants; None where it is unknown, expired or used. Looking does not use it up."""

    async def redeem(self, secret: str) -> bool:
        """Use a token up, atomically; false where another connection was faster."""

    async def agent(self, agent_id: str) -> Mapping[str, object] | None:
        """The agent's document (wire-spec 2.3); None where it is unknown or archived."""

    def voice_rates_hz(self, agent: Mapping[str, object]) -> Collection[int]:
        """The rates that the agent's voice itself renders."""


@dataclass(frozen=True, slots=True)
class Admission:
    """A call may begin, on these terms."""

    agent: Mapping[str, object]
    mode: Mode
    formats: AudioFormats
    # As the page gave them, without the reserved names.
    variables: Mapping[str, Value]
    credential: KeyInfo | Grant
    # The name of the dialect that the client speaks, and how it speaks our extension of it, if it does.
    dialect: str = atoms.DIALECT.name
    extension: Extension | None = None

    @property
    def visitor(self) -> str:
        """Who calls from a public page; empty for others."""
        return self.credential.visitor if isinstance(self.credential, Grant) else ""

    @property
    def origin(self) -> str:
        """Of the page that the token was made for; empty where it may be any."""
        return self.credential.origin if isinstance(self.credential, Grant) else ""


async def admit(request: ConnectRequest, door: Door) -> Admission:
    """
    The terms on which a call may begin.

    A token is used up last, so a handshake that is refused leaves it as it was.

    Raises:
        Refused: 503, 401, 403 or 400 with the text for the reason phrase and the body.
    """
    _check_open(door)
    secret = _secret(request)
    if not secret:
        raise _no_credential()
    admission = await (_by_token if secret.startswith(ATOMS_PREFIX) else _by_key)(secret, request, door)
    if admission.extension is not None and admission.extension.opus:
        return replace(admission, formats=with_opus(admission.formats))
    return admission


async def admit_synthflow(request: ConnectRequest, door: Door) -> Admission:
    """
    The terms on which a call on the Synthflow wire may begin: those of its token, which is used up last.

    Neither a key nor a token of the other wire opens it.

    Raises:
        Refused: 503, 401 or 400.
    """
    _check_open(door)
    secret = request.query.get("token", "").strip()
    if not secret:
        raise _no_credential()
    grant = await door.token(secret) if secret.startswith(SYNTHFLOW_PREFIX) else None
    if grant is None:
        raise _unknown_credential()
    agent = await _agent(grant.agent_id, door)
    chosen = synthflow.formats_from_url(request.query)
    if not await door.redeem(secret):
        raise _unknown_credential()
    return Admission(agent, grant.mode, chosen, grant.variables, grant, synthflow.DIALECT.name)


def refusal(refused: Refused) -> bytes:
    """
    A refusal as a complete HTTP/1.1 response, after which the connection is to be closed.

    The reason phrase is the sentence in one line of printable ASCII, at most 200 characters long;
    an empty one becomes the standard phrase of the status.
    """
    reason = _UNPRINTABLE.sub("?", refused.message)[:_LONGEST_REASON_CHARS].strip()
    # A sentence may quote what a client sent, and that need not be encodable.
    sentence = refused.message.encode("utf-8", "replace").decode()
    code = {"code": refused.code} if refused.code else {}
    body = msgspec.json.encode({"status": False, "errors": [sentence], **code})
    lines = [
        f"HTTP/1.1 {refused.status} {reason or HTTPStatus(refused.status).phrase}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    if refused.retry_after_s is not None:
        lines.append(f"Retry-After: {refused.retry_after_s}")
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body


async def _by_token(secret: str, request: ConnectRequest, door: Door) -> Admission:
    # Agent, mode, rate and variables on the URL are ignored, for real clients send them along.
    grant = await door.token(secret)
    if grant is None:
        raise _unknown_credential()
    if grant.origin and grant.origin.lower() != request.origin.lower():
        raise Refused(403, "Forbidden")
    agent = await _agent(grant.agent_id, door)
    # The format tokens are checked all the same, although the grant's formats hold.
    formats.from_url(request.query, voice_rates_hz=door.voice_rates_hz(agent), with_rate=False)
    extension = extension_from_url(request.query)
    if not await door.redeem(secret):
        raise _unknown_credential()
    return Admission(agent, grant.mode, grant.formats, grant.variables, grant, extension=extension)


async def _by_key(secret: str, request: ConnectRequest, door: Door) -> Admission:
    key = await door.key(secret)
    if key is None:
        raise _unknown_credential()
    if not key.allowed:
        raise Refused(403, "Forbidden")
    mode = _mode(request.query.get("mode", ""))
    agent_id = request.query.get("agent_id", "")
    if not AGENT_ID.fullmatch(agent_id):
        raise Refused(400, "Invalid agent id")
    agent = await _agent(agent_id, door)
    chosen = formats.from_url(request.query, voice_rates_hz=door.voice_rates_hz(agent))
    supplied = variables.parse(request.query.get("variables", ""))
    return Admission(agent, mode, chosen, supplied, key, extension=extension_from_url(request.query))


async def _agent(agent_id: str, door: Door) -> Mapping[str, object]:
    agent = await door.agent(agent_id)
    if agent is None:
        raise Refused(401, "Agent not found")
    return agent


def _check_open(door: Door) -> None:
    if door.draining:
        raise Refused(503, "Service Unavailable", retry_after_s=1)


def _secret(request: ConnectRequest) -> str:
    # Where a client sends both, the query counts.
    if token := request.query.get("token", "").strip():
        return token
    scheme, _, value = request.authorization.strip().partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def _mode(asked: str) -> Mode:
    match asked:
        case "" | "webcall":
            return "webcall"
        case "chat":
            return "chat"
        case _:
            raise Refused(400, "Invalid mode")


def _no_credential() -> Refused:
    return Refused(401, "Unauthorized: missing token")


def _unknown_credential() -> Refused:
    return Refused(401, "Unauthorized: invalid or expired token")
