"""
The Atoms socket with our extension, described from the types that serve it.

What the extension adds to a message of the plain wire is joined to it from bytes and stands in no type of the codec;
the types here say it. Source: docs/wire-extension.md.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, get_args

from msgspec import UNSET, Meta, UnsetType, defstruct

from vivavoce.server.descriptions.atoms_channel import AUDIO_OUT, atoms_channel
from vivavoce.server.descriptions.channels import Channel, Message, Refusal, message_of
from vivavoce.wire.atoms_extended_messages import ClientMessage, Count, Ext, InputAck, Pong, Seq, ServerMessage
from vivavoce.wire.atoms_messages import (
    AgentStartTalking,
    AgentStopTalking,
    ErrorMessage,
    Interruption,
    SessionClose,
    SessionClosed,
    SessionCreated,
    Transcript,
    TranscriptDelta,
)
from vivavoce.wire.extension import VERSION, Frames

__all__ = ["atoms_extended_channel"]

_CLIENT_SEQ = Annotated[Seq, Meta(description="Of all numbered messages of the client, one by one")]
_SERVER_SEQ = Annotated[Seq, Meta(description="Of all numbered messages of the server, one by one")]
_PERHAPS_SEQ = Annotated[Seq, Meta(description="The same; absent where there is no call to take up")]
# They count from 1, too.
_TURN = Annotated[Seq, Meta(description="The agent's turn")]
_AGENT_TURN = Annotated[Seq, Meta(description="The agent's turn; absent for the role `user`")]
_START = Annotated[Count, Meta(description="The first of its samples within the turn")]

# A field of a message: its name, its type, and what it is where it is absent.
_Field = tuple[str, Any] | tuple[str, Any, Any]
# Messages that belong to their socket have no number.
_UNNUMBERED = frozenset({SessionClose, SessionCreated, InputAck, Pong, *get_args(ClientMessage)})
# These also tell a socket that it can take up no call; there they have none.
_PERHAPS_UNNUMBERED = frozenset({ErrorMessage, SessionClosed})
# What else the messages of the plain wire have.
_MORE: Mapping[type, tuple[_Field, ...]] = {
    SessionCreated: (("ext", Ext),),
    AUDIO_OUT: (("turn", _TURN), ("start", _START)),
    AgentStartTalking: (("turn", _TURN),),
    AgentStopTalking: (("turn", _TURN),),
    Interruption: (("turn", _TURN),),
    Transcript: (("turn", _AGENT_TURN | UnsetType, UNSET),),
    TranscriptDelta: (("turn", _AGENT_TURN | UnsetType, UNSET),),
}

_QUERY: Mapping[str, Any] = {
    "ext": {"type": "integer", "minimum": VERSION, "description": f"The client speaks the extension; `{VERSION}`."},
    "frames": {
        "type": "string",
        "enum": list(get_args(Frames)),
        "default": "json",
        "description": "How audio travels: as base64 within the JSON, or in binary frames, both ways.",
    },
    "opus": {
        "type": "integer",
        "const": 1,
        "description": "The client can code and decode Opus: where the server can, too, both formats become "
        "`opus_<rate>`. Needs `frames=binary`.",
    },
    "resume": {
        "type": "string",
        "description": "The `resume_token` of a call that lost its socket. No other credential is needed, and the "
        "call stays as it was agreed on.",
    },
    "last_seq": {
        "type": "integer",
        "minimum": 0,
        "default": 0,
        "description": "With `resume`: the number of the last server message that the client has.",
    },
    "input_seq": {
        "type": "integer",
        "minimum": 0,
        "default": 0,
        "description": "With `resume`: the number of the client's newest message, sent or waiting.",
    },
}

_REFUSALS = (
    Refusal(400, "Unsupported ext", "the text goes on with the value and what is supported"),
    Refusal(400, "Unsupported frames", "likewise"),
    Refusal(400, "Unsupported opus", "likewise"),
    Refusal(400, "opus=1 needs frames=binary; send both, or neither", "Opus travels in binary frames only"),
)

_MICROPHONE = Message(
    "microphone_frame",
    sound="Kind 1, three bytes 0, `seq` as 4 bytes, then bytes in the input format. Numbers are unsigned and "
    "little-endian.",
    summary="With `frames=binary`, in place of `input_audio_buffer.append`.",
)
_VOICE = Message(
    "voice_frame",
    sound="Kind 2, three bytes 0, `seq`, `turn` and `start` as 4 bytes each, then bytes in the output format. Numbers "
    "are unsigned and little-endian.",
    summary="With `frames=binary`, in place of `output_audio.delta`.",
)


def atoms_extended_channel() -> Channel:
    """One call over the Atoms wire with our extension, across all its sockets."""
    plain = atoms_channel()
    return Channel(
        name="atoms-extended",
        title="The Atoms socket with our extension",
        description=(
            "The same socket for a client that sends `ext=1`: the call survives its socket, captions are in step with "
            "the voice, and the server learns what has been heard. Both sides number their messages by `seq`, from 1, "
            "for the whole call; a numbered message that comes a second time is passed over. Everything else is as on "
            "the plain wire. Where `session.created` has no `ext`, the server speaks the plain wire.\n\n"
            "With `frames=binary`, audio travels in binary frames: a head, then the bytes. With `resume`, the "
            "handshake succeeds in any case, and the first message says what became of the call."
        ),
        path=plain.path,
        prefixes=plain.prefixes,
        types_prefix="Extended",
        query={
            "type": "object",
            "properties": {**plain.query["properties"], **_QUERY},
            "anyOf": [{"required": ["ext"]}, {"required": ["resume"]}],
        },
        security=(*plain.security, "resume"),
        receives=(*_extended(plain.receives, _CLIENT_SEQ), *map(message_of, get_args(ClientMessage)), _MICROPHONE),
        sends=(
            *_extended(plain.sends, _SERVER_SEQ),
            *_extended(map(message_of, get_args(ServerMessage)), _SERVER_SEQ),
            _VOICE,
        ),
        refusals=(*plain.refusals, *_REFUSALS),
        close_codes={
            **plain.close_codes,
            4409: "another socket has taken the call up: do not resume",
            4410: "after `resume_failed`: connect anew",
        },
        error_codes={
            **plain.error_codes,
            "resume_failed": "with `resume` only: there is no such call, or it cannot be taken up at `last_seq`",
        },
    )


def _extended(messages: Iterable[Message], seq: Any) -> tuple[Message, ...]:
    return tuple(_numbered(message, seq) for message in messages)


def _numbered(message: Message, seq: Any) -> Message:
    """The message with its number, and with what else the extension adds to it."""
    plain = message.payload
    added: list[_Field] = []
    if plain in _PERHAPS_UNNUMBERED:
        added.append(("seq", _PERHAPS_SEQ | UnsetType, UNSET))
    elif plain not in _UNNUMBERED:
        added.append(("seq", seq))
    added += _MORE.get(plain, ())
    if not added:
        return message
    payload = defstruct(
        plain.__name__,
        added,
        bases=(plain,),
        namespace={"__doc__": plain.__doc__},
        tag=plain.__struct_config__.tag,
        frozen=True,
        kw_only=True,
    )
    finer = dict(message.finer)
    if "required" in finer:
        finer["required"] = [*finer["required"], *(name for name, *rest in added if len(rest) == 1)]
    return Message(message.name, payload, finer)
