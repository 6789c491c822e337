"""Reviews of a company on Trustpilot, newest first, by its official API and the user's own key."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from pydantic import Field
from scrapy.http import Request, Response

from overheard.crawler.api import Shape, content_type, query_of, read_items, read_json, with_query
from overheard.crawler.page import Page, own_title, plain
from overheard.crawler.spider import SourceSpider, check_keys, check_url
from overheard.crawler.walk import Step
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.intake.values import parse_date, parse_rating

HOST = "https://api.trustpilot.com"
PAGE_SIZE = 100
"""The most that the service gives."""
LAST_PAGE = 1000
"""The list ends at 100,000 reviews."""

_SHOP_PAGE = re.compile(r"https?://(?:[a-z-]+\.)?trustpilot\.com/review/([^/?#]+)", re.IGNORECASE)
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]{2,}")
_ID = r"^[0-9a-f]{24}$"


class TrustpilotSpider(SourceSpider):
    """Looks up the company of a domain and reads its reviews."""

    name = "trustpilot"
    help = "Trustpilot reviews of a company, from the official API with your own key."
    required = ("domain",)
    optional = ("id", "base")
    newest_first = True
    form_is_sure = True
    credentials = ("key",)
    obeys_robots = False

    @classmethod
    def validate(cls, target: dict[str, str]) -> dict[str, str]:
        """Return the target with the domain as Trustpilot writes it, or with the id, which stands for it."""
        if page := _SHOP_PAGE.match(target.get("url", "")):
            target = {"domain": page[1]}
        check_keys(cls, {"domain": target.get("id", "")} | target)
        base = check_url(target.get("base") or HOST).rstrip("/")
        return _company(target) | ({} if base == HOST else {"base": base})

    @classmethod
    def first_urls(cls, target: dict[str, str]) -> list[str]:
        """Return the first page of the reviews, or where only the domain is known the look-up of the company."""
        base = target.get("base", HOST)
        if "id" in target:
            return [reviews_url(base, target["id"])]
        return [f"{base}/v1/business-units/find?name={quote(target['domain'])}"]

    def request(self, step: Step) -> Request:
        """Send the key as the header that the API asks for, and to nobody else: a redirect is not followed."""
        request = super().request(step)
        request.headers["apikey"] = self.visit.credentials["key"]
        return request

    def read(self, response: Response, step: Step, fetched: datetime) -> Page:
        """Read an answer; raises PageError."""
        read = parse_company if urlsplit(step.url).path.endswith("/find") else parse
        return read(response.body, step.url, content_type(response))


def _company(target: dict[str, str]) -> dict[str, str]:
    if number := target.get("id", "").strip().casefold():
        if not re.fullmatch(_ID, number):
            raise UsageError(f"id {target['id']!r}: expected 24 hexadecimal digits, or give domain=… instead")
        return {"id": number}
    domain = target["domain"].strip().casefold()
    if not _DOMAIN.fullmatch(domain):
        raise UsageError(f"domain {target['domain']!r}: expected the company's as Trustpilot has it, as shop.example")
    return {"domain": domain}


def reviews_url(base: str, number: str) -> str:
    """Return the address of the first page of a company's reviews."""
    return f"{base}/v1/business-units/{number}/reviews?perPage={PAGE_SIZE}&orderBy=createdat.desc&page=1"


class Count(Shape):
    """How many reviews a company has, those that are not shown included."""

    total: int | None = None


class Company(Shape):
    """What the look-up says of a company."""

    id: Annotated[str, Field(pattern=_ID)]
    numberOfReviews: Count | None = None


class Consumer(Shape):
    """Who wrote a review; `displayLocation` is a country's code, or a place in words."""

    displayName: str | None = None
    displayLocation: str | None = None


class Location(Shape):
    """The company's branch that a review is about."""

    name: str | None = None


class Reply(Shape):
    """The company's answer."""

    text: str | None = None
    createdAt: str | None = None


class Review(Shape):
    """A review of the list."""

    id: str
    stars: float | None = None
    title: str | None = None
    text: str | None = None
    language: str | None = None
    createdAt: str | None = None
    updatedAt: str | None = None
    isVerified: bool | None = None
    consumer: Consumer | None = None
    location: Location | None = None
    companyReply: Reply | None = None


class Answer(Shape):
    """A page of the list."""

    reviews: tuple[Any, ...]


def parse_company(body: bytes, url: str, kind: str | None = None) -> Page:
    """Return the page that leads from the look-up of a company to its reviews; raises PageError."""
    company = read_json(body, url, kind, Company, "a company of Trustpilot's as JSON")
    base = url.partition("/v1/business-units/")[0]
    claimed = company.numberOfReviews.total if company.numberOfReviews else None
    return Page(next=(reviews_url(base, company.id),), claimed=claimed)


def parse(body: bytes, url: str, kind: str | None = None) -> Page:
    """Return the reviews of a page of the list; `url` is the one it was asked for. Raises PageError."""
    answer = read_json(body, url, kind, Answer, "Trustpilot's reviews as JSON")
    items, rejected = read_items(answer.reviews, Review, _item)
    page = int(query_of(url).get("page", LAST_PAGE))
    more = bool(answer.reviews) and page < LAST_PAGE
    return Page(items=items, rejected=rejected, next=(with_query(url, page=page + 1),) if more else ())


def _item(review: Review) -> Item | None:
    text, title = plain(review.text or ""), plain(review.title or "")
    if not text and not title:
        return None
    rating = parse_rating(f"{review.stars:g}", 5) if review.stars else None
    published, edited = parse_date(review.createdAt or ""), parse_date(review.updatedAt or "")
    reply = plain(review.companyReply.text or "") if review.companyReply else ""
    consumer = review.consumer or Consumer()
    return Item(
        external_id=review.id,
        text=text,
        title=own_title(title, text) or None,
        rating=rating.value if rating else None,
        rating_given=rating.given if rating else None,
        rating_scale=rating.scale if rating else None,
        language=(review.language or "").partition("-")[0].casefold() or None,
        author=plain(consumer.displayName or "") or None,
        url=f"https://www.trustpilot.com/reviews/{quote(review.id, safe='')}",
        published=published,
        edited=edited if published and edited and edited > published else None,
        reply_state="answered" if reply else "unanswered",
        reply=reply or None,
        replied=parse_date(review.companyReply.createdAt or "") if reply and review.companyReply else None,
        attributes=_attributes(review, consumer),
    )


def _attributes(review: Review, consumer: Consumer) -> dict[str, str]:
    place = (consumer.displayLocation or "").strip()
    given = {
        "country": place.casefold() if re.fullmatch(r"[A-Za-z]{2}", place) else "",
        "location": plain(review.location.name or "") if review.location else "",
        "verified": {True: "yes", False: "no", None: ""}[review.isVerified],
    }
    return {name: value for name, value in given.items() if value}
