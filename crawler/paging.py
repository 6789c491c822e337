"""Where a listing goes on: links to the next page, and the pages that a listing names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree

from overheard.crawler import jsonld
from overheard.crawler.page import same_host, text_of, web_url

_NEXT_WORD = re.compile(
    r"(?:go to |view |zur |naar |aller à la |vai alla |ir a la |ir para )?(?:the )?"
    r"(?:next|nächste|naechste|weiter|volgende|următo\w+|urmato\w+|înainte|inainte|success\w+|prossim\w|avanti|"
    r"suivante?|siguiente|próxim\w|proxim\w|seguinte)(?:\s(?:page|seite|pagina|página)|)",
    re.IGNORECASE,
)
_NEXT_AFTER_NOUN = re.compile(r"(?:page|seite|pagina|página)\s(?:suivante|următoare|urmatoare|successiva|siguiente|"
                              r"seguinte|próxima|proxima)", re.IGNORECASE)  # fmt: skip
_ARROWS = re.compile(r"[\s›»→❯>⟩▶▸]+|[\s‹«←❮<⟨◀◂]+")
_FORWARD = frozenset("›»→❯⟩▶▸>")
_NEXT_CLASS = re.compile(r"(?:^|[-_])next(?:$|[-_])", re.IGNORECASE)
_EXTENSION = re.compile(r"\.[a-z]{3,5}$", re.IGNORECASE)
_PAGE_SEGMENT = re.compile(r"[/_-](?:page|seite|pagina|pag|p)[/_=-]?\d+$", re.IGNORECASE)
_NUMBER_SEGMENT = re.compile(r"[/_-]\d+$")


def next_pages(
    root: etree._Element, url: str, base: str, origin: str, link_header: str | None = None
) -> tuple[str, ...]:
    """Return the page that follows, as a tuple of none or one absolute URL on the same host.

    In order of trust: rel=next in the HTTP header, in the head, on an anchor; then anchors that call themselves the
    next page by class, label or words, where they lead to a page of the listing that began at `origin`. `base` is
    what relative links start from.
    """
    for href in _declared(root, link_header):
        if found := _on_host(href, url, base):
            return (found,)
    for anchor in root.iterfind(".//a[@href]"):
        found = _on_host(anchor.get("href", ""), url, base) if _says_next(anchor) else None
        if found and _sibling(url, origin, found):
            return (found,)
    return ()


def _declared(root: etree._Element, link_header: str | None) -> Iterator[str]:
    for target, parameters in re.findall(r"<([^<>]*)>([^<]*)", link_header or ""):
        if re.search(r";\s*rel\s*=\s*\"?(?:[^\"]*\s)?next\b", parameters, re.IGNORECASE):
            yield target
    for tag in ("link", "a"):
        for element in root.iterfind(f".//{tag}[@rel]"):
            if "next" in element.get("rel", "").casefold().split() and not _disabled(element):
                yield element.get("href", "")


def _on_host(href: str, url: str, base: str) -> str | None:
    try:
        found = web_url(urljoin(base, href.strip()))
    except ValueError:
        return None
    return found if found and href.strip() and found != web_url(url) and same_host(found, url) else None


def _says_next(anchor: etree._Element) -> bool:
    if _disabled(anchor):
        return False
    holder = anchor.getparent()
    around = [anchor, *([holder] if holder is not None and holder.tag in ("li", "span") else [])]
    if any(_NEXT_CLASS.search(name) for element in around for name in element.get("class", "").split()):
        return True
    labels = (anchor.get("aria-label"), anchor.get("title"), text_of(anchor, most=40)[:80])
    return any(_is_next_label(" ".join(label.split())) for label in labels if label)


def _is_next_label(label: str) -> bool:
    words = _ARROWS.sub(" ", label).strip().rstrip(".:")
    if not words:
        return bool(_FORWARD.intersection(label))
    return bool(_NEXT_WORD.fullmatch(words) or _NEXT_AFTER_NOUN.fullmatch(words))


def _disabled(element: etree._Element) -> bool:
    holder = element.getparent()
    classes = element.get("class", "") + " " + (holder.get("class", "") if holder is not None else "")
    return element.get("aria-disabled") == "true" or "disabled" in classes


def _sibling(url: str, origin: str, other: str) -> bool:
    """Say whether a URL is a page of the same listing, and not the next product or article."""
    here, first, path = (_EXTENSION.sub("", urlsplit(place).path.rstrip("/")) for place in (url, origin, other))
    if path in (here, first) or _PAGE_SEGMENT.sub("", path) == _PAGE_SEGMENT.sub("", here):
        return True
    return _NUMBER_SEGMENT.sub("", path) == first


def listed_pages(values: Iterable[Any], url: str, base: str) -> tuple[str, ...]:
    """Return the pages that an ItemList of the page names, in its order, on the same host.

    A page that is itself about a product names related ones, not its own parts: it lists none.
    """
    found: dict[str, None] = {}
    for node, owner, _ in jsonld.walk(list(values)):
        names = jsonld.types(node)
        if "Product" in names and owner is None:
            return ()
        if "ItemList" in names or "OfferCatalog" in names:
            for href in _members(node):
                if target := _on_host(href, url, base):
                    found[target] = None
    return tuple(found)


def _members(node: dict[str, Any]) -> Iterator[str]:
    for member in jsonld.values_of(node, "itemListElement"):
        if isinstance(member, str):
            yield member
            continue
        if not isinstance(member, dict):
            continue
        things = [member, *(thing for thing in jsonld.values_of(member, "item"))]
        for thing in things:
            if isinstance(thing, str):
                yield thing
            elif isinstance(thing, dict) and (href := jsonld.text_of(thing, "url") or _web_id(thing)):
                yield href
                break


def _web_id(thing: dict[str, Any]) -> str | None:
    name = thing.get("@id")
    return name if isinstance(name, str) and "#" not in name and "/" in name else None
