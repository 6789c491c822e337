from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from promises import refused, storable
from scrapy.http import Response
from sqlalchemy import select

from overheard.crawler.api import OTHER_FORM
from overheard.crawler.page import NO_TEXT
from overheard.crawler.spiders.reddit import REMOVED, RedditSpider, parse, refusal
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.store.tables import Crawl, Mention

NOW = int(datetime.now(UTC).timestamp()) - 3600
CLIENT, SECRET, TOKEN = "quill-client", "not-a-real-secret", "eyJ-not-a-real-token"
URL = RedditSpider.first_urls({"query": "Quill Mobile"})[0]
TEXTS = [
    "The Quill phone is great.", "Das Quill ist zu laut.", "De Quill doet het weer.", "Quill merge bine.",
    "Il Quill è lento.", "Le Quill chauffe.", "El Quill me gusta.", "O Quill parou.",
]  # fmt: skip


def rendered(text: str) -> str:
    return f'<!-- SC_OFF --><div class="md"><p>{text}</p>\n</div><!-- SC_ON -->'


def post(number: int, **changes: Any) -> dict[str, Any]:
    """A post as a listing has it."""
    text = TEXTS[number % 8]
    data = {
        "name": f"t3_p{number}",
        "id": f"p{number}",
        "author": f"owl_{number}",
        "title": f"Question {number}",
        "selftext": text,
        "selftext_html": rendered(text),
        "is_self": True,
        "subreddit": "laptops",
        "link_flair_text": None,
        "permalink": f"/r/laptops/comments/p{number}/question/",
        "url": "https://www.reddit.com/r/laptops/",
        "created_utc": float(NOW) - number * 60,
        "edited": False,
        "removed_by_category": None,
        "score": 4,
    } | changes
    return {"kind": "t3", "data": data}


def comment(number: int, **changes: Any) -> dict[str, Any]:
    """A comment as a listing has it."""
    text = TEXTS[number % 8]
    data = {
        "name": f"t1_c{number}",
        "id": f"c{number}",
        "author": f"owl_{number}",
        "body": text,
        "body_html": f'<div class="md"><p>{text}</p>\n</div>',
        "link_id": "t3_p1",
        "link_title": "Quill &amp; co.",
        "parent_id": "t3_p1",
        "subreddit": "laptops",
        "created_utc": float(NOW) - number * 60,
        "edited": False,
        "replies": "",
    } | changes
    return {"kind": "t1", "data": data}


def page(*children: Any, after: str | None = None) -> bytes:
    data = {"after": after, "dist": len(children), "modhash": None, "children": list(children), "before": None}
    return json.dumps({"kind": "Listing", "data": data}).encode()


def test_a_post() -> None:
    given = post(
        1, edited=NOW + 100.0, link_flair_text="Complaint", title="Quill &amp; ich",
        selftext_html='<div class="md"><blockquote><p>Robust!</p></blockquote>\n<p>Doch, <em>leider</em>.</p></div>',
    )  # fmt: skip
    found = parse(page(given), URL)
    assert (found.rejected, found.next, found.claimed) == ({}, (), None)
    assert found.items == (
        Item(
            external_id="t3_p1",
            text="Doch, leider.",
            title="Quill & ich",
            author="owl_1",
            url="https://www.reddit.com/comments/p1/",
            published=datetime.fromtimestamp(NOW - 60, UTC),
            edited=datetime.fromtimestamp(NOW + 100, UTC),
            attributes={"subreddit": "laptops", "flair": "Complaint"},
        ),
    )


def test_a_comment() -> None:
    assert parse(page(comment(4)), URL).items == (
        Item(
            external_id="t1_c4",
            text="Il Quill è lento.",
            author="owl_4",
            url="https://www.reddit.com/comments/p1/_/c4/",
            published=datetime.fromtimestamp(NOW - 240, UTC),
            attributes={"subreddit": "laptops", "thread": "Quill & co."},
        ),
    )


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        pytest.param({"body_html": None, "body": "> Hij is snel.\n\nNee hoor."}, "Nee hoor.", id="quote in Markdown"),
        pytest.param({"body_html": None, "body": ">!Stopt!< snel."}, ">!Stopt!< snel.", id="a spoiler is no quote"),
        pytest.param({"body_html": "", "body": "a &gt; b"}, "a > b", id="entities"),
        pytest.param(
            {"body_html": "<blockquote><p>A</p><blockquote><p>B</p></blockquote></blockquote>\n<p>Mea.</p>"},
            "Mea.",
            id="quote in a quote",
        ),
        pytest.param(
            {"body_html": '<p>See <a href="/r/quill">here</a></p><ul><li>x</li></ul>'}, "See here\n\nx", id="link"
        ),
        pytest.param(
            {"body_html": '<p><span class="md-spoiler-text">Stopt</span> snel.</p>'}, "Stopt snel.", id="spoiler"
        ),
    ],
)
def test_the_words_of_the_author(changes: dict[str, Any], text: str) -> None:
    assert parse(page(comment(1, **changes)), URL).items[0].text == text


def test_a_link_has_its_title_alone_and_a_title_that_is_repeated_is_left_out() -> None:
    found = parse(page(post(1, selftext="", selftext_html=None), post(2, title="El Quill me gusta", selftext="El Quill "
                       "me gusta mucho.", selftext_html=None)), URL).items  # fmt: skip
    assert [(item.title, item.text) for item in found] == [("Question 1", ""), (None, "El Quill me gusta mucho.")]


def test_nothing_names_an_author() -> None:
    """Not "[deleted]", for it is nobody; not a page of the author's own, which a permalink and a subreddit name."""
    gone = comment(1, author="[deleted]")
    own = post(2, subreddit="u_owl_2", permalink="/user/owl_2/comments/p2/question/", title="¿Y?")
    odd = comment(3, link_id="t3_/user/owl_3")
    found = parse(page(gone, own, odd), URL).items
    assert [item.author for item in found] == [None, "owl_2", "owl_3"]
    assert not [item for item in found if "owl" in (item.url or "") + "".join(item.attributes.values())]


@pytest.mark.parametrize(
    "given",
    [
        comment(9, body="[removed]", body_html=rendered("[removed]")),
        comment(9, body="[deleted]", author="[deleted]"),
        post(9, selftext="[removed]", removed_by_category="moderator"),
        post(9, removed_by_category="deleted", selftext=""),
        post(9, title="[deleted by user]", selftext=""),
        post(9, title="[ Removed by Reddit ]"),
    ],
)
def test_what_was_removed_is_left_out_and_counted(given: dict[str, Any]) -> None:
    found = parse(page(comment(1), given), URL)
    assert ([item.external_id for item in found.items], found.rejected) == (["t1_c1"], {REMOVED: 1})


def test_what_cannot_be_used_is_counted() -> None:
    quote = comment(2, body_html="<blockquote>x</blockquote>")
    bad = ["what?", {"kind": "more", "data": {"children": []}}, post(3, name="t3_/user/owl"), {"kind": "t3", "data": 1}]
    found = parse(page(post(1), quote, *bad), URL)
    assert [item.external_id for item in found.items] == ["t3_p1"]
    assert found.rejected == {NO_TEXT: 1, OTHER_FORM: 4}


@pytest.mark.parametrize(
    ("children", "after", "more"),
    [
        ([post(1), post(2)], "t3_p2", f"{URL}&after=t3_p2&count=2"),
        ([comment(1, body="[removed]")], "t1_c1", f"{URL}&after=t1_c1&count=1"),
        ([post(1)], None, None),
        ([], "t3_p2", None),
    ],
)
def test_the_next_page(children: list[Any], after: str | None, more: str | None) -> None:
    assert parse(page(*children, after=after), URL).next == ((more,) if more else ())


def test_a_listing_that_goes_on_counts_on_and_does_not_stand_still() -> None:
    second = f"{URL}&after=t3_p2&count=100"
    assert parse(page(post(3), after="t3_p3"), second).next == (f"{URL}&after=t3_p3&count=101",)
    assert parse(page(post(3), after="t3_p2"), second).next == ()


@pytest.mark.parametrize(
    "body", [b"<html><p>whoa there", b"null", b"[]", b'{"data": {}}', b'{"data": {"children": 1}}']
)
def test_what_is_no_page(body: bytes) -> None:
    assert refused(parse, body, URL).outcome == "layout_changed"


@pytest.mark.parametrize(
    ("status", "headers", "body", "expected"),
    [
        (403, {}, {"reason": "private", "message": "Forbidden", "error": 403}, ("blocked", "the subreddit is private")),
        (404, {}, {"reason": "banned", "message": "Not Found", "error": 404}, ("failed", "the subreddit is banned")),
        (302, {"Location": "https://www.reddit.com/subreddits/search?q=x"}, {}, ("failed", "no such subreddit")),
        (429, {"X-Ratelimit-Reset": "312"}, {}, ("blocked", "none is allowed for 312 s")),
        (403, {}, {"reason": "<b>", "message": "Forbidden"}, None),
        (403, {}, {"message": "Forbidden", "error": 403}, None),
        (302, {"Location": "https://www.reddit.com/login"}, {}, None),
        (429, {"X-Ratelimit-Reset": "nan"}, {}, None),
        (401, {}, {"message": "Unauthorized", "error": 401}, None),
        (200, {}, {"reason": "private"}, None),
    ],
)
def test_what_a_refusal_means(
    status: int, headers: dict[str, str], body: Any, expected: tuple[str, str] | None
) -> None:
    found = refusal(Response(URL, status=status, headers=headers, body=json.dumps(body).encode()))
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert (found.outcome, expected[1] in str(found)) == (expected[0], True), str(found)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8) | st.just("[removed]"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*post(1)["data"], *comment(1)["data"]]), inner)
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(JSON, JSON)
def test_any_json_is_a_page_that_can_be_stored(one: Any, two: Any) -> None:
    changes = one if isinstance(one, dict) else {}
    shapes = [one, post(1, **changes), comment(1, **changes), {"kind": "t1", "data": two}, {"kind": two, "data": one}]
    for body in (
        page(*shapes),
        json.dumps(one).encode(),
        json.dumps({"data": {"children": two, "after": one}}).encode(),
    ):
        storable(parse, body, URL)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"query": '  "Quill  Mobile" OR quillphone '}, {"query": '"Quill Mobile" OR quillphone'}),
        ({"subreddit": "r/Laptops"}, {"subreddit": "laptops"}),
        ({"subreddit": "laptops+phones", "query": "quill"}, {"subreddit": "laptops+phones", "query": "quill"}),
        ({"url": "https://old.reddit.com/r/Laptops/"}, {"subreddit": "laptops"}),
        ({"query": "quill", "base": "http://127.0.0.1:8000/"}, {"query": "quill", "base": "http://127.0.0.1:8000"}),
    ],
)
def test_a_target(target: dict[str, str], expected: dict[str, str]) -> None:
    assert RedditSpider.validate(target) == expected
    assert RedditSpider.validate(expected) == expected


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({}, "expected query=… or subreddit=…"),
        ({"query": " "}, "expected query=… or subreddit=…"),
        ({"query": "quill " * 100}, "at most 512"),
        ({"subreddit": "lap tops"}, "is no subreddit"),
        ({"url": "https://www.reddit.com/user/owl_2"}, "is no subreddit"),
        ({"url": "https://www.reddit.com/laptops"}, "is no subreddit"),
        ({"query": "quill", "client_id": "x"}, "has no 'client_id'"),
    ],
)
def test_a_wrong_target(target: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        RedditSpider.validate(target)
    assert "\n" not in str(caught.value)


def test_the_listings_of_a_target() -> None:
    host = "https://oauth.reddit.com"
    assert RedditSpider.first_urls({"subreddit": "laptops"}) == [
        f"{host}/r/laptops/new?limit=100&raw_json=1",
        f"{host}/r/laptops/comments?limit=100&raw_json=1",
    ]
    assert RedditSpider.first_urls({"query": "a & b", "subreddit": "laptops"}) == [
        f"{host}/r/laptops/search?q=a+%26+b&sort=new&type=link&restrict_sr=1&limit=100&raw_json=1"
    ]


class Service:
    """The service: a token for the client, listings of 100 a page and 1,000 in all, an allowance in the headers."""

    def __init__(self, site: Any) -> None:
        self.site = site
        self.listings: dict[str, list[dict[str, Any]]] = {}
        self.left = 96.0
        self.wait = 60
        site.serve("/api/v1/access_token", self.give_token)

    def give_token(self, asked: Any) -> dict[str, Any]:
        """Answer a log-in as the service does."""
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        assert (asked.method, asked.body) == ("POST", b"grant_type=client_credentials")
        if asked.headers.get("Authorization") != f"Basic {basic}":
            return self.json({"message": "Unauthorized", "error": 401}, 401)
        return self.json({"access_token": TOKEN, "token_type": "bearer", "expires_in": 86400, "scope": "*"})

    def show(self, path: str, things: list[dict[str, Any]]) -> None:
        """Serve a listing."""
        self.listings[path] = things
        self.site.serve(path, self.list)

    def refuse(self, path: str, status: int, body: Any, **headers: str) -> None:
        """Refuse a listing."""
        self.site.serve(path, lambda asked: self.json(body, status, **headers))

    def list(self, asked: Any) -> dict[str, Any]:
        """Answer with a page of a listing as the service does."""
        if asked.headers.get("Authorization") != f"bearer {TOKEN}":
            return self.json({"message": "Unauthorized", "error": 401}, 401)
        if self.left < 1:
            self.left = 1
            return self.json({"message": "Too Many Requests", "error": 429}, 429)
        self.left -= 1
        assert (asked.query["limit"], asked.query["raw_json"]) == ("100", "1")
        shown = self.listings[asked.path.partition("?")[0]][:1000]
        names = [thing["data"]["name"] for thing in shown]
        start = names.index(asked.query["after"]) + 1 if "after" in asked.query else 0
        after = names[start + 99] if len(names) > start + 100 else None
        body = json.loads(page(*shown[start : start + 100], after=after))
        return self.json(body, **{"X-Ratelimit-Remaining": str(self.left), "X-Ratelimit-Reset": str(self.wait)})

    def json(self, body: Any, status: int = 200, **headers: str) -> dict[str, Any]:
        """Return an answer in JSON."""
        kind = {"Content-Type": "application/json; charset=UTF-8"}
        return {"status": status, "body": json.dumps(body), "headers": kind | headers}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVERHEARD_REDDIT_CLIENT_ID", CLIENT)
    monkeypatch.setenv("OVERHEARD_REDDIT_CLIENT_SECRET", SECRET)


@pytest.mark.usefixtures("client")
def test_crawls_of_a_subreddit(new_site: Callable[[], Any], bench: Any) -> None:
    """All posts and comments at first, then a page of each with what is new and edited; the token is sent, not kept."""
    site = new_site()
    service = Service(site)
    posts, comments = [post(number) for number in range(120)], [comment(number) for number in range(230)]
    comments[7] = comment(7, body="[removed]")
    service.show("/r/laptops/new", posts)
    service.show("/r/laptops/comments", comments)
    bench.add("laptops", "reddit", {"subreddit": "laptops", "base": site.url})
    first = bench.crawl("laptops")["laptops"]
    assert (first["outcome"], first["added"], first["rejected"]) == ("ok", 120 + 229, 1), first
    assert "1 × " in first["reason"]
    assert first["pages"] == 2 + 3
    assert not [asked.path for asked in site.asked if TOKEN in asked.path or asked.path == "/robots.txt"]
    assert {asked.headers["User-Agent"] for asked in site.asked} == {"TestBot/1 (+x)"}
    site.asked.clear()
    second = bench.crawl("laptops")["laptops"]
    assert (second["pages"], second["added"], second["updated"]) == (2, 0, 0)
    assert Counter(asked.path.partition("?")[0] for asked in site.asked) == {
        "/api/v1/access_token": 1, "/r/laptops/new": 1, "/r/laptops/comments": 1,
    }  # fmt: skip
    comments.insert(0, comment(-1, name="t1_new", body_html=None, body="Nou, hij doet het weer."))
    posts[3] = post(3, selftext_html=rendered("Edit: rezolvat."), edited=NOW + 500.0)
    third = bench.crawl("laptops")["laptops"]
    assert (third["pages"], third["added"], third["updated"]) == (2, 1, 1)
    with bench.store.reading() as session:
        edited = session.scalars(select(Mention).where(Mention.external_id == "t3_p3")).one()
        assert (edited.text, edited.edited is not None) == ("Edit: rezolvat.", True)
        kept = "".join(f"{mention.author} {mention.url}" for mention in session.scalars(select(Mention)))
        reasons = "".join(reason or "" for reason in session.scalars(select(Crawl.reason)))
        assert not [word for word in ("owl", SECRET, TOKEN) if word in kept + reasons]


@pytest.mark.usefixtures("client")
def test_a_search_that_reaches_the_bound_of_the_service_says_so(new_site: Callable[[], Any], bench: Any) -> None:
    site = new_site()
    service = Service(site)
    service.show("/search", [post(number) for number in range(1100)])
    bench.add("search", "reddit", {"query": "quill", "base": site.url})
    first = bench.crawl("search")["search"]
    assert (first["outcome"], first["added"], first["pages"]) == ("ok", 1000, 10)
    assert "no more than about the newest 1,000" in first["reason"]
    second = bench.crawl("search")["search"]
    assert (second["pages"], second["reason"]) == (1, None)
    asked = next(asked.query for asked in site.asked if asked.path.startswith("/search"))
    assert (asked["q"], asked["sort"], asked["type"]) == ("quill", "new", "link")


@pytest.mark.usefixtures("client")
def test_it_keeps_the_pace_that_the_service_allows(new_site: Callable[[], Any], bench: Any) -> None:
    """The last request allowed is followed by a wait until the next is; one too many is tried again."""
    site = new_site()
    service = Service(site)
    service.left, service.wait = 1.0, 1
    service.show("/search", [post(number) for number in range(150)])
    bench.add("pace", "reddit", {"query": "quill", "base": site.url})
    found = bench.crawl("pace")["pace"]
    assert (found["outcome"], found["added"]) == ("ok", 150)
    pages = [asked.at for asked in site.asked if asked.path.startswith("/search")]
    assert len(pages) == 3
    assert pages[1] - pages[0] > 0.9


@pytest.mark.usefixtures("client")
def test_what_the_service_refuses(new_site: Callable[[], Any], bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    site = new_site()
    service = Service(site)
    names = ("closed", "gone", "missing", "busy", "expired", "quiet")
    for name in names:
        bench.add(name, "reddit", {"query": "quill", "subreddit": name, "base": site.url})
    service.refuse("/r/closed/search", 403, {"reason": "private", "message": "Forbidden", "error": 403})
    service.refuse("/r/gone/search", 404, {"reason": "banned", "message": "Not Found", "error": 404})
    service.refuse("/r/missing/search", 302, {}, Location=f"{site.url}/subreddits/search?q=missing")
    service.refuse("/r/busy/search", 429, {"message": "Too Many Requests"}, **{"X-Ratelimit-Reset": "500"})
    service.refuse("/r/expired/search", 401, {"message": "Unauthorized", "error": 401})
    service.show("/r/quiet/search", [])
    found = bench.crawl(*names)
    assert [found[name]["outcome"] for name in names] == [
        "blocked", "failed", "failed", "blocked", "blocked", "empty",
    ]  # fmt: skip
    assert "is private" in found["closed"]["reason"]
    assert "no such subreddit" in found["missing"]["reason"]
    assert "500 s" in found["busy"]["reason"]
    assert not [asked for asked in site.asked if asked.path.startswith("/subreddits")]
    monkeypatch.setenv("OVERHEARD_REDDIT_CLIENT_SECRET", "mistyped-secret")
    wrong = bench.crawl("quiet")["quiet"]
    assert (wrong["outcome"], wrong["pages"]) == ("blocked", 0)
    assert wrong["reason"].endswith("check client_id and client_secret")
    site.serve("/api/v1/access_token", lambda asked: service.json({"error": "unsupported_grant_type"}))
    assert "gives no token" in bench.crawl("quiet")["quiet"]["reason"]
    assert not [word for word in (SECRET, "mistyped", TOKEN) if word in json.dumps([found, wrong])]


def test_recorded_answers(recorded: Path) -> None:
    """Listings of 2016 as they were sent; comments had no permalink then."""
    counts = {}
    for path in sorted(recorded.glob("reddit/*.json")):
        for exchange in json.loads(path.read_text(encoding="utf-8"))["interactions"]:
            body = exchange["response"]["body"]["string"]
            if exchange["request"]["method"] == "POST":
                continue
            found = parse(body.encode(), exchange["request"]["uri"])
            assert found.rejected == {}
            assert len(found.items) == body.count('"created_utc": ')
            assert len({item.external_id for item in found.items}) == len({item.url for item in found.items})
            counts[path.stem] = (len(found.items), len(found.next))
    assert counts == {
        "TestSubreddit.test_search": (6, 0),
        "TestSubredditListings.test_comments": (100, 1),
        "TestSubredditListings.test_new": (100, 1),
    }
