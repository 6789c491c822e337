"""alerts, on which channels they were told, and how far each brand is judged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "alerts",
        sa.Column("id", ID, nullable=False),
        sa.Column("brand_id", ID, nullable=False),
        sa.Column("model_version_id", ID, nullable=True),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("cause", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('spike', 'drop', 'theme', 'stale', 'target', 'sla')", name=op.f("ck_alerts_kind")),
        sa.CheckConstraint("state IN ('open', 'acked', 'snoozed', 'resolved')", name=op.f("ck_alerts_state")),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_alerts_brand_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["model_version_id"], ["model_versions.id"], name=op.f("fk_alerts_model_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("brand_id", "kind", "subject", "since", name=op.f("uq_alerts_brand_id_kind_subject_since")),
    )
    op.create_index(op.f("ix_alerts_state_brand_id"), "alerts", ["state", "brand_id"])
    op.create_table(
        "alert_deliveries",
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("channel", sa.String(20), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('sending', 'sent', 'failed')", name=op.f("ck_alert_deliveries_state")),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["alerts.id"], name=op.f("fk_alert_deliveries_alert_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alert_id", "channel", name=op.f("pk_alert_deliveries")),
    )
    op.create_table(
        "alert_nights",
        sa.Column("brand_id", ID, nullable=False),
        sa.Column("model_version_id", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("paused", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_alert_nights_brand_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["model_version_id"], ["model_versions.id"], name=op.f("fk_alert_nights_model_version_id")
        ),
        sa.PrimaryKeyConstraint("brand_id", name=op.f("pk_alert_nights")),
    )
