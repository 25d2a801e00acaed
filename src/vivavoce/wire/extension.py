"""
The extension of the Atoms wire: what a client asks for on its connect URL.

Source: docs/wire-extension.md, "Ask for it" and "Opus".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from vivavoce.audio import opus
from vivavoce.errors import Refused
from vivavoce.wire.formats import OPUS_RATES_HZ, AudioFormat, AudioFormats

__all__ = ["VERSION", "Extension", "Frames", "extension_from_url", "with_opus"]

# How audio travels: as base64 in JSON, or as bytes behind a head.
Frames = Literal["json", "binary"]

# The version that we speak, and so the one that a client of a later version is answered with.
VERSION = 1

# A later version is one that can speak ours, so any number from 1 on will do.
_ANY_VERSION = re.compile(r"0*[1-9][0-9]*")
_LONGEST_QUOTE = 40


@dataclass(frozen=True, slots=True)
class Extension:
    """
    How a client speaks the extension.

    Args:
        frames: How its audio travels, both ways.
        opus: It can code and decode Opus.
    """

    frames: Frames = "json"
    opus: bool = False


def extension_from_url(query: Mapping[str, str]) -> Extension | None:
    """
    What a connect URL asks for; None where it asks for the plain wire. An empty value counts as absent.

    Raises:
        Refused: 400, naming the parameter, its value and what is supported.
    """
    version = query.get("ext", "")
    if not version:
        return None
    if not _ANY_VERSION.fullmatch(version):
        raise _unsupported("ext", _quoted(version), str(VERSION))
    frames: Frames
    match query.get("frames", ""):
        case "" | "json":
            frames = "json"
        case "binary":
            frames = "binary"
        case other:
            raise _unsupported("frames", f"'{_quoted(other)}'", "json, binary")
    asked = query.get("opus", "")
    if asked not in ("", "1"):
        raise _unsupported("opus", _quoted(asked), "1")
    if asked and frames != "binary":
        raise Refused(400, "opus=1 needs frames=binary; send both, or neither")
    return Extension(frames, bool(asked))


def with_opus(formats: AudioFormats, *, available: bool | None = None) -> AudioFormats:
    """
    The formats with Opus in place of PCM, in each direction at whose rate there is Opus.

    Args:
        formats: Those that the call would have had.
        available: Whether this machine can code and decode Opus; None asks it.
    """
    if not (opus.available() if available is None else available):
        return formats
    return AudioFormats(_in_opus(formats.input), _in_opus(formats.output))


def _in_opus(chosen: AudioFormat) -> AudioFormat:
    is_apt = chosen.encoding == "pcm" and chosen.rate_hz in OPUS_RATES_HZ
    return AudioFormat("opus", chosen.rate_hz) if is_apt else chosen


def _unsupported(parameter: str, value: str, supported: str) -> Refused:
    return Refused(400, f"Unsupported {parameter} {value}. Supported: {supported}")


def _quoted(text: str) -> str:
    return text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"
