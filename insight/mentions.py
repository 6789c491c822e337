"""The mentions behind the figures, newest first, with what was read in each sentence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import Session

from overheard import taxonomy
from overheard.errors import UsageError
from overheard.insight import counted
from overheard.insight.query.compile import Query, Sentence
from overheard.insight.rollups import SENTIMENT, read_mentions
from overheard.insight.scope import Scope, Selection, opaque, select_scope
from overheard.store.said import Sentences
from overheard.store.search import spell, split
from overheard.store.tables import (
    ANY,
    Brand,
    Classification,
    DimensionRollup,
    Mention,
    MentionBrand,
    MentionRollup,
    Opinion,
    OpinionDimension,
    SentimentRollup,
    Source,
    StaleCell,
)

STRIDE = 200
"""Mentions that may match, of the newest days, that a large brand is first looked through; then four times as many."""

SENTIMENTS = ("positive", "negative", "neutral", "mixed")
POLARITIES = ("positive", "negative", "neutral")


@dataclass(frozen=True, slots=True)
class FoundDimension:
    """A dimension that a sentence bears on; `score` is calibrated, in [0, 1]."""

    polarity: str
    score: float


@dataclass(frozen=True, slots=True)
class FoundOpinion:
    """One sentence: `text` is exactly the mention's `field` from `start` to `end`.

    `matches` says that it is what was searched for, by filters of sentences or by a query; without these none is.
    """

    start: int
    end: int
    field: str
    text: str
    sentiment: str
    dimensions: dict[str, FoundDimension]
    touchpoint: str
    signals: tuple[str, ...]
    matches: bool


@dataclass(frozen=True, slots=True)
class Found:
    """One mention with its opinions; `status` is `analysed`, `not_analysed`, `pending`, or `rejected` where unread.

    `vanished` is when it was first missed at its source, null while it stands there. `rating` is on 0..1. `sentiment`
    is the mention's own, null where it was not analysed. `relevance`, `rejected`, `decided_by` and `reason` say whether
    it is about the brand (see `store.tables.MentionBrand`).
    """

    mention_id: int
    source: str
    kind: str
    language: str
    day: date
    published: datetime | None
    vanished: datetime | None
    url: str | None
    title: str | None
    text: str
    rating: float | None
    rating_given: str | None
    rating_scale: float | None
    reply_state: str
    status: str
    sentiment: str | None
    relevance: float | None
    rejected: bool
    decided_by: str | None
    reason: str | None
    opinions: tuple[FoundOpinion, ...]


@dataclass(frozen=True, slots=True)
class _Search:
    """What a sentence has to fulfil: the filters of the scope, a polarity, and a query."""

    wanted: Sentences
    query: Query | None
    polarity: str | None

    @property
    def is_for_sentences(self) -> bool:
        return (self.wanted.touchpoint, self.wanted.dimension, self.polarity) != (None, None, None)

    def matches(self, opinion: Opinion, dimensions: dict[str, FoundDimension], text: str) -> bool:
        if self.is_for_sentences and not self._is_wanted(opinion, dimensions):
            return False
        if self.query is None or (self.is_for_sentences and not self.query.is_for_sentences):
            return self.is_for_sentences
        polarities = {name: found.polarity for name, found in dimensions.items()}
        words = [spell(word) for word in split(text)]
        return self.query.marks(
            Sentence(words, opinion.sentiment, opinion.touchpoint, opinion.signals, polarities, opinion.id)
        )

    def _is_wanted(self, opinion: Opinion, dimensions: dict[str, FoundDimension]) -> bool:
        if self.wanted.touchpoint not in (None, opinion.touchpoint):
            return False
        if self.wanted.dimension is None:
            return self.polarity in (None, opinion.sentiment)
        found = dimensions.get(self.wanted.dimension)
        return found is not None and self.polarity in (None, found.polarity)


def find_mentions(
    session: Session,
    brand: Brand,
    scope: Scope,
    *,
    polarity: str | None = None,
    rejected: bool = False,
    limit: int = 20,
) -> list[Found]:
    """Return up to `limit` mentions of a brand, newest first.

    With a touchpoint or a dimension in the scope, those with a sentence at the one that bears on the other, in that
    `polarity` if given; with `polarity` and no dimension, one of that sentiment (also `mixed`). With `rejected`, those
    that were found and are not about the brand instead: they are not read, so there is no search for sentences. Raises
    NotFoundError for an unknown dimension, touchpoint or source, UsageError for an unknown polarity or an impossible
    scope.
    """
    selection = select_scope(session, brand, scope)
    search = _Search(selection.sentences, selection.query, polarity)
    _check(search, limit)
    if rejected and search.is_for_sentences:
        raise UsageError("rejected mentions are not read; ask for them without a dimension, a touchpoint, a polarity")
    newest = _newest(session, search, selection, rejected, limit)
    rows = session.execute(_mentions(selection).where(MentionBrand.brand_id == brand.id, Mention.id.in_(newest))).all()
    opinions = _opinions(session, search, {row.Mention.id: row.Mention for row in rows})
    return [_found(row, tuple(opinions.get(row.Mention.id, ()))) for row in rows]


def count_found(
    session: Session, brand: Brand, scope: Scope, *, polarity: str | None = None, rejected: bool = False
) -> int | None:
    """Return how many mentions there are of what `find_mentions` finds the newest of.

    None where that would have to be searched for among all mentions of a large brand.
    """
    selection = select_scope(session, brand, scope)
    search = _Search(selection.sentences, selection.query, polarity)
    if counted.is_large(session, brand.id):
        if rejected or polarity is not None or selection.is_counted(MentionRollup):
            return None
        return sum(cell.mentions for cell in read_mentions(session, selection))
    count = select(func.count()).select_from(Mention).join(MentionBrand, MentionBrand.mention_id == Mention.id)
    count = count.where(selection.speaks_of(from_brand=True, rejected=rejected), *selection.mentions())
    return session.scalar(count.where(_has_sentence(search)) if polarity is not None else count)


def _newest(session: Session, search: _Search, selection: Selection, rejected: bool, limit: int) -> list[int]:
    """Return the ids of the newest mentions that are searched for.

    Those of a brand that is not large are all looked at, and those that hold words which are rare. Else the days are
    gone back through, some at a time, until there are enough.
    """
    large = counted.is_large(session, selection.brand_id)
    planned = not large and session.get_bind().dialect.name != "sqlite"  # where to begin, PostgreSQL knows itself
    sparse = search.query is not None and (planned or search.query.is_rare)
    ids = select(Mention.id).join(MentionBrand, MentionBrand.mention_id == Mention.id).order_by(*_NEWEST)
    if search.polarity is not None:
        ids = ids.where(_has_sentence(search))
    if rejected or sparse or not large:
        speaks = selection.speaks_of(from_brand=not sparse, rejected=rejected)
        return list(session.scalars(ids.where(speaks, *selection.mentions()).limit(limit)))
    ids = ids.where(selection.speaks_of(from_brand=False), *selection.mentions(probing=True))
    ids = ids.where(Mention.source_id.in_(_sources(session, selection)))
    found: list[int] = []
    for days in _strides(session, search, selection):
        found += session.scalars(ids.where(Mention.day.in_(days)).limit(limit - len(found)))
        if len(found) == limit:
            break
    return found


def _check(search: _Search, limit: int) -> None:
    if limit < 1:
        raise UsageError(f"cannot list {limit} mentions; expected a limit of 1 or more")
    words = SENTIMENTS if search.wanted.dimension is None else POLARITIES
    if search.polarity is not None and search.polarity not in words:
        raise UsageError(f"no polarity {search.polarity!r} here; expected one of {', '.join(words)}")


def _mentions(selection: Selection) -> Select[*tuple[Any, ...]]:
    judged = (MentionBrand.relevance, MentionBrand.rejected, MentionBrand.decided_by, MentionBrand.reason)
    read = and_(Classification.mention_id == Mention.id, Classification.model_version_id == selection.sentences.version)
    return (
        select(Mention, Source.name, Source.kind, Classification.status, Classification.sentiment, *judged)
        .join(MentionBrand, MentionBrand.mention_id == Mention.id)
        .join(Source, Source.id == Mention.source_id)
        .join(Classification, read, isouter=True)
        .order_by(*_NEWEST)
    )


_NEWEST = (Mention.day.desc(), func.coalesce(Mention.published, Mention.fetched).desc(), Mention.id.desc())


def _has_sentence(search: _Search) -> ColumnElement[bool]:
    of_mention = exists().where(Opinion.mention_id == Mention.id, *search.wanted.conditions())
    if search.wanted.dimension is None:
        return of_mention.where(Opinion.sentiment == search.polarity)
    return of_mention.where(
        OpinionDimension.opinion_id == Opinion.id,
        opaque(OpinionDimension.dimension) == search.wanted.dimension,
        opaque(OpinionDimension.polarity) == search.polarity,
    )


def _sources(session: Session, selection: Selection) -> list[int]:
    """Return the sources of the brand, without which no index leads to a day."""
    sources = select(MentionRollup.source_id).where(*selection.cells(MentionRollup))
    return list(session.scalars(sources.union(select(StaleCell.source_id).where(*selection.stale_cells()))))


def _strides(session: Session, search: _Search, selection: Selection) -> Iterator[list[date]]:
    """Yield the days that may hold a match, as far as the rollups can tell, the newest first, more at a time."""
    table, possible, count = _tally(search)
    rows = session.execute(
        select(table.day, func.sum(count)).where(*selection.cells(table), *possible, count > 0).group_by(table.day)
    )
    days = dict.fromkeys(session.scalars(select(StaleCell.day).where(*selection.stale_cells())), 0)
    for day, mentions in rows:
        days[day] = mentions
    stride, held, wanted = [], 0, STRIDE
    for day in sorted(days, reverse=True):
        stride.append(day)
        held += days[day]
        if held >= wanted:
            yield stride
            stride, held, wanted = [], 0, 4 * wanted
    if stride:
        yield stride


def _tally(search: _Search) -> tuple[Any, list[ColumnElement[bool]], Any]:
    """Return the rollup that tells where matches may be, what its rows have to fulfil, and how many there may be."""
    wanted = search.wanted
    if not search.is_for_sentences:
        return MentionRollup, [], MentionRollup.mentions
    table: Any = SentimentRollup if wanted.dimension is None else DimensionRollup
    rows = [table.model_version_id == wanted.version, table.touchpoint == (wanted.touchpoint or ANY)]
    if wanted.dimension is None:
        return table, [*rows, table.measure == SENTIMENT], getattr(table, search.polarity or "mentions")
    # A vote hides the sentences on its other side, so all votes may hold the polarity.
    return table, [*rows, table.dimension == wanted.dimension], table.mentions


def _opinions(session: Session, search: _Search, mentions: dict[int, Mention]) -> dict[int, list[FoundOpinion]]:
    rows = session.execute(
        select(Opinion, OpinionDimension)
        .join(OpinionDimension, OpinionDimension.opinion_id == Opinion.id, isouter=True)
        .where(Opinion.mention_id.in_(mentions), Opinion.model_version_id == search.wanted.version)
        .order_by(Opinion.mention_id, Opinion.position, OpinionDimension.dimension)
    )
    found: dict[int, list[FoundOpinion]] = {}
    for opinion, group in groupby(rows, key=lambda row: row[0]):
        named = {row[1].dimension: FoundDimension(row[1].polarity, row[1].score) for row in group if row[1]}
        mention = mentions[opinion.mention_id]
        whole = (mention.title or "") if opinion.field == "title" else mention.text
        found.setdefault(mention.id, []).append(
            FoundOpinion(
                start=opinion.start,
                end=opinion.end,
                field=opinion.field,
                text=whole[opinion.start : opinion.end],
                sentiment=opinion.sentiment,
                dimensions={
                    entry.name: named[entry.name] for entry in taxonomy.load().dimensions if entry.name in named
                },
                touchpoint=opinion.touchpoint,
                signals=tuple(opinion.signals),
                matches=search.matches(opinion, named, whole[opinion.start : opinion.end]),
            )
        )
    return found


def _found(row: Any, opinions: tuple[FoundOpinion, ...]) -> Found:
    mention: Mention = row.Mention
    return Found(
        mention_id=mention.id,
        source=row.name,
        kind=row.kind,
        language=mention.language,
        day=mention.day,
        published=mention.published,
        vanished=mention.vanished,
        url=mention.url,
        title=mention.title,
        text=mention.text,
        rating=mention.rating,
        rating_given=mention.rating_given,
        rating_scale=mention.rating_scale,
        reply_state=mention.reply_state,
        status=row.status or ("rejected" if row.rejected else "pending"),
        sentiment=row.sentiment,
        relevance=row.relevance,
        rejected=row.rejected,
        decided_by=row.decided_by,
        reason=row.reason,
        opinions=opinions,
    )
