"""A record on the way to a card: without what is no part of it, as lines that each have a place in the record.

What a line is, is decided over all records of a group: the slot that most words stand in holds those of the reviews.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import islice

from lxml import etree

from overheard.crawler.page import text_of
from overheard.crawler.shown import naming, phrases
from overheard.crawler.shown.records import SILENT, says_date
from overheard.crawler.shown.stars import own_text

_DROPPED = SILENT | frozenset(["button", "form", "input", "label", "dialog", "audio", "video"])
_PROSE = (">p", ">li", ">blockquote", ">pre")
BLOCKS = frozenset("div section article aside li blockquote p dd details footer tr td table header".split())
HEAD = 14
"""Words of a line that only says who wrote, when, or that here is an answer."""
NAME = 6
"""Words of a name, or of a label."""
WRAPPERS = 12
"""Elements around a line that may belong to it alone; damaged pages wrap theirs in thousands."""


@dataclass(slots=True)
class Line:
    """An element with words of its own: one field of a record, or one paragraph of its text.

    `slots` name its place in the record: the lines of other records in the same place share some.
    """

    element: etree._Element
    text: str
    slots: frozenset[str]

    @property
    def words(self) -> int:
        """How many words it has."""
        return len(self.text.split())


@dataclass(slots=True)
class Sheet:
    """A record on the way to a card: a copy without what is no part of it, its lines, and the answers cut out of it.

    `labels` are the lines that many records of the group have, `body` those of its author; `more` says that a link
    leads to the rest of the text, `quoted` that words of others were left out, `said` that the first answer itself says
    that it is the company's.
    """

    record: etree._Element
    root: etree._Element
    labels: frozenset[str] = frozenset()
    lines: list[Line] = field(default_factory=list)
    replies: list[etree._Element] = field(default_factory=list)
    body: list[Line] = field(default_factory=list)
    said: bool = False
    more: bool = False
    quoted: bool = False

    @property
    def beside(self) -> list[Line]:
        """The lines that are not the words of its author."""
        body = {line.element for line in self.body}
        return [line for line in self.lines if line.element not in body]


def open_sheet(member: etree._Element) -> Sheet:
    """Return the sheet of a record with its lines; the record itself stays as it is."""
    root = deepcopy(member)
    root.tail = None
    sheet = Sheet(member, root)
    for element in list(root.iter()):
        if element is root or element.getparent() is None:
            continue
        if not isinstance(element.tag, str) or element.tag in _DROPPED:
            drop(element)
        elif element.tag == "a" and phrases.MORE.match(own_text(element) or "-"):
            sheet.more = True
            drop(element)
        elif _does_something(element):
            drop(element)
        elif _is_quoted(element, root):
            sheet.quoted = True
            drop(element)
    blocks = [here for here in root.iter("div", "p") if here is not root and here.get("class")]
    around = {here for here in {block.getparent() for block in blocks} - {root} if re.search(r"\w", own_text(here))}
    for block in blocks:
        if block.getparent() in around:
            _set_apart(block)
    sheet.lines = list(lines_of(root))
    return sheet


def _does_something(element: etree._Element) -> bool:
    """Say whether an element is a link to answer or share with, or the letter that stands for a portrait."""
    if element.tag == "a":
        return bool(phrases.ACTION.fullmatch(text_of(element)))
    return not naming.words(element).isdisjoint(naming.PORTRAIT) and len(text_of(element)) < 3


def _set_apart(element: etree._Element) -> None:
    """Move a short block that stands within a text, such as its date, before that text."""
    parent = element.getparent()
    if 0 < len(text_of(element).split()) <= HEAD:
        tail, element.tail = element.tail, None
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + (tail or "")
        else:
            parent.text = (parent.text or "") + (tail or "")
        parent.addprevious(element)


def _is_quoted(element: etree._Element, root: etree._Element) -> bool:
    """Say whether an element repeats another's words, signs, or notes an edit."""
    names = naming.words(element)
    signed = not names.isdisjoint(naming.SIGNATURE) or any(name.startswith("signatur") for name in names)
    if signed or not names.isdisjoint(naming.EDITED):
        return len(text_of(element)) < len(text_of(root)) / 2
    if element.tag == "blockquote":
        parent = element.getparent()
        return element.find(".//cite") is not None or (parent is not root and bool(re.search(r"\w", own_text(parent))))
    return not names.isdisjoint(naming.QUOTE) and element.tag in BLOCKS


def drop(element: etree._Element) -> None:
    """Take an element out of its tree; what follows it stays, apart from what stood before it."""
    parent = element.getparent()
    if parent is None:
        return
    tail = f" {element.tail}" if element.tail else " "
    before = element.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(element)


def lines_of(root: etree._Element) -> Iterator[Line]:
    """Yield the topmost elements that have words of their own, in document order."""
    stack = [root]
    while stack:
        element = stack.pop()
        if not isinstance(element.tag, str):
            continue
        if element is not root and is_worded(element):
            if text := text_of(element):
                yield Line(element, text, slots_of(element, root))
        else:
            stack.extend(reversed(element))


def is_worded(element: etree._Element) -> bool:
    """Say whether words, or signs that stand for some, stand in an element itself."""
    return bool(re.search(r"[^\W_]|[^\s\W]|[\U0001f300-\U0001faff★☆]", own_text(element)))


def slots_of(element: etree._Element, root: etree._Element) -> frozenset[str]:
    """What marks the place of a line in a record: the names on it, or the next ones around it, with its own tag."""
    for here in islice(up(element, root), WRAPPERS):
        names = [*(here.get("class") or "").split(), *(f"@{name}" for name in here.attrib if _is_own(name))]
        names += [f"={name}" for name in (here.get("itemprop") or "").split()]
        if names:
            return frozenset(names if here is element else [f"{name}>{element.tag}" for name in names])
    return frozenset([f">{element.tag}"])


def _is_own(attribute: str) -> bool:
    """Say whether an attribute is the site's own: Vue and React put theirs on every element."""
    return attribute.startswith("data-") and not attribute.startswith(("data-react", "data-v-"))


def main_slot(sheets: Sequence[Sheet]) -> frozenset[str]:
    """The slot of the group that most words stand in, and those of paragraphs in it."""
    words: Counter[str] = Counter()
    for sheet in sheets:
        for line in sheet.lines:
            if not is_aside(line):
                for slot in line.slots:
                    words[slot] += line.words
    most = max(words.values(), default=0)
    best = {slot.partition(">")[0] if slot.endswith(_PROSE) else slot for slot, n in words.items() if n == most and n}
    return frozenset(best | {slot + tag for slot in best if ">" not in slot for tag in _PROSE})


def is_aside(line: Line) -> bool:
    """Say whether a line is the page's own: a date, a vote, a label, a rating."""
    if line.words <= HEAD and (phrases.DATE.search(line.text) or phrases.OWN_WORDS.search(line.text)):
        return True
    return line.words <= NAME and any(not naming.pieces(slot).isdisjoint(naming.ASIDE) for slot in line.slots)


def outside(root: etree._Element, body: Sequence[Line]) -> Iterator[etree._Element]:
    """Yield the elements of a record that stand outside the words of its author, in document order."""
    barred = {line.element for line in body}
    stack = [root]
    while stack:
        element = stack.pop()
        if isinstance(element.tag, str) and element not in barred:
            yield element
            stack.extend(reversed(element))


def up(element: etree._Element, root: etree._Element) -> Iterator[etree._Element]:
    """Yield an element and what it stands in, the innermost first, up to the root and without it."""
    here = element
    while here is not None and here is not root:
        yield here
        here = here.getparent()


def nearest(element: etree._Element, root: etree._Element) -> list[etree._Element]:
    """Return an element and the two around it, below the root: the elements whose names tell what it is."""
    return [*islice(up(element, root), 3)]


def has_date(element: etree._Element) -> bool:
    """Say whether a date stands in an element."""
    return any(says_date(here) for here in element.iter() if isinstance(here.tag, str))
