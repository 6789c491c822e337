"""`overheard classify` and `analyze`, and for the makers of models `eval` and `train`."""

from __future__ import annotations

import codecs
import json
import os
import select
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from overheard.commands.options import (
    Home,
    Progress,
    Whole,
    format_option,
    json_text,
    judged_line,
    load_classifier,
    pass_home,
    say,
    table,
)

if TYPE_CHECKING:
    from overheard.nlp.classifier import Classifier
    from overheard.nlp.language import LanguageIdentifier
    from overheard.nlp.reader import DocumentReading

LINES_AT_ONCE = 2048
"""Lines that `analyze` reads together when they are there: enough to pack batches by length."""


@click.command("classify")
@format_option("table", "json")
@pass_home
def classify_command(home: Home, form: str) -> None:
    """Classify every mention that this model version has not read yet.

    What a search found is first judged: is it about the brand at all? What is not is kept and left out.

    Safe to interrupt; the same command goes on where it stopped.

    \b
    Example:
      overheard classify
    """
    from overheard import nightly

    with home.store() as store, Progress("classifying") as bar:
        done = nightly.classify(store, home.settings, load_classifier, bar.start, bar.advance)
    if form == "json":
        click.echo(json_text(asdict(done)))
    else:
        if done.judged:
            click.echo(judged_line(done))
        click.echo(
            f"{done.mentions} mentions classified by {done.model}: {done.opinions} opinions, "
            f"{done.not_analysed} mentions not analysed (another language)"
        )


@click.command("analyze")
@pass_home
def analyze_command(home: Home) -> None:
    """Read texts from standard input, one a line, and write one JSON object a line.

    A line is a text, or a JSON object with text and, if you like, id and lang. No store is read or written, nothing is
    masked, offsets index the text as given. A line that cannot be analysed says why in "status": empty, invalid,
    not_analysed.

    \b
    Examples:
      echo "Great app, but support never answered." | overheard analyze
      overheard analyze < reviews.jsonl > opinions.jsonl
    """
    from overheard.nlp.language import LanguageIdentifier

    languages = home.settings.languages
    number = 0
    # The identifier is unpacked and lines are read while the classifier is loaded; lines are read and their languages
    # told while it reads those before.
    with ThreadPoolExecutor(1, "analyze") as thread:
        loading: Future[Classifier] = thread.submit(load_classifier)
        identifier = LanguageIdentifier(languages)
        answering: Future[None] | None = None
        for lines in _chunks():
            rows = [_parse(line, number + offset, identifier) for offset, line in enumerate(lines, 1)]
            number += len(lines)
            if answering:
                answering.result()
            answering = thread.submit(_answer_lines, rows, loading.result(), languages)
        if answering:
            answering.result()


def _answer_lines(rows: Sequence[dict[str, Any]], classifier: Classifier, languages: Sequence[str]) -> None:
    for answer in _answers(rows, classifier, languages):
        click.echo(json.dumps(answer, ensure_ascii=False))
    sys.stdout.flush()


def _chunks() -> Iterator[list[bytes]]:
    """Yield lines of standard input as they come: what is there, at most `LINES_AT_ONCE`, never waiting for more."""
    rest = b""
    descriptor = sys.stdin.fileno()
    waiting: list[bytes] = []
    while block := os.read(descriptor, 1 << 16):
        *lines, rest = (rest + block).split(b"\n")
        waiting += lines
        while len(waiting) >= LINES_AT_ONCE:
            yield waiting[:LINES_AT_ONCE]
            waiting = waiting[LINES_AT_ONCE:]
        if waiting and not select.select([descriptor], [], [], 0)[0]:
            yield waiting
            waiting = []
    if rest:
        waiting.append(rest)
    if waiting:
        yield waiting


def _parse(line: bytes, number: int, identifier: LanguageIdentifier) -> dict[str, Any]:
    """Return {"id", "lang", "text"} of one input line, or what `_unread` makes of one that cannot be analysed."""
    try:
        text = line.removeprefix(codecs.BOM_UTF8 if number == 1 else b"").decode("utf-8").rstrip("\r")
    except UnicodeDecodeError as error:
        return _unread(number, None, "invalid", f"not UTF-8 at byte {error.start}")
    if not text.lstrip().startswith("{"):
        return _readable(number, None, text, identifier)
    try:
        row = json.loads(text, parse_constant=_no_number)
        # What cannot be written again, such as half of a surrogate pair or 1e400, cannot be answered either.
        json.dumps(row, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        said = f"broken JSON: {error}".encode(errors="replace").decode()
        return _unread(number, None, "invalid", said)
    identity = number if row.get("id") is None else row["id"]
    language = row.get("lang")
    if not isinstance(row.get("text"), str):
        return _unread(identity, None, "invalid", 'expected a string under "text"')
    if language is not None and not isinstance(language, str):
        return _unread(identity, None, "invalid", 'expected a language code such as "nl" under "lang"')
    language = language and language.replace("_", "-").split("-")[0].casefold()
    return _readable(identity, language, row["text"], identifier)


def _readable(identity: Any, language: str | None, text: str, identifier: LanguageIdentifier) -> dict[str, Any]:
    if not text.strip():
        return _unread(identity, language, "empty", "there is no text")
    return {"id": identity, "lang": language or identifier.identify(text), "text": text}


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number in JSON")


def _answers(
    rows: Sequence[dict[str, Any]], classifier: Classifier, languages: Sequence[str]
) -> Iterator[dict[str, Any]]:
    from overheard.nlp.reader import Document, read

    wanted = [Document({"text": row["text"]}, row["lang"]) for row in rows if "text" in row]
    found = iter(read(classifier, wanted, languages))
    for row in rows:
        yield _answer(row, next(found), classifier.version) if "text" in row else row


def _unread(identity: Any, language: str | None, status: str, reason: str) -> dict[str, Any]:
    return {
        "id": identity, "lang": language, "status": status, "reason": reason, "sentiment": None, "opinions": [],
    }  # fmt: skip


def _answer(row: dict[str, Any], reading: DocumentReading, version: str) -> dict[str, Any]:
    if reading.status != "analysed":
        reason = f"language {row['lang']!r} is not one of the configured ones"
        return _unread(row["id"], row["lang"], reading.status, reason)
    return {
        "id": row["id"],
        "lang": row["lang"],
        "status": reading.status,
        "model": version,
        "sentiment": reading.sentiment,
        "strength": reading.strength,
        "opinions": [
            {
                "start": opinion.start,
                "end": opinion.end,
                "text": opinion.text,
                "sentiment": opinion.verdict.sentiment,
                "score": opinion.verdict.sentiment_score,
                "dimensions": {
                    name: {"polarity": polarity, "score": score}
                    for name, (polarity, score) in opinion.verdict.dimensions.items()
                },
                "touchpoint": opinion.verdict.touchpoint,
                "signals": list(opinion.verdict.signals),
            }
            for opinion in reading.opinions
        ],
    }


@click.command("eval")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--model", "folder", type=click.Path(path_type=Path), help="A model folder  [default: the shipped one]")
@format_option("table", "json")
def eval_command(path: Path, folder: Path | None, form: str) -> None:
    """Measure a model on labelled sentences (JSON Lines as in models/corpus), with 95 % bootstrap intervals.

    \b
    Example:
      overheard eval models/corpus/gate.jsonl
    """
    from overheard.nlp.classifier import Classifier
    from overheard.nlp.evaluation import evaluate

    figures = _plain(evaluate(Classifier(folder), path))
    if form == "json":
        click.echo(json_text(figures))
        return
    click.echo(f"{figures['file']} (SHA-256 {figures['sha256']})")
    click.echo(f"{figures['sentences']} sentences read by {figures['model']}")
    rows = [
        _figure_row(name, value) for name, value in figures.items() if isinstance(value, dict) and name[:3] != "by_"
    ]
    rows += [_figure_row(f"dimension {name}", value) for name, value in figures["by_dimension"].items()]
    for group in ("language", "source"):
        rows += [_figure_row(f"{group} {name}", value["joint"]) for name, value in figures[f"by_{group}"].items()]
    table(("figure", "value", "95 % interval", "precision", "recall", "n"), rows)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def _figure_row(name: str, value: Any) -> tuple[str, ...]:
    shown = [f"{value[key]:.3f}" if key in value else "" for key in ("precision", "recall")]
    main = value["f1"] if "f1" in value else value["value"]
    return name, f"{main:.3f}", f"{value['low']:.3f} to {value['high']:.3f}", *shown, str(value.get("support", ""))


@click.command("train")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--base", required=True,
              help="A base encoder (folder or Hugging Face name), or the folder of a model to go on from.")  # fmt: skip
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Where the trained model goes.")
@click.option("--version", "version", required=True, help="What to call it, such as opinion-5.")
@click.option("--texts", "folder", type=click.Path(path_type=Path, exists=True, file_okay=False),
              help="Where the sentences of stand-off labels are: JSON Lines with text and lang.")  # fmt: skip
@click.option("--held-out", multiple=True, type=click.Path(path_type=Path, exists=True),
              help="Never train on what stands in this JSON Lines file, or in those of this folder.")  # fmt: skip
@click.option("--epochs", default=5, show_default=True, type=Whole(), help="Passes over the rows.")
@click.option("--seed", default=1, show_default=True, type=Whole(0), help="Of every random choice.")
def train_command(
    files: tuple[Path, ...],
    base: str,
    out: Path,
    version: str,
    folder: Path | None,
    held_out: tuple[Path, ...],
    epochs: int,
    seed: int,
) -> None:
    """Train a model on labelled sentences, from a base encoder or from a model to train further.

    Rows without a text are stand-off labels: their sentences are looked up by SHA-256 under --texts.

    \b
    Example:
      overheard --verbose train models/corpus/authored.jsonl models/corpus/labels.jsonl \\
          --texts public --base intfloat/multilingual-e5-small \\
          --held-out models/corpus/gate.jsonl --out /tmp/opinion-5 --version opinion-5
    """
    from overheard.nlp.corpus import evaluation_texts, texts_by_fingerprint
    from overheard.nlp.training import TrainingArguments, train

    texts = texts_by_fingerprint(folder, files) if folder else {}
    arguments = TrainingArguments(version=version, epochs=epochs, seed=seed)
    network = train(base, files, evaluation_texts(held_out), out, arguments, texts)
    say(f"trained {network.config.version} into {out}. Next: `overheard eval FILE --model {out}`")
