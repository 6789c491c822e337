"""Labelled sentences: files of texts with their labels, and labels that stand off from texts of others.

A stand-off row names the SHA-256 of the sentence in each language instead of the sentence; `read_rows` finds the
sentences again in a folder of JSON Lines that its reader has from their own origin.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from overheard.errors import UsageError
from overheard.nlp.languages import unaccented
from overheard.nlp.sentences import split

LONGEST_JOINED = 110
"""Characters of the longest sentence that is joined with another one: about the median."""

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
    return re.sub(r"[^\w]+", " ", unaccented(text.casefold())).strip()


def fingerprint(sentence: str) -> str:
    """Return what a stand-off row calls a sentence by: the SHA-256 of its UTF-8 bytes, runs of white space as one."""
    return hashlib.sha256(" ".join(sentence.split()).encode()).hexdigest()


def read_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, object) of a JSON Lines file, empty lines left out; raises UsageError where it is none."""
    try:
        # Not splitlines(): JSON may hold U+2028 and other line ends that end no line here.
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read ({error}); expected JSON Lines in UTF-8") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path} line {number}: no JSON ({error}); expected an object on every line") from None
        if not isinstance(found, dict):
            raise UsageError(f"{path} line {number}: {line[:40]!r} is no object; expected one on every line")
        yield number, found


def read_rows(path: Path, texts: Mapping[str, str] | None = None) -> Iterator[Row]:
    """Yield the rows of a labelled file; stand-off rows take their sentences from `texts` (see `texts_by_fingerprint`).

    A stand-off sentence that `texts` lacks is left out. The last part of an id such as m0064-nl is its translation's
    language. Raises UsageError for a line that is no labelled row.
    """
    for number, row in read_objects(path):
        try:
            for lang, text in _sentences(row, texts or {}):
                yield _row(row, lang, text)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(
                f"{path} line {number}: no labelled row ({type(error).__name__}: {error}); "
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
    rows = (row for path in wanted for _, row in read_objects(path))
    keys = {key for row in rows for key in row.get("sha256", {}).values()}
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.jsonl")):
        for _, row in read_objects(path):
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
            for number, row in read_objects(file):
                if not isinstance(row.get("text"), str):
                    raise UsageError(f'{file} line {number}: no "text"; a text held out cannot be left to chance')
                yield from _pieces(row)


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


def vary(rows: Sequence[Row], joining: float, noise: float, chooser: random.Random) -> list[Row]:
    """Return the rows as an epoch reads them: some joined with another one, some written hastily."""
    partners: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        partners[row.lang, row.touchpoint].append(row)
    varied = []
    for row in rows:
        if chooser.random() < joining:
            row = join(row, chooser.choice(partners[row.lang, row.touchpoint]), chooser)
        varied.append(replace(row, text=perturb(row.text, chooser)) if chooser.random() < noise else row)
    return varied


def join(first: Row, second: Row, chooser: random.Random) -> Row:
    """Return two sentences of one language and touchpoint run together, with the labels of both.

    Training sentences mostly hold one opinion; people who hurry put two or three into one. A dimension that both judge
    differently is neutral, as in the guide. Sentences that are long already stay as they are.
    """
    if first.text == second.text or max(len(first.text), len(second.text)) > LONGEST_JOINED:
        return first
    link = chooser.choice((" ", ", ", " - ", "; ", ". "))
    both = second.dimensions | first.dimensions
    other = {name: second.dimensions.get(name, polarity) for name, polarity in both.items()}
    sentiments = {first.sentiment, second.sentiment} - {"neutral"}
    return replace(
        first,
        text=first.text.rstrip(".!?… " if link[0] in ",;" else " ") + link + second.text,
        dimensions={name: one if one == other[name] else "neutral" for name, one in both.items()},
        sentiment="mixed" if len(sentiments) > 1 else sentiments.pop() if sentiments else "neutral",
        signals=tuple(dict.fromkeys(first.signals + second.signals)),
    )


def perturb(text: str, chooser: random.Random) -> str:
    """Write a sentence the way hasty people do: no capitals, no accents, two letters swapped, no final stop."""
    kind = chooser.randrange(5)
    if kind == 0:
        return text.lower()
    if kind == 1:
        return unaccented(text)
    if kind == 2:
        return text.rstrip(".!? ")
    if kind == 3:
        return text.upper()
    place = chooser.randrange(max(1, len(text) - 1))
    return text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
