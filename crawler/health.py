"""The health of the sources: how each was crawled last, what it holds, when it is due, what it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from overheard.crawler.credentials import read_credentials
from overheard.crawler.kinds import find_kind
from overheard.crawler.walk import STOPPED
from overheard.errors import UsageError
from overheard.settings import Settings
from overheard.store.brands import FROM_FILES, list_sources
from overheard.store.tables import Crawl, Mention, Source

OVERDUE = 2
"""A source that was not crawled for so many of its intervals is overdue: the nightly job does not run."""


@dataclass(frozen=True, slots=True)
class Health:
    """How one source is.

    `health` is `well`, or what is wrong: `paused`, `never crawled`, `overdue`, `not configured`, or the outcome of the
    last crawl. One that was told to stop early (`--since`, `--limit`), and did, says little of the source and is passed
    over where there are others. `reason` says why in one line. `mentions` are in the store, `vanished` of them no more
    at the source.
    """

    source_id: int
    brand: str | None
    kind: str
    name: str
    health: str
    reason: str | None
    last_crawl: datetime | None
    newest: datetime | None
    mentions: int
    vanished: int


class Held(NamedTuple):
    """What the store holds of a source."""

    mentions: int = 0
    vanished: int = 0
    newest: datetime | None = None


def examine(session: Session, settings: Settings, now: datetime, daily: int) -> list[Health]:
    """Return the health of every source that is crawled, in the order of their numbers.

    `daily` is the interval in seconds of those that have none of their own.
    """
    gone = func.sum(case((Mention.vanished.is_not(None), 1), else_=0))
    counts = select(Mention.source_id, func.count(), gone, func.max(Mention.published)).group_by(Mention.source_id)
    held = {source: Held(total, vanished, newest) for source, total, vanished, newest in session.execute(counts)}
    in_part = (Crawl.outcome == "ok") & func.coalesce(Crawl.reason, "").startswith(STOPPED)
    newest = func.coalesce(func.max(case((~in_part, Crawl.id))), func.max(Crawl.id))
    last = select(newest).where(Crawl.outcome != "running").group_by(Crawl.source_id)
    crawls = {crawl.source_id: crawl for crawl in session.scalars(select(Crawl).where(Crawl.id.in_(last)))}
    sources = [source for source in list_sources(session) if source.kind not in FROM_FILES]
    return [_of(source, crawls.get(source.id), held.get(source.id, Held()), settings, now, daily) for source in sources]


def _of(
    source: Source, last: Crawl | None, held: Held, settings: Settings,
    now: datetime, daily: int,
) -> Health:  # fmt: skip
    health, reason = _judge(source, last, settings, now, daily)
    return Health(
        source_id=source.id,
        brand=source.brand.name if source.brand else None,
        kind=source.kind,
        name=source.name,
        health=health,
        reason=reason,
        last_crawl=last.started_at if last else None,
        newest=held.newest,
        mentions=held.mentions,
        vanished=held.vanished,
    )


def _judge(source: Source, last: Crawl | None, settings: Settings, now: datetime, daily: int) -> tuple[str, str | None]:
    if source.paused:
        return "paused", f"left out of refresh; `overheard source resume {source.id}`"
    try:
        read_credentials(source.kind, find_kind(source.kind).spider.credentials, settings)
    except UsageError as error:
        return "not configured", str(error)
    if last is None:
        return "never crawled", f"run `overheard crawl --source {source.id}`"
    if last.outcome != "ok":
        return last.outcome, last.reason
    if now - last.started_at > OVERDUE * timedelta(seconds=source.every or daily):
        return "overdue", f"last crawled {(now - last.started_at).days} days ago; is `overheard refresh` in cron?"
    return "well", last.reason


def ailing(found: Sequence[Health]) -> list[Health]:
    """Return those of which a person should know."""
    return [each for each in found if each.health not in ("well", "paused")]
