"""
A caller without a page: says or types its lines, waits for the answers, measures them.

    call = await AtomsClient.connect(url, key=key, agent_id=agent_id)
    report = await hold_call(call, [Typed("What are your opening hours?")])
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from vivavoce.audio.pcm import Pcm
from vivavoce.client.atoms import AtomsClient
from vivavoce.client.hearing import AgentTurn, Hearing
from vivavoce.client.microphone import Microphone

__all__ = ["Line", "Patience", "Report", "Spoken", "Turn", "Typed", "hold_call"]


@dataclass(frozen=True, slots=True)
class Spoken:
    """A line to be said: sound of any rate."""

    name: str
    pcm: Pcm


@dataclass(frozen=True, slots=True)
class Typed:
    """A line to be typed."""

    text: str


Line = Spoken | Typed


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a caller waits, in seconds."""

    # For a greeting to begin. One real client waits this long.
    greeting_s: float = 3.0
    # For an answer to begin.
    answer_s: float = 25.0
    # For a turn of the agent to end.
    turn_s: float = 120.0
    # After a turn of the agent, for another one that belongs to the same answer.
    settle_s: float = 0.7


@dataclass(frozen=True, slots=True)
class Turn:
    """
    One line and its answer.

    Args:
        said: The typed text, or the name of the sound.
        understood: The visitor's words as the server has understood them.
        answer: The agent's words as heard; empty where it did not answer.
        answered: Whether there was an answer to hear or read.
        latency_s: From the last sound of the line to the first audio of the answer (in a chat, to its first words).
            None where there was no answer, or where it began before the line was over.
    """

    said: str
    understood: str
    answer: str
    answered: bool
    latency_s: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """
    A call that is over.

    Args:
        session_id: The session's identifier.
        call_id: The call's identifier, for the record on the server.
        greeting: What the agent said unasked at the beginning.
        turns: The lines that could be said, each with its answer.
        recording: All that was played of the agent's voice.
        errors: What the server complained of, as ``code: message``.
        reason: The server's word for the end; empty where the connection was lost. On an extended call that cannot be
            taken up again it is ``resume_failed`` or ``websocket_closed``.
        away_s: How long the call was without a connection, each time that it was taken up again.
    """

    session_id: str
    call_id: str
    greeting: str
    turns: tuple[Turn, ...]
    recording: Pcm
    errors: tuple[str, ...]
    reason: str
    away_s: tuple[float, ...] = ()


async def hold_call(
    client: AtomsClient, lines: Sequence[Line], *, chat: bool = False, patience: Patience | None = None
) -> Report:
    """
    Hold a call to its end and close it.

    The microphone runs all the time, as a page's does, unless the call is a chat.
    A line begins when the agent has finished. The call ends early when the server ends it.

    Args:
        client: An open call.
        lines: What to say, in order. A chat has no spoken lines.
        chat: Whether the call was opened in that mode.
        patience: How long to wait.
    """
    patience = patience or Patience()
    hearing = Hearing(client)
    greeting = ""
    turns: list[Turn] = []
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hearing.run(), name="hearing")
        microphone = Microphone(client)
        sending = None if chat else tasks.create_task(microphone.run(), name="microphone")
        try:
            if hearing.turns or await hearing.another_turn(patience.greeting_s):
                await _settle(hearing, patience)
            greeting = _words(hearing.turns)
            for line in lines:
                if hearing.over:
                    break
                turns.append(await _exchange(line, client, hearing, microphone, chat=chat, patience=patience))
            await hearing.played_out(patience.turn_s)
        # The socket closed in the middle of a line; ``reason`` tells whether the server meant it.
        except ConnectionError:
            pass
        finally:
            if sending is not None:
                sending.cancel()
            await client.close()
    return Report(
        session_id=client.session.session_id,
        call_id=client.session.call_id,
        greeting=greeting,
        turns=tuple(turns),
        recording=hearing.recording(),
        errors=tuple(f"{error.code}: {error.message}" for error in hearing.errors),
        reason=hearing.reason,
        away_s=tuple(hearing.away_s),
    )


async def _exchange(
    line: Line, client: AtomsClient, hearing: Hearing, microphone: Microphone, *, chat: bool, patience: Patience
) -> Turn:
    first_turn, first_words = len(hearing.turns), len(hearing.understood)
    match line:
        case Spoken(name=said, pcm=pcm):
            ended_s = await microphone.say(pcm)
        case Typed(text=said):
            ended_s = asyncio.get_running_loop().time()
            await client.send_text(said)

    def answering() -> AgentTurn | None:
        return next((turn for turn in hearing.turns[first_turn:] if turn.started_s >= ended_s), None)

    if await hearing.until(lambda: answering() is not None, patience.answer_s):
        await _settle(hearing, patience)
    turns = hearing.turns[first_turn:]
    answer = answering()
    began_s = None if answer is None else answer.first_words_s if chat else answer.first_audio_s
    return Turn(
        said=said,
        understood=" ".join(hearing.understood[first_words:]),
        answer=_words(turns),
        answered=any(turn.answered for turn in turns),
        latency_s=None if began_s is None else began_s - ended_s,
    )


async def _settle(hearing: Hearing, patience: Patience) -> None:
    # An answer may have several turns: a word while a tool runs, then its result.
    while await hearing.until(lambda: not hearing.talking, patience.turn_s):
        if not await hearing.another_turn(patience.settle_s):
            return


def _words(turns: Sequence[AgentTurn]) -> str:
    return " ".join(turn.text for turn in turns if turn.text)
