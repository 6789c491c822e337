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


LISTING = """<script type="application/ld+json">{"@type": "ItemList", "itemListElement": [
    {"@type": "ListItem", "position": 1, "url": "/p/1"},
    {"@type": "ListItem", "position": 2, "url": "/p/2"}]}</script>"""


def test_a_listing_says_how_many_pages_it_names(home: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    httpserver.expect_request("/list").respond_with_data(LISTING, content_type="text/html")
    done = overheard(home, "source", "try", httpserver.url_for("/list"))
    assert done.returncode == 0, done.stderr
    assert "no mentions on the first page itself; it lists 2 pages, which a crawl reads" in done.stderr


def test_a_target_that_cannot_be_read_is_not_added(home: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    httpserver.expect_request("/gone").respond_with_data("no", status=404)
    target = httpserver.url_for("/gone")
    done = overheard(home, "source", "add", "Nordwind Bank", "feed", "--target", target)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "there is no such page" in done.stderr
    assert target not in overheard(home, "source", "list", "--format", "json").stdout
    assert overheard(home, "source", "add", "Nordwind Bank", "feed", "--target", target, "--no-check").returncode == 0


def test_why_the_first_of_several_listings_cannot_be_read_is_told(home: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    target = f"url={httpserver.url_for('/')},what=both"
    for done in (
        overheard(home, "source", "try", target, "--kind", "wordpress"),
        overheard(home, "source", "add", "Nordwind Bank", "wordpress", "--target", target),
    ):
        assert (done.returncode, "None" in done.stderr, "answered" in done.stderr) == (1, False, True), done.stderr


SPARSE = FEED.replace("<content>All well.</content>", "").replace("<title>Fine</title>", "")


def test_what_is_of_no_use_is_told_with_its_reason(home: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    httpserver.expect_request("/sparse").respond_with_data(SPARSE, content_type="application/atom+xml")
    done = overheard(home, "source", "try", httpserver.url_for("/sparse"), "--kind", "feed")
    assert "1 of no use (1 × an entry without a text)" in done.stderr, done.stderr
    httpserver.expect_request("/rules").respond_with_data("<ul><li>Fine.</li></ul>", content_type="text/html")
    (home / "none.toml").write_text('item = "li.r"\ntext = "p"\n', encoding="utf-8")
    done = overheard(home, "source", "try", httpserver.url_for("/rules"), "--rules", "none.toml")
    assert "`item` finds nothing; correct the rules" in done.stderr, done.stderr


NEWS = "https://news.google.com/rss/search?q=nordwind"


@pytest.mark.parametrize(
    ("kind", "target", "reason"),
    [("googleplay", "id=com.nordwind.app", "never documented"), ("feed", NEWS, "for personal reading only")],
)
def test_what_a_service_may_not_want_wants_a_yes(home: Path, kind: str, target: str, reason: str) -> None:
    add = ("source", "add", "Nordwind Bank", kind, "--target", target, "--no-check")
    done = overheard(home, *add)
    assert (done.returncode, reason in done.stderr, "--yes" in done.stderr) == (2, True, True)
    assert overheard(home, *add, "--yes").returncode == 0
    exported = overheard(home, "config", "export").stdout
    (home / "brands.toml").write_text(exported, encoding="utf-8")
    imported = overheard(home, "config", "import", "brands.toml")
    assert imported.returncode == 0
    assert reason in imported.stderr


def test_a_source_that_becomes_what_its_publisher_may_not_want_wants_a_yes(home: Path) -> None:
    target = "https://news.example/rss"
    overheard(home, "source", "add", "Nordwind Bank", "feed", "--target", target, "--no-check")
    listed = json.loads(overheard(home, "source", "list", "--format", "json").stdout)
    (number,) = [str(row["source"]) for row in listed if row["target"] == {"url": target}]
    done = overheard(home, "source", "edit", number, "--target", f"{NEWS}&hl=nl")
    assert (done.returncode, "for personal reading only" in done.stderr) == (2, True)
    assert overheard(home, "source", "edit", number, "--target", f"{NEWS}&hl=nl", "--yes").returncode == 0


def test_a_country_that_two_sources_read_is_named(home: Path) -> None:
    add = ("source", "add", "Nordwind Bank", "appstore", "--no-check", "--target")
    assert "twice" not in overheard(home, *add, "id=42,country=be").stderr
    assert "twice" not in overheard(home, *add, "id=43,country=be|nl").stderr
    done = overheard(home, *add, "id=42,country=be|fr|nl")
    assert done.returncode == 0
    assert re.search(r"note: source \d+ reads https://\S+/be/rss/\S+/id=42/\S+ too, and .* twice", done.stderr)


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


def test_a_dry_run_asks_nothing_and_says_what_it_would(
    home: Path, feed: str, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = feed + "?dry"
    assert overheard(home, "source", "add", "Nordwind Bank", "feed", "--target", target, "--no-check").returncode == 0
    done = overheard(home, "crawl", "--dry-run", "--format", "json")
    assert done.returncode == 0, done.stderr
    plans = json.loads(done.stdout)
    assert target in [url for plan in plans for url in plan["urls"]]
    assert httpserver.url_for("/robots.txt") in [url for plan in plans for url in plan["first"]]
    add = ("source", "add", "Nordwind Bank", "bluesky", "--target", "query=Nordwind", "--no-check")
    assert overheard(home, *add).returncode == 0
    without = overheard(home, "crawl", "--dry-run", "--since", "2026-11-02", "--limit", "5")
    assert "OVERHEARD_BLUESKY_HANDLE" in without.stdout.replace("\n", "")
    assert "pages, 5 items" in " ".join(without.stdout.split())
    for name in ("HANDLE", "PASSWORD"):
        monkeypatch.setenv(f"OVERHEARD_BLUESKY_{name}", "x")
    done = overheard(home, "crawl", "--dry-run", "--since", "2026-11-02", "--limit", "5", "--format", "json")
    bluesky = next(plan for plan in json.loads(done.stdout) if plan["kind"] == "bluesky")
    assert (bluesky["first"], bluesky["limit"]) == (["a request to log in"], 5)
    assert bluesky["until"] == "what was published before 2026-11-02 00:00"
    assert httpserver.log == []


def test_the_doctor_tells_what_is_wrong_and_the_way_out(home: Path, feed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target = feed + "?doctor"
    overheard(home, "source", "add", "Nordwind Bank", "feed", "--target", target, "--no-check", "--name", "healthy")
    overheard(home, "source", "add", "Nordwind Bank", "youtube", "--target", "video=abcdefghijk", "--no-check")
    shop = ("--target", "id=com.nordwind.doctor", "--no-check", "--yes")
    overheard(home, "source", "add", "Nordwind Bank", "googleplay", *shop)
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
    assert "set crawl.contact" in done.stderr
    monkeypatch.setenv("COLUMNS", "80")
    table = overheard(home, "doctor").stdout
    assert re.search(r"(?m)^ +\d+ +youtube .* not configured +0\b", table), table
    assert "\n    youtube needs your own key" in table
    assert re.search(r"(?m)^ +\d+ +healthy .* well +2 +2026-11-01 +20\d\d-\d\d-\d\d$", table), table
    crawled = overheard(home, "crawl", "--source", str(number)).stdout.splitlines()
    assert re.search(r" ok +1 +2 +0 +0 +2026-10-01 +2026-11-01", crawled[1])


def test_sites_are_told_whom_to_reach(home: Path, feed: str, httpserver: HTTPServer) -> None:
    written = (home / "overheard.toml").read_text(encoding="utf-8")
    named = written.replace('# contact = "you@example.org"', 'contact = "listening@nordwind.example"')
    (home / "named.toml").write_text(named, encoding="utf-8")
    assert overheard(home, "--config", "named.toml", "source", "try", feed, "--kind", "feed").returncode == 0
    assert {request.headers["User-Agent"] for request, _ in httpserver.log} == {
        "Overheard (+https://github.com/overheard/overheard; listening@nordwind.example)"
    }
    assert "crawl.contact" not in overheard(home, "--config", "named.toml", "doctor").stderr


def test_a_crawl_in_part_makes_no_source_well(home: Path, httpserver: HTTPServer) -> None:
    old = "".join(
        f"<entry><id>urn:{number}</id><title>Kettle {number}</title><content>Number {number} is fine.</content>"
        f"<updated>2024-01-{number:02}T10:00:00Z</updated></entry>"
        for number in range(20, 0, -1)
    )
    content = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title>{old}</feed>'
    httpserver.expect_request("/robots.txt").respond_with_data("", status=404)
    httpserver.expect_request("/old").respond_with_data(content, content_type="application/atom+xml")
    added = overheard(
        home, "source", "add", "Nordwind Bank", "feed", "--target", httpserver.url_for("/old"), "--name", "old"
    )
    assert added.returncode == 0, "an archive can be added"
    number = re.findall(r"added source (\d+)", added.stderr)[0]
    first = overheard(home, "crawl", "--source", number, "--format", "json")
    assert (first.returncode, "nothing new since 2024-01-20" in first.stdout) == (0, True)
    assert overheard(home, "crawl", "--source", number).returncode == 3
    assert overheard(home, "crawl", "--source", number, "--since", "2999-01-01").returncode == 0
    found = {row["name"]: row for row in json.loads(overheard(home, "doctor", "--format", "json").stdout)}
    assert (found["old"]["health"], "2024-01-20" in found["old"]["reason"]) == ("stale", True)
