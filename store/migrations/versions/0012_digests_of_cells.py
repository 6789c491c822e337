"""what the mentions of a cell say, packed, so that searches are counted in a moment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from overheard.store.digests import write_missing

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "said_words",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_said_words"),
        sa.UniqueConstraint("word", name="uq_said_words_word"),
    )
    op.create_table(
        "digests",
        sa.Column("brand_id", ID, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("readings", sa.LargeBinary(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name="fk_digests_brand_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name="fk_digests_source_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("brand_id", "source_id", "day", name="pk_digests"),
        sqlite_with_rowid=False,
    )
    write_missing(op.get_bind())
