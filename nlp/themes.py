"""Themes: what sentences are about, as vectors that are near each other across languages, and the groups they form.

A vector is a linear map of the mean token states of three layers of the encoder, with the middle of each language
taken off. The map widens what is narrow in the states (whitening; Su et al. 2021) and keeps the 128 directions in which
sentences differ that bear on the same dimensions. Its weights are fitted by benchmarks/themes_fit.py; docs/themes.md
says how well themes are found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from overheard.errors import ModelError
from overheard.nlp.classifier import Classifier

FILE = "themes.safetensors"
"""The map, beside the weights of the encoder that it was fitted on."""

DEPTHS = (4, 6, 8)
"""The layers that are read, chosen on the half of benchmarks/themes.jsonl that is for settings."""

SIDE = "side "
"""What the names of the usual vectors begin with in the file."""

WIDTH = 128
"""Numbers in a vector."""

SAMPLE = 3000
"""Vectors that are compared with one another; what is more is compared with the groups found among them."""

NEIGHBOURS, STEPS = 6, 2
"""How many nearest neighbours a vector is drawn to before it is grouped, and how often."""

TOGETHER = 0.35
"""Mean cosine, between vectors drawn to their neighbours, down to which two groups become one."""

NEAR = 0.2
"""Cosine from which a vector belongs to a group's centroid."""

SAME = 0.4
"""Cosine of two centroids from which they are one group."""

USUAL = 75
"""How many opinions of a side weigh as much as what is usual there, for the middle that all are seen from."""

FOUNDING = 160
"""Characters up to which a sentence founds a group; a longer one is about several things, and may join one."""

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Space:
    """The map: per layer and language a middle, (layers, hidden), and one projection, (layers × hidden, `WIDTH`).

    `usual` has the mean vector of sentences of any industry, (`WIDTH`,), by side ("speed negative"), and that of all
    under "". `encoder` is the version of the encoder that it was fitted on.
    """

    middles: dict[str, Vectors]
    projection: Vectors
    usual: dict[str, Vectors]
    encoder: str

    @classmethod
    def load(cls, classifier: Classifier) -> Space:
        """Read the map of a classifier's encoder; raises ModelError where there is none, or another's."""
        path = classifier.folder / FILE
        try:
            with safe_open(path, "np") as file:
                encoder = file.metadata()["encoder"]
                tensors = {name: file.get_tensor(name).astype(np.float32) for name in file.keys()}  # noqa: SIM118
            usual = {name.removeprefix(SIDE): tensors.pop(name) for name in list(tensors) if name.startswith(SIDE)}
            found = cls(tensors, tensors.pop("projection"), usual, encoder)
        except (OSError, KeyError, ValueError, TypeError, SafetensorError) as error:
            raise ModelError(f"weights {str(path)!r} cannot be read: {error}; reinstall overheard") from None
        if found.encoder != classifier.version:
            raise ModelError(
                f"weights {str(path)!r} belong to {found.encoder}, not to {classifier.version}; reinstall overheard, "
                "or after a training run `make themes-fit`"
            )
        return found

    def save(self, path: str) -> None:
        """Write the map, in half precision."""
        tensors = self.middles | {"projection": self.projection}
        tensors |= {SIDE + side: values for side, values in self.usual.items()}
        halves = {name: np.ascontiguousarray(values.astype(np.float16)) for name, values in tensors.items()}
        save_file(halves, path, {"encoder": self.encoder})

    def project(self, states: Vectors, languages: Sequence[str]) -> Vectors:
        """Return unit vectors, (n, `WIDTH`), of states (n, layers, hidden); an unknown language counts as English."""
        middles = np.stack([self.middles.get(language, self.middles["en"]) for language in languages])
        return unit((states - middles).reshape(len(states), -1) @ self.projection)

    def middle(self, dimension: str, polarity: str, rows: Vectors) -> Vectors:
        """Return what the vectors of a side are seen from: their mean, drawn to the usual one where they are few.

        Where all complain of one thing, their own mean would be that thing, and nothing would be left to see.
        """
        usual = self.usual.get(f"{dimension} {polarity}", self.usual[""])
        middle: Vectors = ((rows.sum(0) + USUAL * usual) / (len(rows) + USUAL)).astype(np.float32)
        return middle


def vectors(classifier: Classifier, space: Space, texts: Sequence[str], languages: Sequence[str]) -> Vectors:
    """Return a unit vector for each text; raises nothing for an empty one, which gets any direction."""
    if not texts:
        return np.empty((0, WIDTH), np.float32)
    with torch.inference_mode():
        return space.project(classifier.layers(texts, DEPTHS).numpy(), languages)


def unit(rows: NDArray[np.floating]) -> Vectors:
    """Return rows scaled to length 1; what has none stays 0.

    >>> unit(np.array([[3.0, 4.0]])).round(1).tolist()
    [[0.6000000238418579, 0.800000011920929]]
    """
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def packed(rows: Vectors) -> list[bytes]:
    """Return each vector as bytes, one for a number: direction alone is kept."""
    widest = np.abs(rows).max(1, keepdims=True)
    codes = np.rint(rows / np.where(widest > 0, widest, 1) * 127).astype(np.int8)
    return [row.tobytes() for row in codes]


def unpacked(rows: Sequence[bytes]) -> Vectors:
    """Return the unit vectors that `packed` made bytes of."""
    codes = np.frombuffer(b"".join(rows), np.int8).reshape(len(rows), WIDTH)
    return unit(codes.astype(np.float32))


def group(rows: Vectors, least: int, founding: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Return the number of the group of each vector, from 0 by size, −1 for what is in none.

    `rows` are unit vectors from the middle of all that is compared (see `centred`); a group has at least `least` of
    them. Those marked in `founding` (by default all) are drawn to their nearest neighbours and joined by average
    linkage down to `TOGETHER`; then all go to the nearest centroid, as in k-means, unless none is as near as `NEAR`,
    and groups with centroids as near as `SAME` become one. The result depends on nothing else.
    """
    able = np.arange(len(rows)) if founding is None else np.flatnonzero(founding)
    if len(able) < least:
        return np.full(len(rows), -1)
    chosen = able[np.linspace(0, len(able) - 1, min(len(able), SAMPLE)).astype(int)]
    labels = np.full(len(rows), -1)
    labels[chosen] = _linked(_drawn(rows[chosen]))
    smallest = max(2, round(least * len(chosen) / len(able)))
    for _ in range(3):
        # Of those that found groups alone: else long sentences, which are near one another for their length, take over.
        centroids = _one_for_each(_centroids(rows[able], labels[able], smallest))
        if not len(centroids):
            return np.full(len(rows), -1)
        labels, _ = nearest(rows, centroids)
        smallest = least
    return _by_size(labels, least)


def nearest(rows: Vectors, centroids: Vectors, near: float = NEAR) -> tuple[NDArray[np.int64], Vectors]:
    """Return for each vector the number of the nearest centroid, −1 where none is near, and the cosine to it."""
    if not len(centroids):
        return np.full(len(rows), -1), np.zeros(len(rows), np.float32)
    cosines = rows @ unit(centroids).T
    best = cosines.max(1)
    return np.where(best >= near, cosines.argmax(1), -1), best


def centred(rows: Vectors, middle: Vectors) -> Vectors:
    """Return unit vectors as seen from the middle: what all have in common says nothing."""
    return unit(rows - middle)


def alike(centroids: Vectors) -> list[tuple[int, int]]:
    """Return the pairs of centroids that are one group, the nearest first."""
    cosines = unit(centroids) @ unit(centroids).T
    pairs = [(int(a), int(b)) for a, b in zip(*np.where(np.triu(cosines, 1) >= SAME), strict=True)]
    return sorted(pairs, key=lambda pair: -cosines[pair])


def _one_for_each(centroids: Vectors) -> Vectors:
    """Put the middle of two in the place of those that are one group, until there are none."""
    while pairs := alike(centroids):
        one, other = pairs[0]
        middle = unit(centroids[[one, other]].mean(0, keepdims=True))
        centroids = np.vstack([np.delete(centroids, [one, other], 0), middle])
    return centroids


def _drawn(rows: Vectors) -> Vectors:
    """Move each vector towards its nearest neighbours: what is said in many words comes closer together."""
    count = min(NEIGHBOURS, len(rows) - 1)
    for _ in range(STEPS if count > 0 else 0):
        cosines = rows @ rows.T
        np.fill_diagonal(cosines, -1)
        kept = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        weights = np.zeros_like(cosines)
        np.put_along_axis(weights, kept, np.take_along_axis(cosines, kept, 1).clip(0), 1)
        weights = weights + weights.T
        rows = unit(rows + weights @ rows / weights.sum(1, keepdims=True).clip(1e-6))
    return rows


def _linked(rows: Vectors) -> NDArray[np.int64]:
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(rows) < 2:
        return np.zeros(len(rows), np.int64)
    distances = (1 - rows @ rows.T).clip(0)
    np.fill_diagonal(distances, 0)
    found: NDArray[np.int64] = fcluster(
        linkage(squareform(distances, checks=False), "average"), 1 - TOGETHER, "distance"
    )
    return found.astype(np.int64)


def _centroids(rows: Vectors, labels: NDArray[np.int64], least: int) -> Vectors:
    numbers, sizes = np.unique(labels[labels >= 0], return_counts=True)
    means = [rows[labels == number].mean(0) for number in numbers[sizes >= least]]
    return unit(np.stack(means)) if means else np.empty((0, rows.shape[1]), np.float32)


def _by_size(labels: NDArray[np.int64], least: int) -> NDArray[np.int64]:
    numbers, sizes = np.unique(labels[labels >= 0], return_counts=True)
    order = [number for number, size in sorted(zip(numbers, sizes, strict=True), key=lambda each: -each[1])]
    kept: Iterable[int] = order[: int((sizes >= least).sum())]
    ordered = np.full(len(labels), -1)
    for new, old in enumerate(kept):
        ordered[labels == old] = new
    return ordered
