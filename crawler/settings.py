"""Scrapy's settings, from ours: slow, honest about who asks, one request to a host at a time."""

from __future__ import annotations

from typing import Any

from overheard.settings import CrawlSettings

SPIDERS = "overheard.crawler.spiders"


def scrapy_settings(crawl: CrawlSettings) -> dict[str, Any]:
    """Return what Scrapy is to run with."""
    return {
        "BOT_NAME": "overheard",
        "SPIDER_MODULES": [SPIDERS],
        "USER_AGENT": crawl.sent_agent,
        "ROBOTSTXT_OBEY": False,  # RobotsMiddleware does, with the rules that Scrapy's own leaves out
        "ROBOTSTXT_USER_AGENT": product_of(crawl.user_agent),
        "OVERHEARD_MAX_WAIT": crawl.max_wait,
        "DOWNLOADER_MIDDLEWARES": {
            "overheard.crawler.robots.RobotsMiddleware": 100,
            "overheard.crawler.patience.PatienceMiddleware": 550,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
        },
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "CONCURRENT_ITEMS": 1,  # Scrapy makes so many tasks for each page, and ours hand on one request
        "DOWNLOAD_DELAY": crawl.delay,
        "DOWNLOAD_DELAY_JITTER": 0.0,
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": crawl.delay,
        "AUTOTHROTTLE_MAX_DELAY": max(crawl.delay, 60.0),
        "DOWNLOAD_TIMEOUT": crawl.timeout,
        "DOWNLOAD_MAXSIZE": crawl.max_page_bytes,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "RETRY_TIMES": crawl.retries,
        "REDIRECT_MAX_TIMES": 5,
        "METAREFRESH_ENABLED": False,
        "HTTPERROR_ALLOW_ALL": True,  # what an answer means is ours to say
        "DEFAULT_REQUEST_HEADERS": {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "MEMUSAGE_ENABLED": False,
        "LOGSTATS_INTERVAL": 0,
        "STATS_DUMP": False,
        "LOG_ENABLED": False,
        "WARN_ON_GENERATOR_RETURN_VALUE": False,
    }


def product_of(user_agent: str) -> str:
    """Return the name that robots.txt files know a user agent by: `Overheard` of `Overheard/1.0 (+https://…)`."""
    return user_agent.split("/")[0].split()[0]
