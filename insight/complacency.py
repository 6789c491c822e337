"""Complacency: a brand whose net sentiment holds while its rivals, or what its customers expect, move.

The definition is in docs/methods.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from overheard.errors import NotFoundError
from overheard.insight import changes, statistics
from overheard.insight.figures import rating_of
from overheard.insight.periods import Bounds, Said, read_periods, slices
from overheard.insight.rollups import read_signals
from overheard.insight.scope import Scope, Selection, select_scope
from overheard.insight.significance import corrected
from overheard.insight.statistics import Difference, Estimate, Sums
from overheard.store.brands import key_of, terms
from overheard.store.tables import Brand

FLAT = 5.0
"""Points of net sentiment by which a level may at most have moved to be called flat."""

YEAR, HALF = 365, 182
"""Days of the windows that are compared; where there is less history, half of what there is."""

PARTS = 12
"""Parts of a window whose variation says how much a window's net varies beyond chance."""

MOST_RIVALS = 10
"""Brands of the same industry that stand in for rivals where none is named, the first by name."""

REQUEST = "request"
"""The signal of a wish for something that is not offered."""


@dataclass(frozen=True, slots=True)
class Window:
    """What is compared: the days from `since` until `until` with as many days before them, from `before`."""

    before: date
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class RivalMove:
    """How a rival's net moved; `improved` says that it rose for certain, among all that was looked at here.

    `named` is false for a brand that is there because it is of the same industry.
    """

    brand: str
    named: bool
    before: Estimate
    after: Estimate
    change: Difference | None
    improved: bool


@dataclass(frozen=True, slots=True)
class Expectation:
    """How what customers expect moved: `stars` (1 to 5), `pain` (percent of the sentences, or of the votes in the
    dimension, that are negative) or `requests` (percent of the mentions that ask for something not offered).

    `worse` says that it moved against the brand for certain: stars down, pain or requests up.
    """

    measure: str
    before: Estimate
    after: Estimate
    change: Difference | None
    worse: bool


@dataclass(frozen=True, slots=True)
class Complacency:
    """Whether a brand rests while others move.

    `verdict` is `complacent` (flat, and a rival improved or an expectation moved), `holds` (flat, nothing else moved),
    `moves` (it changed for certain), `unclear` (neither flat nor changed for certain) or `too few`.
    """

    verdict: str
    window: Window
    before: Estimate
    after: Estimate
    change: Difference | None
    flat: bool
    rivals: tuple[RivalMove, ...]
    expectations: tuple[Expectation, ...]


@dataclass(frozen=True, slots=True)
class Halves:
    """What was said before and in a window, in parts, oldest first."""

    before: tuple[Said, ...]
    after: tuple[Said, ...]

    def nets(self, dimension: str | None) -> tuple[Estimate, Estimate]:
        """Return the nets of both."""
        one, other = (statistics.net(statistics.pooled(self._sums(part, dimension))) for part in self._parts())
        return one, other

    def change(self, dimension: str | None) -> Difference | None:
        """Return how the net moved, the interval widened by how much more than by chance the parts vary."""
        before, after = self.nets(dimension)
        parts = [sums for part in self._parts() for sums in self._sums(part, dimension)]
        return changes.widened(statistics.difference(after, before), changes.series(parts).dispersion)

    def _parts(self) -> tuple[tuple[Said, ...], tuple[Said, ...]]:
        return self.before, self.after

    @staticmethod
    def _sums(said: Sequence[Said], dimension: str | None) -> list[Sums]:
        return [part.sums if dimension is None else part.of(dimension) for part in said]


def window(first: date, last: date) -> Window | None:
    """Return the last year, half-year or half of a span with as much before it; null for a span of one day."""
    days = (last - first).days + 1
    length = YEAR if days >= 2 * YEAR else HALF if days >= 2 * HALF else days // 2
    if length < 1:
        return None
    since = last - timedelta(days=length - 1)
    return Window(since - timedelta(days=length), since, last)


def read_halves(
    session: Session, version: int | None, selection: Selection, scope: Scope, span: Window, *, only_net: bool = False
) -> Halves:
    """Return what was said before and in a window; with `only_net` no more than the net of the scope needs."""
    before = slices((span.before, span.since - timedelta(days=1)), PARTS)
    after = slices((span.since, span.until), PARTS)
    said = read_periods(
        session, version, selection, [*before, *after],
        counts=not only_net, votes=not only_net or scope.dimension is not None,
    )  # fmt: skip
    return Halves(tuple(said[: len(before)]), tuple(said[len(before) :]))


def find_complacency(
    session: Session, brand: Brand, selection: Selection, scope: Scope, span: Window, halves: Halves
) -> Complacency:
    """Say whether a brand rests; `halves` is what `read_halves` found of it."""
    before, after = halves.nets(scope.dimension)
    change = halves.change(scope.dimension)
    flat = change is not None and change.low >= -FLAT and change.high <= FLAT
    moves = _rival_moves(session, brand, scope, span)
    expectations = _expectations(session, brand, selection, scope, span, halves)
    changes = corrected([*(move.change for move in moves), *(each.change for each in expectations)])
    sure = [found is not None and found.certain for found in changes]
    rivals = tuple(
        replace(move, improved=certain and move.change is not None and move.change.value > 0)
        for move, certain in zip(moves, sure, strict=False)
    )
    found = tuple(
        replace(each, worse=certain and _is_worse(each))
        for each, certain in zip(expectations, sure[len(moves) :], strict=True)
    )
    moved = any(rival.improved for rival in rivals) or any(each.worse for each in found)
    return Complacency(_verdict(change, flat, moved), span, before, after, change, flat, rivals, found)


def _verdict(change: Difference | None, flat: bool, moved: bool) -> str:
    if change is None:
        return "too few"
    if flat:
        return "complacent" if moved else "holds"
    return "moves" if change.certain else "unclear"


def _rival_moves(session: Session, brand: Brand, scope: Scope, span: Window) -> list[RivalMove]:
    moves = []
    for rival, named in _rivals(session, brand):
        try:
            selection = select_scope(session, rival, replace(scope, dimension=None))
        except NotFoundError:
            # A source that this rival has no mentions from.
            continue
        halves = read_halves(session, rival.model_version_id, selection, scope, span, only_net=True)
        before, after = halves.nets(scope.dimension)
        moves.append(RivalMove(rival.name, named, before, after, halves.change(scope.dimension), improved=False))
    return moves


def _rivals(session: Session, brand: Brand) -> list[tuple[Brand, bool]]:
    """Return the rivals that the same version reads, with whether they were named."""
    others = session.scalars(
        select(Brand).where(Brand.id != brand.id, Brand.model_version_id == brand.model_version_id).order_by(Brand.key)
    ).all()
    names = {key_of(name) for name in terms(brand, "rival")}
    named = [other for other in others if names & {other.key, *map(key_of, terms(other, "alias"))}]
    if named or brand.industry is None:
        return [(other, True) for other in named]
    industry = brand.industry.casefold()
    alike = [other for other in others if other.industry is not None and other.industry.casefold() == industry]
    return [(other, False) for other in alike[:MOST_RIVALS]]


def _expectations(
    session: Session, brand: Brand, selection: Selection, scope: Scope, span: Window, halves: Halves
) -> list[Expectation]:
    parts = (halves.before, halves.after)
    found = [("pain", [_pain(part, scope.dimension) for part in parts])]
    if scope.dimension is None:
        found.insert(0, ("stars", [statistics.of_five(rating_of(part)) for part in parts]))
        limits = ((span.before, span.since - timedelta(days=1)), (span.since, span.until))
        asked = [_requests(session, brand, selection, bounds, part) for bounds, part in zip(limits, parts, strict=True)]
        found.append(("requests", asked))
    return [
        Expectation(measure, before, after, statistics.difference(after, before), worse=False)
        for measure, (before, after) in found
    ]


def _pain(parts: Sequence[Said], dimension: str | None) -> Estimate:
    if dimension is not None:
        votes = statistics.pooled([part.of(dimension) for part in parts])
        return _percent(votes.negative, votes.mentions, votes.mentions)
    sums = statistics.pooled([part.sums for part in parts])
    voices = (sums.positive + sums.negative) ** 2 // sums.sum_xx if sums.sum_xx else sums.mentions
    return _percent(sums.negative, sum(part.opinions for part in parts), sums.mentions, voices)


def _requests(session: Session, brand: Brand, selection: Selection, bounds: Bounds, parts: Sequence[Said]) -> Estimate:
    analysed = sum(part.sums.mentions for part in parts)
    if brand.model_version_id is None:
        return Estimate(None, None, None, 0)
    limited = replace(selection, since=bounds[0], until=bounds[1])
    found = read_signals(session, brand.model_version_id, limited).get(REQUEST)
    return _percent(found.mentions if found else 0, analysed, analysed)


def _percent(count: int, whole: int, mentions: int, voices: int | None = None) -> Estimate:
    """Return a share in percent with the interval of one vote for each mention, or of fewer `voices` (Kish's count)."""
    if not whole or mentions < statistics.MINIMUM:
        return Estimate(None, None, None, mentions)
    size = mentions if voices is None else max(statistics.MINIMUM, min(voices, mentions))
    yes = round(size * count / whole)
    found = statistics.index(statistics.net(statistics.votes(yes, size - yes, 0)))
    return replace(found, value=100 * count / whole, n=mentions)


def _is_worse(found: Expectation) -> bool:
    if found.change is None:
        return False
    return found.change.value < 0 if found.measure == "stars" else found.change.value > 0
