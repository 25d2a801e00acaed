"""
The built pages and the browser SDK, served as they are.

Pages run under a policy that allows nothing from elsewhere; the SDK may be loaded by every page in the world,
also by the paths under which content delivery networks offer npm packages.
"""

import asyncio
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from litestar import HttpMethod, Response, route
from litestar.di import NamedDependency
from litestar.params import FromPath

from vivavoce.errors import Refused
from vivavoce.server.answers import AnyRequest
from vivavoce.server.services import Services

__all__ = ["HANDLERS", "PAGE_POLICY", "built_file"]

PAGE_POLICY = (
    "default-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self' ws: wss:; "
    "img-src 'self' data:; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PAGE_HEADERS: Mapping[str, str] = {
    "content-security-policy": PAGE_POLICY,
    # The test page carries a key in its address.
    "referrer-policy": "same-origin",
}
_SDK_HEADERS: Mapping[str, str] = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
}
_SDK_FOLDER = "sdk"
_SDK_DEFAULT = "agent-sdk.browser.js"
_PACKAGE = re.compile(r"npm/@(?:vivavoce|smallest-ai)/agent-sdk(?:@[^/]+)?(?:/dist/(?P<file>.+))?")
# Pages that were written for the widget of Atoms name its bundle, ours the npm package.
_WIDGET = re.compile(
    r"npm/(?:atoms-widget-core(?:@[^/]+)?(?:/dist/embed/(?:widget\.umd\.js|(?P<beside>worklets/.+)))?"
    r"|@vivavoce/widget(?:@[^/]+)?(?:/(?:widget\.js|(?P<file>worklets/.+)))?)"
)
_WIDGET_DEFAULT = "widget.js"
# Litestar says of every text that it is UTF-8.
_MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ts": "text/plain",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".wav": "audio/wav",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_NOT_BUILT = "The pages of this server have not been built. Type: make run\n"


@route(["/", "/{path:path}"], http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def page(request: AnyRequest, services: NamedDependency[Services], path: FromPath[str] = "") -> Response[bytes]:
    """A page, or a file of the SDK."""
    wanted = path.lstrip("/") or "index.html"
    if package := _PACKAGE.fullmatch(wanted):
        wanted = f"{_SDK_FOLDER}/{package['file'] or _SDK_DEFAULT}"
    elif widget := _WIDGET.fullmatch(wanted):
        wanted = f"{_SDK_FOLDER}/{widget['beside'] or widget['file'] or _WIDGET_DEFAULT}"
    return await built_file(request, services, wanted)


async def built_file(request: AnyRequest, services: Services, wanted: str) -> Response[bytes]:
    """
    A file of the folder that the build has made.

    Args:
        wanted: Its path within the folder.

    Raises:
        Refused: 404 where there is none.
    """
    content = await asyncio.to_thread(_read, services.static, wanted)
    if content is None:
        if wanted == "index.html":
            return Response(_NOT_BUILT.encode(), status_code=503, media_type="text/plain")
        raise Refused(404, "Not found")
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {
        "etag": etag,
        # Always asked for again, and answered without content where nothing has changed.
        "cache-control": "no-cache",
        **(_SDK_HEADERS if wanted.startswith(f"{_SDK_FOLDER}/") else _PAGE_HEADERS),
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers)
    media_type = _MEDIA_TYPES.get(Path(wanted).suffix, "application/octet-stream")
    return Response(content, headers=headers, media_type=media_type)


@route(
    ["/", "/{path:path}"],
    http_method=[HttpMethod.POST, HttpMethod.PUT, HttpMethod.PATCH, HttpMethod.DELETE],
    include_in_schema=False,
)
async def nothing_here(path: FromPath[str] = "") -> None:
    """Answer what would otherwise be a wrong method for a page: there is no such route."""
    raise Refused(404, "Not found")


def _read(folder: Path, wanted: str) -> bytes | None:
    """The file's bytes; None for what is not there, lies outside the folder, or is hidden."""
    parts = Path(wanted).parts
    if "\0" in wanted or any(part.startswith(".") for part in parts):
        return None
    file = (folder / wanted).resolve()
    try:
        is_there = file.is_relative_to(folder.resolve()) and file.is_file()
    except OSError:
        # A name longer than any file's.
        return None
    return file.read_bytes() if is_there else None


HANDLERS = (page, nothing_here)
