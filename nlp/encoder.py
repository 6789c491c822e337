"""The encoder: BERT (Devlin et al. 2019) in plain torch, trained in floats and read with in 8-bit integers.

`QuantisedEncoder` computes the four matrix products of a layer on 8-bit numbers: weights with a scale for each output,
activations with fixed steps, measured once on training sentences. No step depends on the batch, so what is found in a
sentence does not depend on its neighbours. A few channels of a BERT are ten times as wide as the rest; they get wider
steps, as in SmoothQuant (Xiao et al. 2023), folded into the norm or product before, almost for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

PRODUCTS = ("project", "merge", "expand", "reduce")
"""The matrix products of a layer, in the order of computation."""

CODES = "_codes"
"""Behind a product's name: the buffer (2, inputs) with the unit and the middle of the codes of each input."""

SMOOTHING = {"project": 0.5, "merge": 0.5, "expand": 0.5, "reduce": 0.8}
"""How far a wide channel's width moves from the activations into the weights, from 0 to 1 (alpha of SmoothQuant)."""


class Encoder(nn.Module):
    """Token ids (n, tokens) in, token states (n, tokens, hidden) out; `shape` holds keys of a BERT's config.json."""

    def __init__(self, shape: Mapping[str, Any], dropout: float = 0.1) -> None:
        super().__init__()
        hidden = shape["hidden_size"]
        # Zeros, and not nn.Embedding's own start: on the meta device that one imports a compiler, a second at start-up.
        self.words = nn.Embedding(
            shape["vocab_size"], hidden, _weight=torch.zeros(shape["vocab_size"], hidden), _freeze=True
        )
        self.positions = nn.Parameter(torch.zeros(shape["max_position_embeddings"], hidden))
        self.norm = nn.LayerNorm(hidden, eps=shape["layer_norm_eps"])
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(shape["num_hidden_layers"]))
        self.dropout = nn.Dropout(dropout)

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Read sentences; the mask, (n, tokens), is 1 for a token and 0 for padding, None where nothing is padded."""
        states: Tensor = self.dropout(self.norm(self.embed(input_ids)))
        mask = None if attention_mask is None else (1 - attention_mask[:, None, :]).to(states.dtype) * -1e4
        for layer in self.stack():
            states = layer(states, mask)
        return states

    def by_layer(self, input_ids: Tensor) -> Iterator[Tensor]:
        """Yield the token states of sentences of one length after each layer, the first to read first."""
        states: Tensor = self.norm(self.embed(input_ids))
        for layer in self.stack():
            states = layer(states, None)
            yield states

    def stack(self) -> list[Layer]:
        """Return the layers, the first to read first."""
        return list(self.layers)  # type: ignore[arg-type]

    def embed(self, input_ids: Tensor) -> Tensor:
        """Return the sums of word and position vectors, (n, tokens, hidden)."""
        embedded: Tensor = self.words(input_ids) + self.positions[: input_ids.shape[1]]
        return embedded


class Layer(nn.Module):
    """One transformer layer, normalised after each of its two steps: attention, and the wide product."""

    def __init__(self, shape: Mapping[str, Any], dropout: float) -> None:
        super().__init__()
        hidden, inner, eps = shape["hidden_size"], shape["intermediate_size"], shape["layer_norm_eps"]
        self.heads = shape["num_attention_heads"]
        self.project = nn.Linear(hidden, 3 * hidden)
        self.merge = nn.Linear(hidden, hidden)
        self.merged = nn.LayerNorm(hidden, eps=eps)
        self.expand = nn.Linear(hidden, inner)
        self.reduce = nn.Linear(inner, hidden)
        self.reduced = nn.LayerNorm(hidden, eps=eps)
        self.dropout = nn.Dropout(dropout)
        for name in PRODUCTS:
            self.register_buffer(name + CODES, torch.ones(2, getattr(self, name).in_features))

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        """Return the states of the next layer."""
        mixed = attend(self.project(states), self.heads, mask)
        states = self.merged(self.dropout(self.merge(mixed)) + states)
        inner = functional.gelu(self.expand(states))
        following: Tensor = self.reduced(self.dropout(self.reduce(inner)) + states)
        return following


def attend(projected: Tensor, heads: int, mask: Tensor | None = None) -> Tensor:
    """Return the attention's result, (n, tokens, hidden), from queries, keys and values side by side, 3 hidden wide.

    `mask`, (n, 1, tokens), is added to the scores. Plain batched products: for sentences, which are short, the blocks
    of torch's own attention cost two to three times as much.
    """
    count, tokens, width = projected.shape
    size = width // 3 // heads
    query, key, value = (
        projected.view(count, tokens, 3, heads, size).permute(2, 0, 3, 1, 4).reshape(3, count * heads, tokens, size)
    )
    scores = torch.bmm(query, key.transpose(1, 2)) * size**-0.5
    if mask is not None:
        scores = scores + mask.repeat_interleave(heads, 0)
    # A softmax without the search for each row's greatest score: those stay far under 80, where exp would overflow.
    weights = scores.clamp(max=80).exp()
    mixed: Tensor = torch.bmm(weights, value) / weights.sum(-1, keepdim=True)
    return mixed.view(count, heads, tokens, size).transpose(1, 2).reshape(count, tokens, heads * size)


def from_bert(state: Mapping[str, Tensor], layers: int) -> dict[str, Tensor]:
    """Return the weights of a Hugging Face `BertModel` under our names: one segment, the three projections as one.

    Only the first `layers` are taken.
    """
    segment = state["embeddings.token_type_embeddings.weight"][0]
    renamed = {
        "words.weight": state["embeddings.word_embeddings.weight"],
        "positions": state["embeddings.position_embeddings.weight"] + segment,
        "norm.weight": state["embeddings.LayerNorm.weight"],
        "norm.bias": state["embeddings.LayerNorm.bias"],
    }
    names = {
        "merge": "attention.output.dense", "merged": "attention.output.LayerNorm", "expand": "intermediate.dense",
        "reduce": "output.dense", "reduced": "output.LayerNorm",
    }  # fmt: skip
    for number in range(layers):
        for kind in ("weight", "bias"):
            old, new = f"encoder.layer.{number}.", f"layers.{number}."
            parts = [state[f"{old}attention.self.{name}.{kind}"] for name in ("query", "key", "value")]
            renamed[f"{new}project.{kind}"] = torch.cat(parts)
            renamed |= {f"{new}{name}.{kind}": state[f"{old}{place}.{kind}"] for name, place in names.items()}
    return renamed


def measure_codes(encoder: Encoder, batches: Iterable[Tensor]) -> None:
    """Choose the codes of every product's inputs by what it reads in unpadded batches of token ids."""
    ranges: dict[tuple[Layer, str], Tensor] = {}

    def widen(place: tuple[Layer, str], states: Tensor) -> None:
        found = torch.stack([states.flatten(0, -2).amin(0), states.flatten(0, -2).amax(0)])
        known = ranges.get(place, found)
        ranges[place] = torch.stack([torch.minimum(known[0], found[0]), torch.maximum(known[1], found[1])])

    places = [(layer, name) for layer in encoder.stack() for name in PRODUCTS]
    hooks = [
        getattr(layer, name).register_forward_pre_hook(lambda _, read, place=(layer, name): widen(place, read[0]))
        for layer, name in places
    ]
    with torch.inference_mode():
        for batch in batches:
            encoder(batch)
    for hook in hooks:
        hook.remove()
    for (layer, name), (least, greatest) in ranges.items():
        getattr(layer, name + CODES).copy_(torch.stack(list(Codes.choose(layer, name, least, greatest))))


def quantise_rows(weight: Tensor, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    """Return (8-bit integers, one scale of type `dtype` for each row) that stand for a matrix."""
    scale = (weight.abs().amax(1, keepdim=True).clamp_min(1e-5) / 127).to(dtype)
    return (weight / scale.float()).round().clamp_(-127, 127).to(torch.int8), scale


def quantisable() -> bool:
    """Whether this processor multiplies 8-bit integers natively; others would compute more slowly, or overflow."""
    return bool(torch.cpu._is_vnni_supported()) and hasattr(torch.ops.onednn, "qlinear_pointwise")


class Codes(NamedTuple):
    """How codes from 0 to 255 stand for the inputs of a product: value = unit × (code − 128) + middle, by channel."""

    unit: Tensor
    middle: Tensor

    @classmethod
    def choose(cls, layer: Layer, name: str, least: Tensor, greatest: Tensor) -> Codes:
        """Make the steps wide where activations are wide and weights small, and wide enough for every value."""
        # GELU's results crowd just under and over 0: their codes do the same, or bfloat16 would blur them.
        middle = torch.zeros_like(least) if name == "reduce" else (least + greatest) / 2
        width = torch.maximum(greatest - middle, middle - least).clamp_min(1e-5)
        weight = getattr(layer, name).weight.detach().abs().amax(0).clamp_min(1e-5)
        alpha = SMOOTHING[name]
        step = width**alpha / weight ** (1 - alpha)
        unit = step * (width / step).amax() / 127
        return cls(unit.bfloat16().float(), middle)

    @classmethod
    def of(cls, layer: Layer, name: str) -> Codes:
        """Return the codes that were measured for a product's inputs."""
        return cls(*getattr(layer, name + CODES))

    def fold(self, linear: nn.Linear) -> tuple[Tensor, Tensor]:
        """Return weight and bias of a layer that reads codes less 128 instead of values."""
        weight = linear.weight.detach()
        return weight * self.unit, linear.bias.detach() + (weight * self.middle).sum(1)


class QuantisedProduct:
    """A linear layer that reads codes: weights in the processor's own order, result as floats, after GELU on demand."""

    def __init__(self, weight: Tensor, bias: Tensor, dtype: torch.dtype, after: str = "none") -> None:
        codes, scale = quantise_rows(weight)
        self.weight = torch.ops.onednn.qlinear_prepack(codes, None)
        self.scale = scale.flatten()
        self.zeros = torch.zeros(len(scale), dtype=torch.int32)
        self.bias = bias
        self.result: tuple[Any, ...] = (1.0, 0, dtype, after, [], "none")

    def __call__(self, codes: Tensor) -> Tensor:
        """Return (rows, outputs) of the codes (rows, inputs)."""
        product: Tensor = torch.ops.onednn.qlinear_pointwise(
            codes, 1.0, 128, self.weight, self.scale, self.zeros, self.bias, *self.result
        )
        return product


class ScaledNorm:
    """A layer norm whose result comes in code units around 0, for the product that follows it."""

    def __init__(self, norm: nn.LayerNorm, codes: Codes) -> None:
        self.shape, self.eps = norm.normalized_shape, norm.eps
        self.unit, self.middle = codes
        self.weight = norm.weight.detach() / codes.unit
        self.bias = (norm.bias.detach() - codes.middle) / codes.unit

    def __call__(self, states: Tensor) -> Tensor:
        """Return the scaled states."""
        return functional.layer_norm(states, self.shape, self.weight, self.bias, self.eps)


def encode(scaled: Tensor) -> Tensor:
    """Return the codes of scaled states: rounded, clipped to a byte and shifted by 128."""
    return scaled.round().clamp_(-128, 127).to(torch.int8).view(torch.uint8).bitwise_xor_(128)


class QuantisedLayer:
    """A layer on scaled states. What was taken off the incoming states is in the bias of what they are added to."""

    def __init__(self, layer: Layer, incoming: ScaledNorm, following: Codes) -> None:
        self.heads = layer.heads
        self.incoming = incoming
        weight, bias = Codes.of(layer, "project").fold(layer.project)
        mixed = Codes.of(layer, "merge")
        values = slice(2 * len(weight) // 3, None)  # scaled and shifted values make attention's result come as codes
        weight[values] /= mixed.unit[:, None]
        bias[values] = (bias[values] - mixed.middle) / mixed.unit
        self.project = QuantisedProduct(weight, bias, torch.bfloat16)
        weight, bias = mixed.fold(layer.merge)
        self.merge = QuantisedProduct(weight, bias + incoming.middle, torch.float32)
        states = Codes.of(layer, "expand")
        self.merged = ScaledNorm(layer.merged, states)
        self.expand = QuantisedProduct(*states.fold(layer.expand), torch.bfloat16, "gelu")
        inner = Codes.of(layer, "reduce")
        self.unit = inner.unit.bfloat16()
        weight, bias = inner.fold(layer.reduce)
        self.reduce = QuantisedProduct(weight, bias + states.middle, torch.float32)
        self.reduced = ScaledNorm(layer.reduced, following)

    def __call__(self, scaled: Tensor, count: int) -> Tensor:
        """Return the scaled states of the next layer for `count` sentences, (count × tokens, hidden)."""
        projected = self.project(encode(scaled)).view(count, len(scaled) // count, -1)
        mixed = attend(projected, self.heads).view(len(scaled), -1)
        states = self.merged(self.merge(encode(mixed)).addcmul_(scaled, self.incoming.unit))
        inner = self.expand(encode(states)).div_(self.unit)
        return self.reduced(self.reduce(encode(inner)).addcmul_(states, self.merged.unit))


class QuantisedEncoder:
    """An encoder's 8-bit twin for unpadded batches; needs `quantisable()`."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        layers = encoder.stack()
        plain = Codes(torch.ones(1), torch.zeros(1))
        codes = [*(Codes.of(layer, "project") for layer in layers), plain]
        self.norm = incoming = ScaledNorm(encoder.norm, codes[0])
        self.layers = []
        for layer, following in zip(layers, codes[1:], strict=True):
            self.layers.append(QuantisedLayer(layer, incoming, following))
            incoming = self.layers[-1].reduced

    def __call__(self, input_ids: Tensor) -> Tensor:
        """Return the token states (n, tokens, hidden) of sentences of one length."""
        count, tokens = input_ids.shape
        states = self.norm(self.encoder.embed(input_ids).view(count * tokens, -1))
        for layer in self.layers:
            states = layer(states, count)
        return states.view(count, tokens, -1)

    def by_layer(self, input_ids: Tensor) -> Iterator[Tensor]:
        """Yield the token states of sentences of one length after each layer, as `Encoder.by_layer` does."""
        count, tokens = input_ids.shape
        scaled = self.norm(self.encoder.embed(input_ids).view(count * tokens, -1))
        for layer in self.layers:
            scaled = layer(scaled, count)
            yield (scaled * layer.reduced.unit + layer.reduced.middle).view(count, tokens, -1)
