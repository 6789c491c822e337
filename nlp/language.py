"""Which language is a text in? One of the configured ones, another one where that is clear, or nothing to go by.

The identifier is py3langid's, asked once for all its languages: among the configured ones the likeliest wins, however
close; another language has to win clearly, and only languages that reviews are commonly written in may. Texts in
another script are sorted out first. A prior, the language that the source declares, holds unless it is clearly wrong.

The thresholds are differences of log probabilities, chosen on short reviews: see tests/nlp/test_language.py.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from overheard.errors import SettingsError
from overheard.nlp.likelihoods import SAME, Likelihoods, known

UNDETERMINED: Final = "und"

_OTHER_MARGIN: Final = 2.5
_PRIOR_MARGIN: Final = 2.0
_OTHER_PRIOR_MARGIN: Final = 3.0
# Exclamations and names look like anything: with fewer letters than this a text is never clearly in a language that is
# not configured, and overrides its prior only by a wide margin.
_FEW_LETTERS: Final = 10
_SHORT_PRIOR_MARGIN: Final = 4.0
# The languages that reviews are commonly written in; the identifier also knows rare ones, which it finds by mistake.
_COMMON: Final = frozenset(
    """
    af az bs ca cs cy da de en es et eu fi fr ga gl hr hu id is it lt lv ms mt nl no pl pt ro sk sl sq sr sv sw tl tr vi
    """.split()
)

_LONGEST: Final = 4_000
_NOISE_SIGNS: Final = ("@", "[", "://", "www.")
_NOISE: Final = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|@\w+|\[[a-z]+\]")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NOT_LATIN: Final = re.compile("[^A-Za-zªºÀ-ɏḀ-ỿ'’-]")
# A sign of these scripts weighs as much as two Latin letters: brand names in Latin stand between them.
_DENSE: Final = re.compile("[\u0e00-\u0eff\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_DENSITY: Final = 2


@dataclass(frozen=True, slots=True)
class _Text:
    """A text as the identifier sees it: lower-case words, how many letters, whether most are not Latin, the prior."""

    words: list[str]
    letters: int
    foreign: bool
    prior: str | None

    @classmethod
    def of(cls, text: str, prior: str | None) -> _Text:
        text = unicodedata.normalize("NFKC", text[:_LONGEST])
        if any(sign in text for sign in _NOISE_SIGNS):
            text = _NOISE.sub(" ", text)
        words = _WORD.findall(text)
        letters = "".join(words)
        lower = " ".join(words).lower().split(" ") if words else []
        return cls(lower, len(letters), _is_foreign(letters), _primary(prior))


class LanguageIdentifier:
    """Names the language of a text, among `languages` (codes) and the others.

    Raises SettingsError where a language is not known to the identifier, or none is given.
    """

    def __init__(self, languages: Sequence[str]) -> None:
        unknown = [code for code in languages if code not in known()]
        if unknown or not languages:
            wrong = ", ".join(map(repr, unknown)) or "no language"
            raise SettingsError(f"languages: {wrong}: expected codes such as 'en' or 'de'; correct the settings")
        self.languages = tuple(languages)
        # Of two that are equally likely, the later one in the alphabet is the first here, and wins.
        self._others = sorted(_COMMON.difference(languages), reverse=True)
        self._narrow = _likelihoods(frozenset((*languages, *_COMMON)))

    def identify(self, text: str, prior: str | None = None) -> str:
        """Return what `identify_all` does, for one text."""
        return self.identify_all([(text, prior)])[0]

    def identify_all(self, texts: Sequence[tuple[str, str | None]]) -> list[str]:
        """Return for texts with priors the code of a configured language, of another where it is clearly so, or "und".

        A prior is what the source declares ("pt", "pt-BR"): it decides where the text is short or unclear, also for a
        text without letters; without one such a text is "und". Only the first 4,000 characters are looked at. Never
        raises. A hundred texts at once take a third of the time that they take one by one.
        """
        read = [_Text.of(text, prior) for text, prior in texts]
        found: dict[int, dict[str, float]] = {}
        for wide in (False, True):
            chosen = [number for number, text in enumerate(read) if text.words and self._may_be_rare(text) is wide]
            model = _likelihoods(None) if wide else self._narrow
            found |= zip(chosen, model.of([read[number].words for number in chosen]), strict=True)
        return [self._decide(text, found.get(number)) for number, text in enumerate(read)]

    def _may_be_rare(self, text: _Text) -> bool:
        """Say whether a text may be in a language that reviews are rarely written in."""
        rare = text.prior is not None and text.prior not in self.languages and text.prior not in _COMMON
        return text.foreign or rare

    def _decide(self, text: _Text, likelihoods: dict[str, float] | None) -> str:
        if not likelihoods:
            return text.prior or UNDETERMINED
        if text.foreign:
            return self._foreign(likelihoods, text.prior)
        if text.letters < _FEW_LETTERS:
            return self._own(likelihoods, text.prior, _SHORT_PRIOR_MARGIN)
        return self._latin(likelihoods, text.prior)

    def _foreign(self, likelihoods: dict[str, float], prior: str | None) -> str:
        """The likeliest language for a text in a script that no configured language uses."""
        others = {code: value for code, value in likelihoods.items() if code not in self.languages}
        best = max(others, key=others.__getitem__)
        return prior if prior in others and _lead(others, best, prior) <= _PRIOR_MARGIN else best

    def _latin(self, likelihoods: dict[str, float], prior: str | None) -> str:
        """A language that is not configured where it wins clearly, else what `_own` says."""
        best = max(self.languages, key=likelihoods.__getitem__)
        other = max(self._others, key=likelihoods.__getitem__)
        if _lead(likelihoods, other, best) > (_OTHER_MARGIN if prior is None else 0.0):
            margin = _OTHER_PRIOR_MARGIN if prior in self.languages else _PRIOR_MARGIN
            if prior is None or _lead(likelihoods, other, prior) > margin:
                return other
        return self._own(likelihoods, prior, _PRIOR_MARGIN)

    def _own(self, likelihoods: dict[str, float], prior: str | None, margin: float) -> str:
        """The likeliest configured language, or the prior where that one does not win by the margin."""
        best = max(self.languages, key=likelihoods.__getitem__)
        return best if prior is None or _lead(likelihoods, best, prior) > margin else prior


@cache
def _likelihoods(codes: frozenset[str] | None) -> Likelihoods:
    return Likelihoods(codes)


def _lead(likelihoods: dict[str, float], one: str, other: str) -> float:
    """Return by how much the log probability of one language is above that of another."""
    return math.log((likelihoods[one] + 1e-9) / (likelihoods[other] + 1e-9))


@lru_cache(maxsize=256)
def _primary(prior: str | None) -> str | None:
    """Return "pt" for "pt-BR"; None for what is no language code."""
    code = re.split(r"[-_]", prior.strip().lower())[0] if prior else ""
    code = SAME.get(code, code)
    return code if code in known() else None


def _is_foreign(letters: str) -> bool:
    """Say whether most of the letters are not Latin ones."""
    others = len(_NOT_LATIN.findall(letters))
    if not others:
        return False
    latin = len(letters) - others - sum(map(letters.count, "-'’"))
    return others + (_DENSITY - 1) * len(_DENSE.findall(letters)) > latin
