"""A summary against a count of the same mentions by hand, one by one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from told import Said, Told, count_up, tell

from overheard import taxonomy
from overheard.errors import NotFoundError, UsageError
from overheard.insight import statistics
from overheard.insight.scope import Scope
from overheard.insight.statistics import Estimate, Sums
from overheard.insight.summary import Summary, summarise
from overheard.store.brands import add_brand, add_source, import_source
from overheard.store.database import Store
from overheard.store.tables import Brand, MentionBrand, ModelVersion, StaleCell

from .conftest import Telling

NAMES = [dimension.name for dimension in taxonomy.load().dimensions]
TOUCHPOINTS = [touchpoint.name for touchpoint in taxonomy.load().touchpoints]
SIGNALS = [signal.name for signal in taxonomy.load().signals]
FIRST = date(2026, 9, 1)


@dataclass(frozen=True)
class Entry:
    """One mention as the hand counts it."""

    source: str
    told: Told


def invented(seed: int, count: int) -> list[Entry]:
    """Mentions of every kind: days, languages, sources and stars vary, some are unread and some unreadable."""
    rng = random.Random(seed)
    entries = []
    for number in range(count):
        sentences = tuple(
            Said(
                text=f"Sentence {number} of a customer, part {part}.",
                sentiment=rng.choice(["positive", "positive", "negative", "neutral", "mixed"]),
                dimensions={
                    name: (rng.choice(["positive", "negative", "negative", "neutral"]), rng.random())
                    for name in rng.sample(NAMES[:6], rng.choice([0, 1, 1, 2]))
                },
                touchpoint=rng.choice(TOUCHPOINTS),
                signals=tuple(rng.sample(SIGNALS, rng.choice([0, 0, 1, 2]))),
            )
            for part in range(rng.randint(0, 4))
        )
        told = Told(
            sentences=sentences or (Said(text="…"),),
            day=FIRST + timedelta(days=rng.randrange(20)),
            language=rng.choice(["en", "en", "nl", "ja"]),
            rating=rng.choice([None, 0.0, 0.25, 0.75, 1.0]),
        )
        status = "not_analysed" if told.language == "ja" else rng.choice(["analysed"] * 9 + [None])
        entries.append(Entry(rng.choice(["shop", "trustpost"]), replace(told, status=status)))
    return entries


def fill(store: Store) -> list[Entry]:
    made = invented(4, 90)
    with store.session() as session:
        version = ModelVersion(name="opinion-7", created_at=datetime.now(UTC))
        session.add(version)
        session.flush()
        brand, other = add_brand(session, "Nordwind"), add_brand(session, "Südsee")
        brand.model_version_id = other.model_version_id = version.id
        sources = {
            "shop": add_source(session, brand, "schemaorg", {"url": "https://a.example"}, name="shop"),
            "trustpost": import_source(session, "trustpost"),
        }
        for entry in made:
            tell(session, brand, sources[entry.source], entry.told)
        for entry in invented(5, 20):
            tell(session, other, sources["trustpost"], entry.told)
    count_up(store)
    return made


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, list[Entry]]]:
    """A store that the tests only read, and what is in it."""
    store = Store.create(f"sqlite:///{tmp_path_factory.mktemp('filled')}/s.db")
    yield store, fill(store)
    store.close()


def summary_of(store: Store, scope: Scope) -> Summary:
    with store.reading() as session:
        return summarise(session, nordwind(session), scope)


def nordwind(session: Session) -> Brand:
    return session.scalars(select(Brand).where(Brand.name == "Nordwind")).one()


def in_scope(entry: Entry, scope: Scope) -> bool:
    told = entry.told
    return (
        (scope.since is None or told.day >= scope.since)
        and (scope.until is None or told.day <= scope.until)
        and (scope.language is None or told.language == scope.language)
        and (
            scope.source is None
            or entry.source == {"import": "trustpost", "schemaorg": "shop"}.get(scope.source, scope.source)
        )
    )


def net_of(clusters: list[Counter[str]]) -> Estimate:
    """The net of per-mention counts, by the definition; its interval is tested with the statistics."""
    pairs = [(c["positive"], c["negative"]) for c in clusters]
    return statistics.net(
        Sums(
            len(pairs),
            sum(p for p, _ in pairs),
            sum(n for _, n in pairs),
            sum((p + n) ** 2 for p, n in pairs),
            sum((p - n) ** 2 for p, n in pairs),
            sum((p + n) * (p - n) for p, n in pairs),
        )
    )


def vote(told: Told, name: str) -> str | None:
    """At most one vote per mention and dimension; praise and pain together are neutral."""
    polarities = {said.dimensions[name][0] for said in told.sentences if name in said.dimensions}
    if not polarities:
        return None
    sides = polarities - {"neutral"}
    return sides.pop() if len(sides) == 1 else "neutral"


def general_vote(told: Told) -> str | None:
    verdicts = {said.sentiment for said in told.sentences if not said.dimensions} & {"positive", "negative"}
    if not verdicts:
        return None
    return verdicts.pop() if len(verdicts) == 1 else "neutral"


SCOPES = [
    Scope(),
    Scope(since=date(2026, 9, 8)),
    Scope(since=date(2026, 9, 5), until=date(2026, 9, 15)),
    Scope(language="nl"),
    Scope(source="trustpost"),
    Scope(source="import", language="en", until=date(2026, 9, 14)),
    Scope(language="it"),
]


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_every_figure_is_what_a_count_by_hand_gives(filled: tuple[Store, list[Entry]], scope: Scope) -> None:
    store, entries = filled
    check_whole(summary_of(store, scope), entries, scope)


@pytest.mark.parametrize("scope", SCOPES[:5], ids=str)
def test_dimensions_pillars_touchpoints_and_signals_are_counted(
    filled: tuple[Store, list[Entry]], scope: Scope
) -> None:
    store, entries = filled
    check_parts(summary_of(store, scope), entries, scope)


def test_every_kind_of_store_gives_the_same(any_store: Store) -> None:
    entries = fill(any_store)
    for scope in (Scope(), SCOPES[5]):
        check_whole(summary_of(any_store, scope), entries, scope)
    check_parts(summary_of(any_store, Scope()), entries, Scope())


def check_whole(found: Summary, entries: list[Entry], scope: Scope) -> None:
    chosen = [entry for entry in entries if in_scope(entry, scope)]
    read = [entry.told for entry in chosen if entry.told.status == "analysed"]
    sentences = [said for told in read for said in told.sentences]

    assert (found.brand, found.model) == ("Nordwind", "opinion-7")
    assert found.mentions == len(chosen)
    assert found.analysed == len(read)
    assert found.not_analysed == sum(entry.told.status == "not_analysed" for entry in chosen)
    assert found.pending == sum(entry.told.status is None for entry in chosen)
    assert found.opinions == len(sentences)
    assert found.first == min((entry.told.day for entry in chosen), default=None)
    assert found.last == max((entry.told.day for entry in chosen), default=None)
    counts = Counter(said.sentiment for said in sentences)
    assert found.sentiment.positive == counts["positive"]
    assert found.sentiment.negative == counts["negative"]
    assert found.sentiment.neutral == counts["neutral"]
    assert found.sentiment.mixed == counts["mixed"]
    assert found.net_sentiment == net_of([Counter(said.sentiment for said in told.sentences) for told in read])
    ratings = [entry.told.rating for entry in chosen if entry.told.rating is not None]
    assert found.rating.n == len(ratings)
    assert found.rating.mean == (pytest.approx(sum(ratings) / len(ratings)) if len(ratings) >= 10 else None)


def check_parts(found: Summary, entries: list[Entry], scope: Scope) -> None:
    read = [entry.told for entry in entries if in_scope(entry, scope) and entry.told.status == "analysed"]
    assert [entry.dimension for entry in found.dimensions] == NAMES
    for entry in found.dimensions:
        votes = Counter(vote(told, entry.dimension) for told in read)
        assert (entry.praise, entry.pain, entry.neutral) == (votes["positive"], votes["negative"], votes["neutral"])
        assert entry.net == statistics.net(statistics.votes(entry.praise, entry.pain, entry.neutral))
        shown = len(read) >= statistics.MINIMUM
        assert entry.share == (pytest.approx((len(read) - votes[None]) / len(read)) if shown else None)
    for pillar, names in taxonomy.load().pillars.items():
        clusters = []
        for told in read:
            votes_here = [vote(told, name) for name in names]
            votes_here += [general_vote(told)] if pillar == "enjoyable" else []
            if any(votes_here):
                clusters.append(Counter(each for each in votes_here if each))
        assert found.index[pillar] == statistics.index(net_of(clusters))
    for touchpoint in found.touchpoints:
        here = [[s.sentiment for s in told.sentences if s.touchpoint == touchpoint.touchpoint] for told in read]
        assert touchpoint.opinions == sum(len(sentiments) for sentiments in here)
        assert touchpoint.net == net_of([Counter(sentiments) for sentiments in here if sentiments])
    for signal in found.signals:
        carrying = [sum(signal.signal in said.signals for said in told.sentences) for told in read]
        assert (signal.mentions, signal.opinions) == (sum(map(bool, carrying)), sum(carrying))


def test_languages_and_sources_add_up_to_the_whole(filled: tuple[Store, list[Entry]]) -> None:
    store, entries = filled
    found = summary_of(store, Scope())
    by_language = Counter(entry.told.language for entry in entries)
    assert {entry.language: entry.mentions for entry in found.languages} == by_language
    assert {entry.source: entry.mentions for entry in found.sources} == Counter(entry.source for entry in entries)
    assert {entry.source: entry.kind for entry in found.sources} == {"shop": "schemaorg", "trustpost": "import"}
    assert sum(entry.analysed for entry in found.languages) == found.analysed
    assert sum(entry.analysed for entry in found.sources) == found.analysed
    dutch = summary_of(store, Scope(language="nl"))
    assert next(entry for entry in found.languages if entry.language == "nl").net_sentiment == dutch.net_sentiment
    shop = summary_of(store, Scope(source="shop"))
    of_shop = next(entry for entry in found.sources if entry.source == "shop")
    assert (of_shop.net_sentiment, of_shop.rating) == (shop.net_sentiment, shop.rating)


def test_a_source_is_named_by_name_kind_or_number(filled: tuple[Store, list[Entry]]) -> None:
    store, _ = filled
    shop = next(entry for entry in summary_of(store, Scope()).sources if entry.source == "shop")
    for given in ("shop", "SHOP", "schemaorg", str(shop.id)):
        assert summary_of(store, Scope(source=given)).mentions == shop.mentions


@pytest.mark.parametrize(
    ("scope", "error", "message"),
    [
        (Scope(source="shopp"), NotFoundError, r"no source 'shopp' for 'Nordwind'.*'shop' \(schemaorg, \d+\)"),
        (Scope(language="Dutch"), UsageError, "no language 'Dutch'"),
        (Scope(since=date(2026, 9, 2), until=date(2026, 9, 1)), UsageError, "2026-09-02 until 2026-09-01"),
    ],
)
def test_an_impossible_scope_is_an_error_of_one_line(
    filled: tuple[Store, list[Entry]], scope: Scope, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as caught:
        summary_of(filled[0], scope)
    assert "\n" not in str(caught.value)


def test_before_the_first_classification_there_are_mentions_and_stars_only(store: Store) -> None:
    with store.session() as session:
        brand = add_brand(session, "Nordwind")
        source = import_source(session, "trustpost")
        for rating in (0.0, 1.0):
            tell(session, brand, source, Told(sentences=(Said(text="Well."),), rating=rating, status=None))
    count_up(store)
    found = summary_of(store, Scope())
    assert (found.mentions, found.analysed, found.pending, found.model) == (2, 0, 2, None)
    assert (found.rating.mean, found.rating.n) == (None, 2)
    assert found.net_sentiment == Estimate(None, None, None, 0)
    assert {entry.share for entry in found.dimensions} == {None}


def test_a_brand_without_mentions_has_an_answer_too(store: Store) -> None:
    with store.session() as session:
        add_brand(session, "Nordwind")
    found = summary_of(store, Scope())
    assert (found.mentions, found.first, found.languages, found.sources) == (0, None, (), ())
    assert found.index["overall"] == Estimate(None, None, None, 0)


def test_days_that_changed_since_the_last_count_are_told(store: Store) -> None:
    fill(store)
    assert summary_of(store, Scope()).stale == 0
    with store.session() as session:
        source = import_source(session, "trustpost")
        for day in (1, 9):
            session.add(StaleCell(brand_id=nordwind(session).id, source_id=source.id, day=date(2026, 9, day)))
    assert summary_of(store, Scope()).stale == 2
    assert summary_of(store, Scope(until=date(2026, 9, 3))).stale == 1
    assert summary_of(store, Scope(source="shop")).stale == 0


def test_what_is_not_counted_yet_leaves_no_negative_number(brand_store: Store, telling: Telling) -> None:
    opinion = Said(text="Slow.", sentiment="negative", dimensions={"speed": ("negative", 0.9)})
    foreign = Told(sentences=(), status="not_analysed", language="da")
    telling([Told(sentences=(opinion,)), foreign])
    telling([foreign] * 3, count=False)
    assert summary_of(brand_store, Scope()).pending == 0


@pytest.mark.parametrize("asked", [{}, {"query": "slow"}, {"dimension": "speed"}, {"touchpoint": "receive"}], ids=str)
def test_what_was_rejected_since_the_last_count_is_not_quoted(
    brand_store: Store, telling: Telling, asked: dict[str, str]
) -> None:
    slow = Said(text="Slow post.", sentiment="negative", dimensions={"speed": ("negative", 0.9)}, touchpoint="receive")
    kept, gone = telling([Told(sentences=(replace(slow, text=text),)) for text in ("Slow post.", "So very slow.")])
    with brand_store.session() as session:
        session.execute(update(MentionBrand).where(MentionBrand.mention_id == gone).values(rejected=True))
    found = summary_of(brand_store, Scope(**asked))  # type: ignore[arg-type]
    quotes = [quote.mention_id for entry in found.dimensions for quote in entry.quotes.pain]
    assert quotes == [kept]
