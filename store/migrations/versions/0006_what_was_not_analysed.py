"""what a model version did not analyse is found without looking at all that it did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

UNREAD = sa.text("status = 'not_analysed'")


def upgrade() -> None:
    op.create_index(
        "ix_classifications_not_analysed",
        "classifications",
        ["model_version_id", "mention_id"],
        sqlite_where=UNREAD,
        postgresql_where=UNREAD,
    )
