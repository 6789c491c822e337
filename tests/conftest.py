"""Fixtures that several rooms share: a fresh store, settings beside it, servers that may be absent."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from programs import absent, free_port, running, succeeds
from sqlalchemy import create_engine, make_url, text

from overheard.intake.key import make_key
from overheard.settings import CrawlSettings, Settings
from overheard.store.database import Store


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests come first: what is left at the end is small, so that no process waits long for the others."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


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


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server of this session's own, on loopback; skips where none is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        absent("PostgreSQL")
    place = found[-1].parent
    # The server refuses to run as root, so root lends it to the user that the Debian package made.
    user = "postgres" if os.geteuid() == 0 else None
    folder, port = Path(tempfile.mkdtemp(prefix="overheard-pg-")), free_port()
    if user:
        shutil.chown(folder, user)
    initialise = [place / "initdb", "-D", folder / "data", "-U", "tests", "-A", "trust", "-E", "UTF8"]
    subprocess.run(initialise, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": str(folder), "fsync": "off"}
    chosen = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    command = [place / "postgres", "-D", folder / "data", "-p", str(port), *chosen]
    is_ready = partial(succeeds, place / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port))
    with running(command, folder, port, ready=is_ready, user=user):
        yield f"postgresql://tests@127.0.0.1:{port}/postgres"
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
