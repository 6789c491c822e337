"""Trying again: a server that fails, a connection that drops, a host that asks to be left alone for a while."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from scrapy.http import Request, Response

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
PASSING_ERRORS = (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
LEAST_BACKOFF = 0.1
RESETS = ("RateLimit-Retry-After", "RateLimit-Reset", "X-RateLimit-Reset")
"""Where services write when their limit ends, if not in Retry-After: WooCommerce, the IETF's draft, Mastodon."""
FIRST_EPOCH = 1e9
"""Numbers from here on are seconds since 1970 and not seconds to wait."""


def retry_after(header: str | None, now: datetime) -> float | None:
    """Return the seconds that a header asks to wait, written as seconds, as a date or since 1970; None for none.

    >>> retry_after("120", datetime(2026, 1, 1, tzinfo=UTC))
    120.0
    >>> retry_after("2026-01-01T00:00:05.000Z", datetime(2026, 1, 1, tzinfo=UTC))
    5.0
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:12])
        return seconds if seconds < FIRST_EPOCH else max(0.0, seconds - now.timestamp())
    moment = _moment(text)
    if moment is None:
        return None
    return max(0.0, ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds())


def _moment(text: str) -> datetime | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            return read(text)
        except (ValueError, TypeError, IndexError):
            continue
    return None


def asked_wait(response: Response, now: datetime) -> float | None:
    """Return the seconds that an answer asks to wait: its Retry-After, or on 429 the end of the limit it tells of."""
    named = ("Retry-After", *RESETS) if response.status == 429 else ("Retry-After",)
    waits = (retry_after((response.headers.get(name) or b"").decode("latin-1"), now) for name in named)
    return next((wait for wait in waits if wait), None)


class Stopping:
    """The wish to end a run, which ends every waiting as well."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Wish the run to end."""
        self._event.set()

    def is_set(self) -> bool:
        """Say whether the run is to end."""
        return self._event.is_set()

    async def sleep(self, seconds: float | None = None) -> bool:
        """Wait so long (None: for ever), less when the run is to end; return whether it is."""
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return False
        return True


class PatienceMiddleware:
    """Retries what may pass by itself, crawl.retries times, each after a longer wait or the one that was asked for.

    A host that asks for more than crawl.max_wait seconds is not asked again in this run.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._spider = crawler.spider
        self._stopping: Stopping = crawler.spider.visit.stopping  # type: ignore[union-attr]
        self._retries = settings.getint("RETRY_TIMES")
        self._longest = settings.getfloat("OVERHEARD_MAX_WAIT")
        self._backoff = max(settings.getfloat("DOWNLOAD_DELAY"), LEAST_BACKOFF)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the middleware as Scrapy does."""
        return cls(crawler)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return the request to send again after a wait, or the answer where it is final."""
        if response.status not in PASSING_STATUSES:
            return response
        asked = asked_wait(response, datetime.now(UTC))
        if asked is not None and asked > self._longest:
            return response
        return await self._again(request, str(response.status), asked) or response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """Return the request to send again after a wait, or None where the error is final."""
        if isinstance(exception, PASSING_ERRORS):
            return await self._again(request, type(exception).__name__, None)
        return None

    async def _again(self, request: Request, reason: str, wait: float | None) -> Request | None:
        assert self._spider is not None
        again = get_retry_request(
            request, spider=self._spider, reason=reason, max_retry_times=self._retries, give_up_log_level=logging.DEBUG
        )
        if again is None:
            return None
        if wait is None:
            wait = min(self._backoff * 2 ** request.meta.get("retry_times", 0), self._longest)
        return None if await self._stopping.sleep(wait) else again
