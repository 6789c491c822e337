"""Change points and the level between them: where net sentiment moved, and where it only seems to.

The method is in docs/methods-trend.md; `benchmarks/changes.py` measures its false marks and its power.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import erf, exp, log, pi, sqrt
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from overheard.insight import statistics
from overheard.insight.statistics import MINIMUM, Sums

Floats: TypeAlias = NDArray[np.float64]

LEAST = 6
"""Periods with votes below which no change is looked for."""

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
    """Nets by period, in [−100, 100], with the independent votes behind each: a net of w votes has the variance
    `spread` / w. Without a vote the weight is 0 and the net stands for nothing.

    Real nets vary more than that from period to period, a campaign here, a busy Monday there: `dispersion` times as
    much, at least once. `mentions` are those of each period.
    """

    nets: Floats
    weights: Floats
    mentions: Floats
    spread: float
    dispersion: float

    @property
    def coarsest(self) -> float:
        """The variance of a net of so many mentions as are needed to show one."""
        return self.spread * float(self.mentions.sum()) / (MINIMUM * float(self.weights.sum()))


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

    Calibrated so that without a change at most 5 % of families of `count` series have a mark (docs/methods-trend.md).
    """
    return 9 + log(periods) / 2 + 2 * (1 + 15 / periods) * log(count)


def series(periods: Sequence[Sums]) -> Series:
    """Return the nets of periods with their weights; below the minimum count over all of them every weight is 0.

    A sentence is a vote, but those of one mention agree by `agreement`, so that a period has x² / ((1 − ρ)x + ρΣx²)
    independent ones (Kish 1965, § 5.4). Changes of the level count as agreement, too: the weights err to the safe side.
    """
    mentions = np.array([each.mentions for each in periods], dtype=np.float64)
    whole = statistics.pooled(periods)
    polar = whole.positive + whole.negative
    if whole.mentions < MINIMUM or polar == 0:
        nothing = np.zeros(len(periods))
        return Series(nothing, nothing, mentions, 1.0, 1.0)
    # Two votes are added on each side, so that neither is ever said to be certain because all agree.
    voices = polar * polar / whole.sum_xx
    share = (voices * whole.positive / polar + 2) / (voices + 4)
    spread = 200 * 200 * share * (1 - share)
    alike = agreement(whole)
    counts = np.array([each.positive + each.negative for each in periods], dtype=np.float64)
    differences = np.array([each.positive - each.negative for each in periods], dtype=np.float64)
    squares = np.array([each.sum_xx for each in periods], dtype=np.float64)
    seen = counts > 0
    divisor = np.where(seen, (1 - alike) * counts + alike * squares, 1)
    weights = counts**2 / divisor
    nets = np.where(seen, 100 * differences / np.where(seen, counts, 1), 0)
    return Series(nets, weights, mentions, spread, dispersion(nets, weights, spread))


def agreement(sums: Sums) -> float:
    """Return the correlation between two sentences of a mention, ρ in [0, 1], from the spread of whole mentions.

    Σ(y − R·x)² is (1 − R²) · ((1 − ρ)Σx + ρΣx²) where each sentence is a vote of the net R. It is 1, so that a mention
    has one voice, where there is no spread to tell it from.
    """
    x, y = sums.positive + sums.negative, sums.positive - sums.negative
    if abs(y) == x or sums.sum_xx == x:
        return 1.0
    ratio = y / x
    residuals = sums.sum_yy - 2 * ratio * sums.sum_xy + ratio**2 * sums.sum_xx
    return max(0.0, min(1.0, (residuals / (1 - ratio**2) - x) / (sums.sum_xx - x)))


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
    """Return where the level moved, the earliest first; periods without votes have no say.

    The levels are those that lose least of the fit with a penalty for each change (optimal partitioning: Jackson et al.
    2005; PELT finds the same). A level holds for at least `shortest` periods with votes, and the minimum count of
    mentions. `count` series are looked at together.
    """
    seen = np.flatnonzero(found.weights > 0)
    if len(seen) < max(LEAST, 2 * shortest):
        return []
    fit = _Fit(found.weights[seen], found.nets[seen], found.spread * found.dispersion)
    mentions = np.concatenate([[0.0], np.cumsum(found.mentions[seen])])
    cuts = _best_cuts(fit, mentions, penalty(len(seen), count), shortest)
    bounds = [0, *cuts, len(seen)]
    shifts = []
    for before, cut, after in zip(bounds, cuts, bounds[2:], strict=False):
        first, last = _location(fit, before, cut, after, shortest)
        shifts.append(Shift(*(int(seen[each]) for each in (cut, first, last))))
    return shifts


class _Fit:
    """How much of the variation a level explains, for any stretch of periods, in units of the noise."""

    def __init__(self, votes: Floats, means: Floats, unit: float) -> None:
        self.votes = np.concatenate([[0.0], np.cumsum(votes)])
        self.sums = np.concatenate([[0.0], np.cumsum(votes * (means - np.average(means, weights=votes)))])
        self.unit = unit

    def gain(self, starts: Any, end: Any) -> Floats:
        """Return the explained part of the stretches from `starts` up to, not with, `end`."""
        explained: Floats = (self.sums[end] - self.sums[starts]) ** 2 / (self.votes[end] - self.votes[starts])
        return explained / self.unit


def _best_cuts(fit: _Fit, mentions: Floats, price: float, shortest: int) -> list[int]:
    size = len(mentions) - 1
    best, came = np.full(size + 1, -np.inf), np.zeros(size + 1, dtype=int)
    best[0] = price
    for end in range(shortest, size + 1):
        starts = np.arange(0, end - shortest + 1)
        enough = (mentions[end] - mentions[starts] >= MINIMUM) | ((starts == 0) & (end == size))
        totals = np.where(enough, best[starts] + fit.gain(starts, end) - price, -np.inf)
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
    """Return the smoothed level of every period, null where there is no vote in it.

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
    likelihoods, *_ = _filter(found.nets, noise, jumps, start, GRID * typical)
    step = GRID[[int(np.argmax(likelihoods))]] * typical
    _, levels, variances, before = _filter(found.nets, noise, jumps, start, step)
    smoothed = _backwards(levels[:, 0], variances[:, 0], before[:, 0])
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
