"""Themes: recurring things that opinions of one brand, dimension and polarity say, and what became of them.

A theme has an id that stays: new opinions join it, and where two become one or one becomes two, the log says so. What
a theme is made of is decided elsewhere (`intake.themes`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    Select,
    String,
    Text,
    and_,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from overheard.errors import NotFoundError, UsageError
from overheard.store.brands import on_one_line
from overheard.store.mentions import mark_stale
from overheard.store.tables import (
    SURVEY,
    Base,
    Brand,
    Id,
    Mention,
    MentionBrand,
    Opinion,
    OpinionDimension,
    Source,
    UtcDateTime,
    counts,
)

AT_ONCE = 5000
"""Values in one list of a statement."""

LOOKED_AT = 100_000
"""Opinions that wait for a vector which an answer looks through to say how many: a fraction of a second's work."""

LONGEST_NAME = 100
"""Characters of a theme's name."""

OUTSIDE = 0
"""What stands for a theme in the rollup of opinions that are in none."""

SIDED = ("negative", "positive")
"""The polarities that have themes: pain and praise."""

T = TypeVar("T")


class OpinionVector(Base):
    """What an opinion's sentence is about, as `nlp.themes.packed` has it: one byte for each of its numbers."""

    __tablename__ = "opinion_vectors"

    opinion_id: Mapped[int] = mapped_column(ForeignKey("opinions.id", ondelete="CASCADE"), primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class ThemeSide(Base):
    """The opinions of one brand, dimension and polarity: `middle` is what their vectors are seen from (float32).

    `opinions` is how many there are, `loose` how many of them came since they were last grouped and fit no theme.
    """

    __tablename__ = "theme_sides"

    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id", ondelete="CASCADE"), primary_key=True)
    dimension: Mapped[str] = mapped_column(String(50), primary_key=True)
    polarity: Mapped[str] = mapped_column(String(8), primary_key=True)
    opinions: Mapped[int] = mapped_column(default=0)
    loose: Mapped[int] = mapped_column(default=0)
    middle: Mapped[bytes | None] = mapped_column(LargeBinary)


class Theme(Base):
    """A theme; its `id` never changes.

    `name` was given by the machine or, for good, by the user (`named_by`). `centroid` is the mean vector of its
    `opinions` (float32), of the version that is named. `settled` is how many opinions it had when it was last named and
    looked at for parts. A pinned theme is never merged by the machine. One that became part of another keeps its
    centroid and names the other in `merged_into`: what would join it joins that. `born` is the first day of its
    opinions when it was found, `created_at` when that was.
    """

    __tablename__ = "themes"
    __table_args__ = (
        CheckConstraint("polarity IN ('positive', 'negative')", name="polarity"),
        CheckConstraint("named_by IN ('auto', 'user')", name="named_by"),
        Index(None, "brand_id", "dimension", "polarity"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id", ondelete="CASCADE"))
    model_version_id: Mapped[int] = mapped_column(ForeignKey("model_versions.id"))
    dimension: Mapped[str] = mapped_column(String(50))
    polarity: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    named_by: Mapped[str] = mapped_column(String(4), default="auto")
    pinned: Mapped[bool] = mapped_column(default=False)
    keyphrases: Mapped[list[str]] = mapped_column(JSON, default=list)
    centroid: Mapped[bytes] = mapped_column(LargeBinary)
    opinions: Mapped[int] = mapped_column(default=0)
    settled: Mapped[int] = mapped_column(default=0)
    born: Mapped[date] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("themes.id", ondelete="CASCADE"))


class ThemeOpinion(Base):
    """An opinion belongs to a theme of a brand, at most one for each of its dimensions.

    `similarity` is the cosine of its vector and the theme's centroid, both from the middle of their side.
    """

    __tablename__ = "theme_opinions"
    __table_args__ = (Index(None, "theme_id", "similarity"), {"sqlite_with_rowid": False})

    opinion_id: Mapped[int] = mapped_column(ForeignKey("opinions.id", ondelete="CASCADE"), primary_key=True)
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id", ondelete="CASCADE"), primary_key=True)
    dimension: Mapped[str] = mapped_column(String(50), primary_key=True)
    theme_id: Mapped[int] = mapped_column(ForeignKey("themes.id", ondelete="CASCADE"))
    similarity: Mapped[float]


class ThemeEvent(Base):
    """What became of a theme: `found`, `merged` into `other_id`, `split` off `other_id`, `renamed`, `pinned`, …

    `by` says who did it, `detail` what a person needs to know: the old name, or how many opinions went along.
    """

    __tablename__ = "theme_log"
    __table_args__ = (
        CheckConstraint(
            "event IN ('found', 'merged', 'split', 'renamed', 'pinned', 'unpinned', 'ended')", name="event"
        ),
        CheckConstraint("by IN ('auto', 'user')", name="by"),
        Index(None, "brand_id", "id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id", ondelete="CASCADE"))
    theme_id: Mapped[int] = mapped_column(Id)
    other_id: Mapped[int | None] = mapped_column(Id)
    event: Mapped[str] = mapped_column(String(10))
    by: Mapped[str] = mapped_column(String(4))
    detail: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class ThemeRollup(Base):
    """Mentions and opinions per theme in one day of one brand at one source in one language.

    Opinions that are in no theme stand under `theme_id` 0, with the dimension and polarity that they have.
    """

    __tablename__ = "theme_rollups"
    __table_args__ = ({"sqlite_with_rowid": False},)

    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    dimension: Mapped[str] = mapped_column(String(50), primary_key=True)
    polarity: Mapped[str] = mapped_column(String(8), primary_key=True)
    theme_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    mentions: Mapped[int]
    opinions: Mapped[int]


@dataclass(frozen=True, slots=True)
class Sentence:
    """The sentence of an opinion and the language of its mention."""

    opinion_id: int
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Member:
    """An opinion of a side: its vector, its characters, and the theme that it is in, None for none."""

    opinion_id: int
    day: date
    length: int
    vector: bytes
    theme_id: int | None


@dataclass(frozen=True, slots=True)
class Joined:
    """An opinion that goes to a theme."""

    opinion_id: int
    theme_id: int
    similarity: float


Side = tuple[int, str, str]
"""A brand's id, a dimension, a polarity."""


def _quoted() -> ColumnElement[str]:
    whole = case((Opinion.field == "title", func.coalesce(Mention.title, "")), else_=Mention.text)
    return func.substr(whole, Opinion.start + 1, Opinion.end - Opinion.start)


def _sided() -> ColumnElement[bool]:
    return (
        select(OpinionDimension.opinion_id)
        .where(OpinionDimension.opinion_id == Opinion.id, OpinionDimension.polarity.in_(SIDED))
        .exists()
    )


def _without_vector(session: Session, version: int) -> list[ColumnElement[bool]]:
    # Vectors are made in the order of ids, so what has none comes after the last of the version that has one.
    of_version = select(OpinionVector.opinion_id).join(Opinion, Opinion.id == OpinionVector.opinion_id)
    newest = of_version.where(Opinion.model_version_id == version).order_by(OpinionVector.opinion_id.desc())
    last = session.scalar(newest.limit(1))
    return [Opinion.id > (last or 0), Opinion.model_version_id == version, _sided()]


def count_without_vector(session: Session, version: int) -> int:
    """Return how many opinions with praise or pain in a dimension have no vector yet."""
    return session.scalar(select(func.count()).select_from(Opinion).where(*_without_vector(session, version))) or 0


def count_waiting(session: Session, brand_id: int, version: int) -> int:
    """Return how many opinions of a brand have no vector yet, of the first `LOOKED_AT` that have none in the store."""
    first = select(Opinion.mention_id).where(*_without_vector(session, version)).order_by(Opinion.id).limit(LOOKED_AT)
    waiting = first.subquery()
    speaks = (MentionBrand.mention_id == waiting.c.mention_id) & (MentionBrand.brand_id == brand_id)
    counted = select(func.count()).select_from(waiting).join(MentionBrand, speaks).where(counts())
    return session.scalar(counted) or 0


def without_vector(session: Session, version: int, limit: int) -> list[Sentence]:
    """Return up to `limit` sentences with praise or pain in a dimension that have no vector yet, by id."""
    statement = (
        select(Opinion.id, _quoted(), Mention.language)
        .join(Mention, Mention.id == Opinion.mention_id)
        .where(*_without_vector(session, version))
        .order_by(Opinion.id)
        .limit(limit)
    )
    return [Sentence(*row) for row in session.execute(statement)]


def save_vectors(session: Session, vectors: Mapping[int, bytes]) -> list[int]:
    """Store vectors by opinion; what was edited away meanwhile is left out. Return the ids that were stored."""
    kept = []
    for some in parts(vectors):
        kept += list(session.scalars(select(Opinion.id).where(Opinion.id.in_(some))))
    if kept:
        session.execute(insert(OpinionVector), [{"opinion_id": one, "vector": vectors[one]} for one in kept])
    return kept


def sides_of(session: Session, version: int, opinion_ids: Collection[int]) -> Iterator[tuple[Side, int]]:
    """Yield (side, opinion) for what counts for a brand that this version answers for, and is in no theme yet."""
    for some in parts(opinion_ids):
        found = _members(version).where(Opinion.id.in_(some), ThemeOpinion.theme_id.is_(None))
        columns = (MentionBrand.brand_id, OpinionDimension.dimension, OpinionDimension.polarity, Opinion.id)
        for brand, dimension, polarity, opinion in session.execute(found.with_only_columns(*columns)):
            yield (brand, dimension, polarity), opinion


def _members(version: int) -> Select[*tuple[Any, ...]]:
    belongs = and_(
        ThemeOpinion.opinion_id == Opinion.id,
        ThemeOpinion.brand_id == MentionBrand.brand_id,
        ThemeOpinion.dimension == OpinionDimension.dimension,
    )
    return (
        select(Opinion.id)
        .join(OpinionDimension, OpinionDimension.opinion_id == Opinion.id)
        .join(Mention, Mention.id == Opinion.mention_id)
        .join(MentionBrand, MentionBrand.mention_id == Mention.id)
        .join(Brand, Brand.id == MentionBrand.brand_id)
        .join(ThemeOpinion, belongs, isouter=True)
        .where(
            Opinion.model_version_id == version,
            Brand.model_version_id == version,
            OpinionDimension.polarity.in_(SIDED),
            counts(),
        )
    )


def members(session: Session, version: int, side: Side) -> list[Member]:
    """Return the opinions of a side that have a vector, by id."""
    brand_id, dimension, polarity = side
    statement = (
        _members(version)
        .join(OpinionVector, OpinionVector.opinion_id == Opinion.id)
        .where(
            MentionBrand.brand_id == brand_id,
            # Hidden from the planner, which else begins with the index that quotes are found by.
            func.coalesce(OpinionDimension.dimension, "") == dimension,
            func.coalesce(OpinionDimension.polarity, "") == polarity,
        )
        .order_by(Opinion.id)
    )
    length = Opinion.end - Opinion.start
    columns = (Opinion.id, Mention.day, length, OpinionVector.vector, ThemeOpinion.theme_id)
    return [Member(*row) for row in session.execute(statement.with_only_columns(*columns))]


def count_sides(session: Session, version: int, brand_id: int) -> dict[Side, int]:
    """Return how many opinions there are on each side of a brand."""
    side = (MentionBrand.brand_id, OpinionDimension.dimension, OpinionDimension.polarity)
    of_brand = _members(version).where(MentionBrand.brand_id == brand_id)
    rows = session.execute(of_brand.with_only_columns(*side, func.count()).group_by(*side))
    return {(brand, dimension, polarity): count for brand, dimension, polarity, count in rows}


def themes_of(session: Session, side: Side) -> list[Theme]:
    """Return the themes of a side, those that became part of another included, by id."""
    brand_id, dimension, polarity = side
    of_side = and_(Theme.brand_id == brand_id, Theme.dimension == dimension, Theme.polarity == polarity)
    return list(session.scalars(select(Theme).where(of_side).order_by(Theme.id)))


def join(session: Session, side: Side, joined: Sequence[Joined]) -> None:
    """Put opinions into themes of a side, out of those that they were in, and mark the cells that this touches."""
    brand_id, dimension, _ = side
    ids = [each.opinion_id for each in joined]
    for some in parts(ids):
        here = (ThemeOpinion.brand_id == brand_id, ThemeOpinion.dimension == dimension)
        session.execute(delete(ThemeOpinion).where(*here, ThemeOpinion.opinion_id.in_(some)))
    if joined:
        session.execute(
            insert(ThemeOpinion),
            [
                {
                    "opinion_id": each.opinion_id,
                    "brand_id": brand_id,
                    "dimension": dimension,
                    "theme_id": each.theme_id,
                    "similarity": each.similarity,
                }
                for each in joined
            ],
        )
    mark_opinions(session, brand_id, ids)


def mark_opinions(session: Session, brand_id: int, opinion_ids: Collection[int]) -> None:
    """Mark the rollup cells of a brand that opinions lie in."""
    for some in parts(opinion_ids):
        cells = select(Mention.source_id, Mention.day).join(Opinion, Opinion.mention_id == Mention.id)
        found = session.execute(cells.where(Opinion.id.in_(some)).distinct()).all()
        mark_stale(session, ((brand_id, source, day) for source, day in found))


def sentences(session: Session, theme_id: int, limit: int) -> list[Sentence]:
    """Return the most central sentences of a theme, what was said in public before what a survey was told."""
    statement = (
        select(Opinion.id, _quoted(), Mention.language)
        .join(ThemeOpinion, ThemeOpinion.opinion_id == Opinion.id)
        .join(Mention, Mention.id == Opinion.mention_id)
        .join(Source, Source.id == Mention.source_id)
        .where(ThemeOpinion.theme_id == theme_id)
        .order_by(Source.kind == SURVEY, ThemeOpinion.similarity.desc(), Opinion.id)
        .limit(limit)
    )
    return [Sentence(*row) for row in session.execute(statement)]


def languages(session: Session, theme_id: int) -> dict[str, int]:
    """Return how many opinions of a theme there are in each language."""
    statement = (
        select(Mention.language, func.count())
        .join(Opinion, Opinion.mention_id == Mention.id)
        .join(ThemeOpinion, ThemeOpinion.opinion_id == Opinion.id)
        .where(ThemeOpinion.theme_id == theme_id)
        .group_by(Mention.language)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def outdated(session: Session, version: int) -> list[int]:
    """Return the brands that a version answers for and whose themes are of another one."""
    statement = select(Theme.brand_id).join(Brand, Brand.id == Theme.brand_id).distinct()
    return list(session.scalars(statement.where(Brand.model_version_id == version, Theme.model_version_id != version)))


def carry_over(session: Session, version: int, brand_id: int) -> dict[int, list[tuple[int, bytes]]]:
    """Give the themes of a brand the opinions of a new version at the places of those that they had.

    Returns the (opinion, vector) of each theme; marks every cell of the brand.
    """
    old, new = aliased(Opinion), aliased(Opinion)
    same_place = and_(new.mention_id == old.mention_id, new.field == old.field, new.start == old.start)
    same_side = and_(
        OpinionDimension.opinion_id == new.id,
        OpinionDimension.dimension == Theme.dimension,
        OpinionDimension.polarity == Theme.polarity,
    )
    found = session.execute(
        select(Theme.id, new.id, OpinionVector.vector)
        .join(ThemeOpinion, ThemeOpinion.theme_id == Theme.id)
        .join(old, old.id == ThemeOpinion.opinion_id)
        .join(new, same_place)
        .join(OpinionDimension, same_side)
        .join(OpinionVector, OpinionVector.opinion_id == new.id)
        .where(Theme.brand_id == brand_id, old.model_version_id != version, new.model_version_id == version)
        .order_by(Theme.id, new.id)
    ).all()
    session.execute(delete(ThemeOpinion).where(ThemeOpinion.brand_id == brand_id))
    session.execute(delete(ThemeSide).where(ThemeSide.brand_id == brand_id))
    carried: dict[int, list[tuple[int, bytes]]] = {}
    for theme, opinion, vector in found:
        carried.setdefault(theme, []).append((opinion, vector))
    cells = select(Mention.source_id, Mention.day).join(MentionBrand, MentionBrand.mention_id == Mention.id)
    days = session.execute(cells.where(MentionBrand.brand_id == brand_id).distinct()).all()
    mark_stale(session, ((brand_id, source, day) for source, day in days))
    return carried


def note(session: Session, theme: Theme, event: str, *, by: str, detail: str = "", other: int | None = None) -> None:
    """Write down what became of a theme."""
    session.add(
        ThemeEvent(
            brand_id=theme.brand_id, theme_id=theme.id, other_id=other, event=event, by=by, detail=detail,
            at=datetime.now(UTC),
        )
    )  # fmt: skip


def find_theme(session: Session, brand: Brand, number: int) -> Theme:
    """Return a theme of a brand, or the one that it became part of; raises NotFoundError."""
    theme = session.get(Theme, number)
    while theme is not None and theme.merged_into is not None:
        theme = session.get(Theme, theme.merged_into)
    if theme is None or theme.brand_id != brand.id:
        raise NotFoundError(f"no theme {number} of {brand.name!r}; `overheard themes list` shows their numbers")
    return theme


def hold(session: Session, brand_ids: Collection[int]) -> None:
    """Let no other transaction change the themes of brands before this one ends; waits for one that does.

    Whoever changes themes calls this before reading them, so that a person and the machine follow one another.
    """
    # A key share: mentions may be written for the brand meanwhile. SQLite has one writer at a time anyway.
    own = select(Brand.id).where(Brand.id.in_(brand_ids)).order_by(Brand.id)
    session.execute(own.with_for_update(key_share=True))


def rename(session: Session, brand: Brand, number: int, name: str) -> Theme:
    """Give a theme a name for good; raises NotFoundError, UsageError for a name that is empty or too long."""
    hold(session, [brand.id])
    theme = find_theme(session, brand, number)
    given = on_one_line(name, "theme name", LONGEST_NAME, least=1)
    if (theme.name, theme.named_by) != (given, "user"):
        note(session, theme, "renamed", by="user", detail=f"{theme.name} → {given}")
        theme.name, theme.named_by = given, "user"
    return theme


def pin(session: Session, brand: Brand, number: int, *, pinned: bool) -> Theme:
    """Pin a theme, or let it go; raises NotFoundError."""
    hold(session, [brand.id])
    theme = find_theme(session, brand, number)
    if theme.pinned != pinned:
        theme.pinned = pinned
        note(session, theme, "pinned" if pinned else "unpinned", by="user")
    return theme


def merge(session: Session, brand: Brand, source: int, target: int) -> Theme:
    """Make one theme part of another for good and return that; raises NotFoundError and UsageError."""
    hold(session, [brand.id])
    old, new = find_theme(session, brand, source), find_theme(session, brand, target)
    if old.id == new.id:
        raise UsageError(f"{source} and {target} are one theme already ({new.id}, {new.name!r}); name two")
    if (old.dimension, old.polarity) != (new.dimension, new.polarity):
        raise UsageError(
            f"theme {old.id} is about {old.dimension} {old.polarity}, {new.id} about {new.dimension} {new.polarity}; "
            "expected two of one dimension and polarity"
        )
    merge_into(session, old, new, by="user")
    return new


def merge_into(session: Session, old: Theme, new: Theme, *, by: str) -> None:
    """Move the opinions of a theme into another of its side, and mark their cells."""
    ids = list(session.scalars(select(ThemeOpinion.opinion_id).where(ThemeOpinion.theme_id == old.id)))
    session.execute(update(ThemeOpinion).where(ThemeOpinion.theme_id == old.id).values(theme_id=new.id))
    session.execute(update(Theme).where(Theme.merged_into == old.id).values(merged_into=new.id))
    mark_opinions(session, old.brand_id, ids)
    old.merged_into = new.id
    new.opinions += old.opinions
    note(session, old, "merged", by=by, other=new.id, detail=f"{old.name} → {new.name}, {len(ids)} opinions")


def log_of(session: Session, brand: Brand, number: int | None, limit: int) -> list[ThemeEvent]:
    """Return what became of a brand's themes, or of one, the latest first."""
    statement = select(ThemeEvent).where(ThemeEvent.brand_id == brand.id)
    if number is not None:
        statement = statement.where(or_(ThemeEvent.theme_id == number, ThemeEvent.other_id == number))
    return list(session.scalars(statement.order_by(ThemeEvent.id.desc()).limit(limit)))


def parts(values: Iterable[T]) -> Iterator[Sequence[T]]:
    """Yield values in lists that a statement takes."""
    values = list(values)
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]
