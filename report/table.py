"""Plain tables that are read at any width: numbers and words stay whole, what does not fit stands below its row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import zip_longest

from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

from overheard.report.printable import printable

GAP, INDENT = 2, 4
"""Cells between two columns, and before what stands below a row."""

NARROW, LONGEST = 10, 40
"""Cells that a text keeps, and the most that one word or number can claim; what is longer, such as an address, is
broken unless its column is the last."""

KEPT = 2
"""Columns that stand beside each other as long as their words fit: the second is broken between any two words then."""

_NUMBER = re.compile(r"[\d≤≥<>+−-]")

Row = Sequence[Text]


def show_table(
    console: Console, columns: Sequence[str], rows: Sequence[Sequence[object]], below: Sequence[str | None] = ()
) -> None:
    """Print a table in the width of a console.

    Numbers, dates and words are not broken. Columns that do not fit are taken from the right and stand below their row
    as "column value", those that are empty left out. `below` has a text for each row that stands there in any case: its
    lines are wrapped, an address in it stays whole. Cells may be styled, or forbid to be wrapped; whole numbers stand
    to the right.
    """
    head = [Text(column, style="bold") for column in columns]
    cells = [[_cell(value) for value in row] for row in rows]
    widths = _fit([head, *cells], console.width)
    right = [all(isinstance(row[column], int | None) for row in rows) for column in range(len(widths))]
    console.print(*_lines(console, head, widths, right), sep="\n", soft_wrap=True)
    for position, row in enumerate(cells):
        rest = [f"{name} {cell}" for name, cell in list(zip(columns, row, strict=True))[len(widths) :] if cell.plain]
        texts = [", ".join(rest), *((below[position] if below else None) or "").splitlines()]
        lines = [" " * INDENT + line for text in texts for line in _wrapped(printable(text), console.width - INDENT)]
        console.print(
            *_lines(console, row, widths, right), *map(Text, lines), sep="\n", soft_wrap=True, markup=False,
        )  # fmt: skip


def show_framed(console: Console, table: Table) -> None:
    """Print a table in its frame where every figure fits whole, else as a plain one, without its bars."""
    if _width(console, table) <= console.width:
        console.print(table, highlight=False, markup=False, emoji=False)
        return
    columns = [column for column in table.columns if all(isinstance(cell, str | Text) for cell in column.cells)]
    rows = list(zip(*([_whole(column, cell) for cell in column.cells] for column in columns), strict=True))
    if table.title:
        console.print(table.title, style=table.title_style, highlight=False, markup=False, emoji=False)
    show_table(console, [str(column.header) for column in columns], rows)
    console.print()


def _width(console: Console, table: Table) -> int:
    """Return the width that a framed table needs: of a column that may be wrapped, that of its longest word."""
    widths = []
    for column in table.columns:
        cells = [Measurement.get(console, console.options, cell) for cell in (column.header, *column.cells)]
        widths.append(max(cell.maximum if column.no_wrap and cell.minimum else cell.minimum for cell in cells))
    return sum(widths) + 3 * len(widths) - 1


def _whole(column: Column, cell: object) -> Text:
    text = cell.copy() if isinstance(cell, Text) else Text(str(cell))
    text.no_wrap = column.no_wrap or text.no_wrap
    text.rstrip()
    return text


def _cell(value: object) -> Text:
    if isinstance(value, Text):
        return value
    text = f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)
    return Text("" if value is None else printable(text))


def _fit(table: Sequence[Row], width: int) -> list[int]:
    """Return the widths of those columns, from the left, that fit beside each other."""
    natural = [max(cell.cell_len for cell in column) for column in zip(*table, strict=True)]
    least = [max(map(_least, column)) for column in zip(*table, strict=True)]
    count = len(natural)
    while count > 1 and sum(least[:count]) + GAP * (count - 1) > width:
        words = max(_longest_word(row[count - 1]) for row in table)
        if count == KEPT and least[count - 1] > words:
            least[count - 1] = words
        else:
            count -= 1
    return _shrunk(natural[:count], least, width - GAP * (count - 1))


def _least(cell: Text) -> int:
    """Return how narrow a cell can be: as its longest word, or the whole where it begins like a number or says so."""
    longest = cell.cell_len if cell.no_wrap or _NUMBER.match(cell.plain) else _longest_word(cell)
    return min(LONGEST, max(longest, min(NARROW, cell.cell_len)))


def _longest_word(cell: Text) -> int:
    return max(map(cell_len, cell.plain.split()), default=0)


def _shrunk(widths: list[int], least: Sequence[int], room: int) -> list[int]:
    """Take from the widest columns what goes beyond the room."""
    while sum(widths) > room:
        over = [position for position, width in enumerate(widths) if width > least[position]]
        if not over:
            break
        widths[max(over, key=widths.__getitem__)] -= 1
    return widths


def _lines(console: Console, row: Row, widths: Sequence[int], right: Sequence[bool]) -> Iterator[Text]:
    folded = [cell.wrap(console, width, overflow="fold") for cell, width in zip(row, widths[:-1], strict=False)]
    last = row[len(widths) - 1]
    folded_last = [Text(line, last.style) for line in _wrapped(last.plain, widths[-1])]
    for parts in zip_longest(*folded, folded_last, fillvalue=Text()):
        pieces: list[Text | str] = []
        for part, width, to_the_right in zip(parts, widths, right, strict=True):
            padding = " " * (width - part.cell_len)
            pieces += [padding, part] if to_the_right else [part, padding]
            pieces.append(" " * GAP)
        line = Text.assemble(*pieces)
        line.rstrip()
        yield line


def _wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines that are broken between words alone."""
    lines: list[str] = []
    for word in text.split():
        if lines and cell_len(lines[-1]) + 1 + cell_len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
