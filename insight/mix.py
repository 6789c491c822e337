"""The same mix of sources and languages for each brand: direct standardisation with overlap weights.

A brand that is heard on a forum of angry people looks worse than one that is heard in an app store, though customers of
both may be as happy. So what is compared are nets over one mix: the positive share of each cell (place × language) with
the same weight for every brand,

    π_b = Σ_c w_c · π_bc        with        w_c ∝ 1 / Σ_b (1 / v_bc)                        (weights add up to 1)

v_bc are the voices of brand b in cell c, Kish's (Σx)² / Σx² (see `statistics`). These are overlap weights: a cell
counts as far as all brands are heard in it, which gives differences of the least variance, and none to a cell that one
brand lacks (Li and Li 2019, Ann. Appl. Stat. 13, 2389, for groups; Cochran 1954 for two). Brands of the same mix keep
it. The variance is that of independent strata, Σ w_c² · Var(π_bc) (Cochran, Sampling Techniques, § 5.4); the votes that
would have it are never more than Kish's 1 / Σ (w_c² / v_bc), and 1 / Σ (w_c² / m_bc) mentions weigh as much as all of
them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import TypeVar

from overheard.insight import statistics
from overheard.insight.statistics import MINIMUM, Estimate, Share, Sums

Place = tuple[str, str]
"""Where a mention was found, and its language."""

Cell = TypeVar("Cell", bound=tuple[str, ...])

BOTH = "source and language"

LEAST = 2
"""Mentions of each brand that a cell must have: one does not show how they vary. Few weigh little in any case."""

COMMON = 0.5
"""Part of each brand's voices that the common cells must hold more than."""


@dataclass(frozen=True, slots=True)
class MixCell:
    """One cell of a mix; `weight` is its part in (0, 1], the same for every brand. `source` is null in a mix of
    languages alone."""

    source: str | None
    language: str
    weight: float


@dataclass(frozen=True, slots=True)
class Mix:
    """The mix that nets are compared in, the heaviest cell first.

    `by` says what was made the same: `source and language`, `language`, or `none` where too few mentions lie in cells
    that all brands have; each brand then has the mix that it has. Only in a mix of both is a difference sure to be none
    of places. `alike` says that the brands had it already: each of them in one and the same cell.
    """

    by: str
    alike: bool
    cells: tuple[MixCell, ...]

    @property
    def is_fair(self) -> bool:
        """Whether sources and languages both are the same for all brands."""
        return self.by == BOTH


@dataclass(frozen=True, slots=True)
class InMix:
    """One brand in a mix: its `share`, and the `mentions` of it in the cells of the mix.

    `effective` is the number of mentions that would say as much if each had the same weight.
    """

    share: Share
    mentions: int
    effective: float

    @property
    def net(self) -> Estimate:
        """The net with its interval; `n` are the mentions in the mix."""
        found = self.share.net
        return Estimate(found.value, found.low, found.high, self.mentions)


def standardise(brands: Sequence[Mapping[Place, Sums]]) -> tuple[Mix, list[InMix | None]]:
    """Return the finest mix that the brands can be given, and each brand in it; null is one with too few mentions.

    A brand with too few mentions is no reason to leave cells out that the others share.
    """
    known = [statistics.share_of_praise(_all(cells)) is not None for cells in brands]
    heard = [cells for cells, is_known in zip(brands, known, strict=True) if is_known]
    mix, found = _finest(heard)
    places = iter(found)
    return mix, [next(places) if is_known else None for is_known in known]


def _finest(brands: Sequence[Mapping[Place, Sums]]) -> tuple[Mix, Sequence[InMix | None]]:
    if len(brands) < 2:
        return Mix("none", False, ()), [_as_it_is(cells) for cells in brands]
    fine = _in_common(brands)
    if fine is not None:
        weights, found = fine
        cells = [MixCell(source, language, weight) for (source, language), weight in weights.items()]
        return Mix(BOTH, _is_alike(brands), _heaviest(cells)), found
    coarse = _in_common([_merged(cells, lambda place: (place[1],)) for cells in brands])
    if coarse is not None:
        languages, found = coarse
        cells = [MixCell(None, language, weight) for (language,), weight in languages.items()]
        return Mix("language", False, _heaviest(cells)), found
    return Mix("none", False, ()), [_as_it_is(cells) for cells in brands]


def _in_common(brands: Sequence[Mapping[Cell, Sums]]) -> tuple[dict[Cell, float], list[InMix]] | None:
    """Return the weights of the cells that all brands have, and each brand under them; null where that is too few."""
    shared = [cell for cell in brands[0] if all(_is_heard(cells.get(cell)) for cells in brands)]
    if not shared or any(_covered(cells, shared) <= COMMON for cells in brands):
        return None
    overlap = {cell: 1 / fsum(1 / _voices(cells[cell]) for cells in brands) for cell in shared}
    total = fsum(overlap.values())
    weights = {cell: part / total for cell, part in overlap.items()}
    found = [_weighted(cells, weights) for cells in brands]
    return (weights, found) if all(brand.effective >= MINIMUM for brand in found) else None


def _weighted(cells: Mapping[Cell, Sums], weights: Mapping[Cell, float]) -> InMix:
    parts = [(weight, cells[cell]) for cell, weight in weights.items()]
    share = fsum(weight * sums.positive / (sums.positive + sums.negative) for weight, sums in parts)
    share = min(1.0, max(0.0, share))
    variance = fsum(weight**2 * statistics.variance_of_share(sums) for weight, sums in parts)
    voices = 1 / fsum(weight**2 / _voices(sums) for weight, sums in parts)
    verdicts = 1 / fsum(weight**2 / (sums.positive + sums.negative) for weight, sums in parts)
    count = statistics.independent_votes(share, variance, voices, verdicts)
    mentions = sum(sums.mentions for _, sums in parts)
    effective = min(1 / fsum(weight**2 / sums.mentions for weight, sums in parts), float(mentions))
    return InMix(Share(share, count, mentions), mentions, effective)


def _as_it_is(cells: Mapping[Place, Sums]) -> InMix | None:
    whole = _all(cells)
    share = statistics.share_of_praise(whole)
    return None if share is None else InMix(share, whole.mentions, float(whole.mentions))


def _all(cells: Mapping[Place, Sums]) -> Sums:
    return statistics.pooled(list(cells.values()))


def _merged(cells: Mapping[Place, Sums], key: Callable[[Place], tuple[str]]) -> dict[tuple[str], Sums]:
    merged: dict[tuple[str], list[Sums]] = {}
    for place, sums in cells.items():
        merged.setdefault(key(place), []).append(sums)
    return {name: statistics.pooled(parts) for name, parts in merged.items()}


def _voices(sums: Sums) -> float:
    return (sums.positive + sums.negative) ** 2 / sums.sum_xx if sums.sum_xx else 0.0


def _is_heard(sums: Sums | None) -> bool:
    return sums is not None and sums.mentions >= LEAST and sums.positive + sums.negative > 0


def _covered(cells: Mapping[Cell, Sums], shared: Sequence[Cell]) -> float:
    return fsum(_voices(cells[cell]) for cell in shared) / fsum(_voices(sums) for sums in cells.values())


def _is_alike(brands: Sequence[Mapping[Place, Sums]]) -> bool:
    return len({place for cells in brands for place, sums in cells.items() if sums.mentions}) == 1


def _heaviest(cells: Sequence[MixCell]) -> tuple[MixCell, ...]:
    return tuple(sorted(cells, key=lambda cell: (-cell.weight, cell.source or "", cell.language)))
