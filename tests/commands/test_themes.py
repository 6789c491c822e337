"""`overheard themes` as a person types it."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select
from told import Said, Told, count_up, tell

from overheard.cli import overheard
from overheard.nlp.themes import WIDTH
from overheard.store.brands import add_brand, find_brand, import_source
from overheard.store.database import Store
from overheard.store.surveys import survey_source
from overheard.store.tables import Brand, ModelVersion, Opinion
from overheard.store.themes import Theme, ThemeOpinion, sentences


@pytest.fixture(autouse=True)
def themes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store with two themes of one side, of three and of two mentions, and one opinion in none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OVERHEARD_CONFIG", raising=False)
    assert run("init").exit_code == 0
    store = Store.create(f"sqlite:///{tmp_path / 'overheard.db'}")
    said = ["No answer.", "Kein Wort.", "Aucune réponse.", "Where is my money?", "Geen geld terug.", "Shut."]
    with store.session() as session:
        version = ModelVersion(name="opinion-7", created_at=datetime.now(UTC))
        session.add(version)
        session.flush()
        brand = add_brand(session, "Nordwind")
        brand.model_version_id = version.id
        for text in said:
            pain = Said(text=text, sentiment="negative", dimensions={"resolution": ("negative", 0.9)})
            tell(session, brand, import_source(session, "post"), Told(sentences=(pain,)))
        first, second = (_theme(brand, version, name) for name in ("No \x1b[31manswer", "Money"))
        session.add_all([first, second])
        session.flush()
        for number, opinion in enumerate(session.query(Opinion).order_by(Opinion.id).limit(5)):
            theme = first if number < 3 else second
            session.add(
                ThemeOpinion(
                    opinion_id=opinion.id, brand_id=brand.id, dimension="resolution", theme_id=theme.id, similarity=0.9
                )
            )
            theme.opinions += 1
    count_up(store)
    store.close()


def _theme(brand: Brand, version: ModelVersion, name: str) -> Theme:
    return Theme(
        brand_id=brand.id, model_version_id=version.id, dimension="resolution", polarity="negative", name=name,
        named_by="auto", pinned=False, keyphrases=["answer"], centroid=np.zeros(WIDTH, np.float32).tobytes(),
        opinions=0, settled=3, born=date(2026, 10, 1), created_at=datetime.now(UTC),
    )  # fmt: skip


def run(*arguments: str) -> Result:
    return CliRunner().invoke(overheard, list(arguments))


def listed(*arguments: str) -> dict[str, object]:
    done = run("themes", *arguments, "--format", "json")
    assert done.exit_code == 0, done.output
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_the_brand_alone_lists_its_themes() -> None:
    found = listed("Nordwind")
    assert (found["opinions"], found["outside"], found["themes_found"]) == (6, 1, 2)
    first = found["themes"][0]  # type: ignore[index]
    assert (first["id"], first["mentions"], first["polarity"]) == (1, 3, "negative")
    assert [quote["text"] for quote in first["quotes"]] == ["No answer.", "Kein Wort.", "Aucune réponse."]
    assert listed("list", "Nordwind") == listed("--limit", "15", "Nordwind") == found


def test_a_table_counts_what_is_in_none_and_cannot_be_steered() -> None:
    shown = run("themes", "Nordwind", "--limit", "1").stdout
    assert "1 (17 %) are in none" in shown
    assert "1 more" in shown
    assert "\x1b" not in shown
    assert "pain in Resolution" in shown


def test_csv_and_markdown() -> None:
    rows = list(csv.DictReader(io.StringIO(run("themes", "Nordwind", "--format", "csv").stdout)))
    assert [(row["name"], row["opinions"]) for row in rows] == [
        ("No answer", "3"), ("Money", "2"), ("in no theme", "1"),
    ]  # fmt: skip
    assert "## No answer" in run("themes", "Nordwind", "--format", "md").stdout


@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_file_of_the_first_themes_says_so_beside_it(form: str) -> None:
    done = run("themes", "Nordwind", "--limit", "1", "--format", form)
    assert "1 more; --limit 2 shows all" in done.stderr
    assert "more" not in done.stdout
    assert run("themes", "Nordwind", "--format", form).stderr == ""


def test_a_theme_is_named_by_what_was_said_in_public_first(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'overheard.db'}")
    with store.session() as session:
        brand = find_brand(session, "Nordwind")
        survey = survey_source(session, "asked")
        told = Said(text="I was asked.", sentiment="negative", dimensions={"resolution": ("negative", 0.9)})
        mention = tell(session, brand, survey, Told(sentences=(told,)))
        opinion = session.scalars(select(Opinion).where(Opinion.mention_id == mention.id)).one()
        session.add(
            ThemeOpinion(opinion_id=opinion.id, brand_id=brand.id, dimension="resolution", theme_id=1, similarity=1.0)
        )
        session.flush()
        assert [each.text for each in sentences(session, 1, 4)] == [
            "No answer.", "Kein Wort.", "Aucune réponse.", "I was asked.",
        ]  # fmt: skip
    store.close()


def test_filters() -> None:
    assert listed("Nordwind", "--dimension", "speed")["opinions"] == 0
    assert listed("Nordwind", "--polarity", "positive")["themes"] == []
    assert listed("Nordwind", "--since", "2027-01-01")["opinions"] == 0


def found(query: str) -> int:
    done = run("mentions", "Nordwind", "--query", query, "--format", "json")
    assert done.exit_code == 0, done.output
    return len(json.loads(done.stdout))


def test_mentions_of_a_theme_are_found_by_its_number_also_by_the_one_that_it_had() -> None:
    assert [found(query) for query in ("theme:1", "theme:2", "theme:1 OR theme:2", "NOT theme:1")] == [3, 2, 5, 3]
    assert run("themes", "merge", "Nordwind", "2", "1").exit_code == 0
    assert [found(query) for query in ("theme:1", "theme:2", "NOT theme:2")] == [5, 5, 1]
    for query in ("theme:9", "NOT theme:9"):
        done = run("mentions", "Nordwind", "--query", query)
        assert str(done.exception) == "no theme 9 of 'Nordwind'; `overheard themes list` shows their numbers"


def test_what_a_person_changes_is_kept_and_logged() -> None:
    for arguments in (("rename", "Nordwind", "1", "No reply"), ("pin", "Nordwind", "2")):
        assert run("themes", *arguments).exit_code == 0
    assert [theme["name"] for theme in listed("Nordwind")["themes"]] == ["Money", "No reply"]  # type: ignore[attr-defined]
    assert run("themes", "merge", "Nordwind", "2", "1").exit_code == 0
    found = listed("Nordwind")["themes"]
    assert [(theme["id"], theme["mentions"]) for theme in found] == [(1, 5)]  # type: ignore[attr-defined]
    events = listed("log", "Nordwind")["events"]
    assert [event["event"] for event in events] == ["merged", "pinned", "renamed"]  # type: ignore[attr-defined]
    for form in ("table", "csv", "md"):
        assert "merged" in run("themes", "log", "Nordwind", "--format", form).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("Nobody",), ("Nordwind", "--limit", "0"), ("Nordwind", "--dimension", "taste"),
        ("rename", "Nordwind", "9", "x"),
        ("rename", "Nordwind", "1", ""), ("merge", "Nordwind", "1", "1"), ("pin", "Nordwind", "-1"), ("rename",),
    ],
)  # fmt: skip
def test_asked_wrongly(arguments: tuple[str, ...]) -> None:
    done = run("themes", *arguments)
    assert done.exit_code == 2 or getattr(done.exception, "exit_code", 0) == 2, done.output
