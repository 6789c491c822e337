"""Open, create and lock the store: SQLite in WAL by default, PostgreSQL by URL, one schema for both."""

from __future__ import annotations

import errno
import fcntl
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session

from overheard.errors import BusyError, DiskError, SchemaError, StoreError

HEAD = "0012"
"""The schema revision of this program: the newest file in store/migrations/versions (a test compares them)."""

CONNECT_SECONDS = 10
"""How long a PostgreSQL server may stay silent when it is connected to, unless the URL gives a `connect_timeout`."""

PLANNING = {"jit": "off", "random_page_cost": "1.1", "work_mem": "32MB", "max_parallel_workers_per_gather": "0"}
"""What PostgreSQL plans with where its administrator left the defaults, which are those of spinning disks and of
questions that take minutes: an answer reads some ten thousand rows here and there, mostly from memory, and a parallel
worker would map the server's memory anew for each of its statements, which takes longer than it saves."""

BUSY_MILLISECONDS = 30_000
"""How long a statement waits for another writer; longer than any of our transactions takes."""


class Store:
    """A store that is open and of the current schema; `session` writes, `reading` reads one snapshot."""

    def __init__(self, url: str, engine: Engine) -> None:
        self.url = url
        self.engine = engine

    @classmethod
    def open(cls, url: str) -> Store:
        """Open an existing store; raises StoreError when there is none, SchemaError when it is not of this schema."""
        path = sqlite_path(url)
        if path is not None and not path.is_file():
            raise StoreError(f"no store at {str(path)!r}; run `overheard init` there first")
        store = cls(url, _engine(url))
        with _translated(url):
            revision = store.revision()
        if revision is None:
            raise SchemaError(f"{shown(url)} holds no Overheard store; run `overheard init`")
        if revision < HEAD:
            raise SchemaError(f"{shown(url)} has schema {revision}, expected {HEAD}; run `overheard init`, it upgrades")
        if revision != HEAD:
            raise SchemaError(f"{shown(url)} has schema {revision}, newer than {HEAD}; upgrade overheard")
        return store

    @classmethod
    def create(cls, url: str) -> Store:
        """Create the store, or upgrade an older one; a current one is left as it is."""
        path = sqlite_path(url)
        if path is not None and not path.parent.is_dir():
            raise StoreError(f"the folder {str(path.parent)!r} does not exist; create it, or name another store")
        store = cls(url, _engine(url))
        with _translated(url):
            revision = store.revision()
            if revision is None and inspect(store.engine).get_table_names():
                raise SchemaError(f"{shown(url)} holds tables of another program; name another store in overheard.toml")
            if revision is not None and revision > HEAD:
                raise SchemaError(f"{shown(url)} has schema {revision}, newer than {HEAD}; upgrade overheard")
            if revision != HEAD:
                with store.lock("schema"):
                    store._upgrade()
        return store

    def revision(self) -> str | None:
        """Return the schema revision that the store says it has, None where it holds no store of ours."""
        with self.engine.execution_options(reading=True).connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return revision

    def _upgrade(self) -> None:
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", "overheard.store:migrations")
        with self.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, HEAD)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction that may write: committed at the end, rolled back on an error."""
        with _translated(self.url), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One snapshot to read from; it never waits for a writer. Its temporary tables end with it."""
        snapshot = {} if self.engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        engine = self.engine.execution_options(reading=True, **snapshot)
        with _translated(self.url), Session(engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Hold a lock that only one process can have; the system frees it when the holder dies.

        Raises BusyError when another process holds it.
        """
        path = sqlite_path(self.url)
        holder = _file_lock(path.with_name(f"{path.name}.{name}.lock")) if path else self._advisory_lock(name)
        with _translated(self.url), holder as free:
            if not free:
                raise BusyError(f"another `overheard` is at work on {shown(self.url)} ({name}); wait for its end")
            yield

    @contextmanager
    def _advisory_lock(self, name: str) -> Iterator[bool]:
        key = zlib.crc32(f"overheard.{name}".encode())
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            free = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}))
            try:
                yield free
            finally:
                if free:
                    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def sqlite_path(url: str) -> Path | None:
    """Return the file of an SQLite URL, None for another database."""
    parsed = _parse(url)
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def shown(url: str) -> str:
    """Return the URL as it may be shown: without its password."""
    return _parse(url).render_as_string(hide_password=True)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError(f"store {url!r} is no database URL; expected such as 'sqlite:///overheard.db'") from None
    if parsed.drivername in {"postgresql", "postgres"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in {"sqlite", "postgresql+psycopg"}:
        raise StoreError(f"store of kind {parsed.drivername!r}: expected sqlite or postgresql")
    return parsed


def _engine(url: str) -> Engine:
    parsed = _parse(url)
    if parsed.get_backend_name() == "postgresql" and "connect_timeout" not in parsed.query:
        parsed = parsed.update_query_dict({"connect_timeout": str(CONNECT_SECONDS)})
    try:
        engine = create_engine(parsed)
    except (ModuleNotFoundError, NoSuchModuleError):
        raise StoreError("PostgreSQL needs its driver; run `pip install 'overheard[postgres]'`") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _set_up_postgresql)
    return engine


def _set_up_postgresql(connection: Any, _record: Any) -> None:
    wanted = ", ".join(f"('{name}', '{value}')" for name, value in PLANNING.items())
    connection.execute(
        f"SELECT set_config(p.name, wanted.value, false) FROM (VALUES {wanted}) AS wanted (name, value) "
        "JOIN pg_settings p ON p.name = wanted.name WHERE p.source = 'default'"
    )
    connection.commit()


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: upgrading a read lock later fails without waiting when someone else wrote.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def _file_lock(path: Path) -> Iterator[bool]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _disk_error(str(path), error) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def _disk_error(where: str, error: OSError) -> StoreError:
    if error.errno == errno.ENOSPC:
        return DiskError(f"no space left for {where}; free some, then run the same command again, nothing is lost")
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return DiskError(f"{where} cannot be written ({error.strerror}); change its permissions or use another folder")
    return StoreError(f"{where}: {error.strerror}")


@contextmanager
def _translated(url: str) -> Iterator[None]:
    """Turn the database's errors into ours, each with its remedy."""
    try:
        yield
    except DBAPIError as error:
        cause = " ".join(str(error.orig).split())
        low = cause.casefold()
        if "full" in low or "no space" in low or "disk i/o" in low:
            raise DiskError(
                f"no space left for {shown(url)}; free some, then run the same command again, nothing is lost"
            ) from error
        if "readonly" in low or "read-only" in low or "unable to open" in low:
            raise DiskError(
                f"{shown(url)} cannot be written ({cause}); change its permissions or use another folder"
            ) from error
        if "not a database" in low or "malformed" in low:
            raise SchemaError(f"{shown(url)} is not an SQLite store ({cause}); name another file") from error
        if "locked" in low:
            raise BusyError(f"{shown(url)} is locked by another program; wait until it has ended") from error
        raise StoreError(f"{shown(url)}: {cause}") from error
    except OSError as error:
        # The database's own come as errors of the driver: without a file's name it is what an answer is written to.
        if error.filename and error.errno in {errno.ENOSPC, errno.EACCES, errno.EROFS}:
            raise _disk_error(error.filename, error) from error
        raise
