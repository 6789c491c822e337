"""what a team notes on mentions, what it aims at, what customers answered in surveys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "inbox_notes",
        sa.Column("id", ID, nullable=False),
        sa.Column("mention_id", ID, nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("noted_by", sa.String(length=100), nullable=True),
        sa.Column("noted_at", TIME, nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "status IN ('received', 'in_progress', 'waiting', 'answered', 'resolved', 'reopened')",
            name=op.f("ck_inbox_notes_status"),
        ),
        sa.ForeignKeyConstraint(
            ["mention_id"], ["mentions.id"], name=op.f("fk_inbox_notes_mention_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_notes")),
    )
    op.create_index(op.f("ix_inbox_notes_mention_id_id"), "inbox_notes", ["mention_id", "id"])
    op.create_index(op.f("ix_inbox_notes_author"), "inbox_notes", ["author"])
    op.create_table(
        "targets",
        sa.Column("id", ID, nullable=False),
        sa.Column("brand_id", ID, nullable=False),
        sa.Column("measure", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("set_at", TIME, nullable=False),
        sa.CheckConstraint(
            "measure IN ('net', 'dimension', 'touchpoint', 'index', 'stars', 'reply_rate', 'reply_time')",
            name=op.f("ck_targets_measure"),
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brands.id"], name=op.f("fk_targets_brand_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_targets")),
        sa.UniqueConstraint("brand_id", "measure", "name", name=op.f("uq_targets_brand_id_measure_name")),
    )
    op.create_table(
        "survey_answers",
        sa.Column("id", ID, nullable=False),
        sa.Column("brand_id", ID, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("mention_id", ID, nullable=True),
        sa.Column("external_id", sa.String(length=500), nullable=False),
        sa.Column("survey", sa.String(length=8), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("scale", sa.Double(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.CheckConstraint("survey IN ('nps', 'csat', 'ces')", name=op.f("ck_survey_answers_survey")),
        sa.ForeignKeyConstraint(
            ["brand_id"], ["brands.id"], name=op.f("fk_survey_answers_brand_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["mention_id"], ["mentions.id"], name=op.f("fk_survey_answers_mention_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_survey_answers_source_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_answers")),
        sa.UniqueConstraint(
            "source_id", "external_id", "survey", name=op.f("uq_survey_answers_source_id_external_id_survey")
        ),
    )
    op.create_index(op.f("ix_survey_answers_brand_id_survey_day"), "survey_answers", ["brand_id", "survey", "day"])
    op.create_index(op.f("ix_survey_answers_mention_id"), "survey_answers", ["mention_id"])
