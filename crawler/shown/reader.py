"""The reviews that a page shows to its readers, from the structure that it repeats: for pages without schema.org data.

Where it is unsure it gives nothing: a group needs a date in each record, and ratings, or names that say that people
speak there and records that lead to no pages of their own, as a list of articles does. Without dates each record has to
be called a review by its class and to be signed, on a page that shows no others.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urljoin

from lxml import etree

from overheard.crawler import jsonld, reviews
from overheard.crawler.merging import TELLING, Shown
from overheard.crawler.page import NO_TEXT, own_title
from overheard.crawler.shown import cards, naming, phrases, records
from overheard.crawler.shown.cards import Card
from overheard.crawler.shown.records import Group
from overheard.intake.item import Item
from overheard.intake.values import is_relative
from overheard.nlp.identity import names_author

_TOLD = 5
"""Words from which on a text without a date is no label."""
_LOOKED_AT = 60
"""Groups of a page that are read closely, the likeliest first: no page has more that matter."""


def read(root: etree._Element, context: reviews.Context) -> tuple[list[Shown], Counter[str]]:
    """Return the reviews that a page shows, group by group, and how many records say nothing."""
    taken: list[Group] = []
    shown: dict[tuple[str, str | None], Shown] = {}
    rejected: Counter[str] = Counter()
    for group in records.find(root)[:_LOOKED_AT]:
        if any(records.overlap(group, other) for other in taken) or _is_lesser(group, taken):
            continue
        outside = _outside(root, group)
        found = cards.read(group, outside)
        if not _sure(found, group, context):
            continue
        # The name of a thread above each post is no headline of the post.
        items = [_item(card, context, "" if group.ratings else outside) for card in found]
        said = [
            Shown(item, card.cut, card.quoted, card.reply_said) for item, card in zip(items, found, strict=True) if item
        ]
        # What is not shown is believed only where it repeats what is: else it is a pattern for a script to fill.
        if group.hidden and shown.keys().isdisjoint(_key(each.item) for each in said):
            continue
        taken.append(group)
        for each in said:
            shown.setdefault(_key(each.item), each)
        rejected[NO_TEXT] += len(items) - len(said)
    return list(shown.values()), +rejected


def _is_lesser(group: Group, taken: Sequence[Group]) -> bool:
    """Say whether a group lacks what the likeliest one of the page has: ratings, or dates."""
    return bool(taken) and ((bool(taken[0].ratings) and not group.ratings) or not group.dated)


def _key(item: Item) -> tuple[str, str | None]:
    return " ".join(item.text.casefold().split()), item.author


def _outside(root: etree._Element, group: Group) -> str:
    """What the page says outside a group, and what it calls itself."""
    said: list[str] = []
    stack = [root]
    while stack:
        element = stack.pop()
        if element in group.set or not isinstance(element.tag, str) or element.tag in ("script", "style", "template"):
            continue
        said += filter(None, (element.text, element.get("content")))
        said += filter(None, (child.tail for child in element))
        stack.extend(element)
    return " ".join(" ".join(said).casefold().split())


def _sure(found: Sequence[Card], group: Group, context: reviews.Context) -> bool:
    """Say whether the cards of a group are reviews or posts of people."""
    said = [card for card in found if card.text]
    if not said or (group.dated and sum(bool(card.dates) for card in said) * 3 < len(said) * 2):
        return False
    authors = sum(card.named for card in said) * 3 >= len(said) * 2
    leads = sum(_leads_on(card, context) for card in said) * 2 > len(said)
    if not group.dated:
        return authors and not leads and sum(len(card.text.split()) >= _TOLD for card in said) * 3 >= len(said) * 2
    if group.ratings:
        teasers = leads and sum(card.cut for card in said) * 2 > len(said)
        answered = any(card.reply for card in said)
        return ((group.talk or answered) and not teasers) or (authors and not leads)
    return authors and not (leads and naming.words(group.members[0]).isdisjoint(naming.OPINION))


def _leads_on(card: Card, context: reviews.Context) -> bool:
    """Say whether a record leads to a page of its own, as an article in a list does."""
    try:
        return bool(card.link) and not jsonld.same_resource(urljoin(context.base, card.link or ""), context.url)
    except ValueError:
        return False


def _item(card: Card, context: reviews.Context, thread: str) -> Item | None:
    if not card.text or phrases.FILLER.match(card.text):
        return None
    title = own_title(card.title or "", card.text, card.author)
    if title and re.sub(r"^(?:re|aw|antw)\s*:\s*", "", title.casefold()) in thread:
        title = None
    published, given = _published(card.dates, context)
    replied, _ = _published(card.reply_dates, context) if card.reply else (None, "")
    external_id = _id(card, context, relative=is_relative(given) if given else False)
    return Item(
        external_id=external_id,
        text=card.text,
        title=title,
        rating=card.rating.value if card.rating else None,
        rating_given=card.rating.given if card.rating else None,
        rating_scale=card.rating.scale if card.rating else None,
        language=context.language,
        author=card.author,
        author_in_url=names_author(card.author, (external_id or "").partition("#")[2]),
        url=context.origin,
        published=published,
        reply_state="answered" if card.reply else "unknown",
        reply=card.reply,
        replied=replied,
    )


def _published(dates: Sequence[str], context: reviews.Context) -> tuple[datetime | None, str]:
    """Return the first of the dates that is one, and how it is written."""
    for given in dates:
        if found := reviews.read_date(given, context.language, context):
            return found, given
    return None, ""


def _id(card: Card, context: reviews.Context, *, relative: bool) -> str | None:
    """The id that the page gives the record, where it lasts.

    A record without one, dated "2 weeks ago", has another date tomorrow: its words are its id, where they are many.
    """
    for name in ("data-review-id", "data-reviewid", "data-comment-id", "data-post-id", "id", "data-id"):
        for element in (card.record, *card.record.iterfind(f".//*[@{name}]")):
            given = (element.get(name) or "").strip()
            if given and (found := reviews.lasting(f"#{given}" if name == "id" else given, None, context)):
                return found
            if given:
                break
    if relative and len(card.text) >= TELLING:
        return "text:" + hashlib.sha256(" ".join(card.text.split()).encode("utf-8", "surrogatepass")).hexdigest()[:40]
    return None
