"""What every format comes down to: named columns and rows of text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

EMPTY = frozenset({"", "null", "none", "nan", "nat", "n/a", "#n/a", "na", "<na>", "\\n", "#name?", "#value!", "#ref!"})
"""How exports write that there is nothing, case-folded."""

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line (or number) in the file counted from 1, and its cells that are not empty, by column.

    `fault` says why the row cannot be read; its cells are then not to be trusted. `width` is how many cells a row has
    that ends before its last column, None for a whole one.
    """

    line: int
    values: Mapping[str, str]
    fault: str | None = None
    width: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A file opened for import: `rows` reads it from the start on every call, one row at a time.

    `format` is its name for people ("CSV"), `detail` how it was read ("; between fields, cp1252"), `columns` the
    names in their order (of JSON: those of the first rows), `where` what `Row.line` counts ("line", "row").
    """

    path: Path
    format: str
    detail: str
    columns: tuple[str, ...]
    where: str
    rows: Callable[[], Iterator[Row]]


def name_columns(cells: Sequence[str]) -> tuple[str, ...]:
    """Return a name for every cell of a header: an empty one gets its number, a repeated one gets counted."""
    names: list[str] = []
    for number, cell in enumerate(cells, start=1):
        name = " ".join(cell.replace("\x00", "").replace("\ufeff", "").split()) or f"column {number}"
        count = 1
        unique = name
        while unique in names:
            count += 1
            unique = f"{name} ({count})"
        names.append(unique)
    return tuple(names)


def find_header(records: Sequence[Sequence[str]]) -> int:
    """Return which record is the header: the first that fills most of the table's width (titles stand above it)."""
    filled = [sum(bool(cell.strip()) for cell in record) for record in records]
    return next((index for index, count in enumerate(filled) if 2 * count > max(filled)), 0)


def as_row(line: int, columns: Sequence[str], cells: Sequence[str]) -> Row:
    """Join a header and cells; a row with more cells than columns has a fault, one with fewer its width."""
    values = {column: cell for column, cell in zip(columns, cells, strict=False) if not is_empty(cell)}
    if any(cell.strip() for cell in cells[len(columns) :]):
        return Row(line, values, f"{len(cells)} fields, expected {len(columns)}: is a quote missing?")
    return Row(line, values, width=len(cells) if len(cells) < len(columns) else None)


def is_empty(cell: str) -> bool:
    """Say whether a cell holds nothing, or a word for nothing."""
    return not cell.strip() or (len(cell) < 12 and cell.strip().casefold() in EMPTY)


def as_text(value: object) -> str:
    """Write a value of a typed format as a person would: whole floats without their zero, times in ISO 8601."""
    return clean("" if value is None else _written(value))


def clean(text: str) -> str:
    """Return the text without what no database stores: NULs go, lone surrogates (JSON "\\ud800") become U+FFFD."""
    return _SURROGATE.sub("\ufffd", text.replace("\x00", ""))


def _written(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ", ".join(value)
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
