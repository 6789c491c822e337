"""The rollups added up over all days: what an answer about all time reads, and the bar that all brands set.

A brand's rollups grow with its days; their sums do not. They are kept in step by those who change rollups: what a cell
held is taken off, what it holds then is added, in the transaction that recomputes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ForeignKey, String, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from overheard.store.tables import Base, DimensionRollup, SentimentRollup


class _Sum:
    """The key of a rollup without its day."""

    __table_args__ = ({"sqlite_with_rowid": False},)

    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id", ondelete="CASCADE"), primary_key=True, sort_order=-4)
    source_id: Mapped[int] = mapped_column(
        ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True, sort_order=-3
    )
    language: Mapped[str] = mapped_column(String(8), primary_key=True, sort_order=-2)
    model_version_id: Mapped[int] = mapped_column(ForeignKey("model_versions.id"), primary_key=True, sort_order=-1)


class DimensionTotal(_Sum, Base):
    """`DimensionRollup` over all days."""

    __tablename__ = "dimension_totals"

    touchpoint: Mapped[str] = mapped_column(String(20), primary_key=True)
    dimension: Mapped[str] = mapped_column(String(50), primary_key=True)
    mentions: Mapped[int]
    praise: Mapped[int]
    pain: Mapped[int]
    neutral: Mapped[int]


class SentimentTotal(_Sum, Base):
    """`SentimentRollup` over all days."""

    __tablename__ = "sentiment_totals"

    measure: Mapped[str] = mapped_column(String(20), primary_key=True)
    touchpoint: Mapped[str] = mapped_column(String(20), primary_key=True)
    mentions: Mapped[int]
    positive: Mapped[int]
    negative: Mapped[int]
    neutral: Mapped[int]
    mixed: Mapped[int]
    sum_xx: Mapped[int]
    sum_yy: Mapped[int]
    sum_xy: Mapped[int]


TOTALS: tuple[tuple[Any, Any], ...] = ((DimensionTotal, DimensionRollup), (SentimentTotal, SentimentRollup))
"""Each table of sums with the rollup that it sums."""


def take_off(session: Session, brand_id: int, source_id: int, days: Sequence[date]) -> None:
    """Take the rows that some cells hold off the sums, before these are recomputed."""
    _book(session, brand_id, source_id, days, -1)


def add_on(session: Session, brand_id: int, source_id: int, days: Sequence[date]) -> None:
    """Add the rows that some cells hold to the sums, after they were recomputed; sums of nothing are removed."""
    _book(session, brand_id, source_id, days, 1)
    for total, _ in TOTALS:
        empty = (total.brand_id == brand_id, total.source_id == source_id, total.mentions == 0)
        session.execute(delete(total).where(*empty))


def _book(session: Session, brand_id: int, source_id: int, days: Sequence[date], sign: int) -> None:
    dialect = session.get_bind().dialect.name
    insert: Any = sqlite.insert if dialect == "sqlite" else postgresql.insert
    for total, rollup in TOTALS:
        keys = [column.key for column in total.__table__.primary_key.columns]
        values = [column.key for column in total.__table__.columns if column.key not in keys]
        sums = [(sign * func.sum(getattr(rollup, name))).label(name) for name in values]
        rows = (
            select(*(getattr(rollup, name) for name in keys), *sums)
            .where(rollup.brand_id == brand_id, rollup.source_id == source_id, rollup.day.in_(days))
            .group_by(*(getattr(rollup, name) for name in keys))
        )
        booked = insert(total).from_select([*keys, *values], rows)
        changed = {name: getattr(total, name) + booked.excluded[name] for name in values}
        session.execute(booked.on_conflict_do_update(index_elements=keys, set_=changed))
