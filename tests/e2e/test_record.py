"""What is left of a call: words, times, both voices and every fact, whatever happens to client and server."""

import asyncio
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from tests.e2e.raw_socket import RawSocket
from tests.e2e.running import SCRIPTED, Server, run_cli, running, start
from tests.e2e.speech import HUMAN, OpenMicrophone, Spoken, command, words_of
from vivavoce.audio.pcm import Pcm
from vivavoce.audio.resample import resampled
from vivavoce.client import (
    AgentAudio,
    AgentStarted,
    AgentStopped,
    AtomsClient,
    Interrupted,
    Message,
    SessionEnded,
    ToolRequested,
    TranscriptHeard,
)
from vivavoce.clock import monotonic_s
from vivavoce.engines.scripted import TWELVE_WORDS
from vivavoce.errors import Refused
from vivavoce.speech import Tool

pytestmark = pytest.mark.slow

LIMIT_S = 60.0
# The first answer is long, so that it can be interrupted; the second is heard to its end.
STORY = (
    "Once there was a king who had three daughters and a very large garden full of apple trees, and every evening "
    "he walked between the trees and counted the apples, for he was afraid that somebody might steal one of them."
)
SHORT = "Very well, that is the end of the story."
# The recording is at the higher of both rates; sound below this is no sound.
RATE_HZ = 24000
QUIET = 30
Stereo = NDArray[np.int16]


@dataclass
class Watched:
    """A call as its client saw it; times count from ``session.created``."""

    call_id: str
    opened_s: float
    messages: list[Message] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def at(self, kind: type[Message], number: int = 0) -> float:
        """When the message of this kind came, counted from the first."""
        return [message for message in self.messages if isinstance(message, kind)][number].at_s - self.opened_s

    def count(self, kind: type[Message]) -> int:
        return sum(isinstance(message, kind) for message in self.messages)

    def final(self, speaker: str) -> list[str]:
        """The finished turns of one side."""
        return [
            message.text
            for message in self.messages
            if isinstance(message, TranscriptHeard) and message.final and message.speaker == speaker
        ]

    async def watch(self, client: AtomsClient) -> None:
        """Take messages until the call is over."""
        async for message in client:
            self.messages.append(message)
            self.news.set()

    async def until(self, kind: type[Message], count: int) -> None:
        """Wait for so many messages of a kind."""
        while self.count(kind) < count:
            self.news.clear()
            await self.news.wait()


def decoded(answer: httpx.Response) -> tuple[Stereo, int]:
    """Samples, shape (n, channels), and rate."""
    assert 200 == answer.status_code, answer.text
    samples, rate_hz = soundfile.read(io.BytesIO(answer.content), dtype="int16", always_2d=True)
    return samples, int(rate_hz)


def place_of(clip: Pcm, track: NDArray[np.int16], *, around_s: float) -> float:
    """Where a clip begins in a track, in seconds: the best fit within a second of where it is expected."""
    wanted = resampled(clip, RATE_HZ).samples.astype(np.float64)
    first = max(0, round((around_s - 1.0) * RATE_HZ))
    searched = track[first : first + len(wanted) + 2 * RATE_HZ].astype(np.float64)
    size = 1 << (len(searched) + len(wanted)).bit_length()
    fit = np.fft.irfft(np.fft.rfft(searched, size) * np.conj(np.fft.rfft(wanted, size)), size)
    best = int(np.argmax(fit[: len(searched)]))

    # It is the clip, and not something else that fits a little.
    assert fit[best] > 0.8 * float(np.sum(wanted**2))
    return (first + best) / RATE_HZ


# -- a spoken call ----------------------------------------------------------------------------------------------


@dataclass
class SpokenCall:
    """A call in which a visitor speaks, is answered, interrupts, is answered again, and hangs up."""

    server: Server
    watched: Watched
    spoken: list[Spoken]
    shown: dict[str, Any]
    dual: Stereo
    rate_hz: int

    @property
    def visitor(self) -> NDArray[np.int16]:
        return self.dual[:, 0]

    @property
    def agent(self) -> NDArray[np.int16]:
        return self.dual[:, 1]

    def heard_of_agent(self, start_s: float, end_s: float) -> int:
        """The loudest sample of the agent between two moments."""
        return int(np.abs(self.agent[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)]).max(initial=0))


@pytest.fixture(scope="module")
def spoken_call(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpokenCall]:
    """Real ears and a real voice; the brain follows a script, so that the words are known."""
    settings = {"VIVAVOCE_LLM": "scripted", "VIVAVOCE_ENGINE_SCRIPTED_LLM_LINES": f"{STORY}|{SHORT}"}
    with running(tmp_path_factory.mktemp("spoken"), settings) as server:
        watched, spoken = asyncio.run(hold_spoken_call(server, server.agent()))
        shown = server.record(watched.call_id)
        # The links are signed: they work without a key.
        dual, rate_hz = decoded(httpx.get(shown["recordingDualUrl"]))
        yield SpokenCall(server, watched, spoken, shown, dual, rate_hz)


async def hold_spoken_call(server: Server, agent_id: str) -> tuple[Watched, list[Spoken]]:
    async with (
        asyncio.timeout(LIMIT_S),
        await AtomsClient.connect(server.url, key=server.key, agent_id=agent_id, input_format="pcm_16000") as client,
    ):
        watched = Watched(client.session.call_id, client.session.at_s)
        watching = asyncio.create_task(watched.watch(client))
        # A page asks for the microphone when the call is open: its first sound comes a moment later.
        await asyncio.sleep(0.2)
        microphone = OpenMicrophone(client)
        sending = asyncio.create_task(microphone.run())
        said = [await microphone.say(command().speech)]
        await watched.until(AgentAudio, 15)
        said.append(await microphone.say(command().speech))
        await watched.until(AgentStopped, 2)
        await client.close()
        await watching
        sending.cancel()
        return watched, said


def test_the_transcript_is_what_was_said_and_heard(spoken_call: SpokenCall) -> None:
    """Both sides, in order, in the words that the client was told; the interrupted answer ends where it was cut."""
    watched, entries = spoken_call.watched, spoken_call.shown["transcript"]
    first, second = watched.final("agent")

    assert ["user", "agent", "user", "agent"] == [entry["role"] for entry in entries]
    assert watched.final("user") == [entry["content"] for entry in entries[::2]]
    assert [first, second] == [entry["content"] for entry in entries[1::2]]
    assert STORY.startswith(first)
    assert 1 <= len(first.split()) < len(STORY.split()) - 5
    assert SHORT == second


@pytest.mark.skipif(not HUMAN, reason="espeak-ng is understood less well than people")
def test_the_visitor_is_understood(spoken_call: SpokenCall) -> None:
    """Once in silence, and once over the agent's voice: the microphone of this page does not hear it."""
    expected = words_of(command().text)

    assert [expected, expected] == [words_of(text) for text in spoken_call.watched.final("user")]


def test_the_order_of_an_interruption_is_kept(spoken_call: SpokenCall) -> None:
    """Interruption, the words that were heard, stop; and no sound of the old turn behind it (wire-spec O4)."""
    messages = spoken_call.watched.messages
    (cut,) = [number for number, message in enumerate(messages) if isinstance(message, Interrupted)]
    told = [message for message in messages[cut:] if not (isinstance(message, TranscriptHeard) and not message.final)]
    (next_turn,) = [number for number, message in enumerate(told) if isinstance(message, AgentStarted)]

    assert [Interrupted, TranscriptHeard, AgentStopped, TranscriptHeard] == [
        type(message) for message in told[:next_turn]
    ]
    assert isinstance(messages[-1], SessionEnded)


def test_the_visitors_channel_is_on_the_timeline_of_the_call(spoken_call: SpokenCall) -> None:
    """Both times that he speaks, within 50 ms of when it was said."""
    assert RATE_HZ == spoken_call.rate_hz
    for spoken in spoken_call.spoken:
        expected_s = spoken.began_s - spoken_call.watched.opened_s
        found_s = place_of(command().speech, spoken_call.visitor, around_s=expected_s)

        assert pytest.approx(expected_s, abs=0.05) == found_s


def test_the_agents_channel_is_what_was_heard_of_it(spoken_call: SpokenCall) -> None:
    """Silent before its first word, silent from the cut on, and there again with the second answer."""
    watched = spoken_call.watched
    began_s = watched.at(AgentAudio)
    cut_s = watched.at(Interrupted)
    again_s = next(
        message.at_s - watched.opened_s
        for message in watched.messages
        if isinstance(message, AgentAudio) and message.at_s - watched.opened_s > cut_s
    )

    assert 0 == spoken_call.heard_of_agent(0.0, began_s)
    assert spoken_call.heard_of_agent(began_s, began_s + 0.5) > QUIET
    assert spoken_call.heard_of_agent(cut_s - 0.3, cut_s) > QUIET
    # The moment of the cut is the server's: a hundredth of a second before the client hears of it.
    assert 0 == spoken_call.heard_of_agent(cut_s + 0.01, again_s)
    assert spoken_call.heard_of_agent(again_s, again_s + 0.5) > QUIET


def test_the_recording_lasts_as_long_as_the_call(spoken_call: SpokenCall) -> None:
    """And the call as long as the client saw it."""
    lasted_s = spoken_call.watched.at(SessionEnded)

    assert pytest.approx(lasted_s, abs=0.3) == spoken_call.shown["duration"]
    assert pytest.approx(lasted_s, abs=0.3) == len(spoken_call.dual) / RATE_HZ


def test_the_recording_can_be_fetched_mixed(spoken_call: SpokenCall) -> None:
    """``recordingUrl`` is the mean of both voices, as FLAC."""
    answer = httpx.get(spoken_call.shown["recordingUrl"])
    mono, rate_hz = decoded(answer)

    assert ("audio/flac", RATE_HZ, 1) == (answer.headers["content-type"], rate_hz, mono.shape[1])
    mean = spoken_call.dual.astype(np.int32).sum(axis=1) / 2

    assert np.abs(mono[:, 0] - mean).max() <= 1.0


def test_a_link_to_a_recording_is_good_for_that_one_alone(spoken_call: SpokenCall) -> None:
    """A changed link, and one without its signature, need a key."""
    link = spoken_call.shown["recordingUrl"]

    assert [401, 401] == [
        httpx.get(changed).status_code for changed in (link.replace("=mono", "=dual"), link.partition("?")[0])
    ]


def test_the_times_of_the_turns_are_those_that_the_client_saw(spoken_call: SpokenCall) -> None:
    """From the end of the visitor's speech to the agent's first sound, for both answers."""
    watched, metrics = spoken_call.watched, spoken_call.shown["turnLatencyMetrics"]
    starts_s = [
        next(
            message.at_s - watched.opened_s
            for message in watched.messages
            if isinstance(message, AgentAudio) and message.at_s - watched.opened_s > watched.at(AgentStarted, number)
        )
        for number in range(2)
    ]

    assert 2 == metrics["turns"]
    for turn, spoken, start_s in zip(metrics["transitions"], spoken_call.spoken, starts_s, strict=True):
        # The clip has some silence at its end.
        assert -0.8 < turn["user_end"] / 1000 - (spoken.ended_s - watched.opened_s) < 0.1
        assert pytest.approx(start_s, abs=0.1) == turn["bot_start"] / 1000
        assert turn["latency"] == turn["bot_start"] - turn["user_end"]


def test_the_call_decides_again_as_it_did(spoken_call: SpokenCall) -> None:
    """``vivavoce replay`` of a call with speech, an interruption and real engines."""
    done = run_cli(spoken_call.server.data, "replay", spoken_call.watched.call_id)
    facts = spoken_call.server.numbers(spoken_call.watched.call_id)

    assert (0, f"{len(facts)} facts, all as they were\n") == (done.returncode, done.stderr)


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


def test_what_settings_allow_is_settled_by_the_environment(tmp_path: Path) -> None:
    """Without recording there are words and times, and no sound."""
    with running(tmp_path, {**SCRIPTED, "VIVAVOCE_RECORD": "off"}) as server:

        async def scenario() -> str:
            path = f"/atoms/v1/agent/connect?token={server.key}&agent_id={server.agent()}"
            async with asyncio.timeout(LIMIT_S), await RawSocket.open(server.port, path) as call:
                call_id = str((await call.message())["call_id"])
                await call.say({"type": "input_text.send", "text": "Hello"})
                await call.message("agent_stop_talking")
                await call.say({"type": "session.close"})
                await call.message("session.closed")
                return call_id

        shown = server.record(asyncio.run(scenario()))

        assert ("", "") == (shown["recordingUrl"], shown["recordingDualUrl"])
        assert 2 == len(shown["transcript"])
        assert [] == list((server.data / "recordings").rglob("*.flac"))
