"""The client of the Atoms wire, against a real socket."""

import asyncio
import json

import numpy as np
import pytest
from picows import WSMsgType, ws_create_server

from tests.client.stub_server import VOICE, StubAgent, answered_by, serving
from vivavoce.audio.pcm import Pcm
from vivavoce.client import (
    AgentAudio,
    AgentStarted,
    AgentStopped,
    AtomsClient,
    Message,
    SessionEnded,
    ToolsAccepted,
    TranscriptHeard,
)
from vivavoce.errors import Refused
from vivavoce.server.admission import refusal
from vivavoce.speech import Tool

AGENT_ID = "0123456789abcdef01234567"


async def messages(client: AtomsClient) -> list[Message]:
    return [message async for message in client]


def test_a_call_opens_types_hears_and_closes() -> None:
    """The whole of a short call, in the order of the wire."""

    async def scenario() -> tuple[str, list[Message]]:
        async with serving([]) as url:
            client = await AtomsClient.connect(url, key="sk_1", agent_id=AGENT_ID)
            await client.send_text("Hello")
            await client.close()
            return client.session.call_id, await messages(client)

    call_id, received = asyncio.run(scenario())

    assert "CALL-1776756378884-6a553c" == call_id
    assert [
        TranscriptHeard,
        AgentStarted,
        AgentAudio,
        TranscriptHeard,
        TranscriptHeard,
        AgentStopped,
        SessionEnded,
    ] == [type(message) for message in received]
    audio = received[2]
    assert isinstance(audio, AgentAudio)
    assert Pcm(VOICE, 24000) == audio.pcm
    assert isinstance(received[-1], SessionEnded)
    assert "client_requested" == received[-1].reason


def test_a_key_travels_in_the_header_and_the_rest_in_the_url() -> None:
    """Nothing that was not asked for is sent."""
    agents: list[StubAgent] = []

    async def scenario() -> None:
        async with (
            serving(agents) as url,
            await AtomsClient.connect(
                url, key="sk_1", agent_id=AGENT_ID, mode="chat", sample_rate_hz=16000, variables={"name": "Ada & Co"}
            ),
        ):
            pass

    asyncio.run(scenario())
    (agent,) = agents

    assert "/atoms/v1/agent/connect" == agent.path
    assert "Bearer sk_1" == agent.headers["Authorization"]
    assert {"agent_id": AGENT_ID, "mode": "chat", "sample_rate": "16000", "variables": '{"name":"Ada & Co"}'} == (
        agent.query
    )


def test_a_token_travels_in_the_url() -> None:
    """As from a page, which cannot set headers."""
    agents: list[StubAgent] = []

    async def scenario() -> None:
        async with serving(agents) as url, await AtomsClient.connect(f"{url}/atoms/v1/", key="wct_1"):
            pass

    asyncio.run(scenario())
    (agent,) = agents

    assert ("/atoms/v1/agent/connect", {"mode": "webcall", "token": "wct_1"}) == (agent.path, agent.query)
    assert "Authorization" not in agent.headers


@pytest.mark.parametrize(
    ("input_format", "rate_hz", "expected"),
    [
        ("", 24000, b"\xe8\x03\x18\xfc"),
        ("pcm_16000", 16000, b"\xe8\x03\x18\xfc"),
        ("mulaw_8000", 8000, b"\xce\x4e"),
        ("alaw_8000", 8000, b"\xfa\x7a"),
    ],
)
def test_audio_is_coded_in_the_format_of_the_call(input_format: str, rate_hz: int, expected: bytes) -> None:
    """The samples 1000 and -1000."""
    agents: list[StubAgent] = []

    async def scenario() -> None:
        async with (
            serving(agents) as url,
            await AtomsClient.connect(url, key="sk_1", agent_id=AGENT_ID, input_format=input_format) as client,
        ):
            await client.send_audio(Pcm(np.array([1000, -1000], np.int16), rate_hz))
            with pytest.raises(ValueError, match=f"takes audio at {rate_hz} Hz, not at 11025 Hz"):
                await client.send_audio(Pcm(np.zeros(1, np.int16), 11025))

    asyncio.run(scenario())

    assert expected == bytes(agents[0].audio)


def test_the_format_that_the_server_echoes_counts() -> None:
    """A token may have been minted for other formats than the client thinks."""

    async def scenario() -> int:
        created = {"input_audio_format": "mulaw_8000", "output_audio_format": "pcm_24000"}
        async with serving([], created=created) as url, await AtomsClient.connect(url, key="wct_1") as client:
            return client.mic_rate_hz

    assert 8000 == asyncio.run(scenario())


def test_tools_and_their_answers_and_commits_are_sent() -> None:
    """In the words of the contract."""
    agents: list[StubAgent] = []

    async def scenario() -> None:
        async with (
            serving(agents) as url,
            await AtomsClient.connect(url, key="sk_1", agent_id=AGENT_ID) as client,
        ):
            await client.declare_tools([Tool("a", "Does a.", {"type": "object"}, timeout_s=2.5, awaited=False)])
            await client.answer_tool("fc_1", "ok")
            await client.commit()

    asyncio.run(scenario())
    declared = {
        "type": "function",
        "name": "a",
        "description": "Does a.",
        "parameters": {"type": "object"},
        "timeout_ms": 2500,
        "expectsResponse": False,
    }

    assert [
        {"type": "session.update", "tools": [declared]},
        {"type": "function_call.result", "call_id": "fc_1", "output": "ok"},
        {"type": "input_audio_buffer.commit"},
        {"type": "session.close"},
    ] == agents[0].received


def connecting(response: bytes, timeout_s: float = 5.0) -> None:
    async def scenario() -> None:
        async with answered_by(response) as url:
            await AtomsClient.connect(url, key="sk_1", agent_id=AGENT_ID, timeout_s=timeout_s)

    asyncio.run(scenario())


def test_a_refusal_comes_with_its_status_and_reason() -> None:
    """The reason phrase is what the server wants the developer to read."""
    message = "Unsupported sample_rate 48000. Supported: 8000, 16000, 24000"
    with pytest.raises(Refused) as caught:
        connecting(refusal(Refused(400, message)))

    assert (400, message, None) == (caught.value.status, caught.value.message, caught.value.retry_after_s)


def test_a_draining_server_says_when_to_come_back() -> None:
    """``Retry-After`` in seconds."""
    with pytest.raises(Refused) as caught:
        connecting(refusal(Refused(503, "Service Unavailable", retry_after_s=1)))

    assert (503, 1) == (caught.value.status, caught.value.retry_after_s)


def test_a_redirect_is_not_followed() -> None:
    """The key was meant for the server that was named."""
    with pytest.raises(Refused, match="302"):
        connecting(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")


def test_a_server_that_hangs_up_is_no_connection() -> None:
    """Instead of a wait for nothing."""
    with pytest.raises(ConnectionError):
        connecting(b"")


def test_no_server_is_no_connection() -> None:
    """The port is closed again before the client comes."""

    async def scenario() -> None:
        async with answered_by(b"") as url:
            pass
        await AtomsClient.connect(url, key="sk_1", agent_id=AGENT_ID)

    with pytest.raises(ConnectionError):
        asyncio.run(scenario())


def test_a_server_that_never_begins_the_call_is_given_up() -> None:
    """The limit covers the handshake and ``session.created``."""

    class Mute(StubAgent):
        def on_ws_connected(self, transport: object) -> None:
            pass

    async def scenario() -> None:
        server = await ws_create_server(lambda request: Mute(request), "127.0.0.1", 0)
        try:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            await AtomsClient.connect(url, key="sk_1", agent_id=AGENT_ID, timeout_s=0.1)
        finally:
            server.close()

    with pytest.raises(TimeoutError):
        asyncio.run(scenario())


@pytest.mark.parametrize("url", ["ftp://host", "http://", "://x"])
def test_what_is_no_address_is_said_so(url: str) -> None:
    """With an example of one."""
    with pytest.raises(ValueError, match="is no address of a server; write something like"):
        asyncio.run(AtomsClient.connect(url, key="sk_1"))


def test_a_message_that_breaks_the_contract_ends_the_call() -> None:
    """The farewell tells what it was; messages before it are still read."""

    def babble(agent: StubAgent, text: str) -> None:
        agent.send(type="session.updated", tools=["a"])
        agent.send(type="transcript", role="assistant")

    async def scenario() -> tuple[list[Message], bool]:
        async with serving([], on_text=babble) as url:
            client = await AtomsClient.connect(url, key="sk_1", agent_id=AGENT_ID)
            await client.send_text("Hello")
            received = await messages(client)
            with pytest.raises(ConnectionError, match="cannot be read"):
                await client.send_text("Hello?")
            await client.close()
            return received, client.closed

    received, closed = asyncio.run(scenario())

    assert [ToolsAccepted] == [type(message) for message in received]
    assert closed


def test_a_message_in_pieces_is_joined() -> None:
    """A server may split a long message into continuation frames."""

    def in_pieces(agent: StubAgent, text: str) -> None:
        assert agent.transport is not None
        whole = json.dumps({"type": "transcript", "role": "agent", "text": "Hello"}).encode()
        agent.transport.send(WSMsgType.TEXT, whole[:10], fin=False)
        agent.transport.send(WSMsgType.CONTINUATION, whole[10:20], fin=False)
        agent.transport.send(WSMsgType.CONTINUATION, whole[20:])

    async def scenario() -> Message:
        async with (
            serving([], on_text=in_pieces) as url,
            await AtomsClient.connect(url, key="sk_1", agent_id=AGENT_ID) as client,
        ):
            await client.send_text("Hello")
            return await anext(client)

    message = asyncio.run(scenario())

    assert isinstance(message, TranscriptHeard)
    assert ("agent", "Hello", True) == (message.speaker, message.text, message.final)
