"""The inbox on the terminal: each complaint with its reasons, its wait and what was noted, then the replies."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from overheard.insight.cases import Note
from overheard.insight.inbox import MOST, Inbox, InboxEntry
from overheard.insight.replies import ReplyFigures
from overheard.insight.statistics import Estimate
from overheard.report import figures, markdown, spreadsheet
from overheard.report.printable import printable
from overheard.report.styles import BAD, GOOD, QUIET, address

COLUMNS = (
    "mention_id", "score", "severity", "reasons", "source", "kind", "language", "published", "waiting_seconds",
    "target_seconds", "overdue", "reply_state", "status", "reopened_by", "reopens", "noted_at", "noted_by", "note",
    "copies", "rating", "rating_given", "url", "quote", "text",
)  # fmt: skip

REASONS = {
    "help": "needs help", "request": "asks for a change", "pain": "pain", "stars": "stars", "leaving": "leaving",
    "advocate": "recommends", "praise": "praise",
}  # fmt: skip

REPLY_COLUMNS = ("Replies", "Reply rate", "Of", "Median time", "Timed")

QUOTED = 300
"""Characters of a text that are shown where no sentence of it was read."""

UNITS = ((86_400, "d"), (3600, "h"), (60, "min"))


def parts(inbox: Inbox, width: int) -> Iterator[RenderableType]:
    """Yield what to print for an inbox."""
    yield Text.assemble(
        (f"{printable(inbox.brand)}: {_kind(inbox)}", "bold"), "  ", (printable(figures.limits(inbox.scope)), QUIET)
    )
    for line in _overview(inbox):
        yield Text(line)
    yield Text()
    for entry in inbox.entries:
        yield from _entry(entry)
    if inbox.replies:
        yield _replies(inbox)


def _kind(inbox: Inbox) -> str:
    return "praise worth a thank-you" if inbox.kind == "praise" else "complaints that want an answer"


def _overview(inbox: Inbox) -> Iterator[str]:
    if inbox.since_days:
        yield f"The last {inbox.since_days} days; --since looks further back."
    if inbox.first:
        newest = f"newest {figures.count(MOST)} mentions, from {figures.day(inbox.first)} on, were looked at"
        yield f"Only the {newest}; --until goes on."
    if not inbox.open:
        newest = f"; the newest mention is of {figures.day(inbox.newest)}" if inbox.newest else ""
        yield f"Nothing here{newest}."
        return
    parts = [f"{figures.count(inbox.open)} open"]
    if inbox.kind == "complaints":
        parts.append(f"{figures.count(inbox.overdue)} overdue")
    if inbox.with_the_customer:
        parts.append(f"{figures.count(inbox.with_the_customer)} with the customer")
    if inbox.unknown:
        parts.append(f"{figures.count(inbox.unknown)} of them may have a reply (the source does not say)")
    more = inbox.open - len(inbox.entries)
    yield ", ".join(parts) + (f"; shown: the first {len(inbox.entries)}, --limit shows more" if more else "")


def _entry(entry: InboxEntry) -> Iterator[RenderableType]:
    yield Text.assemble((_heading(entry), "bold"), "  ", _wait_text(entry))
    yield Padding(Text(f"{_why(entry)}; {_state(entry)}", style=QUIET), (0, 0, 0, 2))
    if entry.note is not None:
        yield Padding(Text(note(entry.note)), (0, 0, 0, 2))
    yield Padding(Text(f"“{_words(entry)}”"), (0, 0, 0, 4))
    if entry.url:
        yield address(entry.url, indent=4)
    yield Text()


def _heading(entry: InboxEntry) -> str:
    parts = [f"mention {entry.mention_id}", printable(entry.source), figures.day(entry.published), entry.language]
    if entry.copies:
        parts.append(f"and {figures.count(entry.copies)} {'copy' if entry.copies == 1 else 'copies'}")
    return ", ".join(parts)


def _wait_text(entry: InboxEntry) -> Text:
    text = f"waits {duration(entry.waiting)}"
    return Text(f"{text}, target {duration(entry.target)}", style=BAD) if entry.overdue else Text(text)


def _why(entry: InboxEntry) -> str:
    named = [_rating(entry) if reason == "stars" else REASONS[reason] for reason in entry.reasons]
    return f"score {entry.score:.0f}: {', '.join(named)}"


def _rating(entry: InboxEntry) -> str:
    return figures.rated(entry.rating or 0.0, entry.kind, entry.rating_given, entry.rating_scale)


def _state(entry: InboxEntry) -> str:
    reply = "reply unknown" if entry.reply_state == "unknown" else entry.reply_state
    return f"{reply}, {status(entry.status, entry.reopened_by, entry.reopens)}"


def status(word: str, reopened_by: str | None, reopens: int | None = None) -> str:
    """Write a status, and what reopened it."""
    plain = word.replace("_", " ")
    if reopened_by == "edit":
        return f"{plain}: the customer edited it since"
    if reopened_by == "complaint":
        return f"{plain}: this customer's mention {reopens} was resolved"
    return plain


def note(found: Note) -> str:
    """Write a note in one line."""
    by = f" by {printable(found.noted_by)}" if found.noted_by else ""
    text = f": {printable(found.text)}" if found.text else ""
    return f"{found.noted_at:%Y-%m-%d %H:%M} {found.status.replace('_', ' ')}{by}{text}"


def _words(entry: InboxEntry) -> str:
    if entry.quote is not None:
        return printable(entry.quote)
    text = printable(f"{entry.title or ''} {entry.text}")
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}…"


def duration(seconds: float) -> str:
    """Write a length of time in its two largest units.

    >>> duration(90_000), duration(3600), duration(59), duration(86_400 * 400)
    ('1 d 1 h', '1 h', '<1 min', '400 d')
    """
    for position, (length, unit) in enumerate(UNITS):
        if seconds >= length:
            whole, rest = divmod(int(seconds), length)
            if position + 1 == len(UNITS) or whole >= 10:
                return f"{whole} {unit}"
            smaller, name = UNITS[position + 1]
            return f"{whole} {unit}" + (f" {rest // smaller} {name}" if rest >= smaller else "")
    return "<1 min"


def rate(found: Estimate) -> str:
    """Write a share with its interval, 80 % (49…94), or that there are too few."""
    if found.value is None or found.low is None or found.high is None:
        return figures.missing(found.n)
    return f"{100 * found.value:.0f} % ({100 * found.low:.0f}{figures.TO}{100 * found.high:.0f})"


def time(found: Estimate) -> str:
    """Write a median time with its interval, or why there is none."""
    if not found.n:
        return "times not given"
    if found.value is None or found.low is None or found.high is None:
        return figures.missing(found.n)
    interval = f"{duration(found.low)}{figures.TO}{duration(found.high)}"
    return f"{duration(found.value)} ({interval})"


def _replies(inbox: Inbox) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("Replies", overflow="fold")
    for name in REPLY_COLUMNS[1:]:
        table.add_column(name, justify="right", overflow="fold")
    for found in inbox.replies:
        table.add_row(*_reply_cells(found))
    return table


def _reply_cells(found: ReplyFigures) -> tuple[Text, ...]:
    known = found.answered + found.unanswered
    unknown = f", {figures.count(found.unknown)} unknown" if found.unknown else ""
    late = found.time.low is not None and found.time.low > found.target
    quick = found.time.high is not None and found.time.high <= found.target
    return (
        Text(printable(found.source)),
        Text(rate(found.rate)),
        Text(figures.count(known) + unknown),
        Text(time(found.time), style=BAD if late else GOOD if quick else ""),
        Text(figures.count(found.time.n) if found.time.n else ""),
    )


def rows(inbox: Inbox) -> Iterator[spreadsheet.Row]:
    """Yield a row for each entry."""
    for entry in inbox.entries:
        yield {
            "mention_id": entry.mention_id,
            "score": entry.score,
            "severity": entry.severity,
            "reasons": " ".join(entry.reasons),
            "source": entry.source,
            "kind": entry.kind,
            "language": entry.language,
            "published": spreadsheet.moment(entry.published) if entry.published else None,
            "waiting_seconds": entry.waiting,
            "target_seconds": entry.target,
            "overdue": spreadsheet.yes(entry.overdue),
            "reply_state": entry.reply_state,
            "status": entry.status,
            "reopened_by": entry.reopened_by,
            "reopens": entry.reopens,
            "noted_at": spreadsheet.moment(entry.note.noted_at) if entry.note else None,
            "noted_by": entry.note.noted_by if entry.note else None,
            "note": entry.note.text if entry.note else None,
            "copies": entry.copies,
            "rating": entry.rating,
            "rating_given": entry.rating_given,
            "url": entry.url,
            "quote": entry.quote,
            "text": f"{entry.title or ''} {entry.text}".strip(),
        }


def lines(inbox: Inbox) -> Iterator[str]:
    """Yield the lines of an inbox as Markdown."""
    yield f"# {markdown.escaped(inbox.brand)}: {_kind(inbox)}"
    yield ""
    yield markdown.escaped(figures.limits(inbox.scope))
    yield ""
    for line in _overview(inbox):
        yield line
        yield ""
    for entry in inbox.entries:
        yield f"## {markdown.escaped(_heading(entry))}"
        yield ""
        late = f" (target {duration(entry.target)})" if entry.overdue else ""
        yield f"Waits {duration(entry.waiting)}{late}. {markdown.escaped(f'{_why(entry)}; {_state(entry)}')}"
        yield ""
        if entry.note is not None:
            yield markdown.escaped(note(entry.note))
            yield ""
        yield f"> “{markdown.escaped(_words(entry))}”{markdown.link(entry.url)}"
        yield ""
    if inbox.replies:
        cells = ([markdown.escaped(cell.plain) for cell in _reply_cells(found)] for found in inbox.replies)
        yield from markdown.table(REPLY_COLUMNS, list(cells))
