"""Dates as they are typed: the first and the last that there are are answered, what lies beyond is one line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from told import Said, Told, count_up, tell

from overheard.cli import overheard
from overheard.commands.options import YEARS
from overheard.store.brands import add_brand, import_source
from overheard.store.database import Store
from overheard.store.tables import ModelVersion

DATED = (
    ("summary", "Nordwind"),
    ("compare", "Nordwind", "Südsee"),
    ("trend", "Nordwind", "--by", "month"),
    ("themes", "Nordwind"),
    ("mentions", "Nordwind"),
    ("inbox", "Nordwind"),
    ("inbox", "Nordwind", "--praise"),
    ("targets", "Nordwind"),
    ("surveys", "Nordwind"),
    ("alerts", "Nordwind"),
    ("export", "Nordwind", "--format", "csv", "--output", "-"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two brands of one industry with a mention each, and a target."""
    folder = tmp_path_factory.mktemp("dates")
    (folder / "overheard.toml").write_text(f'store = "sqlite:///{folder}/overheard.db"\n', encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert CliRunner().invoke(overheard, ["init"]).exit_code == 0
    store = Store.open(f"sqlite:///{folder}/overheard.db")
    said = Said(text="It came late.", sentiment="negative", dimensions={"speed": ("negative", 0.9)})
    with store.session() as session:
        version = ModelVersion(name="opinion-7", created_at=datetime.now(UTC))
        session.add(version)
        session.flush()
        source = import_source(session, "trustpost")
        for name in ("Nordwind", "Südsee"):
            brand = add_brand(session, name)
            brand.model_version_id, brand.industry = version.id, "travel"
            tell(session, brand, source, Told(sentences=(said,), day=datetime.now(UTC).date()))
    count_up(store)
    store.close()
    assert typed(folder, "targets", "set", "Nordwind", "--net", "5", "--owner", "Ana").exit_code == 0
    return folder


def typed(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(overheard, ["--config", str(folder / "overheard.toml"), *words])


@pytest.mark.parametrize("words", DATED, ids=" ".join)
@pytest.mark.parametrize("option", ["--since", "--until"])
def test_any_date_is_answered_or_refused_in_one_line(folder: Path, words: tuple[str, ...], option: str) -> None:
    for date, code in (
        ("0001-01-01", 2), (f"{YEARS[0] - 1}-12-31", 2), (f"{YEARS[0]}-01-01", 0), (f"{YEARS[-1]}-12-31", 0),
        ("9999-12-31", 2), ("999999w", 2), ("99999w", 2),
    ):  # fmt: skip
        done = typed(folder, *words, option, date)
        narrow = words[0] == "trend" and "more than" in str(done.exception)
        assert done.exit_code == code or narrow, (date, done.output, done.exception)
        assert ("1900 to 2999" in done.output) == (code == 2)


@pytest.mark.parametrize("words", DATED, ids=" ".join)
def test_all_dates_at_once_are_answered(folder: Path, words: tuple[str, ...]) -> None:
    done = typed(folder, *words, "--since", f"{YEARS[0]}-01-01", "--until", f"{YEARS[-1]}-12-31")
    assert done.exit_code == 0 or "more than" in str(done.exception), (done.output, done.exception)


def test_a_backtest_from_any_date(folder: Path) -> None:
    for date in ("0001-01-01", f"{YEARS[0]}-01-01", f"{YEARS[-1]}-12-31", "9999-12-31"):
        done = typed(folder, "alerts", "backtest", "Nordwind", "--since", date)
        assert not isinstance(done.exception, OverflowError), done.exception
