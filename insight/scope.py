"""Which mentions a question is about: a brand, a period, a language, a source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from overheard.errors import NotFoundError, UsageError
from overheard.store.tables import (
    SURVEY,
    Brand,
    DimensionRollup,
    Mention,
    MentionBrand,
    MentionRollup,
    SentimentRollup,
    SignalRollup,
    Source,
    StaleCell,
    counts,
)

Rollup = type[MentionRollup] | type[DimensionRollup] | type[SentimentRollup] | type[SignalRollup]

Value = TypeVar("Value")

FEW = 50_000
"""Mentions that a query may walk through one by one and still answer at once."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a person narrowed the question to; None is no limit.

    `since` and `until` are UTC dates, both inclusive, and compare with the day of a mention. `language` is a code such
    as `nl`, `source` the name, the kind or the number of a source. `touchpoint` and `dimension` are names of the
    taxonomy: only sentences at that part of the journey, or that bear on that dimension, count, and only mentions with
    such a sentence. `query` is a search (docs/query.md). `attribute` is a key and a value of the mentions' attributes,
    such as ("product", "Fenna"): what `--by` splits an answer into.
    """

    since: date | None = None
    until: date | None = None
    language: str | None = None
    source: str | None = None
    touchpoint: str | None = None
    dimension: str | None = None
    query: str | None = None
    attribute: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """A scope made ready for queries about one brand; `source_ids` is None for all sources but those `left_out`.

    Left out are surveys: what customers told the brand is no part of what they say in public (docs/surveys.md).
    """

    brand_id: int
    since: date | None
    until: date | None
    language: str | None
    source_ids: tuple[int, ...] | None
    left_out: tuple[int, ...] = ()

    @property
    def has_period(self) -> bool:
        """Whether the selection is limited in time."""
        return self.since is not None or self.until is not None

    def cells(self, rollup: Rollup) -> list[ColumnElement[bool]]:
        """Return the conditions that select the rows of a rollup."""
        return [rollup.brand_id == self.brand_id, *self._limits(rollup), *self._tongue(rollup)]

    def mentions(self) -> list[ColumnElement[bool]]:
        """Return the conditions that select mentions, without that of the brand (see `speaks_of`)."""
        return [*self._limits(Mention), *self._tongue(Mention)]

    def stale_cells(self) -> list[ColumnElement[bool]]:
        """Return the conditions that select stale cells, which have no language."""
        return [StaleCell.brand_id == self.brand_id, *self._limits(StaleCell)]

    def _tongue(self, table: Rollup | type[Mention]) -> list[ColumnElement[bool]]:
        return [] if self.language is None else [table.language == self.language]

    def _limits(self, table: Rollup | type[Mention] | type[StaleCell]) -> list[ColumnElement[bool]]:
        limits = []
        if self.since is not None:
            limits.append(table.day >= self.since)
        if self.until is not None:
            limits.append(table.day <= self.until)
        if self.source_ids is not None:
            limits.append(table.source_id.in_(self.source_ids))
        elif self.left_out:
            limits.append(table.source_id.not_in(self.left_out))
        return limits

    def speaks_of(self, *, from_brand: bool, rejected: bool = False) -> ColumnElement[bool]:
        """Return the condition that a mention speaks of the brand and is no copy of another, or with `rejected` that it
        was found and does not speak of it.

        `from_brand` lets the database start from all mentions of the brand; otherwise it starts elsewhere (a day, a
        score) and checks each mention.
        """
        brand_id = MentionBrand.brand_id if from_brand else opaque(MentionBrand.brand_id)
        chosen = MentionBrand.rejected if rejected else counts()
        return and_(brand_id == self.brand_id, chosen)


def opaque(column: InstrumentedAttribute[Value]) -> ColumnElement[Value]:
    """Return the column's value in a form that no index is used for.

    The planner of SQLite knows nothing of how often a value occurs, and would start from an index on a brand or a
    dimension that holds half of the table; we know better where to start.
    """
    return func.coalesce(column, column)


def select_scope(session: Session, brand: Brand, scope: Scope) -> Selection:
    """Check a scope and make it ready; raises UsageError for impossible limits, NotFoundError for unknown sources."""
    if scope.since is not None and scope.until is not None and scope.since > scope.until:
        raise UsageError(f"the period from {scope.since} until {scope.until} is empty; give the earlier date first")
    language = scope.language.casefold() if scope.language is not None else None
    if language is not None and not re.fullmatch(r"[a-z]{2,3}", language):
        raise UsageError(f"no language {scope.language!r}; expected a code such as 'en' or 'nl'")
    source_ids = None if scope.source is None else _source_ids(session, brand, scope.source)
    left_out = tuple(session.scalars(select(Source.id).where(Source.kind == SURVEY))) if source_ids is None else ()
    return Selection(brand.id, scope.since, scope.until, language, source_ids, left_out)


def _source_ids(session: Session, brand: Brand, given: str) -> tuple[int, ...]:
    with_mentions = select(MentionRollup.source_id).where(MentionRollup.brand_id == brand.id)
    candidates = session.scalars(
        select(Source)
        .where(or_(Source.brand_id == brand.id, Source.brand_id.is_(None), Source.id.in_(with_mentions)))
        .order_by(Source.id)
    ).all()
    key = given.casefold()
    found = tuple(s.id for s in candidates if key in (s.name.casefold(), s.kind.casefold(), str(s.id)))
    if not found:
        known = ", ".join(f"{s.name!r} ({s.kind}, {s.id})" for s in candidates) or "none yet"
        raise NotFoundError(f"no source {given!r} for {brand.name!r}; expected the name, kind or number of: {known}")
    return found


def is_large(session: Session, brand_id: int) -> bool:
    """Tell whether a brand has too many mentions to walk through all of them."""
    count = session.scalar(select(func.sum(MentionRollup.mentions)).where(MentionRollup.brand_id == brand_id))
    return not is_few(count or 0)


def is_few(mentions: int) -> bool:
    """Tell whether so many mentions can be walked through."""
    return mentions <= FEW
