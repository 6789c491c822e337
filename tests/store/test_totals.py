"""The sums over all days are those of the rollups, whatever is told, edited or removed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from told import Said, Told, count_up, tell

from overheard.store import totals
from overheard.store.brands import add_brand, find_brand, find_source, import_source, remove_brand, remove_source
from overheard.store.database import Store
from overheard.store.tables import Mention, ModelVersion, StaleCell

SLOW = Said(text="Slow.", sentiment="negative", dimensions={"speed": ("negative", 0.9)}, touchpoint="receive")
ROWS = 7
"""Sums of a brand × source × language: speed anywhere and at two touchpoints; sentiment the same, and one pillar."""

FAST = Said(text="Fast.", sentiment="positive", dimensions={"speed": ("positive", 0.9)})


def sums(session: Session, table: Any, of: Any) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """What a table holds by the key of a table of sums."""
    keys = [column.key for column in of.__table__.primary_key.columns]
    values = [column.key for column in of.__table__.columns if column.key not in keys]
    columns = [getattr(table, name) for name in keys]
    rows = session.execute(select(*columns, *(func.sum(getattr(table, name)) for name in values)).group_by(*columns))
    return {tuple(row[: len(keys)]): tuple(row[len(keys) :]) for row in rows}


def agree(store: Store) -> int:
    """Check that every sum is that of its rollup and none is of nothing; return how many there are."""
    found = 0
    with store.reading() as session:
        for total, rollup in totals.TOTALS:
            here = sums(session, total, total)
            assert here == sums(session, rollup, total)
            assert session.scalar(select(func.count()).select_from(total)) == len(here)
            found += len(here)
    return found


@pytest.fixture
def told(any_store: Store) -> Store:
    """Two brands at two sources over several days."""
    with any_store.session() as session:
        version = ModelVersion(name="opinion-7", created_at=datetime.now(UTC))
        session.add(version)
        session.flush()
        for name in ("Nordwind", "Südsee"):
            brand = add_brand(session, name)
            brand.model_version_id = version.id
            for place in ("shop", "forum"):
                source = import_source(session, place)
                for day in range(1, 8):
                    for language in ("en", "nl"):
                        said = (SLOW, FAST, FAST)
                        tell(session, brand, source, Told(sentences=said, day=date(2026, 10, day), language=language))
    count_up(any_store)
    return any_store


def test_the_sums_are_those_of_the_rollups(told: Store) -> None:
    assert agree(told) == 2 * 2 * 2 * ROWS


def test_a_cell_that_is_recomputed_is_not_counted_twice(told: Store) -> None:
    with told.session() as session:
        gone = session.scalars(select(Mention).where(Mention.language == "nl")).all()
        for mention in gone:
            for brand in (1, 2):
                session.merge(StaleCell(brand_id=brand, source_id=mention.source_id, day=mention.day))
        session.execute(delete(Mention).where(Mention.id.in_([mention.id for mention in gone])))
    count_up(told)
    assert agree(told) == 2 * 2 * ROWS


def test_what_is_removed_takes_its_sums_with_it(told: Store) -> None:
    with told.session() as session:
        remove_brand(session, find_brand(session, "Südsee"))
        remove_source(session, find_source(session, 1))
    assert agree(told) == 2 * ROWS
