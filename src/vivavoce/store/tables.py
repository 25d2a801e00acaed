"""
The tables. A change here needs a migration in ``migrations/versions``; a test compares the two.

Moments are stored as whole microseconds since 1970, so that SQLite and PostgreSQL compare and sort them alike.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import JSON, BigInteger, Column, Dialect, Double, ForeignKey, Index, Integer, MetaData, Table, Text
from sqlalchemy.types import TypeDecorator

__all__ = [
    "Moment",
    "after_calls",
    "agents",
    "calls",
    "deliveries",
    "facts",
    "keys",
    "knowledge",
    "metadata",
    "microseconds",
    "refusals",
    "sessions",
    "settings",
    "sign_in_links",
    "subscriptions",
    "tokens",
    "users",
    "webhooks",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """A point in time as it is stored: whole microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


class Moment(TypeDecorator[datetime]):
    """A point in time: an aware ``datetime`` in Python, microseconds since 1970 in the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + value * _MICROSECOND


metadata = MetaData()
# What calls are filtered and ordered by, next to the columns that the indexes begin with.
_LISTED = ("mode", "status", "end_reason", "duration_ms", "avg_latency_ms")

agents = Table(
    "agents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    # What the operator set, in the field names of wire-spec 2.3; defaults are filled in when it is read.
    Column("document", JSON, nullable=False),
    # Another id by which pages know the agent, such as the UUID of a Synthflow assistant.
    Column("alias", Text),
    # Calls that the agent has had: counted when they begin, because lists show and sort by it.
    Column("total_calls", Integer, nullable=False, server_default="0"),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("archived_at", Moment),
    Index("agents_by_alias", "alias", unique=True),
    Index("agents_by_calls", "total_calls"),
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
    # Who may use it, for the limits of public pages: a digest that says nothing of him; empty for callers with a key.
    Column("visitor", Text, nullable=False, server_default=""),
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
    # As in ``tokens``: empty for calls that no public page began.
    Column("visitor", Text, nullable=False, server_default=""),
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
    # When anything above or below last changed.
    Column("updated_at", Moment, nullable=False, server_default="0"),
    # How long the call lasted, and how long answers took on average; null while it runs, or nothing was answered.
    Column("duration_ms", Integer),
    Column("avg_latency_ms", Integer),
    # The figures of the call, computed when it is over (see ``analytics``), and what a model made of it.
    Column("figures", JSON(none_as_null=True)),
    Column("analytics", JSON(none_as_null=True)),
    # These three hold all that lists can be filtered and ordered by, so that looking for calls reads no row.
    Index("calls_by_agent", "agent_id", "updated_at", "id", "started_at", *_LISTED),
    Index("calls_by_start", "started_at", "id", "updated_at", "agent_id", *_LISTED),
    Index("calls_by_update", "updated_at", "id", "started_at", "agent_id", *_LISTED),
    Index("calls_by_end", "ended_at"),
    Index("calls_by_recording", "recording"),
    # What the limits of public pages count.
    Index("calls_by_visitor", "agent_id", "visitor", "started_at"),
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

# What is still to be done for calls that are over: a row each, gone when all is done.
after_calls = Table(
    "after_calls",
    metadata,
    Column("call_id", Text, ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    # The next thing to do.
    Column("step", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Index("after_calls_by_due", "due_at"),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    Column("description", Text, nullable=False),
    Column("status", Text, nullable=False),
    # Sent along with every delivery.
    Column("headers", JSON, nullable=False),
    # With which deliveries are signed; receivers need it, so it is shown again.
    Column("secret", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("webhook_id", Text, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("agent_id", Text, ForeignKey("agents.id", ondelete="CASCADE"), nullable=False),
    Column("event_type", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("subscriptions_by_agent", "agent_id", "event_type"),
    Index("subscriptions_by_webhook", "webhook_id"),
)

# Events on their way to webhooks, and the log of those that arrived or were given up.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("webhook_id", Text, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("agent_id", Text, nullable=False),
    Column("call_id", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    # The body, byte for byte: every attempt sends the same.
    Column("body", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    # Of the last attempt: the status that came back, or 0, and what went wrong.
    Column("answer_status", Integer, nullable=False),
    Column("fault", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("done_at", Moment),
    # The webhook too, so that those that are left alone are passed over without looking at their rows.
    Index("deliveries_by_due", "state", "due_at", "webhook_id"),
    Index("deliveries_by_webhook", "webhook_id", "created_at"),
    # One delivery of an event of a call to a webhook, however often it is announced.
    Index("deliveries_once", "webhook_id", "call_id", "event_type", unique=True),
)

# What the operator set by the API about the server itself, by name.
settings = Table(
    "settings",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", JSON, nullable=False),
)

# Who may use the console.
users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    # With which he signs in; compared without regard to upper and lower case, so stored in lower case.
    Column("name", Text, nullable=False, unique=True),
    # ``admin`` or ``viewer``.
    Column("role", Text, nullable=False),
    # An Argon2 hash; empty for one who has set no password yet.
    Column("password", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_seen_at", Moment),
)

# Browsers that are signed in to the console.
sessions = Table(
    "sessions",
    metadata,
    # Of the cookie.
    Column("digest", Text, primary_key=True),
    # Null for one who signed in with an API key.
    Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE")),
    Column("key_id", Text, ForeignKey("keys.id", ondelete="CASCADE")),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Index("sessions_by_expiry", "expires_at"),
    Index("sessions_by_user", "user_id"),
)

# Addresses that sign a user in once: the first start prints one, and an admin gives one to a new user.
sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
)

# What agents know beyond their prompt, piece by piece.
knowledge = Table(
    "knowledge",
    metadata,
    Column("id", Text, primary_key=True),
    Column("agent_id", Text, ForeignKey("agents.id", ondelete="CASCADE"), nullable=False),
    # ``text``, ``file`` or ``answer``: a question with its answer.
    Column("kind", Text, nullable=False),
    # A heading, the file's name, or the question.
    Column("title", Text, nullable=False),
    # As text, whatever the file was.
    Column("content", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("knowledge_by_agent", "agent_id", "created_at"),
)

# Requests of public pages that were refused: a row for each kind, visitor and day, so that a flood stays small.
refusals = Table(
    "refusals",
    metadata,
    Column("agent_id", Text, ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True),
    # Days since 1970, in UTC.
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("reason", Text, primary_key=True),
    Column("origin", Text, primary_key=True),
    Column("visitor", Text, primary_key=True),
    Column("times", Integer, nullable=False),
    Column("last_at", Moment, nullable=False),
    Index("refusals_by_time", "last_at"),
)
