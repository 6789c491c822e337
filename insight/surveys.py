"""What customers answered when they were asked, beside what they say in public.

Scores come from the answers, whether they have a comment or not. The comments are mentions like any other, read by the
same model, and counted apart from the public ones: by promoters and detractors, the satisfied and the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from overheard import taxonomy
from overheard.insight import statistics
from overheard.insight.figures import votes_net
from overheard.insight.rollups import DimensionVotes, read_dimensions, read_sentiment
from overheard.insight.scope import Scope, Selection, opaque, select_scope
from overheard.insight.split import Answers, answer_by
from overheard.insight.statistics import Estimate, Sums, share
from overheard.store.surveys import SURVEYS, SurveyAnswer
from overheard.store.tables import (
    SURVEY,
    Brand,
    Classification,
    Mention,
    MentionBrand,
    ModelVersion,
    Opinion,
    OpinionDimension,
    Source,
    counts,
)

GROUPS = {
    "nps": ("promoters", "passives", "detractors"),
    "csat": ("satisfied", "dissatisfied"),
    "ces": ("easy", "hard"),
}
"""Who answered what: nps 9 or 10, 7 or 8, less; csat one of the two best, or less; ces above the middle, or not."""

NOBODY = (0, 0)
"""Answers and comments of an empty group."""

LABELS = {"nps": "Net promoter score", "csat": "Customer satisfaction", "ces": "Customer effort score"}


@dataclass(frozen=True, slots=True)
class CommentDimension:
    """What the comments of a group say in a dimension, beside what is said of it in public."""

    dimension: str
    label: str
    praise: int
    pain: int
    neutral: int
    net: Estimate
    public: Estimate


@dataclass(frozen=True, slots=True)
class SurveyGroup:
    """The answers of one group: `share` of all, how many have a comment that was `analysed`, and what these say.

    `dimensions` are those that a comment bears on, the most named first.
    """

    group: str
    responses: int
    share: float | None
    comments: int
    analysed: int
    net_sentiment: Estimate
    dimensions: tuple[CommentDimension, ...]


@dataclass(frozen=True, slots=True)
class SurveyFigures:
    """One survey on one scale.

    `value` with its 95 % interval: of nps the score in [−100, 100], of csat the share in [0, 1] of the two best
    answers (of per cent: 80 and more), of ces the mean on its scale. `first` and `last` are days.
    """

    survey: str
    label: str
    scale: float
    responses: int
    comments: int
    first: date
    last: date
    value: Estimate
    groups: tuple[SurveyGroup, ...]


@dataclass(frozen=True, slots=True)
class SurveyScore:
    """What a survey came to, without the comments: `value` as in `SurveyFigures`."""

    survey: str
    label: str
    scale: float
    responses: int
    value: Estimate


@dataclass(frozen=True, slots=True)
class Surveys:
    """The surveys of a brand in one scope; `public_net` and `public_mentions` are what is said in public in it."""

    brand: str
    scope: Scope
    model: str | None
    surveys: tuple[SurveyFigures, ...]
    public_net: Estimate
    public_mentions: int


@dataclass(frozen=True, slots=True)
class _Public:
    """What is said in public, to set the comments beside."""

    net: Estimate
    mentions: int
    dimensions: dict[str, DimensionVotes]


def survey_figures(session: Session, brand: Brand, scope: Scope) -> Surveys:
    """Return the figures of each survey of a brand; filters of text and language leave answers with comments alone.

    Raises UsageError for an impossible scope and NotFoundError for an unknown source.
    """
    selection = _asked(session, brand, scope)
    answers = _answers(selection, _is_of_text(scope))
    public = _public(session, brand, scope)
    figures = [
        _figures(session, brand.model_version_id, row, answers, public)
        for row in session.execute(_totals(answers)).all()
    ]
    return Surveys(
        brand=brand.name,
        scope=scope,
        model=_model(session, brand),
        surveys=tuple(sorted(figures, key=lambda each: (SURVEYS.index(each.survey), each.scale))),
        public_net=public.net,
        public_mentions=public.mentions,
    )


def surveys_by(session: Session, brand: Brand, scope: Scope, by: str) -> Answers:
    """Return the figures for each product, location or version that comments name; what is public stands beside them.

    Raises what `survey_figures` raises.
    """
    if scope.source is None and session.scalar(select(Source.id).where(Source.kind == SURVEY).limit(1)) is not None:
        scope = replace(scope, source=SURVEY)
    return answer_by(session, brand, scope, by, lambda narrowed: survey_figures(session, brand, narrowed))


def survey_scores(session: Session, brand: Brand, scope: Scope) -> tuple[SurveyScore, ...]:
    """Return what the surveys of a brand came to in a scope, to stand beside what is said in public.

    Raises UsageError for an impossible scope and NotFoundError for an unknown source.
    """
    answers = _answers(_asked(session, brand, scope), _is_of_text(scope))
    rows = session.execute(_totals(answers)).all()
    return tuple(
        SurveyScore(row.survey, LABELS[row.survey], row.scale, row.responses, _value(row, _responses(row, sizes)))
        for row in sorted(rows, key=lambda row: (SURVEYS.index(row.survey), row.scale))
        for sizes in [_sizes(session, _of_survey(answers, row))]
    )


def _is_of_text(scope: Scope) -> bool:
    return any((scope.language, scope.touchpoint, scope.dimension, scope.query, scope.attribute))


def _of_survey(answers: Sequence[ColumnElement[bool]], row: Any) -> list[ColumnElement[bool]]:
    return [*answers, SurveyAnswer.survey == row.survey, SurveyAnswer.scale == row.scale]


def _sizes(session: Session, here: Sequence[ColumnElement[bool]]) -> dict[int, tuple[int, int]]:
    """Return the answers and the comments of each group, by its place in `GROUPS`."""
    place = _group()
    counted = select(place, func.count(), func.count(SurveyAnswer.mention_id)).where(*here).group_by(place)
    return {group: (responses, comments) for group, responses, comments in session.execute(counted)}


def _responses(row: Any, sizes: Mapping[int, tuple[int, int]]) -> list[int]:
    return [sizes.get(position, NOBODY)[0] for position in range(len(GROUPS[row.survey]))]


def _model(session: Session, brand: Brand) -> str | None:
    found = session.get(ModelVersion, brand.model_version_id) if brand.model_version_id is not None else None
    return None if found is None else found.name


def _asked(session: Session, brand: Brand, scope: Scope) -> Selection:
    """Return the selection of the survey sources that a scope asks for: all of them where it names none."""
    selection = select_scope(session, brand, scope)
    surveys = tuple(session.scalars(select(Source.id).where(Source.kind == SURVEY).order_by(Source.id)))
    named = surveys if selection.source_ids is None else tuple(set(surveys).intersection(selection.source_ids))
    return replace(selection, source_ids=named, left_out=())


def _answers(selection: Selection, of_text: bool) -> list[ColumnElement[bool]]:
    """Return the conditions that select answers."""
    conditions = [SurveyAnswer.brand_id == selection.brand_id, SurveyAnswer.source_id.in_(selection.source_ids or ())]
    if selection.since is not None:
        conditions.append(SurveyAnswer.day >= selection.since)
    if selection.until is not None:
        conditions.append(SurveyAnswer.day <= selection.until)
    if of_text:
        conditions.append(SurveyAnswer.mention_id.in_(select(Mention.id).where(*selection.mentions())))
    return conditions


def _group() -> ColumnElement[int]:
    """Return the place of an answer's group in `GROUPS`."""
    score, scale, survey = SurveyAnswer.score, SurveyAnswer.scale, SurveyAnswer.survey
    of_csat = or_(and_(scale == 100, score >= 80), and_(scale < 100, score >= scale - 1))
    return case(
        (survey == "nps", case((score >= 9, 0), (score >= 7, 1), else_=2)),
        (survey == "csat", case((of_csat, 0), else_=1)),
        else_=case((score > (scale + 1) / 2, 0), else_=1),
    )


def _totals(answers: Sequence[ColumnElement[bool]]) -> Any:
    score = SurveyAnswer.score
    return (
        select(
            SurveyAnswer.survey, SurveyAnswer.scale, func.count().label("responses"),
            func.count(SurveyAnswer.mention_id).label("comments"), func.min(SurveyAnswer.day).label("first"),
            func.max(SurveyAnswer.day).label("last"), func.sum(score).label("total"),
            func.sum(score * score).label("squares"),
        )
        .where(*answers)
        .group_by(SurveyAnswer.survey, SurveyAnswer.scale)
    )  # fmt: skip


def _figures(
    session: Session, version: int | None, row: Any, answers: Sequence[ColumnElement[bool]], public: _Public
) -> SurveyFigures:
    here = _of_survey(answers, row)
    sizes = _sizes(session, here)
    verdicts = {} if version is None else _verdicts(session, version, here)
    votes = {} if version is None else _votes(session, version, here)
    names = GROUPS[row.survey]
    return SurveyFigures(
        survey=row.survey,
        label=LABELS[row.survey],
        scale=row.scale,
        responses=row.responses,
        comments=row.comments,
        first=row.first,
        last=row.last,
        value=_value(row, _responses(row, sizes)),
        groups=tuple(
            _survey_group(
                name,
                sizes.get(position, NOBODY),
                row.responses,
                verdicts.get(position),
                votes.get(position, {}),
                public,
            )
            for position, name in enumerate(names)
        ),
    )


def _value(row: Any, sizes: Sequence[int]) -> Estimate:
    if row.survey == "csat":
        return share(sizes[0], row.responses)
    if row.survey == "nps":
        return net_promoter_score(*sizes)
    return mean_score(row.responses, row.total, row.squares, row.scale)


def net_promoter_score(promoters: int, passives: int, detractors: int) -> Estimate:
    """Return 100 · (promoters − detractors) / n in [−100, 100] with its interval.

    A promoter counts 1, a passive 0, a detractor −1: the mean of these, moved to 0..1, has the score interval of
    `statistics.stars`, with the multinomial variance p + d − (p − d)² that was seen.

    >>> found = net_promoter_score(50, 30, 20)
    >>> round(found.value), round(found.low), round(found.high)
    (30, 14, 45)
    """
    n = promoters + passives + detractors
    mean = statistics.stars(n, promoters + passives / 2, promoters + passives / 4)
    if mean.mean is None or mean.low is None or mean.high is None:
        return Estimate(None, None, None, n)
    return Estimate(200 * mean.mean - 100, 200 * mean.low - 100, 200 * mean.high - 100, n)


def mean_score(n: int, total: float, squares: float, scale: float) -> Estimate:
    """Return the mean of `n` answers from 1 to `scale` with its interval, from their sum and their sum of squares.

    >>> found = mean_score(20, 110, 620, 7)
    >>> found.value, round(found.low, 1), round(found.high, 1)
    (5.5, 5.1, 5.9)
    """
    width = scale - 1
    mean = statistics.stars(n, (total - n) / width, (squares - 2 * total + n) / width**2)
    if mean.mean is None or mean.low is None or mean.high is None:
        return Estimate(None, None, None, n)
    return Estimate(1 + width * mean.mean, 1 + width * mean.low, 1 + width * mean.high, n)


def _commented(columns: Sequence[Any], version: int, here: Sequence[ColumnElement[bool]]) -> Any:
    """Select from the comments of answers that were analysed."""
    brand_id = opaque(MentionBrand.brand_id) == SurveyAnswer.brand_id
    return (
        select(*columns)
        .select_from(SurveyAnswer)
        .join(MentionBrand, and_(MentionBrand.mention_id == SurveyAnswer.mention_id, brand_id, counts()))
        .join(
            Classification,
            and_(
                Classification.mention_id == SurveyAnswer.mention_id,
                Classification.model_version_id == version,
                Classification.status == "analysed",
            ),
        )
        .where(*here)
    )


def _verdicts(session: Session, version: int, here: Sequence[ColumnElement[bool]]) -> dict[int, Sums]:
    """Return the pooled sentiment of the comments of each group."""
    joined = and_(Opinion.mention_id == SurveyAnswer.mention_id, Opinion.model_version_id == version)
    p, n = (func.sum(case((Opinion.sentiment == word, 1), else_=0)) for word in ("positive", "negative"))
    columns = (_group().label("place"), SurveyAnswer.mention_id, p.label("p"), n.label("n"))
    each = _commented(columns, version, here).join(Opinion, joined, isouter=True)
    each = each.group_by(SurveyAnswer.id, SurveyAnswer.mention_id).subquery()
    x, y = each.c.p + each.c.n, each.c.p - each.c.n
    sums = (func.sum(each.c.p), func.sum(each.c.n), func.sum(x * x), func.sum(y * y), func.sum(x * y))
    rows = session.execute(select(each.c.place, func.count(), *sums).group_by(each.c.place))
    return {place: Sums(*(int(value) for value in values)) for place, *values in rows}


def _votes(session: Session, version: int, here: Sequence[ColumnElement[bool]]) -> dict[int, dict[str, DimensionVotes]]:
    """Return the votes of the comments of each group, by dimension: at most one of each comment."""
    praise, pain = (
        func.max(case((OpinionDimension.polarity == word, 1), else_=0)) for word in ("positive", "negative")
    )
    named = opaque(OpinionDimension.dimension).label("dimension")
    each = (
        _commented((_group().label("place"), named, (praise - pain).label("vote")), version, here)
        .join(Opinion, and_(Opinion.mention_id == SurveyAnswer.mention_id, Opinion.model_version_id == version))
        .join(OpinionDimension, OpinionDimension.opinion_id == Opinion.id)
        .group_by(SurveyAnswer.id, OpinionDimension.dimension)
        .subquery()
    )
    rows = session.execute(
        select(
            each.c.place,
            each.c.dimension,
            *(func.sum(case((each.c.vote == vote, 1), else_=0)) for vote in (1, -1, 0)),
        ).group_by(each.c.place, each.c.dimension)
    )
    found: dict[int, dict[str, DimensionVotes]] = {}
    for place, dimension, *votes in rows:
        found.setdefault(place, {})[dimension] = DimensionVotes(*map(int, votes))
    return found


def _survey_group(
    name: str, sizes: tuple[int, int], responses: int, verdicts: Sums | None, votes: dict[str, DimensionVotes],
    public: _Public,
) -> SurveyGroup:  # fmt: skip
    verdicts = verdicts or Sums(0, 0, 0, 0, 0, 0)
    known = [(dimension, votes[dimension.name]) for dimension in taxonomy.load().dimensions if dimension.name in votes]
    known.sort(key=lambda each: -(each[1].praise + each[1].pain + each[1].neutral))
    return SurveyGroup(
        group=name,
        responses=sizes[0],
        share=sizes[0] / responses if responses else None,
        comments=sizes[1],
        analysed=verdicts.mentions,
        net_sentiment=statistics.net(verdicts),
        dimensions=tuple(
            CommentDimension(
                dimension=dimension.name,
                label=dimension.label,
                praise=vote.praise,
                pain=vote.pain,
                neutral=vote.neutral,
                net=votes_net(vote),
                public=votes_net(public.dimensions.get(dimension.name, DimensionVotes(0, 0, 0))),
            )
            for dimension, vote in known
        ),
    )


def _public(session: Session, brand: Brand, scope: Scope) -> _Public:
    """Read what is said in public in a scope, at whatever source."""
    if brand.model_version_id is None:
        return _Public(Estimate(None, None, None, 0), 0, {})
    selection = select_scope(session, brand, replace(scope, source=None))
    cells = read_sentiment(session, brand.model_version_id, selection, whole=True)
    sums = statistics.pooled([each.sums for each in cells])
    return _Public(statistics.net(sums), sums.mentions, read_dimensions(session, brand.model_version_id, selection))
