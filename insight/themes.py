"""What is said again and again: the themes of a brand with their size, change and quotes.

Sizes are added up from the rollups of themes; a scope that those do not cover walks the mentions that it selects.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from overheard import taxonomy
from overheard.errors import UsageError
from overheard.insight.quotes import Quote, repeats
from overheard.insight.rollups import read_days
from overheard.insight.scope import Scope, Selection, select_scope
from overheard.store import themes as store
from overheard.store.tables import (
    Brand,
    Mention,
    MentionBrand,
    ModelVersion,
    Opinion,
    OpinionDimension,
    Source,
)
from overheard.store.themes import OUTSIDE, SIDED, Theme, ThemeOpinion, ThemeRollup

RECENT = 30
"""Days of the two periods that are compared where none is asked for: the last ones that have mentions."""

QUOTES, CANDIDATES = 3, 30
"""Quotes of a theme, and how many of its most central sentences they are chosen from."""

NEW = 10
"""Mentions that a theme needs to be reported as new."""


@dataclass(frozen=True, slots=True)
class Change:
    """Mentions in a period and in the one of the same length before it; dates are inclusive."""

    since: date
    until: date
    mentions: int
    before: int


@dataclass(frozen=True, slots=True)
class ThemeFigures:
    """One theme in a scope.

    `mentions` and `opinions` count those in the scope, `share` is their part of the opinions of the same dimension and
    polarity there, in [0, 1]. `named_by` is `auto` or `user`; `born` the day from which it was said.
    """

    id: int
    name: str
    named_by: str
    pinned: bool
    dimension: str
    label: str
    polarity: str
    mentions: int
    opinions: int
    share: float
    change: Change | None
    keyphrases: tuple[str, ...]
    born: date
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Themes:
    """The largest themes of a brand in one scope, of `themes_found` in all.

    Of `opinions` (praise and pain in a dimension, an opinion once for each), `outside` are in no theme: too few say the
    same, or it fits nothing. `waiting` are not looked at yet (see `store.themes.count_waiting`).
    """

    brand: str
    scope: Scope
    model: str | None
    opinions: int
    outside: int
    waiting: int
    themes_found: int
    themes: tuple[ThemeFigures, ...]


@dataclass(frozen=True, slots=True)
class NewTheme:
    """A theme that was first said not long ago, with its mentions since then."""

    id: int
    name: str
    dimension: str
    polarity: str
    born: date
    mentions: int


@dataclass(frozen=True, slots=True)
class ThemeCount:
    """Mentions of one theme on some days."""

    id: int
    name: str
    mentions: int


@dataclass(frozen=True, slots=True)
class Event:
    """What became of a theme; see `store.themes.ThemeEvent`. `name` is what it is called now."""

    at: datetime
    theme: int
    name: str | None
    event: str
    other: int | None
    by: str
    detail: str


@dataclass(frozen=True, slots=True)
class ThemeHistory:
    """What became of the themes of a brand, the latest first."""

    brand: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class _Size:
    mentions: int
    opinions: int


_Key = tuple[str, str, int]


def find_themes(
    session: Session, brand: Brand, scope: Scope, *, polarity: str | None = None, limit: int = 15
) -> Themes:
    """Return the `limit` largest themes of a brand, pinned ones before others.

    Raises UsageError for an impossible scope, polarity or limit, NotFoundError for an unknown dimension or source.
    """
    if limit < 1:
        raise UsageError(f"cannot list {limit} themes; expected a limit of 1 or more")
    if polarity is not None and polarity not in SIDED:
        raise UsageError(f"no polarity {polarity!r} here; expected one of {', '.join(SIDED)}")
    if scope.dimension is not None:
        taxonomy.load().dimension(scope.dimension)
    selection = select_scope(session, brand, scope)
    sizes = _sizes(session, brand, selection, scope, polarity)
    known = _known(session, [theme for _, _, theme in sizes if theme != OUTSIDE])
    ranked = sorted(
        ((known[key[2]], size) for key, size in sizes.items() if key[2] in known),
        key=lambda found: (not found[0].pinned, -found[1].mentions, found[0].id),
    )
    totals: dict[tuple[str, str], int] = {}
    for (dimension, side, _), size in sizes.items():
        totals[dimension, side] = totals.get((dimension, side), 0) + size.opinions
    shown = ranked[:limit]
    changes = _changes(session, brand, selection, scope, polarity) if shown else {}
    quotes = {theme.id: theme_quotes(session, selection, theme.id) for theme, _ in shown}
    return Themes(
        brand=brand.name,
        scope=scope,
        model=session.scalar(select(ModelVersion.name).where(ModelVersion.id == brand.model_version_id)),
        opinions=sum(size.opinions for size in sizes.values()),
        outside=sum(size.opinions for (_, _, theme), size in sizes.items() if theme not in known),
        waiting=_waiting(session, brand),
        themes_found=len(ranked),
        themes=tuple(
            _figures(theme, size, totals[theme.dimension, theme.polarity], changes.get(theme.id), quotes[theme.id])
            for theme, size in shown
        ),
    )


def new_themes(session: Session, selection: Selection) -> list[NewTheme]:
    """Return the themes that nobody spoke of before the period and `NEW` mentions or more do in it, by size."""
    mentions, since = func.sum(ThemeRollup.mentions), selection.since or date.min
    rows = session.execute(
        select(Theme, mentions)
        .join(ThemeRollup, ThemeRollup.theme_id == Theme.id)
        .where(Theme.brand_id == selection.brand_id, Theme.merged_into.is_(None), Theme.born >= since)
        .where(*_cells(selection))
        .group_by(Theme.id)
        .having(mentions >= NEW)
        .order_by(mentions.desc(), Theme.id)
    )
    return [NewTheme(theme.id, theme.name, theme.dimension, theme.polarity, theme.born, count) for theme, count in rows]


def themes_of_days(session: Session, selection: Selection, dimension: str, polarity: str) -> list[ThemeCount]:
    """Return the themes of a side in a period with their mentions, the most first; those in none are left out."""
    mentions = func.sum(ThemeRollup.mentions)
    rows = session.execute(
        select(Theme.id, Theme.name, mentions)
        .join(ThemeRollup, ThemeRollup.theme_id == Theme.id)
        .where(*_cells(selection), ThemeRollup.dimension == dimension, ThemeRollup.polarity == polarity)
        .group_by(Theme.id, Theme.name)
        .order_by(mentions.desc(), Theme.id)
    )
    return [ThemeCount(*row) for row in rows]


def themes_of_mentions(session: Session, brand: Brand, mention_ids: Sequence[int]) -> list[str]:
    """Return the names of the themes of pain that some mentions speak of, the one that most speak of first."""
    mentions = func.count(Opinion.mention_id.distinct())
    rows = session.execute(
        select(Theme.name)
        .join(ThemeOpinion, ThemeOpinion.theme_id == Theme.id)
        .join(Opinion, Opinion.id == ThemeOpinion.opinion_id)
        .where(Opinion.mention_id.in_(mention_ids), ThemeOpinion.brand_id == brand.id, Theme.polarity == "negative")
        .group_by(Theme.id, Theme.name)
        .order_by(mentions.desc(), Theme.id)
    )
    return list(rows.scalars())


def theme_history(session: Session, brand: Brand, *, theme: int | None = None, limit: int = 50) -> ThemeHistory:
    """Return what became of a brand's themes, or of one; raises UsageError for an impossible limit."""
    if limit < 1:
        raise UsageError(f"cannot list {limit} events; expected a limit of 1 or more")
    events = store.log_of(session, brand, theme, limit)
    known = _known(session, [each.theme_id for each in events], merged=True)
    names = {number: found.name for number, found in known.items()}
    return ThemeHistory(
        brand.name,
        tuple(
            Event(each.at, each.theme_id, names.get(each.theme_id), each.event, each.other_id, each.by, each.detail)
            for each in events
        ),
    )


def _sizes(
    session: Session, brand: Brand, selection: Selection, scope: Scope, polarity: str | None
) -> dict[_Key, _Size]:
    """Return the size of each theme in a scope, and of what is in none, by dimension, polarity and theme."""
    statement: Any
    keys: Sequence[Any]
    if _is_covered(scope):
        table = ThemeRollup
        keys = (table.dimension, table.polarity, table.theme_id)
        statement = select(*keys, func.sum(table.mentions), func.sum(table.opinions)).where(*_cells(selection))
    else:
        theme = func.coalesce(ThemeOpinion.theme_id, OUTSIDE)
        keys = (OpinionDimension.dimension, OpinionDimension.polarity, theme)
        statement = _walk(brand, selection, scope).with_only_columns(
            *keys, func.count(Mention.id.distinct()), func.count()
        )
    if scope.dimension is not None:
        statement = statement.where(keys[0] == scope.dimension)
    if polarity is not None:
        statement = statement.where(keys[1] == polarity)
    rows = session.execute(statement.group_by(*keys))
    return {(row[0], row[1], row[2]): _Size(row[3], row[4]) for row in rows}


def _is_covered(scope: Scope) -> bool:
    return scope.touchpoint is None and scope.query is None and scope.attribute is None


def _cells(selection: Selection) -> list[ColumnElement[bool]]:
    table: Any = ThemeRollup
    return selection.cells(table)


def _walk(brand: Brand, selection: Selection, scope: Scope) -> Select[*tuple[Any, ...]]:
    belongs = (
        (ThemeOpinion.opinion_id == Opinion.id)
        & (ThemeOpinion.brand_id == brand.id)
        & (ThemeOpinion.dimension == OpinionDimension.dimension)
    )
    statement = (
        select(Opinion.id)
        .join(OpinionDimension, OpinionDimension.opinion_id == Opinion.id)
        .join(Mention, Mention.id == Opinion.mention_id)
        .join(MentionBrand, MentionBrand.mention_id == Mention.id)
        .join(ThemeOpinion, belongs, isouter=True)
        .where(selection.speaks_of(from_brand=True), *selection.mentions())
        .where(Opinion.model_version_id == brand.model_version_id, OpinionDimension.polarity.in_(SIDED))
    )
    return statement if scope.touchpoint is None else statement.where(Opinion.touchpoint == scope.touchpoint)


def _changes(
    session: Session, brand: Brand, selection: Selection, scope: Scope, polarity: str | None
) -> dict[int, Change]:
    """Return the change of each theme against the period before; nothing where there are no mentions."""
    days = read_days(session, replace(selection, since=None, until=None))
    if days is None:
        return {}
    until = min(scope.until or days[1], days[1])
    since = scope.since or until - timedelta(days=RECENT - 1)
    if since > until:
        return {}
    length = until - since + timedelta(days=1)
    spans = ((since, until), (since - length, since - timedelta(days=1)))
    now, before = (
        _sizes(session, brand, replace(selection, since=first, until=end), scope, polarity) for first, end in spans
    )
    none = _Size(0, 0)
    return {
        key[2]: Change(since, until, now.get(key, none).mentions, before.get(key, none).mentions)
        for key in {*now, *before}
    }


def _known(session: Session, numbers: Iterable[int], *, merged: bool = False) -> dict[int, Theme]:
    found: dict[int, Theme] = {}
    for some in store.parts(set(numbers)):
        for theme in session.scalars(select(Theme).where(Theme.id.in_(some))):
            if merged or theme.merged_into is None:
                found[theme.id] = theme
    return found


def _waiting(session: Session, brand: Brand) -> int:
    if brand.model_version_id is None:
        return 0
    return store.count_waiting(session, brand.id, brand.model_version_id)


def _figures(theme: Theme, size: _Size, total: int, change: Change | None, quotes: tuple[Quote, ...]) -> ThemeFigures:
    return ThemeFigures(
        id=theme.id,
        name=theme.name,
        named_by=theme.named_by,
        pinned=theme.pinned,
        dimension=theme.dimension,
        label=taxonomy.load().dimension(theme.dimension).label,
        polarity=theme.polarity,
        mentions=size.mentions,
        opinions=size.opinions,
        share=size.opinions / total if total else 0.0,
        change=change,
        keyphrases=tuple(theme.keyphrases),
        born=theme.born,
        quotes=quotes,
    )


def theme_quotes(session: Session, selection: Selection, theme: int) -> tuple[Quote, ...]:
    """Return the most central sentences of a theme, no two of one mention or alike; their score is how central."""
    statement = (
        select(Opinion, Mention, Source.name, ThemeOpinion.similarity)
        .join(ThemeOpinion, ThemeOpinion.opinion_id == Opinion.id)
        .join(Mention, Mention.id == Opinion.mention_id)
        .join(MentionBrand, MentionBrand.mention_id == Mention.id)
        .join(Source, Source.id == Mention.source_id)
        .where(ThemeOpinion.theme_id == theme, selection.speaks_of(from_brand=False), *selection.mentions())
        .where(Mention.vanished.is_(None))
        .order_by(ThemeOpinion.similarity.desc(), Opinion.id)
        .limit(CANDIDATES)
    )
    if selection.sentences.touchpoint is not None:
        statement = statement.where(Opinion.touchpoint == selection.sentences.touchpoint)
    chosen: list[Quote] = []
    for opinion, mention, source, similarity in session.execute(statement):
        whole = (mention.title or "") if opinion.field == "title" else mention.text
        quote = Quote(
            text=whole[opinion.start : opinion.end], mention_id=mention.id, start=opinion.start, end=opinion.end,
            source=source, url=mention.url, published=mention.published, score=similarity, field=opinion.field,
            language=mention.language, rating=mention.rating,
        )  # fmt: skip
        if not any(repeats(quote, other) for other in chosen):
            chosen.append(quote)
    # Another language is another witness: the first of each goes first.
    firsts = list({quote.language: quote for quote in reversed(chosen)}.values())
    ordered = sorted(chosen, key=lambda quote: quote not in firsts)
    return tuple(sorted(ordered[:QUOTES], key=chosen.index))
