"""Relevance: excluded phrases, where a brand is named, and the shipped weights on brands that a fit has not seen."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overheard.nlp.classifier import Classifier
from overheard.nlp.relevance import Document, Profile, fingerprint, judge

ROOT = Path(__file__).resolve().parents[2]

ORANGE = Profile(
    name="Orange",
    aliases=("Orange Romania", "@orange_help"),
    products=("Livebox", "Orange Money"),
    exclusions=("orange juice", "Agent Orange", "marmalade"),
    industry="telecommunications",
    description="Orange offers mobile phones, fibre and television.",
    sought='"le opérateur" fibre',
)


@pytest.mark.parametrize(
    ("text", "exclusion"),
    [
        ("Orange raised my bill.", None),
        ("A glass of orange juice, please.", "orange juice"),
        ("Fresh #OrangeJuice every day", "OrangeJuice"),
        ("orange  juices", "orange juices"),
        ("Agent Orange again", "Agent Orange"),
        ("Orange juice at the Orange shop", None),
        ("Orange juice while the Livebox restarts", None),
        ("My Orange marmalade", "marmalade"),
        ("Livebox and marmalade", "marmalade"),
        ("blood orange juicer", None),
    ],
)
def test_an_excluded_phrase_decides_unless_the_brand_is_named_besides(text: str, exclusion: str | None) -> None:
    assert ORANGE.exclusion(text) == exclusion


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Orange and ORANGE’s and #orange", ["Orange", "ORANGE’s", "orange"]),
        ("Thanks @orange_help!", ["orange_help"]),
        ("Oranges, orange juice and Orange", ["Oranges", "Orange"]),
        ("My livebox blinks", ["livebox"]),
        ("La fibre du voisin", ["fibre"]),
        ("le  opérateur historique", ["le  opérateur"]),
        ("Orangerie, Porange", []),
        ("", []),
    ],
)
def test_a_brand_is_found_by_name_then_product_then_what_was_searched(text: str, named: list[str]) -> None:
    assert [text[start:end] for start, end in ORANGE.find(text)] == named


@given(st.text(), st.lists(st.text(max_size=8), max_size=3))
def test_whatever_the_words_are_what_is_found_is_in_the_text(text: str, words: list[str]) -> None:
    profile = Profile(name=words[0] if words else "x", products=tuple(words), exclusions=tuple(words[1:]))
    assert all(0 <= start < end <= len(text) for start, end in profile.find(text))
    profile.exclusion(text)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    """The shipped model."""
    return Classifier()


TEXTS = [
    "I moved my phone contract to Orange, the Livebox came the next day.",
    "She wore an orange scarf and orange shoes.",
    "orange juice",
    "Nothing named here.",
    f"{'The long way. ' * 60} I called Orange about my Livebox. {'And then it rained. ' * 40} An orange cat came by.",
]


def test_a_judgement_does_not_depend_on_its_neighbours(classifier: Classifier) -> None:
    documents = [Document(text, "en") for text in TEXTS]
    together = dict(zip(documents, judge(classifier, ORANGE, documents), strict=True))
    assert [judged.decided_by for judged in together.values()] == ["score", "score", "exclusion", "name", "score"]
    assert [judged.rejected for judged in together.values()][:4:2] == [False, True]
    assert together[documents[3]].rejected
    for seed in range(3):
        some = random.Random(seed).sample(documents, 3)
        assert judge(classifier, ORANGE, some) == [together[document] for document in some]
    assert judge(classifier, ORANGE, []) == []


def test_of_a_long_text_the_likeliest_passage_counts(classifier: Classifier) -> None:
    near = "I called Orange about my Livebox, the phone line is dead."
    far = f"An orange cat came by. {'And then it rained. ' * 40} {near}"
    whole, alone = judge(classifier, ORANGE, [Document(far, "en"), Document("An orange cat came by.", "en")])
    assert whole.relevance is not None
    assert alone.relevance is not None
    assert whole.relevance > alone.relevance


def test_another_brand_or_word_is_another_fingerprint(classifier: Classifier) -> None:
    same = Profile(name="Orange", products=("Livebox",))
    assert fingerprint(classifier, same) == fingerprint(classifier, Profile(name="Orange", products=("Livebox",)))
    others = [
        Profile(name="Orange"),
        Profile(name="Orange", exclusions=("Livebox",)),
        Profile(name="Orange", sought="x"),
    ]
    assert len({fingerprint(classifier, profile) for profile in (same, *others)}) == 4


FLOORS = {"overheard": 0.806, "overheard, fitted on names.jsonl": 0.786}
REJECTED_FLOOR = 0.41
EPSILON = 0.02
"""Number formats differ on a few borderline texts."""
SHA256 = "04265eb69275c2f59af0a4a45b64209e9ce965a4c14927c663ef6e150038935d"


@pytest.mark.slow
def test_relevance_holds_on_brands_that_the_fit_has_not_seen() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "relevance.py"), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["sha256"] == SHA256, "these are not the texts that the floors were measured on"
    assert found["fitted_on"] == SHA256, "the shipped weights were fitted on other texts: run `make relevance-fit`"
    rows = {row["system"]: row for row in found["results"] if row["set"] == "ambiguous"}
    for system, floor in FLOORS.items():
        assert rows[system]["auc"] >= floor - EPSILON
        assert rows[system]["auc"] > rows["exclusion words, then TF-IDF + LR"]["auc"]
    assert rows["overheard"]["trade"]["0.95"] >= REJECTED_FLOOR - EPSILON
