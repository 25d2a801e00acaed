"""
The facts of a call that only clients of the extension are told, as messages.

Source: docs/wire-extension.md.
"""

from collections.abc import Callable

from vivavoce.speech import Word
from vivavoce.talk import facts
from vivavoce.wire.atoms_extended_messages import (
    Caption,
    CaptionWord,
    Hold,
    Release,
    ServerMessage,
    ToolEnded,
    ToolStarted,
    TurnMetrics,
    UserStartedSpeaking,
    UserStoppedSpeaking,
)

__all__ = ["addition"]


def addition(fact: facts.Fact, *, chat: bool, timestamp: Callable[[float], str]) -> ServerMessage | None:
    """
    The message that the extension adds for a fact; None where it adds nothing.

    Args:
        fact: What happened.
        chat: The call has no audio, and so nothing of it is told.
        timestamp: How messages name a moment of the session.
    """
    match fact:
        case facts.Captioned(reply=turn, first=int(first), words=words) if not chat:
            return Caption(turn, first, tuple(map(_caption_word, words)))
        case facts.Held(reply=turn) if not chat:
            return Hold(turn)
        case facts.Released(reply=turn) if not chat:
            return Release(turn)
        case facts.UserStartedSpeaking(at=at):
            return UserStartedSpeaking(timestamp(at))
        case facts.UserStoppedSpeaking(at=at):
            return UserStoppedSpeaking(timestamp(at))
        case facts.ToolStarted(call=call):
            return ToolStarted(call.id, call.name)
        case facts.ToolEnded(call_id=call_id, name=name, error=error):
            return ToolEnded(call_id, name, error)
        case facts.TurnTimed():
            return _metrics(fact)
        case _:
            return None


def _caption_word(word: Word) -> CaptionWord:
    # Milliseconds are finer than any voice knows its words.
    return CaptionWord(word.text, round(word.start_s, 3), round(word.end_s, 3))


def _metrics(timed: facts.TurnTimed) -> TurnMetrics:
    stages_s = (timed.endpoint_s, timed.transcript_s, timed.text_s, timed.voice_s, timed.total_s)
    return TurnMetrics(timed.reply, *(round(stage_s * 1000) for stage_s in stages_s))
