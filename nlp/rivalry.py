"""Explicit comparisons in a sentence: "faster than X", "left for Y", "switched from Z", in eight languages.

A sentence counts only where a cue stands right at a rival's name, for names may be everyday words ("Spot", "Orange").
The name of the brand that the sentence is said of may stand there or not; "them", "here" and silence mean it too. What
is negated, asked or said of two rivals is passed over.

    find("Much faster than Südsee, I left them for you.", {"südsee": "Südsee"}, ["Nordwind"], "en")
    → {("Südsee", "win"), …}
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache

from overheard.nlp.rival_cues import CUES, Cues

DIRECTIONS = ("win", "lose", "came_from", "left_for")
"""What is said: the brand is better than the rival, worse, its customer came from the rival, or leaves for it."""

LONGEST_GAP = 4
"""Words that may stand between a comparative and its "than": "better service at the counter than X"."""

_RIVAL, _OWN = "\ue000", "\ue001"
_MARK = rf"{_RIVAL}(?P<rival>\d+){_RIVAL}"
_CLAUSE = r"[,;:.!()]"
_ANY_MARK = rf"{_RIVAL}\d+{_RIVAL}"
_GAP = rf"(?:[\w'%€$£-]+ ){{0,{LONGEST_GAP}}}?"
_ARTICLES = "the|my|our|die|der|das|den|de|het|mijn|la|le|les|l|el|il|lo|al|a|o|as|os|mi|mon|ma|minha"

_AND = "and|or|but|und|oder|aber|en|of|maar|et|ou|mais|y|e|o|pero|ma|mas|si|sau|dar|so|which|who|where"


class Names:
    """The names that sentences are searched for: rivals with their aliases, and the brand's own."""

    def __init__(self, rivals: Mapping[str, Sequence[str]], own: Sequence[str]) -> None:
        """Take the spellings of each rival, by the name that it is counted under, and those of the brand itself.

        A spelling that the brand itself has is no rival's.
        """
        ours = {_name(spelling) for spelling in own if _name(spelling)}
        spelt = {
            _name(spelling): name
            for name, spellings in rivals.items()
            for spelling in (name, *spellings)
            if len(_name(spelling)) > 1 and _name(spelling) not in ours
        }
        self.rivals = sorted(set(spelt.values()))
        self._marks = {spelling: f"{_RIVAL}{self.rivals.index(name)}{_RIVAL}" for spelling, name in spelt.items()}
        self._marks |= dict.fromkeys(ours, _OWN)
        longest = sorted(self._marks, key=lambda spelling: (-len(spelling), spelling))
        body = "|".join(re.escape(spelling).replace(r"\ ", "[ -]") for spelling in longest)
        self._found = re.compile(rf"(?<![\w@#])(?:{body})(?![\w@]|\.\w)") if longest else None
        given = ((name, {spelling for spelling in (name, *spellings) if _name(spelling) in spelt})
                 for name, spellings in sorted(rivals.items()))  # fmt: skip
        self.spellings = {name: tuple(sorted(spellings)) for name, spellings in given if spellings}

    def marked(self, text: str) -> str:
        """Return a text folded, with a mark for each name."""
        folded = " ".join(fold(text).split())
        return folded if self._found is None else self._found.sub(self._mark, folded)

    def in_text(self, text: str) -> bool:
        """Tell whether a text names a rival."""
        return _RIVAL in self.marked(text)

    def _mark(self, found: re.Match[str]) -> str:
        return self._marks[found[0].replace("-", " ")]


class _Folding(dict[int, str]):
    """What stands for each character: itself without its diacritics, one kind of apostrophe, nothing for our marks."""

    def __missing__(self, code: int) -> str:
        parts = unicodedata.normalize("NFKD", chr(code))
        self[code] = "".join(each for each in parts if not unicodedata.combining(each))
        return self[code]


# A text's own private-use characters would be taken for our marks.
_FOLDING = _Folding(dict.fromkeys(map(ord, "’‘ʼ`´"), "'") | dict.fromkeys(map(ord, _RIVAL + _OWN), ""))


def fold(text: str) -> str:
    """Return a text without case, diacritics and what we mark names with: "Süd’s" is "sud's"."""
    if text.isascii():
        return text.lower().replace("`", "'")
    return text.casefold().translate(_FOLDING)


def _name(spelling: str) -> str:
    return " ".join(fold(spelling).replace("-", " ").split())


def find(text: str, names: Names, language: str, sentiment: str | None = None) -> list[tuple[str, str]]:
    """Return the rivals that a sentence compares the brand with, each with its direction, in the order of `DIRECTIONS`.

    `sentiment` is that of the sentence; "unlike X" and "compared with X" go by it, and nothing is said of them without.
    A language without cues gives nothing.
    """
    cues = CUES.get(language)
    if cues is None or "?" in text[-3:]:
        return []
    marked = names.marked(text)
    if _RIVAL not in marked:
        return []
    grammar = _grammar(language)
    found = set()
    for direction, pattern in grammar:
        for match in pattern.finditer(marked):
            if not (_is_denied(marked, match, cues) or _is_of_another(marked, match, direction)):
                found.add((names.rivals[int(match["rival"])], _by(direction, sentiment)))
    return sorted(
        ((rival, direction) for rival, direction in found if direction),
        key=lambda entry: (DIRECTIONS.index(entry[1]), entry[0]),
    )


def _by(direction: str, sentiment: str | None) -> str:
    if direction == "preferred":
        # "Chose them over X, and what a mistake": the choice is no verdict where the sentence is one.
        return "" if sentiment == "negative" else "win"
    if direction != "beside":
        return direction
    return {"positive": "win", "negative": "lose"}.get(sentiment or "", "")


def _is_denied(marked: str, match: re.Match[str], cues: Cues) -> bool:
    """Whether a word of denial stands within three words before what was found, in the same clause."""
    before = re.split(rf"{_CLAUSE}| (?:but|aber|maar|mais|pero|ma|mas|dar) ", marked[: match.start()])[-1]
    near = " ".join(before.split()[-3:])
    return re.search(rf"(?<!\w)(?:{cues.denial})(?!\w)|n't(?!\w)", near) is not None


def _is_of_another(marked: str, match: re.Match[str], direction: str) -> bool:
    """Whether two rivals are compared: "X is better than Y", "from X to Y" say nothing of the brand."""
    clause = re.split(_CLAUSE, marked[: match.start()])[-1]
    following = re.match(rf"((?: [\w']+){{0,4}}) ?({_ANY_MARK})", marked[match.end() :])
    if direction in ("came_from", "left_for"):
        return following is not None and not re.search(rf"(?<!\w)(?:{_AND})(?!\w)", following[1])
    if match[0].startswith(_RIVAL):
        return False
    subjects = re.findall(rf"{_ANY_MARK}|{_OWN}", clause)
    return bool(subjects) and subjects[-1] != _OWN


@cache
def _grammar(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Put the cues of a language together: a direction and a pattern with the group `rival` each."""
    cues = CUES[language]
    filler = rf"(?:(?:{cues.filler})[ ']){{0,4}}"
    rival = rf"{filler}{_MARK}"
    here = rf"(?:{_OWN}|(?:{cues.here})(?!\w))"
    end = rf"(?! ?(?:{cues.than})(?!\w))"
    very = rf"(?:(?:{cues.very}) )*"
    is_word = rf"(?:'s )?(?:(?!(?:{_AND}) )[\w'-]+ ){{0,3}}?(?:{cues.verb}) {very}"
    lines = [
        ("win", rf"(?<!\w)(?:{cues.better})(?!\w) {_GAP}(?:{cues.than})[ ']{rival}"),
        ("lose", rf"(?<!\w)(?:{cues.worse})(?!\w) {_GAP}(?:{cues.than})[ ']{rival}"),
        ("lose", rf"{_MARK} ?{is_word}(?:{cues.better})(?!\w)(?: {_GAP}(?:{cues.than})[ ']{filler}{here}|{end})"),
        ("win", rf"{_MARK} ?{is_word}(?:{cues.worse})(?!\w) {_GAP}(?:{cues.than})[ ']{filler}{here}"),
        ("beside", rf"(?<!\w)(?:{cues.unlike})[ ']{rival}"),
    ]
    for direction, patterns in (
        ("preferred", cues.wins), ("lose", cues.loses), ("came_from", cues.came), ("left_for", cues.left),
    ):  # fmt: skip
        for pattern in patterns:
            put = pattern.replace("OWN", here).replace("GAP ", _GAP)
            put = put.replace("RIVAL", rival).replace("NAME", rf"(?:(?:{_ARTICLES})[ '])?{_MARK}")
            lines.append((direction, rf"(?<!\w)(?:{put})"))
    return tuple((direction, re.compile(line)) for direction, line in lines)
