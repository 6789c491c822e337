"""Which of several differences are real: a p-value for each, and Holm's correction for their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import atan, cos, erfc, pi, sin, sqrt

from overheard.insight.statistics import Difference, Share, Z

LEVEL = 0.05
"""The chance that any of the differences called certain is none."""


FARTHEST, LEAST = 8.0, 1e-15
"""The normal quantile beyond which a p-value is not told apart, and about what that is: no p-value is 0."""


def p_of_interval(value: float, toward_zero: float) -> float:
    """Return the two-sided p-value of a difference whose 95 % interval ends at `toward_zero` on the side of 0.

    The distance of that end is taken for 1.96 standard errors, so that p < 0.05 exactly where the interval excludes 0.

    >>> round(p_of_interval(20, 8), 4)
    0.0011
    """
    if value == 0:
        return 1.0
    error = abs(value - toward_zero) / Z
    return max(LEAST, erfc(abs(value) / error / sqrt(2))) if error else LEAST


def p_of_shares(one: Share, other: Share) -> float:
    """Return the two-sided p-value of the difference of two shares.

    It belongs to the interval that `difference` gives: the level at which that interval would just touch 0, so that
    p < 0.05 exactly where the 95 % interval excludes 0.
    """
    if one.share == other.share:
        return 1.0
    below, above = sorted((one, other), key=lambda each: each.share)

    def excludes_zero(z: float) -> bool:
        low, _ = above.interval(z)
        _, high = below.interval(z)
        return (above.share - below.share) ** 2 > (above.share - low) ** 2 + (high - below.share) ** 2

    near, far = 0.0, FARTHEST
    for _ in range(50):
        middle = (near + far) / 2
        near, far = (middle, far) if excludes_zero(middle) else (near, middle)
    return erfc(near / sqrt(2))


def student_tail(t: float, freedom: int) -> float:
    """Return the two-sided p-value of Student's t, exact (Abramowitz and Stegun 26.7.3 and 26.7.4).

    >>> round(student_tail(2.262157, 9), 4), round(student_tail(12.7062, 1), 4)
    (0.05, 0.05)
    """
    angle = atan(abs(t) / sqrt(freedom))
    odd = freedom % 2
    term = total = cos(angle) if odd else 1.0
    for step in range(2 + odd, freedom - 1, 2):
        term *= cos(angle) ** 2 * (step - 1) / step
        total += term
    if not odd:
        return max(LEAST, 1 - sin(angle) * total)
    return max(LEAST, 1 - 2 / pi * (angle + (sin(angle) * total if freedom > 1 else 0)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return each p-value adjusted for their number, in the same order (Holm 1979).

    Of those below 0.05 afterwards, all are real in 95 of 100 answers, whatever the dependence between them.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, position in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[position]))
        adjusted[position] = largest
    return adjusted


def corrected(differences: Sequence[Difference | None]) -> list[Difference | None]:
    """Return the differences with `certain` corrected for their number (Holm); the intervals stay those of one."""
    asked = [found for found in differences if found is not None]
    adjusted = iter(holm([p_of_interval(found.value, found.low if found.value > 0 else found.high) for found in asked]))
    return [None if found is None else replace(found, certain=next(adjusted) < LEVEL) for found in differences]
