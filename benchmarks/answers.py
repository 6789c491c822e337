"""How fast answers come: every command cold on a generated store of a million mentions, and the night's counting.

    python benchmarks/answers.py [--mentions 1000000] [--folder DIR] [--store postgresql://…] [--seed 1]
                                 [--format table|json]

The store is made where there is none yet (answers_store.py), else asked as it is; an older schema is upgraded. Each
command is a process of its own, from its start to its exit, with the pages of the store in the system's cache: it runs
once unmeasured, then three times, of which the median counts. Exit code 1 where an answer takes longer than is wanted.
PostgreSQL is taken to be set up as the README says.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import click
from answers_brands import NAMES
from answers_store import Plan, add_night, count_up, generate, remove_night, yesterday

from overheard.cli import COMMANDS
from overheard.commands.options import format_option, json_text, say, table
from overheard.settings import load
from overheard.store.database import Store

ROUNDS = 3
NIGHT = 10_000
"""New mentions that the night's counting is timed with."""

SLACK = 5
"""How many times its share of the whole counting a night's may take: each day that it touches is counted again whole,
and the days before the last are full of other mentions."""

LARGEST, FIVE = NAMES[0], NAMES[:5]
QUESTIONS: tuple[tuple[tuple[str, ...], float | None], ...] = (
    (("--help",), None),
    (("summary", LARGEST), 2.0),
    (("summary", LARGEST, "--since", "90d"), 2.0),
    (("summary", NAMES[-1]), 2.0),
    (("compare", *FIVE), 2.0),
    (("trend", LARGEST), 2.0),
    (("inbox", LARGEST), 2.0),
    (("alerts",), 2.0),
    (("themes", LARGEST), 2.0),
    (("mentions", LARGEST, "--query", "refund NEAR/5 late"), 1.0),
    (("summary", LARGEST, "--query", "refund"), 2.0),
    (("summary", LARGEST, "--query", "and"), 2.0),
    (("trend", LARGEST, "--query", "and"), 2.0),
    (("compare", *FIVE, "--touchpoint", "use"), 2.0),
    (("compare", *FIVE, "--dimension", "speed"), 2.0),
)
"""What is asked, and the seconds that its answer may take, of the largest brand, the smallest, the five largest.

In a store of a million mentions, those of the largest brand with "refund" in them are 16,000, those with "and" 104,000.
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: seconds as the median of the rounds, the lowest and the highest; `trouble` says why there are none."""

    what: str
    seconds: float | None
    low: float | None
    high: float | None
    wanted: float | None
    trouble: str = ""

    @property
    def verdict(self) -> str:
        """Return ok, missed, or what went wrong; nothing where nothing is wanted."""
        if self.seconds is None:
            return self.trouble
        if self.wanted is None:
            return ""
        return "ok" if self.seconds <= self.wanted else "MISSED"

    @property
    def is_bad(self) -> bool:
        """Whether it speaks against us: a command that there is not yet does not."""
        return self.verdict not in ("", "ok", "absent")


def ask(words: Sequence[str], wanted: float | None, folder: Path) -> Figure:
    """Time one command in the folder of a store."""
    what = subprocess.list2cmdline(words)
    if not words[0].startswith("-") and words[0] not in COMMANDS:
        return Figure(what, None, None, None, wanted, "absent")
    times = []
    for _ in range(1 + ROUNDS):
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "overheard", *words], cwd=folder, capture_output=True, text=True, check=False
        )
        times.append(time.perf_counter() - started)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            return Figure(what, None, None, None, wanted, f"exit {done.returncode}: {said[:80]}")
    counted = times[1:]
    return Figure(what, median(counted), min(counted), max(counted), wanted)


def nights(store: Store, plan: Plan, whole: dict[str, float]) -> Iterator[Figure]:
    """Time what follows when a night's mentions are stored, and remove these again.

    `whole` has the seconds that the same work took for the whole store, in proportion to which a night may take.
    """
    above = add_night(store, plan, NIGHT)
    say(f"{NIGHT:,} new mentions written")
    counting = Store.open(store.url)  # with the settings of every day, not those of writing in bulk, foreign keys on
    try:
        for name, seconds in count_up(counting).items():
            wanted = round(max(1.0, SLACK * NIGHT / plan.mentions * whole[name]), 1) if name in whole else None
            yield Figure(f"{name} of {NIGHT:,} new ({whole.get(name, 0):g} s for all)", seconds, None, None, wanted)
    finally:
        remove_night(counting, above)
        counting.close()


def measure(folder: Path, plan: Plan, url: str | None) -> tuple[dict[str, Any], list[Figure]]:
    """Return what the store holds, and all figures."""
    made = generate(folder, plan, url)
    store = Store.create(load(folder / "overheard.toml").store_url)
    try:
        figures = []
        for words, wanted in QUESTIONS:
            figures.append(ask(words, wanted, folder))
            say(f"{figures[-1].what}: {_seconds(figures[-1].seconds)} {figures[-1].verdict}")
        figures += nights(store, plan, made["seconds"])
    finally:
        store.close()
    return made, figures


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _load() -> str:
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


@click.command()
@click.option("--mentions", default=1_000_000, show_default=True, type=click.IntRange(min=1000))
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False),
              help="Where the store is made, or is already  [default: a folder that is removed again]")  # fmt: skip
@click.option("--store", "url", help="A PostgreSQL database that is emptied and filled, instead of a file.")
@click.option("--seed", default=1, show_default=True, type=int)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day of the store  [default: yesterday]")
@format_option("table", "json")
@click.pass_context
def main(
    ctx: click.Context, mentions: int, folder: Path | None, url: str | None, seed: int, until: datetime | None,
    form: str,
) -> None:  # fmt: skip
    """Time every answer on a generated store."""
    plan = Plan(mentions, seed, until.date() if until else yesterday())
    place = folder or Path(tempfile.mkdtemp(prefix="overheard-answers-"))
    try:
        made, figures = measure(place, plan, url)
    finally:
        if folder is None:
            shutil.rmtree(place)
    if form == "json":
        rows = [{**asdict(figure), "verdict": figure.verdict} for figure in figures]
        click.echo(json_text({"store": made, "figures": rows, "machine": _load()}))
    else:
        database = made["store"].partition(":")[0]
        held = f"{made['mentions']:,} mentions, {made['opinions']:,} opinions of {len(NAMES)} brands"
        click.echo(f"{held} until {made['until']}; {database}; {_load()}")
        rows = [
            (figure.what, *map(_seconds, (figure.seconds, figure.low, figure.high, figure.wanted)), figure.verdict)
            for figure in figures
        ]
        table(("overheard …", "seconds", "lowest", "highest", "wanted", "verdict"), rows)
    ctx.exit(int(any(figure.is_bad for figure in figures)))


if __name__ == "__main__":
    main()
