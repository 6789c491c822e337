"""Quotes show what they claim, are cut out exactly, and differ from one another."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from told import Said, Told

from overheard.insight.quotes import Quote
from overheard.insight.scope import Scope
from overheard.insight.summary import summarise
from overheard.store.brands import find_brand
from overheard.store.database import Store
from overheard.store.tables import Mention

from .conftest import Telling

LATE = "The parcel came nine days after the promised date."
SLOW = "Forty minutes on hold before a human being answered."
QUEUE = "There was a queue out of the door at two counters."
TRAIN = "My train stood still for an hour outside the station."


def slow(
    text: str,
    score: float = 0.9,
    *,
    sentiment: str = "negative",
    day: date = date(2026, 10, 1),
    language: str = "en",
    vanished: datetime | None = None,
    url: str | None = None,
    rating: float | None = None,
) -> Told:
    said = Said(text=text, sentiment=sentiment, dimensions={"speed": ("negative", score)})
    return Told(sentences=(said,), day=day, language=language, vanished=vanished, url=url, rating=rating)


def pains(store: Store, limit: int = 3, dimension: str = "speed", scope: Scope | None = None) -> list[Quote]:
    with store.reading() as session:
        found = summarise(session, find_brand(session, "Nordwind"), scope or Scope(), quotes=limit)
    return list(next(entry for entry in found.dimensions if entry.dimension == dimension).quotes.pain)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param([slow(LATE, 0.6), slow(SLOW, 0.95), slow(TRAIN, 0.8)], [SLOW, TRAIN, LATE], id="best score first"),
        pytest.param([slow("Slow!", 0.99), slow(LATE, 0.7)], [LATE, "Slow!"], id="a fragment comes last"),
        pytest.param([slow(f"{SLOW} " * 5, 0.99), slow(LATE, 0.7)], [LATE, f"{SLOW} " * 5], id="so does a story"),
        pytest.param(
            [slow(LATE, 0.99, sentiment="mixed"), slow(SLOW, 0.6)], [SLOW, LATE], id="a mixed sentence comes last"
        ),
        pytest.param([slow(LATE, 0.99, sentiment="positive"), slow(SLOW, 0.6)], [SLOW], id="the opposite never"),
        pytest.param(
            [slow(LATE), slow(LATE.upper()), slow(f"{LATE[:-1]} again!"), slow(SLOW, 0.5)],
            [f"{LATE[:-1]} again!", SLOW],
            id="near-duplicates",
        ),
        pytest.param(
            [slow(LATE, 0.91, day=date(2026, 1, 5)), slow(SLOW, 0.92, day=date(2026, 9, 1))],
            [SLOW, LATE],
            id="the recent of equals first",
        ),
        pytest.param(
            [slow(LATE, 0.89, day=date(2026, 9, 1)), slow(SLOW, 0.91, day=date(2026, 1, 5))],
            [LATE, SLOW],
            id="scores that hardly differ are equal",
        ),
        pytest.param(
            [
                slow(LATE, day=date(2026, 9, 3)),
                slow(SLOW, day=date(2026, 9, 2)),
                slow(TRAIN, day=date(2026, 9, 1), language="nl"),
            ],
            [LATE, TRAIN, SLOW],
            id="languages take turns among equals",
        ),
        pytest.param(
            [slow(LATE, vanished=datetime(2026, 11, 1, tzinfo=UTC)), slow(SLOW, 0.6)], [SLOW], id="not what vanished"
        ),
        pytest.param(
            [slow(LATE, 0.95, rating=1.0), slow(SLOW, 0.7, rating=0.0), slow(TRAIN, 0.8)],
            [TRAIN, SLOW, LATE],
            id="what the stars contradict comes last",
        ),
        pytest.param([], [], id="nothing"),
    ],
)
def test_the_sentences_that_show_it_best_are_quoted(
    brand_store: Store, telling: Telling, told: list[Told], expected: list[str]
) -> None:
    telling(told)
    assert [quote.text for quote in pains(brand_store)] == expected


def test_a_quote_is_cut_out_of_title_or_text_exactly(brand_store: Store, telling: Telling) -> None:
    title = Said(text="Zu spät 😡, viel zu spät geliefert!", sentiment="negative", field="title")
    text = Said(text="Après 3 semaines… toujours rien 📦 ❗", sentiment="negative")
    slow_title, slow_text = (
        Said(text=said.text, sentiment="negative", field=said.field, dimensions={"speed": ("negative", score)})
        for said, score in ((title, 0.9), (text, 0.8))
    )
    opening = Said(text="Bonjour à tous 👋.")
    telling([Told(sentences=(slow_title,)), Told(sentences=(opening, slow_text))])
    quotes = pains(brand_store)
    assert [(quote.text, quote.field) for quote in quotes] == [(title.text, "title"), (text.text, "text")]
    with brand_store.reading() as session:
        for quote in quotes:
            mention = session.get_one(Mention, quote.mention_id)
            assert getattr(mention, quote.field)[quote.start : quote.end] == quote.text


def test_a_quote_says_where_it_comes_from(brand_store: Store, telling: Telling) -> None:
    (number,) = telling([slow(LATE, 0.875, url="https://a.example/review/9", day=date(2026, 8, 3))], source="trustpost")
    (quote,) = pains(brand_store)
    assert (quote.mention_id, quote.source, quote.url) == (number, "trustpost", "https://a.example/review/9")
    assert quote.published == datetime(2026, 8, 3, 12, tzinfo=UTC)
    assert (quote.score, quote.language, quote.rating) == (0.875, "en", None)


def test_a_mention_gives_one_quote_to_a_side(brand_store: Store, telling: Telling) -> None:
    sentences = tuple(slow(text).sentences[0] for text in (LATE, SLOW, TRAIN))
    telling([Told(sentences=sentences), slow(QUEUE, 0.6)])
    assert [quote.text in (LATE, SLOW, TRAIN) for quote in pains(brand_store)] == [True, False]


def test_sources_take_turns_among_equals(brand_store: Store, telling: Telling) -> None:
    telling([slow(LATE, 0.92), slow(SLOW, 0.91)])
    telling([slow(TRAIN, 0.88), slow(QUEUE, 0.88)], source="trustpost")
    assert {quote.source for quote in pains(brand_store, limit=2)} == {"shop", "trustpost"}


def test_a_sentence_is_quoted_once_in_the_whole_answer_where_there_is_another(
    brand_store: Store, telling: Telling
) -> None:
    both = Said(text=LATE, sentiment="negative", dimensions={"speed": ("negative", 0.9), "ease": ("negative", 0.9)})
    ease = Said(
        text="Nobody could explain the form to me.", sentiment="negative", dimensions={"ease": ("negative", 0.5)}
    )
    telling([Told(sentences=(both,))])
    assert [quote.text for quote in pains(brand_store, dimension="ease")] == [LATE]
    telling([Told(sentences=(ease,))])
    assert [quote.text for quote in pains(brand_store, dimension="ease")] == [ease.text]
    assert [quote.text for quote in pains(brand_store, dimension="speed")] == [LATE]


def test_quotes_keep_to_the_scope_and_the_limit(brand_store: Store, telling: Telling) -> None:
    telling([slow(LATE, day=date(2026, 9, 1)), slow(SLOW, language="nl")])
    telling([slow(TRAIN, 0.3)], source="trustpost")
    assert [quote.text for quote in pains(brand_store, scope=Scope(until=date(2026, 9, 15)))] == [LATE]
    assert [quote.text for quote in pains(brand_store, scope=Scope(language="nl"))] == [SLOW]
    assert [quote.text for quote in pains(brand_store, scope=Scope(source="trustpost"))] == [TRAIN]
    assert len(pains(brand_store, limit=2)) == 2
    assert pains(brand_store, limit=0) == []


def test_the_same_store_gives_the_same_quotes(brand_store: Store, telling: Telling) -> None:
    words = "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima".split()
    telling([slow(f"Waited very long for {word} and then for {word[::-1]}.") for word in words])
    assert len({tuple(quote.mention_id for quote in pains(brand_store)) for _ in range(3)}) == 1
