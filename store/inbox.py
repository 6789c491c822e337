"""The team's notes on mentions: a history that is only ever added to, from *received* to *resolved*."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from overheard.errors import NotFoundError, UsageError
from overheard.store.brands import on_one_line
from overheard.store.tables import Base, Id, Mention, MentionBrand, UtcDateTime

STATUSES = ("received", "in_progress", "waiting", "answered", "resolved", "reopened")
"""What a note may say of a mention; `waiting` is for the customer."""

LONGEST_NOTE = 2000
"""Characters of a note."""


class InboxNote(Base):
    """One note on a mention, and the status that it has from then on.

    `content_hash` is that of the mention when the note was made: another one now says that it was edited since.
    `author` is the pseudonym of the customer, by which a new complaint is known as that of an old acquaintance.
    `noted_by` is the colleague, as the colleague wishes to be called.
    """

    __tablename__ = "inbox_notes"
    __table_args__ = (
        CheckConstraint(
            "status IN ('received', 'in_progress', 'waiting', 'answered', 'resolved', 'reopened')", name="status"
        ),
        Index(None, "mention_id", "id"),
        Index(None, "author"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    mention_id: Mapped[int] = mapped_column(ForeignKey("mentions.id", ondelete="CASCADE"))
    status: Mapped[str] = mapped_column(String(12))
    text: Mapped[str | None] = mapped_column(Text)
    noted_by: Mapped[str | None] = mapped_column(String(100))
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    content_hash: Mapped[str] = mapped_column(String(64))
    author: Mapped[str | None] = mapped_column(String(64))


def add_notes(
    session: Session,
    mention_ids: Collection[int],
    *,
    status: str | None,
    text: str | None,
    by: str | None,
    now: datetime,
) -> int:
    """Add a note to each mention; without a `status` each keeps the one that it has, at first `received`.

    Returns how many there are. Raises NotFoundError, and adds nothing, where one of them is no mention, UsageError for
    an unknown status, a text or a name that is too long, and where there is neither status nor text.
    """
    if status is not None and status not in STATUSES:
        raise UsageError(f"no status {status!r}; expected one of {', '.join(STATUSES)}")
    text = on_one_line(text or "", "note", LONGEST_NOTE) or None
    by = on_one_line(by or "", "name", 100) or None
    if status is None and text is None:
        raise UsageError("an empty note; give --status, a text, or both")
    wanted = select(Mention.id, Mention.content_hash, Mention.author).where(Mention.id.in_(set(mention_ids)))
    found = session.execute(wanted.order_by(Mention.id)).all()
    missing = sorted(set(mention_ids) - {row.id for row in found})
    if missing:
        shown = ", ".join(map(str, missing[:5])) + (f" and {len(missing) - 5} more" if missing[5:] else "")
        raise NotFoundError(f"no mention {shown}; `overheard inbox` shows the numbers")
    latest = {note.mention_id: note.status for note in latest_notes(session, [row.id for row in found])}
    session.add_all(
        InboxNote(
            mention_id=row.id,
            status=status or latest.get(row.id, STATUSES[0]),
            text=text,
            noted_by=by,
            noted_at=now,
            content_hash=row.content_hash,
            author=row.author,
        )
        for row in found
    )
    session.flush()
    return len(found)


def latest_notes(session: Session, mention_ids: Collection[int]) -> Sequence[InboxNote]:
    """Return the last note on each of up to some thousand mentions that have any."""
    last = select(func.max(InboxNote.id)).where(InboxNote.mention_id.in_(mention_ids)).group_by(InboxNote.mention_id)
    return session.scalars(select(InboxNote).where(InboxNote.id.in_(last))).all()


def notes_on(session: Session, mention_id: int) -> Sequence[InboxNote]:
    """Return the notes on a mention, the oldest first."""
    return session.scalars(select(InboxNote).where(InboxNote.mention_id == mention_id).order_by(InboxNote.id)).all()


def resolved_of(session: Session, brand_id: int, authors: Collection[str]) -> Sequence[tuple[int, InboxNote]]:
    """Return the last notes on mentions of a brand by these pseudonyms where they say `resolved`, the oldest first.

    Each comes with the number of the mention's source: a pseudonym is the same for the same name anywhere, and says who
    wrote within one source only.
    """
    own = select(InboxNote.mention_id).where(InboxNote.author.in_(authors))
    last = select(func.max(InboxNote.id)).where(InboxNote.mention_id.in_(own)).group_by(InboxNote.mention_id)
    rows = session.execute(
        select(Mention.source_id, InboxNote)
        .join(Mention, Mention.id == InboxNote.mention_id)
        .join(MentionBrand, MentionBrand.mention_id == InboxNote.mention_id)
        .where(InboxNote.id.in_(last), InboxNote.status == "resolved")
        .where(MentionBrand.brand_id == brand_id, ~MentionBrand.rejected)
        .order_by(InboxNote.id)
    )
    return [(row[0], row[1]) for row in rows]
