"""The first page of the console: the calls of a period, what is live now, and how the server is doing."""

import asyncio
from datetime import UTC, timedelta, tzinfo
from typing import Annotated
from zoneinfo import ZoneInfo

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from vivavoce.clock import now
from vivavoce.server.answers import AnyRequest
from vivavoce.server.console.rendering import PAGE_HEADERS, render
from vivavoce.server.services import Services
from vivavoce.store import agents, deliveries
from vivavoce.store import overview as store
from vivavoce.store.call_lists import AgentBrief, CallFilter, list_page
from vivavoce.store.calls import Call
from vivavoce.views.overview import PERIODS, Overview, Period, overview, span_of

__all__ = ["HANDLERS"]

_PERIOD_NAMES: dict[Period, str] = {
    "24h": "Last 24 hours",
    "7d": "Last 7 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
}
_MOST_AGENTS = 200
_MOST_LIVE = 10
# Of more calls the answers of so many are looked at: enough that the slowest 5 in 100 of a day are still right to
# about one in 100, and read within a few tenths of a second.
_MOST_ANSWERED_CALLS = 4_000
_A_DAY = timedelta(days=1)


@get("/")
async def show_overview(
    request: AnyRequest,
    services: NamedDependency[Services],
    period: FromQuery[str] = "",
    agent: FromQuery[str] = "",
) -> Response[str]:
    """The frame of the charts, which a script fills from ``overview_data``; before the first call, where to begin."""
    database = services.database
    known = dict(await agents.search_names(database, "", most=_MOST_AGENTS))
    if agent:
        known |= await agents.names_of(database, [agent])
    live, live_agents, live_total = await _live(services)
    return render(
        request,
        "overview.html",
        any_calls=await store.any_calls(database),
        first_agent=(await agents.list_names(database, most=1) or [("", "")])[0],
        names=known,
        agent=agent,
        period=period if period in PERIODS else "7d",
        periods=_PERIOD_NAMES,
        live=live,
        live_agents=live_agents,
        live_total=live_total,
        deliveries=await deliveries.count_states(database, now() - _A_DAY),
        stages=services.health.stages() if services.health else [],
        draining=services.draining(),
    )


@get("/overview/live")
async def show_live(request: AnyRequest, services: NamedDependency[Services]) -> Response[str]:
    """The calls that go on at this moment, as a part of the page."""
    live, live_agents, live_total = await _live(services)
    return render(request, "overview_live.html", live=live, live_agents=live_agents, live_total=live_total)


@get("/overview/data")
async def overview_data(
    services: NamedDependency[Services],
    period: Annotated[Period, QueryParameter(description="How far back")] = "7d",
    agent: FromQuery[str] = "",
    zone: FromQuery[str] = "",
) -> Response[Overview]:
    """
    The figures of a period, for the charts.

    ``zone`` is the reader's time zone, such as ``Europe/Berlin``; one that is not known counts as UTC.
    """
    span = await asyncio.to_thread(span_of, period, at=now(), zone=_zone(zone))
    wanted = CallFilter(agent_ids=[agent] if agent else None)
    database = services.database
    # One after the other: together they would take the database's threads from the calls.
    totals = await store.step_totals(database, wanted, span.steps)
    peaks = await store.peaks(database, wanted, span.steps)
    ends = await store.ends(database, wanted, span.steps)
    answers = await store.answer_times(database, wanted, span.steps, most_calls=_MOST_ANSWERED_CALLS)
    figures = await asyncio.to_thread(
        overview,
        span,
        totals=totals,
        peaks=peaks,
        ends=ends,
        answers=answers,
        ended_calls=sum(ends.values()),
    )
    return Response(figures, headers=dict(PAGE_HEADERS), media_type="application/json")


async def _live(services: Services) -> tuple[tuple[Call, ...], dict[str, AgentBrief], int]:
    # No call goes on for a day, so nothing older is looked at.
    wanted = CallFilter(statuses=["active"], started_from=now() - _A_DAY)
    found = await list_page(services.database, wanted, size=_MOST_LIVE, sort="createdAt")
    return found.calls, dict(found.agents), found.total


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, OSError, KeyError):
        return UTC


HANDLERS = (show_overview, show_live, overview_data)
