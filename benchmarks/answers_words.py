"""Sentences that are told in the generated store: our own labelled ones, with made-up words as rare as words are.

A sentence is one of the training corpus that the project wrote itself (models/corpus/authored.jsonl), so that labels
and words agree; a clause at a known rate (CLAUSES) and words of a made-up vocabulary follow it, so that texts
differ and the vocabulary has the long tail that a full-text index meets.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CORPUS = Path(__file__).resolve().parents[1] / "models" / "corpus" / "authored.jsonl"
LANGUAGES = ("en", "de", "nl", "fr", "es", "it", "pt", "ro")
SENTIMENTS = ("positive", "negative", "neutral", "mixed")

CLAUSES = (
    (0.010, "the refund came far too late"),
    (0.015, "still no refund"),
    (0.020, "my delivery was late"),
    (0.030, "delivery by courier"),
    (0.040, "all in the app"),
)
"""Share of sentences that a clause is added to, in every language; what the corpus itself says comes on top."""

VOCABULARY, TAIL = 20_000, 2.7
"""Made-up words of a language, and the constant of Zipf–Mandelbrot: rank r comes up as often as 1 / (r + TAIL)."""

_SYLLABLES = {
    "en": "sto wen lar bri tock ham ling ford ness ley",
    "de": "schö grü wald zei ber kün heit straß mön ung",
    "nl": "gra hoe vel rij dijk sche waar loo tijd eer",
    "fr": "ché lou vrai mêr con tré fleu rois nç gne",
    "es": "ña ción rro llo bue jar tú más quin dor",
    "it": "gli zio chia per tà scu men lla sco vò",
    "pt": "ção lho não bri ssa vê mui dão tão reis",
    "ro": "ște țar mân răs bun cea lui vă iul grâ",
}

RIVALRY = {
    "en": "{} was faster than this and {} is where I go now.",
    "de": "{} war schneller, und zu {} gehe ich jetzt.",
    "nl": "{} was sneller dan dit en naar {} ga ik nu.",
    "fr": "{} était plus rapide, et je passe chez {}.",
    "es": "{} fue más rápido, y ahora me voy con {}.",
    "it": "{} era più veloce, e ora passo a {}.",
    "pt": "{} foi mais rápido, e agora mudo para {}.",
    "ro": "{} a fost mai rapid, iar acum trec la {}.",
}
"""A sentence that compares with a rival and leaves for it."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A labelled sentence without its full stop; `end` is what stood there. `signals` is JSON, as the store has it."""

    text: str
    end: str
    sentiment: str
    touchpoint: str
    signals: str
    dimensions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Stock:
    """The sentences of a language, those of one sentiment beside each other: `spans` says from where to where."""

    sentences: list[Sentence]
    spans: dict[str, tuple[int, int]]


@cache
def stock() -> dict[str, Stock]:
    """Return our sentences by language."""
    found: defaultdict[str, list[Sentence]] = defaultdict(list)
    for line in CORPUS.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        text = row["text"].strip()
        plain = text.rstrip(".!?…")
        if plain:
            found[row["lang"]].append(
                Sentence(
                    plain, text[len(plain) :] or ".", row["sentiment"], row["touchpoint"], json.dumps(row["signals"]),
                    tuple(row["dimensions"].items()),
                )
            )  # fmt: skip
    return {language: _sorted(found[language]) for language in LANGUAGES}


def _sorted(sentences: list[Sentence]) -> Stock:
    ordered = sorted(sentences, key=lambda each: (SENTIMENTS.index(each.sentiment), each.text))
    spans, start = {}, 0
    for sentiment in SENTIMENTS:
        end = start + sum(each.sentiment == sentiment for each in ordered)
        spans[sentiment] = (start, end)
        start = end
    return Stock(ordered, spans)


@cache
def vocabulary(language: str) -> list[str]:
    """Return the made-up words of a language, the most frequent first; they are short."""
    rng = random.Random(language)
    parts = _SYLLABLES[language].split()
    words: dict[str, None] = {}
    for length, up_to in enumerate((10, 80, 700, 6000, VOCABULARY), 1):
        while len(words) < up_to:
            words["".join(rng.choices(parts, k=length))] = None
    return list(words)


@cache
def frequencies() -> NDArray[np.float64]:
    """Return how likely a word is of this rank or a lower one."""
    found = np.cumsum(1.0 / (np.arange(VOCABULARY) + 1 + TAIL))
    return found / found[-1]
