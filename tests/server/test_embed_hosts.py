"""Which pages may talk to an agent: origins against the allow-list."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.errors import Refused
from vivavoce.server.embed_hosts import check_origin, is_listed

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
# Of two labels or more, the last with a letter, so that it is no address.
HOST = st.builds(lambda labels, last: ".".join([*labels, last]), st.lists(LABEL, min_size=1, max_size=4), LABEL).filter(
    lambda host: host.rpartition(".")[2][0].isalpha()
)


@pytest.mark.parametrize(
    ("host", "entry"),
    [
        ("shop.example", "shop.example"),
        ("shop.example", " Shop.Example. "),
        ("shop.example", "shop.example:8443"),
        ("shop.example", "https://shop.example/contact?x=1"),
        ("shop.example", "//shop.example"),
        ("www.shop.example", "*.shop.example"),
        ("a.b.shop.example", "*.shop.example"),
        ("xn--bckerei-5wa.example", "Bäckerei.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "[::1]:3000"),
        ("localhost", "localhost"),
        ("shop.example", "*"),
    ],
)
def test_an_entry_names_a_host(host: str, entry: str) -> None:
    """Authors copy names from address bars; what is not the name of the host is passed over."""
    assert is_listed(host, entry)


@pytest.mark.parametrize(
    ("host", "entry"),
    [
        ("www.shop.example", "shop.example"),
        ("shop.example", "www.shop.example"),
        ("shop.example", "*.shop.example"),
        ("evilshop.example", "*.shop.example"),
        ("shop.example.evil.example", "shop.example"),
        ("shop.example.evil.example", "*.shop.example"),
        ("shop.example", "*shop.example"),
        ("shop.example", "shop.*"),
        ("shop.example", "*.*"),
        ("shop.example", ""),
        ("shop.example", "http://["),
        ("127.0.0.1", "*.0.0.1"),
        ("", "*"),
        ("", "*."),
    ],
)
def test_an_entry_names_no_other_host(host: str, entry: str) -> None:
    """A name that only looks alike is somebody else's."""
    assert not is_listed(host, entry)


@given(host=HOST, entry=HOST)
def test_a_plain_entry_names_itself_alone(host: str, entry: str) -> None:
    """Whatever the names are."""
    assert (host == entry) is is_listed(host, entry)


@given(host=HOST, entry=HOST, below=st.lists(LABEL, min_size=1, max_size=3))
def test_a_starred_entry_names_all_below_it_and_nothing_else(host: str, entry: str, below: list[str]) -> None:
    """At the border of a label, and not the name itself."""
    assert is_listed(".".join([*below, entry]), f"*.{entry}")
    assert host.endswith(f".{entry}") is is_listed(host, f"*.{entry}")
    assert not is_listed(below[0] + entry, f"*.{entry}") or f".{entry}" in below[0] + entry


@given(host=st.text(max_size=20), entry=st.text(max_size=20))
def test_no_entry_whatever_it_is_fails(host: str, entry: str) -> None:
    """The list is as its author wrote it, and the origin as anybody sent it."""
    assert is_listed(host, entry) in (True, False)


# -- origins ----------------------------------------------------------------------------------------------------

OURS = {"host": "voice.example"}
SHOP = {**OURS, "origin": "https://shop.example"}


def refused(
    headers: Mapping[str, str], allowlist: tuple[str, ...] = (), *, reading: bool = False, public_url: str = ""
) -> str:
    """The code of the refusal; empty where the page is let in."""
    try:
        check_origin(headers, allowlist, reading=reading, public_url=public_url)
    except Refused as error:
        assert 403 == error.status
        return error.code
    return ""


@pytest.mark.parametrize(
    "origin", ["https://shop.example", "http://shop.example:8080", "capacitor://localhost", "null"]
)
def test_without_a_list_every_page_may(origin: str) -> None:
    """Blank lines are no entries."""
    assert "" == refused({**OURS, "origin": origin}, ())
    assert "" == refused({**OURS, "origin": origin}, ("", "  "))


def test_with_a_list_the_pages_of_its_hosts_may() -> None:
    """Port and scheme are ignored: a page that is not secure can still chat."""
    allowlist = ("other.example", "shop.example")

    assert "" == refused(SHOP, allowlist)
    assert "" == refused({**OURS, "origin": "http://shop.example:8080"}, allowlist)
    assert "host_not_allowed" == refused({**OURS, "origin": "https://evil.example"}, allowlist)
    assert "host_not_allowed" == refused({**OURS, "origin": "https://["}, allowlist)


def test_who_is_refused_is_told_which_host_to_add() -> None:
    """It stands in the console of the page's developer."""
    with pytest.raises(Refused, match=r"on evil\.example: add the host to the allowed hosts"):
        check_origin({**OURS, "origin": "https://evil.example"}, ["shop.example"], reading=False)


def test_a_page_without_an_origin_may_only_where_all_may() -> None:
    """Any page can make a sandboxed iframe, so ``null`` says nothing of who asks; not even a star names it."""
    assert "host_not_allowed" == refused({**OURS, "origin": "null"}, ("shop.example",))
    assert "host_not_allowed" == refused({**OURS, "origin": "null"}, ("*",))


def test_our_own_pages_may_always() -> None:
    """The talk page and the console's preview need no entry in the list."""
    assert "" == refused({"host": "Voice.example:8600", "origin": "https://voice.example:8600"}, ("shop.example",))
    assert "" == refused(
        {"host": "inside:8600", "origin": "https://voice.example"},
        ("shop.example",),
        public_url="https://voice.example",
    )
    assert "host_not_allowed" == refused(
        {"host": "voice.example:8600", "origin": "https://voice.example:1234"}, ("shop.example",)
    )


@pytest.mark.parametrize(("host", "code"), [("rebound.example", "host_not_allowed"), ("192.168.1.7:8600", "")])
def test_where_the_public_address_is_known_another_name_is_foreign(host: str, code: str) -> None:
    """A page can have its own name point at us; an address it cannot."""
    headers = {"host": host, "origin": f"http://{host}"}

    assert code == refused(headers, ("shop.example",), public_url="https://voice.example")


def test_only_pages_may_ask() -> None:
    """A script names no origin. Browsers leave it out when they read from the page's own server, and say so."""
    own = {**OURS, "sec-fetch-site": "same-origin"}

    assert "origin_missing" == refused(OURS, reading=True)
    assert "origin_missing" == refused({**OURS, "sec-fetch-site": "cross-site"}, reading=True)
    assert "" == refused(own, ("shop.example",), reading=True)
    assert "origin_missing" == refused(own, reading=False)
