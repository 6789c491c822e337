"""The worked examples of docs/methods.md are what the program computes."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from overheard.insight import change, cues, impact, significance
from overheard.report import figures, summary_findings

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = sorted(DOCS.glob("methods*.md"))


def sections(page: Path) -> list[str]:
    """The parts of a page that stand under a heading each, with code or without."""
    return re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_examples_come_out(page: Path) -> None:
    """One page is one session: what an earlier example named is there in a later one."""
    code = re.sub(r"(?m)^```.*$", "", page.read_text(encoding="utf-8"))
    example = doctest.DocTestParser().get_doctest(code, {}, page.name, str(page), 0)
    told: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(example, out=told.append)
    assert result.attempted > 0
    assert result.failed == 0, "".join(told)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_formula_has_an_example_beside_it(page: Path) -> None:
    """A section that shows a formula, on a line set apart, computes something too."""
    for section in sections(page)[1:]:
        if re.search(r"(?m)^    \S", re.sub(r"(?s)```.*?```", "", section)):
            assert ">>> " in section, section.splitlines()[0]


@pytest.mark.parametrize("module", [change, cues, figures, impact, significance, summary_findings])
def test_the_examples_of_docstrings_come_out(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
