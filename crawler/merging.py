"""One review, said several times on a page: in blocks of mark-up, and in what the page shows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from difflib import SequenceMatcher

from overheard.crawler.shown.phrases import ACTION, CUT
from overheard.intake.item import Item

TELLING = 60
"""Characters of a text that two people do not write alike; under it, their names must agree as well."""
_BEGINNING = 4
"""Words of a text that was cut short that tell whose beginning it is."""
_NEARLY = 0.8
"""Similarity of words, of at most 1, from which on two texts are one review, with a line more or less."""
_COMPARED = 1000
"""Words of a text, from its beginning, that are compared in order: the time grows with their square."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A review as the page shows it: `cut` short, or with `quoted` words of others taken out.

    `answered` where the page says of its reply that it is the company's; else that is likely.
    """

    item: Item
    cut: bool = False
    quoted: bool = False
    answered: bool = False


def merge(blocks: Iterable[Sequence[Item]]) -> list[Item]:
    """Return the reviews of all blocks of a page, each once, with what only one block says of it filled in.

    A review that one block holds twice is two reviews; a review that two blocks hold is one.
    """
    merged: list[Item] = []
    by_text: dict[str, list[int]] = {}
    for block in blocks:
        free = {place for places in by_text.values() for place in places}
        for item in block:
            places = by_text.setdefault(_key(item), [])
            match = next((place for place in places if place in free and _compatible(merged[place], item)), None)
            if match is None:
                places.append(len(merged))
                merged.append(item)
            else:
                free.discard(match)
                merged[match] = _filled(merged[match], item)
    return _with_own_ids(merged)


def _key(item: Item) -> str:
    return " ".join(_words(item.text or item.title or "")) or item.text


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _compatible(one: Item, other: Item) -> bool:
    if None not in (one.rating, other.rating) and one.rating != other.rating and share(one) != share(other):
        return False
    if one.published and other.published and abs(one.published - other.published) > timedelta(hours=36):
        return False  # one block gives the day, the other the minute and its zone
    named = one.author and other.author and len(one.text) < TELLING
    return not named or _named_alike(one, other)


def _named_alike(one: Item, other: Item) -> bool:
    names = [_words(author) or author for author in (one.author, other.author) if author]
    return len(names) == 2 and names[0] == names[1]


def share(item: Item) -> float | None:
    """Return the rating as a share of its scale, in [0, 1], None without one: 20 of 100 is 1 of 5."""
    top = item.rating_scale or 1.0
    if item.rating is None:
        return None
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{1,9})?", item.rating_given or "") and top > 1:
        return round(float((item.rating_given or "").replace(",", ".")) / top, 2)
    return round((1 + item.rating * (top - 1)) / top if 1 < top < 10 else item.rating, 2)


_FILLED = ("title", "author", "language", "published", "edited", "external_id", "reply", "replied")


def _filled(one: Item, other: Item) -> Item:
    missing = {name: getattr(other, name) for name in _FILLED if getattr(one, name) is None}
    if one.rating is None:
        missing |= {name: getattr(other, name) for name in ("rating", "rating_given", "rating_scale")}
    if other.reply_state == "answered":
        missing["reply_state"] = "answered"
    return replace(
        one,
        **missing,
        author_in_url=one.author_in_url or other.author_in_url,
        attributes=other.attributes | one.attributes,
    )


def join(marked: Sequence[Item], shown: Sequence[Shown]) -> list[Item]:
    """Return the reviews of the mark-up, filled in from what the page shows, and those that it shows alone.

    Of two texts of one review the mark-up's counts, unless it is cut short, or holds another's words or a "Reply". What
    is shown as the company's answer to a review is none, though the mark-up lists it like one.
    """
    joined = list(marked)
    known = [_Text(item.text) for item in marked]
    free = dict.fromkeys(range(len(marked)))
    for each in shown:
        said = _Text(each.item.text)
        match = next((place for place in free if _same(joined[place], known[place], each, said)), None)
        if match is None:
            joined.append(each.item)
        else:
            del free[match]
            joined[match] = _joined(joined[match], known[match], each, said)
    answers = [_Text(each.item.reply) for each in shown if each.item.reply and each.answered]
    listed = {place for place in free if marked[place].rating is None and any(_is(known[place], a) for a in answers)}
    return _with_own_ids(item for place, item in enumerate(joined) if place not in listed)


class _Text:
    """The words of a text that may be cut short, to compare it with others."""

    def __init__(self, text: str) -> None:
        self.words = _words(CUT.sub("", text))
        self._matcher = SequenceMatcher(None, "", self.words[:_COMPARED], autojunk=False)

    def is_nearly(self, other: _Text) -> bool:
        """Say whether most words of the other text stand here, in the same order."""
        counts = len(self.words), len(other.words)
        if 2 * min(counts) < _NEARLY * sum(counts):
            return False
        self._matcher.set_seq1(other.words[:_COMPARED])
        # The first is an upper bound of the second, and cheap.
        return self._matcher.quick_ratio() >= _NEARLY and self._matcher.ratio() >= _NEARLY


def _same(one: Item, known: _Text, each: Shown, said: _Text) -> bool:
    if not known.words or not said.words:
        return one.text == each.item.text and _compatible(one, each.item)
    long = min(len(one.text), len(each.item.text)) >= TELLING
    # How a page draws a rating may be misread; a long text is the same all the same.
    other = replace(each.item, rating=None) if long else each.item
    if not _compatible(one, other):
        return False
    if _is(known, said):
        return True
    # Below a text may stand what nothing tells from it, such as an answer.
    if said.words[: len(known.words)] == known.words and (long or _named_alike(one, each.item)):
        return True
    short, whole = sorted((known.words, said.words), key=len)
    cut = each.cut or CUT.search(one.text)
    # A text may be cut within a word.
    if cut and len(short) > _BEGINNING and whole[: len(short) - 1] == short[:-1]:
        return True
    if each.quoted and set(said.words) <= set(known.words):
        return True
    return said.is_nearly(known)


def _is(known: _Text, said: _Text) -> bool:
    """Say whether the mark-up has the words that the page shows and no more than the word of a link behind them."""
    return known.words == said.words or bool(ACTION.fullmatch(_rest(known, said)))


def _rest(known: _Text, said: _Text) -> str:
    """What the mark-up says after the words that the page shows, the empty string where it does not begin with them."""
    begins = known.words[: len(said.words)] == said.words
    return " ".join(known.words[len(said.words) :]) if begins else ""


def _joined(one: Item, known: _Text, each: Shown, said: _Text) -> Item:
    filled = _filled(one, each.item)
    ends = CUT.search(filled.text) and not each.cut and len(said.words) > len(known.words)
    better = ends or each.quoted or ACTION.fullmatch(_rest(known, said))
    return replace(filled, text=each.item.text) if better else filled


def _with_own_ids(items: Iterable[Item]) -> list[Item]:
    """Take away the ids that several items have: they name none of them."""
    kept = list(items)
    named = Counter(item.external_id for item in kept)
    return [replace(item, external_id=None) if named[item.external_id] > 1 else item for item in kept]
