"""The headless caller, on a real socket and simulated time."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pybase64
import pytest

from tests.client.stub_server import VOICE, StubAgent, serving
from vivavoce.audio.pcm import Pcm
from vivavoce.client import AtomsClient
from vivavoce.client.caller import Line, Patience, Report, Spoken, Typed, hold_call
from vivavoce.testing.virtual_loop import run

HASTE = Patience(greeting_s=0.05, answer_s=2.0, turn_s=2.0, settle_s=0.05)
FRAME_BYTES = 960


def called(
    lines: Sequence[Line],
    agents: list[StubAgent] | None = None,
    *,
    mode: str = "webcall",
    patience: Patience = HASTE,
    **settings: Any,
) -> Report:
    async def scenario() -> Report:
        async with serving([] if agents is None else agents, **settings) as url:
            client = await AtomsClient.connect(url, key="sk_1", agent_id="0" * 24, mode=mode)
            return await hold_call(client, lines, chat=mode == "chat", patience=patience)

    return run(scenario(), sockets=True)


def speech(rate_hz: int = 24000) -> Pcm:
    """0.2 s of a tone, 0.1 s of silence."""
    tone = 8000 * np.sin(2 * np.pi * 440 * np.arange(round(0.2 * rate_hz)) / rate_hz)
    return Pcm(np.concatenate([tone, np.zeros(round(0.1 * rate_hz))]).astype(np.int16), rate_hz)


def test_a_greeting_and_typed_lines_are_reported() -> None:
    """What was said, understood and answered, and how fast."""
    report = called([Typed("Hi"), Typed("Bye")], greeting="Welcome.")

    assert ("CALL-1776756378884-6a553c", "Welcome.", "client_requested") == (
        report.call_id,
        report.greeting,
        report.reason,
    )
    assert [("Hi", "Hi", "You typed Hi.", True), ("Bye", "Bye", "You typed Bye.", True)] == [
        (turn.said, turn.understood, turn.answer, turn.answered) for turn in report.turns
    ]
    assert [0, 0] == [turn.latency_s for turn in report.turns]


@pytest.mark.parametrize("rate_hz", [24000, 16000, 44100])
def test_a_spoken_line_is_streamed_in_real_time_with_silence_around_it(rate_hz: int) -> None:
    """The stub answers after 100 ms of silence; 100 ms of it belong to the sound itself. Any rate will do."""
    agents: list[StubAgent] = []
    report = called([Spoken("hello.wav", speech(rate_hz))], agents)
    (turn,) = report.turns
    audio = np.frombuffer(bytes(agents[0].audio), "<i2").astype(np.int64)
    loud = np.flatnonzero(np.abs(audio) > 500)

    assert ("hello.wav", "words", "I heard you.") == (turn.said, turn.understood, turn.answer)
    # Five frames; another rate puts the edges of the sound into their neighbours.
    assert 0.1 == pytest.approx(turn.latency_s, abs=0.021)
    assert 0.2 == pytest.approx((loud[-1] - loud[0]) / 24000, abs=0.01)
    # The microphone ran before the line (while a greeting was awaited) and after it.
    assert loud[0] > FRAME_BYTES
    assert len(audio) - loud[-1] > 0.1 * 24000


def test_the_recording_has_every_turn_of_the_agent() -> None:
    """One after the other, with 0.3 s between."""
    report = called([Typed("Hi"), Typed("Bye")])

    expected = np.concatenate([VOICE, np.zeros(7200, np.int16), VOICE])

    assert Pcm(expected, 24000) == report.recording


def test_what_an_interruption_cuts_is_not_recorded() -> None:
    """A second of audio arrives at once and is cut 0.2 s later: a fifth of it was heard."""

    def interrupted(agent: StubAgent, text: str) -> None:
        def cut() -> None:
            agent.send(type="interruption")
            agent.send(type="transcript", role="assistant", text="One")
            agent.send(type="agent_stop_talking")

        agent.send(type="agent_start_talking")
        for _ in range(10):
            agent.send(type="output_audio.delta", audio=pybase64.b64encode(VOICE.tobytes()).decode())
        asyncio.get_running_loop().call_later(0.2, cut)

    report = called([Typed("Hi")], on_text=interrupted)

    assert 0.2 == pytest.approx(report.recording.duration_s)
    assert "One" == report.turns[0].answer


def test_an_answer_in_two_turns_is_one_answer() -> None:
    """A word while a tool runs, then its result; the latency is that of the first."""

    def in_two(agent: StubAgent, text: str) -> None:
        agent.say("One moment.")
        asyncio.get_running_loop().call_later(0.3, agent.say, "It is ten.")

    (turn,) = called([Typed("Hi")], on_text=in_two, patience=replace(HASTE, settle_s=0.6)).turns

    assert "One moment. It is ten." == turn.answer
    assert 0 == turn.latency_s


def test_a_deaf_agent_is_waited_for_within_limits() -> None:
    """The turn says that there was no answer."""
    (turn,) = called([Typed("Hi")], deaf=True, patience=replace(HASTE, answer_s=0.1)).turns

    assert (False, "", None) == (turn.answered, turn.answer, turn.latency_s)


def test_a_chat_is_timed_by_its_first_words() -> None:
    """There is no audio in either direction."""
    agents: list[StubAgent] = []
    report = called([Typed("Hi")], agents, mode="chat")
    (turn,) = report.turns

    assert ("You typed Hi.", b"", 0.0) == (turn.answer, bytes(agents[0].audio), report.recording.duration_s)
    assert 0 == turn.latency_s


def test_tools_are_declined_and_errors_reported() -> None:
    """An agent that waits for a tool would otherwise be waited for too."""
    agents: list[StubAgent] = []

    def demanding(agent: StubAgent, text: str) -> None:
        agent.send(type="function_call", call_id="fc_1", name="open_page", arguments="{}")
        agent.send(type="error", code="tool_timeout", message="too late")
        agent.say("Never mind.")

    report = called([Typed("Hi")], agents, on_text=demanding)

    assert {"type": "function_call.result", "call_id": "fc_1", "output": "This caller runs no tools."} in (
        agents[0].received
    )
    assert ("tool_timeout: too late",) == report.errors


def test_a_call_that_the_agent_ends_stops_the_script() -> None:
    """Lines that could not be said have no turn."""

    def hang_up(agent: StubAgent, text: str) -> None:
        agent.say("Goodbye.")
        agent.hang_up("ended")

    report = called([Typed("Hi"), Typed("Are you there?")], on_text=hang_up)

    assert (["Goodbye."], "ended") == ([turn.answer for turn in report.turns], report.reason)


def test_a_lost_connection_ends_the_report_without_a_reason() -> None:
    """Also in the middle of a spoken line."""

    def drop(agent: StubAgent, text: str) -> None:
        assert agent.transport is not None
        asyncio.get_running_loop().call_later(0.5, agent.transport.disconnect, False)

    silence_and_speech = Pcm(np.concatenate([np.zeros(24000, np.int16), speech().samples]), 24000)
    lines: list[Line] = [Typed("Hi"), Spoken("long.wav", silence_and_speech)]
    report = called(lines, on_text=drop, patience=replace(HASTE, answer_s=0.1))

    assert ("", 1) == (report.reason, len(report.turns))
