"""How the engines and the server are doing, and a button that has them checked."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency

from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest
from vivavoce.server.console.navigation import NAVIGATION
from vivavoce.server.console.rendering import go, render, wants_part
from vivavoce.server.health import Health
from vivavoce.server.services import Services

__all__ = ["HANDLERS"]

_HEALTH = "/console/health"
# What happens at each stage of a turn, in the words of whoever runs a site.
_STAGES = {
    "vad": ("Voice detection", "Hears whether somebody speaks."),
    "stt": ("Speech-to-text", "Writes down what the visitor says."),
    "llm": ("Language model", "Decides what the agent answers."),
    "tts": ("Voice", "Speaks the answer."),
}


@get("/health")
async def show_health(request: AnyRequest, services: NamedDependency[Services]) -> Response[Any]:
    """Every stage with its engine and the last hour, and the rest of the server."""
    return await _page(request, _health_of(services))


@post("/health/check", status_code=200)
async def check_health(request: AnyRequest, services: NamedDependency[Services]) -> Response[Any]:
    """Has every engine do a little real work now; the part of the page that changes is the answer to htmx."""
    health = _health_of(services)
    checks = await health.check()
    if wants_part(request):
        return await _page(request, health)
    failed = sum(1 for check in checks if check.fault)
    if failed:
        return go(request, _HEALTH, problem=f"{failed} of {len(checks)} checks failed: see below.")
    return go(request, _HEALTH, done="Everything works.")


async def _page(request: AnyRequest, health: Health) -> Response[Any]:
    return render(
        request,
        "health.html",
        block="state",
        stages=health.stages(),
        server=await health.server(),
        words=_STAGES,
        current=NAVIGATION[0],
    )


def _health_of(services: Services) -> Health:
    if services.health is None:
        raise Refused(404, "This server keeps no account of its engines")
    return services.health


HANDLERS = (show_health, check_health)
