"""The golden conversations of the Synthflow wire, and the examples of the contract where they are at hand."""

import base64
import json
from pathlib import Path
from typing import Any, get_args

import msgspec
import numpy as np
import pytest

from tests.wire.golden import described
from vivavoce.audio.pcm import Pcm
from vivavoce.talk import facts
from vivavoce.wire.synthflow import DIALECT, SynthflowCodec, formats_from_url
from vivavoce.wire.synthflow_messages import ClientMessage, ServerMessage

ROOT = Path(__file__).parents[2]
CONVERSATIONS = sorted((ROOT / "protocol").glob("synthflow-*.jsonl"))
EXAMPLES = ROOT.parent / "shared" / "wire-examples.json"


def sent(codec: SynthflowCodec, line: dict[str, Any]) -> list[bytes]:
    """The frames that the codec makes from what stands beside a server's line."""
    match line:
        case {"fact": {"kind": kind, **fields}}:
            return list(codec.tell(msgspec.convert(fields, getattr(facts, kind))))
        case {"samples": samples}:
            return [codec.voice(Pcm(np.array(samples, np.int16), codec.agent_rate_hz), turn=1, start=0)]
        case _:
            return list(codec.hello())


@pytest.mark.parametrize("path", CONVERSATIONS, ids=lambda path: path.stem)
def test_the_codec_speaks_the_golden_conversation(path: Path) -> None:
    """Every client's line is understood as written, every server's line is made from its cause."""
    head, *lines = map(json.loads, path.read_text().splitlines())
    session = head["session"]
    codec = SynthflowCodec(formats_from_url(session["query"]), events=session["events"])
    for number, line in enumerate(lines, 2):
        is_text = "message" in line
        if line["direction"] == "server":
            (frame,) = sent(codec, line)
            made = json.loads(frame) if is_text else base64.b64encode(frame).decode()

            assert line["message" if is_text else "binary"] == made, f"line {number}"
        else:
            data = json.dumps(line["message"]).encode() if is_text else base64.b64decode(line["binary"])

            assert line["received"] == described(codec.receive(data, text=is_text)), f"line {number}"


def test_there_are_golden_conversations() -> None:
    """A wrong path would make the test above pass with nothing."""
    assert len(CONVERSATIONS) >= 2


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the contract is not at hand")
def test_the_messages_are_those_of_the_contract() -> None:
    """Names, directions, rates and the path; what we add is not sent unless it is asked for."""
    wire = json.loads(EXAMPLES.read_text())["protocols"]["synthflow_ws"]
    documented = {(message["direction"], message["type"]) for message in wire["messages"] if message["type"]}
    by_name = {message["name"]: message for message in wire["messages"] if "name" in message}
    ours = {("client_to_server", ClientMessage.__struct_config__.tag)} | {
        ("server_to_client", member.__struct_config__.tag) for member in get_args(ServerMessage)
    }

    assert {("server_to_client", "transcript"), ("server_to_client", "interruption")} == ours - documented
    assert set() == documented - ours
    assert (wire["session_path"],) == DIALECT.paths
    assert (by_name["microphone_audio"]["format"]["sample_rate"], by_name["agent_audio"]["format"]["sample_rate"]) == (
        SynthflowCodec(formats_from_url({})).mic_rate_hz,
        SynthflowCodec(formats_from_url({})).agent_rate_hz,
    )
    for message in wire["messages"]:
        for example in message.get("valid_examples", ()):
            codec = SynthflowCodec(formats_from_url({}))
            if message["direction"] == "client_to_server":
                assert codec.receive(json.dumps(example).encode(), text=True) is not None
            else:
                assert [example] == [json.loads(frame) for frame in codec.hello()]
