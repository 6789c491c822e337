from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from promises import json_values, refused, storable
from scrapy.http import Response
from sqlalchemy import select

from overheard.crawler.api import OTHER_FORM, query_of
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import NO_TEXT
from overheard.crawler.spiders import bluesky
from overheard.crawler.spiders.bluesky import BlueskySpider, parse, refuse
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.store.tables import Mention

URL = BlueskySpider.first_urls({"query": "lantern lamp"})[0]
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
PASSWORD, TOKEN = "qwer-tyui-opas-dfgh", "eyJhbGciOiJFUzI1NksifQ.eyJzY29wZSI6ImNvbSJ9.c2lnbmF0dXJl"
SEARCH, LOG_IN = "/xrpc/app.bsky.feed.searchPosts", "/xrpc/com.atproto.server.createSession"


def did(number: int) -> str:
    return f"did:plc:{number:04d}zyxwvutsrqponm765432"


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def post(number: int, record: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A post as the search has it, the older the higher its number."""
    moment = START - timedelta(seconds=number)
    author, who = did(number), f"vesna{number}.bsky.social"
    return {
        "uri": f"at://{author}/app.bsky.feed.post/3lr{number + 1000:010d}",
        "cid": f"bafyrei{number:052d}",
        "author": {"did": author, "handle": who, "displayName": f"Vesna {number}", "labels": []},
        "record": {
            "$type": "app.bsky.feed.post",
            "createdAt": stamp(moment),
            "langs": ["nl"],
            "text": f"Mijn lantaarnlamp doet het weer, keer {number}.",
        }
        | (record or {}),
        "replyCount": 0,
        "likeCount": 2,
        "indexedAt": stamp(moment + timedelta(seconds=1)),
        "labels": [],
    } | changes


def answer(*posts: Any, cursor: str | None = None, total: int | None = None) -> dict[str, Any]:
    return (
        {"posts": list(posts)}
        | ({} if cursor is None else {"cursor": cursor})
        | ({} if total is None else {"hitsTotal": total})
    )


def page(*posts: Any, **rest: Any) -> bytes:
    return json.dumps(answer(*posts, **rest)).encode()


def test_a_post() -> None:
    written = {"text": "Licht gut,\n\n\n\nAkku  schwach. <3", "langs": ["de-CH", "fr"]}
    found = parse(page(post(1, written), total=7), URL)
    assert found.claimed == 7
    assert found.items == (
        Item(
            external_id=f"{did(1)}/app.bsky.feed.post/3lr0000001001",
            text="Licht gut,\n\nAkku schwach. <3",
            language="de",
            author=did(1),
            url="https://bsky.app/search?q=lantern+lamp+since%3A2026-03-01+until%3A2026-03-02",
            published=datetime(2026, 3, 1, 11, 59, 59, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize(
    ("created", "indexed", "expected"),
    [
        ("2026-03-01T10:00:00.561858Z", "2026-03-01T10:00:01Z", datetime(2026, 3, 1, 10, 0, 0, 561858, UTC)),
        ("2026-03-01T12:00:00+01:00", "2026-03-01T12:00:01Z", datetime(2026, 3, 1, 11, tzinfo=UTC)),
        ("2031-01-01T00:00:00Z", "2026-03-01T10:00:01Z", datetime(2026, 3, 1, 10, 0, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", "2026-03-01T10:00:01Z", datetime(2026, 3, 1, 10, 0, 1, tzinfo=UTC)),
        (None, None, None),
    ],
)
def test_a_post_is_as_old_as_the_search_takes_it_for(created: Any, indexed: Any, expected: datetime | None) -> None:
    (item,) = parse(page(post(1, {"createdAt": created}, indexedAt=indexed)), URL).items
    assert item.published == expected


@pytest.mark.parametrize(("langs", "expected"), [(None, None), ([], None), (["pt-BR"], "pt"), (["x"], None)])
def test_the_language(langs: Any, expected: str | None) -> None:
    assert parse(page(post(1, {"langs": langs})), URL).items[0].language == expected


@pytest.mark.parametrize(
    ("posts", "cursor", "more"),
    [
        ([post(1)], "100", True),
        ([post(1)], "1795256700000__bafyrei", True),
        ([], "200", True),  # moderation may leave nothing of a page
        ([post(1)], None, False),
        ([], None, False),
    ],
)
def test_the_next_page(posts: list[Any], cursor: str | None, more: bool) -> None:
    following = parse(page(*posts, cursor=cursor), URL).next
    assert following == ((f"{URL}&cursor={cursor}",) if more else ())
    assert not following or parse(page(*posts, cursor=cursor), following[0]).next == ()


def test_a_search_deeper_than_its_cursors_is_cut_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Posts of one millisecond on both sides of a cut are read once, and none is lost."""
    monkeypatch.setattr(bluesky, "PAGE_SIZE", 10)
    monkeypatch.setattr(bluesky, "DEEPEST", 40)
    moments = [START - timedelta(milliseconds=number // 3) for number in range(137)]
    posts = [post(number, {"createdAt": stamp(moment)}, indexedAt=None) for number, moment in enumerate(moments)]

    def search(url: str) -> bytes:
        query = query_of(url)
        hits = [each for each in posts if each["record"]["createdAt"] < query.get("until", "9")]
        start = int(query.get("cursor", 0))
        assert start + 10 <= 40
        more = str(start + 10) if len(hits) > start + 10 else None
        return page(*hits[start : start + 10], cursor=more)

    urls, ids = [URL], []
    for url in urls:
        found = parse(search(url), url)
        ids += [item.external_id for item in found.items]
        urls += found.next
    assert ids == [each["uri"].removeprefix("at://") for each in posts]
    assert len(urls) == len(set(urls)) < 20


@pytest.mark.parametrize(("dated", "more"), [(True, True), (False, False)])
def test_a_deepest_page_of_one_moment_is_kept(dated: bool, more: bool) -> None:
    record = {"createdAt": stamp(START) if dated else None}
    found = parse(page(*[post(number, record, indexedAt=None) for number in range(3)], cursor="10000"), URL)
    assert (len(found.items), bool(found.next)) == (3, more)


def test_what_cannot_be_used_is_counted() -> None:
    unnamed = post(3, uri="at://vesna3.bsky.social/app.bsky.feed.post/1")
    found = parse(page(post(1), post(2, {"text": " \n"}), {"uri": post(4)["uri"]}, unnamed, "what?"), URL)
    assert [item.author for item in found.items] == [did(1)]
    assert found.rejected == {NO_TEXT: 1, OTHER_FORM: 3}


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"<html><title>Just a moment...</title>", "blocked"),
        (b"<html><p>Bluesky</p>", "layout_changed"),
        (b"{}", "layout_changed"),
        (b"null", "layout_changed"),
        (b"", "layout_changed"),
    ],
)
def test_what_is_no_page(body: bytes, outcome: str) -> None:
    assert refused(parse, body, URL).outcome == outcome


@pytest.mark.parametrize(
    ("status", "error", "outcome", "remedy"),
    [
        (400, "ExpiredToken", "blocked", "crawl again"),
        (401, "ExpiredToken", "blocked", "crawl again"),
        (400, "InvalidToken", "blocked", "crawl again"),
        (401, "AuthFactorTokenRequired", "blocked", "make one in the settings"),
        (401, "AuthenticationRequired", "blocked", "check both"),
        (401, "AccountTakedown", "blocked", "use another"),
        (400, "InvalidRequest", "failed", "check the target"),
    ],
)
def test_an_error_of_the_service_says_what_to_do(status: int, error: str, outcome: str, remedy: str) -> None:
    body = json.dumps({"error": error, "message": "not so\nthank\u0000 you"}).encode()
    with pytest.raises(PageError, match=remedy) as caught:
        refuse(Response(URL, status=status, body=body))
    assert caught.value.outcome == outcome
    assert error in str(caught.value)
    assert not {"\n", "\0"} & set(str(caught.value))


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, page()), (401, b"<html>"), (401, b'{"error": "Odd"}'), (429, b'{"error": "ExpiredToken"}')],
)
def test_other_answers_are_left_to_the_general_rules(status: int, body: bytes) -> None:
    refuse(Response(URL, status=status, body=body))


JSON = json_values(*post(1), *post(1)["record"])


@settings(max_examples=60, deadline=None)
@given(JSON, JSON, JSON)
def test_any_json_is_a_page_that_can_be_stored(one: Any, record: Any, posts: Any) -> None:
    given = post(1, record if isinstance(record, dict) else None)
    body = json.dumps(answer(given, one, cursor="10000") | ({"posts": posts} if posts else {})).encode()
    assert all(item.text for item in storable(parse, body, URL))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"query": "  lantern \n lamp "}, {"query": "lantern lamp"}),
        ({"query": '"Lantern, Inc"', "language": "DE"}, {"query": '"Lantern, Inc"', "language": "de"}),
        ({"url": "https://bsky.app/search?q=lantern+lamp"}, {"query": "lantern lamp"}),
        ({"query": "lamp", "base": "https://bsky.social/"}, {"query": "lamp"}),
        ({"query": "lamp", "base": "https://pds.example"}, {"query": "lamp", "base": "https://pds.example"}),
        ({"query": "lamp", "base": "http://127.0.0.1:99"}, {"query": "lamp", "base": "http://127.0.0.1:99"}),
    ],
)
def test_a_target(target: dict[str, str], expected: dict[str, str]) -> None:
    assert BlueskySpider.validate(target) == expected


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({}, "needs 'query'"),
        ({"url": "https://bsky.app/search?src=x"}, "needs 'query'"),
        ({"query": "lamp from:vesna1.bsky.social"}, "names an author"),
        ({"query": "lamp", "language": "german"}, "no code"),
    ],
)
def test_a_wrong_target(target: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        BlueskySpider.validate(target)


def json_answer(given: Any, status: int = 200, **headers: str) -> dict[str, Any]:
    kind = {"Content-Type": "application/json; charset=utf-8", "RateLimit-Policy": "3000;w=300"}
    return {"status": status, "body": json.dumps(given), "headers": kind | headers}


class Service:
    """A personal data server: it logs in by app password, and searches for whom it knows."""

    def __init__(self, site: Any) -> None:
        self.posts: list[dict[str, Any]] = []
        self.troubles: list[dict[str, Any]] = []
        self.login: dict[str, Any] | None = None
        site.serve(LOG_IN, self.log_in)
        site.serve(SEARCH, self.search)

    def log_in(self, asked: Any) -> dict[str, Any]:
        if self.login:
            return self.login
        known = {"identifier": "quill.example", "password": PASSWORD}
        if (asked.method, asked.headers["Content-Type"], json.loads(asked.body)) != ("POST", "application/json", known):
            return json_answer({"error": "AuthenticationRequired", "message": "Invalid identifier or password"}, 401)
        return json_answer({"did": did(0), "handle": "quill.example", "accessJwt": TOKEN, "refreshJwt": TOKEN + "2"})

    def search(self, asked: Any) -> dict[str, Any]:
        if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
            return json_answer({"error": "AuthMissing", "message": "Authentication Required"}, 401)
        if self.troubles:
            return self.troubles.pop(0)
        if asked.query["sort"] != "latest" or int(asked.query["limit"]) > 100:
            return json_answer({"error": "InvalidRequest", "message": "Error: limit can not be greater than 100"}, 400)
        start = int(asked.query.get("cursor", 0))
        more = str(start + 100) if len(self.posts) > start + 100 else None
        return json_answer(answer(*self.posts[start : start + 100], cursor=more, total=len(self.posts)))


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own account, in the environment of the crawls."""
    monkeypatch.setenv("OVERHEARD_BLUESKY_HANDLE", "@quill.example")
    monkeypatch.setenv("OVERHEARD_BLUESKY_PASSWORD", PASSWORD)


@pytest.mark.usefixtures("account")
def test_crawls_of_a_search(new_site: Callable[[], Any], bench: Any) -> None:
    """All pages at first, one page when nothing is new, new and changed posts later; no name and no key is kept."""
    site = new_site()
    service = Service(site)
    service.posts = [post(number) for number in range(250)]
    service.troubles = [json_answer({"error": "RateLimitExceeded"}, 429, **{"RateLimit-Remaining": "0"})]
    bench.add("lamps", "bluesky", {"query": "lantern lamp", "language": "nl", "base": site.url})
    first = bench.crawl("lamps")["lamps"]
    assert (first["outcome"], first["pages"], first["added"]) == ("ok", 3, 250)
    assert [asked.path.partition("?")[0] for asked in site.asked] == [LOG_IN, *[SEARCH] * 4]
    assert site.asked[-1].query == {
        "q": "lantern lamp", "lang": "nl", "sort": "latest", "limit": "100", "cursor": "200",
    }  # fmt: skip
    assert bench.crawl("lamps")["lamps"]["pages"] == 1
    service.posts.insert(0, post(-1, {"text": "Nieuwe lamp van vesna: top!"}))
    service.posts[1] = post(0, {"text": "Mijn lantaarnlamp is stuk."})
    third = bench.crawl("lamps")["lamps"]
    assert (third["pages"], third["added"], third["updated"]) == (1, 1, 1)
    with bench.store.reading() as session:
        mention = session.scalars(select(Mention).where(Mention.text == "Mijn lantaarnlamp is stuk.")).one()
        assert mention.url == "https://bsky.app/search?q=lantern+lamp+since%3A2026-03-01+until%3A2026-03-02"
        assert (len(mention.external_id), len(mention.author or "")) == (32, 16)
    # Not read here: closing one of its files in a process that has the store open takes SQLite's locks away.
    files = [str(path) for path in bench.settings.directory.rglob("*") if path.is_file()]
    kept = subprocess.run(["cat", *files], capture_output=True, check=True).stdout
    assert b"Mijn lantaarnlamp" in kept
    for secret in (PASSWORD, TOKEN, "did:plc", "zyxwvut", "bsky.social", "quill.example"):
        assert secret.encode() not in kept, secret
        assert secret not in json.dumps([first, third])


EXPIRED = json_answer({"error": "ExpiredToken", "message": "Token has expired"}, 400)
CODE = json_answer({"error": "AuthFactorTokenRequired", "message": "A sign in code has been sent"}, 401)


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("login", "trouble", "outcome", "reason"),
    [
        (None, EXPIRED, "blocked", "crawl again"),
        (None, json_answer({"error": "InvalidRequest", "message": "q: too long"}, 400), "failed", "q: too long"),
        (None, {"status": 302, "headers": {"Location": "/elsewhere"}}, "failed", "it answered 302"),
        (CODE, None, "blocked", "before the first page: AuthFactorTokenRequired: .*make one in the settings"),
        (
            json_answer({"accessJwt": "a b"}),
            None,
            "layout_changed",
            "before the first page: expected a session as JSON",
        ),
        (
            {"status": 307, "headers": {"Location": "/elsewhere"}},
            None,
            "failed",
            "before the first page: it answered 307",
        ),
    ],
)
def test_a_crawl_that_is_refused(
    login: Any, trouble: Any, outcome: str, reason: str, new_site: Callable[[], Any], bench: Any
) -> None:
    """A first page is kept, no redirect is followed, and the reason says what to do."""
    site = new_site()
    service = Service(site)
    service.posts, service.login = [post(number) for number in range(120)], login
    service.troubles = [json_answer(answer(*service.posts[:100], cursor="100")), trouble]
    bench.add(site.url, "bluesky", {"query": "lamp", "base": site.url})
    result = bench.crawl(site.url)[site.url]
    assert (result["outcome"], result["items"]) == (outcome, 0 if login else 100)
    assert re.search(reason, result["reason"])
    assert TOKEN not in result["reason"]
    assert "/elsewhere" not in site.paths()


def test_credentials_that_are_missing_or_wrong(
    new_site: Callable[[], Any], bench: Any, account: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = new_site()
    Service(site)
    bench.add("wrong", "bluesky", {"query": "lamp", "base": site.url})
    monkeypatch.setenv("OVERHEARD_BLUESKY_PASSWORD", "hunter2hunter2")
    wrong = bench.crawl("wrong")["wrong"]
    assert (wrong["outcome"], site.paths()) == ("blocked", [LOG_IN])
    assert "check both" in wrong["reason"]
    assert "hunter2" not in wrong["reason"]
    monkeypatch.delenv("OVERHEARD_BLUESKY_PASSWORD")
    missing = bench.crawl("wrong")["wrong"]
    assert (missing["outcome"], len(site.paths())) == ("blocked", 1)
    assert "needs your own password: set OVERHEARD_BLUESKY_PASSWORD" in missing["reason"]


def test_recorded_answers(recorded: Path) -> None:
    """A search on the real service of 2025, and a server and an index of the same software that ran here."""
    tape = yaml.safe_load((recorded / "bluesky/f_search.yml").read_text(encoding="utf-8"))
    bodies = {"f_search": tape["http_interactions"][0]["response"]["body"]["string"].encode()}
    for path in sorted((recorded / "servers/bluesky").glob("*.json")):
        bodies[path.stem] = path.read_bytes()
    found = {name: parse(body, URL) for name, body in bodies.items()}
    assert {name: (len(each.items), dict(each.rejected), len(each.next)) for name, each in found.items()} == {
        "f_search": (25, {}, 1),
        "appview_anon": (5, {}, 1),
        "appview_latest": (5, {}, 1),
        "pds_auth": (5, {}, 1),
    }
    for each in found.values():
        dates = [item.published for item in each.items if item.published]
        assert len(dates) == len(each.items)
        assert dates == sorted(dates, reverse=True)
