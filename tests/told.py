"""What customers told, written into a store by hand: mentions with sentences that a model version has read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from itertools import count

from sqlalchemy.orm import Session

from overheard.store.brands import add_brand
from overheard.store.database import Store
from overheard.store.rollups import roll_up
from overheard.store.said import word_of
from overheard.store.search import index_mentions
from overheard.store.tables import (
    Brand,
    Classification,
    Mention,
    MentionBrand,
    ModelVersion,
    Opinion,
    OpinionDimension,
    Source,
    StaleCell,
)

_NUMBERS = count(1)

FETCHED = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Said:
    """One sentence; `dimensions` maps a name to (polarity, score)."""

    text: str
    sentiment: str = "neutral"
    dimensions: dict[str, tuple[str, float]] = field(default_factory=dict)
    touchpoint: str = "none"
    signals: tuple[str, ...] = ()
    field: str = "text"

    @property
    def word(self) -> str:
        """What it says, in short."""
        polarities = {name: polarity for name, (polarity, _) in self.dimensions.items()}
        return word_of(self.touchpoint, self.sentiment, polarities, self.signals)


@dataclass(frozen=True, kw_only=True)
class Told:
    """One mention; `status` None is a mention that no model has read."""

    sentences: tuple[Said, ...]
    day: date = date(2026, 10, 1)
    language: str = "en"
    rating: float | None = None
    url: str | None = None
    status: str | None = "analysed"
    vanished: datetime | None = None
    author: str | None = None
    reply_state: str = "unknown"
    replied: datetime | None = None
    edited: datetime | None = None
    attributes: dict[str, str] = field(default_factory=dict)


def answered_brand(session: Session, name: str) -> Brand:
    """Add a brand that a model version answers for."""
    version = ModelVersion(name="opinion-7", created_at=datetime.now(UTC))
    session.add(version)
    session.flush()
    brand = add_brand(session, name)
    brand.model_version_id = version.id
    return brand


def tell(session: Session, brand: Brand, source: Source, told: Told) -> Mention:
    """Write one mention with its opinions, read by the version that answers for the brand."""
    texts = {name: " ".join(each.text for each in told.sentences if each.field == name) for name in ("title", "text")}
    mention = Mention(
        source_id=source.id,
        external_id=str(next(_NUMBERS)),
        content_hash="-",
        title=texts["title"] or None,
        text=texts["text"],
        language=told.language,
        rating=told.rating,
        rating_given=None if told.rating is None else f"{1 + 4 * told.rating:g}",
        rating_scale=None if told.rating is None else 5.0,
        author=told.author,
        url=told.url,
        published=datetime.combine(told.day, time(12), UTC),
        fetched=FETCHED,
        vanished=told.vanished,
        day=told.day,
        reply_state=told.reply_state,
        replied=told.replied,
        edited=told.edited,
        attributes=told.attributes,
    )
    session.add(mention)
    session.flush()
    index_mentions(session, [(mention.id, mention.title, mention.text, mention.attributes)])
    session.add(MentionBrand(mention_id=mention.id, brand_id=brand.id))
    session.merge(StaleCell(brand_id=brand.id, source_id=source.id, day=told.day))
    if told.status is not None:
        _read(session, brand, mention, told)
    return mention


def _read(session: Session, brand: Brand, mention: Mention, told: Told) -> None:
    version = brand.model_version_id
    words = [said.sentiment for said in told.sentences]
    strength = (words.count("positive") - words.count("negative")) / max(1, len(words))
    said = " ".join(each.word for each in told.sentences) if told.status == "analysed" else ""
    session.add(
        Classification(
            mention_id=mention.id, model_version_id=version, status=told.status, strength=strength, said=said
        )
    )
    ends = {"title": 0, "text": 0}
    for position, said in enumerate(told.sentences if told.status == "analysed" else ()):
        start = ends[said.field]
        opinion = Opinion(
            mention_id=mention.id,
            model_version_id=version,
            position=position,
            field=said.field,
            start=start,
            end=start + len(said.text),
            sentiment=said.sentiment,
            sentiment_score=0.9,
            touchpoint=said.touchpoint,
            signals=list(said.signals),
        )
        ends[said.field] = start + len(said.text) + 1
        session.add(opinion)
        session.flush()
        for name, (polarity, score) in said.dimensions.items():
            session.add(OpinionDimension(opinion_id=opinion.id, dimension=name, polarity=polarity, score=score))


def count_up(store: Store) -> None:
    """Bring the rollups up to date."""
    roll_up(store)
