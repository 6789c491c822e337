"""What is said of one brand: praise, pain and net sentiment per dimension, with quotes.

Figures are added up from the rollups; what stands together in one mention is counted over the newest mentions
(`insight/sample.py`). So a summary of a million mentions is as quick as one of ten thousand. The fields are the keys of
the JSON output. The formulas are in docs/methods.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from overheard import taxonomy
from overheard.insight import statistics
from overheard.insight.change import Change, change, scope_before
from overheard.insight.cues import Cue, find_cues
from overheard.insight.disagreement import Disagreement, Spoiler, disagreements, spoilers
from overheard.insight.duplicates import count_duplicates
from overheard.insight.figures import (
    Figures,
    count_stale,
    index_of,
    net_of,
    opinions_of,
    over_sentences,
    rating_of,
    read_figures,
    votes_net,
)
from overheard.insight.impact import Impact, Votes, impacts
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
from overheard.insight.sample import NEWEST, Newest, Sample, newest_mentions, read_sample
from overheard.insight.scope import Scope, Selection, select_scope
from overheard.insight.statistics import Estimate, Mean
from overheard.insight.surprise import Surprise, find_surprises
from overheard.insight.surveys import SurveyScore, survey_scores
from overheard.insight.targets import MeasuredTarget, measure_targets
from overheard.store.brands import terms
from overheard.store.tables import (
    Brand,
    Classification,
    Mention,
    MentionBrand,
    ModelVersion,
    Source,
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

    `share` is their part of all analysed mentions in [0, 1] with its interval, null below the minimum count of analysed
    mentions. `kind` is `customer` or `driver`.
    """

    dimension: str
    label: str
    kind: str
    praise: int
    pain: int
    neutral: int
    net: Estimate
    share: float | None
    share_low: float | None
    share_high: float | None
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
    """Mentions and sentences with a signal; `share` is the part of all analysed mentions with its interval, null below
    the minimum count of these."""

    signal: str
    label: str
    mentions: int
    opinions: int
    share: float | None
    share_low: float | None
    share_high: float | None


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
    With a dimension in the scope, `net_sentiment` and the other nets are those of the votes in it, `dimensions` holds
    it alone, and `index` has no values: one dimension is no CX index.
    `pains` and `praises` are ranked by impact. `change` is the difference to the period before, null without `since`.
    `disagreements`, `spoilers`, `praised` and the strength of an impact are counted over the `newest` mentions.
    `targets` are those of the brand, measured in the scope, `surveys` what customers answered who were asked.
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
    newest: Newest
    pains: tuple[Impact, ...]
    praises: tuple[Impact, ...]
    change: Change | None
    surprises: tuple[Surprise, ...]
    disagreements: tuple[Disagreement, ...]
    spoilers: tuple[Spoiler, ...]
    praised: tuple[Cue, ...]
    targets: tuple[MeasuredTarget, ...]
    surveys: tuple[SurveyScore, ...]


def summarise(session: Session, brand: Brand, scope: Scope, *, quotes: int = QUOTES, newest: int = NEWEST) -> Summary:
    """Summarise what is said of a brand, with up to `quotes` quotes for each side of each dimension.

    Single mentions are read of the `newest` only. With `quotes` 0 these are not read at all, and nothing is compared
    with other times and brands: the figures alone. Raises UsageError for an impossible scope and NotFoundError for an
    unknown source.
    """
    selection = select_scope(session, brand, scope)
    version = brand.model_version_id
    found = read_mentions(session, selection)
    pooled = [] if version is None else read_sentiment(session, version, selection)
    sentences = over_sentences(pooled)
    mentions = sum(cell.mentions for cell in found)
    analysed = sum(cell.mentions for cell in sentences)
    not_analysed = _not_analysed(session, version, selection) if analysed < mentions else 0
    sentiment = _counts(opinions_of(pooled))
    dimensions = _dimensions(session, version, selection, analysed, quotes)
    signals = _signals(session, version, selection, analysed)
    last = max((cell.last for cell in found), default=None)
    sample = Sample(Newest(0, None, analysed == 0), {}, {})
    praised: tuple[Cue, ...] = ()
    if version is not None and quotes:
        chosen = newest_mentions(session, version, selection, newest)
        sample = read_sample(session, selection, chosen, analysed)
        names = [brand.name, *(term for kind in ("alias", "rival", "product") for term in terms(brand, kind))]
        praised = find_cues(session, selection, chosen, names)
    figures = Figures(
        mentions,
        net_of(sentences),
        rating_of(found),
        index_of(pooled)["overall"],
        {entry.dimension: entry.net for entry in dimensions},
    )
    impact = impacts({d.dimension: Votes(d.label, d.praise, d.pain) for d in dimensions}, analysed, sample)
    return Summary(
        brand=brand.name,
        scope=scope,
        first=min((cell.first for cell in found), default=None),
        last=last,
        mentions=mentions,
        analysed=analysed,
        not_analysed=not_analysed,
        pending=max(0, mentions - analysed - not_analysed),
        rejected=selection.count_links(selection.speaks_of(from_brand=True, rejected=True)),
        stale=count_stale(session, selection),
        duplicates=count_duplicates(session, selection),
        opinions=sentiment.all,
        languages=_languages(found, sentences),
        sources=_sources(session, found, sentences),
        sentiment=sentiment,
        model=None if version is None else session.scalar(select(ModelVersion.name).where(ModelVersion.id == version)),
        net_sentiment=net_of(sentences),
        rating=rating_of(found),
        dimensions=dimensions,
        touchpoints=_touchpoints(pooled),
        signals=signals,
        index=index_of(pooled),
        newest=sample.newest,
        pains=impact["pain"],
        praises=impact["praise"],
        change=_change(session, brand, scope, figures, last) if quotes else None,
        surprises=find_surprises(session, brand, scope, last) if quotes else (),
        disagreements=disagreements(sample),
        spoilers=spoilers(sample, {entry.name: entry.label for entry in taxonomy.load().touchpoints}),
        praised=praised,
        targets=tuple(measure_targets(session, brand, scope)) if quotes else (),
        surveys=survey_scores(session, brand, scope) if quotes else (),
    )


def _change(session: Session, brand: Brand, scope: Scope, summary: Figures, last: date | None) -> Change | None:
    before, version = scope_before(scope, last), brand.model_version_id
    if before is None or before.since is None or before.until is None or version is None:
        return None
    return change(summary, read_figures(session, brand, version, before), before.since, before.until)


def _not_analysed(session: Session, version: int | None, selection: Selection) -> int:
    if version is None:
        return 0
    # The words stand in the statement as they are, because SQLite takes a partial index for a literal only.
    unread = Classification.status == literal_column("'not_analysed'")
    count = session.scalar(
        select(func.count())
        .select_from(Classification)
        .join(Mention, Mention.id == Classification.mention_id)
        .join(MentionBrand, MentionBrand.mention_id == Mention.id)
        .where(Classification.model_version_id == version, unread)
        .where(selection.speaks_of(from_brand=False), *selection.mentions())
    )
    return count or 0


def _counts(cells: Sequence[SentimentSums]) -> Counts:
    return Counts(
        positive=sum(cell.positive for cell in cells),
        negative=sum(cell.negative for cell in cells),
        neutral=sum(cell.neutral for cell in cells),
        mixed=sum(cell.mixed for cell in cells),
    )


def _languages(found: Sequence[MentionSums], sentences: Sequence[SentimentSums]) -> tuple[LanguageFigures, ...]:
    mentions: Counter[str] = Counter()
    for cell in found:
        mentions[cell.language] += cell.mentions
    figures = []
    for language, count in sorted(mentions.items(), key=lambda item: (-item[1], item[0])):
        of_language = [cell for cell in sentences if cell.language == language]
        analysed = sum(cell.mentions for cell in of_language)
        figures.append(LanguageFigures(language, count, analysed, net_of(of_language)))
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
                net_sentiment=net_of(read),
                rating=rating_of(here),
            )
        )
    return tuple(sorted(figures, key=lambda source: (-source.mentions, source.id)))


def _dimensions(
    session: Session, version: int | None, selection: Selection, analysed: int, limit: int
) -> tuple[DimensionFigures, ...]:
    votes = {} if version is None else read_dimensions(session, version, selection)
    # In the order of the taxonomy, because a sentence is quoted for the first side that it fits.
    known = [dimension.name for dimension in taxonomy.load().dimensions if dimension.name in votes]
    sides = [(name, "positive") for name in known if votes[name].praise]
    sides += [(name, "negative") for name in known if votes[name].pain]
    quotes = {} if version is None else find_quotes(session, version, selection, sides, limit=limit)
    figures = []
    for dimension in taxonomy.load().dimensions:
        if selection.sentences.dimension not in (None, dimension.name):
            continue
        vote = votes.get(dimension.name, DimensionVotes(0, 0, 0))
        net = votes_net(vote)
        share = statistics.share(net.n, analysed)
        figures.append(
            DimensionFigures(
                dimension=dimension.name,
                label=dimension.label,
                kind=dimension.kind,
                praise=vote.praise,
                pain=vote.pain,
                neutral=vote.neutral,
                net=net,
                share=share.value,
                share_low=share.low,
                share_high=share.high,
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
        counts, net = _counts(opinions_of(pooled, touchpoint.name)), net_of(cells)
        figures.append(TouchpointFigures(touchpoint.name, touchpoint.label, net.n, counts.all, counts, net))
    return tuple(figures)


def _signals(session: Session, version: int | None, selection: Selection, analysed: int) -> tuple[SignalFigures, ...]:
    found = {} if version is None else read_signals(session, version, selection)
    figures = []
    for signal in taxonomy.load().signals:
        sums = found.get(signal.name, SignalSums(0, 0))
        share = statistics.share(sums.mentions, analysed)
        figures.append(
            SignalFigures(signal.name, signal.label, sums.mentions, sums.opinions, share.value, share.low, share.high)
        )
    return tuple(figures)
