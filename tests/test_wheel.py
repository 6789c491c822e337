"""The wheel holds one package with everything in it that the demo needs, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NOT_SHIPPED = ("tests/", "docs/", "benchmarks/")


def tracked() -> list[str]:
    """The files of the project, as git knows them: new ones included, ignored ones left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the project's files alone, so that no stale build folder can help."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in tracked():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", out, source],
        check=True,
    )
    return next(out.glob("*.whl"))


def test_the_wheel_holds_every_module_and_nothing_generic(wheel: Path) -> None:
    names = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    assert {name.split("/")[0] for name in names} == {"overheard"}
    modules = {f"overheard/{name}" for name in tracked() if name.endswith(".py") and not name.startswith(NOT_SHIPPED)}
    assert {name for name in names if name.endswith(".py")} == modules
    data = {f"overheard/{name}" for name in tracked() if name.startswith(("models/", "demo/"))}
    corpus = {name for name in data if name.startswith("overheard/models/corpus/")}
    assert data - corpus <= set(names)
    assert not corpus & set(names), "18 MB that only training reads"
    assert "overheard/py.typed" in names


def test_the_weights_stay_within_their_size(wheel: Path) -> None:
    sizes = {info.filename: info.file_size for info in zipfile.ZipFile(wheel).infolist()}
    assert sum(size for name, size in sizes.items() if name.startswith("overheard/models/opinion/")) < 90_000_000


@pytest.mark.slow
def test_the_installed_wheel_runs_the_demo_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", tmp_path / "site", wheel],
        check=True,
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    run = {"cwd": elsewhere, "env": environment, "capture_output": True, "text": True, "check": True}
    where = subprocess.run([sys.executable, "-c", "import overheard; print(overheard.__file__)"], **run)  # type: ignore[call-overload]
    assert where.stdout.startswith(str(tmp_path / "site"))
    done = subprocess.run([sys.executable, "-m", "overheard", "demo"], **run)  # type: ignore[call-overload]
    reviews = (ROOT / "demo" / "reviews.jsonl").read_text(encoding="utf-8").splitlines()
    assert f"{len(reviews)} mentions classified" in done.stdout + done.stderr, "each review once"
    assert "Velinde" in done.stdout
    assert "Pakkaro" in done.stdout
    assert not list(elsewhere.iterdir())
