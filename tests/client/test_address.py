"""Where a call is opened, and where it is taken up again."""

import pytest

from vivavoce.client.address import call_address, resume_address


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:8600", "ws://localhost:8600/atoms/v1/agent/connect?a=1"),
        ("localhost:8600", "ws://localhost:8600/atoms/v1/agent/connect?a=1"),
        ("https://host/atoms/v1/", "wss://host/atoms/v1/agent/connect?a=1"),
        ("wss://host/api/v1/agent/connect?b=2", "wss://host/api/v1/agent/connect?b=2&a=1"),
    ],
)
def test_a_call_is_opened_on_the_documented_path(url: str, expected: str) -> None:
    """Unless the URL has one; what has no value is left out."""
    assert expected == call_address(url, {"a": "1", "c": ""})


def test_a_call_is_taken_up_with_its_token_alone() -> None:
    """On the same path; the credential that opened it is not sent again."""
    address = "ws://host:1/api/v1/agent/connect?token=wct_1&ext=1&frames=binary"

    assert "ws://host:1/api/v1/agent/connect?resume=vrt_1&last_seq=25&input_seq=61&ext=1" == resume_address(
        address, token="vrt_1", last_seq=25, input_seq=61
    )
