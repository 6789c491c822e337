"""What a search finds is judged before it is read; what is not about the brand can be looked at and brought back."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from overheard.store.brands import add_source, find_brand
from overheard.store.database import Store
from overheard.store.mentions import MentionDraft, upsert

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
DRAFT = MentionDraft(
    external_id="", title=None, text="", language="en", rating=None, rating_given=None, rating_scale=None, author=None,
    url=None, published=NOW, edited=None, fetched=NOW, reply_state="unknown", reply=None, replied=None,
)  # fmt: skip
FOUND = [
    "I moved my phone contract to Orange, the Livebox came the next day.",
    "Orange juice for breakfast, every day of the week.",
    "The orange cat ate my tangerine peel.",
]
REVIEW = "A glass of orange juice would be better than this shop."


def overheard(folder: Path, *arguments: str) -> str:
    """Run the command line in a folder, to a good end; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "overheard", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def answer(folder: Path, *arguments: str) -> Any:
    """Return what a command says as JSON."""
    return json.loads(overheard(folder, *arguments, "--format", "json"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a brand, what a search found for it, and a review on its own page; classified."""
    folder = tmp_path_factory.mktemp("home")
    overheard(folder, "init")
    overheard(
        folder, "brand", "add", "Orange", "--product", "Livebox", "--exclusion", "orange juice",
        "--description", "Orange offers mobile phones, fibre and television.",
    )  # fmt: skip
    store = Store.open(f"sqlite:///{folder}/overheard.db")
    with store.session() as session:
        brand = find_brand(session, "Orange")
        search = add_source(session, brand, "hackernews", {"query": "orange"})
        page = add_source(session, brand, "schemaorg", {"url": "https://a.example"})
        drafts = [replace(DRAFT, external_id=str(number), text=text) for number, text in enumerate(FOUND)]
        upsert(session, search, drafts, [brand.id])
        upsert(session, page, [replace(DRAFT, external_id="1", text=REVIEW)], [brand.id])
    store.close()
    return folder


def test_the_judgement_from_end_to_end(home: Path) -> None:
    first = overheard(home, "classify").splitlines()
    assert first[0].startswith("3 mentions found by searches, ")
    summary = answer(home, "summary", "Orange")
    rejected = answer(home, "mentions", "Orange", "--rejected")
    assert summary["mentions"] + summary["rejected"] == 4
    assert (summary["rejected"], summary["pending"]) == (len(rejected), 0)
    by_text = {mention["text"]: mention for mention in rejected}
    assert {FOUND[1]} <= set(by_text) <= set(FOUND[1:])
    juice = by_text[FOUND[1]]
    assert {key: juice[key] for key in ("relevance", "rejected", "decided_by", "reason", "status")} == {
        "relevance": None, "rejected": True, "decided_by": "exclusion", "reason": "Orange juice", "status": "rejected",
    }  # fmt: skip
    assert "rejected for “Orange juice”" in overheard(home, "mentions", "Orange", "--rejected")
    assert f"; {len(rejected)} more are not about the brand" in " ".join(overheard(home, "summary", "Orange").split())
    assert answer(home, "classify")["judged"] == 0

    number = str(juice["mention_id"])
    overheard(home, "accept", "Orange", number)
    overheard(home, "classify")
    accepted = {mention["text"]: mention for mention in answer(home, "mentions", "Orange")}[FOUND[1]]
    assert (accepted["decided_by"], accepted["status"], accepted["reason"]) == ("user", "analysed", None)
    overheard(home, "brand", "edit", "Orange", "--exclusion", "phone contract", "--drop", "Livebox")
    again = answer(home, "classify")
    assert (again["judged"], again["mentions"]) == (2, 0)
    texts = [mention["text"] for mention in answer(home, "mentions", "Orange", "--rejected")]
    assert FOUND[1] not in texts
    overheard(home, "reject", "Orange", number)
    assert FOUND[1] in [mention["text"] for mention in answer(home, "mentions", "Orange", "--rejected")]
    assert "rejected by you" in overheard(home, "mentions", "Orange", "--rejected", "--format", "md")
    assert answer(home, "summary", "Orange")["mentions"] == len(answer(home, "mentions", "Orange"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("accept", "Orange", "77"), ("no mention 77 of 'Orange'", "overheard mentions")),
        (("reject", "Orange", "x"), ("'x'",)),
        (("mentions", "Orange", "--rejected", "--dimension", "speed"), ("rejected mentions are not read",)),
        (("brand", "edit", "Orange", "--description", "x" * 501), ("501 characters", "at most 500")),
    ],
)
def test_one_line_names_what_is_wrong(home: Path, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "overheard", *arguments]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_a_description_is_exported_and_imported(home: Path, tmp_path: Path) -> None:
    exported = overheard(home, "config", "export")
    assert 'description = "Orange offers mobile phones, fibre and television."' in exported
    overheard(tmp_path, "init")
    (tmp_path / "brands.toml").write_text(exported, encoding="utf-8")
    overheard(tmp_path, "config", "import", "brands.toml")
    assert overheard(tmp_path, "config", "export") == exported
