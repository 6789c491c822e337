"""One walk over the pages of one source: where to go next, what to keep, when to stop, how it ended.

Knows neither the network nor the store, so that every rule of stopping is tested without them. The rule behind all
of them: the watermark may only advance when nothing that is newer than the old one has been left out.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from w3lib.url import canonicalize_url

from overheard.crawler.outcomes import WORST_FIRST, Outcome, PageError
from overheard.crawler.page import Page
from overheard.intake.item import Item


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds a walk: the publication times are aware, None stands for no bound."""

    watermark: datetime | None = None
    since: datetime | None = None
    limit: int | None = None
    max_pages: int = 1000


@dataclass(frozen=True, slots=True)
class Step:
    """A page to fetch; `origin` is the first page of its listing, `listed` says that another listing named that."""

    url: str
    origin: str
    listed: bool = False

    @property
    def first(self) -> bool:
        """Whether this is the first page of its listing."""
        return self.url == self.origin


class Walk:
    """The state of one crawl of one source.

    `newest` is the publication time of the newest item taken; `cut` is why something newer than the watermark was
    left out, None where nothing was; `dropped` says that an item was left out, however old; `claimed` is how many
    mentions the service says there are; `note` is what a person may want to know of a good end.
    """

    def __init__(self, limits: Limits, *, newest_first: bool, started: datetime) -> None:
        self.pages = 0
        self.found = 0
        self.rejected: Counter[str] = Counter()
        self.claimed: int | None = None
        self.newest: datetime | None = None
        self.cut: str | None = None
        self.note: str | None = None
        self.dropped = False
        self._limits = limits
        self._newest_first = newest_first
        self._started = started
        self._asked = 0
        self._taken = 0
        self._queue: deque[Step] = deque()
        self._visited: set[str] = set()
        self._seen: Counter[object] = Counter()
        self._endings: list[tuple[Outcome, str]] = []

    def start(self, urls: Iterable[str]) -> None:
        """Plan the first pages of the source's listings."""
        for url in urls:
            self._plan(Step(url, url))

    def next(self) -> Step | None:
        """Return the page to fetch now, None when the walk is over."""
        if not self._queue or any(outcome in ("blocked", "interrupted") for outcome, _ in self._endings):
            return None
        if self._asked >= self._limits.max_pages:
            self._cut_short(f"stopped after {self._asked} pages (crawl.max_pages)")
            return None
        if self._limits.limit is not None and self._taken >= self._limits.limit:
            self._cut_short(f"stopped at the limit of {self._limits.limit} items")
            return None
        self._asked += 1
        return self._queue.popleft()

    def take(self, step: Step, page: Page) -> list[Item]:
        """Return the items of a page that are to be stored, and plan where to go from here.

        Raises PageError where the page only repeats earlier ones.
        """
        self.pages += 1
        fresh = self._unseen(page.items)
        self.rejected.update(page.rejected)
        self.claimed = max(filter(None, [self.claimed, page.claimed]), default=None)
        if page.items and not fresh and not step.first:
            raise PageError("layout_changed", "it only repeats earlier pages: the paging goes in circles")
        self.found += len(page.items)
        kept = self._within(fresh)
        self._taken += len(kept)
        dates = [item.published for item in kept if item.published]
        # A date in the future is a mistake of the source's: it must not hide what comes tomorrow.
        self.newest = max([*filter(None, [self.newest]), *(min(date, self._started) for date in dates)], default=None)
        self._go_on(step, page)
        return kept

    def end(self, outcome: Outcome, reason: str) -> None:
        """Note that a page, and its listing with it, ended badly."""
        self._endings.append((outcome, reason))

    def leave_out(self, reason: str) -> None:
        """Note that a page was left out on purpose: the crawl is no failure, and not complete."""
        self._cut_short(reason)

    def verdict(self, *, had_before: int, form_is_sure: bool) -> tuple[Outcome, str | None]:
        """Return how the crawl ended, and why.

        `had_before` is how many mentions the source has in the store. Where the form of a page is sure (a feed that
        says it is empty), none is `empty`, else none after some is `layout_changed`.
        """
        for outcome in WORST_FIRST:
            if reasons := [reason for ending, reason in self._endings if ending == outcome]:
                more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
                return outcome, reasons[0] + more
        if self.found or not self.pages:
            return "ok", self.cut or self.note
        where = "the page" if self.pages == 1 else f"{self.pages} pages"
        refused = "".join(f"; {count} × {reason}" for reason, count in self.rejected.items())
        if had_before and not form_is_sure:
            return "layout_changed", f"no mentions on {where} where there were {had_before} before{refused}"
        return "empty", f"no mentions on {where}{refused}"

    def _plan(self, step: Step, *, now: bool = False) -> None:
        key = canonicalize_url(step.url)
        if key not in self._visited:
            self._visited.add(key)
            if now:
                self._queue.appendleft(step)
            else:
                self._queue.append(step)

    def _unseen(self, items: Sequence[Item]) -> list[Item]:
        """Leave out what earlier pages held: listings shift while they are read, and some repeat their top ones.

        What one page holds twice is two mentions; what two pages hold is one.
        """
        held: Counter[object] = Counter()
        fresh = []
        for item in items:
            key = item.external_id or (item.title, item.text, item.author, item.published, item.rating_given)
            held[key] += 1
            if held[key] > self._seen[key] and not (item.external_id and held[key] > 1):
                fresh.append(item)
        self._seen |= held
        return fresh

    def _within(self, items: Sequence[Item]) -> list[Item]:
        since, limit = self._limits.since, self._limits.limit
        kept: list[Item] = []
        for item in items:
            if since and item.published and item.published < since:
                self._drop(item, f"stopped at {since:%Y-%m-%d} (--since)")
            elif limit is not None and self._taken + len(kept) >= limit:
                self._drop(item, f"stopped at the limit of {limit} items")
            else:
                kept.append(item)
        return kept

    def _drop(self, item: Item, reason: str) -> None:
        self.dropped = True
        watermark = self._limits.watermark
        if watermark is None or item.published is None or item.published >= watermark:
            self._cut_short(reason)

    def _go_on(self, step: Step, page: Page) -> None:
        if self._newest_first and _reaches(page.items, self._limits.watermark):
            return
        if page.next and self._newest_first and _reaches(page.items, self._limits.since):
            self._cut_short(f"stopped at {self._limits.since:%Y-%m-%d} (--since)")
            return
        for url in reversed(page.next):
            self._plan(replace(step, url=url), now=True)
        if not page.items and not step.listed:
            for url in page.listed:
                self._plan(Step(url, url, listed=True))

    def _cut_short(self, reason: str) -> None:
        self.cut = self.cut or reason


def _reaches(items: Sequence[Item], moment: datetime | None) -> bool:
    """Say whether nothing as new as the moment can follow a page: one that shares the moment may be unseen.

    A page whose items stand in order is judged by its last one; else, as where an old one is pinned, all must be older.
    """
    dates = [item.published for item in items if item.published]
    if moment is None or not dates or len(dates) < len(items):
        return False
    return max(dates) < moment or (dates[-1] < moment and dates == sorted(dates, reverse=True))
