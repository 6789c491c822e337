"""Run crawls: all sources of one call in one process, hosts side by side, the sources of one host one by one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.settings import Settings as ScrapySettings

from overheard.crawler.credentials import read_credentials, reason_of
from overheard.crawler.kinds import Kind, find_kind, kinds, parse_target
from overheard.crawler.ledger import Ledger, Vanished
from overheard.crawler.outcomes import CrawlProgress, CrawlResult
from overheard.crawler.patience import Stopping
from overheard.crawler.reactor import react
from overheard.crawler.robots import Rules
from overheard.crawler.settings import scrapy_settings
from overheard.crawler.spider import Visit
from overheard.crawler.walk import Limits, Walk
from overheard.errors import OverheardError, SettingsError, UsageError
from overheard.intake.desk import Intake
from overheard.settings import Settings
from overheard.store.brands import find_source
from overheard.store.database import Store

__all__ = ["CrawlProgress", "CrawlResult", "Kind", "crawl", "kinds", "parse_target"]

logger = logging.getLogger(__name__)

HOSTS_AT_ONCE = 16
GRACE = 5.0
"""Seconds that a page in hand gets to arrive after the wish to stop."""


def crawl(
    store: Store,
    settings: Settings,
    source_ids: Sequence[int],
    *,
    since: datetime | None = None,
    limit: int | None = None,
    sweep: bool = False,
    on_page: Callable[[CrawlProgress], None] | None = None,
) -> list[CrawlResult]:
    """Crawl the sources and return what became of each, in their order; can run once in a process.

    `since` (aware) leaves older items out, `limit` takes so many items of each source; `sweep` reads all that a source
    shows, whatever was read before, and marks what it shows no more as vanished; `on_page` is called after each page is
    stored. The first SIGINT or SIGTERM ends the run after the page in hand, with the outcome `interrupted` for
    what is not done; the second is the caller's. Raises NotFoundError for an unknown source and StoreError where the
    store itself fails; what goes wrong with a source is in its result.
    """
    if not source_ids:
        return []
    limits = Limits(since=since, limit=limit, max_pages=settings.crawl.max_pages, sweep=sweep)
    run = _Run(store, settings, limits, on_page)
    plan = run.plan(source_ids)
    react(lambda: run.main(plan), stop=run.stop, secrets=run.secrets)
    if run.broken:
        raise run.broken
    return [run.results[number] for number in dict.fromkeys(source_ids)]


@dataclass(frozen=True, slots=True)
class _Planned:
    """A source to crawl: its kind and valid target, or why it has none."""

    number: int
    kind: Kind | None
    target: dict[str, str]
    host: str = ""
    refusal: str | None = None


class _Run:
    def __init__(
        self,
        store: Store,
        settings: Settings,
        limits: Limits,
        on_page: Callable[[CrawlProgress], None] | None,
    ) -> None:
        self.results: dict[int, CrawlResult] = {}
        self.broken: OverheardError | None = None
        self._store = store
        self._limits = limits
        self._on_page = on_page
        self._settings = settings
        self._delay = settings.crawl.delay
        self.secrets: set[str] = set()
        self._intake = Intake(store, settings, remember=True)
        self._robots: dict[str, Rules] = {}
        self._runner = AsyncCrawlerRunner(ScrapySettings(scrapy_settings(settings.crawl)))
        self._crawlers: set[Crawler] = set()
        self._hosts = asyncio.Semaphore(HOSTS_AT_ONCE)
        self._stopping = Stopping()

    def plan(self, source_ids: Sequence[int]) -> list[list[_Planned]]:
        """Return the sources grouped by host; raises NotFoundError for one that does not exist."""
        groups: dict[str, list[_Planned]] = {}
        with self._store.reading() as session:
            for number in dict.fromkeys(source_ids):
                source = find_source(session, number)
                planned = _planned(number, source.kind, source.target)
                groups.setdefault(planned.host, []).append(planned)
        return list(groups.values())

    async def main(self, plan: list[list[_Planned]]) -> None:
        """Crawl all groups side by side, until they are through or the run is to end."""
        groups = [asyncio.ensure_future(self._group(group)) for group in plan]
        through: asyncio.Future[Any] = asyncio.gather(*groups)
        stop: asyncio.Future[Any] = asyncio.ensure_future(self._stopping.sleep())
        await asyncio.wait({through, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not through.done():
            closing = asyncio.gather(*(crawler.stop_async() for crawler in self._crawlers))
            await asyncio.wait({through}, timeout=GRACE)
            closing.cancel()
            for group in groups:
                group.cancel()
        stop.cancel()
        await through

    def stop(self) -> None:
        """Wish the run to end after the page in hand."""
        self._stopping.set()

    async def _group(self, group: list[_Planned]) -> None:
        """Crawl the sources of one host, one after the other, as politely as the pages of one."""
        async with self._hosts:
            for place, planned in enumerate(group):
                if place:
                    await self._stopping.sleep(self._pause(planned.host))
                if self._stopping.is_set():
                    self.results[planned.number] = CrawlResult(planned.number, "interrupted", "stopped before it began")
                else:
                    await self._source(planned)

    def _pause(self, host: str) -> float:
        asked = [rules.delay for root, rules in self._robots.items() if urlsplit(root).hostname == host]
        return max([self._delay, *asked])

    async def _source(self, planned: _Planned) -> None:
        ledger = Ledger(self._store, self._intake, planned.number)
        try:
            facts = ledger.open()
            if self._limits.sweep:
                facts = replace(facts, watermark=None, rest=None, state={})
            if planned.kind is None:
                self.results[planned.number] = ledger.refuse("failed", planned.refusal)
                return
            credentials = self._credentials(planned.kind)
            limits = replace(self._limits, watermark=facts.watermark)
            walk = Walk(limits, newest_first=planned.kind.newest_first, started=datetime.now(UTC), rest=facts.rest)
            visit = Visit(
                facts, planned.target, walk, ledger, self._stopping, self._robots, credentials, self.secrets,
                self._on_page, dict(facts.state),
            )  # fmt: skip
            await self._visit(planned.kind, visit)
            self.results[planned.number] = _conclude(planned.kind, visit, ledger, self._limits.sweep)
        except SettingsError as error:
            self.results[planned.number] = ledger.refuse("blocked", str(error))
        except OverheardError as error:
            # The store itself fails: no other source could do better.
            self.broken = self.broken or error
            self.stop()

    def _credentials(self, kind: Kind) -> dict[str, str]:
        found = read_credentials(kind.name, kind.spider.credentials, self._settings)
        self.secrets.update(found.values())
        return found

    async def _visit(self, kind: Kind, visit: Visit) -> None:
        crawler = self._runner.create_crawler(kind.spider)
        self._crawlers.add(crawler)
        try:
            await self._runner.crawl(crawler, visit=visit)
        except asyncio.CancelledError:
            logger.info("source %d: given up after %g s of grace", visit.facts.id, GRACE)
        except Exception as error:
            logger.error("source %d: %s", visit.facts.id, type(error).__name__)
            logger.debug("in full", exc_info=True)
            reason = reason_of(f"{type(error).__name__}: {error}; please report this", self.secrets)
            visit.walk.end("failed", reason)
        finally:
            self._crawlers.discard(crawler)
        if visit.broken:
            raise visit.broken
        if not visit.finished and self._stopping.is_set():
            visit.walk.end("interrupted", f"stopped; {self._limits.onward}")
        elif not visit.finished:
            visit.walk.end("failed", "the crawl ended before its last page; please report this")


def _planned(number: int, name: str, target: dict[str, str]) -> _Planned:
    try:
        kind = find_kind(name)
        valid = kind.validate(target)
    except UsageError as error:
        return _Planned(number, None, target, refusal=f"source {number}: {error}")
    return _Planned(number, kind, valid, kind.host(valid))


def _conclude(kind: Kind, visit: Visit, ledger: Ledger, sweep: bool) -> CrawlResult:
    """Write down how a crawl ended; only one that left nothing out moves the watermark."""
    walk, spider = visit.walk, kind.spider
    outcome, reason = walk.verdict(visit.facts.before, form_is_sure=spider.form_is_sure)
    if outcome not in ("ok", "stale") or walk.cut:
        return ledger.close(walk, outcome, reason)
    vanished: Vanished = "none"
    if walk.saw_all and (spider.whole or sweep):
        vanished = "all" if spider.whole else "since the oldest"
    return ledger.close_complete(walk, outcome, reason, state=visit.state, vanished=vanished)
