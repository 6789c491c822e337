"""All industries on the terminal: one row each, with its best brand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from overheard.insight.industries import Industries, Industry
from overheard.report import figures, markdown, spreadsheet
from overheard.report.printable import printable
from overheard.report.styles import QUIET, net_text

COLUMNS = (
    "industry", "measure", "model", "brands", "unread", "mentions", "analysed",
    *spreadsheet.estimate_columns("share_of_voice"), *spreadsheet.estimate_columns("net"), "best",
    *spreadsheet.estimate_columns("best_net"),
)  # fmt: skip

NONE = "no industry"


def parts(found: Industries, width: int) -> Iterator[RenderableType]:
    """Yield what to print for industries in `width` cells."""
    yield Text.assemble(("All industries", "bold"), "  ", (printable(figures.limits(found.scope)), QUIET))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("Industry", overflow="fold")
    for head in ("Brands", "Mentions", found.label):
        table.add_column(Text(head), justify="right", no_wrap=True)
    table.add_column("Best brand", overflow="fold")
    table.add_column("its net", justify="right", no_wrap=True)
    for entry in found.industries:
        best = entry.best
        table.add_row(
            Text(printable(entry.industry or NONE)), figures.count(entry.brands), figures.count(entry.mentions),
            net_text(entry.net), Text(printable(best.brand) if best else ""), net_text(best.net) if best else "",
        )  # fmt: skip
    yield table
    yield Text(_legend(found), style=QUIET)


def _legend(found: Industries) -> str:
    text = "Nets with their 95 % intervals, the brands of an industry pooled, each heard where it is heard."
    unread = [name for entry in found.industries for name in entry.unread]
    if unread:
        text += f" Without analysed mentions: {', '.join(map(printable, unread))}."
    if found.other_models:
        text += f" Left out, of another model version: {', '.join(map(printable, found.other_models))}."
    return text


def rows(found: Industries) -> Iterator[spreadsheet.Row]:
    for entry in found.industries:
        best = entry.best
        yield {
            "industry": entry.industry, "measure": found.measure, "model": found.model, "brands": entry.brands,
            "unread": ", ".join(entry.unread), "mentions": entry.mentions, "analysed": entry.analysed,
            **spreadsheet.estimate("share_of_voice", entry.share_of_voice), **spreadsheet.estimate("net", entry.net),
            "best": best.brand if best else None, **(spreadsheet.estimate("best_net", best.net) if best else {}),
        }  # fmt: skip


def lines(found: Industries) -> Iterator[str]:
    yield "# All industries"
    yield ""
    yield markdown.escaped(figures.limits(found.scope))
    yield ""
    head = ("", "Brands", "Mentions", "Share of voice", "Stars", markdown.escaped(found.label), "Best brand")
    yield from markdown.table(head, [_cells(entry) for entry in found.industries])
    yield markdown.escaped(_legend(found))


def _cells(entry: Industry) -> Sequence[str]:
    best = "" if entry.best is None else f"{markdown.escaped(entry.best.brand)}: {figures.net(entry.best.net)}"
    return (
        markdown.escaped(entry.industry or NONE), figures.count(entry.brands), figures.count(entry.mentions),
        figures.share(entry.share_of_voice.value), figures.stars(entry.rating), figures.net(entry.net), best,
    )  # fmt: skip
