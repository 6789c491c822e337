"""Alerts on the terminal and in messages: what happened, how unusual it is, where it comes from, in whose words."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from overheard.insight.alerts import AlertEntry, AlertFigures, Alerts
from overheard.insight.quotes import Quote
from overheard.report import figures, markdown, spreadsheet
from overheard.report.printable import printable
from overheard.report.styles import BAD, QUIET, address

COLUMNS = (
    "id", "brand", "kind", "state", "since", "until", "snoozed_until", "owner", "measure", "dimension", "found",
    "window", "observed", "expected", "p", "q", "source", "touchpoint", "themes", "text", "quote", "url", "delivered",
)  # fmt: skip

MORE = 3
"""Cells of an alert beside the leading one that are written out."""


def parts(found: Alerts, width: int) -> Iterator[RenderableType]:
    """Yield what to print for alerts."""
    yield Text.assemble((printable(found.brand or "All brands"), "bold"), "  ", (_count(found), QUIET))
    for note in notes(found):
        yield Text(note, style=QUIET)
    for entry in found.alerts:
        yield Text()
        yield Text(headline(entry), style=f"bold {BAD}" if entry.state == "open" else "bold")
        for line in details(entry):
            yield Padding(Text(line), (0, 0, 0, 2))
        for quote in entry.quotes:
            yield Padding(Text(f"“{printable(quote.text)}”"), (0, 0, 0, 2))
            yield Padding(Text(_origin(quote), style=QUIET), (0, 0, 0, 4))
            if quote.url:
                yield address(quote.url, indent=4)


def _count(found: Alerts) -> str:
    word = "alert" if len(found.alerts) == 1 else "alerts"
    return f"{len(found.alerts)} {word}" if found.history else f"{len(found.alerts)} open {word}"


def notes(found: Alerts) -> list[str]:
    """Say up to which day was judged, and what was not."""
    if not found.judged:
        return ["Nothing is judged yet: `overheard refresh` does it, once there are ten weeks of mentions."]
    days = sorted(set(found.judged.values()))
    judged = f"Judged up to {days[-1]}" if len(days) == 1 else f"Judged up to {days[0]} or later, by brand"
    return [judged, *(f"{printable(name)} waits: {reason}" for name, reason in found.paused.items())]


def headline(entry: AlertEntry) -> str:
    """Say in one line what the alert is, with its number, state and days."""
    state = entry.state if entry.snoozed_until is None else f"snoozed until {figures.day(entry.snoozed_until)}"
    days = f"since {entry.since}" if entry.since == entry.until else f"{entry.since} to {entry.until}"
    return f"#{entry.id} {printable(entry.brand)}: {what(entry)} ({state}, {days})"


def what(entry: AlertEntry) -> str:
    """Say what happened in a few words."""
    if entry.text is not None:
        return printable(entry.text)
    lead = entry.figures[0]
    others = [_name(each) for each in entry.figures[1:] if _name(each) != _name(lead)]
    names = list(dict.fromkeys(others))
    rest = f", also {', '.join(names[:MORE])}" if names else ""
    more = f" and {len(names) - MORE} more" if len(names) > MORE else ""
    return f"{_name(lead)} {'up' if _is_more(lead) else 'down'}{rest}{more}"


def _name(each: AlertFigures) -> str:
    if each.measure == "mentions":
        return "mentions"
    place = printable(each.dimension) if each.dimension else "the brand"
    return f"pain in {place}" if each.measure == "pain" else f"net sentiment of {place}"


def _is_more(each: AlertFigures) -> bool:
    return each.kind == "spike"


def details(entry: AlertEntry) -> Iterator[str]:
    """Yield the lines below the headline, without the quotes."""
    for each in entry.figures[: MORE + 1]:
        if each.p is not None:
            yield f"{unusual(each)} (p {_small(each.p)}, q {_small(each.q)})"
    yield from causes(entry)
    if entry.delivered:
        yield f"told: {', '.join(f'{channel} {state}' for channel, state in entry.delivered.items())}"


def told(entry: AlertEntry) -> Iterator[str]:
    """Yield the lines of a message below the headline: what is unusual and why, and what to do about it."""
    yield from (unusual(each) for each in entry.figures[: MORE + 1] if each.p is not None)
    yield from causes(entry)
    yield f"overheard alerts ack {entry.id}: somebody takes care of it"


def causes(entry: AlertEntry) -> Iterator[str]:
    """Yield what drove an alert, and who answers for it."""
    for driver in entry.drivers:
        before = f"{driver.observed:g} against {driver.expected:.1f} in as many days of the weeks before"
        yield f"{driver.kind} {printable(driver.name)}: {before}, {figures.share(driver.share)} of the change"
    if entry.themes:
        yield f"themes: {', '.join(map(printable, entry.themes))}"
    if entry.owner:
        yield f"owner: {printable(entry.owner)}"


def unusual(each: AlertFigures) -> str:
    """Say how unusual one cell is."""
    days = "1 day" if each.window == 1 else f"{each.window} days"
    counted = "pains among the votes" if each.measure == "net" else "mentions"
    return f"{_name(each)}: {each.observed or 0:g} {counted} in {days} to {each.day}, {each.expected or 0:.1f} expected"


def _small(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if value >= 0.001 else "< 1e-12" if value < 1e-12 else f"{value:.0e}"


def _origin(quote: Quote) -> str:
    return f"mention {quote.mention_id}, {printable(quote.source)}, {figures.day(quote.published)}"


def message(entry: AlertEntry) -> str:
    """Write an alert as plain text, for a message."""
    return "\n".join([headline(entry), *told(entry), *(quoted(quote, quote.url) for quote in entry.quotes)])


def quoted(quote: Quote, link: str | None) -> str:
    """Write a quote for a message, with its origin and the address where it stands."""
    return f"“{printable(quote.text)}” ({_origin(quote)}{f', {printable(link)}' if link else ''})"


def rows(found: Alerts) -> Iterator[spreadsheet.Row]:
    """Yield a row for each cell of each alert."""
    for entry in found.alerts:
        drivers = {driver.kind: driver.name for driver in entry.drivers}
        quote = entry.quotes[0] if entry.quotes else None
        for each in entry.figures:
            yield {
                "id": entry.id,
                "brand": entry.brand,
                "kind": each.kind,
                "state": entry.state,
                "since": spreadsheet.day(entry.since),
                "until": spreadsheet.day(entry.until),
                "snoozed_until": spreadsheet.day(entry.snoozed_until),
                "owner": entry.owner,
                "measure": each.measure,
                "dimension": each.dimension,
                "found": spreadsheet.day(each.day),
                "window": each.window,
                "observed": each.observed,
                "expected": None if each.expected is None else round(each.expected, 2),
                "p": None if each.p is None else f"{each.p:.3g}",
                "q": None if each.q is None else f"{each.q:.3g}",
                "source": drivers.get("source"),
                "touchpoint": drivers.get("touchpoint"),
                "themes": "; ".join(entry.themes),
                "text": entry.text,
                "quote": quote.text if quote else None,
                "url": quote.url if quote else None,
                "delivered": "; ".join(f"{channel} {state}" for channel, state in entry.delivered.items()),
            }


def lines(found: Alerts) -> Iterator[str]:
    yield f"# {markdown.escaped(found.brand or 'All brands')}: alerts"
    yield ""
    yield _count(found)
    yield ""
    for note in notes(found):
        yield markdown.escaped(note)
        yield ""
    for entry in found.alerts:
        yield f"## {markdown.escaped(headline(entry))}"
        yield ""
        for line in details(entry):
            yield f"- {markdown.escaped(line)}"
        for quote in entry.quotes:
            yield f"- “{markdown.escaped(quote.text)}” ({markdown.escaped(_origin(quote))}{markdown.link(quote.url)})"
        yield ""
