from __future__ import annotations

from datetime import UTC, datetime

import pytest
from scrapy.http import Response

from overheard.crawler.answers import Forbidden, RobotsUnreachable
from overheard.crawler.patience import asked_wait, retry_after
from overheard.crawler.robots import Rules
from overheard.crawler.settings import product_of, scrapy_settings
from overheard.settings import CrawlSettings

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
URL = "https://shop.example/private/reviews"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Sat, 21 Nov 2026 12:01:00 GMT", 60.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("2026-11-21T12:00:30.000Z", 30.0),
        (str(int(NOW.timestamp()) + 45), 45.0),
        ("99999999999999999999", 999999999999.0 - NOW.timestamp()),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"Retry-After": "7", "X-RateLimit-Reset": "2026-11-21T12:05:00Z"}, 7.0),
        (429, {"X-RateLimit-Reset": "2026-11-21T12:05:00.123Z"}, 300.123),
        (429, {"RateLimit-Reset": "50"}, 50.0),
        (429, {"RateLimit-Retry-After": "17"}, 17.0),
        (429, {"X-RateLimit-Reset": "2026-11-21T11:00:00Z"}, None),
        (503, {"Retry-After": "7"}, 7.0),
        (503, {"X-RateLimit-Reset": "2026-11-21T12:05:00Z"}, None),
        (429, {}, None),
    ],
)
def test_what_an_answer_asks_for(status: int, headers: dict[str, str], seconds: float | None) -> None:
    assert asked_wait(Response(URL, status=status, headers=headers), NOW) == seconds


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"User-agent: *\nDisallow: /private/", Forbidden),
        (200, b"User-agent: overheard\nDisallow: /\n\nUser-agent: *\nAllow: /", Forbidden),
        (200, b"User-agent: OtherBot\nDisallow: /", None),
        (200, b"User-agent: *\nDisallow: /private/\nAllow: /private/reviews", None),
        (200, b"\xff\xfe not a robots file", None),
        (200, b"", None),
        (200, b"User-agent: *\nCrawl-delay: 500", RobotsUnreachable),
        (404, b"User-agent: *\nDisallow: /", None),
        (403, b"", None),
        (429, b"", RobotsUnreachable),
        (500, b"", RobotsUnreachable),
        (503, b"User-agent: *\nAllow: /", RobotsUnreachable),
    ],
)
def test_what_robots_txt_means(status: int, body: bytes, error: type[Exception] | None) -> None:
    rules = Rules.read(status, body, "Overheard", 120)
    if error:
        with pytest.raises(error):
            rules.check(URL, "Overheard")
    else:
        rules.check(URL, "Overheard")


def test_crawl_delay() -> None:
    assert Rules.read(200, b"User-agent: *\nCrawl-delay: 7.5", "Overheard", 120).delay == 7.5


@pytest.mark.parametrize(
    ("user_agent", "product"),
    [
        ("Overheard (+https://overheard.example)", "Overheard"),
        ("AcmeListener/2.0 (+mailto:us@acme.example)", "AcmeListener"),
    ],
)
def test_product_of(user_agent: str, product: str) -> None:
    assert product_of(user_agent) == product


@pytest.mark.parametrize(
    ("crawl", "sent"),
    [
        (CrawlSettings(), "Overheard (+https://github.com/overheard/overheard)"),
        (CrawlSettings(contact="a@b.example"), "Overheard (+https://github.com/overheard/overheard; a@b.example)"),
        (
            CrawlSettings(contact="https://b.example/~bot?x=1"),
            "Overheard (+https://github.com/overheard/overheard; https://b.example/~bot?x=1)",
        ),
        (CrawlSettings(user_agent="Acme/1 (+x)"), "Acme/1 (+x)"),
    ],
)
def test_the_user_agent_names_the_project_and_a_contact(crawl: CrawlSettings, sent: str) -> None:
    told = scrapy_settings(crawl)
    assert told["USER_AGENT"] == sent
    assert told["ROBOTSTXT_USER_AGENT"] == sent.split()[0].split("/")[0]


def test_scrapy_is_told_to_be_slow_and_honest() -> None:
    told = scrapy_settings(CrawlSettings(user_agent="Acme/1 (+x)", delay=3, max_page_bytes=2048))
    assert told["USER_AGENT"] == "Acme/1 (+x)"
    assert (told["DOWNLOAD_DELAY"], told["DOWNLOAD_DELAY_JITTER"], told["CONCURRENT_REQUESTS_PER_DOMAIN"]) == (3, 0, 1)
    assert told["DOWNLOAD_MAXSIZE"] == 2048
    assert told["DOWNLOAD_VERIFY_CERTIFICATES"] is True
