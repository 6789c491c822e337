"""A comparison on the terminal: brands side by side, each difference with its interval, and the best in class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from overheard.insight.best import Best
from overheard.insight.compare import ComparedBrand, ComparedDifference, ComparedDimension, ComparedFigures, Comparison
from overheard.insight.mix import Mix
from overheard.insight.rivals import SaidOfRival, SaidOfRivals, SaidQuote
from overheard.insight.statistics import Difference, Estimate
from overheard.report import figures, markdown, spreadsheet
from overheard.report.printable import printable
from overheard.report.styles import BAD, GOOD, QUIET, net_text

LABEL_WIDTH = 18
BRAND_WIDTH = 20

CELLS = 6
"""Cells of a mix that are named before the rest is only counted."""

NAMED = 5
"""Rivals of a brand, with a direction each, that are shown."""

FEW = 10
"""Brands below which a best in class says little, which is told."""

NO_BRAND = "Nothing to compare: no brand has analysed mentions here. Widen the period or the filters."

NOTHING = Estimate(None, None, None, 0)

SAYS = {"win": "better than", "lose": "worse than", "came_from": "came from", "left_for": "left for"}

COLUMNS = (
    "dimension", "label", "kind", "brand", "model", "praise", "pain", "neutral", "share",
    *spreadsheet.estimate_columns("net"), "mix", *spreadsheet.estimate_columns("same_mix"), "effective", "difference",
    "difference_low", "difference_high", "p", "p_adjusted", "certain", "best", "best_net",
)  # fmt: skip


def parts(comparison: Comparison, width: int) -> Iterator[RenderableType]:
    """Yield what to print for a comparison in `width` cells; too many brands are split over several tables."""
    scope = figures.limits(comparison.scope)
    yield Text.assemble((_title(comparison), "bold"), "  ", (printable(scope), QUIET))
    if not comparison.brands:
        yield Text(NO_BRAND)
    else:
        yield Text(_mix(comparison), style=QUIET)
        others = len(comparison.brands) - 1
        at_once = 1 if others == 1 else max(1, (width - LABEL_WIDTH) // BRAND_WIDTH - 1)
        for start in range(0, max(1, others), at_once):
            chosen = [0, *range(start + 1, min(start + at_once, others) + 1)]
            yield _table(comparison, chosen)
        yield Text(_legend(comparison), style=QUIET)
    if comparison.unread:
        yield Text(_unread(comparison))
    if comparison.best is not None or any(dimension.best for dimension in comparison.dimensions):
        yield _bar(comparison)
        yield Text(_about_the_bar(comparison), style=QUIET)
    yield from _said(comparison.said)


def _title(comparison: Comparison) -> str:
    known = comparison.brands or comparison.unread
    first, *others = [printable(brand.brand) for brand in known] or ["No brand"]
    return f"{first} and {', '.join(others)}" if others else first


def _table(comparison: Comparison, chosen: Sequence[int]) -> Table:
    brands = [comparison.brands[position] for position in chosen]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("", no_wrap=True)
    for brand in brands:
        table.add_column(Text(printable(brand.brand)), justify="right", overflow="fold")
    if len(brands) == 2:
        table.add_column("Difference", justify="right", no_wrap=True)
    _add_key_figures(table, comparison, brands)
    for position, dimension in enumerate(comparison.dimensions):
        before = comparison.dimensions[position - 1] if position else None
        if before is not None and before.kind != dimension.kind:
            table.add_section()
        here = [dimension.brands[each] for each in chosen]
        nets = [(_shown(entry), entry.difference) for entry in here]
        table.add_row(dimension.label + _sign(dimension), *_cells(nets))
    return table


def _add_key_figures(table: Table, comparison: Comparison, brands: Sequence[ComparedBrand]) -> None:
    table.add_row("Mentions", *(figures.count(brand.mentions) for brand in brands))
    table.add_row("Share of voice", *(_share(brand.share_of_voice) for brand in brands))
    table.add_row("Stars", *(figures.stars(brand.rating).split(",")[0] for brand in brands))
    if comparison.mix is None:
        table.add_section()  # Of one dimension: its net stands below, and a CX index it is none.
        return
    table.add_row("CX index", *(figures.index(brand.index["overall"]) for brand in brands))
    nets = [(_shown(brand), brand.difference) for brand in brands]
    table.add_row("Net sentiment", *_cells(nets), end_section=True)


def _shown(entry: ComparedBrand | ComparedFigures) -> Estimate:
    """Return what is compared: the net in the mix, or else that of all mentions, which may say why there is none."""
    net = entry.net_sentiment if isinstance(entry, ComparedBrand) else entry.net
    return entry.same_mix or net


def _share(part: Estimate) -> str:
    if part.low is None or part.high is None:
        return figures.missing(part.n)
    return f"{figures.share(part.value)} ({100 * part.low:.0f}{figures.TO}{100 * part.high:.0f})"


def _cells(nets: Sequence[tuple[Estimate, ComparedDifference | None]]) -> list[Text]:
    if len(nets) == 2:
        found = nets[1][1]
        difference = figures.difference(None if found is None else _plain(found))
        return [net_text(nets[0][0]), net_text(nets[1][0]), Text(difference + _mark(found), _style(found))]
    return [Text.assemble(net_text(net), (_mark(found), _style(found))) for net, found in nets]


def _plain(found: ComparedDifference) -> Difference:
    return Difference(found.value, found.low, found.high, found.certain, found.overlap)


def _mark(found: ComparedDifference | None) -> str:
    if found is None or not found.certain:
        return "  "
    return " ▲" if found.value > 0 else " ▼"


def _style(found: ComparedDifference | None) -> str:
    if found is None or not found.certain:
        return ""
    return GOOD if found.value > 0 else BAD


def _sign(dimension: ComparedDimension) -> str:
    return {"none": " *", "language": " +"}.get(dimension.mix.by, "") if _is_compared(dimension) else ""


def _is_compared(dimension: ComparedDimension) -> bool:
    return sum(entry.same_mix is not None for entry in dimension.brands) > 1


def _mix(comparison: Comparison) -> str:
    """Say in which mix the nets are compared, and where it is a coarser one."""
    mixes = [dimension.mix for dimension in comparison.dimensions if _is_compared(dimension)]
    mix = comparison.mix or (mixes[0] if mixes else None)
    if mix is None:
        return ""
    if mix.alike:
        text = f"All brands are heard in one place: {_listed(mix)}."
    elif mix.by == "none":
        text = "Each brand in its own mix, too few mentions where all are heard: no difference is marked."
    else:
        text = f"Each brand weighted to the same mix of {_kind(mix)}: {_listed(mix)}."
        text += f" Effective mentions: {_effective(comparison)}."
        text += "" if mix.is_fair else " Their sources differ: no difference is marked."
    if any(other.by == "language" for other in mixes) and mix.by != "language":
        text += " +: the same mix of languages alone; not marked."
    if any(other.by == "none" for other in mixes) and mix.by != "none":
        text += " *: own mix each, too few mentions where all are heard; not marked."
    return text


def _kind(mix: Mix) -> str:
    return "sources and languages" if mix.by == "source and language" else "languages"


def _listed(mix: Mix) -> str:
    named = [f"{_place(cell.source)}{cell.language} {figures.share(cell.weight)}" for cell in mix.cells[:CELLS]]
    rest = mix.cells[CELLS:]
    if rest:
        named.append(f"{len(rest)} others {figures.share(sum(cell.weight for cell in rest))}")
    return ", ".join(named)


def _place(source: str | None) -> str:
    return "" if source is None else f"{printable(source)} "


def _effective(comparison: Comparison) -> str:
    """Say how many mentions of each brand weigh in the mix, of how many."""
    counted = [(brand.brand, brand.effective, brand.analysed) for brand in comparison.brands]
    if comparison.mix is None and comparison.dimensions:
        counted = [(entry.brand, entry.effective, entry.net.n) for entry in comparison.dimensions[0].brands]
    return ", ".join(
        f"{printable(name)} {figures.count(round(effective))} of {figures.count(mentions)}"
        for name, effective, mentions in counted
        if effective is not None
    )


def _legend(comparison: Comparison) -> str:
    first = printable(comparison.brands[0].brand)
    text = f"Net in that mix with its 95 % interval. ▲ ▼: really above or below {first}"
    text += f", after {figures.counted(comparison.comparisons, 'comparison')} (Holm, 5 %)."
    models = {brand.model for brand in comparison.brands}
    if len(models) > 1:
        named = ", ".join(sorted(printable(model or "none yet") for model in models))
        text += f" No difference between model versions ({named}): run `overheard classify`."
    return text


def _unread(comparison: Comparison) -> str:
    named = {each: printable(each.brand) for each in comparison.unread}
    waiting = ", ".join(f"{name} ({figures.count(each.mentions)})" for each, name in named.items() if each.mentions)
    silent = ", ".join(name for each, name in named.items() if not each.mentions)
    unread = f"Without analysed mentions here: {waiting}; `overheard classify` reads what is stored." if waiting else ""
    return f"{unread} Without mentions here: {silent}.".strip() if silent else unread


def _bar(comparison: Comparison) -> Table:
    first = comparison.brands[0]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", padding=(0, 1))
    table.add_column("Best in class", no_wrap=True)
    for name, justify in (("of any industry", "left"), ("Net", "right"), (printable(first.brand), "right")):
        table.add_column(Text(name), justify="left" if justify == "left" else "right", overflow="fold")
    if comparison.best is not None:
        best = comparison.best
        table.add_row("Net sentiment", Text(_holder(best.brand, best.industry)), net_text(best.net),
                      net_text(first.net_sentiment))  # fmt: skip
    for dimension in comparison.dimensions:
        if dimension.best is not None:
            best = dimension.best
            table.add_row(dimension.label, Text(_holder(best.brand, best.industry)), net_text(best.net),
                          net_text(dimension.brands[0].net))  # fmt: skip
    return table


def _holder(brand: str, industry: str | None) -> str:
    return f"{printable(brand)} ({printable(industry)})" if industry else printable(brand)


def _about_the_bar(comparison: Comparison) -> str:
    text = "The highest low end of an interval, over all time, each brand in its own mix of sources."
    if comparison.bar < FEW:
        text += f" The store has only {comparison.bar} brands to choose from: a low bar."
    return text


def _said(said: Sequence[SaidOfRivals]) -> Iterator[RenderableType]:
    for brand in said:
        if not brand.rivals:
            continue
        head = f"{printable(brand.brand)} and its rivals, in customers' words"
        yield Text.assemble(
            (head, "bold"), f": {figures.count(brand.mentions)} of {figures.count(brand.naming)} mentions that name one"
        )
        for entry in brand.rivals[:NAMED]:
            yield _indented(_counted(entry), 2)
            for quote in entry.quotes[:1]:
                yield _indented(f"“{printable(quote.text)}” {_origin(quote)}", 4, QUIET)
        if brand.rivals[NAMED:]:
            rest = sum(entry.mentions for entry in brand.rivals[NAMED:])
            yield _indented(f"and {len(brand.rivals[NAMED:])} others in {figures.count(rest)} mentions", 2)


def _indented(text: str, cells: int, style: str = "") -> Padding:
    return Padding(Text(text, style=style), (0, 0, 0, cells), expand=False)


def _counted(entry: SaidOfRival) -> str:
    bearing = ", ".join(f"{name} {count}" for name, count in entry.dimensions.items() if name != "none")
    text = f"{SAYS[entry.direction]} {printable(entry.rival)}: {figures.count(entry.mentions)}"
    return f"{text} ({bearing})" if bearing else text


def _origin(quote: SaidQuote) -> str:
    return f"{printable(quote.source)}, {figures.day(quote.day)}, mention {quote.mention_id}"


def rows(comparison: Comparison) -> Iterator[spreadsheet.Row]:
    if comparison.mix is not None:
        for brand in comparison.brands:
            yield {
                "dimension": "net_sentiment", "label": "Net sentiment", "kind": "overall", "brand": brand.brand,
                "model": brand.model, **spreadsheet.estimate("net", brand.net_sentiment),
                **_compared(brand, comparison.mix), **_best(comparison.best),
            }  # fmt: skip
    for dimension in comparison.dimensions:
        yield from _dimension_rows(comparison, dimension)


def _dimension_rows(comparison: Comparison, dimension: ComparedDimension) -> Iterator[spreadsheet.Row]:
    for brand, entry in zip(comparison.brands, dimension.brands, strict=True):
        yield {
            "dimension": dimension.dimension, "label": dimension.label, "kind": dimension.kind, "brand": entry.brand,
            "model": brand.model, "praise": entry.praise, "pain": entry.pain, "neutral": entry.neutral,
            "share": entry.share, **spreadsheet.estimate("net", entry.net), **_compared(entry, dimension.mix),
            **_best(dimension.best),
        }  # fmt: skip


def _best(best: Best | None) -> spreadsheet.Row:
    return {"best": best.brand if best else None, "best_net": best.net.value if best else None}


def _compared(entry: ComparedBrand | ComparedFigures, mix: Mix) -> spreadsheet.Row:
    found = entry.difference
    return {
        "mix": mix.by,
        **spreadsheet.estimate("same_mix", entry.same_mix or NOTHING),
        "effective": entry.effective,
        "difference": found.value if found else None,
        "difference_low": found.low if found else None,
        "difference_high": found.high if found else None,
        "p": found.p if found else None,
        "p_adjusted": found.p_adjusted if found else None,
        "certain": spreadsheet.yes(found.certain if found else None),
    }


def lines(comparison: Comparison) -> Iterator[str]:
    names = [markdown.escaped(brand.brand) for brand in comparison.brands]
    yield f"# {', '.join(names) or markdown.escaped(_title(comparison))}"
    yield ""
    scope = markdown.escaped(figures.limits(comparison.scope))
    if names:
        real = f"in bold where they are real after {figures.counted(comparison.comparisons, 'comparison')}"
        yield f"{scope}; differences to {names[0]}, {real}"
        yield ""
        yield markdown.escaped(_mix(comparison))
        yield ""
        yield from markdown.table(("", *names, "Best in class"), list(_markdown_rows(comparison)))
        yield markdown.escaped(_about_the_bar(comparison))
        yield ""
    else:
        yield NO_BRAND
        yield ""
    if comparison.unread:
        yield markdown.escaped(_unread(comparison))
        yield ""
    for said in comparison.said:
        yield from _said_lines(said)


def _markdown_rows(comparison: Comparison) -> Iterator[Sequence[str]]:
    brands = comparison.brands
    yield "Mentions", *(figures.count(brand.mentions) for brand in brands), ""
    yield "Share of voice", *(_share(brand.share_of_voice) for brand in brands), ""
    yield "Stars", *(figures.stars(brand.rating) for brand in brands), ""
    if comparison.mix is not None:
        yield "CX index", *(figures.index(brand.index["overall"]) for brand in brands), ""
        yield "Net sentiment", *(_cell(brand) for brand in brands), _set_by(comparison.best)
    for dimension in comparison.dimensions:
        label = markdown.escaped(dimension.label + _sign(dimension))
        yield label, *(_cell(entry) for entry in dimension.brands), _set_by(dimension.best)


def _set_by(best: Best | None) -> str:
    return "" if best is None else f"{markdown.escaped(_holder(best.brand, best.industry))}: {figures.net(best.net)}"


def _cell(entry: ComparedBrand | ComparedFigures) -> str:
    found = entry.difference
    net = figures.net(_shown(entry))
    if found is None:
        return net
    text = figures.difference(_plain(found))
    return f"{net}; {f'**{text}**' if found.certain else text}"


def _said_lines(said: SaidOfRivals) -> Iterator[str]:
    if not said.rivals:
        return
    yield f"## {markdown.escaped(said.brand)} and its rivals, in customers' words"
    yield ""
    for entry in said.rivals:
        yield f"- {markdown.escaped(_counted(entry))}"
        for quote in entry.quotes:
            yield f"  > “{markdown.escaped(quote.text)}” — {markdown.escaped(_origin(quote))}{markdown.link(quote.url)}"
    yield ""
