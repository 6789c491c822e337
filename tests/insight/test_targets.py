"""Targets against what was reached, on both databases; targets in an exported inventory."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from told import Said, Told, answered_brand, count_up, tell

from overheard.commands.inventory import read_inventory, store_inventory
from overheard.errors import NotFoundError, UsageError
from overheard.insight.scope import Scope
from overheard.insight.summary import summarise
from overheard.insight.targets import MeasuredTarget, check_name, measure_all, measure_targets
from overheard.store.brands import add_brand, add_source, find_brand, import_source
from overheard.store.database import Store
from overheard.store.targets import list_targets, remove_target, set_target

ALL = Scope()
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


@pytest.fixture
def nordwind(any_store: Store) -> Store:
    """Nordwind, whose thirty late parcels were replied to after two hours, with ten that were not."""
    with any_store.session() as session:
        brand = answered_brand(session, "Nordwind")
        source = import_source(session, "trustpost")
        late = Said(text="Late.", sentiment="negative", dimensions={"speed": ("negative", 0.9)}, touchpoint="receive")
        for number in range(40):
            stars = 0.25 if number % 2 else 0.0
            told = Told(sentences=(late,), rating=stars, reply_state="unanswered")
            if number < 30:
                told = replace(told, reply_state="answered", replied=NOON + timedelta(hours=2, minutes=number))
            tell(session, brand, source, told)
    count_up(any_store)
    return any_store


def measured(store: Store, measure: str, name: str, value: float, scope: Scope = ALL) -> MeasuredTarget:
    with store.session() as session:
        set_target(session, find_brand(session, "Nordwind"), measure, name, value, "Ana", NOW)
    with store.reading() as session:
        found = measure_targets(session, find_brand(session, "Nordwind"), scope)
    return next(each for each in found if (each.measure, each.name or "") == (measure, name))


@pytest.mark.parametrize(
    ("measure", "name", "value", "verdict"),
    [
        ("net", "", 0, "missed"),
        ("dimension", "speed", -50, "missed"),
        ("dimension", "speed", -98, "uncertain"),
        ("dimension", "speed", -100, "met"),
        ("dimension", "design", 10, "too_few"),
        ("touchpoint", "receive", 0, "missed"),
        ("touchpoint", "buy", 0, "too_few"),
        ("index", "easy", 60, "missed"),
        ("index", "overall", 0, "met"),
        ("stars", "", 4, "missed"),
        ("stars", "", 1.5, "uncertain"),
        ("reply_rate", "", 40, "met"),
        ("reply_rate", "", 95, "missed"),
        ("reply_rate", "", 75, "uncertain"),
        ("reply_time", "", 3600, "missed"),
        ("reply_time", "", 86_400, "met"),
    ],
)
def test_a_verdict_is_what_the_interval_says(
    nordwind: Store, measure: str, name: str, value: float, verdict: str
) -> None:
    found = measured(nordwind, measure, name, value)
    assert (found.verdict, found.owner, found.target) == (verdict, "Ana", value)


def test_what_is_reached_is_what_the_summary_says(nordwind: Store) -> None:
    speed, index = measured(nordwind, "dimension", "speed", 0), measured(nordwind, "index", "overall", 0)
    net, stars = measured(nordwind, "net", "", 0), measured(nordwind, "stars", "", 4)
    with nordwind.reading() as session:
        summary = summarise(session, find_brand(session, "Nordwind"), Scope())
    assert speed.reached == next(each.net for each in summary.dimensions if each.dimension == "speed")
    assert (index.reached, net.reached) == (summary.index["overall"], summary.net_sentiment)
    assert summary.rating.mean is not None
    assert stars.reached.value == 1 + 4 * summary.rating.mean
    assert measured(nordwind, "net", "", 0, Scope(since=date(2026, 11, 1))).verdict == "too_few"


def test_a_target_is_set_once_and_removed(nordwind: Store) -> None:
    measured(nordwind, "dimension", "speed", 10)
    measured(nordwind, "dimension", "speed", 20)
    measured(nordwind, "net", "", 5)
    with nordwind.session() as session:
        brand = find_brand(session, "Nordwind")
        assert [(each.measure, each.value) for each in list_targets(session, brand)] == [("net", 5), ("dimension", 20)]
        remove_target(session, brand, "net", "")
        with pytest.raises(NotFoundError, match="it has dimension speed"):
            remove_target(session, brand, "net", "")
        assert [each.label for each in measure_all(session, [brand], Scope()).targets] == ["Speed"]


@pytest.mark.parametrize(
    ("measure", "name", "value", "owner", "words"),
    [
        ("nps", "", 5, "Ana", "expected one of net"),
        ("dimension", "", 5, "Ana", "expected a name"),
        ("net", "speed", 5, "Ana", "expected no name"),
        ("net", "", 101, "Ana", "-100 to 100 points"),
        ("stars", "", 0.5, "Ana", "1 to 5 stars"),
        ("net", "", 5, " ", "owner"),
    ],
)
def test_targets_that_there_cannot_be(
    store: Store, measure: str, name: str, value: float, owner: str, words: str
) -> None:
    with store.session() as session:
        brand = add_brand(session, "Nordwind")
        with pytest.raises(UsageError, match=words):
            set_target(session, brand, measure, name, value, owner, NOW)


def test_a_brand_that_lacks_the_source_is_left_out(nordwind: Store) -> None:
    with nordwind.session() as session:
        other = add_brand(session, "Ostwald")
        add_source(session, other, "schemaorg", {"url": "https://o.example"}, name="shop")
        brands = [find_brand(session, "Nordwind"), other]
        for brand in brands:
            set_target(session, brand, "net", "", 10, "Ana", NOW)
        session.flush()
        assert [each.brand for each in measure_all(session, brands, Scope(source="shop")).targets] == ["Ostwald"]
        assert len(measure_all(session, brands, ALL).targets) == 2
        with pytest.raises(NotFoundError, match="elsewhere"):
            measure_all(session, brands, Scope(source="elsewhere"))


def test_names_are_the_taxonomys() -> None:
    check_name("dimension", "speed")
    check_name("net", "")
    for measure, name, words in (
        ("dimension", "sped", "speed"), ("touchpoint", "speed", "receive"), ("index", "speed", "overall"),
    ):  # fmt: skip
        with pytest.raises(NotFoundError, match=words):
            check_name(measure, name)


def test_an_inventory_carries_targets(store: Store) -> None:
    text = """
        [[brands]]
        name = "Nordwind"
        targets = [{ measure = "dimension", name = "speed", value = 20, owner = "Ana" }]
    """
    with store.session() as session:
        for _ in range(2):
            store_inventory(session, read_inventory(text, "brands.toml", ("en",)))
        (target,) = list_targets(session, find_brand(session, "Nordwind"))
        assert (target.measure, target.name, target.value, target.owner) == ("dimension", "speed", 20, "Ana")
        with pytest.raises(NotFoundError, match="sped"):
            store_inventory(session, read_inventory(text.replace("speed", "sped"), "brands.toml", ("en",)))
