"""
One turn of the agent: the model's text comes in, parts to speak go out, and tools are waited for.

A reply thinks in rounds: text, perhaps tool calls, then, once all of them have answered, the next round with their
answers. Its parts are spoken in order; a part is given to the voice only when little sound is left to send, so that
a long answer neither fills the memory nor is synthesised for nothing when it is interrupted.
"""

from collections import deque
from dataclasses import dataclass, field

from vivavoce.audio.pcm import Pcm
from vivavoce.speech import Message, Tool, ToolCall, Word
from vivavoce.talk.commands import Say
from vivavoce.talk.facts import TurnTimed
from vivavoce.talk.mouth import Mouth
from vivavoce.talk.part import Caption
from vivavoce.talk.policy import Policy
from vivavoce.talk.sentences import Sentences

__all__ = ["Clocking", "Reply", "Round", "Running"]


@dataclass(slots=True)
class Clocking:
    """When the stages of a turn were reached, in session seconds."""

    user_end_at: float
    turn_over_at: float
    asked_at: float
    first_text_at: float | None = None

    def timed(self, at: float, reply: int) -> TurnTimed:
        """The figures of the turn whose first sound leaves at ``at``."""
        text_at = self.asked_at if self.first_text_at is None else self.first_text_at
        return TurnTimed(
            at,
            reply,
            user_end_at=self.user_end_at,
            endpoint_s=self.turn_over_at - self.user_end_at,
            transcript_s=self.asked_at - self.turn_over_at,
            text_s=text_at - self.asked_at,
            voice_s=at - text_at,
        )


@dataclass(frozen=True, slots=True)
class Running:
    """A call of an awaited tool that has not answered."""

    call: ToolCall
    tool: Tool
    # In session seconds.
    asked_at: float

    @property
    def due_at(self) -> float:
        """Until when it may take, in session seconds."""
        return self.asked_at + self.tool.timeout_s


@dataclass(slots=True)
class Round:
    """What the model said in one round of thinking, the tools that it asked for, and what they answered."""

    text: str = ""
    calls: dict[str, ToolCall] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    running: dict[str, Running] = field(default_factory=dict)
    # Whether something has been said meanwhile to fill the silence.
    filled: bool = False

    @property
    def answered(self) -> bool:
        """Whether every call has its output."""
        return len(self.outputs) == len(self.calls)

    def messages(self) -> tuple[Message, ...]:
        """The round as the model reads it, once every call has its output."""
        calls = tuple(self.calls.values())
        answers = (Message("tool", self.outputs[call.id], call_id=call.id) for call in calls)
        return (Message("assistant", self.text, calls=calls), *answers)


class Reply:
    """One turn of the agent, from the first thought to the last heard word."""

    def __init__(self, number: int, *, mouth: Mouth, clocking: Clocking | None, policy: Policy) -> None:
        self.id = number
        self.mouth = mouth
        # None for what the agent says by itself: a greeting, a nudge.
        self.clocking = clocking
        self._policy = policy
        # Whether the world knows that the agent talks.
        self.talking = False
        self.talking_since = 0.0
        # Whether the model is at work.
        self.thinking = False
        # Whether everything that will be said has been cut into parts.
        self.complete = False
        # The model was told to stop, or rather: is not listened to any more.
        self.broken_off = False
        # The call ends when this reply has been heard.
        self.hangs_up = False
        # Whether the model has said anything that may be its answer: what it said before a tool failed is none.
        self.said = False
        # Whether anything but fillers has a sound.
        self.has_sound = False
        # Whether a tool has not answered in time.
        self.tool_late = False
        # When the model and the voice last moved on, in session seconds: two, or a model that writes on and on would
        # hide a dead voice.
        self._text_at = 0.0
        self._voice_at = 0.0
        self.rounds: list[Round] = [Round()]
        self._sentences = Sentences()
        self._letters = 0
        # Parts that wait for the voice, and the numbers of those that it works on.
        self._waiting: deque[tuple[int, str]] = deque()
        self._voicing: set[int] = set()
        self._parts = 0
        # The parts that only fill the silence while a tool works.
        self._fillers: set[int] = set()

    # -- text -----------------------------------------------------------------------------------------------

    def begin_round(self, at: float) -> None:
        """The model is asked."""
        self.thinking = True
        self._text_at = at

    def add_text(self, at: float, text: str) -> None:
        """The next piece of the reply's text."""
        self._text_at = at
        if text.strip():
            self.said = True
            if self.clocking is not None and self.clocking.first_text_at is None:
                self.clocking.first_text_at = at
        if self._letters >= self._policy.longest_reply_letters:
            return
        self._letters += len(text)
        self.rounds[-1].text += text
        self._expect(self._sentences.add(text))

    def end_round(self) -> None:
        """The model has said everything of this round."""
        self.thinking = False
        self._expect(self._sentences.finish())

    def finish(self) -> None:
        """Nothing more will be said."""
        self.complete = True
        self._close_if_voiced()

    @property
    def text(self) -> str:
        """Everything that the model has said, spoken or not."""
        return " ".join(text for done in self.rounds if (text := done.text.strip()))

    @property
    def over_length(self) -> bool:
        """Whether the model has said more than anybody would listen to."""
        return self._letters >= self._policy.longest_reply_letters

    # -- voice ----------------------------------------------------------------------------------------------

    def due_parts(self, at: float) -> list[Say]:
        """The parts that the voice should begin now."""
        parts = []
        while self._waiting and not self._voicing and self.mouth.ahead_s < self._policy.voice_ahead_s:
            number, text = self._waiting.popleft()
            self._voicing.add(number)
            self.mouth.expect(number, text)
            self._voice_at = at
            parts.append(Say(self.id, number, text))
        return parts

    def voiced(self, at: float, part: int, pcm: Pcm, words: tuple[Word, ...]) -> Caption | None:
        """Sound of a part; returns the words whose times are known, or guessed, by it."""
        if part not in self._voicing:
            return None
        self._voice_at = at
        self.has_sound = self.has_sound or (part not in self._fillers and len(pcm.samples) > 0)
        return self.mouth.voiced(part, pcm, words)

    def voice_done(self, part: int) -> Caption | None:
        """All sound of a part has come; returns the words whose times are better known by that."""
        if part not in self._voicing:
            return None
        self._voicing.discard(part)
        caption = self.mouth.part_done(part)
        self._close_if_voiced()
        return caption

    def voice_failed(self) -> None:
        """The voice has failed: no more sound comes of what it was working on."""
        for part in self._voicing:
            self.mouth.part_broken(part)

    def unsaid_text(self, at: float) -> str:
        """What the visitor has not heard by ``at``; fillers are worth nothing later."""
        unspoken = (text for number, text in self._waiting if number not in self._fillers)
        return " ".join(text for text in (self.mouth.unheard_text(at, without=self._fillers), *unspoken) if text)

    # -- tools ----------------------------------------------------------------------------------------------

    def ask_tool(self, at: float, call: ToolCall, tool: Tool) -> None:
        """A tool is asked to run."""
        self._text_at = at
        self.rounds[-1].calls[call.id] = call
        if tool.awaited:
            self.rounds[-1].running[call.id] = Running(call, tool, at)
        else:
            self.rounds[-1].outputs[call.id] = "Started; it gives no answer."

    def answer_tool(self, call_id: str, output: str, *, late: bool = False) -> ToolCall | None:
        """A tool has answered, or is too late; None where nobody waits for it."""
        running = self.rounds[-1].running.pop(call_id, None)
        if running is None:
            return None
        self.rounds[-1].outputs[call_id] = output
        if late:
            self.tool_late = True
            self.said = False
        return running.call

    def late_tools(self, at: float) -> tuple[str, ...]:
        """The calls whose time is over."""
        return tuple(call_id for call_id, running in self.rounds[-1].running.items() if at >= running.due_at)

    def silent_since(self) -> float | None:
        """Since when there is nothing to hear because a tool works, in session seconds; None where that is not so."""
        running = self.rounds[-1].running
        if self.thinking or self.complete or self._waiting or self._voicing or not running:
            return None
        quiet_from = self.mouth.quiet_from()
        return None if quiet_from is None else max(quiet_from, min(call.asked_at for call in running.values()))

    def fill(self, text: str) -> None:
        """Say something while a tool works: it is spoken, and is no part of the answer."""
        self.rounds[-1].filled = True
        self._fillers.add(self._parts)
        self._expect([text])

    # -- time -----------------------------------------------------------------------------------------------

    def stuck(self, at: float) -> str | None:
        """The stage that has been waited for too long, if any: ``llm`` or ``tts``."""
        if self.thinking and at >= self._text_at + self._policy.text_wait_s:
            return "llm"
        if self._voicing and at >= self._voice_at + self._policy.voice_wait_s:
            return "tts"
        return None

    def deadline(self) -> float:
        """When this reply next wants to be looked at, in session seconds."""
        moments = [running.due_at for running in self.rounds[-1].running.values()]
        if self.thinking:
            moments.append(self._text_at + self._policy.text_wait_s)
        if self._voicing:
            moments.append(self._voice_at + self._policy.voice_wait_s)
        mouth_at = self.mouth.deadline()
        if mouth_at is not None:
            moments.append(mouth_at)
        return min(moments, default=float("inf"))

    # -- inside ---------------------------------------------------------------------------------------------

    def _expect(self, parts: list[str]) -> None:
        for text in parts:
            self._waiting.append((self._parts, text))
            self._parts += 1

    def _close_if_voiced(self) -> None:
        if self.complete and not self._waiting and not self._voicing:
            self.mouth.close()
