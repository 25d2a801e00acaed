"""Who may open a voice socket: the order of the checks, their statuses and their words."""

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pytest

from vivavoce.errors import Refused
from vivavoce.server.admission import (
    Admission,
    ConnectRequest,
    Grant,
    KeyInfo,
    admit,
    admit_synthflow,
    refusal,
)
from vivavoce.wire.formats import AudioFormat, AudioFormats

AGENT_ID = "0123456789abcdef01234567"
KEY = "sk_good"
TOKEN = "wct_good"
SESSION = "sft_good"
AGENT: Mapping[str, object] = {"_id": AGENT_ID, "name": "Ada"}


@dataclass
class House:
    """A door with one key, one barred key, one token and one agent."""

    draining: bool = False
    grant: Grant = field(default_factory=lambda: Grant(AGENT_ID))
    rates_hz: tuple[int, ...] = ()
    agents: Mapping[str, Mapping[str, object]] = field(default_factory=lambda: {AGENT_ID: AGENT})
    # Tokens that are still good.
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    # Another connection redeems the token between the look and the redemption.
    raced: bool = False

    async def key(self, secret: str) -> KeyInfo | None:
        return {KEY: KeyInfo("k1", True), "sk_barred": KeyInfo("k2", False)}.get(secret)

    async def token(self, secret: str) -> Grant | None:
        found = self.grant if secret in self.tokens else None
        if self.raced:
            self.tokens.clear()
        return found

    async def redeem(self, secret: str) -> bool:
        good = secret in self.tokens
        self.tokens.discard(secret)
        return good

    async def agent(self, agent_id: str) -> Mapping[str, object] | None:
        return self.agents.get(agent_id)

    def voice_rates_hz(self, agent: Mapping[str, object]) -> Collection[int]:
        return self.rates_hz


def admitted(house: House | None = None, /, *, authorization: str = "", origin: str = "", **query: str) -> Admission:
    return asyncio.run(admit(ConnectRequest(query, authorization, origin), house or House()))


def refused(
    house: House | None = None, /, *, authorization: str = "", origin: str = "", **query: str
) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        admitted(house, authorization=authorization, origin=origin, **query)
    return caught.value.status, caught.value.message


# Each step of the order: what is wrong there, and the answer. A request that is wrong at one step
# and at all later ones gets the answer of the first.
STEPS: list[tuple[dict[str, str], tuple[int, str]]] = [
    ({"token": ""}, (401, "Unauthorized: missing token")),
    ({"token": "sk_unknown"}, (401, "Unauthorized: invalid or expired token")),
    ({"token": "sk_barred"}, (403, "Forbidden")),
    ({"mode": "video"}, (400, "Invalid mode")),
    ({"agent_id": "42"}, (400, "Invalid agent id")),
    ({"agent_id": "f" * 24}, (401, "Agent not found")),
    (
        {"output_audio_format": "x"},
        (400, "Unsupported output_audio_format 'x'. Supported: pcm_8000, pcm_16000, pcm_24000"),
    ),
    ({"sample_rate": "48000"}, (400, "Unsupported sample_rate 48000. Supported: 8000, 16000, 24000")),
    ({"variables": "[]"}, (400, "Invalid variables")),
]


def test_a_good_key_is_admitted_with_the_defaults() -> None:
    """Mode ``webcall``, 24 kHz both ways, no variables."""
    expected = Admission(AGENT, "webcall", AudioFormats(), {}, KeyInfo("k1", True))

    assert expected == admitted(token=KEY, agent_id=AGENT_ID)


@pytest.mark.parametrize("authorization", [f"Bearer {KEY}", f"bearer  {KEY} "])
def test_a_key_may_come_in_the_header(authorization: str) -> None:
    """Servers and phones send ``Authorization: Bearer``."""
    assert KeyInfo("k1", True) == admitted(authorization=authorization, agent_id=AGENT_ID).credential


def test_the_query_wins_over_the_header() -> None:
    """Where both are present the header is ignored."""
    assert (401, "Unauthorized: invalid or expired token") == refused(
        authorization=f"Bearer {KEY}", token="sk_old", agent_id=AGENT_ID
    )


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", f"Basic {KEY}", KEY])
def test_a_header_without_a_bearer_is_no_credential(authorization: str) -> None:
    """Only the bearer scheme is spoken here."""
    assert (401, "Unauthorized: missing token") == refused(authorization=authorization, agent_id=AGENT_ID)


def test_the_url_chooses_mode_formats_and_variables_for_a_key() -> None:
    """Reserved variables are dropped on the way."""
    actual = admitted(
        token=KEY,
        agent_id=AGENT_ID,
        mode="chat",
        sample_rate="16000",
        input_audio_format="mulaw_8000",
        variables='{"name":"Ada","call_id":"x"}',
    )

    formats = AudioFormats(AudioFormat("mulaw", 8000), AudioFormat("pcm", 16000))

    assert ("chat", formats, {"name": "Ada"}) == (actual.mode, actual.formats, actual.variables)


@pytest.mark.parametrize("first", range(len(STEPS)))
def test_the_first_fault_in_the_order_is_the_answer(first: int) -> None:
    """All later faults are in the request too."""
    query = {"token": KEY, "agent_id": AGENT_ID}
    for fault, _ in reversed(STEPS[first:]):
        query |= fault

    assert STEPS[first][1] == refused(**query)


def test_a_bad_input_format_is_answered_before_the_output_format() -> None:
    """Its list depends on the machine, so only the beginning is fixed."""
    status, message = refused(token=KEY, agent_id=AGENT_ID, input_audio_format="badformat", output_audio_format="x")

    assert (400, True) == (status, message.startswith("Unsupported input_audio_format 'badformat'. Supported: pcm_"))


def test_draining_comes_before_everything() -> None:
    """503 with a hint of when to come back, even without a credential."""
    with pytest.raises(Refused) as caught:
        admitted(House(draining=True))

    assert (503, "Service Unavailable", 1) == (caught.value.status, caught.value.message, caught.value.retry_after_s)


@pytest.mark.parametrize("agent_id", ["", "0123456789ABCDEF01234567", AGENT_ID + "\n", AGENT_ID + "0", "connect"])
def test_an_agent_id_is_24_lower_case_hex_digits(agent_id: str) -> None:
    """Missing and malformed are alike."""
    assert (400, "Invalid agent id") == refused(token=KEY, agent_id=agent_id)


def test_44100_is_admitted_where_the_voice_renders_it() -> None:
    """The door knows the voices."""
    house = House(rates_hz=(44100,))

    assert (
        44100 == admitted(house, token=KEY, agent_id=AGENT_ID, output_audio_format="pcm_44100").formats.output.rate_hz
    )


def test_a_token_fixes_the_terms_whatever_the_url_says() -> None:
    """Agent, mode, rate and variables on the URL are ignored, even where they are wrong."""
    formats = AudioFormats(AudioFormat("alaw", 8000), AudioFormat("pcm", 8000))
    grant = Grant(AGENT_ID, "chat", formats, {"name": "Ada"})

    actual = admitted(
        House(grant=grant), token=TOKEN, agent_id="nonsense", mode="video", sample_rate="48000", variables="["
    )

    assert Admission(AGENT, "chat", formats, {"name": "Ada"}, grant) == actual


@pytest.mark.parametrize("parameter", ["input_audio_format", "output_audio_format"])
def test_format_tokens_on_the_url_are_checked_beside_a_token_too(parameter: str) -> None:
    """And the refusal leaves the token good."""
    house = House()

    status, message = refused(house, token=TOKEN, **{parameter: "badformat"})

    assert (400, True) == (status, message.startswith(f"Unsupported {parameter} 'badformat'"))
    assert {TOKEN} == house.tokens


def test_good_format_tokens_on_the_url_do_not_change_the_grant() -> None:
    """The grant's formats hold."""
    assert AudioFormats() == admitted(token=TOKEN, input_audio_format="pcm_8000").formats


def test_a_token_is_good_for_one_connection() -> None:
    """The second one is told that it is used."""
    house = House()
    admitted(house, token=TOKEN)

    assert (401, "Unauthorized: invalid or expired token") == refused(house, token=TOKEN)


def test_of_two_connections_at_once_the_slower_is_refused() -> None:
    """Redemption decides, not the look before it."""
    assert (401, "Unauthorized: invalid or expired token") == refused(House(raced=True), token=TOKEN)


def test_a_token_for_an_archived_agent_is_refused_and_kept() -> None:
    """The agent may have gone between minting and connecting."""
    house = House(agents={})

    assert (401, "Agent not found") == refused(house, token=TOKEN)
    assert {TOKEN} == house.tokens


@pytest.mark.parametrize(
    ("origin", "good"), [("https://Shop.example", True), ("https://evil.example", False), ("", False)]
)
def test_a_token_minted_for_a_page_serves_only_that_page(origin: str, good: bool) -> None:
    """Origins compare without regard to case."""
    house = House(grant=Grant(AGENT_ID, origin="https://shop.example"))

    if good:
        admitted(house, token=TOKEN, origin=origin)
    else:
        assert (403, "Forbidden") == refused(house, token=TOKEN, origin=origin)


# -- the Synthflow wire -----------------------------------------------------------------------------------------


def session(house: House | None = None, /, *, authorization: str = "", **query: str) -> Admission:
    asked = house or House(tokens={TOKEN, SESSION})
    return asyncio.run(admit_synthflow(ConnectRequest(query, authorization), asked))


def no_session(house: House | None = None, /, *, authorization: str = "", **query: str) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        session(house, authorization=authorization, **query)
    return caught.value.status, caught.value.message


def test_a_session_is_on_the_terms_of_its_token() -> None:
    """48 kHz up and 16 kHz down, whatever the token's own formats say; its name tells the dialect."""
    grant = Grant(AGENT_ID, variables={"name": "Ada"})
    formats = AudioFormats(AudioFormat("pcm", 48000), AudioFormat("pcm", 16000))

    assert Admission(AGENT, "webcall", formats, {"name": "Ada"}, grant, "synthflow") == session(
        House(grant=grant, tokens={SESSION}), token=SESSION, agent_id="nonsense", mode="chat"
    )


@pytest.mark.parametrize("secret", ["", " "])
def test_a_session_needs_a_token_on_the_url(secret: str) -> None:
    """A header does not do: pages cannot set one."""
    assert (401, "Unauthorized: missing token") == no_session(token=secret, authorization=f"Bearer {SESSION}")


@pytest.mark.parametrize("secret", [TOKEN, KEY, "sft_unknown", "sft_", "nonsense"])
def test_neither_a_key_nor_a_token_of_the_other_wire_opens_a_session(secret: str) -> None:
    """Even where they are good for something else."""
    house = House(tokens={TOKEN, SESSION})

    assert (401, "Unauthorized: invalid or expired token") == no_session(house, token=secret)
    assert {TOKEN, SESSION} == house.tokens


def test_a_session_token_is_no_credential_on_the_other_wire() -> None:
    """And is not spent by the attempt."""
    house = House(tokens={SESSION})

    assert (401, "Unauthorized: invalid or expired token") == refused(house, token=SESSION, agent_id=AGENT_ID)
    assert {SESSION} == house.tokens


def test_a_session_token_is_good_for_one_connection() -> None:
    """The second is refused, and the slower of two at once."""
    house = House(tokens={SESSION})
    session(house, token=SESSION)

    assert (401, "Unauthorized: invalid or expired token") == no_session(house, token=SESSION)
    assert (401, "Unauthorized: invalid or expired token") == no_session(
        House(tokens={SESSION}, raced=True), token=SESSION
    )


@pytest.mark.parametrize(
    ("house", "query", "answer"),
    [
        (House(draining=True, tokens={SESSION}), {}, (503, "Service Unavailable")),
        (House(agents={}, tokens={SESSION}), {}, (401, "Agent not found")),
        (House(tokens={SESSION}), {"rate": "1"}, (400, "Unsupported rate 1. Supported: 8000 to 192000")),
    ],
    ids=["draining", "archived", "rate"],
)
def test_a_refused_session_leaves_its_token_good(house: House, query: dict[str, str], answer: tuple[int, str]) -> None:
    """The page may try again."""
    assert answer == no_session(house, token=SESSION, **query)
    assert {SESSION} == house.tokens


# -- how a refusal is written -----------------------------------------------------------------------------------


def response(message: str, *, status: int = 400, retry_after_s: int | None = None) -> tuple[str, list[str], object]:
    head, _, body = refusal(Refused(status, message, retry_after_s=retry_after_s)).partition(b"\r\n\r\n")
    first, *headers = head.decode("ascii").split("\r\n")
    assert f"Content-Length: {len(body)}" in headers
    return first, headers, json.loads(body)


def test_a_refusal_carries_its_text_in_the_reason_and_in_the_body() -> None:
    """A conformance script reads the reason phrase, others print the body."""
    first, headers, body = response("Invalid mode")

    assert "HTTP/1.1 400 Invalid mode" == first
    assert {"status": False, "errors": ["Invalid mode"]} == body
    assert {"Connection: close", "Content-Type: application/json"} <= set(headers)


def test_a_refusal_while_draining_says_when_to_come_back() -> None:
    """In whole seconds."""
    assert "Retry-After: 1" in response("Service Unavailable", status=503, retry_after_s=1)[1]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("two\r\nSet-Cookie: lines", "two?Set-Cookie: lines"),
        ("naïve ☃", "na?ve ?"),
        ("x" * 300, "x" * 200),
        ("", "Bad Request"),
        ("\ud800", "?"),
    ],
)
def test_a_reason_phrase_is_one_line_of_printable_ascii(message: str, reason: str) -> None:
    """Whatever a client has put into the text cannot leave the status line."""
    assert f"HTTP/1.1 400 {reason}" == response(message)[0]
