"""Near-duplicates: which mentions are still to be compared, by what they are found, and which group they are in.

A group is a set of mentions of one brand. Its first mention stands for it, the others are its copies
(`MentionBrand.duplicate_of`) and count nowhere. What is a copy of what is decided elsewhere (`intake.duplicates`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Select, bindparam, delete, exists, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from overheard.store.mentions import compare_again, mark_stale
from overheard.store.tables import SURVEY, Fingerprint, Mention, MentionBrand, Source, TextBand

AT_ONCE = 5000
"""Values in one list of a statement; the databases take at least six times as many."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Uncompared:
    """A mention to be compared with the others."""

    id: int
    source_id: int
    author: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key stands in a brand: `first` is the first mention of a group, `mention_id` one that has the key."""

    key: int
    first: int
    mention_id: int


def uncompared(session: Session, *, after: int, limit: int) -> list[Uncompared]:
    """Return up to `limit` mentions that are to be compared, with ids above `after`, by id.

    Comments in surveys are not: what is public is no copy of them, and each is the answer of a customer.

    They are locked where the database locks rows: an edit in the meantime waits, and has them compared again.
    """
    compared = exists().where(Fingerprint.mention_id == Mention.id)
    public = Mention.source_id.not_in(select(Source.id).where(Source.kind == SURVEY))
    columns = (Mention.id, Mention.source_id, Mention.author, Mention.text)
    wanted = select(*columns).where(Mention.id > after, ~compared, public)
    return [Uncompared(*row) for row in session.execute(wanted.order_by(Mention.id).limit(limit).with_for_update())]


def save_keys(session: Session, keys: Mapping[int, int | None], bands: Iterable[tuple[int, int]]) -> None:
    """Say by which key each mention is known, and by which (band, key) the texts are found."""
    connection = session.connection()
    connection.execute(insert(Fingerprint), [{"mention_id": mention, "key": key} for mention, key in keys.items()])
    rows = [{"band": band, "key": key} for band, key in sorted(set(bands))]
    if rows:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(TextBand).on_conflict_do_nothing(), rows)


def brands_of(session: Session, mention_ids: Collection[int]) -> dict[int, list[int]]:
    """Return the mentions by the brands that they speak of."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    links = select(MentionBrand.brand_id, MentionBrand.mention_id).where(MentionBrand.mention_id.in_(mention_ids))
    for brand, mention in session.execute(links.order_by(MentionBrand.brand_id, MentionBrand.mention_id)):
        found[brand].append(mention)
    return found


def keys_by_band(session: Session, bands: Collection[int]) -> dict[int, list[int]]:
    """Return the keys of all texts that are found by each of these bands."""
    found: defaultdict[int, list[int]] = defaultdict(list)
    for some in _parts(bands):
        rows = session.execute(select(TextBand.band, TextBand.key).where(TextBand.band.in_(some)))
        for band, key in rows:
            found[band].append(key)
    return found


def places(session: Session, brand_id: int, keys: Collection[int]) -> list[Place]:
    """Return where these keys stand in a brand; a key has several places until its groups are joined."""
    first = func.coalesce(MentionBrand.duplicate_of, MentionBrand.mention_id)
    statement = (
        select(Fingerprint.key, first, func.min(Fingerprint.mention_id))
        .join(MentionBrand, MentionBrand.mention_id == Fingerprint.mention_id)
        # Hidden from the planner, which else begins with all mentions of the brand.
        .where(func.coalesce(MentionBrand.brand_id, MentionBrand.brand_id) == brand_id)
        .group_by(Fingerprint.key, first)
    )
    rows = (row for some in _parts(keys) for row in session.execute(statement.where(Fingerprint.key.in_(some))))
    return [Place(key, group, mention) for key, group, mention in rows if key is not None]


def texts(session: Session, mention_ids: Collection[int]) -> dict[int, str]:
    """Return the texts of mentions."""
    statement = select(Mention.id, Mention.text)
    rows = (row for some in _parts(mention_ids) for row in session.execute(statement.where(Mention.id.in_(some))))
    return {row.id: row.text for row in rows}


def join_groups(session: Session, brand_id: int, groups: Iterable[Collection[int]]) -> None:
    """Make one group of those that the given mentions are the first of, for each of `groups`.

    First is what is about the brand, then what still stands at its source, then the earliest, then the least by source
    and external id: nothing that depends on the order of arrival. The cells of what is a copy now are marked.
    """
    groups = [sorted(group) for group in groups]
    ranks = _ranks(session, brand_id, [mention for group in groups for mention in group])
    moves = []
    for group in groups:
        first = min(group, key=ranks.__getitem__)
        moves += [{"old": mention, "new": first} for mention in group if mention != first]
    if not moves:
        return
    of_brand = update(MentionBrand).where(MentionBrand.brand_id == brand_id).values(duplicate_of=bindparam("new"))
    connection = session.connection()
    connection.execute(of_brand.where(MentionBrand.duplicate_of == bindparam("old")), moves)
    connection.execute(of_brand.where(MentionBrand.mention_id == bindparam("old")), moves)
    for some in _parts([move["old"] for move in moves]):
        cells = session.execute(select(Mention.source_id, Mention.day).where(Mention.id.in_(some)).distinct())
        mark_stale(session, ((brand_id, source, day) for source, day in cells))


def _ranks(session: Session, brand_id: int, mention_ids: Collection[int]) -> dict[int, tuple[Any, ...]]:
    wanted = (MentionBrand.rejected, Mention.vanished, Mention.published, Mention.source_id, Mention.external_id)
    statement = (
        select(Mention.id, *wanted)
        .join(MentionBrand, MentionBrand.mention_id == Mention.id)
        .where(MentionBrand.brand_id == brand_id)
    )
    ranks: dict[int, tuple[Any, ...]] = {}
    for some in _parts(mention_ids):
        for mention, rejected, vanished, published, *place in session.execute(statement.where(Mention.id.in_(some))):
            moment = (published is None, published or datetime.min.replace(tzinfo=UTC))
            ranks[mention] = (rejected, vanished is not None, *moment, *place)
    return ranks


def take_apart(session: Session, mention_ids: Collection[int] | Select[int]) -> None:
    """Dissolve the groups that hold any of these mentions, in every brand, and have all in them compared again."""
    link = MentionBrand
    firsts = set(session.scalars(select(link.duplicate_of).where(link.duplicate_of.in_(mention_ids)).distinct()))
    held = select(link.duplicate_of).where(link.mention_id.in_(mention_ids), link.duplicate_of.is_not(None))
    firsts |= set(session.scalars(held.distinct()))
    for some in _parts(filter(None, firsts)):
        copies = session.execute(
            select(link.brand_id, link.mention_id, Mention.source_id, Mention.day)
            .join(Mention, Mention.id == link.mention_id)
            .where(link.duplicate_of.in_(some))
        ).all()
        session.execute(update(link).where(link.duplicate_of.in_(some)).values(duplicate_of=None))
        for members in _parts({*some, *(copy.mention_id for copy in copies)}):
            compare_again(session, members)
        mark_stale(session, ((copy.brand_id, copy.source_id, copy.day) for copy in copies))


def forget_texts(session: Session) -> None:
    """Delete the bands of texts that no mention has any more."""
    kept = select(Fingerprint.key).where(Fingerprint.key.is_not(None))
    session.execute(delete(TextBand).where(TextBand.key.not_in(kept)))


def _parts(values: Iterable[T]) -> Iterator[Sequence[T]]:
    """Yield values in lists that a statement takes."""
    values = list(values)
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]
