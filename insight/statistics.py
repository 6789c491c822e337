"""Net sentiment, index and stars with their intervals, from sums over mentions.

The mention is the unit everywhere: sentences of one mention are not independent, so an interval that counted sentences
would be too narrow. With p and n the positive and negative counts of one mention, x = p + n and y = p − n, the net is
the ratio R = Σy / Σx, and over m mentions its linearised (clustered) variance is

    Var(R) = m / (m − 1) · Σ(y − R·x)² / (Σx)²                     Cochran, Sampling Techniques, 3rd ed., § 6.4, 9A

which needs only Σx², Σy² and Σxy. Near ±100 a symmetric interval fails (all positive: variance 0, a point), so the
interval is Wilson's score interval on the positive share π = (R + 1) / 2, with the number of independent votes that
would have this variance, n = π(1 − π) / Var(π), in place of the count (Korn and Graubard 1998; Dean and Pagano 2015).

Var(π) is itself an estimate, and rests on the mentions that dissent: without any it is 0, with two or three it says
little, and where one mention outweighs the rest its residual all but vanishes. So it is joined with the variance that
holds if every mention speaks with one voice, of K = (Σx)² / Σx² ≤ m voices (Kish 1965), as if that had been learnt
from w dissenters more: with d = K · min(π, 1 − π) dissenting voices,

    1 / N = (d / n + w · max(1 / n, 1 / K)) / (d + w),    N ≤ Σx

The weight w = 0.7 was chosen by simulation; `make coverage` prints what it gives (docs/methods.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, sqrt
from statistics import median as middle

DOUBT = 0.7
"""How many dissenting mentions the assumption that a mention speaks with one voice is worth (w above)."""

MINIMUM = 10
"""Mentions below which no value is shown."""

EXACT = 200
"""Values up to which the ranks of a median's interval are counted out; beyond, the normal curve is near enough."""

Z = 1.959963984540054
"""The normal quantile of a two-sided 95 % interval; every interval here is one of 95 %."""


class Chance(float):
    """A probability of which a tiny value says something: it keeps its significant digits where it is written."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval; `n` counts the mentions behind it. Too few: all null but `n`."""

    value: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean of stars on 0..1 with its 95 % interval; `n` counts the rated mentions.

    Below the minimum count there is neither.
    """

    mean: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Difference:
    """How far one value lies above another, with the 95 % interval of the difference.

    `certain` says that the interval of the difference excludes 0; `overlap` that the two values' own intervals
    overlap. Values whose intervals do not overlap differ for certain; those that overlap a little may as well.
    """

    value: float
    low: float
    high: float
    certain: bool
    overlap: bool


@dataclass(frozen=True, slots=True)
class Sums:
    """What a net needs of a set of mentions: `mentions` of them, with counts summed and multiplied per mention."""

    mentions: int
    positive: int
    negative: int
    sum_xx: int
    sum_yy: int
    sum_xy: int


def votes(praise: int, pain: int, neutral: int) -> Sums:
    """Return the sums of a dimension, where a mention has one vote: x is 0 or 1, and y is −1, 0 or 1."""
    polar = praise + pain
    return Sums(polar + neutral, praise, pain, polar, polar, praise - pain)


def net(sums: Sums) -> Estimate:
    """Return 100 · (positive − negative) / (positive + negative) in [−100, 100] with its interval."""
    found = share_of_praise(sums)
    return Estimate(None, None, None, sums.mentions) if found is None else found.net


@dataclass(frozen=True, slots=True)
class Share:
    """A positive share in [0, 1] and how much is known of it: what every interval and every test starts from.

    `count` is the number of independent votes with its variance, `mentions` the mentions behind it.
    """

    share: float
    count: float
    mentions: int

    def interval(self, quantile: float = Z) -> tuple[float, float]:
        """Return the share's interval for a normal quantile, by default that of 95 %."""
        return _score_interval(self.share, self.count, quantile)

    @property
    def net(self) -> Estimate:
        """The net with its 95 % interval."""
        low, high = self.interval()
        return Estimate(200 * self.share - 100, 200 * low - 100, 200 * high - 100, self.mentions)


def share_of_praise(sums: Sums) -> Share | None:
    """Return the positive share of a set of mentions, null below the minimum count and without any verdict."""
    x = sums.positive + sums.negative
    if sums.mentions < MINIMUM or x == 0:
        return None
    return Share(sums.positive / x, _independent_votes(sums), sums.mentions)


def _independent_votes(sums: Sums) -> float:
    x = sums.positive + sums.negative
    return independent_votes(sums.positive / x, variance_of_share(sums), x * x / sums.sum_xx, float(x))


def independent_votes(share: float, variance: float, voices: float, verdicts: float) -> float:
    """Return how many independent votes would be as certain as a share with this clustered variance (docs/methods.md).

    `voices` is the number of mentions if each spoke with one voice (Kish), `verdicts` the most that it can be.
    """
    if share in (0, 1):
        return voices
    seen, dissent = variance / (share * (1 - share)), voices * min(share, 1 - share)
    return min(verdicts, (dissent + DOUBT) / (dissent * seen + DOUBT * max(seen, 1 / voices)))


def variance_of_share(sums: Sums) -> float:
    """Return the clustered variance of the positive share of at least two mentions, a quarter of that of the net."""
    x, y, m = sums.positive + sums.negative, sums.positive - sums.negative, sums.mentions
    # In whole numbers, because a difference of large sums decides between "no spread" and "a little".
    residuals = x * x * sums.sum_yy - 2 * x * y * sums.sum_xy + y * y * sums.sum_xx  # of y / x, times x * x
    return max(0, m * residuals) / ((m - 1) * 4 * x**4)


def _score_interval(share: float, count: float, quantile: float = Z) -> tuple[float, float]:
    """Return Wilson's interval for a share in [0, 1] of `count` independent votes (Wilson 1927)."""
    square = quantile * quantile / count
    middle = (share + square / 2) / (1 + square)
    half = quantile / (1 + square) * sqrt(share * (1 - share) / count + square / (4 * count))
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def _student(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t (Abramowitz and Stegun 26.7.5; error below 0.001 from 9 on)."""
    return (
        Z
        + (Z**3 + Z) / (4 * freedom)
        + (5 * Z**5 + 16 * Z**3 + 3 * Z) / (96 * freedom**2)
        + (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / (384 * freedom**3)
    )


def index(pillar: Estimate) -> Estimate:
    """Return the index of a pillar in [0, 100], (net + 100) / 2, from the net of its pooled votes."""
    if pillar.value is None or pillar.low is None or pillar.high is None:
        return pillar
    return Estimate((pillar.value + 100) / 2, (pillar.low + 100) / 2, (pillar.high + 100) / 2, pillar.n)


def overall(pillars: Sequence[Estimate]) -> Estimate:
    """Return the mean of the pillars that have a value.

    The same mentions stand behind all pillars, so they vary together: the ends of the interval are the means of the
    ends, which is wide enough for any correlation. `n` is that of the pillar with the most mentions.
    """
    known = [(p.value, p.low, p.high) for p in pillars if None not in (p.value, p.low, p.high)]
    most = max((pillar.n for pillar in pillars), default=0)
    if not known:
        return Estimate(None, None, None, most)
    value, low, high = (sum(column) / len(known) for column in zip(*known, strict=True))
    return Estimate(value, low, high, most)


def stars(n: int, total: float, squares: float) -> Mean:
    """Return the mean of `n` ratings on 0..1 from their sum and their sum of squares.

    The interval is the same score interval, with the spread that was seen, and Student's t for that on n − 1 degrees of
    freedom; where all ratings are equal the sample says nothing of the spread, and the widest possible one stands in.
    """
    if n < MINIMUM:
        return Mean(None, None, None, n)
    mean = min(1.0, max(0.0, total / n))
    variance = (squares - n * mean * mean) / (n - 1)
    count = n * mean * (1 - mean) / variance if variance > 1e-9 else float(n)
    return Mean(mean, *_score_interval(mean, count, _student(n - 1)), n)


def of_five(mean: Mean) -> Estimate:
    """Return a mean of ratings in stars from one to five; null where it has no interval."""
    if mean.mean is None or mean.low is None or mean.high is None:
        return Estimate(None, None, None, mean.n)
    return Estimate(1 + 4 * mean.mean, 1 + 4 * mean.low, 1 + 4 * mean.high, mean.n)


def share(part: int, whole: int) -> Estimate:
    """Return the share of `whole` mentions that `part` of them are, in [0, 1], with its interval (Wilson 1927).

    A mention is one draw, so nothing is clustered; null below the minimum count of mentions.
    """
    if whole < MINIMUM:
        return Estimate(None, None, None, whole)
    return Estimate(part / whole, *_score_interval(part / whole, whole), whole)


def median(values: Sequence[float]) -> Estimate:
    """Return the median with the interval between two of the values themselves, whatever they are distributed like.

    How many values lie below the true median is binomial with p = ½: the interval goes from the k-th to the k-th last
    value, with the largest k for which fewer than k lie below it with a probability of at most 2.5 % (David and
    Nagaraja, Order Statistics, 3rd ed., § 7.1).

    >>> median([1, 2, 3, 4, 5, 6, 7, 8, 9, 30])
    Estimate(value=5.5, low=2, high=9, n=10)
    """
    n = len(values)
    if n < MINIMUM:
        return Estimate(None, None, None, n)
    ordered = sorted(values)
    rank = _rank(n)
    return Estimate(middle(ordered), ordered[rank - 1], ordered[n - rank], n)


def _rank(n: int) -> int:
    if n > EXACT:
        return max(1, int((n - Z * sqrt(n)) / 2))
    total, rank = 0, 0
    while True:
        total += comb(n, rank)
        if total > 0.025 * 2**n:
            return max(1, rank)
        rank += 1


def difference(one: Estimate, other: Estimate) -> Difference | None:
    """Return `one` − `other` of two brands, null where either has no value.

    The interval joins the two intervals by the method of variance estimates recovery (Newcombe 1998, method 10; Zou
    and Donner 2008), which treats the brands as independent; a mention of both makes it a little too wide.
    """
    if one.value is None or one.low is None or one.high is None:
        return None
    if other.value is None or other.low is None or other.high is None:
        return None
    value = one.value - other.value
    low = value - sqrt((one.value - one.low) ** 2 + (other.high - other.value) ** 2)
    high = value + sqrt((one.high - one.value) ** 2 + (other.value - other.low) ** 2)
    return Difference(
        value=value,
        low=low,
        high=high,
        certain=low > 0 or high < 0,
        overlap=one.low <= other.high and other.low <= one.high,
    )


def pooled(parts: Sequence[Sums]) -> Sums:
    """Return the sums over all parts, which must not share mentions."""
    return Sums(
        mentions=sum(part.mentions for part in parts),
        positive=sum(part.positive for part in parts),
        negative=sum(part.negative for part in parts),
        sum_xx=sum(part.sum_xx for part in parts),
        sum_yy=sum(part.sum_yy for part in parts),
        sum_xy=sum(part.sum_xy for part in parts),
    )
