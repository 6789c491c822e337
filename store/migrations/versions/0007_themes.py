"""themes: what opinions are about as vectors, the themes that they form, and what became of these."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "opinion_vectors",
        sa.Column("opinion_id", ID, nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        _reference("opinion_vectors", "opinion_id", "opinions"),
        sa.PrimaryKeyConstraint("opinion_id", name=op.f("pk_opinion_vectors")),
    )
    op.create_table(
        "theme_sides",
        sa.Column("brand_id", ID, nullable=False),
        sa.Column("dimension", sa.String(50), nullable=False),
        sa.Column("polarity", sa.String(8), nullable=False),
        sa.Column("opinions", sa.Integer(), nullable=False),
        sa.Column("loose", sa.Integer(), nullable=False),
        sa.Column("middle", sa.LargeBinary(), nullable=True),
        _reference("theme_sides", "brand_id", "brands"),
        sa.PrimaryKeyConstraint("brand_id", "dimension", "polarity", name=op.f("pk_theme_sides")),
    )
    op.create_table(
        "themes",
        sa.Column("id", ID, nullable=False),
        sa.Column("brand_id", ID, nullable=False),
        sa.Column("model_version_id", ID, nullable=False),
        sa.Column("dimension", sa.String(50), nullable=False),
        sa.Column("polarity", sa.String(8), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("named_by", sa.String(4), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("keyphrases", sa.JSON(), nullable=False),
        sa.Column("centroid", sa.LargeBinary(), nullable=False),
        sa.Column("opinions", sa.Integer(), nullable=False),
        sa.Column("settled", sa.Integer(), nullable=False),
        sa.Column("born", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_into", ID, nullable=True),
        sa.CheckConstraint("polarity IN ('positive', 'negative')", name=op.f("ck_themes_polarity")),
        sa.CheckConstraint("named_by IN ('auto', 'user')", name=op.f("ck_themes_named_by")),
        _reference("themes", "brand_id", "brands"),
        sa.ForeignKeyConstraint(["model_version_id"], ["model_versions.id"], name=op.f("fk_themes_model_version_id")),
        _reference("themes", "merged_into", "themes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_themes")),
    )
    op.create_index(op.f("ix_themes_brand_id_dimension_polarity"), "themes", ["brand_id", "dimension", "polarity"])
    op.create_table(
        "theme_opinions",
        sa.Column("opinion_id", ID, nullable=False),
        sa.Column("brand_id", ID, nullable=False),
        sa.Column("dimension", sa.String(50), nullable=False),
        sa.Column("theme_id", ID, nullable=False),
        sa.Column("similarity", sa.Double(), nullable=False),
        _reference("theme_opinions", "opinion_id", "opinions"),
        _reference("theme_opinions", "brand_id", "brands"),
        _reference("theme_opinions", "theme_id", "themes"),
        sa.PrimaryKeyConstraint("opinion_id", "brand_id", "dimension", name=op.f("pk_theme_opinions")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_theme_opinions_theme_id_similarity"), "theme_opinions", ["theme_id", "similarity"])
    op.create_table(
        "theme_log",
        sa.Column("id", ID, nullable=False),
        sa.Column("brand_id", ID, nullable=False),
        sa.Column("theme_id", ID, nullable=False),
        sa.Column("other_id", ID, nullable=True),
        sa.Column("event", sa.String(10), nullable=False),
        sa.Column("by", sa.String(4), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "event IN ('found', 'merged', 'split', 'renamed', 'pinned', 'unpinned', 'ended')",
            name=op.f("ck_theme_log_event"),
        ),
        sa.CheckConstraint("by IN ('auto', 'user')", name=op.f("ck_theme_log_by")),
        _reference("theme_log", "brand_id", "brands"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_theme_log")),
    )
    op.create_index(op.f("ix_theme_log_brand_id_id"), "theme_log", ["brand_id", "id"])
    op.create_table(
        "theme_rollups",
        sa.Column("brand_id", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("dimension", sa.String(50), nullable=False),
        sa.Column("polarity", sa.String(8), nullable=False),
        sa.Column("theme_id", ID, autoincrement=False, nullable=False),
        sa.Column("mentions", sa.Integer(), nullable=False),
        sa.Column("opinions", sa.Integer(), nullable=False),
        _reference("theme_rollups", "brand_id", "brands"),
        _reference("theme_rollups", "source_id", "sources"),
        sa.PrimaryKeyConstraint(
            "brand_id", "day", "source_id", "language", "dimension", "polarity", "theme_id",
            name=op.f("pk_theme_rollups"),
        ),
        sqlite_with_rowid=False,
    )  # fmt: skip
