"""The baselines beside ours in transfer.py; all of them are trained on the very set that they are measured on.

TF-IDF with logistic regression, a frozen encoder with logistic regression, each by cross-validation, and SetFit on
a few examples of each class (Tunstall et al. 2022, by the package `setfit`). Settings were fixed beforehand: none is
tuned.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transfer_measures import SEED, Floats

from overheard.commands.options import say
from overheard.errors import UsageError
from overheard.nlp.classifier import available_cores

Labels = NDArray[np.str_]

FOLDS = 5
PREFIX = "query: "
"""What the E5 encoders, the base of ours, want before a text whose vector is used as features."""
TOKENS, BATCH = 128, 32
SETFIT_EXAMPLES, SETFIT_ROWS, SETFIT_SECONDS = 64, 500, 20 * 60
SETFIT_PAIRS, SETFIT_BATCH = 20, 16
"""Pairs for each text, and pairs in a step: the published values."""


def base_vectors(base: Path, texts: Sequence[str]) -> Floats:
    """Return the mean token states, (n, hidden), of an encoder as it came; each core reads batches of its own."""
    from transformers import AutoModel, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(base)
        model = AutoModel.from_pretrained(base, dtype=torch.float32, add_pooling_layer=False).eval()
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"base {str(base)!r} is no encoder's folder: {str(error).splitlines()[0]}") from None

    def embed(rows: Sequence[int]) -> Floats:
        encoded = tokenizer(
            [PREFIX + texts[row] for row in rows],
            truncation=True, max_length=TOKENS, padding=True, return_tensors="pt",
        )  # fmt: skip
        with torch.inference_mode():
            states = model(**encoded).last_hidden_state
        mask = encoded["attention_mask"][:, :, None]
        found: Floats = ((states * mask).sum(1) / mask.sum(1)).double().numpy()
        return found

    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    groups = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
    vectors = np.zeros((len(texts), model.config.hidden_size))
    with ThreadPoolExecutor(available_cores()) as cores:
        for number, (rows, found) in enumerate(zip(groups, cores.map(embed, groups), strict=True), 1):
            vectors[rows] = found
            if number % 50 == 0 or number == len(groups):
                say(f"  base encoder: {number} of {len(groups)} batches")
    return vectors


def cross_validated(
    texts: Sequence[str], keys: Sequence[str], vectors: Mapping[str, Floats], labels: Labels
) -> Iterator[tuple[str, Floats]]:
    """Yield (system, class probabilities in the order of np.unique(labels)), each row judged by the other folds.

    Rows of one key, the same text twice, stay in one fold: else the folds would know each other.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.preprocessing import StandardScaler

    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=SEED)
    words = make_union(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), min_df=2, sublinear_tf=True),
    )
    sparse = make_pipeline(words, LogisticRegression(C=10, class_weight="balanced", max_iter=2000))
    dense = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, class_weight="balanced", max_iter=2000))
    inputs: list[tuple[str, Any, Any]] = [("TF-IDF", sparse, texts)]
    inputs += [(name, dense, features) for name, features in vectors.items()]
    for name, model, features in inputs:
        begun = time.monotonic()
        found = cross_val_predict(model, features, labels, groups=keys, cv=folds, method="predict_proba")
        say(f"  {name} + LR, {len(texts)} rows, {time.monotonic() - begun:.0f} s")
        yield f"{name} + LR", found


def few_shot_rows(places: Sequence[float], labels: Labels) -> tuple[list[int], list[int]]:
    """Return row numbers in the order of their hash: the last 500 to measure on, 64 of each class before them to learn.

    A class with fewer rows gives those that it has.
    """
    order = sorted(range(len(places)), key=lambda row: places[row])
    rest, measured = order[:-SETFIT_ROWS], order[-SETFIT_ROWS:]
    by_class = ([row for row in rest if labels[row] == name] for name in np.unique(labels))
    return [row for rows in by_class for row in rows[:SETFIT_EXAMPLES]], measured


def setfit(base: Path, texts: Sequence[str], labels: Labels, unseen: Sequence[str]) -> Floats:
    """Return the class probabilities of `unseen` texts, in the order of np.unique(labels), by SetFit's recipe.

    Contrastive pairs with a cosine loss, one epoch or 20 minutes of all cores, then logistic regression.
    """
    from datasets import Dataset  # type: ignore[import-not-found, unused-ignore]
    from setfit import SetFitModel, Trainer, TrainingArguments  # type: ignore[import-not-found, unused-ignore]
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        end = time.process_time() + SETFIT_SECONDS * available_cores()  # what else runs takes nothing from it

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if time.process_time() > self.end:
                say(f"  SetFit: out of time after {state.global_step} of {state.max_steps} steps")
                control.should_training_stop = True

    names, numbers = np.unique(labels, return_inverse=True)
    torch.set_num_threads(available_cores())
    torch.manual_seed(SEED)
    model = SetFitModel.from_pretrained(str(base), labels=names.tolist())
    model.model_body.max_seq_length = TOKENS
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder, batch_size=SETFIT_BATCH, num_epochs=1, num_iterations=SETFIT_PAIRS, seed=SEED, save_strategy="no",
            report_to="none",
        )  # fmt: skip
        rows = Dataset.from_dict({"text": list(texts), "label": numbers.tolist()})
        Trainer(model, arguments, train_dataset=rows, callbacks=[Clock()]).train()
    found = model.predict_proba(list(unseen), as_numpy=True)
    torch.set_num_threads(1)  # as the classifier wants it
    return np.asarray(found, dtype=np.float64)
