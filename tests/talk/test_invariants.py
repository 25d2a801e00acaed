"""
What holds in every conversation, whatever visitors, clients and engines do.

Hypothesis plays the world: it speaks, types, answers late or never, answers twice, answers what nobody asked for,
fails, reports play positions and lets time pass. The conversation's commands are checked one by one, and the whole
of them at the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivavoce.audio.pcm import Pcm
from vivavoce.speech import Tool, ToolCall, Word
from vivavoce.talk import commands as do
from vivavoce.talk import events, facts
from vivavoce.talk.brief import Brief
from vivavoce.talk.commands import Command
from vivavoce.talk.conversation import Conversation
from vivavoce.talk.events import PlaybackState
from vivavoce.talk.policy import WINDOW_S, Policy

RATE_HZ = 8000
WORD_S = 0.25
# So often does a client report what it has played.
_REPORT_S = 0.25
SLACK_S = 1e-5
LONGEST_CALL_S = 300.0

_SPANS_S = (0.0, 0.01, 0.05, 0.2, 0.7, 1.5, 4.0, 13.0)
_TEXTS = (
    "Yes. ",
    "Well, let me have a look at it, I think that it is fine. ",
    "and ",
    "  ",
    "",
    "One. Two! Three? ",
    "\n",
    "**Bold**, [a link](http://example.com/x) and more words to say about it. ",
)
_SAID = ("hello", "what is the price", "", "stop", "I would like", "no", "goodbye then", " ")
_TOOLS = (
    Tool("look", "Looks.", timeout_s=4.0, fillers=("Looking. ", "*Still* looking.")),
    Tool("fire", "Fires.", awaited=False),
)
_TOOL_NAMES = ("look", "fire", "look", "nothing", "end_call", "own", "fire", "look")
_STAGES = ("stt", "llm", "tts", "stt", "llm", "tts", "llm", "tts")

# The more often a kind is named, the more often it happens.
_KINDS = (
    *("wait", "wait", "wait", "speak", "speak", "hush", "hush", "murmur", "transcribe", "transcribe"),
    *("text", "text", "text", "done", "done", "tool", "answer", "voice", "voice", "voice", "voice_done", "voice_done"),
    *("typed", "commit", "fail", "offer", "ready", "again"),
    # Whole turns of well-behaved players, so that few steps go far.
    *("turn", "turn", "turn", "serve", "serve", "serve", "serve", "sing", "sing", "sing", "sing", "tools"),
    *("errand", "errand", "errand"),
)
# What clients do besides that have our extension of the wire, in whatever order.
_ODD_KINDS = (*_KINDS, *("away", "back", "report", "cough") * 3)
_STATES: tuple[PlaybackState, ...] = ("playing", "idle", "held", "suspended")
Step = tuple[str, int, int]
STEPS = st.lists(st.tuples(st.sampled_from(_KINDS), st.integers(0, 7), st.integers(0, 7)), min_size=6, max_size=60)
ODD_STEPS = st.lists(
    st.tuples(st.sampled_from(_ODD_KINDS), st.integers(0, 7), st.integers(0, 7)), min_size=6, max_size=60
)
POLICIES = st.sampled_from(
    (
        Policy(),
        Policy(interruptions=False),
        Policy(interruption_grace_s=0.6),
        Policy(deaf_until_first_reply=True),
        Policy(unfinished_silence_s=2.0, turn_silence_s=0.1),
        Policy(longest_turn_s=3.0, idle_s=2.0),
        Policy(voice_ahead_s=1.0, longest_reply_letters=90, most_tool_rounds=2, tool_filler_s=0.2),
    )
)
BRIEFS = st.builds(
    Brief,
    mode=st.sampled_from(("webcall", "webcall", "webcall", "chat")),
    prompt=st.sampled_from(("", "Be kind.")),
    greeting=st.sampled_from(("", "Hello there, how may I help you today?")),
    waits_for_user=st.booleans(),
    voice_rate_hz=st.just(RATE_HZ),
    lead_s=st.sampled_from((0.2, 1.0)),
    tools=st.sampled_from(((), (Tool("own", "Of the agent.", timeout_s=2.0),))),
    policy=POLICIES.map(lambda policy: replace(policy, longest_call_s=LONGEST_CALL_S)),
)
# Derandomised, so that a red run is red for everybody; the examples change with the test alone.
PROFILE = settings(max_examples=250)


@dataclass
class _Voicing:
    """A part that the played voice works on."""

    text: str
    spoken: int = 0
    done: bool = False


@dataclass
class World:
    """Plays everything around a conversation, and looks at every command."""

    brief: Brief
    reports: bool = False
    now: float = 0.0
    happened: list[events.Event] = field(default_factory=list)
    answers: list[list[Command]] = field(default_factory=list)
    log: list[tuple[float, Command]] = field(default_factory=list)
    utterance: int = 0
    # Utterances whose final transcript is wanted.
    awaited: set[int] = field(default_factory=set)
    reply: int = 0
    voicing: dict[tuple[int, int], _Voicing] = field(default_factory=dict)
    # Words of each reply that were made into sound, with the second of the reply at which each ends.
    spoken: dict[int, list[tuple[str, float]]] = field(default_factory=dict)
    made_s: dict[int, float] = field(default_factory=dict)
    # Replies of which something was sent.
    voiced: set[int] = field(default_factory=set)
    # Replies of which nothing may be sent any more.
    dead: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.conversation = Conversation(self.brief)

    # -- time -----------------------------------------------------------------------------------------------

    def tell(self, event: events.Event) -> list[Command]:
        """Tell the conversation, and take its commands in."""
        self.happened.append(event)
        commands = self.conversation.handle(event)
        self.answers.append(commands)
        for command in commands:
            self.log.append((self.now, command))
            self._take(command)
        return commands

    def wake(self) -> None:
        """Let the deadlines pass that are due by now."""
        for _ in range(1000):
            deadline = self.conversation.deadline()
            if deadline is None or deadline > self.now + SLACK_S:
                return
            self.now = max(self.now, deadline)
            self.tell(events.TimePassed(self.now))
        raise AssertionError(f"asks for ever to be woken at {self.now}")

    def wait(self, until: float) -> None:
        """Let time pass, with every deadline on the way."""
        while True:
            deadline = self.conversation.deadline()
            moment = min(float("inf") if deadline is None else deadline, self.next_report_at())
            if moment > until:
                break
            self.now = max(self.now, moment)
            self.report()
            self.wake()
        self.now = max(self.now, until)

    def next_report_at(self) -> float:
        """When the client reports what it has played; infinity for never."""
        talks = self.reply in self.voiced and self.reply not in self.dead
        return self.now + _REPORT_S if self.reports and talks else float("inf")

    def report(self) -> None:
        """A client that plays exactly as it was planned says so."""
        if self.reports and self.reply:
            self.tell(events.Played(self.now, self.reply, self.played_s(self.reply, self.now)))

    # -- what happens ---------------------------------------------------------------------------------------

    def step(self, step: Step) -> None:
        """One thing happens."""
        kind, a, b = step
        match kind:
            case "wait":
                self.wait(self.now + _SPANS_S[a])
            case "speak":
                self.sound(0.95, 1 + a * 4)
            case "murmur":
                self.sound(0.42, 1 + a * 2)
            case "hush":
                self.sound(0.02, 1 + a * 4)
            case "transcribe":
                self.tell(events.Transcribed(self.now, self.utterance - b // 4, _SAID[a], b % 4 > 0))
            case "text":
                self.tell(events.ReplyText(self.now, self.reply - b // 6, _TEXTS[a]))
            case "done":
                self.tell(events.ReplyDone(self.now, self.reply - b // 6))
            case "tool":
                self.tell(events.ToolAsked(self.now, self.reply - b // 6, ToolCall(f"c{b}", _TOOL_NAMES[a], "{}")))
            case "answer":
                self.tell(events.ToolAnswered(self.now, f"c{a}", "done"))
            case "voice":
                self.voice(a, words=1 + b)
            case "voice_done":
                self.finish_voice(a)
            case "away":
                self.tell(events.ClientAway(self.now))
            case "back":
                self.tell(events.ClientBack(self.now))
            case "report":
                self.tell(events.Played(self.now, self.reply - b // 6, a / 4, _STATES[b % 4]))
            case "cough":
                self.sound(0.95, 7)
                self.sound(0.02, 8)
                self.write("")
            case "typed":
                self.tell(events.Typed(self.now, _SAID[a] or "typed"))
            case "commit":
                self.tell(events.Committed(self.now))
            case "fail":
                self.fail(_STAGES[a], b // 6)
            case "offer":
                self.tell(events.ToolsOffered(self.now, _TOOLS))
            case "ready":
                self.tell(events.ClientReady(self.now))
            case "again":
                self.tell_again(a)
            case "turn":
                self.sound(0.95, 8 + a)
                self.sound(0.02, 8 + b * 4)
                self.write(_SAID[a])
            case "serve":
                self.write(_SAID[a])
                self.tell(events.ReplyText(self.now, self.reply, _TEXTS[b]))
                self.tell(events.ReplyDone(self.now, self.reply))
                self.sing()
            case "sing":
                self.sing()
                self.wait(self.now + _SPANS_S[a])
            case "tools":
                self.tell(events.ToolsOffered(self.now, _TOOLS))
                self.tell(events.ToolAsked(self.now, self.reply, ToolCall(f"c{b}", _TOOL_NAMES[a], "{}")))
                self.tell(events.ReplyDone(self.now, self.reply))

            case "errand":
                self.tell(events.ToolsOffered(self.now, _TOOLS))
                self.tell(events.Typed(self.now, _SAID[a] or "typed"))
                # Twice, so that what fills the silence of one round is followed by that of the next.
                for number in (b, b + 8):
                    self.tell(events.ToolAsked(self.now, self.reply, ToolCall(f"c{number}", "look", "{}")))
                    self.tell(events.ReplyDone(self.now, self.reply))
                    self.wait(self.now + _SPANS_S[a])
                    self.sing()
                    self.wait(self.now + _SPANS_S[b])
                    self.tell(events.ToolAnswered(self.now, f"c{number}", "done"))

    def sound(self, speech: float, windows: int) -> None:
        """The microphone sends so many windows."""
        for _ in range(windows):
            self.wait(self.now + WINDOW_S)
            self.tell(events.Heard(self.now, Pcm(np.zeros(512, np.int16), 16_000), speech))
            self.report()

    def write(self, text: str) -> None:
        """Speech-to-text does what it was asked for."""
        for utterance in sorted(self.awaited):
            self.tell(events.Transcribed(self.now, utterance, text, True))

    def sing(self) -> None:
        """The voice speaks all that it was given, and what it is given meanwhile."""
        for _ in range(50):
            if all(part.done for part in self.voicing.values()):
                return
            self.finish_voice(0)

    def voice(self, which: int, *, words: int) -> None:
        """The voice gives sound of one of its parts."""
        alive = [key for key, part in self.voicing.items() if not part.done]
        if not alive:
            return
        key = alive[which % len(alive)]
        part = self.voicing[key]
        texts = part.text.split()[part.spoken : part.spoken + words]
        begin_s = part.spoken * WORD_S
        timed = tuple(
            Word(text, begin_s + number * WORD_S, begin_s + (number + 1) * WORD_S) for number, text in enumerate(texts)
        )
        part.spoken += len(texts)
        made_s = self.made_s.get(key[0], 0.0)
        self.spoken.setdefault(key[0], []).extend(
            (text, made_s + (number + 1) * WORD_S) for number, text in enumerate(texts)
        )
        self.made_s[key[0]] = made_s + len(texts) * WORD_S
        sound = Pcm(np.ones(round(len(texts) * WORD_S * RATE_HZ), np.int16), RATE_HZ)
        self.tell(events.Voiced(self.now, *key, sound, timed))

    def finish_voice(self, which: int) -> None:
        """The voice gives the rest of a part."""
        alive = [key for key, part in self.voicing.items() if not part.done]
        if not alive:
            return
        key = alive[which % len(alive)]
        part = self.voicing[key]
        if part.spoken < len(part.text.split()):
            self.voice(which, words=1000)
        part.done = True
        self.tell(events.VoiceDone(self.now, *key))

    def fail(self, stage: str, back: int) -> None:
        """An engine fails; a voice that fails has done with its part, as the session tells it."""
        number = (self.utterance if stage == "stt" else self.reply) - back
        self.tell(events.EngineFailed(self.now, stage, number, "played to fail"))
        if stage == "tts":
            for key, part in tuple(self.voicing.items()):
                if key[0] == number and not part.done:
                    part.done = True
                    self.tell(events.VoiceDone(self.now, *key))

    def tell_again(self, which: int) -> None:
        """Something that came once comes once more."""
        results = (events.Transcribed, events.ReplyText, events.ReplyDone, events.VoiceDone, events.ToolAnswered)
        known = [event for event in self.happened if isinstance(event, results)]
        if known:
            self.tell(replace(known[-1 - which % len(known)], at=self.now))

    # -- what comes of it -----------------------------------------------------------------------------------

    def _take(self, command: Command) -> None:
        match command:
            case do.Listen(utterance):
                assert utterance > self.utterance
                self.utterance = utterance
            case do.StopListening(utterance, keep):
                self.awaited.discard(utterance)
                if keep:
                    self.awaited.add(utterance)
            case do.Feed(utterance, _):
                assert utterance == self.utterance, "only the newest utterance is fed"
            case do.Think(reply, _, _) | do.Say(reply, _, _):
                assert reply not in self.dead, "work for a reply that was given up"
                assert reply >= self.reply, "work for a reply of the past"
                self.reply = reply
                if isinstance(command, do.Say):
                    assert command.text.strip(), "a part without text"
                    self.voicing[command.reply, command.part] = _Voicing(command.text)
            case do.SendAudio():
                assert command.reply not in self.dead, "sound of a reply that was given up"
                assert len(command.pcm.samples) > 0
                self.voiced.add(command.reply)
                self._check_lead(command)
            case do.Cut(reply):
                assert reply not in self.dead, "given up twice"
                self.dead.add(reply)
            case do.Publish(facts.AgentStoppedTalking(_, reply)):
                self.dead.add(reply)

    def _check_lead(self, frame: do.SendAudio) -> None:
        """What the client has not played is never longer than the lead."""
        ends_at = frame.play_at + frame.pcm.duration_s
        ahead_s = ends_at - self.now - self.brief.policy.client_delay_s

        assert ahead_s <= self.brief.lead_s + SLACK_S

    def played_s(self, reply: int, at: float) -> float:
        """How much of a reply's sound has been played by a moment, found from the frames alone."""
        frames = [command for _, command in self.log if isinstance(command, do.SendAudio) and command.reply == reply]
        return sum(min(max(at - frame.play_at, 0.0), frame.pcm.duration_s) for frame in frames)

    def published(self) -> list[facts.Fact]:
        """All facts."""
        return [command.fact for _, command in self.log if isinstance(command, do.Publish)]


def play(brief: Brief, steps: Sequence[Step], *, reports: bool = False) -> World:
    """A whole call: the steps, then nothing more, until the call ends by itself."""
    world = World(brief, reports)
    for step in steps:
        world.step(step)
    world.wait(LONGEST_CALL_S + 1)
    return world


# -- what holds ---------------------------------------------------------------------------------------------


def check_end(world: World) -> None:
    """Exactly one end, and nothing after it."""
    commands = [command for _, command in world.log]
    ends = [command for command in commands if isinstance(command, do.Publish | do.HangUp)][-2:]
    ended = [fact for fact in world.published() if isinstance(fact, facts.CallEnded)]

    assert len(ended) == 1
    assert [do.Publish(ended[0]), do.HangUp(ended[0].reason)] == ends
    assert commands[-1] == do.HangUp(ended[0].reason)
    assert world.conversation.deadline() is None
    assert ended[0].at <= LONGEST_CALL_S


def check_turns(world: World) -> None:
    """The agent's turns follow each other; the visitor's speech does, too."""
    talking: int | None = None
    speaking = False
    said: set[int] = set()
    for fact in world.published():
        match fact:
            case facts.AgentStartedTalking(_, reply):
                assert talking is None
                assert reply not in said
                talking = reply
            case facts.AgentStoppedTalking(_, reply):
                assert talking == reply
                assert reply in said
                talking = None
            case facts.AgentSaid(_, reply, _, final):
                assert talking == reply
                assert reply not in said, "a final text is final"
                if final:
                    said.add(reply)
            case facts.Interrupted(_, reply, heard_s):
                assert talking == reply
                assert heard_s >= 0
            case facts.UserStartedSpeaking():
                assert not speaking
                speaking = True
            case facts.UserStoppedSpeaking():
                assert speaking
                speaking = False

    assert talking is None


def check_frames(world: World) -> None:
    """Samples join within a reply; frames are played one after the other."""
    frames = [command for _, command in world.log if isinstance(command, do.SendAudio)]

    ends: dict[int, int] = {}
    for frame in frames:
        assert ends.get(frame.reply, 0) == frame.start
        ends[frame.reply] = frame.start + len(frame.pcm.samples)
    for earlier, later in pairwise(frames):
        if earlier.reply == later.reply:
            assert later.play_at >= earlier.play_at + earlier.pcm.duration_s - SLACK_S


def check_memory(world: World) -> None:
    """What the model reads is what was told to the world, and of the agent what was heard."""
    published = world.published()
    told = [fact.text for fact in published if isinstance(fact, facts.UserSaid) and fact.final]
    heard = {fact.reply: (fact.at, fact.text) for fact in published if isinstance(fact, facts.AgentSaid) and fact.final}
    if world.brief.mode == "webcall":
        for reply, (at, text) in heard.items():
            played_s = world.played_s(reply, at) + SLACK_S
            ears = [word for word, end_s in world.spoken.get(reply, ()) if end_s <= played_s]

            assert text.split() == ears[: len(text.split())], "told as heard what was not heard"
    for _, think in world.log:
        if isinstance(think, do.Think):
            asked = [message.text for message in think.messages if message.role == "user"]

            # The last may be a turn that is not certain yet, and may yet grow.
            assert told[: len(asked) - 1] == asked[:-1]

            # A reply of several rounds carries what it has said itself.
            remembered = [message.text for message in think.messages if message.role == "assistant" and message.text]
            past = [text for reply, (_, text) in heard.items() if reply < think.reply and text]
            own = len(remembered) - len(past) if len(remembered) > len(past) else 0

            assert past[: len(remembered)] == remembered[: len(remembered) - own]


def check_tools(world: World) -> None:
    """A tool that was started by an answered call ends at most once, and answers stand behind their questions."""
    for _, think in world.log:
        if isinstance(think, do.Think):
            open_calls: list[str] = []
            for message in think.messages:
                if message.role == "tool":
                    assert message.call_id in open_calls, "an answer without a question"
                    open_calls.remove(message.call_id)
                else:
                    assert not open_calls, "a question without an answer"
                    open_calls = [call.id for call in message.calls]

            assert not open_calls


def check_fillers(world: World) -> None:
    """What fills the silence is said at most once for each time that the model is asked, and never twice in a row."""
    phrases = {*world.brief.phrases.fillers, "Looking.", "Still looking."}
    said = [command for _, command in world.log if isinstance(command, do.Think | do.Say)]
    fillers = [
        (number, command.text)
        for number, command in enumerate(said)
        if isinstance(command, do.Say) and command.text in phrases
    ]

    for (before, first), (after, second) in pairwise(fillers):
        assert first != second
        assert any(isinstance(command, do.Think) for command in said[before:after])


def check_holds(world: World) -> None:
    """A voice that is held is released or cut before it is held again; only one that talks is held."""
    talking = held = 0
    for fact in world.published():
        match fact:
            case facts.AgentStartedTalking(_, reply):
                talking = reply
            case facts.Held(_, reply):
                assert (talking, 0) == (reply, held)
                held = reply
            case facts.Released(_, reply):
                assert held == reply
                held = 0
            case facts.AgentStoppedTalking():
                talking = held = 0


def check_presence(world: World) -> None:
    """A client is lost and comes back in turns, and nothing is sent to one that is away."""
    away = False
    for _, command in world.log:
        match command:
            case do.SendAudio():
                assert not away
            case do.Publish(facts.ClientLost()):
                assert not away
                away = True
            case do.Publish(facts.ClientReturned()):
                assert away
                away = False


def check_replay(world: World) -> None:
    """The same events give the same commands."""
    again = Conversation(world.brief)

    assert world.answers == [again.handle(event) for event in world.happened]


CHECKS = (check_end, check_turns, check_frames, check_memory, check_tools, check_fillers, check_replay)


@PROFILE
@given(brief=BRIEFS, steps=STEPS)
def test_every_conversation_keeps_its_rules(brief: Brief, steps: list[Step]) -> None:
    """Rule: whatever happens in whatever order, turns alternate, memory is what was heard, and the call ends."""
    world = play(brief, steps)

    for check in CHECKS:
        check(world)


@PROFILE
@given(brief=BRIEFS, steps=STEPS)
def test_a_client_that_reports_its_position_changes_no_rule(brief: Brief, steps: list[Step]) -> None:
    """Rule: with play positions from the client the same rules hold."""
    world = play(brief, steps, reports=True)

    for check in CHECKS:
        check(world)


@PROFILE
@given(brief=BRIEFS, steps=ODD_STEPS, holds=st.booleans())
def test_a_client_that_comes_and_goes_breaks_no_rule(brief: Brief, steps: list[Step], holds: bool) -> None:
    """Rule: lost sockets, suspended outputs, holds and senseless reports, in any order: the call goes on, and ends."""
    world = play(replace(brief, holds=holds and brief.mode == "webcall"), steps)

    for check in (check_end, check_turns, check_holds, check_presence, check_replay):
        check(world)


@PROFILE
@given(brief=BRIEFS, steps=STEPS, reason=st.sampled_from(("client_requested", "websocket_closed", "server_error")))
def test_a_client_may_leave_at_any_moment(brief: Brief, steps: list[Step], reason: str) -> None:
    """Rule: whenever the client leaves, the call ends at once with its reason, and all turns are settled."""
    world = World(brief)
    for step in steps:
        world.step(step)
    already = world.conversation.deadline() is None
    world.tell(events.ClientLeft(world.now, reason))

    for check in CHECKS:
        check(world)
    assert already or world.log[-1] == (world.now, do.HangUp(reason))
    assert [] == world.tell(events.Typed(world.now, "is anybody there"))


@PROFILE
@given(brief=BRIEFS, steps=STEPS)
def test_old_numbers_change_nothing(brief: Brief, steps: list[Step]) -> None:
    """Rule: a result of work that was given up, or that nobody asked for, gives no command at all."""
    world = World(brief)
    world.tell(events.ClientReady(0.0))
    for step in steps:
        world.step(step)
        world.wake()
        strangers = (world.reply + 7, *sorted(world.dead))
        pcm = Pcm(np.ones(80, np.int16), RATE_HZ)
        for number in strangers:
            late = (
                events.ReplyText(world.now, number, "Too late. "),
                events.ToolAsked(world.now, number, ToolCall("late", "look", "{}")),
                events.ReplyDone(world.now, number),
                events.Voiced(world.now, number, 0, pcm, (Word("late", 0.0, 0.01),)),
                events.VoiceDone(world.now, number, 0),
                events.Played(world.now, number, 0.5),
                events.EngineFailed(world.now, "llm", number, "late"),
                events.EngineFailed(world.now, "tts", number, "late"),
            )
            for event in late:
                # What has been heard meanwhile may be noted with any event.
                assert [] == [command for command in world.tell(event) if not isinstance(command, do.Sounded)]
        assert [] == world.tell(events.Transcribed(world.now, world.utterance + 7, "late", True))
        assert [] == world.tell(events.EngineFailed(world.now, "stt", world.utterance + 7, "late"))


@PROFILE
@given(brief=BRIEFS, steps=STEPS)
def test_a_conversation_never_asks_for_the_same_moment_for_ever(brief: Brief, steps: list[Step]) -> None:
    """Rule: after a ``TimePassed`` at its deadline something has happened, or the next deadline is later."""
    world = World(brief)
    for step in steps:
        world.step(step)
    while (deadline := world.conversation.deadline()) is not None:
        assert deadline <= LONGEST_CALL_S

        world.now = max(world.now, deadline)
        commands = world.tell(events.TimePassed(world.now))
        following = world.conversation.deadline()

        assert commands or following is None or following > world.now


@pytest.mark.parametrize("mode", ["webcall", "chat"])
def test_an_untouched_conversation_ends_by_itself(mode: str) -> None:
    """Rule: nobody ever speaks: the agent asks a few times and hangs up."""
    brief = Brief(mode="chat" if mode == "chat" else "webcall", voice_rate_hz=RATE_HZ)
    world = play(brief, [])

    check_end(world)
    assert world.log[-1][1] in (do.HangUp("timeout"), do.HangUp("server_error"))
