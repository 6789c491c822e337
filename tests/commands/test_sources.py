"""Adding, trying and looking after sources, by the command line, against a real server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

FEED = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>'
    "<entry><id>urn:1</id><title>Late again</title><content>Call me on +32 470 12 34 56.</content>"
    "<author><name>Ann Peeters</name></author><updated>2026-11-01T10:00:00Z</updated></entry>"
    "<entry><id>urn:2</id><title>Fine</title><content>All well.</content>"
    "<updated>2026-10-01T10:00:00Z</updated></entry>"
    "</feed>"
)


def overheard(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a folder."""
    command = [sys.executable, "-m", "overheard", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a brand."""
    folder = tmp_path_factory.mktemp("home")
    for arguments in (("init",), ("brand", "add", "Nordwind Bank")):
        assert overheard(folder, *arguments).returncode == 0
    path = folder / "overheard.toml"
    written = re.sub(r"(?m)^#? ?(delay|retries) = .*$", r"\1 = 0", path.read_text(encoding="utf-8"))
    path.write_text(written, encoding="utf-8")
    return folder


@pytest.fixture
def feed(httpserver: HTTPServer) -> str:
    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    httpserver.expect_request("/feed").respond_with_data(FEED, content_type="application/atom+xml")
    return httpserver.url_for("/feed")


def test_a_source_is_looked_at_with_one_request_before_it_is_added(
    home: Path, feed: str, httpserver: HTTPServer
) -> None:
    done = overheard(home, "source", "add", "Nordwind Bank", "feed", "--target", feed)
    assert done.returncode == 0, done.stderr
    assert "2 on the first page, newest" in done.stderr
    assert [request.path for request, _ in httpserver.log] == ["/robots.txt", "/feed"]
    again = overheard(home, "source", "add", "Nordwind Bank", "feed", "--target", feed)
    assert (again.returncode, "has this feed already" in again.stderr) == (2, True)


def test_a_target_that_cannot_be_read_is_not_added(home: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    httpserver.expect_request("/gone").respond_with_data("no", status=404)
    target = httpserver.url_for("/gone")
    done = overheard(home, "source", "add", "Nordwind Bank", "feed", "--target", target)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "there is no such page" in done.stderr
    assert target not in overheard(home, "source", "list", "--format", "json").stdout
    assert overheard(home, "source", "add", "Nordwind Bank", "feed", "--target", target, "--no-check").returncode == 0


def test_an_undocumented_kind_wants_a_yes(home: Path) -> None:
    add = ("source", "add", "Nordwind Bank", "googleplay", "--target", "id=com.nordwind.app", "--no-check")
    done = overheard(home, *add)
    assert (done.returncode, "never documented" in done.stderr, "--yes" in done.stderr) == (2, True, True)
    assert overheard(home, *add, "--yes").returncode == 0


def test_what_a_target_would_give_is_shown_without_names_and_not_stored(home: Path, feed: str) -> None:
    before = overheard(home, "doctor", "--format", "json").stdout
    done = overheard(home, "source", "try", feed, "--kind", "feed", "--format", "json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["found"] == {"text": 2, "title": 2, "rating": 0, "published": 2, "author": 1, "reply": 0}
    shown = found["items"]
    assert [row["title"] for row in shown] == ["Late again", "Fine"]
    assert (shown[0]["author"], shown[1]["author"]) == (True, False)
    assert "470 12" not in done.stdout + done.stderr
    assert "Peeters" not in done.stdout + done.stderr
    assert overheard(home, "doctor", "--format", "json").stdout == before


RULES = 'item = "li.r"\ntext = "p"\nrating = ".stars@class"\n'
PAGE = '<ul><li class="r"><p>Zu teuer.</p><i class="stars One"></i></li><li class="r"><p>Gut!</p></li></ul>'


def test_a_site_is_tried_by_the_rules_of_its_user(home: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    httpserver.expect_request("/shop").respond_with_data(PAGE, content_type="text/html; charset=utf-8")
    (home / "shop.toml").write_text(RULES, encoding="utf-8")
    url = httpserver.url_for("/shop")
    done = overheard(home, "source", "try", url, "--rules", "shop.toml")
    assert done.returncode == 0, done.stderr
    assert "Zu teuer." in done.stdout
    assert "text in 2, title in 0, rating in 1" in done.stdout
    added = overheard(home, "source", "add", "Nordwind Bank", "selectors", "--target", f"url={url},rules=shop.toml")
    assert added.returncode == 0, added.stderr
    listed = overheard(home, "source", "list").stdout
    assert "li.r" not in listed
    (home / "shop.toml").write_text("item = 3", encoding="utf-8")
    wrong = overheard(home, "source", "try", url, "--rules", "shop.toml")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1), wrong.stderr
    assert "shop.toml" in wrong.stderr


def test_kinds_are_listed_with_what_they_need(home: Path) -> None:
    rows = {row["kind"]: row for row in json.loads(overheard(home, "source", "kinds", "--format", "json").stdout)}
    assert set(rows) == {path.stem for path in (Path(__file__).parents[2] / "docs/sources").glob("*.md")} - {"README"}
    assert rows["youtube"]["credentials"] == ["key"]
    assert [name for name, row in rows.items() if not row["documented"]] == ["googleplay"]
    assert "appstore" in overheard(home, "source", "kinds").stdout


def test_a_dry_run_asks_nothing_and_says_what_it_would(home: Path, feed: str, httpserver: HTTPServer) -> None:
    target = feed + "?dry"
    assert overheard(home, "source", "add", "Nordwind Bank", "feed", "--target", target, "--no-check").returncode == 0
    done = overheard(home, "crawl", "--dry-run", "--format", "json")
    assert done.returncode == 0, done.stderr
    plans = json.loads(done.stdout)
    assert target in [url for plan in plans for url in plan["urls"]]
    assert httpserver.log == []


def test_the_doctor_tells_what_is_wrong_and_the_way_out(home: Path, feed: str) -> None:
    target = feed + "?doctor"
    overheard(home, "source", "add", "Nordwind Bank", "feed", "--target", target, "--no-check", "--name", "healthy")
    overheard(home, "source", "add", "Nordwind Bank", "youtube", "--target", "video=abcdefghijk", "--no-check")
    listed = json.loads(overheard(home, "source", "list", "--format", "json").stdout)
    number = next(row["source"] for row in listed if row["name"] == "healthy")
    assert overheard(home, "crawl", "--source", str(number)).returncode == 0
    done = overheard(home, "doctor", "--format", "json")
    assert done.returncode == 3
    found = {row["name"]: row for row in json.loads(done.stdout)}
    assert (found["healthy"]["health"], found["healthy"]["mentions"]) == ("well", 2)
    assert found["youtube"]["health"] == "not configured"
    assert "OVERHEARD_YOUTUBE_KEY" in found["youtube"]["reason"]
    assert found["googleplay"]["health"] == "never crawled"
    table = overheard(home, "doctor").stdout
    assert "not configured" in table
