"""Servers that are stopped or killed while they serve a call: what its client is told, and what is left of it."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.e2e.raw_socket import RawSocket
from tests.e2e.running import Server, run_cli, running, start
from tests.e2e.speech import OpenMicrophone, Spoken, command
from tests.e2e.watched import QUIET, RATE_HZ, Watched, decoded, place_of
from vivavoce.client import AgentStarted, AgentStopped, AtomsClient, ToolRequested, TranscriptHeard
from vivavoce.clock import monotonic_s
from vivavoce.engines.scripted import TWELVE_WORDS
from vivavoce.errors import Refused
from vivavoce.speech import Tool

pytestmark = pytest.mark.slow

LIMIT_S = 60.0


# -- a server that is killed ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """What a killed server would have left at one moment: how far facts and the visitor's sound reach, in seconds."""

    at_s: float
    facts_s: float
    sound_s: float


def kept(server: Server, watched: Watched) -> Kept:
    at_s = monotonic_s() - watched.opened_s
    ((facts_s,),) = server.rows("select max(at) from facts where call_id = ?", watched.call_id)
    track = server.data / "recordings" / watched.call_id / "visitor.s16"
    return Kept(at_s, facts_s, track.stat().st_size / 2 / 16000)


async def talk_until_killed(server: Server, agent_id: str) -> tuple[Watched, Spoken, float, list[Kept]]:
    """A long answer over an open microphone, and the end of the process in its midst; returns when that was."""
    async with asyncio.timeout(LIMIT_S):
        client = await AtomsClient.connect(server.url, key=server.key, agent_id=agent_id, input_format="pcm_16000")
        watched = Watched(client.session.call_id, client.session.at_s)
        watching = asyncio.create_task(watched.watch(client))
        microphone = OpenMicrophone(client)
        sending = asyncio.create_task(microphone.run())
        said = await microphone.say(command().speech)
        await watched.until(AgentStopped, 1)
        await client.declare_tools([Tool("story", "Tells one.", {"type": "object"})])
        await client.send_text("call tool story {}")
        await watched.until(ToolRequested, 1)
        (asked,) = [message for message in watched.messages if isinstance(message, ToolRequested)]
        await client.answer_tool(asked.call_id, " ".join(f"word{number}" for number in range(200)))
        await watched.until(AgentStarted, 2)
        enough = watched.count(TranscriptHeard) + 30
        moments = []
        while watched.count(TranscriptHeard) < enough:
            moments.append(await asyncio.to_thread(kept, server, watched))
        killed_s = monotonic_s()
        await asyncio.to_thread(server.kill)
        await watching
        sending.cancel()
        await client.close()
        return watched, said, killed_s, moments


def test_a_killed_server_loses_at_most_a_second(tmp_path: Path) -> None:
    """The next start closes the call with a reason and finishes its recording; replay agrees with what is left."""
    first = start(tmp_path)
    try:
        watched, said, killed_s, moments = asyncio.run(talk_until_killed(first, first.agent()))
    finally:
        first.kill()
        first.client.close()
    lasted_s = killed_s - watched.opened_s
    call_id = watched.call_id
    heard = [
        message
        for message in watched.messages
        if isinstance(message, TranscriptHeard) and message.at_s < killed_s - 1.0
    ]
    ((last_at,),) = first.rows("select max(at) from facts where call_id = ?", call_id)

    assert last_at > lasted_s - 1.0
    assert len(heard) > 10
    # And so it was at every moment before; the words began with the first of them.
    assert [] == [
        moment
        for moment in moments
        if moment.sound_s < moment.at_s - 1.0
        or (moment.at_s > moments[0].at_s + 1.0 and moment.facts_s < moment.at_s - 1.0)
    ]
    assert len(moments) > 50

    with running(tmp_path) as second:
        shown = second.record(call_id)
        second.until(lambda: second.conversation(call_id)["recordingDualUrl"] != "")
        dual, rate_hz = decoded(httpx.get(second.conversation(call_id)["recordingDualUrl"]))
        replayed = run_cli(second.data, "replay", call_id)

        assert (first.key, first.demo_agent) == (second.key, second.demo_agent)
        assert {"status": "ok", "calls": 0} == second.health()

    assert ("failed", "server_error", "system_error") == tuple(
        shown[name] for name in ("status", "callFailureReason", "disconnectionReason")
    )
    assert lasted_s - 1.0 < shown["duration"] <= lasted_s + 0.05
    # What the client was told more than a second before the end is in the transcript.
    assert shown["transcript"][-1]["content"].startswith(heard[-1].text)
    assert [TWELVE_WORDS] == [entry["content"] for entry in shown["transcript"][1:2]]
    assert RATE_HZ == rate_hz
    assert lasted_s - 1.0 < len(dual) / RATE_HZ < lasted_s + 0.1
    assert pytest.approx(said.began_s - watched.opened_s, abs=0.05) == place_of(
        command().speech, dual[:, 0], around_s=said.began_s - watched.opened_s
    )
    # Of the agent, too: it was talking when the process ended.
    assert np.abs(dual[round((lasted_s - 1.6) * RATE_HZ) : round((lasted_s - 1.1) * RATE_HZ), 1]).max() > QUIET
    assert (0, True) == (replayed.returncode, "all as they were" in replayed.stderr), replayed.stderr


# -- a server that is stopped -----------------------------------------------------------------------------------


async def is_refused(server: Server, agent_id: str) -> Refused:
    with pytest.raises(Refused) as caught:
        await AtomsClient.connect(server.url, key=server.key, agent_id=agent_id)
    return caught.value


def test_a_stopping_server_lets_its_calls_finish(tmp_path: Path) -> None:
    """SIGTERM: new calls get 503, the running one is served to its end, and then the process exits with 0."""
    with running(tmp_path) as server:
        agent_id = server.agent()

        async def scenario() -> str:
            async with (
                asyncio.timeout(LIMIT_S),
                await AtomsClient.connect(server.url, key=server.key, agent_id=agent_id) as client,
            ):
                watched = Watched(client.session.call_id, client.session.at_s)
                watching = asyncio.create_task(watched.watch(client))
                server.process.terminate()
                await asyncio.to_thread(server.until, lambda: server.health()["status"] == "draining")

                assert {"status": "draining", "calls": 1} == server.health()
                refused = await is_refused(server, agent_id)

                assert (503, 1) == (refused.status, refused.retry_after_s)
                assert 503 == server.ask("POST", "/conversation/register-call", {"agent_id": agent_id}).status_code
                await client.send_text("What is the price?")
                await watched.until(AgentStopped, 1)

                assert [TWELVE_WORDS] == watched.final("agent")
                assert server.process.poll() is None
                await client.close()
                await watching
                return watched.call_id

        call_id = asyncio.run(scenario())

        assert 0 == server.process.wait(10)
        assert [("completed", "client_requested", "ready")] == server.rows(
            "select status, end_reason, recording from calls where id = ?", call_id
        )
        assert "CallEnded" == server.kinds(call_id)[-1]


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    """The running call is ended with a goodbye, its record is completed, and the process exits with 0."""
    with running(tmp_path) as server:

        async def scenario() -> tuple[str, str]:
            path = f"/atoms/v1/agent/connect?token={server.key}&agent_id={server.demo_agent}"
            async with asyncio.timeout(LIMIT_S), await RawSocket.open(server.port, path) as call:
                call_id = str((await call.message())["call_id"])
                await call.message("agent_start_talking")
                server.process.terminate()
                await asyncio.to_thread(server.until, lambda: server.health()["status"] == "draining")
                server.process.terminate()
                return call_id, (await call.message("session.closed"))["reason"]

        call_id, reason = asyncio.run(scenario())

        assert 0 == server.process.wait(10)
        assert "server_error" == reason
        assert [("failed", "server_error", "ready")] == server.rows(
            "select status, end_reason, recording from calls where id = ?", call_id
        )
        assert list(range(1, len(server.numbers(call_id)) + 1)) == server.numbers(call_id)
