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
    text,
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
    Id,
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


def _number(name: str) -> Column[Any]:
    return Column(name, BigInteger)


def _key_column(name: str, kind: Any = Id) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _of_cell() -> list[Column[Any]]:
    return [_number("brand_id"), Column("day", Date), _number("source_id"), Column("language", String(8))]


def _of_reading() -> list[Column[Any]]:
    """The beginning of a key by which sentences and votes lie together that are counted together."""
    return [_key_column("id"), _key_column("model_version_id"), _key_column("touchpoint", String(20)), _number("cell")]


EVERY = Sentences()
"""All sentences, as the rollups count them."""


class Scratch:
    """Temporary tables in which the rollups of some mentions are counted; `name` keeps them apart from others.

    `cells` numbers the days, sources and languages, so that what follows is grouped by a number; `mentions` holds the
    mentions at hand, `sentences` their opinions, `votes` one row per mention × version × dimension, and × touchpoint:
    whether it was praised and pained. Written out, since as subqueries the planner would go through all opinions of
    these mentions once for each rollup.
    """

    def __init__(self, name: str = "rollup") -> None:
        self._tables = MetaData()
        self.cells = self._table(f"{name}_cells", _key_column("cell"), *_of_cell())
        taken = (_key_column("id"), _number("cell"), *_of_cell(), Column("rating", Float))
        self.mentions = self._table(f"{name}_mentions", *taken)
        sentence = (_key_column("opinion_id"), Column("sentiment", String(8)), Column("signals", Text))
        self.sentences = self._table(f"{name}_sentences", *_of_reading(), *sentence)
        vote = (_key_column("dimension", String(50)), Column("praised", Integer), Column("pained", Integer))
        self.votes = self._table(f"{name}_votes", *_of_reading(), *vote)

    def _table(self, name: str, *columns: Column[Any]) -> Table:
        return Table(name, self._tables, *columns, prefixes=["TEMPORARY"], sqlite_with_rowid=False)

    def create(self, session: Session) -> None:
        """Make the tables, empty."""
        self._tables.create_all(session.connection(), checkfirst=False)

    def drop(self, session: Session) -> None:
        """Remove the tables."""
        self._tables.drop_all(session.connection(), checkfirst=False)

    def take_mentions(self, session: Session, mentions: Select[*tuple[Any, ...]], *, by_day: bool = True) -> None:
        """Take in the mentions to be counted: rows of brand_id, day, source_id, language, id, rating.

        Without `by_day`, all days of a source and language are one cell, of the first of these days: far fewer rows
        come of it. (The rows of `MentionRollup` stay those of days.)
        """
        taken, mention = mentions.subquery("taken"), self.mentions.c
        order = [column for column in _key(taken) if by_day or column.key != "day"]
        _fill(session, self.mentions, select(taken, func.dense_rank().over(order_by=order).label("cell")))
        others = [mention.cell, mention.brand_id, mention.source_id, mention.language]
        _fill(session, self.cells, select(*others, func.min(mention.day).label("day")).group_by(*others))
        tell_size(session, self.mentions)

    def take_sentences(self, session: Session, wanted: Sentences) -> None:
        """Take in the sentences of these mentions that are wanted, and what they vote for."""
        _fill(session, self.sentences, _sentence_rows(self, wanted))
        tell_size(session, self.sentences)
        _fill(session, self.votes, _vote_rows(self, wanted))
        _fill(session, self.votes, _votes_of_mentions(self))


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


def tell_size(session: Session, table: Table) -> None:
    """Let the planner know how many rows a temporary table holds: else it may begin with all opinions there are."""
    session.execute(text(f"ANALYZE {table.name}"))


def _key(cell: Any) -> list[Any]:
    return [cell.c.brand_id, cell.c.day, cell.c.source_id, cell.c.language]


def _total(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _integer(value: ColumnElement[Any], label: str) -> ColumnElement[Any]:
    return func.coalesce(func.sum(value), 0).label(label)


def _of_cells(scratch: Scratch, counted: Select[Any]) -> Select[Any]:
    """Put day, source and language in the place of the cell's number."""
    rows = counted.subquery("counted")
    counts = [column for column in rows.c if column.key != "cell"]
    return select(*_key(scratch.cells), *counts).join(rows, rows.c.cell == scratch.cells.c.cell)


def _mention_rows(scratch: Scratch) -> Select[Any]:
    mention = scratch.mentions.c
    return select(
        *_key(scratch.mentions),
        func.count().label("mentions"),
        func.count(mention.rating).label("rated"),
        func.coalesce(func.sum(mention.rating), 0.0).label("rating_sum"),
        func.coalesce(func.sum(mention.rating * mention.rating), 0.0).label("rating_squares"),
    ).group_by(*_key(scratch.mentions))


def _sentence_rows(scratch: Scratch, wanted: Sentences) -> Select[Any]:
    mention = scratch.mentions.c
    of_sentence = (
        Opinion.model_version_id,
        Opinion.touchpoint,
        Opinion.id.label("opinion_id"),
        Opinion.sentiment,
        cast(Opinion.signals, Text).label("signals"),
    )
    joined = select(mention.cell, mention.id, *of_sentence).join(Opinion, Opinion.mention_id == mention.id)
    return joined.where(*wanted.conditions())


def _vote_rows(scratch: Scratch, wanted: Sentences) -> Select[Any]:
    """What each mention says of a dimension at a touchpoint."""
    sentence = scratch.sentences.c
    # Hidden from the planner, which else begins with the index that quotes are found by.
    dimension = func.coalesce(OpinionDimension.dimension, OpinionDimension.dimension)
    keys = [sentence.id, sentence.model_version_id, sentence.touchpoint]
    votes = (
        select(
            *keys,
            func.min(sentence.cell).label("cell"),
            dimension.label("dimension"),
            func.max(case((OpinionDimension.polarity == "positive", 1), else_=0)).label("praised"),
            func.max(case((OpinionDimension.polarity == "negative", 1), else_=0)).label("pained"),
        )
        .join(OpinionDimension, OpinionDimension.opinion_id == sentence.opinion_id)
        .group_by(*keys, OpinionDimension.dimension)
    )
    return votes if wanted.dimension is None else votes.where(dimension == wanted.dimension)


def _votes_of_mentions(scratch: Scratch) -> Select[Any]:
    """The same over all touchpoints."""
    vote = scratch.votes.c
    keys = [vote.id, vote.model_version_id, vote.dimension]
    either = (func.max(column).label(str(column.key)) for column in (vote.praised, vote.pained))
    whole = select(*keys, func.min(vote.cell).label("cell"), literal(ANY).label("touchpoint"), *either)
    return whole.group_by(*keys)


def _dimension_rows(scratch: Scratch) -> Select[Any]:
    votes = scratch.votes.c
    keys = [votes.cell, votes.model_version_id, votes.touchpoint, votes.dimension]
    counted = select(
        *keys,
        func.count().label("mentions"),
        _total(votes.praised > votes.pained).label("praise"),
        _total(votes.praised < votes.pained).label("pain"),
        _total(votes.praised == votes.pained).label("neutral"),
    )
    return _of_cells(scratch, counted.group_by(*keys))


def _pooled(scratch: Scratch, per_mention: CTE, measure: str) -> Select[Any]:
    """Sum per-mention counts p, n, neutral, mixed into the row of a measure."""
    p, n = per_mention.c.p, per_mention.c.n
    keys = [per_mention.c.cell, per_mention.c.model_version_id, per_mention.c.touchpoint]
    counted = select(
        *keys,
        literal(measure).label("measure"),
        func.count().label("mentions"),
        _integer(p, "positive"),
        _integer(n, "negative"),
        _integer(per_mention.c.neutral, "neutral"),
        _integer(per_mention.c.mixed, "mixed"),
        _integer((p + n) * (p + n), "sum_xx"),
        _integer((p - n) * (p - n), "sum_yy"),
        _integer((p + n) * (p - n), "sum_xy"),
    )
    return _of_cells(scratch, counted.group_by(*keys))


def _sentiment_rows(scratch: Scratch, wanted: Sentences, by_touchpoint: bool) -> Select[Any]:
    """Sentences by sentiment; over all touchpoints, a mention that was analysed counts even without a sentence."""
    mention, sentence = scratch.mentions.c, scratch.sentences.c
    totals = [
        _total(sentence.sentiment == word).label(label)
        for word, label in (("positive", "p"), ("negative", "n"), ("neutral", "neutral"), ("mixed", "mixed"))
    ]
    if by_touchpoint:
        keys: list[Any] = [sentence.id, sentence.model_version_id, sentence.touchpoint]
        per_mention = select(*keys, func.min(sentence.cell).label("cell"), *totals).group_by(*keys)
        return _pooled(scratch, per_mention.cte("per_mention"), SENTIMENT)
    keys = [sentence.id, sentence.model_version_id]
    sums = select(*keys, *totals).group_by(*keys).cte("sums")
    joined = and_(sums.c.id == mention.id, sums.c.model_version_id == Classification.model_version_id)
    read = (
        select(
            mention.cell,
            mention.id,
            Classification.model_version_id,
            literal(ANY).label("touchpoint"),
            *(func.coalesce(sums.c[total.key], 0).label(str(total.key)) for total in totals),
        )
        .join(Classification, Classification.mention_id == mention.id)
        .join(sums, joined, isouter=True)
        .where(Classification.status == "analysed")
    )
    if wanted.version is not None:
        # Hidden from the planner, which else begins with all that the version has read.
        version = func.coalesce(Classification.model_version_id, Classification.model_version_id)
        read = read.where(version == wanted.version)
    return _pooled(scratch, read.cte("per_mention"), SENTIMENT)


def _pooled_votes(
    scratch: Scratch, measure: str, dimensions: Sequence[str], *, general: bool = False, by_touchpoint: bool = False
) -> Select[Any]:
    """Pool the votes in some dimensions; a `general` verdict votes like one more dimension."""
    votes = scratch.votes.c
    columns = [votes.cell, votes.id, votes.model_version_id, votes.touchpoint, votes.praised, votes.pained]
    at = votes.touchpoint != ANY if by_touchpoint else votes.touchpoint == ANY
    pooled: Any = select(*columns).where(at, votes.dimension.in_(dimensions))
    if general:
        pooled = union_all(pooled, _general_votes(scratch))
    pool = pooled.subquery("pool").c
    keys = [pool.id, pool.model_version_id, pool.touchpoint]
    per_mention = select(
        *keys,
        func.min(pool.cell).label("cell"),
        _total(pool.praised > pool.pained).label("p"),
        _total(pool.praised < pool.pained).label("n"),
        _total(pool.praised == pool.pained).label("neutral"),
        literal(0).label("mixed"),
    )
    return _pooled(scratch, per_mention.group_by(*keys).cte("per_mention"), measure)


def _general_votes(scratch: Scratch) -> Select[Any]:
    """One vote per mention over its sentences that judge without naming a dimension."""
    sentence = scratch.sentences.c
    keys = [sentence.id, sentence.model_version_id]
    named = select(OpinionDimension.opinion_id).where(OpinionDimension.opinion_id == sentence.opinion_id).exists()
    return (
        select(
            func.min(sentence.cell).label("cell"),
            *keys,
            literal(ANY).label("touchpoint"),
            func.max(case((sentence.sentiment == "positive", 1), else_=0)).label("praised"),
            func.max(case((sentence.sentiment == "negative", 1), else_=0)).label("pained"),
        )
        .where(sentence.sentiment.in_(("positive", "negative")), ~named)
        .group_by(*keys)
    )


def _signal_rows(scratch: Scratch, signal: str) -> Select[Any]:
    sentence = scratch.sentences.c
    keys = [sentence.cell, sentence.model_version_id]
    counted = select(
        *keys,
        literal(signal).label("signal"),
        func.count(sentence.id.distinct()).label("mentions"),
        func.count().label("opinions"),
    )
    return _of_cells(scratch, counted.where(sentence.signals.like(f'%"{signal}"%')).group_by(*keys))


def _theme_rows(scratch: Scratch) -> Select[Any]:
    """Mentions and opinions per theme, and those in none, of the version that answers for the brand."""
    sentence, cell = scratch.sentences.c, scratch.cells.c
    theme = func.coalesce(ThemeOpinion.theme_id, OUTSIDE)
    belongs = and_(
        ThemeOpinion.opinion_id == sentence.opinion_id,
        ThemeOpinion.brand_id == cell.brand_id,
        ThemeOpinion.dimension == OpinionDimension.dimension,
    )
    answering = select(Brand.model_version_id).where(Brand.id == cell.brand_id).scalar_subquery()
    keys = [sentence.cell, OpinionDimension.dimension, OpinionDimension.polarity]
    counted = (
        select(
            *keys,
            theme.label("theme_id"),
            func.count(sentence.id.distinct()).label("mentions"),
            func.count().label("opinions"),
        )
        .select_from(scratch.sentences)
        .join(scratch.cells, cell.cell == sentence.cell)
        .join(OpinionDimension, OpinionDimension.opinion_id == sentence.opinion_id)
        .join(ThemeOpinion, belongs, isouter=True)
        .where(sentence.model_version_id == answering, func.coalesce(OpinionDimension.polarity, "").in_(SIDED))
        .group_by(*keys, theme)
    )
    return _of_cells(scratch, counted)
