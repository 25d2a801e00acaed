"""What a socket is, for its description: where it is, who may open it, and which messages go each way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Channel", "Message", "Refusal", "message_of"]


@dataclass(frozen=True, slots=True)
class Message:
    """
    One kind of message.

    Attributes:
        name: Its word on the wire, or for sound a name of ours.
        payload: The msgspec type of a JSON message; None for bytes.
        finer: JSON Schema that is laid over the payload's, for what the type cannot say.
        sound: What the bytes are, where they are no JSON.
        summary: One sentence; a type's own docstring where it is empty.
    """

    name: str
    payload: Any = None
    finer: Mapping[str, Any] = field(default_factory=dict)
    sound: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a handshake may be answered with in place of 101."""

    status: int
    text: str
    when: str


@dataclass(frozen=True, slots=True)
class Channel:
    """
    One of the sockets.

    Attributes:
        name: Its key in the description.
        path: Behind each of the prefixes.
        prefixes: Where the path is served.
        types_prefix: Before the names of its types, which another socket may have too.
        query: JSON Schema of the URL's parameters.
        security: Names of the schemes of which one is needed.
        receives: What the server takes.
        sends: What the server sends.
        refusals: How a handshake may fail.
        close_codes: Codes with which the server closes, and what each means.
        error_codes: What ``code`` of an error message may be, and what each means.
    """

    name: str
    title: str
    description: str
    path: str
    prefixes: tuple[str, ...]
    query: Mapping[str, Any]
    security: tuple[str, ...]
    receives: tuple[Message, ...]
    sends: tuple[Message, ...]
    types_prefix: str = ""
    refusals: tuple[Refusal, ...] = ()
    close_codes: Mapping[int, str] = field(default_factory=dict)
    error_codes: Mapping[str, str] = field(default_factory=dict)

    def key(self, message: Message) -> str:
        """The name of a message in the description; no other socket has it."""
        return self.types_prefix + (message.name if message.payload is None else str(message.payload.__name__))


def message_of(payload: Any, finer: Mapping[str, Any] | None = None) -> Message:
    """The message that a tagged struct describes."""
    return Message(str(payload.__struct_config__.tag), payload, finer or {})
