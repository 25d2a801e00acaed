"""
Answers in the form of a JSON Schema, behind the OpenAI interface (``response_format`` of chat completions).

Many compatible servers refuse that field, and some take it and answer as they like:
so a refusal is asked again with the schema in words, and whatever surrounds the JSON is taken away.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vivavoce.engines.openai_client import next_answer
from vivavoce.engines.openai_settings import Remote

if TYPE_CHECKING:
    from openai import AsyncOpenAI

__all__ = ["Answers"]

# What a server says that does not know the field, or not this form of it.
_REFUSALS = frozenset({400, 404, 422, 501})
_THOUGHTS_END = "</think>"


class Answers:
    """Asks a model for JSON, and remembers whether its server takes a schema."""

    def __init__(self, server: Remote, client: "AsyncOpenAI") -> None:
        self._server = server
        self._client = client
        # False once the server has refused a schema and answered without one.
        self._takes_schemas = True

    async def ask(self, request: Mapping[str, Any], schema: Mapping[str, object], *, limit_s: float) -> object:
        """
        Make one request, or two where the server refuses the schema; whoever asks may try again.

        Args:
            request: Model, messages and options.
            schema: The form of the answer.
            limit_s: For all of it.

        Raises:
            EngineError: What failed and what to do about it.
        """
        ends_at = asyncio.get_running_loop().time() + limit_s
        if self._takes_schemas:
            text = await self._text({**request, "response_format": _format(schema)}, limit_s, may_refuse=True)
            if text is not None:
                return self._decoded(text)
        left_s = max(0.0, ends_at - asyncio.get_running_loop().time())
        text = await self._text({**request, "messages": _with_schema(request["messages"], schema)}, left_s)
        answer = self._decoded(text or "")
        self._takes_schemas = False
        return answer

    async def _text(self, request: Mapping[str, Any], limit_s: float, *, may_refuse: bool = False) -> str | None:
        """The text of the answer; None where the server refuses the request and may."""

        async def ask() -> str | None:
            from openai import APIStatusError, Timeout

            try:
                # The client's own limit is that of a conversation, and much shorter.
                limit = Timeout(limit_s + 1, connect=self._server.connect_s)
                completion = await self._client.chat.completions.create(**request, timeout=limit)
            except APIStatusError as error:
                if may_refuse and error.status_code in _REFUSALS:
                    return None
                raise
            choice = completion.choices[0]
            if choice.finish_reason == "length":
                raise self._server.failure(f'the model "{self._server.model}" ran out of room before its answer ended')
            return choice.message.content or ""

        return await next_answer(self._server, ask(), limit_s=limit_s)

    def _decoded(self, text: str) -> object:
        # Thoughts before the answer, and the fence of a code block around it.
        bare = text.rpartition(_THOUGHTS_END)[2].strip()
        start, end = bare.find("{"), bare.rfind("}")
        try:
            return json.loads(bare[start : end + 1])
        except ValueError:
            raise self._server.failure(
                f'the model "{self._server.model}" did not answer with JSON: does it fit this purpose?'
            ) from None


def _format(schema: Mapping[str, object]) -> dict[str, object]:
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": dict(schema)}}


def _with_schema(messages: list[dict[str, Any]], schema: Mapping[str, object]) -> list[dict[str, Any]]:
    """Beside the first system text: some models take no second one."""
    words = f"Answer with JSON alone. Its JSON Schema is: {json.dumps(schema, ensure_ascii=False)}"
    first, *others = messages
    if first["role"] != "system":
        return [{"role": "system", "content": words}, *messages]
    return [{**first, "content": f"{first['content']}\n\n{words}"}, *others]
