"""Whatever a person gets wrong: one line that says what and how to go on, the right exit code, no traceback."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

CSV = "review_id,text,stars,date\n1,Fast and friendly.,5,2026-10-01\n2,Slow delivery.,1,2026-10-02\n"


def overheard(folder: Path, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run the command line in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "overheard", *arguments], cwd=folder, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL, **options,
    )  # fmt: skip  # type: ignore[call-overload, no-any-return]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a store and one brand, and files of every bad kind."""
    for arguments in (("init",), ("brand", "add", "Nordwind Bank", "--alias", "nordwind")):
        assert overheard(tmp_path, *arguments).returncode == 0
    (tmp_path / "good.csv").write_text(CSV, encoding="utf-8")
    (tmp_path / "empty.csv").write_bytes(b"")
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)) * 64)
    (tmp_path / "header.csv").write_text("review_id,text\n", encoding="utf-8")
    (tmp_path / "deep.toml").write_text("a = " + "[" * 5000, encoding="utf-8")
    (tmp_path / "digits.toml").write_text("a = " + "9" * 6000, encoding="utf-8")
    entry = '[[brands]]\nname = "X"\n[[brands.sources]]\nkind = "feed"\ntarget = {url = "https://x.example"}\n'
    (tmp_path / "every.toml").write_text(f"{entry}every = {HUGE}\n", encoding="utf-8")
    (tmp_path / "source.toml").write_text(f'{entry}name = "{"n" * 201}"\n', encoding="utf-8")
    (tmp_path / "control.toml").write_text('[[brands]]\nname = "X\\u0000Y"\n', encoding="utf-8")
    (tmp_path / "bad.toml").write_text('[[brands]]\nname = "X"\ncolour = "red"\n', encoding="utf-8")
    return tmp_path


BRAND = ("--brand", "Nordwind Bank")
HUGE = "99999999999999999999999"
RANGE = ("from 1 to 999999999999",)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("summary", "Nordwnd Bank"), 2, ("Nordwnd Bank", "did you mean 'Nordwind Bank'")),
        (("mentions", "Nothing Like It"), 2, ("Nothing Like It", "overheard brand list")),
        (("summary", "Nordwind Bank", "--since", "yesterdayish"), 2, ("yesterdayish", "2026-01-31")),
        (("summary", "Nordwind Bank", "--since", "2026-02-01", "--until", "2026-01-01"), 2, ("after", "swap")),
        (("mentions", "Nordwind Bank", "--dimension", "sped"), 2, ("sped", "speed")),
        (("brand", "add", "nordwind bank"), 2, ("exists already",)),
        (("brand", "add", "  "), 2, ("1 to 200",)),
        (("brand", "remove", "Nordwind Bank"), 2, ("--yes",)),
        (("brand", "edit", "Nordwind Bank"), 2, ("nothing to change", "--help")),
        (("compare", "Nordwind Bank"), 2, ("no rival",)),
        *(
            ((*command, ""), 2, ("empty",))
            for command in (
                ("summary",),
                ("alerts",),
                ("alerts", "backtest"),
                ("targets", "show"),
                ("inbox",),
                ("brand", "list"),
            )
        ),
        (("mentions", "Nordwind Bank", "--query", "late source:nope"), 2, ("column 6", "source:nope")),
        (("source", "add", "Nordwind Bank", "feed", "--target", "ftp://x"), 2, ("ftp",)),
        (("source", "add", "Nordwind Bank", "fed", "--target", "https://x.example"), 2, ("fed", "feed")),
        (("source", "add", "Nordwind Bank", "appstore", "--target", "country=be"), 2, ("id",)),
        (("source", "add", "Nordwind Bank", "feed", "--target", "https://x.example", "--every", "soon"), 2, ("soon",)),
        (("source", "show", "77"), 2, ("77", "overheard source list")),
        (("crawl",), 2, ("no source", "source add")),
        (("import", "good.csv"), 2, ("--brand",)),
        (("import", "missing.csv", *BRAND), 2, ("missing.csv",)),
        (("import", ".", *BRAND), 2, ("folder",)),
        (("import", "empty.csv", *BRAND), 2, ("empty.csv", "empty")),
        (("import", "binary.csv", *BRAND), 2, ("binary.csv",)),
        (("import", "header.csv", *BRAND), 2, ("header.csv",)),
        (("import", "good.csv", *BRAND, "--columns", "text=reviw"), 2, ("reviw", "review_id")),
        (("import", "good.csv", *BRAND, "--columns", "text"), 2, ("KEY=VALUE",)),
        (("import", "good.csv", *BRAND, "--where", "brand=1"), 2, ("brand",)),
        (("import", "good.csv", *BRAND, "--map", "rating=positive"), 2, ("rating:1=positive",)),
        (("config", "import", "bad.toml"), 2, ("bad.toml", "colour")),
        (("config", "import", "none.toml"), 2, ("none.toml",)),
        *((("source", command, HUGE), 2, (HUGE, *RANGE)) for command in ("show", "pause", "resume", "edit", "remove")),
        *((("source", "show", "--", number), 2, (number, *RANGE)) for number in ("-1", "0", "1e3", "nan", "1_0", "٣")),
        (("crawl", "--source", HUGE), 2, (HUGE, *RANGE)),
        (("crawl", "--limit", HUGE), 2, (HUGE, *RANGE)),
        (("source", "try", "https://x.example", "--count", HUGE), 2, (HUGE, *RANGE)),
        (("accept", "Nordwind Bank", HUGE), 2, (HUGE, *RANGE)),
        (("reject", "Nordwind Bank", "1", HUGE), 2, (HUGE, *RANGE)),
        (("accept", "Nordwind Bank", *map(str, range(1, 10))), 2, ("1, 2, 3, 4, 5 and 4 more",)),
        (("mentions", "Nordwind Bank", "--limit", HUGE), 2, (HUGE, *RANGE)),
        (("mentions", "Nordwind Bank", "--duplicates", "--limit", "inf"), 2, ("inf", *RANGE)),
        (("summary", "Nordwind Bank", "--since", f"{HUGE}d"), 2, (HUGE, "90d")),
        (("source", "edit", "1", "--every", "521w"), 2, ("521w", "at most 520w")),
        (("train", "good.csv", "--base", "b", "--out", "o", "--version", "v", "--seed", HUGE), 2, (HUGE, "from 0")),
        (("brand", "add", "x" * 100_000), 2, ("100000 characters", "10000")),
        (("brand", "add", "red \x1b[31m"), 2, ("x1b", "no control character")),
        (("brand", "add", "X", "--alias", "y" * 201), 2, ("alias", "201 characters", "at most 200")),
        (("brand", "add", "X", "--industry", "y" * 101), 2, ("industry", "101 characters", "at most 100")),
        (("brand", "list", "two\nlines"), 2, ("two lines",)),
        (("config", "import", "deep.toml"), 2, ("deep.toml", "recursion")),
        (("config", "import", "digits.toml"), 2, ("digits.toml", "digits")),
        (("config", "import", "every.toml"), 2, ("every.toml", HUGE)),
        (("config", "import", "source.toml"), 2, ("201 characters", "1 to 200")),
        (("config", "import", "control.toml"), 2, ("no control character",)),
        (("source", "try", "https://x.example", "--rules", "deep.toml"), 2, ("deep.toml", "recursion")),
        (("sumary", "Nordwind Bank"), 2, ("sumary", "summary")),
        (("--config", "none.toml", "classify"), 2, ("none.toml", "overheard init")),
    ],
)
def test_one_line_and_the_right_exit_code(
    home: Path, arguments: tuple[str, ...], code: int, words: tuple[str, ...]
) -> None:
    done = overheard(home, *arguments)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, done.stderr
    assert done.stderr.splitlines()[-1] == errors[0]
    for word in words:
        assert word in errors[0]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_full_disk_of_the_output_is_not_taken_for_that_of_the_store(home: Path, form: str) -> None:
    assert overheard(home, "import", "good.csv", *BRAND).returncode == 0
    with Path("/dev/full").open("wb") as full:
        arguments = [sys.executable, "-m", "overheard", "export", "Nordwind Bank", "--what", "mentions"]
        done = subprocess.run(
            [*arguments, "--format", form], cwd=home, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode != 0
    assert "No space left" in done.stderr
    assert "overheard.db" not in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_not_shown_of_found_mentions_is_said(home: Path) -> None:
    assert overheard(home, "import", "good.csv", *BRAND).returncode == 0
    done = overheard(home, "mentions", "Nordwind Bank", "--limit", "1", "--format", "csv")
    assert done.stderr == "the newest 1 of 2 mentions; --limit shows others\n"
    assert overheard(home, "mentions", "Nordwind Bank", "--limit", "2", "--format", "json").stderr == ""


def test_without_init_the_way_out_is_named(tmp_path: Path) -> None:
    done = overheard(tmp_path, "brand", "list")
    assert done.returncode == 1
    assert "overheard init" in done.stderr


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("store = 5\n", ("overheard.toml", "store")),
        ("languages = ['xx']\n", ("overheard.toml", "languages", "xx")),
        ("[crawl]\ndelay = -1\n", ("overheard.toml", "crawl.delay", "-1")),
        ("colour = 'red'\n", ("overheard.toml", "'colour'", "expected one of store, languages, crawl.user_agent")),
        ("directory = '/srv'\n", ("overheard.toml", "'directory'")),
        ("delay = 3\n", ("'delay'", "did you mean 'crawl.delay'?")),
        ("[crawl]\nuser_agnet = 'Acme/1'\n", ("'crawl.user_agnet'", "did you mean 'crawl.user_agent'?")),
        ("[crawl]\nuser_agent = ''\n", ("crawl.user_agent", "(got '')", "AcmeListener/1.0")),
        ('[crawl]\nuser_agent = "Acme/1\\r\\nX-Y: 1"\n', ("crawl.user_agent", "printable ASCII")),
        ("[crawl]\nuser_agent = 'Café/1'\n", ("crawl.user_agent", "Café", "printable ASCII")),
        ("[crawl]\nuser_agent = '/1'\n", ("crawl.user_agent", "a name")),
        ("[crawl]\ncontact = ''\n", ("crawl.contact", "(got '')", "you@acme.example")),
        ("[crawl]\ncontact = 'André'\n", ("crawl.contact", "e-mail or web address")),
        ('[crawl]\ncontact = "you@acme.example\\n"\n', ("crawl.contact", "e-mail or web address")),
        ("[crawl]\nuser_agent = 'Acme/1'\ncontact = 'you@acme.example'\n", ("crawl.contact", "sent as it is")),
        ("this is no toml", ("overheard.toml",)),
        (f"a = {'[' * 5000}", ("overheard.toml", "recursion")),
        (f"a = {'9' * 6000}", ("overheard.toml", "digits")),
        (f"[crawl]\nmax_pages = {HUGE}\n", ("crawl.max_pages", HUGE)),
        (f"[crawl]\nmax_page_bytes = {HUGE}\n", ("crawl.max_page_bytes", HUGE)),
        ("[crawl]\ndelay = nan\n", ("crawl.delay", "nan")),
        ("[crawl]\nmax_wait = inf\n", ("crawl.max_wait", "inf")),
        ("[crawl]\ntimeout = 0\n", ("crawl.timeout", "0")),
    ],
)
def test_a_wrong_setting_names_the_file_and_the_key(home: Path, settings: str, words: tuple[str, ...]) -> None:
    (home / "overheard.toml").write_text(settings, encoding="utf-8")
    done = overheard(home, "brand", "list")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("other", ["reviews.csv", "overheard.db", "notes.jsonl"])
def test_a_file_that_is_no_rejects_file_is_not_overwritten(home: Path, other: str) -> None:
    (home / "reviews.csv").write_text("id,date,text\n1,2026-05-01,Fine.\n2,2026-05-02,\n", encoding="utf-8")
    (home / "notes.jsonl").write_text('{"line": 1}\n', encoding="utf-8")
    before = (home / other).read_bytes()
    done = overheard(home, "import", "reviews.csv", "--brand", "Nordwind Bank", "--rejects", other)
    assert (done.returncode, (home / other).read_bytes()) == (2, before)
    assert f"'{other}' exists and is no rejects file" in done.stderr.splitlines()[-1]
    for _ in range(2):
        assert overheard(home, "import", "reviews.csv", "--brand", "Nordwind Bank").returncode == 0
    assert len((home / "reviews.rejects.jsonl").read_text(encoding="utf-8").splitlines()) == 1


@pytest.mark.parametrize(
    ("redirections", "arguments", "code"),
    [
        ("<&-", ("brand", "remove", "Nordwind Bank"), 2),
        ("<&-", ("config", "import", "-"), 0),
        ("<&-", ("analyze",), 0),
        (">&-", ("analyze",), 0),
        (">&-", ("brand", "list"), 0),
        ("2>&-", ("crawl",), 2),
    ],
)
def test_a_closed_stream_is_an_empty_one(home: Path, redirections: str, arguments: tuple[str, ...], code: int) -> None:
    shell = ["sh", "-c", f'exec "$0" -m overheard "$@" {redirections}', sys.executable, *arguments]
    done = subprocess.run(
        shell, cwd=home, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr


def test_a_byte_order_mark_is_no_part_of_a_file(home: Path) -> None:
    path = home / "overheard.toml"
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-8-sig")
    (home / "brands.toml").write_text('[[brands]]\nname = "Other Bank"\n', encoding="utf-8-sig")
    assert overheard(home, "config", "import", "brands.toml").returncode == 0


def test_a_newer_schema(home: Path) -> None:
    connection = sqlite3.connect(home / "overheard.db")
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for command in (("init",), ("brand", "list"), ("summary", "Nordwind Bank")):
        done = overheard(home, *command)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "newer" in done.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A tmpfs of one megabyte that can be made read-only; skips without the right to mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a tmpfs needs root")

    def remount(mode: str) -> Path:
        subprocess.run(["mount", "-o", f"remount,{mode}", folder], check=True)
        return folder

    yield remount
    subprocess.run(["umount", "-l", folder], check=True)


def big_csv(path: Path, rows: int = 20_000) -> Path:
    """A file larger than the small disk."""
    lines = [f"{number},Sentence number {number} about a slow parcel and a kind driver.\n" for number in range(rows)]
    path.write_text("review_id,text\n" + "".join(lines), encoding="utf-8")
    return path


def test_a_full_disk_loses_nothing_that_was_stored(tmp_path: Path, small_disk: Callable[[str], Path]) -> None:
    folder = small_disk("rw")
    for arguments in (("init",), ("brand", "add", "Nordwind Bank")):
        assert overheard(folder, *arguments).returncode == 0
    done = overheard(folder, "import", str(big_csv(tmp_path / "big.csv")), "--brand", "Nordwind Bank")
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "no space left" in done.stderr.splitlines()[-1]
    connection = sqlite3.connect(f"file:{folder}/overheard.db?mode=ro", uri=True)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_read_only_folder(small_disk: Callable[[str], Path]) -> None:
    folder = small_disk("ro")
    done = overheard(folder, "init")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "cannot be written" in done.stderr


def test_a_read_only_store(small_disk: Callable[[str], Path]) -> None:
    folder = small_disk("rw")
    assert overheard(folder, "init").returncode == 0
    small_disk("ro")
    done = overheard(folder, "brand", "add", "Nordwind Bank")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "cannot be written" in done.stderr


def test_a_second_refresh_while_one_runs(home: Path, httpserver: HTTPServer) -> None:
    feed = '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>i</id></feed>'

    def slowly(_: object) -> object:
        from werkzeug import Response

        time.sleep(6)
        return Response(feed, content_type="application/atom+xml")

    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    httpserver.expect_request("/feed").respond_with_handler(slowly)  # type: ignore[arg-type]
    target = ("--target", httpserver.url_for("/feed"), "--no-check")
    added = overheard(home, "source", "add", "Nordwind Bank", "feed", *target)
    assert added.returncode == 0, added.stderr
    with subprocess.Popen(
        [sys.executable, "-m", "overheard", "refresh"], cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as first:
        deadline = time.monotonic() + 30
        while not httpserver.log and time.monotonic() < deadline:
            time.sleep(0.1)
        second = overheard(home, "refresh")
        first.communicate()
    assert (second.returncode, second.stderr.count("\n")) == (2, 1), second.stderr
    assert "another `overheard`" in second.stderr
    assert first.returncode == 3  # the feed was empty, which is no success


def test_rejected_rows_are_kept_with_their_line_and_reason(home: Path) -> None:
    rows = "id,text,stars,date\n1,Fine.,5,2026-10-01\n2,,5,2026-10-01\n3,Call me on +32 470 12 34 56,5,someday\n"
    (home / "some.csv").write_text(rows, encoding="utf-8")
    done = overheard(home, "import", "some.csv", *BRAND, "--columns", "published=date")
    assert done.returncode == 0, done.stderr
    assert "1 added" in done.stdout
    assert "2 rejected" in done.stdout
    rejects = [json.loads(line) for line in (home / "some.rejects.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["line"] for row in rejects] == [3, 4]
    assert "someday" in rejects[1]["reason"]
    assert "470 12" not in (home / "some.rejects.jsonl").read_text(encoding="utf-8")


def test_analyze_answers_every_line_whatever_it_is(tmp_path: Path) -> None:
    lines = [
        b"The delivery was very slow.",
        b"",
        b'{"id": "a", "text": "Der Service war sehr freundlich.", "lang": "de"}',
        b"{broken",
        b"\xff\xfe\x00 not utf-8",
        b'{"id": 0, "text": 5}',
        b'{"text": "\\u00d8velsen var god, men leveringen tog alt for lang tid og ingen svarede mig."}',
        b'{"id": null, "text": "Muy caro.", "lang": "es"}',
    ]
    done = subprocess.run(
        [sys.executable, "-m", "overheard", "analyze"], input=b"\n".join(lines), cwd=tmp_path, capture_output=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    answers = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [answer["id"] for answer in answers] == [1, 2, "a", 4, 5, 0, 7, 8]
    assert [answer["status"] for answer in answers] == [
        "analysed", "empty", "analysed", "invalid", "invalid", "invalid", "not_analysed", "analysed",
    ]  # fmt: skip
    assert answers[0]["opinions"][0]["dimensions"]["speed"]["polarity"] == "negative"
    assert answers[0]["sentiment"] == "negative"
    assert set(answers[2]["opinions"][0]) >= {
        "start", "end", "text", "sentiment", "dimensions", "touchpoint", "signals",
    }  # fmt: skip
    assert not os.listdir(tmp_path)
