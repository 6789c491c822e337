"""Labelled sentences: files of texts with their labels, and labels that stand off from texts of others.

A stand-off row names the SHA-256 of the sentence in each language instead of the sentence; `read_rows` finds the
sentences again in a folder of JSON Lines that its reader has from their own origin.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from overheard.errors import UsageError
from overheard.nlp.sentences import split

AUTHORED = "authored"
"""The source of rows that name none: sentences written for this project."""


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled sentence; `group` is shared by the translations of one original."""

    group: str
    lang: str
    text: str
    dimensions: dict[str, str]
    sentiment: str
    touchpoint: str
    signals: tuple[str, ...]
    source: str


def normalise(text: str) -> str:
    """Return the key by which two sentences count as the same: case, accents, punctuation and spacing removed."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"[^\w]+", " ", "".join(c for c in plain if not unicodedata.combining(c))).strip()


def fingerprint(sentence: str) -> str:
    """Return what a stand-off row calls a sentence by: the SHA-256 of its UTF-8 bytes, runs of white space as one."""
    return hashlib.sha256(" ".join(sentence.split()).encode()).hexdigest()


def read_rows(path: Path, texts: Mapping[str, str] | None = None) -> Iterator[Row]:
    """Yield the rows of a labelled file; stand-off rows take their sentences from `texts` (see `texts_by_fingerprint`).

    A stand-off sentence that `texts` lacks is left out. The last part of an id such as m0064-nl is its translation's
    language. Raises UsageError for a line that is no labelled row.
    """
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            for lang, text in _sentences(row, texts or {}):
                yield _row(row, lang, text)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(
                f"{path.name} line {number}: no labelled row ({type(error).__name__}: {error}); "
                "expected the keys of models/corpus/authored.jsonl"
            ) from None


def _sentences(row: Mapping[str, Any], texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if "text" in row:
        yield row["lang"], row["text"]
    else:
        yield from ((lang, texts[key]) for lang, key in row["sha256"].items() if key in texts)


def _row(row: Mapping[str, Any], lang: str, text: str) -> Row:
    return Row(
        row["id"].removesuffix("-" + lang), lang, text, row["dimensions"], row["sentiment"], row["touchpoint"],
        tuple(row["signals"]), row.get("dataset") or row.get("source", AUTHORED).split()[0],
    )  # fmt: skip


def texts_by_fingerprint(folder: Path, wanted: Iterable[Path]) -> dict[str, str]:
    """Return the sentences under `folder` that the stand-off rows of the `wanted` files name, by fingerprint.

    Every JSON Lines file is searched for rows with `text` and `lang`, whole texts and their sentences alike.
    """
    keys = {
        key
        for path in wanted
        for line in path.read_text(encoding="utf-8").splitlines()
        for key in json.loads(line).get("sha256", {}).values()
    }
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.jsonl")):
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            if isinstance(row.get("text"), str):
                found |= {key: piece for piece in _pieces(row) if (key := fingerprint(piece)) in keys}
    return found


def _pieces(row: Mapping[str, Any]) -> Iterator[str]:
    text = row["text"]
    yield text
    yield from (text[start:end] for start, end in split(text, row.get("lang") or "en"))


def evaluation_texts(paths: Iterable[Path]) -> Iterator[str]:
    """Yield what no model may be trained on: the texts of JSON Lines files (or folders of them) and their sentences."""
    for path in paths:
        for file in sorted(path.rglob("*.jsonl")) if path.is_dir() else [path]:
            for line in file.read_text(encoding="utf-8").splitlines():
                yield from _pieces(json.loads(line))


def training_rows(files: Sequence[Path], held_out: Iterable[str], texts: Mapping[str, str] | None = None) -> list[Row]:
    """Read the files, without any text whose normalised form is in `held_out` and without duplicates."""
    seen = {normalise(text) for text in held_out}
    rows = []
    for row in (row for path in files for row in read_rows(path, texts)):
        key = normalise(row.text)
        if key and key not in seen:
            seen.add(key)
            rows.append(row)
    return rows


def split_fold(rows: Sequence[Row], share: float) -> tuple[list[Row], list[Row]]:
    """Return (training rows, calibration rows), split by group so that no translation of a fold row is trained on."""

    def in_fold(row: Row) -> bool:
        return int(hashlib.sha256(row.group.encode()).hexdigest()[:8], 16) / 2**32 < share

    return [row for row in rows if not in_fold(row)], one_of_each([row for row in rows if in_fold(row)], 1, seed=0)


def one_of_each(rows: Sequence[Row], count: int, seed: int) -> list[Row]:
    """Return at most `count` rows of each group, chosen at random by `seed`."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.group].append(row)
    chooser = random.Random(seed)
    return [row for group in groups.values() for row in chooser.sample(group, min(count, len(group)))]


def perturb(text: str, chooser: random.Random) -> str:
    """Write a sentence the way hasty people do: no capitals, no accents, two letters swapped, no final stop."""
    kind = chooser.randrange(5)
    if kind == 0:
        return text.lower()
    if kind == 1:
        return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    if kind == 2:
        return text.rstrip(".!? ")
    if kind == 3:
        return text.upper()
    place = chooser.randrange(max(1, len(text) - 1))
    return text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
