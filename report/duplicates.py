"""Near-duplicates on the terminal: each group with its size, names and sources, its first mention and some copies."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from overheard.insight.duplicates import Duplicate, DuplicateGroup, Duplicates
from overheard.report import figures
from overheard.report.printable import printable
from overheard.report.summary import QUIET, address

LONGEST = 300
"""Characters of a text that are shown."""

EXAMPLES = 3
"""Copies of a group that a table and a document show; CSV and JSON hold all."""


def duplicate_parts(found: Duplicates) -> Iterator[RenderableType]:
    """Yield what to print for near-duplicates."""
    scope = figures.limits(found.since, found.until, found.language, found.source)
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
