"""A replay of history: alerts by month, incidents by the base of their cells."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from overheard.insight.anomalies import History
from overheard.insight.backtest import backtest

NAMES = ("speed", "ease", "service", "design")


def history(days: int = 700) -> History:
    rng = np.random.default_rng(0)
    pain = rng.poisson([[0.1], [2.5], [6.0], [25.0]], (4, days)).astype(float)
    praise = rng.poisson(8, (4, days)).astype(float)
    mentions = rng.poisson(50, days).astype(float)
    return History(date(2024, 1, 1), NAMES, pain, praise, mentions, pain.sum(axis=0), praise.sum(axis=0))


def test_a_replay_counts_alerts_by_month_and_incidents_by_base() -> None:
    one = history()
    pain = one.pain.copy()
    pain[1, 650:653] = 20
    found = backtest([("Nordwind", replace(one, pain=pain)), ("New", history(60))], replays=10, seed=3)
    (brand,) = found.brands
    assert found.too_short == ("New",)
    assert brand.months["2025-10"] == 1
    assert brand.alerts == sum(brand.months.values()) == sum(brand.kinds.values())
    assert brand.per_month == pytest.approx(brand.alerts / ((brand.until - brand.since).days + 1) * 30.4)
    by_base = {row.low: row for row in found.power}
    assert by_base[20.0].at_once == 1
    assert by_base[20.0].lead < 1.5
    assert by_base[0.0].at_once < by_base[2.0].at_once < by_base[20.0].at_once
    assert all(row.precision is None or 0 < row.precision <= 1 for row in found.power)
    assert backtest([("Nordwind", replace(one, pain=pain))], replays=10, seed=3).power == found.power


def test_since_limits_the_nights_that_count() -> None:
    found = backtest([("Nordwind", history())], date(2025, 6, 1), replays=0)
    assert found.brands[0].since == date(2025, 6, 1)
    assert found.power == ()
