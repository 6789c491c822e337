"""Targets on the terminal: what was wanted, what was reached, and who answers for it."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from overheard.insight.targets import MeasuredTarget, MeasuredTargets
from overheard.report import figures, markdown, spreadsheet
from overheard.report.inbox import duration
from overheard.report.printable import printable
from overheard.report.styles import BAD, GOOD, QUIET

COLUMNS = (
    "brand", "measure", "name", "label", "target", "unit", "at_most", *spreadsheet.estimate_columns("reached"),
    "verdict", "owner",
)  # fmt: skip

VERDICTS = {"met": "met", "missed": "missed for certain", "uncertain": "not certain", "too_few": "too few"}

STYLES = {"met": GOOD, "missed": BAD}

NONE = "No targets yet: `overheard targets set BRAND --dimension speed 20 --owner NAME`."

LEGEND = "Met or missed for certain: the whole 95 % interval is on one side of the target."


def parts(found: MeasuredTargets, width: int) -> Iterator[RenderableType]:
    """Yield what to print for targets."""
    several = len({each.brand for each in found.targets}) > 1
    title = "Targets" if several or not found.targets else f"{printable(found.targets[0].brand)}: targets"
    yield Text.assemble((title, "bold"), "  ", (printable(figures.limits(found.scope)), QUIET))
    if not found.targets:
        yield Text(NONE)
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", padding=(0, 1))
    for name in (*(("Brand",) if several else ()), "", "Target", "Reached", "Verdict", "Owner"):
        table.add_column(name, overflow="fold")
    for each in found.targets:
        brand = (Text(printable(each.brand)),) if several else ()
        verdict = Text(VERDICTS[each.verdict], style=STYLES.get(each.verdict, QUIET))
        table.add_row(*brand, each.label, wanted(each), reached(each), verdict, Text(printable(each.owner)))
    yield table
    yield Text(LEGEND, style=QUIET)


def wanted(each: MeasuredTarget) -> str:
    """Write a target: ≥ +20, ≤ 4 h."""
    return f"{'≤' if each.at_most else '≥'} {_value(each, each.target)}"


def reached(each: MeasuredTarget) -> str:
    """Write what was reached with its interval and its n."""
    found = each.reached
    if found.value is None or found.low is None or found.high is None:
        return "times not given" if each.unit == "seconds" and not found.n else figures.missing(found.n)
    low, high = _value(each, found.low), _value(each, found.high)
    return f"{_value(each, found.value)} ({low}{figures.TO}{high}), n\N{NO-BREAK SPACE}{figures.count(found.n)}"


def _value(each: MeasuredTarget, value: float) -> str:
    if each.unit == "seconds":
        return duration(value)
    if each.unit == "percent":
        return f"{value:.1f}".removesuffix(".0") + " %" if value < 1 else f"{value:.0f} %"
    if each.unit == "stars":
        return f"{value:.1f}"
    return f"{value:.0f}" if each.measure == "index" else figures.signed(value)


def rows(found: MeasuredTargets) -> Iterator[spreadsheet.Row]:
    """Yield a row for each target."""
    for each in found.targets:
        yield {
            "brand": each.brand,
            "measure": each.measure,
            "name": each.name,
            "label": each.label,
            "target": each.target,
            "unit": each.unit,
            "at_most": spreadsheet.yes(each.at_most),
            **spreadsheet.estimate("reached", each.reached),
            "verdict": each.verdict,
            "owner": each.owner,
        }


def lines(found: MeasuredTargets) -> Iterator[str]:
    """Yield the lines of targets as Markdown."""
    yield "# Targets"
    yield ""
    yield markdown.escaped(figures.limits(found.scope))
    yield ""
    if not found.targets:
        yield NONE
        return
    cells = [
        (
            f"{markdown.escaped(each.brand)}: {each.label}", wanted(each), reached(each), VERDICTS[each.verdict],
            markdown.escaped(each.owner),
        )
        for each in found.targets
    ]  # fmt: skip
    yield from markdown.table(("", "Target", "Reached", "Verdict", "Owner"), cells)
    yield LEGEND
