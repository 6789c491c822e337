"""One answer for each value of an attribute: each product, location or version that the mentions name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from overheard import taxonomy
from overheard.errors import UsageError
from overheard.insight.figures import index_of, net_of, over_sentences, rating_of
from overheard.insight.query.parse import LABELS
from overheard.insight.rollups import read_dimensions, read_mentions, read_sentiment
from overheard.insight.scope import Scope, select_scope
from overheard.insight.statistics import Estimate, Mean
from overheard.store.search import split as words_of
from overheard.store.tables import Brand, Mention, MentionBrand, ModelVersion

VALUES = 10
"""Values that get an answer of their own; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value as most mentions spell it, the scope of its mentions, and how many there are."""

    value: str
    scope: Scope
    mentions: int


@dataclass(frozen=True, slots=True)
class Values:
    """The most frequent values, the most mentions first.

    `others` counts the values beyond them and `others_mentions` their mentions; `without` the mentions that name none.
    """

    values: tuple[Value, ...]
    others: int
    others_mentions: int
    without: int


def split(session: Session, brand: Brand, scope: Scope, by: str, *, limit: int = VALUES) -> Values:
    """Return the `limit` most frequent values of an attribute in a scope, each with the scope that it makes.

    `by` is product, location, version, or the key of another attribute. Spellings that differ in case, diacritics or
    signs are one value. Raises UsageError where the scope has a value already, and what `select_scope` raises.
    """
    if scope.attribute is not None:
        raise UsageError(f"already split by {scope.attribute[0]}; one attribute at a time")
    selection = select_scope(session, brand, scope)
    key = LABELS.get(by, by)
    named = Mention.attributes[key].as_string()
    rows = session.execute(
        select(named, func.count())
        .select_from(MentionBrand)
        .join(Mention, Mention.id == MentionBrand.mention_id)
        .where(selection.speaks_of(from_brand=True), *selection.mentions())
        .group_by(named)
    )
    spellings: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for value, mentions in rows:
        spellings[tuple(words_of(value or ""))][value or ""] += mentions
    without = spellings.pop((), Counter()).total()
    ranked = sorted(spellings.values(), key=lambda found: (-found.total(), found.most_common(1)[0][0]))
    values = []
    for found in ranked[:limit]:
        value = min(found, key=lambda spelling: (-found[spelling], spelling))
        values.append(Value(value, replace(scope, attribute=(key, value)), found.total()))
    rest = ranked[limit:]
    return Values(tuple(values), len(rest), sum(found.total() for found in rest), without)


@dataclass(frozen=True, slots=True)
class TopDimension:
    """The dimension with the most praise or pain, and how many mentions that is."""

    dimension: str
    label: str
    mentions: int


@dataclass(frozen=True, slots=True)
class Part:
    """What is said of one value; `index` is the CX index, the tops are null where there is no pain or praise."""

    value: str
    first: date | None
    last: date | None
    mentions: int
    analysed: int
    net_sentiment: Estimate
    rating: Mean
    index: Estimate
    top_pain: TopDimension | None
    top_praise: TopDimension | None


@dataclass(frozen=True, slots=True)
class Split:
    """A summary for each value of an attribute (`by`); counts as in `Values`, `model` as in `Summary`."""

    brand: str
    scope: Scope
    by: str
    model: str | None
    parts: tuple[Part, ...]
    others: int
    others_mentions: int
    without: int


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """The answer about one value of an attribute, which `mentions` mentions name."""

    value: str
    mentions: int
    answer: Any


@dataclass(frozen=True, slots=True)
class Answers:
    """One answer for each value of an attribute (`by`); counts as in `Values`."""

    brand: str
    scope: Scope
    by: str
    parts: tuple[PartAnswer, ...]
    others: int
    others_mentions: int
    without: int


def answer_by(session: Session, brand: Brand, scope: Scope, by: str, ask: Callable[[Scope], object]) -> Answers:
    """Ask the same of each value of an attribute that a brand's mentions name; raises what `split` and `ask` raise."""
    found = split(session, brand, scope, by)
    parts = tuple(PartAnswer(value.value, value.mentions, ask(value.scope)) for value in found.values)
    return Answers(brand.name, scope, by, parts, found.others, found.others_mentions, found.without)


def summarise_by(session: Session, brand: Brand, scope: Scope, by: str, *, limit: int = VALUES) -> Split:
    """Summarise what is said of a brand for each value of an attribute; raises what `split` raises."""
    found = split(session, brand, scope, by, limit=limit)
    version = brand.model_version_id
    return Split(
        brand=brand.name,
        scope=scope,
        by=by,
        model=None if version is None else session.scalar(select(ModelVersion.name).where(ModelVersion.id == version)),
        parts=tuple(_part(session, brand, value) for value in found.values),
        others=found.others,
        others_mentions=found.others_mentions,
        without=found.without,
    )


def _part(session: Session, brand: Brand, value: Value) -> Part:
    selection = select_scope(session, brand, value.scope)
    version = brand.model_version_id
    found = read_mentions(session, selection)
    pooled = [] if version is None else read_sentiment(session, version, selection)
    votes = {} if version is None else read_dimensions(session, version, selection)
    read = over_sentences(pooled)
    return Part(
        value=value.value,
        first=min((cell.first for cell in found), default=None),
        last=max((cell.last for cell in found), default=None),
        mentions=sum(cell.mentions for cell in found),
        analysed=sum(cell.mentions for cell in read),
        net_sentiment=net_of(read),
        rating=rating_of(found),
        index=index_of(pooled)["overall"],
        top_pain=_top({name: vote.pain for name, vote in votes.items()}),
        top_praise=_top({name: vote.praise for name, vote in votes.items()}),
    )


def _top(counts: dict[str, int]) -> TopDimension | None:
    known = [entry for entry in taxonomy.load().dimensions if counts.get(entry.name)]
    if not known:
        return None
    top = max(known, key=lambda entry: counts[entry.name])
    return TopDimension(top.name, top.label, counts[top.name])
