"""Scripts and styles of the console, served as they were built."""

from litestar import HttpMethod, Response, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from vivavoce.server.answers import AnyRequest
from vivavoce.server.pages import built_file
from vivavoce.server.services import Services

__all__ = ["HANDLERS"]

_FOLDER = "console"


@route("/assets/{path:path}", http_method=[HttpMethod.GET, HttpMethod.HEAD])
async def asset(request: AnyRequest, services: NamedDependency[Services], path: FromPath[str]) -> Response[bytes]:
    """One of them; there is nothing secret in any."""
    return await built_file(request, services, f"{_FOLDER}/{path.lstrip('/')}")


HANDLERS = (asset,)
