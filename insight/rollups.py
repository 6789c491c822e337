"""The rollups of a selection, added up over days: all that a summary needs but the quotes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from overheard.insight.counted import Rollup
from overheard.insight.scope import Selection
from overheard.insight.statistics import Sums
from overheard.store.said import OPINIONS as OPINIONS
from overheard.store.said import SENTIMENT as SENTIMENT
from overheard.store.tables import ANY, DimensionRollup, MentionRollup, SentimentRollup, SignalRollup

if TYPE_CHECKING:
    from overheard.store.counting import Row


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
    rows = _sums(session, selection, MentionRollup, ("source_id", "language"))
    return sorted((MentionSums(*row) for row in rows), key=lambda each: -each.mentions)


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
    wanted = {"measure": SENTIMENT, "touchpoint": ANY} if whole else {}
    keys = ("measure", "touchpoint", "source_id", "language")
    rows = _sums(session, selection, SentimentRollup, keys, model_version_id=model_version_id, **wanted)
    return [SentimentSums(*row) for row in rows]


def read_analysed(session: Session, model_version_id: int, selection: Selection) -> int:
    """Return how many mentions the model version has read."""
    return sum(cell.mentions for cell in read_sentiment(session, model_version_id, selection, whole=True))


def read_dimensions(session: Session, model_version_id: int, selection: Selection) -> dict[str, DimensionVotes]:
    """Return the votes per dimension."""
    wanted = {"model_version_id": model_version_id, "touchpoint": ANY}
    rows = _sums(session, selection, DimensionRollup, ("dimension",), **wanted)
    return {dimension: DimensionVotes(*votes) for dimension, _, *votes in rows}


def read_votes(session: Session, model_version_id: int, selection: Selection) -> list[PlaceVotes]:
    """Return the votes per dimension, source and language."""
    wanted = {"model_version_id": model_version_id, "touchpoint": ANY}
    rows = _sums(session, selection, DimensionRollup, ("dimension", "source_id", "language"), **wanted)
    return [PlaceVotes(name, place, code, DimensionVotes(*votes)) for name, place, code, _, *votes in rows]


def read_signals(session: Session, model_version_id: int, selection: Selection) -> dict[str, SignalSums]:
    """Return the mentions and opinions per signal."""
    rows = _sums(session, selection, SignalRollup, ("signal",), model_version_id=model_version_id)
    return {signal: SignalSums(*sums) for signal, *sums in rows}


Value = tuple[str, Callable[[Any], Any]]
"""A column and how its values are made one."""


def summed(rollup: Any) -> list[str]:
    """Return the columns of a rollup that are no part of its key."""
    return [column.key for column in inspect(rollup).columns if not column.primary_key]


def _sums(
    session: Session, selection: Selection, rollup: Rollup, keys: Sequence[str], **wanted: Any
) -> list[tuple[Any, ...]]:
    """Sum the rows of a rollup that have the `wanted` values by some of its keys, in the order of these.

    Returns for each the keys, with mentions the first and the last day, and the sums of the columns that are no keys.
    """
    values: list[Value] = [("day", min), ("day", max)] if rollup is MentionRollup else []
    values += [(name, sum) for name in summed(rollup)]
    if selection.is_counted(rollup):
        return _added(selection.counted(rollup), keys, values, wanted)
    table = selection.rollup(rollup)
    key = [getattr(table, name) for name in keys]
    sums = [getattr(func, how.__name__)(getattr(table, name)) for name, how in values]
    equal = [getattr(table, name) == value for name, value in wanted.items()]
    rows = select(*key, *sums).where(*selection.cells(table), *equal).group_by(*key).order_by(*key)
    return [tuple(row) for row in session.execute(rows)]


def _added(
    rows: Sequence[Row], keys: Sequence[str], values: Sequence[Value], wanted: dict[str, Any]
) -> list[tuple[Any, ...]]:
    groups: defaultdict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        if all(row[name] == value for name, value in wanted.items()):
            groups[tuple(row[name] for name in keys)].append(row)
    return [
        (*key, *(how([row[name] for row in group]) for name, how in values)) for key, group in sorted(groups.items())
    ]
