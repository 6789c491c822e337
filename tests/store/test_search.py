"""Words are split, spelt and indexed alike for both databases, and the index follows what is stored."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, text

from overheard.store.brands import add_brand, import_source
from overheard.store.database import Store
from overheard.store.mentions import MentionDraft, upsert
from overheard.store.search import (
    TIMES,
    TOKEN,
    WORDS,
    Every,
    Label,
    MentionWords,
    Near,
    Some,
    Sought,
    Term,
    found,
    index_missing,
    label,
    spell,
    split,
    words_column,
)
from overheard.store.tables import Mention, Source


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("Don't wait 24/7!", ["don", "t", "wait", "24", "7"]),
        ("Straße, CAFÉ, naïve", ["strasse", "cafe", "naive"]),
        ("Łódź Ærø smørrebrød", ["lodz", "aero", "smorrebrod"]),
        ("ﬁnanțe și İstanbul", ["finante", "si", "istanbul"]),
        ("１２ ｅｍａｉｌ", ["12", "email"]),
        ("Ёлка й", ["елка", "и"]),
        ("遅いです", ["遅", "い", "で", "す"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("한국어 배송", ["한국어", "배송"]),
        ("snake_case 👍🏽 a\u200db", ["snake", "case", "a", "b"]),
        ("", []),
    ],
)
def test_a_text_is_split_into_words(written: str, words: list[str]) -> None:
    assert split(written) == words


@given(st.text())
def test_words_stay_words_and_are_spelt_in_letters(written: str) -> None:
    for word in split(written):
        assert split(word) == [word]
        spelt = spell(word)
        assert spelt.isascii()
        assert spelt.isalpha()
        assert spelt == spelt.lower()


@given(st.text(min_size=1, max_size=7), st.text(min_size=1, max_size=7))
def test_a_spelling_is_one_word_and_begins_as_the_word_does(one: str, other: str) -> None:
    assert (spell(one) == spell(other)) == (one == other)
    assert spell(one + other).startswith(spell(one)[:TOKEN])
    assert spell(other).startswith(spell(one)) == other.startswith(one)


def test_limits_keep_a_column_within_what_a_server_numbers() -> None:
    column = words_column("title", "again " * 400 + " ".join(f"w{n}" for n in range(20_000)), {"app version": "1.2"})
    words = column.split(" ")
    assert len(words) == WORDS + 2
    assert words.count("again") == TIMES
    assert words[-1] == spell("") + "zxappversionzwzbzvzc"


def draft(number: int, body: str, **attributes: str) -> MentionDraft:
    return MentionDraft(
        external_id=str(number), title=None, text=body, language="en", rating=None, rating_given=None,
        rating_scale=None, author=None, url=None, published=None, edited=None,
        fetched=datetime(2026, 11, 20, tzinfo=UTC), reply_state="unknown", reply=None, replied=None,
        attributes=attributes,
    )  # fmt: skip


def holding(store: Store, sought: Sought) -> list[str]:
    with store.reading() as session:
        ids = found(store.engine.dialect.name, sought)
        return list(session.scalars(select(Mention.external_id).where(Mention.id.in_(ids)).order_by(Mention.id)))


def test_the_index_follows_every_write(any_store: Store) -> None:
    with any_store.session() as session:
        brand = add_brand(session, "Nordwind").id
        source = import_source(session, "trustpost").id

    def put(*drafts: MentionDraft) -> None:
        with any_store.session() as session:
            upsert(session, session.get_one(Source, source), drafts, [brand])

    late = Term(("late",))
    put(draft(1, "Came late"), draft(2, "Came early", product="Fenna"))
    assert holding(any_store, late) == ["1"]
    assert holding(any_store, label("product", "FENNA")) == ["2"]
    put(draft(1, "Came early"), draft(2, "Came late", product="Fenna Pro"))
    assert holding(any_store, late) == ["2"]
    assert holding(any_store, label("product", "Fenna")) == []
    put(draft(2, "Came late", product="Fenna"))
    assert holding(any_store, Label("product", ("fen",), True)) == ["2"]
    with any_store.session() as session:
        session.execute(delete(Mention).where(Mention.external_id == "2"))
    assert holding(any_store, late) == []
    with any_store.session() as session:
        assert session.scalars(select(MentionWords.mention_id)).all() == [1]


def test_what_was_stored_without_words_is_indexed_later(any_store: Store) -> None:
    with any_store.session() as session:
        brand = add_brand(session, "Nordwind").id
        upsert(session, import_source(session, "trustpost"), [draft(1, "late"), draft(2, "later")], [brand])
        session.execute(text("DELETE FROM mention_words"))
    assert holding(any_store, Term(("lat",), True)) == []
    with any_store.engine.begin() as connection:
        index_missing(connection)
        index_missing(connection)
    assert holding(any_store, Term(("lat",), True)) == ["1", "2"]


@pytest.mark.parametrize(
    ("sought", "holding_it"),
    [
        (Near(Term(("a",)), Term(("c",)), 1), ["2"]),
        (Near(Term(("a",)), Term(("c",)), 2), ["1", "2"]),
        (Near(Term(("a",)), Term(("a",)), 1), ["1", "2", "3"]),
        (Near(Term(("b", "c")), Term(("a", "b")), 1), ["1"]),
        (Near(Term(("d",), True), Term(("dx",)), 1), ["3"]),
        (Every((Term(("a",)), Term(("b",))), (Term(("dx",)),)), ["1", "2"]),
        (Every((Some((Term(("c",)), Term(("dx",)))),), (Near(Term(("a",)), Term(("c",)), 1),)), ["1", "3"]),
    ],
)
def test_what_stands_near_is_the_same_everywhere(any_store: Store, sought: Sought, holding_it: list[str]) -> None:
    with any_store.session() as session:
        brand = add_brand(session, "Nordwind").id
        drafts = [draft(1, "A b c."), draft(2, "c a b"), draft(3, "a b dx")]
        upsert(session, import_source(session, "trustpost"), drafts, [brand])
    assert holding(any_store, sought) == holding_it
