"""Software that other people wrote, as `make test-servers` installs it, and our command line in front of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from listener import BRAND, Listener
from programs import absent

INSTALLED = Path(__file__).parents[2] / ".venv" / "servers"


@pytest.fixture(scope="session")
def installed() -> Callable[[str], Path]:
    """Return the folder that a server is installed in; skips the test where it is not."""

    def find(name: str) -> Path:
        if not (INSTALLED / name / "installed").exists():
            absent(name)
        return INSTALLED / name

    return find


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Listener:
    """A user with a brand, who does not wait between requests."""
    made = Listener(tmp_path_factory.mktemp("listener"))
    made.type("init")
    path = made.folder / "overheard.toml"
    written = re.sub(r"(?m)^#? ?delay = .*$", "delay = 0", path.read_text(encoding="utf-8"))
    path.write_text(written, encoding="utf-8")
    made.type("brand", "add", BRAND)
    return made
