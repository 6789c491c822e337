"""The customers' own words that show what a figure claims.

A quote is a sentence, cut out of its mention by its offsets. Wanted are sentences that bear on the dimension with a
high calibrated score, whose overall sentiment agrees and stars do not object, that read well, and that say what many
say; then the short and the recent ones, from different sources and languages, no two alike and no two of one mention.
The order is the same on every run.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import log, sqrt
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import Session

from overheard.insight.sample import newest_mentions
from overheard.insight.scope import Selection, opaque
from overheard.store.tables import Mention, Opinion, OpinionDimension, Source

CANDIDATES = 60
"""Sentences looked at per dimension and polarity."""

WALKED = 10_000
"""Mentions, the newest, whose sentences are walked through."""

READABLE = (25, 220)
"""Length in characters of a sentence that is neither a fragment nor a story."""

STEP = 0.05
"""Scores closer than this count as equal, so that a recent sentence may go first."""

CENTRAL = 6
"""Steps of score that the most central sentence of a side gains, the others in proportion to it."""

MANY = 12
"""Sentences of one language among which it can be told what is central."""

LONG = 40
"""Characters that cost a sentence one step of score."""

DOUBT = 20
"""Steps of score that a sentence costs when the stars of its mention say the opposite: more than all else together."""

ALIKE = 0.6
"""Share of common words from which two sentences are the same thing said twice."""

Side = tuple[str, str]
"""A dimension and a polarity."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a mention: `text` is exactly the mention's `field` from `start` to `end`.

    `source` is the name of the source, `score` the calibrated probability in [0, 1] of dimension and polarity,
    `rating` the mention's stars on 0..1.
    """

    text: str
    mention_id: int
    start: int
    end: int
    source: str
    url: str | None
    published: datetime | None
    score: float
    field: str
    language: str
    rating: float | None


@dataclass(frozen=True, slots=True)
class _Candidate:
    opinion_id: int
    source_id: int
    day: date
    fitness: int
    polarity: str
    quote: Quote

    @property
    def is_doubtful(self) -> bool:
        """Whether the stars of the mention say the opposite."""
        rating = self.quote.rating
        if rating is None:
            return False
        return rating <= 0.25 if self.polarity == "positive" else rating >= 0.75


def find_quotes(
    session: Session, model_version_id: int, selection: Selection, sides: Collection[Side], *, limit: int
) -> dict[Side, tuple[Quote, ...]]:
    """Return up to `limit` quotes for each side, from the newest mentions of the selection.

    A sentence is quoted once in the whole answer unless a side has no other.
    """
    if not sides or limit < 1:
        return dict.fromkeys(sides, ())
    found = _candidates(session, model_version_id, selection)
    used: set[int] = set()
    return {side: _choose(found.get(side, []), limit, used) for side in sides}


def _fitness() -> ColumnElement[int]:
    """Return 2 for a readable sentence whose overall sentiment agrees, 1 for any that agrees, else 0."""
    agrees = Opinion.sentiment == OpinionDimension.polarity
    length = Opinion.end - Opinion.start
    return case((and_(agrees, length.between(*READABLE)), 2), (agrees, 1), else_=0)


def _candidates(session: Session, model_version_id: int, selection: Selection) -> dict[Side, list[_Candidate]]:
    """Return the first of the sentences of each side, in the order of fitness, score and day."""
    chosen = newest_mentions(session, model_version_id, selection, WALKED)
    rank = func.row_number().over(
        partition_by=(opaque(OpinionDimension.dimension), opaque(OpinionDimension.polarity)),
        order_by=(
            _fitness().desc(),
            func.round(OpinionDimension.score / STEP).desc(),
            chosen.c.day.desc(),
            Opinion.id.desc(),
        ),
    )
    # A vanished mention can no longer be seen at its place, and a sentence that says the opposite proves nothing.
    opposite = case((OpinionDimension.polarity == "positive", "negative"), else_="positive")
    best = (
        select(OpinionDimension.opinion_id, OpinionDimension.dimension, rank.label("rank"))
        .select_from(chosen)
        .join(Mention, Mention.id == chosen.c.id)
        .join(Opinion, Opinion.mention_id == chosen.c.id)
        .join(OpinionDimension, OpinionDimension.opinion_id == Opinion.id)
        .where(Opinion.model_version_id == model_version_id, Mention.vanished.is_(None))
        .where(*selection.sentences.conditions())
        .where(Opinion.sentiment != opposite, opaque(OpinionDimension.polarity) != "neutral")
        .subquery()
    )
    same = and_(OpinionDimension.opinion_id == best.c.opinion_id, OpinionDimension.dimension == best.c.dimension)
    rows = session.execute(_full().join(best, same).where(best.c.rank <= CANDIDATES)).all()
    found: dict[Side, list[_Candidate]] = {}
    for row in rows:
        found.setdefault((row.dimension, row.polarity), []).append(_candidate(row))
    return found


def _full() -> Select[*tuple[Any, ...]]:
    return (
        select(
            OpinionDimension.dimension,
            OpinionDimension.polarity,
            OpinionDimension.score,
            Opinion.id.label("opinion_id"),
            Opinion.field,
            Opinion.start,
            Opinion.end,
            _fitness().label("fitness"),
            Mention.id.label("mention_id"),
            Mention.title,
            Mention.text,
            Mention.url,
            Mention.published,
            Mention.day,
            Mention.language,
            Mention.rating,
            Mention.source_id,
            Source.name.label("source"),
        )
        .select_from(OpinionDimension)
        .join(Opinion, Opinion.id == OpinionDimension.opinion_id)
        .join(Mention, Mention.id == Opinion.mention_id)
        .join(Source, Source.id == Mention.source_id)
    )


def _candidate(row: Any) -> _Candidate:
    whole = row.title if row.field == "title" else row.text
    quote = Quote(
        text=whole[row.start : row.end],
        mention_id=row.mention_id,
        start=row.start,
        end=row.end,
        source=row.source,
        url=row.url,
        published=row.published,
        score=row.score,
        field=row.field,
        language=row.language,
        rating=row.rating,
    )
    return _Candidate(row.opinion_id, row.source_id, row.day, row.fitness, row.polarity, quote)


def _choose(candidates: list[_Candidate], limit: int, used: set[int]) -> tuple[Quote, ...]:
    """Pick the best one after another, passing over repetitions; adds what it picks to `used`."""
    fresh = [candidate for candidate in candidates if candidate.opinion_id not in used]
    pool = fresh or list(candidates)
    central = _central(pool)
    chosen: list[_Candidate] = []
    while pool and len(chosen) < limit:
        best = _most_welcome(pool, chosen, central)
        pool.remove(best)
        if not any(repeats(best.quote, other.quote) for other in chosen):
            chosen.append(best)
    used.update(candidate.opinion_id for candidate in chosen)
    return tuple(candidate.quote for candidate in chosen)


def _most_welcome(pool: list[_Candidate], chosen: list[_Candidate], central: dict[int, float]) -> _Candidate:
    """Return the best of the pool: a source or a language costs a step of score for each time it was heard.

    So does, many times over, praise in a mention of few stars or pain in one of many: the likeliest to be irony or an
    error of the model.
    """
    sources = Counter(candidate.source_id for candidate in chosen)
    languages = Counter(candidate.quote.language for candidate in chosen)

    def welcome(candidate: _Candidate) -> tuple[int, int, date, int]:
        costs = sources[candidate.source_id] + languages[candidate.quote.language] + DOUBT * candidate.is_doubtful
        costs += len(candidate.quote.text) // LONG
        gains = round(candidate.quote.score / STEP) + round(CENTRAL * central[candidate.opinion_id])
        return candidate.fitness, gains - costs, candidate.day, candidate.opinion_id

    return max(pool, key=welcome)


def _central(candidates: list[_Candidate]) -> dict[int, float]:
    """Return how central each candidate is among those of its language, from 0 to 1; 0 where they are few."""
    languages: dict[str, list[_Candidate]] = {}
    for candidate in candidates:
        languages.setdefault(candidate.quote.language, []).append(candidate)
    central = dict.fromkeys((candidate.opinion_id for candidate in candidates), 0.0)
    for alike in languages.values():
        if len(alike) < MANY:
            continue
        near = centrality([candidate.quote.text for candidate in alike])
        most = max(near) or 1.0
        central.update((candidate.opinion_id, value / most) for candidate, value in zip(alike, near, strict=True))
    return central


def centrality(texts: Sequence[str]) -> list[float]:
    """Return for each text the mean cosine of its TF-IDF vector to those of the others, in [0, 1].

    Words are compared by their first six letters, so that *driver* and *drivers* are one.
    """
    words = [Counter(word[:6] for word in re.findall(r"[^\W\d_]+", text.casefold())) for text in texts]
    holding = Counter(word for counts in words for word in counts)
    vectors = []
    for counts in words:
        vector = {word: (1 + log(times)) * log(len(texts) / holding[word]) for word, times in counts.items()}
        length = sqrt(sum(weight * weight for weight in vector.values()))
        vectors.append({word: weight / length for word, weight in vector.items()} if length else {})
    total: defaultdict[str, float] = defaultdict(float)
    for vector in vectors:
        for word, weight in vector.items():
            total[word] += weight
    others = max(len(texts) - 1, 1)
    return [sum(weight * (total[word] - weight) for word, weight in vector.items()) / others for vector in vectors]


def repeats(one: Quote, other: Quote) -> bool:
    """Tell whether two quotes are of one mention, or say the same in about the same words."""
    if one.mention_id == other.mention_id:
        return True
    words, others = (set(re.findall(r"\w+", quote.text.casefold())) for quote in (one, other))
    return len(words & others) >= ALIKE * len(words | others)
