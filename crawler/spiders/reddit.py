"""Posts and comments on Reddit, newest first, by the Data API with the user's own client."""

from __future__ import annotations

import base64
import math
import re
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field
from scrapy.http import Request, Response

from overheard.crawler.api import Shape, content_type, from_epoch, query_of, read_items, read_json, with_query
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import Page, own_title, parsed, plain, text_of
from overheard.crawler.spider import SourceSpider, Visit, check_keys, check_url
from overheard.crawler.walk import Step
from overheard.errors import UsageError
from overheard.intake.item import Item

HOST = "https://oauth.reddit.com"
LOGIN_HOST = "https://www.reddit.com"
SITE = "https://www.reddit.com"
PAGE_SIZE = 100
"""The most that the service gives."""

FULL = 900
"""Objects from which on a listing that ends may have ended at the service's bound, about 1,000, and not at its own."""

REMOVED = "removed by its author or a moderator"
_GONE = ("[removed]", "[deleted]", "[deleted by user]", "[ Removed by Reddit ]")
_SUBREDDITS = re.compile(
    r"(?:(?:https?://(?:(?:www|old|new)\.)?reddit\.com)?/?r/)?(\w{2,21}(?:\+\w{2,21})*)/?", re.ASCII
)
_QUOTE = re.compile(r"\s{0,3}>(?!!)")
"""How a quoted line begins; ">!" is a spoiler, and the author's own."""

_LONGEST_QUERY = 512


class RedditSpider(SourceSpider):
    """Reads the posts that a search finds, or the posts and comments of subreddits."""

    name = "reddit"
    help = "Reddit posts by a search, or posts and comments of a subreddit, with your own approved client."
    optional = ("query", "subreddit", "base")
    sought = "query"
    newest_first = True
    form_is_sure = True
    credentials = ("client_id", "client_secret")
    obeys_robots = False

    def __init__(self, visit: Visit, **arguments: Any) -> None:
        super().__init__(visit, **arguments)
        self._token = ""

    @classmethod
    def validate(cls, target: dict[str, str]) -> dict[str, str]:
        """Return the target with the query, the plain names of subreddits and, where it is not Reddit's, the base."""
        if address := target.get("url"):
            target = {"subreddit": address}
        check_keys(cls, target)
        query, given = " ".join(target.get("query", "").split()), target.get("subreddit", "").strip()
        if not query and not given:
            raise UsageError("a target of reddit has a query, a subreddit or both; expected query=… or subreddit=…")
        if len(query) > _LONGEST_QUERY:
            raise UsageError(f"the query has {len(query)} characters; Reddit takes at most {_LONGEST_QUERY}")
        found = _SUBREDDITS.fullmatch(given)
        if given and not found:
            raise UsageError(f"{given!r} is no subreddit; expected such as 'laptops', or 'laptops+phones' for two")
        base = check_url(target.get("base") or HOST).rstrip("/")
        chosen = {"query": query, "subreddit": found[1].lower() if found else "", "base": "" if base == HOST else base}
        return {key: value for key, value in chosen.items() if value}

    @classmethod
    def first_urls(cls, target: dict[str, str]) -> list[str]:
        """Return the first page of the search, or of the posts and of the comments."""
        base, subreddit = target.get("base", HOST), target.get("subreddit")
        place = f"{base}/r/{subreddit}" if subreddit else base
        if query := target.get("query"):
            within = 1 if subreddit else None
            urls = [with_query(f"{place}/search", q=query, sort="new", type="link", restrict_sr=within)]
        else:
            urls = [f"{place}/new", f"{place}/comments"]
        return [with_query(url, limit=PAGE_SIZE, raw_json=1) for url in urls]

    async def log_in(self) -> None:
        """Get a token for the client; raises PageError."""
        url = f"{self.visit.target.get('base', LOGIN_HOST)}/api/v1/access_token"
        client = f"{self.visit.credentials['client_id']}:{self.visit.credentials['client_secret']}"
        basic = base64.b64encode(client.encode()).decode()
        self.visit.secrets.add(basic)
        headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/x-www-form-urlencoded"}
        request = Request(
            url, method="POST", body="grant_type=client_credentials", headers=headers, dont_filter=True,
            meta={"dont_redirect": True},
        )  # fmt: skip
        try:
            response = await self.fetch(request)
        except PageError as error:
            hint = "; check client_id and client_secret" if error.outcome == "blocked" else ""
            raise PageError(error.outcome, f"{error}{hint}") from None
        given = read_json(response.body, url, content_type(response), Token, "a token as JSON")
        if not given.access_token:
            raise PageError("blocked", "it gives no token; check client_id and client_secret")
        self._token = given.access_token
        self.visit.secrets.add(self._token)

    def request(self, step: Step) -> Request:
        """Send the token, and to nobody else: a redirect is not followed."""
        request = super().request(step)
        request.headers["Authorization"] = f"bearer {self._token}"
        request.headers["Accept"] = "application/json"
        return request

    def accept(self, response: Response, step: Step) -> Response:
        """Let the service's own reason decide where there is one, and keep to its pace."""
        self._keep_pace(response)
        if error := refusal(response):
            raise error
        return super().accept(response, step)

    def _keep_pace(self, response: Response) -> None:
        """Spread what the service still allows over the time that it is for, within crawl.max_wait."""
        left, seconds = _number(response, "X-Ratelimit-Remaining"), _number(response, "X-Ratelimit-Reset")
        assert self.crawler.engine is not None
        slot = self.crawler.engine.downloader.slots.get(urlsplit(response.url).hostname or "")
        if slot and left is not None and seconds is not None:
            longest = self.crawler.settings.getfloat("OVERHEARD_MAX_WAIT")
            slot.delay = max(slot.delay, min(seconds / max(left, 1.0), longest))

    def read(self, response: Response, step: Step, fetched: datetime) -> Page:
        """Read a page of a listing; raises PageError."""
        page = parse(response.body, step.url, content_type(response))
        seen = int(query_of(step.url).get("count", "0")) + len(page.items) + sum(page.rejected.values())
        if seen >= FULL and not page.next:
            self.visit.walk.note = "Reddit lists no more than about the newest 1,000; older ones are not to be had"
        return page


class Token(Shape):
    """The answer to logging in."""

    access_token: str = ""


class Entry(Shape):
    """A post (t3) or a comment (t1); times are Unix times, `edited` is false where there was no edit."""

    name: str = Field(pattern=r"^t[13]_[0-9A-Za-z]{1,20}$")
    author: str | None = None
    title: str = ""
    selftext: str | None = None
    selftext_html: str | None = None
    body: str | None = None
    body_html: str | None = None
    link_id: str = ""
    link_title: str | None = None
    link_flair_text: str | None = None
    subreddit: str | None = None
    created_utc: float | None = None
    edited: float | bool | None = None


class Thing(Shape):
    """What a listing holds, with its kind."""

    kind: Literal["t1", "t3"]
    data: Entry


class Content(Shape):
    """What a listing holds, and the name that the next page begins after."""

    children: tuple[Any, ...]
    after: str | None = None


class Listing(Shape):
    """A page of a listing."""

    data: Content


class Refusal(Shape):
    """An error; the reason says what a subreddit is that cannot be read."""

    reason: str


def parse(body: bytes, url: str, kind: str | None = None) -> Page:
    """Return the posts and comments of a page of a listing; `url` is the one it was asked for. Raises PageError."""
    content = read_json(body, url, kind, Listing, "Reddit's listing as JSON").data
    there = [given for given in content.children if not _is_removed(given)]
    items, rejected = read_items(there, Thing, _item)
    if len(there) < len(content.children):
        rejected[REMOVED] = len(content.children) - len(there)
    query = query_of(url)
    count = int(query.get("count", "0")) + len(content.children)
    more = content.children and content.after and content.after != query.get("after")
    return Page(
        items=items,
        rejected=rejected,
        next=(with_query(url, after=content.after, count=count),) if more else (),
    )


def refusal(response: Response) -> PageError | None:
    """Return what the service's own refusal means, None where the answer is none or its status says it all."""
    if response.status in (301, 302) and b"/subreddits/search" in (response.headers.get("Location") or b""):
        return PageError("failed", "there is no such subreddit; check the target")
    if response.status == 429 and (seconds := _number(response, "X-Ratelimit-Reset")) is not None:
        return PageError("blocked", f"it answered 429: too many requests, none is allowed for {seconds:.0f} s")
    if response.status not in (403, 404):
        return None
    try:
        reason = read_json(response.body, response.url, content_type(response), Refusal, "an error as JSON").reason
    except PageError:
        return None
    if not re.fullmatch(r"[a-z_]{1,40}", reason):
        return None
    return PageError(
        "blocked" if response.status == 403 else "failed", f"it answered {response.status}: the subreddit is {reason}"
    )


def _number(response: Response, header: str) -> float | None:
    try:
        number = float(response.headers.get(header) or b"")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _is_removed(given: Any) -> bool:
    data = given.get("data") if isinstance(given, dict) else None
    if not isinstance(data, dict):
        return False
    return bool(data.get("removed_by_category")) or any(
        data.get(name) in _GONE for name in ("title", "selftext", "body")
    )


def _item(thing: Thing) -> Item | None:
    entry = thing.data
    text = _words(entry.selftext_html or entry.body_html, entry.selftext or entry.body or "")
    title = own_title(plain(entry.title), text)
    if not text and not title:
        return None
    published = from_epoch(entry.created_utc)
    edited = from_epoch(entry.edited or None)
    subreddit = entry.subreddit or ""
    attributes = {
        "subreddit": "" if subreddit.startswith("u_") else subreddit,  # "u_…" is its author's own page
        "thread": plain(entry.link_title or ""),
        "flair": plain(entry.link_flair_text or ""),
    }
    return Item(
        external_id=entry.name,
        text=text,
        title=title,
        author=None if entry.author in _GONE else entry.author,
        url=_url(entry),
        published=published,
        edited=edited if published and edited and edited > published else None,
        attributes={name: value for name, value in attributes.items() if value},
    )


def _url(entry: Entry) -> str:
    """The address without the words of the title and without a user's page, which may name the author."""
    kind, _, number = entry.name.partition("_")
    post = entry.link_id.removeprefix("t3_") if kind == "t1" else number
    if not re.fullmatch(r"[0-9A-Za-z]{1,20}", post):
        return SITE
    return f"{SITE}/comments/{post}/" + (f"_/{number}/" if kind == "t1" else "")


def _words(markup: str | None, text: str) -> str:
    """The text without what it quotes: Reddit's own rendering where there is one, else the Markdown."""
    if not markup:
        return plain("\n".join(line for line in text.splitlines() if not _QUOTE.match(line)))
    rendered = parsed(markup)
    rendered.css("blockquote").drop()
    return text_of(rendered.root)
