"""The description of the REST routes as a page."""

from collections.abc import Iterator

from vivavoce.server.descriptions.markup import Html, code, element, link, prose, table
from vivavoce.server.descriptions.page_frame import framed
from vivavoce.server.descriptions.schema_tables import Json, notes, schema_section, type_words

__all__ = ["openapi_page"]

_METHODS = ("get", "post", "put", "patch", "delete", "head")
_OTHER = "server"


def openapi_page(document: Json) -> bytes:
    """The page of an OpenAPI document of ours."""
    info, prefixes = document["info"], [server["url"] for server in document["servers"]]
    chapters = _chapters(document)
    return framed(
        str(info["title"]),
        element("h1", str(info["title"])),
        element(
            "p",
            f"Version {info['version']}. The same in ",
            link("OpenAPI", "/docs/openapi.json"),
            ", and ",
            link("the sockets", "/docs/sockets"),
            ".",
            class_="quiet",
        ),
        prose(info["description"]),
        prose(
            "Every path is served under " + " and under ".join(f"`{prefix}`" for prefix in prefixes) + ", except "
            "where it says otherwise. Where a key is needed, it is sent as `Authorization: Bearer sk_…`."
        ),
        element("nav", *(html for title, routes in chapters for html in _contents(title, routes))),
        *(html for title, routes in chapters for html in _chapter(title, routes)),
        element("h2", "Types"),
        *(schema_section(name, schema) for name, schema in sorted(document["components"]["schemas"].items())),
    )


def _chapters(document: Json) -> list[tuple[str, list[tuple[str, str, Json, Json]]]]:
    """The routes by the first word of their paths: ``(title, [(method, path, path item, operation)])``."""
    chapters: dict[str, list[tuple[str, str, Json, Json]]] = {}
    for path, item in document["paths"].items():
        title = path.strip("/").partition("/")[0] or _OTHER
        routes = [(method, path, item, item[method]) for method in _METHODS if method in item]
        chapters.setdefault(title, []).extend(routes)
    return sorted(chapters.items())


def _contents(title: str, routes: list[tuple[str, str, Json, Json]]) -> Iterator[Html]:
    yield element("h4", title)
    yield element(
        "ul",
        *(
            element("li", element("span", method.upper(), class_="method"), link(path, f"#{operation['operationId']}"))
            for method, path, _, operation in routes
            if method != "head"
        ),
    )


def _chapter(title: str, routes: list[tuple[str, str, Json, Json]]) -> Iterator[Html]:
    yield element("h2", title)
    for method, path, item, operation in routes:
        # What GET says holds for HEAD.
        if method != "head":
            yield _operation(method, path, item, operation)


def _operation(method: str, path: str, item: Json, operation: Json) -> Html:
    notices = []
    if "servers" in item:
        notices.append("At the root, without a prefix.")
    if not operation.get("security"):
        notices.append("Needs no key.")
    return element(
        "section",
        element("h3", element("span", method.upper(), class_="method"), code(path)),
        element("p", element("strong", operation.get("summary", ""))),
        prose(operation.get("description", "")),
        *([element("p", " ".join(notices), class_="quiet")] if notices else []),
        *_parameters(operation.get("parameters", [])),
        *_body(operation.get("requestBody")),
        element("h4", "Answers"),
        table(("status", "body", ""), [_answer(status, one) for status, one in operation["responses"].items()]),
        id=operation["operationId"],
    )


def _parameters(parameters: list[Json]) -> Iterator[Html]:
    if parameters:
        yield element("h4", "Parameters")
        yield table(
            ("name", "in", "type", "required", ""),
            [
                (
                    code(one["name"]),
                    one["in"],
                    type_words(one["schema"]),
                    "yes" if one.get("required") else "",
                    notes({**one["schema"], **({"description": one["description"]} if "description" in one else {})}),
                )
                for one in parameters
            ],
        )


def _body(body: Json | None) -> Iterator[Html]:
    for media_type, content in (body or {}).get("content", {}).items():
        yield element("h4", "Body")
        yield element("p", type_words(content["schema"]), f" ({media_type})")


def _answer(status: str, response: Json) -> tuple[str, ...]:
    bodies = [_body_words(media_type, content) for media_type, content in response.get("content", {}).items()]
    return (code(status), *(bodies[:1] or [Html()]), prose(response["description"]))


def _body_words(media_type: str, content: Json) -> Html:
    schema = content.get("schema", {})
    if not schema:
        return element("span", media_type)
    # Of an envelope only what it carries; the head of the page tells of the rest.
    carried = schema.get("properties", {}).get("data")
    return type_words(schema) if carried is None else element("span", code("data"), ": ", type_words(carried))
