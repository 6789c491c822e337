"""The network: one encoder pass over a sentence, one attention query per label, small linear heads.

Each label (a dimension, the sentiment, the touchpoint, a signal) has a query of its own that attends over the token
states; its pooled vector and the mean vector of the sentence go through the label's own linear layer. "The driver was
kind, the parcel late" is thus read at *kind* for service and at *late* for speed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from overheard.errors import ModelError
from overheard.nlp.encoder import CODES, Encoder, quantise_rows

POLARITIES = ("absent", "negative", "neutral", "positive")
SENTIMENTS = ("negative", "neutral", "positive", "mixed")

WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer.json"

WORDS = "words.safetensors"
"""The word vectors: training leaves them as they are in the base, so versions with one vocabulary share this file."""

WORD_VECTORS = "encoder.words."
"""What the names of the word vectors begin with."""

INT8, SCALE = ".int8", ".scale"
"""What the two parts of an 8-bit matrix are called behind its name."""


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """What the weights mean: label orders, encoder shape and calibration; it travels with them as config.json.

    `calibration` holds per head group (`dimensions`, `sentiment`, `touchpoint`, `signals`), and for `opinions` shown,
    a temperature and biases fitted on rows that no training step saw; `thresholds` the least probability at which a
    dimension or signal counts.
    """

    version: str
    languages: tuple[str, ...]
    dimensions: tuple[str, ...]
    touchpoints: tuple[str, ...]
    signals: tuple[str, ...]
    encoder: dict[str, Any]
    max_tokens: int = 128
    calibration: dict[str, list[float]] = field(default_factory=dict)
    thresholds: dict[str, float] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> NetworkConfig:
        """Read config.json; raises ModelError when it is missing or not ours."""
        try:
            content = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
            for key in ("languages", "dimensions", "touchpoints", "signals"):
                content[key] = tuple(content[key])
            return cls(**content)
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise ModelError(f"model folder {str(folder)!r} cannot be used: {error}; reinstall overheard") from None

    def save(self, folder: Path) -> None:
        """Write config.json."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=1)
        (folder / CONFIG).write_text(text + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Logits:
    """Raw outputs for n sentences: dimensions (n, 14, 4), sentiment (n, 4), touchpoint (n, 8), signals (n, 6)."""

    dimensions: Tensor
    sentiment: Tensor
    touchpoint: Tensor
    signals: Tensor


@dataclass(frozen=True, slots=True)
class Targets:
    """Labels of n sentences in the shapes of `Logits`: class numbers, and 0 or 1 for signals."""

    dimensions: Tensor
    sentiment: Tensor
    touchpoint: Tensor
    signals: Tensor


class OpinionNetwork(nn.Module):
    """Token ids in, `Logits` out."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config.encoder)
        hidden = config.encoder["hidden_size"]
        self.sizes = (
            [len(POLARITIES)] * len(config.dimensions)
            + [len(SENTIMENTS), len(config.touchpoints)]
            + [1] * len(config.signals)
        )
        # uniform_ and not normal_: see Encoder.words.
        self.queries = nn.Parameter(torch.empty(len(self.sizes), hidden).uniform_(-0.03, 0.03))
        self.dropout = nn.Dropout(0.1)
        self.heads = nn.ModuleList(nn.Linear(2 * hidden, size) for size in self.sizes)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Logits:
        """Read sentences: both arguments of shape (n, tokens), the mask 1 for a token and 0 for padding."""
        return self.judge(self.encoder(input_ids, attention_mask), attention_mask)

    def judge(self, states: Tensor, attention_mask: Tensor | None = None) -> Logits:
        """Return the logits of sentences whose token states, (n, tokens, hidden), are known."""
        scores = (states @ self.queries.to(states.dtype).T / states.shape[-1] ** 0.5).float()
        if attention_mask is None:
            mean = states.mean(1)
        else:
            mask = attention_mask.to(states.dtype)
            mean = (states * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
            scores = scores.masked_fill(attention_mask[:, :, None] == 0, float("-inf"))
        pooled = scores.softmax(1).to(states.dtype).transpose(1, 2) @ states
        features = self.dropout(torch.cat([pooled, mean[:, None, :].expand_as(pooled)], -1))
        outputs = [head(features[:, number]).float() for number, head in enumerate(self.heads)]
        count = len(self.config.dimensions)
        return Logits(
            torch.stack(outputs[:count], 1), outputs[count], outputs[count + 1], torch.cat(outputs[count + 2 :], 1)
        )

    def save(self, folder: Path) -> None:
        """Write config and weights: matrices as 8-bit rows with a scale each, the rest in half precision.

        A product's weights are written as they multiply codes, so that the 8-bit encoder rounds them no second time.
        """
        state: dict[str, Tensor] = {}
        weights = self.state_dict()
        for name, value in weights.items():
            if name.endswith(CODES):
                state[name] = value.contiguous()
            elif name.startswith("encoder.") and value.dim() == 2:
                # Word vectors are far from the least half-precision number; weights times the units of codes are not.
                dtype = torch.half if name.startswith(WORD_VECTORS) else torch.float32
                state[name + INT8], state[name + SCALE] = quantise_rows(value * _unit(weights, name), dtype)
            else:
                state[name] = value.half().contiguous()
        folder.mkdir(parents=True, exist_ok=True)
        words = {name: state.pop(name) for name in list(state) if name.startswith(WORD_VECTORS)}
        save_file(words, folder / WORDS)
        save_file(state, folder / WEIGHTS)
        self.config.save(folder)

    @classmethod
    def load(cls, folder: Path) -> OpinionNetwork:
        """Read a folder written by `save`, ready for inference; raises ModelError when a file is missing or damaged."""
        config = NetworkConfig.load(folder)
        try:
            saved = load_file(folder / WORDS) | load_file(folder / WEIGHTS)
            state = {name.removesuffix(INT8): _floats(saved, name) for name in saved if not name.endswith(SCALE)}
            with torch.device("meta"):
                network = cls(config)
            network.load_state_dict(state, assign=True)
        except (OSError, KeyError, ValueError, RuntimeError, SafetensorError) as error:
            raise ModelError(f"weights in {str(folder)!r} cannot be read: {error}; reinstall overheard") from None
        return network.eval()


def _unit(state: Mapping[str, Tensor], name: str) -> Tensor:
    """Return what the inputs of a matrix are counted in: the unit of their codes, 1 for what reads no codes."""
    codes = state.get(name.removesuffix(".weight") + CODES)
    return torch.ones(1) if codes is None else codes[0]


def _floats(saved: Mapping[str, Tensor], name: str) -> Tensor:
    if not name.endswith(INT8):
        return saved[name].float()
    place = name.removesuffix(INT8)
    return saved[name].float() * saved[place + SCALE].float() / _unit(saved, place)
