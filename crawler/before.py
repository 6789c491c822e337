"""What a source held before a crawl, and what is told from it: that it has lost most of that, or has fallen silent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

LEAST_TO_JUDGE = 10
"""Mentions under which neither a drop nor a rhythm can be told from chance."""

CONFIRMED = 2
"""Crawls in a row that ended as a drop, after which a third that finds as few is believed."""

STALE_GAPS, STALE_AT_LEAST = 10, timedelta(days=7)
"""A source is stale after ten of its mean gaps (where mentions come independently, the chance of that is e^-10), and
after a week at the least, for many are silent over a weekend or a holiday."""

RECENT = 50
"""Mentions that tell the rhythm of a source."""


@dataclass(frozen=True, slots=True)
class Before:
    """What the store knows of the source before a crawl.

    `mentions` is how many it holds; `items` the median of what the last crawls found that saw all, None without any;
    `claimed` what the service said last; `dropped` and `dropped_claims` what crawls since found of either that ended as
    a drop, the last one first; `recent` are the publication times of the newest mentions.
    """

    mentions: int = 0
    items: int | None = None
    claimed: int | None = None
    dropped: tuple[int, ...] = ()
    dropped_claims: tuple[int, ...] = ()
    recent: tuple[datetime, ...] = ()

    @property
    def tells_rhythm(self) -> bool:
        """Whether the store holds enough to tell how often something comes."""
        return len(self.recent) >= LEAST_TO_JUDGE


def drop_since(before: Before, found: int | None, claimed: int | None, sweep: bool) -> tuple[str | None, bool]:
    """Say that the source shows, or says that it has, less than half of what it did, and whether that is believed.

    It is where `CONFIRMED` crawls in a row have found as few, or a person sweeps after one that did. `found` is what a
    crawl saw that saw all, `claimed` what the service says; None for what is not known.
    """
    drops = []
    if found is not None and _is_half(found, before.items):
        drops.append((found, before.dropped, f"{found} mentions where crawls before found {before.items}"))
    if claimed is not None and _is_half(claimed, before.claimed):
        said = f"the service counts {claimed} where it counted {before.claimed} before"
        drops.append((claimed, before.dropped_claims, said))
    if sweep:
        told = (*before.dropped, *before.dropped_claims)
        believed = all(any(_alike(now, then) for then in told) for now, _, _ in drops)
    else:
        believed = all(sum(_alike(now, then) for then in last[:CONFIRMED]) == CONFIRMED for now, last, _ in drops)
    return ", ".join(said for _, _, said in drops) or None, believed


def _is_half(now: int, before: int | None) -> bool:
    return before is not None and LEAST_TO_JUDGE <= before > 2 * now


def _alike(one: int, other: int) -> bool:
    """Say whether two counts are of one level: neither is a drop from the other."""
    return not _is_half(min(one, other), max(one, other))


def stale_since(before: Before, read: Sequence[datetime], now: datetime) -> str | None:
    """Say that nothing new has come for longer than the rhythm of the source explains.

    The store tells the rhythm, or where it holds too few to do so, as before a first crawl, the publication times of
    what was `read`, the newest first.
    """
    recent = before.recent if before.tells_rhythm else read
    if len(recent) < LEAST_TO_JUDGE:
        return None
    newest = max([*recent, *read[:1]])
    gap = (max(recent) - min(recent)) / (len(recent) - 1)
    silence = now - newest
    if silence <= max(STALE_GAPS * gap, STALE_AT_LEAST):
        return None
    rhythm = f"{gap.total_seconds() / 86_400:.1f} days"
    return f"nothing new since {newest:%Y-%m-%d}, {silence.days} days, where something came every {rhythm}"
