"""A brand's opinions, or its mentions, as one flat table with all that is known: for notebooks and BI tools.

A row is a sentence (or a mention), so that counting rows counts sentences; what a sentence says of a dimension stands
in columns of that dimension. Rows come by mention, in the order in which the store got them, and by place in the
mention: exporting twice gives the same rows, and after a night the new ones follow the old.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from overheard import taxonomy
from overheard.insight.scope import Scope, Selection, opaque, select_scope
from overheard.store.tables import (
    Brand,
    Classification,
    Mention,
    MentionBrand,
    ModelVersion,
    Opinion,
    OpinionDimension,
    Source,
)

WHAT = ("opinions", "mentions")

AT_ONCE = 1000
"""Mentions that are read and handed on together."""

Kind = Literal["word", "text", "whole", "number", "flag", "day", "moment", "object"]
Row = tuple[Any, ...]
Known = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `word` has few values that come again and again, `moment` is in UTC, `object` maps texts to texts."""

    name: str
    kind: Kind


def _columns(words: str, kind: Kind = "word") -> tuple[Column, ...]:
    return tuple(Column(name, kind) for name in words.split())


_ORIGIN = (
    *_columns("brand"), *_columns("mention_id", "whole"), *_columns("source kind"),
    *_columns("external_id url author", "text"), *_columns("language"),
    *_columns("published edited vanished", "moment"), *_columns("day", "day"),
    *_columns("rating", "number"), *_columns("rating_given"),
    *_columns("rating_scale", "number"), *_columns("reply_state"), *_columns("replied", "moment"),
    *_columns("product location version"), *_columns("attributes", "object"), *_columns("relevance", "number"),
    *_columns("duplicate_of copies", "whole"), *_columns("model"), *_columns("mention_sentiment"),
    *_columns("mention_strength", "number"),
)  # fmt: skip
"""What is known of the mention, in either table."""

_PLACE = (
    *_columns("position", "whole"), *_columns("field"), *_columns("start end", "whole"), *_columns("text", "text"),
    *_columns("sentiment"), *_columns("sentiment_score", "number"), *_columns("touchpoint"),
)  # fmt: skip
_WHOLE = (
    *_columns("status"), *_columns("opinions", "whole"), *_columns("fetched", "moment"),
    *_columns("title text reply", "text"),
)  # fmt: skip


def columns(what: str) -> tuple[Column, ...]:
    """Return the columns of a table, `opinions` or `mentions`; signals and dimensions are those of the taxonomy.

    Their names say which of both they are: the judgement whether a mention is about the brand is a `relevance` too.
    """
    if what == "mentions":
        return (*_ORIGIN, *_WHOLE)
    known = taxonomy.load()
    signals = tuple(Column(f"signal_{signal.name}", "flag") for signal in known.signals)
    dimensions = tuple(
        column
        for entry in known.dimensions
        for column in (Column(f"dimension_{entry.name}", "word"), Column(f"dimension_{entry.name}_score", "number"))
    )
    return (*_ORIGIN, *_PLACE, *signals, *dimensions)


class Export:
    """A table to be read page by page; `mentions` is how many mentions it goes through, `columns` what rows hold."""

    def __init__(self, session: Session, brand: Brand, scope: Scope, *, what: str, duplicates: bool = False) -> None:
        """Find the mentions: those that count, with `duplicates` also their near-duplicates.

        Raises NotFoundError for an unknown source or dimension, UsageError for an impossible scope.
        """
        self.what = what
        self.columns = columns(what)
        self._session, self._brand = session, brand
        self._selection = select_scope(session, brand, scope)
        self._sentences = self._selection.sentences.conditions()
        self._duplicates = duplicates
        self._model = session.scalar(select(ModelVersion.name).where(ModelVersion.id == brand.model_version_id))
        # All ids beforehand, eight bytes each: pages by id need no cursor that stays open, and know how many there are.
        wanted = self._mentions(select(Mention.id)).order_by(Mention.id)
        self._ids = array("q", session.scalars(wanted.execution_options(yield_per=10_000)))

    @property
    def mentions(self) -> int:
        """How many mentions there are."""
        return len(self._ids)

    def count(self) -> int:
        """Return the number of rows; of opinions they are counted, which takes a second for half a million."""
        if self.what == "mentions":
            return self.mentions
        rows = self._mentions(select(func.count()).select_from(Mention).join(Opinion, Opinion.mention_id == Mention.id))
        return self._session.scalar(rows.where(*self._sentences)) or 0

    def pages(self) -> Iterator[tuple[int, list[Row]]]:
        """Yield rows, with the number of mentions that they come from."""
        for start in range(0, len(self._ids), AT_ONCE):
            ids = self._ids[start : start + AT_ONCE].tolist()
            known = self._known(ids)
            found = self._opinions(known) if self.what == "opinions" else self._wholes(known)
            yield len(ids), [tuple(row.get(column.name) for column in self.columns) for row in found]

    def _mentions(self, statement: Select[Any]) -> Select[Any]:
        """Narrow a statement on mentions to those of the table."""
        joined = statement.join(MentionBrand, MentionBrand.mention_id == Mention.id)
        return joined.where(self._speaks_of(self._selection), *self._selection.mentions())

    def _speaks_of(self, selection: Selection) -> ColumnElement[bool]:
        if self._duplicates:
            return and_(MentionBrand.brand_id == selection.brand_id, ~MentionBrand.rejected)
        return selection.speaks_of(from_brand=True)

    def _known(self, ids: Sequence[int]) -> dict[int, Known]:
        """Return what is known of mentions, by id and in their order."""
        version = self._brand.model_version_id
        read = and_(Classification.mention_id == Mention.id, Classification.model_version_id == version)
        link = and_(MentionBrand.mention_id == Mention.id, MentionBrand.brand_id == self._brand.id)
        read_of = (Classification.status, Classification.sentiment, Classification.strength)
        rows = self._session.execute(
            select(Mention.__table__, Source.name.label("source"), Source.kind, MentionBrand.relevance)
            .add_columns(MentionBrand.duplicate_of, *(column.label(f"mention_{column.key}") for column in read_of))
            .join(Source, Source.id == Mention.source_id)
            .join(MentionBrand, link)
            .join(Classification, read, isouter=True)
            .where(Mention.id.in_(ids))
            .order_by(Mention.id)
        ).mappings()
        copies = self._copies(ids)
        return {row["id"]: self._origin(dict(row), copies) for row in rows}

    def _origin(self, row: Known, copies: dict[int, int]) -> Known:
        attributes = row["attributes"] or {}
        return row | {
            "brand": self._brand.name,
            "mention_id": row["id"],
            "product": attributes.get("product"),
            "location": attributes.get("location"),
            "version": attributes.get("version") or attributes.get("app_version"),
            "copies": copies.get(row["id"], 0),
            "model": self._model,
        }

    def _copies(self, ids: Sequence[int]) -> dict[int, int]:
        """Return how many near-duplicates mentions have, those that have any."""
        first = MentionBrand.duplicate_of
        rows = self._session.execute(
            select(first, func.count())
            .where(first.in_(ids), opaque(MentionBrand.brand_id) == self._brand.id, ~MentionBrand.rejected)
            .group_by(first)
        )
        return {mention: count for mention, count in rows if mention is not None}

    def _wholes(self, known: dict[int, Known]) -> Iterator[Known]:
        counted = self._session.execute(
            select(Opinion.mention_id, func.count().label("opinions"))
            .where(Opinion.mention_id.in_(known), *self._sentences)
            .group_by(Opinion.mention_id)
        )
        opinions = {row.mention_id: row.opinions for row in counted}
        for mention, row in known.items():
            yield row | {"status": row["mention_status"] or "pending", "opinions": opinions.get(mention, 0)}

    def _opinions(self, known: dict[int, Known]) -> Iterator[Known]:
        found = self._session.execute(
            select(Opinion.__table__)
            .where(Opinion.mention_id.in_(known), *self._sentences)
            .order_by(Opinion.mention_id, Opinion.position)
        )
        rows = found.mappings().all()
        dimensions = self._dimensions([row["id"] for row in rows])
        signals = {f"signal_{signal.name}": False for signal in taxonomy.load().signals}
        for row in rows:
            mention = known[row["mention_id"]]
            carried = {f"signal_{name}": True for name in row["signals"]}
            cut = mention[row["field"]][row["start"] : row["end"]]
            # The sentence's own fields come last: `text` is the sentence, not the mention's.
            yield mention | signals | carried | dimensions[row["id"]] | dict(row) | {"text": cut}

    def _dimensions(self, opinions: Sequence[int]) -> defaultdict[int, Known]:
        """Return polarity and score of each dimension that sentences bear on, by the sentence's id."""
        found: defaultdict[int, Known] = defaultdict(dict)
        table = OpinionDimension
        wanted = select(table.opinion_id, table.dimension, table.polarity, table.score)
        for start in range(0, len(opinions), AT_ONCE):
            of_some = wanted.where(table.opinion_id.in_(opinions[start : start + AT_ONCE]))
            for opinion, name, polarity, score in self._session.execute(of_some):
                found[opinion] |= {f"dimension_{name}": polarity, f"dimension_{name}_score": score}
        return found
