"""What is unusual is found and remembered: the nights of every brand that were not judged yet, what is broken today.

A night of a brand is one transaction: its alerts and that it was judged are written together, so judging again, or
after a kill, adds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from overheard import taxonomy
from overheard.insight.anomalies import HISTORY, NEEDED, Cell, judge
from overheard.insight.causes import (
    Breach,
    broken_promises,
    explain,
    explain_breach,
    missed_targets,
    new_themes,
    stale_sources,
)
from overheard.insight.episodes import QUIET, Episode, Finding, findings, group
from overheard.insight.history import days_of, read_history
from overheard.settings import InboxSettings
from overheard.store.alerts import (
    Alert,
    AlertNight,
    add_alert,
    extend_alert,
    known_alert,
    live_alerts,
    resolve,
    wake,
)
from overheard.store.brands import IMPORT
from overheard.store.database import Store
from overheard.store.tables import Brand, Classification, Mention, MentionBrand, MentionRollup, Source, StaleCell

FIRST, LONGEST = 30, 90
"""Nights that are judged of a brand when it is judged for the first time, and at most when nights were missed."""

UNUSUAL = ("spike", "drop")
"""Kinds of alerts that are found in counts; the others are breaches."""

MOMENT = 14
"""Days in which every mention must have been read by the version that answers, or the brand waits."""


def watch(store: Store, waits: InboxSettings, now: datetime) -> int:
    """Judge every brand up to yesterday (UTC), and what is broken now; return how many alerts are new.

    `waits` says how long a complaint may wait for a reply.
    """
    with store.reading() as session:
        brands = session.scalars(select(Brand.id).order_by(Brand.id)).all()
    new = 0
    for brand_id in brands:
        with store.session() as session:
            wake(session, now)
            brand = session.get_one(Brand, brand_id)
            new += len(_judge(session, brand, now))
            new += len(note_breaches(session, brand, "stale", stale_sources(session, brand), now))
            new += len(note_breaches(session, brand, "theme", new_themes(session, brand, now.date()), now))
            new += len(note_breaches(session, brand, "target", missed_targets(session, brand, now.date()), now))
            new += len(note_breaches(session, brand, "sla", broken_promises(session, brand, waits, now), now))
    return new


def note_breaches(
    session: Session, brand: Brand, kind: str, breaches: Sequence[Breach], now: datetime
) -> list[Alert]:  # fmt: skip
    """Bring the alerts of one kind in line with all breaches that there are now; return the new ones.

    A breach that has an alert extends it, one that has none makes one, an alert without its breach is over. A breach
    that comes back with the begin that it had opens its alert again, which is not new.
    """
    today = now.date()
    live = {alert.subject: alert for alert in live_alerts(session, brand.id, (kind,))}
    new = []
    for breach in breaches:
        facts = [{"observed": breach.observed, "expected": breach.expected, "dimension": breach.dimension}]
        alert = live.pop(breach.subject, None)
        if alert is not None:
            extend_alert(alert, today, now, findings=facts, cause={**alert.cause, "text": breach.text})
            continue
        is_new = known_alert(session, brand.id, kind, breach.subject, breach.since) is None
        alert = add_alert(
            session, brand.id, kind, breach.subject, breach.since, today, now, version=brand.model_version_id,
            findings=facts, cause=explain_breach(session, brand, breach),
        )  # fmt: skip
        new += [alert] if is_new else []
    for alert in live.values():
        resolve(alert, now)
    return new


def _judge(session: Session, brand: Brand, now: datetime) -> list[Alert]:
    """Judge the nights of a brand that are not judged yet; return the new alerts."""
    if brand.model_version_id is None:
        return []
    days = days_of(session, brand)
    if days is None:
        return []
    first, newest = days
    yesterday = now.date() - timedelta(days=1)
    # Nothing comes by itself where files alone bring mentions: what they do not reach is unknown, not silent.
    last = yesterday if _is_crawled(session, brand) else min(yesterday, newest)
    if last < first + timedelta(days=NEEDED):
        return []
    night = _night(session, brand, last, now)
    begin = max(night.day + timedelta(days=1), last - timedelta(days=LONGEST - 1), first + timedelta(days=NEEDED))
    if begin > last:
        return []
    night.paused = _pause(session, brand, begin, last)
    if night.paused:
        return []
    new = _find(session, brand, max(first, begin - timedelta(days=HISTORY)), begin, last, now)
    night.day = last
    return new


def _night(session: Session, brand: Brand, last: date, now: datetime) -> AlertNight:
    """Return how far a brand is judged; counts of another version are no measure of what this one finds."""
    assert brand.model_version_id is not None
    night = session.get(AlertNight, brand.id)
    if night is None:
        start = last - timedelta(days=FIRST)
        night = AlertNight(brand_id=brand.id, model_version_id=brand.model_version_id, day=start)
        session.add(night)
    elif night.model_version_id != brand.model_version_id:
        for alert in live_alerts(session, brand.id, UNUSUAL):
            resolve(alert, now)
        night.model_version_id = brand.model_version_id
    return night


def _is_crawled(session: Session, brand: Brand) -> bool:
    live = exists().where(Source.brand_id == brand.id, Source.kind != IMPORT, ~Source.paused)
    return bool(session.scalar(select(live)))


def _pause(session: Session, brand: Brand, begin: date, last: date) -> str | None:
    """Return why a brand cannot be judged now: its counts are not those of one version, or not up to date."""
    since = begin - timedelta(days=HISTORY)
    stale = exists().where(StaleCell.brand_id == brand.id, StaleCell.day.between(since, last))
    if session.scalar(select(stale)):
        return "its counts are not up to date; run `overheard classify`"
    read = exists().where(
        Classification.mention_id == Mention.id, Classification.model_version_id == brand.model_version_id
    )
    spoken = exists().where(
        MentionBrand.mention_id == Mention.id, MentionBrand.brand_id == brand.id, ~MentionBrand.rejected
    )
    lately = Mention.day.between(begin - timedelta(days=MOMENT), last)
    # By source and day, which an index knows.
    sources = select(MentionRollup.source_id).where(MentionRollup.brand_id == brand.id).distinct()
    unread = select(Mention.id).where(Mention.source_id.in_(session.scalars(sources).all()))
    if session.scalar(unread.where(lately, spoken, ~read).limit(1)) is not None:
        return "the version that answers has not read its latest mentions; run `overheard classify` to the end"
    return None


def _find(session: Session, brand: Brand, since: date, begin: date, last: date, now: datetime) -> list[Alert]:
    history = read_history(session, brand, [entry.name for entry in taxonomy.load().dimensions], since, last)
    ongoing = {id(episode): (episode, alert) for alert in live_alerts(session, brand.id, UNUSUAL)
               for episode in [episode_of(alert)]}  # fmt: skip
    new: list[Alert] = []
    episodes = [episode for episode, _ in ongoing.values()]
    touched: set[int] = set()
    for _, night in findings(judge(history), since, (begin - since).days):
        before = {id(episode): (episode.until, len(episode.findings)) for episode in episodes}
        episodes += group(episodes, night)
        touched |= {id(each) for each in episodes if before.get(id(each)) != (each.until, len(each.findings))}
    for episode in episodes:
        alert = ongoing[id(episode)][1] if id(episode) in ongoing else None
        if id(episode) in touched:
            alert, is_new = _write(session, brand, episode, alert, now)
            new += [alert] if is_new else []
        if alert is not None and alert.state != "resolved" and (last - alert.until).days > QUIET:
            resolve(alert, now)
    return new


def _write(
    session: Session, brand: Brand, episode: Episode, alert: Alert | None, now: datetime
) -> tuple[Alert, bool]:  # fmt: skip
    strongest = episode.strongest
    facts, cause = [_facts(finding) for finding in strongest], explain(session, brand, strongest)
    if alert is not None:
        extend_alert(alert, episode.until, now, findings=facts, cause=cause)
        return alert, False
    cell = strongest[0].cell
    subject = f"{cell.measure}:{cell.dimension or 'brand'}"
    is_new = known_alert(session, brand.id, cell.kind, subject, episode.since) is None
    added = add_alert(
        session, brand.id, cell.kind, subject, episode.since, episode.until, now, version=brand.model_version_id,
        findings=facts, cause=cause,
    )  # fmt: skip
    return added, is_new


def _facts(finding: Finding) -> dict[str, Any]:
    facts = asdict(finding)
    cell = facts.pop("cell")
    return {**dict(zip(Cell._fields, cell, strict=True)), **facts, "since": str(finding.since), "day": str(finding.day)}


def episode_of(alert: Alert) -> Episode:
    """Return the episode that an alert tells of."""
    episode = Episode(alert.since, alert.until)
    for facts in alert.findings:
        cell = Cell(*(facts[name] for name in Cell._fields))
        since, day = (date.fromisoformat(facts[name]) for name in ("since", "day"))
        rest = {name: facts[name] for name in ("window", "observed", "expected", "p", "q")}
        episode.findings[cell] = Finding(cell, since, day, **rest)
    return episode
