"""What was heard is what the client has played: transcript, memory and captions agree with it."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.talk.scenarios.client_scene import QUESTION, STORY, captions, heard_whole, stretches, tell_story
from vivavoce.audio.pcm import Pcm
from vivavoce.speech import Word
from vivavoce.talk import commands as do
from vivavoce.talk import events, facts
from vivavoce.talk.brief import Brief
from vivavoce.testing.player import Client
from vivavoce.testing.stage import Speech, Stage

RATE_HZ = Brief().voice_rate_hz
# What a client is like: how long its network takes, and how late it plays.
CLIENTS = st.builds(
    Client, delay_s=st.sampled_from((0.005, 0.03, 0.08)), cushion_s=st.sampled_from((0.0, 0.06, 0.2, 0.35, 0.5))
)


def said(stage: Stage, turn: int) -> list[str]:
    """The words of a turn as the world was told of them in the end."""
    return next(fact for fact in stage.published(facts.AgentSaid) if fact.reply == turn and fact.final).text.split()


def within_a_word(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two texts are the same but for one word at the end."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter] and max(len(one), len(other)) <= shorter + 1


@settings(max_examples=150)
@given(moment_s=st.floats(2.7, 8.0), client=CLIENTS, word_times=st.booleans(), holds=st.booleans())
def test_a_barge_in_leaves_the_words_that_were_heard(
    moment_s: float, client: Client, word_times: bool, holds: bool
) -> None:
    """Rule (pain 19): at any moment, however late a client plays, memory and transcript end within a word of it."""
    visitor = [QUESTION, Speech(moment_s, moment_s + 0.8, "stop please")]
    stage = Stage(Brief(holds=holds), visitor=visitor, model=tell_story, client=client, word_times=word_times)
    stage.play(14.0)
    heard = stage.heard(1).split()

    assert within_a_word(heard, said(stage, 1))
    remembered = [message.text for message in stage.asked[1] if message.role == "assistant"]
    assert said(stage, 1) == " ".join(remembered).split()


@settings(max_examples=60)
@given(moment_s=st.floats(3.0, 7.5), client=CLIENTS, word_times=st.booleans())
def test_typed_text_leaves_the_words_that_were_heard(moment_s: float, client: Client, word_times: bool) -> None:
    """Rule (pain 19): the same for an interruption that nothing has announced."""
    stage = Stage(Brief(holds=True), visitor=[QUESTION], model=tell_story, client=client, word_times=word_times)
    stage.at(moment_s, events.Typed(0.0, "stop"))
    stage.play(12.0)

    assert within_a_word(stage.heard(1).split(), said(stage, 1))


@pytest.mark.parametrize("cushion_s", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("holds", [True, False])
def test_a_reply_that_nobody_interrupts_is_heard_whole(cushion_s: float, holds: bool) -> None:
    """Rule: the turn ends when the client has played the last sample, not before and not much later."""
    stage = Stage(Brief(holds=holds), visitor=[QUESTION], model=tell_story, client=Client(cushion_s=cushion_s))
    stage.play(12.0)
    stopped_at = stage.published(facts.AgentStoppedTalking)[0].at
    last = stretches(stage, 1)[-1]
    played_at = last.at + (last.last - last.first) / RATE_HZ

    assert heard_whole(stage, 1)
    assert 1 == len(stretches(stage, 1))
    assert played_at <= stopped_at <= played_at + 0.1
    assert STORY.split() == said(stage, 1)


@pytest.mark.parametrize("cushion_s", [0.0, 0.5])
def test_no_word_is_told_before_it_is_heard(cushion_s: float) -> None:
    """Rule: the agent's text follows the audio of the client."""
    stage = Stage(Brief(holds=True), visitor=[QUESTION], model=tell_story, client=Client(cushion_s=cushion_s))
    stage.play(12.0)
    told = [fact for fact in stage.published(facts.AgentSaid) if not fact.final]

    assert len(STORY.split()) == len(told)
    for fact in told:
        assert len(fact.text.split()) <= len(stage.heard(1, fact.at).split())


@pytest.mark.parametrize("stall_s", [0.3, 1.0, 3.0])
def test_a_network_that_stalls_shifts_what_was_heard(stall_s: float) -> None:
    """Rule: an underrun is noticed: the words wait, none is lost, and nobody hears a gap longer than the stall."""
    client = Client(stalls=((4.0, 4.0 + stall_s),))
    stage = Stage(Brief(holds=True, lead_s=0.2), visitor=[QUESTION], model=tell_story, client=client)
    stage.play(16.0)
    first, second = stretches(stage, 1)
    gap_s = second.at - first.at - (first.last - first.first) / RATE_HZ

    assert heard_whole(stage, 1)
    assert gap_s <= stall_s
    for fact in stage.published(facts.AgentSaid):
        assert len(fact.text.split()) <= len(stage.heard(1, fact.at).split()) + 1


def test_the_recording_is_told_what_was_heard_when() -> None:
    """Rule: what is noted for the recording is within 50 ms of what the visitor heard, to the last sample."""
    client = Client(cushion_s=0.4, suspended=((4.0, 5.5),))
    stage = Stage(Brief(holds=True), visitor=[QUESTION], model=tell_story, client=client)
    stage.play(14.0)
    noted = stage.ordered(do.Sounded)
    assert stage.player is not None

    assert stretches(stage, 1)[-1].last == noted[-1].samples
    for note in noted:
        assert note.samples == pytest.approx(stage.player.heard(1, note.at), abs=0.05 * RATE_HZ)


# -- captions -----------------------------------------------------------------------------------------------


def test_every_word_is_captioned_once() -> None:
    """Rule: a voice that tells its words is taken at its word: each has its number and its time, and no second one."""
    stage = Stage(Brief(holds=True), visitor=[QUESTION], model=tell_story, client=Client())
    stage.play(12.0)
    told = [fact for fact in stage.published(facts.Captioned) if fact.reply == 1]
    words = captions(stage, 1)

    assert [word.text for word in words] == STORY.split()
    assert len(words) == sum(len(fact.words) for fact in told)
    assert [pytest.approx(number * 0.25) for number in range(len(words))] == [word.start_s for word in words]


def test_corrected_times_replace_what_was_guessed() -> None:
    """Rule: of a voice that tells no times every part is guessed, and told again from its first word on."""
    stage = Stage(Brief(holds=True), visitor=[QUESTION], model=tell_story, client=Client(), word_times=False)
    stage.play(12.0)
    firsts = [fact.first for fact in stage.published(facts.Captioned) if fact.reply == 1]
    words = captions(stage, 1)

    assert [0, 0, 5, 5, 10, 10, 15, 15] == firsts
    assert [word.text for word in words] == STORY.split()
    for number, word in enumerate(words):
        assert word.start_s == pytest.approx(number * 0.25, abs=0.15)


def test_a_caption_comes_before_its_sound() -> None:
    """Rule: a page shows a word when it plays: it must have been told by then."""
    stage = Stage(Brief(holds=True), visitor=[QUESTION], model=tell_story, client=Client())
    stage.play(12.0)
    assert stage.player is not None

    for caption in stage.published(facts.Captioned):
        assert stage.player.heard(caption.reply, caption.at) <= caption.words[0].start_s * RATE_HZ


# -- a voice that breaks off --------------------------------------------------------------------------------


def broken_voice(words: tuple[Word, ...]) -> Stage:
    """A stage whose voice fails after 1.1 s of eight words."""
    stage = Stage(
        Brief(holds=True),
        visitor=[QUESTION],
        model=lambda messages: ["One two three four five six nine ten."],
        client=Client(),
    )
    stage.silent_stages.add("tts")
    sound = Pcm(np.full(round(1.1 * RATE_HZ), 1000, np.int16), RATE_HZ)
    stage.at(3.0, events.Voiced(0.0, 1, 0, sound, words))
    stage.at(3.5, events.EngineFailed(0.0, "tts", 1, "played to fail"))
    stage.at(3.5, events.VoiceDone(0.0, 1, 0))
    stage.play(8.0)
    return stage


def test_a_voice_that_breaks_off_has_said_the_words_that_it_has_said() -> None:
    """Rule: its sound is heard to its end; told and remembered are the words within it."""
    texts = "One two three four five six nine ten.".split()
    words = tuple(Word(text, number * 0.25, number * 0.25 + 0.25) for number, text in enumerate(texts))
    stage = broken_voice(words)

    assert heard_whole(stage, 1)
    assert ["One", "two", "three", "four"] == said(stage, 1)


def test_a_voice_that_breaks_off_and_tells_no_times_has_said_what_fits() -> None:
    """Rule: the same by a guess, which is right within a word or two, and holds nothing that had no sound."""
    stage = broken_voice(())

    assert heard_whole(stage, 1)
    assert 2 <= len(said(stage, 1)) <= 5


def test_what_is_remembered_of_a_broken_voice_is_what_was_told() -> None:
    """Rule: the next question goes to the model with the words that were heard."""
    stage = broken_voice(())
    stage.silent_stages.clear()
    stage.at(8.5, events.Typed(0.0, "go on"))
    stage.play(12.0)

    assert ["tell me a story", " ".join(said(stage, 1)), "go on"] == [message.text for message in stage.asked[1]]
