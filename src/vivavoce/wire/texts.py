"""Texts from outside: how long they are on the wire, and what of them can be kept."""

__all__ = ["is_longer", "storable"]


def is_longer(text: str, most_bytes: int) -> bool:
    """Whether a text takes more bytes than this in UTF-8."""
    # A character takes at most four bytes, so nearly all texts need not be counted.
    return len(text) * 4 > most_bytes and len(text.encode()) > most_bytes


def storable(text: str) -> str:
    """The text without zero characters: PostgreSQL refuses them."""
    return text.replace("\0", "")
