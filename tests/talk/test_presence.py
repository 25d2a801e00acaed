"""Whether the client is there, and how long it is waited for."""

import pytest

from vivavoce.audio.pcm import silence
from vivavoce.talk import commands as do
from vivavoce.talk import facts
from vivavoce.talk.agent import Agent
from vivavoce.talk.brief import Brief
from vivavoce.talk.events import PlaybackState, Played, Voiced
from vivavoce.talk.orders import Orders
from vivavoce.talk.policy import Policy
from vivavoce.talk.presence import Presence

PATIENCE_S = 60.0
INFINITY = float("inf")


class Scene:
    """A client's presence, and what is told of it."""

    def __init__(self) -> None:
        self.orders = Orders()
        self.agent = Agent(Brief(), self.orders)
        self.presence = Presence(Policy(away_s=PATIENCE_S, suspended_s=PATIENCE_S), self.agent, self.orders)

    def plays(self, at: float, state: PlaybackState) -> None:
        """The client reports."""
        self.presence.played(Played(at, 0, 0.0, state))

    def told(self) -> list[facts.Fact]:
        """The facts since the last look."""
        return [command.fact for command in self.orders.take() if isinstance(command, do.Publish)]

    def sent(self) -> list[do.SendAudio]:
        """The sound that was sent since the last look."""
        return [command for command in self.orders.take() if isinstance(command, do.SendAudio)]


def test_a_client_is_there_until_it_is_lost() -> None:
    """Rule: nobody is waited for."""
    presence = Scene().presence

    assert (False, False) == (presence.away, presence.absent)
    assert INFINITY == presence.deadline()
    assert "" == presence.given_up(1e9)


def test_a_loss_and_a_return_are_told_once() -> None:
    """Rule: with the time between them; what is told twice is no second loss."""
    scene = Scene()
    scene.presence.leave(2.0)
    scene.presence.leave(3.0)

    assert [facts.ClientLost(2.0)] == scene.told()
    assert (True, True) == (scene.presence.away, scene.presence.absent)

    scene.presence.come_back(7.0)
    scene.presence.come_back(8.0)

    assert [facts.ClientReturned(7.0, 5.0)] == scene.told()
    assert (False, False) == (scene.presence.away, scene.presence.absent)


def test_it_is_waited_for_from_its_loss_on() -> None:
    """Rule: the limit counts from the first moment, and a return ends it."""
    presence = Scene().presence
    presence.leave(2.0)
    presence.leave(50.0)

    assert 2.0 + PATIENCE_S == presence.deadline()
    assert "" == presence.given_up(61.9)
    assert "websocket_closed" == presence.given_up(62.0)

    presence.come_back(61.0)
    assert INFINITY == presence.deadline()


def test_a_suspended_output_is_an_absence() -> None:
    """Rule: it hears nothing, but it is heard; after the limit it was a timeout."""
    scene = Scene()
    scene.plays(1.0, "suspended")
    scene.plays(30.0, "suspended")

    assert (False, True) == (scene.presence.away, scene.presence.absent)
    assert 1.0 + PATIENCE_S == scene.presence.deadline()
    assert "timeout" == scene.presence.given_up(61.0)
    assert [] == scene.told()


@pytest.mark.parametrize("state", ["playing", "idle", "held"])
def test_any_other_state_ends_a_suspension(state: PlaybackState) -> None:
    """Rule: its output runs, whether there is something to play or not."""
    scene = Scene()
    scene.plays(1.0, "suspended")
    scene.plays(5.0, state)

    assert not scene.presence.absent
    assert INFINITY == scene.presence.deadline()


def test_of_two_absences_the_older_one_counts() -> None:
    """Rule: neither hides the other, and the end of one does not end both."""
    scene = Scene()
    scene.plays(1.0, "suspended")
    scene.presence.leave(20.0)

    assert 1.0 + PATIENCE_S == scene.presence.deadline()

    scene.presence.come_back(30.0)
    assert scene.presence.absent
    assert 1.0 + PATIENCE_S == scene.presence.deadline()

    scene.plays(31.0, "idle")
    assert not scene.presence.absent


@pytest.mark.parametrize("away", [True, False])
def test_the_agents_voice_waits_for_an_absent_client(away: bool) -> None:
    """Rule: what it begins meanwhile is kept, and leaves at the return."""
    scene = Scene()
    if away:
        scene.presence.leave(1.0)
    else:
        scene.plays(1.0, "suspended")
    scene.agent.speak(2.0, "Are you there?")
    scene.agent.advance(2.0)
    scene.agent.add_sound(Voiced(2.5, 1, 0, silence(1.0, Brief().voice_rate_hz)))
    scene.agent.advance(2.5)

    assert [] == scene.sent()

    if away:
        scene.presence.come_back(5.0)
    else:
        scene.plays(5.0, "idle")
    scene.agent.advance(5.0)
    assert 0 < len(scene.sent())
