"""How likely a text is in each language: py3langid's model, which its own walk reads byte by byte, read word by word.

Most words of a text have been met before. What a word says depends on the automaton's state at its beginning alone, so
it is remembered, with the sum of its rows of the model's weights, which are more than a processor's cache holds; the
probabilities are those of `LanguageIdentifier.rank` (a test holds them against it), in a third of the time.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from py3langid.langid import MODEL_FILE
from py3langid.langid import LanguageIdentifier as Model

REMEMBERED: Final = 50_000
"""Words that are remembered, some 500 bytes each; a text has fewer."""

SAME: Final = {"arz": "ar", "ary": "ar", "grc": "el", "hbo": "he", "nb": "no", "nn": "no", "wuu": "zh", "yue": "zh"}
"""Varieties that count as the language that they belong to."""

_ONCE: Final = math.log(2)


class Likelihoods:
    """The model with all its languages, or with those of `codes` alone, which is faster; they compare the same."""

    def __init__(self, codes: Collection[str] | None = None) -> None:
        model = _model()
        names = [(number, name) for number, name in enumerate(model.nb_classes)]
        kept = [(number, name) for number, name in names if codes is None or SAME.get(name, name) in codes]
        columns = [number for number, _ in kept]
        self._codes = [SAME.get(name, name) for _, name in kept]
        self._several = _several([name for _, name in kept])
        self._prior = model.nb_pc[columns]
        # In the type that is reckoned with; the whole table is read where it lies, for few texts need it.
        self._weights = model.nb_ptc if codes is None else np.ascontiguousarray(model.nb_ptc[:, columns], np.float32)
        self._met: dict[tuple[int, str], tuple[int, tuple[int, ...], int]] = {}
        self._sums = np.empty((REMEMBERED, len(kept)), np.float32)

    def of(self, words: Sequence[str]) -> dict[str, float]:
        """Return the probability of each language by its code; empty where nothing in the words says anything."""
        # Spaces around the text let its first and last words count as whole words.
        text = unicodedata.normalize("NFC", " ".join(words))
        spaced = ["", *text.split(" ")]
        if len(self._met) + len(spaced) > REMEMBERED:
            self._met.clear()
        found: list[int] = []
        rows, state = [], 0
        for word in spaced:
            row, features, state = self._met.get((state, word)) or self._meet(state, word)
            rows.append(row)
            found += features
        if not found:
            return {}
        scores = self._sums[rows].sum(axis=0) + self._prior
        if len(set(found)) < len(found):
            scores += self._repeated(found)
        # py3langid's temperature: the square root of the bytes keeps long texts from being sure of everything.
        scores /= math.sqrt(len(text.encode("utf-8", "surrogatepass")) + 2)
        chances = np.exp(scores - scores.max())
        return self._by_code((chances / chances.sum()).tolist())

    def _meet(self, state: int, word: str) -> tuple[int, tuple[int, ...], int]:
        """Remember the features of a word behind others, and what they add to the scores where each stands once."""
        row, (features, after) = len(self._met), _features(state, word)
        self._sums[row] = _ONCE * self._weights[list(features)].sum(axis=0, dtype=np.float32)
        return self._met.setdefault((state, word), (row, features, after))

    def _repeated(self, found: Sequence[int]) -> np.ndarray[Any, Any]:
        """Return what the scores lose by features that stand several times: log(1 + n) counts, not n times log(2)."""
        several = {feature: count for feature, count in Counter(found).items() if count > 1}
        counts = np.fromiter(several.values(), np.float32, len(several))
        lost: np.ndarray[Any, Any] = (np.log1p(counts) - _ONCE * counts) @ self._weights[list(several)]
        return lost

    def _by_code(self, chances: Sequence[float]) -> dict[str, float]:
        """Add up the scripts of one language, and let the likeliest variety stand for those that count as one."""
        found = dict(zip(self._codes, chances, strict=True))
        for code, names in self._several.items():
            found[code] = max(sum(chances[column] for column in columns) for columns in names)
        return found


def _several(names: Sequence[str]) -> dict[str, list[list[int]]]:
    """Return the codes that have several columns, with the columns of each of their names."""
    found: dict[str, dict[str, list[int]]] = {}
    for column, name in enumerate(names):
        found.setdefault(SAME.get(name, name), {}).setdefault(name, []).append(column)
    return {code: list(each.values()) for code, each in found.items() if sum(map(len, each.values())) > 1}


def _features(state: int, word: str) -> tuple[tuple[int, ...], int]:
    """Return the features that end within a word and the space behind it, and the state of the automaton then."""
    moves, rows, ends, found = _model().tk_nextmove, _model().tk_row, _model().tk_output, []
    for letter in f"{word} ".encode("utf-8", "surrogatepass"):
        state = moves[(rows[state] << 8) + letter]
        if ends[state] >= 0:
            found.append(ends[state])
    return tuple(found), state


@cache
def known() -> frozenset[str]:
    """Return the names of all languages that the model knows."""
    return frozenset(_model().labels)


@cache
def _model() -> Model:
    """The model as its package ships it, read once; it is never restricted, so that everyone can share it."""
    return Model.from_model_file(MODEL_FILE, norm_probs=True)
