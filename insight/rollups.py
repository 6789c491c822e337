"""The rollups of a selection, added up over days: all that a summary needs but the quotes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from overheard.insight.scope import Selection
from overheard.insight.statistics import Sums
from overheard.store.said import OPINIONS as OPINIONS
from overheard.store.said import SENTIMENT as SENTIMENT
from overheard.store.tables import ANY, DimensionRollup, MentionRollup, SentimentRollup, SignalRollup


@dataclass(frozen=True, slots=True)
class MentionSums:
    """Mentions of one source in one language, with their stars and the days of the first and the last."""

    source_id: int
    language: str
    first: date
    last: date
    mentions: int
    rated: int
    rating_sum: float
    rating_squares: float


@dataclass(frozen=True, slots=True)
class SentimentSums:
    """Pooled counts of one measure and touchpoint, in one source and language (see `SentimentRollup`).

    With a dimension in the scope, there are no pillars, and `OPINIONS` beside `SENTIMENT` (see `Sentences`).
    """

    measure: str
    touchpoint: str
    source_id: int
    language: str
    mentions: int
    positive: int
    negative: int
    neutral: int
    mixed: int
    sum_xx: int
    sum_yy: int
    sum_xy: int

    @property
    def sums(self) -> Sums:
        """What the net needs of them."""
        return Sums(self.mentions, self.positive, self.negative, self.sum_xx, self.sum_yy, self.sum_xy)


@dataclass(frozen=True, slots=True)
class DimensionVotes:
    """The votes of mentions in one dimension, over all touchpoints."""

    praise: int
    pain: int
    neutral: int


@dataclass(frozen=True, slots=True)
class PlaceVotes:
    """The votes in one dimension at one source in one language, over all touchpoints."""

    dimension: str
    source_id: int
    language: str
    votes: DimensionVotes


@dataclass(frozen=True, slots=True)
class SignalSums:
    """Mentions and opinions that carry one signal."""

    mentions: int
    opinions: int


def read_mentions(session: Session, selection: Selection) -> list[MentionSums]:
    """Return the mentions per source and language, the most first."""
    table = selection.rollup(MentionRollup, by_day=False)
    total = func.sum(table.mentions)
    rows = session.execute(
        select(
            table.source_id,
            table.language,
            func.min(table.day),
            func.max(table.day),
            total,
            func.sum(table.rated),
            func.sum(table.rating_sum),
            func.sum(table.rating_squares),
        )
        .where(*selection.cells(table), table.mentions > 0)
        .group_by(table.source_id, table.language)
        .order_by(total.desc(), table.source_id, table.language)
    )
    return [MentionSums(*row) for row in rows]


def read_days(session: Session, selection: Selection) -> tuple[date, date] | None:
    """Return the first and the last day with a mention of the brand in this period, at these sources, in this language.

    None where there is none. What else the selection asks of a mention is not looked at.
    """
    table = MentionRollup
    days = select(func.min(table.day), func.max(table.day))
    first, last = session.execute(days.where(*selection.cells(table), table.mentions > 0)).one()
    return None if first is None else (first, last)


def read_sentiment(
    session: Session, model_version_id: int, selection: Selection, *, whole: bool = False
) -> list[SentimentSums]:
    """Return the pooled counts per measure, touchpoint, source and language.

    With `whole` those of the sentiment of all sentences alone.
    """
    table = selection.rollup(SentimentRollup, by_day=False)
    wanted = (table.measure == SENTIMENT, table.touchpoint == ANY) if whole else ()
    keys = [table.measure, table.touchpoint, table.source_id, table.language]
    counts = [table.mentions, table.positive, table.negative, table.neutral, table.mixed]
    products = [table.sum_xx, table.sum_yy, table.sum_xy]
    columns: list[Any] = [*keys, *(func.sum(column) for column in (*counts, *products))]
    rows = session.execute(
        select(*columns)
        .where(*selection.cells(table), table.model_version_id == model_version_id, *wanted)
        .group_by(*keys)
        .order_by(*keys)
    )
    return [SentimentSums(*row) for row in rows]


def read_analysed(session: Session, model_version_id: int, selection: Selection) -> int:
    """Return how many mentions the model version has read."""
    table = selection.rollup(SentimentRollup, by_day=False)
    whole = (table.model_version_id == model_version_id, table.measure == SENTIMENT, table.touchpoint == ANY)
    return session.scalar(select(func.sum(table.mentions)).where(*selection.cells(table), *whole)) or 0


def read_dimensions(session: Session, model_version_id: int, selection: Selection) -> dict[str, DimensionVotes]:
    """Return the votes per dimension."""
    table = selection.rollup(DimensionRollup, by_day=False)
    rows = session.execute(
        select(table.dimension, func.sum(table.praise), func.sum(table.pain), func.sum(table.neutral))
        .where(*selection.cells(table), table.model_version_id == model_version_id, table.touchpoint == ANY)
        .group_by(table.dimension)
    )
    return {dimension: DimensionVotes(*votes) for dimension, *votes in rows}


def read_votes(session: Session, model_version_id: int, selection: Selection) -> list[PlaceVotes]:
    """Return the votes per dimension, source and language."""
    table = selection.rollup(DimensionRollup, by_day=False)
    keys: list[Any] = [table.dimension, table.source_id, table.language]
    columns: list[Any] = [*keys, func.sum(table.praise), func.sum(table.pain), func.sum(table.neutral)]
    rows = session.execute(
        select(*columns)
        .where(*selection.cells(table), table.model_version_id == model_version_id, table.touchpoint == ANY)
        .group_by(*keys)
        .order_by(*keys)
    )
    return [PlaceVotes(row[0], row[1], row[2], DimensionVotes(*row[3:])) for row in rows]


def read_signals(session: Session, model_version_id: int, selection: Selection) -> dict[str, SignalSums]:
    """Return the mentions and opinions per signal."""
    table = selection.rollup(SignalRollup, by_day=False)
    rows = session.execute(
        select(table.signal, func.sum(table.mentions), func.sum(table.opinions))
        .where(*selection.cells(table), table.model_version_id == model_version_id)
        .group_by(table.signal)
    )
    return {signal: SignalSums(*sums) for signal, *sums in rows}
