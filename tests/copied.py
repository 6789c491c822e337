"""Reviews of our own sentences and copies of them as spammers, syndicators and hurried people make them."""

from __future__ import annotations

import json
import random
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

CORPUS = Path(__file__).resolve().parents[1] / "models" / "corpus"
NAMES = "Mara Jonas Ilse Henk Ana Pietro Chloé Javier Inês Radu Oana Wouter Sofie Luca Marta Piet".split()
EMOJI = "😡 👍 🙏 😭 ⭐⭐⭐ ❤️".split()

Change = Callable[[random.Random, list[str], Sequence[str]], list[str]]


def sentences() -> dict[str, list[str]]:
    """Our authored sentences by language."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for line in (CORPUS / "authored.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        found[row["lang"]].append(row["text"])
    return found


def reviews(rng: random.Random, by_language: dict[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield a language and a review of one to five sentences, as words as they were written, without end."""
    languages = sorted(by_language)
    while True:
        language = rng.choice(languages)
        chosen = rng.sample(by_language[language], rng.choice((1, 2, 2, 3, 3, 4, 5)))
        yield language, " ".join(chosen).split()


def with_names(rng: random.Random, words: list[str], _: Sequence[str]) -> list[str]:
    """Change one or two words into names."""
    copy = list(words)
    for place in rng.sample(range(len(words)), 1 + (len(words) >= 20)):
        copy[place] = rng.choice(NAMES)
    return copy


def with_numbers(rng: random.Random, words: list[str], _: Sequence[str]) -> list[str]:
    """Give every number another value, and put in one more."""
    copy = [str(rng.randint(2, 900)) if word.isdigit() else word for word in words]
    copy.insert(rng.randrange(len(copy)), f"#{rng.randint(1000, 99999)}")
    return copy


def with_other_words(rng: random.Random, words: list[str], others: Sequence[str]) -> list[str]:
    """Change every tenth word."""
    first = rng.randrange(min(10, len(words)))
    return [rng.choice(others) if (place - first) % 10 == 0 else word for place, word in enumerate(words)]


def with_typos(rng: random.Random, words: list[str], _: Sequence[str]) -> list[str]:
    """Swap two letters in every fifteenth word."""
    first = rng.randrange(min(15, len(words)))
    return [word[:1] + word[2:3] + word[1:2] + word[3:] if (place - first) % 15 == 0 else word
            for place, word in enumerate(words)]  # fmt: skip


def with_emoji(rng: random.Random, words: list[str], _: Sequence[str]) -> list[str]:
    """Shout, drop accents and punctuation, put in emoji."""
    plain = unicodedata.normalize("NFKD", " ".join(words)).upper()
    kept = "".join(c for c in plain if not unicodedata.combining(c) and c not in ",.!?")
    return [word + rng.choice(EMOJI) if rng.random() < 0.1 else word for word in kept.split()]


def cut(rng: random.Random, words: list[str], _: Sequence[str]) -> list[str]:
    """Cut the end off: of a long text up to half, of a short one a tenth."""
    return words[: rng.randint(max(len(words) // 2, 25), len(words)) if len(words) > 30 else round(0.9 * len(words))]


CHANGES: dict[str, Change] = {
    "names": with_names, "numbers": with_numbers, "one word of ten": with_other_words, "typos": with_typos,
    "emoji, case, accents": with_emoji, "cut at the end": cut,
}  # fmt: skip
