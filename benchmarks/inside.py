"""What speed.py measures inside the classifier: encoder, int8 products, and whether neighbours change a verdict.

    python benchmarks/inside.py --texts FILE --model DIR --rounds N --seconds N --reshuffled N --reshuffles N

Prints {"encoder", "product"} in operations a second, {"equal", "difference"} after reshuffling, and {"machine"}.
"""

from __future__ import annotations

import json
import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import click
import torch
from torch import Tensor

from overheard.commands.understand import LINES_AT_ONCE
from overheard.nlp.classifier import Classifier, Verdict, _same_length, available_cores

PRODUCT = (512, 384, 1536)
"""Rows, inputs and outputs of the matrix product whose speed counts as the processor's peak."""


def encoder_speed(classifier: Classifier, texts: Sequence[str]) -> float:
    """Return the operations a second of the encoder on the classifier's own batches, padding not counted.

    A token takes 4h² + 2hi multiply-adds a layer for the products (h hidden, i inner) and 2th for the attention over
    the t tokens of its sentence; each is two operations. Embeddings and norms do not count.
    """
    shape = classifier.config.encoder
    hidden, inner = shape["hidden_size"], shape["intermediate_size"]
    encoded = [encoding.ids for encoding in classifier.tokenizer.encode_batch(list(texts))]
    layer = sum(t * (4 * hidden**2 + 2 * hidden * inner + 2 * t * hidden) for t in map(len, encoded))
    work = [
        [torch.tensor([chunk[row] for row in group]) for group in _same_length(chunk)]
        for chunk in (encoded[start : start + LINES_AT_ONCE] for start in range(0, len(encoded), LINES_AT_ONCE))
    ]
    begun = time.perf_counter()
    for batches in work:
        deque(classifier._cores.map(partial(_encode, classifier), batches), maxlen=0)
    return float(2 * shape["num_hidden_layers"] * layer / (time.perf_counter() - begun))


def _encode(classifier: Classifier, ids: Tensor) -> None:
    with torch.inference_mode():
        classifier._encode(ids)


def product_speed(seconds: float) -> float:
    """Return the operations a second of torch's fastest int8 matrix product, one thread on each core at once."""
    rows, inputs, outputs = PRODUCT
    cores = available_cores()
    with ThreadPoolExecutor(cores, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        fastest = max(
            sum(pool.map(partial(_repeat, product, seconds), range(cores)))
            for product in _products(rows, inputs, outputs)
        )
    return 2 * rows * inputs * outputs * fastest


def _repeat(product: Callable[[], object], seconds: float, _: int) -> float:
    """Return how often a second the product was computed."""
    product()
    done, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        product()
        done += 1
    return done / (time.perf_counter() - begun)


def _products(rows: int, inputs: int, outputs: int) -> Iterator[Callable[[], object]]:
    weight = torch.randint(-127, 128, (outputs, inputs), dtype=torch.int8)
    yield partial(torch._int_mm, torch.randint(-127, 128, (rows, inputs), dtype=torch.int8), weight.T.contiguous())
    if not hasattr(torch.ops.onednn, "qlinear_pointwise"):
        return
    # Bytes, for signed integers fall to a reference kernel that takes minutes.
    codes = torch.randint(0, 256, (rows, inputs), dtype=torch.uint8)
    packed = torch.ops.onednn.qlinear_prepack(weight, None)
    scale, zeros = torch.full((outputs,), 0.01), torch.zeros(outputs, dtype=torch.int32)
    for result in (torch.float32, torch.bfloat16, torch.uint8):
        yield partial(
            torch.ops.onednn.qlinear_pointwise,
            codes, 1.0, 0, packed, scale, zeros, None, 1.0, 0, result, "none", [], "none",
        )  # fmt: skip


def reshuffled(classifier: Classifier, texts: Sequence[str], times: int) -> tuple[float, float]:
    """Return the share of equal decisions and the widest difference of a score over random orders and chunks.

    Decisions are the sentiment, the touchpoint, and each dimension and signal that either of two readings names.
    """
    chooser = random.Random(1)
    first = dict(zip(texts, map(_said, classifier.classify(texts)), strict=True))
    decided = equal = 0
    widest = 0.0
    for _ in range(times):
        for part in _chunks(chooser.sample(texts, len(texts)), chooser):
            for text, verdict in zip(part, classifier.classify(part), strict=True):
                (decisions, scores), (before, scores_before) = _said(verdict), first[text]
                decided += len(decisions | before)
                equal += len(decisions.items() & before.items())
                widest = max(
                    widest, *(abs(scores[name] - scores_before[name]) for name in scores.keys() & scores_before)
                )
    return equal / decided, widest


def _said(verdict: Verdict) -> tuple[dict[str, str], dict[str, float]]:
    """Return the decisions and the scores of a verdict by name."""
    decisions = {"sentiment": verdict.sentiment, "touchpoint": verdict.touchpoint} | dict.fromkeys(verdict.signals, "")
    scores = {"sentiment": verdict.sentiment_score}
    for name, (polarity, score) in verdict.dimensions.items():
        decisions[name], scores[name] = polarity, score
    return decisions, scores


def _chunks(texts: Sequence[str], chooser: random.Random) -> Iterator[Sequence[str]]:
    """Yield parts of random sizes from 1 to 1024, small ones as often as large ones."""
    while texts:
        size = round(2 ** chooser.uniform(0, 10))
        yield texts[:size]
        texts = texts[size:]


def machine(classifier: Classifier) -> dict[str, Any]:
    """Return what matters here: cores, instruction sets, torch, the number format that the classifier chose."""
    sets = {
        "avx2": torch.cpu._is_avx2_supported(), "avx512": torch.cpu._is_avx512_supported(),
        "avx512_vnni": torch.cpu._is_vnni_supported(), "avx512_bf16": torch.cpu._is_avx512_bf16_supported(),
        "amx": torch.cpu._is_amx_tile_supported(),
    }  # fmt: skip
    return {
        "cores": available_cores(),
        "instruction_sets": [name for name, there in sets.items() if there],
        "torch": torch.__version__,
        "model": classifier.version,
        "number_format": classifier.number_format,
    }


@click.command()
@click.option("--texts", "path", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True)
@click.option("--model", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True)
@click.option("--rounds", type=int, required=True)
@click.option("--seconds", type=float, required=True, help="For each product in a round.")
@click.option("--reshuffled", "count", type=int, required=True, help="How many texts are reshuffled.")
@click.option("--reshuffles", type=int, required=True)
def inside(path: Path, folder: Path, rounds: int, seconds: float, count: int, reshuffles: int) -> None:
    """Measure the classifier from inside: the encoder's median and the product's best over the rounds, taking turns."""
    texts = path.read_text(encoding="utf-8").splitlines()
    classifier = Classifier(folder)
    speeds = [(encoder_speed(classifier, texts), product_speed(seconds)) for _ in range(rounds)]
    equal, difference = reshuffled(classifier, texts[:count], reshuffles)
    found = {
        "encoder": median(encoder for encoder, _ in speeds), "product": max(product for _, product in speeds),
        "equal": equal, "difference": difference, "machine": machine(classifier),
    }  # fmt: skip
    click.echo(json.dumps(found))


if __name__ == "__main__":
    inside()
