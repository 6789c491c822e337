"""One walk over the pages of one source: where to go next, what to keep, when to stop, how it ended.

Knows neither the network nor the store, so that every rule of stopping is tested without them. The rule behind all
of them: the watermark may only advance when nothing that is newer than the old one has been left out.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from heapq import nlargest
from typing import Any

from w3lib.url import canonicalize_url

from overheard.crawler.before import RECENT, Before, drop_since, stale_since
from overheard.crawler.outcomes import WORST_FIRST, Outcome, PageError, with_remedy
from overheard.crawler.page import OTHER_FORM, Page
from overheard.intake.item import Item


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds a walk: the publication times are aware, None stands for no bound.

    `sweep` says that a person wants all of it read anew.
    """

    watermark: datetime | None = None
    since: datetime | None = None
    limit: int | None = None
    max_pages: int = 1000
    sweep: bool = False

    @property
    def told(self) -> bool:
        """Whether the walk is told to stop early, so that it leaves nothing to the next."""
        return self.since is not None or self.limit is not None

    @property
    def onward(self) -> str:
        """What becomes of the pages that a walk leaves."""
        if self.told:
            return "the next crawl begins anew"
        return "the next crawl goes on from there" + (", a sweep begins anew" if self.sweep else "")


@dataclass(frozen=True, slots=True)
class Step:
    """A page to fetch; `origin` is the first page of its listing, `listed` says that another listing named that.

    `head` says that a crawl was cut off further down in this listing: what came since is read first.
    """

    url: str
    origin: str
    listed: bool = False
    head: bool = False

    @property
    def first(self) -> bool:
        """Whether this is the first page of its listing."""
        return self.url == self.origin


@dataclass(frozen=True, slots=True)
class Rest:
    """What a crawl that was cut off left to the next: pages to fetch, and how new its newest item was, by listing."""

    steps: tuple[Step, ...]
    newest: Mapping[str, datetime] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it as the store keeps it."""
        steps = [[step.url, step.origin, step.listed] for step in self.steps]
        return {"steps": steps, "newest": {origin: moment.isoformat() for origin, moment in self.newest.items()}}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Rest:
        """Read what `as_json` wrote."""
        newest = {origin: datetime.fromisoformat(moment) for origin, moment in kept["newest"].items()}
        return cls(tuple(Step(*step) for step in kept["steps"]), newest)


MOST_CLAIMED = 2**31 - 1
"""A higher number of mentions is none, and no database takes it."""

EVER = datetime.min.replace(tzinfo=UTC)
STOPPED = "stopped at"
"""How the reason of a crawl begins that was told to stop early, and did: it says little of how the source is."""


class Walk:
    """The state of one crawl of one source; with `rest`, it goes on where an earlier one was cut off.

    `oldest` and `newest` are publication times of items taken; `repeated` counts items that earlier pages held already;
    `gone` counts pages that a listing names and that are no more; `cut` is why something newer than the watermark was
    left out, None where nothing was; `dropped` says that an item was left out, however old; `note` is what a person
    may want to know of a good end, `hint` why there may be no mentions at all.
    """

    def __init__(self, limits: Limits, *, newest_first: bool, started: datetime, rest: Rest | None = None) -> None:
        self.pages = 0
        self.found = 0
        self.repeated = 0
        self.oldest: datetime | None = None
        self.rejected: Counter[str] = Counter()
        self.newest: datetime | None = None
        self.gone = 0
        self.cut: str | None = None
        self.note: str | None = "went on where the crawl before was cut off" if rest else None
        self.hint: str | None = None
        self.dropped = False
        self._limits = limits
        self._newest_first = newest_first
        self._started = started
        self._recent: list[datetime] = []
        self._asked = 0
        self._taken = 0
        self._queue: deque[Step] = deque()
        self._visited: set[str] = set()
        self._read: dict[str, str] = {}
        self._fed: set[str] = set()
        self._strange: set[str] = set()
        self._torn: str | None = None
        self._shown: set[int] = set()
        self._seen: Counter[object] = Counter()
        self._edited: dict[object, datetime] = {}
        self._endings: list[tuple[Outcome, str]] = []
        self._before = rest
        self._newest: dict[str, datetime] = dict(rest.newest) if rest else {}
        self._oldest: dict[str, datetime] = {}
        self._claimed: dict[str, int] = {}
        self._in_hand: Step | None = None
        self._failed: list[Step] = []
        self._on_new_ground = rest is None

    def start(self, urls: Iterable[str]) -> None:
        """Plan the first pages of the source's listings, or what an earlier crawl left of them."""
        if self._before is None:
            for url in urls:
                self._plan(Step(url, url))
            return
        for url in urls:
            if self._newest_first and url in self._before.newest:
                self._plan(Step(url, url, head=True))
        for step in self._before.steps:
            self._plan(step)

    @property
    def planned(self) -> tuple[str, ...]:
        """The pages that are to be fetched by now, in order."""
        return tuple(step.url for step in self._queue)

    def next(self) -> Step | None:
        """Return the page to fetch now, None when the walk is over."""
        self._in_hand = None
        if not self._queue or any(outcome in ("blocked", "interrupted") for outcome, _ in self._endings):
            return None
        if self._asked >= self._limits.max_pages:
            anew = self._limits.told or self._limits.sweep
            onward = self._limits.onward + ("; raise crawl.max_pages to reach the end" if anew else "")
            self._cut_short(f"stopped after {self._asked} pages (crawl.max_pages); {onward}")
            return None
        if self._limits.limit is not None and self._taken >= self._limits.limit:
            self._cut_short(f"{STOPPED} the limit of {self._limits.limit} items")
            return None
        self._asked += 1
        self._in_hand = self._queue.popleft()
        return self._in_hand

    def rest(self) -> Rest | None:
        """Return what is left for the next crawl to go on with, None where it should begin anew.

        It should where nothing is left, where this crawl was told to stop early, and where it got no further than the
        one that it went on from.
        """
        steps = [*filter(None, [self._in_hand]), *self._failed, *self._queue]
        left = tuple(step for step in steps if not step.head)
        if self._limits.told or not left or not self.pages or not self._on_new_ground:
            return None
        if any(outcome in ("layout_changed", "loop") for outcome, _ in self._endings):
            return None
        unread = {step.origin for step in steps if step.head}
        known = self._before.newest if self._before else {}
        newest = {origin: known[origin] if origin in unread else moment for origin, moment in self._newest.items()}
        return Rest(left, newest)

    @property
    def saw_all(self) -> bool:
        """Whether a walk that ended well saw all that the source shows: not only what was new, or left by another."""
        bounded = self._newest_first and self._limits.watermark is not None
        return not (self.cut or self.dropped or self._before or bounded)

    def take(self, step: Step, page: Page) -> list[Item]:
        """Return the items of a page that are to be stored, and plan where to go from here.

        Raises PageError where the page is of another form than it must be, and where it only repeats earlier ones and
        leads further, or is one of them: a last page may hold nothing but what new items have pushed there since.
        """
        self.pages += 1
        self._in_hand = None
        self._on_new_ground = self._on_new_ground or not step.head
        fresh, again = self._unseen(page.items)
        self.repeated += len(page.items) - len(fresh)
        self.rejected.update(page.rejected)
        if page.claimed is not None:
            self._claimed[step.origin] = page.claimed
        self._check_form(step, page)
        shown = hash((step.origin, *map(_key, page.items)))
        same = shown in self._shown and len(page.items) > 1
        if page.items and not fresh and not step.first and (page.next or same):
            raise PageError("loop", "it only repeats earlier pages: the paging goes in circles")
        self._shown.add(shown)
        self.found += len(page.items)
        kept = self._within([*fresh, *again])
        self._taken += len(kept)
        dates = [item.published for item in kept if item.published]
        # A date in the future is a mistake of the source's: it must not hide what comes tomorrow.
        dates = [min(date, self._started) for date in dates]
        self.newest = max([*filter(None, [self.newest]), *dates], default=None)
        self.oldest = min([*filter(None, [self.oldest]), *dates], default=None)
        self._recent = nlargest(RECENT, [*self._recent, *dates])
        if dates:
            self._newest[step.origin] = max([self._newest.get(step.origin, dates[0]), *dates])
            self._oldest[step.origin] = min([self._oldest.get(step.origin, dates[0]), *dates])
        self._go_on(step, page)
        return kept

    def end(self, outcome: Outcome, reason: str) -> None:
        """Note that a page, and its listing with it, ended badly."""
        self._endings.append((outcome, reason))
        if self._in_hand:
            self._failed.append(self._in_hand)
            self._in_hand = None

    def leave_out(self, reason: str) -> None:
        """Note that a page was left out on purpose: the crawl is no failure, and not complete."""
        self._cut_short(reason)

    @property
    def claimed(self) -> int | None:
        """How many mentions the service says there are, by the last word of each listing; None where none says."""
        total = sum(self._claimed.values()) if self._claimed else None
        return total if total is not None and 0 <= total <= MOST_CLAIMED else None

    @property
    def mark(self) -> datetime | None:
        """The newest publication time up to which nothing was left out by a good end, parts read before included."""
        return max(self._newest.values(), default=None)

    @property
    def reach(self) -> datetime | None:
        """How far back every listing went: of what is older, some listing may just not show it any more."""
        return max(self._oldest.values(), default=None)

    def verdict(self, before: Before, *, form_is_sure: bool) -> tuple[Outcome, str | None]:
        """Return how the crawl ended, and why.

        Where the form of a page is sure (a feed that says it is empty), none is `empty`, else none after some is
        `layout_changed`.
        """
        for outcome in WORST_FIRST:
            if reasons := [reason for ending, reason in self._endings if ending == outcome]:
                more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
                return outcome, with_remedy(outcome, reasons[0] + more)
        if self._torn and before.items is not None and self.found < before.items:
            return "layout_changed", with_remedy("layout_changed", self._torn)
        if not self.found and self.pages:
            return self._nothing(before, form_is_sure)
        drop, accepted = drop_since(before, self.found if self.saw_all else None, self.claimed, self._limits.sweep)
        if drop and not accepted:
            return "drop", with_remedy("drop", drop)
        level = f"taken for what the source holds from now on: {drop}" if drop else None
        silent = None if self.cut else stale_since(before, self._recent, self._started)
        silent = with_remedy("stale", silent) if silent else None
        # A person who adds an archive reads this at its first crawl; it is no failure before the rhythm was known.
        if silent and before.tells_rhythm:
            return "stale", "; ".join(filter(None, [silent, level]))
        said = [level, silent, self.cut or self.note or self._short_of_claimed(), *self._left_out()]
        return "ok", "; ".join(filter(None, said)) or None

    def _nothing(self, before: Before, form_is_sure: bool) -> tuple[Outcome, str]:
        where = "the page" if self.pages == 1 else f"{self.pages} pages"
        changed = before.mentions and not form_is_sure
        outcome: Outcome = "layout_changed" if changed else "empty"
        found = f"no mentions on {where}" + (f" where there were {before.mentions} before" if changed else "")
        why = ", ".join(filter(None, [*self._left_out(), self.hint]))
        return outcome, with_remedy(outcome, f"{found}: {why}" if why else found)

    def _left_out(self) -> Iterator[str]:
        yield from (f"{count} × {reason}" for reason, count in self.rejected.items())
        if self.gone:
            yield f"{self.gone} listed page{'s are' if self.gone > 1 else ' is'} gone"

    def _short_of_claimed(self) -> str | None:
        read = self.found + self.rejected.total()
        if self.saw_all and self.claimed is not None and read < self.claimed:
            return f"read {read} of the {self.claimed} that the service counts"
        return None

    def _plan(self, step: Step, *, now: bool = False) -> None:
        key = canonicalize_url(step.url)
        if key not in self._visited:
            self._visited.add(key)
            if now:
                self._queue.appendleft(step)
            else:
                self._queue.append(step)

    def _check_form(self, step: Step, page: Page) -> None:
        """Raise PageError where a page is of another form than documented, note where it is of another than others.

        Where the listing ends is not to be seen on such a page. Some sites show structured data on the first page only.
        """
        others = page.rejected.get(OTHER_FORM, 0)
        if not page.items and others > 1:
            raise PageError("layout_changed", f"{others} × {OTHER_FORM}, and nothing else")
        (self._strange if page.strange else self._fed if page.items else set()).add(step.origin)
        if step.origin in self._strange & self._fed:
            self._torn = self._torn or f"{step.url}: of it and the pages before, some hold nothing of what others hold"
            self._cut_short(self._torn)

    def _unseen(self, items: Sequence[Item]) -> tuple[list[Item], list[Item]]:
        """Return what no earlier page held, and what comes again because it has been edited since.

        Listings shift while they are read, and some repeat their top ones. What one page holds twice is two mentions;
        what two pages hold is one. Only the source's own date of an edit counts: a page may show a part of a text.
        """
        held: Counter[object] = Counter()
        fresh: list[Item] = []
        again: list[Item] = []
        for item in items:
            key = _key(item)
            held[key] += 1
            if held[key] > self._seen[key] and not (item.external_id and held[key] > 1):
                fresh.append(item)
            elif held[key] == 1 and item.edited and item.edited > self._edited.get(key, EVER):
                again.append(item)
        for known, count in held.items():
            self._seen[known] = max(count, self._seen[known])
        self._edited |= {_key(item): item.edited for item in (*fresh, *again) if item.edited}
        return fresh, again

    def _within(self, items: Sequence[Item]) -> list[Item]:
        since, limit = self._limits.since, self._limits.limit
        kept: list[Item] = []
        for item in items:
            if since and item.published and item.published < since:
                self._drop(item, f"{STOPPED} {since:%Y-%m-%d} (--since)")
            elif limit is not None and self._taken + len(kept) >= limit:
                self._drop(item, f"{STOPPED} the limit of {limit} items")
            else:
                kept.append(item)
        return kept

    def _drop(self, item: Item, reason: str) -> None:
        self.dropped = True
        watermark = self._limits.watermark
        if watermark is None or item.published is None or item.published >= watermark:
            self._cut_short(reason)

    def _go_on(self, step: Step, page: Page) -> None:
        self._read[canonicalize_url(step.url)] = step.origin
        watermark = self._before.newest.get(step.origin) if self._before and step.head else self._limits.watermark
        if self._newest_first and _reaches(page.items, watermark):
            return
        if page.next and self._newest_first and _reaches(page.items, self._limits.since):
            self._cut_short(f"{STOPPED} {self._limits.since:%Y-%m-%d} (--since)")
            return
        for url in reversed(page.next):
            self._plan(replace(step, url=url), now=True)
            # What the crawl before read is not known here: only its links tell that a page was one of those.
            if self._before and url != step.origin and self._read.get(canonicalize_url(url)) == step.origin:
                self.end("loop", f"{step.url}: the next page is one that was read before: the paging goes in circles")
        if not page.items and not step.listed:
            for url in page.listed:
                self._plan(Step(url, url, listed=True))

    def _cut_short(self, reason: str) -> None:
        self.cut = self.cut or reason


def _key(item: Item) -> object:
    """What tells an item from others within a crawl."""
    return item.external_id or (item.title, item.text, item.author, item.published, item.rating_given)


def _reaches(items: Sequence[Item], moment: datetime | None) -> bool:
    """Say whether nothing as new as the moment can follow a page: one that shares the moment may be unseen.

    A page whose items stand in order is judged by its last one; else, as where an old one is pinned, all must be older.
    """
    dates = [item.published for item in items if item.published]
    if moment is None or not dates or len(dates) < len(items):
        return False
    return max(dates) < moment or (dates[-1] < moment and dates == sorted(dates, reverse=True))
