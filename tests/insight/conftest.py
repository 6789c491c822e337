"""A store with one brand that a model version answers for, and two sources."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from told import Told, count_up, tell

from overheard.store.brands import add_brand, add_source, find_brand, import_source
from overheard.store.database import Store
from overheard.store.tables import ModelVersion, Source

Telling = Callable[..., list[int]]


@pytest.fixture
def brand_store(store: Store) -> Store:
    """A store with the brand Nordwind, its source `shop` and the import source `trustpost`."""
    with store.session() as session:
        version = ModelVersion(name="opinion-7", created_at=datetime.now(UTC))
        session.add(version)
        session.flush()
        brand = add_brand(session, "Nordwind")
        brand.model_version_id = version.id
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
