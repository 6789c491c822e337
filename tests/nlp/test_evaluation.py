"""The figures of a model: known answers on a few sentences, and intervals that behave."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overheard.errors import UsageError
from overheard.nlp.classifier import Classifier, shipped_model
from overheard.nlp.evaluation import calibration_error, evaluate

GATE = shipped_model().parent / "corpus" / "gate.jsonl"


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier()


def relabelled(classifier: Classifier, path: Path, count: int = 40) -> Path:
    """The first sentences of the gate, labelled by what the model itself says: it is right everywhere."""
    rows = [json.loads(line) for line in GATE.read_text(encoding="utf-8").splitlines()[:count]]
    for row, verdict in zip(rows, classifier.classify([row["text"] for row in rows]), strict=True):
        row["dimensions"] = {name: polarity for name, (polarity, _) in verdict.dimensions.items()}
        row |= {"sentiment": verdict.sentiment, "touchpoint": verdict.touchpoint, "signals": list(verdict.signals)}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_model_that_is_always_right_gets_one_everywhere(classifier: Classifier, tmp_path: Path) -> None:
    figures = evaluate(classifier, relabelled(classifier, tmp_path / "rows.jsonl"))
    for name in ("joint", "dimension"):
        score = figures[name]
        assert (score.precision, score.recall, score.f1, score.low, score.high) == (1, 1, 1, 1, 1)
    assert figures["sentiment"].value == figures["touchpoint"].value == 1
    assert figures["signals"].precision in (0, 1)
    assert {group["joint"].f1 for group in figures["by_language"].values() if group["with_dimension"]} == {1}


def test_one_wrong_polarity_costs_joint_and_not_dimension(classifier: Classifier, tmp_path: Path) -> None:
    path = relabelled(classifier, tmp_path / "rows.jsonl")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    row = next(row for row in rows if row["dimensions"])
    name = next(iter(row["dimensions"]))
    row["dimensions"][name] = "positive" if row["dimensions"][name] == "negative" else "negative"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    figures = evaluate(classifier, path)
    assert figures["dimension"].f1 == 1
    assert figures["joint"].f1 == pytest.approx(1 - 1 / figures["joint"].support)
    assert figures["joint"].low < figures["joint"].f1 <= figures["joint"].high


def test_a_file_without_rows_is_refused(classifier: Classifier, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(UsageError, match="no labelled sentence"):
        evaluate(classifier, tmp_path / "empty.jsonl")


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=60))
def test_calibration_error_is_a_share(shown: list[tuple[float, bool]]) -> None:
    scores, right = (np.array([pair[place] for pair in shown], dtype=float) for place in (0, 1))
    assert 0 <= calibration_error(scores, right) <= 1


def test_calibration_error_of_scores_that_mean_what_they_say() -> None:
    scores = np.repeat([0.25, 0.75], 400)
    right = np.concatenate([np.arange(400) < 100, np.arange(400) < 300]).astype(float)
    assert calibration_error(scores, right, bins=2) < 1e-9
    assert calibration_error(scores, 1 - right, bins=2) == pytest.approx(0.5)
