"""What is counted in arrays is what one counts by hand, mention by mention."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from told import Said, Told, tell

from overheard import taxonomy
from overheard.store.brands import add_brand, import_source
from overheard.store.counting import Counting
from overheard.store.database import Store
from overheard.store.digests import Unpacked, pack
from overheard.store.said import EVERY, OPINIONS, SENTIMENT, Sentences, word_of
from overheard.store.tables import (
    ANY,
    Classification,
    DimensionRollup,
    MentionRollup,
    ModelVersion,
    SentimentRollup,
    SignalRollup,
)

DIMENSIONS = ("speed", "ease", "service")
POLARITIES = ("positive", "negative", "neutral")
SENTIMENTS = (*POLARITIES, "mixed")
FIRST = date(2026, 10, 1)


@dataclass(frozen=True)
class Spoken:
    touchpoint: str
    sentiment: str
    dimensions: dict[str, str]
    signals: list[str]


@dataclass(frozen=True)
class Read:
    """A mention as one version read it, None where none did."""

    mention: int
    day: date
    source: int
    language: str
    rating: float | None
    version: int | None
    said: list[Spoken]

    @property
    def row(self) -> tuple[Any, ...]:
        said = [word_of(each.touchpoint, each.sentiment, each.dimensions, each.signals) for each in self.said]
        told = None if self.version is None else " ".join(said)
        return self.source, self.day, self.mention, self.language, self.rating, self.version, told


def spoken() -> st.SearchStrategy[Spoken]:
    votes = st.dictionaries(st.sampled_from(DIMENSIONS), st.sampled_from(POLARITIES))
    signals = st.lists(st.sampled_from(["churn", "help"]), unique=True)
    return st.builds(Spoken, st.sampled_from(["use", "pay", "none"]), st.sampled_from(SENTIMENTS), votes, signals)


@st.composite
def readings(draw: st.DrawFn) -> list[Read]:
    found = []
    for mention in range(draw(st.integers(0, 12))):
        day = FIRST + timedelta(days=draw(st.integers(0, 3)))
        place = draw(st.sampled_from([(1, "en"), (1, "nl"), (2, "en")]))
        rating = draw(st.sampled_from([None, 0.0, 0.25, 1.0]))
        for version in draw(st.sampled_from([[None], [7], [7, 8]])):
            said = [] if version is None else draw(st.lists(spoken(), max_size=4))
            found.append(Read(mention, day, *place, rating, version, said))
    return found


def by_hand(reads: Sequence[Read], rollup: Any, wanted: Sentences, by_day: bool) -> list[tuple[Any, ...]]:
    """Count with sets and sums, a cell after the other."""
    last = {(read.source, read.language): read.day for read in sorted(reads, key=lambda read: read.day)}

    def place(read: Read) -> tuple[Any, ...]:
        day = read.day if by_day else rollup is MentionRollup and read.day == last[read.source, read.language]
        return (day, read.source, read.language)

    rows = []
    ordered = sorted(reads, key=lambda read: tuple(map(str, place(read))))
    for (_, source, language), inside in groupby(ordered, key=place):
        cell = list(inside)
        first = min(read.day for read in cell)
        rows += [(first, source, language, *row) for row in COUNTS[rollup](cell, wanted)]
    return rows


def mentions(cell: Sequence[Read], _wanted: Sentences) -> Iterator[tuple[Any, ...]]:
    ratings = {read.mention: read.rating for read in cell}
    stars = [rating for rating in ratings.values() if rating is not None]
    yield len(ratings), len(stars), sum(stars), sum(star**2 for star in stars)


def counted(read: Read, wanted: Sentences) -> list[Spoken]:
    here = [each for each in read.said if wanted.touchpoint in (None, each.touchpoint)]
    return [each for each in here if wanted.dimension is None or wanted.dimension in each.dimensions]


def verdicts(read: Read, wanted: Sentences, at: str) -> dict[str, int]:
    found = defaultdict(set)
    for each in counted(read, wanted):
        for name, polarity in each.dimensions.items():
            if at in (ANY, each.touchpoint) and wanted.dimension in (None, name):
                found[name].add(polarity)
    return {name: ("positive" in said) - ("negative" in said) for name, said in found.items()}


def dimensions(cell: Sequence[Read], wanted: Sentences) -> Iterator[tuple[Any, ...]]:
    votes = defaultdict(list)
    for read in cell:
        for at in {ANY, *(each.touchpoint for each in counted(read, wanted))}:
            for name, verdict in verdicts(read, wanted, at).items():
                votes[read.version, at, name].append(verdict)
    for key, cast in votes.items():
        yield *key, len(cast), cast.count(1), cast.count(-1), cast.count(0)


def sentiment(cell: Sequence[Read], wanted: Sentences) -> Iterator[tuple[Any, ...]]:
    words = taxonomy.load()
    pools: dict[tuple[Any, ...], list[Counter[Any]]] = defaultdict(list)
    for read in cell:
        said = counted(read, wanted)
        for at in {ANY, *(each.touchpoint for each in said)}:
            if wanted.dimension is not None:
                pool = Counter(verdicts(read, wanted, at).values())
                if pool:
                    pools[read.version, SENTIMENT, at].append(pool)
            if read.version is not None:
                measure = SENTIMENT if wanted.dimension is None else OPINIONS
                signs = {"positive": 1, "negative": -1, "neutral": 0}
                heard = (each.sentiment for each in said if at in (ANY, each.touchpoint))
                pools[read.version, measure, at].append(Counter(signs.get(word, word) for word in heard))
        for pillar, names in words.pillars.items() if wanted.dimension is None else ():
            votes = [verdict for name, verdict in verdicts(read, wanted, ANY).items() if name in names]
            judged = {each.sentiment for each in said if not each.dimensions} & {"positive", "negative"}
            if pillar == words.general_verdicts and judged:
                votes.append(("positive" in judged) - ("negative" in judged))
            if votes:
                pools[read.version, pillar, ANY].append(Counter(votes))
    for key, pooled in pools.items():
        sides = [(pool[1] + pool[-1], pool[1] - pool[-1]) for pool in pooled]
        counts = [sum(pool[sign] for pool in pooled) for sign in (1, -1, 0, "mixed")]
        yield *key, len(pooled), *counts, sum(x * x for x, _ in sides), sum(y * y for _, y in sides), \
            sum(x * y for x, y in sides)  # fmt: skip


def signals(cell: Sequence[Read], wanted: Sentences) -> Iterator[tuple[Any, ...]]:
    found = defaultdict(list)
    for read in cell:
        for name in (name for each in counted(read, wanted) for name in each.signals):
            found[read.version, name].append(read.mention)
    for key, ids in found.items():
        yield *key, len(set(ids)), len(ids)


def digested(reads: Sequence[Read], wanted: Sentences, **filters: Any) -> Counting:
    """Take readings in through digests, as the store holds them."""
    rows = sorted((read.row for read in reads), key=lambda row: row[:3])
    words = sorted({word for row in rows for word in (row[-1] or "").split()})
    numbers = {word: 7 * number for number, word in enumerate(words, 1)}
    digests = Unpacked.of(pack(rows, numbers), {number: word for word, number in numbers.items()})
    return Counting.of(digests, wanted, **filters)


COUNTS = {MentionRollup: mentions, DimensionRollup: dimensions, SentimentRollup: sentiment, SignalRollup: signals}
WANTED = [EVERY, Sentences(None, "use"), Sentences(None, None, "speed"), Sentences(None, "pay", "ease")]


@pytest.mark.parametrize("rollup", [MentionRollup, DimensionRollup, SentimentRollup, SignalRollup])
@given(reads=readings(), wanted=st.sampled_from(WANTED), by_day=st.booleans(), days=st.integers(0, 4))
def test_rows_are_those_counted_by_hand(
    rollup: Any, reads: list[Read], wanted: Sentences, by_day: bool, days: int
) -> None:
    until = FIRST + timedelta(days=days)
    counting = digested(reads, wanted).within(None, until)
    rows = [tuple(row.values()) for row in counting.rows(rollup, by_day=by_day)]
    inside = [read for read in reads if read.day <= until and (wanted.is_every or counted(read, wanted))]
    assert sorted(rows, key=str) == sorted(by_hand(inside, rollup, wanted, by_day), key=str)


@given(reads=readings(), among=st.sets(st.integers(0, 12)), language=st.sampled_from([None, "en", "nl"]))
def test_only_what_is_asked_for_is_counted(reads: list[Read], among: set[int], language: str | None) -> None:
    """Of one version: what only others have read is as good as unread, and counts once."""
    counting = digested(reads, Sentences(8), language=language, among=np.array(sorted(among), np.int64))
    asked = [read for read in reads if read.mention in among and language in (None, read.language)]
    read = [each for each in asked if each.version == 8]
    done = {each.mention for each in read}
    unread = {each.mention: replace(each, version=None, said=[]) for each in asked if each.mention not in done}
    expected = [*read, *unread.values()]
    for rollup in COUNTS:
        rows = [tuple(row.values()) for row in counting.rows(rollup)]
        assert sorted(rows, key=str) == sorted(by_hand(expected, rollup, EVERY, True), key=str)


VOTES = {"speed": ("negative", 0.9), "service": ("positive", 0.8), "ease": ("neutral", 0.7)}
SLOW = Said(text="Slow.", sentiment="negative", touchpoint="receive", dimensions=VOTES)
GONE = Said(text="I leave.", sentiment="mixed", signals=("churn", "churn_price"))


def test_an_older_store_is_told_what_was_said(any_store: Store) -> None:
    with any_store.session() as session:
        version = ModelVersion(name="opinion-7", created_at=datetime.now(UTC))
        session.add(version)
        session.flush()
        brand, source = add_brand(session, "Nordwind"), import_source(session, "shop")
        brand.model_version_id = version.id
        for sentences in ((SLOW, GONE), (GONE,), ()):
            tell(session, brand, source, Told(sentences=sentences))
        tell(session, brand, source, Told(sentences=(SLOW,), status="not_analysed"))
    before = words(any_store)
    assert len(before[0]) == 2
    with any_store.session() as session:
        session.execute(text("ALTER TABLE classifications DROP COLUMN said"))
        session.execute(text("DROP TABLE digests"))
        session.execute(text("DROP TABLE said_words"))
        session.execute(text("UPDATE alembic_version SET version_num = '0010'"))
    Store.create(any_store.url).close()
    assert words(any_store) == before


def words(store: Store) -> list[set[tuple[str, str, frozenset[str], str]]]:
    """Return the words of each mention, with the votes in no order."""
    with store.reading() as session:
        said = session.scalars(select(Classification.said).order_by(Classification.mention_id)).all()
    parts = [[word.split("|") for word in each.split()] for each in said]
    return [{(at, mood, frozenset(votes.split(",")), signs) for at, mood, votes, signs in each} for each in parts]
