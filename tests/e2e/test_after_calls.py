"""What is known of a call a moment after it is over: with a language model, without one, and after a crash."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import SCRIPTED, Server, running, start
from tests.e2e.thinking import thinking
from vivavoce.client import AgentStopped, AtomsClient

pytestmark = pytest.mark.slow

LIMIT_S = 20.0
ANALYTICS = {
    "dispositionMetrics": [
        {"identifier": "booked", "dispositionMetricPrompt": "Was a table booked?", "dispositionMetricType": "BOOLEAN"},
        {
            "identifier": "mood",
            "dispositionMetricPrompt": "How was the visitor?",
            "dispositionMetricType": "ENUM",
            "choices": ["content", "angry"],
        },
        {"identifier": "guests", "dispositionMetricPrompt": "For how many?", "dispositionMetricType": "INTEGER"},
    ]
}
FOUND = {
    "summary": "A table for four was booked.",
    "dispositionMetrics": {
        "booked": {"reasoning": "It says so.", "value": True, "confidence": 1},
        "mood": {"reasoning": "He was short.", "value": "content", "confidence": 0.4},
        "guests": {"reasoning": "Four.", "value": 4, "confidence": 0.9},
    },
}


def hold_chat(server: Server, agent_id: str, text: str = "A table for four, please.") -> str:
    """A chat of one question and one answer; returns its call id."""

    async def chat() -> str:
        async with (
            asyncio.timeout(LIMIT_S),
            await AtomsClient.connect(server.url, key=server.key, agent_id=agent_id, mode="chat") as client,
        ):
            await client.send_text(text)
            async for message in client:
                if isinstance(message, AgentStopped):
                    break
            return client.session.call_id

    return asyncio.run(chat())


def analysis(server: Server, call_id: str, *, status: str) -> dict[str, Any]:
    """``postCallAnalytics`` of the call when it has this status, and nothing is left to be done for it."""
    server.until(lambda: server.conversation(call_id)["postCallAnalytics"]["status"] == status)
    server.until(lambda: not left(server))
    return dict(server.conversation(call_id)["postCallAnalytics"])


def left(server: Server) -> list[tuple[Any, ...]]:
    return server.rows("select step, attempts from after_calls")


def test_a_model_is_asked_once_and_its_findings_are_shown(tmp_path: Path) -> None:
    """Summary, metrics and figures, soon after the end of the call, over real sockets."""
    with thinking(FOUND) as model, running(tmp_path, {**SCRIPTED, **model.settings}) as server:
        call_id = hold_chat(server, server.agent(postCallAnalyticsConfig=ANALYTICS))
        found = analysis(server, call_id, status="done")

        assert "A table for four was booked." == found["summary"]
        assert {"booked": True, "mood": "content", "guests": 4} == {
            metric["identifier"]: metric["value"] for metric in found["dispositionMetrics"]
        }
        assert ("He was short.", 0.4, "How was the visitor?", "ENUM") == tuple(
            found["dispositionMetrics"][1][name]
            for name in ("reasoning", "confidence", "dispositionMetricPrompt", "dispositionMetricType")
        )
        assert (1, 1, "user") == tuple(found["metrics"][name] for name in ("userTurns", "agentTurns", "endedBy"))
        ((figures, latency_ms),) = server.rows("select figures, avg_latency_ms from calls")
        assert figures
        assert isinstance(latency_ms, int)
        (question,) = model.asked
        assert question["messages"][1]["content"].endswith(
            "\nvisitor: A table for four, please.\nagent: A table for four is booked."
        )
        assert {"booked", "mood", "guests"} == set(
            question["response_format"]["json_schema"]["schema"]["properties"]["dispositionMetrics"]["properties"]
        )


def test_without_a_model_the_figures_are_there_and_the_rest_says_why(tmp_path: Path) -> None:
    """What to configure, in a sentence."""
    with running(tmp_path) as server:
        found = analysis(server, hold_chat(server, server.agent(postCallAnalyticsConfig=ANALYTICS)), status="missing")

        assert 'The brain "scripted" is no language model' in found["reason"]
        assert "OPENAI_API_KEY" in found["reason"]
        assert ("", []) == (found["summary"], found["dispositionMetrics"])
        assert (1, 1) == (found["metrics"]["userTurns"], found["metrics"]["agentTurns"])


def test_a_server_that_is_killed_while_the_model_thinks_forgets_nothing(tmp_path: Path) -> None:
    """The next start asks again when the dead one's lease has run out, and does the rest once."""
    with thinking(FOUND, hanging=1) as model:
        settings = {**SCRIPTED, **model.settings}
        server = start(tmp_path, settings)
        try:
            agent_id = server.agent(postCallAnalyticsConfig=ANALYTICS)
            call_id = hold_chat(server, agent_id)
            server.until(lambda: len(model.asked) == 1)
            ((figures,),) = server.rows("select figures from calls")

            assert figures
            assert [("analytics", 1)] == left(server)
        finally:
            server.kill()
            server.client.close()
        key = server.key
        with running(tmp_path, settings) as server:
            server.key = key
            server.until(lambda: server.health()["status"] == "ok")

            # Held by a dead server: whether it is dead cannot be known yet.
            assert [("analytics", 1)] == left(server)
            assert 1 == len(model.asked)

            expire_leases(server)
            found = analysis(server, call_id, status="done")

        assert "A table for four was booked." == found["summary"]
        assert 2 == len(model.asked)
        assert [] == left(server)


def test_a_call_that_is_killed_has_figures_after_the_next_start(tmp_path: Path) -> None:
    """It is closed by its successor, and what is due after a call is due after this one too."""
    server = start(tmp_path)
    try:
        agent_id = server.agent()

        async def begin() -> str:
            async with asyncio.timeout(LIMIT_S):
                client = await AtomsClient.connect(server.url, key=server.key, agent_id=agent_id, mode="chat")
                await client.send_text("Hello")
                async for message in client:
                    if isinstance(message, AgentStopped):
                        break
                call_id = client.session.call_id
                server.until(lambda: "AgentStoppedTalking" in server.kinds(call_id))
                server.kill()
                return call_id

        call_id = asyncio.run(begin())
    finally:
        server.kill()
        server.client.close()
    key = server.key
    with running(tmp_path) as server:
        server.key = key
        found = analysis(server, call_id, status="missing")

        assert (1, 1, "server") == tuple(found["metrics"][name] for name in ("userTurns", "agentTurns", "endedBy"))


def test_a_server_that_stops_while_the_model_thinks_gives_the_call_back(tmp_path: Path) -> None:
    """The next start asks again at once."""
    with thinking(FOUND, hanging=1) as model:
        settings = {**SCRIPTED, **model.settings}
        with running(tmp_path, settings) as server:
            call_id = hold_chat(server, server.agent(postCallAnalyticsConfig=ANALYTICS))
            server.until(lambda: len(model.asked) == 1)

            assert 0 == server.stop()

            assert [("analytics", 0)] == left(server)
        key = server.key
        with running(tmp_path, settings) as server:
            server.key = key

            assert "done" == analysis(server, call_id, status="done")["status"]


def expire_leases(server: Server) -> None:
    """As if two and a half minutes had passed."""
    database = sqlite3.connect(server.data / "vivavoce.sqlite3", timeout=LIMIT_S)
    try:
        with database:
            database.execute("update after_calls set due_at = due_at - 150000000")
    finally:
        database.close()
