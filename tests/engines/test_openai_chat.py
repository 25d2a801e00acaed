"""A language model behind the OpenAI interface, against a real server on loopback."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest

from tests.engines.stand_in import Answer, Exchange, StandIn, event
from vivavoce.engines.openai import open_llm
from vivavoce.engines.openai_chat import OpenAIChat
from vivavoce.errors import EngineError
from vivavoce.speech import Message, Tool, ToolCall

_HELLO = [Message("system", "Be brief."), Message("user", "Hello")]


async def _all(engine: OpenAIChat, messages: list[Message] = _HELLO, tools: tuple[Tool, ...] = ()) -> list[object]:
    return [piece async for piece in engine.reply(messages, tools)]


def _with(
    answers: list[Answer], test: Callable[[OpenAIChat, StandIn], Awaitable[None]], **settings: str
) -> list[dict[str, object]]:
    """Run a test with an engine and its server; returns the bodies of the requests."""

    async def run() -> list[dict[str, object]]:
        async with StandIn(answers) as server:
            engine = open_llm(server.settings | settings)
            try:
                await asyncio.wait_for(test(engine, server), 3)
            finally:
                await engine.close()
            return [json.loads(request.body) for request in server.requests]

    return asyncio.run(run())


def _says(*texts: str) -> Answer:
    return lambda exchange: exchange.deltas(*({"content": text} for text in texts))


def _status(status: str) -> Answer:
    return lambda exchange: exchange.whole(b'{"error": {"message": "secret prompt"}}', status=status)


def _fails(answers: list[Answer], **settings: str) -> tuple[str, int]:
    """The error that a reply fails with, and how many requests were made."""
    errors = []

    async def test(engine: OpenAIChat, server: StandIn) -> None:
        with pytest.raises(EngineError) as caught:
            await _all(engine)
        errors.append(str(caught.value))

    requests = _with(answers, test, **settings)
    return errors[0], len(requests)


def test_text_comes_in_the_server_s_pieces() -> None:
    """Each delta is given on as it is, so that the first words can be spoken at once."""

    async def test(engine: OpenAIChat, server: StandIn) -> None:
        assert ["Hel", "lo ", "there."] == await _all(engine)

    _with([_says("Hel", "lo ", "there.")], test)


def test_the_first_words_come_before_the_last() -> None:
    """The reply is streamed: its beginning is there while the server still thinks about the rest."""

    async def test(engine: OpenAIChat, server: StandIn) -> None:
        reply = engine.reply(_HELLO, ())

        assert "One. " == await anext(reply)

        go_on.set()

        assert "Two." == await anext(reply)

        await reply.aclose()

    async def answer(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.chunk(event({"index": 0, "delta": {"content": "One. "}, "finish_reason": None}))
        await go_on.wait()
        await exchange.chunk(event({"index": 0, "delta": {"content": "Two."}, "finish_reason": "stop"}))
        await exchange.end()

    go_on = asyncio.Event()
    _with([answer], test)


def test_the_request_says_everything() -> None:
    """Messages of all four roles, tools, options and the key arrive in the interface's form."""
    call = ToolCall("c1", "find", '{"x": 1}')
    messages = [
        *_HELLO,
        Message("assistant", "", calls=(call,)),
        Message("tool", "found", call_id="c1"),
        Message("user", "And now?"),
    ]

    async def test(engine: OpenAIChat, server: StandIn) -> None:
        await _all(engine, messages, (Tool("find", "Finds.", {"type": "object"}), Tool("end_call", "Ends.")))

        assert "Bearer sk-test" == server.requests[0].headers["authorization"]
        assert server.requests[0].line.startswith("POST /v1/chat/completions ")

    (body,) = _with([_says("Yes.")], test, temperature="0.5")

    assert ("small", True, 0.5) == (body["model"], body["stream"], body["temperature"])
    assert [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"x": 1}'}},
            ],
        },
        {"role": "tool", "content": "found", "tool_call_id": "c1"},
        {"role": "user", "content": "And now?"},
    ] == body["messages"]
    assert [
        {"type": "function", "function": {"name": "find", "description": "Finds.", "parameters": {"type": "object"}}},
        {
            "type": "function",
            "function": {
                "name": "end_call",
                "description": "Ends.",
                "parameters": {"type": "object", "properties": {}},
            },
        },
    ] == body["tools"]


def test_tool_calls_are_put_together() -> None:
    """A call comes in pieces and is given whole; two calls stay apart, even if the server numbers both 0."""

    def piece(index: int, arguments: str, **more: str) -> dict[str, object]:
        function = {"arguments": arguments} | ({"name": more["name"]} if "name" in more else {})
        return {"tool_calls": [{"index": index, "function": function} | ({"id": more["id"]} if "id" in more else {})]}

    async def test(engine: OpenAIChat, server: StandIn) -> None:
        expected = [
            "Wait. ",
            ToolCall("a", "find", '{"x": 1}'),
            ToolCall("b", "end_call", "{}"),
            ToolCall("call_2_2", "note", "{}"),
        ]

        assert expected == await _all(engine)

    _with(
        [
            lambda exchange: exchange.deltas(
                {"content": "Wait. "},
                piece(0, '{"x"', name="find", id="a"),
                piece(0, ": 1}"),
                piece(0, "", name="end_call", id="b"),
                piece(1, "{}", name="note"),
                finish="tool_calls",
            )
        ],
        test,
    )


@pytest.mark.parametrize(
    ("texts", "spoken"),
    [
        (["<thi", "nk>Hm, ", "well.</thi", "nk>\n\nYes.", " No."], "Yes. No."),
        (["<think></think>", "Yes."], "Yes."),
        (["<", "3 is a heart."], "<3 is a heart."),
        (["Say <think> aloud."], "Say <think> aloud."),
        (["<"], "<"),
    ],
)
def test_thoughts_are_not_spoken(texts: list[str], spoken: str) -> None:
    """What a local server gives as the model's thoughts, at the beginning, is left out; nothing else is."""

    async def test(engine: OpenAIChat, server: StandIn) -> None:
        assert spoken == "".join(map(str, await _all(engine)))

    _with([_says(*texts)], test)


def test_a_fault_of_the_server_is_tried_again() -> None:
    """Before the first byte of an answer, two faults are forgiven."""

    async def test(engine: OpenAIChat, server: StandIn) -> None:
        assert ["Yes."] == await _all(engine)

    requests = _with([_status("500 Oops"), _status("429 Slow down"), _says("Yes.")], test)

    assert 3 == len(requests)


@pytest.mark.parametrize(
    ("status", "advice", "requests"),
    [
        ("401 No", "check OPENAI_API_KEY", 1),
        ("403 No", 'the model "small"', 1),
        ("404 No", 'no model "small"', 1),
        ("400 No", 'the model "small" fit', 1),
        ("429 No", "too many requests", 3),
        ("503 No", "fault of its own", 3),
        ("418 No", "status 418", 1),
    ],
)
def test_a_refusal_says_what_to_do(status: str, advice: str, requests: int) -> None:
    """The error names the cause and the remedy, never the server's own text, and only what may pass is tried again."""
    error, made = _fails([_status(status)])

    assert advice in error
    assert "secret" not in error
    assert "sk-test" not in error
    assert requests == made


def test_an_answer_that_is_cut_off_is_an_error() -> None:
    """Half an answer is spoken and then fails; it is not asked for again."""

    async def test(engine: OpenAIChat, server: StandIn) -> None:
        spoken = []
        with pytest.raises(EngineError, match="in the middle"):
            async for piece in engine.reply(_HELLO, ()):
                spoken.append(piece)

        assert ["Half a "] == spoken

    async def broken(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.chunk(event({"index": 0, "delta": {"content": "Half a "}, "finish_reason": None}))
        exchange.writer.close()

    assert 1 == len(_with([broken], test))
    assert 1 == len(_with([lambda exchange: exchange.deltas({"content": "Half a "}, finish=None)], test))


def test_an_empty_answer_is_an_error() -> None:
    """A model that says nothing has failed: the visitor would wait for ever."""
    error, made = _fails([_says("")])

    assert "answered with nothing" in error
    assert 1 == made


def test_arguments_that_are_no_json_are_an_error() -> None:
    """A tool is never called with half of its arguments."""
    call = {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "find", "arguments": '{"x": '}}]}
    error, _ = _fails([lambda exchange: exchange.deltas(call, finish="tool_calls")])

    assert "no JSON" in error


def test_a_silent_server_is_given_up() -> None:
    """The first byte has its limit, and so has the gap between two pieces; neither is tried again."""

    async def mute(exchange: Exchange) -> None:
        await exchange.left()

    async def stuck(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.chunk(event({"index": 0, "delta": {"content": "Well"}, "finish_reason": None}))
        await exchange.left()

    first, asked = _fails([mute], first_s="0.05")
    gap, asked_again = _fails([stuck], gap_s="0.05")

    assert "silent for 0.05 s" in first
    assert "silent for 0.05 s" in gap
    assert (1, 1) == (asked, asked_again)


def test_no_server_at_all() -> None:
    """A refused connection asks whether the server is running."""

    async def run() -> str:
        async with StandIn([]) as server:
            settings = server.settings
        engine = open_llm(settings)
        with pytest.raises(EngineError) as caught:
            await _all(engine)
        await engine.close()
        return str(caught.value)

    assert "is the server running?" in asyncio.run(run())


@pytest.mark.parametrize("begun", [True, False])
def test_closing_a_reply_closes_the_connection(begun: bool) -> None:
    """A cancelled reply costs nothing more: the server sees the connection close, before and after the first word."""
    gone, reached = asyncio.Event(), asyncio.Event()

    async def endless(exchange: Exchange) -> None:
        if begun:
            await exchange.head()
            await exchange.chunk(event({"index": 0, "delta": {"content": "Well"}, "finish_reason": None}))
        reached.set()
        await exchange.left()
        gone.set()

    async def test(engine: OpenAIChat, server: StandIn) -> None:
        reply = engine.reply(_HELLO, ())
        if begun:
            await anext(reply)
            await reply.aclose()
        else:
            task = asyncio.ensure_future(anext(reply))
            await reached.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await asyncio.wait_for(gone.wait(), 2)

        assert 1 == len(server.requests)

    _with([endless], test)
