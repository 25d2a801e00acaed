"""
A stage for conversations: visitor, engines and clock are played, in simulated time.

The visitor is data, the engines answer after exact delays, and time jumps from one event to the next: a scenario of
minutes takes milliseconds, and the same scenario gives the same facts.

    stage = Stage(Brief(greeting="Hello."), visitor=[Speech(3.0, 4.0, "what is the price")])
    stage.play(10.0)
    assert stage.transcript() == [("agent", "Hello."), ("user", "what is the price"), ("agent", "…")]

The players are worse than real ones where that is the better test: an engine whose work was given up answers all the
same, and nothing but the numbers in its answer tells that nobody waits for it.
"""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from vivavoce.audio.pcm import Pcm
from vivavoce.speech import Message, ToolCall, Word
from vivavoce.talk import commands as do
from vivavoce.talk import events, facts
from vivavoce.talk.brief import Brief
from vivavoce.talk.commands import Command
from vivavoce.talk.conversation import Conversation
from vivavoce.talk.facts import Fact
from vivavoce.talk.policy import WINDOW_S
from vivavoce.testing.player import Client, Player
from vivavoce.testing.script import Delays, Failure, Model, Page, Pause, Speech

__all__ = ["Delays", "Failure", "Pause", "Speech", "Stage"]

_WINDOW_SAMPLES = 512
_EAR_HZ = 16_000
# So often may a conversation ask for the very moment that it is.
_MOST_WAKINGS = 1000

F = TypeVar("F", bound=Fact)
C = TypeVar("C", bound=Command)


class Stage:
    """
    Plays one conversation and keeps everything that came of it.

    Args:
        brief: What the conversation is told.
        visitor: When he says what.
        model: The language model.
        page: The client's tools; by default no tool ever answers.
        delays: How long the engines take.
        ready_s: When the client says that it is ready; None for never.
        microphone: Whether sound of this moment is sent.
        word_times: Whether the voice tells the times of its words.
        client: Who plays what is sent and reports it: that is then when he is ready. None for one that plays
            everything at once and tells nothing.
    """

    def __init__(
        self,
        brief: Brief | None = None,
        *,
        visitor: Iterable[Speech] = (),
        model: Model = lambda messages: ["I hear you. ", "You said: " + messages[-1].text + "."],
        page: Page = lambda call: None,
        delays: Delays | None = None,
        ready_s: float | None = 0.0,
        microphone: Callable[[float], bool] = lambda at: True,
        word_times: bool = True,
        client: Client | None = None,
    ) -> None:
        self.brief = brief or Brief()
        self.conversation = Conversation(self.brief)
        self.now = 0.0
        # Everything that came out and everything that went in, in order, with its time.
        self.commands: list[tuple[float, Command]] = []
        self.events: list[events.Event] = []
        # What the model was asked, for each round of each reply.
        self.asked: list[tuple[Message, ...]] = []
        # Engines that do not answer, or fail: by stage.
        self.silent_stages: set[str] = set()
        self.failing_stages: set[str] = set()
        self._visitor = tuple(visitor)
        self._model = model
        self._page = page
        self._delays = delays or Delays()
        self._microphone = microphone
        self._word_times = word_times
        # What is to happen: (time, order, event).
        self._agenda: list[tuple[float, int, events.Event]] = []
        self._order = 0
        self._windows = 0
        # How often in a row time was told without any passing.
        self._wakings = 0
        # The visitor's speeches that each utterance has been fed.
        self._fed: dict[int, list[int]] = {}
        # The words of each reply that were made into sound, with the sample at which each ends; the samples made.
        self._spoken: dict[int, list[tuple[str, int]]] = {}
        self._made: dict[int, int] = {}
        self.player = None if client is None else Player(client, self.brief.voice_rate_hz)
        if self.player is not None:
            for moment, event in self.player.comings_and_goings():
                self.at(moment, event)
        elif ready_s is not None:
            self.at(ready_s, events.ClientReady(0.0))

    # -- what happens ---------------------------------------------------------------------------------------

    def at(self, moment: float, event: events.Event) -> None:
        """Have an event happen at a moment; its own ``at`` is replaced by that moment."""
        self._order += 1
        heapq.heappush(self._agenda, (moment, self._order, event))

    def play(self, until_s: float) -> None:
        """
        Let the conversation run until a moment.

        Raises:
            RuntimeError: The conversation asks again and again to be woken at the same moment.
        """
        while True:
            mic_at = (self._windows + 1) * WINDOW_S
            deadline = self.conversation.deadline()
            agenda_at = self._agenda[0][0] if self._agenda else float("inf")
            player_at = float("inf") if self.player is None else max(self.player.deadline(), self.now)
            moment = min(mic_at, agenda_at, player_at, float("inf") if deadline is None else max(deadline, self.now))
            if moment > until_s:
                self.now = until_s
                return
            self._wakings = 0 if moment > self.now else self._wakings
            self.now = moment
            if agenda_at <= moment:
                self._tell(heapq.heappop(self._agenda)[2])
            elif self.player is not None and player_at <= moment:
                for arrives_at, told in self.player.advance(moment):
                    self.at(arrives_at, told)
            elif mic_at <= moment:
                self._windows += 1
                if self.brief.mode == "webcall" and self._microphone(mic_at):
                    window = self._heard(mic_at)
                    for heard in [window] if self.player is None else self.player.sends(window):
                        self._tell(heard)
            else:
                self._wakings += 1
                if self._wakings > _MOST_WAKINGS:
                    raise RuntimeError(f"the conversation wants to be woken at {moment:.3f} s for ever")
                self._tell(events.TimePassed(moment))

    # -- what came of it ------------------------------------------------------------------------------------

    def facts(self) -> list[Fact]:
        """All published facts, in order."""
        return [command.fact for command in self.ordered(do.Publish)]

    def published(self, kind: type[F]) -> list[F]:
        """The published facts of one kind, in order."""
        return [fact for fact in self.facts() if isinstance(fact, kind)]

    def ordered(self, kind: type[C]) -> list[C]:
        """The commands of one kind, in order."""
        return [command for _, command in self.commands if isinstance(command, kind)]

    def done(self, kind: type[Command]) -> list[float]:
        """When commands of one kind were given."""
        return [at for at, command in self.commands if isinstance(command, kind)]

    def transcript(self) -> list[tuple[str, str]]:
        """Who said what, as the world was told."""
        said = []
        for fact in self.facts():
            match fact:
                case facts.UserSaid(_, text, True):
                    said.append(("user", text))
                case facts.AgentSaid(_, _, text, True):
                    said.append(("agent", text))
        return said

    def heard(self, reply: int, at: float | None = None) -> str:
        """
        The words of a reply that have reached the visitor's ear, found from the sent sound, or from the client.

        Args:
            reply: The agent's turn.
            at: Until when, in session seconds; None for now.
        """
        until = self.now if at is None else at
        samples = self._planned(reply, until) if self.player is None else self.player.heard(reply, until)
        # Half a sample of rounding.
        return " ".join(word for word, end in self._spoken.get(reply, ()) if end <= samples + 0.5)

    def _planned(self, reply: int, until: float) -> float:
        """How many samples of a reply have been heard by a moment, if they are played as they are sent."""
        for moment, command in self.commands:
            if isinstance(command, do.Cut) and command.reply == reply:
                until = min(until, moment)
        frames = (frame for frame in self.ordered(do.SendAudio) if frame.reply == reply)
        return sum(min(max(until - frame.play_at, 0.0), frame.pcm.duration_s) * frame.pcm.rate_hz for frame in frames)

    # -- the players ----------------------------------------------------------------------------------------

    def _heard(self, at: float) -> events.Heard:
        middle = at - WINDOW_S / 2
        for index, speech in enumerate(self._visitor):
            if speech.start_s <= middle < speech.end_s:
                # The samples carry the number of the speech, for the played recogniser to read.
                return events.Heard(at, _window(index + 1), speech.probability)
        return events.Heard(at, _window(0), 0.02)

    def _tell(self, event: events.Event) -> None:
        event = replace(event, at=self.now)
        self.events.append(event)
        if isinstance(event, events.Voiced):
            self._made[event.reply] = self._made.get(event.reply, 0) + len(event.pcm.samples)
        for command in self.conversation.handle(event):
            self.commands.append((self.now, command))
            self._perform(command)

    def _perform(self, command: Command) -> None:
        match command:
            case do.Listen(utterance):
                self._fed[utterance] = []
            case do.Feed(utterance, pcm):
                self._fed[utterance].append(int(pcm.samples[0]))
            case do.StopListening(utterance, True):
                self._transcribe(utterance)
            case do.Think(reply, messages, _):
                self.asked.append(messages)
                self._think(reply, messages)
            case do.Say(reply, part, text):
                self._voice(reply, part, text)
            case do.Call(call):
                if (answer := self._page(call)) is not None:
                    self.at(self.now + answer[0], events.ToolAnswered(0.0, call.id, answer[1]))
            case do.SendAudio() | do.Publish() if self.player is not None:
                self.player.send(self.now, command)

    def _plays(self, stage: str, number: int, after_s: float) -> bool:
        if stage in self.failing_stages:
            self.at(self.now + after_s, events.EngineFailed(0.0, stage, number, "played to fail"))
            return False
        return stage not in self.silent_stages

    def _transcribe(self, utterance: int) -> None:
        if self._plays("stt", utterance, self._delays.transcript_s):
            spoken = dict.fromkeys(index for index in self._fed[utterance] if index)
            text = " ".join(self._visitor[index - 1].text for index in spoken).strip()
            self.at(self.now + self._delays.transcript_s, events.Transcribed(0.0, utterance, text, True))

    def _think(self, reply: int, messages: tuple[Message, ...]) -> None:
        if not self._plays("llm", reply, self._delays.text_s):
            return
        moment = self.now + self._delays.text_s
        for piece in self._model(messages):
            match piece:
                case str():
                    self.at(moment, events.ReplyText(0.0, reply, piece))
                case ToolCall():
                    self.at(moment, events.ToolAsked(0.0, reply, piece))
                case Pause(duration_s):
                    moment += duration_s
                case Failure(reason):
                    if reason:
                        self.at(moment, events.EngineFailed(0.0, "llm", reply, reason))
                    return
        self.at(moment, events.ReplyDone(0.0, reply))

    def _voice(self, reply: int, part: int, text: str) -> None:
        if not self._plays("tts", reply, self._delays.voice_s):
            if "tts" in self.failing_stages:
                self.at(self.now + self._delays.voice_s, events.VoiceDone(0.0, reply, part))
            return
        word_s = self._delays.word_s
        words = tuple(Word(word, number * word_s, (number + 1) * word_s) for number, word in enumerate(text.split()))
        rate_hz = self.brief.voice_rate_hz
        sound = Pcm(np.full(round(len(words) * word_s * rate_hz), 1000, np.int16), rate_hz)
        moment = self.now + self._delays.voice_s
        self.at(moment, events.Voiced(0.0, reply, part, sound, words if self._word_times else ()))
        self.at(moment, events.VoiceDone(0.0, reply, part))
        # A reply's parts are spoken one after the other, so this one begins where the last ends.
        made = self._made.get(reply, 0)
        ends = ((word.text, made + round(word.end_s * rate_hz)) for word in words)
        self._spoken.setdefault(reply, []).extend(ends)


def _window(number: int) -> Pcm:
    return Pcm(np.full(_WINDOW_SAMPLES, number, np.int16), _EAR_HZ)
