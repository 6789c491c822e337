"""Targets measured: what a brand reached, against what it wants to reach, and who answers for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy.orm import Session

from overheard import taxonomy
from overheard.errors import NotFoundError
from overheard.insight.figures import index_of, net_of, rating_of, votes_net
from overheard.insight.replies import SourceReplies, read_replies
from overheard.insight.rollups import (
    SENTIMENT,
    DimensionVotes,
    SentimentSums,
    read_dimensions,
    read_mentions,
    read_sentiment,
)
from overheard.insight.scope import Scope, select_scope
from overheard.insight.statistics import Estimate, median, of_five, share
from overheard.store.tables import ANY, Brand
from overheard.store.targets import MEASURES, Target, list_targets

OVERALL = "overall"
"""The name of the CX index itself, beside those of its pillars."""

VERDICTS = ("met", "missed", "uncertain", "too_few")
"""The whole interval is on the good side of the target, on the bad side, on both; there is no interval."""


@dataclass(frozen=True, slots=True)
class MeasuredTarget:
    """One target of a brand and what was reached.

    `measure` is `net`, `dimension`, `touchpoint`, `index`, `stars`, `reply_rate` or `reply_time`, `name` that of the
    dimension, touchpoint or pillar, null where there is none. `target` and `reached` are in `unit`: points, stars of
    five, percent, seconds. `at_most` says that less is better. `verdict` is one of `VERDICTS`.
    """

    brand: str
    measure: str
    name: str | None
    label: str
    target: float
    unit: str
    at_most: bool
    reached: Estimate
    verdict: str
    owner: str


@dataclass(frozen=True, slots=True)
class MeasuredTargets:
    """The targets of one or more brands in one scope."""

    scope: Scope
    targets: tuple[MeasuredTarget, ...]


def measure_all(session: Session, brands: Iterable[Brand], scope: Scope) -> MeasuredTargets:
    """Measure the targets of brands; those of a brand that lacks the scope's source are left out.

    Raises UsageError for an impossible scope, NotFoundError for a source that no brand with targets has.
    """
    found: list[MeasuredTarget] = []
    missing: NotFoundError | None = None
    for brand in brands:
        try:
            found += measure_targets(session, brand, scope)
        except NotFoundError as error:
            missing = missing or error
    if missing is not None and not found:
        raise missing
    return MeasuredTargets(scope, tuple(found))


def measure_targets(session: Session, brand: Brand, scope: Scope) -> list[MeasuredTarget]:
    """Return the targets of a brand with what was reached in a scope; only what a target asks for is read.

    Raises UsageError for an impossible scope and NotFoundError for an unknown source.
    """
    targets = list_targets(session, brand)
    if not targets:
        return []
    reached = _Reached(session, brand, scope)
    return [_measured(brand, target, reached.of(target.measure, target.name)) for target in targets]


def check_name(measure: str, name: str) -> None:
    """Raise NotFoundError where the taxonomy has no such dimension, touchpoint or pillar."""
    words = taxonomy.load()
    known = {
        "dimension": [entry.name for entry in words.dimensions],
        "touchpoint": [entry.name for entry in words.touchpoints],
        "index": [*words.pillars, OVERALL],
    }.get(measure)
    if known is not None and name not in known:
        raise NotFoundError(f"no {measure} {name!r}; expected one of {', '.join(known)}")


def judge(target: float, reached: Estimate, *, at_most: bool) -> str:
    """Return the verdict on a target: what an interval of 95 % says, and no more.

    >>> judge(20, Estimate(31.0, 24.0, 38.0, 400), at_most=False)
    'met'
    >>> judge(20, Estimate(15.0, 8.0, 22.0, 400), at_most=False)
    'uncertain'
    >>> judge(3600, Estimate(9000.0, 7200.0, 10800.0, 40), at_most=True)
    'missed'
    """
    if reached.low is None or reached.high is None:
        return "too_few"
    low, high, aim = (-reached.high, -reached.low, -target) if at_most else (reached.low, reached.high, target)
    return "met" if low >= aim else "missed" if high < aim else "uncertain"


def _measured(brand: Brand, target: Target, reached: Estimate) -> MeasuredTarget:
    kind = MEASURES[target.measure]
    return MeasuredTarget(
        brand=brand.name,
        measure=target.measure,
        name=target.name or None,
        label=_label(target.measure, target.name),
        target=target.value,
        unit=kind.unit,
        at_most=kind.at_most,
        reached=reached,
        verdict=judge(target.value, reached, at_most=kind.at_most),
        owner=target.owner,
    )


def _label(measure: str, name: str) -> str:
    words = taxonomy.load()
    if measure == "index":
        return "CX index" if name == OVERALL else f"Index {words.pillar_labels.get(name, name)}"
    labels = {entry.name: entry.label for entry in (*words.dimensions, *words.touchpoints)}
    plain = {"net": "Net sentiment", "stars": "Stars", "reply_rate": "Reply rate", "reply_time": "Reply time"}
    return plain.get(measure) or labels.get(name, name)


class _Reached:
    """What a brand reached; everything is read when it is first asked for."""

    def __init__(self, session: Session, brand: Brand, scope: Scope) -> None:
        self._session = session
        self._version = brand.model_version_id
        self._selection = select_scope(session, brand, scope)

    def of(self, measure: str, name: str) -> Estimate:
        measures: dict[str, Callable[[], Estimate]] = {
            "net": lambda: self._net(SENTIMENT, ANY),
            "touchpoint": lambda: self._net(SENTIMENT, name),
            "dimension": lambda: votes_net(self._votes.get(name, DimensionVotes(0, 0, 0))),
            "index": lambda: index_of(self._sentiment)[name],
            "stars": self._stars,
            "reply_rate": self._reply_rate,
            "reply_time": lambda: median([took for source in self._replies for took in source.seconds]),
        }
        return measures[measure]()

    @cached_property
    def _sentiment(self) -> list[SentimentSums]:
        return [] if self._version is None else read_sentiment(self._session, self._version, self._selection)

    @cached_property
    def _votes(self) -> dict[str, DimensionVotes]:
        return {} if self._version is None else read_dimensions(self._session, self._version, self._selection)

    @cached_property
    def _replies(self) -> Sequence[SourceReplies]:
        return list(read_replies(self._session, self._selection).values())

    def _net(self, measure: str, touchpoint: str) -> Estimate:
        return net_of(each for each in self._sentiment if (each.measure, each.touchpoint) == (measure, touchpoint))

    def _stars(self) -> Estimate:
        return of_five(rating_of(read_mentions(self._session, self._selection)))

    def _reply_rate(self) -> Estimate:
        answered = sum(source.answered for source in self._replies)
        found = share(answered, answered + sum(source.unanswered for source in self._replies))
        if found.value is None or found.low is None or found.high is None:
            return found
        return Estimate(100 * found.value, 100 * found.low, 100 * found.high, found.n)
