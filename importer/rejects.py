"""The rejects file: the rows of an import that could not be used, with the reason, and nothing personal in them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from overheard.errors import DiskError, UsageError
from overheard.importer.columns import ColumnMap
from overheard.importer.shapes import is_url, profile_in
from overheard.importer.table import Row
from overheard.nlp.identity import hide_author, names_author
from overheard.nlp.privacy import mask


def refuse_other_files(path: Path) -> None:
    """Raise UsageError where a file is there that no import wrote: the import's own file, or the store.

    To be asked before the store is opened: to close a file that SQLite holds open drops its locks.
    """
    if not path.is_file() or path.stat().st_size == 0:
        return
    try:
        with path.open("rb") as file:
            first = json.loads(file.readline(1_000_000))
    except (OSError, ValueError, RecursionError):
        first = None
    if not isinstance(first, dict) or list(first) != ["line", "reason", "row"]:
        raise UsageError(f"{str(path)!r} exists and is no rejects file; name another with --rejects")


class Rejects:
    """Writes JSON Lines with `line`, `reason` and `row`; the file is made, anew, with the first of them.

    Columns, links and ids that tell of a person are left out of `row` and its texts are masked. Where a row's cells do
    not stand under their columns, `row` is null if the file has such columns: a name could be in any of its cells.
    """

    def __init__(self, path: Path, columns: ColumnMap) -> None:
        self.path = path
        self.count = 0
        self._columns = columns
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            with suppress(OSError):  # all was flushed; what could not be has raised already
                self._file.close()

    def write(self, row: Row, reason: str, unfit: str | None = None) -> None:
        """Add a row; `unfit` is the column whose cell does not fit it. Raises DiskError where there is no writing."""
        self.count += 1
        entry = {"line": row.line, "reason": reason, "row": self._without_persons(row, unfit)}
        try:
            if self._file is None:
                self._file = self.path.open("w", encoding="utf-8")
            self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            self._file.flush()
        except OSError as error:
            raise DiskError(
                f"rejects file {str(self.path)!r} cannot be written ({error.strerror}); name another with --rejects"
            ) from None

    def _without_persons(self, row: Row, unfit: str | None) -> Mapping[str, str] | None:
        hidden = self._columns.personal
        if hidden and (row.fault or row.width is not None):
            return None
        persons = [row.values[name] for name in hidden if name in row.values]
        ids = self._columns.roles.get("id", ())
        kept: dict[str, str] = {}
        for name, value in row.values.items():
            if name in hidden or (hidden and name == unfit):
                continue
            if not ((name in ids or is_url(value)) and _names_any(persons, value)):
                kept[name] = mask(_without(persons, value))
        return kept


def _names_any(persons: Sequence[str], place: str) -> bool:
    profile = names_author(None, place) or (is_url(place) and profile_in(place) is not None)
    return profile or any(names_author(person, place) for person in persons)


def _without(persons: Sequence[str], text: str) -> str:
    for person in persons:
        text = hide_author(text, person)
    return text
