"""Authors in ids, URLs and texts: nothing of them is left, and nothing else is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overheard.nlp.identity import hide_author, is_nobody, names_author, public_url


@pytest.mark.parametrize(
    ("author", "place", "named"),
    [
        ("Jane Doe", "https://b.example/c/jane-doe-1", True),
        ("Zoë Núñez", "https://b.example/c/zoe.nunez", True),
        ("Jane Doe", "https://b.example/u/x1", True),
        (None, "https://b.example/@someone/1", True),
        ("Ana", "https://b.example/banana/17", False),
        ("Jo", "https://b.example/jo/17", False),
        ("Jane Doe", "r-4711", False),
        ("Jane Doe", None, False),
    ],
)
def test_an_author_is_found_in_a_place(author: str | None, place: str | None, named: bool) -> None:
    assert names_author(author, place) is named


@pytest.mark.parametrize(
    ("author", "nobody"),
    [("A Google user", True), ("ANÓNIMO", True), ("Ein Google-Nutzer", True), ("Verified Buyer", True), ("N/A", True),
     ("Ana", False), ("Gast Arbeiter", False), ("", False), ("✨", False)],
)  # fmt: skip
def test_a_name_that_services_give_to_nobody_is_no_author(author: str, nobody: bool) -> None:
    assert is_nobody(author) is nobody


@pytest.mark.parametrize(
    ("text", "author", "hidden"),
    [
        ("Dear Jane Doe, sorry!", "Jane Doe", "Dear [name], sorry!"),
        ("dear JANE  DOE!", "Jane Doe", "dear [name]!"),
        ("Maximilian was here", "Maximilian", "[name] was here"),
        ("To the max", "Max", "To the max"),
        ("Nothing", None, "Nothing"),
        ("a.b+c (really)", "a.b+c (x", "a.b+c (really)"),
        ("Selam İSMAİL, ismail", "ismail", "Selam [name], [name]"),
        ("Danke, HEIẞENBERG", "Heißenberg", "Danke, [name]"),
    ],
)
def test_an_author_is_hidden_in_a_text(text: str, author: str | None, hidden: str) -> None:
    assert hide_author(text, author) == hidden


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://me:pw@x.example/r/1?id=7", "https://x.example/r/1?id=7"),
        ("https://x.example/r?page=2&access_token=abc", "https://x.example/r?page=2"),
        ("https://x.example/r?to=ann%40x.example", "https://x.example/r"),
        ("https://x.example/r?q=a+b&q=c#top", "https://x.example/r?q=a+b&q=c#top"),
        ("https://[broken/r", "https://[broken/r"),
    ],
)
def test_a_url_keeps_no_secret(url: str, public: str) -> None:
    assert public_url(url) == public


@given(st.text(max_size=60), st.text(max_size=20))
def test_any_text_and_author_are_taken(text: str, author: str) -> None:
    once = hide_author(text, author)
    assert isinstance(names_author(author, text), bool)
    assert len(once) <= len(text) + 6 * (text.count(author[:1]) + 1 if author else 1)


@given(
    st.text("iIıİsSſßẞkKKσςΣ\u0307µμ .", max_size=20),
    st.text("iIıİsSſßẞkKKσςΣ\u0307µμ .", min_size=4, max_size=8),
)
def test_a_name_is_found_whatever_the_case(text: str, author: str) -> None:
    words = re.findall(r"\w+", author)
    name = r"[\W_]{1,3}".join(map(re.escape, words))
    hidden = re.sub(rf"\b{name}\b", "[name]", text, flags=re.IGNORECASE) if len("".join(words)) >= 4 else text
    assert hide_author(text, author) == hidden
