"""Replies to mentions: how many have one and how long it took, at the sources that report them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from sqlalchemy import extract, func, or_, select
from sqlalchemy.orm import Session

from overheard.insight.scope import Selection
from overheard.insight.statistics import Estimate, median, share
from overheard.settings import InboxSettings
from overheard.store.tables import Mention, MentionBrand, MentionRollup, Source, StaleCell


@dataclass(frozen=True, slots=True)
class SourceReplies:
    """What a source reports of replies: mentions by reply state, and the seconds that each reply took."""

    answered: int
    unanswered: int
    unknown: int
    seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ReplyFigures:
    """Replies at one source that reports them.

    `rate` is the share of its mentions that have a reply, over those of which the source says whether they have one;
    `unknown` counts the others. `time` is the median from mention to reply in seconds, over the replies whose time is
    known. `target` is in seconds.
    """

    source: str
    id: int
    kind: str
    answered: int
    unanswered: int
    unknown: int
    rate: Estimate
    time: Estimate
    target: int


def read_replies(session: Session, selection: Selection) -> dict[int, SourceReplies]:
    """Return what the sources of a selection report of replies, by their number; those that report nothing are left
    out."""
    took = extract("epoch", Mention.replied) - extract("epoch", Mention.published)
    rows = session.execute(
        select(Mention.source_id, Mention.reply_state, took, func.count())
        .join(MentionBrand, MentionBrand.mention_id == Mention.id)
        .where(Mention.source_id.in_(sources_of(session, selection)), selection.speaks_of(from_brand=False))
        .where(*selection.mentions())
        .group_by(Mention.source_id, Mention.reply_state, took)
    )
    states: defaultdict[int, Counter[str]] = defaultdict(Counter)
    seconds: defaultdict[int, list[float]] = defaultdict(list)
    for source_id, state, length, count in rows:
        states[source_id][state] += count
        # A mention that was edited after the reply may carry the later date.
        if length is not None and length >= 0:
            seconds[source_id] += [float(length)] * count
    return {
        number: SourceReplies(found["answered"], found["unanswered"], found["unknown"], tuple(seconds[number]))
        for number, found in states.items()
        if found.keys() - {"unknown"}
    }


def reply_figures(session: Session, selection: Selection, waits: InboxSettings) -> tuple[ReplyFigures, ...]:
    """Return reply rate and time of each source of a selection that reports replies, the most mentions first."""
    sources = sources_of(session, selection)
    found = [
        ReplyFigures(
            source=sources[number].name,
            id=number,
            kind=sources[number].kind,
            answered=replies.answered,
            unanswered=replies.unanswered,
            unknown=replies.unknown,
            rate=share(replies.answered, replies.answered + replies.unanswered),
            time=median(replies.seconds),
            target=round(waits.target(sources[number].kind, sources[number].name).total_seconds()),
        )
        for number, replies in read_replies(session, selection).items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.answered - each.unanswered, each.id)))


def sources_of(session: Session, selection: Selection) -> dict[int, Source]:
    """Return the sources that have mentions of the brand: by these the database finds the days."""
    counted = select(MentionRollup.source_id).where(MentionRollup.brand_id == selection.brand_id)
    fresh = select(StaleCell.source_id).where(StaleCell.brand_id == selection.brand_id)
    chosen = select(Source).where(or_(Source.id.in_(counted), Source.id.in_(fresh))).order_by(Source.id)
    if selection.source_ids is not None:
        chosen = chosen.where(Source.id.in_(selection.source_ids))
    return {source.id: source for source in session.scalars(chosen) if source.id not in selection.left_out}
