"""The answers as CSV, made for spreadsheets: flat rows, texts on one line, nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import date

from overheard.insight.compare import Comparison
from overheard.insight.duplicates import DuplicateGroup, Duplicates
from overheard.insight.mentions import Found
from overheard.insight.quotes import Quote
from overheard.insight.statistics import Estimate
from overheard.insight.summary import Summary
from overheard.report.mentions import reading, whole
from overheard.report.printable import printable
from overheard.report.terminal import Answer

DIGITS = 4
"""Decimal places of a value."""

_FORMULA = re.compile(r"[=+\-@＝＋－＠]")

MENTION_COLUMNS = (
    "mention_id", "source", "language", "day", "vanished", "url", "rating", "status",
    "field", "start", "end", "text", "reading", "matches", "relevance", "rejected", "decided_by", "reason",
)  # fmt: skip
"""The header of found mentions, also where none was found."""

DUPLICATE_COLUMNS = (
    "group", "kind", "copies", "names", "unnamed", "sources", "since", "until",
    "counts", "mention_id", "source", "day", "url", "text",
)  # fmt: skip
"""The header of near-duplicates, also where there are none."""

Row = dict[str, str | int | float | None]


def to_csv(answer: Answer) -> str:
    """Return an answer as CSV: a row per dimension (and brand), per sentence found, per near-duplicate."""
    if isinstance(answer, Summary):
        rows = list(_summary_rows(answer))
    elif isinstance(answer, Comparison):
        rows = list(_comparison_rows(answer))
    elif isinstance(answer, Duplicates):
        rows = [row for number, group in enumerate(answer.groups, 1) for row in _duplicate_rows(number, group)]
    else:
        rows = [row for mention in answer for row in _mention_rows(mention)]
    buffer = io.StringIO()
    empty = DUPLICATE_COLUMNS if isinstance(answer, Duplicates) else MENTION_COLUMNS
    writer = csv.DictWriter(buffer, rows[0] if rows else empty, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return buffer.getvalue()


def _cell(value: str | int | float | None) -> str | int | float:
    """Return what a cell holds; a text that a spreadsheet would run as a formula gets an apostrophe in front."""
    if isinstance(value, str):
        text = printable(value)
        return f"'{text}" if _FORMULA.match(text) else text
    return "" if value is None else round(value, DIGITS)


def _estimate(name: str, estimate: Estimate) -> Row:
    return {
        name: estimate.value,
        f"{name}_low": estimate.low,
        f"{name}_high": estimate.high,
        f"{name}_n": estimate.n,
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None


def _summary_rows(summary: Summary) -> Iterator[Row]:
    for entry in summary.dimensions:
        yield {
            "brand": summary.brand,
            "since": _day(summary.period.since),
            "until": _day(summary.period.until),
            "language": summary.language,
            "source": summary.source,
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
            **_estimate("net", entry.net),
            **_quote("praise", entry.quotes.praise),
            **_quote("pain", entry.quotes.pain),
        }


def _quote(side: str, quotes: Sequence[Quote]) -> Row:
    first = quotes[0] if quotes else None
    return {f"{side}_quote": first.text if first else None, f"{side}_url": first.url if first else None}


def _comparison_rows(comparison: Comparison) -> Iterator[Row]:
    for dimension in comparison.dimensions:
        for brand, entry in zip(comparison.brands, dimension.brands, strict=True):
            found = entry.difference
            yield {
                "dimension": dimension.dimension,
                "label": dimension.label,
                "kind": dimension.kind,
                "brand": entry.brand,
                "model": brand.model,
                "praise": entry.praise,
                "pain": entry.pain,
                "neutral": entry.neutral,
                "share": entry.share,
                **_estimate("net", entry.net),
                "difference": found.value if found else None,
                "difference_low": found.low if found else None,
                "difference_high": found.high if found else None,
                "certain": None if found is None else "yes" if found.certain else "no",
            }


def _duplicate_rows(number: int, group: DuplicateGroup) -> Iterator[Row]:
    for mention in (group.first, *group.others):
        yield {
            "group": number,
            "kind": group.kind,
            "copies": group.copies,
            "names": group.names,
            "unnamed": group.unnamed,
            "sources": "; ".join(f"{name} {count}" for name, count in group.sources.items()),
            "since": _day(group.since),
            "until": _day(group.until),
            "counts": "yes" if mention is group.first else "no",
            "mention_id": mention.mention_id,
            "source": mention.source,
            "day": _day(mention.day),
            "url": mention.url,
            "text": mention.text,
        }


def _mention_rows(mention: Found) -> Iterator[Row]:
    of_mention: Row = {
        "mention_id": mention.mention_id,
        "source": mention.source,
        "language": mention.language,
        "day": _day(mention.day),
        "vanished": _day(mention.vanished),
        "url": mention.url,
        "rating": mention.rating,
        "status": mention.status,
    }
    judgement: Row = {
        "relevance": mention.relevance,
        "rejected": "yes" if mention.rejected else "no",
        "decided_by": mention.decided_by,
        "reason": mention.reason,
    }
    if not mention.opinions:
        nothing = {"field": None, "start": None, "end": None, "text": whole(mention), "reading": None, "matches": None}
        yield {**of_mention, **nothing, **judgement}
    for opinion in mention.opinions:
        yield {
            **of_mention,
            "field": opinion.field,
            "start": opinion.start,
            "end": opinion.end,
            "text": opinion.text,
            "reading": reading(opinion),
            "matches": "yes" if opinion.matches else "no",
            **judgement,
        }
