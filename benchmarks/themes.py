"""Themes on the labelled set (benchmarks/themes.jsonl), beside BERTopic with the same vectors in the same run.

Reported is the part `fresh`, which nobody looked at while settings were chosen.

Both group the opinions of one dimension and polarity at a time; BERTopic also all at once: as it comes, with the
smallest size that is best on the half for settings (as ours was set), and with the one that is best on the very rows
that are reported, which nobody could know in use. What is outside counts as groups of one: nobody claims that it
belongs together. Words are judged by NPMI over the reported rows: how much likelier two of a theme's first eight words
stand in one sentence than by chance.
"""

from __future__ import annotations

import argparse
import json
import math
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from overheard.intake.themes import least
from overheard.nlp.classifier import Classifier
from overheard.nlp.naming import Spoken, keyphrases
from overheard.nlp.themes import Space, centred, group, vectors

LABELLED = Path(__file__).resolve().parent / "themes.jsonl"
WORDS = 8
SIZES = (3, 4, 5, 6, 8, 10, 12, 15)
SEEDS = (1, 2, 3)

Labels = NDArray[np.int64]
Rows = Sequence[dict[str, str]]


class Part(NamedTuple):
    """Half of the labelled set: rows, and their vectors as seen from the middle of their side."""

    rows: Rows
    space: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Found:
    """What one method made of the rows: a group for each, −1 for none, and the words of each group."""

    labels: Labels
    words: list[list[str]]


def seen(rows: Rows, space: Space, made: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the vectors as seen from the middle of their side: what every method gets."""
    found = np.empty_like(made)
    for places in sides(rows):
        first = rows[places[0]]
        found[places] = centred(made[places], space.middle(first["dimension"], first["polarity"], made[places]))
    return found


def ours(rows: Rows, space: NDArray[np.float32]) -> Found:
    """Group each side as `overheard classify` does."""
    labels, words = np.full(len(rows), -1), []
    spoken = [Spoken(row["text"], row["lang"]) for row in rows]
    for places in sides(rows):
        numbers = group(space[places], least(len(places)))
        for number in range(numbers.max(initial=-1) + 1):
            inside = places[numbers == number]
            outside = places[numbers != number]
            languages = [rows[place]["lang"] for place in inside]
            usual = max(sorted(set(languages)), key=languages.count)
            labels[inside] = len(words)
            words.append(keyphrases([spoken[p] for p in inside], [spoken[p] for p in outside], usual)[:WORDS])
    return Found(labels, words)


def bertopic(rows: Rows, space: NDArray[np.float32], size: int, seed: int, *, whole: bool) -> Found:
    """Group with BERTopic, each side by itself or the `whole` at once."""
    from bertopic import BERTopic
    from umap import UMAP

    labels, words = np.full(len(rows), -1), []
    for places in [np.arange(len(rows))] if whole else sides(rows):
        reducer = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed)
        model = BERTopic(min_topic_size=size, umap_model=reducer, embedding_model=None)
        texts = [rows[place]["text"] for place in places]
        numbers = np.array(model.fit_transform(texts, space[places])[0])
        for number in range(numbers.max(initial=-1) + 1):
            labels[places[numbers == number]] = len(words)
            words.append([word for word, _ in model.get_topic(number)[:WORDS] if word])
    return Found(labels, words)


def sides(rows: Rows) -> Iterator[NDArray[np.int64]]:
    """Yield the places of the rows of each dimension and polarity."""
    found = defaultdict(list)
    for place, row in enumerate(rows):
        found[row["dimension"], row["polarity"]].append(place)
    yield from (np.array(places) for _, places in sorted(found.items()))


def rand_index(rows: Rows, labels: Labels) -> float:
    """Return the adjusted Rand index, each row outside as a group of its own."""
    alone = labels.max(initial=-1) + 1 + np.arange(len(labels))
    return float(adjusted_rand_score([row["theme"] for row in rows], np.where(labels < 0, alone, labels)))


def npmi(rows: Rows, topics: Sequence[Sequence[str]]) -> float:
    """Return the mean normalised pointwise mutual information of pairs of a topic's words, over topics, in [−1, 1]."""
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(binary=True)
    table = counter.fit_transform([row["text"] for row in rows]).astype(bool).toarray()
    column = {word: table[:, number] for word, number in counter.vocabulary_.items()}
    means = [_npmi([column[word] for word in words if word in column]) for words in topics]
    return float(np.mean([mean for mean in means if mean is not None]))


def _npmi(columns: Sequence[NDArray[np.bool_]]) -> float | None:
    values = []
    for one, other in combinations(columns, 2):
        both, first, second = (one & other).mean(), one.mean(), other.mean()
        values.append(-1.0 if not both else math.log(both / (first * second)) / -math.log(both) if both < 1 else 1.0)
    return float(np.mean(values)) if values else None


def figures(name: str, rows: Rows, runs: Sequence[Found]) -> dict[str, Any]:
    """Return the means over runs."""
    return {
        "method": name,
        "rand": np.mean([rand_index(rows, run.labels) for run in runs]),
        "npmi": np.mean([npmi(rows, run.words) for run in runs]),
        "outside": np.mean([(run.labels < 0).mean() for run in runs]),
        "groups": np.mean([len(run.words) for run in runs]),
    }


def compared(reported: Part, settings: Part | None) -> Iterator[dict[str, Any]]:
    """Yield the figures of every method on the reported rows; without settings ours alone."""
    yield figures("ours", reported.rows, [ours(*reported)])
    if settings is None:
        return
    for name, whole in (("BERTopic, each side", False), ("BERTopic, all at once", True)):
        on_settings, by_size = (by_sizes(part, whole=whole) for part in (settings, reported))
        yield by_size[10] | {"method": f"{name}, as it comes"}
        size = max(on_settings, key=lambda size: on_settings[size]["rand"])
        yield by_size[size] | {"method": f"{name}, size {size}, best on settings"}
        size = max(by_size, key=lambda size: by_size[size]["rand"])
        yield by_size[size] | {"method": f"{name}, size {size}, best here"}


def by_sizes(part: Part, *, whole: bool) -> dict[int, dict[str, Any]]:
    """Return the figures of BERTopic with each smallest size."""
    return {
        size: figures("", part.rows, [bertopic(*part, size, seed, whole=whole) for seed in SEEDS]) for size in SIZES
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=("fresh", "reported", "settings"), default="fresh")
    parser.add_argument("--ours", action="store_true", help="without BERTopic")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore")
    classifier = Classifier()
    space = Space.load(classifier)
    parts = {name: _part(classifier, space, name) for name in ("fresh", "reported", "settings")}
    rows = parts[asked.part].rows
    print(f"{len(rows)} opinions in {len({row['theme'] for row in rows})} themes ({asked.part}), {classifier.version}")  # noqa: T201
    print(f"{'method':45} {'ARI':>6} {'NPMI':>7} {'outside':>8} {'groups':>7}")  # noqa: T201
    for row in compared(parts[asked.part], None if asked.ours else parts["settings"]):
        print(  # noqa: T201
            f"{row['method']:45} {row['rand']:6.3f} {row['npmi']:7.3f} {row['outside']:8.1%} {row['groups']:7.1f}"
        )


def _part(classifier: Classifier, space: Space, name: str) -> Part:
    lines = LABELLED.read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["part"] == name]
    made = vectors(classifier, space, [row["text"] for row in rows], [row["lang"] for row in rows])
    return Part(rows, seen(rows, space, made))


if __name__ == "__main__":
    main()
