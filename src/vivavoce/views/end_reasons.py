"""How calls end, in plain English, for people who read lists and charts."""

from collections.abc import Mapping

__all__ = ["PLAIN_ENDS", "plain_end"]

# By the reason of a ``CallEnded``.
PLAIN_ENDS: Mapping[str, str] = {
    "client_requested": "The visitor hung up",
    "websocket_closed": "The visitor left the page",
    "connection_lost": "The connection was lost",
    "ended": "The agent said goodbye",
    "timeout": "A time limit was reached",
    "server_error": "The server failed",
}


def plain_end(reason: str) -> str:
    """How a call ended, in a sentence without its full stop; for a call that goes on, that it does."""
    return PLAIN_ENDS.get(reason, "It ended in another way") if reason else "It goes on"
