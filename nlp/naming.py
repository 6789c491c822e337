"""Names of themes: a few of the customers' own words that stand for all, and the words that mark a theme off.

A name is a clause out of a central sentence: short, near the middle of the theme, and read by the model as the praise
or the pain that the theme is, so that a pain never bears a friendly name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from overheard.nlp.classifier import Classifier, Verdict
from overheard.nlp.languages import load
from overheard.nlp.themes import Space, Vectors, centred, unit, vectors

WORDS = (2, 8)
"""Words of a name."""

LONGEST = 60
"""Characters of a name."""

WISHED = 4
"""Words that a name has at best; each one more or less costs `COST` of nearness."""

COST = 0.015
CERTAIN = 0.5
"""What it is worth that the model is sure of dimension and polarity, in nearness."""

USUAL, ENGLISH = 0.1, 0.1
"""What it is worth that a name is in the language that most speak, or in English where a tenth do."""

FIGURES, DIGITS = 0.3, 2
"""What a name loses by figures in it, and how many digits it may have: a time or a price is one customer's own."""

PHRASES = 8
"""Keyphrases of a theme."""

_CONJUNCTIONS = frozenset(
    "and but or because so that which und aber oder weil denn dass sowie sondern en maar of want omdat dat et mais ou "
    "car que y pero porque e mas pois ma però perché che iar dar sau și că".split()
)
"""What a clause may begin or end with and a name may not; not every linking word: `geen` is one."""

_BREAK = re.compile(r"(?:(?!(?<=\d)[,:./]\d)[,;:.!?…()\[\]\"“”„«»/|])+|\s[-–—]+\s|\s-(?=\w)")
_WORD = re.compile(r"[^\W\d_](?:[\w'’-]*\w)?")
_SHORT = 3


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence and its language."""

    text: str
    language: str


def name(
    classifier: Classifier, space: Space, central: Sequence[Spoken], middle: Vectors, centroid: Vectors,
    side: tuple[str, str], spoken: Mapping[str, int], taken: Collection[str] = (),
) -> str:  # fmt: skip
    """Return a name for a theme of a side (dimension, polarity).

    `central` are its most central sentences, the first the most; `centroid` its mean vector, `middle` that of its side;
    `spoken` how many of its opinions are in each language. Names in `taken` are not given again.
    """
    found = list(dict.fromkeys(clause for sentence in central for clause in clauses(sentence)))
    found = [clause for clause in found if clause.text.casefold() not in {each.casefold() for each in taken}]
    if not found:
        return _shortened(central[0].text if central else "")
    rows = vectors(classifier, space, [each.text for each in found], [each.language for each in found])
    near = centred(rows, middle) @ unit(centroid - middle)
    verdicts = classifier.classify([each.text for each in found])
    welcome = [
        float(cosine) + CERTAIN * _certainty(verdict, side) + _fit(clause, spoken)
        for clause, cosine, verdict in zip(found, near, verdicts, strict=True)
    ]
    return found[int(np.argmax(welcome))].text


def clauses(sentence: Spoken) -> list[Spoken]:
    """Return the parts of a sentence that could be a name, without the words that link them to the rest.

    >>> [part.text for part in clauses(Spoken("Great bus, but the wifi never works!", "en"))]
    ['Great bus', 'The wifi never works']
    """
    found = []
    for part in _BREAK.split(sentence.text):
        words = part.split()
        while words and words[0].casefold() in _CONJUNCTIONS:
            words = words[1:]
        while words and words[-1].casefold() in _CONJUNCTIONS:
            words = words[:-1]
        text = " ".join(words).strip(" -–*•+#")
        is_short = WORDS[0] <= len(words) <= WORDS[1] and len(text) <= LONGEST
        if is_short and sum(map(str.isalpha, text)) > len(text) / 2 and sum(map(str.isdigit, text)) <= DIGITS:
            found.append(Spoken(text[0].upper() + text[1:], sentence.language))
    return found


def keyphrases(inside: Sequence[Spoken], outside: Iterable[Spoken], language: str) -> list[str]:
    """Return the words that mark a theme off from its side, the most telling first, in one language.

    Ranked by the number of sentences inside that have the word × log of how much more usual it is there than outside.
    """
    within = _frequencies(inside, language)
    beyond = _frequencies(outside, language)
    total, others = sum(within.values()) or 1, sum(beyond.values()) or 1
    telling = {
        word: count * np.log1p((count / total) / ((beyond[word] + 1) / others)) for word, count in within.items()
    }
    ranked = sorted(telling, key=lambda word: (-telling[word], word))
    return [word for word in ranked if within[word] > 1][:PHRASES] or ranked[:3]


def _frequencies(sentences: Iterable[Spoken], language: str) -> Counter[str]:
    stop = _stop_words(language)
    found: Counter[str] = Counter()
    for sentence in sentences:
        if sentence.language == language:
            words = {word.casefold() for word in _WORD.findall(sentence.text)}
            found.update(word for word in words if len(word) >= _SHORT and word not in stop)
    return found


def _certainty(verdict: Verdict, side: tuple[str, str]) -> float:
    """Return from −2 (the opposite is said) to 1 how surely a clause says what the theme is about."""
    dimension, polarity = side
    opposite = {"positive": "negative", "negative": "positive"}[polarity]
    if verdict.sentiment in (opposite, "mixed") or any(said == opposite for said, _ in verdict.dimensions.values()):
        return -2
    said, score = verdict.dimensions.get(dimension, ("", 0.0))
    return score if said == polarity else -0.5 if verdict.sentiment == polarity else -1


def _fit(clause: Spoken, spoken: Mapping[str, int]) -> float:
    total = sum(spoken.values()) or 1
    usual = clause.language == max(spoken, key=lambda language: (spoken[language], language), default="en")
    english = clause.language == "en" and spoken.get("en", 0) >= total / 10
    own = any(map(str.isdigit, clause.text))
    return USUAL * usual + ENGLISH * english - FIGURES * own - COST * abs(len(clause.text.split()) - WISHED)


def _shortened(text: str) -> str:
    words = text.split()
    while words and len(" ".join(words)) > LONGEST - 1:
        words = words[:-1]
    short = " ".join(words)
    return short if short == " ".join(text.split()) and short else f"{short}…"


@cache
def _stop_words(language: str) -> frozenset[str]:
    words = load(language)
    return words.linking_words | words.opening_words
