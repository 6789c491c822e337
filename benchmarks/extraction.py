"""Reviews out of pages, by field, against extruct and trafilatura on the same pages in the same run.

    python benchmarks/extraction.py [--payloads FOLDER] [--format table|json] [--ours]

The pages of extraction/pages are our own; those of others are scored where their folder is there, against labels that
hold no text of theirs (extraction/payloads.json). What is measured, and how, is said in docs/extraction.md.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import click
from extraction_measures import FIELDS, Case, Review, Score, of_item, read_cases, score
from extraction_payloads import read_payloads, score_payloads
from extraction_rivals import extruct_reviews, trafilatura_blocks, trafilatura_comments

from overheard.commands.options import format_option, json_text, say, table
from overheard.crawler.outcomes import PageError
from overheard.crawler.spiders.schemaorg import parse

HERE = Path(__file__).resolve().parent / "extraction"
PAGES = HERE / "pages"
OURS = "overheard"
DEMANDS = {"f1": 0.95, "rating": 0.97, "date": 0.97}

Extractor = Callable[[Case], list[Review]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: what one system found on one group of pages; a field is None where none of these reviews has it."""

    system: str
    group: str
    pages: int
    wanted: int
    found: int
    precision: float
    recall: float
    f1: float
    rating: float | None
    date: float | None
    author: float | None
    reply: float | None
    title: float | None


def ours(case: Case) -> list[Review]:
    """Return what the spider `schemaorg` gives for a page."""
    try:
        return [of_item(item) for item in parse(case.body, case.url, case.fetched).items]
    except PageError:
        return []


RIVALS: dict[str, Extractor] = {
    "extruct": extruct_reviews,
    "trafilatura, comments": trafilatura_comments,
    "trafilatura, all blocks": trafilatura_blocks,
}

_LINKED = re.compile(rb'"@type"\s*:\s*\[?\s*"(?:\w*Review|Comment|DiscussionForumPosting|Answer)"')
_MICRODATA = re.compile(rb'itemtype=["\']https?://schema.org/(?:\w*Review|Comment|UserComments|DiscussionForumPosting)')


def set_apart(name: str) -> bool:
    """Say whether a page, by the hash of its name, is of the third that was not looked at before the first figures."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % 3 == 0


def groups_of(case: Case) -> Iterator[str]:
    """Yield the groups that a page belongs to."""
    yield "all"
    yield "part: set apart" if set_apart(case.name) else "part: developed on"
    linked, micro = bool(_LINKED.search(case.body)), bool(_MICRODATA.search(case.body))
    form = "both" if linked and micro else "JSON-LD" if linked else "microdata" if micro else "none"
    yield f"mark-up: {form}"
    yield f"language: {case.language}"
    if not case.reviews:
        yield "pages without reviews"


def measure(cases: Sequence[Case], systems: Mapping[str, Extractor]) -> list[Figure]:
    """Return the figures of each system on each group, every page read once by each."""
    pairs: defaultdict[tuple[str, str], list[tuple[Sequence[Review], Sequence[Review]]]] = defaultdict(list)
    for name, extract in systems.items():
        say(f"{name}: {len(cases)} pages")
        for case in cases:
            found = extract(case)
            for group in groups_of(case):
                pairs[group, name].append((found, case.reviews))
    order = {group: place for place, group in enumerate(sorted({group for group, _ in pairs}))}
    rows = [_figure(name, group, score(each)) for (group, name), each in pairs.items()]
    return sorted(rows, key=lambda row: (row.group != "all", order[row.group]))


def _figure(system: str, group: str, found: Score) -> Figure:
    fields = {field: found.accuracy(field) for field in FIELDS}
    return Figure(
        system, group, found.pages, found.wanted, found.found, found.precision, found.recall, found.f1, **fields
    )


def missed(figures: Sequence[Figure]) -> list[str]:
    """Return the demands that are not met, each in one line: on all pages, the text also against every other system."""
    whole = {figure.system: figure for figure in figures if figure.group == "all"}
    own = asdict(whole[OURS])
    lines = [
        f"{name} {own[name] or 0:.3f}, demanded {floor}" for name, floor in DEMANDS.items() if (own[name] or 0) < floor
    ]
    return lines + [
        f"F1 of {name} is higher" for name, figure in whole.items() if name != OURS and figure.f1 >= own["f1"]
    ]


@click.command()
@click.option("--payloads", type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="A folder with recorded pages of others  [default: ../shared/payloads where it is]")  # fmt: skip
@click.option("--ours", "alone", is_flag=True, help="Without extruct and trafilatura, which the bench extra installs.")
@format_option("table", "json")
def extraction(payloads: Path | None, alone: bool, form: str) -> None:
    """Measure how well reviews are extracted from pages, against other extractors on the same pages."""
    absent = [name for name in ("extruct", "trafilatura") if not alone and find_spec(name) is None]
    if absent:
        raise click.UsageError(f"{' and '.join(absent)} not installed; install overheard[bench], or give --ours")
    systems: dict[str, Extractor] = {OURS: ours} | ({} if alone else RIVALS)
    figures = measure(read_cases(PAGES), systems)
    folder = payloads or HERE.parents[2] / "shared" / "payloads"
    recorded = read_payloads(HERE / "payloads.json", folder) if folder.is_dir() else []
    if not recorded:
        say(f"no recorded pages of others at {folder}: they are left out")
    others = score_payloads(recorded, systems)
    if form == "json":
        demands = {"demands": DEMANDS, "missed": missed(figures)}
        click.echo(json_text({"figures": [asdict(row) for row in figures], "payloads": others, **demands}))
        return
    columns = ("group", "system", "pages", "reviews", "found", "P", "R", "F1", *FIELDS)
    table(columns, [_cells(row) for row in figures])
    if others:
        click.echo()
        table(tuple(others[0]), [tuple(_digits(value) for value in row.values()) for row in others])
    click.echo("\n" + ("; ".join(missed(figures)) or "every demand is met"))


def _cells(row: Figure) -> tuple[str | None, ...]:
    shares = [row.precision, row.recall, row.f1, *(getattr(row, field) for field in FIELDS)]
    return (row.group, row.system, str(row.pages), str(row.wanted), str(row.found), *map(_digits, shares))


def _digits(value: object) -> str | None:
    return f"{value:.3f}" if isinstance(value, float) else None if value is None else str(value)


if __name__ == "__main__":
    extraction()
