"""A summary on the terminal: key figures, dimensions with bars, quotes, touchpoints and signals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from overheard.insight.quotes import Quote
from overheard.insight.statistics import Estimate
from overheard.insight.summary import DimensionFigures, Summary
from overheard.report import figures, markdown, spreadsheet
from overheard.report.bars import DivergingBar
from overheard.report.printable import printable

STRONGEST = 3
"""Dimensions whose quotes are shown, on each side."""

SHOWN = 2
"""Quotes shown per dimension and side."""

COLUMNS = (
    "brand", "since", "until", "language", "source", "model", "analysed", "duplicates", "dimension", "label", "kind",
    "praise", "pain", "neutral", "share", *spreadsheet.estimate_columns("net"), "praise_quote", "praise_url",
    "pain_quote", "pain_url",
)  # fmt: skip

LISTED = 6
"""Languages and sources named before the rest is only counted."""

GOOD, BAD, QUIET = "green", "red", "dim"


def parts(summary: Summary, width: int) -> Iterator[RenderableType]:
    """Yield what to print for a summary, from top to bottom."""
    yield _title(summary)
    yield _key_figures(summary)
    if not summary.mentions:
        yield Text(
            "No mentions here. Widen the period or the filters, or collect some: `overheard crawl`, `overheard import`."
        )
        return
    if summary.model is None:
        yield Text("Nothing is classified yet: run `overheard classify`.")
        return
    yield _dimensions(summary.dimensions)
    yield from _strongest(summary, "praise")
    yield from _strongest(summary, "pain")
    yield _touchpoints(summary)
    if any(signal.mentions for signal in summary.signals):
        yield _signals(summary)


def net_text(estimate: Estimate) -> Text:
    """Write a net in the colour of its sign where the whole interval has one sign."""
    text = figures.net(estimate)
    if estimate.low is None or estimate.high is None:
        return Text(text, style=QUIET)
    return Text(text, style=GOOD if estimate.low > 0 else BAD if estimate.high < 0 else "")


def _title(summary: Summary) -> Text:
    scope = figures.limits(summary.scope)
    return Text.assemble((printable(summary.brand), "bold"), "  ", (printable(scope), QUIET))


def _key_figures(summary: Summary) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style=QUIET, no_wrap=True)
    grid.add_column(overflow="fold")
    for label, value in _lines(summary):
        grid.add_row(label, value)
    return grid


def _lines(summary: Summary) -> Iterator[tuple[str, Text]]:
    yield "Mentions", Text(_mentions(summary))
    if summary.model is not None:
        yield "Opinions", Text(_opinions(summary))
        yield "Net sentiment", net_text(summary.net_sentiment)
    yield "Stars", Text(figures.stars(summary.rating))
    if summary.model is not None:
        yield "CX index", Text(_index(summary))
    if summary.mentions:
        yield "Languages", Text(_listed([(entry.language, entry.mentions) for entry in summary.languages]))
        yield "Sources", Text(_listed([(printable(entry.source), entry.mentions) for entry in summary.sources]))
    if summary.model is not None:
        yield "Model", Text(printable(summary.model))


def _mentions(summary: Summary) -> str:
    text = figures.count(summary.mentions)
    if summary.mentions:
        text += f" ({figures.day(summary.first)} to {figures.day(summary.last)})"
    if summary.duplicates:
        text += f", {figures.count(summary.duplicates)} near-duplicates left out"
    if summary.not_analysed:
        text += f", {figures.count(summary.not_analysed)} not analysed (other languages)"
    if summary.pending:
        text += f", {figures.count(summary.pending)} not classified yet"
    if summary.rejected:
        text += f"; {figures.count(summary.rejected)} more are not about the brand"
    if summary.stale:
        text += f"; {figures.count(summary.stale)} days to be recounted, run `overheard classify`"
    return text


def _opinions(summary: Summary) -> str:
    counts = summary.sentiment
    parts = {"positive": counts.positive, "negative": counts.negative, "neutral": counts.neutral, "mixed": counts.mixed}
    split = ", ".join(f"{figures.count(number)} {word}" for word, number in parts.items())
    return f"{figures.count(summary.opinions)}: {split}"


def _index(summary: Summary) -> str:
    pillars = [f"{name} {figures.index(value)}" for name, value in summary.index.items() if name != "overall"]
    return f"{figures.index(summary.index['overall'])}: {', '.join(pillars)}"


def _listed(entries: Sequence[tuple[str, int]]) -> str:
    text = ", ".join(f"{name} {figures.count(number)}" for name, number in entries[:LISTED])
    rest = entries[LISTED:]
    return f"{text}, {len(rest)} others {figures.count(sum(number for _, number in rest))}" if rest else text


def _dimensions(dimensions: Sequence[DimensionFigures]) -> Table:
    table = titled("Mentions per dimension")
    table.add_column("Dimension", no_wrap=True)
    table.add_column("Pain", justify="right", no_wrap=True)
    table.add_column("", justify="center")
    table.add_column("Praise", justify="right", no_wrap=True)
    table.add_column("Net", justify="right", no_wrap=True)
    table.add_column("Share", justify="right", no_wrap=True)
    largest = max((max(entry.pain, entry.praise) for entry in dimensions), default=0)
    for position, entry in enumerate(dimensions):
        following = dimensions[position + 1] if position + 1 < len(dimensions) else None
        table.add_row(
            entry.label,
            figures.count(entry.pain),
            DivergingBar(entry.pain, entry.praise, largest),
            figures.count(entry.praise),
            net_text(entry.net),
            figures.share(entry.share),
            end_section=following is not None and following.kind != entry.kind,
        )
    return table


def _strongest(summary: Summary, side: str) -> Iterator[RenderableType]:
    def strength(entry: DimensionFigures) -> int:
        return entry.praise if side == "praise" else entry.pain

    ranked = sorted(summary.dimensions, key=strength, reverse=True)[:STRONGEST]
    shown = [entry for entry in ranked if strength(entry)]
    if not shown:
        return
    yield Text(
        "What is praised" if side == "praise" else "What hurts", style=f"bold {GOOD if side == 'praise' else BAD}"
    )
    for entry in shown:
        yield Text(f"{entry.label}, {figures.count(strength(entry))} mentions")
        for quote in (entry.quotes.praise if side == "praise" else entry.quotes.pain)[:SHOWN]:
            yield Padding(Text(f"“{printable(quote.text)}”", style="italic"), (0, 0, 0, 2))
            yield Padding(Text(_origin(quote), style=QUIET), (0, 0, 0, 4))
            if quote.url:
                yield address(quote.url, indent=4)
    yield Text()


def _origin(quote: Quote) -> str:
    return f"{printable(quote.source)}, {figures.day(quote.published)}, {quote.language}, mention {quote.mention_id}"


def address(url: str, indent: int) -> Text:
    """Write a URL on a line of its own that is never broken, so that it can be copied."""
    return Text(" " * indent + printable(url), style=QUIET, no_wrap=True)


def _touchpoints(summary: Summary) -> Table:
    table = titled("Sentences per touchpoint")
    table.add_column("Touchpoint", no_wrap=True)
    table.add_column("Pain", justify="right", no_wrap=True)
    table.add_column("", justify="center")
    table.add_column("Praise", justify="right", no_wrap=True)
    table.add_column("Net", justify="right", no_wrap=True)
    table.add_column("All", justify="right", no_wrap=True)
    counts = [entry.sentiment for entry in summary.touchpoints]
    largest = max((max(count.negative, count.positive) for count in counts), default=0)
    for entry in summary.touchpoints:
        table.add_row(
            entry.label,
            figures.count(entry.sentiment.negative),
            DivergingBar(entry.sentiment.negative, entry.sentiment.positive, largest),
            figures.count(entry.sentiment.positive),
            net_text(entry.net),
            figures.count(entry.opinions),
        )
    return table


def _signals(summary: Summary) -> Table:
    table = titled()
    table.add_column("Signal", no_wrap=True)
    for label in ("Mentions", "Sentences", "Share"):
        table.add_column(label, justify="right", no_wrap=True)
    for entry in summary.signals:
        table.add_row(
            entry.label, figures.count(entry.mentions), figures.count(entry.opinions), figures.share(entry.share)
        )
    return table


def titled(title: str | None = None) -> Table:
    """Return an empty table in the house's style."""
    return Table(
        title=title, title_justify="left", title_style=QUIET, box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold",
        padding=(0, 1),
    )  # fmt: skip


def rows(summary: Summary) -> Iterator[spreadsheet.Row]:
    for entry in summary.dimensions:
        yield {
            "brand": summary.brand,
            "since": spreadsheet.day(summary.scope.since),
            "until": spreadsheet.day(summary.scope.until),
            "language": summary.scope.language,
            "source": summary.scope.source,
            "model": summary.model,
            "analysed": summary.analysed,
            "duplicates": summary.duplicates,
            "dimension": entry.dimension,
            "label": entry.label,
            "kind": entry.kind,
            "praise": entry.praise,
            "pain": entry.pain,
            "neutral": entry.neutral,
            "share": entry.share,
            **spreadsheet.estimate("net", entry.net),
            **_quote("praise", entry.quotes.praise),
            **_quote("pain", entry.quotes.pain),
        }


def _quote(side: str, quotes: Sequence[Quote]) -> spreadsheet.Row:
    first = quotes[0] if quotes else None
    return {f"{side}_quote": first.text if first else None, f"{side}_url": first.url if first else None}


def lines(summary: Summary) -> Iterator[str]:
    yield f"# {markdown.escaped(summary.brand)}"
    yield ""
    yield markdown.escaped(figures.limits(summary.scope))
    yield ""
    yield f"- Mentions: {figures.count(summary.mentions)}, analysed: {figures.count(summary.analysed)}"
    if summary.rejected:
        yield f"- Left out as not about the brand: {figures.count(summary.rejected)}"
    if summary.duplicates:
        yield f"- Near-duplicates left out: {figures.count(summary.duplicates)}"
    yield f"- Net sentiment: {figures.net(summary.net_sentiment)}"
    yield f"- Stars: {figures.stars(summary.rating)}"
    yield f"- CX index: {figures.index(summary.index['overall'])}"
    yield f"- Model: {markdown.escaped(summary.model or 'none yet')}"
    yield ""
    yield from markdown.table(
        ("Dimension", "Praise", "Pain", "Neutral", "Net", "Share"),
        [
            (
                entry.label,
                figures.count(entry.praise),
                figures.count(entry.pain),
                figures.count(entry.neutral),
                figures.net(entry.net),
                figures.share(entry.share),
            )
            for entry in summary.dimensions
        ],
    )
    for entry in summary.dimensions:
        yield from _quote_lines(entry)


def _quote_lines(entry: DimensionFigures) -> Iterator[str]:
    for side, quotes in (("praise", entry.quotes.praise), ("pain", entry.quotes.pain)):
        if quotes:
            yield f"## {entry.label}: {side}"
            yield ""
        yield from markdown.quotes(quotes)
