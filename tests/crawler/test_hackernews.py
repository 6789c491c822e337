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

from overheard.crawler.api import OTHER_FORM, query_of
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import NO_TEXT
from overheard.crawler.spiders.hackernews import HackernewsSpider, parse
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.store.tables import Mention

URL = HackernewsSpider.first_urls({"query": "lanternly"})[0]
LATEST = 1_760_000_000


def comment(number: int, **changes: Any) -> dict[str, Any]:
    """A comment as the search shows it, one a second, the first the newest."""
    return {
        "created_at": "2025-10-09T08:53:20.000Z",
        "title": None,
        "url": None,
        "author": "wickedwick",
        "points": None,
        "story_text": None,
        "comment_text": f"Lanternly war heute zum {number}. Mal schnell.",
        "num_comments": None,
        "story_id": 900,
        "story_title": "Lanternly opens its reader",
        "story_url": "https://lanternly.example/reader",
        "parent_id": 901,
        "created_at_i": LATEST - number,
        "_tags": ["comment", "author_wickedwick", "story_900"],
        "objectID": str(45_000_000 - number),
        "_highlightResult": {"comment_text": {"value": "<em>Lanternly</em>", "matchLevel": "full"}},
    } | changes


def story(number: int, **changes: Any) -> dict[str, Any]:
    own = {
        "title": "Show HN: Lanternly, un lecteur de pages",
        "url": "https://lanternly.example/lecteur",
        "comment_text": None,
        "story_title": None,
        "points": 12,
        "num_comments": 3,
        "_tags": ["story", "author_wickedwick", f"story_{number}", "show_hn"],
    }
    return comment(number) | own | changes


def answer(*hits: Any, total: int | None = None, page: int = 0, pages: int = 1) -> dict[str, Any]:
    return {
        "hits": list(hits),
        "nbHits": len(hits) if total is None else total,
        "page": page,
        "nbPages": pages,
        "hitsPerPage": 100,
        "exhaustiveNbHits": True,
        "query": "lanternly",
        "params": "advancedSyntax=true&query=lanternly",
        "processingTimeMS": 4,
    }


def search(shown: list[dict[str, Any]], query: dict[str, str]) -> bytes:
    """Answer as the service does: newest first, filtered by time, and no more than 1,000 matches of a query."""
    latest = int(query.get("numericFilters", "<=9999999999").partition("<=")[2])
    found = sorted((hit for hit in shown if hit["created_at_i"] <= latest), key=lambda hit: -hit["created_at_i"])
    size, number = int(query["hitsPerPage"]), int(query["page"])
    pages = -(-min(len(found), 1000) // size)
    hits = found[:1000][number * size : (number + 1) * size]
    return json.dumps(answer(*hits, total=len(found), page=number, pages=pages)).encode()


def test_a_comment() -> None:
    text = "<i>&gt; it is slow</i><p>Ik vind <b>Lanternly</b> juist snel &amp; fijn.<p>&gt; and dear<p>Niet duur ook."
    found = parse(json.dumps(answer(comment(0, comment_text=text), total=17)).encode(), URL)
    assert found.claimed == 17
    assert found.items == (
        Item(
            external_id="45000000",
            text="Ik vind Lanternly juist snel & fijn.\n\nNiet duur ook.",
            author="wickedwick",
            url="https://news.ycombinator.com/item?id=45000000",
            published=datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC),
            attributes={"thread": "Lanternly opens its reader"},
        ),
    )


def test_a_story_with_a_text_and_a_link() -> None:
    found = parse(json.dumps(answer(story(1, story_text="C&#x27;est rapide."))).encode(), URL)
    (item,) = found.items
    assert (item.title, item.text) == ("Show HN: Lanternly, un lecteur de pages", "C'est rapide.")
    assert item.attributes == {"link": "https://lanternly.example/lecteur"}


@pytest.mark.parametrize(
    "link",
    ["https://wickedwick.example/lanternly", "https://blog.example/@wickedwick/lanternly", "javascript:alert(1)", ""],
)
def test_a_link_that_names_its_author_or_is_none_is_not_kept(link: str) -> None:
    (item,) = parse(json.dumps(answer(story(1, url=link))).encode(), URL).items
    assert item.attributes == {}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("&gt; quoted\nMio.", "Mio."),
        ("&gt; quoted<p>&gt;&gt; quoted before<p>Mio.", "Mio."),
        ("<i>&gt; quoted\nstill quoted</i> Mio.", "Mio."),
        ("<i>&gt; never closed<p>Mio.", "Mio."),
        ("Mio.<p>> a bare sign", "Mio."),
        ("Più &gt; meno, e <i>mio</i>.", "Più > meno, e mio."),
        ("Mio <a href=\"https:&#x2F;&#x2F;lanternly.example\">qui</a>.", "Mio qui."),
        ("Mio: <a href=\"https:&#x2F;&#x2F;l.example&#x2F;a&amp;b\">https:&#x2F;&#x2F;l.example...</a>",
         "Mio: https://l.example/a&b"),
        ("Mio <a href=\"https:&#x2F;&#x2F;l.example\">aspetta...</a>", "Mio aspetta..."),
    ],
)  # fmt: skip
def test_words_of_others_are_left_out_and_links_are_whole(given: str, text: str) -> None:
    (item,) = parse(json.dumps(answer(comment(1, comment_text=given))).encode(), URL).items
    assert item.text == text


def test_what_cannot_be_used_is_counted() -> None:
    hits = [
        comment(1),
        comment(2, comment_text="&gt; only a quote"),
        comment(3, comment_text=None),
        comment(4, objectID="../5"),
        {"comment_text": "no id"},
        "what?",
    ]
    found = parse(json.dumps(answer(*hits)).encode(), URL)
    assert [item.external_id for item in found.items] == ["44999999"]
    assert found.rejected == {NO_TEXT: 2, OTHER_FORM: 3}


@pytest.mark.parametrize(
    ("hits", "rest", "kept", "following"),
    [
        ([comment(1), comment(2)], {"total": 2}, 2, {}),
        ([comment(1), comment(2)], {"total": 150, "pages": 2}, 1, {"numericFilters": "created_at_i<=1759999998"}),
        ([comment(1), comment(1)], {"total": 150, "pages": 2}, 2, {"page": "1"}),
        ([comment(1), "?"], {"total": 150, "pages": 2}, 2, {"page": "1"}),
        ([comment(1), comment(2)], {"total": 1500, "page": 9, "pages": 10}, 1, {"page": "0"}),
        ([], {"total": 150, "pages": 2}, 0, {}),
    ],
)
def test_the_next_page(hits: list[Any], rest: dict[str, Any], kept: int, following: dict[str, str]) -> None:
    found = parse(json.dumps(answer(*hits, **rest)).encode(), URL)
    assert len(found.items) + sum(found.rejected.values()) == kept
    assert bool(found.next) is bool(following)
    for url in found.next:
        assert query_of(url).items() >= (query_of(URL) | following).items()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 130), min_size=1, max_size=30))
def test_no_match_is_lost_or_read_twice_where_slices_meet_in_one_second(together: list[int]) -> None:
    """So many matches share each second; a query shows 1,000."""
    seconds = [second for second, count in enumerate(together) for _ in range(count)]
    shown = [comment(number, created_at_i=LATEST - second) for number, second in enumerate(seconds)]
    seen, url = [], URL
    while url:
        found = parse(search(shown, dict(query_of(url))), url)
        seen += [item.external_id for item in found.items]
        url = found.next[0] if found.next else ""
    assert seen == [hit["objectID"] for hit in shown]


def test_more_matches_of_one_second_than_are_shown_are_a_failure_and_not_lost_quietly() -> None:
    shown = [comment(number, created_at_i=LATEST) for number in range(1001)]
    asked = dict(query_of(URL)) | {"page": "9"}
    with pytest.raises(PageError, match="1000 of 1001") as caught:
        parse(search(shown, asked), URL)
    assert caught.value.outcome == "failed"


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"<html><title>Just a moment...</title><p>Checking", "blocked"),
        (b"<html><p>Something went wrong", "layout_changed"),
        (b'{"message": "Invalid value for numericFilters", "status": 400}', "layout_changed"),
        (b'{"hits": null}', "layout_changed"),
        (b"null", "layout_changed"),
        (b"", "layout_changed"),
    ],
)
def test_what_is_no_page(body: bytes, outcome: str) -> None:
    assert refused(parse, body, URL).outcome == outcome


JSON = json_values(*comment(1))


@settings(max_examples=60, deadline=None)
@given(JSON, JSON, st.sampled_from(list(answer())), st.sampled_from(list(comment(1))))
def test_any_json_is_a_page_that_can_be_stored(one: Any, other: Any, key: str, field: str) -> None:
    storable(parse, json.dumps(answer(one, comment(1) | {field: other}, pages=3) | {key: other}).encode(), URL)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"query": " Lanternly "}, {"query": "Lanternly"}),
        ({"query": "Lantern  Games", "tags": "Comment"}, {"query": "Lantern Games", "tags": "comment"}),
        ({"query": "Lanternly", "tags": "story|comment"}, {"query": "Lanternly"}),
        ({"query": "Lanternly", "base": "http://127.0.0.1:8000/"}, {"query": "Lanternly", "base": "http://127.0.0.1:8000"}),
    ],
)  # fmt: skip
def test_a_target(target: dict[str, str], expected: dict[str, str]) -> None:
    assert HackernewsSpider.validate(target) == expected


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({}, "needs 'query'"),
        ({"query": '"!"'}, "holds no word"),
        ({"query": "Lanternly", "tags": "job"}, "expected one of story, comment"),
        ({"query": "Lanternly", "page": "2"}, "has no 'page'"),
    ],
)
def test_a_wrong_target(target: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        HackernewsSpider.validate(target)


@pytest.mark.parametrize(
    ("target", "query", "tags"),
    [
        ({"query": "Lanternly"}, "Lanternly", "(story,poll,comment)"),
        ({"query": "Lantern Games", "tags": "story"}, '"Lantern Games"', "(story,poll)"),
        ({"query": "lantern-ly", "tags": "comment"}, '"lantern-ly"', "(comment)"),
        ({"query": '"Lantern Games" -poker'}, '"Lantern Games" -poker', "(story,poll,comment)"),
    ],
)
def test_what_is_asked_for_is_exact_and_a_phrase(target: dict[str, str], query: str, tags: str) -> None:
    asked = query_of(HackernewsSpider.first_urls(target)[0])
    assert (asked["query"], asked["tags"]) == (query, tags)
    assert (asked["typoTolerance"], asked["advancedSyntax"], asked["queryType"]) == ("false", "true", "prefixNone")
    assert asked["restrictSearchableAttributes"] == "title,story_text,comment_text"


def test_crawls_of_a_query(new_site: Callable[[], Any], bench: Any) -> None:
    """All slices at first, after a wait where it asks for one; one page later; what is new and edited is found."""
    site, refusing = new_site(), new_site()
    now = int(time.time()) - 60
    shown = [comment(number, created_at_i=now - number // 3) for number in range(250)]
    busy = [{"status": 429, "headers": {"Retry-After": "1"}, "body": "too many requests"}]

    def serve(asked: Any) -> dict[str, Any]:
        found = shown if asked.query["query"] == "lanternly" else []
        body = search(found, asked.query)
        return busy.pop() if busy else {"body": body, "headers": {"Content-Type": "application/json; charset=utf-8"}}

    site.serve("/api/v1/search_by_date", serve)
    refusing.serve("/api/v1/search_by_date", lambda asked: {"status": 403, "body": '{"message": "Forbidden"}'})
    bench.add("brand", "hackernews", {"query": "lanternly", "base": site.url})
    bench.add("none", "hackernews", {"query": "Quiet Lantern", "base": site.url})
    bench.add("refused", "hackernews", {"query": "lanternly", "base": refusing.url})
    first = bench.crawl("brand", "none", "refused")
    assert (first["brand"]["outcome"], first["brand"]["pages"], first["brand"]["added"]) == ("ok", 3, 250)
    assert (first["none"]["outcome"], first["none"]["items"]) == ("empty", 0)
    assert (first["refused"]["outcome"], first["refused"]["pages"]) == ("blocked", 0)
    assert site.asked[1].at - site.asked[0].at >= 1
    assert "/robots.txt" not in {asked.path for asked in site.asked}
    second = bench.crawl("brand")["brand"]
    assert (second["outcome"], second["pages"], second["added"], second["updated"]) == ("ok", 1, 0, 0)
    shown.insert(0, story(-1, created_at_i=now + 1))
    text = "&gt; Lanternly is quick<p>Lanternly es lento, he cambiado de idea."
    shown[1] = comment(0, created_at_i=now, comment_text=text)
    third = bench.crawl("brand")["brand"]
    assert (third["pages"], third["added"], third["updated"]) == (1, 1, 1)
    with bench.store.reading() as session:
        mention = session.scalars(select(Mention).where(Mention.text.startswith("Lanternly es lento"))).one()
        assert mention.url == "https://news.ycombinator.com/item?id=45000000"
        assert "wickedwick" not in f"{mention.author} {mention.attributes}"


def test_recorded_answers(recorded: Path) -> None:
    """Real answers of one match each; the others of the file are no searches."""
    text = (recorded / "hackernews/fixtures.json").read_text(encoding="utf-8")
    items = []
    for exchange in json.loads(text):
        if "/search" not in exchange["url"]:
            continue
        found = parse(json.dumps(exchange["reply"]).encode(), "https://hn.algolia.com" + exchange["url"])
        assert found.rejected == {}
        assert found.next
        assert found.claimed == exchange["reply"]["nbHits"]
        items += found.items
    assert len(items) == text.count('"_highlightResult"') == 24
    assert all(item.published and item.author and (item.text or item.title) for item in items)
    assert sum(bool(item.title) for item in items) == 24 - text.count('"_tags":["comment"') == 18
