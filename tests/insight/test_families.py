"""Comparisons of brands that are alike mark few differences as real."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def families() -> ModuleType:
    """The benchmark `families`."""
    spec = importlib.util.spec_from_file_location("families", ROOT / "benchmarks" / "families.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_brands_that_are_alike_are_seldom_told_apart(families: ModuleType) -> None:
    """Drawn with a seed: 60 answers in the same mix, 60 with a mix of its own for each brand."""
    same = families.measure(3, 300, same_mix=True, families=60)
    assert same.ours <= 0.05 < same.unadjusted
    own = families.measure(3, 300, same_mix=False, families=60)
    assert own.ours <= 0.05 < own.own_mix
