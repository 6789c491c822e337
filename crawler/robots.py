"""robots.txt as RFC 9309 has it: what it forbids is left alone, and where it cannot be read everything is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from protego import Protego
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response

from overheard.crawler.answers import Forbidden, RobotsUnreachable, explain
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import decode

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

LONGEST = 512_000
"""Bytes of a robots.txt that are read; the standard asks for at least as many."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a host's robots.txt says to us.

    `refusal` is why we keep out of everything, None where we do not; `delay` is its Crawl-delay in seconds.
    """

    parsed: Protego | None = None
    refusal: PageError | None = None
    delay: float = 0.0

    @classmethod
    def read(cls, status: int, body: bytes, product: str, longest_delay: float) -> Rules:
        """Return the rules of an answer: 4xx forbids nothing, 5xx and 429 everything, for now.

        `product` is the name that robots.txt files know us by; a Crawl-delay over `longest_delay` seconds forbids all.
        """
        if status >= 500 or status == 429:
            return cls(refusal=PageError("blocked", f"robots.txt answered {status}: keep out for now; try again later"))
        if not 200 <= status < 300:
            return cls()
        parsed = Protego.parse(decode(body[:LONGEST]))
        delay = parsed.crawl_delay(product) or 0.0
        if delay > longest_delay:
            asks = f"robots.txt asks for {delay:g} s between requests, more than crawl.max_wait; raise that to wait"
            return cls(refusal=PageError("blocked", asks))
        return cls(parsed=parsed, delay=delay)

    def check(self, url: str, product: str) -> None:
        """Raise Forbidden or RobotsUnreachable where the rules keep us from a URL."""
        if self.refusal:
            raise RobotsUnreachable(self.refusal)
        if self.parsed and not self.parsed.can_fetch(url, product):
            raise Forbidden(url)


class RobotsMiddleware:
    """Reads the robots.txt of a host before its first page, once in a run, and obeys it and its Crawl-delay."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._product = crawler.settings["ROBOTSTXT_USER_AGENT"]
        self._longest_delay = crawler.settings.getfloat("OVERHEARD_MAX_WAIT")
        self._rules: dict[str, Rules] = crawler.spider.visit.robots  # type: ignore[union-attr]
        self._obeys: bool = crawler.spider.obeys_robots  # type: ignore[union-attr]
        self._lock = asyncio.Lock()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the middleware as Scrapy does."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let a request pass, or raise Forbidden or RobotsUnreachable."""
        if request.meta.get("is_robots") or not self._obeys:
            return
        parts = urlsplit(request.url)
        root = f"{parts.scheme}://{parts.netloc}"
        async with self._lock:
            if root not in self._rules:
                self._rules[root] = await self._fetch(f"{root}/robots.txt")
        rules = self._rules[root]
        rules.check(request.url, self._product)
        if rules.delay:
            # AutoThrottle would lower the delay again, towards what the host can bear and not what it asked for.
            request.meta["autothrottle_dont_adjust_delay"] = True
            slot = self._crawler.engine.downloader.slots.get(parts.hostname or "")
            if slot:
                slot.delay = max(slot.delay, rules.delay)

    async def _fetch(self, url: str) -> Rules:
        try:
            response: Response = await self._crawler.engine.download_async(
                Request(url, priority=1000, dont_filter=True, meta={"is_robots": True})
            )
        except IgnoreRequest:
            return Rules()  # redirects without end: the standard calls that unavailable, which forbids nothing
        except Exception as error:
            reason = explain(error)
            return Rules(refusal=PageError(reason.outcome, f"robots.txt cannot be read ({reason}); keep out for now"))
        return Rules.read(response.status, response.body, self._product, self._longest_delay)
