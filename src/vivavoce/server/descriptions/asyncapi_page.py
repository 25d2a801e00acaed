"""The description of the sockets as a page."""

from collections.abc import Iterator, Sequence

from vivavoce.server.descriptions.markup import Html, code, element, link, prose, table
from vivavoce.server.descriptions.page_frame import framed
from vivavoce.server.descriptions.schema_tables import Json, fields_of, schema_section, type_words

__all__ = ["asyncapi_page"]

_ACTIONS = {"receive": "Messages of the client", "send": "Messages of the server"}


def asyncapi_page(document: Json) -> bytes:
    """The page of an AsyncAPI document of ours."""
    info, channels = document["info"], document["channels"]
    contents = [element("li", link(channel["title"], f"#{name}")) for name, channel in channels.items()]
    return framed(
        str(info["title"]),
        element("h1", str(info["title"])),
        element(
            "p",
            f"Version {info['version']}. The same in ",
            link("AsyncAPI", "/docs/asyncapi.json"),
            ", and ",
            link("the REST routes", "/docs"),
            ".",
            class_="quiet",
        ),
        prose(info["description"]),
        element("nav", element("ul", *contents)),
        *(_channel(document, name) for name in channels),
        element("h2", "Types"),
        *_types(document),
    )


def _channel(document: Json, name: str) -> Html:
    channel = document["channels"][name]
    query = channel["bindings"]["ws"]["query"]
    addresses = [_address(document, channel, server["$ref"]) for server in channel["servers"]]
    refusals = [(code(str(one["status"])), code(one["text"]), prose(one["when"])) for one in channel["x-refusals"]]
    return element(
        "section",
        element("h2", channel["title"]),
        *(element("p", element("span", "GET", class_="method"), code(address)) for address in addresses),
        prose(channel["description"]),
        element("h3", "Query"),
        fields_of(query),
        *_codes("Refusals of the handshake", ("status", "text", ""), refusals),
        *(html for action in _ACTIONS for html in _messages(document, name, action)),
        *_codes("Error codes", ("code", ""), _rows(channel["x-error-codes"])),
        *_codes("Close codes", ("code", ""), _rows(channel["x-close-codes"])),
        id=name,
    )


def _address(document: Json, channel: Json, server_reference: str) -> str:
    server = document["servers"][server_reference.rpartition("/")[2]]
    return f"{server['protocol']}://{server['host']}{server['pathname'].rstrip('/')}{channel['address']}"


def _messages(document: Json, channel_name: str, action: str) -> Iterator[Html]:
    operation = document["operations"][f"{channel_name}.{action}"]
    yield element("h3", _ACTIONS[action])
    for reference in operation["messages"]:
        message = document["components"]["messages"][reference["$ref"].rpartition("/")[2]]
        payload = message["payload"]
        yield element("h4", code(message["name"]))
        yield prose(message["summary"])
        if target := payload.get("$ref"):
            yield fields_of(document["components"]["schemas"][target.rpartition("/")[2]])
        else:
            yield prose(payload["description"])


def _types(document: Json) -> Iterator[Html]:
    """What messages are made of; messages themselves stand above."""
    of_messages = {message["payload"].get("$ref") for message in document["components"]["messages"].values()}
    for name, schema in document["components"]["schemas"].items():
        if f"#/components/schemas/{name}" not in of_messages:
            yield schema_section(name, schema)
    for name, scheme in document["components"]["securitySchemes"].items():
        yield element("p", code(name), " ", type_words({"type": scheme["type"]}))
        yield prose(scheme["description"])


def _codes(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[Html, ...]:
    return (element("h3", title), table(head, rows)) if rows else ()


def _rows(codes: Json) -> list[tuple[str, ...]]:
    return [(code(name), prose(meaning)) for name, meaning in codes.items()]
