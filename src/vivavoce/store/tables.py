"""
The tables. A change here needs a migration in ``migrations/versions``; a test compares the two.

Moments are stored as whole microseconds since 1970, so that SQLite and PostgreSQL compare and sort them alike.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import JSON, BigInteger, Column, Dialect, Double, ForeignKey, Index, Integer, MetaData, Table, Text
from sqlalchemy.types import TypeDecorator

__all__ = ["Moment", "agents", "calls", "facts", "keys", "metadata", "tokens"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """A point in time: an aware ``datetime`` in Python, microseconds since 1970 in the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + value * _MICROSECOND


metadata = MetaData()

agents = Table(
    "agents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    # What the operator set, in the field names of wire-spec 2.3; defaults are filled in when it is read.
    Column("document", JSON, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("archived_at", Moment),
)

keys = Table(
    "keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    # The key itself is shown once and never stored.
    Column("digest", Text, nullable=False, unique=True),
    # Its first characters, so that people can tell keys apart.
    Column("prefix", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    Column("revoked_at", Moment),
)

tokens = Table(
    "tokens",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("agent_id", Text, ForeignKey("agents.id", ondelete="CASCADE"), nullable=False),
    Column("mode", Text, nullable=False),
    Column("variables", JSON, nullable=False),
    Column("formats", JSON, nullable=False),
    # The page that the token was made for; empty where any may use it.
    Column("origin", Text, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Index("tokens_by_expiry", "expires_at"),
)

calls = Table(
    "calls",
    metadata,
    Column("id", Text, primary_key=True),
    Column("session_id", Text, nullable=False),
    Column("agent_id", Text, ForeignKey("agents.id"), nullable=False),
    Column("mode", Text, nullable=False),
    Column("status", Text, nullable=False),
    # The server that holds the call, and until when it is taken to be alive unless it says so again.
    Column("owner", Text, nullable=False, server_default=""),
    Column("leased_until", Moment, nullable=False, server_default="0"),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("end_reason", Text, nullable=False),
    Column("variables", JSON, nullable=False),
    # The agent's document as the call used it.
    Column("agent", JSON, nullable=False),
    Column("voice", JSON, nullable=False),
    Column("model", Text, nullable=False),
    Column("recording", Text, nullable=False),
    # Relative to the folder of the recordings.
    Column("recording_path", Text, nullable=False),
    Index("calls_by_agent", "agent_id", "started_at"),
    Index("calls_by_start", "started_at"),
    Index("calls_by_end", "ended_at"),
    Index("calls_by_recording", "recording"),
)

facts = Table(
    "facts",
    metadata,
    Column("call_id", Text, ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    # Seconds since the session opened.
    Column("at", Double, nullable=False),
    # The name of the fact's class; ``body`` has its other fields.
    Column("kind", Text, nullable=False),
    Column("body", JSON, nullable=False),
)
