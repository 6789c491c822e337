"""The 8-bit form: close to the floats it stands for, and blind to a sentence's neighbours."""

from __future__ import annotations

import json
import random

import pytest
import torch

from overheard.nlp.classifier import Classifier, NumberFormat, Verdict, shipped_model
from overheard.nlp.encoder import QuantisedEncoder, quantisable, quantise_rows

CORPUS = shipped_model().parent / "corpus"
needs_integers = pytest.mark.skipif(not quantisable(), reason="this processor does not multiply 8-bit integers")


def sentences(count: int) -> list[str]:
    lines = (CORPUS / "authored.jsonl").read_text(encoding="utf-8").splitlines()
    texts = list(dict.fromkeys(json.loads(line)["text"] for line in random.Random(5).sample(lines, 2 * count)))
    return texts[:count]


def decisions(verdict: Verdict) -> list[object]:
    """Everything that a verdict decides, one item a decision."""
    return [
        verdict.sentiment,
        verdict.touchpoint,
        *verdict.signals,
        *((n, p) for n, (p, _) in verdict.dimensions.items()),
    ]


def agreement(ones: list[Verdict], others: list[Verdict]) -> float:
    """The share of decisions that both took, of those that either took."""
    same = either = 0
    for one, other in zip(ones, others, strict=True):
        a, b = set(decisions(one)), set(decisions(other))
        same, either = same + len(a & b), either + len(a | b)
    return same / either


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier()


@pytest.mark.parametrize("number_format", list(NumberFormat))
def test_every_number_format_reads_alike(number_format: NumberFormat) -> None:
    if number_format is NumberFormat.INT8 and not quantisable():
        pytest.skip("this processor does not multiply 8-bit integers")
    texts = sentences(300)
    floats = Classifier(number_format=NumberFormat.FLOAT32).classify(texts)
    assert agreement(floats, Classifier(number_format=number_format).classify(texts)) > 0.93


def apart(one: Verdict, two: Verdict) -> float:
    """The widest difference between two scores of verdicts that decide the same."""
    scores = [(one.sentiment_score, two.sentiment_score)]
    scores += [(one.dimensions[name][1], two.dimensions[name][1]) for name in one.dimensions]
    return max(abs(first - second) for first, second in scores)


@pytest.mark.slow
def test_neighbours_order_and_batch_change_nothing(classifier: Classifier) -> None:
    texts = sentences(2000)
    before = dict(zip(texts, classifier.classify(texts), strict=True))
    for seed in range(20):
        chooser = random.Random(seed)
        shuffled = chooser.sample(texts, len(texts))
        size = chooser.randint(1, 2000)
        found = [v for start in range(0, len(texts), size) for v in classifier.classify(shuffled[start : start + size])]
        expected = [before[text] for text in shuffled]
        assert list(map(decisions, found)) == list(map(decisions, expected))
        # The number of rows decides how a float product adds up: the fourth decimal of a score may round otherwise.
        assert max(map(apart, found, expected)) <= 0.001


@needs_integers
def test_the_integers_stay_close_to_the_floats() -> None:
    network = Classifier(number_format=NumberFormat.FLOAT32).network
    ids = torch.randint(5, 4000, (3, 17), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        floats, integers = network.encoder(ids), QuantisedEncoder(network.encoder)(ids)
    assert torch.nn.functional.cosine_similarity(floats.flatten(), integers.flatten(), 0) > 0.97


def test_quantising_what_was_quantised_changes_nothing() -> None:
    weight = torch.randn(40, 60, generator=torch.Generator().manual_seed(2))
    whole, scale = quantise_rows(weight)
    again, same_scale = quantise_rows(whole.float() * scale.float())
    assert torch.equal(whole, again)
    assert torch.equal(scale, same_scale)
    assert (whole.float() * scale.float() - weight).abs().max() <= scale.float().max() * 0.51
