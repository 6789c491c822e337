"""The invented reviews: enough of them, in every language and place, unlike each other, with something to mask."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any

import pytest

from overheard.demo import content
from overheard.settings import LANGUAGES

OPTIONAL = {"title", "stars", "product", "country", "version", "reply", "reply_days"}
REQUIRED = {"id", "brand", "kind", "language", "days_ago", "hour", "author", "text"}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    lines = resources.files("overheard.demo").joinpath("reviews.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_every_row_has_the_keys_of_its_kind(rows: list[dict[str, Any]]) -> None:
    own = {"schemaorg": {"product", "stars"}, "appstore": {"country", "version", "title", "stars"}, "feed": {"title"}}
    for row in rows:
        assert set(row) >= REQUIRED | own[row["kind"]], row["id"]
        assert set(row) <= REQUIRED | OPTIONAL, row["id"]
        assert ("stars" in row) == (row["kind"] != "feed"), row["id"]
        assert row.get("stars", 1) in range(1, 6), row["id"]


def test_nothing_is_said_twice(rows: list[dict[str, Any]]) -> None:
    for key in ("id", "text", "reply"):
        given = [row[key] for row in rows if key in row]
        assert len(set(given)) == len(given), key


def test_each_language_has_at_least_25_reviews_and_a_few_are_in_others(rows: list[dict[str, Any]]) -> None:
    count = Counter(row["language"] for row in rows)
    assert {language: count[language] for language in LANGUAGES if count[language] < 25} == {}
    assert 2 <= sum(number for language, number in count.items() if language not in LANGUAGES) <= 4


def test_every_brand_is_reviewed_everywhere_in_every_language_and_with_all_stars(rows: list[dict[str, Any]]) -> None:
    for brand in ("Velinde", "Pakkaro"):
        own = [row for row in rows if row["brand"] == brand]
        places = {(row["kind"], row["language"]) for row in own}
        assert places >= {(kind, language) for kind in ("schemaorg", "appstore", "feed") for language in LANGUAGES}
        assert {row["stars"] for row in own if "stars" in row} == {1, 2, 3, 4, 5}
        assert sum("reply" in row for row in own) >= 5


@pytest.mark.parametrize(
    ("pattern", "least"),
    [
        pytest.param(r"[\w.]+@[\w.]+\.example", 5, id="e-mail"),
        pytest.param(r"(?<!\w)0\d[\d ]{7,12}\d", 4, id="phone"),
        pytest.param(r"(?<!\d)(?:4111 1111 1111 1111)", 1, id="card"),
        pytest.param(r"\b704\d{5}\b", 5, id="order number"),
        pytest.param(r"@dealhunter_77\b", 1, id="handle"),
        pytest.param(r"https://\S+token=\w+", 1, id="URL with a token"),
    ],
)
def test_there_is_personal_data_to_mask(rows: list[dict[str, Any]], pattern: str, least: int) -> None:
    assert sum(bool(re.search(pattern, row["text"])) for row in rows) >= least


def test_the_account_numbers_check_out(rows: list[dict[str, Any]]) -> None:
    found = [m for row in rows for m in re.findall(r"\b[A-Z]{2}\d{2}(?: [A-Z0-9]{1,4}){3,7}", row["text"])]
    assert len(found) >= 5
    for iban in found:
        turned = iban.replace(" ", "")[4:] + iban[:4]
        assert int("".join(str(int(character, 36)) for character in turned)) % 97 == 1, iban


def test_dates_count_back_from_the_start() -> None:
    started = datetime(2026, 3, 1, 0, 30, tzinfo=UTC)
    reviews = content.load(started)
    assert list(reviews) == sorted(reviews, key=lambda review: review.published, reverse=True)
    assert started - timedelta(days=121) < reviews[-1].published < reviews[0].published < started
    assert sum(review.published > started - timedelta(days=90) for review in reviews) > len(reviews) * 2 / 3
    assert all(review.published < review.replied < started for review in reviews if review.replied)
    assert content.load(started + timedelta(days=7))[0].published == reviews[0].published + timedelta(days=7)
