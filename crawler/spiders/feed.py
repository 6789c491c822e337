"""RSS and Atom feeds, asked for only when they have changed."""

from __future__ import annotations

import calendar
import io
import re
import time
from collections import deque
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser
from scrapy.http import Request, Response

from overheard.crawler.outcomes import PageError
from overheard.crawler.page import Page, language_code, own_title, plain, same_host, web_url, whole
from overheard.crawler.spider import SourceSpider
from overheard.crawler.walk import Step
from overheard.crawler.walls import unexpected
from overheard.intake.item import Item
from overheard.intake.values import parse_date
from overheard.nlp.identity import names_author

GOOGLE_NEWS = "news.google.com"
"""Its feeds say themselves that any other use than personal reading in a feed reader is forbidden."""

NO_WORDS = "an entry without a text"
_BY = re.compile(r"(?:^|\s)(?:by|von|door|de|da|di|par|por):?\s$", re.IGNORECASE)
_NUMBER = re.compile(r"Comment #\d+")
"""What Isso calls every comment."""
_SUBMITTED = re.compile(r"\s*submitted by\s+/u/\S+(?:\s+to\s+/?r/\S+)?\s*\[link\]\s*\[comments\]\s*\Z")
"""What Reddit puts below every post."""
_ONLY_LINK = re.compile(r'\s*<a\s[^>]*?href="([^"]*)"[^>]*>[^<]*</a>\s*', re.IGNORECASE)
_ENTRY = re.compile(rb"<(?P<end>/?)(?:[\w-]+:)?(?:item|entry)(?=[\s/>]|\Z)(?:[^<>]*(?P<empty>/)>)?", re.IGNORECASE)
_CONDITIONS = {"etag": ("ETag", "If-None-Match"), "last_modified": ("Last-Modified", "If-Modified-Since")}
"""What is remembered of an answer: its header, and the header that gives it back."""


class FeedSpider(SourceSpider):
    """Reads a feed and the pages that it says follow."""

    name = "feed"
    help = "An RSS or Atom feed, of posts or of comments."
    required = ("url",)
    optional = ("search",)
    sought = "search"
    newest_first = True
    form_is_sure = True

    @classmethod
    def validate(cls, target: dict[str, str]) -> dict[str, str]:
        """Return the target with the feed's address and, for the feed of a search, the words that it searches for."""
        words = " ".join(target.get("search", "").split())
        return super().validate(target) | ({"search": words} if words else {})

    @classmethod
    def reservation(cls, target: dict[str, str]) -> str | None:
        """Return what the publisher's own terms say where they keep the feed from most users."""
        if urlsplit(target["url"]).hostname == GOOGLE_NEWS:
            return f"{GOOGLE_NEWS} allows its feeds for personal reading only."
        return None

    def request(self, step: Step) -> Request:
        """Ask for the first page only if it has changed since the last complete crawl."""
        request = super().request(step)
        request.headers["Accept"] = "application/atom+xml,application/rss+xml,application/xml;q=0.9,*/*;q=0.5"
        if step.first:
            for name, (_, condition) in _CONDITIONS.items():
                if value := self.visit.facts.state.get(name):
                    request.headers[condition] = str(value)
        return request

    def read(self, response: Response, step: Step, fetched: datetime) -> Page | None:
        """Read an answer, None for a feed that has not changed; raises PageError."""
        if response.status == 304:
            self.visit.walk.note = "not modified since the last crawl"
            return None
        if step.first:
            given = {name: response.headers.get(header) for name, (header, _) in _CONDITIONS.items()}
            self.visit.state = {name: value.decode("latin-1") for name, value in given.items() if value}
        kind = response.headers.get("Content-Type")
        return parse(response.body, response.url, fetched, content_type=kind.decode("latin-1") if kind else None)


def parse(body: bytes, url: str, fetched: datetime, *, content_type: str | None = None) -> Page:
    """Return the entries of a feed and the page that it says follows; raises PageError where it is no feed."""
    headers = {"content-location": url, **({"content-type": content_type} if content_type else {})}
    try:
        # Not the bytes themselves: feedparser would take them for a file name or an address where they look like one.
        feed = feedparser.parse(io.BytesIO(body), response_headers=headers)
    except Exception as error:  # its lenient parser lets errors of many kinds escape on broken input
        raise PageError("layout_changed", f"the feed cannot be read ({type(error).__name__})") from None
    if not feed.get("version") and not feed.entries:
        raise unexpected(body, url, content_type, "an RSS or Atom feed")
    if _ends_in_an_entry(body):  # the lenient parser would take the half of it for the whole
        raise PageError("failed", "the feed ends in the middle of an entry; try again later")
    language = language_code(feed.feed.get("language"))
    items = [_item(entry, url, fetched, language) for entry in feed.entries]
    kept = tuple(item for item in items if item)
    return Page(
        items=kept,
        rejected={NO_WORDS: len(items) - len(kept)} if len(items) > len(kept) else {},
        next=_next(feed.feed.get("links") or [], url),
    )


def _ends_in_an_entry(body: bytes) -> bool:
    last = next(iter(deque(_ENTRY.finditer(body), maxlen=1)), None)
    return last is not None and not last["end"] and not last["empty"]


def _next(links: list[dict[str, Any]], url: str) -> tuple[str, ...]:
    """The following page by RFC 5005: `next` of a paged feed, `prev-archive` of an archived one."""
    for relation in ("next", "prev-archive"):
        for link in links:
            if link.get("rel") == relation and (href := link.get("href")):
                try:
                    found = web_url(urljoin(url, href))
                except ValueError:
                    continue
                if found and found != url and same_host(found, url):
                    return (found,)
    return ()


def _item(entry: Any, url: str, fetched: datetime, language: str | None) -> Item | None:
    author = plain((entry.get("author_detail") or {}).get("name") or entry.get("author") or "") or None
    given, text = plain(entry.get("title") or ""), _text(entry)
    if headline := _headline(entry, given, text):
        given, text = "", headline
    title = own_title(given, text) or ""
    if author and title.endswith(author) and _BY.search(title.removesuffix(author)):
        title = ""  # "Comment on … by …": made by the blog, and it names the author
    if text and _NUMBER.fullmatch(title):
        title = ""
    if not text and not title:
        return None
    link = _link(entry, url)
    identifier = plain(entry.get("id") or "") or link
    published, edited = _moment(entry, "published", fetched), _moment(entry, "updated", fetched)
    declared = (language_code(part.get("language")) for part in entry.get("content") or [])
    return Item(
        external_id=identifier,
        text=text,
        title=title or None,
        language=next(filter(None, declared), language),
        author=author,
        author_in_url=names_author(author, link) or names_author(author, identifier),
        url=link or url,
        published=published or edited,
        edited=edited if published and edited and edited > published else None,
    )


def _link(entry: Any, url: str) -> str | None:
    """The entry's address with its fragment, which is where a comment stands on its page."""
    given = entry.get("link")
    try:
        return web_url(urljoin(url, whole(given).strip()), fragment=True) if isinstance(given, str) and given else None
    except ValueError:
        return None


def _text(entry: Any) -> str:
    """The entry's content, or its summary where that says more; a mere link to the comments says nothing."""
    parts = [part.get("value") or "" for part in entry.get("content") or []]
    links = ((part, _ONLY_LINK.fullmatch(part)) for part in [*parts, entry.get("summary") or ""])
    texts = [plain(part) for part, link in links if not link or unescape(link[1]) != entry.get("comments")]
    return _SUBMITTED.sub("", max(texts, key=len, default=""))


def _headline(entry: Any, title: str, text: str) -> str | None:
    """The headline where title and text are only that and the publisher's name, as in a list of many sites' news."""
    publisher = plain((entry.get("source") or {}).get("title") or "")
    headline = title.removesuffix(publisher).rstrip(" -–|")
    return headline if publisher and headline and " ".join(text.split()) == f"{headline} {publisher}" else None


def _moment(entry: Any, name: str, fetched: datetime) -> datetime | None:
    if name not in entry:  # feedparser would answer with another date in its place
        return None
    parsed = entry.get(f"{name}_parsed")
    if isinstance(parsed, time.struct_time):
        try:
            moment = datetime.fromtimestamp(calendar.timegm(parsed), UTC)
        except (ValueError, OverflowError, OSError):
            return None
        return moment if 1990 <= moment.year <= 2100 else None
    return parse_date(str(entry.get(name) or ""), base=fetched)
