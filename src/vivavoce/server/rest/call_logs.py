"""
The logs of calls: of one agent, and of all; and one call told event by event.

Source: Atoms call logs of an agent (wire-spec 2.2), analytics (wire-spec 2.9).
"""

import asyncio
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from vivavoce.clock import now
from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest, Success
from vivavoce.server.identifiers import AGENT_ID
from vivavoce.server.recordings import base_url, call_links
from vivavoce.server.rest.call_queries import call_filter
from vivavoce.server.rest.conversation_lists import LARGEST_PAGE
from vivavoce.server.rest.conversations import all_facts, call_of
from vivavoce.server.services import Services
from vivavoce.store import agents, call_lists
from vivavoce.store.call_lists import CallFilter, CallPage
from vivavoce.views.call_counts import CallDetails, CountedCall, call_details, counted_call
from vivavoce.views.call_rows import AgentCall, agent_call

__all__ = ["HANDLERS", "AgentCallPage", "CountedCallPage"]

_USUAL_PAGE = 10


class AgentCallPage(Struct, frozen=True, rename="camel"):
    """A page of the calls of an agent; ``offset`` is the size of a page, as in the original."""

    call_logs: list[AgentCall]
    total_count: int
    page: int
    offset: int


class CountedCallPage(Struct, frozen=True, rename="camel"):
    """A page of all calls; both names of the total mean the same."""

    calls: list[CountedCall]
    total_calls: int
    total_count: int
    total_pages: int
    current_page: int
    limit: int


@get("/agent/{agent_id:str}/call-logs", summary="List the calls of an agent")
async def list_agent_calls(
    services: NamedDependency[Services],
    agent_id: FromPath[str],
    page: Annotated[int, QueryParameter(ge=1)] = 1,
    offset: Annotated[int, QueryParameter(ge=0, description="Calls on a page; 0 for 10")] = 0,
    limit: Annotated[int, QueryParameter(ge=0, description="Another name of offset")] = 0,
) -> Success[AgentCallPage]:
    """A page of an agent's calls, the newest first."""
    if not AGENT_ID.fullmatch(agent_id):
        raise Refused(400, "Invalid agent id")
    if await agents.find(services.database, agent_id) is None:
        raise Refused(404, "Agent not found")
    size = min(offset or limit or _USUAL_PAGE, LARGEST_PAGE)
    found = await call_lists.list_page(
        services.database, CallFilter(agent_ids=[agent_id]), page=page, size=size, sort="createdAt"
    )
    moment = now()
    rows = [agent_call(call, now=moment) for call in found.calls]
    return Success(AgentCallPage(rows, found.total, page, size))


@get("/analytics/call-counts-log", summary="List all calls for analytics")
async def list_counted_calls(
    request: AnyRequest,
    services: NamedDependency[Services],
    link_secret: NamedDependency[bytes],
    page: Annotated[int, QueryParameter(ge=1)] = 1,
    limit: Annotated[int, QueryParameter(ge=1, description="Calls on a page, at most 500")] = _USUAL_PAGE,
    agent_id: Annotated[str, QueryParameter(name="agentId", description="Ids with commas")] = "",
    campaign_id: Annotated[str, QueryParameter(name="campaignId", description="No call belongs to one")] = "",
    call_type: Annotated[str, QueryParameter(name="callType", description="`webcall`, `chat`")] = "",
    call_status: Annotated[str, QueryParameter(name="callStatus", description="`active`, `completed`, `failed`")] = "",
    date_from: Annotated[str, QueryParameter(name="dateFrom", description="Began then or later")] = "",
    date_to: Annotated[str, QueryParameter(name="dateTo", description="Began then or before; a day counts whole")] = "",
) -> Success[CountedCallPage]:
    """A page of calls with their figures in milliseconds, the newest first."""
    size = min(limit, LARGEST_PAGE)
    wanted = call_filter(
        agents=agent_id,
        campaigns=campaign_id,
        types=call_type,
        statuses=call_status,
        date_from=date_from,
        date_to=date_to,
    )
    found = await call_lists.list_page(services.database, wanted, page=page, size=size, sort="createdAt")
    rows = await asyncio.to_thread(_counted, found, link_secret, base_url(request, services))
    return Success(CountedCallPage(rows, found.total, found.total, -(-found.total // size), page, size))


@get("/analytics/conversation-details/{call_id:str}", summary="Tell a call event by event")
async def show_details(services: NamedDependency[Services], call_id: FromPath[str]) -> Success[CallDetails]:
    """What was said and what happened, with the latency of each turn as an event."""
    call = await call_of(services.database, call_id)
    told = await all_facts(services, call_id)
    return Success(await asyncio.to_thread(call_details, call, told, now=now()))


def _counted(found: CallPage, secret: bytes, here: str) -> list[CountedCall]:
    moment = now()
    return [
        counted_call(
            call,
            found.agents.get(call.agent_id),
            now=moment,
            recording_url=call_links(secret, base_url=here, call=call).mono,
        )
        for call in found.calls
    ]


HANDLERS = (list_agent_calls, list_counted_calls, show_details)
