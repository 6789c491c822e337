"""How often the nominal 95 % intervals hold the truth, by simulation: `make coverage`.

Customers are drawn who are inclined to praise or to blame, and each writes one mention of several sentences that are
alike: the more, the closer `alike`, the correlation within a mention, is to 1. In the model `angry` those who blame
write twice as much as those who praise. For every size from 20 to 2,000 mentions and every true net in [−80, 80] the
share of intervals that hold the truth is counted: of the net over sentences, of the net over the votes of a dimension
(a fifth of them neutral), of the difference of two brands (the other has half the mentions, at least 20, and a net 20
lower), of the share of mentions that bear on a dimension and of the mean of stars.

Wanted, for every measure and size: 93 to 97 % on average over the nets, no net below 90 %.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click
import numpy as np
from numpy.typing import NDArray

from overheard.insight import statistics
from overheard.insight.statistics import Estimate, Mean, Sums

SIZES = (20, 30, 50, 100, 200, 500, 1000, 2000)
NETS = tuple(range(-80, 81, 20))
AVERAGE = (0.93, 0.97)
LOWEST = 0.90
SEED = 20261123

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Customers:
    """How customers write: `sentences` after the first, on average, of correlation `alike` within a mention.

    With `angry` the mentions are of two sorts: who praises writes one sentence in twenty that blames, and the other way
    round, and who blames writes twice as much.
    """

    name: str
    sentences: float
    alike: float
    angry: bool = False

    def write(self, net: float, mentions: int, random: np.random.Generator) -> tuple[Counts, Counts]:
        """Return the positive and the negative sentences of each mention, of which a sixth says neither."""
        share = (net + 100) / 200
        if self.angry:
            happy = random.random(mentions) < self._happy(share)
            inclined = np.where(happy, 0.95, 0.05)
            length = 1 + random.poisson(np.where(happy, self.sentences, 2 * self.sentences + 1))
        else:
            rest = (1 - self.alike) / self.alike
            inclined = random.beta(share * rest, (1 - share) * rest, mentions)
            length = 1 + random.poisson(self.sentences, mentions)
        telling = random.binomial(length, 5 / 6)
        positive = random.binomial(telling, inclined)
        return positive, telling - positive

    def _happy(self, share: float) -> float:
        """Return how many customers praise, so that `share` of all telling sentences is positive."""
        # share = (0.95 h + 0.05 · 2 (1 − h)) / (h + 2 (1 − h)), solved for h.
        return (2 * share - 0.10) / (0.85 + share)


MODELS = (
    Customers("alike 0.3", 2.9, 0.3),
    Customers("alike 0.6", 2.9, 0.6),
    Customers("angry", 1.9, 0.9, angry=True),
)


def sums_of(positive: Counts, negative: Counts) -> Sums:
    """Return what the net needs of the counts of each mention."""
    x, y = positive + negative, positive - negative
    return Sums(
        mentions=len(x), positive=int(positive.sum()), negative=int(negative.sum()),
        sum_xx=int((x * x).sum()), sum_yy=int((y * y).sum()), sum_xy=int((x * y).sum()),
    )  # fmt: skip


def holds(found: Estimate | Mean | statistics.Difference | None, truth: float) -> bool | None:
    """Tell whether an interval holds the truth; None where there is no interval."""
    if found is None or found.low is None or found.high is None:
        return None
    return found.low - 1e-9 <= truth <= found.high + 1e-9


def net_of_sentences(customers: Customers, net: float, size: int, random: np.random.Generator) -> bool | None:
    return holds(statistics.net(sums_of(*customers.write(net, size, random))), net)


def difference_of_brands(customers: Customers, net: float, size: int, random: np.random.Generator) -> bool | None:
    other = max(net - 20, -90)
    one = statistics.net(sums_of(*customers.write(net, size, random)))
    two = statistics.net(sums_of(*customers.write(other, max(size // 2, 20), random)))
    return holds(statistics.difference(one, two), net - other)


def votes_of_a_dimension(customers: Customers, net: float, size: int, random: np.random.Generator) -> bool | None:
    share = (net + 100) / 200
    praise, pain, neutral = random.multinomial(size, [0.8 * share, 0.8 * (1 - share), 0.2])
    return holds(statistics.net(statistics.votes(int(praise), int(pain), int(neutral))), net)


def share_of_mentions(customers: Customers, net: float, size: int, random: np.random.Generator) -> bool | None:
    share = (net + 100) / 200
    return holds(statistics.share(int(random.binomial(size, share)), size), share)


def mean_of_stars(customers: Customers, net: float, size: int, random: np.random.Generator) -> bool | None:
    """Stars as public reviews have them: most at both ends, few in the middle."""
    share = (net + 100) / 200
    chances = [0.75 * (1 - share), 0.15 * (1 - share), 0.10, 0.15 * share, 0.75 * share]
    chances[2] += 1 - sum(chances)
    stars = np.array([0, 0.25, 0.5, 0.75, 1])
    rated = random.multinomial(size, chances)
    return holds(statistics.stars(size, float(rated @ stars), float(rated @ stars**2)), float(np.dot(chances, stars)))


Measure = Callable[[Customers, float, int, np.random.Generator], bool | None]

MEASURES: tuple[tuple[str, Measure, tuple[Customers, ...]], ...] = (
    ("net over sentences", net_of_sentences, MODELS),
    ("difference of two nets", difference_of_brands, MODELS),
    ("net over votes", votes_of_a_dimension, MODELS[:1]),
    ("share of mentions", share_of_mentions, MODELS[:1]),
    ("mean of stars", mean_of_stars, MODELS[:1]),
)


@dataclass(frozen=True)
class Coverage:
    """The coverage of one measure at one size: the average over the nets, the lowest, and the net that has it."""

    measure: str
    customers: str
    mentions: int
    average: float
    lowest: float
    at: int

    @property
    def is_right(self) -> bool:
        """Whether it is within what is wanted."""
        return AVERAGE[0] <= self.average <= AVERAGE[1] and self.lowest >= LOWEST


def coverages(runs: int, sizes: tuple[int, ...] = SIZES, nets: tuple[int, ...] = NETS) -> Iterator[Coverage]:
    """Yield the coverage of every measure, model of customers and size, over `runs` samples for each net."""
    random = np.random.default_rng(SEED)
    for measure, draw, models in MEASURES:
        for customers in models:
            for size in sizes:
                of_net = {net: _share(draw, customers, net, size, runs, random) for net in nets}
                worst = min(of_net, key=lambda net: of_net[net])
                name = customers.name if len(models) > 1 else ""
                yield Coverage(measure, name, size, sum(of_net.values()) / len(of_net), of_net[worst], worst)


def _share(draw: Measure, customers: Customers, net: float, size: int, runs: int, random: np.random.Generator) -> float:
    held = [hit for hit in (draw(customers, net, size, random) for _ in range(runs)) if hit is not None]
    return sum(held) / len(held)


def main() -> int:
    """Print the table; the exit code is 1 where an interval is not right."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000, help="samples for each measure, size and net")
    runs = parser.parse_args().runs
    click.echo(f"{'measure':24}{'customers':11}{'mentions':>9}{'average':>9}{'lowest':>8}{'at net':>8}")
    wrong = 0
    for found in coverages(runs):
        wrong += not found.is_right
        click.echo(
            f"{found.measure:24}{found.customers:11}{found.mentions:9,}{found.average:9.1%}{found.lowest:8.1%}"
            f"{found.at:8}{'' if found.is_right else '  <- wrong'}"
        )
    click.echo(f"{wrong} wrong: on average not {AVERAGE[0]:.0%} to {AVERAGE[1]:.0%}, or a net below {LOWEST:.0%}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
