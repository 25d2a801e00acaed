"""The prompt and the tools of an agent, by their old routes."""

from pathlib import Path

import pytest

from tests.server.rest_scene import Scene, play

TOOL = {"type": "end_call", "name": "bye", "description": "Ends the call."}


def test_a_workflow_goes_by_the_id_that_the_agent_shows(tmp_path: Path) -> None:
    """A client reads ``workflowId`` from the agent, changes the prompt there, and calls use it."""

    async def scenario(scene: Scene) -> None:
        made = await scene.ask("POST", "/atoms/v1/agent", json={"globalPrompt": "old", "future": 1})
        agent = (await scene.ask("GET", f"/atoms/v1/agent/{made.json()['data']}")).json()["data"]
        workflow = f"/atoms/v1/workflow/{agent['workflowId']}"
        changes = {"type": "single_prompt", "singlePromptConfig": {"prompt": "new", "tools": [TOOL]}}

        changed = await scene.ask("PATCH", workflow, json=changes)
        assert (200, {"status": True, "data": agent["_id"]}) == (changed.status_code, changed.json())
        shown = (await scene.ask("GET", f"/atoms/v1/agent/{agent['_id']}/workflow")).json()["data"]
        assert ("new", [TOOL]) == (shown["prompt"], shown["tools"])
        assert {"prompt": "new", "tools": [TOOL]} == shown["singlePromptConfig"]
        after = (await scene.ask("GET", f"/atoms/v1/agent/{agent['_id']}")).json()["data"]
        assert ("new", 1) == (after["_resolvedConfig"]["prompt"], after["future"])

    play(tmp_path, scenario)


def test_what_a_change_leaves_out_stays(tmp_path: Path) -> None:
    """A prompt alone keeps the tools, and tools alone the prompt."""

    async def scenario(scene: Scene) -> None:
        agent_id = (await scene.ask("POST", "/atoms/v1/agent", json={})).json()["data"]
        path = f"/atoms/v1/workflow/{agent_id}"
        await scene.ask("PATCH", path, json={"singlePromptConfig": {"prompt": "p", "tools": [TOOL]}})
        await scene.ask("PATCH", path, json={"singlePromptConfig": {"prompt": "q"}})
        await scene.ask("PATCH", path, json={"singlePromptConfig": {"tools": []}})
        shown = (await scene.ask("GET", f"/atoms/v1/agent/{agent_id}/workflow")).json()["data"]

        assert ("q", []) == (shown["prompt"], shown["tools"])

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "text"),
    [
        ("GET", "/agent/nonsense/workflow", b"", 400, "Invalid agent id"),
        ("GET", f"/agent/{'0' * 24}/workflow", b"", 404, "Agent not found"),
        ("PATCH", "/workflow/nonsense", b'{"singlePromptConfig":{}}', 400, "Invalid workflow id"),
        ("PATCH", f"/workflow/{'0' * 24}", b'{"singlePromptConfig":{}}', 404, "Workflow not found"),
        ("PATCH", f"/workflow/{'0' * 24}", b"{}", 400, "singlePromptConfig: Required"),
        (
            "PATCH",
            f"/workflow/{'0' * 24}",
            b'{"singlePromptConfig":{"prompt":1}}',
            400,
            "singlePromptConfig.prompt: Expected string or null, received number",
        ),
        (
            "PATCH",
            f"/workflow/{'0' * 24}",
            b'{"type":"workflow_graph","singlePromptConfig":{}}',
            400,
            "Workflow graphs are not supported: send type single_prompt with singlePromptConfig",
        ),
        (
            "PATCH",
            f"/workflow/{'0' * 24}",
            b'{"type":"x","singlePromptConfig":{}}',
            400,
            "type: Invalid enum value 'x'",
        ),
    ],
)
def test_what_cannot_be_done_is_refused(
    method: str, path: str, body: bytes, status: int, text: str, tmp_path: Path
) -> None:
    """Ids, fields and types, each with its sentence."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask(method, f"/atoms/v1{path}", body=body or None)

        assert (status, [text]) == (answer.status_code, answer.json()["errors"])

    play(tmp_path, scenario)
