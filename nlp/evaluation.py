"""Measure a model on labelled sentences: the figures of the model card and of the quality gate."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from overheard.nlp.classifier import Classifier, Verdict
from overheard.nlp.training import Row, read_rows

BINS = 10


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 of `support` true labels."""

    precision: float
    recall: float
    f1: float
    support: int


def f1_of(true: Counter[Any], right: Counter[Any], called: Counter[Any], keys: Sequence[Any] | None = None) -> Score:
    """Return the micro score over `keys` (all of them by default) of counted labels."""
    chosen = set(true) | set(called) if keys is None else set(keys)
    t, r, c = (sum(counter[key] for key in chosen) for counter in (true, right, called))
    return Score(r / c if c else 0.0, r / t if t else 0.0, 2 * r / (t + c) if t + c else 0.0, t)


def evaluate(classifier: Classifier, path: Path) -> dict[str, Any]:
    """Return every figure for a labelled file.

    `joint` is F1 over (dimension, polarity), `dimension` over dimensions alone, both micro; `macro` is the mean of the
    dimensions' own F1 (with at least 20 true labels: `macro_20`); `ece` the expected calibration error over the shown
    opinions in 10 bins of equal mass.
    """
    rows = list(read_rows(path))
    verdicts = classifier.classify([row.text for row in rows])
    pairs = list(zip(rows, verdicts, strict=True))
    by_dimension = {name: _dimension(pairs, name) for name in classifier.config.dimensions}
    frequent = [score.f1 for score in by_dimension.values() if score.support >= 20]
    return {
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "model": classifier.version,
        "sentences": len(rows),
        "joint": _joint(pairs),
        "dimension": _joint(pairs, polarity=False),
        "macro": sum(score.f1 for score in by_dimension.values()) / len(by_dimension),
        "macro_20": sum(frequent) / len(frequent) if frequent else 0.0,
        "sentiment": _share(pairs, lambda row, verdict: row.sentiment == verdict.sentiment),
        "touchpoint": _share(pairs, lambda row, verdict: row.touchpoint == verdict.touchpoint),
        "signals": _signals(pairs),
        "ece": calibration_error(_shown(pairs)),
        "by_dimension": by_dimension,
        "by_language": _grouped(pairs, lambda row: row.lang),
        "by_source": _grouped(pairs, lambda row: row.source),
    }


Pairs = Sequence[tuple[Row, Verdict]]


def _joint(pairs: Pairs, *, polarity: bool = True) -> Score:
    true: Counter[Any] = Counter()
    right: Counter[Any] = Counter()
    called: Counter[Any] = Counter()
    for row, verdict in pairs:
        wanted = {(name, word if polarity else "") for name, word in row.dimensions.items()}
        found = {(name, word if polarity else "") for name, (word, _) in verdict.dimensions.items()}
        true.update(wanted)
        called.update(found)
        right.update(wanted & found)
    return f1_of(true, right, called)


def _dimension(pairs: Pairs, name: str) -> Score:
    true = Counter(name for row, _ in pairs if name in row.dimensions)
    called = Counter(name for _, verdict in pairs if name in verdict.dimensions)
    right = Counter(name for row, verdict in pairs if name in row.dimensions and name in verdict.dimensions)
    return f1_of(true, right, called)


def _signals(pairs: Pairs) -> Score:
    true = Counter(signal for row, _ in pairs for signal in row.signals)
    called = Counter(signal for _, verdict in pairs for signal in verdict.signals)
    right = Counter(signal for row, verdict in pairs for signal in set(row.signals) & set(verdict.signals))
    return f1_of(true, right, called)


def _share(pairs: Pairs, right: Callable[[Row, Verdict], bool]) -> float:
    return sum(right(row, verdict) for row, verdict in pairs) / len(pairs)


def _grouped(pairs: Pairs, key: Callable[[Row], str]) -> Mapping[str, dict[str, Any]]:
    groups: dict[str, list[tuple[Row, Verdict]]] = defaultdict(list)
    for row, verdict in pairs:
        groups[key(row)].append((row, verdict))
    return {
        name: {
            "sentences": len(part),
            "joint": _joint(part),
            "sentiment": _share(part, lambda row, verdict: row.sentiment == verdict.sentiment),
            "touchpoint": _share(part, lambda row, verdict: row.touchpoint == verdict.touchpoint),
        }
        for name, part in sorted(groups.items())
    }


def _shown(pairs: Pairs) -> list[tuple[float, bool]]:
    return [
        (score, row.dimensions.get(name) == polarity)
        for row, verdict in pairs
        for name, (polarity, score) in verdict.dimensions.items()
    ]


def calibration_error(shown: Sequence[tuple[float, bool]], bins: int = BINS) -> float:
    """Return the expected calibration error over bins of equal mass (Naeini et al. 2015), 0 where nothing is shown.

    >>> calibration_error([(0.9, True)] * 9 + [(0.9, False)], bins=1) < 1e-9
    True
    """
    if not shown:
        return 0.0
    ordered = sorted(shown)
    edges = [len(ordered) * number // bins for number in range(bins + 1)]
    error = 0.0
    for start, end in pairwise(edges):
        part = ordered[start:end]
        if part:
            gap = sum(score for score, _ in part) / len(part) - sum(right for _, right in part) / len(part)
            error += abs(gap) * len(part) / len(ordered)
    return error
