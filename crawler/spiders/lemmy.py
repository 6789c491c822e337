"""Posts and comments of a Lemmy instance, of one of its communities, or that hold words, by its interface (v3)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from scrapy.http import Response

from overheard.crawler.api import Shape, content_type, query_of, read_items, read_json, with_query
from overheard.crawler.page import Page, own_title, plain, web_url
from overheard.crawler.spider import SourceSpider, check_keys, check_url
from overheard.crawler.walk import Step
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.intake.values import parse_date

GONE = "a post or comment that was removed or deleted"
PAGE_SIZE = 50
"""The most that an instance gives."""

LANGUAGES = {32: "de", 37: "en", 39: "es", 47: "fr", 71: "it", 115: "nl", 130: "pt", 134: "ro"}
"""The numbers, the same on all instances, of the languages that we read; 0 is undetermined."""

_COMMUNITY = re.compile(r"/c/([A-Za-z0-9_]+(?:@[A-Za-z0-9.:-]+)?)/?")
_QUOTE = re.compile(r"^[ \t]*(?:>|&gt;).*$", re.MULTILINE)
_PICTURE = re.compile(r"!\[[^\]\n]{0,500}\]\([^)\n]{0,2000}\)")
_LINK = re.compile(r"\[([^\]\n]{1,500})\]\([^)\n]{0,2000}\)")
_MARK = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|:::.*$|```.*$)|\*\*|~~|`", re.MULTILINE)


class LemmySpider(SourceSpider):
    """Reads the newest posts and the newest comments, as two listings."""

    name = "lemmy"
    help = "Posts and comments of a Lemmy instance or community, or a search in what the instance knows."
    required = ("url",)
    optional = ("query",)
    sought = "query"
    newest_first = True
    form_is_sure = True

    @classmethod
    def validate(cls, target: dict[str, str]) -> dict[str, str]:
        """Return the target with the address of the instance or of a community on it, and the words if given."""
        check_keys(cls, target)
        parts = urlsplit(check_url(target["url"]))
        community = _COMMUNITY.fullmatch(parts.path)
        if not community and parts.path not in ("", "/"):
            raise UsageError(
                f"{target['url']!r} is no instance or community; "
                "expected such as https://lemmy.example or https://lemmy.example/c/coffee"
            )
        words = " ".join(target.get("query", "").split())
        url = f"{parts.scheme}://{parts.netloc}" + (f"/c/{community[1].casefold()}" if community else "")
        return {"url": url} | ({"query": words} if words else {})

    @classmethod
    def first_urls(cls, target: dict[str, str]) -> list[str]:
        """Return the first page of the posts and that of the comments."""
        parts = urlsplit(target["url"])
        community = _COMMUNITY.fullmatch(parts.path)
        place = f"{parts.scheme}://{parts.netloc}/api/v3"
        given = {"sort": "New", "limit": PAGE_SIZE} | ({"community_name": community[1]} if community else {})
        # An instance also keeps copies of what the communities of others hold: only a search is to find those.
        where = "All" if community or "query" in target else "Local"
        if "query" in target:
            found = {"q": target["query"], "listing_type": where} | given
            return [f"{place}/search?{urlencode({'type_': type_} | found)}" for type_ in ("Posts", "Comments")]
        return [f"{place}/{what}/list?{urlencode({'type_': where} | given)}" for what in ("post", "comment")]

    def read(self, response: Response, step: Step, fetched: datetime) -> Page:
        """Read an answer; raises PageError."""
        return parse(response.body, step.url, content_type(response))


class Person(Shape):
    """Who wrote it; `actor_id` is the address of their profile, on their own instance."""

    name: str | None = None
    actor_id: str | None = None
    bot_account: bool | None = None


class Community(Shape):
    """Where it was written."""

    name: str | None = None
    actor_id: str | None = None


class Post(Shape):
    """A post: a title, and a text or a link."""

    id: int
    name: str | None = None
    body: str | None = None
    published: str | None = None
    updated: str | None = None
    language_id: int | None = None


class Comment(Shape):
    """A comment under a post."""

    id: int
    content: str | None = None
    published: str | None = None
    updated: str | None = None
    language_id: int | None = None


class View(Shape):
    """What surrounds a post or a comment."""

    creator: Person = Person()
    community: Community = Community()


class PostView(View):
    """A post of a list."""

    post: Post


class CommentView(View):
    """A comment of a list, with the post that it stands under."""

    comment: Comment
    post: Post


class Posts(Shape):
    """A list of posts, or those that a search found; `next_page` is the cursor of newer versions."""

    posts: tuple[Any, ...]
    next_page: str | None = None


class Comments(Shape):
    """A list of comments, or those that a search found."""

    comments: tuple[Any, ...]


def parse(body: bytes, url: str, kind: str | None = None) -> Page:
    """Return the posts or the comments of an answer; `url` is the one it was asked for. Raises PageError."""
    asked = query_of(url)
    base = url.partition("/api/v3/")[0]
    if urlsplit(url).path.endswith("/comment/list") or asked.get("type_") == "Comments":
        cursor = None
        given = read_json(body, url, kind, Comments, "Lemmy's comments as JSON").comments
        there = [view for view in given if not _gone(view, "comment")]
        items, rejected = read_items(there, CommentView, lambda view: _comment(view, base))
    else:
        answer = read_json(body, url, kind, Posts, "Lemmy's posts as JSON")
        cursor, given = answer.next_page, answer.posts
        there = [view for view in given if not _gone(view, "post")]
        items, rejected = read_items(there, PostView, lambda view: _post(view, base))
    following = with_query(url, page_cursor=cursor, page=None if cursor else int(asked.get("page") or 1) + 1)
    gone = len(given) - len(there)
    return Page(
        items=items,
        rejected=rejected | ({GONE: gone} if gone else {}),
        next=(following,) if given else (),
    )


def _gone(view: Any, name: str) -> bool:
    said = view.get(name) if isinstance(view, dict) else None
    return isinstance(said, dict) and bool(said.get("removed") or said.get("deleted"))


def _post(view: PostView, base: str) -> Item | None:
    text = words(view.post.body or "")
    title = own_title(plain(view.post.name or ""), text)
    return _item(view, view.post, f"{base}/post/{view.post.id}", text, title, "")


def _comment(view: CommentView, base: str) -> Item | None:
    text = words(view.comment.content or "")
    return _item(view, view.comment, f"{base}/comment/{view.comment.id}", text, None, plain(view.post.name or ""))


def _item(view: View, said: Post | Comment, url: str, text: str, title: str | None, thread: str) -> Item | None:
    if not text and not title:
        return None
    published, edited = parse_date(said.published or ""), parse_date(said.updated or "")
    community = plain(view.community.name or "")
    bot = "yes" if view.creator.bot_account else ""
    attributes = {"thread": thread, "community": community, "bot": bot}
    return Item(
        # Posts and comments have numbers of their own; the address on the author's instance may name the author.
        external_id="/".join(url.rsplit("/", 2)[1:]),
        text=text,
        title=title,
        language=LANGUAGES.get(said.language_id or 0),
        author=_handle(view.creator),
        url=url,
        published=published,
        edited=edited if published and edited and edited > published else None,
        attributes={name: value for name, value in attributes.items() if value},
    )


def _handle(person: Person) -> str | None:
    """The name with the instance: two instances may each have an Ana."""
    home = web_url(person.actor_id or "")
    host = urlsplit(home).hostname if home else None
    return f"{person.name}@{host}" if person.name and host else person.name


def words(markdown: str) -> str:
    """Return what the author wrote, without Markdown's marks and the lines that quote others.

    >>> words("> So **slow**!\\n\\nNot [here](https://x.example), ~~never~~ *rarely*.")
    'Not here, never *rarely*.'
    """
    text = _PICTURE.sub(" ", _QUOTE.sub("", markdown))
    return plain(_MARK.sub("", _LINK.sub(r"\1", text)))
