"""How a figure is written for a person: counts, nets with their interval, shares, stars, dates."""

from __future__ import annotations

from datetime import date, datetime

from overheard.insight.scope import Scope
from overheard.insight.statistics import MINIMUM, Difference, Estimate, Mean
from overheard.report.printable import printable
from overheard.store.tables import SURVEY

MINUS = "\N{MINUS SIGN}"
TO = "\N{HORIZONTAL ELLIPSIS}"


def count(number: int) -> str:
    """Write a count with thousands set apart: 12,345."""
    return f"{number:,}"


def counted(number: int, what: str) -> str:
    """Write a count of things with a regular plural: 1 mention, 2,000 mentions."""
    return f"{count(number)} {what}" if number == 1 else f"{count(number)} {what}s"


def signed(value: float) -> str:
    """Write a net or a difference in whole points: +12, 0, −12.

    >>> signed(-0.4), signed(11.6)
    ('0', '+12')
    """
    points = round(value)
    return f"{points:+d}".replace("-", MINUS) if points else "0"


def net(estimate: Estimate) -> str:
    """Write a net with its interval, −12 (−20…−4), or why there is none."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return missing(estimate.n)
    return f"{signed(estimate.value)} ({signed(estimate.low)}{TO}{signed(estimate.high)})"


def difference(found: Difference | None) -> str:
    """Write a difference of two nets with its interval, nothing where there is none."""
    return "" if found is None else f"{signed(found.value)} ({signed(found.low)}{TO}{signed(found.high)})"


def star_difference(found: Difference) -> str:
    """Write a difference of two means on 0..1 as one of stars of five: +0.2 (+0.1…+0.3)."""
    ends = (f"{4 * value:+.1f}".replace("-", MINUS) for value in (found.value, found.low, found.high))
    value, low, high = ends
    return f"{value} ({low}{TO}{high})"


def index(estimate: Estimate) -> str:
    """Write an index of 0 to 100 with its interval, 46 (43…49), or why there is none."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return missing(estimate.n)
    return f"{estimate.value:.0f} ({estimate.low:.0f}{TO}{estimate.high:.0f})"


def index_of(scope: Scope, estimate: Estimate) -> str:
    """Write a CX index as `index` does, or why the scope has none."""
    return "not of one dimension" if scope.dimension is not None else index(estimate)


def net_label(scope: Scope) -> str:
    """Name the net sentiment of a scope: of sentences, or of one vote for each mention in a dimension."""
    return "Net sentiment" if scope.dimension is None else "Net of votes"


def missing(n: int) -> str:
    """Write why a value is missing: fewer mentions than the minimum, or none that is positive or negative."""
    return f"too few ({count(n)})" if n < MINIMUM else f"no verdict ({count(n)})"


def share(part: float | None) -> str:
    """Write a share in [0, 1] as a percentage, nothing where there is none."""
    if part is None:
        return ""
    return "<1 %" if 0 < part < 0.005 else f"{100 * part:.0f} %"


def stars(rating: Mean) -> str:
    """Write a mean rating as one to five stars with its interval and its n."""
    if rating.mean is None or rating.low is None or rating.high is None:
        return f"too few ({count(rating.n)})" if rating.n else "none given"
    interval = f"({_of_five(rating.low)}{TO}{_of_five(rating.high)})"
    return f"{_of_five(rating.mean)} of 5 {interval}, {count(rating.n)} rated"


def rated(rating: float, kind: str, given: str | None, scale: float | None) -> str:
    """Write what a mention was rated, `rating` on 0..1, in stars; an answer to a survey as it was given.

    >>> rated(0.25, "import", "1", None), rated(0.9, "survey", "9", 10)
    ('rated 2 of 5 stars', 'answered 9 of 10')
    """
    if kind == SURVEY and given and scale:
        return f"answered {printable(given)} of {scale:g}"
    return f"rated {_of_five(rating).removesuffix('.0')} of 5 stars"


def _of_five(rating: float) -> str:
    return f"{1 + 4 * rating:.1f}"


def day(moment: datetime | date | None) -> str:
    """Write a day, 2026-11-21, or `undated`."""
    return "undated" if moment is None else f"{moment:%Y-%m-%d}"


def period(since: date | None, until: date | None) -> str:
    """Write the limits of a period as they were asked for."""
    if since is None and until is None:
        return "all time"
    if since is None:
        return f"until {day(until)}"
    return f"since {day(since)}" if until is None else f"{day(since)} to {day(until)}"


def limits(scope: Scope) -> str:
    """Write a whole scope in one line."""
    parts = [period(scope.since, scope.until), f"language {scope.language}" if scope.language else "all languages"]
    named = (
        ("source", scope.source), ("touchpoint", scope.touchpoint), ("dimension", scope.dimension),
        ("query", scope.query), scope.attribute or ("", None),
    )  # fmt: skip
    return ", ".join(parts + [f"{name} {value}" for name, value in named if value])
