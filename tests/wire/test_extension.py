"""What a connect URL asks of the extension, and where Opus takes the place of PCM."""

from collections.abc import Mapping

import pytest

from vivavoce.errors import Refused
from vivavoce.wire.extension import Extension, extension_from_url, with_opus
from vivavoce.wire.formats import AudioFormat, AudioFormats, Encoding


def formats(mic: tuple[Encoding, int], agent: tuple[Encoding, int]) -> AudioFormats:
    return AudioFormats(AudioFormat(*mic), AudioFormat(*agent))


@pytest.mark.parametrize("query", [{}, {"ext": ""}, {"frames": "binary", "opus": "1"}, {"frames": "pigeon"}])
def test_who_does_not_ask_has_no_extension(query: Mapping[str, str]) -> None:
    """Parameters of ours are unknown ones to the plain wire, and passed over."""
    assert extension_from_url(query) is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"ext": "1"}, Extension("json", opus=False)),
        ({"ext": "1", "frames": "", "opus": ""}, Extension("json", opus=False)),
        ({"ext": "1", "frames": "json"}, Extension("json", opus=False)),
        ({"ext": "1", "frames": "binary"}, Extension("binary", opus=False)),
        ({"ext": "1", "frames": "binary", "opus": "1"}, Extension("binary", opus=True)),
    ],
)
def test_a_client_gets_what_it_asks_for(query: Mapping[str, str], expected: Extension) -> None:
    """An empty value counts as absent."""
    assert expected == extension_from_url(query)


@pytest.mark.parametrize("version", ["2", "17", "01", "9" * 5000])
def test_a_later_version_is_answered_with_ours(version: str) -> None:
    """Its client can speak ours, and reads in the answer that it has to."""
    assert Extension() == extension_from_url({"ext": version})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"ext": "0"}, "Unsupported ext 0. Supported: 1"),
        ({"ext": "true"}, "Unsupported ext true. Supported: 1"),
        ({"ext": "-1"}, "Unsupported ext -1. Supported: 1"),
        ({"ext": "١"}, "Unsupported ext ١. Supported: 1"),
        ({"ext": "1", "frames": "cbor"}, "Unsupported frames 'cbor'. Supported: json, binary"),
        ({"ext": "1", "frames": "binary", "opus": "0"}, "Unsupported opus 0. Supported: 1"),
        ({"ext": "1", "opus": "1"}, "opus=1 needs frames=binary; send both, or neither"),
        ({"ext": "1", "frames": "json", "opus": "1"}, "opus=1 needs frames=binary; send both, or neither"),
    ],
)
def test_other_values_are_refused_with_what_is_supported(query: Mapping[str, str], expected: str) -> None:
    """In the sentences of the audio formats."""
    with pytest.raises(Refused) as caught:
        extension_from_url(query)

    assert (400, expected) == (caught.value.status, caught.value.message)


def test_a_huge_value_is_quoted_in_part() -> None:
    """A refusal stays readable."""
    with pytest.raises(Refused) as caught:
        extension_from_url({"ext": "1", "frames": "x" * 10_000})

    assert len(caught.value.message) < 120


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (formats(("pcm", 24000), ("pcm", 24000)), ("opus_24000", "opus_24000")),
        (formats(("pcm", 48000), ("pcm", 8000)), ("opus_48000", "opus_8000")),
        (formats(("pcm", 44100), ("pcm", 16000)), ("pcm_44100", "opus_16000")),
        (formats(("pcm", 16000), ("pcm", 44100)), ("opus_16000", "pcm_44100")),
        (formats(("mulaw", 8000), ("pcm", 24000)), ("mulaw_8000", "opus_24000")),
        (formats(("opus", 48000), ("pcm", 24000)), ("opus_48000", "opus_24000")),
    ],
)
def test_opus_takes_the_place_of_pcm_where_it_has_the_rate(asked: AudioFormats, expected: tuple[str, str]) -> None:
    """Each direction for itself; whoever has asked for another coding keeps it."""
    chosen = with_opus(asked, available=True)

    assert expected == (chosen.input.token, chosen.output.token)


def test_formats_stay_where_the_machine_has_no_opus() -> None:
    """The call is then coded as it would have been."""
    assert AudioFormats() == with_opus(AudioFormats(), available=False)
