"""What is kept of a call while it goes on: its facts, its events, both voices."""

from vivavoce.audio.pcm import Pcm, Samples
from vivavoce.feed import Feed
from vivavoce.journal import event_line
from vivavoce.recording import Recording
from vivavoce.talk.events import Event
from vivavoce.talk.facts import Fact

__all__ = ["CallRecord"]


class CallRecord:
    """Follows one call for the store, as its ``Observer``."""

    def __init__(self, call_id: str, feed: Feed, recording: Recording) -> None:
        self._call_id = call_id
        self._feed = feed
        self._recording = recording

    def fact(self, fact: Fact) -> None:
        """Facts go to the feed, which numbers and stores them."""
        self._feed.publish(self._call_id, fact)

    def event(self, event: Event) -> None:
        """Events go into the journal."""
        self._recording.note(event_line(event))

    def visitor(self, at: float, samples: Samples) -> None:
        """The visitor's voice goes onto its track."""
        self._recording.visitor(at, samples)

    def agent(self, turn: int, pcm: Pcm) -> None:
        """The agent's voice will go onto the other, as far as it is heard."""
        self._recording.agent(turn, pcm.samples)

    def sounded(self, turn: int, at: float, heard: int) -> None:
        """So many samples of a turn of the agent have been heard."""
        self._recording.sounded(turn, at, heard)

    def cut(self, turn: int) -> None:
        """What is left of a turn of the agent is not heard."""
        self._recording.cut(turn)
