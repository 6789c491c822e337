"""A trend on the terminal: lines of blocks with the changes marked, the periods, the dimensions that moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from overheard.insight.complacency import Complacency, Expectation
from overheard.insight.statistics import Difference
from overheard.insight.trend import ChangePoint, DimensionTrend, Period, Trend
from overheard.report import figures, markdown, spreadsheet
from overheard.report.printable import printable
from overheard.report.sparkline import marks, sparkline, squeezed
from overheard.report.styles import BAD, GOOD, QUIET, net_text, titled

SHOWN = 24
"""Periods in the table of the terminal, the latest; CSV, JSON and Markdown hold all."""

ROOM, NARROW, BESIDE = 10, 36, 70
"""Cells that the line of a dimension has at least and at most, and that what stands beside it wants."""

INDENT = 11
"""Cells before a line of blocks."""

AMPLE = 2.0
"""Times as many mentions, or as few, from which on a change may be one of who speaks."""

COLUMNS = (
    "brand", "by", "language", "source", "model", "dimension", "start", "end", "complete", "mentions", "opinions",
    *spreadsheet.estimate_columns("net"), *spreadsheet.estimate_columns("smoothed"), "stars", "rated",
    "change", "change_low", "change_high", "change_earliest", "change_latest",
)  # fmt: skip

SEASONS = {
    "day": "Days of the week differ: a change must hold for seven days.",
    "week": "A level may come back with the season: look at the same weeks a year before.",
    "month": "A level may come back with the season: look at the same months a year before.",
}


def parts(trend: Trend, width: int) -> Iterator[RenderableType]:
    """Yield what to print for a trend in `width` cells."""
    scope = figures.limits(trend.scope)
    yield Text.assemble((printable(trend.brand), "bold"), "  ", (printable(f"{scope}, by {trend.by}"), QUIET))
    if not trend.periods:
        yield Text("No mentions here. Widen the period or the filters.")
        return
    yield from _lines(trend, width - INDENT)
    yield Text()
    yield from _marks(trend)
    yield _periods(trend)
    if trend.dimensions:
        yield _dimensions(trend, width)
    if trend.complacency is not None:
        yield from _complacency(trend.complacency)
    for line in notes(trend):
        yield Text(line, style=QUIET)


def _lines(trend: Trend, width: int) -> Iterator[Text]:
    counts = squeezed([float(period.mentions) for period in trend.periods], width)
    highest = max(count or 0 for count in counts)
    yield Text(f"{'Mentions':<{INDENT}}{sparkline([count or None for count in counts], 0, highest)}")
    levels = squeezed([period.smoothed.value for period in trend.periods], width)
    known = [level for level in levels if level is not None]
    if known:
        low, high = min(known), max(known)
        yield Text(f"{'Net':<{INDENT}}{sparkline(levels, low, high)}")
        yield Text(" " * INDENT + _beneath(trend.periods, trend.change_points, width), style="bold")
        yield Text(f"{' ' * INDENT}net from {figures.signed(low)} to {figures.signed(high)}, smoothed", style=QUIET)


def _beneath(periods: Sequence[Period], points: Sequence[ChangePoint], width: int) -> str:
    place = {period.start: position for position, period in enumerate(periods)}
    rises = [place[point.day] for point in points if point.size.value > 0]
    return marks(len(periods), width, rises, [place[point.day] for point in points if point.size.value <= 0])


def _marks(trend: Trend) -> Iterator[RenderableType]:
    if not trend.change_points:
        yield Text("No change that is certain.")
        return
    for point in trend.change_points:
        style = GOOD if point.size.value > 0 else BAD
        yield Text.assemble((_mark(point), style), " ", (change(point), "bold"))
        for line in details(point):
            yield Padding(Text(line, style=QUIET), (0, 0, 0, 2))


def _mark(point: ChangePoint) -> str:
    return "▲" if point.size.value > 0 else "▼"


def change(point: ChangePoint) -> str:
    """Write a change: from when on, by how much, from which level to which."""
    return (
        f"from {figures.day(point.day)} on: {figures.difference(point.size)}, "
        f"net {figures.signed(point.before.value or 0)} before, {figures.signed(point.after.value or 0)} after"
    )


def details(point: ChangePoint) -> Iterator[str]:
    """Yield what else is known of a change: how sure its date is, and what could explain it away."""
    if point.earliest == point.latest:
        yield "in this very period (95 %)"
    else:
        yield f"in a period that began between {figures.day(point.earliest)} and {figures.day(point.latest)} (95 %)"
    if point.rating_before.mean is not None and point.rating_after.mean is not None:
        yield f"stars {1 + 4 * point.rating_before.mean:.1f} before, {1 + 4 * point.rating_after.mean:.1f} after"
    if point.same_mix is not None:
        yield f"with the same sources and languages on both sides {figures.difference(point.same_mix)}"
    if point.pace_before and not 1 / AMPLE < point.pace_after / point.pace_before < AMPLE:
        yield (
            f"{point.pace_before:.1f} mentions per period before, {point.pace_after:.1f} after: "
            "perhaps other people speak (invitations to review?)"
        )


def _periods(trend: Trend) -> Table:
    rest = len(trend.periods) - SHOWN
    table = titled(f"Last {SHOWN} of {len(trend.periods)} periods" if rest > 0 else "Periods")
    table.add_column(trend.by.capitalize(), no_wrap=True)
    has_stars = any(period.rating.mean is not None for period in trend.periods[-SHOWN:])
    for label in ("Mentions", "Net", "Smoothed", *(("Stars",) if has_stars else ())):
        table.add_column(label, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    changed = {point.day: _mark(point) for point in trend.change_points}
    for period in trend.periods[-SHOWN:]:
        table.add_row(
            name(trend.by, period),
            figures.count(period.mentions),
            net_text(period.net),
            net_text(period.smoothed) if period.smoothed.value is not None else "",
            *([_stars(period)] if has_stars else []),
            changed.get(period.start, ""),
        )
    return table


def _stars(period: Period) -> str:
    return "" if period.rating.mean is None else f"{1 + 4 * period.rating.mean:.1f}"


def name(by: str, period: Period) -> str:
    """Write a period: its month, or its first day; a `+` says that it is not complete."""
    text = f"{period.start:%Y-%m}" if by == "month" else figures.day(period.start)
    return text if period.complete else f"{text} +"


def _dimensions(trend: Trend, width: int) -> Table:
    table = titled("Dimensions, the top movers first")
    for label in ("Dimension", "Net over time"):
        table.add_column(label, no_wrap=True)
    for label in ("Net", "Moved"):
        table.add_column(label, justify="right", no_wrap=True)
    table.add_column("Last change", no_wrap=True)
    room = max(ROOM, min(NARROW, width - BESIDE))
    for entry in trend.dimensions:
        known = entry.net.value is not None
        line = Text(sparkline(squeezed(entry.smoothed, room), -100, 100))
        table.add_row(
            entry.label,
            line if known else Text(figures.missing(entry.net.n), style=QUIET),
            figures.signed(entry.net.value) if entry.net.value is not None else "",
            _moved(entry.change, entry.moved),
            _last(entry),
        )
    return table


def _moved(found: Difference | None, certain: bool) -> Text:
    style = (GOOD if found.value > 0 else BAD) if found is not None and certain else ""
    return Text(f"{figures.difference(found)}{' *' if certain else '  '}" if found else "", style=style)


def _last(entry: DimensionTrend) -> Text:
    if not entry.change_points:
        return Text()
    point = entry.change_points[-1]
    return Text(f"{_mark(point)} {point.day:%Y-%m-%d} {figures.signed(point.size.value)}")


def _complacency(found: Complacency) -> Iterator[RenderableType]:
    yield Text(verdict(found), style="bold" if found.verdict == "complacent" else "")
    for line in witnesses(found):
        yield Padding(Text(printable(line)), (0, 0, 0, 2))


def verdict(found: Complacency) -> str:
    """Write whether a brand rests, and in which window."""
    span = f"{figures.day(found.window.since)} to {figures.day(found.window.until)} against as long before"
    if found.change is None:
        return f"Complacency: too few mentions to tell, {span}"
    text = {
        "complacent": "the level holds while others move",
        "holds": "no: the level holds, and nothing around it moves for certain",
        "moves": "no: the level itself moves",
        "unclear": "not to be said: the level is neither flat within 5 points nor changed for certain",
    }[found.verdict]
    return f"Complacency: {text}; net {figures.difference(found.change)}, {span}"


def witnesses(found: Complacency) -> Iterator[str]:
    """Yield the rivals and the expectations that moved for certain."""
    for rival in found.rivals:
        if rival.improved:
            kind = "rival" if rival.named else "of the same industry"
            yield f"{rival.brand} ({kind}) rose by {figures.difference(rival.change)}"
    for each in found.expectations:
        if each.worse and each.before.value is not None and each.after.value is not None:
            yield _expected(each)


def _expected(found: Expectation) -> str:
    before, after = found.before.value or 0, found.after.value or 0
    if found.measure == "stars":
        return f"stars fell from {before:.2f} to {after:.2f} of 5"
    what = "pain rose" if found.measure == "pain" else "wishes for what is not offered rose"
    return f"{what} from {before:.1f} % to {after:.1f} %"


def notes(trend: Trend) -> Iterator[str]:
    """Yield what a reader has to know: holes, open periods, what the signs mean."""
    if trend.holes:
        yield f"{figures.count(trend.holes)} of {figures.count(len(trend.periods))} periods have no mention."
    if any(not period.complete for period in trend.periods):
        yield "+ is not complete."
    if trend.stale:
        yield f"{figures.count(trend.stale)} days are to be recounted, run `overheard classify`."
    if trend.model is None:
        yield "Nothing is classified yet: run `overheard classify`."
        return
    if trend.window is not None:
        since, until = figures.day(trend.window.since), figures.day(trend.window.until)
        yield f"Moved: net of {since} to {until} less that of as long before; * is certain among all dimensions."
    yield f"{SEASONS[trend.by]} All of it was read by {printable(trend.model)}."


def rows(trend: Trend) -> Iterator[spreadsheet.Row]:
    """Yield a row for each period, then for each period of each dimension, whose own counts JSON does not repeat."""
    changes = {point.day: point for point in trend.change_points}
    for period in trend.periods:
        yield {
            **_head(trend, trend.scope.dimension, period),
            "mentions": period.mentions,
            "opinions": period.opinions,
            **spreadsheet.estimate("net", period.net),
            **spreadsheet.estimate("smoothed", period.smoothed),
            "stars": spreadsheet.stars(period.rating),
            "rated": period.rating.n,
            **_change(changes.get(period.start)),
        }
    for entry in trend.dimensions if trend.scope.dimension is None else ():
        points = {point.day: point for point in entry.change_points}
        for period, level in zip(trend.periods, entry.smoothed, strict=True):
            yield {
                **_head(trend, entry.dimension, period), "smoothed": level, **_change(points.get(period.start)),
            }  # fmt: skip


def _head(trend: Trend, dimension: str | None, period: Period) -> spreadsheet.Row:
    return {
        "brand": trend.brand,
        "by": trend.by,
        "language": trend.scope.language,
        "source": trend.scope.source,
        "model": trend.model,
        "dimension": dimension,
        "start": spreadsheet.day(period.start),
        "end": spreadsheet.day(period.end),
        "complete": spreadsheet.yes(period.complete),
    }


def _change(point: ChangePoint | None) -> spreadsheet.Row:
    if point is None:
        return {}
    return {
        "change": point.size.value,
        "change_low": point.size.low,
        "change_high": point.size.high,
        "change_earliest": spreadsheet.day(point.earliest),
        "change_latest": spreadsheet.day(point.latest),
    }


def lines(trend: Trend) -> Iterator[str]:
    yield f"# {markdown.escaped(trend.brand)}: trend by {trend.by}"
    yield ""
    yield markdown.escaped(figures.limits(trend.scope))
    yield ""
    for point in trend.change_points:
        yield f"- {change(point)}"
        for line in details(point):
            yield f"  - {line}"
    if not trend.change_points:
        yield "- No change that is certain."
    yield ""
    yield from markdown.table(
        (trend.by.capitalize(), "Mentions", "Net", "Smoothed", "Stars"),
        [
            (
                name(trend.by, period),
                figures.count(period.mentions),
                figures.net(period.net),
                figures.net(period.smoothed) if period.smoothed.value is not None else "",
                _stars(period),
            )
            for period in trend.periods
        ],
    )
    if trend.dimensions:
        header = ("Dimension", "Votes", "Net", "Moved", "Last change")
        yield from markdown.table(header, [_row(entry) for entry in trend.dimensions])
    if trend.complacency is not None:
        yield f"{markdown.escaped(verdict(trend.complacency))}"
        yield ""
        yield from (f"- {markdown.escaped(line)}" for line in witnesses(trend.complacency))
        yield ""
    yield from (f"{markdown.escaped(line)}  " for line in notes(trend))


def _row(entry: DimensionTrend) -> tuple[str, ...]:
    moved = figures.difference(entry.change)
    return (
        entry.label,
        figures.count(entry.mentions),
        figures.net(entry.net),
        f"**{moved}**" if entry.moved else moved,
        _last(entry).plain,
    )
