"""Files of answers: which columns hold the scores, on which scale, what is refused, and that twice is once."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from overheard.errors import ImportFileError, NotFoundError
from overheard.importer.run import ImportResult
from overheard.importer.surveys import SurveyPlan, execute_survey, plan_survey, read_score
from overheard.settings import Settings
from overheard.store.brands import add_brand
from overheard.store.database import Store
from overheard.store.surveys import SurveyAnswer
from overheard.store.tables import Mention, MentionVersion, Source

WORDS = "The driver found us at once and was very kind to my mother."


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    return path


@pytest.fixture
def nordwind(any_store: Store) -> Store:
    with any_store.session() as session:
        add_brand(session, "Nordwind")
    return any_store


def bring(store: Store, settings: Settings, plan: SurveyPlan) -> ImportResult:
    return execute_survey(store, settings, plan, rejects=settings.directory / "refused.jsonl")


def answers(store: Store) -> list[tuple[str, str, float, float, bool]]:
    with store.reading() as session:
        rows = session.scalars(select(SurveyAnswer).order_by(SurveyAnswer.external_id, SurveyAnswer.survey))
        return [(row.external_id, row.survey, row.score, row.scale, row.mention_id is not None) for row in rows]


ROWS = [
    ("r1", "2026-10-01", 9, WORDS, "ana@x.example"),
    ("r2", "2026-10-02", 12, "Fine.", "bea@x.example"),
    ("r3", "2026-10-03", "10 - extremely likely", "", "cyd@x.example"),
    ("r4", "2026-10-04", "", "No number from me.", "dan@x.example"),
    ("r5", "2026-10-05", 0, "I wait for my refund, call 0171 2345678.", "eve@x.example"),
]
HEADER = ("response_id", "date", "NPS", "comment", "email")


def test_scores_and_comments_come_in_and_bad_rows_are_told(nordwind: Store, settings: Settings, tmp_path: Path) -> None:
    plan = plan_survey(write(tmp_path / "autumn.csv", HEADER, ROWS), brand="Nordwind")
    assert [role for role, _, _ in plan.chosen] == ["nps", "comment", "published", "id"]
    result = bring(nordwind, settings, plan)
    assert (result.read, result.added, result.rejected, result.brands) == (5, 3, 2, {"Nordwind": 3})
    assert answers(nordwind) == [
        ("r1", "nps", 9, 10, True), ("r3", "nps", 10, 10, False), ("r5", "nps", 0, 10, True),
    ]  # fmt: skip
    refused = [json.loads(line) for line in (tmp_path / "refused.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["line"], row["reason"]) for row in refused] == [
        (3, "nps '12' in column NPS: expected a whole number from 0 to 10"), (5, "no score"),
    ]  # fmt: skip
    assert "@x.example" not in json.dumps(refused)
    with nordwind.reading() as session:
        source = session.scalars(select(Source)).one()
        mentions = session.scalars(select(Mention).order_by(Mention.external_id)).all()
    assert (source.kind, source.name, source.brand_id) == ("survey", "autumn", None)
    assert [(each.text, each.rating, each.author) for each in mentions] == [
        (WORDS, 0.9, None), ("I wait for my refund, call [phone].", 0.0, None),
    ]  # fmt: skip


@pytest.mark.parametrize("header", [HEADER, ("day of answer", *HEADER[1:])], ids=["with ids", "without"])
def test_importing_again_adds_nothing(
    nordwind: Store, settings: Settings, tmp_path: Path, header: Sequence[str]
) -> None:
    rows = [(row[0] if header is HEADER else "", *row[1:]) for row in (*ROWS, ROWS[2])]
    plan = plan_survey(write(tmp_path / "a.csv", header, rows), brand="Nordwind")
    bring(nordwind, settings, plan)
    before = answers(nordwind)
    again = bring(nordwind, settings, plan)
    assert (again.added, again.updated) == (0, 0)
    assert answers(nordwind) == before
    assert len(before) == (3 if header is HEADER else 4)


def test_edits_of_score_and_comment_are_brought_up_to_date(nordwind: Store, settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for comment, score in ((WORDS, 9), (WORDS, 8), ("No, I was wrong about all of it.", 8)):
        plan = plan_survey(write(path, HEADER, [("r1", "2026-10-01", score, comment, "")]), brand="Nordwind")
        result = bring(nordwind, settings, plan)
    assert (result.added, result.updated, result.unchanged) == (0, 1, 0)
    assert answers(nordwind) == [("r1", "nps", 8, 10, True)]
    with nordwind.reading() as session:
        assert session.scalar(select(func.count()).select_from(MentionVersion)) == 2


@pytest.mark.parametrize(
    ("column", "survey"),
    [
        ("NPS", "nps"), ("How likely are you to recommend us?", "nps"), ("Weiterempfehlung", "nps"),
        ("Hoe waarschijnlijk is het dat u ons zou aanbevelen?", "nps"), ("Ne-ați recomanda?", "nps"),
        ("Ci consiglieresti a un amico?", "nps"), ("Recommanderiez-vous notre service ?", "nps"),
        ("¿Nos recomendarías?", "nps"), ("Você nos recomendaria?", "nps"), ("CSAT score", "csat"),
        ("Zufriedenheit", "csat"), ("Tevredenheid", "csat"), ("Soddisfazione", "csat"), ("Satisfaction", "csat"),
        ("Satisfacción", "csat"), ("Satisfação", "csat"), ("Cât de mulțumit sunteți?", "csat"), ("CES", "ces"),
        ("Customer effort", "ces"), ("Aufwand", "ces"), ("Moeite", "ces"), ("Esfuerzo", "ces"), ("Esforço", "ces"),
        ("Sforzo", "ces"), ("Efort", "ces"), ("How easy was it?", "ces"),
    ],
)  # fmt: skip
def test_questions_are_known_in_eight_languages(tmp_path: Path, column: str, survey: str) -> None:
    path = write(tmp_path / "a.csv", ("id", column, "comment"), [(number, 4, WORDS) for number in range(9)])
    assert {key: each.column for key, each in plan_survey(path, brand="B").scores.items()} == {survey: column}


@pytest.mark.parametrize(
    ("survey", "values", "scale"),
    [
        ("nps", (9, 3, 0), 10), ("csat", (5, 1, 4), 5), ("csat", (7, 1, 4), 7), ("csat", ("80 %", "5%"), 100),
        ("csat", (93, 20, 4), 100), ("csat", (*[5] * 99, 12), 5), ("csat", ("4/5", "2/5"), 5),
        ("csat", ("4 of 7", "2 of 7"), 7), ("ces", (7, 1), 7), ("ces", ("5/5", "2/5"), 5),
    ],
)  # fmt: skip
def test_the_scale_is_seen_in_the_answers(tmp_path: Path, survey: str, values: Sequence[object], scale: float) -> None:
    rows = [(number, value) for number, value in enumerate(values)]
    path = write(tmp_path / "a.csv", ("id", survey), rows)
    assert plan_survey(path, brand="B").scores[survey].scale == scale


@pytest.mark.parametrize(
    ("header", "values", "words"),
    [
        ("CSAT", [*[5, 4, 1] * 10, 8], "line 32 has 8 in column CSAT, where 30 of 31 answers are up to 7"),
        ("CSAT", [8, *[5, 4, 1] * 10, 8], "line 2 has 8 in column CSAT, where 30 of 32 answers are up to 7"),
        ("CSAT", [*[5, 4, 1, 2] * 10, 6, 55], "line 43 has 55 .* 41 of 42 .* --scale 5 or 7 or 100"),
        ("CSAT", [8, 9, 10, 7], "line 2 has 8 .* 0 of 4 answers are up to 5"),
    ],
)
def test_a_scale_that_the_answers_contradict_is_asked_for(
    nordwind: Store, settings: Settings, tmp_path: Path, header: str, values: Sequence[int], words: str
) -> None:
    path = write(tmp_path / "a.csv", ("id", header), enumerate(values))
    with pytest.raises(ImportFileError, match=words):
        plan_survey(path, brand="Nordwind")
    told = bring(nordwind, settings, plan_survey(path, brand="Nordwind", scale=7))
    assert told.rejected == sum(value > 7 for value in values)


@pytest.mark.parametrize(
    ("header", "scale"), [("CSAT (1-7)", 7), ("CSAT 1 to 5", 5), ("CSAT, 0-100", 100), ("CSAT %", 100), ("CSAT /7", 7)]
)
def test_the_scale_may_stand_in_the_header(tmp_path: Path, header: str, scale: float) -> None:
    path = write(tmp_path / "a.csv", ("id", header), enumerate([5, 4, 1, 2, 5]))
    assert plan_survey(path, brand="B").scores["csat"].scale == scale


@pytest.mark.parametrize("name", ["Why?", "Warum haben Sie so geantwortet?", "comment"])
def test_short_comments_are_known_by_their_column(
    nordwind: Store, settings: Settings, tmp_path: Path, name: str
) -> None:
    rows = [(number, number, "late" if number % 2 else "price", "north") for number in range(10)]
    plan = plan_survey(write(tmp_path / "a.csv", ("id", "NPS", name, "region"), rows), brand="Nordwind")
    assert ("comment", name) in [(role, column) for role, column, _ in plan.chosen]
    bring(nordwind, settings, plan)
    assert [each[4] for each in answers(nordwind)] == [True] * 10


def test_what_became_of_the_columns_is_said_where_no_comment_was_found(tmp_path: Path) -> None:
    rows = [(number, number, "north") for number in range(10)]
    plan = plan_survey(write(tmp_path / "a.csv", ("id", "NPS", "region"), rows), brand="B")
    assert [note for note in plan.notes if "region" in note] == [
        "no column of comments was found; region are kept as attributes: --columns comment=COLUMN names it"
    ]


def test_an_answer_from_the_future_is_refused(nordwind: Store, settings: Settings, tmp_path: Path) -> None:
    tomorrow = datetime.now(UTC) + timedelta(hours=12)
    rows = [("a", tomorrow.isoformat(), 9, WORDS), ("b", "2099-01-01", 9, WORDS)]
    result = bring(nordwind, settings, plan_survey(write(tmp_path / "a.csv", HEADER[:4], rows), brand="Nordwind"))
    assert (result.added, result.rejected) == (1, 1)
    assert "'2099-01-01' lies in the future" in (settings.directory / "refused.jsonl").read_text()


def test_several_surveys_of_one_row_and_no_comments_at_all(nordwind: Store, settings: Settings, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", ("id", "brand", "CES", "CSAT"), [(1, "Nordwind", 7, 5), (2, "Südsee", 1, "")])
    result = bring(nordwind, settings, plan_survey(path, columns={"brand": "brand"}, scale=7))
    assert result.brands_created == ("Südsee",)
    assert answers(nordwind) == [
        ("1", "ces", 7, 7, False), ("1", "csat", 5, 7, False), ("2", "ces", 1, 7, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "say which: --survey nps"),
        ({"columns": {"score": "Grade"}}, "which survey is it"),
        ({"columns": {"nps": "Graed"}}, "did you mean 'Grade'"),
        ({"survey": "csat", "scale": 6}, "5 or 7 or 100"),
        ({"survey": "nps", "columns": {"score": "Grade", "colour": "x"}}, "no 'colour'"),
        ({"survey": "nps", "columns": {"score": "Why"}}, "none of the first 3 answers"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, options: Mapping[str, object], words: str) -> None:
    path = write(tmp_path / "a.csv", ("Nr", "Grade", "Why"), [(number, 4, WORDS) for number in range(3)])
    with pytest.raises(ImportFileError, match=words):
        plan_survey(path, brand="B", **options)  # type: ignore[arg-type]


def test_what_the_user_names_is_taken(nordwind: Store, settings: Settings, tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", ("Nr", "Grade", "Why"), [(number, "good", WORDS) for number in range(3)])
    plan = plan_survey(
        path, survey="csat", columns={"score": "Grade", "comment": "Why"}, maps={"Grade": {"good": "4"}},
        brand="Nordwind",
    )  # fmt: skip
    assert bring(nordwind, settings, plan).added == 3
    with pytest.raises(NotFoundError):
        plan_survey(tmp_path / "absent.csv", brand="Nordwind")


@pytest.mark.parametrize(
    ("survey", "scale", "given", "score"),
    [
        ("nps", 10, "0", 0), ("nps", 10, "11", None), ("nps", 10, "-1", None), ("nps", 10, "7.5", None),
        ("nps", 10, "9/10", 9), ("nps", 10, "9/5", None), ("nps", 10, "nine", None), ("csat", 5, "0", None),
        ("csat", 5, "5: very satisfied", 5), ("csat", 100, "87,5 %", 87.5), ("csat", 100, "101", None),
        ("csat", 5, "80 %", None), ("ces", 7, "7", 7), ("ces", 7, "8", None),
    ],
)  # fmt: skip
def test_a_score_is_one_of_its_scale(survey: str, scale: float, given: str, score: float | None) -> None:
    assert read_score(survey, scale, given) == score
