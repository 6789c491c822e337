"""What a crawl would fetch, from the store alone: nothing is asked of any server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from overheard.crawler.credentials import read_credentials
from overheard.crawler.kinds import Kind, find_kind
from overheard.crawler.spider import SourceSpider
from overheard.crawler.walk import Limits, Rest, Walk
from overheard.errors import UsageError
from overheard.settings import Settings
from overheard.store.brands import find_source
from overheard.store.tables import Crawl, Source


@dataclass(frozen=True, slots=True)
class Plan:
    """What a crawl of one source would do.

    `first` are requests before the pages, where the run has not made them for another source; `urls` the pages that are
    known by now, which lead to more; it reads on `until`, `max_pages` and `limit` items (None: all) at most, with
    `delay` seconds between requests at the least. `refusal` is why it would ask nothing.
    """

    source_id: int
    kind: str
    urls: tuple[str, ...]
    until: str
    max_pages: int
    delay: float
    refusal: str | None = None
    first: tuple[str, ...] = ()
    limit: int | None = None


def plan(session: Session, settings: Settings, source_ids: Sequence[int], limits: Limits) -> list[Plan]:
    """Return what crawling the sources would do, in their order; raises NotFoundError for an unknown one."""
    return [_plan(session, settings, find_source(session, number), limits) for number in source_ids]


def _plan(session: Session, settings: Settings, source: Source, limits: Limits) -> Plan:
    delay = settings.crawl.delay
    try:
        kind = find_kind(source.kind)
        urls = kind.spider.first_urls(kind.validate(source.target))
        read_credentials(kind.name, kind.spider.credentials, settings)
    except UsageError as error:
        return Plan(source.id, source.kind, (), "", limits.max_pages, delay, str(error), limit=limits.limit)
    kept = select(Crawl.rest).where(Crawl.source_id == source.id).order_by(Crawl.id.desc()).limit(1)
    left = None if limits.sweep else session.scalar(kept)
    rest = Rest.from_json(left) if left else None
    walk = Walk(limits, newest_first=kind.newest_first, started=datetime.now(UTC), rest=rest)
    walk.start(urls)
    until = _until(kind, None if limits.sweep else source.watermark, limits.since)
    return Plan(
        source_id=source.id,
        kind=source.kind,
        urls=walk.planned,
        until=f"{until}; goes on where the last crawl was cut off" if rest else until,
        max_pages=limits.max_pages,
        delay=delay,
        first=_first(kind, walk.planned),
        limit=limits.limit,
    )


def _until(kind: Kind, watermark: datetime | None, since: datetime | None) -> str:
    bound = max(filter(None, [watermark, since]), default=None)
    if bound and kind.newest_first:
        return f"what was published before {bound:%Y-%m-%d %H:%M}"
    return f"the end, what is older than {since:%Y-%m-%d %H:%M} left out" if since else "the end"


def _first(kind: Kind, urls: Sequence[str]) -> tuple[str, ...]:
    spider = kind.spider
    robots = dict.fromkeys("{0.scheme}://{0.netloc}/robots.txt".format(urlsplit(url)) for url in urls)
    # Stack Exchange's waits there, and asks nothing.
    logs_in = spider.credentials and spider.log_in is not SourceSpider.log_in
    return (*(robots if spider.obeys_robots else ()), *(("a request to log in",) if logs_in else ()))
