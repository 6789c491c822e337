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

from overheard.crawler.answers import is_cut_off

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


def retry_after(header: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks to wait, written as seconds or as a date; None for none.

    >>> retry_after("120", datetime(2026, 1, 1, tzinfo=UTC))
    120.0
    """
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return max(0.0, ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds())


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
        if is_cut_off(response):
            return await self._again(request, "cut off", None) or response
        if response.status not in PASSING_STATUSES:
            return response
        header = response.headers.get("Retry-After")
        asked = retry_after(header.decode("latin-1") if header else None, datetime.now(UTC))
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
