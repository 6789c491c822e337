"""Readings: which mentions a model version has not read yet, what it read, and which version answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from overheard.store.mentions import mark_stale
from overheard.store.said import word_of
from overheard.store.tables import (
    Brand,
    Classification,
    Mention,
    MentionBrand,
    ModelVersion,
    Opinion,
    OpinionDimension,
)


@dataclass(frozen=True, slots=True)
class OpinionDraft:
    """One sentence as read: fields as in `Opinion`; `dimensions` maps a name to (polarity, score)."""

    field: str
    start: int
    end: int
    sentiment: str
    sentiment_score: float
    touchpoint: str
    signals: list[str]
    dimensions: Mapping[str, tuple[str, float]]

    @property
    def word(self) -> str:
        """What it says, in short."""
        polarities = {name: polarity for name, (polarity, _) in self.dimensions.items()}
        return word_of(self.touchpoint, self.sentiment, polarities, self.signals)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model version made of one mention as it stood under `content_hash`; fields as in `Classification`."""

    mention_id: int
    content_hash: str
    status: str
    sentiment: str | None = None
    strength: float | None = None
    opinions: Sequence[OpinionDraft] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Unread:
    """A mention to be read."""

    id: int
    content_hash: str
    language: str
    title: str | None
    text: str


def version_id(session: Session, name: str) -> int:
    """Return the id of a model version, made when it is new."""
    found = session.scalar(select(ModelVersion.id).where(ModelVersion.name == name))
    if found is not None:
        return found
    version = ModelVersion(name=name, created_at=datetime.now(UTC))
    session.add(version)
    session.flush()
    return version.id


def _unread(version: int) -> Select[Any]:
    """Select what a version has not read, without what every brand that it was found for rejects."""
    read = exists().where(Classification.mention_id == Mention.id, Classification.model_version_id == version)
    found = exists().where(MentionBrand.mention_id == Mention.id)
    return select(Mention).where(~read, or_(found.where(~MentionBrand.rejected), ~found))


def count_unread(session: Session, version: int) -> int:
    """Return how many mentions a version has not read."""
    return session.scalar(select(func.count()).select_from(_unread(version).subquery())) or 0


def unread(session: Session, version: int, *, after: int, limit: int) -> list[Unread]:
    """Return up to `limit` mentions that a version has not read, with ids above `after`, by id."""
    statement = _unread(version).where(Mention.id > after).order_by(Mention.id).limit(limit)
    wanted = (Mention.id, Mention.content_hash, Mention.language, Mention.title, Mention.text)
    return [Unread(*row) for row in session.execute(statement.with_only_columns(*wanted))]


def save(session: Session, version: int, readings: Sequence[Reading]) -> int:
    """Store readings and mark the rollup cells that they touch; return how many were stored.

    A mention that was edited or removed while it was read is left out: it stays unread.
    """
    ids = [reading.mention_id for reading in readings]
    # Locked where the database locks rows, so that no edit comes between this look and the commit.
    now = session.execute(select(Mention.id, Mention.content_hash).where(Mention.id.in_(ids)).with_for_update()).all()
    as_read = set(map(tuple, now))
    readings = [reading for reading in readings if (reading.mention_id, reading.content_hash) in as_read]
    if not readings:
        return 0
    session.execute(
        insert(Classification),
        [
            {
                "mention_id": reading.mention_id,
                "model_version_id": version,
                "status": reading.status,
                "sentiment": reading.sentiment,
                "strength": reading.strength,
                "said": " ".join(draft.word for draft in reading.opinions),
            }
            for reading in readings
        ],
    )
    _save_opinions(session, version, readings)
    ids = [reading.mention_id for reading in readings]
    cells = select(MentionBrand.brand_id, Mention.source_id, Mention.day).join(
        Mention, Mention.id == MentionBrand.mention_id
    )
    mark_stale(session, session.execute(cells.where(Mention.id.in_(ids)).distinct()))
    return len(readings)


def _save_opinions(session: Session, version: int, readings: Sequence[Reading]) -> None:
    drafts = [
        (reading.mention_id, position, draft) for reading in readings for position, draft in enumerate(reading.opinions)
    ]
    if not drafts:
        return
    rows = [
        {
            "mention_id": mention,
            "model_version_id": version,
            "position": position,
            "field": draft.field,
            "start": draft.start,
            "end": draft.end,
            "sentiment": draft.sentiment,
            "sentiment_score": draft.sentiment_score,
            "touchpoint": draft.touchpoint,
            "signals": draft.signals,
        }
        for mention, position, draft in drafts
    ]
    session.execute(insert(Opinion), rows)
    # Asked for afterwards: SQLite returns ids in the order of rows only where each is inserted by itself.
    place = (Opinion.mention_id, Opinion.position)
    made = select(*place, Opinion.id).where(
        Opinion.model_version_id == version, Opinion.mention_id.in_({mention for mention, _, _ in drafts})
    )
    ids = {(mention, position): opinion for mention, position, opinion in session.execute(made)}
    dimensions = [
        {"opinion_id": ids[mention, position], "dimension": name, "polarity": polarity, "score": score}
        for mention, position, draft in drafts
        for name, (polarity, score) in draft.dimensions.items()
    ]
    if dimensions:
        session.execute(insert(OpinionDimension), dimensions)


def let_answer(session: Session, version: int) -> list[str]:
    """Make a version the one that answers for every brand that it has read in full; return the brands' names.

    A brand that no version answers for yet gets this one with its first reading: a first answer need not wait.
    """
    read = exists().where(Classification.mention_id == Mention.id, Classification.model_version_id == version)
    gap = exists().where(
        and_(MentionBrand.brand_id == Brand.id, ~MentionBrand.rejected, MentionBrand.mention_id == Mention.id, ~read)
    )
    begun = exists().where(and_(MentionBrand.brand_id == Brand.id, MentionBrand.mention_id == Mention.id, read))
    brands = select(Brand.id, Brand.name).where(
        Brand.model_version_id.is_distinct_from(version), or_(and_(Brand.model_version_id.is_(None), begun), ~gap)
    )
    found = session.execute(brands.order_by(Brand.key)).all()
    if found:
        session.execute(update(Brand).where(Brand.id.in_([row.id for row in found])).values(model_version_id=version))
    return [row.name for row in found]
