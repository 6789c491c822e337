"""What alerts there would have been: history replayed night by night, and incidents put into it to be found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from overheard.insight.anomalies import NEEDED, SHORT, History, judge
from overheard.insight.episodes import replay
from overheard.insight.statistics import MINIMUM

TIMES, LENGTH = 3, 3
"""An incident is so many times the pain, for so many days."""

SPREAD = 1.3
"""Variance over mean of what an incident adds to a day; that of pain on the quiet days of ten insurers is 1 to 1.6."""

APART = 91
"""Days between two incidents of one replay: the baseline of the second has forgotten the first."""

AT_ONCE, PATIENCE = 2, 7
"""Days in which an incident should be found, and after which it counts as missed."""

BASES = (0.0, 0.3, 1.0, 2.0, 5.0, 7.0, 10.0, 15.0, 20.0)
"""Pains a day that the results are split at."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One incident: the pains a day that its cell had before, and days until it was found, 1 the same; None missed."""

    dimension: str
    base: float
    lead: int | None


@dataclass(frozen=True, slots=True)
class Power:
    """How incidents in cells with `low` to `high` pains a day were found (`high` None: or more).

    Fewer than ten `incidents` say nothing: all figures are null, and so is `precision` of fewer than ten alerts.

    `recall` is the share found within a week, `at_once` within two days, `lead` the mean days to those found.
    `precision` is the share of incidents among the alerts that name such a cell, one incident a brand and quarter.
    """

    low: float
    high: float | None
    incidents: int
    at_once: float | None
    recall: float | None
    lead: float | None
    precision: float | None


@dataclass(frozen=True, slots=True)
class BrandReplay:
    """The alerts that a brand would have had from `since` to `until`: their mean `per_month`, and those of `months`.

    `kinds` counts them by what was least likely.
    """

    brand: str
    since: date
    until: date
    alerts: int
    per_month: float
    months: dict[str, int]
    kinds: dict[str, int]


@dataclass(frozen=True, slots=True)
class Backtest:
    """A replay of all brands asked for, and of incidents in random cells of them; `seed` makes the same again."""

    seed: int
    replays: int
    brands: tuple[BrandReplay, ...]
    too_short: tuple[str, ...]
    power: tuple[Power, ...]


def backtest(
    histories: Sequence[tuple[str, History]], since: date | None = None, *, replays: int = 20, seed: int = 0,
    on_replay: Callable[[], None] | None = None,
) -> Backtest:  # fmt: skip
    """Replay the histories of brands as far as they were known each night, then with incidents, `replays` times.

    Nights from `since` on count. A brand with less history than a first verdict needs is named in `too_short`.
    """
    rng = np.random.default_rng(seed)
    brands, short, trials, false = [], [], [], Counter[int]()
    for name, history in histories:
        start = NEEDED if since is None else max(NEEDED, (since - history.first).days)
        if start >= history.mentions.size:
            short.append(name)
            continue
        brands.append(_replay(name, history, start))
        for number in _blamed(history, start):
            false[number] += replays
        for _ in range(replays):
            trials += inject(history, start, rng)
            if on_replay:
                on_replay()
    return Backtest(seed, replays, tuple(brands), tuple(short), power(trials, false))


def _replay(name: str, history: History, start: int) -> BrandReplay:
    episodes = replay(judge(history), history.first, start)
    days = history.mentions.size - start
    begin = history.first + timedelta(days=start)
    months = Counter(f"{episode.since:%Y-%m}" for episode in episodes)
    leads = [episode.strongest[0].cell for episode in episodes]
    kinds = Counter(f"{cell.measure} {'up' if cell.kind == 'spike' else 'down'}" for cell in leads)
    return BrandReplay(
        brand=name,
        since=begin,
        until=begin + timedelta(days=days - 1),
        alerts=len(episodes),
        per_month=len(episodes) / (days / 30.4),
        months=dict(sorted(months.items())),
        kinds=dict(kinds.most_common()),
    )


def _bases(history: History) -> np.ndarray:
    """Return the pains a day of each dimension in the eight weeks before each day, shape (dimensions, days)."""
    sums = np.cumsum(np.pad(history.pain, ((0, 0), (SHORT + 1, 0))), axis=1)
    result: np.ndarray = (sums[:, SHORT:-1] - sums[:, : -SHORT - 1]) / SHORT
    return result


def _blamed(history: History, start: int) -> list[int]:
    """Return the classes of base of the cells that alerts of the history itself name first."""
    bases = _bases(history)
    place = {name: number for number, name in enumerate(history.dimensions)}
    leads = [episode.strongest[0] for episode in replay(judge(history), history.first, start)]
    return [
        _class(bases[place[lead.cell.dimension], (lead.day - history.first).days - lead.window + 1])
        for lead in leads
        if lead.cell.measure == "pain" and lead.cell.dimension is not None
    ]


def inject(history: History, start: int, rng: np.random.Generator) -> list[Trial]:
    """Put an incident into a random dimension every quarter from the night `start` on; return how each was found.

    Three times the pain for three days: to each day's own a negative binomial count with a mean of twice the
    dimension's base is added.
    """
    begins = np.arange(start + int(rng.integers(1, 60)), history.mentions.size - PATIENCE, APART)
    if not begins.size:
        return []
    cells = rng.integers(0, len(history.dimensions), begins.size)
    bases = _bases(history)[cells, begins]
    pain, mentions = history.pain.copy(), history.mentions.copy()
    for cell, begin, base in zip(cells, begins, bases, strict=True):
        more = rng.poisson(rng.gamma((TIMES - 1) * base / (SPREAD - 1), SPREAD - 1, LENGTH))
        pain[cell, begin : begin + LENGTH] += more
        mentions[begin : begin + LENGTH] += more
    found = judge(replace(history, pain=pain, mentions=mentions)).found[: len(history.dimensions)]
    trials = []
    for cell, begin, base in zip(cells, begins, bases, strict=True):
        nights = np.flatnonzero(found[cell, begin : begin + PATIENCE])
        trials.append(Trial(history.dimensions[cell], float(base), int(nights[0]) + 1 if nights.size else None))
    return trials


def _class(base: float) -> int:
    return int(np.searchsorted(BASES, base, side="right")) - 1


def power(trials: Sequence[Trial], false: Counter[int]) -> tuple[Power, ...]:
    """Return how incidents were found by the base of their cells; `false` counts other alerts by class of base."""
    rows = []
    for number, low in enumerate(BASES):
        own = [trial for trial in trials if _class(trial.base) == number]
        leads = [trial.lead for trial in own if trial.lead is not None]
        alerts, enough = len(leads) + false[number], len(own) >= MINIMUM
        rows.append(
            Power(
                low=low,
                high=BASES[number + 1] if number + 1 < len(BASES) else None,
                incidents=len(own),
                at_once=sum(lead <= AT_ONCE for lead in leads) / len(own) if enough else None,
                recall=len(leads) / len(own) if enough else None,
                lead=sum(leads) / len(leads) if enough and leads else None,
                precision=len(leads) / alerts if enough and alerts >= MINIMUM else None,
            )
        )
    return tuple(row for row in rows if row.incidents)
