"""Posts of a Discourse forum: the newest of all of it, or those of a category, a tag or one topic."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from pydantic import ValidationError
from scrapy.http import Response

from overheard.crawler.api import Shape, content_type, query_of, read_items, read_json, with_query
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import OTHER_FORM, Page, own_title, parsed, plain, same_host, text_of, web_url
from overheard.crawler.spider import SourceSpider, Visit, check_keys, check_url
from overheard.crawler.walk import Step
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.intake.values import parse_date

GONE = "a post that was deleted or hidden"
REGULAR = 1
"""The type of what people write; the others are actions of moderators ("closed this topic") and whispers."""

WINDOW = 50
"""Ids that a page of /posts.json looks at in old versions; newer ones give as many posts."""

CHUNK = 20
"""Posts of a topic that are asked for at once, as the forum's own pages do."""

_TOPIC = re.compile(r"(?P<root>.*?)/t/(?:[^/]*[^/\d][^/]*/)?(?P<id>\d+)(?:/\d+)?")
_LISTING = re.compile(r"(?P<root>.*?)(?P<place>/(?:c|tags?)/.+?)(?:/l/[a-z]+)?")
_FRONT = re.compile(r"/(?:latest|new|top|hot|posts|categories|tags)$")
_ELSEWHERE = re.compile(r"/(?:u|users|g|groups|search|my|badges)(?:/|$)")
_ANSWER = re.compile(r"(?P<root>.*)/t/(?P<id>\d+)(?P<chunk>/posts)?\.json")
_NOT_THEIR_WORDS = "aside.quote, aside.onebox, details.elided, .lightbox-wrapper .meta"
"""Quotes of posts, previews of linked pages, the mail that was answered, names of pictures."""


@dataclass(slots=True)
class Reading:
    """What the pages of one crawl must know of each other.

    `moved` is when something was last written in the topics of a list, by its first page. `answers` holds what staff
    wrote in reply to a post and when, by topic and number of that post.
    """

    moved: datetime | None = None
    answers: dict[tuple[str, int], tuple[str, datetime | None]] = field(default_factory=dict)


class DiscourseSpider(SourceSpider):
    """Reads posts from the newest to the oldest; of a category or a tag, only the topics where something is new."""

    name = "discourse"
    help = "Posts of a Discourse forum: all of it, a category, a tag or a topic."
    required = ("url",)
    newest_first = True
    form_is_sure = True

    def __init__(self, visit: Visit, **arguments: Any) -> None:
        super().__init__(visit, **arguments)
        self.reading = Reading()

    @classmethod
    def validate(cls, target: dict[str, str]) -> dict[str, str]:
        """Return the target with the address of the forum, or of its category, tag or topic, and nothing behind it."""
        check_keys(cls, target)
        parts = urlsplit(check_url(target["url"]))
        path = parts.path.removesuffix(".json").rstrip("/")
        if topic := _TOPIC.fullmatch(path):
            path = f"{topic['root']}/t/{topic['id']}"
        elif listing := _LISTING.fullmatch(path):
            path = listing["root"] + listing["place"]
        elif _ELSEWHERE.search(path):
            raise UsageError(
                f"{target['url']!r} is no forum, category, tag or topic; "
                "expected such as https://forum.example or https://forum.example/c/support/5"
            )
        else:
            path = _FRONT.sub("", path)
        return {"url": f"{parts.scheme}://{parts.netloc}{path}"}

    @classmethod
    def first_urls(cls, target: dict[str, str]) -> list[str]:
        """Return the first page: the newest posts, the list of topics, or the topic."""
        url = target["url"]
        path = urlsplit(url).path
        if _TOPIC.fullmatch(path):
            return [f"{url}.json"]
        if listing := _LISTING.fullmatch(path):
            # A category may show another list by default; that of a tag is always this one.
            return [f"{url}/l/latest.json" if listing["place"].startswith("/c/") else f"{url}.json"]
        return [f"{url}/posts.json"]

    def read(self, response: Response, step: Step, fetched: datetime) -> Page:
        """Read an answer; raises PageError."""
        known = parse_date(str(self.visit.facts.state.get("moved") or ""))
        page = parse(response.body, step.url, content_type(response), reading=self.reading, known=known)
        if self.reading.moved:
            # Not the watermark: a crawl that goes on where another was cut off does not read the list again.
            self.visit.state = {"moved": self.reading.moved.isoformat()}
        return replace(page, claimed=None) if step.listed else page


class Post(Shape):
    """A post, as all answers have it; titles stand only in the list of the newest."""

    id: int
    topic_id: str
    post_number: int
    username: str | None = None
    cooked: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    version: int | None = None
    reply_to_post_number: int | None = None
    staff: bool | None = None
    admin: bool | None = None
    moderator: bool | None = None
    topic_slug: str | None = None
    topic_title: str | None = None

    @property
    def by_staff(self) -> bool:
        """Whether an administrator or a moderator of the forum wrote it."""
        return bool(self.staff or self.admin or self.moderator)


class Newest(Shape):
    """A page of the newest posts."""

    latest_posts: tuple[Any, ...]


class Stream(Shape):
    """Posts of a topic, and the ids of all of them."""

    posts: tuple[Any, ...]
    stream: tuple[int, ...] = ()


class Topic(Shape):
    """A topic, or a chunk of it without its title and stream."""

    post_stream: Stream
    title: str | None = None
    posts_count: int | None = None


class Listed(Shape):
    """A topic of a list."""

    id: int
    bumped_at: str | None = None
    last_posted_at: str | None = None
    pinned: bool | None = None

    @property
    def moved(self) -> datetime | None:
        """When something was last written in it, None where that is not said."""
        dates = [parse_date(given) for given in (self.bumped_at, self.last_posted_at) if given]
        return max(filter(None, dates), default=None)


class Topics(Shape):
    """A list of topics, those with the newest posts first."""

    topics: tuple[Any, ...]
    more_topics_url: str | None = None


class Listing(Shape):
    """A page of a category or a tag."""

    topic_list: Topics


def parse(
    body: bytes, url: str, kind: str | None = None, *, reading: Reading | None = None, known: datetime | None = None
) -> Page:
    """Return the posts of an answer, newest first, or the topics that it lists; `url` is the one it was asked for.

    `reading` is what earlier pages of the crawl left. Topics are not listed that were `known` then as they are now:
    without a post since. Raises PageError.
    """
    reading = reading or Reading()
    path = urlsplit(url).path
    if place := _ANSWER.fullmatch(path):
        topic = read_json(body, url, kind, Topic, "a topic of Discourse as JSON")
        return _topic(topic, url, place, reading)
    if path.endswith("/posts.json"):
        newest = read_json(body, url, kind, Newest, "Discourse's newest posts as JSON")
        return _newest(newest.latest_posts, url, reading)
    listing = read_json(body, url, kind, Listing, "a list of Discourse's topics as JSON")
    return _listing(listing.topic_list, url, reading, known)


def _newest(posts: Sequence[Any], url: str, reading: Reading) -> Page:
    """A page of posts with ids under `before`, which may be empty though older posts follow.

    Versions differ: `before` itself is given or not, and old ones look at the 50 ids up to it, visible or not. Taking
    it as excluded, and stepping over as many ids where nothing is seen, reads each post once from all of them.
    """
    before = int(query_of(url).get("before") or 0)
    if before and any(_number(post) > before for post in posts):
        raise PageError("loop", "it gives newer posts than those asked for: the paging goes in circles")
    fresh = [post for post in posts if not before or _number(post) < before]
    lowest = min(filter(None, map(_number, fresh)), default=0)
    following = lowest or before - WINDOW + 1
    page = _page(fresh, urljoin(url, "."), "", reading)
    return replace(page, next=(with_query(url, before=following),) if following > 1 else ())


def _number(post: Any) -> int:
    """The id of a post, 0 where there is none."""
    number = post.get("id") if isinstance(post, dict) else None
    return number if isinstance(number, int) else 0


def _topic(topic: Topic, url: str, place: re.Match[str], reading: Reading) -> Page:
    """A topic that fits on its first page, or the way to its newest posts: a first page holds the oldest ones.

    What the next chunk must know, the title and the ids that are left, stands in its fragment, which is not sent: a
    crawl that was cut off can go on from there.
    """
    posts = topic.post_stream.posts
    if place["chunk"]:
        kept = dict(parse_qsl(urlsplit(url).fragment))
        title, left = kept.get("title", ""), tuple(kept.get("left", "").split())
    else:
        title, left = topic.title or "", tuple(map(str, topic.post_stream.stream))
        if set(left) <= {str(_number(post)) for post in posts}:
            left = ()
        else:
            posts = ()
    root = urljoin(url, place["root"] + "/")
    page = _page(list(reversed(posts)), root, title, reading)
    if not left:
        return replace(page, claimed=topic.posts_count)
    query = urlencode([("post_ids[]", number) for number in left[-CHUNK:]])
    rest = urlencode({"title": title, "left": " ".join(left[:-CHUNK])})
    return replace(page, next=(f"{root}t/{place['id']}/posts.json?{query}#{rest}",), claimed=topic.posts_count)


def _listing(listing: Topics, url: str, reading: Reading, known: datetime | None) -> Page:
    """The topics with something new, and the next page where it may name more of them."""
    topics: list[Listed] = []
    rejected: Counter[str] = Counter()
    for given in listing.topics:
        try:
            topics.append(Listed.model_validate(given))
        except ValidationError:
            rejected[OTHER_FORM] += 1
    root = re.sub(r"/(?:c|tags?)/.*", "/", url)
    new = [topic for topic in topics if not known or not topic.moved or topic.moved >= known]
    reading.moved = reading.moved or max(filter(None, [topic.moved for topic in topics]), default=None)
    ordered = [topic for topic in topics if not topic.pinned]
    return Page(
        rejected=rejected,
        listed=tuple(f"{root}t/{topic.id}.json" for topic in new),
        next=_following(listing.more_topics_url, url) if not ordered or ordered[-1] in new else (),
    )


def _following(given: str | None, url: str) -> tuple[str, ...]:
    """The next page of a list: the link leads to the page for people in some versions."""
    try:
        found = web_url(urljoin(url, given)) if given else None
    except ValueError:
        return ()
    if not found or not same_host(found, url):
        return ()
    parts = urlsplit(found)
    return (parts._replace(path=parts.path.removesuffix(".json") + ".json").geturl(),)


def _page(posts: Iterable[Any], root: str, title: str, reading: Reading) -> Page:
    """What the posts say, given newest first, so that the answer to a post is known before it."""
    theirs = [post for post in posts if not isinstance(post, dict) or post.get("post_type", REGULAR) == REGULAR]
    there = [post for post in theirs if not isinstance(post, dict) or not _gone(post)]
    items, rejected = read_items(there, Post, lambda post: _item(post, root, title, reading))
    gone = len(theirs) - len(there)
    return Page(items=items, rejected=rejected | ({GONE: gone} if gone else {}))


def _gone(post: dict[str, Any]) -> bool:
    return any(post.get(mark) for mark in ("hidden", "user_deleted", "deleted_at"))


def _item(post: Post, root: str, topic_title: str, reading: Reading) -> Item | None:
    text = words(post.cooked or "")
    published, edited = parse_date(post.created_at or ""), parse_date(post.updated_at or "")
    thread = plain(post.topic_title or topic_title)
    title = own_title(thread, text) if post.post_number == 1 else None
    if not text and not title:
        return None
    answer = None if post.by_staff else reading.answers.get((post.topic_id, post.post_number))
    if post.by_staff and post.reply_to_post_number and text:
        reading.answers[post.topic_id, post.reply_to_post_number] = text, published
    attributes = {"thread": thread if post.post_number > 1 else "", "staff": "yes" if post.by_staff else ""}
    return Item(
        external_id=str(post.id),
        text=text,
        title=title,
        author=post.username,
        url=f"{root}t/{post.topic_slug or '-'}/{post.topic_id}/{post.post_number}",
        published=published,
        edited=edited if (post.version or 1) > 1 and published and edited and edited > published else None,
        reply_state="answered" if answer else "unknown",
        reply=answer[0] if answer else None,
        replied=answer[1] if answer else None,
        attributes={name: value for name, value in attributes.items() if value},
    )


def words(cooked: str) -> str:
    """Return what the author of a post wrote, without its markup and what is quoted in it.

    >>> words("<aside class='quote'><blockquote>Slow!</blockquote></aside><p>Not <b>here</b>.</p>")
    'Not here.'
    """
    page = parsed(f"<body>{cooked}")
    page.css(_NOT_THEIR_WORDS).drop()
    said = text_of(page.root)
    page.css("blockquote").drop()
    return text_of(page.root) or said  # some put their own words into the quote
