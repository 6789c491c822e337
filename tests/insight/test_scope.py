"""Every filter gives what a count by hand of the sentences it keeps gives, from rollups and from a walk alike."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import pytest

from overheard.errors import NotFoundError
from overheard.insight import rollups, statistics
from overheard.insight.compare import compare
from overheard.insight.duplicates import find_duplicates
from overheard.insight.export import Export
from overheard.insight.mentions import find_mentions
from overheard.insight.scope import Scope, Selection, select_scope
from overheard.insight.trend import find_trend
from overheard.store.brands import find_brand
from overheard.store.database import Store

from .test_summary import Entry, check_parts, check_whole, fill, in_scope, nordwind, summary_of, vote

PLACES = [
    Scope(),
    Scope(since=date(2026, 9, 5), until=date(2026, 9, 15)),
    Scope(source="import", language="en", until=date(2026, 9, 14)),
]
FILTERS: list[dict[str, str]] = [
    {},
    {"touchpoint": "receive"},
    {"touchpoint": "none"},
    {"dimension": "speed"},
    {"dimension": "culture"},
    {"touchpoint": "receive", "dimension": "speed"},
]


def cut(entries: list[Entry], scope: Scope) -> list[Entry]:
    """What is left of the mentions: their sentences that the scope keeps, and only those that have one."""
    left = []
    for entry in entries:
        said = [
            said
            for said in (entry.told.sentences if entry.told.status == "analysed" else ())
            if scope.touchpoint in (None, said.touchpoint)
            and (scope.dimension is None or scope.dimension in said.dimensions)
        ]
        if scope.dimension is not None:
            said = [replace(each, dimensions={scope.dimension: each.dimensions[scope.dimension]}) for each in said]
        if said:
            left.append(Entry(entry.source, replace(entry.told, sentences=tuple(said))))
    return left


@pytest.fixture
def filled(any_store: Store) -> tuple[Store, list[Entry]]:
    """A store of each kind."""
    return any_store, fill(any_store)


def test_a_touchpoint_leaves_its_sentences_alone(filled: tuple[Store, list[Entry]]) -> None:
    store, entries = filled
    for place in PLACES:
        scope = replace(place, touchpoint="receive")
        found = summary_of(store, scope)
        check_whole(found, cut(entries, scope), place)
        check_parts(found, cut(entries, scope), place)


def test_a_dimension_leaves_its_votes_alone(filled: tuple[Store, list[Entry]]) -> None:
    store, entries = filled
    for place in PLACES:
        for touchpoint in (None, "receive"):
            scope = replace(place, dimension="speed", touchpoint=touchpoint)
            left = [entry.told for entry in cut(entries, scope) if in_scope(entry, place)]
            votes = Counter(vote(told, "speed") for told in left)
            found = summary_of(store, scope)
            assert (found.mentions, found.analysed) == (len(left), len(left))
            assert found.rating.n == sum(told.rating is not None for told in left)
            expected = statistics.net(statistics.votes(votes["positive"], votes["negative"], votes["neutral"]))
            assert found.net_sentiment == expected
            (speed,) = found.dimensions
            assert (speed.dimension, speed.praise + speed.pain + speed.neutral) == ("speed", len(left))
            assert [value.value for value in found.index.values()] == [None] * 4
            assert not any(entry.moves for entry in (*found.pains, *found.praises))
            read = Counter(said.sentiment for told in left for said in told.sentences)
            assert asdict(found.sentiment) == {name: read[name] for name in asdict(found.sentiment)}
            assert sum(part.opinions for part in found.touchpoints) == found.opinions == read.total()
            for signal in found.signals:
                carrying = [sum(signal.signal in said.signals for said in told.sentences) for told in left]
                assert (signal.mentions, signal.opinions) == (sum(map(bool, carrying)), sum(carrying))


@pytest.mark.parametrize("asked", FILTERS, ids=str)
def test_a_filter_means_the_same_in_every_answer(filled: tuple[Store, list[Entry]], asked: dict[str, str]) -> None:
    store, _ = filled
    with store.session() as session:
        find_brand(session, "Südsee").model_version_id = nordwind(session).model_version_id
    for place in PLACES:
        scope = replace(place, **asked)  # type: ignore[arg-type]
        summary = summary_of(store, scope)
        with store.reading() as session:
            brand, other = nordwind(session), find_brand(session, "Südsee")
            compared = compare(session, [brand, other], scope)
            trend = find_trend(session, brand, scope, by="month")
            opinions = Export(session, brand, scope, what="opinions").count()
            listed = find_mentions(session, brand, scope, limit=200)
        assert len(listed) == summary.mentions
        assert opinions == summary.opinions == sum(period.opinions for period in trend.periods)
        assert sum(period.mentions for period in trend.periods) == summary.mentions
        assert sum(period.rating.n for period in trend.periods) == summary.rating.n
        if summary.mentions:
            side = compared.brands[0]
            assert side.brand == summary.brand
            assert (side.mentions, side.analysed) == (summary.mentions, summary.analysed)
            assert (side.net_sentiment, side.rating, side.index) == (
                summary.net_sentiment, summary.rating, summary.index,
            )  # fmt: skip


def test_a_walk_gives_what_the_rollups_give(filled: tuple[Store, list[Entry]], monkeypatch: pytest.MonkeyPatch) -> None:
    store, _ = filled
    scopes = [replace(place, **asked) for place in PLACES for asked in FILTERS]
    by_rollup = [read(store, scope) for scope in scopes]
    monkeypatch.setattr(Selection, "is_counted", lambda *_: True)
    for scope, expected in zip(scopes, by_rollup, strict=True):
        assert read(store, scope) == expected, scope


def read(store: Store, scope: Scope) -> list[Any]:
    with store.reading() as session:
        brand = nordwind(session)
        version = brand.model_version_id
        assert version is not None
        selection = select_scope(session, brand, scope)
        return [
            sorted(rollups.read_mentions(session, selection), key=str),
            sorted(rollups.read_sentiment(session, version, selection), key=str),
            rollups.read_dimensions(session, version, selection),
            rollups.read_signals(session, version, selection),
        ]


@pytest.mark.parametrize("asked", FILTERS, ids=str)
def test_quotes_mentions_and_copies_fulfil_the_filter(filled: tuple[Store, list[Entry]], asked: dict[str, str]) -> None:
    store, entries = filled
    scope = Scope(**asked)  # type: ignore[arg-type]
    summary = summary_of(store, scope)
    with store.reading() as session:
        brand = nordwind(session)
        found = {mention.mention_id: mention for mention in find_mentions(session, brand, scope, limit=200)}
        assert find_duplicates(session, brand, scope).left_out == 0
    assert len(found) == (len(cut(entries, scope)) if asked else len(entries))
    quotes = [quote for entry in summary.dimensions for quote in (*entry.quotes.praise, *entry.quotes.pain)]
    assert bool(quotes) == (asked != {"dimension": "culture"})
    for quote in quotes:
        (opinion,) = [each for each in found[quote.mention_id].opinions if each.start == quote.start]
        assert opinion.matches == bool(asked)
        assert opinion.touchpoint == asked.get("touchpoint", opinion.touchpoint)
        assert asked.get("dimension", "speed") in opinion.dimensions or "dimension" not in asked


@pytest.mark.parametrize(
    ("scope", "message"),
    [
        (Scope(touchpoint="recieve"), "no touchpoint 'recieve'; expected one of discover, buy, receive"),
        (Scope(dimension="sped"), "no dimension 'sped'; expected one of speed, ease"),
    ],
)
def test_an_unknown_name_lists_the_known_ones(brand_store: Store, scope: Scope, message: str) -> None:
    with brand_store.reading() as session, pytest.raises(NotFoundError, match=message):
        select_scope(session, nordwind(session), scope)
