"""
Brings the tables to the form that this version needs.

A start that has nothing to do costs one query; Alembic is imported only when there is work.
"""

import logging
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from vivavoce.errors import StoreError

__all__ = ["NEWEST", "bring_up_to_date", "known_revisions"]

_log = logging.getLogger(__name__)
_FOLDER = Path(__file__).parent
# The revision that the code of this version expects; a test compares it with the scripts.
NEWEST = "0004"
# Any number will do, as long as no other program locks the same one in this database.
_POSTGRES_LOCK = 8_600_001


def known_revisions() -> frozenset[str]:
    """The revisions that this version has scripts for."""
    return frozenset(path.stem[1:5] for path in (_FOLDER / "versions").glob("v*.py"))


def bring_up_to_date(connection: Connection) -> None:
    """
    Run the migrations that are missing, within the caller's transaction.

    Two processes that start at the same time take turns: SQLite locks the file, PostgreSQL a number.

    Raises:
        StoreError: The tables were made by a newer version.
    """
    if _current(connection) == NEWEST:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _POSTGRES_LOCK})
    current = _current(connection)
    if current == NEWEST:
        return
    if current is not None and current not in known_revisions():
        raise StoreError(
            f"the database has tables of revision {current}, which this version does not know: "
            "start the newer version of Vivavoce that made them, or use another database"
        )
    _upgrade(connection)
    _log.info("database tables brought from revision %s to %s", current or "none", NEWEST)


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _upgrade(connection: Connection) -> None:
    # Alembic takes a quarter of a second to import.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
