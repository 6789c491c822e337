"""Killed with SIGKILL at random moments and run again, every command leaves what an undisturbed run leaves."""

from __future__ import annotations

import csv
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from store_snapshot import snapshot

from overheard.demo.run import prepare
from overheard.demo.site import DemoSite
from overheard.nlp.classifier import shipped_model
from overheard.store.database import Store

KILLS = 10
TEMPLATE = (
    "I was at the branch on Tuesday, waited for an hour, and then a young man told me that the person who could help "
    "works on Mondays only, which nobody had written on the door or on the page."
)
pytestmark = pytest.mark.slow


def overheard(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start the command in a folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "overheard", *arguments],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def finish(folder: Path, *arguments: str) -> float:
    """Run the command to its end, which must be good; return how long it took."""
    started = time.monotonic()
    with overheard(folder, *arguments) as process:
        _, errors = process.communicate()
    assert process.returncode == 0, errors.decode()
    return time.monotonic() - started


def url(folder: Path) -> str:
    """The URL of the folder's store."""
    return f"sqlite:///{folder}/overheard.db"


def reviews(path: Path, rows: int, edited: int = 0) -> Path:
    """Write a CSV of our own sentences: `edited` of the rows say something else than in the unedited file, and every
    eighth row says at length what others say too."""
    corpus = shipped_model().parent / "corpus" / "authored.jsonl"
    lines = corpus.read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines[: rows + edited]]
    chooser = random.Random(5)
    changed = set(chooser.sample(range(rows), edited))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["review_id", "text", "stars", "date", "author"])
        for number, text in enumerate(texts[:rows]):
            words = texts[rows + len(changed & set(range(number)))] if number in changed else text
            day = f"2026-{1 + number % 9:02}-{1 + number % 28:02}"
            words = f"{TEMPLATE} {words if number % 24 else ''}" if number % 8 == 0 else words
            writer.writerow([f"r{number}", words, 1 + number % 5, day, f"Author {number % 50}"])
    return path


def killed_and_run_again(
    start: Path, tmp_path: Path, arguments: tuple[str, ...], wanted: dict[str, list[str]], duration: float
) -> int:
    """Kill the command at ten moments on copies of `start`, run it again each time; return how often it was killed."""
    chooser = random.Random(11)
    killed = 0
    for number in count():
        folder = tmp_path / f"killed-{number}"
        shutil.copytree(start, folder)
        with overheard(folder, *arguments) as process:
            time.sleep(duration * chooser.uniform(0.25, 0.98))
            process.send_signal(signal.SIGKILL)
            process.communicate()
        killed += process.returncode == -signal.SIGKILL
        finish(folder, *arguments)
        found = snapshot(url(folder))
        for table, rows in wanted.items():
            assert found[table] == rows, f"{table} differs after kill {number}"
        shutil.rmtree(folder)
        if killed == KILLS or number == 3 * KILLS:
            return killed
    raise AssertionError


@pytest.fixture
def start(tmp_path: Path) -> Path:
    """A folder with a fresh store and one brand."""
    folder = tmp_path / "start"
    folder.mkdir()
    finish(folder, "init")
    finish(folder, "brand", "add", "Nordwind Bank")
    return folder


def undisturbed(start: Path, tmp_path: Path, *arguments: str) -> tuple[dict[str, list[str]], float]:
    """Run on a copy without a kill; return what the store says then, and how long it took."""
    folder = tmp_path / "undisturbed"
    shutil.copytree(start, folder)
    duration = finish(folder, *arguments)
    return snapshot(url(folder)), duration


def test_import(start: Path, tmp_path: Path) -> None:
    first, second = reviews(tmp_path / "first.csv", 1200), reviews(tmp_path / "second.csv", 1800, edited=300)
    brand = ("--brand", "Nordwind Bank", "--source", "file")
    finish(start, "import", str(first), *brand)
    arguments = ("import", str(second), *brand)
    wanted, duration = undisturbed(start, tmp_path, *arguments)
    assert len(wanted["mentions"]) == 1800
    assert len(wanted["mention_versions"]) > 180
    assert killed_and_run_again(start, tmp_path, arguments, wanted, duration) == KILLS


def test_classify(start: Path, tmp_path: Path) -> None:
    finish(start, "import", str(reviews(tmp_path / "reviews.csv", 800)), "--brand", "Nordwind Bank")
    wanted, duration = undisturbed(start, tmp_path, "classify")
    assert len(wanted["opinions"]) >= 800
    assert wanted["stale_cells"] == []
    assert killed_and_run_again(start, tmp_path, ("classify",), wanted, duration) == KILLS


@pytest.fixture
def site() -> Iterator[DemoSite]:
    """The demo site."""
    with DemoSite() as running:
        yield running


def test_crawl(tmp_path: Path, site: DemoSite) -> None:
    folder = tmp_path / "start"
    folder.mkdir()
    finish(folder, "init")
    settings = folder / "overheard.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("delay = 2.0", "delay = 0"), encoding="utf-8")
    store = Store.open(url(folder))
    prepare(store, site.url)
    store.close()
    wanted, duration = undisturbed(folder, tmp_path, "crawl")
    assert len(wanted["mentions"]) > 300
    assert killed_and_run_again(folder, tmp_path, ("crawl",), wanted, duration) == KILLS
