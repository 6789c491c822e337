"""A generated store to ask: a million mentions of twenty brands over three years, read and rolled up.

    python benchmarks/answers_store.py FOLDER [--mentions 1000000] [--seed 1] [--store postgresql://…] [--until DATE]

All of it follows from the seed, the number and the last day. Mentions are made in stretches of days, by one process
while another writes, and stored as the product stores them: hashes, near-duplicates with what they are found by,
readings, and at last the product's own roll-up. What is half there is made anew; what is whole is left as it is.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import accumulate
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import click
import numpy as np
from answers_brands import FALL, HOMES, IMPORTED, NAMES, PLACES, PRODUCTS, TOWNS, Place, industry, rivals
from answers_words import CLAUSES, LANGUAGES, RIVALRY, SENTIMENTS, frequencies, stock, vocabulary
from numpy.typing import NDArray
from sqlalchemy import delete, event, insert, select, text

from overheard import taxonomy
from overheard.commands.options import say
from overheard.intake.key import make_key
from overheard.nlp.copies import SHARED, bands_of, key_of, words_of
from overheard.nlp.reader import overall
from overheard.store.brands import IMPORT, add_brand, add_source, import_source, list_brands, list_sources
from overheard.store.database import Store, sqlite_path
from overheard.store.duplicates import save_keys
from overheard.store.rollups import roll_up
from overheard.store.said import word_of
from overheard.store.search import index_missing
from overheard.store.tables import Base, Crawl, Mention, ModelVersion

DAYS = 3 * 365
BIG = 8
"""Brands that have three sources of the largest kind."""

STRETCH = 7
"""Days that are made and written together."""

VERSION = "answers-1"
DONE = "answers.json"
"""Written last, beside the settings: what the store holds and how long it took."""

WEEKDAYS = (1.12, 1.05, 1.0, 1.0, 0.98, 0.9, 0.95)
SENTENCES = (0.0, 0.27, 0.30, 0.20, 0.11, 0.05, 0.03, 0.02, 0.02)
"""Share of mentions with so many sentences, but for those that are not read."""

FOREIGN, REJECTED, COPIES, RIVAL, VANISHED, IRONY = 0.015, 0.03, 0.03, 0.01, 0.01, 0.03
"""Shares of mentions in a language that is not read, of searched ones that are about something else, of copies of
another of the same days, of sentences that compare with a rival, of mentions that are gone, of stars that say the
opposite of the text."""

INCIDENTS = (
    (0, 2, "technology"), (0, 200, "speed"), (1, 40, "speed"), (2, 400, "service"), (3, 90, "resolution"),
    (4, 700, "consistency"), (5, 10, "authenticity"), (7, 300, "ease"), (9, 30, "technology"), (12, 150, "service"),
)  # fmt: skip
"""Brand, days before the last one, and the dimension in which it hurt for three days."""

COUNTED = ("refund", "late", "delivery", "app")
NEAR = re.compile(r"\brefund\W+(?:\w+\W+){0,4}late\b|\blate\W+(?:\w+\W+){0,4}refund\b")
TABLES = ("mentions", "mention_brands", "classifications", "opinions", "opinion_dimensions", "fingerprints")

LONG = 90
"""Characters of a text from which it is long enough to be a copy, whatever its words are."""

Rows = dict[str, list[tuple[Any, ...]]]
Said = tuple[str, str, str, str, tuple[tuple[str, str], ...]]
"""A sentence: its sentiment, text, touchpoint, signals and dimensions."""


@dataclass(frozen=True)
class Plan:
    """What is made: `mentions` up to the day `until`, which all else follows from with the seed."""

    mentions: int
    seed: int
    until: date

    @cached_property
    def days(self) -> NDArray[np.int64]:
        """How many mentions each day has: more each year, fewer at week-ends."""
        first = self.until - timedelta(days=DAYS - 1)
        weights = [(1 + day / DAYS) * WEEKDAYS[(first + timedelta(days=day)).weekday()] for day in range(DAYS)]
        ends = np.rint(np.cumsum(weights) / np.sum(weights) * self.mentions).astype(np.int64)
        return np.diff(ends, prepend=0)

    def stretches(self) -> Iterator[Stretch]:
        """Yield what is made together, with the ids that it begins at."""
        mention, opinion = 1, 1
        for number, start in enumerate(range(0, DAYS, STRETCH)):
            per_day = self.days[start : start + STRETCH]
            stretch = Stretch(self, number, DAYS - 1 - start, tuple(map(int, per_day)), mention, opinion)
            yield stretch
            mention, opinion = mention + stretch.size, opinion + int(stretch.sentences().sum())


@dataclass(frozen=True)
class Stretch:
    """Some days of a plan, the first `ago` days before the last of all; ids go on from `mention` and `opinion`."""

    plan: Plan
    number: int
    ago: int
    per_day: tuple[int, ...]
    mention: int
    opinion: int

    @property
    def size(self) -> int:
        """The number of mentions."""
        return sum(self.per_day)

    def random(self, part: int) -> np.random.Generator:
        """Return the random numbers of one part of the work, always the same."""
        return np.random.default_rng((self.plan.seed, self.number, part))

    def sentences(self) -> NDArray[np.int64]:
        """Return the sentences of each mention, 0 where it is not read."""
        rng = self.random(0)
        found = rng.choice(len(SENTENCES), self.size, p=SENTENCES)
        found[rng.random(self.size) < FOREIGN] = 0
        return found


@dataclass(frozen=True, slots=True)
class Spot:
    """A source of a brand, as it stands in the store."""

    id: int
    place: Place
    weight: float


@dataclass(frozen=True, slots=True)
class Town:
    """What a maker of mentions has to know of the store: its sources by brand, and the version that reads."""

    version: int
    brands: tuple[int, ...]
    spots: tuple[tuple[Spot, ...], ...]


def sizes() -> NDArray[np.float64]:
    """Return the share of all mentions that each brand has."""
    weights = (np.arange(len(NAMES)) + 1.0) ** -FALL
    return np.asarray(weights / weights.sum())


# -- brands and sources ----------------------------------------------------------------------------------------------


def settle(store: Store, plan: Plan) -> None:
    """Add brands, sources, their crawls, and the model version that answers."""
    begun = datetime.combine(plan.until - timedelta(days=DAYS), datetime.min.time(), UTC)
    with store.session() as session:
        version = ModelVersion(name=VERSION, created_at=begun)
        session.add(version)
        session.flush()
        for name in IMPORTED:
            import_source(session, name)
        crawled = []
        for rank, name in enumerate(NAMES):
            brand = add_brand(
                session, name, industry=industry(rank), rivals=rivals(rank), products=PRODUCTS[industry(rank)],
                aliases=[name.replace(" ", "")] if " " in name else [],
            )  # fmt: skip
            brand.model_version_id, brand.created_at = version.id, begun
            for place in PLACES:
                copies = 0 if place.is_import else 3 if place is PLACES[0] and rank < BIG else 1
                crawled += [_add(session, brand, place, copy, begun) for copy in range(copies)]
    _crawl(store, plan, crawled)


def look_around(store: Store) -> Town:
    """Return what a maker of mentions has to know of a store that is settled."""
    places = {place.kind: place for place in PLACES}
    with store.reading() as session:
        version = session.scalars(select(ModelVersion.id).where(ModelVersion.name == VERSION)).one()
        ids = {brand.name: brand.id for brand in list_brands(session)}
        sources = list_sources(session)
    shared = [source.id for source in sources if source.kind == IMPORT]
    spots = []
    for rank, name in enumerate(NAMES):
        own = [(source.id, source.kind) for source in sources if source.brand_id == ids[name]]
        own.append((shared[rank % len(shared)], IMPORT))
        like = Counter(kind for _, kind in own)
        spots.append(tuple(Spot(source, places[kind], places[kind].share / like[kind]) for source, kind in own))
    return Town(version, tuple(ids[name] for name in NAMES), tuple(spots))


def _add(session: Any, brand: Any, place: Place, copy: int, begun: datetime) -> int:
    word = re.sub(r"\W+", "-", brand.name.lower())
    target = {place.sought: brand.name} if place.sought else {"url": f"https://{place.kind}.example/{word}/{copy}"}
    country = HOMES[NAMES.index(brand.name)] if copy == 0 else ("en", "de", "fr")[copy]
    source = add_source(session, brand, place.kind, target, name=f"{place.kind} {country}")
    source.created_at = begun
    return source.id


def _crawl(store: Store, plan: Plan, sources: Sequence[int]) -> None:
    """Every source was crawled in each of the last sixty nights; every fortieth stopped a week ago."""
    nights = [datetime.combine(plan.until - timedelta(days=ago), datetime.min.time(), UTC) for ago in range(59, -1, -1)]
    rows = [
        {
            "source_id": source, "started_at": night + timedelta(hours=2), "outcome": "ok", "pages": 3, "items": 60,
            "finished_at": night + timedelta(hours=2, minutes=1), "added": 15, "updated": 0, "unchanged": 45,
            "rejected": 0, "newest": night, "oldest": night - timedelta(days=4), "complete": False,
        }
        for source in sources
        for ago, night in enumerate(reversed(nights))
        if source % 40 or ago >= 7
    ]  # fmt: skip
    with store.session() as session:
        session.execute(insert(Crawl), sorted(rows, key=lambda row: row["started_at"]))


# -- mentions --------------------------------------------------------------------------------------------------------


class Maker:
    """Makes the rows of a stretch. What the brands are like is drawn once, by the seed."""

    def __init__(self, plan: Plan, town: Town) -> None:
        self.plan, self.town = plan, town
        rng = np.random.default_rng((plan.seed, 1 << 40))
        brands = len(NAMES)
        names = [entry.name for entry in taxonomy.load().dimensions]
        self._level = rng.normal(0.3, 0.5, brands)
        self._slope, self._wave = rng.normal(0, 0.3, brands), rng.normal(0, 0.15, brands)
        self._step, self._break = rng.normal(0, 0.5, brands), rng.integers(100, DAYS - 100, brands)
        self._replies, self._patience = rng.uniform(0.2, 0.85, brands), rng.uniform(2, 60, brands)
        affinity = rng.lognormal(0, 0.5, (brands, len(SENTIMENTS), len(names)))
        self._reach = {
            (brand, language, sentiment): self._weigh(language, sentiment, affinity[brand, number], names)
            for brand in range(brands)
            for language in LANGUAGES
            for number, sentiment in enumerate(SENTIMENTS)
        }
        self._words = {language: vocabulary(language) for language in LANGUAGES}
        self._hurt = {
            (language, name): [
                place for place, each in enumerate(stock()[language].sentences) if (name, "negative") in each.dimensions
            ]
            for language in LANGUAGES
            for _, _, name in INCIDENTS
        }

    @staticmethod
    def _weigh(language: str, sentiment: str, liking: NDArray[np.float64], names: list[str]) -> NDArray[np.float64]:
        """Return how far each sentence of a sentiment reaches, by what a brand is told about."""
        start, end = stock()[language].spans[sentiment]
        said = stock()[language].sentences[start:end]
        weights = [
            float(np.mean([liking[names.index(name)] for name, _ in each.dimensions])) if each.dimensions else 1.1
            for each in said
        ]
        found = np.cumsum(weights)
        return found / found[-1]

    def rows(self, stretch: Stretch) -> tuple[Rows, Counter[str], NDArray[np.int64]]:
        """Return the rows of each table, the mentions that hold each counted word, and the bands of the texts."""
        made: Rows = {name: [] for name in TABLES}
        counted: Counter[str] = Counter()
        bands: list[tuple[int, int]] = []
        told = _Told(self, stretch)
        for place in range(stretch.size):
            told.write(place, made, counted, bands)
        return made, counted, np.array(sorted(set(bands)), np.int64).reshape(-1, 2)

    def mood(self, brand: NDArray[np.int64], day: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return how content customers of brands are on days (counted from the first), as log odds."""
        time = day / DAYS
        level = self._level[brand] + self._slope[brand] * time + self._wave[brand] * np.sin(6.28 * time * 3)
        return level + np.where(day >= self._break[brand], self._step[brand], 0.0)

    def choose(self, brand: int, language: str, sentiment: str, draw: float) -> int:
        """Return the place of a sentence in the stock of a language."""
        reach = self._reach[brand, language, sentiment]
        return stock()[language].spans[sentiment][0] + int(reach.searchsorted(draw))

    def hurt(self, brand: int, ago: int, language: str) -> list[int]:
        """Return the sentences that an incident of the brand is complained of in, none in quiet times."""
        for other, before, name in INCIDENTS:
            if other == brand and 0 <= before - ago < 3:
                return self._hurt[language, name]
        return []


@dataclass(frozen=True, slots=True)
class _Text:
    """What a mention says; `marks` are field, start and end of each sentence."""

    title: str | None
    text: str
    sentences: Sequence[Said]
    marks: Sequence[tuple[str, int, int]]


class _Told:
    """The mentions of one stretch, all numbers drawn beforehand."""

    def __init__(self, maker: Maker, stretch: Stretch) -> None:
        self._maker, self._stretch, self._town = maker, stretch, maker.town
        rng, size = stretch.random(1), stretch.size
        self._count = stretch.sentences().tolist()
        self._first = (np.cumsum(self._count) - self._count + stretch.opinion).tolist()
        ago = stretch.ago - np.repeat(np.arange(len(stretch.per_day)), stretch.per_day)
        brand = rng.choice(len(NAMES), size, p=sizes())
        mood = maker.mood(brand, DAYS - 1 - ago) + rng.normal(0, 1.2, size)
        self._ago, self._brand = ago.tolist(), brand.tolist()
        self._second = np.sort(rng.integers(0, 86_400, size)).tolist()
        self._content = (1 / (1 + np.exp(-mood))).tolist()
        self._draws = rng.random((size, 12)).tolist()
        self._author = rng.integers(0, max(1000, int(0.7 * maker.plan.mentions)), size).tolist()
        said = int(sum(self._count)) + size  # one more each, for what is not read
        self._said = rng.random((said, 6)).tolist()
        self._tails = np.minimum(rng.geometric(0.25, said) - 1, 12).tolist()
        self._ranks = frequencies().searchsorted(rng.random(int(sum(self._tails)) + said)).tolist()
        self._sentence = self._rank = 0
        self._last: dict[tuple[int, int], tuple[int, str, _Text]] = {}

    def write(self, place: int, made: Rows, counted: Counter[str], bands: list[tuple[int, int]]) -> None:
        """Add the rows of one mention."""
        draw, brand, count = self._draws[place], self._brand[place], self._count[place]
        mention = self._stretch.mention + place
        language = self._language(brand, draw[0]) if count else "pl"
        spot = self._spot(brand, draw[1])
        rejected = spot.place.sought is not None and draw[2] < REJECTED
        sentences = [self._say(place, language) for _ in range(max(count, 1))]
        told = self._assemble(sentences, draw[3])
        copy_of = None
        if draw[4] < COPIES and (brand, count) in self._last and not rejected:
            copy_of, language, told = self._last[brand, count]
        elif len(told.text) > LONG and not rejected and count:
            self._last[brand, count] = (mention, language, told)
        rating = self._rating(spot.place, [each[0] for each in told.sentences], draw[5])
        made["mentions"].append(self._mention(place, mention, spot, language, told, rating))
        counted.update(_words(told.text))
        self._link(made, bands, mention, brand, spot, copy_of, rejected, told.text)
        if not rejected:
            self._read(made, place, mention, told)

    def _say(self, place: int, language: str) -> Said:
        """Return one more sentence of a mention."""
        draw = self._said[self._sentence]
        tail = self._tails[self._sentence]
        ranks = self._ranks[self._rank : self._rank + tail]
        self._sentence, self._rank = self._sentence + 1, self._rank + tail
        if language == "pl":
            words = self._maker._words["ro"]
            return "neutral", " ".join(words[rank] for rank in [*ranks, 3, 11]) + ".", "none", "[]", ()
        brand = self._brand[place]
        if draw[0] < RIVAL:
            others = rivals(brand)
            name = others[int(draw[1] * len(others))]
            said = RIVALRY[language].format(name, name)
            return "negative", said, "none", '["churn_service"]', (("speed", "negative"),)
        content = self._content[place]
        sentiment = self._sentiment(content, draw[2])
        hurt = self._maker.hurt(brand, self._ago[place], language) if draw[3] < 0.35 else []
        number = hurt[int(draw[1] * len(hurt))] if hurt else self._maker.choose(brand, language, sentiment, draw[1])
        found = stock()[language].sentences[number]
        words = self._maker._words[language]
        said = " ".join([found.text, *_clause(draw[4]), *[words[rank] for rank in ranks]]) + found.end
        return found.sentiment, said, found.touchpoint, found.signals, found.dimensions

    @staticmethod
    def _sentiment(content: float, draw: float) -> str:
        if draw < 0.16:
            return "neutral" if draw < 0.12 else "mixed"
        return "positive" if (draw - 0.16) / 0.84 < content else "negative"

    @staticmethod
    def _language(brand: int, draw: float) -> str:
        if draw < 0.5:
            return HOMES[brand]
        if draw < 0.75:
            return "en"
        return LANGUAGES[int((draw - 0.75) * 4 * len(LANGUAGES))]

    def _spot(self, brand: int, draw: float) -> Spot:
        spots = self._town.spots[brand]
        for spot in spots:
            draw -= spot.weight
            if draw < 0:
                return spot
        return spots[-1]

    @staticmethod
    def _assemble(sentences: Sequence[Said], draw: float) -> _Text:
        """Put title and text together."""
        titled = len(sentences) > 1 and draw < 0.3
        title = sentences[0][1] if titled else None
        marks = [("title", 0, len(title))] if title else []
        rest = [each[1] for each in sentences[titled:]]
        starts = accumulate((len(said) + 1 for said in rest), initial=0)
        marks += [("text", start, start + len(said)) for start, said in zip(starts, rest, strict=False)]
        return _Text(title, " ".join(rest), sentences, marks)

    @staticmethod
    def _rating(place: Place, sentiments: list[str], draw: float) -> int | None:
        """Return stars, near to what the sentences say but for a few; None where the place has none."""
        if draw >= place.rated:
            return None
        net = (sentiments.count("positive") - sentiments.count("negative")) / len(sentiments)
        noise = (draw / place.rated * 7919) % 1
        stars = int(min(max(round(3 + 2 * net + (noise - 0.5) * 1.6), 1), 5))
        return 6 - stars if noise > 1 - IRONY else stars

    def _mention(
        self, place: int, mention: int, spot: Spot, language: str, told: _Text, rating: int | None
    ) -> tuple[Any, ...]:
        draw, brand, ago = self._draws[place], self._brand[place], self._ago[place]
        day = self._maker.plan.until - timedelta(days=ago)
        published = f"{day} {_clock(self._second[place])}"
        fetched = f"{day + timedelta(days=1)} 02:00:30.000000"
        stars = None if rating is None else (rating - 1) / 4
        content = "\x1f".join((told.title or "", told.text, "" if stars is None else f"{stars:.6f}"))
        state, replied = self._reply(brand, ago, spot.place, self._second[place], draw)
        external = f"hash:{mention:040x}:1" if spot.place.is_import else f"r{mention}"
        url = None if spot.place.is_import else f"https://{spot.place.kind}.example/{brand}/{mention}"
        vanished = fetched if draw[8] < VANISHED else None
        author = hashlib.blake2b(str(self._author[place]).encode(), digest_size=16).hexdigest()
        return (
            mention, spot.id, external, hashlib.sha256(content.encode()).hexdigest(),
            told.title, told.text, language, stars,
            None if rating is None else str(rating), None if rating is None else 5.0, author, url, published, None,
            fetched, vanished, str(day), state, "Thank you, we look into it." if replied else None, replied,
            json.dumps(self._attributes(spot.place, brand, ago, draw), ensure_ascii=False),
        )  # fmt: skip

    def _reply(self, brand: int, ago: int, place: Place, second: int, draw: Sequence[float]) -> tuple[str, str | None]:
        """Return whether there is a reply, and when it came; what is new is not answered yet."""
        if not place.replies:
            return "unknown", None
        hours = self._maker._patience[brand] * (draw[7] + 0.01) / (1.01 - draw[7])
        moment = datetime.combine(self._maker.plan.until - timedelta(days=ago), datetime.min.time())
        replied = moment + timedelta(seconds=second + round(3600 * hours))
        if draw[6] < self._maker._replies[brand] and replied.date() <= self._maker.plan.until:
            return "answered", f"{replied:%Y-%m-%d %H:%M:%S}.000000"
        return "unanswered", None

    @staticmethod
    def _attributes(place: Place, brand: int, ago: int, draw: Sequence[float]) -> dict[str, str]:
        found = {}
        if "app_version" in place.attributes:
            released = (DAYS - ago) // 30
            found["app_version"] = f"{1 + released // 12}.{released % 12}.{int(draw[9] * 3)}"
        if "location" in place.attributes and draw[9] < 0.7:
            found["location"] = TOWNS[int(draw[10] ** 2 * len(TOWNS))]
        if "product" in place.attributes:
            products = PRODUCTS[industry(brand)]
            found["product"] = products[int(draw[11] * len(products))]
        return found

    def _link(
        self, made: Rows, bands: list[tuple[int, int]], mention: int, brand: int, spot: Spot, copy_of: int | None,
        rejected: bool, text: str,
    ) -> None:  # fmt: skip
        """Say of which brand it speaks, and by what near-duplicates of it are found."""
        judged = (0.12 if rejected else 0.93, int(rejected), "score", None, VERSION) if spot.place.sought else None
        made["mention_brands"].append(
            (mention, self._town.brands[brand], *(judged or (None, 0, None, None, None)), copy_of)
        )
        words = words_of(text)
        key = key_of(words) if len(words) >= SHARED else None
        made["fingerprints"].append((mention, key))
        if key is not None and copy_of is None:
            bands += [(band, key) for band in bands_of(words)]

    def _read(self, made: Rows, place: int, mention: int, told: _Text) -> None:
        """Add what a model version read."""
        version = self._town.version
        if not self._count[place]:
            made["classifications"].append((mention, version, "not_analysed", None, None, ""))
            return
        read = " ".join(word_of(each[2], each[0], dict(each[4]), json.loads(each[3])) for each in told.sentences)
        made["classifications"].append(
            (mention, version, "analysed", *overall([each[0] for each in told.sentences]), read)
        )
        first = self._first[place]
        for position, (said, mark) in enumerate(zip(told.sentences, told.marks, strict=True)):
            draw = self._said[self._sentence - len(told.sentences) + position][5]
            score = round(1 - draw * draw * 0.6, 4)
            made["opinions"].append((first + position, mention, version, position, *mark, said[0], score, *said[2:4]))
            made["opinion_dimensions"] += [
                (first + position, name, polarity, round(score * (0.99 - 0.02 * number), 4))
                for number, (name, polarity) in enumerate(said[4])
            ]


def _clause(draw: float) -> list[str]:
    for rate, clause in CLAUSES:
        draw -= rate
        if draw < 0:
            return [clause]
    return []


def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000000"


def _words(text: str) -> Iterator[str]:
    low = text.lower()
    found = [word for word in COUNTED if word in low and re.search(rf"\b{word}\b", low)]
    yield from found
    if "refund" in found and "late" in found and NEAR.search(low):
        yield "refund NEAR/5 late"


# -- writing ---------------------------------------------------------------------------------------------------------


def _columns(table: str) -> list[str]:
    return [column.name for column in Base.metadata.tables[table].columns]


class Writer:
    """Writes rows in bulk: `executemany` of SQLite, COPY of PostgreSQL. Rows hold what both read: texts and numbers."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.is_sqlite = store.engine.dialect.name == "sqlite"
        if self.is_sqlite:
            event.listen(store.engine, "connect", _hurry)
            store.engine.dispose()

    def write(self, tables: dict[str, list[tuple[Any, ...]]]) -> None:
        """Write rows of some tables in one transaction."""
        with self._store.engine.begin() as connection:
            raw: Any = connection.connection.driver_connection
            for table, rows in tables.items():
                columns = ", ".join(f'"{name}"' for name in _columns(table))
                if self.is_sqlite:
                    marks = ", ".join("?" * len(_columns(table)))
                    raw.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
                    continue
                with raw.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)

    def finish(self) -> None:
        """Let ids go on from here, and tell the planner of PostgreSQL what there is."""
        with self._store.engine.begin() as connection:
            if self.is_sqlite:
                return
            for table in ("mentions", "opinions"):
                connection.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
                )
            connection.execute(text("ANALYZE"))


def _hurry(connection: sqlite3.Connection, _record: Any) -> None:
    for pragma in ("synchronous = OFF", "foreign_keys = OFF", "cache_size = -800000", "wal_autocheckpoint = 20000"):
        connection.execute(f"PRAGMA {pragma}")


_MAKER: dict[tuple[Plan, Town], Maker] = {}


def _make(job: tuple[Plan, Town, Stretch]) -> tuple[Rows, Counter[str], NDArray[np.int64]]:
    plan, town, stretch = job
    if (plan, town) not in _MAKER:
        _MAKER[plan, town] = Maker(plan, town)
    return _MAKER[plan, town].rows(stretch)


def fill(store: Store, plan: Plan) -> dict[str, Any]:
    """Write all mentions of a plan with what was read in them; return what was counted."""
    settle(store, plan)
    town, writer = look_around(store), Writer(store)
    counted: Counter[str] = Counter()
    bands, written = [], 0
    with get_context("spawn").Pool(1) as pool:
        jobs = ((plan, town, stretch) for stretch in plan.stretches())
        for number, (rows, words, found) in enumerate(pool.imap(_make, jobs), 1):
            writer.write(rows)
            counted += words
            bands.append(found)
            written += len(rows["mentions"])
            if number % 20 == 0:
                say(f"{written:,} mentions written")
    # In the order of their table, which else would be written all over.
    every = np.unique(np.concatenate(bands), axis=0)
    for part in np.array_split(every, max(1, len(every) // 500_000)):
        writer.write({"text_bands": list(map(tuple, part.tolist()))})
    writer.finish()
    return dict(counted)


def mark_cells(store: Store, above: int = 0) -> None:
    """Mark the cells of mentions with ids above a number, as the transactions that write mentions do."""
    with store.session() as session:
        session.execute(
            text(
                "INSERT INTO stale_cells (brand_id, source_id, day) SELECT DISTINCT b.brand_id, m.source_id, m.day "
                "FROM mentions m JOIN mention_brands b ON b.mention_id = m.id WHERE m.id > :above"
            ),
            {"above": above},
        )


def add_night(store: Store, plan: Plan, new: int) -> int:
    """Add so many mentions of the last two days, read, with their cells marked; return the highest id before them."""
    with store.reading() as session:
        mention, opinion = (session.scalar(text(f"SELECT max(id) FROM {name}")) for name in ("mentions", "opinions"))
    night = Stretch(plan, DAYS, 1, (new // 2, new - new // 2), mention + 1, opinion + 1)
    rows, _, bands = Maker(plan, look_around(store)).rows(night)
    keys = dict(rows.pop("fingerprints"))
    writer = Writer(store)
    writer.write(rows)
    writer.finish()
    with store.session() as session:
        save_keys(session, keys, map(tuple, bands.tolist()))
    mark_cells(store, mention)
    return int(mention)


def remove_night(store: Store, above: int) -> None:
    """Remove what `add_night` added, and count again."""
    mark_cells(store, above)
    with store.session() as session:
        session.execute(delete(Mention).where(Mention.id > above))
    for work in STEPS.values():
        work(store)


def index_words(store: Store) -> None:
    """Make the index of words for what was written past the product's own way in."""
    with store.engine.begin() as connection:
        index_missing(connection)


STEPS: dict[str, Callable[[Store], object]] = {
    "words": index_words,
    "roll_up": lambda store: roll_up(store),
}
"""What the product does after mentions were stored, in its order, each the product's own function. A part that keeps a
table of its own adds its line here: it fills the generated store, is timed in full, and again after a night."""


# -- the whole -------------------------------------------------------------------------------------------------------


def generate(folder: Path, plan: Plan, url: str | None = None) -> dict[str, Any]:
    """Make the store in a folder, with its settings; return what DONE says. What is whole and the same is left."""
    folder = folder.resolve()
    wanted = {**asdict(plan), "until": str(plan.until), "store": url or "sqlite:///overheard.db"}
    done = folder / DONE
    if done.is_file():
        known = json.loads(done.read_text(encoding="utf-8"))
        if all(known[name] == value for name, value in wanted.items()):
            return dict(known)
    _clear(folder, url)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "overheard.toml").write_text(f"store = {json.dumps(wanted['store'])}\n", encoding="utf-8")
    make_key(folder / "overheard.key")
    store = Store.create(url or f"sqlite:///{folder / 'overheard.db'}")
    started = time.perf_counter()
    found: dict[str, Any] = {**wanted, "words": fill(store, plan)}
    found["write_seconds"] = round(time.perf_counter() - started, 1)
    mark_cells(store)
    found["seconds"] = count_up(store)
    found |= {"opinions": _size(store, "opinions"), "opinion_dimensions": _size(store, "opinion_dimensions")}
    store.close()
    done.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return found


def count_up(store: Store) -> dict[str, float]:
    """Do what follows when mentions are stored (STEPS); return the seconds of each."""
    seconds = {}
    for name, work in STEPS.items():
        started = time.perf_counter()
        work(store)
        seconds[name] = round(time.perf_counter() - started, 1)
    return seconds


def _size(store: Store, table: str) -> int:
    with store.reading() as session:
        return int(session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def _clear(folder: Path, url: str | None) -> None:
    """Remove what a run left that did not end; nothing but our own files, and all tables of a database named by URL."""
    path = folder / "overheard.db" if url is None else sqlite_path(url)
    if path is not None:
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()
        return
    store = Store.create(str(url))
    with store.engine.begin() as connection:
        for table in (*reversed(Base.metadata.sorted_tables), "alembic_version"):
            connection.execute(text(f"DROP TABLE IF EXISTS {table} CASCADE"))
    store.close()


def yesterday() -> date:
    """Return the last whole day, which a generated store ends with."""
    return datetime.now(UTC).date() - timedelta(days=1)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--mentions", default=1_000_000, show_default=True, type=click.IntRange(min=1000))
@click.option("--seed", default=1, show_default=True, type=int)
@click.option("--store", "url", help="Write into this PostgreSQL database, which is emptied, instead of a file.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day  [default: yesterday]")
def main(folder: Path, mentions: int, seed: int, url: str | None, until: datetime | None) -> None:
    """Make a store to ask."""
    found = generate(folder, Plan(mentions, seed, until.date() if until else yesterday()), url)
    click.echo(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
