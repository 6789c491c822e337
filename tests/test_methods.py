"""The worked examples of docs/methods.md are what the program computes."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from overheard.importer import surveys as survey_files
from overheard.insight import change, cues, impact, inbox, significance, statistics, surveys, targets
from overheard.report import figures, summary_findings
from overheard.report import inbox as inbox_page

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE = DOCS / "methods.md"


def test_the_examples_come_out() -> None:
    """The page is one session: what an earlier example named is there in a later one."""
    code = re.sub(r"(?m)^```.*$", "", PAGE.read_text(encoding="utf-8"))
    example = doctest.DocTestParser().get_doctest(code, {}, PAGE.name, str(PAGE), 0)
    told: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(example, out=told.append)
    assert result.attempted > 0
    assert result.failed == 0, "".join(told)


def test_every_formula_has_an_example_beside_it() -> None:
    """A section that shows a formula, on a line set apart, computes something too."""
    for section in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        if re.search(r"(?m)^    \S", re.sub(r"(?s)```.*?```", "", section)):
            assert ">>> " in section, section.splitlines()[0]


MODULES = (
    change, cues, figures, impact, inbox, inbox_page, significance, statistics, summary_findings, survey_files, surveys,
    targets,
)  # fmt: skip


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.__name__))
def test_the_examples_of_docstrings_come_out(module: object) -> None:
    found = doctest.testmod(module)  # type: ignore[arg-type]
    assert (found.failed, found.attempted > 0) == (0, True)
