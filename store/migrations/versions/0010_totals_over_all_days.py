"""the rollups of dimensions and sentiment added up over all days."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEY = ["brand_id", "source_id", "language", "model_version_id"]
TABLES = (
    ("dimension", [("touchpoint", 20), ("dimension", 50)], ["mentions", "praise", "pain", "neutral"]),
    (
        "sentiment",
        [("measure", 20), ("touchpoint", 20)],
        ["mentions", "positive", "negative", "neutral", "mixed", "sum_xx", "sum_yy", "sum_xy"],
    ),
)


def upgrade() -> None:
    for name, words, counts in TABLES:
        table = f"{name}_totals"
        keys = [*KEY, *(word for word, _ in words)]
        op.create_table(
            table,
            sa.Column("brand_id", ID, nullable=False),
            sa.Column("source_id", ID, nullable=False),
            sa.Column("language", sa.String(8), nullable=False),
            sa.Column("model_version_id", ID, nullable=False),
            *(sa.Column(word, sa.String(length), nullable=False) for word, length in words),
            *(sa.Column(count, sa.Integer(), nullable=False) for count in counts),
            sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=f"fk_{table}_brand_id", ondelete="CASCADE"),
            sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=f"fk_{table}_source_id", ondelete="CASCADE"),
            sa.ForeignKeyConstraint(["model_version_id"], ["model_versions.id"], name=f"fk_{table}_model_version_id"),
            sa.PrimaryKeyConstraint(*keys, name=f"pk_{table}"),
            sqlite_with_rowid=False,
        )
        sums = ", ".join(f"SUM({count})" for count in counts)
        # What is counted already: the rollups of an older store.
        op.execute(
            f"INSERT INTO {table} ({', '.join(keys + counts)}) "
            f"SELECT {', '.join(keys)}, {sums} FROM {name}_rollups GROUP BY {', '.join(keys)}"
        )
