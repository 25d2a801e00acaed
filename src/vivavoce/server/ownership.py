"""
Which server a call belongs to, and which servers have died.

Every start is a server of its own, with a new id and a file of that name, which it keeps locked: the system lets go of
the lock when the process ends, however it ends. So the next start on the same data folder knows at once who has died,
without mistaking a living neighbour for dead. Servers elsewhere on the same database see no files; for them there are
the leases of the calls.
"""

import asyncio
import fcntl
import logging
import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from vivavoce import ids
from vivavoce.errors import StoreError
from vivavoce.store import calls
from vivavoce.store.database import Database

__all__ = ["close_left_behind", "hold_calls", "sign_in"]

log = logging.getLogger(__name__)

# In the data folder.
_FOLDER = "servers"


@contextmanager
def sign_in(data: Path) -> Iterator[str]:
    """
    A new server id, taken for alive until the block or the process ends.

    The file stays: the next start looks after what was left, and removes it.

    Raises:
        StoreError: The data folder cannot be used.
    """
    server = ids.session_id()
    file = data / _FOLDER / server
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:
            os.close(descriptor)
            raise
    except OSError as error:
        raise StoreError(f"the file {file} cannot be made and locked: {error.strerror}") from error
    try:
        yield server
    finally:
        os.close(descriptor)


async def close_left_behind(database: Database, data: Path) -> tuple[str, ...]:
    """Close the calls of servers that died on this data folder, or long enough ago elsewhere; returns their ids."""
    dead = await asyncio.to_thread(_dead, data / _FOLDER)
    closed = await calls.close_orphans(database, [file.name for file in dead])
    for file in dead:
        file.unlink(missing_ok=True)
    return closed


async def hold_calls(database: Database, live: Callable[[], Collection[str]]) -> None:
    """
    Renew the leases of the live calls and close those that nobody holds any more, again and again, until cancelled.

    Args:
        database: The store.
        live: The ids of the calls that this server holds.
    """
    while True:
        await asyncio.sleep(calls.LEASE_RENEWED_EVERY_S)
        try:
            # In this order: after a time without a store our own leases may have expired.
            await calls.renew(database, live())
            closed = await calls.close_orphans(database)
        except StoreError as error:
            log.warning("the leases of the calls could not be renewed: %s", error)
        except Exception:
            # A bug in this must not end the calls that it is for.
            log.exception("the leases of the calls could not be renewed")
        else:
            if closed:
                log.info("%d calls of a server that died have been closed", len(closed))


def _dead(folder: Path) -> list[Path]:
    return [file for file in folder.iterdir() if _is_unlocked(file)] if folder.exists() else []


def _is_unlocked(file: Path) -> bool:
    try:
        descriptor = os.open(file, os.O_WRONLY)
    except OSError:
        # Another start was faster.
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
