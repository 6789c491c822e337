"""The inbox: complaints that want an answer, the worst and the longest waiting first; praise worth a thank-you.

What is open is read from the mentions themselves: from the newest `MOST` of them, never from all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from math import log2
from typing import Any

from sqlalchemy import Text, and_, cast, exists, func, or_, select
from sqlalchemy.orm import Session

from overheard.errors import UsageError
from overheard.insight.cases import NEW, Note, note_of, standing
from overheard.insight.replies import ReplyFigures, reply_figures, sources_of
from overheard.insight.scope import Scope, Selection, opaque, select_scope
from overheard.settings import InboxSettings
from overheard.store.inbox import InboxNote, latest_notes, resolved_of
from overheard.store.tables import (
    SURVEY,
    Brand,
    Classification,
    Mention,
    MentionBrand,
    MentionRollup,
    Opinion,
    Source,
)

HORIZON = 90
"""Days that are looked at where no `since` is given."""

MOST = 30_000
"""Mentions that are looked at, the newest ones, in whole days."""

AT_ONCE = 5000
"""Mentions that one statement names."""

LOW, HIGH = 0.25, 0.75
"""Stars on 0..1 up to which a mention is a complaint (two of five), and from which on it is praise (four of five)."""

ASKS, LEAVES, RECOMMENDS = ("help", "request"), ("churn_price", "churn_service", "churn"), ("advocate",)
"""Signals that want an answer, that say goodbye, that recommend."""

WITH_THE_CUSTOMER = ("answered", "waiting")
"""Statuses in which it is the customer's turn."""


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """One mention that wants an answer.

    `score` in [0, 100] is what the order follows, `severity` in [0, 100] the part of it that does not grow with the
    wait (docs/methods.md). `reasons` say why it is here: `help`, `request`, `pain`, `stars`, `leaving`; of praise
    `advocate`, `praise`, `stars`. `quote` is the sentence that says it best, `quote_start` and `quote_end` its offsets
    in `quote_field`; of a mention that no model has read it is null. `waiting` is in seconds since `published`, or
    since `fetched` where the source gives no time; `target` is how long it may be. `status` is that of the last `note`,
    or `new`, or `reopened`: then `reopened_by` says whether the mention was edited since (`edit`), or is a new
    complaint of a customer whose earlier one, `reopens`, was resolved (`complaint`). `copies` counts near-duplicates.
    """

    mention_id: int
    source: str
    kind: str
    language: str
    published: datetime | None
    fetched: datetime
    url: str | None
    title: str | None
    text: str
    rating: float | None
    rating_given: str | None
    rating_scale: float | None
    reply_state: str
    score: float
    severity: float
    reasons: tuple[str, ...]
    quote: str | None
    quote_field: str | None
    quote_start: int | None
    quote_end: int | None
    waiting: int
    target: int
    overdue: bool
    status: str
    note: Note | None
    reopened_by: str | None
    reopens: int | None
    copies: int


@dataclass(frozen=True, slots=True)
class Inbox:
    """What wants an answer, in one scope.

    `kind` is `complaints` or `praise`. `since_days` is the number of days looked at because the scope named none, null
    where it did. `looked_at` counts the mentions without a known answer. `first` is the day that the `MOST` newest
    mentions of the scope begin with where it holds more, and nothing before it was looked at; null where all were.
    `open` of them want an answer, of which `overdue` wait longer than their target, `unknown` may have one (their
    source does not say; `overdue_unknown` are both), and `with_the_customer` have had one. `entries` are the first of
    them, `replies` the sources that report replies. `newest` is the day of the brand's newest public
    mention, whatever the scope.
    """

    brand: str
    scope: Scope
    kind: str
    at: datetime
    since_days: int | None
    looked_at: int
    first: date | None
    open: int
    overdue: int
    overdue_unknown: int
    unknown: int
    with_the_customer: int
    newest: date | None
    entries: tuple[InboxEntry, ...]
    replies: tuple[ReplyFigures, ...]


def severity(
    *, asks: bool, requests: bool, leaves: bool, strength: float | None, rating: float | None
) -> tuple[float, tuple[str, ...]]:
    """Return how bad a complaint is, in [0, 100], and why; 0 is no complaint.

    40 points where a sentence needs help (15 where it only asks for a change), up to 30 for the share of pain in its
    sentences (`strength` is in [−1, 1]), up to 20 for few stars (`rating` on 0..1, from three of five down), 10 where
    the customer is leaving. Without stars pain counts up to 50. What is neither pain nor a question nor rated two stars
    or fewer is none, whoever is leaving.

    >>> severity(asks=True, requests=False, leaves=False, strength=-1.0, rating=0.0)
    (90.0, ('help', 'pain', 'stars'))
    >>> severity(asks=False, requests=False, leaves=False, strength=-0.5, rating=None)
    (25.0, ('pain',))
    >>> severity(asks=False, requests=False, leaves=False, strength=0.5, rating=0.5)
    (0.0, ())
    """
    pain = max(0.0, -(strength or 0.0))
    few = rating is not None and rating <= LOW
    named = (
        ("help", asks), ("request", requests and not asks), ("pain", pain > 0), ("stars", few), ("leaving", leaves),
    )  # fmt: skip
    if not (asks or requests or pain > 0 or few):
        return 0.0, ()
    reasons = tuple(name for name, holds in named if holds)
    stars = 0.0 if rating is None else max(0.0, 1 - 2 * rating)
    points = (40 if asks else 15 if requests else 0) + (50 if rating is None else 30) * pain + 20 * stars + 10 * leaves
    return points, reasons


def warmth(*, advocates: bool, strength: float | None, rating: float | None) -> tuple[float, tuple[str, ...]]:
    """Return how much a mention is worth a thank-you, in [0, 100], and why; 0 is no praise.

    40 points for a recommendation, up to 40 for the share of praise in its sentences, up to 20 for many stars; without
    stars praise counts up to 60.

    >>> warmth(advocates=True, strength=0.5, rating=1.0)
    (80.0, ('advocate', 'praise', 'stars'))
    """
    praise = max(0.0, strength or 0.0)
    if (strength is not None and strength < 0) or (rating is not None and rating < 0.5):
        return 0.0, ()
    named = (("advocate", advocates), ("praise", praise > 0), ("stars", rating is not None and rating >= HIGH))
    reasons = tuple(name for name, holds in named if holds)
    if not reasons:
        return 0.0, ()
    stars = 0.0 if rating is None else max(0.0, 2 * rating - 1)
    return 40 * advocates + (60 if rating is None else 40) * praise + 20 * stars, reasons


def age(waiting: float, target: float) -> float:
    """Return how old a wait is, in [0, 1]: each doubling of it counts alike, from the target on to 90 days.

    >>> round(age(0, 86_400), 2), round(age(86_400, 86_400), 2), round(age(7 * 86_400, 86_400), 2)
    (0.0, 0.15, 0.46)
    """
    return min(1.0, log2(1 + max(0.0, waiting) / target) / log2(1 + HORIZON * 86_400 / target))


def find_inbox(
    session: Session,
    brand: Brand,
    scope: Scope,
    waits: InboxSettings,
    *,
    praise: bool = False,
    limit: int = 20,
    now: datetime | None = None,
) -> Inbox:
    """Return up to `limit` mentions that want an answer, and the reply rate and time of each source that reports them.

    Without a `since` the last 90 days up to `until` or today count. What is resolved, vanished, rejected or a copy is
    not in it. Raises UsageError for an impossible scope or limit, NotFoundError for an unknown source.
    """
    if limit < 0:
        raise UsageError(f"cannot list {limit} mentions; expected a limit of 0 or more")
    now = now or datetime.now(UTC)
    limited, days = _within_horizon(scope, now)
    selection = select_scope(session, brand, limited)
    sources = sources_of(session, selection)
    first = _first_day(session, selection)
    if first is not None:
        selection = replace(selection, since=first)
    found = _candidates(session, brand.model_version_id, selection, list(sources))
    looked_at = len(found)
    found = [candidate for candidate in found if candidate.is_open]
    _hear(session, brand.model_version_id, found)
    targets = {number: waits.target(source.kind, source.name).total_seconds() for number, source in sources.items()}
    for candidate in found:
        candidate.judge(now, targets[candidate.source_id], praise)
    found = sorted((candidate for candidate in found if candidate.severity > 0), key=_Candidate.rank)
    shown = found[:limit]
    _reopen(session, brand.id, shown)
    return Inbox(
        brand=brand.name,
        scope=limited,
        kind="praise" if praise else "complaints",
        at=now,
        since_days=days,
        looked_at=looked_at,
        first=first,
        open=len(found),
        overdue=sum(candidate.overdue for candidate in found),
        overdue_unknown=sum(candidate.overdue and candidate.reply_state == "unknown" for candidate in found),
        unknown=sum(candidate.reply_state == "unknown" for candidate in found),
        with_the_customer=sum(candidate.status in WITH_THE_CUSTOMER for candidate in found),
        newest=_newest(session, brand),
        entries=_entries(session, brand, sources, shown, praise),
        replies=reply_figures(session, selection, waits),
    )


def _newest(session: Session, brand: Brand) -> date | None:
    surveys = select(Source.id).where(Source.kind == SURVEY)
    public = and_(MentionRollup.brand_id == brand.id, MentionRollup.source_id.not_in(surveys))
    return session.scalar(select(func.max(MentionRollup.day)).where(public))


def _within_horizon(scope: Scope, now: datetime) -> tuple[Scope, int | None]:
    if scope.since is not None:
        return scope, None
    return replace(scope, since=(scope.until or now.date()) - timedelta(days=HORIZON)), HORIZON


class _Candidate:
    """A mention that may want an answer, while it is judged."""

    def __init__(self, row: Any, note: InboxNote | None) -> None:
        self.id: int = row.id
        self.source_id: int = row.source_id
        self.author: str | None = row.author
        self.published: datetime = row.published or row.fetched
        self.rating: float | None = row.rating
        self.reply_state: str = row.reply_state
        self.strength: float | None = row.strength
        self.note = note
        self.status, self.reopened_by = standing(note, row)
        self.reopens: int | None = None
        self.signals: set[str] = set()
        self.severity = self.score = self.waiting = self.target = 0.0
        self.reasons: tuple[str, ...] = ()
        self.overdue = False

    @property
    def is_open(self) -> bool:
        return self.status != "resolved" and (self.reply_state != "answered" or self.status == "reopened")

    def judge(self, now: datetime, target: float, praise: bool) -> None:
        heard = self.signals.intersection
        if praise:
            self.severity, self.reasons = warmth(
                advocates=bool(heard(RECOMMENDS)), strength=self.strength, rating=self.rating
            )
        else:
            self.severity, self.reasons = severity(
                asks="help" in self.signals, requests="request" in self.signals, leaves=bool(heard(LEAVES)),
                strength=self.strength, rating=self.rating,
            )  # fmt: skip
        self.target, self.waiting = target, max(0.0, (now - self.published).total_seconds())
        old = age(self.waiting, target)
        # A complaint grows with the wait, a thank-you fades.
        self.score = self.severity * (1 + (1 - old if praise else old)) / 2
        self.overdue = not praise and self.waiting > target and self.status not in WITH_THE_CUSTOMER

    def rank(self) -> tuple[bool, float, float, int]:
        return self.status in WITH_THE_CUSTOMER, -self.score, -self.waiting, self.id


def _first_day(session: Session, selection: Selection) -> date | None:
    """Return the day that the `MOST` newest mentions begin with, None where there are not so many."""
    table, seen = MentionRollup, 0
    first: date | None = None
    days = select(table.day, func.sum(table.mentions)).where(*selection.cells(table)).group_by(table.day)
    for day, mentions in session.execute(days.order_by(table.day.desc())):
        if seen >= MOST:
            return first
        seen, first = seen + mentions, day
    return None


def _candidates(
    session: Session, version: int | None, selection: Selection, source_ids: Collection[int]
) -> list[_Candidate]:
    """Return what has no known answer, or may have been reopened."""
    noted = exists().where(InboxNote.mention_id == Mention.id)
    wanted = or_(Mention.reply_state != "answered", Mention.edited > Mention.replied, noted)
    read = and_(Classification.mention_id == Mention.id, Classification.model_version_id == version)
    columns = (
        Mention.id, Mention.source_id, Mention.author, Mention.published, Mention.fetched, Mention.edited,
        Mention.replied, Mention.rating, Mention.reply_state, Mention.content_hash, Classification.strength,
    )  # fmt: skip
    rows = session.execute(
        select(*columns)
        .join(MentionBrand, MentionBrand.mention_id == Mention.id)
        .join(Classification, read, isouter=True)
        .where(Mention.source_id.in_(source_ids), Mention.vanished.is_(None), wanted)
        .where(selection.speaks_of(from_brand=False), *selection.mentions())
    ).all()
    notes = {note.mention_id: note for some in _parts([row.id for row in rows]) for note in latest_notes(session, some)}
    return [_Candidate(row, notes.get(row.id)) for row in rows]


def _hear(session: Session, version: int | None, candidates: Sequence[_Candidate]) -> None:
    """Tell each candidate the signals in its sentences."""
    by_id = {candidate.id: candidate for candidate in candidates}
    for some in _parts(list(by_id)):
        rows = session.execute(
            select(Opinion.mention_id, Opinion.signals).where(
                Opinion.mention_id.in_(some), Opinion.model_version_id == version, cast(Opinion.signals, Text) != "[]"
            )
        )
        for mention_id, signals in rows:
            by_id[mention_id].signals.update(signals)


def _reopen(session: Session, brand_id: int, candidates: Sequence[_Candidate]) -> None:
    """Mark new complaints of customers whose earlier one, about the brand at the same source, was resolved."""
    fresh = [candidate for candidate in candidates if candidate.author and candidate.status == NEW]
    earlier: defaultdict[tuple[int, str | None], list[InboxNote]] = defaultdict(list)
    authors = {candidate.author for candidate in fresh if candidate.author}
    for source_id, note in resolved_of(session, brand_id, authors):
        earlier[source_id, note.author].append(note)
    for candidate in fresh:
        known = earlier[candidate.source_id, candidate.author]
        before = [note for note in known if note.noted_at < candidate.published]
        if before:
            candidate.status, candidate.reopened_by, candidate.reopens = "reopened", "complaint", before[-1].mention_id


def _entries(
    session: Session, brand: Brand, sources: dict[int, Source], shown: Sequence[_Candidate], praise: bool
) -> tuple[InboxEntry, ...]:
    ids = [candidate.id for candidate in shown]
    mentions = {mention.id: mention for mention in session.scalars(select(Mention).where(Mention.id.in_(ids)))}
    telling = _telling(session, brand.model_version_id, ids, praise)
    copies = _copies(session, brand.id, ids)
    return tuple(
        _entry(each, mentions[each.id], sources[each.source_id], telling.get(each.id), copies.get(each.id, 0))
        for each in shown
    )


def _entry(found: _Candidate, mention: Mention, source: Source, said: Opinion | None, copies: int) -> InboxEntry:
    whole = "" if said is None else (mention.title or "") if said.field == "title" else mention.text
    return InboxEntry(
        mention_id=mention.id,
        source=source.name,
        kind=source.kind,
        language=mention.language,
        published=mention.published,
        fetched=mention.fetched,
        url=mention.url,
        title=mention.title,
        text=mention.text,
        rating=mention.rating,
        rating_given=mention.rating_given,
        rating_scale=mention.rating_scale,
        reply_state=mention.reply_state,
        score=found.score,
        severity=found.severity,
        reasons=found.reasons,
        quote=None if said is None else whole[said.start : said.end],
        quote_field=None if said is None else said.field,
        quote_start=None if said is None else said.start,
        quote_end=None if said is None else said.end,
        waiting=round(found.waiting),
        target=round(found.target),
        overdue=found.overdue,
        status=found.status,
        note=None if found.note is None else note_of(found.note),
        reopened_by=found.reopened_by,
        reopens=found.reopens,
        copies=copies,
    )


def _telling(session: Session, version: int | None, ids: Collection[int], praise: bool) -> dict[int, Opinion]:
    """Return the sentence of each mention that says best why it is here: the question, else the surest verdict."""
    wanted = "positive" if praise else "negative"

    def rank(opinion: Opinion) -> tuple[bool, bool, float]:
        asks = not praise and bool(set(ASKS).intersection(opinion.signals))
        return asks, opinion.sentiment == wanted, opinion.sentiment_score

    sentences = select(Opinion).where(Opinion.mention_id.in_(ids), Opinion.model_version_id == version)
    rows = session.scalars(sentences.order_by(Opinion.mention_id, Opinion.position))
    return {mention: max(group, key=rank) for mention, group in groupby(rows, key=lambda row: row.mention_id)}


def _copies(session: Session, brand_id: int, ids: Collection[int]) -> dict[int, int]:
    rows = session.execute(
        select(MentionBrand.duplicate_of, func.count())
        .where(MentionBrand.duplicate_of.in_(ids), opaque(MentionBrand.brand_id) == brand_id, ~MentionBrand.rejected)
        .group_by(MentionBrand.duplicate_of)
    )
    return {first: count for first, count in rows if first is not None}


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]
