"""A store prepared for the demo: both brands as rivals, and sources that the site answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from overheard.demo.run import prepare
from overheard.demo.site import DemoSite
from overheard.errors import UsageError
from overheard.store.brands import find_brand, list_brands, terms
from overheard.store.database import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    created = Store.create(f"sqlite:///{tmp_path / 'demo.db'}")
    yield created
    created.close()


def test_both_brands_listen_at_places_that_answer(store: Store) -> None:
    with DemoSite() as site:
        prepare(store, site.url)
        with store.session() as session:
            for name, rival in (("Velinde", "Pakkaro"), ("Pakkaro", "Velinde")):
                brand = find_brand(session, name)
                assert terms(brand, "rival") == [rival]
                assert brand.industry
                assert [source.kind for source in brand.sources] == ["schemaorg", "schemaorg", "appstore", "feed"]
                for source in brand.sources:
                    for url in _urls(source.target):
                        with urlopen(url, timeout=10) as response:
                            assert response.status == 200


def _urls(target: dict[str, str]) -> list[str]:
    if "url" in target:
        return [target["url"]]
    countries = target["country"].split("|")
    return [f"{target['base']}/{country}/review?id={target['id']}" for country in countries]


def test_a_second_time_is_refused_and_changes_nothing(store: Store) -> None:
    prepare(store, "http://127.0.0.1:1/")
    with pytest.raises(UsageError, match="'Velinde' exists already"):
        prepare(store, "http://127.0.0.1:2")
    with store.session() as session:
        brands = list_brands(session)
        assert [(brand.name, len(brand.sources)) for brand in brands] == [("Pakkaro", 4), ("Velinde", 4)]
        assert brands[0].sources[0].target == {"url": "http://127.0.0.1:1/pakkaro/plus"}
