"""What is new for a brand, or unlike the others of its industry: tests over all dimensions and signals at once.

*New*: the part of mentions that praise or pain a dimension, or carry a signal, against the same brand's time before.
*Unlike*: how a brand's pains (and its praises) spread over the dimensions, against how those of the other brands of the
industry do. That is the shape, not the level: a brand that is worse in everything is no surprise here. How much brands
differ among one another anyway is part of the test, so that only what lies outside of that counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import exp, log, sqrt

from sqlalchemy import select
from sqlalchemy.orm import Session

from overheard import taxonomy
from overheard.insight import statistics
from overheard.insight.rollups import read_analysed, read_dimensions, read_signals
from overheard.insight.scope import Scope, Selection, select_scope
from overheard.insight.significance import LEVEL, holm, p_of_interval, student_tail
from overheard.insight.statistics import MINIMUM, Chance, difference
from overheard.store.tables import Brand

RECENT, PAST = 90, 365
"""Days that are looked at where no period was asked for, and days before them that they are held against."""

FACTOR = 1.25
"""Less of a change than this, up or down, is no surprise however certain."""

OTHERS = 3
"""Brands of the industry without which nothing is called unlike them."""


@dataclass(frozen=True, slots=True)
class Surprise:
    """One surprising figure: `kind` is `new` or `unlike`, `about` a dimension or a signal, and `side` `praise`, `pain`
    or null for a signal.

    `value` is a share in [0, 1]: for `new` of the analysed mentions, for `unlike` of the brand's praises or pains;
    `usual` is the same share in the time before, or the middle of the other brands. `mentions` are those behind
    `value`; `p` is the p-value, which stands after Holm's correction over all that was looked at. `since` and `until`
    are the days that were looked at, both inclusive.
    """

    kind: str
    about: str
    label: str
    side: str | None
    mentions: int
    value: float
    usual: float
    p: Chance
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What can surprise: a dimension with a side, or a signal without one."""

    about: str
    label: str
    side: str | None


Counts = Mapping[Subject, int]


def find_surprises(session: Session, brand: Brand, scope: Scope, last: date | None) -> tuple[Surprise, ...]:
    """Return what is new in the scope, and where the brand is unlike others of its industry in the same time.

    Without `since` the newest `RECENT` days up to the `last` mention are looked at; the time before is `PAST` days.
    """
    end, version = scope.until or last, brand.model_version_id
    if end is None or version is None:
        return ()
    since = scope.since or end - timedelta(days=RECENT - 1)
    recent = replace(scope, since=since, until=end)
    past = replace(scope, since=since - timedelta(days=PAST), until=since - timedelta(days=1))
    now, analysed = _counts(session, brand, version, recent)
    before, analysed_before = _counts(session, brand, version, past)
    found = news(now, analysed, before, analysed_before) + unlike(_sides(now), _others(session, brand, recent))
    return tuple(replace(entry, since=since, until=end) for entry in found)


def _others(session: Session, brand: Brand, scope: Scope) -> list[Counts]:
    """Return the votes of the other brands of the industry; none where a search would have to be run for each."""
    if brand.industry is None or scope.query is not None or scope.attribute is not None:
        return []
    same = (Brand.industry == brand.industry, Brand.model_version_id == brand.model_version_id, Brand.id != brand.id)
    anywhere = replace(scope, source=None)
    return [
        _votes(session, other, select_scope(session, other, anywhere))
        for other in session.scalars(select(Brand).where(*same).order_by(Brand.id))
    ]


def _counts(session: Session, brand: Brand, version: int, scope: Scope) -> tuple[Counts, int]:
    selection = select_scope(session, brand, scope)
    signals = read_signals(session, version, selection)
    found = {
        Subject(entry.name, entry.label, None): signals[entry.name].mentions
        for entry in taxonomy.load().signals
        if entry.name in signals
    }
    return {**_votes(session, brand, selection), **found}, read_analysed(session, version, selection)


def _votes(session: Session, brand: Brand, selection: Selection) -> Counts:
    votes = {} if brand.model_version_id is None else read_dimensions(session, brand.model_version_id, selection)
    known = [entry for entry in taxonomy.load().dimensions if entry.name in votes]
    pains = {Subject(entry.name, entry.label, "pain"): votes[entry.name].pain for entry in known}
    return {**pains, **{Subject(entry.name, entry.label, "praise"): votes[entry.name].praise for entry in known}}


def _sides(counts: Counts) -> Counts:
    return {subject: count for subject, count in counts.items() if subject.side is not None}


def news(now: Counts, analysed: int, before: Counts, analysed_before: int) -> tuple[Surprise, ...]:
    """Return what is new in a period, the largest change first; before and now are counts of mentions."""
    found = []
    for subject in dict.fromkeys([*now, *before]):
        here, there = now.get(subject, 0), before.get(subject, 0)
        share, usual = statistics.share(here, analysed), statistics.share(there, analysed_before)
        gap = difference(share, usual)
        if max(here, there) < MINIMUM or gap is None or share.value is None or usual.value is None:
            continue
        p = Chance(p_of_interval(gap.value, gap.low if gap.value > 0 else gap.high))
        found.append(Surprise("new", subject.about, subject.label, subject.side, here, share.value, usual.value, p))
    return _standing(found)


def unlike(brand: Counts, others: Sequence[Counts]) -> tuple[Surprise, ...]:
    """Return where the spread of a brand over its dimensions is unlike the other brands', the furthest first."""
    found = []
    for subject in brand:
        side = [each for each in brand if each.side == subject.side]
        whole = sum(brand[each] for each in side)
        rest = [(other.get(subject, 0), sum(other.get(each, 0) for each in side)) for other in others]
        usable = [(part, of) for part, of in rest if of >= MINIMUM]
        if whole < MINIMUM or brand[subject] < MINIMUM or len(usable) < OTHERS:
            continue
        usual, p = _against(brand[subject], whole, usable)
        name = (subject.about, subject.label, subject.side)
        found.append(Surprise("unlike", *name, brand[subject], brand[subject] / whole, usual, Chance(p)))
    return _standing(found)


def _against(part: int, whole: int, others: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """Return the middle of the others' shares and the p-value of this one as one more draw from among them.

    On the scale of log odds, with the spread between the others and Student's t on k − 1 degrees of freedom: the
    prediction interval of a random-effects summary (Higgins, Thompson and Spiegelhalter 2009), turned into a test.
    """
    logits = [_logit(each, of) for each, of in others]
    k = len(logits)
    middle = sum(logits) / k
    between = sum((value - middle) ** 2 for value in logits) / (k - 1)
    own = 1 / (part + 0.5) + 1 / (whole - part + 0.5)
    t = abs(_logit(part, whole) - middle) / sqrt(between * (1 + 1 / k) + own)
    return 1 / (1 + exp(-middle)), student_tail(t, k - 1)


def _logit(part: int, whole: int) -> float:
    return log((part + 0.5) / (whole - part + 0.5))


def _standing(found: Sequence[Surprise]) -> tuple[Surprise, ...]:
    stands = [p < LEVEL for p in holm([entry.p for entry in found])]
    real = [entry for entry, stood in zip(found, stands, strict=True) if stood and abs(_far(entry)) >= log(FACTOR)]
    return tuple(sorted(real, key=lambda entry: (-abs(_far(entry)), entry.about)))


def _far(entry: Surprise) -> float:
    return log((entry.value + 0.001) / (entry.usual + 0.001))
