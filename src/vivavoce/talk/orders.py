"""The commands of the event that is being handled, in the order in which they are to be performed."""

from vivavoce.talk.commands import Command, Publish
from vivavoce.talk.facts import Fact

__all__ = ["Orders"]


class Orders:
    """Collects commands; both sides of a conversation write into the same list."""

    def __init__(self) -> None:
        self._commands: list[Command] = []

    def do(self, *commands: Command) -> None:
        """These are to be done next."""
        self._commands += commands

    def publish(self, fact: Fact) -> None:
        """The world may know this."""
        self._commands.append(Publish(fact))

    @property
    def empty(self) -> bool:
        """Whether nothing is to be done."""
        return not self._commands

    def take(self) -> list[Command]:
        """What has been collected since it was last taken."""
        commands, self._commands = self._commands, []
        return commands
