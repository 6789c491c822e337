"""One look at a target before it is added: its first page, with one request, and nothing is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings as ScrapySettings

from overheard.crawler.before import Before
from overheard.crawler.credentials import read_credentials
from overheard.crawler.kinds import find_kind
from overheard.crawler.ledger import SourceFacts
from overheard.crawler.outcomes import CrawlProgress, Outcome
from overheard.crawler.patience import Stopping
from overheard.crawler.reactor import react
from overheard.crawler.settings import scrapy_settings
from overheard.crawler.spider import Visit
from overheard.crawler.walk import Limits, Rest, Walk
from overheard.intake.item import Item
from overheard.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """What the first page of a target holds; `outcome` and `reason` as of a crawl, `rejected` by reason.

    `listed` is how many pages a listing without mentions of its own names, where a crawl would look for them.
    """

    outcome: Outcome
    reason: str | None
    items: tuple[Item, ...]
    rejected: Mapping[str, int]
    claimed: int | None
    newest: datetime | None
    listed: int


class _Basket:
    """Keeps the items of a page, where a crawl would store them."""

    def __init__(self) -> None:
        self.items: tuple[Item, ...] = ()

    def page(
        self, items: Sequence[Item], rejected: Counter[str], brand_ids: Collection[int], rest: Rest | None
    ) -> CrawlProgress:
        self.items += tuple(items)
        return CrawlProgress(0, 1, len(self.items), 0, 0)


def probe(kind: str, target: dict[str, str], settings: Settings) -> Finding:
    """Read the first page of a valid target; can run once in a process, and before no crawl.

    Raises SettingsError where credentials are missing; what goes wrong with the target is in the finding.
    """
    spider = find_kind(kind).spider
    credentials = read_credentials(kind, spider.credentials, settings)
    walk = Walk(Limits(max_pages=1), newest_first=spider.newest_first, started=datetime.now(UTC))
    basket, stopping, secrets = _Basket(), Stopping(), set(credentials.values())
    facts = SourceFacts(0, kind, target, None, {}, (), Before(), None)
    visit = Visit(facts, target, walk, basket, stopping, {}, credentials, secrets, one_page=True)
    runner = AsyncCrawlerRunner(ScrapySettings(scrapy_settings(settings.crawl)))

    async def look() -> None:
        await runner.crawl(runner.create_crawler(spider), visit=visit)

    react(look, stop=stopping.set, secrets=secrets)
    outcome, reason = walk.verdict(Before(), form_is_sure=spider.form_is_sure)
    # That the look ended after its one page is no news; why it failed is.
    told = None if walk.cut and outcome == "ok" else reason
    rest = walk.rest()
    listed = sum(step.listed for step in rest.steps) if rest else 0
    return Finding(outcome, told, basket.items, dict(walk.rejected), walk.claimed, walk.newest, listed)
