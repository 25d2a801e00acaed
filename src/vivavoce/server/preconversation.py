"""
Webhooks that are told of a call before its agent speaks, and may supply variables for it.

Source: Atoms webhooks, ``pre-conversation`` (wire-spec 2.10). A call never fails for want of an answer.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import msgspec

from vivavoce.clock import monotonic_s, now
from vivavoce.errors import Refused, StoreError
from vivavoce.server.delivering import attempt, new_delivery
from vivavoce.server.posting import Post
from vivavoce.store import deliveries, webhooks
from vivavoce.store.database import Database
from vivavoce.store.deliveries import Delivery
from vivavoce.store.webhooks import Webhook
from vivavoce.webhooks.payloads import before_call
from vivavoce.wire import variables
from vivavoce.wire.variables import Value

__all__ = ["AskWebhooks", "Preconversation"]

log = logging.getLogger(__name__)

# How long this server remembers who wants to be told, in seconds: another server may have changed it.
_REMEMBERED_S = 5.0
_MOST_REMEMBERED = 10_000
# Far more than any variables need.
_LONGEST_ANSWER_BYTES = 65_536


class AskWebhooks(Protocol):
    """Whoever tells webhooks of a call before it begins."""

    async def __call__(self, *, agent_id: str, call_id: str, mode: str) -> Mapping[str, Value]:
        """The variables that they supply; never an error. See ``Preconversation.variables``."""


class _Answer(msgspec.Struct):
    """What a webhook may answer; whatever else is in it is not looked at."""

    variables: dict[str, object] | None = None


class Preconversation:
    """
    Asks the webhooks of an agent for variables.

    Args:
        database: The store.
        post: Makes the requests.
        limit_s: How long a call waits for all of them together.
    """

    def __init__(self, database: Database, post: Post, *, limit_s: float) -> None:
        self._database = database
        self._post = post
        self._limit_s = limit_s
        # Who wants to be told of an agent's calls, and until when (monotonic) that may be believed.
        self._wanted: dict[str, tuple[float, tuple[Webhook, ...]]] = {}

    def forget(self) -> None:
        """Webhooks or subscriptions have changed."""
        self._wanted.clear()

    async def variables(self, *, agent_id: str, call_id: str, mode: str) -> dict[str, Value]:
        """
        Tell the agent's webhooks of a call that is about to begin, and take the variables that they answer with.

        Where several name the same variable, the one that was registered last counts.
        What goes wrong is in the log of deliveries, never an error here.

        Args:
            agent_id: Whose call it is.
            call_id: The call.
            mode: ``webcall`` or ``chat``.
        """
        try:
            wanted = await self._webhooks(agent_id)
            if not wanted:
                return {}
            metadata = before_call(agent_id=agent_id, call_id=call_id, mode=mode)
            asked = [new_delivery(webhook, metadata, state="sending", attempts=1) for webhook in wanted]
            answers = await asyncio.gather(*(self._ask(delivery) for delivery in asked))
            await self._record([delivery for delivery, _ in answers])
        except StoreError as error:
            log.warning("%s begins without its webhooks: %s", call_id, error)
            return {}
        return {name: value for _, supplied in answers for name, value in supplied.items()}

    async def _webhooks(self, agent_id: str) -> Sequence[Webhook]:
        known = self._wanted.get(agent_id)
        if known is not None and monotonic_s() < known[0]:
            return known[1]
        found = await webhooks.subscribed(self._database, agent_id, "pre-conversation")
        if len(self._wanted) >= _MOST_REMEMBERED:
            self._wanted.clear()
        self._wanted[agent_id] = (monotonic_s() + _REMEMBERED_S, found)
        return found

    async def _ask(self, delivery: Delivery) -> tuple[Delivery, Mapping[str, Value]]:
        """One webhook: the delivery as it went, and the variables that came back."""
        outcome = await attempt(self._post, delivery, limit_s=self._limit_s, answer_bytes=_LONGEST_ANSWER_BYTES)
        supplied, fault = ({}, outcome.fault) if outcome.fault else _supplied(outcome.body)
        moment = now()
        noted = replace(
            delivery,
            state="failed" if fault else "delivered",
            answer_status=outcome.status,
            fault=fault,
            due_at=moment,
            done_at=moment,
        )
        return noted, supplied

    async def _record(self, made: Sequence[Delivery]) -> None:
        try:
            await deliveries.record(self._database, made)
        except StoreError as error:
            # The variables are there all the same.
            log.warning("%d deliveries are not in the log: %s", len(made), error)


def _supplied(body: bytes) -> tuple[Mapping[str, Value], str]:
    """The variables of an answer, and what is wrong with it; an empty answer is a good one. Nothing is quoted."""
    if not body.strip():
        return {}, ""
    try:
        answer = msgspec.json.decode(body, type=_Answer)
        return variables.checked(answer.variables), ""
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}, 'its answer is no JSON object like {"variables": {}}'
    except Refused:
        return {}, "its variables must be strings, numbers or booleans"
