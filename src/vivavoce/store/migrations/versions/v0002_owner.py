"""Say which server holds a call, and until when."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns; a call of an older version is held by nobody."""
    op.add_column("calls", sa.Column("owner", sa.Text, nullable=False, server_default=""))
    op.add_column("calls", sa.Column("leased_until", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("calls_by_recording", "calls", ["recording"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("calls_by_recording", "calls")
    op.drop_column("calls", "leased_until")
    op.drop_column("calls", "owner")
