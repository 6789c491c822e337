"""What is unusual in a store is found every night, once, with its cause; what is broken is, until it is mended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update
from told import Said, Told, answered_brand, count_up, tell

from overheard import taxonomy
from overheard.alerting import note_breaches, watch
from overheard.errors import NotFoundError
from overheard.insight.alerts import Alerts, alerts_by, list_alerts
from overheard.insight.anomalies import judge
from overheard.insight.causes import Breach
from overheard.insight.episodes import replay
from overheard.insight.history import days_of, read_history
from overheard.insight.scope import Scope
from overheard.settings import InboxSettings
from overheard.store.alerts import Alert, AlertNight, find_alert, set_delivery, undelivered
from overheard.store.brands import add_brand, add_source, find_brand, import_source
from overheard.store.database import Store
from overheard.store.search import index_mentions
from overheard.store.surveys import survey_source
from overheard.store.tables import (
    ANY,
    Brand,
    Classification,
    Crawl,
    DimensionRollup,
    Mention,
    MentionRollup,
    ModelVersion,
    Opinion,
    SentimentRollup,
    Source,
)
from overheard.store.targets import set_target
from overheard.store.themes import Theme, ThemeOpinion

FIRST = date(2026, 6, 1)
SPIKE = FIRST + timedelta(days=100)
"""From here on there are three times the complaints about speed, for three days."""


def late(day: int) -> Said:
    return Said(
        text=f"I waited {day} weeks for the parcel and nobody told me why.", sentiment="negative",
        dimensions={"speed": ("negative", 0.9)}, touchpoint="receive",
    )  # fmt: skip


KIND = Said(text="The people in the shop are kind.", sentiment="positive", dimensions={"service": ("positive", 0.9)})


def night(days: int) -> datetime:
    """Three in the morning after so many days of history."""
    return datetime(FIRST.year, FIRST.month, FIRST.day, 3, tzinfo=UTC) + timedelta(days=days)


def count(store: Store, days: Sequence[int], pains: int, source: str = "shop") -> None:
    """Count a day's usual praise and so many complaints for each of some days, without the mentions themselves."""
    with store.session() as session:
        place = session.scalars(select(Source).where(Source.name == source)).one()
        brand = find_brand(session, "Nordwind")
        for number in days:
            day = FIRST + timedelta(days=number)
            cell = {"brand_id": brand.id, "day": day, "source_id": place.id, "language": "en"}
            read = {**cell, "model_version_id": brand.model_version_id}
            session.add(MentionRollup(**cell, mentions=pains + 1, rated=0, rating_sum=0, rating_squares=0))
            for touchpoint in (ANY, "receive"):
                votes = {"touchpoint": touchpoint, "dimension": "speed", "mentions": pains, "pain": pains}
                session.add(DimensionRollup(**read, **votes, praise=0, neutral=0))
            sums = dict.fromkeys(("neutral", "mixed", "sum_xx", "sum_yy", "sum_xy"), 0)
            sentences = {"mentions": pains + 1, "positive": 1, "negative": pains, **sums}
            session.add(SentimentRollup(**read, measure="sentiment", touchpoint=ANY, **sentences))


def write(store: Store, days: Sequence[int], pains: int, source: str = "shop") -> None:
    """Write a day's usual praise and so many complaints for each of some days."""
    with store.session() as session:
        place = session.scalars(select(Source).where(Source.name == source)).one()
        for number in days:
            day, brand = FIRST + timedelta(days=number), find_brand(session, "Nordwind")
            for each in range(pains):
                tell(session, brand, place, Told(sentences=(late(number * 50 + each),), day=day))
            tell(session, brand, place, Told(sentences=(KIND,), day=day))
    count_up(store)


@pytest.fixture
def watched(any_store: Store) -> Store:
    """A brand with 100 quiet days, two complaints a day in the shop and one in the forum, then three bad ones."""
    with any_store.session() as session:
        brand = answered_brand(session, "Nordwind")
        for name in ("shop", "forum"):
            add_source(session, brand, "schemaorg", {"url": f"https://{name}.example"}, name=name)
    count(any_store, range(100), 1)
    count(any_store, range(0, 100, 2), 1, "forum")
    write(any_store, [100, 101, 102], 6)
    return any_store


def listed(store: Store, scope: Scope | None = None, *, history: bool = True) -> Alerts:
    with store.reading() as session:
        return list_alerts(session, None, scope or Scope(), history=history)


def test_without_ten_weeks_there_is_no_verdict(any_store: Store) -> None:
    with any_store.session() as session:
        brand = answered_brand(session, "Nordwind")
        add_source(session, brand, "feed", {"url": "https://a.example"}, name="shop")
    count(any_store, range(60), 1)
    count(any_store, range(60, 63), 30)
    assert watch(any_store, InboxSettings(), night(63)) == 0
    assert (listed(any_store).alerts, listed(any_store).judged) == ((), {})


def test_a_survey_answer_is_no_day_on_which_all_others_were_silent(any_store: Store) -> None:
    """Of a brand whose mentions come from files alone, what comes after the last of them is unknown."""
    with any_store.session() as session:
        brand = answered_brand(session, "Nordwind")
        import_source(session, "shop")
        survey = survey_source(session, "Asked in autumn")
        tell(session, brand, survey, Told(sentences=(KIND,), day=FIRST + timedelta(days=140)))
    count(any_store, range(120), 9)
    count_up(any_store)
    assert watch(any_store, InboxSettings(), night(150)) == 0
    assert listed(any_store).judged == {"Nordwind": FIRST + timedelta(days=119)}


def test_a_spike_is_one_alert_with_its_cause_however_many_nights_it_lasts(watched: Store) -> None:
    assert watch(watched, InboxSettings(), night(100)) == 0
    assert watch(watched, InboxSettings(), night(101)) == 0 or listed(watched).alerts
    watch(watched, InboxSettings(), night(102))
    (first,) = listed(watched).alerts
    watch(watched, InboxSettings(), night(103))
    (alert,) = listed(watched).alerts
    assert alert.id == first.id
    assert (alert.kind, alert.state, alert.until) == ("spike", "open", SPIKE + timedelta(days=2))
    lead = next(each for each in alert.figures if (each.measure, each.dimension) == ("pain", "speed"))
    assert lead.observed == 6 * lead.window
    assert lead.expected < lead.observed / 2
    assert lead.p < 1e-3
    assert {(driver.kind, driver.name) for driver in alert.drivers} >= {("source", "shop")}
    assert alert.quotes
    assert all("parcel" in quote.text and quote.published.date() >= SPIKE for quote in alert.quotes)


def test_nights_are_judged_once_and_caught_up(watched: Store) -> None:
    assert watch(watched, InboxSettings(), night(103)) == 1
    before = listed(watched)
    assert watch(watched, InboxSettings(), night(103)) == 0
    assert listed(watched) == before
    assert before.judged == {"Nordwind": SPIKE + timedelta(days=2)}


def test_tonight_finds_what_a_replay_finds(watched: Store) -> None:
    for number in range(95, 104):
        watch(watched, InboxSettings(), night(number))
    with watched.reading() as session:
        brand = find_brand(session, "Nordwind")
        days = days_of(session, brand)
        assert days
        names = [entry.name for entry in taxonomy.load().dimensions]
        judged = judge(read_history(session, brand, names, *days))
        stored = session.scalars(select(Alert)).all()
    replayed = replay(judged, days[0])
    assert [(alert.since, alert.until) for alert in stored] == [(each.since, each.until) for each in replayed]


def test_an_alert_is_over_after_a_quiet_week(watched: Store) -> None:
    watch(watched, InboxSettings(), night(103))
    count(watched, range(103, 114), 1)
    watch(watched, InboxSettings(), night(108))
    assert [alert.state for alert in listed(watched).alerts] == ["open"]
    watch(watched, InboxSettings(), night(114))
    assert [alert.state for alert in listed(watched).alerts] == ["resolved"]
    assert listed(watched, history=False).alerts == ()


def test_a_snoozed_alert_wakes_and_an_acknowledged_one_does_not(watched: Store) -> None:
    watch(watched, InboxSettings(), night(103))
    (number,) = (alert.id for alert in listed(watched).alerts)
    for state, after in (("snoozed", "open"), ("acked", "acked")):
        with watched.session() as session:
            alert = find_alert(session, number)
            alert.state, alert.snoozed_until = state, night(104) if state == "snoozed" else None
        watch(watched, InboxSettings(), night(103))
        assert listed(watched).alerts[0].state == state
        watch(watched, InboxSettings(), night(104) + timedelta(hours=1))
        assert listed(watched).alerts[0].state == after


def test_a_brand_waits_while_its_latest_mentions_are_unread_by_its_version(watched: Store) -> None:
    with watched.session() as session:
        mention = session.scalar(select(Classification.mention_id).order_by(Classification.mention_id.desc()))
        session.execute(delete(Classification).where(Classification.mention_id == mention))
    assert watch(watched, InboxSettings(), night(103)) == 0
    found = listed(watched)
    assert "has not read its latest mentions" in found.paused["Nordwind"]
    with watched.session() as session:
        version = session.scalars(select(Brand.model_version_id)).one()
        session.add(Classification(mention_id=mention, model_version_id=version, status="analysed"))
    assert watch(watched, InboxSettings(), night(103)) == 1
    assert listed(watched).paused == {}


def test_counts_that_are_not_up_to_date_are_waited_for(watched: Store) -> None:
    with watched.session() as session:
        place = session.scalars(select(Source).where(Source.name == "shop")).one()
        brand = find_brand(session, "Nordwind")
        tell(session, brand, place, Told(sentences=(KIND,), day=SPIKE))
    assert watch(watched, InboxSettings(), night(103)) == 0
    assert "not up to date" in listed(watched).paused["Nordwind"]
    count_up(watched)
    assert watch(watched, InboxSettings(), night(103)) == 1


def test_what_another_version_found_is_over_when_the_next_one_answers(watched: Store) -> None:
    watch(watched, InboxSettings(), night(103))
    with watched.session() as session:
        version = ModelVersion(name="opinion-8", created_at=night(103))
        session.add(version)
        session.flush()
        # As if the new version had read everything, and found no pain.
        session.execute(update(Classification).values(model_version_id=version.id))
        session.execute(update(Brand).values(model_version_id=version.id))
    write(watched, [103], 1)
    assert watch(watched, InboxSettings(), night(104)) == 0
    assert [alert.state for alert in listed(watched).alerts] == ["resolved"]
    with watched.reading() as session:
        assert session.scalars(select(AlertNight.day)).one() == FIRST + timedelta(days=103)


def test_alerts_are_kept_by_what_they_are_about_and_come_from(watched: Store) -> None:
    watch(watched, InboxSettings(), night(103))
    for scope, count in (
        (Scope(dimension="speed"), 1), (Scope(dimension="design"), 0), (Scope(since=SPIKE), 1),
        (Scope(until=SPIKE - timedelta(days=1)), 0), (Scope(source="SHOP"), 1), (Scope(source="1"), 1),
        (Scope(source="schemaorg"), 1), (Scope(source="forum"), 0), (Scope(source="2"), 0),
    ):  # fmt: skip
        assert len(listed(watched, scope).alerts) == count, scope
    for scope in (Scope(source="nowhere"), Scope(dimension="nonsense"), Scope(touchpoint="nonsense")):
        with pytest.raises(NotFoundError):
            listed(watched, scope)


def test_alerts_are_kept_by_what_those_say_who_are_quoted(watched: Store) -> None:
    watch(watched, InboxSettings(), night(103))
    (whole,) = listed(watched).alerts
    some = whole.quotes[0]
    with watched.session() as session:
        mention = session.get_one(Mention, some.mention_id)
        mention.language, mention.attributes = "nl", {"location": "Ghent"}
        index_mentions(session, [(mention.id, mention.title, mention.text, mention.attributes)])
    weeks = some.text.split()[2]
    for scope in (Scope(language="nl"), Scope(query=f"{weeks} weeks"), Scope(query="location:ghent")):
        (alert,) = listed(watched, scope).alerts
        assert ([quote.mention_id for quote in alert.quotes], alert.figures) == ([some.mention_id], whole.figures)
    assert listed(watched, Scope(language="de")).alerts == ()
    assert listed(watched, Scope(query="umbrella")).alerts == ()
    with watched.reading() as session:
        found = alerts_by(session, find_brand(session, "Nordwind"), Scope(), "location", history=True)
    (part,) = found.parts
    assert (part.value, part.mentions, found.without) == ("Ghent", 1, len(whole.quotes) - 1)
    assert [quote.mention_id for quote in part.answer.alerts[0].quotes] == [some.mention_id]


def test_an_alert_of_a_source_is_found_by_it(any_store: Store) -> None:
    with any_store.session() as session:
        brand = add_brand(session, "Nordwind")
        shop, blog = (
            add_source(session, brand, "feed", {"url": f"https://{name}.example"}, name=name)
            for name in ("shop", "blog")
        )
        session.add(Crawl(source_id=shop.id, started_at=night(1), outcome="stale", reason="nothing new"))
        missed = Breach("target", "net:brand", FIRST, "Net sentiment: -12 in 30 days, wanted 0", -12, 0)
        note_breaches(session, brand, "target", [missed], night(2))
        tell(session, brand, shop, Told(sentences=(KIND,), status=None))
        both = ["stale", "target"]
        names = {"shop": both, str(shop.id): both, "blog": [], "feed": both}
    count_up(any_store)
    watch(any_store, InboxSettings(), night(2))
    with any_store.session() as session:
        note_breaches(session, find_brand(session, "Nordwind"), "target", [missed], night(2))
    for name, kinds in names.items():
        assert sorted(alert.kind for alert in listed(any_store, Scope(source=name), history=False).alerts) == kinds
    # What was quoted from nowhere comes from no source, once there are two.
    with any_store.session() as session:
        brand, place = find_brand(session, "Nordwind"), session.get_one(Source, blog.id)
        tell(session, brand, place, Told(sentences=(KIND,), status=None))
    count_up(any_store)
    assert [alert.kind for alert in listed(any_store, Scope(source="shop"), history=False).alerts] == ["stale"]


@pytest.mark.parametrize(
    ("outcomes", "alerts"),
    [
        (["ok"], 0), (["ok", "failed"], 0), (["ok", "failed", "blocked"], 1), (["ok", "stale"], 1),
        (["stale", "ok"], 0), (["failed", "interrupted", "failed"], 1), (["ok", "stale", "running"], 1),
    ],
)  # fmt: skip
def test_a_source_that_cannot_be_read_is_an_alert_until_it_is(
    any_store: Store, outcomes: list[str], alerts: int
) -> None:  # fmt: skip
    with any_store.session() as session:
        source = add_source(session, add_brand(session, "Nordwind"), "feed", {"url": "https://a.example"}, name="shop")
        for number, outcome in enumerate(outcomes):
            session.add(Crawl(source_id=source.id, started_at=night(number), outcome=outcome, reason="nothing new"))
    assert watch(any_store, InboxSettings(), night(5)) == alerts
    assert watch(any_store, InboxSettings(), night(6)) == 0
    found = listed(any_store).alerts
    assert [alert.state for alert in found] == ["open"] * alerts
    for alert in found:
        assert (alert.kind, alert.text) == ("stale", f"shop is {outcomes[-1].replace('running', 'stale')}: nothing new")
    with any_store.session() as session:
        session.add(Crawl(source_id=source.id, started_at=night(7), outcome="ok"))
    watch(any_store, InboxSettings(), night(8))
    assert [alert.state for alert in listed(any_store).alerts] == ["resolved"] * alerts


def test_what_is_broken_has_its_themes_and_quotes(any_store: Store) -> None:
    with any_store.session() as session:
        version = ModelVersion(name="opinion-7", created_at=night(0))
        session.add(version)
        session.flush()
        brand = add_brand(session, "Nordwind")
        brand.model_version_id = version.id
        shop = add_source(session, brand, "schemaorg", {"url": "https://shop.example"}, name="shop")
        for measure, name in (("dimension", "speed"), ("touchpoint", "receive"), ("net", ""), ("reply_rate", "")):
            set_target(session, brand, measure, name, 90, "Ana", night(0))
        theme = Theme(
            brand_id=brand.id, model_version_id=version.id, dimension="speed", polarity="negative", name="Parcel late",
            named_by="auto", keyphrases=[], centroid=b"", born=SPIKE, created_at=night(0),
        )  # fmt: skip
        session.add(theme)
        for number in range(12):
            told = Told(sentences=(late(number),), day=SPIKE, reply_state="unanswered")
            tell(session, brand, shop, told)
        session.flush()
        for opinion in session.scalars(select(Opinion.id)).all():
            place = {"opinion_id": opinion, "brand_id": brand.id, "dimension": "speed", "theme_id": theme.id}
            session.add(ThemeOpinion(**place, similarity=0.9))
    count(any_store, range(0, 99, 3), 0)
    count_up(any_store)
    watch(any_store, InboxSettings(), night(103))
    broken = [alert for alert in listed(any_store, history=False).alerts if alert.kind in ("theme", "target", "sla")]
    assert sorted(alert.kind for alert in broken) == ["sla", "target", "target", "target", "target", "theme"]
    for alert in broken:
        assert alert.themes == ("Parcel late",), alert.text
        assert alert.quotes, alert.text
        assert all("weeks for the parcel" in quote.text for quote in alert.quotes)


def test_a_breach_that_comes_back_is_the_alert_that_it_was(any_store: Store) -> None:
    theme = Breach("theme", "theme:7", FIRST, "“Late” is new: 12 mentions in 14 days", 12, 0, "speed")
    told = {}
    with any_store.session() as session:
        brand = add_brand(session, "Nordwind")
        for number, breaches in enumerate(([theme], [], [theme], [theme])):
            new = note_breaches(session, brand, "theme", breaches, night(number))
            told[number] = (len(new), len(undelivered(session, "stdout")))
            if number == 2:
                set_delivery(session, session.scalars(select(Alert.id)).one(), "stdout", "sent")
    assert told == {0: (1, 1), 1: (0, 0), 2: (0, 1), 3: (0, 0)}
    (alert,) = listed(any_store, history=False).alerts
    assert (alert.state, alert.since, alert.until) == ("open", FIRST, night(3).date())


def test_breaches_that_others_find_are_noted_until_they_are_mended(any_store: Store) -> None:
    missed = Breach("target", "target:speed", FIRST, "net sentiment of speed is −12, target 0", -12, 0, "speed")
    with any_store.session() as session:
        brand = add_brand(session, "Nordwind")
        assert len(note_breaches(session, brand, "target", [missed], night(1))) == 1
        assert note_breaches(session, brand, "target", [missed], night(2)) == []
        assert note_breaches(session, brand, "sla", [], night(2)) == []
    (alert,) = listed(any_store).alerts
    assert (alert.since, alert.until, alert.text) == (FIRST, night(2).date(), missed.text)
    assert (alert.figures[0].observed, alert.figures[0].dimension) == (-12, "speed")
    with any_store.session() as session:
        note_breaches(session, find_brand(session, "Nordwind"), "target", [], night(3))
    assert listed(any_store, history=False).alerts == ()
