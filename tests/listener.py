"""A user of ours: a folder of its own, and the commands that are typed there."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

BRAND = "Teapot House"

BEGUN = datetime.combine(datetime.now(UTC).date() - timedelta(days=1), time(11, 58), UTC)
"""When people began to write: lately, for a source that has been silent for long is called stale."""


@dataclass(frozen=True)
class Listener:
    """A folder with overheard.toml and a store."""

    folder: Path

    def type(self, *words: str, code: int = 0) -> str:
        """Type a command, which must end with this exit code; return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "overheard", *words],
            cwd=self.folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done.stdout

    def add(self, kind: str, target: str) -> int:
        """Add a source, after a look at it; return its number."""
        self.type("source", "add", BRAND, kind, "--target", target)
        return max(row["source"] for row in json.loads(self.type("source", "list", "--format", "json")))

    def tried(self, target: str, *options: str) -> dict[str, Any]:
        """Return what `source try` finds."""
        found: dict[str, Any] = json.loads(self.type("source", "try", target, *options, "--format", "json"))
        return found

    def crawl(self, source: int, *options: str, code: int = 0) -> dict[str, Any]:
        """Crawl a source; return its result."""
        said = self.type("crawl", "--source", str(source), *options, "--format", "json", code=code)
        result: dict[str, Any] = json.loads(said)[0]
        return result

    def mentions(self, source: int) -> list[dict[str, Any]]:
        """Return the mentions of a source, newest first, as `mentions` prints them."""
        said = self.type("mentions", BRAND, "--source", str(source), "--limit", "100000", "--format", "json")
        found: list[dict[str, Any]] = json.loads(said)
        return found

    def stored(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the store itself, for what no command prints."""
        with closing(sqlite3.connect(self.folder / "overheard.db")) as connection:
            return connection.execute(query, values).fetchall()
