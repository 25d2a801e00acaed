"""
Recordings: their links and their bytes.

A link that ``GET /conversation/{callId}`` gives can be opened as it is, by a browser or curl,
because it is signed; whoever shows a key needs no signature.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlencode

from litestar import HttpMethod, Response, route
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from vivavoce import ids
from vivavoce.audio.mono import mix_to_mono
from vivavoce.errors import Refused, StoreError
from vivavoce.server.answers import AnyRequest, errors
from vivavoce.server.auth import check_bearer
from vivavoce.server.identifiers import CALL_ID
from vivavoce.server.ranges import Unsatisfiable, byte_range
from vivavoce.server.services import Services
from vivavoce.server.signing import signature_holds, signed_query
from vivavoce.store import calls
from vivavoce.store.calls import Call

__all__ = ["Channels", "file_of", "recording", "recording_link"]

# The mean of both voices, or visitor left and agent right.
Channels = Literal["mono", "dual"]
_MEDIA_TYPES: Mapping[str, str] = {".wav": "audio/wav", ".flac": "audio/flac", ".ogg": "audio/ogg"}
_CHUNK_BYTES = 262_144


def recording_link(secret: bytes, *, base_url: str, call: Call, channels: Channels) -> str:
    """A link that works by itself for an hour; empty while the call has no recording that is ready."""
    if call.recording != "ready":
        return ""
    subject = {"call": call.id, "channels": channels}
    query = urlencode({"channels": channels, **signed_query(secret, subject)})
    return f"{base_url}/atoms/v1/conversation/{call.id}/recording?{query}"


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
        await check_bearer(services.database, request.headers)
    if channels not in get_args(Channels):
        raise Refused(400, "channels: Invalid enum value. Expected 'mono' | 'dual'")
    if not CALL_ID.fullmatch(call_id):
        raise Refused(400, "Invalid call ID format")
    call = await calls.find(services.database, call_id)
    file = None if call is None else await file_of(call, services.recordings, mono=channels == "mono")
    if file is None:
        raise Refused(404, "Recording not found")
    return await _file_answer(request, file)


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


async def _file_answer(request: AnyRequest, file: Path) -> Response[Any]:
    size_bytes = (await asyncio.to_thread(file.stat)).st_size
    headers = {"accept-ranges": "bytes", "content-disposition": f'inline; filename="{file.name}"'}
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
