"""Calls are listed and looked up over HTTP."""

from pathlib import Path

import pytest

from tests.server.rest_scene import Scene, play
from tests.store.made_calls import FIGURES, call_id, make_agent, make_call
from vivavoce.server.app import API_PREFIXES

PATH = "/atoms/v1/conversation"
CONFIG = {
    "dispositionMetrics": [{"identifier": "goal", "dispositionMetricPrompt": "?", "dispositionMetricType": "STRING"}]
}
ANALYTICS = {"state": "done", "summary": "Short.", "dispositionMetrics": [{"identifier": "goal", "value": "tea"}]}
# What the original has in both lists (wire-spec 2.7.2 and 2.7.3).
SHARED = set(
    "_id callId status duration from to type agentId recordingUrl recordingDualUrl disconnectionReason retryCount "
    "createdAt callFailureReason callCost versionId isTest retryCallId retryAttemptNumber postCallAnalytics "
    "turnLatencyMetrics".split()
)
LISTED = {"dispositionMetrics", "agentDispositionConfig", "versionNumber"}


async def _two(scene: Scene) -> str:
    """Call 0 has all figures and a recording; call 1 failed and has nothing."""
    agent_id = await make_agent(scene.database, postCallAnalyticsConfig=CONFIG)
    await make_call(
        scene.database,
        0,
        agent_id,
        figures=FIGURES,
        analytics=ANALYTICS,
        recording="ready",
        recording_path="x/dual.flac",
    )
    await make_call(scene.database, 1, agent_id, reason="server_error", duration_ms=1_500)
    return agent_id


async def _ids(scene: Scene, query: str) -> list[str]:
    answer = await scene.ask("GET", f"{PATH}?{query}")

    assert 200 == answer.status_code, answer.text
    return [log["callId"] for log in answer.json()["data"]["logs"]]


def test_a_list_tells_of_each_call(tmp_path: Path) -> None:
    """With the fields of the original, figures included, the newest first."""

    async def scenario(scene: Scene) -> None:
        agent_id = await _two(scene)
        data = (await scene.ask("GET", PATH)).json()["data"]
        failed, whole = data["logs"]

        assert SHARED | LISTED | {"updatedAt"} == set(whole)
        assert (call_id(0), call_id(0), "completed", 30.0, "webcall", agent_id, "user_hangup") == tuple(
            whole[name] for name in ("_id", "callId", "status", "duration", "type", "agentId", "disconnectionReason")
        )
        assert FIGURES["turnLatencyMetrics"] == whole["turnLatencyMetrics"]
        assert "Short." == whole["postCallAnalytics"]["summary"]
        assert {"goal": "tea"} == whole["dispositionMetrics"]
        assert [{"identifier": "goal", "type": "STRING"}] == whole["agentDispositionConfig"]
        assert [{"identifier": "goal", "type": "STRING"}] == data["dispositionMetricsConfig"]
        assert {"total": 2, "page": 1, "limit": 5, "hasMore": False, "totalPages": 1} == data["pagination"]
        assert ("failed", "system_error", "server_error", 1.5, "") == tuple(
            failed[name] for name in ("status", "disconnectionReason", "callFailureReason", "duration", "recordingUrl")
        )
        assert "turnLatencyMetrics" not in failed

    play(tmp_path, scenario)


def test_the_links_of_a_list_work(tmp_path: Path) -> None:
    """They are as good as those of the call itself: signed, so that only the file is missing here."""

    async def scenario(scene: Scene) -> None:
        await _two(scene)
        logs = (await scene.ask("GET", f"{PATH}?statusFilter=completed")).json()["data"]["logs"]

        assert 404 == (await scene.client.get(logs[0]["recordingUrl"])).status_code
        assert 401 == (await scene.client.get(logs[0]["recordingUrl"] + "0")).status_code
        assert "channels=dual" in logs[0]["recordingDualUrl"]

    play(tmp_path, scenario)


def test_every_parameter_has_its_effect(tmp_path: Path) -> None:
    """Those of wire-spec 2.7.2; others are ignored."""

    async def scenario(scene: Scene) -> None:
        first, second = await make_agent(scene.database), await make_agent(scene.database)
        await make_call(scene.database, 0, first, duration_ms=10_000, avg_latency_ms=1)
        await make_call(scene.database, 1, second, mode="chat", reason="timeout", duration_ms=40_000)
        await make_call(scene.database, 2, second, duration_ms=None)
        zero, one, two = (call_id(number) for number in range(3))

        assert [two, one, zero] == await _ids(scene, "sortBy=createdAt&unknown=1")
        assert [zero, one, two] == await _ids(scene, "sortBy=createdAt&sortOrder=asc&sortBy2=x")
        assert [one, zero, two] == await _ids(scene, "sortBy=callDuration")
        assert [zero, two, one] == await _ids(scene, "sortBy=avgLatency")
        assert [two, one] == await _ids(scene, f"agentIds={second}")
        assert [two, one, zero] == await _ids(scene, f"agentIds={second},{first}")
        assert [one] == await _ids(scene, "callTypes=chat,telephony_inbound")
        assert [two] == await _ids(scene, "statusFilter=active")
        assert [one] == await _ids(scene, "disconnectReasonFilter=timeout")
        assert [zero] == await _ids(scene, "durationFilter=0-30")
        assert [one, zero] == await _ids(scene, "durationFilter=0-30,30-60")
        assert [one] == await _ids(scene, "dateFrom=2026-07-02T10:30:00Z&dateTo=2026-07-02T11:30:00Z")
        assert [one] == await _ids(scene, f"search={one.lower()}")
        assert [] == await _ids(scene, "callAttemptFilter=retry")
        assert [] == await _ids(scene, "campaignIds=abc")
        assert [] == await _ids(scene, f"versionFilter={first}")
        assert [one] == await _ids(scene, "page=2&limit=1")

    play(tmp_path, scenario)


def test_a_page_out_of_range_is_empty_and_a_large_one_is_clamped(tmp_path: Path) -> None:
    """No refusal, as in the original."""

    async def scenario(scene: Scene) -> None:
        await _two(scene)
        far = (await scene.ask("GET", f"{PATH}?page=99999999999999999999&limit=1")).json()["data"]
        large = (await scene.ask("GET", f"{PATH}?limit=100000")).json()["data"]

        assert ([], False, 2) == (far["logs"], far["pagination"]["hasMore"], far["pagination"]["total"])
        assert (2, 500) == (len(large["logs"]), large["pagination"]["limit"])

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=two", "page"),
        ("limit=0", "limit"),
        ("limit=1.5", "limit"),
        (f"page={'9' * 5000}", "page"),
        ("dateFrom=tomorrow", "dateFrom"),
        ("dateTo=2026-02-30", "dateTo"),
        ("durationFilter=long", "durationFilter"),
    ],
)
def test_bad_numbers_and_dates_are_told(query: str, named: str, tmp_path: Path) -> None:
    """400, and the sentence names the parameter."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask("GET", f"{PATH}?{query}")

        assert (400, False) == (answer.status_code, answer.json()["status"])
        assert answer.json()["errors"][0].startswith(f"{named}:")

    play(tmp_path, scenario)


def test_calls_are_looked_up(tmp_path: Path) -> None:
    """Those that there are, in the order of the question; the rest is only counted."""

    async def scenario(scene: Scene) -> None:
        await _two(scene)
        asked = [call_id(1), "nonsense", "CALL-\0", call_id(0), call_id(7)]
        data = (await scene.ask("POST", f"{PATH}/search", json={"callIds": asked, "other": 1})).json()["data"]

        assert [call_id(1), call_id(0)] == [log["callId"] for log in data["logs"]]
        assert (2, 5) == (data["total"], data["requestedCount"])
        assert SHARED | {"updatedAt"} == set(data["logs"][1])

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "callIds: Required"),
        ({"callIds": "CALL-1"}, "callIds: Expected array, received string"),
        ({"callIds": [1]}, "callIds[0]: Expected string, received number"),
        ({"callIds": []}, "callIds: Expected array of length >= 1"),
        ({"callIds": ["x"] * 101}, "callIds: Expected array of length <= 100"),
    ],
)
def test_a_search_says_what_is_wrong_with_it(body: object, told: str, tmp_path: Path) -> None:
    """In the words of the API."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask("POST", f"{PATH}/search", json=body)

        assert (400, [told]) == (answer.status_code, answer.json()["errors"])

    play(tmp_path, scenario)


def test_without_a_key_nothing_is_told(tmp_path: Path) -> None:
    """Under both prefixes."""

    async def scenario(scene: Scene) -> None:
        for path in (PATH, "/api/v1/conversation"):
            assert 401 == (await scene.ask("GET", path, key="")).status_code
        assert 401 == (await scene.ask("POST", f"{PATH}/search", json={"callIds": ["x"]}, key="")).status_code
        assert 200 == (await scene.ask("GET", "/api/v1/conversation")).status_code

    play(tmp_path, scenario, prefixes=API_PREFIXES)
