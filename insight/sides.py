"""What is said of several brands, read at once: sums per brand, place and language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from overheard.errors import NotFoundError
from overheard.insight import statistics
from overheard.insight.mix import Place
from overheard.insight.rollups import SENTIMENT, read_mentions, read_sentiment, read_votes
from overheard.insight.scope import Scope, Selection, select_scope
from overheard.insight.statistics import Mean, Sums
from overheard.store.brands import IMPORT
from overheard.store.tables import ANY, SURVEY, Brand, DimensionRollup, MentionRollup, SentimentRollup, Source
from overheard.store.totals import DimensionTotal, SentimentTotal


@dataclass(slots=True)
class Side:
    """One brand: mentions and stars, sentences and pillars by measure and place, votes by dimension and place.

    Places are cells of a mix (see `place_of`). Surveys are left out.
    """

    brand: Brand
    mentions: int = 0
    rated: int = 0
    rating_sum: float = 0.0
    rating_squares: float = 0.0
    sentiment: dict[str, dict[Place, Sums]] = field(default_factory=dict)
    votes: dict[str, dict[Place, Sums]] = field(default_factory=dict)

    @property
    def analysed(self) -> int:
        """The mentions that were read."""
        return sum(sums.mentions for sums in self.sentences.values())

    @property
    def sentences(self) -> dict[Place, Sums]:
        """The sentiment of sentences."""
        return self.sentiment.get(SENTIMENT, {})

    @property
    def rating(self) -> Mean:
        """The stars."""
        return statistics.stars(self.rated, self.rating_sum, self.rating_squares)

    def add_mentions(self, mentions: int, rated: int, rating_sum: float, rating_squares: float) -> None:
        """Count mentions with their stars."""
        self.mentions += mentions
        self.rated += rated
        self.rating_sum += rating_sum
        self.rating_squares += rating_squares


def place_of(source: Source) -> str:
    """Return what makes sources of different brands the same place.

    That is the kind of a source (every app has a page of its own in the one store), and the name of one that files are
    imported into (it says where the rows came from, and belongs to no brand).
    """
    return source.name if source.kind == IMPORT else source.kind


def read_sides(session: Session, brands: Sequence[Brand], scope: Scope) -> list[Side]:
    """Read all brands, each under its model version, in their order.

    Raises UsageError for an impossible scope, NotFoundError for a source that none of the brands has.
    """
    sides = {brand.id: Side(brand) for brand in brands}
    places = {source.id: place_of(source) for source in session.scalars(select(Source).where(Source.kind != SURVEY))}
    selections = _selections(session, brands, scope)
    if (scope.query, scope.attribute, scope.touchpoint, scope.dimension) == (None, None, None, None):
        _read_sums(session, sides, selections, places)
    else:
        for selection in selections:
            _walk(session, sides[selection.brand_id], selection, places)
    return list(sides.values())


def _selections(session: Session, brands: Sequence[Brand], scope: Scope) -> list[Selection]:
    """Return the scope for each brand that has the source it names."""
    found: list[Selection] = []
    missing: NotFoundError | None = None
    for brand in brands:
        try:
            found.append(select_scope(session, brand, scope))
        except NotFoundError as error:
            missing = missing or error
    if missing is not None and not found:
        raise missing
    return found


def _read_sums(
    session: Session, sides: dict[int, Side], selections: Sequence[Selection], places: dict[int, str]
) -> None:
    """Read all brands in one query for each of the rollups; over all time, their totals."""
    if not selections:
        return
    together = _together(selections)
    sentences: Any = SentimentRollup if together.has_period else SentimentTotal
    votes: Any = DimensionRollup if together.has_period else DimensionTotal
    current = {brand_id: side.brand.model_version_id for brand_id, side in sides.items()}
    for row in _grouped(session, sentences, sentences.measure, _SENTIMENT_SUMS, selections):
        if row.source_id in places and row.model_version_id == current[row.brand_id]:
            cell = sides[row.brand_id].sentiment.setdefault(row.measure, {})
            _put(cell, (places[row.source_id], row.language), Sums(*row[5:]))
    for row in _grouped(session, votes, votes.dimension, _VOTE_SUMS, selections):
        if row.source_id in places and row.model_version_id == current[row.brand_id]:
            cell = sides[row.brand_id].votes.setdefault(row.dimension, {})
            _put(cell, (places[row.source_id], row.language), statistics.votes(*row[5:]))
    for row in session.execute(_stars(selections)):
        if row.source_id in places:
            sides[row.brand_id].add_mentions(*row[2:])


_SENTIMENT_SUMS = ("mentions", "positive", "negative", "sum_xx", "sum_yy", "sum_xy")
_VOTE_SUMS = ("praise", "pain", "neutral")


def _together(selections: Sequence[Selection]) -> Selection:
    """Return one selection with the limits of all: they differ in sources alone, and a brand has rows at its own."""
    if selections[0].source_ids is None:
        return selections[0]
    return replace(selections[0], source_ids=tuple({each for one in selections for each in one.source_ids or ()}))


def _limits(table: Any, selections: Sequence[Selection]) -> list[Any]:
    _brand, *limits = _together(selections).cells(table)
    return [table.brand_id.in_([selection.brand_id for selection in selections]), *limits]


def _grouped(
    session: Session, table: Any, name: Any, sums: Sequence[str], selections: Sequence[Selection]
) -> Iterable[Any]:
    keys = [table.brand_id, table.source_id, table.language, table.model_version_id, name]
    limits = _limits(table, selections)
    return session.execute(
        select(*keys, *(func.sum(getattr(table, column)) for column in sums))
        .where(*limits, table.touchpoint == ANY)
        .group_by(*keys)
        .order_by(*keys)
    )


def _stars(selections: Sequence[Selection]) -> Any:
    table = MentionRollup
    columns = (table.mentions, table.rated, table.rating_sum, table.rating_squares)
    return (
        select(table.brand_id, table.source_id, *(func.sum(column) for column in columns))
        .where(*_limits(table, selections))
        .group_by(table.brand_id, table.source_id)
    )


def _walk(session: Session, side: Side, selection: Selection, places: dict[int, str]) -> None:
    """Read one brand through a filter that the rollups do not know, which counts them first."""
    for cell in read_mentions(session, selection):
        if cell.source_id in places:
            side.add_mentions(cell.mentions, cell.rated, cell.rating_sum, cell.rating_squares)
    version = side.brand.model_version_id
    if version is None:
        return
    for sums in read_sentiment(session, version, selection):
        if sums.source_id in places and sums.touchpoint == ANY:
            _put(side.sentiment.setdefault(sums.measure, {}), (places[sums.source_id], sums.language), sums.sums)
    for found in read_votes(session, version, selection):
        if found.source_id in places:
            votes = statistics.votes(found.votes.praise, found.votes.pain, found.votes.neutral)
            _put(side.votes.setdefault(found.dimension, {}), (places[found.source_id], found.language), votes)


def _put(cells: dict[Place, Sums], place: Place, sums: Sums) -> None:
    cells[place] = statistics.pooled([cells[place], sums]) if place in cells else sums
