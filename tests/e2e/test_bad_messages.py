"""
Messages and bytes that break the contract: a clear error or a clean end each time, and nothing is lost.

In each test a polite caller holds a call beside the one that misbehaves, and must get its answers without a gap.
"""

import asyncio
import base64
import json
import random
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.offence import LIMIT_S, ask, beside_a_polite_call, hang_up, open_call, said
from tests.e2e.raw_socket import BINARY, CLOSE, CONTINUATION, PING, TEXT, frame
from tests.e2e.running import Server
from vivavoce.engines.scripted import TWELVE_WORDS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("endless")]

Json = dict[str, Any]

MALFORMED: list[tuple[str, str | bytes, str]] = [
    ("not JSON", "hello", "invalid_event"),
    ("nothing", "", "invalid_event"),
    ("not UTF-8", b'{"type":"input_text.send","text":"\xff\xfe"}', "invalid_event"),
    ("an array", "[]", "invalid_event"),
    ("a number", "17", "invalid_event"),
    ("no type", '{"text":"hello"}', "invalid_event"),
    ("a type that is a number", '{"type":7}', "invalid_event"),
    ("an unknown type", '{"type":"session.destroy"}', "invalid_event"),
    ("no text", '{"type":"input_text.send"}', "invalid_event"),
    ("empty text", '{"type":"input_text.send","text":""}', "invalid_event"),
    ("text that is a list", '{"type":"input_text.send","text":["a"]}', "invalid_event"),
    ("no audio", '{"type":"input_audio_buffer.append"}', "invalid_event"),
    ("audio that is not base64", '{"type":"input_audio_buffer.append","audio":"%%%%"}', "invalid_event"),
    ("audio that is null", '{"type":"input_audio_buffer.append","audio":null}', "invalid_event"),
    ("a nest of brackets", '{"type":"session.update","tools":' + "[" * 50_000, "invalid_event"),
    ("a nest of valid brackets", '{"a":' + "[" * 50_000 + "]" * 50_000 + "}", "invalid_event"),
    ("a result of nothing", '{"type":"function_call.result","call_id":"x","output":"y"}', "unknown_call_id"),
    ("a result without its call", '{"type":"function_call.result","output":"y"}', "invalid_event"),
    ("tools that are a word", '{"type":"session.update","tools":"all"}', "invalid_tools"),
    ("two messages in one", '{"type":"session.close"}{"type":"session.close"}', "invalid_event"),
]


def test_malformed_messages_are_each_answered_with_an_error(server: Server, agent_id: str) -> None:
    """And the call goes on: what is said before, between and after them is answered and written down."""

    async def offend() -> str:
        call, call_id = await open_call(server, agent_id)
        async with call:
            codes = []
            for _, message, _ in MALFORMED:
                await call.say(message)
                codes.append((await call.message("error"))["code"])

            assert [code for _, _, code in MALFORMED] == codes
            assert TWELVE_WORDS == await ask(call)
            assert "client_requested" == await hang_up(call)
            return call_id

    shown = beside_a_polite_call(server, agent_id, offend)

    assert (["What is the price?"], [TWELVE_WORDS]) == (said(shown, "user"), said(shown, "agent"))


def test_an_unknown_type_is_complained_of_once(server: Server, agent_id: str) -> None:
    """Then silence (wire-spec F3); a client that invents types for ever is left alone."""

    async def offend() -> str:
        call, call_id = await open_call(server, agent_id, mode="chat")
        async with call:
            for number in range(300):
                await call.say({"type": f"kind {number % 100}"})
            await call.say({"type": "session.update", "tools": []})
            errors = 0
            while (await call.message("error", "session.updated"))["type"] == "error":
                errors += 1

            assert 64 == errors
            return call_id

    beside_a_polite_call(server, agent_id, offend)


def test_binary_noise_is_answered_with_errors(server: Server, agent_id: str) -> None:
    """In frames of either kind, and as sound: it is heard, and is no speech."""
    noise = random.Random(7)

    async def offend() -> str:
        call, call_id = await open_call(server, agent_id)
        async with call:
            for size in (1, 7, 100, 5000, 70_000):
                await call.say(noise.randbytes(size), opcode=BINARY)

                assert "invalid_event" == (await call.message("error"))["code"]
            for _ in range(50):
                audio = base64.b64encode(noise.randbytes(961)).decode()
                await call.say({"type": "input_audio_buffer.append", "audio": audio})

            assert TWELVE_WORDS == await ask(call)
            assert "client_requested" == await hang_up(call)
            return call_id

    shown = beside_a_polite_call(server, agent_id, offend)

    assert ["What is the price?"] == said(shown, "user")


def test_noise_instead_of_frames_ends_the_call_cleanly(server: Server, agent_id: str) -> None:
    """With the code for a broken protocol; what was said before is kept."""

    async def offend() -> str:
        call, call_id = await open_call(server, agent_id)
        async with call:
            await ask(call)
            # The first byte is of no kind that there is.
            await call.send(b"\x8f" + random.Random(7).randbytes(10_000))

            assert 1002 == await call.close_code()
            return call_id

    shown = beside_a_polite_call(server, agent_id, offend)

    assert ("completed", "user_hangup") == (shown["status"], shown["disconnectionReason"])
    assert (["What is the price?"], [TWELVE_WORDS]) == (said(shown, "user"), said(shown, "agent"))


# -- a whole session of anything -----------------------------------------------------------------------------------

VALID: list[Json] = [
    {"type": "input_text.send", "text": "Hello"},
    {"type": "input_text.send", "text": 'call tool look {"a": 1}'},
    {"type": "input_audio_buffer.append", "audio": base64.b64encode(bytes(960)).decode()},
    {"type": "input_audio_buffer.append", "audio": "/////w=="},
    {"type": "input_audio_buffer.commit"},
    {"type": "session.update"},
    {
        "type": "session.update",
        "tools": [{"type": "function", "name": "look", "description": "", "parameters": {"type": "object"}}],
    },
    {"type": "function_call.result", "call_id": "call_1", "output": "out"},
]

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid message with a field changed, lost or added, or with its bytes cut or changed."""
    message = dict(draw(st.sampled_from(VALID)))
    field = draw(st.sampled_from([*message, "more"]))
    if draw(st.booleans()):
        message[field] = draw(values)
    else:
        message.pop(field, None)
    data = json.dumps(message).encode()
    match draw(st.sampled_from(["whole", "cut", "changed"])):
        case "cut":
            return data[: draw(st.integers(0, len(data)))]
        case "changed":
            at = draw(st.integers(0, len(data) - 1))
            return data[:at] + draw(st.binary(max_size=4)) + data[at + 1 :]
        case _:
            return data


# What a client does next: the bytes that it sends. Whole frames, whatever is in them.
frames = st.one_of(
    st.sampled_from(VALID).map(lambda message: frame(TEXT, json.dumps(message))),
    st.sampled_from(VALID).map(lambda message: frame(BINARY, json.dumps(message))),
    mutated().map(lambda data: frame(TEXT, data)),
    st.binary(max_size=200).map(lambda data: frame(BINARY, data)),
    st.binary(max_size=100).map(lambda data: frame(PING, data)),
    mutated().map(lambda data: frame(TEXT, data[:9], final=False) + frame(CONTINUATION, data[9:])),
    mutated().map(lambda data: frame(TEXT, data, final=False)),
    st.binary(max_size=20).map(lambda data: frame(CONTINUATION, data)),
    st.integers(0, 65535).map(lambda code: frame(CLOSE, code.to_bytes(2, "big"))),
    st.integers(0, 15).map(lambda opcode: frame(opcode, "x", bits=opcode % 8)),
)
# Bytes that are no frame, or the beginning of one that swallows what comes after it.
noise = st.binary(min_size=1, max_size=30)
endings = st.sampled_from(["session.close", "close frame", "reset", "end"])


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    mode=st.sampled_from(["webcall", "chat"]),
    sent=st.lists(frames.map(lambda data: (data, True)) | noise.map(lambda data: (data, False)), max_size=25),
    ending=endings,
    waits=st.booleans(),
)
def test_whatever_a_client_does_the_server_stays_well(
    server: Server, agent_id: str, mode: str, sent: list[tuple[bytes, bool]], ending: str, waits: bool
) -> None:
    """Valid, mutated and senseless bytes in any order: the call ends, its record is complete, the server is well."""

    async def session() -> str:
        call, call_id = await open_call(server, agent_id, mode=mode)
        with suppress(ConnectionError):
            for data, _ in sent:
                await call.send(data)
                if waits:
                    # The server takes what has come before more comes.
                    await asyncio.sleep(0.001)
            match ending:
                case "session.close":
                    await call.say({"type": "session.close"})
                case "close frame":
                    await call.send(frame(CLOSE, b"\x03\xe8"))
                case "reset":
                    call.reset()
                case _:
                    call.close()
            if all(is_frame for _, is_frame in sent) and ending in ("session.close", "close frame"):
                # Behind noise the goodbye may be swallowed, and then nobody answers it.
                await call.close_code()
        # However it ended: the server may have closed first.
        call.close()
        return call_id

    async def bounded() -> str:
        async with asyncio.timeout(LIMIT_S):
            return await session()

    shown = server.record(asyncio.run(bounded()))
    server.until(lambda: server.health() == {"status": "ok", "calls": 0})

    assert ("completed", "user_hangup") == (shown["status"], shown["disconnectionReason"])
    assert [] == server.complaints()
