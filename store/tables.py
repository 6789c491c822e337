"""The tables: what Overheard remembers.

Times are UTC and timezone-aware on the way in and out (see `UtcDateTime`). A text column that names a fixed set of
words (outcome, polarity, …) holds the full word, as every file and key does.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    and_,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

ANY = "any"
"""The touchpoint of a rollup row that counts over all touchpoints (votes do not add up over touchpoints)."""

SURVEY = "survey"
"""The kind of a source that answers to a survey are imported into: no public place, left out unless asked for."""


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time, stored as UTC; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: give it a timezone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Id = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Declarative base; constraint names follow one convention so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class ModelVersion(Base):
    """One set of weights that has classified something; `name` is what every answer shows."""

    __tablename__ = "model_versions"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Brand(Base):
    """A brand to listen for. `key` is the case-folded name and is what lookups compare.

    `description` says in a sentence or two what the brand does; mentions that a search found are compared with it.
    `model_version_id` is the version that answers for this brand: it switches, in one transaction, when a newer one
    has classified every mention of the brand. It is null until the first classification.
    """

    __tablename__ = "brands"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    industry: Mapped[str | None] = mapped_column(String(100))
    description: Mapped[str | None] = mapped_column(Text)
    model_version_id: Mapped[int | None] = mapped_column(ForeignKey("model_versions.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    terms: Mapped[list[BrandTerm]] = relationship(
        back_populates="brand", cascade="all, delete-orphan", order_by="BrandTerm.id"
    )
    sources: Mapped[list[Source]] = relationship(
        back_populates="brand", cascade="all, delete-orphan", order_by="Source.id"
    )


class BrandTerm(Base):
    """A word that belongs to a brand: an alias, a product, a rival, or an exclusion ("apple pie")."""

    __tablename__ = "brand_terms"
    __table_args__ = (
        UniqueConstraint("brand_id", "kind", "text"),
        CheckConstraint("kind IN ('alias', 'product', 'rival', 'exclusion')", name="kind"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(String(200))

    brand: Mapped[Brand] = relationship(back_populates="terms")


class Source(Base):
    """A place to listen at.

    `kind` names a spider (`appstore`, `schemaorg`, `feed`) or is `import`; an import source belongs to no brand (its
    rows may speak of several) and its `name` is the place that the rows came from ("trustpilot"). `target` holds what
    the spider was given (`{"url": …}`, `{"id": …, "country": …}`), `target_key` its canonical spelling. `language` is
    the prior for language identification. `every` is in seconds, null for no schedule of its own (once a day).
    `watermark` is the publication time of the newest mention of the last crawl that reached the previous watermark or
    the end. `state` keeps what a spider must remember between crawls (ETag, Last-Modified).
    """

    __tablename__ = "sources"
    __table_args__ = (UniqueConstraint("brand_id", "kind", "target_key"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    brand_id: Mapped[int | None] = mapped_column(ForeignKey("brands.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(30))
    name: Mapped[str] = mapped_column(String(200))
    target: Mapped[dict[str, str]] = mapped_column(JSON)
    target_key: Mapped[str] = mapped_column(String(2000))
    language: Mapped[str | None] = mapped_column(String(8))
    every: Mapped[int | None]
    paused: Mapped[bool] = mapped_column(default=False)
    watermark: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    brand: Mapped[Brand | None] = relationship(back_populates="sources")
    crawls: Mapped[list[Crawl]] = relationship(
        back_populates="source", cascade="all, delete-orphan", order_by="Crawl.id"
    )


class Crawl(Base):
    """One run over one source.

    `outcome` is `running` while it lasts, then one of those of `crawler.outcomes`; a row that a killed process left
    behind becomes `interrupted` when the source is next crawled. `reason` says why in one line. `repeated` counts items
    that earlier pages of the crawl held already; `claimed` is how many mentions the service itself says there are;
    `oldest` and `newest` are publication times of what was read. `complete` says that the crawl saw all that the source
    shows. `rest` is what the next crawl goes on with: pages to fetch, null where it begins anew.
    """

    __tablename__ = "crawls"
    __table_args__ = (
        CheckConstraint(
            "outcome IN ('running', 'ok', 'empty', 'blocked', 'layout_changed', 'loop', 'drop', 'stale', 'failed', "
            "'interrupted')",
            name="outcome",
        ),
        Index(None, "source_id", "id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id", ondelete="CASCADE"))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(Text)
    pages: Mapped[int] = mapped_column(default=0)
    items: Mapped[int] = mapped_column(default=0)
    added: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    repeated: Mapped[int] = mapped_column(default=0, server_default="0")
    claimed: Mapped[int | None]
    oldest: Mapped[datetime | None] = mapped_column(UtcDateTime)
    newest: Mapped[datetime | None] = mapped_column(UtcDateTime)
    complete: Mapped[bool] = mapped_column(default=False, server_default=false())
    rest: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    source: Mapped[Source] = relationship(back_populates="crawls")


class Mention(Base):
    """One review, post or comment as published, masked and pseudonymised.

    Keyed by (`source_id`, `external_id`). `content_hash` covers title, text and rating: a change of it is an edit.
    `language` is a code of two letters, or `und`. `rating` is on 0..1; `rating_given` is the rating as it was written
    and `rating_scale` the top of its scale (null for a class such as "positive"). `day` is the UTC date of `published`,
    or of `fetched` where the source gives no date: what rollups and periods use.
    """

    __tablename__ = "mentions"
    __table_args__ = (
        UniqueConstraint("source_id", "external_id"),
        Index(None, "source_id", "day"),
        CheckConstraint("reply_state IN ('answered', 'unanswered', 'unknown')", name="reply_state"),
        CheckConstraint("rating BETWEEN 0 AND 1", name="rating"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id", ondelete="CASCADE"))
    external_id: Mapped[str] = mapped_column(String(500))
    content_hash: Mapped[str] = mapped_column(String(64))
    title: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(8))
    rating: Mapped[float | None]
    rating_given: Mapped[str | None] = mapped_column(String(100))
    rating_scale: Mapped[float | None]
    author: Mapped[str | None] = mapped_column(String(64))
    url: Mapped[str | None] = mapped_column(Text)
    published: Mapped[datetime | None] = mapped_column(UtcDateTime)
    edited: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fetched: Mapped[datetime] = mapped_column(UtcDateTime)
    vanished: Mapped[datetime | None] = mapped_column(UtcDateTime)
    day: Mapped[date] = mapped_column(Date)
    reply_state: Mapped[str] = mapped_column(String(12), default="unknown")
    reply: Mapped[str | None] = mapped_column(Text)
    replied: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attributes: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)


class MentionVersion(Base):
    """An earlier state of a mention that was edited since; `version` counts from 1, the oldest."""

    __tablename__ = "mention_versions"

    mention_id: Mapped[int] = mapped_column(ForeignKey("mentions.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64))
    title: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    rating: Mapped[float | None]
    fetched: Mapped[datetime] = mapped_column(UtcDateTime)


class MentionBrand(Base):
    """A mention speaks of a brand, or was found for it and is about something else (`rejected`).

    `relevance` is the score in [0, 1] that it is about the brand, null where none was computed. `decided_by` says who
    decided: the `score`, an excluded phrase (`exclusion`), that the brand is not named in it (`name`), the `user`, or
    null where nobody judged, as of a review on the brand's own page; such a mention counts. `reason` holds the excluded
    phrase. `judged_as` names the brand's words and the weights that the judgement was made with, so that it is made
    again when they change.
    `duplicate_of` is the first mention of the group of near-duplicates that it belongs to among those of the brand;
    null for the first itself and for what has no copy. What is neither rejected nor a copy counts (`counts`).
    """

    __tablename__ = "mention_brands"
    __table_args__ = (
        Index(None, "brand_id", "mention_id"),
        Index(
            "ix_mention_brands_duplicate_of",
            "duplicate_of",
            "brand_id",
            sqlite_where=text("duplicate_of IS NOT NULL"),
            postgresql_where=text("duplicate_of IS NOT NULL"),
        ),
        Index(
            "ix_mention_brands_rejected",
            "brand_id",
            sqlite_where=text("rejected = 1"),
            postgresql_where=text("rejected"),
        ),
        CheckConstraint("decided_by IN ('score', 'exclusion', 'name', 'user')", name="decided_by"),
        CheckConstraint("relevance BETWEEN 0 AND 1", name="relevance"),
    )

    mention_id: Mapped[int] = mapped_column(ForeignKey("mentions.id", ondelete="CASCADE"), primary_key=True)
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id", ondelete="CASCADE"), primary_key=True)
    relevance: Mapped[float | None]
    rejected: Mapped[bool] = mapped_column(default=False, server_default=false())
    decided_by: Mapped[str | None] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(200))
    judged_as: Mapped[str | None] = mapped_column(String(16))
    duplicate_of: Mapped[int | None] = mapped_column(ForeignKey("mentions.id", ondelete="SET NULL"))


def counts() -> ColumnElement[bool]:
    """Return the condition that a mention counts for a brand: it is about the brand, and no copy of another."""
    return and_(~MentionBrand.rejected, MentionBrand.duplicate_of.is_(None))


class Fingerprint(Base):
    """A mention was compared with the others; what has none is to be compared.

    `key` is a hash of the words: mentions of one brand with one key are duplicates. It is null where a text is too
    short to be compared, and covers author and source where only the same author could repeat it.
    """

    __tablename__ = "fingerprints"
    __table_args__ = (Index(None, "key"),)

    mention_id: Mapped[int] = mapped_column(ForeignKey("mentions.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[int | None] = mapped_column(BigInteger)


class TextBand(Base):
    """A text, by its key, is found by this band: near-duplicates are likely to share one."""

    __tablename__ = "text_bands"
    __table_args__ = ({"sqlite_with_rowid": False},)

    band: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class Classification(Base):
    """A model version has read a mention, as it stands now (an edit deletes the row and the opinions with it).

    `status` is `analysed`, or `not_analysed` for a language that the model does not know. `sentiment` and `strength`
    are the mention's own: the word, and (positive − negative) / sentences in [−1, 1] over its sentences. `said` is what
    its sentences say, in short (`store.said`): what is counted is counted from it.
    """

    __tablename__ = "classifications"
    __table_args__ = (
        CheckConstraint("status IN ('analysed', 'not_analysed')", name="status"),
        Index(None, "model_version_id", "mention_id"),
        Index(
            "ix_classifications_not_analysed",
            "model_version_id",
            "mention_id",
            sqlite_where=text("status = 'not_analysed'"),
            postgresql_where=text("status = 'not_analysed'"),
        ),
    )

    mention_id: Mapped[int] = mapped_column(ForeignKey("mentions.id", ondelete="CASCADE"), primary_key=True)
    model_version_id: Mapped[int] = mapped_column(ForeignKey("model_versions.id"), primary_key=True)
    status: Mapped[str] = mapped_column(String(12))
    sentiment: Mapped[str | None] = mapped_column(String(8))
    strength: Mapped[float | None]
    said: Mapped[str] = mapped_column(Text, default="", server_default="")


class Opinion(Base):
    """One sentence of a mention, as a model version read it.

    `start` and `end` are character offsets into the mention's `field` (`title` or `text`); `position` counts the
    sentences of the mention from 0. `sentiment_score` is the calibrated probability of `sentiment`. `signals` lists
    names of the taxonomy.
    """

    __tablename__ = "opinions"
    __table_args__ = (
        UniqueConstraint("mention_id", "model_version_id", "position"),
        CheckConstraint("sentiment IN ('positive', 'negative', 'neutral', 'mixed')", name="sentiment"),
        CheckConstraint("field IN ('title', 'text')", name="field"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    mention_id: Mapped[int] = mapped_column(ForeignKey("mentions.id", ondelete="CASCADE"))
    model_version_id: Mapped[int] = mapped_column(ForeignKey("model_versions.id"))
    position: Mapped[int]
    field: Mapped[str] = mapped_column(String(5))
    start: Mapped[int]
    end: Mapped[int]
    sentiment: Mapped[str] = mapped_column(String(8))
    sentiment_score: Mapped[float]
    touchpoint: Mapped[str] = mapped_column(String(20))
    signals: Mapped[list[str]] = mapped_column(JSON, default=list)


class OpinionDimension(Base):
    """An opinion bears on a dimension, with a polarity (positive, negative, neutral) and its calibrated score."""

    __tablename__ = "opinion_dimensions"
    __table_args__ = (
        CheckConstraint("polarity IN ('positive', 'negative', 'neutral')", name="polarity"),
        Index(None, "dimension", "polarity", "score"),
        {"sqlite_with_rowid": False},
    )

    opinion_id: Mapped[int] = mapped_column(ForeignKey("opinions.id", ondelete="CASCADE"), primary_key=True)
    dimension: Mapped[str] = mapped_column(String(50), primary_key=True)
    polarity: Mapped[str] = mapped_column(String(8))
    score: Mapped[float]


class _Cell:
    """The key that all rollups begin with: one day of one brand at one source in one language.

    Rows lie in the order of this key (SQLite: without a row id), so that a brand's answer reads one stretch of them.
    """

    __table_args__ = ({"sqlite_with_rowid": False},)

    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id", ondelete="CASCADE"), primary_key=True, sort_order=-4)
    day: Mapped[date] = mapped_column(Date, primary_key=True, sort_order=-3)
    source_id: Mapped[int] = mapped_column(
        ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True, sort_order=-2
    )
    language: Mapped[str] = mapped_column(String(8), primary_key=True, sort_order=-1)


class MentionRollup(_Cell, Base):
    """How many mentions there are, and their stars (`rating` on 0..1), whether classified or not."""

    __tablename__ = "mention_rollups"

    mentions: Mapped[int]
    rated: Mapped[int]
    rating_sum: Mapped[float]
    rating_squares: Mapped[float]


class DimensionRollup(_Cell, Base):
    """Votes per touchpoint and dimension: at most one a mention, praise and pain together make a neutral one.

    A vote is −1, 0 or 1, so the sums of squares and products of a clustered variance are the counts themselves.
    `mentions` counts the mentions that bear on the dimension, praise + pain + neutral.
    """

    __tablename__ = "dimension_rollups"

    model_version_id: Mapped[int] = mapped_column(ForeignKey("model_versions.id"), primary_key=True)
    touchpoint: Mapped[str] = mapped_column(String(20), primary_key=True)
    dimension: Mapped[str] = mapped_column(String(50), primary_key=True)
    mentions: Mapped[int]
    praise: Mapped[int]
    pain: Mapped[int]
    neutral: Mapped[int]


class SentimentRollup(_Cell, Base):
    """Pooled counts with the per-mention sums that a clustered variance needs.

    `measure` is `sentiment` (the sentiment of sentences), or a pillar of the CX index (its votes pooled, general
    verdicts included where the taxonomy says so). With p and n the positive and negative counts of one mention,
    x = p + n and y = p − n: `sum_xx`, `sum_yy`, `sum_xy` are Σx², Σy², Σxy over mentions. `mentions` counts the
    mentions analysed (measure `sentiment`, touchpoint any) or those with at least one count.
    """

    __tablename__ = "sentiment_rollups"

    model_version_id: Mapped[int] = mapped_column(ForeignKey("model_versions.id"), primary_key=True)
    measure: Mapped[str] = mapped_column(String(20), primary_key=True)
    touchpoint: Mapped[str] = mapped_column(String(20), primary_key=True)
    mentions: Mapped[int]
    positive: Mapped[int]
    negative: Mapped[int]
    neutral: Mapped[int]
    mixed: Mapped[int]
    sum_xx: Mapped[int]
    sum_yy: Mapped[int]
    sum_xy: Mapped[int]


class SignalRollup(_Cell, Base):
    """Mentions and opinions that carry a signal."""

    __tablename__ = "signal_rollups"

    model_version_id: Mapped[int] = mapped_column(ForeignKey("model_versions.id"), primary_key=True)
    signal: Mapped[str] = mapped_column(String(20), primary_key=True)
    mentions: Mapped[int]
    opinions: Mapped[int]


class StaleCell(Base):
    """A brand × source × day whose rollups no longer say what the mentions say.

    Every transaction that changes mentions, their brands or their opinions marks the cells that it touches; rolling
    up recomputes them whole and removes the mark in the same transaction, so a kill at any moment loses nothing.
    """

    __tablename__ = "stale_cells"

    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id", ondelete="CASCADE"), primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
