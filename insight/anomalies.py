"""What is unusual in daily counts: spikes and drops against two baselines, with false discoveries held down.

A cell is one thing that is counted every day: pain in a dimension, mentions of a brand. Every function takes arrays of
shape (cells, days), one brand at a time, and answers for every night at once, each from the days up to it alone: so
tonight, a replay of years and a simulation run the same code. docs/methods.md has the formulas.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]

SHORT, LONG = 56, 365
"""Days of the two baselines, eight weeks and a year; what is unusual is so against both."""

SPIKE_WINDOWS, DROP_WINDOWS = (1, 2, 3), (7, 14)
"""Days that are added up before they are compared: a spike shows in one to three, a drop of the net takes longer."""

NEEDED = SHORT + DROP_WINDOWS[-1]
"""Days of history before the first night that is judged."""

HISTORY = 2 * LONG + SHORT + 3 * DROP_WINDOWS[-1]
"""Days before a night that its verdict depends on: what is given beyond them changes nothing."""

Q = 0.15
"""Share of false discoveries among the cells of one brand that are found in one night, at most (Benjamini–Hochberg)."""

PRIOR_COUNT = 0.5
"""Added to the count of a baseline, so that what never happened before is not taken for impossible."""

PRIOR_DAYS = 60
"""Days that the dispersion of all cells of a kind weighs beside a cell's own."""

LEAST_DISPERSION = 1.05
"""Variance over mean that is assumed at least; 1 is Poisson."""

FAR = 3.5
"""Standard errors beyond which a past day counts as no further away: an old incident does not hide the next one."""

SEASON_PRIOR = 50.0
"""Counts that an even week weighs beside the weekdays of the last year."""


@dataclass(frozen=True, slots=True)
class Bar:
    """How much of a difference is worth an alert: at least `least` counts, and `lift` times what was expected.

    A `lift` below 1 looks for what is missing: at most so many times of an expectation that is `least` or more.
    """

    least: float
    lift: float


SPIKE, MORE, WORSE, FEWER = Bar(6, 2.0), Bar(10, 2.0), Bar(10, 1.3), Bar(10, 0.5)
"""What is worth an alert of pain, of mentions, of the share of pain among the votes, of mentions that are missing."""

DROP_WEIGHT = 0.2
"""Weight of a drop beside 1 of an even share: spikes are looked for first, for a drop has more days."""


@dataclass(frozen=True, slots=True)
class History:
    """What was counted of a brand each day, from the day `first` on.

    `pain` and `praise` are votes of shape (dimensions, days); `mentions`, and the `negative` and `positive` sentences,
    have shape (days,).
    """

    first: date
    dimensions: tuple[str, ...]
    pain: Counts
    praise: Counts
    mentions: Counts
    negative: Counts
    positive: Counts


class Cell(NamedTuple):
    """What is counted: the `pain` or the `net` in a dimension, the `net` or the `mentions` of a brand (None)."""

    kind: str
    measure: str
    dimension: str | None


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found in each cell on each night, arrays of shape (cells, days).

    `p` is the chance of something so unusual in any of the windows, corrected for their number; 1 where there is too
    little history or too little of a difference. `window` is the number of days of the most unusual one, `observed` and
    `expected` its counts, the latter of the baseline that finds it less unusual.
    """

    p: Counts
    window: Counts
    observed: Counts
    expected: Counts


@dataclass(frozen=True, slots=True)
class Judged:
    """Every cell of a brand on every night: what was found, and its q-value; arrays of shape (cells, days)."""

    cells: tuple[Cell, ...]
    scan: Scan
    found: NDArray[np.bool_]
    q: Counts


def judge(history: History, q: float = Q) -> Judged:
    """Return what is unusual on each night of a history, from the days up to it alone."""
    day, names = history.first.weekday(), history.dimensions
    pain, mentions = history.pain, history.mentions[None]
    worse = np.vstack([pain, history.negative])
    votes = worse + np.vstack([history.praise, history.positive])
    busy = weekdays(history.mentions, day)
    scans = (
        scan(pain, weekdays(pain.sum(axis=0), day), SPIKE_WINDOWS, SPIKE),
        scan(mentions, busy, SPIKE_WINDOWS, MORE),
        scan(worse, votes, DROP_WINDOWS, WORSE),
        scan(mentions, busy, DROP_WINDOWS, FEWER),
    )
    cells = (
        *(Cell("spike", "pain", name) for name in names), Cell("spike", "mentions", None),
        *(Cell("drop", "net", name) for name in (*names, None)), Cell("drop", "mentions", None),
    )  # fmt: skip
    joined = Scan(*(np.vstack([getattr(each, name) for each in scans]) for name in Scan.__slots__))
    spikes = np.array([cell.kind == "spike" for cell in cells])
    even = (len(cells) - DROP_WEIGHT * (~spikes).sum()) / spikes.sum()
    found, values = discoveries(joined.p, np.where(spikes, even, DROP_WEIGHT), q)
    return Judged(cells, joined, found, values)


def weekdays(counts: Counts, first: int) -> Counts:
    """Return how busy each day's weekday is beside an even week, mean 1, from the year before it; shape (days,).

    `counts` are of shape (days,), `first` is the weekday of the first, 0 to 6. The weekdays are those of all that is
    given together: a single cell knows too little of them.
    """
    days = counts.shape[-1]
    weekday = (first + np.arange(days)) % 7
    sums = np.stack([_trailing(np.where(weekday == each, counts, 0.0), LONG, 1) for each in range(7)])
    sums += SEASON_PRIOR / 7
    share: Counts = sums[weekday, np.arange(days)] * 7 / sums.sum(axis=0)
    return share


def scan(counts: Counts, exposure: Counts, windows: Sequence[int], bar: Bar) -> Scan:
    """Compare, on every night, the last days of each cell with what its baselines lead to expect.

    `exposure` of shape (cells, days) or (1, days) is what counts are proportional to: the weekday's share for counts,
    the votes for the pains among them. Expected is the rate of a baseline times the exposure of the window.
    """
    exposure = np.broadcast_to(exposure, counts.shape)
    gap = max(windows)
    short, long = (_rate(counts, exposure, length, gap) for length in (SHORT, LONG))
    best = None
    for window in windows:
        found = _window(counts, exposure, short, long, window, gap, bar)
        best = found if best is None else _smaller(best, found)
    assert best is not None
    p = np.minimum(1.0, best.p * len(windows))
    p[:, :NEEDED] = 1.0
    return Scan(p, best.window, best.observed, best.expected)


def _window(
    counts: Counts, exposure: Counts, short: Counts, long: Counts, window: int, gap: int, bar: Bar
) -> Scan:  # fmt: skip
    observed, exposed = _trailing(counts, window), _trailing(exposure, window)
    near, far = short * exposed, long * exposed
    dispersion = _dispersion(observed - near, near, gap)
    # The baseline that leads to expect more finds a spike less unusual; of what is missing, the other one does.
    expected = np.maximum(near, far) if bar.lift > 1 else np.minimum(near, far)
    if bar.lift > 1:
        worth = (observed >= bar.least) & (observed >= bar.lift * expected)
    else:
        worth = (expected >= bar.least) & (observed <= bar.lift * expected)
    p = np.ones_like(expected)
    p[worth] = tail(observed[worth], expected[worth], dispersion[worth], upper=bar.lift > 1)
    return Scan(p, np.full(p.shape, float(window)), observed, expected)


def _smaller(one: Scan, other: Scan) -> Scan:
    chosen = other.p < one.p
    return Scan(*(np.where(chosen, getattr(other, name), getattr(one, name)) for name in Scan.__slots__))


def _trailing(values: Counts, length: int, gap: int = 0) -> Counts:
    """Return for each day the sum of the `length` days that end `gap` days before it."""
    sums = np.cumsum(values, axis=-1, dtype=float)
    padded = np.concatenate([np.zeros((*values.shape[:-1], length + gap)), sums], axis=-1)
    days = values.shape[-1]
    result: Counts = padded[..., length : length + days] - padded[..., :days]
    return result


def _rate(counts: Counts, exposure: Counts, length: int, gap: int) -> Counts:
    """Return the counts per exposure of the baseline that ends before the longest window."""
    exposed = _trailing(exposure, length, gap)
    return (_trailing(counts, length, gap) + PRIOR_COUNT) / np.maximum(exposed, 1.0)


def _dispersion(errors: Counts, expected: Counts, gap: int) -> Counts:
    """Return the variance of a window over its mean, from the errors of the last year's predictions.

    A cell's own is drawn to that of all cells together, the more, the fewer its days and counts are.
    """
    errors = errors.copy()
    errors[:, :NEEDED] = 0.0
    known = np.where(np.arange(errors.shape[1]) < NEEDED, 0.0, expected)
    mean = _trailing(known, LONG, gap)
    days = _trailing((known > 0).astype(float), LONG, gap)
    rough = _shrunk(_trailing(errors**2, LONG, gap), mean, days)
    limit = FAR * np.sqrt(rough * np.maximum(expected, PRIOR_COUNT))
    return _shrunk(_trailing(np.clip(errors, -limit, limit) ** 2, LONG, gap), mean, days)


def _shrunk(squares: Counts, mean: Counts, days: Counts) -> Counts:
    pooled = (squares.sum(axis=0) + 2.0) / (mean.sum(axis=0) + 1.0)
    pooled = np.maximum(pooled, LEAST_DISPERSION)
    own = squares / np.maximum(mean, 1e-9)
    daily = mean / np.maximum(days, 1.0)
    # The variance of such a ratio over n days of mean m is about (2 + 1/m) / n.
    weight = days * 2 * daily / (2 * daily + 1)
    result: Counts = np.maximum((weight * own + PRIOR_DAYS * pooled) / (weight + PRIOR_DAYS), LEAST_DISPERSION)
    return result


def tail(observed: Any, expected: Any, dispersion: Any, *, upper: bool = True) -> Any:
    """Return P(X ≥ observed), or with `upper` false P(X ≤ observed), of a negative binomial count.

    Its mean is `expected`, its variance `dispersion` times that.

    >>> round(float(tail(np.array(12.0), np.array(5.0), np.array(1.5))), 4)
    0.0171
    """
    from scipy.special import betainc

    size = expected / (dispersion - 1)
    more = 1 - 1 / dispersion
    if upper:
        return np.where(observed > 0, betainc(np.maximum(observed, 1), size, more), 1.0)
    return betainc(size, observed + 1, 1 - more)


def discoveries(p: Counts, weights: Counts, q: float) -> tuple[NDArray[np.bool_], Counts]:
    """Return which cells of each night are found, and the q-value of each (Benjamini and Hochberg 1995).

    `p` is of shape (cells, days); `weights` of shape (cells,), with mean 1, say where to look first (Genovese, Roeder
    and Wasserman 2006).
    """
    cells = p.shape[0]
    weighted = np.minimum(1.0, p / weights[:, None])
    order = np.argsort(weighted, axis=0, kind="stable")
    ranked = np.take_along_axis(weighted, order, axis=0) * (cells / np.arange(1, cells + 1))[:, None]
    ranked = np.minimum.accumulate(ranked[::-1], axis=0)[::-1]
    values = np.empty_like(ranked)
    np.put_along_axis(values, order, ranked, axis=0)
    return values <= q, np.minimum(1.0, values)
