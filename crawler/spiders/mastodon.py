"""Public posts with a hashtag, as an instance of Mastodon shows them to everyone."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from pydantic import Field, ValidationError, model_validator
from scrapy.http import Response

from overheard.crawler.api import Shape, content_type, query_of, read_items, read_json, with_query
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import Page, own_title, parsed, plain, text_of, tidy
from overheard.crawler.spider import SourceSpider, check_keys, check_url
from overheard.crawler.walk import Step
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.intake.values import parse_date

PAGE_SIZE = 40
"""The most that the service gives."""

_TAG_PAGE = re.compile(r"(https?://[^/?#]+)/tags/([^/?#]+)/?", re.IGNORECASE)
_NEXT = re.compile(r"<([^<>]+)>[^<>,]*;\s*rel=\"?next\b", re.IGNORECASE)


class MastodonSpider(SourceSpider):
    """Reads all posts with a hashtag that an instance knows, in the order in which they reached it.

    That order is not the one of publication: a post may arrive hours late, and stands on top then. So reading stops at
    the newest id of the last complete crawl, not at a time.
    """

    name = "mastodon"
    help = "Public posts with a hashtag, from the timeline that an instance of Mastodon shows to everyone."
    required = ("url", "tag")
    optional = ("own",)
    sought = "tag"
    form_is_sure = True

    @classmethod
    def validate(cls, target: dict[str, str]) -> dict[str, str]:
        """Return the target with the instance's bare address, the tag in lower case and any own handle."""
        if page := _TAG_PAGE.fullmatch(target.get("url", "").strip()):
            target = {"tag": unquote(page[2])} | target | {"url": page[1]}
        check_keys(cls, target)
        base = check_url(target["url"].strip()).rstrip("/")
        if urlsplit(base).path or urlsplit(base).query:
            raise UsageError(f"{target['url']!r} is a page; expected an instance such as https://mastodon.example")
        tag = unicodedata.normalize("NFC", target["tag"].strip().removeprefix("#")).lower()
        if not re.fullmatch(r"[\w·]+", tag):
            raise UsageError(f"tag {target['tag']!r} is no hashtag; expected one word such as 'lantern'")
        own = target.get("own", "").strip().removeprefix("@").casefold()
        if own and not re.fullmatch(r"[\w.-]+(?:@[\w.:-]+)?", own):
            raise UsageError(f"own {target['own']!r} is no handle; expected such as lantern@mastodon.example")
        return {"url": base, "tag": tag} | ({"own": own} if own else {})

    @classmethod
    def first_urls(cls, target: dict[str, str]) -> list[str]:
        """Return the first page."""
        return [f"{target['url']}/api/v1/timelines/tag/{quote(target['tag'], safe='')}?limit={PAGE_SIZE}"]

    def read(self, response: Response, step: Step, fetched: datetime) -> Page:
        """Read an answer, and leave off the next page where that is known; raises PageError."""
        link = b", ".join(response.headers.getlist("Link")).decode("latin-1")
        own = self.visit.target.get("own")
        page = parse(response.body, step.url, content_type(response), link=link, own=own)
        ids = [item.external_id for item in page.items if item.external_id]
        if step.first and ids:
            self.visit.state = {"newest": max(ids, key=_place)}
        newest = self.visit.facts.state.get("newest")
        if newest and page.next and _place(query_of(page.next[0])["max_id"]) <= _place(str(newest)):
            self.visit.walk.dropped = True  # what is older was read before: this crawl does not see all
            return replace(page, next=())
        return page

    def accept(self, response: Response, step: Step) -> Response:
        refuse(response)
        return super().accept(response, step)


class Refusal(Shape):
    """Why a request is refused."""

    error: str


class Account(Shape):
    """Who wrote a post: `acct` is the handle, with the instance where that is another one."""

    acct: str | None = None
    bot: bool | None = None


class Status(Shape):
    """A post."""

    id: str = Field(pattern=r"^[0-9A-Za-z]{1,40}$")
    account: Account | None = None
    content: str = ""
    spoiler_text: str | None = None
    language: str | None = None
    created_at: str | None = None
    edited_at: str | None = None


class Answer(Shape):
    """A page of the timeline, which is a bare list."""

    statuses: tuple[Any, ...]

    @model_validator(mode="before")
    @classmethod
    def _name(cls, given: Any) -> Any:
        return {"statuses": given}


def refuse(response: Response) -> None:
    """Raise PageError where an instance shows its timelines only to those who log in: 401 or 422 with an error."""
    if response.status not in (401, 422):
        return
    try:
        Refusal.model_validate_json(response.body)
    except ValidationError:
        return
    raise PageError(
        "blocked",
        f"it answered {response.status}: this instance shows its timelines only to people who log in; take another one",
    )


def parse(body: bytes, url: str, kind: str | None = None, *, link: str = "", own: str | None = None) -> Page:
    """Return the posts of a page of the timeline; `url` is the one it was asked for.

    `link` is the Link header, which names the next page; `own` is a handle whose posts are left out. Boosts and posts
    that are not public are left out as well. Raises PageError.
    """
    answer = read_json(body, url, kind, Answer, "a list of posts as JSON")
    shown = [given for given in answer.statuses if _is_mention(given, own, url)]
    items, rejected = read_items(shown, Status, lambda status: _item(status, url))
    following = _NEXT.search(link)
    oldest = query_of(following[1]).get("max_id") if following and answer.statuses else None
    # The address itself may name another host, behind a proxy; what counts in it is the id.
    return Page(items=items, rejected=rejected, next=(with_query(url, max_id=oldest),) if oldest else ())


def _is_mention(given: Any, own: str | None, url: str) -> bool:
    if not isinstance(given, dict):
        return True
    if given.get("reblog") or given.get("visibility") not in ("public", None):
        return False
    account = given.get("account")
    acct = account.get("acct") if isinstance(account, dict) else None
    return not isinstance(acct, str) or own not in (acct.casefold(), _handle(acct, url).casefold())


def _handle(acct: str, url: str) -> str:
    """Return the handle with its instance, which `acct` leaves out for accounts of the one that was asked."""
    return acct if "@" in acct else f"{acct}@{urlsplit(url).netloc}"


def _place(identifier: str) -> tuple[int, str]:
    """Return what ids are ordered by: they are numbers, longer ones being newer."""
    return len(identifier), identifier


def _item(status: Status, url: str) -> Item | None:
    text, warning = _words(status.content), tidy(status.spoiler_text or "")
    if not text and not warning:
        return None
    account = status.account or Account()
    published, edited = parse_date(status.created_at or ""), parse_date(status.edited_at or "")
    language = re.match(r"[a-z]{2,3}(?![a-z])", (status.language or "").casefold())
    parts = urlsplit(url)
    return Item(
        external_id=status.id,
        text=text,
        title=own_title(warning, text),
        language=language[0] if language else None,
        author=_handle(account.acct, url) if account.acct else None,
        # The post's own address names its author, this one leads to the same place.
        url=f"{parts.scheme}://{parts.netloc}/statuses/{status.id}",
        published=published,
        edited=edited if published and edited and edited > published else None,
        attributes={"bot": "yes"} if account.bot else {},
    )


def _words(content: str) -> str:
    """Return the text of a post without the link to the post that it quotes, which other programs show in its place."""
    if "quote-inline" not in content:
        return plain(content)
    page = parsed(f"<body>{content}")
    page.css(".quote-inline").drop()
    return text_of(page.root)
