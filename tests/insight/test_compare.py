"""Brands side by side: differences to the first, and which of them are certain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import update
from told import Said, Told

from overheard.errors import NotFoundError, UsageError
from overheard.insight import significance
from overheard.insight.compare import Comparison, brands_of, compare
from overheard.insight.industries import compare_industries
from overheard.insight.scope import Scope
from overheard.insight.summary import summarise
from overheard.store.brands import add_brand, add_source, find_brand, set_terms
from overheard.store.database import Store
from overheard.store.tables import Mention, MentionBrand, ModelVersion

from .conftest import Telling

SLOW = Told(sentences=(Said(text="Slow.", sentiment="negative", dimensions={"speed": ("negative", 0.9)}),))
FAST = Told(sentences=(Said(text="Fast.", sentiment="positive", dimensions={"speed": ("positive", 0.9)}),))
KIND = Told(sentences=(Said(text="Kind.", sentiment="positive", dimensions={"service": ("positive", 0.9)}),))


@pytest.fixture
def brands(brand_store: Store, telling: Telling) -> Store:
    """Nordwind is mostly slow, Südsee mostly fast, Ostwald in between; few speak of service."""
    with brand_store.session() as session:
        version = find_brand(session, "Nordwind").model_version_id
        for name in ("Südsee", "Ostwald"):
            add_brand(session, name).model_version_id = version
    telling([SLOW] * 30 + [FAST] * 10 + [KIND] * 4)
    telling([SLOW] * 8 + [FAST] * 32 + [KIND] * 12, brand="Südsee")
    telling([SLOW] * 28 + [FAST] * 14, brand="Ostwald")
    return brand_store


def compared(store: Store, *names: str) -> Comparison:
    return compared_in(store, Scope(), *names)


def compared_in(store: Store, scope: Scope, *names: str) -> Comparison:
    with store.reading() as session:
        return compare(session, [find_brand(session, name) for name in names], scope)


def test_the_first_brand_is_what_the_others_are_compared_with(brands: Store) -> None:
    found = compared(brands, "Nordwind", "Südsee", "Ostwald")
    assert [brand.brand for brand in found.brands] == ["Nordwind", "Südsee", "Ostwald"]
    speed = found.dimensions[0]
    first, better, same = speed.brands
    assert (speed.dimension, first.net.value, better.net.value) == ("speed", -50, 60)
    assert first.difference is None
    assert better.difference is not None
    assert (better.difference.value, better.difference.certain, better.difference.overlap) == (110, True, False)
    assert same.difference is not None
    assert (same.difference.certain, same.difference.overlap) == (False, True)
    assert found.brands[0].difference is None
    assert found.brands[1].difference is not None
    assert found.brands[1].difference.certain


def test_too_few_mentions_have_no_difference(brands: Store) -> None:
    found = compared(brands, "Nordwind", "Südsee")
    service = next(entry for entry in found.dimensions if entry.dimension == "service")
    assert [entry.net.n for entry in service.brands] == [4, 12]
    assert [entry.net.value for entry in service.brands] == [None, 100]
    assert service.brands[1].difference is None


def test_the_figures_are_those_of_the_summaries(brands: Store) -> None:
    found = compared(brands, "Ostwald", "Nordwind")
    with brands.reading() as session:
        alone = summarise(session, find_brand(session, "Nordwind"), Scope())
    brand = found.brands[1]
    assert (brand.net_sentiment, brand.rating, brand.index) == (alone.net_sentiment, alone.rating, alone.index)
    for here, there in zip(found.dimensions, alone.dimensions, strict=True):
        entry = here.brands[1]
        assert (entry.praise, entry.pain, entry.neutral, entry.net, entry.share) == (
            there.praise,
            there.pain,
            there.neutral,
            there.net,
            there.share,
        )


def test_two_model_versions_are_not_compared(brands: Store, telling: Telling) -> None:
    with brands.session() as session:
        other = ModelVersion(name="opinion-8", created_at=datetime.now(UTC))
        session.add(other)
        session.flush()
        find_brand(session, "Südsee").model_version_id = other.id
    telling([SLOW] * 20, brand="Südsee")
    found = compared(brands, "Nordwind", "Südsee", "Ostwald")
    assert [brand.model for brand in found.brands] == ["opinion-7", "opinion-8", "opinion-7"]
    assert [entry.difference is None for entry in found.dimensions[0].brands] == [True, True, False]
    assert [entry.same_mix is None for entry in found.dimensions[0].brands] == [False, True, False]
    best = found.dimensions[0].best
    assert best is not None
    assert best.brand == "Ostwald"
    assert found.bar == 2


@pytest.mark.parametrize("names", [(), ("Nordwind",), ("Nordwind", "Nordwind")])
def test_fewer_than_two_brands_cannot_be_compared(brands: Store, names: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="expected two or more different brands"):
        compared(brands, *names)


def test_differences_are_real_after_all_comparisons_of_the_answer(brands: Store, telling: Telling) -> None:
    """A difference that would be certain alone is not, once it is one of many."""
    telling([Told(sentences=(Said(text="Easy.", sentiment="neutral", dimensions={"ease": ("positive", 0.9)}),))] * 30)
    telling([Told(sentences=(Said(text="Easy.", sentiment="neutral", dimensions={"ease": ("positive", 0.9)}),))] * 22,
            brand="Ostwald")  # fmt: skip
    telling([Told(sentences=(Said(text="Hard.", sentiment="neutral", dimensions={"ease": ("negative", 0.9)}),))] * 5,
            brand="Ostwald")  # fmt: skip
    found = compared(brands, "Nordwind", "Südsee", "Ostwald")
    listed = [entry.difference for dimension in found.dimensions for entry in dimension.brands]
    listed += [brand.difference for brand in found.brands]
    differences = [each for each in listed if each is not None]
    assert len(differences) == found.comparisons == 2 + 2 + 1
    adjusted = significance.holm([each.p for each in differences])
    assert [each.p_adjusted for each in differences] == pytest.approx(adjusted)
    for each in differences:
        assert (each.p < 0.05) == (each.low > 0 or each.high < 0)
        assert each.certain == (each.p_adjusted < 0.05)
    (ease,) = [each for each in differences if each.value == pytest.approx(-1000 / 27)]
    assert ease.p < 0.05 < ease.p_adjusted
    alone = compared_in(brands, Scope(dimension="ease"), "Nordwind", "Ostwald")
    assert (alone.comparisons, alone.mix, alone.best, len(alone.dimensions)) == (1, None, None, 1)
    (only,) = [entry.difference for entry in alone.dimensions[0].brands if entry.difference]
    assert only.certain
    assert only.p == only.p_adjusted == pytest.approx(ease.p)


def test_brands_are_compared_in_the_same_mix_of_languages(brands: Store, telling: Telling) -> None:
    """Who is heard where people grumble is not worse for it."""
    with brands.session() as session:
        version = find_brand(session, "Nordwind").model_version_id
        for name in ("Aa", "Bb"):
            add_brand(session, name).model_version_id = version
    telling([replace(SLOW, language="de")] * 80 + [replace(FAST, language="de")] * 20, brand="Aa")
    telling([replace(SLOW, language="nl")] * 4 + [replace(FAST, language="nl")] * 16, brand="Aa")
    telling([replace(SLOW, language="de")] * 16 + [replace(FAST, language="de")] * 4, brand="Bb")
    telling([replace(SLOW, language="nl")] * 20 + [replace(FAST, language="nl")] * 80, brand="Bb")
    speed = compared(brands, "Aa", "Bb").dimensions[0]
    first, second = speed.brands
    assert (first.net.value, second.net.value) == (-40, pytest.approx(40))
    assert speed.mix.by == "source and language"
    assert [(cell.source, cell.language, cell.weight) for cell in speed.mix.cells] == [
        ("schemaorg", "de", 0.5), ("schemaorg", "nl", 0.5),
    ]  # fmt: skip
    assert first.same_mix is not None
    assert first.same_mix.value == pytest.approx(0)
    assert first.effective == pytest.approx(1 / (0.25 / 100 + 0.25 / 20))
    assert second.difference is not None
    assert (second.difference.value, second.difference.p) == (pytest.approx(0), pytest.approx(1))


def test_a_brand_without_analysed_mentions_is_named(brands: Store) -> None:
    with brands.session() as session:
        add_brand(session, "Leer")
    found = compared(brands, "Leer", "Südsee", "Nordwind")
    assert [each.brand for each in found.unread] == ["Leer"]
    assert [brand.brand for brand in found.brands] == ["Südsee", "Nordwind"]
    assert [brand.share_of_voice.n for brand in found.brands] == [96, 96]
    assert found.brands[0].share_of_voice.value == pytest.approx(52 / 96)


def test_answers_to_surveys_are_left_out(brands: Store, telling: Telling) -> None:
    before = compared(brands, "Nordwind", "Südsee")
    with brands.session() as session:
        add_source(session, find_brand(session, "Nordwind"), "survey", {"name": "nps"}, name="nps")
    telling([FAST] * 50, source="nps")
    assert compared(brands, "Nordwind", "Südsee") == before


def test_a_period_reads_the_same_figures_as_all_time(brands: Store) -> None:
    names = ("Nordwind", "Südsee", "Ostwald")
    ever, period = compared(brands, *names), compared_in(brands, Scope(since=date(2020, 1, 1)), *names)
    assert (period.brands, period.dimensions, period.best) == (ever.brands, ever.dimensions, ever.best)
    none = compared_in(brands, Scope(since=date(2027, 1, 1)), *names)
    assert (none.brands, [each.brand for each in none.unread]) == ((), list(names))


def test_the_best_in_class_is_of_any_industry_and_sure_of_it(brands: Store, telling: Telling) -> None:
    with brands.session() as session:
        version = find_brand(session, "Nordwind").model_version_id
        add_brand(session, "Few", industry="food").model_version_id = version
        add_brand(session, "Bakery", industry="food").model_version_id = version
    telling([FAST] * 12, brand="Few")
    telling([FAST] * 150 + [SLOW] * 2, brand="Bakery")
    best = compared(brands, "Nordwind", "Ostwald").dimensions[0].best
    assert best is not None
    assert (best.brand, best.industry, best.net.n) == ("Bakery", "food", 152)


def test_brands_of_an_industry_the_most_heard_first(brands: Store) -> None:
    with brands.session() as session:
        for name in ("Nordwind", "Südsee"):
            find_brand(session, name).industry = "Banking"
        find_brand(session, "Ostwald").industry = "Rail"
    with brands.reading() as session:
        assert [brand.name for brand in brands_of(session, "bANKing")] == ["Südsee", "Nordwind"]
        with pytest.raises(NotFoundError, match=r"no brand in industry 'Air'; there are 'Banking', 'Rail'"):
            brands_of(session, "Air")
        found = compare_industries(session, Scope())
        speed = compare_industries(session, Scope(dimension="speed"))
    listed = [(each.industry, each.brands, each.mentions, each.best and each.best.brand) for each in found.industries]
    assert listed == [("Banking", 2, 96, "Südsee"), ("Rail", 1, 42, "Ostwald")]
    assert [each.net.value for each in speed.industries] == [pytest.approx(5), pytest.approx(-100 / 3)]


def test_what_customers_say_of_rivals_is_counted_by_rival_and_dimension(brands: Store, telling: Telling) -> None:
    with brands.session() as session:
        set_terms(find_brand(session, "Nordwind"), "rival", ["Westbahn"])
        set_terms(find_brand(session, "Südsee"), "alias", ["South Sea"])
    told = [
        ("Much faster than South Sea.", "positive", {"speed": ("positive", 0.9)}),
        ("Faster than südsee!", "positive", {"speed": ("positive", 0.9), "ease": ("positive", 0.9)}),
        ("I switched from Westbahn.", "neutral", {}),
        ("Left for Westbahn.", "negative", {}),
        ("Westbahn is near.", "neutral", {}),
    ]
    ids = telling([Told(sentences=(Said(text=text, sentiment=sentiment, dimensions=dimensions),))
                   for text, sentiment, dimensions in told])  # fmt: skip
    said, other = compared(brands, "Nordwind", "Südsee").said
    assert (said.brand, said.naming, said.mentions, said.came, said.left) == ("Nordwind", 5, 4, 1, 1)
    assert [(each.rival, each.direction, each.mentions, each.dimensions) for each in said.rivals] == [
        ("Südsee", "win", 2, {"speed": 2, "ease": 1}),
        ("Westbahn", "came_from", 1, {"none": 1}),
        ("Westbahn", "left_for", 1, {"none": 1}),
    ]
    assert [quote.mention_id for quote in said.rivals[0].quotes] == ids[1::-1]
    assert said.rivals[0].quotes[1].text == "Much faster than South Sea."
    assert other.rivals == ()
    narrow, *_ = compared_in(brands, Scope(dimension="ease"), "Nordwind", "Südsee").said
    assert [(each.rival, each.mentions) for each in narrow.rivals] == [("Südsee", 1)]


def test_of_many_mentions_that_name_a_rival_the_newest_are_read(
    brands: Store, telling: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [("Faster than Südsee.", date(2026, 10, 9)), ("Slower than Südsee.", date(2019, 1, 1))]
    new, _ = telling([Told(sentences=(Said(text=text),), day=day) for text, day in texts])
    monkeypatch.setattr("overheard.insight.rivals.MOST", 1)
    (said, _) = compared(brands, "Nordwind", "Südsee").said
    assert [(each.direction, each.quotes[0].mention_id) for each in said.rivals] == [("win", new)]


def test_what_was_rejected_since_the_last_count_is_not_read(
    brands: Store, telling: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = (date(2026, 10, 7), date(2026, 10, 8), date(2026, 10, 9))
    old, rejected, vanished = telling([Told(sentences=(Said(text="Faster than Südsee."),), day=day) for day in days])
    with brands.session() as session:
        session.execute(update(MentionBrand).where(MentionBrand.mention_id == rejected).values(rejected=True))
        gone = {"vanished": datetime(2026, 10, 20, tzinfo=UTC)}
        session.execute(update(Mention).where(Mention.id == vanished).values(gone))
    monkeypatch.setattr("overheard.insight.rivals.MOST", 2)
    (said, _) = compared(brands, "Nordwind", "Südsee").said
    assert said.naming == 1
    assert [quote.mention_id for each in said.rivals for quote in each.quotes] == [old]
