"""Audio format tokens, and what a request's words add up to."""

from collections.abc import Mapping

import pytest

from vivavoce.errors import Refused
from vivavoce.wire.formats import (
    AudioFormat,
    AudioFormats,
    from_registration,
    from_url,
    input_tokens,
    output_tokens,
)

INPUTS = "pcm_8000 pcm_16000 pcm_22050 pcm_24000 pcm_44100 pcm_48000 mulaw_8000 alaw_8000"
OPUS = "opus_8000 opus_16000 opus_24000 opus_48000"


def tokens(formats: AudioFormats) -> tuple[str, str]:
    return formats.input.token, formats.output.token


def refusal_of_url(query: Mapping[str, str], *, with_opus: bool = True) -> str:
    with pytest.raises(Refused) as caught:
        from_url(query, with_opus=with_opus)
    assert 400 == caught.value.status
    return caught.value.message


def refusal_of_registration(body: Mapping[str, object], *, voice_rates_hz: tuple[int, ...] = ()) -> str:
    with pytest.raises(Refused) as caught:
        from_registration(body, voice_rates_hz=voice_rates_hz, with_opus=True)
    assert 400 == caught.value.status
    return caught.value.message


def test_inputs_are_those_of_the_contract() -> None:
    """PCM at six rates, both laws of G.711, Opus at four rates."""
    assert (*INPUTS.split(), *OPUS.split()) == input_tokens(with_opus=True)


def test_opus_is_not_offered_where_it_cannot_be_decoded() -> None:
    """The list names only what this machine really supports."""
    assert tuple(INPUTS.split()) == input_tokens(with_opus=False)


def test_44100_is_offered_only_where_the_voice_renders_it() -> None:
    """Every voice is rendered at 8, 16 and 24 kHz; 44.1 kHz belongs to some voices."""
    assert ("pcm_8000", "pcm_16000", "pcm_24000") == output_tokens()
    assert ("pcm_8000", "pcm_16000", "pcm_24000", "pcm_44100") == output_tokens({22050, 44100})


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ("pcm_24000", "pcm_24000")),
        ({"sample_rate": ""}, ("pcm_24000", "pcm_24000")),
        ({"sample_rate": "16000"}, ("pcm_16000", "pcm_16000")),
        ({"sample_rate": "16000", "output_audio_format": "pcm_24000"}, ("pcm_16000", "pcm_24000")),
        ({"sample_rate": "8000", "input_audio_format": "pcm_48000"}, ("pcm_48000", "pcm_8000")),
        ({"input_audio_format": "mulaw_8000"}, ("mulaw_8000", "pcm_24000")),
        ({"input_audio_format": "opus_48000", "output_audio_format": "pcm_8000"}, ("opus_48000", "pcm_8000")),
    ],
)
def test_on_the_url_a_token_wins_for_its_direction(query: Mapping[str, str], expected: tuple[str, str]) -> None:
    """``sample_rate`` settles only the directions without a token."""
    assert expected == tokens(from_url(query, with_opus=True))


def test_the_rate_on_the_url_is_ignored_beside_a_token_of_access() -> None:
    """A ``wct_`` token fixes the formats, so even a bad rate is passed over."""
    assert AudioFormats() == from_url({"sample_rate": "48000"}, with_rate=False)


def test_a_bad_input_token_on_the_url_is_refused_with_the_list() -> None:
    """The sentence names the token in single quotes and everything supported."""
    expected = f"Unsupported input_audio_format 'badformat'. Supported: {', '.join((INPUTS + ' ' + OPUS).split())}"

    assert expected == refusal_of_url({"input_audio_format": "badformat"})


def test_opus_is_refused_like_any_other_token_where_it_is_missing() -> None:
    """The list then shows no Opus."""
    expected = f"Unsupported input_audio_format 'opus_48000'. Supported: {', '.join(INPUTS.split())}"

    assert expected == refusal_of_url({"input_audio_format": "opus_48000"}, with_opus=False)


@pytest.mark.parametrize("token", ["pcm_48000", "pcm_44100", "mulaw_8000", "PCM_24000"])
def test_a_bad_output_token_on_the_url_is_refused(token: str) -> None:
    """The agent speaks PCM at the rates of its voice."""
    expected = f"Unsupported output_audio_format '{token}'. Supported: pcm_8000, pcm_16000, pcm_24000"

    assert expected == refusal_of_url({"output_audio_format": token})


@pytest.mark.parametrize("rate", ["48000", "44100", "abc", "016000", "16000.0", "-8000", " 8000"])
def test_a_bad_rate_on_the_url_is_refused_naming_the_value(rate: str) -> None:
    """Only 8000, 16000 and 24000 are rates of the URL."""
    expected = f"Unsupported sample_rate {rate}. Supported: 8000, 16000, 24000"

    assert expected == refusal_of_url({"sample_rate": rate})


def test_tokens_are_complained_of_before_the_rate() -> None:
    """The order is input, output, rate."""
    query = {"input_audio_format": "a", "output_audio_format": "b", "sample_rate": "c"}

    assert refusal_of_url(query).startswith("Unsupported input_audio_format 'a'")


def test_a_huge_token_is_quoted_in_part() -> None:
    """A refusal stays readable."""
    assert len(refusal_of_url({"input_audio_format": "x" * 10_000})) < 300


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, ("pcm_24000", "pcm_24000")),
        ({"sample_rate": None, "input_audio_format": None}, ("pcm_24000", "pcm_24000")),
        ({"sample_rate": 16000}, ("pcm_16000", "pcm_16000")),
        ({"sample_rate": 24000, "output_audio_format": "pcm_24000"}, ("pcm_24000", "pcm_24000")),
        ({"sample_rate": 8000, "input_audio_format": "alaw_8000"}, ("alaw_8000", "pcm_8000")),
        ({"output_audio_format": "pcm_16000"}, ("pcm_24000", "pcm_16000")),
    ],
)
def test_registration_settles_both_directions(body: Mapping[str, object], expected: tuple[str, str]) -> None:
    """``sample_rate`` alone sets both; a token sets its own."""
    assert expected == tokens(from_registration(body, with_opus=True))


@pytest.mark.parametrize("token", [*INPUTS.split(), *OPUS.split()])
def test_registration_accepts_every_input_token(token: str) -> None:
    """All twelve tokens of the contract."""
    assert token == from_registration({"input_audio_format": token}, with_opus=True).input.token


@pytest.mark.parametrize("token", ["pcm_32000", "ulaw_8000", "opus_12000", "opus_22050", "pcm_9999", ""])
def test_registration_refuses_other_inputs_in_its_own_words(token: str) -> None:
    """The token in single quotes and the word ``Supported:``."""
    expected = f"input_audio_format '{token}' is not supported. Supported: pcm_8000, pcm_16000, "

    assert refusal_of_registration({"input_audio_format": token}).startswith(expected)


def test_registration_refuses_an_output_that_the_voice_does_not_render() -> None:
    """The sentence speaks of the agent's voice."""
    expected = (
        "output_audio_format 'pcm_48000' is not supported by this agent's voice. "
        "Supported: pcm_8000, pcm_16000, pcm_24000"
    )

    assert expected == refusal_of_registration({"output_audio_format": "pcm_48000"})


@pytest.mark.parametrize("rate", [48000, 44100, 0, -1, 10**400])
def test_registration_refuses_other_rates(rate: int) -> None:
    """The sentence names the field."""
    assert "sample_rate" in refusal_of_registration({"sample_rate": rate})


def test_registration_accepts_44100_where_the_voice_renders_it() -> None:
    """Then both directions are at 44.1 kHz."""
    formats = from_registration({"sample_rate": 44100}, voice_rates_hz={44100})

    assert ("pcm_44100", "pcm_44100") == tokens(formats)


def test_registration_refuses_a_rate_and_an_output_that_disagree() -> None:
    """Whoever contradicts himself is asked to decide."""
    body = {"sample_rate": 24000, "output_audio_format": "pcm_16000"}

    expected = "sample_rate 24000 and output_audio_format 'pcm_16000' disagree; send one"

    assert expected == refusal_of_registration(body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"sample_rate": "16000"}, "sample_rate: Expected integer, received string"),
        ({"sample_rate": True}, "sample_rate: Expected integer, received boolean"),
        ({"sample_rate": 16000.5}, "sample_rate: Expected integer, received float"),
        ({"input_audio_format": 7}, "input_audio_format: Expected string, received number"),
        ({"output_audio_format": []}, "output_audio_format: Expected string, received array"),
        ({"output_audio_format": {}}, "output_audio_format: Expected string, received object"),
    ],
)
def test_registration_names_a_wrong_type(body: Mapping[str, object], expected: str) -> None:
    """In the style of the other validation texts of the REST interface."""
    assert expected == refusal_of_registration(body)


def test_a_format_knows_its_token() -> None:
    """``<encoding>_<rate>``."""
    assert "opus_48000" == AudioFormat("opus", 48000).token
