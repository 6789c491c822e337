"""The worked examples of the methods are what the program computes."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from overheard.importer import surveys as survey_files
from overheard.insight import inbox, statistics, surveys, targets
from overheard.report import inbox as inbox_page

ROOT = Path(__file__).resolve().parents[1]


def test_the_examples_of_the_methods_are_computed() -> None:
    found = doctest.testfile(str(ROOT / "docs/methods-inbox.md"), module_relative=False)
    assert (found.failed, found.attempted > 10) == (0, True)


MODULES = (inbox, statistics, surveys, targets, survey_files, inbox_page)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.__name__))
def test_the_examples_of_docstrings_are_computed(module: object) -> None:
    found = doctest.testmod(module)  # type: ignore[arg-type]
    assert (found.failed, found.attempted > 0) == (0, True)
