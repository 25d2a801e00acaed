"""Host names looked up, by threads of our own: a name server that does not answer must not keep others waiting."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

__all__ = ["look_up"]

# As many as the outbox has attempts at the same time. They begin when they are needed.
_THREADS = ThreadPoolExecutor(16, thread_name_prefix="look-up")


async def look_up(host: str, port: int) -> tuple[str, ...]:
    """
    The addresses of a host, in the order in which the system would try them.

    Raises:
        OSError: There are none, or they cannot be found out.
    """
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(_THREADS, _look_up, host, port)
    return tuple(dict.fromkeys(found))


def _look_up(host: str, port: int) -> list[str]:
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        # Such as a label of more than 63 letters.
        raise OSError("the name cannot be one of a host") from error
    return [str(entry[4][0]) for entry in entries]
