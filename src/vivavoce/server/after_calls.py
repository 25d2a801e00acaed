"""
What is done when a call is over: its figures, its analysis by a language model, and word of both to the webhooks.

Each step is a row in the store (``store.after_calls``), so nothing is forgotten when the process ends, and of several
servers on one database one does it. A step that fails is tried again, a bounded number of times, and then the next
one follows: a model that is down must not keep back the figures. The calls that are live do not wait for any of it.
"""

import asyncio
import logging
from collections.abc import Collection
from contextlib import suppress

from vivavoce.analytics.answers import nothing_found
from vivavoce.engines.engine import LanguageModel
from vivavoce.errors import StoreError
from vivavoce.server.announcements import Announce, announce
from vivavoce.server.call_analysis import Unanswered, analyse, figure
from vivavoce.store import after_calls as store
from vivavoce.store import calls
from vivavoce.store.after_calls import Task
from vivavoce.store.calls import FIRST_STEP, Call
from vivavoce.store.database import Database

__all__ = ["MODEL_STEPS", "QUICK_STEPS", "AfterCalls"]

log = logging.getLogger(__name__)

# The steps after the first, in their order; those that announce something have the name of the event.
_POST, _ANALYTICS, _COMPLETED = "post-conversation", "analytics", "analytics-completed"
_NEXT = {FIRST_STEP: _POST, _POST: _ANALYTICS, _ANALYTICS: _COMPLETED, _COMPLETED: ""}
# What takes a moment, and what may take a minute: the one must not queue behind the other.
QUICK_STEPS = (FIRST_STEP, _POST, _COMPLETED)
MODEL_STEPS = (_ANALYTICS,)
# Of the live calls' own model, which answers them meanwhile.
_MODELS_AT_ONCE = 2
# How often the store is asked what is due; mostly one is told before.
_LOOK_EVERY_S = 5.0
# How long a model may think about a call, and any other step may take.
_ANSWER_S, _STEP_S = 90.0, 30.0
# Longer than any step takes with all that is around it: whoever holds a task longer is dead.
_LEASE_AFTER_S = 30.0
# Attempts of each step before it is given up. The first few of the first step only wait for the last facts.
_MOST_ATTEMPTS, _FACTS_ATTEMPTS, _FACTS_PAUSE_S = 5, 3, 1.0
# The pause after the first attempt; each further one is four times as long, up to a limit.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 10.0, 600.0
# How long a task that is given back may hold up a server that stops.
_STOP_S = 2.0
# Calls that are known to be over, until the store has been told; further ones come due by themselves.
_MOST_NUDGES = 1000


class AfterCalls:
    """
    Does what is due after calls, until it is cancelled.

    Args:
        database: The store.
        model: The language model of this process; see ``call_analysis.analyse``.
        announce: Puts an event on its way to the webhooks that want it; see ``announcements.announce``.
        answer_s: How long it may take for one call.
        look_every_s: How often the store is asked what is due.
    """

    def __init__(
        self,
        database: Database,
        model: LanguageModel,
        *,
        announce: Announce = announce,
        answer_s: float = _ANSWER_S,
        look_every_s: float = _LOOK_EVERY_S,
    ) -> None:
        self._database = database
        self._model = model
        self._announce = announce
        self._answer_s = answer_s
        self._look_every_s = look_every_s
        # Writer: ``nudge``; reader: whoever does the quick steps.
        self._over: set[str] = set()
        # One for each worker, told when there may be something to do.
        self._wake: list[asyncio.Event] = []

    def nudge(self, call_id: str) -> None:
        """A call is over and its recording is ready: its first step need not wait any longer. Returns at once."""
        if len(self._over) < _MOST_NUDGES:
            self._over.add(call_id)
            self._wake_all()

    async def run(self) -> None:
        """Work until cancelled; what is under way then is given back."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._work(QUICK_STEPS), name="after-calls-quick")
            for number in range(1, _MODELS_AT_ONCE + 1):
                tasks.create_task(self._work(MODEL_STEPS), name=f"after-calls-model-{number}")

    async def do_next(self, steps: Collection[str]) -> bool:
        """
        Do the step that has been due longest.

        Args:
            steps: ``QUICK_STEPS``, ``MODEL_STEPS``, or both.

        Returns:
            Whether there was one.

        Raises:
            StoreError: The store cannot be used; the step comes due again.
        """
        if self._over and FIRST_STEP in steps:
            over, self._over = self._over, set()
            await store.hasten(self._database, over, step=FIRST_STEP)
        limit_s = _STEP_S + (self._answer_s if _ANALYTICS in steps else 0.0)
        claimed = await store.claim(self._database, steps, most=1, lease_s=limit_s + _LEASE_AFTER_S)
        for task in claimed:
            try:
                async with asyncio.timeout(limit_s):
                    await self._do(task)
            except asyncio.CancelledError:
                await self._give_back(task)
                raise
            except Exception as error:
                await self._failed(task, error)
        return bool(claimed)

    # -- the steps ------------------------------------------------------------------------------------------

    async def _do(self, task: Task) -> None:
        call = await calls.find(self._database, task.call_id)
        if call is None:
            # Removed meanwhile, and its row here with it.
            return
        match task.step:
            case "figures":
                await self._figure(task, call)
            case "analytics":
                await self._analyse(task, call)
            case "post-conversation" | "analytics-completed":
                await self._announce(self._database, task.step, call.id)
                await self._done(task)
            case _:
                # Not claimed: a newer version's step stays for a newer version.
                raise AssertionError(task.step)

    async def _figure(self, task: Task, call: Call) -> None:
        columns = await figure(self._database, call, as_it_is=task.attempts > _FACTS_ATTEMPTS)
        if columns is None:
            await self._postpone(task, wait_s=_FACTS_PAUSE_S * task.attempts)
        else:
            await self._done(task, columns)

    async def _analyse(self, task: Task, call: Call) -> None:
        try:
            found = await analyse(self._database, call, self._model, limit_s=self._answer_s)
        except Unanswered as why:
            attempt = f"attempt {task.attempts} of {_MOST_ATTEMPTS}"
            log.warning("%s could not be analysed (%s): %s", call.id, attempt, why)
            if task.attempts < _MOST_ATTEMPTS:
                await self._postpone(task, wait_s=_pause_s(task))
                return
            found = nothing_found("failed", f"After {task.attempts} attempts: {why}.")
        await self._done(task, {"analytics": found})

    # -- what becomes of a step -----------------------------------------------------------------------------

    async def _done(self, task: Task, columns: dict[str, object] | None = None) -> None:
        if await store.done(self._database, task, next_step=_NEXT[task.step], columns=columns):
            self._wake_all()
        else:
            log.warning("%s: the step %s took so long that somebody else has taken it", task.call_id, task.step)

    async def _failed(self, task: Task, error: Exception) -> None:
        """A step failed by a fault of ours: try it again, or go on without it."""
        if isinstance(error, StoreError | TimeoutError):
            log.warning("%s: the step %s failed: %s", task.call_id, task.step, str(error) or "it took too long")
        else:
            log.error("%s: the step %s failed", task.call_id, task.step, exc_info=error)
        if task.attempts < _MOST_ATTEMPTS:
            await self._postpone(task, wait_s=_pause_s(task))
            return
        log.warning("%s: the step %s is given up after %d attempts", task.call_id, task.step, task.attempts)
        failed: dict[str, object] = {"analytics": nothing_found("failed", "The server failed at it; its log says why.")}
        await self._done(task, failed if task.step == _ANALYTICS else None)

    async def _postpone(self, task: Task, *, wait_s: float) -> None:
        await store.postpone(self._database, task, wait_s=wait_s)
        if wait_s < self._look_every_s:
            asyncio.get_running_loop().call_later(wait_s, self._wake_all)

    async def _give_back(self, task: Task) -> None:
        """The server stops: the next one need not wait for the lease to run out."""
        with suppress(TimeoutError, StoreError):
            async with asyncio.timeout(_STOP_S):
                await store.postpone(self._database, task, wait_s=0.0, uncounted=True)

    # -- the workers ----------------------------------------------------------------------------------------

    async def _work(self, steps: Collection[str]) -> None:
        wake = asyncio.Event()
        self._wake.append(wake)
        while True:
            wake.clear()
            try:
                if await self.do_next(steps):
                    continue
            except StoreError as error:
                log.warning("what is to be done after calls has to wait: %s", error)
            except Exception:
                # A bug here must not end the calls of this process.
                log.exception("what is to be done after calls has to wait")
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look_every_s):
                    await wake.wait()

    def _wake_all(self) -> None:
        for wake in self._wake:
            wake.set()


def _pause_s(task: Task) -> float:
    return min(_FIRST_PAUSE_S * 4.0 ** (task.attempts - 1), _LONGEST_PAUSE_S)
