"""Pages and listings that publish or show reviews: schema.org mark-up, and the structure that a page repeats."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import chain
from typing import Any

from lxml import etree
from scrapy.http import Response

from overheard.crawler import jsonld, merging, microdata, reviews
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import UNREADABLE, Page, base_of, decode, language_of, parsed
from overheard.crawler.paging import listed_pages, next_pages
from overheard.crawler.shown import reader
from overheard.crawler.spider import SourceSpider
from overheard.crawler.walk import Step
from overheard.crawler.walls import is_html, unexpected, wall


class SchemaorgSpider(SourceSpider):
    """Reads a product, a shop or a listing; a listing without reviews of its own leads to the pages that it names."""

    name = "schemaorg"
    help = "A page or listing with reviews: JSON-LD, microdata, or what it shows; paging is followed."
    required = ("url",)
    whole = True

    def read(self, response: Response, step: Step, fetched: datetime) -> Page:
        """Read an answer; raises PageError."""
        kind, link = (response.headers.get(name) for name in ("Content-Type", "Link"))
        return parse(
            response.body,
            response.url,
            fetched,
            origin=step.origin,
            content_type=kind.decode("latin-1") if kind else None,
            link_header=link.decode("latin-1") if link else None,
        )


def parse(
    body: bytes,
    url: str,
    fetched: datetime,
    *,
    origin: str | None = None,
    content_type: str | None = None,
    link_header: str | None = None,
) -> Page:
    """Return the reviews of a page and where it goes on.

    `url` is where the page lies, `origin` the first page of its listing (default: the page itself); relative dates
    count from `fetched`. Raises PageError where the page is a wall, or no HTML page at all.
    """
    markup = decode(body, content_type)
    root = parsed(markup).root
    base = base_of(root, url)
    blocks, broken = _linked_data(root)
    named = jsonld.index([value for block in blocks for value in block])
    context = reviews.Context(url, base, origin or url, language_of(root), fetched, named)
    blocks.append(microdata.load(root))
    found = [reviews.read(block, context) for block in blocks if block]
    marked = merging.merge(items for items, _ in found)
    listed = () if marked else listed_pages(chain.from_iterable(blocks), url, base)
    # A listing leads to the pages whose reviews it may show samples of.
    seen, unsaid = ([], Counter[str]()) if listed else reader.read(root, context)
    items = merging.join(marked, seen)
    rejected = Counter({UNREADABLE: broken} if broken else {})
    # The same rating may stand in several blocks: it is refused once.
    for refused in (*(refused for _, refused in found), unsaid):
        rejected |= refused
    if not items and (reason := wall(root, markup, url)):
        raise PageError("blocked", reason)
    if not (items or listed or broken or any(blocks) or is_html(markup, content_type)):
        raise unexpected(body, url, content_type, "an HTML page")
    return Page(
        items=tuple(items),
        rejected=rejected,
        next=next_pages(root, url, base, origin or url, link_header),
        listed=listed,
        strange=not any(blocks) and not broken and not seen,
    )


def _linked_data(root: etree._Element) -> tuple[list[list[Any]], int]:
    """Return the blocks of JSON-LD, each as its values, and how many could not be read."""
    blocks, broken = [], 0
    for script in root.iterfind(".//script[@type]"):
        if "ld+json" not in script.get("type", "").casefold():
            continue
        values = jsonld.load("".join(script.itertext()))
        if values is None:
            broken += 1
        else:
            blocks.append(values)
    return blocks, broken
