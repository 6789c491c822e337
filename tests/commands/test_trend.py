"""`trend` and `explain` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import click
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


@pytest.mark.parametrize("by", ["product", "location", "version"])
def test_by_means_the_period_and_says_where_the_split_is(typed: Path, by: str) -> None:
    done = CliRunner().invoke(overheard, ["trend", "Nordwind", "--by", by], standalone_mode=False)
    assert isinstance(done.exception, click.UsageError)
    assert f"`overheard summary BRAND --by {by}`" in done.exception.message


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["trend", "Nobody"], NotFoundError),
        (["trend", "Nordwind", "--dimension", "price"], NotFoundError),
        (["trend", "Nordwind", "--since", "1990-01-01", "--by", "day"], UsageError),
        (["trend", "Nordwind", "--since", "2026-01-01", "--until", "2025-01-01"], UsageError),
        (["explain", "99"], NotFoundError),
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
