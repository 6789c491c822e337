"""Days, weeks and months, and what was said in each of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, TypeAlias

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from overheard.errors import UsageError
from overheard.insight import statistics
from overheard.insight.counted import Rollup
from overheard.insight.rollups import OPINIONS, SENTIMENT, DimensionVotes, summed
from overheard.insight.scope import Selection
from overheard.insight.statistics import Sums
from overheard.store.tables import ANY, DimensionRollup, MentionRollup, SentimentRollup

PERIODS = ("day", "week", "month")

MOST = 1500
"""Periods of one answer: four years of days."""

DAYS_UP_TO, WEEKS_UP_TO = 60, 366
"""Days of a span that is shown by day, and by week; a longer one is shown by month."""

Bounds: TypeAlias = tuple[date, date]
"""The first and the last day of a period, both inclusive."""

NO_VOTES = DimensionVotes(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Said:
    """What was said in one period: mentions with their stars, sentences with their sums, votes by dimension.

    With a dimension in the selection, the sums are those of the votes in it.
    """

    mentions: int
    rated: int
    rating_sum: float
    rating_squares: float
    opinions: int
    sums: Sums
    votes: dict[str, DimensionVotes]

    def of(self, dimension: str) -> Sums:
        """Return the sums of the votes in one dimension."""
        found = self.votes.get(dimension, NO_VOTES)
        return statistics.votes(found.praise, found.pain, found.neutral)


def chosen(by: str | None, first: date, last: date) -> str:
    """Return the period that was asked for, or the one that suits the span."""
    if by is not None:
        return by
    days = (last - first).days + 1
    return "day" if days <= DAYS_UP_TO else "week" if days <= WEEKS_UP_TO else "month"


def calendar(by: str, first: date, last: date) -> list[Bounds]:
    """Return the days, weeks from Monday, or months from that of `first` to that of `last`, whole.

    Raises UsageError for more than can be shown.
    """
    periods: list[Bounds] = []
    start, last = _start(by, first), min(last, date.max - timedelta(days=62))
    while start <= last:
        if len(periods) == MOST:
            longer = "" if by == "month" else " or take a longer --by"
            raise UsageError(f"{first} to {last} by {by} is more than {MOST:,} periods; narrow it with --since{longer}")
        following = _following(by, start)
        periods.append((start, following - timedelta(days=1)))
        start = following
    return periods


def _start(by: str, day: date) -> date:
    if by == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if by == "month" else day


def _following(by: str, start: date) -> date:
    if by == "month":
        return (start + timedelta(days=31)).replace(day=1)
    return start + timedelta(days=7 - start.weekday() if by == "week" else 1)


def slices(bounds: Bounds, count: int) -> list[Bounds]:
    """Return a period cut into up to `count` parts of about the same length."""
    start, end = bounds
    days = (end - start).days + 1
    count = min(count, days)
    cuts = [start + timedelta(days=days * part // count) for part in range(count + 1)]
    return [(one, other - timedelta(days=1)) for one, other in pairwise(cuts)]


def read_periods(
    session: Session,
    version: int | None,
    selection: Selection,
    periods: Sequence[Bounds],
    *,
    counts: bool = True,
    votes: bool = True,
) -> list[Said]:
    """Return what was said in each of the periods, which follow each other without a gap.

    Without `counts` the mentions and stars stay 0, without `votes` the dimensions are left out: who does not need them
    does not wait for them.
    """
    if not periods:
        return []
    selection = replace(selection, since=periods[0][0], until=periods[-1][1])
    starts = [start for start, _ in periods]
    counted = [[0, 0, 0.0, 0.0] for _ in periods]
    sentences, opinions = [[0] * 8 for _ in periods], [0] * len(periods)
    voted: list[dict[str, list[int]]] = [{} for _ in periods]

    def place(day: date) -> int:
        return bisect_right(starts, day) - 1

    if counts:
        for day, *row in _rows(session, selection, starts, MentionRollup, ()):
            _add(counted[place(day)], row)
    if version is not None:
        # With a dimension, sentences are counted beside the votes that the sums are made of.
        counted_as = SENTIMENT if selection.sentences.dimension is None else OPINIONS
        for day, measure, *row in _rows(session, selection, starts, SentimentRollup, ("measure",), version):
            if measure == SENTIMENT:
                _add(sentences[place(day)], row)
            if measure == counted_as:
                opinions[place(day)] += sum(row[1:5])
    if version is not None and votes:
        for day, dimension, _, *row in _rows(session, selection, starts, DimensionRollup, ("dimension",), version):
            _add(voted[place(day)].setdefault(dimension, [0, 0, 0]), row)
    return [
        Said(
            mentions=int(count[0]),
            rated=int(count[1]),
            rating_sum=count[2],
            rating_squares=count[3],
            opinions=read,
            sums=Sums(said[0], said[1], said[2], *said[5:8]),
            votes={name: DimensionVotes(*vote) for name, vote in cast.items()},
        )
        for count, said, read, cast in zip(counted, sentences, opinions, voted, strict=True)
    ]


def _add(totals: list[Any], row: Sequence[Any]) -> None:
    for position, value in enumerate(row):
        totals[position] += value


def _rows(
    session: Session, selection: Selection, starts: Sequence[date], rollup: Rollup, keys: tuple[str, ...],
    version: int | None = None,
) -> Iterable[Sequence[Any]]:  # fmt: skip
    """Return a day or the first of a period, the keys, and the sums of the other columns of a rollup."""
    names = summed(rollup)
    if selection.is_counted(rollup):
        rows = selection.counted(rollup, starts)  # of the brand's version alone
        return ([row[name] for name in ("day", *keys, *names)] for row in rows)
    table = selection.rollup(rollup, by_day=True)
    key = [getattr(table, name) for name in ("day", *keys)]
    wanted = [] if version is None else [table.model_version_id == version, table.touchpoint == ANY]
    if rollup is SentimentRollup:
        wanted.append(table.measure.in_((SENTIMENT, OPINIONS)))
    sums = [func.sum(getattr(table, name)) for name in names]
    return session.execute(select(*key, *sums).where(*selection.cells(table), *wanted).group_by(*key)).all()
