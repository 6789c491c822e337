"""What became of themes: one line for each event."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from overheard.insight.themes import Event, ThemeHistory
from overheard.report import figures, markdown, spreadsheet
from overheard.report.printable import printable
from overheard.report.styles import QUIET

COLUMNS = ("brand", "at", "theme", "name", "event", "other", "by", "detail")


def parts(history: ThemeHistory, width: int) -> Iterator[RenderableType]:
    """Yield what to print for the log of themes."""
    yield Text.assemble((printable(history.brand), "bold"), "  what became of its themes")
    if not history.events:
        yield Text("Nothing yet: `overheard classify` finds themes.")
    for event in history.events:
        yield Text.assemble((f"{event.at:%Y-%m-%d %H:%M}  ", QUIET), printable(told(event)))


def told(event: Event) -> str:
    """Write an event in one line."""
    who = " by a person" if event.by == "user" else ""
    other = f" ({'into' if event.event == 'merged' else 'off'} {event.other})" if event.other else ""
    name = f" {event.name}" if event.name else ""
    detail = f": {event.detail}" if event.detail else ""
    return f"theme {event.theme}{name} {event.event}{other}{who}{detail}"


def rows(history: ThemeHistory) -> Iterator[spreadsheet.Row]:
    """Yield a row for each event."""
    for event in history.events:
        yield {
            "brand": history.brand,
            "at": f"{event.at:%Y-%m-%dT%H:%M:%SZ}",
            "theme": event.theme,
            "name": event.name,
            "event": event.event,
            "other": event.other,
            "by": event.by,
            "detail": event.detail,
        }


def lines(history: ThemeHistory) -> Iterator[str]:
    """Yield the lines of a document."""
    yield f"# {markdown.escaped(history.brand)}: what became of its themes"
    yield ""
    for event in history.events:
        yield f"- {figures.day(event.at)}: {markdown.escaped(told(event))}"
    yield ""
