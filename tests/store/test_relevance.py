"""What was found and is about something else: kept, left out of every count, judged again, overruled by a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, func, select, text

from overheard.errors import NotFoundError
from overheard.store import readings, relevance
from overheard.store.brands import add_brand, add_source, find_brand
from overheard.store.database import Store
from overheard.store.mentions import MentionDraft, upsert
from overheard.store.readings import OpinionDraft, Reading
from overheard.store.relevance import Judgement
from overheard.store.rollups import roll_up
from overheard.store.tables import Brand, MentionBrand, MentionRollup, SentimentRollup, Source, StaleCell

OLD_ROWS = {
    "brands": {"id": 1, "name": "Orange", "key": "orange", "created_at": "2026-01-01"},
    "sources": {
        "id": 1, "brand_id": 1, "kind": "hackernews", "name": "x", "target": "{}", "target_key": "{}", "paused": False,
        "state": "{}", "created_at": "2026-01-01",
    },
    "mentions": {
        "id": 1, "source_id": 1, "external_id": "1", "content_hash": "-", "text": "old text", "language": "en",
        "fetched": "2026-01-01", "day": "2026-01-01", "reply_state": "unknown", "attributes": "{}",
    },
    "mention_brands": {"mention_id": 1, "brand_id": 1},
}  # fmt: skip
"""A store as revision 0002 left it."""

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
DRAFT = MentionDraft(
    external_id="", title=None, text="", language="en", rating=None, rating_given=None, rating_scale=None, author=None,
    url=None, published=NOW, edited=None, fetched=NOW, reply_state="unknown", reply=None, replied=None,
)  # fmt: skip


def found(store: Store, *texts: str) -> None:
    """Put texts into the store as what one search for Orange finds; the id of a text is its first word."""
    drafts = [replace(DRAFT, external_id=each.split()[0], text=each) for each in texts]
    with store.session() as session:
        brand = session.scalar(select(Brand)) or add_brand(session, "Orange")
        source = session.scalar(select(Source)) or add_source(session, brand, "hackernews", {"query": "orange"})
        upsert(session, source, drafts, [brand.id])


def unjudged(store: Store, judged_as: str) -> list[str]:
    """The texts that are to be judged."""
    with store.reading() as session:
        rows = relevance.unjudged(session, 1, 1, judged_as, after=0, limit=100)
        assert relevance.count_unjudged(session, 1, 1, judged_as) == len(rows)
    return [row.text for row in rows]


def judge(store: Store, judged_as: str, *rejected: str) -> None:
    """Judge all that is to be judged: reject the texts with these first words."""
    with store.session() as session:
        judgements = [
            Judgement(row.id, row.content_hash, 0.25, row.text.split()[0] in rejected, "score", None)
            for row in relevance.unjudged(session, 1, 1, judged_as, after=0, limit=100)
        ]
        relevance.save(session, 1, judged_as, judgements)


def counted(store: Store) -> int:
    """How many mentions count."""
    roll_up(store)
    with store.reading() as session:
        return session.scalar(select(func.sum(MentionRollup.mentions))) or 0


def decide(store: Store, *numbers: int, rejected: bool) -> int:
    """Let a person decide."""
    with store.session() as session:
        return relevance.decide(session, find_brand(session, "Orange"), numbers, rejected=rejected)


def test_what_is_judged_is_judged_once_until_something_changes(any_store: Store) -> None:
    found(any_store, "one text", "two texts", "three texts")
    assert unjudged(any_store, "a") == ["one text", "two texts", "three texts"]
    judge(any_store, "a", "two")
    assert (unjudged(any_store, "a"), counted(any_store)) == ([], 2)
    found(any_store, "three edited", "four texts")
    assert unjudged(any_store, "a") == ["three edited", "four texts"]
    assert unjudged(any_store, "b") == ["one text", "two texts", "three edited", "four texts"]
    judge(any_store, "b")
    assert (unjudged(any_store, "b"), counted(any_store)) == ([], 4)


def test_a_judgement_of_what_was_edited_meanwhile_is_not_kept(any_store: Store) -> None:
    found(any_store, "one text")
    with any_store.reading() as session:
        (row,) = relevance.unjudged(session, 1, 1, "a", after=0, limit=9)
    found(any_store, "one edited")
    with any_store.session() as session:
        relevance.save(session, 1, "a", [Judgement(row.id, row.content_hash, 0.0, True, "score", None)])
    assert (unjudged(any_store, "a"), counted(any_store)) == (["one edited"], 1)


def test_a_person_has_the_last_word(any_store: Store) -> None:
    found(any_store, "one text", "two texts")
    judge(any_store, "a", "one")
    assert decide(any_store, 1, rejected=False) == 1
    assert decide(any_store, 2, 2, rejected=True) == 1
    assert decide(any_store, 1, rejected=False) == 0
    assert (unjudged(any_store, "b"), counted(any_store)) == ([], 1)
    found(any_store, "one edited")
    assert unjudged(any_store, "b") == []
    with any_store.reading() as session:
        links = session.scalars(select(MentionBrand).order_by(MentionBrand.mention_id))
        assert [(link.rejected, link.decided_by) for link in links] == [(False, "user"), (True, "user")]


def test_a_person_decides_all_or_nothing(any_store: Store) -> None:
    found(any_store, "one text")
    with pytest.raises(NotFoundError, match="no mention 8, 9 of 'Orange'; `overheard mentions`"):
        decide(any_store, 1, 9, 8, rejected=True)
    assert counted(any_store) == 1


def test_only_cells_in_which_another_mention_counts_are_counted_anew(any_store: Store) -> None:
    found(any_store, "one text", "two texts")
    counted(any_store)
    for rejected, stale in (((), 0), (("two",), 1), (("two",), 0)):
        judge(any_store, f"{rejected}{stale}", *rejected)
        with any_store.reading() as session:
            assert session.scalar(select(func.count()).select_from(StaleCell)) == stale
        counted(any_store)


def test_what_every_brand_rejects_is_not_read_and_keeps_no_version_from_answering(any_store: Store) -> None:
    found(any_store, "one text", "two texts", "three texts")
    judge(any_store, "a", "two", "three")
    with any_store.session() as session:
        other = add_brand(session, "Sosh")
        source = session.get_one(Source, 1)
        upsert(session, source, [replace(DRAFT, external_id="three", text="three texts")], [other.id])
    with any_store.session() as session:
        version = readings.version_id(session, "m-1")
        rows = readings.unread(session, version, after=0, limit=9)
        assert [row.text for row in rows] == ["one text", "three texts"]
        said = [OpinionDraft("text", 0, 3, "positive", 0.9, "none", [], {})]
        read = [Reading(row.id, row.content_hash, "analysed", "positive", 1.0, said) for row in rows]
        readings.save(session, version, read)
        assert readings.let_answer(session, version) == ["Orange", "Sosh"]
    counted(any_store)
    with any_store.reading() as session:
        positive = select(SentimentRollup.brand_id, func.sum(SentimentRollup.positive))
        positive = positive.where(SentimentRollup.touchpoint == "any", SentimentRollup.measure == "sentiment")
        assert dict(session.execute(positive.group_by(SentimentRollup.brand_id)).all()) == {1: 1, 2: 1}
    decide(any_store, 2, rejected=False)
    with any_store.reading() as session:
        assert [row.text for row in readings.unread(session, version, after=0, limit=9)] == ["two texts"]


def test_what_is_rejected_is_found_without_a_walk_through_the_brand(store: Store) -> None:
    wanted = select(MentionBrand.mention_id).where(MentionBrand.brand_id == 1, MentionBrand.rejected)
    with store.reading() as session:
        statement = str(wanted.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
        plan = session.execute(text(f"EXPLAIN QUERY PLAN {statement}")).all()
    assert "ix_mention_brands_rejected" in plan[0].detail


def test_an_older_store_keeps_its_mentions_and_they_count(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/s.db"
    config = Config()
    config.set_main_option("script_location", "overheard.store:migrations")
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for table, values in OLD_ROWS.items():
            names = ", ".join(values)
            marks = ", ".join(f":{name}" for name in values)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)
    engine.dispose()
    store = Store.create(url)
    with store.reading() as session:
        (link,) = session.scalars(select(MentionBrand))
        assert (link.mention_id, link.rejected, link.relevance, link.decided_by) == (1, False, None, None)
        assert session.scalars(select(Brand.description)).all() == [None]
    assert unjudged(store, "a") == ["old text"]
    store.close()
