"""The main job on PostgreSQL: the same words, the same answers as on SQLite."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROWS = [
    ("1", "Fast delivery and a friendly driver.", 5, "2026-10-01"),
    ("2", "The parcel came three weeks late.", 1, "2026-10-02"),
    ("3", "Die App stürzt bei jedem Start ab.", 1, "2026-10-03"),
]


def overheard(folder: Path, *arguments: str) -> str:
    """Run the command line in a folder, to a good end; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "overheard", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def answer(folder: Path, store: str) -> dict[str, object]:
    """Do the main job on a store; return the summary."""
    folder.mkdir()
    (folder / "overheard.toml").write_text(f'store = "{store}"\n', encoding="utf-8")
    lines = [f"{number},{text},{stars},{day}\n" for number, text, stars, day in ROWS]
    (folder / "rows.csv").write_text("id,text,stars,date\n" + "".join(lines), encoding="utf-8")
    overheard(folder, "init")
    overheard(folder, "brand", "add", "Nordwind Bank")
    overheard(folder, "import", "rows.csv", "--brand", "Nordwind Bank")
    assert "0 added" in overheard(folder, "import", "rows.csv", "--brand", "Nordwind Bank")
    overheard(folder, "classify")
    overheard(folder, "refresh")
    assert len(json.loads(overheard(folder, "mentions", "Nordwind Bank", "--format", "json"))) == len(ROWS)
    found: dict[str, object] = json.loads(overheard(folder, "summary", "Nordwind Bank", "--format", "json"))
    return found


@pytest.mark.servers
def test_the_main_job_gives_the_same_answer_on_both(tmp_path: Path, postgres_url: str) -> None:
    there = answer(tmp_path / "postgres", postgres_url)
    here = answer(tmp_path / "sqlite", "sqlite:///overheard.db")
    assert there["mentions"] == len(ROWS)
    assert there["opinions"] == len(ROWS)
    assert there == here
