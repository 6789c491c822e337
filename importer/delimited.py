"""CSV and its kin: fields between commas, semicolons, tabs or bars, quoted or not."""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from overheard.errors import ImportFileError
from overheard.importer.encoding import Encoding, open_text
from overheard.importer.names import role_of
from overheard.importer.table import Row, Table, as_row, find_header, name_columns

LONGEST_FIELD = 1 << 24
"""Characters of the longest field; the csv module's own limit of 131,072 refuses whole e-mail threads."""

MOST_LINES = 500
"""Lines that one quoted field may span: what goes on for longer is a quote that was never closed."""

_DELIMITERS = (",", ";", "\t", "|")
_NO_DELIMITER = "\x1f"
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_HEAD_LINES = 400
_TITLE_LINES = 20
_UNCLOSED = "a quote is opened and never closed"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How fields are told apart.

    `quoted`: a field may stand in double quotes; `escaped`: a quote inside is written \\" and not doubled; `spaced`: a
    space may stand before the opening quote.
    """

    delimiter: str
    quoted: bool = True
    escaped: bool = False
    spaced: bool = False

    def reader(self, lines: Iterator[str], *, strict: bool = True) -> Iterator[list[str]]:
        """Return the csv reader of this dialect."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quoting=csv.QUOTE_MINIMAL if self.quoted else csv.QUOTE_NONE,
            doublequote=not self.escaped,
            escapechar="\\" if self.escaped else None,
            skipinitialspace=self.spaced,
            strict=strict,
        )

    def __str__(self) -> str:
        return f"{_NAMES[self.delimiter]} between fields" if self.delimiter in _NAMES else "one column"


@dataclass(frozen=True, slots=True)
class Record:
    """The fields that begin on a line, None where it cannot be read; `clean` where every quote is as it should be."""

    line: int
    fields: list[str] | None
    clean: bool = True


class Records:
    """Logical records of a text.

    A quote that is never closed would swallow the rows up to the next quote, or the rest of the file. Here it costs
    its own line: reading goes on at the next one.
    """

    def __init__(self, lines: Iterator[str], dialect: Dialect) -> None:
        self._lines = lines
        self._dialect = dialect
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._cut = False

    def __iter__(self) -> Iterator[Record]:
        number = 1
        reader = self._dialect.reader(self._feed())
        while True:
            self._taken.clear()
            try:
                fields = next(reader, None)
            except csv.Error:
                yield self._first_line(number)
                self._again.extendleft(reversed(self._taken[1:]))
                reader = self._dialect.reader(self._feed())
                number += 1
                continue
            if fields is None:
                return
            if fields:
                yield Record(number, fields)
            number += len(self._taken)

    def _feed(self) -> Iterator[str]:
        """Hand lines to the csv reader; it asks for a second one only inside quotes."""
        self._cut = False
        while len(self._taken) < MOST_LINES:
            line = self._again.popleft() if self._again else next(self._lines, None)
            if line is None:
                break
            self._taken.append(line.replace("\x00", ""))
            yield self._taken[-1]
        self._cut = True

    def _first_line(self, number: int) -> Record:
        """A quote inside a quoted field is forgiven where the record is one line; an open one is not."""
        fields = None
        if len(self._taken) == 1 and not self._cut:
            with suppress(csv.Error):
                fields = next(self._dialect.reader(iter(self._taken), strict=False), None)
        return Record(number, fields, clean=False)


def open_delimited(path: Path, encoding: Encoding) -> Table:
    """Open CSV, TSV or the like; raises ImportFileError where there is no header or no row."""
    csv.field_size_limit(LONGEST_FIELD)
    with open_text(path, encoding) as text:
        head = list(islice(text, _HEAD_LINES))
    start = 1 if head and head[0].strip().strip('"').casefold().startswith("sep=") else 0
    dialect = sniff([line.replace("\x00", "") for line in head[start:]])
    records = [record for record in islice(Records(iter(head[start:]), dialect), _TITLE_LINES) if record.fields]
    if not records:
        raise ImportFileError(f"{path} has no line that can be read; expected a header and rows")
    header = records[find_header([record.fields or [] for record in records])]
    columns = name_columns(header.fields or [])
    after = start + header.line

    def rows() -> Iterator[Row]:
        with open_text(path, encoding) as lines:
            for _ in islice(lines, start):
                pass
            for record in Records(lines, dialect):
                if record.line > header.line:
                    yield _row(start + record.line, columns, record.fields)

    if next(rows(), None) is None:
        raise ImportFileError(f"{path} has column names in line {after} and no row below; export it with its rows")
    name = "TSV" if dialect.delimiter == "\t" else "CSV"
    return Table(path, name, f"{dialect}, {encoding}", columns, "line", rows)


def _row(line: int, columns: tuple[str, ...], fields: list[str] | None) -> Row:
    return Row(line, {}, _UNCLOSED) if fields is None else as_row(line, columns, fields)


def sniff(lines: list[str]) -> Dialect:
    """Return the dialect under which most records are clean and as wide as the others."""
    text = "".join(lines)
    first = next((line for line in lines if line.strip()), "").strip().strip('"')
    if not any(mark in first for mark in _DELIMITERS) and role_of(first):
        return Dialect(_NO_DELIMITER)
    slashed, doubled = text.count('\\"'), len(re.findall(r'\w[.!?]?""|""\w', text))
    candidates = [
        Dialect(mark, quoted, escaped, quoted and bool(re.search(rf'{re.escape(mark)} +"', text)))
        for quoted, escaped in _quotings(slashed, doubled)
        for mark in _DELIMITERS
        if mark in text
    ]
    scored = [(_consistency(lines, dialect), dialect) for dialect in candidates]
    best = max(scored, key=lambda pair: pair[0], default=((0.0, 0), Dialect(_NO_DELIMITER)))
    return best[1] if best[0][0] > 0 else Dialect(_NO_DELIMITER)


def _quotings(slashed: int, doubled: int) -> list[tuple[bool, bool]]:
    """(quoted, escaped) in the order in which they win a tie."""
    plain, slash = (True, False), (True, True)
    if slashed == 0:
        return [plain, (False, False)]
    return [slash, plain, (False, False)] if slashed > doubled else [plain, slash, (False, False)]


def _consistency(lines: list[str], dialect: Dialect) -> tuple[float, int]:
    """Share of the records that are clean and of the usual width, and that width; (0, 0) for a width of one."""
    records = list(Records(iter(lines), dialect))
    # The sample may end inside a quoted field, and then its last lines say nothing.
    while len(lines) == _HEAD_LINES and len(records) > 2 and not records[-1].clean:
        records.pop()
    counts = Counter(len(record.fields) for record in records if record.fields and record.clean)
    usual, often = max(counts.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    return (round(often / len(records), 2), usual) if usual > 1 else (0.0, 0)
