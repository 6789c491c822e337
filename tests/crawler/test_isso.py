from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from promises import json_values, refused, storable
from sqlalchemy import select

from overheard.crawler.api import OTHER_FORM
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import NO_TEXT, Page
from overheard.crawler.spiders.isso import IssoSpider, parse, parse_latest
from overheard.errors import UsageError
from overheard.intake.duplicates import group_duplicates
from overheard.intake.item import Item
from overheard.store.tables import Fingerprint, Mention

HOME = "https://comments.example"
SITE = "https://brewlog.example"
(URL,) = IssoSpider.first_urls({"url": HOME, "uri": "/grinder/"})
(LATEST,) = IssoSpider.first_urls({"url": HOME})
TEXTS = [
    "The grinder is loud but even.", "Das Mahlwerk ist nach einem Monat stumpf.", "Prima maling, snel geleverd.",
    "Râșnița face zgomot, dar merge.", "La maniglia si è rotta subito.", "Le réglage est très précis.",
    "El depósito es demasiado pequeño.", "Chegou bem embalado e a tempo.",
]  # fmt: skip


def comment(number: int, **changes: Any) -> dict[str, Any]:
    """A comment as a thread has it."""
    return {
        "id": number, "parent": None, "created": 1_770_000_000.25 + number, "modified": None, "mode": 1,
        "text": f"<p>{TEXTS[number % 8]} ({number})</p>", "author": f"Fenna Roos {number}", "website": None,
        "likes": 2, "dislikes": 0, "notification": None, "hash": "9f2b61c0aa17", "total_replies": 0,
        "hidden_replies": 0, "replies": [],
    } | changes  # fmt: skip


def listed(number: int, uri: str = "/grinder/", **changes: Any) -> dict[str, Any]:
    """A comment as the list of all threads has it."""
    missing = ("notification", "hash", "total_replies", "hidden_replies", "replies")
    return {name: value for name, value in comment(number, uri=uri, **changes).items() if name not in missing}


def page(*roots: Any, total: int | None = None, **changes: Any) -> bytes:
    known = {"id": None, "total_replies": total, "hidden_replies": 0, "replies": roots, "config": {"feed": True}}
    return json.dumps(known | changes).encode()


def numbers(found: Page) -> list[str]:
    """The numbers that the comments of a page have at the server."""
    return [(item.external_id or "").partition("@")[0] for item in found.items]


def test_a_comment() -> None:
    text = "<p>Sehr <strong>leise</strong> &amp; schnell.<br>Top!</p>"
    found = parse(page(comment(7, text=text, modified=1_770_000_107.25), total=1), URL, site=SITE)
    assert found.claimed == 1
    assert found.items == (
        Item(
            external_id="7@1770000007",
            text="Sehr leise & schnell.\nTop!",
            author="Fenna Roos 7",
            url="https://brewlog.example/grinder/#isso-7",
            published=datetime(2026, 2, 2, 2, 40, 7, 250000, tzinfo=UTC),
            edited=datetime(2026, 2, 2, 2, 41, 47, 250000, tzinfo=UTC),
            attributes={"thread": "/grinder/"},
        ),
    )


def test_replies_are_comments_and_deleted_ones_are_none() -> None:
    gone = comment(1, mode=4, text="<p></p>", author=None, replies=[comment(3, parent=1), comment(4, parent=1)])
    found = parse(page(gone, comment(2, author=None, replies=[comment(5, mode=4, text="")]), total=5), URL)
    assert numbers(found) == ["3", "4", "2"]
    assert (found.rejected, found.claimed, found.items[2].author) == ({}, 3, None)


def test_the_number_of_a_deleted_comment_is_given_to_another() -> None:
    forms = {"created": 1_770_000_007.2}, {"created": 1_770_000_007.2, "modified": 1_770_000_300.0}, {"created": 1.8e9}
    one, edited, other = (parse(page(comment(7, **form)), URL).items[0].external_id for form in forms)
    assert one == edited != other


def test_what_a_comment_quotes_is_not_its_own() -> None:
    quoting = "<blockquote>\n<p>Der Trichter ist zu klein.</p>\n</blockquote>\n<p>Das sehe ich anders.</p>"
    found = parse(page(comment(1, text=quoting), comment(2, text="<blockquote><p>Ja.</p></blockquote>")), URL)
    assert [item.text for item in found.items] == ["Das sehe ich anders."]
    assert found.rejected == {NO_TEXT: 1}


def test_what_identifies_an_author_is_not_taken() -> None:
    one = parse(page(comment(1, website="https://fenna-roos.example")), URL, site=SITE).items[0]
    assert "9f2b61c0aa17" not in repr(one)
    assert "fenna-roos" not in repr(one)


@pytest.mark.parametrize(
    ("uri", "site", "address"),
    [
        ("/grinder/", SITE, "https://brewlog.example/grinder/#isso-1"),
        ("/p?id=3", f"{SITE}/", "https://brewlog.example/p?id=3#isso-1"),
        ("/grinder/", "", None),
        ("/grinder/", "*", None),
        ("/grinder/", "null", None),
        ("//[", SITE, None),
        ("", SITE, None),
    ],
)
def test_the_address_of_a_comment(uri: str, site: str, address: str | None) -> None:
    (found,) = parse_latest(json.dumps([listed(1, uri)]).encode(), LATEST, site=site).items
    assert found.url == address


def test_a_thread_that_is_cut_goes_on_behind_its_last_comment() -> None:
    cut = parse(page(comment(1), comment(2), hidden_replies=3, total=5), URL)
    assert cut.next == (f"{URL}&after=1770000002.25",)
    assert parse(page(comment(1)), URL).next == ()
    assert parse(page(hidden_replies=3), cut.next[0]).next == ()


@pytest.mark.parametrize(
    ("count", "limit", "taken", "following"), [(2, 3, 2, None), (3, 3, 2, "30"), (0, 3, 0, None), (30, 30, 29, "300")]
)
def test_a_list_as_long_as_was_asked_for_is_asked_for_again(
    count: int, limit: int, taken: int, following: str | None
) -> None:
    body = json.dumps([listed(number) for number in range(count)]).encode()
    found = parse_latest(body, LATEST.replace("250", str(limit)))
    assert len(found.items) == taken
    assert found.next == ((f"{HOME}/latest?limit={following}",) if following else ())


def test_what_cannot_be_used_is_counted() -> None:
    found = parse(page(comment(1), comment(2, text=None), {"text": "no id"}, "what?", comment(3, replies="x")), URL)
    assert numbers(found) == ["1", "3"]
    assert found.rejected == {NO_TEXT: 1, OTHER_FORM: 2}


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"<!doctype html><title>400 Bad Request</title>", "layout_changed"),
        (b"<html><title>Just a moment...</title>", "blocked"),
        (b'{"message": "404 Not Found"}', "layout_changed"),
        (b"null", "layout_changed"),
        (b"7", "layout_changed"),
        (b"", "layout_changed"),
    ],
)
@pytest.mark.parametrize("read", [parse, parse_latest])
def test_what_is_no_page(read: Callable[..., Any], body: bytes, outcome: str) -> None:
    assert refused(read, body, URL).outcome == outcome


def test_a_thread_is_no_list_and_a_list_no_thread() -> None:
    for read, body in ((parse, b"[]"), (parse_latest, page())):
        with pytest.raises(PageError, match="other JSON"):
            read(body, URL)


JSON = json_values(*comment(1), "uri")


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from([*comment(1), "uri"]), JSON), JSON, st.text(max_size=12))
def test_any_json_is_a_page_that_can_be_stored(changes: dict[str, Any], other: Any, site: str) -> None:
    odd = comment(1, **changes)
    threads = [page(odd), page(odd, hidden_replies=1), page(other), json.dumps(other).encode()]
    for read, body in [*((parse, body) for body in threads), (parse_latest, json.dumps([odd, other]).encode())]:
        assert all(item.text for item in storable(read, body, URL, site=site))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"url": "https://comments.example/"}, {"url": "https://comments.example"}),
        ({"url": "https://brewlog.example/isso/", "uri": " /p?id=3 "},
         {"url": "https://brewlog.example/isso", "uri": "/p?id=3"}),
    ],
)  # fmt: skip
def test_a_target(target: dict[str, str], expected: dict[str, str]) -> None:
    assert IssoSpider.validate(target) == expected
    assert IssoSpider.validate(expected) == expected


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({}, "needs 'url'"),
        ({"url": "comments.example"}, "no web address"),
        ({"url": f"{HOME}/?uri=/grinder/"}, "the server's own address"),
        ({"url": HOME, "uri": "grinder"}, "the path of the thread's page"),
        ({"url": HOME, "limit": "5"}, "has no 'limit'"),
    ],
)
def test_a_wrong_target(target: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        IssoSpider.validate(target)


class Server:
    """Isso with its threads by path; `deque` says how it lists all: replies behind all others, and the end of that."""

    def __init__(self, site: Any) -> None:
        self.threads: dict[str, list[dict[str, Any]]] = {}
        self.busy = 1
        site.serve("/", self.thread)
        site.serve("/latest", self.latest)

    def add(self, uri: str, number: int, *, parent: int | None = None, **changes: Any) -> None:
        """Write a comment, some minutes ago, the higher its number the fewer."""
        created = time.time() - 200_000 + 60 * number
        self.threads.setdefault(uri, []).append(comment(number, parent=parent, created=created, **changes))

    def thread(self, asked: Any) -> dict[str, Any]:
        if self.busy:
            self.busy -= 1
            return {"status": 503, "headers": {"Retry-After": "0"}, "body": b""}
        shown = self.threads.get(asked.query["uri"], [])
        roots = [each for each in shown if each["parent"] is None]
        nested = [each | {"replies": [reply for reply in shown if reply["parent"] == each["id"]]} for each in roots]
        return self.answer(page(*nested, total=len(shown)))

    def latest(self, asked: Any) -> dict[str, Any]:
        shown = [each | {"uri": uri} for uri, given in self.threads.items() for each in given if each["mode"] == 1]
        shown.sort(key=lambda each: (each["parent"] is not None, each["created"]))
        return self.answer(json.dumps(shown[-int(asked.query["limit"]) :]).encode())

    def answer(self, body: bytes) -> dict[str, Any]:
        return {"body": body, "headers": {"Content-Type": "application/json", "Access-Control-Allow-Origin": SITE}}


def test_crawls_of_one_thread(new_site: Callable[[], Any], bench: Any) -> None:
    """The whole thread each time: new and edited comments and replies are found, deleted ones have vanished."""
    site = new_site()
    server = Server(site)
    for number in range(1, 21):
        server.add("/grinder/", number)
    server.add("/grinder/", 21, parent=3)
    bench.add("thread", "isso", {"url": site.url, "uri": "/grinder/"})
    bench.add("quiet", "isso", {"url": site.url, "uri": "/quiet/"})
    first = bench.crawl("thread", "quiet")
    assert (first["thread"]["outcome"], first["thread"]["pages"], first["thread"]["added"]) == ("ok", 1, 21)
    assert (first["quiet"]["outcome"], first["quiet"]["items"]) == ("empty", 0)
    assert "/robots.txt" in [asked.path for asked in site.asked]
    server.add("/grinder/", 22, parent=3, text="<p>Dat klopt niet meer.</p>")
    shown = server.threads["/grinder/"]
    shown[1] |= {"text": "<p>Inzwischen klemmt alles.</p>", "modified": time.time()}
    shown[2] |= {"text": "<p></p>", "mode": 4, "author": None}
    group_duplicates(bench.store)
    second = bench.crawl("thread")["thread"]
    assert (second["outcome"], second["pages"], second["added"], second["updated"]) == ("ok", 1, 1, 1)
    with bench.store.reading() as session:
        mention = session.scalars(select(Mention).where(Mention.text.startswith("Inzwischen"))).one()
        assert (mention.reply_state, mention.url) == ("unknown", f"{SITE}/grinder/#isso-2")
        assert "Fenna" not in (mention.author or "")
        gone = session.scalars(select(Mention).where(Mention.vanished.is_not(None))).all()
        assert [each.external_id.partition("@")[0] for each in gone] == ["3"]
        changed = select(Mention.external_id).where(Mention.id.not_in(select(Fingerprint.mention_id)))
        numbers = {each.partition("@")[0] for each in session.scalars(changed)}
        assert numbers == {"2", "3", "22"}  # are compared with the others again


def test_crawls_of_all_threads(new_site: Callable[[], Any], bench: Any) -> None:
    """Replies crowd out the others from the list of a big site, so a longer one is asked for until it is not cut."""
    site = new_site()
    server = Server(site)
    for number in range(1, 21):
        server.add("/grinder/", number)
    for number in range(21, 281):
        server.add("/kettle/", number, parent=20)
    bench.add("all", "isso", {"url": site.url})
    first = bench.crawl("all")["all"]
    assert (first["outcome"], first["pages"], first["added"]) == ("ok", 2, 280)
    assert site.paths() == ["/latest?limit=250", "/latest?limit=2500"]
    server.threads["/kettle/"] = server.threads["/kettle/"][:200]
    server.add("/lamp/", 2000, text="<p>Nieuw licht.</p>")
    second = bench.crawl("all")["all"]
    assert (second["outcome"], second["pages"], second["added"], second["updated"]) == ("ok", 1, 1, 0)


def test_a_server_that_lists_no_threads_or_keeps_us_out(new_site: Callable[[], Any], bench: Any) -> None:
    off, closed = new_site(), new_site()
    off.answer("/latest?limit=250", {"status": 404, "body": b"<title>404 Not Found</title>"})
    closed.answer("/robots.txt", {"body": b"User-agent: *\nDisallow: /\n", "headers": {"Content-Type": "text/plain"}})
    bench.add("off", "isso", {"url": off.url})
    bench.add("closed", "isso", {"url": closed.url, "uri": "/grinder/"})
    found = bench.crawl("off", "closed")
    assert (found["off"]["outcome"], "404" in found["off"]["reason"]) == ("failed", True)
    assert (found["closed"]["outcome"], closed.paths()) == ("blocked", [])


def test_recorded_answers(recorded: Path) -> None:
    """Answers of a real server, version 0.14, whose thread was cut at three comments of five."""
    folder = recorded / "servers/isso"
    counts = {}
    for name, read, url in (("thread", parse, URL), ("latest", parse_latest, LATEST)):
        content = (folder / f"{name}.json").read_text(encoding="utf-8")
        headers = (folder / f"{name}.json.headers").read_text(encoding="utf-8").splitlines()
        (site,) = [line.split(": ")[1] for line in headers if line.startswith("Access-Control-Allow-Origin")]
        found = read(content.encode(), url, site=site)
        assert found.rejected == {}
        assert len(found.items) == content.count('"created"')
        assert all(item.url and item.url.startswith(site) and item.published for item in found.items)
        counts[name] = (len(found.items), found.claimed, len(found.next))
    assert counts == {"thread": (3, 5, 1), "latest": (5, None, 0)}
