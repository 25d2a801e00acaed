"""What a start does for the console: the user ``admin``, his password from the settings, or a link for him."""

from vivavoce.config import Config
from vivavoce.server.console.passwords import Passwords
from vivavoce.server.console.troubles import SIGN_IN
from vivavoce.server.origins import is_loopback
from vivavoce.store import sessions, sign_in_links, users
from vivavoce.store.database import Database

__all__ = ["open_console"]


async def open_console(config: Config, database: Database) -> str:
    """
    Prepare the console for its first user.

    With ``admin_password`` he is given that password. Without it, on a server for this machine alone, he gets a
    one-time link, until somebody has set a password or is signed in.

    Returns:
        The path of the link; ``/console`` where none is needed, nothing where there is no console.
    """
    if not config.console:
        return ""
    if config.admin_password:
        await _give_password(database, config.admin_password)
    elif is_loopback(config.host) and await _nobody_can_enter(database):
        user = await users.first_admin(database)
        if user is not None:
            return f"{SIGN_IN}/{await sign_in_links.create(database, user.id)}"
    return "/console"


async def _give_password(database: Database, password: str) -> None:
    passwords = Passwords()
    user = await users.find_named(database, users.ADMIN)
    if user is None:
        hashed = await passwords.hashed(password)
        user = await users.create(database, users.ADMIN, "admin", password=hashed)
    elif not await passwords.matches(user.password, password):
        # His sessions end: they began with the old one.
        await users.set_password(database, user.id, await passwords.hashed(password))
    if user is not None and user.role != "admin":
        await users.set_role(database, user.id, "admin")


async def _nobody_can_enter(database: Database) -> bool:
    has_password = any(user.password for user in await users.list_all(database))
    return not has_password and not await sessions.any_live(database)
