"""Fit the weights that tell whether a mention is about the brand; judge texts of brands that the fit did not see."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from transfer_measures import Floats, threshold_at_recall

from overheard.nlp.classifier import Classifier
from overheard.nlp.relevance import BESIDE, PLAIN, Document, Observed, Profile, Weights, observe

ROOT = Path(__file__).resolve().parent.parent
NAMES = ROOT / "models" / "corpus" / "names.jsonl"
BRANDS, TEXTS = ROOT / "benchmarks" / "relevance" / "brands.json", ROOT / "benchmarks" / "relevance" / "ambiguous.jsonl"

C = 1.0
"""Inverse strength of the L2 penalty, chosen among 0.1, 0.3, 1, 3 and 10 by cross-validation over `NAMES`."""

RECALL = 0.95
"""The share of the relevant texts of unseen names that the threshold keeps; to lose one is the worse error."""

EXCLUDED = -1.0
"""The score of a text that an excluded phrase rules out, or that does not name the brand: under every other."""


@dataclass(frozen=True, slots=True)
class Row:
    """A labelled text."""

    text: str
    language: str
    relevant: bool


@dataclass(frozen=True, slots=True)
class Labelled:
    """The labelled texts of one brand, and what was read in those that no excluded phrase decides."""

    profile: Profile
    rows: Sequence[Row]
    open: Sequence[int]
    observed: Observed

    @property
    def targets(self) -> list[bool]:
        """The label of each passage."""
        return [self.rows[self.open[owner]].relevant for owner in self.observed.owners]

    def scores(self, weights: Weights) -> Floats:
        """Return a score for each row."""
        scores = np.full(len(self.rows), EXCLUDED)
        for place, score in weights.scores(self.observed).items():
            scores[self.open[place]] = score
        return scores


def read_names() -> Iterator[tuple[Profile, list[Row]]]:
    """Yield the training names with their texts."""
    for line in NAMES.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        yield _profile(entry), [Row(row["text"], row["lang"], row["relevant"]) for row in entry["texts"]]


def read_ambiguous() -> Iterator[tuple[Profile, list[Row]]]:
    """Yield the ten brands of the committed test set with their texts."""
    rows = [json.loads(line) for line in TEXTS.read_text(encoding="utf-8").splitlines()]
    for entry in json.loads(BRANDS.read_text(encoding="utf-8")):
        of_brand = [row for row in rows if row["brand"] == entry["name"]]
        yield _profile(entry), [Row(row["text"], row["lang"], row["relevant"]) for row in of_brand]


def _profile(entry: dict[str, list[str] | str]) -> Profile:
    lists = {key: tuple(entry.get(key, ())) for key in ("aliases", "products", "exclusions")}
    return Profile(name=entry["name"], industry=entry["industry"], description=entry["description"], **lists)


def look_at(classifier: Classifier, profile: Profile, rows: Sequence[Row]) -> Labelled:
    """Read the texts of a brand."""
    open_ = [number for number, row in enumerate(rows) if profile.exclusion(row.text) is None]
    documents = [Document(rows[number].text, rows[number].language) for number in open_]
    return Labelled(profile, rows, open_, observe(classifier, profile, documents))


def fit(parts: Sequence[Labelled], encoder: str, columns: NDArray[np.bool_] | None = None) -> Weights:
    """Fit a logistic regression to the passages of these brands; `columns` masks features, for ablations."""
    observed = [part.observed for part in parts if part.observed.owners]
    space = _space(observed)
    features = torch.cat([entry.features(space) for entry in observed]).double().numpy()
    targets = np.array([target for part in parts for target in part.targets])
    middle, scale = features.mean(0), _scale(features)
    scaled = (features - middle) / scale * (1 if columns is None else columns)
    model = LogisticRegression(C=C, max_iter=5000).fit(scaled, targets)
    weight = model.coef_[0] / scale * (1 if columns is None else columns)
    bias = float(model.intercept_[0] - middle @ weight)
    return Weights(space, torch.tensor(weight, dtype=torch.float32), bias, 0.0, encoder, "")


def _space(observed: Sequence[Observed]) -> torch.Tensor:
    """Return the middles of passages and of phrases, and the mean direction of descriptions."""
    passages = torch.cat([entry.states[:, 1] for entry in observed]).mean(0)
    phrases = torch.cat([each for entry in observed for each in entry.phrases]).mean(0)
    described = torch.cat([entry.phrases[0] for entry in observed]) - phrases
    return torch.stack([passages, phrases, torch.nn.functional.normalize(described, dim=1).mean(0)])


def _scale(features: Floats) -> Floats:
    """Return what features are divided by, so that the state of the name and all the rest each get length 1."""
    hidden = features.shape[1] - BESIDE
    lengths = np.r_[np.full(hidden, hidden**0.5), np.full(BESIDE, BESIDE**0.5)]
    # A mark that hardly ever occurs would else outweigh all others where it does.
    least = np.r_[np.full(hidden, 1e-6), np.full(2, 0.02), np.full(len(PLAIN), 0.1)]
    scale: Floats = lengths * (features.std(0) + least)
    return scale


def columns_of(hidden: int, *, name: bool, near: bool, plain: bool) -> NDArray[np.bool_]:
    """Return which features belong to these groups."""
    return np.r_[np.full(hidden, name), np.full(2, near), np.full(len(PLAIN), plain)]


def unseen_scores(
    tested: Sequence[Labelled], others: Sequence[Labelled], encoder: str, columns: NDArray[np.bool_] | None = None
) -> list[Floats]:
    """Return the scores of each brand by weights fitted on all other brands: leave one brand out."""
    return [
        part.scores(fit([*others, *(other for other in tested if other is not part)], encoder, columns))
        for part in tested
    ]


def fit_for_shipping(tested: Sequence[Labelled], names: Sequence[Labelled], encoder: str) -> Weights:
    """Fit on everything; the threshold keeps `RECALL` of the relevant texts when each brand is left out once."""
    parts = [*names, *tested]
    scores = np.concatenate(unseen_scores(parts, (), encoder))
    relevant = np.array([row.relevant for part in parts for row in part.rows]).astype(np.int64)
    weights = fit(parts, encoder)
    threshold = round(threshold_at_recall(relevant, scores, RECALL), 4)
    return replace(weights, threshold=threshold, texts=digest())


def digest() -> str:
    """Return the SHA-256 over the texts that the shipped weights are fitted on."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in (NAMES, BRANDS, TEXTS))).hexdigest()
