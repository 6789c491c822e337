"""Change points: how often there is one that is none, how often one is found, and what the level is between them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from overheard.insight.changes import Series, Shift, find_shifts, series, smooth
from overheard.insight.statistics import Sums, votes

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from changes import Setting, measure, told


def series_of(*nets: float, mentions: int = 100) -> Series:
    """A series of single votes with these nets."""
    counts = [round(mentions * (100 + net) / 200) for net in nets]
    return series([votes(praise, mentions - praise, 0) for praise in counts])


@pytest.mark.parametrize(
    "setting",
    [
        Setting("month", 36, 30, 0),
        Setting("month", 12, 30, 20, noise=15),
        Setting("week", 52, 5, 80),
        Setting("month", 36, 30, 20, noise=15, count=14),
    ],
)
def test_at_most_one_in_twenty_series_without_a_change_is_marked(setting: Setting) -> None:
    assert measure(setting, 100).marked <= 0.05


@pytest.mark.parametrize(
    ("setting", "least"),
    [
        (Setting("month", 36, 100, 0, jump=20), 0.95),
        (Setting("month", 36, 20, 0, jump=40), 0.9),
        (Setting("month", 36, 500, 0, noise=10, jump=20), 0.85),
    ],
)
def test_a_jump_is_found_where_the_mentions_can_tell(setting: Setting, least: float) -> None:
    found = measure(setting, 60)
    assert found.marked >= least
    assert found.held >= 0.9
    assert found.off_by <= 1


def test_a_short_change_is_two() -> None:
    found = series_of(*[40] * 12, *[-40] * 3, *[40] * 12)
    assert [shift.position for shift in find_shifts(found, shortest=2)] == [12, 15]


@pytest.mark.parametrize("shortest", [2, 3, 5, 7])
def test_a_level_holds_for_the_shortest_time(shortest: int) -> None:
    found = series_of(*[40] * 12, *[-40] * 3, *[40] * 12)
    bounds = [0, *(shift.position for shift in find_shifts(found, shortest=shortest)), 27]
    assert min(np.diff(bounds)) >= shortest


def test_periods_without_mentions_have_no_say() -> None:
    sums = [votes(70, 30, 0)] * 8 + [votes(0, 0, 0)] * 5 + [votes(30, 70, 0)] * 8
    (shift,) = find_shifts(series(sums), shortest=2)
    assert shift == Shift(13, 13, 13)
    levels = smooth(series(sums), [shift])
    assert levels[8:13] == [None] * 5
    assert [round(level.value) for level in (levels[7], levels[13]) if level] == [40, -40]


def test_long_mentions_that_complain_more_are_no_change() -> None:
    """Few mentions in each of the first periods, many in the later: a mean of ratios would fall with them."""
    rng = np.random.default_rng(5)
    marked = 0
    for _ in range(60):
        sums = []
        for count in [2] * 30 + [40] * 30:
            long = rng.random(count) < 0.2
            polar = np.where(long, 15, 2)
            positive = rng.binomial(polar, np.where(long, 0.2, 0.8))
            y = 2 * positive - polar
            sums.append(
                Sums(count, int(positive.sum()), int((polar - positive).sum()), int((polar**2).sum()),
                     int((y * y).sum()), int((polar * y).sum()))
            )  # fmt: skip
        marked += bool(find_shifts(series(sums), shortest=3))
    assert marked <= 3


@pytest.mark.parametrize(
    "sums",
    [
        [],
        [votes(0, 0, 0)] * 20,
        [votes(1, 0, 0)] * 5,
        [votes(0, 0, 3)] * 20,
        [votes(10, 0, 0)] * 20,
        [votes(0, 10, 0)] * 3,
    ],
)
def test_what_says_nothing_has_no_change(sums: list[Sums]) -> None:
    found = series(sums)
    assert find_shifts(found, shortest=2) == []
    assert len(smooth(found)) == len(sums)


def test_the_smoothed_level_is_nearer_to_the_truth_than_the_nets() -> None:
    rng = np.random.default_rng(3)
    true = np.linspace(-40, 40, 60)
    nets, levels, inside = [], [], []
    for _ in range(20):
        sums = [Sums(0, 0, 0, 0, 0, 0) if place % 9 == 4 else votes(int(up), 20 - int(up), 0)
                for place, up in enumerate(rng.binomial(20, (true + 100) / 200))]  # fmt: skip
        found = series(sums)
        for net, level, value, weight in zip(found.nets, smooth(found), true, found.weights, strict=True):
            if weight and level is not None:
                nets.append((net - value) ** 2)
                levels.append((level.value - value) ** 2)
                inside.append(abs(level.value - value) <= 1.96 * level.error)
    assert np.mean(levels) < np.mean(nets) / 3
    assert np.mean(inside) >= 0.93


def test_a_level_that_jumps_is_not_smeared() -> None:
    found = series_of(*[50] * 10, *[-50] * 10)
    shifts = find_shifts(found, shortest=2)
    levels = [level.value for level in smooth(found, shifts) if level is not None]
    assert levels[9] - levels[10] == pytest.approx(100, abs=2)


def test_the_dispersion_is_that_of_the_swings() -> None:
    rng = np.random.default_rng(2)
    quiet = [series(told(Setting("month", 48, 50, 0), rng)).dispersion for _ in range(40)]
    loud = [series(told(Setting("month", 48, 50, 0, noise=20), rng)).dispersion for _ in range(40)]
    assert np.median(quiet) < 1.2
    assert np.median(loud) > 2
