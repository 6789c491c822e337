from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from overheard.crawler.before import Before
from overheard.crawler.outcomes import PageError
from overheard.crawler.page import NO_TEXT, OTHER_FORM, Page
from overheard.crawler.walk import Limits, Rest, Walk
from overheard.intake.item import Item

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def day(number: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)


def item(number: int, *, dated: bool = True) -> Item:
    """The review of that day, which is its id."""
    return Item(external_id=str(number), text=f"Review {number}", published=day(number) if dated else None)


def begin(
    limits: Limits | None = None,
    *,
    newest_first: bool = True,
    urls: Sequence[str] = ("https://x.example/1",),
    rest: Rest | None = None,
) -> Walk:
    walk = Walk(limits or Limits(), newest_first=newest_first, started=NOW, rest=rest)
    walk.start(urls)
    return walk


def go(walk: Walk, pages: dict[str, Page]) -> list[str | None]:
    """Walk over the pages and return the ids that are taken, in order."""
    taken: list[str | None] = []
    while step := walk.next():
        try:
            taken += [each.external_id for each in walk.take(step, pages[step.url])]
        except PageError as error:
            walk.end(error.outcome, str(error))
    return taken


def listing(*pages: Sequence[Item], start: str = "https://x.example/") -> dict[str, Page]:
    """Pages 1, 2, … of a listing that hold these items, each leading to the next."""
    return {
        f"{start}{number}": Page(items=tuple(items), next=(f"{start}{number + 1}",) if number < len(pages) else ())
        for number, items in enumerate(pages, 1)
    }


SIX = listing([item(6), item(5)], [item(4), item(3)], [item(2), item(1)])


@pytest.mark.parametrize(
    ("limits", "taken", "cut"),
    [
        pytest.param(Limits(), "654321", None, id="all"),
        pytest.param(Limits(watermark=day(5)), "6543", None, id="one page beyond the watermark"),
        pytest.param(Limits(watermark=day(4)), "6543", None, id="a page that goes below the watermark is the last"),
        pytest.param(Limits(watermark=day(9)), "65", None, id="nothing new"),
        pytest.param(Limits(limit=3), "654", "limit of 3", id="limit within a page"),
        pytest.param(Limits(limit=2), "65", "limit of 2", id="limit at the end of a page"),
        pytest.param(Limits(limit=6), "654321", None, id="limit at the end of all"),
        pytest.param(Limits(limit=3, watermark=day(5)), "654", None, id="limit below the watermark"),
        pytest.param(Limits(limit=1, watermark=day(5)), "6", "limit of 1", id="limit above the watermark"),
        pytest.param(Limits(since=day(4)), "654", "since", id="since, and never crawled before"),
        pytest.param(Limits(since=day(0)), "654321", None, id="since before all"),
        pytest.param(Limits(since=day(4), watermark=day(5)), "654", None, id="since below the watermark"),
        pytest.param(Limits(since=day(6), watermark=day(5)), "6", "since", id="since above the watermark"),
        pytest.param(Limits(max_pages=2), "6543", "max_pages", id="max_pages"),
        pytest.param(Limits(max_pages=3), "654321", None, id="max_pages at the end"),
    ],
)
def test_where_a_walk_stops(limits: Limits, taken: str, cut: str | None) -> None:
    walk = begin(limits)
    assert "".join(map(str, go(walk, SIX))) == taken
    outcome, reason = walk.verdict(Before(mentions=0), form_is_sure=True)
    assert outcome == "ok"
    assert (reason is None) if cut is None else (cut in str(reason))
    assert (walk.cut is None) == (cut is None)
    assert walk.dropped == (limits.limit in (1, 3) or (limits.since or day(0)) > day(0))
    assert walk.newest == day(6)


def test_an_order_that_is_not_known_is_read_to_the_end() -> None:
    walk = begin(Limits(watermark=day(9)), newest_first=False)
    assert len(go(walk, SIX)) == 6


def test_items_without_a_date_never_stop_a_walk() -> None:
    pages = listing([item(6, dated=False)], [item(5, dated=False)])
    walk = begin(Limits(watermark=day(9), since=day(8)))
    assert go(walk, pages) == ["6", "5"]
    assert walk.newest is None


def test_each_listing_stops_for_itself() -> None:
    old = listing([item(2)], [item(1)], start="https://x.example/old/")
    new = listing([item(9)], [item(8)], [item(3)], start="https://x.example/new/")
    walk = begin(Limits(watermark=day(5)), urls=["https://x.example/old/1", "https://x.example/new/1"])
    assert go(walk, old | new) == ["2", "9", "8", "3"]


def test_a_date_in_the_future_does_not_hide_what_comes_tomorrow() -> None:
    walk = begin()
    go(walk, listing([item(10_000), item(5)]))
    assert walk.newest == NOW


def test_a_page_that_shifted_is_taken_once() -> None:
    assert go(begin(), listing([item(4), item(3)], [item(3), item(2)])) == ["4", "3", "2"]


def test_the_same_words_on_one_page_are_two_mentions_and_on_two_pages_one() -> None:
    same = Item(external_id=None, text="Great!")
    other = Item(external_id=None, text="Fine.")
    walk = begin()
    assert len(go(walk, listing([same, same], [same, other]))) == 3


def test_repeated_pages_are_a_loop() -> None:
    walk = begin()
    assert go(walk, listing([item(2)], [item(1)], [item(2), item(1)], [item(0)])) == ["2", "1"]
    outcome, reason = walk.verdict(Before(mentions=9), form_is_sure=False)
    assert (outcome, "repeats" in str(reason)) == ("loop", True)


def test_a_page_that_comes_again_in_place_of_another_is_a_loop_though_it_leads_nowhere_else() -> None:
    pages = listing([item(4), item(3)], [item(2), item(1)])
    # What it leads to is itself, which is no page that follows.
    walk = begin()
    assert go(walk, pages | {"https://x.example/2": Page(items=pages["https://x.example/1"].items)}) == ["4", "3"]
    assert walk.verdict(Before(), form_is_sure=True)[0] == "loop"


def test_what_new_ones_have_pushed_to_the_last_page_is_no_loop() -> None:
    walk = begin()
    assert go(walk, listing([item(3), item(2)], [item(1), item(0)], [item(1), item(0)][1:])) == ["3", "2", "1", "0"]
    assert walk.verdict(Before(), form_is_sure=True) == ("ok", None)


def test_a_page_of_the_crawl_before_in_place_of_another_is_a_loop() -> None:
    pages = listing([item(8), item(7)], [item(6), item(5)], [item(4), item(3)], [item(2), item(1)])
    rest = halt(begin(), pages, after=3)
    walk = begin(rest=rest)
    go(walk, pages | {"https://x.example/4": pages["https://x.example/2"]})
    outcome, reason = walk.verdict(Before(), form_is_sure=True)
    assert (outcome, "read before" in str(reason), walk.rest()) == ("loop", True, None)


def test_what_comes_again_is_taken_where_it_has_been_edited_since() -> None:
    edited, again = replace(item(3), text="Edited", edited=day(9)), replace(item(3), text="The beginning of…")
    later = replace(edited, text="Twice edited", edited=day(10))
    walk = begin()
    taken = go(walk, listing([item(4), item(3)], [edited, item(2)], [again, later, item(1)], [later, item(0)]))
    assert taken == ["4", "3", "2", "3", "1", "0", "3"]
    assert (walk.repeated, walk.verdict(Before(), form_is_sure=True)[0]) == (4, "ok")


STRANGE = Page(strange=True, next=("https://x.example/3",))


@pytest.mark.parametrize(
    ("changes", "taken", "outcome", "reason"),
    [
        pytest.param({2: STRANGE}, "6521", "layout_changed", "/2: of it and the pages before", id="after others"),
        pytest.param(
            {1: replace(STRANGE, next=("https://x.example/2",))}, "4321", "layout_changed", "/2: of it and the pages",
            id="before others",
        ),
        pytest.param({2: Page(rejected={OTHER_FORM: 2})}, "65", "layout_changed", f"2 × {OTHER_FORM}", id="objects"),
        pytest.param({2: Page(rejected={OTHER_FORM: 1})}, "65", "ok", f"1 × {OTHER_FORM}", id="a single object"),
        pytest.param({2: Page()}, "65", "ok", "None", id="an empty page of the known form"),
    ],
)  # fmt: skip
def test_a_layout_that_changes_within_a_listing(
    changes: dict[int, Page], taken: str, outcome: str, reason: str
) -> None:
    walk = begin(newest_first=False)
    pages = SIX | {f"https://x.example/{number}": page for number, page in changes.items()}
    assert "".join(map(str, go(walk, pages))) == taken
    found, said = walk.verdict(Before(items=6), form_is_sure=False)
    assert (found, reason in str(said)) == (outcome, True)


def test_a_site_whose_first_page_alone_has_ever_held_anything_has_not_changed() -> None:
    pages = SIX | {"https://x.example/2": replace(STRANGE, next=())}
    for before in (Before(), Before(items=2)):
        walk = begin(newest_first=False)
        go(walk, pages)
        outcome, reason = walk.verdict(before, form_is_sure=False)
        assert (outcome, "some hold nothing" in str(reason), walk.saw_all) == ("ok", True, False)


@pytest.mark.parametrize(("claimed", "kept"), [(0, 0), (2**31 - 1, 2**31 - 1), (2**31, None), (-1, None)])
def test_a_claim_that_no_store_takes_is_none(claimed: int, kept: int | None) -> None:
    walk = begin()
    go(walk, listing([item(1)]) | {"https://x.example/1": Page(items=(item(1),), claimed=claimed)})
    assert walk.claimed == kept


def test_two_products_may_show_the_same_reviews() -> None:
    pages = {
        "https://x.example/1": Page(listed=("https://x.example/a", "https://x.example/b")),
        "https://x.example/a": Page(items=(item(1),)),
        "https://x.example/b": Page(items=(item(1),)),
    }
    walk = begin(newest_first=False)
    assert go(walk, pages) == ["1"]
    assert walk.verdict(Before(mentions=0), form_is_sure=False) == ("ok", None)


def test_paging_in_circles_ends() -> None:
    pages = {
        "https://x.example/1": Page(items=(item(2),), next=("https://x.example/2",)),
        "https://x.example/2": Page(items=(item(1),), next=("https://x.example/1#top",)),
    }
    walk = begin()
    assert go(walk, pages) == ["2", "1"]
    assert walk.verdict(Before(mentions=0), form_is_sure=False) == ("ok", None)


def test_a_listing_leads_to_its_pages_and_these_to_no_others() -> None:
    pages = {
        "https://x.example/1": Page(listed=("https://x.example/a",), next=("https://x.example/2",)),
        "https://x.example/2": Page(listed=("https://x.example/b",)),
        "https://x.example/a": Page(listed=("https://x.example/related",), next=("https://x.example/a2",)),
        "https://x.example/a2": Page(items=(item(1),)),
        "https://x.example/b": Page(items=(item(2),), listed=("https://x.example/related",)),
    }
    assert go(begin(newest_first=False), pages) == ["1", "2"]


@pytest.mark.parametrize(
    ("endings", "outcome"),
    [
        ([("failed", "one"), ("blocked", "two")], "blocked"),
        ([("layout_changed", "one"), ("failed", "two")], "failed"),
        ([("blocked", "one"), ("interrupted", "two")], "interrupted"),
    ],
)
def test_the_worst_ending_is_the_outcome(endings: list[tuple[str, str]], outcome: str) -> None:
    walk = begin()
    go(walk, SIX)
    for ending, reason in endings:
        walk.end(ending, reason)  # type: ignore[arg-type]
    assert walk.verdict(Before(mentions=0), form_is_sure=True)[0] == outcome


def test_a_wall_ends_the_walk() -> None:
    walk = begin(urls=["https://x.example/1", "https://x.example/2"])
    walk.next()
    walk.end("blocked", "no")
    assert walk.next() is None


@pytest.mark.parametrize(
    ("had_before", "form_is_sure", "outcome"),
    [(0, False, "empty"), (0, True, "empty"), (7, True, "empty"), (7, False, "layout_changed")],
)
def test_no_mentions(had_before: int, form_is_sure: bool, outcome: str) -> None:
    walk = begin()
    go(walk, {"https://x.example/1": Page(rejected={NO_TEXT: 3})})
    found, reason = walk.verdict(Before(mentions=had_before), form_is_sure=form_is_sure)
    assert found == outcome
    assert f"3 × {NO_TEXT}" in str(reason)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(1, 30),
    st.integers(1, 6),
    st.lists(st.tuples(st.integers(0, 5), st.none() | st.integers(1, 12), st.none() | st.integers(0, 30)), max_size=6),
)
def test_no_series_of_cut_crawls_leaves_a_hole(
    size: int, per_page: int, crawls: list[tuple[int, int | None, int | None]]
) -> None:
    """However crawls are limited while reviews come in, a whole one at the end has everything."""
    stored: set[str | None] = set()
    watermark = None
    published = size
    for new, limit, since in [*crawls, (0, None, None)]:
        published += new
        newest_first = [item(number) for number in range(published, 0, -1)]
        pages = listing(*(newest_first[at : at + per_page] for at in range(0, published, per_page)))
        walk = begin(Limits(watermark, None if since is None else day(since), limit))
        stored |= set(go(walk, pages))
        if walk.verdict(Before(mentions=0), form_is_sure=True)[0] == "ok" and walk.cut is None:
            watermark = max(filter(None, [watermark, walk.newest]))
    assert stored == {str(number) for number in range(1, published + 1)}


def halt(walk: Walk, pages: dict[str, Page], after: int) -> Rest:
    """Walk over so many pages, be cut off, and return what is left, as the store would."""
    for _ in range(after):
        step = walk.next()
        assert step
        walk.take(step, pages[step.url])
    walk.next()
    walk.end("interrupted", "killed")
    rest = walk.rest()
    assert rest
    assert Rest.from_json(json.loads(json.dumps(rest.as_json()))) == rest
    return rest


def test_a_walk_goes_on_where_one_was_cut_off_after_a_look_at_what_came_since() -> None:
    rest = halt(begin(), SIX, after=2)
    since = listing([item(8), item(7)], [item(6), item(5)], [item(4), item(3)], [item(2), item(1)])
    # Two new ones push the others one page further down: page 3, where it goes on, holds 4 and 3 by now.
    walk = begin(rest=rest)
    assert go(walk, since) == ["8", "7", "6", "5", "4", "3", "2", "1"]
    assert (walk.pages, walk.newest, walk.oldest, walk.saw_all) == (4, day(8), day(1), False)
    unordered = begin(newest_first=False, rest=halt(begin(newest_first=False), SIX, after=2))
    go(unordered, SIX)
    # What it read itself is told; what the part before read counts for the watermark too.
    assert (unordered.newest, unordered.oldest, unordered.mark) == (day(2), day(1), day(6))
    assert walk.verdict(Before(), form_is_sure=True) == ("ok", "went on where the crawl before was cut off")
    assert walk.rest() is None


def test_a_long_walk_reads_no_page_twice() -> None:
    pages = listing(*([item(100 - number)] for number in range(40)))
    rest = halt(begin(), pages, after=36)
    walk = begin(rest=rest)
    asked = []
    while step := walk.next():
        asked.append(step.url)
        walk.take(step, pages[step.url])
    assert asked == [f"https://x.example/{number}" for number in (1, 2, 37, 38, 39, 40)]


def test_listings_in_an_order_that_is_not_known_go_on_without_a_second_look() -> None:
    rest = halt(begin(newest_first=False), SIX, after=2)
    assert go(begin(newest_first=False, rest=rest), SIX) == ["2", "1"]


def test_a_walk_that_is_cut_off_twice_at_the_same_page_begins_anew() -> None:
    rest = halt(begin(), SIX, after=2)
    walk = begin(rest=rest)
    while step := walk.next():
        if step.head:
            walk.take(step, SIX[step.url])
        else:
            walk.end("failed", "it answered 500")
    assert walk.verdict(Before(), form_is_sure=True)[0] == "failed"
    assert walk.rest() is None


def test_the_head_is_read_again_where_it_was_cut_off_itself() -> None:
    rest = halt(begin(), SIX, after=1)
    since = listing([item(9)], [item(8)], [item(6), item(5)], [item(4), item(3)], [item(2), item(1)])
    walk = begin(rest=rest)
    step = walk.next()
    assert step
    assert step.head
    walk.take(step, since[step.url])
    walk.next()
    walk.end("interrupted", "killed again")
    assert walk.rest() is None  # it got no further down: the next begins anew


@pytest.mark.parametrize(
    ("limits", "goes_on", "said"),
    [
        (Limits(max_pages=2), True, "(crawl.max_pages); the next crawl goes on from there"),
        (Limits(max_pages=2, sweep=True), True, "a sweep begins anew; raise crawl.max_pages"),
        (Limits(max_pages=2, limit=5), False, "the next crawl begins anew; raise crawl.max_pages"),
        (Limits(limit=4), False, "limit of 4 items"),
        (Limits(since=day(4)), False, "(--since)"),
    ],
)
def test_only_a_ceiling_of_pages_leaves_a_rest(limits: Limits, goes_on: bool, said: str) -> None:
    walk = begin(limits)
    go(walk, SIX)
    assert ((walk.rest() is not None), said in str(walk.cut)) == (goes_on, True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(1, 12), st.integers(1, 4), st.data())
def test_however_often_a_walk_is_cut_off_nothing_is_lost(count: int, size: int, data: st.DataObject) -> None:
    """A listing grows while walks over it are cut off; once one ends well, all that was there then is stored."""
    stored: set[str | None] = set()
    newest, rest = count, None
    for _ in range(8):
        newest += data.draw(st.integers(0, 3))
        items = [item(number) for number in range(newest, 0, -1)]
        pages = listing(*(items[start : start + size] for start in range(0, len(items), size)))
        walk = begin(rest=rest)
        left = data.draw(st.integers(0, 6))
        while step := walk.next():
            if not left:
                walk.end("interrupted", "killed")
                break
            left -= 1
            # A page further down than the listing goes by now is empty.
            stored |= {each.external_id for each in walk.take(step, pages.get(step.url, Page()))}
        rest = walk.rest()
        if walk.verdict(Before(), form_is_sure=True)[0] == "ok":
            assert stored >= {str(number) for number in range(1, newest + 1)}
            return


RHYTHM = tuple(day(300 - 2 * number) for number in range(20))
"""One mention every other day, the last on day 300, 24 days before now."""


OLD = listing([item(number) for number in range(60, 0, -1)])


@pytest.mark.parametrize(
    ("limits", "pages", "before", "outcome", "said"),
    [
        pytest.param(Limits(), SIX, Before(items=6), "ok", None, id="as many as ever"),
        pytest.param(Limits(), SIX, Before(items=13), "drop", "6 mentions where crawls before found 13", id="a drop"),
        pytest.param(Limits(), SIX, Before(items=9), "ok", None, id="too few to judge"),
        pytest.param(Limits(watermark=day(5)), SIX, Before(items=13), "ok", None, id="only what is new"),
        pytest.param(Limits(), SIX, Before(items=13, dropped=(6,)), "drop", "--sweep accepts", id="a second drop"),
        pytest.param(Limits(), SIX, Before(items=13, dropped=(6, 5)), "ok", "from now on: 6 m", id="a third drop"),
        pytest.param(Limits(), SIX, Before(items=99, dropped=(6, 40)), "drop", "found 99", id="no level yet"),
        pytest.param(Limits(sweep=True), SIX, Before(items=13), "drop", "--sweep accepts", id="a sweep at first"),
        pytest.param(Limits(sweep=True), SIX, Before(items=13, dropped=(6,)), "ok", "from now on", id="a sweep after"),
        pytest.param(Limits(sweep=True), SIX, Before(items=99, dropped=(40,)), "drop", "found 99", id="a worse one"),
        pytest.param(Limits(), listing([item(1)]), Before(recent=RHYTHM), "stale", "24 days, where", id="stale"),
        pytest.param(Limits(), OLD, Before(), "ok", "`overheard source pause`", id="silent at first sight"),
        pytest.param(Limits(limit=40), OLD, Before(), "ok", "limit of 40", id="a part tells no silence"),
        pytest.param(Limits(), listing([item(310)]), Before(recent=RHYTHM), "ok", None, id="in its rhythm"),
        pytest.param(Limits(), listing([item(1)]), Before(recent=RHYTHM[:9]), "ok", None, id="no rhythm yet"),
        pytest.param(Limits(), listing([item(1)]), Before(recent=RHYTHM[::3]), "ok", None, id="a slow rhythm"),
    ],
)
def test_what_is_told_apart_from_a_good_crawl(
    limits: Limits, pages: dict[str, Page], before: Before, outcome: str, said: str | None
) -> None:
    walk = begin(limits)
    go(walk, pages)
    found, reason = walk.verdict(before, form_is_sure=True)
    assert found == outcome
    assert (reason is None) if said is None else (said in str(reason))


@pytest.mark.parametrize(
    ("claimed", "before", "outcome", "said"),
    [
        (6, Before(), "ok", None),
        (8, Before(), "ok", "read 6 of the 8 that the service counts"),
        (8, Before(claimed=30), "drop", "the service counts 8 where it counted 30 before"),
        (8, Before(claimed=30, dropped_claims=(8, 9)), "ok", "it counted 30 before; read 6 of the 8"),
        (8, Before(claimed=30, dropped_claims=(8, 9), items=40), "drop", "found 40, the service counts 8"),
        (8, Before(claimed=9), "ok", "read 6 of the 8"),
    ],
)
def test_what_the_service_claims_is_held_against_what_was_read(
    claimed: int, before: Before, outcome: str, said: str | None
) -> None:
    walk = begin()
    go(walk, {url: replace(page, claimed=claimed) for url, page in SIX.items()})
    found, reason = walk.verdict(before, form_is_sure=True)
    assert found == outcome
    assert (reason is None) if said is None else (said in str(reason))
