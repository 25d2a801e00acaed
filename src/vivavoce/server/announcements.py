"""Events of calls, put on their way to the webhooks that want them."""

from collections.abc import Callable
from typing import Protocol

from vivavoce.config import Config
from vivavoce.server.delivering import new_delivery
from vivavoce.server.recordings import recording_link
from vivavoce.server.signing import load_secret
from vivavoce.store import calls, deliveries, facts, webhooks
from vivavoce.store.calls import Call
from vivavoce.store.database import Database
from vivavoce.webhooks.payloads import EventType, after_analysis, after_call

__all__ = ["Announce", "EventType", "announce", "recording_links"]

# A receiver may have been away for a day, and may fetch recordings at night.
_LINK_LIFETIME_S = 7 * 24 * 3600


class Announce(Protocol):
    """Puts events on their way."""

    async def __call__(self, database: Database, event: EventType, call_id: str) -> int:
        """Queue an event of a call that is over; returns the number of deliveries that were queued."""


def recording_links(config: Config) -> Callable[[Call], str]:
    """
    Makes signed links to recordings, which work for a week.

    They begin with the public URL where one is configured, and with ``/`` where none is.

    Raises:
        StoreError: The data folder, where the secret of the links is kept, cannot be used.
    """
    secret = load_secret(config.data)
    base_url = config.public_url.rstrip("/")
    return lambda call: recording_link(
        secret, base_url=base_url, call=call, channels="mono", lifetime_s=_LINK_LIFETIME_S
    )


async def announce(
    database: Database, event: EventType, call_id: str, *, recording_url: Callable[[Call], str] = lambda _: ""
) -> int:
    """
    Queue an event of a call that is over for every webhook that its agent's subscriptions name.

    Announcing again what was announced before does nothing.
    ``pre-conversation`` is asked for by whoever begins a call (``server.preconversation``), not announced.

    Args:
        database: The store.
        event: ``post-conversation`` or ``analytics-completed``.
        call_id: The call.
        recording_url: Where the recording of a call can be fetched (see ``recording_links``); empty for nowhere.

    Returns:
        The number of deliveries that were queued.
    """
    assert event != "pre-conversation", "a call that is over cannot be about to begin"
    call = await calls.find(database, call_id)
    if call is None:
        return 0
    wanted = await webhooks.subscribed(database, call.agent_id, event)
    if not wanted:
        return 0
    if event == "post-conversation":
        told = [fact for _, fact in await facts.read(database, call_id)]
        metadata = after_call(call, told, recording_url=recording_url(call))
    else:
        metadata = after_analysis(call)
    made = [new_delivery(webhook, metadata, state="queued", attempts=0) for webhook in wanted]
    return await deliveries.queue(database, made)
