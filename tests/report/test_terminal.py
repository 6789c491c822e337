"""What a person sees: tables that fit, numbers with their intervals, and nothing that steers the terminal."""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Sequence
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from overheard.insight.compare import compare
from overheard.insight.scope import Scope
from overheard.insight.summary import summarise
from overheard.report.bars import DivergingBar
from overheard.report.formats import render, to_md
from overheard.store.brands import find_brand
from overheard.store.database import Store

from .conftest import URL, Answers


def printed(answer: Any, width: int = 80, **options: object) -> str:
    file = io.StringIO()
    render(answer, "table", Console(file=file, width=width, **options))  # type: ignore[arg-type]
    return file.getvalue()


def every(answers: Answers) -> Sequence[Any]:
    return (
        answers.summary, answers.comparison, answers.found, answers.duplicates, answers.trend, answers.explanation,
    )  # fmt: skip


@pytest.mark.parametrize("width", [80, 100, 160])
def test_every_answer_fits_the_terminal(answers: Answers, width: int) -> None:
    for answer in every(answers):
        assert max(cell_len(line) for line in printed(answer, width).splitlines()) <= width


def test_a_wider_terminal_gets_longer_bars(answers: Answers) -> None:
    assert printed(answers.summary, 120).count("█") > printed(answers.summary, 80).count("█")


@pytest.mark.parametrize(
    "line",
    [
        r"Mentions +29 \(2026-08-01 to 2026-10-01\)",
        r"Opinions +29: 14 positive, 14 negative, 1 neutral, 0 mixed",
        r"Net sentiment +0 \(−\d+…\+\d+\)",
        r"Stars +3\.5 of 5 \(\d\.\d…\d\.\d\), 28 rated",
        r"CX index +\d+ \(\d+…\d+\): effective too few \(0\), easy \d+ \(\d+…\d+\), enjoyable",
        r"Languages +en 15, fr 14",
        r"Sources +trust\|post 29",
        r"Model +opinion-7",
        r" Speed +14 +█+│ +0 +−100 \(−100…−\d+\) +48 % ",
        r" Service +0 +│█+ +14 +\+100 \(\+\d+…\+100\) +48 % ",
        r" Culture +0 +│ +0 +too few \(0\) +0 % ",
        r"What hurts",
        r"Speed  impact 48\.3, moves the net by −100, 14 mentions \(48 %\)",
        r"    trust\|post, 2026-09-\d\d, fr, mention \d+ *$",
        rf"    {re.escape(URL)}$",
        r" Receive +14 +█+│ +0 +−100 \(−100…−\d+\) +14 ",
        r"Signals +advocate 14 \(48 %\)",
    ],
)
def test_a_summary_says(answers: Answers, line: str) -> None:
    assert re.search(f"^{line}", printed(answers.summary), re.MULTILINE), printed(answers.summary)


@pytest.mark.parametrize(
    "line",
    [
        r"Nordwind and \[Süd\]see  all time, all languages",
        r" +Nordwind +\[Süd\]see +Difference",
        r" Mentions +29 +24 +",
        r"Each brand in its own mix",
        r" Share of voice +55 % \(41…67\) +45 % \(33…59\)",
        r" Speed \* +−100 \(−100…−\d+\) +\+100 \(\+\d+…\+100\) +\+200 \(\+\d+…\+200\) +$",
        r" Culture +too few \(0\) +too few \(0\) +$",
    ],
)
def test_a_comparison_says(answers: Answers, line: str) -> None:
    assert re.search(f"^{line}", printed(answers.comparison), re.MULTILINE), printed(answers.comparison)


def test_many_brands_are_split_over_tables_that_fit(told_store: Store) -> None:
    with told_store.reading() as session:
        brands = [find_brand(session, name) for name in ("Nordwind", "[Süd]see", "Ostwald", "Westend", "Inland")]
        found = compare(session, brands, Scope())
    text = printed(found)
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    assert text.count(" Share of voice ") == 2
    assert printed(found, 160).count(" Share of voice ") == 1


def test_brands_without_analysed_mentions_are_listed(told_store: Store) -> None:
    with told_store.reading() as session:
        found = compare(session, [find_brand(session, name) for name in ("Unheard", "Nordwind", "[Süd]see")], Scope())
        empty = compare(session, [find_brand(session, name) for name in ("Unheard", "Nordwind")], Scope(language="nl"))
    assert "Without mentions here: Unheard." in printed(found)
    assert "Nothing to compare" in printed(empty)
    assert "Without mentions here: Unheard, Nordwind." in printed(empty)
    assert printed(empty).startswith("Unheard and Nordwind")
    assert "classify" not in printed(empty)
    assert "Widen the period" in to_md(empty)


@pytest.mark.parametrize(
    "line",
    [
        r"mention \d+, trust\|post, 2026-09-14, fr, rated 2 of 5 stars$",
        re.escape(f"  {URL}"),
        r"  > Waited 12 weeks for it\. *$",
        r"    negative, speed negative 0\.90, at receive *$",
    ],
)
def test_found_mentions_say(answers: Answers, line: str) -> None:
    assert re.search(f"^{line}", printed(answers.found), re.MULTILINE), printed(answers.found)


def test_a_long_address_stays_whole(answers: Answers) -> None:
    address = f"https://reviews.example/{'a-long-way/' * 12}"
    (first, *_) = answers.found
    assert f"  {address}\n" in printed([dataclasses.replace(first, url=address)])


def test_a_vanished_mention_is_marked(told_store: Store) -> None:
    from overheard.insight.mentions import find_mentions

    with told_store.reading() as session:
        found = find_mentions(session, find_brand(session, "Nordwind"), Scope(language="en"), limit=1)
    assert "en, vanished 2026-11-01" in printed(found)


def test_what_customers_wrote_cannot_steer_the_terminal(answers: Answers) -> None:
    for answer in every(answers):
        text = printed(answer)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert "red | *bold* <b>tag</b> new line" in " ".join(printed(answers.found).split())


def test_colour_is_for_terminals_without_no_color(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" not in printed(answers.summary)
    assert "\x1b[32m" in printed(answers.summary, force_terminal=True, color_system="standard")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[\d;]*3[12]m", printed(answers.summary, force_terminal=True, color_system="standard"))


def test_a_terminal_without_unicode_gets_plain_characters(answers: Answers) -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii", newline="")
    render(answers.summary, "table", Console(file=file, width=80))
    file.flush()
    text = raw.getvalue().decode("ascii")
    assert "###|" in text
    assert "-100 (-100~-57)" in text


@pytest.mark.parametrize(
    ("pain", "praise", "largest", "expected"),
    [
        (0, 0, 0, "    │    "),
        (10, 5, 10, "████│██  "),
        (1, 1000, 1000, "   ▐│████"),
        (0, 8, 8, "    │████"),
        (3, 4, 8, "  ▐█│██  "),
    ],
)
def test_bars_grow_from_the_axis(pain: int, praise: int, largest: int, expected: str) -> None:
    file = io.StringIO()
    Console(file=file, width=9).print(DivergingBar(pain, praise, largest), end="")
    assert file.getvalue() == expected


def test_nothing_found_says_what_to_do(store: Store) -> None:
    from overheard.store.brands import add_brand

    with store.session() as session:
        add_brand(session, "Nordwind")
    with store.reading() as session:
        found = summarise(session, find_brand(session, "Nordwind"), Scope())
    assert "No mentions here" in printed(found)
    assert "No such mentions" in printed([])
