from __future__ import annotations

import os
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overheard.crawler.outcomes import PageError
from overheard.crawler.page import Page
from overheard.crawler.spiders.feed import NO_WORDS, parse
from overheard.intake.item import Item

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
URL = "https://blog.example/feed"


def rss(items: str, channel: str = "") -> Page:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:atom="http://www.w3.org/2005/Atom">'
        f"<channel><title>Blog</title>{channel}{items}</channel></rss>"
    )
    return parse(body.encode(), URL, NOW)


def atom(entries: str, feed: str = "") -> Page:
    body = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Forum</title>{feed}{entries}</feed>'
    return parse(body.encode(), URL, NOW)


def test_a_post() -> None:
    found = rss(
        """<item><title>The Quill kettle, a year on</title><link>https://blog.example/kettle</link>
        <guid isPermaLink="false">https://blog.example/?p=17</guid><dc:creator>Mara</dc:creator>
        <pubDate>Sat, 14 Nov 2026 09:30:00 +0100</pubDate>
        <description>Still fast.</description>
        <content:encoded><![CDATA[<p>Still fast.</p><p>The lid &amp; spout hold.</p>]]></content:encoded></item>""",
        "<language>en-GB</language>",
    )
    assert found.items == (
        Item(
            external_id="https://blog.example/?p=17",
            text="Still fast.\n\nThe lid & spout hold.",
            title="The Quill kettle, a year on",
            language="en",
            author="Mara",
            url="https://blog.example/kettle",
            published=datetime(2026, 11, 14, 8, 30, tzinfo=UTC),
        ),
    )


def test_an_atom_entry() -> None:
    found = atom(
        """<entry><id>tag:forum.example,2026:5</id><title>Re: kettles</title><author><name>Ada</name></author>
        <link href="/t/9#post-5"/><published>2026-11-01T10:00:00Z</published><updated>2026-11-03T10:00:00Z</updated>
        <content type="html" xml:lang="nl">&lt;p&gt;Prima &lt;b&gt;ketel&lt;/b&gt;.&lt;/p&gt;</content></entry>"""
    )
    assert found.items == (
        Item(
            external_id="tag:forum.example,2026:5",
            text="Prima ketel.",
            title="Re: kettles",
            language="nl",
            author="Ada",
            url="https://blog.example/t/9#post-5",
            published=datetime(2026, 11, 1, 10, tzinfo=UTC),
            edited=datetime(2026, 11, 3, 10, tzinfo=UTC),
        ),
    )


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("Comment on Kettles by Mara Quill", None),
        ("Von: Mara Quill", None),
        ("Reactie op Ketels door Mara Quill", None),
        ("Kettles", "Kettles"),
        ("Comment #12", None),
        ("Comment #12 is wrong", "Comment #12 is wrong"),
        ("An interview with Mara Quill", "An interview with Mara Quill"),
    ],
)
def test_a_title_that_only_names_the_author_or_counts_is_none(title: str, kept: str | None) -> None:
    author = "<dc:creator>Mara Quill</dc:creator>"
    found = rss(f"<item><title>{title}</title>{author}<description>Fine.</description></item>")
    assert found.items[0].title == kept


@pytest.mark.parametrize(
    ("description", "title", "text"),
    [
        ("<a href='/1'>Kettles go up</a>&nbsp;&nbsp;<font color='#6f6f6f'>The Quill</font>", None, "Kettles go up"),
        ("Kettles go up, says The Quill", "Kettles go up - The Quill", "Kettles go up, says The Quill"),
    ],
)
def test_the_publisher_of_a_headline_is_no_part_of_it(description: str, title: str | None, text: str) -> None:
    source = '<source url="https://quill.example">The Quill</source><title>Kettles go up - The Quill</title>'
    (item,) = rss(f"<item>{source}<description>{escape(description)}</description></item>").items
    assert (item.title, item.text) == (title, text)


def test_an_address_that_names_its_author_is_marked() -> None:
    found = rss("<item><link>https://social.example/@mara/17</link><description>Fine.</description></item>")
    assert found.items[0].author_in_url


@pytest.mark.parametrize(
    ("item", "external_id"),
    [
        ("<guid isPermaLink='false'>17</guid>", "17"),
        ("<link>https://blog.example/kettle#c1</link>", "https://blog.example/kettle#c1"),
        ("", None),
    ],
)
def test_an_id(item: str, external_id: str | None) -> None:
    assert rss(f"<item>{item}<description>Fine.</description></item>").items[0].external_id == external_id


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("<pubDate>Sat, 14 Nov 2026 09:30:00 GMT</pubDate>", datetime(2026, 11, 14, 9, 30, tzinfo=UTC)),
        ("<dc:date>2026-11-14</dc:date>", datetime(2026, 11, 14, tzinfo=UTC)),
        ("<pubDate>14 noiembrie 2026</pubDate>", datetime(2026, 11, 14, tzinfo=UTC)),
        ("<pubDate>Thu, 01 Jan 0001 00:00:00 GMT</pubDate>", None),
        ("<pubDate>soon</pubDate>", None),
        ("", None),
    ],
)
def test_a_date(date: str, expected: datetime | None) -> None:
    assert rss(f"<item>{date}<description>Fine.</description></item>").items[0].published == expected


@pytest.mark.parametrize(
    ("link", "text"),
    [
        ("https://news.example/item?id=7&amp;amp;p=1", ""),
        ("https://news.example/item?id=8", "Comments"),
    ],
)
def test_a_mere_link_to_the_comments_is_no_text(link: str, text: str) -> None:
    found = rss(
        "<item><title>A kettle</title><comments>https://news.example/item?id=7&amp;p=1</comments>"
        f'<description>&lt;a href="{link}"&gt;Comments&lt;/a&gt;</description></item>'
    )
    assert (found.items[0].title, found.items[0].text) == ("A kettle", text)


@pytest.mark.parametrize(
    ("own", "place", "text"),
    [
        ("<p>It leaks.</p>", "", "It leaks."),
        ("", "", ""),
        ("", ' to <a href="https://forum.example/r/kettles">r/kettles</a>', ""),
        ("<p>I submitted by mail [link] [comments] off.</p>", "", "I submitted by mail [link] [comments] off."),
    ],
)
def test_what_reddit_puts_below_a_post_is_not_its_author_s(own: str, place: str, text: str) -> None:
    links = (
        '<span><a href="https://a.example">[link]</a></span> <span><a href="https://b.example">[comments]</a></span>'
    )
    below = f'submitted by <a href="https://forum.example/user/mara">/u/mara_q</a>{place} <br/> {links}'
    found = rss(f"<item><title>Kettle</title><description>{escape(own + ' ' + below)}</description></item>")
    assert (found.items[0].title, found.items[0].text) == ("Kettle", text)


def test_an_entry_without_words_is_counted() -> None:
    found = rss("<item><link>https://blog.example/1</link></item><item><title>Only a title</title></item>")
    assert [item.title for item in found.items] == ["Only a title"]
    assert found.rejected == {NO_WORDS: 1}


def test_an_empty_feed_is_a_page() -> None:
    assert rss("") == Page() == atom("")


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ('<atom:link rel="next" href="/feed?page=2"/>', ("https://blog.example/feed?page=2",)),
        ('<atom:link rel="prev-archive" href="/feed/2025"/>', ("https://blog.example/feed/2025",)),
        ('<atom:link rel="prev-archive" href="/a"/><atom:link rel="next" href="/b"/>', ("https://blog.example/b",)),
        ('<atom:link rel="next" href="https://elsewhere.example/feed?page=2"/>', ()),
        (f'<atom:link rel="next" href="{URL}"/>', ()),
        ('<atom:link rel="self" href="/feed"/>', ()),
    ],
)
def test_paging(link: str, expected: tuple[str, ...]) -> None:
    assert rss("", link).next == expected


WHOLE = "<rss version='2.0'><channel><item><description>Größe</description></item></channel></rss>"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(WHOLE.encode("cp1252"), "application/xml; charset=utf-8", id="mislabelled"),
        pytest.param(b"<?xml version='1.0' encoding='iso-8859-1'?>" + WHOLE.encode("latin-1"), None, id="declared"),
        pytest.param(WHOLE.partition("</channel>")[0].encode(), None, id="cut off"),
        pytest.param(WHOLE.replace("öße", "&ouml;&szlig;e & so").encode(), None, id="entities, a bare ampersand"),
    ],
)
def test_broken_feeds_are_read(body: bytes, content_type: str | None) -> None:
    assert parse(body, URL, NOW, content_type=content_type).items[0].text.startswith("Größe")


@pytest.mark.parametrize("cut", ["Grö", "<descrip", "</description>", "<item"])
def test_a_feed_that_ends_in_an_entry_is_not_read(cut: str) -> None:
    first = "<rss version='2.0'><channel><item><description>Fine.</description></item>"
    body = first + WHOLE[WHOLE.index("<item>") : WHOLE.index(cut) + len(cut)]
    with pytest.raises(PageError, match="ends in the middle") as caught:
        parse(body.encode(), URL, NOW)
    assert caught.value.outcome == "failed"


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"<feed xmlns", "failed"),
        (b"<!doctype html><html><body><h1>Blog</h1><p>" + b"All about kettles. " * 200, "layout_changed"),
        (b"<title>Log in</title><form><input type='password'></form>", "blocked"),
        (b'{"version": "https://jsonfeed.org/version/1.1"}', "layout_changed"),
        (b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'></urlset>", "layout_changed"),
        (b"https://blog.example/other", "layout_changed"),
        (b"/etc/hostname", "layout_changed"),
        (b"", "layout_changed"),
    ],
)
def test_what_is_no_feed(body: bytes, outcome: str) -> None:
    with pytest.raises(PageError) as caught:
        parse(body, URL, NOW)
    assert caught.value.outcome == outcome


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([b"", b"<rss version='2.0'><channel><item>", b"<feed xmlns='http://www.w3.org/2005/Atom'><entry>"]),
    st.binary(max_size=100) | st.text("<>/&;!-[]?=\"' titleguidcontentlinkdesco\x00é", max_size=120).map(str.encode),
)
def test_any_bytes_are_a_page_or_a_named_error(start: bytes, rest: bytes) -> None:
    try:
        found = parse(start + rest, URL, NOW)
    except PageError:
        return
    for item in found.items:
        repr(item).encode()


def test_real_feeds_of_others() -> None:
    """Recorded feeds, where they are at hand: each entry that has words is an item."""
    folder = Path(os.environ.get("OVERHEARD_SHARED", Path(__file__).parents[2].parent / "shared")) / "payloads"
    if not folder.is_dir():
        pytest.skip(f"no recorded feeds at {folder}; name their folder in OVERHEARD_SHARED")
    patterns = ("rss/newsyacht_*.xml", "servers/*/*.rss", "servers/*/*.atom")
    for path in [path for pattern in patterns for path in folder.glob(pattern)]:
        body = path.read_bytes()
        entries = body.count(b"<item>") + body.count(b"<entry>")
        found = parse(body, URL, NOW)
        assert len(found.items) + sum(found.rejected.values()) == entries > 0, path
        assert all(item.published and item.external_id for item in found.items), path
