"""The servers that tests start end with them."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from programs import free_port, running, serves

STARTING = """
import shlex, sys
from pathlib import Path
from programs import free_port, running, serves

port = free_port()
serve = shlex.join([sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)])
with running(["sh", "-c", f"{serve} & wait"], Path(sys.argv[1]), port, ready=lambda: serves(f"http://127.0.0.1:{port}")):
    print(port, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("killed", [True, False])
def test_a_server_ends_with_the_run_that_started_it(tmp_path: Path, killed: bool) -> None:
    command = [sys.executable, "-c", STARTING, tmp_path]
    run = subprocess.Popen(command, cwd=Path(__file__).parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    url = f"http://127.0.0.1:{run.stdout.readline().strip()}"
    assert serves(url)
    if killed:
        run.kill()
    run.communicate()
    until = time.monotonic() + 60
    while serves(url) and time.monotonic() < until:
        time.sleep(0.1)
    assert not serves(url)


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such database')"]
    with pytest.raises(RuntimeError, match="no such database"), running(command, tmp_path, free_port(), ready=bool):
        pass
