"""Exports hold every sentence that counts, once, in a fixed order, with all that is known of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import update
from told import Said, Told, tell

from overheard.errors import NotFoundError, UsageError
from overheard.insight import export as exports
from overheard.insight.export import Export
from overheard.insight.scope import Scope
from overheard.store.brands import add_brand, add_source, find_brand, import_source
from overheard.store.database import Store
from overheard.store.tables import Mention, MentionBrand, ModelVersion

LATE = Said(
    text="It came late.", sentiment="negative", touchpoint="receive", signals=("help", "churn"),
    dimensions={"speed": ("negative", 0.9), "relevance": ("neutral", 0.6)},
)  # fmt: skip
KIND = Said(text="Größe passt 👍 – kind people!", sentiment="positive", dimensions={"service": ("positive", 0.7)})
TITLE = Said(text="Never again", sentiment="negative", field="title")

Writing = Callable[..., list[int]]


@pytest.fixture
def writing(any_store: Store) -> Writing:
    """Write mentions of Nordwind, or of another brand, and return their ids."""
    with any_store.session() as session:
        version = ModelVersion(name="opinion-7", created_at=datetime.now(UTC))
        session.add(version)
        session.flush()
        for name in ("Nordwind", "Other"):
            add_brand(session, name).model_version_id = version.id
        add_source(session, find_brand(session, "Nordwind"), "schemaorg", {"url": "https://a.example"}, name="shop")

    def write(*told: Told, brand: str = "Nordwind", source: str = "shop") -> list[int]:
        with any_store.session() as session:
            found = find_brand(session, brand)
            place = found.sources[0] if source == "shop" else import_source(session, source)
            return [tell(session, found, place, each).id for each in told]

    return write


def table(store: Store, scope: Scope | None = None, *, what: str = "opinions", **how: bool) -> list[dict[str, Any]]:
    with store.reading() as session:
        export = Export(session, find_brand(session, "Nordwind"), scope or Scope(), what=what, **how)
        names = [column.name for column in export.columns]
        rows = [dict(zip(names, row, strict=True)) for _, found in export.pages() for row in found]
        assert export.count() == len(rows)
    return rows


def texts(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [row["text"] for row in rows]


def test_a_row_is_a_sentence_with_all_that_is_known(any_store: Store, writing: Writing) -> None:
    told = Told(sentences=(TITLE, KIND, LATE), rating=0.25, url="https://a.example/1", author="f" * 32, language="de")
    mention = writing(told)[0]
    with any_store.session() as session:
        session.execute(
            update(Mention).values(attributes={"product": "Fenna", "app_version": "2.1"}, reply_state="answered")
        )
    title, kind, late = table(any_store)
    assert (title["field"], title["text"], title["position"]) == ("title", "Never again", 0)
    assert (kind["text"], kind["start"], kind["end"]) == (KIND.text, 0, len(KIND.text))
    assert (kind["dimension_service"], kind["dimension_service_score"], kind["dimension_speed"]) == (
        "positive", 0.7, None,
    )  # fmt: skip
    expected = {
        "brand": "Nordwind", "mention_id": mention, "source": "shop", "kind": "schemaorg", "language": "de",
        "url": "https://a.example/1", "author": "f" * 32, "day": date(2026, 10, 1), "rating": 0.25,
        "published": datetime(2026, 10, 1, 12, tzinfo=UTC), "rating_given": "2", "rating_scale": 5.0,
        "reply_state": "answered", "replied": None, "product": "Fenna", "location": None, "version": "2.1",
        "attributes": {"product": "Fenna", "app_version": "2.1"}, "relevance": None, "duplicate_of": None, "copies": 0,
        "model": "opinion-7", "position": 2, "field": "text", "text": "It came late.", "sentiment": "negative",
        "sentiment_score": 0.9, "touchpoint": "receive", "signal_help": True, "signal_churn": True,
        "signal_advocate": False, "dimension_speed": "negative", "dimension_speed_score": 0.9,
        "dimension_relevance": "neutral", "dimension_relevance_score": 0.6,
    }  # fmt: skip
    assert {name: late[name] for name in expected} == expected
    assert len({column.name for column in exports.columns("opinions")}) == len(exports.columns("opinions"))


def test_a_mention_that_no_sentence_was_read_in_is_a_row_of_mentions_alone(any_store: Store, writing: Writing) -> None:
    writing(
        Told(sentences=(TITLE, KIND)), Told(sentences=(LATE,), status="not_analysed"),
        Told(sentences=(LATE,), status=None),
    )  # fmt: skip
    assert texts(table(any_store)) == [TITLE.text, KIND.text]
    found = table(any_store, what="mentions")
    assert [(row["title"], row["text"], row["status"], row["opinions"]) for row in found] == [
        ("Never again", KIND.text, "analysed", 2), (None, LATE.text, "not_analysed", 0),
        (None, LATE.text, "pending", 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(), ["It came late.", KIND.text, KIND.text]),
        (Scope(since=date(2026, 10, 2)), [KIND.text]),
        (Scope(until=date(2026, 10, 1)), ["It came late.", KIND.text]),
        (Scope(language="nl"), ["It came late.", KIND.text]),
        (Scope(source="notes"), [KIND.text]),
        (Scope(dimension="speed"), ["It came late."]),
        (Scope(touchpoint="receive"), ["It came late."]),
        (Scope(dimension="service", since=date(2026, 10, 2)), [KIND.text]),
        (Scope(since=date(2027, 1, 1)), []),
    ],
)
def test_the_filters_narrow_it(any_store: Store, writing: Writing, scope: Scope, expected: list[str]) -> None:
    writing(Told(sentences=(LATE, KIND), language="nl"))
    writing(Told(sentences=(KIND,), day=date(2026, 10, 2)), source="notes")
    writing(Told(sentences=(LATE,)), brand="Other", source="notes")
    assert texts(table(any_store, scope)) == expected
    mentions = table(any_store, scope, what="mentions")
    assert sum(row["opinions"] for row in mentions) == len(expected)
    assert all(row["opinions"] for row in mentions)


def test_rows_come_in_one_order_whatever_is_read_at_once(
    any_store: Store, writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [date(2026, 10, day) for day in (5, 1, 3, 2, 4)]
    ids = writing(*(Told(sentences=(LATE, KIND), day=day) for day in days))
    whole = table(any_store)
    assert [(row["mention_id"], row["position"]) for row in whole] == [(i, n) for i in ids for n in (0, 1)]
    monkeypatch.setattr(exports, "AT_ONCE", 2)
    assert table(any_store) == whole == table(any_store)


def test_near_duplicates_are_left_out_unless_they_are_wanted(any_store: Store, writing: Writing) -> None:
    first, copy, other, wrong = writing(*[Told(sentences=(LATE,))] * 4)
    with any_store.session() as session:
        link = update(MentionBrand)
        session.execute(link.where(MentionBrand.mention_id == copy).values(duplicate_of=first))
        session.execute(link.where(MentionBrand.mention_id == wrong).values(rejected=True, duplicate_of=first))
    assert [(row["mention_id"], row["copies"]) for row in table(any_store)] == [(first, 1), (other, 0)]
    found = table(any_store, duplicates=True)
    assert [(row["mention_id"], row["duplicate_of"]) for row in found] == [(first, None), (copy, first), (other, None)]


@pytest.mark.parametrize(
    ("scope", "error"),
    [
        (Scope(source="nowhere"), NotFoundError),
        (Scope(dimension="sped"), NotFoundError),
        (Scope(since=date(2026, 2, 1), until=date(2026, 1, 1)), UsageError),
    ],
)
def test_impossible_filters_are_refused(
    any_store: Store, writing: Writing, scope: Scope, error: type[Exception]
) -> None:
    writing(Told(sentences=(LATE,)))
    with pytest.raises(error):
        table(any_store, scope)


def test_a_brand_that_nothing_was_read_of_has_no_opinions(any_store: Store, writing: Writing) -> None:
    writing(replace(Told(sentences=(LATE,)), status=None))
    with any_store.session() as session:
        find_brand(session, "Nordwind").model_version_id = None
    assert table(any_store) == []
    assert [row["status"] for row in table(any_store, what="mentions")] == ["pending"]
