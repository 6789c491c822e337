from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from promises import json_values, refused, storable
from scrapy.http import Response
from sqlalchemy import select

from overheard.crawler.api import OTHER_FORM
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import NO_TEXT
from overheard.crawler.spiders.wordpress import Comment, Paging, WordpressSpider, check_open, parse
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.store.tables import Mention

SITE = {"url": "https://blog.example", "what": "both"}
COMMENTS, POSTS = WordpressSpider.first_urls(SITE)
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOST = 3
"""The number of the user who writes the posts."""


def moment(number: int) -> str:
    return (NOON - timedelta(hours=number)).strftime("%Y-%m-%dT%H:%M:%S")


def comment(number: int, **changes: Any) -> dict[str, Any]:
    """A comment as the list has it, an hour older than the one before."""
    return {
        "id": 9000 - number,
        "post": 15,
        "parent": 0,
        "author": 0,
        "author_name": "Bruna Lopes",
        "author_url": "",
        "date": "2020-01-01T00:00:00",
        "date_gmt": moment(number),
        "content": {"rendered": f"<p>O caderno {number} da Quill &#8211; gosto muito.</p>\n"},
        "link": f"https://blog.example/2026/05/cadernos/comment-page-1/#comment-{9000 - number}",
        "status": "approved",
        "type": "comment",
        "author_avatar_urls": {"24": "https://secure.gravatar.com/avatar/0?s=24"},
        "meta": [],
        "_links": {"up": [{"embeddable": True, "post_type": "post", "href": "https://blog.example/wp-json/…"}]},
        "_embedded": {
            "up": [{"id": 15, "author": HOST, "type": "post", "title": {"rendered": "Cadernos &amp; canetas"}}]
        },
    } | changes


def text(words: str) -> dict[str, Any]:
    return {"rendered": words, "protected": False}


def post(number: int, **changes: Any) -> dict[str, Any]:
    """A post as the list has it, an hour older than the one before."""
    return {
        "id": 900 - number,
        "date": "2020-01-01T00:00:00",
        "date_gmt": moment(number),
        "modified_gmt": moment(number),
        "type": "post",
        "link": f"https://blog.example/2026/05/quaderno-{number}/",
        "title": {"rendered": f"Quaderno n. {number}"},
        "content": text("<p>La carta della Quill è spessa.</p>"),
        "author": HOST,
        "sticky": False,
        "_embedded": {"author": [{"id": HOST, "name": "Ines Moretti", "link": "https://blog.example/author/ines/"}]},
    } | changes


def page(*objects: Any) -> bytes:
    return json.dumps(objects).encode()


def only(body: bytes, url: str = COMMENTS) -> Item:
    """The one item of a page."""
    found = parse(body, url)
    assert len(found.items) == 1, found
    return found.items[0]


def test_a_comment_with_the_answer_of_the_posts_author() -> None:
    answer = comment(-1, parent=9000, author=HOST, author_name="Ines", content=text("<p>Obrigada!</p>"))
    found = parse(page(answer, comment(0)), COMMENTS, paging=Paging(total=2))
    assert found.claimed == 1  # the answer is kept with what it answers
    assert found.items == (
        Item(
            external_id="comment-9000",
            text="O caderno 0 da Quill – gosto muito.",
            author="Bruna Lopes",
            url="https://blog.example/2026/05/cadernos/comment-page-1/#comment-9000",
            published=NOON,
            reply_state="answered",
            reply="Obrigada!",
            replied=NOON + timedelta(hours=1),
            attributes={"thread": "Cadernos & canetas"},
        ),
    )


def test_a_post() -> None:
    assert only(page(post(1, modified_gmt=moment(0))), POSTS) == Item(
        external_id="post-899",
        text="La carta della Quill è spessa.",
        title="Quaderno n. 1",
        author="Ines Moretti",
        url="https://blog.example/2026/05/quaderno-1/",
        published=NOON - timedelta(hours=1),
        edited=NOON,
    )


def test_who_answers_is_told_by_number_alone() -> None:
    """Others may answer, a nameless one has the number 0, and what nobody is answered by is no answer."""
    other = comment(1, parent=9000, author=8)
    nameless = comment(2, parent=9000, _embedded={"up": [{"id": 15, "author": 0, "title": {"rendered": "x"}}]})
    unknown = comment(3, parent=9000, author=HOST, _embedded={"up": [{"code": "rest_post_invalid_id"}]})
    alone = comment(4, author=HOST)
    found = parse(page(other, nameless, unknown, alone, comment(0)), COMMENTS).items
    assert len(found) == 5
    assert {item.reply_state for item in found} == {"unknown"}


def test_the_first_of_several_answers_is_the_reply_whatever_page_it_is_on() -> None:
    later, first, second = (
        comment(-number, parent=9000, author=HOST, content=text(f"<p>Antwort {number}.</p>")) for number in (3, 1, 2)
    )
    replies: dict[str, Comment] = {}
    assert parse(page(later, second), COMMENTS, replies=replies).items == ()
    assert parse(page(first), COMMENTS, replies=replies).rejected == {}
    (found,) = parse(page(comment(0)), COMMENTS, replies=replies).items
    assert (found.reply, found.replied) == ("Antwort 1.", NOON + timedelta(hours=1))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("<blockquote cite='#c1'><p>Was für ein Mist.</p></blockquote><p>Das finde ich nicht.</p>",
         "Das finde ich nicht."),
        ("<p>Nee.</p><BLOCKQUOTE><blockquote>Oud</blockquote>Ouder</BLOCKQUOTE>Toch wel.", "Nee.\nToch wel."),
        ("<p>Un café &#038; deux &lt;stylos&gt;<br />\nà 3 &lt; 4 €</p>", "Un café & deux <stylos>\nà 3 < 4 €"),
        ("<script>track()</script><p>Merge bine.</p>", "Merge bine."),
    ],
)  # fmt: skip
def test_the_words_of_the_author_alone(given: str, words: str) -> None:
    assert only(page(comment(0, content=text(given)))).text == words


def test_an_address_that_names_its_author_says_so() -> None:
    named = only(page(post(0, link="https://blog.example/ines-moretti/quaderno/")), POSTS)
    assert (named.author_in_url, only(page(post(0)), POSTS).author_in_url) == (True, False)


def test_a_title_that_the_text_repeats_is_left_off() -> None:
    assert only(page(post(0, title=text("La carta della Quill"))), POSTS).title is None


def headers(**given: str) -> Paging:
    return Paging.of(Response(COMMENTS, headers={name.replace("_", "-"): value for name, value in given.items()}))


NEXT = '<https://blog.example/wp-json/wp/v2/comments?page=2>; rel="next"'
PREVIOUS = '<https://blog.example/wp-json/wp/v2/comments?page=1>; rel="prev"'


@pytest.mark.parametrize(
    ("paging", "full", "more"),
    [
        (headers(X_WP_Total="101", X_WP_TotalPages="2", Link=NEXT), True, True),
        (headers(X_WP_Total="101", X_WP_TotalPages="2", Link=f"{PREVIOUS}, {NEXT}"), True, True),
        (headers(X_WP_Total="101", X_WP_TotalPages="2", Link=NEXT), False, True),  # all on posts that are not public
        (headers(X_WP_Total="100", X_WP_TotalPages="1"), True, False),
        (headers(X_WP_Total="100", X_WP_TotalPages="1", Link=PREVIOUS), True, False),
        (headers(X_WP_TotalPages="2"), True, True),  # something between has taken off the link
        (headers(Link='<https://blog.example/wp-json/>; rel="https://api.w.org/"'), True, True),
        (headers(), True, True),
        (headers(), False, False),
        (headers(X_WP_TotalPages="many"), False, False),
    ],
)
def test_the_next_page(paging: Paging, full: bool, more: bool) -> None:
    following = parse(page(*[comment(0)] * full), COMMENTS, paging=paging).next
    assert following == ((COMMENTS.replace("&page=1&", "&page=2&"),) if more else ())


def test_what_cannot_be_used_is_counted() -> None:
    silent = comment(1, content=text("<p><img src='x.png' /></p>"))
    found = parse(page(comment(0), silent, {"id": 3}, "what?", comment(4, parent=[])), COMMENTS)
    assert [item.external_id for item in found.items] == ["comment-9000"]
    assert found.rejected == {NO_TEXT: 1, OTHER_FORM: 3}
    locked = post(1, title=text("Protegido: preços"), content={"rendered": "", "protected": True})
    assert parse(page(locked), POSTS).rejected == {NO_TEXT: 1}


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"<!doctype html><html><p>Blog", "layout_changed"),
        (b'<html><form><input type="password"></form>', "blocked"),
        (b"null", "layout_changed"),
        (b'{"objects": []}', "layout_changed"),
        (b'{"code": "rest_invalid_param", "data": {"status": 400}}', "layout_changed"),
        (b"", "layout_changed"),
        (b"[" * 100_000, "layout_changed"),
    ],
)
def test_what_is_no_page(body: bytes, outcome: str) -> None:
    assert refused(parse, body, COMMENTS).outcome == outcome


@pytest.mark.parametrize(
    ("status", "body", "outcome", "message"),
    [
        (401, b'{"code": "rest_not_logged_in", "message": "Nein"}', "blocked", "401 rest_not_logged_in: not open"),
        (403, b'{"code": "rest_forbidden"}', "blocked", "403 rest_forbidden: not open"),
        (404, b'{"code": "rest_no_route"}', "failed", "404 rest_no_route: no such"),
        (404, b"<html>Pagina nu exista", "failed", "404: no such"),
        (404, b'{"code": "a b\\nc"}', "failed", "404: no such"),
    ],
)
def test_a_closed_interface_is_named_with_the_way_out(status: int, body: bytes, outcome: str, message: str) -> None:
    with pytest.raises(PageError) as caught:
        check_open(Response(COMMENTS, status=status, body=body), "read its feed instead")
    assert caught.value.outcome == outcome
    assert message in str(caught.value)
    assert str(caught.value).endswith("; read its feed instead")


JSON = json_values(*comment(0), "up", "title", "rendered", "name", "protected")


@settings(max_examples=80, deadline=None)
@given(JSON, st.dictionaries(st.sampled_from([*comment(0), *post(0)]), JSON), st.sampled_from([COMMENTS, POSTS]))
def test_any_json_is_a_page_that_can_be_stored(one: Any, changes: dict[str, Any], url: str) -> None:
    for body in (one, [one], [comment(0) | changes, one], [post(0) | changes, one]):
        storable(parse, json.dumps(body).encode(), url)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"url": "https://blog.example/"}, {"url": "https://blog.example"}),
        ({"url": "https://shop.example/blog/"}, {"url": "https://shop.example/blog"}),
        ({"url": "https://blog.example/wp-json/"}, {"url": "https://blog.example"}),
        ({"url": "https://blog.example/wp-json/wp/v2/posts?per_page=5", "what": "Posts"},
         {"url": "https://blog.example", "what": "posts"}),
        ({"url": "https://blog.example/?rest_route=/wp/v2/comments"}, {"url": "https://blog.example/?rest_route=/"}),
        ({"url": "https://blog.example", "what": "comments", "search": " "}, {"url": "https://blog.example"}),
        ({"url": "https://blog.example", "what": "both", "search": " Quill  pens ", "post": "15"},
         {"url": "https://blog.example", "what": "both", "search": "Quill pens", "post": "15"}),
    ],
)  # fmt: skip
def test_a_target(target: dict[str, str], expected: dict[str, str]) -> None:
    assert WordpressSpider.validate(target) == expected
    assert WordpressSpider.validate(expected) == expected


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({}, "needs 'url'"),
        ({"url": "blog.example"}, "no web address"),
        ({"url": "https://me:word@blog.example"}, "no user name or password"),
        ({"url": "https://blog.example/?p=15"}, "more than a site's address"),
        ({"url": "https://blog.example", "what": "pages"}, "expected one of comments, posts, both"),
        ({"url": "https://blog.example", "post": "cadernos"}, "is no number; expected such as post=15"),
        ({"url": "https://blog.example", "post": "٣"}, "is no number"),
        ({"url": "https://blog.example", "base": "x"}, "has no 'base'"),
    ],
)
def test_a_wrong_target(target: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        WordpressSpider.validate(target)


def test_the_addresses_that_are_asked() -> None:
    rest = "per_page=100&page=1&order=desc&search=Quill+%26+co"
    wishes = {"search": "Quill & co", "post": "15", "what": "both"}
    assert WordpressSpider.first_urls({"url": "https://blog.example", **wishes}) == [
        f"https://blog.example/wp-json/wp/v2/comments?{rest}&orderby=date_gmt&post=15&_embed=up",
        f"https://blog.example/wp-json/wp/v2/posts?{rest}&orderby=date&include=15&_embed=author",
    ]
    assert WordpressSpider.first_urls({"url": "https://blog.example/?rest_route=/", **wishes})[1] == (
        f"https://blog.example/?rest_route=%2Fwp%2Fv2%2Fposts&{rest}&orderby=date&include=15&_embed=author"
    )


def lists(site: Any, shown: list[dict[str, Any]], *, headed: bool = True) -> Callable[[Any], dict[str, Any]]:
    """Serve a list as WordPress does; not `headed`, something on the way takes off the headers that tell the pages."""

    def serve(asked: Any) -> dict[str, Any]:
        query = asked.query
        size, number = int(query["per_page"]), int(query["page"])
        if size > 100 or query["order"] != "desc" or query["orderby"] not in ("date", "date_gmt"):
            return error(400, "rest_invalid_param")
        hits = [one for one in shown if query.get("search", "").casefold() in one["content"]["rendered"].casefold()]
        pages = -(-len(hits) // size)
        is_posts = asked.path.partition("?")[0].endswith("/posts")
        if is_posts and number > max(pages, 1):
            return error(400, "rest_post_invalid_page_number")
        told = {"X-WP-Total": str(len(hits)), "X-WP-TotalPages": str(pages)}
        links = [f'<{site.url}{asked.path}&page={number + 1}>; rel="next"'] if number < pages else []
        told["Link"] = ", ".join([f'<{site.url}/wp-json/>; rel="https://api.w.org/"', *links])
        # What stands on a post that is not public is counted, and left out of its page.
        body = [one for one in hits[(number - 1) * size : number * size] if one.get("status") != "private"]
        return {"body": page(*body), "headers": JSON_TYPE | (told if headed else {})}

    return serve


JSON_TYPE = {"Content-Type": "application/json; charset=UTF-8"}


def error(status: int, code: str) -> dict[str, Any]:
    body = json.dumps({"code": code, "message": "Das geht nicht.", "data": {"status": status}})
    return {"status": status, "body": body, "headers": JSON_TYPE}


def test_crawls_of_comments(new_site: Callable[[], Any], bench: Any) -> None:
    """All pages at first, an empty one among them; one page later, with what is new, edited and answered."""
    site = new_site()
    shown = [comment(number) for number in range(330)]
    for one in shown[100:200]:
        one["status"] = "private"
    shown[20] |= {"parent": shown[320]["id"], "author": HOST, "content": text("<p>Obrigada pela resposta.</p>")}
    site.serve("/wp-json/wp/v2/comments", lists(site, shown))
    bench.add("blog", "wordpress", {"url": site.url})
    first = bench.crawl("blog")["blog"]
    assert (first["outcome"], first["pages"], first["added"], first["rejected"]) == ("ok", 4, 229, 0)
    with bench.store.reading() as session:
        answered = session.scalars(select(Mention).where(Mention.reply_state == "answered")).one()
        assert answered.text.startswith("O caderno 320")
        assert "Bruna" not in (answered.author or "") + (answered.url or "")
    site.asked.clear()
    second = bench.crawl("blog")["blog"]
    assert (second["pages"], second["added"], second["updated"]) == (1, 0, 0)
    shown[5]["content"] = text("<p>O caderno 5 desfez-se.</p>")
    shown.insert(0, comment(-1))
    shown.insert(0, comment(-2, parent=shown[7]["id"], author=HOST, content=text("<p>Vamos trocar o caderno.</p>")))
    third = bench.crawl("blog")["blog"]
    assert (third["pages"], third["added"], third["updated"]) == (1, 1, 2)
    assert [asked.query["page"] for asked in site.asked if asked.path != "/robots.txt"] == ["1", "1"]


def test_crawls_of_posts_and_of_both(new_site: Callable[[], Any], bench: Any) -> None:
    """The posts end with an error where no header tells the pages; the numbers of comments and posts do not collide."""
    site = new_site()
    posts = [post(number) for number in range(200)]
    site.serve("/blog/wp-json/wp/v2/posts", lists(site, posts, headed=False))
    site.serve("/blog/wp-json/wp/v2/comments", lists(site, [comment(1, id=900)], headed=False))
    root = f"{site.url}/blog"
    bench.add("posts", "wordpress", {"url": root, "what": "posts"})
    bench.add("both", "wordpress", {"url": root, "what": "both"})
    bench.add("search", "wordpress", {"url": root, "what": "both", "search": "spessa"})
    found = bench.crawl("posts", "both", "search")
    assert (found["posts"]["outcome"], found["posts"]["pages"], found["posts"]["added"]) == ("ok", 3, 200)
    assert (found["both"]["outcome"], found["both"]["pages"], found["both"]["added"]) == ("ok", 5, 201)
    assert (found["search"]["outcome"], found["search"]["added"]) == ("ok", 200)
    posts.insert(0, post(-1))
    again = bench.crawl("posts", "both")
    assert [(again[name]["pages"], again[name]["added"]) for name in ("posts", "both")] == [(1, 1), (2, 1)]


def test_a_site_without_fine_addresses_is_read_by_its_route(new_site: Callable[[], Any], bench: Any) -> None:
    site = new_site()
    site.serve("/", lists(site, [comment(number) for number in range(120)]))
    bench.add("plain", "wordpress", {"url": f"{site.url}/?rest_route=/wp/v2/comments"})
    found = bench.crawl("plain")["plain"]
    assert (found["outcome"], found["pages"], found["added"]) == ("ok", 2, 120)
    assert {asked.query["rest_route"] for asked in site.asked if asked.path != "/robots.txt"} == {"/wp/v2/comments"}


def test_a_site_that_keeps_its_interface_to_itself(new_site: Callable[[], Any], bench: Any) -> None:
    site = new_site()
    answers = {
        "login": (error(401, "rest_not_logged_in"), "blocked"),
        "forbidden": (error(403, "rest_forbidden"), "blocked"),
        "off": (error(404, "rest_no_route"), "failed"),
        "gone": ({"status": 404, "body": "<html>404"}, "failed"),
        "firewall": ({"status": 403, "body": "<html>No"}, "blocked"),
        "bad": (error(400, "rest_invalid_param"), "failed"),
        "empty": ({"body": "[]", "headers": JSON_TYPE}, "empty"),
        "home": ({"body": "<!doctype html><html><title>Quill</title>"}, "layout_changed"),
    }
    for name, (answer, _) in answers.items():
        site.serve(f"/{name}/wp-json/wp/v2/comments", lambda asked, answer=answer: answer)
        bench.add(name, "wordpress", {"url": f"{site.url}/{name}"})
    found = bench.crawl(*answers)
    assert {name: found[name]["outcome"] for name in answers} == {name: way for name, (_, way) in answers.items()}
    for name in ("login", "forbidden", "off", "gone"):
        assert f"(kind feed, url={site.url}/{name}/comments/feed/)" in found[name]["reason"]
    assert "404 rest_no_route" in found["off"]["reason"]


def test_robots_txt_is_obeyed(new_site: Callable[[], Any], bench: Any) -> None:
    site = new_site()
    site.answer("/robots.txt", {"body": "User-agent: *\nDisallow: /wp-json/"})
    bench.add("kept", "wordpress", {"url": site.url})
    assert bench.crawl("kept")["kept"]["outcome"] == "blocked"
    assert site.paths() == []


def test_recorded_answers(recorded: Path) -> None:
    """Answers of WordPress 6.1, asked without `_embed`, with their headers; counted by the anchors in their links."""
    folder = recorded / "servers/wordpress"
    counts = {}
    for name, url, mark in (
        ("comments_p1", COMMENTS, b"#comment-"),
        ("comments_beyond", COMMENTS.replace("&page=1&", "&page=99&"), b"#comment-"),
        ("posts", POSTS, b'"slug":'),
    ):
        lines = (folder / f"{name}.json.headers").read_text(encoding="utf-8").splitlines()
        told = dict(line.split(": ", 1) for line in lines if ": " in line)
        body = (folder / f"{name}.json").read_bytes()
        found = parse(body, url, told["Content-Type"], Paging.of(Response(url, headers=told)))
        assert found.rejected == {}
        assert len(found.items) == body.count(mark)
        assert all(item.published and item.url for item in found.items)
        counts[name] = (len(found.items), found.claimed, bool(found.next))
    assert counts == {"comments_p1": (10, 48, True), "comments_beyond": (0, 48, False), "posts": (5, 12, True)}
