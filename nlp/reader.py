"""Texts in, opinions out: sentences with offsets, one verdict each, and the text's own sentiment."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from overheard.nlp.classifier import Classifier, Verdict
from overheard.nlp.sentences import split

ANALYSED, NOT_ANALYSED = "analysed", "not_analysed"

LEANING = 1 / 3
"""A text with praise and pain is positive or negative when (p − n) / (p + n) is at least this far from 0, else mixed:
two to one is a verdict, closer is not."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text to read: fields by name (`title`, `text`) in reading order, all in one language."""

    fields: Mapping[str, str]
    language: str


@dataclass(frozen=True, slots=True)
class SentenceOpinion:
    """One sentence of a document: `start` and `end` index the field's text; the rest is its `Verdict`."""

    field: str
    start: int
    end: int
    text: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class DocumentReading:
    """What a document says: `sentiment` its own (None where nothing was read), `strength` in [−1, 1]."""

    status: str
    sentiment: str | None = None
    strength: float | None = None
    opinions: Sequence[SentenceOpinion] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class _Place:
    field: str
    start: int
    end: int
    text: str


def read(classifier: Classifier, documents: Sequence[Document], languages: Collection[str]) -> list[DocumentReading]:
    """Read documents together, in their order; those in a language outside `languages` are not analysed.

    A sentence that occurs several times is classified once.
    """
    known = set(languages) & set(classifier.config.languages)
    places = [_places(document) if document.language in known else None for document in documents]
    unique = list(dict.fromkeys(place.text for found in places for place in found or ()))
    verdicts = dict(zip(unique, classifier.classify(unique), strict=True))
    return [DocumentReading(NOT_ANALYSED) if found is None else _assemble(found, verdicts) for found in places]


def _places(document: Document) -> list[_Place]:
    """Return the sentences of a document; a title that the text opens with is not read twice."""
    places = []
    opening = " ".join(document.fields.get("text", "").split()).casefold()
    for name, text in document.fields.items():
        plain = " ".join(text.split()).casefold().rstrip(".… ")
        if name == "title" and plain and opening.startswith(plain):
            continue
        places += [_Place(name, start, end, text[start:end]) for start, end in split(text, document.language)]
    return places


def _assemble(places: Sequence[_Place], verdicts: Mapping[str, Verdict]) -> DocumentReading:
    opinions = [
        SentenceOpinion(place.field, place.start, place.end, place.text, verdicts[place.text]) for place in places
    ]
    sentiment, strength = overall([opinion.verdict.sentiment for opinion in opinions])
    return DocumentReading(ANALYSED, sentiment, strength, opinions)


def overall(sentiments: Sequence[str]) -> tuple[str, float]:
    """Return the sentiment of a text and its strength, (positive − negative) / sentences, from its sentences'.

    >>> overall(["positive", "neutral", "positive", "negative"])
    ('positive', 0.25)
    """
    if not sentiments:
        return "neutral", 0.0
    positive, negative = sentiments.count("positive"), sentiments.count("negative")
    strength = round((positive - negative) / len(sentiments), 4)
    if positive + negative == 0:
        return ("mixed" if "mixed" in sentiments else "neutral"), strength
    leaning = (positive - negative) / (positive + negative)
    if abs(leaning) < LEANING:
        return "mixed", strength
    return ("positive" if leaning > 0 else "negative"), strength
