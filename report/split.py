"""A summary split by product, location or version: one line for each value."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from overheard.insight.split import Part, Split, TopDimension
from overheard.report import figures, markdown, spreadsheet
from overheard.report.printable import printable
from overheard.report.styles import QUIET, net_text, titled

COLUMNS = (
    "brand", "since", "until", "language", "source", "touchpoint", "dimension", "query", "model", "by", "value",
    "first", "last", "mentions", "analysed", *spreadsheet.estimate_columns("net"), "stars", "stars_n",
    *spreadsheet.estimate_columns("index"), "top_pain", "top_pain_mentions", "top_praise", "top_praise_mentions",
)  # fmt: skip


def parts(split: Split, width: int) -> Iterator[RenderableType]:
    """Yield what to print for a split summary, from top to bottom."""
    scope = printable(figures.limits(split.scope))
    yield Text.assemble((printable(split.brand), "bold"), f" by {split.by}", ("  " + scope, QUIET))
    if not split.parts:
        yield Text(_none(split))
        return
    table = titled()
    table.add_column(split.by.capitalize(), overflow="fold")
    for label in ("Mentions", "Net", "CX index", "Stars"):
        table.add_column(label, justify="right", no_wrap=label == "Mentions")
    table.add_column("Most pain", overflow="fold")
    table.add_column("Most praise", overflow="fold")
    for part in split.parts:
        table.add_row(
            Text(printable(part.value)),
            figures.count(part.mentions),
            net_text(part.net_sentiment),
            figures.index_of(split.scope, part.index),
            figures.stars(part.rating).split(",")[0],
            _top(part.top_pain),
            _top(part.top_praise),
        )
    yield table
    rest = _rest(split)
    if rest:
        yield Text(rest, style=QUIET)


def _none(split: Split) -> str:
    return f"No mention here names a {split.by}. Widen the period or the filters, or import the column of it."


def _top(found: TopDimension | None) -> str:
    return "" if found is None else f"{found.label} {figures.count(found.mentions)}"


def _rest(split: Split) -> str:
    texts = []
    if split.others:
        texts.append(f"{figures.count(split.others)} others with {figures.count(split.others_mentions)} mentions")
    if split.without:
        texts.append(f"{figures.count(split.without)} mentions name no {split.by}")
    return "; ".join(texts)


def rows(split: Split) -> Iterator[spreadsheet.Row]:
    for part in split.parts:
        yield {
            "brand": split.brand,
            "since": spreadsheet.day(split.scope.since),
            "until": spreadsheet.day(split.scope.until),
            "language": split.scope.language,
            "source": split.scope.source,
            "touchpoint": split.scope.touchpoint,
            "dimension": split.scope.dimension,
            "query": split.scope.query,
            "model": split.model,
            "by": split.by,
            **_figures(part),
        }


def _figures(part: Part) -> spreadsheet.Row:
    return {
        "value": part.value,
        "first": spreadsheet.day(part.first),
        "last": spreadsheet.day(part.last),
        "mentions": part.mentions,
        "analysed": part.analysed,
        **spreadsheet.estimate("net", part.net_sentiment),
        "stars": spreadsheet.stars(part.rating),
        "stars_n": part.rating.n,
        **spreadsheet.estimate("index", part.index),
        "top_pain": part.top_pain.dimension if part.top_pain else None,
        "top_pain_mentions": part.top_pain.mentions if part.top_pain else None,
        "top_praise": part.top_praise.dimension if part.top_praise else None,
        "top_praise_mentions": part.top_praise.mentions if part.top_praise else None,
    }


def lines(split: Split) -> Iterator[str]:
    yield f"# {markdown.escaped(split.brand)} by {split.by}"
    yield ""
    yield markdown.escaped(figures.limits(split.scope))
    yield ""
    if not split.parts:
        yield _none(split)
        return
    yield from markdown.table(
        (split.by.capitalize(), "Mentions", "Net", "CX index", "Stars", "Most pain", "Most praise"),
        [
            (
                markdown.escaped(part.value),
                figures.count(part.mentions),
                figures.net(part.net_sentiment),
                figures.index_of(split.scope, part.index),
                figures.stars(part.rating),
                _top(part.top_pain),
                _top(part.top_praise),
            )
            for part in split.parts
        ],
    )
    rest = _rest(split)
    if rest:
        yield rest
