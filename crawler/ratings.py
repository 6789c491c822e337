"""Ratings as mark-up writes them: said in words of eight languages, or meant by a class name, a bar, a row of stars."""

from __future__ import annotations

import re
from dataclasses import replace

from overheard.intake.values import Rating, parse_rating

_STAR = r"(?:stars?|sterne?n?|sterren|ster|[ée]toiles?|stell[ae]|estrellas?|estrelas?|stele|stea|bubbles|★|⭐)"
_NUMBER = r"(\d{1,3}(?:[.,]\d{1,9})?)"
_UNIT = rf"(?:{_STAR}|points?|punkten?|punten|punti|puntos|pontos|puncte)"
_TOP = {
    "five": "5", "fünf": "5", "vijf": "5", "cinq": "5", "cinque": "5", "cinco": "5", "cinci": "5",
    "ten": "10", "zehn": "10", "tien": "10", "dix": "10", "dieci": "10", "diez": "10", "dez": "10", "zece": "10",
}  # fmt: skip
FRACTION = re.compile(
    rf"(?<![\d.,]){_NUMBER}\s*{_UNIT}?\s*(?:/|out of|of|von|aus|van(?: de)?|uit|op|sur|su|de|din|em|sobre)\s*"
    rf"(\d{{1,3}}|{'|'.join(_TOP)})\b",
    re.IGNORECASE,
)
"""A value and the top of its scale, which `top_of` reads."""
STARRED = re.compile(rf"(?<![\d.,]){_NUMBER}[\s-]*{_STAR}(?!\w)", re.IGNORECASE)
"""So many stars, of a number that is not said."""
SCORED = re.compile(
    r"(?:scored?|rating|rated|note|nota|notă|bewertung|bewertet|beoordeling|beoordeeld|cijfer|punteggio|voto|puntuación|"
    rf"pontuação|calificación|valoración|avaliação|valutazione|calificativ)\b\D{{0,12}}{_NUMBER}(?![\d.,%])",
    re.IGNORECASE,
)
"""A value behind the word for it."""
GLYPHS = re.compile(r"[★⭐🌟☆✩½⯪⯨]{3,10}")
"""A row of stars, filled and empty."""
BARE = re.compile(_NUMBER)
"""A number and nothing else: for `fullmatch`."""
WIDTH = re.compile(r"\bwidth\s*:\s*(\d{1,3}(?:\.\d+)?)\s*%", re.IGNORECASE)
"""The style of a bar, in percent of its full length."""
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_STARS = frozenset(
    """
    star stars rating ratings rate rated score bubble bubbles vote votes stern sterne ster sterren punkte note nota
    etoile etoiles estrella estrellas estrela estrelas stella stelle stea stele
    """.split()
)
"""Pieces of a class name that make the number behind them a rating."""


def top_of(written: str) -> float:
    """Return the top of a scale, written as a number or a word of the eight languages.

    Raises ValueError for any other text.
    """
    return float(_TOP.get(written.casefold(), written))


def said_rating(given: str, scale: float) -> Rating | None:
    """Return the rating of a text, a label or the style of a bar, None where it is none.

    `scale` is the top of the scale where the text says none.

    >>> said_rating("Bewertet mit 4 von 5", 5).value
    0.75
    >>> said_rating("width: 80%", 5).value
    0.75
    """
    if match := WIDTH.search(given):
        found = parse_rating(f"{float(match[1]) * scale / 100:.3g}", scale)
    elif match := FRACTION.search(given):
        found = parse_rating(f"{match[1]}/{top_of(match[2]):g}")
    else:
        return parse_rating(given, scale)
    return found and replace(found, given=given.strip()[:100])


def class_rating(names: str, scale: float) -> Rating | None:
    """Return the rating that one of these class names tells, None where none does; `scale` is the top of the scale.

    A number beyond it counts tenths ("rating-45").

    >>> class_rating("star-rating Four", 5).value
    0.75
    """
    for name in names.split():
        if found := parse_rating(_number_in(name, scale), scale):
            return replace(found, given=name[:100])
    return None


def _number_in(name: str, scale: float) -> str:
    pieces = re.findall(r"[a-z]+|\d+", _CAMEL.sub("-", name).casefold())
    half = 0.5 if "half" in pieces else 0.0
    starred = not _STARS.isdisjoint(pieces)
    while len(pieces) > 1 and pieces[-1] in ("half", "star", "stars"):
        pieces.pop()
    last, before = pieces[-1] if pieces else "", pieces[:-1]
    if last in _NUMBERS and (starred or not before):
        return f"{_NUMBERS[last] + half:g}"
    if not starred or not last.isdigit() or len(last) > 3:
        return ""
    if before[-1:] == ["of"] and len(before) > 1:
        return f"{before[-2]}/{last}"
    if before and before[-1].isdigit():
        return f"{before[-1]}.{last}"
    tenths = int(last) > scale or (len(last) > 1 and last[0] == "0")
    return f"{int(last) / (10 if tenths else 1) + half:g}"
