"""Events of calls are queued, once, with everything that the contract says."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import update

from tests.server.webhook_scene import CALL_ID, WebhookScene, play
from vivavoce.clock import now, unix_ms
from vivavoce.config import Config
from vivavoce.server.announcements import announce, recording_links
from vivavoce.server.signing import load_secret, signature_holds
from vivavoce.store import calls, deliveries
from vivavoce.store.tables import calls as calls_table

EXAMPLES = Path(__file__).parents[3] / "shared" / "wire-examples.json"
JSON_TYPES = {
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
    "object": dict,
    "array": list,
}
METRIC = {
    "identifier": "mood",
    "value": "good",
    "confidence": 0.9,
    "reasoning": "He laughed.",
    "dispositionMetricPrompt": "How is he?",
    "dispositionMetricType": "STRING",
}


async def queued_bodies(scene: WebhookScene) -> list[dict[str, Any]]:
    """The bodies of what is queued, in the order of their types."""
    due = await deliveries.due(scene.database, now(), most=99)
    claimed = await deliveries.claim(scene.database, [delivery_id for delivery_id, _ in due], now())
    return [json.loads(entry.body) for entry in sorted(claimed, key=lambda entry: entry.event_type)]


def test_the_end_of_a_call_is_told_with_its_words(tmp_path: Path) -> None:
    """Roles ``agent`` and ``user``, seconds, all variables, and a link to the recording."""

    async def scenario(scene: WebhookScene) -> None:
        webhook = await scene.webhook()
        await scene.call()

        assert 1 == await announce(
            scene.database, "post-conversation", CALL_ID, recording_url=lambda call: f"https://v.example/{call.id}"
        )
        (body,) = await queued_bodies(scene)
        (logged,) = await scene.log(webhook)
        assert {
            "url": webhook.url,
            "description": "Shop",
            "event": f"{scene.agent_id}.post-conversation",
            "id": logged.id,
            "metadata": {
                "agentId": scene.agent_id,
                "eventType": "post-conversation",
                "conversationType": "webcall",
                "callId": CALL_ID,
                "recordingUrl": f"https://v.example/{CALL_ID}",
                "callData": {
                    "fromNumber": "",
                    "toNumber": "",
                    "callDuration": 61.25,
                    "callStatus": "completed",
                    "answerTime": "2026-07-01T12:00:00.000Z",
                    "endTime": "2026-07-01T12:01:01.250Z",
                },
                "transcript": [
                    {"role": "agent", "content": "Hello.", "timestamp": "2026-07-01T12:00:01.000Z"},
                    {"role": "user", "content": "A pizza, please.", "timestamp": "2026-07-01T12:00:02.500Z"},
                ],
                "variables": {"name": "Bo", "call_id": CALL_ID},
            },
        } == body

    play(tmp_path, scenario)


def test_what_was_made_of_a_call_is_told(tmp_path: Path) -> None:
    """With the metrics as they are stored."""

    async def scenario(scene: WebhookScene) -> None:
        await scene.webhook()
        await scene.call()
        found = {"state": "done", "summary": "He ordered.", "dispositionMetrics": [METRIC], "successMetrics": []}
        async with scene.database.write() as connection:
            await connection.execute(update(calls_table).values(analytics=found))

        assert 1 == await announce(scene.database, "analytics-completed", CALL_ID)
        (body,) = await queued_bodies(scene)
        analytics = body["metadata"]["analytics"]
        assert ("He ordered.", [METRIC], []) == tuple(
            analytics[name] for name in ("summary", "dispositionMetrics", "successMetrics")
        )
        assert "transcript" not in body["metadata"]

    play(tmp_path, scenario)


def test_an_event_is_queued_once_for_each_webhook_that_wants_it(tmp_path: Path) -> None:
    """A worker that died after announcing announces again; others are not told at all."""

    async def scenario(scene: WebhookScene) -> None:
        await scene.webhook("/a")
        await scene.webhook("/b")
        await scene.webhook("/c", events=["pre-conversation", "analytics-completed"])
        await scene.call()

        assert 2 == await announce(scene.database, "post-conversation", CALL_ID)
        assert 0 == await announce(scene.database, "post-conversation", CALL_ID)
        assert 3 == await announce(scene.database, "analytics-completed", CALL_ID)
        assert 0 == await announce(scene.database, "post-conversation", "CALL-0000000000000-000000")
        assert 5 == len({body["id"] for body in await queued_bodies(scene)})

    play(tmp_path, scenario)


@pytest.mark.parametrize(("public_url", "begins"), [("https://v.example/", "https://v.example/"), ("", "/")])
def test_a_link_to_a_recording_works_for_a_week(public_url: str, begins: str, tmp_path: Path) -> None:
    """It carries its permission, and the public URL where one is configured."""
    config = Config(data=tmp_path / "data", public_url=public_url)

    async def scenario(scene: WebhookScene) -> None:
        link = recording_links(config)
        call = await scene.call()

        assert "" == link(call)
        await calls.set_recording(scene.database, CALL_ID, "ready", path="x/dual.flac")
        ready = await calls.find(scene.database, CALL_ID)

        assert ready is not None
        url = link(ready)
        assert url.startswith(f"{begins}atoms/v1/conversation/{CALL_ID}/recording?")
        query = {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}
        assert 6.9 < (int(query["expires"]) - unix_ms() / 1000) / 86_400 < 7.1
        assert signature_holds(
            load_secret(config.data),
            {"call": CALL_ID, "channels": "mono"},
            expires=query["expires"],
            signature=query["signature"],
        )

    play(tmp_path, scenario)


def check(shape: dict[str, Any], value: dict[str, Any], where: str) -> None:
    """A value against a shape of the machine-readable contract."""
    for name, kind in shape.get("required", {}).items():
        kinds = kind if isinstance(kind, list) else [kind]

        assert any(isinstance(value[name], JSON_TYPES[one]) for one in kinds), f"{where}.{name}"  # type: ignore[arg-type]
    for name, allowed in shape.get("allowed", {}).items():
        assert name not in value or value[name] in allowed, f"{where}.{name}"


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the machine-readable contract is not here")
def test_what_is_told_has_the_fields_of_the_contract(tmp_path: Path) -> None:
    """Every field that it requires, of its type."""
    contract = json.loads(EXAMPLES.read_text())["webhooks"]
    shapes = {shape["eventType"]: shape for shape in contract["events"]}

    async def scenario(scene: WebhookScene) -> None:
        await scene.webhook()
        await scene.call()
        async with scene.database.write() as connection:
            await connection.execute(
                update(calls_table).values(
                    analytics={"state": "done", "summary": "s", "dispositionMetrics": [METRIC], "successMetrics": []}
                )
            )
        for event in ("post-conversation", "analytics-completed"):
            await announce(scene.database, event, CALL_ID)
        for body in await queued_bodies(scene):
            metadata = body["metadata"]
            shape = shapes[metadata["eventType"]]
            check({"required": contract["envelope_required"]}, body, "envelope")
            check({"required": shape["metadata_required"]}, metadata, "metadata")
            check(shape["callData"], metadata["callData"], "callData")
            for entry in metadata.get("transcript", ()):
                check(shape["transcript_item"], entry, "transcript")
            for metric in metadata.get("analytics", {}).get("dispositionMetrics", ()):
                check(shape["analytics"]["metric"], metric, "metric")

    play(tmp_path, scenario)
