"""A period beside the one directly before it, of the same length: what changed, and whether that is certain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from overheard.insight.figures import Figures
from overheard.insight.scope import Scope
from overheard.insight.significance import corrected
from overheard.insight.statistics import Difference, Estimate, Mean, difference


@dataclass(frozen=True, slots=True)
class DimensionChange:
    """The net of one dimension minus its net before, in points."""

    dimension: str
    net: Difference | None


@dataclass(frozen=True, slots=True)
class Change:
    """The differences to the period before, from `since` until `until`, which has `mentions` mentions.

    Each is now minus before, null where one of both has too few mentions. `net_sentiment` is in points, `rating` in
    parts of the scale from 0 to 1, `index` in points of 0 to 100. Of the dimensions, `certain` is corrected for their
    number (Holm). `dimensions` are in the order of the taxonomy.
    """

    since: date
    until: date
    mentions: int
    net_sentiment: Difference | None
    rating: Difference | None
    index: Difference | None
    dimensions: tuple[DimensionChange, ...]


def scope_before(scope: Scope, last: date | None) -> Scope | None:
    """Return the scope of the same length directly before; null without `since`.

    A scope without `until` ends with its `last` mention: days to come, or that were not crawled, have no counterpart.

    >>> before = scope_before(Scope(since=date(2026, 10, 1), until=date(2026, 10, 31)), None)
    >>> str(before.since), str(before.until)
    ('2026-08-31', '2026-09-30')
    """
    until = scope.until or last
    if scope.since is None or until is None or until < scope.since:
        return None
    length = until - scope.since + timedelta(days=1)
    if scope.since - date.min < length:
        return None
    return replace(scope, since=scope.since - length, until=scope.since - timedelta(days=1))


def change(now: Figures, before: Figures, since: date, until: date) -> Change:
    """Return what changed from `before`, the figures of `since` to `until`, to `now`."""
    names = list(now.dimensions)
    nets = [difference(now.dimensions[name], before.dimensions[name]) for name in names]
    return Change(
        since=since,
        until=until,
        mentions=before.mentions,
        net_sentiment=difference(now.net_sentiment, before.net_sentiment),
        rating=difference(_estimate(now.rating), _estimate(before.rating)),
        index=difference(now.index, before.index),
        dimensions=_dimensions(names, nets),
    )


def _dimensions(names: Sequence[str], nets: Sequence[Difference | None]) -> tuple[DimensionChange, ...]:
    return tuple(DimensionChange(name, net) for name, net in zip(names, corrected(nets), strict=True))


def _estimate(mean: Mean) -> Estimate:
    return Estimate(mean.mean, mean.low, mean.high, mean.n)
