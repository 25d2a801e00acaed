"""What failed at a server with the OpenAI interface, and what the reader can do about it."""

from vivavoce.engines.openai_settings import Remote
from vivavoce.errors import EngineError

__all__ = ["explained", "may_pass"]

# Answers that may be better in a moment: time-out, conflict, too many requests; so may every fault of the server.
_PASSING = frozenset({408, 409, 429})


def may_pass(error: Exception) -> bool:
    """Whether the same request may succeed in a moment."""
    import httpx2
    from openai import APIConnectionError, APIStatusError, APITimeoutError

    match error:
        case APITimeoutError():
            # It has had all the time that there is.
            return False
        case APIStatusError():
            return error.status_code in _PASSING or error.status_code >= 500
        case APIConnectionError() | httpx2.NetworkError() | httpx2.RemoteProtocolError():
            return True
        case _:
            return False


def explained(server: Remote, error: Exception) -> EngineError:
    """
    The error as a sentence to act on.

    The server's own text is left out: it may repeat a prompt, speech, or parts of the key.
    """
    import httpx2
    from openai import APIConnectionError, APIStatusError, APITimeoutError

    match error:
        case APIStatusError():
            return server.failure(_status(server, error.status_code))
        case APITimeoutError() | httpx2.TimeoutException():
            return server.failure(f"{server.base_url} does not answer in time: is it overloaded?")
        case APIConnectionError() if isinstance(error.__cause__, httpx2.ConnectError):
            return server.failure(f"cannot connect to {server.base_url}: is the server running?")
        case APIConnectionError() | httpx2.TransportError():
            return server.failure(f"{server.base_url} broke the connection off in the middle of an answer")
        case _:
            return server.failure(
                f"{server.base_url} answered with something else than expected: {type(error).__name__}"
            )


def _status(server: Remote, status: int) -> str:
    match status:
        case 400 | 422:
            return (
                f'{server.base_url} refused the request ({status}): does the model "{server.model}" fit this purpose?'
            )
        case 401:
            return f"{server.base_url} refused the key (401): check OPENAI_API_KEY or the setting api_key"
        case 403:
            return f'{server.base_url} does not allow this (403): may this key use the model "{server.model}"?'
        case 404:
            return (
                f'{server.base_url} has no model "{server.model}" or no such route (404): '
                "check the settings model and base_url, which mostly ends in /v1"
            )
        case 429:
            return f"{server.base_url} has had too many requests (429): check the limits and the balance of the account"
        case _ if status >= 500:
            return f"{server.base_url} has a fault of its own ({status}): see its log"
        case _:
            return f"{server.base_url} answered with status {status}"
