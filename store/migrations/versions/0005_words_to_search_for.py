"""the words of mentions, indexed for search."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from overheard.store.search import index_missing

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

ADDED = "INSERT INTO mention_search (rowid, words) VALUES (new.mention_id, new.words);"
REMOVED = "INSERT INTO mention_search (mention_search, rowid, words) VALUES ('delete', old.mention_id, old.words);"
TRIGGERS = {"added": ("INSERT", ADDED), "removed": ("DELETE", REMOVED), "changed": ("UPDATE", REMOVED + ADDED)}


def upgrade() -> None:
    op.create_table(
        "mention_words",
        sa.Column("mention_id", ID, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["mention_id"], ["mentions.id"], name=op.f("fk_mention_words_mention_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("mention_id", name=op.f("pk_mention_words")),
    )
    # All rows first: an index over rows that are there is built in a fraction of the time.
    index_missing(op.get_bind())
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE mention_search USING fts5(words, content='mention_words', "
            "content_rowid='mention_id', tokenize='ascii', columnsize=0)"
        )
        op.execute("INSERT INTO mention_search (mention_search) VALUES ('rebuild')")
        for name, (event, action) in TRIGGERS.items():
            op.execute(f"CREATE TRIGGER mention_words_{name} AFTER {event} ON mention_words BEGIN {action} END")
    else:
        op.execute(
            "ALTER TABLE mention_words ADD COLUMN vector tsvector NOT NULL "
            "GENERATED ALWAYS AS (to_tsvector('pg_catalog.simple', words)) STORED"
        )
        op.execute("CREATE INDEX ix_mention_words_vector ON mention_words USING gin (vector)")
