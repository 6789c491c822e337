"""The gate of the extraction benchmark: floors on its pages, which go up with a better reader and never down."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from overheard.crawler.spiders.schemaorg import parse

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
PAGES = BENCHMARKS / "extraction" / "pages"
SHA256 = "4b328c6abe2204c1bad29d4d6e4966f94cea9911d28415872baadc354f1a8692"
"""Over names and bytes of the pages and of what is wanted of them: the floors hold for these."""

FLOORS = {"precision": 0.993, "recall": 0.996, "f1": 0.995}
FIELD_FLOORS = {"rating": 0.99, "date": 0.99, "author": 0.99, "reply": 0.98, "title": 0.96}


@pytest.fixture(scope="module")
def measures() -> ModuleType:
    """The measures of the benchmark, which is a script and no package."""
    spec = importlib.util.spec_from_file_location("extraction_measures", BENCHMARKS / "extraction_measures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_gate_holds(measures: ModuleType) -> None:
    digest = hashlib.sha256()
    for path in sorted(PAGES.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    assert digest.hexdigest() == SHA256, "these are not the pages that the floors were measured on"
    cases = measures.read_cases(PAGES)
    pairs = [
        ([measures.of_item(item) for item in parse(case.body, case.url, case.fetched).items], case.reviews)
        for case in cases
    ]
    found = measures.score(pairs)
    low = {name: getattr(found, name) for name, floor in FLOORS.items() if getattr(found, name) < floor}
    low |= {name: found.accuracy(name) for name, floor in FIELD_FLOORS.items() if (found.accuracy(name) or 0) < floor}
    assert low == {}


def test_a_page_without_reviews_gives_none(measures: ModuleType) -> None:
    without = [case for case in measures.read_cases(PAGES) if not case.reviews]
    assert len(without) >= 4
    for case in without:
        assert parse(case.body, case.url, case.fetched).items == (), case.name


def test_what_counts_as_found(measures: ModuleType) -> None:
    wanted = measures.Review("The lid leaks and nobody answers the phone at all", "Never again")
    with_title = measures.Review("Never again. The lid leaks, and nobody answers the phone at all!")
    cut = measures.Review("The lid leaks and nobody…")
    assert measures.matched([cut, with_title], [wanted]) == [(with_title, wanted)]
    assert measures.matched([cut], [wanted]) == []
    found = measures.score([([with_title, with_title], [wanted])])
    assert (found.precision, found.recall, found.right) == (0.5, 1.0, 1)
