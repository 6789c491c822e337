"""Comments and posts of a WordPress site, newest first, by the REST interface that it comes with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, ValidationError
from scrapy.http import Response

from overheard.crawler.api import Shape, content_type, query_of, read_items, read_json
from overheard.crawler.page import Page, own_title, parsed, plain, text_of, web_url
from overheard.crawler.spider import SourceSpider, Visit, check_keys
from overheard.crawler.walk import Step
from overheard.crawler.wordpress import (
    Listing,
    Paging,
    check_number,
    check_open,
    error_code,
    feed_root,
    list_url,
    site_root,
)
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.intake.values import parse_date
from overheard.nlp.identity import names_author

LISTINGS = {"comments": ("comments",), "posts": ("posts",), "both": ("comments", "posts")}
"""What a target may ask for, and the listings that hold it."""

PAST_THE_END = "rest_post_invalid_page_number"
"""What the list of posts answers behind its last page, with 400; the list of comments is empty there."""


class WordpressSpider(SourceSpider):
    """Reads the comments of a site, or of one post, or its posts, or both."""

    name = "wordpress"
    help = "Comments and posts of a WordPress site, by its REST interface."
    required = ("url",)
    optional = ("what", "search", "post")
    sought = "search"
    newest_first = True
    form_is_sure = True

    def __init__(self, visit: Visit, **arguments: Any) -> None:
        super().__init__(visit, **arguments)
        self._replies: dict[str, Comment] = {}

    @classmethod
    def validate(cls, target: dict[str, str]) -> dict[str, str]:
        """Return the target with the site's root and, where they are given, what is read, the search and the post."""
        check_keys(cls, target)
        what = target.get("what", "comments").strip().casefold()
        if what not in LISTINGS:
            raise UsageError(f"what {target['what']!r}: expected one of {', '.join(LISTINGS)}")
        search = " ".join(target.get("search", "").split())
        return (
            {"url": site_root(target["url"])}
            | ({} if what == "comments" else {"what": what})
            | ({"search": search} if search else {})
            | check_number(target, "post")
        )

    @classmethod
    def first_urls(cls, target: dict[str, str]) -> list[str]:
        """Return the first page of each listing."""
        wishes = {
            "comments": {"orderby": "date_gmt", "post": target.get("post"), "_embed": "up"},
            "posts": {"orderby": "date", "include": target.get("post"), "_embed": "author"},
        }
        return [
            list_url(target["url"], f"wp/v2/{listing}", search=target.get("search"), **wishes[listing])
            for listing in LISTINGS[target.get("what", "comments")]
        ]

    def read(self, response: Response, step: Step, fetched: datetime) -> Page:
        """Read an answer; raises PageError."""
        replies = {} if _is_posts(step.url) else self._replies
        return parse(response.body, step.url, content_type(response), Paging.of(response), replies)

    def accept(self, response: Response, step: Step) -> Response:
        feed = "feed/" if _is_posts(step.url) else "comments/feed/"
        check_open(response, f"read its feed instead (kind feed, url={feed_root(step.url)}{feed})")
        if response.status == 400 and error_code(response.body) == PAST_THE_END:
            response = response.replace(status=200, body=b"[]")
        return super().accept(response, step)


class Rendered(Shape):
    """A text as HTML; that of a post may be behind a password."""

    rendered: str = ""
    protected: bool = False


class Up(Shape):
    """What a comment stands under; an error in its place has none of this."""

    title: Rendered = Rendered()
    author: str = "0"


class Writer(Shape):
    """Who wrote a post; an error in its place has no name."""

    name: str = ""


class Embedded(Shape):
    """What `_embed` adds."""

    up: tuple[Up, ...] = ()
    author: tuple[Writer, ...] = ()


class Comment(Shape):
    """A comment; `author` is the number of a user of the site, 0 for all others."""

    id: str
    parent: str = "0"
    author: str = "0"
    author_name: str = ""
    date_gmt: str | None = None
    content: Rendered
    link: str = ""
    embedded: Embedded = Field(default=Embedded(), alias="_embedded")

    @property
    def answers(self) -> bool:
        """Whether this is the answer of the post's own author to another comment."""
        return self.parent != "0" and self.author != "0" and self.author in [up.author for up in self.embedded.up]


class Post(Shape):
    """A post."""

    id: str
    title: Rendered = Rendered()
    content: Rendered
    date_gmt: str | None = None
    modified_gmt: str | None = None
    link: str = ""
    embedded: Embedded = Field(default=Embedded(), alias="_embedded")


def parse(
    body: bytes,
    url: str,
    kind: str | None = None,
    paging: Paging | None = None,
    replies: dict[str, Comment] | None = None,
) -> Page:
    """Return the comments or posts of a page of a list; `url` is the one it was asked for. Raises PageError.

    `replies` holds the answers of the posts' authors that newer pages had, by the comment that they answer; those of
    this page are added.
    """
    paging, replies = paging or Paging(), {} if replies is None else replies
    objects = read_json(body, url, kind, Listing, "WordPress' list as JSON").objects
    if _is_posts(url):
        items, rejected = read_items(objects, Post, _post)
    else:
        answers = dict(_answers(objects))
        replies.update((comment.parent, comment) for comment in answers.values())
        said = [given for number, given in enumerate(objects) if number not in answers]
        items, rejected = read_items(said, Comment, lambda comment: _comment(comment, replies.get(comment.id)))
    # An answer is kept with what it answers, and counts as no mention of its own.
    claimed = None if paging.total is None else max(0, paging.total - len(replies))
    return Page(items=items, rejected=rejected, next=paging.next(url, objects), claimed=claimed)


def _is_posts(url: str) -> bool:
    return (query_of(url).get("rest_route") or urlsplit(url).path).endswith("/posts")


def _answers(objects: Sequence[Any]) -> Iterator[tuple[int, Comment]]:
    for number, given in enumerate(objects):
        try:
            comment = Comment.model_validate(given)
        except ValidationError:
            continue
        if comment.answers:
            yield number, comment


def _comment(comment: Comment, reply: Comment | None) -> Item | None:
    text = _own_words(comment.content)
    if not text:
        return None
    author, link = plain(comment.author_name) or None, web_url(comment.link, fragment=True)
    thread = next((plain(up.title.rendered) for up in comment.embedded.up), "")
    answer = _own_words(reply.content) if reply else ""
    return Item(
        external_id=f"comment-{comment.id}",
        text=text,
        author=author,
        author_in_url=names_author(author, link),
        url=link,
        published=parse_date(comment.date_gmt or ""),
        reply_state="answered" if answer else "unknown",
        reply=answer or None,
        replied=parse_date(reply.date_gmt or "") if reply and answer else None,
        attributes={"thread": thread} if thread else {},
    )


def _post(post: Post) -> Item | None:
    text = _own_words(post.content)
    title = own_title(plain(post.title.rendered), text)
    if post.content.protected or not (text or title):
        return None
    author = next((plain(writer.name) for writer in post.embedded.author), "") or None
    link = web_url(post.link)
    published, edited = parse_date(post.date_gmt or ""), parse_date(post.modified_gmt or "")
    return Item(
        external_id=f"post-{post.id}",
        text=text,
        title=title,
        author=author,
        author_in_url=names_author(author, link),
        url=link,
        published=published,
        edited=edited if published and edited and edited > published else None,
    )


def _own_words(content: Rendered) -> str:
    """The text without what its author quotes."""
    if "<blockquote" not in content.rendered.casefold():
        return plain(content.rendered)
    page = parsed(f"<body>{content.rendered}")
    page.xpath("//blockquote[not(ancestor::blockquote)]").drop()
    return text_of(page.root)
