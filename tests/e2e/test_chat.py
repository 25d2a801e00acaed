"""A typed conversation, as a page without a microphone holds it."""

import asyncio
import json

import pytest

from tests.e2e.raw_socket import RawSocket
from tests.e2e.running import Server
from vivavoce.client import AtomsClient, TranscriptHeard
from vivavoce.client.caller import Patience, Typed, hold_call
from vivavoce.engines.scripted import TWELVE_WORDS

pytestmark = pytest.mark.slow

LIMIT_S = 15.0
# An agent without a greeting says nothing of itself, and every answer has one turn.
BRISK = Patience(greeting_s=0.05, settle_s=0.1)


async def open_chat(server: Server, agent_id: str, **query: str) -> RawSocket:
    parameters = "&".join(f"{name}={value}" for name, value in query.items())
    path = f"/atoms/v1/agent/connect?mode=chat&agent_id={agent_id}&{parameters}"
    return await RawSocket.open(server.port, path, authorization=f"Bearer {server.key}")


def test_a_chat_says_everything_in_its_order(server: Server, agent_id: str) -> None:
    """Echo, start, words, one transcript, stop; no audio at all; the end last (wire-spec 1.10, O6 and O7)."""

    async def scenario() -> list[dict[str, object]]:
        async with asyncio.timeout(LIMIT_S), await open_chat(server, agent_id) as chat:
            told = [await chat.message()]
            await chat.say({"type": "input_text.send", "text": "What is the price?"})
            while told[-1]["type"] != "agent_stop_talking":
                told.append(await chat.message("output_audio.delta", *KINDS))
            await chat.say({"type": "session.close"})
            told.append(await chat.message())

            assert 1000 == await chat.close_code()
            return told

    told = asyncio.run(scenario())
    call_id = str(told[0]["call_id"])
    shown = server.record(call_id)

    assert [
        "session.created",
        "transcript user",
        "agent_start_talking",
        "transcript assistant",
        "agent_stop_talking",
        "session.closed",
    ] == [
        " ".join(str(message[name]) for name in ("type", "role") if name in message)
        for message in told
        if message["type"] != "transcript.delta"
    ]
    assert ["What is the price?", TWELVE_WORDS] == [m["text"] for m in told if m["type"] == "transcript"]
    assert "client_requested" == told[-1]["reason"]
    assert [("user", "What is the price?"), ("agent", TWELVE_WORDS)] == [
        (entry["role"], entry["content"]) for entry in shown["transcript"]
    ]
    assert ("chat", "completed", "user_hangup", "") == tuple(
        shown[name] for name in ("type", "status", "disconnectionReason", "recordingUrl")
    )


KINDS = (
    "transcript",
    "transcript.delta",
    "agent_start_talking",
    "agent_stop_talking",
    "interruption",
    "error",
    "session.closed",
)


def test_a_greeting_knows_its_visitor(server: Server) -> None:
    """Variables of the connect URL fill its places; reserved ones are the server's (wire-spec 1.3)."""
    agent_id = server.agent(
        firstMessage="Hello {{name}}, this is a {{conversation_type}}.", defaultVariables={"name": "you"}
    )

    async def greeting(**variables: str) -> str:
        async with await AtomsClient.connect(
            server.url, key=server.key, agent_id=agent_id, mode="chat", variables=variables or None
        ) as client:
            return (await hold_call(client, [], chat=True)).greeting

    async def scenario() -> list[str]:
        async with asyncio.timeout(LIMIT_S):
            return [await greeting(), await greeting(name="Zoë", conversation_type="forged")]

    assert ["Hello you, this is a chat.", "Hello Zoë, this is a chat."] == asyncio.run(scenario())


def test_the_agent_may_end_the_chat(server: Server, agent_id: str) -> None:
    """It says goodbye first; the reason is its own (wire-spec 1.7.9)."""

    async def scenario() -> tuple[str, str]:
        async with await AtomsClient.connect(server.url, key=server.key, agent_id=agent_id, mode="chat") as client:
            report = await hold_call(client, [Typed("Goodbye!"), Typed("never said")], chat=True, patience=BRISK)
            return report.call_id, report.reason

    call_id, reason = asyncio.run(scenario())
    shown = server.record(call_id)

    assert ("ended", "agent_hangup") == (reason, shown["disconnectionReason"])
    assert ["Goodbye!"] == [entry["content"] for entry in shown["transcript"] if entry["role"] == "user"]


def test_many_lines_are_each_answered(server: Server, agent_id: str) -> None:
    """In order, and all of them are in the record."""
    lines = [f'Question {number}, with ünïcode 🎈 and "quotes"' for number in range(5)]

    async def scenario() -> tuple[str, list[bool]]:
        async with await AtomsClient.connect(server.url, key=server.key, agent_id=agent_id, mode="chat") as client:
            report = await hold_call(client, [Typed(line) for line in lines], chat=True, patience=BRISK)
            return report.call_id, [turn.answered and turn.answer == TWELVE_WORDS for turn in report.turns]

    call_id, answered = asyncio.run(scenario())
    shown = server.record(call_id)

    assert [True] * len(lines) == answered
    assert lines == [entry["content"] for entry in shown["transcript"] if entry["role"] == "user"]


def test_a_chat_ignores_sound(server: Server, agent_id: str) -> None:
    """Clients that start their microphone too early get no error for it (wire-spec 1.6.1)."""

    async def scenario() -> object:
        async with asyncio.timeout(LIMIT_S), await open_chat(server, agent_id) as chat:
            await chat.message("session.created")
            for audio in ("AAAA", "", "no base64!"):
                await chat.say({"type": "input_audio_buffer.append", "audio": audio})
            await chat.say({"type": "input_audio_buffer.commit"})
            await chat.say({"type": "session.update", "tools": []})
            return await chat.message()

    assert {"type": "session.updated", "tools": []} == asyncio.run(scenario())


def test_both_prefixes_open_a_chat_with_a_key_in_the_address(server: Server, agent_id: str) -> None:
    """Browsers can set no header; old clients use the other prefix (wire-spec 0.4, 1.2)."""

    async def scenario(prefix: str) -> object:
        path = f"{prefix}/agent/connect?mode=chat&agent_id={agent_id}&token={server.key}"
        async with await RawSocket.open(server.port, path) as chat:
            created = await chat.message()
            await chat.say({"type": "session.close"})
            await chat.message("session.closed")
            return created["type"]

    assert ["session.created"] * 2 == [asyncio.run(scenario(prefix)) for prefix in ("/atoms/v1", "/api/v1")]


def test_a_call_can_be_watched_while_it_runs(server: Server, agent_id: str) -> None:
    """Its document is there from the first moment, and grows (wire-spec 2.7)."""

    async def scenario() -> None:
        async with await AtomsClient.connect(server.url, key=server.key, agent_id=agent_id, mode="chat") as client:
            call_id = client.session.call_id
            at_first = await asyncio.to_thread(server.conversation, call_id)
            await client.send_text("Hello")
            async with asyncio.timeout(LIMIT_S):
                async for message in client:
                    if isinstance(message, TranscriptHeard) and message.speaker == "agent" and message.final:
                        break
            later = await asyncio.to_thread(server.conversation, call_id)

        assert ("active", []) == (at_first["status"], at_first["transcript"])
        assert ("active", ["Hello", TWELVE_WORDS]) == (
            later["status"],
            [entry["content"] for entry in later["transcript"]],
        )

    asyncio.run(scenario())


def test_json_of_every_kind_may_be_written(server: Server, agent_id: str) -> None:
    """Spaces, escapes, unknown fields, any order: it is JSON, and may come in a binary frame (wire-spec F1)."""

    async def scenario() -> list[object]:
        async with asyncio.timeout(LIMIT_S), await open_chat(server, agent_id) as chat:
            await chat.say(b'{"tools":[],"later":{"a":[1]},"type":"session.update"}', opcode=2)
            await chat.say(json.dumps({"text": "é\u2028", "x": None, "type": "input_text.send"}, indent=2))
            return [(await chat.message(kind)).get("text") for kind in ("session.updated", "transcript")]

    assert [None, "é\u2028"] == asyncio.run(scenario())
