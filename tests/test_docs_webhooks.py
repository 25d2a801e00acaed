"""The receiver of ``docs/webhooks.md``, run as it stands against a real server, and what the page says of figures."""

import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.doc_names import first_names
from tests.doc_pages import ROOT, codes, page, section
from tests.e2e.running import SCRIPTED, running
from tests.e2e.test_webhooks import chat, log_of, subscribed
from vivavoce.server import outbox
from vivavoce.server.rest.deliveries import ShownDelivery
from vivavoce.webhooks.backoff import MOST_ATTEMPTS
from vivavoce.webhooks.signature import ATTEMPT_HEADER, EVENT_ID_HEADER, SIGNATURE_HEADER

SETTINGS = {**SCRIPTED, "VIVAVOCE_WEBHOOK_PRIVATE": "on"}


def free_port() -> int:
    """A port that nobody has: the receiver of the page does not choose one itself."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def page_receiver(folder: Path, secret: str, port: int) -> Iterator[list[str]]:
    """The receiver of the page in a process of its own; the lines that it prints."""
    (code,) = codes(ROOT / "docs" / "webhooks.md", kind="python")
    (folder / "receiver.py").write_text(code.text)
    process = subprocess.Popen(
        [sys.executable, "receiver.py", str(port)],
        cwd=folder,
        env={**os.environ, "WEBHOOK_SECRET": secret},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    lines: list[str] = []

    def read() -> None:
        assert process.stdout is not None
        lines.extend(iter(process.stdout.readline, ""))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield lines
    finally:
        process.kill()
        process.wait()
        reader.join()
        if process.stdout is not None:
            process.stdout.close()


@pytest.mark.slow
def test_the_receiver_of_the_page_receives(tmp_path: Path) -> None:
    """It supplies a variable, takes what is signed once, and refuses what is forged."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    with running(tmp_path, SETTINGS) as server:
        agent_id = server.agent(firstMessage="Hello {{customer_name}}!")
        webhook_id, secret = subscribed(server, agent_id, url)
        with page_receiver(tmp_path, secret, port) as lines:
            with httpx.Client(transport=httpx.HTTPTransport(retries=7)) as client:
                assert 401 == client.post(url, content=b"{}", headers={SIGNATURE_HEADER: "0" * 64}).status_code
                call_id, greeting = chat(server, agent_id)
                server.until(lambda: {"delivered"} == {entry["state"] for entry in log_of(server, webhook_id).values()})
                server.until(lambda: 2 == len(lines))
                metadata = {"callId": "again", "eventType": "x", "callData": {"callDuration": 1}}
                body = json.dumps({"id": "1", "metadata": metadata})
                signed = {SIGNATURE_HEADER: hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()}
                for _ in range(2):
                    assert 200 == client.post(url, content=body, headers=signed).status_code
                server.until(lambda: 3 == len(lines))

    assert "Hello Ada!" == greeting
    assert {"post-conversation", "analytics-completed"} == {
        line.split()[1] for line in lines if line.startswith(call_id)
    }
    assert ["again x 1\n"] == lines[2:]


def test_the_headers_of_a_delivery_are_told() -> None:
    """All three, and nothing else."""
    assert {SIGNATURE_HEADER, EVENT_ID_HEADER, ATTEMPT_HEADER} == first_names(
        section("webhooks.md", "Check the signature")
    )


def test_the_fields_of_the_log_are_told() -> None:
    """All that an entry has."""
    fields = set(ShownDelivery.__struct_encode_fields__)

    assert fields == first_names(section("webhooks.md", "The log of deliveries"))


def test_the_figures_are_those_of_the_code() -> None:
    """Attempts, places, seconds."""
    text = page("webhooks.md")

    assert f"up to {MOST_ATTEMPTS} attempts" in text
    assert f"a delivery has {outbox._LIMIT_S:g} seconds" in text
    assert 4 == outbox._MOST_TO_ONE
    assert "At most four attempts" in text
    assert f"stays for {outbox._KEPT.days} days" in text
