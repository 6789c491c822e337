"""What is written can be read back as it was, and no file is there by half."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overheard.errors import DiskError, UsageError
from overheard.insight.export import Column, Row
from overheard.report import export as reports
from overheard.report.export import CELL, FORMATS, SHEET, check_rows, new_file, open_writer

COLUMNS = (
    Column("word", "word"), Column("text", "text"), Column("whole", "whole"), Column("number", "number"),
    Column("flag", "flag"), Column("day", "day"), Column("moment", "moment"), Column("object", "object"),
)  # fmt: skip
NOON = datetime(2026, 10, 1, 12, 30, 15, 250_000, tzinfo=UTC)
TEXT = "Größe passt 👍\n„super“, sagte er"
FULL: Row = ("de", TEXT, 2**40, 0.1 + 0.2, True, date(2026, 10, 1), NOON, {"ort": "Köln"})
EMPTY: Row = (None, None, None, None, None, None, None, {})
FORMULAS = (
    "=1+1",
    "+49 30",
    "-5 %",
    "@here",
    "\t=1",
    "\r=1",
    " =1",
    "＝1",
    "\ufeff=1",
    "\u200b\u200d=1",
    "\u2060 +1",
    '=HYPERLINK("http://x.example")',
)


def written(form: str, rows: Sequence[Row], columns: Sequence[Column] = COLUMNS) -> bytes:
    stream = io.BytesIO()
    with open_writer(form, stream, columns, "opinions") as writer:
        for row in rows:
            writer.write([row])
    return stream.getvalue()


def said(text: str) -> Row:
    return ("en", text, *FULL[2:])


def test_parquet_has_types_that_notebooks_take() -> None:
    found = pq.read_table(io.BytesIO(written("parquet", [FULL, EMPTY])))
    assert found.schema.field("word").type == pa.dictionary(pa.int32(), pa.string())
    assert found.schema.field("moment").type == pa.timestamp("us", tz="UTC")
    assert found.schema.field("day").type == pa.date32()
    rows = [tuple(row.values()) for row in found.to_pylist()]
    assert rows == [(*FULL[:-1], '{"ort":"Köln"}'), (*EMPTY[:-1], "{}")]


def test_parquet_is_written_group_by_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "GROUP", 3)
    rows = [said(f"sentence {number}") for number in range(7)]
    found = pq.ParquetFile(io.BytesIO(written("parquet", rows)))
    assert [found.metadata.row_group(number).num_rows for number in range(found.num_row_groups)] == [3, 3, 1]
    assert found.read().column("text").to_pylist() == [row[1] for row in rows]


def test_json_lines_are_exact() -> None:
    full, empty = map(json.loads, written("jsonl", [FULL, EMPTY]).decode().splitlines())
    assert full == {
        "word": "de", "text": FULL[1], "whole": 2**40, "number": 0.1 + 0.2, "flag": True, "day": "2026-10-01",
        "moment": "2026-10-01T12:30:15.250000Z", "object": {"ort": "Köln"},
    }  # fmt: skip
    assert list(empty.values()) == [*[None] * 7, {}]


def test_csv_holds_whole_texts() -> None:
    rows = list(csv.reader(io.StringIO(written("csv", [FULL, EMPTY]).decode(), newline="")))
    assert rows == [
        [column.name for column in COLUMNS],
        ["de", FULL[1], str(2**40), "0.30000000000000004", "true", "2026-10-01", "2026-10-01T12:30:15.250000Z",
         '{"ort":"Köln"}'],
        [*[""] * 7, "{}"],
    ]  # fmt: skip


def test_a_sheet_has_dates_and_numbers() -> None:
    book = openpyxl.load_workbook(io.BytesIO(written("xlsx", [FULL, EMPTY])), read_only=True)
    assert book.sheetnames == ["opinions"]
    head, full, empty = book["opinions"].iter_rows(values_only=True)
    assert head == tuple(column.name for column in COLUMNS)
    moment = NOON.replace(tzinfo=None)
    assert full == (*FULL[:3], pytest.approx(0.3), True, datetime(2026, 10, 1), moment, '{"ort":"Köln"}')  # noqa: DTZ001
    assert empty[:7] == (None,) * 7


@pytest.mark.parametrize("form", FORMATS)
def test_without_rows_there_is_the_header(form: str) -> None:
    content = written(form, [])
    names = [column.name for column in COLUMNS]
    if form == "parquet":
        assert pq.read_table(io.BytesIO(content)).column_names == names
    elif form == "xlsx":
        assert [cell.value for cell in openpyxl.load_workbook(io.BytesIO(content)).active[1]] == names
    else:
        assert content.decode() == ("" if form == "jsonl" else ",".join(names) + "\n")


@pytest.mark.parametrize("text", FORMULAS)
def test_no_spreadsheet_runs_what_a_customer_wrote(text: str) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(written("xlsx", [said(text)]))).active
    assert sheet["B2"].data_type == "s"
    assert sheet["B2"].value.strip() == text.strip()
    rows = list(csv.reader(io.StringIO(written("csv", [said(text)]).decode(), newline="")))
    assert rows[1][1] == "'" + text.replace("\r", "\n")
    for form in ("jsonl", "parquet"):
        content = written(form, [said(text)])
        exact = json.loads(content) if form == "jsonl" else pq.read_table(io.BytesIO(content)).to_pylist()[0]
        assert exact["text"] == text


@settings(deadline=None, max_examples=50)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(text: str) -> None:
    columns = (Column("text", "text"), Column("word", "word"))
    row = (text, text)
    for content, back in (
        (written("jsonl", [row], columns), lambda content: json.loads(content)),
        (written("parquet", [row], columns), lambda content: pq.read_table(io.BytesIO(content)).to_pylist()[0]),
    ):
        assert back(content) == {"text": text, "word": text}
    cells = list(csv.reader(io.StringIO(written("csv", [row], columns).decode(), newline="")))[1]
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    assert all(cell in (plain, f"'{plain}") for cell in cells)
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in cells)
    openpyxl.load_workbook(io.BytesIO(written("xlsx", [row], columns)))


def test_what_no_cell_holds_is_cut_and_said() -> None:
    stream = io.BytesIO()
    with open_writer("xlsx", stream, COLUMNS, "a/b: [c]*?") as writer:
        writer.write([said("x" * CELL), said("y" * (CELL + 1))])
    assert writer.notes == [
        "1 texts were longer than the 32,767 characters that a cell of Excel holds, and are cut; "
        "--format parquet has them whole"
    ]
    sheet = openpyxl.load_workbook(io.BytesIO(stream.getvalue())).active
    assert (len(sheet["B2"].value), sheet["B3"].value[-2:], len(sheet["B3"].value)) == (CELL, "y…", CELL)


def test_a_sheet_that_would_be_too_long_is_refused_before() -> None:
    check_rows("xlsx", SHEET - 1)
    check_rows("parquet", SHEET)
    with pytest.raises(UsageError, match=r"1,048,576 rows do not fit into a sheet of Excel.*--format parquet or csv"):
        check_rows("xlsx", SHEET)


@pytest.mark.parametrize("form", FORMATS)
def test_what_ends_early_leaves_nothing(tmp_path: Path, form: str) -> None:
    place = tmp_path / "table"

    def broken() -> None:
        with new_file(place, force=False) as stream, open_writer(form, stream, COLUMNS, "x") as writer:
            writer.write([FULL])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert list(tmp_path.iterdir()) == []
    place.write_text("before", encoding="utf-8")
    with pytest.raises(UsageError, match="exists already"):
        broken()
    with pytest.raises(ZeroDivisionError), new_file(place, force=True) as stream:
        stream.write(bytes([1 // 0]))
    assert [file.read_text(encoding="utf-8") for file in tmp_path.iterdir()] == ["before"]


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    place, link = tmp_path / "table", tmp_path / "link"
    place.write_text("before", encoding="utf-8")
    link.symlink_to(place)
    with new_file(link, force=True) as stream:
        stream.write(b"after")
        assert place.read_text(encoding="utf-8") == "before"
    assert place.read_text(encoding="utf-8") == "after"
    assert link.is_symlink()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("place", "error", "said"),
    [("no/table", DiskError, "cannot be written"), (".", UsageError, "no file"), ("/dev/null", UsageError, "no file")],
)
def test_a_place_that_holds_no_file_is_refused(tmp_path: Path, place: str, error: Any, said: str) -> None:
    with pytest.raises(error, match=said), new_file(tmp_path / place, force=True):
        raise AssertionError
