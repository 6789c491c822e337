from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from promises import json_values, refused, storable
from sqlalchemy import select

from overheard.crawler.api import OTHER_FORM
from overheard.crawler.page import NO_TEXT
from overheard.crawler.spiders.lemmy import GONE, LemmySpider, parse, words
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.store.tables import Mention

POSTS, COMMENTS = LemmySpider.first_urls({"url": "https://lemmy.example/c/coffee"})
FOUND_POSTS, FOUND_COMMENTS = LemmySpider.first_urls({"url": "https://lemmy.example", "query": "Copper Kettle"})

SAID = (
    "Der Kaffee schmeckt verbrannt.",
    "Coffee arrived fresh, two days early.",
    "El café llegó tarde y frío.",
    "Un café parfait, je recommande.",
    "Il chicco è buono, la scatola no.",
    "De bonen zijn heerlijk!",
    "O café é bom mas caro.",
    "Cafeaua e bună, livrarea nu.",
)
NUMBERS = (32, 37, 39, 47, 71, 115, 130, 134)
CODES = ("de", "en", "es", "fr", "it", "nl", "pt", "ro")


START = datetime.now(UTC).replace(microsecond=125_000) - timedelta(days=1)
"""Of late, for a source where nothing comes any more is stale."""


def moment(number: int) -> str:
    """The time that something was written at, as newer versions spell it: one a minute."""
    return (START + timedelta(minutes=number)).isoformat().replace("+00:00", "Z")


def around(number: int, home: str = "lemmy.example") -> dict[str, Any]:
    """What stands around a post or a comment of a list."""
    name = f"roaster_{number}"
    return {
        "creator": {"id": 40 + number, "name": name, "actor_id": f"https://{home}/u/{name}", "bot_account": False},
        "community": {"id": 3, "name": "coffee", "title": "Coffee", "actor_id": "https://lemmy.example/c/coffee"},
        "counts": {"score": 4, "upvotes": 5, "downvotes": 1},
        "saved": False,
    }


def post(number: int, **changes: Any) -> dict[str, Any]:
    """A post of a list."""
    said = {
        "id": number,
        "name": f"Copper Kettle, bag {number}",
        "body": SAID[number % 8],
        "creator_id": 40 + number,
        "community_id": 3,
        "removed": False,
        "locked": False,
        "published": moment(number),
        "deleted": False,
        "nsfw": False,
        "ap_id": f"https://toots.example/users/roaster_{number}/statuses/{number}",
        "local": False,
        "language_id": NUMBERS[number % 8],
        "featured_community": False,
        "featured_local": False,
    }
    return {"post": said | changes} | around(number)


def comment(number: int, **changes: Any) -> dict[str, Any]:
    """A comment of a list."""
    said = {
        "id": number,
        "creator_id": 40 + number,
        "post_id": 7,
        "content": f"{SAID[number % 8]} ({number})",
        "removed": False,
        "published": moment(number),
        "deleted": False,
        "ap_id": f"https://lemmy.example/comment/{number}",
        "local": True,
        "path": f"0.{number}",
        "distinguished": False,
        "language_id": 0,
    }
    return {"comment": said | changes, "post": post(7)["post"]} | around(number)


def body(**answer: Any) -> bytes:
    return json.dumps(answer).encode()


def test_a_post() -> None:
    given = post(5, updated=moment(65), body='Sehr **mild**.\n\n> "Bitter!" stand hier\n\nIch bleibe dabei.')
    found = parse(body(posts=[given]), POSTS)
    assert found.items == (
        Item(
            external_id="post/5",
            text="Sehr mild.\n\nIch bleibe dabei.",
            title="Copper Kettle, bag 5",
            language="nl",
            author="roaster_5@lemmy.example",
            url="https://lemmy.example/post/5",
            published=START + timedelta(minutes=5),
            edited=START + timedelta(minutes=65),
            attributes={"community": "coffee"},
        ),
    )
    assert not found.rejected


def test_a_comment() -> None:
    given = comment(5, language_id=37, published="2023-06-09T14:21:08.906389")
    found = parse(body(comments=[given]), COMMENTS)
    assert found.items == (
        Item(
            external_id="comment/5",
            text="De bonen zijn heerlijk! (5)",
            language="en",
            author="roaster_5@lemmy.example",
            url="https://lemmy.example/comment/5",
            published=datetime(2023, 6, 9, 14, 21, 8, 906389, tzinfo=UTC),
            attributes={"thread": "Copper Kettle, bag 7", "community": "coffee"},
        ),
    )


def test_a_link_is_a_title_and_no_text() -> None:
    found = parse(body(posts=[post(1, body=None), post(2, body="")]), POSTS).items
    assert [(item.text, item.title) for item in found] == [("", f"Copper Kettle, bag {number}") for number in (1, 2)]


def test_languages_have_the_same_numbers_on_all_instances() -> None:
    found = parse(body(posts=[post(8 + number) for number in range(8)]), POSTS).items
    assert tuple(item.language for item in found) == CODES
    assert [item.language for item in parse(body(posts=[post(1, language_id=0)]), POSTS).items] == [None]


def test_two_people_of_one_name_are_told_apart_and_bots_are_marked() -> None:
    there = post(1) | around(1, "beans.example")
    bot = post(2)
    bot["creator"] |= {"bot_account": True, "actor_id": "http://["}
    found = parse(body(posts=[post(1), there, bot]), POSTS).items
    assert [item.author for item in found] == ["roaster_1@lemmy.example", "roaster_1@beans.example", "roaster_2"]
    assert [item.attributes.get("bot") for item in found] == [None, None, "yes"]


@pytest.mark.parametrize(
    ("markdown", "said"),
    [
        ("> So slow!\n\nNot here.", "Not here."),
        ("&gt; So slow!\n\nNot here &amp; now.", "Not here & now."),
        ("> all of it\n> is theirs", ""),
        ("# Test\nUn *bon* café, `vraiment`", "Test\nUn *bon* café, vraiment"),
        ("[La tazza](https://x.example/a_(1)) ![foto](https://x.example/p.png)", "La tazza)"),
        ("::: spoiler Fin\nMuy bueno\n:::", "Muy bueno"),
        ("3 < 4 > 2", "3 < 4 > 2"),
        ("[" * 3000, "[" * 3000),
    ],
)
def test_only_the_words_of_the_author_are_kept(markdown: str, said: str) -> None:
    assert words(markdown) == said


@pytest.mark.parametrize(("url", "name", "make"), [(POSTS, "posts", post), (COMMENTS, "comments", comment)])
def test_what_cannot_be_used_is_counted(url: str, name: str, make: Callable[..., Any]) -> None:
    empty = {"name": "", "body": " "} if make is post else {"content": "> quoted"}
    given = [make(1), make(2, deleted=True), make(3, removed=True), make(4, **empty), {"creator": {}}, "what?"]
    found = parse(body(**{name: given}), url)
    assert [item.external_id for item in found.items] == [f"{name[:-1]}/1"]
    assert found.rejected == {GONE: 2, NO_TEXT: 1, OTHER_FORM: 2}


@pytest.mark.parametrize(
    ("url", "answer", "changed"),
    [
        (POSTS, {"posts": [post(1)], "next_page": "P1f"}, {"page_cursor": "P1f"}),
        (f"{POSTS}&page_cursor=P1f", {"posts": [post(1)], "next_page": "P2"}, {"page_cursor": "P2"}),
        (POSTS, {"posts": [post(1)]}, {"page": "2"}),
        (f"{POSTS}&page=2", {"posts": [post(1)], "next_page": None}, {"page": "3"}),
        (COMMENTS, {"comments": [comment(1)]}, {"page": "2"}),
        (FOUND_POSTS, {"type_": "Posts", "posts": [post(1)], "comments": []}, {"page": "2"}),
        (f"{FOUND_COMMENTS}&page=2", {"comments": [comment(1, deleted=True)], "posts": []}, {"page": "3"}),
        (POSTS, {"posts": [], "next_page": "P9"}, None),
        (f"{COMMENTS}&page=4", {"comments": []}, None),
        (FOUND_COMMENTS, {"type_": "Comments", "posts": [], "comments": []}, None),
    ],
)
def test_the_next_page(url: str, answer: dict[str, Any], changed: dict[str, str] | None) -> None:
    following = parse(body(**answer), url).next
    assert bool(following) is (changed is not None)
    if changed is not None:
        before, after = (dict(parse_qs(urlsplit(address).query)) for address in (url, following[0]))
        before.pop("page", None)
        assert after == before | {name: [value] for name, value in changed.items()}


@pytest.mark.parametrize("url", [POSTS, COMMENTS, FOUND_POSTS, FOUND_COMMENTS])
@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (b"<html><title>Just a moment...</title>", "blocked"),
        (b"<html><p>Lemmy is down", "layout_changed"),
        (b'{"error": "couldnt_get_posts"}', "layout_changed"),
        (b'{"posts": 1, "comments": {}}', "layout_changed"),
        (b"null", "layout_changed"),
    ],
)
def test_what_is_no_page(url: str, given: bytes, outcome: str) -> None:
    assert refused(parse, given, url).outcome == outcome


JSON = json_values(*post(1), *post(1)["post"], *comment(1)["comment"])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([POSTS, COMMENTS, FOUND_COMMENTS]), JSON, JSON)
def test_any_json_is_a_page_that_can_be_stored(url: str, one: Any, more: Any) -> None:
    changed = comment(1) | one if isinstance(one, dict) else one
    storable(
        parse, body(posts=[changed, more], comments=[changed, comment(2) | {"creator": more}], next_page=more), url
    )


@pytest.mark.parametrize(
    ("given", "target", "asked"),
    [
        ({"url": "https://lemmy.example/"}, {"url": "https://lemmy.example"}, "type_=Local"),
        (
            {"url": "https://lemmy.example/c/Coffee/"},
            {"url": "https://lemmy.example/c/coffee"},
            "community_name=coffee",
        ),
        (
            {"url": "https://lemmy.example/c/tea@beans.example"},
            {"url": "https://lemmy.example/c/tea@beans.example"},
            "community_name=tea%40beans.example",
        ),
        (
            {"url": "https://lemmy.example", "query": "  Copper   Kettle "},
            {"url": "https://lemmy.example", "query": "Copper Kettle"},
            "q=Copper+Kettle",
        ),
        ({"url": "http://127.0.0.1:8536", "query": " "}, {"url": "http://127.0.0.1:8536"}, "type_=Local"),
    ],
)
def test_a_target(given: dict[str, str], target: dict[str, str], asked: str) -> None:
    assert LemmySpider.validate(given) == target
    assert LemmySpider.validate(target) == target
    urls = LemmySpider.first_urls(target)
    assert len(set(urls)) == 2
    assert all(asked in url and "sort=New" in url and "limit=50" in url for url in urls)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({}, "needs 'url'"),
        ({"url": "https://lemmy.example/u/ana"}, "no instance or community"),
        ({"url": "https://lemmy.example/post/12"}, "no instance or community"),
        ({"url": "https://lemmy.example/c/co ffee"}, "no web address"),
        ({"url": "https://lemmy.example", "community": "coffee"}, "has no 'community'"),
    ],
)
def test_a_wrong_target(target: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        LemmySpider.validate(target)


def sent(status: int = 200, **answer: Any) -> dict[str, Any]:
    return {"status": status, "body": body(**answer), "headers": {"Content-Type": "application/json"}}


def page_of(things: list[Any], page: str) -> list[Any]:
    start = 50 * (int(page) - 1)
    return things[start : start + 50]


def test_crawls_of_a_community(new_site: Callable[[], Any], bench: Any) -> None:
    """Posts by cursor and comments by page at first, a page of each when nothing is new; then new and edited ones."""
    site, private = new_site(), new_site()
    posts, comments = [post(number) for number in range(60, 0, -1)], [comment(number) for number in range(120, 0, -1)]

    def serve_posts(asked: Any) -> dict[str, Any]:
        assert asked.query["community_name"] == "coffee@beans.example"
        left = [given for given in posts if given["post"]["id"] < int(asked.query.get("page_cursor", "P3e8")[1:], 16)]
        return sent(posts=left[:50], **({"next_page": f"P{left[:50][-1]['post']['id']:x}"} if left else {}))

    site.serve("/api/v3/post/list", serve_posts)
    site.serve("/api/v3/comment/list", lambda asked: sent(comments=page_of(comments, asked.query.get("page", "1"))))
    private.serve("/api/v3/post/list", lambda asked: sent(400, error="instance_is_private"))
    private.serve("/api/v3/comment/list", lambda asked: sent(400, error="instance_is_private"))
    bench.add("community", "lemmy", {"url": f"{site.url}/c/coffee@beans.example"})
    bench.add("closed", "lemmy", {"url": private.url})
    first = bench.crawl("community", "closed")
    assert (first["community"]["outcome"], first["community"]["added"]) == ("ok", 180)
    assert first["community"]["pages"] == 3 + 4
    assert (first["closed"]["outcome"], first["closed"]["items"]) == ("failed", 0)
    second = bench.crawl("community")["community"]
    assert (second["outcome"], second["pages"], second["added"], second["updated"]) == ("ok", 2, 0, 0)
    comments.insert(0, comment(121, content="> Cafeaua e bună\n\nBa nu."))
    comments[1]["comment"] |= {"content": "Alweer leeg.", "updated": moment(300)}
    posts.insert(0, post(61, published=moment(200)))
    third = bench.crawl("community")["community"]
    assert (third["outcome"], third["pages"], third["added"], third["updated"]) == ("ok", 2, 2, 1)
    with bench.store.reading() as session:
        new = session.scalars(select(Mention).where(Mention.external_id == "comment/121")).one()
        assert (new.text, new.url) == ("Ba nu.", f"{site.url}/comment/121")
        assert "roaster" not in (new.author or "") + (new.url or "")


def test_crawls_of_a_search(new_site: Callable[[], Any], bench: Any) -> None:
    """The posts and the comments that hold the words are paged on their own; none is an empty source."""
    site = new_site()
    posts, comments = [post(number) for number in range(55, 0, -1)], [comment(3)]

    def search(asked: Any) -> dict[str, Any]:
        kind, page = asked.query["type_"], asked.query.get("page", "1")
        found = {"Posts": posts, "Comments": comments}[kind] if asked.query["q"] == "Copper Kettle" else []
        given = {"posts": [], "comments": [], "communities": [], "users": []} | {kind.lower(): page_of(found, page)}
        return sent(type_=kind, **given)

    site.serve("/api/v3/search", search)
    bench.add("words", "lemmy", {"url": site.url, "query": "Copper Kettle"})
    bench.add("nothing", "lemmy", {"url": site.url, "query": "Tin Kettle"})
    first = bench.crawl("words", "nothing")
    assert (first["words"]["outcome"], first["words"]["added"], first["words"]["pages"]) == ("ok", 56, 5)
    assert (first["nothing"]["outcome"], first["nothing"]["pages"]) == ("empty", 2)
    second = bench.crawl("words")["words"]
    assert (second["outcome"], second["pages"], second["added"]) == ("ok", 2, 0)


def test_what_an_instance_refuses(new_site: Callable[[], Any], bench: Any) -> None:
    """Older versions say with 400 that they were asked too often, newer ones with 429, for which a crawl waits."""
    site = new_site()
    slow = [sent(429, error="rate_limit_error") | {"headers": {"Retry-After": "1"}}]
    answers = {
        "unknown": sent(404, error="couldnt_find_community"), "older": sent(400, error="rate_limit_error"),
        "newer": sent(posts=[], comments=[]),
    }  # fmt: skip

    def serve(asked: Any) -> dict[str, Any]:
        name = asked.query["community_name"]
        return slow.pop() if name == "newer" and slow else answers[name]

    for kind in ("post", "comment"):
        site.serve(f"/api/v3/{kind}/list", serve)
    for name in answers:
        bench.add(name, "lemmy", {"url": f"{site.url}/c/{name}"})
    found = bench.crawl(*answers)
    assert [found[name]["outcome"] for name in answers] == ["failed", "failed", "empty"]
    assert ["404" in found["unknown"]["reason"], "400" in found["older"]["reason"], slow] == [True, True, []]
