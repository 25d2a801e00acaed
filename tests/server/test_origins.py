"""Foreign pages and foreign names are told from our own."""

import pytest

from vivavoce.server.origins import foreign_name, foreign_page, is_loopback


@pytest.mark.parametrize(
    ("host", "foreign"),
    [
        ("localhost:8600", False),
        ("[::1]:8600", False),
        ("LOCALHOST", False),
        ("voice.example", False),
        ("voice.example:443", False),
        ("rebound.example:8600", True),
        ("localhost.evil.example", True),
        ("", True),
        ("[", True),
    ],
)
def test_a_name_that_was_pointed_here_is_foreign(host: str, foreign: bool) -> None:
    """That of the public URL is not, whatever port the proxy writes."""
    assert foreign is foreign_name({"host": host}, public_url="https://voice.example")


def test_without_a_host_every_name_is_foreign() -> None:
    """HTTP/1.0 has no names; browsers do not speak it."""
    assert foreign_name({})


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        ({}, False),
        ({"origin": "http://localhost:8600"}, False),
        ({"origin": "https://voice.example", "sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"origin": "https://evil.example"}, True),
        ({"origin": "http://localhost:3000"}, True),
        ({"origin": "null"}, True),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),
    ],
)
def test_a_browser_says_when_another_page_asks(headers: dict[str, str], foreign: bool) -> None:
    """By ``Origin`` or by ``Sec-Fetch-Site``; programs say neither."""
    asked = {"host": "localhost:8600", **headers}

    assert foreign is foreign_page(asked, public_url="https://voice.example")


@pytest.mark.parametrize(
    ("host", "local"),
    [("localhost", True), ("127.0.0.1", True), ("127.0.0.2", True), ("::1", True), ("0.0.0.0", False), ("x", False)],
)
def test_loopback_is_this_machine_alone(host: str, local: bool) -> None:
    """As an address to listen on, or as that of a peer."""
    assert local is is_loopback(host)
