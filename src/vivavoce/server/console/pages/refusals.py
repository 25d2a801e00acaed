"""The log of what public pages were refused, and what to do about it."""

from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from vivavoce.clock import now
from vivavoce.server.answers import AnyRequest
from vivavoce.server.console.refusal_words import REASONS, reason_in_words
from vivavoce.server.console.rendering import render
from vivavoce.server.services import Services
from vivavoce.store import agents, refusals

__all__ = ["HANDLERS"]

_PAGE_SIZE = 50
_MOST_AGENTS = 200
_FIRST_DAY = date(1970, 1, 1)


@get("/refusals")
async def list_refusals(
    request: AnyRequest,
    services: NamedDependency[Services],
    agent: FromQuery[str] = "",
    reason: FromQuery[str] = "",
    day: FromQuery[str] = "",
    page: Annotated[int, QueryParameter(ge=1, le=1_000_000)] = 1,
) -> Response[Any]:
    """A page of the log, the latest first, by agent, reason and day."""
    database = services.database
    found = await refusals.list_page(
        database, agent_id=agent, reason=reason, day=_number_of(day), page=page, size=_PAGE_SIZE
    )
    today = await refusals.totals(database, refusals.day_of(now()), agent_id=agent)
    rows = [(row, reason_in_words(row.refusal.reason)) for row in found.rows]
    shown = {row.refusal.reason for row in found.rows}
    names = dict(await agents.search_names(database, "", most=_MOST_AGENTS))
    names |= await agents.names_of(database, [row.refusal.agent_id for row in found.rows])
    asked = {name: value for name, value in (("agent", agent), ("reason", reason), ("day", day)) if value}
    return render(
        request,
        "refusals.html",
        block="log",
        rows=rows,
        total=found.total,
        page=page,
        last_page=max(1, -(-found.total // _PAGE_SIZE)),
        today=[(reason_in_words(code).name, times) for code, times in sorted(today.items(), key=lambda one: -one[1])],
        advice=[(code, words) for code, words in REASONS.items() if code in shown],
        names=names,
        reasons=REASONS,
        agent=agent,
        reason=reason,
        day=day,
        elsewhere=refusals.ELSEWHERE,
        query=urlencode(asked),
    )


def _number_of(day: str) -> int | None:
    """Days since 1970; None for what is no day."""
    try:
        return (date.fromisoformat(day) - _FIRST_DAY).days
    except ValueError:
        return None


HANDLERS = (list_refusals,)
