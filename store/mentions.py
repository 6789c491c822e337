"""Mentions: insert the new, update the edited, leave the rest, all in the caller's transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from overheard.store.search import index_mentions
from overheard.store.tables import (
    Base,
    Classification,
    Fingerprint,
    Mention,
    MentionBrand,
    MentionVersion,
    Opinion,
    OpinionDimension,
    Source,
    StaleCell,
)


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the items of one transaction."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.added + other.added, self.updated + other.updated, self.unchanged + other.unchanged)


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionDraft:
    """A mention as it shall stand in the store: masked, pseudonymised, its language known. Fields as in `Mention`."""

    external_id: str
    title: str | None
    text: str
    language: str
    rating: float | None
    rating_given: str | None
    rating_scale: float | None
    author: str | None
    url: str | None
    published: datetime | None
    edited: datetime | None
    fetched: datetime
    reply_state: str
    reply: str | None
    replied: datetime | None
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def content_hash(self) -> str:
        """SHA-256 of title, text and rating: what counts as an edit when it changes."""
        content = "\x1f".join((self.title or "", self.text, "" if self.rating is None else f"{self.rating:.6f}"))
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def day(self) -> date:
        """The UTC date that rollups file the mention under."""
        return (self.published or self.fetched).date()


# Statements of every page are put together once, and inserts go by the tables: the ORM costs more than the database.
_MENTIONS, _LINKS, _CELLS = (Base.metadata.tables[table.__tablename__] for table in (Mention, MentionBrand, StaleCell))
_PRESENT: Final = select(Mention).where(
    Mention.source_id == bindparam("source"), Mention.external_id.in_(bindparam("ids", expanding=True))
)
_ADD: Final = insert(_MENTIONS).returning(_MENTIONS.c.id, _MENTIONS.c.external_id)
_LINK: Final = insert(_LINKS)

QUIET_FIELDS = ("author", "url", "published", "edited", "reply_state", "reply", "replied", "attributes")
"""Fields that are brought up to date without counting as an edit of what the customer said."""

OF_THE_REPLY = ("reply_state", "reply", "replied")
"""Of these, the ones that a reading which does not know whether there is a reply leaves as they are."""


def upsert(session: Session, source: Source, drafts: Sequence[MentionDraft], brand_ids: Collection[int]) -> Counts:
    """Store drafts of one source as mentions of these brands, and mark the rollup cells that they touch.

    Of two drafts with one external id, the later wins. An edited mention keeps its earlier state as a version and
    loses its opinions, so that it is judged and classified anew.
    """
    latest = {draft.external_id: draft for draft in drafts}
    found = session.scalars(_PRESENT, {"source": source.id, "ids": list(latest)})
    present = {mention.external_id: mention for mention in found}
    new = [draft for key, draft in latest.items() if key not in present]
    cells = {draft.day for draft in new}
    updated = 0
    for key, mention in present.items():
        before = mention.day
        if _update(session, mention, latest[key]):
            updated += 1
            cells |= {before, mention.day}
    ids = [mention.id for mention in present.values()]
    cells |= _link(session, ids, brand_ids)
    _add_links(session, [(mention, brand) for mention in _insert(session, source.id, new) for brand in brand_ids])
    linked = set(brand_ids) | _brands_of(session, ids)
    mark_stale(session, ((brand_id, source.id, day) for brand_id in linked for day in cells))
    return Counts(len(new), updated, len(latest) - len(new) - updated)


def _columns(draft: MentionDraft) -> dict[str, Any]:
    values = {name: getattr(draft, name) for name in draft.__dataclass_fields__}
    return values | {"content_hash": draft.content_hash, "day": draft.day}


def _insert(session: Session, source_id: int, drafts: Sequence[MentionDraft]) -> list[int]:
    if not drafts:
        return []
    rows = [_columns(draft) | {"source_id": source_id} for draft in drafts]
    ids = {key: mention for mention, key in session.execute(_ADD, rows)}
    contents = ((ids[draft.external_id], draft.title, draft.text, draft.attributes) for draft in drafts)
    index_mentions(session, contents, new=True)
    return list(ids.values())


def _update(session: Session, mention: Mention, draft: MentionDraft) -> bool:
    """Bring a mention up to date; return whether anything that a person can see changed."""
    values = _columns(draft)
    if draft.reply_state == "unknown":
        values |= {name: getattr(mention, name) for name in OF_THE_REPLY}
    edited = mention.content_hash != draft.content_hash
    changed = edited or mention.vanished is not None or any(
        getattr(mention, name) != values[name] for name in QUIET_FIELDS
    )  # fmt: skip
    if edited:
        _keep_version(session, mention)
        forget_reading(session, mention.id)
        session.execute(update(MentionBrand).where(MentionBrand.mention_id == mention.id).values(judged_as=None))
    if changed:
        names = set(values) if edited else {*QUIET_FIELDS, "day"}
        if draft.published is None and mention.published is None and not edited:
            names.discard("day")
        searched = edited or mention.attributes != draft.attributes
        compared = edited or mention.vanished is not None or _standing(mention) != _standing(draft)
        for name in names - {"external_id"}:
            setattr(mention, name, values[name])
        mention.vanished = None
        if compared:
            session.flush()
            compare_again(session, [mention.id])
        if searched:
            index_mentions(session, [(mention.id, mention.title, mention.text, mention.attributes)])
    return changed


def _standing(mention: Mention | MentionDraft) -> tuple[datetime | None, str | None]:
    """What decides beside the text which mention is the copy of which."""
    return mention.published, mention.author


def compare_again(session: Session, mention_ids: Collection[int]) -> None:
    """Have mentions compared with the others again; call it when what changed is written, for comparing locks them."""
    session.execute(delete(Fingerprint).where(Fingerprint.mention_id.in_(mention_ids)))


def _keep_version(session: Session, mention: Mention) -> None:
    last = session.scalar(select(func.max(MentionVersion.version)).where(MentionVersion.mention_id == mention.id))
    session.add(
        MentionVersion(
            mention_id=mention.id,
            version=(last or 0) + 1,
            content_hash=mention.content_hash,
            title=mention.title,
            text=mention.text,
            rating=mention.rating,
            fetched=mention.fetched,
        )
    )


def forget_reading(session: Session, mention_id: int) -> None:
    """Delete what every model version made of a mention, so that it is classified again."""
    opinions = select(Opinion.id).where(Opinion.mention_id == mention_id)
    session.execute(delete(OpinionDimension).where(OpinionDimension.opinion_id.in_(opinions)))
    session.execute(delete(Opinion).where(Opinion.mention_id == mention_id))
    session.execute(delete(Classification).where(Classification.mention_id == mention_id))


def _link(session: Session, mention_ids: Sequence[int], brand_ids: Collection[int]) -> set[date]:
    """Say that mentions of before speak of the brands; return the days of the links that are new."""
    if not mention_ids or not brand_ids:
        return set()
    known = set(
        session.execute(
            select(MentionBrand.mention_id, MentionBrand.brand_id).where(MentionBrand.mention_id.in_(mention_ids))
        )
    )
    wanted = [(mention, brand) for mention in mention_ids for brand in sorted(brand_ids)]
    fresh = [pair for pair in wanted if pair not in known]
    if not fresh:
        return set()
    _add_links(session, fresh)
    compare_again(session, {mention for mention, _ in fresh})
    return set(session.scalars(select(Mention.day).where(Mention.id.in_({mention for mention, _ in fresh})).distinct()))


def _add_links(session: Session, pairs: Sequence[tuple[int, int]]) -> None:
    if pairs:
        session.execute(_LINK, [{"mention_id": mention, "brand_id": brand} for mention, brand in pairs])


def _brands_of(session: Session, mention_ids: Sequence[int]) -> set[int]:
    statement = select(MentionBrand.brand_id).where(MentionBrand.mention_id.in_(mention_ids)).distinct()
    return set(session.scalars(statement)) if mention_ids else set()


def mark_stale(session: Session, cells: Iterable[tuple[int, int, date]]) -> None:
    """Mark (brand, source, day) cells whose rollups must be computed anew; marking twice is the same as once."""
    rows = [{"brand_id": brand, "source_id": source, "day": day} for brand, source, day in sorted(set(cells))]
    if not rows:
        return
    session.execute(_MARK[session.get_bind().dialect.name], rows)


def _marking(dialect: Any) -> Any:
    statement = dialect.insert(_CELLS)
    # An update rather than nothing: it waits for a roll-up that is just deleting the mark, and then marks again.
    return statement.on_conflict_do_update(
        index_elements=["brand_id", "source_id", "day"], set_={"day": statement.excluded.day}
    )


_MARK: Final = {"postgresql": _marking(postgresql), "sqlite": _marking(sqlite)}
