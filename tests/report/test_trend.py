"""A trend as it is shown: lines of blocks with their marks, the periods, what moved, in every format."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from overheard.insight.complacency import Complacency, Expectation, RivalMove, Window
from overheard.insight.statistics import Difference, Estimate, Mean
from overheard.insight.trend import ChangePoint, Trend
from overheard.report.formats import render, to_csv, to_json, to_md
from overheard.report.sparkline import BLOCKS, HOLE, marks, sparkline, squeezed

from .conftest import Answers


def shown(answer: Trend, width: int = 100, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="")
    render(answer, "table", Console(file=file, width=width))
    file.flush()
    return raw.getvalue().decode(encoding)


def estimate(value: float) -> Estimate:
    return Estimate(value, value - 10, value + 10, 200)


def difference(value: float, reach: float = 10) -> Difference:
    certain = abs(value) > reach
    return Difference(value, value - reach, value + reach, certain=certain, overlap=not certain)


@pytest.fixture
def changed(answers: Answers) -> Trend:
    """The trend of the told store with a fall, another mix behind it, and a rival that rose."""
    trend = answers.trend
    point = ChangePoint(
        day=trend.periods[44].start, earliest=trend.periods[43].start, latest=trend.periods[46].start,
        before=estimate(40), after=estimate(-20), size=difference(-60), same_mix=difference(-5),
        pace_before=2.0, pace_after=9.0, rating_before=Mean(0.9, 0.8, 1.0, 40), rating_after=Mean(0.25, 0.2, 0.3, 40),
    )  # fmt: skip
    rest = Complacency(
        verdict="complacent", window=Window(date(2024, 1, 1), date(2025, 1, 1), date(2025, 12, 31)),
        before=estimate(20), after=estimate(21), change=difference(1, 4), flat=True,
        rivals=(RivalMove("[Süd]see", True, estimate(0), estimate(30), difference(30), True),
                RivalMove("Ostwald", True, estimate(0), estimate(3), difference(3), False)),
        expectations=(Expectation("stars", estimate(4.1), estimate(3.6), difference(-0.5, 0.2), True),
                      Expectation("pain", estimate(20), estimate(31), difference(11, 5), True)),
    )  # fmt: skip
    return dataclasses.replace(trend, change_points=(point,), complacency=rest)


@pytest.mark.parametrize(
    "line",
    [
        r"Nordwind  all time, all languages, by day$",
        r"Mentions +[▁-█·]+$",
        r"Net +[▁-█·]+$",
        r" +▼$",
        r"▼ from 2026-09-14 on: −60 \(−70…−50\), net \+40 before, −20 after$",
        r"  in a period that began between 2026-09-13 and 2026-09-16 \(95 %\)",
        r"  stars 4\.6 before, 2\.0 after",
        r"  with the same sources and languages on both sides −5 \(−15…\+5\)",
        r"  2\.0 mentions per period before, 9\.0 after: perhaps other people speak",
        r" 2026-09-14 +1 +too few \(1\) +.* +▼ $",
        r" Speed +[▁-█·]+ +−100 ",
        r"Complacency: the level holds while others move; net \+1 \(−3…\+5\), 2025-01-01 to",
        r"  \[Süd\]see \(rival\) rose by \+30 \(\+20…\+40\)",
        r"  stars fell from 4\.10 to 3\.60 of 5",
        r"  pain rose from 20\.0 % to 31\.0 %",
        r"33 of 62 periods have no mention\.",
    ],
)
def test_a_trend_says(changed: Trend, line: str) -> None:
    text = shown(changed)
    assert re.search(f"^{line}", text, re.MULTILINE), text


def test_what_did_not_move_is_not_named(changed: Trend) -> None:
    assert "Ostwald" not in shown(changed)


def test_a_terminal_without_unicode_gets_plain_characters(changed: Trend) -> None:
    text = shown(changed, 80, "ascii")
    assert re.search(r"^Net +[.:=+*%@_-]+$", text, re.MULTILINE)
    assert re.search(r"^v from", text, re.MULTILINE)
    assert re.findall(r".*\?.*", text.replace("review?", "").replace("S?d", "")) == []


def test_the_keys_of_a_trend_are_a_contract(changed: Trend) -> None:
    content = json.loads(to_json(changed))
    assert list(content) == [
        "brand", "scope", "by", "model", "stale", "holes", "dispersion", "periods", "change_points", "window",
        "dimensions", "complacency",
    ]  # fmt: skip
    assert list(content["periods"][0]) == [
        "start", "end", "complete", "mentions", "opinions", "net", "smoothed", "rating",
    ]  # fmt: skip
    assert list(content["change_points"][0])[:6] == ["day", "earliest", "latest", "before", "after", "size"]
    assert list(content["complacency"]) == [
        "verdict", "window", "before", "after", "change", "flat", "rivals", "expectations",
    ]  # fmt: skip
    assert len(content["dimensions"][0]["smoothed"]) == len(content["periods"])


def test_csv_has_every_period_of_the_brand_and_of_each_dimension(changed: Trend) -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(changed))))
    assert len(rows) == len(changed.periods) * (1 + len(changed.dimensions))
    assert {row["dimension"] for row in rows} == {"", "speed", "service"}
    (fall,) = (row for row in rows if row["change"])
    assert (fall["start"], fall["change"], fall["change_latest"]) == ("2026-09-14", "-60", "2026-09-16")


def test_markdown_has_every_period(changed: Trend) -> None:
    text = to_md(changed)
    assert text.count("\n| 2026-") == len(changed.periods)
    assert "- from 2026-09-14 on: −60" in text
    assert "- \\[Süd\\]see (rival) rose" in text


def test_nothing_found_says_what_to_do(answers: Answers) -> None:
    nothing = dataclasses.replace(answers.trend, periods=(), change_points=(), dimensions=(), complacency=None)
    assert "No mentions here" in shown(nothing)
    assert json.loads(to_json(nothing))["periods"] == []
    assert to_csv(nothing).count("\n") == 1


@given(st.lists(st.none() | st.floats(-100, 100), max_size=300), st.integers(1, 120))
def test_a_line_fits_and_keeps_its_order(values: Sequence[float | None], width: int) -> None:
    line = sparkline(squeezed(values, width), -100, 100)
    assert len(line) == min(len(values), width)
    assert set(line) <= {*BLOCKS, HOLE}
    assert (HOLE * len(line) == line) == (all(value is None for value in values))
    assert len(marks(len(values), width, range(len(values)), ())) == len(line)


def test_a_flat_line_is_in_the_middle() -> None:
    assert sparkline([5, 5], 5, 5) == "▅▅"
