"""Rollups: recompute the cells that changed, whole, from the mentions and opinions themselves.

A cell is a brand × source × day. Its rows are a pure function of the tables below them, so rolling up twice, or after
a kill, gives the same rows; the work is proportional to the cells that changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, delete, func, insert, literal, select
from sqlalchemy.orm import Session

from overheard.store import totals
from overheard.store.database import Store
from overheard.store.tables import (
    Brand,
    DimensionRollup,
    Mention,
    MentionRollup,
    Opinion,
    OpinionDimension,
    SentimentRollup,
    SignalRollup,
    StaleCell,
)
from overheard.store.themes import OUTSIDE, SIDED, ThemeOpinion, ThemeRollup

ROLLUPS: tuple[Any, ...] = (MentionRollup, DimensionRollup, SentimentRollup, SignalRollup)
"""What is counted in the sentences of mentions; the rollup of themes has what they were grouped into."""

DAYS_AT_ONCE = 100
"""Cells recomputed in one transaction: few enough that a writer never waits long, many enough to be fast."""


def roll_up(store: Store, on_cells: Callable[[int], None] | None = None) -> int:
    """Recompute every stale cell, some in each transaction; return how many there were."""
    total = 0
    while True:
        with store.session() as session:
            cells = _next_cells(session)
            if cells:
                brand_id, source_id, days = cells
                _recompute(session, brand_id, source_id, days)
        if not cells:
            return total
        total += len(days)
        if on_cells:
            on_cells(len(days))


def _next_cells(session: Session) -> tuple[int, int, list[date]] | None:
    first = session.execute(select(StaleCell.brand_id, StaleCell.source_id).limit(1)).first()
    if first is None:
        return None
    same = and_(StaleCell.brand_id == first.brand_id, StaleCell.source_id == first.source_id)
    days = session.scalars(select(StaleCell.day).where(same).order_by(StaleCell.day).limit(DAYS_AT_ONCE))
    return first.brand_id, first.source_id, list(days)


def _recompute(session: Session, brand_id: int, source_id: int, days: Sequence[date]) -> None:
    from overheard.store import digests
    from overheard.store.counting import Counting

    # One at a time, where the database locks rows: what another takes off the totals meanwhile would stay in them.
    session.execute(select(Brand.id).where(Brand.id == brand_id).with_for_update(key_share=True))
    totals.take_off(session, brand_id, source_id, days)
    for table in (*ROLLUPS, ThemeRollup, digests.Digest, StaleCell):
        session.execute(
            delete(table).where(table.brand_id == brand_id, table.source_id == source_id, table.day.in_(days))
        )
    in_cells = and_(Mention.source_id == source_id, Mention.day.in_(days))
    counting = Counting.of(digests.write(session.connection(), brand_id, in_cells))
    for rollup in ROLLUPS:
        rows = [{"brand_id": brand_id, **row} for row in counting.rows(rollup)]
        if rows:
            session.connection().execute(insert(rollup.__table__), rows)
    themes = _theme_rows(brand_id).where(in_cells, digests.linked(brand_id))
    session.execute(insert(ThemeRollup).from_select([str(column.key) for column in themes.selected_columns], themes))
    totals.add_on(session, brand_id, source_id, days)


def _theme_rows(brand_id: int) -> Select[*tuple[Any, ...]]:
    """Mentions and opinions per theme, and those in none, of the version that answers for the brand."""
    theme = func.coalesce(ThemeOpinion.theme_id, OUTSIDE)
    belongs = and_(
        ThemeOpinion.opinion_id == Opinion.id,
        ThemeOpinion.brand_id == brand_id,
        ThemeOpinion.dimension == OpinionDimension.dimension,
    )
    answering = select(Brand.model_version_id).where(Brand.id == brand_id).scalar_subquery()
    cell = (Mention.day, Mention.source_id, Mention.language)
    keys = (*cell, OpinionDimension.dimension, OpinionDimension.polarity)
    return (
        select(
            literal(brand_id).label("brand_id"),
            *keys,
            theme.label("theme_id"),
            func.count(Mention.id.distinct()).label("mentions"),
            func.count().label("opinions"),
        )
        .select_from(Mention)
        .join(Opinion, and_(Opinion.mention_id == Mention.id, Opinion.model_version_id == answering))
        .join(OpinionDimension, OpinionDimension.opinion_id == Opinion.id)
        .join(ThemeOpinion, belongs, isouter=True)
        # Hidden from the planner, which else begins with the index that quotes are found by.
        .where(func.coalesce(OpinionDimension.polarity, "").in_(SIDED))
        .group_by(*keys, theme)
    )
