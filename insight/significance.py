"""Which of several differences are real: a p-value for each, and Holm's correction for their number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import atan, cos, erfc, pi, sin, sqrt

from overheard.insight.statistics import Difference, Z

LEVEL = 0.05
"""The chance that any of the differences called certain is none."""


def p_value(value: float, toward_zero: float) -> float:
    """Return the two-sided p-value of a difference whose 95 % interval ends at `toward_zero` on the side of 0.

    The distance of that end is taken for 1.96 standard errors, so that p < 0.05 exactly where the interval excludes 0.

    >>> round(p_value(20, 8), 4)
    0.0011
    """
    error = abs(value - toward_zero) / Z
    return 1.0 if error == 0 or value == 0 else erfc(abs(value) / error / sqrt(2))


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
        return 1 - sin(angle) * total
    return 1 - 2 / pi * (angle + (sin(angle) * total if freedom > 1 else 0))


def holm(values: Sequence[float], level: float = LEVEL) -> list[bool]:
    """Tell of each p-value whether it stands after Holm's step-down correction (Holm 1979).

    The smallest is held against level / k, the next against level / (k − 1), and so on until one fails.

    >>> holm([0.06, 0.001, 0.02])
    [False, True, True]
    >>> holm([0.03, 0.001, 0.04])
    [False, True, False]
    """
    stands = [False] * len(values)
    for rank, position in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        if values[position] > level / (len(values) - rank):
            break
        stands[position] = True
    return stands


def corrected(differences: Sequence[Difference | None]) -> list[Difference | None]:
    """Return the differences with `certain` corrected for their number (Holm); the intervals stay those of one."""
    asked = [found for found in differences if found is not None]
    stands = iter(holm([p_value(found.value, found.low if found.value > 0 else found.high) for found in asked]))
    return [None if found is None else replace(found, certain=next(stands)) for found in differences]
