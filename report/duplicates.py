"""Near-duplicates on the terminal: each group with its size, names and sources, its first mention and some copies."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from overheard.insight.duplicates import Duplicate, DuplicateGroup, Duplicates
from overheard.report import figures, markdown, spreadsheet
from overheard.report.printable import printable
from overheard.report.styles import QUIET, address

LONGEST = 300
"""Characters of a text that are shown."""

COLUMNS = (
    "group", "kind", "copies", "names", "unnamed", "sources", "since", "until",
    "counts", "mention_id", "source", "day", "url", "text",
)  # fmt: skip

EXAMPLES = 3
"""Copies of a group that a table and a document show; CSV and JSON hold all."""


def parts(found: Duplicates, width: int) -> Iterator[RenderableType]:
    """Yield what to print for near-duplicates."""
    scope = figures.limits(found.scope)
    yield Text.assemble((printable(found.brand), "bold"), "  ", (printable(scope), QUIET))
    yield Text(left_out(found))
    for group in found.groups:
        yield Text()
        yield Text(heading(group), style="bold")
        yield from _mention(group.first, "counts")
        for copy in group.others[:EXAMPLES]:
            yield from _mention(copy, "copy")
        if more := unseen(group):
            yield Padding(Text(more, style=QUIET), (0, 0, 0, 2))


def left_out(found: Duplicates) -> str:
    """Say how many near-duplicates there are, and how many groups are shown."""
    if not found.left_out:
        return "No near-duplicates here."
    groups = f"{figures.count(found.groups_found)} {'group' if found.groups_found == 1 else 'groups'}"
    text = f"{figures.count(found.left_out)} near-duplicates in {groups}, left out of all counts"
    return f"{text}; the {len(found.groups)} largest" if found.groups_found > len(found.groups) else text


def heading(group: DuplicateGroup) -> str:
    """Write what kind of group it is, its size, names, sources and days."""
    size = figures.count(group.copies + 1)
    names = f"{figures.count(group.names)} {'name' if group.names == 1 else 'names'}"
    if group.unnamed:
        names += f" and {figures.count(group.unnamed)} without"
    sources = ", ".join(f"{printable(name)} {figures.count(count)}" for name, count in group.sources.items())
    days = f"{figures.day(group.since)} to {figures.day(group.until)}"
    return f"{group.kind.capitalize()}: {size} mentions, {names}; {sources}; {days}"


def unseen(group: DuplicateGroup) -> str:
    """Say how many copies are not shown and where they are; nothing where all are."""
    rest = len(group.others) - EXAMPLES
    return f"and {figures.count(rest)} more; --format csv or json lists all" if rest > 0 else ""


def _mention(mention: Duplicate, mark: str) -> Iterator[RenderableType]:
    text = printable(mention.text)
    yield Padding(Text(text if len(text) <= LONGEST else f"{text[:LONGEST]}…"), (0, 0, 0, 2))
    origin = f"{mark}: mention {mention.mention_id}, {printable(mention.source)}, {figures.day(mention.day)}"
    yield Padding(Text(origin, style=QUIET), (0, 0, 0, 4))
    if mention.url:
        yield address(mention.url, indent=4)


def rows(found: Duplicates) -> Iterator[spreadsheet.Row]:
    """Yield a row for each near-duplicate."""
    for number, group in enumerate(found.groups, 1):
        yield from _group_rows(number, group)


def _group_rows(number: int, group: DuplicateGroup) -> Iterator[spreadsheet.Row]:
    for mention in (group.first, *group.others):
        yield {
            "group": number,
            "kind": group.kind,
            "copies": group.copies,
            "names": group.names,
            "unnamed": group.unnamed,
            "sources": "; ".join(f"{name} {count}" for name, count in group.sources.items()),
            "since": spreadsheet.day(group.since),
            "until": spreadsheet.day(group.until),
            "counts": spreadsheet.yes(mention is group.first),
            "mention_id": mention.mention_id,
            "source": mention.source,
            "day": spreadsheet.day(mention.day),
            "url": mention.url,
            "text": mention.text,
        }


def lines(found: Duplicates) -> Iterator[str]:
    yield f"# {markdown.escaped(found.brand)}: near-duplicates"
    yield ""
    yield markdown.escaped(figures.limits(found.scope))
    yield ""
    yield left_out(found)
    yield ""
    for group in found.groups:
        yield f"## {markdown.escaped(heading(group))}"
        yield ""
        for mark, mention in (("counts", group.first), *(("copy", copy) for copy in group.others[:EXAMPLES])):
            yield f"- {markdown.escaped(mention.text)} ({mark}: {_place(mention)})"
        if more := unseen(group):
            yield f"- {more}"
        yield ""


def _place(mention: Duplicate) -> str:
    place = f"mention {mention.mention_id}, {markdown.escaped(mention.source)}, {figures.day(mention.day)}"
    return f"{place}{markdown.link(mention.url)}"
