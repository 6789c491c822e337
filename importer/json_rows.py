"""JSON Lines, and JSON arrays of any length read piece by piece."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from overheard.errors import ImportFileError
from overheard.importer.encoding import Encoding, open_text
from overheard.importer.table import Row, Table, as_text, clean, is_empty

LONGEST_VALUE = 1 << 24
"""Characters that one row may span; what is longer is damaged, and reading goes on at the next row."""

_CHUNK = 1 << 16
_FIRST_ROWS = 2000
_SPACE = re.compile(r"[\s,\x1e]*")
_NEXT_ROW = re.compile(r"\}\s*,?\s*(?=\{)")
_ARRAY = re.compile(r'"((?:[^"\\]|\\.)*)"\s*:\s*\[\s*(?=\{)')
_KEYS_OF_ROWS = re.compile(
    r"reviews?|data|items|results?|comments|records|rows|posts|tweets|mentions|feedbacks?|entries", re.I
)


def open_json(path: Path, encoding: Encoding) -> Table:
    """Open JSON Lines, an array of objects, or an object that holds such an array.

    Columns are the keys of the first 2,000 rows, nested ones joined with dots.
    """
    with open_text(path, encoding) as text:
        head = text.read(_CHUNK).lstrip("\ufeff\x00 \t\r\n")
    lines = head.startswith("{") and _is_lines(head)
    skip = 0 if lines or head.startswith("[") else _wrapped_at(head)

    def rows() -> Iterator[Row]:
        with open_text(path, encoding) as text:
            yield from _line_rows(text) if lines else _value_rows(text, skip)

    columns: dict[str, None] = {}
    fault = ""
    for row in islice(rows(), _FIRST_ROWS):
        fault = fault or row.fault or ""
        columns |= dict.fromkeys(row.values)
    if not columns:
        why = f" ({fault})" if fault else ""
        raise ImportFileError(f"{path} is JSON without rows{why}; expected objects, one a line or in one array")
    name = "JSON Lines" if lines else "JSON"
    return Table(path, name, str(encoding), tuple(columns), "line" if lines else "row", rows)


def _is_lines(head: str) -> bool:
    """One object a line: the first line is whole, and is not the object around an array."""
    first, _, rest = head.partition("\n")
    try:
        value = json.loads(first)
    except (ValueError, RecursionError):
        # A damaged first line is one bad row of many, where the second line is whole.
        second = rest.partition("\n")[0].strip()
        return second.startswith("{") and second.endswith("}") and ":" in second
    return bool(rest.strip()) or not any(_is_rows(inner) for inner in value.values())


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _wrapped_at(head: str) -> int:
    """Return how many characters stand before the array inside an object (0: the objects follow one another).

    Of several arrays it is the one called as rows are ("reviews"), else the first.
    """
    try:
        _, end = json.JSONDecoder().raw_decode(head)
    except (ValueError, RecursionError):
        end = len(head)
    if head[end:].strip():
        return 0
    arrays = list(_ARRAY.finditer(head))
    chosen = next((array for array in arrays if _KEYS_OF_ROWS.fullmatch(array[1])), arrays[0] if arrays else None)
    return chosen.end() if chosen else 0


def _line_rows(text: TextIO) -> Iterator[Row]:
    for number, line in enumerate(text, start=1):
        line = line.strip("\ufeff\x00\x1e \t\r\n")
        if line:
            try:
                value = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield Row(number, {}, f"broken JSON ({_reason(error)})")
            else:
                yield _row(number, value)


def _value_rows(text: TextIO, skip: int) -> Iterator[Row]:
    """Objects one after another, in an array or bare, never more of the file in memory than one of them needs."""
    decoder = json.JSONDecoder()
    buffer = text.read(_CHUNK).lstrip("\ufeff\x00 \t\r\n")[skip:]
    in_array = skip > 0 or buffer.startswith("[")
    buffer = buffer.removeprefix("[")
    position, number, ended = 0, 0, False
    while True:
        match = _SPACE.match(buffer, position)
        position = match.end() if match else position
        if buffer[position : position + 1] == "]":
            return
        try:
            value, end = decoder.raw_decode(buffer, position)
        except (ValueError, RecursionError) as error:
            missing = not ended and len(buffer) - position < LONGEST_VALUE
            chunk = text.read(max(_CHUNK, len(buffer) - position)) if missing and _may_go_on(error, buffer) else ""
            if chunk:
                buffer, position = buffer[position:] + chunk, 0
                continue
            ended = ended or missing
            if position >= len(buffer):
                if in_array:
                    yield Row(number + 1, {}, "the file ends before its array does")
                return
            number += 1
            yield Row(number, {}, f"broken JSON ({_reason(error)})")
            following = _NEXT_ROW.search(buffer, position)
            if following is None:
                return
            position = following.end()
        else:
            number += 1
            position = end
            yield _row(number, value)


def _may_go_on(error: Exception, buffer: str) -> bool:
    """Whether the value may only be cut off: the error is in the last characters, or in a string without an end."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.pos >= len(buffer) - 16 or error.msg.startswith("Unterminated string")


def _row(number: int, value: Any) -> Row:
    if not isinstance(value, dict):
        return Row(number, {}, f"a {type(value).__name__}, expected an object with keys")
    try:
        return Row(number, dict(_cells(value)))
    except RecursionError as error:
        return Row(number, {}, f"broken JSON ({_reason(error)})")


def _cells(value: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, inner in value.items():
        name = clean(f"{prefix}{key}")
        if isinstance(inner, dict):
            yield from _cells(inner, f"{name}.")
            continue
        text = as_text(inner)
        if not is_empty(text):
            yield name, text


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.colno}"
    return "nested too deeply" if isinstance(error, RecursionError) else "a number of too many digits"
