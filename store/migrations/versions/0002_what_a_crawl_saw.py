"""what a crawl saw, and what it left to the next."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:

    with op.batch_alter_table("crawls") as batch_op:
        batch_op.add_column(sa.Column("repeated", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("claimed", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("oldest", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("newest", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("complete", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("rest", sa.JSON(), nullable=True))
        batch_op.drop_constraint(op.f("ck_crawls_outcome"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_crawls_outcome"),
            "outcome IN ('running', 'ok', 'empty', 'blocked', 'layout_changed', 'loop', 'drop', 'stale', 'failed', "
            "'interrupted')",
        )
