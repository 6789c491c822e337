"""Training from a base to a saved model, on a tiny random base: the whole way, in seconds."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from overheard.errors import ModelError, UsageError
from overheard.nlp.classifier import Classifier, NumberFormat, shipped_model
from overheard.nlp.network import CONFIG, TOKENIZER, WORDS, OpinionNetwork
from overheard.nlp.training import ENCODER_KEYS, TrainingArguments, train
from overheard.nlp.vocabulary import choose_pieces, trim_tokenizer

BY_HEART = TrainingArguments(
    version="tiny", epochs=25, batch_size=8, encoder_rate=3e-3, head_rate=1e-2, noise=0, joining=0, masking=0,
    ema_decay=0.9, fold=0.2,
)  # fmt: skip
"""Enough to know a handful of sentences by heart in seconds."""

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
    BertModel(BertConfig(**shape), add_pooling_layer=False).save_pretrained(folder)
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
    train(str(base), [labelled(tmp_path)], [], tmp_path / "out", BY_HEART)
    classifier = Classifier(tmp_path / "out", NumberFormat.FLOAT32)
    late, kind = classifier.classify([SPEED + " 7", SERVICE + " 7"])
    assert {name: polarity for name, (polarity, _) in late.dimensions.items()} == {"speed": "negative"}
    assert {name: polarity for name, (polarity, _) in kind.dimensions.items()} == {"service": "positive"}
    assert (late.sentiment, kind.sentiment) == ("negative", "positive")
    assert classifier.version.startswith("tiny-")


def test_a_trained_model_is_trained_further_with_its_own_vocabulary(base: Path, tmp_path: Path) -> None:
    rows, first, second = labelled(tmp_path), tmp_path / "first", tmp_path / "second"
    train(str(base), [rows], [], first, BY_HEART)
    train(str(first), [rows], [], second, replace(BY_HEART, version="second", epochs=1, encoder_rate=0, head_rate=0))
    for name in (TOKENIZER, WORDS):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    classifier = Classifier(second, NumberFormat.FLOAT32)
    assert classifier.version.startswith("second-")
    assert classifier.classify([SPEED + " 7"])[0].dimensions["speed"][0] == "negative"


def test_a_model_with_other_labels_is_not_trained_further(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(shipped_model(), folder)
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    config["touchpoints"][-1] = "elsewhere"
    (folder / CONFIG).write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(UsageError, match="expected the same, or a base encoder"):
        train(str(folder), [labelled(tmp_path)], [], tmp_path / "out", TrainingArguments(version="x"))


@pytest.mark.parametrize("share", [0, 0.5, -1, 2])
def test_a_fold_of_no_use_is_refused(share: float) -> None:
    with pytest.raises(UsageError, match=r"such as 0\.08"):
        TrainingArguments(version="x", fold=share)


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


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "words.safetensors", TOKENIZER])
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
        torch.testing.assert_close(two, one, msg=name)


@pytest.mark.parametrize("base", ["no/such-model-anywhere", "."])
def test_a_base_that_is_none_is_named(base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(UsageError, match="expected a BERT such as intfloat/multilingual-e5-small") as caught:
        train(base, [labelled(tmp_path)], [], tmp_path / "out", TrainingArguments(version="x"))
    assert "\n" not in str(caught.value)


def test_too_few_rows_are_refused(base: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="too few"):
        train(str(base), [labelled(tmp_path, 1)], [], tmp_path / "out", TrainingArguments(version="x", fold=0.01))
