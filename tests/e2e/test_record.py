"""What is left of a call: words, times, both voices and every fact."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.e2e.raw_socket import RawSocket
from tests.e2e.running import SCRIPTED, Server, run_cli, running
from tests.e2e.speech import HUMAN, OpenMicrophone, Spoken, command, words_of
from tests.e2e.watched import QUIET, RATE_HZ, Stereo, Watched, decoded, place_of
from vivavoce.client import (
    AgentAudio,
    AgentStarted,
    AgentStopped,
    AtomsClient,
    Interrupted,
    SessionEnded,
    TranscriptHeard,
)

pytestmark = pytest.mark.slow

LIMIT_S = 60.0
# The first answer is long, so that it can be interrupted; the second is heard to its end.
STORY = (
    "Once there was a king who had three daughters and a very large garden full of apple trees, and every evening "
    "he walked between the trees and counted the apples, for he was afraid that somebody might steal one of them."
)
SHORT = "Very well, that is the end of the story."


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
