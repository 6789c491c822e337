"""A backtest on the terminal: alerts by brand and month, and how incidents were found by the base of their cells."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from overheard.insight.backtest import AT_ONCE, LENGTH, PATIENCE, TIMES, Backtest, BrandReplay, Power
from overheard.report import figures, markdown, spreadsheet
from overheard.report.printable import printable
from overheard.report.styles import QUIET, titled

COLUMNS = (
    "what", "brand", "month", "since", "until", "alerts", "per_month", "base_low", "base_high", "incidents", "at_once",
    "recall", "lead", "precision",
)  # fmt: skip

BRANDS = ("Brand", "Since", "Until", "Alerts", "A month", "Most", "Led by")
POWER = ("Pains a day", "Incidents", f"In {AT_ONCE} days", f"In {PATIENCE} days", "Mean days", "Precision")

ABOUT = (
    f"Incidents: {TIMES} times the pain for {LENGTH} days, in random dimensions, one a brand and quarter. Mean "
    "days are those to the incidents found; precision is at that rate of incidents."
)


def parts(found: Backtest, width: int) -> Iterator[RenderableType]:
    """Yield what to print for a backtest."""
    yield _table("Alerts that there would have been", BRANDS, [brand_cells(each) for each in found.brands])
    for name in found.too_short:
        yield Text(f"{printable(name)}: too little history, a first verdict needs ten weeks")
    if found.power:
        yield _table(f"Incidents put into {found.replays} replays", POWER, [power_cells(each) for each in found.power])
        yield Text(ABOUT, style=QUIET)


def _table(title: str, header: tuple[str, ...], rows: list[list[str]]) -> RenderableType:
    made = titled(title)
    for name in header:
        is_text = name in ("Brand", "Led by")
        made.add_column(name, justify="left" if is_text else "right", overflow="fold", no_wrap=not is_text)
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    return made


def brand_cells(each: BrandReplay) -> list[str]:
    """Write the row of a brand."""
    most = max(each.months.values(), default=None)
    return [
        printable(each.brand), str(each.since), str(each.until), str(each.alerts), f"{each.per_month:.2f}",
        str(most) if most else "", ", ".join(f"{kind} {count}" for kind, count in each.kinds.items()),
    ]  # fmt: skip


def power_cells(each: Power) -> list[str]:
    """Write the row of a class of cells."""
    base = f"{each.low:g} or more" if each.high is None else f"{each.low:g} to {each.high:g}"
    lead = "" if each.lead is None else f"{each.lead:.1f}"
    shares = [figures.share(share) for share in (each.at_once, each.recall)]
    precision = "too few" if each.precision is None else figures.share(each.precision)
    return [base, str(each.incidents), *shares, lead, precision]


def rows(found: Backtest) -> Iterator[spreadsheet.Row]:
    """Yield a row for each brand, each month with alerts, and each class of base."""
    for each in found.brands:
        days: spreadsheet.Row = {"brand": each.brand, "since": str(each.since), "until": str(each.until)}
        yield {"what": "brand", **days, "alerts": each.alerts, "per_month": each.per_month}
        for month, count in each.months.items():
            yield {"what": "month", "brand": each.brand, "month": month, "alerts": count}
    for power in found.power:
        yield {
            "what": "power", "base_low": power.low, "base_high": power.high, "incidents": power.incidents,
            "at_once": power.at_once, "recall": power.recall, "lead": power.lead, "precision": power.precision,
        }  # fmt: skip


def lines(found: Backtest) -> Iterator[str]:
    yield "# Alerts: backtest"
    yield ""
    yield from markdown.table(BRANDS, [[markdown.escaped(cell) for cell in brand_cells(one)] for one in found.brands])
    for name in found.too_short:
        yield f"- {markdown.escaped(name)}: too little history, a first verdict needs ten weeks"
    if found.power:
        yield from markdown.table(POWER, [power_cells(each) for each in found.power])
        yield ABOUT
