"""The cases of the inbox: what the team noted on a mention, how it stands, what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from overheard.errors import NotFoundError
from overheard.store.inbox import InboxNote, notes_on
from overheard.store.tables import Mention, Source

NEW = "new"
"""The status of what nobody noted anything on."""


@dataclass(frozen=True, slots=True)
class Note:
    """A note of the team, and the status of the mention from then on (see `store.inbox.STATUSES`)."""

    status: str
    text: str | None
    noted_by: str | None
    noted_at: datetime


@dataclass(frozen=True, slots=True)
class CaseHistory:
    """What became of one mention, from its publication to the last note; `status` as in `InboxEntry`."""

    mention_id: int
    source: str
    day: date
    url: str | None
    text: str
    reply_state: str
    replied: datetime | None
    status: str
    reopened_by: str | None
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Cases:
    """What became of several mentions, in the order in which they were asked for."""

    cases: tuple[CaseHistory, ...]


def find_cases(session: Session, mention_ids: Sequence[int]) -> Cases:
    """Return what became of mentions, in the order asked for; raises NotFoundError for one that there is not."""
    found = []
    for number in mention_ids:
        mention = session.get(Mention, number)
        if mention is None:
            raise NotFoundError(f"no mention {number}; `overheard inbox` shows the numbers")
        notes = notes_on(session, number)
        status, reopened_by = standing(notes[-1] if notes else None, mention)
        source = session.get_one(Source, mention.source_id)
        found.append(
            CaseHistory(
                mention_id=number,
                source=source.name,
                day=mention.day,
                url=mention.url,
                text=f"{mention.title or ''} {mention.text}".strip(),
                reply_state=mention.reply_state,
                replied=mention.replied,
                status=status,
                reopened_by=reopened_by,
                notes=tuple(map(note_of, notes)),
            )
        )
    return Cases(tuple(found))


def standing(note: InboxNote | None, mention: Any) -> tuple[str, str | None]:
    """Return the status of a mention by its last note, and what reopened it since."""
    if note is None:
        # Edited after the reply: the customer is not content with it, or says more.
        edited = mention.reply_state == "answered" and mention.edited and mention.replied
        return ("reopened", "edit") if edited and mention.edited > mention.replied else (NEW, None)
    if note.status in ("resolved", "answered") and note.content_hash != mention.content_hash:
        return "reopened", "edit"
    if note.status == "reopened" and mention.replied and mention.replied > note.noted_at:
        return "answered", None
    return note.status, None


def note_of(row: InboxNote) -> Note:
    """Return a note as it is shown."""
    return Note(row.status, row.text, row.noted_by, row.noted_at)
