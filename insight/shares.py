"""Shares and medians with their 95 % intervals, from independent answers: one customer, one vote."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, sqrt
from statistics import median as middle

from overheard.insight.statistics import MINIMUM, Estimate, Z

EXACT = 200
"""Values up to which the ranks of a median's interval are counted out; beyond, the normal curve is near enough."""


def share(part: int, n: int) -> Estimate:
    """Return part / n in [0, 1] with Wilson's score interval (Wilson 1927), which holds for small n and near 0 and 1.

    >>> found = share(8, 10)
    >>> round(found.low, 3), found.value, round(found.high, 3)
    (0.49, 0.8, 0.943)
    """
    if n < MINIMUM:
        return Estimate(None, None, None, n)
    found = part / n
    centre = (found + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * sqrt(found * (1 - found) / n + Z * Z / (4 * n * n))
    return Estimate(found, max(0.0, min(found, centre - half)), min(1.0, max(found, centre + half)), n)


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
