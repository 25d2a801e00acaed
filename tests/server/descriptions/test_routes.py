"""The pages and documents of the descriptions, as a server hands them out."""

import asyncio
import base64
import hashlib
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.server.rest_scene import Scene, play
from vivavoce.server.descriptions.asyncapi import asyncapi_document
from vivavoce.server.descriptions.routes import Descriptions

PAGES = ("/docs", "/docs/sockets")
DOCUMENTS = ("/docs/openapi.json", "/docs/asyncapi.json")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_needs_nothing_from_elsewhere(path: str, tmp_path: Path) -> None:
    """Rule: it is whole without a network, has no script, and its policy allows its own style alone."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask("GET", path, key="")
        (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        policy = answer.headers["content-security-policy"]

        assert (200, "text/html; charset=utf-8") == (answer.status_code, answer.headers["content-type"])
        assert "default-src 'none'" in policy
        assert f"style-src 'sha256-{digest}'" in policy
        assert not re.search(r"<script|<link|<img|<iframe| src=| style=| on\w+=", answer.text)
        assert [] == re.findall(r'href="(?![#/])', answer.text)
        assert "prefers-color-scheme: dark" in style

    play(tmp_path, scenario)


@pytest.mark.parametrize("path", PAGES)
def test_every_link_on_a_page_leads_somewhere(path: str, tmp_path: Path) -> None:
    """Rule: to a section of the page, or to another of these paths."""

    async def scenario(scene: Scene) -> None:
        text = (await scene.ask("GET", path, key="")).text
        anchors = set(re.findall(r' id="([^"]+)"', text))

        assert len(anchors) == len(re.findall(r' id="', text))
        for target in re.findall(r'href="([^"]+)"', text):
            assert target[1:] in anchors if target.startswith("#") else target in (*PAGES, *DOCUMENTS), target

    play(tmp_path, scenario)


def test_the_pages_tell_of_every_route_message_and_field(tmp_path: Path) -> None:
    """Rule: what a program reads, a person can read too."""

    async def scenario(scene: Scene) -> None:
        routes = (await scene.ask("GET", "/docs", key="")).text
        sockets = (await scene.ask("GET", "/docs/sockets", key="")).text
        openapi = (await scene.ask("GET", "/docs/openapi.json", key="")).json()
        asyncapi = (await scene.ask("GET", "/docs/asyncapi.json", key="")).json()

        for path in openapi["paths"]:
            assert f"<code>{path}</code>" in routes
        for document, page in ((openapi, routes), (asyncapi, sockets)):
            for schema in document["components"]["schemas"].values():
                for field in schema.get("properties", {}):
                    assert f"<code>{field}</code>" in page, field
        for message in asyncapi["components"]["messages"].values():
            assert f"<code>{message['name']}</code>" in sockets
        for channel in asyncapi["channels"].values():
            for code in (*channel["x-close-codes"], *channel["x-error-codes"]):
                assert f"<code>{code}</code>" in sockets

    play(tmp_path, scenario)


@pytest.mark.parametrize("path", [*PAGES, *DOCUMENTS])
def test_what_has_not_changed_is_not_sent_again(path: str, tmp_path: Path) -> None:
    """Rule: a reader asks each time, and gets 304 from the same server."""

    async def scenario(scene: Scene) -> None:
        first = await scene.client.get(path)
        again = await scene.client.get(path, headers={"if-none-match": first.headers["etag"]})

        assert (304, b"") == (again.status_code, again.content)
        assert first.headers["etag"] == again.headers["etag"]
        assert (200, b"") == ((head := await scene.client.head(path)).status_code, head.content)

    play(tmp_path, scenario)


def test_documents_may_be_read_by_any_page(tmp_path: Path) -> None:
    """Rule: a tool in a browser can load them; they hold no secret."""

    async def scenario(scene: Scene) -> None:
        for path in DOCUMENTS:
            assert "*" == (await scene.client.get(path)).headers["access-control-allow-origin"]
        assert "access-control-allow-origin" not in (await scene.client.get("/docs")).headers

    play(tmp_path, scenario)


def test_a_document_is_made_once_and_beside_the_event_loop() -> None:
    """Rule: it takes longer than a live call may wait, and many may ask for it at the same time."""
    made_by: list[int] = []

    def make() -> dict[str, Any]:
        made_by.append(threading.get_ident())
        return asyncapi_document("1")

    async def ask() -> set[bytes]:
        descriptions = Descriptions(openapi=dict, asyncapi=make)
        return set(await asyncio.gather(*(descriptions.file("asyncapi.json") for _ in range(5))))

    assert 1 == len(asyncio.run(ask()))
    assert 1 == len(made_by)
    assert threading.get_ident() not in made_by
