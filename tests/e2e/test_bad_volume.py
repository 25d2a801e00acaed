"""
Too much of what is allowed: it is dropped, refused or ended, and takes neither memory nor the others' time.

In each test but the last a polite caller holds a call beside the one that overdoes it.
"""

import base64
import json
from contextlib import suppress

import pytest

from tests.e2e.endless import Endless
from tests.e2e.offence import ask, beside_a_polite_call, hang_up, open_call, said
from tests.e2e.raw_socket import CONTINUATION, TEXT, frame
from tests.e2e.running import Server
from vivavoce.engines.scripted import TWELVE_WORDS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("endless")]

LONGEST_MESSAGE_BYTES = 2 * 1024 * 1024


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
