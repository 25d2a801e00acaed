"""
Audio formats of a call: the tokens, and which of them a request has asked for.

A token is ``<encoding>_<rate>``, such as ``pcm_24000`` (16-bit little-endian mono) or ``mulaw_8000``.
The connect URL and the register-call route ask for formats by the same words,
but settle a contradiction differently and refuse in different sentences.
Source: Atoms audio formats (wire-spec 1.3, 1.9, 2.1; decisions C9 to C12).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from vivavoce.audio import opus
from vivavoce.errors import Refused

__all__ = [
    "DEFAULT",
    "OPUS_RATES_HZ",
    "SAMPLE_RATES_HZ",
    "AudioFormat",
    "AudioFormats",
    "Encoding",
    "from_registration",
    "from_url",
    "input_tokens",
    "output_tokens",
]

Encoding = Literal["pcm", "mulaw", "alaw", "opus"]

# What ``sample_rate`` may say, and what every voice is rendered at.
SAMPLE_RATES_HZ: tuple[int, ...] = (8000, 16000, 24000)
_PCM_INPUT_RATES_HZ = (8000, 16000, 22050, 24000, 44100, 48000)
# What Opus can be asked for at.
OPUS_RATES_HZ: tuple[int, ...] = (8000, 16000, 24000, 48000)
# Rendered only where the agent's voice is made for it.
_FINE_OUTPUT_RATE_HZ = 44100
# How much of a token that we refuse is quoted back.
_LONGEST_QUOTE = 40


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """One direction of a call: how its samples are coded and how many there are in a second."""

    encoding: Encoding
    rate_hz: int

    @property
    def token(self) -> str:
        """The word for it on the wire, such as ``pcm_24000``."""
        return f"{self.encoding}_{self.rate_hz}"


DEFAULT = AudioFormat("pcm", 24000)


@dataclass(frozen=True, slots=True)
class AudioFormats:
    """
    Both directions of a call: ``input`` is the visitor's audio, ``output`` the agent's.

    The latter is PCM wherever a request asks for it by a token; only the extension of the wire makes it Opus.
    """

    input: AudioFormat = DEFAULT
    output: AudioFormat = DEFAULT


def input_tokens(*, with_opus: bool | None = None) -> tuple[str, ...]:
    """
    The tokens accepted for the visitor's audio.

    Args:
        with_opus: Whether Opus can be decoded; None asks this machine.
    """
    return tuple(_inputs(with_opus=with_opus))


def output_tokens(voice_rates_hz: Collection[int] = ()) -> tuple[str, ...]:
    """
    The tokens accepted for the agent's audio.

    Args:
        voice_rates_hz: The rates that the agent's voice itself renders; 44100 is offered only if it is among them.
    """
    return tuple(_outputs(voice_rates_hz))


def from_url(
    query: Mapping[str, str],
    *,
    voice_rates_hz: Collection[int] = (),
    with_rate: bool = True,
    with_opus: bool | None = None,
) -> AudioFormats:
    """
    The formats that a connect URL asks for.

    A token settles its own direction; ``sample_rate`` settles the directions that have none.

    Args:
        query: The URL's parameters; an empty value counts as absent.
        voice_rates_hz: The rates that the agent's voice itself renders.
        with_rate: False where ``sample_rate`` is to be ignored, as it is beside a ``wct_`` token.
        with_opus: Whether Opus can be decoded; None asks this machine.

    Raises:
        Refused: 400, naming the parameter, its value and what is supported.
    """
    inputs, outputs = _inputs(with_opus=with_opus), _outputs(voice_rates_hz)
    input_token, output_token = query.get("input_audio_format", ""), query.get("output_audio_format", "")
    if input_token and input_token not in inputs:
        raise _unsupported("input_audio_format", f"'{_quoted(input_token)}'", inputs)
    if output_token and output_token not in outputs:
        raise _unsupported("output_audio_format", f"'{_quoted(output_token)}'", outputs)
    rate_hz = DEFAULT.rate_hz
    if with_rate and (asked := query.get("sample_rate", "")):
        if asked not in _RATE_WORDS:
            raise _unsupported("sample_rate", _quoted(asked), _RATE_WORDS)
        rate_hz = int(asked)
    default = AudioFormat("pcm", rate_hz)
    return AudioFormats(inputs.get(input_token, default), outputs.get(output_token, default))


def from_registration(
    body: Mapping[str, object],
    *,
    voice_rates_hz: Collection[int] = (),
    with_opus: bool | None = None,
) -> AudioFormats:
    """
    The formats that the body of a register-call request asks for.

    ``sample_rate`` alone sets both directions; it must agree with an ``output_audio_format`` beside it.

    Args:
        body: The request's JSON object; null counts as absent.
        voice_rates_hz: The rates that the agent's voice itself renders.
        with_opus: Whether Opus can be decoded; None asks this machine.

    Raises:
        Refused: 400, naming the field, its value and what is supported.
    """
    inputs, outputs = _inputs(with_opus=with_opus), _outputs(voice_rates_hz)
    input_token, output_token = _word(body, "input_audio_format"), _word(body, "output_audio_format")
    if input_token is not None and input_token not in inputs:
        raise Refused(400, _not_supported("input_audio_format", input_token, "is not supported", inputs))
    if output_token is not None and output_token not in outputs:
        complaint = "is not supported by this agent's voice"
        raise Refused(400, _not_supported("output_audio_format", output_token, complaint, outputs))
    default = DEFAULT
    if (rate := body.get("sample_rate")) is not None:
        # A JSON boolean is an integer in Python, but no rate.
        if not isinstance(rate, int) or isinstance(rate, bool):
            raise Refused(400, f"sample_rate: Expected integer, received {_json_type(rate)}")
        rates_hz = {chosen.rate_hz for chosen in outputs.values()}
        if rate not in rates_hz:
            supported = ", ".join(map(str, sorted(rates_hz)))
            raise Refused(400, f"sample_rate {_quoted(str(rate))} is not supported. Supported: {supported}")
        if output_token is not None and outputs[output_token].rate_hz != rate:
            raise Refused(400, f"sample_rate {rate} and output_audio_format '{output_token}' disagree; send one")
        default = AudioFormat("pcm", rate)
    return AudioFormats(
        default if input_token is None else inputs[input_token],
        default if output_token is None else outputs[output_token],
    )


_RATE_WORDS = tuple(map(str, SAMPLE_RATES_HZ))


def _inputs(*, with_opus: bool | None) -> dict[str, AudioFormat]:
    formats = [AudioFormat("pcm", rate_hz) for rate_hz in _PCM_INPUT_RATES_HZ]
    formats += [AudioFormat("mulaw", 8000), AudioFormat("alaw", 8000)]
    if opus.available() if with_opus is None else with_opus:
        formats += [AudioFormat("opus", rate_hz) for rate_hz in OPUS_RATES_HZ]
    return {chosen.token: chosen for chosen in formats}


def _outputs(voice_rates_hz: Collection[int]) -> dict[str, AudioFormat]:
    fine_rates_hz = (_FINE_OUTPUT_RATE_HZ,) if _FINE_OUTPUT_RATE_HZ in voice_rates_hz else ()
    formats = [AudioFormat("pcm", rate_hz) for rate_hz in SAMPLE_RATES_HZ + fine_rates_hz]
    return {chosen.token: chosen for chosen in formats}


def _unsupported(parameter: str, value: str, supported: Collection[str]) -> Refused:
    return Refused(400, f"Unsupported {parameter} {value}. Supported: {', '.join(supported)}")


def _not_supported(field: str, token: str, complaint: str, supported: Collection[str]) -> str:
    return f"{field} '{_quoted(token)}' {complaint}. Supported: {', '.join(supported)}"


def _word(body: Mapping[str, object], field: str) -> str | None:
    value = body.get(field)
    if value is None or isinstance(value, str):
        return value
    raise Refused(400, f"{field}: Expected string, received {_json_type(value)}")


def _json_type(value: object) -> str:
    match value:
        case bool():
            return "boolean"
        case int():
            return "number"
        case float():
            return "float"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _quoted(text: str) -> str:
    return text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"
