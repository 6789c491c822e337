"""`trend` and `explain` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from overheard.cli import overheard
from overheard.errors import NotFoundError, UsageError


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a store of three mentions that nothing has read."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OVERHEARD_CONFIG", raising=False)
    (tmp_path / "r.csv").write_text(
        "id,text,date,rating\n1,Late again.,2025-10-01,2\n2,Fine.,2025-10-03,4\n3,Oh.,2025-11-20,5\n", encoding="utf-8"
    )
    for call in (["init"], ["brand", "add", "Nordwind"], ["import", "r.csv", "--brand", "Nordwind"]):
        assert run(*call).exit_code == 0
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(overheard, arguments)


def test_a_trend_is_there_before_anything_is_classified(typed: Path) -> None:
    found = json.loads(run("trend", "Nordwind", "--by", "week", "--format", "json").stdout)
    assert [period["mentions"] for period in found["periods"]] == [2, 0, 0, 0, 0, 0, 0, 1]
    assert (found["by"], found["model"], found["complacency"]) == ("week", None, None)
    assert "run `overheard classify`" in run("trend", "Nordwind").stdout


@pytest.mark.parametrize(
    "question",
    [
        ["trend", "Nordwind", "--by", "month"],
        ["themes", "Nordwind"],
        ["inbox", "Nordwind", "--since", "2025-01-01"],
        ["compare", "Nordwind", "Südsee"],
        ["mentions", "Nordwind"],
        ["mentions", "Nordwind", "--duplicates"],
        ["surveys", "Nordwind"],
        ["targets", "Nordwind"],
    ],
    ids=lambda question: "".join(question[::2]),
)
def test_by_asks_the_same_of_each_value(typed: Path, question: list[str]) -> None:
    (typed / "places.csv").write_text(
        "id,text,date,city\n4,Late.,2025-10-02,Ghent\n5,Slow.,2025-10-02,GHENT\n6,Bad.,2025-10-02,Ghent\n"
        "7,Fine.,2025-10-04,Bruges\n", encoding="utf-8",
    )  # fmt: skip
    assert run("brand", "add", "Südsee").exit_code == 0
    assert run("import", "places.csv", "--brand", "Nordwind", "--columns", "location=city").exit_code == 0
    split = [*question, "--by", "location"]
    found = json.loads(run(*split, "--format", "json").stdout)
    assert [(part["value"], part["mentions"]) for part in found["parts"]] == [("Ghent", 3), ("Bruges", 1)]
    assert (found["by"], found["without"], found["others"]) == ("location", 3, 0)
    shown = run(*split).stdout
    assert shown.index("By location: Ghent, 3 mentions") < shown.index("By location: Bruges, 1 mention\n")
    assert "3 mentions name no location." in shown
    assert "# By location: Ghent" in run(*split, "--format", "md").stdout
    head, *rows = run(*split, "--format", "csv").stdout.splitlines()
    assert head.startswith("split_by,split_value,")
    assert all(row.startswith(("location,Ghent,", "location,Bruges,")) for row in rows)
    assert len(set(head.split(","))) == len(head.split(","))
    narrow = json.loads(run(*split, "--lang", "xx", "--format", "json").stdout)
    assert narrow["parts"] == []
    assert "No mention here names a location." in run(*split, "--lang", "xx").stdout


def test_a_trend_has_one_period_and_one_attribute(typed: Path) -> None:
    done = run("trend", "Nordwind", "--by", "week", "--by", "month")
    assert isinstance(done.exception, UsageError)
    assert "--by week --by month: expected one period at most" in str(done.exception)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["trend", "Nobody"], NotFoundError),
        (["trend", "Nordwind", "--dimension", "price"], NotFoundError),
        (["trend", "Nordwind", "--since", "1990-01-01", "--by", "day"], UsageError),
        (["trend", "Nordwind", "--since", "2026-01-01", "--until", "2025-01-01"], UsageError),
        (["explain", "99"], NotFoundError),
        (["export", "Nordwind", "--by", "product"], UsageError),
        (["mentions", "Nordwind", "--rejected", "--by", "product"], UsageError),
        (["targets", "show", "--by", "product"], UsageError),
        (["alerts", "--by", "product"], UsageError),
    ],
)
def test_what_cannot_be_answered_is_one_line(typed: Path, arguments: list[str], error: type[Exception]) -> None:
    done = run(*arguments)
    assert isinstance(done.exception, error)
    assert "\n" not in str(done.exception)


@pytest.mark.parametrize("form", ["table", "json", "csv", "md"])
def test_a_mention_is_explained_in_every_format(typed: Path, form: str) -> None:
    done = run("explain", "1", "--format", form)
    assert done.exit_code == 0, done.exception
    assert "Late again." in done.stdout
