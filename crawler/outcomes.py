"""How a crawl ends, and what is reported of it.

ok               every page was read, or reading stopped where it was meant to (watermark, --limit, --since)
empty            the pages answered and hold no usable mention, and never did
blocked          robots.txt, a log-in wall, a challenge or a refusal: we do not work around it
layout_changed   the pages answer, and no longer hold what they held: a parser or a target needs a person
failed           the network or the server failed, or something of ours did
interrupted      a person or a killed process stopped it; the next crawl reads it again
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from overheard.errors import CrawlError

Outcome = Literal["ok", "empty", "blocked", "layout_changed", "failed", "interrupted"]

WORST_FIRST: tuple[Outcome, ...] = ("interrupted", "blocked", "failed", "layout_changed", "empty", "ok")
"""Where the pages of one crawl end differently, the first of these is the outcome of the crawl."""


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
    """What one crawl of one source did; `reason` says in one line why an outcome is not `ok`, or what cut it short."""

    source_id: int
    outcome: Outcome
    reason: str | None = None
    pages: int = 0
    items: int = 0
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
