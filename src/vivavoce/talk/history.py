"""
The conversation as the language model reads it: what the visitor said, and what he heard.

A reply that was interrupted is remembered up to the last word that was heard, so that the model neither repeats
what the visitor knows nor relies on what he never heard.
"""

from vivavoce.speech import Message, ToolCall

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
