"""`overheard export` as a person types it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from told import Said, Told, count_up, tell

from overheard.cli import overheard
from overheard.errors import OverheardError, UsageError
from overheard.insight.export import columns
from overheard.report import export as reports
from overheard.settings import Settings
from overheard.store.brands import add_brand, import_source
from overheard.store.database import Store
from overheard.store.readings import version_id

LATE = Said(text="=Late\nagain.", sentiment="negative", dimensions={"speed": ("negative", 0.9)})
KIND = Said(text="Kind people!", sentiment="positive", dimensions={"service": ("positive", 0.7)})


@pytest.fixture
def home(settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a store with three opinions of Nordwind."""
    with store.session() as session:
        brand = add_brand(session, "Nordwind")
        brand.model_version_id = version_id(session, "opinion-7")
        place = import_source(session, "notes")
        tell(session, brand, place, Told(sentences=(LATE, KIND)))
        tell(session, brand, place, Told(sentences=(KIND,), language="nl"))
    count_up(store)
    monkeypatch.chdir(settings.directory)
    return settings.directory


def export(*arguments: str) -> Result:
    return CliRunner().invoke(overheard, ["export", "Nordwind", *arguments])


def texts(place: Path) -> list[str]:
    if place.suffix == ".parquet":
        return pq.read_table(place).column("text").to_pylist()
    if place.suffix == ".xlsx":
        rows = list(openpyxl.load_workbook(place).active.iter_rows(values_only=True))
        return [row[rows[0].index("text")] for row in rows[1:]]
    content = place.read_text(encoding="utf-8")
    if place.suffix == ".csv":
        return [row["text"] for row in csv.DictReader(io.StringIO(content, newline=""))]
    return [json.loads(line)["text"] for line in content.splitlines()]


@pytest.mark.parametrize("form", reports.FORMATS)
def test_the_ending_says_the_format(home: Path, form: str) -> None:
    done = export("--output", f"out.{form}")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == f"3 opinions of 2 mentions written to out.{form}\n"
    late = "'=Late\nagain." if form == "csv" else "=Late\nagain."
    assert texts(home / f"out.{form}") == [late, "Kind people!", "Kind people!"]
    again = export("--output", f"out.{form}", "--lang", "nl")
    assert isinstance(again.exception, UsageError)
    assert export("--output", f"out.{form}", "--lang", "nl", "--force").exit_code == 0
    assert texts(home / f"out.{form}") == ["Kind people!"]


def test_standard_output_takes_texts(home: Path) -> None:
    done = export("--format", "jsonl", "--what", "mentions")
    assert [json.loads(line)["opinions"] for line in done.stdout.splitlines()] == [2, 1]
    assert done.stderr == "2 mentions of 2 mentions written\n"
    assert export("--format", "csv", "--dimension", "speed").stdout.count("\n") == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no format can be told from '-'; give --format, one of parquet, csv, jsonl, xlsx"),
        (("--output", "table.txt"), "no format can be told from 'table.txt'"),
        (("--format", "parquet"), "parquet cannot go to standard output; name a file with --output FILE.parquet"),
        (("--output", "none/t.csv"), "cannot be written"),
        (("--output", "t.csv", "--source", "x"), "no source 'x'"),
    ],
)
def test_what_cannot_be_is_refused(home: Path, arguments: tuple[str, ...], said: str) -> None:
    before = sorted(home.iterdir())
    done = export(*arguments)
    assert isinstance(done.exception, OverheardError)
    assert said in str(done.exception)
    assert sorted(home.iterdir()) == before


def test_a_sheet_that_is_too_long_is_refused_before_it_is_begun(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "SHEET", 3)
    assert "3 rows do not fit" in str(export("--output", "t.xlsx").exception)
    assert export("--output", "t.xlsx", "--lang", "nl").exit_code == 0


def test_a_full_disk_leaves_no_half_file(home: Path) -> None:
    command = f"ulimit -f 0; exec {sys.executable} -m overheard export Nordwind --output t.parquet"
    before = sorted(home.iterdir())
    done = subprocess.run(["bash", "-c", command], cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert sorted(home.iterdir()) == before


def test_the_documentation_names_every_column() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "export.md").read_text(encoding="utf-8")
    for column in (*columns("opinions"), *columns("mentions")):
        if not column.name.startswith(("signal_", "dimension_")):
            assert f"`{column.name}`" in page, column.name
