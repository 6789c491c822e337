"""Copies under many names are found, whatever the order of arrival, and what people say alike is left alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, func, select, update
from sqlalchemy.orm import Session

from overheard import nightly
from overheard.intake import duplicates
from overheard.intake.duplicates import group_duplicates
from overheard.store import relevance
from overheard.store.brands import add_brand, find_brand, import_source, remove_brand, remove_source
from overheard.store.database import Store
from overheard.store.mentions import MentionDraft, compare_again, upsert
from overheard.store.tables import Brand, Fingerprint, Mention, MentionBrand, MentionRollup, StaleCell, TextBand

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
PARCEL = "The parcel took eleven days, came without the charger, and the woman on the phone only read from her script."
LAMP = "A warm light, a switch that one finds in the dark, and the box became the bed of our cat."
REFUND = (
    "They promised me the refund within five days, then within ten, and after a month of letters I had to ask my bank "
    "to take the money back, which it did in an hour."
)


def draft(name: str, text: str, **changes: object) -> MentionDraft:
    """A mention without author, published at NOW."""
    made = MentionDraft(
        external_id=name, title=None, text=text, language="en", rating=None, rating_given=None, rating_scale=None,
        author=None, url=None, published=NOW, edited=None, fetched=NOW, reply_state="unknown", reply=None, replied=None,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def put(store: Store, *drafts: MentionDraft, brand: str = "Nordwind", source: str = "shop") -> None:
    """Store drafts as mentions of a brand at a source, both made where they are missing."""
    with store.session() as session:
        upsert(session, import_source(session, source), drafts, [_brand(session, brand)])


def _brand(session: Session, name: str) -> int:
    found = session.scalar(select(Brand.id).where(Brand.name == name))
    return add_brand(session, name).id if found is None else found


def groups(store: Store, brand: str = "Nordwind") -> dict[str, set[str]]:
    """The copies of each first mention of a group, by external id."""
    found: dict[str, set[str]] = {}
    with store.reading() as session:
        names = dict(session.execute(select(Mention.id, Mention.external_id)).all())
        links = select(MentionBrand.duplicate_of, MentionBrand.mention_id).where(
            MentionBrand.brand_id == find_brand(session, brand).id, MentionBrand.duplicate_of.is_not(None)
        )
        for first, copy in session.execute(links):
            found.setdefault(names[first], set()).add(names[copy])
    return found


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (PARCEL, PARCEL.upper().replace(",", " !!! 😡 "), True),
        (PARCEL, PARCEL.replace("charger", "cable"), True),
        (PARCEL, PARCEL.replace("the phone", "teh phone").replace("parcel", "parcl"), True),
        (PARCEL, PARCEL + " https://t.example/x1", True),
        ("Agent Mara solved it in 4 minutes, order 7731, and I will always come back to this shop for lamps.",
         "Agent Jonas solved it in 25 minutes, order 90, and I will always come back to this shop for lamps.", True),
        ("Três encomendas, três atrasos e uma caixa amolgada: para a próxima vou à loja do meu bairro.",
         "Tres encomendas, tres atrasos e uma caixa amolgada: para a proxima vou a loja do meu bairro", True),
        (REFUND, REFUND[:150], True),
        (REFUND, REFUND[:60], False),
        ("Very good service", "Very good service", False),
        ("Nice lamp, simple to mount and bright enough", "Nice lamp, simple to mount and bright enough", False),
        (PARCEL, LAMP, False),
        (PARCEL, "Das Paket brauchte elf Tage, kam ohne das Ladegerät, und die Frau am Telefon las nur ab.", False),
        (PARCEL, "The parcel took two days, came with everything, and the man at the door even carried it upstairs.",
         False),
    ],
)  # fmt: skip
def test_what_counts_as_a_copy(any_store: Store, one: str, other: str, same: bool) -> None:
    put(any_store, draft("one", one), draft("other", other, published=NOW + timedelta(days=1)))
    put(any_store, draft("elsewhere", other), brand="Another")
    assert group_duplicates(any_store) == 3
    assert groups(any_store) == ({"one": {"other"}} if same else {})
    assert groups(any_store, "Another") == {}


@pytest.mark.parametrize(
    ("one", "other", "author", "source", "same"),
    [
        ("Paid within 2 weeks", "paid within 2 WEEKS!", "a1", "shop", True),
        ("Paid within 2 weeks", "Paid within 3 weeks", "a1", "shop", False),
        ("Paid within 2 weeks", "Paid within 2 weeks", "a2", "shop", False),
        ("Paid within 2 weeks", "Paid within 2 weeks", "a1", "forum", False),
        ("Top!", "Top!", "a1", "shop", False),
    ],
)
def test_a_short_text_is_a_copy_where_its_author_repeats_it(
    any_store: Store, one: str, other: str, author: str, source: str, same: bool
) -> None:
    put(any_store, draft("one", one, author="a1"))
    put(any_store, draft("other", other, author=author), source=source)
    group_duplicates(any_store)
    assert groups(any_store) == ({"one": {"other"}} if same else {})


def test_copies_do_not_count_and_every_change_is_marked(any_store: Store) -> None:
    put(any_store, draft("late", PARCEL, published=NOW + timedelta(days=2)), draft("other", LAMP))
    put(any_store, draft("copy", PARCEL, published=NOW + timedelta(days=1)), source="market")
    nightly.settle(any_store)
    assert counted(any_store) == 2
    put(any_store, draft("first", PARCEL), source="forum")
    nightly.settle(any_store)
    assert (groups(any_store), counted(any_store)) == ({"first": {"copy", "late"}}, 2)
    put(any_store, draft("first", LAMP), source="forum")
    nightly.settle(any_store)
    assert (groups(any_store), counted(any_store)) == ({"copy": {"late"}, "other": {"first"}}, 2)
    put(any_store, draft("copy", "Nothing to complain of."), source="market")
    nightly.settle(any_store)
    assert (groups(any_store), counted(any_store)) == ({"other": {"first"}}, 3)
    with any_store.reading() as session:
        assert session.scalar(select(func.count()).select_from(StaleCell)) == 0
    assert group_duplicates(any_store) == 0


def counted(store: Store) -> int:
    """The mentions that the rollups count."""
    with store.reading() as session:
        return session.scalar(select(func.sum(MentionRollup.mentions))) or 0


def test_what_is_about_the_brand_goes_before_what_is_rejected(any_store: Store) -> None:
    put(any_store, draft("first", PARCEL), draft("copy", PARCEL, published=NOW + timedelta(days=1)))
    nightly.settle(any_store)
    assert (groups(any_store), counted(any_store)) == ({"first": {"copy"}}, 1)
    for rejected, expected in ((True, {"copy": {"first"}}), (False, {"first": {"copy"}})):
        with any_store.session() as session:
            first = session.scalars(select(Mention.id).where(Mention.external_id == "first")).one()
            relevance.decide(session, find_brand(session, "Nordwind"), [first], rejected=rejected)
        nightly.settle(any_store)
        assert (groups(any_store), counted(any_store)) == (expected, 1)


def test_what_still_stands_goes_before_what_vanished(any_store: Store) -> None:
    put(any_store, draft("first", PARCEL))
    put(any_store, draft("copy", PARCEL, published=NOW + timedelta(days=1)), source="market")
    group_duplicates(any_store)
    with any_store.session() as session:
        session.execute(update(Mention).where(Mention.external_id == "first").values(vanished=NOW))
        compare_again(session, session.scalars(select(Mention.id).where(Mention.vanished.is_not(None))).all())
    group_duplicates(any_store)
    assert groups(any_store) == {"copy": {"first"}}
    put(any_store, draft("first", PARCEL))
    group_duplicates(any_store)
    assert groups(any_store) == {"first": {"copy"}}


def test_each_brand_has_groups_of_its_own(any_store: Store) -> None:
    put(any_store, draft("both", PARCEL), brand="Nordwind")
    put(any_store, draft("both", PARCEL), brand="Other")
    put(any_store, draft("one", PARCEL, published=NOW - timedelta(days=1)), brand="Other")
    group_duplicates(any_store)
    assert (groups(any_store), groups(any_store, "Other")) == ({}, {"one": {"both"}})
    put(any_store, draft("one", PARCEL, published=NOW - timedelta(days=1)), brand="Nordwind")
    group_duplicates(any_store)
    assert groups(any_store) == {"one": {"both"}}
    with any_store.session() as session:
        remove_brand(session, find_brand(session, "Other"))
    group_duplicates(any_store)
    assert groups(any_store) == {"one": {"both"}}


def test_a_group_that_hung_together_by_a_removed_source_falls_apart(any_store: Store) -> None:
    words = [f"word{chr(97 + number)}" for number in range(20)]
    near, far = [*words[:17], "x", "y", "z"], ["u", "v", "w", *words[3:17], "x", "y", "z"]
    put(any_store, draft("near", " ".join(words)), draft("far", " ".join(far)))
    put(any_store, draft("between", " ".join(near)), source="market")
    group_duplicates(any_store)
    assert groups(any_store) == {"far": {"between", "near"}}
    with any_store.session() as session:
        remove_source(session, import_source(session, "market"))
    group_duplicates(any_store)
    assert groups(any_store) == {}
    with any_store.session() as session:
        kept = select(Fingerprint.key)
        assert session.scalar(select(func.count()).where(TextBand.key.not_in(kept))) == 0


FAMILIES = (
    [PARCEL, PARCEL.replace("charger", "cable"), PARCEL.replace("eleven", "12"), PARCEL.casefold()],
    [REFUND, REFUND[:150], REFUND.replace("bank", "lawyer").replace("an hour", "a week")],
    [LAMP, LAMP + " Bravo!"],
    ["Quite simple to set up at home"],
)
BRANDS = count(1)

posts = st.tuples(
    st.sampled_from([text for family in FAMILIES for text in family]), st.none() | st.integers(0, 3),
    st.sampled_from(["p", "q"]), st.sampled_from([None, "a", "b"]),
)  # fmt: skip


@given(st.data(), st.lists(posts, min_size=1, max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_arrival_changes_nothing(
    any_store: Store, data: st.DataObject, said: Sequence[tuple[str, int | None, str, str | None]]
) -> None:
    found = []
    for _ in range(2):
        brand = f"Brand {next(BRANDS)}"
        order = data.draw(st.permutations(range(len(said))))
        cuts = sorted(data.draw(st.lists(st.integers(0, len(said)), max_size=3)))
        edited = data.draw(st.sets(st.sampled_from(range(len(said)))))
        with any_store.session() as session:
            # Sources are there before their mentions; between equals they decide.
            add_brand(session, brand)
            for source in ("p", "q"):
                import_source(session, f"{brand} {source}")
        for number in edited:
            arrive(any_store, brand, number, (LAMP, *said[number][1:]))
        for start, end in zip([0, *cuts], [*cuts, len(said)], strict=True):
            for number in order[start:end]:
                arrive(any_store, brand, number, said[number])
            group_duplicates(any_store)
        found.append(groups(any_store, brand))
    assert found[0] == found[1]


def arrive(store: Store, brand: str, number: int, said: tuple[str, int | None, str, str | None]) -> None:
    """Store one post, at a source of its brand alone."""
    text, day, source, author = said
    published = None if day is None else NOW + timedelta(days=day)
    put(store, draft(f"{number}", text, published=published, author=author), brand=brand, source=f"{brand} {source}")


def test_a_kill_between_two_batches_changes_nothing(any_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "BATCH", 2)
    drafts = [draft(f"m{number}", (PARCEL, LAMP, REFUND)[number % 3]) for number in range(9)]
    put(any_store, *drafts)
    commits = count(1)

    def stop(_: Connection) -> None:
        if next(commits) == 3:
            raise KeyboardInterrupt

    event.listen(any_store.engine, "commit", stop)
    with pytest.raises(KeyboardInterrupt):
        group_duplicates(any_store)
    event.remove(any_store.engine, "commit", stop)
    assert sum(map(len, groups(any_store).values())) == 1
    assert group_duplicates(any_store) == 5
    assert groups(any_store) == {"m0": {"m3", "m6"}, "m1": {"m4", "m7"}, "m2": {"m5", "m8"}}
