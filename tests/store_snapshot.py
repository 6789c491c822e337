"""What a store says, apart from ids, fetch times and crawl rows: two stores that say the same compare equal."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from overheard.store.database import Store
from overheard.store.tables import (
    Brand,
    Classification,
    DimensionRollup,
    Fingerprint,
    Mention,
    MentionBrand,
    MentionRollup,
    MentionVersion,
    Opinion,
    OpinionDimension,
    SentimentRollup,
    SignalRollup,
    Source,
    StaleCell,
)

IGNORED = {"id", "source_id", "brand_id", "mention_id", "model_version_id", "opinion_id", "fetched", "vanished"} | {
    "duplicate_of"
}


def snapshot(url: str) -> dict[str, list[str]]:
    """Return the rows of each table that matters, their keys spelt out, sorted."""
    store = Store.open(url)
    with store.reading() as session:
        found = _tables(session)
    store.close()
    return {name: sorted(map(repr, rows)) for name, rows in found.items()}


def _tables(session: Session) -> dict[str, list[Any]]:
    sources = {row.id: (row.kind, row.target_key) for row in session.scalars(select(Source))}
    brands = {row.id: row.name for row in session.scalars(select(Brand))}
    mentions = {row.id: (*sources[row.source_id], row.external_id) for row in session.scalars(select(Mention))}
    opinions = {row.id: (mentions[row.mention_id], row.position) for row in session.scalars(select(Opinion))}
    owners: dict[str, dict[int | None, Any]] = {
        "source_id": sources, "brand_id": brands, "mention_id": mentions, "opinion_id": opinions,
        "duplicate_of": mentions | {None: None},
    }  # fmt: skip

    def rows(table: Any) -> list[Any]:
        names = [column.key for column in table.__table__.columns]
        keys = [name for name in owners if name in names]
        return [
            (
                tuple(owners[name][getattr(row, name)] for name in keys),
                {name: getattr(row, name) for name in names if name not in IGNORED},
            )
            for row in session.scalars(select(table))
        ]

    tables = (
        Mention, MentionVersion, MentionBrand, Fingerprint, Classification, Opinion, OpinionDimension,
        MentionRollup, DimensionRollup, SentimentRollup, SignalRollup, StaleCell,
    )  # fmt: skip
    return {table.__tablename__: rows(table) for table in tables}
