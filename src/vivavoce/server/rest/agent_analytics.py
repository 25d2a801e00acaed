"""
What is to be found out about an agent's calls: ``postCallAnalyticsConfig`` of its document, by a route of its own.

Source: a client of the Atoms API (wire-spec 2.2); the metrics themselves are those of ``analytics.settings``.
"""

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from vivavoce.agent_settings import Document, merged
from vivavoce.complaints import complaint
from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest, Ok
from vivavoce.server.bodies import read_object
from vivavoce.server.rest.agents import agent_below
from vivavoce.server.services import Services
from vivavoce.store import agents

__all__ = ["HANDLERS", "AnalyticsConfigShown"]

_FIELD = "postCallAnalyticsConfig"


class AnalyticsConfigShown(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is asked about each call."""

    summary_prompt: str = ""
    disposition_metrics: list[dict[str, object]] = msgspec.field(default_factory=list)
    success_metrics: list[dict[str, object]] = msgspec.field(default_factory=list)
    is_enabled: bool = True
    use_internal_analytics_model: bool = True
    use_reasoning_model: bool = False


@get("/agent/{agent_id:str}/post-call-analytics", summary="Show what is found out about an agent's calls")
async def show_analytics(services: NamedDependency[Services], agent_id: FromPath[str]) -> Ok[AnalyticsConfigShown]:
    """The questions that are asked about every call of the agent."""
    agent = await agent_below(services.database, agent_id)
    return Ok(_shown(agent.document))


@post(
    "/agent/{agent_id:str}/post-call-analytics",
    status_code=200,
    summary="Change what is found out about an agent's calls",
)
async def change_analytics(
    request: AnyRequest, services: NamedDependency[Services], agent_id: FromPath[str]
) -> Ok[AnalyticsConfigShown]:
    """Change the fields that are sent; calls that begin from now on are asked about so."""
    agent = await agent_below(services.database, agent_id)
    changes = await read_object(request)

    def edit(document: Document) -> dict[str, object]:
        known = document.get(_FIELD)
        return merged(document, {_FIELD: {**(known if isinstance(known, dict) else {}), **changes}})

    changed = await agents.change(services.database, agent.id, edit)
    return Ok(_shown(agent.document if changed is None else changed.document))


def _shown(document: Document) -> AnalyticsConfigShown:
    written = document.get(_FIELD)
    known = {name: value for name, value in written.items() if value is not None} if isinstance(written, dict) else {}
    try:
        return msgspec.convert(known, AnalyticsConfigShown)
    except msgspec.ValidationError as error:
        raise Refused(400, complaint(str(error), within=_FIELD)) from error


HANDLERS = (show_analytics, change_analytics)
