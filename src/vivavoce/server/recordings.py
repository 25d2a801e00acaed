"""
Recordings: their links and their bytes.

A link that ``GET /conversation/{callId}`` gives can be opened as it is, by a browser or curl,
because it is signed; whoever shows a key needs no signature.

Source: Atoms conversations (wire-spec 2.7.1 and 2.7.4).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from litestar import HttpMethod, Response, get, route
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Stream
from msgspec import Struct

from vivavoce import ids
from vivavoce.audio.mono import mix_to_mono
from vivavoce.errors import Refused, StoreError
from vivavoce.server.answers import AnyRequest, Ok, errors
from vivavoce.server.auth import check_bearer
from vivavoce.server.console.person import signed_in
from vivavoce.server.identifiers import CALL_ID
from vivavoce.server.ranges import Unsatisfiable, byte_range
from vivavoce.server.services import Services
from vivavoce.server.signing import LINK_LIFETIME_S, signature_holds, signed_query
from vivavoce.store import calls
from vivavoce.store.calls import Call
from vivavoce.views.call_parts import CallLinks

__all__ = [
    "HANDLERS",
    "Channels",
    "DownloadUrl",
    "base_url",
    "call_links",
    "file_of",
    "recording",
    "recording_link",
]

# The mean of both voices, or visitor left and agent right.
Channels = Literal["mono", "dual"]
_MEDIA_TYPES: Mapping[str, str] = {".wav": "audio/wav", ".flac": "audio/flac", ".ogg": "audio/ogg"}
_CHUNK_BYTES = 262_144
# A link that was asked for is used at once; the original's is valid for minutes (wire-spec 2.7.4).
_DOWNLOAD_LIFETIME_S = 900


class DownloadUrl(Struct, frozen=True, rename="camel"):
    """Where a recording can be fetched without a key, for a quarter of an hour."""

    presigned_url: str


def recording_link(
    secret: bytes, *, base_url: str, call: Call, channels: Channels, lifetime_s: int = LINK_LIFETIME_S
) -> str:
    """A link that works by itself for a while; empty while the call has no recording that is ready."""
    if call.recording != "ready":
        return ""
    query = signed_query(secret, {"call": call.id, "channels": channels}, lifetime_s=lifetime_s)
    # Nothing in it needs to be encoded, and a list of calls has hundreds of links.
    return (
        f"{base_url}/atoms/v1/conversation/{call.id}/recording"
        f"?channels={channels}&expires={query['expires']}&signature={query['signature']}"
    )


def call_links(secret: bytes, *, base_url: str, call: Call) -> CallLinks:
    """The links to both forms of a recording."""
    return CallLinks(
        recording_link(secret, base_url=base_url, call=call, channels="mono"),
        recording_link(secret, base_url=base_url, call=call, channels="dual"),
    )


def base_url(request: AnyRequest, services: Services) -> str:
    """How the world reaches this server: as configured, or as this request did."""
    return services.config.public_url.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"


@get("/conversation/{call_id:str}/recording/download-url", summary="Get a link to a recording")
async def download_url(
    request: AnyRequest,
    services: NamedDependency[Services],
    link_secret: NamedDependency[bytes],
    call_id: FromPath[str],
    channels: Annotated[
        str, QueryParameter(description="`mono`, or `dual`: the visitor left, the agent right")
    ] = "mono",
) -> Ok[DownloadUrl]:
    """A link that works by itself, to hand on to a browser; made anew each time."""
    wanted = _checked(call_id, channels)
    call = await calls.find(services.database, call_id)
    if call is None or call.recording != "ready":
        raise Refused(404, "Recording not found")
    link = recording_link(
        link_secret,
        base_url=base_url(request, services),
        call=call,
        channels=wanted,
        lifetime_s=_DOWNLOAD_LIFETIME_S,
    )
    return Ok(DownloadUrl(link))


@route(
    "/conversation/{call_id:str}/recording",
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    summary="Fetch a recording",
)
async def recording(
    request: AnyRequest,
    services: NamedDependency[Services],
    link_secret: NamedDependency[bytes],
    call_id: FromPath[str],
    channels: FromQuery[str] = "mono",
    expires: FromQuery[str] = "",
    signature: FromQuery[str] = "",
) -> Response[Any]:
    """The sound of a call, whole or in part (``Range``)."""
    subject = {"call": call_id, "channels": channels}
    if not (signature and signature_holds(link_secret, subject, expires=expires, signature=signature)):
        if signature and "authorization" not in request.headers:
            raise Refused(401, "Unauthorized: the link has expired or was changed; ask for a new one")
        if "authorization" in request.headers or not await signed_in(request, services):
            await check_bearer(services.database, request.headers)
    _checked(call_id, channels)
    call = await calls.find(services.database, call_id)
    file = None if call is None else await file_of(call, services.recordings, mono=channels == "mono")
    if file is None:
        raise Refused(404, "Recording not found")
    return await _file_answer(request, file, name=f"{call_id}-{file.name}")


def _checked(call_id: str, channels: str) -> Channels:
    if channels not in get_args(Channels):
        raise Refused(400, "channels: Invalid enum value. Expected 'mono' | 'dual'")
    if not CALL_ID.fullmatch(call_id):
        raise Refused(400, "Invalid call ID format")
    return "mono" if channels == "mono" else "dual"


async def file_of(call: Call, folder: Path, *, mono: bool) -> Path | None:
    """
    The file of a call's recording; the mono mix is made when it is first wanted.

    Raises:
        StoreError: The recording is there but cannot be mixed.
    """
    if call.recording != "ready" or not call.recording_path:
        return None
    try:
        return await asyncio.to_thread(_locate, folder, call.recording_path, mono)
    except (OSError, ValueError) as error:
        raise StoreError(f"the recording of {call.id} cannot be used: {error}") from error


def _locate(folder: Path, path: str, mono: bool) -> Path | None:
    dual = (folder / path).resolve()
    if not dual.is_relative_to(folder.resolve()) or not dual.is_file():
        return None
    if not mono:
        return dual
    mixed = dual.with_name(f"mono{dual.suffix}")
    if not mixed.is_file():
        # Whoever else wants it now mixes a file of his own: the last to be renamed stays, and all are the same.
        draft = dual.with_name(f"mono-{ids.session_id()}{dual.suffix}")
        try:
            mix_to_mono(dual, draft)
            draft.replace(mixed)
        finally:
            draft.unlink(missing_ok=True)
    return mixed


async def _file_answer(request: AnyRequest, file: Path, *, name: str) -> Response[Any]:
    size_bytes = (await asyncio.to_thread(file.stat)).st_size
    headers = {"accept-ranges": "bytes", "content-disposition": f'inline; filename="{name}"'}
    try:
        part = byte_range(request.headers.get("range"), size_bytes)
    except Unsatisfiable:
        return errors(416, "The range begins behind the end", headers={"content-range": f"bytes */{size_bytes}"})
    start, end = part or (0, size_bytes)
    if part is not None:
        headers["content-range"] = f"bytes {start}-{end - 1}/{size_bytes}"
    headers["content-length"] = str(end - start)
    return Stream(
        _read(file, start, end),
        status_code=200 if part is None else 206,
        media_type=_MEDIA_TYPES.get(file.suffix, "application/octet-stream"),
        headers=headers,
    )


async def _read(file: Path, start: int, end: int) -> AsyncIterator[bytes]:
    source = await asyncio.to_thread(file.open, "rb")
    try:
        await asyncio.to_thread(source.seek, start)
        left = end - start
        while left > 0 and (chunk := await asyncio.to_thread(source.read, min(left, _CHUNK_BYTES))):
            left -= len(chunk)
            yield chunk
    finally:
        await asyncio.to_thread(source.close)


# ``recording`` is not among them: it sees to it itself who may come in.
HANDLERS = (download_url,)
