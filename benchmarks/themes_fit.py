"""Fit the map from the encoder's states to the vectors of themes (models/opinion/themes.safetensors).

It is fitted on the sentences of models/corpus/authored.jsonl, without looking at any theme: the middle of each
language, a whitening for each layer, and the directions in which sentences differ that bear on the same dimensions.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overheard.nlp.classifier import Classifier
from overheard.nlp.themes import DEPTHS, FILE, WIDTH, Space, unit

CORPUS = Path(__file__).resolve().parent.parent / "models" / "corpus" / "authored.jsonl"

RIDGE = 1.0
"""What is added to each variance before its root is divided by, in mean variances: narrow directions are noise too."""

SMALLEST = 5
"""Sentences that share a set of dimensions and polarities, for their own middle to be taken off."""

Rows = NDArray[np.float32]


def fit(classifier: Classifier) -> Space:
    """Return the map for a classifier's encoder."""
    rows = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]
    languages = np.array([row["lang"] for row in rows])
    states = classifier.layers([row["text"] for row in rows], DEPTHS).numpy()
    middles = {language: states[languages == language].mean(0) for language in classifier.config.languages}
    states -= np.stack([middles[language] for language in languages])
    whitening = [_whitening(states[:, depth]) for depth in range(len(DEPTHS))]
    white = np.hstack([states[:, depth] @ matrix for depth, matrix in enumerate(whitening)])
    sides = np.array([json.dumps(sorted(row["dimensions"].items())) for row in rows])
    directions = _directions(_without_middles(white, sides))
    blocks = np.split(directions, len(DEPTHS))
    projection = np.vstack([matrix @ block for matrix, block in zip(whitening, blocks, strict=True)])
    vectors = unit(states.reshape(len(states), -1) @ projection)
    return Space(middles, projection.astype(np.float32), _usual(vectors, rows), classifier.version)


def _usual(vectors: Rows, rows: Sequence[dict[str, Any]]) -> dict[str, Rows]:
    """Return the mean vector of each side, and that of all."""
    found = defaultdict(list)
    for number, row in enumerate(rows):
        for dimension, polarity in row["dimensions"].items():
            found[f"{dimension} {polarity}"].append(number)
    sides = {side: vectors[places].mean(0) for side, places in found.items() if not side.endswith(" neutral")}
    return sides | {"": vectors.mean(0)}


def _whitening(states: Rows) -> Rows:
    """Return the matrix that makes all directions nearly as wide, and the mean length 1."""
    variances, directions = np.linalg.eigh(np.cov(states.T))
    matrix = directions / np.sqrt(variances.clip(0) + RIDGE * variances.mean()) @ directions.T
    return matrix / np.sqrt(((states @ matrix) ** 2).sum(1).mean())


def _without_middles(white: Rows, sides: NDArray[np.str_]) -> Rows:
    left = white - white.mean(0)
    for side, count in Counter(sides.tolist()).items():
        if count >= SMALLEST:
            left[sides == side] = white[sides == side] - white[sides == side].mean(0)
    return left


def _directions(rows: Rows) -> Rows:
    _, directions = np.linalg.eigh(rows.T @ rows)
    return directions[:, ::-1][:, :WIDTH]


if __name__ == "__main__":
    model = Classifier()
    fit(model).save(str(model.folder / FILE))
