"""The baselines of speed.py, one a process so that their thread settings do not mix.

    python benchmarks/baselines.py NAME --texts FILE --model DIR --seconds N

Reads texts, one a line, until the time is up and prints {"texts", "seconds"}; loading and the first batch do not count.
Weights are random, which compute as fast as trained ones; tokens are those of the model in DIR.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import torch

from overheard.commands.understand import LINES_AT_ONCE
from overheard.nlp.classifier import Classifier, NumberFormat, available_cores
from overheard.nlp.network import TOKENIZER, NetworkConfig, OpinionNetwork

Reader = Callable[[Sequence[str]], object]

BASE_SHAPE: dict[str, Any] = {
    "num_hidden_layers": 12, "hidden_size": 384, "num_attention_heads": 12, "intermediate_size": 1536,
}  # fmt: skip
"""That of multilingual-e5-small; baselines keep it whatever is shipped."""

BGE_M3_SHAPE: dict[str, Any] = {
    "num_hidden_layers": 24, "hidden_size": 1024, "num_attention_heads": 16, "intermediate_size": 4096,
    "vocab_size": 250_002, "max_position_embeddings": 8194, "type_vocab_size": 1,
}  # fmt: skip
"""From the config.json of BAAI/bge-m3."""

CANDIDATES = (
    "delivery", "price", "quality", "staff", "app", "website", "refund", "privacy", "support", "positive", "negative",
)  # fmt: skip
"""Eleven labels, each a pass of its own, as many as in the default of Obsei's zero-shot classification."""


def text_classification(folder: Path) -> Reader:
    """(a) transformers' text classification with one head of one label: 32-bit floats, batches of 32 in file order."""
    from transformers import BertConfig, BertForSequenceClassification, pipeline

    torch.set_num_threads(available_cores())
    tokenizer = _tokenizer(folder)
    shape = BertConfig(vocab_size=len(tokenizer), pad_token_id=tokenizer.pad_token_id, **BASE_SHAPE)
    classify: Any = pipeline("text-classification", model=BertForSequenceClassification(shape), tokenizer=tokenizer)
    return lambda texts: classify(list(texts), batch_size=32, truncation=True)


def zero_shot(folder: Path) -> Reader:
    """(b) transformers' zero-shot classification the way Obsei's default does it: a pass for each text and label."""
    from transformers import XLMRobertaConfig, XLMRobertaForSequenceClassification, pipeline

    torch.set_num_threads(available_cores())
    names = ("contradiction", "neutral", "entailment")
    shape = XLMRobertaConfig(
        id2label=dict(enumerate(names)), label2id={name: number for number, name in enumerate(names)}, **BGE_M3_SHAPE
    )
    model = XLMRobertaForSequenceClassification(shape)
    classify: Any = pipeline("zero-shot-classification", model=model, tokenizer=_tokenizer(folder))
    return lambda texts: classify(list(texts), candidate_labels=list(CANDIDATES), multi_label=True)


def our_batches(folder: Path) -> Reader:
    """(c) Our classifier with its batches and one thread a core, of the base shape in 32-bit floats."""
    config = NetworkConfig.load(folder)
    with tempfile.TemporaryDirectory(prefix="overheard-speed-") as temporary:
        OpinionNetwork(replace(config, encoder=config.encoder | BASE_SHAPE)).save(Path(temporary))
        shutil.copy(folder / TOKENIZER, temporary)
        return Classifier(Path(temporary), NumberFormat.FLOAT32).classify


def _tokenizer(folder: Path) -> Any:
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_file=str(folder / TOKENIZER), model_max_length=512, bos_token="<s>", cls_token="<s>",
        eos_token="</s>", sep_token="</s>", pad_token="<pad>", unk_token="<unk>",
    )  # fmt: skip


BASELINES: dict[str, tuple[Callable[[Path], Reader], int]] = {
    "text-classification": (text_classification, 128),
    "zero-shot": (zero_shot, 1),
    "our-batches": (our_batches, LINES_AT_ONCE),
}
"""What makes a baseline ready, and how many texts it is given at once."""


@click.command()
@click.argument("name", type=click.Choice(list(BASELINES)))
@click.option("--texts", "path", type=click.Path(path_type=Path, exists=True, dir_okay=False), required=True)
@click.option("--model", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), required=True)
@click.option("--seconds", type=float, required=True)
def baseline(name: str, path: Path, folder: Path, seconds: float) -> None:
    """Time one baseline."""
    texts = path.read_text(encoding="utf-8").splitlines()
    prepare, size = BASELINES[name]
    read = prepare(folder)
    read(texts[: min(size, 32)])
    done, begun = 0, time.perf_counter()
    while done < len(texts) and time.perf_counter() - begun < seconds:
        part = texts[done : done + size]
        read(part)
        done += len(part)
    click.echo(json.dumps({"texts": done, "seconds": time.perf_counter() - begun}))


if __name__ == "__main__":
    baseline()
