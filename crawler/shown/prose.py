"""Which lines of a record are the words of its author, decided over the whole group."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import islice

from lxml import etree

from overheard.crawler.page import text_of
from overheard.crawler.shown import naming, phrases
from overheard.crawler.shown.records import HEADINGS
from overheard.crawler.shown.sheets import WRAPPERS, Line, Sheet, is_aside, nearest, up

_PROSE_WORDS, _PROSE_MEAN = 6, 5
"""Words of a line, and of the lines of a slot on average, from which on they are prose and no label."""
_ALIKE = 4
"""Words from which on one text that begins another is the same text, cut short."""


def beside(sheets: Sequence[Sheet], main: frozenset[str]) -> frozenset[str]:
    """The slots of prose that stand beside the main one in the same shape: what was liked, and what was not."""
    words: defaultdict[str, list[int]] = defaultdict(list)
    for sheet in sheets:
        places = [_container(line, sheet) for line in sheet.lines if line.slots & main]
        for line in sheet.lines:
            here = _container(line, sheet)
            if not line.slots & main and any(_twins(here, place) for place in places):
                for slot in line.slots:
                    words[slot].append(0 if _is_extra(line, sheet.root) else line.words)
    return frozenset(slot for slot, counts in words.items() if sum(counts) / len(counts) >= _PROSE_MEAN)


def instead(sheets: Sequence[Sheet], slots: frozenset[str], labels: frozenset[str]) -> frozenset[str]:
    """The slots of prose that stand only in records without the others: two forms of review may share a list."""
    lacking: list[Sheet] = []
    elsewhere: set[str] = set()
    for sheet in sheets:
        if any(line.slots & slots for line in sheet.lines):
            elsewhere.update(slot for line in sheet.lines for slot in line.slots)
        else:
            lacking.append(sheet)
    words: Counter[str] = Counter()
    for sheet in lacking:
        prose = [line for line in sheet.lines if not _is_extra(line, sheet.root) and line.text not in labels]
        longest = max(prose, key=lambda line: line.words, default=None)
        if longest is not None and longest.words >= _PROSE_WORDS:
            words.update(longest.slots - elsewhere)
    return frozenset(slot for slot in words if not naming.pieces(slot) & naming.ASIDE)


def _container(line: Line, sheet: Sheet) -> etree._Element:
    """The outermost element that holds this line alone."""
    here = line.element
    for parent in islice(line.element.iterancestors(), WRAPPERS):
        if parent is sheet.root or len(text_of(parent)) > len(line.text) + 40:
            break
        here = parent
    return here


def _twins(one: etree._Element, other: etree._Element) -> bool:
    return one is not other and one.tag == other.tag and one.getparent() is other.getparent()


def _is_extra(line: Line, root: etree._Element) -> bool:
    above = nearest(line.element, root)
    heading = any(here.tag in HEADINGS or not naming.endings(here).isdisjoint(naming.HEADLINE) for here in above)
    return heading or is_aside(line) or bool(re.match(r"[^.!?]{2,40}?\s?:\s", line.text))


def body_of(sheet: Sheet, slots: frozenset[str]) -> list[Line]:
    """The lines of a record that are the words of its author."""
    whole_text = _unfolded(sheet)
    lines = whole_text or [line for line in sheet.lines if line.slots & slots]
    kept = [line for line in lines if not _is_no_text(line, sheet.root)]
    return once(kept)


def _is_no_text(line: Line, root: etree._Element) -> bool:
    if line.words <= 30 and (phrases.NO_WORDS.match(line.text) or phrases.FILLER.match(line.text)):
        return True
    if phrases.EDITS.match(line.text):
        return True
    if any(here.tag in HEADINGS for here in up(line.element, root)):
        return True
    dated = line.words <= 10 and phrases.DATE.search(line.text)
    return bool(dated and (phrases.OTHER_DATE.search(line.text) or dated[0] == line.text))


def _unfolded(sheet: Sheet) -> list[Line]:
    """The lines of a text that stands beside its own beginning, cut short; none where nothing is cut."""
    for line in sheet.lines:
        start = phrases.CUT.sub("", line.text).rstrip()
        if start == line.text.rstrip() or len(start.split()) < _ALIKE:
            continue
        for other in sheet.lines:
            if other is not line and " ".join(other.text.split()).startswith(" ".join(start.split())[:60]):
                if other.words <= len(start.split()) + 1 and not other.slots.isdisjoint(line.slots):
                    continue
                return [each for each in sheet.lines if each is other or _follows(each, other)]
    return []


def _follows(line: Line, first: Line) -> bool:
    parent = first.element.getparent()
    return (
        bool(line.slots & first.slots) and line.element.getparent() is parent and line.element.tag == first.element.tag
    )


def once(lines: Sequence[Line]) -> list[Line]:
    """Leave out a line that another one begins with, and one that says the same again."""
    kept: list[Line] = []
    for line in lines:
        start = " ".join(phrases.CUT.sub("", line.text).split())
        others = [other for other in lines if other is not line]
        longer = any(" ".join(o.text.split()).startswith(start) and len(o.text) > len(line.text) for o in others)
        if not (longer and len(start.split()) >= _ALIKE) and line.text not in [each.text for each in kept]:
            kept.append(line)
    return kept
