"""The answers as Markdown, made for documents: what customers wrote is escaped so that it stays text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from overheard.insight.compare import ComparedBrand, ComparedFigures, Comparison
from overheard.insight.duplicates import Duplicate, Duplicates
from overheard.insight.mentions import Found
from overheard.insight.statistics import Estimate
from overheard.insight.summary import DimensionFigures, Summary
from overheard.report import figures
from overheard.report.duplicates import EXAMPLES, heading, left_out, unseen
from overheard.report.mentions import reading, verdict, whole
from overheard.report.printable import printable
from overheard.report.terminal import Answer

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&])")


def to_md(answer: Answer) -> str:
    """Return an answer as Markdown, what customers wrote escaped so that it stays text."""
    if isinstance(answer, Summary):
        lines = _summary_lines(answer)
    elif isinstance(answer, Comparison):
        lines = _comparison_lines(answer)
    elif isinstance(answer, Duplicates):
        lines = _duplicate_lines(answer)
    else:
        lines = (line for mention in answer for line in _mention_lines(mention))
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    """Return a text on one line that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", printable(text))


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"| --- |{' ---: |' * (len(header) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _summary_lines(summary: Summary) -> Iterator[str]:
    asked = summary.period
    yield f"# {escaped(summary.brand)}"
    yield ""
    yield escaped(figures.limits(asked.since, asked.until, summary.language, summary.source))
    yield ""
    yield f"- Mentions: {figures.count(summary.mentions)}, analysed: {figures.count(summary.analysed)}"
    if summary.rejected:
        yield f"- Left out as not about the brand: {figures.count(summary.rejected)}"
    if summary.duplicates:
        yield f"- Near-duplicates left out: {figures.count(summary.duplicates)}"
    yield f"- Net sentiment: {figures.net(summary.net_sentiment)}"
    yield f"- Stars: {figures.stars(summary.rating)}"
    yield f"- CX index: {figures.index(summary.index['overall'])}"
    yield f"- Model: {escaped(summary.model or 'none yet')}"
    yield ""
    yield from _table(
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
        for quote in quotes:
            yield f"> “{escaped(quote.text)}”\\"
            yield f"> — {escaped(quote.source)}, {figures.day(quote.published)}{_link(quote.url)}"
            yield ""


def _link(url: str | None) -> str:
    """Return a link to a web address; anything else that calls itself one is left out."""
    if url is None or not re.fullmatch(r"https?://[^\s<>\\]+", url):
        return ""
    return f", <{printable(url)}>"


def _comparison_lines(comparison: Comparison) -> Iterator[str]:
    names = [escaped(brand.brand) for brand in comparison.brands]
    yield f"# {', '.join(names)}"
    yield ""
    scope = figures.limits(comparison.since, comparison.until, comparison.language, comparison.source)
    yield f"{escaped(scope)}; differences to {names[0]}, in bold where they are certain"
    yield ""
    rows = [
        ("Net sentiment", *(_compared(brand.net_sentiment, brand) for brand in comparison.brands)),
        ("CX index", *(figures.index(brand.index["overall"]) for brand in comparison.brands)),
        ("Stars", *(figures.stars(brand.rating) for brand in comparison.brands)),
    ]
    rows += [
        (dimension.label, *(_compared(entry.net, entry) for entry in dimension.brands))
        for dimension in comparison.dimensions
    ]
    yield from _table(("", *names), rows)


def _compared(net: Estimate, entry: ComparedBrand | ComparedFigures) -> str:
    found = entry.difference
    if found is None:
        return figures.net(net)
    text = figures.difference(found)
    return f"{figures.net(net)}; {f'**{text}**' if found.certain else text}"


def _duplicate_lines(found: Duplicates) -> Iterator[str]:
    yield f"# {escaped(found.brand)}: near-duplicates"
    yield ""
    yield escaped(figures.limits(found.since, found.until, found.language, found.source))
    yield ""
    yield left_out(found)
    yield ""
    for group in found.groups:
        yield f"## {escaped(heading(group))}"
        yield ""
        for mark, mention in (("counts", group.first), *(("copy", copy) for copy in group.others[:EXAMPLES])):
            yield f"- {escaped(mention.text)} ({mark}: {_origin(mention)})"
        if more := unseen(group):
            yield f"- {more}"
        yield ""


def _origin(mention: Duplicate) -> str:
    place = f"mention {mention.mention_id}, {escaped(mention.source)}, {figures.day(mention.day)}"
    return f"{place}{_link(mention.url)}"


def _mention_lines(mention: Found) -> Iterator[str]:
    notes = f", vanished {figures.day(mention.vanished)}" if mention.vanished else ""
    notes += f", {escaped(verdict(mention))}" if mention.rejected else ""
    yield f"## Mention {mention.mention_id}"
    yield ""
    yield f"{escaped(mention.source)}, {figures.day(mention.day)}, {mention.language}{notes}{_link(mention.url)}"
    yield ""
    if not mention.opinions:
        yield f"> {escaped(whole(mention))}"
    for opinion in mention.opinions:
        text = f"**{escaped(opinion.text)}**" if opinion.matches else escaped(opinion.text)
        yield f"- {text} ({escaped(reading(opinion))})"
    yield ""
