"""Recorded pages of others, scored against labels that hold no text of theirs: hashes of words, ratings and dates."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from extraction_measures import ROUNDING, Case, Review, words


@dataclass(frozen=True, slots=True)
class Payload:
    """A recorded page and its labels: `rating` (the share of its scale), `date` and `reply` (a hash), by text hash."""

    case: Case
    labels: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def fingerprint(text: str) -> str:
    """Return the SHA-256 of a text's normalised words, shortened: enough to tell it, and nothing to read."""
    return hashlib.sha256(" ".join(words(text)).encode()).hexdigest()[:24]


def read_payloads(labels: Path, folder: Path) -> list[Payload]:
    """Return the recorded pages that are labelled and lie in the folder."""
    told: dict[str, Any] = json.loads(labels.read_text("utf-8"))
    fetched = datetime.fromisoformat(told["fetched"])
    return [
        Payload(Case(name, (folder / name).read_bytes(), page["url"], fetched, ()), page["reviews"])
        for name, page in told["pages"].items()
        if (folder / name).is_file()
    ]


def score_payloads(
    payloads: Sequence[Payload], systems: Mapping[str, Callable[[Case], list[Review]]]
) -> list[dict[str, Any]]:
    """Return for each page and system how many reviews it has, were found and were right, and the fields by share."""
    return [
        {"page": payload.case.name, "system": name, **_score(extract(payload.case), payload.labels)}
        for payload in payloads
        for name, extract in systems.items()
    ]


def _score(found: Iterable[Review], labels: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    given = {fingerprint(review.text): review for review in found}
    right = {key: review for key, review in given.items() if key in labels}
    good: Counter[str] = Counter()
    there: Counter[str] = Counter()
    for key, review in right.items():
        label = labels[key]
        checks = {
            "rating": (label["rating"], review.rating, lambda a, b: abs(a - b) <= ROUNDING),
            "date": (label["date"], review.days or None, lambda a, b: a in {str(day) for day in b}),
            "reply": (label["reply"], review.reply, lambda a, b: a == fingerprint(b)),
        }
        for name, (wanted, got, same) in checks.items():
            if wanted is not None or got is not None:
                there[name] += 1
                good[name] += wanted is not None and got is not None and same(wanted, got)
    total = len(given) + len(labels)
    shares = {name: good[name] / there[name] if there[name] else None for name in ("rating", "date", "reply")}
    counts = {"reviews": len(labels), "found": len(given), "right": len(right)}
    return {**counts, "f1": 2 * len(right) / total if total else 1.0, **shares}
