"""Every format of an answer: a table for a person, JSON for programs, CSV for spreadsheets, Markdown for documents.

JSON is exact: texts as stored, times in ISO 8601, keys in a fixed order.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Protocol, cast

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from overheard.errors import UsageError
from overheard.insight.statistics import Chance
from overheard.report import figures, markdown, spreadsheet
from overheard.report.printable import escaped, printable
from overheard.report.spreadsheet import Row, written
from overheard.report.table import show_framed

FORMATS = ("table", "json", "csv", "md")

PAGES = {
    "Alerts": "alerts",
    "Backtest": "backtest",
    "Cases": "cases",
    "Comparison": "comparison",
    "Duplicates": "duplicates",
    "Explanation": "explain",
    "Inbox": "inbox",
    "Industries": "industries",
    "MeasuredTargets": "targets",
    "Split": "split",
    "Summary": "summary",
    "Surveys": "surveys",
    "Trend": "trend",
    "ThemeHistory": "theme_history",
    "Themes": "themes",
}
"""The module of `overheard.report` that writes an answer, by the answer's class; found mentions are a sequence."""


class Page(Protocol):
    """What a module of `overheard.report` knows of its answer: the terminal, CSV and Markdown."""

    COLUMNS: Sequence[str]

    def parts(self, answer: Any, width: int) -> Iterator[RenderableType]: ...
    def rows(self, answer: Any) -> Iterator[Row]: ...
    def lines(self, answer: Any) -> Iterator[str]: ...


DIGITS = 4
"""Decimal places of a value."""

_PLAIN = str.maketrans(
    {"−": "-", "…": "~", "“": '"', "”": '"', "—": "-", "▲": "^", "▼": "v", "·": "_", "±": "~"}
    | dict(zip("▁▂▃▄▅▆▇█", ".:-=+*%@", strict=True))
)
"""What stands for our own signs, at the same width, where the encoding lacks them."""


def render(answer: Any, format: str, console: Console) -> None:
    """Write an answer to a console: `table` for a person, the other formats as they are, not wrapped, not coloured.

    Characters that the console's encoding lacks are escaped in JSON, which stays the same data, and become question
    marks elsewhere. Raises UsageError for an unknown format.
    """
    text = _written(answer, format, console)
    try:
        text.encode(console.encoding)
    except UnicodeEncodeError:
        plain = json.dumps(json.loads(text), indent=2) + "\n" if format == "json" else text.translate(_PLAIN)
        text = plain.encode(console.encoding, "replace").decode(console.encoding)
    console.file.write(text)


def _written(answer: Any, format: str, console: Console) -> str:
    if format == "table":
        with console.capture() as capture:
            show(answer, console)
        return capture.get()
    writers = {"json": to_json, "csv": to_csv, "md": to_md}
    if format not in writers:
        raise UsageError(f"no format {format!r}; expected one of {', '.join(FORMATS)}")
    return writers[format](answer)


class _EachValue:
    """Writes one answer after another, as the page of these answers does, each under the value that it is about."""

    def __init__(self, found: Any) -> None:
        self._page = _page(found.parts[0].answer) if found.parts else None
        # Not `by`: a trend has a column of that name, for its periods.
        self.COLUMNS: Sequence[str] = ("split_by", "split_value", *(self._page.COLUMNS if self._page else ()))

    def parts(self, found: Any, width: int) -> Iterator[RenderableType]:
        for part in found.parts if self._page else ():
            mentions = figures.counted(part.mentions, "mention")
            yield Text(f"By {found.by}: {printable(part.value)}, {mentions}", style="bold")
            yield from self._page.parts(part.answer, width) if self._page else ()
            yield Text()
        yield Text(_rest(found))

    def rows(self, found: Any) -> Iterator[Row]:
        for part in found.parts if self._page else ():
            for row in self._page.rows(part.answer) if self._page else ():
                yield {"split_by": found.by, "split_value": part.value, **row}

    def lines(self, found: Any) -> Iterator[str]:
        for part in found.parts if self._page else ():
            yield f"# By {found.by}: {markdown.escaped(part.value)}"
            yield ""
            yield from self._page.lines(part.answer) if self._page else ()
        yield _rest(found)


def _rest(found: Any) -> str:
    """Say what has no answer of its own."""
    if not found.parts:
        return f"No mention here names a {found.by}."
    names = "names" if found.without == 1 else "name"
    without = f"{figures.counted(found.without, 'mention')} {names} no {found.by}."
    rest = f"{figures.count(found.others)} more, of {figures.counted(found.others_mentions, 'mention')}, not shown."
    return " ".join([*([without] if found.without else []), *([rest] if found.others else [])])


def _page(answer: Any) -> Page:
    if type(answer).__name__ == "Answers":
        return _EachValue(answer)
    name = "mentions" if isinstance(answer, Sequence) else PAGES[type(answer).__name__]
    return cast(Page, importlib.import_module(f"overheard.report.{name}"))


def show(answer: Any, console: Console) -> None:
    """Print an answer for a person, in tables that fit the console's width.

    Colours follow rich: none where the output is no terminal or NO_COLOR is set.
    """
    for part in _page(answer).parts(answer, console.width):
        if isinstance(part, Table) and part.box is not None:
            show_framed(console, part)
            continue
        unbroken = isinstance(part, Text) and part.no_wrap is True
        console.print(part, highlight=False, markup=False, emoji=False, soft_wrap=unbroken)


def to_csv(answer: Any) -> str:
    """Return an answer as CSV; `COLUMNS` of its page are the header."""
    page = _page(answer)
    return written(page.COLUMNS, page.rows(answer))


def to_md(answer: Any) -> str:
    """Return an answer as Markdown, what customers wrote escaped so that it stays text."""
    return "\n".join(_page(answer).lines(answer)) + "\n"


def to_json(answer: Any) -> str:
    """Return an answer as JSON with a newline at the end; found mentions are an array."""
    content = [_plain(entry) for entry in answer] if isinstance(answer, Sequence) else _plain(answer)
    text = json.dumps(content, ensure_ascii=False, indent=2)
    return escaped(text) + "\n"


def stamp(moment: date) -> str:
    """Return a date, or an aware time in UTC, as JSON has it: 2026-11-21, 2026-11-21T09:30:00Z."""
    if not isinstance(moment, datetime):
        return moment.isoformat()
    return spreadsheet.moment(moment)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(entry) for entry in value]
    if isinstance(value, date):
        return stamp(value)
    if isinstance(value, Chance):
        return float(f"{value:.3g}")
    return round(value, DIGITS) if isinstance(value, float) else value
