"""The night's work: crawl what is due, judge what was found, classify what is unread, find near-duplicates, roll up
what changed, look for what is unusual; each part also by itself.

Every part is safe to kill and to run again: a page, a batch of mentions, a group of rollup cells is one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from overheard.alerting import watch
from overheard.errors import BusyError, PartialError
from overheard.intake.duplicates import group_duplicates
from overheard.store import readings, relevance
from overheard.store.brands import FROM_FILES, terms
from overheard.store.database import Store
from overheard.store.rollups import roll_up
from overheard.store.tables import Crawl, Source

if TYPE_CHECKING:
    from overheard.crawler.run import CrawlProgress, CrawlResult
    from overheard.nlp.classifier import Classifier
    from overheard.nlp.reader import DocumentReading
    from overheard.nlp.relevance import Profile
    from overheard.settings import Settings

BATCH, CHARACTERS = 2048, 200_000
"""The most mentions, and about the most characters, that are read and stored in one transaction: enough to pack batches
by length, and a few seconds' work, so that a kill loses little."""

DAILY = 86_400
"""Seconds between two crawls of a source that has no schedule of its own."""

SLACK = 0.1
"""Share of its interval by which a source may be crawled early, so that a nightly job never misses a night."""


@dataclass(frozen=True, slots=True)
class Classified:
    """What `classify` did.

    Of `judged` mentions, which a search found, `rejected` are not about the brand; of `mentions`, which were read,
    `not_analysed` are in another language. `themes` were found. `switched` are the brands that a new version
    answers for.
    """

    model: str
    judged: int = 0
    rejected: int = 0
    mentions: int = 0
    not_analysed: int = 0
    opinions: int = 0
    themes: int = 0
    switched: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What `refresh` did; `alerts` are new, told or not."""

    crawls: Sequence[CrawlResult]
    classified: Classified
    cells: int
    alerts: int


def due_sources(session: Session, now: datetime) -> list[int]:
    """Return the sources whose last crawl began at least their interval ago; paused ones are never due.

    A crawl that was interrupted does not count: its source is due at once.
    """
    last = (
        select(Crawl.source_id, func.max(Crawl.started_at))
        .where(Crawl.outcome.not_in(("running", "interrupted")))
        .group_by(Crawl.source_id)
    )
    started = dict(session.execute(last).all())
    sources = session.scalars(select(Source).where(Source.kind.not_in(FROM_FILES), ~Source.paused).order_by(Source.id))
    return [
        source.id
        for source in sources
        if source.id not in started
        or now - started[source.id] >= timedelta(seconds=(source.every or DAILY) * (1 - SLACK))
    ]


def classify(
    store: Store,
    settings: Settings,
    load: Callable[[], Classifier],
    on_start: Callable[[int], None] | None = None,
    on_mentions: Callable[[int], None] | None = None,
) -> Classified:
    """Judge what searches found, read every mention that this model version has not read, by id, and count.

    `load` gives the classifier; `on_start` hears how many mentions there are to judge, then how many in all,
    `on_mentions` how many more are done.
    """
    from overheard.intake.themes import update_themes

    with store.lock("classify"):
        classifier = load()
        with store.session() as session:
            version = readings.version_id(session, classifier.version)
        done = _judge(store, classifier, on_start, on_mentions)
        with store.reading() as session:
            total = done.judged + readings.count_unread(session, version)
        if on_start:
            on_start(total)
        for found in _readings(store, version, classifier, settings):
            with store.session() as session:
                readings.save(session, version, found)
                if not done.mentions:
                    readings.let_answer(session, version)
            done = _count(done, found)
            if on_mentions:
                on_mentions(len(found))
        group_duplicates(store)
        with store.session() as session:
            switched = readings.let_answer(session, version)
        themes = update_themes(store, classifier, on_start, on_mentions)
        roll_up(store)
    return replace(done, switched=switched, themes=themes.found)


@dataclass(frozen=True, slots=True)
class _Search:
    """A source that finds mentions by words, and what is known of the brand that it searches for."""

    source_id: int
    brand_id: int
    profile: Profile
    judged_as: str

    @property
    def place(self) -> tuple[int, int, str]:
        """What tells the mentions that are not judged yet."""
        return self.brand_id, self.source_id, self.judged_as


def _searches(store: Store, classifier: Classifier) -> list[_Search]:
    """Return the sources whose mentions may be about something else."""
    with store.reading() as session:
        crawled = select(Source).where(Source.kind.not_in(FROM_FILES), Source.brand_id.is_not(None)).order_by(Source.id)
        sources = session.scalars(crawled).all()
        if not sources:
            return []
        from overheard.crawler.kinds import kinds
        from overheard.nlp.relevance import Profile, fingerprint

        found = []
        for source in sources:
            kind, brand = kinds().get(source.kind), source.brand
            words = kind.seeks(source.target) if kind else None
            if words is None or brand is None:
                continue
            known = {kind: tuple(terms(brand, kind)) for kind in ("alias", "product", "exclusion")}
            profile = Profile(
                name=brand.name, aliases=known["alias"], products=known["product"], exclusions=known["exclusion"],
                industry=brand.industry, description=brand.description, sought=words,
            )  # fmt: skip
            found.append(_Search(source.id, brand.id, profile, fingerprint(classifier, profile)))
        return found


def _judge(
    store: Store, classifier: Classifier, on_start: Callable[[int], None] | None,
    on_mentions: Callable[[int], None] | None,
) -> Classified:  # fmt: skip
    """Judge what was found for a brand and is not judged by its present words; return the counts."""
    done, searches = Classified(classifier.version), _searches(store, classifier)
    with store.reading() as session:
        total = sum(relevance.count_unjudged(session, *search.place) for search in searches)
    if on_start and total:
        on_start(total)
    for search in searches if total else ():
        for verdicts in _verdicts(store, classifier, search):
            rejected = sum(verdict.rejected for verdict in verdicts)
            done = replace(done, judged=done.judged + len(verdicts), rejected=done.rejected + rejected)
            if on_mentions:
                on_mentions(len(verdicts))
    return done


def _verdicts(store: Store, classifier: Classifier, search: _Search) -> Iterator[list[relevance.Judgement]]:
    """Judge and store what a search found, a batch at a time."""
    from overheard.nlp.relevance import Document, judge

    after = 0
    while True:
        with store.reading() as session:
            batch = relevance.unjudged(session, *search.place, after=after, limit=BATCH)
        if not batch:
            return
        after = batch[-1].id
        documents = [Document("\n".join(filter(None, (each.title, each.text))), each.language) for each in batch]
        verdicts = [
            relevance.Judgement(
                mention.id, mention.content_hash, judged.relevance, judged.rejected, judged.decided_by, judged.exclusion
            )
            for mention, judged in zip(batch, judge(classifier, search.profile, documents), strict=True)
        ]
        with store.session() as session:
            relevance.save(session, search.brand_id, search.judged_as, verdicts)
        yield verdicts


def _readings(
    store: Store, version: int, classifier: Classifier, settings: Settings
) -> Iterator[list[readings.Reading]]:
    """Yield what is in the unread mentions, a batch at a time; a batch is read while the one before it is stored."""
    with ThreadPoolExecutor(1, "read") as thread:
        batch = _batch(store, version, after=0)
        reading = thread.submit(_read, classifier, settings, batch)
        while batch:
            following = _batch(store, version, after=batch[-1].id)
            found = reading.result()
            reading = thread.submit(_read, classifier, settings, following)
            yield found
            batch = following


def _batch(store: Store, version: int, after: int) -> list[readings.Unread]:
    with store.reading() as session:
        found = readings.unread(session, version, after=after, limit=BATCH)
    lengths = accumulate(len(mention.text) for mention in found)
    return found[: 1 + sum(length <= CHARACTERS for length in lengths)]


def _read(classifier: Classifier, settings: Settings, batch: Sequence[readings.Unread]) -> list[readings.Reading]:
    from overheard.nlp import reader

    documents = [
        reader.Document({"title": mention.title or "", "text": mention.text}, mention.language) for mention in batch
    ]
    found = reader.read(classifier, documents, settings.languages)
    return [_as_reading(mention, reading) for mention, reading in zip(batch, found, strict=True)]


def _as_reading(mention: readings.Unread, reading: DocumentReading) -> readings.Reading:
    opinions = [
        readings.OpinionDraft(
            field=opinion.field,
            start=opinion.start,
            end=opinion.end,
            sentiment=opinion.verdict.sentiment,
            sentiment_score=opinion.verdict.sentiment_score,
            touchpoint=opinion.verdict.touchpoint,
            signals=list(opinion.verdict.signals),
            dimensions=opinion.verdict.dimensions,
        )
        for opinion in reading.opinions
    ]
    return readings.Reading(
        mention.id, mention.content_hash, reading.status, reading.sentiment, reading.strength, opinions
    )


def _count(done: Classified, found: Sequence[readings.Reading]) -> Classified:
    return replace(
        done,
        mentions=done.mentions + len(found),
        not_analysed=done.not_analysed + sum(reading.status == "not_analysed" for reading in found),
        opinions=done.opinions + sum(len(reading.opinions) for reading in found),
    )


def settle(store: Store) -> int:
    """Count what an import or a crawl changed; 0 where a classification is under way, which does it at its end."""
    try:
        with store.lock("classify"):
            return _count_up(store)
    except BusyError:
        return 0


def _count_up(store: Store) -> int:
    """Find near-duplicates, which count once, and roll up; return the number of cells."""
    group_duplicates(store)
    return roll_up(store)


def refresh(
    store: Store,
    settings: Settings,
    load: Callable[[], Classifier],
    *,
    on_page: Callable[[CrawlProgress], None] | None = None,
    on_start: Callable[[int], None] | None = None,
    on_mentions: Callable[[int], None] | None = None,
) -> Refreshed:
    """Crawl every source that is due, classify what is unread, roll up, look for what is unusual.

    Raises BusyError while another refresh runs on this store.
    """
    from overheard.crawler.run import crawl

    with store.lock("refresh"), store.lock("crawl"):
        with store.reading() as session:
            due = due_sources(session, datetime.now(UTC))
        results = crawl(store, settings, due, on_page=on_page) if due else []
        if any(result.outcome == "interrupted" for result in results):
            raise PartialError("interrupted while crawling; what was read is stored, run `overheard refresh` again")
        classified = classify(store, settings, load, on_start, on_mentions)
        cells = settle(store)
        return Refreshed(results, classified, cells, watch(store, settings.inbox, datetime.now(UTC)))
