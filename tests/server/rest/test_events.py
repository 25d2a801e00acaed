"""``GET /events``: who may read, what is refused, what a reader gets, and that he leaves nothing behind."""

import asyncio
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.server.kept_facts import settled
from tests.server.rest_scene import CALL_ID, Scene, play, start_call
from vivavoce.server.app import API_PREFIXES
from vivavoce.server.rest import events
from vivavoce.server.upgrade import ABORT
from vivavoce.store import calls, facts
from vivavoce.talk.facts import CallEnded, CallStarted, UserSaid

EVENTS = "/atoms/v1/events"


@dataclass
class Reader:
    """One request for a stream, in the loop of the test: the client of the scene would wait for its end."""

    scene: Scene
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 0
    answered: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    # The answer is whole.
    complete: bool = False
    # Set when the client goes away; cleared while it takes nothing.
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    takes: asyncio.Event = field(default_factory=asyncio.Event)
    aborted: bool = False

    async def read(self) -> None:
        path, _, query = self.path.partition("?")
        headers = {"host": "voice.example.com", "authorization": f"Bearer {self.scene.key}"} | self.headers
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "https",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items() if value],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8600),
            "extensions": {ABORT: self._abort},
        }
        self.takes.set()
        await self.scene.client.app(scope, self._receive, self._send)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(data) for data in re.findall(rb"^data: (.*)$", self.body, re.MULTILINE)]

    @property
    def types(self) -> list[str]:
        return [str(event["event_type"]) for event in self.events]

    def _abort(self) -> None:
        self.aborted = True
        self.gone.set()

    async def _receive(self) -> dict[str, object]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.answered = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            return
        await self.takes.wait()
        self.body += message["body"]
        self.complete = not message.get("more_body", False)


async def end(scene: Scene, call_id: str, n: int) -> None:
    """End a call and let memory forget it."""
    scene.feed.publish(call_id, CallEnded(9.0, "ended"))
    await calls.finish(scene.database, call_id, reason="ended")
    await settled(lambda: not scene.feed.knows(call_id))

    assert n == (await facts.read(scene.database, call_id))[-1][0]


def test_a_call_is_told_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    """Under both prefixes, by header or by address, as an event stream."""

    async def scenario(scene: Scene) -> None:
        await start_call(scene)
        scene.feed.publish(CALL_ID, CallStarted(0.0, "webcall"))
        by_header = Reader(scene, f"{EVENTS}?callId={CALL_ID}")
        by_address = Reader(scene, f"/api/v1/events?callId={CALL_ID}&token={scene.key}", {"authorization": ""})
        tasks = [asyncio.create_task(reader.read()) for reader in (by_header, by_address)]
        await settled(lambda: all(b"call_start" in reader.body for reader in (by_header, by_address)))
        scene.feed.publish(CALL_ID, UserSaid(1.0, "Hel", False))
        scene.feed.publish(CALL_ID, UserSaid(1.2, "Hello\nthere", True))
        await end(scene, CALL_ID, 4)
        await asyncio.gather(*tasks)

        for reader in (by_header, by_address):
            assert [
                "sse_init",
                "call_start",
                "user_interim_transcription",
                "user_transcription",
                "call_end",
                "sse_close",
            ] == reader.types
            assert (200, "text/event-stream", "no-store", "no") == (
                reader.status,
                reader.answered["content-type"],
                reader.answered["cache-control"],
                reader.answered["x-accel-buffering"],
            )
            assert "content-length" not in reader.answered
            assert "*" == reader.answered["access-control-allow-origin"]
            assert reader.complete
        assert [f"{CALL_ID}_3_1200"] == [
            event["event_id"] for event in by_header.events if event["event_type"] == "user_transcription"
        ]

    play(tmp_path, scenario, prefixes=API_PREFIXES)


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("", 400, "callId: Required"),
        ("?callId=", 400, "callId: Required"),
        ("?callId=CALL-1", 400, "Invalid call ID format"),
        (f"?callId={CALL_ID}%00", 400, "Invalid call ID format"),
        (f"?callId={CALL_ID}&lastEventId=x", 400, "lastEventId: Expected the id of an event"),
        (f"?callId={CALL_ID}&lastEventId=9999999999", 400, "lastEventId: Expected the id of an event"),
        (f"?callId={CALL_ID}", 404, "Call not found"),
    ],
)
def test_what_is_asked_wrongly_is_refused(tmp_path: Path, query: str, status: int, text: str) -> None:
    """In the envelope, before any stream."""

    async def scenario(scene: Scene) -> None:
        answer = await scene.ask("GET", EVENTS + query)

        assert status == answer.status_code
        assert answer.json()["status"] is False
        assert answer.json()["errors"][0].startswith(text)

    play(tmp_path, scenario)


def test_a_reader_shows_a_key(tmp_path: Path) -> None:
    """Without one he learns nothing, not even whether there is such a call; the address wins."""

    async def scenario(scene: Scene) -> None:
        await start_call(scene)
        answers = [
            await scene.ask("GET", f"{EVENTS}?callId={CALL_ID}", key=""),
            await scene.ask("GET", f"{EVENTS}?callId={CALL_ID}", key="sk_wrong"),
            await scene.ask("GET", f"{EVENTS}?callId={CALL_ID}&token=sk_wrong"),
            await scene.ask("GET", f"{EVENTS}?callId=CALL-1", key=""),
        ]

        assert [401] * 4 == [answer.status_code for answer in answers]

    play(tmp_path, scenario)


def test_a_call_that_is_over_is_refused(tmp_path: Path) -> None:
    """As soon as its last fact is told, though its row may be open for a moment."""

    async def scenario(scene: Scene) -> None:
        await start_call(scene)
        scene.feed.publish(CALL_ID, CallStarted(0.0, "webcall"))
        scene.feed.publish(CALL_ID, CallEnded(1.0, "ended"))
        at_once = await scene.ask("GET", f"{EVENTS}?callId={CALL_ID}")
        await calls.finish(scene.database, CALL_ID, reason="ended")
        later = await scene.ask("GET", f"{EVENTS}?callId={CALL_ID}")

        assert [(400, ["Call already completed"])] * 2 == [
            (answer.status_code, answer.json()["errors"]) for answer in (at_once, later)
        ]

    play(tmp_path, scenario)


def test_a_reader_who_was_cut_off_hears_the_rest_of_a_call_that_is_over(tmp_path: Path) -> None:
    """By header or by address; once he has heard all, he is refused, which ends the attempts of a browser."""

    async def scenario(scene: Scene) -> None:
        await start_call(scene)
        for fact in (CallStarted(0.0, "webcall"), UserSaid(1.0, "one", True), UserSaid(2.0, "two", True)):
            scene.feed.publish(CALL_ID, fact)
        await end(scene, CALL_ID, 4)
        by_header = Reader(scene, f"{EVENTS}?callId={CALL_ID}", {"last-event-id": "2"})
        by_address = Reader(scene, f"{EVENTS}?callId={CALL_ID}&lastEventId=0")
        done = Reader(scene, f"{EVENTS}?callId={CALL_ID}", {"last-event-id": "4"})
        for reader in (by_header, by_address, done):
            await reader.read()

        assert ["sse_init", "user_transcription", "call_end", "sse_close"] == by_header.types
        assert ["call_start", "user_transcription", "user_transcription", "call_end"] == by_address.types[1:-1]
        assert 400 == done.status

    play(tmp_path, scenario)


def test_the_recording_is_a_link_as_the_reader_reaches_the_server(tmp_path: Path) -> None:
    """Signed, so it can be opened as it is; whoever has been told of it is refused."""

    async def scenario(scene: Scene) -> None:
        await start_call(scene, recording="recording")
        scene.feed.publish(CALL_ID, CallStarted(0.0, "webcall"))
        reader = Reader(scene, f"{EVENTS}?callId={CALL_ID}")
        task = asyncio.create_task(reader.read())
        await settled(lambda: b"call_start" in reader.body)
        await end(scene, CALL_ID, 2)
        await calls.set_recording(scene.database, CALL_ID, "ready", path=f"{CALL_ID}/dual.flac")
        await task
        told = reader.events[-2]
        missed = Reader(scene, f"{EVENTS}?callId={CALL_ID}", {"last-event-id": "2"})
        done = Reader(scene, f"{EVENTS}?callId={CALL_ID}", {"last-event-id": "3"})
        await missed.read()
        await done.read()

        assert ("call_recording", "available", CALL_ID) == (told["event_type"], told["status"], told["call_id"])
        assert told["recording_url"].startswith(
            f"https://voice.example.com/atoms/v1/conversation/{CALL_ID}/recording?channels=mono&expires="
        )
        assert (["sse_init", "call_recording", "sse_close"], 400) == (missed.types, done.status)

    play(tmp_path, scenario)


def test_a_reader_who_goes_away_leaves_nothing_behind(tmp_path: Path) -> None:
    """No task, no listener, no place taken."""

    async def scenario(scene: Scene) -> None:
        await start_call(scene)
        scene.feed.publish(CALL_ID, CallStarted(0.0, "webcall"))
        before = asyncio.all_tasks()
        reader = Reader(scene, f"{EVENTS}?callId={CALL_ID}")
        task = asyncio.create_task(reader.read())
        await settled(lambda: b"call_start" in reader.body)

        assert 1 == len(scene.feed._calls[CALL_ID].subscriptions)
        reader.gone.set()
        await task
        await settled(lambda: asyncio.all_tasks() == before)
        assert [] == scene.feed._calls[CALL_ID].subscriptions
        assert not reader.complete

    play(tmp_path, scenario)


def test_a_reader_who_takes_nothing_is_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """His connection is ended at once: closing it would wait for him."""
    monkeypatch.setattr(events, "_TAKEN_WITHIN_S", 0.01)

    async def scenario(scene: Scene) -> None:
        await start_call(scene)
        scene.feed.publish(CALL_ID, CallStarted(0.0, "webcall"))
        reader = Reader(scene, f"{EVENTS}?callId={CALL_ID}")
        task = asyncio.create_task(reader.read())
        await settled(lambda: b"call_start" in reader.body)
        reader.takes.clear()
        scene.feed.publish(CALL_ID, UserSaid(1.0, "one", True))
        await task

        assert (True, False) == (reader.aborted, reader.complete)

    play(tmp_path, scenario)
