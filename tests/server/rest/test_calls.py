"""Tokens for pages, and calls that are ended from outside."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.server.rest_scene import CALL_ID, Scene, play, start_call
from vivavoce.store import agents, calls, tokens

PATH = "/atoms/v1/conversation/register-call"
ALL_INPUTS = "pcm_8000 pcm_16000 pcm_22050 pcm_24000 pcm_44100 pcm_48000 mulaw_8000 alaw_8000".split()


async def _agent(scene: Scene) -> str:
    return (await agents.create(scene.database, {})).id


def test_a_token_is_made_with_the_documented_answer(tmp_path: Path) -> None:
    """The fields of wire-spec 2.1; the token then grants what was asked for, without reserved names."""

    async def scenario(scene: Scene) -> None:
        agent_id = await _agent(scene)
        body = {"agent_id": agent_id, "mode": "chat", "variables": {"name": "Zoë", "call_id": "forged"}}
        answer = await scene.ask("POST", PATH, json=body)
        data = answer.json()["data"]
        grant = await tokens.redeem(scene.database, data["access_token"])

        assert (201, 30, 24000, "pcm_24000", "pcm_24000") == (
            answer.status_code,
            data["expires_in"],
            data["sample_rate"],
            data["input_audio_format"],
            data["output_audio_format"],
        )
        assert data["access_token"].startswith("wct_")
        assert tokens.Grant(agent_id, "chat", {"name": "Zoë"}) == grant

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("body", "data"),
    [
        ({"sample_rate": 16000}, ("pcm_16000", "pcm_16000", 16000)),
        *(({"input_audio_format": token}, (token, "pcm_24000", 24000)) for token in ALL_INPUTS),
        ({"output_audio_format": "pcm_16000"}, ("pcm_24000", "pcm_16000", 16000)),
        ({"sample_rate": 24000, "output_audio_format": "pcm_24000"}, ("pcm_24000", "pcm_24000", 24000)),
    ],
)
def test_formats_are_granted(body: dict[str, object], data: tuple[str, str, int], tmp_path: Path) -> None:
    """The cases of the conformance script (wire-spec 1.9, 2.1)."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask("POST", PATH, json={"agent_id": await _agent(scene), **body})
        given: dict[str, Any] = answer.json()["data"]

        assert 201 == answer.status_code
        assert data == (given["input_audio_format"], given["output_audio_format"], given["sample_rate"])

    play(tmp_path, scenario)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"sample_rate": 48000}, ["sample_rate"]),
        ({"input_audio_format": "pcm_32000"}, ["'pcm_32000'", "Supported:"]),
        ({"input_audio_format": "ulaw_8000"}, ["'ulaw_8000'", "Supported:"]),
        ({"output_audio_format": "pcm_48000"}, ["is not supported by this agent's voice"]),
        ({"sample_rate": 24000, "output_audio_format": "pcm_16000"}, ["disagree"]),
        ({"mode": "video"}, ["mode: Invalid enum value"]),
        ({"mode": ["chat"]}, ["mode: Invalid enum value"]),
        ({"variables": [1]}, ["Invalid variables"]),
    ],
)
def test_what_cannot_be_granted_is_refused(body: dict[str, object], words: list[str], tmp_path: Path) -> None:
    """The texts that the conformance script looks for (wire-spec 2.1)."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask("POST", PATH, json={"agent_id": await _agent(scene), **body})

        assert 400 == answer.status_code
        assert [] == [word for word in words if word not in json.dumps(answer.json())]

    play(tmp_path, scenario)


def test_the_agent_must_be_there(tmp_path: Path) -> None:
    """Missing and malformed are bad requests; unknown and archived are not found."""

    async def scenario(scene: Scene) -> None:
        archived = await _agent(scene)
        await agents.archive(scene.database, archived)

        async def answer(body: object) -> tuple[int, list[str]]:
            response = await scene.ask("POST", PATH, json=body)
            return response.status_code, response.json()["errors"]

        assert (400, ["agent_id: Required"]) == await answer({})
        assert (400, ["agent_id: Expected string"]) == await answer({"agent_id": 1})
        assert (400, ["Invalid agent id"]) == await answer({"agent_id": "x"})
        assert (404, ["Agent not found"]) == await answer({"agent_id": "0" * 24})
        assert (404, ["Agent not found"]) == await answer({"agent_id": archived})

    play(tmp_path, scenario)


def test_a_draining_server_makes_no_tokens(tmp_path: Path) -> None:
    """A token of a server that is about to stop would be worth nothing."""

    async def scenario(scene: Scene) -> None:
        scene.draining = True
        answer = await scene.ask("POST", PATH, json={"agent_id": await _agent(scene)})

        assert (503, "1") == (answer.status_code, answer.headers["retry-after"])

    play(tmp_path, scenario)


def test_a_running_call_is_ended(tmp_path: Path) -> None:
    """By its id in the body; what is not known, over, or live elsewhere is told apart."""
    ended: list[str] = []

    def end_call(call_id: str) -> bool:
        ended.append(call_id)
        return len(ended) == 1

    async def scenario(scene: Scene) -> None:
        path = "/atoms/v1/conversation/cancel"
        unknown = await scene.ask("POST", path, json={"callId": CALL_ID})
        await start_call(scene)
        live = await scene.ask("POST", path, json={"callId": CALL_ID})
        elsewhere = await scene.ask("POST", path, json={"callId": CALL_ID})
        await calls.finish(scene.database, CALL_ID, reason="ended")
        over = await scene.ask("POST", path, json={"callId": CALL_ID})
        missing = await scene.ask("POST", path, json={})

        assert {"status": True, "data": {"callId": CALL_ID, "status": "cancelled"}} == live.json()
        assert [404, 200, 400, 400, 400] == [answer.status_code for answer in (unknown, live, elsewhere, over, missing)]
        assert ["The call is held by another server of this database: ask that one"] == elsewhere.json()["errors"]
        assert ["The call is over"] == over.json()["errors"]
        assert ["callId: Required"] == missing.json()["errors"]
        assert [CALL_ID, CALL_ID] == ended

    play(tmp_path, scenario, end_call=end_call)


def test_no_call_waits_in_a_queue(tmp_path: Path) -> None:
    """So none can be taken out of it: a live call is told from one that is over, and both from one not known."""

    async def scenario(scene: Scene) -> None:
        path = f"/atoms/v1/conversation/{CALL_ID}/cancel"
        unknown = await scene.ask("POST", path)
        await start_call(scene)
        live = await scene.ask("POST", path)
        await calls.finish(scene.database, CALL_ID, reason="ended")
        over = await scene.ask("POST", path)

        assert [404, 400, 400] == [answer.status_code for answer in (unknown, live, over)]
        assert "is going on" in live.json()["errors"][0]
        assert "is over" in over.json()["errors"][0]

    play(tmp_path, scenario)
