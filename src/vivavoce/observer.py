"""Who follows a call without taking part in it: the record."""

from typing import Protocol

from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.talk.events import Event
from vivavoce.talk.facts import Fact

__all__ = ["Observer"]


class Observer(Protocol):
    """Is told what happens; none of its methods may wait."""

    def fact(self, fact: Fact) -> None:
        """A fact was published."""

    def event(self, event: Event) -> None:
        """The conversation is about to be told this."""

    def visitor(self, at: float, samples: Samples) -> None:
        """Microphone audio at 16 kHz came in."""

    def agent(self, turn: int, pcm: Pcm) -> None:
        """The next audio of a turn of the agent was sent."""

    def sounded(self, turn: int, at: float, heard: int) -> None:
        """By ``at`` the first ``heard`` samples of a turn of the agent have been heard."""

    def cut(self, turn: int) -> None:
        """What has not been heard of a turn of the agent never will be."""
