"""Themes are kept: what is new joins the theme that it is near; what fits none is grouped when there is enough of it.

A theme's id stays. Opinions change their theme only where themes are merged or split, which the log says; what is new
moves a centroid a little and nothing else, so that a night that brings one per cent more changes nearly no theme.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from overheard.nlp import naming
from overheard.nlp.classifier import Classifier
from overheard.nlp.themes import (
    FOUNDING,
    Space,
    Vectors,
    alike,
    centred,
    group,
    nearest,
    packed,
    unpacked,
    vectors,
)
from overheard.store import readings, themes
from overheard.store.database import Store
from overheard.store.themes import Joined, Member, Side, Theme, ThemeSide

BATCH = 4096
"""Sentences whose vectors are made in one transaction: some seconds' work."""

LEAST, MOST = 5, 50
"""The fewest opinions of a theme: 0.7 × the root of those of its side, between these two."""

DUE = 0.05
"""Share of a side that must be new and in no theme before it is grouped again."""

GROWN = 2
"""How many times as many opinions a theme has, before it is named anew and looked at for parts."""

CENTRAL, AROUND = 80, 400
"""Sentences that a name is looked for in, and those of other themes that its keyphrases are compared with."""


@dataclass(frozen=True, slots=True)
class Updated:
    """What became of the themes: vectors made, themes found, merged and split off."""

    vectors: int = 0
    found: int = 0
    merged: int = 0
    split: int = 0


def least(opinions: int) -> int:
    """Return how many opinions a theme needs in a side of so many.

    >>> [least(opinions) for opinions in (40, 900, 100_000)]
    [5, 21, 50]
    """
    return max(LEAST, min(MOST, round(0.7 * math.sqrt(opinions))))


def update_themes(
    store: Store, classifier: Classifier, on_start: Callable[[int], None] | None = None,
    on_opinions: Callable[[int], None] | None = None,
) -> Updated:  # fmt: skip
    """Make the vectors that are missing, place what is new, group what fits nothing.

    Only one process at a time may do so. The caller rolls up afterwards: the cells that changed are marked.
    """
    space = Space.load(classifier)
    with store.session() as session:
        version = readings.version_id(session, classifier.version)
    with store.reading() as session:
        total = themes.count_without_vector(session, version)
    if on_start and total:
        on_start(total)
    done = Updated()
    while batch := _batch(store, version):
        rows = vectors(classifier, space, [each.text for each in batch], [each.language for each in batch])
        made = dict(zip([each.opinion_id for each in batch], packed(rows), strict=True))
        with store.session() as session:
            _place(session, version, {one: made[one] for one in themes.save_vectors(session, made)})
        done = replace(done, vectors=done.vectors + len(batch))
        if on_opinions:
            on_opinions(len(batch))
    with store.reading() as session:
        outdated = themes.outdated(session, version)
    for brand_id in outdated:
        with store.session() as session:
            _carry_over(session, version, brand_id)
    with store.reading() as session:
        due = [(each.brand_id, each.dimension, each.polarity) for each in session.scalars(_sides()) if _is_due(each)]
    for side in due:
        with store.session() as session:
            done = _Grouping(session, classifier, space, version, side).run(done)
    return done


def _sides() -> Select[ThemeSide]:
    return select(ThemeSide).order_by(ThemeSide.brand_id, ThemeSide.dimension, ThemeSide.polarity)


def _is_due(side: ThemeSide) -> bool:
    if side.middle is None:
        return side.opinions >= LEAST
    return side.loose >= max(least(side.opinions), DUE * side.opinions)


def _batch(store: Store, version: int) -> list[themes.Sentence]:
    with store.reading() as session:
        return themes.without_vector(session, version, BATCH)


def _place(session: Session, version: int, made: dict[int, bytes]) -> None:
    """Put new opinions into the themes that they are near, and count those that are near none."""
    by_side: defaultdict[Side, list[int]] = defaultdict(list)
    for side, opinion in themes.sides_of(session, version, made):
        by_side[side].append(opinion)
    themes.hold(session, {side[0] for side in by_side})
    for side, opinions in sorted(by_side.items()):
        kept = session.get(ThemeSide, side)
        if kept is None:
            kept = ThemeSide(brand_id=side[0], dimension=side[1], polarity=side[2], opinions=0, loose=0)
            session.add(kept)
        kept.opinions += len(opinions)
        kept.loose += len(opinions)
        known = [theme for theme in themes.themes_of(session, side) if theme.model_version_id == version]
        if kept.middle is not None and known:
            kept.loose -= _join(session, side, known, _floats(kept.middle), opinions, made)
        # Those in no theme count too, as such.
        themes.mark_opinions(session, side[0], opinions)


def _join(
    session: Session, side: Side, known: Sequence[Theme], middle: Vectors, opinions: Sequence[int],
    made: dict[int, bytes],
) -> int:  # fmt: skip
    rows = unpacked([made[opinion] for opinion in opinions])
    centroids = np.stack([_floats(theme.centroid) for theme in known])
    chosen, cosines = nearest(centred(rows, middle), centred(centroids, middle))
    by_id = {theme.id: theme for theme in known}
    joined = []
    for opinion, row, number, cosine in zip(opinions, rows, chosen, cosines, strict=True):
        if number >= 0:
            theme = by_id[known[number].merged_into or known[number].id]
            theme.centroid = ((_floats(theme.centroid) * theme.opinions + row) / (theme.opinions + 1)).tobytes()
            theme.opinions += 1
            joined.append(Joined(opinion, theme.id, float(cosine)))
    themes.join(session, side, joined)
    return len(joined)


def _carry_over(session: Session, version: int, brand_id: int) -> None:
    """Give the themes of a brand that a new version answers for their opinions as that read them."""
    themes.hold(session, [brand_id])
    carried = themes.carry_over(session, version, brand_id)
    everyone = {theme.id: theme for theme in session.scalars(select(Theme).where(Theme.brand_id == brand_id))}
    live = [theme for theme in everyone.values() if theme.merged_into is None]
    for theme in live:
        rows = carried.get(theme.id)
        if not rows:
            themes.note(session, theme, "ended", by="auto", detail=f"{theme.name}: none of it in a new version")
            session.execute(delete(Theme).where(Theme.id == theme.id))  # with those that became part of it
            continue
        theme.model_version_id, theme.opinions = version, len(rows)
        theme.centroid = unpacked([vector for _, vector in rows]).mean(0).tobytes()
        side = (brand_id, theme.dimension, theme.polarity)
        themes.join(session, side, [Joined(opinion, theme.id, 0.0) for opinion, _ in rows])
    for theme in everyone.values():
        if theme.merged_into in carried:
            # What it was like is lost with the old vectors; what would join it joins the other.
            theme.model_version_id, theme.centroid = version, everyone[theme.merged_into].centroid
    for side, opinions in themes.count_sides(session, version, brand_id).items():
        session.add(ThemeSide(brand_id=brand_id, dimension=side[1], polarity=side[2], opinions=opinions, loose=0))


@dataclass
class _Grouping:
    """One side that is grouped: what is in no theme, the themes that grew, and those that came to say the same."""

    session: Session
    classifier: Classifier
    space: Space
    version: int
    side: Side
    members: list[Member] = field(init=False)
    known: dict[int, Theme] = field(init=False)

    def run(self, done: Updated) -> Updated:
        """Group the side and write down what changed."""
        themes.hold(self.session, self.side[:1])
        self.members = themes.members(self.session, self.version, self.side)
        if not self.members:
            return done
        self.known = {theme.id: theme for theme in themes.themes_of(self.session, self.side)}
        self.rows = unpacked([member.vector for member in self.members])
        self.middle = self.space.middle(*self.side[1:], self.rows)
        self.seen = centred(self.rows, self.middle)
        self.founding = np.array([member.length <= FOUNDING for member in self.members])
        self.owner = np.array([member.theme_id or 0 for member in self.members])
        self.least = least(len(self.members))
        before = self.owner.copy()
        self._settle_centroids()
        self._take_in()
        found, split = self._find(), self._split()
        self._settle_centroids()
        merged = self._merge()
        self._settle_centroids()
        self._save(before)
        self._name()
        return replace(done, found=done.found + found, split=done.split + split, merged=done.merged + merged)

    def _live(self) -> list[Theme]:
        return [theme for theme in self.known.values() if theme.merged_into is None]

    def _settle_centroids(self) -> None:
        for theme in self._live():
            own = self.owner == theme.id
            theme.opinions = int(own.sum())
            if theme.opinions:
                theme.centroid = self._middle_of(np.flatnonzero(own))

    def _middle_of(self, places: NDArray[np.int64]) -> bytes:
        """Return the mean vector of opinions, of those that can found a theme where there are any."""
        founding = places[self.founding[places]]
        mean: Vectors = self.rows[founding if len(founding) else places].mean(0).astype(np.float32)
        return mean.tobytes()

    def _centroids(self, of: Sequence[Theme]) -> Vectors:
        if not of:
            return np.empty((0, self.rows.shape[1]), np.float32)
        return centred(np.stack([_floats(theme.centroid) for theme in of]), self.middle)

    def _take_in(self) -> None:
        """Let loose opinions join the themes that they are near, now that the middle is where it is."""
        loose = np.flatnonzero(self.owner == 0)
        everyone = list(self.known.values())
        chosen, _ = nearest(self.seen[loose], self._centroids(everyone))
        for place, number in zip(loose, chosen, strict=True):
            if number >= 0:
                self.owner[place] = everyone[number].merged_into or everyone[number].id

    def _find(self) -> int:
        """Make themes of what is left where enough of it says the same."""
        loose = np.flatnonzero(self.owner == 0)
        labels = group(self.seen[loose], self.least, self.founding[loose])
        found = 0
        for number in range(labels.max(initial=-1) + 1):
            places = loose[labels == number]
            everyone = list(self.known.values())
            centroid = centred(_floats(self._middle_of(places))[None], self.middle)
            near, _ = nearest(centroid, self._centroids(everyone))
            if near[0] >= 0:
                self.owner[places] = everyone[near[0]].merged_into or everyone[near[0]].id
            else:
                theme = self._new(places)
                themes.note(self.session, theme, "found", by="auto", detail=f"{len(places)} opinions")
                found += 1
        return found

    def _new(self, places: NDArray[np.int64]) -> Theme:
        days = sorted(self.members[place].day for place in places)
        theme = Theme(
            brand_id=self.side[0], dimension=self.side[1], polarity=self.side[2], model_version_id=self.version,
            name="…", named_by="auto", pinned=False, keyphrases=[], opinions=len(places), settled=0,
            centroid=self._middle_of(places), born=_born(days), created_at=datetime.now(UTC),
        )  # fmt: skip
        self.session.add(theme)
        self.session.flush()
        self.known[theme.id] = theme
        self.owner[places] = theme.id
        return theme

    def _split(self) -> int:
        """Take apart themes that grew and hold two things or more; the largest part keeps the id."""
        count = 0
        for theme in self._live():
            own = np.flatnonzero(self.owner == theme.id)
            if not theme.settled or theme.pinned or len(own) < max(GROWN * theme.settled, 2 * self.least):
                continue
            labels = group(self.seen[own], self.least, self.founding[own])
            for number in range(1, labels.max(initial=-1) + 1):
                part = self._new(own[labels == number])
                said = f"off {theme.name}, {part.opinions} opinions"
                themes.note(self.session, part, "split", by="auto", other=theme.id, detail=said)
                count += 1
        return count

    def _merge(self) -> int:
        """Join themes that came to say the same; one that a person named or pinned is not given up."""
        count = 0
        live = [theme for theme in self._live() if theme.opinions]
        while pairs := [pair for pair in alike(self._centroids(live)) if _may_merge(live[pair[0]], live[pair[1]])]:
            one, other = (live[number] for number in pairs[0])
            new, old = sorted((one, other), key=lambda theme: (-_kept(theme), -theme.opinions, theme.id))
            themes.merge_into(self.session, old, new, by="auto")
            self.owner[self.owner == old.id] = new.id
            new.centroid = self._middle_of(np.flatnonzero(self.owner == new.id))
            live.remove(old)
            count += 1
        return count

    def _save(self, before: NDArray[np.int64]) -> None:
        cosines = np.zeros(len(self.members), np.float32)
        for theme in self._live():
            own = self.owner == theme.id
            if own.any():
                cosines[own] = self.seen[own] @ self._centroids([theme])[0]
        # Of a side that is grouped for the first time, what is in no theme has to be counted as such.
        changed = np.flatnonzero((self.owner != before) | (self.owner == 0) * (before.max(initial=0) == 0))
        joined = [
            Joined(self.members[place].opinion_id, int(self.owner[place]), float(cosines[place]))
            for place in changed
            if self.owner[place]
        ]
        self.session.flush()
        themes.join(self.session, self.side, joined)
        themes.mark_opinions(self.session, self.side[0], [self.members[place].opinion_id for place in changed])
        kept = self.session.get(ThemeSide, self.side)
        if kept is not None:
            kept.opinions, kept.loose, kept.middle = len(self.members), 0, self.middle.astype(np.float32).tobytes()

    def _name(self) -> None:
        """Name the themes that are new, and anew those that grew."""
        live = [theme for theme in self._live() if theme.opinions]
        fresh = [theme for theme in live if theme.opinions >= GROWN * theme.settled]
        if not fresh:
            return
        around = {theme.id: self._said(theme, AROUND // len(live) + 1) for theme in live}
        for theme in sorted(fresh, key=lambda theme: -theme.opinions):
            spoken = themes.languages(self.session, theme.id)
            usual = max(spoken, key=lambda language: (spoken[language], language))
            beyond = [each for other, said in around.items() if other != theme.id for each in said]
            theme.keyphrases = naming.keyphrases(self._said(theme, AROUND), beyond, usual)
            theme.settled = theme.opinions
            if theme.named_by == "auto":
                taken = [other.name for other in live if other is not theme]
                theme.name = naming.name(
                    self.classifier, self.space, self._said(theme, CENTRAL), self.middle, _floats(theme.centroid),
                    self.side[1:], spoken, taken,
                )[: themes.LONGEST_NAME]  # fmt: skip

    def _said(self, theme: Theme, limit: int) -> list[naming.Spoken]:
        found = themes.sentences(self.session, theme.id, limit)
        return [naming.Spoken(each.text, each.language) for each in found]


def _may_merge(one: Theme, other: Theme) -> bool:
    return not (one.pinned or other.pinned or (one.named_by == other.named_by == "user"))


def _kept(theme: Theme) -> int:
    return theme.named_by == "user"


def _born(days: Sequence[date]) -> date:
    """Return the day before which less than a tenth of sorted days lie: a single early voice is no theme yet."""
    return days[len(days) // 10]


def _floats(content: bytes) -> Vectors:
    return np.frombuffer(content, np.float32)
