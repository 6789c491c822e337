"""What a crawl writes down: each page with its counts in one transaction, the watermark only at a good end."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from overheard.crawler.outcomes import CrawlProgress, CrawlResult, Outcome
from overheard.intake.desk import Intake
from overheard.intake.item import Item
from overheard.store.brands import find_source
from overheard.store.database import Store
from overheard.store.mentions import Counts, mark_stale
from overheard.store.tables import Crawl, Mention, MentionBrand

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What a crawl needs to know of its source, free of any session."""

    id: int
    kind: str
    target: dict[str, str]
    watermark: datetime | None
    state: dict[str, Any]
    brand_ids: tuple[int, ...]
    mentions: int


class Ledger:
    """The record of one crawl of one source, from `open` to `close`."""

    def __init__(self, store: Store, intake: Intake, source_id: int) -> None:
        self._store = store
        self._intake = intake
        self._source_id = source_id
        self._crawl_id = 0
        self._counts = Counts()
        self._items = 0
        self._rejected = 0
        self._pages = 0

    def open(self) -> SourceFacts:
        """Begin the crawl's row, close those that killed processes left behind, and return the source's facts."""
        with self._store.session() as session:
            source = find_source(session, self._source_id)
            now = datetime.now(UTC)
            session.execute(
                update(Crawl)
                .where(Crawl.source_id == source.id, Crawl.outcome == "running")
                .values(outcome="interrupted", finished_at=now, reason="its process ended before it did")
            )
            crawl = Crawl(source_id=source.id, started_at=now, outcome="running")
            session.add(crawl)
            session.flush()
            self._crawl_id = crawl.id
            there = select(func.count()).where(Mention.source_id == source.id, Mention.vanished.is_(None))
            return SourceFacts(
                id=source.id,
                kind=source.kind,
                target=dict(source.target),
                watermark=source.watermark,
                state=dict(source.state),
                brand_ids=(source.brand_id,) if source.brand_id is not None else (),
                mentions=session.scalar(there) or 0,
            )

    def page(self, items: Sequence[Item], rejected: Counter[str], brand_ids: Collection[int]) -> CrawlProgress:
        """Store a page: its items and the crawl's counts, in one transaction."""
        with self._store.session() as session:
            counts = self._counts
            if items:
                counts += self._intake.receive_in(session, self._source_id, items, brand_ids)
            self._update(session, counts, len(items), rejected.total(), 1)
        # Only what is committed counts.
        self._counts = counts
        self._pages += 1
        self._items += len(items)
        self._rejected += rejected.total()
        for reason, count in rejected.items():
            logger.warning("source %d, page %d: %d × %s", self._source_id, self._pages, count, reason)
        return CrawlProgress(self._source_id, self._pages, self._items, counts.added, counts.updated)

    def _update(self, session: Session, counts: Counts, items: int, rejected: int, pages: int) -> None:
        session.execute(
            update(Crawl)
            .where(Crawl.id == self._crawl_id)
            .values(
                pages=self._pages + pages,
                items=self._items + items,
                rejected=self._rejected + rejected,
                added=counts.added,
                updated=counts.updated,
                unchanged=counts.unchanged,
            )
        )

    def close(self, outcome: Outcome, reason: str | None) -> CrawlResult:
        """End the crawl's row."""
        with self._store.session() as session:
            self._end(session, outcome, reason)
        return self._result(outcome, reason)

    def close_complete(
        self, reason: str | None, *, newest: datetime | None, state: dict[str, Any], whole: bool
    ) -> CrawlResult:
        """End a crawl that left nothing out: advance the watermark, keep the state, and where the crawl saw the
        `whole` source, mark what it did not show any more as vanished; all in one transaction."""
        with self._store.session() as session:
            source = find_source(session, self._source_id)
            source.watermark = max(filter(None, [source.watermark, newest]), default=None)
            source.state = state
            if whole:
                self._mark_vanished(session)
            self._end(session, "ok", reason)
        return self._result("ok", reason)

    def _mark_vanished(self, session: Session) -> None:
        seen = self._intake.seen.get(self._source_id, set())
        present = select(Mention.id, Mention.external_id, Mention.day).where(
            Mention.source_id == self._source_id, Mention.vanished.is_(None)
        )
        gone = [(row.id, row.day) for row in session.execute(present) if row.external_id not in seen]
        for start in range(0, len(gone), 500):
            days = dict(gone[start : start + 500])
            session.execute(update(Mention).where(Mention.id.in_(days)).values(vanished=datetime.now(UTC)))
            links = select(MentionBrand.brand_id, MentionBrand.mention_id).where(MentionBrand.mention_id.in_(days))
            cells = ((brand, self._source_id, days[mention]) for brand, mention in session.execute(links))
            mark_stale(session, cells)

    def _end(self, session: Session, outcome: Outcome, reason: str | None) -> None:
        session.execute(
            update(Crawl)
            .where(Crawl.id == self._crawl_id)
            .values(outcome=outcome, reason=reason, finished_at=datetime.now(UTC))
        )

    def _result(self, outcome: Outcome, reason: str | None) -> CrawlResult:
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
            rejected=self._rejected,
        )
