"""The alerts of a store as they were found: what, since when, how unusual, who answers for it, why, in whose words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from overheard.errors import UsageError
from overheard.insight.causes import Driver, owners
from overheard.insight.quotes import Quote
from overheard.insight.scope import Scope, select_scope
from overheard.insight.statistics import Chance
from overheard.store.alerts import LIVE, Alert, AlertDelivery, AlertNight
from overheard.store.tables import Brand, Mention, Opinion, Source


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

    `scope` keeps those of its period, dimension, touchpoint and source. Raises UsageError for what alerts are not split
    by: language, query and attribute.
    """
    given = {"--lang": scope.language, "--query": scope.query, "--by": scope.attribute}
    for name, value in given.items():
        if value is not None:
            raise UsageError(f"alerts are found over what is said in any language and words; leave {name} out")
    wanted = select(Alert, Brand).join(Brand, Brand.id == Alert.brand_id)
    nights = select(AlertNight, Brand.name).join(Brand, Brand.id == AlertNight.brand_id)
    if brand is not None:
        select_scope(session, brand, scope)
        wanted, nights = wanted.where(Brand.id == brand.id), nights.where(Brand.id == brand.id)
    if not history:
        wanted = wanted.where(Alert.state == "open")
    if scope.since is not None:
        wanted = wanted.where(Alert.until >= scope.since)
    if scope.until is not None:
        wanted = wanted.where(Alert.since <= scope.until)
    found = session.execute(wanted.order_by(Alert.until.desc(), Alert.id.desc())).all()
    entries, judged = _entries(session, found), session.execute(nights.order_by(Brand.key)).all()
    rank = {state: number for number, state in enumerate((*LIVE, "resolved"))}
    return Alerts(
        brand=brand.name if brand else None,
        scope=scope,
        history=history,
        alerts=tuple(sorted((each for each in entries if _is_within(each, scope)), key=lambda one: rank[one.state])),
        judged={name: night.day for night, name in judged},
        paused={name: night.paused for night, name in judged if night.paused is not None},
    )


def describe(session: Session, alerts: Iterable[Alert]) -> list[AlertEntry]:
    """Return alerts with all that is shown of them."""
    return _entries(session, [(alert, session.get_one(Brand, alert.brand_id)) for alert in alerts])


def _is_within(entry: AlertEntry, scope: Scope) -> bool:
    driven = {(driver.kind, driver.name) for driver in entry.drivers}
    return (
        (scope.dimension is None or scope.dimension in {each.dimension for each in entry.figures})
        and (scope.touchpoint is None or ("touchpoint", scope.touchpoint) in driven)
        and (scope.source is None or ("source", scope.source) in driven)
    )


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
