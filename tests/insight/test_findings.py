"""What a summary finds beyond its figures: impact, change, surprises, disagreement, spoilers, who is praised."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from told import FETCHED, Said, Told, answered_brand, count_up, tell

from overheard.insight.cues import cues_in, gather
from overheard.insight.scope import Scope
from overheard.insight.summary import Summary, summarise
from overheard.store.brands import add_brand, find_brand, import_source
from overheard.store.database import Store
from overheard.store.tables import ModelVersion

FIRST = date(2026, 9, 1)


def said(text: str, polarity: str, dimension: str = "speed", touchpoint: str = "use") -> Said:
    return Said(text=text, sentiment=polarity, dimensions={dimension: (polarity, 0.9)}, touchpoint=touchpoint)


SLOW = said("It took three weeks.", "negative", touchpoint="receive")
KIND = said("The team in Ghent was kind.", "positive", "service")
THANKS = said("Big thanks to the staff at Bruges.", "positive", "service")
MASKED = said("[Name] was really helpful, thanks to [Name].", "positive", "service")


def fill(store: Store) -> None:
    """20 torn mentions, 12 of pain alone in September; 30 of praise alone in August."""
    with store.session() as session:
        brand = answered_brand(session, "Nordwind")
        source = import_source(session, "trustpost")
        for number in range(20):
            told = (KIND if number % 2 else THANKS, SLOW)
            tell(session, brand, source, Told(sentences=told, day=FIRST + timedelta(days=number), rating=0.75))
        for number in range(12):
            rating = 0.5 if number < 10 else 1.0
            tell(session, brand, source, Told(sentences=(SLOW,), day=FIRST + timedelta(days=number), rating=rating))
        for number in range(30):
            day = FIRST - timedelta(days=1 + number % 20)
            tell(session, brand, source, Told(sentences=(MASKED,), day=day, rating=1.0))
    count_up(store)


def asked(store: Store, scope: Scope, **options: int) -> Summary:
    with store.reading() as session:
        return summarise(session, find_brand(session, "Nordwind"), scope, **options)


def test_every_finding_in_every_kind_of_store(any_store: Store) -> None:
    fill(any_store)
    found = asked(any_store, Scope(since=FIRST))

    (pain,) = found.pains
    assert (pain.dimension, pain.mentions, pain.share) == ("speed", 32, 1.0)
    # 20 mentions are half pain, 12 are nothing else.
    assert pain.strength == pytest.approx((20 * 0.5 + 12) / 32)
    assert pain.impact == pytest.approx(100 * pain.strength)
    assert pain.moves == pytest.approx(100 * (20 - 32) / 52 - 100)
    assert [(entry.dimension, entry.mentions) for entry in found.praises] == [("service", 20)]

    assert found.change is not None
    assert (found.change.since, found.change.until) == (date(2026, 8, 12), date(2026, 8, 31))
    assert found.change.mentions == 30
    assert found.change.net_sentiment is not None
    assert found.change.net_sentiment.certain
    assert found.change.net_sentiment.value == pytest.approx(100 * (20 - 32) / 52 - 100)

    assert [(entry.kind, entry.about, entry.side, entry.value, entry.usual) for entry in found.surprises] == [
        ("new", "speed", "pain", 1.0, 0.0),
        ("new", "service", "praise", 20 / 32, 1.0),
    ]
    assert [(entry.kind, entry.mentions, entry.of) for entry in found.disagreements] == [
        ("middle_stars_only_pain", 10, 10), ("top_stars_only_pain", 2, 2), ("low_stars_only_praise", 0, 0),
    ]  # fmt: skip
    assert found.disagreements[1].share is None
    assert [(entry.touchpoint, entry.mentions, entry.of) for entry in found.spoilers] == [("receive", 20, 32)]
    assert [(cue.kind, cue.name, cue.mentions) for cue in found.praised] == [
        ("team", "Bruges", 10), ("team", "Ghent", 10),
    ]  # fmt: skip
    assert (found.newest.mentions, found.newest.first, found.newest.whole) == (32, FIRST, True)


def test_only_the_newest_are_read_one_by_one_and_it_says_so(store: Store) -> None:
    fill(store)
    found = asked(store, Scope(), newest=15)
    assert (found.newest.mentions, found.newest.whole) == (15, False)
    assert sum(entry.of for entry in found.spoilers) == 15
    assert found.mentions == 62


@pytest.mark.parametrize("query", [None, "weeks OR team OR staff"])
def test_the_newest_are_those_that_were_read(store: Store, query: str | None) -> None:
    fill(store)
    with store.session() as session:
        brand, source = find_brand(session, "Nordwind"), import_source(session, "trustpost")
        for _ in range(15):
            tell(session, brand, source, Told(sentences=(SLOW,), day=FIRST + timedelta(days=40), status=None))
    count_up(store)
    found = asked(store, Scope(query=query), newest=15)
    assert (found.newest.mentions, found.newest.whole) == (15, False)
    assert sum(entry.of for entry in found.spoilers) == 15
    assert found.change is None


def test_figures_alone_read_no_mention(store: Store) -> None:
    fill(store)
    found = asked(store, Scope(since=FIRST), quotes=0)
    assert (found.newest.mentions, found.surprises, found.disagreements[0].of, found.praised) == (0, (), 0, ())
    assert [entry.mentions for entry in found.pains] == [32]


def test_masked_names_stay_masked(store: Store) -> None:
    fill(store)
    assert asked(store, Scope(until=FIRST - timedelta(days=1))).praised == ()


@pytest.mark.parametrize("own", ["petsbest", "Pets Best", "PETS-BEST"])
def test_the_brand_itself_is_no_one_who_is_praised(own: str) -> None:
    texts = ["Thanks to Pets Best!", "Pets Best was great.", "The team at Pets Best's was kind.", "Thanks to Emma."]
    sentences = [(number, "en", text) for number, text in enumerate(texts * 2)]
    assert [cue.name for cue in gather(sentences, [own])] == ["Emma"]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Thanks to Emma for sorting it out!", ("person", "Emma")),
        ("en", "The staff at Covent Garden were lovely.", ("team", "Covent Garden")),
        ("de", "Vielen Dank an Jonas!", ("person", "Jonas")),
        ("de", "Das Team in Gent war klasse.", ("team", "Gent")),
        ("nl", "Het personeel in Utrecht was super.", ("team", "Utrecht")),
        ("fr", "L'équipe de Nantes est formidable.", ("team", "Nantes")),
        ("es", "Muchas gracias a Lucía.", ("person", "Lucía")),
        ("it", "Grazie a Chiara per la pazienza.", ("person", "Chiara")),
        ("pt", "A equipe de Recife foi ótima.", ("team", "Recife")),
        ("ro", "Echipa din Cluj a fost minunată.", ("team", "Cluj")),
    ],
)
def test_cues_of_eight_languages(language: str, text: str, expected: tuple[str, str]) -> None:
    assert [(kind, name) for kind, name, _ in cues_in(text, language)] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "They were very kind.",
        "Customer Service was great.",
        "Thanks to [Name]!",
        "Everyone was helpful.",
        "The drivers from Berlin were kind.",
        "team in [City]",
    ],
)
def test_what_names_nobody(text: str) -> None:
    assert list(cues_in(text, "en")) == []


def test_one_mention_names_nobody_and_the_brand_is_nobody() -> None:
    told = [(1, "Thanks to Emma!"), (1, "Emma was great."), (2, "Nordwind was great."), (3, "Nordwind was great."),
            (4, "Thanks to Jonas!"), (5, "Jonas was so kind.")]  # fmt: skip
    sentences = [(number, "en", text) for number, text in told]
    assert [(cue.name, cue.mentions, cue.examples) for cue in gather(sentences, ["Nordwind Bank"])] == [
        ("Jonas", 2, (4, 5))
    ]


def test_a_brand_unlike_its_industry(store: Store) -> None:
    with store.session() as session:
        version = ModelVersion(name="opinion-7", created_at=FETCHED)
        session.add(version)
        session.flush()
        source = import_source(session, "trustpost")
        for name in ("Nordwind", "Ostwald", "Westend", "Inland", "Südsee"):
            brand = add_brand(session, name, industry="banking")
            brand.model_version_id = version.id
            slow = 30 if name == "Nordwind" else 4
            for number in range(40):
                told = SLOW if number < slow else said("Too dear.", "negative", "relevance")
                tell(session, brand, source, Told(sentences=(told,), day=FIRST))
    count_up(store)
    (slow_one, cheap) = asked(store, Scope()).surprises
    assert (slow_one.kind, slow_one.about, slow_one.value) == ("unlike", "speed", 0.75)
    assert slow_one.usual == pytest.approx(0.1, abs=0.02)
    assert cheap.about == "relevance"
