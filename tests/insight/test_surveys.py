"""Surveys beside what is said in public: scores, groups, comments, and that neither leaks into the other."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from told import Said, Told, count_up, tell

from overheard.insight.history import days_of
from overheard.insight.scope import Scope
from overheard.insight.statistics import share
from overheard.insight.summary import summarise
from overheard.insight.surveys import SurveyFigures, Surveys, mean_score, net_promoter_score, survey_figures, surveys_by
from overheard.store.brands import add_brand, find_brand, import_source, remove_brand
from overheard.store.database import Store
from overheard.store.search import index_mentions
from overheard.store.surveys import AnswerCounts, AnswerDraft, survey_source, upsert_answers
from overheard.store.tables import Mention, ModelVersion

DAY = date(2026, 10, 1)
LATE = Said(text="Late.", sentiment="negative", dimensions={"speed": ("negative", 0.9)})
QUICK = Said(text="Quick.", sentiment="positive", dimensions={"speed": ("positive", 0.9)})


@pytest.fixture
def nordwind(any_store: Store) -> Store:
    """Fifty promoters, thirty passives, twenty detractors twelve of whom say it was late; in public it is quick."""
    with any_store.session() as session:
        version = ModelVersion(name="opinion-7", created_at=datetime.now(UTC))
        session.add(version)
        session.flush()
        brand = add_brand(session, "Nordwind")
        add_brand(session, "Ostwald")
        brand.model_version_id = version.id
        public, asked = import_source(session, "trustpost"), survey_source(session, "nps 2026")
        for _ in range(15):
            tell(session, brand, public, Told(sentences=(QUICK,), day=DAY))
        scores = [10] * 25 + [9] * 25 + [8] * 30 + [6] * 10 + [0] * 10
        comments = {}
        for number in range(88, 100):
            language = "nl" if number < 90 else "en"
            mention = tell(session, brand, asked, Told(sentences=(LATE,), day=DAY, language=language))
            comments[f"a{number}"] = mention.id
        drafts = [AnswerDraft(f"a{n}", {"nps": (score, 10)}, DAY) for n, score in enumerate(scores)]
        assert upsert_answers(session, asked.id, brand.id, drafts, comments) == AnswerCounts(added=100)
        assert upsert_answers(session, asked.id, brand.id, drafts, comments) == AnswerCounts(unchanged=100)
        other = [
            AnswerDraft(f"c{number}", {"csat": (score, 5), "ces": (score, 7)}, None)
            for number, score in enumerate([5, 4, 3, 2] * 5)
        ]
        upsert_answers(session, asked.id, brand.id, other, {})
    count_up(any_store)
    return any_store


def figures(store: Store, scope: Scope | None = None, brand: str = "Nordwind") -> Surveys:
    with store.reading() as session:
        return survey_figures(session, find_brand(session, brand), scope or Scope())


def nps(found: Surveys) -> SurveyFigures:
    return next(each for each in found.surveys if each.survey == "nps")


def test_answers_are_split_by_what_their_comments_name(nordwind: Store) -> None:
    with nordwind.session() as session:
        for mention in session.scalars(select(Mention).order_by(Mention.id)):
            mention.attributes = {"location": "Ghent" if mention.language == "nl" else "Bruges"}
            index_mentions(session, [(mention.id, mention.title, mention.text, mention.attributes)])
    with nordwind.reading() as session:
        found = surveys_by(session, find_brand(session, "Nordwind"), Scope(), "location")
    assert [(part.value, part.mentions, nps(part.answer).responses) for part in found.parts] == [
        ("Bruges", 10, 10), ("Ghent", 2, 2),
    ]  # fmt: skip
    assert [part.answer.public_mentions for part in found.parts] == [15, 0]


def test_surveys_do_not_move_the_days_of_public_mentions(nordwind: Store) -> None:
    with nordwind.session() as session:
        brand, asked = find_brand(session, "Nordwind"), survey_source(session, "nps 2026")
        for day in (date(2020, 1, 1), date(2026, 11, 20)):
            tell(session, brand, asked, Told(sentences=(Said(text="Fine."),), day=day))
    count_up(nordwind)
    with nordwind.reading() as session:
        found = days_of(session, find_brand(session, "Nordwind"))
    assert found is not None
    assert found[0] > date(2020, 1, 1)
    assert found[1] < date(2026, 11, 20)


def test_each_survey_has_its_figure(nordwind: Store) -> None:
    found = figures(nordwind)
    assert [each.survey for each in found.surveys] == ["nps", "csat", "ces"]
    promoters, csat, ces = found.surveys
    assert promoters.value == net_promoter_score(50, 30, 20)
    assert (promoters.responses, promoters.comments, promoters.first, promoters.last) == (100, 12, DAY, DAY)
    assert csat.value == share(10, 20)
    assert ces.value == mean_score(20, 70, 270, 7)
    assert [(each.group, each.responses, each.share) for each in promoters.groups] == [
        ("promoters", 50, 0.5), ("passives", 30, 0.3), ("detractors", 20, 0.2),
    ]  # fmt: skip
    assert [(each.group, each.responses) for each in ces.groups] == [("easy", 5), ("hard", 15)]


def test_comments_stand_beside_what_is_said_in_public(nordwind: Store) -> None:
    found = figures(nordwind)
    promoters, _, detractors = nps(found).groups
    assert (promoters.comments, promoters.dimensions) == (0, ())
    assert (detractors.comments, detractors.analysed, detractors.net_sentiment.value) == (12, 12, -100)
    (speed,) = detractors.dimensions
    assert (speed.dimension, speed.pain, speed.net.value, speed.public.value) == ("speed", 12, -100, 100)
    assert (found.public_net.value, found.public_mentions) == (100, 15)


def test_answers_are_no_part_of_what_is_said_in_public(nordwind: Store) -> None:
    with nordwind.reading() as session:
        brand = find_brand(session, "Nordwind")
        public, asked = (summarise(session, brand, scope) for scope in (Scope(), Scope(source="survey")))
        named = summarise(session, brand, Scope(source="NPS 2026"))
    assert (public.mentions, public.net_sentiment.value) == (15, 100)
    assert (asked.mentions, asked.net_sentiment.value) == (12, -100)
    assert named.mentions == 12


def test_the_scope_narrows_answers(nordwind: Store) -> None:
    assert figures(nordwind, Scope(until=date(2026, 9, 30))).surveys == ()
    assert [each.survey for each in figures(nordwind, Scope(until=DAY)).surveys] == ["nps"]
    assert nps(figures(nordwind, Scope(language="nl"))).responses == 2
    assert figures(nordwind, Scope(source="trustpost")).surveys == ()
    assert nps(figures(nordwind, Scope(source="survey"))).responses == 100
    assert figures(nordwind, brand="Ostwald").surveys == ()


def test_a_score_that_changes_is_brought_up_to_date(nordwind: Store) -> None:
    with nordwind.session() as session:
        asked, brand = survey_source(session, "NPS  2026"), find_brand(session, "Nordwind")
        draft = AnswerDraft("a0", {"nps": (0, 10)}, None)
        assert upsert_answers(session, asked.id, brand.id, [draft], {}) == AnswerCounts(updated=1)
    assert nps(figures(nordwind)).value == net_promoter_score(49, 30, 21)
    with nordwind.session() as session:
        remove_brand(session, find_brand(session, "Nordwind"))


def test_few_answers_have_no_value() -> None:
    assert net_promoter_score(5, 2, 2).value is None
    assert mean_score(9, 50, 300, 7).value is None
    assert share(9, 9).value is None


@pytest.mark.parametrize("truth", [(0.5, 0.3, 0.2), (0.9, 0.08, 0.02), (0.1, 0.2, 0.7)])
@pytest.mark.parametrize("n", [20, 100])
def test_the_interval_of_a_net_promoter_score_holds_the_truth(truth: tuple[float, float, float], n: int) -> None:
    draw = random.Random(7)
    hits = 0
    for _ in range(600):
        answers = draw.choices((1, 0, -1), truth, k=n)
        found = net_promoter_score(answers.count(1), answers.count(0), answers.count(-1))
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= 100 * (truth[0] - truth[2]) <= found.high
    assert hits / 600 > 0.92
