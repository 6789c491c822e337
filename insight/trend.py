"""How what is said of a brand moves: counts and net sentiment by day, week or month, with the changes that are real.

Only rollups are read. The method is in docs/methods.md. The fields are the keys of the JSON output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from math import sqrt

from sqlalchemy import select
from sqlalchemy.orm import Session

from overheard import taxonomy
from overheard.insight import changes, statistics
from overheard.insight.changes import Level, Series, Shift
from overheard.insight.complacency import (
    Complacency,
    Halves,
    Window,
    find_complacency,
    read_halves,
    window,
)
from overheard.insight.figures import count_stale, rating_of
from overheard.insight.periods import Bounds, Said, calendar, chosen, read_periods
from overheard.insight.rollups import read_mentions, read_sentiment
from overheard.insight.scope import Scope, Selection, select_scope
from overheard.insight.significance import corrected
from overheard.insight.statistics import MINIMUM, Difference, Estimate, Mean, Sums
from overheard.store.tables import SURVEY, Brand, MentionRollup, ModelVersion, Source

SHORTEST = {"day": 7, "week": 3, "month": 2}
"""Periods with mentions for which a level has to hold, by the kind of period; of days all weekdays are in it."""

ALIKE = 0.8
"""The part of the votes that sources and languages on both sides of a change must have for the same mix."""


@dataclass(frozen=True, slots=True)
class Period:
    """What was said from `start` to `end`, both inclusive; `complete` says that no day of it is missing.

    A period is incomplete where the scope cuts it, or where it goes on after the last day that anything was heard of
    any brand. `opinions` counts sentences, null in a dimension. `net` is that of the period alone, `smoothed` the level
    with what the periods around it say; null where nothing was said. In a dimension, stars are not known.
    """

    start: date
    end: date
    complete: bool
    mentions: int
    opinions: int
    net: Estimate
    smoothed: Estimate
    rating: Mean


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """The level moved: `day` is the first day of the first period at the new level, between `earliest` and `latest`
    with 95 % confidence.

    `before` and `after` are the nets of the levels on both sides, as far as the changes next to it, and `size` is their
    difference. `same_mix` is the size where each source and language has the same part on both sides; null where they
    share too few, or where there is but one. `pace_before` and `pace_after` are mentions per period: where they differ
    by far, other people may be speaking (invitations to review began or stopped). The stars are a second witness, not
    known for one dimension of many.
    """

    day: date
    earliest: date
    latest: date
    before: Estimate
    after: Estimate
    size: Difference
    same_mix: Difference | None
    pace_before: float
    pace_after: float
    rating_before: Mean
    rating_after: Mean


@dataclass(frozen=True, slots=True)
class DimensionTrend:
    """One dimension: its votes, its net over all periods, and its smoothed net for each of them, null where unknown.

    `before` and `after` are the nets before and in the window (see `Trend`), `change` is their difference; `moved` says
    that it is certain among all dimensions together.
    """

    dimension: str
    label: str
    kind: str
    mentions: int
    net: Estimate
    before: Estimate
    after: Estimate
    change: Difference | None
    moved: bool
    smoothed: tuple[float | None, ...]
    change_points: tuple[ChangePoint, ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """How what is said of a brand moves.

    `by` is `day`, `week` (from Monday) or `month`. `periods` follow each other without a gap: `holes` of them have no
    mention. `dispersion` says how many times more the nets vary from period to period than chance alone would have
    them. `dimensions` are the top movers first. `window` is the last year, half-year or half of the span, with as much
    before it. `stale` counts the days per source that changed after they were last counted. All of it is read by one
    `model`, null before the first classification; then only counts and stars are there.
    """

    brand: str
    scope: Scope
    by: str
    model: str | None
    stale: int
    holes: int
    dispersion: float
    periods: tuple[Period, ...]
    change_points: tuple[ChangePoint, ...]
    window: Window | None
    dimensions: tuple[DimensionTrend, ...]
    complacency: Complacency | None


def find_trend(session: Session, brand: Brand, scope: Scope, *, by: str | None = None) -> Trend:
    """Return how what is said of a brand moved by `by`: `day`, `week`, `month`, or what suits the span.

    Raises UsageError for an impossible scope or too many periods, NotFoundError for an unknown source or dimension.
    """
    selection = select_scope(session, brand, scope)
    version = brand.model_version_id
    found = read_mentions(session, selection)
    first = scope.since or min((each.first for each in found), default=None)
    last = scope.until or max((each.last for each in found), default=None)
    if first is None or last is None or first > last:
        return _nothing(session, brand, scope, by, selection)
    by = chosen(by, first, last)
    bounds = calendar(by, first, last)
    said = read_periods(session, version, selection, _clipped(bounds, scope))
    work = _Work(session, version, selection, by, tuple(_clipped(bounds, scope)))
    headline = changes.series([part.sums for part in said])
    shifts = changes.find_shifts(headline, shortest=SHORTEST[by])
    span = window(first, min(last, max((each.last for each in found), default=last)))
    halves = read_halves(session, version, selection, scope, span) if span and version is not None else None
    return Trend(
        brand=brand.name,
        scope=scope,
        by=by,
        model=_model(session, version),
        stale=count_stale(session, selection),
        holes=sum(not part.mentions for part in said),
        dispersion=headline.dispersion,
        periods=_periods(session, bounds, scope, said, changes.smooth(headline, shifts), headline),
        change_points=work.change_points(headline, shifts, said, None),
        window=span,
        dimensions=_dimensions(work, said, halves, scope.dimension),
        complacency=find_complacency(session, brand, selection, scope, span, halves) if span and halves else None,
    )


def _nothing(session: Session, brand: Brand, scope: Scope, by: str | None, selection: Selection) -> Trend:
    return Trend(
        brand=brand.name, scope=scope, by=by or "month", model=_model(session, brand.model_version_id),
        stale=count_stale(session, selection), holes=0, dispersion=1.0, periods=(), change_points=(), window=None,
        dimensions=(), complacency=None,
    )  # fmt: skip


def _model(session: Session, version: int | None) -> str | None:
    return None if version is None else session.scalar(select(ModelVersion.name).where(ModelVersion.id == version))


def _clipped(bounds: Sequence[Bounds], scope: Scope) -> list[Bounds]:
    """Return the periods without what lies outside the scope."""
    return [(max(one, scope.since or one), min(other, scope.until or other)) for one, other in bounds]


def _sums(said: Said, dimension: str | None) -> Sums:
    return said.sums if dimension is None else said.of(dimension)


def _mentions(said: Said, dimension: str | None) -> int:
    return said.mentions if dimension is None else said.of(dimension).mentions


def _net(said: Sequence[Said], dimension: str | None) -> Estimate:
    return statistics.net(statistics.pooled([_sums(part, dimension) for part in said]))


def _rating(said: Sequence[Said], dimension: str | None) -> Mean:
    return rating_of([] if dimension else said)


def _periods(
    session: Session,
    bounds: Sequence[Bounds],
    scope: Scope,
    said: Sequence[Said],
    levels: Sequence[Level | None],
    headline: Series,
) -> tuple[Period, ...]:
    heard = _heard(session)
    periods = []
    clipped = _clipped(bounds, scope)
    for whole, (start, end), part, level in zip(bounds, clipped, said, levels, strict=True):
        periods.append(
            Period(
                start=start,
                end=end,
                complete=whole == (start, end) and end <= heard,
                mentions=part.mentions,
                opinions=part.opinions,
                net=statistics.net(part.sums),
                smoothed=_smoothed(level, headline, part.sums.mentions),
                rating=rating_of([part]),
            )
        )
    return tuple(periods)


def _heard(session: Session) -> date:
    """Return the last day of which all was heard: that of the last public mention of any brand, and before today."""
    asked = select(Source.id).where(Source.kind == SURVEY)
    public = select(MentionRollup.day).where(MentionRollup.brand_id == Brand.id, MentionRollup.source_id.not_in(asked))
    latest = public.order_by(MentionRollup.day.desc()).limit(1).scalar_subquery()
    days = [day for day in session.scalars(select(latest).select_from(Brand)) if day is not None]
    return min(max(days, default=date.min), datetime.now(UTC).date() - timedelta(days=1))


def _smoothed(level: Level | None, found: Series, mentions: int) -> Estimate:
    """Return a level with its interval, null where it is known worse than from the minimum count alone."""
    if level is None or level.error**2 > found.spread / MINIMUM:
        return Estimate(None, None, None, mentions)
    reach = statistics.Z * level.error
    ends = (level.value, level.value - reach, level.value + reach)
    value, low, high = (max(-100.0, min(100.0, end)) for end in ends)
    return Estimate(value, low, high, mentions)


@dataclass(frozen=True, slots=True)
class _Work:
    """Where the figures of change points come from."""

    session: Session
    version: int | None
    selection: Selection
    by: str
    bounds: tuple[Bounds, ...]

    def change_points(
        self, found: Series, shifts: Sequence[Shift], said: Sequence[Said], dimension: str | None
    ) -> tuple[ChangePoint, ...]:
        """Return the changes of a series with the nets of the levels on both sides."""
        cuts = [0, *(shift.position for shift in shifts), len(said)]
        points = []
        for shift, start, end in zip(shifts, cuts, cuts[2:], strict=False):
            sides = said[start : shift.position], said[shift.position : end]
            before, after = (_net(side, dimension) for side in sides)
            size = changes.change(found, start, shift.position, end)
            if size is None:
                continue
            paces = [sum(_mentions(part, dimension) for part in side) / len(side) for side in sides]
            ratings = [_rating(side, dimension) for side in sides]
            points.append(
                ChangePoint(
                    day=self.bounds[shift.position][0],
                    earliest=self.bounds[shift.earliest][0],
                    latest=self.bounds[shift.latest][0],
                    before=before,
                    after=after,
                    size=size,
                    same_mix=None if dimension else self._same_mix(start, shift.position, end, found.dispersion),
                    pace_before=paces[0],
                    pace_after=paces[1],
                    rating_before=ratings[0],
                    rating_after=ratings[1],
                )
            )
        return tuple(points)

    def _same_mix(self, start: int, cut: int, end: int, dispersion: float) -> Difference | None:
        if self.version is None:
            return None
        before = self._strata(self.version, self.bounds[start][0], self.bounds[cut - 1][1])
        after = self._strata(self.version, self.bounds[cut][0], self.bounds[end - 1][1])
        return changes.widened(same_mix(before, after), dispersion)

    def _strata(self, version: int, since: date, until: date) -> dict[tuple[int, str], Sums]:
        cells = read_sentiment(self.session, version, replace(self.selection, since=since, until=until), whole=True)
        return {(cell.source_id, cell.language): cell.sums for cell in cells}


def same_mix(before: dict[tuple[int, str], Sums], after: dict[tuple[int, str], Sums]) -> Difference | None:
    """Return how far the net rose where every source and language keeps its part of the votes on both sides.

    Null where there is but one, or where those with the minimum count on both sides hold less than 80 % of the votes.
    Ends of the interval by variance recovery (as `statistics.difference`), the parts taken as given.
    """
    votes = {key: sum(side[key].positive + side[key].negative for side in (before, after) if key in side)
             for key in before.keys() | after.keys()}  # fmt: skip
    changed = {
        key: statistics.difference(statistics.net(after[key]), statistics.net(before[key]))
        for key in before.keys() & after.keys()
    }
    found = [(votes[key], change) for key, change in changed.items() if change is not None]
    shared = sum(part for part, _ in found)
    if len(votes) < 2 or shared < ALIKE * sum(votes.values()) or not shared:
        return None
    value = sum(part * change.value for part, change in found) / shared
    low = value - sqrt(sum((part * (change.value - change.low)) ** 2 for part, change in found)) / shared
    high = value + sqrt(sum((part * (change.high - change.value)) ** 2 for part, change in found)) / shared
    return Difference(value, low, high, certain=low > 0 or high < 0, overlap=True)


def _dimensions(
    work: _Work, said: Sequence[Said], halves: Halves | None, only: str | None
) -> tuple[DimensionTrend, ...]:
    """Return the dimensions with a vote, those that moved for certain first, then by how far they moved."""
    entries = [entry for entry in taxonomy.load().dimensions if only in (None, entry.name)]
    entries = [entry for entry in entries if any(entry.name in part.votes for part in said)]
    moves = [None if halves is None else halves.change(entry.name) for entry in entries]
    trends = []
    for entry, change in zip(entries, corrected(moves), strict=True):
        sums = [part.of(entry.name) for part in said]
        found = changes.series(sums)
        shifts = changes.find_shifts(found, shortest=SHORTEST[work.by], count=len(entries))
        nothing = Estimate(None, None, None, 0)
        before, after = (nothing, nothing) if halves is None else halves.nets(entry.name)
        smoothed = [_smoothed(level, found, 0).value for level in changes.smooth(found, shifts)]
        whole = statistics.pooled(sums)
        trends.append(
            DimensionTrend(
                dimension=entry.name,
                label=entry.label,
                kind=entry.kind,
                mentions=whole.mentions,
                net=statistics.net(whole),
                before=before,
                after=after,
                change=change,
                moved=change is not None and change.certain,
                smoothed=tuple(smoothed),
                change_points=work.change_points(found, shifts, said, entry.name),
            )
        )
    return tuple(sorted(trends, key=lambda trend: (-trend.moved, -abs(trend.change.value if trend.change else 0))))
