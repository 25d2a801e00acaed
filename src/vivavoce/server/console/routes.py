"""Everything at ``/console``: the pages, and what they load."""

from litestar import HttpMethod, Router, route
from litestar.di import Provide
from litestar.params import FromPath

from vivavoce.errors import Refused
from vivavoce.server.console import assets
from vivavoce.server.console.forms import close_files, read_form
from vivavoce.server.console.guard import console_guard
from vivavoce.server.console.pages import (
    account,
    agent_settings,
    agents,
    call,
    calls,
    deliveries,
    health,
    keys,
    knowledge,
    overview,
    refusals,
    sign_in,
    try_it,
    users,
    webhooks,
    widget,
)
from vivavoce.server.console.person import the_person

__all__ = ["CONSOLE"]

# Each has its HANDLERS; their paths count from /console.
_PAGES = (
    overview,
    agents,
    agent_settings,
    knowledge,
    keys,
    users,
    account,
    sign_in,
    try_it,
    widget,
    health,
    webhooks,
    deliveries,
    refusals,
    calls,
    call,
)


@route(
    "/{path:path}",
    http_method=[HttpMethod.GET, HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH, HttpMethod.DELETE],
)
async def no_such_page(path: FromPath[str]) -> None:
    """Whoever is signed in is told within the console that there is no such page."""
    raise Refused(404, "Not found")


_pages = Router(
    "/",
    route_handlers=[*(handler for page in _PAGES for handler in page.HANDLERS), no_such_page],
    guards=[console_guard],
    after_response=close_files,
    dependencies={"person": Provide(the_person), "form": Provide(read_form)},
)
# None of these routes is part of the described interfaces.
CONSOLE = Router("/console", route_handlers=[_pages, *assets.HANDLERS], include_in_schema=False)
