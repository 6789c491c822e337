"""The figures of a selection that are compared: net sentiment, stars, index and nets of the dimensions, from sums."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from overheard import taxonomy
from overheard.insight import statistics
from overheard.insight.rollups import (
    OPINIONS,
    SENTIMENT,
    DimensionVotes,
    SentimentSums,
    read_dimensions,
    read_mentions,
    read_sentiment,
)
from overheard.insight.scope import Scope, Selection, select_scope
from overheard.insight.statistics import Estimate, Mean
from overheard.store.tables import ANY, Brand, StaleCell


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one period; `dimensions` maps names to nets."""

    mentions: int
    net_sentiment: Estimate
    rating: Mean
    index: Estimate
    dimensions: dict[str, Estimate]


def read_figures(session: Session, brand: Brand, model_version_id: int, scope: Scope) -> Figures:
    """Read the figures of a brand in a scope."""
    selection = select_scope(session, brand, scope)
    found = read_mentions(session, selection)
    pooled = read_sentiment(session, model_version_id, selection)
    votes = read_dimensions(session, model_version_id, selection)
    names = [dimension.name for dimension in taxonomy.load().dimensions]
    return Figures(
        mentions=sum(cell.mentions for cell in found),
        net_sentiment=net_of(over_sentences(pooled)),
        rating=rating_of(found),
        index=index_of(pooled)["overall"],
        dimensions={name: votes_net(votes.get(name, DimensionVotes(0, 0, 0))) for name in names},
    )


def votes_net(vote: DimensionVotes) -> Estimate:
    """Return the net of a dimension."""
    return statistics.net(statistics.votes(vote.praise, vote.pain, vote.neutral))


def over_sentences(pooled: Sequence[SentimentSums]) -> list[SentimentSums]:
    """Return the sums over the sentiment of sentences, at all touchpoints."""
    return [cell for cell in pooled if (cell.measure, cell.touchpoint) == (SENTIMENT, ANY)]


def opinions_of(pooled: Sequence[SentimentSums], touchpoint: str = ANY) -> list[SentimentSums]:
    """Return the sums of sentences by their own sentiment, which are not those of a net where it is of a dimension."""
    measure = OPINIONS if any(cell.measure == OPINIONS for cell in pooled) else SENTIMENT
    return [cell for cell in pooled if (cell.measure, cell.touchpoint) == (measure, touchpoint)]


def net_of(cells: Iterable[SentimentSums]) -> Estimate:
    """Return the net over cells that share no mention."""
    return statistics.net(statistics.pooled([cell.sums for cell in cells]))


class Rated(Protocol):
    """What has stars added up: how many were given, their sum and the sum of their squares, on 0..1."""

    @property
    def rated(self) -> int: ...
    @property
    def rating_sum(self) -> float: ...
    @property
    def rating_squares(self) -> float: ...


def rating_of(found: Iterable[Rated]) -> Mean:
    """Return the mean of stars over all cells."""
    found = list(found)
    return statistics.stars(
        sum(cell.rated for cell in found),
        sum(cell.rating_sum for cell in found),
        sum(cell.rating_squares for cell in found),
    )


def index_of(pooled: Sequence[SentimentSums]) -> dict[str, Estimate]:
    """Return the pillars of the CX index and, under `overall`, their mean; no values with a dimension in the scope."""
    pillars = {
        pillar: statistics.index(net_of(cell for cell in pooled if (cell.measure, cell.touchpoint) == (pillar, ANY)))
        for pillar in taxonomy.load().pillars
    }
    return {**pillars, "overall": statistics.overall(list(pillars.values()))}


def count_stale(session: Session, selection: Selection) -> int:
    """Return how many days per source changed after they were last counted."""
    return session.scalar(select(func.count()).select_from(StaleCell).where(*selection.stale_cells())) or 0
