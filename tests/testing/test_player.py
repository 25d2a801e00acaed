"""The played client keeps the rules of docs/wire-extension.md, or the scenarios would say nothing."""

import numpy as np

from vivavoce.audio.pcm import Pcm
from vivavoce.talk import facts
from vivavoce.talk.commands import Publish, SendAudio
from vivavoce.talk.events import Played
from vivavoce.testing.player import Client, Player

HZ = 1000


def frame(turn: int, start: int, samples: int = 500) -> SendAudio:
    """Sound of a turn."""
    return SendAudio(turn, start, 0.0, Pcm(np.ones(samples, np.int16), HZ))


def live(player: Player, until_s: float) -> list[tuple[float, Played]]:
    """Let it play; returns what it reports, with the moments at which that arrives."""
    told: list[tuple[float, Played]] = []
    while (at := max(player.deadline(), 0.0)) <= until_s:
        told += [(arrives_at, event) for arrives_at, event in player.advance(at) if isinstance(event, Played)]
    return told


def stretches(player: Player) -> list[tuple[int, float, int, int]]:
    """What was heard."""
    return [(one.turn, round(one.at, 3), one.first, one.last) for one in player.stretches]


def test_it_plays_what_has_come_after_its_cushion() -> None:
    """Rule: without a gap where the next sound comes in time, and with a new cushion after an underrun."""
    player = Player(Client(delay_s=0.1, cushion_s=0.2), HZ)
    for at, start in ((0.0, 0), (0.4, 500), (2.0, 1000)):
        player.send(at, frame(1, start))
    live(player, 5.0)

    assert [(1, 0.3, 0, 1000), (1, 2.3, 1000, 1500)] == stretches(player)
    assert [0, 200, 1000, 1000, 1500] == [player.heard(1, at) for at in (0.3, 0.5, 1.3, 2.2, 9.0)]


def test_it_reports_at_every_change_and_four_times_a_second() -> None:
    """Rule: what it has played by then, and what its output does."""
    player = Player(Client(delay_s=0.0, cushion_s=0.1), HZ)
    player.send(1.0, frame(1, 0, 600))
    told = [(round(at, 3), report.state, round(report.played_s, 3)) for at, report in live(player, 5.0)]

    assert [
        (0.0, "idle", 0.0),
        (1.0, "idle", 0.0),
        (1.1, "playing", 0.0),
        (1.35, "playing", 0.25),
        (1.6, "playing", 0.5),
        (1.7, "idle", 0.6),
    ] == told


def test_it_holds_and_goes_on_from_the_very_sample() -> None:
    """Rule: unless it cannot: then it passes both over."""
    for holds, expected in ((True, [(1, 0.0, 0, 300), (1, 2.0, 300, 1000)]), (False, [(1, 0.0, 0, 1000)])):
        player = Player(Client(delay_s=0.0, cushion_s=0.0, holds=holds), HZ)
        player.send(0.0, frame(1, 0, 1000))
        player.send(0.3, Publish(facts.Held(0.3, 1)))
        player.send(2.0, Publish(facts.Released(2.0, 1)))
        live(player, 5.0)

        assert expected == stretches(player)


def test_it_drops_what_was_interrupted_by_its_number() -> None:
    """Rule: late sound of a dead turn is not played; the next turn is."""
    player = Player(Client(delay_s=0.0, cushion_s=0.0), HZ)
    player.send(0.0, frame(1, 0))
    player.send(0.2, Publish(facts.Interrupted(0.2, 1, 0.2)))
    player.send(0.3, frame(2, 0))
    player.send(0.4, frame(1, 500))
    live(player, 5.0)

    assert [(1, 0.0, 0, 200), (2, 0.3, 0, 500)] == stretches(player)


def test_away_it_plays_out_and_gets_the_rest_later() -> None:
    """Rule: what it says meanwhile is lost; when it is back it reports at once."""
    player = Player(Client(delay_s=0.0, cushion_s=0.0, away=((0.3, 4.0),)), HZ)
    player.send(0.0, frame(1, 0))
    player.send(0.4, frame(1, 500))
    told = live(player, 9.0)

    assert [(1, 0.0, 0, 500), (1, 4.0, 500, 1000)] == stretches(player)
    assert [] == [at for at, _ in told if 0.3 <= at < 4.0]
    assert 4.0 == next(at for at, _ in told if at > 0.3)


def test_suspended_it_stands() -> None:
    """Rule: it says so at once, and goes on where it stood."""
    player = Player(Client(delay_s=0.0, cushion_s=0.0, suspended=((0.3, 2.0),)), HZ)
    player.send(0.0, frame(1, 0, 1000))
    told = live(player, 5.0)

    assert [(1, 0.0, 0, 300), (1, 2.0, 300, 1000)] == stretches(player)
    assert [(0.3, 0.3)] == [(round(at, 3), report.played_s) for at, report in told if report.state == "suspended"]
