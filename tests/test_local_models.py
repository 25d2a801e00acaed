"""A language model on this machine is found by asking the ports of loopback."""

import asyncio
import json

import pytest

from tests.engines.stand_in import Answer, Exchange, StandIn
from vivavoce.local_models import LocalModel, find_local_model, model_at


def _lists(*models: str) -> Answer:
    body = json.dumps({"object": "list", "data": [{"id": model} for model in models]}).encode()

    async def answer(exchange: Exchange) -> None:
        await exchange.whole(body)
        exchange.writer.close()

    return answer


def _answers(body: bytes, status: str = "200 OK") -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.whole(body, status=status)
        exchange.writer.close()

    return answer


def _model_at(answer: Answer, *, limit_s: float = 1.0) -> tuple[str, list[str]]:
    async def run() -> tuple[str, list[str]]:
        async with StandIn([answer]) as server:
            model = await model_at(f"http://127.0.0.1:{server.port}/v1", limit_s=limit_s)
            return model, [request.line for request in server.requests]

    return asyncio.run(run())


def test_the_first_model_of_the_list_is_taken() -> None:
    """One plain request tells the model's name."""
    assert ("llama", ["GET /v1/models HTTP/1.0"]) == _model_at(_lists("llama", "other"))


def test_models_that_do_not_converse_are_passed_over() -> None:
    """Servers list models for embeddings and speech beside those for chat."""
    assert "qwen" == _model_at(_lists("nomic-embed-text", "whisper-large", "qwen"))[0]
    assert "" == _model_at(_lists("nomic-embed-text"))[0]


@pytest.mark.parametrize(
    "answer",
    [
        _answers(b"not JSON"),
        _answers(b"[]"),
        _answers(b'{"data": "x"}'),
        _answers(b'{"data": [1, {"name": "x"}]}'),
        _answers(b'{"data": [{"id": "x"}]}', "404 Not Found"),
        _answers(b'{"data": [{"id": "\xff"}]}'),
        lambda exchange: exchange.send(b"SSH-2.0-OpenSSH_9.2\r\n"),
        lambda exchange: exchange.left(),
    ],
)
def test_whatever_else_answers_is_no_model(answer: Answer) -> None:
    """A stranger on the port, a silent one and a broken list are all the same: no model, and no error."""
    assert "" == _model_at(answer, limit_s=0.05)[0]


def test_the_first_port_in_the_list_wins() -> None:
    """All ports are asked at once; the order of the list decides, not who is quicker."""

    async def slow(exchange: Exchange) -> None:
        await asyncio.sleep(0.02)
        await _lists("slow")(exchange)

    async def run() -> tuple[LocalModel | None, ...]:
        async with StandIn([slow]) as first, StandIn([_lists("quick")]) as second, StandIn([]) as closed:
            nobody = closed.port
            await closed.__aexit__()
            return (
                await find_local_model((nobody, first.port, second.port), limit_s=1),
                await find_local_model((nobody,), limit_s=1),
            )

    found, none = asyncio.run(run())

    assert found is not None
    assert "slow" == found.model
    assert none is None
