"""The mapping of transfer.py: which rows of the public test sets count, as what, and how our labels answer them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from overheard.commands.options import say
from overheard.errors import UsageError
from overheard.nlp.corpus import normalise, read_objects, read_rows

TWO, THREE = ("negative", "positive"), ("negative", "neutral", "positive")

HELD_OUT_WORDS = 4
"""Held-out sentences of fewer words occur everywhere by chance."""

Label = Callable[[Mapping[str, Any]], str | None]
"""Maps a row to its class, or to None where it is left out."""


@dataclass(frozen=True, slots=True)
class Task:
    """Sentiment on the rows of one file: `label` maps a row to one of `classes`, or to None where it is left out."""

    name: str
    file: str
    classes: tuple[str, ...]
    label: Label
    metric: str
    floor: float | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """A negative reason of us_airline: `score` takes a sentence's probabilities (dimension negative, touchpoint)."""

    name: str
    label: str
    score: Callable[[Mapping[str, float], Mapping[str, float]], float]
    keyword: re.Pattern[str] | None = None


def _one_polarity(row: Mapping[str, Any]) -> str | None:
    """Return the polarity that all opinions of a sentence share, None for neutral ones and for both sides at once."""
    polarities = {polarity for _, polarity in row["labels"]}
    return polarities.pop() if len(polarities) == 1 and polarities <= set(TWO) else None


def _in_language(lang: str, label: Label) -> Label:
    return lambda row: label(row) if row["lang"] == lang else None


TASKS = (
    Task("us_airline", "us_airline", THREE, lambda row: row["labels"][0][1], "macro-F1", 0.72),
    *(
        Task(f"semeval2016 {lang}", "semeval2016_restaurant", TWO, _in_language(lang, _one_polarity), "accuracy", 0.85)
        for lang in ("en", "nl", "fr", "es")
    ),
    Task("laroseda", "laroseda", TWO, lambda row: row["label"], "accuracy", 0.88),
    Task(
        "germeval2017", "germeval2017", THREE,
        lambda row: row["doc_sentiment"] if row["relevant"] == "true" else None, "macro-F1", 0.55,
    ),
    *(
        Task(f"umsab {lang}", "umsab", THREE, _in_language(lang, lambda row: row["label"]), "macro-F1")
        for lang in ("en", "de", "fr", "it", "es", "pt")
    ),
)  # fmt: skip
FILES = tuple(dict.fromkeys(task.file for task in TASKS))


BAG = re.compile(
    r"\b(bags?|luggage|baggage|suitcases?|gepäck\w*|koffer\w*|bagages?|valises?|equipajes?|maletas?|bagagli\w*"
    r"|valigi[ae]|bagagen[ms]|bagaj\w*)\b", re.IGNORECASE,
)  # fmt: skip
BOOKING = re.compile(
    r"\b((re)?book\w*|reserv\w*|(um)?gebucht|(um)?buch(en|ung\w*)|(om)?geboekt|boek(en|ing\w*)|réserv\w*|prenot\w*"
    r"|rezerv\w*)\b", re.IGNORECASE,
)  # fmt: skip

REASONS_FILE, FLOOR_OF_REASONS = "us_airline", 0.70
REASONS = (
    # Hours on the telephone are slow too, but no late flight: the flight is what one uses.
    Reason("late flight", "Late Flight", lambda pain, at: pain["speed"] * at["use"]),
    Reason("customer service", "Customer Service Issue", lambda _, at: at["support"]),
    # Neither has a dimension of its own: these say "it was about the arrival" and "it was about the purchase".
    Reason("lost luggage", "Lost Luggage", lambda _, at: at["receive"], BAG),
    Reason("booking problems", "Flight Booking Problems", lambda _, at: at["buy"] + at["pay"], BOOKING),
)
"""Chosen on the choosing rows, as the thresholds are."""


def load(folder: Path, name: str, held_out: Mapping[str, list[str]], languages: Iterable[str]) -> list[dict[str, Any]]:
    """Return the rows of a test set that may count, telling how many do not and why; raises UsageError."""
    path = folder / f"{name}.jsonl"
    try:
        rows = [row for _, row in read_objects(path)]
        known = [row for row in rows if row["lang"] in languages]
        kept = [row for row in known if not _holds(normalise(text_of(row)), held_out)]
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"test set {str(path)!r} cannot be read ({type(error).__name__}: {error})") from None
    if not kept:
        raise UsageError(f"test set {str(path)!r}: no row is left to measure on")
    foreign, held = len(rows) - len(known), len(known) - len(kept)
    say(f"{name}: {len(rows)} rows; left out: {held} with a held-out sentence, {foreign} in other languages")
    return kept


def text_of(row: Mapping[str, Any]) -> str:
    """Return title and text of a row, a line each."""
    return "\n".join(row[name] for name in ("title", "text") if row.get(name))


def held_out_sentences(paths: Iterable[Path]) -> dict[str, list[str]]:
    """Return the normalised held-out sentences of at least four words, by their first four."""
    found: dict[str, list[str]] = defaultdict(list)
    for words in (normalise(row.text).split() for path in paths for row in read_rows(path)):
        if len(words) >= HELD_OUT_WORDS:
            found[" ".join(words[:HELD_OUT_WORDS])].append(" ".join(words))
    return dict(found)


def _holds(key: str, held_out: Mapping[str, list[str]]) -> bool:
    words = key.split()
    beginnings = (" ".join(words[at : at + HELD_OUT_WORDS]) for at in range(len(words)))
    return any(f" {sentence} " in f" {key} " for start in beginnings for sentence in held_out.get(start, ()))
