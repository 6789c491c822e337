"""Crawls that are stopped, killed, limited, slowed down or let down by the store."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text

from overheard.store.tables import Crawl, Mention, Source


def page(numbers: list[int], following: str | None = None) -> str:
    """A page of reviews without ids, of these days of January, and the page that follows."""
    found = [
        {"@type": "Review", "reviewBody": f"Number {number} is content.", "datePublished": f"2026-01-{number:02}"}
        for number in numbers
    ]
    link = f'<link rel="next" href="{following}">' if following else ""
    return f'{link}<script type="application/ld+json">{json.dumps(found)}</script>'


def paged(site: Any, pages: int, *, wait: float = 0.0, path: str = "/p") -> str:
    """A listing of so many pages of two reviews, newest first; each takes a while."""
    for number in range(1, pages + 1):
        following = f"{path}?page={number + 1}" if number < pages else None
        body = page([2 * (pages - number) + 2, 2 * (pages - number) + 1], following)
        site.answer(path if number == 1 else f"{path}?page={number}", {"body": body, "wait": wait})
    return site.url + path


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def stored(bench: Any, name: str) -> list[tuple[str, str]]:
    """The mentions of a source as far as two runs can agree on them."""
    with bench.store.reading() as session:
        found = select(Mention).where(Mention.source_id == bench.ids[name]).order_by(Mention.external_id)
        return [(mention.external_id, mention.text) for mention in session.scalars(found)]


def watermark(bench: Any, name: str) -> Any:
    with bench.store.reading() as session:
        return session.get_one(Source, bench.ids[name]).watermark


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_after_the_page_in_hand(bench: Any, new_site: Callable[[], Any], sent: signal.Signals) -> None:
    slow, waiting, later = new_site(), new_site(), f"later {sent.name}"
    name, other = f"slow {sent.name}", f"waiting {sent.name}"
    bench.add(name, "schemaorg", {"url": paged(slow, 6, wait=0.2)})
    bench.add(later, "schemaorg", {"url": paged(slow, 6, path="/later")})
    bench.add(other, "schemaorg", {"url": waiting.answer("/", {"status": 429, "headers": {"Retry-After": "100"}})})
    process = bench.start(name, later, other, crawl={"max_wait": 100})
    wait_for(lambda: len(slow.paths()) >= 3 and len(waiting.paths()) == 1)
    begun = time.monotonic()
    process.send_signal(sent)
    results = bench.finish(process)
    assert time.monotonic() - begun < 30  # and not the 100 s that the other source was asked to wait
    assert {result["outcome"] for result in results.values()} == {"interrupted"}
    assert results[name]["items"] == 2 * results[name]["pages"] == len(stored(bench, name)) >= 4
    assert (results[later]["pages"], slow.paths().count("/later")) == (0, 0)
    assert watermark(bench, name) is None


def test_a_second_signal_ends_at_once(bench: Any, new_site: Callable[[], Any]) -> None:
    site = new_site()
    bench.add("stuck", "schemaorg", {"url": site.answer("/", {"wait": 30})})
    process = bench.start("stuck")
    wait_for(lambda: len(site.paths()) == 1)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20)[1].strip().endswith("KeyboardInterrupt")


def test_a_killed_crawl_is_as_if_it_had_not_been(bench: Any, new_site: Callable[[], Any]) -> None:
    site = new_site()
    url = paged(site, 5, wait=0.02)
    bench.add("undisturbed", "schemaorg", {"url": url})
    bench.add("killed", "schemaorg", {"url": url + "?"})
    chance = random.Random(7)
    for kill in range(3):
        site.asked.clear()
        process = bench.start("killed")
        wait_for(lambda kill=kill: len(site.paths()) > kill)  # type: ignore[misc]
        time.sleep(chance.uniform(0, 0.05))
        process.kill()
        process.communicate()
    with bench.store.reading() as session:
        rows = select(Crawl.outcome).where(Crawl.source_id == bench.ids["killed"]).order_by(Crawl.id)
        before = session.scalars(rows).all()
    assert set(before) <= {"interrupted", "running", "ok"}
    assert "interrupted" in before
    bench.crawl("killed", "undisturbed")
    assert stored(bench, "killed") == stored(bench, "undisturbed")
    assert len(stored(bench, "killed")) == 10
    assert watermark(bench, "killed") == watermark(bench, "undisturbed") is not None
    with bench.store.reading() as session:
        assert "running" not in session.scalars(rows).all()


def test_one_host_is_asked_one_thing_at_a_time_and_slowly(bench: Any, new_site: Callable[[], Any]) -> None:
    site = new_site()
    site.answer("/robots.txt", {"body": "User-agent: *\nCrawl-delay: 0.5"})
    bench.add("one", "schemaorg", {"url": paged(site, 2)})
    bench.add("two", "schemaorg", {"url": paged(site, 2, path="/other")})
    bench.crawl("one", "two", crawl={"delay": 0.2})
    gaps = [after.at - before.at for before, after in zip(site.asked, site.asked[1:], strict=False)]
    assert [asked.path for asked in site.asked] == ["/robots.txt", "/p", "/p?page=2", "/other", "/other?page=2"]
    assert min(gaps) >= 0.45, gaps


def test_since_leaves_out_what_is_older(bench: Any, new_site: Callable[[], Any]) -> None:
    bench.add("since", "schemaorg", {"url": paged(new_site(), 3)})
    result = bench.crawl("since", since="2026-01-04T00:00:00+00:00")["since"]
    assert (result["outcome"], result["items"]) == ("ok", 3)
    assert "2026-01-04" in result["reason"]
    assert watermark(bench, "since") is None
    assert bench.crawl("since")["since"]["added"] == 3
    assert watermark(bench, "since") is not None
    bench.crawl("since", since="2026-01-04T00:00:00+00:00")
    with bench.store.reading() as session:
        gone = select(Mention).where(Mention.source_id == bench.ids["since"], Mention.vanished.is_not(None))
        assert session.scalars(gone).all() == []  # what was left out has not vanished


def test_a_source_that_no_spider_reads_fails_alone(bench: Any, new_site: Callable[[], Any]) -> None:
    bench.add("good", "schemaorg", {"url": paged(new_site(), 1)})
    bench.add("odd", "carrierpigeon", {"loft": "3"})
    bench.add("wrong", "appstore", {"id": "x", "country": "be"})
    results = bench.crawl("odd", "good", "wrong")
    assert {name: result["outcome"] for name, result in results.items()} == {
        "odd": "failed", "good": "ok", "wrong": "failed",
    }  # fmt: skip
    assert "expected one of appstore, bazaarvoice" in results["odd"]["reason"]


def test_an_unknown_source_is_an_error(bench: Any) -> None:
    bench.ids["unknown"] = 999
    assert "NotFoundError: no source 999" in bench.fail("unknown")


def test_a_store_that_fails_ends_the_run(bench: Any, new_site: Callable[[], Any]) -> None:
    bench.add("unlucky", "schemaorg", {"url": paged(new_site(), 3)})
    with bench.store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE mention_brands RENAME TO elsewhere"))
    try:
        assert "StoreError" in bench.fail("unlucky")
    finally:
        with bench.store.engine.begin() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO mention_brands"))
    assert stored(bench, "unlucky") == []
