"""A trend: its periods, its changes, what moved, and whether the brand rests while others move."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy.orm import Session
from told import Said, Told, count_up, tell

from overheard.errors import NotFoundError, UsageError
from overheard.insight.periods import MOST, calendar, slices
from overheard.insight.scope import Scope
from overheard.insight.statistics import Sums
from overheard.insight.summary import summarise
from overheard.insight.trend import Trend, find_trend, same_mix
from overheard.store.brands import add_brand, add_source, find_brand, import_source, set_industry, set_terms
from overheard.store.database import Store
from overheard.store.surveys import survey_source
from overheard.store.tables import Brand, MentionRollup, ModelVersion, SentimentRollup, Source

from .conftest import Telling

PRAISE = Said(text="Fast.", sentiment="positive", dimensions={"speed": ("positive", 0.9)})
PAIN = Said(text="Slow.", sentiment="negative", dimensions={"speed": ("negative", 0.9)})


def said(day: date, praise: int, pain: int, rating: float | None = None) -> list[Told]:
    """Mentions of one sentence each, on one day."""
    sentences = [PRAISE] * praise + [PAIN] * pain
    return [Told(sentences=(sentence,), day=day, rating=rating) for sentence in sentences]


def trend(store: Store, brand: str = "Nordwind", by: str | None = None, **limits: object) -> Trend:
    with store.reading() as session:
        return find_trend(session, find_brand(session, brand), Scope(**limits), by=by)  # type: ignore[arg-type]


def test_the_periods_are_those_of_the_summaries(brand_store: Store, telling: Telling) -> None:
    telling(said(date(2025, 11, 20), 9, 5, 0.75) + said(date(2025, 12, 31), 3, 20, 0.25))
    telling(said(date(2026, 2, 1), 12, 1))
    found = trend(brand_store, by="month")
    assert [(period.start, period.end) for period in found.periods] == [
        (date(2025, 11, 1), date(2025, 11, 30)), (date(2025, 12, 1), date(2025, 12, 31)),
        (date(2026, 1, 1), date(2026, 1, 31)), (date(2026, 2, 1), date(2026, 2, 28)),
    ]  # fmt: skip
    assert [period.mentions for period in found.periods] == [14, 23, 0, 13]
    assert (found.holes, found.model, found.brand, found.by) == (1, "opinion-7", "Nordwind", "month")
    with brand_store.reading() as session:
        for period in found.periods:
            alone = summarise(session, find_brand(session, "Nordwind"), Scope(period.start, period.end), quotes=0)
            assert (period.mentions, period.opinions) == (alone.mentions, alone.opinions)
            assert (period.net, period.rating) == (alone.net_sentiment, alone.rating)
    assert found.periods[2].net.value is None
    assert found.periods[2].smoothed.value is None


@pytest.mark.parametrize(
    ("last", "by"),
    [(date(2025, 1, 1), "day"), (date(2025, 3, 1), "day"), (date(2025, 3, 2), "week"), (date(2026, 1, 1), "week"),
     (date(2026, 1, 2), "month")],
)  # fmt: skip
def test_the_period_suits_the_span(brand_store: Store, telling: Telling, last: date, by: str) -> None:
    telling(said(date(2025, 1, 1), 1, 0) + said(last, 1, 0))
    assert trend(brand_store).by == by


def test_weeks_begin_on_monday() -> None:
    assert calendar("week", date(2026, 1, 1), date(2026, 1, 5)) == [
        (date(2025, 12, 29), date(2026, 1, 4)), (date(2026, 1, 5), date(2026, 1, 11)),
    ]  # fmt: skip


def test_more_periods_than_can_be_shown_are_refused() -> None:
    assert len(calendar("day", date(2020, 1, 1), date(2020, 1, 1) + timedelta(days=MOST - 1))) == MOST
    with pytest.raises(UsageError, match=r"--since"):
        calendar("day", date(2015, 1, 1), date(2026, 1, 1))
    assert calendar("month", date(9999, 12, 1), date.max) == []


def test_slices_cover_a_window() -> None:
    parts = slices((date(2026, 1, 1), date(2026, 1, 31)), 12)
    assert (len(parts), parts[0][0], parts[-1][1]) == (12, date(2026, 1, 1), date(2026, 1, 31))
    assert all(one[1] + timedelta(days=1) == other[0] for one, other in pairwise(parts))
    assert len(slices((date(2026, 1, 1), date(2026, 1, 3)), 12)) == 3


def test_what_the_scope_cuts_and_what_goes_on_is_incomplete(brand_store: Store, telling: Telling) -> None:
    telling([told for month in range(1, 7) for told in said(date(2025, month, 15), 2, 0)])
    telling(said(date(2025, 5, 31), 1, 0), source="trustpost")
    assert [period.complete for period in trend(brand_store, by="month").periods] == [True] * 5 + [False]
    with brand_store.session() as session:
        survey_source(session, "asked in summer")
    telling(said(date(2025, 7, 1), 1, 0), source="asked in summer")
    assert [period.complete for period in trend(brand_store, by="month").periods] == [True] * 5 + [False]
    cut = trend(brand_store, by="month", since=date(2025, 2, 15), until=date(2025, 5, 30)).periods
    assert [(period.start, period.end, period.complete) for period in (cut[0], cut[-1])] == [
        (date(2025, 2, 15), date(2025, 2, 28), False), (date(2025, 5, 1), date(2025, 5, 30), False),
    ]  # fmt: skip
    assert [period.mentions for period in cut] == [2, 2, 2, 2]
    assert sum(period.mentions for period in trend(brand_store, by="month", source="trustpost").periods) == 1


def test_a_period_that_was_asked_for_is_there_without_mentions(brand_store: Store, telling: Telling) -> None:
    telling(said(date(2025, 6, 15), 2, 0))
    found = trend(brand_store, by="month", since=date(2025, 4, 1), until=date(2025, 7, 31))
    assert [period.mentions for period in found.periods] == [0, 0, 2, 0]
    assert trend(brand_store, language="nl").periods == ()


@pytest.fixture
def slower(any_store: Store) -> Iterator[Store]:
    """Nordwind, whose net falls from +60 to −20 with March 2025, in each of two years of months."""
    with any_store.session() as session:
        version = ModelVersion(name="opinion-7", created_at=datetime.now(UTC))
        session.add(version)
        session.flush()
        source = import_source(session, "trustpost")
        add_brand(session, "Nordwind").model_version_id = version.id
        brand = find_brand(session, "Nordwind")
        for month in range(24):
            day = date(2024 + month // 12, month % 12 + 1, 10)
            for each in said(day, 16, 4, 1.0) if month < 14 else said(day, 8, 12, 0.25):
                tell(session, brand, source, each)
    count_up(any_store)
    return any_store


def test_a_change_has_its_date_its_size_and_its_witnesses(slower: Store) -> None:
    found = trend(slower)
    (point,) = found.change_points
    assert (point.day, point.before.value, point.after.value) == (date(2025, 3, 1), 60, -20)
    assert point.earliest <= point.day <= point.latest
    assert (point.size.value, point.size.certain) == (-80, True)
    assert (point.pace_before, point.pace_after, point.same_mix) == (20, 20, None)
    assert (point.rating_before.mean, point.rating_after.mean) == (1, 0.25)
    levels = [period.smoothed.value for period in found.periods]
    assert levels[0] == pytest.approx(60, abs=1)
    assert levels[-1] == pytest.approx(-20, abs=1)


def test_a_dimension_is_told_by_its_votes(slower: Store) -> None:
    found = trend(slower)
    (speed,) = found.dimensions
    assert (speed.dimension, speed.mentions, speed.moved) == ("speed", 480, True)
    assert [point.day for point in speed.change_points] == [date(2025, 3, 1)]
    assert len(speed.smoothed) == len(found.periods)
    alone = trend(slower, dimension="speed")
    assert [period.net for period in alone.periods] == [period.net for period in found.periods]
    assert [(period.opinions, period.rating) for period in alone.periods] == [
        (period.opinions, period.rating) for period in found.periods
    ]
    assert [entry.dimension for entry in alone.dimensions] == ["speed"]
    assert sum(period.mentions for period in trend(slower, dimension="ease").periods) == 0
    with pytest.raises(NotFoundError, match="no dimension"):
        trend(slower, dimension="price")


def test_the_same_mix_tells_a_change_from_one_of_sources() -> None:
    """Two sources of +80 and −80 that stay as they are; only how many speak at each changes."""
    good, bad = Sums(100, 90, 10, 100, 100, 80), Sums(100, 10, 90, 100, 100, -80)
    more_good, more_bad = (Sums(*(4 * part for part in (s.mentions, s.positive, s.negative, s.sum_xx, s.sum_yy,
                                                        s.sum_xy))) for s in (good, bad))  # fmt: skip
    found = same_mix({(1, "en"): more_good, (2, "en"): bad}, {(1, "en"): good, (2, "en"): more_bad})
    assert found is not None
    assert (round(found.value, 6), found.certain) == (0, False)
    assert same_mix({(1, "en"): good}, {(1, "en"): bad}) is None
    assert same_mix({(1, "en"): good, (2, "en"): good}, {(1, "en"): good, (3, "en"): bad}) is None


MONTHS = [date(2024 + month // 12, month % 12 + 1, 10) for month in range(24)]


def rolled(session: Session, brand: Brand, day: date, praise: int, pain: int, stars: float) -> None:
    """Write the rollups of a day: mentions of one sentence each, all with the same stars (on 0..1)."""
    count, source = praise + pain, session.query(Source).filter_by(name="shop").one()
    cell = {"brand_id": brand.id, "day": day, "source_id": source.id, "language": "en"}
    session.add(MentionRollup(**cell, mentions=count, rated=count, rating_sum=count * stars,
                              rating_squares=count * stars**2))  # fmt: skip
    session.add(
        SentimentRollup(**cell, model_version_id=brand.model_version_id, measure="sentiment", touchpoint="any",
                        mentions=count, positive=praise, negative=pain, neutral=0, mixed=0, sum_xx=count, sum_yy=count,
                        sum_xy=praise - pain)
    )  # fmt: skip


def resting(store: Store, rival: tuple[int, int] = (50, 70), stars: tuple[float, float] = (0.9, 0.9)) -> None:
    """Write two years of Nordwind at +80, its stars before and after, and a Südsee of so many praises in 100."""
    with store.session() as session:
        brand = find_brand(session, "Nordwind")
        other = add_brand(session, "Südsee")
        other.model_version_id = brand.model_version_id
        for place, day in enumerate(MONTHS):
            rolled(session, brand, day, 450, 50, stars[place // 12])
            rolled(session, other, day, rival[place // 12], 100 - rival[place // 12], 0.5)


def name_rival(store: Store, *names: str) -> None:
    with store.session() as session:
        set_terms(find_brand(session, "Nordwind"), "rival", names)


TWO_YEARS = {"since": date(2023, 12, 11), "until": date(2025, 12, 10)}


@pytest.mark.parametrize(
    ("rival", "stars", "verdict"),
    [((50, 70), (0.9, 0.9), "complacent"), ((50, 50), (0.9, 0.9), "holds"), ((70, 50), (0.9, 0.9), "holds"),
     ((50, 50), (0.9, 0.6), "complacent")],
)  # fmt: skip
def test_a_brand_that_holds_while_others_move_is_complacent(
    brand_store: Store, rival: tuple[int, int], stars: tuple[float, float], verdict: str
) -> None:
    resting(brand_store, rival, stars)
    name_rival(brand_store, "südsee", "Nobody")
    found = trend(brand_store, **TWO_YEARS).complacency
    assert found is not None
    assert (found.flat, found.verdict) == (True, verdict)
    (other,) = found.rivals
    assert (other.brand, other.named, other.improved) == ("Südsee", True, rival[0] < rival[1])
    assert [each.measure for each in found.expectations if each.worse] == ["stars"] * (stars[0] > stars[1])


def test_a_level_that_moves_is_not_complacent(brand_store: Store) -> None:
    resting(brand_store)
    name_rival(brand_store, "Nordwind")
    with brand_store.reading() as session:
        found = find_trend(session, find_brand(session, "Südsee"), Scope(**TWO_YEARS)).complacency  # type: ignore[arg-type]
    assert found is not None
    assert (found.verdict, found.flat) == ("moves", False)


def test_the_industry_stands_in_for_rivals_of_the_same_version(brand_store: Store) -> None:
    resting(brand_store)
    assert trend(brand_store).complacency.rivals == ()  # type: ignore[union-attr]
    with brand_store.session() as session:
        for name in ("Nordwind", "Südsee"):
            set_industry(find_brand(session, name), "Banking")
    (rival,) = trend(brand_store).complacency.rivals  # type: ignore[union-attr]
    assert (rival.brand, rival.named) == ("Südsee", False)
    with brand_store.session() as session:
        find_brand(session, "Südsee").model_version_id = None
    assert trend(brand_store).complacency.rivals == ()  # type: ignore[union-attr]


def test_nothing_classified_still_has_counts(brand_store: Store, telling: Telling) -> None:
    telling([Told(sentences=(PRAISE,), day=day, status=None, rating=1.0) for day in MONTHS])
    with brand_store.session() as session:
        find_brand(session, "Nordwind").model_version_id = None
    found = trend(brand_store)
    assert (found.model, len(found.periods), found.complacency, found.dimensions) == (None, 24, None, ())
    assert {period.mentions for period in found.periods} == {1}


def test_a_source_that_a_rival_lacks_leaves_the_rival_out(brand_store: Store) -> None:
    resting(brand_store)
    name_rival(brand_store, "Südsee")
    with brand_store.session() as session:
        brand = find_brand(session, "Nordwind")
        place = add_source(session, brand, "feed", {"url": "https://b.example"}, name="forum")
        for day in (MONTHS[0], MONTHS[-1]):
            for each in said(day, 1, 0):
                tell(session, brand, place, each)
    count_up(brand_store)
    found = trend(brand_store, source="forum").complacency
    assert found is not None
    assert (found.rivals, found.verdict) == ((), "too few")
