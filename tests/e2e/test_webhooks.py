"""Webhooks of a server in a process of its own, which is killed on the way."""

import asyncio
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import SCRIPTED, Server, running, start
from vivavoce.client import AtomsClient
from vivavoce.client.caller import Patience, Typed, hold_call

pytestmark = pytest.mark.slow

BRISK = Patience(greeting_s=2.0, settle_s=0.1)
SETTINGS = {**SCRIPTED, "VIVAVOCE_WEBHOOK_PRIVATE": "on", "VIVAVOCE_PUBLIC_URL": "https://voice.example.com"}
LIMIT_S = 30.0


@dataclass
class Inbox:
    """What a receiver in a thread of its own has got: attempt, signature and body of each request, in order."""

    url: str = ""
    # What is answered: the status, and variables for ``pre-conversation``.
    status: int = 200
    variables: dict[str, Any] = field(default_factory=dict)
    got: list[tuple[int, str, bytes]] = field(default_factory=list)

    @property
    def bodies(self) -> list[bytes]:
        return [body for _, _, body in self.got]

    def of(self, event: str) -> list[tuple[int, str, bytes]]:
        return [entry for entry in self.got if json.loads(entry[2])["metadata"]["eventType"] == event]


@contextmanager
def receiving() -> Iterator[Inbox]:
    inbox = Inbox()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            inbox.got.append((int(self.headers["X-Vivavoce-Attempt"]), self.headers["X-Signature"], body))
            said = json.dumps({"variables": inbox.variables}).encode()
            self.send_response(inbox.status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    inbox.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield inbox
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def subscribed(server: Server, agent_id: str, url: str) -> tuple[str, str]:
    """A webhook that is told everything of an agent: its id and its secret."""
    events = [
        {"agentId": agent_id, "eventType": event}
        for event in ("pre-conversation", "post-conversation", "analytics-completed")
    ]
    answer = server.ask("POST", "/webhook", {"endpoint": url, "description": "Shop", "events": events})

    assert 201 == answer.status_code, answer.text
    (shown,) = server.ask("GET", "/webhook").json()["data"]
    return shown["_id"], shown["decryptedSecretKey"]


def chat(server: Server, agent_id: str) -> tuple[str, str]:
    """A chat of one line: the id of the call, and the agent's greeting."""

    async def scenario() -> tuple[str, str]:
        async with (
            asyncio.timeout(LIMIT_S),
            await AtomsClient.connect(server.url, key=server.key, agent_id=agent_id, mode="chat") as client,
        ):
            report = await hold_call(client, [Typed("A pizza, please.")], chat=True, patience=BRISK)
            return report.call_id, report.greeting

    return asyncio.run(scenario())


def log_of(server: Server, webhook_id: str) -> dict[str, dict[str, Any]]:
    """The log of a webhook, by event."""
    log = server.ask("GET", f"/webhook/{webhook_id}/deliveries").json()["data"]
    return {entry["eventType"]: entry for entry in log["deliveries"]}


def test_a_call_is_told_before_it_begins_and_when_it_is_over(tmp_path: Path) -> None:
    """All three events, each signed, the first one before everything else; its variables are in the greeting."""
    with running(tmp_path, SETTINGS) as server, receiving() as inbox:
        inbox.variables = {"name": "Bo"}
        agent_id = server.agent(firstMessage="Hello {{name}}!", defaultVariables={"name": "you"})
        webhook_id, secret = subscribed(server, agent_id, inbox.url)
        call_id, greeting = chat(server, agent_id)
        server.until(lambda: len(inbox.got) == 3)
        server.until(lambda: {"delivered"} == {entry["state"] for entry in log_of(server, webhook_id).values()})

        assert "Hello Bo!" == greeting
        told = {body["metadata"]["eventType"]: body["metadata"] for body in map(json.loads, inbox.bodies)}
        assert {"pre-conversation", "post-conversation", "analytics-completed"} == set(told)
        assert "pre-conversation" == json.loads(inbox.bodies[0])["metadata"]["eventType"]
        assert {call_id} == {metadata["callId"] for metadata in told.values()}
        assert ["agent", "user", "agent"] == [entry["role"] for entry in told["post-conversation"]["transcript"]]
        assert "Bo" == told["post-conversation"]["variables"]["name"]
        for _, signature, body in inbox.got:
            assert hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() == signature


def test_a_delivery_survives_the_death_of_its_server(tmp_path: Path) -> None:
    """Killed after a failed attempt, the next start makes the next one, with the same bytes."""
    with receiving() as inbox:
        first = start(tmp_path, SETTINGS)
        try:
            agent_id = first.agent()
            webhook_id, _ = subscribed(first, agent_id, inbox.url)
            inbox.status = 503
            chat(first, agent_id)
            first.until(lambda: log_of(first, webhook_id).get("post-conversation", {}).get("attempts") == 1)
            first.until(lambda: log_of(first, webhook_id)["post-conversation"]["state"] == "queued")
        finally:
            first.kill()
            first.client.close()
        inbox.status = 200
        with running(tmp_path, SETTINGS) as second:
            second.until(
                lambda: log_of(second, webhook_id)["post-conversation"]["state"] == "delivered", limit_s=LIMIT_S
            )

            (once, again) = inbox.of("post-conversation")
            assert (1, 2) == (once[0], again[0])
            assert once[1:] == again[1:]
            # Before the call began, and without an answer that could be used: that is not told again.
            assert 1 == len(inbox.of("pre-conversation"))
            assert "failed" == log_of(second, webhook_id)["pre-conversation"]["state"]
