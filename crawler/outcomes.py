"""How a crawl ends, and what is reported of it.

ok               every page was read, or reading stopped where it was meant to (watermark, --limit, --since)
empty            the pages answered and hold no usable mention, and never did
blocked          robots.txt, a log-in wall, a challenge or a refusal: we do not work around it
layout_changed   the pages answer, and no longer hold what they held: a parser or a target needs a person
loop             the paging goes in circles: what follows was read before
drop             the source shows, or says that it has, less than half of what it did: nothing is taken for vanished
stale            nothing new for longer than the rhythm of the source explains
failed           the network or the server failed, or something of ours did
interrupted      a person or a killed process stopped it; the next crawl reads it again
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from overheard.errors import CrawlError

Outcome = Literal["ok", "empty", "blocked", "layout_changed", "loop", "drop", "stale", "failed", "interrupted"]

WORST_FIRST: tuple[Outcome, ...] = (
    "interrupted", "blocked", "failed", "layout_changed", "loop", "drop", "stale", "empty", "ok",
)  # fmt: skip
"""Where the pages of one crawl end differently, the first of these is the outcome of the crawl."""


REMEDIES: Mapping[Outcome, str] = {
    "blocked": "what its owner lets you export can be read by `overheard import`",
    "failed": "try again later, and check the target",
    "layout_changed": "look at the page, and at what `overheard source try` finds there; `overheard source edit` gives "
    "it another target",
    "loop": "what stood before is stored; check the target, or report it where that is right",
    "drop": "nothing is taken for vanished; where the source did lose them, --sweep accepts it from now on, and so "
    "does the third crawl in a row that finds as few",
    "stale": "look whether the source has moved; where it is over, `overheard source pause` keeps what it held",
    "empty": "look at the page: where it shows some, try another target or kind with `overheard source try`",
}
"""What a person can do about an outcome, where its reason does not say so itself."""


def with_remedy(outcome: Outcome, reason: str) -> str:
    """Return the reason with a way out: its own, which stands behind a semicolon, or that of the outcome."""
    return f"{reason}; {REMEDIES[outcome]}" if outcome in REMEDIES and "; " not in reason else reason


class PageError(CrawlError):
    """A page that cannot be used; `outcome` is what it makes of the crawl, the message says why in one line."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class CrawlProgress:
    """Where a crawl stands after a page has been stored; the counts are those of the crawl so far."""

    source_id: int
    pages: int
    items: int
    added: int
    updated: int


@dataclass(frozen=True, slots=True)
class CrawlResult:
    """What one crawl of one source did; `reason` says in one line why an outcome is not `ok`, or what cut it short.

    `items` were stored: `added` new ones, `updated` edited ones, `unchanged` ones. `rejected` could not be used, of
    which `rejections` says how many for which reason; `gone` pages that a listing names are no more; `repeated` items
    stood on earlier pages of the crawl already. `claimed` is how many mentions the service itself says there
    are, `oldest` and `newest` are publication times of what was read.
    """

    source_id: int
    outcome: Outcome
    reason: str | None = None
    pages: int = 0
    items: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    rejections: Mapping[str, int] = field(default_factory=dict)
    gone: int = 0
    repeated: int = 0
    claimed: int | None = None
    oldest: datetime | None = None
    newest: datetime | None = None
