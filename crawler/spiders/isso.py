"""Comments on a site that runs Isso, by the server that its pages ask: one thread, or all of the site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from pydantic import model_validator
from scrapy.http import Response

from overheard.crawler.api import Shape, content_type, from_epoch, query_of, read_items, read_json, with_query
from overheard.crawler.page import Page, parsed, plain, text_of, web_url
from overheard.crawler.spider import SourceSpider, check_keys, check_url
from overheard.crawler.walk import Step
from overheard.errors import UsageError
from overheard.intake.item import Item

LATEST = 250
"""How many comments of the whole site are asked for at first."""
MORE = 10
"""How many times as many are asked for next: the list of the whole site has no second page."""

DELETED = 4
"""The mode of a comment that was deleted and has replies; its text is empty."""


class IssoSpider(SourceSpider):
    """Reads a thread with its replies, or the latest comments of all threads."""

    name = "isso"
    help = "Comments of a site's own Isso server: one thread, or all of them where the server lists them."
    required = ("url",)
    optional = ("uri",)
    form_is_sure = True
    whole = True

    @classmethod
    def validate(cls, target: dict[str, str]) -> dict[str, str]:
        """Return the target with the server's address and, for one thread, the path of its page."""
        check_keys(cls, target)
        url = check_url(target["url"])
        if "?" in url:
            raise UsageError(f"{target['url']!r}: expected the server's own address, such as https://comments.example")
        chosen = {"url": url.rstrip("/")}
        if uri := target.get("uri", "").strip():
            if not uri.startswith("/"):
                raise UsageError(f"uri {target['uri']!r}: expected the path of the thread's page, such as /products/1/")
            chosen["uri"] = uri
        return chosen

    @classmethod
    def first_urls(cls, target: dict[str, str]) -> list[str]:
        """Return the address of the thread, which comes whole, or that of the latest comments."""
        if uri := target.get("uri"):
            return [with_query(f"{target['url']}/", uri=uri)]
        return [f"{target['url']}/latest?limit={LATEST}"]

    def read(self, response: Response, step: Step, fetched: datetime) -> Page:
        """Read an answer; raises PageError."""
        read = parse if "uri" in query_of(step.url) else parse_latest
        site = (response.headers.get("Access-Control-Allow-Origin") or b"").decode("latin-1")
        return read(response.body, step.url, content_type(response), site=site)


class Comment(Shape):
    """A comment; only the list of all threads says of which one it is."""

    id: int
    text: str | None = None
    author: str | None = None
    created: float | None = None
    modified: float | None = None
    uri: str | None = None


class Thread(Shape):
    """A thread; `hidden_replies` says how many comments the answer leaves out, replies to them aside."""

    replies: tuple[Any, ...]
    total_replies: int | None = None
    hidden_replies: int | None = None


class Latest(Shape):
    """The comments of all threads, which come as a bare list."""

    comments: tuple[Any, ...]

    @model_validator(mode="before")
    @classmethod
    def _name(cls, given: Any) -> Any:
        return {"comments": given} if isinstance(given, list) else None


def parse(body: bytes, url: str, kind: str | None = None, *, site: str = "") -> Page:
    """Return the comments of a thread and the replies to them; `url` is the one it was asked for.

    `site` is where the pages lie, as the server says it, empty where it does not. Raises PageError.
    """
    thread = read_json(body, url, kind, Thread, "a thread of Isso's as JSON")
    uri = query_of(url).get("uri", "")
    given = list(_unfold(thread.replies))
    shown = [comment for comment in given if not _is_deleted(comment)]
    items, rejected = read_items(shown, Comment, lambda comment: _item(comment, uri, site))
    return Page(
        items=items,
        rejected=rejected,
        next=_next(thread, url),
        claimed=None if thread.total_replies is None else thread.total_replies - len(given) + len(shown),
    )


def parse_latest(body: bytes, url: str, kind: str | None = None, *, site: str = "") -> Page:
    """Return the comments of all threads; raises PageError.

    An answer as long as was asked for may lack any comment, so a longer one follows. One comment is left to that, so
    that it brings something in any case.
    """
    given = read_json(body, url, kind, Latest, "Isso's comments as JSON").comments
    limit = int(query_of(url).get("limit", LATEST))
    cut = len(given) >= limit
    items, rejected = read_items(given[cut:], Comment, lambda comment: _item(comment, comment.uri or "", site))
    return Page(items=items, rejected=rejected, next=(with_query(url, limit=limit * MORE),) if cut else ())


def _unfold(comments: Iterable[Any]) -> Iterator[Any]:
    """Each comment and the replies under it; the server keeps a reply to a reply as one to the comment."""
    for comment in comments:
        yield comment
        replies = comment.get("replies") if isinstance(comment, dict) else None
        yield from replies if isinstance(replies, list) else ()


def _is_deleted(comment: Any) -> bool:
    return isinstance(comment, dict) and comment.get("mode") == DELETED


def _next(thread: Thread, url: str) -> tuple[str, ...]:
    """Go on behind the last comment where a server cuts a thread that was asked for whole."""
    last = thread.replies[-1] if thread.replies and thread.hidden_replies else None
    created = last.get("created") if isinstance(last, dict) else None
    return (with_query(url, after=repr(created)),) if isinstance(created, float) else ()


def _item(comment: Comment, uri: str, site: str) -> Item | None:
    text = _own_words(comment.text or "")
    if not text:
        return None
    published, edited = from_epoch(comment.created), from_epoch(comment.modified)
    return Item(
        external_id=_lasting_id(comment),
        text=text,
        author=plain(comment.author or "") or None,
        url=_address(comment, uri, site),
        published=published,
        edited=edited if published and edited and edited > published else None,
        attributes={"thread": uri} if uri else {},
    )


def _lasting_id(comment: Comment) -> str:
    """The number with the second of writing: the server gives the number of a deleted comment to the next one."""
    return str(comment.id) if comment.created is None else f"{comment.id}@{comment.created:.0f}"


def _own_words(markup: str) -> str:
    """The text without what it quotes, which somebody else wrote."""
    if "<blockquote" not in markup:
        return plain(markup)
    root = parsed(f"<body>{markup}").root
    for quote in root.xpath("//blockquote"):
        quote.drop_tree()
    return text_of(root)


def _address(comment: Comment, uri: str, site: str) -> str | None:
    """Where the comment stands on its page, None where the server does not say where its pages lie."""
    try:
        return web_url(urljoin(site, f"{uri}#isso-{comment.id}"), fragment=True) if uri else None
    except ValueError:
        return None
