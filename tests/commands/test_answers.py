"""What the commands print beside the answers: sources, hints that can be copied, errors of one line."""

from __future__ import annotations

import json
import select
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

TARGET = "https://forum.example/a-long-way/to-the/feed.atom?page=1&order=newest"
SECOND = "https://forum.example/second.atom"


def overheard(folder: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[str]:
    """Run the command line in a folder, on a terminal of 80 columns."""
    command = f"COLUMNS=80 exec {shlex.join([sys.executable, '-m', 'overheard', *arguments])}"
    done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, input=given, check=False)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


ADD = ("source", "add", "Nordwind Bank", "feed", "--no-check", "--target")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a brand, a rival that is missing, two sources and an import; the tests leave it as it is."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "shop.csv").write_text("text\nFine.\n", encoding="utf-8")
    for arguments in (
        ("init",),
        ("brand", "add", "Nordwind Bank", "--rival", "Other Bank & Co"),
        (*ADD, TARGET, "--every", "6h", "--name", "the large forum"),
        (*ADD, SECOND),
        ("import", "shop.csv", "--brand", "Nordwind Bank"),
    ):
        done = overheard(folder, *arguments)
        assert done.returncode == 0, done.stderr
    return folder


def test_the_list_of_sources_fits_and_keeps_the_target_whole(home: Path) -> None:
    assert overheard(home, "source", "list").stdout.splitlines() == [
        "source  kind    every  paused  outcome  crawled  brand          name",
        "     1  feed    6h     no                        Nordwind Bank  the large forum",
        f"    url={TARGET}",
        "     2  feed    1d     no                        Nordwind Bank",
        f"    url={SECOND}",
        "     3  import         no                                       shop",
        "    name=shop",
    ]


def test_a_source_is_shown_as_it_was_given(home: Path) -> None:
    shown = dict(
        line.split(maxsplit=1)
        for line in overheard(home, "source", "show", "1").stdout.splitlines()
        if " " in line.strip()
    )
    assert (shown["every"].strip(), shown["paused"].strip()) == ("6h", "no")
    assert shown["target"].startswith("url=https://forum.example/")


def test_an_export_is_read_back_with_intervals_as_text_or_seconds(home: Path, tmp_path: Path) -> None:
    exported = overheard(home, "config", "export").stdout
    assert 'every = "6h"' in exported
    assert overheard(tmp_path, "init").returncode == 0
    for text in (exported, exported.replace('"6h"', "21600")):
        done = overheard(tmp_path, "config", "import", "-", given=text.encode())
        assert done.returncode == 0, done.stderr
        assert overheard(tmp_path, "config", "export").stdout == exported


def test_a_hint_can_be_copied_whatever_the_name(tmp_path: Path) -> None:
    assert overheard(tmp_path, "init").returncode == 0
    name = """Jo's "$HOME" & Co"""
    hint = overheard(tmp_path, "brand", "add", name).stderr
    assert name in shlex.split(hint.partition("Next: ")[2].split("`")[1])


ENTRY = '[[brands]]\nname = "B"\n[[brands.sources]]\nkind = "feed"\ntarget = {{ url = "https://x.example" }}\n{}\n'


@pytest.mark.parametrize(
    ("arguments", "given", "words"),
    [
        (("compare", "Nordwind Bank"), b"", ("rival 'Other Bank & Co'", "brand add 'Other Bank & Co'`")),
        (("source", "edit", "1", "--target", SECOND), b"", ("source 2", "target already")),
        (("source", "edit", "3", "--target", SECOND), b"", ("source 3", "no target to change")),
        (("source", "edit", "1"), b"", ("nothing to change", "--every")),
        (("config", "import", "-"), b"\xff\xfe", ("-", "utf-8")),
        (("config", "import", "-"), ENTRY.format('language = "xx"').encode(), ("'xx'", "en, de")),
        (("config", "import", "-"), ENTRY.format('every = "soon"').encode(), ("every", "'soon'", "6h")),
        (("config", "import", "-"), ENTRY.format("every = 0").encode(), ("every", "greater than 0")),
        (("demo", "--keep", "overheard.toml/demo"), b"", ("overheard.toml/demo", "cannot be written")),
    ],
)
def test_one_line_names_what_is_wrong(
    home: Path, arguments: tuple[str, ...], given: bytes, words: tuple[str, ...]
) -> None:
    done = overheard(home, *arguments, given=given)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    for word in words:
        assert word in done.stderr


@pytest.mark.skipif(not hasattr(select, "poll"), reason="waits for a pipe")
def test_analyze_answers_a_line_before_the_next_one_comes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "overheard", "analyze"]
    with subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        for number, text in enumerate(("The parcel came late.", "The staff was kind."), 1):
            process.stdin.write(f"{text}\n".encode())
            process.stdin.flush()
            ready, _, _ = select.select([process.stdout], [], [], 120)
            assert ready, f"no answer to line {number} while the next one is waited for"
            answer = json.loads(process.stdout.readline())
            assert (answer["id"], answer["opinions"][0]["text"]) == (number, text)
        process.stdin.close()
        assert process.wait(60) == 0


def test_analyze_stops_quietly_when_nobody_reads_on(tmp_path: Path) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("The parcel came late and nobody answered the phone.\n" * 6000, encoding="utf-8")
    line = f"{shlex.join([sys.executable, '-m', 'overheard', 'analyze'])} < {texts} | head -n 1"
    done = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=300)
    assert json.loads(done.stdout)["id"] == 1
    assert "Traceback" not in done.stderr


def test_near_duplicates_are_left_out_and_shown_when_asked(tmp_path: Path) -> None:
    text = "The parcel took {} days, came without the charger, and the {} on the phone only read from a script."
    rows = [f'{number},"{text.format(number + 3, who)}",{who}' for number, who in enumerate(("man", "woman", "child"))]
    (tmp_path / "r.csv").write_text("\n".join(("id,text,author", *rows, "9,Very good,Ana", "10,Very good,Bea")))
    for arguments in (("init",), ("brand", "add", "Nordwind"), ("import", "r.csv", "--brand", "Nordwind")):
        done = overheard(tmp_path, *arguments)
        assert done.returncode == 0, done.stderr
    summary = overheard(tmp_path, "summary", "Nordwind").stdout
    assert "3 (" in summary
    assert "2 near-duplicates left out" in " ".join(summary.split())
    listed = json.loads(overheard(tmp_path, "mentions", "Nordwind", "--format", "json").stdout)
    assert sorted(mention["text"] for mention in listed) == sorted([text.format(3, "man"), "Very good", "Very good"])
    shown = overheard(tmp_path, "mentions", "Nordwind", "--duplicates").stdout
    assert "Copied: 3 mentions, 3 names" in shown
    (group,) = json.loads(overheard(tmp_path, "mentions", "Nordwind", "--duplicates", "--format", "json").stdout)[
        "groups"
    ]
    assert (group["copies"], group["names"], group["first"]["text"]) == (2, 3, text.format(3, "man"))
    for other in (("--polarity", "negative"), ("--rejected",)):
        refused = overheard(tmp_path, "mentions", "Nordwind", "--duplicates", *other)
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
        assert "leave --polarity and --rejected out" in refused.stderr
