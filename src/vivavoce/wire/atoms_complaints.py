"""What a page's developer is told of a message that breaks the contract."""

import msgspec

from vivavoce.complaints import SOCKET, complaint
from vivavoce.wire.dialect import Broken

__all__ = ["explained", "invalid_event"]

# Enough for any sentence of ours.
_LONGEST_CHARS = 300


def invalid_event(message: str) -> Broken:
    """A message that the client is told of as ``invalid_event``."""
    return Broken("invalid_event", message[:_LONGEST_CHARS])


def explained(error: msgspec.ValidationError, *, within: str = "") -> str:
    """
    The sentence for a validation error, such as ``tools[0].name: Expected string, got number``.

    Args:
        error: What the decoder raised.
        within: The field in which the decoded part stands, such as ``tools``.
    """
    said = complaint(str(error), within=within, words=SOCKET)
    # JSON has one word for both, so what is wrong with a fraction would not be told.
    if "Expected number" in said:
        said = said.replace("got number", "got a fraction")
    return said[:_LONGEST_CHARS]
