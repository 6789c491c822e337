"""One event is one alert: nights and cells that belong together."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from overheard.insight.anomalies import Cell
from overheard.insight.episodes import Episode, Finding, group

DAY = date(2026, 10, 1)
SPEED, EASE = Cell("spike", "pain", "speed"), Cell("spike", "pain", "ease")


def finding(cell: Cell, after: int, p: float = 1e-4) -> Finding:
    day = DAY + timedelta(days=after)
    return Finding(cell, day, day, 2, 12.0, 3.0, p, 10 * p)


def test_cells_of_one_night_are_one_episode_the_least_likely_first() -> None:
    (episode,) = group([], [finding(SPEED, 0), finding(EASE, 0, 1e-6)])
    assert [each.cell for each in episode.strongest] == [EASE, SPEED]


@pytest.mark.parametrize(
    ("cell", "after", "joins"),
    [
        (SPEED, 1, True), (SPEED, 7, True), (SPEED, 8, False),
        (EASE, 3, True), (EASE, 4, False),
        (Cell("drop", "net", "speed"), 6, True), (Cell("spike", "mentions", None), 5, False),
    ],
)  # fmt: skip
def test_a_later_finding_joins_while_it_lasts(cell: Cell, after: int, joins: bool) -> None:
    (episode,) = group([], [finding(SPEED, 0)])
    begun = group([episode], [finding(cell, after)])
    assert (not begun) == joins
    assert episode.until == DAY + timedelta(days=after if joins else 0)


def test_of_one_cell_the_least_likely_night_stays_with_the_day_of_the_first() -> None:
    episode = Episode(DAY, DAY)
    for after, p in ((0, 1e-4), (1, 1e-7), (2, 1e-3)):
        episode.add(finding(SPEED, after, p))
    (kept,) = episode.strongest
    assert (kept.since, kept.day, kept.p, episode.until) == (DAY, DAY + timedelta(1), 1e-7, DAY + timedelta(2))
    assert kept.lift == 4
