"""Brands side by side in the same mix of sources and languages: who is praised, who hurts, which differences are real.

Every brand is compared with the first. The answer marks many differences at once, so each counts as real only by a
p-value that is adjusted for all of them (Holm 1979): were all brands alike, 95 of 100 answers would mark none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from overheard import taxonomy
from overheard.errors import NotFoundError, UsageError
from overheard.insight import significance, statistics
from overheard.insight.best import Best, find_best
from overheard.insight.mix import InMix, Mix, Place, standardise
from overheard.insight.rivals import SaidOfRivals, find_said
from overheard.insight.scope import Scope
from overheard.insight.sides import Side, read_sides
from overheard.insight.statistics import Chance, Estimate, Mean, Sums
from overheard.store.brands import key_of, list_brands
from overheard.store.tables import Brand, ModelVersion

LEVEL = 0.05
"""The adjusted p-value below which a difference is marked as real."""


@dataclass(frozen=True, slots=True)
class ComparedDifference:
    """How far a brand's net in the mix lies above that of the first brand.

    `low` and `high` are its 95 % interval, which goes with `p`: it excludes 0 where p < 0.05. `p_adjusted` is p after
    the number of differences in the answer (Holm), and `certain` says that it is below 0.05 in a mix of the same
    sources and languages. `overlap` says that the
    two brands' own intervals overlap.
    """

    value: float
    low: float
    high: float
    p: Chance
    p_adjusted: Chance
    certain: bool
    overlap: bool


@dataclass(frozen=True, slots=True)
class ComparedBrand:
    """One brand of a comparison.

    `share_of_voice` is its part in [0, 1] of the mentions of all brands that were asked for. `net_sentiment` is over
    all its mentions, as in `summary`; `same_mix` in the mix of the comparison, and `effective` the number of mentions
    that would say as much in that mix if each had the same weight. `difference` is `same_mix` minus that of the first
    brand: null for the first, where a value is missing, and between model versions. With a dimension in the scope,
    `net_sentiment` is that of the votes in it, the three after it are null, because the dimension has them, and
    `index` has no values.
    """

    brand: str
    industry: str | None
    mentions: int
    analysed: int
    share_of_voice: Estimate
    model: str | None
    net_sentiment: Estimate
    same_mix: Estimate | None
    effective: float | None
    difference: ComparedDifference | None
    rating: Mean
    index: dict[str, Estimate]


@dataclass(frozen=True, slots=True)
class ComparedFigures:
    """One brand in one dimension.

    `praise`, `pain`, `neutral`, `net` and `share` (of its analysed mentions) are those of `summary`; `same_mix`,
    `effective` and `difference` are as above, `same_mix` null under the minimum count and for another model version.
    """

    brand: str
    praise: int
    pain: int
    neutral: int
    net: Estimate
    share: float | None
    same_mix: Estimate | None
    effective: float | None
    difference: ComparedDifference | None


@dataclass(frozen=True, slots=True)
class ComparedDimension:
    """One dimension over all brands, in their order, the `mix` that they are compared in, and the `best` in class."""

    dimension: str
    label: str
    kind: str
    mix: Mix
    brands: tuple[ComparedFigures, ...]
    best: Best | None


@dataclass(frozen=True, slots=True)
class Unread:
    """A brand without an analysed mention: it has mentions that wait for `overheard classify`, or none."""

    brand: str
    mentions: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Brands in one scope; the first one is what the others are compared with.

    `unread` are brands that were asked for and have nothing to compare. `mix` is that of the net sentiment, null with a
    dimension in the scope; each dimension has its own. `comparisons` is the number of differences that the p-values are
    adjusted for. `best` is the best net sentiment of any brand in the store, over all time, and `bar` the number of
    brands that could be it. `said` are explicit comparisons with rivals in customers' words.
    """

    scope: Scope
    brands: tuple[ComparedBrand, ...]
    unread: tuple[Unread, ...]
    mix: Mix | None
    comparisons: int
    dimensions: tuple[ComparedDimension, ...]
    best: Best | None
    bar: int
    said: tuple[SaidOfRivals, ...]


def compare(session: Session, brands: Sequence[Brand], scope: Scope) -> Comparison:
    """Compare brands with the first of them that has analysed mentions.

    Raises UsageError for fewer than two different brands and an impossible scope, NotFoundError for an unknown
    dimension or a source that no brand has.
    """
    if len({brand.id for brand in brands}) != len(brands) or len(brands) < 2:
        names = ", ".join(repr(brand.name) for brand in brands) or "none"
        raise UsageError(f"cannot compare {names}; expected two or more different brands")
    asked = read_sides(session, brands, scope)
    sides = [side for side in asked if side.analysed]
    version = sides[0].brand.model_version_id if sides else None
    best = find_best(session, version, scope)
    measures = {name: _standardised(sides, version, name) for name in _measures(scope)}
    differences = _differences(measures)
    models = {each.id: each.name for each in session.scalars(select(ModelVersion))}
    total = sum(side.mentions for side in asked)
    overall = measures.get("")
    return Comparison(
        scope=scope,
        brands=tuple(
            ComparedBrand(
                brand=side.brand.name,
                industry=side.brand.industry,
                mentions=side.mentions,
                analysed=side.analysed,
                share_of_voice=statistics.share(side.mentions, total),
                model=models.get(side.brand.model_version_id or 0),
                net_sentiment=_net(side.sentences),
                same_mix=None if overall is None else overall.net(position),
                effective=None if overall is None else overall.effective(position),
                difference=differences.get(("", position)),
                rating=side.rating,
                index=_index(side),
            )
            for position, side in enumerate(sides)
        ),
        unread=tuple(Unread(side.brand.name, side.mentions) for side in asked if not side.analysed),
        mix=None if overall is None else overall.mix,
        comparisons=len(differences),
        dimensions=tuple(
            ComparedDimension(
                dimension=entry.name,
                label=entry.label,
                kind=entry.kind,
                mix=measures[entry.name].mix,
                brands=tuple(
                    _figures(side, entry.name, measures[entry.name], position, differences.get((entry.name, position)))
                    for position, side in enumerate(sides)
                ),
                best=best.of.get(entry.name),
            )
            for entry in taxonomy.load().dimensions
            if entry.name in measures
        ),
        best=None if overall is None else best.of.get(""),
        bar=best.brands,
        said=find_said(session, [side.brand for side in sides], scope),
    )


def brands_of(session: Session, industry: str) -> list[Brand]:
    """Return the brands of an industry, the most heard first; raises NotFoundError naming those that there are."""
    brands = list_brands(session)
    found = [brand for brand in brands if brand.industry and key_of(brand.industry) == key_of(industry)]
    if not found:
        known = ", ".join(sorted({repr(brand.industry) for brand in brands if brand.industry})) or "none yet"
        raise NotFoundError(
            f"no brand in industry {industry!r}; there are {known}, see `overheard brand edit --industry`"
        )
    # By what is heard, not by what is said: a reference that was chosen for its figures would bias all differences.
    sides = read_sides(session, found, Scope())
    return [side.brand for side in sorted(sides, key=lambda side: (-side.analysed, side.brand.key))]


@dataclass(frozen=True, slots=True)
class _Standardised:
    """One measure of all brands in one mix, null for those without a value."""

    mix: Mix
    brands: tuple[InMix | None, ...]

    def net(self, position: int) -> Estimate | None:
        found = self.brands[position]
        return None if found is None else found.net

    def effective(self, position: int) -> float | None:
        found = self.brands[position]
        return None if found is None else found.effective


def _measures(scope: Scope) -> list[str]:
    """Return the names of what is compared: the net sentiment, "", and every dimension; or the scope's alone."""
    words = taxonomy.load()
    if scope.dimension is not None:
        return [words.dimension(scope.dimension).name]
    return ["", *(entry.name for entry in words.dimensions)]


def _cells(side: Side, measure: str) -> Mapping[Place, Sums]:
    return side.votes.get(measure, {}) if measure else side.sentences


def _standardised(sides: Sequence[Side], version: int | None, measure: str) -> _Standardised:
    # Two model versions read the same text differently; that is no difference between brands.
    same = [side for side in sides if side.brand.model_version_id == version]
    mix, found = standardise([_cells(side, measure) for side in same])
    in_mix = {side.brand.id: entry for side, entry in zip(same, found, strict=True)}
    return _Standardised(mix, tuple(in_mix.get(side.brand.id) for side in sides))


def _pairs(measures: Mapping[str, _Standardised]) -> Iterator[tuple[tuple[str, int], InMix, InMix]]:
    for name, measure in measures.items():
        first, *others = measure.brands or (None,)
        for position, other in enumerate(others, start=1):
            if first is not None and other is not None:
                yield (name, position), other, first


def _differences(measures: Mapping[str, _Standardised]) -> dict[tuple[str, int], ComparedDifference]:
    """Return every difference to the first brand by measure and position, adjusted for their number."""
    pairs = list(_pairs(measures))
    p_values = [significance.p_of_shares(other.share, first.share) for _, other, first in pairs]
    found = {}
    for (key, other, first), p, adjusted in zip(pairs, p_values, significance.holm(p_values), strict=True):
        difference = statistics.difference(other.net, first.net)
        assert difference is not None  # both have a value
        found[key] = ComparedDifference(
            value=difference.value,
            low=difference.low,
            high=difference.high,
            p=Chance(p),
            p_adjusted=Chance(adjusted),
            # In different places, a difference may be one of the places: nobody can call it real.
            certain=adjusted < LEVEL and measures[key[0]].mix.is_fair,
            overlap=difference.overlap,
        )
    return found


def _figures(
    side: Side, dimension: str, measure: _Standardised, position: int, difference: ComparedDifference | None
) -> ComparedFigures:
    votes = statistics.pooled(list(_cells(side, dimension).values()))
    return ComparedFigures(
        brand=side.brand.name,
        praise=votes.positive,
        pain=votes.negative,
        neutral=votes.mentions - votes.positive - votes.negative,
        net=statistics.net(votes),
        share=votes.mentions / side.analysed if side.analysed else None,
        same_mix=measure.net(position),
        effective=measure.effective(position),
        difference=difference,
    )


def _net(cells: Mapping[Place, Sums]) -> Estimate:
    return statistics.net(statistics.pooled(list(cells.values())))


def _index(side: Side) -> dict[str, Estimate]:
    pillars = {name: statistics.index(_net(side.sentiment.get(name, {}))) for name in taxonomy.load().pillars}
    return {**pillars, "overall": statistics.overall(list(pillars.values()))}
