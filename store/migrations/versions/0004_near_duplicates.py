"""which mentions are near-duplicates of which, and by what they are found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COPIES = sa.text("duplicate_of IS NOT NULL")


def upgrade() -> None:

    with op.batch_alter_table("mention_brands") as batch_op:
        batch_op.add_column(sa.Column("duplicate_of", ID, nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_mention_brands_duplicate_of"), "mentions", ["duplicate_of"], ["id"], ondelete="SET NULL"
        )
    op.create_index(
        "ix_mention_brands_duplicate_of",
        "mention_brands",
        ["duplicate_of", "brand_id"],
        sqlite_where=COPIES,
        postgresql_where=COPIES,
    )
    op.create_table(
        "fingerprints",
        sa.Column("mention_id", ID, nullable=False),
        sa.Column("key", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["mention_id"], ["mentions.id"], name=op.f("fk_fingerprints_mention_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mention_id", name=op.f("pk_fingerprints")),
    )
    op.create_index(op.f("ix_fingerprints_key"), "fingerprints", ["key"])
    op.create_table(
        "text_bands",
        sa.Column("band", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("band", "key", name=op.f("pk_text_bands")),
        sqlite_with_rowid=False,
    )
