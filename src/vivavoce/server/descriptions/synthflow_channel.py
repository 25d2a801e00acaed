"""
The Synthflow socket, described from the types that serve it.

Source: Synthflow widget websocket (wire-spec 4.1 to 4.4).
"""

from typing import get_args

from vivavoce.server.descriptions.channels import Channel, Message, Refusal, message_of
from vivavoce.wire.atoms import AgentRole
from vivavoce.wire.synthflow import DIALECT
from vivavoce.wire.synthflow_messages import ServerMessage, StatusClientReady, Transcript

__all__ = ["synthflow_channel"]

_ROLE = {"properties": {"role": {"type": "string", "enum": ["user", *get_args(AgentRole)]}}}
_QUERY = {
    "type": "object",
    "properties": {
        "token": {"type": "string", "description": "From the `sessionURL` of the token route; opens one call."},
        "rate": {
            "type": "integer",
            "minimum": 8000,
            "maximum": 192000,
            "default": 48000,
            "description": "Of the microphone's samples, in Hz, for a page that cannot send 48 kHz.",
        },
    },
    "required": ["token"],
}


def synthflow_channel() -> Channel:
    """One call over the Synthflow wire."""
    (path,) = DIALECT.paths
    return Channel(
        name="synthflow",
        title="The Synthflow socket",
        description=(
            "One connection is one call. Sound is bytes in binary frames, in both directions; the two ready messages "
            "are JSON in text frames and may come in any order. Its address is the `sessionURL` of "
            "`GET /websocket/token/{assistant_id}`.\n\nThere is no goodbye: either side closes the socket. "
            "An interrupted agent falls silent, which nothing announces."
        ),
        path=path,
        prefixes=("",),
        types_prefix="Synthflow",
        query=_QUERY,
        security=("token",),
        receives=(
            Message(
                "microphone_audio",
                sound="PCM, signed 16-bit little-endian, mono, 48,000 Hz, frames of any length",
                summary="The visitor's voice; it may come before anything else.",
            ),
            message_of(StatusClientReady),
        ),
        sends=(
            Message(
                "agent_audio",
                sound="PCM, signed 16-bit little-endian, mono, 16,000 Hz, whole samples, never empty",
                summary="The agent's voice, at most 0.2 s ahead of real time.",
            ),
            *(message_of(one, _ROLE if one is Transcript else None) for one in get_args(ServerMessage)),
        ),
        refusals=(
            Refusal(503, "Service Unavailable", "the server is about to stop, or has as many calls as it may"),
            Refusal(401, "Unauthorized: missing token", "the query has no token"),
            Refusal(401, "Unauthorized: invalid or expired token", "it is unknown, used, or older than 60 seconds"),
            Refusal(401, "Agent not found", "the agent was archived meanwhile"),
            Refusal(400, "Unsupported rate", "no sound card has this rate; the text goes on with the value"),
        ),
        close_codes={1000: "the agent hung up, or the answer to the client's own close"},
    )
