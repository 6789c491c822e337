"""How much is said: the rows of the rollups, counted from the digests of cells (`store.digests`).

All is counted in arrays: a hundred thousand mentions in a second.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overheard import taxonomy
from overheard.store.digests import Unpacked
from overheard.store.said import EVERY, OPINIONS, SENTIMENT, SENTIMENTS, VOTES, Sentences
from overheard.store.tables import ANY, DimensionRollup, MentionRollup, SentimentRollup, SignalRollup

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Row = dict[str, Any]

ROOM = 4
"""Places for each key that are looked at sooner than the keys are sorted."""


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, np.int64)


def _lengths(lists: Iterable[Sequence[Any]]) -> Ints:
    return _ints(map(len, lists))


def _spread(lengths: Ints, chosen: Ints) -> Ints:
    """Return the positions of the items of the chosen lists, which stand one after another in one array."""
    counts = lengths[chosen]
    starts = (np.cumsum(lengths) - lengths)[chosen]
    return np.arange(counts.sum()) + np.repeat(starts - np.cumsum(counts) + counts, counts)


def _groups(*columns: Ints) -> tuple[list[Ints], Ints]:
    """Return the different rows of some columns of numbers, column by column, and which of them each row is."""
    lows = [int(column.min()) if len(column) else 0 for column in columns]
    sizes = [int(column.max(initial=low)) - low + 1 for column, low in zip(columns, lows, strict=True)]
    keys = np.zeros(len(columns[0]), np.int64)
    for column, low, size in zip(columns, lows, sizes, strict=True):
        keys = keys * size + (column - low)
    keys, place = _numbered(keys, math.prod(sizes))
    found = []
    for low, size in zip(reversed(lows), reversed(sizes), strict=True):
        keys, column = np.divmod(keys, size)
        found.append(column + low)
    return found[::-1], place


def _numbered(keys: Ints, size: int) -> tuple[Ints, Ints]:
    """Return the different keys, from 0 to below `size`, in order, and which of them each key is.

    As `np.unique` does, which sorts them: that takes longer where there is room for a place for each.
    """
    if size > ROOM * len(keys):
        return np.unique(keys, return_inverse=True)
    is_there = np.zeros(size, np.bool_)
    is_there[keys] = True
    return np.flatnonzero(is_there), (np.cumsum(is_there) - 1)[keys]


class _Names(dict[Any, int]):
    """Numbers for names, given as they are asked for."""

    def __missing__(self, name: Any) -> int:
        self[name] = len(self)
        return self[name]


class _Words:
    """Different words taken apart; their votes and signals stand one after another, so many of each."""

    def __init__(self, words: Iterable[str]) -> None:
        parts = [word.split("|") for word in words]
        votes, signals = ([part[field].split(",") if part[field] else [] for part in parts] for field in (2, 3))
        self.touchpoints, self.dimensions, self.signals = _Names({ANY: 0}), _Names(), _Names()
        self.touchpoint = _ints(self.touchpoints[part[0]] for part in parts)
        self.sentiment = _ints(SENTIMENTS.index(part[1]) for part in parts)
        self.votes, self.signs = _lengths(votes), _lengths(signals)
        self.dimension = _ints(self.dimensions[vote[:-1]] for vote in chain(*votes))
        self.polarity = _ints(VOTES[vote[-1]] for vote in chain(*votes))
        self.signal = _ints(self.signals[name] for name in chain(*signals))

    def wanted(self, sentences: Sentences) -> Bools:
        """Tell of each word whether it counts."""
        kept = np.ones(len(self.votes), bool)
        if sentences.touchpoint is not None:
            kept &= self.touchpoint == self.touchpoints[sentences.touchpoint]
        if sentences.dimension is not None:
            about = self.dimension == self.dimensions[sentences.dimension]
            kept &= np.bincount(np.repeat(np.arange(len(kept)), self.votes)[about], minlength=len(kept)) > 0
        return kept


def _chosen(held: NDArray[Any], version: int | None, language: str | None, among: Ints | None) -> tuple[Bools, Bools]:
    """Tell of each reading whether it is one of those asked for, and whether what it says is."""
    kept = np.ones(len(held), bool)
    if language is not None:
        kept &= held["language"] == language.encode()
    if among is not None:
        kept &= np.isin(held["mention"], among)
    if version is None:
        return kept, kept
    read = kept & (held["version"] == version)
    first = np.diff(held["mention"], prepend=-1) != 0
    return read | kept & first & ~np.isin(held["mention"], held["mention"][read]), read


def _taken(word: Ints, words: Mapping[int, str]) -> tuple[_Words, Ints]:
    """Take those words apart that occur, and number them anew."""
    occurs = np.bincount(word) > 0
    return _Words(words[number] for number in np.flatnonzero(occurs).tolist()), (np.cumsum(occurs) - 1)[word]


def _places(source: Ints, language: NDArray[Any]) -> tuple[list[tuple[int, str]], Ints]:
    """Return the different sources and languages, and which of them each reading is of."""
    letters = np.ascontiguousarray(language).view(np.int64)  # as numbers they are sorted in a tenth of the time
    tongues, tongue = np.unique(letters, return_inverse=True)
    names = [name.decode() for name in tongues.view(language.dtype).tolist()]
    (sources, numbers), place = _groups(source, tongue)
    of_place = zip(sources.tolist(), (names[number] for number in numbers.tolist()), strict=True)
    return list(of_place), place


@dataclass(frozen=True, slots=True, eq=False)
class Counting:
    """Some mentions and what is said in them, to be counted: arrays with an entry for each mention and its version.

    `mention` is an id, `day` the ordinal of a date, `place` a number of `places` (source and language), `version` one
    of `versions`, −1 for a mention that was not analysed, `first` whether the entry is the mention's first. `reading`
    and `word` have an entry for each sentence: the mention's place in the other arrays, and what it says.
    """

    wanted: Sentences
    mention: Ints
    day: Ints
    place: Ints
    places: Sequence[tuple[int, str]]
    rating: NDArray[np.float64]
    first: Bools
    version: Ints
    versions: Sequence[int]
    words: _Words
    reading: Ints
    word: Ints

    @classmethod
    def of(
        cls, digests: Unpacked, wanted: Sentences = EVERY, *, language: str | None = None, among: Ints | None = None
    ) -> Counting:
        """Take in the mentions of some digests: those in a `language`, and `among` some ids, where these are given.

        Where only some sentences are wanted, mentions without such a sentence are left out; where those of one version,
        what others have read is as good as unread.
        """
        held = digests.readings
        kept, said = _chosen(held, wanted.version, language, among)
        spoken = np.flatnonzero(said)
        reading = np.repeat(spoken, held["said"][spoken])
        taken, word = _taken(digests.word[_spread(held["said"], spoken)], digests.words)
        heard = taken.wanted(wanted)[word]
        if not wanted.is_every:
            kept = kept & (np.bincount(reading[heard], minlength=len(held)) > 0)
        places, place = _places(digests.source[kept], held["language"][kept])
        mention = held["mention"][kept]
        versions, version = np.unique(np.where(said, held["version"], 0)[kept], return_inverse=True)
        unread = int(0 in versions)
        return cls(
            wanted=wanted,
            mention=mention,
            day=digests.day[kept],
            place=place,
            places=places,
            rating=held["rating"][kept],
            first=np.diff(mention, prepend=-1) != 0,
            version=version - unread,
            versions=versions[unread:].tolist(),
            words=taken,
            reading=(np.cumsum(kept) - 1)[reading[heard]],
            word=word[heard],
        )

    def within(self, since: date | None, until: date | None) -> Counting:
        """Return what lies in a period."""
        kept = self.day >= (since or date.min).toordinal()
        kept &= self.day <= (until or date.max).toordinal()
        if kept.all():
            return self
        said = kept[self.reading]
        return replace(
            self, mention=self.mention[kept], day=self.day[kept], place=self.place[kept], rating=self.rating[kept],
            first=self.first[kept], version=self.version[kept], word=self.word[said],
            reading=(np.cumsum(kept) - 1)[self.reading[said]],
        )  # fmt: skip

    def in_periods(self, starts: Sequence[date]) -> Counting:
        """Return the same as if all of a period was of one source and language, and of the day that it begins with.

        `starts` are these days; the first of them lies before all mentions.
        """
        first = _ints(start.toordinal() for start in starts)
        day = first[np.searchsorted(first, self.day, side="right") - 1]
        return replace(self, day=day, place=np.zeros_like(self.place), places=[(0, ANY)])

    def newest(self, most: int, among: Ints | None = None) -> list[Row]:
        """Return id, day and rating of the newest mentions that were analysed, `among` some ids, the newest first."""
        kept = self.version >= 0
        if among is not None:
            kept &= np.isin(self.mention, among)
        read = np.flatnonzero(kept)
        chosen = read[np.lexsort((-self.mention[read], -self.day[read]))[:most]]
        columns = (self.mention[chosen].tolist(), self.day[chosen].tolist(), self.rating[chosen].tolist())
        return [
            {"id": mention, "day": date.fromordinal(day), "rating": None if math.isnan(rating) else rating}
            for mention, day, rating in zip(*columns, strict=True)
        ]

    def rows(self, rollup: Any, *, by_day: bool = True, whole: bool = False) -> Iterator[Row]:
        """Yield the rows of a rollup, without their brand.

        Without `by_day`, all days of a source and language are one cell, of the first of these days: far fewer rows
        come of it. (Those of `MentionRollup` are two, the last day and those before: its first and last day count.)
        With `whole`, touchpoints are not told apart, nor pillars counted.
        """
        if by_day:
            cells, cell = _groups(self.place, self.day)
        else:
            last = np.zeros(len(self.places), np.int64)
            np.maximum.at(last, self.place, self.day)
            cells, cell = _groups(self.place, (self.day == last[self.place]) & (rollup is MentionRollup))
            first = np.full(len(cells[0]), date.max.toordinal())
            np.minimum.at(first, cell, self.day)
            cells[1] = first
        of_cell = [
            {"day": date.fromordinal(day), "source_id": self.places[place][0], "language": self.places[place][1]}
            for place, day in zip(cells[0].tolist(), cells[1].tolist(), strict=True)
        ]
        count = {
            MentionRollup: _mentions,
            DimensionRollup: _dimensions,
            SentimentRollup: _sentiment,
            SignalRollup: _signals,
        }[rollup]
        for columns in count(self, cell, whole):
            names, values = list(columns), (column.tolist() for column in columns.values())
            for number, *row in zip(*values, strict=True):
                yield of_cell[number] | dict(zip(names[1:], row, strict=True))


Columns = dict[str, Any]
"""Arrays of equal length by the name of their column; `cell` first, a number."""


def _mentions(counting: Counting, cell: Ints, _whole: bool) -> Iterator[Columns]:
    cell, rating = cell[counting.first], counting.rating[counting.first]
    rated = ~np.isnan(rating)
    size = int(cell.max(initial=-1)) + 1
    yield {
        "cell": np.arange(size),
        "mentions": np.bincount(cell, minlength=size),
        "rated": np.bincount(cell[rated], minlength=size),
        "rating_sum": np.bincount(cell[rated], rating[rated], minlength=size),
        "rating_squares": np.bincount(cell[rated], rating[rated] ** 2, minlength=size),
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Votes:
    """What mentions say of dimensions, at each touchpoint or at any: praise (1), pain (−1), or as much of both (0)."""

    reading: Ints
    touchpoint: Ints
    dimension: Ints
    verdict: Ints


def _votes(counting: Counting, *, at_touchpoints: bool) -> _Votes:
    words, word = counting.words, counting.word
    place = _spread(words.votes, word)
    reading, touchpoint = (np.repeat(each, words.votes[word]) for each in (counting.reading, words.touchpoint[word]))
    dimension, polarity = words.dimension[place], words.polarity[place]
    if counting.wanted.dimension is not None:
        about = dimension == words.dimensions[counting.wanted.dimension]
        reading, touchpoint, dimension, polarity = (
            each[about] for each in (reading, touchpoint, dimension, polarity)
        )  # fmt: skip
    if not at_touchpoints:
        touchpoint = np.zeros_like(touchpoint)
    keys, place = _groups(reading, touchpoint, dimension)
    return _Votes(keys[0], keys[1], keys[2], _verdicts(polarity, place, len(keys[0])))


def _verdicts(polarity: Ints, place: Ints, size: int) -> Ints:
    """Return for each group whether it was praised (1), pained (−1), or both or none of it (0)."""
    praised, pained = (np.bincount(place[polarity == sign], minlength=size) > 0 for sign in (1, -1))
    return praised.astype(np.int64) - pained


def _tally(verdict: Ints, place: Ints, size: int) -> list[Ints]:
    """Count praise, pain and neutral votes of each group."""
    return [np.bincount(place[verdict == sign], minlength=size) for sign in (1, -1, 0)]


def _named(names: Iterable[Any], numbers: Ints) -> NDArray[Any]:
    return np.array(list(names), object)[numbers]


def _dimensions(counting: Counting, cell: Ints, whole: bool) -> Iterator[Columns]:
    for at_touchpoints in (False,) if whole else (False, True):
        votes = _votes(counting, at_touchpoints=at_touchpoints)
        of_reading = cell[votes.reading], counting.version[votes.reading]
        keys, place = _groups(*of_reading, votes.touchpoint, votes.dimension)
        size = len(keys[0])
        praise, pain, neutral = _tally(votes.verdict, place, size)
        yield {
            "cell": keys[0],
            "model_version_id": _named(counting.versions, keys[1]),
            "touchpoint": _named(counting.words.touchpoints, keys[2]),
            "dimension": _named(counting.words.dimensions, keys[3]),
            "mentions": np.bincount(place, minlength=size),
            "praise": praise,
            "pain": pain,
            "neutral": neutral,
        }


@dataclass(frozen=True, slots=True, eq=False)
class _Pool:
    """Positive, negative, neutral and mixed counts of mentions, at a touchpoint or at any (0)."""

    reading: Ints
    touchpoint: Ints
    counts: Sequence[Ints]


def _sentiment(counting: Counting, cell: Ints, whole: bool) -> Iterator[Columns]:
    of_dimension = counting.wanted.dimension is not None
    measure = OPINIONS if of_dimension else SENTIMENT
    yield _pooled(counting, cell, measure, _of_mentions(counting))
    if not whole:
        yield _pooled(counting, cell, measure, _at_touchpoints(counting))
    if of_dimension:
        for at_touchpoints in (False,) if whole else (False, True):
            votes = _votes(counting, at_touchpoints=at_touchpoints)
            yield _pooled(counting, cell, SENTIMENT, _pool(votes.reading, votes.touchpoint, votes.verdict))
    if of_dimension or whole:
        return  # One dimension makes no pillar of the index.
    votes, words = _votes(counting, at_touchpoints=False), taxonomy.load()
    for pillar, names in words.pillars.items():
        numbers = [counting.words.dimensions[name] for name in names]
        inside = np.isin(votes.dimension, numbers)
        reading, verdict = votes.reading[inside], votes.verdict[inside]
        if pillar == words.general_verdicts:
            general = _general(counting)
            reading, verdict = (np.concatenate(pair) for pair in zip((reading, verdict), general, strict=True))
        yield _pooled(counting, cell, pillar, _pool(reading, np.zeros_like(reading), verdict))


def _of_mentions(counting: Counting) -> _Pool:
    """Count the sentences of mentions by sentiment; a mention that was analysed counts even without a sentence."""
    read = np.flatnonzero(counting.version >= 0)
    sentiment = counting.words.sentiment[counting.word]
    counts = [np.bincount(counting.reading[sentiment == number], minlength=len(counting.version))[read]
              for number in range(len(SENTIMENTS))]  # fmt: skip
    return _Pool(read, np.zeros_like(read), counts)


def _at_touchpoints(counting: Counting) -> _Pool:
    sentiment = counting.words.sentiment[counting.word]
    keys, place = _groups(counting.reading, counting.words.touchpoint[counting.word])
    counts = [np.bincount(place[sentiment == number], minlength=len(keys[0])) for number in range(len(SENTIMENTS))]
    return _Pool(keys[0], keys[1], counts)


def _pool(reading: Ints, touchpoint: Ints, verdict: Ints) -> _Pool:
    """Pool votes of the same mention: none of them is mixed."""
    keys, place = _groups(reading, touchpoint)
    counts = _tally(verdict, place, len(keys[0]))
    return _Pool(keys[0], keys[1], [*counts, np.zeros_like(keys[0])])


def _general(counting: Counting) -> tuple[Ints, Ints]:
    """Return the mentions that judge without naming a dimension, and how: one vote over all such sentences."""
    words, word = counting.words, counting.word
    judges = (words.votes[word] == 0) & (words.sentiment[word] < SENTIMENTS.index("neutral"))
    keys, place = _groups(counting.reading[judges])
    return keys[0], _verdicts(1 - 2 * words.sentiment[word][judges], place, len(keys[0]))


def _pooled(counting: Counting, cell: Ints, measure: str, pool: _Pool) -> Columns:
    """Sum the counts of mentions and, with p positive and n negative ones, x = p + n and y = p − n, xx, yy and xy."""
    keys, place = _groups(cell[pool.reading], counting.version[pool.reading], pool.touchpoint)
    size = len(keys[0])

    def total(values: Ints) -> Ints:
        return np.bincount(place, values, minlength=size).astype(np.int64)

    positive, negative, neutral, mixed = pool.counts
    x, y = positive + negative, positive - negative
    return {
        "cell": keys[0],
        "model_version_id": _named(counting.versions, keys[1]),
        "measure": np.full(size, measure, object),
        "touchpoint": _named(counting.words.touchpoints, keys[2]),
        "mentions": np.bincount(place, minlength=size),
        "positive": total(positive),
        "negative": total(negative),
        "neutral": total(neutral),
        "mixed": total(mixed),
        "sum_xx": total(x * x),
        "sum_yy": total(y * y),
        "sum_xy": total(x * y),
    }


def _signals(counting: Counting, cell: Ints, _whole: bool) -> Iterator[Columns]:
    words, word = counting.words, counting.word
    signal = words.signal[_spread(words.signs, word)]
    of_mentions, place = _groups(np.repeat(counting.reading, words.signs[word]), signal)
    opinions = np.bincount(place, minlength=len(of_mentions[0]))
    reading = of_mentions[0]
    keys, place = _groups(cell[reading], counting.version[reading], of_mentions[1])
    size = len(keys[0])
    yield {
        "cell": keys[0],
        "model_version_id": _named(counting.versions, keys[1]),
        "signal": _named(words.signals, keys[2]),
        "mentions": np.bincount(place, minlength=size),
        "opinions": np.bincount(place, opinions, minlength=size).astype(np.int64),
    }
