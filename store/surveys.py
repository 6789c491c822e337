"""Answers to surveys: the scores, and which mention holds the comment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from overheard.store.brands import key_of, on_one_line, target_key
from overheard.store.tables import SURVEY, Base, Id, Source

SURVEYS = ("nps", "csat", "ces")
"""Net promoter score, customer satisfaction, customer effort score."""


class SurveyAnswer(Base):
    """One score that a customer gave; who was asked several questions has a row for each.

    `score` is as it was given, on a scale up to `scale` (10; 5, 7 or 100 per cent; 7 or 5). `mention_id` is the mention
    with the comment, null where there is none. `day` is the UTC date of the answer, or of its import.
    """

    __tablename__ = "survey_answers"
    __table_args__ = (
        UniqueConstraint("source_id", "external_id", "survey"),
        CheckConstraint("survey IN ('nps', 'csat', 'ces')", name="survey"),
        Index(None, "brand_id", "survey", "day"),
        Index(None, "mention_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id", ondelete="CASCADE"))
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id", ondelete="CASCADE"))
    mention_id: Mapped[int | None] = mapped_column(ForeignKey("mentions.id", ondelete="SET NULL"))
    external_id: Mapped[str] = mapped_column(String(500))
    survey: Mapped[str] = mapped_column(String(8))
    score: Mapped[float]
    scale: Mapped[float]
    day: Mapped[date] = mapped_column(Date)


@dataclass(frozen=True, slots=True)
class AnswerDraft:
    """An answer as it shall stand in the store: `scores` maps a survey to the score and the top of its scale."""

    external_id: str
    scores: Mapping[str, tuple[float, float]]
    day: date | None


def survey_source(session: Session, name: str) -> Source:
    """Return the source that answers from this survey are kept in, made when there is none; it belongs to no brand."""
    name = on_one_line(name, "source name", 200, least=1)
    target = {"name": key_of(name)}
    found = session.scalar(select(Source).where(Source.kind == SURVEY, Source.target_key == target_key(target)))
    if found is None:
        found = Source(
            kind=SURVEY, name=name, target=target, target_key=target_key(target), created_at=datetime.now(UTC),
            paused=False, state={},
        )  # fmt: skip
        session.add(found)
        session.flush()
    return found


@dataclass(frozen=True, slots=True)
class AnswerCounts:
    """What became of answers."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: AnswerCounts) -> AnswerCounts:
        return AnswerCounts(self.added + other.added, self.updated + other.updated, self.unchanged + other.unchanged)


def upsert_answers(
    session: Session, source_id: int, brand_id: int, drafts: Sequence[AnswerDraft], mentions: Mapping[str, int]
) -> AnswerCounts:
    """Store answers of one source and brand; `mentions` maps external ids to the mentions with the comments.

    An answer counts once, however many scores it has: as updated where any of them, its day or its comment changed.
    """
    wanted = [draft.external_id for draft in drafts]
    rows = session.scalars(
        select(SurveyAnswer).where(SurveyAnswer.source_id == source_id, SurveyAnswer.external_id.in_(wanted))
    )
    present = {(row.external_id, row.survey): row for row in rows}
    known = {external_id for external_id, _ in present}
    counts, today = AnswerCounts(), datetime.now(UTC).date()
    for draft in drafts:
        changed = False
        for survey, (score, scale) in draft.scores.items():
            row = present.get((draft.external_id, survey))
            if row is None:
                row = SurveyAnswer(
                    source_id=source_id, external_id=draft.external_id, survey=survey, day=draft.day or today
                )
                session.add(row)
                present[draft.external_id, survey] = row
            before = (row.score, row.scale, row.day, row.mention_id, row.brand_id)
            row.score, row.scale, row.brand_id = score, scale, brand_id
            row.day = draft.day or row.day
            row.mention_id = mentions.get(draft.external_id, row.mention_id)
            changed |= before != (row.score, row.scale, row.day, row.mention_id, row.brand_id)
        counts += AnswerCounts(
            added=draft.external_id not in known,
            updated=changed and draft.external_id in known,
            unchanged=not changed and draft.external_id in known,
        )
    session.flush()
    return counts
