"""Crawls from end to end: real spiders, a real server that misbehaves, a real store.

Crawls of all sources, with the sites changed in between, are shared by the tests of this module.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from overheard.crawler.page import NO_TEXT
from overheard.store.tables import Crawl, Mention, MentionVersion, Source


def reply(body: Any = b"", status: int = 200, *, etag: str | None = None, drop: bool = False, **headers: str) -> Any:
    """An answer of the server; header names with _ for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"body": body, "status": status, "headers": named, "drop": drop} | ({"etag": etag} if etag else {})


def ld(value: Any) -> str:
    """A script of JSON-LD."""
    return f'<script type="application/ld+json">{value if isinstance(value, str) else json.dumps(value)}</script>'


def reviews(*numbers: int, following: str | None = None, **changes: Any) -> str:
    """A product page with the reviews of these days of January, and the page that follows."""
    product = {
        "@type": "Product",
        "name": "Kettle",
        "review": [
            {
                "@type": "Review",
                "@id": f"#r-{10_000 + number}",
                "reviewBody": f"The kettle is fine, says number {number}.",
                "datePublished": f"2026-01-{number:02}",
                "author": f"Buyer {number}",
                "reviewRating": 4,
                **changes,
            }
            for number in numbers
        ],
    }
    return (f'<link rel="next" href="{following}">' if following else "") + ld(product)


def store_page(*numbers: int) -> str:
    """A page of an App Store feed with the reviews of these days."""
    entries = [
        {
            "id": {"label": str(number)},
            "content": {"label": f"The app is fine, says number {number}."},
            "im:rating": {"label": "4"},
            "updated": {"label": f"2026-01-{number:02}T10:00:00-07:00"},
        }
        for number in numbers
    ]
    return json.dumps({"feed": {"entry": entries} if entries else {}})


def atom(*numbers: int) -> str:
    """An Atom feed with the entries of these days."""
    entries = "".join(
        f"<entry><id>tag:{number}</id><title>Kettles {number}</title>"
        f"<published>2026-01-{number:02}T10:00:00Z</published>"
        f"<content>The kettle is fine, says number {number}.</content></entry>"
        for number in numbers
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Forum</title>{entries}</feed>'


def listing(*contents: Sequence[int], last: str | None = None) -> dict[str, Any]:
    """The pages of a listing; `last` is where its last one leads."""
    paths = ["/p", *(f"/p?page={number}" for number in range(2, len(contents) + 1))]
    following = [*paths[1:], last]
    return {
        path: reply(reviews(*content, following=leads_to))
        for path, content, leads_to in zip(paths, contents, following, strict=True)
    }


GOOD = reply(reviews(1, 2))
OOPS = reply("oops", 500)
LATIN = '{"@type": "Review", "reviewBody": "Größe paßt, 5 € gespart."}'
FORBID = {"/robots.txt": reply("User-agent: testbot\nDisallow: /private\nDisallow: /p?page=2\nDisallow: /d")}
LISTED = {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "url": f"/{name}"} for name in "abcd"]}
LOGIN = "<title>Sign in</title><form><input name='user'><input type='password' name='word'></form>"

SITES: dict[str, dict[str, Any]] = {
    "dropped once": {"/": [reply(drop=True), GOOD]},
    "dropped always": {"/": reply(drop=True)},
    "500 once": {"/": [OOPS, GOOD]},
    "500 always": {"/": OOPS},
    "429 once": {"/": [reply(status=429, Retry_After="1"), GOOD]},
    "429 for long": {"/": reply(status=429, Retry_After="3600")},
    "503 with a date": {"/": [reply(status=503, Retry_After="Sat, 21 Nov 2015 12:00:00 GMT"), GOOD]},
    "redirect": {"/old": reply(status=301, Location="/new"), "/new": GOOD},
    "redirect loop": {"/a": reply(status=302, Location="/b"), "/b": reply(status=302, Location="/a")},
    "50 MB": {"/": reply([b"<p>" + b"kettle " * 9_000] * 800)},
    "zip bomb": {"/": reply(gzip.compress(b" " * 40_000_000), Content_Encoding="gzip")},
    "mislabelled": {"/": reply(ld(LATIN).encode("cp1252"))},
    "broken JSON-LD": {"/": reply(ld('{"@type": "Review", /* x */ "reviewBody": "Two\nlines.", }'))},
    "404": {"/gone": reply(status=404)},
    "401": {"/": reply(status=401)},
    "403": {"/": reply("<title>Forbidden</title>", 403)},
    "log-in page": {"/": reply(LOGIN)},
    "moved to a log-in": {"/r": reply(status=302, Location="/login?to=r"), "/login?to=r": reply("<h1>Welcome</h1>")},
    "no reviews": {"/": reply("<h1>Kettle</h1><p>Be the first to review it.</p>")},
    "204": {"/": reply("", 204)},
    "an image": {"/": reply(b"\x89PNG\r\n\x1a\n" + bytes(range(256)), Content_Type="image/png")},
    "ratings only": {"/": reply(ld([{"@type": "Review", "reviewRating": 5}]))},
    "robots forbid": {"/private/p": GOOD, **FORBID},
    "robots forbid a page": listing([6, 5], [4, 3]) | FORBID,
    "robots 500": {"/": GOOD, "/robots.txt": OOPS},
    "empty feed": {"/": reply(atom())},
    "HTML for a feed": {"/": reply("<html><h1>News</h1>" + "<p>All the news. </p>" * 200)},
    "feed": {"/": reply(atom(2, 1), etag='"one"')},
    "paged": listing([6, 5], [4, 3], [2, 1]),
    "paged in circles": listing([4, 3], [2, 1], last="/p"),
    "repeating": listing([4, 3], [2, 1], [4, 3], [2, 1]),
    "endless": listing(*([number] for number in range(1, 15))),
    "broken off": listing([4, 3], last="/p?page=2"),
    "edited": {"/": reply(reviews(2, 1))},
    "vanishing": {"/": reply(reviews(3, 2, 1))},
    "changing layout": {"/": GOOD},
    "without ids": {"/": reply(reviews(2, 1).replace('"@id"', '"position"'))},
    "listing": {
        "/": reply(ld(LISTED)), "/a": reply(reviews(1)), "/b": reply(reviews(2, following="/b?page=2")),
        "/b?page=2": reply(reviews(3)), **FORBID,
    },
}  # fmt: skip
"""For each source its pages; the first is its target."""

APP = "/nl/rss/customerreviews/page={}/id=7/sortBy=mostRecent/json"
SITES["app"] = {APP.format(page): reply(store_page(31 - 2 * page, 30 - 2 * page)) for page in range(1, 11)}
SITES["app"][APP.format(1).replace("/nl/", "/be/")] = reply(store_page())

CHANGES = {
    ("edited", "/"): reply(reviews(2, 1).replace("says number 1", "shouts number 1")),
    ("vanishing", "/"): reply(reviews(3, 1)),
    ("changing layout", "/"): reply("<h1>Kettle</h1><p>Reviews have moved into an app.</p>"),
    ("broken off", "/p?page=2"): reply(reviews(2, 1)),
    ("app", APP.format(1)): reply(store_page(30, 29)),
}
"""What happens to the sites between the two crawls."""


@dataclass
class Runs:
    """What three crawls did: one limited to an item of a few sources, one of all, one of all after the changes."""

    bench: Any
    limited: dict[str, dict[str, Any]]
    first: dict[str, dict[str, Any]]
    second: dict[str, dict[str, Any]]
    asked: list[dict[str, list[Any]]]

    def paths(self, run: int, name: str) -> list[str]:
        """What a run (0, 1, 2) asked a site for, robots.txt aside."""
        return [asked.path for asked in self.asked[run][name] if asked.path != "/robots.txt"]

    def mentions(self, name: str) -> list[Mention]:
        """The mentions of a source, oldest first."""
        with self.bench.store.reading() as session:
            found = select(Mention).where(Mention.source_id == self.bench.ids[name])
            return list(session.scalars(found.order_by(Mention.published, Mention.id)))

    def source(self, name: str) -> Source:
        """A source as the store has it."""
        with self.bench.store.reading() as session:
            found: Source = session.get_one(Source, self.bench.ids[name])
            return found


@pytest.fixture(scope="module")
def runs(bench: Any, new_site: Callable[[], Any]) -> Runs:
    sites = {}
    for name, answers in SITES.items():
        site = sites[name] = new_site()
        for path, answer in answers.items():
            site.answer(path, *(answer if isinstance(answer, list) else [answer]))
        url = site.url + next(iter(answers))
        kind = "appstore" if name == "app" else "feed" if "feed" in name else "schemaorg"
        bench.add(name, kind, {"id": "7", "country": "be|nl", "base": site.url} if name == "app" else {"url": url})
    asked = []

    def crawl(*names: str, **wishes: Any) -> dict[str, dict[str, Any]]:
        results: dict[str, dict[str, Any]] = bench.crawl(*names, **wishes)
        asked.append({name: list(site.asked) for name, site in sites.items()})
        for site in sites.values():
            site.asked.clear()
        return results

    limited = crawl("paged", "app", "feed", limit=1)
    first = crawl()
    for (name, path), answer in CHANGES.items():
        sites[name].answer(path, answer)
    return Runs(bench, limited, first, crawl(), asked)


@pytest.mark.parametrize(
    ("name", "outcome", "reason", "items"),
    [
        ("dropped once", "ok", None, 2),
        ("dropped always", "failed", "dropped the connection", 0),
        ("500 once", "ok", None, 2),
        ("500 always", "failed", "answered 500", 0),
        ("429 once", "ok", None, 2),
        ("429 for long", "blocked", "Retry-After: 3600", 0),
        ("503 with a date", "ok", None, 2),
        ("redirect", "ok", None, 2),
        ("redirect loop", "failed", "redirects without end", 0),
        ("50 MB", "failed", "larger than crawl.max_page_bytes", 0),
        ("zip bomb", "failed", "larger than crawl.max_page_bytes", 0),
        ("mislabelled", "ok", None, 1),
        ("broken JSON-LD", "ok", None, 1),
        ("404", "failed", "answered 404", 0),
        ("401", "blocked", "answered 401", 0),
        ("403", "blocked", "answered 403: it refuses; what its owner lets you export", 0),
        ("log-in page", "blocked", "asks to log in", 0),
        ("moved to a log-in", "blocked", "asks to log in", 0),
        ("no reviews", "empty", "no mentions on the page; look at the page", 0),
        ("204", "layout_changed", "expected an HTML page, got nothing", 0),
        ("an image", "layout_changed", "expected an HTML page, got image/png", 0),
        ("ratings only", "empty", "1 × a rating or post without a text", 0),
        ("robots forbid", "blocked", "robots.txt forbids it", 0),
        ("robots forbid a page", "blocked", "robots.txt forbids it", 2),
        ("robots 500", "blocked", "robots.txt answered 500", 0),
        ("empty feed", "empty", "no mentions", 0),
        ("HTML for a feed", "layout_changed", "expected an RSS or Atom feed", 0),
        ("feed", "ok", None, 2),
        ("paged", "ok", None, 6),
        ("paged in circles", "ok", None, 4),
        ("repeating", "loop", "only repeats earlier pages", 4),
        ("endless", "ok", "stopped after 12 pages", 12),
        ("broken off", "failed", "answered 404", 2),
        ("listing", "ok", "left out pages that robots.txt forbids; 1 listed page is gone", 3),
        ("app", "ok", "nothing new since 2026-01-29", 20),
    ],
)
def test_how_a_crawl_ends(runs: Runs, name: str, outcome: str, reason: str | None, items: int) -> None:
    result = runs.first[name]
    assert (result["outcome"], result["items"]) == (outcome, items), result
    assert (result["reason"] is None) if reason is None else (reason in result["reason"])
    assert "\n" not in (result["reason"] or "")
    assert result["added"] == items - runs.limited.get(name, {"added": 0})["added"]


def test_each_crawl_is_recorded_as_it_was_reported(runs: Runs) -> None:
    with runs.bench.store.reading() as session:
        rows = session.scalars(select(Crawl).order_by(Crawl.id)).all()
    assert all(row.finished_at and row.finished_at >= row.started_at for row in rows)
    last = {row.source_id: row for row in rows}
    for result in runs.second.values():
        row = last[result["source_id"]]
        recorded = {name: getattr(row, name) for name in result if name not in ("rejections", "gone")}
        assert json.loads(json.dumps(recorded, default=str)).items() <= result.items()
        assert sum(result["rejections"].values()) == result["rejected"]
    assert runs.first["ratings only"]["rejections"] == {NO_TEXT: 1}
    assert runs.first["listing"]["gone"] == 1


@pytest.mark.parametrize(
    ("name", "requests"),
    [
        ("dropped once", 2),
        ("dropped always", 3),
        ("500 always", 3),
        ("429 for long", 1),
        ("403", 1),
        ("404", 1),
        ("redirect loop", 6),
        ("robots forbid", 0),
        ("robots 500", 0),
        ("repeating", 3),
        ("paged in circles", 2),
    ],
)
def test_how_often_a_site_is_asked(runs: Runs, name: str, requests: int) -> None:
    assert len(runs.paths(1, name)) == requests


def test_every_request_says_who_asks(runs: Runs) -> None:
    every = [asked for sites in runs.asked for site in sites.values() for asked in site]
    assert {asked.headers["User-Agent"] for asked in every} == {"TestBot/1 (+x)"}


def test_robots_txt_is_read_first_and_once(runs: Runs) -> None:
    paths = [asked.path for asked in runs.asked[1]["paged"]]
    assert paths == ["/robots.txt", "/p", "/p?page=2", "/p?page=3"]


def test_retry_after_is_waited_for(runs: Runs) -> None:
    _, refused, answered = runs.asked[1]["429 once"]
    assert answered.at - refused.at >= 1


def test_texts_come_out_right(runs: Runs) -> None:
    assert [mention.text for mention in runs.mentions("mislabelled")] == ["Größe paßt, 5 € gespart."]
    assert [mention.text for mention in runs.mentions("broken JSON-LD")] == ["Two\nlines."]


def test_a_mention_has_what_its_page_says(runs: Runs) -> None:
    newest = runs.mentions("paged")[-1]
    assert newest.external_id == "/p#r-10006"
    assert (newest.rating, newest.rating_given, newest.attributes) == (0.75, "4", {"product": "Kettle"})
    assert newest.url == runs.source("paged").target["url"]
    assert newest.author is not None
    assert "Buyer" not in newest.author


def test_a_limited_crawl_leaves_no_hole(runs: Runs) -> None:
    for name, all_of_them in {"paged": 6, "app": 20, "feed": 2}.items():
        assert (runs.limited[name]["outcome"], runs.limited[name]["items"]) == ("ok", 1)
        assert "limit of 1" in runs.limited[name]["reason"]
        assert runs.limited[name]["added"] + runs.first[name]["added"] == all_of_them


def test_a_second_crawl_adds_nothing(runs: Runs) -> None:
    changed = {"edited", "vanishing", "changing layout", "broken off", "app", "endless"}
    for name, result in runs.second.items():
        if name not in changed:
            assert (result["added"], result["updated"]) == (0, 0), name
            assert result["outcome"] == runs.first[name]["outcome"], name


def test_beyond_the_ceiling_the_next_crawl_goes_on(runs: Runs) -> None:
    result = runs.second["endless"]
    assert (result["outcome"], result["added"]) == ("stale", 2), "its newest review is of January"
    assert runs.paths(2, "endless") == ["/p?page=13", "/p?page=14"]
    assert len(runs.mentions("endless")) == 14
    assert runs.source("endless").watermark == max(mention.published for mention in runs.mentions("endless"))


def test_a_newest_first_source_is_read_to_its_watermark(runs: Runs) -> None:
    # The app that has nothing in one country is asked for there under two spellings.
    assert len(runs.paths(1, "app")) == 12
    assert runs.paths(2, "app")[2:] == [APP.format(1), APP.format(2)]
    assert runs.second["app"]["added"] == 1
    assert runs.source("app").watermark == runs.mentions("app")[-1].published


def test_the_watermark_stays_where_a_crawl_did_not_come_through(runs: Runs) -> None:
    assert runs.source("repeating").watermark is None
    assert runs.source("robots forbid a page").watermark is None
    assert runs.source("broken off").watermark == runs.mentions("broken off")[-1].published


def test_a_feed_is_asked_for_only_when_it_has_changed(runs: Runs) -> None:
    assert "If-None-Match" not in runs.asked[1]["feed"][-1].headers  # a limited crawl remembers nothing
    assert runs.asked[2]["feed"][-1].headers["If-None-Match"] == '"one"'
    assert (runs.second["feed"]["outcome"], runs.second["feed"]["pages"]) == ("ok", 0)
    assert runs.source("feed").state == {"etag": '"one"'}
    assert len(runs.mentions("feed")) == 2


def test_an_edited_review_keeps_its_earlier_state(runs: Runs) -> None:
    assert (runs.second["edited"]["added"], runs.second["edited"]["updated"]) == (0, 1)
    edited = runs.mentions("edited")[0]
    assert "shouts" in edited.text
    with runs.bench.store.reading() as session:
        versions = session.scalars(select(MentionVersion).where(MentionVersion.mention_id == edited.id)).all()
    assert ["says" in version.text for version in versions] == [True]


def test_a_review_that_is_gone_is_marked_and_comes_back(runs: Runs) -> None:
    gone = {mention.external_id: mention.vanished is not None for mention in runs.mentions("vanishing")}
    assert gone == {"/#r-10001": False, "/#r-10002": True, "/#r-10003": False}
    marked = [name for name in SITES for mention in runs.mentions(name) if mention.vanished]
    assert marked == ["vanishing"]  # least of all where the layout has changed, or a crawl broke off


def test_a_source_that_shows_nothing_any_more_has_changed(runs: Runs) -> None:
    result = runs.second["changing layout"]
    assert result["outcome"] == "layout_changed"
    assert result["reason"].startswith("no mentions on the page where there were 2 before; look at the page")


def test_a_listed_page_that_is_gone_is_no_failure(runs: Runs) -> None:
    assert runs.paths(1, "listing") == ["/", "/a", "/b", "/b?page=2", "/c"]
