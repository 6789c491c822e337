"""A store with one brand that a model version answers for, and two sources."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from told import Told, answered_brand, count_up, tell

from overheard.store.brands import add_source, find_brand, import_source
from overheard.store.database import Store
from overheard.store.tables import Source

Telling = Callable[..., list[int]]


@pytest.fixture
def brand_store(store: Store) -> Store:
    """A store with the brand Nordwind, its source `shop` and the import source `trustpost`."""
    with store.session() as session:
        brand = answered_brand(session, "Nordwind")
        add_source(session, brand, "schemaorg", {"url": "https://a.example"}, name="shop")
        import_source(session, "trustpost")
    return store


@pytest.fixture
def telling(brand_store: Store) -> Telling:
    """Write mentions, count them up, return their ids."""

    def write(told: Sequence[Told], *, source: str = "shop", brand: str = "Nordwind", count: bool = True) -> list[int]:
        with brand_store.session() as session:
            place = session.query(Source).filter_by(name=source).one()
            ids = [tell(session, find_brand(session, brand), place, each).id for each in told]
        if count:
            count_up(brand_store)
        return ids

    return write
