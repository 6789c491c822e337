"""Reviews of games on Steam, newest first, by the store's public review list."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from scrapy.http import Response

from overheard.crawler.api import (
    Shape,
    content_type,
    from_epoch,
    query_of,
    read_items,
    read_json,
    with_query,
)
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import Page, plain
from overheard.crawler.spider import SourceSpider, check_keys, check_url
from overheard.crawler.walk import Step
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.intake.values import class_rating

HOST = "https://store.steampowered.com"
PAGE_SIZE = 100
"""The most that the service gives."""

LANGUAGES = {
    "english": "en", "german": "de", "dutch": "nl", "romanian": "ro", "italian": "it", "french": "fr",
    "spanish": "es", "latam": "es", "portuguese": "pt", "brazilian": "pt",
}  # fmt: skip
"""Steam's names of the languages that we read, and their codes."""

_SHOP_PAGE = re.compile(r"https?://(?:store\.steampowered|steamcommunity)\.com/app/(\d+)", re.IGNORECASE)
_BBCODE = re.compile(r"\[/?(?:h[1-3]|b|u|i|strike|spoiler|noparse|hr|list|olist|\*|quote|code|table|tr|th|td|url)"
                     r"(?:=[^\]\n]*)?\]", re.IGNORECASE)  # fmt: skip


class SteamSpider(SourceSpider):
    """Reads all reviews of a game, in one language or in all."""

    name = "steam"
    help = "Steam reviews of a game, from the store's public review list."
    required = ("id",)
    optional = ("language", "base")
    newest_first = True
    form_is_sure = True
    obeys_robots = False

    @classmethod
    def validate(cls, target: dict[str, str]) -> dict[str, str]:
        """Return the target with the game's number and, where they are given, Steam's language and the base."""
        if page := _SHOP_PAGE.match(target.get("url", "")):
            target = {"id": page[1]}
        check_keys(cls, target)
        number, language = target["id"].strip(), target.get("language", "all").strip().casefold()
        if not number.isascii() or not number.isdigit():
            raise UsageError(f"game id {target['id']!r} is no number; it stands behind /app/ in the game's address")
        names = {code: name for name, code in reversed(LANGUAGES.items())}
        language = names.get(language, language)
        if language not in LANGUAGES and language != "all":
            raise UsageError(f"language {language!r}: expected one of {', '.join(LANGUAGES)}, or all")
        base = check_url(target.get("base") or HOST).rstrip("/")
        chosen = {} if language == "all" else {"language": language}
        return {"id": number} | chosen | ({} if base == HOST else {"base": base})

    @classmethod
    def first_urls(cls, target: dict[str, str]) -> list[str]:
        """Return the first page."""
        language = target.get("language", "all")
        return [
            f"{target.get('base', HOST)}/appreviews/{target['id']}?json=1&filter=recent&language={language}"
            f"&purchase_type=all&num_per_page={PAGE_SIZE}&cursor=*"
        ]

    def read(self, response: Response, step: Step, fetched: datetime) -> Page:
        """Read an answer; raises PageError."""
        return parse(response.body, step.url, content_type(response))


class Author(Shape):
    """Who wrote a review."""

    steamid: str | None = None


class Review(Shape):
    """A review of the list."""

    recommendationid: str
    author: Author = Author()
    language: str | None = None
    review: str = ""
    timestamp_created: float | None = None
    timestamp_updated: float | None = None
    voted_up: bool | None = None
    developer_response: str = ""
    timestamp_dev_responded: float | None = None


class Summary(Shape):
    """The counts, of which only the first page has the total."""

    total_reviews: int | None = None


class Answer(Shape):
    """A page of the list; `success` is 1 for games that do not exist as well."""

    success: int
    query_summary: Summary = Summary()
    reviews: tuple[Any, ...] | None = None
    cursor: str | None = None


def parse(body: bytes, url: str, kind: str | None = None) -> Page:
    """Return the reviews of a page of the list; `url` is the one it was asked for. Raises PageError."""
    expected = "Steam's reviews as JSON"
    answer = read_json(body, url, kind, Answer, expected)
    if answer.success != 1:
        raise PageError("failed", f"it answered success {answer.success}, expected 1; check the target")
    if answer.reviews is None:
        raise PageError("layout_changed", f"expected {expected}, got other JSON")
    items, rejected = read_items(answer.reviews, Review, lambda review: _item(review, url))
    more = answer.reviews and answer.cursor and answer.cursor != query_of(url).get("cursor")
    return Page(
        items=items,
        rejected=rejected,
        next=(with_query(url, cursor=answer.cursor),) if more else (),
        claimed=answer.query_summary.total_reviews,
    )


def _item(review: Review, url: str) -> Item | None:
    text = plain(_BBCODE.sub(" ", review.review))
    if not text:
        return None
    word = {True: "recommended", False: "not recommended", None: ""}[review.voted_up]
    rating = class_rating({True: "positive", False: "negative", None: ""}[review.voted_up], word)
    published, edited = from_epoch(review.timestamp_created), from_epoch(review.timestamp_updated)
    reply = plain(_BBCODE.sub(" ", review.developer_response))
    return Item(
        external_id=review.recommendationid,
        text=text,
        rating=rating.value if rating else None,
        rating_given=rating.given if rating else None,
        language=LANGUAGES.get(review.language or ""),
        author=review.author.steamid,
        url=url.partition("?")[0].replace("/appreviews/", "/app/"),
        published=published,
        edited=edited if published and edited and edited > published else None,
        reply_state="answered" if reply else "unanswered",
        reply=reply or None,
        replied=from_epoch(review.timestamp_dev_responded) if reply else None,
    )
