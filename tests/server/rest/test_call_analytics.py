"""Figures over many calls, over HTTP."""

from pathlib import Path

import pytest

from tests.server.rest_scene import Scene, play
from tests.store.made_calls import make_agent, make_call
from vivavoce.analytics.settings import config_of
from vivavoce.clock import now

BASE = "/atoms/v1/analytics"


def test_a_period_is_summed_up_beside_the_one_before(tmp_path: Path) -> None:
    """Both pairs of names for the dates mean the same."""

    async def scenario(scene: Scene) -> None:
        agent_id = await make_agent(scene.database)
        await make_call(scene.database, 0, agent_id, duration_ms=10_000)
        await make_call(scene.database, 24, agent_id, duration_ms=20_000)
        await make_call(scene.database, 25, agent_id, duration_ms=40_000, reason="server_error")
        answers = [
            (await scene.ask("GET", f"{BASE}/summary?{query}")).json()
            for query in ("dateFrom=2026-07-03&dateTo=2026-07-03", "startDate=2026-07-03&endDate=2026-07-03")
        ]
        data = answers[0]["data"]

        assert answers[0] == answers[1]
        assert answers[0]["success"]
        assert {"current": 2, "previous": 1, "percentChange": 100} == data["totalCalls"]
        assert {"current": 50, "previous": 100, "percentChange": -50} == data["pickupRate"]
        assert {"current": 30_000, "previous": 10_000, "percentChange": 200} == data["avgDurationMs"]
        assert {"current": 60_000, "previous": 10_000, "percentChange": 500} == data["totalDurationMs"]
        assert {"current": 0, "previous": 0, "percentChange": None} == data["totalCost"] == data["uniqueUsersReached"]
        assert 30_000 == data["medianDurationMs"]
        assert {"from": "2026-07-03T00:00:00.000Z", "to": "2026-07-04T00:00:00.000Z"} == data["period"]
        assert {"from": "2026-07-02T00:00:00.000Z", "to": "2026-07-03T00:00:00.000Z"} == data["previousPeriod"]

    play(tmp_path, scenario)


def test_a_summary_without_dates_is_of_the_last_thirty_days(tmp_path: Path) -> None:
    """And of the agents that are asked for."""

    async def scenario(scene: Scene) -> None:
        agent_id = await make_agent(scene.database)
        await make_call(scene.database, 0, agent_id, started_at=now())

        for query, calls in (("", 1), (f"agentId={agent_id}", 1), (f"agentId={'a' * 24}", 0), ("callType=chat", 0)):
            data = (await scene.ask("GET", f"{BASE}/summary?{query}")).json()["data"]
            assert calls == data["totalCalls"]["current"]

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("summary?dateFrom=x", "dateFrom"),
        ("summary?dateFrom=2026-07-03&dateTo=2026-07-02", "dateFrom"),
        ("summary?dateFrom=0001-01-01", "dateFrom"),
        ("summary?dateTo=0001-01-01", "dateFrom"),
        ("summary?endDate=x", "dateTo"),
        ("concurrency?date=x", "date"),
        ("concurrency?date=2026-07-02T10:00:00Z", "date"),
    ],
)
def test_dates_that_make_no_sense_are_told(path: str, named: str, tmp_path: Path) -> None:
    """400 with the name of the parameter."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask("GET", f"{BASE}/{path}")

        assert 400 == answer.status_code
        assert answer.json()["errors"][0].startswith(f"{named}: Invalid date")

    play(tmp_path, scenario)


def test_a_day_is_counted_minute_by_minute(tmp_path: Path) -> None:
    """With each agent where that is asked for."""

    async def scenario(scene: Scene) -> None:
        first, second = sorted([await make_agent(scene.database), await make_agent(scene.database)])
        await make_call(scene.database, 0, first, duration_ms=90_000)
        await make_call(scene.database, 100, second, duration_ms=600_000)
        data = (await scene.ask("GET", f"{BASE}/concurrency?date=2026-07-02&includeAgents=true")).json()["data"]
        points = {point["minute"]: point["concurrentCalls"] for point in data["dataPoints"]}

        assert (1440, "2026-07-02", 1440) == (data["totalMinutes"], data["date"], len(points))
        assert [0, 1, 1, 0] == [points[minute] for minute in ("09:59", "10:00", "10:01", "10:02")]
        assert (1, [first]) == (data["peakConcurrent"], [agent["agentId"] for agent in data["byAgent"]])
        assert {"agentId": first, "peakConcurrent": 1, "avgConcurrent": 0.0, "totalCalls": 1} == data["byAgent"][0]
        alone = (await scene.ask("GET", f"{BASE}/concurrency?date=2026-07-02&agentId={second}")).json()["data"]
        assert 0 == alone["peakConcurrent"]
        assert "byAgent" not in alone

    play(tmp_path, scenario)


def test_today_has_the_minutes_until_now(tmp_path: Path) -> None:
    """A day that has not come has none."""

    async def scenario(scene: Scene) -> None:
        before = now()
        today = (await scene.ask("GET", f"{BASE}/concurrency")).json()["data"]
        after = now()
        first = (await scene.ask("GET", f"{BASE}/concurrency?date=0001-01-01")).json()["data"]
        later = (await scene.ask("GET", f"{BASE}/concurrency?date=9999-12-31")).json()["data"]

        assert today["totalMinutes"] in {moment.hour * 60 + moment.minute + 1 for moment in (before, after)}
        assert (1440, 0) == (first["totalMinutes"], first["peakConcurrent"])
        assert (0, [], 0) == (later["totalMinutes"], later["dataPoints"], later["peakConcurrent"])

    play(tmp_path, scenario)


def test_templates_can_be_used_as_they_are(tmp_path: Path) -> None:
    """An agent takes them all."""

    async def scenario(scene: Scene) -> None:
        answer = (await scene.ask("GET", "/atoms/v1/disposition-metric-templates")).json()

        assert answer["success"]
        assert len(answer["data"]) == len(
            config_of({"postCallAnalyticsConfig": {"dispositionMetrics": answer["data"]}}).disposition_metrics
        )
        assert all(("choices" in metric) == (metric["dispositionMetricType"] == "ENUM") for metric in answer["data"])

    play(tmp_path, scenario)


def test_the_other_panels_are_empty(tmp_path: Path) -> None:
    """Those of the original; what it has not is not there."""

    async def scenario(scene: Scene) -> None:
        for panel in ("dashboard", "usage/timeseries"):
            assert {"success": True, "data": {}} == (await scene.ask("GET", f"{BASE}/{panel}")).json()
        assert 404 == (await scene.ask("GET", f"{BASE}/nonsense")).status_code
        assert 401 == (await scene.ask("GET", f"{BASE}/dashboard", key="")).status_code

    play(tmp_path, scenario)
