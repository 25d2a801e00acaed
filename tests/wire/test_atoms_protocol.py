"""
The golden conversations in ``protocol/``, and the examples of the contract where they are at hand.

Each line of a conversation is a message; beside it stands what the codec makes of it or makes it from:
``received`` (absent: the next line is the error that answers it), ``fact``, ``call`` or ``samples``.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import msgspec
import numpy as np
import pytest

from tests.wire.golden import EXTENDED, PLAIN, ROOT, described
from vivavoce.audio.pcm import Pcm
from vivavoce.speech import ToolCall
from vivavoce.talk import facts
from vivavoce.wire.atoms import AtomsCodec
from vivavoce.wire.dialect import Broken, SessionNames
from vivavoce.wire.formats import from_url

CONVERSATIONS = PLAIN
EXAMPLES = ROOT.parent / "shared" / "wire-examples.json"


def codec_of(session: dict[str, Any]) -> AtomsCodec:
    names = SessionNames(session["session_id"], session["call_id"], datetime.fromisoformat(session["opened_at"]))
    formats = from_url({name: session[name] for name in ("input_audio_format", "output_audio_format")})
    configured = session.get("configured_tool_names", ())
    return AtomsCodec(names, formats, session["mode"], configured_tool_names=configured)


def sent(codec: AtomsCodec, line: dict[str, Any], complaint: Broken | None) -> list[Any]:
    """The messages that the codec makes from what stands beside a server's line."""
    message = line["message"]
    match line:
        case {"fact": {"kind": kind, **fields}}:
            frames = codec.tell(msgspec.convert(fields, getattr(facts, kind)))
        case {"call": call}:
            frames = codec.call(ToolCall(**call))
        case {"samples": samples}:
            pcm = Pcm(np.array(samples, np.int16), codec.agent_rate_hz)
            frames = [codec.voice(pcm, turn=1, start=0)]
        case _ if message["type"] == "session.created":
            frames = codec.hello()
        case _ if message["type"] == "session.closed":
            frames = codec.bye(message["reason"])
        case _:
            assert complaint is not None, "only an error that answers a message stands alone"
            frames = codec.error(complaint.code, complaint.message)
    return [json.loads(frame) for frame in frames]


@pytest.mark.parametrize("path", CONVERSATIONS, ids=lambda path: path.stem)
def test_the_codec_speaks_the_golden_conversation(path: Path) -> None:
    """Every client's line is understood as written, every server's line is made from its cause."""
    head, *lines = map(json.loads, path.read_text().splitlines())
    codec = codec_of(head["session"])
    complaint: Broken | None = None
    for number, line in enumerate(lines, 2):
        if line["direction"] == "server":
            assert [line["message"]] == sent(codec, line, complaint), f"line {number}"
            complaint = None
            continue

        assert complaint is None, f"the complaint about line {number - 1} was not sent"
        received = codec.receive(json.dumps(line["message"]).encode(), text=True)
        if "received" in line:
            assert line["received"] == described(received), f"line {number}"
        else:
            assert isinstance(received, Broken), f"line {number}"
            complaint = received


def test_there_are_golden_conversations() -> None:
    """A wrong path would make the test above pass with nothing."""
    assert len(CONVERSATIONS) >= 5


@pytest.mark.parametrize("path", PLAIN + EXTENDED, ids=lambda path: path.stem)
def test_golden_conversations_keep_the_order_of_the_wire(path: Path) -> None:
    """Rules O1 to O7 of the contract, so that nobody writes down what must not happen."""
    lines = [json.loads(line) for line in path.read_text().splitlines()[1:]]
    # A binary message of the server is sound; what is sent again stands in its order where it was sent first.
    sound = {"type": "output_audio.delta"}
    messages = [line.get("message", sound) for line in lines if line["direction"] == "server" and not line.get("again")]
    kinds = [(message["type"], message.get("role")) for message in messages]
    talking = interrupted = said = False

    assert ("session.created", None) == kinds[0]
    assert ("session.closed", None) == kinds[-1]
    for kind in kinds:
        match kind:
            case ("agent_start_talking", _):
                assert not talking
                talking, interrupted, said = True, False, False
            case ("output_audio.delta", _):
                assert talking
                assert not interrupted
            case ("interruption", _):
                assert talking
                interrupted = True
            case ("transcript", "assistant"):
                assert talking
                assert not said
                said = True
            case ("agent_stop_talking", _):
                assert talking
                talking = False


def client_examples(kind: str) -> Iterator[Any]:
    if not EXAMPLES.exists():
        return
    for message in json.loads(EXAMPLES.read_text())["protocols"]["atoms_ws"]["messages"]:
        if message["direction"] == "client_to_server":
            yield from message.get(kind, ())


def fresh_codec() -> AtomsCodec:
    head = json.loads(CONVERSATIONS[0].read_text().splitlines()[0])
    return codec_of({**head["session"], "mode": "webcall", "input_audio_format": "pcm_24000"})


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the contract's examples are not at hand")
def test_every_valid_example_of_the_contract_is_accepted() -> None:
    """None of them is answered with an error, in text frames or in binary ones."""
    for message in client_examples("valid_examples"):
        for text in (True, False):
            received = fresh_codec().receive(json.dumps(message).encode(), text=text)

            assert not isinstance(received, Broken), message


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the contract's examples are not at hand")
def test_every_invalid_example_of_the_contract_is_answered_as_expected() -> None:
    """With the code and, where it is given, the words."""
    for example in client_examples("invalid_examples"):
        expect = example["expect"]
        # Only the conversation knows which calls are open.
        if expect["code"] == "unknown_call_id":
            continue
        message = example.get("message") or {
            "type": "function_call.result",
            "call_id": "fc_1",
            "output": "x" * 65537,
        }
        received = fresh_codec().receive(json.dumps(message).encode(), text=True)

        assert isinstance(received, Broken), message
        assert expect["code"] == received.code
        assert expect.get("message_contains", "") in received.message


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the contract's examples are not at hand")
def test_golden_server_messages_have_the_fields_of_the_contract() -> None:
    """Required fields are there, no field is unknown, and none is a string named ``error``."""
    examples = json.loads(EXAMPLES.read_text())["protocols"]["atoms_ws"]["messages"]
    known = {entry["type"]: entry for entry in examples if entry["direction"] == "server_to_client"}
    for path in CONVERSATIONS:
        for line in map(json.loads, path.read_text().splitlines()[1:]):
            message = cast(dict[str, Any], line["message"])
            if line["direction"] != "server":
                continue
            entry = known[message["type"]]

            assert entry["required"].keys() <= message.keys() <= entry["required"].keys() | entry["optional"].keys()
            assert not isinstance(message.get("error"), str)
