"""Where an alert comes from: the source and the touchpoint that drove it, the themes, quotes from those very days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from shlex import quote
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from overheard.insight import themes
from overheard.insight.anomalies import DROP_WINDOWS, NEEDED, SHORT
from overheard.insight.episodes import Finding
from overheard.insight.history import days_of
from overheard.insight.inbox import InboxEntry, find_inbox
from overheard.insight.quotes import Quote, find_quotes
from overheard.insight.rollups import read_dimensions
from overheard.insight.scope import Scope, Selection, select_scope
from overheard.insight.targets import MeasuredTarget, measure_targets
from overheard.settings import InboxSettings
from overheard.store.tables import ANY, Brand, Crawl, DimensionRollup, MentionRollup, Source
from overheard.store.targets import list_targets

LEADING, QUOTED = 3, 2
"""Dimensions of an alert that are quoted, and quotes of each."""

NEWS = 14
"""Days for which a new theme is news."""

MEASURED = 30
"""Days over which targets are measured every night."""

WAITING = 100
"""Complaints, the worst ones, among which those are found that wait for longer than they should."""

FAILURES = 2
"""Crawls in a row that did not read their source before it is an alert; one that finds it stale is enough."""


@dataclass(frozen=True, slots=True)
class Driver:
    """A part that an alert comes from: the `source` or the `touchpoint` called `name`.

    `observed` is its count in the window, `expected` what the eight weeks before lead to expect of it, `share` its part
    in [0, 1] of all that is above expectation.
    """

    kind: str
    name: str
    observed: float
    expected: float
    share: float


@dataclass(frozen=True, slots=True)
class Breach:
    """Something that is not as it should be, found elsewhere: a new theme, a stale source, a missed target or reply.

    `subject` tells it from others of its kind and stays the same as long as it lasts, `text` says on one line what it
    is and why. `observed` and `expected` are its figures, where it has some, `dimension` what it is about. `themes` and
    `quotes` are its cause as far as it is known; what was said in `scope` is the rest of it (see `explain_breach`).
    """

    kind: str
    subject: str
    since: date
    text: str
    observed: float | None = None
    expected: float | None = None
    dimension: str | None = None
    themes: tuple[str, ...] = ()
    quotes: tuple[Quote, ...] = ()
    scope: Scope | None = None


def new_themes(session: Session, brand: Brand, day: date) -> list[Breach]:
    """Return the themes of pain that are new in the two weeks before a day; what is not returned is no alert any more.

    A theme is no news where the brand itself is new: before the two weeks there were ten weeks of mentions.
    """
    since = day - timedelta(days=NEWS)
    days = days_of(session, brand)
    if days is None or (since - days[0]).days < NEEDED:
        return []
    selection = select_scope(session, brand, Scope(since=since))
    return [
        Breach(
            "theme", f"theme:{theme.id}", theme.born,
            f"“{theme.name}” is new: {theme.mentions} mentions in {NEWS} days",
            observed=float(theme.mentions), expected=0.0, dimension=theme.dimension, themes=(theme.name,),
            quotes=themes.theme_quotes(session, selection, theme.id),
        )
        for theme in themes.new_themes(session, selection)
        if theme.polarity == "negative"
    ]  # fmt: skip


def themes_behind(session: Session, brand: Brand, findings: Sequence[Finding]) -> list[str]:
    """Return the names of the themes that grew most in the days of these findings, the first the most."""
    grown: dict[str, float] = {}
    for finding in findings:
        if finding.cell.dimension is None:
            continue
        (first, last), (begin, end) = _days(finding), _before(finding)
        usual = {theme.id: theme.mentions for theme in _themes(session, brand, finding, begin, end)}
        for theme in _themes(session, brand, finding, first, last):
            growth = theme.mentions - usual.get(theme.id, 0) * finding.window / SHORT
            grown[theme.name] = max(growth, grown.get(theme.name, 0))
    return [name for name in sorted(grown, key=lambda name: -grown[name]) if grown[name] > 1][:LEADING]


def _themes(
    session: Session, brand: Brand, finding: Finding, first: date, last: date
) -> list[themes.ThemeCount]:  # fmt: skip
    selection = select_scope(session, brand, Scope(since=first, until=last))
    return themes.themes_of_days(session, selection, str(finding.cell.dimension), "negative")


def owners(session: Session, brand: Brand) -> Mapping[str | None, str]:
    """Return who answers for each dimension of a brand; the key None is for the brand as a whole."""
    targets = list_targets(session, brand)
    return {each.name or None: each.owner for each in targets if each.measure in ("dimension", "net")}


def missed_targets(session: Session, brand: Brand, day: date) -> list[Breach]:
    """Return the targets that a brand missed for certain in the 30 days before a day."""
    scope = Scope(since=day - timedelta(days=MEASURED), until=day - timedelta(days=1))
    return [
        Breach(
            "target", f"{each.measure}:{each.name or 'brand'}", day,
            f"{each.label}: {each.reached.value:.4g} in {MEASURED} days, wanted {each.target:.4g} ({each.owner})",
            observed=each.reached.value, expected=each.target,
            dimension=each.name if each.measure == "dimension" else None,
            scope=_narrowed(scope, each),
        )
        for each in measure_targets(session, brand, scope)
        if each.verdict == "missed" and each.reached.value is not None
    ]  # fmt: skip


def _narrowed(scope: Scope, target: MeasuredTarget) -> Scope:
    """Return the part of a scope that a target measures."""
    if target.measure == "dimension":
        return replace(scope, dimension=target.name)
    if target.measure == "touchpoint":
        return replace(scope, touchpoint=target.name)
    return replace(scope, query="reply:unanswered") if target.measure in ("reply_rate", "reply_time") else scope


def broken_promises(session: Session, brand: Brand, waits: InboxSettings, now: datetime) -> list[Breach]:
    """Return whether complaints wait for a reply longer than they should, where their source reports replies."""
    inbox = find_inbox(session, brand, Scope(), waits, limit=WAITING, now=now)
    late = inbox.overdue - inbox.overdue_unknown
    if not late:
        return []
    text = f"{late} complaints wait longer than they should: `overheard inbox {quote(brand.name)}`"
    waiting = [each for each in inbox.entries if each.overdue and each.reply_state != "unknown"]
    return [
        Breach(
            "sla", "inbox", now.date(), text, observed=float(late), expected=0.0,
            themes=tuple(themes.themes_of_mentions(session, brand, [each.mention_id for each in waiting]))[:LEADING],
            quotes=tuple(said for each in waiting if (said := _complaint(each)))[:QUOTED],
        )
    ]  # fmt: skip


def _complaint(entry: InboxEntry) -> Quote | None:
    """Return the sentence that says a complaint best; of one that no model has read there is none."""
    if entry.quote is None or entry.quote_field is None or entry.quote_start is None or entry.quote_end is None:
        return None
    return Quote(
        entry.quote, entry.mention_id, entry.quote_start, entry.quote_end, entry.source, entry.url, entry.published,
        entry.score / 100, entry.quote_field, entry.language, entry.rating,
    )  # fmt: skip


def stale_sources(session: Session, brand: Brand) -> list[Breach]:
    """Return the sources of a brand, paused ones left out, that the last crawls found stale or could not read."""
    sources = session.scalars(select(Source).where(Source.brand_id == brand.id, ~Source.paused).order_by(Source.id))
    return [breach for source in sources if (breach := _stale(session, source))]


def _stale(session: Session, source: Source) -> Breach | None:
    ended = select(Crawl).where(Crawl.source_id == source.id, Crawl.outcome.not_in(("running", "interrupted")))
    fine = select(func.max(Crawl.id)).where(Crawl.source_id == source.id, Crawl.outcome == "ok").scalar_subquery()
    bad = session.scalars(ended.where(Crawl.id > func.coalesce(fine, 0)).order_by(Crawl.id)).all()
    if not bad or (bad[-1].outcome != "stale" and len(bad) < FAILURES):
        return None
    last = bad[-1]
    text = f"{source.name} is {last.outcome.replace('_', ' ')}: {last.reason or 'see `overheard doctor`'}"
    return Breach("stale", f"source:{source.id}", bad[0].started_at.date(), text)


def explain(session: Session, brand: Brand, findings: Sequence[Finding]) -> dict[str, Any]:
    """Return what is known of the cause of findings, the least likely first: JSON with `drivers`, `themes`, `quotes`.

    Quotes are places (mention, field, offsets): the words themselves stay where they were said.
    """
    drivers = [*_sources(session, brand, findings[0]), *_touchpoints(session, brand, findings[0])]
    return {
        "drivers": [asdict(driver) for driver in drivers],
        "themes": themes_behind(session, brand, findings),
        "quotes": _quotes(session, brand, findings),
    }


def explain_breach(session: Session, brand: Brand, breach: Breach) -> dict[str, Any]:
    """Return what is known of the cause of a breach: JSON with `text`, `themes` and `quotes`, as `explain` has them."""
    names, quotes = list(breach.themes), [_place(quote) for quote in breach.quotes]
    if breach.scope is not None and brand.model_version_id is not None:
        found = themes.find_themes(session, brand, breach.scope, polarity="negative", limit=LEADING)
        names += [theme.name for theme in found.themes]
        selection = select_scope(session, brand, breach.scope)
        side = (breach.dimension, "negative") if breach.dimension else _loudest(session, brand, selection)
        quotes += quote_places(session, brand.model_version_id, selection, [side] if side else [])
    return {"text": breach.text, "themes": names, "quotes": quotes}


def _days(finding: Finding) -> tuple[date, date]:
    return finding.day - timedelta(days=finding.window - 1), finding.day


def _before(finding: Finding) -> tuple[date, date]:
    end = finding.day - timedelta(days=DROP_WINDOWS[-1])
    return end - timedelta(days=SHORT - 1), end


def _sources(session: Session, brand: Brand, lead: Finding) -> list[Driver]:
    table: Any = MentionRollup if lead.cell.measure == "mentions" or lead.cell.dimension is None else DimensionRollup
    count = table.mentions if table is MentionRollup else table.pain
    names = dict(session.execute(select(Source.id, Source.name)).all())
    more, less = (
        _counts(session, brand, table, count, table.source_id, days, lead) for days in (_days(lead), _before(lead))
    )
    return _drivers("source", lead, more, less, {key: names.get(key, str(key)) for key in more | less})


def _touchpoints(session: Session, brand: Brand, lead: Finding) -> list[Driver]:
    if lead.cell.dimension is None:
        return []
    table = DimensionRollup
    more, less = (
        _counts(session, brand, table, table.pain, table.touchpoint, days, lead)
        for days in (_days(lead), _before(lead))
    )
    # Sentences of no touchpoint say nothing of where it hurts.
    named = {key: key for key in (more | less) if key != "none"}
    return _drivers("touchpoint", lead, more, less, named)


def _counts(
    session: Session, brand: Brand, table: Any, count: Any, key: Any, days: tuple[date, date], lead: Finding
) -> dict[Any, int]:  # fmt: skip
    where: list[ColumnElement[bool]] = select_scope(session, brand, Scope(since=days[0], until=days[1])).cells(table)
    if table is DimensionRollup:
        where += [table.model_version_id == brand.model_version_id, table.dimension == lead.cell.dimension]
        where.append(table.touchpoint != ANY if key is table.touchpoint else table.touchpoint == ANY)
    return dict(session.execute(select(key, func.sum(count)).where(*where).group_by(key)).all())


def _drivers(
    kind: str, lead: Finding, more: Mapping[Any, int], less: Mapping[Any, int], names: Mapping[Any, str]
) -> list[Driver]:  # fmt: skip
    """Return the part with the most above expectation; where something is missing, with the most below."""
    sign = -1 if lead.observed < lead.expected else 1
    expected = {key: less.get(key, 0) * lead.window / SHORT for key in names}
    excess = {key: max(0.0, sign * (more.get(key, 0) - expected[key])) for key in names}
    total = sum(excess.values())
    if not total or len(names) < 2:
        return []
    key = max(excess, key=lambda each: (excess[each], names[each]))
    return [Driver(kind, names[key], more.get(key, 0), expected[key], excess[key] / total)]


def _quotes(session: Session, brand: Brand, findings: Sequence[Finding]) -> list[dict[str, Any]]:
    quoted: list[dict[str, Any]] = []
    for finding in findings[:LEADING]:
        since, until = _days(finding)
        selection = select_scope(session, brand, Scope(since=since, until=until))
        side = _side(session, brand, finding, selection)
        if side and brand.model_version_id is not None:
            quoted += quote_places(session, brand.model_version_id, selection, [side])
    return list({(each["mention_id"], each["field"], each["start"]): each for each in quoted}.values())


def _side(session: Session, brand: Brand, finding: Finding, selection: Selection) -> tuple[str, str] | None:
    """Return what to quote: pain in the dimension; of a brand as a whole, what was said most in those days."""
    if finding.cell.dimension is not None:
        return finding.cell.dimension, "negative"
    return _loudest(session, brand, selection, praise=finding.cell.measure == "mentions")


def _loudest(
    session: Session, brand: Brand, selection: Selection, *, praise: bool = False
) -> tuple[str, str] | None:  # fmt: skip
    """Return the dimension with the most pain, or with `praise` the side with the most of either; None without any."""
    if brand.model_version_id is None:
        return None
    votes = read_dimensions(session, brand.model_version_id, selection)
    sides = {(name, "negative"): each.pain for name, each in votes.items()}
    if praise:
        sides |= {(name, "positive"): each.praise for name, each in votes.items()}
    return max(sides, key=lambda side: (sides[side], side), default=None)


def quote_places(
    session: Session, version: int, selection: Selection, sides: Iterable[tuple[str, str]]
) -> list[dict[str, Any]]:  # fmt: skip
    """Return where the most telling sentences stand."""
    found = find_quotes(session, version, selection, list(sides), limit=QUOTED)
    return [
        {**_place(quote), "dimension": dimension, "polarity": polarity}
        for (dimension, polarity), quotes in found.items()
        for quote in quotes
    ]


def _place(quote: Quote) -> dict[str, Any]:
    return {name: getattr(quote, name) for name in ("mention_id", "field", "start", "end", "score")}
