"""Training from a base to a saved model, on a tiny random base: the whole way, in seconds."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from overheard.errors import ModelError, UsageError
from overheard.nlp.classifier import Classifier, shipped_model
from overheard.nlp.network import TOKENIZER, OpinionNetwork
from overheard.nlp.training import (
    ENCODER_KEYS,
    Row,
    TrainingArguments,
    normalise,
    perturb,
    split_fold,
    train,
    training_rows,
)
from overheard.nlp.vocabulary import choose_pieces, trim_tokenizer

SPEED, SERVICE = "The parcel came two weeks late.", "The staff was friendly and patient."


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random two-layer encoder under the shipped tokenizer."""
    folder = tmp_path_factory.mktemp("base")
    tokenizer = (shipped_model() / TOKENIZER).read_text(encoding="utf-8")
    shape = dict.fromkeys(ENCODER_KEYS, 2) | {
        "vocab_size": Tokenizer.from_str(tokenizer).get_vocab_size(), "hidden_size": 32, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 64, "pad_token_id": 1, "max_position_embeddings": 512,
        "layer_norm_eps": 1e-12,
    }  # fmt: skip
    torch.manual_seed(0)
    model = BertModel(BertConfig(**shape), add_pooling_layer=False)
    save_file(dict(model.state_dict()), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(shape), encoding="utf-8")
    (folder / TOKENIZER).write_text(tokenizer, encoding="utf-8")
    return folder


def labelled(folder: Path, count: int = 40) -> Path:
    """A file with two kinds of sentence, in `count` variations each."""
    path = folder / "rows.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            for text, dimension, polarity in ((SPEED, "speed", "negative"), (SERVICE, "service", "positive")):
                row = {
                    "id": f"{dimension}-{number}", "lang": "en", "text": f"{text} {number}",
                    "dimensions": {dimension: polarity}, "sentiment": polarity, "touchpoint": "use", "signals": [],
                }  # fmt: skip
                file.write(json.dumps(row) + "\n")
    return path


def test_a_trained_model_is_saved_loaded_and_knows_what_it_saw(base: Path, tmp_path: Path) -> None:
    arguments = TrainingArguments(
        version="tiny", epochs=25, batch_size=8, encoder_rate=3e-3, head_rate=1e-2, noise=0, ema_decay=0.9, fold=0.2
    )
    train(base, [labelled(tmp_path)], [], tmp_path / "out", arguments)
    classifier = Classifier(tmp_path / "out", torch.float32)
    late, kind = classifier.classify([SPEED + " 7", SERVICE + " 7"])
    assert {name: polarity for name, (polarity, _) in late.dimensions.items()} == {"speed": "negative"}
    assert {name: polarity for name, (polarity, _) in kind.dimensions.items()} == {"service": "positive"}
    assert (late.sentiment, kind.sentiment) == ("negative", "positive")
    assert classifier.version.startswith("tiny-")


def test_no_held_out_text_is_trained_on(tmp_path: Path) -> None:
    rows = training_rows([labelled(tmp_path, 5)], ["THE PARCEL, came two weeks late 3!"])
    assert len(rows) == 9
    assert not [row for row in rows if row.text == SPEED + " 3"]


def test_the_shipped_corpus_and_the_gate_share_no_text() -> None:
    folder = shipped_model().parent / "corpus"
    texts = {
        name: {normalise(json.loads(line)["text"]) for line in (folder / name).read_text(encoding="utf-8").splitlines()}
        for name in ("authored.jsonl", "gate.jsonl")
    }
    assert len(texts["authored.jsonl"]) > 9000
    training = {normalise(row.text) for row in training_rows([folder / "authored.jsonl"], texts["gate.jsonl"])}
    assert not training & texts["gate.jsonl"]


def test_translations_of_one_original_stay_on_one_side_of_the_fold() -> None:
    rows = [
        Row(f"m{number}", lang, f"{number} {lang}", {}, "neutral", "none", (), "x")
        for number in range(400)
        for lang in ("en", "de", "fr")
    ]
    kept, fold = split_fold(rows, 0.1)
    assert not {row.group for row in kept} & {row.group for row in fold}
    assert 15 < len(fold) < 80
    assert len(kept) == 3 * (400 - len(fold))


@pytest.mark.parametrize("share", [0, 0.5, -1, 2])
def test_a_fold_of_no_use_is_refused(share: float) -> None:
    with pytest.raises(UsageError, match=r"such as 0\.08"):
        TrainingArguments(version="x", fold=share)


@given(st.text(min_size=1, max_size=80), st.integers(0, 1000))
def test_perturbing_never_fails_and_keeps_something(text: str, seed: int) -> None:
    assert isinstance(perturb(text, random.Random(seed)), str)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["great", "Überraschung", "naïve", "ștergeți", "não", "🙂", "12,50 €"]), min_size=1))
def test_a_trimmed_tokenizer_reads_kept_words_as_before(words: list[str]) -> None:
    described = json.loads((shipped_model() / TOKENIZER).read_text(encoding="utf-8"))
    described["truncation"] = None
    text = " ".join(words)
    keep = choose_pieces(described, [text])
    before = Tokenizer.from_str(json.dumps(described)).encode(text).tokens
    after = Tokenizer.from_str(json.dumps(trim_tokenizer(described, keep))).encode(text).tokens
    assert before == after


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", TOKENIZER])
@pytest.mark.parametrize("content", [None, b"", b"{}"])
def test_a_damaged_model_folder_is_named(tmp_path: Path, name: str, content: bytes | None) -> None:
    for file in shipped_model().iterdir():
        if file.name != name:
            (tmp_path / file.name).symlink_to(file)
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match="reinstall overheard") as caught:
        Classifier(tmp_path)
    assert "\n" not in str(caught.value)


def test_saving_and_loading_keeps_the_weights(tmp_path: Path) -> None:
    shipped = OpinionNetwork.load(shipped_model())
    shipped.save(tmp_path)
    again = OpinionNetwork.load(tmp_path)
    assert again.config == shipped.config
    for (name, one), two in zip(shipped.state_dict().items(), again.state_dict().values(), strict=True):
        assert torch.allclose(one, two, atol=2e-4), name
