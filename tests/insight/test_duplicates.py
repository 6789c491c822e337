"""Near-duplicates count once, are quoted once, and can be looked at."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta

import pytest
from told import Said, Told, count_up

from overheard.errors import NotFoundError, UsageError
from overheard.insight import counted
from overheard.insight.compare import compare
from overheard.insight.duplicates import Duplicates, find_duplicates
from overheard.insight.mentions import find_mentions
from overheard.insight.scope import Scope
from overheard.insight.summary import summarise
from overheard.intake.duplicates import group_duplicates
from overheard.store.brands import add_brand, find_brand
from overheard.store.database import Store

from .conftest import Telling

START = date(2026, 5, 1)
LATE = "The parcel took eleven days, came without the charger, and the woman on the phone only read from her script."
CALLS = (
    "Three calls, three people, three different answers, and in the end the bill was wrong once more by twelve euros."
)
BALANCE = "On the app I see one balance, in the branch another, and the letter of last week names a third one."


def post(text: str, number: int, author: str | None = None, **rest: object) -> Told:
    said = Said(text=text, sentiment="negative", dimensions={"speed": ("negative", 0.9)}, signals=("help",))
    return Told(sentences=(said,), day=START + timedelta(days=number), author=author, rating=0.25, **rest)  # type: ignore[arg-type]


ORIGINALS = [post(f"Waited {number} weeks.", number, f"n{number}") for number in range(12)] + [post(LATE, 12, "a")]
TEMPLATE = [post(LATE.replace("charger", word), 13 + number, word) for number, word in enumerate("bcdef")]


@pytest.fixture(params=["few", "many"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of finding mentions."""
    if request.param == "many":
        monkeypatch.setattr(counted, "FEW", 0)


@pytest.mark.usefixtures("size")
def test_what_is_copied_counts_once_in_every_answer(brand_store: Store, telling: Telling) -> None:
    with brand_store.session() as session:
        add_brand(session, "Plain").model_version_id = find_brand(session, "Nordwind").model_version_id
    telling(ORIGINALS, brand="Plain", count=False)
    ids = telling(ORIGINALS, count=False)
    telling(TEMPLATE, source="trustpost", count=False)
    group_duplicates(brand_store)
    count_up(brand_store)
    with brand_store.reading() as session:
        plain, brand = find_brand(session, "Plain"), find_brand(session, "Nordwind")
        wanted, found = (summarise(session, each, Scope(), quotes=0) for each in (plain, brand))
        assert (wanted.duplicates, found.duplicates, found.mentions) == (0, 5, 13)
        assert dataclasses.replace(found, brand="Plain", duplicates=0) == wanted
        compared = compare(session, [plain, brand], Scope()).brands
        assert compared[0].net_sentiment == compared[1].net_sentiment
        listed = find_mentions(session, brand, Scope(dimension="speed"), limit=99)
        assert [mention.mention_id for mention in listed] == ids[::-1]
        quotes = summarise(session, brand, Scope(), quotes=9).dimensions[0].quotes.pain
        assert [quote.mention_id for quote in quotes if len(quote.text) > 40] == [ids[12]]
        narrow = summarise(session, brand, Scope(since=START + timedelta(days=14), source="trustpost"), quotes=0)
        assert (narrow.mentions, narrow.duplicates) == (0, 4)


def find(store: Store, scope: Scope | None = None, limit: int = 20) -> Duplicates:
    with store.reading() as session:
        return find_duplicates(session, find_brand(session, "Nordwind"), scope or Scope(), limit=limit)


@pytest.fixture
def ids(brand_store: Store, telling: Telling) -> list[int]:
    """A template under six names, a text that its author repeats, and one that was copied from shop to trustpost."""
    told = [*ORIGINALS[10:], post(CALLS, 3, "x"), post(CALLS, 4, "x"), post("Nobody ever helped me.", 5, "y")]
    told += [post("Nobody ever helped me.", 6, "y")]
    found = telling([*told, post(BALANCE, 7, vanished=datetime(2026, 6, 1, tzinfo=UTC))], count=False)
    found += telling([*TEMPLATE, post(BALANCE, 8, "z", url="https://a.example/9")], source="trustpost")
    group_duplicates(brand_store)
    count_up(brand_store)
    return found


def test_groups_are_told_by_size_and_kind(brand_store: Store, ids: list[int]) -> None:
    found = find(brand_store)
    assert (found.left_out, found.groups_found) == (8, 4)
    assert [(group.kind, group.copies, group.names, group.unnamed, group.sources) for group in found.groups] == [
        ("template", 5, 6, 0, {"trustpost": 5, "shop": 1}),
        ("repeated", 1, 1, 0, {"shop": 2}),
        ("repeated", 1, 1, 0, {"shop": 2}),
        ("copied", 1, 1, 1, {"trustpost": 1, "shop": 1}),
    ]
    template, calls, short, copied = found.groups
    assert (template.first.mention_id, template.since, template.until) == (ids[2], date(2026, 5, 13), date(2026, 5, 18))
    assert [copy.text for copy in template.others] == [LATE.replace("charger", word) for word in "bcdef"]
    assert (calls.first.text, calls.first.day, short.first.text) == (CALLS, date(2026, 5, 4), "Nobody ever helped me.")
    # What vanished is the copy: its first can still be seen.
    assert (copied.first.url, copied.others[0].mention_id) == ("https://a.example/9", ids[7])


@pytest.mark.parametrize(
    ("scope", "limit", "left_out", "copies"),
    [
        (Scope(), 1, 8, [5]),
        (Scope(source="shop"), 9, 3, [1, 1, 1]),
        (Scope(since=date(2026, 5, 15), until=date(2026, 5, 16)), 9, 2, [2]),
        (Scope(language="nl"), 9, 0, []),
    ],
)
def test_a_scope_narrows_the_copies(
    brand_store: Store, ids: list[int], scope: Scope, limit: int, left_out: int, copies: list[int]
) -> None:
    found = find(brand_store, scope, limit)
    assert (found.left_out, [group.copies for group in found.groups]) == (left_out, copies)
    with brand_store.reading() as session:
        brand = find_brand(session, "Nordwind")
        assert summarise(session, brand, scope, quotes=0).duplicates == left_out


def test_impossible_questions_are_refused(brand_store: Store) -> None:
    with pytest.raises(UsageError, match="expected a limit of 1 or more"):
        find(brand_store, limit=0)
    with pytest.raises(NotFoundError, match="no source 'nowhere'"):
        find(brand_store, Scope(source="nowhere"))
