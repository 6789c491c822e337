"""Themes are kept: found across languages, the same after the next night, as a person named and joined them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event
from time import sleep

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from told import Said, Told, count_up, tell

from overheard.errors import NotFoundError, UsageError
from overheard.insight.scope import Scope, select_scope
from overheard.insight.themes import find_themes, new_themes, theme_history, themes_of_days
from overheard.intake.themes import Updated, update_themes
from overheard.nlp.classifier import Classifier
from overheard.store import themes
from overheard.store.brands import add_brand, add_source, find_brand
from overheard.store.database import Store
from overheard.store.surveys import survey_source
from overheard.store.tables import Mention, ModelVersion, Opinion, Source
from overheard.store.themes import Theme, ThemeOpinion

LABELLED = Path(__file__).resolve().parents[2] / "benchmarks" / "themes.jsonl"
ROWS = [row for row in map(json.loads, LABELLED.read_text(encoding="utf-8").splitlines()) if row["part"] != "fresh"]
SPOKEN = [row for row in ROWS if row["dimension"] in ("technology", "convenience")]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier()


def told(store: Store, rows: list[dict[str, str]], day: date = date(2026, 10, 1)) -> list[int]:
    """Write labelled opinions as mentions of one sentence."""
    with store.session() as session:
        brand, source = find_brand(session, "Nordwind"), session.query(Source).one()
        return [
            tell(
                session, brand, source,
                Told(
                    sentences=(
                        Said(
                            text=row["text"], sentiment=row["polarity"],
                            dimensions={row["dimension"]: (row["polarity"], 0.9)},
                        ),
                    ),
                    language=row["lang"], day=day,
                ),
            ).id
            for row in rows
        ]  # fmt: skip


@pytest.fixture
def spoken(any_store: Store, classifier: Classifier) -> Store:
    with any_store.session() as session:
        version = ModelVersion(name=classifier.version, created_at=datetime.now(UTC))
        session.add(version)
        session.flush()
        brand = add_brand(session, "Nordwind")
        brand.model_version_id = version.id
        add_source(session, brand, "schemaorg", {"url": "https://a.example"}, name="shop")
    # Every other comes first, so that each theme is said from the beginning.
    told(any_store, SPOKEN[::2])
    return any_store


def night(store: Store, classifier: Classifier) -> Updated:
    done = update_themes(store, classifier)
    count_up(store)
    return done


def placed(store: Store) -> dict[int, int]:
    with store.reading() as session:
        return {row.opinion_id: row.theme_id for row in session.scalars(select(ThemeOpinion))}


def first(session: Session, **wanted: str) -> Theme:
    live = select(Theme).where(Theme.merged_into.is_(None)).filter_by(**wanted)
    return session.scalars(live.order_by(Theme.opinions.desc(), Theme.id)).first() or pytest.fail("no theme")


def test_themes_hold_several_languages_and_all_is_counted(spoken: Store, classifier: Classifier) -> None:
    done = night(spoken, classifier)
    assert done.vectors == len(SPOKEN[::2])
    with spoken.reading() as session:
        found = find_themes(session, find_brand(session, "Nordwind"), Scope())
        assert found.opinions == len(SPOKEN[::2])
        assert done.found == found.themes_found == len(found.themes) >= 5
        assert sum(theme.opinions for theme in found.themes) + found.outside == found.opinions
        languages = [set(themes.languages(session, theme.id)) for theme in found.themes]
    assert sum(len(spoken_in) >= 2 for spoken_in in languages) >= len(languages) - 1
    assert all(theme.name and theme.name != "…" and theme.quotes for theme in found.themes)


def test_one_per_cent_more_changes_at_most_a_twentieth_of_ids(spoken: Store, classifier: Classifier) -> None:
    night(spoken, classifier)
    before = placed(spoken)
    told(spoken, SPOKEN[1:4:2], day=date(2026, 10, 2))
    done = night(spoken, classifier)
    after = placed(spoken)
    assert done.vectors == 2
    assert {opinion: after.get(opinion) for opinion in before} == before


def test_a_second_run_does_nothing(spoken: Store, classifier: Classifier) -> None:
    night(spoken, classifier)
    assert update_themes(spoken, classifier) == Updated()


def test_names_and_merges_stay_when_as_much_again_is_said(spoken: Store, classifier: Classifier) -> None:
    night(spoken, classifier)
    with spoken.session() as session:
        brand = find_brand(session, "Nordwind")
        live = session.scalars(select(Theme).where(Theme.dimension == "technology").order_by(Theme.id)).all()
        kept, old = live[0], live[1]
        themes.rename(session, brand, kept.id, "The app  falls over")
        themes.pin(session, brand, kept.id, pinned=True)
        assert themes.merge(session, brand, old.id, kept.id) is kept
        numbers = {theme.id for theme in live}
    told(spoken, SPOKEN[1::2])
    night(spoken, classifier)
    with spoken.reading() as session:
        brand = find_brand(session, "Nordwind")
        found = find_themes(session, brand, Scope(dimension="technology"))
        assert (found.themes[0].id, found.themes[0].name) == (kept.id, "The app falls over")
        assert old.id not in {theme.id for theme in found.themes}
        assert numbers - {old.id} <= {theme.id for theme in found.themes}
        assert themes.find_theme(session, brand, old.id).id == kept.id
        events = [(event.event, event.by) for event in theme_history(session, brand, theme=kept.id).events]
    assert {("found", "auto"), ("renamed", "user"), ("pinned", "user"), ("merged", "user")} <= set(events)


def test_what_a_person_does_while_the_machine_groups_stays(spoken: Store, classifier: Classifier) -> None:
    night(spoken, classifier)
    # As much again, so that themes are named anew, and something else, so that there is reason to group.
    other = [row for row in ROWS if row["theme"] == "dirty toilets"]
    told(spoken, [*SPOKEN[1::2], *({**row, "dimension": "technology"} for row in other)])
    begun = Event()
    names: dict[int, str] = {}

    def rename() -> None:
        with spoken.session() as session:
            brand = find_brand(session, "Nordwind")
            for theme in session.scalars(select(Theme).where(Theme.merged_into.is_(None))).all():
                names[theme.id] = themes.rename(session, brand, theme.id, f"Ours {theme.id}").name
            session.flush()
            begun.set()
            sleep(2)

    with ThreadPoolExecutor(1) as thread:

        def on_opinions(_: int) -> None:
            thread.submit(rename)
            assert begun.wait(20)

        update_themes(spoken, classifier, on_opinions=on_opinions)
    with spoken.reading() as session:
        kept = {theme.id: theme.name for theme in session.scalars(select(Theme).where(Theme.named_by == "user"))}
    assert names
    assert kept == names


def test_what_cannot_be_merged(spoken: Store, classifier: Classifier) -> None:
    night(spoken, classifier)
    with spoken.session() as session:
        brand = find_brand(session, "Nordwind")
        pain, praise = first(session, dimension="technology"), first(session, dimension="convenience")
        with pytest.raises(UsageError, match="one dimension and polarity"):
            themes.merge(session, brand, pain.id, praise.id)
        with pytest.raises(UsageError, match="one theme already"):
            themes.merge(session, brand, pain.id, pain.id)
        with pytest.raises(NotFoundError, match="no theme 4711"):
            themes.rename(session, brand, 4711, "Nothing")
        with pytest.raises(UsageError, match="theme name"):
            themes.rename(session, brand, pain.id, " ")


def test_a_theme_that_nobody_spoke_of_before_is_new(spoken: Store, classifier: Classifier) -> None:
    night(spoken, classifier)
    new = [row for row in ROWS if row["theme"] == "dirty toilets"]
    told(spoken, new, day=date(2026, 11, 1))
    night(spoken, classifier)
    with spoken.reading() as session:
        brand = find_brand(session, "Nordwind")
        found = new_themes(session, select_scope(session, brand, Scope(since=date(2026, 10, 20))))
        day = select_scope(session, brand, Scope(since=date(2026, 11, 1), until=date(2026, 11, 1)))
        on_day = themes_of_days(session, day, "design", "negative")
        changed = find_themes(session, brand, Scope(since=date(2026, 11, 1), dimension="design")).themes
    assert [(theme.dimension, theme.polarity, theme.born) for theme in found] == [
        ("design", "negative", date(2026, 11, 1))
    ]
    assert [count.id for count in on_day] == [found[0].id]
    assert changed[0].change is not None
    assert (changed[0].change.mentions, changed[0].change.before) == (changed[0].mentions, 0)


def test_what_surveys_say_is_no_news_and_no_last_day(spoken: Store, classifier: Classifier) -> None:
    night(spoken, classifier)
    asked = date(2026, 11, 1)
    with spoken.session() as session:
        brand, survey = find_brand(session, "Nordwind"), survey_source(session, "Asked in autumn")
        for row in (row for row in ROWS if row["theme"] == "dirty toilets"):
            said = Said(text=row["text"], sentiment="negative", dimensions={row["dimension"]: ("negative", 0.9)})
            tell(session, brand, survey, Told(sentences=(said,), language=row["lang"], day=asked))
    night(spoken, classifier)
    with spoken.reading() as session:
        brand = find_brand(session, "Nordwind")
        since = select_scope(session, brand, Scope(since=asked))
        public = find_themes(session, brand, Scope()).themes
        answers = find_themes(session, brand, Scope(source="survey")).themes
        assert new_themes(session, since) == []
        assert themes_of_days(session, since, "design", "negative") == []
    assert {theme.change.until for theme in public if theme.change} == {date(2026, 10, 1)}
    assert {theme.change.until for theme in answers if theme.change} == {asked}


def test_filters_that_no_rollup_covers_walk_the_mentions(spoken: Store, classifier: Classifier) -> None:
    night(spoken, classifier)
    with spoken.reading() as session:
        brand = find_brand(session, "Nordwind")
        assert find_themes(session, brand, Scope(touchpoint="pay")).opinions == 0
        walked, added = (
            find_themes(session, brand, Scope(touchpoint="none", language="de")),
            find_themes(session, brand, Scope(language="de")),
        )
    assert (walked.opinions, walked.outside, walked.themes) == (added.opinions, added.outside, added.themes)


def test_a_new_version_keeps_the_ids(spoken: Store, classifier: Classifier) -> None:
    """What the old version read is read again by the new one, at the same places."""
    with spoken.session() as session:
        version = session.query(ModelVersion).one()
        version.name = "opinion-0"
    before_version, classifier.__dict__["version"] = classifier.version, "opinion-0"
    try:
        space = update_themes  # the weights of themes name their encoder: an older one has its own
        with pytest.raises(Exception, match="belong to"):
            space(spoken, classifier)
    finally:
        classifier.__dict__["version"] = before_version
    with spoken.session() as session:
        session.query(ModelVersion).one().name = classifier.version
    night(spoken, classifier)
    with spoken.session() as session:
        known = {theme.id: theme.name for theme in session.scalars(select(Theme))}
    upgrade(spoken, classifier)
    night(spoken, classifier)
    with spoken.reading() as session:
        found = find_themes(session, find_brand(session, "Nordwind"), Scope(), limit=99)
    assert {theme.id for theme in found.themes} == set(known)
    assert found.opinions == len(SPOKEN[::2])


def test_a_new_version_keeps_what_a_person_merged(spoken: Store, classifier: Classifier) -> None:
    night(spoken, classifier)
    with spoken.session() as session:
        live = session.scalars(select(Theme).where(Theme.dimension == "technology").order_by(Theme.id)).all()
        gone, kept = live[0].id, live[1].id
        themes.merge(session, find_brand(session, "Nordwind"), gone, kept)
    upgrade(spoken, classifier)
    for _ in range(2):
        night(spoken, classifier)
        with spoken.reading() as session:
            brand = find_brand(session, "Nordwind")
            assert themes.find_theme(session, brand, gone).id == kept
            assert gone not in {theme.id for theme in find_themes(session, brand, Scope(), limit=99).themes}
        told(spoken, SPOKEN[1::2])


def test_going_back_to_an_older_version_leaves_nothing_waiting(spoken: Store, classifier: Classifier) -> None:
    """The newer one read the same after it, and has its vectors; another brand waits for itself."""
    size = len(SPOKEN[::2])
    with spoken.session() as session:
        other = add_brand(session, "Südsee")
        other.model_version_id = session.query(ModelVersion).one().id
        said = Said(text="Late.", sentiment="negative", dimensions={"speed": ("negative", 0.9)})
        tell(session, other, session.query(Source).one(), Told(sentences=(said,)))
    with spoken.reading() as session:
        waiting = [find_themes(session, find_brand(session, name), Scope()).waiting for name in ("Nordwind", "Südsee")]
    assert waiting == [size, 1]
    new, old = upgrade(spoken, classifier)
    assert night(spoken, classifier).vectors == size + 1
    with spoken.session() as session:
        session.get_one(ModelVersion, new).name = "opinion-9"
        session.flush()
        session.get_one(ModelVersion, old).name = classifier.version
        find_brand(session, "Nordwind").model_version_id = old
    assert night(spoken, classifier).vectors == size + 1
    with spoken.reading() as session:
        found = find_themes(session, find_brand(session, "Nordwind"), Scope(), limit=99)
    assert (found.waiting, found.opinions) == (0, size)
    assert found.themes


def upgrade(store: Store, classifier: Classifier) -> tuple[int, int]:
    """Let a new version read all that the old one read; return the two."""
    with store.session() as session:
        old = session.query(ModelVersion).one()
        old.name = "opinion-0"
        new = ModelVersion(name=classifier.version, created_at=datetime.now(UTC))
        session.add(new)
        session.flush()
        read_again(session, old.id, new.id)
        find_brand(session, "Nordwind").model_version_id = new.id
        return new.id, old.id


def read_again(session: Session, old: int, new: int) -> None:
    from overheard.store.tables import Classification, OpinionDimension

    for read in session.scalars(select(Classification)).all():
        session.add(Classification(mention_id=read.mention_id, model_version_id=new, status="analysed", said=read.said))
    for opinion in session.scalars(select(Opinion).where(Opinion.model_version_id == old)).all():
        copy = Opinion(
            mention_id=opinion.mention_id, model_version_id=new, position=opinion.position, field=opinion.field,
            start=opinion.start, end=opinion.end, sentiment=opinion.sentiment, sentiment_score=0.9,
            touchpoint=opinion.touchpoint, signals=[],
        )  # fmt: skip
        session.add(copy)
        session.flush()
        for found in session.scalars(select(OpinionDimension).where(OpinionDimension.opinion_id == opinion.id)):
            session.add(
                OpinionDimension(
                    opinion_id=copy.id, dimension=found.dimension, polarity=found.polarity, score=found.score
                )
            )


def test_a_mention_that_goes_takes_its_place_with_it(spoken: Store, classifier: Classifier) -> None:
    night(spoken, classifier)
    with spoken.session() as session:
        session.execute(delete(Mention))
    assert placed(spoken) == {}
    assert update_themes(spoken, classifier).vectors == 0
