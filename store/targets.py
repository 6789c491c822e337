"""Targets: what a brand wants to reach, and who answers for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Select, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from overheard.errors import NotFoundError, UsageError
from overheard.store.brands import on_one_line
from overheard.store.tables import Base, Brand, Id, UtcDateTime


@dataclass(frozen=True, slots=True)
class Measure:
    """What a target may be set for: `named` says that it is for one dimension, touchpoint or pillar.

    A value lies from `least` to `most`, in `unit`; `at_most` says that less is better.
    """

    named: bool
    least: float
    most: float
    unit: str
    at_most: bool = False


MEASURES = {
    "net": Measure(False, -100, 100, "points"),
    "dimension": Measure(True, -100, 100, "points"),
    "touchpoint": Measure(True, -100, 100, "points"),
    "index": Measure(True, 0, 100, "points"),
    "stars": Measure(False, 1, 5, "stars"),
    "reply_rate": Measure(False, 0, 100, "percent"),
    "reply_time": Measure(False, 1, 366 * 86_400, "seconds", at_most=True),
}
"""Everything that a target may be set for, in the order in which targets are listed."""


class Target(Base):
    """One target of a brand; `value` is in the unit of its measure (see `MEASURES`), `name` empty where none is."""

    __tablename__ = "targets"
    __table_args__ = (
        UniqueConstraint("brand_id", "measure", "name"),
        CheckConstraint(
            "measure IN ('net', 'dimension', 'touchpoint', 'index', 'stars', 'reply_rate', 'reply_time')",
            name="measure",
        ),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    brand_id: Mapped[int] = mapped_column(ForeignKey("brands.id", ondelete="CASCADE"))
    measure: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(50))
    value: Mapped[float]
    owner: Mapped[str] = mapped_column(String(100))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)


def set_target(
    session: Session, brand: Brand, measure: str, name: str, value: float, owner: str, now: datetime
) -> Target:
    """Set a target, in place of the one that there is; the taxonomy's names are the caller's to check.

    Raises UsageError for an unknown measure, a value outside of its range and a target without an owner.
    """
    kind = MEASURES.get(measure)
    if kind is None:
        raise UsageError(f"no measure {measure!r}; expected one of {', '.join(MEASURES)}")
    if kind.named != bool(name):
        raise UsageError(f"measure {measure!r} with name {name!r}: expected {'a' if kind.named else 'no'} name")
    if not kind.least <= value <= kind.most:
        raise UsageError(
            f"target {value:g} for {' '.join(filter(None, (measure, name)))}: expected {kind.least:g} to "
            f"{kind.most:g} {kind.unit}"
        )
    owner = on_one_line(owner, "owner", 100, least=1)
    found = session.scalar(_of(brand).where(Target.measure == measure, Target.name == name))
    if found is None:
        found = Target(brand_id=brand.id, measure=measure, name=name)
        session.add(found)
    found.value, found.owner, found.set_at = value, owner, now
    session.flush()
    return found


def list_targets(session: Session, brand: Brand) -> Sequence[Target]:
    """Return the targets of a brand, in the order of `MEASURES`, then by name."""
    order = list(MEASURES)
    return sorted(session.scalars(_of(brand)), key=lambda target: (order.index(target.measure), target.name))


def remove_target(session: Session, brand: Brand, measure: str, name: str) -> None:
    """Remove a target; raises NotFoundError naming those that there are."""
    found = session.scalar(_of(brand).where(Target.measure == measure, Target.name == name))
    if found is None:
        known = ", ".join(" ".join(filter(None, (each.measure, each.name))) for each in list_targets(session, brand))
        asked = " ".join(filter(None, (measure, name)))
        raise NotFoundError(f"{brand.name!r} has no target for {asked}; it has {known or 'none'}")
    session.delete(found)
    session.flush()


def _of(brand: Brand) -> Select[Target]:
    return select(Target).where(Target.brand_id == brand.id)
