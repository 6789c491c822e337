"""The measures of extraction.py: which reviews of a page were found, and which of their fields came out right."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from scipy.optimize import linear_sum_assignment

from overheard.crawler.merging import share
from overheard.intake.item import Item

ALIKE = 0.9
"""From this similarity of words on, a text that was found is the text that was wanted."""
ROUNDING = 0.011
"""Ratings, as shares of their scale, may differ by this much: bars are drawn in whole percent."""
FIELDS = {"rating": "rating", "date": "days", "author": "author", "reply": "reply", "title": "title"}
"""What is measured of a review that was found, and where a `Review` has it."""


@dataclass(frozen=True, slots=True)
class Review:
    """A review as a page shows it, or as an extractor gives it.

    `rating` is the share of its scale, in [0, 1]. `days` are the days that the moment of publication may have been,
    for a moment in UTC lies on two days of the earth; empty where there is none.
    """

    text: str
    title: str | None = None
    rating: float | None = None
    days: frozenset[date] = frozenset()
    author: bool = False
    reply: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A page with the reviews that a person reads on it."""

    name: str
    body: bytes
    url: str
    fetched: datetime
    reviews: tuple[Review, ...]

    @property
    def language(self) -> str:
        """The code that the name begins with."""
        return self.name.partition("-")[0]


def read_cases(folder: Path) -> list[Case]:
    """Return the pages of a folder, NAME.html with NAME.json beside it, by name."""
    return [
        _case(path, json.loads(path.with_suffix(".json").read_text("utf-8"))) for path in sorted(folder.glob("*.html"))
    ]


def _case(path: Path, wanted: dict[str, Any]) -> Case:
    reviews = tuple(_wanted(row) for row in wanted["reviews"])
    return Case(path.stem, path.read_bytes(), wanted["url"], datetime.fromisoformat(wanted["fetched"]), reviews)


def _wanted(row: dict[str, Any]) -> Review:
    return Review(
        row["text"],
        row["title"],
        None if row["rating"] is None else row["rating"] / row["scale"],
        frozenset([date.fromisoformat(row["date"])] if row["date"] else []),
        row["author"],
        row["reply"],
    )


def of_item(item: Item) -> Review:
    """Return an item of ours as a review."""
    return Review(item.text, item.title, share(item), days_of(item.published), item.author is not None, item.reply)


def days_of(moment: datetime | None) -> frozenset[date]:
    """Return the days that a moment is on in some zone; where it has no time of day, only its own."""
    if moment is None:
        return frozenset()
    if moment.time() == time.min:
        return frozenset([moment.date()])
    return frozenset((moment + timedelta(hours=hours)).date() for hours in (-12, 0, 14))


def words(text: str | None) -> list[str]:
    """Return the words that are compared: compatibility forms folded, case, marks, hyphenation and spacing left out.

    >>> words("Top\\u00adqualität – 5\\u202f€!")
    ['topqualität', '5']
    """
    folded = unicodedata.normalize("NFKC", text or "").replace("\u00ad", "").casefold()
    return re.findall(r"\w+", folded) or folded.split()


def similarity(one: Sequence[str], other: Sequence[str]) -> float:
    """Return twice the words that two texts share in order, as a share of the words of both, in [0, 1]."""
    return SequenceMatcher(None, one, other, autojunk=False).ratio() if one and other else 0.0


def likeness(found: Review, wanted: Review) -> float:
    """Return how alike two texts are; one that was found with its title before it is as good as one without."""
    given, text = words(found.text), words(wanted.text)
    return max(similarity(given, text), similarity(given, words(wanted.title) + text) if wanted.title else 0.0)


def matched(found: Sequence[Review], wanted: Sequence[Review]) -> list[tuple[Review, Review]]:
    """Return which review that was found is which one that was wanted, each at most once, the most alike together."""
    if not found or not wanted:
        return []
    alike = [[likeness(one, other) for other in wanted] for one in found]
    worth = [[value if value >= ALIKE else 0.0 for value in row] for row in alike]
    rows, columns = linear_sum_assignment(worth, maximize=True)
    return [(found[r], wanted[c]) for r, c in zip(rows.tolist(), columns.tolist(), strict=True) if worth[r][c]]


@dataclass(frozen=True, slots=True)
class Score:
    """What an extractor made of some pages: counts of reviews, and for each field how often it was right of how often
    it was there.

    A field counts over the reviews that were found, where the page or the extractor has it: one that was made up is
    as wrong as one that was missed.
    """

    pages: int
    wanted: int
    found: int
    right: int
    fields: dict[str, tuple[int, int]]

    @property
    def precision(self) -> float:
        """The share of what was found that was wanted."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """The share of what was wanted that was found."""
        return self.right / self.wanted if self.wanted else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both; 1 where nothing was wanted and nothing found."""
        total = self.found + self.wanted
        return 2 * self.right / total if total else 1.0

    def accuracy(self, field: str) -> float | None:
        """How often a field is right, None where it is nowhere."""
        right, of = self.fields[field]
        return right / of if of else None


def score(pairs: Iterable[tuple[Sequence[Review], Sequence[Review]]]) -> Score:
    """Return the score over pages, each as what was found and what was wanted."""
    pages = wanted_reviews = found_reviews = right = 0
    good: Counter[str] = Counter()
    there: Counter[str] = Counter()
    for found, wanted in pairs:
        couples = matched(found, wanted)
        pages, right = pages + 1, right + len(couples)
        found_reviews, wanted_reviews = found_reviews + len(found), wanted_reviews + len(wanted)
        for one, other in couples:
            for field, name in FIELDS.items():
                if getattr(one, name) or getattr(other, name):
                    there[field] += 1
                    good[field] += agree(field, one, other)
    return Score(pages, wanted_reviews, found_reviews, right, {field: (good[field], there[field]) for field in FIELDS})


def agree(field: str, one: Review, other: Review) -> bool:
    """Say whether two reviews have the same in a field, at least one of which has it."""
    a, b = getattr(one, FIELDS[field]), getattr(other, FIELDS[field])
    if field == "rating":
        return a is not None and b is not None and abs(a - b) <= ROUNDING
    if field == "date":
        return not one.days.isdisjoint(other.days)
    if field == "author":
        return bool(a == b)
    return similarity(words(a), words(b)) >= ALIKE or (bool(a) and a == b)
