"""
The sockets in AsyncAPI 3, generated from the types of their messages.

Source: AsyncAPI 3.0.0, and its WebSockets bindings 0.1.0.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from vivavoce.server.descriptions.atoms_channel import atoms_channel
from vivavoce.server.descriptions.atoms_extended_channel import atoms_extended_channel
from vivavoce.server.descriptions.channels import Channel, Message
from vivavoce.server.descriptions.synthflow_channel import synthflow_channel
from vivavoce.server.descriptions.type_schemas import type_schemas

__all__ = ["CHANNELS", "asyncapi_document"]

CHANNELS: tuple[Channel, ...] = (atoms_channel(), atoms_extended_channel(), synthflow_channel())

Json = dict[str, Any]

_DESCRIPTION = (
    "The voice sockets of this server. A call is opened with an access token, which a page's back end fetches over "
    "REST, or with an API key. A handshake that is refused is answered over HTTP: the reason is both the reason "
    "phrase and `errors[0]` of the JSON body."
)
_SECURITY: Json = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key, `sk_…`, in the header `Authorization`."},
    "token": {
        "type": "httpApiKey",
        "name": "token",
        "in": "query",
        "description": "An access token, `wct_…`: it lives 30 seconds and opens one call. An API key works too.",
    },
    "resume": {
        "type": "httpApiKey",
        "name": "resume",
        "in": "query",
        "description": "A `resume_token`, `vrt_…`: it takes up its call for as long as that waits.",
    },
}
_SCHEMAS = "#/components/schemas"
_MESSAGES = "#/components/messages"


def asyncapi_document(version: str, *, public_url: str = "", channels: Sequence[Channel] = CHANNELS) -> Json:
    """
    The description of the sockets.

    Args:
        version: Of the server.
        public_url: Under which the world reaches it; empty for a server on this machine.
        channels: What is described.
    """
    messages = [(channel, message) for channel in channels for message in (*channel.receives, *channel.sends)]
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Vivavoce sockets", "version": version, "description": _DESCRIPTION},
        "defaultContentType": "application/json",
        "servers": _servers(channels, public_url),
        "channels": {channel.name: _channel(channel) for channel in channels},
        "operations": {name: operation for channel in channels for name, operation in _operations(channel)},
        "components": {
            "messages": {channel.key(message): _message(channel, message) for channel, message in messages},
            "schemas": {name: schema for channel in channels for name, schema in _schemas(channel).items()},
            "securitySchemes": _SECURITY,
        },
    }


def _servers(channels: Sequence[Channel], public_url: str) -> Json:
    url = urlsplit(public_url or "http://localhost:8600")
    prefixes = dict.fromkeys(prefix for channel in channels for prefix in channel.prefixes)
    return {
        _server_name(prefix): {
            "host": url.netloc,
            "protocol": "wss" if url.scheme == "https" else "ws",
            "pathname": f"{url.path.rstrip('/')}{prefix}" or "/",
            "description": f"Sockets under `{prefix or '/'}`.",
        }
        for prefix in prefixes
    }


def _server_name(prefix: str) -> str:
    return prefix.strip("/").replace("/", "-") or "root"


def _channel(channel: Channel) -> Json:
    return {
        "address": channel.path,
        "title": channel.title,
        "description": channel.description,
        "servers": [{"$ref": f"#/servers/{_server_name(prefix)}"} for prefix in channel.prefixes],
        "messages": {
            channel.key(message): {"$ref": f"{_MESSAGES}/{channel.key(message)}"}
            for message in (*channel.receives, *channel.sends)
        },
        "bindings": {"ws": {"method": "GET", "query": channel.query, "bindingVersion": "0.1.0"}},
        # AsyncAPI has no place for what a handshake is refused with, nor for the codes of a socket.
        "x-refusals": [
            {"status": refusal.status, "text": refusal.text, "when": refusal.when} for refusal in channel.refusals
        ],
        "x-close-codes": {str(code): meaning for code, meaning in channel.close_codes.items()},
        "x-error-codes": dict(channel.error_codes),
    }


def _operations(channel: Channel) -> list[tuple[str, Json]]:
    """As the server sees it: it receives what clients send."""
    security = [{"$ref": f"#/components/securitySchemes/{name}"} for name in channel.security]
    return [
        (
            f"{channel.name}.{action}",
            {
                "action": action,
                "title": title,
                "channel": {"$ref": f"#/channels/{channel.name}"},
                "security": security,
                "messages": [
                    {"$ref": f"#/channels/{channel.name}/messages/{channel.key(message)}"} for message in messages
                ],
            },
        )
        for action, title, messages in (
            ("receive", "Messages of the client", channel.receives),
            ("send", "Messages of the server", channel.sends),
        )
    ]


def _message(channel: Channel, message: Message) -> Json:
    if message.payload is None:
        return {
            "name": message.name,
            "title": message.name,
            "summary": message.summary,
            "contentType": "application/octet-stream",
            "payload": {"type": "string", "format": "binary", "description": message.sound},
        }
    return {
        "name": message.name,
        "title": message.name,
        "summary": message.summary or (message.payload.__doc__ or "").strip().replace("``", "`"),
        "contentType": "application/json",
        "payload": {"$ref": f"{_SCHEMAS}/{channel.key(message)}"},
    }


def _schemas(channel: Channel) -> Json:
    messages = [message for message in (*channel.receives, *channel.sends) if message.payload is not None]
    finer = {message.payload.__name__: message.finer for message in messages}
    schemas = type_schemas(
        [message.payload for message in messages], reference=f"{_SCHEMAS}/{channel.types_prefix}{{name}}"
    )
    return {
        f"{channel.types_prefix}{name}": _laid_over(schema, finer.get(name, {})) for name, schema in schemas.items()
    }


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> Json:
    """``properties`` are joined field by field; everything else is replaced."""
    properties = {**below.get("properties", {}), **above.get("properties", {})}
    return {**below, **above, **({"properties": properties} if properties else {})}
