"""Read damaged answers with every parser of the crawler, in a process that bounds time and memory; report as JSON.

The order in the first argument holds `count`, how many to read; `recorded`, the folder of recorded answers to damage in
place of our own, or null; `only`, the numbers of single ones to read again. A number is the seed of its damage.
"""

from __future__ import annotations

import faulthandler
import json
import random
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import test_appstore as appstore
import test_bazaarvoice as bazaarvoice
import test_bluesky as bluesky
import test_discourse as discourse
import test_feed as feed
import test_googleplay as googleplay
import test_hackernews as hackernews
import test_isso as isso
import test_lemmy as lemmy
import test_mastodon as mastodon
import test_reddit as reddit
import test_schemaorg as schemaorg
import test_selectors as selectors
import test_stackexchange as stackexchange
import test_steam as steam
import test_trustpilot as trustpilot
import test_woocommerce as woocommerce
import test_wordpress as wordpress
import test_youtube as youtube
import yaml
from mutate import mutated
from scrapy.http import Response

from overheard.crawler.before import Before
from overheard.crawler.kinds import kinds
from overheard.crawler.ledger import SourceFacts
from overheard.crawler.outcomes import CrawlProgress, PageError
from overheard.crawler.page import Page, web_url
from overheard.crawler.patience import Stopping
from overheard.crawler.robots import Rules
from overheard.crawler.selectors import parse_rules
from overheard.crawler.spider import Visit
from overheard.crawler.walk import Limits, Step, Walk
from overheard.demo.site import DemoSite
from overheard.intake.item import Item

SECONDS, MEGABYTES = 5.0, 500
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TYPES = (
    None, None, None, "", "text/html", "application/json; charset=utf-8", "text/html; charset=iso-8859-1",
    "application/xml; charset=utf-16", "text/xml; charset=hex", "application/json; charset=utf-7",
)  # fmt: skip
STATUSES = (200, 204, 301, 400, 401, 403, 404, 410, 429, 500, 503)


class Reader(NamedTuple):
    """A parser and the bodies that it is to read, damaged: what we wrote, and the recorded ones."""

    read: Callable[[bytes, str | None], Page | None]
    own: tuple[bytes, ...]
    recorded: Callable[[Path], Iterable[bytes]] = lambda folder: ()


def files(*patterns: str) -> Callable[[Path], Iterator[bytes]]:
    """The files of a folder that match."""

    def read(folder: Path) -> Iterator[bytes]:
        for pattern in patterns:
            for path in sorted(folder.glob(pattern)):
                yield path.read_bytes()

    return read


def tapes(*patterns: str) -> Callable[[Path], Iterator[bytes]]:
    """The answers on recorded tapes of requests."""

    def read(folder: Path) -> Iterator[bytes]:
        for pattern in patterns:
            for path in sorted(folder.glob(pattern)):
                text = path.read_text(encoding="utf-8")
                tape = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
                for exchange in tape.get("http_interactions") or tape["interactions"]:
                    yield str(exchange["response"]["body"]["string"]).encode()

    return read


def searches(folder: Path) -> Iterator[bytes]:
    for exchange in json.loads((folder / "hackernews/fixtures.json").read_text(encoding="utf-8")):
        yield json.dumps(exchange["reply"]).encode()


def games(folder: Path) -> Iterator[bytes]:
    for body in files("steam/review_*.json")(folder):
        yield steam.page(*json.loads(body)["reviews"].values())


def companies(folder: Path) -> Iterator[bytes]:
    given = json.loads((folder / "trustpilot/reviews.json").read_text(encoding="utf-8"))
    yield trustpilot.page(*map(trustpilot._as_api, given))


def demo(*paths: str) -> tuple[bytes, ...]:
    """Pages of the demo site."""
    return tuple(DemoSite(started=NOW).answer(path, Message()).body.encode() for path in paths)


def several(make: Callable[[int], Any]) -> list[Any]:
    return [make(number) for number in range(1, 6)]


def readers() -> dict[str, Reader]:
    """All parsers by name."""
    wordpress_pages = (
        wordpress.page(*several(wordpress.comment)), wordpress.page(*several(wordpress.post)),
    )  # fmt: skip
    forum = (discourse.body(discourse.newest(*several(discourse.post))),)
    topic = discourse.body(discourse.topic(*several(discourse.post), stream=list(range(1, 30))))
    listing = discourse.body(discourse.listing(*(discourse.listed(n, n) for n in range(1, 6)), more="/c/5?page=1"))
    rules = [parse_rules(selectors.EXAMPLE, "rules"), selectors.rules(
        title="h3", rating="@class", date="time", author=".by", reply=".reply", url="a", id="@id", list=".more a",
        next="a.next",
    )]  # fmt: skip
    shop = selectors.shop(*(selectors.oscar(number) for number in range(1, 6)), of=2).encode()
    marked = (schemaorg.MICRODATA.encode(),)
    feeds = ("rss/*.xml", "servers/*/*.rss", "servers/*/*.atom", "reddit/*.rss", "appstore/*.xml")
    return {
        "appstore": Reader(
            lambda body, kind: appstore.parse(body, appstore.URL, kind),
            (appstore.feed(*(appstore.entry(id=str(number)) for number in range(5))),),
            files("appstore/*.json"),
        ),
        "bazaarvoice": Reader(
            lambda body, kind: bazaarvoice.parse(body, bazaarvoice.URL, kind),
            (bazaarvoice.page(*several(bazaarvoice.review)), bazaarvoice.error("ERROR_PARAM_INVALID_API_KEY")),
            files("bazaarvoice/*.json"),
        ),
        "bluesky": Reader(
            lambda body, kind: bluesky.parse(body, bluesky.URL, kind),
            (bluesky.page(*several(bluesky.post), cursor="100", total=7),),
            files("servers/bluesky/*.json"),
        ),
        "discourse": Reader(
            lambda body, kind: discourse.parse(body, discourse.NEWEST, kind), forum, files("discourse/*posts*.json")
        ),
        "discourse topic": Reader(
            lambda body, kind: discourse.parse(body, discourse.TOPIC, kind), (topic,), files("discourse/*topic*.json")
        ),
        "discourse chunk": Reader(
            lambda body, kind: discourse.parse(body, f"{discourse.CHUNK}#title=Kettles&left=1+2+3", kind),
            (discourse.body(discourse.chunk(*several(discourse.post))),),
            files("discourse/api_topic*.json"),
        ),
        "discourse category": Reader(
            lambda body, kind: discourse.parse(body, discourse.CATEGORY, kind),
            (listing,),
            files("discourse/api_latest.json", "discourse/api_hot.json", "discourse/*_topics.json"),
        ),
        "feed": Reader(
            lambda body, kind: feed.parse(body, feed.URL, NOW, content_type=kind),
            demo("/velinde/community.atom", "/pakkaro/community.atom"),
            files(*feeds),
        ),
        "googleplay": Reader(
            lambda body, kind: googleplay.parse(body, googleplay.URL, kind),
            (googleplay.page(*several(googleplay.review), token="Cg"), googleplay.REFUSED),
            files("googleplay/*.txt"),
        ),
        "hackernews": Reader(
            lambda body, kind: hackernews.parse(body, hackernews.URL, kind),
            (json.dumps(hackernews.answer(*several(hackernews.comment), pages=3)).encode(),),
            searches,
        ),
        "isso": Reader(
            lambda body, kind: isso.parse(body, isso.URL, kind, site=isso.SITE),
            (isso.page(isso.comment(1, replies=several(isso.comment)), total=9),),
            files("servers/isso/thread.json"),
        ),
        "isso latest": Reader(
            lambda body, kind: isso.parse_latest(body, isso.LATEST, kind, site=isso.SITE),
            (json.dumps(several(isso.listed)).encode(),),
            files("servers/isso/latest.json"),
        ),
        "lemmy": Reader(
            lambda body, kind: lemmy.parse(body, lemmy.POSTS, kind),
            (lemmy.body(posts=several(lemmy.post), next_page="P2"),),
        ),
        "lemmy comments": Reader(
            lambda body, kind: lemmy.parse(body, lemmy.COMMENTS, kind),
            (lemmy.body(comments=several(lemmy.comment)),),
        ),
        "mastodon": Reader(
            lambda body, kind: mastodon.parse(body, mastodon.URL, kind, link=f'<{mastodon.URL}&max_id=7>; rel="next"'),
            (mastodon.page(*several(mastodon.status)),),
            tapes("mastodon/get_timeline_hashtag*.yml", "mastodon/test_hashtag_tl.yaml"),
        ),
        "reddit": Reader(
            lambda body, kind: reddit.parse(body, reddit.URL, kind),
            (reddit.page(*several(reddit.post), *several(reddit.comment), after="t3_p9"),),
            tapes("reddit/*.json"),
        ),
        "robots.txt": Reader(
            lambda body, kind: _robots(body),
            (*demo("/robots.txt"), b"User-agent: *\nCrawl-delay: 2\nDisallow: /a*b$\nAllow: /\nSitemap: /s.xml\n"),
            files("servers/wordpress/robots.txt"),
        ),
        "schemaorg": Reader(
            lambda body, kind: schemaorg.parse(body, schemaorg.URL, NOW, content_type=kind),
            (*demo("/", "/velinde/fenna", "/pakkaro/plus?page=2"), *marked),
            files("schemaorg/*.html", "servers/misago/*.html", "html_pages/*.html"),
        ),
        "selectors": Reader(
            lambda body, kind: selectors.parse(body, selectors.URL, NOW, rules[0], content_type=kind),
            (shop,),
            files("servers/oscar/*.html"),
        ),
        "selectors, other rules": Reader(
            lambda body, kind: selectors.parse(body, selectors.URL, NOW, rules[1], content_type=kind),
            (f"<html>{''.join(selectors.review() for _ in range(5))}</html>".encode(),),
            files("servers/oscar/*.html", "servers/misago/*.html"),
        ),
        "stackexchange": Reader(
            lambda body, kind: stackexchange.parse(body, stackexchange.URL, kind),
            (stackexchange.page(*several(stackexchange.question), has_more=True, total=9),),
            files("stackexchange/*question*"),
        ),
        "steam": Reader(
            lambda body, kind: steam.parse(body, steam.URL, kind), (steam.page(*several(steam.review), total=9),), games
        ),
        "trustpilot": Reader(
            lambda body, kind: trustpilot.parse(body, trustpilot.URL, kind),
            (trustpilot.page(*several(trustpilot.review)),),
            companies,
        ),
        "woocommerce": Reader(
            lambda body, kind: woocommerce.parse(body, woocommerce.URL, kind),
            (woocommerce.page(*several(woocommerce.review)),),
        ),
        "wordpress comments": Reader(
            lambda body, kind: wordpress.parse(body, wordpress.COMMENTS, kind),
            wordpress_pages,
            files("servers/wordpress/comments_p1.json"),
        ),
        "wordpress posts": Reader(
            lambda body, kind: wordpress.parse(body, wordpress.POSTS, kind),
            wordpress_pages,
            files("servers/wordpress/posts.json"),
        ),
        "youtube": Reader(
            lambda body, kind: youtube.parse(body, youtube.URL, kind),
            (youtube.page(*several(youtube.thread), youtube.thread(7, youtube.comment("r", 8)), token="T"),),
            files("youtube/*.json"),
        ),
        "refusals": Reader(
            _refusals,
            (b'{"code":"rest_forbidden","message":"no"}', b'{"error":{"errors":[{"reason":"quotaExceeded"}]}}',
             b'{"error":"ExpiredToken","message":"Token has expired"}', b'{"reason":"private"}',
             b"<title>Sign in</title><form><input type='password'></form>"),
            files("servers/wordpress/*.json"),
        ),
    }  # fmt: skip


def _robots(body: bytes) -> None:
    rules = Rules.read(200, body, "Overheard", 120)
    if not rules.refusal and rules.parsed:
        rules.parsed.can_fetch("https://shop.example/a/b?c=d", "Overheard")


def _refusals(body: bytes, kind: str | None) -> None:
    """Let each kind look at the body as at an answer of some status, which only PageError may end."""
    chosen = random.Random(len(body))
    for name, found in kinds().items():
        target = {"url": "https://shop.example", "rules": selectors.EXAMPLE, "id": "1", "country": "nl"}
        walk = Walk(Limits(), newest_first=True, started=NOW)
        facts = SourceFacts(1, name, target, None, {}, (), Before(), None)
        spider = found.spider(Visit(facts, target, walk, _Nowhere(), Stopping(), {}))
        url = "https://shop.example/reviews?uri=/&q=1"
        headers = {"Content-Type": kind} if kind else {}
        answer = Response(url, chosen.choice(STATUSES), headers=headers, body=body)
        try:
            if name == "reddit":
                reddit.refusal(answer)  # its accept asks the engine for the pace as well
            else:
                spider.accept(answer, Step(url, url))
        except PageError:
            continue


class _Nowhere:
    def page(self, *_: Any) -> CrawlProgress:
        raise AssertionError


# -- what must hold ---------------------------------------------------------------------------------------------------


def check(page: Page) -> None:
    """Raise AssertionError where a page holds what the store, or the walk over it, does not take."""
    for item in page.items:
        _check_item(item)
    for url in (*page.next, *page.listed):
        assert web_url(url, fragment=True) == url, f"no address: {url[:200]!r}"
        url.encode()
    walk = Walk(Limits(), newest_first=True, started=NOW)
    walk.start(["https://shop.example/"])
    step = walk.next()
    assert step is not None
    walk.take(step, page)
    rest = walk.rest()
    json.dumps(rest.as_json() if rest else None).encode()
    assert walk.claimed is None or 0 <= walk.claimed < 2**31, f"claimed: {walk.claimed}"


def _check_item(item: Item) -> None:
    fields = {name: getattr(item, name) for name in item.__dataclass_fields__}
    for name, value in [*fields.items(), *item.attributes.items()]:
        if isinstance(value, str):
            value.encode()
            assert "\x00" not in value, f"{name} holds a null character"
        if isinstance(value, datetime):
            assert value.tzinfo, f"{name} has no zone"
            assert 1990 <= value.year <= 2100, f"{name}: {value}"
    assert item.text or item.title, "neither text nor title"
    assert item.rating is None or 0 <= item.rating <= 1, f"rating: {item.rating}"
    assert item.url is None or web_url(item.url, fragment=True), f"url: {item.url[:200]!r}"
    assert "root:" not in item.text, "it read a file"


class Late(BaseException):
    """A parser took too long; no parser's own `except` may take it for an error of the input."""


@contextmanager
def bounded() -> Iterator[None]:
    """End what takes more processor time than it may: in Python by Late, deep in a library with the process."""

    def late(_number: int, _frame: FrameType | None) -> None:
        raise Late(f"over {SECONDS:g} s")

    signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    faulthandler.dump_traceback_later(600, exit=True)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.cancel_dump_traceback_later()


def peak() -> float:
    """The most memory that this process has held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    order = json.loads(sys.argv[1])
    found = readers()
    folder = Path(order["recorded"]) if order["recorded"] else None
    bodies = {name: tuple(reader.recorded(folder)) if folder else reader.own for name, reader in found.items()}
    names = [name for name in found if bodies[name]]
    for name in names:
        for body in bodies[name]:
            try:
                found[name].read(body, None)
            except PageError:
                assert folder or body in (bazaarvoice.error("ERROR_PARAM_INVALID_API_KEY"), googleplay.REFUSED), name
    base, slowest, ends, failures = peak(), (0.0, -1), Counter[str](), []
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + MEGABYTES * 2**20, resource.RLIM_INFINITY))
    for number in order["only"] or range(order["count"]):
        name = names[number % len(names)]
        rng = random.Random(number)
        body, kind = mutated(rng, rng.choice(bodies[name])), rng.choice(TYPES)
        sys.stderr.write(f"{number} {name}\n")
        started = time.process_time()
        try:
            with bounded():
                page = found[name].read(body, kind)
            if page is not None:
                check(page)
            ends["page" if page is None or page.items else "no items"] += 1
        except PageError as error:
            ends[error.outcome] += 1
            failures += [f"{number} {name}: several lines: {error}"] if "\n" in str(error) else []
        except (Exception, Late) as error:
            where = " < ".join(
                f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[:-6:-1]
            )
            failures.append(f"{number} {name}: {type(error).__name__}: {str(error)[:200]} in {where}")
        slowest = max(slowest, (time.process_time() - started, number))
    report = {"failures": failures, "slowest": slowest, "memory": peak() - base, "ends": ends}
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main()
