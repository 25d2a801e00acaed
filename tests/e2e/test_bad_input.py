"""
What clients may do wrong: a clear error or a clean end each time, nothing lost, and no other call disturbed.

In each test a polite caller holds a call beside the one that misbehaves, and must get its answers without a gap.
"""

import asyncio
import base64
import json
import random
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.polite import polite_call
from tests.e2e.raw_socket import BINARY, CLOSE, CONTINUATION, PING, TEXT, RawSocket, frame, head
from tests.e2e.running import Server, running
from tests.e2e.speech import OpenMicrophone, command, steady
from vivavoce.client import AgentAudio, AgentStopped, AtomsClient, SessionEnded, TranscriptHeard
from vivavoce.engines.scripted import TWELVE_WORDS

pytestmark = pytest.mark.slow

LIMIT_S = 30.0
LONGEST_MESSAGE_BYTES = 2 * 1024 * 1024
Json = dict[str, Any]


def address(server: Server, agent_id: str, **query: str) -> str:
    asked = {"token": server.key, "agent_id": agent_id} | query
    return "/atoms/v1/agent/connect?" + "&".join(f"{name}={value}" for name, value in asked.items())


async def open_call(
    server: Server, agent_id: str, *, receive_buffer_bytes: int = 0, **query: str
) -> tuple[RawSocket, str]:
    """A call and its id."""
    call = await RawSocket.open(server.port, address(server, agent_id, **query), receive_buffer_bytes)
    return call, str((await call.message("session.created"))["call_id"])


async def ask(call: RawSocket, text: str = "What is the price?") -> str:
    """A question in the right form; returns the answer."""
    await call.say({"type": "input_text.send", "text": text})
    told: Json = {"role": "user"}
    while told["role"] == "user":
        told = await call.message("transcript")
    await call.message("agent_stop_talking")
    return str(told["text"])


async def hang_up(call: RawSocket) -> str:
    await call.say({"type": "session.close"})
    return str((await call.message("session.closed"))["reason"])


def beside_a_polite_call(server: Server, agent_id: str, offend: Callable[[], Awaitable[str]]) -> Json:
    """Misbehave beside a polite call; ``offend`` returns the call's id. Returns the record of the offending call."""

    async def scenario() -> str:
        async with asyncio.timeout(LIMIT_S), polite_call(server, agent_id):
            return await offend()

    shown = server.record(asyncio.run(scenario()))
    server.until(lambda: server.health() == {"status": "ok", "calls": 0})
    return shown


def said(shown: Json, role: str) -> list[str]:
    return [entry["content"] for entry in shown["transcript"] if entry["role"] == role]


# -- messages that are none -------------------------------------------------------------------------------------

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


# -- too much ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pieces", [1, 50])
def test_a_huge_message_ends_the_call_with_its_code(pieces: int, server: Server, agent_id: str) -> None:
    """In one frame or in many: 1009, and what was said before is kept."""

    async def offend() -> str:
        call, call_id = await open_call(server, agent_id)
        async with call:
            await ask(call)
            part = b"x" * (3 * LONGEST_MESSAGE_BYTES // 2 // pieces)
            with suppress(ConnectionError):
                await call.send(frame(TEXT, part, final=pieces == 1))
                for _ in range(pieces - 1):
                    await call.send(frame(CONTINUATION, part, final=False))

            assert 1009 == await call.close_code()
            return call_id

    shown = beside_a_polite_call(server, agent_id, offend)

    assert (["What is the price?"], [TWELVE_WORDS]) == (said(shown, "user"), said(shown, "agent"))


def test_the_longest_message_is_read(server: Server, agent_id: str) -> None:
    """One that is no message gets its error; one of sound is more than any client may run ahead, and is dropped."""

    async def offend() -> str:
        call, call_id = await open_call(server, agent_id)
        async with call:
            await call.say("x" * LONGEST_MESSAGE_BYTES)

            assert "invalid_event" == (await call.message("error"))["code"]
            audio = base64.b64encode(bytes(LONGEST_MESSAGE_BYTES * 3 // 4 - 60)).decode()
            await call.say({"type": "input_audio_buffer.append", "audio": audio})

            assert "faster than real time" in (await call.message("error"))["message"]
            assert TWELVE_WORDS == await ask(call)
            await hang_up(call)
            return call_id

    beside_a_polite_call(server, agent_id, offend)


def test_a_flood_of_sound_is_dropped(server: Server, agent_id: str) -> None:
    """A quarter of an hour of sound within a moment: told once, and it takes neither memory nor the others' time."""
    second = base64.b64encode(bytes(48000)).decode()
    message = frame(TEXT, json.dumps({"type": "input_audio_buffer.append", "audio": second}))
    before_bytes = server.rss_bytes()

    async def offend() -> str:
        call, call_id = await open_call(server, agent_id)
        async with call:
            for _ in range(900):
                await call.send(message)

            assert "faster than real time" in (await call.message("error"))["message"]
            assert TWELVE_WORDS == await ask(call)
            assert "client_requested" == await hang_up(call)
            return call_id

    shown = beside_a_polite_call(server, agent_id, offend)

    assert (["What is the price?"], [TWELVE_WORDS]) == (said(shown, "user"), said(shown, "agent"))
    assert server.rss_bytes() - before_bytes < 60_000_000


def test_a_text_of_100_kb_is_refused_and_one_of_60_is_kept(server: Server, agent_id: str) -> None:
    """The limit is 64 KiB of UTF-8; within it not a letter is lost."""
    long_text = ("é" * 29_000 + " and so on. ") + "x" * 2000

    async def offend() -> str:
        call, call_id = await open_call(server, agent_id, mode="chat")
        async with call:
            await call.say({"type": "input_text.send", "text": "x" * 100_000})
            told = await call.message("error")

            assert ("invalid_event", "text is longer than 65536 bytes of UTF-8") == (told["code"], told["message"])
            assert TWELVE_WORDS == await ask(call, long_text)
            await hang_up(call)
            return call_id

    assert [long_text] == said(beside_a_polite_call(server, agent_id, offend), "user")


def test_a_crowd_of_messages_is_worked_off(server: Server, agent_id: str) -> None:
    """A thousand texts at once: each interrupts the one before, all of them are written down, the last is answered."""

    async def offend() -> str:
        call, call_id = await open_call(server, agent_id, mode="chat")
        async with call:
            texts = [frame(TEXT, json.dumps({"type": "input_text.send", "text": f"{n}"})) for n in range(1000)]
            await call.send(b"".join(texts))
            while (await call.message("transcript")).get("text") != TWELVE_WORDS:
                pass
            await hang_up(call)
            return call_id

    shown = beside_a_polite_call(server, agent_id, offend)

    assert [str(number) for number in range(1000)] == " ".join(said(shown, "user")).split()


# -- too little -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sound", [True, False], ids=["silence", "nothing at all"])
def test_a_client_that_says_nothing_is_asked_and_then_left(sound: bool, server: Server, agent_id: str) -> None:
    """The agent asks whether anybody is there, as often as it was told, and hangs up with a reason (wire-spec 1.12)."""
    brief = server.agent(llmIdleTimeoutConfig={"webcallTimeoutTimeInSecs": 1, "maxRetries": 1})

    async def offend() -> str:
        call, call_id = await open_call(server, brief)
        async with call:
            if sound:
                audio = base64.b64encode(bytes(48000)).decode()
                await call.say({"type": "input_audio_buffer.append", "audio": audio})

            assert "Are you still there?" == (await call.message("transcript"))["text"]
            assert "timeout" == (await call.message("session.closed"))["reason"]
            assert 1000 == await call.close_code()
            return call_id

    shown = beside_a_polite_call(server, agent_id, offend)

    assert ("completed", "timeout") == (shown["status"], shown["disconnectionReason"])
    assert (["Are you still there?"], []) == (said(shown, "agent"), said(shown, "user"))


def test_connections_that_never_ask_hold_nobody_up(server: Server, agent_id: str) -> None:
    """Nor does half a request, or one that is nonsense, which is told so."""

    async def offend() -> str:
        silent = [await RawSocket.connect(server.port) for _ in range(20)]
        half = await RawSocket.connect(server.port)
        await half.send(head(address(server, agent_id))[:60])
        nonsense = await RawSocket.connect(server.port)
        await nonsense.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")

        assert 400 == (await nonsense.answer()).status
        call, call_id = await open_call(server, agent_id)
        async with call:
            assert TWELVE_WORDS == await ask(call)
            await hang_up(call)
        for client in (*silent, half, nonsense):
            client.reset()
        return call_id

    beside_a_polite_call(server, agent_id, offend)


def test_the_log_of_strangers_mistakes_stays_empty(server: Server) -> None:
    """An operator can change nothing about a port scanner."""
    assert [] == server.complaints()


# -- clients that go ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["reset", "end", "goodbye"])
def test_a_client_that_vanishes_leaves_a_complete_record(how: str, server: Server, agent_id: str) -> None:
    """In the middle of the agent's answer: it is kept as far as it was heard, and the call ends at once."""

    async def offend() -> str:
        call, call_id = await open_call(server, agent_id)
        async with call:
            await ask(call, "First question")
            await call.say({"type": "input_text.send", "text": "Second question"})
            while (told := await call.message("transcript.delta")).get("text", "").count(" ") < 3:
                assert "assistant" == told["role"]
            match how:
                case "reset":
                    call.reset()
                case "end":
                    call.close()
                case _:
                    await call.send(frame(CLOSE, (1001).to_bytes(2, "big")))

                    assert 1000 == await call.close_code()
            return call_id

    shown = beside_a_polite_call(server, agent_id, offend)
    (whole, cut) = said(shown, "agent")

    assert ("completed", "user_hangup") == (shown["status"], shown["disconnectionReason"])
    assert ["First question", "Second question"] == said(shown, "user")
    assert TWELVE_WORDS == whole
    assert TWELVE_WORDS.startswith(cut)
    assert 4 <= len(cut.split()) < 12


def test_a_client_that_never_reads_is_ended(server: Server, agent_id: str) -> None:
    """What it does not take is bounded; its call ends with a reason, and nobody else's."""
    before_bytes = server.rss_bytes()
    story = " ".join(f"word{number}" for number in range(500))

    async def offend() -> str:
        call, call_id = await open_call(server, agent_id, receive_buffer_bytes=4096, output_audio_format="pcm_44100")
        async with call:
            tool = {"type": "function", "name": "story", "description": "", "parameters": {"type": "object"}}
            await call.say({"type": "session.update", "tools": [tool]})
            await call.message("session.updated")
            await call.say({"type": "input_text.send", "text": "call tool story {}"})
            asked = await call.message("function_call")
            # Fifty seconds of talk, and from now on nothing is read: 2.6 MB a half of which would be too much.
            await call.say({"type": "function_call.result", "call_id": asked["call_id"], "output": story})
            silence = frame(TEXT, '{"type":"input_audio_buffer.append","audio":"AAAA"}')
            with pytest.raises(ConnectionError):
                while True:
                    await asyncio.sleep(0.02)
                    await call.send(silence)
            return call_id

    shown = beside_a_polite_call(server, agent_id, offend)
    (answer,) = said(shown, "agent")

    assert ("completed", "user_hangup") == (shown["status"], shown["disconnectionReason"])
    assert 5 < shown["duration"] < 25
    assert f"The tool says: {story}".startswith(answer)
    assert server.rss_bytes() - before_bytes < 60_000_000


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


# What a client does next: the bytes that it sends.
steps = st.one_of(
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
    st.binary(min_size=1, max_size=30),
)
endings = st.sampled_from(["session.close", "close frame", "reset", "end"])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    mode=st.sampled_from(["webcall", "chat"]), sent=st.lists(steps, max_size=25), ending=endings, waits=st.booleans()
)
def test_whatever_a_client_does_the_server_stays_well(
    server: Server, agent_id: str, mode: str, sent: list[bytes], ending: str, waits: bool
) -> None:
    """Valid, mutated and senseless bytes in any order: the call ends, its record is complete, the server is well."""

    async def session() -> str:
        call, call_id = await open_call(server, agent_id, mode=mode)
        with suppress(ConnectionError):
            for data in sent:
                await call.send(data)
                if waits:
                    # The server takes what has come before more comes.
                    await asyncio.sleep(0.001)
            match ending:
                case "session.close":
                    await call.say({"type": "session.close"})
                    await call.close_code()
                case "close frame":
                    await call.send(frame(CLOSE, b"\x03\xe8"))
                    await call.close_code()
                case "reset":
                    call.reset()
                case _:
                    call.close()
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


# -- endless speech ---------------------------------------------------------------------------------------------

SPEECH_S = 66.0


class Endless:
    """A visitor who speaks without a pause for longer than a turn may be, in the background of the other tests."""

    def __init__(self, server: Server, agent_id: str) -> None:
        self.call_id = ""
        self.understood: list[str] = []
        self.answer: str = ""
        self.answer_s = 0.0
        self.reason = ""
        self.error: BaseException | None = None
        self.server, self._agent_id = server, agent_id
        speech = steady(command().speech, duration_s=SPEECH_S)
        self._thread = threading.Thread(target=self._run, args=(speech,))
        self._thread.start()

    def join(self) -> None:
        self._thread.join(SPEECH_S + LIMIT_S)
        if self.error is not None:
            raise self.error

    def _run(self, speech: Any) -> None:
        try:
            asyncio.run(self._hold(speech))
        except BaseException as error:
            self.error = error

    async def _hold(self, speech: Any) -> None:
        async with (
            asyncio.timeout(SPEECH_S + LIMIT_S),
            await AtomsClient.connect(self.server.url, key=self.server.key, agent_id=self._agent_id) as client,
        ):
            self.call_id = client.session.call_id
            microphone = OpenMicrophone(client)
            sending = asyncio.create_task(microphone.run())
            saying = asyncio.create_task(microphone.say(speech))
            async for message in client:
                match message:
                    case TranscriptHeard(speaker="user", text=text, final=True):
                        self.understood.append(text)
                    case TranscriptHeard(speaker="agent", text=text, final=True):
                        self.answer = text
                    case AgentAudio(pcm=pcm):
                        self.answer_s += pcm.duration_s
                    case AgentStopped():
                        break
                    case SessionEnded(reason=reason):
                        self.reason = reason
                    case _:
                        pass
            await saying
            sending.cancel()


@pytest.fixture(scope="module", autouse=True)
def endless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endless]:
    """It takes more than a minute, so it begins with the first test of this file, on a server of its own."""
    with running(tmp_path_factory.mktemp("endless")) as server:
        speaker = Endless(server, server.agent())
        try:
            yield speaker
        finally:
            speaker.join()


def test_endless_speech_is_answered_in_the_end(endless: Endless) -> None:
    """A turn is over after a minute whatever is heard; the agent's answer is then heard to its end."""
    endless.join()
    shown = endless.server.record(endless.call_id)

    assert (1, TWELVE_WORDS, "") == (len(endless.understood), endless.answer, endless.reason)
    assert pytest.approx(1.2, abs=0.01) == endless.answer_s
    assert endless.understood == said(shown, "user")[:1]
    (timed, *_) = [event for event in shown["events"] if event["event_type"] == "user_transcription"]

    assert timed["user_transcription_text"] == endless.understood[0]
    assert 60 < shown["duration"] < 75
    assert np.isfinite(shown["duration"])
