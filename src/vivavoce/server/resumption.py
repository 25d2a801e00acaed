"""
Calls that wait for their client, or will if it is lost: found by the token that only the client knows.

Source: docs/wire-extension.md, "Resume".
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping

import msgspec

from vivavoce.ids import digest
from vivavoce.server.sockets import Begin, CallSocket, Listener, farewell
from vivavoce.session import Session
from vivavoce.wire.atoms_messages import ErrorMessage, SessionClosed

__all__ = ["Resumption", "SessionSocket"]

# A client that comes back to a call that has ended is told why, for this long and of so many calls.
_REMEMBERED_S = 300.0
_MOST_REMEMBERED = 10_000
# The socket of a client that cannot resume is closed with this code.
_CANNOT_RESUME = 4410
_LARGEST_NUMBER = 2**53


class SessionSocket:
    """A session as the listener of one of its sockets."""

    def __init__(self, session: Session, socket: CallSocket) -> None:
        # The way of every microphone frame, without a step of our own.
        self.receive = session.receive
        self._session = session
        self._socket = socket

    def leave(self, reason: str) -> None:
        """The socket is gone; the session knows whether it still matters."""
        self._session.lose(self._socket)


class Resumption:
    """Knows the calls of this process that can be taken up, and why those ended that no longer can."""

    def __init__(self) -> None:
        # By the digests of their tokens.
        self._live: dict[str, Session] = {}
        # Why calls have ended, and the loop's time until which that is remembered; the oldest first.
        self._ended: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def add(self, token: str, session: Session) -> None:
        """A call has begun."""
        self._live[digest(token)] = session

    def end(self, token: str, reason: str) -> None:
        """It is over."""
        key = digest(token)
        if self._live.pop(key, None) is None:
            return
        now = asyncio.get_running_loop().time()
        self._ended[key] = (reason, now + _REMEMBERED_S)
        while len(self._ended) > _MOST_REMEMBERED or next(iter(self._ended.values()))[1] < now:
            self._ended.popitem(last=False)

    def begin(self, query: Mapping[str, str]) -> Begin:
        """
        What becomes of a socket that is to take up a call.

        It is opened in any case, for a browser cannot read why a handshake fails. What stands on it is looked at when
        it is open: the call may end meanwhile.

        Args:
            query: ``resume``, ``last_seq`` and ``input_seq``.
        """
        key = digest(query.get("resume", ""))
        last_seq, input_seq = _number(query, "last_seq"), _number(query, "input_seq")

        def begin(socket: CallSocket) -> Listener:
            session = self._live.get(key)
            if session is not None and last_seq is not None and session.can_resume(last_seq):
                session.resume(socket, last_seq=last_seq, input_seq=input_seq or 0)
                return SessionSocket(session, socket)
            # Of a call that ends just now, the session knows why.
            ended = session.ended if session is not None else self._ended.get(key, ("", 0.0))[0]
            return _refusal(ended)(socket)

        return begin


def _refusal(ended: str) -> Begin:
    if ended:
        return farewell([msgspec.json.encode(SessionClosed(ended))], code=1000)
    refused = ErrorMessage("resume_failed", "there is no such call, or it cannot be taken up there: connect anew")
    return farewell([msgspec.json.encode(refused)], code=_CANNOT_RESUME)


def _number(query: Mapping[str, str], name: str) -> int | None:
    """A number of the URL; 0 where it is absent, None where it is none."""
    text = query.get(name, "") or "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) < 17 and int(text) <= _LARGEST_NUMBER else None
