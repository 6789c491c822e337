"""What a selection counts where rollups cannot answer: counted from digests when it is first asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from heapq import nlargest
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, Text, cast, func, select
from sqlalchemy.orm import Session

from overheard.store.search import found
from overheard.store.tables import (
    Classification,
    DimensionRollup,
    Mention,
    MentionBrand,
    MentionRollup,
    SentimentRollup,
    SignalRollup,
    counts,
)  # fmt: skip

if TYPE_CHECKING:
    from overheard.insight.query.compile import Query
    from overheard.insight.scope import Selection
    from overheard.store.counting import Counting, Ints, Row
    from overheard.store.digests import Unpacked
    from overheard.store.search import Sought

Rollup = type[MentionRollup] | type[DimensionRollup] | type[SentimentRollup] | type[SignalRollup]

FEW = 50_000
"""Mentions that a query may walk through one by one and still answer at once."""

LISTENER = "overheard.counting"
"""Key of `Session.info`: a function that is called after each of the `STEPS` of counting so many mentions."""

STEPS = 5
"""How often it is called, at least, where all rollups of a selection are asked for."""


def counted(session: Session, brand_id: int, filters: Hashable) -> Counted:
    """Return what is counted already where the session reads one snapshot: then it is counted once.

    `filters` are those of the selection, but for its period.
    """
    if not session.get_bind().get_execution_options().get("reading"):
        return Counted(session, _Read())
    known: dict[Any, Counted] = session.info.setdefault("overheard.counted", {})
    read: _Read = session.info.setdefault("overheard.read", _Read())
    return known.setdefault((brand_id, filters), Counted(session, read))


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read in a session: ids of mentions, of all brands, that searches found, digests and their words.

    `linked` has what searches found by brand, with the day of each mention.
    """

    ids: dict[Sought, Ints] = field(default_factory=dict)
    digests: dict[Hashable, Unpacked] = field(default_factory=dict)
    words: dict[int, str] = field(default_factory=dict)
    linked: dict[Hashable, Mapping[int, Sequence[tuple[date, int]]]] = field(default_factory=dict)


class Counted:
    """What the digests say of a selection."""

    def __init__(self, session: Session, read: _Read) -> None:
        self._session = session
        self.dialect = session.get_bind().dialect.name
        self._read = read
        self._taken: list[tuple[Selection, Counting]] = []
        self._rows: dict[tuple[Any, ...], list[Row]] = {}

    def counting(self, selection: Selection) -> Counting:
        """Return the mentions of the selection, ready to be counted."""
        for whole, counting in self._taken:
            if selection.lies_within(whole):
                return counting.within(selection.since, selection.until)
        self._taken.append((selection, self._take(selection)))
        return self._taken[-1][1]

    def rows(self, rollup: Rollup, selection: Selection) -> list[Row]:
        """Return the rows of a rollup over all days of the selection."""
        key = (rollup, *selection.bounds)
        if key not in self._rows:
            counting = self.counting(selection)
            self._rows[key] = list(counting.rows(rollup, by_day=False))
            self._tell(len(counting.day))
        return self._rows[key]

    def periods(self, rollup: Rollup, selection: Selection, starts: Sequence[date]) -> list[Row]:
        """Return the rows of a rollup by the periods that begin on these days, over all touchpoints."""
        counting = self.counting(selection)
        rows = list(counting.in_periods(starts).rows(rollup, whole=True))
        self._tell(len(counting.day))
        return rows

    def count(self, selection: Selection, links: Sequence[ColumnElement[bool]]) -> int:
        """Count the mentions of the selection that some links to a brand lead to (see `Selection.count_links`)."""
        import numpy as np

        sought = selection.words() if selection.sentences.is_every else None
        conditions = selection.mentions() if sought is None else selection.place(Mention)
        ids = select(MentionBrand.mention_id).where(*links, *conditions)
        if conditions:
            ids = ids.join(Mention, Mention.id == MentionBrand.mention_id)
        if sought is None:
            return self._session.scalar(select(func.count()).select_from(ids.subquery())) or 0
        return int(np.isin(_numbers(self._session, ids), self._matching(sought)).sum())

    def newest_with(self, selection: Selection, sought: Sequence[Sought], most: int) -> list[int]:
        """Return the ids of the newest analysed mentions that hold any of what is sought."""
        import numpy as np

        if not sought:
            return []
        if not selection.is_counted(SentimentRollup):
            found = {entry for each in sought for entry in self._linked(selection, each).get(selection.brand_id, ())}
            return [mention for _, mention in nlargest(most, found)]
        ids = np.concatenate([self._matching(each) for each in sought])
        return [mention["id"] for mention in self.counting(selection).newest(most, ids)]

    def _take(self, selection: Selection) -> Counting:
        counting = self._of(selection, self._among(selection))
        self._tell(len(counting.day))
        return counting

    def _of(self, selection: Selection, among: Ints | None) -> Counting:
        from overheard.store import digests
        from overheard.store.counting import Counting

        read, place = self._read, (selection.brand_id, *selection.bounds)
        if place not in read.digests:
            connection = self._session.connection()
            if not read.words:
                read.words.update(digests.read_words(connection))
            limits = selection.limits(digests.Digest)
            read.digests[place] = digests.read(connection, read.words, selection.brand_id, *limits)
        return Counting.of(read.digests[place], selection.sentences, language=selection.language, among=among)

    def _among(self, selection: Selection) -> Ints | None:
        """Return the ids of what is searched for, of other brands too, None without a search."""
        sought = selection.words()
        if sought is not None:
            return self._matching(sought)
        if selection.query is None:
            return None
        return _numbers(self._session, _searched(self._session, selection, selection.query))

    def _matching(self, sought: Sought) -> Ints:
        ids = self._read.ids
        if sought not in ids:
            ids[sought] = _numbers(self._session, found(self.dialect, sought))
        return ids[sought]

    def _linked(self, selection: Selection, sought: Sought) -> Mapping[int, Sequence[tuple[date, int]]]:
        """Return day and id of the analysed mentions that hold what is sought, by brand, as one search finds them."""
        linked = self._read.linked
        key = (sought, selection.sentences, selection.language, *selection.bounds)
        if key not in linked:
            hits = found(self.dialect, sought).subquery()
            if self.dialect != "sqlite":
                # Of an array PostgreSQL expects few: it looks up each, and does not read all links of all brands.
                hits = select(func.unnest(func.array_agg(hits.c[0])).label("id")).subquery()
            rows = self._session.execute(
                select(MentionBrand.brand_id, Mention.day, Mention.id)
                .select_from(hits)
                .join(MentionBrand, MentionBrand.mention_id == hits.c[0])
                .join(Mention, Mention.id == hits.c[0])
                .join(Classification, Classification.mention_id == hits.c[0])
                .where(counts(), Classification.model_version_id == selection.sentences.version)
                .where(Classification.status == "analysed", *selection.place(Mention))
            )
            of_brand: defaultdict[int, list[tuple[date, int]]] = defaultdict(list)
            for brand_id, day, mention_id in rows:
                of_brand[brand_id].append((day, mention_id))
            linked[key] = of_brand
        return linked[key]

    def _tell(self, mentions: int) -> None:
        """Say that a step is done, of how many mentions, to who listens."""
        listener: Callable[[int], None] | None = self._session.info.get(LISTENER)
        if listener:
            listener(mentions)


def _numbers(session: Session, rows: Select[Any]) -> Ints:
    """Return the first column of a query, of numbers: as one text they come ten times as fast as one by one."""
    import numpy as np

    text = session.scalar(select(func.aggregate_strings(cast(rows.subquery().c[0], Text), ",")))
    return np.fromstring(text, np.int64, sep=",") if text else np.zeros(0, np.int64)


def _searched(session: Session, selection: Selection, query: Query) -> Select[Any]:
    from_brand = False  # which PostgreSQL knows better
    if session.get_bind().dialect.name == "sqlite":
        most = count_mentions(session, selection.brand_id)
        from_brand = query.count(most) >= most
    linked = select(Mention.id).join(MentionBrand, MentionBrand.mention_id == Mention.id)
    return linked.where(selection.speaks_of(from_brand=from_brand), *selection.place(Mention), *selection.sought())


def is_large(session: Session, brand_id: int) -> bool:
    """Tell whether a brand has too many mentions to walk through all of them."""
    return count_mentions(session, brand_id) > FEW


def count_mentions(session: Session, brand_id: int) -> int:
    """Return how many mentions of a brand count, as last rolled up."""
    count = session.scalar(select(func.sum(MentionRollup.mentions)).where(MentionRollup.brand_id == brand_id))
    return count or 0
