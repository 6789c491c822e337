from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from promises import json_values, refused, storable
from sqlalchemy import select

from overheard.crawler.api import OTHER_FORM
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import NO_TEXT
from overheard.crawler.spiders.discourse import GONE, DiscourseSpider, Reading, parse, words
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.store.tables import Mention

ROOT = "https://forum.example"
NEWEST = f"{ROOT}/posts.json"
TOPIC = f"{ROOT}/t/9.json"
CHUNK = f"{ROOT}/t/9/posts.json?post_ids%5B%5D=1"
CATEGORY = f"{ROOT}/c/support/5/l/latest.json"

SAID = (
    "Die App ist seit dem Update endlich flott.",
    "Levering duurde drie weken, niemand belde terug.",
    "Am primit banii înapoi a doua zi.",
    "Il supporto risponde subito, bravi.",
    "Le colis est arrivé ouvert.",
    "La pantalla se queda en blanco.",
    "O preço subiu sem aviso.",
    "Works well with my old bike.",
)


START = datetime.now(UTC).replace(microsecond=125_000) - timedelta(days=1)
"""Of late, for a source where nothing comes any more is stale."""


def moment(number: int) -> str:
    """The time that a post was written at: one a minute."""
    return (START + timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def post(number: int, **changes: Any) -> dict[str, Any]:
    """A post as the forum has it; all of the first topic if nothing else is said."""
    return {
        "id": number,
        "name": "Ioana Fictivă",
        "username": f"lantern_fan_{number}",
        "avatar_template": "/user_avatar/{size}/1.png",
        "created_at": moment(number),
        "cooked": f"<p>{SAID[number % len(SAID)]} ({number})</p>",
        "post_number": number,
        "post_type": 1,
        "updated_at": moment(number),
        "reply_count": 0,
        "reply_to_post_number": None,
        "reads": 12,
        "score": 2.4,
        "topic_id": 9,
        "topic_slug": "lantern-bikes-feedback",
        "version": 1,
        "user_id": 700 + number,
        "trust_level": 1,
        "staff": False,
        "admin": False,
        "moderator": False,
        "hidden": False,
        "user_deleted": False,
    } | changes


def newest(*posts: Any) -> dict[str, Any]:
    title = {"topic_title": "Lantern Bikes: feedback", "topic_html_title": "Lantern Bikes: feedback"}
    return {"latest_posts": [given | title if isinstance(given, dict) else given for given in posts]}


def topic(*posts: Any, stream: Any = None, **changes: Any) -> dict[str, Any]:
    held = {"posts": list(posts)} | ({} if stream is None else {"stream": stream})
    return {"post_stream": held, "id": 9, "title": "Lantern Bikes: feedback", "chunk_size": 20} | changes


def chunk(*posts: Any) -> dict[str, Any]:
    return {"post_stream": {"posts": list(posts)}, "id": 9}


def listed(number: int, at: int, **changes: Any) -> dict[str, Any]:
    """A topic of a list, in which something was last written at the time of a post."""
    known = {"id": number, "title": f"Thread {number}", "pinned": False, "visible": True}
    return known | {"created_at": moment(0), "bumped_at": moment(at), "last_posted_at": moment(at)} | changes


def listing(*topics: Any, more: str | None = None) -> dict[str, Any]:
    return {
        "users": [],
        "topic_list": {"per_page": 30, "topics": list(topics)} | ({"more_topics_url": more} if more else {}),
    }


def body(answer: Any) -> bytes:
    return json.dumps(answer).encode()


def test_a_post() -> None:
    given = post(7, post_number=4, version=3, updated_at=moment(600), cooked="<p>Mooie fiets,<br>stil ook.</p>")
    found = parse(body(newest(given)), NEWEST)
    assert found.items == (
        Item(
            external_id="7",
            text="Mooie fiets,\nstil ook.",
            author="lantern_fan_7",
            url="https://forum.example/t/lantern-bikes-feedback/9/4",
            published=START + timedelta(minutes=7),
            edited=START + timedelta(minutes=600),
            attributes={"thread": "Lantern Bikes: feedback"},
        ),
    )
    assert not found.rejected


def test_the_title_belongs_to_the_first_post_of_a_topic() -> None:
    first, second = post(1), post(2)
    found = parse(body(newest(second, first)), NEWEST).items
    assert [item.title for item in found] == [None, "Lantern Bikes: feedback"]
    in_topic = parse(body(topic(first, second, stream=[1, 2])), TOPIC).items
    assert [(item.title, item.attributes) for item in in_topic] == [(item.title, item.attributes) for item in found]
    only_title = parse(body(newest(post(1, cooked="<img src='x.png'>"))), NEWEST).items[0]
    assert (only_title.text, only_title.title) == ("", "Lantern Bikes: feedback")


def test_a_date_of_change_without_an_edit_is_none() -> None:
    assert parse(body(newest(post(7, updated_at=moment(9)))), NEWEST).items[0].edited is None


@pytest.mark.parametrize(
    ("cooked", "said"),
    [
        ('<aside class="quote no-group"><div>ana:</div><blockquote>Slow!</blockquote></aside><p>Not so.</p>',
         "Not so."),
        ('<p>Bon vélo.</p><aside class="onebox"><article>Lantern Bikes, le site</article></aside>', "Bon vélo."),
        ("<blockquote><p>Neues Modell ab Mai</p></blockquote><p>Endlich!</p>", "Endlich!"),
        ("<blockquote><p>Neues Modell ab Mai. Was meint ihr?</p></blockquote>", "Neues Modell ab Mai. Was meint ihr?"),
        ('<p>Vea:</p><div class="lightbox-wrapper"><a><img><div class="meta"><i>IMG_1.jpg 12 KB</i></div></a></div>',
         "Vea:"),
        ("<p>Grazie</p><details class='elided'><summary>···</summary><p>Gentile cliente</p></details>", "Grazie"),
        ("<p>5 &lt; 6 &amp; <em>certo</em></p>", "5 < 6 & certo"),
        ("", ""),
    ],
)  # fmt: skip
def test_only_the_words_of_the_author_are_kept(cooked: str, said: str) -> None:
    assert words(cooked) == said


def test_what_cannot_be_used_is_counted() -> None:
    unusable = (post(8, hidden=True), post(7, user_deleted=True), post(6, deleted_at=moment(9)), post(5, cooked="<hr>"))
    actions = (post(3, post_type=3, cooked="", action_code="closed.enabled"), post(2, post_type=4))
    given = (post(9), *unusable, {"id": 4}, "what?", *actions)
    found = parse(body(newest(*given)), NEWEST)
    assert [item.external_id for item in found.items] == ["9"]
    assert found.rejected == {GONE: 3, NO_TEXT: 1, OTHER_FORM: 2}


def test_staff_that_reply_to_a_post_answer_it() -> None:
    """The first answer counts, also from an earlier page; what staff write is a post of its own, and marked."""
    reading = Reading()
    later = post(61, staff=True, reply_to_post_number=4, cooked="<p>Solved in 2.1.</p>")
    first = post(60, moderator=True, reply_to_post_number=4, cooked="<p>We look into it.</p>")
    other = post(59, staff=True, cooked="<p>Ride safely, all.</p>")
    found = parse(body(newest(later, first, other)), NEWEST, reading=reading).items
    assert [item.attributes["staff"] for item in found] == ["yes"] * 3
    asked, among = post(4), post(3, reply_to_post_number=2)
    found = parse(body(newest(asked, among, post(2))), f"{NEWEST}?before=59", reading=reading).items
    assert [(item.reply_state, item.reply) for item in found] == [
        ("answered", "We look into it."),
        *[("unknown", None)] * 2,
    ]
    assert found[0].replied == START + timedelta(minutes=60)


def test_staff_do_not_answer_themselves_nor_other_topics() -> None:
    reply = post(9, staff=True, reply_to_post_number=4)
    mine, elsewhere = post(4, admin=True), post(5, post_number=4, topic_id=10)
    found = parse(body(newest(reply, elsewhere, mine)), NEWEST).items
    assert [item.reply_state for item in found] == ["unknown"] * 3


# -- all posts of a forum --------------------------------------------------------------------------------------------

VERSIONS: dict[str, Callable[[list[dict[str, Any]], int], list[dict[str, Any]]]] = {
    "old: visible among the 50 ids up to it": lambda posts, last: [p for p in posts if last - 50 < p["id"] <= last],
    "later: 50 up to it": lambda posts, last: [p for p in posts if p["id"] <= last][:50],
    "now: 50 under it": lambda posts, last: [p for p in posts if p["id"] < last][:50],
}


def visible(*ids: int) -> list[dict[str, Any]]:
    return [post(number) for number in sorted(ids, reverse=True)]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "ids",
    [
        range(1, 201),
        [*range(1, 60), *range(240, 300)],
        [3, 160, 161, 300],
        range(1, 301, 7),
        [300 - 50 * step for step in range(6)],
        [1],
        [120],
    ],
)
def test_every_version_is_read_to_its_true_end_and_no_post_twice(version: str, ids: Any) -> None:
    posts, seen, url, pages = visible(*ids), [], NEWEST, 0
    while url:
        before = int(parse_qs(urlsplit(url).query).get("before", [str(posts[0]["id"] + 9)])[0])
        found = parse(body(newest(*VERSIONS[version](posts, before))), url)
        seen += [int(item.external_id or 0) for item in found.items]
        url, pages = (*found.next, "")[0], pages + 1
    assert seen == [given["id"] for given in posts]
    assert pages <= 12


@pytest.mark.parametrize(
    ("posts", "url", "following"),
    [
        ([post(90), post(80)], NEWEST, "80"),
        ([post(90), post(80)], f"{NEWEST}?before=90", "80"),
        ([post(90)], f"{NEWEST}?before=90", "41"),
        ([], f"{NEWEST}?before=90", "41"),
        ([], f"{NEWEST}?before=50", None),
        ([post(1)], f"{NEWEST}?before=90", None),
        ([], NEWEST, None),
    ],
)
def test_the_next_posts(posts: list[Any], url: str, following: str | None) -> None:
    found = parse(body(newest(*posts)), url).next
    assert found == (() if following is None else (f"{NEWEST}?before={following}",))


def test_a_forum_that_gives_the_newest_whatever_is_asked_is_not_read_for_ever() -> None:
    with pytest.raises(PageError, match="in circles"):
        parse(body(newest(post(90))), f"{NEWEST}?before=40")


def test_a_forum_in_a_folder() -> None:
    found = parse(body(newest(post(90))), "https://lantern.example/forum/posts.json?before=91")
    assert found.items[0].url == "https://lantern.example/forum/t/lantern-bikes-feedback/9/90"
    assert found.next == ("https://lantern.example/forum/posts.json?before=90",)


# -- topics ----------------------------------------------------------------------------------------------------------


def test_a_topic_that_fits_on_a_page() -> None:
    found = parse(body(topic(post(1), post(2), post(5), stream=[1, 2, 5], posts_count=3)), TOPIC)
    assert [item.external_id for item in found.items] == ["5", "2", "1"]
    assert (found.next, found.claimed) == ((), 3)


def test_a_long_topic_is_read_from_its_end() -> None:
    """The first page holds its oldest posts, and the watermark must be met from the other side. Each chunk stands for
    itself: a crawl that was cut off goes on with the next one."""
    stream = list(range(1, 46))
    found = parse(body(topic(*map(post, stream[:20]), stream=stream)), TOPIC)
    assert found.items == ()
    seen = []
    while found.next:
        wanted = [int(number) for number in parse_qs(urlsplit(found.next[0]).query)["post_ids[]"]]
        found = parse(body(chunk(*map(post, wanted))), found.next[0])
        seen.append([int(item.external_id or 0) for item in found.items])
    assert seen == [list(range(45, 25, -1)), list(range(25, 5, -1)), list(range(5, 0, -1))]
    assert found.items[-1].title == "Lantern Bikes: feedback"


def test_a_chunk_without_posts_ends_nothing() -> None:
    stream = list(range(1, 46))
    first = parse(body(topic(*map(post, stream[:20]), stream=stream)), TOPIC)
    assert parse(body(chunk()), first.next[0]).next


@pytest.mark.parametrize(
    ("topics", "more", "known", "names", "following"),
    [
        ([listed(1, 90), listed(2, 80)], "/c/support/5/l/new?page=1", None, [1, 2], "/c/support/5/l/new.json?page=1"),
        ([listed(1, 90)], "/c/support/5/l/latest.json?page=1", None, [1], "/c/support/5/l/latest.json?page=1"),
        ([listed(1, 90), listed(2, 80)], None, None, [1, 2], None),
        ([listed(1, 90), listed(2, 80)], "/c/support/5?page=1", 80, [1, 2], "/c/support/5.json?page=1"),
        ([listed(1, 90), listed(2, 80)], "/c/support/5?page=1", 81, [1], None),
        ([listed(7, 5, pinned=True)], "/c/support/5?page=1", 81, [], "/c/support/5.json?page=1"),
        ([listed(1, 90, bumped_at=moment(3))], None, 80, [1], None),
        ([listed(1, 90, bumped_at=None, last_posted_at=None)], None, 99, [1], None),
        ([listed(1, 90)], "https://other.example/c/x/1?page=1", None, [1], None),
        ([listed(1, 90)], "http://[", None, [1], None),
        ([], None, None, [], None),
    ],
)  # fmt: skip
def test_a_list_names_the_topics_with_something_new(
    topics: list[Any], more: str | None, known: int | None, names: list[int], following: str | None
) -> None:
    last = None if known is None else datetime.fromisoformat(moment(known))
    found = parse(body(listing(*topics, more=more)), CATEGORY, known=last)
    assert found.listed == tuple(f"{ROOT}/t/{name}.json" for name in names)
    assert found.next == (() if following is None else (ROOT + following,))


def test_a_listed_thing_that_is_no_topic_is_counted() -> None:
    found = parse(body(listing(listed(1, 3), {"title": "no id"}, None)), f"{ROOT}/tag/frames.json")
    assert (found.listed, found.rejected) == ((f"{ROOT}/t/1.json",), {OTHER_FORM: 2})


# -- what is no answer, and targets ----------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [NEWEST, TOPIC, CHUNK, CATEGORY])
@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (b"<html><h1>Log in</h1><form><input type='password'></form>", "blocked"),
        (b"<html><p>Something went wrong", "layout_changed"),
        (b'{"errors": ["You need to be logged in to do that."], "error_type": "not_logged_in"}', "layout_changed"),
        (b'{"latest_posts": 1, "post_stream": [], "topic_list": {}}', "layout_changed"),
        (b"[]", "layout_changed"),
    ],
)
def test_what_is_no_page(url: str, given: bytes, outcome: str) -> None:
    assert refused(parse, given, url).outcome == outcome


JSON = json_values(*post(1), *listed(1, 1))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([NEWEST, f"{NEWEST}?before=7", TOPIC, CHUNK, CATEGORY]), JSON, JSON)
def test_any_json_is_a_page_that_can_be_stored(url: str, one: Any, more: Any) -> None:
    changed = post(5) | one if isinstance(one, dict) else one
    answer = newest(changed) | topic(changed, stream=more) | listing(changed, more=more)
    storable(parse, body(answer), url, known=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("given", "url", "first"),
    [
        ("https://forum.example/", "", "/posts.json"),
        ("https://forum.example/latest?order=views", "", "/posts.json"),
        ("https://forum.example/posts.json", "", "/posts.json"),
        ("https://forum.example/forum/top/", "/forum", "/forum/posts.json"),
        ("https://forum.example/c/support/5", "/c/support/5", "/c/support/5/l/latest.json"),
        (
            "https://forum.example/c/bikes/e-bikes/12/l/top.json",
            "/c/bikes/e-bikes/12",
            "/c/bikes/e-bikes/12/l/latest.json",
        ),
        ("https://forum.example/tag/frames", "/tag/frames", "/tag/frames.json"),
        ("https://forum.example/tag/frames/l/latest", "/tag/frames", "/tag/frames.json"),
        ("https://forum.example/tags/c/bikes/3/frames", "/tags/c/bikes/3/frames", "/tags/c/bikes/3/frames.json"),
        ("https://forum.example/t/a-2nd-bike/123/7?u=ana", "/t/123", "/t/123.json"),
        ("https://forum.example/t/123/7", "/t/123", "/t/123.json"),
        ("https://forum.example/t/123.json", "/t/123", "/t/123.json"),
        ("https://forum.example/forum/t/x/123", "/forum/t/123", "/forum/t/123.json"),
    ],
)
def test_a_target(given: str, url: str, first: str) -> None:
    target = DiscourseSpider.validate({"url": given})
    assert target == {"url": ROOT + url}
    assert DiscourseSpider.validate(target) == target
    assert DiscourseSpider.first_urls(target) == [ROOT + first]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({}, "needs 'url'"),
        ({"url": "forum.example"}, "no web address"),
        ({"url": "https://forum.example/u/ana/activity"}, "no forum, category, tag or topic"),
        ({"url": "https://forum.example/search?q=bike"}, "no forum, category, tag or topic"),
        ({"url": "https://forum.example", "tag": "x"}, "has no 'tag'"),
    ],
)
def test_a_wrong_target(target: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        DiscourseSpider.validate(target)


# -- crawls ----------------------------------------------------------------------------------------------------------


def sent(answer: Any, status: int = 200, **headers: str) -> dict[str, Any]:
    return {
        "status": status,
        "body": body(answer),
        "headers": {"Content-Type": "application/json; charset=utf-8"} | headers,
    }


def test_crawls_of_a_forum(new_site: Callable[[], Any], bench: Any) -> None:
    """All posts at first, one page when nothing is new, then what is new and edited; a private forum is blocked."""
    site, private = new_site(), new_site()
    posts, turn = visible(*range(1, 131)), count()

    def serve(asked: Any) -> dict[str, Any]:
        if next(turn) == 1:
            slow = {"errors": ["You’ve performed this action too many times."], "error_type": "rate_limit"}
            return sent(slow | {"extras": {"wait_seconds": 1}}, 429, **{"Retry-After": "1"})
        return sent(newest(*VERSIONS["now: 50 under it"](posts, int(asked.query.get("before", 10**6)))))

    site.serve("/posts.json", serve)
    refusal = {"errors": ["You need to be logged in to do that."], "error_type": "not_logged_in"}
    private.serve("/posts.json", lambda asked: sent(refusal, 403))
    bench.add("forum", "discourse", {"url": f"{site.url}/latest"})
    bench.add("members only", "discourse", {"url": private.url})
    first = bench.crawl("forum", "members only")
    assert (first["forum"]["outcome"], first["forum"]["added"], first["forum"]["pages"]) == ("ok", 130, 3)
    assert site.paths() == ["/posts.json", *["/posts.json?before=81"] * 2, "/posts.json?before=31"]
    assert (first["members only"]["outcome"], first["members only"]["items"]) == ("blocked", 0)
    second = bench.crawl("forum")["forum"]
    assert (second["outcome"], second["pages"], second["added"], second["updated"]) == ("ok", 1, 0, 0)
    posts[1] |= {"cooked": "<p>Changed my mind: too heavy.</p>", "version": 2, "updated_at": moment(500)}
    posts.insert(0, post(140, staff=True, reply_to_post_number=130, cooked="<p>Sorry to hear that.</p>"))
    third = bench.crawl("forum")["forum"]
    assert (third["pages"], third["added"], third["updated"]) == (1, 1, 2)
    with bench.store.reading() as session:
        edited = session.scalars(select(Mention).where(Mention.text.startswith("Changed my mind"))).one()
        assert edited.external_id == "129"
        answered = session.scalars(select(Mention).where(Mention.reply_state == "answered")).one()
        assert (answered.external_id, answered.reply) == ("130", "Sorry to hear that.")
        assert "lantern_fan" not in (edited.author or "") + (edited.url or "")


def test_crawls_of_a_category_and_a_topic(new_site: Callable[[], Any], bench: Any) -> None:
    """Lists name topics; a topic where nothing is new is not read again, and a long one only at its end."""
    site = new_site()
    site.answer("/robots.txt", {"body": "User-agent: *\nDisallow: /search\nDisallow: /tag/*/l\n"})
    threads = {1: list(range(1, 46)), 2: list(range(50, 53)), 3: [60], 4: [48]}
    pinned = listed(4, 48, pinned=True)

    def serve_list(asked: Any) -> dict[str, Any]:
        newest_first = sorted(threads.items(), key=lambda thread: -thread[1][-1])
        topics = [listed(number, ids[-1]) for number, ids in newest_first if number != 4]
        if "page" in asked.query:
            return sent(listing(*topics[2:], listed(5, 2)))
        return sent(listing(pinned, *topics[:2], more="/c/support/5/l/latest?page=1"))

    def serve_topic(asked: Any) -> dict[str, Any]:
        parts = urlsplit(asked.path)
        number = int(parts.path.split("/")[2].removesuffix(".json"))
        wanted = [int(given) for given in parse_qs(parts.query).get("post_ids[]", [])]
        ids = threads[number]
        told = [post(given, topic_id=number, post_number=ids.index(given) + 1) for given in wanted or ids[:20]]
        return sent(
            chunk(*told) if wanted else topic(*told, stream=ids, posts_count=len(ids), title=f"Thread {number}")
        )

    site.serve("/c/support/5/l/latest.json", serve_list)
    for number in threads:
        site.serve(f"/t/{number}.json", serve_topic)
        site.serve(f"/t/{number}/posts.json", serve_topic)
    site.answer(
        "/t/5.json", sent({"errors": ["The requested URL could not be found."], "error_type": "not_found"}, 404)
    )
    bench.add("category", "discourse", {"url": f"{site.url}/c/support/5"})
    bench.add("topic", "discourse", {"url": f"{site.url}/t/thread-1/1"})
    first = bench.crawl("category", "topic", crawl={"max_pages": 20})
    assert (first["category"]["outcome"], first["category"]["added"]) == ("ok", 50)
    assert (first["topic"]["outcome"], first["topic"]["added"], first["topic"]["pages"]) == ("ok", 45, 4)
    site.asked.clear()
    second = bench.crawl("category")["category"]
    assert (second["pages"], second["added"]) == (2, 0)
    assert site.paths() == ["/c/support/5/l/latest.json", "/t/3.json"]
    threads[1] += [70]
    site.asked.clear()
    third = bench.crawl("category", "topic")
    assert [(third[name]["outcome"], third[name]["added"]) for name in ("category", "topic")] == [("ok", 1)] * 2
    again = ["/t/1.json", "/t/1/posts.json"]
    lists = ["/c/support/5/l/latest.json"] * 2
    assert [path.partition("?")[0] for path in site.paths()] == [*lists, *again, "/t/3.json", *again]


def test_recorded_answers(recorded: Path) -> None:
    """Posts, topics and lists of real forums; one stream was shortened by who recorded it, so it is read as a chunk."""
    place = "https://forum.example/"
    asked = {
        "api_posts_latest": "posts.json",
        "api_posts_before": "posts.json?before=15",
        "api_topic": "t/57.json",
        "api_topic_posts": "t/57/posts.json?post_ids[]=123456",
        "discourse_posts": "t/1448.json",
        "discourse_topic_1148": "t/1148/posts.json?post_ids[]=1",
    }
    found = {
        name: parse((recorded / f"discourse/{name}.json").read_bytes(), place + path) for name, path in asked.items()
    }
    assert {name: len(page.items) for name, page in found.items()} == {
        "api_posts_latest": 4, "api_posts_before": 3, "api_topic": 2, "api_topic_posts": 1, "discourse_posts": 4,
        "discourse_topic_1148": 20,
    }  # fmt: skip
    # One post of this topic is a picture alone, another an action of a moderator.
    assert {name: page.rejected for name, page in found.items() if page.rejected} == {"api_topic": {NO_TEXT: 1}}
    assert found["discourse_posts"].claimed == 4
    lists = {"api_latest": 1, "api_hot": 3, "discourse_topics": 2}
    for name, topics in lists.items():
        page = parse((recorded / f"discourse/{name}.json").read_bytes(), f"{place}c/support/5/l/latest.json")
        assert len(set(page.listed)) == topics
        assert bool(page.next) is (name == "api_latest")
