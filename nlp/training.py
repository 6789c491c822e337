"""Train the opinion network on labelled sentences, from a base encoder or further: the work behind `overheard train`.

The steps, in order: read the rows and drop every text that an evaluation set holds; set a calibration fold apart;
trim the vocabulary; fine-tune (word embeddings frozen, bf16 autocast, linear decay, weights averaged over the last
epochs); choose the codes of the 8-bit form; fit temperatures and thresholds on the fold; save. Parallel
translations take turns: each epoch sees some of the languages of each.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from overheard import taxonomy
from overheard.errors import UsageError
from overheard.nlp import vocabulary
from overheard.nlp.calibration import fit
from overheard.nlp.classifier import shipped_model
from overheard.nlp.corpus import Row, one_of_each, split_fold, training_rows, vary
from overheard.nlp.encoder import CODES, from_bert, measure_codes
from overheard.nlp.network import (
    POLARITIES,
    SENTIMENTS,
    TOKENIZER,
    WORDS,
    Logits,
    NetworkConfig,
    OpinionNetwork,
    Targets,
)
from overheard.settings import LANGUAGES

logger = logging.getLogger(__name__)

CODE_SENTENCES = 500
"""About how many sentences the codes are measured on, from all of the files."""

MASK = "<mask>"
"""The token of a SentencePiece base that stands for a hidden one."""

ENCODER_KEYS = (
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "pad_token_id",
    "max_position_embeddings", "type_vocab_size", "layer_norm_eps",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TrainingArguments:
    """How to train. Rates are peak values of a linear schedule with warm-up; `batch_size` counts sentences.

    The first `layers` of the base are kept. `noise` and `joining` are the shares of the sentences that are written
    hastily and run together with another one (`corpus.vary`), `masking` that of the tokens hidden in every other one.
    """

    version: str
    layers: int = 8
    epochs: int = 5
    batch_size: int = 32
    encoder_rate: float = 2e-4
    head_rate: float = 1e-3
    warmup: float = 0.06
    weight_decay: float = 0.05
    smoothing: float = 0.05
    ema_decay: float = 0.997
    translations: int = 1
    noise: float = 0.15
    joining: float = 0.25
    masking: float = 0.1
    fold: float = 0.05
    seed: int = 1
    weights: dict[str, float] = field(
        default_factory=lambda: {"dimensions": 1.0, "sentiment": 0.4, "touchpoint": 0.5, "signals": 0.3}
    )

    def __post_init__(self) -> None:
        if not 0 < self.fold < 0.5:
            raise UsageError(f"fold {self.fold}: expected a share between 0 and 0.5, such as 0.08")


def encode_targets(rows: Sequence[Row], config: NetworkConfig) -> Targets:
    """Number the labels in the orders of `config`."""
    dimensions = [[POLARITIES.index(row.dimensions.get(name, "absent")) for name in config.dimensions] for row in rows]
    return Targets(
        torch.tensor(dimensions),
        torch.tensor([SENTIMENTS.index(row.sentiment) for row in rows]),
        torch.tensor([config.touchpoints.index(row.touchpoint) for row in rows]),
        torch.tensor([[float(name in row.signals) for name in config.signals] for row in rows]),
    )


def loss_of(logits: Logits, targets: Targets, arguments: TrainingArguments) -> Tensor:
    """Return the weighted sum of the four losses; dimensions are summed over the labels of a sentence."""
    smoothing = arguments.smoothing
    weights = arguments.weights
    dimensions = functional.cross_entropy(
        logits.dimensions.flatten(0, 1), targets.dimensions.flatten(), reduction="sum", label_smoothing=smoothing / 5
    ) / len(targets.sentiment)
    sentiment = functional.cross_entropy(logits.sentiment, targets.sentiment, label_smoothing=smoothing)
    touchpoint = functional.cross_entropy(logits.touchpoint, targets.touchpoint, label_smoothing=smoothing)
    signals = functional.binary_cross_entropy_with_logits(logits.signals, targets.signals, reduction="sum") / len(
        targets.sentiment
    )
    return (
        weights["dimensions"] * dimensions
        + weights["sentiment"] * sentiment
        + weights["touchpoint"] * touchpoint
        + weights["signals"] * signals
    )


def batches(encoded: Sequence[list[int]], size: int, chooser: random.Random | None = None) -> list[list[int]]:
    """Group row numbers into batches of similar length: sorted in pools of 40 batches when shuffled, else wholly."""
    order = list(range(len(encoded)))
    if chooser:
        chooser.shuffle(order)
    pool = size * 40 if chooser else max(1, len(order))
    groups = []
    for start in range(0, len(order), pool):
        part = sorted(order[start : start + pool], key=lambda number: len(encoded[number]))
        groups += [part[at : at + size] for at in range(0, len(part), size)]
    if chooser:
        chooser.shuffle(groups)
    return groups


def hide(ids: list[int], share: float, mask_id: int, chooser: random.Random) -> list[int]:
    """Replace tokens at random, so that no single word is learnt by heart; the first and the last stay."""
    inner = [mask_id if chooser.random() < share else number for number in ids[1:-1]]
    return [ids[0], *inner, ids[-1]]


def pad(ids: Sequence[list[int]], pad_id: int) -> tuple[Tensor, Tensor]:
    """Return (input ids, attention mask), both (n, longest)."""
    longest = max(map(len, ids))
    input_ids = torch.tensor([row + [pad_id] * (longest - len(row)) for row in ids])
    return input_ids, torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in ids])


def predict(network: OpinionNetwork, tokenizer: Tokenizer, texts: Sequence[str], size: int = 64) -> Logits:
    """Return the logits of `texts`, in their order."""
    encoded = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    network.eval()
    order: list[int] = []
    parts = []
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        for group in batches(encoded, size):
            order += group
            parts.append(network(*pad([encoded[number] for number in group], network.config.encoder["pad_token_id"])))
    back = torch.tensor(order).argsort()
    return Logits(
        *(torch.cat([getattr(part, name) for part in parts])[back].clone() for name in Logits.__dataclass_fields__)
    )


def prepare(base: str, rows: Sequence[Row], arguments: TrainingArguments) -> tuple[OpinionNetwork, str]:
    """Return a network to train, and its tokenizer as JSON text.

    `base` is a folder or a name on the Hugging Face hub of a BERT with a unigram tokenizer, whose vocabulary is trimmed
    and whose heads are new; or the folder of a model of ours, which is trained further as it stands.
    """
    words = taxonomy.load()
    config = NetworkConfig(
        version=arguments.version,
        languages=LANGUAGES,
        dimensions=tuple(dimension.name for dimension in words.dimensions),
        touchpoints=tuple(touchpoint.name for touchpoint in words.touchpoints),
        signals=tuple(signal.name for signal in words.signals),
        encoder={},
    )
    if not (Path(base) / WORDS).exists():
        return _from_bert(base, arguments.layers, rows, config)
    network = OpinionNetwork.load(Path(base))
    if any(getattr(network.config, key) != getattr(config, key) for key in ("dimensions", "touchpoints", "signals")):
        raise UsageError(f"model {base!r} knows other labels than the taxonomy; expected the same, or a base encoder")
    network.config = replace(network.config, version=arguments.version, calibration={}, thresholds={})
    return network, (Path(base) / TOKENIZER).read_text(encoding="utf-8")


def _from_bert(base: str, layers: int, rows: Sequence[Row], config: NetworkConfig) -> tuple[OpinionNetwork, str]:
    from transformers import BertModel
    from transformers.utils.hub import cached_file

    try:
        bert = BertModel.from_pretrained(base, add_pooling_layer=False)
        described = json.loads(Path(str(cached_file(base, TOKENIZER))).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"base model {base!r} cannot be read ({str(error).splitlines()[0]}); "
            "expected a BERT such as intfloat/multilingual-e5-small, by name or as a folder"
        ) from None
    keep = _shipped_pieces(described) or vocabulary.choose_pieces(described, (row.text for row in rows))
    shape = {key: getattr(bert.config, key) for key in ENCODER_KEYS} | {"vocab_size": len(keep)}
    shape["num_hidden_layers"] = min(layers, shape["num_hidden_layers"])
    config = replace(config, encoder=shape)
    tokenizer = Tokenizer.from_str(json.dumps(vocabulary.trim_tokenizer(described, keep)))
    tokenizer.enable_truncation(config.max_tokens)
    network = OpinionNetwork(config)
    state = from_bert(bert.state_dict(), shape["num_hidden_layers"])
    state["words.weight"] = vocabulary.trim_embeddings(state["words.weight"], keep)
    codes = {name: value for name, value in network.encoder.state_dict().items() if name.endswith(CODES)}
    network.encoder.load_state_dict(state | codes)
    return network, tokenizer.to_str()


def _shipped_pieces(described: dict[str, Any]) -> list[int] | None:
    """Return the ids of the shipped model's vocabulary, None for another base or other languages."""
    folder = shipped_model()
    if NetworkConfig.load(folder).languages != LANGUAGES:
        return None
    return vocabulary.same_pieces(described, json.loads((folder / TOKENIZER).read_text(encoding="utf-8")))


def train_epoch(
    network: OpinionNetwork,
    average: AveragedModel,
    tokenizer: Tokenizer,
    rows: Sequence[Row],
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    arguments: TrainingArguments,
    chooser: random.Random,
) -> float:
    """Train on `rows` once; return the mean loss."""
    network.train()
    rows = vary(rows, arguments.joining, arguments.noise, chooser)
    mask_id = cast(int, tokenizer.token_to_id(MASK))
    encoded = [encoding.ids for encoding in tokenizer.encode_batch([row.text for row in rows])]
    encoded = [hide(ids, arguments.masking, mask_id, chooser) if chooser.random() < 0.5 else ids for ids in encoded]
    total = 0.0
    groups = batches(encoded, arguments.batch_size, chooser)
    for number, group in enumerate(groups, 1):
        targets = encode_targets([rows[row] for row in group], network.config)
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(*pad([encoded[row] for row in group], network.config.encoder["pad_token_id"]))
        loss = loss_of(logits, targets, arguments)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        average.update_parameters(network)
        total += loss.item()
        if number % 50 == 0:
            logger.info("  %d of %d batches, loss %.3f", number, len(groups), total / number)
    return total / len(groups)


def train(
    base: str,
    files: Sequence[Path],
    held_out: Iterable[str],
    out: Path,
    arguments: TrainingArguments,
    texts: Mapping[str, str] | None = None,
) -> OpinionNetwork:
    """Train and save into `out`, after every epoch, the averaged network with its calibration; return the last one.

    `texts` are the sentences of stand-off rows by fingerprint (`corpus.texts_by_fingerprint`).
    """
    torch.manual_seed(arguments.seed)
    chooser = random.Random(arguments.seed)
    rows, fold = split_fold(training_rows(files, held_out, texts), arguments.fold)
    if not rows or not fold:
        raise UsageError(f"{len(rows) + len(fold)} rows are too few to train on and to calibrate; expected hundreds")
    network, tokenizer_text = prepare(base, rows, arguments)
    tokenizer = Tokenizer.from_str(tokenizer_text)
    logger.info("%d rows, %d for calibration, %d pieces", len(rows), len(fold), network.config.encoder["vocab_size"])
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(arguments.ema_decay))  # type: ignore[no-untyped-call]
    epochs = [one_of_each(rows, arguments.translations, arguments.seed + n) for n in range(arguments.epochs)]
    optimiser, schedule = _optimiser(network, sum(map(len, epochs)) // arguments.batch_size + 1, arguments)
    out.mkdir(parents=True, exist_ok=True)
    (out / TOKENIZER).write_text(tokenizer_text, encoding="utf-8")
    for number, part in enumerate(epochs, 1):
        started = time.monotonic()
        loss = train_epoch(network, average, tokenizer, part, optimiser, schedule, arguments, chooser)
        best = cast(OpinionNetwork, average.module)
        finish(best, tokenizer, part, fold)
        best.save(out)
        logger.info("epoch %d: loss %.3f, %.0f s", number, loss, time.monotonic() - started)
    return best


def finish(network: OpinionNetwork, tokenizer: Tokenizer, seen: Sequence[Row], fold: Sequence[Row]) -> None:
    """Set the codes of the 8-bit form, from sentences trained on, and the calibration, from the fold."""
    sample = [row.text for row in seen[:: max(1, len(seen) // CODE_SENTENCES)]]
    encoded = [encoding.ids for encoding in tokenizer.encode_batch(sample)]
    network.eval()
    measure_codes(network.encoder, (torch.tensor([ids]) for ids in encoded))
    logits = predict(network, tokenizer, [row.text for row in fold])
    calibration, thresholds = fit(logits, encode_targets(fold, network.config), network.config)
    network.config = replace(network.config, calibration=calibration, thresholds=thresholds)


def _optimiser(
    network: OpinionNetwork, steps: int, arguments: TrainingArguments
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    encoder = [p for p in network.encoder.parameters() if p.requires_grad]
    heads = [p for name, p in network.named_parameters() if not name.startswith("encoder.")]
    optimiser = torch.optim.AdamW(
        [{"params": encoder, "lr": arguments.encoder_rate}, {"params": heads, "lr": arguments.head_rate}],
        weight_decay=arguments.weight_decay,
        fused=True,
    )
    rates = [arguments.encoder_rate, arguments.head_rate]
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=rates, total_steps=steps + arguments.epochs + 1, pct_start=arguments.warmup,
        anneal_strategy="linear", cycle_momentum=False,
    )  # fmt: skip
    return optimiser, schedule
