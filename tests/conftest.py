"""Fixtures that several rooms share: a fresh store, settings beside it, servers that may be absent."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from sqlalchemy import create_engine, make_url, text

from overheard.intake.key import make_key
from overheard.settings import CrawlSettings, Settings
from overheard.store.database import Store


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose store and key lie in a folder of the test's own; no delay between requests."""
    made = Settings(directory=tmp_path, crawl=CrawlSettings(delay=0))
    make_key(made.key_path)
    return made


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """A fresh SQLite store."""
    made = Store.create(settings.store_url)
    yield made
    made.close()


# A shell that starts us in the background has us ignore SIGINT, and our children with us: what tests send must arrive.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _absent(server: str, how: str) -> NoReturn:
    """Skip a test whose server is not here, or fail it where servers are required."""
    message = f"{server} is not installed; {how}"
    if os.environ.get("OVERHEARD_REQUIRE_SERVERS") == "1":
        pytest.fail(message)
    pytest.skip(message)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server of this session's own, on loopback; skips where none is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        _absent("PostgreSQL", "run `make test-servers`")
    programs = found[-1].parent
    # The server refuses to run as root, so root lends it to the user that the Debian package made.
    user = "postgres" if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="overheard-pg-"))
    if user:
        shutil.chown(folder, user)
    run: dict[str, Any] = {"user": user, "check": True, "cwd": folder, "stdout": subprocess.DEVNULL}
    port = _free_port()
    subprocess.run([programs / "initdb", "-D", folder / "data", "-U", "tests", "-A", "trust", "-E", "UTF8"], **run)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    control = [programs / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log"]
    subprocess.run([*control, "-o", options, "start"], **run)
    yield f"postgresql://tests@127.0.0.1:{port}/postgres"
    subprocess.run([*control, "-m", "immediate", "stop"], **run)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of a fresh schema in PostgreSQL."""
    schema = f"test_{secrets.token_hex(6)}"
    engine = create_engine(make_url(postgres_server).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    yield f"{postgres_server}?options=-csearch_path%3D{schema}"
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def any_store(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Store]:
    """A fresh store of each kind."""
    url = settings.store_url if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    made = Store.create(url)
    yield made
    made.close()
