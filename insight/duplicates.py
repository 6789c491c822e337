"""The near-duplicates that are left out of every count: which groups there are, and what stands in them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from overheard.errors import UsageError
from overheard.insight.scope import Scope, Selection, select_scope
from overheard.store.tables import Brand, Mention, MentionBrand, Source

NAMES = 5
"""Different names from which on a group is a template that many are made to post."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """One mention of a group, as published."""

    mention_id: int
    source: str
    day: date
    url: str | None
    text: str


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Mentions that say the same: `first` counts, the `copies` do not; these are `others`, the earliest first.

    `kind` is `template` (under five names or more), `repeated` (all under one name) or `copied`. `names` counts the
    different pseudonyms among first and copies, of which `unnamed` have none. `since` and `until` are the days of the
    earliest and the latest, `sources` the mentions by the name of their source, the most first.
    """

    kind: str
    copies: int
    names: int
    unnamed: int
    sources: dict[str, int]
    since: date
    until: date
    first: Duplicate
    others: tuple[Duplicate, ...]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What is left out of the counts of a brand in one scope: `left_out` copies in `groups_found` groups.

    `groups` are the largest; a group has the copies that lie in the scope, and its first wherever that lies.
    """

    brand: str
    scope: Scope
    left_out: int
    groups_found: int
    groups: tuple[DuplicateGroup, ...]


def find_duplicates(session: Session, brand: Brand, scope: Scope, *, limit: int = 20) -> Duplicates:
    """Return the near-duplicates of a brand, with the `limit` largest groups, the largest first.

    Raises UsageError for an impossible scope or limit and NotFoundError for an unknown source.
    """
    if limit < 1:
        raise UsageError(f"cannot list {limit} groups; expected a limit of 1 or more")
    selection = select_scope(session, brand, scope)
    copies = [*_links(selection), *selection.mentions()]
    size = func.count()
    of_group = select(MentionBrand.duplicate_of, size).join(Mention, Mention.id == MentionBrand.mention_id)
    sizes = session.execute(
        of_group.where(*copies).group_by(MentionBrand.duplicate_of).order_by(size.desc(), MentionBrand.duplicate_of)
    ).all()
    largest = [first for first, _ in sizes[:limit] if first is not None]
    return Duplicates(
        brand=brand.name,
        scope=scope,
        left_out=sum(count for _, count in sizes),
        groups_found=len(sizes),
        groups=_groups(session, largest, copies),
    )


def count_duplicates(session: Session, selection: Selection) -> int:
    """Return how many copies are left out of the counts."""
    return selection.count_links(*_links(selection))


def _links(selection: Selection) -> list[ColumnElement[bool]]:
    # The few copies come first, and the brand is checked of each.
    of_brand = func.coalesce(MentionBrand.brand_id, MentionBrand.brand_id) == selection.brand_id
    return [MentionBrand.duplicate_of.is_not(None), ~MentionBrand.rejected, of_brand]


def _groups(
    session: Session, firsts: Sequence[int], copies: Collection[ColumnElement[bool]]
) -> tuple[DuplicateGroup, ...]:
    wanted = (Mention.id, Source.name, Mention.author, Mention.day, Mention.url, Mention.text)
    members: defaultdict[int, list[Any]] = defaultdict(list)
    origin = Source.id == Mention.source_id
    for first in session.execute(select(*wanted).join(Source, origin).where(Mention.id.in_(firsts))):
        members[first.id].append(first)
    in_groups = (
        select(MentionBrand.duplicate_of, *wanted)
        .join(Mention, Mention.id == MentionBrand.mention_id)
        .join(Source, origin)
        .where(MentionBrand.duplicate_of.in_(firsts), *copies)
        .order_by(Mention.day, Mention.id)
    )
    for row in session.execute(in_groups):
        members[row.duplicate_of].append(row)
    return tuple(_group(members[first]) for first in firsts)


def _group(rows: Sequence[Any]) -> DuplicateGroup:
    named = [row.author for row in rows if row.author]
    names = len(set(named))
    same = names == 1 and len(named) == len(rows)
    days = [row.day for row in rows]
    first, *others = (Duplicate(row.id, row.name, row.day, row.url, row.text) for row in rows)
    return DuplicateGroup(
        kind="template" if names >= NAMES else "repeated" if same else "copied",
        copies=len(rows) - 1,
        names=names,
        unnamed=len(rows) - len(named),
        sources=dict(Counter(row.name for row in rows).most_common()),
        since=min(days),
        until=max(days),
        first=first,
        others=tuple(others),
    )
