"""Ten thousand damaged answers, and all parsers: no traceback, no hang, no flood of memory; see run_mutations.py.

`python tests/crawler/run_mutations.py '{"count": 0, "recorded": null, "only": [NUMBER]}'` reads one of them again.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("run_mutations.py")
COUNT, SECONDS, MEGABYTES = 10_000, 5.0, 500


@pytest.mark.slow
@pytest.mark.parametrize("corpus", ["own", "recorded"])
def test_damaged_answers_are_pages_or_named_errors(corpus: str, request: pytest.FixtureRequest) -> None:
    folder = str(request.getfixturevalue("recorded")) if corpus == "recorded" else None
    order = {"count": COUNT, "recorded": folder, "only": []}
    command = [sys.executable, "-W", "error", str(SCRIPT), json.dumps(order)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert ended.returncode == 0, ended.stderr[-4000:]
    report = json.loads(ended.stdout)
    assert report["failures"] == []
    assert report["slowest"][0] < SECONDS, report["slowest"]
    assert report["memory"] < MEGABYTES
    assert sum(report["ends"].values()) == COUNT
    assert report["ends"]["page"] > COUNT / 4, "most of the damage must reach the parsers"
