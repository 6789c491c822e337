"""Posts on Bluesky that match a search, newest first, read with the user's own account."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field, ValidationError
from scrapy.http import JsonRequest, Request, Response

from overheard.crawler.answers import check, explain
from overheard.crawler.api import Shape, content_type, query_of, read_items, read_json, with_query
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import Page, language_code, tidy, whole
from overheard.crawler.spider import SourceSpider, check_keys, check_url
from overheard.crawler.walk import Step
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.intake.values import parse_date

HOST = "https://bsky.social"
PAGE_SIZE = 100
"""The most that the service gives."""

DEEPEST = 10_000
"""Where a cursor is a number it counts the posts before it, and the service goes no deeper into one search."""

REMEDIES = {
    "AccountTakedown": "the account is suspended; use another",
    "AuthFactorTokenRequired": "it wants a code from an e-mail, so this is no app password; make one in the settings "
    "of the account (Privacy and security, App passwords) and use that",
    "AuthenticationRequired": "handle and app password do not match; check both, or make a new app password",
    "ExpiredToken": "the session has expired; crawl again, with a lower crawl.max_pages if it takes hours",
    "InvalidToken": "the session is not accepted; crawl again, or check that base is where the account lives",
}
"""Errors of the service that keep us out, by its own names, and what a person can do."""

_SEARCH_PAGE = re.compile(r"https?://bsky\.app/search\?", re.IGNORECASE)
_FROM = re.compile(r"(?:^|\s)from:", re.IGNORECASE)


class BlueskySpider(SourceSpider):
    """Reads all posts that a search finds, in one language or in all."""

    name = "bluesky"
    help = "Posts on Bluesky that match a search, with your own account and an app password."
    required = ("query",)
    optional = ("language", "base")
    sought = "query"
    newest_first = True
    form_is_sure = True
    credentials = ("handle", "password")
    obeys_robots = False

    _token = ""

    @classmethod
    def validate(cls, target: dict[str, str]) -> dict[str, str]:
        """Return the target with the search in single spaces, the language's code and, where it is given, the base."""
        if _SEARCH_PAGE.match(target.get("url", "")):
            target = {"query": query_of(target["url"]).get("q", "")}
        check_keys(cls, target)
        query, language = " ".join(target["query"].split()), target.get("language", "").strip().casefold()
        if _FROM.search(query):
            raise UsageError(
                f"query {query!r} names an author, and no author is kept; search for words, leave out from:"
            )
        if language and not re.fullmatch(r"[a-z]{2,3}", language):
            raise UsageError(f"language {language!r} is no code; expected such as 'de'")
        base = check_url(target.get("base") or HOST).rstrip("/")
        return (
            {"query": query}
            | ({"language": language} if language else {})
            | ({} if base == HOST else {"base": base})
        )  # fmt: skip

    @classmethod
    def first_urls(cls, target: dict[str, str]) -> list[str]:
        """Return the first page."""
        url = f"{target.get('base', HOST)}/xrpc/app.bsky.feed.searchPosts"
        return [with_query(url, q=target["query"], lang=target.get("language"), sort="latest", limit=PAGE_SIZE)]

    def request(self, step: Step) -> Request:
        """Ask with the session's token, which no redirect may carry elsewhere."""
        request = super().request(step)
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    async def log_in(self) -> None:
        """Open a session with the user's app password; raises PageError."""
        given, base = self.visit.credentials, self.visit.target.get("base", HOST)
        identifier = given["handle"].removeprefix("@")
        self.visit.secrets.add(identifier)
        request = JsonRequest(
            f"{base}/xrpc/com.atproto.server.createSession",
            data={"identifier": identifier, "password": given["password"]},
            dont_filter=True,
            meta={"dont_redirect": True},
        )
        assert self.crawler.engine is not None
        try:
            response = await self.crawler.engine.download_async(request)
        except Exception as error:
            raise explain(error) from None
        refuse(response)
        check(response)
        session = read_json(response.body, response.url, content_type(response), Session, "a session as JSON")
        self._token = session.accessJwt
        self.visit.secrets.update(filter(None, (session.accessJwt, session.refreshJwt)))

    def read(self, response: Response, step: Step, fetched: datetime) -> Page:
        """Read an answer; raises PageError."""
        return parse(response.body, step.url, content_type(response))

    def accept(self, response: Response, step: Step) -> Response:
        refuse(response)
        return super().accept(response, step)


class Session(Shape):
    """What logging in gives: a token for requests, one for the next session."""

    accessJwt: str = Field(pattern=r"^[\x21-\x7e]+$")
    refreshJwt: str | None = None


class Refusal(Shape):
    """Why a request is refused: the error's name and a line about it."""

    error: str
    message: str = ""


class Record(Shape):
    """What the author wrote, as the author's program sent it: the time is only a claim."""

    text: str = ""
    createdAt: str | None = None
    langs: tuple[str, ...] | None = None


class Post(Shape):
    """A post that was found; its address begins with the author's permanent identifier."""

    uri: str = Field(pattern=r"^at://did:[a-z]+:[A-Za-z0-9._:-]+/[A-Za-z.]+/[A-Za-z0-9._~:-]+$")
    record: Record
    indexedAt: str | None = None


class Answer(Shape):
    """A page of the search."""

    posts: tuple[Any, ...]
    cursor: str | None = None
    hitsTotal: int | None = None


def refuse(response: Response) -> None:
    """Raise PageError where an answer names an error that a person can do something about."""
    if not 400 <= response.status <= 403:
        return
    try:
        refusal = Refusal.model_validate_json(response.body)
    except ValidationError:
        return
    if remedy := REMEDIES.get(refusal.error):
        raise PageError("blocked", f"{refusal.error}: {remedy}")
    if response.status == 400:
        said = " ".join(whole(f"{refusal.error}: {refusal.message}").split())
        raise PageError("failed", f"it answered 400 ({said}); check the target")


def parse(body: bytes, url: str, kind: str | None = None) -> Page:
    """Return the posts of a page of the search; `url` is the one it was asked for. Raises PageError."""
    answer = read_json(body, url, kind, Answer, "posts as JSON")
    items, rejected = read_items(answer.posts, Post, lambda post: _item(post, url))
    following: str | None = None
    if answer.cursor and _is_too_deep(answer.cursor):
        items, following = _slice(items, url)
    elif answer.cursor and answer.cursor != query_of(url).get("cursor"):
        # An empty page may have a cursor: what moderation hides is taken off after the page was cut.
        following = with_query(url, cursor=answer.cursor)
    return Page(items=items, rejected=rejected, next=(following,) if following else (), claimed=answer.hitsTotal)


def _is_too_deep(cursor: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,9}", cursor)) and int(cursor) + PAGE_SIZE > DEEPEST


def _slice(items: tuple[Item, ...], url: str) -> tuple[tuple[Item, ...], str | None]:
    """Return the items of the deepest page but those of its last millisecond, and a search that begins with these."""
    dates = [item.published for item in items if item.published]
    if not dates:
        return items, None
    last = dates[-1].replace(microsecond=dates[-1].microsecond // 1000 * 1000)
    until = last + timedelta(milliseconds=1)
    kept = tuple(item for item in items if item.published is None or item.published >= until)
    if not kept:
        kept, until = items, last
    stamp = until.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return kept, with_query(url, cursor=None, until=stamp)


def _item(post: Post, url: str) -> Item | None:
    text = tidy(post.record.text)
    if not text:
        return None
    # As the search orders them: a time that the author's program puts into the future does not count.
    claimed = [parse_date(moment) for moment in (post.record.createdAt, post.indexedAt) if moment]
    published = min(filter(None, claimed), default=None)
    # The intake pseudonymises an id that begins with its author; behind "at://" it would take that for a host.
    identifier = post.uri.removeprefix("at://")
    return Item(
        external_id=identifier,
        text=text,
        language=language_code(next(iter(post.record.langs or ()), None)),
        author=identifier.partition("/")[0],
        url=_search_page(query_of(url).get("q", ""), published),
        published=published,
    )


def _search_page(query: str, published: datetime | None) -> str:
    """Return the address of the same search on the day of a post: the post's own address names its author."""
    if published:
        query += f" since:{published:%Y-%m-%d} until:{published + timedelta(days=1):%Y-%m-%d}"
    return with_query("https://bsky.app/search", q=query)
