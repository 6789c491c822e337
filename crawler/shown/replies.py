"""The answers below a review: those of the company are kept beside it, those of other people are not."""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

from overheard.crawler.page import text_of
from overheard.crawler.shown import phrases
from overheard.crawler.shown.bylines import dates_of
from overheard.crawler.shown.prose import once
from overheard.crawler.shown.records import says_date
from overheard.crawler.shown.sheets import BLOCKS, HEAD, NAME, Line, Sheet, drop, has_date, is_aside, lines_of, up
from overheard.crawler.shown.stars import own_text


def cut_answers(sheet: Sheet, main: frozenset[str], outside: str) -> None:
    """Take answers out of a record: those of the company are kept beside it, those of others are not."""
    own = [line for line in sheet.lines if line.slots & main and not is_aside(line)]
    first = next((line for line in own if not _is_nested(line.element, sheet.root)), None)
    order = {element: place for place, element in enumerate(sheet.root.iter())}
    for element in list(sheet.root.iter()):
        if element is sheet.root or not isinstance(element.tag, str) or not _attached(element, sheet.root):
            continue
        if first is not None and (element is first.element or element in set(first.element.iterancestors())):
            continue
        kind = _answer(element, sheet, first, order, outside)
        if kind is not None:
            if kind:
                sheet.replies.append(deepcopy(element))
                sheet.replies[-1].tail = None
            drop(element)


def _is_nested(element: etree._Element, root: etree._Element) -> bool:
    """Say whether an element stands in a record within the record: those of a thread stand in one another."""
    for here in up(element, root):
        if (here.tag == root.tag and root.tag in ("li", "article")) or "children" in phrases.named(here):
            return has_date(here)
    return False


def _attached(element: etree._Element, root: etree._Element) -> bool:
    return any(above is root for above in element.iterancestors())


def _answer(
    element: etree._Element, sheet: Sheet, first: Line | None, order: dict[etree._Element, int], outside: str
) -> bool | None:
    """Say whether an element is an answer of the company (True), of another (False), or none (None)."""
    if element.tag not in BLOCKS:
        return None
    lines = list(lines_of(element)) or ([Line(element, text_of(element), frozenset())] if own_text(element) else [])
    total = sum(line.words for line in lines)
    if total < 2 or sum(line.words for line in sheet.lines) <= total:
        return None
    if sum(has_date(child) and len(text_of(child).split()) > 3 for child in element if child.tag in BLOCKS) > 1:
        return None  # several answers, each of which is looked at
    names = phrases.named(element)
    heads = [line.text for line in lines[:3] if line.words <= HEAD and not _is_state(line)]
    head = " ".join(heads) or " ".join(text_of(element).split()[:HEAD])
    label = any(phrases.REPLIES.search(text) for text in heads) or (
        len(lines) == 1 and bool(phrases.REPLIES.match(text_of(element))) and ":" in text_of(element)[:60]
    )
    later = first is None or order[element] > order[first.element]
    dated = later and len(lines) > 1 and has_date(element) and _dated_before(element, sheet.root, order)
    dated = dated and any(line.words > 1 and not phrases.DATE.search(line.text) for line in lines[1:])
    if not (label or dated or not names.isdisjoint(phrases.REPLY | phrases.TALKBACK)) or not later:
        return None
    if phrases.OTHER_DATE.search(head) and not label:
        return None
    if phrases.CUSTOMERS.search(head):
        return False
    staff = " ".join([head, element.get("class") or ""])
    if label or phrases.STAFF.search(staff) or (not names.isdisjoint(phrases.REPLY) and not names & phrases.TALKBACK):
        return True
    return any(_is_name(text) and text.casefold() in outside for text in heads)


def _is_state(line: Line) -> bool:
    """Say whether a line is a mark such as "answered"."""
    return any(not phrases.pieces(slot).isdisjoint(phrases.STATE) for slot in line.slots)


def _dated_before(element: etree._Element, root: etree._Element, order: dict[etree._Element, int]) -> bool:
    """Say whether the record has a date of its own before an element, so that one in it is another's."""
    return any(
        says_date(here) for here in root.iter() if isinstance(here.tag, str) and order[here] < order[element]
        and here not in set(element.iterancestors())
    )  # fmt: skip


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
