"""
Figures over many calls.

Source: Atoms analytics (wire-spec 2.9).
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from datetime import date as date_
from typing import Annotated

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from vivavoce.clock import now
from vivavoce.errors import Refused
from vivavoce.server.answers import Success
from vivavoce.server.rest.call_queries import call_filter, day_of, earliest, latest
from vivavoce.server.services import Services
from vivavoce.store import call_totals
from vivavoce.store.call_totals import MinuteCount
from vivavoce.views.call_summary import CallSummary, call_summary
from vivavoce.views.concurrency import Concurrency, concurrency
from vivavoce.views.disposition_templates import TEMPLATES, DispositionTemplate

__all__ = ["HANDLERS"]

# What a summary is about where no dates are given.
_USUAL_PERIOD = timedelta(days=30)
_MINUTE = timedelta(minutes=1)
_DAY_MINUTES = 1440
# Before any clock that a call can have been made by.
_FIRST_DAY = date_(1970, 1, 1)
# Further panels of the original's dashboard: asked for, they are empty.
_EMPTY_PANELS = frozenset(
    {
        "agent-performance",
        "attempt-cohort",
        "call-counts-by-day",
        "call-outcomes-timeseries",
        "call-start-distribution",
        "call-volume-timeseries",
        "daily-call-summary",
        "dashboard",
        "duration-stats",
        "hourly-performance",
        "phone-number-trends",
        "pickup-rate-by-number",
        "usage/timeseries",
        "weekly-trends",
    }
)


@get("/analytics/summary", summary="Sum the calls of a period up")
async def summarise(
    services: NamedDependency[Services],
    date_from: Annotated[str, QueryParameter(name="dateFrom", description="30 days before the end by default")] = "",
    date_to: Annotated[str, QueryParameter(name="dateTo", description="Now by default; a day counts whole")] = "",
    start_date: Annotated[str, QueryParameter(name="startDate", description="Another name of dateFrom")] = "",
    end_date: Annotated[str, QueryParameter(name="endDate", description="Another name of dateTo")] = "",
    agent_id: Annotated[str, QueryParameter(name="agentId", description="Ids with commas")] = "",
    campaign_id: Annotated[str, QueryParameter(name="campaignId", description="No call belongs to one")] = "",
    call_type: Annotated[str, QueryParameter(name="callType", description="`webcall`, `chat`")] = "",
) -> Success[CallSummary]:
    """How many calls began in a period and how long they were, beside the period of the same length before."""
    end = latest("dateTo", date_to or end_date) or now()
    try:
        start = earliest("dateFrom", date_from or start_date) or end - _USUAL_PERIOD
        if start >= end:
            raise Refused(400, "dateFrom: Invalid date. Expected one before dateTo")
        before = start - (end - start)
    except OverflowError as error:
        raise Refused(400, "dateFrom: Invalid date. Expected a period with room for another before it") from error
    wanted = call_filter(agents=agent_id, campaigns=campaign_id, types=call_type)
    current = await call_totals.totals(services.database, wanted.within(start, end))
    previous = await call_totals.totals(services.database, wanted.within(before, start), median=False)
    return Success(call_summary(current, previous, start=start, end=end, before=before))


@get("/analytics/concurrency", summary="Count the calls of a day minute by minute")
async def count_concurrent(
    services: NamedDependency[Services],
    date: Annotated[str, QueryParameter(description="A day in UTC, YYYY-MM-DD; today by default")] = "",
    agent_id: Annotated[str, QueryParameter(name="agentId", description="Ids with commas")] = "",
    include_agents: Annotated[
        str, QueryParameter(name="includeAgents", description="`true`: each agent as well")
    ] = "false",
) -> Success[Concurrency]:
    """How many calls went on in each minute of a day."""
    moment = now()
    day = day_of("date", date) if date else moment.date()
    start = datetime.combine(day, time(), UTC)
    # The minute that runs counts.
    minutes = max(0, min(_DAY_MINUTES, -((start - moment) // _MINUTE)))
    by_agent = include_agents.strip().lower() == "true"
    counts: Sequence[MinuteCount] = ()
    if minutes and day > _FIRST_DAY:
        counts = await call_totals.minutes_of(
            services.database,
            call_filter(agents=agent_id),
            start=start,
            end=start + minutes * _MINUTE,
            by_agent=by_agent,
        )
    return Success(await asyncio.to_thread(concurrency, counts, day=day, minutes=minutes, by_agent=by_agent))


@get("/disposition-metric-templates", summary="List metrics to begin with")
async def list_templates() -> Success[list[DispositionTemplate]]:
    """Metrics for ``postCallAnalyticsConfig.dispositionMetrics`` of an agent, ready to be copied."""
    return Success(list(TEMPLATES))


@get("/analytics/{panel:path}", summary="Ask for another panel of the dashboard")
async def show_empty_panel(panel: FromPath[str]) -> Success[dict[str, object]]:
    """The further panels of the original's dashboard are there and empty, so that its clients go on."""
    if panel.strip("/") not in _EMPTY_PANELS:
        raise Refused(404, "Not found")
    return Success({})


HANDLERS = (summarise, count_concurrent, list_templates, show_empty_panel)
