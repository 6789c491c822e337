"""Labelled rows: reading, stand-off labels, what training may not see, folds and perturbed spellings."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overheard.errors import UsageError
from overheard.nlp.classifier import shipped_model
from overheard.nlp.corpus import (
    Row,
    evaluation_texts,
    fingerprint,
    join,
    normalise,
    one_of_each,
    perturb,
    read_rows,
    split_fold,
    texts_by_fingerprint,
    training_rows,
    vary,
)

CORPUS = shipped_model().parent / "corpus"
SPEED = "The parcel came two weeks late."
LABELS = {"dimensions": {"speed": "negative"}, "sentiment": "negative", "touchpoint": "receive", "signals": []}


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def labelled(folder: Path) -> Path:
    """A file of five sentences that differ in a number."""
    return write(
        folder / "rows.jsonl",
        *({"id": f"s-{n}", "lang": "en", "text": f"{SPEED} {n}", **LABELS} for n in range(5)),
    )


def test_no_held_out_text_is_trained_on(tmp_path: Path) -> None:
    rows = training_rows([labelled(tmp_path)], ["THE PARCEL, came two weeks late 3!"])
    assert len(rows) == 4
    assert not [row for row in rows if row.text == SPEED + " 3"]


def test_the_shipped_corpus_and_the_gate_share_no_text() -> None:
    files = [CORPUS / "authored.jsonl", CORPUS / "reviews.jsonl"]
    gate = {normalise(row.text) for row in read_rows(CORPUS / "gate.jsonl")}
    texts = {normalise(row.text) for path in files for row in read_rows(path)}
    assert len(texts) > 80_000
    assert not texts & gate
    assert {normalise(row.text) for row in training_rows(files, gate)} == texts - {""}


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


def test_a_sentence_inside_an_evaluation_text_is_not_trained_on_either(tmp_path: Path) -> None:
    folder = tmp_path / "public"
    folder.mkdir()
    write(
        folder / "set.jsonl", {"lang": "en", "text": "I ordered in May. The parcel came two weeks late! Never again."}
    )
    row = {"id": "s-1", "lang": "en", "text": SPEED, **LABELS}
    assert training_rows([write(tmp_path / "a.jsonl", row)], []) != []
    assert training_rows([tmp_path / "a.jsonl"], evaluation_texts([folder])) == []
    assert training_rows([tmp_path / "a.jsonl"], evaluation_texts([folder / "set.jsonl"])) == []


def test_stand_off_labels_find_their_sentences(tmp_path: Path) -> None:
    texts = {"en": "Two weeks   late.", "de": "Zwei Wochen zu spät."}
    folder = tmp_path / "origin"
    folder.mkdir()
    write(
        folder / "reviews.jsonl",
        {"lang": "en", "text": "Nice box. Two weeks late. Sold."},
        {"lang": "de", "text": texts["de"]},
    )
    row = {"id": "q1", "dataset": "shop", "sha256": {lang: fingerprint(text) for lang, text in texts.items()}, **LABELS}
    row["sha256"]["fr"] = fingerprint("Deux semaines de retard.")
    file = write(tmp_path / "labels.jsonl", row)
    rows = list(read_rows(file, texts_by_fingerprint(folder, [file])))
    assert [(r.group, r.lang, r.text, r.source) for r in rows] == [
        ("q1", "en", "Two weeks late.", "shop"),
        ("q1", "de", "Zwei Wochen zu spät.", "shop"),
    ]
    assert list(read_rows(file)) == []


def test_joined_sentences_carry_the_labels_of_both() -> None:
    late = Row("a", "en", "Two weeks late!", {"speed": "negative"}, "negative", "receive", ("help",), "x")
    fast = replace(late, text="Fast and kind.", dimensions={"speed": "positive", "service": "positive"},
                   sentiment="positive", signals=("help", "advocate"))  # fmt: skip
    both = join(late, fast, random.Random(1))
    assert both.text.startswith("Two weeks late")
    assert both.text.endswith("Fast and kind.")
    assert both.dimensions == {"speed": "neutral", "service": "positive"}
    assert (both.sentiment, both.touchpoint, both.signals) == ("mixed", "receive", ("help", "advocate"))
    assert join(late, replace(fast, sentiment="neutral"), random.Random(1)).sentiment == "negative"
    long = replace(fast, text="word " * 40)
    assert join(late, long, random.Random(1)) == late


@given(st.integers(0, 1000), st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 0.5, 1.0]))
def test_an_epoch_reads_every_row_in_some_form(seed: int, joining: float, noise: float) -> None:
    rows = [Row(str(n), "en", f"Sentence number {n}", {}, "neutral", "use", (), "x") for n in range(6)]
    varied = vary(rows, joining, noise, random.Random(seed))
    assert [row.group for row in varied] == [row.group for row in rows]
    assert varied == vary(rows, joining, noise, random.Random(seed))
    if not joining + noise:
        assert varied == rows


@pytest.mark.parametrize("content", [b"{", b"\xff", b'{"lang": "en"}', b'"text"'])
def test_an_evaluation_file_that_cannot_be_read_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_bytes(b'{"lang": "en", "text": "A line end inside\xe2\x80\xa8a text."}\n\n' + content)
    with pytest.raises(UsageError, match=r"set\.jsonl (line 3|cannot be read)") as caught:
        list(evaluation_texts([path]))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "no JSON"), ("[]", "no object"), ("3", "no object"), ("null", "no object"),
        ('{"text": "x"}', "no labelled row"), ('{"id": 1, "lang": "en", "text": "x"}', "no labelled row"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_row_is_named(line: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(labelled(tmp_path).read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    with pytest.raises(UsageError, match=rf"rows\.jsonl line 6: .*{said}") as caught:
        list(read_rows(path))
    assert "\n" not in str(caught.value)


def test_the_shipped_labels_stand_off_from_texts_that_are_not_ours() -> None:
    rows = [json.loads(line) for line in (CORPUS / "labels.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) > 9000
    assert {tuple(row) for row in rows} == {
        ("id", "dataset", "sha256", "dimensions", "sentiment", "touchpoint", "signals")
    }
    assert all(len(key) == 64 for row in rows for key in row["sha256"].values())


def test_each_epoch_sees_other_translations() -> None:
    rows = [
        Row(f"m{n}", lang, f"{n} {lang}", {}, "neutral", "none", (), "x") for n in range(50) for lang in ("en", "de")
    ]
    first, second = (one_of_each(rows, 1, seed) for seed in (1, 2))
    assert len(first) == len(second) == 50
    assert first != second
    assert one_of_each(rows, 1, 1) == first


@given(st.text(min_size=1, max_size=80), st.integers(0, 1000))
def test_perturbing_never_fails_and_keeps_something(text: str, seed: int) -> None:
    assert isinstance(perturb(text, random.Random(seed)), str)
