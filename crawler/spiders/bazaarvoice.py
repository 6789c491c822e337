"""Reviews of a product in a shop that has them from Bazaarvoice, newest first, by the Conversations API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from scrapy.http import Request, Response

from overheard.crawler.api import Shape, content_type, query_of, read_items, read_json, with_query
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import Page, own_title, plain, web_url
from overheard.crawler.spider import SourceSpider, check_keys, check_url
from overheard.crawler.walk import Step
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.intake.values import parse_date, parse_rating

HOST = "https://api.bazaarvoice.com"
PAGE_SIZE = 100
"""The most that the service gives."""
LAST_OFFSET = 300_000
"""The service refuses to begin a page behind it."""

_REFUSALS = {
    "ERROR_PARAM_INVALID_API_KEY": "the service does not accept your key; check it",
    "ERROR_ACCESS_DENIED": "your key is not allowed here; check what it is for",
    "ERROR_REQUEST_LIMIT_REACHED": "the requests of your key are used up; try again later",
}
"""What those of the service's own errors mean that are about the key."""


class BazaarvoiceSpider(SourceSpider):
    """Reads all reviews of a product, those that were passed on from other shops as well."""

    name = "bazaarvoice"
    help = "Reviews of a product from a shop's Bazaarvoice account, with the shop's passkey."
    required = ("product",)
    optional = ("base",)
    newest_first = True
    form_is_sure = True
    credentials = ("key",)
    obeys_robots = False

    @classmethod
    def validate(cls, target: dict[str, str]) -> dict[str, str]:
        """Return the target with the product's id as the shop writes it and, where it is another, the base."""
        check_keys(cls, target)
        product = target["product"].strip()
        if re.search(r"[\s,:|&\\]", product):
            raise UsageError(f"product {target['product']!r}: expected one id, without a space, comma or colon")
        base = check_url(target.get("base") or HOST).rstrip("/")
        return {"product": product} | ({} if base == HOST else {"base": base})

    @classmethod
    def first_urls(cls, target: dict[str, str]) -> list[str]:
        """Return the first page, without the key."""
        chosen: dict[str, str | int] = {
            "Filter": f"ProductId:{target['product']}", "Sort": "SubmissionTime:desc", "Include": "Products",
            "Limit": PAGE_SIZE, "Offset": 0,
        }  # fmt: skip
        return [with_query(f"{target.get('base', HOST)}/data/reviews.json?apiversion=5.4", **chosen)]

    def request(self, step: Step) -> Request:
        """Add the key, for which the service has a parameter only."""
        return super().request(step).replace(url=with_query(step.url, passkey=self.visit.credentials["key"]))

    def read(self, response: Response, step: Step, fetched: datetime) -> Page:
        """Read an answer; raises PageError."""
        return parse(response.body, step.url, content_type(response))


class Reply(Shape):
    """An answer of the shop's or the maker's."""

    Response: str | None = None
    Date: str | None = None


class Origin(Shape):
    """Where a review that was passed on was written."""

    Name: str | None = None


class Review(Shape):
    """A review; `Badges` says among other things that its author bought the product."""

    Id: str
    ProductId: str | None = None
    Rating: float | None = None
    RatingRange: float | None = None
    Title: str | None = None
    ReviewText: str | None = None
    UserNickname: str | None = None
    UserLocation: str | None = None
    ContentLocale: str | None = None
    SubmissionTime: str | None = None
    IsRecommended: bool | None = None
    IsSyndicated: bool | None = None
    SyndicationSource: Origin | None = None
    ClientResponses: tuple[Reply, ...] | None = None
    Badges: Mapping[str, Any] | None = None


class Product(Shape):
    """A product that the reviews of a page are about."""

    Name: str | None = None
    ProductPageUrl: str | None = None


class Included(Shape):
    """What an answer holds beside the reviews; the products stand under their ids."""

    Products: Mapping[str, Product] | None = None


class Failure(Shape):
    """Why a request was refused, in the service's own words."""

    Code: str | None = None
    Message: str | None = None


class Answer(Shape):
    """A page of the list, which holds errors in place of reviews where something is wrong, with the status 200."""

    HasErrors: bool = False
    Errors: tuple[Failure, ...] | None = None
    TotalResults: int | None = None
    Results: tuple[Any, ...] | None = None
    Includes: Included | None = None


def parse(body: bytes, url: str, kind: str | None = None) -> Page:
    """Return the reviews of a page of the list; `url` is the one it was asked for. Raises PageError."""
    expected = "Bazaarvoice's reviews as JSON"
    answer = read_json(body, url, kind, Answer, expected)
    if answer.HasErrors or answer.Errors:
        raise _error(answer.Errors or ())
    if answer.Results is None:
        raise PageError("layout_changed", f"expected {expected}, got other JSON")
    products = (answer.Includes.Products if answer.Includes else None) or {}
    items, rejected = read_items(answer.Results, Review, lambda review: _item(review, products))
    following = int(query_of(url).get("Offset", 0)) + len(answer.Results)
    more = answer.Results and following <= LAST_OFFSET
    return Page(
        items=items,
        rejected=rejected,
        next=(with_query(url, Offset=following),) if more else (),
        claimed=answer.TotalResults,
    )


def _error(errors: tuple[Failure, ...]) -> PageError:
    first = errors[0] if errors else Failure()
    if reason := _REFUSALS.get(first.Code or ""):
        return PageError("blocked", f"{reason} ({first.Code})")
    words = " ".join(f"{first.Code or 'an error without a code'}: {first.Message or ''}".split())
    return PageError("failed", f"it answered {words.rstrip(': ')}; check the target")


def _item(review: Review, products: Mapping[str, Product]) -> Item | None:
    # Some clients' texts are escaped twice.
    text, title = plain((review.ReviewText or "").replace("\\n", "\n")), plain(review.Title or "")
    if not text and not title:
        return None
    product = products.get(review.ProductId or "") or Product()
    rating = parse_rating(f"{review.Rating:g}", review.RatingRange or 5) if review.Rating is not None else None
    reply, replied, state = _reply(review)
    return Item(
        external_id=review.Id,
        text=text,
        title=own_title(title, text) or None,
        rating=rating.value if rating else None,
        rating_given=rating.given if rating else None,
        rating_scale=rating.scale if rating else None,
        language=re.split(r"[_-]", review.ContentLocale or "")[0].casefold() or None,
        author=plain(review.UserNickname or "") or None,
        url=web_url(product.ProductPageUrl or ""),
        published=parse_date(review.SubmissionTime or ""),
        reply_state=state,
        reply=reply,
        replied=replied,
        attributes=_attributes(review, product),
    )


def _reply(review: Review) -> tuple[str | None, datetime | None, str]:
    """The first answer and its time, and whether there is one."""
    if review.ClientResponses is None:
        return None, None, "unknown"
    for reply in review.ClientResponses:
        if text := plain(reply.Response or ""):
            return text, parse_date(reply.Date or ""), "answered"
    return None, None, "unanswered"


def _attributes(review: Review, product: Product) -> dict[str, str]:
    origin = review.SyndicationSource.Name if review.SyndicationSource else None
    given = {
        "product": plain(product.Name or "") or review.ProductId or "",
        "location": plain(review.UserLocation or ""),
        "recommended": {True: "yes", False: "no", None: ""}[review.IsRecommended],
        "syndicated_from": plain(origin or "") if review.IsSyndicated else "",
        "verified": "yes" if any("verifiedpurchaser" in name.casefold() for name in review.Badges or {}) else "",
    }
    return {name: value for name, value in given.items() if value}
