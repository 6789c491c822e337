"""What the answers share as CSV, made for spreadsheets: texts on one line, nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

from overheard.insight.statistics import Chance, Estimate, Mean
from overheard.report.printable import printable

DIGITS = 4
"""Decimal places of a value."""

Row = dict[str, str | int | float | None]


def written(columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Return rows as CSV under a header, which stands there without any row too."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return buffer.getvalue()


def _cell(value: str | int | float | None) -> str | int | float:
    """Return what a cell holds; a text that a spreadsheet would run as a formula gets an apostrophe in front."""
    if isinstance(value, str):
        text = printable(value)
        return f"'{text}" if is_formula(text) else text
    if isinstance(value, Chance):
        return float(f"{value:.3g}")
    return "" if value is None else round(value, DIGITS)


def is_formula(text: str) -> bool:
    """Tell whether a spreadsheet might run a text, whatever blanks and unseen characters stand in front."""
    shown = (each for each in text if not each.isspace() and unicodedata.category(each)[0] != "C")
    return text.startswith("\t") or next(shown, "_") in "=+-@＝＋－＠"


def estimate(name: str, found: Estimate) -> Row:
    """Return the four columns of an estimate (see `estimate_columns`)."""
    return dict(zip(estimate_columns(name), (found.value, found.low, found.high, found.n), strict=True))


def estimate_columns(name: str) -> tuple[str, str, str, str]:
    """Return the names of an estimate's columns: its value, both ends of its interval, its mentions."""
    return name, f"{name}_low", f"{name}_high", f"{name}_n"


def stars(found: Mean) -> float | None:
    """Return a mean of ratings as one to five stars, with its digits."""
    return None if found.mean is None else 1 + 4 * found.mean


def day(moment: date | None) -> str | None:
    """Write a day, and nothing where there is none."""
    if isinstance(moment, datetime):
        return moment.date().isoformat()
    return moment.isoformat() if moment is not None else None


def moment(found: datetime) -> str:
    """Write a time in UTC: 2026-11-21T09:30:00Z."""
    return found.astimezone(UTC).isoformat().replace("+00:00", "Z")


def yes(flag: bool | None) -> str | None:
    """Write yes or no, and nothing where it is not known."""
    return None if flag is None else "yes" if flag else "no"
