"""The answers below a review: those of the company are kept beside it, those of other people are not."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

from lxml import etree

from overheard.crawler.page import text_of
from overheard.crawler.shown import naming, phrases
from overheard.crawler.shown.bylines import dates_of
from overheard.crawler.shown.prose import once
from overheard.crawler.shown.records import says_date
from overheard.crawler.shown.sheets import (
    BLOCKS,
    HEAD,
    NAME,
    Line,
    Sheet,
    drop,
    has_date,
    is_aside,
    is_worded,
    lines_of,
    slots_of,
    up,
)
from overheard.crawler.shown.stars import own_text


@dataclass(frozen=True, slots=True)
class _Block:
    """A part of a record that may be an answer: its lines, and the short ones among the first that say whose it is."""

    element: etree._Element
    lines: list[Line]
    names: frozenset[str]
    heads: list[str]

    @property
    def head(self) -> str:
        """What it begins with."""
        return " ".join(self.heads) or " ".join(text_of(self.element).split()[:HEAD])

    @property
    def labelled(self) -> bool:
        """Whether it calls itself an answer."""
        if any(phrases.REPLIES.search(text) for text in self.heads):
            return True
        text = text_of(self.element) if len(self.lines) == 1 else ""
        return ":" in text[:60] and bool(phrases.REPLIES.match(text))


class _Order:
    """Where the elements of a record stand, and which of them bear dates or words, read once: each block asks for it.

    To read each of thousands of blocks that are nested in one another takes the square of their number.
    """

    def __init__(self, root: etree._Element) -> None:
        self.elements = [element for element in root.iter() if isinstance(element.tag, str)]
        self.place = {element: place for place, element in enumerate(self.elements)}
        self._dated = [element for element in self.elements if says_date(element)]
        self._worded = [place for place, element in enumerate(self.elements) if is_worded(element)]
        self._end = list(range(1, len(self.elements) + 1))
        for place in range(len(self.elements) - 1, 0, -1):
            parent = self.place[self.elements[place].getparent()]
            self._end[parent] = max(self._end[parent], self._end[place])

    def lines_in(self, element: etree._Element) -> Iterator[Line]:
        """Yield what `lines_of` yields."""
        here = self.place[element]
        end, passed = self._end[here], here + 1
        while (at := bisect_left(self._worded, passed)) < len(self._worded) and self._worded[at] < end:
            worded = self.elements[self._worded[at]]
            passed = self._end[self._worded[at]]
            if worded in self.place and (text := text_of(worded)):
                yield Line(worded, text, slots_of(worded, element))

    def another_date(self, element: etree._Element) -> bool:
        """Say whether a date stands in an element and one before it, which is that of the record."""
        above = set(element.iterancestors())
        here = self.place[element]
        before = any(self.place[dated] < here and dated not in above for dated in self._dated)
        return before and has_date(element)

    def leave_out(self, element: etree._Element) -> None:
        """Forget an element that is taken out of the record, with all in it."""
        gone = set(element.iter())
        self._dated = [dated for dated in self._dated if dated not in gone]
        for inner in gone:
            self.place.pop(inner, None)


def cut_answers(sheet: Sheet, main: frozenset[str], elsewhere: str) -> None:
    """Take answers out of a record: those of the company are kept beside it, those of others are not."""
    own = [line for line in sheet.lines if line.slots & main and not is_aside(line)]
    first = next((line.element for line in own if not _is_nested(line.element, sheet.root)), None)
    holding = {first, *first.iterancestors()} if first is not None else {sheet.root}
    order = _Order(sheet.root)
    for element in order.elements:
        if element not in order.place or element in holding or element.tag not in BLOCKS:
            continue
        if first is not None and order.place[element] < order.place[first]:
            continue
        block = _block(element, sheet, order)
        if block is None or not _is_answer(block, order):
            continue
        said = _says_so(block)
        if said or _is_likely(block, elsewhere):
            sheet.replies.append(deepcopy(element))
            sheet.replies[-1].tail = None
            sheet.said = sheet.said or (said and len(sheet.replies) == 1)
        order.leave_out(element)
        drop(element)


def _is_nested(element: etree._Element, root: etree._Element) -> bool:
    """Say whether an element stands in a record within the record: those of a thread stand in one another."""
    for here in up(element, root):
        if (here.tag == root.tag and root.tag in ("li", "article")) or "children" in naming.words(here):
            return has_date(here)
    return False


def _block(element: etree._Element, sheet: Sheet, order: _Order) -> _Block | None:
    """Return a part of a record, None where it has no words, or most of those of the record, or several answers."""
    lines = list(order.lines_in(element))
    lines = lines or ([Line(element, text_of(element), frozenset())] if own_text(element) else [])
    total = sum(line.words for line in lines)
    if total < 2 or sum(line.words for line in sheet.lines) <= total:
        return None
    if sum(has_date(child) and len(text_of(child).split()) > 3 for child in element if child.tag in BLOCKS) > 1:
        return None
    heads = [line.text for line in lines[:3] if line.words <= HEAD and not _is_state(line)]
    return _Block(element, lines, naming.words(element), heads)


def _is_answer(block: _Block, order: _Order) -> bool:
    """Say whether a part of a record calls itself an answer, is named like one, or has a name and date of its own."""
    if block.labelled:
        return True
    named = not block.names.isdisjoint(naming.REPLY | naming.TALKBACK)
    signed = any(line.words > 1 and not phrases.DATE.search(line.text) for line in block.lines[1:])
    dated = signed and order.another_date(block.element)
    return (named or dated) and not phrases.OTHER_DATE.search(block.head)


def _says_so(block: _Block) -> bool:
    """Say whether an answer says that it is the company's, by its words or its names."""
    named = block.names & naming.REPLY and not block.names & naming.TALKBACK
    return not phrases.CUSTOMERS.search(block.head) and bool(block.labelled or named)


def _is_likely(block: _Block, elsewhere: str) -> bool:
    """Say whether an answer is of staff, or bears a name that the page bears elsewhere: in a forum anybody's may be."""
    if phrases.CUSTOMERS.search(block.head):
        return False
    staff = phrases.STAFF.search(f"{block.head} {block.element.get('class') or ''}")
    return bool(staff) or any(_is_name(text) and text.casefold() in elsewhere for text in block.heads)


def _is_state(line: Line) -> bool:
    """Say whether a line is a mark such as "answered"."""
    return any(not naming.pieces(slot).isdisjoint(naming.STATE) for slot in line.slots)


def _is_name(text: str) -> bool:
    return len(text) > 2 and len(text.split()) <= NAME and not phrases.DATE.search(text)


def words_of_reply(element: etree._Element) -> tuple[str, tuple[str, ...]]:
    """Return the words of an answer and the dates that it bears."""
    nested = [inner for inner in element.iter("li", "article") if inner is not element and has_date(inner)]
    for inner in nested:
        drop(inner)
    lines = list(lines_of(element)) or [Line(element, text_of(element), frozenset(["<>"]))]
    said = [line for line in lines if not _is_head(line)] or lines[-1:]
    longest = max(said, key=lambda line: line.words)
    body = [line for line in said if line.slots & longest.slots]
    text = "\n".join(line.text for line in once(body))
    return _without_label(text), tuple(dates_of(element, ()))


def _is_head(line: Line) -> bool:
    short = line.words <= HEAD
    if line.element.tag == "time":
        return True
    return (short and bool(phrases.DATE.search(line.text) or phrases.OWN_WORDS.search(line.text))) or (
        line.words <= 8 and bool(phrases.REPLIES.search(line.text))
    )


def _without_label(text: str) -> str:
    label, colon, rest = text.partition(":")
    return (
        rest.strip() if colon and len(label.split()) <= 6 and phrases.REPLIES.search(label) and rest.strip() else text
    )
