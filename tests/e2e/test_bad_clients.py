"""
Clients that say nothing, ask for nothing, take nothing or vanish: their calls end with a reason and a whole record.

In each test a polite caller holds a call beside the one that misbehaves, and must get its answers without a gap.
"""

import asyncio
import base64

import pytest

from tests.e2e.offence import address, ask, beside_a_polite_call, hang_up, open_call, said
from tests.e2e.raw_socket import CLOSE, TEXT, RawSocket, frame, head
from tests.e2e.running import Server
from vivavoce.engines.scripted import TWELVE_WORDS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("endless")]


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
