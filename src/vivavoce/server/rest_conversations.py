"""
The routes of calls that are going on or over.

Source: Atoms conversations (wire-spec 2.7).
"""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from vivavoce.clock import now
from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest, Envelope, ok
from vivavoce.server.identifiers import CALL_ID
from vivavoce.server.recordings import recording_link
from vivavoce.server.services import Services
from vivavoce.store import calls, facts
from vivavoce.talk.facts import Fact
from vivavoce.views.conversation import conversation

__all__ = ["HANDLERS", "base_url"]


@get("/conversation/{call_id:str}", summary="Show a call")
async def show_conversation(
    request: AnyRequest,
    services: NamedDependency[Services],
    link_secret: NamedDependency[bytes],
    call_id: FromPath[str],
) -> Envelope:
    """One call, from the moment it starts: what was said, how fast, and where its recording is."""
    if not CALL_ID.fullmatch(call_id):
        raise Refused(400, "Invalid call ID format")
    call = await calls.find(services.database, call_id)
    if call is None:
        raise Refused(404, "Conversation not found")
    here = base_url(request, services)
    return ok(
        conversation(
            call,
            await _all_facts(services, call_id),
            now=now(),
            recording_url=recording_link(link_secret, base_url=here, call=call, channels="mono"),
            recording_dual_url=recording_link(link_secret, base_url=here, call=call, channels="dual"),
        )
    )


def base_url(request: AnyRequest, services: Services) -> str:
    """How the world reaches this server: as configured, or as this request did."""
    return services.config.public_url.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"


async def _all_facts(services: Services, call_id: str) -> list[tuple[int, Fact]]:
    # Memory first: what is written in between is then seen twice, not missed.
    live = services.feed.snapshot(call_id)
    stored = dict(await facts.read(services.database, call_id))
    return sorted({**stored, **{item.n: item.fact for item in live}}.items())


HANDLERS = (show_conversation,)
