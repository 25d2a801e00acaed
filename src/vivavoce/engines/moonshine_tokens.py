"""Moonshine's vocabulary: from token numbers to text."""

import re
from collections.abc import Iterable, Sequence

__all__ = ["read_tokens", "text_of"]

# SentencePiece writes a space as this sign.
_SPACE = "\u2581".encode()
# A byte that is no part of any longer token.
_BYTE = re.compile(rb"<0x([0-9A-Fa-f]{2})>")
# Start, end, unknown and other marks that are no text.
_MARK = re.compile(rb"<.*>", re.DOTALL)


def read_tokens(data: bytes) -> list[bytes]:
    """
    Read ``tokenizer.bin``: for each token its length and its bytes, in the order of their numbers.

    A length of 128 and more takes two bytes: the first less 128, plus 128 times the second.

    Raises:
        ValueError: The data ends within a token.
    """
    tokens = []
    at = 0
    while at < len(data):
        length = data[at]
        at += 1
        if length >= 128:
            if at == len(data):
                raise ValueError("the vocabulary ends within a length")
            length += 128 * data[at] - 128
            at += 1
        if at + length > len(data):
            raise ValueError("the vocabulary ends within a token")
        tokens.append(data[at : at + length])
        at += length
    return tokens


def text_of(ids: Iterable[int], tokens: Sequence[bytes]) -> str:
    """Join tokens to text without spaces at its ends. Numbers that the vocabulary does not have are left out."""
    return b"".join(_bytes_of(tokens[id]) for id in ids if id < len(tokens)).decode(errors="replace").strip()


def _bytes_of(token: bytes) -> bytes:
    if byte := _BYTE.fullmatch(token):
        return bytes.fromhex(byte[1].decode())
    if _MARK.fullmatch(token):
        return b""
    return token.replace(_SPACE, b" ")
