from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overheard.crawler.page import decode, ends_early, own_title, plain, same_host, web_url
from overheard.nlp.identity import names_author

LATIN = "Très bien reçu, größer als gedacht – 5 €".encode("cp1252")


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        pytest.param("Größe – gut".encode(), "text/html; charset=utf-8", "Größe – gut", id="as labelled"),
        pytest.param("Größe".encode(), "text/html; charset=ISO-8859-1", "Größe", id="UTF-8 labelled Latin-1"),
        pytest.param("Größe".encode(), None, "Größe", id="no label"),
        pytest.param(LATIN, "text/html; charset=utf-8", LATIN.decode("cp1252"), id="Latin-1 labelled UTF-8"),
        pytest.param(LATIN, None, LATIN.decode("cp1252"), id="Latin-1 without a label"),
        pytest.param("Größe ".encode() + b"\xff" + "café".encode(), None, "Größe ÿcafé", id="one broken byte"),
        pytest.param(b"\xef\xbb\xbf[1]", None, "[1]", id="byte order mark"),
        pytest.param("später".encode("utf-16"), None, "später", id="UTF-16 with a mark"),
        pytest.param("hello".encode("utf-16-le"), "text/html; charset=utf-16le", "hello", id="UTF-16 by its label"),
        pytest.param("дорого".encode("cp1251"), "text/html; charset=windows-1251", "дорого", id="another code page"),
        pytest.param(
            b'<meta charset="iso-8859-2">' + "țară".encode("iso-8859-16", "replace"),
            None,
            '<meta charset="iso-8859-2">' + "țară".encode("iso-8859-16", "replace").decode("iso-8859-2"),
            id="the page's own label",
        ),
        pytest.param(b"caf\xe9", "text/html; charset=hex", "café", id="a label that is no encoding"),
    ],
)
def test_decode(body: bytes, content_type: str | None, expected: str) -> None:
    assert decode(body, content_type) == expected


@settings(deadline=None)
@given(st.binary(max_size=200), st.one_of(st.none(), st.text(max_size=20).map("text/html; charset={}".format)))
def test_decode_takes_any_bytes(body: bytes, content_type: str | None) -> None:
    assert isinstance(decode(body, content_type), str)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_decode_gives_back_what_was_encoded(text: str) -> None:
    assert decode(text.encode(), "text/plain; charset=utf-8") == text.removeprefix("\ufeff")


WHOLE = {
    '{"said": ["Größe", 5, true, null, -1.5e3, {}], "more": "a\\u00e9b"}': (),
    '[{"id": 1}, {"id": 2}]': (),
    "<!DOCTYPE html><!-- page --><html lang='en'><div><p>Fine.</p></div></HTML>": ("<html lang='en'>", "</div>"),
    "<?xml version='1.0'?><!-- x --><feed xmlns='http://www.w3.org/2005/Atom'><entry/></feed>": (),
}


@pytest.mark.parametrize(("body", "ends"), WHOLE.items())
def test_wherever_a_document_is_cut_it_ends_early(body: str, ends: tuple[str, ...]) -> None:
    """But where HTML may leave out what follows."""
    whole = body.encode()
    assert not ends_early(whole)
    assert not ends_early(b"\xef\xbb\xbf" + whole + b"\r\n<!-- cached -->" * (whole[:1] == b"<"))
    cuts = [whole[:at] for at in range(1, len(whole))]
    passed = [cut for cut in cuts if not ends_early(cut)]
    assert passed == [cut for cut in cuts if cut.decode(errors="ignore").endswith(ends)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"slow down",
        b'{"a": x}',
        b"{'a': 1}",
        b"<p>Fine.",
        b"<link rel=next href=2><p>Fine.",
        b"\xff\xfe<\x00",
        b"9" * 5000,
        b"[" + b"9" * 5000,
    ],
)
def test_what_is_broken_or_has_no_end_of_its_own_does_not_end_early(body: bytes) -> None:
    assert not ends_early(body)


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("Fast &amp; kind", "Fast & kind"),
        ("It&#39;s 3 < 4 and 5 > 4", "It's 3 < 4 and 5 > 4"),
        ("One.<br/>Two.<br>Three", "One.\nTwo.\nThree"),
        ("<p>One</p><p>Two <b>bold</b>.</p>", "One\n\nTwo bold."),
        ("&lt;p&gt;Doubly &amp;amp; packed&lt;/p&gt;", "Doubly & packed"),
        ("a   b\r\n\r\n\r\n\r\nc \u00a0 d", "a b\n\nc d"),
        ("less < than, <b>bold</b>", "less < than, bold"),
        ("shown<script>hidden()</script> again<br>", "shown again"),
        ("x <!-- gone --> y<br>", "x y"),
        ("null\x00 and \ud800half", "null and half"),
        ("i <3 this", "i <3 this"),
        ("", ""),
    ],
)
def test_plain(given_text: str, expected: str) -> None:
    assert plain(given_text) == expected


@settings(deadline=None)
@given(st.text(max_size=100))
def test_plain_takes_any_text_and_gives_text_that_can_be_stored(text: str) -> None:
    plain(text).encode()


@pytest.mark.parametrize(
    ("author", "place", "expected"),
    [
        ("Ana Pop", "https://x.example/reviews/ana-pop/17", True),
        ("Ana Pop", "https://x.example/reviews/AnaPop", True),
        ("Ana", "https://x.example/banana/17", False),
        ("Jürgen", "https://x.example/r/jurgen", True),
        ("Jürgen", "https://x.example/r/J%C3%BCrgen", True),
        (None, "https://social.example/@somebody/123", True),
        (None, "https://x.example/user/42/review/1", True),
        ("x.example", "https://x.example/r/1", False),
        ("Bo", "https://x.example/bo/1", False),
        (None, None, False),
    ],
)
def test_names_author(author: str | None, place: str | None, expected: bool) -> None:
    assert names_author(author, place) is expected


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("Never again", "The courier lost it.", "Never again"),
        ("The courier lost it", "The courier lost it. Twice.", None),
        ("Teapot No. 3", "Nice.", None),
        ("😡", "Late.", "😡"),
        ("", "Late.", None),
    ],
)
def test_own_title(title: str, text: str, expected: str | None) -> None:
    assert own_title(title, text, "Teapot no 3") == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shop.example/a?b=1#c", "https://shop.example/a?b=1"),
        ("ftp://shop.example/a", None),
        ("file:///etc/passwd", None),
        ("javascript:void(0)", None),
        ("https://", None),
        ("https://shop.example:99999/", None),
        ("http://[::1", None),
        ("/relative", None),
    ],
)
def test_web_url(url: str, expected: str | None) -> None:
    assert web_url(url) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("https://shop.example/a", "http://shop.example/b", True),
        ("https://shop.example/a", "https://shop.example:443/b", True),
        ("http://shop.example:8001/", "http://shop.example:8002/", False),
        ("https://shop.example/", "https://other.example/", False),
    ],
)
def test_same_host(one: str, other: str, expected: bool) -> None:
    assert same_host(one, other) is expected
