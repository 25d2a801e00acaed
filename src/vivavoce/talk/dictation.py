"""
Has the user's turn written down.

A turn may have pauses. At each pause the final transcript is asked for ahead of time; if the visitor goes on,
the whole turn so far is written down anew under a new utterance, because a recogniser that sees all of it reads it
better than its pieces. A turn that has grown long is continued instead. Either way the text of the turn is the
text of its utterances, joined.
"""

from collections import deque
from dataclasses import replace

from vivavoce.audio.pcm import Pcm
from vivavoce.speech import Transcript
from vivavoce.talk.commands import Command, Feed, Listen, StopListening
from vivavoce.talk.policy import WINDOW_S, Policy

__all__ = ["Dictation"]


class Dictation:
    """Decides what speech-to-text hears, and joins what it writes."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        # The number of the newest utterance of the call.
        self._utterance = 0
        # What the turn had become before it turned out not to be over.
        self._before_text = ""
        # The texts of this turn's utterances, in order.
        self._texts: dict[int, Transcript] = {}
        # The sound of the newest utterance, kept for writing it down anew.
        self._sound: list[Pcm] = []
        # True while the newest utterance takes sound.
        self._open = False
        # Whether a transcript of this turn failed or did not come: what was said may be more than the text.
        self.lost = False
        # The sound before speech begins: what an onset needs, and the pre-roll before it.
        self._before: deque[Pcm] = deque(maxlen=round((policy.pre_roll_s + policy.onset_s) / WINDOW_S))

    @property
    def text(self) -> str:
        """What has been said in this turn so far."""
        pieces = (self._before_text, *(written.text for written in self._texts.values()))
        return " ".join(piece for piece in pieces if piece)

    @property
    def settled(self) -> bool:
        """Whether the final transcript of everything that was heard is there."""
        return not self._open and all(written.final for written in self._texts.values())

    def overhear(self, pcm: Pcm) -> None:
        """Keep sound from before an onset; the oldest is forgotten."""
        self._before.append(pcm)

    def forget(self) -> None:
        """What was overheard has nothing to do with what comes next."""
        self._before.clear()

    def begin(self) -> list[Command]:
        """Speech has begun, in a new turn or in one whose transcript is still awaited."""
        self._sound = list(self._before)
        self._before.clear()
        return self._listen()

    def feed(self, pcm: Pcm) -> list[Command]:
        """The visitor goes on speaking."""
        self._sound.append(pcm)
        if not self._open:
            # A pause inside the turn: if he resumes, its silence belongs to what is written down anew.
            return []
        commands: list[Command] = [Feed(self._utterance, pcm)]
        if len(self._sound) * WINDOW_S >= self._policy.longest_utterance_s:
            commands += self.pause()
            self._sound = []
            commands += self._listen()
        return commands

    def take_back(self, text: str) -> None:
        """The last turn, which had become ``text``, goes on."""
        self._before_text = " ".join(piece for piece in (text, self._before_text) if piece)

    def pause(self) -> list[Command]:
        """He has paused: have the final text made, he may have finished."""
        if not self._open:
            return []
        self._open = False
        return [StopListening(self._utterance)]

    def resume(self) -> list[Command]:
        """He goes on after a pause."""
        if len(self._sound) * WINDOW_S > self._policy.rewrite_up_to_s:
            self._sound = self._sound[-round(self._policy.pre_roll_s / WINDOW_S) :]
            return self._listen()
        superseded = self._utterance
        self._texts.pop(superseded, None)
        return [StopListening(superseded, keep=False), *self._listen()]

    def written(self, utterance: int, transcript: Transcript) -> bool:
        """Take a transcript; tells whether it changed the turn's text."""
        known = self._texts.get(utterance)
        if known is None or known.final:
            return False
        before = self.text
        self._texts[utterance] = transcript
        return self.text != before

    def failed(self, utterance: int) -> bool:
        """Speech-to-text has failed: what it had written so far has to do. False for an utterance of the past."""
        known = self._texts.get(utterance)
        if known is None or known.final:
            return False
        self._texts[utterance] = replace(known, final=True)
        self.lost = True
        if utterance == self._utterance:
            self._open = False
        return True

    def give_up_waiting(self) -> list[Command]:
        """What has not been written down by now never will be: the partial text has to do."""
        late = [utterance for utterance, written in self._texts.items() if not written.final]
        for utterance in late:
            self._texts[utterance] = replace(self._texts[utterance], final=True)
            self.lost = True
        self._open = False
        return [StopListening(utterance, keep=False) for utterance in late]

    def clear(self) -> list[Command]:
        """The turn is over and done with."""
        commands = self.give_up_waiting()
        self._texts.clear()
        self.lost = False
        self._before_text = ""
        self._sound = []
        return commands

    def _listen(self) -> list[Command]:
        self._utterance += 1
        self._texts[self._utterance] = Transcript("", final=False)
        self._open = True
        return [Listen(self._utterance), *(Feed(self._utterance, pcm) for pcm in self._sound)]
