"""Themes on the terminal: each with its size, its change and what customers say."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from overheard.insight.themes import Change, ThemeFigures, Themes
from overheard.report import figures, markdown, spreadsheet
from overheard.report.printable import printable
from overheard.report.styles import BAD, GOOD, QUIET, address

QUOTED, LONGEST = 2, 220
"""Quotes that a table shows, and characters of each; the other formats have all."""

COLUMNS = (
    "brand", "since", "until", "language", "source", "theme", "name", "named_by", "pinned", "dimension", "label",
    "polarity", "mentions", "opinions", "share", "change_since", "change_until", "now", "before", "born", "keyphrases",
    "quote", "quote_url",
)  # fmt: skip


def parts(found: Themes, width: int) -> Iterator[RenderableType]:
    """Yield what to print for themes, from the largest to the smallest."""
    yield Text.assemble((printable(found.brand), "bold"), "  ", (printable(figures.limits(found.scope)), QUIET))
    yield Text(counted(found))
    for theme in found.themes:
        yield Text()
        yield _heading(theme)
        yield Padding(Text(details(theme), style=QUIET), (0, 0, 0, 2))
        for quote in theme.quotes[:QUOTED]:
            text = printable(quote.text)
            shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
            yield Padding(Text(f"“{shown}”", style="italic"), (0, 0, 0, 2))
            origin = f"{printable(quote.source)}, {figures.day(quote.published)}, {quote.language}"
            yield Padding(Text(f"{origin}, mention {quote.mention_id}", style=QUIET), (0, 0, 0, 4))
            if quote.url:
                yield address(quote.url, indent=4)
    if more := unseen(found):
        yield Text()
        yield Text(more, style=QUIET)


def counted(found: Themes) -> str:
    """Say how much is in themes and how much in none."""
    if found.model is None:
        return "Nothing is classified yet: run `overheard classify`."
    if not found.opinions:
        wait = f"; {figures.count(found.waiting)} are not looked at yet, run `overheard classify`"
        return f"No praise or pain here{wait if found.waiting else ''}."
    kinds = f"{figures.count(found.themes_found)} {'theme' if found.themes_found == 1 else 'themes'}"
    outside = f"{figures.count(found.outside)} ({figures.share(found.outside / found.opinions)})"
    text = f"{kinds} in {figures.count(found.opinions)} opinions; {outside} are in none: too rare, or nothing fits"
    if found.waiting:
        text += f"; {figures.count(found.waiting)} are not looked at yet, run `overheard classify`"
    return text


def _heading(theme: ThemeFigures) -> Text:
    size = f"{figures.count(theme.mentions)} {'mention' if theme.mentions == 1 else 'mentions'}"
    return Text.assemble(
        (f"{theme.id}  ", QUIET),
        (printable(theme.name), f"bold {GOOD if theme.polarity == 'positive' else BAD}"),
        ("  pinned" if theme.pinned else "", QUIET),
        f"  {size}",
        (f"  {moved(theme.change)}" if theme.change else "", QUIET),
    )


def side(theme: ThemeFigures) -> str:
    """Write on which side of which dimension a theme is."""
    return f"{'praise' if theme.polarity == 'positive' else 'pain'} in {theme.label}"


def details(theme: ThemeFigures) -> str:
    """Write what a theme is part of, and its words."""
    words = ", ".join(printable(word) for word in theme.keyphrases)
    return f"{side(theme)}, {figures.share(theme.share)} of it; {words}"


def moved(change: Change) -> str:
    """Write a change: the mentions of the period and of the one before it."""
    days = (change.until - change.since).days + 1
    return f"{figures.count(change.mentions)} in {days} days, {figures.count(change.before)} in those before"


def unseen(found: Themes) -> str:
    """Say how many themes are not shown; nothing where all are."""
    rest = found.themes_found - len(found.themes)
    if rest <= 0:
        return ""
    return f"{figures.count(rest)} more; --limit {found.themes_found} shows all, --dimension narrows"


def rows(found: Themes) -> Iterator[spreadsheet.Row]:
    """Yield a row for each theme, and a last one for the opinions in none."""
    scope = found.scope
    common: spreadsheet.Row = {
        "brand": found.brand, "since": spreadsheet.day(scope.since), "until": spreadsheet.day(scope.until),
        "language": scope.language, "source": scope.source,
    }  # fmt: skip
    for theme in found.themes:
        change, first = theme.change, theme.quotes[0] if theme.quotes else None
        yield common | {
            "theme": theme.id,
            "name": theme.name,
            "named_by": theme.named_by,
            "pinned": spreadsheet.yes(theme.pinned),
            "dimension": theme.dimension,
            "label": theme.label,
            "polarity": theme.polarity,
            "mentions": theme.mentions,
            "opinions": theme.opinions,
            "share": theme.share,
            "change_since": spreadsheet.day(change.since if change else None),
            "change_until": spreadsheet.day(change.until if change else None),
            "now": change.mentions if change else None,
            "before": change.before if change else None,
            "born": spreadsheet.day(theme.born),
            "keyphrases": "; ".join(theme.keyphrases),
            "quote": first.text if first else None,
            "quote_url": first.url if first else None,
        }
    yield common | {"name": "in no theme", "opinions": found.outside}


def lines(found: Themes) -> Iterator[str]:
    """Yield the lines of a document."""
    yield f"# {markdown.escaped(found.brand)}: themes"
    yield ""
    yield markdown.escaped(figures.limits(found.scope))
    yield ""
    yield counted(found)
    yield ""
    for theme in found.themes:
        yield f"## {markdown.escaped(theme.name)}"
        yield ""
        yield f"- Theme {theme.id}{', pinned' if theme.pinned else ''}: {markdown.escaped(details(theme))}"
        yield f"- Mentions: {figures.count(theme.mentions)}{f'; {moved(theme.change)}' if theme.change else ''}"
        yield ""
        yield from markdown.quotes(theme.quotes)
    if more := unseen(found):
        yield more
        yield ""
