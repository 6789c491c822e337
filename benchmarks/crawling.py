"""How fast crawls are: pages a second beside `scrapy bench`, and stored mentions a second from JSON interfaces.

    python benchmarks/crawling.py [--format table|json] [--quick]

docs/crawling.md says what is compared with what. The machine is noisy, so ours and `scrapy bench` take turns within
the same minute; a ratio is that of one round, and the median of the rounds is shown with the lowest and the highest.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import click
from speed import CORES, stay_on_two_cores

from overheard.commands.options import format_option, json_text, say, table
from overheard.intake.key import make_key
from overheard.store.brands import add_brand, add_source
from overheard.store.database import Store

SITE = Path(__file__).resolve().with_name("crawling_site.py")
SOURCES = 8
"""Sites crawled at once: `scrapy bench` has as many requests to its one site under way."""
BENCH_PAGE = "<html><head></head><body>" + 20 * "<a href='/follow?total=100000&show=20&n=12345'>follow 12345</a><br>"
INTERFACES = ("steam", "woocommerce", "hackernews")
PAGES_DEMAND, MENTIONS_DEMAND = 0.5, 2000.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: `seconds` is what `scrapy bench` gets, pages are those of each site in a round."""

    rounds: int
    seconds: int
    pages: int
    shop_pages: int
    json_pages: int


FULL = Plan(rounds=3, seconds=10, pages=120, shop_pages=50, json_pages=100)
QUICK = Plan(rounds=1, seconds=2, pages=4, shop_pages=2, json_pages=2)


@dataclass(frozen=True, slots=True)
class Rate:
    """What was read in so many seconds; `page_bytes` is the mean size of a page."""

    pages: int
    seconds: float
    mentions: int = 0
    page_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: the median of the rounds, `low` and `high` the lowest and the highest; the demand is on the ratio, or on
    the value where there is none."""

    what: str
    value: float
    low: float
    high: float
    unit: str
    page_bytes: int
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None
    demand: float | None = None

    @property
    def met(self) -> bool | None:
        """Whether the demand is met, None without one."""
        return None if self.demand is None else (self.value if self.ratio is None else self.ratio) >= self.demand


def scrapy_bench(folder: Path, seconds: int) -> Rate:
    """Let `scrapy bench` run so long; its own count of pages and of seconds between opening and closing the spider."""
    command = [sys.executable, "-m", "scrapy", "bench", "-s", f"CLOSESPIDER_TIMEOUT={seconds}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    pages = re.search(r"'response_received_count': (\d+)", done.stderr)
    elapsed = re.search(r"'elapsed_time_seconds': ([\d.]+)", done.stderr)
    if not pages or not elapsed:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise click.ClickException(f"`scrapy bench` could not be measured: {last[:300]}")
    return Rate(int(pages[1]), float(elapsed[1]), page_bytes=len(BENCH_PAGE) + len("</body></html>"))


def crawl(folder: Path, *listings: tuple[str, int]) -> Rate:
    """Crawl new sites of these shapes and sizes into a new store with `overheard crawl`.

    The time is from the beginning of the first crawl to the end of the last, as the store has them: like that of
    `scrapy bench`, it leaves out the start of the program and counts all that is done with a page.
    """
    home = folder / "home"
    home.mkdir()
    with _sites(listings) as sites:
        _prepare(home, [_target(shape, site["url"]) for (shape, _), site in zip(listings, sites, strict=True)])
        program = [str(Path(sys.executable).parent / "overheard"), "crawl", "--format", "json"]
        done = subprocess.run(program, cwd=home, capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(f"`overheard crawl` failed: {(done.stderr.strip().splitlines() or ['?'])[-1][:300]}")
    results = json.loads(done.stdout)
    added, expected = sum(result["added"] for result in results), sum(site["reviews"] for site in sites)
    if added != expected:
        raise click.ClickException(f"`overheard crawl` stored {added} of {expected} mentions: nothing to be measured")
    seconds = _seconds(home / "overheard.db")
    shutil.rmtree(home)
    size = round(sum(site["page_bytes"] for site in sites) / len(sites))
    return Rate(sum(pages for _, pages in listings), seconds, added, size)


@contextmanager
def _sites(listings: Sequence[tuple[str, int]]) -> Iterator[list[dict[str, Any]]]:
    command = [sys.executable, str(SITE), json.dumps(listings)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.stdin.close()


def _target(shape: str, url: str) -> tuple[str, dict[str, str]]:
    root = url.removesuffix("/1")
    targets = {
        "steam": {"id": "480", "base": root},
        "woocommerce": {"url": root},
        "hackernews": {"query": "lamp", "base": root},
    }
    return (shape, targets[shape]) if shape in targets else ("schemaorg", {"url": url})


def _prepare(home: Path, targets: Sequence[tuple[str, dict[str, str]]]) -> None:
    (home / "overheard.toml").write_text("[crawl]\ndelay = 0\nmax_pages = 100000\n", encoding="utf-8")
    make_key(home / "overheard.key")
    store = Store.create(f"sqlite:///{home / 'overheard.db'}")
    with store.session() as session:
        brand = add_brand(session, "Nordwind")
        for kind, target in targets:
            add_source(session, brand, kind, target)
    store.close()


def _seconds(store: Path) -> float:
    connection = sqlite3.connect(store)
    begun, ended = connection.execute("SELECT min(started_at), max(finished_at) FROM crawls").fetchone()
    connection.close()
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds()


def take_turns(folder: Path, plan: Plan) -> dict[str, list[Rate]]:
    """Return the rates of each round, by what was measured."""
    bench = partial(scrapy_bench, folder, plan.seconds)
    sites = {"lean": plan.pages, "usual": plan.pages, "shop": plan.shop_pages}
    turns: dict[str, Callable[[], Rate]] = {"bench": bench}
    turns |= {shape: partial(crawl, folder, *SOURCES * [(shape, pages)]) for shape, pages in sites.items()}
    turns |= {shape: partial(crawl, folder, (shape, plan.json_pages)) for shape in INTERFACES}
    turns |= {"json": partial(crawl, folder, *((shape, plan.json_pages) for shape in INTERFACES))}
    found: dict[str, list[Rate]] = defaultdict(list)
    order = list(turns) * plan.rounds
    for number, name in enumerate(order, 1):
        say(f"{number} of {len(order)}: {name}")
        found[name].append(turns[name]())
    return found


def figures(found: Mapping[str, Sequence[Rate]]) -> Iterator[Figure]:
    """The rows, those with a demand among them."""
    yield _figure("scrapy bench", found["bench"], "pages/s")
    beside = found["bench"]
    yield _figure("schemaorg, pages of its size", found["lean"], "pages/s", beside=beside, demand=PAGES_DEMAND)
    yield _figure("schemaorg, its page and usual reviews", found["usual"], "pages/s", beside=beside)
    yield _figure("schemaorg, shop pages", found["shop"], "pages/s", beside=beside)
    for shape in INTERFACES:
        yield _figure(f"{shape} alone", found[shape], "mentions/s")
    yield _figure("the three at once", found["json"], "mentions/s", demand=MENTIONS_DEMAND)


def _figure(
    what: str, rates: Sequence[Rate], unit: str, *, beside: Sequence[Rate] = (), demand: float | None = None
) -> Figure:
    per = [(rate.mentions if unit == "mentions/s" else rate.pages) / rate.seconds for rate in rates]
    ratios = [own / (bench.pages / bench.seconds) for own, bench in zip(per, beside, strict=False)]
    spread = (median(ratios), min(ratios), max(ratios)) if ratios else (None, None, None)
    return Figure(what, median(per), min(per), max(per), unit, rates[0].page_bytes, *spread, demand)


def show(rows: Sequence[Figure], form: str) -> None:
    """Print the figures and the machine."""
    names = ("scrapy", "twisted", "lxml", "sqlalchemy", "py3langid")
    machine = {
        "cores": min(CORES, os.cpu_count() or 1),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in names},
    }
    if form == "json":
        click.echo(json_text({"figures": [asdict(row) | {"met": row.met} for row in rows], "machine": machine}))
        return
    table(
        ("what", "median", "lowest to highest", "bytes a page", "to scrapy bench", "demand", "met"),
        [*map(_cells, rows)],
    )
    click.echo("\n" + ", ".join(f"{name} {value}" for name, value in machine.items()))


def _cells(row: Figure) -> tuple[str | None, ...]:
    ratio = None if row.ratio is None else f"{row.ratio:.2f} ({row.ratio_low:.2f} to {row.ratio_high:.2f})"
    demand = None if row.demand is None else f"≥ {row.demand:,g}"
    return (
        row.what,
        f"{row.value:,.0f} {row.unit}",
        f"{row.low:,.0f} to {row.high:,.0f}",
        f"{row.page_bytes:,}",
        ratio,
        demand,
        {None: None, True: "yes", False: "NO"}[row.met],
    )


@click.command()
@format_option("table", "json")
@click.option("--quick", is_flag=True, help="A smoke test: too little of everything to mean much.")
def crawling(form: str, quick: bool) -> None:
    """Measure how fast Overheard collects on two cores, beside `scrapy bench` in the same minutes."""
    stay_on_two_cores()
    os.environ.pop("OVERHEARD_CONFIG", None)
    with tempfile.TemporaryDirectory(prefix="overheard-crawling-") as temporary:
        found = take_turns(Path(temporary), QUICK if quick else FULL)
    show(list(figures(found)), form)


if __name__ == "__main__":
    crawling()
