"""What stands beside the words of a review: headline, author, date, and where the record leads."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from lxml import etree

from overheard.crawler.page import text_of
from overheard.crawler.shown import naming, phrases
from overheard.crawler.shown.records import HEADINGS
from overheard.crawler.shown.sheets import HEAD, NAME, Line, Sheet, nearest, outside
from overheard.crawler.shown.stars import own_text, signs

_BY = re.compile(
    r"^(?:\S*\s)??(?:by|von|door|par|por|di|da|de)\s+(?=\S)|\s+(?:on|am|le|el|il|em|op|pe|la data de)$", re.IGNORECASE
)
"""What stands before a name, and between it and a date."""
_TAGS = 40
"""Beginnings and ends of tags in a date; a <time> that is never closed holds the rest of the page."""
_FROM = re.compile(r"(?<=\w)\s+(?:from|aus|uit)\s.*", re.IGNORECASE)
"""Where an author lives, behind the name."""


def titles_of(sheets: Sequence[Sheet]) -> list[str | None]:
    """The headline of each record: what a heading or a name says to be one, where not all records have the same."""
    found = [next(iter(_headlines(sheet)), None) for sheet in sheets]
    often = Counter(found)
    return [title if title and (often[title] == 1 or often[title] < len(found) / 2) else None for title in found]


def _headlines(sheet: Sheet) -> Iterator[str]:
    """Yield what may be the headline of a record, real headings first."""
    named = []
    for line in sheet.beside:
        if not re.search(r"[^\W\d_]", line.text):
            continue
        dated = line.words <= HEAD and phrases.DATE.search(line.text)
        if dated or _means_author(line.element, sheet.root):
            continue
        above = nearest(line.element, sheet.root)
        if any(here.tag in HEADINGS for here in above):
            yield " ".join(line.text.split())
        elif any(not naming.endings(here).isdisjoint(naming.HEADLINE) or _is_item_name(here) for here in above):
            named.append(" ".join(line.text.split()))
    yield from named


def _is_item_name(element: etree._Element) -> bool:
    return element.get("itemprop") in ("name", "headline")


def _means_author(element: etree._Element, root: etree._Element) -> bool:
    """Say whether the names on an element, or on the next ones around it, mean the author."""
    above = nearest(element, root)
    if any("author" in (here.get("itemprop") or "").split() for here in above):
        return True
    if any(_is_item_name(here) for here in above):
        return False
    for here in above:
        endings = naming.endings(here)
        if not endings.isdisjoint(naming.HEADLINE):
            return not naming.words(here).isdisjoint(naming.PERSON) and naming.words(here).isdisjoint(naming.OPINION)
        if not endings.isdisjoint(naming.AUTHOR):
            return True
    return any(not naming.words(here).isdisjoint(naming.AUTHOR) for here in above) and not any(
        here.tag in HEADINGS for here in above
    )


def authors_of(sheets: Sequence[Sheet], titles: Sequence[str | None]) -> list[str | None]:
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
    for line in sheet.beside:
        if " ".join(line.text.split()) == title or line.text in sheet.labels:
            continue
        no_name = naming.ASIDE - naming.AUTHOR - naming.ASIDE_LINES
        aside = any(not naming.pieces(slot.partition(">")[0]).isdisjoint(no_name) for slot in line.slots)
        if not aside or _means_author(line.element, sheet.root):
            yield line


def _name(text: str) -> str | None:
    """Return the name in a line that says by whom and when; "" for one that says nobody, None where there is none."""
    dated = phrases.DATE.sub(" ", " ".join(text.split()))
    for piece in re.split(r"[|·•»(]|\s[-–—]\s|,\s|\s{2,}", dated):
        bare = _FROM.sub("", _BY.sub("", piece.strip(" \t\n-–—.,:)")))
        if re.search(r"\s[^\W\d_]$", bare) and f"{bare}." in piece:
            bare += "."  # an initial keeps its stop
        if phrases.nobody(bare):
            return ""
        short = 1 < len(bare) <= 40 and len(bare.split()) <= NAME and re.search(r"[^\W\d_]{2}", bare)
        other = phrases.OWN_WORDS.search(bare) or phrases.OTHER_DATE.search(bare) or re.match(r"\d+\s", bare)
        if short and not other:
            return bare
    return None


def labels_of(sheets: Sequence[Sheet]) -> frozenset[str]:
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


def link_of(sheet: Sheet) -> str | None:
    """Where the words of a record, or a line beside them, lead as a whole: an article in a list leads to itself."""
    for line in sheet.lines:
        if line.words <= HEAD and phrases.DATE.search(line.text):
            continue
        around = [line.element, *line.element.iterancestors("a"), *line.element.iter("a")]
        for link in (here for here in around if here.tag == "a"):
            href = link.get("href") or ""
            covers = len("".join(link.itertext()).split()) * 5 >= line.words * 4
            if (
                href
                and "#" not in href
                and covers
                and not phrases.PROFILE.search(href)
                and not _means_author(line.element, sheet.root)
            ):
                return str(href)
    return None


def dates_of(root: etree._Element, body: Sequence[Line]) -> Iterator[str]:
    """Yield what may be the date of a record as it is written, the likeliest first."""
    found: list[tuple[int, str]] = []
    before = ""
    for element in outside(root, body):
        line = own_text(element)
        other = before.endswith(":") and phrases.OTHER_DATE.search(before)
        found += [] if other else _dated(element, line)
        before = line or before
    yield from (given for _, given in sorted(found, key=lambda each: each[0]))


def _dated(element: etree._Element, line: str) -> Iterator[tuple[int, str]]:
    if element.tag == "time":
        for given in (element.get("datetime"), text_of(element, most=_TAGS)):
            if given:
                yield 0, given.strip()
    if element.get("content") and "date" in (element.get("itemprop") or "").casefold():
        yield 0, str(element.get("content"))
    for name, value in element.items():
        given = value.strip()
        epoch = phrases.DATED.search(name) and phrases.EPOCH.fullmatch(given)
        if name.startswith("data-") and (epoch or phrases.MOMENT.fullmatch(given)):
            yield 1, given
    if (
        len(line) <= 120
        and (match := phrases.DATE.search(line))
        and not phrases.OTHER_DATE.search(line[: match.start()])
    ):
        yield 2, match[0]
        # dateparser knows "astăzi" and not "astăzi, 08:46".
        yield 3, match[0].partition(",")[0]
