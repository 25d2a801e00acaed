"""Tools that a page declares and runs: the agent asks, the page answers, or does not."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.e2e.raw_socket import RawSocket
from tests.e2e.running import Server
from vivavoce.engines.scripted import TWELVE_WORDS

pytestmark = pytest.mark.slow

LIMIT_S = 15.0
Json = dict[str, Any]


def tool(name: str = "lookup_order", **more: object) -> Json:
    parameters = {"type": "object", "properties": {"order": {"type": "string"}}}
    return {"type": "function", "name": name, "description": "Find.", "parameters": parameters, **more}


class Page:
    """A page with tools: what it is told, in order."""

    def __init__(self, socket: RawSocket) -> None:
        self._socket = socket

    async def declare(self, *tools: Json) -> Json:
        await self._socket.say({"type": "session.update", "tools": list(tools)})
        return await self._socket.message("session.updated", "error")

    async def ask(self, name: str = "lookup_order", arguments: str = '{"order": "A 7"}') -> Json:
        """Have the agent ask for a tool."""
        await self.type(f"call tool {name} {arguments}")
        return await self._socket.message("function_call")

    async def type(self, text: str) -> None:
        await self._socket.say({"type": "input_text.send", "text": text})

    async def answer(self, call_id: str, output: str) -> None:
        await self._socket.say({"type": "function_call.result", "call_id": call_id, "output": output})

    async def next(self, *kinds: str) -> Json:
        return await self._socket.message(*kinds)

    async def reply(self) -> str:
        """The agent's next whole turn."""
        told: Json = {"role": "user"}
        while told["role"] == "user":
            told = await self._socket.message("transcript")
        await self._socket.message("agent_stop_talking")
        return str(told["text"])


def play(server: Server, agent_id: str, scenario: Callable[[Page], Awaitable[None]], *, mode: str = "chat") -> Json:
    """Hold a call with a page that has tools; returns its record."""

    async def scene() -> str:
        path = f"/atoms/v1/agent/connect?mode={mode}&agent_id={agent_id}"
        async with (
            asyncio.timeout(LIMIT_S),
            await RawSocket.open(server.port, path, authorization=f"Bearer {server.key}") as socket,
        ):
            call_id = str((await socket.message())["call_id"])
            await scenario(Page(socket))
            await socket.say({"type": "session.close"})
            await socket.message("session.closed")
            return call_id

    return server.record(asyncio.run(scene()))


def tool_events(shown: Json) -> list[tuple[str, str, bool | None]]:
    return [
        (event["event_type"], event["function_name"], event.get("success"))
        for event in shown["events"]
        if event["event_type"].startswith("tool_call")
    ]


@pytest.mark.parametrize("mode", ["chat", "webcall"])
def test_a_tool_is_declared_asked_and_answered(mode: str, server: Server, agent_id: str) -> None:
    """Names come back, arguments are an object, the output is what the agent goes on with (wire-spec 1.8)."""

    async def scenario(page: Page) -> None:
        assert {"type": "session.updated", "tools": ["lookup_order"]} == await page.declare(tool())
        asked = await page.ask()

        assert ("lookup_order", {"order": "A 7"}) == (asked["name"], asked["arguments"])
        await page.answer(asked["call_id"], "it is on its way")

        assert "The tool says: it is on its way" == await page.reply()

    shown = play(server, agent_id, scenario, mode=mode)

    assert [("tool_call_start", "lookup_order", None), ("tool_call_end", "lookup_order", True)] == tool_events(shown)
    assert ["it is on its way"] == [
        event["response"] for event in shown["events"] if event["event_type"] == "tool_call_end"
    ]


def test_a_tool_that_does_not_answer_is_given_up(server: Server, agent_id: str) -> None:
    """After its time (at least a second): an error for the page, and the agent goes on (wire-spec 1.8.3)."""

    async def scenario(page: Page) -> None:
        await page.declare(tool(timeout_ms=1))
        asked = await page.ask()
        told = await page.next("error", "transcript")

        assert ("error", "tool_timeout") == (told["type"], told.get("code"))
        assert (await page.reply()).startswith("The tool says: ")
        # Too late: nobody waits for it any more.
        await page.answer(asked["call_id"], "here I am")

        assert "unknown_call_id" == (await page.next("error"))["code"]

    shown = play(server, agent_id, scenario)

    assert [("tool_call_start", "lookup_order", None), ("tool_call_error", "lookup_order", False)] == tool_events(shown)


def test_a_tool_may_be_told_without_an_answer(server: Server, agent_id: str) -> None:
    """``expectsResponse: false``: fire and forget, the agent goes on at once."""

    async def scenario(page: Page) -> None:
        await page.declare(tool(expectsResponse=False))
        await page.ask()

        assert (await page.reply()).startswith("The tool says: ")

    play(server, agent_id, scenario)


@pytest.mark.parametrize(
    ("tools", "code"),
    [
        ([tool("a"), tool("a")], "tool_name_conflict"),
        ([{"type": "function", "name": "a"}], "invalid_tools"),
        ([tool("has spaces")], "invalid_tools"),
        ([{**tool("a"), "parameters": {"type": "string"}}], "invalid_tools"),
        ([tool(f"t{number}") for number in range(129)], "invalid_tools"),
    ],
)
def test_a_refused_declaration_leaves_the_tools_as_they_were(
    tools: list[Json], code: str, server: Server, agent_id: str
) -> None:
    """The previous set stays in force (wire-spec 1.8.3)."""

    async def scenario(page: Page) -> None:
        await page.declare(tool())
        refused = await page.declare(*tools)

        assert ("error", code) == (refused["type"], refused.get("code"))
        assert "lookup_order" == (await page.ask())["name"]

    play(server, agent_id, scenario)


def test_each_declaration_replaces_the_last(server: Server, agent_id: str) -> None:
    """A tool that is no longer offered is not asked for."""

    async def scenario(page: Page) -> None:
        await page.declare(tool())

        assert {"type": "session.updated", "tools": []} == await page.declare()
        await page.type("call tool lookup_order {}")

        assert TWELVE_WORDS == await page.reply()

    assert [] == tool_events(play(server, agent_id, scenario))


def test_answers_that_nobody_asked_for_are_complained_of(server: Server, agent_id: str) -> None:
    """Also a second answer, and one that is too long; the right one counts all the same."""

    async def scenario(page: Page) -> None:
        await page.declare(tool())
        await page.answer("call_of_somebody_else", "?")

        assert "unknown_call_id" == (await page.next("error"))["code"]
        asked = await page.ask()
        await page.answer(asked["call_id"], "é" * 32769)

        assert "result_too_large" == (await page.next("error"))["code"]
        await page.answer(asked["call_id"], "one")

        assert "The tool says: one" == await page.reply()
        await page.answer(asked["call_id"], "two")

        assert "unknown_call_id" == (await page.next("error"))["code"]

    shown = play(server, agent_id, scenario)

    assert 2 == len(tool_events(shown))


def configured(server: Server, *tools: Json, **more: object) -> str:
    """An agent with tools of its own."""
    return server.agent(singlePromptConfig={"prompt": "Help.", "tools": list(tools)}, **more)


def test_a_tool_of_the_agent_is_asked_for_without_being_declared(server: Server) -> None:
    """Its arguments are text, and a page cannot take its name (wire-spec 1.8.4, 1.8.1)."""
    agent_id = configured(server, {"type": "client_tool", "name": "show_map", "description": "Map.", "timeout": 5000})

    async def scenario(page: Page) -> None:
        asked = await page.ask("show_map", '{"place": "Ulm"}')

        assert '{"place": "Ulm"}' == asked["arguments"]
        await page.answer(asked["call_id"], "shown")

        assert "The tool says: shown" == await page.reply()
        refused = await page.declare(tool("show_map"))

        assert ("error", "tool_name_conflict") == (refused["type"], refused.get("code"))
        assert {"type": "session.updated", "tools": ["lookup_order"]} == await page.declare(tool())

    play(server, agent_id, scenario)


def test_an_agent_may_own_the_tools(server: Server) -> None:
    """Then a page declares none (wire-spec 1.8.3)."""
    agent_id = configured(server, {"type": "client_tool", "name": "show_map"}, clientToolsManagedByConfig=True)

    async def scenario(page: Page) -> None:
        refused = await page.declare(tool())

        assert ("error", "client_tools_managed_by_config") == (refused["type"], refused.get("code"))
        assert "show_map" == (await page.ask("show_map", "{}"))["name"]

    play(server, agent_id, scenario)


def test_the_knowledge_is_searched_without_the_page(server: Server) -> None:
    """The server runs the tool itself; the record tells of it as of any other."""
    agent_id = configured(
        server, {"type": "knowledge_base_search", "name": "search"}, knowledge="## When are you open?\n\nFrom seven."
    )

    async def scenario(page: Page) -> None:
        await page.type('call tool search {"query": "when are you open"}')

        assert "The tool says: When are you open? From seven." == await page.reply()

    shown = play(server, agent_id, scenario)

    assert [("tool_call_start", "search", None), ("tool_call_end", "search", True)] == tool_events(shown)


def test_a_slow_tool_is_announced_in_the_call(server: Server) -> None:
    """After a moment of silence the agent says one of the tool's own phrases, and then the answer."""
    fields = {"description": "Map.", "timeout": 8000, "fillerPhrases": ["Unfolding the map."]}
    agent_id = configured(server, {"type": "client_tool", "name": "show_map", **fields})

    async def scenario(page: Page) -> None:
        asked = await page.ask("show_map", "{}")
        told = await page.next("transcript.delta")
        while told["role"] == "user":
            told = await page.next("transcript.delta")
        await page.answer(asked["call_id"], "shown")

        assert "Unfolding" == told["text"]
        assert "Unfolding the map. The tool says: shown" == await page.reply()

    play(server, agent_id, scenario, mode="webcall")


def test_a_page_that_leaves_while_its_tool_runs_leaves_a_complete_record(server: Server, agent_id: str) -> None:
    """The call that was asked for is in it."""

    async def scene() -> str:
        path = f"/atoms/v1/agent/connect?mode=chat&agent_id={agent_id}&token={server.key}"
        async with asyncio.timeout(LIMIT_S):
            socket = await RawSocket.open(server.port, path)
            call_id = str((await socket.message())["call_id"])
            page = Page(socket)
            await page.declare(tool())
            await page.ask()
            socket.reset()
            return call_id

    shown = server.record(asyncio.run(scene()))

    assert ("tool_call_start", "lookup_order", None) == tool_events(shown)[0]
    assert "completed" == shown["status"]
