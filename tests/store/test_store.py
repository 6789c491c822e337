"""The store through its public doors: open, create, lock, upsert, readings, rollups."""

from __future__ import annotations

import socket
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, func, select

from overheard import nightly
from overheard.errors import BusyError, NotFoundError, OverheardError, SchemaError, StoreError, UsageError
from overheard.store import readings
from overheard.store.brands import (
    add_brand,
    add_source,
    drop_terms,
    find_brand,
    import_source,
    remove_brand,
    remove_source,
    rename_brand,
    terms,
)
from overheard.store.database import HEAD, Store
from overheard.store.mentions import Counts, MentionDraft, upsert
from overheard.store.readings import OpinionDraft, Reading
from overheard.store.rollups import roll_up
from overheard.store.tables import (
    ANY,
    Base,
    Brand,
    Classification,
    Crawl,
    DimensionRollup,
    Mention,
    MentionRollup,
    MentionVersion,
    Opinion,
    SentimentRollup,
    SignalRollup,
    StaleCell,
)

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def draft(number: int, **changes: object) -> MentionDraft:
    """A mention draft, published `number` days before NOW."""
    made = MentionDraft(
        external_id=f"r{number}", title=None, text=f"Text number {number}.", language="en", rating=0.75,
        rating_given="4", rating_scale=5, author=None, url=None, published=NOW - timedelta(days=number), edited=None,
        fetched=NOW, reply_state="unknown", reply=None, replied=None,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def put(store: Store, *drafts: MentionDraft, brand: str = "Nordwind") -> Counts:
    """Upsert into one import source of one brand."""
    with store.session() as session:
        known = session.scalar(select(Brand).where(Brand.name == brand)) or add_brand(session, brand)
        return upsert(session, import_source(session, "file"), drafts, [known.id])


def opinion(sentiment: str, touchpoint: str = "none", signals: tuple[str, ...] = (), **dimensions: str) -> OpinionDraft:
    """An opinion draft with a score of 0.9 everywhere."""
    scored = {name: (polarity, 0.9) for name, polarity in dimensions.items()}
    return OpinionDraft("text", 0, 4, sentiment, 0.9, touchpoint, list(signals), scored)


def read_all(store: Store, *opinions: list[OpinionDraft], name: str = "m-1") -> int:
    """Save a reading for each unread mention, in order, and roll up; return the version's id."""
    with store.session() as session:
        version = readings.version_id(session, name)
        found = readings.unread(session, version, after=0, limit=100)
        made = [
            Reading(row.id, row.content_hash, "analysed", "neutral", 0.0, opinions[i]) for i, row in enumerate(found)
        ]
        readings.save(session, version, made)
    roll_up(store)
    return version


def test_the_schema_of_the_migrations_is_the_schema_of_the_tables(any_store: Store) -> None:
    with any_store.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    # What each server keeps for search in its own way: `mention_search` of SQLite, a computed column of PostgreSQL.
    assert [found for found in differences if found[0] != "remove_table" and "vector" not in str(found)] == []


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", "overheard.store:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_creating_twice_keeps_what_is_there(any_store: Store) -> None:
    put(any_store, draft(1))
    again = Store.create(any_store.url)
    with again.reading() as session:
        assert session.scalar(select(func.count(Mention.id))) == 1
    again.close()


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (None, StoreError, "overheard init"),
        (b"", SchemaError, "overheard init"),
        (b"this is no database at all, only text" * 50, SchemaError, "not an SQLite store"),
    ],
)
def test_opening_what_is_no_store_says_what_to_do(
    tmp_path: Path, content: bytes | None, error: type[OverheardError], message: str
) -> None:
    if content is not None:
        (tmp_path / "x.db").write_bytes(content)
    with pytest.raises(error, match=message):
        Store.open(f"sqlite:///{tmp_path}/x.db")


@pytest.mark.parametrize("url", ["nonsense", "mysql://host/db", "sqlite:////no/such/folder/x.db"])
def test_a_store_that_cannot_be_is_refused_in_one_line(url: str) -> None:
    with pytest.raises(StoreError) as caught:
        Store.create(url)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_a_server_that_says_nothing_is_not_waited_for_without_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        with pytest.raises(StoreError, match="timeout"):
            Store.open(f"postgresql://tests@127.0.0.1:{silent.getsockname()[1]}/any")
        assert time.monotonic() - started < 20


def test_a_newer_schema_is_refused(store: Store) -> None:
    with sqlite3.connect(store.url.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for door in (Store.open, Store.create):
        with pytest.raises(SchemaError, match="newer") as caught:
            door(store.url)
        assert caught.value.exit_code == 2


def test_tables_of_another_program_are_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("CREATE TABLE accounts (id INTEGER)")
    connection.close()
    with pytest.raises(SchemaError, match="another program"):
        Store.create(f"sqlite:///{tmp_path}/x.db")


def test_a_lock_is_for_one_process_and_dies_with_it(any_store: Store) -> None:
    holder = (
        "import sys\nfrom overheard.store.database import Store\n"
        f"with Store.open({any_store.url!r}).lock('refresh'):\n    print('held', flush=True)\n    sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match="refresh"), any_store.lock("refresh"):
            pass
        with any_store.lock("classify"):
            pass
        other.kill()
        other.wait()
        deadline = datetime.now(UTC) + timedelta(seconds=10)
        while True:  # the server notices a dead client a moment later
            try:
                with any_store.lock("refresh"):
                    break
            except BusyError:
                assert datetime.now(UTC) < deadline


def test_brands_are_found_by_name_and_alias_whatever_the_case(store: Store) -> None:
    with store.session() as session:
        add_brand(session, "Nordwind  Bank", aliases=["nordwind", "NW"], rivals=["Other Bank"])
        add_source(session, find_brand(session, "NW"), "feed", {"url": "https://a.example/feed"})
    with store.session() as session:
        brand = find_brand(session, "NORDWIND BANK")
        assert (brand.name, terms(brand, "alias"), terms(brand, "rival")) == (
            "Nordwind Bank", ["nordwind", "NW"], ["Other Bank"],
        )  # fmt: skip
        with pytest.raises(NotFoundError, match="did you mean 'Nordwind Bank'"):
            find_brand(session, "Nordwnd Bank")
        with pytest.raises(UsageError, match="exists already"):
            add_brand(session, "nordwind bank")
        with pytest.raises(UsageError, match="already, as source 1"):
            add_source(session, brand, "feed", {"url": "https://a.example/feed"})
        drop_terms(brand, ["nw"])
        rename_brand(session, brand, "Südwind")
    with store.reading() as session:
        assert terms(find_brand(session, "südwind"), "alias") == ["nordwind"]


def test_a_large_page_takes_as_few_statements_as_a_small_one(any_store: Store) -> None:
    said: list[str] = []
    put(any_store, draft(0))
    event.listen(any_store.engine, "before_cursor_execute", lambda *what: said.append(what[2].split()[0]))
    put(any_store, *map(draft, range(1, 4)))
    small = said.copy()
    said.clear()
    put(any_store, *map(draft, range(4, 104)))
    assert said == small
    assert said.count("INSERT") == 4


def test_the_same_drafts_twice_add_nothing(any_store: Store) -> None:
    drafts = [draft(number) for number in range(5)]
    assert put(any_store, *drafts) == Counts(added=5)
    assert put(any_store, *drafts) == Counts(unchanged=5)


def test_an_edit_keeps_the_earlier_version_and_is_read_again(any_store: Store) -> None:
    put(any_store, draft(1), draft(2))
    version = read_all(any_store, [opinion("positive", speed="positive")], [opinion("negative")])
    assert put(any_store, draft(1, text="Changed my mind.", rating=0.0)) == Counts(updated=1)
    assert put(any_store, draft(1, text="And again.", rating=0.0)) == Counts(updated=1)
    with any_store.reading() as session:
        kept = session.execute(select(MentionVersion.version, MentionVersion.text, MentionVersion.rating)).all()
        assert [tuple(row) for row in kept] == [(1, "Text number 1.", 0.75), (2, "Changed my mind.", 0.0)]
        assert [row.text for row in readings.unread(session, version, after=0, limit=9)] == ["And again."]
        assert session.scalar(select(func.count(Opinion.id))) == 1
    roll_up(any_store)
    with any_store.reading() as session:
        assert session.scalars(select(DimensionRollup.praise)).all() == []


def test_a_later_reply_is_no_edit_of_what_was_said(any_store: Store) -> None:
    put(any_store, draft(1))
    version = read_all(any_store, [opinion("positive")])
    assert put(any_store, draft(1, reply="Thanks!", reply_state="answered")) == Counts(updated=1)
    with any_store.reading() as session:
        assert session.scalars(select(Mention.reply)).all() == ["Thanks!"]
        assert readings.count_unread(session, version) == 0


def test_one_mention_may_speak_of_two_brands(any_store: Store) -> None:
    put(any_store, draft(1))
    assert put(any_store, draft(1), brand="Other") == Counts(unchanged=1)
    roll_up(any_store)
    with any_store.reading() as session:
        rows = session.execute(select(Brand.name, MentionRollup.mentions).join_from(MentionRollup, Brand))
        assert dict(rows.all()) == {"Nordwind": 1, "Other": 1}


def test_rollups_count_at_most_one_vote_a_mention(any_store: Store) -> None:
    put(any_store, draft(1), draft(1, external_id="same-day"), draft(2, rating=None))
    read_all(
        any_store,
        [
            opinion("positive", "receive", ("advocate",), speed="positive"),
            opinion("negative", "support", speed="negative", service="negative"),
        ],
        [opinion("positive", "receive", speed="positive"), opinion("positive", "receive", speed="positive")],
        [opinion("negative", "none", ("churn", "help"))],
    )
    with any_store.reading() as session:
        votes = {
            (row.touchpoint, row.dimension, row.day): (row.mentions, row.praise, row.pain, row.neutral)
            for row in session.scalars(select(DimensionRollup))
        }
        day = (NOW - timedelta(days=1)).date()
        assert votes == {
            (ANY, "speed", day): (2, 1, 0, 1),
            (ANY, "service", day): (1, 0, 1, 0),
            ("receive", "speed", day): (2, 2, 0, 0),
            ("support", "speed", day): (1, 0, 1, 0),
            ("support", "service", day): (1, 0, 1, 0),
        }
        pooled = {
            (row.measure, row.touchpoint, row.day): (
                row.mentions, row.positive, row.negative, row.sum_xx, row.sum_yy, row.sum_xy,
            )
            for row in session.scalars(select(SentimentRollup))
        }  # fmt: skip
        assert pooled[("sentiment", ANY, day)] == (2, 3, 1, 8, 4, 4)
        assert pooled[("easy", ANY, day)] == (2, 1, 0, 1, 1, 1)
        assert pooled[("enjoyable", ANY, day)] == (1, 0, 1, 1, 1, -1)
        assert pooled[("enjoyable", ANY, date(2026, 10, 30))] == (1, 0, 1, 1, 1, -1)
        signals = {row.signal: (row.mentions, row.opinions) for row in session.scalars(select(SignalRollup))}
        assert signals == {"advocate": (1, 1), "churn": (1, 1), "help": (1, 1)}
        stars = session.execute(
            select(func.sum(MentionRollup.mentions), func.sum(MentionRollup.rated), func.sum(MentionRollup.rating_sum))
        ).one()
        assert tuple(stars) == (3, 2, 1.5)
        assert session.scalar(select(func.count()).select_from(StaleCell)) == 0


def test_a_mention_without_a_sentence_still_counts_as_analysed(any_store: Store) -> None:
    put(any_store, draft(1))
    read_all(any_store, [])
    with any_store.reading() as session:
        rows = session.execute(select(SentimentRollup.measure, SentimentRollup.mentions, SentimentRollup.positive))
        assert rows.all() == [("sentiment", 1, 0)]


def test_a_new_version_answers_only_when_it_has_read_all_of_a_brand(any_store: Store) -> None:
    put(any_store, draft(1), draft(2))
    first = read_all(any_store, [], [])
    with any_store.session() as session:
        assert readings.let_answer(session, first) == ["Nordwind"]
        second = readings.version_id(session, "m-2")
        some = readings.unread(session, second, after=0, limit=1)
        readings.save(session, second, [Reading(some[0].id, some[0].content_hash, "analysed", "neutral", 0.0)])
        assert readings.let_answer(session, second) == []
        rest = readings.unread(session, second, after=0, limit=9)
        readings.save(session, second, [Reading(rest[0].id, rest[0].content_hash, "not_analysed")])
        assert readings.let_answer(session, second) == ["Nordwind"]
        assert session.scalars(select(Brand.model_version_id)).all() == [second]
        assert session.scalar(select(func.count()).select_from(Classification)) == 4


def test_removing_a_brand_leaves_the_mentions_of_others(any_store: Store) -> None:
    put(any_store, draft(1), draft(2))
    put(any_store, draft(2), brand="Other")
    read_all(any_store, [opinion("positive", speed="positive")], [opinion("negative")])
    with any_store.session() as session:
        assert remove_brand(session, find_brand(session, "Nordwind")) == 1
    with any_store.session() as session:
        assert session.scalars(select(Mention.external_id)).all() == ["r2"]
        assert session.scalar(select(func.count(Opinion.id))) == 1
        assert remove_source(session, import_source(session, "FILE")) == 1
        assert session.scalar(select(func.count()).select_from(SentimentRollup)) == 0


def test_a_mention_that_is_edited_while_it_is_read_stays_unread(any_store: Store) -> None:
    put(any_store, draft(1), draft(2))
    with any_store.session() as session:
        version = readings.version_id(session, "m-1")
        found = readings.unread(session, version, after=0, limit=9)
    put(any_store, draft(1, text="Changed."))
    with any_store.session() as session:
        made = [Reading(row.id, row.content_hash, "analysed", "neutral", 0.0, [opinion("positive")]) for row in found]
        assert readings.save(session, version, made) == 1
    with any_store.reading() as session:
        assert [row.text for row in readings.unread(session, version, after=0, limit=9)] == ["Changed."]


@pytest.mark.parametrize(
    ("outcome", "ago", "due"),
    [
        (None, 0, True),
        ("ok", 60, False),
        ("ok", 86_400, True),
        ("failed", 60, False),
        ("running", 60, True),
        ("interrupted", 60, True),
    ],
)
def test_a_source_is_due_after_its_interval_or_an_interruption(
    store: Store, outcome: str | None, ago: int, due: bool
) -> None:
    with store.session() as session:
        source = add_source(session, add_brand(session, "Nordwind"), "feed", {"url": "https://a.example/feed"})
        paused = add_source(session, find_brand(session, "Nordwind"), "feed", {"url": "https://b.example/feed"})
        paused.paused = True
        if outcome:
            session.add(Crawl(source_id=source.id, started_at=NOW - timedelta(seconds=ago), outcome=outcome))
            session.flush()
        assert nightly.due_sources(session, NOW) == ([source.id] if due else [])
