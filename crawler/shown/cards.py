"""What one record of a group says: words, headline, rating, date, author, and who answered."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from lxml import etree

from overheard.crawler.page import whole
from overheard.crawler.shown import phrases
from overheard.crawler.shown.bylines import authors_of, dates_of, labels_of, link_of, titles_of
from overheard.crawler.shown.prose import beside, body_of, instead
from overheard.crawler.shown.records import Group
from overheard.crawler.shown.replies import cut_answers, words_of_reply
from overheard.crawler.shown.sheets import Sheet, lines_of, main_slot, open_sheet, outside
from overheard.crawler.shown.stars import Sign, settle, signs
from overheard.intake.values import Rating

_DEEPER = re.compile(r"\bdepth-(?:[2-9]|\d\d)\b")


@dataclass(frozen=True, slots=True)
class Card:
    """What a record says.

    `link` is where it leads as a whole. `named` says that it has an author, also one who gave no name: then `author`
    is None. `dates` are its candidates for the day of publication, the likeliest first, as they are written. `cut` says
    that the text ends short, `quoted` that words of others were left out of it, `reply_said` that the reply itself says
    that it is the company's.
    """

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
    reply_said: bool
    cut: bool
    quoted: bool


def read(group: Group, elsewhere: str) -> list[Card]:
    """Return the cards of a group in document order; `elsewhere` is what the page says outside, casefolded.

    A name that stands there too and answers below a review is that of the company.
    """
    sheets = [open_sheet(member) for member in group.members]
    main = main_slot(sheets)
    for sheet in sheets:
        cut_answers(sheet, main, elsewhere)
        sheet.lines = list(lines_of(sheet.root))
    main = main_slot(sheets) or main
    labels = labels_of(sheets)
    slots = main | beside(sheets, main)
    slots |= instead(sheets, slots, labels)
    for sheet in sheets:
        sheet.labels = labels
        sheet.body = body_of(sheet, slots)
    ratings = settle([list(_signs(sheet)) for sheet in sheets])
    titles = titles_of(sheets)
    authors = authors_of(sheets, titles)
    if not any(authors) and sum(title is not None and len(title) <= 30 for title in titles) * 5 >= len(sheets) * 4:
        titles, authors = [None] * len(sheets), titles  # the heading of each is a name
    found = [
        _card(sheet, rating, title, author)
        for sheet, rating, title, author in zip(sheets, ratings, titles, authors, strict=True)
    ]
    return _folded(found, _writers(group.members[0])) if found else []


def _writers(member: etree._Element) -> frozenset[str]:
    """Return who wrote the page, as it says in its head, casefolded."""
    named = member.getroottree().iterfind(".//meta[@name='author']")
    return frozenset(" ".join(meta.get("content", "").casefold().split()) for meta in named) - {""}


def _folded(cards: Sequence[Card], writers: Collection[str]) -> list[Card]:
    """Put what the owner of a site answers, where it stands as a record of its own, below the record before it."""
    kept: list[Card] = []
    for card in cards:
        if not (kept and _is_owners_answer(card, writers)):
            kept.append(card)
        elif kept[-1].reply is None and card.text:
            kept[-1] = replace(kept[-1], reply=card.text, reply_dates=card.dates, reply_said=True)
    return kept


def _is_owners_answer(card: Card, writers: Collection[str]) -> bool:
    """Say whether a record answers in a thread, as WordPress marks it, and is of who wrote the page.

    Not every theme marks who that is: the page's head names him.
    """
    wrote = " ".join((card.author or "").casefold().split()) in writers
    for element in (card.record, card.record.getparent()):
        names = ((element.get("class") if element is not None else None) or "").split()
        if "depth-1" not in names and ("bypostauthor" in names or (wrote and _DEEPER.search(" ".join(names)))):
            return True
    return False


def _signs(sheet: Sheet) -> Iterator[Sign]:
    """Yield the ratings of a record that stand outside its words, or are drawn among them."""
    for element in outside(sheet.root, sheet.body):
        yield from signs(element)
    for line in sheet.body:
        for element in _wordless(line.element):
            yield from signs(element)


def _wordless(root: etree._Element) -> Iterator[etree._Element]:
    """Yield the elements under one that hold no words; to read all in each of many that are nested takes too long."""
    nodes = list(root.iter())
    wordy: set[etree._Element] = set()
    for node in reversed(nodes):
        is_wordy = isinstance(node.tag, str) and (node in wordy or bool((node.text or "").strip()))
        if is_wordy:
            wordy.add(node)
        if node is not root and (is_wordy or (node.tail or "").strip()):
            wordy.add(node.getparent())
    return (node for node in nodes if isinstance(node.tag, str) and node not in wordy)


def _card(sheet: Sheet, rating: Rating | None, title: str | None, author: str | None) -> Card:
    reply, reply_dates = words_of_reply(sheet.replies[0]) if sheet.replies else (None, ())
    text = "\n".join(line.text for line in sheet.body)
    cut = bool(phrases.CUT.search(text)) and (sheet.more or len(sheet.body) == 1)
    return Card(
        record=sheet.record,
        text=whole(text),
        title=title,
        link=link_of(sheet),
        author=author or None,
        named=author is not None,
        rating=rating,
        dates=tuple(dates_of(sheet.root, sheet.body)),
        reply=reply,
        reply_dates=reply_dates,
        reply_said=sheet.said,
        cut=cut,
        quoted=sheet.quoted,
    )
