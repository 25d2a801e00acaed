"""The page for those who come from Synthflow tells of every message, figure and refusal as the code has them."""

import json
import re
from typing import get_args

import pytest

from tests.doc_pages import page, section
from vivavoce.store import tokens
from vivavoce.talk.policy import Policy
from vivavoce.wire.dialect import Ready
from vivavoce.wire.synthflow import DIALECT, SynthflowCodec, formats_from_url
from vivavoce.wire.synthflow_messages import ClientMessage, ServerMessage

PAGE = "coming-from-synthflow.md"


def messages(heading: str) -> list[dict[str, str]]:
    """The messages in the tables of a section."""
    return [json.loads(text) for text in re.findall(r"`(\{\"type\".*?\})`", section(PAGE, heading))]


def test_every_message_is_told() -> None:
    """Those of the wire in one table, ours in the other, and no more."""
    server = {member.__struct_config__.tag: set(member.__struct_fields__) for member in get_args(ServerMessage)}
    wire = {"status_agent_ready", ClientMessage.__struct_config__.tag}
    ours = messages("Transcripts and interruptions")

    assert wire == {message["type"] for message in messages("The session")}
    assert server.keys() - wire == {message["type"] for message in ours}
    assert [] == [message for message in ours if message.keys() != {"type"} | server[message["type"]]]


def test_the_codec_says_and_understands_what_is_told() -> None:
    """The first message, and the one that is waited for."""
    codec = SynthflowCodec(formats_from_url({}))
    client, agent = messages("The session")

    assert [agent] == [json.loads(frame) for frame in codec.hello()]
    assert Ready() == codec.receive(json.dumps(client).encode(), text=True)


@pytest.mark.parametrize(
    ("heading", "figure"),
    [
        ("GET /websocket/token/{assistant_id}", f"within {tokens.SYNTHFLOW_LIFETIME_S} seconds"),
        ("GET /websocket/token/{assistant_id}", f"{DIALECT.paths[0]}?token={tokens.SYNTHFLOW_PREFIX}"),
        ("The session", f"{SynthflowCodec(formats_from_url({})).mic_rate_hz:,} Hz"),
        ("The session", f"{SynthflowCodec(formats_from_url({})).agent_rate_hz:,} Hz"),
        ("The session", f"after {Policy().ready_wait_s:g} seconds"),
        ("The session", "from 8,000 to 192,000"),
    ],
)
def test_the_figures_are_those_of_the_code(heading: str, figure: str) -> None:
    """Whoever builds a page by them is not misled."""
    assert figure in section(PAGE, heading)


def test_the_lead_is_a_fifth_of_a_second() -> None:
    """The page says it in words."""
    assert "a fifth of a second" in page(PAGE)
    assert 1 / 5 == SynthflowCodec.lead_s
