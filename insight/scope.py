"""Which mentions and sentences a question is about: of a brand, a period, a source, a touchpoint, a search.

Rollups answer for a brand, a period, a source and a language. For what they cannot be cut down to, the same rows are
counted from the digests that stand beside them (`Selection.counted`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    and_,
    exists,
    inspect,
    literal,
    or_,
    select,
    union_all,
)  # fmt: skip
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from overheard import taxonomy
from overheard.errors import NotFoundError, UsageError
from overheard.insight.counted import Counted, Rollup, counted
from overheard.insight.query.compile import Query
from overheard.store.said import Sentences
from overheard.store.search import Every, Label, Sought, found, label
from overheard.store.tables import (
    ANY,
    SURVEY,
    Brand,
    DimensionRollup,
    Mention,
    MentionBrand,
    MentionRollup,
    Opinion,
    SentimentRollup,
    SignalRollup,
    Source,
    StaleCell,
    counts,
)
from overheard.store.totals import DimensionTotal, SentimentTotal

if TYPE_CHECKING:
    from overheard.store.counting import Counting, Row
    from overheard.store.digests import Digest


Value = TypeVar("Value")


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
    `sentences` says which sentences of the selected mentions count; `query` and `label`, an attribute with its value,
    are asked of the mention.
    """

    brand_id: int
    since: date | None
    until: date | None
    language: str | None
    source_ids: tuple[int, ...] | None
    left_out: tuple[int, ...]
    sentences: Sentences
    query: Query | None
    label: Label | None
    _counted: Counted

    @property
    def has_period(self) -> bool:
        """Whether the selection is limited in time."""
        return self.since is not None or self.until is not None

    @property
    def bounds(self) -> tuple[Any, ...]:
        """What sets it apart from other selections of a scope that differs in nothing but its period."""
        return self.since, self.until, self.source_ids, self.left_out

    def lies_within(self, other: Selection) -> bool:
        """Tell whether it is a part of another selection of the same scope but for the period."""
        if (self.source_ids, self.left_out) != (other.source_ids, other.left_out):
            return False
        begins = other.since is None or (self.since is not None and self.since >= other.since)
        return begins and (other.until is None or (self.until is not None and self.until <= other.until))

    def rollup(self, rollup: Rollup, *, by_day: bool = False) -> Any:
        """Return the rollup, or what stands in for it under the filters of this selection: same columns, same meaning.

        To be read from with the conditions of `cells`, and only where it is kept for these filters (see `is_counted`).
        Unless `by_day`, days mean nothing in it.
        """
        by_day = by_day or self.has_period
        return _covered(rollup if by_day else _TOTALS.get(rollup, rollup), self.sentences)

    def counting(self) -> Counting:
        """Return the mentions of the selection, ready to be counted."""
        return self._counted.counting(self)

    def counted(self, rollup: Rollup, starts: Sequence[date] | None = None) -> list[Row]:
        """Return the rows of a rollup, counted from the mentions of the selection.

        Over all days, or, where the first days of periods are given, by these and over all touchpoints.
        """
        return self._counted.rows(rollup, self) if starts is None else self._counted.periods(rollup, self, starts)

    def is_counted(self, rollup: Rollup) -> bool:
        """Tell whether the rollup is not kept for these filters, so that mentions have to be counted (`counted`)."""
        wanted = self.sentences
        if self.query or self.label or (wanted.touchpoint is not None and wanted.dimension is not None):
            return True
        covered: dict[Rollup, bool] = {
            MentionRollup: wanted.is_every,
            DimensionRollup: True,
            SentimentRollup: wanted.is_every,
            SignalRollup: wanted.is_every,
        }
        return not covered[rollup]

    def cells(self, rollup: Rollup) -> list[ColumnElement[bool]]:
        """Return the conditions that select the rows of a rollup, which is one that `rollup` returned."""
        return [rollup.brand_id == self.brand_id, *self.place(rollup)]

    def mentions(self, *, probing: bool = False) -> list[ColumnElement[bool]]:
        """Return the conditions that select mentions, without that of the brand (see `speaks_of`).

        With `probing`, a search is tried on each mention that the other conditions leave: quick for few, and where
        most hold what is sought. Otherwise it is made once, over all mentions of the store.
        """
        conditions = [*self.place(Mention), *self.sought(probing=probing)]
        if not self.sentences.is_every:
            opinion = aliased(Opinion)
            conditions.append(exists().where(opinion.mention_id == Mention.id, *self.sentences.conditions(opinion)))
        return conditions

    def sought(self, *, probing: bool = False) -> list[ColumnElement[bool]]:
        """Return what is searched for in mentions."""
        conditions = [self.query.condition(probing=probing)] if self.query else []
        if self.label:
            conditions.append(Mention.id.in_(found(self._counted.dialect, self.label)))
        return conditions

    def words(self) -> Sought | None:
        """Return the search as one for words and attributes alone; None where there is none, or it asks for more."""
        sought = self.query.words if self.query else None
        if self.label is None or (self.query and sought is None):
            return sought
        return Every((sought, self.label)) if sought else self.label

    def count_links(self, *conditions: ColumnElement[bool]) -> int:
        """Count the mentions of the selection whose link to a brand is under these conditions."""
        return self._counted.count(self, conditions)

    def newest_with(self, sought: Sequence[Sought], most: int) -> list[int]:
        """Return the ids of the newest analysed mentions of the selection that hold any of what is sought."""
        return self._counted.newest_with(self, sought, most)

    def stale_cells(self) -> list[ColumnElement[bool]]:
        """Return the conditions that select stale cells, which have no language."""
        return [StaleCell.brand_id == self.brand_id, *self.limits(StaleCell)]

    def place(self, table: Rollup | type[Mention]) -> list[ColumnElement[bool]]:
        """Return the conditions on day, source and language."""
        return [*self.limits(table), *([] if self.language is None else [table.language == self.language])]

    def limits(self, table: Rollup | type[Mention] | type[StaleCell] | type[Digest]) -> list[ColumnElement[bool]]:
        """Return the conditions on day and source."""
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


class opaque(FunctionElement[Value]):
    """A column's value in a form that no index is used for, on SQLite.

    The planner of SQLite knows nothing of how often a value occurs, and would start from an index on a brand or a
    dimension that holds half of the table; we know better where to start. That of PostgreSQL does know.
    """

    inherit_cache = True

    def __init__(self, column: InstrumentedAttribute[Value]) -> None:
        super().__init__(column)
        self.type = column.expression.type


@compiles(opaque)
def _plain(element: opaque[Any], compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(opaque, "sqlite")
def _hidden(element: opaque[Any], compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


_TOTALS: dict[Any, Any] = {DimensionRollup: DimensionTotal, SentimentRollup: SentimentTotal}
"""What stands in for a rollup where all days are asked for at once."""


def _covered(table: Any, wanted: Sentences) -> Any:
    """Return the rollup, or that part of one of dimensions that answers for a touchpoint or a dimension alone."""
    if wanted.is_every:
        return table
    columns = [column for column in inspect(table).columns if column.key != "touchpoint"]
    if wanted.dimension is not None:
        part: Any = select(*columns, table.touchpoint).where(table.dimension == wanted.dimension)
    else:
        here = table.touchpoint == wanted.touchpoint
        part = union_all(
            select(*columns, literal(ANY).label("touchpoint")).where(here),
            select(*columns, table.touchpoint).where(here),
        )
    return aliased(table, part.subquery(), adapt_on_names=True)


def select_scope(session: Session, brand: Brand, scope: Scope) -> Selection:
    """Check a scope and make it ready for one brand, in this session and no other.

    Raises UsageError for impossible limits and what is no query, NotFoundError for an unknown source, touchpoint or
    dimension.
    """
    if scope.since is not None and scope.until is not None and scope.since > scope.until:
        raise UsageError(f"the period from {scope.since} until {scope.until} is empty; give the earlier date first")
    language = scope.language.casefold() if scope.language is not None else None
    if language is not None and not re.fullmatch(r"[a-z]{2,3}", language):
        raise UsageError(f"no language {scope.language!r}; expected a code such as 'en' or 'nl'")
    words = taxonomy.load()
    if scope.dimension is not None:
        words.dimension(scope.dimension)
    if scope.touchpoint is not None:
        words.touchpoint(scope.touchpoint)
    surveys = select(Source.id).where(Source.kind == SURVEY)
    return Selection(
        brand_id=brand.id,
        since=scope.since,
        until=scope.until,
        language=language,
        source_ids=None if scope.source is None else _source_ids(session, brand, scope.source),
        left_out=tuple(session.scalars(surveys)) if scope.source is None else (),
        sentences=Sentences(brand.model_version_id or 0, scope.touchpoint, scope.dimension),
        query=None if scope.query is None else Query(session, brand, scope.query),
        label=None if scope.attribute is None else label(*scope.attribute),
        _counted=counted(session, brand.id, replace(scope, since=None, until=None)),
    )


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
