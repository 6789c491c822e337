"""Any site of HTML pages, read by rules that its user wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, TypeAlias
from urllib.parse import urljoin

from lxml import etree
from scrapy.http import Response

from overheard.crawler.api import content_type as type_of
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import (
    NO_TEXT,
    Page,
    base_of,
    decode,
    language_of,
    own_title,
    parsed,
    plain,
    same_host,
    text_of,
    tidy,
    web_url,
    whole,
)
from overheard.crawler.ratings import class_rating, said_rating
from overheard.crawler.selectors import OWN_WORDS, Choice, Rules, parse_rules, read_rules
from overheard.crawler.spider import SourceSpider, Visit, check_keys, check_url
from overheard.crawler.walk import Step
from overheard.crawler.walls import wall
from overheard.intake.item import Item
from overheard.intake.values import Rating, is_relative, parse_date, parse_rating
from overheard.nlp.identity import names_author

_FIELDS = {
    "text": "text", "title": "title", "rating": "rating_given", "rating_filled": "rating_given", "date": "published",
    "author": "author", "reply": "reply", "reply_date": "replied", "id": "external_id",
}  # fmt: skip
"""The keys of the rules and what they make of an item."""
_LINKS = frozenset(["list", "next", "url"])

TOO_DEEP = "an item that stands in too many others"
DEEPEST, FEW = 50, 5
"""Items that one may stand in, and values of a key that are looked at for a date or rating: each takes its time."""

Node: TypeAlias = etree._Element | str
"""What a selector finds: an element, or what an XPath makes of one."""


class SelectorsSpider(SourceSpider):
    """Reads the pages of a site, or the pages that its listing names, as a user's rules describe them."""

    name = "selectors"
    help = "Any site of HTML pages, described by CSS selectors in a file of rules."
    required = ("url", "rules")
    whole = True

    def __init__(self, visit: Visit, **arguments: Any) -> None:
        super().__init__(visit, **arguments)
        self.rules = parse_rules(visit.target["rules"], "rules")
        self._note = visit.walk.note
        self._items = 0
        self._found: Counter[str] = Counter()

    @classmethod
    def validate(cls, target: dict[str, str]) -> dict[str, str]:
        """Return the target with the rules themselves: a later change of their file changes no source."""
        check_keys(cls, target)
        return {"url": check_url(target["url"]), "rules": read_rules(target["rules"]).as_toml()}

    def read(self, response: Response, step: Step, fetched: datetime) -> Page:
        """Read an answer; raises PageError."""
        page = parse(
            response.body, response.url, fetched, self.rules,
            origin=step.origin, listed=step.listed, content_type=type_of(response),
        )  # fmt: skip
        if step.first and not step.listed and self.rules.next:
            if self.visit.facts.state.get("paged") and not page.next:
                raise PageError(
                    "layout_changed", "`next` finds no link where it did before; correct the rules, or where there is "
                    "only one page now, give the source its target again (`overheard source edit`)",
                )  # fmt: skip
            self.visit.state["paged"] = bool(page.next)
        self._items += len(page.items)
        self._found += coverage(self.rules, page, step.origin)
        self.visit.walk.note = self._missing() or self._note
        if not (page.items or page.listed or page.rejected):
            self.visit.walk.hint = "`item` finds nothing; correct the rules"
        return page

    def _missing(self) -> str | None:
        """Say which keys found nothing in any item so far; a reply may really be in none."""
        keys = [key for key in (*_FIELDS, "url") if getattr(self.rules, key) and not self._found[key]]
        named = ", ".join(f"`{key}`" for key in keys if not key.startswith("reply"))
        return f"{named} found nothing in {self._items} items; check the rules" if named and self._items else None


def coverage(rules: Rules, page: Page, url: str) -> Counter[str]:
    """Return for each key that the rules have how many items of the page got something from it.

    `url` is what an item without an address of its own is shown with: the page, or the first one of its listing.
    """
    counts = {key: sum(getattr(item, field) not in (None, "") for item in page.items) for key, field in _FIELDS.items()}
    counts["url"] = sum(item.url != url for item in page.items)
    return Counter({key: count for key, count in counts.items() if getattr(rules, key)})


def parse(
    body: bytes,
    url: str,
    fetched: datetime,
    rules: Rules,
    *,
    origin: str | None = None,
    listed: bool = False,
    content_type: str | None = None,
) -> Page:
    """Return the mentions of a page, the page that follows and, unless it is `listed` itself, the pages that it lists.

    `url` is where the page lies, `origin` the first page of its listing (default: the page itself); relative dates
    count from `fetched`. Raises PageError where the page is a wall, and where no item has what `text` selects.
    """
    markup = decode(body, content_type)
    root = parsed(markup).root
    context = Context(rules, url, base_of(root, url), origin or url, language_of(root), fetched)
    found = [node for node in _find(rules, "item", root) if not isinstance(node, str)]
    every = frozenset(found)
    depths = _depths(root, every) if len(found) > DEEPEST else {}
    cards = [Card(node, rules, every) for node in found if depths.get(node, 0) < DEEPEST]
    pages = () if listed else tuple(dict.fromkeys(_pages("list", root, context)))
    if cards and not pages and not any(card.nodes("text") for card in cards):
        raise PageError("layout_changed", f"`item` finds {len(cards)} and `text` nothing in any; correct the rules")
    items = [item for item in (_item(card, context) for card in cards) if item]
    if not items and not pages and (reason := wall(root, markup, url)):
        raise PageError("blocked", reason)
    named = Counter(item.external_id for item in items)
    return Page(
        # An id that two items share is none: it would make one mention of both.
        items=tuple(replace(item, external_id=None) if named[item.external_id] > 1 else item for item in items),
        rejected=+Counter({NO_TEXT: len(cards) - len(items), TOO_DEEP: len(found) - len(cards)} if not pages else {}),
        next=tuple(_pages("next", root, context))[:1],
        listed=pages,
    )


@dataclass(frozen=True, slots=True)
class Context:
    """What the items of a page share: the rules, where it lies, what relative links start from, the first page of its
    listing, the language that it declares, and when it was fetched."""

    rules: Rules
    url: str
    base: str
    origin: str
    language: str | None
    fetched: datetime


class Card:
    """One item of a page, and what the rules select in it.

    What stands in another item in it (an answer in a thread) is that one's, and what stands in a reply is the reply's.
    """

    def __init__(self, root: etree._Element, rules: Rules, items: frozenset[etree._Element]) -> None:
        self.rules = rules
        self._root = root
        self._others = self._not_its_own = _covered(root, items)
        wanted = rules.choice("reply")
        if wanted and not wanted.attribute:
            replies = frozenset(node for node in self.nodes("reply") if not isinstance(node, str))
            self._not_its_own |= _covered(root, replies)

    def nodes(self, key: str) -> list[Node]:
        """Return what a key selects."""
        barred = self._barred(key)
        found = _find(self.rules, key, self._root)
        return [node for node in found if isinstance(node, str) or node not in barred]

    def values(self, key: str) -> Iterator[str]:
        """Yield the words, attributes or links that a key selects, as they were written, the empty ones left out."""
        return (value for node in self.nodes(key) if (value := self._value(key, node)))

    def line(self, key: str) -> str | None:
        """Return the first of the values without markup, in one line."""
        return next((line for value in self.values(key) if (line := " ".join(plain(value).split()))), None)

    def text(self, key: str) -> str:
        """Return all that a key selects as one text: an element in another one that is selected counts once."""
        nodes = self.nodes(key)
        chosen = {node for node in nodes if not isinstance(node, str)}
        outer = [node for node in nodes if isinstance(node, str) or chosen.isdisjoint(node.iterancestors())]
        return tidy("\n".join(plain(self._value(key, node)) for node in outer))

    def _value(self, key: str, node: Node) -> str:
        wanted = self.rules.choice(key)
        return _value(key, node, wanted, self._barred(key)) if wanted else ""

    def _barred(self, key: str) -> frozenset[etree._Element]:
        return self._others if key.startswith("reply") else self._not_its_own


def _find(rules: Rules, key: str, root: etree._Element) -> list[Node]:
    wanted = rules.choice(key)
    try:
        return wanted.find(root) if wanted else []
    except ValueError as error:
        raise PageError("failed", " ".join(f"`{key}`: {error}; correct the rules".split())) from None


def _depths(root: etree._Element, items: frozenset[etree._Element]) -> dict[etree._Element, int]:
    """Return in how many others each item stands."""
    depths: dict[etree._Element, int] = {}
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if element in items:
            depths.setdefault(element, depth)
            depth += 1 if event == "start" else -1
    return depths


def _covered(root: etree._Element, barred: frozenset[etree._Element]) -> frozenset[etree._Element]:
    """Return the elements in an item that are one of those that are barred, or stand in one."""
    covered: set[etree._Element] = set()
    for node in root.iterdescendants() if len(barred) > 1 or root not in barred else ():
        if node in barred and node not in covered:
            covered.update(node.iter())
    return frozenset(covered)


def _value(key: str, node: Node, wanted: Choice, barred: frozenset[etree._Element]) -> str:
    if isinstance(node, str):
        return whole(node).strip()
    if wanted.attribute == OWN_WORDS:
        return tidy(" ".join(node.xpath("text()")))
    if wanted.attribute:
        return whole(node.get(wanted.attribute) or "").strip()
    if key in _LINKS:
        return next(iter(node.xpath("(descendant-or-self::*/@href)[1]")), "").strip()
    return text_of(_without(node, barred))


def _without(node: etree._Element, barred: frozenset[etree._Element]) -> etree._Element:
    """Return the element, or where barred ones stand in it, a copy without what they say."""
    if barred.isdisjoint(node.iterdescendants()):
        return node
    copied = deepcopy(node)
    for original, inner in list(zip(node.iter(), copied.iter(), strict=True)):
        if original in barred and inner is not copied:
            inner.clear(keep_tail=True)
    return copied


def _item(card: Card, context: Context) -> Item | None:
    text, author = card.text("text"), card.line("author")
    title = own_title(card.line("title") or "", text, author)
    if not text and not title:
        return None
    rating, reply = _rating(card), card.text("reply")
    external_id = next(card.values("id"), None)
    url = next((url for href in card.values("url") if (url := _resolved(href, context.base))), None)
    return Item(
        external_id=external_id,
        text=text,
        title=title,
        rating=rating.value if rating else None,
        rating_given=rating.given if rating else None,
        rating_scale=rating.scale if rating else None,
        language=context.language,
        author=author,
        author_in_url=names_author(author, url) or names_author(author, external_id),
        url=url or context.origin,
        published=_date("date", card, context),
        reply_state=("answered" if reply else "unanswered") if context.rules.reply else "unknown",
        reply=reply or None,
        replied=_date("reply_date", card, context) if reply else None,
    )


def _rating(card: Card) -> Rating | None:
    scale = card.rules.rating_scale
    if card.rules.rating_filled:
        return parse_rating(len(card.nodes("rating_filled")), scale)
    wanted = card.rules.choice("rating")
    by_class = wanted and (wanted.attribute == "class" or wanted.path.endswith("@class"))
    read = class_rating if by_class else said_rating
    return next((rating for value in islice(card.values("rating"), FEW) if (rating := read(value, scale))), None)


def _date(key: str, card: Card, context: Context) -> datetime | None:
    """The first of the dates, an element's own datetime before its words."""
    rules, wanted = context.rules, context.rules.choice(key)
    elements = (
        [node for node in card.nodes(key) if not isinstance(node, str)] if wanted and not wanted.attribute else ()
    )
    marked = (str(given) for node in elements for given in node.xpath("(descendant-or-self::*/@datetime)[1]"))
    language = rules.date_language or context.language
    for value in (*islice(marked, FEW), *islice(card.values(key), FEW)):
        found = parse_date(
            value, languages=(language,) if language else (), base=context.fetched, day_first=rules.day_first
        )
        if found:
            # To the day: "3 days ago" must not be another moment, and so an edit, at each crawl.
            return found.replace(hour=0, minute=0, second=0, microsecond=0) if is_relative(value) else found
    return None


def _pages(key: str, root: etree._Element, context: Context) -> Iterable[str]:
    """The pages that a key leads to: others than this one, on the same host."""
    wanted = context.rules.choice(key)
    for node in _find(context.rules, key, root):
        href = _value(key, node, wanted, frozenset()) if wanted else ""
        found = web_url(_resolved(href, context.base) or "")
        if found and not href.startswith("#") and found != web_url(context.url) and same_host(found, context.url):
            yield found


def _resolved(href: str, base: str) -> str | None:
    try:
        return web_url(urljoin(base, href), fragment=True) if href else None
    except ValueError:
        return None
