from __future__ import annotations

import json
import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overheard.crawler.outcomes import PageError
from overheard.crawler.page import NO_TEXT, UNREADABLE, Page
from overheard.crawler.spiders.schemaorg import parse
from overheard.intake.item import Item

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
URL = "https://shop.example/teapot"


def page(*blocks: Any, body: str = "", lang: str = "en", url: str = URL, origin: str | None = None) -> Page:
    """The page that holds these JSON-LD blocks (objects, or scripts as written) and this markup."""
    scripts = (block if isinstance(block, str) else json.dumps(block) for block in blocks)
    markup = "".join(f'<script type="application/ld+json">{script}</script>' for script in scripts)
    return parse(
        f'<!doctype html><html lang="{lang}"><body>{markup}{body}</body></html>'.encode(), url, NOW, origin=origin
    )


def review(**properties: Any) -> dict[str, Any]:
    """A review in JSON-LD."""
    return {"@type": "Review", "reviewBody": "Pours without a drop lost.", **properties}


def only(found: Page) -> Item:
    """The one item of a page."""
    assert len(found.items) == 1, found
    return found.items[0]


def test_a_review_with_all_that_it_may_say() -> None:
    product = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": "Teapot No. 3",
        "url": URL,
        "aggregateRating": {"@type": "AggregateRating", "ratingValue": 4.4, "reviewCount": 81},
        "review": review(
            **{"@id": f"{URL}#review-7081234"},
            name="Would buy again",
            author={"@type": "Person", "name": "Mara Quill"},
            datePublished="2026-03-01T09:30:00+01:00",
            dateModified="2026-03-05",
            inLanguage="de-AT",
            reviewRating={"@type": "Rating", "ratingValue": "4", "bestRating": "5", "worstRating": "1"},
            comment={
                "@type": "Comment",
                "text": "Thank you &amp; enjoy.",
                "author": {"@type": "Organization", "name": "Shop"},
                "datePublished": "2026-03-02",
            },
        ),
    }
    assert only(page(product)) == Item(
        external_id="/teapot#review-7081234",
        text="Pours without a drop lost.",
        title="Would buy again",
        rating=0.75,
        rating_given="4",
        rating_scale=5.0,
        language="de",
        author="Mara Quill",
        url=URL,
        published=datetime(2026, 3, 1, 8, 30, tzinfo=UTC),
        edited=datetime(2026, 3, 5, tzinfo=UTC),
        reply_state="answered",
        reply="Thank you & enjoy.",
        replied=datetime(2026, 3, 2, tzinfo=UTC),
        attributes={"product": "Teapot No. 3"},
    )


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(review(), id="at the top"),
        pytest.param([review()], id="in an array"),
        pytest.param({"@graph": [{"@type": "WebSite"}, {"@type": "Hotel", "review": [review()]}]}, id="in a graph"),
        pytest.param({"@type": "LocalBusiness", "reviews": review()}, id="under `reviews`"),
        pytest.param({"@type": "Product", "review": {"reviewBody": review()["reviewBody"]}}, id="without a type"),
        pytest.param({"@type": ["Review", "Thing"], "description": review()["reviewBody"]}, id="as a description"),
        pytest.param({"@type": "http://schema.org/UserReview", "text": review()["reviewBody"]}, id="of a subtype"),
        pytest.param({"@type": "schema:Review", "schema:reviewBody": review()["reviewBody"]}, id="with a prefix"),
        pytest.param(
            {"@graph": [{"@type": "Product", "review": {"@id": "#r"}}, {**review(), "@id": "#r"}]}, id="by reference"
        ),
        pytest.param(review(reviewBody={"@value": review()["reviewBody"], "@language": "en"}), id="as a value object"),
        pytest.param(review(reviewBody="<p>Pours without a&nbsp;drop <b>lost</b>.</p>"), id="as markup"),
        pytest.param(json.dumps(review())[:-1] + ",}\n{" + '"@type": "WebSite"}', id="broken, two in a row"),
        pytest.param('{"@type": "Review", /* x */ "reviewBody": "Pours\nwithout a drop lost."}', id="raw line break"),
    ],
)
def test_where_reviews_stand(block: Any) -> None:
    assert " ".join(only(page(block)).text.split()) == "Pours without a drop lost."


THREAD = {
    "@type": "DiscussionForumPosting", "headline": "Parcel lost", "text": "Three weeks and no parcel.",
    "author": {"@type": "Person", "name": "Mara"}, "datePublished": "2026-03-01", "@id": "#post-81234",
    "comment": [{"@type": "Comment", "text": "Same here.", "author": {"name": "Jo"}, "datePublished": "2026-03-02"}],
}  # fmt: skip
QUESTION = {
    "@type": "QAPage",
    "mainEntity": {
        "@type": "Question", "name": "Does it leak?", "text": "Mine drips at the lid.",
        "acceptedAnswer": {"@type": "Answer", "text": "Turn the lid."},
        "suggestedAnswer": [{"@type": "Answer", "text": "Send it back."}],
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("block", "texts", "threads"),
    [
        pytest.param(THREAD, ["Three weeks and no parcel.", "Same here."], [None, "Parcel lost"], id="a thread"),
        pytest.param(
            QUESTION, ["Mine drips at the lid.", "Turn the lid.", "Send it back."],
            [None, "Does it leak?", "Does it leak?"], id="question and answers",
        ),
        pytest.param(
            {"@type": "NewsArticle", "headline": "Fees rise", "comment": {"@type": "Comment", "text": "Bye."}},
            ["Bye."], ["Fees rise"], id="a comment on an article",
        ),
    ],
)  # fmt: skip
def test_posts_comments_questions_and_answers(block: Any, texts: list[str], threads: list[str | None]) -> None:
    found = page(block).items
    assert [item.text for item in found] == texts
    assert [item.attributes.get("thread") for item in found] == threads


def test_a_post_in_full() -> None:
    post, comment = page(THREAD).items
    assert (post.title, post.author, post.external_id) == ("Parcel lost", "Mara", "/teapot#post-81234")
    assert (comment.author, comment.published, comment.reply_state) == (
        "Jo",
        datetime(2026, 3, 2, tzinfo=UTC),
        "unknown",
    )


@pytest.mark.parametrize(
    "block",
    [
        pytest.param({**QUESTION, "@type": "FAQPage"}, id="the company's own questions and answers"),
        pytest.param({"@type": "Comment", "name": "no words"}, id="a comment without a text"),
        pytest.param({"@type": "Product", "aggregateRating": {"ratingValue": 4, "reviewCount": 9}}, id="aggregate"),
        pytest.param({"@type": "ClaimReview", "reviewBody": "False."}, id="fact check"),
        pytest.param({"@type": "Product", "review": {"@id": "#elsewhere"}}, id="reference to nothing"),
        pytest.param({"@type": "Product", "review": "Nice teapot"}, id="text in place of a review"),
        pytest.param({"@type": "Recipe", "description": "Boil the water."}, id="no review at all"),
    ],
)
def test_what_is_no_review(block: Any) -> None:
    found = page(block)
    assert (found.items, dict(found.rejected)) == ((), {})


def test_what_cannot_be_used_is_counted() -> None:
    stars = {"@type": "Review", "reviewRating": {"ratingValue": 5}}
    found = page({"@type": "Product", "name": "Pot", "review": [stars, {**stars, "name": "Pot"}, review()]}, "{broken")
    assert len(found.items) == 1
    assert found.rejected == {NO_TEXT: 2, UNREADABLE: 1}


@pytest.mark.parametrize(
    ("rating", "value", "scale"),
    [
        ({"ratingValue": 5}, 1.0, 5.0),
        ({"ratingValue": "3,5"}, 0.625, 5.0),
        ({"ratingValue": "1.0", "bestRating": "5.0"}, 0.0, 5.0),
        ({"ratingValue": 8, "bestRating": 10}, 0.8, 10.0),
        ({"ratingValue": 80, "bestRating": 100}, 0.8, 100.0),
        ({"ratingValue": 2, "bestRating": 5, "worstRating": 0}, 0.4, 5.0),
        ({"ratingValue": 0, "bestRating": 5, "worstRating": 0}, 0.0, 5.0),
        ({"ratingValue": "4/5"}, 0.75, 5.0),
        ("4", 0.75, 5.0),
        ([{"@type": "Rating", "ratingValue": 4}], 0.75, 5.0),
        ({"ratingValue": 9}, None, None),
        ({"ratingValue": "great"}, None, None),
        ({"bestRating": 5}, None, None),
        (None, None, None),
    ],
)
def test_rating(rating: Any, value: float | None, scale: float | None) -> None:
    item = only(page(review(reviewRating=rating)))
    assert (item.rating, item.rating_scale) == (value, scale)


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ("Mara", "Mara"),
        ({"@type": "Person", "name": "Mara"}, "Mara"),
        ([{"name": ""}, {"name": "Mara"}], "Mara"),
        ({"@id": "#mara"}, "Mara"),
        ({"@type": "Person"}, None),
        (7, "7"),
    ],
)
def test_author(author: Any, name: str | None) -> None:
    found = page({"@graph": [{"@type": "Person", "@id": "#mara", "name": "Mara"}, review(author=author)]})
    assert only(found).author == name


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"@id": "#review-1"}, None),
        ({"@id": f"{URL}#review-0012"}, None),
        ({"@id": "_:b0"}, None),
        ({"@id": URL}, None),
        ({"@id": "#comment-99812"}, "/teapot#comment-99812"),
        ({"@id": "https://shop.example/reviews/99812"}, "/reviews/99812"),
        ({"@id": "https://other.example/r/99812"}, "//other.example/r/99812"),
        ({"@id": "99812"}, "99812"),
        ({"url": "https://shop.example/reviews/99812?x=1"}, "/reviews/99812?x=1"),
        ({"url": URL}, None),
        ({"url": f"{URL}/?utm_source=x"}, None),
        ({"identifier": {"@type": "PropertyValue", "value": "R-99812"}}, "R-99812"),
        ({"identifier": 99812}, "99812"),
        ({"identifier": 1, "@id": "#review-1"}, None),
        ({"@id": "#a-\ud800-99812"}, "/teapot#a--99812"),
        ({}, None),
    ],
)
def test_only_an_id_that_lasts_is_an_id(properties: dict[str, Any], expected: str | None) -> None:
    assert only(page({"@type": "Product", "url": URL, "review": review(**properties)})).external_id == expected


def test_an_id_that_two_reviews_share_is_none() -> None:
    both = [review(reviewBody=text, url="https://shop.example/all-reviews") for text in ("One.", "Two.")]
    assert [item.external_id for item in page(both).items] == [None, None]
    assert [item.external_id for item in page(*both).items] == [None, None]


def test_a_fragment_on_a_later_page_belongs_to_the_first() -> None:
    found = page(review(**{"@id": f"{URL}?page=3#r-99812"}), url=f"{URL}?page=3", origin=URL)
    assert (only(found).external_id, only(found).url) == ("/teapot#r-99812", URL)


MICRODATA = """
<div itemscope itemtype="https://schema.org/Product"><h2 itemprop="name">Teapot No. 3</h2>
<article itemprop="review" itemscope itemtype="http://schema.org/Review" data-review-id="7081234">
  <b itemprop="name">Would buy again</b> by <a itemprop="author" href="/users/mara">Mara</a>
  <time itemprop="datePublished" datetime="2026-03-01">1 March</time>
  <span itemprop="reviewRating" itemscope itemtype="http://schema.org/Rating"><meta itemprop="ratingValue" content="4">
    of <i itemprop="bestRating">5</i></span>
  <p itemprop="reviewBody">Pours without<br>a drop lost.</p>
</article></div>"""


def test_microdata() -> None:
    assert only(page(body=MICRODATA)) == Item(
        external_id="7081234",
        text="Pours without\na drop lost.",
        title="Would buy again",
        rating=0.75,
        rating_given="4",
        rating_scale=5.0,
        language="en",
        author="Mara",
        url=URL,
        published=datetime(2026, 3, 1, tzinfo=UTC),
        attributes={"product": "Teapot No. 3"},
    )


@pytest.mark.parametrize(
    "markup",
    [
        pytest.param(
            '<div itemprop="review" itemscope itemtype="http://schema.org/Review">'
            '<p itemprop="description">Fine.</p></div>',
            id="outside any product",
        ),
        pytest.param(
            '<div itemscope itemtype="http://schema.org/Review" itemref="said"></div>'
            '<p id="said" itemprop="reviewBody">Fine.</p>',
            id="by itemref",
        ),
        pytest.param(
            '<div itemscope itemtype="http://schema.org/Review"><meta itemprop="reviewBody" content="Fine."></div>',
            id="in a meta element",
        ),
    ],
)
def test_where_microdata_stand(markup: str) -> None:
    assert only(page(body=markup)).text == "Fine."


FORUM_POST = """
<li id="post-{number}" itemscope itemtype="http://schema.org/DiscussionForumPosting">
  <a href="/t/teapots/3/post/{number}/"><time itemprop="datePublished" datetime="2026-03-01T10:00:00Z">March</time></a>
  <div class="{classes}" itemprop="articleBody">{body}</div></li>"""


def posts(*bodies: str, classes: str = "post-body") -> tuple[Item, ...]:
    """The items of a forum's page with these posts."""
    numbered = (FORUM_POST.format(number=12 + place, classes=classes, body=body) for place, body in enumerate(bodies))
    return page(body=f"<ul>{''.join(numbered)}</ul>").items


def test_a_post_is_known_by_the_link_that_its_date_is() -> None:
    one, other = posts("It drips.", "Mine does not.")
    assert (one.external_id, one.url) == ("/t/teapots/3/post/12/", "https://shop.example/t/teapots/3/post/12/")
    assert other.external_id == "/t/teapots/3/post/13/"


def test_a_link_around_more_than_the_date_is_none_of_the_review() -> None:
    card = '<a href="/product/7">{}</a>'.format(MICRODATA.replace('data-review-id="7081234"', "").replace("<a ", "<b "))
    assert only(page(body=card)).external_id is None


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<blockquote>It drips.</blockquote><p>Mine does not.</p>", "Mine does not."),
        ("<p>Yes.</p><aside><p>Ann Peeters has written:</p><blockquote>It drips.</blockquote></aside>", "Yes."),
        ("<blockquote>One<blockquote>two</blockquote></blockquote> Three", "Three"),
        ("<aside>By the way,</aside> it drips.", "By the way,\nit drips."),
        ("<blockquote>It drips.</blockquote>", "It drips."),
    ],
)
def test_what_a_post_quotes_is_not_its_own(body: str, text: str) -> None:
    (item,) = posts(body)
    assert item.text == text


def test_a_notice_in_place_of_a_post_is_none() -> None:
    assert posts("This post is hidden. Hidden by Ann Peeters.", classes="post-body post-body-hidden") == ()


def test_a_list_in_microdata_leads_to_its_pages() -> None:
    entry = '<li itemprop="itemListElement" itemscope itemtype="http://schema.org/ListItem">{}</li>'
    links = (f'<meta itemprop="url" content="https://shop.example/t/{number}/">' for number in (1, 2))
    entries = "".join(map(entry.format, links))
    found = page(body=f'<ul itemscope itemtype="http://schema.org/ItemList">{entries}</ul>')
    assert found.listed == ("https://shop.example/t/1/", "https://shop.example/t/2/")


def test_microdata_that_refer_to_each_other_in_circles_end() -> None:
    loop = (
        '<div itemscope itemtype="http://schema.org/Review" id="a" itemprop="x y" itemref="b"></div>'
        '<div itemscope itemtype="http://schema.org/Review" id="b" itemprop="x y" itemref="a"></div>'
    )
    assert page(body=loop + MICRODATA).items


def test_one_review_in_two_syntaxes_is_one() -> None:
    product = {
        "@type": "Product",
        "name": "Teapot No. 3",
        "review": [
            review(reviewBody="Pours without a drop lost.", author="Mara", datePublished="2026-03-01T23:10:00-03:00"),
            review(reviewBody="Another.", author="Ada"),
        ],
    }
    found = page(product, product, body=MICRODATA)
    assert [item.text for item in found.items] == ["Pours without a drop lost.", "Another."]
    assert found.items[0].external_id == "7081234"
    assert found.items[0].rating == 0.75
    assert found.items[0].published == datetime(2026, 3, 2, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ({"author": "Ada"}, {"author": "Bea"}, 2),
        ({"author": "Ada"}, {"author": "ADA"}, 1),
        ({"reviewRating": 5}, {"reviewRating": 4}, 2),
        ({"datePublished": "2026-03-01"}, {"datePublished": "2026-03-09"}, 2),
        ({}, {"author": "Ada", "datePublished": "2026-03-01"}, 1),
    ],
)
def test_the_same_words_of_two_people_are_two_reviews(one: Any, other: Any, count: int) -> None:
    assert len(page(review(reviewBody="Great!", **one), review(reviewBody="Great!", **other)).items) == count


def test_the_same_words_twice_in_one_block_are_two_reviews() -> None:
    twice = [review(reviewBody="Great!"), review(reviewBody="Great!")]
    assert len(page(twice, twice).items) == 2


def test_a_list_leads_to_its_pages_unless_the_page_has_reviews_or_is_a_product() -> None:
    listing = {
        "@type": "ItemList",
        "itemListElement": [
            {"@type": "ListItem", "position": 1, "url": "/p/1"},
            {"@type": "ListItem", "item": {"@type": "Product", "@id": "https://shop.example/p/2"}},
            {"@type": "ListItem", "item": "https://shop.example/p/3"},
            "https://elsewhere.example/p/4",
            {"@type": "Product", "url": "/p/5#reviews"},
            {"@type": "ListItem", "url": "/p/1"},
            {"@type": "ListItem", "name": "nothing"},
        ],
    }
    crumbs = {"@type": "BreadcrumbList", "itemListElement": [{"@type": "ListItem", "item": "https://shop.example/"}]}
    expected = tuple(f"https://shop.example/p/{number}" for number in (1, 2, 3, 5))
    assert page(listing, crumbs).listed == expected
    assert page(listing, review()).listed == ()
    assert page(listing, {"@type": "Product", "name": "Teapot"}).listed == ()


def test_a_base_element_is_what_links_start_from() -> None:
    found = page(review(url="r/99812"), body='<base href="/de/"><a rel="next" href="?page=2">2</a>')
    assert only(found).url == "https://shop.example/de/r/99812"
    assert found.next == ("https://shop.example/de/?page=2",)


LOGIN = '<title>Sign in</title><form action="/session"><input name="user"><input type="password"></form>'


@pytest.mark.parametrize(
    ("body", "blocked"),
    [
        pytest.param(LOGIN, True, id="log-in form"),
        pytest.param("<title>Anmelden</title><h1>Anmelden</h1>" + "x " * 2000 + LOGIN, True, id="long log-in page"),
        pytest.param("<title>Just a moment...</title>", True, id="challenge"),
        pytest.param('<div class="g-recaptcha"></div>', True, id="captcha and nothing else"),
        pytest.param("<title>Access denied</title>", True, id="access denied"),
        pytest.param("<h1>Pots</h1>" + "All our teapots. " * 200 + LOGIN[22:], False, id="log-in in the header"),
        pytest.param("<h1>Teapot</h1><p>No reviews yet.</p>", False, id="no reviews yet"),
        pytest.param(LOGIN + MICRODATA, False, id="reviews beside a log-in form"),
    ],
)
def test_walls(body: str, blocked: bool) -> None:
    if blocked:
        with pytest.raises(PageError) as caught:
            page(body=body)
        assert caught.value.outcome == "blocked"
    else:
        page(body=body)


@pytest.mark.parametrize(
    ("body", "kind", "form"),
    [
        (b"", "text/html", "nothing"),
        (b" \n", None, "nothing"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "image/png", "image/png"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "text/html", "binary data"),
        (b"%PDF-1.7\n1 0 obj <</Type /Catalog>>", "application/pdf", "application/pdf"),
        (b"%PDF-1.7\n1 0 obj <</Type /Catalog>>", None, "binary data"),
        (bytes(range(256)) * 4, "text/html", "binary data"),
        (b'<?xml version="1.0"?>\n<!-- news -->\n<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title></feed>',
         "text/html", "an RSS or Atom feed, which kind feed reads"),
        (b'<rss version="2.0"><channel/></rss>', None, "an RSS or Atom feed, which kind feed reads"),
        (b'{"html": "<p>Fine</p>"}', "application/json", "other JSON"),
        (b"Kettles from 9 to 5", "text/plain", "plain text"),
    ],
)  # fmt: skip
def test_what_is_no_html_page(body: bytes, kind: str | None, form: str) -> None:
    with pytest.raises(PageError, match=f"^expected an HTML page, got {form}$") as caught:
        parse(body, URL, NOW, content_type=kind)
    assert caught.value.outcome == "layout_changed"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<p>No reviews yet.", "application/octet-stream"),
        (b"Warning: line 3<br><html><p>No reviews yet.</html>", "text/html"),
        (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><p>None.</p></html>', "text/xml"),
        ("<!doctype html><p>Geen.".encode("utf-16"), "text/html; charset=utf-16"),
        (b"<!doctype html>\x00<p>None.", "image/png"),
    ],
)
def test_a_careless_page_without_reviews_is_one(body: bytes, kind: str) -> None:
    assert parse(body, URL, NOW, content_type=kind).items == ()


FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FEW
@given(st.binary(max_size=300))
def test_any_bytes_are_a_page_or_a_named_error(body: bytes) -> None:
    with suppress(PageError):
        parse(body, URL, NOW)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8) | st.just("2026-03-01"),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["@id", "@value", "name", "ratingValue", "bestRating", "url", "text"]), inner)
    ),
    max_leaves=5,
)
PROPERTIES = (
    "@id url identifier reviewBody description name headline author reviewRating datePublished dateModified inLanguage "
    "comment itemReviewed review itemListElement"
).split()


@FEW
@given(
    st.sampled_from(["Review", "Product", "ItemList", ["Review", None, 3]]),
    st.dictionaries(st.sampled_from(PROPERTIES), VALUES, max_size=6),
)
def test_any_values_are_a_page_that_can_be_stored(kind: Any, properties: dict[str, Any]) -> None:
    for item in page({"@type": kind, **properties}).items:
        repr(item).encode()
        assert item.text or item.title
        assert item.rating is None or 0 <= item.rating <= 1


def test_real_pages_of_others() -> None:
    """Recorded pages, where they are at hand: no error, and reviews where a look at the page shows some."""
    folder = Path(os.environ.get("OVERHEARD_SHARED", Path(__file__).parents[2].parent / "shared")) / "payloads"
    if not folder.is_dir():
        pytest.skip(f"no recorded pages at {folder}; name their folder in OVERHEARD_SHARED")
    counts = {}
    for path in sorted(folder.glob("schemaorg/*.html")):
        counts[path.stem] = len(parse(path.read_bytes(), f"https://shop.example/{path.name}", NOW).items)
    expected = {
        "adrianasbestrecipes_2": 14,
        "chefjeanpierre_1": 25,
        "eatwell101": 16,
        "epicurious": 4,
        "keytomylime_1": 19,
        "littlespicejar": 8,
        "pilipinasrecipes_1": 1,
        "polishfoodies_2": 15,
        "rachlmansfield": 102,
        "williamssonoma_2": 8,
    }
    assert {name: count for name, count in counts.items() if count} == expected
