"""The form of a webhook: what is typed, what is ticked, and what is wrong with it, field by field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

import msgspec
from msgspec import UNSET

from vivavoce.complaints import complaint
from vivavoce.errors import Refused
from vivavoce.server.console.forms import Form
from vivavoce.server.identifiers import AGENT_ID
from vivavoce.server.rest.webhooks import NewWebhook, WebhookChanges
from vivavoce.store import agents
from vivavoce.store.database import Database
from vivavoce.store.webhooks import Wanted, Webhook
from vivavoce.webhooks.payloads import EventType

__all__ = ["EVENTS", "AgentTicks", "WebhookForm", "agent_ticks", "event_in_words", "field_of", "ticked"]

EVENTS: Mapping[EventType, tuple[str, str]] = {
    "pre-conversation": ("Before a call", "The answer may supply variables; the call waits for it for a moment."),
    "post-conversation": ("After a call", "With the transcript and a link to the recording."),
    "analytics-completed": ("After its analysis", "With the summary and the answers to your questions."),
}
# Agents that are shown beside those that are ticked; more are found by their names.
_MOST_AGENTS = 20
# As many as the API takes at once.
_MOST_WANTED = 500


@dataclass(frozen=True, slots=True)
class AgentTicks:
    """An agent, and which of its events are ticked."""

    id: str
    name: str
    events: frozenset[str]


@dataclass(frozen=True, slots=True)
class WebhookForm:
    """
    What stands in the fields.

    Args:
        endpoint: The address.
        description: For people.
        headers: A header on each line.
        wanted: Ticks: agents and events.
        complaints: What is wrong, by the name of the field.
    """

    endpoint: str = ""
    description: str = ""
    headers: str = ""
    wanted: tuple[Wanted, ...] = ()
    complaints: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, webhook: Webhook) -> "WebhookForm":
        """The fields of a webhook that is stored."""
        return cls(
            endpoint=webhook.url,
            description=webhook.description,
            headers="\n".join(f"{name}: {value}" for name, value in webhook.headers.items()),
            wanted=tuple((entry.agent_id, entry.event_type) for entry in webhook.subscriptions),
        )

    @classmethod
    def typed(cls, form: Form, complaints: Mapping[str, str] | None = None) -> "WebhookForm":
        """The fields as they came."""
        return cls(
            endpoint=form.text("endpoint"),
            description=form.text("description"),
            headers=form.raw("headers").strip(),
            wanted=ticked(form.texts("wanted")),
            complaints=complaints or {},
        )

    def new(self) -> NewWebhook:
        """
        The same as the API takes it.

        Raises:
            Refused: 400 in the words of the API.
        """
        events = [{"agentId": agent_id, "eventType": event} for agent_id, event in self.wanted]
        body = {"endpoint": self.endpoint, "description": self.description, "events": events}
        try:
            return msgspec.convert(body, NewWebhook)
        except msgspec.ValidationError as error:
            raise Refused(400, complaint(str(error))) from error

    def changes(self) -> WebhookChanges:
        """
        The same as a change of all there is.

        Raises:
            Refused: 400 in the words of the API, or for a line that is no header.
        """
        body = {"endpoint": self.endpoint, "description": self.description, "headers": self._headers()}
        try:
            return msgspec.convert(body, WebhookChanges)
        except msgspec.ValidationError as error:
            raise Refused(400, complaint(str(error))) from error

    def header_changes(self) -> WebhookChanges:
        """The headers alone, for a webhook that has just been registered."""
        return WebhookChanges(UNSET, UNSET, self._headers())

    def _headers(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for number, line in enumerate(self.headers.splitlines(), 1):
            if not line.strip():
                continue
            name, colon, value = line.partition(":")
            if not colon:
                raise Refused(400, f"headers: line {number} has no colon: write it as Name: value")
            if name.strip() in found:
                raise Refused(400, f"headers: {name.strip()} is there twice")
            found[name.strip()] = value.strip()
        return found


def ticked(values: Sequence[str]) -> tuple[Wanted, ...]:
    """
    Ticks as the boxes send them, ``AGENT EVENT``; what no box sends is left out.

    Raises:
        Refused: 400 for more than the API takes.
    """
    pairs = [(agent_id, event) for agent_id, _, event in (value.partition(" ") for value in values)]
    found = dict.fromkeys(pair for pair in pairs if AGENT_ID.fullmatch(pair[0]) and pair[1] in get_args(EventType))
    if len(found) > _MOST_WANTED:
        raise Refused(400, f"events: at most {_MOST_WANTED} ticks are possible")
    return tuple(found)


def field_of(error: Refused) -> dict[str, str]:
    """The complaint of the API beside its field; by the name ``form`` where it is about none."""
    name, colon, text = error.message.partition(":")
    place = name.partition(".")[0].partition("[")[0]
    if colon and place in ("endpoint", "description", "headers"):
        said = text.strip() if name == place else f"{name.partition('.')[2]}: {text.strip()}"
        return {place: said[:1].upper() + said[1:]}
    return {"endpoint" if "URL" in error.message else "form": error.message}


def event_in_words(event: str) -> str:
    """An event as people call it."""
    return next((words for name, (words, _) in EVENTS.items() if name == event), event)


async def agent_ticks(database: Database, wanted: Sequence[Wanted], search: str = "") -> tuple[list[AgentTicks], bool]:
    """
    The agents of the form: those with a tick first, then others by their names.

    Args:
        database: The store.
        wanted: The ticks.
        search: A part of the names of the others.

    Returns:
        The agents, and whether there are more than are shown.
    """
    events: dict[str, set[str]] = {}
    for agent_id, event in wanted:
        events.setdefault(agent_id, set()).add(event)
    names = await agents.names_of(database, list(events))
    found = await agents.search_names(database, search, most=_MOST_AGENTS + len(events) + 1)
    others = [(agent_id, name) for agent_id, name in found if agent_id not in events]
    shown = [
        AgentTicks(agent_id, names[agent_id], frozenset(events[agent_id])) for agent_id in events if agent_id in names
    ]
    shown += [AgentTicks(agent_id, name, frozenset()) for agent_id, name in others[:_MOST_AGENTS]]
    return shown, len(others) > _MOST_AGENTS
