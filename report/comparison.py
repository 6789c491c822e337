"""A comparison on the terminal: brands side by side, each difference with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from overheard.insight.compare import ComparedBrand, ComparedDimension, ComparedFigures, Comparison
from overheard.insight.statistics import Difference, Estimate
from overheard.report import figures, markdown, spreadsheet
from overheard.report.printable import printable
from overheard.report.summary import BAD, GOOD, QUIET, net_text

LABEL_WIDTH = 18
BRAND_WIDTH = 20

COLUMNS = (
    "dimension", "label", "kind", "brand", "model", "praise", "pain", "neutral", "share",
    *spreadsheet.estimate_columns("net"), "difference", "difference_low", "difference_high", "certain",
)  # fmt: skip


def parts(comparison: Comparison, width: int) -> Iterator[RenderableType]:
    """Yield what to print for a comparison in `width` cells; too many brands are split over several tables."""
    first, *others = comparison.brands
    scope = figures.limits(comparison.scope)
    names = ", ".join(printable(brand.brand) for brand in others)
    yield Text.assemble((f"{printable(first.brand)} and {names}", "bold"), "  ", (printable(scope), QUIET))
    at_once = 1 if len(others) == 1 else max(1, (width - LABEL_WIDTH) // BRAND_WIDTH - 1)
    for start in range(0, len(others), at_once):
        chosen = [0, *range(start + 1, min(start + at_once, len(others)) + 1)]
        yield _table(comparison, chosen)
    yield Text(_legend(comparison), style=QUIET)


def _table(comparison: Comparison, chosen: Sequence[int]) -> Table:
    brands = [comparison.brands[position] for position in chosen]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("", no_wrap=True)
    for brand in brands:
        table.add_column(Text(printable(brand.brand)), justify="right", overflow="fold")
    if len(brands) == 2:
        table.add_column("Difference", justify="right", no_wrap=True)
    _add_key_figures(table, brands)
    for position, dimension in enumerate(comparison.dimensions):
        before = comparison.dimensions[position - 1] if position else None
        if before is not None and before.kind != dimension.kind:
            table.add_section()
        _add_dimension(table, dimension, chosen)
    return table


def _add_key_figures(table: Table, brands: Sequence[ComparedBrand]) -> None:
    table.add_row("Mentions", *(figures.count(brand.mentions) for brand in brands))
    table.add_row("Stars", *(figures.stars(brand.rating).split(",")[0] for brand in brands))
    table.add_row("CX index", *(figures.index(brand.index["overall"]) for brand in brands))
    nets = [(brand.net_sentiment, brand.difference) for brand in brands]
    table.add_row("Net sentiment", *_cells(nets), end_section=True)


def _add_dimension(table: Table, dimension: ComparedDimension, chosen: Sequence[int]) -> None:
    here = [dimension.brands[position] for position in chosen]
    table.add_row(dimension.label, *_cells([(entry.net, entry.difference) for entry in here]))


def _cells(nets: Sequence[tuple[Estimate, Difference | None]]) -> list[Text]:
    if len(nets) == 2:
        found = nets[1][1]
        return [
            net_text(nets[0][0]),
            net_text(nets[1][0]),
            Text(figures.difference(found) + _mark(found), _style(found)),
        ]
    return [Text.assemble(net_text(net), (_mark(found), _style(found))) for net, found in nets]


def _mark(found: Difference | None) -> str:
    if found is None or not found.certain:
        return "  "
    return " ▲" if found.value > 0 else " ▼"


def _style(found: Difference | None) -> str:
    if found is None or not found.certain:
        return ""
    return GOOD if found.value > 0 else BAD


def _legend(comparison: Comparison) -> str:
    first = printable(comparison.brands[0].brand)
    text = f"Net with its 95 % interval. ▲ ▼: certainly above or below {first}."
    models = {brand.model for brand in comparison.brands}
    if len(models) > 1:
        named = ", ".join(sorted(printable(model or "none yet") for model in models))
        text += f" No difference between model versions ({named}): run `overheard classify`."
    return text


def rows(comparison: Comparison) -> Iterator[spreadsheet.Row]:
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
                **spreadsheet.estimate("net", entry.net),
                "difference": found.value if found else None,
                "difference_low": found.low if found else None,
                "difference_high": found.high if found else None,
                "certain": spreadsheet.yes(found.certain if found else None),
            }


def lines(comparison: Comparison) -> Iterator[str]:
    names = [markdown.escaped(brand.brand) for brand in comparison.brands]
    yield f"# {', '.join(names)}"
    yield ""
    scope = figures.limits(comparison.scope)
    yield f"{markdown.escaped(scope)}; differences to {names[0]}, in bold where they are certain"
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
    yield from markdown.table(("", *names), rows)


def _compared(net: Estimate, entry: ComparedBrand | ComparedFigures) -> str:
    found = entry.difference
    if found is None:
        return figures.net(net)
    text = figures.difference(found)
    return f"{figures.net(net)}; {f'**{text}**' if found.certain else text}"
