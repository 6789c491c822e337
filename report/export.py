"""Writers of a flat table: Parquet, CSV, JSON lines, a sheet of Excel; each takes rows as they come and keeps none.

A file appears under its name when it is whole: until then it has another one beside it.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from overheard.errors import DiskError, UsageError
from overheard.insight.export import Column, Row
from overheard.report.formats import stamp
from overheard.report.spreadsheet import is_formula

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ("parquet", "csv", "jsonl", "xlsx")
STREAMED = ("csv", "jsonl")
"""Formats that can go to standard output."""

SHEET = 1_048_576
"""Rows of a sheet of Excel, the header's included."""

CELL = 32_767
"""Characters of a cell of Excel."""

GROUP = 50_000
"""Rows of a row group of Parquet: what is held in memory, some 50 MB."""

_LINE_BREAK = re.compile(r"\r\n?")
"""What readers of CSV and XML take for a line break, or for the end of a row."""
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Writer:
    """What writes rows of one format, in a `with` block whose good end completes what is written.

    `notes` says at the end what a person should know.
    """

    def __init__(self) -> None:
        self.notes: list[str] = []

    def write(self, rows: Sequence[Row]) -> None:
        """Write rows, or keep them until there are enough."""
        raise NotImplementedError

    def close(self) -> None:
        """Write what is left."""

    def abandon(self) -> None:
        """Let go of what is half written."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is None:
            self.close()
        else:
            self.abandon()


def open_writer(form: str, stream: BinaryIO, columns: Sequence[Column], sheet: str) -> Writer:
    """Return the writer of a format, which writes the header first; `sheet` names the sheet in Excel."""
    if form == "xlsx":
        return _Excel(stream, columns, sheet)
    if form == "parquet":
        return _Parquet(stream, columns)
    return _Csv(stream, columns) if form == "csv" else _JsonLines(stream, columns)


def check_rows(form: str, rows: int) -> None:
    """Raise UsageError where a format cannot hold so many rows."""
    if form == "xlsx" and rows >= SHEET:
        raise UsageError(
            f"{rows:,} rows do not fit into a sheet of Excel, which holds {SHEET - 1:,} under a header; narrow the "
            "export, such as with --since 90d, or use --format parquet or csv"
        )


@contextmanager
def new_file(path: Path, *, force: bool) -> Iterator[BinaryIO]:
    """Give a stream whose bytes are the file `path` once the block has ended well, and nothing otherwise.

    Raises UsageError where there is a file already, unless `force`, or something that is no file, DiskError where none
    can be written there.
    """
    path = path.resolve()
    _check(path, force)
    part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        with open(part, "xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        _check(path, force)
        part.replace(path)
    except OSError as error:
        if error.filename not in (str(part), None):
            raise
        raise DiskError(f"{path} cannot be written ({error.strerror}); use a folder that you may write to") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _check(path: Path, force: bool) -> None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise DiskError(f"{path} cannot be written ({error.strerror}); use a folder that you may write to") from None
    if not stat.S_ISREG(mode):
        raise UsageError(f"{str(path)!r} is no file; name a file, or write to standard output with --output -")
    if not force:
        raise UsageError(f"{str(path)!r} exists already; name another file, or replace it with --force")


class _Csv(Writer):
    """CSV in UTF-8: times in ISO 8601, true and false, JSON for objects.

    A text that a spreadsheet would run as a formula has an apostrophe in front, line breaks are line feeds; else texts
    are exact.
    """

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
        super().__init__()
        self._stream = stream
        self._send([[column.name for column in columns]])

    def write(self, rows: Sequence[Row]) -> None:
        self._send([[_csv_cell(value) for value in row] for row in rows])

    def _send(self, rows: Sequence[Sequence[Any]]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        self._stream.write(text.getvalue().encode())


def _csv_cell(value: Any) -> str | int | float | None:
    if isinstance(value, str):
        text = _LINE_BREAK.sub("\n", value)
        return f"'{text}" if is_formula(text) else text
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return stamp(value)
    return _json(value) if isinstance(value, dict) else value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class _JsonLines(Writer):
    """One JSON object on each line, its keys the columns, what is not known as null."""

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
        super().__init__()
        self._stream = stream
        self._names = [column.name for column in columns]

    def write(self, rows: Sequence[Row]) -> None:
        lines = (_json(dict(zip(self._names, map(_json_value, row), strict=True))) + "\n" for row in rows)
        self._stream.write("".join(lines).encode())


def _json_value(value: Any) -> Any:
    return stamp(value) if isinstance(value, date) else value


class _Parquet(Writer):
    """Parquet, compressed with zstd: words are dictionary-encoded, times are UTC, objects are JSON in a text."""

    def __init__(self, stream: BinaryIO, columns: Sequence[Column]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        super().__init__()
        self._objects = [number for number, column in enumerate(columns) if column.kind == "object"]
        self._schema = pa.schema([pa.field(column.name, _arrow_type(column)) for column in columns])
        self._writer = pq.ParquetWriter(stream, self._schema, compression="zstd")
        self._rows: list[Row] = []

    def write(self, rows: Sequence[Row]) -> None:
        self._rows += rows
        while len(self._rows) >= GROUP:
            self._send(self._rows[:GROUP])
            del self._rows[:GROUP]

    def _send(self, rows: Sequence[Row]) -> None:
        import pyarrow as pa

        columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in self._schema]
        for number in self._objects:
            columns[number] = [_json(value) for value in columns[number]]
        arrays = [pa.array(values, field.type) for values, field in zip(columns, self._schema, strict=True)]
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema), row_group_size=GROUP)

    def close(self) -> None:
        if self._rows:
            self._send(self._rows)
        self._writer.close()

    def abandon(self) -> None:
        # Else it writes its end into a stream that is closed when it is collected.
        with suppress(OSError):
            self._writer.close()


def _arrow_type(column: Column) -> pa.DataType:
    import pyarrow as pa

    types = {
        "word": pa.dictionary(pa.int32(), pa.string()), "text": pa.string(), "object": pa.string(),
        "whole": pa.int64(), "number": pa.float64(), "flag": pa.bool_(), "day": pa.date32(),
        "moment": pa.timestamp("us", tz="UTC"),
    }  # fmt: skip
    return types[column.kind]


class _Excel(Writer):
    """A workbook of one sheet; texts are texts, whatever they begin with, times are UTC, which Excel cannot say."""

    def __init__(self, stream: BinaryIO, columns: Sequence[Column], sheet: str) -> None:
        from openpyxl import Workbook

        super().__init__()
        self._stream, self._cut = stream, 0
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", _xml(sheet))[:31].strip("' ") or "export")
        self._sheet.freeze_panes = "A2"
        self._sheet.append([column.name for column in columns])

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._sheet.append([self._cell(value) for value in row])

    def _cell(self, value: Any) -> Any:
        from openpyxl.cell import WriteOnlyCell

        if isinstance(value, datetime):
            return value.astimezone(UTC).replace(tzinfo=None)
        if isinstance(value, dict):
            value = _json(value)
        if not isinstance(value, str):
            return value
        text = _xml(value)
        if len(text) > CELL:
            self._cut += 1
            text = text[: CELL - 1] + "…"
        if not is_formula(text):
            return text
        cell = WriteOnlyCell(self._sheet, text)
        cell.data_type = "s"  # else a text that begins with = would be a formula
        return cell

    def close(self) -> None:
        self._book.save(self._stream)
        if self._cut:
            self.notes.append(
                f"{self._cut} texts were longer than the {CELL:,} characters that a cell of Excel holds, and are cut; "
                "--format parquet has them whole"
            )

    def abandon(self) -> None:
        # Else its parts complain when they are collected.
        self._sheet.close()


def _xml(text: str) -> str:
    return _NOT_IN_XML.sub("", _LINE_BREAK.sub("\n", text))
