"""Speed of what is shipped as ratios against named baselines: one command, one run, one machine, two cores.

    python benchmarks/speed.py [--texts FILE] [--model DIR] [--format table|json] [--quick]

The machine is noisy, so ours and the baselines take turns and every rate is the median of its rounds. `overheard`
commands are timed from start to exit, loading the model included; the baselines (baselines.py) without their loading.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import click

from overheard.commands.options import format_option, json_text, say, table

HERE = Path(__file__).resolve().parent
TEXTS = HERE.parent / "models" / "corpus" / "authored.jsonl"
CORES = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: `seconds` is a baseline's time in a round, `product_seconds` that of a matrix product."""

    texts: int
    rounds: int
    seconds: float
    product_seconds: float
    starts: int
    reshuffled: int
    reshuffles: int


FULL = Plan(texts=10_000, rounds=3, seconds=20, product_seconds=0.5, starts=5, reshuffled=2000, reshuffles=20)
QUICK = Plan(texts=512, rounds=1, seconds=1, product_seconds=0.05, starts=1, reshuffled=100, reshuffles=2)


@dataclass(frozen=True, slots=True)
class Rate:
    """Texts read in so many seconds, those taken for another language not counted; `sentences` where told apart."""

    texts: int
    seconds: float
    sentences: int = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the result: the demand is on the ratio, or on the value where there is none."""

    what: str
    value: float
    unit: str
    measured_on: str
    ratio: float | None = None
    demand: float | None = None
    at_most: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the demand is met, None without one."""
        if self.demand is None:
            return None
        judged = self.value if self.ratio is None else self.ratio
        return judged <= self.demand if self.at_most else judged >= self.demand


def stay_on_two_cores() -> None:
    """Keep this process and those that it starts on two cores, not on two threads of one."""
    if not hasattr(os, "sched_setaffinity"):
        return
    by_core: dict[str, int] = {}
    for number in sorted(os.sched_getaffinity(0)):
        siblings = Path(f"/sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list")
        by_core.setdefault(siblings.read_text() if siblings.exists() else str(number), number)
    os.sched_setaffinity(0, list(by_core.values())[:CORES])


def read_texts(path: Path) -> list[str]:
    """Return the different texts of a file, each as one line: lines are texts, or JSON objects with text."""
    texts: dict[str, None] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            text = json.loads(line)["text"] if line.startswith(b"{") else line.decode()
            texts[" ".join(text.split())] = None
        except (ValueError, KeyError, AttributeError):
            raise click.ClickException(f'{path} line {number}: expected a text, or JSON with "text"') from None
    texts.pop("", None)
    if not texts:
        raise click.ClickException(f"{path} holds no text; expected one a line")
    return list(texts)


class Bench:
    """The texts and the model of this run, and a folder for what comes and goes."""

    def __init__(self, texts: Sequence[str], model: Path, plan: Plan, folder: Path) -> None:
        self.texts, self.plan, self.folder = texts, plan, folder
        self.file, self.home, self.output = folder / "texts.txt", folder / "home", folder / "output"
        self.file.write_text("".join(text + "\n" for text in texts), encoding="utf-8")
        self.inputs = ("--texts", self.file, "--model", model)

    def run(self, *program: object, folder: Path | None = None, reads: Path | None = None) -> float:
        """Return how long a program took from start to exit; raises ClickException with what it said if it failed."""
        words = [str(word) for word in program]
        with (reads or Path(os.devnull)).open("rb") as stdin, self.output.open("wb") as stdout:
            begun = time.perf_counter()
            done = subprocess.run(
                words, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, cwd=folder or self.folder, check=False
            )
            seconds = time.perf_counter() - begun
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"]
            word = next((line for line in said if line.startswith("Error")), said[-1])
            name = " ".join(Path(part).name for part in words[:3])
            raise click.ClickException(f"`{name}` could not be measured: {word[:300]}")
        return seconds

    def overheard(self, *arguments: object, folder: Path | None = None, reads: Path | None = None) -> float:
        """Return how long the command took that is installed beside this Python."""
        return self.run(Path(sys.executable).parent / "overheard", *arguments, folder=folder, reads=reads)

    def script(self, name: str, *arguments: object) -> dict[str, Any]:
        """Return what a script of this folder found out about the texts and the model."""
        self.run(sys.executable, HERE / name, *arguments, *self.inputs)
        found: dict[str, Any] = json.loads(self.output.read_text(encoding="utf-8").splitlines()[-1])
        return found

    def baseline(self, name: str) -> Rate:
        """Let a baseline of baselines.py read."""
        return Rate(**self.script("baselines.py", name, "--seconds", self.plan.seconds))

    def analyze(self) -> Rate:
        """`overheard analyze`, raw text to JSON."""
        seconds = self.overheard("analyze", reads=self.file)
        answers = map(json.loads, self.output.read_text(encoding="utf-8").splitlines())
        opinions = [answer["opinions"] for answer in answers if answer["status"] == "analysed"]
        return Rate(len(opinions), seconds, sum(map(len, opinions)))

    def fill_store(self) -> None:
        """Import the texts as a year's reviews."""
        reviews = self.folder / "reviews.jsonl"
        with reviews.open("w", encoding="utf-8") as file:
            for number, text in enumerate(self.texts):
                day = date(2025, 1, 1) + timedelta(number % 365)
                file.write(json.dumps({"id": f"review-{number}", "date": str(day), "text": text}) + "\n")
        self.home.mkdir()
        self.overheard("init", folder=self.home)
        self.overheard("brand", "add", "Nordwind Bank", folder=self.home)
        self.overheard("import", reviews, "--brand", "Nordwind Bank", folder=self.home)

    def classify(self) -> Rate:
        """`overheard classify` on a copy of the store, of which nothing is read yet."""
        copy = shutil.copytree(self.home, self.folder / "copy")
        seconds = self.overheard("classify", "--format", "json", folder=copy)
        shutil.rmtree(copy)
        done = json.loads(self.output.read_text(encoding="utf-8"))
        return Rate(done["mentions"] - done["not_analysed"], seconds, done["opinions"])


def take_turns(bench: Bench, with_command: bool) -> dict[str, list[Rate]]:
    """Return the rates of ours and of the baselines: zero-shot has one turn, `analyze` one more than the others."""
    turns: dict[str, Callable[[], Rate]] = {
        name: partial(bench.baseline, name) for name in ("text-classification", "our-batches", "zero-shot")
    }
    order = ["text-classification", "our-batches"] * bench.plan.rounds + ["zero-shot"]
    if with_command:
        say("overheard import")
        bench.fill_store()
        turns |= {"analyze": bench.analyze, "classify": bench.classify}
        round_ = ["analyze", "text-classification", "our-batches", "classify"]
        order = round_ * bench.plan.rounds + ["zero-shot", "analyze"]
    found: dict[str, list[Rate]] = defaultdict(list)
    for number, name in enumerate(order, 1):
        say(f"{number} of {len(order)}: {name}")
        found[name].append(turns[name]())
    return found


def speed_figures(found: Mapping[str, Sequence[Rate]]) -> Iterator[Figure]:
    """Texts a second as ratios; without the commands, the baselines have rates only."""
    speed = {name: median(rate.texts / rate.seconds for rate in rates) for name, rates in found.items()}
    read = {name: f"{len(rates)} × {median(rate.texts for rate in rates):,.0f} texts" for name, rates in found.items()}
    ours = speed.get("analyze")
    if ours:
        sentences = median(rate.sentences / rate.seconds for rate in found["analyze"])
        yield Figure("overheard analyze", ours, "texts/s", read["analyze"])
        yield Figure("overheard analyze", sentences, "sentences/s", read["analyze"])
    for name, what, demand in (
        ("text-classification", "(a) pipeline, batches of 32, fp32, 12 layers", 6),
        ("zero-shot", "(b) zero-shot, 11 passes of bge-m3's shape", 500),
        ("our-batches", "(c) torch fp32, our batches, 12 layers", 3),
    ):
        figure = Figure(what, speed[name], "texts/s", read[name])
        yield replace(figure, ratio=ours / speed[name], demand=demand) if ours else figure
    if ours:
        ratio = speed["classify"] / ours
        yield Figure("overheard classify, to analyze", speed["classify"], "texts/s", read["classify"], ratio, 0.85)


def inside_figures(found: Mapping[str, Any], texts: int, plan: Plan) -> Iterator[Figure]:
    """What inside.py found."""
    encoder, product = found["encoder"] / 1e9, found["product"] / 1e9
    yield Figure("int8 product, 512 × 384 × 1536", product, "Gop/s", f"best of {plan.rounds}")
    yield Figure(
        "(d) encoder, to int8 product", encoder, "Gop/s", f"{plan.rounds} × {texts:,} texts", encoder / product, 0.35
    )
    amount = f"{plan.reshuffles} × {min(texts, plan.reshuffled):,} texts"
    yield Figure("equal decisions after reshuffling", 100 * found["equal"], "%", amount, demand=99.9)
    yield Figure("widest difference of a score", found["difference"], "", amount, demand=0.02, at_most=True)


def start_figures(bench: Bench) -> Iterator[Figure]:
    """Seconds from start to exit, in a new process each time."""
    one = bench.folder / "one.txt"
    one.write_text(bench.texts[0] + "\n", encoding="utf-8")
    for word, what, demand in (
        ("analyze", "overheard analyze, one sentence", 2.5),
        ("--help", "overheard --help", 0.4),
    ):
        say(what)
        bench.overheard(word, reads=one)  # fills the file cache
        seconds = [bench.overheard(word, reads=one) for _ in range(bench.plan.starts)]
        starts = f"{len(seconds)} starts, best {min(seconds):.2f} s"
        yield Figure(what, median(seconds), "s", starts, demand=demand, at_most=True)


def show(figures: Sequence[Figure], machine: Mapping[str, Any], form: str) -> None:
    """Print the figures and the machine."""
    if form == "json":
        rows = [asdict(figure) | {"met": figure.met} for figure in figures]
        click.echo(json_text({"figures": rows, "machine": machine}))
        return
    columns = ("what", "rate", "measured on", "ratio", "demand", "met")
    table(columns, [_cells(figure) for figure in figures])
    click.echo(
        f"\n{machine['cores']} cores, {' '.join(machine['instruction_sets'])}; torch {machine['torch']}; "
        f"{machine['model']} in {machine['number_format']}"
    )


def _cells(figure: Figure) -> tuple[str | None, ...]:
    demand = None if figure.demand is None else f"{'≤' if figure.at_most else '≥'} {figure.demand}"
    met = {None: None, True: "yes", False: "NO"}[figure.met]
    ratio = None if figure.ratio is None else _digits(figure.ratio)
    return figure.what, f"{_digits(figure.value)} {figure.unit}", figure.measured_on, ratio, demand, met


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value > 100 else f"{value:.4g}"


@click.command()
@click.option("--texts", "path", type=click.Path(path_type=Path, exists=True, dir_okay=False), default=TEXTS,
              help="Texts, one a line, or JSON Lines with text  [default: the training corpus]")  # fmt: skip
@click.option("--model", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="Another model than the shipped one; the commands, which read that one, are left out.")  # fmt: skip
@format_option("table", "json")
@click.option("--quick", is_flag=True, help="A smoke test: too little of everything to mean much.")
def speed(path: Path, folder: Path | None, form: str, quick: bool) -> None:
    """Measure how fast Overheard is on two cores, against baselines in the same run."""
    from overheard.nlp.classifier import shipped_model

    stay_on_two_cores()
    os.environ.pop("OVERHEARD_CONFIG", None)
    plan = QUICK if quick else FULL
    texts = read_texts(path)
    random.Random(1).shuffle(texts)
    with tempfile.TemporaryDirectory(prefix="overheard-speed-") as temporary:
        bench = Bench(texts[: plan.texts], (folder or shipped_model()).resolve(), plan, Path(temporary))
        figures = list(speed_figures(take_turns(bench, with_command=folder is None)))
        say("inside the classifier")
        inside = bench.script(
            "inside.py", "--rounds", plan.rounds, "--seconds", plan.product_seconds,
            "--reshuffled", plan.reshuffled, "--reshuffles", plan.reshuffles,
        )  # fmt: skip
        figures += inside_figures(inside, len(bench.texts), plan)
        if folder is None:
            figures += start_figures(bench)
    show(figures, inside["machine"], form)


if __name__ == "__main__":
    speed()
