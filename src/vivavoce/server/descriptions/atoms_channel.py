"""
The Atoms socket, described from the types and tables that serve it.

Source: Atoms Agent WebSocket API (wire-spec 1.1 to 1.9).
"""

from collections.abc import Mapping
from typing import Annotated, Any, get_args

import msgspec

from vivavoce.server.descriptions.channels import Channel, Message, Refusal, message_of
from vivavoce.wire import atoms_messages
from vivavoce.wire.atoms import DIALECT, AgentRole, Mode
from vivavoce.wire.atoms_messages import (
    AudioAppend,
    ClientMessage,
    FunctionCall,
    ServerMessage,
    TextSend,
    ToolDeclaration,
    Transcript,
    TranscriptDelta,
)
from vivavoce.wire.formats import DEFAULT, SAMPLE_RATES_HZ, input_tokens, output_tokens
from vivavoce.wire.variables import RESERVED

__all__ = ["AUDIO_OUT", "atoms_channel"]

_BASE64 = {"type": "string", "contentEncoding": "base64", "minLength": 1}
_ROLE = {"properties": {"role": {"type": "string", "enum": ["user", *get_args(AgentRole)]}}}
_AGENT_ID = "^[a-f0-9]{24}$"
# Whatever this machine can decode, and whatever any voice renders.
_INPUT_FORMATS = list(input_tokens(with_opus=True))
_OUTPUT_FORMATS = list(output_tokens((44100,)))


class OutputAudio(msgspec.Struct, tag="output_audio.delta", frozen=True):
    """A piece of the agent's voice: base64 of bytes in the output format, up to a second ahead of real time."""

    audio: str


class SessionUpdate(msgspec.Struct, tag="session.update", frozen=True):
    """The tools that the page can run, in place of those before; absent or null changes nothing."""

    tools: Annotated[list[ToolDeclaration], msgspec.Meta(max_length=128)] | None = None


# The codec joins this message from bytes, so it is in no union.
AUDIO_OUT = OutputAudio
# The codec reads the tools of this one in a second step.
_STAND_INS: Mapping[type, type] = {atoms_messages.SessionUpdate: SessionUpdate}
# What the types leave open, because the codec has a text of its own for it.
_FINER: Mapping[type, Mapping[str, Any]] = {
    AudioAppend: {"required": ["type", "audio"], "properties": {"audio": _BASE64}},
    OutputAudio: {"properties": {"audio": _BASE64}},
    TextSend: {"required": ["type", "text"], "properties": {"text": {"type": "string", "minLength": 1}}},
    FunctionCall: {"properties": {"arguments": {"type": ["object", "string"]}}},
    Transcript: _ROLE,
    TranscriptDelta: _ROLE,
}

_QUERY: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "token": {
            "type": "string",
            "description": "A `wct_…` token, or an API key; not needed where the header has a key.",
        },
        "agent_id": {
            "type": "string",
            "pattern": _AGENT_ID,
            "description": "Required with a key; a token has its own.",
        },
        "mode": {"type": "string", "enum": list(get_args(Mode)), "default": get_args(Mode)[0]},
        "sample_rate": {
            "type": "integer",
            "enum": list(SAMPLE_RATES_HZ),
            "default": DEFAULT.rate_hz,
            "description": "Both directions; a format wins over it.",
        },
        "input_audio_format": {"type": "string", "enum": _INPUT_FORMATS, "default": DEFAULT.token},
        "output_audio_format": {"type": "string", "enum": _OUTPUT_FORMATS, "default": DEFAULT.token},
        "variables": {
            "type": "string",
            "contentMediaType": "application/json",
            "default": "{}",
            "description": "An object of strings, numbers and booleans for the agent's placeholders. "
            f"These names are the server's: {', '.join(f'`{name}`' for name in sorted(RESERVED))}.",
        },
    },
}

_REFUSALS = (
    Refusal(503, "Service Unavailable", "the server is about to stop, or has as many calls as it may"),
    Refusal(401, "Unauthorized: missing token", "neither the query nor the header has a credential"),
    Refusal(401, "Unauthorized: invalid or expired token", "the credential is unknown, revoked, too old or used"),
    Refusal(403, "Forbidden", "the credential is good, but not for this"),
    Refusal(400, "Invalid mode", "`mode` is not one of its words"),
    Refusal(400, "Invalid agent id", "`agent_id` is missing or malformed, or there is no `Upgrade: websocket`"),
    Refusal(401, "Agent not found", "the agent is unknown or archived"),
    Refusal(400, "Unsupported input_audio_format", "the text goes on with the value and what is supported"),
    Refusal(400, "Unsupported output_audio_format", "likewise"),
    Refusal(400, "Unsupported sample_rate", "likewise"),
    Refusal(400, "Invalid variables", "`variables` is not a JSON object of strings, numbers and booleans"),
)

_CLOSE_CODES = {
    1000: "after `session.closed`, or the answer to the client's own close",
    1002: "the client broke the WebSocket protocol",
    1009: "a message of the client was longer than 2 MiB",
    4401: 'with the setting `ws_auth_failure = "close"` only: refused with 401',
    4403: "with the same setting: refused with 403",
}

_ERROR_CODES = {
    "invalid_event": "the message cannot be understood; the call goes on",
    "invalid_tools": "`session.update` has a tool that is not complete; the tools before stay",
    "tool_name_conflict": "two tools of one name; the tools before stay",
    "client_tools_managed_by_config": "the agent's configuration owns the tools",
    "tool_timeout": "a tool did not answer in time; the agent goes on without it",
    "unknown_call_id": "a result for a call that nobody waits for",
    "result_too_large": "the output of a tool is longer than 65,536 bytes of UTF-8",
    "internal_error": "the agent could not answer; `session.closed` may follow",
    "401": 'with `ws_auth_failure = "close"` only: what the handshake would have been refused with',
    "403": "likewise",
}


def atoms_channel() -> Channel:
    """One call over the Atoms wire."""
    return Channel(
        name="atoms",
        title="The Atoms socket",
        description=(
            "One connection is one call. Every message is one JSON object; the server sends text frames and takes "
            "binary ones too. Sound travels as base64 within the JSON. `session.created` is the server's first "
            "message, `session.closed` its last.\n\nUnknown fields are passed over, in both directions. "
            "A client that sends `ext=1` is spoken to as in the channel `atoms-extended`."
        ),
        path="/agent/connect",
        prefixes=tuple(path.removesuffix("/agent/connect") for path in DIALECT.paths),
        query=_QUERY,
        security=("bearer", "token"),
        receives=_messages(get_args(ClientMessage)),
        sends=(*_messages(get_args(ServerMessage)), *_messages((OutputAudio,))),
        refusals=_REFUSALS,
        close_codes=_CLOSE_CODES,
        error_codes=_ERROR_CODES,
    )


def _messages(types: tuple[type, ...]) -> tuple[Message, ...]:
    return tuple(message_of(_STAND_INS.get(one, one), _FINER.get(one)) for one in types)
