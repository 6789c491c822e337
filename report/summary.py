"""A summary in every format: key figures, what hurts and what is praised, what is surprising, then the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from overheard.insight.impact import Impact
from overheard.insight.quotes import Quote
from overheard.insight.statistics import Difference
from overheard.insight.summary import DimensionFigures, Summary
from overheard.report import figures, markdown, spreadsheet, summary_findings
from overheard.report.bars import DivergingBar
from overheard.report.printable import printable
from overheard.report.styles import BAD, GOOD, QUIET, address, net_text, titled

STRONGEST = 4
"""Pains and praises that are shown, with a quote each."""

COLUMNS = (
    "brand", "since", "until", "language", "source", "model", "analysed", "duplicates", "dimension", "label", "kind",
    "praise", "pain", "neutral", "share", "share_low", "share_high", *spreadsheet.estimate_columns("net"),
    "praise_quote", "praise_url", "pain_quote", "pain_url", "pain_impact", "pain_moves", "praise_impact",
    "praise_moves", "change", "change_low", "change_high", "change_certain",
)  # fmt: skip

CONFIDENT = 0.85
"""The score that a quote on the terminal needs: where one side is rare, what scores less is often an error."""

TORN = "A mention with both pain and praise of a dimension counts as neutral there, in neither column."

LISTED = 6
"""Languages and sources named before the rest is only counted."""


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
    yield from _strongest(summary, "pain")
    yield from _strongest(summary, "praise")
    findings = list(summary_findings.findings(summary))
    if findings:
        yield _findings(findings)
    yield _dimensions(summary)
    yield Text(TORN, style=QUIET)
    yield _touchpoints(summary)
    yield _where_from(summary)


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
    change = summary.change
    yield "Mentions", Text(_mentions(summary))
    if summary.model is not None:
        yield "Opinions", Text(_opinions(summary))
        net = net_text(summary.net_sentiment) + _changed(change.net_sentiment if change else None)
        yield figures.net_label(summary.scope), net
    rating = _changed(change.rating if change else None, figures.star_difference)
    yield "Stars", Text(figures.stars(summary.rating)) + rating
    if summary.model is not None:
        yield "CX index", Text(_index(summary)) + _changed(change.index if change else None)
    if change is not None:
        period = figures.period(change.since, change.until)
        yield "Before", Text(f"{figures.count(change.mentions)} mentions, {period}")


def _changed(found: Difference | None, written: Callable[[Difference], str] = figures.difference) -> Text:
    """Write a change in the colour of its sign where it is certain."""
    if found is None:
        return Text()
    style = "" if not found.certain else GOOD if found.value > 0 else BAD
    return Text.assemble(", ", (f"{written(found)} on before" + ("" if found.certain else ", not certain"), style))


def _where_from(summary: Summary) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style=QUIET, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("Languages", _listed([(entry.language, entry.mentions) for entry in summary.languages]))
    grid.add_row("Sources", _listed([(printable(entry.source), entry.mentions) for entry in summary.sources]))
    grid.add_row("Model", printable(summary.model or ""))
    return grid


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
    overall = figures.index_of(summary.scope, summary.index["overall"])
    if summary.scope.dimension is not None:
        return overall
    pillars = [f"{name} {figures.index(value)}" for name, value in summary.index.items() if name != "overall"]
    return f"{overall}: {', '.join(pillars)}"


def _listed(entries: Sequence[tuple[str, int]]) -> str:
    text = ", ".join(f"{name} {figures.count(number)}" for name, number in entries[:LISTED])
    rest = entries[LISTED:]
    return f"{text}, {len(rest)} others {figures.count(sum(number for _, number in rest))}" if rest else text


def _dimensions(summary: Summary) -> Table:
    changes = {entry.dimension: entry.net for entry in summary.change.dimensions} if summary.change else {}
    dimensions = summary.dimensions
    table = titled("Mentions per dimension")
    table.add_column("Dimension", no_wrap=True)
    table.add_column("Pain", justify="right", no_wrap=True)
    table.add_column("", justify="center")
    table.add_column("Praise", justify="right", no_wrap=True)
    table.add_column("Net", justify="right", no_wrap=True)
    if changes:
        table.add_column("Change", justify="right", no_wrap=True)
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
            *([_change(changes.get(entry.dimension))] if changes else []),
            figures.share(entry.share),
            end_section=following is not None and following.kind != entry.kind,
        )
    return table


def _change(found: Difference | None) -> Text:
    """Write a change in points, marked where it is certain."""
    if found is None:
        return Text()
    mark = "" if not found.certain else " ▲" if found.value > 0 else " ▼"
    return Text(figures.signed(found.value) + mark, style="" if not mark else GOOD if found.value > 0 else BAD)


def _strongest(summary: Summary, side: str) -> Iterator[RenderableType]:
    # What too few say is most often an error of the model where the other side is the rule: no quote on this page.
    ranked = [entry for entry in getattr(summary, f"{side}s") if entry.impact is not None][:STRONGEST]
    if not ranked:
        return
    quotes = {entry.dimension: getattr(entry.quotes, side) for entry in summary.dimensions}
    yield Text.assemble(
        ("What is praised" if side == "praise" else "What hurts", f"bold {GOOD if side == 'praise' else BAD}"),
        (", by impact", QUIET),
    )
    for entry in ranked:
        yield Text.assemble((entry.label, "bold"), f"  {summary_findings.weight(entry)}")
        for quote in [quote for quote in quotes.get(entry.dimension, ()) if quote.score >= CONFIDENT][:1]:
            yield Padding(Text(f"“{printable(quote.text)}”", style="italic"), (0, 0, 0, 2))
            yield Padding(Text(_origin(quote), style=QUIET), (0, 0, 0, 4))
            if quote.url:
                yield address(quote.url, indent=4)
    yield Text()


def _findings(findings: Sequence[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for heading, text in findings:
        grid.add_row(heading, printable(text))
    return grid


def _origin(quote: Quote) -> str:
    return f"{printable(quote.source)}, {figures.day(quote.published)}, {quote.language}, mention {quote.mention_id}"


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


def rows(summary: Summary) -> Iterator[spreadsheet.Row]:
    pains, praises = ({entry.dimension: entry for entry in side} for side in (summary.pains, summary.praises))
    changes = {entry.dimension: entry.net for entry in summary.change.dimensions} if summary.change else {}
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
            "share_low": entry.share_low,
            "share_high": entry.share_high,
            **spreadsheet.estimate("net", entry.net),
            **_quote("praise", entry.quotes.praise),
            **_quote("pain", entry.quotes.pain),
            **_impact("pain", pains.get(entry.dimension)),
            **_impact("praise", praises.get(entry.dimension)),
            **_difference(changes.get(entry.dimension)),
        }


def _impact(side: str, found: Impact | None) -> spreadsheet.Row:
    return {f"{side}_impact": found.impact if found else None, f"{side}_moves": found.moves if found else None}


def _difference(found: Difference | None) -> spreadsheet.Row:
    values = (found.value, found.low, found.high, spreadsheet.yes(found.certain)) if found else (None,) * 4
    return dict(zip(("change", "change_low", "change_high", "change_certain"), values, strict=True))


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
    yield f"- Opinions: {_opinions(summary)}"
    yield f"- {figures.net_label(summary.scope)}: {figures.net(summary.net_sentiment)}"
    yield f"- Stars: {figures.stars(summary.rating)}"
    yield f"- CX index: {figures.index_of(summary.scope, summary.index['overall'])}"
    if summary.change is not None:
        period = figures.period(summary.change.since, summary.change.until)
        yield f"- Net sentiment on before ({period}): {figures.difference(summary.change.net_sentiment) or 'too few'}"
    for heading, text in summary_findings.findings(summary):
        yield f"- {heading}: {markdown.escaped(text)}"
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
    yield TORN
    yield ""
    for side, ranked in (("pain", summary.pains), ("praise", summary.praises)):
        yield f"## {'What hurts' if side == 'pain' else 'What is praised'}, by impact"
        yield ""
        for rank, found in enumerate(ranked, 1):
            yield f"{rank}. **{found.label}**: {summary_findings.weight(found)}"
        yield ""
    for entry in summary.dimensions:
        yield from _quote_lines(entry)


def _quote_lines(entry: DimensionFigures) -> Iterator[str]:
    for side, quotes in (("praise", entry.quotes.praise), ("pain", entry.quotes.pain)):
        if quotes:
            yield f"## {entry.label}: {side}"
            yield ""
        yield from markdown.quotes(quotes)
