"""The documents keep up with the program."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import openpyxl
import pytest
from click.testing import CliRunner

from overheard import settings, taxonomy
from overheard.cli import COMMANDS, overheard
from overheard.crawler.outcomes import WORST_FIRST
from overheard.errors import PartialError

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[tuple[str, click.Command]]:
    """Every command that does something, with the words that call it."""
    context = click.Context(overheard)
    found = []
    for name in COMMANDS:
        command = overheard.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            found += [(f"{name} {sub}", inner) for sub, inner in command.commands.items()]
        else:
            found.append((name, command))
    return found


@pytest.mark.parametrize(("name", "command"), commands(), ids=lambda value: value if isinstance(value, str) else "")
def test_every_command_has_help_with_an_example(name: str, command: click.Command) -> None:
    assert command.help
    example = command.help.split("Example", 1)
    assert len(example) == 2, f"`overheard {name} --help` shows no example"
    assert f"overheard {name}" in example[1].replace("--verbose ", "")
    for parameter in command.params:
        assert not isinstance(parameter, click.Option) or parameter.help, f"{name} {parameter.name} has no help"


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in {"eval", "train"}])
def test_the_readme_shows_every_command(name: str) -> None:
    assert f"overheard {name}" in README


ELSEWHERE = {"crawl", "classify", "accept"}
"""Commands of the README that want a server, the model, or a mention that these would have brought."""


def test_the_readme_commands_work_in_the_order_that_they_stand_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OVERHEARD_CONFIG", raising=False)
    (tmp_path / "reviews.csv").write_text("id,text,date\n1,Late again.,2026-10-01\n", encoding="utf-8")
    (tmp_path / "tweets.tsv").write_text("bank\ttext\trating\nother\tLate.\t2\nno\tOh.\t1\n", encoding="utf-8")
    (tmp_path / "nps.csv").write_text("id,nps,comment\n1,9,Fine.\n", encoding="utf-8")
    book = openpyxl.Workbook()
    book.active.append(["company", "review"])
    book.active.append(["Nordwind Bank", "Late again."])
    book.save(tmp_path / "export.xlsx")
    shown = README.partition("## The real job")[2].partition("Without a store")[0].replace("\\\n", " ")
    lines = [part for line in re.findall(r"(?m)^overheard .*", shown) for part in line.split(" && ")]
    calls = [shlex.split(line.partition(" > ")[0], comments=True)[1:] for line in lines]
    done = [call for call in calls if call[0] not in ELSEWHERE and call[:2] != ["source", "try"]]
    assert {call[0] for call in done} == {
        "init", "brand", "source", "doctor", "import", "summary", "mentions", "compare", "config", "trend", "themes",
        "explain", "alerts", "inbox", "targets", "surveys", "export",
    }  # fmt: skip
    for call in done:
        check = ["--no-check"] if call[:2] == ["source", "add"] else []
        found = CliRunner().invoke(overheard, [*call, *check])
        # The doctor is not content, for nothing was crawled.
        assert found.exit_code == 0 or isinstance(found.exception, PartialError), (call, found.exception)


def test_the_help_of_crawl_names_every_outcome() -> None:
    found = dict(commands())["crawl"].help or ""
    for outcome in set(WORST_FIRST) - {"interrupted"}:
        assert re.search(rf"\b{outcome}\b", found), outcome


def test_the_readme_commands_exist_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^\s*make ([a-z-]+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"README names `make {target}`"


def test_every_dimension_is_in_the_readme() -> None:
    assert [entry.name for entry in taxonomy.load().dimensions if entry.name not in README] == []


def test_the_settings_are_documented_with_their_defaults() -> None:
    table = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\S+)` \| (?:`(.+?)`|none) \| \S.* \|$", table, re.MULTILINE)
    told = {name: tomllib.loads(f"it = {value}")["it"] if value else None for name, value in rows}
    assert len(rows) == table.count("\n| `")
    assert told == {name: list(it) if isinstance(it, tuple) else it for name, it in settings.defaults().items()}
    assert "(docs/settings.md)" in README


def test_help_is_there_at_once() -> None:
    code = "import sys, overheard.cli as c\nc.overheard.main(['--help'], standalone_mode=False)\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"torch", "transformers", "sqlalchemy", "scrapy", "pydantic", "rich"}
