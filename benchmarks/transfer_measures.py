"""The measures of transfer.py, with bootstrap intervals: calls may be halved between two classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Metric = Callable[[Numbers, Floats], float]
"""Measures n calls or scores against n class numbers (for scores: 1 where the reason holds)."""

SEED, RESAMPLES = 1, 1000


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value with its bootstrap interval (95 %); `floor` is what is demanded of it."""

    task: str
    system: str
    metric: str
    value: float
    low: float
    high: float
    rows: int
    floor: float | None = None

    @property
    def verdict(self) -> str:
        """The demand and whether it is met, for the table."""
        return "" if self.floor is None else f"{self.floor:.2f} {'met' if self.value >= self.floor else 'missed'}"


def accuracy(gold: Numbers, called: Floats) -> float:
    """Return the share of right calls, half ones as halves."""
    return float(called[np.arange(len(gold)), gold].mean())


def macro_f1(gold: Numbers, called: Floats) -> float:
    """Return the mean F1 of the classes, half calls as halves."""
    right = np.bincount(gold, called[np.arange(len(gold)), gold], called.shape[1])
    either = called.sum(0) + np.bincount(gold, minlength=called.shape[1])
    return float((2 * right / np.maximum(either, 1)).mean())


def at_threshold(threshold: float) -> tuple[Metric, Metric]:
    """Return precision and recall of the texts that score at least this."""

    def share(gold: Numbers, of: NDArray[np.bool_]) -> float:
        return float(gold[of].mean()) if of.any() else 0.0

    return (
        lambda gold, scores: share(gold, scores >= threshold),
        lambda gold, scores: share((scores >= threshold).astype(np.int64), gold == 1),
    )


def threshold_at_recall(gold: Numbers, scores: Floats, recall: float) -> float:
    """Return the highest threshold at which at least this share of the positives is found."""
    positives = np.sort(scores[gold == 1])[::-1]
    return float(positives[max(0, int(np.ceil(recall * len(positives))) - 1)]) if len(positives) else 0.0


def precision_at_half(gold: Numbers, scores: Floats) -> float:
    """Return the precision where the recall reaches 0.50."""
    return at_threshold(threshold_at_recall(gold, scores, 0.5))[0](gold, scores)


METRICS: dict[str, Metric] = {"accuracy": accuracy, "macro-F1": macro_f1}


def figure(
    task: str, system: str, metric: str, measure: Metric, gold: Any, called: Any, floor: float | None = None
) -> Figure:
    """Measure, with the 2.5th and 97.5th percentile over resampled rows (Efron 1979)."""
    chooser = np.random.default_rng(SEED)
    drawn = (chooser.integers(0, len(gold), len(gold)) for _ in range(RESAMPLES))
    low, high = np.percentile([measure(gold[rows], called[rows]) for rows in drawn], [2.5, 97.5])
    value = measure(gold, called)
    return Figure(task, system, metric, round(value, 4), round(low, 4), round(high, 4), len(gold), floor)
