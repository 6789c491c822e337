"""What a crawl sees of a source, over several crawls: all of it once, what is new then, what is gone, what is wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from overheard.store.brands import retarget
from overheard.store.tables import Crawl, Mention, Source

NEWEST = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=5)


def review(number: int, **changes: Any) -> dict[str, Any]:
    """A review as Steam has it, one for each hour before now: 0 is the newest."""
    moment = int((NEWEST - timedelta(hours=number)).timestamp())
    return {
        "recommendationid": f"r{number}", "author": {"steamid": "1"}, "language": "english", "voted_up": True,
        "review": f"Number {number} runs well.", "timestamp_created": moment, "timestamp_updated": moment,
    } | changes  # fmt: skip


Run = Callable[..., dict[str, Any]]
Count = Callable[[], tuple[int, int]]


class Game:
    """A game's reviews on a site of its own, 100 a page."""

    def __init__(self, site: Any, shown: Sequence[dict[str, Any]], claimed: int | None = None) -> None:
        self.site, self.shown, self.claimed = site, list(shown), claimed
        self.fails_at: int | None = None
        self.wait = 0.0
        site.serve("/appreviews/1", self)

    def __call__(self, asked: Any) -> dict[str, Any]:
        start = int(asked.query["cursor"].replace("*", "0"))
        if start // 100 + 1 == self.fails_at:
            return {"status": 500}
        part = self.shown[start : start + 100]
        summary = {"total_reviews": len(self.shown) if self.claimed is None else self.claimed} if not start else {}
        answer = {"success": 1, "query_summary": summary, "reviews": part, "cursor": str(start + len(part))}
        return {"body": json.dumps(answer), "wait": self.wait}

    def pages(self) -> list[int]:
        """The pages that were asked for, counted from 1."""
        found = [int(asked.query["cursor"].replace("*", "0")) // 100 + 1 for asked in self.site.asked]
        self.site.asked.clear()
        return found


Play = Callable[..., Game]


@pytest.fixture
def game(bench: Any, new_site: Callable[[], Any], request: pytest.FixtureRequest) -> Callable[..., Game]:
    def make(count: int, **rest: Any) -> Game:
        made = Game(new_site(), [review(number) for number in range(count)], **rest)
        bench.add(request.node.name, "steam", {"id": "1", "base": made.site.url})
        return made

    return make


@pytest.fixture
def crawl(bench: Any, request: pytest.FixtureRequest) -> Callable[..., dict[str, Any]]:
    def run(**wishes: Any) -> dict[str, Any]:
        result: dict[str, Any] = bench.crawl(request.node.name, **wishes)[request.node.name]
        return result

    return run


@pytest.fixture
def mentions(bench: Any, request: pytest.FixtureRequest) -> Callable[[], tuple[int, int]]:
    """Return how many mentions of the source are there, and how many of these have vanished."""

    def count() -> tuple[int, int]:
        with bench.store.reading() as session:
            own = Mention.source_id == bench.ids[request.node.name]
            total = session.scalar(select(func.count()).where(own)) or 0
            return total, session.scalar(select(func.count()).where(own, Mention.vanished.is_not(None))) or 0

    return count


WIDE = {"max_pages": 1000}


@pytest.mark.slow
def test_an_unchanged_source_of_ten_thousand_costs_one_request(game: Play, crawl: Run, mentions: Count) -> None:
    source = game(10_000)
    first = crawl(crawl=WIDE)
    assert (first["outcome"], first["reason"], first["added"], first["claimed"]) == ("ok", None, 10_000, 10_000)
    assert (first["newest"][:13], first["oldest"][:10]) == (
        f"{NEWEST:%Y-%m-%d %H}", f"{NEWEST - timedelta(hours=9999):%Y-%m-%d}",
    )  # fmt: skip
    assert len(source.pages()) == 101
    second = crawl(crawl=WIDE)
    assert (second["pages"], second["added"], second["unchanged"]) == (1, 0, 100)
    assert source.pages() == [1]
    assert mentions() == (10_000, 0)


def test_a_crawl_that_is_killed_goes_on_where_it_was(
    bench: Any, game: Play, crawl: Run, mentions: Count,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    source = game(1000)
    source.wait = 0.05
    process = bench.start(request.node.name)
    while len(source.site.asked) < 5:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    reached = len(source.pages())
    source.shown[:0] = [review(-2), review(-1)]
    second = crawl()
    asked = source.pages()
    assert (second["outcome"], second["reason"]) == ("ok", "went on where the crawl before was cut off")
    assert asked[0] == 1
    assert asked[1] in (reached - 1, reached)
    assert mentions() == (1002, 0)
    assert crawl()["pages"] == 1


def test_a_server_that_fails_at_one_page_is_asked_for_that_page_again(game: Play, crawl: Run, mentions: Count) -> None:
    source = game(500)
    source.fails_at = 4
    wishes = {"retries": 0}
    assert crawl(crawl=wishes)["outcome"] == "failed"
    assert source.pages() == [1, 2, 3, 4]
    assert crawl(crawl=wishes)["outcome"] == "failed"
    assert source.pages() == [1, 4]
    source.fails_at = None
    assert crawl(crawl=wishes)["outcome"] == "ok"  # it got no further before, and so begins anew
    assert source.pages() == [1, 2, 3, 4, 5, 6]
    assert mentions() == (500, 0)


def test_a_ceiling_of_pages_is_reached_in_steps(game: Play, crawl: Run, mentions: Count) -> None:
    source = game(550)
    first, second, third = (crawl(crawl={"max_pages": 3}) for _ in range(3))
    assert source.pages() == [1, 2, 3, 1, 4, 5, 1, 6, 6]  # the last one is empty
    assert "goes on from there" in first["reason"]
    assert "goes on from there" in second["reason"]
    assert third["reason"] == "went on where the crawl before was cut off"
    assert mentions() == (550, 0)


def test_a_sweep_marks_what_is_gone_and_finds_old_edits(game: Play, crawl: Run, mentions: Count) -> None:
    source = game(250)
    crawl()
    del source.shown[120:123]
    source.shown[200] = review(203, review="Number 203 crashes now.", voted_up=False)
    usual = crawl()
    assert (usual["pages"], usual["updated"], mentions()) == (1, 0, (250, 0))
    swept = crawl(sweep=True)
    assert (swept["outcome"], swept["updated"], mentions()) == ("ok", 1, (250, 3))
    source.shown[120:120] = [review(number) for number in range(120, 123)]
    crawl(sweep=True)
    assert mentions() == (250, 0)


@pytest.mark.parametrize(
    ("wishes", "outcomes", "gone"),
    [
        pytest.param([{"sweep": True}, {"sweep": True}, {}], ["drop", "ok", "ok"], 40, id="a second sweep accepts it"),
        pytest.param([{}, {}, {}, {}], ["drop", "drop", "ok", "ok"], 0, id="so does a third crawl"),
        pytest.param([{}, {"sweep": True}, {"sweep": True}], ["drop", "ok", "ok"], 40, id="a sweep after a crawl"),
        pytest.param([{}, {"limit": 5}, {"sweep": True}, {}], ["drop", "drop", "ok", "ok"], 40, id="one in part"),
    ],
)
def test_a_source_that_loses_most_of_what_it_had_is_no_success_until_that_is_its_level(
    wishes: Sequence[dict[str, Any]], outcomes: Sequence[str], gone: int, game: Play, crawl: Run, mentions: Count
) -> None:
    source = game(100)
    crawl()
    del source.shown[20:60]
    del source.shown[30:]
    found = []
    for wish in wishes:
        found.append(crawl(**wish))
        if found[-1]["outcome"] == "drop":
            assert mentions() == (100, 0), "nothing is taken for vanished"
            assert "30 where it counted 100" in found[-1]["reason"]
            assert "accepts it" in found[-1]["reason"]
    assert [each["outcome"] for each in found] == outcomes
    assert "from now on" in found[outcomes.index("ok")]["reason"]
    assert found[-1]["reason"] is None
    assert mentions() == (100, gone)


def test_a_new_target_is_measured_by_itself(
    bench: Any, game: Play, crawl: Run, new_site: Callable[[], Any], request: pytest.FixtureRequest
) -> None:
    game(250)
    assert "goes on from there" in crawl(crawl={"max_pages": 2})["reason"]
    other = Game(new_site(), [review(number) for number in range(30)])
    with bench.store.session() as session:
        source = session.get_one(Source, bench.ids[request.node.name])
        retarget(source, {"id": "1", "base": other.site.url})
    found = crawl()
    assert (found["outcome"], found["reason"], other.pages()) == ("ok", None, [1, 1])


def test_a_source_that_falls_silent_is_told(game: Play, crawl: Run, bench: Any) -> None:
    source = game(40)
    for number, shown in enumerate(source.shown):
        shown["timestamp_created"] = int((NEWEST - timedelta(days=20, hours=number)).timestamp())
    for outcome in ("ok", "stale"):
        found = crawl()
        assert (found["outcome"], "20 days, where something came every 0.0 days" in found["reason"]) == (outcome, True)
    source.shown.insert(0, review(0, recommendationid="new"))
    assert crawl()["outcome"] == "ok"


def test_what_the_service_counts_and_does_not_show_is_told(game: Play, crawl: Run) -> None:
    game(120, claimed=126)
    found = crawl()
    assert (found["outcome"], found["reason"]) == ("ok", "read 120 of the 126 that the service counts")


def test_pages_that_come_again_are_a_loop_and_counted_once(game: Play, crawl: Run, mentions: Count, bench: Any) -> None:
    source = game(200)
    source.shown += source.shown
    found = crawl()
    assert (found["outcome"], found["repeated"], mentions()) == ("loop", 100, (200, 0))
    assert len(source.pages()) == 3
    with bench.store.reading() as session:
        last = session.scalars(select(Crawl).order_by(Crawl.id.desc())).first()
        assert (last.repeated, last.complete, last.rest) == (100, False, None)
