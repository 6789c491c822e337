"""Which mentions and sentences a question is about: of a brand, a period, a source, a touchpoint, a search.

Rollups answer for a brand, a period, a source and a language. For what they cannot be cut down to, the mentions of the
selection are walked through and counted into temporary tables of the same columns, as it is done when rolling up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    MetaData,
    Select,
    Table,
    and_,
    exists,
    func,
    insert,
    inspect,
    literal,
    or_,
    select,
    text,
    union_all,
)  # fmt: skip
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from overheard import taxonomy
from overheard.errors import NotFoundError, UsageError
from overheard.insight.query.compile import Query
from overheard.store.rollups import counted_rows
from overheard.store.said import Sentences
from overheard.store.search import Label, found, label
from overheard.store.tables import (
    ANY,
    SURVEY,
    Brand,
    DimensionRollup,
    Id,
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
    from overheard.store.counting import Counting

Rollup = type[MentionRollup] | type[DimensionRollup] | type[SentimentRollup] | type[SignalRollup]

Value = TypeVar("Value")
AnyRollup = TypeVar("AnyRollup", MentionRollup, DimensionRollup, SentimentRollup, SignalRollup)

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
    _counted: _Counted

    @property
    def has_period(self) -> bool:
        """Whether the selection is limited in time."""
        return self.since is not None or self.until is not None

    def lies_within(self, other: Selection) -> bool:
        """Tell whether the period is a part of that of another selection, with the same filters otherwise."""
        begins = other.since is None or (self.since is not None and self.since >= other.since)
        return begins and (other.until is None or (self.until is not None and self.until <= other.until))

    def rollup(self, rollup: type[AnyRollup], *, by_day: bool = True) -> type[AnyRollup]:
        """Return the rollup, or what stands in for it under the filters of this selection: same columns, same meaning.

        Read from it with the conditions of `cells`. Under a filter that the rollup is not kept for, the mentions are
        counted at the first call (see `walks`). That is quicker without `by_day`, where the days of what is counted
        mean nothing (but those of `MentionRollup` do).
        """
        if not self.walks(rollup):
            whole = by_day or self.has_period or self.sentences.touchpoint or self.sentences.dimension
            return _covered(rollup, self.sentences) if whole else _TOTALS.get(rollup, rollup)
        return self._counted.table(rollup, self, by_day or rollup is MentionRollup)

    def walks(self, rollup: Rollup) -> bool:
        """Tell whether the rollup is not kept for these filters, so that mentions have to be walked through."""
        wanted = self.sentences
        if self.query or self.label or (wanted.touchpoint is not None and wanted.dimension is not None):
            return True
        covered: dict[Rollup, bool] = {
            MentionRollup: wanted.touchpoint is None and wanted.dimension is None,
            DimensionRollup: True,
            SentimentRollup: wanted.touchpoint is None and wanted.dimension is None,
            SignalRollup: wanted.touchpoint is None and wanted.dimension is None,
        }
        return not covered[rollup]

    def cells(self, rollup: Rollup) -> list[ColumnElement[bool]]:
        """Return the conditions that select the rows of a rollup, which is one that `rollup` returned."""
        return [rollup.brand_id == self.brand_id, *self._limits(rollup), *self._tongue(rollup)]

    def mentions(self, *, probing: bool = False, counting: bool = False) -> list[ColumnElement[bool]]:
        """Return the conditions that select mentions, without that of the brand (see `speaks_of`).

        With `probing`, a search is tried on each mention that the other conditions leave: quick for few, and where
        most hold what is sought. Otherwise it is made once, over all mentions of the store. With `counting`, where
        only mentions that count are asked for, it is not made again when these were counted already.
        """
        return [*self._limits(Mention), *self._tongue(Mention), *self._content(probing, counting)]

    def _content(self, probing: bool, counting: bool) -> list[ColumnElement[bool]]:
        """Return what is asked of a mention beside its place and time."""
        ids = self._counted.ids(self) if counting else None
        if ids is not None:
            return [Mention.id.in_(ids)]
        conditions = [self.query.condition(probing=probing)] if self.query else []
        if self.label:
            conditions.append(Mention.id.in_(found(self._counted.dialect, self.label)))
        if self.sentences.touchpoint is not None or self.sentences.dimension is not None:
            opinion = aliased(Opinion)
            conditions.append(exists().where(opinion.mention_id == Mention.id, *self.sentences.conditions(opinion)))
        return conditions

    def newest(self, most: int) -> list[dict[str, Any]] | None:
        """Return id, day and rating of the newest analysed mentions, None where they were not counted already."""
        return self._counted.newest(self, most)

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


class _Counted:
    """The rollups of a selection, each counted when it is first asked for, in temporary tables of the session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.dialect = session.get_bind().dialect.name
        self._taken: tuple[Selection, Table, Counting] | None = None
        self._tables: dict[tuple[Rollup, bool, date | None, date | None], Any] = {}
        self._others: dict[tuple[date | None, date | None], _Counted] = {}

    def ids(self, selection: Selection) -> Select[Any] | None:
        """Return the ids of the mentions, of others too, where they are known already."""
        if self._taken is None or not selection.lies_within(self._taken[0]):
            return None
        return select(self._taken[1].c.id)

    def newest(self, selection: Selection, most: int) -> list[dict[str, Any]] | None:
        if self._taken is None or not selection.lies_within(self._taken[0]):
            return None
        return self._taken[2].within(selection.since, selection.until).newest(most)

    def table(self, rollup: type[AnyRollup], selection: Selection, by_day: bool) -> type[AnyRollup]:
        if self._taken is None:
            self._taken = self._take(selection)
        since, until = selection.since, selection.until
        if not selection.lies_within(self._taken[0]):
            return self._others.setdefault((since, until), _Counted(self._session)).table(rollup, selection, by_day)
        if by_day:
            since = until = None
        key = (rollup, by_day, since, until)
        if key not in self._tables:
            counted = self._taken[2].within(since, until)
            self._tables[key] = self._write(rollup, selection.brand_id, counted.rows(rollup, by_day=by_day))
            self._tell(len(counted.day))
        found: type[AnyRollup] = self._tables[key]
        return found

    def _take(self, selection: Selection) -> tuple[Selection, Table, Counting]:
        from overheard.store.counting import Counting

        chosen = Table(f"selected_{next(_NUMBERS)}", MetaData(), key_column(), prefixes=["TEMPORARY"])
        chosen.create(self._session.connection())
        ids = _selected(self._session, selection)
        self._session.execute(insert(chosen).from_select(["id"], ids))
        tell_size(self._session, chosen)
        wanted = counted_rows(selection.sentences.version).where(Mention.id.in_(select(chosen.c.id)))
        counting = Counting.of(self._session.connection().execute(wanted).all(), selection.sentences)
        self._tell(len(counting.day))
        return selection, chosen, counting

    def _write(self, rollup: type[AnyRollup], brand_id: int, rows: Iterable[dict[str, Any]]) -> Any:
        columns = (Column(column.key, column.type) for column in inspect(rollup).columns)
        name = f"selected_{next(_NUMBERS)}_{rollup.__tablename__}"
        table = Table(name, MetaData(), *columns, prefixes=["TEMPORARY"])
        table.create(self._session.connection())
        if written := [{"brand_id": brand_id, **row} for row in rows]:
            self._session.execute(insert(table), written)
        return aliased(rollup, table, adapt_on_names=True)

    def _tell(self, mentions: int) -> None:
        """Say that a step is done, of how many mentions, to who listens."""
        listener: Callable[[int], None] | None = self._session.info.get(LISTENER)
        if listener:
            listener(mentions)


def key_column() -> Column[Any]:
    """Return the column of a temporary table that holds the ids of mentions."""
    return Column("id", Id, primary_key=True, autoincrement=False)


def tell_size(session: Session, table: Table) -> None:
    """Let the planner know how many rows a temporary table holds: else it may begin with all opinions there are."""
    session.execute(text(f"ANALYZE {table.name}"))


_NUMBERS = count(1)
"""Names for temporary tables, of which a session has one set for each selection."""

_TOTALS: dict[Any, Any] = {DimensionRollup: DimensionTotal, SentimentRollup: SentimentTotal}
"""What stands in for a rollup where all days are asked for at once."""

LISTENER = "overheard.counting"
"""Key of `Session.info`: a function that is called after each of the `STEPS` of counting so many mentions."""

STEPS = 5
"""How often it is called where all rollups of a selection are asked for."""


def _counted(session: Session, brand_id: int, scope: Scope) -> _Counted:
    """Return what is counted already where the session reads one snapshot: then it is counted once."""
    if not session.get_bind().get_execution_options().get("reading"):
        return _Counted(session)
    known: dict[tuple[int, Scope], _Counted] = session.info.setdefault("overheard.counted", {})
    return known.setdefault((brand_id, replace(scope, since=None, until=None)), _Counted(session))


def _selected(session: Session, selection: Selection) -> Select[Any]:
    from_brand = not (selection.has_period and is_large(session, selection.brand_id))
    if selection.query is not None:
        most = count_mentions(session, selection.brand_id)
        from_brand = selection.query.count(most) >= most
    elif selection.label is not None:
        from_brand = False
    linked = select(Mention.id).join(MentionBrand, MentionBrand.mention_id == Mention.id)
    return linked.where(selection.speaks_of(from_brand=from_brand), *selection.mentions())


def _covered(rollup: type[AnyRollup], wanted: Sentences) -> type[AnyRollup]:
    """Return the rollup, or the part of one that answers for a touchpoint or a dimension alone."""
    if wanted.touchpoint is None and wanted.dimension is None:
        return rollup
    table = DimensionRollup
    columns = [column for column in inspect(table).columns if column.key != "touchpoint"]
    if wanted.dimension is not None:
        part: Any = select(*columns, table.touchpoint).where(table.dimension == wanted.dimension)
    else:
        here = table.touchpoint == wanted.touchpoint
        part = union_all(
            select(*columns, literal(ANY).label("touchpoint")).where(here),
            select(*columns, table.touchpoint).where(here),
        )
    return aliased(rollup, part.subquery(), adapt_on_names=True)


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
        _counted=_counted(session, brand.id, scope),
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


def is_large(session: Session, brand_id: int) -> bool:
    """Tell whether a brand has too many mentions to walk through all of them."""
    return not is_few(count_mentions(session, brand_id))


def count_mentions(session: Session, brand_id: int) -> int:
    """Return how many mentions of a brand count, as last rolled up."""
    count = session.scalar(select(func.sum(MentionRollup.mentions)).where(MentionRollup.brand_id == brand_id))
    return count or 0


def is_few(mentions: int) -> bool:
    """Tell whether so many mentions can be walked through."""
    return mentions <= FEW
