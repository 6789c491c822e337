"""Ratings as pages draw them: said in a label, drawn as icons or glyphs, hidden in a class, an attribute or a width."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import islice

from lxml import etree

from overheard.crawler import ratings
from overheard.crawler.shown import naming, phrases
from overheard.intake.values import Rating, parse_rating

_LABELS = ("aria-label", "title", "alt")
_SHORT = 48
"""Characters of a label or a line that says nothing but a rating."""
_FEW = 100
"""Elements of a line that says a rating, or of an icon."""
_SPLIT = re.compile(r"\s*\d{1,3}(?:[.,]\d)?\s*/\s*\d{1,3}\s*")
_TOPS = (5.0, 6.0, 10.0, 20.0, 100.0)
_words_in = etree.XPath("string()")
"""Joined by libxml2, for in deep markup each element holds the words of all in it."""
_COUNTS = frozenset("count number average avg total max frequency id percentage reviews size index".split())


class How(IntEnum):
    """How a rating is shown, the surest first."""

    SAID = 0
    ICONS = 1
    CLASS = 2
    ATTRIBUTE = 3
    NUMBER = 4
    WIDTH = 5
    PLAIN = 6


@dataclass(frozen=True, slots=True)
class Sign:
    """One rating that an element shows; `top` is None where its scale is not said.

    `PLAIN` are icons that all look alike: they are all filled, or they say nothing.
    """

    how: How
    value: float
    top: float | None
    given: str


def signs(element: etree._Element) -> Iterator[Sign]:
    """Yield what an element itself shows, without what the elements in it show."""
    for name in _LABELS:
        if label := element.get(name):
            yield from said(label)
    line = own_text(element)
    if len(element) and (line or len(element) < 4) and _is_small(element):
        # "<b>4</b>/5": the pieces make one line.
        inside = _words_in(element)
        split = line or _SPLIT.fullmatch(inside)
        line = " ".join(inside.split()) if split and len(inside) <= 2 * _SHORT else ""
    names = naming.words(element)
    rated = not names.isdisjoint(naming.RATED)
    if line:
        yield from said(line)
        if (bare := ratings.BARE.fullmatch(line)) and (rated or _near_rated(element)):
            yield Sign(How.NUMBER, _number(bare[1]), None, line)
    if rated and (found := ratings.class_rating(element.get("class") or "", 5.0)):
        yield Sign(How.CLASS, 1 + found.value * 4, 5.0, found.given)
    yield from _attributes(element)
    if (style := element.get("style")) and (match := ratings.WIDTH.search(style)) and (rated or _near_rated(element)):
        yield Sign(How.WIDTH, round(float(match[1]) / 20, 1), 5.0, match[0])
    yield from _icons(element, rated)


def said(text: str) -> Iterator[Sign]:
    """Yield the rating that a short text says.

    >>> next(said("Rated 2 stars out of five stars"))
    Sign(how=<How.SAID: 0>, value=2.0, top=5.0, given='Rated 2 stars out of five stars')
    """
    text = " ".join(text.split())
    if not text or len(text) > _SHORT or phrases.OWN_WORDS.search(text) or phrases.DATE.search(text):
        return
    if glyphs := ratings.GLYPHS.fullmatch(text.replace(" ", "").replace("\ufe0f", "")):
        if found := parse_rating(glyphs[0]):
            top = found.scale or 5.0
            yield Sign(How.SAID, 1 + found.value * (top - 1) if top < 10 else found.value * top, top, text)
    elif match := ratings.FRACTION.search(text):
        value, top = _number(match[1]), ratings.top_of(match[2])
        if top in _TOPS and value <= top:
            yield Sign(How.SAID, value, top, text)
    elif match := ratings.STARRED.search(text):
        yield Sign(How.SAID, _number(match[1]), 5.0, text)
    elif match := ratings.SCORED.search(text):
        yield Sign(How.NUMBER, _number(match[1]), None, text)


def own_text(element: etree._Element) -> str:
    """Return the words that stand in an element itself, in one line, cut where they are no short line any more."""
    parts = [element.text, *(child.tail for child in element)]
    return " ".join(" ".join(filter(None, parts))[:1000].split())


def _is_small(element: etree._Element) -> bool:
    """Say whether few elements stand in one: to read all in each of thousands that are nested takes their square."""
    return next(islice(element.iter(), _FEW, None), None) is None


def _near_rated(element: etree._Element) -> bool:
    parent = element.getparent()
    above = parent.getparent() if parent is not None else None
    return any(near is not None and not naming.words(near).isdisjoint(naming.RATED) for near in (parent, above))


def _attributes(element: etree._Element) -> Iterator[Sign]:
    for name, value in element.items():
        names = naming.pieces(name)
        meant = name.startswith("data-") and not names.isdisjoint(naming.RATED) and names.isdisjoint(_COUNTS)
        meant = meant or (name == "content" and element.get("itemprop") == "ratingValue")
        if meant and ratings.BARE.fullmatch(value):
            yield Sign(How.ATTRIBUTE, _number(value), None, value)


def _icons(element: etree._Element, rated: bool) -> Iterator[Sign]:
    icons = [child for child in element if isinstance(child.tag, str)]
    if not 1 <= len(icons) <= 10 or len({icon.tag for icon in icons}) > 1 or not all(map(_is_small, icons)):
        return
    looks = [_look(icon) for icon in icons]
    stars = all(not look.isdisjoint(naming.RATED if len(icons) > 2 else naming.STARS) for look in looks)
    if not stars and (not rated or len(icons) < 3):
        return
    if any(icon.tag not in ("svg", "img") and len(_words_in(icon).strip()) > 12 for icon in icons):
        return
    full = [not look.isdisjoint(naming.FULL) for look in looks]
    blank = [not look.isdisjoint(naming.BLANK) for look in looks]
    half = sum("half" in look for look in looks)
    if len(icons) < 3 and not any(blank):
        yield Sign(How.PLAIN, float(len(icons)), float(len(icons)), f"{len(icons)} icons")
        return
    if any(full):
        count = sum(full) - sum(1 for a, look in zip(full, looks, strict=True) if a and "half" in look) + half / 2
    elif any(blank):
        count = len(icons) - sum(blank) - half / 2
    else:
        yield Sign(How.PLAIN, float(len(icons)), float(len(icons)), f"{len(icons)} icons")
        return
    yield Sign(How.ICONS, count, float(len(icons)), f"{count:g} of {len(icons)} icons")


def _look(icon: etree._Element) -> frozenset[str]:
    """What the names of an icon, of the symbol that it uses and of its picture say."""
    names = [icon.get("class"), icon.get("src"), icon.get("alt"), icon.get("data-icon")]
    names += [value for use in icon.iter("use") for value in use.values()]
    words = _words_in(icon).strip()
    drawn = {"★": "star full", "☆": "star empty"}.get(words, words if len(words) < 20 else "")
    return naming.pieces(" ".join([*filter(None, names), drawn]))


def settle(found: Sequence[Sequence[Sign]]) -> list[Rating | None]:
    """Return the rating of each record of a group, given all signs of each in document order.

    What one record leaves open the others answer: a number over 5 anywhere means a scale of 10 everywhere, and icons
    that are all alike are full where others have empty ones.
    """
    drawn = any(sign.how is How.ICONS for each in found for sign in each)
    counts = {sign.top for each in found for sign in each if sign.how in (How.ICONS, How.PLAIN) and sign.top}
    # Where their number differs from record to record, only the filled ones are drawn.
    most = max(counts, default=0.0) if len(counts) > 1 else None
    numbers = [sign.value for each in found for sign in each if sign.top is None]
    beyond = max(numbers, default=0.0)
    top = next((top for top in _TOPS if beyond <= top and top != 6.0), 100.0)
    return [_best(each, top, drawn, most) for each in found]


def _best(each: Sequence[Sign], top: float, drawn: bool, most: float | None) -> Rating | None:
    usable = [sign for sign in each if sign.how is not How.PLAIN or drawn or most]
    if not usable:
        return None
    best = min(usable, key=lambda sign: sign.how)
    if best.how in (How.ICONS, How.PLAIN) and (most or best.top or 0) > 2:
        best = replace(best, top=max(most or best.top or 0, 5.0))
    if best.top is None:
        bar = next((sign for sign in usable if sign.how is How.WIDTH and sign.value), None)
        # A bar beside the number says what the number is of.
        meant = min(_TOPS, key=lambda known: abs(best.value / known - bar.value / 5)) if bar else top
        best = replace(best, top=meant if best.value <= meant else top)
    rating = parse_rating(f"{best.value:g}", best.top)
    return rating and replace(rating, given=best.given[:100])


def _number(digits: str) -> float:
    return float(digits.replace(",", "."))
