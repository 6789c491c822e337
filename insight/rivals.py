"""Rivals in customers' words: "faster than X", "left for Y", counted by rival and dimension, with quotes.

A mention is read for this only where it names a rival, so the work grows with how often rivals are named. Rivals are
the rival terms of the brand and all other brands of the store, each with the aliases that the store knows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from overheard import taxonomy
from overheard.errors import NotFoundError
from overheard.insight.scope import Scope, Selection, select_scope
from overheard.nlp.rivalry import DIRECTIONS, Names, find
from overheard.store.brands import key_of, list_brands, terms
from overheard.store.search import Some, Term, split
from overheard.store.tables import SURVEY, Brand, Mention, MentionBrand, Opinion, OpinionDimension, Source

MOST = 500
"""Mentions of a brand, the newest that name a rival, whose sentences are read."""

QUOTED = 3
"""Quotes of each rival and direction."""


@dataclass(frozen=True, slots=True)
class SaidQuote:
    """A sentence that names a rival: `text` is exactly the mention's `field` from `start` to `end`."""

    text: str
    mention_id: int
    field: str
    start: int
    end: int
    source: str
    day: date
    url: str | None
    language: str
    dimensions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SaidOfRival:
    """How many mentions compare the brand with a rival in one direction.

    `direction` is `win` (the brand is better), `lose` (the rival is), `came_from` (the customer was the rival's) or
    `left_for` (leaves, or is about to, for the rival). `dimensions` counts mentions by what the sentence bears on,
    `none` where it bears on nothing. `quotes` are the newest.
    """

    rival: str
    direction: str
    mentions: int
    dimensions: dict[str, int]
    quotes: tuple[SaidQuote, ...]


@dataclass(frozen=True, slots=True)
class SaidOfRivals:
    """What is said of a brand and its rivals, the most named first; `mentions` compare it with any of them.

    `naming` counts the mentions that name a rival and were read (`MOST` at most), `came` and `left` mentions of
    customers who came from a rival and of those who leave for one.
    """

    brand: str
    naming: int
    mentions: int
    came: int
    left: int
    rivals: tuple[SaidOfRival, ...]


def find_said(
    session: Session, brands: Sequence[Brand], scope: Scope, *, quotes: int = QUOTED
) -> tuple[SaidOfRivals, ...]:
    """Return what is said of each brand and its rivals, with up to `quotes` quotes for each rival and direction.

    Raises UsageError for an impossible scope.
    """
    names, compared = _names(session, brands), [brand.name for brand in brands]
    return tuple(
        _said(session, brand, names[brand.id], _naming(session, brand, names[brand.id], scope, compared), scope, quotes)
        for brand in brands
    )


def _names(session: Session, brands: Sequence[Brand]) -> dict[int, Names]:
    known = {brand.id: (brand.name, *terms(brand, "alias")) for brand in list_brands(session)}
    found = {}
    for brand in brands:
        rivals = {name: aliases for number, (name, *aliases) in known.items() if number != brand.id}
        spelt = {key_of(spelling) for name, aliases in rivals.items() for spelling in (name, *aliases)}
        rivals |= {name: [] for name in terms(brand, "rival") if key_of(name) not in spelt}
        found[brand.id] = Names(rivals, known[brand.id])
    return found


SENTENCE = (
    Opinion.id, Opinion.mention_id, Opinion.field, Opinion.start, Opinion.end, Opinion.sentiment, Opinion.touchpoint
)  # fmt: skip


def _said(
    session: Session, brand: Brand, names: Names, naming: Sequence[Any], scope: Scope, quotes: int
) -> SaidOfRivals:
    mentions = {row.id: row for row in naming}
    found: defaultdict[tuple[str, str], list[SaidQuote]] = defaultdict(list)
    for opinion, dimensions in _sentences(session, brand, mentions, scope):
        mention = mentions[opinion.mention_id]
        text = ((mention.title or "") if opinion.field == "title" else mention.text)[opinion.start : opinion.end]
        for rival, direction in find(text, names, mention.language, opinion.sentiment):
            found[rival, direction].append(_quote(mention, opinion, text, dimensions))
    rivals = [_of_rival(rival, direction, said, quotes) for (rival, direction), said in found.items()]
    by_rival: Counter[str] = Counter()
    for each in rivals:
        by_rival[each.rival] += each.mentions
    rivals.sort(key=lambda each: (-by_rival[each.rival], each.rival, DIRECTIONS.index(each.direction)))
    return SaidOfRivals(
        brand=brand.name,
        naming=len(mentions),
        mentions=len({quote.mention_id for said in found.values() for quote in said}),
        came=len({quote.mention_id for (_, way), said in found.items() if way == "came_from" for quote in said}),
        left=len({quote.mention_id for (_, way), said in found.items() if way == "left_for" for quote in said}),
        rivals=tuple(rivals),
    )


def _of_rival(rival: str, direction: str, said: Sequence[SaidQuote], quotes: int) -> SaidOfRival:
    bearing = {(quote.mention_id, name) for quote in said for name in quote.dimensions or ("none",)}
    counts = Counter(name for _, name in bearing)
    order = [entry.name for entry in taxonomy.load().dimensions]
    ordered = sorted(said, key=lambda quote: (quote.day, quote.mention_id, -quote.start))
    newest = {quote.mention_id: quote for quote in ordered}
    return SaidOfRival(
        rival=rival,
        direction=direction,
        mentions=len({quote.mention_id for quote in said}),
        dimensions={name: counts[name] for name in (*order, "none") if name in counts},
        quotes=tuple(list(newest.values())[::-1][:quotes]),
    )


def _naming(session: Session, brand: Brand, names: Names, scope: Scope, compared: Collection[str]) -> Sequence[Any]:
    """Return the mentions of a brand that name a rival.

    Those of the brands that are `compared` are searched for one by one, all others at once: of so many searches, each
    is made once for the whole comparison.
    """
    if brand.model_version_id is None or not names.spellings:
        return []
    try:
        selection = select_scope(session, brand, replace(scope, dimension=None))
    except NotFoundError:  # a source that others of the comparison have
        return []
    alone = [spellings for name, spellings in names.spellings.items() if name in compared]
    others = [spelling for name, spellings in names.spellings.items() if name not in compared for spelling in spellings]
    candidates = _candidates(session, selection, [*alone, others])
    return [row for row in candidates if names.in_text(row.text) or (row.title and names.in_text(row.title))]


def _sentences(
    session: Session, brand: Brand, mentions: Collection[int], scope: Scope
) -> Iterator[tuple[Any, list[str]]]:
    """Yield the opinions of the brand's model version in mentions that lie in the scope, each with its dimensions."""
    opinions = session.execute(
        select(*SENTENCE, func.coalesce(OpinionDimension.dimension, "").label("dimension"))
        .join(OpinionDimension, OpinionDimension.opinion_id == Opinion.id, isouter=True)
        .where(Opinion.mention_id.in_(mentions), Opinion.model_version_id == brand.model_version_id)
        .order_by(Opinion.mention_id, Opinion.position, OpinionDimension.dimension)
    )
    for _, rows in groupby(opinions, key=lambda row: row.id):
        opinion, *others = rows
        dimensions = [row.dimension for row in (opinion, *others) if row.dimension]
        if _counts(opinion, dimensions, scope):
            yield opinion, dimensions


def _counts(opinion: Any, dimensions: Iterable[str], scope: Scope) -> bool:
    in_dimension = scope.dimension is None or scope.dimension in dimensions
    return in_dimension and (scope.touchpoint is None or scope.touchpoint == opinion.touchpoint)


def _quote(mention: Any, opinion: Any, text: str, dimensions: Sequence[str]) -> SaidQuote:
    return SaidQuote(
        text=text,
        mention_id=mention.id,
        field=opinion.field,
        start=opinion.start,
        end=opinion.end,
        source=mention.source,
        day=mention.day,
        url=mention.url,
        language=mention.language,
        dimensions=tuple(dimensions),
    )


def _candidates(session: Session, selection: Selection, spellings: Iterable[Sequence[str]]) -> Sequence[Any]:
    """Return the newest mentions that hold one of the spellings, however they write case, diacritics and hyphens."""
    terms = [tuple(Term(tuple(words)) for words in map(split, each) if words) for each in spellings]
    # Twice as many, because some may have vanished, or be rejected since they were counted.
    naming = selection.newest_with([Some(each) for each in terms if each], 2 * MOST)
    wanted = (Mention.id, Mention.title, Mention.text, Mention.language, Mention.day, Mention.url)
    return session.execute(
        select(*wanted, Source.name.label("source"))
        .join(Source, Source.id == Mention.source_id)
        .join(MentionBrand, MentionBrand.mention_id == Mention.id)
        .where(Mention.id.in_(naming), selection.speaks_of(from_brand=False))
        .where(Source.kind != SURVEY, Mention.vanished.is_(None))
        .order_by(Mention.day.desc(), Mention.id.desc())
        .limit(MOST)
    ).all()
