"""Change points and the level between them: where net sentiment moved, and where it only seems to.

The method is in docs/methods.md; `benchmarks/changes.py` measures its false marks and its power.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import erf, exp, inf, log, pi, sqrt
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from overheard.insight import statistics
from overheard.insight.statistics import MINIMUM, Difference, Sums

Floats: TypeAlias = NDArray[np.float64]

LEAST = 6
"""Periods with mentions below which no change is looked for."""

KEPT = 0.8
"""The part of the steps between neighbours, the smallest, that the dispersion is measured by: a jump is not noise."""

LOCATION = 7.352
"""How much better than another date the best one must fit to exclude it at 95 %: −2 ln(1 − √0.95) (Siegmund 1988)."""

GRID = np.concatenate([[0.0], np.logspace(-4, 2, 25)])
"""Variances of the level's step that are tried, as parts of the median variance of a period."""

UNKNOWN = 1e4
"""The variance of a level of which nothing is known, in medians of the variance of a period and of the means."""


@dataclass(frozen=True, slots=True)
class Series:
    """The net of each period, with the mentions behind it as weights: a net of m mentions has the variance
    `spread` / m. Without a mention the weight is 0 and the net stands for nothing.

    Real nets vary more than that from period to period, a campaign here, a busy Monday there: `dispersion` times as
    much, at least once. `sums` is what all of it comes from.
    """

    sums: tuple[Sums, ...]
    nets: Floats
    weights: Floats
    spread: float
    dispersion: float


@dataclass(frozen=True, slots=True)
class Shift:
    """The level moved: `position` is the first period at the new level, not before `earliest`, not after `latest`."""

    position: int
    earliest: int
    latest: int


@dataclass(frozen=True, slots=True)
class Level:
    """A smoothed level, and its standard error."""

    value: float
    error: float


def penalty(periods: int, count: int = 1) -> float:
    """Return what a change must gain in fit, in units of the noise, to be marked.

    Calibrated so that without a change at most 5 % of families of `count` series have a mark (docs/methods.md).
    """
    return 10 + log(periods) / 2 + 2 * (1 + 15 / periods) * log(count)


def series(periods: Sequence[Sums]) -> Series:
    """Return the nets of periods with their weights; below the minimum count over all of them every weight is 0.

    With R the net of the whole series and x̄ the counts of a mention in it, the net of a period of m mentions is
    R + (y − R·x) / (x̄·m): how far each of them lies from the whole. The plain ratio y / x would not do: long
    mentions complain more, and a period of few mentions is ruled by its long ones less often than a period of many.
    """
    weights = np.array([each.mentions for each in periods], dtype=np.float64)
    whole = statistics.pooled(periods)
    if whole.mentions < MINIMUM or whole.positive + whole.negative == 0:
        return Series(tuple(periods), np.zeros(len(periods)), np.zeros(len(periods)), 1.0, 1.0)
    ratio, size = _ratio(whole), (whole.positive + whole.negative) / whole.mentions
    off = [each.positive - each.negative - ratio * (each.positive + each.negative) for each in periods]
    seen = weights > 0
    nets = np.where(seen, 100 * (ratio + np.array(off) / np.where(seen, size * weights, 1)), 0)
    # As of two more mentions on each side, so that neither is ever said to be certain because all agree.
    more = statistics.pooled([whole, Sums(4, 2, 2, 4, 4, 0)])
    of_more = _ratio(more)
    residuals = more.sum_yy - 2 * of_more * more.sum_xy + of_more**2 * more.sum_xx
    spread = 100**2 * residuals / (more.mentions - 1) / size**2
    return Series(tuple(periods), nets, weights, spread, dispersion(nets, weights, spread))


def _ratio(sums: Sums) -> float:
    return (sums.positive - sums.negative) / (sums.positive + sums.negative)


def dispersion(nets: Floats, weights: Floats, spread: float) -> float:
    """Return how many times more the nets vary from period to period than their weights say, at least 1.

    From the steps between neighbours, the largest fifth left out, so that changes of the level hardly count.
    """
    seen = weights > 0
    y, variances = nets[seen], spread / weights[seen]
    if len(y) < 3:
        return 1.0
    steps = np.sort(np.diff(y) ** 2 / (variances[1:] + variances[:-1]))
    kept = max(1, int(KEPT * len(steps) + 0.5))
    return max(1.0, float(steps[:kept].mean()) / _trimmed_mean(kept / len(steps)))


def _trimmed_mean(part: float) -> float:
    """Return the mean of the smallest part of a chi-square variable with one degree of freedom."""
    if part >= 1:
        return 1.0
    low, high = 0.0, 50.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if erf(sqrt(middle / 2)) < part else (low, middle)
    return (erf(sqrt(low / 2)) - sqrt(2 * low / pi) * exp(-low / 2)) / part


def find_shifts(found: Series, *, shortest: int, count: int = 1) -> list[Shift]:
    """Return where the level moved, the earliest first; periods without mentions have no say.

    The levels are those that lose least of the fit with a penalty for each change (optimal partitioning: Jackson et al.
    2005; PELT finds the same). A level holds for at least `shortest` periods with mentions, and the minimum count of
    mentions. A change stands only where the nets on both sides differ for certain. `count` series are looked at
    together.
    """
    seen = np.flatnonzero(found.weights > 0)
    if len(seen) < max(LEAST, 2 * shortest):
        return []
    fit = _Fit(found.weights[seen], found.nets[seen], found.spread * found.dispersion)
    cuts = _best_cuts(fit, penalty(len(seen), count), shortest)
    cuts = _certain_cuts(replace(found, sums=tuple(found.sums[place] for place in seen)), cuts)
    bounds = [0, *cuts, len(seen)]
    shifts = []
    for before, cut, after in zip(bounds, cuts, bounds[2:], strict=False):
        first, last = _location(fit, before, cut, after, shortest)
        shifts.append(Shift(*(int(seen[each]) for each in (cut, first, last))))
    return shifts


def change(found: Series, start: int, cut: int, end: int) -> Difference | None:
    """Return how far the net of the periods from `cut` up to `end` lies above that of those from `start` to `cut`."""
    sides = (found.sums[one:other] for one, other in pairwise((start, cut, end)))
    before, after = (statistics.net(statistics.pooled(side)) for side in sides)
    return widened(statistics.difference(after, before), found.dispersion)


def widened(found: Difference | None, dispersion: float) -> Difference | None:
    """Return a difference whose interval is that of figures that vary `dispersion` times more than by chance."""
    if found is None:
        return None
    wider = sqrt(dispersion)
    low, high = found.value - wider * (found.value - found.low), found.value + wider * (found.high - found.value)
    return replace(found, low=low, high=high, certain=low > 0 or high < 0)


def _certain_cuts(found: Series, cuts: Sequence[int]) -> list[int]:
    """Return the cuts without those, the least certain first, whose levels do not differ for certain."""
    left = list(cuts)
    while left:
        bounds = [0, *left, len(found.sums)]
        doubts = [_doubt(change(found, *bounds[place : place + 3])) for place in range(len(left))]
        if max(doubts) < 1:
            break
        del left[doubts.index(max(doubts))]
    return left


def _doubt(found: Difference | None) -> float:
    """Return how far the interval reaches towards 0, in parts of the way: from 1 on, 0 is in it."""
    if found is None or not found.value:
        return inf
    reach = found.value - found.low if found.value > 0 else found.high - found.value
    return reach / abs(found.value)


class _Fit:
    """How much of the variation a level explains, for any stretch of periods, in units of the noise."""

    def __init__(self, mentions: Floats, nets: Floats, unit: float) -> None:
        self.mentions = np.concatenate([[0.0], np.cumsum(mentions)])
        self.sums = np.concatenate([[0.0], np.cumsum(mentions * (nets - np.average(nets, weights=mentions)))])
        self.unit = unit

    def gain(self, starts: Any, end: Any) -> Floats:
        """Return the explained part of the stretches from `starts` up to, not with, `end`."""
        explained: Floats = (self.sums[end] - self.sums[starts]) ** 2 / (self.mentions[end] - self.mentions[starts])
        return explained / self.unit


def _best_cuts(fit: _Fit, price: float, shortest: int) -> list[int]:
    size = len(fit.mentions) - 1
    best, came = np.full(size + 1, -np.inf), np.zeros(size + 1, dtype=int)
    best[0] = price
    for end in range(shortest, size + 1):
        # The starts that leave a level enough mentions are the first so many; that of the whole is always one.
        starts = fit.mentions[: end - shortest + 1]
        many = max(int(np.searchsorted(starts, fit.mentions[end] - MINIMUM, side="right")), int(end == size))
        if many:
            totals = best[:many] + fit.gain(slice(0, many), end) - price
            came[end] = int(np.argmax(totals))
            best[end] = totals[came[end]]
    cuts, end = [], size
    while came[end] > 0:
        end = int(came[end])
        cuts.append(end)
    return cuts[::-1]


def _location(fit: _Fit, before: int, cut: int, after: int, shortest: int) -> tuple[int, int]:
    """Return the first and the last date that fit almost as well and leave both levels long enough."""
    dates = np.arange(before + shortest, after - shortest + 1)
    fits = fit.gain(before, dates) + fit.gain(dates, after)
    near = dates[fits >= fits[cut - before - shortest] - LOCATION]
    return int(near[0]), int(near[-1])


def smooth(found: Series, shifts: Sequence[Shift] = ()) -> list[Level | None]:
    """Return the smoothed level of every period, null where there is no mention in it.

    A local level (a random walk seen through noise; Harvey 1989, § 2.3) that may jump at `shifts`; the variance of its
    steps is the likeliest one. Kalman filter and fixed-interval smoother.
    """
    seen = found.weights > 0
    if not seen.any():
        return [None] * len(seen)
    noise = np.where(seen, found.spread * found.dispersion / np.where(seen, found.weights, 1), np.inf)
    typical = float(np.median(noise[seen]))
    jumps = np.zeros(len(seen))
    jumps[[0, *(shift.position for shift in shifts)]] = UNKNOWN * (typical + float(np.var(found.nets[seen])) + 1)
    start = float(np.average(found.nets[seen], weights=found.weights[seen]))
    likelihoods, levels, variances, before = _filter(found.nets, noise, jumps, start, GRID * typical)
    likeliest = int(np.argmax(likelihoods))
    smoothed = _backwards(levels[:, likeliest], variances[:, likeliest], before[:, likeliest])
    return [level if there else None for level, there in zip(smoothed, seen, strict=True)]


def _filter(y: Floats, noise: Floats, jumps: Floats, start: float, steps: Floats) -> tuple[Floats, ...]:
    """Run the Kalman filter for several variances of the step at once.

    Returns the log-likelihoods (one for each step), and by period × step the levels, their variances, and the variances
    before the period was seen.
    """
    shape = (len(y), len(steps))
    levels, variances, before = np.empty(shape), np.empty(shape), np.empty(shape)
    level, variance, likelihood = np.full(len(steps), start), np.zeros(len(steps)), np.zeros(len(steps))
    for period, observed in enumerate(y):
        variance = before[period] = variance + steps + jumps[period]
        if np.isfinite(noise[period]):
            total = variance + noise[period]
            error = observed - level
            if not jumps[period]:
                likelihood = likelihood - (np.log(total) + error**2 / total) / 2
            level, variance = level + variance / total * error, variance * noise[period] / total
        levels[period], variances[period] = level, variance
    return likelihood, levels, variances, before


def _backwards(levels: Floats, variances: Floats, before: Floats) -> list[Level]:
    smoothed, certainty = levels.copy(), variances.copy()
    for period in range(len(levels) - 2, -1, -1):
        pull = variances[period] / before[period + 1]
        smoothed[period] += pull * (smoothed[period + 1] - levels[period])
        certainty[period] += pull**2 * (certainty[period + 1] - before[period + 1])
    return [Level(float(value), sqrt(max(0.0, float(error)))) for value, error in zip(smoothed, certainty, strict=True)]
