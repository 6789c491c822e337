"""Real exports import with a plain command. They are other people's words and not part of this project: the tests read
them from the folder named by OVERHEARD_SHARED, or from ../shared, and skip where there is none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from overheard.importer.run import execute, plan
from overheard.settings import Settings
from overheard.store.brands import add_brand
from overheard.store.database import Store
from overheard.store.tables import Mention, Source

SHARED = Path(os.environ.get("OVERHEARD_SHARED") or Path(__file__).parents[3] / "shared")
BRANDS = SHARED / "data" / "brands"

pytestmark = pytest.mark.skipif(
    not BRANDS.is_dir(), reason=f"no real exports at {BRANDS}; name them in OVERHEARD_SHARED"
)

CLASSES = {"rating": {"1": "positive", "2": "negative", "0": "neutral"}}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options", "counts", "filled"),
    [
        ("flixbus.tsv", {"brand": "A brand", "maps": CLASSES, "where": {"flixbus": "1"}},
         {"read": 2499, "added": 2357, "skipped_by_where": 142},
         {"rating": 2357, "published": 2357, "title": 0, "url": 0}),
        ("reclameaqui_hapvida.csv", {"brand": "A brand"}, {"read": 1016, "added": 1016},
         {"rating": 0, "published": 1016, "title": 1015, "url": 1016}),
        ("reclameaqui_nagem.csv", {"brand": "A brand"}, {"read": 1000, "added": 997, "unchanged": 3},
         {"rating": 0, "published": 997, "url": 997}),
        ("restaurants_de.csv", {"columns": {"brand": "restaurant_name"}}, {"read": 3212, "added": 3212, "brands": 124},
         {"rating": 3212, "published": 3212, "url": 0}),
        ("trustpilot_export.xlsx", {"columns": {"brand": "Company Domain"}},
         {"read": 1028, "added": 923, "rejected": 105, "brands": 8}, {"rating": 923, "published": 923, "reply": 171}),
    ],
)  # fmt: skip
def test_a_plain_command_imports_it(
    store: Store, settings: Settings, tmp_path: Path, name: str, options: dict[str, Any], counts: dict[str, int],
    filled: dict[str, int],
) -> None:  # fmt: skip
    if "brand" in options:
        with store.session() as session:
            add_brand(session, options["brand"])
    result = execute(store, settings, plan(BRANDS / name, **options), rejects=tmp_path / "rejects.jsonl")
    assert result.read == sum(
        (result.added, result.updated, result.unchanged, result.rejected, result.skipped_by_where)
    )  # fmt: skip
    expected = {"updated": 0, "unchanged": 0, "rejected": 0, "skipped_by_where": 0, "brands": 1} | counts
    assert {key: getattr(result, key) for key in expected} | {"brands": len(result.brands)} == expected
    with store.session() as session:
        stored = {key: session.scalar(select(func.count(getattr(Mention, key)))) for key in filled}
        assert stored == filled
        sources = set(session.scalars(select(Source.name)))
    assert sources == ({"trustpilot"} if name == "flixbus.tsv" else {Path(name).stem})


def test_the_largest_is_planned_by_its_first_rows() -> None:
    planned = plan(BRANDS / "pet_insurance.csv", columns={"brand": "brand"})
    roles = {role: names[0] for role, names in planned.columns.roles.items()}
    assert roles == {"brand": "brand", "id": "id", "text": "text", "rating": "rating", "title": "title",
                     "published": "published", "url": "source"}  # fmt: skip
    assert planned.columns.left_out["experienced"] == "another date"
    assert planned.columns.scale == 5
    assert planned.source == "pet_insurance"
    first = planned.samples[0]
    assert first.published is not None
    assert (first.published.year, first.published.month, first.published.day, first.rating) == (2024, 3, 8, 1.0)


@pytest.mark.parametrize("name", ["flixbus.tsv", "restaurants_de.csv", "trustpilot_export.xlsx"])
def test_what_a_person_must_decide_is_said(name: str) -> None:
    planned = plan(BRANDS / name)
    assert any("which brand" in note for note in planned.notes)
    if name == "flixbus.tsv":
        assert "--map 'rating:0=…,1=…,2=…'" in planned.columns.left_out["rating"]
