"""The best in class of any industry: customers compare with the best they know, not with the nearest rival."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from overheard.insight import statistics
from overheard.insight.rollups import SENTIMENT
from overheard.insight.scope import Scope
from overheard.insight.statistics import Estimate, Sums
from overheard.store.tables import ANY, SURVEY, Brand, Source
from overheard.store.totals import DimensionTotal, SentimentTotal


@dataclass(frozen=True, slots=True)
class Best:
    """The brand that sets the bar, with its net over all time in its own mix of sources."""

    brand: str
    industry: str | None
    net: Estimate


@dataclass(frozen=True, slots=True)
class Bar:
    """The best brand of each dimension, and of the net sentiment under "", among so many `brands` of the store."""

    of: Mapping[str, Best]
    brands: int


def find_best(session: Session, version: int | None, scope: Scope) -> Bar:
    """Return, per dimension, the brand whose net is surest to be high: that with the highest low end of its interval.

    Brands that another model version answers for, and those under the minimum count, set no bar. Of the scope,
    language, source and touchpoint hold for it; it is over all time, so that it stands still while the period moves.
    """
    if version is None:
        return Bar({}, 0)
    touchpoint, sources = scope.touchpoint or ANY, _sources(session, scope)
    brands = {brand.id: brand for brand in session.scalars(select(Brand).where(Brand.model_version_id == version))}
    rows: list[tuple[int, str, Sums]] = []
    votes: Any = DimensionTotal
    query = _sums(votes, votes.dimension, _VOTES, version, touchpoint, scope, sources)
    rows += [(brand_id, name, statistics.votes(*found)) for brand_id, name, *found in session.execute(query)]
    sentences: Any = SentimentTotal
    query = _sums(sentences, sentences.measure, _SENTENCES, version, touchpoint, scope, sources)
    query = query.where(sentences.measure == SENTIMENT)
    rows += [(brand_id, "", Sums(*found)) for brand_id, _, *found in session.execute(query)]
    best: dict[str, tuple[float, Best]] = {}
    heard = set()
    for brand_id, name, sums in sorted(rows, key=lambda row: row[:2]):
        net = statistics.net(sums)
        if brand_id not in brands or net.low is None:
            continue
        heard.add(brand_id)
        if name not in best or net.low > best[name][0]:
            best[name] = net.low, Best(brands[brand_id].name, brands[brand_id].industry, net)
    return Bar({name: found for name, (_, found) in best.items()}, len(heard))


_VOTES = ("praise", "pain", "neutral")
_SENTENCES = ("mentions", "positive", "negative", "sum_xx", "sum_yy", "sum_xy")


def _sums(
    table: Any, name: Any, columns: tuple[str, ...], version: int, touchpoint: str, scope: Scope, sources: list[int]
) -> Any:
    query = (
        select(table.brand_id, name, *(func.sum(getattr(table, column)) for column in columns))
        .where(table.source_id.in_(sources), table.model_version_id == version, table.touchpoint == touchpoint)
        .group_by(table.brand_id, name)
    )
    return query if scope.language is None else query.where(table.language == scope.language)


def _sources(session: Session, scope: Scope) -> list[int]:
    sources = session.scalars(select(Source).where(Source.kind != SURVEY).order_by(Source.id))
    if scope.source is None:
        return [source.id for source in sources]
    key = scope.source.casefold()
    return [each.id for each in sources if key in (each.name.casefold(), each.kind.casefold(), str(each.id))]
