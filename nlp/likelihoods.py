"""How likely texts are in each language: py3langid's model, which its own walk reads byte by byte, read side by side.

No feature of the model is longer than six bytes, so the automaton's state depends on the last six: it can be started
anywhere five bytes early. Many texts are cut into pieces that are walked through at once, and their features counted
and weighed together. The probabilities are those of `LanguageIdentifier.rank` (a test holds them against it), in a
quarter of the time where there are a hundred texts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from math import isqrt
from typing import Any, Final

import numpy as np
from py3langid.langid import MODEL_FILE
from py3langid.langid import LanguageIdentifier as Model

AT_ONCE: Final = 50_000
"""Bytes of text that are read together: the weights of their features take 200 times as much memory."""

SAME: Final = {"arz": "ar", "ary": "ar", "grc": "el", "hbo": "he", "nb": "no", "nn": "no", "wuu": "zh", "yue": "zh"}
"""Varieties that count as the language that they belong to."""

_EARLY: Final = 5
"""Bytes before a piece that tell the state of the automaton at its beginning."""
_END: Final = b"\0"
"""Stands between texts: no feature holds it, so it leads to the automaton's first state from every other."""

_Array = np.ndarray[Any, Any]


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
        # A row of weights is read for each feature: side by side in memory, in the type that is reckoned with.
        self._weights = model.nb_ptc if codes is None else np.ascontiguousarray(model.nb_ptc[:, columns], np.float32)

    def of(self, texts: Sequence[Sequence[str]]) -> list[dict[str, float]]:
        """Return the probability of each language by its code for texts as words; empty where they say nothing."""
        # Spaces around a text let its first and last words count as whole words.
        spaced = [
            f" {unicodedata.normalize('NFC', ' '.join(words))} ".encode("utf-8", "surrogatepass") for words in texts
        ]
        return [found for some in _portions(spaced) for found in self._of(some)]

    def _of(self, texts: Sequence[bytes]) -> Iterator[dict[str, float]]:
        text, feature, count = _counted(texts)
        told, first = np.unique(text, return_index=True)
        weighed = self._weights[feature] * np.log1p(count)[:, None]
        scores = (np.add.reduceat(weighed, first) if len(first) else weighed) + self._prior
        # py3langid's temperature: the square root of the bytes keeps long texts from being sure of everything.
        scores /= np.sqrt(np.fromiter(map(len, texts), np.float32, len(texts))[told, None])
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        found = dict(zip(told.tolist(), chances.tolist(), strict=True))
        return (self._by_code(found[number]) if number in found else {} for number in range(len(texts)))

    def _by_code(self, chances: Sequence[float]) -> dict[str, float]:
        """Add up the scripts of one language, and let the likeliest variety stand for those that count as one."""
        found = dict(zip(self._codes, chances, strict=True))
        for code, names in self._several.items():
            found[code] = max(sum(chances[column] for column in columns) for columns in names)
        return found


def _portions(texts: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Yield texts in order, as many at a time as are read together, and one at least."""
    some: list[bytes] = []
    for text in texts:
        if some and sum(map(len, some)) + len(text) > AT_ONCE:
            yield some
            some = []
        some.append(text)
    if some:
        yield some


def _counted(texts: Sequence[bytes]) -> tuple[_Array, _Array, _Array]:
    """Return which features stand in which texts how often, as three columns in the order of the texts."""
    ends = _walked(_END.join(texts))
    places = np.flatnonzero(ends >= 0)
    lengths = np.fromiter((len(text) + len(_END) for text in texts), np.intp, len(texts))
    text = np.repeat(np.arange(len(texts)), lengths)[places]
    many = len(_model().nb_ptc)
    both, count = np.unique(text * many + ends[places], return_counts=True)
    return both // many, both % many, count.astype(np.float32)


def _walked(read: bytes) -> _Array:
    """Return the feature that ends at each byte, -1 for none."""
    moves, rows, ends = _automaton()
    piece = max(4, isqrt(len(read)) // 5)
    pieces = -(-len(read) // piece)
    padded = np.frombuffer(_END * _EARLY + read + _END * piece, np.uint8)
    windows = np.lib.stride_tricks.sliding_window_view(padded, piece + _EARLY)[: pieces * piece : piece]
    state, found = np.zeros(pieces, np.intp), np.empty((piece, pieces), np.intp)
    for step, letters in enumerate(windows.T):
        state = moves[rows[state] + letters]
        if step >= _EARLY:
            found[step - _EARLY] = ends[state]
    return found.T.ravel()[: len(read)]


def _several(names: Sequence[str]) -> dict[str, list[list[int]]]:
    """Return the codes that have several columns, with the columns of each of their names."""
    found: dict[str, dict[str, list[int]]] = {}
    for column, name in enumerate(names):
        found.setdefault(SAME.get(name, name), {}).setdefault(name, []).append(column)
    return {code: list(each.values()) for code, each in found.items() if sum(map(len, each.values())) > 1}


@cache
def known() -> frozenset[str]:
    """Return the names of all languages that the model knows."""
    return frozenset(_model().labels)


@cache
def _automaton() -> tuple[_Array, _Array, _Array]:
    """Return the next state by row and byte, the beginning of each state's row, and the feature that ends in it."""
    model = _model()
    return np.asarray(model.tk_nextmove), np.asarray(model.tk_row).astype(np.intp) << 8, np.asarray(model.tk_output)


@cache
def _model() -> Model:
    """The model as its package ships it, read once; it is never restricted, so that everyone can share it."""
    return Model.from_model_file(MODEL_FILE, norm_probs=True)
