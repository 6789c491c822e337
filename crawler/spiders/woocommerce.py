"""Reviews of the products of a WooCommerce shop, newest first, by the Store API that it comes with.

The API does not hold what the shop answers: that is read from the pages of the products that have new reviews.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urldefrag

from lxml import etree
from scrapy.http import Request, Response

from overheard.crawler.api import Shape, content_type, read_items, read_json
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import Page, decode, parsed, plain, same_host, text_of, web_url
from overheard.crawler.spider import SourceSpider, Visit, check_keys
from overheard.crawler.walk import EVER, Step
from overheard.crawler.wordpress import (
    Listing,
    Paging,
    check_number,
    check_open,
    error_code,
    feed_root,
    list_url,
    site_root,
)
from overheard.intake.item import Item
from overheard.intake.values import parse_date, parse_rating
from overheard.nlp.identity import names_author

ROUTE = "wc/store/v1/products/reviews"
"""Open to the public; `wc/v3/products/reviews` has the same and wants a key of the shop's owner."""

TOO_MANY = "rate_limit_exceeded"
"""What the Store API answers, with 400, where the shop has set a limit and it is used up."""

MOST_PRODUCTS = 100
"""Product pages that a crawl reads at the most, those with the newest reviews first."""

_COMMENT = re.compile(r"(?:li-)?comment-(\d{1,18})")

logger = logging.getLogger(__name__)


class WoocommerceSpider(SourceSpider):
    """Reads the reviews of a shop, or of one product or category, with the shop's answers to the new ones."""

    name = "woocommerce"
    help = "Product reviews of a WooCommerce shop, by its public Store API."
    required = ("url",)
    optional = ("product_id", "category_id")
    newest_first = True
    form_is_sure = True

    def __init__(self, visit: Visit, **arguments: Any) -> None:
        super().__init__(visit, **arguments)
        self._answers: dict[str, Answer | None] = {}
        self._products: set[str] = set()
        self._kept_out = visit.one_page

    @classmethod
    def validate(cls, target: dict[str, str]) -> dict[str, str]:
        """Return the target with the shop's root and, where they are given, the numbers of product and category."""
        check_keys(cls, target)
        numbers = check_number(target, "product_id") | check_number(target, "category_id")
        return {"url": site_root(target["url"])} | numbers

    @classmethod
    def first_urls(cls, target: dict[str, str]) -> list[str]:
        """Return the first page."""
        chosen = {key: target.get(key) for key in cls.optional}
        return [list_url(target["url"], ROUTE, orderby="date", **chosen)]

    def request(self, step: Step) -> Request:
        """Return the request for a page of the list, which is completed before it is taken in."""
        return super().request(step).replace(callback=self.complete)

    async def complete(self, response: Response, step: Step) -> AsyncIterator[Request]:
        """Read the pages of the products that have new reviews, then take in the page of the list."""
        for url in self._with_new_reviews(response, step):
            if self._kept_out or len(self._products) >= MOST_PRODUCTS or self.visit.stopping.is_set():
                break
            self._products.add(url)
            try:
                page = await self.fetch(Request(url, dont_filter=True))
            except PageError as error:
                self._kept_out = error.outcome == "blocked"
                self.visit.walk.note = "replies are unknown where a product page cannot be read (see the log)"
                logger.warning("source %d: %s: %s; its replies are unknown", self.visit.facts.id, url, error)
            else:
                self._answers |= read_answers(page.body, content_type(page))
        for request in self.parse(response, step):
            yield request

    def _with_new_reviews(self, response: Response, step: Step) -> list[str]:
        """The products of a page that hold reviews from after the last crawl, on the host of the shop."""
        try:
            items = self.read(self.accept(response, step), step, EVER).items
        except PageError:  # said when the page is taken in
            return []
        known = self.visit.facts.watermark or EVER
        new = [item for item in items if item.published and item.published > known]
        urls = dict.fromkeys(urldefrag(item.url).url for item in new if item.url)
        return [url for url in urls if url not in self._products and same_host(url, step.url)]

    def read(self, response: Response, step: Step, fetched: datetime) -> Page:
        """Read an answer; raises PageError."""
        return parse(response.body, step.url, content_type(response), Paging.of(response), self._answers)

    def accept(self, response: Response, step: Step) -> Response:
        feed = f"{feed_root(step.url)}comments/feed/"
        check_open(response, f"read its feed instead (kind feed, url={feed}), or its product pages (kind schemaorg)")
        if response.status == 400 and error_code(response.body) == TOO_MANY:
            wait = (response.headers.get("RateLimit-Retry-After") or b"").decode("latin-1")[:40]
            asks = f" (RateLimit-Retry-After: {wait})" if wait else ""
            raise PageError("blocked", f"it answered {TOO_MANY}{asks}; raise crawl.delay, or try later")
        return super().accept(response, step)


class Review(Shape):
    """A review; one without a rating has null, or 0."""

    id: str
    date_created_gmt: str | None = None
    product_name: str = ""
    product_permalink: str = ""
    reviewer: str = ""
    review: str = ""
    rating: str | None = None
    verified: bool | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the shop says below a review, and when."""

    text: str
    written: datetime | None


def read_answers(body: bytes, kind: str | None = None) -> dict[str, Answer | None]:
    """Return the shop's answer to each review that a product page shows, by the review's id; None without one.

    By WordPress's list of comments, which WooCommerce's template keeps to: a comment is an `li` whose id, or that of
    its `div`, holds the number; an answer is one below it of the class `bypostauthor`, by whoever published the
    product. A review whose answer cannot be read is left out.
    """
    root = parsed(decode(body, kind) or "<p>").root
    numbers = {item: number for item in root.iter("li") if (number := _number(item))}
    answers: dict[str, Answer | None] = {}
    for item, number in numbers.items():
        above = next((numbers[parent] for parent in item.iterancestors("li") if parent in numbers), None)
        if above is None:
            answers.setdefault(number, None)
        elif "bypostauthor" in item.get("class", "").split() and answers.get(above, ...) is None:
            if answer := _answer(item):
                answers[above] = answer
            else:
                del answers[above]
    return answers


def _number(item: etree._Element) -> str | None:
    """The number of the comment that a list item is."""
    ids = (element.get("id", "") for element in (item, *item.iterchildren("div", "article")))
    return next((match[1] for given in ids if (match := _COMMENT.fullmatch(given))), None)


def _answer(item: etree._Element) -> Answer | None:
    """The words of a comment, without those of the comments below it."""
    own = list(_own(item))
    said = next((part for part in own if {"description", "comment-content"} & set(part.get("class", "").split())), None)
    text = text_of(said) if said is not None else ""
    written = next((part.get("datetime", "") for part in own if part.tag == "time"), "")
    return Answer(text, parse_date(written)) if text else None


def _own(item: etree._Element) -> Iterator[etree._Element]:
    for child in item.iterchildren(etree.Element):
        if child.tag not in ("ul", "ol"):
            yield from child.iter(etree.Element)


def parse(
    body: bytes,
    url: str,
    kind: str | None = None,
    paging: Paging | None = None,
    answers: Mapping[str, Answer | None] | None = None,
) -> Page:
    """Return the reviews of a page of the list; `url` is the one it was asked for. Raises PageError.

    `answers` are those that product pages show, as `read_answers` returns them.
    """
    paging, known = paging or Paging(), answers or {}
    objects = read_json(body, url, kind, Listing, "WooCommerce's reviews as JSON").objects
    items, rejected = read_items(objects, Review, lambda review: _item(review, known))
    return Page(items=items, rejected=rejected, next=paging.next(url, objects), claimed=paging.total)


def _item(review: Review, answers: Mapping[str, Answer | None]) -> Item | None:
    text = plain(review.review)
    if not text:
        return None
    author, page = plain(review.reviewer) or None, web_url(review.product_permalink)
    rating = parse_rating(review.rating or "", 5)
    verified = {True: "yes", False: "no", None: ""}[review.verified]
    answer = answers.get(review.id)
    attributes = {"product": plain(review.product_name), "verified": verified}
    return Item(
        external_id=review.id,
        text=text,
        rating=rating.value if rating else None,
        rating_given=rating.given if rating else None,
        rating_scale=rating.scale if rating else None,
        author=author,
        author_in_url=names_author(author, page),
        url=f"{page}#comment-{review.id}" if page else None,
        published=parse_date(review.date_created_gmt or ""),
        reply_state="answered" if answer else "unanswered" if review.id in answers else "unknown",
        reply=answer.text if answer else None,
        replied=answer.written if answer else None,
        attributes={name: value for name, value in attributes.items() if value},
    )
