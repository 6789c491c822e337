"""What became of mentions: their notes from the first to the last."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from overheard.insight.cases import CaseHistory, Cases
from overheard.report import figures, markdown, spreadsheet
from overheard.report.inbox import QUOTED, note, status
from overheard.report.printable import printable
from overheard.report.styles import address

COLUMNS = (
    "mention_id", "source", "day", "reply_state", "replied", "status_now", "reopened_by", "noted_at", "status",
    "noted_by", "note", "url", "text",
)  # fmt: skip


def parts(found: Cases, width: int) -> Iterator[RenderableType]:
    """Yield what to print for cases."""
    for case in found.cases:
        yield Text(_heading(case), style="bold")
        yield Padding(Text(f"“{_words(case)}”"), (0, 0, 0, 2))
        if case.url:
            yield address(case.url, indent=2)
        for line in _history(case):
            yield Padding(Text(line), (0, 0, 0, 4))
        yield Text()


def _heading(case: CaseHistory) -> str:
    now = status(case.status, case.reopened_by)
    return f"mention {case.mention_id}, {printable(case.source)}, {figures.day(case.day)}: {now}"


def _words(case: CaseHistory) -> str:
    text = printable(case.text)
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}…"


def _history(case: CaseHistory) -> Iterator[str]:
    if case.replied is not None:
        yield f"{case.replied:%Y-%m-%d %H:%M} replied to at the source"
    elif case.reply_state == "answered":
        yield "replied to at the source"
    yield from map(note, case.notes)
    if not case.notes:
        yield "no notes yet"


def rows(found: Cases) -> Iterator[spreadsheet.Row]:
    """Yield a row for each note, or for the mention where it has none."""
    for case in found.cases:
        for each in case.notes or (None,):
            yield {
                "mention_id": case.mention_id,
                "source": case.source,
                "day": spreadsheet.day(case.day),
                "reply_state": case.reply_state,
                "replied": spreadsheet.moment(case.replied) if case.replied else None,
                "status_now": case.status,
                "reopened_by": case.reopened_by,
                "noted_at": spreadsheet.moment(each.noted_at) if each else None,
                "status": each.status if each else None,
                "noted_by": each.noted_by if each else None,
                "note": each.text if each else None,
                "url": case.url,
                "text": case.text,
            }


def lines(found: Cases) -> Iterator[str]:
    """Yield the lines of cases as Markdown."""
    for case in found.cases:
        yield f"## {markdown.escaped(_heading(case))}"
        yield ""
        yield f"> “{markdown.escaped(_words(case))}”{markdown.link(case.url)}"
        yield ""
        for line in _history(case):
            yield f"- {markdown.escaped(line)}"
        yield ""
