"""Sentences in, verdicts out: one forward pass for all heads, batches packed by length.

A batch holds sentences of one token count only, so nothing is padded and a sentence's verdict does not depend on its
neighbours' lengths. Each core reads batches of its own with one thread: cores that share a batch wait for one another
at every operation, which costs a factor of ten as soon as another program wants one of them. Numbers are 8-bit integers
or bfloat16 where the processor multiplies them natively, else float32.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from importlib import resources
from itertools import chain, islice
from pathlib import Path

import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor

from overheard.errors import ModelError
from overheard.nlp.calibration import opinion_scores, probabilities
from overheard.nlp.encoder import Encoder, QuantisedEncoder, quantisable
from overheard.nlp.network import POLARITIES, SENTIMENTS, TOKENIZER, WEIGHTS, Logits, NetworkConfig, OpinionNetwork

# oneDNN keeps a compiled product for every shape of batch that it met, by default 1024 of them: hundreds of MB.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")

TOKENS_A_BATCH = 2048
"""Enough for the matrix products to run at full speed on one core, small enough to stay in its caches."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one sentence says: `dimensions` maps a name to (polarity, calibrated probability of both together)."""

    sentiment: str
    sentiment_score: float
    touchpoint: str
    signals: tuple[str, ...]
    dimensions: Mapping[str, tuple[str, float]]


def shipped_model() -> Path:
    """Return the folder of the weights that come with the package."""
    return Path(str(resources.files("overheard.models") / "opinion"))


class NumberFormat(StrEnum):
    """The numbers that the encoder computes with; all read the same 8-bit weights."""

    INT8 = "int8"
    BFLOAT16 = "bfloat16"
    FLOAT32 = "float32"

    @classmethod
    def native(cls) -> NumberFormat:
        """Return the fastest format that this processor multiplies itself."""
        if quantisable():
            return cls.INT8
        if torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported():
            return cls.BFLOAT16
        return cls.FLOAT32


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Classifier:
    """The trained network with its tokenizer; loading takes about a second, `classify` is deterministic."""

    def __init__(self, folder: Path | None = None, number_format: NumberFormat | None = None) -> None:
        self.folder = folder or shipped_model()
        self.number_format = number_format or NumberFormat.native()
        self.network = OpinionNetwork.load(self.folder)
        self.config: NetworkConfig = self.network.config
        self._encode: Encoder | QuantisedEncoder = self.network.encoder
        if self.number_format is NumberFormat.INT8:
            self._encode = QuantisedEncoder(self.network.encoder)
        elif self.number_format is NumberFormat.BFLOAT16:
            self.network.bfloat16()
        try:
            self.tokenizer = Tokenizer.from_file(str(self.folder / TOKENIZER))
        except Exception as error:  # tokenizers raises the bare class
            raise ModelError(
                f"tokenizer in {str(self.folder)!r} cannot be read: {error}; reinstall overheard"
            ) from None
        self.tokenizer.enable_truncation(self.config.max_tokens)
        torch.set_num_threads(1)
        # Threads give the interpreter back after every product; one that waits for it the usual 5 ms stands idle for
        # longer than a product takes.
        sys.setswitchinterval(0.0005)
        self._cores = ThreadPoolExecutor(available_cores(), "classify")

    @cached_property
    def version(self) -> str:
        """The model version that answers name: the configured name and the first digits of the weights' SHA-256."""
        with (self.folder / WEIGHTS).open("rb") as file:
            return f"{self.config.version}-{hashlib.file_digest(file, 'sha256').hexdigest()[:8]}"

    def classify(self, sentences: Sequence[str]) -> list[Verdict]:
        """Return a verdict for each sentence, in order."""
        encoded = [encoding.ids for encoding in self.tokenizer.encode_batch(list(sentences))]
        groups = list(_same_length(encoded))
        found = self._cores.map(lambda group: self._read([encoded[number] for number in group]), groups)
        verdicts = dict(zip(chain.from_iterable(groups), chain.from_iterable(found), strict=True))
        _give_memory_back()
        return [verdicts[number] for number in range(len(encoded))]

    def _read(self, batch: Sequence[list[int]]) -> list[Verdict]:
        """Return the verdicts of sentences that have the same number of tokens."""
        ids = torch.tensor(batch)
        with torch.inference_mode():
            return list(self._verdicts(probabilities(self.network.judge(self._encode(ids)), self.config)))

    def contexts(self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]], depth: int) -> Tensor:
        """Return what the encoder's first `depth` layers make of texts, floats of shape (texts, 2, hidden).

        The first of the two vectors is the mean token state over a text's `spans` (start, end), the second over all of
        it; of a text longer than `max_tokens` only the beginning is read. Spans without a token give the second twice.
        """
        encoded = self.tokenizer.encode_batch(list(texts))
        weights = [_token_weights(encoding, where) for encoding, where in zip(encoded, spans, strict=True)]
        groups = list(_same_length([encoding.ids for encoding in encoded]))

        def pool(group: Sequence[int]) -> Tensor:
            with torch.inference_mode():
                by_layer = self._encode.by_layer(torch.tensor([encoded[number].ids for number in group]))
                states = next(islice(by_layer, depth - 1, None)).float()
                return torch.stack([weights[number] for number in group]) @ states

        found = torch.cat(list(self._cores.map(pool, groups)))
        return found[torch.tensor(list(chain.from_iterable(groups))).argsort()]

    def layers(self, texts: Sequence[str], depths: Sequence[int]) -> Tensor:
        """Return the mean token states of texts after some of the encoder's layers, (texts, depths, hidden) floats.

        `depths` counts the layers from 1; of a text longer than `max_tokens` only the beginning is read.
        """
        if not texts:
            return torch.empty(0, len(depths), self.config.encoder["hidden_size"])
        encoded = [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts))]
        groups = list(_same_length(encoded))

        def pool(group: Sequence[int]) -> Tensor:
            with torch.inference_mode():
                ids = torch.tensor([encoded[number] for number in group])
                words = slice(1, -1) if ids.shape[1] > 2 else slice(None)  # without the marks at both ends
                layers = enumerate(self._encode.by_layer(ids), 1)
                means = [states[:, words].float().mean(1) for depth, states in layers if depth in depths]
                return torch.stack(means, 1)

        found = torch.cat(list(self._cores.map(pool, groups)))
        return found[torch.tensor(list(chain.from_iterable(groups))).argsort()]

    def _verdicts(self, found: Logits) -> Iterator[Verdict]:
        config = self.config
        likeliest, polarity = found.dimensions[..., 1:].max(-1)
        present = 1 - found.dimensions[..., 0] >= config.thresholds.get("dimensions", 0.5)
        signals = found.signals >= config.thresholds.get("signals", 0.5)
        rows = zip(
            found.sentiment.tolist(), found.touchpoint.argmax(-1).tolist(), signals.tolist(), present.tolist(),
            polarity.tolist(), opinion_scores(likeliest, config).tolist(), strict=True,
        )  # fmt: skip
        for sentiments, touchpoint, signals_, present_, polarity_, scores in rows:
            dimensions = {
                name: (POLARITIES[which + 1], round(score, 4))
                for name, given, which, score in zip(config.dimensions, present_, polarity_, scores, strict=True)
                if given
            }
            sentiment = _sentiment(sentiments, {word for word, _ in dimensions.values()})
            yield Verdict(
                SENTIMENTS[sentiment],
                round(sentiments[sentiment], 4),
                config.touchpoints[touchpoint],
                tuple(name for name, given in zip(config.signals, signals_, strict=True) if given),
                dimensions,
            )


def _sentiment(probabilities: Sequence[float], polarities: set[str]) -> int:
    """Return the likeliest sentiment's number; a sentence whose opinions all point one way is not neutral."""
    best = max(range(len(SENTIMENTS)), key=probabilities.__getitem__)
    if SENTIMENTS[best] == "neutral" and len(polarities) == 1:
        return SENTIMENTS.index(polarities.pop())
    return best


def _give_memory_back() -> None:
    """Hand freed memory back to the system: glibc else keeps it, in an arena for each thread."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _token_weights(encoding: Encoding, spans: Sequence[tuple[int, int]]) -> Tensor:
    """Return the weights, (2, tokens), that make a mean over the tokens of the spans, and one over all tokens."""
    words = [start < end for start, end in encoding.offsets]  # the marks at both ends of a text have no characters
    inside = [
        word and any(start < last and end > first for first, last in spans)
        for word, (start, end) in zip(words, encoding.offsets, strict=True)
    ]
    rows = torch.tensor([inside if any(inside) else words, words], dtype=torch.float32)
    return rows / rows.sum(1, keepdim=True).clamp_min(1)


def _same_length(encoded: Sequence[list[int]]) -> Iterator[list[int]]:
    """Yield groups of row numbers of one token count, at most `TOKENS_A_BATCH` tokens each."""
    by_length: dict[int, list[int]] = defaultdict(list)
    for number, ids in enumerate(encoded):
        by_length[len(ids)].append(number)
    for length in sorted(by_length, reverse=True):
        rows = by_length[length]
        size = max(1, TOKENS_A_BATCH // length)
        for start in range(0, len(rows), size):
            yield rows[start : start + size]
