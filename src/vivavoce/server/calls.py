"""
The live calls of this process: how one begins, is recorded, and ends.

``admit`` does everything that has to wait (look up, reserve a slot, store the call), so that ``begin``, which runs
when the socket opens, only puts parts together: opening a call must not be felt by another.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from operator import itemgetter

import msgspec

from vivavoce.audio.windows import VAD_RATE_HZ
from vivavoce.config import Config
from vivavoce.engine_work import NoteRequest
from vivavoce.engines.engine import Engines
from vivavoce.errors import Refused, StoreError
from vivavoce.feed import Feed
from vivavoce.journal import brief_line
from vivavoce.recording import DUAL_FILE, Recorder, Recording
from vivavoce.server.admission import Admission, ConnectRequest, Door, admit, admit_synthflow
from vivavoce.server.agent_tools import runners
from vivavoce.server.briefing import style_of, voice_of
from vivavoce.server.call_plan import CallPlan, plan_call, with_supplied
from vivavoce.server.call_record import CallRecord
from vivavoce.server.door import StoreDoor
from vivavoce.server.embed_limits import begin_visit
from vivavoce.server.preconversation import AskWebhooks
from vivavoce.server.resumption import Resumption, SessionSocket
from vivavoce.server.sockets import Begin, CallSocket, Listener, NoSocket, farewell
from vivavoce.session import Session
from vivavoce.store import calls, knowledge
from vivavoce.store.database import Database
from vivavoce.store.refusals import Refusal
from vivavoce.wire import atoms, synthflow
from vivavoce.wire.atoms_messages import ErrorMessage
from vivavoce.wire.dialect import ResumableCodec

__all__ = ["Calls"]

log = logging.getLogger(__name__)

# A caller waits this long for a slot before he is refused (wire-spec 1.12: queued, not refused at once).
_SLOT_WAIT_S = 5.0
# A call that is told to end has this long to say goodbye and to write its record down.
_GOODBYE_S = 5.0
# The refusals that ``ws_auth_failure=close`` tells after the upgrade, with the close codes 4401 and 4403.
# Source: wire-spec 1.4.1, the guides for mobile clients; rule H3.
_AUTH_FAILURES = frozenset({401, 403})
# The paths of the voice sockets, and who decides there about a request.
_ADMITTING: Mapping[str, Callable[[ConnectRequest, Door], Awaitable[Admission]]] = {
    **dict.fromkeys(atoms.DIALECT.paths, admit),
    **dict.fromkeys(synthflow.DIALECT.paths, admit_synthflow),
}


@dataclass(slots=True, eq=False)
class _Slot:
    """One call, from its admission to its end."""

    plan: CallPlan
    session: Session | None = None
    # Until the call's end has been written down.
    task: asyncio.Task[None] | None = None


class Calls:
    """Takes new calls, holds the live ones, and ends them."""

    def __init__(
        self,
        *,
        config: Config,
        database: Database,
        feed: Feed,
        engines: Engines,
        recorder: Recorder,
        server_id: str,
        over: Callable[[str], None] = lambda _: None,
        ask_webhooks: AskWebhooks | None = None,
        refused: Callable[[Refusal], None] = lambda _: None,
        note: NoteRequest = lambda stage, wait_s, fault: None,
    ) -> None:
        self._config = config
        self._database = database
        self._feed = feed
        self._engines = engines
        self._recorder = recorder
        # The owner of the calls that are stored here.
        self._server_id = server_id
        # Told the id of each call that is over, when its recording is ready.
        self._over = over
        # Tells webhooks of a call that is about to begin; returns the variables that they supply.
        self._ask_webhooks = ask_webhooks
        # Told when a public page was refused a call.
        self._refused = refused
        # Told of each request to an engine.
        self._note = note
        self._door = StoreDoor(database, lambda: self.draining)
        # Set while the server is about to stop: no new calls.
        self.draining = False
        # Admitted calls, live or about to be.
        self._slots: set[_Slot] = set()
        # One for each call that has begun, until its end has been written down.
        self._tasks: set[asyncio.Task[None]] = set()
        # The calls whose client can take them up on another socket.
        self._resumption = Resumption()
        # Told whenever a call has ended.
        self._freed = asyncio.Condition()

    @property
    def live(self) -> int:
        """The number of calls."""
        return len(self._slots)

    @property
    def live_ids(self) -> list[str]:
        """The ids of the calls."""
        return [slot.plan.names.call_id for slot in self._slots]

    # -- a call begins (sockets.Receptionist) ---------------------------------------------------------------

    async def admit(self, path: str, request: ConnectRequest, *, flaw: str) -> Begin:
        """
        Admit a request and prepare its call.

        Raises:
            Refused: As in wire-spec 1.4.3; 404 for a path where no voice socket is, 503 where all slots are taken,
                429 where the limits of public pages are used up.
        """
        if path not in _ADMITTING:
            raise Refused(404, "No voice socket here")
        if path in atoms.DIALECT.paths and request.query.get("resume") and not flaw:
            return self._resumption.begin(request.query)
        try:
            admission = await _ADMITTING[path](request, self._door)
        except Refused as error:
            tells = self._config.ws_auth_failure == "close" and path in atoms.DIALECT.paths
            if flaw or not tells or error.status not in _AUTH_FAILURES:
                raise
            said = msgspec.json.encode(ErrorMessage(str(error.status), error.message))
            return farewell([said], code=4000 + error.status)
        if flaw:
            raise Refused(400, flaw)
        pieces = await knowledge.read_all(self._database, str(admission.agent["_id"]))
        slot = _Slot(plan_call(admission, pieces, config=self._config, brain=self._engines.llm.name))
        await self._reserve(slot)
        try:
            await self._take_variables(slot)
            await self._store(slot)
        except BaseException:
            await self._release(slot)
            raise
        return lambda socket: self._begin(slot, socket)

    def missed(self, begin: Begin) -> None:
        """The client left before its socket opened: begin the call on no socket, which ends it at once."""
        socket = NoSocket()
        begin(socket).leave("websocket_closed")  # type: ignore[arg-type]  # it only ever sends and closes

    async def _take_variables(self, slot: _Slot) -> None:
        """Let webhooks supply variables."""
        if self._ask_webhooks is None:
            return
        admission = slot.plan.admission
        supplied = await self._ask_webhooks(
            agent_id=str(admission.agent["_id"]), call_id=slot.plan.names.call_id, mode=admission.mode
        )
        if supplied:
            slot.plan = with_supplied(slot.plan, supplied)

    async def _reserve(self, slot: _Slot) -> None:
        """Take a slot, or wait for one: counted here and nowhere else, so that the limit holds."""
        most = self._config.most_calls
        async with self._freed:
            try:
                async with asyncio.timeout(_SLOT_WAIT_S):
                    await self._freed.wait_for(lambda: not most or len(self._slots) < most)
            except TimeoutError:
                raise Refused(503, "Service Unavailable", retry_after_s=5) from None
            self._slots.add(slot)

    async def _store(self, slot: _Slot) -> None:
        admission, names = slot.plan.admission, slot.plan.names
        call = calls.Call(
            id=names.call_id,
            session_id=names.session_id,
            agent_id=str(admission.agent["_id"]),
            mode=admission.mode,
            started_at=names.opened_at,
            owner=self._server_id,
            variables=slot.plan.variables,
            agent=admission.agent,
            voice=voice_of(admission.agent),
            model=self._engines.llm.name,
            recording="recording" if self._records(slot) else "none",
            visitor=admission.visitor,
        )
        if call.visitor:
            origin, refused = admission.origin, self._refused
            brief = await begin_visit(self._database, call, slot.plan.brief, origin, refused=refused)
            slot.plan = replace(slot.plan, brief=brief)
        else:
            await calls.start(self._database, call)

    def _records(self, slot: _Slot) -> bool:
        return self._config.record and slot.plan.admission.mode == "webcall"

    def _begin(self, slot: _Slot, socket: CallSocket) -> Listener:
        loop = asyncio.get_running_loop()
        recording = Recording(
            self._config.recordings / slot.plan.names.call_id,
            visitor_hz=VAD_RATE_HZ,
            agent_hz=slot.plan.codec.agent_rate_hz,
            sound=self._records(slot),
        )
        recording.note(brief_line(slot.plan.brief))
        self._recorder.add(recording)
        session = Session(
            brief=slot.plan.brief,
            codec=slot.plan.codec,
            engines=self._engines,
            style=style_of(slot.plan.admission.agent),
            outbox=socket,
            observer=CallRecord(slot.plan.names.call_id, self._feed, recording),
            own_tools=runners(slot.plan.known.text, slot.plan.tools, slot.plan.variables),
            note=self._note,
        )
        slot.session = session
        if isinstance(codec := slot.plan.codec, ResumableCodec):
            self._resumption.add(codec.resume_token, session)
        slot.task = loop.create_task(self._hold(slot, session, recording), name=slot.plan.names.call_id)
        self._tasks.add(slot.task)
        slot.task.add_done_callback(self._tasks.discard)
        return SessionSocket(session, socket)

    # -- a call goes on and ends ----------------------------------------------------------------------------

    async def _hold(self, slot: _Slot, session: Session, recording: Recording) -> None:
        call_id = slot.plan.names.call_id
        log.info("%s begins", call_id)
        reason = "server_error"
        try:
            reason = await session.run()
        except Exception:
            log.exception("%s failed", call_id)
            session.leave("server_error")
        finally:
            if isinstance(codec := slot.plan.codec, ResumableCodec):
                self._resumption.end(codec.resume_token, reason)
            await self._release(slot)
            log.info("%s ended: %s", call_id, reason)
            await self._close(slot, recording, reason)

    async def _close(self, slot: _Slot, recording: Recording, reason: str) -> None:
        """Write the end of the call down."""
        try:
            await calls.finish(self._database, slot.plan.names.call_id, reason=reason)
            file = await self._recorder.finish(recording)
            if self._records(slot):
                path = f"{slot.plan.names.call_id}/{DUAL_FILE}" if file is not None else ""
                await calls.set_recording(
                    self._database, slot.plan.names.call_id, "ready" if path else "none", path=path
                )
            self._over(slot.plan.names.call_id)
        except StoreError as error:
            log.warning("%s could not be closed in the store: %s", slot.plan.names.call_id, error)

    async def _release(self, slot: _Slot) -> None:
        async with self._freed:
            self._slots.discard(slot)
            self._freed.notify_all()

    def end(self, call_id: str) -> bool:
        """End a live call as the agent would; false where it is not live here."""
        session = next((slot.session for slot in self._slots if slot.plan.names.call_id == call_id), None)
        if session is not None:
            session.leave("ended")
        return session is not None

    async def end_waiting(self, agent_id: str, visitor: str) -> bool:
        """
        End the call of a public page that has waited longest for its visitor; false where none of his waits here.

        Who comes with a new page will not come back to the old one.
        """
        waiting = [
            (session.waits_since, session, task)
            for slot in self._slots
            if (session := slot.session) is not None
            and session.waits_since is not None
            and (task := slot.task) is not None
            and slot.plan.admission.visitor == visitor
            and str(slot.plan.admission.agent["_id"]) == agent_id
        ]
        if not waiting:
            return False
        _, session, task = min(waiting, key=itemgetter(0))
        session.leave("websocket_closed")
        await asyncio.wait([task], timeout=_GOODBYE_S)
        return True

    # -- the server stops -----------------------------------------------------------------------------------

    async def drain(self, wait_s: float) -> None:
        """Take no new calls, wait for those that are live, and end what is left."""
        self.draining = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=wait_s)
        left = [slot.session for slot in self._slots if slot.session is not None]
        if left:
            log.info("%d calls are ended because the server stops", len(left))
        for session in left:
            session.leave("server_error")
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_GOODBYE_S)
