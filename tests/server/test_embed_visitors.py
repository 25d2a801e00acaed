"""Visitors of public pages are told apart, without being known, and may not ask too often."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivavoce.server.embed_visitors import RateLimit, Visitors, visitor_of

SECRET = b"secret"


def test_a_visitor_is_a_digest_that_only_this_server_can_make() -> None:
    """32 hex digits: the same for the same address, another for another address or another server."""
    visitor = visitor_of(SECRET, "192.0.2.1")

    assert 32 == len(bytes.fromhex(visitor).hex())
    assert visitor == visitor_of(SECRET, "192.0.2.1")
    assert 3 == len({visitor, visitor_of(SECRET, "192.0.2.2"), visitor_of(b"another", "192.0.2.1")})


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.129", False),
        ("unknown", "unknown", True),
        ("", "unknown", False),
    ],
)
def test_an_address_of_ipv6_counts_by_its_network(one: str, other: str, same: bool) -> None:
    """One machine has all of a network of 64 bits; addresses of IPv4 are dear."""
    assert same is (visitor_of(SECRET, one) == visitor_of(SECRET, other))


@given(st.text(max_size=40))
def test_whatever_a_proxy_says_is_a_visitor(address: str) -> None:
    """Some name a port, a word, or nothing."""
    assert 32 == len(visitor_of(SECRET, address))


def test_an_operator_is_told_once_that_a_proxy_hides_the_visitors(caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise the third caller of the day would be refused, and nobody would know why."""
    caplog.set_level(logging.WARNING)
    visitors, told = Visitors(SECRET, behind_proxy=False), {"x-forwarded-for": "192.0.2.1"}

    assert visitors.of("127.0.0.1", {}) == visitors.of("127.0.0.1", told) == visitors.of("127.0.0.1", told)
    assert ["VIVAVOCE_TRUSTED_PROXIES" in record.message for record in caplog.records] == [True]
    Visitors(SECRET, behind_proxy=True).of("127.0.0.1", told)
    assert 1 == len(caplog.records)


# -- the rate ---------------------------------------------------------------------------------------------------


def test_a_visitor_may_ask_so_often_a_minute() -> None:
    """At once or in turn; who is refused is told when to come again, and then is served."""
    limit = RateLimit(times_a_minute=3)

    assert [0, 0, 0, 20] == [limit.wait_s("a", at_s=100.0) for _ in range(4)]
    assert 0 == limit.wait_s("b", at_s=100.0)
    assert 10 == limit.wait_s("a", at_s=110.0)
    assert [0, 20] == [limit.wait_s("a", at_s=120.0) for _ in range(2)]
    assert [0, 0, 0, 20] == [limit.wait_s("a", at_s=500.0) for _ in range(4)]


@given(st.lists(st.floats(0, 30), max_size=100))
def test_in_no_minute_is_more_served_than_twice_the_rate(pauses_s: list[float]) -> None:
    """However requests are spread: all at once, and their refill."""
    limit, at_s, served = RateLimit(times_a_minute=5), 0.0, list[float]()
    for pause_s in pauses_s:
        at_s += pause_s
        if not limit.wait_s("a", at_s=at_s):
            served.append(at_s)

    assert all(sum(1 for other in served if at_s <= other < at_s + 60) <= 10 for at_s in served)


def test_the_longest_unseen_visitor_is_forgotten() -> None:
    """Memory is bounded, however many addresses somebody has."""
    limit = RateLimit(times_a_minute=1, most_visitors=2)
    for visitor in ("a", "b", "a", "c"):
        limit.wait_s(visitor, at_s=0.0)

    assert [60, 60] == [limit.wait_s("a", at_s=0.0), limit.wait_s("c", at_s=0.0)]
    assert 0 == limit.wait_s("b", at_s=0.0)
