"""Is a mention about the brand? Ours and named baselines on brands that none of them was fitted on, in one run.

    python benchmarks/relevance.py [--public FOLDER] [--rows N] [--model DIR] [--fit] [--format table|json]

Ten names that are also words (benchmarks/relevance), each judged by weights fitted on the other nine and on the names
of models/corpus/names.jsonl; with --public also the labels of GermEval 2017, which nothing here is fitted on. --fit
writes the weights that are shipped. docs/relevance.md explains the rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from relevance_fit import (
    RECALL,
    Labelled,
    Row,
    columns_of,
    digest,
    fit,
    fit_for_shipping,
    look_at,
    read_ambiguous,
    read_names,
    unseen_scores,
)
from scipy.stats import rankdata
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline, make_union
from transfer_measures import Floats, Numbers, figure, threshold_at_recall

from overheard.commands.options import format_option, json_text, say, table
from overheard.errors import OverheardError, UsageError
from overheard.nlp.classifier import Classifier
from overheard.nlp.relevance import Profile, Weights

RECALLS = (0.90, 0.95, 0.98)
"""The shares of the relevant texts that the columns of the trade keep."""

CHOOSING = 400
"""The rows of GermEval with the lowest hashes, which were looked at while the features were chosen."""

GERMEVAL = Profile(
    name="Bahn",
    aliases=("Deutsche Bahn", "DB", "Bahn AG", "DB Bahn"),
    products=("ICE", "Intercity", "BahnCard", "DB Navigator", "Regionalexpress", "S-Bahn"),
    exclusions=("U-Bahn", "schiefe Bahn", "aus der Bahn", "freie Bahn", "Bahn frei"),
    industry="railways",
    description="The Deutsche Bahn is the German railway: it runs trains, tracks and stations and sells tickets.",
)
"""What a user would write about the brand of GermEval 2017; written before its texts were judged."""


@dataclass(frozen=True, slots=True)
class Result:
    """One system on one set: `auc` with its 95 % bootstrap interval.

    `kept` and `removed` are the shares of the relevant texts that are kept and of the others that are rejected, at the
    system's own threshold; `trade` the share rejected where so many of the relevant are kept.
    """

    set: str
    system: str
    rows: int
    auc: float
    low: float
    high: float
    kept: float
    removed: float
    trade: dict[str, float]


def measured(name: str, system: str, relevant: Numbers, scores: Floats, threshold: float) -> Result:
    """Measure scores; what is under the threshold is rejected."""
    auc = figure(name, system, "AUC", area, relevant, scores)
    yes, no = scores[relevant == 1], scores[relevant == 0]
    trade = {f"{r:.2f}": float((no < threshold_at_recall(relevant, scores, r)).mean()) for r in RECALLS}
    kept, removed = float((yes >= threshold).mean()), float((no < threshold).mean())
    return Result(name, system, len(relevant), auc.value, auc.low, auc.high, kept, removed, trade)


def area(gold: Numbers, scores: Floats) -> float:
    """Return the area under the ROC curve, from ranks: the chance that a relevant text scores above another."""
    yes = int(gold.sum())
    pairs = yes * (len(gold) - yes)
    return float((rankdata(scores)[gold == 1].sum() - yes * (yes + 1) / 2) / pairs) if pairs else 0.5


def gold_of(parts: Sequence[Labelled]) -> Numbers:
    """Return 1 for each relevant row, else 0."""
    return np.array([row.relevant for part in parts for row in part.rows]).astype(np.int64)


def tfidf(train: Sequence[Labelled], rows: Sequence[Row]) -> Floats:
    """Return the scores of TF-IDF with logistic regression, fitted on the texts of other brands."""
    known = [row for part in train for row in part.rows]
    model = _tfidf().fit([row.text for row in known], [row.relevant for row in known])
    found: Floats = model.predict_proba([row.text for row in rows])[:, 1]
    return found


def _tfidf() -> LogisticRegression:
    words, signs = TfidfVectorizer(ngram_range=(1, 2)), TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5))
    return make_pipeline(make_union(words, signs), LogisticRegression(C=10, class_weight="balanced", max_iter=2000))


def at_recall(relevant: Numbers, scores: Floats) -> float:
    """Return the threshold that keeps `RECALL` of the relevant texts."""
    return threshold_at_recall(relevant, scores, RECALL)


def on_ambiguous(tested: Sequence[Labelled], names: Sequence[Labelled], shipped: Weights) -> Iterator[Result]:
    """Yield the results on the ten brands, each judged by what was fitted on others; of `shipped`, the threshold."""
    relevant, encoder = gold_of(tested), shipped.encoder
    hidden = tested[0].observed.states.shape[2]

    def unseen(columns: NDArray[np.bool_] | None = None, others: Sequence[Labelled] = names) -> Floats:
        return np.concatenate(unseen_scores(tested, others, encoder, columns))

    def result(system: str, scores: Floats, threshold: float | None = None) -> Result:
        least = at_recall(relevant, scores) if threshold is None else threshold
        return measured("ambiguous", system, relevant, scores, least)

    excluded = np.concatenate([_not_excluded(part) for part in tested])
    yield result("all relevant", np.ones(len(relevant)), 0.5)
    yield result("exclusion words", excluded, 0.5)
    rest = [tfidf([*names, *(other for other in tested if other is not part)], part.rows) for part in tested]
    yield result("TF-IDF + LR", np.concatenate(rest))
    yield result("exclusion words, then TF-IDF + LR", np.where(excluded > 0.5, np.concatenate(rest), -1))
    ours = unseen()
    yield result("overheard", ours, shipped.threshold)
    parts = {"name": False, "near": False, "plain": False}
    for part, text in (("name", "state alone"), ("near", "nearness alone"), ("plain", "plain marks alone")):
        yield result(f"overheard, {text}", unseen(columns_of(hidden, **(parts | {part: True}))))
    yield result("overheard, fitted on the nine", unseen(others=()))
    other_hand = fit(names, encoder)
    yield result("overheard, fitted on names.jsonl", np.concatenate([part.scores(other_hand) for part in tested]))
    for group, key in (("language", lambda part, row: row.language), ("brand", lambda part, row: part.profile.name)):
        yield from _by_group(tested, relevant, ours, shipped.threshold, group, key)


def _not_excluded(part: Labelled) -> Floats:
    kept = np.zeros(len(part.rows))
    kept[list(part.open)] = 1.0
    return kept


def _by_group(
    tested: Sequence[Labelled], relevant: Numbers, scores: Floats, threshold: float, group: str,
    key: Callable[[Labelled, Row], str],
) -> Iterator[Result]:  # fmt: skip
    keys = np.array([key(part, row) for part in tested for row in part.rows])
    for name in dict.fromkeys(keys.tolist()):
        here = keys == name
        yield measured(f"ambiguous, {group} {name}", "overheard", relevant[here], scores[here], threshold)


def read_germeval(folder: Path, limit: int | None) -> list[Row]:
    """Return the rows of the development part but the choosing ones, up to `limit`, by the hash of their text."""
    path = folder / "germeval2017.jsonl"
    if not path.is_file():
        raise UsageError(f"{path} does not exist; expected JSON Lines with text and relevant (docs/relevance.md)")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows.sort(key=lambda row: hashlib.sha256(row["text"].encode()).hexdigest())
    return [Row(row["text"], row["lang"], str(row["relevant"]).lower() == "true") for row in rows[CHOOSING:][:limit]]


def on_germeval(part: Labelled, train: Sequence[Labelled], weights: Weights) -> Iterator[Result]:
    """Yield the results on GermEval: of the shipped weights, and of baselines, one fitted on the set itself."""
    relevant, scores = gold_of([part]), part.scores(weights)
    texts = [row.text for row in part.rows]

    def result(system: str, scores: Floats, threshold: float) -> Result:
        return measured("germeval2017", system, relevant, scores, threshold)

    yield result("all relevant", np.ones(len(texts)), 0.5)
    yield result("exclusion words", _not_excluded(part), 0.5)
    away = tfidf(train, part.rows)
    yield result("TF-IDF + LR, fitted on our texts", away, at_recall(relevant, away))
    folds = StratifiedKFold(5, shuffle=True, random_state=1)
    inside = cross_val_predict(_tfidf(), texts, relevant, cv=folds, method="predict_proba")[:, 1]
    yield result("TF-IDF + LR, fitted on GermEval, 5 folds", inside, at_recall(relevant, inside))
    yield result("overheard", scores, weights.threshold)


def show(results: Sequence[Result]) -> None:
    """Print the results as a table."""
    columns = ("set", "system", "rows", "AUC", "95 % interval", "kept", "rejected", *(f"rej. at {r}" for r in RECALLS))
    table(columns, [
        (r.set, r.system, r.rows, f"{r.auc:.3f}", f"{r.low:.3f} to {r.high:.3f}", f"{r.kept:.2f}", f"{r.removed:.2f}",
         *(f"{value:.2f}" for value in r.trade.values()))
        for r in results
    ])  # fmt: skip


@click.command()
@click.option("--public", type=click.Path(path_type=Path, file_okay=False), help="Folder with germeval2017.jsonl.")
@click.option("--rows", type=click.IntRange(min=10), help="Of GermEval so many rows, by hash  [default: all]")
@click.option("--model", "folder", type=click.Path(path_type=Path), help="A model folder  [default: the shipped one]")
@click.option("--fit", "fitting", is_flag=True, help="Write the weights of that model, from both sets.")
@format_option("table", "json")
def main(public: Path | None, rows: int | None, folder: Path | None, fitting: bool, form: str) -> None:
    """Measure, and with --fit write, the weights that judge relevance."""
    try:
        classifier = Classifier(folder)
        tested = [look_at(classifier, *entry) for entry in read_ambiguous()]
        names = [look_at(classifier, *entry) for entry in read_names()]
        say(f"{sum(len(part.rows) for part in (*tested, *names))} texts read")
        if fitting:
            fit_for_shipping(tested, names, classifier.version).save(classifier.folder)
        weights = Weights.load(classifier)
        results = list(on_ambiguous(tested, names, weights))
        if public:
            part = look_at(classifier, GERMEVAL, read_germeval(public, rows))
            results += on_germeval(part, [*names, *tested], weights)
    except OverheardError as error:
        raise click.ClickException(str(error)) from None
    about = {"model": classifier.version, "threshold": weights.threshold, "fitted_on": weights.texts}
    about |= {"sha256": digest()}
    if form == "json":
        click.echo(json_text(about | {"results": [asdict(result) for result in results]}))
    else:
        show(results)


if __name__ == "__main__":
    main()
