"""Deliveries are signed over the bytes that are sent, and operators' headers cannot do harm."""

import hashlib
import hmac

import pytest

from vivavoce.errors import Refused
from vivavoce.webhooks.signature import checked_headers, delivery_headers, signature


def test_a_signature_is_hex_of_hmac_sha256() -> None:
    """The key is the secret as text, not what its hex digits stand for; checked against RFC 4231, case 2."""
    assert "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" == signature(
        "Jefe", b"what do ya want for nothing?"
    )
    assert hmac.new(b"00ff", b"\xff", hashlib.sha256).hexdigest() == signature("00ff", b"\xff")


def test_a_delivery_has_its_signature_its_id_and_its_attempt() -> None:
    """Ours win over what the operator wants to be sent along, whatever the case of its letters."""
    own = {"Authorization": "Bearer x", "x-signature": "forged", "x-vivavoce-attempt": "9"}
    headers = delivery_headers(own, secret="s", body=b"{}", delivery_id="d", attempt=2, sender="Vivavoce/1")

    assert {
        "User-Agent": "Vivavoce/1",
        "Authorization": "Bearer x",
        "Content-Type": "application/json",
        "X-Signature": signature("s", b"{}"),
        "X-Vivavoce-Event-Id": "d",
        "X-Vivavoce-Attempt": "2",
    } == headers


def test_an_operator_may_have_a_user_agent_of_his_own() -> None:
    """Some receivers let nobody else in."""
    headers = delivery_headers(
        {"user-agent": "shop"}, secret="s", body=b"", delivery_id="d", attempt=1, sender="Vivavoce/1"
    )

    assert ["shop"] == [value for name, value in headers.items() if name.lower() == "user-agent"]


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Shop": "1"}, {"X-Shop": "a" * 1024}, {"X-Shop": ""}, {f"X-{n}": "a\tb c" for n in range(10)}],
)
def test_headers_that_are_headers_are_accepted(headers: dict[str, str]) -> None:
    """Ten at most, of up to 1024 characters each."""
    assert headers == checked_headers(headers)


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ({f"X-{n}": "" for n in range(11)}, "headers: at most 10 are possible"),
        ({"X-Shop": "a" * 1025}, "headers.X-Shop: at most 1024 characters are possible"),
        ({"X-Shop": "a\r\nHost: elsewhere"}, "headers.X-Shop: printable ASCII only, without spaces at its ends"),
        ({"X-Shop": " a"}, "headers.X-Shop: printable ASCII only, without spaces at its ends"),
        ({"X-Shop": "ä"}, "headers.X-Shop: printable ASCII only, without spaces at its ends"),
        ({"X Shop": "a"}, "headers: a name has letters, digits and hyphens only, and at most 128 of them"),
        ({"": "a"}, "headers: a name has letters, digits and hyphens only, and at most 128 of them"),
        ({"x": "a", "X": "b"}, "headers: names differ in more than upper and lower case"),
        *(
            ({name: "a"}, f"headers: {name} is reserved")
            for name in ("X-Signature", "Host", "content-length", "Content-Type", "Connection", "Transfer-Encoding")
        ),
        ({"X-Vivavoce-Attempt": "1"}, "headers: X-Vivavoce-Attempt is reserved"),
    ],
)
def test_other_headers_are_refused(headers: dict[str, str], text: str) -> None:
    """A value is never quoted: it may be a password."""
    with pytest.raises(Refused) as caught:
        checked_headers(headers)

    assert (400, text) == (caught.value.status, caught.value.message)
