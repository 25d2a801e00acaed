"""
The REST routes in OpenAPI 3.1, generated from the handlers and their types.

Litestar describes what it knows: paths, parameters, bodies and answers. ``completed`` adds what holds for all routes:
the envelope of every refusal, the request id, both prefixes, and the agent document, which is read as it was sent.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from inspect import cleandoc
from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ControllerRouterHandler

from vivavoce.agent_settings import AgentSettings
from vivavoce.server.answers import RefusalBody
from vivavoce.server.descriptions.route_notes import NOTES, AgentShown, RouteNote
from vivavoce.server.descriptions.type_schemas import type_schemas

__all__ = ["BEARER", "completed", "openapi_document"]

Json = dict[str, Any]

# What a router of routes that need a key says of itself.
BEARER: dict[str, list[str]] = {"bearer": []}

_DESCRIPTION = (
    "Agents, calls and everything around them. JSON in, JSON out.\n\n"
    'A request that was done answers `{"status": true, "data": …}`, or `{"success": true, "data": …}`; one that was '
    'not `{"status": false, "errors": ["…"]}` with a sentence for a person. Every answer carries `x-request-id`. '
    "Fields that a request has and the server does not know are ignored, those of an agent are kept."
)
_SCHEMAS = "#/components/schemas"
# How Litestar names an ``Ok[…]`` or ``Success[…]``.
_ENVELOPE = re.compile(r"(?:Ok|Success)_")
_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
# Sections of a docstring that tell Python's reader something, not the caller's.
_SECTIONS = re.compile(r"\n\n(?:Args|Raises|Returns|Yields|Source):.*", re.DOTALL)

# What a refusal of each status means, whichever route gives it.
_MEANINGS: Mapping[int, str] = {
    400: "Something about the request is wrong; the text says what",
    401: "The key is missing, unknown or revoked",
    404: "There is no such thing",
    413: "The body is too large",
    500: "A bug; the server's log has it",
    503: "The server is stopping, or its store does not answer; try again after `Retry-After` seconds",
}


def openapi_document(
    routes: Sequence[ControllerRouterHandler],
    *,
    version: str,
    prefixes: Sequence[str],
    dependencies: Mapping[str, Provide],
) -> Json:
    """
    The description of routes, which takes about a tenth of a second.

    Args:
        routes: The handlers, those of the API below the first prefix.
        version: Of the server.
        prefixes: Where the API is served; each has the same routes.
        dependencies: The parameters that are no part of a request; nobody asks for them here.
    """
    config = OpenAPIConfig(
        title="Vivavoce",
        version=version,
        description=_DESCRIPTION,
        use_handler_docstrings=True,
        # Only to be told apart: ``completed`` gives them their ids.
        operation_id_creator=lambda _, method, parts: f"{method} {parts}",
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(type="http", scheme="bearer", description="An API key, `sk_…`."),
                "token": SecurityScheme(
                    type="apiKey", name="token", security_scheme_in="query", description="An API key, `sk_…`."
                ),
            }
        ),
    )
    # An application that is never served: the real one needs a store, and describes itself on its event loop.
    application = Litestar(
        routes,
        openapi_config=config,
        dependencies=dict(dependencies),
        logging_config=None,
    )
    return completed(application.openapi_schema.to_schema(), prefixes=prefixes)


def completed(document: Json, *, prefixes: Sequence[str]) -> Json:
    """
    A document with what holds for all routes, and what ``route_notes`` says of some.

    Args:
        document: As Litestar wrote it; it is changed.
        prefixes: Where the API is served; the first one stands in the paths.
    """
    components = document["components"]
    envelopes = {name: schema for name, schema in components["schemas"].items() if _ENVELOPE.match(name)}
    types = [note_type for note in NOTES.values() for note_type in (note.body, note.data, *note.envelopes.values())]
    ours = type_schemas([RefusalBody, *(one for one in types if one is not None)], reference=_SCHEMAS + "/{name}")
    components["schemas"] = {
        name: schema for name, schema in sorted({**components["schemas"], **ours}.items()) if name not in envelopes
    }
    if "AgentList" in components["schemas"]:
        components["schemas"]["AgentList"]["properties"]["agents"]["items"] = _reference(AgentShown)
    components["headers"] = {
        "RequestId": {"description": "Names this request, in questions to an operator.", "schema": {"type": "string"}}
    }
    document["paths"] = dict(_paths(document["paths"], prefixes, envelopes))
    document["servers"] = [{"url": prefix} for prefix in prefixes]
    return dict(_tidied(document))


def _paths(
    paths: Mapping[str, Json], prefixes: Sequence[str], envelopes: Mapping[str, Json]
) -> Iterator[tuple[str, Json]]:
    for path, item in sorted(paths.items()):
        short = path.removeprefix(prefixes[0])
        for method in _METHODS:
            if method in item:
                _complete(item[method], f"{method.upper()} {short}", envelopes)
        # Without a prefix it is served at the root.
        yield short, (item if short != path else {**item, "servers": [{"url": "/"}]})


def _complete(operation: Json, route: str, envelopes: Mapping[str, Json]) -> None:
    note = NOTES.get(route, RouteNote())
    operation["operationId"] = _operation_id(route)
    operation["description"] = _SECTIONS.sub("", operation.get("description") or "").strip()
    if note.security is not None:
        operation["security"] = [{name: []} if name else {} for name in note.security]
    if note.body is not None:
        content = {"application/json": {"schema": _reference(note.body)}}
        operation["requestBody"] = {"required": note.body is not AgentSettings, "content": content}
    responses = operation["responses"]
    if "status_code" in str(responses.get("400")):
        # Litestar's own idea of a refused request.
        del responses["400"]
    done = {status: response for status, response in responses.items() if status < "400"}
    for status, response in done.items():
        _describe_answer(response, note, envelopes)
        if not note.answers:
            del responses[status]
    if 416 in note.refusals:
        # Whoever may ask for a part is answered with one.
        responses["206"] = {**done["200"], "description": "The part that was asked for"}
    _describe_refusals(operation, route, note)
    for response in responses.values():
        headers = {**response.get("headers", {}), "x-request-id": {"$ref": "#/components/headers/RequestId"}}
        response["headers"] = headers
        for content in (response.get("content") or {}).values():
            # Litestar makes them up.
            content.pop("examples", None)
    operation["responses"] = dict(sorted(responses.items()))


def _describe_refusals(operation: Json, route: str, note: RouteNote) -> None:
    """Each with what it means and its envelope; what a handler has declared itself stays."""
    responses = operation["responses"]
    usual = {status: _MEANINGS[status] for status in _usual(operation, route)}
    for status, text in {**usual, **note.refusals}.items():
        own = note.envelopes.get(status)
        schema = {"anyOf": [_reference(own), _reference(RefusalBody)]} if own else _reference(RefusalBody)
        response = responses.setdefault(str(status), {"description": text})
        response.setdefault("content", {"application/json": {"schema": schema}})
    content = {"application/json": {"schema": _reference(RefusalBody)}}
    responses["default"] = {"description": "Any other refusal", "content": content}


def _describe_answer(response: Json, note: RouteNote, envelopes: Mapping[str, Json]) -> None:
    """The answer of a request that was done: its envelope stands where it is used, around what it carries."""
    if note.media_types:
        response["content"] = {media_type: {} for media_type in note.media_types}
    response["description"] = "Done"
    for content in (response.get("content") or {}).values():
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        if envelope := envelopes.get(name):
            properties = dict(envelope["properties"])
            flag = "success" if "success" in properties else "status"
            content["schema"] = {
                "type": "object",
                "properties": {flag: {"type": "boolean", "const": True}, "data": properties["data"]},
                "required": [flag, "data"],
            }
        if note.data is not None:
            content["schema"] = {
                "type": "object",
                "properties": {"status": {"type": "boolean", "const": True}, "data": _reference(note.data)},
                "required": ["status", "data"],
            }


def _usual(operation: Json, route: str) -> Iterator[int]:
    """What may always happen, judged by what the request carries."""
    body, parameters, security = (operation.get(key) for key in ("requestBody", "parameters", "security"))
    if body or parameters:
        yield 400
    if body:
        yield 413
    if security:
        yield 401
    if "{" in route:
        yield 404
    yield 500
    yield 503


def _reference(type_: Any) -> Json:
    return {"$ref": f"{_SCHEMAS}/{type_.__name__}"}


def _operation_id(route: str) -> str:
    """
    A name for a route: ``GET /agent/{agent_id}/call-logs`` is ``getAgentByAgentIdCallLogs``.

    Made of what the contract fixes, so it stays the same whatever we call our functions.
    """
    method, _, path = route.partition(" ")
    words = re.findall(r"[A-Za-z0-9]+", path.replace("{", "by-"))
    return method.lower() + "".join(word[0].upper() + word[1:] for word in words)


def _tidied(value: Any) -> Any:
    """
    The same without what misleads: ``oneOf`` where several may fit, and the marks of our docstrings.

    An integer is also a number, so ``int | float`` as ``oneOf`` would refuse every integer.
    """
    match value:
        case dict():
            return {key: _tidied(entry) for key, entry in _honest(value).items()}
        case list():
            return [_tidied(entry) for entry in value]
        case str():
            return cleandoc(value).replace("``", "`") if "``" in value else value
        case _:
            return value


def _honest(schema: Json) -> Json:
    return {
        "anyOf" if key == "oneOf" and isinstance(entry, list) else key: entry
        for key, entry in schema.items()
        # Litestar makes examples up.
        if key != "examples" or not isinstance(entry, list)
    }
