"""What the answers share as Markdown, made for documents: what customers wrote is escaped so that it stays text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from overheard.insight.quotes import Quote
from overheard.report import figures
from overheard.report.printable import printable

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~&])")


def escaped(text: str) -> str:
    """Return a text on one line that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", printable(text))


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table; the cells are Markdown already."""
    yield f"| {' | '.join(header)} |"
    yield f"| --- |{' ---: |' * (len(header) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def quotes(found: Sequence[Quote]) -> Iterator[str]:
    """Yield the lines of quotes, each with its source, day and address."""
    for quote in found:
        yield f"> “{escaped(quote.text)}”\\"
        yield f"> — {escaped(quote.source)}, {figures.day(quote.published)}{link(quote.url)}"
        yield ""


def link(url: str | None) -> str:
    """Return a link to a web address; anything else that calls itself one is left out."""
    if url is None or not re.fullmatch(r"https?://[^\s<>\\]+", url):
        return ""
    return f", <{printable(url)}>"
