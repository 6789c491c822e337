"""Alerts: what was found, how far each brand is judged, what was told on which channel."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from overheard.errors import NotFoundError, UsageError
from overheard.store.tables import Base, Id, UtcDateTime

KINDS = ("spike", "drop", "theme", "stale", "target", "sla")
LIVE = ("open", "acked", "snoozed")
"""States of what is not over."""


class Alert(Base):
    """Something at a brand that a person should know, from `since` until `until`, the last day that it was seen.

    `kind` and `subject` say what: the leading cell of a spike or a drop (`pain:speed`), else what is broken
    (`source:3`). With brand and `since` they tell one episode from the next. `findings` are what was found in each
    cell, the least likely first; `cause` holds where it came from, with the places of quotes, whose texts stay in their
    mentions. `state` is `open`, `acked`, `snoozed` (until `snoozed_until`), or `resolved`: over.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("brand_id", "kind", "subject", "since"),
        Index(None, "state", "brand_id"),
        CheckConstraint("kind IN ('spike', 'drop', 'theme', 'stale', 'target', 'sla')", name="kind"),
        CheckConstraint("state IN ('open', 'acked', 'snoozed', 'resolved')", name="state"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id", ondelete="CASCADE"))
    model_version_id: Mapped[int | None] = mapped_column(ForeignKey("model_versions.id"))
    kind: Mapped[str] = mapped_column(String(10))
    subject: Mapped[str] = mapped_column(String(200))
    since: Mapped[date] = mapped_column(Date)
    until: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(10), default="open")
    snoozed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    findings: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    cause: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class AlertDelivery(Base):
    """An alert was told on a channel.

    `state` is `sending` from before the message leaves until it is known to be `sent` or to have `failed`. One that
    stays `sending`, after a kill, may have arrived: it is not sent again. What failed is, the next night.
    """

    __tablename__ = "alert_deliveries"
    __table_args__ = (CheckConstraint("state IN ('sending', 'sent', 'failed')", name="state"),)

    alert_id: Mapped[int] = mapped_column(ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class AlertNight(Base):
    """The last day that was judged of a brand, and the version whose counts it was judged by.

    `paused` says why later days are not judged yet, null where they are.
    """

    __tablename__ = "alert_nights"

    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id", ondelete="CASCADE"), primary_key=True)
    model_version_id: Mapped[int] = mapped_column(ForeignKey("model_versions.id"))
    day: Mapped[date] = mapped_column(Date)
    paused: Mapped[str | None] = mapped_column(Text)


def live_alerts(session: Session, brand_id: int, kinds: Collection[str]) -> list[Alert]:
    """Return the alerts of these kinds that are not over, the oldest first."""
    wanted = select(Alert).where(Alert.brand_id == brand_id, Alert.state.in_(LIVE), Alert.kind.in_(kinds))
    return list(session.scalars(wanted.order_by(Alert.id)))


def known_alert(session: Session, brand_id: int, kind: str, subject: str, since: date) -> Alert | None:
    """Return the alert of a brand with this kind, subject and begin, be it over or not; None where there is none."""
    same = (Alert.kind == kind, Alert.subject == subject[:200], Alert.since == since)
    return session.scalar(select(Alert).where(Alert.brand_id == brand_id, *same))


def add_alert(
    session: Session, brand_id: int, kind: str, subject: str, since: date, until: date, now: datetime, *,
    version: int | None, findings: Sequence[Mapping[str, Any]], cause: Mapping[str, Any],
) -> Alert:  # fmt: skip
    """Store a new alert; one that is known (see `known_alert`) is brought up to date, and open again if it was over."""
    alert = known_alert(session, brand_id, kind, subject, since)
    if alert is not None and alert.state == "resolved":
        alert.state = "open"
    if alert is None:
        alert = Alert(
            brand_id=brand_id, kind=kind, subject=subject[:200], since=since, until=until, state="open", created_at=now,
            model_version_id=version, findings=[], cause={}, changed_at=now,
        )  # fmt: skip
        session.add(alert)
    extend_alert(alert, until, now, findings=findings, cause=cause)
    session.flush()
    return alert


def extend_alert(
    alert: Alert, until: date, now: datetime, *, findings: Sequence[Mapping[str, Any]], cause: Mapping[str, Any]
) -> None:
    """Say that an alert lasts, and what is known of it now."""
    alert.until, alert.changed_at = max(alert.until, until), now
    alert.findings, alert.cause = [dict(each) for each in findings], dict(cause)


def resolve(alert: Alert, now: datetime) -> None:
    """Say that it is over."""
    alert.state, alert.snoozed_until, alert.changed_at = "resolved", None, now


def find_alert(session: Session, number: int) -> Alert:
    """Return an alert by its number; raises NotFoundError."""
    alert = session.get(Alert, number)
    if alert is None:
        raise NotFoundError(f"no alert {number}; see `overheard alerts --all`")
    return alert


def set_state(session: Session, number: int, state: str, until: datetime | None, now: datetime) -> None:
    """Say that an alert is `acked`, or `snoozed` until a moment; raises UsageError for one that is over."""
    alert = find_alert(session, number)
    if alert.state == "resolved":
        raise UsageError(f"alert {number} is over since {alert.until}; there is nothing to do")
    alert.state, alert.snoozed_until, alert.changed_at = state, until, now


def wake(session: Session, now: datetime) -> None:
    """Open the alerts whose snooze is over."""
    slept = (Alert.state == "snoozed") & (Alert.snoozed_until <= now)
    session.execute(update(Alert).where(slept).values(state="open", snoozed_until=None, changed_at=now))


def undelivered(session: Session, channel: str) -> list[Alert]:
    """Return the open alerts that were not told on a channel, nor may have been, the oldest first."""
    told = select(AlertDelivery.alert_id).where(AlertDelivery.channel == channel, AlertDelivery.state != "failed")
    wanted = select(Alert).where(Alert.state == "open", Alert.id.not_in(told))
    return list(session.scalars(wanted.order_by(Alert.id)))


def set_delivery(session: Session, alert_id: int, channel: str, state: str, reason: str | None = None) -> None:
    """Write down how far a delivery is."""
    session.merge(AlertDelivery(alert_id=alert_id, channel=channel, state=state, reason=reason, at=datetime.now(UTC)))
