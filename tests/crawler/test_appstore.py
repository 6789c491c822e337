from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from promises import json_values

from overheard.crawler.outcomes import PageError
from overheard.crawler.page import NO_TEXT
from overheard.crawler.spiders.appstore import HOST, LANGUAGES, STOREFRONTS, AppstoreSpider, page_url, parse
from overheard.errors import UsageError
from overheard.intake.item import Item

URL = page_url(HOST, "nl", "123456789", 1)
JSON_TYPE = {"Content-Type": "text/javascript; charset=utf-8"}


def entry(**changes: Any) -> dict[str, Any]:
    """An entry as the feed has it; None leaves a property out."""
    labels = {
        "id": "90012345",
        "title": "Handig",
        "content": "Werkt snel & goed.",
        "im:rating": "4",
        "im:version": "2.1",
        "updated": "2026-11-01T04:24:23-07:00",
        **changes,
    }
    author = {"name": {"label": "Pim de Vos"}, "uri": {"label": "https://itunes.apple.com/nl/reviews/id7"}}
    link = {"attributes": {"rel": "related", "href": "https://itunes.apple.com/nl/review?id=123456789"}}
    return {"author": author, "link": link} | {
        name: {"label": value} for name, value in labels.items() if value is not None
    }


def feed(*entries: Any, links: Any = None) -> bytes:
    content: dict[str, Any] = {"author": {}, "link": links or []}
    if entries:
        content["entry"] = entries[0] if len(entries) == 1 else list(entries)
    return json.dumps({"feed": content}).encode()


def link(rel: str, href: str) -> dict[str, Any]:
    return {"attributes": {"rel": rel, "href": href}}


def test_an_entry() -> None:
    assert parse(feed(entry(), entry(id="2")), URL).items[0] == Item(
        external_id="90012345",
        text="Werkt snel & goed.",
        title="Handig",
        rating=0.75,
        rating_given="4",
        rating_scale=5.0,
        language="nl",
        author="Pim de Vos",
        url="https://itunes.apple.com/nl/review?id=123456789",
        published=datetime(2026, 11, 1, 11, 24, 23, tzinfo=UTC),
        attributes={"app_version": "2.1", "country": "nl"},
    )


def test_one_entry_is_an_object() -> None:
    assert [item.external_id for item in parse(feed(entry()), URL).items] == ["90012345"]


def test_the_app_itself_is_no_review() -> None:
    app = {"im:name": {"label": "App"}, "id": {"label": "1"}, "title": {"label": "App - Maker"}}
    assert len(parse(feed(app, entry()), URL).items) == 1


@pytest.mark.parametrize("body", [feed(), json.dumps({"feed": {"link": [link("next", "")]}}).encode()])
def test_an_empty_feed_has_no_entries_and_no_next(body: bytes) -> None:
    found = parse(body, page_url(HOST, "nl", "123456789", 2))
    assert (found.items, found.next) == ((), ())


@pytest.mark.parametrize("status", [200, 400, 404])
def test_an_empty_first_page_is_asked_for_under_another_spelling(
    new_site: Callable[[], Any], bench: Any, status: int
) -> None:
    """Of one app the usual spelling has nothing and the other all; an app without reviews has nothing under both."""
    site = new_site()
    place = "/nl/rss/customerreviews"
    for app in (1, 2):
        site.answer(f"{place}/page=1/id={app}/sortBy=mostRecent/json", {"body": feed(), "headers": JSON_TYPE})
    pages = [feed(entry(id="1"), entry(id="2")), feed(entry(id="3")), feed()]
    for number, body in enumerate(pages, 1):
        path = f"{place}/id=1/page={number}/sortby=mostrecent/json"
        site.answer(path, {"body": body, "headers": JSON_TYPE})
    other = f"{place}/id=2/page=1/sortby=mostrecent/json"
    site.answer(other, {"body": feed() if status == 200 else b"no", "status": status, "headers": JSON_TYPE})
    bench.add(f"spelt otherwise {status}", "appstore", {"id": "1", "country": "nl", "base": site.url})
    bench.add(f"without reviews {status}", "appstore", {"id": "2", "country": "nl", "base": site.url})
    found = bench.crawl(f"spelt otherwise {status}", f"without reviews {status}").values()
    assert [(result["outcome"], result["items"], result["pages"]) for result in found] == [
        ("ok", 3, 4),
        ("empty", 0, 2),
    ]


def test_the_eleventh_page_is_never_asked_for(new_site: Callable[[], Any], bench: Any) -> None:
    """It answers 400, however many reviews there are, and the feed's links go on for ever."""
    site = new_site()
    onward = [link("next", "https://itunes.apple.com/nl/rss/customerreviews/page=99/id=7/xml")]
    for number in range(1, 11):
        entries = [entry(id=f"{number}-{one}") for one in range(50)]
        path = f"/nl/rss/customerreviews/page={number}/id=7/sortBy=mostRecent/json"
        site.answer(path, {"body": feed(*entries, links=onward), "headers": JSON_TYPE})
    site.answer(
        "/nl/rss/customerreviews/page=11/id=7/sortBy=mostRecent/json", {"status": 400, "body": "page depth is limited"}
    )
    bench.add("deep", "appstore", {"id": "7", "country": "nl", "base": site.url})
    result = bench.crawl("deep")["deep"]
    assert (result["outcome"], result["items"], result["pages"]) == ("ok", 500, 10)
    assert not [path for path in site.paths() if "page=11" in path]


def test_what_entries_may_lack() -> None:
    lacking = [
        entry(id=str(number), **{name: None})
        for number, name in enumerate(["updated", "title", "im:version", "content"])
    ]
    found = parse(feed(*lacking, entry(content=None, title=None), {"im:rating": {"label": "3"}}), URL)
    assert [item.external_id for item in found.items] == ["0", "1", "2", "3"]
    assert found.items[0].published is None
    assert (found.items[3].text, found.items[3].title) == ("", "Handig")
    assert found.rejected == {NO_TEXT: 2}


@pytest.mark.parametrize(
    ("number", "links", "expected"),
    [
        (1, None, 2),
        (9, None, 10),
        (10, None, None),
        (3, [link("next", "")], None),
        (3, [link("next", "https://itunes.apple.com/nl/rss/customerreviews/page=4/id=1/xml")], 4),
        (3, [link("last", "https://itunes.apple.com/nl/rss/customerreviews/page=3/id=1/xml")], None),
        (3, link("last", "https://itunes.apple.com/nl/rss/customerreviews/page=8/id=1/xml"), 4),
    ],
)
def test_paging(number: int, links: Any, expected: int | None) -> None:
    found = parse(feed(entry(), links=links), page_url(HOST, "nl", "1", number))
    assert found.next == ((page_url(HOST, "nl", "1", expected),) if expected else ())


@pytest.mark.parametrize(
    ("country", "language"), [("nl", "nl"), ("at", "de"), ("br", "pt"), ("be", None), ("ch", None)]
)
def test_a_country_speaks_for_a_language_where_it_has_one(country: str, language: str | None) -> None:
    assert parse(feed(entry()), page_url(HOST, country, "1", 1)).items[0].language == language


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"<html><title>Store</title><p>" + b"Come in. " * 300, "layout_changed"),
        (b"<title>Sign in</title><input type=password>", "blocked"),
        (b"CustomerReviews RSS page depth is limited", "layout_changed"),
        (b"[]", "layout_changed"),
        (b'{"feed": null}', "layout_changed"),
        (b"", "layout_changed"),
    ],
)
def test_what_is_no_feed(body: bytes, outcome: str) -> None:
    with pytest.raises(PageError, match=r"expected Apple's feed as JSON|log in") as caught:
        parse(body, URL)
    assert caught.value.outcome == outcome


JSON = json_values("label", "attributes", "im:rating", "id", "content", "author", "link")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON, JSON)
def test_any_json_is_a_page_that_can_be_stored(entries: Any, links: Any) -> None:
    for item in parse(json.dumps({"feed": {"entry": entries, "link": links}}).encode(), URL).items:
        repr(item).encode()
        assert item.text or item.title


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"id": "123", "country": "be"}, {"id": "123", "country": "be"}),
        ({"id": "id123", "country": "NL|be"}, {"id": "123", "country": "be|nl"}),
        ({"url": "https://apps.apple.com/be/app/some-app/id123?l=fr"}, {"id": "123", "country": "be"}),
        (
            {"id": "1", "country": "be", "base": "http://127.0.0.1:8000/"},
            {"id": "1", "country": "be", "base": "http://127.0.0.1:8000"},
        ),
    ],
)
def test_a_target(target: dict[str, str], expected: dict[str, str]) -> None:
    assert AppstoreSpider.validate(target) == expected


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"id": "abc", "country": "be"}, "app id 'abc' is no number"),
        ({"id": "1"}, "needs 'country'"),
        ({"id": "1", "country": "belgium"}, "no code of two letters"),
        ({"id": "1", "country": "be|zz"}, "country 'zz' has no App Store"),
        ({"id": "1", "country": "uk"}, "the United Kingdom is 'gb'"),
        ({"id": "1", "country": "be", "colour": "red"}, "has no 'colour'"),
        ({"id": "1", "country": "|"}, "needs 'country'|no code"),
        ({"url": "https://shop.example/"}, "has no 'url'"),
        ({"id": "1", "country": "be", "base": "ftp://x"}, "no web address"),
    ],
)
def test_a_wrong_target(target: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        AppstoreSpider.validate(target)
    assert "\n" not in str(caught.value)


def test_every_country_with_a_language_has_a_store() -> None:
    assert len(STOREFRONTS) == 175
    assert not set(LANGUAGES) - STOREFRONTS


def test_several_countries_begin_several_listings() -> None:
    urls = AppstoreSpider.first_urls({"id": "1", "country": "be|nl"})
    assert urls == [page_url(HOST, "be", "1", 1), page_url(HOST, "nl", "1", 1)]


def test_real_feeds_of_others() -> None:
    """Recorded feeds, where they are at hand."""
    folder = Path(os.environ.get("OVERHEARD_SHARED", Path(__file__).parents[2].parent / "shared")) / "payloads"
    if not folder.is_dir():
        pytest.skip(f"no recorded feeds at {folder}; name their folder in OVERHEARD_SHARED")
    counts = {path.stem: len(parse(path.read_bytes(), URL).items) for path in folder.glob("appstore/*.json")}
    assert sorted(counts.values()) == [0, 2, 50]
