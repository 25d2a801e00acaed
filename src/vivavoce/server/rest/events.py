"""
The live events of a call, as a stream.

Source: Atoms events (wire-spec 2.8). Three things are ours: a key in the address, for the ``EventSource`` of browsers
cannot send headers; ``id`` lines, which documented clients skip; and that a reader who was cut off may resume, even
behind the end of the call.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from contextlib import aclosing
from functools import partial
from typing import Annotated, Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from vivavoce.errors import Refused, StoreError
from vivavoce.server.answers import AnyRequest
from vivavoce.server.auth import check_bearer
from vivavoce.server.console.person import signed_in
from vivavoce.server.event_streams import EventStreams, Seat
from vivavoce.server.following import Following
from vivavoce.server.identifiers import CALL_ID
from vivavoce.server.recordings import base_url, recording_link
from vivavoce.server.services import Services
from vivavoce.server.upgrade import ABORT
from vivavoce.store import calls, facts
from vivavoce.store.calls import Call

__all__ = ["HANDLERS", "open_streams"]

log = logging.getLogger(__name__)

# A reader who takes nothing for so long is cut off.
_TAKEN_WITHIN_S = 30.0
# The number of a fact: it has to fit into the store's integers.
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_HEADERS = {
    # Without a charset, as documented; it is UTF-8 by definition.
    "content-type": "text/event-stream",
    # A key has to be shown, and no cookie counts: whoever has it may read from any page.
    "access-control-allow-origin": "*",
    # nginx would gather the stream otherwise.
    "x-accel-buffering": "no",
}


def open_streams(services: Services) -> EventStreams:
    """The streams of a server, of which there are none yet."""
    database = services.database
    following = Following(services.feed, read=partial(facts.read, database), find=partial(calls.find, database))
    return EventStreams(following, stopping=services.stopping)


@get("/events", summary="Follow the events of a call", media_type="text/event-stream")
async def follow_events(
    request: AnyRequest,
    services: NamedDependency[Services],
    event_streams: NamedDependency[EventStreams],
    link_secret: NamedDependency[bytes],
    call_id: Annotated[str, QueryParameter(name="callId", description="The call, `CALL-…`; required")] = "",
    token: Annotated[str, QueryParameter(description="A key, for clients that cannot send headers")] = "",
    last_event_id: Annotated[str, QueryParameter(name="lastEventId", description="Resume behind this event")] = "",
) -> Response[bytes]:
    """
    What happens in a call, as server-sent events: all from its beginning, then the rest as it comes.

    The header ``Last-Event-ID``, or ``lastEventId``, resumes behind an event. A call that is over is refused, unless
    there is something behind that event.
    """
    await _check_reader(request, services, token)
    if not call_id:
        raise Refused(400, "callId: Required")
    if not CALL_ID.fullmatch(call_id):
        raise Refused(400, "Invalid call ID format")
    after = _number(request.headers.get("last-event-id", "") or last_event_id)
    call = await event_streams.following.find(call_id)
    if call is None:
        raise Refused(404, "Call not found")
    if not await _has_more(event_streams.following, call, after):
        raise Refused(400, "Call already completed")
    here = base_url(request, services)
    return _EventResponse(
        event_streams.join(call),
        after=after or 0,
        recording_url=lambda ready: recording_link(link_secret, base_url=here, call=ready, channels="mono"),
    )


async def _check_reader(request: AnyRequest, services: Services, token: str) -> None:
    """
    Whether the reader may read: the one door of this route, for keys and for whoever is signed in to the console.

    Raises:
        Refused: 401 for a missing, unknown or revoked key.
    """
    # The address wins, as it does for the voice socket (wire-spec 1.2).
    shown = {"authorization": f"Bearer {token}"} if token else request.headers
    if "authorization" in shown or not await signed_in(request, services):
        await check_bearer(services.database, shown)


def _number(text: str) -> int | None:
    """
    The fact up to which a reader has been told; None for a new reader.

    Raises:
        Refused: 400 for what is no number.
    """
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise Refused(400, "lastEventId: Expected the id of an event, a number of at most 9 digits")
    return int(text)


async def _has_more(following: Following, call: Call, after: int | None) -> bool:
    """Whether the stream has anything for this reader: always while the call goes on, then only behind ``after``."""
    if not following.is_over(call):
        return True
    if after is None:
        return False
    if await following.left(call, after=after):
        return True
    # He has heard of the end, but not of the recording, whose number is the next.
    return call.recording in ("recording", "ready") and await following.left(call, after=after - 1)


class _EventResponse(Response[bytes]):
    """The answer that is a stream; it gives the reader's seat up in any case."""

    def __init__(self, seat: Seat, *, after: int, recording_url: Callable[[Call], str]) -> None:
        super().__init__(b"", headers=_HEADERS)
        self._seat = seat
        self._after = after
        self._recording_url = recording_url

    def to_asgi_response(self, app: Any, request: AnyRequest, **_: Any) -> ASGIResponse:
        return _Streaming(self._seat, after=self._after, recording_url=self._recording_url)


class _Streaming(ASGIResponse):
    _should_set_content_length = False

    def __init__(self, seat: Seat, *, after: int, recording_url: Callable[[Call], str]) -> None:
        super().__init__(headers=_HEADERS)
        self._seat = seat
        self._after = after
        self._recording_url = recording_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        tasks = list[asyncio.Task[None]]()
        loop = asyncio.get_running_loop()
        try:
            await self.start_response(send)
            tasks.append(loop.create_task(self._tell(send, _abort_of(scope)), name="event reader"))
            tasks.append(loop.create_task(_until_gone(receive), name="event reader's end"))
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._seat.give_up()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in tasks:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    async def _tell(self, send: Send, abort: Callable[[], None] | None) -> None:
        frames = self._seat.frames(after=self._after, recording_url=self._recording_url)
        try:
            async with aclosing(frames):
                async for chunk in frames:
                    async with asyncio.timeout(_TAKEN_WITHIN_S):
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
        except TimeoutError:
            log.info("a reader of events takes nothing: he is cut off")
            if abort is not None:
                # Closing would wait for him.
                abort()
            return
        except StoreError as error:
            # The stream ends without ``sse_close``: its reader resumes.
            log.warning("a reader of events cannot catch up: %s", error)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _abort_of(scope: Scope) -> Callable[[], None] | None:
    extensions: dict[str, Any] = scope.get("extensions") or {}
    abort: Callable[[], None] | None = extensions.get(ABORT)
    return abort


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


HANDLERS = (follow_events,)
