from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from promises import refused
from sqlalchemy import select

from overheard.crawler.kinds import parse_target
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import NO_TEXT, Page
from overheard.crawler.ratings import class_rating, said_rating
from overheard.crawler.selectors import Rules, parse_rules, read_rules
from overheard.crawler.spiders.selectors import SelectorsSpider, coverage, parse
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.store.tables import Mention

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
URL = "https://shop.example/catalogue/teapot_7/reviews/"
DOCS = Path(__file__).parents[2] / "docs/sources/selectors.md"
EXAMPLE = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)[0]
"""The rules that the documentation shows, for a shop made with django-oscar."""


def rules(**keys: Any) -> Rules:
    return Rules(**{"item": ".review", "text": ".body"} | keys)


def read(body: str, lang: str = "", listed: bool = False, **keys: Any) -> Page:
    markup = f'<!doctype html><html lang="{lang}"><body>{body}</body></html>'
    return parse(markup.encode(), URL, NOW, rules(**keys), listed=listed)


def review(inner: str = "", text: str = "Giet zonder druppel.") -> str:
    return f'<div class="review"><p class="body">{text}</p>{inner}</div>'


def only(found: Page) -> Item:
    assert len(found.items) == 1, found
    return found.items[0]


WORDS = ["One", "Two", "Three", "Four", "Five"]
STAR = '<i class="fas fa-star"></i>'


def oscar(number: int, text: str = "<p>Pours well.</p>", stars: int = 4, day: date = date(2025, 11, 21)) -> str:
    """A review as a django-oscar shop shows it."""
    link = f"/catalogue/teapot_7/reviews/{number}/"
    return f"""
    <article class="review">
      <header><h3 class="star-rating {WORDS[stars - 1]}"><span>{STAR * 5}</span>
        <a href="{link}">Teapot, take {number}</a></h3></header>
      {text}
      <p><small>
        Reviewed by <strong>Mara Quill</strong> on {day:%b}. {day.day}, {day.year}, 7:19 p.m.
        | <a href="{link}">Permalink</a>
      </small></p>
      <p><small>
        This review has no votes.
      </small></p>
    </article>"""


def recent(number: int, **rest: Any) -> str:
    """A review of a few days ago: a source whose last one is long past counts as stale."""
    return oscar(number, day=(datetime.now(UTC) - timedelta(days=number + 1)).date(), **rest)


def shop(*reviews: str, page: int = 1, of: int = 1) -> str:
    """A page of reviews in such a shop."""
    before = f'<li class="page-item"><a class="page-link" href="?page={page - 1}">previous</a></li>' * (page > 1)
    after = f'<li class="page-item"><a class="page-link" href="?page={page + 1}">next</a></li>' * (page < of)
    here = f'<li class="page-item disabled"><span class="page-link">Page {page} of {of}</span></li>'
    return f"""<!DOCTYPE html><html lang="en-gb"><head><title>All reviews</title></head><body>
    <p class="star-rating Three">{STAR * 5}<small><a href="/x">{len(reviews)} customer reviews</a></small></p>
    {"".join(reviews)}<nav><ul class="pagination">{before}{here}{after}</ul></nav></body></html>"""


def test_a_review_of_the_example_in_the_documentation() -> None:
    body = shop(oscar(20, text="<p>Pours\nwell &amp; slowly.</p><p>Would buy again.</p>", stars=2), of=2)
    found = parse(body.encode(), URL, NOW, parse_rules(EXAMPLE, "shop.toml"))
    assert found == Page(
        items=(
            Item(
                external_id="/catalogue/teapot_7/reviews/20/",
                text="Pours well & slowly.\nWould buy again.",
                title="Teapot, take 20",
                rating=0.25,
                rating_given="Two",
                rating_scale=5.0,
                language="en",
                author="Mara Quill",
                url="https://shop.example/catalogue/teapot_7/reviews/20/",
                published=datetime(2025, 11, 21, 19, 19, tzinfo=UTC),
            ),
        ),
        next=(f"{URL}?page=2",),
    )


def test_an_item_with_all_that_rules_can_describe() -> None:
    body = """
    <article id="r-7081" class="review" data-who="Ana Lopes">
      <h4 title="Volto a comprar">…</h4> <span role="img" aria-label="4 de 5 estrelas"></span>
      <time datetime="2026-03-01T09:30:00+01:00">há 8 meses</time>
      <div class="body">Serve sem pingar.<br>Bom preço.</div>
      <div class="answer"><time>5 de março de 2026</time><p>Obrigado!</p><p>A equipa</p></div>
      <a class="link" href="?id=7081&amp;copy=1#r-7081">#</a>
    </article>"""
    found = read(
        body, lang="pt-PT", item="article", title="h4@title", rating="[role=img]::attr(aria-label)", date="time",
        author="@data-who", reply=".answer p", reply_date=".answer time", url=".link", id="@id",
    )  # fmt: skip
    assert only(found) == Item(
        external_id="r-7081",
        text="Serve sem pingar.\nBom preço.",
        title="Volto a comprar",
        rating=0.75,
        rating_given="4 de 5 estrelas",
        rating_scale=5.0,
        language="pt",
        author="Ana Lopes",
        url=f"{URL}?id=7081&copy=1#r-7081",
        published=datetime(2026, 3, 1, 8, 30, tzinfo=UTC),
        reply_state="answered",
        reply="Obrigado!\nA equipa",
        replied=datetime(2026, 3, 5, tzinfo=UTC),
    )


def test_what_a_page_does_not_say_is_not_known() -> None:
    found = only(read(review(), title="h4", rating=".stars@class", date="time", author=".who", id="@id", url="a"))
    assert found == Item(external_id=None, text="Giet zonder druppel.", url=URL)
    assert only(read(review(), reply=".answer")).reply_state == "unanswered"


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        (".body", "Toată ziua rece, cu gust bun."),
        ("p.body b", "cu gust"),
        ("p::text", "Toată ziua rece, bun."),
        ("p ::text", "Toată ziua rece, cu gust bun."),
        ("::text", "Toată ziua rece, cu gust bun.\nAlt text."),
        ("> p.body", "Toată ziua rece, cu gust bun."),
        (":scope > div > em", "Alt text."),
        ("em@data-note", "De la magazin & co."),
        ("em::attr(data-note)", "De la magazin & co."),
        ("@data-all", "Tot textul."),
        (".none, em", "Alt text."),
        ("em, .body", "Toată ziua rece, cu gust bun.\nAlt text."),
        ("p, p b", "Toată ziua rece, cu gust bun."),
        ("p:not(:has(i))", "Toată ziua rece, cu gust bun."),
        ("xpath:./p", "Toată ziua rece, cu gust bun."),
        ("xpath:.//em/@data-note", "De la magazin & co."),
        ("xpath:substring-before(p, ',')", "Toată ziua rece"),
        ("xpath:.//em[re:test(., '^alt', 'i')]", "Alt text."),
        ("  xpath: .//em ", "Alt text."),
    ],
)
def test_what_selectors_may_look_like(selector: str, expected: str) -> None:
    body = (
        '<div class="review" data-all="Tot textul."><p class="body">Toată ziua rece, <b>cu gust</b> bun.</p>'
        '<div><em data-note="De la &lt;b&gt;magazin&lt;/b&gt; &amp;amp; co.">Alt text.</em></div></div>'
    )
    found = only(read(body, text=selector)).text
    assert re.sub(r"\n+", "\n", found) == expected


@pytest.mark.parametrize(
    ("names", "scale", "value"),
    [
        ("star-rating Four", 5, 0.75),
        ("One", 5, 0.0),
        ("star-4", 5, 0.75),
        ("stars4", 5, 0.75),
        ("ratingFive", 5, 1.0),
        ("ui_bubble_rating bubble_45", 5, 0.875),
        ("rating-45", 5, 0.875),
        ("rating-4-5", 5, 0.875),
        ("rating-4.5", 5, 0.875),
        ("rating-05", 5, 0.0),
        ("i-stars i-stars--regular-3-half border-1", 5, 0.625),
        ("rating-3-stars", 5, 0.5),
        ("rating_3_of_5", 5, 0.5),
        ("rating_7_of_10", 5, 0.7),
        ("rating-80", 100, 0.8),
        ("rating-7", 10, 0.7),
        ("sterne-3", 5, 0.5),
        ("rating-0", 5, None),
        ("rating-80", 5, None),
        ("rating-2026", 5, None),
        (f"star-{'9' * 5000}", 5, None),
        ("col-4 mb-3 fa-2", 5, None),
        ("text-start-4", 5, None),
        ("column-one", 5, None),
        ("stars half", 5, None),
        ("", 5, None),
    ],
)
def test_a_rating_that_is_a_class_name(names: str, scale: float, value: float | None) -> None:
    found = class_rating(names, scale)
    assert (found.value if found else None) == value
    assert not found or found.given in names.split()


@pytest.mark.parametrize(
    ("said", "scale", "value"),
    [
        ("4 out of 5", 5, 0.75),
        ("Rated 4 out of 5 by a guest", 5, 0.75),
        ("Mit 3 von 5 Sternen bewertet", 5, 0.5),
        ("Gewaardeerd 4,5 uit 5", 5, 0.875),
        ("Evaluat la 4 din 5", 5, 0.75),
        ("Valutato 4 su 5", 5, 0.75),
        ("Noté 4 sur 5", 5, 0.75),
        ("Valorado con 4 de 5", 5, 0.75),
        ("Avaliado 2 de 5", 5, 0.25),
        ("4 von fünf Sternen", 5, 0.75),
        ("4 estrelas em 5", 5, 0.75),
        ("5 of tender", 5, None),
        ("8/10", 5, 0.8),
        ("4,5", 5, 0.875),
        ("★★★★☆", 5, 0.75),
        ("7", 10, 0.7),
        ("width:80%", 5, 0.75),
        ("color: red; width: 90.0%;", 5, 0.875),
        ("WIDTH: 70%", 10, 0.7),
        ("width: 0%", 5, None),
        ("width: 64px", 5, None),
        ("width: 180%", 5, None),
        ("7", 5, None),
        ("great", 5, None),
    ],
)
def test_a_rating_in_words_or_as_a_bar(said: str, scale: float, value: float | None) -> None:
    found = said_rating(said, scale)
    assert (found.value if found else None) == value
    assert not found or found.given == said.strip()


STARS = '<span class="stars"><i class="on"></i><i class="on"></i><i class="on"></i><i></i><i></i></span>'


@pytest.mark.parametrize(
    ("inner", "keys", "value"),
    [
        (STARS, {"rating_filled": ".stars .on"}, 0.5),
        (STARS, {"rating_filled": ".on", "rating_scale": 10}, 0.3),
        (STARS, {"rating_filled": ".off"}, None),
        (STARS, {"rating": "xpath:count(.//i[@class='on'])"}, 0.5),
        ('<b class="s Four">x</b>', {"rating": "xpath:.//b/@class"}, 0.75),
        ('<b class="s">x</b><b class="s star-2">x</b>', {"rating": ".s@class"}, 0.25),
        ('<div class="bar"><i style="width: 60%"></i></div>', {"rating": ".bar i@style"}, 0.5),
        ('<meta itemprop="rating" content="3">', {"rating": "meta@content"}, 0.5),
    ],
)
def test_a_rating_in_an_item(inner: str, keys: dict[str, Any], value: float | None) -> None:
    assert only(read(review(inner), **keys)).rating == value


@pytest.mark.parametrize(
    ("markup", "keys", "expected"),
    [
        ('<time datetime="2026-03-01">Sunday</time>', {}, "2026-03-01T00:00"),
        (
            '<span class="date"><time datetime="2026-03-01T10:00Z">x</time></span>',
            {"date": ".date"},
            "2026-03-01T10:00",
        ),
        ('<time datetime="soon">1 March 2026</time>', {}, "2026-03-01T00:00"),
        ('<time data-at="1772359200">now</time>', {"date": "time@data-at"}, "2026-03-01T10:00"),
        ('<time datetime="2020-01-01" title="2026-03-01">x</time>', {"date": "time@title"}, "2026-03-01T00:00"),
        ("<time>on March 1, 2026 at 10:15 AM</time>", {"date_language": "en"}, "2026-03-01T10:15"),
        ("<time>1. März 2026</time>", {"date_language": "de"}, "2026-03-01T00:00"),
        ("<time>1 maart 2026</time>", {"date_language": "nl"}, "2026-03-01T00:00"),
        ("<time>1 martie 2026</time>", {"date_language": "ro"}, "2026-03-01T00:00"),
        ("<time>1 marzo 2026</time>", {"date_language": "it"}, "2026-03-01T00:00"),
        ("<time>1er mars 2026</time>", {"date_language": "fr"}, "2026-03-01T00:00"),
        ("<time>1 de marzo de 2026</time>", {"date_language": "es"}, "2026-03-01T00:00"),
        ("<time>1 de março de 2026</time>", {"date_language": "pt"}, "2026-03-01T00:00"),
        ("<time>03/04/2026</time>", {"date_language": "en"}, "2026-03-04T00:00"),
        ("<time>03/04/2026</time>", {"date_language": "en", "day_first": True}, "2026-04-03T00:00"),
        ("<time>03/04/2026</time>", {"day_first": False}, "2026-03-04T00:00"),
        ("<time>3 days ago</time>", {}, "2026-11-18T00:00"),
        ("<time>vor 2 Wochen</time>", {"date_language": "de"}, "2026-11-07T00:00"),
        ("<time>someday</time><time>1 March 2026</time>", {}, "2026-03-01T00:00"),
        ("<time>someday</time>", {}, None),
    ],
)
def test_a_date(markup: str, keys: dict[str, Any], expected: str | None) -> None:
    published = only(read(review(markup), **{"date": "time"} | keys)).published
    assert (published and published.strftime("%Y-%m-%dT%H:%M")) == expected


def test_the_language_of_the_page_reads_its_dates() -> None:
    assert only(read(review("<time>03/04/2026</time>"), lang="en-GB", date="time")).published == datetime(
        2026, 3, 4, tzinfo=UTC
    )
    assert only(read(review("<time>03/04/2026</time>"), lang="nl", date="time")).published == datetime(
        2026, 4, 3, tzinfo=UTC
    )


def test_what_stands_in_an_item_within_an_item_is_its_own() -> None:
    body = """
    <li class="review"><b>Toon</b><p class="body">Werkt niet.</p><i class="star-1"></i>
      <ul><li class="review"><b>Mira</b><p class="body">Bij mij wel.</p></li>
          <li class="review"><p class="body">Bij mij ook niet.</p><i class="star-2"></i></li></ul></li>"""
    for text in (".body", "> p", "xpath:.//p"):
        found = read(body, text=text, author="b", rating="i@class")
        assert [(item.author, item.text, item.rating_given) for item in found.items] == [
            ("Toon", "Werkt niet.", "star-1"),
            ("Mira", "Bij mij wel.", None),
            (None, "Bij mij ook niet.", "star-2"),
        ]
    whole = read(f"<div>{body}</div>", text="xpath:.", author="b")
    assert [" ".join(item.text.split()) for item in whole.items] == [
        "Toon Werkt niet.",
        "Mira Bij mij wel.",
        "Bij mij ook niet.",
    ]


def test_a_reply_is_not_what_the_customer_said() -> None:
    """Neither its words, nor its author, nor its date, though the same selectors would find them."""
    body = """
    <div class="review"><div class="body">Cassé en deux jours.
      <div class="reply"><b>Atelier Nacre</b> <time>3 mars 2026</time><div class="body">Nous sommes désolés.</div></div>
      Dommage.</div></div>"""
    found = only(read(body, lang="fr", author="b", date="time", reply=".reply .body", reply_date=".reply time"))
    assert "Nous" not in found.text
    found = only(read(body, lang="fr", author="b", date="time", reply=".reply", reply_date=".reply time"))
    assert (found.text, found.author, found.published) == ("Cassé en deux jours.\n\nDommage.", None, None)
    assert (found.replied, found.reply_state) == (datetime(2026, 3, 3, tzinfo=UTC), "answered")
    inside = only(
        read('<div class="review" data-reply="Grazie!"><p class="body">Buono.</p></div>', reply="@data-reply")
    )
    assert (inside.text, inside.reply) == ("Buono.", "Grazie!")


def test_an_id_that_two_items_share_is_none_and_names_are_told() -> None:
    body = "".join(f'<div class="review" id="{name}"><p class="body">Bien {name}.</p></div>' for name in "aab")
    assert [item.external_id for item in read(body, id="@id").items] == [None, None, "b"]
    named = only(read(review('<b>Ana Lopes</b><a href="/by/ana-lopes/7">#</a>'), author="b", url="a"))
    assert named.author_in_url


def test_what_cannot_be_used_is_counted() -> None:
    found = read(review(text="") + review() + '<div class="review"><i>5</i></div>', title="h4")
    assert len(found.items) == 1
    assert found.rejected == {NO_TEXT: 2}
    assert only(read('<div class="review"><h4>Top</h4><p class="body"></p></div>', title="h4")).title == "Top"


def test_items_without_what_text_selects_are_another_layout() -> None:
    for body, count in ((review().replace("body", "words"), 1), ((review() * 3).replace('"body"', '"words"'), 3)):
        with pytest.raises(PageError, match=f"`item` finds {count} and `text` nothing in any") as caught:
            read(body)
        assert caught.value.outcome == "layout_changed"


LISTING = """
<base href="/shop/">
<h3><a href="teapot">Teapot</a></h3> <h3><a href="/shop/cup#reviews">Cup</a></h3> <h3><a href="teapot">again</a></h3>
<h3><a href="https://elsewhere.example/x">Ad</a></h3> <h3><a href="mailto:x@shop.example">Write</a></h3>
<h3><a href="http://[broken">?</a></h3> <h3>none</h3>
<a class="more" href="#">1</a> <a class="more" href="?page=2">2</a> <a class="more" href="?page=3">3</a>"""


@pytest.mark.parametrize("selector", ["h3 a", "h3", "h3 a@href", "xpath://h3/a/@href"])
def test_a_listing_leads_to_pages_of_its_host(selector: str) -> None:
    found = read(LISTING, list=selector, next=".more")
    assert found.listed == ("https://shop.example/shop/teapot", "https://shop.example/shop/cup")
    assert found.next == ("https://shop.example/shop/?page=2",)
    assert read(LISTING, list=selector, listed=True).listed == ()


def test_a_page_of_a_listing_may_hold_items_without_words() -> None:
    found = read(f'<div class="review"><h3><a href="/a">A</a></h3></div>{LISTING}', list="h3 a")
    assert (found.items, dict(found.rejected), len(found.listed)) == ((), {}, 3)


@pytest.mark.parametrize(
    ("page", "keys", "outcome", "message"),
    [
        ("<h1>Please sign in</h1><input type=password>", {}, "blocked", "asks to log in"),
        ("<h1>Access denied</h1>", {"list": "h3"}, "blocked", "proof of being human"),
        ("<a>x</a>", {"item": "xpath://a[foo()]"}, "failed", "`item`: XPath error: Unregistered function"),
        (review(), {"date": "xpath:.//p[starts-with(bar(), 'x')]"}, "failed", "`date`: XPath error"),
        (review(), {"author": "xpath:.//p[re:test(., '(')]"}, "failed", "`author`: .* in a regular expression"),
    ],
)
def test_what_is_no_page(page: str, keys: dict[str, Any], outcome: str, message: str) -> None:
    error = refused(read, page, **keys)
    assert error.outcome == outcome
    assert re.search(message, str(error))


def test_what_each_key_finds_is_counted() -> None:
    described = rules(title="h4", rating_filled=".on", url="a", reply=".answer", author="b")
    body = (review('<b>Toon</b><i class="on"></i><a href="/r/1">#</a>') + review("<b>Mira</b>")).encode()
    found = parse(body, URL, NOW, described)
    assert dict(coverage(described, found, URL)) == {
        "text": 2, "title": 0, "rating_filled": 1, "author": 2, "reply": 0, "url": 1,
    }  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<div class=review>", "</div>", "<p class=body>", "</p>", "<i class='on star-4'>", "<a href='?p=2'>",
                "<a href='http://[x'>", "<time datetime='2026-13-01'>", "<!--", "-->", "<b", "&#0;", "&#xD800;", "\0",
                "<template>", "<base href='//'>", "<?xml version='1.0'?>", "width: 300%", "\ud800", "9999", "<svg>",
            ]
        )
        | st.text(max_size=6),
        max_size=25,
    )
)  # fmt: skip
def test_any_markup_is_a_page_that_can_be_stored(pieces: list[str]) -> None:
    described = rules(
        title="b", rating=".on@class", date="time", author="a", reply=".review .body", url="a", id="a@href", next="a",
        list="b a",
    )  # fmt: skip
    try:
        found = parse("".join(pieces).encode("utf-8", "surrogatepass"), URL, NOW, described)
    except PageError:
        return
    for item in found.items:
        repr(item).encode()
        "".join(filter(None, [item.text, item.title, item.author, item.external_id, item.url])).encode()
        assert item.text or item.title


SYNTAX = st.sampled_from([*".:#>[]()@|*'\"\\/-+~=$,0 \n", "p", "::text", "::attr(x)", ":has(", "xpath:", "text()", "é"])


@settings(max_examples=150, deadline=None)
@given(st.lists(SYNTAX, max_size=7).map("".join) | st.text(max_size=10))
def test_any_selector_works_or_is_refused(written: str) -> None:
    try:
        made = Rules(item=".review", text=written)
    except ValueError:
        return
    assert parse_rules(made.as_toml(), "x") == made
    with suppress(PageError):
        parse(review(f"<p>{STARS}</p>").encode(), URL, NOW, made)


BASIC = "item = '.review'\ntext = '.body'\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("item = '.review'", r"text: it is missing; expected a selector$"),
        ("", "item: it is missing"),
        (BASIC + "stars = '.x'", "stars: there is no such key; expected some of list, next, item, text, title"),
        (BASIC + "title = ''", "title: it is empty; expected a CSS selector"),
        (BASIC + "title = 'xpath:'", "title: it is empty"),
        (BASIC + "title = 7", "title: Input should be a valid string .got 7.$"),
        (BASIC + "title = ['a']", "title: Input should be a valid string$"),
        (BASIC + "title = 'h4 >'", "title: Expected selector, .* or an XPath behind 'xpath:' .got 'h4 >'.$"),
        (BASIC + "title = 'h4[class'", "title: Operator expected, .* CSS selector"),
        (BASIC + "title = 'h4:foo'", "title: The pseudo-class :foo is unknown"),
        (BASIC + "title = 'h4::before'", "title: ::attr.. and ::text stand once, at the end"),
        (BASIC + "title = 'h4::text, h5::text'", "title: ::attr.. and ::text stand once, at the end"),
        (BASIC + "title = 'xpath:.//h4['", "title: XPath error: Invalid expression"),
        (BASIC + "title = 'xpath:foo(.)'", "title: XPath error: Unregistered function"),
        (BASIC + "title = 'xpath:svg:a'", "title: XPath error: Undefined namespace prefix"),
        (BASIC + "title = \"xpath:re:test('a', '(')\"", "title: .* in a regular expression"),
        (BASIC + "title = 'xpath://h4'", "title: an XPath in an item begins with a dot, such as xpath:.//h4"),
        ("text = 'p'\nitem = '.review@id'", "item: it selects whole mentions; leave off the attribute"),
        (BASIC + "rating = '.r'\nrating_filled = '.on'", "rating_filled: `rating` is given too; keep one"),
        (BASIC + "rating_scale = 2", "rating_scale: 2: expected the top of the scale, 3 to 10, 20 or 100"),
        (BASIC + "rating_scale = '5'", "rating_scale: Input should be a valid number"),
        (BASIC + "date_language = 'xx'", "date_language: 'xx': expected one of en, de, nl, ro, it, fr, es, pt"),
        (BASIC + "day_first = 1", "day_first: Input should be a valid boolean"),
        (BASIC + "reply_date = 'time'", "reply_date: there is no `reply` that it could date"),
        (BASIC + "'a\\nb' = 1\n\"c\\nd\" = 1", "there is no such key"),
        ("item = .review", "Invalid value .at line 1, column 8.; expected TOML"),
        (BASIC + "text = '.other'", "Cannot overwrite a value"),
    ],
)
def test_wrong_rules_name_the_file_the_key_and_the_reason_in_one_line(text: str, message: str) -> None:
    with pytest.raises(UsageError, match="^shop.toml: .*" + message) as caught:
        parse_rules(text, "shop.toml")
    assert "\n" not in str(caught.value)


def test_rules_have_one_spelling() -> None:
    untidy = "# ours\nrating_scale = 5\nnext='.more'\ntext = '''.body'''\nitem = \" .review \"\nday_first = false\n"
    assert parse_rules(untidy, "x").as_toml() == 'next = ".more"\nitem = ".review"\ntext = ".body"\nday_first = false'
    assert read_rules(parse_rules(EXAMPLE, "x").as_toml()) == parse_rules(EXAMPLE, "x")


def test_the_documentation_names_every_key() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert [key for key in Rules.model_fields if f"`{key}`" not in text] == []


def test_a_target_holds_the_rules_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shop.toml").write_text("\ufeff" + EXAMPLE, encoding="utf-8")
    target = parse_target("selectors", f"url={URL}#top,rules=shop.toml")
    assert target == {"url": URL, "rules": parse_rules(EXAMPLE, "x").as_toml()}
    Path("shop.toml").unlink()
    assert SelectorsSpider.validate(target) == target
    assert parse_target("selectors", ",".join(f"{key}={value}" for key, value in target.items())) == target


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"url": URL}, "needs 'rules'; expected url=…, rules=…"),
        ({"url": "shop", "rules": BASIC}, "is no web address"),
        ({"url": URL, "rules": "none.toml"}, "none.toml: No such file or directory; expected a file of rules in TOML"),
        ({"url": URL, "rules": "."}, r"\.: Is a directory"),
        ({"url": URL, "rules": "latin.toml"}, "latin.toml: it is no UTF-8"),
        ({"url": URL, "rules": "a\0b"}, "expected a file of rules"),
        ({"url": URL, "rules": "item = '.review'\n"}, "rules: text: it is missing"),
    ],
)
def test_a_wrong_target(target: dict[str, str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("latin.toml").write_bytes("item = '.reseña'".encode("latin-1"))
    with pytest.raises(UsageError, match=message):
        SelectorsSpider.validate(target)


def add(bench: Any, name: str, url: str, text: str) -> None:
    bench.add(name, "selectors", SelectorsSpider.validate({"url": url, "rules": text}))


def test_crawls_of_a_shop(new_site: Callable[[], Any], bench: Any) -> None:
    """All pages each time; what is new, edited and gone is found; authors are not stored; robots.txt is asked."""
    site = new_site()
    path = "/catalogue/teapot_7/reviews/"
    shown = [recent(number) for number in range(1, 26)]

    def serve(asked: Any) -> dict[str, Any]:
        page = int(asked.query.get("page", 1))
        pages = -(-len(shown) // 10)
        return {"body": shop(*shown[(page - 1) * 10 : page * 10], page=page, of=pages)}

    site.serve(path, serve)
    add(bench, "shop", site.url + path, EXAMPLE)
    first = bench.crawl("shop")["shop"]
    assert (first["outcome"], first["pages"], first["added"], first["rejected"]) == ("ok", 3, 25, 0)
    assert first["reason"] is None
    assert site.asked[0].path == "/robots.txt"
    assert site.paths() == [path, f"{path}?page=2", f"{path}?page=3"]
    second = bench.crawl("shop")["shop"]
    assert (second["pages"], second["added"], second["unchanged"]) == (3, 0, 25)
    shown.insert(0, recent(0, text="<p>Nieuw.</p>", stars=5))
    shown[1] = recent(1, text="<p>Pours badly since May.</p>", stars=1)
    del shown[-1]
    third = bench.crawl("shop")["shop"]
    assert (third["outcome"], third["added"], third["updated"]) == ("ok", 1, 1)
    with bench.store.reading() as session:
        mentions = {row.external_id: row for row in session.scalars(select(Mention).where(Mention.url.contains(path)))}
        edited = mentions[f"{path}1/"]
        assert (edited.text, edited.rating, edited.title) == ("Pours badly since May.", 0.0, "Teapot, take 1")
        assert [name for name, row in mentions.items() if row.vanished] == [f"{path}25/"]
        assert not any("Mara" in (row.author or "") for row in mentions.values())


def test_crawls_that_find_another_layout(new_site: Callable[[], Any], bench: Any) -> None:
    """Each key that stops finding is named: `item` and `text` at once, `next` where it led further before."""
    site = new_site()
    listing, more = "/r/", "/r/?page=2"
    page = shop(*(recent(number) for number in range(1, 13)), of=2)
    site.answer(listing, {"body": page})
    site.answer(more, {"body": shop(*(recent(number) for number in range(13, 25)), page=2, of=2)})
    add(bench, "moved", site.url + listing, EXAMPLE)
    assert bench.crawl("moved")["moved"]["added"] == 24
    site.answer(listing, {"body": page.replace("<p>Pours well.</p>", "<div>Pours well.</div>")})
    result = bench.crawl("moved")["moved"]
    assert (result["outcome"], result["items"]) == ("layout_changed", 0)
    assert "`item` finds 12 and `text` nothing in any" in result["reason"]
    site.answer(listing, {"body": page.replace("pagination", "pager")})
    result = bench.crawl("moved")["moved"]
    assert (result["outcome"], result["items"]) == ("layout_changed", 0)
    assert "`next` finds no link where it did before" in result["reason"]
    site.answer(listing, {"body": page.replace("article", "section").replace('href="?page=2"', 'href="?page=3"')})
    site.answer("/r/?page=3", {"body": "<p>nothing</p>"})
    result = bench.crawl("moved")["moved"]
    assert (result["outcome"], result["reason"]) == (
        "layout_changed",
        "no mentions on 2 pages where there were 24 before: `item` finds nothing; correct the rules",
    )


def test_a_crawl_says_which_keys_found_nothing(new_site: Callable[[], Any], bench: Any) -> None:
    site = new_site()
    url = site.answer("/r", {"body": review() + review(text="Trop cher.")})
    add(bench, "half", url, BASIC + "rating = '.r@class'\ndate = 'time'\nreply = '.x'\nurl = 'a'")
    result = bench.crawl("half")["half"]
    assert (result["outcome"], result["added"]) == ("ok", 2)
    assert result["reason"] == "`rating`, `date`, `url` found nothing in 2 items; check the rules"


def test_a_crawl_of_a_listing(new_site: Callable[[], Any], bench: Any) -> None:
    """Its pages lead to products, those to pages of reviews; what robots.txt forbids and what is gone is left out."""
    site = new_site()
    site.answer(
        "/robots.txt", {"body": "User-agent: *\nDisallow: /p/secret", "headers": {"Content-Type": "text/plain"}}
    )
    link = '<h3><a href="{0}">{0}</a></h3>'
    site.answer(
        "/shop", {"body": link.format("/p/1") + link.format("/p/gone") + '<a class="more" href="/shop?2">2</a>'}
    )
    site.answer("/shop?2", {"body": link.format("/p/2") + link.format("/p/1")})
    related = link.format("/p/never")
    site.answer("/p/1", {"body": review(text="Uno.") + '<a class="more" href="/p/1?2">2</a>' + related})
    site.answer("/p/1?2", {"body": review(text="Due.")})
    site.answer("/p/2", {"body": f"<p>No reviews yet.</p>{related}"})
    add(bench, "list", site.url + "/shop", BASIC + "list = 'h3 a'\nnext = '.more'")
    result = bench.crawl("list")["list"]
    assert (result["outcome"], result["items"], result["reason"]) == ("ok", 2, "1 listed page is gone")
    assert site.paths() == ["/shop", "/shop?2", "/p/1", "/p/1?2", "/p/gone", "/p/2"]
    site.answer("/shop?2", {"body": link.format("/p/secret")})
    result = bench.crawl("list")["list"]
    assert (result["outcome"], result["reason"]) == (
        "ok",
        "left out pages that robots.txt forbids; 1 listed page is gone",
    )


def test_recorded_pages(recorded: Path) -> None:
    """The pages of a real shop, by the rules of the documentation."""
    example = parse_rules(EXAMPLE, "shop.toml")
    where = "http://127.0.0.1:18082/catalogue/acme-widget-1_1/"
    pages = {"reviews_p1": f"{where}reviews/", "reviews_p2": f"{where}reviews/?page=2", "product": where}
    found = {
        name: parse((recorded / f"servers/oscar/{name}.html").read_bytes(), url, NOW, example)
        for name, url in pages.items()
    }
    assert {name: len(page.items) for name, page in found.items()} == {"reviews_p1": 20, "reviews_p2": 5, "product": 3}
    assert not any(page.rejected for page in found.values())
    assert [page.next for page in found.values()] == [(pages["reviews_p2"],), (), ()]
    items = [*found["reviews_p1"].items, *found["reviews_p2"].items]
    assert {item.external_id for item in items} == {f"/catalogue/acme-widget-1_1/reviews/{n}/" for n in range(1, 26)}
    assert {item.rating_given: item.rating for item in items} == dict(
        zip(WORDS, (0.0, 0.25, 0.5, 0.75, 1.0), strict=True)
    )
    assert {item.published for item in items} == {datetime(2026, 11, 21, 19, 19, tzinfo=UTC)}
    assert all(item.author and item.title and item.url for item in items)
