"""Programs that tests run beside themselves: servers of other people's making, each on a loopback port of its own.

Run as a script it is what stands between the two: it starts the program of its arguments in a process group of their
own and ends the group when its standard input closes, which it does however the test run ends, killed or not.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.error import HTTPError
from urllib.request import urlopen

GRACE = 10.0
"""Seconds that a program gets to end by itself."""


def absent(software: str) -> NoReturn:
    """Skip a test whose server is not here, or fail it where servers are required."""
    import pytest

    message = f"{software} is not installed; run `make test-servers`"
    if os.environ.get("OVERHEARD_REQUIRE_SERVERS") == "1":
        pytest.fail(message)
    pytest.skip(message)


def free_port() -> int:
    """Return a port of the loopback address that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Program:
    """A program that runs: where it answers, and what it has written to its outputs."""

    port: int
    log: Path

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def written(self) -> str:
        """Return what it has written so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    @contextmanager
    def watched(self) -> Iterator[list[str]]:
        """Give the list of what is asked for (GET) while the block runs, in order, filled in at its end."""
        before, asked = len(self.written()), list[str]()
        yield asked
        asked += re.findall(r"\bGET (\S+)", self.written()[before:])


@contextmanager
def running(
    command: Sequence[str | Path],
    folder: Path,
    port: int,
    *,
    ready: Callable[[], bool],
    user: str | None = None,
    environment: Mapping[str, str] | None = None,
    patience: float = 120,
) -> Iterator[Program]:
    """Run a program in a folder until the block ends, however that comes; its children end with it.

    The block begins when it is `ready`. `user` runs it, if given. Raises RuntimeError with its last lines where it ends
    before, or lets us wait for `patience` seconds.
    """
    program = Program(port, folder / f"{Path(command[0]).name}-{port}.log")
    with program.log.open("wb") as log:
        keeper = subprocess.Popen(
            [sys.executable, __file__, user or "", *command],
            cwd=folder, env={**os.environ, **(environment or {})}, stdin=subprocess.PIPE, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        _wait(program, keeper, ready, time.monotonic() + patience)
        yield program
    finally:
        assert keeper.stdin is not None
        keeper.stdin.close()
        try:
            keeper.wait(2 * GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(keeper.pid, signal.SIGKILL)
            keeper.wait()


def _wait(program: Program, keeper: subprocess.Popen[bytes], ready: Callable[[], bool], until: float) -> None:
    while keeper.poll() is None and time.monotonic() < until:
        if ready():
            return
        time.sleep(0.1)
    tail = "\n".join(program.written().splitlines()[-15:])
    raise RuntimeError(f"{program.log.stem} does not answer on port {program.port}; its last lines:\n{tail}")


def succeeds(*command: str | Path) -> bool:
    """Say whether a command does, such as one that asks a server whether it is ready."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def serves(url: str) -> bool:
    """Say whether a page answers, and not with an error of the server's."""
    try:
        urlopen(url, timeout=60).close()
    except HTTPError as error:
        error.close()
        return error.code < 500
    except OSError:
        return False
    return True


def _keep(user: str, command: Sequence[str]) -> None:
    """Run a program until it ends, or until standard input closes."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)  # for the others of our group; to ignore them would be inherited
    lent = {"user": user, "group": user, "extra_groups": ()} if user else {}
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **lent)
    threading.Thread(target=_end_with_input, args=(process,), daemon=True).start()
    process.wait()
    os.killpg(0, signal.SIGKILL)  # what it left behind, and ourselves


def _end_with_input(process: subprocess.Popen[bytes]) -> None:
    sys.stdin.buffer.read()
    for number in (signal.SIGINT, signal.SIGTERM):  # PostgreSQL ends at once by the first, MariaDB by the second
        os.killpg(0, number)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    _keep(sys.argv[1], sys.argv[2:])
