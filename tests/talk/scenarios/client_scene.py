"""Scenes with a client that really plays: what they have in common."""

from collections.abc import Sequence
from itertools import pairwise

from vivavoce.speech import Message, Word
from vivavoce.talk import commands as do
from vivavoce.talk import facts
from vivavoce.testing.player import Stretch
from vivavoce.testing.stage import Speech, Stage

__all__ = ["QUESTION", "STORY", "captions", "heard_whole", "stretches", "tell_story"]

# Words of one length, so that a voice that gives no times speaks them as evenly as the stage does.
STORY = "Once some king rode home. Then came rain with wind. They went away from town. Both were lost till dawn."
QUESTION = Speech(1.0, 2.0, "tell me a story")


def tell_story(messages: Sequence[Message]) -> list[str]:
    """Answers the first question with the story, and all others briefly."""
    return [STORY] if len([message for message in messages if message.role == "user"]) < 2 else ["As you like."]


def stretches(stage: Stage, turn: int) -> list[Stretch]:
    """What was heard of a turn."""
    assert stage.player is not None
    return [stretch for stretch in stage.player.stretches if stretch.turn == turn]


def heard_whole(stage: Stage, turn: int) -> bool:
    """Whether every sample of a turn was heard, once and in order."""
    heard = stretches(stage, turn)
    sent = sum(len(frame.pcm.samples) for frame in stage.ordered(do.SendAudio) if frame.reply == turn)
    joins = all(before.last == after.first for before, after in pairwise(heard))
    return joins and heard[0].first == 0 and heard[-1].last == sent


def captions(stage: Stage, turn: int) -> list[Word]:
    """The words of a turn as a page that follows the captions knows them in the end."""
    words: list[Word] = []
    for caption in stage.published(facts.Captioned):
        if caption.reply == turn:
            assert caption.first is not None
            assert caption.first <= len(words), "a caption after a gap"
            words[caption.first :] = caption.words
    return words
