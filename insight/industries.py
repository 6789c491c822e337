"""All industries of the store, one beside the other: the brands of each pooled, and the best of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from overheard import taxonomy
from overheard.insight import statistics
from overheard.insight.best import Best
from overheard.insight.mix import Place
from overheard.insight.scope import Scope
from overheard.insight.sides import Side, read_sides
from overheard.insight.statistics import Estimate, Mean, Sums
from overheard.store.brands import key_of, list_brands
from overheard.store.tables import ModelVersion


@dataclass(frozen=True, slots=True)
class Industry:
    """The brands of one industry, pooled; `industry` is null for brands without one.

    `brands` are those with analysed mentions, `unread` the names of the others. `share_of_voice` is the part of all
    mentions in [0, 1]. `net` is over all their mentions as one, so that a large brand weighs more: the net sentiment,
    or that of the scope's dimension; `best` is the brand whose interval's low end is highest, null where none has a
    value.
    """

    industry: str | None
    brands: int
    unread: tuple[str, ...]
    mentions: int
    analysed: int
    share_of_voice: Estimate
    rating: Mean
    net: Estimate
    best: Best | None


@dataclass(frozen=True, slots=True)
class Industries:
    """All industries in one scope, the best net first; `measure` is `net_sentiment` or a dimension.

    Only brands that one and the same model version answers for are pooled, `model`: that of the most brands;
    `other_models` are the names of those left out. Industries are heard in different places: the nets are not weighted
    to one mix.
    """

    scope: Scope
    measure: str
    label: str
    model: str | None
    other_models: tuple[str, ...]
    industries: tuple[Industry, ...]


def compare_industries(session: Session, scope: Scope) -> Industries:
    """Pool the brands of each industry.

    Raises UsageError for an impossible scope, NotFoundError for an unknown dimension or source.
    """
    label = "Net sentiment" if scope.dimension is None else taxonomy.load().dimension(scope.dimension).label
    sides = read_sides(session, list_brands(session), scope)
    version = _most_common([side.brand.model_version_id for side in sides if side.analysed])
    left_out = [side for side in sides if side.analysed and side.brand.model_version_id != version]
    of: defaultdict[str, list[Side]] = defaultdict(list)
    for side in sides:
        if side not in left_out:
            of[key_of(side.brand.industry or "")].append(side)
    total = sum(side.mentions for side in sides)
    found = [_industry(members, scope.dimension, total) for members in of.values()]
    found.sort(key=lambda each: (each.net.value is None, -(each.net.value or 0), each.industry or ""))
    return Industries(
        scope=scope,
        measure=scope.dimension or "net_sentiment",
        label=label,
        model=None if version is None else _model(session, version),
        other_models=tuple(side.brand.name for side in left_out),
        industries=tuple(found),
    )


def _model(session: Session, version: int) -> str:
    return session.get_one(ModelVersion, version).name


def _most_common(versions: Sequence[int | None]) -> int | None:
    known = [version for version in versions if version is not None]
    return max(known, key=lambda version: (known.count(version), version), default=None)


def _cells(side: Side, dimension: str | None) -> Mapping[Place, Sums]:
    return side.sentences if dimension is None else side.votes.get(dimension, {})


def _pooled(sides: Sequence[Side], dimension: str | None) -> Sums:
    return statistics.pooled([sums for side in sides for sums in _cells(side, dimension).values()])


def _industry(sides: Sequence[Side], dimension: str | None, total: int) -> Industry:
    read = [side for side in sides if side.analysed]
    nets = [(side, statistics.net(_pooled([side], dimension))) for side in read]
    known = [(net.low, side, net) for side, net in nets if net.low is not None]
    best = max(known, key=lambda entry: entry[0], default=None)
    mentions = sum(side.mentions for side in sides)
    return Industry(
        industry=sides[0].brand.industry,
        brands=len(read),
        unread=tuple(side.brand.name for side in sides if not side.analysed),
        mentions=mentions,
        analysed=sum(side.analysed for side in read),
        share_of_voice=statistics.share(mentions, total),
        rating=statistics.stars(
            sum(side.rated for side in sides),
            sum(side.rating_sum for side in sides),
            sum(side.rating_squares for side in sides),
        ),
        net=statistics.net(_pooled(read, dimension)),
        best=None if best is None else Best(best[1].brand.name, best[1].brand.industry, best[2]),
    )
