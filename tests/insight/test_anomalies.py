"""What is unusual in daily counts: tails, false discoveries, baselines, and that a night knows its past alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from overheard.insight.anomalies import HISTORY, NEEDED, Cell, History, discoveries, judge, tail, weekdays
from overheard.insight.episodes import replay

MONDAY = date(2024, 1, 1)
NAMES = ("speed", "ease", "service")
DAYS = 500


def quiet(seed: int = 0, days: int = DAYS, base: float = 4.0) -> History:
    """A brand in which nothing happens: Poisson counts, pain and praise alike."""
    rng = np.random.default_rng(seed)
    pain, praise = rng.poisson(base, (2, len(NAMES), days)).astype(float)
    mentions = rng.poisson(20, days).astype(float)
    return History(MONDAY, NAMES, pain, praise, mentions, pain.sum(axis=0), praise.sum(axis=0))


def found(history: History, night: int) -> set[Cell]:
    judged = judge(history)
    return {cell for cell, yes in zip(judged.cells, judged.found[:, night], strict=True) if yes}


@pytest.mark.parametrize(("observed", "mean", "dispersion"), [(12, 5, 1.5), (3, 0.4, 1.05), (80, 50, 3.0), (0, 2, 1.2)])
def test_the_tail_is_that_of_the_negative_binomial(observed: float, mean: float, dispersion: float) -> None:
    size = mean / (dispersion - 1)
    values = np.array([observed, mean, dispersion], float)
    assert tail(*values) == pytest.approx(nbinom.sf(observed - 1, size, 1 / dispersion), rel=1e-6)
    assert tail(*values, upper=False) == pytest.approx(nbinom.cdf(observed, size, 1 / dispersion), rel=1e-6)


def test_without_overdispersion_the_tail_is_all_but_that_of_poisson() -> None:
    assert tail(np.array(12.0), np.array(5.0), np.array(1.0001)) == pytest.approx(poisson.sf(11, 5), rel=0.01)


def test_discoveries_follow_the_worked_example_of_benjamini_and_hochberg() -> None:
    p = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590,
        1.0,
    ]  # fmt: skip
    yes, q = discoveries(np.array(p)[:, None], np.ones(len(p)), 0.05)
    assert yes[:, 0].sum() == 4
    assert q[3, 0] == pytest.approx(0.0095 * 15 / 4)
    assert list(q[:, 0]) == sorted(q[:, 0])


def test_what_weighs_more_is_found_sooner() -> None:
    p = np.array([[0.03], [0.03], [0.9], [0.9]])
    yes, _ = discoveries(p, np.array([2.0, 0.5, 1.0, 0.5]), 0.1)
    assert yes[:, 0].tolist() == [True, False, False, False]


def test_three_times_the_pain_is_a_spike_in_its_dimension_alone() -> None:
    history = quiet()
    pain = history.pain.copy()
    pain[1, 400:403] = 14
    assert found(replace(history, pain=pain), 401) == {Cell("spike", "pain", "ease")}


def test_praise_that_turns_into_pain_is_a_drop_though_as_many_speak() -> None:
    history = quiet(base=1.5)
    pain, praise = history.pain.copy(), history.praise.copy()
    pain[2, 400:414], praise[2, 400:414] = 2.9, 0.1
    assert Cell("drop", "net", "service") in found(replace(history, pain=pain, praise=praise), 413)


@pytest.mark.parametrize(("count", "kind"), [(0, "drop"), (70, "spike")])
def test_the_volume_of_a_brand_is_watched_in_both_directions(count: float, kind: str) -> None:
    history = quiet()
    mentions = history.mentions.copy()
    mentions[400:407] = count
    cells = {cell for cell in found(replace(history, mentions=mentions), 406) if cell.measure == "mentions"}
    assert cells == {Cell(kind, "mentions", None)}


def test_a_busy_weekday_is_usual() -> None:
    rng = np.random.default_rng(1)
    history = quiet(days=900)
    busy = np.where(np.arange(900) % 7 == 0, 5.0, 0.5)
    history = replace(
        history, pain=rng.poisson(3 * busy, (3, 900)).astype(float), mentions=rng.poisson(20 * busy).astype(float)
    )
    history = replace(history, praise=history.pain[::-1].copy())
    assert weekdays(history.mentions, 0)[700] == pytest.approx(7 * 5 / 8, rel=0.1)
    judged = judge(history)
    # By chance there may be some; hardly one of the 57 Mondays.
    assert judged.found[:, 504::7].any(axis=0).sum() < 3


def test_what_was_so_a_year_ago_too_is_no_spike() -> None:
    """The long baseline disagrees: the last weeks were the exception."""
    history = quiet(days=600)
    pain = history.pain.copy()
    pain[0] = np.random.default_rng(2).poisson(12, 600)
    pain[0, 520:597] = np.random.default_rng(3).poisson(4, 77)
    pain[0, 597:] = 12
    assert Cell("spike", "pain", "speed") not in found(replace(history, pain=pain), 599)
    pain[0, :520] = np.random.default_rng(4).poisson(4, 520)
    assert Cell("spike", "pain", "speed") in found(replace(history, pain=pain), 599)


def test_a_dispersed_cell_needs_more() -> None:
    rng = np.random.default_rng(5)
    history, pain = quiet(), quiet().pain.copy()
    pain[0] = rng.poisson(rng.gamma(4 / 3, 3, DAYS))
    for cell in (0, 1):
        pain[cell, 400:402] = 10
    assert found(replace(history, pain=pain), 401) == {Cell("spike", "pain", "ease")}


def test_a_night_is_judged_from_the_days_up_to_it() -> None:
    history = quiet(3, days=600)
    judged, early = judge(history), judge(cut(history, 0, 450))
    assert np.array_equal(judged.q[:, :450], early.q)


def test_days_beyond_the_history_of_a_night_change_nothing() -> None:
    history = quiet(4, days=HISTORY + 300)
    night = HISTORY + 250
    late = judge(cut(history, night - HISTORY, night + 1))
    assert judge(history).scan.p[:, night] == pytest.approx(late.scan.p[:, -1])


def cut(history: History, start: int, end: int) -> History:
    names = ("pain", "praise", "mentions", "negative", "positive")
    rows = {name: getattr(history, name)[..., start:end] for name in names}
    return replace(history, first=date.fromordinal(MONDAY.toordinal() + start), **rows)


def test_without_ten_weeks_of_history_there_is_no_verdict() -> None:
    history = quiet()
    pain = history.pain.copy()
    pain[:, 30:33] = 40
    assert not judge(replace(history, pain=pain)).found[:, :NEEDED].any()


def test_quiet_years_have_less_than_one_alert_a_month() -> None:
    """Ten years of fourteen dimensions; benchmarks/alerts.py measures a hundred."""
    alerts = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        base = np.exp(rng.uniform(np.log(0.1), np.log(20), (14, 1)))
        pain, praise = (rng.poisson(rng.gamma(base / 0.4, 0.4, (14, HISTORY + 364))).astype(float) for _ in range(2))
        mentions = rng.poisson(rng.gamma(20, 2, pain.shape[1])).astype(float)
        names = tuple(map(str, range(14)))
        history = History(MONDAY, names, pain, praise, mentions, pain.sum(axis=0), praise.sum(axis=0))
        alerts += len(replay(judge(history), MONDAY, HISTORY))
    assert alerts / 120 < 1
