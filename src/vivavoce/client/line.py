"""
The way to the server: one call, over as many sockets as it takes.

Theory of operation. Every socket brings its messages to ``_take``; what an old socket or an old number brings is
passed over. One task, ``_keep``, asks whether the server is there and dials anew when it is not. On the plain wire
there is one socket, and the task waits for its end.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from vivavoce.client.address import resume_address
from vivavoce.client.endurance import Endurance
from vivavoce.client.extension import InputAcknowledged, Pong, Reconnected, Reconnecting
from vivavoce.client.mailbox import Mailbox
from vivavoce.client.messages import ErrorReported, Message, SessionEnded, SessionStarted, read, read_binary
from vivavoce.client.playout import Place, Player
from vivavoce.client.reports import Reports
from vivavoce.client.sending import Sender
from vivavoce.client.socket import Socket
from vivavoce.errors import ProtocolError, Refused

__all__ = ["Line"]

# A server answers ``session.close`` and closes the socket; one that does not is left after this time.
_CLOSE_WAIT_S = 2.0
# The close code of a socket in whose place another has come: who resumed then would replace that one.
_REPLACED = 4409
# Of the agent's sound, until the server tells.
_RATE_HZ = 24000


class Line:
    """The sockets of one call; make it, ``open`` it, ``close`` it."""

    def __init__(self, address: str, headers: Mapping[str, str], endurance: Endurance) -> None:
        self._address, self._headers, self._endurance = address, headers, endurance
        self._loop = asyncio.get_running_loop()
        self._socket = Socket(self._take)
        self._mail = Mailbox()
        # What is sent, and by whom; after the first message also what is heard, and who reports it.
        self.sender = Sender(self._socket)
        self._session: SessionStarted | None = None
        self._player: Player | None = None
        self._reports: Reports | None = None
        # The number of the server's last message.
        self._last_seq = 0
        # When the socket was lost, if there is none; on the clock of the messages.
        self._lost_s = 0.0
        # Since when the server owes the answer to a ping, and the number of that; loop time.
        self._asked_s: float | None = None
        self._pings = 0
        # What the server has answered on the present socket: True for hello, False for the end of the call.
        self._greeting: asyncio.Future[bool] = self._loop.create_future()
        # The call is over: no socket is to follow; and why, for people.
        self._over = False
        self._farewell = ""
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, *, limit_s: float) -> None:
        """
        Connect and wait for ``session.created``.

        Raises:
            Refused: The server has answered the handshake with another status than 101.
            ConnectionError: No server there, or the socket closed before ``session.created``.
            TimeoutError: ``limit_s`` have passed.
        """
        async with asyncio.timeout(limit_s):
            await self._socket.dial(self._address, self._headers, limit_s=limit_s)
            self._tasks.append(asyncio.create_task(self._keep(), name="line"))
            try:
                match await self._mail.next():
                    case SessionStarted():
                        pass
                    case SessionEnded(reason=reason):
                        raise ConnectionError(f"the server ended the call at once: {reason}")
                    case None:
                        raise ConnectionError(f"the socket closed before the call began ({self.farewell})")
                    case other:
                        kind = type(other).__name__
                        raise ConnectionError(f"the server began with {kind} instead of session.created")
            except BaseException:
                self._finish("the call did not begin")
                raise

    @property
    def session(self) -> SessionStarted:
        """What the server has said of this call; after ``open``."""
        assert self._session is not None
        return self._session

    @property
    def player(self) -> Player:
        """Plays the agent's sound; after ``open``."""
        assert self._player is not None
        return self._player

    @property
    def over(self) -> bool:
        """Whether the call is over; messages that came before may still be read."""
        return self._mail.ended

    @property
    def farewell(self) -> str:
        """How the call, or its last socket, has ended, for people."""
        return self._farewell or self._socket.farewell

    async def next(self) -> Message | None:
        """The next message; None after the last."""
        return await self._mail.next()

    async def close(self) -> None:
        """End the call: ask the server, wait a little for its goodbye, then drop the socket. May be called again."""
        if self._greeting.done() and not self._socket.closed:
            # What was said before is heard before.
            await self.sender.flush(limit_s=_CLOSE_WAIT_S)
            self._over = True
            self.sender.say_unnumbered({"type": "session.close"})
            await self._socket.closes_within(_CLOSE_WAIT_S)
        self._over = True
        await self._socket.close(limit_s=_CLOSE_WAIT_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._finish("the client has closed the call")

    # -- what comes in --------------------------------------------------------------------------------------

    def _take(self, socket: Socket, data: bytes | memoryview, binary: bool) -> None:
        if socket is not self._socket or self._mail.ended:
            return
        at_s = self._loop.time()
        terms = self._session.extension if self._session is not None else None
        rate_hz = self._session.rate_hz if self._session is not None else _RATE_HZ
        try:
            if binary and terms is not None and terms.frames == "binary":
                message: Message | None = read_binary(data, at_s=at_s, rate_hz=rate_hz)
            else:
                message = read(data, at_s=at_s, rate_hz=rate_hz)
        except ProtocolError as error:
            self._finish(error.message)
            return
        match message:
            case None:
                pass
            case SessionStarted():
                self._begin(socket, message)
            case InputAcknowledged(up_to=up_to):
                self.sender.acknowledged(up_to)
            case Pong():
                self._asked_s = None
            case ErrorReported(code="resume_failed") if self._session is not None and not self._greeting.done():
                self._tell(message)
                self._tell(SessionEnded(at_s, message.code))
                self._finish(message.message)
            case _:
                self._hear(message)

    def _hear(self, message: Message) -> None:
        if message.seq:
            # Sent again, though we had it.
            if message.seq <= self._last_seq:
                return
            self._last_seq = message.seq
        if self._player is not None:
            self._player.hear(message)
        self._tell(message)
        if self._reports is not None:
            self._reports.look()
        # The server closes the socket, and there is nothing to come back to.
        if isinstance(message, SessionEnded):
            self._over = True
            self._greet(False)

    def _greet(self, welcome: bool) -> None:
        if not self._greeting.done():
            self._greeting.set_result(welcome)

    def _begin(self, socket: Socket, session: SessionStarted) -> None:
        terms = session.extension
        if self._session is None:
            self._session = session
            self._player = Player(session.rate_hz, self._loop.time)
            self._tell(session)
            if terms is not None:
                self._reports = Reports(self._player, self._report)
                self._tasks.append(asyncio.create_task(self.sender.run(), name="sender"))
        elif terms is None or session.call_id != self._session.call_id:
            self._finish("the server took up another call than ours")
            return
        else:
            now_s = self._loop.time()
            self._tell(Reconnected(now_s, now_s - self._lost_s))
        self._greet(True)
        self.sender.use(socket, terms)
        # The report goes first: what is said again leaves by a task, and so a moment later.
        if self._reports is not None:
            self._reports.repeat()

    def _tell(self, message: Message) -> None:
        if not self._mail.put(message):
            self._finish("the client does not read its messages")

    def _finish(self, why: str) -> None:
        if self._mail.ended:
            return
        self._over = True
        self._farewell = self._farewell or why
        if self._reports is not None:
            self._reports.stop()
        self._mail.end()
        self._socket.drop(why)

    # -- the life of the sockets ----------------------------------------------------------------------------

    async def _keep(self) -> None:
        try:
            while True:
                await self._watch()
                if self._over or self._session is None or self._session.extension is None:
                    break
                if self._socket.close_code == _REPLACED:
                    self._tell(SessionEnded(self._loop.time(), "replaced"))
                    break
                if not await self._resume(self._session.extension.resume_token):
                    self._tell(SessionEnded(self._loop.time(), "websocket_closed"))
                    break
        finally:
            # What a server has said before it closed its socket has been taken by now.
            self._finish(self._socket.farewell)

    async def _watch(self) -> None:
        """Until the present socket has closed: ask whether the server is there, and drop it where it is not."""
        self._asked_s = None
        while not await self._socket.closes_within(self._endurance.ping_s):
            if self._session is None or self._session.extension is None:
                continue
            now_s = self._loop.time()
            if self._asked_s is None:
                self._asked_s = now_s
                self._pings += 1
                self.sender.say_unnumbered({"type": "ping", "id": self._pings, "ack": self._last_seq})
            elif now_s - self._asked_s >= self._endurance.silent_s:
                self._socket.drop("the server does not answer")

    async def _resume(self, token: str) -> bool:
        """Take the call up again on a new socket; False where the server does not wait for so long."""
        self._lost_s = self._loop.time()
        self._tell(Reconnecting(self._lost_s, self._socket.farewell))
        window_s = self.session.extension.resume_window_s if self.session.extension is not None else 0.0
        with suppress(TimeoutError):
            async with asyncio.timeout(window_s):
                for pause_s in self._endurance.pauses_s():
                    await asyncio.sleep(pause_s)
                    if await self._dial(token):
                        return True
        return False

    async def _dial(self, token: str) -> bool:
        """One attempt; True where the call goes on, or is known to be over."""
        self._greeting = self._loop.create_future()
        self._socket = Socket(self._take)
        address = resume_address(self._address, token=token, last_seq=self._last_seq, input_seq=self.sender.newest)
        limit_s = self._endurance.silent_s
        with suppress(ConnectionError, TimeoutError, Refused):
            await self._socket.dial(address, {}, limit_s=limit_s)
            gone = asyncio.create_task(self._socket.closes_within(limit_s), name="gone")
            answers: list[asyncio.Future[bool]] = [self._greeting, gone]
            await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
        if self._over or (self._greeting.done() and self._greeting.result()):
            return True
        self._socket.drop("the server does not take the call up again")
        return False

    def _report(self, place: Place) -> None:
        self.sender.say_unnumbered(
            {
                "type": "playback",
                "turn": place.turn,
                "played": place.played,
                "state": place.state,
                "ack": self._last_seq,
            }
        )
