"""False alerts in quiet years, and how soon incidents are found, simulated and resampled from a store.

    python benchmarks/alerts.py [--store sqlite:////path/overheard.db] [--years 100] [--seeds 5]

Quiet years: a brand has 14 dimensions with 0.1 to 20 pains a day (log-uniform), a week of its own (weekdays differ by a
quarter), and counts whose variance is 1 to 1.6 times their mean, that of mentions three times. Resampled ones are weeks
drawn from a store's brands, whole, all cells together; where a brand grew, its busier weeks are thinned to its median
level. Incidents are three times the pain for three days. docs/alerts.md has the figures.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial

import click
import numpy as np

from overheard import taxonomy
from overheard.insight.anomalies import HISTORY, NEEDED, Counts, History, judge
from overheard.insight.backtest import AT_ONCE, BASES, Trial, inject, power
from overheard.insight.episodes import Episode, replay
from overheard.insight.history import days_of, read_history

Generator = np.random.Generator
MONDAY = date(2020, 1, 6)
YEAR, MONTHS = 364, 364 / 30.4
NAMES = tuple(entry.name for entry in taxonomy.load().dimensions)
GRID = (0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 10.0, 15.0, 20.0)
"""Pains a day of the dimensions of the brands that the power curve is drawn of."""

TREND = 91
"""Days of the moving mean that is the level of a brand."""


def counts(rng: Generator, mean: Counts, dispersion: Counts | float) -> Counts:
    """Return negative binomial counts whose variance is `dispersion` times their mean."""
    return rng.poisson(rng.gamma(mean / (dispersion - 1), dispersion - 1)).astype(float)


def simulated(rng: Generator, days: int, bases: Sequence[float] | None = None) -> History:
    """Return a brand in which nothing happens."""
    base = np.exp(rng.uniform(np.log(0.1), np.log(20), len(NAMES))) if bases is None else np.array(bases)
    week = np.exp(rng.normal(0, 0.25, 7))
    season = (week / week.mean())[np.arange(days) % 7]
    dispersion = rng.uniform(1.001, 1.6, (len(base), 1))
    share = rng.uniform(0.2, 0.8, len(base))
    pain = counts(rng, base[:, None] * season, dispersion)
    praise = counts(rng, (base * (1 - share) / share)[:, None] * season, dispersion)
    mentions = counts(rng, 0.5 * (base / share).sum() * season, 3.0)
    return History(MONDAY, NAMES, pain, praise, mentions, pain.sum(axis=0), praise.sum(axis=0))


def stacked(history: History) -> Counts:
    """Return all that is counted in one array of shape (cells, days)."""
    brand = (history.mentions, history.negative, history.positive)
    return np.vstack([history.pain, history.praise, *(row[None] for row in brand)])


def history_of(cells: Counts) -> History:
    """Return what `stacked` took apart, as a history that begins on a Monday."""
    size = len(NAMES)
    return History(MONDAY, NAMES, cells[:size], cells[size : 2 * size], *cells[2 * size :])


def read_store(url: str) -> list[Counts]:
    """Return the daily counts of the brands of a store, whole weeks from a Monday on."""
    from overheard.store.brands import list_brands
    from overheard.store.database import Store

    store, found = Store.open(url), []
    with store.reading() as session:
        for brand in list_brands(session):
            days = days_of(session, brand)
            if days:
                cells = stacked(read_history(session, brand, NAMES, *days))[:, -days[0].weekday() % 7 :]
                found.append(cells[:, : cells.shape[1] // 7 * 7])
    store.close()
    return found


def resampled(cells: Counts, rng: Generator, days: int) -> Counts:
    """Return weeks drawn from a brand without its trend, shape (cells, days).

    Its first four weeks, and weeks at less than 0.7 of its median level, are left out; what is above is thinned to it.
    """
    mentions, window = cells[-3], np.ones(TREND)
    level = np.convolve(mentions, window, "same") / np.convolve(np.ones_like(mentions), window, "same")
    median = np.median(level[28:])
    weeks = np.arange(28, mentions.size, 7)
    weeks = weeks[[level[week : week + 7].min() > 0.7 * median for week in weeks]]
    drawn = (rng.choice(weeks, days // 7 + 1)[:, None] + np.arange(7)).ravel()[:days]
    return rng.binomial(cells[:, drawn].astype(int), np.minimum(1.0, median / level[drawn])).astype(float)


def together(brands: Sequence[Counts], copies: int, rng: Generator, days: int) -> Counts:
    """Return several draws of all brands added up: one large brand with the dispersion of real days."""
    return sum((resampled(cells, rng, days) for _ in range(copies) for cells in brands), np.zeros((1, days)))


def quiet(name: str, draw: Callable[[Generator], History], years: int, seeds: int) -> None:
    """Print the false alerts per brand and month of quiet years, for each seed and pooled."""
    rates, kinds = [], Counter[str]()
    for seed in range(seeds):
        episodes: list[Episode] = []
        rng = np.random.default_rng(seed)
        for _ in range(years):
            history = draw(rng)
            episodes += replay(judge(history), MONDAY, history.mentions.size - YEAR)
        rates.append(len(episodes) / years / MONTHS)
        kinds.update(f"{each.cell.kind} of {each.cell.measure}" for each in (one.strongest[0] for one in episodes))
    by_seed = ", ".join(f"{rate:.2f}" for rate in rates)
    led = ", ".join(f"{kind} {count / seeds / years / MONTHS:.2f}" for kind, count in kinds.most_common())
    click.echo(f"{name}: {np.mean(rates):.2f} false alerts per brand and month; by seed {by_seed}; led by {led}")


def trials(draw: Callable[[Generator], History], rounds: int, seed: int) -> Iterator[Trial]:
    """Yield how incidents were found in brands that are drawn one after another."""
    rng = np.random.default_rng(seed)
    for _ in range(rounds):
        history = draw(rng)
        yield from inject(history, HISTORY, rng)


def curve(rounds: int) -> None:
    """Print the share of incidents found, by the pains a day that their cells have in truth."""
    days = HISTORY + 3 * YEAR
    found = defaultdict(list)
    for trial in trials(partial(simulated, days=days, bases=GRID), rounds, seed=1):
        found[GRID[NAMES.index(trial.dimension)]].append(trial.lead)
    click.echo(f"pains a day   incidents   in {AT_ONCE} days   in a week   mean days")
    for base, leads in sorted(found.items()):
        seen = [lead for lead in leads if lead is not None]
        at_once = np.mean([lead is not None and lead <= AT_ONCE for lead in leads])
        click.echo(f"{base:11g} {len(leads):11d} {at_once:11.2f} {len(seen) / len(leads):11.2f} {np.mean(seen):11.1f}")
    large = [lead for base, leads in found.items() if base >= 5 for lead in leads]
    at_once = np.mean([lead is not None and lead <= AT_ONCE for lead in large])
    click.echo(f"5 or more   {len(large):11d} {at_once:11.2f}")


def curve_of(brands: Sequence[Counts], rounds: int) -> None:
    """Print the same of resampled days: large brands, each several draws of all added up."""
    days, found = HISTORY + 3 * YEAR, []
    for number, copies in enumerate((1, 2, 4, 8)):
        draw = partial(lambda rng, many: history_of(together(brands, many, rng, days)), many=copies)
        found += list(trials(draw, rounds, seed=number))
    click.echo(f"pains a day   incidents   in {AT_ONCE} days   in a week   mean days")
    for row in power(found, Counter()):
        lead = "" if row.lead is None else f"{row.lead:.1f}"
        click.echo(f"{row.low:5g} or more {row.incidents:11d} {row.at_once:11.2f} {row.recall:11.2f} {lead:>11}")
    large = [trial.lead for trial in found if trial.base >= 5]
    at_once = np.mean([lead is not None and lead <= AT_ONCE for lead in large])
    click.echo(f"5 or more   {len(large):11d} {at_once:11.2f}")


def main() -> None:
    """Run what was asked for; prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", help="the URL of a store with classified brands to resample")
    parser.add_argument("--years", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=500)
    asked = parser.parse_args()
    begun, days = time.monotonic(), HISTORY + YEAR
    click.echo(f"{asked.years} quiet years a seed, {NEEDED} days before the first verdict, classes of base {BASES}")
    quiet("simulated", partial(simulated, days=days), asked.years, asked.seeds)
    curve(asked.rounds)
    if asked.store:
        brands = read_store(asked.store)
        turn = iter(range(10**9))
        one = lambda rng: history_of(resampled(brands[next(turn) % len(brands)], rng, days))  # noqa: E731
        quiet(f"resampled from {len(brands)} brands", one, asked.years, asked.seeds)
        for copies in (1, 4):
            large = partial(lambda rng, many: history_of(together(brands, many, rng, days)), many=copies)
            quiet(f"resampled, all brands as one, times {copies}", large, asked.years, asked.seeds)
        curve_of(brands, asked.rounds // 10)
    click.echo(f"{time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
