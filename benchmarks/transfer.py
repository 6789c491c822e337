"""How the model transfers to public test sets that no training step saw, beside baselines trained on those very sets.

    python benchmarks/transfer.py PUBLIC_FOLDER [--only NAME] [--model DIR] [--held-out FILE] [--base FOLDER] [--setfit]

Mapping, rules and demands are explained in docs/transfer.md. Ours is fitted to no row here, but for the one threshold
for each airline reason, which comes from a fifth of the rows set apart. Figures go to stdout, progress to stderr.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import click
import numpy as np
import torch
from transfer_map import (
    FILES,
    FLOOR_OF_REASONS,
    REASONS,
    REASONS_FILE,
    TASKS,
    THREE,
    Label,
    Reason,
    Task,
    held_out_sentences,
    load,
    text_of,
)
from transfer_measures import (
    METRICS,
    Figure,
    Floats,
    Numbers,
    at_threshold,
    figure,
    precision_at_half,
    threshold_at_recall,
)  # fmt: skip
from transfer_rivals import Labels, base_vectors, cross_validated, few_shot_rows, setfit

from overheard.commands.options import format_option, json_text, say, table
from overheard.errors import OverheardError, UsageError
from overheard.nlp.calibration import probabilities
from overheard.nlp.classifier import Classifier, Verdict
from overheard.nlp.corpus import normalise
from overheard.nlp.reader import Document, DocumentReading, read

CHOOSING = 0.2
"""The share of the airline rows, by hash, that the thresholds of the reasons are chosen on."""
DEFAULT, CHOSEN_RECALL = 0.5, 0.55
"""The score that counts by default, and the recall that a chosen threshold has on the choosing rows: a little more than
the demanded 0.50, because those are few."""
READ_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Evidence(Verdict):
    """A verdict with the calibrated probabilities behind it, and `state`, the mean of the encoder's token states."""

    sentiments: Floats
    negative: Mapping[str, float]
    touchpoints: Mapping[str, float]
    state: Floats


class Witness(Classifier):
    """The classifier as shipped, whose verdicts are `Evidence`."""

    def _read(self, batch: Sequence[list[int]]) -> list[Verdict]:
        with torch.inference_mode():
            states = self._encode(torch.tensor(batch))
            found = probabilities(self.network.judge(states), self.config)
        rows = zip(
            self._verdicts(found), found.sentiment.double().numpy(), found.dimensions[..., 1].tolist(),
            found.touchpoint.tolist(), states.double().mean(1).numpy(), strict=True,
        )  # fmt: skip
        return [
            Evidence(
                verdict.sentiment, verdict.sentiment_score, verdict.touchpoint, verdict.signals, verdict.dimensions,
                sentiments, dict(zip(self.config.dimensions, negative, strict=True)),
                dict(zip(self.config.touchpoints, touchpoints, strict=True)), state,
            )
            for verdict, sentiments, negative, touchpoints, state in rows
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Example:
    """A row of a test set and what ours made of it: `key` is its normalised text, `place` a hash of that in [0, 1)."""

    row: Mapping[str, Any]
    text: str
    key: str
    place: float
    reading: DocumentReading

    @property
    def evidence(self) -> list[Evidence]:
        """What the model found in each sentence."""
        return [cast(Evidence, opinion.verdict) for opinion in self.reading.opinions]

    @property
    def lengths(self) -> list[int]:
        """How many characters each sentence has."""
        return [opinion.end - opinion.start for opinion in self.reading.opinions]


def examine(witness: Witness, rows: Sequence[dict[str, Any]], name: str) -> list[Example]:
    """Read the rows with our model; a row without a letter, digit or emoji is left out."""
    examples = []
    begun = time.monotonic()
    for start in range(0, len(rows), READ_AT_ONCE):
        part = rows[start : start + READ_AT_ONCE]
        documents = [
            Document({key: row[key] for key in ("title", "text") if row.get(key)}, row["lang"]) for row in part
        ]
        readings = read(witness, documents, witness.config.languages)
        examples += [_example(row, reading) for row, reading in zip(part, readings, strict=True) if reading.opinions]
        say(f"{name}: {start + len(part)} of {len(rows)} rows read, {time.monotonic() - begun:.0f} s")
    if len(examples) < len(rows):
        say(f"{name}: {len(rows) - len(examples)} rows left out: nothing in them can be read")
    return examples


def _example(row: dict[str, Any], reading: DocumentReading) -> Example:
    text = text_of(row)
    key = normalise(text)
    return Example(row, text, key, int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) / 2**32, reading)


# Decisions


def shares(example: Example) -> Floats:
    """Return (negative, neutral, positive) of a text: its sentences' mean by length, *mixed* half to each side."""
    mean = np.average([evidence.sentiments for evidence in example.evidence], axis=0, weights=example.lengths)
    return np.asarray(mean[:3] + mean[3] * np.array([0.5, 0.0, 0.5]))


def decide(chances: Floats) -> Floats:
    """Return one row for each text with a 1 for its likeliest class."""
    return np.asarray(np.eye(chances.shape[1])[chances.argmax(1)])


def as_shown(examples: Sequence[Example], classes: Sequence[str]) -> Floats:
    """Return what users see of a text, `DocumentReading.sentiment`: *mixed* counts half, *neutral* of two as wrong."""
    sides = {"mixed": {"negative": 0.5, "positive": 0.5}}
    shown = [example.reading.sentiment or "neutral" for example in examples]
    return np.array([[sides.get(word, {word: 1.0}).get(name, 0.0) for name in classes] for word in shown])


# The measurements


@dataclass(frozen=True, slots=True)
class Sample:
    """The rows of one task, their labels, and a matrix of vectors for each encoder."""

    examples: list[Example]
    labels: Labels
    vectors: dict[str, Floats]

    @classmethod
    def of(cls, examples: Sequence[Example], label: Label, base: Path | None) -> Sample:
        """Take the examples that have a label; raises UsageError for a row of another shape."""
        try:
            labelled = [(example, name) for example in examples if (name := label(example.row)) is not None]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise UsageError(
                f"a row has no label ({type(error).__name__}: {error}); expected the shape in docs/transfer.md"
            ) from None
        taken = [example for example, _ in labelled]
        vectors = {"our encoder": np.stack([_state(example) for example in taken])}
        if base:
            vectors["base encoder"] = base_vectors(base, [example.text for example in taken])
        return cls(taken, np.array([name for _, name in labelled]), vectors)

    def cross_validated(self) -> Iterator[tuple[str, Floats]]:
        """Yield the baselines' class probabilities."""
        texts = [example.text for example in self.examples]
        return cross_validated(texts, [example.key for example in self.examples], self.vectors, self.labels)

    def few_shot(self, base: Path) -> tuple[str, list[int], Floats]:
        """Return SetFit's name, the rows that it is measured on, and its class probabilities there."""
        learnt, rows = few_shot_rows([example.place for example in self.examples], self.labels)
        texts = [example.text for example in self.examples]
        say(f"  SetFit on {len(learnt)} rows")
        found = setfit(base, [texts[n] for n in learnt], self.labels[learnt], [texts[n] for n in rows])
        return f"SetFit, {len(learnt)} rows", rows, found


def _state(example: Example) -> Floats:
    """Return the encoder's mean state of a text, its sentences weighted by length."""
    states = [evidence.state for evidence in example.evidence]
    return np.asarray(np.average(states, axis=0, weights=example.lengths))


def measure_sentiment(task: Task, examples: Sequence[Example], base: Path | None, few: bool) -> Iterator[Figure]:
    """Yield the figures of a sentiment task."""
    sample = Sample.of(examples, task.label, base)
    say(f"{task.name}: {len(sample.labels)} rows")
    gold = np.array([task.classes.index(name) for name in sample.labels])
    columns = [THREE.index(name) for name in task.classes]
    ours = decide(np.stack([shares(example) for example in sample.examples])[:, columns])
    most = int(np.bincount(gold).argmax())
    called = {
        "overheard": ours,
        "overheard, as shown": as_shown(sample.examples, task.classes),
        f"always {task.classes[most]}": np.tile(np.eye(len(task.classes))[most], (len(gold), 1)),
    }
    called |= {name: decide(chances) for name, chances in sample.cross_validated()}
    for name, calls in called.items():
        floor = task.floor if name == "overheard" else None
        yield figure(task.name, name, task.metric, METRICS[task.metric], gold, calls, floor)
    if few and base:
        system, rows, chances = sample.few_shot(base)
        for name, calls in (("overheard", ours[rows]), (system, decide(chances))):
            yield figure(f"{task.name}, subset", name, task.metric, METRICS[task.metric], gold[rows], calls)


def measure_reasons(examples: Sequence[Example], base: Path | None, few: bool) -> Iterator[Figure]:
    """Yield the figures of the airline reasons: negative rows with that reason against all other negative rows."""
    known = {reason.label for reason in REASONS}

    def label(row: Mapping[str, Any]) -> str | None:
        reason, polarity = row["labels"][0]
        return (reason if reason in known else "other") if polarity == "negative" else None

    choosing = Sample.of([example for example in examples if example.place < CHOOSING], label, None)
    sample = Sample.of([example for example in examples if example.place >= CHOOSING], label, base)
    say(f"us_airline reasons: {len(choosing.labels)} rows to choose on, {len(sample.labels)} to measure on")
    trained = dict(sample.cross_validated())
    few_shot = sample.few_shot(base) if few and base else None
    names = np.unique(sample.labels)
    for reason in REASONS:
        column = int(np.flatnonzero(names == reason.label)[0])
        gold = (sample.labels == reason.label).astype(np.int64)
        yield from _reason(reason, choosing, sample, gold)
        for name, chances in trained.items():
            yield from _of_scores(reason.name, name, gold, chances[:, column])
        if few_shot:
            system, rows, chances = few_shot
            ours = reason_scores(reason, sample.examples)[rows]
            for name, scores in (("overheard", ours), (system, chances[:, column])):
                yield from _of_scores(f"{reason.name}, subset", name, gold[rows], scores)


def _reason(reason: Reason, choosing: Sample, sample: Sample, gold: Numbers) -> Iterator[Figure]:
    """Yield ours for one reason, without the keyword and with it, and the keyword alone."""
    variants: list[tuple[str, float | None, Callable[[Sequence[Example]], Floats]]] = [
        ("overheard", FLOOR_OF_REASONS, lambda part: reason_scores(reason, part))
    ]
    if keyword := reason.keyword:
        variants += [
            (
                "overheard + keyword", FLOOR_OF_REASONS,
                lambda part: reason_scores(reason, part) * found_in(keyword, part),
            ),
            ("keyword alone", None, lambda part: found_in(keyword, part)),
        ]  # fmt: skip
    chosen = (choosing.labels == reason.label).astype(np.int64)
    for name, floor, scorer in variants:
        scores = scorer(sample.examples)
        yield from _of_scores(reason.name, name, gold, scores, floor)
        threshold = threshold_at_recall(chosen, scorer(choosing.examples), CHOSEN_RECALL)
        for metric, measure in zip("PR", at_threshold(threshold), strict=True):
            yield figure(reason.name, name, f"{metric} at chosen score", measure, gold, scores)


def _of_scores(task: str, system: str, gold: Numbers, scores: Floats, floor: float | None = None) -> Iterator[Figure]:
    yield figure(task, system, "P at R 0.50", precision_at_half, gold, scores, floor)
    for metric, measure in zip("PR", at_threshold(DEFAULT), strict=True):
        yield figure(task, system, f"{metric} at score {DEFAULT}", measure, gold, scores)


def reason_scores(reason: Reason, examples: Sequence[Example]) -> Floats:
    """Return the score of each text: that of its highest sentence."""
    return np.array([
        max(reason.score(evidence.negative, evidence.touchpoints) for evidence in example.evidence)
        for example in examples
    ])  # fmt: skip


def found_in(keyword: re.Pattern[str], examples: Sequence[Example]) -> Floats:
    """Return 1 for each text that holds the keyword, else 0."""
    return np.array([1.0 if keyword.search(example.text) else 0.0 for example in examples])


@click.command()
@click.argument("folder", metavar="PUBLIC_FOLDER", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--only", multiple=True, type=click.Choice(FILES), help="Only this test set. Repeatable.")
@click.option("--model", type=click.Path(path_type=Path), help="A model folder  [default: the shipped one]")
@click.option("--held-out", multiple=True, type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Leave out rows that hold a sentence of this JSON Lines file. Repeatable.")  # fmt: skip
@click.option("--base", type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="The base encoder's folder: frozen with a regression on top, and SetFit's start.")  # fmt: skip
@click.option("--setfit/--no-setfit", "few", default=False, show_default=True,
              help="Train SetFit too, at most 20 minutes a task; needs --base.")  # fmt: skip
@format_option("table", "json")
def main(
    folder: Path, only: tuple[str, ...], model: Path | None, held_out: tuple[Path, ...], base: Path | None, few: bool,
    form: str,
) -> None:  # fmt: skip
    """Measure the transfer to public test sets that lie as JSON Lines in PUBLIC_FOLDER.

    \b
    Example:
      python benchmarks/transfer.py public --only us_airline --held-out dev.jsonl
    """
    if few and not base:
        raise click.UsageError("--setfit needs --base, the folder of the encoder to begin with")
    if few and find_spec("setfit") is None:
        raise click.UsageError("--setfit needs the package setfit; install overheard[bench], or leave it away")
    try:
        witness = Witness(model)
        figures = list(measure(witness, folder, only or FILES, held_out_sentences(held_out), base, few))
    except OverheardError as error:
        raise click.ClickException(str(error)) from None
    if form == "json":
        click.echo(json_text({"model": witness.version, "figures": [asdict(found) for found in figures]}))
        return
    table(
        ("task", "system", "metric", "value", "95 %", "rows", "floor"),
        [(found.task, found.system, found.metric, f"{found.value:.3f}", f"{found.low:.3f}…{found.high:.3f}",
          found.rows, found.verdict) for found in figures],
    )  # fmt: skip


def measure(
    witness: Witness, folder: Path, files: Sequence[str], held_out: Mapping[str, list[str]], base: Path | None,
    few: bool,
) -> Iterator[Figure]:  # fmt: skip
    """Yield every figure of these files."""
    for name in files:
        examples = examine(witness, load(folder, name, held_out, witness.config.languages), name)
        for task in (task for task in TASKS if task.file == name):
            yield from measure_sentiment(task, examples, base, few)
        if name == REASONS_FILE:
            yield from measure_reasons(examples, base, few)


if __name__ == "__main__":
    main()
