"""Mentions are found newest first, with every sentence and what was read in it."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime

import pytest
from told import Said, Told

from overheard.errors import NotFoundError, UsageError
from overheard.insight import counted
from overheard.insight.mentions import Found, find_mentions
from overheard.insight.scope import Scope
from overheard.store.brands import add_brand, find_brand
from overheard.store.database import Store

from .conftest import Telling


@pytest.fixture(params=["few", "many"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of finding mentions: through all of a small brand, by the days of a large one."""
    if request.param == "many":
        monkeypatch.setattr(counted, "FEW", 0)


pytestmark = pytest.mark.usefixtures("size")

LATE = Said(text="It came late.", sentiment="negative", dimensions={"speed": ("negative", 0.9)}, touchpoint="receive")
FAST = Said(text="It came fast.", sentiment="positive", dimensions={"speed": ("positive", 0.8)})
WHEN = Said(text="It came on Monday.", dimensions={"speed": ("neutral", 0.6)})
KIND = Said(text="Kind people!", sentiment="positive", dimensions={"service": ("positive", 0.7)}, signals=("advocate",))
TORN = Said(text="Good and bad.", sentiment="mixed")


def find(store: Store, scope: Scope | None = None, dimension: str | None = None, **search: object) -> list[Found]:
    scope = dataclasses.replace(scope or Scope(), dimension=dimension)
    with store.reading() as session:
        return find_mentions(session, find_brand(session, "Nordwind"), scope, **search)  # type: ignore[arg-type]


@pytest.fixture
def ids(telling: Telling) -> list[int]:
    """Six mentions, oldest first."""
    return telling(
        [
            Told(sentences=(LATE, KIND), day=date(2026, 5, 1)),
            Told(sentences=(FAST, LATE), day=date(2026, 5, 2), language="nl"),
            Told(sentences=(FAST, WHEN), day=date(2026, 5, 3), vanished=datetime(2026, 6, 1, tzinfo=UTC)),
            Told(sentences=(KIND,), day=date(2026, 5, 4)),
            Told(sentences=(TORN,), day=date(2026, 5, 5)),
            Told(sentences=(Said(text="遅い。"),), day=date(2026, 5, 6), language="ja", status="not_analysed"),
        ]
    )


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ({}, [5, 4, 3, 2, 1, 0]),
        ({"limit": 2}, [5, 4]),
        ({"dimension": "speed"}, [2, 1, 0]),
        ({"dimension": "speed", "polarity": "negative"}, [1, 0]),
        ({"dimension": "speed", "polarity": "negative", "limit": 1}, [1]),
        ({"dimension": "speed", "polarity": "positive"}, [2, 1]),
        ({"dimension": "speed", "polarity": "neutral"}, [2]),
        ({"dimension": "culture"}, []),
        ({"polarity": "mixed"}, [4]),
        ({"polarity": "negative"}, [1, 0]),
        ({"scope": Scope(language="nl")}, [1]),
        ({"scope": Scope(since=date(2026, 5, 2), until=date(2026, 5, 4)), "dimension": "speed"}, [2, 1]),
        ({"scope": Scope(source="trustpost")}, []),
    ],
    ids=str,
)
def test_mentions_are_found(brand_store: Store, ids: list[int], search: dict[str, object], expected: list[int]) -> None:
    assert [found.mention_id for found in find(brand_store, **search)] == [ids[position] for position in expected]


def test_a_found_mention_shows_what_was_read_and_marks_what_was_searched(brand_store: Store, ids: list[int]) -> None:
    found = find(brand_store, dimension="speed", polarity="negative")[-1]
    assert (found.mention_id, found.status, found.source, found.kind) == (ids[0], "analysed", "shop", "schemaorg")
    late, kind = found.opinions
    assert (late.text, late.sentiment, late.touchpoint, late.matches) == (LATE.text, "negative", "receive", True)
    assert {name: (entry.polarity, entry.score) for name, entry in late.dimensions.items()} == LATE.dimensions
    assert (kind.text, kind.signals, kind.matches) == (KIND.text, ("advocate",), False)
    assert found.text[kind.start : kind.end] == kind.text


def test_without_a_search_nothing_is_marked(brand_store: Store, ids: list[int]) -> None:
    assert not any(opinion.matches for found in find(brand_store) for opinion in found.opinions)


def test_vanished_unread_and_unreadable_mentions_say_so(brand_store: Store, telling: Telling, ids: list[int]) -> None:
    telling([Told(sentences=(LATE,), day=date(2026, 5, 7), status=None)])
    found = find(brand_store)
    assert [entry.status for entry in found[:2]] == ["pending", "not_analysed"]
    assert (found[0].opinions, found[0].text) == ((), LATE.text)
    assert [entry.mention_id for entry in found if entry.vanished] == [ids[2]]


def test_what_is_not_counted_yet_is_found_too(brand_store: Store, telling: Telling, ids: list[int]) -> None:
    (new,) = telling([Told(sentences=(LATE,), day=date(2026, 5, 9))], count=False)
    assert find(brand_store, dimension="speed", limit=1)[0].mention_id == new


def test_a_mention_of_two_brands_is_found_for_each_and_no_other(brand_store: Store, ids: list[int]) -> None:
    with brand_store.session() as session:
        add_brand(session, "Südsee")
    with brand_store.reading() as session:
        assert find_mentions(session, find_brand(session, "Südsee"), Scope()) == []
        assert find_mentions(session, find_brand(session, "Südsee"), Scope(dimension="speed")) == []


@pytest.mark.parametrize(
    ("search", "error", "message"),
    [
        ({"dimension": "sped"}, NotFoundError, "no dimension 'sped'; expected one of speed"),
        ({"polarity": "bad"}, UsageError, "no polarity 'bad' here; expected one of positive, negative, neutral, mixed"),
        ({"dimension": "speed", "polarity": "mixed"}, UsageError, "no polarity 'mixed' here"),
        ({"limit": 0}, UsageError, "a limit of 1 or more"),
    ],
    ids=str,
)
def test_an_impossible_search_is_an_error(
    brand_store: Store, search: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        find(brand_store, **search)
