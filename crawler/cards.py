"""What one record of a group says: words, headline, rating, date, author, and who answered.

A record is read beside its fellows: which class holds the words of a review, which names an author and which only
labels, is decided over the whole group, so that a record without words gives none.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from lxml import etree

from overheard.crawler import phrases
from overheard.crawler.page import text_of, whole
from overheard.crawler.records import HEADINGS, SILENT, Group, says_date
from overheard.crawler.stars import Sign, own_text, settle, signs
from overheard.intake.values import Rating

_DROPPED = SILENT | frozenset(["button", "form", "input", "label", "dialog", "audio", "video"])
_BLOCKS = frozenset("div section article aside li blockquote p dd details footer tr td table header".split())
_HEAD = 14
"""Words of a line that only says who wrote, when, or that here is an answer."""
_NAME = 6
_PROSE_WORDS = 6
_PROSE = (">p", ">li", ">blockquote", ">pre")
_ALIKE = 4
"""Words from which on one text that begins another is the same text, cut short."""


_BY = re.compile(
    r"^(?:\S*\s)??(?:by|von|door|par|por|di|da|de)\s+(?=\S)|\s+(?:on|am|le|el|il|em|op|pe|la data de)$", re.IGNORECASE
)
"""What stands before a name, and between it and a date."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a record says; `dates` are its candidates for the day of publication, the likeliest first, as written."""

    record: etree._Element
    text: str
    title: str | None
    link: str | None
    author: str | None
    named: bool
    rating: Rating | None
    dates: tuple[str, ...]
    reply: str | None
    reply_dates: tuple[str, ...]
    cut: bool
    quoted: bool


@dataclass(slots=True)
class Line:
    """An element with words of its own: one field of a record, or one paragraph of its text."""

    element: etree._Element
    text: str
    slots: frozenset[str]

    @property
    def words(self) -> int:
        """How many words it has."""
        return len(self.text.split())


@dataclass(slots=True)
class Sheet:
    """A record on the way to a card: a copy without what is no part of it, its lines, and the answers cut out of it."""

    record: etree._Element
    root: etree._Element
    labels: frozenset[str] = frozenset()
    lines: list[Line] = field(default_factory=list)
    replies: list[etree._Element] = field(default_factory=list)
    body: list[Line] = field(default_factory=list)
    more: bool = False
    quoted: bool = False


def read(group: Group, outside: str) -> list[Card]:
    """Return the cards of a group in document order; `outside` is what the page says elsewhere, casefolded.

    A name that stands there too and answers below a review is that of the company.
    """
    sheets = [_sheet(member) for member in group.members]
    main = _main_slot(sheets)
    for sheet in sheets:
        _cut_answers(sheet, main, outside)
        sheet.lines = list(_lines(sheet.root))
    main = _main_slot(sheets) or main
    labels = _labels(sheets)
    slots = main | _beside(sheets, main)
    slots |= _instead(sheets, slots, labels)
    for sheet in sheets:
        sheet.labels = labels
        sheet.body = _body(sheet, slots)
    ratings = settle([list(_signs(sheet)) for sheet in sheets])
    titles = _titles(sheets)
    authors = _authors(sheets, titles)
    if not any(authors) and sum(bool(title) and len(title) <= 30 for title in titles) * 5 >= len(sheets) * 4:
        titles, authors = [None] * len(sheets), titles  # the heading of each is a name
    return [
        _card(sheet, rating, title, author)
        for sheet, rating, title, author in zip(sheets, ratings, titles, authors, strict=True)
    ]


# -- a record without what is no part of it --------------------------------------------------------------------------


def _sheet(member: etree._Element) -> Sheet:
    root = deepcopy(member)
    root.tail = None
    sheet = Sheet(member, root)
    for element in list(root.iter()):
        if element is root or element.getparent() is None:
            continue
        if not isinstance(element.tag, str) or element.tag in _DROPPED:
            _drop(element)
        elif element.tag == "a" and phrases.MORE.match(own_text(element) or "-"):
            sheet.more = True
            _drop(element)
        elif element.tag == "a" and phrases.ACTION.fullmatch(text_of(element)):
            _drop(element)
        elif _is_quoted(element, root):
            sheet.quoted = True
            _drop(element)
    for element in [here for here in root.iter("div", "p") if here is not root and here.get("class")]:
        _set_apart(element, root)
    sheet.lines = list(_lines(root))
    return sheet


def _set_apart(element: etree._Element, root: etree._Element) -> None:
    """Move a short block that stands within a text, such as its date, before that text."""
    parent = element.getparent()
    if parent is None or parent is root or not re.search(r"\w", own_text(parent)):
        return
    if 0 < len(text_of(element).split()) <= _HEAD:
        tail, element.tail = element.tail, None
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + (tail or "")
        else:
            parent.text = (parent.text or "") + (tail or "")
        parent.addprevious(element)


def _is_quoted(element: etree._Element, root: etree._Element) -> bool:
    """Say whether an element repeats another's words, signs, or notes an edit."""
    names = phrases.named(element)
    signed = not names.isdisjoint(phrases.SIGNATURE) or any(name.startswith("signatur") for name in names)
    if signed or not names.isdisjoint(phrases.EDITED):
        return len(text_of(element)) < len(text_of(root)) / 2
    if element.tag == "blockquote":
        parent = element.getparent()
        return element.find(".//cite") is not None or (parent is not root and bool(re.search(r"\w", own_text(parent))))
    return not names.isdisjoint(phrases.QUOTE) and element.tag in _BLOCKS


def _drop(element: etree._Element) -> None:
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


def _lines(root: etree._Element) -> Iterator[Line]:
    """Yield the topmost elements that have words of their own, in document order."""
    stack = [root]
    while stack:
        element = stack.pop()
        if not isinstance(element.tag, str):
            continue
        if re.search(r"[^\W_]|[^\s\W]|[\U0001f300-\U0001faff★☆]", own_text(element)) and element is not root:
            if text := text_of(element):
                yield Line(element, text, _slots(element, root))
        else:
            stack.extend(reversed(element))


def _slots(element: etree._Element, root: etree._Element) -> frozenset[str]:
    """What marks the place of a line in a record: the names on it, or the next ones around it, with its own tag."""
    here = element
    while here is not None and here is not root:
        names = [*(here.get("class") or "").split(), *(f"@{name}" for name in here.keys() if name.startswith("data-"))]
        names += [f"={name}" for name in (here.get("itemprop") or "").split()]
        if names:
            return frozenset(names if here is element else [f"{name}>{element.tag}" for name in names])
        here = here.getparent()
    return frozenset([f">{element.tag}"])


def _main_slot(sheets: Sequence[Sheet]) -> frozenset[str]:
    """The slot of the group that most words stand in, and those of paragraphs in it."""
    words: Counter[str] = Counter()
    for sheet in sheets:
        for line in sheet.lines:
            if not _is_aside(line):
                for slot in line.slots:
                    words[slot] += line.words
    most = max(words.values(), default=0)
    best = {slot.partition(">")[0] if slot.endswith(_PROSE) else slot for slot, n in words.items() if n == most and n}
    return frozenset(best | {slot + tag for slot in best if ">" not in slot for tag in _PROSE})


def _is_aside(line: Line) -> bool:
    """Say whether a line is the page's own: a date, a vote, a label, a rating."""
    if line.words <= _HEAD and (phrases.DATE.search(line.text) or phrases.OWN_WORDS.search(line.text)):
        return True
    return line.words <= _NAME and any(not phrases.pieces(slot).isdisjoint(phrases.ASIDE) for slot in line.slots)


def _up(element: etree._Element, root: etree._Element) -> Iterator[etree._Element]:
    here = element
    while here is not None and here is not root:
        yield here
        here = here.getparent()


# -- answers ---------------------------------------------------------------------------------------------------------


def _cut_answers(sheet: Sheet, main: frozenset[str], outside: str) -> None:
    """Take answers out of a record: those of the company are kept beside it, those of others are not."""
    own = [line for line in sheet.lines if line.slots & main and not _is_aside(line)]
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
            _drop(element)


def _is_nested(element: etree._Element, root: etree._Element) -> bool:
    """Say whether an element stands in a record within the record: those of a thread stand in one another."""
    for here in _up(element, root):
        if (here.tag == root.tag and root.tag in ("li", "article")) or "children" in phrases.named(here):
            return _has_date(here)
    return False


def _attached(element: etree._Element, root: etree._Element) -> bool:
    return any(above is root for above in element.iterancestors())


def _answer(
    element: etree._Element, sheet: Sheet, first: Line | None, order: dict[etree._Element, int], outside: str
) -> bool | None:
    """Say whether an element is an answer of the company (True), of another (False), or none (None)."""
    if element.tag not in _BLOCKS:
        return None
    lines = list(_lines(element)) or ([Line(element, text_of(element), frozenset())] if own_text(element) else [])
    total = sum(line.words for line in lines)
    if total < 2 or sum(line.words for line in sheet.lines) <= total:
        return None
    if sum(_has_date(child) and len(text_of(child).split()) > 3 for child in element if child.tag in _BLOCKS) > 1:
        return None  # several answers, each of which is looked at
    names = phrases.named(element)
    heads = [line.text for line in lines[:3] if line.words <= _HEAD]
    head = " ".join(heads) or " ".join(text_of(element).split()[:_HEAD])
    label = any(phrases.REPLIES.search(text) for text in heads) or (
        len(lines) == 1 and bool(phrases.REPLIES.match(text_of(element))) and ":" in text_of(element)[:60]
    )
    later = first is None or order[element] > order[first.element]
    dated = later and len(lines) > 1 and _has_date(element) and _dated_before(element, sheet.root, order)
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


def _dated_before(element: etree._Element, root: etree._Element, order: dict[etree._Element, int]) -> bool:
    """Say whether the record has a date of its own before an element, so that one in it is another's."""
    return any(
        says_date(here) for here in root.iter() if isinstance(here.tag, str) and order[here] < order[element]
        and here not in set(element.iterancestors())
    )  # fmt: skip


def _is_name(text: str) -> bool:
    return len(text) > 2 and len(text.split()) <= _NAME and not phrases.DATE.search(text)


def _reply(element: etree._Element) -> tuple[str, tuple[str, ...]]:
    """Return the words of an answer and the dates that it bears."""
    nested = [inner for inner in element.iter("li", "article") if inner is not element and _has_date(inner)]
    for inner in nested:
        _drop(inner)
    lines = list(_lines(element)) or [Line(element, text_of(element), frozenset(["<>"]))]
    said = [line for line in lines if not _is_head(line)] or lines[-1:]
    longest = max(said, key=lambda line: line.words)
    body = [line for line in said if line.slots & longest.slots]
    text = "\n".join(line.text for line in _once(body))
    return _without_label(text), tuple(_dates(element, ()))


def _has_date(element: etree._Element) -> bool:
    return any(says_date(here) for here in element.iter() if isinstance(here.tag, str))


def _is_head(line: Line) -> bool:
    short = line.words <= _HEAD
    return (short and bool(phrases.DATE.search(line.text) or phrases.OWN_WORDS.search(line.text))) or (
        line.words <= 8 and bool(phrases.REPLIES.search(line.text))
    )


def _without_label(text: str) -> str:
    label, colon, rest = text.partition(":")
    return rest.strip() if colon and len(label.split()) <= 6 and phrases.REPLIES.search(label) and rest.strip() else text


# -- the words of a review -------------------------------------------------------------------------------------------


def _beside(sheets: Sequence[Sheet], main: frozenset[str]) -> frozenset[str]:
    """The slots that stand beside the main one in the same shape and hold prose too: what was liked and what was not."""
    words: defaultdict[str, list[int]] = defaultdict(list)
    for sheet in sheets:
        places = [_container(line, sheet) for line in sheet.lines if line.slots & main]
        for line in sheet.lines:
            here = _container(line, sheet)
            if not line.slots & main and any(_twins(here, place) for place in places):
                for slot in line.slots:
                    words[slot].append(0 if _is_extra(line, sheet.root) else line.words)
    return frozenset(slot for slot, counts in words.items() if sum(counts) / len(counts) >= 4)


def _instead(sheets: Sequence[Sheet], slots: frozenset[str], labels: frozenset[str]) -> frozenset[str]:
    """The slots of prose that stand only in records without the others: two forms of review may share a list."""
    lacking = [sheet for sheet in sheets if not any(line.slots & slots for line in sheet.lines)]
    elsewhere = {slot for sheet in sheets if sheet not in lacking for line in sheet.lines for slot in line.slots}
    words: Counter[str] = Counter()
    for sheet in lacking:
        prose = [line for line in sheet.lines if not _is_extra(line, sheet.root) and line.text not in labels]
        longest = max(prose, key=lambda line: line.words, default=None)
        if longest is not None and longest.words >= _PROSE_WORDS:
            words.update(longest.slots - elsewhere)
    return frozenset(slot for slot in words if not phrases.pieces(slot) & phrases.ASIDE)


def _container(line: Line, sheet: Sheet) -> etree._Element:
    """The outermost element that holds this line alone."""
    here = line.element
    while (parent := here.getparent()) is not None and parent is not sheet.root:
        if len(text_of(parent)) > len(line.text) + 40:
            break
        here = parent
    return here


def _twins(one: etree._Element, other: etree._Element) -> bool:
    return one is not other and one.tag == other.tag and one.getparent() is other.getparent()


def _is_extra(line: Line, root: etree._Element) -> bool:
    above = list(_up(line.element, root))[:3]
    heading = any(here.tag in HEADINGS or not phrases.endings(here).isdisjoint(phrases.HEADLINE) for here in above)
    return heading or _is_aside(line) or bool(re.match(r"[^.!?]{2,40}?\s?:\s", line.text))


def _body(sheet: Sheet, slots: frozenset[str]) -> list[Line]:
    """The lines of a record that are the words of its author."""
    whole_text = _unfolded(sheet)
    lines = whole_text or [line for line in sheet.lines if line.slots & slots]
    kept = [line for line in lines if not _is_no_text(line, sheet.root)]
    return _once(kept)


def _is_no_text(line: Line, root: etree._Element) -> bool:
    if line.words <= 30 and (phrases.NO_WORDS.search(line.text) or phrases.FILLER.search(line.text)):
        return True
    if phrases.EDITS.match(line.text):
        return True
    if any(here.tag in HEADINGS for here in _up(line.element, root)):
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
    return bool(line.slots & first.slots) and line.element.getparent() is parent and line.element.tag == first.element.tag


def _once(lines: Sequence[Line]) -> list[Line]:
    """Leave out a line that another one begins with, and one that says the same again."""
    kept: list[Line] = []
    for line in lines:
        start = " ".join(phrases.CUT.sub("", line.text).split())
        others = [other for other in lines if other is not line]
        longer = any(" ".join(o.text.split()).startswith(start) and len(o.text) > len(line.text) for o in others)
        if not (longer and len(start.split()) >= _ALIKE) and line.text not in [each.text for each in kept]:
            kept.append(line)
    return kept


# -- fields ----------------------------------------------------------------------------------------------------------


def _signs(sheet: Sheet) -> Iterator[Sign]:
    """Yield the ratings that stand in a record outside its words."""
    barred = {line.element for line in sheet.body}
    for element in sheet.root.iter():
        if isinstance(element.tag, str) and barred.isdisjoint((element, *element.iterancestors())):
            yield from signs(element)


def _titles(sheets: Sequence[Sheet]) -> list[str | None]:
    """The headline of each record: what a heading or a name says to be one, where not all records have the same."""
    found = [next(iter(_headlines(sheet)), None) for sheet in sheets]
    often = Counter(found)
    return [title if title and (often[title] == 1 or often[title] < len(found) / 2) else None for title in found]


def _headlines(sheet: Sheet) -> Iterator[str]:
    """Yield what may be the headline of a record, real headings first."""
    named = []
    for line in sheet.lines:
        if any(line is each for each in sheet.body) or not re.search(r"[^\W\d_]", line.text):
            continue
        dated = line.words <= _HEAD and phrases.DATE.search(line.text)
        if dated or _means_author(line.element, sheet.root):
            continue
        above = list(_up(line.element, sheet.root))[:3]
        if any(here.tag in HEADINGS for here in above):
            yield " ".join(line.text.split())
        elif any(not phrases.endings(here).isdisjoint(phrases.HEADLINE) or _is_item_name(here) for here in above):
            named.append(" ".join(line.text.split()))
    yield from named


def _is_item_name(element: etree._Element) -> bool:
    return element.get("itemprop") in ("name", "headline")


def _means_author(element: etree._Element, root: etree._Element) -> bool:
    """Say whether the names on an element, or on the next ones around it, mean the author."""
    above = list(_up(element, root))[:3]
    if any("author" in (here.get("itemprop") or "").split() for here in above):
        return True
    if any(_is_item_name(here) for here in above):
        return False
    for here in above:
        endings = phrases.endings(here)
        if not endings.isdisjoint(phrases.HEADLINE):
            return not phrases.named(here).isdisjoint(phrases.PERSON) and phrases.named(here).isdisjoint(phrases.OPINION)
        if not endings.isdisjoint(phrases.AUTHOR):
            return True
    return any(not phrases.named(here).isdisjoint(phrases.AUTHOR) for here in above) and not any(
        here.tag in HEADINGS for here in above
    )


def _authors(sheets: Sequence[Sheet], titles: Sequence[str | None]) -> list[str | None]:
    """The name of each record's author; the empty string where the record says that there is none."""
    marked = [_marked_author(sheet, title) for sheet, title in zip(sheets, titles, strict=True)]
    if sum(name is not None for name in marked) * 2 >= len(sheets):
        return marked
    slot = _name_slot(sheets, titles)
    return [
        name if name is not None else _in_slot(sheet, slot, title)
        for sheet, name, title in zip(sheets, marked, titles, strict=True)
    ]


def _marked_author(sheet: Sheet, title: str | None) -> str | None:
    if given := (sheet.record.get("data-author") or "").strip():
        return "" if phrases.nobody(given) else given
    for line in _beside_body(sheet, title):
        for element in (here for here in line.element.iter() if isinstance(here.tag, str)):
            if not _means_author(element, sheet.root):
                continue
            name = _name(text_of(element))
            if name is not None:
                return name
    return None


def _beside_body(sheet: Sheet, title: str | None) -> Iterator[Line]:
    for line in sheet.lines:
        if any(line is each for each in sheet.body) or " ".join(line.text.split()) == title or line.text in sheet.labels:
            continue
        no_name = phrases.ASIDE - phrases.AUTHOR - phrases.ASIDE_LINES
        aside = any(not phrases.pieces(slot.partition(">")[0]).isdisjoint(no_name) for slot in line.slots)
        if not aside or _means_author(line.element, sheet.root):
            yield line


def _name(text: str) -> str | None:
    """Return the name in a line that says by whom and when; "" for one that says nobody, None where there is none."""
    dated = phrases.DATE.sub(" ", " ".join(text.split()))
    for piece in re.split(r"[|·•»(]|\s[-–—]\s|,\s|\s{2,}", dated):
        bare = _BY.sub("", piece.strip(" \t\n-–—.,:)"))
        if phrases.nobody(bare):
            return ""
        if 1 < len(bare) <= 40 and len(bare.split()) <= _NAME and re.search(r"[^\W\d_]{2}", bare):
            if not (phrases.OWN_WORDS.search(bare) or phrases.OTHER_DATE.search(bare) or re.match(r"\d+\s", bare)):
                return bare
    return None


def _labels(sheets: Sequence[Sheet]) -> frozenset[str]:
    """The lines that many records have alike: labels of the page, and no names."""
    often = Counter(text for sheet in sheets for text in {line.text for line in sheet.lines})
    return frozenset(text for text, count in often.items() if count > 2 and count * 2 > len(sheets))


def _name_slot(sheets: Sequence[Sheet], titles: Sequence[str | None]) -> str | None:
    """The first slot whose short lines differ from record to record: names do, labels do not."""
    values: defaultdict[str, list[str]] = defaultdict(list)
    for sheet, title in zip(sheets, titles, strict=True):
        met: set[str] = set()
        for line in _beside_body(sheet, title):
            name = _name(line.text)
            for slot in line.slots - met:
                if name is not None and not _rated(line):
                    values[slot].append(name)
                met.add(slot)
    for slot, names in values.items():
        if len(names) * 2 >= len(sheets) and len(set(names)) * 3 >= len(names) * 2:
            return slot
    return None


def _rated(line: Line) -> bool:
    return any(True for here in line.element.iter() if isinstance(here.tag, str) for _ in signs(here))


def _in_slot(sheet: Sheet, slot: str | None, title: str | None) -> str | None:
    if slot is None:
        return None
    return next((_name(line.text) for line in _beside_body(sheet, title) if slot in line.slots), None)


def _link(sheet: Sheet) -> str | None:
    """Where the words of a record, or a line beside them, lead as a whole: an article in a list leads to itself."""
    for line in sheet.lines:
        if phrases.DATE.search(line.text) and line.words <= _HEAD:
            continue
        around = [line.element, *line.element.iterancestors("a"), *line.element.iter("a")]
        for link in (here for here in around if here.tag == "a"):
            href = link.get("href") or ""
            covers = len("".join(link.itertext()).split()) * 5 >= line.words * 4
            if href and "#" not in href and covers and not phrases.PROFILE.search(href) and not _means_author(line.element, sheet.root):
                return str(href)
    return None


def _dates(root: etree._Element, body: Sequence[Line]) -> Iterator[str]:
    """Yield what may be the date of a record as it is written, the likeliest first."""
    barred = {line.element for line in body}
    found: list[tuple[int, str]] = []
    before = ""
    for element in root.iter():
        if not isinstance(element.tag, str) or not barred.isdisjoint((element, *element.iterancestors())):
            continue
        line = own_text(element)
        other = before.endswith(":") and phrases.OTHER_DATE.search(before)
        found += [] if other else _dated(element, line)
        before = line or before
    yield from (given for _, given in sorted(found, key=lambda each: each[0]))


def _dated(element: etree._Element, line: str) -> Iterator[tuple[int, str]]:
    if element.tag == "time":
        for given in (element.get("datetime"), text_of(element)):
            if given:
                yield 0, given.strip()
    if element.get("content") and "date" in (element.get("itemprop") or "").casefold():
        yield 0, str(element.get("content"))
    for name, value in element.items():
        if name.startswith("data-") and phrases.MOMENT.fullmatch(value.strip()):
            yield 1, value.strip()
        elif name.startswith("data-") and phrases.DATED.search(name) and phrases.EPOCH.fullmatch(value.strip()):
            yield 1, value.strip()
    if len(line) <= 120 and (match := phrases.DATE.search(line)) and not phrases.OTHER_DATE.search(line[: match.start()]):
        yield 2, match[0]
        # dateparser knows "astăzi" and not "astăzi, 08:46".
        yield 3, match[0].partition(",")[0]


def _card(sheet: Sheet, rating: Rating | None, title: str | None, author: str | None) -> Card:
    reply, reply_dates = _reply(sheet.replies[0]) if sheet.replies else (None, ())
    text = "\n".join(line.text for line in sheet.body)
    cut = bool(phrases.CUT.search(text)) and (sheet.more or len(sheet.body) == 1)
    return Card(
        record=sheet.record,
        text=whole(text),
        title=title,
        link=_link(sheet),
        author=author or None,
        named=author is not None,
        rating=rating,
        dates=tuple(_dates(sheet.root, sheet.body)),
        reply=reply,
        reply_dates=reply_dates,
        cut=cut,
        quoted=sheet.quoted,
    )
