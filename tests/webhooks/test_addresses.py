"""A webhook leads to the public internet, whatever its address looks like."""

import pytest

from vivavoce.errors import Refused
from vivavoce.webhooks.addresses import checked_endpoint, endpoint_of, kind_of_private


@pytest.mark.parametrize("address", ["93.184.215.14", "1.1.1.1", "172.32.0.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_are_public(address: str) -> None:
    """Of both kinds, and IPv4 behind NAT64."""
    assert "" == kind_of_private(address)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.8.8.8", "loopback"),
        ("::1", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("10.0.0.1", "private"),
        ("172.16.0.1", "private"),
        ("192.168.1.1", "private"),
        ("0.1.2.3", "private"),
        ("198.18.0.1", "private"),
        ("fd12:3456::1", "private"),
        ("2001:db8::1", "private"),
        ("169.254.1.1", "link-local"),
        ("169.254.169.254", "link-local"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("100.64.0.1", "reserved"),
        ("255.255.255.255", "private"),
        ("240.0.0.1", "private"),
        ("fec0::1", "private"),
        ("5f00::1", "reserved"),
        ("168.63.129.16", "metadata"),
        ("100.100.100.200", "metadata"),
        ("192.0.0.192", "metadata"),
        ("fd00:ec2::254", "metadata"),
        # The same addresses in the clothes of IPv6.
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:a9fe:a9fe", "link-local"),
        ("64:ff9b::10.0.0.1", "private"),
        ("2002:7f00:1::", "loopback"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "private"),
        ("localhost", "unknown"),
        ("", "unknown"),
    ],
)
def test_other_addresses_have_a_kind(address: str, kind: str) -> None:
    """Loopback, private networks, link-local, multicast, metadata services, and whatever wraps one of them."""
    found = kind_of_private(address)

    # Python's versions differ in what they call reserved and what private.
    assert found == kind or {found, kind} <= {"private", "reserved"}


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://shop.example/hook?a=b", ("shop.example", 443)),
        ("HTTP://Shop.example", ("shop.example", 80)),
        ("http://[2001:db8::1]:8080/", ("2001:db8::1", 8080)),
    ],
)
def test_a_url_has_a_host_and_a_port(url: str, endpoint: tuple[str, int]) -> None:
    """Of both schemes; the URL itself stays as it was written."""
    assert (url, endpoint) == (checked_endpoint(url), endpoint_of(url))


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("", "Expected an absolute http or https URL, in ASCII"),
        ("/hook", "Expected an absolute http or https URL, in ASCII"),
        ("ftp://shop.example", "Expected an absolute http or https URL, in ASCII"),
        ("file:///etc/passwd", "Expected an absolute http or https URL, in ASCII"),
        ("https://shöp.example", "Expected an absolute http or https URL, in ASCII"),
        ("https://shop.example/a b", "Expected an absolute http or https URL, in ASCII"),
        ("https://shop.example/\r\nHost:", "Expected an absolute http or https URL, in ASCII"),
        ("https://", "Expected an absolute http or https URL, in ASCII"),
        ("https:///hook", "with a host"),
        ("https://shop.example:0/", "with a host"),
        ("https://shop.example:99999/", "Port out of range"),
        ("https://[::1/", "Expected an absolute http or https URL"),
        ("https://user:word@shop.example/", "send it in headers"),
        ("https://shop.example/#there", "leave it out"),
        ("https://shop.example/" + "a" * 2048, "at most 2048 characters"),
    ],
)
def test_what_is_no_url_is_refused(url: str, text: str) -> None:
    """With a sentence about the field."""
    with pytest.raises(Refused) as caught:
        checked_endpoint(url)

    assert 400 == caught.value.status
    assert caught.value.message.startswith("endpoint: ")
    assert text in caught.value.message
