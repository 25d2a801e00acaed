"""
The routes that list calls and look for them.

Source: Atoms conversations (wire-spec 2.7.2 and 2.7.3).
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated, get_args

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from vivavoce.clock import now
from vivavoce.server.answers import AnyRequest, Ok
from vivavoce.server.identifiers import CALL_ID
from vivavoce.server.recordings import base_url, call_links
from vivavoce.server.rest.call_queries import call_filter
from vivavoce.server.services import Services
from vivavoce.store import call_lists
from vivavoce.store.call_lists import CallPage, CallSort
from vivavoce.views.call_rows import (
    ConfiguredMetric,
    ListedCall,
    Pagination,
    SearchedCall,
    configured_metrics,
    listed_call,
    pagination,
    searched_call,
)

__all__ = ["HANDLERS", "LARGEST_PAGE", "ConversationPage", "FoundConversations", "SearchRequest"]

# Larger ones are clamped without a word (wire-spec 2.7.2).
LARGEST_PAGE = 500
_SORTS: Mapping[str, CallSort] = {sort: sort for sort in get_args(CallSort)}


class ConversationPage(Struct, frozen=True, rename="camel"):
    """A page of calls, and the metrics that their agents ask for."""

    logs: list[ListedCall]
    pagination: Pagination
    disposition_metrics_config: list[ConfiguredMetric]


class SearchRequest(Struct, frozen=True, rename="camel"):
    """The calls to look for, 1 to 100."""

    call_ids: Annotated[list[str], Meta(min_length=1, max_length=100)]


class FoundConversations(Struct, frozen=True, rename="camel"):
    """Those of the calls that there are, in the order in which they were asked for."""

    logs: list[SearchedCall]
    total: int
    requested_count: int


@get("/conversation", summary="List calls")
async def list_conversations(
    request: AnyRequest,
    services: NamedDependency[Services],
    link_secret: NamedDependency[bytes],
    page: Annotated[int, QueryParameter(ge=1)] = 1,
    limit: Annotated[int, QueryParameter(ge=1, description="Calls on a page, at most 500")] = 5,
    agent_ids: Annotated[str, QueryParameter(name="agentIds", description="Ids with commas")] = "",
    campaign_ids: Annotated[str, QueryParameter(name="campaignIds", description="No call belongs to one")] = "",
    call_types: Annotated[str, QueryParameter(name="callTypes", description="`webcall`, `chat`")] = "",
    search: Annotated[str, QueryParameter(description="A part of the call id")] = "",
    status_filter: Annotated[
        str, QueryParameter(name="statusFilter", description="`active`, `completed`, `failed`")
    ] = "",
    disconnect_reason_filter: Annotated[
        str, QueryParameter(name="disconnectReasonFilter", description="Such as `user_hangup,timeout`")
    ] = "",
    call_attempt_filter: Annotated[
        str, QueryParameter(name="callAttemptFilter", description="`initial`, `retry` or `all`")
    ] = "all",
    duration_filter: Annotated[
        str,
        QueryParameter(name="durationFilter", description="`0-30`, `30-60` (seconds), `1-5`, `5+` (minutes)"),
    ] = "",
    sort_by: Annotated[str, QueryParameter(name="sortBy")] = "updatedAt",
    sort_order: Annotated[str, QueryParameter(name="sortOrder")] = "desc",
    date_from: Annotated[str, QueryParameter(name="dateFrom", description="Began then or later")] = "",
    date_to: Annotated[str, QueryParameter(name="dateTo", description="Began then or before; a day counts whole")] = "",
    version_filter: Annotated[str, QueryParameter(name="versionFilter", description="No call belongs to one")] = "",
) -> Ok[ConversationPage]:
    """A page of calls, the one that changed last first. Whatever else is asked for is ignored."""
    wanted = call_filter(
        agents=agent_ids,
        campaigns=campaign_ids,
        types=call_types,
        statuses=status_filter,
        reasons=disconnect_reason_filter,
        attempts=call_attempt_filter,
        durations=duration_filter,
        versions=version_filter,
        search=search,
        date_from=date_from,
        date_to=date_to,
    )
    size = min(limit, LARGEST_PAGE)
    found = await call_lists.list_page(
        services.database,
        wanted,
        page=page,
        size=size,
        sort=_SORTS.get(sort_by, "updatedAt"),
        descending=sort_order != "asc",
    )
    rows = await asyncio.to_thread(_listed, found, link_secret, base_url(request, services))
    return Ok(
        ConversationPage(rows, pagination(total=found.total, page=page, limit=size), configured_metrics(found.agents))
    )


@post("/conversation/search", status_code=200, summary="Look calls up by their ids")
async def search_conversations(
    request: AnyRequest,
    services: NamedDependency[Services],
    link_secret: NamedDependency[bytes],
    data: JSONBody[SearchRequest],
) -> Ok[FoundConversations]:
    """Those of the calls that there are; ids that are not known, or cannot be any, are left out."""
    ids = [call_id for call_id in data.call_ids if CALL_ID.fullmatch(call_id)]
    found = await call_lists.find_many(services.database, ids)
    rows = await asyncio.to_thread(_searched, found, link_secret, base_url(request, services))
    return Ok(FoundConversations(rows, len(rows), len(data.call_ids)))


def _listed(found: CallPage, secret: bytes, here: str) -> list[ListedCall]:
    moment = now()
    return [
        listed_call(
            call,
            found.agents.get(call.agent_id),
            now=moment,
            links=call_links(secret, base_url=here, call=call),
        )
        for call in found.calls
    ]


def _searched(found: CallPage, secret: bytes, here: str) -> list[SearchedCall]:
    moment = now()
    return [searched_call(call, now=moment, links=call_links(secret, base_url=here, call=call)) for call in found.calls]


HANDLERS = (list_conversations, search_conversations)
