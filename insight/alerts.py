"""The alerts of a store as they were found: what, since when, how unusual, who answers for it, why, in whose words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from overheard.errors import NotFoundError
from overheard.insight.causes import Driver, owners
from overheard.insight.query.parse import LABELS
from overheard.insight.quotes import Quote
from overheard.insight.scope import Scope, Selection, select_scope
from overheard.insight.split import VALUES, Answers, PartAnswer
from overheard.insight.statistics import Chance
from overheard.store.alerts import LIVE, Alert, AlertDelivery, AlertNight
from overheard.store.brands import list_brands
from overheard.store.search import split
from overheard.store.tables import SURVEY, Brand, Mention, MentionRollup, Opinion, Source


@dataclass(frozen=True, slots=True)
class AlertFigures:
    """How unusual one cell is: `observed` in the `window` days up to `day`, `expected` by the baselines.

    `measure` is `pain`, `net` (pains among the votes) or `mentions`, `dimension` null for the brand as a whole. `p` and
    `q` are null for what is no finding in counts. `since` is the day on which the cell was first found.
    """

    kind: str
    measure: str | None
    dimension: str | None
    since: date | None
    day: date | None
    window: int | None
    observed: float | None
    expected: float | None
    p: Chance | None
    q: Chance | None


@dataclass(frozen=True, slots=True)
class AlertEntry:
    """One alert. `figures` are those of its cells, the least likely first; `text` says what a breach is.

    `state` is `open`, `acked`, `snoozed` (until `snoozed_until`) or `resolved`. `owner` answers for its dimension.
    `delivered` maps a channel to `sent`, `failed`, or `unknown` where a kill came between sending and writing it down.
    """

    id: int
    brand: str
    kind: str
    state: str
    since: date
    until: date
    snoozed_until: datetime | None
    owner: str | None
    text: str | None
    figures: tuple[AlertFigures, ...]
    drivers: tuple[Driver, ...]
    themes: tuple[str, ...]
    quotes: tuple[Quote, ...]
    delivered: dict[str, str]


@dataclass(frozen=True, slots=True)
class Alerts:
    """The alerts of one brand, or with `brand` null of all; those that are open unless `history` asks for all.

    `judged` says up to which day each brand is judged, `paused` why one is not judged any further.
    """

    brand: str | None
    scope: Scope
    history: bool
    alerts: tuple[AlertEntry, ...]
    judged: dict[str, date]
    paused: dict[str, str]


def list_alerts(session: Session, brand: Brand | None, scope: Scope, *, history: bool = False) -> Alerts:
    """Return the alerts of a brand or of all: the open ones first, then the latest.

    `scope` keeps those of its period, of its dimension, and of its touchpoint and source: that are about them or come
    from them. Of language, query and attribute, it keeps those with a quote from a mention that fulfils them, and no
    other quotes; their figures stay. Raises UsageError for an impossible scope and NotFoundError for an unknown name;
    without a brand, for a source or a theme that no brand has.
    """
    selections = _selections(session, [brand] if brand else list_brands(session), scope)
    wanted = select(Alert, Brand).join(Brand, Brand.id == Alert.brand_id).where(Brand.id.in_(selections))
    nights = select(AlertNight, Brand.name).join(Brand, Brand.id == AlertNight.brand_id)
    if brand is not None:
        nights = nights.where(Brand.id == brand.id)
    if not history:
        wanted = wanted.where(Alert.state == "open")
    if scope.since is not None:
        wanted = wanted.where(Alert.until >= scope.since)
    if scope.until is not None:
        wanted = wanted.where(Alert.since <= scope.until)
    found = session.execute(wanted.order_by(Alert.until.desc(), Alert.id.desc())).all()
    places = _places(session, selections) if scope.source is not None else {}
    kept = [
        (alert, entry)
        for (alert, _), entry in zip(found, _entries(session, found), strict=True)
        if _is_within(alert, entry, scope, places.get(alert.brand_id))
    ]
    entries, judged = _heard(session, scope, kept), session.execute(nights.order_by(Brand.key)).all()
    rank = {state: number for number, state in enumerate((*LIVE, "resolved"))}
    return Alerts(
        brand=brand.name if brand else None,
        scope=scope,
        history=history,
        alerts=tuple(sorted(entries, key=lambda one: rank[one.state])),
        judged={name: night.day for night, name in judged},
        paused={name: night.paused for night, name in judged if night.paused is not None},
    )


def alerts_by(
    session: Session, brand: Brand, scope: Scope, by: str, *, history: bool = False, limit: int = VALUES
) -> Answers:  # fmt: skip
    """List the alerts of a brand for each product, location or version that their quotes' mentions name.

    Those that most of these mentions name come first; the counts of the answer are of these mentions. Raises what
    `list_alerts` raises.
    """
    found = list_alerts(session, brand, scope, history=history)
    quoted = {quote.mention_id for entry in found.alerts for quote in entry.quotes}
    key = LABELS.get(by, by)
    named = Mention.attributes[key].as_string()
    spellings: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for value in session.scalars(select(named).where(Mention.id.in_(quoted)).order_by(Mention.id)):
        spellings[tuple(split(value or ""))].append(value)
    without = len(spellings.pop((), ()))
    values = [(max(sorted(set(each)), key=each.count), len(each)) for each in spellings.values()]
    values.sort(key=lambda value: (-value[1], value[0]))
    parts = tuple(
        PartAnswer(
            value, mentions, list_alerts(session, brand, replace(scope, attribute=(key, value)), history=history)
        )
        for value, mentions in values[:limit]
    )
    rest = values[limit:]
    return Answers(brand.name, scope, by, parts, len(rest), sum(mentions for _, mentions in rest), without)


def describe(session: Session, alerts: Iterable[Alert]) -> list[AlertEntry]:
    """Return alerts with all that is shown of them."""
    return _entries(session, [(alert, session.get_one(Brand, alert.brand_id)) for alert in alerts])


def _selections(session: Session, brands: Iterable[Brand], scope: Scope) -> dict[int, Selection]:
    """Return the scope for each brand that has what it names, by the brand's id."""
    found: dict[int, Selection] = {}
    missing: NotFoundError | None = None
    for brand in brands:
        try:
            found[brand.id] = select_scope(session, brand, scope)
        except NotFoundError as error:
            missing = missing or error
    if missing is not None and not found:
        raise missing
    return found


@dataclass(frozen=True, slots=True)
class _Places:
    """Sources of a brand that a scope names; `alone` says that there are mentions of it at no other."""

    ids: tuple[int, ...]
    names: frozenset[str]
    alone: bool


def _places(session: Session, selections: Mapping[int, Selection]) -> dict[int, _Places]:
    sources = {source.id: source for source in session.scalars(select(Source))}
    spoken = select(MentionRollup.brand_id, MentionRollup.source_id).distinct()
    known: dict[int, set[int]] = {}
    for brand_id, source in session.execute(spoken.where(MentionRollup.brand_id.in_(selections))):
        if sources[source].kind != SURVEY:
            known.setdefault(brand_id, set()).add(source)
    return {
        brand_id: _Places(ids, frozenset(sources[each].name for each in ids), known.get(brand_id, set()) <= set(ids))
        for brand_id, selection in selections.items()
        for ids in [selection.source_ids or ()]
    }


def _is_within(alert: Alert, entry: AlertEntry, scope: Scope, places: _Places | None) -> bool:
    """Tell whether an alert is about the scope's dimension, touchpoint and source, or comes from them."""
    driven = {(driver.kind, driver.name) for driver in entry.drivers}
    return (
        (scope.dimension is None or scope.dimension in {each.dimension for each in entry.figures})
        and (
            scope.touchpoint is None
            or ("touchpoint", scope.touchpoint) in driven
            or (alert.kind, alert.subject) == ("target", f"touchpoint:{scope.touchpoint}")
        )
        and (places is None or _is_from(alert, entry, places))
    )


def _is_from(alert: Alert, entry: AlertEntry, places: _Places) -> bool:
    """Tell whether an alert is about a source, was driven by it, or, where none drove it, is quoted from it."""
    if alert.kind == "stale":
        return alert.subject in {f"source:{number}" for number in places.ids}
    driven = {driver.name for driver in entry.drivers if driver.kind == "source"}
    said = driven or {quote.source for quote in entry.quotes}
    return places.alone or not said.isdisjoint(places.names)


def _heard(session: Session, scope: Scope, kept: Sequence[tuple[Alert, AlertEntry]]) -> list[AlertEntry]:
    """Return the alerts with the quotes that fulfil language, query and attribute, those left out that have none."""
    # The alert says which days, source and sentences it is about; what is left to ask is asked of the mention.
    asked = Scope(language=scope.language, query=scope.query, attribute=scope.attribute)
    if asked == Scope():
        return [entry for _, entry in kept]
    quoted: defaultdict[int, set[int]] = defaultdict(set)
    for alert, entry in kept:
        quoted[alert.brand_id] |= {quote.mention_id for quote in entry.quotes}
    wanted: set[int] = set()
    for brand_id, ids in quoted.items():
        selection = select_scope(session, session.get_one(Brand, brand_id), asked)
        wanted |= set(session.scalars(select(Mention.id).where(Mention.id.in_(ids), *selection.mentions(probing=True))))
    entries = [
        replace(entry, quotes=tuple(quote for quote in entry.quotes if quote.mention_id in wanted))
        for _, entry in kept
    ]  # fmt: skip
    return [entry for entry in entries if entry.quotes]


def _entries(session: Session, found: Sequence[tuple[Alert, Brand]]) -> list[AlertEntry]:
    told: dict[int, dict[str, str]] = {}
    numbers = [alert.id for alert, _ in found]
    for each in session.scalars(select(AlertDelivery).where(AlertDelivery.alert_id.in_(numbers))):
        told.setdefault(each.alert_id, {})[each.channel] = "unknown" if each.state == "sending" else each.state
    places = [place for alert, _ in found for place in alert.cause.get("quotes", ())]
    quotes = _quotes(session, places)
    in_charge = {brand.id: owners(session, brand) for _, brand in found}
    return [_entry(alert, brand, in_charge[brand.id], quotes, told.get(alert.id, {})) for alert, brand in found]


def _entry(
    alert: Alert, brand: Brand, in_charge: Mapping[str | None, str], quotes: Mapping[tuple[int, str, int], Quote],
    told: dict[str, str],
) -> AlertEntry:  # fmt: skip
    cause = alert.cause
    figures = tuple(_figures(alert.kind, facts) for facts in alert.findings)
    dimension = figures[0].dimension if figures else None
    keys = [(place["mention_id"], place["field"], place["start"]) for place in cause.get("quotes", ())]
    return AlertEntry(
        id=alert.id,
        brand=brand.name,
        kind=alert.kind,
        state=alert.state,
        since=alert.since,
        until=alert.until,
        snoozed_until=alert.snoozed_until,
        owner=in_charge.get(dimension, in_charge.get(None)),
        text=cause.get("text"),
        figures=figures,
        drivers=tuple(Driver(**driver) for driver in cause.get("drivers", ())),
        themes=tuple(cause.get("themes", ())),
        quotes=tuple(quotes[key] for key in keys if key in quotes),
        delivered=dict(sorted(told.items())),
    )


def _figures(kind: str, facts: Mapping[str, Any]) -> AlertFigures:
    since, day = (date.fromisoformat(facts[name]) if facts.get(name) else None for name in ("since", "day"))
    rest = {name: facts.get(name) for name in ("measure", "dimension", "window", "observed", "expected")}
    p, q = (None if facts.get(name) is None else Chance(facts[name]) for name in ("p", "q"))
    return AlertFigures(kind=facts.get("kind", kind), since=since, day=day, p=p, q=q, **rest)


def _quotes(session: Session, places: Sequence[Mapping[str, Any]]) -> dict[tuple[int, str, int], Quote]:
    """Return the quotes whose sentence still stands where it stood, by mention, field and start."""
    wanted = {(place["mention_id"], place["field"], place["start"]): place for place in places}
    if not wanted:
        return {}
    rows = session.execute(
        select(Opinion.field, Opinion.start, Opinion.end, Mention, Source.name)
        .join(Mention, Mention.id == Opinion.mention_id)
        .join(Source, Source.id == Mention.source_id)
        .where(
            tuple_(Opinion.mention_id, Opinion.field, Opinion.start).in_(list(wanted)), Mention.vanished.is_(None)
        )
    )  # fmt: skip
    found = {}
    for field, start, end, mention, source in rows:
        key = (mention.id, field, start)
        if wanted[key]["end"] != end:
            continue
        whole = mention.title if field == "title" else mention.text
        found[key] = Quote(
            (whole or "")[start:end], mention.id, start, end, source, mention.url, mention.published,
            wanted[key]["score"], field, mention.language, mention.rating,
        )  # fmt: skip
    return found
