"""The newest mentions of a selection, sentence by sentence: what sums per day cannot answer.

Whether praise and pain stand in one mention, and beside which stars, is counted over the newest mentions: enough for a
share within two points, few enough to be read at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any

from sqlalchemy import (
    Column,
    Date,
    Float,
    MetaData,
    Select,
    Table,
    Text,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.orm import Session

from overheard.insight.counted import count_mentions
from overheard.insight.scope import Selection, opaque
from overheard.store.said import SENTIMENT
from overheard.store.tables import (
    ANY,
    Classification,
    Id,
    Mention,
    MentionBrand,
    Opinion,
    OpinionDimension,
    SentimentRollup,
)

NEWEST = 3_000
"""Mentions that are read."""

_NUMBERS = count(1)
"""Names for temporary tables."""

NOWHERE = "none"
"""The touchpoint of a sentence that stands at none."""


@dataclass(frozen=True, slots=True)
class Newest:
    """How far the counts over single mentions reach: `mentions` of them, `first` the day of the oldest (null: none).

    `whole` says that these are all analysed mentions of the scope.
    """

    mentions: int
    first: date | None
    whole: bool


@dataclass(frozen=True, slots=True)
class Voice:
    """One mention: stars on 0..1, and per touchpoint its positive, negative and mixed sentences."""

    mention_id: int
    day: date
    rating: float | None
    places: dict[str, tuple[int, int, int]]

    @property
    def positive(self) -> int:
        """Positive sentences."""
        return sum(place[0] for place in self.places.values())

    @property
    def negative(self) -> int:
        """Negative sentences."""
        return sum(place[1] for place in self.places.values())

    @property
    def only_pain(self) -> bool:
        """Whether sentences are negative and none is positive or mixed."""
        return self.negative > 0 and not any(place[0] or place[2] for place in self.places.values())

    @property
    def only_praise(self) -> bool:
        """Whether sentences are positive and none is negative or mixed."""
        return self.positive > 0 and not any(place[1] or place[2] for place in self.places.values())


@dataclass(frozen=True, slots=True)
class Sample:
    """The newest mentions of a selection, newest first, and which of them praise or pain a dimension.

    `sides` maps a dimension and a polarity to the ids of the mentions with such a sentence.
    """

    newest: Newest
    voices: dict[int, Voice]
    sides: dict[tuple[str, str], tuple[int, ...]]


def read_sample(session: Session, selection: Selection, chosen: Table, analysed: int) -> Sample:
    """Read the newest mentions, which were `chosen`; `analysed` is how many the selection has."""
    voices = _voices(session, selection, chosen)
    read, first = session.execute(select(func.count(), func.min(chosen.c.day))).one()
    return Sample(
        newest=Newest(read, first, analysed <= read),
        voices=voices,
        sides=_sides(session, selection, chosen),
    )


def newest_mentions(session: Session, model_version_id: int, selection: Selection, newest: int) -> Table:
    """Return a temporary table of the newest analysed mentions of a selection: id, day, rating."""
    columns = (Column("id", Id, primary_key=True, autoincrement=False), Column("day", Date), Column("rating", Float))
    table = Table(f"newest_{next(_NUMBERS)}", MetaData(), *columns, prefixes=["TEMPORARY"])
    table.create(session.connection())
    if not selection.is_counted(SentimentRollup):
        found = _newest(session, model_version_id, selection, newest)
        session.execute(insert(table).from_select(["id", "day", "rating"], found))
    elif known := selection.counting().newest(newest):
        _fill(session, table, known)
        # What was counted may be rejected or a copy by now: what is quoted must not be.
        link = select(MentionBrand.mention_id).where(
            MentionBrand.mention_id == table.c.id, selection.speaks_of(from_brand=False)
        )
        # With an offset PostgreSQL looks up each of the few; else it reads all mentions of the brand.
        session.execute(delete(table).where(~link.offset(0).exists()))
    # The planner has to know how many there are: else it may begin with all opinions.
    session.execute(text(f"ANALYZE {table.name}"))
    return table


def _fill(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if session.get_bind().dialect.name == "sqlite":
        session.execute(insert(table), rows)
        return
    from sqlalchemy.dialects.postgresql import ARRAY

    # PostgreSQL takes three times as long for as many statements; and its driver writes an array item by item.
    names = [column.name for column in table.columns]
    columns = [cast(literal(_array(row[column.name] for row in rows), Text), ARRAY(column.type)) for column in table.c]
    unnested = func.unnest(*columns).table_valued(*names).render_derived()
    session.execute(insert(table).from_select(names, select(*unnested.columns)))


def _array(values: Iterable[object]) -> str:
    return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"


def _newest(session: Session, model_version_id: int, selection: Selection, newest: int) -> Select[*tuple[Any, ...]]:
    chosen = select(Mention.id, Mention.day, Mention.rating).join(MentionBrand, MentionBrand.mention_id == Mention.id)
    # Hidden from the planner, which else begins with all that the version has read.
    read_by = opaque(Classification.model_version_id) == model_version_id
    chosen = chosen.join(Classification, Classification.mention_id == Mention.id).where(read_by)
    large = count_mentions(session, selection.brand_id) > newest
    if large:
        reach, sources = _reach(session, model_version_id, selection, newest)
        chosen = chosen.where(Mention.source_id.in_(sources), Mention.day >= reach)
    return (
        chosen.where(Classification.status == "analysed")
        .where(selection.speaks_of(from_brand=not large), *selection.mentions())
        .order_by(Mention.day.desc(), Mention.id.desc())
        .limit(newest)
    )


def _reach(session: Session, version: int, selection: Selection, newest: int) -> tuple[date, list[int]]:
    """Return the day from which on as many mentions were analysed, and the sources of these: older need no look."""
    table = selection.rollup(SentimentRollup, by_day=True)
    whole = (table.model_version_id == version, table.measure == SENTIMENT, table.touchpoint == ANY)
    rows = session.execute(
        select(table.day, table.source_id, func.sum(table.mentions))
        .where(*selection.cells(table), *whole)
        .group_by(table.day, table.source_id)
        .order_by(table.day.desc(), table.source_id.desc())
        .execution_options(yield_per=500)  # the last days are enough, as a rule
    )
    found, reach, sources = 0, date.max, set()
    for day, source_id, mentions in rows:
        if found >= newest and day < reach:
            break
        found, reach = found + mentions, day
        sources.add(source_id)
    return reach, sorted(sources)


def _voices(session: Session, selection: Selection, chosen: Table) -> dict[int, Voice]:
    def of(word: str) -> Any:
        return func.sum(case((Opinion.sentiment == word, 1), else_=0))

    rows = session.execute(
        select(
            chosen.c.id, chosen.c.day, chosen.c.rating, Opinion.touchpoint, of("positive"), of("negative"), of("mixed")
        )
        .join(Opinion, Opinion.mention_id == chosen.c.id)
        .where(*selection.sentences.conditions())
        .group_by(chosen.c.id, chosen.c.day, chosen.c.rating, Opinion.touchpoint)
        .order_by(chosen.c.day.desc(), chosen.c.id.desc())
    )
    voices: dict[int, Voice] = {}
    for mention_id, day, rating, touchpoint, *counts in rows:
        voice = voices.get(mention_id)
        if voice is None:
            voice = voices[mention_id] = Voice(mention_id, day, rating, {})
        voice.places[touchpoint] = (counts[0], counts[1], counts[2])
    return voices


def _sides(session: Session, selection: Selection, chosen: Table) -> dict[tuple[str, str], tuple[int, ...]]:
    rows = session.execute(
        select(chosen.c.id, OpinionDimension.dimension, OpinionDimension.polarity)
        .join(Opinion, Opinion.mention_id == chosen.c.id)
        .join(OpinionDimension, OpinionDimension.opinion_id == Opinion.id)
        .where(*selection.sentences.conditions())
    )
    found: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for mention_id, dimension, polarity in rows:
        found[dimension, polarity].add(mention_id)
    return {side: tuple(sorted(ids)) for side, ids in found.items()}
