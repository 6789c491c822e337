"""what the sentences of a mention say, in short, beside its classification."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SIGN = "CASE d.polarity WHEN 'positive' THEN '+' WHEN 'negative' THEN '-' ELSE '=' END"
SIGNALS = "CAST(o.signals AS TEXT)"
for character in '[]" ':
    SIGNALS = f"replace({SIGNALS}, '{character}', '')"


def upgrade() -> None:
    op.add_column("classifications", sa.Column("said", sa.Text(), nullable=False, server_default=""))
    listed = "group_concat" if op.get_bind().dialect.name == "sqlite" else "string_agg"
    votes = f"SELECT {listed}(d.dimension || {SIGN}, ',') FROM opinion_dimensions d WHERE d.opinion_id = o.id"
    word = f"o.touchpoint || '|' || o.sentiment || '|' || coalesce(({votes}), '') || '|' || {SIGNALS}"
    op.execute(
        f"UPDATE classifications SET said = coalesce((SELECT {listed}({word}, ' ') FROM opinions o "
        "WHERE o.mention_id = classifications.mention_id "
        "AND o.model_version_id = classifications.model_version_id), '') WHERE status = 'analysed'"
    )
