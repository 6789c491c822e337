"""Microdata, read into the shape that JSON-LD has, so that one set of rules makes items of both."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from lxml import etree

from overheard.crawler.page import text_of

_URL_ATTRIBUTES = {
    "a": "href", "area": "href", "link": "href", "audio": "src", "embed": "src", "iframe": "src", "img": "src",
    "source": "src", "track": "src", "video": "src", "object": "data", "data": "value", "meter": "value",
    "time": "datetime",
}  # fmt: skip
_LINKS = frozenset(("url", "sameAs", "image", "mainEntityOfPage", "discussionUrl"))
DEEPEST = 20
"""Properties that one may stand in and still have words: each holds the words of all in it."""
_ID_ATTRIBUTES = ("itemid", "data-review-id", "data-reviewid", "id")
_POSTED = frozenset(("articleBody", "text"))
_NOTICES = frozenset(("post-body-hidden", "post-body-invalid"))
"""Classes of what Misago shows in place of a post: its own words, and the name of the moderator who hid it."""
_QUOTED = ".//blockquote[not(ancestor::aside[.//blockquote])] | .//aside[.//blockquote]"


def load(root: etree._Element) -> list[dict[str, Any]]:
    """Return the page's top-level items in document order, each as an object with @type, @id and its properties."""
    nodes = {element: _node(element) for element in root.iterfind(".//*[@itemscope]")}
    if not nodes:
        return []
    owned: set[etree._Element] = set()
    for element, owner, depth in _properties(root, nodes):
        owned.add(element)
        names = element.get("itemprop", "").split()
        value = nodes[element] if element in nodes else _value(element, names) if depth < DEEPEST else ""
        for name in names if _NOTICES.isdisjoint(element.get("class", "").split()) else ():
            nodes[owner].setdefault(name, []).append(value)
        if "datePublished" in names and (link := _permalink(element)):
            nodes[owner].setdefault("url", []).append(link)
    # A property of nothing, such as a review outside its product, still stands for itself.
    return [node for element, node in nodes.items() if element not in owned]


def _node(element: etree._Element) -> dict[str, Any]:
    node: dict[str, Any] = {"@type": (element.get("itemtype") or "").split()}
    for name in _ID_ATTRIBUTES:
        if given := (element.get(name) or "").strip():
            # A plain id of an element is a name within the page, written as the fragment that it is.
            node["@id"] = f"#{given}" if name == "id" else given
            break
    return node


def _properties(
    root: etree._Element, nodes: dict[etree._Element, dict[str, Any]]
) -> Iterator[tuple[etree._Element, etree._Element, int]]:
    """Yield each property with the item that it belongs to and how many properties it stands in, in document order."""
    lent = {name: element for element in nodes for name in (element.get("itemref") or "").split()}
    holders: list[etree._Element | None] = [None]
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        said = element.get("itemprop") is not None
        if event == "end":
            holders.pop()
            depth -= said
            continue
        # What an item borrows by its id belongs to it, wherever it stands.
        borrower = lent.get(element.get("id") or "")
        owner = next(
            (each for each in (borrower, *reversed(holders)) if each is not None and each is not element), None
        )
        if said and owner is not None:
            yield element, owner, depth
        holders.append(element if element in nodes else borrower if borrower is not None else holders[-1])
        depth += said


def _value(element: etree._Element, names: list[str]) -> str:
    """The value that the standard names for the element, as sites practise it.

    A `content` attribute counts on every element, and a link that is the author or the text is meant by its words.
    """
    attribute = _URL_ATTRIBUTES.get(str(element.tag))
    if element.tag == "a" and _LINKS.isdisjoint(names):
        attribute = None
    for name in ("content", attribute):
        if name and (given := element.get(name)) is not None:
            return str(given).strip()
    return text_of(element) if _POSTED.isdisjoint(names) else _own_words(element)


def _permalink(date: etree._Element) -> str | None:
    """Where a date leads that is a link and nothing beside: in forums, to the post itself on a page of its own."""
    link = next(date.iterancestors("a"), None)
    href = "" if link is None else str(link.get("href", ""))
    return href if link is not None and "#" not in href and text_of(link) == text_of(date) else None


def _own_words(element: etree._Element) -> str:
    """The words without what they quote, which somebody else wrote, unless that is all."""
    if element.find(".//blockquote") is None:
        return text_of(element)
    copied = deepcopy(element)
    copied.tail = None
    for quote in copied.xpath(_QUOTED):
        quote.drop_tree()
    return text_of(copied) or text_of(element)
