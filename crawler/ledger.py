"""What a crawl writes down: each page with its counts in one transaction, the watermark only at a good end."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any, Literal

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from overheard.crawler.before import RECENT, Before
from overheard.crawler.outcomes import CrawlProgress, CrawlResult, Outcome
from overheard.crawler.walk import Rest, Walk
from overheard.intake.desk import Intake
from overheard.intake.item import Item
from overheard.store.brands import find_source
from overheard.store.database import Store
from overheard.store.mentions import Counts, compare_again, mark_stale
from overheard.store.tables import Base, Crawl, Mention, MentionBrand

logger = logging.getLogger(__name__)

SEEN = ("repeated", "claimed", "oldest", "newest")
"""What a walk counts and a crawl's row keeps, under the same names."""

_CRAWLS = Base.metadata.tables[Crawl.__tablename__]

LAST_CRAWLS = 5
"""Crawls that tell how much a source usually holds."""

SHORT_REST = 200
"""A longer list of pages that are left is written down after every second page, every third…: it has its price."""

Vanished = Literal["none", "all", "since the oldest"]
"""Of the mentions that a crawl did not see, which have vanished: where a source shows its newest only, the older ones
are just out of sight."""


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What a crawl needs to know of its source, free of any session."""

    id: int
    kind: str
    target: dict[str, str]
    watermark: datetime | None
    state: dict[str, Any]
    brand_ids: tuple[int, ...]
    before: Before
    rest: Rest | None


class Ledger:
    """The record of one crawl of one source, from `open` to `close`."""

    def __init__(self, store: Store, intake: Intake, source_id: int) -> None:
        self._store = store
        self._intake = intake
        self._source_id = source_id
        self._crawl_id = 0
        self._counts = Counts()
        self._items = 0
        self._rejected: Counter[str] = Counter()
        self._pages = 0

    def open(self) -> SourceFacts:
        """Begin the crawl's row, close those that killed processes left behind, and return the source's facts."""
        with self._store.session() as session:
            source = find_source(session, self._source_id)
            now = datetime.now(UTC)
            kept = session.scalar(
                select(Crawl.rest).where(Crawl.source_id == source.id).order_by(Crawl.id.desc()).limit(1)
            )
            session.execute(
                update(Crawl)
                .where(Crawl.source_id == source.id, Crawl.outcome == "running")
                .values(outcome="interrupted", finished_at=now, reason="its process ended before it did")
            )
            crawl = Crawl(source_id=source.id, started_at=now, outcome="running")
            session.add(crawl)
            session.flush()
            self._crawl_id = crawl.id
            return SourceFacts(
                id=source.id,
                kind=source.kind,
                target=dict(source.target),
                watermark=source.watermark,
                state=dict(source.state),
                brand_ids=(source.brand_id,) if source.brand_id is not None else (),
                before=_before(session, source.id),
                rest=Rest.from_json(kept) if kept else None,
            )

    def page(
        self, items: Sequence[Item], rejected: Counter[str], brand_ids: Collection[int], rest: Rest | None
    ) -> CrawlProgress:
        """Store a page: its items, the crawl's counts and the pages that are left, in one transaction."""
        with self._store.session() as session:
            counts = self._counts
            if items:
                counts += self._intake.receive_in(session, self._source_id, items, brand_ids)
            kept: dict[str, Any] = {}
            if self._pages % (1 + len(rest.steps if rest else ()) // SHORT_REST) == 0:
                kept = {"rest": _kept(rest)}
            self._write(
                session,
                pages=self._pages + 1,
                items=self._items + len(items),
                rejected=self._rejected.total() + rejected.total(),
                added=counts.added,
                updated=counts.updated,
                unchanged=counts.unchanged,
                **kept,
            )
        # Only what is committed counts.
        self._counts = counts
        self._pages += 1
        self._items += len(items)
        self._rejected += rejected
        for reason, count in rejected.items():
            logger.warning("source %d, page %d: %d × %s", self._source_id, self._pages, count, reason)
        return CrawlProgress(self._source_id, self._pages, self._items, counts.added, counts.updated)

    def _write(self, session: Session, **values: Any) -> None:
        session.execute(update(_CRAWLS).where(_CRAWLS.c.id == self._crawl_id).values(values))

    def refuse(self, outcome: Outcome, reason: str | None) -> CrawlResult:
        """End the row of a crawl that could not begin."""
        with self._store.session() as session:
            self._end(session, outcome, reason)
        return self._result(outcome, reason)

    def close(self, walk: Walk, outcome: Outcome, reason: str | None) -> CrawlResult:
        """End a crawl that left something out, with what is left for the next one."""
        with self._store.session() as session:
            self._end(session, outcome, reason, walk, walk.rest())
        return self._result(outcome, reason, walk)

    def close_complete(
        self, walk: Walk, outcome: Outcome, reason: str | None, *, state: dict[str, Any], vanished: Vanished
    ) -> CrawlResult:
        """End a crawl that left nothing out: advance the watermark, keep the state and mark what has vanished; all in
        one transaction."""
        with self._store.session() as session:
            source = find_source(session, self._source_id)
            source.watermark = max(filter(None, [source.watermark, walk.mark]), default=None)
            source.state = state
            if vanished != "none":
                self._mark_vanished(session, walk.reach if vanished == "since the oldest" else None)
            self._end(session, outcome, reason, walk)
        return self._result(outcome, reason, walk)

    def _mark_vanished(self, session: Session, since: datetime | None) -> None:
        seen = self._intake.seen.get(self._source_id, set())
        present = select(Mention.id, Mention.external_id, Mention.day).where(
            Mention.source_id == self._source_id, Mention.vanished.is_(None)
        )
        if since:
            present = present.where(Mention.published > since)
        gone = [(row.id, row.day) for row in session.execute(present) if row.external_id not in seen]
        for start in range(0, len(gone), 500):
            days = dict(gone[start : start + 500])
            session.execute(update(Mention).where(Mention.id.in_(days)).values(vanished=datetime.now(UTC)))
            links = select(MentionBrand.brand_id, MentionBrand.mention_id).where(MentionBrand.mention_id.in_(days))
            cells = ((brand, self._source_id, days[mention]) for brand, mention in session.execute(links))
            mark_stale(session, cells)
            compare_again(session, days)

    def _end(
        self,
        session: Session,
        outcome: Outcome,
        reason: str | None,
        walk: Walk | None = None,
        rest: Rest | None = None,
    ) -> None:
        self._write(
            session,
            outcome=outcome,
            reason=reason,
            finished_at=datetime.now(UTC),
            complete=walk is not None and walk.saw_all and outcome in ("ok", "stale", "drop"),
            rest=_kept(rest),
            **({name: getattr(walk, name) for name in SEEN} if walk else {}),
        )

    def _result(self, outcome: Outcome, reason: str | None, walk: Walk | None = None) -> CrawlResult:
        self._intake.seen.pop(self._source_id, None)
        return CrawlResult(
            source_id=self._source_id,
            outcome=outcome,
            reason=reason,
            pages=self._pages,
            items=self._items,
            added=self._counts.added,
            updated=self._counts.updated,
            unchanged=self._counts.unchanged,
            rejected=self._rejected.total(),
            rejections=dict(self._rejected),
            gone=walk.gone if walk else 0,
            **({name: getattr(walk, name) for name in SEEN} if walk else {}),
        )


def _kept(rest: Rest | None) -> dict[str, Any] | None:
    return rest.as_json() if rest else None


def _before(session: Session, source_id: int) -> Before:
    own = Mention.source_id == source_id
    items, dropped = _level(session, source_id, Crawl.items, Crawl.complete)
    claimed, dropped_claims = _level(session, source_id, Crawl.claimed, Crawl.claimed.is_not(None))
    recent = select(Mention.published).where(own, Mention.published.is_not(None)).order_by(Mention.published.desc())
    return Before(
        mentions=session.scalar(select(func.count()).where(own, Mention.vanished.is_(None))) or 0,
        items=round(median(items)) if items else None,
        claimed=claimed[0] if claimed else None,
        dropped=dropped,
        dropped_claims=dropped_claims,
        recent=tuple(filter(None, session.scalars(recent.limit(RECENT)))),
    )


def _level(session: Session, source_id: int, count: Any, says: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return what the last crawls counted that say so, the last one first, and what those since that ended as a drop.

    After a drop the level begins anew: what was counted before it is no measure of what came after.
    """
    counted = select(count).where(Crawl.source_id == source_id, says).order_by(Crawl.id.desc())
    ends = select(func.max(case((Crawl.outcome != "drop", Crawl.id)))).where(Crawl.source_id == source_id, says)
    good = session.scalar(ends) or 0
    drop = select(func.max(Crawl.id)).where(Crawl.source_id == source_id, Crawl.outcome == "drop", Crawl.id < good)
    level = counted.where(Crawl.outcome != "drop", Crawl.id > (session.scalar(drop) or 0)).limit(LAST_CRAWLS)
    return tuple(session.scalars(level)), tuple(session.scalars(counted.where(Crawl.id > good).limit(LAST_CRAWLS)))
