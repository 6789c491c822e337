"""A store whose answers are worth looking at: hostile texts, a clear praise, a clear pain, a small rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from told import Said, Told, count_up, tell

from overheard.insight.compare import Comparison, compare
from overheard.insight.duplicates import Duplicate, DuplicateGroup, Duplicates
from overheard.insight.explain import Explanation, explain
from overheard.insight.mentions import Found, find_mentions
from overheard.insight.scope import Scope
from overheard.insight.summary import Summary, summarise
from overheard.insight.trend import Trend, find_trend
from overheard.store.brands import add_brand, find_brand, import_source
from overheard.store.database import Store
from overheard.store.tables import ModelVersion

HOSTILE = '=HYPERLINK("x") \x1b[31mred\x1b[0m \x9b2J | *bold* <b>tag</b>\nnew line \u202edesrever 😡 très lent'
URL = "https://reviews.example/nordwind/42?page=1"


def slow(text: str, number: int) -> Told:
    said = Said(text=text, sentiment="negative", dimensions={"speed": ("negative", 0.9)}, touchpoint="receive")
    return Told(sentences=(said,), day=date(2026, 9, 1) + timedelta(days=number), rating=0.25, url=URL, language="fr")


def kind(number: int) -> Told:
    text = f"The woman at counter {number} took her time and explained everything."
    said = Said(text=text, sentiment="positive", dimensions={"service": ("positive", 0.95)}, signals=("advocate",))
    return Told(sentences=(said,), day=date(2026, 8, 1) + timedelta(days=number), rating=1.0)


@dataclass(frozen=True)
class Answers:
    """One answer of each sort."""

    summary: Summary
    comparison: Comparison
    found: list[Found]
    duplicates: Duplicates
    trend: Trend
    explanation: Explanation


@pytest.fixture(scope="session")
def told_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Nordwind, praised for service and slow, and the much faster [Süd]see; the tests only read it."""
    store = Store.create(f"sqlite:///{tmp_path_factory.mktemp('told')}/s.db")
    with store.session() as session:
        version = ModelVersion(name="opinion-7", created_at=datetime.now(UTC))
        session.add(version)
        session.flush()
        names = ("Nordwind", "[Süd]see", "Ostwald", "Westend", "Inland", "Unheard")
        brands = [add_brand(session, name) for name in names]
        source = import_source(session, "trust|post")
        for brand in brands:
            brand.model_version_id = version.id
        for number in range(14):
            tell(
                session, brands[0], source, slow(HOSTILE if number == 13 else f"Waited {number} weeks for it.", number)
            )
            tell(session, brands[0], source, kind(number))
        for number in range(12):
            tell(session, brands[1], source, kind(number))
            fast = Said(text="Very fast.", sentiment="positive", dimensions={"speed": ("positive", 0.9)})
            tell(session, brands[1], source, Told(sentences=(fast,)))
            for brand in brands[2:5]:
                tell(session, brand, source, Told(sentences=(fast,)))
        tell(
            session,
            brands[0],
            source,
            Told(sentences=(Said(text="Okay."),), vanished=datetime(2026, 11, 1, tzinfo=UTC)),
        )
    count_up(store)
    yield store
    store.close()


DUPLICATES = Duplicates(
    brand="Nordwind", scope=Scope(), left_out=6, groups_found=3,
    groups=(
        DuplicateGroup(
            kind="template", copies=6, names=6, unnamed=1, sources={"trust|post": 4, "shop": 3},
            since=date(2026, 9, 1), until=date(2026, 9, 7),
            first=Duplicate(1, "shop", date(2026, 9, 1), URL, HOSTILE),
            others=tuple(
                Duplicate(number, "trust|post", date(2026, 9, number), None, f"{HOSTILE}!") for number in range(2, 8)
            ),
        ),
    ),
)  # fmt: skip


@pytest.fixture(scope="session")
def answers(told_store: Store) -> Answers:
    """The answers about that store."""
    with told_store.reading() as session:
        brand, other = find_brand(session, "Nordwind"), find_brand(session, "[Süd]see")
        found = find_mentions(session, brand, Scope(dimension="speed"), polarity="negative", limit=3)
        return Answers(
            summary=summarise(session, brand, Scope()),
            comparison=compare(session, [brand, other], Scope()),
            found=found,
            duplicates=DUPLICATES,
            trend=find_trend(session, brand, Scope(), by="day"),
            explanation=explain(session, found[0].mention_id),
        )
