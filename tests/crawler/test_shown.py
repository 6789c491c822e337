from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overheard.crawler.page import NO_TEXT, Page
from overheard.crawler.spiders.schemaorg import parse

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
URL = "https://shop.example/teapot"
SAID = [
    ("Mara Quill", "3 May 2026", "The lid sits tight and it pours without a drop lost.", 5),
    ("Jon Abt", "14 April 2026", "Handle came loose after a week, glue and all.", 2),
    ("Ida", "2 April 2026", "Lovely. Smaller than it looks in the pictures, though.", 4),
]


def page(body: str, *, head: str = "", lang: str = "en") -> Page:
    """The page with this body."""
    return parse(f'<!doctype html><html lang="{lang}"><head>{head}</head><body>{body}</body></html>'.encode(), URL, NOW)


def cards(stars: str, *, extra: str = "") -> str:
    """Three reviews; `stars` and `extra` are formatted with name, day, text and number (n), their words too (w)."""
    words = dict(enumerate(["", "One", "Two", "Three", "Four", "Five"]))
    drawn = []
    for name, day, text, n in SAID:
        say = {"name": name, "day": day, "text": text, "n": n, "w": words[n], "pc": n * 20, "on": n, "off": 5 - n}
        icons = '<i class="star full"></i>' * n + '<i class="star empty"></i>' * (5 - n)
        say |= {"icons": icons, "glyphs": "★" * n + "☆" * (5 - n), "filled": '<i class="star"></i>' * n}
        drawn.append(
            f'<div class="review">{stars.format(**say)}<b class="name">{name}</b> <span class="day">{day}</span>'
            f'<div class="text">{text}</div>{extra.format(**say)}</div>'
        )
    return '<div class="reviews"><h2>Customer reviews</h2>' + "".join(drawn) + "</div>"


@pytest.mark.parametrize(
    "stars",
    [
        pytest.param('<span aria-label="Rated {n} out of 5"></span>', id="label"),
        pytest.param('<span title="{n} stars">{icons}</span>', id="title"),
        pytest.param('<span class="star-rating {w}">' + '<i class="star"></i>' * 5 + "</span>", id="word in a class"),
        pytest.param('<span class="stars-{n}"></span>', id="number in a class"),
        pytest.param('<span class="stars">{icons}</span>', id="icons, filled and empty"),
        pytest.param('<span class="stars">{filled}</span>', id="only the filled icons"),
        pytest.param("<span>{glyphs}</span>", id="glyphs"),
        pytest.param('<div class="rating"><span style="width: {pc}%"></span></div>', id="width"),
        pytest.param('<div data-rating="{n}"></div>', id="attribute"),
        pytest.param('<p class="score"><b>{n}</b>/5</p>', id="words"),
    ],
)
def test_ratings_as_pages_draw_them(stars: str) -> None:
    found = page(cards(stars)).items
    assert [(item.rating, item.rating_scale) for item in found] == [(1.0, 5.0), (0.25, 5.0), (0.75, 5.0)]


def test_a_rating_drawn_among_the_words() -> None:
    body = cards("").replace('<div class="text">', '<div class="text"><img src="s.svg" alt="{} stars">')
    found = page(body.format(5, 2, 4)).items
    assert [(item.text, item.rating) for item in found] == [(text, (n - 1) / 4) for _, _, text, n in SAID]
    said = cards("").replace('<div class="text">', '<div class="text">I give it {} stars. ')
    assert {item.rating for item in page(said.format(5, 2, 4)).items} == {None}


def test_a_long_page_is_read_whole() -> None:
    one = cards(STARS).partition('<div class="review">')[2].partition('<div class="review">')[0]
    many = "".join(f'<div class="review">{one.replace(SAID[0][2], f"{SAID[0][2]} No. {n}")}' for n in range(520))
    assert len(page(f'<div class="reviews">{many}</div>').items) == 520


def test_a_review_in_full() -> None:
    stars = '<span aria-label="{n} of 5"></span><h3 class="title">About {w}</h3>'
    reply = (
        '<div class="reply"><b>Reply from Teapot House</b> <time datetime="2026-05-09">9 May</time><p>Thanks!</p></div>'
    )
    first, *others = page(cards(stars, extra=reply)).items
    assert (first.text, first.title, first.author) == (SAID[0][2], "About Five", "Mara Quill")
    assert (first.published, first.language) == (datetime(2026, 5, 3, tzinfo=UTC), "en")
    assert (first.reply_state, first.reply, first.replied) == ("answered", "Thanks!", datetime(2026, 5, 9, tzinfo=UTC))
    assert [item.text for item in others] == [text for _, _, text, _ in SAID[1:]]


STARS = '<span aria-label="{n} of 5"></span>'


@pytest.mark.parametrize(
    ("extra", "reply"),
    [
        pytest.param(
            '<div class="c"><b>Answer of the shop:</b><p>We are sorry.</p></div>', "We are sorry.", id="label"
        ),
        pytest.param(
            "<div><i>Shop team</i> <span>9 May 2026</span><p>We are sorry.</p></div>", "We are sorry.", id="staff"
        ),
        pytest.param(
            "<div><b>Teapot House</b> <span>9 May 2026</span><p>We are sorry.</p></div>", "We are sorry.", id="name"
        ),
        pytest.param(
            "<div><b>Karl</b> <span>9 May 2026</span><p>Same here, sadly.</p></div>", None, id="another customer"
        ),
        pytest.param(
            '<div class="comments"><b>Answer from a customer</b><p>Same here.</p></div>', None, id="a customer, said"
        ),
        pytest.param("<p>3 of 4 people found this helpful.</p>", None, id="votes"),
    ],
)
def test_who_answers(extra: str, reply: str | None) -> None:
    found = page("<header>Teapot House</header>" + cards(STARS, extra=extra)).items
    assert [(item.text, item.reply) for item in found] == [(text, reply) for _, _, text, _ in SAID]


@pytest.mark.parametrize("language", ["de", "nl", "fr", "es", "it", "pt", "ro"])
def test_dates_and_answers_in_each_language(language: str) -> None:
    told = {
        "de": ("vor 3 Tagen", "Antwort des Anbieters:"), "nl": ("3 dagen geleden", "Reactie van de winkel"),
        "fr": ("il y a 3 jours", "Réponse du vendeur :"), "es": ("hace 3 días", "Respuesta de la tienda"),
        "it": ("3 giorni fa", "Risposta del venditore"), "pt": ("há 3 dias", "Resposta da loja:"),
        "ro": ("acum 3 zile", "Răspunsul magazinului"),
    }  # fmt: skip
    day, label = told[language]
    body = "".join(
        f'<li class="opinion"><span aria-label="4/5"></span><b class="name">{name}</b><span>{day}</span><p>{text}</p>'
        f"<div><b>{label}</b><p>Thank you for it.</p></div></li>"
        for name, _, text, _ in SAID
    )
    found = page(f"<ul>{body}</ul>", lang=language).items
    assert [(item.text, item.reply) for item in found] == [(text, "Thank you for it.") for _, _, text, _ in SAID]
    assert {item.published for item in found} == {datetime(2026, 11, 18, tzinfo=UTC)}


def test_the_whole_text_of_one_that_is_cut_short() -> None:
    long = "It pours well and keeps the tea warm for a good two hours, which I had not thought possible."
    more = f'<div class="text" hidden>{long}</div>'
    body = cards(STARS).replace(
        f'<div class="text">{SAID[0][2]}</div>', f'<div class="text">{long[:40]}… <a>Read more</a></div>{more}'
    )
    assert page(body).items[0].text == long


def test_stars_without_words_are_counted() -> None:
    body = cards(STARS).replace(SAID[1][2], "")
    found = page(body)
    assert ([item.text for item in found.items], found.rejected) == ([SAID[0][2], SAID[2][2]], {NO_TEXT: 1})


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("My account was deleted and nobody answers.", True),
        ("Still awaiting my refund.", True),
        ("My review was removed, so here it is again.", True),
        ("No comments needed: it broke on day one.", True),
        ("The placeholder in the box says {size}, mine was another.", True),
        ("Only star of the set is the lid.", True),
        ("This guest left no comment.", False),
        ("Dieser Beitrag wurde gelöscht.", False),
        ("Le message de Jo a été masqué par la modération.", False),
        ("[removed]", False),
        ("Nur Sterne und kein Text", False),
        ("Your comment is awaiting moderation.", False),
        ("Lorem ipsum dolor sit amet, consectetur.", False),
        ("{{ review.text }}", False),
    ],
)
def test_a_note_in_the_place_of_a_text(text: str, counts: bool) -> None:
    found = page(cards(STARS).replace(SAID[1][2], text))
    assert [item.text for item in found.items] == [SAID[0][2], *([text] if counts else []), SAID[2][2]]
    assert found.rejected == ({} if counts else {NO_TEXT: 1})


def test_what_is_hidden_counts_only_where_it_repeats_what_is_shown() -> None:
    pattern = cards(STARS).replace('class="reviews"', 'class="pattern" style="display:none"')
    assert page(pattern).items == ()
    dialog = cards(STARS).replace('class="reviews"', 'class="all" hidden').replace('class="review"', 'class="entry"')
    more = dialog.replace(SAID[2][2], "A fourth one, in the dialog alone.")
    assert len(page(cards(STARS) + more).items) == 4


POSTS = [
    ("knut77", "2026-05-03", "Does anyone have the N8 at home? The manual says nothing."),
    ("Elke_B", "2026-05-04", "Yes, two winters by now. Change the filter and it is quiet."),
    ("knut77", "2026-05-05", "Thanks, that was it."),
]


def thread(text: str = "<div class='content'>{text}</div>") -> str:
    """A thread of three posts."""
    return "<h1>Pump N8</h1>" + "".join(
        f'<div class="post" id="p{day[-2:]}"><h3><a href="#p">Re: Pump N8</a></h3><b class="username">{name}</b>'
        f'<time datetime="{day}T08:00:00Z">{day}</time>{text.format(text=said)}<div class="signature">Drive slowly</div></div>'
        for name, day, said in POSTS
    )


def test_posts_of_a_thread() -> None:
    quoting = "<div class='content'><blockquote><cite>x wrote:</cite>Old words.</blockquote>{text}</div>"
    for markup in (thread(), thread(quoting)):
        found = page(markup).items
        assert [(item.author, item.text) for item in found] == [(name, said) for name, _, said in POSTS]
        assert {item.title for item in found} == {None}


ROWS = [(name, day, text, f"/page-{n}") for name, day, text, n in SAID]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param('<article class="post"><h2><a href="{3}">On {0}</a></h2><p>by {0}, {1}</p><p>{2}</p></article>', id="news"),
        pytest.param('<div class="post"><a class="title" href="{3}">On {0}</a><i class="author">{0}</i><i>{1}</i><p>{2}</p></div>',
                     id="news without headings"),
        pytest.param('<li><a href="{3}">Pot {0}</a><i aria-label="4.5 out of 5"></i><i>In stock from {1}</i><p>{2}</p></li>',
                     id="products"),
        pytest.param('<div class="review"><h3><a href="{3}">Pot {0} tested</a></h3><b>8/10</b><i class="author">{0}</i>{1}<p>{2}…</p></div>',
                     id="teasers of tests"),
        pytest.param('<div class="faq"><h3>Is it {0}?</h3><p>{2}</p><small>Updated {1}</small></div>', id="faq"),
        pytest.param('<div class="question"><p>Is it good?</p><p>asked by {0} on {1}</p><p>{2}</p></div>', id="questions"),
        pytest.param('<figure class="testimonial"><b>★★★★★</b><blockquote>{2}</blockquote><i>{0}</i></figure>', id="testimonials"),
        pytest.param('<li class="event"><b>{0} live</b><time datetime="2026-05-03">{1}</time><p>{2}</p></li>', id="events"),
        pytest.param('<div class="release"><h3>Version {0}</h3><time>{1}</time><p>{2}</p></div>', id="releases"),
        pytest.param('<tr class="thread"><td><a href="{3}">{2}</a></td><td class="author">{0}</td><td>{1}</td></tr>', id="threads"),
        pytest.param('<li class="recentcomments"><i class="author">{0}</i> on <a href="{3}">A post</a> <i>{1}</i></li>', id="recent"),
    ],
)  # fmt: skip
def test_what_is_no_review(row: str) -> None:
    body = "".join(row.format(*each) for each in ROWS)
    assert page(f"<h1>Page</h1><table>{body}</table>" if row.startswith("<tr") else f"<h1>Page</h1>{body}").items == ()


def linked(*texts: str, **properties: Any) -> str:
    """A script with these reviews in JSON-LD."""
    import json

    reviews = [{"@type": "Review", "reviewBody": text, **properties} for text in texts]
    return f'<script type="application/ld+json">{json.dumps({"@type": "Product", "name": "Pot", "review": reviews})}</script>'


def test_mark_up_is_filled_in_and_added_to() -> None:
    found = page(
        cards(STARS, extra="<div><b>Reply from the shop</b><p>Thank you, {name}.</p></div>"), head=linked(SAID[0][2])
    )
    assert [item.text for item in found.items] == [text for _, _, text, _ in SAID]
    assert (found.items[0].attributes, found.items[0].rating) == ({"product": "Pot"}, 1.0)
    assert (found.items[0].author, found.items[0].reply) == ("Mara Quill", "Thank you, Mara Quill.")


def test_what_the_page_shows_below_the_words_of_the_mark_up_is_no_second_review() -> None:
    answer = "<blockquote><p>Sorry about that. A new one is on its way.</p><small>The shop</small></blockquote>"
    body = cards(STARS)
    for number, (_, _, text, _) in enumerate(SAID):
        body = body.replace(f'<div class="text">{text}</div>', f"<p>{text}</p>" + answer * (number == 1))
    found = page(body, head="".join(linked(text, author=name) for name, _, text, _ in SAID)).items
    assert [item.text for item in found] == [text for _, _, text, _ in SAID]


@pytest.mark.parametrize("text", ["👍👍", "Pours well."])
def test_a_short_review_of_one_name_is_one(text: str) -> None:
    body = cards(STARS).replace(SAID[2][2], text).replace("Ida", "Ida R.")
    assert [item.text for item in page(body, head=linked(text, author="Ida R.")).items].count(text) == 1
    assert page(body).items[2].author == "Ida R."


@pytest.mark.parametrize(("classes", "head"), [("bypostauthor", ""), ("", '<meta name="author" content="Bo Lind">')])
def test_answers_of_who_wrote_the_page_are_no_reviews(classes: str, head: str) -> None:
    row = '<li class="comment depth-{}"><b class="fn">{}</b> <time datetime="2026-05-0{}">May</time><p>{}</p>{}</li>'
    answer = row.format(f"2 {classes}", "Bo Lind", 4, "Glad that it pours so well.", "")
    thread = f'<ul class="children">{answer}</ul>'
    rows = [row.format(1, name, day, text, thread * (day == 3)) for day, (name, _, text, _) in enumerate(SAID, start=3)]
    own = row.format(1, "Bo Lind", 9, "Comments close on Friday, so hurry.", "")
    found = page(f'<ol class="comment-list">{"".join(rows)}{own * (not classes)}</ol>', head=head).items
    assert [item.text for item in found][:3] == [text for _, _, text, _ in SAID]
    assert [item.reply for item in found][:3] == ["Glad that it pours so well.", None, None]
    assert len(found) == 3 + (not classes)


def test_a_post_of_a_forums_team_is_a_post() -> None:
    kind = "itemscope itemtype='http://schema.org/DiscussionForumPosting'"
    posts = [
        f"<li class=post {kind}><b itemprop=author>{name}</b> <i>{role}</i> <time itemprop=datePublished "
        f"datetime=2026-05-0{day}>May</time><div itemprop=articleBody><p>{text}</p></div></li>"
        for day, role, (name, _, text, _) in zip((3, 4), ("Members", "Team"), SAID, strict=False)
    ]
    found = page(f"<ul><li><ul>{''.join(posts)}</ul></li></ul>").items
    assert [item.text for item in found] == [text for _, _, text, _ in SAID[:2]]


def test_mark_up_that_is_cut_short_gets_its_end() -> None:
    cut = SAID[0][2][:30] + "…"
    assert page(cards(STARS), head=linked(cut)).items[0].text == SAID[0][2]
    shown_cut = cards(STARS).replace(SAID[0][2], SAID[0][2][:30] + "… <a>Read more</a>")
    assert len(page(shown_cut, head=linked(SAID[0][2])).items) == 3


def test_the_answers_that_the_mark_up_lists_as_reviews() -> None:
    answers = [f"Thank you for the kind words, {name}." for name, *_ in SAID]
    extra = "<div><b>Reply from the shop</b><p>Thank you for the kind words, {name}.</p></div>"
    listed = linked(*(text for _, _, text, _ in SAID), *answers[:2], answers[2] + " Reply", "Never shown, but listed.")
    found = page(cards(STARS, extra=extra), head=listed).items
    assert [(item.text, item.reply) for item in found] == [
        *((text, answer) for (_, _, text, _), answer in zip(SAID, answers, strict=True)),
        ("Never shown, but listed.", None),
    ]
    rated = linked(*(text for _, _, text, _ in SAID), answers[0], reviewRating={"ratingValue": 5})
    assert answers[0] in [item.text for item in page(cards("", extra=extra), head=rated).items]


def test_two_long_texts_of_one_review() -> None:
    words = [f"word{n % 997}{n % 13}" for n in range(6000)]
    other = ["else" if n % 7 == 0 else word for n, word in enumerate(words)]
    body = cards(STARS).replace(SAID[0][2], " ".join(words))
    assert len(page(body, head=linked(" ".join(other))).items) == 3
    assert len(page(body, head=linked(" ".join(words[3000:]))).items) == 4


def test_a_listing_leads_to_its_pages() -> None:
    listing = '<script type="application/ld+json">{"@type": "ItemList", "itemListElement": [{"url": "/pot-1"}, {"url": "/pot-2"}]}</script>'
    found = page(cards(STARS), head=listing)
    assert (found.items, len(found.listed)) == ((), 2)


def test_an_id_that_the_page_gives_is_kept() -> None:
    body = cards(STARS)
    for number in (81234, 81235, 81236):
        body = body.replace('<div class="review">', f'<div class="review" data-review-id="{number}" >', 1)
    assert [item.external_id for item in page(body).items] == ["81234", "81235", "81236"]


def test_words_are_the_id_where_the_date_moves_on() -> None:
    long = "It pours well and keeps the tea warm for a good two hours, which I had not thought possible."
    for number, (_, day, text, _) in enumerate(SAID):
        body = cards(STARS).replace(day, "2 weeks ago").replace(text, f"{long} {number}")
        first = next(item for item in page(body).items if item.text.startswith(long))
        later = parse(f"<html lang='en'><body>{body}</body></html>".encode(), URL, NOW.replace(day=23)).items
        assert first.external_id is not None
        assert first.external_id in {item.external_id for item in later}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from([
    "<div class='review'>", "</div>", "<li>", "</li>", "<p>", "</p>", "<span class='stars-4'>", "</span>", "3 May 2026",
    "★★★☆☆", "<time datetime='x'>", "Reply from the shop:", "<blockquote>", "…", "<a href='['>", "Read more", "words, words",
    "<b class='author'>", "<template>", "<svg><use href='#star'/></svg>", "\u00ad", "<!-- x -->", "style='width:1%'",
]), max_size=60))  # fmt: skip
def test_any_mark_up_gives_items_that_can_be_stored(pieces: list[str]) -> None:
    for item in page("".join(pieces) * 2).items:
        repr(item).encode()
        assert item.text
        assert item.rating is None or 0 <= item.rating <= 1


UNDATED = "<li class=most><div class=review-text><p>{}</p><div class=footer><span class=credit>{} from Ghent</span></div></div>"
NAMED = "<div class=product-review><b class=name>{1}</b><p>{0}</p></div>"


@pytest.mark.parametrize(
    ("around", "record", "count"),
    [
        pytest.param("<ul id=reviews><h2>Reviews</h2>{}</ul>", UNDATED, 3, id="named so"),
        pytest.param("<div class=swiper>{}</div>", UNDATED, 0, id="chosen by the company"),
        pytest.param("<div>{}</div>", NAMED, 3, id="named so, nothing around"),
        pytest.param("<div>{}</div>", NAMED.replace("product-review", "teaser"), 0, id="not named so"),
        pytest.param("<div>{}</div>", NAMED.replace("<p>{0}</p>", "<p>120 reviews</p>"), 0, id="labels"),
        pytest.param("<div>{}</div>", NAMED.replace("<p>{0}</p>", "<a href=/t/{1}>{0}</a>"), 0, id="leads elsewhere"),
        pytest.param("<div>{}</div>", NAMED.replace("<b class=name>{1}</b>", ""), 0, id="nobody's"),
    ],
)
def test_reviews_without_a_date_are_named_and_signed(around: str, record: str, count: int) -> None:
    found = page(around.format("".join(record.format(text, name) for name, _, text, _ in SAID))).items
    assert [(item.author, item.text, item.published) for item in found] == [
        (name, text, None) for name, _, text, _ in SAID
    ][:count]


def test_dated_reviews_leave_undated_ones_out() -> None:
    undated = "".join(NAMED.format(f"{text} Said elsewhere.", name) for name, _, text, _ in SAID)
    found = page(cards('<span class="stars-{n}"></span>') + f"<div class=chosen>{undated}</div>").items
    assert [item.text for item in found] == [text for _, _, text, _ in SAID]
