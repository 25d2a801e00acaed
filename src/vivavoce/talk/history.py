"""
The conversation as the language model reads it: what the visitor said, and what he heard.

A reply that was interrupted is remembered up to the last word that was heard, so that the model neither repeats
what the visitor knows nor relies on what he never heard.
"""

from collections.abc import Iterable

from vivavoce.speech import Message, ToolCall
from vivavoce.talk.reply import Round

__all__ = ["History"]

# More than any call's context window is of use for; the oldest are forgotten.
_MOST_MESSAGES = 400


class History:
    """The messages of the call, in order."""

    def __init__(self, prompt: str) -> None:
        self._system = (Message("system", prompt),) if prompt else ()
        self._messages: list[Message] = []

    def user(self, text: str) -> None:
        """The visitor has said this."""
        self._add(Message("user", text))

    def agent(self, text: str) -> None:
        """The visitor has heard this; nothing heard is nothing remembered."""
        if text:
            self._add(Message("assistant", text))

    def reply(self, rounds: Iterable[Round], heard: str = "", *, is_answer: bool = False) -> None:
        """
        A turn of the agent is over.

        Args:
            rounds: What it thought; of its tools those are remembered that have answered.
            heard: What the visitor has heard of it.
            is_answer: Whether that is an answer to what the tools said, and not from before it.
        """
        if not is_answer:
            self.agent(heard)
        for done in rounds:
            if answered := tuple(call for call in done.calls.values() if call.id in done.outputs):
                self.tools(answered, tuple(done.outputs[call.id] for call in answered))
        if is_answer:
            self.agent(heard)

    def tools(self, calls: tuple[ToolCall, ...], outputs: tuple[str, ...]) -> None:
        """The agent has asked for tools, and they have answered; what it said is remembered by itself."""
        self._add(Message("assistant", "", calls=calls))
        for call, output in zip(calls, outputs, strict=True):
            self._add(Message("tool", output, call_id=call.id))

    @property
    def unanswered(self) -> bool:
        """Whether the last word is the visitor's or a tool's."""
        return bool(self._messages) and self._messages[-1].role != "assistant"

    def messages(self, *further: Message) -> tuple[Message, ...]:
        """Everything so far, the prompt first, and ``further`` messages that are not certain yet."""
        return (*self._system, *self._messages, *further)

    def _add(self, message: Message) -> None:
        self._messages.append(message)
        # An answer of a tool without its question would be refused by most models.
        while len(self._messages) > _MOST_MESSAGES or (self._messages and self._messages[0].role == "tool"):
            del self._messages[0]
