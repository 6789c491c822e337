"""Reviews of the products of a WooCommerce shop, newest first, by the Store API that it comes with."""

from __future__ import annotations

from datetime import datetime

from scrapy.http import Response

from overheard.crawler.api import Shape, content_type, read_items, read_json
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import Page, plain, web_url
from overheard.crawler.spider import SourceSpider, check_keys
from overheard.crawler.walk import Step
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


class WoocommerceSpider(SourceSpider):
    """Reads the reviews of a shop, or of one product or category."""

    name = "woocommerce"
    help = "Product reviews of a WooCommerce shop, by its public Store API."
    required = ("url",)
    optional = ("product_id", "category_id")
    newest_first = True
    form_is_sure = True

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

    def read(self, response: Response, step: Step, fetched: datetime) -> Page:
        """Read an answer; raises PageError."""
        return parse(response.body, step.url, content_type(response), Paging.of(response))

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


def parse(body: bytes, url: str, kind: str | None = None, paging: Paging | None = None) -> Page:
    """Return the reviews of a page of the list; `url` is the one it was asked for. Raises PageError."""
    paging = paging or Paging()
    objects = read_json(body, url, kind, Listing, "WooCommerce's reviews as JSON").objects
    items, rejected = read_items(objects, Review, _item)
    return Page(items=items, rejected=rejected, next=paging.next(url, objects), claimed=paging.total)


def _item(review: Review) -> Item | None:
    text = plain(review.review)
    if not text:
        return None
    author, page = plain(review.reviewer) or None, web_url(review.product_permalink)
    rating = parse_rating(review.rating or "", 5)
    verified = {True: "yes", False: "no", None: ""}[review.verified]
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
        attributes={name: value for name, value in attributes.items() if value},
    )
