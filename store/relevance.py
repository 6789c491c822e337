"""Relevance: which found mentions are not judged yet, what was judged, and what a person decided instead."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from overheard.errors import NotFoundError
from overheard.store.mentions import compare_again, mark_stale
from overheard.store.tables import Brand, Mention, MentionBrand

USER = "user"
"""Who decided where a person did: no judgement changes that."""


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A mention to be judged for a brand."""

    id: int
    content_hash: str
    language: str
    title: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a mention, as it stood under `content_hash`, is about a brand; the rest as in `MentionBrand`."""

    mention_id: int
    content_hash: str
    relevance: float | None
    rejected: bool
    decided_by: str
    reason: str | None


def _unjudged(brand_id: int, source_id: int, judged_as: str) -> Select[Any]:
    return (
        select(Mention)
        .join(MentionBrand, MentionBrand.mention_id == Mention.id)
        .where(MentionBrand.brand_id == brand_id, Mention.source_id == source_id)
        .where(MentionBrand.judged_as.is_distinct_from(judged_as), MentionBrand.decided_by.is_distinct_from(USER))
    )


def count_unjudged(session: Session, brand_id: int, source_id: int, judged_as: str) -> int:
    """Return how many mentions of a source were not judged as `judged_as`, nor decided by a person."""
    return session.scalar(select(func.count()).select_from(_unjudged(brand_id, source_id, judged_as).subquery())) or 0


def unjudged(
    session: Session, brand_id: int, source_id: int, judged_as: str, *, after: int, limit: int
) -> list[Unjudged]:
    """Return up to `limit` of the mentions that `count_unjudged` counts, with ids above `after`, by id."""
    statement = _unjudged(brand_id, source_id, judged_as).where(Mention.id > after).order_by(Mention.id).limit(limit)
    wanted = (Mention.id, Mention.content_hash, Mention.language, Mention.title, Mention.text)
    return [Unjudged(*row) for row in session.execute(statement.with_only_columns(*wanted))]


def save(session: Session, brand_id: int, judged_as: str, judgements: Sequence[Judgement]) -> None:
    """Store judgements and mark the rollup cells in which another mention counts now.

    What was edited, removed or decided by a person in the meantime is left as it is.
    """
    found = {row.mention_id: row for row in _links(session, brand_id, [entry.mention_id for entry in judgements])}
    rows, changed = [], []
    for entry in judgements:
        link = found.get(entry.mention_id)
        if link is None or link.decided_by == USER or link.content_hash != entry.content_hash:
            continue
        values = {"relevance": entry.relevance, "rejected": entry.rejected, "decided_by": entry.decided_by}
        about = {"reason": entry.reason, "judged_as": judged_as}
        rows.append({"mention_id": entry.mention_id, "brand_id": brand_id, **values, **about})
        if link.rejected != entry.rejected:
            changed.append(link)
    if rows:
        session.execute(update(MentionBrand), rows)
    _count_again(session, brand_id, changed)


def decide(session: Session, brand: Brand, mention_ids: Collection[int], *, rejected: bool) -> int:
    """Count mentions as about the brand, or not, whatever a judgement says; return for how many that is new.

    Raises NotFoundError, and decides nothing, where one of them is no mention of the brand.
    """
    found = _links(session, brand.id, mention_ids)
    missing = sorted(set(mention_ids) - {link.mention_id for link in found})
    if missing:
        raise NotFoundError(
            f"no mention {', '.join(map(str, missing[:5]))}{f' and {len(missing) - 5} more' if missing[5:] else ''} "
            f"of {brand.name!r}; `overheard mentions` shows the numbers"
        )
    rows = [{"mention_id": link.mention_id, "brand_id": brand.id, "rejected": rejected} for link in found]
    session.execute(update(MentionBrand), [row | {"decided_by": USER, "reason": None} for row in rows])
    changed = [link for link in found if link.rejected != rejected]
    _count_again(session, brand.id, changed)
    return len(changed)


def _count_again(session: Session, brand_id: int, changed: Sequence[Any]) -> None:
    """Have the cells of mentions that count now, or no more, computed again, and their near-duplicates looked for."""
    mark_stale(session, ((brand_id, link.source_id, link.day) for link in changed))
    compare_again(session, [link.mention_id for link in changed])


def _links(session: Session, brand_id: int, mention_ids: Collection[int]) -> Sequence[Any]:
    """Return where mentions stand with a brand, locked where the database locks rows, so that no edit comes between."""
    wanted = (MentionBrand.mention_id, MentionBrand.rejected, MentionBrand.decided_by)
    return session.execute(
        select(*wanted, Mention.content_hash, Mention.source_id, Mention.day)
        .join(Mention, Mention.id == MentionBrand.mention_id)
        .where(MentionBrand.brand_id == brand_id, MentionBrand.mention_id.in_(mention_ids))
        .with_for_update()
    ).all()
