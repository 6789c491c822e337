"""--by: one answer for each product, location or version, the most frequent ones first."""

from __future__ import annotations

import pytest
from told import FETCHED, Said, Told, count_up, tell

from overheard.errors import UsageError
from overheard.insight.scope import Scope
from overheard.insight.split import Split, split, summarise_by
from overheard.insight.summary import summarise
from overheard.report.formats import to_csv, to_json, to_md
from overheard.store.brands import add_brand, find_brand, import_source
from overheard.store.database import Store
from overheard.store.tables import ModelVersion

SLOW = Said(text="Slow.", sentiment="negative", dimensions={"speed": ("negative", 0.9)}, touchpoint="receive")
KIND = Said(text="Kind.", sentiment="positive", dimensions={"service": ("positive", 0.9)}, touchpoint="support")


def told(place: str | None, *said: Said) -> Told:
    return Told(sentences=said, attributes={} if place is None else {"location": place}, rating=0.5)


@pytest.fixture
def filled(any_store: Store) -> Store:
    """Three spellings of one place, two other places, and mentions of no place."""
    with any_store.session() as session:
        version = ModelVersion(name="m-1", created_at=FETCHED)
        session.add(version)
        session.flush()
        brand = add_brand(session, "Nordwind")
        brand.model_version_id = version.id
        source = import_source(session, "trustpost")
        entries = [told("Gent", SLOW)] * 8 + [told("GENT", SLOW, KIND)] * 3 + [told("Gént", KIND)]
        entries += [told("Liège | *x*", KIND)] * 5 + [told("=Aalst", SLOW)] * 2 + [told(None, KIND)] * 4
        for entry in entries:
            tell(session, brand, source, entry)
    count_up(any_store)
    return any_store


def by_location(store: Store, scope: Scope | None = None, limit: int = 10) -> Split:
    with store.reading() as session:
        return summarise_by(session, find_brand(session, "Nordwind"), scope or Scope(), "location", limit=limit)


def test_spellings_of_a_value_are_one(filled: Store) -> None:
    found = by_location(filled)
    assert [(part.value, part.mentions) for part in found.parts] == [("Gent", 12), ("Liège | *x*", 5), ("=Aalst", 2)]
    assert (found.others, found.others_mentions, found.without) == (0, 0, 4)
    gent, liege, _ = found.parts
    assert gent.top_pain
    assert gent.top_praise
    assert (gent.top_pain.dimension, gent.top_pain.mentions) == ("speed", 11)
    assert (gent.top_praise.dimension, gent.top_praise.mentions) == ("service", 4)
    assert (liege.top_pain, liege.net_sentiment.value) == (None, None)


def test_a_part_is_the_summary_of_its_scope(filled: Store) -> None:
    gent = by_location(filled).parts[0]
    with filled.reading() as session:
        brand = find_brand(session, "Nordwind")
        found = summarise(session, brand, split(session, brand, Scope(), "location").values[0].scope)
    assert (gent.mentions, gent.analysed, gent.first, gent.last) == (12, 12, found.first, found.last)
    assert (gent.net_sentiment, gent.rating, gent.index) == (found.net_sentiment, found.rating, found.index["overall"])


def test_the_rest_is_counted(filled: Store) -> None:
    found = by_location(filled, limit=1)
    assert ([part.value for part in found.parts], found.others, found.others_mentions) == (["Gent"], 2, 7)


def test_filters_cut_the_parts(filled: Store) -> None:
    found = by_location(filled, Scope(touchpoint="receive"))
    assert [(part.value, part.mentions) for part in found.parts] == [("Gent", 11), ("=Aalst", 2)]
    assert found.without == 0
    assert [part.mentions for part in by_location(filled, Scope(query="kind NOT slow")).parts] == [5, 1]


def test_a_split_is_not_split_again(filled: Store) -> None:
    with filled.reading() as session, pytest.raises(UsageError, match="already split by location"):
        split(session, find_brand(session, "Nordwind"), Scope(attribute=("location", "Gent")), "product")


def test_every_format_holds_every_value_as_plain_text(filled: Store) -> None:
    found = by_location(filled)
    assert to_json(found).count('"value": "Gent"') == 1
    header, *lines = to_csv(found).splitlines()
    assert len(lines) == 3
    assert "'=Aalst" in lines[2]
    assert header.startswith("brand,since")
    assert "Liège \\| \\*x\\*" in to_md(found)
