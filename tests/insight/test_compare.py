"""Brands side by side: differences to the first, and which of them are certain."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from told import Said, Told

from overheard.errors import UsageError
from overheard.insight.compare import Comparison, compare
from overheard.insight.scope import Scope
from overheard.insight.summary import summarise
from overheard.store.brands import add_brand, find_brand
from overheard.store.database import Store
from overheard.store.tables import ModelVersion

from .conftest import Telling

SLOW = Told(sentences=(Said(text="Slow.", sentiment="negative", dimensions={"speed": ("negative", 0.9)}),))
FAST = Told(sentences=(Said(text="Fast.", sentiment="positive", dimensions={"speed": ("positive", 0.9)}),))
KIND = Told(sentences=(Said(text="Kind.", sentiment="positive", dimensions={"service": ("positive", 0.9)}),))


@pytest.fixture
def brands(brand_store: Store, telling: Telling) -> Store:
    """Nordwind is mostly slow, Südsee mostly fast, Ostwald in between; few speak of service."""
    with brand_store.session() as session:
        version = find_brand(session, "Nordwind").model_version_id
        for name in ("Südsee", "Ostwald"):
            add_brand(session, name).model_version_id = version
    telling([SLOW] * 30 + [FAST] * 10 + [KIND] * 4)
    telling([SLOW] * 8 + [FAST] * 32 + [KIND] * 12, brand="Südsee")
    telling([SLOW] * 28 + [FAST] * 14, brand="Ostwald")
    return brand_store


def compared(store: Store, *names: str) -> Comparison:
    with store.reading() as session:
        return compare(session, [find_brand(session, name) for name in names], Scope())


def test_the_first_brand_is_what_the_others_are_compared_with(brands: Store) -> None:
    found = compared(brands, "Nordwind", "Südsee", "Ostwald")
    assert [brand.brand for brand in found.brands] == ["Nordwind", "Südsee", "Ostwald"]
    speed = found.dimensions[0]
    first, better, same = speed.brands
    assert (speed.dimension, first.net.value, better.net.value) == ("speed", -50, 60)
    assert first.difference is None
    assert better.difference is not None
    assert (better.difference.value, better.difference.certain, better.difference.overlap) == (110, True, False)
    assert same.difference is not None
    assert (same.difference.certain, same.difference.overlap) == (False, True)
    assert found.brands[0].difference is None
    assert found.brands[1].difference is not None
    assert found.brands[1].difference.certain


def test_too_few_mentions_have_no_difference(brands: Store) -> None:
    found = compared(brands, "Nordwind", "Südsee")
    service = next(entry for entry in found.dimensions if entry.dimension == "service")
    assert [entry.net.n for entry in service.brands] == [4, 12]
    assert [entry.net.value for entry in service.brands] == [None, 100]
    assert service.brands[1].difference is None


def test_the_figures_are_those_of_the_summaries(brands: Store) -> None:
    found = compared(brands, "Ostwald", "Nordwind")
    with brands.reading() as session:
        alone = summarise(session, find_brand(session, "Nordwind"), Scope())
    brand = found.brands[1]
    assert (brand.net_sentiment, brand.rating, brand.index) == (alone.net_sentiment, alone.rating, alone.index)
    for here, there in zip(found.dimensions, alone.dimensions, strict=True):
        entry = here.brands[1]
        assert (entry.praise, entry.pain, entry.neutral, entry.net, entry.share) == (
            there.praise,
            there.pain,
            there.neutral,
            there.net,
            there.share,
        )


def test_two_model_versions_are_not_compared(brands: Store) -> None:
    with brands.session() as session:
        other = ModelVersion(name="opinion-8", created_at=datetime.now(UTC))
        session.add(other)
        session.flush()
        find_brand(session, "Südsee").model_version_id = other.id
    found = compared(brands, "Nordwind", "Südsee", "Ostwald")
    assert [brand.model for brand in found.brands] == ["opinion-7", "opinion-8", "opinion-7"]
    assert [entry.difference is None for entry in found.dimensions[0].brands] == [True, True, False]


@pytest.mark.parametrize("names", [(), ("Nordwind",), ("Nordwind", "Nordwind")])
def test_fewer_than_two_brands_cannot_be_compared(brands: Store, names: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="expected two or more different brands"):
        compared(brands, *names)
