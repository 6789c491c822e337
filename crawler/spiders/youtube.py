"""Comments on YouTube's videos and the replies to them, newest first, by the Data API with the user's own key."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import uuid4

from pydantic import ValidationError
from scrapy.http import Request, Response

from overheard.crawler.api import Shape, content_type, query_of, read_json, with_query
from overheard.crawler.outcomes import Outcome, PageError
from overheard.crawler.page import OTHER_FORM, Page, plain
from overheard.crawler.spider import SourceSpider, Visit, check_keys, check_url
from overheard.crawler.walk import Step
from overheard.errors import UsageError
from overheard.intake.item import Item
from overheard.intake.values import parse_date

HOST = "https://www.googleapis.com"
PAGE_SIZE = 100
"""The most that the service gives."""

NO_WORDS = "a comment without a text"
OWN_WORDS = "a comment by the channel itself"

_VIDEO = re.compile(r"https?://(?:(?:www|m|music)\.)?(?:youtube\.com/(?:watch\?(?:\S*&)?v=|shorts/|live/|embed/)|"
                    r"youtu\.be/)([\w-]{11})(?![\w-])", re.ASCII | re.IGNORECASE)  # fmt: skip
_CHANNEL = re.compile(r"https?://(?:(?:www|m)\.)?youtube\.com/channel/(UC[\w-]{22})(?![\w-])", re.ASCII)

_QUOTA: tuple[Outcome, str] = ("blocked", "the quota of your key is used up until midnight Pacific time")
_HASTE: tuple[Outcome, str] = ("blocked", "too many requests at once; raise crawl.delay, or try later")
_KEY: tuple[Outcome, str] = ("blocked", "the service does not accept your key; check it")
_OFF: tuple[Outcome, str] = ("blocked", "the YouTube Data API is not enabled in your key's project; enable it there")
_BOUND: tuple[Outcome, str] = ("blocked", "your key is not allowed here; change its restrictions")
_MEANINGS: Mapping[str, tuple[Outcome, str]] = {
    "quotaExceeded": _QUOTA, "dailyLimitExceeded": _QUOTA,
    "rateLimitExceeded": _HASTE, "userRateLimitExceeded": _HASTE, "RATE_LIMIT_EXCEEDED": _HASTE,
    "keyInvalid": _KEY, "keyExpired": _KEY, "API_KEY_INVALID": _KEY,
    "accessNotConfigured": _OFF, "SERVICE_DISABLED": _OFF,
    "ipRefererBlocked": _BOUND, "API_KEY_SERVICE_BLOCKED": _BOUND, "API_KEY_IP_ADDRESS_BLOCKED": _BOUND,
    "API_KEY_HTTP_REFERRER_BLOCKED": _BOUND,
    "commentsDisabled": ("blocked", "comments are turned off for this video"),
    "videoNotFound": ("failed", "there is no such video; check the target"),
    "channelNotFound": ("failed", "there is no such channel; check the target"),
}  # fmt: skip
"""What the service's own reasons mean."""


class YoutubeSpider(SourceSpider):
    """Reads the comments on one video, or on all videos of a channel, each thread with all its replies.

    A page of threads holds up to five replies of each. Where one has more, the page waits for them: it is read when
    they are there, for the channel's answer may be among them. The address of a page of replies says in which run it
    was planned (`run`) and by which page (`of`), so that a later run that goes on with it reads that page again.
    """

    name = "youtube"
    help = "Comments on a YouTube video, or on all videos of a channel, with your own key."
    optional = ("video", "channel", "base")
    newest_first = True
    form_is_sure = True
    credentials = ("key",)
    obeys_robots = False

    def __init__(self, visit: Visit, **arguments: Any) -> None:
        super().__init__(visit, **arguments)
        self._run = uuid4().hex
        self._page = (b"", "", "")
        self._waiting: set[str] = set()
        self._replies: dict[str, list[Any]] = {}
        self._planned: set[str] = set()

    @classmethod
    def validate(cls, target: dict[str, str]) -> dict[str, str]:
        """Return the target with the id of the video or of the channel and, where it is not YouTube's, the base."""
        if address := target.get("url"):
            target = {"channel": address} if _CHANNEL.match(address) else {"video": address}
        check_keys(cls, target)
        video, channel = target.get("video", "").strip(), target.get("channel", "").strip()
        if bool(video) == bool(channel):
            raise UsageError("a target of youtube has a video or a channel; expected video=… or channel=…")
        base = check_url(target.get("base") or HOST).rstrip("/")
        return (_video(video) if video else _channel(channel)) | ({} if base == HOST else {"base": base})

    @classmethod
    def first_urls(cls, target: dict[str, str]) -> list[str]:
        """Return the first page of threads."""
        chosen = {"videoId": target.get("video"), "allThreadsRelatedToChannelId": target.get("channel")}
        return [
            with_query(
                f"{target.get('base', HOST)}/youtube/v3/commentThreads?part=snippet,replies",
                **chosen, order="time", maxResults=PAGE_SIZE, textFormat="plainText",
            )
        ]  # fmt: skip

    def request(self, step: Step) -> Request:
        """Send the key as a header, and to nobody else: a redirect is not followed."""
        request = super().request(step).replace(url=with_query(step.url, of=None, run=None))
        request.headers["X-Goog-Api-Key"] = self.visit.credentials["key"]
        request.headers["Accept"] = "application/json"
        return request

    def accept(self, response: Response, step: Step) -> Response:
        """Let the service's own reason decide where there is one; the thread of replies that are gone has none."""
        if response.status == 404 and "parentId" in query_of(step.url):
            response = response.replace(status=200, body=b'{"items": []}')
        elif response.status >= 400 and (error := refusal(response.body, response.status)):
            raise error
        return super().accept(response, step)

    def read(self, response: Response, step: Step, fetched: datetime) -> Page:
        """Read a page of threads, or plan the pages of replies that it waits for; raises PageError."""
        kind = content_type(response) or ""
        query = query_of(step.url)
        if thread := query.get("parentId"):
            if query.get("run") != self._run:
                return Page(next=(with_query(self.first_urls(self.visit.target)[0], pageToken=query.get("of")),))
            answer = read_json(response.body, step.url, kind, Answer, "YouTube's replies as JSON")
            self._replies.setdefault(thread, []).extend(answer.items)
            if following := self._plan(_next(answer, step.url)):
                return Page(next=following)
            self._waiting.discard(thread)
        else:
            self._page = (response.body, step.url, kind)
            self._waiting = {thread for thread in cut_short(*self._page) if thread not in self._replies}
            if self._waiting:
                urls = (replies_url(step.url, thread, self._run) for thread in sorted(self._waiting))
                return Page(next=self._plan(urls))
        return Page() if self._waiting else parse(*self._page, replies=self._replies)

    def _plan(self, urls: Iterable[str]) -> tuple[str, ...]:
        """Return the pages of replies that were not planned before: a walk takes none twice."""
        following = tuple(url for url in urls if url not in self._planned)
        self._planned.update(following)
        return following


class Channel(Shape):
    """Whose channel it is."""

    value: str | None = None


class Words(Shape):
    """What a comment says, and who says it."""

    authorDisplayName: str | None = None
    authorChannelId: Channel | None = None
    textDisplay: str = ""
    publishedAt: str = ""
    updatedAt: str = ""


class Comment(Shape):
    """A comment or a reply."""

    id: str
    snippet: Words


class ThreadFacts(Shape):
    """A comment and where it stands; `channelId` is the channel that is commented on."""

    topLevelComment: Comment
    channelId: str | None = None
    videoId: str | None = None
    totalReplyCount: int = 0


class Replies(Shape):
    """Some of a thread's replies."""

    comments: tuple[Any, ...] = ()


class Thread(Shape):
    """A thread of the list."""

    id: str
    snippet: ThreadFacts
    replies: Replies = Replies()


class Answer(Shape):
    """A page of threads or of replies."""

    items: tuple[Any, ...]
    nextPageToken: str | None = None


class Reason(Shape):
    """Why a request is refused, in a word."""

    reason: str = ""


class Error(Shape):
    """What the service says where it refuses."""

    errors: tuple[Reason, ...] = ()
    details: tuple[Reason, ...] = ()


class Refusal(Shape):
    """An answer that is an error."""

    error: Error


M = TypeVar("M", bound=Shape)


def parse(body: bytes, url: str, kind: str | None = None, replies: Mapping[str, Sequence[Any]] | None = None) -> Page:
    """Return the comments of a page of threads; `url` is the one it was asked for. Raises PageError.

    `replies` are those of threads that have more than the page holds, by the thread's id.
    """
    answer = read_json(body, url, kind, Answer, "YouTube's comments as JSON")
    rejected: Counter[str] = Counter()
    items: list[Item] = []
    for thread in _read(answer.items, Thread, rejected):
        fetched = (replies or {}).get(thread.id)
        found = _read(fetched or thread.replies.comments, Comment, rejected)
        whole = fetched is not None or len(found) >= thread.snippet.totalReplyCount
        items += _mentions(thread.snippet, found, whole, rejected)
    return Page(items=tuple(items), rejected=rejected, next=tuple(_next(answer, url)))


def cut_short(body: bytes, url: str, kind: str | None = None) -> list[str]:
    """Return the ids of the threads that have more replies than a page of threads holds. Raises PageError."""
    answer = read_json(body, url, kind, Answer, "YouTube's comments as JSON")
    threads = _read(answer.items, Thread, Counter())
    return [thread.id for thread in threads if thread.snippet.totalReplyCount > len(thread.replies.comments)]


def replies_url(url: str, thread: str, run: str) -> str:
    """Return the first page of a thread's replies; `url` is that of the page of threads that plans it in a run."""
    base = url.partition("/youtube/v3/")[0]
    return with_query(
        f"{base}/youtube/v3/comments?part=snippet", parentId=thread, maxResults=PAGE_SIZE, textFormat="plainText",
        of=query_of(url).get("pageToken"), run=run,
    )  # fmt: skip


def refusal(body: bytes, status: int) -> PageError | None:
    """Return what the service's own error means, None where the answer holds none."""
    try:
        error = read_json(body, "", None, Refusal, "an error as JSON").error
    except PageError:
        return None
    reasons = [each.reason for each in (*error.errors, *error.details)]
    for reason in reasons:
        if meaning := _MEANINGS.get(reason):
            return PageError(*meaning)
    named = next((reason for reason in reasons if re.fullmatch(r"[A-Za-z_]{1,50}", reason)), "without a reason")
    return PageError("blocked" if status in (401, 403) else "failed", f"it answered {status}: {named}")


def _next(answer: Answer, url: str) -> Iterator[str]:
    if answer.nextPageToken and answer.nextPageToken != query_of(url).get("pageToken"):
        yield with_query(url, pageToken=answer.nextPageToken)


def _read(objects: Iterable[Any], model: type[M], rejected: Counter[str]) -> list[M]:
    found = []
    for given in objects:
        try:
            found.append(model.model_validate(given))
        except ValidationError:
            rejected[OTHER_FORM] += 1
    return found


def _mentions(thread: ThreadFacts, replies: Sequence[Comment], whole: bool, rejected: Counter[str]) -> Iterator[Item]:
    """The thread's comment with what the channel itself replied, and the replies of others."""
    top, owner = thread.topLevelComment, thread.channelId
    answers = [reply for reply in replies if _by(reply, owner) and _text(reply)]
    for comment in (top, *(reply for reply in replies if not _by(reply, owner))):
        if _by(comment, owner):
            rejected[OWN_WORDS] += 1
        elif not _text(comment):
            rejected[NO_WORDS] += 1
        else:
            item = _item(comment, thread)
            yield _answered(item, answers, known=bool(owner) and whole) if comment is top else item


def _item(comment: Comment, thread: ThreadFacts) -> Item:
    said, top = comment.snippet, thread.topLevelComment
    published, edited = parse_date(said.publishedAt), parse_date(said.updatedAt)
    url = f"https://www.youtube.com/channel/{thread.channelId}" if thread.channelId else None
    if thread.videoId:
        url = with_query("https://www.youtube.com/watch", v=thread.videoId, lc=comment.id)
    attributes = {"video": thread.videoId or "", "reply_to": "" if comment is top else top.id}
    return Item(
        external_id=comment.id,
        text=_text(comment),
        author=said.authorDisplayName or (said.authorChannelId.value if said.authorChannelId else None),
        url=url,
        published=published,
        edited=edited if published and edited and edited > published else None,
        attributes={name: value for name, value in attributes.items() if value},
    )


def _answered(item: Item, answers: Sequence[Comment], *, known: bool) -> Item:
    """Add the channel's replies, in the order of their times; `known` says that there are no others."""
    if not answers:
        return replace(item, reply_state="unanswered" if known else "unknown")
    in_order = sorted(answers, key=lambda answer: answer.snippet.publishedAt)
    return replace(
        item,
        reply_state="answered",
        reply="\n\n".join(map(_text, in_order)),
        replied=parse_date(in_order[0].snippet.publishedAt),
    )


def _text(comment: Comment) -> str:
    return plain(comment.snippet.textDisplay)


def _by(comment: Comment, channel: str | None) -> bool:
    author = comment.snippet.authorChannelId
    return bool(channel and author and author.value == channel)


def _video(given: str) -> dict[str, str]:
    found = _VIDEO.match(given)
    video = found[1] if found else given
    if not re.fullmatch(r"[\w-]{11}", video, re.ASCII):
        raise UsageError(f"video {given!r} is no id of 11 characters; it stands behind v= in the video's address")
    return {"video": video}


def _channel(given: str) -> dict[str, str]:
    found = _CHANNEL.match(given)
    channel = found[1] if found else given
    if not re.fullmatch(r"UC[\w-]{22}", channel, re.ASCII):
        raise UsageError(
            f"channel {given!r} is no id; expected UC and 22 characters, as 'Share channel' on its page copies"
        )
    return {"channel": channel}
