"""Rollups: recompute the cells that changed, whole, from the mentions and opinions themselves.

A cell is a brand × source × day. Its rows are a pure function of the tables below them, so rolling up twice, or after
a kill, gives the same rows; the work is proportional to the cells that changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
from sqlalchemy.orm import Session, aliased

from overheard.store import totals
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
    scratch = Scratch()
    while True:
        with store.session() as session:
            cells = _next_cells(session)
            if cells:
                brand_id, source_id, days = cells
                _recompute(session, scratch, measures, brand_id, source_id, days)
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


@dataclass(frozen=True, slots=True)
class Sentences:
    """Which sentences are counted: all, each model version for itself, or those of one `version`.

    Of these only those at a `touchpoint`, and that bear on a `dimension`, where these are given. With a dimension, the
    sentiment that is counted is the polarity of the votes in it.
    """

    version: int | None = None
    touchpoint: str | None = None
    dimension: str | None = None

    def conditions(self, opinion: type[Opinion] = Opinion) -> list[ColumnElement[bool]]:
        """Return what an opinion has to fulfil."""
        conditions: list[ColumnElement[bool]] = []
        if self.version is not None:
            conditions.append(opinion.model_version_id == self.version)
        if self.touchpoint is not None:
            conditions.append(opinion.touchpoint == self.touchpoint)
        if self.dimension is not None:
            bearing = aliased(OpinionDimension)
            bears = exists().where(bearing.opinion_id == opinion.id, bearing.dimension == self.dimension)
            conditions.append(bears)
        return conditions


def _of_mention() -> list[Column[Any]]:
    kinds = (
        ("brand_id", BigInteger),
        ("day", Date),
        ("source_id", BigInteger),
        ("language", String(8)),
        ("id", BigInteger),
    )
    return [Column(name, kind) for name, kind in kinds]


def _of_reading() -> list[Column[Any]]:
    return [*_of_mention(), Column("model_version_id", BigInteger), Column("touchpoint", String(20))]


EVERY = Sentences()
"""All sentences, as the rollups count them."""


class Scratch:
    """Temporary tables in which the rollups of some mentions are counted; `name` keeps them apart from others.

    `mentions` holds the mentions at hand, `sentences` their opinions, `votes` one row per mention × version ×
    dimension, and × touchpoint: its vote, −1, 0 or 1. Written out, since as subqueries the planner would go through all
    opinions of these mentions once for each rollup.
    """

    def __init__(self, name: str = "rollup") -> None:
        self._tables = MetaData()
        own = (Column("opinion_id", BigInteger), Column("sentiment", String(8)), Column("signals", Text))
        self.mentions = self._table(f"{name}_mentions", [*_of_mention(), Column("rating", Float)])
        self.sentences = self._table(f"{name}_sentences", [*_of_reading(), *own])
        vote = (Column("dimension", String(50)), Column("vote", Integer))
        self.votes = self._table(f"{name}_votes", [*_of_reading(), *vote])

    def _table(self, name: str, columns: Sequence[Column[Any]]) -> Table:
        return Table(name, self._tables, *columns, prefixes=["TEMPORARY"])

    def create(self, session: Session) -> None:
        """Make the tables, empty."""
        self._tables.create_all(session.connection(), checkfirst=False)

    def drop(self, session: Session) -> None:
        """Remove the tables."""
        self._tables.drop_all(session.connection(), checkfirst=False)

    def take_mentions(self, session: Session, mentions: Select[*tuple[Any, ...]]) -> None:
        """Take in the mentions to be counted: rows of brand_id, day, source_id, language, id, rating."""
        _fill(session, self.mentions, mentions)

    def take_sentences(self, session: Session, wanted: Sentences) -> None:
        """Take in the sentences of these mentions that are wanted, and what they vote for."""
        _fill(session, self.sentences, _sentence_rows(self, wanted))
        for by_touchpoint in (False, True):
            _fill(session, self.votes, _vote_rows(self, wanted, by_touchpoint))


def rollup_rows(
    scratch: Scratch, measures: Measures, rollup: Any, wanted: Sentences = EVERY
) -> Iterator[Select[*tuple[Any, ...]]]:
    """Yield the statements that together give the rows of a rollup, from what the scratch tables took in."""
    if rollup is MentionRollup:
        yield _mention_rows(scratch)
    elif rollup is DimensionRollup:
        yield _dimension_rows(scratch)
    elif rollup is SentimentRollup:
        for by_touchpoint in (False, True):
            if wanted.dimension is None:
                yield _sentiment_rows(scratch, wanted, by_touchpoint)
            else:
                yield _pooled_votes(scratch, SENTIMENT, (wanted.dimension,), by_touchpoint=by_touchpoint)
        for pillar, dimensions in measures.pillars.items():
            general = pillar == measures.general_verdicts and wanted.dimension is None
            yield _pooled_votes(scratch, pillar, dimensions, general=general)
    elif rollup is SignalRollup:
        for signal in measures.signals:
            yield _signal_rows(scratch, signal)
    else:
        yield _theme_rows(scratch)


def _recompute(
    session: Session, scratch: Scratch, measures: Measures, brand_id: int, source_id: int, days: Sequence[date]
) -> None:
    totals.take_off(session, brand_id, source_id, days)
    for table in (*ROLLUPS, StaleCell):
        session.execute(
            delete(table).where(table.brand_id == brand_id, table.source_id == source_id, table.day.in_(days))
        )
    scratch.create(session)
    scratch.take_mentions(session, _cell_rows(brand_id, source_id, days))
    scratch.take_sentences(session, EVERY)
    for rollup in ROLLUPS:
        for rows in rollup_rows(scratch, measures, rollup):
            _fill(session, rollup, rows)
    totals.add_on(session, brand_id, source_id, days)
    scratch.drop(session)


def _cell_rows(brand_id: int, source_id: int, days: Sequence[date]) -> Select[*tuple[Any, ...]]:
    linked = exists().where(MentionBrand.mention_id == Mention.id, MentionBrand.brand_id == brand_id, counts())
    return mention_columns(brand_id).where(Mention.source_id == source_id, Mention.day.in_(days), linked)


def mention_columns(brand_id: int) -> Select[*tuple[Any, ...]]:
    """Select what `Scratch.take_mentions` wants to know of a mention."""
    return select(
        literal(brand_id).label("brand_id"),
        Mention.day,
        Mention.source_id,
        Mention.language,
        Mention.id,
        Mention.rating,
    )


def _fill(session: Session, table: Any, rows: Select[*tuple[Any, ...]]) -> None:
    session.execute(insert(table).from_select([str(column.key) for column in rows.selected_columns], rows))


def _key(cell: Any) -> list[Any]:
    return [cell.c.brand_id, cell.c.day, cell.c.source_id, cell.c.language]


def _total(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _integer(value: ColumnElement[Any], label: str) -> ColumnElement[Any]:
    return func.coalesce(func.sum(value), 0).label(label)


def _mention_rows(scratch: Scratch) -> Select[Any]:
    cell = scratch.mentions
    return select(
        *_key(cell),
        func.count().label("mentions"),
        func.count(cell.c.rating).label("rated"),
        func.coalesce(func.sum(cell.c.rating), 0.0).label("rating_sum"),
        func.coalesce(func.sum(cell.c.rating * cell.c.rating), 0.0).label("rating_squares"),
    ).group_by(*_key(cell))


def _sentence_rows(scratch: Scratch, wanted: Sentences) -> Select[Any]:
    cell = scratch.mentions
    of_sentence = (
        Opinion.model_version_id,
        Opinion.touchpoint,
        Opinion.id.label("opinion_id"),
        Opinion.sentiment,
        cast(Opinion.signals, Text).label("signals"),
    )
    joined = select(*_key(cell), cell.c.id, *of_sentence).join(Opinion, Opinion.mention_id == cell.c.id)
    return joined.where(*wanted.conditions())


def _vote_rows(scratch: Scratch, wanted: Sentences, by_touchpoint: bool) -> Select[Any]:
    sentence = scratch.sentences.c
    positive = func.max(case((OpinionDimension.polarity == "positive", 1), else_=0))
    negative = func.max(case((OpinionDimension.polarity == "negative", 1), else_=0))
    # Hidden from the planner, which else begins with the index that quotes are found by.
    dimension = func.coalesce(OpinionDimension.dimension, OpinionDimension.dimension)
    keys = [*_key(scratch.sentences), sentence.id, sentence.model_version_id]
    touchpoint = sentence.touchpoint if by_touchpoint else literal(ANY).label("touchpoint")
    votes = (
        select(*keys, dimension.label("dimension"), touchpoint, (positive - negative).label("vote"))
        .join(OpinionDimension, OpinionDimension.opinion_id == sentence.opinion_id)
        .group_by(*keys, OpinionDimension.dimension, *([sentence.touchpoint] if by_touchpoint else []))
    )
    return votes if wanted.dimension is None else votes.where(dimension == wanted.dimension)


def _dimension_rows(scratch: Scratch) -> Select[Any]:
    votes = scratch.votes
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


def _sentiment_rows(scratch: Scratch, wanted: Sentences, by_touchpoint: bool) -> Select[Any]:
    """Sentences by sentiment; over all touchpoints, a mention that was analysed counts even without a sentence."""
    cell, sentence = scratch.mentions, scratch.sentences.c
    touchpoint = sentence.touchpoint if by_touchpoint else literal(ANY).label("touchpoint")
    keys = [*_key(cell), cell.c.id, Classification.model_version_id]
    joined = and_(sentence.id == cell.c.id, sentence.model_version_id == Classification.model_version_id)
    per_mention = (
        select(
            *keys,
            touchpoint,
            *(
                _total(sentence.sentiment == word).label(label)
                for word, label in (("positive", "p"), ("negative", "n"), ("neutral", "neutral"), ("mixed", "mixed"))
            ),
        )
        .join(Classification, Classification.mention_id == cell.c.id)
        .join(scratch.sentences, joined, isouter=not by_touchpoint)
        .where(Classification.status == "analysed")
        .group_by(*([*keys, sentence.touchpoint] if by_touchpoint else keys))
    )
    if wanted.version is not None:
        per_mention = per_mention.where(Classification.model_version_id == wanted.version)
    return _pooled(per_mention.cte("per_mention"), SENTIMENT)


def _pooled_votes(
    scratch: Scratch, measure: str, dimensions: Sequence[str], *, general: bool = False, by_touchpoint: bool = False
) -> Select[Any]:
    """Pool the votes in some dimensions; a `general` verdict votes like one more dimension."""
    votes = scratch.votes
    columns = [*_key(votes), votes.c.id, votes.c.model_version_id, votes.c.touchpoint, votes.c.vote]
    at = votes.c.touchpoint != ANY if by_touchpoint else votes.c.touchpoint == ANY
    pooled: Any = select(*columns).where(at, votes.c.dimension.in_(dimensions))
    if general:
        pooled = union_all(pooled, _general_votes(scratch))
    pool = pooled.subquery("pool")
    keys = [*_key(pool), pool.c.id, pool.c.model_version_id, pool.c.touchpoint]
    per_mention = (
        select(
            *keys,
            _total(pool.c.vote == 1).label("p"),
            _total(pool.c.vote == -1).label("n"),
            _total(pool.c.vote == 0).label("neutral"),
            literal(0).label("mixed"),
        )
        .group_by(*keys)
        .cte("per_mention")
    )
    return _pooled(per_mention, measure)


def _general_votes(scratch: Scratch) -> Select[Any]:
    """One vote per mention over its sentences that judge without naming a dimension."""
    sentence = scratch.sentences.c
    positive = func.max(case((sentence.sentiment == "positive", 1), else_=0))
    negative = func.max(case((sentence.sentiment == "negative", 1), else_=0))
    keys = [*_key(scratch.sentences), sentence.id, sentence.model_version_id]
    named = select(OpinionDimension.opinion_id).where(OpinionDimension.opinion_id == sentence.opinion_id).exists()
    return (
        select(*keys, literal(ANY).label("touchpoint"), (positive - negative).label("vote"))
        .where(sentence.sentiment.in_(("positive", "negative")), ~named)
        .group_by(*keys)
    )


def _signal_rows(scratch: Scratch, signal: str) -> Select[Any]:
    sentence = scratch.sentences.c
    keys = [*_key(scratch.sentences), sentence.model_version_id]
    return (
        select(
            *keys,
            literal(signal).label("signal"),
            func.count(sentence.id.distinct()).label("mentions"),
            func.count().label("opinions"),
        )
        .where(sentence.signals.like(f'%"{signal}"%'))
        .group_by(*keys)
    )


def _theme_rows(scratch: Scratch) -> Select[Any]:
    """Mentions and opinions per theme, and those in none, of the version that answers for the brand."""
    sentence = scratch.sentences.c
    theme = func.coalesce(ThemeOpinion.theme_id, OUTSIDE)
    belongs = and_(
        ThemeOpinion.opinion_id == sentence.opinion_id,
        ThemeOpinion.brand_id == sentence.brand_id,
        ThemeOpinion.dimension == OpinionDimension.dimension,
    )
    answering = select(Brand.model_version_id).where(Brand.id == sentence.brand_id).scalar_subquery()
    keys = [sentence.brand_id, sentence.day, sentence.source_id, sentence.language]
    return (
        select(
            *keys,
            OpinionDimension.dimension.label("dimension"),
            OpinionDimension.polarity.label("polarity"),
            theme.label("theme_id"),
            func.count(sentence.id.distinct()).label("mentions"),
            func.count().label("opinions"),
        )
        .join(OpinionDimension, OpinionDimension.opinion_id == sentence.opinion_id)
        .join(ThemeOpinion, belongs, isouter=True)
        .where(sentence.model_version_id == answering, func.coalesce(OpinionDimension.polarity, "").in_(SIDED))
        .group_by(*keys, OpinionDimension.dimension, OpinionDimension.polarity, theme)
    )
