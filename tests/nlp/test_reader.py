"""The shipped model at work: offsets, order, languages, and what it is sure to know."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from overheard.nlp.classifier import Classifier
from overheard.nlp.reader import Document, overall, read
from overheard.settings import LANGUAGES

PLAIN = [
    ("en", "Delivery took three weeks.", "speed", "negative"),
    ("de", "Die Lieferung kam drei Wochen zu spät.", "speed", "negative"),
    ("nl", "De levering kwam drie weken te laat.", "speed", "negative"),
    ("fr", "La livraison a pris trois semaines de retard.", "speed", "negative"),
    ("es", "La entrega tardó tres semanas.", "speed", "negative"),
    ("it", "La consegna è arrivata con tre settimane di ritardo.", "speed", "negative"),
    ("pt", "A entrega demorou três semanas.", "speed", "negative"),
    ("ro", "Livrarea a întârziat trei săptămâni.", "speed", "negative"),
    ("en", "The staff were friendly and very helpful.", "service", "positive"),
    ("de", "Das Personal war freundlich und sehr hilfsbereit.", "service", "positive"),
    ("nl", "Het personeel was vriendelijk en erg behulpzaam.", "service", "positive"),
    ("fr", "Le personnel était aimable et très serviable.", "service", "positive"),
    ("es", "El personal fue amable y muy servicial.", "service", "positive"),
    ("it", "Il personale era gentile e molto disponibile.", "service", "positive"),
    ("pt", "Os funcionários foram simpáticos e muito prestáveis.", "service", "positive"),
    ("ro", "Personalul a fost amabil și foarte săritor.", "service", "positive"),
    ("en", "The app crashes every time I open it.", "technology", "negative"),
    ("de", "Die App stürzt bei jedem Start ab.", "technology", "negative"),
]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    """The shipped model."""
    return Classifier()


@pytest.mark.parametrize(("language", "text", "dimension", "polarity"), PLAIN)
def test_plain_sentences_are_read_as_a_person_reads_them(
    classifier: Classifier, language: str, text: str, dimension: str, polarity: str
) -> None:
    (verdict,) = classifier.classify([text])
    assert verdict.dimensions[dimension][0] == polarity
    assert verdict.sentiment == polarity


def test_verdicts_do_not_depend_on_order_or_neighbours(classifier: Classifier) -> None:
    texts = [text for _, text, _, _ in PLAIN]
    together = dict(zip(texts, classifier.classify(texts), strict=True))
    for seed in range(5):
        some = random.Random(seed).sample(texts, 7)
        assert classifier.classify(some) == [together[text] for text in some]


def test_offsets_index_the_field_they_name(classifier: Classifier) -> None:
    fields = {"title": "Never again!", "text": "Waited an hour. 😡 Nobody came...  App is nice though"}
    (reading,) = read(classifier, [Document(fields, "en")], LANGUAGES)
    assert [opinion.field for opinion in reading.opinions][:2] == ["title", "text"]
    for opinion in reading.opinions:
        assert fields[opinion.field][opinion.start : opinion.end] == opinion.text


def test_a_title_that_the_text_opens_with_is_read_once(classifier: Classifier) -> None:
    document = Document({"title": "Great service…", "text": "Great service from start to end. Thanks."}, "en")
    (reading,) = read(classifier, [document], LANGUAGES)
    assert {opinion.field for opinion in reading.opinions} == {"text"}


def test_other_languages_are_not_guessed_at(classifier: Classifier) -> None:
    documents = [Document({"text": "Świetna obsługa."}, "pl"), Document({"text": "Goed."}, "nl")]
    other, dutch = read(classifier, documents, LANGUAGES)
    assert (other.status, other.opinions, other.sentiment) == ("not_analysed", (), None)
    assert dutch.status == "analysed"
    assert read(classifier, documents, ["en"])[1].status == "not_analysed"


@pytest.mark.parametrize(
    ("sentences", "sentiment", "strength"),
    [
        ([], "neutral", 0.0),
        (["neutral"], "neutral", 0.0),
        (["mixed", "neutral"], "mixed", 0.0),
        (["positive", "negative"], "mixed", 0.0),
        (["positive", "positive", "negative"], "positive", 0.3333),
        (["negative", "neutral", "neutral", "neutral"], "negative", -0.25),
    ],
)
def test_the_sentiment_of_a_text_comes_from_its_sentences(
    sentences: list[str], sentiment: str, strength: float
) -> None:
    assert overall(sentences) == (sentiment, strength)


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_read_without_a_crash(classifier: Classifier, text: str) -> None:
    (reading,) = read(classifier, [Document({"text": text}, "en")], LANGUAGES)
    assert all(text[opinion.start : opinion.end] == opinion.text for opinion in reading.opinions)
    assert all(0 <= score <= 1 for o in reading.opinions for _, score in o.verdict.dimensions.values())
