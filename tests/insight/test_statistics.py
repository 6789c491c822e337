"""Nets, their intervals and what follows from them, against independent computations."""

from __future__ import annotations

import sys
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from overheard.insight import statistics
from overheard.insight.statistics import MINIMUM, Estimate, Sums

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
import coverage

Cluster = tuple[int, int]
CLUSTERS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=MINIMUM, max_size=40)


def sums_of(clusters: list[Cluster]) -> Sums:
    return Sums(
        mentions=len(clusters),
        positive=sum(p for p, _ in clusters),
        negative=sum(n for _, n in clusters),
        sum_xx=sum((p + n) ** 2 for p, n in clusters),
        sum_yy=sum((p - n) ** 2 for p, n in clusters),
        sum_xy=sum((p + n) * (p - n) for p, n in clusters),
    )


def brute_force(clusters: list[Cluster]) -> tuple[float, float, float]:
    """The interval from the clusters themselves: residuals one by one, and numpy's roots instead of a formula."""
    x = np.array([p + n for p, n in clusters], dtype=float)
    y = np.array([p - n for p, n in clusters], dtype=float)
    m, ratio = len(clusters), y.sum() / x.sum()
    variance = m / (m - 1) * ((y - ratio * x) ** 2).sum() / x.sum() ** 2
    share, voices = (ratio + 1) / 2, x.sum() ** 2 / (x**2).sum()
    count = voices
    if share not in (0, 1):
        seen = (variance / 4) / (share * (1 - share))
        dissent = voices * min(share, 1 - share)
        count = min((dissent + 0.7) / (dissent * seen + 0.7 * max(seen, 1 / voices)), x.sum())
    roots = np.roots([1 + 1.96**2 / count, -(2 * share + 1.96**2 / count), share**2])
    low, high = sorted(roots.real)
    return 100 * ratio, 200 * low - 100, 200 * high - 100


@given(CLUSTERS.filter(lambda clusters: any(p + n for p, n in clusters)))
def test_net_is_the_ratio_with_the_clustered_score_interval(clusters: list[Cluster]) -> None:
    found = statistics.net(sums_of(clusters))
    value, low, high = brute_force(clusters)
    assert found.n == len(clusters)
    assert found.value == pytest.approx(value)
    # A double root costs numpy half of its digits.
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.1)
    assert -100 <= found.low <= found.value <= found.high <= 100
    assert found.high - found.low > 1


@given(CLUSTERS)
def test_praise_and_pain_swapped_turn_the_net_around(clusters: list[Cluster]) -> None:
    found = statistics.net(sums_of(clusters))
    turned = statistics.net(sums_of([(n, p) for p, n in clusters]))
    if found.value is None or found.low is None or found.high is None:
        assert (turned.value, turned.low, turned.high) == (None, None, None)
    else:
        assert (turned.value, turned.low, turned.high) == pytest.approx((-found.value, -found.high, -found.low))


@given(CLUSTERS, CLUSTERS)
def test_pooled_sums_are_the_sums_of_all(one: list[Cluster], other: list[Cluster]) -> None:
    assert statistics.pooled([sums_of(one), sums_of(other)]) == sums_of(one + other)


@pytest.mark.parametrize(
    ("clusters", "value", "low", "high"),
    [
        pytest.param([(1, 0)] * 10, 100, (15, 50), (100, 100), id="all positive is not a point"),
        pytest.param([(0, 2)] * 50, -100, (-100, -100), (-95, -80), id="all negative is not a point"),
        pytest.param([(100, 0)] + [(0, 0)] * 9, 100, (-80, -50), (100, 100), id="one mention is one voice"),
        pytest.param([(0, 3166)] + [(2, 1)] * 21, -97.3, (-100, -99), (20, 80), id="one mention outweighs the rest"),
        pytest.param([(1, 1)] * 100, 0, (-15, -10), (10, 15), id="all torn is not a point"),
        pytest.param([(1, 0)] * 5000 + [(0, 1)] * 5000, 0, (-2.1, -1.8), (1.8, 2.1), id="many"),
    ],
)
def test_an_interval_at_the_edge_is_honest(
    clusters: list[Cluster], value: float, low: tuple[float, float], high: tuple[float, float]
) -> None:
    found = statistics.net(sums_of(clusters))
    assert found.value == pytest.approx(value, abs=0.1)
    assert low[0] <= (found.low or 0) <= low[1]
    assert high[0] <= (found.high or 0) <= high[1]


@pytest.mark.parametrize(
    "clusters", [[(1, 0)] * (MINIMUM - 1), [(0, 0)] * 30, []], ids=["below the minimum", "no verdicts", "nothing"]
)
def test_too_little_has_no_value_but_its_n(clusters: list[Cluster]) -> None:
    assert statistics.net(sums_of(clusters)) == Estimate(None, None, None, len(clusters))


def test_votes_count_neutral_mentions_in_n_only() -> None:
    found = statistics.net(statistics.votes(praise=6, pain=2, neutral=4))
    assert (found.value, found.n) == (50, 12)
    assert statistics.votes(6, 2, 4) == sums_of([(1, 0)] * 6 + [(0, 1)] * 2 + [(0, 0)] * 4)


def test_the_same_sentences_in_fewer_mentions_are_less_certain() -> None:
    scattered = statistics.net(sums_of([(1, 0)] * 60 + [(0, 1)] * 40))
    gathered = statistics.net(sums_of([(5, 0)] * 12 + [(0, 5)] * 8))
    assert scattered.value == gathered.value
    assert scattered.low is not None
    assert gathered.low is not None
    assert gathered.low < scattered.low - 10


def test_the_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """The benchmark of `make coverage`, small: with 250 samples a share of 95 % is known to within 3 points."""
    found = list(coverage.coverages(runs=250, sizes=(20, 200), nets=(-80, -40, 0, 60)))
    assert {each.measure for each in found} == {measure for measure, _, _ in coverage.MEASURES}
    for each in found:
        assert 0.92 <= each.average <= 0.98, each
        assert each.lowest >= 0.87, each


@pytest.mark.parametrize(("part", "whole", "low", "high"), [(15, 148, 0.0624, 0.1605), (0, 20, 0, 0.1611)])
def test_wilsons_interval_of_a_share_is_newcombes(part: int, whole: int, low: float, high: float) -> None:
    """Newcombe (1998, Statistics in Medicine 17, 857–872), table I, method 3."""
    found = statistics.share(part, whole)
    assert (found.value, found.low, found.high) == pytest.approx((part / whole, low, high), abs=1e-4)
    assert statistics.share(5, 9) == Estimate(None, None, None, 9)


def naive_interval_width(clusters: list[Cluster]) -> float:
    x = sum(p + n for p, n in clusters)
    share = sum(p for p, _ in clusters) / x
    return 200 * 2 * 1.96 * sqrt(share * (1 - share) / x)


def test_counting_sentences_as_units_would_be_far_too_sure() -> None:
    clusters = [(6, 0)] * 20 + [(0, 6)] * 20
    found = statistics.net(sums_of(clusters))
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low > 2 * naive_interval_width(clusters)


@given(CLUSTERS, CLUSTERS)
def test_a_difference_turns_around_and_agrees_with_the_intervals(one: list[Cluster], other: list[Cluster]) -> None:
    first, second = statistics.net(sums_of(one)), statistics.net(sums_of(other))
    found, turned = statistics.difference(first, second), statistics.difference(second, first)
    if first.value is None or second.value is None:
        assert found is None
        return
    assert found is not None
    assert turned is not None
    assert (turned.value, turned.low, turned.high) == pytest.approx((-found.value, -found.high, -found.low))
    assert (turned.certain, turned.overlap) == (found.certain, found.overlap)
    assert found.value == pytest.approx(first.value - second.value)
    assert found.certain == (found.low > 0 or found.high < 0)
    assert found.certain or found.overlap


def test_overlapping_intervals_can_still_differ_for_certain() -> None:
    first = statistics.net(statistics.votes(60, 40, 0))
    second = statistics.net(statistics.votes(44, 56, 0))
    found = statistics.difference(first, second)
    assert found is not None
    assert found.certain
    assert found.overlap


def test_newcombes_own_example_comes_out() -> None:
    """56 of 70 against 48 of 80: 0.20, 0.0524 to 0.3339 (Newcombe 1998, table II, method 10; with z, we use t)."""
    found = statistics.difference(
        statistics.net(statistics.votes(56, 14, 0)), statistics.net(statistics.votes(48, 32, 0))
    )
    assert found is not None
    assert (found.value / 200, found.low / 200, found.high / 200) == pytest.approx((0.2, 0.0524, 0.3339), abs=0.004)


def test_index_is_the_net_moved_to_0_to_100() -> None:
    assert statistics.index(Estimate(-20.0, -40.0, 10.0, 33)) == Estimate(40.0, 30.0, 55.0, 33)
    assert statistics.index(Estimate(None, None, None, 3)) == Estimate(None, None, None, 3)


def test_overall_is_the_mean_of_the_pillars_that_have_a_value() -> None:
    pillars = [Estimate(40.0, 30.0, 50.0, 20), Estimate(None, None, None, 4), Estimate(60.0, 58.0, 70.0, 90)]
    assert statistics.overall(pillars) == Estimate(50.0, 44.0, 60.0, 90)
    assert statistics.overall([Estimate(None, None, None, 4)]) == Estimate(None, None, None, 4)


@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), max_size=60))
def test_stars_are_a_mean_with_an_interval_inside_0_and_1(ratings: list[float]) -> None:
    found = statistics.stars(len(ratings), sum(ratings), sum(rating**2 for rating in ratings))
    assert found.n == len(ratings)
    assert found.mean == (pytest.approx(np.mean(ratings)) if len(ratings) >= MINIMUM else None)
    assert (found.low is None) == (len(ratings) < MINIMUM)
    if found.mean is not None and found.low is not None and found.high is not None:
        assert 0 <= found.low <= found.mean <= found.high <= 1
        assert found.high > found.low


def test_the_interval_of_stars_is_students_where_there_are_many() -> None:
    random = np.random.default_rng(7)
    ratings = random.choice([0, 0.25, 0.5, 0.75, 1], size=2000, p=[0.3, 0.1, 0.1, 0.2, 0.3])
    found = statistics.stars(2000, float(ratings.sum()), float((ratings**2).sum()))
    half = student.ppf(0.975, 1999) * ratings.std(ddof=1) / sqrt(2000)
    assert (found.low, found.high) == pytest.approx((ratings.mean() - half, ratings.mean() + half), abs=1e-3)
