"""One mention as it is shown: its text with the opinions marked, and where each figure comes from."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from datetime import UTC, datetime

import pytest
from rich.console import Console

from overheard.insight.explain import Belonging, Edit, Explanation, Words
from overheard.insight.mentions import FoundDimension
from overheard.report.explain import COLUMNS
from overheard.report.formats import render, to_csv, to_json, to_md

from .conftest import URL, Answers

MOMENT = datetime(2026, 10, 2, 9, 30, tzinfo=UTC)


def shown(found: Explanation, **options: object) -> str:
    file = io.StringIO()
    render(found, "table", Console(file=file, width=100, **options))  # type: ignore[arg-type]
    return file.getvalue()


@pytest.fixture
def explained(answers: Answers) -> Explanation:
    """A mention of three sentences in two fields, edited once, a copy for another brand."""
    (reading,) = answers.explanation.readings
    (opinion,) = reading.opinions
    plain = dataclasses.replace(opinion, dimensions={}, touchpoint="none")
    opinions = (
        dataclasses.replace(opinion, field="title", start=0, end=9, text="Kind *but*", sentiment="positive"),
        dataclasses.replace(opinion, start=0, end=9, text="Too slow.", signals=("churn",)),
        dataclasses.replace(plain, start=10, end=14, text="Yes.", sentiment="mixed"),
    )
    return dataclasses.replace(
        answers.explanation, title="Kind *but*", text="Too slow. Yes. [red]", reply_state="answered", reply="Sorry!",
        replied=MOMENT, attributes={"location": "Ghent"}, readings=(dataclasses.replace(reading, opinions=opinions),),
        brands=(
            *answers.explanation.brands,
            Belonging("[Süd]see", "duplicate", 0.75, False, "score", None, 3, (3, 9), True, None),
        ),
        history=(
            Edit(1, MOMENT, MOMENT.replace(day=5), 1.0, None, (),
                 (Words("same", "Too"), Words("removed", "fast."), Words("added", "slow."))),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        r"Mention \d+$",
        r"  \[1\+ Kind \*but\]\*",
        r"  \[2− Too slow\.\] \[3± Yes\.\] \[red\]",
        r"Source +trust\|post \(import, 1\)",
        r"Author +not given",
        r"Published +2026-09-14 12:00 UTC",
        r"Rating +2 of 5 \(2\.0 of 5 stars\)",
        r"Reply +answered, 2026-10-02 09:30 UTC: Sorry!",
        r"Its location +Ghent",
        re.escape(URL),
        r"Read by opinion-7: .*; answers for Nordwind",
        r"  2 negative 0\.90, speed negative 0\.90, at receive, churn \(text 0 to 9\)",
        r"  3 mixed 0\.90 \(text 10 to 14\)",
        r"  Nordwind: counts; nobody had to judge",
        r"    net sentiment: 0 positive, 1 negative, 0 neutral, 0 mixed sentences",
        r"    votes: speed pain",
        r"  \[Süd\]see: left out as a near-duplicate of mention 3; judged by its words, relevance 0\.75",
        r"    the figures of 2026-09-14 are to be recounted",
        r"  version 1, read 2026-10-02 09:30 UTC, was changed by 2026-10-05 09:30 UTC; stars 5\.0 before, none",
        r"    Too \[-fast\.-\] \[\+slow\.\+\]",
    ],
)
def test_an_explanation_says(explained: Explanation, line: str) -> None:
    assert re.search(f"^{line}", shown(explained), re.MULTILINE), shown(explained)


def test_a_terminal_with_colours_underlines_instead(explained: Explanation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = shown(explained, force_terminal=True, color_system="standard")
    assert "\x1b[4;31mToo slow.\x1b[0m" in text
    assert "\x1b[9;31mfast." in text
    assert "[2−" not in text
    monkeypatch.setenv("NO_COLOR", "1")
    assert "[2− Too slow.]" in shown(explained, force_terminal=True, color_system="standard")


def test_the_keys_of_an_explanation_are_a_contract(explained: Explanation) -> None:
    content = json.loads(to_json(explained))
    assert list(content) == [
        "mention_id", "external_id", "source", "url", "author", "language", "day", "published", "edited", "fetched",
        "vanished", "title", "text", "rating", "rating_given", "rating_scale", "reply_state", "reply", "replied",
        "attributes", "brands", "readings", "history", "themes", "notes",
    ]  # fmt: skip
    late = content["readings"][0]["opinions"][1]
    assert late["dimensions"] == {"speed": {"polarity": "negative", "score": 0.9}}
    assert content["text"][late["start"] : late["end"]] == late["text"]


def test_csv_has_a_row_for_each_dimension_of_each_sentence(explained: Explanation) -> None:
    reading = explained.readings[0]
    two = dataclasses.replace(
        reading.opinions[1], dimensions={name: FoundDimension("negative", 0.9) for name in ("speed", "service")}
    )
    read = dataclasses.replace(reading, opinions=(two, reading.opinions[2]))
    found = dataclasses.replace(explained, readings=(read,))
    rows = list(csv.DictReader(io.StringIO(to_csv(found))))
    assert list(rows[0]) == list(COLUMNS)
    assert [(row["text"], row["dimension"]) for row in rows] == [
        ("Too slow.", "speed"), ("Too slow.", "service"), ("Yes.", ""),
    ]  # fmt: skip
    unread = dataclasses.replace(explained, readings=())
    assert [row["text"] for row in csv.DictReader(io.StringIO(to_csv(unread)))] == ["Kind *but* Too slow. Yes. [red]"]
    assert "Not read yet: run `overheard classify`." in shown(unread)


def test_markdown_shows_what_was_written(explained: Explanation) -> None:
    text = to_md(explained)
    assert r"\[2− Too slow.\] \[3± Yes.\] \[red\]" in text
    assert f"<{URL}>" in text
    assert r"\[-fast.-\] \[+slow.+\]" in text
    assert r"- \[Süd\]see: left out" in text
