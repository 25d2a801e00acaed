"""The messages of the Atoms wire keep the names of the contract."""

from typing import get_args

import msgspec
import pytest

from vivavoce.wire.atoms_messages import ClientMessage, ServerMessage


def names(union: object) -> set[object]:
    return {member.__struct_config__.tag for member in get_args(union)}


def test_client_messages_are_those_of_the_contract() -> None:
    """Wire-spec 1.6."""
    expected = {
        "input_audio_buffer.append",
        "input_audio_buffer.commit",
        "input_text.send",
        "session.update",
        "function_call.result",
        "session.close",
    }

    assert expected == names(ClientMessage)


def test_server_messages_are_those_of_the_contract_but_audio() -> None:
    """Wire-spec 1.7; ``output_audio.delta`` is joined from bytes."""
    expected = {
        "session.created",
        "session.updated",
        "agent_start_talking",
        "agent_stop_talking",
        "transcript",
        "transcript.delta",
        "interruption",
        "function_call",
        "session.closed",
        "error",
    }

    assert expected == names(ServerMessage)


@pytest.mark.parametrize("member", get_args(ServerMessage))
def test_no_message_has_a_field_named_error(member: type[msgspec.Struct]) -> None:
    """Rule P3: a client evaluates that key as an object."""
    assert "error" not in member.__struct_fields__
