"""What the Atoms codec says: every fact that a client knows, and nothing else."""

import json
from datetime import timedelta, timezone
from typing import Any

import numpy as np
import pybase64
import pytest

from tests.wire.atoms_codec import NAMES, OPENED_AT, codec
from vivavoce.audio.pcm import Pcm
from vivavoce.speech import ToolCall, Word
from vivavoce.talk import facts
from vivavoce.wire.atoms import DIALECT, AtomsCodec
from vivavoce.wire.dialect import SessionNames
from vivavoce.wire.formats import AudioFormat, AudioFormats


def told(fact: facts.Fact, **settings: Any) -> list[dict[str, Any]]:
    return [json.loads(frame) for frame in codec(**settings).tell(fact)]


@pytest.mark.parametrize("mode", ["webcall", "chat"])
def test_hello_is_session_created_with_the_agents_rate(mode: str) -> None:
    """In both modes, with the formats echoed."""
    formats = AudioFormats(AudioFormat("alaw", 8000), AudioFormat("pcm", 16000))
    (frame,) = AtomsCodec(NAMES, formats, mode).hello()  # type: ignore[arg-type]

    expected = {
        "type": "session.created",
        "session_id": NAMES.session_id,
        "call_id": NAMES.call_id,
        "sample_rate": 16000,
        "channels": 1,
        "input_audio_format": "alaw_8000",
        "output_audio_format": "pcm_16000",
    }

    assert expected == json.loads(frame)


@pytest.mark.parametrize("samples", [np.arange(10, dtype=np.int16)[::2], np.array([0, 2, 4, 6, 8], np.int16)])
def test_voice_is_base64_of_little_endian_samples(samples: Any) -> None:
    """Whatever the memory of the samples looks like."""
    message = json.loads(codec().voice(Pcm(samples, 24000), turn=1, start=0))

    assert "output_audio.delta" == message.pop("type")
    assert {"audio": pybase64.b64encode(b"\0\0\2\0\4\0\6\0\x08\0").decode()} == message


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        (facts.UserSaid(1, "What", False), {"type": "transcript.delta", "role": "user", "text": "What"}),
        (facts.UserSaid(1, "What?", True), {"type": "transcript", "role": "user", "text": "What?"}),
        (facts.AgentSaid(1, 1, "It", False), {"type": "transcript.delta", "role": "assistant", "text": "It"}),
        (facts.AgentSaid(1, 1, "It is.", True), {"type": "transcript", "role": "assistant", "text": "It is."}),
        (facts.Interrupted(1, 1, 0.5), {"type": "interruption"}),
        (facts.ToolsAccepted(1, ("a", "b")), {"type": "session.updated", "tools": ["a", "b"]}),
        (facts.Failed(1, "internal_error", "Oh."), {"type": "error", "code": "internal_error", "message": "Oh."}),
    ],
)
def test_facts_that_clients_know_are_one_message(fact: facts.Fact, message: dict[str, object]) -> None:
    """Key by key as in the contract."""
    assert [message] == told(fact)


@pytest.mark.parametrize(
    "fact",
    [
        facts.CallStarted(0, "webcall"),
        facts.UserStartedSpeaking(1),
        facts.UserStoppedSpeaking(1),
        facts.AgentSaid(1, 1, "", True),
        facts.UserSaid(1, "", True),
        facts.Captioned(1, 1, (Word("It", 0, 0.1),)),
        facts.ToolStarted(1, ToolCall("fc_1", "a", "{}")),
        facts.ToolEnded(1, "fc_1", "a", "ok"),
        facts.ToolEnded(1, "fc_1", "a", "", "cancelled"),
        facts.TurnTimed(1, 1, 0, 0, 0, 0, 0),
        facts.EngineStumbled(1, "stt", "no model"),
        facts.CallEnded(1, "ended"),
    ],
)
def test_facts_that_clients_do_not_know_are_silent(fact: facts.Fact) -> None:
    """Among them an agent's turn of which nothing was heard; the end of the call is for ``bye``."""
    assert [] == told(fact)


def test_chat_has_no_interruption() -> None:
    """There is no audio to drop."""
    assert [] == told(facts.Interrupted(1, 1, 0.5), mode="chat")


def test_old_clients_may_be_given_the_old_word_for_the_agent() -> None:
    """A setting of the server."""
    assert "agent" == told(facts.AgentSaid(1, 1, "It is.", True), agent_role="agent")[0]["role"]


def test_timestamps_are_utc_with_microseconds_and_no_zone() -> None:
    """Also where the call was opened by a clock of another zone, and at a full second."""
    names = SessionNames("s", "c", OPENED_AT.astimezone(timezone(timedelta(hours=2))))
    subject = AtomsCodec(names, AudioFormats())
    frames = [
        *subject.tell(facts.AgentStartedTalking(1.0, 1)),
        *subject.tell(facts.AgentStoppedTalking(2.5000004, 1)),
    ]

    expected = [
        {"type": "agent_start_talking", "timestamp": "2026-07-02T10:30:46.000000"},
        {"type": "agent_stop_talking", "timestamp": "2026-07-02T10:30:47.500000"},
    ]

    assert expected == [json.loads(frame) for frame in frames]


def test_bye_is_session_closed_with_the_reason() -> None:
    """The last message."""
    assert [b'{"type":"session.closed","reason":"ended"}'] == list(codec().bye("ended"))


def test_the_dialect_is_spoken_on_both_prefixes() -> None:
    """The current one and the older host's."""
    assert ("atoms", ("/atoms/v1/agent/connect", "/api/v1/agent/connect")) == (DIALECT.name, DIALECT.paths)
