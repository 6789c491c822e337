"""Copies are recognised however they were changed, what was written by itself is not, and bands stay what they are."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from itertools import islice

import pytest
from copied import CHANGES, reviews, sentences
from hypothesis import example, given
from hypothesis import strategies as st

from overheard.nlp.copies import BANDS, SHARED, are_copies, bands_of, common, key_of, words_of

FLOORS = {
    "names": 0.98, "numbers": 0.99, "one word of ten": 0.9, "typos": 0.98, "emoji, case, accents": 1.0,
    "cut at the end": 0.98,
}  # fmt: skip
"""The share of copies that are found among a thousand of each kind; measured figures stand in docs/duplicates.md."""


def found(one: list[str], other: list[str]) -> bool:
    """Whether two texts share a band and are copies: what joins them in a store."""
    return not set(bands_of(one)).isdisjoint(bands_of(other)) and are_copies(one, other)


@pytest.mark.parametrize("change", CHANGES)
def test_copies_are_found_however_they_were_changed(change: str) -> None:
    rng = random.Random(7)
    texts = sentences()
    vocabulary = {language: " ".join(rng.sample(said, 500)).split() for language, said in texts.items()}
    long = ((language, words) for language, words in reviews(rng, texts) if len(words_of(" ".join(words))) > SHARED)
    hits = [
        found(words_of(" ".join(words)), words_of(" ".join(CHANGES[change](rng, words, vocabulary[language]))))
        for language, words in islice(long, 1000)
    ]
    assert sum(hits) / len(hits) >= FLOORS[change]


def test_what_was_written_by_itself_is_no_copy() -> None:
    texts = {
        " ".join(words): words
        for said in sentences().values()
        for text in said
        if len(words := words_of(text)) >= SHARED
    }
    by_band = defaultdict(list)
    for words in texts.values():
        for band in bands_of(words):
            by_band[band].append(words)
    pairs = {
        (" ".join(one), " ".join(other))
        for near in by_band.values()
        for at, one in enumerate(near)
        for other in near[:at]
        if are_copies(one, other)
    }
    assert len(texts) > 25_000
    # Six pairs of 25,700 sentences: their writers said the same twice.
    assert len(pairs) <= 6


@given(st.lists(st.sampled_from("abcd"), max_size=12), st.lists(st.sampled_from("abcd"), max_size=12))
def test_the_words_in_common_are_those_of_the_textbook(one: list[str], other: list[str]) -> None:
    table = Counter[tuple[int, int]]()
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            table[i, j] = table[i - 1, j - 1] + 1 if a == b else max(table[i - 1, j], table[i, j - 1])
    assert common(one, other) == common(other, one) == table[len(one) - 1, len(other) - 1]


@example("\N{MATHEMATICAL BOLD SCRIPT CAPITAL A}", "")
@given(st.text(), st.text())
def test_any_text_can_be_compared(one: str, other: str) -> None:
    words, others = words_of(one), words_of(other)
    assert words_of(" ".join(words)) == words
    assert are_copies(words, others) == are_copies(others, words)
    if len(words) > 1:
        assert len(bands_of(words)) == BANDS + 1


def test_keys_and_bands_are_what_stores_hold() -> None:
    # Another value asks for a migration that empties `fingerprints` and `text_bands`.
    words = words_of("The parcel took 11 days, came without the charger, and nobody at the shop would answer.")
    assert key_of(words) == 2641892058354744844
    assert bands_of(words)[:2] + bands_of(words)[-1:] == [966481442, 781871096, -417887437]
