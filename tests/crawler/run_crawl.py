"""Run one crawl as the order in the first argument says, and print its results and progress as JSON."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from overheard.crawler.run import CrawlProgress, crawl
from overheard.settings import CrawlSettings, Settings
from overheard.store.database import Store


def main() -> None:
    order = json.loads(sys.argv[1])
    logging.basicConfig(level=logging.ERROR)
    settings = Settings(directory=Path(order["directory"]), crawl=CrawlSettings(**order["crawl"]))
    store = Store.open(settings.store_url)
    seen: list[CrawlProgress] = []
    results = crawl(
        store,
        settings,
        order["sources"],
        since=datetime.fromisoformat(order["since"]) if order.get("since") else None,
        limit=order.get("limit"),
        sweep=order.get("sweep", False),
        on_page=seen.append,
    )
    store.close()
    assert len(seen) == sum(result.pages for result in results)
    json.dump([asdict(result) for result in results], sys.stdout, default=str)


if __name__ == "__main__":
    main()
