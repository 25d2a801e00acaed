"""The logs of calls, and a call told event by event, over HTTP."""

from pathlib import Path

import pytest

from tests.server.rest_scene import Scene, play
from tests.store.made_calls import FIGURES, call_id, make_agent, make_call
from vivavoce.store import facts
from vivavoce.talk.facts import AgentSaid, CallEnded, CallStarted, Fact, TurnTimed

COUNTS = "/atoms/v1/analytics/call-counts-log"


def test_an_agent_has_a_log_of_its_calls(tmp_path: Path) -> None:
    """The newest first, lengths in milliseconds, pages by ``offset`` or ``limit``."""

    async def scenario(scene: Scene) -> None:
        agent_id = await make_agent(scene.database)
        await make_call(scene.database, 0, agent_id, duration_ms=1_500)
        await make_call(scene.database, 1, agent_id, mode="chat", reason="server_error")
        await make_call(scene.database, 2, await make_agent(scene.database))
        path = f"/atoms/v1/agent/{agent_id}/call-logs"
        answer = (await scene.ask("GET", path)).json()

        assert answer["success"]
        assert (2, 1, 10) == tuple(answer["data"][name] for name in ("totalCount", "page", "offset"))
        assert [call_id(1), call_id(0)] == [log["callId"] for log in answer["data"]["callLogs"]]
        assert {
            "callId": call_id(0),
            "callStatus": "completed",
            "callType": "webcall",
            "fromNumber": "",
            "toNumber": "",
            "createdAt": "2026-07-02T10:00:00.000Z",
            "callDuration": 1500,
        } == answer["data"]["callLogs"][1]
        for size in ("offset=1", "limit=1"):
            second = (await scene.ask("GET", f"{path}?{size}&page=2")).json()["data"]
            assert [call_id(0)] == [log["callId"] for log in second["callLogs"]]

    play(tmp_path, scenario)


def test_the_log_of_no_agent_is_refused(tmp_path: Path) -> None:
    """404 for an unknown id, 400 for what cannot be one."""

    async def scenario(scene: Scene) -> None:
        unknown = await scene.ask("GET", f"/atoms/v1/agent/{'a' * 24}/call-logs")

        assert (404, ["Agent not found"]) == (unknown.status_code, unknown.json()["errors"])
        assert 400 == (await scene.ask("GET", "/atoms/v1/agent/nonsense/call-logs")).status_code
        assert 400 == (await scene.ask("GET", f"/atoms/v1/agent/{'a' * 24}/call-logs?page=x")).status_code

    play(tmp_path, scenario)


def test_all_calls_are_counted(tmp_path: Path) -> None:
    """Both names of the total are there; a call without an end has the reason ``-``."""

    async def scenario(scene: Scene) -> None:
        agent_id = await make_agent(scene.database, "Ada")
        await make_call(scene.database, 0, agent_id, figures=FIGURES)
        await make_call(scene.database, 1, agent_id, duration_ms=None)
        answer = (await scene.ask("GET", f"{COUNTS}?limit=1&page=2&agentId={agent_id}")).json()
        (row,) = answer["data"].pop("calls")

        assert {"totalCalls": 2, "totalCount": 2, "totalPages": 2, "currentPage": 2, "limit": 1} == answer["data"]
        assert (call_id(0), "Ada", "webcall", 30_000, 700, "user_hangup", "completed") == tuple(
            row[name]
            for name in (
                "callId",
                "agentName",
                "callType",
                "callDurationMs",
                "callLatencyMs",
                "disconnectionReason",
                "callStatus",
            )
        )
        assert {"orgId", "campaignId", "campaignName", "timestamp", "costSpent", "source", "recordingUrl"} <= set(row)
        (live,) = (await scene.ask("GET", f"{COUNTS}?callStatus=active")).json()["data"]["calls"]
        assert ("-", None, "active") == (live["disconnectionReason"], live["callLatencyMs"], live["callStatus"])

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("callType=chat", [1]),
        ("callStatus=failed", [1]),
        ("campaignId=x", []),
        ("dateFrom=2026-07-02T10:30:00Z", [1]),
        ("dateTo=2026-07-02T10:30:00Z", [0]),
        ("dateTo=2026-07-02", [1, 0]),
    ],
)
def test_the_log_of_all_calls_is_filtered(query: str, expected: list[int], tmp_path: Path) -> None:
    """By the parameters of wire-spec 2.9."""

    async def scenario(scene: Scene) -> None:
        agent_id = await make_agent(scene.database)
        await make_call(scene.database, 0, agent_id)
        await make_call(scene.database, 1, agent_id, mode="chat", reason="server_error")
        rows = (await scene.ask("GET", f"{COUNTS}?{query}")).json()["data"]["calls"]

        assert [call_id(number) for number in expected] == [row["callId"] for row in rows]

    play(tmp_path, scenario)


def test_a_call_is_told_event_by_event(tmp_path: Path) -> None:
    """Turns as ``text``, and the latency of each as an event of the name that clients look for."""

    async def scenario(scene: Scene) -> None:
        agent_id = await make_agent(scene.database)
        await make_call(scene.database, 0, agent_id, duration_ms=9_000)
        told: tuple[Fact, ...] = (
            CallStarted(0.0, "webcall"),
            TurnTimed(3.0, 1, 2.0, 0.5, 0.1, 0.1, 0.1),
            AgentSaid(4.0, 1, "Hello", True),
            CallEnded(9.0, "ended"),
        )
        await facts.write(scene.database, [(call_id(0), n, fact) for n, fact in enumerate(told, 1)])
        answer = (await scene.ask("GET", f"/atoms/v1/analytics/conversation-details/{call_id(0)}")).json()
        data = answer["data"]

        assert answer["success"]
        assert (call_id(0), "As it was", "single_prompt", 9_000, "", "") == tuple(
            data[name] for name in ("callId", "agentName", "workflowType", "callDurationMs", "fromNumber", "toNumber")
        )
        assert [{"role": "agent", "text": "Hello", "timestamp": "2026-07-02T10:00:04.000Z"}] == data["transcript"]
        assert ["call_start", "turn_latency_analysis", "tts_completed", "call_end"] == [
            event["eventType"] for event in data["events"]
        ]
        assert (800, "2026-07-02T10:00:03.000Z") == (data["events"][1]["latencyMs"], data["events"][1]["timestamp"])

    play(tmp_path, scenario)


def test_a_call_that_is_not_there_is_not_told(tmp_path: Path) -> None:
    """As for the call itself."""

    async def scenario(scene: Scene) -> None:
        path = "/atoms/v1/analytics/conversation-details"

        assert 404 == (await scene.ask("GET", f"{path}/{call_id(0)}")).status_code
        assert 400 == (await scene.ask("GET", f"{path}/nonsense")).status_code
        assert 401 == (await scene.ask("GET", f"{path}/{call_id(0)}", key="")).status_code

    play(tmp_path, scenario)
