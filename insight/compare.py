"""Brands side by side: who is praised, who hurts, and which differences are certain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from overheard.errors import UsageError
from overheard.insight import statistics
from overheard.insight.scope import Scope
from overheard.insight.statistics import Difference, Estimate, Mean
from overheard.insight.summary import DimensionFigures, Summary, summarise
from overheard.store.tables import Brand


@dataclass(frozen=True, slots=True)
class ComparedBrand:
    """One brand of a comparison; `difference` is its net sentiment minus that of the first brand.

    It is null for the first brand, where a value is missing, and between different model versions.
    """

    brand: str
    mentions: int
    analysed: int
    model: str | None
    net_sentiment: Estimate
    difference: Difference | None
    rating: Mean
    index: dict[str, Estimate]


@dataclass(frozen=True, slots=True)
class ComparedFigures:
    """One brand in one dimension; `difference` is its net minus that of the first brand, or null as above."""

    brand: str
    praise: int
    pain: int
    neutral: int
    net: Estimate
    share: float | None
    difference: Difference | None


@dataclass(frozen=True, slots=True)
class ComparedDimension:
    """One dimension over all brands, in the order of the brands."""

    dimension: str
    label: str
    kind: str
    brands: tuple[ComparedFigures, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Brands in one scope; the first one is what the others are compared with."""

    scope: Scope
    brands: tuple[ComparedBrand, ...]
    dimensions: tuple[ComparedDimension, ...]


def compare(session: Session, brands: Sequence[Brand], scope: Scope) -> Comparison:
    """Compare brands with the first of them; raises UsageError for fewer than two different brands."""
    if len({brand.id for brand in brands}) != len(brands) or len(brands) < 2:
        names = ", ".join(repr(brand.name) for brand in brands) or "none"
        raise UsageError(f"cannot compare {names}; expected two or more different brands")
    summaries = [summarise(session, brand, scope, quotes=0) for brand in brands]
    return Comparison(
        scope=scope,
        brands=tuple(_brand(summary, summaries[0]) for summary in summaries),
        dimensions=tuple(
            ComparedDimension(
                dimension=dimension.dimension,
                label=dimension.label,
                kind=dimension.kind,
                brands=tuple(_figures(summary, summaries[0], position) for summary in summaries),
            )
            for position, dimension in enumerate(summaries[0].dimensions)
        ),
    )


def _brand(summary: Summary, first: Summary) -> ComparedBrand:
    return ComparedBrand(
        brand=summary.brand,
        mentions=summary.mentions,
        analysed=summary.analysed,
        model=summary.model,
        net_sentiment=summary.net_sentiment,
        difference=_difference(summary, first, lambda each: each.net_sentiment),
        rating=summary.rating,
        index=summary.index,
    )


def _figures(summary: Summary, first: Summary, position: int) -> ComparedFigures:
    def net(each: Summary) -> Estimate:
        return each.dimensions[position].net

    here: DimensionFigures = summary.dimensions[position]
    return ComparedFigures(
        brand=summary.brand,
        praise=here.praise,
        pain=here.pain,
        neutral=here.neutral,
        net=here.net,
        share=here.share,
        difference=_difference(summary, first, net),
    )


def _difference(summary: Summary, first: Summary, figure: Callable[[Summary], Estimate]) -> Difference | None:
    # Two model versions read the same text differently; that is no difference between brands.
    if summary is first or summary.model != first.model:
        return None
    return statistics.difference(figure(summary), figure(first))
