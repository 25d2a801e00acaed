"""A call may be given variables by webhooks before its agent speaks."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.server.test_calls import Scene, play
from vivavoce.errors import Refused
from vivavoce.store import agents
from vivavoce.wire.variables import Value

GREETING = "Hello {{name}}, you have {{points}} points, {{tier}}!"


def test_webhooks_supply_more_than_the_agent_and_less_than_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The greeting has all of them, so they were there before the agent spoke; the reserved ones stay ours."""
    asked: list[dict[str, str]] = []

    async def ask(**call: str) -> Mapping[str, Value]:
        asked.append(call)
        return {"name": "webhook", "points": 3, "conversation_type": "forged"}

    async def scenario(scene: Scene) -> None:
        monkeypatch.setattr(scene.calls, "_ask_webhooks", ask)
        defaults = {"name": "default", "points": 0, "tier": "bronze"}
        await agents.change(
            scene.database,
            scene.agent_id,
            lambda document: {**document, "firstMessage": GREETING, "defaultVariables": defaults},
        )
        _, client = await scene.begin(variables='{"name":"page"}')
        await client.told("transcript")
        (said,) = (message["text"] for message in client.messages if message["type"] == "transcript")
        call = await scene.stored(client.call_id)

        assert "Hello page, you have 3 points, bronze!" == said
        assert ("page", 3, "bronze", "chat") == tuple(
            call.variables[name] for name in ("name", "points", "tier", "conversation_type")
        )
        assert [{"agent_id": scene.agent_id, "call_id": client.call_id, "mode": "chat"}] == asked

    play(tmp_path, scenario)


def test_webhooks_are_told_of_no_call_that_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither one whose key is wrong, nor one of whose request no socket can become."""
    asked: list[object] = []

    async def ask(**call: str) -> Mapping[str, Value]:
        asked.append(call)
        return {}

    async def scenario(scene: Scene) -> None:
        monkeypatch.setattr(scene.calls, "_ask_webhooks", ask)
        with pytest.raises(Refused):
            await scene.admit(token="sk_wrong")
        with pytest.raises(Refused):
            await scene.admit(flaw="flaw")

        assert [] == asked
        await scene.admit()
        assert 1 == len(asked)

    play(tmp_path, scenario)
