"""How often a comparison of brands that are all alike marks a difference as real: at most 5 % of answers should.

An answer is a family: every brand against the first in every dimension and in the net sentiment. Here all brands have
the same true nets in every cell (source × language), and cells differ much. In one half of the runs the brands are
heard in the same mix of cells, in the other each in a mix of its own. Three ways to mark are counted on the same draws:

    ours        nets in the same mix (`insight.mix`), p-values adjusted for all comparisons of the answer (Holm)
    own mix     each brand in the mix that it has, the same adjustment
    unadjusted  nets in the same mix, each difference whose own 95 % interval excludes 0

`make families` prints the table; a minute on one core.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from overheard.insight import significance, statistics
from overheard.insight.mix import Place, standardise
from overheard.insight.statistics import Share, Sums

CELLS: tuple[Place, ...] = (("appstore", "de"), ("appstore", "fr"), ("forum", "de"), ("forum", "fr"))
TILT = np.array([1.2, 0.6, -0.6, -1.2])
"""How much friendlier a cell is than the average, in log odds: 75 % praise in one place is 23 % in another."""

DIMENSIONS = 14
SPOKEN = 0.3
"""Part of the mentions that bear on a dimension, on average."""

LEVEL = 0.05

Family = Sequence[Sequence[dict[Place, Sums]]]
"""Measures × brands: sums per cell."""


@dataclass(frozen=True)
class Rates:
    """Of so many families, the part with at least one difference that is marked as real though none is."""

    brands: int
    mentions: int
    same_mix: bool
    families: int
    ours: float
    own_mix: float
    unadjusted: float


def draw(generator: np.random.Generator, brands: int, mentions: int, *, same_mix: bool) -> Family:
    """Draw what is said of brands that are alike in every cell, `mentions` of each."""
    common = generator.dirichlet(np.full(len(CELLS), 4.0))
    mixes = [common if same_mix else generator.dirichlet(np.full(len(CELLS), 1.5)) for _ in range(brands)]
    where = [generator.choice(len(CELLS), mentions, p=mix) for mix in mixes]
    measures: list[list[dict[Place, Sums]]] = []
    for _ in range(DIMENSIONS):
        odds, spoken = generator.normal(0, 1) + TILT, generator.beta(2, 2 / SPOKEN - 2)
        measures.append([_votes(generator, cells, odds, spoken) for cells in where])
    odds = generator.normal(0, 1) + TILT
    measures.append([_sentences(generator, cells, odds) for cells in where])
    return measures


def _votes(
    generator: np.random.Generator, cells: np.ndarray, odds: np.ndarray, spoken: float
) -> dict[Place, Sums]:  # fmt: skip
    chosen = cells[generator.random(len(cells)) < spoken]
    praise = generator.random(len(chosen)) < 1 / (1 + np.exp(-odds[chosen]))
    neutral = generator.random(len(chosen)) < 0.1
    found = {}
    for number, place in enumerate(CELLS):
        here = chosen == number
        if here.any():
            sides = (here & praise & ~neutral, here & ~praise & ~neutral, here & neutral)
            found[place] = statistics.votes(*(int(side.sum()) for side in sides))
    return found


def _sentences(generator: np.random.Generator, cells: np.ndarray, odds: np.ndarray) -> dict[Place, Sums]:
    """Draw one to eight sentences of a mention, which lean to one side together."""
    count = generator.geometric(0.4, len(cells)).clip(1, 8)
    share = 1 / (1 + np.exp(-(odds[cells] + generator.normal(0, 1.5, len(cells)))))
    positive = generator.binomial(count, share)
    negative = count - positive
    x, y = positive + negative, positive - negative
    found = {}
    for number, place in enumerate(CELLS):
        here = cells == number
        if here.any():
            found[place] = Sums(
                int(here.sum()), int(positive[here].sum()), int(negative[here].sum()), int((x[here] ** 2).sum()),
                int((y[here] ** 2).sum()), int((x[here] * y[here]).sum()),
            )  # fmt: skip
    return found


def p_values(family: Family, shares: Callable[[Sequence[dict[Place, Sums]]], Sequence[Share | None]]) -> list[float]:
    """Return the p-value of every brand against the first in every measure."""
    found = []
    for measure in family:
        first, *others = shares(measure)
        found += [significance.p_of_shares(other, first) for other in others if first is not None and other is not None]
    return found


def in_same_mix(brands: Sequence[dict[Place, Sums]]) -> Sequence[Share | None]:
    """Return the shares in the mix of a comparison."""
    mix, found = standardise(brands)
    # In different places, nothing is marked.
    return [None if each is None or not mix.is_fair else each.share for each in found]


def in_own_mix(brands: Sequence[dict[Place, Sums]]) -> Sequence[Share | None]:
    """Return the shares over all mentions of each brand."""
    return [statistics.share_of_praise(statistics.pooled(list(cells.values()))) for cells in brands]


def measure(brands: int, mentions: int, *, same_mix: bool, families: int, seed: int = 1) -> Rates:
    """Draw families and count those with a false mark."""
    generator = np.random.default_rng([seed, brands, mentions, same_mix])
    marked = np.zeros(3)
    for _ in range(families):
        family = draw(generator, brands, mentions, same_mix=same_mix)
        ours, own = p_values(family, in_same_mix), p_values(family, in_own_mix)
        marked += (
            min(significance.holm(ours), default=1.0) < LEVEL,
            min(significance.holm(own), default=1.0) < LEVEL,
            min(ours, default=1.0) < LEVEL,
        )
    return Rates(brands, mentions, same_mix, families, *(float(rate) for rate in marked / families))


def main() -> None:
    parser = argparse.ArgumentParser(description="False marks of whole comparisons, where all brands are alike.")
    parser.add_argument("--families", type=int, default=400, help="Draws for each row.")
    chosen = parser.parse_args()
    out = sys.stdout.write
    out(f"{'brands':>6}  {'mentions':>8}  {'mix':<9}  {'ours':>6}  {'own mix':>7}  {'unadjusted':>10}\n")
    for same_mix in (True, False):
        for brands in (2, 5, 20):
            for mentions in (50, 300, 2000):
                families = chosen.families if brands < 20 else max(1, chosen.families // 2)
                row = measure(brands, mentions, same_mix=same_mix, families=families)
                mix = "the same" if same_mix else "own each"
                out(
                    f"{brands:6}  {mentions:8}  {mix:<9}  {row.ours:6.1%}  {row.own_mix:7.1%}  {row.unadjusted:10.1%}\n"
                )
                sys.stdout.flush()


if __name__ == "__main__":
    main()
