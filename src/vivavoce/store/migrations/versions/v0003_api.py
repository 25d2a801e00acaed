"""What the API needs: figures and analytics of calls, things to do after them, webhooks, settings."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns and the tables; calls that are over have changed last when they ended."""
    op.add_column("agents", sa.Column("alias", sa.Text))
    op.create_index("agents_by_alias", "agents", ["alias"], unique=True)
    op.add_column("agents", sa.Column("total_calls", sa.Integer, nullable=False, server_default="0"))
    op.execute("UPDATE agents SET total_calls = (SELECT count(*) FROM calls WHERE calls.agent_id = agents.id)")
    op.create_index("agents_by_calls", "agents", ["total_calls"])
    op.add_column("calls", sa.Column("updated_at", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("calls", sa.Column("duration_ms", sa.Integer))
    op.add_column("calls", sa.Column("avg_latency_ms", sa.Integer))
    op.add_column("calls", sa.Column("figures", sa.JSON))
    op.add_column("calls", sa.Column("analytics", sa.JSON))
    op.execute("UPDATE calls SET updated_at = COALESCE(ended_at, started_at)")
    op.execute("UPDATE calls SET duration_ms = (ended_at - started_at) / 1000 WHERE ended_at IS NOT NULL")
    op.drop_index("calls_by_agent", "calls")
    op.drop_index("calls_by_start", "calls")
    listed = ["mode", "status", "end_reason", "duration_ms", "avg_latency_ms"]
    op.create_index("calls_by_agent", "calls", ["agent_id", "updated_at", "id", "started_at", *listed])
    op.create_index("calls_by_start", "calls", ["started_at", "id", "updated_at", "agent_id", *listed])
    # Nobody is going to analyse them any more, and nobody is to wait for it.
    op.execute(
        """
        UPDATE calls SET analytics = '{"state":"missing","reason":"The call is older than the analysis of calls."}'
        WHERE ended_at IS NOT NULL
        """
    )
    op.create_index("calls_by_update", "calls", ["updated_at", "id", "started_at", "agent_id", *listed])
    op.create_table(
        "after_calls",
        sa.Column("call_id", sa.Text, sa.ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("step", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
    )
    op.create_index("after_calls_by_due", "after_calls", ["due_at"])
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("url", sa.Text, nullable=False, unique=True),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("headers", sa.JSON, nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("webhook_id", sa.Text, sa.ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
        sa.Column("agent_id", sa.Text, sa.ForeignKey("agents.id", ondelete="CASCADE"), nullable=False),
        sa.Column("event_type", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
    )
    op.create_index("subscriptions_by_agent", "subscriptions", ["agent_id", "event_type"])
    op.create_index("subscriptions_by_webhook", "subscriptions", ["webhook_id"])
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("webhook_id", sa.Text, sa.ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
        sa.Column("agent_id", sa.Text, nullable=False),
        sa.Column("call_id", sa.Text, nullable=False),
        sa.Column("event_type", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("answer_status", sa.Integer, nullable=False),
        sa.Column("fault", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("done_at", sa.BigInteger),
    )
    op.create_index("deliveries_by_due", "deliveries", ["state", "due_at", "webhook_id"])
    op.create_index("deliveries_by_webhook", "deliveries", ["webhook_id", "created_at"])
    op.create_index("deliveries_once", "deliveries", ["webhook_id", "call_id", "event_type"], unique=True)
    op.create_table(
        "settings",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("settings", "deliveries", "subscriptions", "webhooks", "after_calls"):
        op.drop_table(table)
    for index in ("calls_by_update", "calls_by_start", "calls_by_agent"):
        op.drop_index(index, "calls")
    op.create_index("calls_by_agent", "calls", ["agent_id", "started_at"])
    op.create_index("calls_by_start", "calls", ["started_at"])
    for column in ("analytics", "figures", "avg_latency_ms", "duration_ms", "updated_at"):
        op.drop_column("calls", column)
    op.drop_index("agents_by_calls", "agents")
    op.drop_column("agents", "total_calls")
    op.drop_index("agents_by_alias", "agents")
    op.drop_column("agents", "alias")
