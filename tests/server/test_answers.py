"""The envelopes of the API, and every error in one."""

from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from litestar.exceptions import MethodNotAllowedException, NotFoundException, ValidationException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from vivavoce.errors import Refused
from vivavoce.server.answers import ERROR_HANDLERS, Ok, RefusalBody, Success, errors, refusals


def told(error: Exception) -> Any:
    """The answer to a request that failed so."""
    handler = next(handler for kind, handler in ERROR_HANDLERS.items() if isinstance(error, cast(type, kind)))
    return cast(Any, handler)(SimpleNamespace(method="DELETE"), error)


def test_the_envelopes_are_those_of_the_contract() -> None:
    """Rule: ``status`` or ``success`` beside ``data``, ``status`` beside ``errors`` (wire-spec 2.0.2)."""
    assert {"status": True, "data": [1]} == msgspec.to_builtins(Ok([1]))
    assert {"success": True, "data": None} == msgspec.to_builtins(Success(None))
    assert b'{"status":false,"errors":["one","two"]}' == msgspec.json.encode(errors(400, "one", "two").content)
    assert b'{"status":false,"errors":["one"],"code":"two"}' == msgspec.json.encode(
        errors(400, "one", code="two").content
    )


@pytest.mark.parametrize(
    ("refused", "headers"),
    [
        (Refused(401, "Unauthorized: missing token"), {"www-authenticate": "Bearer"}),
        (Refused(503, "Service Unavailable", retry_after_s=5), {"retry-after": "5"}),
        (Refused(404, "Not found"), {}),
    ],
)
def test_a_refusal_has_its_status_words_and_headers(refused: Refused, headers: dict[str, str]) -> None:
    """Rule: what a client may do about it stands in the headers."""
    answer = told(refused)

    assert (refused.status, (refused.message,), headers) == (
        answer.status_code,
        answer.content.errors,
        answer.headers,
    )


def test_a_refusal_has_its_code_where_it_has_one() -> None:
    """Rule: programs need not read sentences."""
    assert "agent_busy" == told(Refused(429, "All lines are taken", code="agent_busy")).content.code
    assert told(Refused(404, "Not found")).content.code is msgspec.UNSET


@pytest.mark.parametrize(
    ("key", "message", "text"),
    [
        ("page", "Expected `int`, got `str`", "page: Expected number, received string"),
        ("data", "Object missing required field `agentId`", "agentId: Required"),
        ("data", "Expected `object`, got `array`", "Expected object, received array"),
        ("data", "'data'", "The body is empty: send a JSON object"),
    ],
)
def test_what_litestar_finds_is_told_in_our_words(key: str, message: str, text: str) -> None:
    """Rule: no name of Python's, and the field by its own name."""
    answer = told(ValidationException(extra=[{"key": key, "message": message}]))

    assert (400, (text,)) == (answer.status_code, answer.content.errors)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (MethodNotAllowedException(), "DELETE is not possible here: /docs tells what is"),
        (RequestEntityTooLarge(), "The body is too large: send at most 1,000,000 bytes"),
        (NotFoundException("There is no such page"), "There is no such page"),
    ],
)
def test_a_bare_status_becomes_a_sentence(error: Exception, text: str) -> None:
    """Rule: a text says what to do about it, not the status again."""
    assert (text,) == told(error).content.errors


def test_a_route_can_name_its_own_refusals() -> None:
    """Rule: the description learns of them with the envelope, and with nothing made up."""
    (spec,) = refusals({409: "It is archived already"}).values()

    assert (RefusalBody, "It is archived already", False) == (
        spec.data_container,
        spec.description,
        spec.generate_examples,
    )
