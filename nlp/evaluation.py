"""Measure a model on labelled sentences: the figures of the model card and of the quality gate.

Each figure comes with a 95 % interval from the bootstrap over sentences (Efron 1979, percentiles of 1,000 resamples).
All of them are sums over sentences, so a resample is a row of weights: how often each sentence was drawn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overheard.errors import UsageError
from overheard.nlp.classifier import Classifier, Verdict
from overheard.nlp.corpus import Row, read_rows

BINS = 10
RESAMPLES = 1000
FREQUENT = 20
"""True labels that a dimension needs to count in `macro_20`; fewer make an F1 that one sentence moves by points."""

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Pairs = Sequence[tuple[Row, Verdict]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A share or a mean, with the bounds of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 of `support` true labels; `low` and `high` bound the F1's 95 % interval."""

    precision: float
    recall: float
    f1: float
    support: int
    low: float
    high: float


def evaluate(classifier: Classifier, path: Path) -> dict[str, Any]:
    """Return every figure for a labelled file; raises UsageError when it has no rows with texts.

    `joint` is F1 over (dimension, polarity), `dimension` over dimensions alone, both micro; `macro` is the mean of the
    dimensions' own F1 (with at least 20 true labels: `macro_20`); `ece` the expected calibration error over the shown
    opinions in 10 bins of equal mass.
    """
    rows = list(read_rows(path))
    if not rows:
        raise UsageError(f"{str(path)!r} has no labelled sentence with its text; expected rows as in models/corpus")
    verdicts = classifier.classify([row.text for row in rows])
    pairs = list(zip(rows, verdicts, strict=True))
    answers = Answers(pairs, classifier)
    return {
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "model": classifier.version,
        "sentences": len(rows),
        **answers.figures(),
        "macro": answers.macro(1),
        "macro_20": answers.macro(FREQUENT),
        "signals": _score(answers.weights, answers.signals_true, answers.signals_called, answers.signals_right),
        "ece": _ece(answers.weights, pairs),
        "by_dimension": {
            name: answers.dimension_score([number]) for number, name in enumerate(classifier.config.dimensions)
        },
        "by_language": _groups(pairs, classifier, lambda row: row.lang),
        "by_source": _groups(pairs, classifier, lambda row: row.source),
    }


class Answers:
    """What was true and what was called, as flags (sentences, labels), and the weights (1 + resamples, sentences)."""

    def __init__(self, pairs: Pairs, classifier: Classifier) -> None:
        dimensions, signals = classifier.config.dimensions, classifier.config.signals
        self.true = _flags(pairs, dimensions, lambda row, _, name: name in row.dimensions)
        self.called = _flags(pairs, dimensions, lambda _, verdict, name: name in verdict.dimensions)
        self.agreed = _flags(pairs, dimensions, _same_polarity)
        self.signals_true = _flags(pairs, signals, lambda row, _, name: name in row.signals)
        self.signals_called = _flags(pairs, signals, lambda _, verdict, name: name in verdict.signals)
        self.signals_right = self.signals_true & self.signals_called
        self.sentiment = np.array([row.sentiment == verdict.sentiment for row, verdict in pairs])
        self.touchpoint = np.array([row.touchpoint == verdict.touchpoint for row, verdict in pairs])
        self.weights = _weights(len(pairs))

    def figures(self) -> dict[str, Any]:
        """Return the figures that make sense for any group of sentences."""
        return {
            "joint": _score(self.weights, self.true, self.called, self.agreed),
            "dimension": self.dimension_score(slice(None)),
            "sentiment": _figure(self.weights @ self.sentiment / len(self.sentiment)),
            "touchpoint": _figure(self.weights @ self.touchpoint / len(self.touchpoint)),
        }

    def group(self) -> dict[str, Any]:
        """Return the figures of a language or a source, with the number of its sentences."""
        return {"sentences": len(self.true), "with_dimension": int(self.true.any(1).sum()), **self.figures()}

    def dimension_score(self, which: Any) -> Score:
        """Return the micro score over the dimensions `which`, polarity aside."""
        true, called = self.true[:, which], self.called[:, which]
        return _score(self.weights, true, called, true & called)

    def macro(self, support: int) -> Figure:
        """Return the mean F1 of the dimensions with at least `support` true labels."""
        chosen = self.true.sum(0) >= support
        true, called = self.true[:, chosen], self.called[:, chosen]
        each = [self.weights @ flags.astype(float) for flags in (true & called, true, called)]
        return _figure(_f1(*each).mean(1)) if chosen.any() else Figure(0.0, 0.0, 0.0)


def _groups(pairs: Pairs, classifier: Classifier, key: Callable[[Row], str]) -> dict[str, dict[str, Any]]:
    names = sorted({key(row) for row, _ in pairs})
    return {name: Answers([pair for pair in pairs if key(pair[0]) == name], classifier).group() for name in names}


def _flags(pairs: Pairs, names: Sequence[str], test: Callable[[Row, Verdict, str], bool]) -> Flags:
    return np.array([[test(row, verdict, name) for name in names] for row, verdict in pairs], dtype=bool)


def _same_polarity(row: Row, verdict: Verdict, name: str) -> bool:
    return name in verdict.dimensions and row.dimensions.get(name) == verdict.dimensions[name][0]


def _weights(sentences: int) -> Floats:
    """Return how often each sentence counts: once each in the first row, as drawn in each resample after it."""
    drawn = np.random.default_rng(0).multinomial(sentences, np.full(sentences, 1 / sentences), RESAMPLES)
    return np.vstack([np.ones(sentences), drawn])


def _f1(right: Floats, true: Floats, called: Floats) -> Floats:
    result: Floats = 2 * right / np.maximum(true + called, 1)
    return result


def _score(weights: Floats, true: Flags, called: Flags, right: Flags) -> Score:
    r, t, c = (weights @ flags.sum(1) for flags in (right, true, called))
    f1 = _figure(_f1(r, t, c))
    return Score(float(r[0] / max(c[0], 1)), float(r[0] / max(t[0], 1)), f1.value, int(t[0]), f1.low, f1.high)


def _figure(values: Floats) -> Figure:
    """Return the first value with the percentiles of the others, which are the resamples'."""
    low, high = np.percentile(values[1:], [2.5, 97.5])
    return Figure(float(values[0]), float(low), float(high))


def _ece(weights: Floats, pairs: Pairs) -> Figure:
    shown = [
        (score, row.dimensions.get(name) == polarity, number)
        for number, (row, verdict) in enumerate(pairs)
        for name, (polarity, score) in verdict.dimensions.items()
    ]
    scores, right = (np.array([item[place] for item in shown], dtype=float) for place in (0, 1))
    sentences = np.array([number for _, _, number in shown], dtype=int)
    values = []
    for row in weights:
        times = row[sentences].astype(int)
        values.append(calibration_error(np.repeat(scores, times), np.repeat(right, times)))
    return _figure(np.array(values))


def calibration_error(scores: Floats, right: Floats, bins: int = BINS) -> float:
    """Return the expected calibration error over bins of equal mass (Naeini et al. 2015), 0 where nothing is shown.

    >>> calibration_error(np.full(10, 0.9), np.array([1.0] * 9 + [0.0]), bins=1) < 1e-9
    True
    """
    order = np.argsort(scores, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [abs(scores[part].mean() - right[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(order)) if gaps else 0.0
