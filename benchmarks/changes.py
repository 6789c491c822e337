"""How often `trend` marks a change that is none, and how often it finds one that is.

    python benchmarks/changes.py [--series 400] [--store sqlite:///…/overheard.db] [--format table|json]

Series are made mention by mention: one to eight sentences, positive with a chance that differs from mention to mention
(beta), so that sentences of one mention agree. Counts per period are Poisson. `noise` is a swing of the true level from
period to period, in points (standard deviation), which is no change. With a store, the mentions of each brand are dealt
out over its days anew: real weights, lengths and gaps, and no change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import case, func, select

from overheard.commands.options import format_option, json_text, table
from overheard.insight import changes
from overheard.insight.periods import calendar
from overheard.insight.statistics import Sums
from overheard.insight.trend import SHORTEST
from overheard.store.brands import list_brands
from overheard.store.database import Store
from overheard.store.tables import Mention, MentionBrand, Opinion, counts

AGREEMENT = 3.0
"""The sum of the beta's parameters: the smaller, the more do sentences of one mention agree."""


@dataclass(frozen=True)
class Setting:
    """A kind of series: `periods` of `by`, `rate` mentions in each, at a true `net` that jumps by `jump`."""

    by: str
    periods: int
    rate: float
    net: float
    noise: float = 0
    jump: float = 0
    count: int = 1


@dataclass(frozen=True)
class Found:
    """The part of the series with a mark, and of those with a jump the part whose interval of dates holds it."""

    marked: float
    held: float
    off_by: float


def told(setting: Setting, rng: np.random.Generator) -> list[Sums]:
    """Return the sums of one series."""
    true = np.full(setting.periods, setting.net)
    true[setting.periods // 3 :] += setting.jump
    true = np.clip(true + rng.normal(0, setting.noise, setting.periods), -96, 96)
    sizes = rng.poisson(setting.rate, setting.periods)
    period = np.repeat(np.arange(setting.periods), sizes)
    share = (true[period] + 100) / 200
    chance = rng.beta(AGREEMENT * share, AGREEMENT * (1 - share))
    polar = rng.integers(1, 9, len(period))
    positive = rng.binomial(polar, chance)
    return summed(period, positive, polar - positive, setting.periods)


def summed(
    period: NDArray[np.int64], positive: NDArray[np.int64], negative: NDArray[np.int64], periods: int
) -> list[Sums]:
    """Return the sums of periods from what each mention said."""
    x, y = positive + negative, positive - negative
    columns = [np.ones_like(x), positive, negative, x * x, y * y, x * y]
    totals = [np.bincount(period, weights=column, minlength=periods).astype(int) for column in columns]
    return [Sums(*(int(total[place]) for total in totals)) for place in range(periods)]


def measure(setting: Setting, series: int, seed: int = 1) -> Found:
    """Return how often such series are marked."""
    rng = np.random.default_rng(seed)
    true, marked, held, off = setting.periods // 3, 0, 0, []
    for _ in range(series):
        found = changes.series(told(setting, rng))
        shifts = changes.find_shifts(found, shortest=SHORTEST[setting.by], count=setting.count)
        marked += bool(shifts)
        if shifts:
            nearest = min(shifts, key=lambda shift: abs(shift.position - true))
            held += nearest.earliest <= true <= nearest.latest
            off.append(abs(nearest.position - true))
    return Found(marked / series, held / marked if marked else 1.0, float(np.median(off)) if off else 0.0)


NULLS = [
    Setting(by, periods, rate, net, noise)
    for by, periods in (("month", 12), ("month", 36), ("month", 120), ("week", 52), ("day", 60), ("day", 365))
    for rate in (3, 30)
    for net, noise in ((0, 0), (80, 0), (20, 15))
]
"""Series without a change."""

POWER = [
    Setting("month", 36, rate, 0, noise, jump)
    for jump in (10, 20, 40)
    for noise in (0, 10)
    for rate in (5, 20, 100, 500)
]
"""Three years of months whose level jumps after the first."""


def shuffled(store: Store, series: int, seed: int = 1) -> Iterator[tuple[str, str, int, float]]:
    """Yield, for each brand and kind of period, how many mentions it has and the part of its shuffled histories that
    are marked."""
    rng = np.random.default_rng(seed)
    for name, days, positive, negative in histories(store):
        for by in ("week", "month"):
            periods = calendar(by, min(days), max(days))
            starts = np.array([start.toordinal() for start, _ in periods])
            period = np.searchsorted(starts, [day.toordinal() for day in days], side="right") - 1
            marked = 0
            for _ in range(series):
                order = rng.permutation(len(period))
                sums = summed(period, positive[order], negative[order], len(periods))
                marked += bool(changes.find_shifts(changes.series(sums), shortest=SHORTEST[by]))
            yield name, by, len(days), marked / series


def histories(store: Store) -> Iterator[tuple[str, Sequence, NDArray[np.int64], NDArray[np.int64]]]:
    """Yield each brand with the day and the positive and negative sentences of each of its mentions."""
    with store.reading() as session:
        for brand in list_brands(session):
            said = [func.sum(case((Opinion.sentiment == word, 1), else_=0)) for word in ("positive", "negative")]
            rows = session.execute(
                select(Mention.day, *said)
                .join(MentionBrand, MentionBrand.mention_id == Mention.id)
                .join(Opinion, Opinion.mention_id == Mention.id)
                .where(MentionBrand.brand_id == brand.id, counts(), Opinion.model_version_id == brand.model_version_id)
                .group_by(Mention.id, Mention.day)
            ).all()
            if len(rows) >= 100:
                yield brand.name, [row[0] for row in rows], *(np.array([row[at] for row in rows]) for at in (1, 2))


@click.command()
@click.option("--series", default=400, show_default=True, type=click.IntRange(min=10), help="Series of each kind.")
@click.option("--store", "url", help="The URL of a store whose histories are shuffled.")
@format_option("table", "json")
def main(series: int, url: str | None, form: str) -> None:
    """Measure false marks and power."""
    quiet = [(each, measure(each, series)) for each in NULLS]
    jumped = [(each, measure(each, series)) for each in POWER]
    store = Store.open(url) if url else None
    real = list(shuffled(store, series)) if store else []
    if form == "json":
        click.echo(json_text({
            "false": [vars(each) | {"marked": found.marked} for each, found in quiet],
            "power": [vars(each) | vars(found) for each, found in jumped],
            "shuffled": [dict(zip(("brand", "by", "mentions", "marked"), row, strict=True)) for row in real],
        }))  # fmt: skip
        return
    table(
        ("by", "periods", "a period", "net", "noise", "series with a false mark"),
        [(s.by, s.periods, f"{s.rate:g}", s.net, s.noise, f"{100 * found.marked:.1f} %") for s, found in quiet],
    )
    click.echo(f"mean {100 * np.mean([found.marked for _, found in quiet]):.1f} %\n")
    table(
        ("jump", "noise", "a month", "found", "date held by its interval", "months off, median"),
        [(s.jump, s.noise, f"{s.rate:g}", f"{100 * found.marked:.0f} %", f"{100 * found.held:.0f} %", found.off_by)
         for s, found in jumped],
    )  # fmt: skip
    if real:
        click.echo()
        table(("brand", "by", "mentions", "shuffled histories with a mark"),
              [(brand, by, size, f"{100 * marked:.1f} %") for brand, by, size, marked in real])  # fmt: skip


if __name__ == "__main__":
    main()
