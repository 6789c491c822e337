"""What wants an answer: which mentions, in which order, until when; replies by source; on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from told import Said, Told, answered_brand, count_up, tell

from overheard.errors import NotFoundError, UsageError
from overheard.insight.cases import find_cases
from overheard.insight.inbox import Inbox, age, find_inbox, severity, warmth
from overheard.insight.scope import Scope
from overheard.insight.statistics import median, share
from overheard.settings import InboxSettings
from overheard.store.brands import add_brand, add_source, find_brand
from overheard.store.database import Store
from overheard.store.inbox import add_notes
from overheard.store.surveys import survey_source
from overheard.store.tables import Mention, MentionBrand, Source

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WAITS = InboxSettings()
ALL = Scope()


def pain(text: str = "It came a week late.", **more: object) -> Told:
    said = Said(text=text, sentiment="negative", signals=more.pop("signals", ()))  # type: ignore[arg-type]
    return Told(sentences=(said,), **{"day": date(2026, 11, 18), **more})  # type: ignore[arg-type]


def joy(**more: object) -> Told:
    said = Said(text="Wonderful people.", sentiment="positive", signals=("advocate",))
    return Told(sentences=(said,), **{"day": date(2026, 11, 18), **more})  # type: ignore[arg-type]


@pytest.fixture
def nordwind(any_store: Store) -> Store:
    """A store with the brand Nordwind, its shop (a review site) and its toots (a social network)."""
    with any_store.session() as session:
        brand = answered_brand(session, "Nordwind")
        add_source(session, brand, "schemaorg", {"url": "https://a.example"}, name="shop")
        add_source(session, brand, "mastodon", {"query": "nordwind"}, name="toots")
    return any_store


def write(store: Store, *told: Told, source: str = "shop") -> list[int]:
    with store.session() as session:
        place = session.query(Source).filter_by(name=source).one()
        ids = [tell(session, find_brand(session, "Nordwind"), place, each).id for each in told]
    count_up(store)
    return ids


def inbox(store: Store, scope: Scope = ALL, **more: object) -> Inbox:
    with store.reading() as session:
        return find_inbox(session, find_brand(session, "Nordwind"), scope, WAITS, now=NOW, **more)  # type: ignore[arg-type]


def ids(found: Inbox) -> list[int]:
    return [entry.mention_id for entry in found.entries]


def note(store: Store, mention: int, status: str | None, text: str | None = None, at: datetime = NOW) -> None:
    with store.session() as session:
        add_notes(session, [mention], status=status, text=text, by="Ana", now=at)


def test_only_open_complaints_are_in_it_the_worst_first(nordwind: Store) -> None:
    mild, question, _, _, _, gone, old = write(
        nordwind,
        pain(),
        pain("Where is my refund?", signals=("help",), rating=0.0),
        joy(),
        pain(reply_state="answered"),
        Told(sentences=(Said(text="It is blue."),), day=date(2026, 11, 18)),
        pain(vanished=NOW),
        pain(day=date(2026, 5, 1)),
    )
    found = inbox(nordwind)
    assert ids(found) == [question, mild]
    assert (found.open, found.overdue, found.since_days, found.looked_at) == (2, 2, 90, 4)
    first = found.entries[0]
    assert (first.reasons, first.quote) == (("help", "pain", "stars"), "Where is my refund?")
    assert first.reply_state == "unknown"
    assert first.severity == 90
    assert (first.waiting, first.target, first.overdue) == (2 * 86_400, 86_400, True)
    assert found.unknown == 2
    assert ids(inbox(nordwind, Scope(since=date(2026, 1, 1)))) == [question, old, mild]
    assert gone not in ids(inbox(nordwind, Scope(since=date(2020, 1, 1))))


def test_the_newest_day_is_of_what_was_said_in_public(nordwind: Store) -> None:
    write(nordwind, pain(day=date(2026, 11, 10)))
    with nordwind.session() as session:
        survey_source(session, "asked")
    write(nordwind, pain(day=date(2026, 11, 18)), source="asked")
    assert inbox(nordwind).newest == date(2026, 11, 10)


def test_a_content_customer_who_leaves_is_no_complaint(nordwind: Store) -> None:
    content = Said(text="Great, but I am moving abroad.", sentiment="positive", signals=("churn",))
    write(nordwind, Told(sentences=(content,), day=date(2026, 11, 18), rating=1.0))
    (other,) = write(nordwind, pain("Dreadful, I am off.", signals=("churn_service",), rating=1.0))
    (entry,) = inbox(nordwind).entries
    assert (entry.mention_id, entry.reasons, entry.severity) == (other, ("pain", "leaving"), 40)


def test_rejected_mentions_and_copies_are_left_out_and_copies_counted(nordwind: Store) -> None:
    first, copy, other = write(nordwind, pain(), pain(), pain())
    with nordwind.session() as session:
        brand = find_brand(session, "Nordwind").id
        session.get_one(MentionBrand, (copy, brand)).duplicate_of = first
        session.get_one(MentionBrand, (other, brand)).rejected = True
    (entry,) = inbox(nordwind).entries
    assert (entry.mention_id, entry.copies) == (first, 1)


def test_a_target_is_an_hour_on_social_channels_and_a_day_elsewhere(nordwind: Store) -> None:
    today = date(2026, 11, 20)
    write(nordwind, pain(day=today - timedelta(days=1)))
    write(nordwind, pain(day=today - timedelta(days=1)), source="toots")
    found = {entry.source: entry for entry in inbox(nordwind).entries}
    assert (found["shop"].target, found["shop"].overdue) == (86_400, False)
    assert (found["toots"].target, found["toots"].overdue) == (3600, True)
    assert WAITS.target("import", "Twitter") == timedelta(hours=1)
    own = InboxSettings(hours={"trustpilot": 4, "Toots": 0.5})
    assert own.target("import", "trustpilot") == timedelta(hours=4)
    assert own.target("mastodon", "toots") == timedelta(minutes=30)


def test_notes_follow_a_complaint_until_it_is_resolved(nordwind: Store) -> None:
    mention, other = write(nordwind, pain(), pain())
    note(nordwind, mention, None, "asked the warehouse")
    note(nordwind, mention, "answered", "told her")
    found = inbox(nordwind)
    assert ids(found) == [other, mention]
    assert (found.overdue, found.with_the_customer) == (1, 1)
    entry = found.entries[1]
    assert entry.note is not None
    assert (entry.status, entry.note.text, entry.note.noted_by) == ("answered", "told her", "Ana")
    note(nordwind, mention, "resolved")
    assert ids(inbox(nordwind)) == [other]
    with nordwind.reading() as session:
        (case,) = find_cases(session, [mention]).cases
    assert [each.status for each in case.notes] == ["received", "answered", "resolved"]
    note(nordwind, mention, "reopened")
    assert {entry.mention_id: entry.status for entry in inbox(nordwind).entries} == {mention: "reopened", other: "new"}


def test_an_edit_reopens_visibly(nordwind: Store) -> None:
    (mention,) = write(nordwind, pain())
    note(nordwind, mention, "resolved")
    with nordwind.session() as session:
        session.get_one(Mention, mention).content_hash = "another"
    (entry,) = inbox(nordwind).entries
    assert (entry.status, entry.reopened_by) == ("reopened", "edit")
    with nordwind.reading() as session:
        (case,) = find_cases(session, [mention]).cases
    assert (case.status, case.reopened_by) == ("reopened", "edit")


def test_an_edit_after_the_reply_reopens_too(nordwind: Store) -> None:
    replied = datetime(2026, 11, 19, 9, tzinfo=UTC)
    later, earlier = (replied + timedelta(hours=hours) for hours in (1, -1))
    mention, _ = write(
        nordwind, pain(reply_state="answered", replied=replied, edited=later),
        pain(reply_state="answered", replied=replied, edited=earlier),
    )  # fmt: skip
    (entry,) = inbox(nordwind).entries
    assert (entry.mention_id, entry.status, entry.reopened_by) == (mention, "reopened", "edit")


def test_a_new_complaint_of_the_same_customer_reopens_the_old_one(nordwind: Store) -> None:
    (old,) = write(nordwind, pain(author="p-1", day=date(2026, 11, 10)))
    note(nordwind, old, "resolved", at=datetime(2026, 11, 12, tzinfo=UTC))
    new, stranger, before = write(
        nordwind, pain(author="p-1"), pain(author="p-2"), pain(author="p-1", day=date(2026, 11, 11))
    )
    found = {entry.mention_id: (entry.status, entry.reopened_by, entry.reopens) for entry in inbox(nordwind).entries}
    assert found == {
        new: ("reopened", "complaint", old), stranger: ("new", None, None), before: ("new", None, None),
    }  # fmt: skip


def test_the_same_name_elsewhere_is_somebody_else(nordwind: Store) -> None:
    with nordwind.session() as session:
        shop = session.query(Source).filter_by(name="shop").one()
        rival = add_brand(session, "Südsee")
        rival.model_version_id = find_brand(session, "Nordwind").model_version_id
        of_rival = tell(session, rival, shop, pain(author="p-1", day=date(2026, 11, 10))).id
    (toot,) = write(nordwind, pain(author="p-1", day=date(2026, 11, 10)), source="toots")
    for number in (of_rival, toot):
        note(nordwind, number, "resolved", at=datetime(2026, 11, 12, tzinfo=UTC))
    (new,) = write(nordwind, pain(author="p-1"))
    (entry,) = inbox(nordwind).entries
    assert (entry.mention_id, entry.status, entry.reopens) == (new, "new", None)


def test_a_reply_after_the_reopening_closes_it_again(nordwind: Store) -> None:
    mention, _ = write(nordwind, pain(reply_state="answered", replied=NOW - timedelta(days=1)), pain())
    note(nordwind, mention, "reopened")
    assert mention in ids(inbox(nordwind))
    with nordwind.session() as session:
        session.get_one(Mention, mention).replied = NOW + timedelta(hours=1)
    assert mention not in ids(inbox(nordwind))


def test_notes_that_cannot_be_made(nordwind: Store) -> None:
    (mention,) = write(nordwind, pain())
    for numbers, status, text, error, words in (
        ([mention, 999], "resolved", None, NotFoundError, "999"),
        ([mention], "done", None, UsageError, "in_progress"),
        ([mention], None, "  ", UsageError, "--status"),
        ([mention], None, "x" * 2001, UsageError, "2000"),
    ):
        with pytest.raises(error, match=words), nordwind.session() as session:
            add_notes(session, numbers, status=status, text=text, by=None, now=NOW)
    with nordwind.reading() as session:
        assert find_cases(session, [mention]).cases[0].notes == ()


def test_praise_is_worth_a_thank_you_while_it_is_fresh(nordwind: Store) -> None:
    stale, fresh, _, _ = write(
        nordwind, joy(day=date(2026, 9, 18)), joy(), joy(reply_state="answered"), pain(signals=("advocate",))
    )
    found = inbox(nordwind, praise=True)
    assert (ids(found), found.overdue, found.kind) == ([fresh, stale], 0, "praise")
    assert found.entries[0].reasons == ("advocate", "praise")


def test_replies_are_figured_only_where_the_source_reports_them(nordwind: Store) -> None:
    day = date(2026, 11, 1)
    noon = datetime(2026, 11, 1, 12, tzinfo=UTC)
    replied = [pain(day=day, reply_state="answered", replied=noon + timedelta(hours=hours)) for hours in range(1, 13)]
    write(nordwind, *replied, *(pain(day=day, reply_state="unanswered") for _ in range(8)), pain(day=day))
    write(nordwind, pain(day=day), source="toots")
    (found,) = inbox(nordwind).replies
    assert (found.source, found.answered, found.unanswered, found.unknown) == ("shop", 12, 8, 1)
    assert found.rate == share(12, 20)
    assert found.time == median([3600.0 * hours for hours in range(1, 13)])
    assert found.time.value == 6.5 * 3600


def test_the_scope_narrows_it(nordwind: Store) -> None:
    english, dutch = write(nordwind, pain(), pain(language="nl"))
    (toot,) = write(nordwind, pain(), source="toots")
    assert ids(inbox(nordwind, Scope(language="nl"))) == [dutch]
    assert ids(inbox(nordwind, Scope(source="mastodon"))) == [toot]
    assert set(ids(inbox(nordwind, Scope(until=date(2026, 11, 18))))) == {english, dutch, toot}
    assert inbox(nordwind, Scope(until=date(2026, 11, 17))).newest == date(2026, 11, 18)
    assert len(ids(inbox(nordwind, limit=1))) == 1
    with pytest.raises(NotFoundError):
        inbox(nordwind, Scope(source="elsewhere"))


@pytest.mark.parametrize(
    ("told", "points"),
    [
        ({"asks": True, "strength": -1.0, "rating": 0.0, "leaves": True}, 100),
        ({"asks": True, "strength": -1.0, "rating": None, "leaves": True}, 100),
        ({"asks": True, "strength": 0.0, "rating": None}, 40),
        ({"asks": False, "requests": True, "strength": 0.5, "rating": 1.0}, 15),
        ({"asks": False, "strength": None, "rating": 0.25}, 10),
        ({"asks": False, "strength": None, "rating": None}, 0),
        ({"asks": False, "strength": 1.0, "rating": 0.5}, 0),
        ({"asks": False, "strength": 1.0, "rating": 1.0, "leaves": True}, 0),
        ({"asks": False, "strength": None, "rating": 0.0, "leaves": True}, 30),
    ],
)
def test_severity(told: dict[str, object], points: float) -> None:
    found, reasons = severity(**{"requests": False, "leaves": False, **told})  # type: ignore[arg-type]
    assert found == points
    assert bool(reasons) == (points > 0)


def test_neither_pain_nor_few_stars_are_praised() -> None:
    assert warmth(advocates=True, strength=-0.5, rating=None)[0] == 0
    assert warmth(advocates=True, strength=1.0, rating=0.25)[0] == 0


def test_age_grows_with_each_doubling_and_ends_at_ninety_days() -> None:
    ages: Sequence[float] = [age(86_400 * days, 86_400) for days in (0, 1, 3, 7, 15, 90, 900)]
    steps = [later - earlier for earlier, later in pairwise(ages[:5])]
    assert ages[0] == 0
    assert ages[-2:] == [1, 1]
    assert max(steps) - min(steps) < 1e-9


def test_of_many_mentions_the_newest_days_are_looked_at(nordwind: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    days = [date(2026, 11, number) for number in (3, 2, 2, 1, 1, 1)]
    newest = write(nordwind, *(pain(day=day) for day in days))[:3]
    for most, first, wanted in ((6, None, 6), (3, date(2026, 11, 2), 3), (2, date(2026, 11, 2), 3)):
        monkeypatch.setattr("overheard.insight.inbox.MOST", most)
        found = inbox(nordwind)
        assert (found.first, len(found.entries)) == (first, wanted)
    assert sorted(ids(found)) == sorted(newest)
