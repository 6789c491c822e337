"""Everything about one mention: its reading, where it comes from, what it counts in, what it was before."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime

import pytest
from told import Said, Told, count_up, tell

from overheard.errors import NotFoundError
from overheard.insight.explain import LONGEST_DIFF, Belonging, Explanation, Words, explain, word_changes
from overheard.insight.scope import Scope
from overheard.insight.summary import summarise
from overheard.report.explain import belongs
from overheard.store.brands import add_brand, find_brand, import_source
from overheard.store.database import Store
from overheard.store.surveys import survey_source
from overheard.store.tables import Classification, Crawl, Mention, MentionBrand, MentionVersion, ModelVersion

from .conftest import Telling

FAST = Said(text="So fast!", sentiment="positive", dimensions={"speed": ("positive", 0.9)}, field="title")
LATE = Said(
    text="The second one came late.", sentiment="negative", touchpoint="receive", signals=("churn", "help"),
    dimensions={"speed": ("negative", 0.8), "data": ("neutral", 0.6)},
)  # fmt: skip
KIND = Said(text="Kind people.", sentiment="positive", dimensions={"service": ("positive", 0.95)})
TOLD = Told(sentences=(FAST, LATE, KIND), day=date(2026, 10, 3), rating=0.5, author="f00d", url="https://a.example/1")


def explained(store: Store, mention_id: int) -> Explanation:
    with store.reading() as session:
        return explain(session, mention_id)


def test_the_text_is_there_with_its_opinions(brand_store: Store, telling: Telling) -> None:
    (number,) = telling([TOLD])
    found = explained(brand_store, number)
    (reading,) = found.readings
    assert (reading.model, reading.status, reading.answers_for) == ("opinion-7", "analysed", ("Nordwind",))
    whole = {"title": found.title or "", "text": found.text}
    for opinion in reading.opinions:
        assert whole[opinion.field][opinion.start : opinion.end] == opinion.text
    late = reading.opinions[1]
    assert (late.text, late.sentiment, late.sentiment_score, late.touchpoint) == (LATE.text, "negative", 0.9, "receive")
    assert list(late.dimensions) == ["speed", "data"]
    assert late.signals == ("churn", "help")
    assert (found.source.name, found.source.kind, found.source.brand) == ("shop", "schemaorg", "Nordwind")
    assert found.source.target == {"url": "https://a.example"}
    assert (found.author, found.url, found.rating, found.rating_given) == ("f00d", "https://a.example/1", 0.5, "3")
    assert found.history == ()


def belonging(found: Explanation, brand: str = "Nordwind") -> Belonging:
    return next(each for each in found.brands if each.brand == brand)


def test_what_it_counts_in_is_what_the_summary_counts(brand_store: Store, telling: Telling) -> None:
    (number,) = telling([TOLD])
    counted = belonging(explained(brand_store, number)).counted
    assert counted is not None
    assert counted.votes == {"speed": "neutral", "data": "neutral", "service": "praise"}
    with brand_store.reading() as session:
        summary = summarise(session, find_brand(session, "Nordwind"), Scope(), quotes=0)
    sentiment = summary.sentiment
    assert (counted.positive, counted.negative, counted.neutral, counted.mixed) == (
        sentiment.positive, sentiment.negative, sentiment.neutral, sentiment.mixed,
    )  # fmt: skip
    votes = {entry.dimension: {"praise": entry.praise, "pain": entry.pain, "neutral": entry.neutral}
             for entry in summary.dimensions if entry.net.n}  # fmt: skip
    assert votes == {name: {"praise": 0, "pain": 0, "neutral": 0} | {vote: 1} for name, vote in counted.votes.items()}
    assert set(counted.touchpoints) == {entry.touchpoint for entry in summary.touchpoints if entry.opinions}
    assert set(counted.signals) == {entry.signal for entry in summary.signals if entry.mentions}
    assert counted.rated


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (Told(sentences=(KIND,), status=None), "pending"),
        (Told(sentences=(KIND,), status="not_analysed", language="ja"), "not_analysed"),
    ],
)
def test_what_is_not_read_says_so(brand_store: Store, telling: Telling, told: Told, status: str) -> None:
    (number,) = telling([told], count=False)
    found = belonging(explained(brand_store, number))
    assert (found.status, found.counted, found.stale) == (status, None, True)
    count_up(brand_store)
    assert not belonging(explained(brand_store, number)).stale


def test_a_rejected_mention_and_a_copy_say_why_they_are_left_out(brand_store: Store, telling: Telling) -> None:
    first, copy, other = telling([TOLD] * 3)
    with brand_store.session() as session:
        brand = find_brand(session, "Nordwind")
        session.get_one(MentionBrand, (copy, brand.id)).duplicate_of = first
        link = session.get_one(MentionBrand, (other, brand.id))
        link.rejected, link.decided_by, link.reason, link.relevance = True, "exclusion", "apple pie", 0.2
        session.add(MentionBrand(mention_id=other, brand_id=add_brand(session, "Südsee").id))
    of_first, of_copy = (belonging(explained(brand_store, number)) for number in (first, copy))
    assert (of_first.status, of_first.group, of_first.duplicate_of) == ("counted", (first, copy), None)
    assert (of_copy.status, of_copy.group, of_copy.duplicate_of) == ("duplicate", (first, copy), first)
    assert of_copy.counted is None
    found = explained(brand_store, other)
    assert [each.brand for each in found.brands] == ["Nordwind", "Südsee"]
    left_out = belonging(found)
    assert (left_out.status, left_out.decided_by, left_out.reason, left_out.relevance) == (
        "rejected", "exclusion", "apple pie", 0.2,
    )  # fmt: skip
    assert belonging(found, "Südsee").status == "pending"


def test_an_answer_to_a_survey_is_in_no_public_figure(brand_store: Store, telling: Telling) -> None:
    with brand_store.session() as session:
        survey_source(session, "panel")
    number, other = telling([TOLD] * 2, source="panel")
    with brand_store.session() as session:
        session.get_one(MentionBrand, (other, find_brand(session, "Nordwind").id)).rejected = True
    found = belonging(explained(brand_store, number))
    assert (found.status, found.counted) == ("survey", None)
    assert "in no figure" in belongs(found)
    assert belonging(explained(brand_store, other)).status == "rejected"


def test_every_version_that_read_it_is_there_the_newest_first(any_store: Store) -> None:
    with any_store.session() as session:
        old, new = (ModelVersion(name=name, created_at=datetime.now(UTC)) for name in ("opinion-7", "opinion-8"))
        session.add_all([old, new])
        session.flush()
        brand, source = add_brand(session, "Nordwind"), import_source(session, "trustpost")
        brand.model_version_id = old.id
        number = tell(session, brand, source, TOLD).id
        session.add(Classification(mention_id=number, model_version_id=new.id, status="analysed", sentiment="negative",
                                   strength=-0.5))  # fmt: skip
    found = explained(any_store, number)
    assert [(each.model, each.answers_for, len(each.opinions)) for each in found.readings] == [
        ("opinion-8", (), 0), ("opinion-7", ("Nordwind",), 3),
    ]  # fmt: skip
    assert (found.readings[0].sentiment, found.readings[0].strength) == ("negative", -0.5)
    assert found.source.crawl is None
    with any_store.reading() as session, pytest.raises(NotFoundError, match=r"^no mention 999; \S.*"):
        explain(session, 999)


def test_the_crawl_that_brought_it_and_the_last_one_are_named(brand_store: Store, telling: Telling) -> None:
    (number,) = telling([TOLD])
    days = [datetime(2026, 11, day, 2, 59, tzinfo=UTC) for day in (19, 20, 21)]
    with brand_store.session() as session:
        mention = session.get_one(Mention, number)
        for day, outcome in zip(days, ("ok", "ok", "blocked"), strict=True):
            session.add(Crawl(source_id=mention.source_id, started_at=day, finished_at=day.replace(hour=4),
                              outcome=outcome))  # fmt: skip
    found = explained(brand_store, number).source
    assert (found.crawl, found.last_crawl, found.last_outcome) == (days[1], days[2], "blocked")


def test_the_history_is_what_changed(brand_store: Store, telling: Telling) -> None:
    (number,) = telling([TOLD])
    with brand_store.session() as session:
        mention = session.get_one(Mention, number)
        for version, (text, rating) in enumerate((("It was fine.", None), ("The second one came late.", 0.0)), 1):
            session.add(MentionVersion(mention_id=number, version=version, content_hash="-", title=None, text=text,
                                       rating=rating, fetched=datetime(2026, 10, version, tzinfo=UTC)))  # fmt: skip
    one, other = explained(brand_store, number).history
    assert (one.version, one.rating_before, one.rating_after) == (1, None, 0.0)
    assert other.until == mention.fetched
    assert other.title == (Words("added", "So fast!"),)
    assert other.text == (Words("same", "The second one came late."), Words("added", "Kind people."))


@pytest.mark.parametrize("words", [["so"] * 2999, ["it", "was"] * 1499, [str(number % 99) for number in range(2999)]])
def test_repeated_words_take_no_longer_than_others(words: list[str]) -> None:
    begun = time.process_time()
    changes = word_changes(" ".join([*words, "old"]), " ".join(["new", *words]))
    assert time.process_time() - begun < 2
    assert " ".join(each.text for each in changes if each.change != "removed") == " ".join(["new", *words])


def test_a_long_text_is_replaced_whole() -> None:
    before, after = "so " * LONGEST_DIFF + "old", "so " * LONGEST_DIFF + "new"
    assert [each.change for each in word_changes(before, after)] == ["removed", "added"]
    assert word_changes("", "") == ()
