"""Everything that is known about one mention: what was said, where, what was read in it, what it counts in.

The fields are the keys of the JSON output.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from difflib import SequenceMatcher
from itertools import pairwise

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from overheard import taxonomy
from overheard.errors import NotFoundError
from overheard.insight.cases import Note, note_of
from overheard.insight.mentions import FoundDimension
from overheard.store.inbox import notes_on
from overheard.store.tables import (
    SURVEY,
    Brand,
    Classification,
    Crawl,
    Mention,
    MentionBrand,
    MentionVersion,
    ModelVersion,
    Opinion,
    OpinionDimension,
    Source,
    StaleCell,
)
from overheard.store.themes import Theme, ThemeOpinion

LONGEST_DIFF = 3000
"""Words of a text that are compared one by one; a longer one is shown as replaced whole.

From 200 words on, what makes up over one percent of them is no anchor of the comparison: a text of one word repeated
would take minutes.
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a mention was found: a source with its target; `brand` is whose source it is, null for an import.

    `crawl` is when the crawl began that brought the mention as it stands now, null for an import; `last_crawl` when the
    source was last crawled, `last_outcome` how that ended.
    """

    id: int
    name: str
    kind: str
    target: dict[str, str]
    brand: str | None
    crawl: datetime | None
    last_crawl: datetime | None
    last_outcome: str | None


@dataclass(frozen=True, slots=True)
class ReadOpinion:
    """One sentence: `text` is exactly the mention's `field` from `start` to `end`. Scores are calibrated, in [0, 1]."""

    start: int
    end: int
    field: str
    text: str
    sentiment: str
    sentiment_score: float
    dimensions: dict[str, FoundDimension]
    touchpoint: str
    signals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one model version made of a mention.

    `status` is `analysed` or `not_analysed` (a language that it does not know). `strength` is (positive − negative) /
    sentences in [−1, 1]. `answers_for` are the mention's brands whose figures come from this version.
    """

    model: str
    status: str
    sentiment: str | None
    strength: float | None
    answers_for: tuple[str, ...]
    opinions: tuple[ReadOpinion, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """What a mention adds to the figures of a brand: its sentences by sentiment, one vote for each dimension (`praise`,
    `pain` or `neutral`), its touchpoints and signals, and its stars where it was rated."""

    positive: int
    negative: int
    neutral: int
    mixed: int
    votes: dict[str, str]
    touchpoints: tuple[str, ...]
    signals: tuple[str, ...]
    rated: bool


@dataclass(frozen=True, slots=True)
class Belonging:
    """A brand that a mention was found for.

    `relevance`, `rejected`, `decided_by` and `reason` say whether it is about the brand (see
    `store.tables.MentionBrand`). `duplicate_of` is the first of its group of near-duplicates, null for the first itself
    and for what has no copy; `group` are the numbers of all in the group, the first in front. `status` is `counted`,
    `rejected`, `duplicate`, `survey` (a customer was asked: it counts only where its source is named), `pending` (not
    read yet: it counts as a mention, with its stars) or `not_analysed`. `stale` says that the figures of its day are
    still to be recounted. `counted` is what it adds to them; null where it is left out, or not read.
    """

    brand: str
    status: str
    relevance: float | None
    rejected: bool
    decided_by: str | None
    reason: str | None
    duplicate_of: int | None
    group: tuple[int, ...]
    stale: bool
    counted: Counted | None


@dataclass(frozen=True, slots=True)
class Words:
    """Words that two versions of a text share (`same`), or that were `removed` or `added`."""

    change: str
    text: str


@dataclass(frozen=True, slots=True)
class Edit:
    """What changed from one version of a mention to the next: the words, and the rating on 0..1.

    `version` counts from 1; `fetched` and `until` are when this version, and the next, were first read.
    """

    version: int
    fetched: datetime
    until: datetime
    rating_before: float | None
    rating_after: float | None
    title: tuple[Words, ...]
    text: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Membership:
    """A theme that a sentence of the mention, from `start` in its `field`, belongs to; `theme` is its number."""

    theme: int
    name: str
    dimension: str
    polarity: str
    field: str
    start: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """One mention with all that is known about it. `rating` is on 0..1; `day` is what periods file it under."""

    mention_id: int
    external_id: str
    source: Origin
    url: str | None
    author: str | None
    language: str
    day: date
    published: datetime | None
    edited: datetime | None
    fetched: datetime
    vanished: datetime | None
    title: str | None
    text: str
    rating: float | None
    rating_given: str | None
    rating_scale: float | None
    reply_state: str
    reply: str | None
    replied: datetime | None
    attributes: dict[str, str]
    brands: tuple[Belonging, ...]
    readings: tuple[Reading, ...]
    history: tuple[Edit, ...]
    themes: tuple[Membership, ...]
    notes: tuple[Note, ...]


def explain(session: Session, mention_id: int) -> Explanation:
    """Return everything that is known about a mention; raises NotFoundError for an unknown number."""
    mention = session.get(Mention, mention_id)
    if mention is None:
        raise NotFoundError(f"no mention {mention_id}; `overheard mentions BRAND` lists numbers")
    readings = _readings(session, mention)
    return Explanation(
        mention_id=mention.id,
        external_id=mention.external_id,
        source=_origin(session, mention),
        url=mention.url,
        author=mention.author,
        language=mention.language,
        day=mention.day,
        published=mention.published,
        edited=mention.edited,
        fetched=mention.fetched,
        vanished=mention.vanished,
        title=mention.title,
        text=mention.text,
        rating=mention.rating,
        rating_given=mention.rating_given,
        rating_scale=mention.rating_scale,
        reply_state=mention.reply_state,
        reply=mention.reply,
        replied=mention.replied,
        attributes=dict(mention.attributes),
        brands=_brands(session, mention, readings),
        readings=tuple(readings.values()),
        history=_history(session, mention),
        themes=_themes(session, mention),
        notes=tuple(map(note_of, notes_on(session, mention.id))),
    )


def _themes(session: Session, mention: Mention) -> tuple[Membership, ...]:
    rows = session.execute(
        select(Theme.id, Theme.name, Theme.dimension, Theme.polarity, Opinion.field, Opinion.start)
        .join(ThemeOpinion, ThemeOpinion.theme_id == Theme.id)
        .join(Opinion, Opinion.id == ThemeOpinion.opinion_id)
        .where(Opinion.mention_id == mention.id)
        .order_by(Opinion.position, Theme.id)
    )
    return tuple(Membership(*row) for row in rows)


def _origin(session: Session, mention: Mention) -> Origin:
    source = session.get_one(Source, mention.source_id)
    crawls = select(Crawl).where(Crawl.source_id == source.id).order_by(Crawl.id.desc())
    last = session.scalars(crawls.limit(1)).first()
    ended = or_(Crawl.finished_at.is_(None), Crawl.finished_at >= mention.fetched)
    brought = session.scalars(crawls.where(Crawl.started_at <= mention.fetched, ended).limit(1)).first()
    return Origin(
        id=source.id,
        name=source.name,
        kind=source.kind,
        target=dict(source.target),
        brand=source.brand.name if source.brand else None,
        crawl=brought.started_at if brought else None,
        last_crawl=last.started_at if last else None,
        last_outcome=last.outcome if last else None,
    )


def _readings(session: Session, mention: Mention) -> dict[int, Reading]:
    """Return what each model version read, the newest first, by the number of the version."""
    of_brand = select(Brand.model_version_id, Brand.name).join(MentionBrand, MentionBrand.brand_id == Brand.id)
    answering = session.execute(of_brand.where(MentionBrand.mention_id == mention.id).order_by(Brand.key)).all()
    rows = session.execute(
        select(Classification, ModelVersion.name)
        .join(ModelVersion, ModelVersion.id == Classification.model_version_id)
        .where(Classification.mention_id == mention.id)
        .order_by(Classification.model_version_id.desc())
    )
    return {
        read.model_version_id: Reading(
            model=name,
            status=read.status,
            sentiment=read.sentiment,
            strength=read.strength,
            answers_for=tuple(brand for version, brand in answering if version == read.model_version_id),
            opinions=_opinions(session, mention, read.model_version_id),
        )
        for read, name in rows
    }


def _opinions(session: Session, mention: Mention, version: int) -> tuple[ReadOpinion, ...]:
    opinions = session.scalars(
        select(Opinion)
        .where(Opinion.mention_id == mention.id, Opinion.model_version_id == version)
        .order_by(Opinion.position)
    ).all()
    found: dict[int, dict[str, FoundDimension]] = {opinion.id: {} for opinion in opinions}
    for row in session.scalars(select(OpinionDimension).where(OpinionDimension.opinion_id.in_(found))):
        found[row.opinion_id][row.dimension] = FoundDimension(row.polarity, row.score)
    order = {entry.name: place for place, entry in enumerate(taxonomy.load().dimensions)}
    return tuple(
        ReadOpinion(
            start=opinion.start,
            end=opinion.end,
            field=opinion.field,
            text=((mention.title or "") if opinion.field == "title" else mention.text)[opinion.start : opinion.end],
            sentiment=opinion.sentiment,
            sentiment_score=opinion.sentiment_score,
            dimensions=dict(sorted(found[opinion.id].items(), key=lambda item: order.get(item[0], len(order)))),
            touchpoint=opinion.touchpoint,
            signals=tuple(opinion.signals),
        )
        for opinion in opinions
    )


def _brands(session: Session, mention: Mention, readings: dict[int, Reading]) -> tuple[Belonging, ...]:
    rows = session.execute(
        select(MentionBrand, Brand)
        .join(Brand, Brand.id == MentionBrand.brand_id)
        .where(MentionBrand.mention_id == mention.id)
        .order_by(Brand.key)
    ).all()
    stale = set(
        session.scalars(
            select(StaleCell.brand_id).where(StaleCell.source_id == mention.source_id, StaleCell.day == mention.day)
        )
    )
    is_survey = session.get_one(Source, mention.source_id).kind == SURVEY
    belongings = []
    for link, brand in rows:
        reading = readings.get(brand.model_version_id or 0)
        status = "survey" if is_survey and not link.rejected else _status(link, reading)
        belongings.append(
            Belonging(
                brand=brand.name,
                status=status,
                relevance=link.relevance,
                rejected=link.rejected,
                decided_by=link.decided_by,
                reason=link.reason,
                duplicate_of=link.duplicate_of,
                group=_group(session, link),
                stale=brand.id in stale,
                counted=_counted(mention, reading) if reading is not None and status == "counted" else None,
            )
        )
    return tuple(belongings)


def _status(link: MentionBrand, reading: Reading | None) -> str:
    if link.rejected:
        return "rejected"
    if link.duplicate_of is not None:
        return "duplicate"
    if reading is None:
        return "pending"
    return "counted" if reading.status == "analysed" else "not_analysed"


def _group(session: Session, link: MentionBrand) -> tuple[int, ...]:
    first = link.duplicate_of or link.mention_id
    copies = session.scalars(
        select(MentionBrand.mention_id)
        .where(MentionBrand.duplicate_of == first, MentionBrand.brand_id == link.brand_id)
        .order_by(MentionBrand.mention_id)
    ).all()
    return (first, *copies) if copies else ()


def _counted(mention: Mention, reading: Reading) -> Counted:
    said = [opinion.sentiment for opinion in reading.opinions]
    polarities: dict[str, set[str]] = {}
    for opinion in reading.opinions:
        for name, found in opinion.dimensions.items():
            polarities.setdefault(name, set()).add(found.polarity)
    order = [entry.name for entry in taxonomy.load().dimensions]
    return Counted(
        positive=said.count("positive"),
        negative=said.count("negative"),
        neutral=said.count("neutral"),
        mixed=said.count("mixed"),
        votes={name: _vote(polarities[name]) for name in order if name in polarities},
        touchpoints=tuple(dict.fromkeys(opinion.touchpoint for opinion in reading.opinions)),
        signals=tuple(dict.fromkeys(signal for opinion in reading.opinions for signal in opinion.signals)),
        rated=mention.rating is not None,
    )


def _vote(polarities: set[str]) -> str:
    """Return the one vote of a mention in a dimension: praise and pain together are neutral."""
    if ("positive" in polarities) == ("negative" in polarities):
        return "neutral"
    return "praise" if "positive" in polarities else "pain"


def _history(session: Session, mention: Mention) -> tuple[Edit, ...]:
    """Return the edits, the oldest first."""
    versions = session.scalars(
        select(MentionVersion).where(MentionVersion.mention_id == mention.id).order_by(MentionVersion.version)
    ).all()
    states: list[MentionVersion | Mention] = [*versions, mention]
    return tuple(
        Edit(
            version=number,
            fetched=before.fetched,
            until=after.fetched,
            rating_before=before.rating,
            rating_after=after.rating,
            title=word_changes(before.title or "", after.title or ""),
            text=word_changes(before.text, after.text),
        )
        for number, (before, after) in enumerate(pairwise(states), 1)
    )


def word_changes(before: str, after: str) -> tuple[Words, ...]:
    """Return two texts as stretches of words that stayed, went and came, in reading order.

    >>> [(each.change, each.text) for each in word_changes("It was fine.", "It was bad.")]
    [('same', 'It was'), ('removed', 'fine.'), ('added', 'bad.')]
    """
    old, new = before.split(), after.split()
    if max(len(old), len(new)) > LONGEST_DIFF:
        steps = [("replace", 0, len(old), 0, len(new))]
    else:
        steps = list(SequenceMatcher(None, old, new).get_opcodes())
    found = []
    for kind, start, end, other_start, other_end in steps:
        if kind == "equal":
            found.append(Words("same", " ".join(old[start:end])))
            continue
        found += [Words("removed", " ".join(old[start:end]))] if end > start else []
        found += [Words("added", " ".join(new[other_start:other_end]))] if other_end > other_start else []
    return tuple(found)
