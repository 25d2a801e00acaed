"""A language model behind the OpenAI interface: chat completions, streamed, with tools."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vivavoce.engines.openai_answers import Answers
from vivavoce.engines.openai_client import connect, first_answer, next_answer
from vivavoce.engines.openai_settings import Remote
from vivavoce.speech import Message, Tool, ToolCall

if TYPE_CHECKING:
    from openai import AsyncStream
    from openai.types.chat import ChatCompletionChunk

__all__ = ["OpenAIChat"]

# Some local servers put a model's thoughts into the text itself; they are not for the visitor's ear.
_THOUGHTS_BEGIN, _THOUGHTS_END = "<think>", "</think>"


class OpenAIChat:
    """
    Asks a model at a server.

    Args:
        server: The server and the model.
        options: Further fields of the request, such as ``temperature``.
    """

    name = "openai"

    def __init__(self, server: Remote, options: dict[str, Any] | None = None) -> None:
        self._server = server
        self._options = options or {}
        self._client = connect(server)
        self._answers = Answers(server, self._client)

    async def reply(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall]:
        """The model's text as it comes, then its tool calls, each complete."""
        request: dict[str, Any] = {"model": self._server.model, "messages": [_message(one) for one in messages]}
        if tools:
            request["tools"] = [_tool(one) for one in tools]

        async def begin() -> "tuple[AsyncStream[ChatCompletionChunk], ChatCompletionChunk | None]":
            stream = await self._client.chat.completions.create(**request, **self._options, stream=True)
            try:
                return stream, await anext(stream, None)
            except BaseException:
                await stream.close()
                raise

        stream, chunk = await first_answer(self._server, begin)
        spoken, calls, ended = _Spoken(), _Calls(f"call_{len(messages)}"), False
        try:
            while chunk is not None:
                for choice in chunk.choices[:1]:
                    ended = ended or choice.finish_reason is not None
                    calls.add(choice.delta.tool_calls or ())
                    if text := spoken.add(choice.delta.content or ""):
                        yield text
                chunk = await next_answer(self._server, anext(stream, None), limit_s=self._server.gap_s)
            if text := spoken.finish():
                yield text
            if not ended:
                raise self._server.failure(f"{self._server.base_url} broke the answer off in the middle")
            called = calls.finish()
            for call in called:
                if not _is_object(call.arguments):
                    raise self._server.failure(
                        f'the model called the tool "{call.name}" with arguments that are no JSON'
                    )
                yield call
            if not spoken.anything and not called:
                raise self._server.failure(
                    f'the model "{self._server.model}" answered with nothing: is it a chat model?'
                )
        finally:
            await stream.close()

    async def answer(self, messages: Sequence[Message], schema: Mapping[str, object], *, limit_s: float) -> object:
        """One answer in the form of a JSON Schema (see ``engine.StructuredAnswers``)."""
        request = {"model": self._server.model, "messages": [_message(one) for one in messages], **self._options}
        return await self._answers.ask(request, schema, limit_s=limit_s)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


class _Spoken:
    """Lets text through, without the thoughts that it may begin with."""

    def __init__(self) -> None:
        # Whether any text has been let through.
        self.anything = False
        # Text at the beginning that may still turn out to be thoughts; None once that is settled.
        self._held: str | None = ""

    def add(self, text: str) -> str:
        if self._held is None:
            return self._let(text)
        self._held += text
        start = self._held.lstrip()
        if start.startswith(_THOUGHTS_BEGIN):
            _, ended, rest = start.partition(_THOUGHTS_END)
            if not ended or not rest.strip():
                return ""
            self._held = None
            return self._let(rest.lstrip())
        if _THOUGHTS_BEGIN.startswith(start):
            return ""
        held, self._held = self._held, None
        return self._let(held)

    def finish(self) -> str:
        """What was held back to the end and is no thought after all, such as a lone "<"."""
        held, self._held = self._held or "", None
        return "" if _THOUGHTS_BEGIN in held else self._let(held)

    def _let(self, text: str) -> str:
        self.anything = self.anything or bool(text.strip())
        return text


@dataclass(slots=True)
class _Parts:
    id: str
    name: str
    arguments: str


class _Calls:
    """Puts tool calls together from their pieces."""

    def __init__(self, prefix: str) -> None:
        # Begins the ids of calls for which the server gives none.
        self._prefix = prefix
        # The server's index → the call that is being put together there.
        self._open: dict[int, _Parts] = {}
        self._parts: list[_Parts] = []

    def add(self, pieces: Sequence[Any]) -> None:  # the library's ChoiceDeltaToolCall
        for piece in pieces:
            parts = self._open.get(piece.index)
            # Some servers number every call 0 and tell them apart by their ids only.
            if parts is None or (piece.id and parts.id and piece.id != parts.id):
                parts = self._open[piece.index] = _Parts("", "", "")
                self._parts.append(parts)
            parts.id = parts.id or piece.id or ""
            if piece.function is not None:
                parts.name += piece.function.name or ""
                parts.arguments += piece.function.arguments or ""

    def finish(self) -> list[ToolCall]:
        return [
            ToolCall(parts.id or f"{self._prefix}_{number}", parts.name, parts.arguments.strip() or "{}")
            for number, parts in enumerate(self._parts)
            if parts.name
        ]


def _message(message: Message) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "content": message.text, "tool_call_id": message.call_id}
    if not message.calls:
        return {"role": message.role, "content": message.text}
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in message.calls
    ]
    return {"role": message.role, "content": message.text or None, "tool_calls": calls}


def _tool(tool: Tool) -> dict[str, Any]:
    parameters = dict(tool.parameters) or {"type": "object", "properties": {}}
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": parameters},
    }


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
