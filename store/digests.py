"""Digests: the mentions of a cell and what is said in them, packed, so that a brand's years are read in a moment.

What rollups are not kept for (a search, a part of the journey together with a dimension, an attribute) is counted from
these, a hundred thousand mentions at once. A digest is written with the rollups of its cell and says the same as they.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    LargeBinary,
    Select,
    Text,
    and_,
    exists,
    func,
    insert,
    select,
)  # fmt: skip
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from overheard.store.tables import Base, Classification, Mention, MentionBrand, counts

READING = np.dtype([("mention", "<i8"), ("language", "S8"), ("rating", "<f8"), ("version", "<i4"), ("said", "<i4")])
"""A mention as one model version read it: its id, its stars on 0..1 (not a number where it has none), the id of the
version (0 where none has read it) and how many sentences it has."""

WORD = np.dtype("<i4")


class SaidWord(Base):
    """What a sentence can say, in short (see `store.said`), with a number that digests name it by."""

    __tablename__ = "said_words"

    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(Text, unique=True)


class Digest(Base):
    """The mentions of a cell that count, as `READING`, by id and version, and as `WORD` what their sentences say."""

    __tablename__ = "digests"
    __table_args__ = ({"sqlite_with_rowid": False},)

    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id", ondelete="CASCADE"), primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    readings: Mapped[bytes] = mapped_column(LargeBinary)
    words: Mapped[bytes] = mapped_column(LargeBinary)


Cell = tuple[int, date, bytes, bytes]
"""The source_id, day, readings and words of a digest, of whatever brand."""

COLUMNS = ("source_id", "day", "readings", "words")


@dataclass(frozen=True, slots=True, eq=False)
class Unpacked:
    """Digests one after another: `readings` with the source and the day (an ordinal) of each, and what is said in them.

    `word` has a number for each sentence, `words` those numbers' words.
    """

    readings: NDArray[Any]
    source: NDArray[np.int64]
    day: NDArray[np.int64]
    word: NDArray[np.int64]
    words: Mapping[int, str]

    @classmethod
    def of(cls, cells: Sequence[Sequence[Any]], words: Mapping[int, str]) -> Unpacked:
        """Unpack cells."""
        sources, days, readings, spoken = zip(*cells, strict=True) if cells else [()] * 4
        sizes = np.fromiter(map(len, readings), np.int64) // READING.itemsize
        return cls(
            readings=np.frombuffer(b"".join(readings), READING),
            source=np.repeat(np.fromiter(sources, np.int64), sizes),
            day=np.repeat(np.fromiter(map(date.toordinal, days), np.int64), sizes),
            word=np.frombuffer(b"".join(spoken), WORD).astype(np.int64),
            words=words,
        )


def readings() -> Select[*tuple[Any, ...]]:
    """Select what `pack` takes in, in the order that it wants: a row for each mention and version that has read it."""
    read = and_(Classification.mention_id == Mention.id, Classification.status == "analysed")
    wanted = (Mention.source_id, Mention.day, Mention.id, Mention.language, Mention.rating)
    said = (Classification.model_version_id, Classification.said)
    order = (Mention.source_id, Mention.day, Mention.id, Classification.model_version_id)
    return select(*wanted, *said).join(Classification, read, isouter=True).order_by(*order)


def linked(brand_id: int) -> ColumnElement[bool]:
    """Return the condition that a mention counts for a brand."""
    return exists().where(MentionBrand.mention_id == Mention.id, MentionBrand.brand_id == brand_id, counts())


def pack(rows: Iterable[Sequence[Any]], numbers: Mapping[str, int]) -> list[Cell]:
    """Pack rows of source_id, day, mention id, language, rating, model_version_id and said, in this order, into cells.

    A mention that nobody has read has one row, with None for the last two. `numbers` are those of all words.
    """
    cells = []
    for (source_id, day), inside in groupby(rows, key=lambda row: (row[0], row[1])):
        entries, words = [], []
        for _, _, mention, language, rating, version, said in inside:
            spoken = said.split() if said else []
            stars = np.nan if rating is None else rating
            entries.append((mention, language.encode(), stars, version or 0, len(spoken)))
            words += [numbers[word] for word in spoken]
        cells.append((source_id, day, np.array(entries, READING).tobytes(), np.array(words, WORD).tobytes()))
    return cells


def write(connection: Connection, brand_id: int, chosen: Any) -> Unpacked:
    """Write the digests of whole cells, whose mentions the condition `chosen` selects, and return them.

    Cells that have a digest are to be rid of it before.
    """
    held = connection.execute(readings().where(linked(brand_id), chosen)).all()
    numbers = _numbers(connection, sorted({word for row in held if row.said for word in row.said.split()}))
    cells = pack(held, numbers)
    if cells:
        rows = [{"brand_id": brand_id, **dict(zip(COLUMNS, cell, strict=True))} for cell in cells]
        connection.execute(insert(Digest), rows)
    return Unpacked.of(cells, {number: word for word, number in numbers.items()})


def _numbers(connection: Connection, words: Sequence[str]) -> dict[str, int]:
    """Return the numbers of words, given to those that have none yet."""
    dialect: Any = sqlite if connection.dialect.name == "sqlite" else postgresql
    wanted = select(SaidWord.word, SaidWord.id).where(SaidWord.word.in_(words))
    known = dict(connection.execute(wanted).all())
    if len(known) < len(words):
        new = [{"word": word} for word in words if word not in known]
        connection.execute(dialect.insert(SaidWord).on_conflict_do_nothing(), new)
        known = dict(connection.execute(wanted).all())
    return known


def read_words(connection: Connection) -> dict[int, str]:
    """Return all words by their number."""
    return dict(connection.execute(select(SaidWord.id, SaidWord.word)).all())


def read(connection: Connection, words: Mapping[int, str], brand_id: int, *conditions: Any) -> Unpacked:
    """Return the digests of a brand under some conditions; `words` are all that there are."""
    wanted = select(*(getattr(Digest, name) for name in COLUMNS))
    cells = connection.execute(wanted.where(Digest.brand_id == brand_id, *conditions)).all()
    return Unpacked.of(cells, words)


def write_missing(connection: Connection) -> None:
    """Write the digests of all cells, where there are none yet; for what was rolled up before there were any."""
    places = select(MentionBrand.brand_id, Mention.source_id).join(Mention, Mention.id == MentionBrand.mention_id)
    for brand_id, source_id in connection.execute(places.distinct().order_by("brand_id", "source_id")).all():
        years = select(func.min(Mention.day), func.max(Mention.day)).where(Mention.source_id == source_id)
        first, last = connection.execute(years).one()
        for year in range(first.year, last.year + 1):
            inside = Mention.day.between(date(year, 1, 1), date(year, 12, 31))
            write(connection, brand_id, and_(Mention.source_id == source_id, inside))
