"""What a crawl would fetch, from the store alone: nothing is asked of any server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from overheard.crawler.kinds import find_kind
from overheard.crawler.walk import Rest
from overheard.errors import UsageError
from overheard.settings import Settings
from overheard.store.brands import find_source
from overheard.store.tables import Crawl, Source


@dataclass(frozen=True, slots=True)
class Plan:
    """What a crawl of one source would do: begin at `urls`, read on `until`, with `delay` seconds between requests."""

    source_id: int
    kind: str
    urls: tuple[str, ...]
    until: str
    max_pages: int
    delay: float
    refusal: str | None = None


def plan(session: Session, settings: Settings, source_ids: Sequence[int], *, sweep: bool) -> list[Plan]:
    """Return what crawling the sources would do, in their order; raises NotFoundError for an unknown one."""
    return [_plan(session, settings, find_source(session, number), sweep) for number in source_ids]


def _plan(session: Session, settings: Settings, source: Source, sweep: bool) -> Plan:
    crawl = settings.crawl
    try:
        kind = find_kind(source.kind)
        urls = tuple(kind.spider.first_urls(kind.validate(source.target)))
    except UsageError as error:
        return Plan(source.id, source.kind, (), "", crawl.max_pages, crawl.delay, str(error))
    until = "the end"
    if kind.newest_first and source.watermark and not sweep:
        until = f"what was published before {source.watermark:%Y-%m-%d %H:%M}"
    kept = select(Crawl.rest).where(Crawl.source_id == source.id).order_by(Crawl.id.desc()).limit(1)
    if not sweep and (left := session.scalar(kept)):
        steps = Rest.from_json(left).steps
        urls = tuple(step.url for step in steps[:1])
        until = f"{until}; goes on where the last crawl was cut off, {len(steps)} pages planned"
    return Plan(source.id, source.kind, urls, until, crawl.max_pages, crawl.delay)
