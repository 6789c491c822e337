"""What was counted of a brand day by day, from the rollups: what alerts are found in, and what drove one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from overheard.insight.anomalies import Counts, History
from overheard.insight.rollups import SENTIMENT, read_days
from overheard.insight.scope import Scope, select_scope
from overheard.store.tables import ANY, Brand, DimensionRollup, MentionRollup, SentimentRollup


def days_of(session: Session, brand: Brand) -> tuple[date, date] | None:
    """Return the first and the last day, up to today, on which something was said of the brand in public, or None."""
    return read_days(session, select_scope(session, brand, Scope(until=datetime.now(UTC).date())))


def read_history(
    session: Session, brand: Brand, dimensions: Sequence[str], since: date, until: date
) -> History:  # fmt: skip
    """Return the daily counts of a brand under the version that answers for it, both days included."""
    cells = select_scope(session, brand, Scope(since=since, until=until)).cells
    shape = (until - since).days + 1
    of_version = DimensionRollup.model_version_id == brand.model_version_id
    votes = session.execute(
        select(
            DimensionRollup.dimension, DimensionRollup.day, func.sum(DimensionRollup.pain),
            func.sum(DimensionRollup.praise),
        )
        .where(*cells(DimensionRollup), of_version, DimensionRollup.touchpoint == ANY)
        .group_by(DimensionRollup.dimension, DimensionRollup.day)
    )  # fmt: skip
    pain, praise = np.zeros((2, len(dimensions), shape))
    place = {name: number for number, name in enumerate(dimensions)}
    for name, day, pains, praises in votes:
        if name in place:
            pain[place[name], (day - since).days] = pains
            praise[place[name], (day - since).days] = praises
    sentiment = [
        *cells(SentimentRollup), SentimentRollup.model_version_id == brand.model_version_id,
        SentimentRollup.measure == SENTIMENT, SentimentRollup.touchpoint == ANY,
    ]  # fmt: skip
    return History(
        first=since,
        dimensions=tuple(dimensions),
        pain=pain,
        praise=praise,
        mentions=_daily(session, MentionRollup.mentions, MentionRollup.day, cells(MentionRollup), since, shape),
        negative=_daily(session, SentimentRollup.negative, SentimentRollup.day, sentiment, since, shape),
        positive=_daily(session, SentimentRollup.positive, SentimentRollup.day, sentiment, since, shape),
    )


def _daily(
    session: Session, count: Any, day: Any, where: Sequence[ColumnElement[bool]], since: date, shape: int
) -> Counts:  # fmt: skip
    counts = np.zeros(shape)
    for each, total in session.execute(select(day, func.sum(count)).where(*where).group_by(day)):
        counts[(each - since) // timedelta(days=1)] = total
    return counts
