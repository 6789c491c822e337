"""Near-duplicates are found: every mention that is new or changed is compared with those of its brands.

Mentions are joined where they have one key, or where their texts are copies and share a band; a group is what hangs
together. That two are joined depends on the two alone, so the groups are the same in whatever order mentions came, in
however many runs. What changed takes its old group apart, whose members are then compared again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from overheard.nlp.copies import REPEATED, SHARED, are_copies, bands_of, key_of, words_of
from overheard.store import duplicates
from overheard.store.database import Store
from overheard.store.duplicates import Uncompared

BATCH = 1000
"""Mentions compared in one transaction: about a second's work."""


def group_duplicates(store: Store) -> int:
    """Compare all mentions that were not compared as they stand now; return their number.

    Only one process at a time may do so; mentions may be added and changed meanwhile.
    """
    total = 0
    while done := _go_through(store):
        # What a changed mention was in a group with is compared again too, and may have a lower id.
        total += done
    return total


def _go_through(store: Store) -> int:
    count, after = 0, 0
    while True:
        with store.session() as session:
            batch = duplicates.uncompared(session, after=after, limit=BATCH)
            if batch:
                _compare(session, batch)
        if not batch:
            return count
        count, after = count + len(batch), batch[-1].id


def _compare(session: Session, batch: list[Uncompared]) -> None:
    ids = [mention.id for mention in batch]
    duplicates.take_apart(session, ids)
    keys: dict[int, int | None] = {}
    words: dict[int, list[str]] = {}
    for mention in batch:
        said = words_of(mention.text)
        keys[mention.id] = key = _key(mention, said)
        if key is not None and len(said) >= SHARED:
            words[key] = said
    bands = {key: bands_of(said) for key, said in words.items()}
    duplicates.save_keys(session, keys, ((band, key) for key, found in bands.items() for band in found))
    for brand, mentions in duplicates.brands_of(session, ids).items():
        own = {key for mention in mentions if (key := keys[mention]) is not None}
        _Neighbourhood(session, brand, own, bands, words).join()


def _key(mention: Uncompared, said: list[str]) -> int | None:
    if len(said) >= SHARED:
        return key_of(said)
    if len(said) >= REPEATED and mention.author:
        return key_of(words_of(mention.text, numbers=True), str(mention.source_id), mention.author)
    return None


class _Neighbourhood:
    """Some keys of a brand and all that share a band with one of them; `join` makes the groups that they are in."""

    def __init__(
        self,
        session: Session,
        brand_id: int,
        keys: set[int],
        bands: Mapping[int, list[int]],
        words: dict[int, list[str]],
    ) -> None:
        self._session, self._brand_id = session, brand_id
        self._words = dict(words)
        self._asked: defaultdict[int, list[int]] = defaultdict(list)
        for key in sorted(keys & bands.keys()):
            for band in bands[key]:
                self._asked[band].append(key)
        self._found = duplicates.keys_by_band(session, self._asked)
        self._groups = _Forest()
        self._group: dict[int, int] = {}
        self._sample: dict[int, int] = {}
        for place in duplicates.places(session, brand_id, keys.union(*self._found.values())):
            self._groups.join(self._group.setdefault(place.key, place.first), place.first)
            self._sample[place.key] = place.mention_id

    def join(self) -> None:
        """Join what has one key or is a copy, and store the groups."""
        buckets = {band: here for band in self._asked if len(here := self._by_group(band)) > 1}
        self._read(others[0] for here in buckets.values() for others in here.values())
        for band, here in buckets.items():
            for key in self._asked[band]:
                self._join_one(key, here)
        duplicates.join_groups(self._session, self._brand_id, self._groups.joined())

    def _by_group(self, band: int) -> dict[int, list[int]]:
        """Return the brand's keys that share a band, by their group."""
        here: defaultdict[int, list[int]] = defaultdict(list)
        for key in self._found[band]:
            if key in self._group:
                here[self._groups.top(self._group[key])].append(key)
        return here

    def _join_one(self, key: int, here: Mapping[int, list[int]]) -> None:
        for group, others in here.items():
            # One copy in a group is enough, and the others need not be looked at.
            if self._groups.top(group) != self._groups.top(self._group[key]) and self._has_copy(key, others):
                self._groups.join(group, self._group[key])

    def _has_copy(self, key: int, others: list[int]) -> bool:
        for other in others:
            self._read([other])
            if are_copies(self._words[key], self._words.get(other, ())):
                return True
        return False

    def _read(self, keys: Iterable[int]) -> None:
        unknown = {self._sample[key]: key for key in keys if key not in self._words}
        if unknown:
            for mention, text in duplicates.texts(self._session, unknown).items():
                self._words[unknown[mention]] = words_of(text)


class _Forest:
    """Groups that are joined two by two (union-find), each known by one of its members, its top."""

    def __init__(self) -> None:
        self._above: dict[int, int] = {}

    def top(self, member: int) -> int:
        while (above := self._above.setdefault(member, member)) != member:
            self._above[member] = member = self._above[above]
        return member

    def join(self, one: int, other: int) -> None:
        self._above[self.top(one)] = self.top(other)

    def joined(self) -> list[list[int]]:
        groups: defaultdict[int, list[int]] = defaultdict(list)
        for member in list(self._above):
            groups[self.top(member)].append(member)
        return [group for group in groups.values() if len(group) > 1]
