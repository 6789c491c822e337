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
"""Similarity of words from which on a text that is shown is that of the mark-up, with a line more or less."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A review as the page shows it: `cut` short, or with `quoted` words of others taken out."""

    item: Item
    cut: bool = False
    quoted: bool = False


def merge(blocks: Iterable[Sequence[Item]]) -> list[Item]:
    """Return the reviews of all blocks of a page, each once, with what only one block says of it filled in.

    A review that one block holds twice is two reviews; a review that two blocks hold is one.
    """
    merged: list[Item] = []
    by_text: dict[str, list[int]] = {}
    for block in blocks:
        free = {place for places in by_text.values() for place in places}
        for item in block:
            places = by_text.setdefault(_words(item), [])
            match = next((place for place in places if place in free and _compatible(merged[place], item)), None)
            if match is None:
                places.append(len(merged))
                merged.append(item)
            else:
                free.discard(match)
                merged[match] = _filled(merged[match], item)
    named = Counter(item.external_id for item in merged)
    return [replace(item, external_id=None) if named[item.external_id] > 1 else item for item in merged]


def _words(item: Item) -> str:
    return " ".join(re.findall(r"\w+", (item.text or item.title or "").casefold())) or item.text


def _compatible(one: Item, other: Item) -> bool:
    if None not in (one.rating, other.rating) and one.rating != other.rating and share(one) != share(other):
        return False
    if one.published and other.published and abs(one.published - other.published) > timedelta(hours=36):
        return False  # one block gives the day, the other the minute and its zone
    known = one.author and other.author and len(one.text) < TELLING
    return not known or one.author.casefold() == other.author.casefold()  # type: ignore[union-attr]


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

    Of two texts of one review the mark-up's counts, unless it is cut short, or holds another's words or a "Reply".
    """
    joined = list(marked)
    known = [_tokens(item) for item in marked]
    free = set(range(len(marked)))
    for each in shown:
        words = _tokens(each.item)
        match = next((place for place in sorted(free) if _same(joined[place], known[place], each, words)), None)
        if match is None:
            joined.append(each.item)
        else:
            free.discard(match)
            filled = _filled(joined[match], each.item)
            ends = CUT.search(filled.text) and not each.cut and len(words) > len(known[match])
            rest = " ".join(known[match][len(words) :]) if known[match][: len(words)] == words else ""
            better = ends or each.quoted or (rest and ACTION.fullmatch(rest))
            joined[match] = replace(filled, text=each.item.text) if better else filled
    named = Counter(item.external_id for item in joined)
    return [replace(item, external_id=None) if named[item.external_id] > 1 else item for item in joined]


def _tokens(item: Item) -> list[str]:
    return re.findall(r"\w+", CUT.sub("", item.text).casefold())


def _same(one: Item, known: list[str], each: Shown, words: list[str]) -> bool:
    if not known or not words:
        return False
    long = min(len(one.text), len(each.item.text)) >= TELLING
    # How a page draws a rating may be misread; a long text is the same all the same.
    other = replace(each.item, rating=None) if long else each.item
    if not _compatible(one, other):
        return False
    if known == words or (known[: len(words)] == words and ACTION.fullmatch(" ".join(known[len(words) :]))):
        return True
    short, whole = sorted((known, words), key=len)
    cut = each.cut or CUT.search(one.text)
    # A text may be cut within a word.
    if cut and len(short) > _BEGINNING and whole[: len(short) - 1] == short[:-1]:
        return True
    if each.quoted and set(words) <= set(known):
        return True
    return SequenceMatcher(None, known, words, autojunk=False).ratio() >= _NEARLY
