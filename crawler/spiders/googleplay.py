"""Reviews of Android apps on Google Play, newest first, by the call that the shop's own pages make; undocumented."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from pydantic import AliasPath, Field, model_validator
from scrapy.http import Request, Response

from overheard.crawler.api import Shape, content_type, from_epoch, query_of, read_items, read_json, with_query
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import Page, own_title, plain
from overheard.crawler.spider import SourceSpider, check_keys, check_url
from overheard.crawler.walk import Step
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.intake.values import parse_rating

HOST = "https://play.google.com"
PATH = "/_/PlayStoreUi/data/batchexecute"
RPC = "UsvDTd"
"""The shop's name of the call that lists reviews."""

NEWEST = 2
PAGE_SIZE = 150
EXPECTED = "Google Play's reviews as JSON"

_APP = re.compile(r"[a-z]\w*(?:\.\w+)+", re.IGNORECASE | re.ASCII)
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{2}|\d{3}))?", re.IGNORECASE)
_NOBODY = re.compile(r"(?:an?|eine?|een|un|um)\s(?:[\w ]+\s)?google\b.*", re.IGNORECASE)
"""What stands for the name of an account that is gone or hidden: "A Google user", in the language of the list."""


class GoogleplaySpider(SourceSpider):
    """Reads the reviews of an app in one language."""

    name = "googleplay"
    help = "Google Play reviews of an app in one language, by the shop's own, undocumented call."
    required = ("id",)
    optional = ("language", "country", "base")
    newest_first = True
    obeys_robots = False
    undocumented = True

    @classmethod
    def validate(cls, target: dict[str, str]) -> dict[str, str]:
        """Return the target with the app's id, its language and country and, where it is not Google's, the base."""
        target = _from_shop_page(target.get("url", "")) or target
        check_keys(cls, target)
        app = target["id"].strip()
        if not _APP.fullmatch(app):
            raise UsageError(f"app id {app!r}: expected such as com.example.app; it stands behind id= in its address")
        language = _LANGUAGE.fullmatch(target.get("language", "en").strip())
        if not language:
            raise UsageError(f"language {target['language']!r}: expected a code such as nl or pt-BR")
        country = target.get("country", "us").strip().casefold()
        if not re.fullmatch(r"[a-z]{2}", country):
            raise UsageError(f"country {target['country']!r} is no code of two letters; expected such as be")
        base = check_url(target.get("base") or HOST).rstrip("/")
        code = "-".join(filter(None, (language[1].lower(), (language[2] or "").upper())))
        return {"id": app, "language": code, "country": country} | ({} if base == HOST else {"base": base})

    @classmethod
    def first_urls(cls, target: dict[str, str]) -> list[str]:
        """Return the first page; app and token stand in its query, and are posted."""
        query = {"rpcids": RPC, "id": target["id"], "hl": target["language"], "gl": target["country"]}
        return [f"{target.get('base', HOST)}{PATH}?{urlencode(query)}"]

    def request(self, step: Step) -> Request:
        """Return the call for a page, as the shop's own pages post it."""
        asked = query_of(step.url)
        wanted = [None, None, [2, NEWEST, [PAGE_SIZE, None, asked.get("token")], None, []], [asked["id"], 7]]
        call = [[[RPC, json.dumps(wanted), None, "generic"]]]
        request = super().request(step)
        return request.replace(
            url=with_query(step.url, id=None, token=None),
            method="POST",
            headers={"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"},
            body=urlencode({"f.req": json.dumps(call)}),
        )

    def read(self, response: Response, step: Step, fetched: datetime) -> Page:
        """Read an answer; raises PageError."""
        return parse(response.body, step.url, content_type(response))


class Row(Shape):
    """An object that the service sends as a list, its fields by their places."""

    @model_validator(mode="before")
    @classmethod
    def _by_place(cls, given: Any) -> Any:
        if not isinstance(given, list):
            raise ValueError("expected a list")
        return {"row": given}


def _at(*place: int) -> Any:
    return Field(default=None, validation_alias=AliasPath("row", *place))


class Review(Row):
    """A review of the list; its time is that of the last change."""

    identifier: str = Field(validation_alias=AliasPath("row", 0), min_length=1)
    author: str | None = _at(1, 0)
    stars: int | None = _at(2)
    title: str | None = _at(3)
    text: str | None = _at(4)
    seconds: float | None = _at(5, 0)
    nanoseconds: float | None = _at(5, 1)
    reply: str | None = _at(7, 1)
    reply_seconds: float | None = _at(7, 2, 0)
    reply_nanoseconds: float | None = _at(7, 2, 1)
    version: str | None = _at(10)


class Listing(Row):
    """A page of the list, empty where there is none; the last page has no token."""

    reviews: tuple[Any, ...] | None = _at(0)
    token: str | None = _at(1, 1)


class Frame(Row):
    """The part of an answer that belongs to the call: a page as JSON in a string, or the code of an error."""

    payload: str | None = _at(2)
    error: int | None = _at(5, 0)


class Answer(Shape):
    """What the service sends: a list of frames, of which one answers the call."""

    frame: Frame

    @model_validator(mode="before")
    @classmethod
    def _ours(cls, given: Any) -> Any:
        frames = given if isinstance(given, list) else []
        ours = [part for part in frames if isinstance(part, list) and part[:2] == ["wrb.fr", RPC]]
        return {"frame": ours[0] if ours else None}


def parse(body: bytes, url: str, kind: str | None = None) -> Page:
    """Return the reviews of a page of the list; `url` is the one it was asked for. Raises PageError."""
    # The first line keeps other sites' scripts from reading the answer.
    frame = read_json(body.removeprefix(b")]}'"), url, kind, Answer, EXPECTED).frame
    if frame.payload is None:
        raise PageError(
            "failed", f"it answered error {frame.error}, expected reviews; check the app's id, or try again later"
        )
    listing = read_json(frame.payload.encode(), url, "application/json; charset=utf-8", Listing, EXPECTED)
    items, rejected = read_items(listing.reviews or (), Review, lambda review: _item(review, url))
    more = listing.reviews and listing.token
    return Page(items=items, rejected=rejected, next=(with_query(url, token=listing.token),) if more else ())


def _item(review: Review, url: str) -> Item | None:
    text = plain(review.text or "")
    title = own_title(plain(review.title or ""), text)
    if not text and not title:
        return None
    asked = query_of(url)
    rating = parse_rating(review.stars or 0, 5)
    author, reply, version = (plain(given or "") for given in (review.author, review.reply, review.version))
    place = urlencode({"id": asked.get("id", ""), "reviewId": review.identifier})
    return Item(
        external_id=review.identifier,
        text=text,
        title=title,
        rating=rating.value if rating else None,
        rating_given=rating.given if rating else None,
        rating_scale=rating.scale if rating else None,
        language=asked.get("hl"),
        author=author if author and not _NOBODY.fullmatch(author) else None,
        url=f"{url.partition(PATH)[0]}/store/apps/details?{place}",
        published=_moment(review.seconds, review.nanoseconds),
        reply_state="answered" if reply else "unanswered",
        reply=reply or None,
        replied=_moment(review.reply_seconds, review.reply_nanoseconds) if reply else None,
        attributes={"app_version": version} if version else {},
    )


def _moment(seconds: float | None, nanoseconds: float | None) -> datetime | None:
    return from_epoch(None if seconds is None else seconds + (nanoseconds or 0) / 1e9)


def _from_shop_page(url: str) -> dict[str, str] | None:
    """The target that the address of an app's page in the shop names, None for other addresses."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    if parts.hostname != "play.google.com" or parts.path.rstrip("/") != "/store/apps/details":
        return None
    query = query_of(url.strip())
    names = {"id": "id", "language": "hl", "country": "gl"}
    return {key: query[name] for key, name in names.items() if query.get(name)}
