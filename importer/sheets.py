"""XLSX and Parquet: tables that know the types of their cells."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from overheard.errors import ImportFileError
from overheard.importer.names import role_of
from overheard.importer.table import Row, Table, as_row, as_text, find_header, is_empty, name_columns

_BATCH = 500
_TITLE_ROWS = 20


def open_xlsx(path: Path) -> Table:
    """Open the sheet of a workbook whose header knows most of the usual names; `detail` tells which are not read."""
    with _workbook(path) as workbook:
        heads = [(sheet.title, list(islice(_sheet_rows(path, sheet), _TITLE_ROWS))) for sheet in workbook.worksheets]
    tables = []
    for index, (title, head) in enumerate(heads):
        top = find_header(head) if head else 0
        if any(any(cells) for cells in head[top + 1 :]):
            tables.append((index, title, top, name_columns(_trimmed(head[top]))))
    if not tables:
        raise ImportFileError(f"{path} has no sheet with a header and rows; expected one table in one sheet")
    index, title, top, columns = max(tables, key=lambda table: sum(role_of(name) is not None for name in table[3]))
    others = ", ".join(repr(other) for number, other, _, _ in tables if number != index)
    detail = f"sheet {title!r}" + (f", not its sheets {others}" if others else "")
    return Table(path, "XLSX", detail, columns, "row", partial(_rows, path, index, top, columns))


def _rows(path: Path, index: int, top: int, columns: tuple[str, ...]) -> Iterator[Row]:
    with _workbook(path) as workbook:
        for number, cells in enumerate(_sheet_rows(path, workbook.worksheets[index]), start=1):
            if number > top + 1 and any(cells):
                # A sheet leaves out what is empty at a row's end: that is no row cut short.
                whole = as_row(number, columns, cells)
                yield Row(number, whole.values, whole.fault)


def _trimmed(cells: Sequence[str]) -> list[str]:
    last = max((index for index, cell in enumerate(cells) if cell.strip()), default=-1)
    return list(cells[: last + 1])


@contextmanager
def _workbook(path: Path) -> Iterator[Any]:
    # Handed an open file, openpyxl does not judge it by its ending.
    with path.open("rb") as file:
        try:
            with warnings.catch_warnings():
                # It warns of styles and validations that it does not keep; we read cells alone.
                warnings.simplefilter("ignore")
                workbook = openpyxl.load_workbook(file, read_only=True, data_only=True)
        except (OSError, KeyError, ValueError, SyntaxError, zipfile.BadZipFile) as error:
            raise ImportFileError(f"{path}: damaged or protected XLSX ({error}); save it anew as XLSX or CSV") from None
        yield workbook
        workbook.close()


def _sheet_rows(path: Path, sheet: Any) -> Iterator[list[str]]:
    # The size that exporters write into a sheet is often wrong (A1), and then all rows would be one cell.
    sheet.reset_dimensions()
    cells = sheet.iter_rows(values_only=True)
    while batch := _next_batch(path, cells):
        yield from ([as_text(cell) for cell in row] for row in batch)


def _next_batch(path: Path, cells: Iterator[tuple[object, ...]]) -> list[tuple[object, ...]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return list(islice(cells, _BATCH))
    except (OSError, KeyError, ValueError, SyntaxError, zipfile.BadZipFile) as error:
        raise ImportFileError(f"{path}: damaged XLSX ({error}); save it anew as XLSX or CSV") from None


def open_parquet(path: Path) -> Table:
    """Open a Parquet file, nested columns joined with dots."""
    try:
        with pq.ParquetFile(path) as file:
            columns, count = _leaves(file.schema_arrow), file.metadata.num_rows
    except (OSError, pa.ArrowException) as error:
        raise ImportFileError(f"{path}: damaged Parquet ({_first_line(error)}); export it again") from None
    if not count:
        raise ImportFileError(f"{path} has columns and no row; export it with its rows")

    def rows() -> Iterator[Row]:
        number = 0
        try:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(batch_size=_BATCH):
                    for cells in batch.to_pylist():
                        number += 1
                        yield Row(number, dict(_flat(cells)))
        except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
            raise ImportFileError(f"{path}: damaged Parquet ({_first_line(error)}); export it again") from None

    return Table(path, "Parquet", f"{count} rows", columns, "row", rows)


def _leaves(fields: Any, prefix: str = "") -> tuple[str, ...]:
    names: list[str] = []
    for field in fields:
        struct = pa.types.is_struct(field.type)
        names += _leaves(field.type.fields, f"{prefix}{field.name}.") if struct else [prefix + field.name]
    return tuple(names)


def _flat(cells: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, cell in cells.items():
        if isinstance(cell, dict):
            yield from _flat(cell, f"{prefix}{name}.")
        elif not is_empty(text := as_text(cell)):
            yield prefix + name, text


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:120]
