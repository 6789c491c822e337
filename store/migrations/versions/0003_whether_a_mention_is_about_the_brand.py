"""whether a mention is about the brand, and what the brand does."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.add_column("brands", sa.Column("description", sa.Text(), nullable=True))
    with op.batch_alter_table("mention_brands") as batch_op:
        batch_op.add_column(sa.Column("relevance", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("rejected", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("decided_by", sa.String(length=12), nullable=True))
        batch_op.add_column(sa.Column("reason", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("judged_as", sa.String(length=16), nullable=True))
        batch_op.create_check_constraint(
            op.f("ck_mention_brands_decided_by"), "decided_by IN ('score', 'exclusion', 'name', 'user')"
        )
        batch_op.create_check_constraint(op.f("ck_mention_brands_relevance"), "relevance BETWEEN 0 AND 1")
    op.create_index(
        "ix_mention_brands_rejected",
        "mention_brands",
        ["brand_id"],
        sqlite_where=sa.text("rejected = 1"),
        postgresql_where=sa.text("rejected"),
    )
