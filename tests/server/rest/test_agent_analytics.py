"""What is to be found out about an agent's calls, by a route of its own."""

from pathlib import Path

from tests.server.rest_scene import Scene, play

METRIC = {
    "identifier": "wants_callback",
    "dispositionMetricPrompt": "Does the visitor want to be called back?",
    "dispositionMetricType": "BOOLEAN",
}


def test_questions_are_written_and_read(tmp_path: Path) -> None:
    """They stand in the agent's document; what a change leaves out stays."""

    async def scenario(scene: Scene) -> None:
        agent_id = (await scene.ask("POST", "/atoms/v1/agent", json={})).json()["data"]
        path = f"/atoms/v1/agent/{agent_id}/post-call-analytics"
        empty = (await scene.ask("GET", path)).json()["data"]
        await scene.ask("POST", path, json={"summaryPrompt": "In one sentence."})
        changed = await scene.ask("POST", path, json={"dispositionMetrics": [METRIC]})
        agent = (await scene.ask("GET", f"/atoms/v1/agent/{agent_id}")).json()["data"]

        assert ("", []) == (empty["summaryPrompt"], empty["dispositionMetrics"])
        assert 200 == changed.status_code
        assert ("In one sentence.", [METRIC]) == (
            changed.json()["data"]["summaryPrompt"],
            changed.json()["data"]["dispositionMetrics"],
        )
        assert changed.json() == (await scene.ask("GET", path)).json()
        assert [METRIC] == agent["postCallAnalyticsConfig"]["dispositionMetrics"]
        assert [METRIC] == agent["_resolvedConfig"]["postCallAnalyticsConfig"]["dispositionMetrics"]

    play(tmp_path, scenario)


def test_questions_that_cannot_be_asked_are_refused(tmp_path: Path) -> None:
    """The text names the metric and the field."""

    async def scenario(scene: Scene) -> None:
        agent_id = (await scene.ask("POST", "/atoms/v1/agent", json={})).json()["data"]
        path = f"/atoms/v1/agent/{agent_id}/post-call-analytics"
        wrong = await scene.ask("POST", path, json={"dispositionMetrics": [{**METRIC, "dispositionMetricType": "ODD"}]})
        unknown = await scene.ask("POST", path.replace(agent_id, "0" * 24), json={})

        assert 400 == wrong.status_code
        assert "dispositionMetrics" in wrong.json()["errors"][0]
        assert (404, ["Agent not found"]) == (unknown.status_code, unknown.json()["errors"])

    play(tmp_path, scenario)
