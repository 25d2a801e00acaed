"""Answers in the form of a schema, from a real server on loopback."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.engines.stand_in import Answer, Exchange, StandIn
from vivavoce.engines.engine import StructuredAnswers
from vivavoce.engines.knowledge import Knowledge
from vivavoce.engines.openai import open_llm
from vivavoce.engines.openai_chat import OpenAIChat
from vivavoce.engines.scripted import ScriptedLanguageModel
from vivavoce.errors import EngineError
from vivavoce.speech import Message

_ASKED = [Message("system", "Judge."), Message("user", "Was it good?")]
_SCHEMA = {
    "type": "object",
    "properties": {"good": {"type": "boolean"}},
    "required": ["good"],
    "additionalProperties": False,
}


def _with(
    answers: list[Answer], test: Callable[[OpenAIChat], Awaitable[None]], **settings: str
) -> list[dict[str, Any]]:
    """Run a test with an engine and its server; returns the bodies of the requests."""

    async def run() -> list[dict[str, Any]]:
        async with StandIn(answers) as server:
            engine = open_llm(server.settings | settings)
            try:
                await asyncio.wait_for(test(engine), 5)
            finally:
                await engine.close()
            return [json.loads(request.body) for request in server.requests]

    return asyncio.run(run())


def _says(text: str, *, finish: str = "stop") -> Answer:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "small", "choices": [choice]}
    return lambda exchange: exchange.whole(json.dumps(body).encode())


def _status(status: str) -> Answer:
    return lambda exchange: exchange.whole(b'{"error": {"message": "secret prompt"}}', status=status)


def _answers(answers: list[Answer], expected: object, *, times: int = 1, **settings: str) -> list[dict[str, Any]]:
    async def test(engine: OpenAIChat) -> None:
        for _ in range(times):
            assert expected == await engine.answer(_ASKED, _SCHEMA, limit_s=2.0)

    return _with(answers, test, **settings)


def _fails(answers: list[Answer], *, limit_s: float = 2.0) -> tuple[str, int]:
    """The error that an answer fails with, and how many requests were made."""
    errors = []

    async def test(engine: OpenAIChat) -> None:
        with pytest.raises(EngineError) as caught:
            await engine.answer(_ASKED, _SCHEMA, limit_s=limit_s)
        errors.append(str(caught.value))

    requests = _with(answers, test)
    return errors[0], len(requests)


def test_the_schema_goes_along_and_the_json_comes_back() -> None:
    """One request in the strict mode, with the messages and the options of the engine, not streamed."""
    (body,) = _answers([_says('{"good": true}')], {"good": True}, temperature="0.5")

    assert {
        "model": "small",
        "temperature": 0.5,
        "messages": [{"role": "system", "content": "Judge."}, {"role": "user", "content": "Was it good?"}],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": _SCHEMA},
        },
    } == body


@pytest.mark.parametrize("status", ["400 Bad Request", "422 Unprocessable Entity", "501 Not Implemented"])
def test_a_server_that_refuses_a_schema_is_given_it_in_words(status: str) -> None:
    """And is not asked with a schema again."""
    refused, *others = _answers([_status(status), _says('{"good": true}')], {"good": True}, times=2)

    assert "response_format" in refused
    assert 2 == len(others)
    for body in others:
        assert "response_format" not in body
        assert ["system", "user"] == [message["role"] for message in body["messages"]]
        assert body["messages"][0]["content"].startswith("Judge.\n\nAnswer with JSON alone.")
        assert json.dumps(_SCHEMA) in body["messages"][0]["content"]


def test_a_request_that_is_refused_in_any_form_is_not_the_schema_s_fault() -> None:
    """A context that is too long is refused like an unknown field: the next answer is asked for as before."""

    async def test(engine: OpenAIChat) -> None:
        with pytest.raises(EngineError):
            await engine.answer(_ASKED, _SCHEMA, limit_s=2.0)
        assert {"good": True} == await engine.answer(_ASKED, _SCHEMA, limit_s=2.0)

    bad = _status("400 Bad Request")
    first, second, third = _with([bad, bad, _says('{"good": true}')], test)

    assert ("response_format" in first, "response_format" in second, "response_format" in third) == (True, False, True)


@pytest.mark.parametrize(
    "text",
    [
        '```json\n{"good": true}\n```',
        'Here it is: {"good": true}.',
        '<think>Is {"good": false} right?</think>{"good": true}',
    ],
)
def test_what_surrounds_the_json_is_taken_away(text: str) -> None:
    """Models that are not held to a schema like to say a word before."""
    _answers([_says(text)], {"good": True})


@pytest.mark.parametrize("text", ["", "I cannot say.", '{"good": tr', "} {"])
def test_what_is_no_json_is_an_error_that_does_not_quote_it(text: str) -> None:
    """The answer may repeat what was said in the call."""
    told, requests = _fails([_says(text)])

    assert 'the model "small" did not answer with JSON: does it fit this purpose?' in told
    assert 1 == requests


def test_an_answer_that_was_cut_off_says_so() -> None:
    """Half a JSON is not the model's mistake."""
    told, _ = _fails([_says('{"good": true}', finish="length")])

    assert 'the model "small" ran out of room before its answer ended' in told


def test_an_answer_without_a_choice_is_an_error() -> None:
    """Some servers answer with success and nothing in it."""
    told, _ = _fails([lambda exchange: exchange.whole(b'{"id": "1", "choices": []}')])

    assert "answered with something else than expected" in told


@pytest.mark.parametrize(
    ("status", "words"),
    [("401 Unauthorized", "refused the key"), ("500 Internal Server Error", "has a fault of its own")],
)
def test_other_failures_are_told_and_not_tried_again(status: str, words: str) -> None:
    """Whoever asks tries again later: nobody waits for this."""
    told, requests = _fails([_status(status)])

    assert words in told
    assert "secret" not in told
    assert 1 == requests


def test_the_limit_is_the_caller_s_and_not_that_of_a_conversation() -> None:
    """A model may think for a minute about a call; a server that is silent for longer is given up."""

    async def late(exchange: Exchange) -> None:
        await asyncio.sleep(0.05)
        await _says('{"good": true}')(exchange)

    async def silent(exchange: Exchange) -> None:
        await exchange.left()

    # The limits of the conversation are one hundredth of a second each.
    _answers([late], {"good": True}, first_s="0.01", gap_s="0.01")
    told, _ = _fails([silent], limit_s=0.05)

    assert "has been silent for 0.05 s" in told


def test_engines_say_whether_they_can() -> None:
    """Only a language model is asked; the others do not pretend."""

    async def test(engine: OpenAIChat) -> None:
        assert isinstance(engine, StructuredAnswers)

    _with([_says("")], test)

    assert not isinstance(Knowledge(), StructuredAnswers)
    assert not isinstance(ScriptedLanguageModel(), StructuredAnswers)
