"""Relevance: is a text that was found by a brand's name about the brand at all?

Names that are also words (Orange, Next) are told apart by what stands around them. A phrase that the user excludes
decides alone. Else a linear model weighs what the encoder's seventh layer makes of the name where it stands, how near
the text is to the brand's description, its products and the excluded phrases, and a few plain things beside the name.
Its weights are fitted by benchmarks/relevance.py; docs/relevance.md says how well it does.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from overheard.errors import ModelError
from overheard.nlp.classifier import Classifier
from overheard.nlp.languages import load

FILE = "relevance.safetensors"
"""The weights, beside those of the encoder that they were fitted on."""

DEPTH = 6
"""The layer that is read: chosen by cross-validation over names; the last ones know sentiment and forget the rest."""

PASSAGE, PASSAGES = 320, 4
"""Characters that are read around a name, and how many such passages of a longer text."""

PLAIN = ("product", "business word", "article", "capital before", "capital behind")
"""What is looked for in a passage, or beside a name in it, and counts 1."""

BESIDE = 2 + len(PLAIN)
"""How many features there are besides the state of the name."""

Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What is known of a brand; `sought` are the words of the search that found the texts."""

    name: str
    aliases: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    exclusions: tuple[str, ...] = ()
    industry: str | None = None
    description: str | None = None
    sought: str = ""

    @property
    def described(self) -> str:
        """The description, or one composed of what else is known."""
        if self.description:
            return self.description
        return f"{', '.join((self.name, *self.aliases))}. {self.industry or ''}. {', '.join(self.products)}"

    @cached_property
    def _names(self) -> tuple[re.Pattern[str], ...]:
        """What to look for, the next only where a text has none of the one before."""
        words = [phrase or word for phrase, word in re.findall(r'"([^"]+)"|([^\s"]+)', self.sought)]
        return tuple(map(_pattern, ((self.name, *self.aliases), self.products, words)))

    @cached_property
    def _excluded(self) -> re.Pattern[str]:
        return _pattern(self.exclusions)

    @cached_property
    def _sure(self) -> re.Pattern[str]:
        return _pattern((*self.products, *self.aliases))

    def exclusion(self, text: str) -> str | None:
        """Return the words that rule a text out as they stand there, at most 200 characters, None where none does.

        A phrase with the brand's name in it ("apple pie") does where no other name is left without it, another one
        (`bash`) wherever it stands.
        """
        found = [" ".join(match[0].split())[:200] for match in self._excluded.finditer(text)]
        own = self._names[:2]
        for phrase in found:
            if not any(pattern.search(phrase) for pattern in own):
                return phrase
        rest = self._excluded.sub(" … ", text)
        return found[0] if found and not any(pattern.search(rest) for pattern in own) else None

    def find(self, text: str) -> list[Span]:
        """Return where a text names the brand, outside excluded phrases."""
        excluded = [match.span() for match in self._excluded.finditer(text)]
        for pattern in self._names:
            spans = [match.span() for match in pattern.finditer(text)]
            if free := [(a, b) for a, b in spans if not any(start <= a and b <= end for start, end in excluded)]:
                return free
        return []

    def names_more(self, text: str) -> bool:
        """Whether a text has a product or another name of the brand."""
        return self._sure.search(text) is not None


def _pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    """Return what finds any of the phrases as words, in whatever case, also run together as in a hashtag."""
    spelt = [r"[\s_-]*".join(map(re.escape, phrase.lstrip("@#").split())) for phrase in phrases]
    given = sorted(filter(None, spelt), key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(given)})(?:['’]?s)?(?!\w)" if given else r"(?!)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Document:
    """A text that was found, and its language."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether a text is about the brand.

    `relevance` is the score in [0, 1] where it decided, `exclusion` the phrase that did. A text with neither does not
    name the brand, and is rejected for that.
    """

    relevance: float | None
    rejected: bool
    exclusion: str | None = None

    @property
    def decided_by(self) -> str:
        """What decided: `exclusion`, `score` or `name`."""
        if self.exclusion:
            return "exclusion"
        return "name" if self.relevance is None else "score"


@dataclass(frozen=True, slots=True)
class Observed:
    """What is read in n passages before it is weighed.

    `owners` are the numbers of their texts, `states` (n, 2, hidden) the mean states of the name and of the passage,
    `plain` (n, 5) the marks of `PLAIN`, `phrases` the mean states of the description, the products, the exclusions.
    """

    owners: list[int]
    states: Tensor
    plain: Tensor
    phrases: tuple[Tensor, Tensor, Tensor]

    def features(self, space: Tensor) -> Tensor:
        """Return what is weighed, (n, hidden + `BESIDE`): the state of the name, two nearnesses, the marks.

        `space`, (3, hidden), has the middle of passages, that of phrases, and the mean direction of descriptions of
        many brands. Nearness is a cosine from the middle: to the description, less that to descriptions of any brand;
        and to the description or a product, less that to an excluded phrase (0 without one). Only differences, for a
        text of another kind is nearer to all of them, or farther.
        """
        passages = functional.normalize(self.states[:, 1] - space[0], dim=1)
        described, products, excluded = (
            passages @ functional.normalize(phrases - space[1], dim=1).T for phrases in self.phrases
        )
        own = torch.cat([described, products], 1).amax(1)
        pull = own - excluded.amax(1) if excluded.shape[1] else torch.zeros(len(own))
        near = torch.stack([described[:, 0] - passages @ space[2], pull], 1)
        return torch.cat([self.states[:, 0], near, self.plain], 1)


@dataclass(frozen=True, slots=True)
class Weights:
    """A fitted model: `space` as in `Observed.features`, one weight for each feature, and the least score to keep.

    `encoder` is the version of the encoder, `texts` the SHA-256 of the texts that it was fitted on.
    """

    space: Tensor
    weight: Tensor
    bias: float
    threshold: float
    encoder: str
    texts: str

    @classmethod
    def load(cls, classifier: Classifier) -> Weights:
        """Read the weights of a classifier's encoder; raises ModelError where there are none, or another's."""
        path = classifier.folder / FILE
        try:
            with safe_open(path, "pt") as file:
                about, tensors = file.metadata(), {name: file.get_tensor(name) for name in ("space", "weight")}
            bias, threshold = (float(about[name]) for name in ("bias", "threshold"))
            found = cls(tensors["space"], tensors["weight"], bias, threshold, about["encoder"], about["texts"])
        except (OSError, KeyError, ValueError, TypeError, SafetensorError) as error:
            raise ModelError(f"weights {str(path)!r} cannot be read: {error}; reinstall overheard") from None
        if found.encoder != classifier.version:
            raise ModelError(
                f"weights {str(path)!r} belong to {found.encoder}, not to {classifier.version}; reinstall overheard, "
                "or after a training run `make relevance-fit`"
            )
        return found

    def save(self, folder: Path) -> None:
        """Write the weights."""
        about = {"bias": repr(self.bias), "threshold": repr(self.threshold)}
        about |= {"encoder": self.encoder, "texts": self.texts}
        save_file({"space": self.space, "weight": self.weight}, folder / FILE, about)

    def scores(self, observed: Observed) -> dict[int, float]:
        """Return the score of each text that has a passage: that of its likeliest one."""
        found = torch.sigmoid(observed.features(self.space) @ self.weight + self.bias)
        scores: dict[int, float] = {}
        for owner, score in zip(observed.owners, found.tolist(), strict=True):
            scores[owner] = max(round(score, 4), scores.get(owner, 0.0))
        return scores


def fingerprint(classifier: Classifier, profile: Profile) -> str:
    """Return what a judgement depends on besides the text, as 16 digits; raises ModelError as `Weights.load` does."""
    Weights.load(classifier)
    weights = hashlib.sha256((classifier.folder / FILE).read_bytes()).hexdigest()
    return hashlib.sha256(json.dumps([weights, classifier.version, asdict(profile)]).encode()).hexdigest()[:16]


def judge(classifier: Classifier, profile: Profile, documents: Sequence[Document]) -> list[Judged]:
    """Say of texts that were found for a brand whether they are about it; raises ModelError without weights."""
    weights = Weights.load(classifier)
    excluded = [profile.exclusion(document.text) for document in documents]
    open_ = [number for number, phrase in enumerate(excluded) if phrase is None]
    found = weights.scores(observe(classifier, profile, [documents[number] for number in open_]))
    scores = {open_[place]: score for place, score in found.items()}
    return [
        Judged(scores.get(number), scores.get(number, 0.0) < weights.threshold, phrase)
        for number, phrase in enumerate(excluded)
    ]


def observe(classifier: Classifier, profile: Profile, documents: Sequence[Document]) -> Observed:
    """Read the passages in which texts name a brand, and the brand's own phrases."""
    passages = [
        (owner, *passage) for owner, document in enumerate(documents) for passage in _passages(profile, document)
    ]
    phrases = [profile.described, *profile.products, *profile.exclusions]
    texts = [text for _, text, _, _ in passages] + phrases
    spans = [where for _, _, where, _ in passages] + [()] * len(phrases)
    states = classifier.contexts(texts, spans, DEPTH)
    count, products = len(passages), len(profile.products)
    described, sold, excluded = torch.split(states[count:, 1], [1, products, len(profile.exclusions)])
    return Observed(
        [owner for owner, _, _, _ in passages],
        states[:count],
        torch.tensor([marks for _, _, _, marks in passages]).reshape(count, len(PLAIN)),
        (described, sold, excluded),
    )


def _passages(profile: Profile, document: Document) -> Iterator[tuple[str, list[Span], list[float]]]:
    """Yield the passages of a text, with the places of the names in them and the marks of `PLAIN`."""
    text, spans = document.text, profile.find(document.text)
    for _ in range(PASSAGES):
        if not spans:
            return
        first = (sum(spans[0]) - PASSAGE) // 2
        start = max(0, min(first, len(text) - PASSAGE))
        inside = [(a, b) for a, b in spans if b <= start + PASSAGE] or spans[:1]
        passage = text[start : start + PASSAGE]
        marks = [_marks(text, span, document.language) for span in inside]
        either = [float(any(mark)) for mark in zip(*marks, strict=True)]
        yield passage, [(a - start, b - start) for a, b in inside], [float(profile.names_more(passage)), *either]
        spans = spans[len(inside) :]


def _marks(text: str, span: Span, language: str) -> tuple[bool, ...]:
    """Return the marks of `PLAIN` that stand beside a name."""
    words = load(language)
    before = re.search(r"([^\W\d_]+)\s+$", text[max(0, span[0] - 40) : span[0]])
    behind = re.match(r"\s+([^\W\d_])", text[span[1] : span[1] + 10])
    previous = before[1].casefold() if before else ""
    return (
        previous in words.business_words,
        previous in words.articles,
        not words.capital_nouns and before is not None and before[1][0].isupper() and before.start() > 0,
        not words.capital_nouns and behind is not None and behind[1].isupper(),
    )
