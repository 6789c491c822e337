"""Rollups: recompute the cells that changed, whole, from the mentions and opinions themselves.

A cell is a brand × source × day. Its rows are a pure function of the tables below them, so rolling up twice, or after
a kill, gives the same rows; the work is proportional to the cells that changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Column,
    ColumnElement,
    Date,
    Float,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Text,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from overheard.store.database import Store
from overheard.store.tables import (
    ANY,
    Brand,
    Classification,
    DimensionRollup,
    Mention,
    MentionBrand,
    MentionRollup,
    Opinion,
    OpinionDimension,
    SentimentRollup,
    SignalRollup,
    StaleCell,
    counts,
)
from overheard.store.themes import OUTSIDE, SIDED, ThemeOpinion, ThemeRollup

ROLLUPS = (MentionRollup, DimensionRollup, SentimentRollup, SignalRollup, ThemeRollup)
SENTIMENT = "sentiment"
"""The measure of `SentimentRollup` that counts the sentiment of sentences."""

DAYS_AT_ONCE = 100
"""Cells recomputed in one transaction: few enough that a writer never waits long, many enough to be fast."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What the rollups pool: the dimensions of each pillar, the pillar of general verdicts, the signals' names."""

    pillars: Mapping[str, tuple[str, ...]]
    general_verdicts: str
    signals: tuple[str, ...]


def roll_up(store: Store, measures: Measures, on_cells: Callable[[int], None] | None = None) -> int:
    """Recompute every stale cell, some in each transaction; return how many there were."""
    total = 0
    while True:
        with store.session() as session:
            cells = _next_cells(session)
            if cells:
                brand_id, source_id, days = cells
                _recompute(session, measures, brand_id, source_id, days)
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


_SCRATCH = MetaData()
_CELL = Table(
    "rollup_cell", _SCRATCH,
    *(Column(name, kind) for name, kind in (("brand_id", BigInteger), ("day", Date), ("source_id", BigInteger))),
    Column("language", String(8)), Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("rating", Float), prefixes=["TEMPORARY"],
)  # fmt: skip
"""The mentions of the cells at hand."""
_VOTES = Table(
    "rollup_votes", _SCRATCH,
    *(Column(name, kind) for name, kind in (("brand_id", BigInteger), ("day", Date), ("source_id", BigInteger))),
    Column("language", String(8)), Column("id", BigInteger), Column("model_version_id", BigInteger),
    Column("dimension", String(50)), Column("touchpoint", String(20)), Column("vote", Integer),
    prefixes=["TEMPORARY"],
)  # fmt: skip
"""One row per mention × version × dimension, and × touchpoint: its vote, −1, 0 or 1."""


def _recompute(session: Session, measures: Measures, brand_id: int, source_id: int, days: Sequence[date]) -> None:
    for table in (*ROLLUPS, StaleCell):
        session.execute(
            delete(table).where(table.brand_id == brand_id, table.source_id == source_id, table.day.in_(days))
        )
    connection = session.connection()
    _SCRATCH.create_all(connection, checkfirst=False)
    # Written out first: as subqueries the planner would go through the brand's other mentions once for each rollup.
    _fill(session, _CELL, _cell_rows(brand_id, source_id, days))
    _fill(session, MentionRollup, _mention_rows())
    for by_touchpoint in (False, True):
        _fill(session, _VOTES, _vote_rows(by_touchpoint))
        _fill(session, SentimentRollup, _sentiment_rows(by_touchpoint))
    _fill(session, DimensionRollup, _dimension_rows())
    for pillar, dimensions in measures.pillars.items():
        _fill(session, SentimentRollup, _pillar_rows(pillar, dimensions, pillar == measures.general_verdicts))
    for signal in measures.signals:
        _fill(session, SignalRollup, _signal_rows(signal))
    _fill(session, ThemeRollup, _theme_rows())
    _SCRATCH.drop_all(connection, checkfirst=False)


def _cell_rows(brand_id: int, source_id: int, days: Sequence[date]) -> Select[*tuple[Any, ...]]:
    linked = exists().where(MentionBrand.mention_id == Mention.id, MentionBrand.brand_id == brand_id, counts())
    return select(
        literal(brand_id).label("brand_id"),
        Mention.day,
        Mention.source_id,
        Mention.language,
        Mention.id,
        Mention.rating,
    ).where(Mention.source_id == source_id, Mention.day.in_(days), linked)


def _fill(session: Session, table: Any, rows: Select[*tuple[Any, ...]]) -> None:
    session.execute(insert(table).from_select([str(column.key) for column in rows.selected_columns], rows))


def _key(cell: Any) -> list[Any]:
    return [cell.c.brand_id, cell.c.day, cell.c.source_id, cell.c.language]


def _total(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _integer(value: ColumnElement[Any], label: str) -> ColumnElement[Any]:
    return func.coalesce(func.sum(value), 0).label(label)


def _mention_rows() -> Select[Any]:
    cell = _CELL
    return select(
        *_key(cell),
        func.count().label("mentions"),
        func.count(cell.c.rating).label("rated"),
        func.coalesce(func.sum(cell.c.rating), 0.0).label("rating_sum"),
        func.coalesce(func.sum(cell.c.rating * cell.c.rating), 0.0).label("rating_squares"),
    ).group_by(*_key(cell))


def _vote_rows(by_touchpoint: bool) -> Select[Any]:
    touchpoint = Opinion.touchpoint if by_touchpoint else literal(ANY)
    positive = func.max(case((OpinionDimension.polarity == "positive", 1), else_=0))
    negative = func.max(case((OpinionDimension.polarity == "negative", 1), else_=0))
    # Hidden from the planner, which else begins with the index that quotes are found by.
    dimension = func.coalesce(OpinionDimension.dimension, OpinionDimension.dimension)
    keys = [*_key(_CELL), _CELL.c.id, Opinion.model_version_id]
    return (
        select(*keys, dimension.label("dimension"), touchpoint.label("touchpoint"), (positive - negative).label("vote"))
        .join(Opinion, Opinion.mention_id == _CELL.c.id)
        .join(OpinionDimension, OpinionDimension.opinion_id == Opinion.id)
        .group_by(*keys, OpinionDimension.dimension, *([Opinion.touchpoint] if by_touchpoint else []))
    )


def _dimension_rows() -> Select[Any]:
    votes = _VOTES
    keys = [*_key(votes), votes.c.model_version_id, votes.c.touchpoint, votes.c.dimension]
    return select(
        *keys,
        func.count().label("mentions"),
        _total(votes.c.vote == 1).label("praise"),
        _total(votes.c.vote == -1).label("pain"),
        _total(votes.c.vote == 0).label("neutral"),
    ).group_by(*keys)


def _pooled(per_mention: CTE, measure: str) -> Select[Any]:
    """Sum per-mention counts p, n, neutral, mixed into the row of a measure."""
    p, n = per_mention.c.p, per_mention.c.n
    keys = [*_key(per_mention), per_mention.c.model_version_id]
    grouped = [*keys, per_mention.c.touchpoint]
    return select(
        *keys,
        literal(measure).label("measure"),
        per_mention.c.touchpoint,
        func.count().label("mentions"),
        _integer(p, "positive"),
        _integer(n, "negative"),
        _integer(per_mention.c.neutral, "neutral"),
        _integer(per_mention.c.mixed, "mixed"),
        _integer((p + n) * (p + n), "sum_xx"),
        _integer((p - n) * (p - n), "sum_yy"),
        _integer((p + n) * (p - n), "sum_xy"),
    ).group_by(*grouped)


def _sentiment_rows(by_touchpoint: bool) -> Select[Any]:
    """Sentences by sentiment; over all touchpoints, a mention that was analysed counts even without a sentence."""
    cell = _CELL
    touchpoint = Opinion.touchpoint if by_touchpoint else literal(ANY)
    keys = [*_key(cell), cell.c.id, Classification.model_version_id]
    joined = and_(Opinion.mention_id == cell.c.id, Opinion.model_version_id == Classification.model_version_id)
    per_mention = (
        select(
            *keys,
            touchpoint.label("touchpoint"),
            *(
                _total(Opinion.sentiment == word).label(label)
                for word, label in (("positive", "p"), ("negative", "n"), ("neutral", "neutral"), ("mixed", "mixed"))
            ),
        )
        .join(Classification, Classification.mention_id == cell.c.id)
        .join(Opinion, joined, isouter=not by_touchpoint)
        .where(Classification.status == "analysed")
        .group_by(*([*keys, Opinion.touchpoint] if by_touchpoint else keys))
        .cte("per_mention")
    )
    return _pooled(per_mention, SENTIMENT)


def _pillar_rows(pillar: str, dimensions: Sequence[str], general: bool) -> Select[Any]:
    """Pool the votes of a pillar's dimensions; a general verdict votes like one more dimension."""
    columns = [*_key(_VOTES), _VOTES.c.id, _VOTES.c.model_version_id, _VOTES.c.vote]
    pooled: Any = select(*columns).where(_VOTES.c.touchpoint == ANY, _VOTES.c.dimension.in_(dimensions))
    if general:
        pooled = union_all(pooled, _general_votes())
    pool = pooled.subquery("pool")
    keys = [*_key(pool), pool.c.id, pool.c.model_version_id]
    per_mention = (
        select(
            *keys,
            literal(ANY).label("touchpoint"),
            _total(pool.c.vote == 1).label("p"),
            _total(pool.c.vote == -1).label("n"),
            _total(pool.c.vote == 0).label("neutral"),
            literal(0).label("mixed"),
        )
        .group_by(*keys)
        .cte("per_mention")
    )
    return _pooled(per_mention, pillar)


def _general_votes() -> Select[Any]:
    """One vote per mention over its sentences that judge without naming a dimension."""
    cell = _CELL
    positive = func.max(case((Opinion.sentiment == "positive", 1), else_=0))
    negative = func.max(case((Opinion.sentiment == "negative", 1), else_=0))
    keys = [*_key(cell), cell.c.id, Opinion.model_version_id]
    named = select(OpinionDimension.opinion_id).where(OpinionDimension.opinion_id == Opinion.id).exists()
    return (
        select(*keys, (positive - negative).label("vote"))
        .join(Opinion, Opinion.mention_id == cell.c.id)
        .where(Opinion.sentiment.in_(("positive", "negative")), ~named)
        .group_by(*keys)
    )


def _signal_rows(signal: str) -> Select[Any]:
    cell = _CELL
    keys = [*_key(cell), Opinion.model_version_id]
    carries = cast(Opinion.signals, Text).like(f'%"{signal}"%')
    return (
        select(
            *keys,
            literal(signal).label("signal"),
            func.count(cell.c.id.distinct()).label("mentions"),
            func.count().label("opinions"),
        )
        .join(Opinion, Opinion.mention_id == cell.c.id)
        .where(carries)
        .group_by(*keys)
    )


def _theme_rows() -> Select[Any]:
    """Mentions and opinions per theme, and those in none, of the version that answers for the brand."""
    cell = _CELL
    theme = func.coalesce(ThemeOpinion.theme_id, OUTSIDE)
    dimension = func.coalesce(OpinionDimension.dimension, OpinionDimension.dimension)
    belongs = and_(
        ThemeOpinion.opinion_id == Opinion.id,
        ThemeOpinion.brand_id == cell.c.brand_id,
        ThemeOpinion.dimension == OpinionDimension.dimension,
    )
    answering = select(Brand.model_version_id).where(Brand.id == cell.c.brand_id).scalar_subquery()
    return (
        select(
            *_key(cell),
            dimension.label("dimension"),
            OpinionDimension.polarity.label("polarity"),
            theme.label("theme_id"),
            func.count(cell.c.id.distinct()).label("mentions"),
            func.count().label("opinions"),
        )
        .join(Opinion, Opinion.mention_id == cell.c.id)
        .join(OpinionDimension, OpinionDimension.opinion_id == Opinion.id)
        .join(ThemeOpinion, belongs, isouter=True)
        .where(Opinion.model_version_id == answering, OpinionDimension.polarity.in_(SIDED))
        .group_by(*_key(cell), OpinionDimension.dimension, OpinionDimension.polarity, theme)
    )
