"""What is said of one brand: praise, pain and net sentiment per dimension, with quotes.

Everything but the quotes is added up from the rollups, so that a summary of a million mentions is as quick as one of a
hundred. The fields are the keys of the JSON output.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from overheard import taxonomy
from overheard.insight import statistics
from overheard.insight.duplicates import count_duplicates
from overheard.insight.quotes import Quote, find_quotes
from overheard.insight.rollups import (
    SENTIMENT,
    DimensionVotes,
    MentionSums,
    SentimentSums,
    SignalSums,
    read_dimensions,
    read_mentions,
    read_sentiment,
    read_signals,
)
from overheard.insight.scope import Scope, Selection, is_few, select_scope
from overheard.insight.statistics import Estimate, Mean
from overheard.store.tables import (
    ANY,
    Brand,
    Classification,
    Mention,
    MentionBrand,
    ModelVersion,
    Source,
    StaleCell,
)

QUOTES = 3
"""Quotes per side of a dimension."""


@dataclass(frozen=True, slots=True)
class LanguageFigures:
    """The mentions in one language; `und` is a language that was not recognised."""

    language: str
    mentions: int
    analysed: int
    net_sentiment: Estimate


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """The mentions of one source; `source` is its name, `id` its number."""

    source: str
    id: int
    kind: str
    mentions: int
    analysed: int
    net_sentiment: Estimate
    rating: Mean


@dataclass(frozen=True, slots=True)
class Counts:
    """How many sentences are of each sentiment."""

    positive: int
    negative: int
    neutral: int
    mixed: int

    @property
    def all(self) -> int:
        """The number of sentences."""
        return self.positive + self.negative + self.neutral + self.mixed


@dataclass(frozen=True, slots=True)
class Quotes:
    """Customers' words on both sides of a dimension."""

    praise: tuple[Quote, ...]
    pain: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class DimensionFigures:
    """Mentions that praise, pain or stay neutral (praise and pain in one mention is neutral).

    `share` is their part of all analysed mentions in [0, 1], null without any. `kind` is `customer` or `driver`.
    """

    dimension: str
    label: str
    kind: str
    praise: int
    pain: int
    neutral: int
    net: Estimate
    share: float | None
    quotes: Quotes


@dataclass(frozen=True, slots=True)
class TouchpointFigures:
    """Sentences about one part of the journey, their sentiment and the mentions that hold them."""

    touchpoint: str
    label: str
    mentions: int
    opinions: int
    sentiment: Counts
    net: Estimate


@dataclass(frozen=True, slots=True)
class SignalFigures:
    """Mentions and sentences with a signal; `share` is the part of all analysed mentions, null without any."""

    signal: str
    label: str
    mentions: int
    opinions: int
    share: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The answer about one brand in one scope.

    `first` and `last` are the days of the first and last mention found, null without any.
    `mentions` are all that are about the brand and no copies: `analysed` were read by the model, `not_analysed` are in
    a language it does not know, `pending` wait for `overheard classify`. Left out of every count are `rejected`, which
    were found and are not about the brand, and `duplicates`, near-duplicates of others.
    `stale` counts the days per source that changed after they were last counted. `opinions` counts sentences, `model`
    names the version behind all of it (null before the first classification). `index` has the pillars and `overall`,
    in [0, 100].
    """

    brand: str
    scope: Scope
    first: date | None
    last: date | None
    mentions: int
    analysed: int
    not_analysed: int
    pending: int
    rejected: int
    stale: int
    duplicates: int
    opinions: int
    languages: tuple[LanguageFigures, ...]
    sources: tuple[SourceFigures, ...]
    sentiment: Counts
    model: str | None
    net_sentiment: Estimate
    rating: Mean
    dimensions: tuple[DimensionFigures, ...]
    touchpoints: tuple[TouchpointFigures, ...]
    signals: tuple[SignalFigures, ...]
    index: dict[str, Estimate]


def summarise(session: Session, brand: Brand, scope: Scope, *, quotes: int = QUOTES) -> Summary:
    """Summarise what is said of a brand, with up to `quotes` quotes for each side of each dimension.

    Raises UsageError for an impossible scope and NotFoundError for an unknown source.
    """
    selection = select_scope(session, brand, scope)
    version = brand.model_version_id
    found = read_mentions(session, selection)
    pooled = [] if version is None else read_sentiment(session, version, selection)
    sentences = [cell for cell in pooled if (cell.measure, cell.touchpoint) == (SENTIMENT, ANY)]
    mentions = sum(cell.mentions for cell in found)
    analysed = sum(cell.mentions for cell in sentences)
    not_analysed = _not_analysed(session, version, selection, mentions) if analysed < mentions else 0
    sentiment = _counts(sentences)
    return Summary(
        brand=brand.name,
        scope=scope,
        first=min((cell.first for cell in found), default=None),
        last=max((cell.last for cell in found), default=None),
        mentions=mentions,
        analysed=analysed,
        not_analysed=not_analysed,
        pending=max(0, mentions - analysed - not_analysed),
        rejected=_rejected(session, selection),
        stale=_stale(session, selection),
        duplicates=count_duplicates(session, selection),
        opinions=sentiment.all,
        languages=_languages(found, sentences),
        sources=_sources(session, found, sentences),
        sentiment=sentiment,
        model=None if version is None else session.scalar(select(ModelVersion.name).where(ModelVersion.id == version)),
        net_sentiment=_net(sentences),
        rating=_rating(found),
        dimensions=_dimensions(session, version, selection, analysed, mentions, quotes),
        touchpoints=_touchpoints(pooled),
        signals=_signals(session, version, selection, analysed),
        index=_index(pooled),
    )


def _not_analysed(session: Session, version: int | None, selection: Selection, mentions: int) -> int:
    if version is None:
        return 0
    count = session.scalar(
        select(func.count())
        .select_from(Classification)
        .join(Mention, Mention.id == Classification.mention_id)
        .join(MentionBrand, MentionBrand.mention_id == Mention.id)
        .where(Classification.model_version_id == version, Classification.status == "not_analysed")
        .where(selection.speaks_of(from_brand=is_few(mentions)), *selection.mentions())
    )
    return count or 0


def _rejected(session: Session, selection: Selection) -> int:
    links = select(func.count()).select_from(MentionBrand).join(Mention, Mention.id == MentionBrand.mention_id)
    left_out = selection.speaks_of(from_brand=True, rejected=True)
    return session.scalar(links.where(left_out, *selection.mentions())) or 0


def _stale(session: Session, selection: Selection) -> int:
    return session.scalar(select(func.count()).select_from(StaleCell).where(*selection.stale_cells())) or 0


def _net(cells: Iterable[SentimentSums]) -> Estimate:
    return statistics.net(statistics.pooled([cell.sums for cell in cells]))


def _counts(cells: Sequence[SentimentSums]) -> Counts:
    return Counts(
        positive=sum(cell.positive for cell in cells),
        negative=sum(cell.negative for cell in cells),
        neutral=sum(cell.neutral for cell in cells),
        mixed=sum(cell.mixed for cell in cells),
    )


def _rating(found: Iterable[MentionSums]) -> Mean:
    found = list(found)
    return statistics.stars(
        sum(cell.rated for cell in found),
        sum(cell.rating_sum for cell in found),
        sum(cell.rating_squares for cell in found),
    )


def _languages(found: Sequence[MentionSums], sentences: Sequence[SentimentSums]) -> tuple[LanguageFigures, ...]:
    mentions: Counter[str] = Counter()
    for cell in found:
        mentions[cell.language] += cell.mentions
    figures = []
    for language, count in sorted(mentions.items(), key=lambda item: (-item[1], item[0])):
        of_language = [cell for cell in sentences if cell.language == language]
        analysed = sum(cell.mentions for cell in of_language)
        figures.append(LanguageFigures(language, count, analysed, _net(of_language)))
    return tuple(figures)


def _sources(
    session: Session, found: Sequence[MentionSums], sentences: Sequence[SentimentSums]
) -> tuple[SourceFigures, ...]:
    ids = {cell.source_id for cell in found}
    figures = []
    for source in session.scalars(select(Source).where(Source.id.in_(ids))):
        here = [cell for cell in found if cell.source_id == source.id]
        read = [cell for cell in sentences if cell.source_id == source.id]
        figures.append(
            SourceFigures(
                source=source.name,
                id=source.id,
                kind=source.kind,
                mentions=sum(cell.mentions for cell in here),
                analysed=sum(cell.mentions for cell in read),
                net_sentiment=_net(read),
                rating=_rating(here),
            )
        )
    return tuple(sorted(figures, key=lambda source: (-source.mentions, source.id)))


def _dimensions(
    session: Session, version: int | None, selection: Selection, analysed: int, mentions: int, limit: int
) -> tuple[DimensionFigures, ...]:
    votes = {} if version is None else read_dimensions(session, version, selection)
    # In the order of the taxonomy, because a sentence is quoted for the first side that it fits.
    known = [dimension.name for dimension in taxonomy.load().dimensions if dimension.name in votes]
    sides = [(name, "positive") for name in known if votes[name].praise]
    sides += [(name, "negative") for name in known if votes[name].pain]
    quotes = {} if version is None else find_quotes(session, version, selection, sides, mentions=mentions, limit=limit)
    figures = []
    for dimension in taxonomy.load().dimensions:
        vote = votes.get(dimension.name, DimensionVotes(0, 0, 0))
        net = statistics.net(statistics.votes(vote.praise, vote.pain, vote.neutral))
        figures.append(
            DimensionFigures(
                dimension=dimension.name,
                label=dimension.label,
                kind=dimension.kind,
                praise=vote.praise,
                pain=vote.pain,
                neutral=vote.neutral,
                net=net,
                share=net.n / analysed if analysed else None,
                quotes=Quotes(
                    praise=quotes.get((dimension.name, "positive"), ()),
                    pain=quotes.get((dimension.name, "negative"), ()),
                ),
            )
        )
    return tuple(figures)


def _touchpoints(pooled: Sequence[SentimentSums]) -> tuple[TouchpointFigures, ...]:
    figures = []
    for touchpoint in taxonomy.load().touchpoints:
        cells = [cell for cell in pooled if (cell.measure, cell.touchpoint) == (SENTIMENT, touchpoint.name)]
        counts, net = _counts(cells), _net(cells)
        figures.append(TouchpointFigures(touchpoint.name, touchpoint.label, net.n, counts.all, counts, net))
    return tuple(figures)


def _signals(session: Session, version: int | None, selection: Selection, analysed: int) -> tuple[SignalFigures, ...]:
    found = {} if version is None else read_signals(session, version, selection)
    figures = []
    for signal in taxonomy.load().signals:
        sums = found.get(signal.name, SignalSums(0, 0))
        share = sums.mentions / analysed if analysed else None
        figures.append(SignalFigures(signal.name, signal.label, sums.mentions, sums.opinions, share))
    return tuple(figures)


def _index(pooled: Sequence[SentimentSums]) -> dict[str, Estimate]:
    pillars = {
        pillar: statistics.index(_net(cell for cell in pooled if (cell.measure, cell.touchpoint) == (pillar, ANY)))
        for pillar in taxonomy.load().pillars
    }
    return {**pillars, "overall": statistics.overall(list(pillars.values()))}
