from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from promises import json_values, refused, storable
from scrapy.http import Response
from sqlalchemy import select

from overheard.crawler.api import OTHER_FORM
from overheard.crawler.page import NO_TEXT
from overheard.crawler.spiders.woocommerce import Answer, WoocommerceSpider, parse, read_answers
from overheard.crawler.spiders.wordpress import Paging
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.store.tables import Mention

(URL,) = WoocommerceSpider.first_urls({"url": "https://shop.example"})
ROUTE = "/wp-json/wc/store/v1/products/reviews"
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def review(number: int, **changes: Any) -> dict[str, Any]:
    """A review as the list has it, an hour older than the one before."""
    return {
        "id": 9000 - number,
        "date_created": "2020-01-01T00:00:00",
        "formatted_date_created": "January 1, 2020",
        "date_created_gmt": (NOON - timedelta(hours=number)).strftime("%Y-%m-%dT%H:%M:%S"),
        "product_id": 33,
        "product_name": "Stilou Corvin &#8211; negru",
        "product_permalink": "https://shop.example/produs/stilou-corvin/",
        "product_image": {"id": 4, "src": "https://shop.example/stilou.jpg", "name": "stilou.jpg", "alt": ""},
        "reviewer": "Mircea Albu",
        "review": f"<p>Scrie frumos, zice numărul {number}.</p>\n",
        "rating": 4,
        "verified": True,
        "reviewer_avatar_urls": {"24": "https://secure.gravatar.com/avatar/0?s=24"},
    } | changes


def page(*objects: Any) -> bytes:
    return json.dumps(objects).encode()


def only(**changes: Any) -> Item:
    """The one item of a page with one review."""
    found = parse(page(review(0, **changes)), URL)
    assert len(found.items) == 1, found
    return found.items[0]


def test_a_review() -> None:
    found = parse(page(review(0)), URL, paging=Paging(total=33))
    assert (found.claimed, found.next, found.rejected) == (33, (URL.replace("&page=1&", "&page=2&"),), {})
    assert found.items == (
        Item(
            external_id="9000",
            text="Scrie frumos, zice numărul 0.",
            rating=0.75,
            rating_given="4",
            rating_scale=5.0,
            author="Mircea Albu",
            url="https://shop.example/produs/stilou-corvin/#comment-9000",
            published=NOON,
            attributes={"product": "Stilou Corvin – negru", "verified": "yes"},
        ),
    )


@pytest.mark.parametrize(
    ("given", "value"), [(1, 0.0), (3, 0.5), (5, 1.0), ("5", 1.0), (0, None), (None, None), (6, None), (-1, None)]
)
def test_stars(given: Any, value: float | None) -> None:
    found = only(rating=given)
    assert (found.rating, found.rating_scale) == (value, 5.0 if value is not None else None)


@pytest.mark.parametrize(("given", "told"), [(True, "yes"), (False, "no"), (None, None)])
def test_whether_the_shop_knows_the_buyer(given: bool | None, told: str | None) -> None:
    assert only(verified=given).attributes.get("verified") == told


def test_a_product_without_an_address_has_a_review_without_one() -> None:
    assert only(product_permalink="").url is None


@pytest.mark.parametrize(
    ("paging", "full", "more"),
    [
        (Paging(follows=True, pages=2, total=101), True, True),
        (Paging(pages=1, total=100), True, False),
        (Paging(pages=2, total=101), True, True),
        (Paging(), True, True),
        (Paging(), False, False),
    ],
)
def test_the_next_page(paging: Paging, full: bool, more: bool) -> None:
    assert bool(parse(page(*[review(0)] * full), URL, paging=paging).next) is more


def test_what_cannot_be_used_is_counted() -> None:
    found = parse(page(review(0), review(1, review="<p></p>"), {"review": "no id"}, "what?", review(4, rating=[])), URL)
    assert [item.external_id for item in found.items] == ["9000"]
    assert found.rejected == {NO_TEXT: 1, OTHER_FORM: 3}


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"<!doctype html><html><p>Magazin", "layout_changed"),
        (b'<html><title>Just a moment...</title><div id="cf-challenge">', "blocked"),
        (b"null", "layout_changed"),
        (b'{"reviews": []}', "layout_changed"),
    ],
)
def test_what_is_no_page(body: bytes, outcome: str) -> None:
    assert refused(parse, body, URL).outcome == outcome


JSON = json_values(*review(0))


@settings(max_examples=80, deadline=None)
@given(JSON, st.dictionaries(st.sampled_from(list(review(0))), JSON))
def test_any_json_is_a_page_that_can_be_stored(one: Any, changes: dict[str, Any]) -> None:
    for body in (one, [one], [review(0) | changes, one]):
        assert all(item.text for item in storable(parse, json.dumps(body).encode(), URL))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({"url": "https://shop.example/"}, {"url": "https://shop.example"}),
        ({"url": "https://shop.example/wp-json/wc/v3/products/reviews?per_page=5"}, {"url": "https://shop.example"}),
        ({"url": "https://shop.example/?rest_route=/"}, {"url": "https://shop.example/?rest_route=/"}),
        ({"url": "https://shop.example", "product_id": " 33 ", "category_id": ""},
         {"url": "https://shop.example", "product_id": "33"}),
    ],
)  # fmt: skip
def test_a_target(target: dict[str, str], expected: dict[str, str]) -> None:
    assert WoocommerceSpider.validate(target) == expected
    assert WoocommerceSpider.validate(expected) == expected


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({}, "needs 'url'"),
        ({"url": "https://shop.example/?product=stilou"}, "more than a site's address"),
        ({"url": "https://shop.example", "product_id": "stilou"}, "product_id 'stilou' is no number"),
        ({"url": "https://shop.example", "category_id": "-1"}, "category_id '-1' is no number"),
        ({"url": "https://shop.example", "key": "ck_1"}, "has no 'key'"),
    ],
)
def test_a_wrong_target(target: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        WoocommerceSpider.validate(target)


def test_the_address_that_is_asked() -> None:
    assert WoocommerceSpider.first_urls({"url": "https://shop.example", "product_id": "33", "category_id": "4"}) == [
        f"https://shop.example{ROUTE}?per_page=100&page=1&order=desc&orderby=date&product_id=33&category_id=4"
    ]


def reviews(site: Any, shown: list[dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    """Serve a list as the Store API does."""

    def serve(asked: Any) -> dict[str, Any]:
        query = asked.query
        size, number = int(query["per_page"]), int(query["page"])
        if size > 100 or (query["order"], query["orderby"]) != ("desc", "date"):
            return error(400, "rest_invalid_param")
        hits = [one for one in shown if query.get("product_id", str(one["product_id"])) == str(one["product_id"])]
        pages = -(-len(hits) // size)
        headers = {"X-WP-Total": str(len(hits)), "X-WP-TotalPages": str(pages)} | JSON_TYPE
        if number < pages:
            headers["Link"] = f'<{site.url}{asked.path}&page={number + 1}>; rel="next"'
        return {"body": page(*hits[(number - 1) * size : number * size]), "headers": headers}

    return serve


JSON_TYPE = {"Content-Type": "application/json; charset=UTF-8"}


def error(status: int, code: str, **headers: str) -> dict[str, Any]:
    body = json.dumps({"code": code, "message": "Nu se poate.", "data": {"status": status}})
    return {"status": status, "body": body, "headers": JSON_TYPE | headers}


def test_crawls_of_a_shop(new_site: Callable[[], Any], bench: Any) -> None:
    """All pages at first, one page when nothing is new, what is new and edited later; a product by its number."""
    site = new_site()
    shown = [review(number, product_id=33 if number % 5 else 34) for number in range(250)]
    site.serve(ROUTE, reviews(site, shown))
    bench.add("shop", "woocommerce", {"url": site.url})
    bench.add("product", "woocommerce", {"url": site.url, "product_id": "34"})
    bench.add("none", "woocommerce", {"url": site.url, "product_id": "35"})
    first = bench.crawl("shop", "product", "none")
    assert (first["shop"]["outcome"], first["shop"]["pages"], first["shop"]["added"]) == ("ok", 3, 250)
    assert (first["product"]["pages"], first["product"]["added"]) == (1, 50)
    assert (first["none"]["outcome"], first["none"]["items"]) == ("empty", 0)
    site.asked.clear()
    second = bench.crawl("shop")["shop"]
    assert (second["pages"], second["added"], second["updated"]) == (1, 0, 0)
    shown.insert(0, review(-1, review="<p>Nou și bun.</p>"))
    shown[4] = shown[4] | {"review": "<p>S-a stricat după o lună.</p>", "rating": 1}
    third = bench.crawl("shop")["shop"]
    assert (third["pages"], third["added"], third["updated"]) == (1, 1, 1)
    assert [asked.query["page"] for asked in site.asked if asked.path != "/robots.txt"] == ["1", "1"]
    with bench.store.reading() as session:
        mention = session.scalars(select(Mention).where(Mention.text.startswith("S-a stricat"))).one()
        assert (mention.rating, mention.reply_state) == (0.0, "unknown")
        assert "Mircea" not in (mention.author or "") + (mention.url or "")


def test_the_store_api_has_the_reviews_that_product_pages_leave_out(new_site: Callable[[], Any], bench: Any) -> None:
    """A product page holds the five newest of 33; the interface with a key answers 401 and is not asked for."""
    site = new_site()
    shown = [review(number) for number in range(33)]
    marked = [
        {"@type": "Review", "reviewBody": f"Scrie frumos, zice numărul {number}.", "reviewRating": {"ratingValue": 4}}
        for number in range(5)
    ]
    product = {"@context": "https://schema.org", "@type": "Product", "name": "Stilou Corvin", "review": marked}
    markup = f'<!doctype html><html><script type="application/ld+json">{json.dumps(product)}</script>'
    site.serve("/produs/stilou-corvin/", lambda asked: {"body": markup})
    site.serve(ROUTE, reviews(site, shown))
    site.serve("/wp-json/wc/v3/products/reviews", lambda asked: error(401, "woocommerce_rest_cannot_view"))
    bench.add("page", "schemaorg", {"url": f"{site.url}/produs/stilou-corvin/"})
    bench.add("store", "woocommerce", {"url": f"{site.url}/wp-json/wc/v3/products/reviews"})
    found = bench.crawl("page", "store")
    assert {name: result["added"] for name, result in found.items()} == {"page": 5, "store": 33}
    assert found["store"]["outcome"] == "ok"
    assert not [path for path in site.paths() if "/wc/v3/" in path]


def test_a_shop_that_keeps_its_interface_to_itself_or_has_had_enough(new_site: Callable[[], Any], bench: Any) -> None:
    site = new_site()
    answers = {
        "login": (error(401, "rest_not_logged_in"), "blocked"),
        "off": (error(404, "rest_no_route"), "failed"),
        "limit": (error(400, "rate_limit_exceeded", **{"RateLimit-Retry-After": "17"}), "blocked"),
        "bad": (error(400, "rest_invalid_param"), "failed"),
        "busy": (error(429, "too_many", **{"Retry-After": "3600"}), "blocked"),
    }
    for name, (answer, _) in answers.items():
        site.serve(f"/{name}{ROUTE}", lambda asked, answer=answer: answer)
        bench.add(name, "woocommerce", {"url": f"{site.url}/{name}"})
    found = bench.crawl(*answers)
    assert {name: found[name]["outcome"] for name in answers} == {name: way for name, (_, way) in answers.items()}
    for name in ("login", "off"):
        assert f"(kind feed, url={site.url}/{name}/comments/feed/)" in found[name]["reason"]
        assert "(kind schemaorg)" in found[name]["reason"]
    assert "rate_limit_exceeded (RateLimit-Retry-After: 17); raise crawl.delay" in found["limit"]["reason"]


def comment(number: int, text: str, below: str = "", *, kind: str = "review", div: bool = True) -> str:
    """A comment as WooCommerce's template shows it, with those below it; or as that of other themes does."""
    said = f'<p class="meta"><strong>Cineva</strong> <time datetime="2026-05-06T09:00:00+02:00">mai</time></p>{text}'
    children = f'<ul class="children">{below}</ul>' if below else ""
    if not div:
        return f'<li class="{kind}" id="comment-{number}"><article>{said}</article>{children}</li>'
    own = f'<div id="comment-{number}" class="comment_container"><div class="comment-text">{said}</div></div>'
    return f'<li class="{kind} even" id="li-comment-{number}">{own}{children}</li>'


def words(text: str) -> str:
    return f'<div class="description"><p>{text}</p></div>'


SHOP = "comment byuser comment-author-corvin bypostauthor"
THANKS = Answer("Mulțumim.", datetime(2026, 5, 6, 7, tzinfo=UTC))


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (comment(7, words("Bun.")), {"7": None}),
        (comment(7, words("Bun."), comment(8, words("Mulțumim."), kind=SHOP)), {"7": THANKS}),
        (comment(7, words("Bun."), comment(8, words("Mulțumim."), kind=SHOP, div=False), div=False), {"7": THANKS}),
        (comment(7, words("Bun."), comment(8, words("Și eu zic."), kind="review byuser")), {"7": None}),
        (comment(7, words("Bun."), comment(8, words("Mulțumim."), kind=SHOP) + comment(9, words("Iar."), kind=SHOP)),
         {"7": THANKS}),
        (comment(7, words("Bun."), comment(8, words("Unde?"), comment(9, words("Aici."), kind=SHOP))), {"7": None}),
        (comment(7, words("Bun."), comment(8, "Fără clasă.", kind=SHOP)) + comment(10, words("Rău.")), {"10": None}),
        (comment(7, words("Noi, magazinul."), kind=SHOP), {"7": None}),
        ("<ul><li id=comment-x>a</li><li id=respond>b</li></ul>", {}),
        ("", {}),
    ],
)  # fmt: skip
def test_what_the_shop_says_below_a_review(markup: str, expected: dict[str, Answer | None]) -> None:
    assert read_answers(f"<ol class='commentlist'>{markup}</ol>".encode() if markup else b"") == expected


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.text("<>li d='comment-7\"/ul", max_size=120).map(str.encode))
def test_any_bytes_hold_answers_or_none(body: bytes) -> None:
    assert all(answer is None or answer.text for answer in read_answers(body).values())


def test_the_shop_s_answers_are_read_from_the_pages_of_products_with_new_reviews(
    new_site: Callable[[], Any], bench: Any
) -> None:
    """One page for each such product, and none of another host; a crawl that does not ask again forgets no answer."""
    site = new_site()
    pen, ink = (f"{site.url}/produs/{name}/" for name in ("stilou", "cerneala"))
    shown = [review(0, product_permalink=pen), review(1, product_permalink=pen), review(2, product_permalink=ink)]
    shown += [review(3, product_permalink="https://elsewhere.example/p"), review(4, product_permalink=pen)]
    pages = {
        pen: comment(9000, words("Bun."), comment(9100, words("Mulțumim."), kind=SHOP)) + comment(8999, words("Da.")),
        ink: comment(8998, words("Nu curge."), comment(9101, words("Regretăm."), kind=SHOP)),
    }
    for url in pages:
        site.serve(url.removeprefix(site.url), lambda asked: {"body": f"<ol>{pages[site.url + asked.path]}</ol>"})
    site.serve(ROUTE, reviews(site, shown))

    def stored() -> dict[str, tuple[str, str | None]]:
        with bench.store.reading() as session:
            found = session.scalars(select(Mention).where(Mention.source_id == number))
            return {mention.external_id: (mention.reply_state, mention.reply) for mention in found}

    number = bench.add("answers", "woocommerce", {"url": site.url})
    first = bench.crawl("answers")["answers"]
    assert (first["outcome"], first["reason"], first["pages"], first["added"]) == ("ok", None, 1, 5)
    expected = {
        "9000": ("answered", "Mulțumim."), "8999": ("unanswered", None), "8998": ("answered", "Regretăm."),
        "8997": ("unknown", None), "8996": ("unknown", None),
    }  # fmt: skip
    assert stored() == expected
    assert sorted(path for path in site.paths() if "produs" in path) == ["/produs/cerneala/", "/produs/stilou/"]
    site.asked.clear()
    shown.insert(0, review(-1, product_permalink=ink))
    pages[ink] = comment(9001, words("Curge.")) + pages[ink]
    second = bench.crawl("answers")["answers"]
    assert (second["added"], second["updated"]) == (1, 0)
    assert stored() == expected | {"9001": ("unanswered", None)}
    assert [path for path in site.paths() if "produs" in path] == ["/produs/cerneala/"]


@pytest.mark.parametrize(
    ("name", "answer", "asked"),
    [("gone", {"status": 404, "body": ""}, 2), ("refused", {"status": 403, "body": ""}, 1), ("forbidden", None, 0)],
)
def test_a_product_page_that_cannot_be_read_costs_its_answers_alone(
    new_site: Callable[[], Any], bench: Any, name: str, answer: dict[str, Any] | None, asked: int
) -> None:
    """After a refusal no other product page is asked for."""
    site = new_site()
    shown = [review(number, product_permalink=f"{site.url}/produs/{number}/") for number in range(2)]
    site.serve(ROUTE, reviews(site, shown))
    for number in range(2):
        site.serve(f"/produs/{number}/", lambda asked: answer or {"body": ""})
    if answer is None:
        site.answer(
            "/robots.txt", {"body": "User-agent: *\nDisallow: /produs/", "headers": {"Content-Type": "text/plain"}}
        )
    bench.add(name, "woocommerce", {"url": site.url})
    result = bench.crawl(name)[name]
    assert (result["outcome"], result["added"]) == ("ok", 2)
    assert "replies are unknown" in result["reason"]
    assert len([path for path in site.paths() if "produs" in path]) == asked


def test_a_limit_that_passes_is_waited_for(new_site: Callable[[], Any], bench: Any) -> None:
    site = new_site()
    site.answer(
        WoocommerceSpider.first_urls({"url": ""})[0],
        {"status": 429, "body": "", "headers": {"Retry-After": "1"}},
        {"body": page(review(0)), "headers": JSON_TYPE | {"X-WP-Total": "1", "X-WP-TotalPages": "1"}},
    )
    bench.add("patient", "woocommerce", {"url": site.url})
    assert bench.crawl("patient")["patient"]["added"] == 1


def test_headers_are_read_as_those_of_wordpress() -> None:
    told = Response(URL, headers={"X-WP-Total": "33", "X-WP-TotalPages": "1"})
    assert Paging.of(told) == Paging(follows=False, pages=1, total=33)
