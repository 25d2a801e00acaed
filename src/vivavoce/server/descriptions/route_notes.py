"""
What the signature of a handler does not say of its route: bodies and answers of any shape, and the rarer refusals.

A route that is not named here is described by its handler alone. What a refusal means beside its status
stands in ``openapi``; here stand those that only some routes give.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec

from vivavoce.agent_settings import AgentSettings
from vivavoce.server.rest.account import Renamed
from vivavoce.server.rest.agent_analytics import AnalyticsConfigShown
from vivavoce.wire.atoms import Mode
from vivavoce.wire.variables import Value

__all__ = ["NOTES", "AgentShown", "RouteNote"]


class AgentShown(AgentSettings, frozen=True, kw_only=True, rename="camel"):
    """An agent: its settings with all defaults, what the server knows about it, and whatever its author added."""

    id: str = msgspec.field(name="_id")
    organization: str
    workflow_id: str
    created_by: str
    created_at: str
    updated_at: str
    total_calls: int
    transcriber_type: str
    archived: bool
    archived_at: str | None = None
    phone_number: list[str]
    resolved_config: dict[str, object] | None = msgspec.field(default=None, name="_resolvedConfig")


class CallRegistration(msgspec.Struct, frozen=True):
    """The terms of a call that a page is about to make."""

    agent_id: str
    mode: Mode = "webcall"
    # Values for the agent's placeholders.
    variables: dict[str, Value] = {}
    sample_rate: Literal[8000, 16000, 24000, 44100] | None = None
    input_audio_format: str | None = None
    output_audio_format: str | None = None


class CallToken(msgspec.Struct, frozen=True):
    """A token for one call, and how its sound is coded. ``expires_in``: seconds."""

    access_token: str
    expires_in: int
    sample_rate: int
    input_audio_format: str
    output_audio_format: str


class PageTokenOrder(msgspec.Struct, frozen=True):
    """Whom the talk page wants to talk to."""

    agent_id: str


class EmbedTokenOrder(msgspec.Struct, frozen=True, rename="camel"):
    """Whom a public page wants to talk to: the id or the alias of an agent."""

    assistant_id: str
    mode: Mode = "webcall"


class OrganizationName(msgspec.Struct, frozen=True):
    """The new name."""

    name: Annotated[str, msgspec.Meta(min_length=2, max_length=50)]


@dataclass(frozen=True, slots=True)
class RouteNote:
    """
    Attributes:
        body: The type of a body that the handler reads field by field, to keep what it does not know.
        data: The type of ``data`` in the answer, where the handler returns an object of any fields.
        media_types: Of an answer that is no JSON.
        refusals: Statuses beside the usual ones, and what each means here.
        envelopes: Of refusals that may also have another shape here.
        security: Alternatives, in place of what the router says; an empty one means that no key is needed.
        answers: Whether it ever does anything but refuse.
    """

    body: Any = None
    data: Any = None
    media_types: tuple[str, ...] = ()
    refusals: Mapping[int, str] = field(default_factory=dict)
    envelopes: Mapping[int, Any] = field(default_factory=dict)
    security: tuple[str, ...] | None = None
    answers: bool = True


_RECORDING = RouteNote(
    media_types=("audio/flac", "audio/wav"),
    refusals={416: "The range begins behind the end"},
    security=("bearer", ""),
)
_TALK_PAGE = {403: "The talk page is not open to whoever asks"}
_NO_ROOMS = {501: "Always: calls are held on a WebSocket here"}
_NO_CALL = {404: "There is no such call"}
_NO_ALIAS = {409: "The alias belongs to another agent"}

NOTES: Mapping[str, RouteNote] = {
    "POST /agent": RouteNote(body=AgentSettings, refusals=_NO_ALIAS),
    "GET /agent/{agent_id}": RouteNote(data=AgentShown),
    "PATCH /agent/{agent_id}": RouteNote(body=AgentSettings, refusals=_NO_ALIAS),
    "DELETE /agent/{agent_id}/archive": RouteNote(refusals={409: "It is archived already, or active already"}),
    "POST /agent/{agent_id}/duplicate": RouteNote(refusals={403: "There is one organization here"}),
    "POST /agent/{agent_id}/post-call-analytics": RouteNote(body=AnalyticsConfigShown),
    "GET /agent/connect": RouteNote(refusals={400: "Always: a socket is opened with an upgrade"}, answers=False),
    "POST /agent/from-template": RouteNote(refusals={404: "There is no such template"}),
    "POST /agent/with-ai": RouteNote(refusals={400: "Always: no model writes agents here"}, answers=False),
    "POST /conversation/outbound": RouteNote(refusals={400: "Always: there are no telephone calls"}, answers=False),
    "POST /conversation/chat": RouteNote(refusals=_NO_ROOMS, answers=False),
    "POST /conversation/webcall": RouteNote(refusals=_NO_ROOMS, answers=False),
    "POST /conversation/cancel": RouteNote(refusals=_NO_CALL),
    "POST /conversation/{call_id}/cancel": RouteNote(answers=False),
    "POST /conversation/register-call": RouteNote(
        body=CallRegistration, data=CallToken, refusals={404: "There is no such agent"}
    ),
    "GET /conversation/{call_id}/recording": _RECORDING,
    "HEAD /conversation/{call_id}/recording": _RECORDING,
    "GET /events": RouteNote(refusals={**_NO_CALL, 429: "The call has too many readers"}, security=("bearer", "token")),
    "POST /webhook/{webhook_id}/deliveries/{delivery_id}/retry": RouteNote(
        refusals={409: "It is being sent at this moment"}
    ),
    "PUT /account/update-org-name": RouteNote(body=OrganizationName, envelopes={400: Renamed}),
    "PUT /concurrency/reservations": RouteNote(refusals={404: "There is no such agent"}),
    "GET /page/agents": RouteNote(refusals=_TALK_PAGE),
    "POST /embed/token": RouteNote(body=EmbedTokenOrder),
    "POST /page/token": RouteNote(body=PageTokenOrder, refusals={**_TALK_PAGE, 404: "There is no such agent"}),
}
