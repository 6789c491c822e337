"""Questions on Stack Overflow and the other sites of Stack Exchange, newest first, by its API."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, ClassVar, Self
from urllib.parse import urlencode, urlsplit

from lxml import etree
from pydantic import FiniteFloat, model_validator
from scrapy.http import Request, Response

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
from overheard.crawler.page import Page, parsed, plain, text_of, web_url
from overheard.crawler.spider import SourceSpider, check_keys, check_url
from overheard.crawler.walk import Step
from overheard.errors import UsageError
from overheard.intake.item import Item

HOST = "https://api.stackexchange.com"
PAGE_SIZE = 100
LAST_PAGE = 25
"""Page 26 is for those with a key; a new slice of time begins in its place."""

A_DAY = 86_400.0
THROTTLED = 502
REFUSALS = (401, 402, 403, 406, THROTTLED)
"""The `error_id` of "too many requests", and of all by which it refuses; they come with status 400, as all errors."""

_LOCAL = re.compile(r"https?://(es|pt)\.")
"""The addresses of the sites that are held in Spanish and in Portuguese."""


class StackexchangeSpider(SourceSpider):
    """Reads the questions of a site that match a query, and leaves the service alone for as long as it asks."""

    name = "stackexchange"
    help = "Questions on Stack Overflow or another Stack Exchange site that match a query, by the public API."
    required = ("query", "site")
    optional = ("base",)
    sought = "query"
    newest_first = True
    form_is_sure = True
    obeys_robots = False

    _not_before: ClassVar[dict[str, float]] = {}
    """The moment (time.monotonic) before which a host may not be asked again: all sources of a run keep to it."""

    @classmethod
    def validate(cls, target: dict[str, str]) -> dict[str, str]:
        """Return the target with the query, the site's name in the API and, where it is given, the base."""
        check_keys(cls, target)
        query = " ".join(target["query"].split())
        given = target["site"].strip().casefold()
        site = re.sub(r"^https?://|/.*$", "", given).removesuffix(".stackexchange.com").removesuffix(".com")
        if not re.fullmatch(r"[a-z0-9]+(?:[.-][a-z0-9]+)*", site):
            raise UsageError(f"site {target['site']!r} is no name of a site; expected such as stackoverflow or money")
        base = check_url(target.get("base") or HOST).rstrip("/")
        return {"query": query, "site": site} | ({} if base == HOST else {"base": base})

    @classmethod
    def first_urls(cls, target: dict[str, str]) -> list[str]:
        """Return the first page."""
        asked = {
            "q": target["query"], "site": target["site"], "sort": "creation", "order": "desc", "filter": "withbody",
            "pagesize": PAGE_SIZE, "page": 1,
        }  # fmt: skip
        return [f"{target.get('base', HOST)}/2.3/search/advanced?{urlencode(asked)}"]

    async def log_in(self) -> None:
        """Wait for as long as an earlier source was asked to; raises PageError where that is too long."""
        rest = self._rest()
        if rest > self._longest():
            raise PageError("blocked", f"it asked to be left alone for another {rest:.0f} seconds; try later")
        await self.visit.stopping.sleep(rest)

    async def parse(self, response: Response, step: Step) -> AsyncIterator[Request]:  # type: ignore[override]
        """Store a page and go on to the next when the service allows it."""
        for request in super().parse(response, step):
            if not await self.visit.stopping.sleep(self._rest()):
                yield request

    def accept(self, response: Response, step: Step) -> Response:
        """Let the body say what went wrong, which `read` understands."""
        return super().accept(response.replace(status=200) if response.status == 400 else response, step)

    def read(self, response: Response, step: Step, fetched: datetime) -> Page:
        """Read an answer, and remember for how long it asks to be left alone; raises PageError."""
        answer = read_answer(response.body, step.url, content_type(response))
        rest = A_DAY if answer.quota_remaining == 0 or answer.error_id == THROTTLED else answer.backoff or 0.0
        host = self._host()
        self._not_before[host] = max(self._not_before.get(host, 0.0), time.monotonic() + rest)
        page = page_of(answer, step.url)
        if page.next and rest > self._longest():
            self._end("blocked", _why(answer))
        return page

    def _host(self) -> str:
        return urlsplit(self.visit.target.get("base", HOST)).netloc

    def _rest(self) -> float:
        return max(0.0, self._not_before.get(self._host(), 0.0) - time.monotonic())

    def _longest(self) -> float:
        return self.settings.getfloat("OVERHEARD_MAX_WAIT")


class Owner(Shape):
    """Who asked; the name of a deleted user is a made-up one."""

    display_name: str | None = None


class Question(Shape):
    """A question; its title and its text are HTML."""

    question_id: int
    title: str = ""
    body: str = ""
    tags: tuple[str, ...] = ()
    owner: Owner = Owner()
    creation_date: float | None = None
    last_edit_date: float | None = None
    link: str | None = None


class Answer(Shape):
    """A page of questions, or an error."""

    items: tuple[Any, ...] | None = None
    has_more: bool = False
    total: int | None = None
    backoff: FiniteFloat | None = None
    quota_remaining: int | None = None
    quota_max: int | None = None
    error_id: int | None = None
    error_message: str = ""

    @model_validator(mode="after")
    def _either(self) -> Self:
        if self.items is None and self.error_id is None:
            raise ValueError("neither questions nor an error")
        return self


def read_answer(body: bytes, url: str, kind: str | None = None) -> Answer:
    """Return what the service answers, an error too; raises PageError where it is neither."""
    return read_json(body, url, kind, Answer, "questions of Stack Exchange as JSON")


def page_of(answer: Answer, url: str) -> Page:
    """Return the questions of an answer; `url` is the one it was asked for. Raises PageError for an error."""
    if answer.error_id is not None:
        message = " ".join(answer.error_message.split())
        blocked = answer.error_id in REFUSALS
        raise PageError(
            "blocked" if blocked else "failed",
            f"it answered error {answer.error_id} ({message}); {'try later' if blocked else 'check the target'}",
        )
    given, following = _cut(answer, url)
    items, rejected = read_items(given, Question, _item)
    return Page(items=items, rejected=rejected, next=(following,) if following else (), claimed=answer.total)


def parse(body: bytes, url: str, kind: str | None = None) -> Page:
    """Return the questions of a page; `url` is the one it was asked for. Raises PageError."""
    return page_of(read_answer(body, url, kind), url)


def _cut(answer: Answer, url: str) -> tuple[tuple[Any, ...], str | None]:
    """Return the questions of a page that count here, and the page that follows.

    After the last page a new slice begins with the second of the last question, which may hold more of them: they are
    left to that slice.
    """
    given, page = answer.items or (), query_of(url).get("page", "")
    if not answer.has_more or not given or not page.isdecimal():
        return given, None
    if int(page) < LAST_PAGE:
        return given, with_query(url, page=int(page) + 1)
    last = _second(given[-1])
    newer = tuple(question for question in given if _second(question) != last)
    if last is None or not newer:
        raise PageError("failed", f"page {page} is the last, and its questions do not say where to go on")
    return newer, with_query(url, page=1, todate=last)


def _second(question: Any) -> int | None:
    given = question.get("creation_date") if isinstance(question, dict) else None
    return given if isinstance(given, int) else None


def _why(answer: Answer) -> str:
    if answer.quota_remaining == 0:
        return f"the {answer.quota_max or ''} requests of the day are used up; try again tomorrow".replace("  ", " ")
    return f"it asks to be left alone for {answer.backoff:g} seconds, longer than crawl.max_wait; try later"


def _item(question: Question) -> Item | None:
    text, title = _words(question.body), plain(question.title)
    if not text and not title:
        return None
    tags = ", ".join(question.tags)
    local = _LOCAL.match(question.link or "")
    published, edited = from_epoch(question.creation_date), from_epoch(question.last_edit_date)
    return Item(
        external_id=str(question.question_id),
        text=text,
        title=title or None,
        language=local[1] if local else None,
        author=plain(question.owner.display_name or "") or None,
        url=web_url(question.link or ""),
        published=published,
        edited=edited if published and edited and edited > published else None,
        attributes={"tags": tags} if tags else {},
    )


def _words(body: str) -> str:
    """Return the text without quotes, which are others' words, and without blocks of code and logs."""
    root = parsed(f"<body>{body}").root
    etree.strip_elements(root, "blockquote", "pre", with_tail=False)
    return text_of(root)
