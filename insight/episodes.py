"""One alert for one event: what is found night after night, and in several cells at once, is one episode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from overheard.insight.anomalies import Cell, Judged

QUIET = 7
"""Days without a finding after which an episode is over."""

TOGETHER = 3
"""Days from the begin of an episode in which what else is found belongs to it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A cell that was found: `observed` in the `window` days up to `day`, where `expected` were.

    `p` is corrected for the windows looked at, `q` for all cells of that night. Of the `net`, these count the pains
    among the votes. `since` is the day of the first finding of the cell in its episode.
    """

    cell: Cell
    since: date
    day: date
    window: int
    observed: float
    expected: float
    p: float
    q: float

    @property
    def lift(self) -> float:
        """How many times the expected was observed."""
        return self.observed / self.expected


@dataclass(slots=True)
class Episode:
    """What is unusual at a brand from `since` until `until`, by cell: of each its least likely finding."""

    since: date
    until: date
    findings: dict[Cell, Finding] = field(default_factory=dict)

    def takes(self, found: Finding) -> bool:
        """Tell whether a finding belongs to this episode: it knows the dimension, or has only just begun."""
        if found.day - self.until > timedelta(days=QUIET):
            return False
        known = {cell.dimension for cell in self.findings}
        return found.cell.dimension in known or (found.day - self.since).days <= TOGETHER

    def add(self, found: Finding) -> None:
        """Go on with a finding; of one cell the least likely stays, with the day of the first."""
        before = self.findings.get(found.cell)
        self.until = max(self.until, found.day)
        if before is None or found.p < before.p:
            since = before.since if before else found.since
            self.findings[found.cell] = Finding(
                found.cell, since, found.day, found.window, found.observed, found.expected, found.p, found.q
            )

    @property
    def strongest(self) -> list[Finding]:
        """The findings, the least likely first."""
        return sorted(self.findings.values(), key=lambda found: (found.p, str(found.cell)))


def group(ongoing: Sequence[Episode], night: Iterable[Finding]) -> list[Episode]:
    """Add the findings of one night to the episodes that they belong to; return the new ones: one at most."""
    begun: list[Episode] = []
    for found in sorted(night, key=lambda each: (each.p, str(each.cell))):
        # That of its own cell first: two episodes may know a dimension.
        fitting = sorted(
            (each for each in (*ongoing, *begun) if each.takes(found)), key=lambda each: found.cell not in each.findings
        )
        if not fitting:
            fitting = [Episode(found.day, found.day)]
            begun += fitting
        fitting[0].add(found)
    return begun


def findings(judged: Judged, first: date, start: int = 0) -> Iterator[tuple[date, list[Finding]]]:
    """Yield the nights with something found, from the index `start` on; `first` is the day of the index 0."""
    scan = judged.scan
    for night in start + np.flatnonzero(judged.found[:, start:].any(axis=0)):
        day = first + timedelta(days=int(night))
        yield day, [
            Finding(
                judged.cells[cell], day, day, int(scan.window[cell, night]), float(scan.observed[cell, night]),
                float(scan.expected[cell, night]), float(scan.p[cell, night]), float(judged.q[cell, night]),
            )
            for cell in np.flatnonzero(judged.found[:, night])
        ]  # fmt: skip


def replay(judged: Judged, first: date, start: int = 0) -> list[Episode]:
    """Return the episodes of a judged history in the order of their begin."""
    episodes: list[Episode] = []
    for _, night in findings(judged, first, start):
        episodes += group(episodes[-20:], night)
    return episodes
