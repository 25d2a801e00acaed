"""
Every error that Vivavoce raises on purpose.

    VivavoceError
    ├── PeerError                the peer's fault
    │   ├── Refused              a request that is answered with a status and a reason
    │   └── ProtocolError        a message that breaks the wire contract
    └── HouseError               ours, or the operator's
        ├── ConfigError          a setting is missing or wrong
        ├── EngineError          a speech or language engine failed
        └── StoreError           the database or the recording folder failed

Attributes carry the parts; ``str(error)`` is a sentence that the reader can act on.
"""

__all__ = [
    "ConfigError",
    "EngineError",
    "HouseError",
    "PeerError",
    "ProtocolError",
    "Refused",
    "StoreError",
    "VivavoceError",
]


class VivavoceError(Exception):
    """The root: catch it to catch everything that Vivavoce raises on purpose."""


class PeerError(VivavoceError):
    """The other side of the wire did something that the contract does not allow."""


class Refused(PeerError):
    """
    A request is answered with an HTTP status and one line of text.

    Args:
        status: HTTP status code, such as 401.
        message: One line for the response body and, on a voice socket, for the reason phrase.
        code: A short machine-readable word, where the wire has one.
        retry_after_s: Seconds after which trying again makes sense, where it does.
    """

    def __init__(self, status: int, message: str, *, code: str = "", retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"{self.status}: {self.message}"


class ProtocolError(PeerError):
    """
    A message breaks the wire contract; the session goes on.

    Args:
        code: The wire's word for it, such as ``invalid_event``.
        message: What is wrong with the message, for the page's developer.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class HouseError(VivavoceError):
    """Something on our side failed."""


class ConfigError(HouseError):
    """A setting is missing or wrong; the sentence names the setting and what it takes."""


class EngineError(HouseError):
    """
    An engine failed.

    Args:
        stage: ``vad``, ``stt``, ``llm`` or ``tts``.
        engine: The engine's name, such as ``moonshine``.
        reason: What failed and what to do about it.
    """

    def __init__(self, stage: str, engine: str, reason: str) -> None:
        super().__init__(reason)
        self.stage = stage
        self.engine = engine
        self.reason = reason

    def __str__(self) -> str:
        return f'{self.stage} engine "{self.engine}" failed: {self.reason}'


class StoreError(HouseError):
    """The database or the recording folder cannot be used; the sentence says which and why."""
