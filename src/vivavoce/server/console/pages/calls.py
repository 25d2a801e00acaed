"""The list of calls: filtered, searched, and live."""

import asyncio
from dataclasses import replace
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from vivavoce import ids
from vivavoce.clock import now
from vivavoce.server.answers import AnyRequest
from vivavoce.server.console.call_queries import CHOICES, CallQuery, place_from, place_text, read_query
from vivavoce.server.console.rendering import PAGE_HEADERS, render
from vivavoce.server.services import Services
from vivavoce.store import agents, call_lists
from vivavoce.store.call_lists import CallPage
from vivavoce.store.live_calls import list_live
from vivavoce.store.said_search import Place, search_said
from vivavoce.views.call_lines import CallLine, Excerpt, call_line, excerpt

__all__ = ["HANDLERS"]

# What a template is told.
Values = dict[str, Any]
_PAGE_SIZE = 25
_MOST_LIVE = 50
# Names in the filter; a server with more agents links to the calls of each from its page.
_MOST_AGENTS = 500
# What somebody waits for without wondering.
_SEARCH_S = 1.5


@get("/calls")
async def list_calls(
    request: AnyRequest, services: NamedDependency[Services], page: FromQuery[int] = 1, after: FromQuery[str] = ""
) -> Response[Any]:
    """A page of calls, the newest first; those that go on stand above."""
    query = read_query(request.query_params)
    names = await agents.list_names(services.database, most=_MOST_AGENTS)
    if query.agent and query.agent not in dict(names):
        agent = await agents.find(services.database, query.agent)
        names = (*names, (query.agent, agent.name if agent else query.agent))
    found = await (_searched(services, query, place_from(after)) if query.words else _listed(services, query, page))
    return render(
        request,
        "calls.html",
        block="found",
        query=query,
        choices={**CHOICES, "agent": (("", "All agents"), *names)},
        **found,
    )


@get("/calls/live")
async def list_live_calls(
    request: AnyRequest, services: NamedDependency[Services], known: FromQuery[str] = ""
) -> Response[Any]:
    """The calls that go on, for a page that has been told of some: nothing where they are the same."""
    query = read_query(request.query_params)
    live = await _live(services, query)
    if known == _digest(live):
        return Response(None, status_code=204, headers=dict(PAGE_HEADERS), media_type="text/html")
    answer = render(request, "calls.html", block="live", query=query, live=live, live_digest=_digest(live))
    # The list below takes up what has ended.
    answer.headers["hx-trigger"] = "calls-changed"
    return answer


async def _listed(services: Services, query: CallQuery, page: int) -> Values:
    """By the filters alone: pages with numbers, and the live calls above the first."""
    page = max(1, page)
    moment = now()
    ended = query if query.state else replace(query, state="ended")
    found = CallPage((), 0, {})
    if query.state != "live":
        found = await call_lists.list_page(
            services.database, ended.wanted(moment), page=page, size=_PAGE_SIZE, sort="createdAt"
        )
    live = await _live(services, query) if page == 1 else []
    first = (page - 1) * _PAGE_SIZE + 1
    last = first - 1 + len(found.calls)
    return {
        "live": live,
        "live_digest": _digest(live),
        "lines": await asyncio.to_thread(_lines, found),
        "is_live_shown": page == 1 and query.state in ("", "live"),
        "is_first": page == 1,
        "newer": query.address(page=page - 1 if page > 2 else "") if page > 1 else "",
        "older": query.address(page=page + 1) if last < found.total else "",
        "said": f"{first:,} to {last:,} of {found.total:,}" if found.calls else "",
        "searched": False,
        "searched_to": None,
    }


async def _searched(services: Services, query: CallQuery, after: Place | None) -> Values:
    """By what was said: as far back as a moment allows."""
    moment = now()
    looked = await search_said(
        services.database, query.wanted(moment), query.words, after=after, most=_PAGE_SIZE, limit_s=_SEARCH_S
    )
    found = await call_lists.find_many(services.database, [one.call_id for one in looked.found])
    said = {one.call_id: excerpt(one.text, query.words) for one in looked.found}
    full = len(looked.found) == _PAGE_SIZE
    return {
        "live": [],
        "live_digest": "",
        "lines": await asyncio.to_thread(_lines, found, said),
        "is_live_shown": False,
        "is_first": after is None,
        "newer": query.address() if after is not None else "",
        "older": query.address(after=place_text(looked.rest)) if looked.rest else "",
        "said": "",
        "searched": True,
        # A full page says by itself that there may be more.
        "searched_to": looked.rest.started_at if looked.rest and not full else None,
    }


async def _live(services: Services, query: CallQuery) -> list[CallLine]:
    if query.state not in ("", "live") or query.words:
        return []
    return _lines(await list_live(services.database, query.wanted(now()), most=_MOST_LIVE))


def _lines(found: CallPage, said: dict[str, Excerpt] | None = None) -> list[CallLine]:
    moment = now()
    return [
        call_line(call, found.agents.get(call.agent_id), now=moment, said=(said or {}).get(call.id))
        for call in found.calls
    ]


def _digest(live: list[CallLine]) -> str:
    return ids.digest(" ".join(line.id for line in live))[:16]


HANDLERS = (list_calls, list_live_calls)
